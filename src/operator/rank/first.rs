//! The first row of each key by event time: deduplication that never takes a row back.

use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, Column, DataType, Value};
use crate::state::{Entry, KeyedState, SharedKeys, Table};
use std::sync::Arc;

/// A key that has had its row.
#[derive(Default)]
struct Seen;

impl Entry for Seen {
    fn encode(&self, _out: &mut Vec<u8>) {}

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(Self)
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

/// The operator. Rows come by event time; a late one is dropped, whatever its key.
pub struct KeepFirst {
    time: usize,
    keys: Vec<usize>,
    /// The rank, 1, is the last column of the output.
    with_rank: bool,
    seen: Table<Seen>,
    late: u64,
}

impl KeepFirst {
    pub fn new(time: usize, keys: Vec<usize>, with_rank: bool, dictionary: SharedKeys) -> Self {
        Self { time, keys, with_rank, seen: Table::new(dictionary), late: 0 }
    }
}

impl Operator for KeepFirst {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.seen.keys().borrow_mut().hold(&batch, &self.keys);
        let column = batch.columns[self.time].clone();
        let mut kept = Vec::new();
        for (row, &slot) in batch.row_ids().zip(&slots) {
            if column.as_i64s()[row] <= batch.time.before_row(row) {
                self.late += 1;
            } else if self.seen.get(slot).is_none() {
                self.seen.touch(slot);
                kept.push(row as u32);
            }
        }
        self.seen.keys().borrow_mut().let_go(&slots);
        let mut result = batch.with_selection(kept);
        if self.with_rank {
            let rank = Column::constant(&Value::I64(1), &DataType::BigInt, result.rows);
            result.columns.push(Arc::new(rank));
        }
        out.emit(Batch { keys: None, ..result });
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("seen", &mut self.seen)]
    }

    fn take_late(&mut self) -> u64 {
        std::mem::take(&mut self.late)
    }
}
