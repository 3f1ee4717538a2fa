//! Operators: batches in, batches out, state in between.

pub mod aggregate;
pub mod branches;
#[cfg(test)]
mod harness;
pub mod join;
pub mod lookup;
pub mod normalize;
pub mod over;
pub mod pattern;
pub mod processing_time;
pub mod rank;
pub mod stateless;
pub mod time_sort;
pub mod unnest;
pub mod upsert;
pub mod window;

use std::sync::Arc;

use crate::expression::EvalContext;
use crate::record::batch::Origin;
use crate::record::{Batch, Message};
use crate::state::KeyedState;

/// Whether an operator is through with what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    Done,
    /// There is more to emit: call [`Operator::resume`] before anything else.
    Yield,
}

/// What waits in an operator for answers from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    pub rows: usize,
    /// So much waits that no more should come.
    pub full: bool,
    /// Something has come, or is complete: [`Operator::answered`] has something to do.
    pub ready: bool,
}

/// A step of a pipeline. One instance a shard; only its worker's thread ever touches it.
///
/// Contract:
/// - It does no I/O, reads no clock, starts no thread and does not block. What it has to ask others
///   goes through a port, and the rows wait in its state: see [`Operator::waits`].
/// - `process` and `advance_watermark` cannot fail on data: a row that cannot be computed is
///   handed to [`Output::reject`] with its reason.
/// - It emits rows of one advance in time order, with the watermark that held before the
///   advance; the worker forwards the new watermark once the call is `Done`.
/// - After `Yield` the worker calls `resume` until it is `Done`, and nothing else in between.
/// - Per batch it may allocate, count and make dynamic calls; per row it may not.
/// - All its state lives in the primitives that [`Operator::states`] names. The worker snapshots
///   and restores those; the operator serialises nothing. What it holds besides (an unflushed
///   mini-batch) is empty after [`Operator::before_barrier`].
/// - The result does not depend on how the input is cut into batches.
pub trait Operator {
    /// Takes one batch from input `port`. Where the batch carries `time.before`, the operator
    /// itself advances to it row by row; `time.last` arrives by `advance_watermark` afterwards.
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress;

    /// Event time of all inputs together has reached `watermark` (ms); never falls.
    fn advance_watermark(&mut self, _watermark: i64, _out: &mut Output) -> Progress {
        Progress::Done
    }

    /// What the results are complete up to once the inputs are at `watermark`: less where rows
    /// come out behind it.
    fn output_watermark(&self, watermark: i64) -> i64 {
        watermark
    }

    /// The clock shows `now_ms`: whether [`Operator::output_watermark`] is another by that. Called
    /// between two messages, only for what goes by the clock itself.
    fn clock_moved(&mut self, _now_ms: i64) -> bool {
        false
    }

    /// Goes on after a `Yield`.
    fn resume(&mut self, _out: &mut Output) -> Progress {
        Progress::Done
    }

    /// Emits what a mini-batch holds. Called at the flush interval, and before a watermark is
    /// forwarded.
    fn flush(&mut self, _out: &mut Output) {}

    /// Empties what the operator gathers, so that its state is all there is. Called before a
    /// barrier is forwarded. An operator that gathers for longer than a flush interval
    /// overrides it; for all others a flush is enough.
    fn before_barrier(&mut self, out: &mut Output) {
        self.flush(out);
    }

    /// How much waits for answers from outside. Watermarks behind such rows are held back by
    /// [`Self::output_watermark`]; a barrier need not wait for them, as they are state.
    fn waits(&self) -> Waits {
        Waits::default()
    }

    /// Takes the answers that have come and puts out the oldest rows if they have all of theirs;
    /// whether they had. Called between two messages, while there is room behind.
    fn answered(&mut self, _out: &mut Output) -> bool {
        false
    }

    /// The state of this instance by name, for snapshots.
    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        Vec::new()
    }

    /// Called once after a restore, before any input.
    fn restored(&mut self) {}

    /// The rows of the operator's own state, where queries can be answered from it.
    fn readable(&self) -> Option<&dyn Readable> {
        None
    }
}

/// State that answers queries by key.
pub trait Readable {
    /// The row of a canonical key.
    fn get(&self, key: &[u8]) -> Option<Batch>;

    /// Up to `limit` rows of a key group, from the place that `after` names (empty: the start),
    /// and the place to go on from: opaque bytes, `None` at the end. A page may be short, even
    /// empty, with more to follow, as the work of one call is bounded. The order is fixed while
    /// the state does not change.
    fn page(&self, key_group: usize, after: &[u8], limit: usize) -> (Batch, Option<Vec<u8>>);

    fn rows(&self) -> u64;
}

/// A record that could not be computed, for the dead letters, or that came too late.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Its block, and its place there; `None` where a row is of no single record.
    pub record: Option<(Arc<Origin>, u32)>,
    pub reason: Arc<str>,
}

impl Rejected {
    /// Where the record was read: topic or path, partition, position.
    pub fn place(&self) -> Option<(&Arc<str>, i32, i64)> {
        let (origin, row) = self.record.as_ref()?;
        let record = &origin.block.records[*row as usize];
        Some((&origin.name, origin.partitions[record.partition as usize], record.position))
    }
}

/// Where an operator puts what comes out, and what it may know of the world.
#[derive(Default)]
pub struct Output {
    pub messages: Vec<Message>,
    pub rejected: Vec<Rejected>,
    /// Records that came too late, of tables that keep those.
    pub late: Vec<(Arc<Origin>, u32)>,
    /// How many rows came too late, kept or not.
    pub late_rows: u64,
    /// How many keys (of a join, rows) were let go as nothing was written to them for so long.
    pub expired: u64,
    pub context: EvalContext,
}

impl Output {
    pub fn emit(&mut self, batch: Batch) {
        if !batch.is_empty() {
            self.messages.push(Message::Data(batch));
        }
    }

    /// A row whose time attribute is NULL, in Flink's words.
    pub fn reject_without_time(&mut self, batch: &Batch, row: u32) {
        self.reject(batch, row, "RowTime field should not be null".into());
    }

    pub fn reject(&mut self, batch: &Batch, row: u32, reason: Arc<str>) {
        self.rejected.push(Rejected { record: batch.record(row), reason });
    }

    /// A row that comes too late and is dropped: its record is kept if its table says so.
    pub fn late(&mut self, batch: &Batch, row: u32) {
        self.late_of(batch, row, 1);
    }

    /// The same for a row that stands for `rows` of the input.
    pub fn late_of(&mut self, batch: &Batch, row: u32, rows: u64) {
        self.late_rows += rows;
        let Some(record) = batch.record(row) else { return };
        if record.0.keeps_late {
            self.late.push(record);
        }
    }
}
