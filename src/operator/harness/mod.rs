//! Runs operators over inputs cut in every way: the result must be that of a plain model.

mod changes;
mod cost;
mod groups;
mod joins;
mod joins_ttl;
mod late_windows;
mod lookups;
mod model;
mod over;
mod patterns;
mod restarts;
mod saves;
mod sequences;
mod sort;
mod tables;
mod ttl;
mod windows;

use std::sync::Arc;

use restarts::Restarts;
use saves::Saves;

use super::aggregate::{AggregateCall, AggregateFunction};
use super::{Operator, Output, Progress};
use crate::decimal::DecimalType;
use crate::record::{Batch, BatchTime, ChangeKind, ColumnBuilder, DataType, Message, Value};

/// One value for each of the columns below.
type Row = Vec<Value>;

const KEY: usize = 0;
const TIME: usize = 1;
const LONG: usize = 2;
const DOUBLE: usize = 3;
const TEXT: usize = 4;
const FLAG: usize = 5;
const INT: usize = 6;
const DECIMAL: usize = 7;
const BYTES: usize = 8;
const TYPES: [DataType; 9] = [
    DataType::BigInt,
    DataType::BigInt,
    DataType::BigInt,
    DataType::Double,
    DataType::STRING,
    DataType::Boolean,
    DataType::Int,
    DataType::Decimal(DecimalType::new(24, 2)),
    DataType::BYTES,
];

/// What the watermark stays behind the highest time.
const DELAY: i64 = 20;

/// Rows out of order, some of them late, with NULLs in every column.
fn rows(seed: u64, len: usize) -> Vec<Row> {
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let or_null = |is_null: bool, value: Value| if is_null { Value::Null } else { value };
    (0..len as i64)
        .map(|i| {
            let key = next(6) as i64;
            let time = i * 3 - 500 - next(190) as i64;
            let (long, double, text) = (next(9) as i64, next(40) as i64, next(12));
            let (flag, int) = (next(3), next(7) as i64);
            vec![
                or_null(key == 0, Value::I64(key)),
                or_null(next(50) == 0, Value::I64(time)),
                or_null(long == 0, Value::I64(long - 5)),
                // Quarters, so that a sum does not depend on the order.
                or_null(double == 0, Value::F64((double - 20) as f64 / 4.0)),
                or_null(text == 0, Value::Str("zyxwvutsrqponm"[..text as usize].into())),
                or_null(flag == 0, Value::Bool(flag == 1)),
                or_null(int == 0, Value::I64((int - 3) * 0x27ff_ffff)),
                // Some within 64 bits, some beyond.
                or_null(double == 1, Value::decimal(wide(double - 20, long))),
                or_null(
                    text == 1,
                    Value::Bytes([0xff - text as u8, 0][..text as usize % 3].into()),
                ),
            ]
        })
        .collect()
}

/// A decimal of up to 21 digits.
fn wide(times: i64, plus: i64) -> i128 {
    i128::from(times) * if plus < 4 { 12_345_678_901_234_567_891 } else { 25 } + i128::from(plus)
}

fn time(row: &Row) -> Option<i64> {
    row[TIME].as_i64()
}

/// The watermark after a row.
fn advance(watermark: i64, row: &Row) -> i64 {
    time(row).map_or(watermark, |time| watermark.max(time - DELAY))
}

fn batches(rows: &[Row], size: usize) -> Vec<Batch> {
    let mut watermark = i64::MIN;
    let mut all = Vec::new();
    for chunk in rows.chunks(size) {
        let (first, mut before) = (watermark, Vec::new());
        for row in chunk {
            before.push(watermark);
            watermark = advance(watermark, row);
        }
        let lowest = chunk.iter().filter_map(time).min().unwrap_or(i64::MAX);
        let before = (lowest <= watermark.saturating_add(1)).then(|| Arc::new(before));
        let time = BatchTime { first, last: watermark, before };
        all.push(Batch { time, ..batch(&TYPES, chunk, &[]) });
    }
    all
}

/// A batch of any columns; `kinds` may be empty.
fn batch(types: &[DataType], rows: &[Row], kinds: &[ChangeKind]) -> Batch {
    let of_column = |(at, of): (usize, &DataType)| {
        let mut builder = ColumnBuilder::for_type(of, rows.len());
        rows.iter().for_each(|row| builder.push_value(&row[at]));
        Arc::new(builder.finish())
    };
    let columns = types.iter().enumerate().map(of_column).collect();
    let mut batch = Batch::new(columns, rows.len(), BatchTime::at(i64::MIN));
    batch.kinds = (!kinds.is_empty()).then(|| Arc::new(kinds.to_vec()));
    batch
}

fn call(function: AggregateFunction, argument: Option<usize>) -> AggregateCall {
    use AggregateFunction::{Count, CountStar};
    let argument_type = argument.map_or(DataType::BigInt, |at| TYPES[at].clone());
    let counts = matches!(function, Count | CountStar);
    let data_type = match (function, &argument_type) {
        (_, _) if counts => DataType::BigInt,
        (AggregateFunction::Sum, DataType::Decimal(of)) => DataType::Decimal(of.total()),
        (AggregateFunction::Avg, DataType::Decimal(of)) => DataType::Decimal(of.mean()),
        (_, of) => of.clone(),
    };
    AggregateCall { function, argument, argument_type, distinct: false, filter: None, data_type }
}

/// Every aggregate that can be merged over every type, each second one with a filter.
fn plain_calls() -> Vec<AggregateCall> {
    use AggregateFunction::*;
    let mut all = vec![call(CountStar, None), call(CountStar, None)];
    for function in [Count, Sum, Avg, Min, Max] {
        for column in [LONG, DOUBLE, INT, DECIMAL] {
            all.extend([call(function, Some(column)), call(function, Some(column))]);
        }
    }
    for function in [Count, Min, Max] {
        for column in [TEXT, FLAG, TIME, BYTES] {
            all.extend([call(function, Some(column)), call(function, Some(column))]);
        }
    }
    all.iter_mut().skip(1).step_by(2).for_each(|call| call.filter = Some(FLAG));
    all
}

/// The same and all of them over distinct values.
fn all_calls() -> Vec<AggregateCall> {
    let mut all = plain_calls();
    let distinct = all.iter().filter(|call| call.argument.is_some()).cloned();
    let distinct: Vec<_> = distinct.map(|call| AggregateCall { distinct: true, ..call }).collect();
    all.extend(distinct);
    all
}

fn finish(mut progress: Progress, operator: &mut dyn Operator, out: &mut Output) {
    while progress == Progress::Yield {
        progress = operator.resume(out);
    }
}

/// Runs an input to its end; a barrier follows each batch, if `restore`.
fn run(make: &dyn Fn() -> Box<dyn Operator>, input: &[Batch], restore: bool) -> Output {
    let mut operator = Restarts::new(make);
    for batch in input {
        operator.process(0, batch.clone());
        operator.advance(batch.time.last);
        operator.flush();
        if restore {
            operator.barrier();
        }
    }
    operator.advance(i64::MAX);
    operator.end().0
}

/// All rows of a batch that count.
fn values(batch: &Batch) -> Vec<Row> {
    let row = |row: usize| batch.columns.iter().map(|column| column.value(row)).collect();
    batch.row_ids().map(row).collect()
}

fn all_values(out: &Output) -> Vec<Row> {
    let mut all = Vec::new();
    for message in &out.messages {
        if let Message::Data(batch) = message {
            all.extend(values(batch));
        }
    }
    all
}

/// As text, sorted: NaN and -0 aside, equal texts are equal rows.
fn sorted(rows: &[Row]) -> Vec<String> {
    let mut all: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    all.sort();
    all
}

/// Names the first difference rather than print both sides.
fn same(got: &[Row], wanted: &[Row], what: &str) {
    let (got, wanted) = (sorted(got), sorted(wanted));
    for (got, wanted) in got.iter().zip(&wanted) {
        assert_eq!(got, wanted, "{what}");
    }
    assert_eq!(got.len(), wanted.len(), "{what}");
}
