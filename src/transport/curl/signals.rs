//! What libcurl must not do to the host's signals.

/// While it lives, this thread handles no signal, and a SIGPIPE that arose is taken back at its end.
///
/// libcurl ignores SIGPIPE itself only by changing the handler of the whole process, which `NOSIGNAL`
/// forbids, and TLS libraries write without `MSG_NOSIGNAL`. The other signals are blocked because
/// libcurl's resolver threads are started in here and inherit the mask.
#[cfg(unix)]
pub(super) struct Blocked {
    /// What was blocked before; `None` when it could not be changed.
    before: Option<libc::sigset_t>,
    pipe_was_pending: bool,
}

#[cfg(unix)]
impl Blocked {
    pub(super) fn new() -> Self {
        let mut before = empty();
        let mut blocked = empty();
        // SAFETY: all pointers are to live, initialised sets.
        let result = unsafe {
            libc::sigfillset(&mut blocked);
            // A fault while these are blocked would end the process without its handler.
            for fault in [
                libc::SIGSEGV,
                libc::SIGBUS,
                libc::SIGFPE,
                libc::SIGILL,
                libc::SIGTRAP,
            ] {
                libc::sigdelset(&mut blocked, fault);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, &mut before)
        };
        Blocked {
            before: (result == 0).then_some(before),
            pipe_was_pending: pipe_is_pending(),
        }
    }
}

#[cfg(unix)]
impl Drop for Blocked {
    fn drop(&mut self) {
        let Some(before) = self.before else { return };
        if !self.pipe_was_pending && pipe_is_pending() {
            let mut pipe = empty();
            let mut taken = 0;
            // SAFETY: all pointers are to live memory; the signal is pending, so this does not wait.
            unsafe {
                libc::sigaddset(&mut pipe, libc::SIGPIPE);
                libc::sigwait(&pipe, &mut taken);
            }
        }
        // SAFETY: `before` was filled by `pthread_sigmask`.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    }
}

#[cfg(unix)]
fn empty() -> libc::sigset_t {
    // SAFETY: `sigset_t` is plain data, for which zeroes are a value; `sigemptyset` makes it the right one.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        set
    }
}

#[cfg(unix)]
fn pipe_is_pending() -> bool {
    let mut pending = empty();
    // SAFETY: the pointers are to a live, initialised set.
    unsafe {
        libc::sigpending(&mut pending) == 0 && libc::sigismember(&pending, libc::SIGPIPE) == 1
    }
}

/// There are no such signals here.
#[cfg(not(unix))]
pub(super) struct Blocked;

#[cfg(not(unix))]
impl Blocked {
    pub(super) fn new() -> Self {
        Blocked
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_sigpipe_within_is_taken_back() {
        let blocked = Blocked::new();
        // SAFETY: the signal is blocked, so nothing happens but that it becomes pending.
        unsafe { libc::raise(libc::SIGPIPE) };
        assert!(pipe_is_pending());
        drop(blocked);
        assert!(!pipe_is_pending());
    }
}
