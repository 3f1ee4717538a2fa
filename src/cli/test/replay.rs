//! A case's records as a source. Tables whose records carry timestamps are read in their order,
//! whichever worker reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::records::Record;
use crate::record::{RawBlock, RawRecord};
use crate::source::{PartitionState, Polled, Position, Source};

/// The next timestamp of each reader; those that have none hold nobody back.
pub struct Timeline {
    next: Vec<AtomicI64>,
}

impl Timeline {
    pub fn new(readers: impl Iterator<Item = i64>) -> Self {
        Self { next: readers.map(AtomicI64::new).collect() }
    }

    fn is_due(&self, timestamp: i64) -> bool {
        self.next.iter().all(|next| next.load(Ordering::Acquire) >= timestamp)
    }
}

/// What one worker reads of one table.
pub struct Replay {
    pub records: Arc<Vec<Record>>,
    /// Partitions of this worker.
    pub numbers: Vec<i32>,
    /// Which of the records lie there.
    pub own: Vec<usize>,
    pub at: usize,
    pub timeline: Arc<Timeline>,
    /// Its place there.
    pub reader: usize,
}

/// The partitions that a worker reads, and which records lie there.
pub fn share(records: &[Record], worker: usize, workers: usize) -> (Vec<i32>, Vec<usize>) {
    let last = records.iter().map(|record| record.partition).max().unwrap_or(0);
    let is_own = |partition: i32| partition as usize % workers == worker;
    let of_worker = |&at: &usize| is_own(records[at].partition);
    let own = (0..records.len()).filter(of_worker).collect();
    ((0..=last).filter(|&partition| is_own(partition)).collect(), own)
}

/// The timestamp of the record at this place, as [`Timeline`] counts.
pub fn time_of(records: &[Record], own: &[usize], at: usize) -> i64 {
    let timestamp = own.get(at).map(|&at| records[at].timestamp);
    timestamp.filter(|&ms| ms >= 0).unwrap_or(i64::MAX)
}

impl Source for Replay {
    fn partitions(&self) -> &[i32] {
        &self.numbers
    }

    /// Records of one timestamp at a time, as a batch has one.
    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        let Some(&first) = self.own.get(self.at) else { return Ok(Polled::Finished) };
        let timestamp = self.records[first].timestamp;
        if !self.timeline.is_due(timestamp) {
            return Ok(Polled::Empty);
        }
        for &at in self.own[self.at..].iter().take(max_rows) {
            let record = &self.records[at];
            if record.timestamp != timestamp {
                break;
            }
            let partition = self.numbers.iter().position(|&number| number == record.partition);
            let meta = RawRecord {
                partition: partition.unwrap_or_default() as u32,
                position: record.offset,
                timestamp,
                ..RawRecord::default()
            };
            block.push(record.value.as_deref(), record.key.as_deref(), meta);
            self.at += 1;
        }
        let next = time_of(&self.records, &self.own, self.at);
        self.timeline.next[self.reader].store(next, Ordering::Release);
        Ok(Polled::Records)
    }

    fn partition_state(&self, _index: usize) -> PartitionState {
        match self.at == self.own.len() {
            true => PartitionState::Finished,
            false => PartitionState::Reading,
        }
    }

    fn positions(&self) -> Vec<Position> {
        let next = |partition: &i32| {
            let of_partition = |&&at: &&usize| self.records[at].partition == *partition;
            self.own[..self.at].iter().filter(of_partition).count() as i64
        };
        self.numbers.iter().map(|p| Position { partition: *p, next: next(p) }).collect()
    }
}
