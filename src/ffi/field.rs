//! Header fields as C reads them.

use std::ffi::c_char;

use super::guard;
use crate::error::{Error, Kind, Result};
use crate::http::Fields;

/// A header field, as it lies in the object it was borrowed from. Name and value are each followed by a
/// NUL; a value may hold any byte but CR, LF and NUL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hc_field {
    /// The name, as the origin or you wrote it.
    pub name: *const c_char,
    /// Its length.
    pub name_len: usize,
    /// The value.
    pub value: *const c_char,
    /// Its length.
    pub value_len: usize,
}

/// The fields of a packed call: `n` of them, their names and values one after another in `text`.
///
/// # Safety
/// `lengths` is NULL or holds 2 * `n` numbers, `text` is NULL or holds as many bytes as these add up to.
pub(super) unsafe fn packed_fields(
    text: *const c_char,
    lengths: *const u32,
    n: usize,
) -> Result<Fields> {
    let too_many = || Error::new(Kind::Argument, format!("n is out of range: {n}"));
    let bytes = n.checked_mul(2 * size_of::<u32>()).ok_or_else(too_many)?;
    // SAFETY: the caller says so.
    let lengths = unsafe { guard::data(lengths.cast(), bytes, "lengths")? };
    let mut lengths = lengths
        .as_chunks()
        .0
        .iter()
        .map(|bytes| u32::from_ne_bytes(*bytes) as usize);
    let sum = lengths.clone().fold(0, usize::saturating_add);
    // SAFETY: the caller says so.
    let mut text = unsafe { guard::data(text.cast(), sum, "text")? };
    let mut fields = Fields::new();
    while let (Some(name_len), Some(value_len)) = (lengths.next(), lengths.next()) {
        let (name, rest) = text.split_at_checked(name_len).unwrap_or_default();
        let (value, rest) = rest.split_at_checked(value_len).unwrap_or_default();
        fields.add(name, value)?;
        text = rest;
    }
    Ok(fields)
}

/// The fields as C reads them; valid while `fields` is neither changed nor dropped.
pub(super) fn lent_fields(fields: &Fields) -> Vec<hc_field> {
    let mut lent = Vec::new();
    lend_fields(fields, &mut lent);
    lent
}

pub(super) fn lend_fields(fields: &Fields, lent: &mut Vec<hc_field>) {
    lent.clear();
    if lent.capacity() == 0 {
        // Made at once, which is less work than growing.
        *lent = Vec::with_capacity(fields.len());
    }
    lent.reserve_exact(fields.len());
    lent.extend(fields.iter().map(|(name, value)| hc_field {
        name: name.as_ptr().cast(),
        name_len: name.len(),
        value: value.as_ptr().cast(),
        value_len: value.len(),
    }));
}
