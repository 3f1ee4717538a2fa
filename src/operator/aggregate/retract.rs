//! GROUP BY over rows that change: what was added can be taken back.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::HashMap;

use super::{AggregateCall, AggregateFunction, decimal, put_counted};
use crate::decimal::Unscaled;
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, Value, key, row};
use crate::state::entry::{put_i64, put_i128, take_i64, take_i128};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

const BATCH: usize = 1024;

/// A value in its SQL order; all values of a column are of one form.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ordered(Value);

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What one call keeps of a group.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// Values that are not NULL, each once for DISTINCT.
    count: i64,
    int: i64,
    /// A sum; of a variance the mean.
    float: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
    decimal: Unscaled,
    /// How often each value is there, where single values must be found again.
    values: BTreeMap<Ordered, i64>,
    /// The values in the order in which they came, where that matters.
    list: Vec<Value>,
}

impl Kept {
    fn change(&mut self, call: &AggregateCall, value: Value, by: i64) {
        use AggregateFunction::{Collect, Concat, First, Last, Max, Min, SquaredDistances};
        if value.is_null() {
            return;
        }
        if call.distinct || matches!(call.function, Min | Max | Collect) {
            let counted = self.values.entry(Ordered(value.clone())).or_default();
            let before = *counted;
            *counted += by;
            let after = *counted;
            if after == 0 {
                self.values.remove(&Ordered(value.clone()));
            }
            if call.distinct && (before != 0) == (after != 0) {
                return;
            }
        }
        self.count += by;
        if matches!(call.function, First | Last | Concat) {
            // Of equal values the oldest goes, as in Flink.
            let at = self.list.iter().position(|known| *known == value);
            match (by > 0, at) {
                (true, _) => self.list.push(value),
                (false, Some(at)) => drop(self.list.remove(at)),
                (false, None) => {}
            }
            return;
        }
        if call.function == SquaredDistances {
            match value {
                Value::I64(value) => self.spread(value as f64, by),
                Value::F64(value) => self.spread(value, by),
                _ => {}
            }
            return;
        }
        match value {
            Value::I64(value) => self.int = self.int.wrapping_add(value.wrapping_mul(by)),
            Value::F64(value) => {
                let sum = self.float + value * by as f64;
                let single =
                    call.function == AggregateFunction::Sum && call.data_type == DataType::Float;
                self.float = if single { f64::from(sum as f32) } else { sum };
            }
            // One change at a time: a product does not overflow.
            Value::Decimal(value) => {
                let sum = self.decimal.get().wrapping_add(value.get() * i128::from(by));
                self.decimal = Unscaled::new(sum);
            }
            _ => {}
        }
    }

    /// A value more or less in the mean and the squared distances from it, once it is counted:
    /// Welford's step, and the same one back. What was taken back before it came changes nothing.
    fn spread(&mut self, value: f64, by: i64) {
        if self.count <= 0 {
            (self.float, self.squares) = (0.0, 0.0);
            return;
        }
        let before = value - self.float;
        self.float += by as f64 * (before / self.count as f64);
        self.squares += by as f64 * ((value - self.float) * before);
    }

    /// The values, which are packed, with their counts; each once if they are `distinct`.
    fn counted(&self, distinct: bool) -> Value {
        let mut counted = Vec::new();
        for (value, count) in &self.values {
            if let Value::Bytes(packed) = &value.0 {
                put_counted(packed, if distinct { 1 } else { *count }, &mut counted);
            }
        }
        Value::Bytes(counted.into())
    }

    fn output(&self, call: &AggregateCall) -> Value {
        use AggregateFunction::{
            ApproxCountDistinct, ApproxPercentile, Avg, Collect, Concat, Count, CountStar, First,
            Last, Max, Min, SquaredDistances, Sum,
        };
        let of = &call.data_type;
        match call.function {
            CountStar | Count => Value::I64(self.count),
            Min => self.values.keys().next().map_or(Value::Null, |least| least.0.clone()),
            Max => self.values.keys().next_back().map_or(Value::Null, |most| most.0.clone()),
            _ if self.count == 0 => Value::Null,
            Sum if of.is_approximate() => Value::F64(self.float),
            Avg if of.is_approximate() => Value::F64(self.float / self.count as f64),
            Sum if of.is_decimal() => {
                decimal::total(self.decimal.get()).map_or(Value::Null, Value::decimal)
            }
            Avg if of.is_decimal() => {
                let scale = call.argument_type.scale();
                let mean = decimal::mean(self.decimal.get(), self.count, scale, of);
                mean.map_or(Value::Null, Value::decimal)
            }
            Sum => Value::I64(of.wrap(self.int)),
            Avg => Value::I64(of.wrap(self.int / self.count)),
            First => self.list.first().cloned().unwrap_or(Value::Null),
            Last => self.list.last().cloned().unwrap_or(Value::Null),
            Concat => {
                Value::Str(self.list.iter().filter_map(Value::as_str).collect::<String>().into())
            }
            Collect => self.counted(call.distinct),
            // Below zero only where rounding, or what never came, was taken back.
            SquaredDistances if self.count < 0 || self.squares < 0.0 => Value::Null,
            SquaredDistances => Value::F64(self.squares),
            // The planner refuses them: they do not know what to take back.
            ApproxCountDistinct | ApproxPercentile(_) => Value::Null,
        }
    }
}

/// One group: how many rows it has, and what each call keeps.
#[derive(Clone, Debug, Default)]
pub struct Group {
    rows: i64,
    calls: Vec<Kept>,
}

impl Group {
    /// Adds a row, or takes it back.
    pub fn change(&mut self, calls: &[AggregateCall], batch: &Batch, row: usize) {
        self.calls.resize_with(calls.len(), Kept::default);
        let by = if batch.kind(row).is_retract() { -1 } else { 1 };
        self.rows += by;
        for (call, kept) in calls.iter().zip(&mut self.calls) {
            let passes = call.filter.is_none_or(|filter| {
                let filter = &batch.columns[filter];
                !filter.is_null(row) && filter.as_bools()[row]
            });
            match call.argument {
                _ if !passes => {}
                None => kept.count += by,
                Some(argument) => kept.change(call, batch.columns[argument].value(row), by),
            }
        }
    }

    /// The aggregates; none where no row is left.
    pub fn output(&self, calls: &[AggregateCall]) -> Option<Vec<Value>> {
        let values = self.calls.iter().zip(calls).map(|(kept, call)| kept.output(call));
        (self.rows > 0).then(|| values.collect())
    }
}

impl Entry for Group {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.rows, out);
        put_i64(self.calls.len() as i64, out);
        for kept in &self.calls {
            put_i64(kept.count, out);
            put_i64(kept.int, out);
            put_i64(kept.float.to_bits() as i64, out);
            // Less than none: a list stands before the values.
            if !kept.list.is_empty() {
                put_i64(-(kept.list.len() as i64), out);
                kept.list.iter().for_each(|value| row::encode_value(value, out));
            }
            put_i64(kept.values.len() as i64, out);
            for (value, count) in &kept.values {
                row::encode_value(&value.0, out);
                put_i64(*count, out);
            }
        }
        // Behind all else, where there are any: sums of decimals, and squared distances. How much
        // stands there tells which.
        if self.calls.iter().any(|kept| kept.decimal != Unscaled::default()) {
            self.calls.iter().for_each(|kept| put_i128(kept.decimal.get(), out));
        }
        if self.calls.iter().any(|kept| kept.squares.to_bits() != 0) {
            self.calls.iter().for_each(|kept| put_i64(kept.squares.to_bits() as i64, out));
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let mut group = Self { rows: take_i64(from)?, calls: Vec::new() };
        for _ in 0..take_i64(from)? {
            let (count, int) = (take_i64(from)?, take_i64(from)?);
            let float = f64::from_bits(take_i64(from)? as u64);
            let mut kept = Kept { count, int, float, ..Kept::default() };
            let mut values = take_i64(from)?;
            if values < 0 {
                let list = (values..0).map(|_| row::take_value(from));
                kept.list = list.collect::<Option<_>>()?;
                values = take_i64(from)?;
            }
            for _ in 0..values {
                let value = Ordered(row::take_value(from)?);
                kept.values.insert(value, take_i64(from)?);
            }
            group.calls.push(kept);
        }
        let calls = group.calls.len();
        if from.len() >= calls * size_of::<i128>() {
            for kept in &mut group.calls {
                kept.decimal = Unscaled::new(take_i128(from)?);
            }
        }
        if !from.is_empty() {
            for kept in &mut group.calls {
                kept.squares = f64::from_bits(take_i64(from)? as u64);
            }
        }
        from.is_empty().then_some(group)
    }

    fn heap_bytes(&self) -> usize {
        let values = |kept: &Kept| size_of::<Kept>() + (kept.values.len() + kept.list.len()) * 64;
        self.calls.iter().map(values).sum()
    }
}

/// The operator. A group whose last row goes is deleted.
pub struct RetractingAggregate {
    keys: Vec<usize>,
    calls: Vec<AggregateCall>,
    per_row: bool,
    table: Table<Box<Group>>,
    /// Groups changed since the last flush, and what they were.
    before: HashMap<u32, Option<Vec<Value>>, ahash::RandomState>,
    dirty: Vec<u32>,
    results: BatchBuilder,
    watermark: i64,
    stamp_us: i64,
}

impl RetractingAggregate {
    /// `keys` are columns of the input, of types `key_types`; `per_row`: every change goes out
    /// by itself. With `ttl_ms` a group is over once event time has passed its last change by it,
    /// and a row that is taken back from a group that is not there changes nothing.
    pub fn new(
        keys: Vec<usize>,
        key_types: Vec<DataType>,
        calls: Vec<AggregateCall>,
        (per_row, ttl_ms): (bool, Option<i64>),
        dictionary: SharedKeys,
    ) -> Self {
        let values = calls.iter().map(|call| call.data_type.clone());
        let results = BatchBuilder::new(key_types.into_iter().chain(values).collect());
        Self {
            keys,
            calls,
            per_row,
            table: Table::new(dictionary).expiring(ttl_ms),
            before: HashMap::default(),
            dirty: Vec::new(),
            results,
            watermark: i64::MIN,
            stamp_us: 0,
        }
    }

    /// Event time before a row of a group, or behind a batch, has come this far.
    fn reach(&mut self, watermark: i64, slot: Option<u32>, out: &mut Output) {
        if watermark > self.watermark {
            // What was told so far is of the time before.
            self.send(out);
        }
        if let Some(over) = self.table.pass(watermark, slot) {
            // What changed before it was over is still told.
            self.tell(out);
            self.send(out);
            out.expired += self.table.let_go(over);
        }
        self.watermark = self.watermark.max(watermark);
    }

    fn take(&mut self, slot: u32, batch: &Batch, row: usize) {
        let is_absent = self.table.get(slot).is_none();
        if self.table.expires() && is_absent && batch.kind(row).is_retract() {
            return;
        }
        if !self.before.contains_key(&slot) {
            let before = self.table.get(slot).and_then(|group| group.output(&self.calls));
            self.before.insert(slot, before);
            self.dirty.push(slot);
            self.table.keys().borrow_mut().retain(slot);
        }
        let group = self.table.touch(slot);
        group.change(&self.calls, batch, row);
    }

    /// Tells how the groups that were touched have changed.
    fn tell(&mut self, out: &mut Output) {
        for slot in std::mem::take(&mut self.dirty) {
            let old = self.before.remove(&slot).flatten();
            let new = self.table.get(slot).and_then(|group| group.output(&self.calls));
            match (&old, &new) {
                // Told nevertheless, it keeps what stands behind from forgetting it.
                (Some(old), Some(new)) if old == new && !self.table.expires() => {}
                (Some(old), Some(new)) => {
                    self.push(slot, old, ChangeKind::UpdateBefore);
                    self.push(slot, new, ChangeKind::UpdateAfter);
                }
                (Some(old), None) => self.push(slot, old, ChangeKind::Delete),
                (None, Some(new)) => self.push(slot, new, ChangeKind::Insert),
                (None, None) => {}
            }
            // A group may stand below zero for a moment, where changes come from two sides.
            if self.table.get(slot).is_some_and(|group| group.rows == 0) {
                self.table.remove(slot);
            }
            self.table.keys().borrow_mut().release(slot);
            if self.results.len() + 2 > BATCH {
                self.send(out);
            }
        }
    }

    fn push(&mut self, slot: u32, values: &[Value], kind: ChangeKind) {
        let (keys, columns) = self.results.columns().split_at_mut(self.keys.len());
        key::decode(self.table.keys().borrow().key(slot), keys);
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push_value(value));
        self.results.end_row(kind);
    }

    fn send(&mut self, out: &mut Output) {
        let batch = self.results.finish(BatchTime::at(self.watermark));
        out.emit(Batch { stamp_us: self.stamp_us, ..batch });
    }
}

impl Operator for RetractingAggregate {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        if self.stamp_us == 0 || (batch.stamp_us != 0 && batch.stamp_us < self.stamp_us) {
            self.stamp_us = batch.stamp_us;
        }
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        for (row, &slot) in batch.row_ids().zip(&slots) {
            if self.table.expires() {
                self.reach(batch.time.before_row(row), Some(slot), out);
            }
            self.take(slot, &batch, row);
            if self.per_row {
                self.tell(out);
            }
        }
        self.send(out);
        self.table.keys().borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.reach(watermark, None, out);
        Progress::Done
    }

    fn flush(&mut self, out: &mut Output) {
        self.tell(out);
        self.send(out);
        self.stamp_us = 0;
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("groups", &mut self.table)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: AggregateFunction, of: DataType, argument: usize) -> AggregateCall {
        AggregateCall {
            function,
            argument: Some(argument),
            argument_type: of.clone(),
            distinct: false,
            filter: None,
            data_type: of,
        }
    }

    #[test]
    fn a_variance_goes_back_to_what_it_was() {
        let calls = [call(AggregateFunction::SquaredDistances, DataType::Double, 0)];
        let mut kept = Kept::default();
        let change = |kept: &mut Kept, value: f64, by| {
            kept.change(&calls[0], Value::F64(value), by);
            kept.output(&calls[0])
        };
        assert_eq!(change(&mut kept, 2.0, 1), Value::F64(0.0));
        assert_eq!(change(&mut kept, 4.0, 1), Value::F64(2.0));
        assert_eq!(change(&mut kept, 9.0, 1), Value::F64(26.0));
        assert_eq!(change(&mut kept, 9.0, -1), Value::F64(2.0));
        assert_eq!(change(&mut kept, 2.0, -1), Value::F64(0.0));
        assert_eq!(change(&mut kept, 4.0, -1), Value::Null);
        // One that is taken back before it comes.
        assert_eq!(change(&mut kept, 7.0, -1), Value::Null);
        assert_eq!(change(&mut kept, 7.0, 1), Value::Null);
        assert_eq!(change(&mut kept, 5.0, 1), Value::F64(0.0));
    }

    #[test]
    fn decimals_and_squared_distances_are_told_apart_in_what_is_written() {
        let kept = |decimal: i128, squares: f64| Kept {
            count: 2,
            float: 1.5,
            squares,
            decimal: Unscaled::new(decimal),
            ..Kept::default()
        };
        for width in 1..4 {
            for (decimal, squares) in [(0, 0.0), (7, 0.0), (0, 2.5), (-7, 2.5)] {
                let mut calls = vec![Kept::default(); width];
                calls[width - 1] = kept(decimal, squares);
                let group = Group { rows: 3, calls };
                let mut bytes = Vec::new();
                group.encode(&mut bytes);
                let read = Group::decode(&bytes).unwrap();
                let parts = |group: &Group| {
                    let of = |it: &Kept| (it.count, it.float, it.squares, it.decimal.get());
                    (group.rows, group.calls.iter().map(of).collect::<Vec<_>>())
                };
                assert_eq!(parts(&read), parts(&group));
                assert!(Group::decode(&bytes[..bytes.len() - 1]).is_none());
            }
        }
    }
}
