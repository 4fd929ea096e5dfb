//! Gives the shared library its name, and makes sure that libcurl is the system's.

use std::env;
use std::process::ExitCode;

/// The oldest libcurl with what the transport calls (`curl_multi_poll`, `HTTP09_ALLOWED`).
const LIBCURL: &str = "7.68.0";

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    name_shared_library();
    let wanted = env::var_os("CARGO_FEATURE_FETCH").is_some();
    let vendored = env::var_os("CARGO_FEATURE_VENDORED").is_some();
    match find_libcurl(wanted && !vendored) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// rustc sets no SONAME. Before 1.0 every minor version has an ABI of its own, so it is in the name.
fn name_shared_library() {
    let part = |name| env::var(name).unwrap_or_default();
    let (major, minor) = (
        part("CARGO_PKG_VERSION_MAJOR"),
        part("CARGO_PKG_VERSION_MINOR"),
    );
    let abi = if major == "0" {
        format!("{major}.{minor}")
    } else {
        major
    };
    match part("CARGO_CFG_TARGET_OS").as_str() {
        "windows" => {}
        "macos" | "ios" => {
            println!(
                "cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libhttpcache.{abi}.dylib"
            );
        }
        _ => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libhttpcache.so.{abi}");
            // Threads of the library and of libcurl may outlive a dlclose.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
    }
}

/// Without a libcurl to be found, curl-sys would link its bundled source and say nothing.
fn find_libcurl(needed: bool) -> Result<(), String> {
    // macOS ships libcurl without a pkg-config file, and curl-sys knows; Windows has no pkg-config.
    let target = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if !needed || matches!(target.as_str(), "macos" | "ios" | "windows") {
        return Ok(());
    }
    let probe = pkg_config::Config::new()
        .atleast_version(LIBCURL)
        .cargo_metadata(false)
        .probe("libcurl");
    probe.map(|_| ()).map_err(|error| {
        format!(
            "libcurl {LIBCURL} or later was not found by pkg-config.\n\
             Install pkg-config and its development package:\n\
             \x20   Debian, Ubuntu: apt install pkg-config libcurl4-openssl-dev\n\
             \x20   Fedora:         dnf install pkgconf-pkg-config libcurl-devel\n\
             \x20   Homebrew:       brew install pkgconf curl\n\
             or build libcurl into the library: cargo build --features vendored\n\
             or build without a transport:      cargo build --no-default-features\n\
             \n{error}"
        )
    })
}
