//! What a walk or a deletion asks for.

use std::ffi::{CStr, c_char};

use super::guard;
use crate::cache::{Kinds, Order, Query, UrlGlob};
use crate::error::{Error, Kind, Result};
use crate::http::Url;

/// Which stored responses, or-ed: any of these kinds. 0: all that can be read.
#[repr(C)]
pub enum hc_match {
    /// Those that are stale.
    HC_MATCH_EXPIRED = 1,
    /// Those that are fresh.
    HC_MATCH_FRESH = 2,
    /// Records that cannot be read. No other condition than `url` holds for them.
    HC_MATCH_UNREADABLE = 4,
    /// Redirects that lead to a stored response.
    HC_MATCH_ALIASES = 8,
}

/// By what a walk is sorted: one of these, and HC_DESCENDING or-ed to it for the other way round. Any order but
/// HC_ORDER_KEY alone reads all rows before the first step, and holds 64 bytes of memory for each response that is found,
/// but for no more than `limit`.
#[repr(C)]
pub enum hc_order {
    /// By key: the responses of one URL stand together, in no order that means anything otherwise.
    HC_ORDER_KEY = 0,
    /// By when they become stale; those that never do come last.
    HC_ORDER_EXPIRY = 1,
    /// By the bytes of their bodies.
    HC_ORDER_SIZE = 2,
    /// By when they were received or last freshened.
    HC_ORDER_CREATED = 3,
    /// The other way round.
    HC_DESCENDING = 16,
}

/// What is asked for: all conditions must hold, and one that is 0 or NULL is none. Strings end with a NUL, and are copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_query {
    /// sizeof(hc_query), set by you.
    pub struct_size: usize,
    /// hc_match, or-ed.
    pub r#match: u32,
    /// hc_order.
    pub order: u32,
    /// Received or last freshened before this instant.
    pub created_before: i64,
    /// Stale from an instant before this one.
    pub expires_before: i64,
    /// Whose request had this method, in this letter case.
    pub method: *const c_char,
    /// All that is stored of this URL: of all methods, variants, partitions and credentials, and also where parameters of
    /// it that are ignored are others. It is normalised as that of a request is.
    pub url: *const c_char,
    /// Whose URL this glob matches, written as in hc_options_add_url_rule. What is not stored of a URL reads REDACTED.
    pub url_glob: *const c_char,
    /// At most so many.
    pub limit: u64,
}

/// Reads a query; NULL asks for all.
///
/// # Safety
/// `theirs` is NULL or a struct of `theirs->struct_size` bytes, whose strings are NULL or NUL-terminated.
pub(super) unsafe fn read(theirs: *const hc_query) -> Result<Query> {
    if theirs.is_null() {
        return Ok(Query::default());
    }
    // SAFETY: it has struct_size bytes, and hc_query begins with struct_size.
    let theirs = unsafe { guard::filled(theirs, size_of::<usize>(), "query")? };
    let mut query = Query {
        kinds: kinds(theirs.r#match)?,
        order: order(theirs.order & !(hc_order::HC_DESCENDING as u32))?,
        is_descending: theirs.order & hc_order::HC_DESCENDING as u32 != 0,
        created_before: instant(theirs.created_before, "created_before")?,
        expires_before: instant(theirs.expires_before, "expires_before")?,
        limit: Some(theirs.limit).filter(|limit| *limit > 0),
        ..Query::default()
    };
    // SAFETY: its strings are NULL or NUL-terminated.
    let (method, url, glob) =
        unsafe { (text(theirs.method), text(theirs.url), text(theirs.url_glob)) };
    let utf8 = |method: &[u8]| String::from_utf8_lossy(method).into_owned();
    query.method = method.map(utf8);
    query.url = url
        .map(|url| Url::parse(url).map(|(url, _)| url))
        .transpose()?;
    query.glob = glob.map(UrlGlob::read).transpose()?;
    Ok(query)
}

/// # Safety
/// `text` is NULL or NUL-terminated, and stays as it is for 'a.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller says so.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

fn kinds(bits: u32) -> Result<Kinds> {
    const ALL: u32 = 15;
    if bits & !ALL != 0 {
        let message = format!("query.match is {bits}, which holds what is no hc_match");
        return Err(Error::new(Kind::Argument, message));
    }
    let has = |kind: hc_match| bits & kind as u32 != 0;
    Ok(Kinds {
        expired: has(hc_match::HC_MATCH_EXPIRED),
        fresh: has(hc_match::HC_MATCH_FRESH),
        unreadable: has(hc_match::HC_MATCH_UNREADABLE),
        aliases: has(hc_match::HC_MATCH_ALIASES),
    })
}

fn order(number: u32) -> Result<Order> {
    [
        (hc_order::HC_ORDER_KEY, Order::Key),
        (hc_order::HC_ORDER_EXPIRY, Order::Expiry),
        (hc_order::HC_ORDER_SIZE, Order::Size),
        (hc_order::HC_ORDER_CREATED, Order::Created),
    ]
    .into_iter()
    .find_map(|(known, order)| (known as u32 == number).then_some(order))
    .ok_or_else(|| {
        let message = format!("query.order: {number} is no hc_order");
        Error::new(Kind::Argument, message)
    })
}

fn instant(at: i64, name: &str) -> Result<Option<i64>> {
    if at < 0 {
        let message = format!("query.{name} is negative: {at}");
        return Err(Error::new(Kind::Argument, message));
    }
    Ok(Some(at).filter(|at| *at != 0))
}
