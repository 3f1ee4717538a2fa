//! SESSION windows: rows of a key that are no further apart than the gap.
//!
//! A row is the window [t, t + gap); windows that touch become one. Whether a row is late is
//! judged after that: one that joins an open session counts, however old it is.

use std::collections::BTreeMap;
use std::io;

use super::{push_window, window_rows};
use crate::operator::aggregate::{Accumulators, AggregateCall};
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchTime, DataType};
use crate::state::entry::{put_i64, take_bytes, take_i64};
use crate::state::{Changes, Chunked, KeyGroups, KeyedState, Saved, SharedKeys, Slice};

const BATCH: usize = 1024;
/// Rows emitted in one call before the worker gets its turn.
const SLICE: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
struct Session {
    start: i64,
    /// Last row's time + gap.
    end: i64,
    /// Row of the accumulators.
    row: u32,
}

/// The open sessions of all keys.
struct Sessions {
    keys: SharedKeys,
    by_slot: Chunked<Vec<Session>>,
    changes: Changes,
    accumulators: Accumulators,
    /// Rows of accumulators to be used again.
    free: Vec<u32>,
    /// One row, to move a row of the accumulators with.
    scratch: Accumulators,
    /// Slots by the end of a session; it may have been merged into a later one since.
    ends: BTreeMap<i64, Vec<u32>>,
    watermark: i64,
    /// The watermark at the barrier, until it is written.
    frozen_watermark: Option<i64>,
    rows: u64,
}

/// The entry of a slot: all its sessions.
fn encode(sessions: &[Session], accumulators: &Accumulators, entry: &mut Vec<u8>) {
    for session in sessions {
        put_i64(session.start, entry);
        put_i64(session.end, entry);
        accumulators.save(session.row as usize, entry);
    }
}

impl Sessions {
    /// The sessions of a slot are about to change.
    fn mark(&mut self, slot: u32) {
        let sessions = &self.by_slot[slot as usize];
        let encode = |entry: &mut Vec<u8>| encode(sessions, &self.accumulators, entry);
        self.changes.mark(slot, &self.keys, encode);
    }

    fn row(&mut self) -> u32 {
        if let Some(row) = self.free.pop() {
            return row;
        }
        let row = self.accumulators.rows();
        self.accumulators.grow(row + 1);
        row as u32
    }

    fn give_back(&mut self, row: u32) {
        self.accumulators.clear(row as usize);
        self.free.push(row);
    }

    fn add(&mut self, slot: u32, session: Session) {
        self.by_slot.grow(slot as usize + 1);
        let sessions = &mut self.by_slot[slot as usize];
        if sessions.is_empty() {
            self.keys.borrow_mut().retain(slot);
        }
        sessions.push(session);
        self.ends.entry(session.end).or_default().push(slot);
        self.rows += 1;
    }

    fn remove(&mut self, slot: u32, index: usize) -> Session {
        let sessions = &mut self.by_slot[slot as usize];
        let session = sessions.swap_remove(index);
        self.rows -= 1;
        if sessions.is_empty() {
            *sessions = Vec::new();
            self.keys.borrow_mut().release(slot);
        }
        session
    }

    /// The session that a row at `time` belongs to, merged with all that it touches; `None`
    /// where that would have fired already.
    fn place(&mut self, slot: u32, time: i64, gap_ms: i64) -> Option<u32> {
        let (mut start, mut end) = (time, time.saturating_add(gap_ms));
        let touches =
            |session: &Session, start: i64, end: i64| session.start <= end && start <= session.end;
        self.by_slot.grow(slot as usize + 1);
        let sessions = &self.by_slot[slot as usize];
        let merged: Vec<usize> = (0..sessions.len())
            .filter(|&index| touches(&sessions[index], time, time.saturating_add(gap_ms)))
            .collect();
        for &index in &merged {
            start = start.min(sessions[index].start);
            end = end.max(sessions[index].end);
        }
        if end - 1 <= self.watermark {
            return None;
        }
        self.mark(slot);
        let sessions = &self.by_slot[slot as usize];
        if let [index] = merged.as_slice()
            && sessions[*index].start == start
            && sessions[*index].end == end
        {
            return Some(sessions[*index].row);
        }
        // The key must stay while its sessions change places.
        self.keys.borrow_mut().retain(slot);
        let mut row = None;
        for &index in merged.iter().rev() {
            let session = self.remove(slot, index);
            match row {
                None => row = Some(session.row),
                Some(into) => {
                    self.scratch.merge(0, &self.accumulators, session.row as usize);
                    self.accumulators.merge(into as usize, &self.scratch, 0);
                    self.scratch.clear(0);
                    self.give_back(session.row);
                }
            }
        }
        let row = row.unwrap_or_else(|| self.row());
        self.add(slot, Session { start, end, row });
        self.keys.borrow_mut().release(slot);
        Some(row)
    }

    /// Takes out a session that ends by `target`, the earliest first.
    fn next(&mut self, target: i64) -> Option<(u32, Session)> {
        loop {
            let mut entry = self.ends.first_entry().filter(|entry| *entry.key() - 1 <= target)?;
            let end = *entry.key();
            let Some(slot) = entry.get_mut().pop() else {
                entry.remove();
                continue;
            };
            let sessions = &self.by_slot[slot as usize];
            if let Some(index) = sessions.iter().position(|session| session.end == end) {
                // The caller still needs the key.
                self.keys.borrow_mut().retain(slot);
                self.mark(slot);
                let session = self.remove(slot, index);
                if self.by_slot[slot as usize].is_empty() {
                    // It has been copied, if it had to be.
                    self.changes.remove(slot, &self.keys.borrow(), |_| {});
                }
                return Some((slot, session));
            }
        }
    }

    /// The sessions of a key are others, or none, by what was read back.
    fn replace(&mut self, slot: u32, sessions: &mut &[u8]) -> Option<()> {
        self.by_slot.grow(slot as usize + 1);
        self.keys.borrow_mut().retain(slot);
        while !self.by_slot[slot as usize].is_empty() {
            let row = self.remove(slot, 0).row;
            self.give_back(row);
        }
        while !sessions.is_empty() {
            let (start, end) = (take_i64(sessions)?, take_i64(sessions)?);
            let row = self.row();
            self.add(slot, Session { start, end, row });
            self.accumulators.load(row as usize, sessions)?;
        }
        self.keys.borrow_mut().release(slot);
        Some(())
    }
}

impl KeyedState for Sessions {
    fn freeze(&mut self, images: &KeyGroups) {
        self.frozen_watermark = Some(self.watermark);
        self.changes.freeze(images);
    }

    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        if let Some(watermark) = self.frozen_watermark.take() {
            slice.put(Saved::Common(&watermark.to_le_bytes()))?;
        }
        let (by_slot, accumulators) = (&self.by_slot, &self.accumulators);
        let encode = |slot: u32, entry: &mut Vec<u8>| {
            encode(&by_slot[slot as usize], accumulators, entry);
        };
        self.changes.write(&self.keys.borrow(), encode, slice)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a session is cut short".to_owned();
        match saved {
            Saved::Common(mut bytes) => {
                let watermark = take_i64(&mut bytes).ok_or_else(bad)?;
                self.watermark = self.watermark.max(watermark);
            }
            Saved::Entry { key_group, mut bytes } => {
                let key = take_bytes(&mut bytes).ok_or_else(bad)?;
                let slot = self.keys.borrow_mut().intern_saved(key, key_group);
                self.replace(slot, &mut bytes).ok_or_else(bad)?;
                self.changes.loaded(slot);
            }
            Saved::Gone { key, .. } => {
                let slot = self.keys.borrow().find(key);
                if let Some(slot) = slot {
                    self.changes.forget(slot);
                    self.replace(slot, &mut &[][..]).ok_or_else(bad)?;
                }
            }
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        let bytes = self.accumulators.bytes() + self.by_slot.bytes() + self.rows * 64;
        (self.rows, bytes + self.changes.bytes() + self.keys.borrow().bytes())
    }
}

/// The operator. Output: keys, window_start, window_end, window_time, then the aggregates.
pub struct SessionAggregate {
    gap_ms: i64,
    time: usize,
    keys: Vec<usize>,
    types: Vec<DataType>,
    calls: Vec<AggregateCall>,
    sessions: Sessions,
    target: i64,
    work: Option<Work>,
}

/// A batch and how far it is processed.
struct Work {
    batch: Batch,
    rows: Vec<u32>,
    slots: Vec<u32>,
    position: usize,
}

impl SessionAggregate {
    /// `time` and `keys` are columns of the input.
    pub fn new(
        gap_ms: i64,
        time: usize,
        keys: (Vec<usize>, Vec<DataType>),
        calls: Vec<AggregateCall>,
        dictionary: SharedKeys,
    ) -> Self {
        let (keys, types) = keys;
        let mut scratch = Accumulators::new(&calls);
        scratch.grow(1);
        let sessions = Sessions {
            keys: dictionary,
            by_slot: Chunked::default(),
            changes: Changes::default(),
            accumulators: Accumulators::new(&calls),
            free: Vec::new(),
            scratch,
            ends: BTreeMap::new(),
            watermark: i64::MIN,
            frozen_watermark: None,
            rows: 0,
        };
        let (target, work) = (i64::MIN, None);
        Self { gap_ms, time, keys, types, calls, sessions, target, work }
    }

    /// Fires the sessions that end by `target`.
    fn fire(&mut self, out: &mut Output) -> Progress {
        let mut emitted = 0;
        while self.emit(out) {
            emitted += BATCH;
            if emitted >= SLICE {
                return Progress::Yield;
            }
        }
        self.sessions.watermark = self.sessions.watermark.max(self.target);
        Progress::Done
    }

    /// Emits a batch of sessions; false where there are no more.
    fn emit(&mut self, out: &mut Output) -> bool {
        let mut rows = window_rows(&self.types, &self.calls);
        let dictionary = self.sessions.keys.clone();
        while rows.len() < BATCH
            && let Some((slot, session)) = self.sessions.next(self.target)
        {
            let Session { start, end, row } = session;
            let accumulators = &self.sessions.accumulators;
            let (width, keys) = (self.types.len(), dictionary.borrow());
            let key = (width, keys.key(slot));
            push_window(&mut rows, key, (start, end), accumulators, row as usize);
            drop(keys);
            self.sessions.give_back(row);
            dictionary.borrow_mut().release(slot);
        }
        let full = rows.len() == BATCH;
        out.emit(rows.finish(BatchTime::at(self.sessions.watermark)));
        full
    }

    fn take(&mut self, row: u32, slot: u32, batch: &Batch, out: &mut Output) {
        let column = &batch.columns[self.time];
        if column.is_null(row as usize) {
            return out.reject_without_time(batch, row);
        }
        let time = column.as_i64s()[row as usize];
        match self.sessions.place(slot, time, self.gap_ms) {
            Some(at) => self.sessions.accumulators.update(&[at], &[row], batch),
            None => {
                out.late(batch, row);
            }
        }
    }

    /// Goes on firing, and then with the rows of the batch at hand.
    fn drive(&mut self, out: &mut Output) -> Progress {
        loop {
            if self.fire(out) == Progress::Yield {
                return Progress::Yield;
            }
            let Some(mut work) = self.work.take() else { return Progress::Done };
            while let Some(&row) = work.rows.get(work.position) {
                let before = work.batch.time.before_row(row as usize);
                if before > self.sessions.watermark {
                    self.target = before;
                    break;
                }
                self.take(row, work.slots[work.position], &work.batch, out);
                work.position += 1;
            }
            if work.position == work.rows.len() {
                self.sessions.keys.borrow_mut().let_go(&work.slots);
                return Progress::Done;
            }
            self.work = Some(work);
        }
    }
}

impl Operator for SessionAggregate {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.sessions.keys.borrow_mut().hold(&batch, &self.keys);
        let rows = batch.row_numbers();
        self.target = self.sessions.watermark;
        self.work = Some(Work { batch, rows, slots, position: 0 });
        self.drive(out)
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.target = self.sessions.watermark.max(watermark);
        self.fire(out)
    }

    fn resume(&mut self, out: &mut Output) -> Progress {
        self.drive(out)
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("sessions", &mut self.sessions)]
    }
}
