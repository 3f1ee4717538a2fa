//! What a sink's other side has acknowledged, and how long that took.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::metrics::Counter;
use crate::metrics::latency::LatencyRecorder;

/// Batches that are not acknowledged yet: when their oldest row was appended, and how many rows.
#[derive(Default)]
pub struct Unacknowledged {
    batches: Vec<(i64, u64)>,
    pub rows: u64,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Unacknowledged {
    pub fn note(&mut self, stamp_us: i64, rows: u64) {
        self.batches.push((stamp_us, rows));
        self.rows += rows;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether there are rows that have waited for so long.
    pub fn wait(&self, long: Duration) -> bool {
        self.rows > 0 && self.since.is_some_and(|since| since.elapsed() >= long)
    }

    /// Two as one, with a single time for all rows: the oldest.
    pub fn in_short(first: Self, second: Self) -> Self {
        let batches = first.batches.iter().chain(&second.batches);
        let stamps = batches.map(|(stamp_us, _)| *stamp_us).filter(|stamp_us| *stamp_us > 0);
        let rows = first.rows + second.rows;
        Self { batches: stamps.min().map(|at| (at, rows)).into_iter().collect(), rows, since: None }
    }
}

/// Counts what is acknowledged.
pub struct Meter {
    pub latency: LatencyRecorder,
    pub rows: Counter,
}

impl Meter {
    /// What is acknowledged and can be seen counts, with how long it took.
    pub fn record(&mut self, acknowledged: &mut Unacknowledged) {
        let now_us = now_us();
        for (stamp_us, rows) in acknowledged.batches.drain(..) {
            if stamp_us > 0 {
                self.latency.record(now_us.saturating_sub(stamp_us).max(0) as u64, rows);
            }
        }
        self.rows.add(std::mem::take(&mut acknowledged.rows));
        acknowledged.since = None;
    }
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
