//! OVER ordered by a value that is no time: a row that comes, or goes, counts for all that stand
//! behind it, so the results change.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::frame::Keep;
use super::{Bounds, Frame, OverCall};
use crate::operator::rank::{Ranked, Row, SortKey};
use crate::operator::{Operator, Output, Progress};
use crate::record::{
    Batch, BatchBuilder, BatchTime, ChangeKind, Column, ColumnBuilder, DataType, Value,
};
use crate::state::{KeyedState, SharedKeys, Table};

const BATCH: usize = 1024;

/// Keeps all rows of each key in their order, and tells each row whose values have changed.
pub struct OverValues {
    by: SortKey,
    /// Rows of equal order count for each other.
    peers: bool,
    keys: Vec<usize>,
    calls: Vec<OverCall>,
    per_row: bool,
    table: Table<Box<Ranked>>,
    /// The rows that were there before the batch at hand, by key.
    before: HashMap<u32, Vec<Row>, ahash::RandomState>,
    touched: Vec<u32>,
    results: BatchBuilder,
    watermark: i64,
}

impl OverValues {
    /// The frame is that of all rows up to the row at hand, in RANGE or in ROWS. `keys` are columns of
    /// the input, whose columns are of `types`.
    pub fn new(
        (by, bounds): (SortKey, Bounds),
        keys: Vec<usize>,
        calls: Vec<OverCall>,
        types: Vec<DataType>,
        dictionary: SharedKeys,
    ) -> Self {
        let values = calls.iter().map(|call| call.data_type.clone());
        let results = BatchBuilder::new(types.into_iter().chain(values).collect());
        Self {
            by,
            peers: bounds == Bounds::Range(None),
            keys,
            calls,
            per_row: false,
            table: Table::new(dictionary),
            before: HashMap::default(),
            touched: Vec::new(),
            results,
            watermark: i64::MIN,
        }
    }

    /// The rows of a key are over once event time has passed their last change by `ttl_ms`.
    pub fn expiring(self, ttl_ms: Option<i64>) -> Self {
        Self { table: self.table.expiring(ttl_ms), ..self }
    }

    /// Every change is told by itself.
    pub fn per_row(self, per_row: bool) -> Self {
        Self { per_row, ..self }
    }

    /// Event time before a row of a key, or behind a batch, has come this far.
    fn reach(&mut self, watermark: i64, slot: Option<u32>, out: &mut Output) {
        if let Some(over) = self.table.pass(watermark, slot) {
            // What changed before it was over is still told.
            self.tell(out);
            out.expired += self.table.let_go(over);
        }
        self.watermark = self.watermark.max(watermark);
    }

    fn take(&mut self, slot: u32, row: Row, kind: ChangeKind) {
        let rows = self.table.get(slot).map_or(&[][..], |ranked| &ranked.rows);
        let known = kind.is_retract().then(|| rows.iter().position(|known| *known == row));
        if known == Some(None) {
            return;
        }
        if let Entry::Vacant(before) = self.before.entry(slot) {
            before.insert(rows.to_vec());
            self.touched.push(slot);
            self.table.keys().borrow_mut().retain(slot);
        }
        let (by, ranked) = (self.by, self.table.touch(slot));
        match known.flatten() {
            Some(at) => drop(ranked.rows.remove(at)),
            None => {
                let order = |known: &Row| by.compare(&known[by.column], &row[by.column]);
                let at = ranked.rows.partition_point(|known| order(known).is_le());
                ranked.rows.insert(at, row);
            }
        }
    }

    /// The values of each row, call by call.
    fn values(&self, rows: &[Row]) -> Vec<Column> {
        let types = self.calls.iter().map(|call| &call.data_type);
        let mut values: Vec<ColumnBuilder> =
            types.map(|of| ColumnBuilder::for_type(of, rows.len())).collect();
        let mut frame = Frame::default();
        let column = self.by.column;
        let are_peers = |a: &Row, b: &Row| self.by.compare(&a[column], &b[column]).is_eq();
        for together in rows.chunk_by(|a, b| self.peers && are_peers(a, b)) {
            for row in together {
                let columns = self.calls.iter().filter_map(|call| call.argument);
                let arguments = columns.map(|column| row[column].clone()).collect();
                frame.add(0, arguments, &self.calls, Keep::Sums);
            }
            together.iter().for_each(|_| frame.output(&self.calls, &mut values));
        }
        values.into_iter().map(ColumnBuilder::finish).collect()
    }

    /// Puts out which rows have gone, come, or changed their values.
    fn tell(&mut self, out: &mut Output) {
        let keys = self.table.keys().clone();
        for slot in std::mem::take(&mut self.touched) {
            let old = self.before.remove(&slot).unwrap_or_default();
            let new = self.table.get(slot).map_or(Vec::new(), |ranked| ranked.rows.clone());
            if new.is_empty() {
                self.table.remove(slot);
            }
            keys.borrow_mut().release(slot);
            let of_old: Vec<_> = old.iter().zip(pieces(&self.values(&old), old.len())).collect();
            let of_new: Vec<_> = new.iter().zip(pieces(&self.values(&new), new.len())).collect();
            self.tell_key(&of_old, &of_new);
            if self.results.len() >= BATCH {
                self.send(out);
            }
        }
        self.send(out);
    }

    /// Rows that stay do so in one order.
    fn tell_key(&mut self, old: &[(&Row, Vec<Value>)], new: &[(&Row, Vec<Value>)]) {
        let stays: HashSet<*const Value, ahash::RandomState> =
            new.iter().map(|(row, _)| row.as_ptr()).collect();
        let mut kept = Vec::new();
        // What goes is told first: a row that comes may take its place.
        for (row, values) in old {
            match stays.contains(&row.as_ptr()) {
                true => kept.push((row.as_ptr(), values)),
                false => self.push(row, values, ChangeKind::Delete),
            }
        }
        let mut kept = kept.into_iter().peekable();
        for (row, values) in new {
            match kept.next_if(|(known, _)| *known == row.as_ptr()) {
                Some((_, before)) if before == values => {}
                Some((_, before)) => {
                    self.push(row, before, ChangeKind::UpdateBefore);
                    self.push(row, values, ChangeKind::UpdateAfter);
                }
                None => self.push(row, values, ChangeKind::Insert),
            }
        }
    }

    fn push(&mut self, row: &[Value], values: &[Value], kind: ChangeKind) {
        let all = row.iter().chain(values);
        self.results.columns().iter_mut().zip(all).for_each(|(column, it)| column.push_value(it));
        self.results.end_row(kind);
    }

    fn send(&mut self, out: &mut Output) {
        out.emit(self.results.finish(BatchTime::at(self.watermark)));
    }
}

/// Columns as the values of each of their rows.
fn pieces(columns: &[Column], rows: usize) -> impl Iterator<Item = Vec<Value>> {
    (0..rows).map(|row| columns.iter().map(|column| column.value(row)).collect())
}

impl Operator for OverValues {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let keys = self.table.keys().clone();
        let slots = keys.borrow_mut().hold(&batch, &self.keys);
        for (at, &slot) in batch.row_ids().zip(&slots) {
            if self.table.expires() {
                self.reach(batch.time.before_row(at), Some(slot), out);
            }
            let row: Row = batch.columns.iter().map(|column| column.value(at)).collect();
            self.take(slot, row, batch.kind(at));
            if self.per_row {
                self.tell(out);
            }
        }
        self.tell(out);
        keys.borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.reach(watermark, None, out);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("ordered", &mut self.table)]
    }
}
