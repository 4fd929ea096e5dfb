//! The shared library as a C program has it: loaded, and called through its exported functions.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::hint::black_box;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use httpcache::ffi::response::hc_view;

type Status = c_int;
type Handle = *mut c_void;

/// Functions of the library, by their C signatures.
pub struct Api {
    open: unsafe extern "C" fn(*const c_char, Handle, *mut Handle, *mut Handle) -> Status,
    close: unsafe extern "C" fn(Handle),
    request_new: unsafe extern "C" fn(
        *const c_char,
        usize,
        *const c_char,
        usize,
        *mut Handle,
        *mut Handle,
    ) -> Status,
    request_add: unsafe extern "C" fn(
        Handle,
        *const c_char,
        usize,
        *const c_char,
        usize,
        *mut Handle,
    ) -> Status,
    request_free: unsafe extern "C" fn(Handle),
    response_new:
        unsafe extern "C" fn(i32, *const c_char, usize, *mut Handle, *mut Handle) -> Status,
    response_add: unsafe extern "C" fn(
        Handle,
        *const c_char,
        usize,
        *const c_char,
        usize,
        *mut Handle,
    ) -> Status,
    response_set_body: unsafe extern "C" fn(Handle, *const c_void, usize, *mut Handle) -> Status,
    response_free: unsafe extern "C" fn(Handle),
    lookup: unsafe extern "C" fn(Handle, Handle, *mut hc_view, *mut Handle, *mut Handle) -> Status,
    store: unsafe extern "C" fn(Handle, Handle, *mut i32, *mut hc_view, *mut Handle) -> Status,
    exchange_free: unsafe extern "C" fn(Handle),
}

/// What a server of today sends.
const FIELDS: [(&str, &str); 15] = [
    ("Date", "Tue, 03 Mar 2026 10:00:00 GMT"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", "1024"),
    ("Connection", "keep-alive"),
    ("Server", "nginx/1.22.1"),
    (
        "Cache-Control",
        "public, max-age=3600, stale-while-revalidate=60",
    ),
    ("ETag", "\"33a64df551425fcc55e4d42a148795d9f25f89d4\""),
    ("Last-Modified", "Mon, 02 Mar 2026 09:12:44 GMT"),
    (
        "Strict-Transport-Security",
        "max-age=31536000; includeSubDomains",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Request-Id", "8b1a9953-c461-4296-a827-abf8c47804d7"),
    ("Via", "1.1 edge-7"),
    ("Accept-Ranges", "bytes"),
];

macro_rules! symbol {
    ($library:expr, $name:literal) => {{
        // SAFETY: the library is loaded for good, and the name is NUL-terminated.
        let found = unsafe { libc::dlsym($library, concat!($name, "\0").as_ptr().cast()) };
        assert!(!found.is_null(), concat!($name, " is not exported"));
        // SAFETY: the function of this name has the signature of the field it is assigned to.
        unsafe { std::mem::transmute(found) }
    }};
}

impl Api {
    /// Loads the library that was built beside this program.
    pub fn load() -> Self {
        let program = std::env::current_exe().unwrap();
        let path = program.parent().unwrap().join("libhttpcache.so");
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: the name is NUL-terminated.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        assert!(!library.is_null(), "{} cannot be loaded", path.display());
        Api {
            open: symbol!(library, "hc_open"),
            close: symbol!(library, "hc_close"),
            request_new: symbol!(library, "hc_request_new"),
            request_add: symbol!(library, "hc_request_add"),
            request_free: symbol!(library, "hc_request_free"),
            response_new: symbol!(library, "hc_response_new"),
            response_add: symbol!(library, "hc_response_add"),
            response_set_body: symbol!(library, "hc_response_set_body"),
            response_free: symbol!(library, "hc_response_free"),
            lookup: symbol!(library, "hc_lookup"),
            store: symbol!(library, "hc_store"),
            exchange_free: symbol!(library, "hc_exchange_free"),
        }
    }

    pub fn open(&self, path: &Path) -> Handle {
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        let mut cache = ptr::null_mut();
        // SAFETY: the path is NUL-terminated, the output writable.
        let status =
            unsafe { (self.open)(path.as_ptr(), ptr::null_mut(), &mut cache, ptr::null_mut()) };
        assert_eq!(status, 0);
        cache
    }

    pub fn close(&self, cache: Handle) {
        // SAFETY: it is open, and closed once.
        unsafe { (self.close)(cache) }
    }

    /// Stores a response of [`FIELDS`] and `size` bytes for each URL.
    pub fn fill(&self, path: &Path, urls: &[String], size: usize) {
        let cache = self.open(path);
        let body: Vec<u8> = (0..size).map(|i| (i * 7 % 251) as u8).collect();
        let origin = self.answer(&body);
        for url in urls {
            let request = self.request(url);
            let mut exchange = ptr::null_mut();
            let mut outcome = 0;
            // SAFETY: all objects are live, and the outputs writable.
            unsafe {
                let none = ptr::null_mut();
                let status = (self.lookup)(cache, request, ptr::null_mut(), &mut exchange, none);
                assert_eq!(status, 0);
                (self.store)(exchange, origin, &mut outcome, ptr::null_mut(), none);
                assert_eq!(outcome, 1, "stored");
                (self.exchange_free)(exchange);
                (self.request_free)(request);
            }
        }
        // SAFETY: it is live, and freed once.
        unsafe { (self.response_free)(origin) };
        self.close(cache);
    }

    fn answer(&self, body: &[u8]) -> Handle {
        let mut origin = ptr::null_mut();
        let none = ptr::null_mut();
        // SAFETY: lengths are those of the strings, and the output is writable.
        unsafe {
            assert_eq!(
                (self.response_new)(200, c"OK".as_ptr(), 2, &mut origin, none),
                0
            );
            for (name, value) in FIELDS {
                let (n, v) = (name.as_ptr().cast(), value.as_ptr().cast());
                assert_eq!(
                    (self.response_add)(origin, n, name.len(), v, value.len(), none),
                    0
                );
            }
            (self.response_set_body)(origin, body.as_ptr().cast(), body.len(), none);
        }
        origin
    }

    #[inline]
    fn request(&self, url: &str) -> Handle {
        let mut request = ptr::null_mut();
        let none = ptr::null_mut();
        let (url_text, url_len) = (url.as_ptr().cast(), url.len());
        // SAFETY: lengths are those of the strings, and the output is writable.
        unsafe {
            (self.request_new)(c"GET".as_ptr(), 3, url_text, url_len, &mut request, none);
            (self.request_add)(request, c"Accept".as_ptr(), 6, c"*/*".as_ptr(), 3, none);
            let agent: &CStr = c"bench/1.0";
            (self.request_add)(request, c"User-Agent".as_ptr(), 10, agent.as_ptr(), 9, none);
        }
        request
    }

    /// One hit for each URL.
    pub fn hit_all(&self, cache: Handle, urls: &[String], order: &[usize], size: usize) {
        for at in order {
            self.hit(cache, &urls[*at], size);
        }
    }

    #[inline]
    fn hit(&self, cache: Handle, url: &str, size: usize) {
        let request = self.request(url);
        let mut exchange = ptr::null_mut();
        // SAFETY: integers and pointers, for which zero is a value.
        let mut view: hc_view = unsafe { std::mem::zeroed() };
        view.struct_size = size_of::<hc_view>();
        // SAFETY: all objects are live, the view has its size, its pointers live as long as the exchange.
        unsafe {
            (self.lookup)(cache, request, &mut view, &mut exchange, ptr::null_mut());
            assert!(
                view.decision == 1 && view.status == 200 && view.body_len == size,
                "a hit"
            );
            let mut bytes = 0;
            for at in 0..view.field_count {
                let field = *view.fields.add(at);
                bytes += field.name_len + field.value_len + usize::from(*field.value as u8);
            }
            black_box(bytes);
            black_box(*view.body.cast::<u8>().add(size - 1));
            (self.exchange_free)(exchange);
            (self.request_free)(request);
        }
    }
}
