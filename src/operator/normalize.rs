//! Rows that replace each other by key become changes that say what was there before: `-U` and `+U`
//! where a row follows another, `+I` and `-D` at the ends. What changes nothing is left out.

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
}

impl Normalize {
    /// `types` of the columns.
    pub fn new(keys: Vec<usize>, types: Vec<DataType>, dictionary: SharedKeys) -> Self {
        let (table, results) = (Table::new(dictionary), BatchBuilder::new(types));
        Self { keys, table, results, bytes: Vec::new() }
    }

    fn take(&mut self, batch: &Batch, row: usize, slot: u32) {
        let is_gone = batch.kind(row).is_retract();
        self.bytes.clear();
        if !is_gone {
            row::encode(&batch.columns, row, &mut self.bytes);
        }
        match self.table.get(slot) {
            None if is_gone => return,
            Some(known) if !is_gone && *known.0 == *self.bytes => return,
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
            self.take(&batch, row, slot);
        }
        self.table.keys().borrow_mut().let_go(&slots);
        let mut changes = self.results.finish(BatchTime::at(batch.time.first));
        changes.stamp_us = batch.stamp_us;
        out.emit(changes);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("rows", &mut self.table)]
    }
}
