//! Header fields as C reads them.

use std::ffi::c_char;

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

/// The fields as C reads them; valid while `fields` is neither changed nor dropped.
pub(super) fn lent_fields(fields: &Fields) -> Vec<hc_field> {
    let mut lent = Vec::new();
    lend_fields(fields, &mut lent);
    lent
}

pub(super) fn lend_fields(fields: &Fields, lent: &mut Vec<hc_field>) {
    lent.clear();
    lent.reserve_exact(fields.len());
    lent.extend(fields.iter().map(|(name, value)| hc_field {
        name: name.as_ptr().cast(),
        name_len: name.len(),
        value: value.as_ptr().cast(),
        value_len: value.len(),
    }));
}
