//! What one key knows for its OVER aggregates: the rows of the frame, and running values.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use super::{OverCall, OverFunction, Variance};
use crate::operator::aggregate::{decimal, put_counted};
use crate::record::{ColumnBuilder, DataType, Value, row};
use crate::state::Entry;
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};

/// Running value of one call.
#[derive(Clone, Debug, Default)]
struct Accumulator {
    /// Values in the frame that are not NULL.
    count: i64,
    int: i64,
    float: f64,
    /// The extreme, the first or last value, or the sum of decimals; of a variance, the sum of the
    /// squares.
    value: Option<Value>,
    /// How often each value stands in the frame, for DISTINCT and COLLECT.
    distinct: Option<HashMap<Box<[u8]>, u64, ahash::RandomState>>,
    /// The values that are put one behind the other, where a list is asked for.
    list: Option<Box<List>>,
}

/// Apart from the accumulator, as few calls have one.
#[derive(Clone, Debug, Default)]
struct List {
    values: VecDeque<Value>,
}

/// The state of one key.
#[derive(Debug)]
pub struct Frame {
    /// Time (ms) of the last row that has gone out.
    pub last_out: i64,
    /// When the key may be forgotten (event time, ms).
    pub cleanup: i64,
    /// Ascending; equal times in the order of arrival. Empty where no row has to leave again.
    times: VecDeque<i64>,
    /// Arguments of the rows of `times`, call after call; calls without an argument have none.
    values: VecDeque<Value>,
    /// The first row that counts; those before it are there for rows that come out of order.
    active: usize,
    /// Of the rows that count.
    accumulators: Vec<Accumulator>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            last_out: i64::MIN,
            cleanup: i64::MIN,
            times: VecDeque::new(),
            values: VecDeque::new(),
            active: 0,
            accumulators: Vec::new(),
        }
    }
}

fn width(calls: &[OverCall]) -> usize {
    calls.iter().filter(|call| call.argument.is_some()).count()
}

impl Frame {
    pub fn is_fresh(&self) -> bool {
        self.last_out == i64::MIN
    }

    /// Adds a row whose time is not before any other's. `keep`: it will have to leave again.
    pub fn add(&mut self, time: i64, arguments: Vec<Value>, calls: &[OverCall], keep: Keep) {
        self.accumulate(&arguments, calls);
        if keep == Keep::Rows {
            self.times.push_back(time);
            self.values.extend(arguments);
        }
    }

    fn accumulate(&mut self, arguments: &[Value], calls: &[OverCall]) {
        self.accumulators.resize_with(calls.len(), Accumulator::default);
        let mut values = arguments.iter();
        for (call, accumulator) in calls.iter().zip(&mut self.accumulators) {
            match call.argument {
                Some(_) => accumulator.add(call, values.next().unwrap_or(&Value::Null)),
                None => accumulator.count += 1,
            }
        }
    }

    /// Adds a row that may have come behind later ones: it stands where its time belongs, and
    /// counts if that is not before `oldest`.
    pub fn insert(&mut self, time: i64, oldest: i64, arguments: Vec<Value>, calls: &[OverCall]) {
        if self.times.back().is_none_or(|&last| last <= time) {
            return self.add(time, arguments, calls, Keep::Rows);
        }
        let at = self.times.partition_point(|&other| other <= time);
        let counts = time >= oldest;
        if counts {
            self.accumulate(&arguments, calls);
        } else {
            self.active += 1;
        }
        self.times.insert(at, time);
        for (offset, value) in arguments.into_iter().enumerate() {
            self.values.insert(at * width(calls) + offset, value);
        }
        if counts {
            self.rescan(calls, |function| {
                function.picks_a_row() || function == OverFunction::Concat
            });
        }
    }

    /// Rows before `time` count no more.
    pub fn slide_to(&mut self, time: i64, calls: &[OverCall]) {
        while self.times.get(self.active).is_some_and(|&first| first < time) {
            self.leave(calls);
        }
    }

    /// Only the newest `rows` count.
    pub fn slide_to_last(&mut self, rows: usize, calls: &[OverCall]) {
        while self.times.len() - self.active > rows {
            self.leave(calls);
        }
    }

    /// Lets all but the newest `rows` go; they have counted for good.
    pub fn keep_newest(&mut self, rows: usize, calls: &[OverCall]) {
        while self.times.len() > rows {
            self.times.pop_front();
            self.values.drain(..width(calls));
        }
    }

    /// Lets rows go that do not count any more and are older than `time`.
    pub fn trim(&mut self, time: i64, calls: &[OverCall]) {
        while self.active > 0 && self.times.front().is_some_and(|&first| first < time) {
            self.times.pop_front();
            self.values.drain(..width(calls));
            self.active -= 1;
        }
    }

    fn leave(&mut self, calls: &[OverCall]) {
        let mut place = self.active * width(calls);
        let mut rescan = false;
        for (call, accumulator) in calls.iter().zip(&mut self.accumulators) {
            match call.argument {
                Some(_) => {
                    rescan |= !accumulator.take_back(call, &self.values[place]);
                    place += 1;
                }
                None => accumulator.count -= 1,
            }
        }
        self.active += 1;
        if rescan {
            self.rescan(calls, OverFunction::picks_a_row);
        }
    }

    /// Computes some functions, such as extremes, anew from the rows that count.
    fn rescan(&mut self, calls: &[OverCall], which: impl Fn(OverFunction) -> bool) {
        if calls.iter().all(|call| !which(call.function)) {
            return;
        }
        let fresh = self.computed(calls, self.active, self.times.len());
        let which = calls.iter().map(|call| which(call.function));
        for ((accumulator, fresh), _) in
            self.accumulators.iter_mut().zip(fresh).zip(which).filter(|(_, which)| *which)
        {
            (accumulator.value, accumulator.list) = (fresh.value, fresh.list);
        }
    }

    fn computed(&self, calls: &[OverCall], from: usize, to: usize) -> Vec<Accumulator> {
        let width = width(calls);
        let mut fresh = vec![Accumulator::default(); calls.len()];
        if width == 0 {
            fresh.iter_mut().for_each(|accumulator| accumulator.count = (to - from) as i64);
            return fresh;
        }
        for at in from..to {
            let mut values = self.values.range(at * width..(at + 1) * width);
            for (call, accumulator) in calls.iter().zip(&mut fresh) {
                match call.argument.and_then(|_| values.next()) {
                    Some(value) => accumulator.add(call, value),
                    None => accumulator.count += 1,
                }
            }
        }
        fresh
    }

    /// One value into each builder, over the rows that count.
    pub fn output(&self, calls: &[OverCall], out: &mut [ColumnBuilder]) {
        for (index, (call, out)) in calls.iter().zip(out).enumerate() {
            match call.function {
                OverFunction::Lag { offset } => out.push_value(&self.before(calls, index, offset)),
                _ => self.accumulators[index].output(call, out),
            }
        }
    }

    /// The same over the rows whose time lies in `from..=to` (ms), which need not be the last.
    pub fn output_of(&self, calls: &[OverCall], from: i64, to: i64, out: &mut [ColumnBuilder]) {
        let first = self.times.partition_point(|&time| time < from);
        let end = self.times.partition_point(|&time| time <= to);
        Self::write(&self.computed(calls, first, end), calls, out);
    }

    fn write(accumulators: &[Accumulator], calls: &[OverCall], out: &mut [ColumnBuilder]) {
        for ((call, accumulator), out) in calls.iter().zip(accumulators).zip(out) {
            accumulator.output(call, out);
        }
    }

    /// The argument of call `index`, `back` rows before the newest.
    fn before(&self, calls: &[OverCall], index: usize, back: usize) -> Value {
        let place = width(&calls[..index]);
        let row = self.times.len().checked_sub(back + 1);
        let value = row.and_then(|row| self.values.get(row * width(calls) + place));
        value.unwrap_or(&calls[index].otherwise).clone()
    }
}

/// Whether the rows of a frame are kept, as they leave it one day, or only their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Rows,
    Sums,
}

impl Accumulator {
    fn add(&mut self, call: &OverCall, value: &Value) {
        if value.is_null() {
            return;
        }
        if call.distinct || call.function == OverFunction::Collect {
            let mut bytes = Vec::new();
            row::encode_value(value, &mut bytes);
            let count = self.distinct.get_or_insert_default().entry(bytes.into()).or_default();
            *count += 1;
            if call.distinct && *count > 1 {
                return;
            }
        }
        self.count += 1;
        match call.function {
            OverFunction::Sum | OverFunction::Avg => match value {
                Value::I64(value) => self.int = self.int.wrapping_add(*value),
                Value::F64(value) => self.shift_float(call, *value),
                Value::Decimal(value) => self.shift_decimal(value.get()),
                _ => {}
            },
            OverFunction::Min | OverFunction::Max => {
                let wanted = if call.function == OverFunction::Min {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
                let replaces = self.value.as_ref().is_none_or(|held| value.order(held) == wanted);
                if replaces {
                    self.value = Some(value.clone());
                }
            }
            OverFunction::FirstValue => {
                self.value.get_or_insert_with(|| value.clone());
            }
            OverFunction::LastValue => self.value = Some(value.clone()),
            OverFunction::Variance(_) => self.sum_squared(value, 1),
            OverFunction::Concat => {
                self.list.get_or_insert_default().values.push_back(value.clone())
            }
            OverFunction::Count | OverFunction::Collect | OverFunction::Lag { .. } => {}
        }
    }

    /// A sum of FLOATs is a FLOAT all along.
    fn shift_float(&mut self, call: &OverCall, by: f64) {
        let sum = self.float + by;
        let is_sum = call.function == OverFunction::Sum;
        self.float = if is_sum { narrow_float(sum, &call.data_type) } else { sum };
    }

    fn decimal_sum(&self) -> i128 {
        match self.value {
            Some(Value::Decimal(sum)) => sum.get(),
            _ => 0,
        }
    }

    fn shift_decimal(&mut self, by: i128) {
        let sum = self.decimal_sum().wrapping_add(by);
        self.value = Some(Value::decimal(sum));
    }

    /// Adds a value and its square to the sums (`by` 1), or takes them off (-1).
    fn sum_squared(&mut self, value: &Value, by: i64) {
        let squares = match (value, &self.value) {
            (Value::I64(x), held) => {
                self.int = self.int.wrapping_add(by.wrapping_mul(*x));
                let held = held.as_ref().and_then(Value::as_i64).unwrap_or(0);
                Value::I64(held.wrapping_add(by.wrapping_mul(x.wrapping_mul(*x))))
            }
            (Value::F64(x), held) => {
                self.float += by as f64 * x;
                let held = if let Some(Value::F64(held)) = held { *held } else { 0.0 };
                Value::F64(held + by as f64 * x * x)
            }
            _ => return,
        };
        self.value = Some(squares);
    }

    /// Over a frame, unlike in a group, Flink computes variances from two sums, those of integers
    /// by divisions of integers.
    fn variance(&self, of: Variance) -> Value {
        let divisor = self.count - i64::from(of.sample);
        if divisor == 0 {
            return Value::Null;
        }
        let root = |variance: f64| if of.root { variance.powf(0.5) } else { variance };
        match &self.value {
            Some(Value::I64(squares)) => {
                let mean = self.int.wrapping_mul(self.int) / self.count;
                let variance = squares.wrapping_sub(mean) / divisor;
                Value::I64(if of.root { root(variance as f64) as i64 } else { variance })
            }
            Some(Value::F64(squares)) => {
                let mean = self.float * self.float / self.count as f64;
                Value::F64(root((squares - mean) / divisor as f64))
            }
            _ => Value::Null,
        }
    }

    fn heap_bytes(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.values.capacity() * size_of::<Value>())
    }

    /// Takes a value of the oldest row back; false where what is left has to be looked through.
    fn take_back(&mut self, call: &OverCall, value: &Value) -> bool {
        if value.is_null() {
            return true;
        }
        if call.distinct || call.function == OverFunction::Collect {
            let mut bytes = Vec::new();
            row::encode_value(value, &mut bytes);
            let counts = self.distinct.get_or_insert_default();
            if let Some(count) = counts.get_mut(bytes.as_slice()) {
                *count -= 1;
                let is_left = *count > 0;
                if is_left && call.distinct {
                    return true;
                }
                if !is_left {
                    counts.remove(bytes.as_slice());
                }
            }
        }
        self.count -= 1;
        match call.function {
            OverFunction::Sum | OverFunction::Avg => match value {
                Value::I64(value) => self.int = self.int.wrapping_sub(*value),
                Value::F64(value) => self.shift_float(call, -value),
                Value::Decimal(value) => self.shift_decimal(-value.get()),
                _ => {}
            },
            OverFunction::Min | OverFunction::Max | OverFunction::FirstValue => {
                return self.value.as_ref().is_some_and(|held| held != value);
            }
            // So that no rounding error stays in an empty frame.
            OverFunction::Variance(_) if self.count == 0 => {
                (self.int, self.float, self.value) = (0, 0.0, None);
            }
            OverFunction::Variance(_) => self.sum_squared(value, -1),
            OverFunction::LastValue if self.count == 0 => self.value = None,
            // The oldest; of DISTINCT, a value keeps the place at which it has come first.
            OverFunction::Concat => {
                if let Some(list) = &mut self.list
                    && let Some(at) = list.values.iter().position(|known| known == value)
                {
                    list.values.remove(at);
                }
            }
            _ => {}
        }
        true
    }

    /// The values of a list, one behind the other.
    fn joined(&self, out: &mut ColumnBuilder) {
        let mut bytes = Vec::new();
        for value in self.list.iter().flat_map(|list| &list.values) {
            match value {
                Value::Str(text) => bytes.extend_from_slice(text.as_bytes()),
                Value::Bytes(packed) => bytes.extend_from_slice(packed),
                _ => {}
            }
        }
        out.push_bytes(&bytes);
    }

    /// The values with their counts, each once if they are `distinct`.
    fn counted(&self, distinct: bool, out: &mut ColumnBuilder) {
        let mut bytes = Vec::new();
        let mut values: Vec<_> = self.distinct.iter().flatten().collect();
        values.sort_unstable();
        for (value, count) in values {
            if let Some(Value::Bytes(packed)) = row::take_value(&mut &**value) {
                put_counted(&packed, if distinct { 1 } else { *count as i64 }, &mut bytes);
            }
        }
        out.push_bytes(&bytes);
    }

    fn output(&self, call: &OverCall, out: &mut ColumnBuilder) {
        match call.function {
            OverFunction::Count => out.push_i64(self.count),
            _ if self.count == 0 => out.push_null(),
            OverFunction::Sum if call.data_type.is_approximate() => {
                out.push_f64(narrow_float(self.float, &call.data_type));
            }
            OverFunction::Avg if call.data_type.is_approximate() => {
                out.push_f64(narrow_float(self.float / self.count as f64, &call.data_type));
            }
            OverFunction::Sum | OverFunction::Avg if call.data_type.is_decimal() => {
                let sum = self.decimal_sum();
                let value = match call.function {
                    OverFunction::Avg => {
                        decimal::mean(sum, self.count, call.scale, &call.data_type)
                    }
                    _ => decimal::total(sum),
                };
                out.push_value(&value.map_or(Value::Null, Value::decimal));
            }
            OverFunction::Sum => out.push_i64(call.data_type.wrap(self.int)),
            OverFunction::Avg => out.push_i64(call.data_type.wrap(self.int / self.count)),
            OverFunction::Lag { .. } => out.push_null(),
            OverFunction::Concat => self.joined(out),
            OverFunction::Collect => self.counted(call.distinct, out),
            OverFunction::Variance(of) => out.push_value(&match self.variance(of) {
                Value::F64(value) => Value::F64(narrow_float(value, &call.data_type)),
                Value::I64(value) => Value::I64(call.data_type.wrap(value)),
                other => other,
            }),
            _ => out.push_value(self.value.as_ref().unwrap_or(&Value::Null)),
        }
    }
}

/// One call over values that are all there.
pub fn aggregate<'a>(call: &OverCall, values: impl Iterator<Item = &'a Value>) -> Value {
    let mut accumulator = Accumulator::default();
    for value in values {
        match call.argument {
            Some(_) => accumulator.add(call, value),
            None => accumulator.count += 1,
        }
    }
    let mut out = ColumnBuilder::for_type(&call.data_type, 1);
    accumulator.output(call, &mut out);
    out.finish().value(0)
}

fn narrow_float(value: f64, data_type: &DataType) -> f64 {
    if *data_type == DataType::Float { value as f32 as f64 } else { value }
}

impl Entry for Frame {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.last_out, out);
        put_i64(self.cleanup, out);
        put_i64(self.active as i64, out);
        put_i64(self.times.len() as i64, out);
        self.times.iter().for_each(|&time| put_i64(time, out));
        put_i64(self.values.len() as i64, out);
        self.values.iter().for_each(|value| row::encode_value(value, out));
        put_i64(self.accumulators.len() as i64, out);
        for accumulator in &self.accumulators {
            put_i64(accumulator.count, out);
            put_i64(accumulator.int, out);
            put_i64(accumulator.float.to_bits() as i64, out);
            row::encode_value(accumulator.value.as_ref().unwrap_or(&Value::Null), out);
            // Less than none: a list stands before the values.
            if let Some(list) = accumulator.list.as_ref().filter(|list| !list.values.is_empty()) {
                put_i64(-(list.values.len() as i64), out);
                list.values.iter().for_each(|value| row::encode_value(value, out));
            }
            let distinct = accumulator.distinct.iter().flatten();
            put_i64(distinct.clone().count() as i64, out);
            for (value, count) in distinct {
                put_bytes(value, out);
                put_i64(*count as i64, out);
            }
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let (last_out, cleanup) = (take_i64(from)?, take_i64(from)?);
        let active = take_i64(from)? as usize;
        let mut frame = Self { last_out, cleanup, active, ..Self::default() };
        for _ in 0..take_i64(from)? {
            frame.times.push_back(take_i64(from)?);
        }
        for _ in 0..take_i64(from)? {
            frame.values.push_back(row::take_value(from)?);
        }
        for _ in 0..take_i64(from)? {
            let mut accumulator = Accumulator {
                count: take_i64(from)?,
                int: take_i64(from)?,
                float: f64::from_bits(take_i64(from)? as u64),
                value: Some(row::take_value(from)?).filter(|value| !value.is_null()),
                ..Accumulator::default()
            };
            let mut distinct = take_i64(from)?;
            if distinct < 0 {
                let list = (distinct..0).map(|_| row::take_value(from));
                let values = list.collect::<Option<_>>()?;
                accumulator.list = Some(Box::new(List { values }));
                distinct = take_i64(from)?;
            }
            for _ in 0..distinct {
                let value = take_bytes(from)?.into();
                let count = take_i64(from)? as u64;
                accumulator.distinct.get_or_insert_default().insert(value, count);
            }
            frame.accumulators.push(accumulator);
        }
        (from.is_empty() && active <= frame.times.len()).then_some(frame)
    }

    fn heap_bytes(&self) -> usize {
        self.times.capacity() * 8
            + self.values.capacity() * size_of::<Value>()
            + self.accumulators.capacity() * size_of::<Accumulator>()
            + self.accumulators.iter().map(Accumulator::heap_bytes).sum::<usize>()
    }
}
