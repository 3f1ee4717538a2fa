//! The contract of what reads partitions: by the client library, or without it.

use std::os::fd::BorrowedFd;

use rdkafka::error::RDKafkaErrorCode;

use crate::record::TimestampType;

/// What came.
pub enum Event<'a> {
    Record {
        partition: i32,
        offset: i64,
        /// ms since the epoch, -1 where unknown.
        timestamp: i64,
        timestamp_type: TimestampType,
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
        /// As [`crate::record::headers::read`] takes them; empty where there are none.
        headers: &'a [u8],
    },
    /// An error or mark (such as the end of a partition) at an offset.
    Mark { partition: i32, offset: i64, code: RDKafkaErrorCode },
    /// What is stored cannot be read.
    Damaged { partition: i32, reason: String },
    /// A fault of no partition: one that passes, or one that ends the job.
    Fault { reason: String, is_final: bool },
}

/// What a poll of one partition came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    pub events: usize,
    /// More of the same lies ready, warm in the caches: go on here.
    pub has_more: bool,
}

/// Reads partitions of one topic, which it knows by the order in which they were assigned. Used by
/// one thread. Nothing here waits. Records of a partition come in order; ones before the position
/// that was asked for may come too.
pub trait Reader {
    /// More partitions, each with its first offset to read. 0 means the beginning, which retention
    /// may have moved.
    fn assign(&mut self, partitions: &[(i32, i64)]) -> Result<(), String>;

    /// Nothing more is to be read of a partition, ever.
    fn release(&mut self, index: usize) -> Result<(), String>;

    /// Hands at most `max` events of a partition to `take`, which copies what it keeps.
    fn poll(&mut self, index: usize, max: usize, take: impl FnMut(Event<'_>)) -> Taken;

    /// The same of what belongs to no single partition; returns how many events there were.
    fn poll_rest(&mut self, max: usize, take: impl FnMut(Event<'_>)) -> usize;

    /// The log end as of the last answer; `None` before the first.
    fn log_end(&self, index: usize) -> Option<i64>;

    /// Whether the broker has answered for the partition a moment ago, where that is known.
    fn is_answered(&self, _index: usize) -> bool {
        true
    }

    /// Has the eventfd written when something comes.
    fn wake_by(&mut self, fd: BorrowedFd<'_>);
}
