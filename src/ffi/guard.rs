//! What every entry shares: no panic leaves, no NULL enters, ownership is a type.

use std::ffi::{CStr, CString, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::error::{hc_status, status_of};
use super::objects::{OfProcess, Process, hc_error};
use super::options::{hc_destroy_fn, hc_time};
use crate::error::{Error, Kind, Result};

/// A length that says the string ends at its NUL.
const NUL_TERMINATED: usize = usize::MAX;

/// Runs a fallible entry; its failure goes to `err`, its status to the caller.
pub(super) fn status(
    err: *mut *mut hc_error,
    call: impl FnOnce() -> Result<hc_status>,
) -> hc_status {
    // SAFETY: `err` is NULL or writable, as each entry's contract says.
    unsafe { clear(err) };
    let result = catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|panic| Err(Error::new(Kind::Internal, panic_message(&*panic))));
    match result {
        Ok(status) => status,
        Err(error) => {
            let status = status_of(error.kind());
            if !err.is_null() {
                let message =
                    CString::new(error.message().replace('\0', "\\0")).unwrap_or_default();
                // SAFETY: `err` is writable.
                unsafe { *err = lend(hc_error { error, message }) };
            }
            status
        }
    }
}

/// Runs an entry that cannot fail; a panic gives `fallback`.
pub(super) fn value<T>(fallback: T, call: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or(fallback)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("internal error: {}", words.unwrap_or("unknown"))
}

/// Gives an object to C.
pub(super) fn lend<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Takes an object back from C and drops it.
///
/// # Safety
/// `object` is NULL or came from [`lend`] and was not taken back yet.
pub(super) unsafe fn free<T>(object: *mut T) {
    if object.is_null() {
        return;
    }
    // SAFETY: it came from `lend`, and this is the only time it is taken back.
    let object = unsafe { Box::from_raw(object) };
    value((), move || drop(object));
}

/// # Safety
/// `object` is NULL or points to a live object.
pub(super) unsafe fn object<'a, T: OfProcess>(object: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller says so.
    let object = unsafe { object.as_ref() }.ok_or_else(|| is_null(name))?;
    check_process(object, name)?;
    Ok(object)
}

/// An object that may be NULL.
///
/// # Safety
/// `object` is NULL or points to a live object.
pub(super) unsafe fn optional<'a, T: OfProcess>(
    object: *const T,
    name: &str,
) -> Result<Option<&'a T>> {
    if object.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller says so.
    unsafe { self::object(object, name) }.map(Some)
}

/// # Safety
/// `object` is NULL or points to a live object that nobody else uses now.
pub(super) unsafe fn object_mut<'a, T: OfProcess>(object: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller says so.
    let object = unsafe { object.as_mut() }.ok_or_else(|| is_null(name))?;
    check_process(object, name)?;
    Ok(object)
}

fn check_process(object: &impl OfProcess, name: &str) -> Result<()> {
    if object.process().is_none_or(Process::is_current) {
        return Ok(());
    }
    let message =
        format!("the {name} was made before a fork; in the child it may only be destroyed");
    Err(Error::new(Kind::Misuse, message))
}

/// # Safety
/// `output` is NULL or writable.
pub(super) unsafe fn output<'a, T>(output: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller says so.
    unsafe { output.as_mut() }.ok_or_else(|| is_null(name))
}

/// Sets an object output to NULL, so that a failure leaves nothing in it.
///
/// # Safety
/// `output` is NULL or writable.
pub(super) unsafe fn clear<T>(output: *mut *mut T) {
    // SAFETY: the caller says so.
    if let Some(output) = unsafe { output.as_mut() } {
        *output = std::ptr::null_mut();
    }
}

/// The bytes of a string: `len` of them, or up to the NUL.
///
/// # Safety
/// `text` is NULL or holds `len` bytes, or is NUL-terminated.
pub(super) unsafe fn text<'a>(text: *const c_char, len: usize, name: &str) -> Result<&'a [u8]> {
    if len == NUL_TERMINATED && !text.is_null() {
        // SAFETY: with HC_NTS the caller passes a NUL-terminated string.
        return Ok(unsafe { CStr::from_ptr(text) }.to_bytes());
    }
    // SAFETY: the caller says so.
    unsafe { data(text.cast(), len, name) }
}

/// # Safety
/// `data` is NULL or holds `len` bytes.
pub(super) unsafe fn data<'a>(data: *const c_void, len: usize, name: &str) -> Result<&'a [u8]> {
    if data.is_null() {
        return if len == 0 {
            Ok(&[])
        } else {
            Err(is_null(name))
        };
    }
    check_len(len, name)?;
    // SAFETY: it holds `len` bytes, and no object is larger than isize::MAX.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// A string that may be missing: NULL is none.
///
/// # Safety
/// `text` is NULL or as [`text`] takes it.
pub(super) unsafe fn optional_text<'a>(
    text: *const c_char,
    len: usize,
    name: &str,
) -> Result<Option<&'a [u8]>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller says so.
    unsafe { self::text(text, len, name) }.map(Some)
}

/// # Safety
/// `buffer` is NULL or `len` writable bytes that nobody else uses now.
pub(super) unsafe fn buffer<'a>(
    buffer: *mut c_void,
    len: usize,
    name: &str,
) -> Result<&'a mut [u8]> {
    if buffer.is_null() {
        return if len == 0 {
            Ok(&mut [])
        } else {
            Err(is_null(name))
        };
    }
    check_len(len, name)?;
    // SAFETY: it holds `len` bytes, and no object is larger than isize::MAX. Only bytes are written.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer.cast(), len) })
}

/// Bytes as they are lent to C. Where there are none it is a place that may be read all the same: some callers'
/// runtimes take any other number for a damaged pointer.
pub(super) fn lent(bytes: &[u8]) -> *const c_void {
    if bytes.is_empty() {
        c"".as_ptr().cast()
    } else {
        bytes.as_ptr().cast()
    }
}

/// Items as they are lent to C; NULL where there are none.
pub(super) fn lent_items<T>(items: &[T]) -> *const T {
    if items.is_empty() {
        std::ptr::null()
    } else {
        items.as_ptr()
    }
}

/// A copy of bytes whose number the caller chose: no memory is an error, not an abort.
pub(super) fn copied(data: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(data.len()).map_err(|_| {
        Error::new(
            Kind::NoMemory,
            format!("{name}: no memory for {} bytes", data.len()),
        )
    })?;
    copy.extend_from_slice(data);
    Ok(copy)
}

/// A limit in milliseconds from C; HC_NEVER_EXPIRE is none, which is longer than any program runs.
pub(super) fn limit(milliseconds: i64, name: &str) -> Result<Duration> {
    const NONE: Duration = Duration::from_secs(u32::MAX as u64);
    if milliseconds == hc_time::HC_NEVER_EXPIRE as i64 {
        return Ok(NONE);
    }
    let negative = || {
        Error::new(
            Kind::Argument,
            format!("{name} is negative: {milliseconds}"),
        )
    };
    let limit = u64::try_from(milliseconds).map_err(|_| negative())?;
    Ok(Duration::from_millis(limit).min(NONE))
}

fn check_len(len: usize, name: &str) -> Result<()> {
    if isize::try_from(len).is_err() {
        return Err(Error::new(
            Kind::TooLarge,
            format!("{name}: a length of {len} bytes"),
        ));
    }
    Ok(())
}

fn is_null(name: &str) -> Error {
    Error::new(Kind::Argument, format!("{name} is NULL"))
}

/// A struct of C that begins with its own size and grows only at its end.
///
/// # Safety
/// The type is `repr(C)`, begins with a `usize` that is its size, and all zero bytes are a valid value.
pub(super) unsafe trait Sized_: Copy {}

// SAFETY: integers and pointers behind a usize.
unsafe impl Sized_ for super::response::hc_view {}
// SAFETY: integers behind a usize.
unsafe impl Sized_ for super::cache::hc_stats {}
// SAFETY: integers behind a usize.
unsafe impl Sized_ for super::key::hc_rekeyed {}
// SAFETY: integers behind a usize.
unsafe impl Sized_ for super::maintenance::hc_updated {}
// SAFETY: integers behind a usize.
unsafe impl Sized_ for super::maintenance::hc_verification {}
// SAFETY: integers and pointers behind a usize.
unsafe impl Sized_ for super::query::hc_query {}
// SAFETY: pointers and nullable functions behind a usize.
unsafe impl Sized_ for super::transport::hc_transport {}

/// How many bytes of `T` the caller's struct has; a size that cannot hold anything is refused.
///
/// # Safety
/// `theirs` is NULL or begins with a readable size.
unsafe fn common_size<T: Sized_>(theirs: *const T, name: &str) -> Result<usize> {
    if theirs.is_null() {
        return Err(is_null(name));
    }
    // SAFETY: it begins with its size, as `Sized_` says.
    let size = unsafe { theirs.cast::<usize>().read_unaligned() };
    if size <= size_of::<usize>() {
        let message = format!("{name}.struct_size is {size}; set it to the size of the struct");
        return Err(Error::new(Kind::Argument, message));
    }
    Ok(size.min(size_of::<T>()))
}

/// Checks a struct that is filled later, so that a bad one fails before anything is done.
///
/// # Safety
/// `theirs` is NULL or begins with a readable size.
pub(super) unsafe fn check_size<T: Sized_>(theirs: *const T, name: &str) -> Result<()> {
    if theirs.is_null() {
        return Ok(());
    }
    // SAFETY: the caller says so.
    unsafe { common_size(theirs, name) }.map(|_| ())
}

/// Reads what the caller's struct has; missing members are zero. `member` is the size of its members, where
/// a part of one would be worse than none: a part of a pointer points to nothing.
///
/// # Safety
/// `theirs` is NULL or has as many readable bytes as its size says.
pub(super) unsafe fn filled<T: Sized_>(theirs: *const T, member: usize, name: &str) -> Result<T> {
    // SAFETY: the caller says so.
    let size = unsafe { common_size(theirs, name)? };
    let size = size - size % member;
    let mut ours = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: both have `size` bytes, and zero bytes are a valid value of what was not copied.
    unsafe {
        std::ptr::copy_nonoverlapping(theirs.cast::<u8>(), ours.as_mut_ptr().cast::<u8>(), size);
        Ok(ours.assume_init())
    }
}

/// Writes to the caller's struct what it has room for; its size stays as he set it.
///
/// # Safety
/// `theirs` is NULL or has as many writable bytes as its size says.
pub(super) unsafe fn fill<T: Sized_>(theirs: *mut T, ours: &T, name: &str) -> Result<()> {
    // SAFETY: the caller says so.
    let size = unsafe { common_size(theirs, name)? };
    let head = size_of::<usize>();
    // SAFETY: both have `size` bytes, of which the first `head` are the size.
    unsafe {
        std::ptr::copy_nonoverlapping(
            std::ptr::from_ref(ours).cast::<u8>().add(head),
            theirs.cast::<u8>().add(head),
            size - head,
        );
    }
    Ok(())
}

/// A callback's `user` pointer, destroyed once after its last use.
pub(super) struct User {
    pointer: *mut c_void,
    destroy: hc_destroy_fn,
}

// SAFETY: the header says that callbacks run on any thread, several at once where it says so.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

impl User {
    pub(super) fn new(pointer: *mut c_void, destroy: hc_destroy_fn) -> Self {
        User { pointer, destroy }
    }

    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: `destroy` takes the pointer it was given with, and runs once.
            unsafe { destroy(self.pointer) }
        }
    }
}
