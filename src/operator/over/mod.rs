//! OVER: aggregates of the rows before each row, of the same key.
//!
//! Rows come by event time (from [`super::time_sort`]), or, in arrival order, as they come.

mod count;
mod frame;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use self::count::RangeCount;
use self::frame::Keep;
pub use self::frame::{Frame, aggregate};
pub use self::values::OverValues;
use super::{Operator, Output, Progress};
use crate::record::{Batch, ColumnBuilder, DataType, Value};
use crate::state::{KeyedState, SharedKeys, Table};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OverFunction {
    Count,
    Sum,
    Min,
    Max,
    Avg,
    /// VAR_POP, VAR_SAMP and their roots.
    Variance(Variance),
    /// The first or last value of the frame that is not NULL.
    FirstValue,
    LastValue,
    /// Texts, or packed values, one behind the other.
    Concat,
    /// How often each value is there, packed: see `AggregateFunction::Collect`.
    Collect,
    /// The value `offset` rows before.
    Lag {
        offset: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variance {
    /// Of a sample: divided by one less.
    pub sample: bool,
    /// The standard deviation.
    pub root: bool,
}

impl OverFunction {
    /// The result is the value of one row, so that it has to be found anew once that row leaves.
    fn picks_a_row(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::FirstValue | Self::LastValue)
    }
}

/// One aggregate, over columns of the input.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OverCall {
    pub function: OverFunction,
    /// `None` for COUNT(*).
    pub argument: Option<usize>,
    /// What LAG gives where there is no row.
    pub otherwise: Value,
    pub distinct: bool,
    /// Digits behind the point of a DECIMAL argument.
    pub scale: u8,
    pub data_type: DataType,
}

impl OverCall {
    /// COUNT(*).
    pub fn count() -> Self {
        Self {
            function: OverFunction::Count,
            argument: None,
            otherwise: Value::Null,
            distinct: false,
            scale: 0,
            data_type: DataType::BigInt,
        }
    }
}

/// The id of a step, by which its state is found again, is a hash of this text: a call of no decimal
/// says nothing of a scale.
impl fmt::Debug for OverCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OverCall");
        shown
            .field("function", &self.function)
            .field("argument", &self.argument)
            .field("otherwise", &self.otherwise)
            .field("distinct", &self.distinct);
        if self.scale > 0 {
            shown.field("scale", &self.scale);
        }
        shown.field("data_type", &self.data_type).finish()
    }
}

/// The rows that count for a row, up to the row itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bounds {
    /// All whose time is at most this much earlier (ms; `None`: all), rows of equal time
    /// included.
    Range(Option<i64>),
    /// This many rows before it (`None`: all).
    Rows(Option<usize>),
    /// All, rows of equal time included, of which the newest are kept, and this many before them:
    /// LAG, which Flink computes so.
    Newest(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    EventTime,
    /// Rows count by their times and go out at once. One that lies further behind the newest of
    /// its key than the slack may miss rows of its frame that have been let go.
    Arrival {
        slack_ms: i64,
    },
    /// By a column that is no time: see [`OverValues`].
    Value {
        nulls_first: bool,
    },
}

/// The operator for some calls. `time`, `keys` and the calls' arguments are columns of the input.
pub fn over(
    time: usize,
    keys: Vec<usize>,
    calls: Vec<OverCall>,
    frame: (Bounds, Order),
    dictionary: SharedKeys,
) -> Box<dyn Operator> {
    match RangeCount::new(time, &keys, &calls, frame, &dictionary) {
        Some(counts) => Box::new(counts),
        None => Box::new(Over::new(time, keys, calls, frame, dictionary)),
    }
}

/// An input batch on its way out, with the values of the rows that have them.
struct Work {
    batch: Batch,
    rows: Vec<u32>,
    values: Vec<ColumnBuilder>,
}

/// Computes the calls for each row and appends a column for each.
pub struct Over {
    time: usize,
    keys: Vec<usize>,
    calls: Vec<OverCall>,
    bounds: Bounds,
    order: Order,
    table: Table<Box<Frame>>,
    /// Keys by the time at which they can be forgotten.
    cleanups: BTreeMap<i64, Vec<u32>>,
    /// Batches that are not out yet; the last one's rows may still have peers to come.
    work: Vec<Work>,
    /// Rows of the newest time: work, physical row, slot.
    peers: Vec<(usize, u32, u32)>,
    peers_time: i64,
    watermark: i64,
}

impl Over {
    fn new(
        time: usize,
        keys: Vec<usize>,
        calls: Vec<OverCall>,
        (bounds, order): (Bounds, Order),
        dictionary: SharedKeys,
    ) -> Self {
        Self {
            time,
            keys,
            calls,
            bounds,
            order,
            table: Table::new(dictionary),
            cleanups: BTreeMap::new(),
            work: Vec::new(),
            peers: Vec::new(),
            peers_time: i64::MIN,
            watermark: i64::MIN,
        }
    }

    /// As in Flink, a bounded frame takes whatever is newer than what its key has put out, an
    /// unbounded one what is newer than the watermark.
    fn is_late(&self, slot: u32, time: i64, before: i64) -> bool {
        match self.bounds {
            Bounds::Range(None) | Bounds::Rows(None) | Bounds::Newest(_) => time <= before,
            _ => self.table.get(slot).is_some_and(|frame| time <= frame.last_out),
        }
    }

    fn arguments(&self, batch: &Batch, row: u32) -> Vec<Value> {
        let columns = self.calls.iter().filter_map(|call| call.argument);
        columns.map(|column| batch.columns[column].value(row as usize)).collect()
    }

    /// Adds a row to its key's frame.
    fn add(&mut self, slot: u32, time: i64, arguments: Vec<Value>) {
        let (calls, frame) = (&self.calls, self.table.touch(slot));
        let fresh = frame.is_fresh();
        frame.last_out = frame.last_out.max(time);
        match self.bounds {
            Bounds::Range(None) | Bounds::Rows(None) => {
                frame.add(time, arguments, calls, Keep::Sums);
            }
            Bounds::Newest(rows) => {
                frame.keep_newest(rows, calls);
                frame.add(time, arguments, calls, Keep::Rows);
            }
            Bounds::Rows(Some(rows)) => {
                frame.slide_to_last(rows, calls);
                frame.trim(i64::MAX, calls);
                frame.add(time, arguments, calls, Keep::Rows);
            }
            Bounds::Range(Some(range)) => {
                let oldest = frame.last_out.saturating_sub(range);
                frame.slide_to(oldest, calls);
                let slack_ms = match self.order {
                    Order::Arrival { slack_ms } => slack_ms,
                    _ => 0,
                };
                frame.trim(oldest.saturating_sub(slack_ms), calls);
                frame.insert(time, oldest, arguments, calls);
                // As Flink: a key is forgotten half a range after nothing can reach it; in
                // arrival order not before rows out of order can have come.
                let least = time.saturating_add(range + slack_ms + 1);
                if fresh || frame.cleanup < least {
                    frame.cleanup = least.saturating_add(range / 2);
                    self.cleanups.entry(frame.cleanup).or_default().push(slot);
                }
            }
        }
    }

    /// The values of a row whose frame is up to date.
    fn output(&self, slot: u32, time: i64, out: &mut [ColumnBuilder]) {
        let Some(frame) = self.table.get(slot) else {
            return out.iter_mut().for_each(ColumnBuilder::push_null);
        };
        match self.bounds {
            Bounds::Range(Some(range)) if frame.last_out > time => {
                frame.output_of(&self.calls, time.saturating_sub(range), time, out);
            }
            _ => frame.output(&self.calls, out),
        }
    }

    /// Forgets the keys whose time has come.
    fn forget(&mut self, watermark: i64) {
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        while let Some(entry) = self.cleanups.first_entry() {
            if *entry.key() > watermark {
                break;
            }
            let at = *entry.key();
            for slot in entry.remove() {
                if self.table.get(slot).is_some_and(|frame| frame.cleanup == at) {
                    self.table.remove(slot);
                }
            }
        }
    }

    /// All rows of the newest time are here: they count for each other, then go out.
    fn close_peers(&mut self) {
        let peers = std::mem::take(&mut self.peers);
        let together = matches!(self.bounds, Bounds::Range(_) | Bounds::Newest(_));
        let time = self.peers_time;
        if together {
            for &(work, row, slot) in &peers {
                let arguments = self.arguments(&self.work[work].batch, row);
                self.add(slot, time, arguments);
            }
        }
        for &(work, row, slot) in &peers {
            if !together {
                let arguments = self.arguments(&self.work[work].batch, row);
                self.add(slot, time, arguments);
            }
            let mut values = std::mem::take(&mut self.work[work].values);
            pad(&mut values, row as usize);
            self.output(slot, time, &mut values);
            self.work[work].values = values;
            self.work[work].rows.push(row);
        }
        let mut keys = self.table.keys().borrow_mut();
        peers.iter().for_each(|&(_, _, slot)| keys.release(slot));
    }

    fn send(&mut self, out: &mut Output) {
        for mut work in self.work.drain(..) {
            pad(&mut work.values, work.batch.rows);
            let added = work.values.into_iter().map(|values| Arc::new(values.finish()));
            let columns = work.batch.columns.iter().cloned().chain(added).collect();
            out.emit(work.batch.with_columns(columns).with_selection(work.rows));
        }
    }

    fn take_by_time(&mut self, batch: Batch, slots: &[u32], out: &mut Output) {
        let column = batch.columns[self.time].clone();
        let times = column.as_i64s();
        let work = self.work.len();
        self.work.push(self.fresh(batch.clone()));
        for (row, &slot) in batch.row_ids().zip(slots) {
            let (time, before) = (times[row], batch.time.before_row(row));
            if time != self.peers_time || before > self.watermark {
                self.close_peers();
                self.peers_time = time;
                self.forget(before);
            }
            if self.is_late(slot, time, before) {
                out.late(&batch, row as u32);
            } else {
                self.table.keys().borrow_mut().retain(slot);
                self.peers.push((work, row as u32, slot));
            }
        }
        if self.peers.is_empty() {
            self.send(out);
        }
    }

    fn take_as_they_come(&mut self, batch: Batch, slots: &[u32], out: &mut Output) {
        let column = batch.columns[self.time].clone();
        let times = column.as_i64s();
        let mut work = self.fresh(batch);
        for (row, &slot) in work.batch.row_ids().zip(slots) {
            self.forget(work.batch.time.before_row(row));
            let arguments = self.arguments(&work.batch, row as u32);
            let time = times[row];
            self.add(slot, time, arguments);
            pad(&mut work.values, row);
            self.output(slot, time, &mut work.values);
            work.rows.push(row as u32);
        }
        self.work.push(work);
        self.send(out);
    }

    fn fresh(&self, batch: Batch) -> Work {
        let rows = batch.rows;
        let values =
            self.calls.iter().map(|call| ColumnBuilder::for_type(&call.data_type, rows)).collect();
        Work { batch, rows: Vec::with_capacity(rows), values }
    }
}

/// Columns stand by physical rows: those without a value are NULL.
fn pad(values: &mut [ColumnBuilder], rows: usize) {
    for builder in values {
        while builder.len() < rows {
            builder.push_null();
        }
    }
}

impl Operator for Over {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let times = batch.columns[self.time].clone();
        let (null, rows): (Vec<u32>, Vec<u32>) =
            batch.row_ids().map(|row| row as u32).partition(|&row| times.is_null(row as usize));
        for &row in &null {
            out.reject_without_time(&batch, row);
        }
        let batch = if null.is_empty() { batch } else { batch.with_selection(rows) };
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        match self.order {
            Order::EventTime => self.take_by_time(batch, &slots, out),
            _ => self.take_as_they_come(batch, &slots, out),
        }
        self.table.keys().borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.before_barrier(out);
        self.forget(watermark);
        Progress::Done
    }

    fn before_barrier(&mut self, out: &mut Output) {
        self.close_peers();
        self.peers_time = i64::MIN;
        self.send(out);
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("frames", &mut self.table)]
    }

    fn restored(&mut self) {
        for (slot, frame) in self.table.iter() {
            if frame.cleanup != i64::MIN {
                self.cleanups.entry(frame.cleanup).or_default().push(slot);
            }
        }
    }
}
