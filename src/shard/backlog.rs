//! What one sink has kept and not yet published: its collector adds the rows of epochs at their
//! barriers, its publisher takes those that are committed, and each manifest names the files of
//! what is left, which is how far the sink has come.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::acknowledged::Unacknowledged;
use super::outbox::{EpochRows, Outbox, epoch_of};
use crate::checkpoint::{self, FileEntry, Manifest};
use crate::metrics::{Gauge, Metrics};
use crate::record::Batch;
use crate::sink::{Behind, SinkContext};

/// Rows of waiting epochs that stay in memory, counted by what their batches hold: two epochs of
/// as many as a sink asks for (`HELD_ROWS_MAX`), as one is published while the next is committed.
/// Others are read back from their files.
const ROWS_IN_MEMORY: usize = 400_000;
/// Rows of several epochs that are published together at most: those of a digest.
const ROWS_TOGETHER: u64 = 1_000;
/// Files of a sink beyond which the smallest neighbours are merged: each manifest names them all.
const FILES: usize = 64;
/// Two files of more bytes together stay two: one is read whole, and written anew in an epoch.
const MERGED_BYTES: u64 = 4 << 20;
/// A store that gets on, but slower than rows come, sets the pace for so long in each epoch: to run
/// ahead of it would only cost it the processor, and rows a way over the disk.
const PACE: Duration = Duration::from_secs(1);
/// How often one who waits looks around.
const LOOK: Duration = Duration::from_millis(5);

/// A file, and what else is known of the epochs in it.
struct Piece {
    file: FileEntry,
    /// The last epoch in it.
    last: u64,
    /// The last one that is published; 0: none.
    published: u64,
    rows: u64,
    /// The rows of its only epoch, while they are in memory.
    batches: Option<Vec<Batch>>,
    notes: Unacknowledged,
}

impl Piece {
    fn weight(&self) -> usize {
        self.batches.iter().flatten().map(|batch| batch.rows).sum()
    }
}

/// A piece that is to be published.
pub struct Part {
    file: FileEntry,
    last: u64,
    after: u64,
    batches: Option<Vec<Batch>>,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    pieces: VecDeque<Piece>,
    /// So many of them are with the publisher.
    taken: usize,
    rows: u64,
    bytes: u64,
    in_memory: usize,
    /// Rows up to this epoch may be published: they are committed, and the next start knows that the
    /// store may hold them.
    limit: u64,
    /// What the limit is to be with the commit of the manifest that is being written.
    next_limit: u64,
    /// The store does not know of this start yet.
    unclaimed: bool,
    /// The collector takes nothing more for now.
    holds: bool,
    /// The collector is gone, or the publisher is.
    closed: bool,
    ended: bool,
}

pub struct Backlog {
    outbox: Outbox,
    table: String,
    /// A digest of the table's columns.
    columns: u64,
    /// Bytes of files beyond which nothing more is taken.
    bytes_max: u64,
    /// The job does not run far ahead of it.
    paces: bool,
    context: SinkContext,
    rows: Gauge,
    bytes: Gauge,
    published: Gauge,
    state: Mutex<State>,
    changed: Condvar,
}

impl Backlog {
    pub fn new(
        outbox: Outbox,
        (table, columns): (&str, u64),
        (bytes_max, paces): (u64, bool),
        context: SinkContext,
        metrics: &Metrics,
    ) -> Self {
        let gauge = |name, help| metrics.gauge(name, help, &[("sink", table)]);
        let backlog = Self {
            outbox,
            table: table.to_owned(),
            columns,
            bytes_max,
            paces,
            context,
            rows: gauge("pelton_sink_backlog_rows", "Rows that wait to be published"),
            bytes: gauge(
                "pelton_sink_backlog_bytes",
                "Bytes on disk of rows that wait to be published",
            ),
            published: gauge(
                "pelton_sink_published_epoch",
                "The last epoch whose rows are published",
            ),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        backlog.show(&backlog.lock());
        backlog
    }

    /// What the last start has left goes first.
    pub fn restore(&self, left: &[checkpoint::Outbox]) -> Result<(), String> {
        let mut state = self.lock();
        for checkpoint::Outbox { file, published, .. } in left {
            state.push(Piece {
                last: epoch_of(file)?,
                published: published.unwrap_or(0),
                rows: self.outbox.rows(file)?,
                file: file.clone(),
                batches: None,
                notes: Unacknowledged::default(),
            });
        }
        self.show(&state);
        Ok(())
    }

    /// Keeps the rows of an epoch until it is committed and they are published. Gives the bytes
    /// written.
    pub fn keep(
        &self,
        epoch: u64,
        batches: Vec<Batch>,
        notes: Unacknowledged,
    ) -> Result<u64, String> {
        if notes.rows == 0 {
            return Ok(0);
        }
        let file = self.outbox.write(epoch, &batches)?;
        let bytes = file.length;
        let rows = notes.rows;
        let mut piece =
            Piece { file, last: epoch, published: 0, rows, batches: Some(batches), notes };
        let mut state = self.await_pace(rows);
        if state.in_memory > 0 && state.in_memory + piece.weight() > ROWS_IN_MEMORY {
            piece.batches = None;
            piece.notes = Unacknowledged::in_short(piece.notes, Unacknowledged::default());
        }
        state.push(piece);
        self.show(&state);
        drop(state);
        self.merge()?;
        Ok(bytes)
    }

    /// Waits for a store that gets on until so many rows more would stay in memory.
    fn await_pace(&self, rows: u64) -> MutexGuard<'_, State> {
        let (mut state, begun) = (self.lock(), Instant::now());
        while self.paces
            && state.rows > 0
            && state.rows + rows > ROWS_IN_MEMORY as u64
            && begun.elapsed() < PACE
            && !(state.ended || self.context.is_stuck() || self.context.stopping())
        {
            state = self.look(state);
        }
        state
    }

    /// Two small files become one where there are many.
    fn merge(&self) -> Result<(), String> {
        let Some((older, newer)) = self.lock().neighbours() else { return Ok(()) };
        let file = self.outbox.merge(&older, &newer)?;
        self.lock().replace(&older, &newer, file);
        Ok(())
    }

    /// The store tells starts from each other, and may hold rows up to this epoch. One that knows no
    /// newer start would let in any whose epochs have gone on: so none of a start that it has not
    /// let in yet counts.
    pub fn fence(&self, claimed: u64) {
        let mut state = self.lock();
        (state.unclaimed, state.limit) = (true, claimed);
    }

    /// The epochs up to this one are committed.
    pub fn commit_up_to(&self, epoch: u64) {
        self.lock().limit = epoch;
    }

    /// Has a manifest say how far this sink is.
    pub fn describe(&self, manifest: &mut Manifest) {
        manifest.outboxes.extend(self.left());
        let mut state = self.lock();
        if state.unclaimed {
            manifest.unclaimed.push((self.table.clone(), state.limit));
        }
        state.next_limit = if state.unclaimed { state.limit } else { manifest.epoch };
    }

    /// That manifest is committed.
    pub fn committed(&self) {
        let mut state = self.lock();
        state.limit = state.next_limit;
        drop(state);
        self.changed.notify_all();
    }

    fn left(&self) -> Vec<checkpoint::Outbox> {
        let state = self.lock();
        let entry = |piece: &Piece| checkpoint::Outbox {
            table: self.table.clone(),
            file: piece.file.clone(),
            published: Some(piece.published).filter(|epoch| *epoch > 0),
            columns: Some(self.columns),
        };
        state.pieces.iter().map(entry).collect()
    }

    /// The oldest of what is committed: as much as is published together. Empty: nothing is.
    pub fn take(&self) -> Vec<Part> {
        let (mut state, mut parts, mut rows) = (self.lock(), Vec::new(), 0);
        for piece in state.pieces.iter().take_while(|piece| piece.last <= state.limit) {
            rows += piece.rows;
            if !parts.is_empty() && rows > ROWS_TOGETHER {
                break;
            }
            let (file, last, after) = (piece.file.clone(), piece.last, piece.published);
            parts.push(Part { file, last, after, batches: piece.batches.clone() });
        }
        state.taken = parts.len();
        parts
    }

    /// The rows of what was taken, in portions that are published together.
    pub fn portions(
        &self,
        parts: Vec<Part>,
        publish: &mut dyn FnMut(&[EpochRows]) -> Result<(), String>,
    ) -> Result<(), String> {
        let (mut portion, mut rows) = (Vec::new(), 0);
        for Part { file, last, after, batches } in parts {
            let epochs = match batches {
                Some(batches) => vec![(last, batches)],
                None => self.outbox.read(&file, after)?,
            };
            for (epoch, batches) in epochs {
                rows += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
                portion.push((epoch, batches));
                if rows >= ROWS_TOGETHER {
                    publish(&portion)?;
                    (portion, rows) = (Vec::new(), 0);
                }
            }
        }
        if portion.is_empty() { Ok(()) } else { publish(&portion) }
    }

    /// All up to this epoch is published. Gives what was waited for.
    pub fn published(&self, epoch: u64) -> Vec<Unacknowledged> {
        let (mut state, mut done) = (self.lock(), Vec::new());
        while state.pieces.front().is_some_and(|piece| piece.last <= epoch) {
            done.extend(state.pop());
        }
        // Of a file with several epochs the first may be done.
        let taken = state.taken;
        if let Some(front) = state.pieces.front_mut().filter(|_| taken > 0) {
            front.published = epoch;
        }
        self.published.set(epoch as f64);
        self.show(&state);
        drop(state);
        self.changed.notify_all();
        done
    }

    /// The store knows that this start publishes.
    pub fn begin(&self) {
        self.lock().unclaimed = false;
    }

    /// Waits while too much waits, but not beyond the wish to stop: what is under way then is
    /// bounded.
    pub fn await_room(&self, stop: &AtomicBool) {
        let mut state = self.lock();
        let released =
            |state: &State| stop.load(Ordering::Relaxed) || state.ended || self.context.stopping();
        while state.bytes >= self.bytes_max && !released(&state) {
            self.hold(&mut state, true);
            state = self.look(state);
        }
        self.hold(&mut state, false);
    }

    /// Waits a moment for what there is to publish. False where the collector is gone.
    pub fn rest(&self) -> bool {
        !self.look(self.lock()).closed
    }

    /// The collector is gone.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// The publisher is gone.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Whether rows wait that are being published.
    pub fn gets_on(&self) -> bool {
        let state = self.lock();
        let may = state.pieces.front().is_some_and(|piece| piece.last <= state.limit);
        may && !state.ended && !self.context.is_stuck()
    }

    /// Says what the next start will publish.
    pub fn report_left(&self) {
        let State { rows, bytes, .. } = *self.lock();
        if rows > 0 {
            let (table, problem) = (&self.table, self.context.problem().unwrap_or_default());
            tracing::warn!(table, rows, bytes, problem, "left to be published by the next start");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked has ended the job.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, LOOK);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn hold(&self, state: &mut State, holds: bool) {
        if std::mem::replace(&mut state.holds, holds) != holds {
            self.show(state);
        }
    }

    fn show(&self, state: &State) {
        let State { rows, bytes, holds, .. } = *state;
        self.rows.set(rows as f64);
        self.bytes.set(bytes as f64);
        self.context.set_behind(Behind { rows, bytes, holds });
    }
}

impl State {
    fn push(&mut self, piece: Piece) {
        self.rows += piece.rows;
        self.bytes += piece.file.length;
        self.in_memory += piece.weight();
        self.pieces.push_back(piece);
    }

    fn pop(&mut self) -> Option<Unacknowledged> {
        let piece = self.pieces.pop_front()?;
        self.taken = self.taken.saturating_sub(1);
        self.rows -= piece.rows;
        self.bytes -= piece.file.length;
        self.in_memory -= piece.weight();
        Some(piece.notes)
    }

    /// The smallest two files side by side, where there are too many.
    fn neighbours(&self) -> Option<(FileEntry, FileEntry)> {
        if self.pieces.len() <= FILES {
            return None;
        }
        let free = self.pieces.iter().zip(self.pieces.iter().skip(1)).skip(self.taken.max(1));
        let length = |(older, newer): &(&Piece, &Piece)| older.file.length + newer.file.length;
        let small = free.filter(|pair| length(pair) <= MERGED_BYTES);
        small.min_by_key(length).map(|(older, newer)| (older.file.clone(), newer.file.clone()))
    }

    /// Puts a file in the place of two, unless the publisher has come to them meanwhile.
    fn replace(&mut self, older: &FileEntry, newer: &FileEntry, file: FileEntry) {
        let Some(at) = self.pieces.iter().position(|piece| piece.file == *older) else { return };
        if at < self.taken || self.pieces.get(at + 1).is_none_or(|piece| piece.file != *newer) {
            return;
        }
        let Some(newer) = self.pieces.remove(at + 1) else { return };
        let older = &mut self.pieces[at];
        self.in_memory -= older.weight() + newer.weight();
        self.bytes = self.bytes + file.length - older.file.length - newer.file.length;
        let notes = std::mem::take(&mut older.notes);
        *older = Piece {
            file,
            last: newer.last,
            published: older.published,
            rows: older.rows + newer.rows,
            batches: None,
            notes: Unacknowledged::in_short(notes, newer.notes),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::tests::{batch, numbers, outbox};
    use super::*;

    fn backlog(folder: &std::path::Path) -> Backlog {
        let context = SinkContext::default();
        Backlog::new(outbox(folder), ("t", 7), (1 << 20, true), context, &Metrics::new())
    }

    fn keep(backlog: &Backlog, epoch: u64, numbers: std::ops::Range<i64>) {
        let (batch, mut notes) = (batch(numbers), Unacknowledged::default());
        notes.note(0, batch.len() as u64);
        backlog.keep(epoch, vec![batch], notes).unwrap();
    }

    /// What is taken, as it is published; `done`: is marked as such.
    fn publish(backlog: &Backlog, committed: u64, done: bool) -> Vec<(u64, Vec<i64>)> {
        let mut all = Vec::new();
        let mut portion = |epochs: &[EpochRows]| {
            all.extend(numbers(epochs));
            epochs.iter().filter(|_| done).for_each(|(epoch, _)| {
                backlog.published(*epoch);
            });
            Ok(())
        };
        backlog.commit_up_to(committed);
        backlog.portions(backlog.take(), &mut portion).unwrap();
        all
    }

    #[test]
    fn rows_beyond_the_bound_are_let_go_and_read_back() {
        const ROWS: i64 = ROWS_IN_MEMORY as i64 / 2;
        let folder = tempfile::tempdir().unwrap();
        let backlog = backlog(folder.path());
        (0..4).for_each(|at| keep(&backlog, at as u64 + 1, at * ROWS..(at + 1) * ROWS));
        let in_memory = |at: usize| backlog.lock().pieces[at].batches.is_some();
        assert_eq!([0, 1, 2, 3].map(in_memory), [true, true, false, false]);
        for epoch in 1..=4 {
            assert!(
                publish(&backlog, epoch - 1, true).is_empty(),
                "epoch {epoch} is not committed"
            );
            let from = (epoch as i64 - 1) * ROWS;
            assert_eq!(publish(&backlog, epoch, true), [(epoch, (from..from + ROWS).collect())]);
        }
        let state = backlog.lock();
        assert_eq!((state.rows, state.bytes, state.in_memory, state.taken), (0, 0, 0, 0));
    }

    #[test]
    fn many_files_become_few_whatever_is_with_the_publisher() {
        const EPOCHS: u64 = 1_000;
        let folder = tempfile::tempdir().unwrap();
        let backlog = backlog(folder.path());
        let mut published = Vec::new();
        for epoch in 1..=EPOCHS {
            keep(&backlog, epoch, epoch as i64..epoch as i64 + 1);
            assert!(backlog.left().len() <= FILES, "epoch {epoch}");
            if epoch == EPOCHS / 2 {
                published = publish(&backlog, epoch - 1, true);
            }
        }
        assert!(!published.is_empty());
        let bytes: u64 = backlog.left().iter().map(|outbox| outbox.file.length).sum();
        assert_eq!(backlog.lock().bytes, bytes);
        while published.len() < EPOCHS as usize {
            published.extend(publish(&backlog, EPOCHS, true));
        }
        let wanted: Vec<_> = (1..=EPOCHS).map(|epoch| (epoch, vec![epoch as i64])).collect();
        assert_eq!(published, wanted);
        assert_eq!((backlog.left().len(), backlog.lock().bytes), (0, 0));
    }

    /// The position within a file of several epochs is in the manifest.
    #[test]
    fn the_next_start_goes_on_within_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (first, mut left) = (backlog(folder.path()), Vec::new());
        (1..=3 * FILES as u64).for_each(|epoch| keep(&first, epoch, 0..1));
        let mut all = Vec::new();
        // Up to the midst of a file.
        while left.is_empty() {
            first.commit_up_to(u64::MAX);
            let parts = first.take();
            let portion = &mut |epochs: &[EpochRows]| {
                for (epoch, _) in epochs {
                    first.published(*epoch);
                    all.push(*epoch);
                    if left.is_empty() && first.left()[0].published.is_some() {
                        left = first.left();
                        break;
                    }
                }
                Ok(())
            };
            first.portions(parts, portion).unwrap();
        }
        let at = left[0].published.unwrap();
        assert!(at < epoch_of(&left[0].file).unwrap());
        drop(first);
        let next = backlog(folder.path());
        next.restore(&left).unwrap();
        let rest = publish(&next, u64::MAX, true);
        assert_eq!(rest.first().map(|(epoch, _)| *epoch), Some(at + 1));
    }
}
