//! Accumulators, column-wise: what each aggregate keeps for each row of a table or pane.

use std::collections::HashSet;

use super::sketch::{DistinctCounter, Sketch};
use super::{AggregateCall, AggregateFunction, decimal};
use crate::record::{Batch, Column, ColumnBuilder, ColumnData, ColumnRef, DataType, Value, key};
use crate::state::Chunked;
use crate::state::entry::{put_bytes, put_i64, put_i128, take_bytes, take_i64, take_i128};

/// The form of the values that a sum or an extreme is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Only the count is kept.
    None,
    Int,
    Float,
    Decimal,
    /// Mean, and squared distances from it.
    Spread,
    /// Texts, and bytes.
    Text,
    Sketch,
}

type Values = HashSet<Box<[u8]>, ahash::RandomState>;

/// One aggregate over all rows. Vectors that its form does not need stay empty.
#[derive(Clone, Debug)]
struct Accumulator {
    call: AggregateCall,
    form: Form,
    /// Partial columns.
    width: usize,
    /// Values taken that are not NULL: 0 makes every aggregate but COUNT NULL.
    count: Chunked<i64>,
    ints: Chunked<i64>,
    decimals: Chunked<i128>,
    floats: Chunked<f64>,
    /// With the mean in `floats`: the sum of squared distances from it.
    squares: Chunked<f64>,
    texts: Chunked<Option<Box<[u8]>>>,
    distinct: Chunked<Option<Box<Values>>>,
    sketches: Chunked<Option<Box<Sketch>>>,
}

impl Accumulator {
    fn new(call: AggregateCall) -> Self {
        use AggregateFunction::{Count, CountStar, SquaredDistances};
        let form = match (call.function, &call.argument_type) {
            (Count | CountStar, _) => Form::None,
            (SquaredDistances, _) => Form::Spread,
            (function, _) if function.is_summary() => Form::Sketch,
            (_, argument) if argument.is_string() || argument.is_binary() => Form::Text,
            (_, DataType::Decimal(_)) => Form::Decimal,
            (_, argument) if argument.is_approximate() => Form::Float,
            _ => Form::Int,
        };
        Self {
            width: call.partial_types().len(),
            call,
            form,
            count: Chunked::default(),
            ints: Chunked::default(),
            decimals: Chunked::default(),
            floats: Chunked::default(),
            squares: Chunked::default(),
            texts: Chunked::default(),
            distinct: Chunked::default(),
            sketches: Chunked::default(),
        }
    }

    fn grow(&mut self, rows: usize) {
        self.count.grow(rows);
        match self.form {
            Form::None => {}
            Form::Int => self.ints.grow(rows),
            Form::Decimal => self.decimals.grow(rows),
            Form::Float => self.floats.grow(rows),
            Form::Spread => {
                self.floats.grow(rows);
                self.squares.grow(rows);
            }
            Form::Text => self.texts.grow(rows),
            Form::Sketch => self.sketches.grow(rows),
        }
        if self.call.distinct {
            self.distinct.grow(rows);
        }
    }

    fn clear(&mut self, at: usize) {
        self.count[at] = 0;
        match self.form {
            Form::None => {}
            Form::Int => self.ints[at] = 0,
            Form::Decimal => self.decimals[at] = 0,
            Form::Float => self.floats[at] = 0.0,
            Form::Spread => (self.floats[at], self.squares[at]) = (0.0, 0.0),
            Form::Text => self.texts[at] = None,
            Form::Sketch => self.sketches[at] = None,
        }
        if self.call.distinct {
            self.distinct[at] = None;
        }
    }

    fn update(&mut self, slots: &[u32], rows: &[u32], batch: &Batch) {
        let filter = self.call.filter.map(|column| batch.columns[column].clone());
        let argument = self.call.argument.map(|column| batch.columns[column].clone());
        if filter.is_none() && argument.is_none() {
            for &slot in slots {
                self.count[slot as usize] += 1;
            }
            return;
        }
        for (&slot, &row) in slots.iter().zip(rows) {
            let (slot, row) = (slot as usize, row as usize);
            if let Some(filter) = &filter
                && (filter.is_null(row) || !filter.as_bools()[row])
            {
                continue;
            }
            match &argument {
                None => self.count[slot] += 1,
                Some(column) => self.take(slot, column, row),
            }
        }
    }

    #[inline]
    fn take(&mut self, at: usize, column: &Column, row: usize) {
        if column.is_null(row) {
            return;
        }
        if self.call.distinct {
            let mut value = Vec::with_capacity(16);
            key::encode_value(column, row, &mut value);
            if !self.distinct[at].get_or_insert_default().insert(value.into()) {
                return;
            }
        }
        match (&column.data, self.form) {
            (ColumnData::I64(values), Form::Int) => self.take_int(at, values[row]),
            (ColumnData::Bool(values), Form::Int) => self.take_int(at, values[row] as i64),
            (ColumnData::F64(values), Form::Float) => self.take_float(at, values[row]),
            (ColumnData::I64(values), Form::Spread) => self.spread(at, values[row] as f64),
            (ColumnData::F64(values), Form::Spread) => self.spread(at, values[row]),
            (ColumnData::I128(values), Form::Decimal) => self.take_decimal(at, values[row]),
            (ColumnData::Str(values) | ColumnData::Bytes(values), Form::Text) => {
                self.take_text(at, values.bytes(row));
            }
            (_, Form::Sketch) => self.take_sketched(at, column, row),
            _ => {}
        }
        self.count[at] += 1;
    }

    fn sketch(&mut self, at: usize) -> &mut Sketch {
        let function = self.call.function;
        self.sketches[at].get_or_insert_with(|| {
            Box::new(match function {
                AggregateFunction::ApproxPercentile(_) => Sketch::Quantiles(Default::default()),
                AggregateFunction::Collect => Sketch::Counted(Default::default()),
                _ => Sketch::Distinct(DistinctCounter::new()),
            })
        })
    }

    fn take_sketched(&mut self, at: usize, column: &Column, row: usize) {
        if self.call.function == AggregateFunction::ApproxCountDistinct {
            let mut value = Vec::with_capacity(32);
            key::encode_value(column, row, &mut value);
            return self.sketch(at).add_bytes(&value);
        }
        match &column.data {
            ColumnData::I64(values) => self.sketch(at).add_number(values[row] as f64),
            ColumnData::F64(values) => self.sketch(at).add_number(values[row]),
            ColumnData::Bytes(values) => self.sketch(at).add_bytes(values.bytes(row)),
            _ => {}
        }
    }

    /// Whether a value replaces the one that is held, to which it is `order`.
    fn replaces(&self, at: usize, order: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Greater, Less};
        let first = self.count[at] == 0;
        match self.call.function {
            AggregateFunction::Min => first || order == Some(Less),
            AggregateFunction::First => first,
            AggregateFunction::Last => true,
            _ => first || order == Some(Greater),
        }
    }

    fn take_int(&mut self, at: usize, value: i64) {
        if !self.call.function.picks() {
            self.ints[at] = self.ints[at].wrapping_add(value);
        } else if self.replaces(at, Some(value.cmp(&self.ints[at]))) {
            self.ints[at] = value;
        }
    }

    fn take_float(&mut self, at: usize, value: f64) {
        if !self.call.function.picks() {
            // Of FLOATs, Flink keeps a FLOAT.
            let single = self.call.function == AggregateFunction::Sum
                && self.call.data_type == DataType::Float;
            let sum = self.floats[at] + value;
            self.floats[at] = if single { f64::from(sum as f32) } else { sum };
        } else if self.replaces(at, value.partial_cmp(&self.floats[at])) {
            self.floats[at] = value;
        }
    }

    fn take_decimal(&mut self, at: usize, value: i128) {
        let held = self.decimals[at];
        match self.call.function {
            AggregateFunction::Sum => self.decimals[at] = decimal::add(held, value),
            AggregateFunction::Avg => self.decimals[at] = decimal::add_for_mean(held, value),
            _ if self.replaces(at, Some(value.cmp(&held))) => self.decimals[at] = value,
            _ => {}
        }
    }

    /// Welford's update: B. P. Welford, Note on a method for calculating corrected sums of squares
    /// and products, Technometrics 4 (1962).
    fn spread(&mut self, at: usize, value: f64) {
        let before = value - self.floats[at];
        self.floats[at] += before / (self.count[at] + 1) as f64;
        self.squares[at] += before * (value - self.floats[at]);
    }

    /// The same for two sets: T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a
    /// pairwise algorithm for computing sample variances (1979).
    fn merge_spread(&mut self, at: usize, other: &Self, from: usize) {
        let (mine, theirs) = (self.count[at] as f64, other.count[from] as f64);
        let apart = other.floats[from] - self.floats[at];
        self.floats[at] += apart * theirs / (mine + theirs);
        self.squares[at] += other.squares[from] + apart * apart * mine * theirs / (mine + theirs);
    }

    fn take_text(&mut self, at: usize, value: &[u8]) {
        if self.call.function == AggregateFunction::Concat {
            let held = self.texts[at].as_deref().unwrap_or_default();
            self.texts[at] = Some([held, value].concat().into());
            return;
        }
        let order = self.texts[at].as_deref().map(|held| value.cmp(held));
        if self.replaces(at, order) {
            self.texts[at] = Some(value.into());
        }
    }

    fn merge(&mut self, at: usize, other: &Self, from: usize) {
        if let Some(values) = other.distinct_at(from) {
            return self.merge_distinct(at, values);
        }
        if other.count[from] == 0 {
            return;
        }
        match self.form {
            Form::None => {}
            Form::Int => self.take_int(at, other.ints[from]),
            Form::Float => self.take_float(at, other.floats[from]),
            Form::Decimal => self.take_decimal(at, other.decimals[from]),
            Form::Spread => self.merge_spread(at, other, from),
            Form::Sketch => {
                if let Some(theirs) = &other.sketches[from] {
                    self.sketch(at).merge(theirs);
                }
            }
            Form::Text => {
                if let Some(text) = &other.texts[from] {
                    self.take_text(at, text);
                }
            }
        }
        self.count[at] += other.count[from];
    }

    /// Takes back what `merge` has added.
    fn subtract(&mut self, at: usize, other: &Self, from: usize) {
        self.count[at] -= other.count[from];
        if self.form == Form::Int {
            self.ints[at] = self.ints[at].wrapping_sub(other.ints[from]);
        }
    }

    fn is_subtractable(&self) -> bool {
        let sums = self.form == Form::Int && !self.call.function.picks();
        !self.call.distinct && (self.form == Form::None || sums)
    }

    fn distinct_at(&self, at: usize) -> Option<&Values> {
        if self.call.distinct { self.distinct[at].as_deref() } else { None }
    }

    fn merge_distinct(&mut self, at: usize, values: &Values) {
        for value in values {
            let mut builder = [ColumnBuilder::for_type(&self.call.argument_type, 1)];
            let known = self.distinct[at].get_or_insert_default().contains(value);
            if !known && key::decode(value, &mut builder) {
                let [builder] = builder;
                self.take(at, &builder.finish(), 0);
            }
        }
    }

    fn output(&self, at: usize, out: &mut ColumnBuilder) {
        use AggregateFunction::{
            ApproxCountDistinct, ApproxPercentile, Avg, Collect, Count, CountStar,
        };
        let count = self.count[at];
        match (self.call.function, self.form) {
            (Count | CountStar, _) => out.push_i64(count),
            (ApproxCountDistinct, _) => {
                out.push_i64(self.sketches[at].as_ref().map_or(0, |sketch| sketch.distinct()));
            }
            _ if count == 0 => out.push_null(),
            (ApproxPercentile(share), _) => {
                let found = self.sketches[at].as_ref().and_then(|it| it.quantile(share.get()));
                out.push_value(&found.map_or(Value::Null, Value::F64));
            }
            (Collect, _) => {
                let mut counted = Vec::new();
                self.sketches[at].iter().for_each(|it| it.counted(&mut counted));
                out.push_bytes(&counted);
            }
            (Avg, Form::Int) => out.push_i64(self.call.data_type.wrap(self.ints[at] / count)),
            (Avg, Form::Float) => self.push_float(self.floats[at] / count as f64, out),
            (function, Form::Int)
                if function.picks() && self.call.data_type == DataType::Boolean =>
            {
                out.push_bool(self.ints[at] != 0)
            }
            (_, Form::Int) => out.push_i64(self.call.data_type.wrap(self.ints[at])),
            (_, Form::Float) => self.push_float(self.floats[at], out),
            (_, Form::Decimal) => self.push_decimal(at, out),
            (_, Form::Spread) => out.push_f64(self.squares[at]),
            (_, Form::Text) => out.push_bytes(self.texts[at].as_deref().unwrap_or_default()),
            (_, Form::None | Form::Sketch) => out.push_null(),
        }
    }

    fn push_decimal(&self, at: usize, out: &mut ColumnBuilder) {
        let held = self.decimals[at];
        let value = match self.call.function {
            AggregateFunction::Avg => {
                let scale = self.call.argument_type.scale();
                decimal::mean(held, self.count[at], scale, &self.call.data_type)
            }
            _ => decimal::total(held),
        };
        match value {
            Some(value) => out.push_i128(value),
            None => out.push_null(),
        }
    }

    fn push_float(&self, value: f64, out: &mut ColumnBuilder) {
        let single = self.call.data_type == DataType::Float;
        out.push_f64(if single { value as f32 as f64 } else { value });
    }

    /// What the second phase needs of a row: see [`AggregateCall::partial_types`]. Sums are not
    /// narrowed to their type yet, as that commutes with adding.
    fn output_partial(&self, at: usize, out: &mut [ColumnBuilder]) {
        let [value, rest @ ..] = out else {
            return;
        };
        let count = self.count[at];
        match self.form {
            Form::None => value.push_i64(count),
            _ if count == 0 => value.push_null(),
            Form::Int => value.push_i64(self.ints[at]),
            Form::Float => value.push_f64(self.floats[at]),
            Form::Decimal => match decimal::total(self.decimals[at]) {
                Some(sum) => value.push_i128(sum),
                None => value.push_null(),
            },
            // Not sent in part.
            Form::Spread | Form::Sketch => value.push_null(),
            Form::Text => value.push_bytes(self.texts[at].as_deref().unwrap_or_default()),
        }
        rest.iter_mut().for_each(|counts| counts.push_i64(count));
    }

    /// Takes partial results, the i-th of `rows` into row `slots[i]`.
    fn merge_partials(&mut self, slots: &[u32], rows: &[u32], columns: &[ColumnRef]) {
        let [value, rest @ ..] = columns else {
            return;
        };
        for (&slot, &row) in slots.iter().zip(rows) {
            let (at, row) = (slot as usize, row as usize);
            if value.is_null(row) {
                continue;
            }
            match (&value.data, self.form) {
                (ColumnData::I64(values), Form::None) => {
                    self.count[at] += values[row];
                    continue;
                }
                (ColumnData::I64(values), Form::Int) => self.take_int(at, values[row]),
                (ColumnData::F64(values), Form::Float) => self.take_float(at, values[row]),
                (ColumnData::I128(values), Form::Decimal) => self.take_decimal(at, values[row]),
                (ColumnData::Str(values) | ColumnData::Bytes(values), Form::Text) => {
                    self.take_text(at, values.bytes(row));
                }
                _ => continue,
            }
            // Only an average needs to know how many there were.
            self.count[at] += rest.first().map_or(1, |counts| counts.as_i64s()[row]);
        }
    }

    fn save(&self, at: usize, out: &mut Vec<u8>) {
        put_i64(self.count[at], out);
        match self.form {
            Form::None => {}
            Form::Int => put_i64(self.ints[at], out),
            Form::Decimal => put_i128(self.decimals[at], out),
            Form::Float => put_i64(self.floats[at].to_bits() as i64, out),
            Form::Spread => {
                put_i64(self.floats[at].to_bits() as i64, out);
                put_i64(self.squares[at].to_bits() as i64, out);
            }
            Form::Text => put_bytes(self.texts[at].as_deref().unwrap_or_default(), out),
            Form::Sketch if self.count[at] > 0 => {
                self.sketches[at].iter().for_each(|sketch| sketch.save(out));
            }
            Form::Sketch => {}
        }
        if self.call.distinct {
            put_i64(self.distinct_at(at).map_or(0, |values| values.len() as i64), out);
            for value in self.distinct_at(at).into_iter().flatten() {
                put_bytes(value, out);
            }
        }
    }

    fn load(&mut self, at: usize, from: &mut &[u8]) -> Option<()> {
        self.count[at] = take_i64(from)?;
        match self.form {
            Form::None => {}
            Form::Int => self.ints[at] = take_i64(from)?,
            Form::Decimal => self.decimals[at] = take_i128(from)?,
            Form::Float => self.floats[at] = f64::from_bits(take_i64(from)? as u64),
            Form::Spread => {
                self.floats[at] = f64::from_bits(take_i64(from)? as u64);
                self.squares[at] = f64::from_bits(take_i64(from)? as u64);
            }
            Form::Text => {
                let text = take_bytes(from)?;
                self.texts[at] = (self.count[at] > 0).then(|| text.into());
            }
            Form::Sketch if self.count[at] > 0 => self.sketch(at).load(from)?,
            Form::Sketch => {}
        }
        if self.call.distinct {
            for _ in 0..take_i64(from)? {
                let value = take_bytes(from)?.into();
                self.distinct[at].get_or_insert_default().insert(value);
            }
        }
        Some(())
    }

    fn bytes(&self) -> u64 {
        let flat =
            self.count.bytes() + self.ints.bytes() + self.floats.bytes() + self.squares.bytes();
        let values = self.decimals.bytes() + self.texts.bytes() + self.sketches.bytes();
        flat + values + self.distinct.bytes()
    }
}

/// All aggregates of one GROUP BY over the rows of a table or a pane.
#[derive(Clone, Debug)]
pub struct Accumulators {
    list: Vec<Accumulator>,
    rows: usize,
}

impl Accumulators {
    pub fn new(calls: &[AggregateCall]) -> Self {
        Self { list: calls.iter().cloned().map(Accumulator::new).collect(), rows: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Room for `rows` rows; new ones hold nothing yet.
    pub fn grow(&mut self, rows: usize) {
        if rows > self.rows {
            self.list.iter_mut().for_each(|one| one.grow(rows));
            self.rows = rows;
        }
    }

    /// Takes `rows` of the batch, the i-th into row `slots[i]`.
    pub fn update(&mut self, slots: &[u32], rows: &[u32], batch: &Batch) {
        self.list.iter_mut().for_each(|one| one.update(slots, rows, batch));
    }

    /// Adds row `from` of another set of the same calls to row `at`.
    pub fn merge(&mut self, at: usize, other: &Self, from: usize) {
        for (one, other) in self.list.iter_mut().zip(&other.list) {
            one.merge(at, other, from);
        }
    }

    /// Whether [`Accumulators::subtract`] is exact for all calls.
    pub fn are_subtractable(&self) -> bool {
        self.list.iter().all(Accumulator::is_subtractable)
    }

    /// Takes row `from` of another set, which has been merged into row `at`, out of it.
    pub fn subtract(&mut self, at: usize, other: &Self, from: usize) {
        for (one, other) in self.list.iter_mut().zip(&other.list) {
            one.subtract(at, other, from);
        }
    }

    /// One value into each builder.
    pub fn output(&self, at: usize, out: &mut [ColumnBuilder]) {
        for (one, out) in self.list.iter().zip(out) {
            one.output(at, out);
        }
    }

    /// The partial columns of all calls, one value into each builder.
    pub fn output_partials(&self, at: usize, mut out: &mut [ColumnBuilder]) {
        for one in &self.list {
            let (columns, rest) = out.split_at_mut(one.width);
            one.output_partial(at, columns);
            out = rest;
        }
    }

    /// Takes `rows` of the partial columns of all calls, the i-th into row `slots[i]`.
    pub fn merge_partials(&mut self, slots: &[u32], rows: &[u32], mut columns: &[ColumnRef]) {
        for one in &mut self.list {
            let (own, rest) = columns.split_at(one.width);
            one.merge_partials(slots, rows, own);
            columns = rest;
        }
    }

    pub fn clear(&mut self, at: usize) {
        self.list.iter_mut().for_each(|one| one.clear(at));
    }

    pub fn save(&self, at: usize, out: &mut Vec<u8>) {
        self.list.iter().for_each(|one| one.save(at, out));
    }

    /// None where the bytes end early or are not what `save` wrote.
    pub fn load(&mut self, at: usize, from: &mut &[u8]) -> Option<()> {
        self.list.iter_mut().try_for_each(|one| one.load(at, from))
    }

    pub fn bytes(&self) -> u64 {
        self.list.iter().map(Accumulator::bytes).sum()
    }
}
