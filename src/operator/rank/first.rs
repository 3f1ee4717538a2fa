//! The first row of each key: deduplication that never takes a row back.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operator::over::Order;
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, Column, DataType, Value};
use crate::state::entry::{put_i64, take_i64};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

/// A key that has had its row.
#[derive(Default)]
struct Seen {
    /// Event time (ms) of that row.
    time: i64,
}

impl Entry for Seen {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.time, out);
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let seen = Self { time: take_i64(&mut bytes)? };
        bytes.is_empty().then_some(seen)
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

/// What the first row is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FirstSpec {
    /// Column of the event time.
    pub time: usize,
    /// By event time rows come sorted, and a late one is dropped, whatever its key; in arrival
    /// order the first to come is it.
    pub order: Order,
    /// The rank, 1, is the last column of the output.
    pub with_rank: bool,
}

/// The operator.
pub struct KeepFirst {
    keys: Vec<usize>,
    spec: FirstSpec,
    /// A key is forgotten once event time is so far (ms) behind its row: `table.exec.state.ttl`.
    ttl_ms: Option<i64>,
    seen: Table<Seen>,
    /// Keys by the time at which they are forgotten.
    expiries: BTreeMap<i64, Vec<u32>>,
    watermark: i64,
}

impl KeepFirst {
    pub fn new(
        keys: Vec<usize>,
        spec: FirstSpec,
        ttl_ms: Option<i64>,
        dictionary: SharedKeys,
    ) -> Self {
        let seen = Table::new(dictionary);
        let (expiries, watermark) = (BTreeMap::new(), i64::MIN);
        Self { keys, spec, ttl_ms, seen, expiries, watermark }
    }

    /// The end of the input is no time at which anything is forgotten.
    fn forget(&mut self, watermark: i64, out: &mut Output) {
        if watermark <= self.watermark || watermark == i64::MAX {
            return;
        }
        self.watermark = watermark;
        while let Some(entry) = self.expiries.first_entry().filter(|it| *it.key() <= watermark) {
            for slot in entry.remove() {
                out.expired += u64::from(self.seen.remove(slot).is_some());
            }
        }
    }

    /// Whether a row is the first of its key.
    fn take(&mut self, slot: u32, time: i64) -> bool {
        if self.seen.get(slot).is_some() {
            return false;
        }
        self.seen.touch(slot).time = time;
        if let Some(ttl_ms) = self.ttl_ms {
            self.expiries.entry(time.saturating_add(ttl_ms)).or_default().push(slot);
        }
        true
    }
}

impl Operator for KeepFirst {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.seen.keys().borrow_mut().hold(&batch, &self.keys);
        let column = batch.columns[self.spec.time].clone();
        let sorted = self.spec.order == Order::EventTime;
        let mut kept = Vec::new();
        for (row, &slot) in batch.row_ids().zip(&slots) {
            if column.is_null(row) {
                out.reject_without_time(&batch, row as u32);
                continue;
            }
            let (time, before) = (column.as_i64s()[row], batch.time.before_row(row));
            self.forget(before, out);
            // At the watermark itself it is taken, unlike elsewhere: so it is in Flink.
            if sorted && time < before {
                out.late(&batch, row as u32);
            } else if self.take(slot, time) {
                kept.push(row as u32);
            }
        }
        self.seen.keys().borrow_mut().let_go(&slots);
        let mut result = batch.with_selection(kept);
        if self.spec.with_rank {
            let rank = Column::constant(&Value::I64(1), &DataType::BigInt, result.rows);
            result.columns.push(Arc::new(rank));
        }
        out.emit(Batch { keys: None, ..result });
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.forget(watermark, out);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("seen", &mut self.seen)]
    }

    fn restored(&mut self) {
        let Some(ttl_ms) = self.ttl_ms else { return };
        for (slot, seen) in self.seen.iter() {
            self.expiries.entry(seen.time.saturating_add(ttl_ms)).or_default().push(slot);
        }
    }
}
