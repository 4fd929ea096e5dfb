//! A code of libcurl as an error of this library.

use curl_sys::*;

use crate::error::{Cause, Error, Kind};

/// Since 7.88 of libcurl; not named by the bindings in use.
const CURLE_PROXY: CURLcode = 97;
const CURLE_SSL_CLIENTCERT: CURLcode = 98;
const CURLE_TOO_LARGE: CURLcode = 100;

/// How far a transfer had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No request was sent.
    Connecting,
    /// The final header section is not complete.
    Head,
    /// The content is on its way.
    Content,
}

/// Says what `code` means at `stage`. `origin` holds neither userinfo nor query; `detail` is libcurl's
/// own text, used where it tells more than the code.
pub(super) fn error(code: CURLcode, stage: Stage, origin: &str, detail: &str) -> Error {
    let kind = kind(code, stage);
    let message = match kind {
        Kind::Resolve | Kind::Connect | Kind::Tls if !detail.is_empty() => {
            format!("{origin}: {detail}")
        }
        Kind::Timeout => format!("{origin}: no connection within the connect timeout"),
        _ => format!("{origin}: {}", text(code, stage)),
    };
    Error::new(kind, message).with_cause(Cause::Curl(code as i32))
}

/// A call of the multi interface failed.
pub(super) fn multi_error(code: CURLMcode, origin: &str) -> Error {
    let kind = if code == CURLM_OUT_OF_MEMORY {
        Kind::NoMemory
    } else {
        Kind::Transport
    };
    // SAFETY: the call takes any code and gives a static string.
    let text = unsafe { static_text(curl_multi_strerror(code)) };
    Error::new(kind, format!("{origin}: {text}")).with_cause(Cause::Curl(code))
}

fn kind(code: CURLcode, stage: Stage) -> Kind {
    match code {
        CURLE_UNSUPPORTED_PROTOCOL if stage == Stage::Connecting => Kind::Unsupported,
        CURLE_URL_MALFORMAT => Kind::Url,
        CURLE_COULDNT_RESOLVE_PROXY | CURLE_COULDNT_RESOLVE_HOST => Kind::Resolve,
        CURLE_COULDNT_CONNECT | CURLE_PROXY => Kind::Connect,
        // The only timeout that is left to libcurl.
        CURLE_OPERATION_TIMEDOUT => Kind::Timeout,
        // What libcurl says to a line of more than 100 KiB.
        CURLE_OUT_OF_MEMORY if stage == Stage::Head => Kind::TooLarge,
        CURLE_TOO_LARGE => Kind::TooLarge,
        CURLE_OUT_OF_MEMORY => Kind::NoMemory,
        code if is_of_tls(code) => Kind::Tls,
        CURLE_UNSUPPORTED_PROTOCOL
        | CURLE_FTP_WEIRD_SERVER_REPLY
        | CURLE_HTTP2
        | CURLE_PARTIAL_FILE
        | CURLE_BAD_FUNCTION_ARGUMENT
        | CURLE_GOT_NOTHING
        | CURLE_SEND_ERROR
        | CURLE_RECV_ERROR
        | CURLE_BAD_CONTENT_ENCODING
        | CURLE_FILESIZE_EXCEEDED
        | CURLE_HTTP2_STREAM => Kind::Protocol,
        _ => Kind::Transport,
    }
}

fn is_of_tls(code: CURLcode) -> bool {
    matches!(
        code,
        CURLE_SSL_CONNECT_ERROR
            | CURLE_SSL_ENGINE_NOTFOUND
            | CURLE_SSL_ENGINE_SETFAILED
            | CURLE_SSL_CERTPROBLEM
            | CURLE_SSL_CIPHER
            | CURLE_PEER_FAILED_VERIFICATION
            | CURLE_USE_SSL_FAILED
            | CURLE_SSL_ENGINE_INITFAILED
            | CURLE_SSL_CACERT_BADFILE
            | CURLE_SSL_SHUTDOWN_FAILED
            | CURLE_SSL_CRL_BADFILE
            | CURLE_SSL_ISSUER_ERROR
            | CURLE_SSL_PINNEDPUBKEYNOTMATCH
            | CURLE_SSL_INVALIDCERTSTATUS
            | CURLE_SSL_CLIENTCERT
    )
}

/// What happened in words of HTTP where libcurl's are of another protocol or say nothing.
fn text(code: CURLcode, stage: Stage) -> &'static str {
    match (code, stage) {
        (CURLE_UNSUPPORTED_PROTOCOL, Stage::Head | Stage::Content) => {
            "the answer has no valid status line"
        }
        (CURLE_FTP_WEIRD_SERVER_REPLY | CURLE_BAD_FUNCTION_ARGUMENT, _) => {
            "the header section of the answer cannot be read"
        }
        (CURLE_OUT_OF_MEMORY | CURLE_TOO_LARGE, Stage::Head) => {
            "a line of the header section is longer than libcurl takes"
        }
        (CURLE_GOT_NOTHING, _) => "the connection was closed before any byte of an answer",
        (CURLE_PARTIAL_FILE, _) => "the connection was closed before the end of the content",
        (CURLE_RECV_ERROR, Stage::Head) => "the connection broke before the answer was complete",
        (CURLE_RECV_ERROR, Stage::Content) => "the content is malformed or was cut off",
        (CURLE_BAD_CONTENT_ENCODING, _) => "the transfer coding cannot be decoded",
        // SAFETY: the call takes any code and gives a static string.
        _ => unsafe { static_text(curl_easy_strerror(code)) },
    }
}

/// # Safety
///
/// `text` is NULL or a NUL-terminated string that lives as long as the process.
unsafe fn static_text(text: *const libc::c_char) -> &'static str {
    if text.is_null() {
        return "unknown error";
    }
    // SAFETY: by the contract of this function.
    unsafe { std::ffi::CStr::from_ptr(text) }
        .to_str()
        .unwrap_or("unknown error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_depend_on_the_stage() {
        for (code, stage, expected) in [
            (
                CURLE_UNSUPPORTED_PROTOCOL,
                Stage::Connecting,
                Kind::Unsupported,
            ),
            (CURLE_UNSUPPORTED_PROTOCOL, Stage::Head, Kind::Protocol),
            (CURLE_OUT_OF_MEMORY, Stage::Head, Kind::TooLarge),
            (CURLE_OUT_OF_MEMORY, Stage::Content, Kind::NoMemory),
            (CURLE_COULDNT_RESOLVE_HOST, Stage::Connecting, Kind::Resolve),
            (CURLE_PEER_FAILED_VERIFICATION, Stage::Connecting, Kind::Tls),
            (CURLE_PARTIAL_FILE, Stage::Content, Kind::Protocol),
            (CURLE_LDAP_INVALID_URL, Stage::Content, Kind::Transport),
        ] {
            let error = error(code, stage, "http://h", "");
            assert_eq!(error.kind(), expected, "{error}");
            assert!(error.message().starts_with("http://h: "), "{error}");
            assert_eq!(error.cause(), Some(Cause::Curl(code as i32)));
        }
    }
}
