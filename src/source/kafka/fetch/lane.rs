//! What the connections and the worker know of one partition, and what lies between them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crossbeam::queue::SegQueue;
use rdkafka::error::RDKafkaErrorCode;

use super::wire::Aborted;

/// Arrivals beyond which errors are not added: a worker that is held back takes none for long.
const CROWD: usize = 64;

/// A broker sends a partition's first batch whole or not at all. One that keeps on cutting it off
/// holds something else.
const CUT_MOST: u32 = 20;

/// What a broker sent of a partition, in order.
pub enum Arrived {
    Records(Chunk),
    /// The log end, or an error, at an offset.
    Mark {
        offset: i64,
        code: RDKafkaErrorCode,
    },
}

/// Whole record batches of one answer, packed as they came.
pub struct Chunk {
    pub answer: Arc<Vec<u8>>,
    pub range: Range<usize>,
    pub aborted: Vec<Aborted>,
}

impl Chunk {
    pub fn bytes(&self) -> &[u8] {
        &self.answer[self.range.clone()]
    }
}

/// One partition. The worker reads what arrives; whichever connection claims it asks for more.
pub struct Lane {
    pub partition: i32,
    /// Where the next request goes on. Only who holds the claim moves it.
    next: AtomicI64,
    claimed: AtomicBool,
    /// The last offset that was said to be the log end.
    end_said: AtomicI64,
    /// Not to be asked for any more.
    pub released: AtomicBool,
    /// Bytes that have arrived and are not read yet.
    queued: AtomicUsize,
    /// Log end as of the last answer, -1 before the first.
    pub log_end: AtomicI64,
    /// Time of the last answer that was no error, by the clock of the reader; 0 before the first.
    pub answered_ms: AtomicU64,
    /// The last answer did not reach the end: more is there, though it may not have come along.
    pub behind: AtomicBool,
    /// Answers in a row that held no whole record batch.
    cut: AtomicU32,
    /// After an error: not to be asked for before.
    not_before_ms: AtomicU64,
    arrived: SegQueue<Arrived>,
}

impl Lane {
    pub fn new(partition: i32, next: i64) -> Self {
        Self {
            partition,
            next: AtomicI64::new(next),
            claimed: AtomicBool::new(false),
            end_said: AtomicI64::new(i64::MIN),
            released: AtomicBool::new(false),
            queued: AtomicUsize::new(0),
            log_end: AtomicI64::new(-1),
            answered_ms: AtomicU64::new(0),
            behind: AtomicBool::new(true),
            cut: AtomicU32::new(0),
            not_before_ms: AtomicU64::new(0),
            arrived: SegQueue::new(),
        }
    }

    /// What arrived first of what was not taken yet.
    pub fn take(&self) -> Option<Arrived> {
        self.arrived.pop()
    }

    /// The worker is through with this many bytes of what it took.
    pub fn read(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The right to ask for the partition, if no more than that waits for the worker and nobody
    /// else asks.
    pub fn claim(self: &Arc<Self>, queued_most: usize, now_ms: u64) -> Option<Claim> {
        if self.released.load(Ordering::Relaxed)
            || self.queued.load(Ordering::Relaxed) > queued_most
            || self.not_before_ms.load(Ordering::Relaxed) > now_ms
            || self.claimed.swap(true, Ordering::Acquire)
        {
            return None;
        }
        Some(Claim { lane: self.clone() })
    }
}

/// The right to ask for a partition and to hand over what comes of it; given back when dropped.
pub struct Claim {
    pub lane: Arc<Lane>,
}

impl Claim {
    pub fn next(&self) -> i64 {
        self.lane.next.load(Ordering::Relaxed)
    }

    pub fn go_on_at(&self, offset: i64) {
        self.lane.next.store(offset, Ordering::Relaxed);
    }

    pub fn records(&self, chunk: Chunk) {
        self.lane.queued.fetch_add(chunk.range.len(), Ordering::Relaxed);
        self.lane.arrived.push(Arrived::Records(chunk));
    }

    pub fn mark(&self, code: RDKafkaErrorCode) {
        self.lane.arrived.push(Arrived::Mark { offset: self.next(), code });
    }

    /// Whether the log end is to be said: once at each offset.
    pub fn reaches_end(&self) -> bool {
        let next = self.next();
        self.lane.end_said.swap(next, Ordering::Relaxed) != next
    }

    /// Counts an answer that held bytes but no whole record batch; true if that is no accident.
    pub fn is_cut_again(&self) -> bool {
        self.lane.cut.fetch_add(1, Ordering::Relaxed) >= CUT_MOST
    }

    pub fn is_whole(&self) {
        self.lane.cut.store(0, Ordering::Relaxed);
    }

    /// Whether the worker has enough to read of errors already.
    pub fn is_crowded(&self) -> bool {
        self.lane.arrived.len() >= CROWD
    }

    /// Leaves the partition alone until then.
    pub fn rest_until(&self, ms: u64) {
        self.lane.not_before_ms.store(ms, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.lane.claimed.store(false, Ordering::Release);
    }
}
