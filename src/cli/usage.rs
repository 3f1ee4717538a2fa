//! What the process has used, for the summary of a run.

/// Processor time of all threads, and the largest resident size so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub peak_rss_bytes: u64,
}

pub fn of_process() -> Usage {
    // SAFETY: rusage is plain numbers, for which all zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live rusage of our own.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) } != 0 {
        return Usage::default();
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Usage {
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        // Linux counts in KiB.
        peak_rss_bytes: peak_of_program().unwrap_or(usage.ru_maxrss as u64) * 1_024,
    }
}

/// KiB. What `getrusage` says begins with the size of the process that started this one.
fn peak_of_program() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_grows_with_the_program() {
        let before = super::of_process().peak_rss_bytes;
        let filled = vec![1_u8; 64 << 20];
        let after = super::of_process().peak_rss_bytes;
        assert!(std::hint::black_box(filled)[1] == 1 && after > 64 << 20 && after >= before);
        assert!(super::peak_of_program().is_some());
    }
}
