//! The first phase of a window aggregation, on the worker that decodes: rows of a pane and key
//! become one partial result, so that few keys do not make one shard the bottleneck.
//!
//! It never judges whether a row is late, as the watermark of one worker may be ahead of that of
//! the stream. A pane's partials leave before the local watermark that closes the pane; a row of
//! a pane that is already closed leaves as a partial of its own, with the watermark before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::WindowKind;
use super::pane::Pane;
use crate::operator::aggregate::{Accumulators, AggregateCall, AggregateFunction};
use crate::operator::{Operator, Output, Progress};
use crate::record::schema::Physical;
use crate::record::{Batch, BatchTime, ColumnBuilder, DataType, key};
use crate::state::SharedKeys;

const BATCH: usize = 1024;
/// Entries (a key in a pane) above which all leave: a key that seldom repeats is better off in
/// the second phase, and what is held here must be sent at every barrier.
const ENTRIES: usize = 8192;

/// Whether partial results of all these aggregates can be merged. The input must be append-only.
pub fn mergeable(calls: &[AggregateCall]) -> bool {
    calls.iter().all(|call| {
        let counts =
            matches!(call.function, AggregateFunction::CountStar | AggregateFunction::Count);
        let whole = call.distinct || call.function.is_ordered() || call.function.is_summary();
        let merges = !whole;
        merges && (counts || !call.argument_type.is_nested())
    })
}

/// A row whose pane was closed before it came.
struct LateRow {
    row: u32,
    slot: u32,
    start: i64,
    before: i64,
}

/// A pane, and when the oldest of its rows was appended (0: unknown).
struct Open {
    pane: Pane,
    stamp_us: i64,
}

pub struct LocalWindowAggregate {
    window: WindowKind,
    time: usize,
    keys: Vec<usize>,
    types: Vec<DataType>,
    calls: Vec<AggregateCall>,
    dictionary: SharedKeys,
    open: BTreeMap<i64, Open>,
    /// Entries of all open panes.
    entries: usize,
    watermark: i64,
    /// The watermark that closes the first open pane.
    next_close: i64,
    late: Vec<LateRow>,
    /// Slots to let go once the batch is done: its later rows may mean them.
    unused: Vec<u32>,
    slots: Vec<u32>,
    at: Vec<u32>,
}

impl LocalWindowAggregate {
    /// `time` and `keys` are columns of the input. Emits the keys, the start of the pane (ms) and
    /// the [`AggregateCall::partial_types`] of each call, which must be [`mergeable`].
    pub fn new(
        window: WindowKind,
        time: usize,
        keys: (Vec<usize>, Vec<DataType>),
        calls: &[AggregateCall],
        dictionary: SharedKeys,
    ) -> Self {
        let (keys, types) = keys;
        Self {
            window,
            time,
            keys,
            types,
            calls: calls.to_vec(),
            dictionary,
            open: BTreeMap::new(),
            entries: 0,
            watermark: i64::MIN,
            next_close: i64::MAX,
            late: Vec::new(),
            unused: Vec::new(),
            slots: Vec::new(),
            at: Vec::new(),
        }
    }

    /// The watermark that closes a pane: that of the first window which ends with it.
    fn closes_at(&self, start: i64) -> i64 {
        start.saturating_add(self.window.slide_ms - 1)
    }

    /// Takes the rows `run` of those that count, all of one open pane.
    fn update(&mut self, start: i64, slots: &[u32], rows: &[u32], batch: &Batch, out: &mut Output) {
        if rows.is_empty() {
            return;
        }
        let calls = &self.calls;
        let open = self.open.entry(start).or_insert_with(|| {
            let pane = Pane::new(calls);
            Open { pane, stamp_us: 0 }
        });
        if open.stamp_us == 0 || (batch.stamp_us != 0 && batch.stamp_us < open.stamp_us) {
            open.stamp_us = batch.stamp_us;
        }
        let held = open.pane.slots.len();
        let dictionary = &self.dictionary;
        self.at.clear();
        self.at.extend(slots.iter().map(|&slot| open.pane.row(slot, dictionary)));
        open.pane.accumulators.update(&self.at, rows, batch);
        self.entries += open.pane.slots.len() - held;
        self.next_close = self.next_close.min(self.closes_at(start));
        if self.entries > ENTRIES {
            self.send_closed(i64::MAX, batch, out);
        }
    }

    /// Sends late rows, then the panes that `watermark` closes.
    fn send_closed(&mut self, watermark: i64, batch: &Batch, out: &mut Output) {
        self.send_late(batch, out);
        self.send_panes(watermark, out);
    }

    fn send_panes(&mut self, watermark: i64, out: &mut Output) {
        let mut sender = Sender::new(self, 0);
        while let Some(entry) = self.open.first_entry() {
            let start = *entry.key();
            if start.saturating_add(self.window.slide_ms - 1) > watermark {
                break;
            }
            let Open { pane, stamp_us } = entry.remove();
            self.entries -= pane.slots.len();
            sender.stamp(stamp_us);
            for (row, &slot) in pane.slots.iter().enumerate() {
                sender.push(self, slot, start, (&pane.accumulators, row));
                if sender.rows == BATCH {
                    let full = std::mem::replace(&mut sender, Sender::new(self, stamp_us));
                    full.send(BatchTime::at(self.watermark), out);
                }
            }
            self.unused.extend_from_slice(&pane.slots);
        }
        sender.send(BatchTime::at(self.watermark), out);
        let first = self.open.first_key_value().map(|(&start, _)| start);
        self.next_close = first.map_or(i64::MAX, |start| self.closes_at(start));
    }

    /// Sends late rows in their order, each with the watermark before it.
    fn send_late(&mut self, batch: &Batch, out: &mut Output) {
        if self.late.is_empty() {
            return;
        }
        let late = std::mem::take(&mut self.late);
        let mut accumulators = Accumulators::new(&self.calls);
        accumulators.grow(late.len());
        let at: Vec<u32> = (0..late.len() as u32).collect();
        let rows: Vec<u32> = late.iter().map(|late| late.row).collect();
        accumulators.update(&at, &rows, batch);
        let mut sender = Sender::new(self, batch.stamp_us);
        for (row, late) in late.iter().enumerate() {
            sender.push(self, late.slot, late.start, (&accumulators, row));
        }
        let before: Vec<i64> = late.iter().map(|late| late.before).collect();
        let first = before.first().copied().unwrap_or(self.watermark);
        let last = before.last().copied().unwrap_or(self.watermark);
        sender.send(BatchTime { first, last, before: Some(Arc::new(before)) }, out);
    }

    /// A slot of this batch that no pane holds on to.
    fn let_go(&mut self, slot: u32) {
        self.dictionary.borrow_mut().retain(slot);
        self.unused.push(slot);
    }

    fn release(&mut self) {
        let mut keys = self.dictionary.borrow_mut();
        self.unused.drain(..).for_each(|slot| keys.release(slot));
    }

    /// Cuts the batch into runs of rows of one open pane.
    fn take(&mut self, slots: &[u32], rows: &[u32], batch: &Batch, out: &mut Output) {
        let column = batch.columns[self.time].clone();
        let (times, has_nulls) = (column.as_i64s(), column.validity.has_nulls());
        let before = batch.time.before.clone();
        // The run goes from row `from` to the one at hand; nothing lies in 0..0.
        let (mut from, mut start, mut end) = (0, 0, 0);
        for (at, &row) in rows.iter().enumerate() {
            let row = row as usize;
            if let Some(before) = &before {
                let mark = before[row].max(self.watermark);
                if mark >= self.next_close.min(if start < end { end - 1 } else { i64::MAX }) {
                    self.update(start, &slots[from..at], &rows[from..at], batch, out);
                    (from, start, end) = (at, 0, 0);
                    self.send_closed(mark, batch, out);
                }
                self.watermark = mark;
            }
            let is_null = has_nulls && column.is_null(row);
            let time = times[row];
            if !is_null && start <= time && time < end {
                continue;
            }
            self.update(start, &slots[from..at], &rows[from..at], batch, out);
            from = at;
            start = self.window.pane_of(time);
            end = start.saturating_add(self.window.slide_ms);
            if is_null || self.closes_at(start) <= self.watermark {
                if is_null {
                    out.reject_without_time(batch, row as u32);
                } else {
                    let (row, slot, before) = (row as u32, slots[at], self.watermark);
                    self.late.push(LateRow { row, slot, start, before });
                }
                self.let_go(slots[at]);
                (from, start, end) = (at + 1, 0, 0);
            }
        }
        self.update(start, &slots[from..], &rows[from..], batch, out);
        self.send_late(batch, out);
    }
}

/// Collects partial results into a batch.
struct Sender {
    keys: Vec<ColumnBuilder>,
    starts: ColumnBuilder,
    values: Vec<ColumnBuilder>,
    rows: usize,
    stamp_us: i64,
}

impl Sender {
    fn new(of: &LocalWindowAggregate, stamp_us: i64) -> Self {
        let builder = |of: &DataType| ColumnBuilder::for_type(of, 0);
        let values = of.calls.iter().flat_map(AggregateCall::partial_types);
        Self {
            keys: of.types.iter().map(builder).collect(),
            starts: ColumnBuilder::new(Physical::I64, 0),
            values: values.map(|of| builder(&of)).collect(),
            rows: 0,
            stamp_us,
        }
    }

    fn stamp(&mut self, stamp_us: i64) {
        if self.stamp_us == 0 || (stamp_us != 0 && stamp_us < self.stamp_us) {
            self.stamp_us = stamp_us;
        }
    }

    fn push(
        &mut self,
        of: &LocalWindowAggregate,
        slot: u32,
        start: i64,
        (accumulators, row): (&Accumulators, usize),
    ) {
        key::decode(of.dictionary.borrow().key(slot), &mut self.keys);
        self.starts.push_i64(start);
        accumulators.output_partials(row, &mut self.values);
        self.rows += 1;
    }

    fn send(self, time: BatchTime, out: &mut Output) {
        let all = self.keys.into_iter().chain([self.starts]).chain(self.values);
        let columns = all.map(|builder| Arc::new(builder.finish())).collect();
        let mut batch = Batch::new(columns, self.rows, time);
        batch.stamp_us = self.stamp_us;
        out.emit(batch);
    }
}

impl Operator for LocalWindowAggregate {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        // An exchange before this one may have spread the rows by another key.
        let batch = Batch { keys: None, ..batch };
        let columns: Vec<_> = self.keys.iter().map(|&key| batch.columns[key].clone()).collect();
        let mut slots = std::mem::take(&mut self.slots);
        self.dictionary.borrow_mut().resolve(&columns, &batch, &mut slots);
        let rows = batch.row_numbers();
        self.take(&slots, &rows, &batch, out);
        self.slots = slots;
        self.release();
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        if watermark >= self.next_close {
            self.send_panes(watermark, out);
            self.release();
        }
        self.watermark = self.watermark.max(watermark);
        Progress::Done
    }

    fn before_barrier(&mut self, out: &mut Output) {
        self.send_panes(i64::MAX, out);
        self.release();
    }
}
