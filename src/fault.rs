//! Faults on purpose, for the chaos harness: compiled in by the feature `fault-injection` alone.

/// The steps at which a process can be made to die.
pub const STEPS: [&str; 9] = [
    "fenced",
    "announced",
    "barrier",
    "saved",
    "outbox",
    "manifest",
    "offsets",
    "committed",
    "published",
];

/// Ends the process, at once and with nothing cleaned up, where `PELTON_FAULT=step:n` names this
/// step and it is reached for the n-th time.
#[cfg(feature = "fault-injection")]
pub fn point(step: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static REACHED: AtomicU64 = AtomicU64::new(0);
    debug_assert!(STEPS.contains(&step));
    let Ok(wanted) = std::env::var("PELTON_FAULT") else { return };
    let (name, count) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if name == step && REACHED.fetch_add(1, Ordering::Relaxed) + 1 >= count.parse().unwrap_or(1) {
        std::process::abort();
    }
}

#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
pub fn point(_step: &str) {}

/// Whether `PELTON_SABOTAGE` asks for this wrong doing, which the harness has to find.
#[cfg(feature = "fault-injection")]
pub fn sabotaged(what: &str) -> bool {
    std::env::var("PELTON_SABOTAGE").is_ok_and(|wanted| wanted == what)
}

#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
pub fn sabotaged(_what: &str) -> bool {
    false
}
