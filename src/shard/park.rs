//! eventfd and poll: the few system calls with which a worker sleeps and is woken.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A non-blocking eventfd.
pub fn eventfd() -> Result<OwnedFd, String> {
    // SAFETY: the call takes no pointers; a result that is not negative is a descriptor that
    // nobody else owns.
    let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
    if fd < 0 {
        return Err(format!("cannot make an eventfd: {}", std::io::Error::last_os_error()));
    }
    // SAFETY: see above: fresh, valid, owned by nobody.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes a wait on `fd` return.
pub fn signal(fd: &OwnedFd) {
    let one = 1u64.to_ne_bytes();
    // SAFETY: the buffer is 8 bytes, as an eventfd wants, and lives through the call. A full
    // counter (EAGAIN) wakes the reader all the same.
    unsafe { libc::write(fd.as_raw_fd(), one.as_ptr().cast(), one.len()) };
}

/// Waits until `fd` is signalled, at most `timeout_ms`, and resets it.
pub fn wait(fd: &OwnedFd, timeout_ms: i32) {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut counter = [0u8; 8];
    // SAFETY: one pollfd and an 8-byte buffer, both alive through the calls.
    unsafe {
        if libc::poll(&raw mut poll, 1, timeout_ms) > 0 {
            libc::read(fd.as_raw_fd(), counter.as_mut_ptr().cast(), counter.len());
        }
    }
}
