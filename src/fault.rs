//! Faults on purpose, for the chaos harness: compiled in by the feature `fault-injection` alone.

#[cfg(test)]
pub mod mutation;

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
        cut_unsynced();
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

/// Files that a sabotage has left to the system's cache.
#[cfg(feature = "fault-injection")]
static UNSYNCED: std::sync::Mutex<Vec<std::path::PathBuf>> = std::sync::Mutex::new(Vec::new());

/// A power cut: of what was not synced, half is gone.
#[cfg(feature = "fault-injection")]
fn cut_unsynced() {
    let Ok(paths) = UNSYNCED.lock() else { return };
    for path in paths.iter().rev().take(2) {
        if let Ok(file) = std::fs::File::options().write(true).open(path) {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            let _ = file.set_len(length / 2);
        }
    }
}

/// Syncs a file that is to be named `path`.
pub fn sync(file: &std::fs::File, path: &std::path::Path) -> std::io::Result<()> {
    #[cfg(feature = "fault-injection")]
    if sabotaged("no-fsync") {
        if let Ok(mut paths) = UNSYNCED.lock() {
            paths.push(path.to_owned());
        }
        return Ok(());
    }
    let _ = path;
    file.sync_all()
}

/// Makes room for the wrong doing of a sabotage to show: waits until `enough`, or for long.
pub fn dawdle(what: &str, enough: impl Fn() -> bool) {
    if sabotaged(what) {
        let begun = std::time::Instant::now();
        while !enough() && begun.elapsed() < std::time::Duration::from_secs(2) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
