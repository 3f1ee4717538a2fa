//! SIGINT and SIGTERM ask for a graceful stop; a second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();

extern "C" fn on_signal(number: libc::c_int) {
    let again = STOP.get().is_some_and(|stop| stop.swap(true, Ordering::SeqCst));
    if again {
        // SAFETY: _exit may be called from a signal handler.
        unsafe { libc::_exit(128 + number) }
    }
}

/// Takes the handlers away: the signals end the process again, until [`stop_flag`] is called.
pub fn release() {
    for number in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the default action needs nothing of this process.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
    STOP.get().into_iter().for_each(|stop| stop.store(false, Ordering::SeqCst));
}

/// The flag that the signals set; the handlers are installed at the first call.
pub fn stop_flag() -> Arc<AtomicBool> {
    let stop = STOP.get_or_init(|| Arc::new(AtomicBool::new(false))).clone();
    let handler = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
    for number in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handler only swaps an atomic that is set by now, or exits.
        unsafe { libc::signal(number, handler) };
    }
    stop
}
