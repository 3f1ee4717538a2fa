//! Rows that replace each other by key become changes that say what was there before: `-U` and `+U`
//! where a row follows another, `+I` and `-D` at the ends. What changes nothing is left out.

use std::sync::Arc;

use super::{Operator, Output, Progress};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, row};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

/// The row of a key, as [`row::encode`] wrote it.
#[derive(Default)]
struct Kept(Box<[u8]>);

impl Entry for Kept {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.into()))
    }

    fn heap_bytes(&self) -> usize {
        self.0.len()
    }
}

/// The operator: keeps the newest row of each key.
pub struct Normalize {
    keys: Vec<usize>,
    table: Table<Kept>,
    results: BatchBuilder,
    /// The row at hand.
    bytes: Vec<u8>,
    /// The watermark before each of the results, where they say it.
    before: Vec<i64>,
}

impl Normalize {
    /// `types` of the columns. With `ttl_ms` a row is over once event time has passed its last
    /// change by it.
    pub fn new(
        keys: Vec<usize>,
        types: Vec<DataType>,
        ttl_ms: Option<i64>,
        dictionary: SharedKeys,
    ) -> Self {
        let (table, results) = (Table::new(dictionary), BatchBuilder::new(types));
        let table = table.expiring(ttl_ms);
        Self { keys, table, results, bytes: Vec::new(), before: Vec::new() }
    }

    /// Event time before a row of a slot, or behind a batch, has come this far.
    fn reach(&mut self, watermark: i64, slot: Option<u32>, out: &mut Output) {
        if let Some(over) = self.table.pass(watermark, slot) {
            out.expired += self.table.let_go(over);
        }
    }

    /// The changes, each with the watermark before the row that made it if rows are forgotten:
    /// what stands behind may forget, too.
    fn changes(&mut self, first: i64) -> Batch {
        let mut changes = self.results.finish(BatchTime::at(first));
        if let Some(&last) = self.before.last() {
            let before = Some(Arc::new(std::mem::take(&mut self.before)));
            changes.time = BatchTime { first, last, before };
        }
        changes
    }

    fn take(&mut self, batch: &Batch, row: usize, slot: u32) {
        let is_gone = batch.kind(row).is_retract();
        self.bytes.clear();
        if !is_gone {
            row::encode(&batch.columns, row, &mut self.bytes);
        }
        match self.table.get(slot) {
            None if is_gone => return,
            // Told nevertheless, it keeps what stands behind from forgetting it.
            Some(known) if !is_gone && *known.0 == *self.bytes && !self.table.expires() => return,
            known => {
                let before = if is_gone { ChangeKind::Delete } else { ChangeKind::UpdateBefore };
                let kind =
                    if known.is_some() { ChangeKind::UpdateAfter } else { ChangeKind::Insert };
                if let Some(known) = known {
                    row::decode(&known.0, self.results.columns());
                    self.results.end_row(before);
                }
                if is_gone {
                    self.table.remove(slot);
                    return;
                }
                let columns = self.results.columns().iter_mut().zip(&batch.columns);
                columns.for_each(|(result, column)| result.push_from(column, row));
                self.results.end_row(kind);
            }
        }
        self.table.touch(slot).0 = self.bytes.as_slice().into();
    }
}

impl Operator for Normalize {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        for (row, &slot) in batch.row_ids().zip(&slots) {
            if self.table.expires() {
                let before = batch.time.before_row(row);
                self.reach(before, Some(slot), out);
                self.take(&batch, row, slot);
                self.before.resize(self.results.len(), before);
            } else {
                self.take(&batch, row, slot);
            }
        }
        self.table.keys().borrow_mut().let_go(&slots);
        let mut changes = self.changes(batch.time.first);
        changes.stamp_us = batch.stamp_us;
        out.emit(changes);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.reach(watermark, None, out);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("rows", &mut self.table)]
    }
}
