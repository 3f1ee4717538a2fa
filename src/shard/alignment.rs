//! How far event time has come on all workers that read one table, so that none runs far ahead:
//! what waits to be put in order stays bounded while a backlog is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crossbeam::utils::CachePadded;

/// One worker's seat at a table.
pub struct Alignment {
    /// By worker: the smallest watermark of its partitions (ms); MIN: not known yet, MAX: none
    /// that counts.
    floors: Arc<[CachePadded<AtomicI64>]>,
    own: usize,
}

impl Alignment {
    /// A seat for each worker.
    pub fn seats(workers: usize) -> impl Iterator<Item = Self> {
        let floors: Arc<[_]> =
            (0..workers).map(|_| CachePadded::new(AtomicI64::new(i64::MIN))).collect();
        (0..workers).map(move |own| Self { floors: floors.clone(), own })
    }

    /// Tells the others where this worker stands; gives the smallest of all.
    pub fn meet(&self, floor: i64) -> i64 {
        // Each is looked at again soon: an old value only holds back, or lets on, for a moment.
        self.floors[self.own].store(floor, Ordering::Relaxed);
        let all = self.floors.iter().map(|floor| floor.load(Ordering::Relaxed));
        all.min().unwrap_or(floor)
    }
}
