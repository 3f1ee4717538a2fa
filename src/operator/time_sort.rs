//! Brings rows into the order of their event time, for the operators that compute by it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::rank::SortKey;
use super::{Operator, Output, Progress};
use crate::record::batch::{Origin, Records};
use crate::record::{Batch, BatchTime, DataType, Value};
use crate::state::{KeyedState, SortBuffer};

/// Rows of one batch that goes out.
const BATCH: usize = 1024;
/// Rows emitted in one call before the worker gets its turn.
const SLICE: usize = 64 * 1024;

/// A batch whose rows have their own watermarks, and how far it is taken.
struct Work {
    batch: Batch,
    rows: Vec<u32>,
    /// Of its rows in the buffer.
    chunk: u32,
    position: usize,
}

/// Holds rows back until the watermark reaches their time.
///
/// Rows come out in ascending event time, equal times in an order that is asked for, or that of
/// arrival. Each carries the
/// watermark that held before it was let out (`batch.time.before_row(row)`), so that the
/// operator behind can tell a late one: its time is not above that watermark. A late row comes
/// out with the next advance; what becomes of it is for that operator to say.
pub struct TimeSort {
    time: usize,
    /// How rows of one time are ordered.
    then: Vec<SortKey>,
    buffer: SortBuffer,
    /// The watermark to which rows are being let out.
    target: i64,
    /// Taken out of the buffer, each with the watermark before it.
    ready: Vec<(u32, u32)>,
    before: Vec<i64>,
    work: Option<Work>,
    /// The records of late rows in the buffer, for the operator that drops them. They come out at
    /// the next advance; what is here at a restart is counted then, but not kept.
    late: HashMap<(u32, u32), (Arc<Origin>, u32)>,
}

impl TimeSort {
    /// `time` is a column of the input; `keys` those by which the input is spread over shards.
    pub fn new(time: usize, keys: Vec<usize>, types: Vec<DataType>, seed: u64) -> Self {
        Self {
            time,
            then: Vec::new(),
            buffer: SortBuffer::new(types, keys, seed),
            target: i64::MIN,
            ready: Vec::new(),
            before: Vec::new(),
            work: None,
            late: HashMap::new(),
        }
    }

    /// Rows of one time come out in this order.
    pub fn then_by(self, then: Vec<SortKey>) -> Self {
        Self { then, ..self }
    }

    /// For rows whose state goes by the partition they were read from.
    pub fn by_partition(self) -> Self {
        Self { buffer: self.buffer.by_partition(), ..self }
    }

    /// Lets out what `target` has reached.
    fn release(&mut self, out: &mut Output) -> Progress {
        if self.target <= self.buffer.watermark {
            return Progress::Done;
        }
        let mut emitted = 0;
        while self.buffer.first_time().is_some_and(|time| time <= self.target) {
            let from = self.ready.len();
            self.buffer.pop_first(&mut self.ready);
            self.order(from);
            self.before.resize(self.ready.len(), self.buffer.watermark);
            if self.ready.len() >= BATCH {
                emitted += self.ready.len();
                self.send(out);
            }
            if emitted >= SLICE {
                return Progress::Yield;
            }
        }
        self.buffer.watermark = self.target;
        Progress::Done
    }

    /// Orders the rows that are ready from there on, which are of one time.
    fn order(&mut self, from: usize) {
        if self.then.is_empty() || self.ready.len() < from + 2 {
            return;
        }
        let value = |row, key: &SortKey| self.buffer.value(row, key.column);
        let values = |row| -> Vec<Value> { self.then.iter().map(|key| value(row, key)).collect() };
        let mut rows: Vec<_> = self.ready.drain(from..).map(|row| (values(row), row)).collect();
        rows.sort_by(|(a, _), (b, _)| {
            let keys = self.then.iter().zip(a.iter().zip(b));
            let mut orders = keys.map(|(key, (a, b))| key.compare(a, b));
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        self.ready.extend(rows.into_iter().map(|(_, row)| row));
    }

    fn place(&mut self, work: &Work, rows: Range<usize>) {
        let times = work.batch.columns[self.time].as_i64s();
        for at in rows {
            let (row, place) = (work.rows[at], (work.chunk, at as u32));
            let time = times[row as usize];
            if time <= self.buffer.watermark
                && let Some(record) = work.batch.record(row).filter(|(of, _)| of.keeps_late)
            {
                self.late.insert(place, record);
            }
            self.buffer.place(place.0, place.1, time);
        }
    }

    /// The records of the late among rows that go out.
    fn records(&mut self, rows: &[(u32, u32)]) -> Option<Records> {
        if self.late.is_empty() {
            return None;
        }
        let records = (0..).zip(rows).filter_map(|(at, row)| Some((at, self.late.remove(row)?)));
        Some(Records::Some(Arc::new(records.collect())))
    }

    fn send(&mut self, out: &mut Output) {
        let rows = std::mem::take(&mut self.ready);
        let before = std::mem::take(&mut self.before);
        let (Some(&first), Some(&last)) = (before.first(), before.last()) else { return };
        let batch = self.buffer.release(&rows);
        let before = (first != last).then(|| Arc::new(before));
        let records = self.records(&rows);
        out.emit(Batch { time: BatchTime { first, last, before }, records, ..batch });
    }

    /// Goes on letting out, and then with the rows of the batch at hand.
    fn drive(&mut self, out: &mut Output) -> Progress {
        loop {
            if self.release(out) == Progress::Yield {
                return Progress::Yield;
            }
            let Some(mut work) = self.work.take() else {
                self.send(out);
                return Progress::Done;
            };
            let from = work.position;
            let waits =
                |&row: &u32| work.batch.time.before_row(row as usize) > self.buffer.watermark;
            let run = work.rows[from..].iter().position(waits);
            let to = run.map_or(work.rows.len(), |run| from + run);
            self.place(&work, from..to);
            if to == work.rows.len() {
                self.send(out);
                return Progress::Done;
            }
            self.target = work.batch.time.before_row(work.rows[to] as usize);
            work.position = to;
            self.work = Some(work);
        }
    }
}

impl Operator for TimeSort {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let times = &batch.columns[self.time];
        let (null, rows): (Vec<u32>, Vec<u32>) =
            batch.row_ids().map(|row| row as u32).partition(|&row| times.is_null(row as usize));
        for row in null {
            out.reject_without_time(&batch, row);
        }
        let chunk = self.buffer.hold(&batch, &rows);
        let work = Work { batch, rows, chunk, position: 0 };
        if work.batch.time.before.is_none() {
            self.place(&work, 0..work.rows.len());
            return Progress::Done;
        }
        self.work = Some(work);
        self.drive(out)
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.target = watermark;
        self.drive(out)
    }

    fn resume(&mut self, out: &mut Output) -> Progress {
        self.drive(out)
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("rows", &mut self.buffer)]
    }

    fn restored(&mut self) {
        self.buffer.restored();
    }
}
