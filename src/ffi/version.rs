//! Versions and features.

use std::ffi::{CStr, c_char, c_int};

use super::guard;

/// The version of the library that runs, as "major.minor.patch". Static. [any]
#[unsafe(no_mangle)]
pub extern "C" fn hc_version() -> *const c_char {
    version_text().as_ptr()
}

/// The same as a number to compare with HC_VERSION_NUMBER: 0xXXYYZZ. [any]
#[unsafe(no_mangle)]
pub extern "C" fn hc_version_number() -> u32 {
    let mut parts = env!("CARGO_PKG_VERSION")
        .split('.')
        .map(|part| part.parse().unwrap_or(0u32));
    let mut next = || parts.next().unwrap_or(0);
    next() << 16 | next() << 8 | next()
}

/// Whether this build has a feature: "lmdb" (the store), "fetch" (hc_fetch over libcurl). 0 for any other
/// name and for NULL. [any]
///
/// # Safety
/// `name` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hc_has_feature(name: *const c_char) -> c_int {
    if name.is_null() {
        return 0;
    }
    guard::value(0, || {
        // SAFETY: the caller passes a NUL-terminated string.
        match unsafe { CStr::from_ptr(name) }.to_bytes() {
            b"lmdb" => 1,
            b"fetch" => cfg!(feature = "fetch").into(),
            _ => 0,
        }
    })
}

fn version_text() -> &'static CStr {
    CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes())
        .unwrap_or(c"unknown")
}
