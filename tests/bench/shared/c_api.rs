//! The shared library as a C program has it: loaded, and called through its exported functions, by the signatures
//! of include/httpcache.h.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::hint::black_box;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};

use super::work::{FIELDS, body};

type Status = c_int;
type Text = *const c_char;

/// An object of the library's. Which threads may use it at once is the header's business.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Handle(*mut c_void);

// SAFETY: a cache may be used by any thread, the other objects by one at a time, and the benchmarks keep to it.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

const NONE: Handle = Handle(null_mut());

/// `hc_field`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Field {
    name: Text,
    name_len: usize,
    value: Text,
    value_len: usize,
}

/// `hc_view`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct View {
    struct_size: usize,
    decision: i32,
    outcome: i32,
    status: i32,
    flags: u32,
    fields: *const Field,
    field_count: usize,
    text: Text,
    text_len: usize,
    body: *const c_void,
    body_len: usize,
    body_size: i64,
    reason: Text,
    url: Text,
    created_at: i64,
    expires_at: i64,
    age: i64,
    freshness_lifetime: i64,
    elapsed: i64,
}

impl View {
    fn new() -> Self {
        // SAFETY: integers and pointers, for which zero is a value.
        let mut view: View = unsafe { std::mem::zeroed() };
        view.struct_size = size_of::<View>();
        view
    }
}

/// `HC_OPT_DURABILITY`, and what it may be.
pub const DURABILITY: i32 = 122;
pub const FAST: i64 = 0;
pub const SYNCED: i64 = 2;
/// `HC_OPT_FORCE_REFRESH` and `HC_OPT_INVALIDATE`.
const FORCE_REFRESH: i32 = 109;
pub const INVALIDATE: i32 = 116;

const FRESH: i32 = 1;
const STORED: i32 = 1;
const STORING: i32 = 4;
const NEVER: i64 = -2_147_483_646;

macro_rules! functions {
    ($($name:ident: ($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Functions of the library, by their C signatures; each name follows `hc_`.
        pub struct Api {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Api {
            fn of(library: *mut c_void) -> Self {
                // SAFETY: the function of each name has the signature of its field, which is the header's.
                unsafe { Api { $($name: symbol(library, concat!("hc_", stringify!($name), "\0")),)* } }
            }
        }
    };
}

functions! {
    open: (Text, Handle, *mut Handle, *mut Handle) -> Status;
    close: (Handle);
    flush: (Handle, i64, *mut Handle) -> Status;
    options_new: () -> Handle;
    options_set: (Handle, i32, i64, *mut Handle) -> Status;
    options_free: (Handle);
    request_new: (Text, usize, Text, usize, *mut Handle, *mut Handle) -> Status;
    request_add: (Handle, Text, usize, Text, usize, *mut Handle) -> Status;
    request_set: (Handle, i32, i64, *mut Handle) -> Status;
    request_free: (Handle);
    response_new: (i32, Text, usize, *mut Handle, *mut Handle) -> Status;
    response_add: (Handle, Text, usize, Text, usize, *mut Handle) -> Status;
    response_set_body: (Handle, *const c_void, usize, *mut Handle) -> Status;
    response_read: (Handle, *mut c_void, usize, *mut usize, *mut Handle) -> Status;
    response_free: (Handle);
    lookup: (Handle, Handle, *mut View, *mut Handle, *mut Handle) -> Status;
    store: (Handle, Handle, *mut i32, *mut View, *mut Handle) -> Status;
    store_begin: (Handle, Handle, *mut i32, *mut View, *mut Handle) -> Status;
    store_write: (Handle, *const c_void, usize, *mut Handle) -> Status;
    store_end: (Handle, *mut i32, *mut Handle) -> Status;
    exchange_response: (Handle, *mut Handle, *mut Handle) -> Status;
    exchange_free: (Handle);
}

/// # Safety
/// `F` is the type of the function of that name, which ends with NUL.
unsafe fn symbol<F: Copy>(library: *mut c_void, name: &str) -> F {
    // SAFETY: the library is loaded for good, and the name is NUL-terminated.
    let found = unsafe { libc::dlsym(library, name.as_ptr().cast()) };
    assert!(!found.is_null(), "{name} is not exported");
    // SAFETY: the caller's promise.
    unsafe { std::mem::transmute_copy(&found) }
}

impl Api {
    /// Loads the library that was built beside this program.
    pub fn load() -> Self {
        let program = std::env::current_exe().unwrap();
        let path = program.parent().unwrap().join("libhttpcache.so");
        let name = c_path(&path);
        // SAFETY: the name is NUL-terminated.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        assert!(!library.is_null(), "{} cannot be loaded", path.display());
        Api::of(library)
    }

    /// Opens a cache with the default options, but for some.
    pub fn open(&self, path: &Path, options: &[(i32, i64)]) -> Handle {
        let name = c_path(path);
        let mut cache = NONE;
        // SAFETY: the path is NUL-terminated, the output writable, the options are freed once.
        unsafe {
            let set = (self.options_new)();
            for (key, value) in options {
                assert_eq!((self.options_set)(set, *key, *value, null_mut()), 0);
            }
            let status = (self.open)(name.as_ptr(), set, &mut cache, null_mut());
            assert_eq!(status, 0, "{} is opened", path.display());
            (self.options_free)(set);
        }
        cache
    }

    pub fn close(&self, cache: Handle) {
        // SAFETY: it is open, and closed once.
        unsafe { (self.close)(cache) }
    }

    /// What was stored is durable afterwards.
    pub fn flush(&self, cache: Handle) {
        // SAFETY: it is open.
        assert_eq!(unsafe { (self.flush)(cache, NEVER, null_mut()) }, 0);
    }

    /// Stores a response of 15 fields and `size` bytes for each URL in a new directory, and closes it. Nothing is
    /// synced before the end: what is read afterwards is the same.
    pub fn fill(&self, path: &Path, urls: impl IntoIterator<Item = String>, size: usize) {
        let cache = self.open(path, &[(DURABILITY, FAST)]);
        let body = body(size);
        for url in urls {
            self.store(cache, &url, &body);
        }
        self.flush(cache);
        self.close(cache);
    }

    /// One store as a client makes it that has the whole answer: the request, the lookup, the answer, its report.
    pub fn store(&self, cache: Handle, url: &str, body: &[u8]) {
        self.store_with(cache, url, body, &[]);
    }

    /// The same whatever is stored already.
    pub fn store_anew(&self, cache: Handle, url: &str, body: &[u8]) {
        self.store_with(cache, url, body, &[(FORCE_REFRESH, 1)]);
    }

    fn store_with(&self, cache: Handle, url: &str, body: &[u8], options: &[(i32, i64)]) {
        let try_once = || self.report(self.lookup(cache, c"GET", url, options), body);
        if !try_once() {
            self.flush(cache);
            assert!(try_once(), "{url} is stored");
        }
    }

    /// Says whether it was stored: what waits to be written is bounded.
    fn report(&self, exchange: Handle, body: &[u8]) -> bool {
        let origin = self.answer(200, body.len());
        let mut outcome = 0;
        // SAFETY: all objects are live and freed once, and the outputs writable.
        unsafe {
            let data = body.as_ptr().cast();
            (self.response_set_body)(origin, data, body.len(), null_mut());
            (self.store)(exchange, origin, &mut outcome, null_mut(), null_mut());
            (self.response_free)(origin);
            (self.exchange_free)(exchange);
        }
        outcome == STORED
    }

    /// The same with the body in pieces, as it comes from the network.
    pub fn store_in_pieces<'p>(
        &self,
        cache: Handle,
        url: &str,
        size: usize,
        pieces: impl IntoIterator<Item = &'p [u8]>,
    ) {
        let exchange = self.lookup(cache, c"GET", url, &[]);
        let origin = self.answer(200, size);
        let mut outcome = 0;
        // SAFETY: all objects are live and freed once, and the outputs writable.
        unsafe {
            (self.store_begin)(exchange, origin, &mut outcome, null_mut(), null_mut());
            assert_eq!(outcome, STORING);
            for piece in pieces {
                let data = piece.as_ptr().cast();
                let status = (self.store_write)(exchange, data, piece.len(), null_mut());
                assert_eq!(status, 0);
            }
            (self.store_end)(exchange, &mut outcome, null_mut());
            (self.response_free)(origin);
            (self.exchange_free)(exchange);
        }
        assert_eq!(outcome, STORED);
    }

    /// Takes away what is stored of a URL, as an unsafe request that succeeds does (RFC 9111 4.4).
    pub fn invalidate(&self, cache: Handle, url: &str) {
        let exchange = self.lookup(cache, c"DELETE", url, &[]);
        let mut origin = NONE;
        let mut outcome = 0;
        // SAFETY: all objects are live and freed once, and the outputs writable.
        unsafe {
            (self.response_new)(204, null(), 0, &mut origin, null_mut());
            (self.store)(exchange, origin, &mut outcome, null_mut(), null_mut());
            (self.response_free)(origin);
            (self.exchange_free)(exchange);
        }
    }

    /// An exchange that is to be forwarded.
    fn lookup(&self, cache: Handle, method: &CStr, url: &str, options: &[(i32, i64)]) -> Handle {
        let request = self.request(method, url);
        let mut exchange = NONE;
        let mut view = View::new();
        // SAFETY: all objects are live and freed once, and the outputs writable.
        unsafe {
            for (key, value) in options {
                (self.request_set)(request, *key, *value, null_mut());
            }
            (self.lookup)(cache, request, &mut view, &mut exchange, null_mut());
            (self.request_free)(request);
        }
        exchange
    }

    fn answer(&self, status: i32, length: usize) -> Handle {
        let mut origin = NONE;
        let length = length.to_string();
        // SAFETY: lengths are those of the strings, and the output is writable.
        unsafe {
            (self.response_new)(status, c"OK".as_ptr(), 2, &mut origin, null_mut());
            for (name, value) in FIELDS.into_iter().chain([("Content-Length", &*length)]) {
                let (n, v) = (name.as_ptr().cast(), value.as_ptr().cast());
                (self.response_add)(origin, n, name.len(), v, value.len(), null_mut());
            }
        }
        origin
    }

    #[inline]
    fn request(&self, method: &CStr, url: &str) -> Handle {
        let mut request = NONE;
        let (text, len) = (url.as_ptr().cast(), url.len());
        let method_len = method.count_bytes();
        let none = null_mut();
        // SAFETY: lengths are those of the strings, and the output is writable.
        unsafe {
            (self.request_new)(method.as_ptr(), method_len, text, len, &mut request, none);
            let (accept, all) = (c"Accept", c"*/*");
            (self.request_add)(request, accept.as_ptr(), 6, all.as_ptr(), 3, none);
            let (agent, name) = (c"User-Agent", c"bench/1.0");
            (self.request_add)(request, agent.as_ptr(), 10, name.as_ptr(), 9, none);
        }
        request
    }

    /// A hit with all that a client looks at but the body; what is done with it is up to `task`. `length` is that
    /// of the body.
    #[inline]
    fn hit<T>(
        &self,
        cache: Handle,
        url: &str,
        length: usize,
        task: impl FnOnce(Handle, &View) -> T,
    ) -> T {
        let request = self.request(c"GET", url);
        let mut exchange = NONE;
        let mut view = View::new();
        // SAFETY: all objects are live, the view has its size, its pointers live as long as the exchange.
        unsafe {
            (self.lookup)(cache, request, &mut view, &mut exchange, null_mut());
            let is_hit = view.decision == FRESH && view.status == 200;
            assert!(is_hit && view.body_size == length as i64, "a hit");
            let mut bytes = 0;
            for at in 0..view.field_count {
                let field = *view.fields.add(at);
                bytes += field.name_len + field.value_len + usize::from(*field.value as u8);
            }
            black_box(bytes);
            let done = task(exchange, &view);
            (self.exchange_free)(exchange);
            (self.request_free)(request);
            done
        }
    }

    /// A hit whose body lies in memory.
    #[inline]
    pub fn hit_in_memory(&self, cache: Handle, url: &str, length: usize) {
        self.hit(cache, url, length, |_, view| {
            assert!(view.body_len == length);
            // SAFETY: the body has so many bytes.
            black_box(unsafe { *view.body.cast::<u8>().add(length - 1) });
        });
    }

    /// A hit whose body is left alone.
    pub fn hit_unread(&self, cache: Handle, url: &str, length: usize) {
        self.hit(cache, url, length, |_, _| ());
    }

    /// A hit whose body is read to its end, as much at a time as the buffer holds.
    pub fn hit_read(&self, cache: Handle, url: &str, length: usize, buffer: &mut [u8]) {
        self.hit(cache, url, length, |exchange, _| {
            let response = self.response(exchange);
            let mut total = 0;
            loop {
                let mut read = 0;
                let room = buffer.as_mut_ptr().cast();
                // SAFETY: the buffer holds so many bytes, and the response is live.
                let status = unsafe {
                    (self.response_read)(response, room, buffer.len(), &mut read, null_mut())
                };
                assert!(status >= 0);
                black_box(&*buffer);
                total += read;
                if read == 0 {
                    break;
                }
            }
            assert_eq!(total, length);
            self.free_response(response);
        });
    }

    /// The response of a hit, which keeps what it needs of the store.
    pub fn hold(&self, cache: Handle, url: &str, length: usize) -> Handle {
        self.hit(cache, url, length, |exchange, _| self.response(exchange))
    }

    fn response(&self, exchange: Handle) -> Handle {
        let mut response = NONE;
        // SAFETY: the exchange is live, and the output writable.
        let status = unsafe { (self.exchange_response)(exchange, &mut response, null_mut()) };
        assert_eq!(status, 0);
        response
    }

    pub fn free_response(&self, response: Handle) {
        // SAFETY: it is live, and freed once.
        unsafe { (self.response_free)(response) };
    }
}

pub fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}
