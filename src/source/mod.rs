//! Sources: raw records in, by partition and position.

pub mod datagen;
pub mod filesystem;
pub mod format;
pub mod kafka;
pub mod metadata;
pub mod sampling;

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use self::sampling::Sampling;
use crate::record::RawBlock;

/// What a [`Source::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Records were appended to the block, unless all of them were left out on purpose.
    Records,
    /// Nothing there now.
    Empty,
    /// Bounded input has been read to its end; nothing more will come.
    Finished,
}

/// How a partition stands, for idleness: see spec "Event time".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionState {
    /// There is, or may be, more to read now (also: its broker does not answer).
    Reading,
    /// Read to its log end while the broker answers.
    AtEnd,
    /// Bounded and through.
    Finished,
}

/// Where to go on in one partition: the next position to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub partition: i32,
    pub next: i64,
}

/// A reader of some partitions of one table, used by one worker's thread alone and made on it.
///
/// Contract: `poll` never blocks; records of a partition come in order, each position once;
/// errors that pass (broker away) are retried inside and shown in [`Source::problem`], not
/// returned; an `Err` ends the job.
pub trait Source {
    /// The external numbers of the partitions of this instance; `RawRecord::partition` indexes
    /// this list. It only ever grows at its end.
    fn partitions(&self) -> &[i32];

    /// Appends up to `max_rows` records to the block (which the caller has cleared, and pads).
    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String>;

    /// State of a partition, by index into [`Source::partitions`].
    fn partition_state(&self, index: usize) -> PartitionState;

    /// Has nothing more read of a partition, by index into [`Source::partitions`], until it is let
    /// go: it is far ahead of others. A source of one partition need not know.
    fn hold(&mut self, _index: usize, _held: bool) {}

    /// Next positions of all partitions: what a restart would go on from.
    fn positions(&self) -> Vec<Position>;

    /// Records behind the log end, by index into [`Source::partitions`]; None = unknown.
    fn lag(&self, _index: usize) -> Option<u64> {
        None
    }

    /// What is left out on purpose, where the table says so; its rates hold for the block polled last.
    fn sampling(&self) -> Option<&Sampling> {
        None
    }

    /// Why nothing comes, where that is a fault (shown by `/ready`).
    fn problem(&self) -> Option<String> {
        None
    }

    /// Asks for `fd` (an eventfd) to be written when records become available.
    fn wake_by(&mut self, _fd: BorrowedFd<'_>) {}
}

/// Where a source starts that has no state to go on from, and where it ends.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Overrides the table's `scan.startup.mode`: `--from`.
    pub from: Option<StartAt>,
    /// `--until`: makes the input bounded.
    pub until: Option<EndAt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    Earliest,
    Latest,
    /// ms since the epoch.
    Timestamp(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndAt {
    /// The log end at the time of the start.
    End,
    /// ms since the epoch.
    Timestamp(i64),
}

/// What opening a source instance needs to know.
pub struct OpenSource {
    pub table: Arc<crate::sql::plan::Table>,
    /// This instance reads partitions p with p mod `workers` = `worker`; of a topic that is
    /// partitioned by key, those whose key group the worker owns.
    pub worker: usize,
    pub workers: usize,
    /// Positions to go on from; partitions that are not named start by `bounds`, new ones at 0.
    pub restored: Option<Vec<Position>>,
    pub bounds: Bounds,
}
