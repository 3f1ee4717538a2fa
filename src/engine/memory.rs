//! Stops a job before the system would: first it reads no further, then it ends with a reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::metrics::{Gauge, Metrics};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);
/// Percent of the limit from which on nothing more is read, and below which reading goes on.
const HOLD: u64 = 90;
const GO_ON: u64 = 85;
/// How long what is under way may take to leave.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Free,
    /// Nothing is read.
    Held(Instant),
    /// It did not get less, as freed memory may stay with the allocator: what is read may fit into
    /// that. If it does not, the job ends.
    Strained,
}

/// Watches what the process holds in memory.
pub struct MemoryGuard {
    /// Bytes.
    limit: u64,
    /// Workers read no further while it is set.
    hold: Arc<AtomicBool>,
    looked: Instant,
    stage: Stage,
    resident: Gauge,
    metrics: Metrics,
}

impl MemoryGuard {
    pub fn new(limit: u64, hold: Arc<AtomicBool>, metrics: &Metrics) -> Self {
        let help = "Memory that the process may take before it reads no further and ends";
        metrics.gauge("pelton_memory_limit_bytes", help, &[]).set(limit as f64);
        let help = "Memory that the process holds";
        let resident = metrics.gauge("pelton_memory_resident_bytes", help, &[]);
        let metrics = metrics.clone();
        Self { limit, hold, looked: Instant::now(), stage: Stage::Free, resident, metrics }
    }

    /// True where reading may go on after it was held back. An error ends the job.
    pub fn look(&mut self) -> Result<bool, String> {
        if self.looked.elapsed() < INTERVAL {
            return Ok(false);
        }
        self.looked = Instant::now();
        // Where it cannot be told, nothing is done about it.
        resident_bytes().map_or(Ok(false), |resident| self.judge(resident))
    }

    fn judge(&mut self, resident: u64) -> Result<bool, String> {
        self.resident.set(resident as f64);
        let percent = |of: u64| self.limit / 100 * of;
        let stage = match self.stage {
            Stage::Held(_) | Stage::Strained if resident >= self.limit => {
                return Err(self.reason(resident));
            }
            Stage::Free if resident >= percent(HOLD) => {
                tracing::warn!(
                    "{} of the {} of --max-memory are taken: nothing is read for a while",
                    mib(resident),
                    mib(self.limit)
                );
                Stage::Held(Instant::now())
            }
            Stage::Held(since) if since.elapsed() > PATIENCE => Stage::Strained,
            _ if resident < percent(GO_ON) => Stage::Free,
            same => same,
        };
        let held = |stage| matches!(stage, Stage::Held(_));
        let goes_on = held(self.stage) && !held(stage);
        self.stage = stage;
        self.hold.store(held(stage), Ordering::Relaxed);
        Ok(goes_on)
    }

    fn reason(&self, resident: u64) -> String {
        let most = self.metrics.largest("pelton_operator_state_bytes");
        let most = most.map_or(String::new(), |(labels, bytes)| {
            format!(" Most state is held by {labels}: {}.", mib(bytes as u64))
        });
        format!(
            "the job takes {}, and --max-memory is {}.{most} Bound the state \
             ('table.exec.state.ttl', 'retention', windows; `pelton explain` says what each operator \
             keeps), or raise --max-memory. A job that keeps state goes on from its last epoch",
            mib(resident),
            mib(self.limit)
        )
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    // SAFETY: asks for a number only.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}

/// Nine tenths of the memory that the control groups of this process, or the machine, allow.
pub fn allowed_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    let all = total << 10;
    Some(group_limit().map_or(all, |limit| limit.min(all)) / 10 * 9)
}

/// The smallest limit of the control groups (version 2) that this process is in.
fn group_limit() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let groups = std::path::Path::new(path).ancestors();
    let limit = |group| {
        let file = std::path::Path::new("/sys/fs/cgroup").join(group).join("memory.max");
        std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok()
    };
    groups.filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn reading_is_held_back_and_goes_on() {
        let hold = Arc::new(AtomicBool::default());
        let mut guard = MemoryGuard::new(100 * MIB, hold.clone(), &Metrics::new());
        for (resident, held, goes_on) in [
            (50, false, false),
            (89, false, false),
            (91, true, false),
            (86, true, false),
            (99, true, false),
            (84, false, true),
            (80, false, false),
        ] {
            assert_eq!(guard.judge(resident * MIB), Ok(goes_on), "{resident}");
            assert_eq!(hold.load(Ordering::Relaxed), held, "{resident}");
        }
    }

    #[test]
    fn what_does_not_get_less_ends_the_job() {
        let metrics = Metrics::new();
        let labels = [("operator", "7:aggregate"), ("worker", "0")];
        metrics.gauge("pelton_operator_state_bytes", "", &labels).set(80e6);
        let labels = [("operator", "9:sort"), ("worker", "0")];
        metrics.gauge("pelton_operator_state_bytes", "", &labels).set(9e6);
        let mut guard = MemoryGuard::new(100 * MIB, Arc::default(), &metrics);
        // One look is not enough to end what has just been held back.
        assert_eq!(guard.judge(200 * MIB), Ok(false));
        let reason = guard.judge(101 * MIB).unwrap_err();
        assert!(reason.contains("7:aggregate") && reason.contains("76 MiB"), "{reason}");
    }

    #[test]
    fn memory_that_stays_with_the_allocator_may_be_used_again() {
        let hold = Arc::new(AtomicBool::default());
        let mut guard = MemoryGuard::new(100 * MIB, hold.clone(), &Metrics::new());
        assert_eq!(guard.judge(95 * MIB), Ok(false));
        let long_ago = Instant::now().checked_sub(PATIENCE * 2).unwrap();
        guard.stage = Stage::Held(long_ago);
        assert_eq!(guard.judge(95 * MIB), Ok(true));
        assert!(!hold.load(Ordering::Relaxed));
        assert_eq!(guard.judge(97 * MIB), Ok(false));
        assert!(guard.judge(100 * MIB).is_err());
    }

    #[test]
    fn the_system_says_what_there_is() {
        let (resident, allowed) = (resident_bytes().unwrap(), allowed_bytes().unwrap());
        assert!(resident > MIB && allowed > resident, "{resident} of {allowed}");
    }
}
