//! The event-time temporal join: each row of the left with the version of the right that held
//! at its time.
//!
//! Rows of the left wait until event time has reached theirs: then all versions up to it are
//! known. Of the versions that event time has passed, the newest of each key stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, Value, row};
use crate::state::entry::{put_i64, take_i64};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

const BATCH: usize = 1024;

type Row = Arc<[Value]>;

/// What is joined: columns are those of the inputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemporalSpec {
    pub keys: [Vec<usize>; 2],
    /// Time column of each side.
    pub times: [usize; 2],
    /// A row without a version goes out with NULLs.
    pub outer: bool,
    /// The right keeps the last row of each key: one that comes behind a newer one is none.
    pub keeps_last: bool,
}

/// One key: its versions by time (`None`: deleted), and the rows that wait.
#[derive(Default)]
struct Key {
    versions: Vec<(i64, Option<Row>)>,
    waiting: Vec<(i64, Row)>,
}

impl Key {
    fn version_at(&self, time: i64) -> Option<&Row> {
        let end = self.versions.partition_point(|(from, _)| *from <= time);
        self.versions[..end].last().and_then(|(_, row)| row.as_ref())
    }

    fn add(&mut self, time: i64, row: Option<Row>) {
        let at = self.versions.partition_point(|(from, _)| *from < time);
        match self.versions.get_mut(at).filter(|(from, _)| *from == time) {
            Some(known) => known.1 = row,
            None => self.versions.insert(at, (time, row)),
        }
    }

    /// Lets versions go that no row to come can ask for.
    fn prune(&mut self, watermark: i64) {
        let passed = self.versions.partition_point(|(from, _)| *from <= watermark);
        self.versions.drain(..passed.saturating_sub(1));
        // A deletion with nothing before it says what no version says.
        if let [(from, None), ..] = self.versions.as_slice()
            && *from <= watermark
        {
            self.versions.remove(0);
        }
    }
}

fn put_row(values: &[Value], out: &mut Vec<u8>) {
    put_i64(values.len() as i64, out);
    values.iter().for_each(|value| row::encode_value(value, out));
}

fn take_row(from: &mut &[u8]) -> Option<Row> {
    (0..take_i64(from)?).map(|_| row::take_value(from)).collect()
}

impl Entry for Key {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.versions.len() as i64, out);
        for (time, version) in &self.versions {
            put_i64(*time, out);
            put_i64(i64::from(version.is_some()), out);
            version.iter().for_each(|row| put_row(row, out));
        }
        put_i64(self.waiting.len() as i64, out);
        for (time, row) in &self.waiting {
            put_i64(*time, out);
            put_row(row, out);
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let mut key = Self::default();
        for _ in 0..take_i64(from)? {
            let (time, there) = (take_i64(from)?, take_i64(from)? != 0);
            let version = if there { Some(take_row(from)?) } else { None };
            key.versions.push((time, version));
        }
        for _ in 0..take_i64(from)? {
            key.waiting.push((take_i64(from)?, take_row(from)?));
        }
        from.is_empty().then_some(key)
    }

    fn heap_bytes(&self) -> usize {
        let versions = self.versions.iter().filter_map(|(_, row)| row.as_ref());
        let rows = versions.chain(self.waiting.iter().map(|(_, row)| row));
        rows.map(|row| row.len() * size_of::<Value>() + 40).sum()
    }
}

/// The operator: port 0 takes rows, port 1 versions.
pub struct TemporalJoin {
    spec: TemporalSpec,
    /// Columns of the left.
    width: usize,
    table: Table<Box<Key>>,
    /// Keys by the times of rows that wait.
    times: BTreeMap<i64, Vec<u32>>,
    /// Keys that got a version since the last advance.
    changed: Vec<u32>,
    results: BatchBuilder,
    watermark: i64,
}

impl TemporalJoin {
    /// `types` of the columns of each side.
    pub fn new(spec: TemporalSpec, types: [Vec<DataType>; 2], dictionary: SharedKeys) -> Self {
        let width = types[0].len();
        Self {
            spec,
            width,
            table: Table::new(dictionary),
            times: BTreeMap::new(),
            changed: Vec::new(),
            results: BatchBuilder::new(types.into_iter().flatten().collect()),
            watermark: i64::MIN,
        }
    }

    fn take(&mut self, port: usize, batch: &Batch, row: usize, slot: u32, out: &mut Output) {
        let time = &batch.columns[self.spec.times[port]];
        if time.is_null(row) {
            return out.reject_without_time(batch, row as u32);
        }
        let time = time.as_i64s()[row];
        let values: Row = batch.columns.iter().map(|column| column.value(row)).collect();
        // NULL keys meet here, as in Flink.
        if port == 1 {
            let kind = batch.kind(row);
            if kind == ChangeKind::UpdateBefore {
                // What replaces it comes next, and holds from a time of its own.
                return;
            }
            let gone = kind.is_retract();
            let newest = self.table.get(slot).and_then(|key| key.versions.last());
            if self.spec.keeps_last && newest.is_some_and(|(newest, _)| time < *newest) {
                return;
            }
            self.table.touch(slot).add(time, (!gone).then_some(values));
            self.changed.push(slot);
            self.table.keys().borrow_mut().retain(slot);
            return;
        }
        self.table.touch(slot).waiting.push((time, values));
        self.times.entry(time).or_default().push(slot);
    }

    /// Joins the rows that event time has reached.
    fn advance(&mut self, watermark: i64, out: &mut Output) {
        if watermark <= self.watermark {
            return;
        }
        while let Some(entry) = self.times.first_entry().filter(|entry| *entry.key() <= watermark) {
            let time = *entry.key();
            for slot in entry.remove() {
                self.join(slot, time);
                if self.results.len() >= BATCH {
                    self.send(out);
                }
            }
        }
        self.send(out);
        self.watermark = watermark;
        for slot in std::mem::take(&mut self.changed) {
            self.settle(slot);
            self.table.keys().borrow_mut().release(slot);
        }
    }

    /// The oldest row of a key that waits for this time.
    fn join(&mut self, slot: u32, time: i64) {
        let key = self.table.touch(slot);
        let Some(at) = key.waiting.iter().position(|(waits, _)| *waits == time) else { return };
        let (_, left) = key.waiting.remove(at);
        let right = key.version_at(time).cloned();
        if right.is_some() || self.spec.outer {
            let (lefts, rights) = self.results.columns().split_at_mut(self.width);
            lefts.iter_mut().zip(left.iter()).for_each(|(column, value)| column.push_value(value));
            for (at, column) in rights.iter_mut().enumerate() {
                column.push_value(right.as_ref().map_or(&Value::Null, |row| &row[at]));
            }
            self.results.end_row(ChangeKind::Insert);
        }
        if self.table.get(slot).is_some_and(|key| key.versions.is_empty() && key.waiting.is_empty())
        {
            self.table.remove(slot);
        }
    }

    fn settle(&mut self, slot: u32) {
        if self.table.get(slot).is_none() {
            return;
        }
        let watermark = self.watermark;
        let key = self.table.touch(slot);
        key.prune(watermark);
        // Versions that are still to come true are looked at again.
        let again = key.versions.len() > 1;
        if key.versions.is_empty() && key.waiting.is_empty() {
            self.table.remove(slot);
        } else if again {
            self.changed.push(slot);
            self.table.keys().borrow_mut().retain(slot);
        }
    }

    fn send(&mut self, out: &mut Output) {
        out.emit(self.results.finish(BatchTime::at(self.watermark)));
    }
}

impl Operator for TemporalJoin {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.spec.keys[port]);
        for (row, &slot) in batch.row_ids().zip(&slots) {
            self.advance(batch.time.before_row(row), out);
            self.take(port, &batch, row, slot, out);
        }
        self.table.keys().borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.advance(watermark, out);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("versions", &mut self.table)]
    }

    fn restored(&mut self) {
        let mut keys = self.table.keys().borrow_mut();
        for (slot, key) in self.table.iter() {
            for (time, _) in &key.waiting {
                self.times.entry(*time).or_default().push(slot);
            }
            if key.versions.len() > 1 {
                self.changed.push(slot);
                keys.retain(slot);
            }
        }
    }
}
