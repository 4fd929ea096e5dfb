//! libcurl as a whole: its one initialisation and its version.

use std::sync::OnceLock;

use curl_sys::{
    CURL_GLOBAL_ALL, CURLE_OK, CURLVERSION_NOW, CURLcode, curl_global_init, curl_version_info,
};

use crate::error::{Cause, Error, Kind, Result};

/// 7.68.0, as libcurl writes it.
const OLDEST: u32 = 0x07_44_00;

/// Initialises libcurl when it has not been done; says why it cannot be used.
pub(super) fn ensure() -> Result<()> {
    static STATE: OnceLock<std::result::Result<(), Error>> = OnceLock::new();
    STATE.get_or_init(initialise).clone()
}

fn initialise() -> Result<()> {
    // SAFETY: `OnceLock` lets one thread in. The host may initialise libcurl as well: it counts, and is
    // safe for threads by itself since 7.84.
    let code: CURLcode = unsafe { curl_global_init(CURL_GLOBAL_ALL) };
    if code != CURLE_OK {
        return Err(
            Error::new(Kind::Transport, "libcurl could not be initialised")
                .with_cause(Cause::Curl(code as i32)),
        );
    }
    // SAFETY: the call has no preconditions, and gives static memory.
    let version = unsafe { curl_version_info(CURLVERSION_NOW).as_ref() };
    match version {
        Some(version) if version.version_num >= OLDEST => Ok(()),
        _ => Err(Error::new(
            Kind::Unsupported,
            "libcurl is older than 7.68.0",
        )),
    }
}
