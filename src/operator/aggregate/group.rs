//! GROUP BY without a window: a row for each key, sent again when it has changed.

use std::sync::Arc;

use super::rows::{DIRTY, Table};
use super::{AggregateCall, AggregateFunction};
use crate::operator::{Operator, Output, Progress, Readable};
use crate::record::{
    Batch, BatchBuilder, BatchTime, ChangeKind, Column, ColumnBuilder, DataType, key,
};
use crate::state::{KeyedState, SharedKeys};

const BATCH: usize = 1024;

/// Rows whose key holds an event time are dropped once the watermark has passed it by this much.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Which of the keys holds the time.
    pub key: usize,
    pub retention_ms: i64,
    /// The time is the end of a window: they are told once its last millisecond has passed, which is
    /// the time that counts.
    pub fires: bool,
}

impl Retention {
    /// When rows of a key with this time are dropped.
    pub fn expiry(&self, time: i64) -> i64 {
        self.passed(time).saturating_add(self.retention_ms)
    }

    /// The watermark at which the time has passed.
    pub fn passed(&self, time: i64) -> i64 {
        time.saturating_sub(i64::from(self.fires))
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct GroupOptions {
    /// Send what a changed row was before (-U).
    pub update_before: bool,
    /// Send a change for every input row, as Flink does without mini-batches.
    pub per_row: bool,
    /// Nobody reads the changes: the rows are only looked up.
    pub silent: bool,
    pub retention: Option<Retention>,
    /// A group is over once event time has passed its last row by so much.
    pub ttl_ms: Option<i64>,
}

fn finish(builders: Vec<ColumnBuilder>) -> Vec<Arc<Column>> {
    builders.into_iter().map(|builder| Arc::new(builder.finish())).collect()
}

/// The operator. Its input is append-only.
pub struct GroupAggregate {
    keys: Vec<usize>,
    options: GroupOptions,
    table: Table,
    /// Rows changed since the last flush, and whether they were there before it.
    dirty: Vec<(u32, bool)>,
    /// The aggregates that `dirty` rows had at the last flush, where they are needed.
    before: Vec<ColumnBuilder>,
    keep_before: bool,
    watermark: i64,
    stamp_us: i64,
    slots: Vec<u32>,
}

impl GroupAggregate {
    /// `keys` are columns of the input, of types `key_types`.
    pub fn new(
        keys: Vec<usize>,
        key_types: Vec<DataType>,
        calls: &[AggregateCall],
        dictionary: SharedKeys,
        options: GroupOptions,
    ) -> Self {
        let counts = |call: &AggregateCall| {
            call.function == AggregateFunction::CountStar && call.filter.is_none()
        };
        let table = Table::new(dictionary, key_types, calls, &options);
        Self {
            keys,
            options,
            before: table.builders(&table.values, 0),
            table,
            dirty: Vec::new(),
            // A row with a COUNT(*) is never equal to what it was. One that is told though it is
            // equal keeps what stands behind from forgetting it.
            keep_before: options.update_before
                || (!calls.iter().any(counts) && (options.ttl_ms.is_none() || calls.is_empty())),
            watermark: i64::MIN,
            stamp_us: 0,
            slots: Vec::new(),
        }
    }

    /// Drops rows whose key has expired by the watermark before them.
    fn drop_late(&mut self, batch: Batch, out: &mut Output) -> Batch {
        let Some(retention) = self.options.retention else {
            return batch;
        };
        let column = batch.columns[self.keys[retention.key]].clone();
        let times = column.as_i64s();
        let is_open = |&row: &u32| {
            let row = row as usize;
            let watermark = self.watermark.max(batch.time.before_row(row));
            column.is_null(row) || retention.expiry(times[row]) > watermark
        };
        let rows = batch.row_ids().map(|row| row as u32);
        let (kept, late): (Vec<u32>, Vec<u32>) = rows.partition(is_open);
        late.iter().for_each(|&row| out.late(&batch, row));
        batch.with_selection(kept)
    }

    /// Marks a row before its first change since the last flush.
    fn touch(&mut self, slot: u32) {
        let flags = self.table.flags[slot as usize];
        if flags & DIRTY != 0 {
            return;
        }
        let present = self.table.is_present(slot);
        if !present {
            self.table.add(slot);
        }
        self.table.mark(slot);
        self.note(slot, present);
    }

    /// A row is to be told at the next flush; whether it was told before.
    fn note(&mut self, slot: u32, told: bool) {
        if self.keep_before {
            self.table.accumulators.output(slot as usize, &mut self.before);
        }
        self.table.flags[slot as usize] |= DIRTY;
        self.dirty.push((slot, told));
    }

    /// Takes a batch of rows of windows, each of which is told from its end on.
    fn take_windows(&mut self, batch: &Batch, out: &mut Output) {
        let slots = self.table.keys.borrow_mut().hold(batch, &self.keys);
        self.table.grow();
        let rows = batch.row_numbers();
        // Rows from here on are marked, but not added up yet.
        let mut from = 0;
        for (at, &slot) in slots.iter().enumerate() {
            let before = batch.time.before_row(rows[at] as usize);
            if before > self.watermark || self.options.per_row {
                self.table.accumulators.update(&slots[from..at], &rows[from..at], batch);
                from = at;
                self.watermark = self.watermark.max(before);
                self.fire();
                self.tell(out);
            }
            match self.table.is_told(slot) {
                true => self.touch(slot),
                false => self.table.keep(&[slot]),
            }
        }
        self.table.accumulators.update(&slots[from..], &rows[from..], batch);
        // Windows that have ended, and had no row yet.
        self.fire();
        if self.options.per_row {
            self.tell(out);
        }
        self.table.keys.borrow_mut().let_go(&slots);
    }

    /// Windows whose end the watermark has reached are told.
    fn fire(&mut self) {
        for slot in self.table.fire(self.watermark) {
            self.note(slot, false);
        }
    }

    /// Takes a batch row by row: a group may be over in the midst of it, and begin anew.
    fn take_timed(&mut self, batch: &Batch, out: &mut Output) {
        let slots = self.table.keys.borrow_mut().hold(batch, &self.keys);
        self.table.grow();
        let rows = batch.row_numbers();
        // Rows from here on are marked, but not added up yet.
        let mut from = 0;
        for (at, &slot) in slots.iter().enumerate() {
            let before = batch.time.before_row(rows[at] as usize);
            let due = self.table.reach(before);
            if due || self.table.is_over(slot) {
                self.table.accumulators.update(&slots[from..at], &rows[from..at], batch);
                from = at;
                self.expire_unwritten(slot, due, out);
            }
            self.watermark = self.watermark.max(before);
            match self.options.silent {
                true => self.table.keep(&[slot]),
                false => self.touch(slot),
            }
            self.table.write(slot);
            if self.options.per_row {
                self.table.accumulators.update(&slots[at..=at], &rows[at..=at], batch);
                from = at + 1;
                self.send(out);
            }
        }
        self.table.accumulators.update(&slots[from..], &rows[from..], batch);
        self.table.keys.borrow_mut().let_go(&slots);
    }

    /// Lets go of the group at hand, if it is over, and of all that are due. What was to be told of
    /// them is told.
    fn expire_unwritten(&mut self, slot: u32, due: bool, out: &mut Output) {
        if due || self.table.flags[slot as usize] & DIRTY != 0 {
            self.send(out);
        }
        if due {
            out.expired += self.table.expire_unwritten();
        }
        if self.table.is_over(slot) {
            self.table.remove(slot);
            out.expired += 1;
        }
    }

    fn take(&mut self, slots: &[u32], rows: &[u32], batch: &Batch) {
        if self.options.silent {
            self.table.keep(slots);
        } else {
            slots.iter().for_each(|&slot| self.touch(slot));
        }
        self.table.accumulators.update(slots, rows, batch);
    }

    /// Tells what has changed in the midst of a batch, whose stamp holds for the rest of it too.
    fn tell(&mut self, out: &mut Output) {
        if !self.dirty.is_empty() {
            self.send(out);
        }
    }

    fn send(&mut self, out: &mut Output) {
        let mut rows = Emitter::new(&self.table, self.watermark, self.stamp_us);
        self.put_out(&mut rows, out);
        rows.send(out);
    }

    /// Adds what has changed.
    fn put_out(&mut self, rows: &mut Emitter, out: &mut Output) {
        let empty = self.table.builders(&self.table.values, 0);
        let before = finish(std::mem::replace(&mut self.before, empty));
        let mut dirty = std::mem::take(&mut self.dirty);
        for (index, (slot, present)) in dirty.drain(..).enumerate() {
            self.table.flags[slot as usize] &= !DIRTY;
            rows.change(&self.table, slot, present.then_some((&before[..], index)), self, out);
        }
        self.dirty = dirty;
    }
}

/// Collects changed rows into batches.
struct Emitter {
    rows: BatchBuilder,
    watermark: i64,
    stamp_us: i64,
}

impl Emitter {
    fn new(table: &Table, watermark: i64, stamp_us: i64) -> Self {
        Self { rows: BatchBuilder::new(table.types()), watermark, stamp_us }
    }

    fn change(
        &mut self,
        table: &Table,
        slot: u32,
        before: Option<(&[Arc<Column>], usize)>,
        of: &GroupAggregate,
        out: &mut Output,
    ) {
        if let Some((columns, row)) = before.filter(|_| of.keep_before) {
            let mut now = table.builders(&table.values, 1);
            table.accumulators.output(slot as usize, &mut now);
            let now = finish(now);
            let (mut old, mut new) = (Vec::new(), Vec::new());
            key::encode_row(columns, row, &mut old);
            key::encode_row(&now, 0, &mut new);
            if old == new && (of.options.ttl_ms.is_none() || old.is_empty()) {
                return;
            }
            if of.options.update_before {
                let (keys, values) = self.rows.columns().split_at_mut(table.key_types.len());
                key::decode(table.keys.borrow().key(slot), keys);
                values.iter_mut().zip(columns).for_each(|(to, from)| to.push_from(from, row));
                self.rows.end_row(ChangeKind::UpdateBefore);
            }
        }
        table.output(slot, self.rows.columns());
        let kind = if before.is_some() { ChangeKind::UpdateAfter } else { ChangeKind::Insert };
        self.rows.end_row(kind);
        // Room for a pair, so that a -U and its +U stay together.
        if self.rows.len() + 2 > BATCH {
            self.send(out);
        }
    }

    fn send(&mut self, out: &mut Output) {
        let batch = self.rows.finish(BatchTime::at(self.watermark));
        out.emit(Batch { stamp_us: self.stamp_us, ..batch });
    }
}

impl Operator for GroupAggregate {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let batch = self.drop_late(batch, out);
        if self.stamp_us == 0 || (batch.stamp_us != 0 && batch.stamp_us < self.stamp_us) {
            self.stamp_us = batch.stamp_us;
        }
        if self.table.fires() {
            self.take_windows(&batch, out);
            return Progress::Done;
        }
        if self.table.lifetimes.is_some() {
            self.take_timed(&batch, out);
            return Progress::Done;
        }
        let columns: Vec<_> = self.keys.iter().map(|&key| batch.columns[key].clone()).collect();
        let mut slots = std::mem::take(&mut self.slots);
        self.table.keys.borrow_mut().resolve(&columns, &batch, &mut slots);
        self.table.grow();
        let rows = batch.row_numbers();
        if self.options.per_row {
            let mut changes = Emitter::new(&self.table, self.watermark, self.stamp_us);
            for (slot, row) in slots.iter().zip(&rows) {
                self.take(std::slice::from_ref(slot), std::slice::from_ref(row), &batch);
                self.put_out(&mut changes, out);
            }
            changes.send(out);
        } else {
            self.take(&slots, &rows, &batch);
        }
        self.slots = slots;
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.watermark = self.watermark.max(watermark);
        if self.table.fires() {
            self.fire();
            self.flush(out);
        }
        let expires = self.table.expiries.first_key_value().is_some_and(|(at, _)| *at <= watermark);
        if expires {
            // What changed before it expired is still told.
            self.flush(out);
            self.table.expire(self.watermark);
        }
        if self.table.reach(watermark) {
            self.flush(out);
            out.expired += self.table.expire_unwritten();
        }
        Progress::Done
    }

    fn flush(&mut self, out: &mut Output) {
        self.tell(out);
        self.stamp_us = 0;
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("groups", &mut self.table)]
    }

    fn restored(&mut self) {
        self.table.restored();
    }

    fn readable(&self) -> Option<&dyn Readable> {
        Some(self)
    }
}

impl Readable for GroupAggregate {
    fn get(&self, key: &[u8]) -> Option<Batch> {
        let slot = self.table.keys.borrow().find(key)?;
        self.table.is_shown(slot).then(|| self.table.batch(&[slot]))
    }

    fn page(&self, key_group: usize, after: &[u8], limit: usize) -> (Batch, Option<Vec<u8>>) {
        let keys = self.table.keys.borrow();
        let (slots, next) = keys.page(key_group, after, limit, |slot| self.table.is_shown(slot));
        (self.table.batch(&slots), next)
    }

    fn rows(&self) -> u64 {
        self.table.rows
    }
}
