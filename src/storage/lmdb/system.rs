//! System calls that the standard library has no safe form for, each as one thin function.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// Takes an exclusive lock on the open file (`flock`), without waiting; `false` when it is held
/// through another opening of the file, be it by this process or by another.
pub(crate) fn lock_opening(file: &File) -> io::Result<bool> {
    // SAFETY: the descriptor is open for as long as `file` is borrowed.
    let done = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
    taken(done)
}

/// Takes an exclusive record lock on a byte of the file (`fcntl`), without waiting; `false` when another process
/// holds it. The kernel frees it with the process, and a forked child never inherits it; closing any
/// descriptor of the file frees it as well.
pub(crate) fn lock_for_process(file: &File, byte: u8) -> io::Result<bool> {
    taken(record_lock(file, byte, libc::F_WRLCK))
}

/// Takes a record lock on a byte of the file that others may take as well, but for [`lock_for_process`], without
/// waiting. The file need not be writable.
pub(crate) fn share_for_process(file: &File, byte: u8) -> io::Result<bool> {
    taken(record_lock(file, byte, libc::F_RDLCK))
}

/// Frees what [`lock_for_process`] or [`share_for_process`] took.
pub(crate) fn unlock_for_process(file: &File, byte: u8) {
    record_lock(file, byte, libc::F_UNLCK);
}

fn record_lock(file: &File, byte: u8, kind: libc::c_int) -> libc::c_int {
    // SAFETY: `flock` is a plain C struct, for which all zeros is a valid value.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = kind as libc::c_short;
    range.l_whence = libc::SEEK_SET as libc::c_short;
    range.l_start = libc::off_t::from(byte);
    range.l_len = 1;
    // SAFETY: the descriptor is open for as long as `file` is borrowed, and `range` lives on the stack.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &range) }
}

fn taken(done: libc::c_int) -> io::Result<bool> {
    if done == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EWOULDBLOCK | libc::EACCES | libc::EINTR) => Ok(false),
        _ => Err(error),
    }
}

/// The user as whom files are opened and created.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// The number by which the kernel names the kind of file system that the file lies on.
pub(crate) fn file_system_kind(file: &File) -> io::Result<u64> {
    // SAFETY: `statfs` is a plain C struct, for which all zeros is a valid value.
    let mut answer: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open for as long as `file` is borrowed, and `answer` lives on the stack.
    let done = unsafe { libc::fstatfs(file.as_raw_fd(), &mut answer) };
    if done == 0 {
        Ok(answer.f_type as u32 as u64)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Closes the descriptor when the process executes another program.
pub(super) fn close_on_exec(descriptor: RawFd) {
    // SAFETY: sets a flag of a descriptor; a number that is none is an error without effect.
    unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
}

/// Whether the address space has room for `bytes` more, as far as can be told without taking it.
pub(super) fn address_space_has(bytes: usize) -> bool {
    // SAFETY: asks for fresh anonymous memory at an address of the kernel's choice.
    let place = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0)
    };
    if place == libc::MAP_FAILED {
        return false;
    }
    // SAFETY: exactly what was mapped above, and nothing refers to it.
    unsafe { libc::munmap(place, bytes) };
    true
}

/// Registers what is to run around every `fork` of this process.
pub(crate) fn at_fork(
    prepare: unsafe extern "C" fn(),
    parent: unsafe extern "C" fn(),
    child: unsafe extern "C" fn(),
) -> io::Result<()> {
    // SAFETY: the three functions live as long as the library is loaded.
    let failed = unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    if failed == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(failed))
    }
}

/// Closes a descriptor that a forked child inherited and that nothing in the child uses.
pub(crate) fn close_inherited(descriptor: RawFd) {
    // SAFETY: the caller gives a descriptor that it knows to be inherited and unused in this process.
    unsafe { libc::close(descriptor) };
}

/// Runs `task` while this thread handles no signal but those that tell of a fault of its own; what it starts
/// inherits that.
pub(crate) fn with_signals_blocked<T>(task: impl FnOnce() -> T) -> T {
    // SAFETY: `sigset_t` is plain data, for which zeroes are a value; the calls fill both sets. Only faults that
    // would end the process without its handler stay as they are.
    let before = unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut blocked);
        for fault in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGTRAP,
        ] {
            libc::sigdelset(&mut blocked, fault);
        }
        let failed = libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, &mut before);
        (failed == 0).then_some(before)
    };
    let done = task();
    if let Some(before) = before {
        // SAFETY: `before` was filled by `pthread_sigmask`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    }
    done
}
