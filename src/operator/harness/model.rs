//! What SQL says, by the rules themselves and without regard to cost.

use std::collections::BTreeMap;

use super::{KEY, Row, advance, time};
use crate::operator::aggregate::{AggregateCall, AggregateFunction, put_counted};
use crate::operator::window::WindowKind;
use crate::record::{DataType, Value, row};

/// The value of an aggregate over rows.
pub fn aggregate(call: &AggregateCall, rows: &[&Row]) -> Value {
    let passes = |row: &&Row| call.filter.is_none_or(|at| row[at] == Value::Bool(true));
    let rows: Vec<&Row> = rows.iter().copied().filter(passes).collect();
    let Some(argument) = call.argument else {
        return Value::I64(rows.len() as i64);
    };
    let mut values: Vec<&Value> =
        rows.iter().map(|row| &row[argument]).filter(|value| !value.is_null()).collect();
    if call.distinct {
        values.sort_by(|a, b| order(a, b));
        values.dedup();
    }
    if call.function == AggregateFunction::Count {
        return Value::I64(values.len() as i64);
    }
    if values.is_empty() {
        return Value::Null;
    }
    match call.function {
        AggregateFunction::Min => values.into_iter().min_by(|a, b| order(a, b)).unwrap().clone(),
        AggregateFunction::SquaredDistances => {
            let numbers = values.iter().map(|value| float(value));
            let mean = numbers.clone().sum::<f64>() / values.len() as f64;
            Value::F64(numbers.map(|number| (number - mean).powi(2)).sum())
        }
        AggregateFunction::First => values[0].clone(),
        AggregateFunction::Last => values[values.len() - 1].clone(),
        AggregateFunction::Max => values.into_iter().max_by(|a, b| order(a, b)).unwrap().clone(),
        function => {
            let average = function == AggregateFunction::Avg;
            total(&values, average, &call.data_type)
        }
    }
}

fn total(values: &[&Value], average: bool, data_type: &DataType) -> Value {
    let count = if average { values.len() } else { 1 };
    if data_type.is_approximate() {
        let sum: f64 = values.iter().map(|value| float(value)).sum();
        return Value::F64(sum / count as f64);
    }
    if let DataType::Decimal(of) = data_type {
        return decimal_total(values, average, of.scale);
    }
    let sum: i64 = values.iter().filter_map(|value| value.as_i64()).sum();
    let result = sum / count as i64;
    Value::I64(if *data_type == DataType::Int { result as i32 as i64 } else { result })
}

/// Of decimals of scale 2; a mean is half up.
pub fn decimal_total(values: &[&Value], average: bool, scale: u8) -> Value {
    let sum: i128 = values.iter().filter_map(|value| unscaled(value)).sum();
    if !average {
        return Value::decimal(sum);
    }
    let (count, sum) = (values.len() as i128, sum * 10i128.pow(u32::from(scale) - 2));
    let up = (2 * sum.abs() + count) / (2 * count);
    Value::decimal(up * sum.signum())
}

/// Texts, or bytes, one behind the other.
pub fn joined(values: &[Value]) -> Value {
    let bytes = |value: &Value| match value {
        Value::Str(text) => text.as_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.to_vec(),
        other => panic!("{other:?} is no part of a list"),
    };
    let all: Vec<u8> = values.iter().flat_map(bytes).collect();
    match values[0] {
        Value::Str(_) => Value::Str(String::from_utf8(all).unwrap().into()),
        _ => Value::Bytes(all.into()),
    }
}

/// Packed values with their counts, in the order of their bytes with the length before.
pub fn counted(values: &[Value], distinct: bool) -> Value {
    let mut counts: BTreeMap<Vec<u8>, (Value, i64)> = BTreeMap::new();
    for value in values {
        let mut key = Vec::new();
        row::encode_value(value, &mut key);
        counts.entry(key).or_insert((value.clone(), 0)).1 += 1;
    }
    let mut out = Vec::new();
    for (value, count) in counts.into_values() {
        let Value::Bytes(packed) = value else { panic!("{value:?} is not packed") };
        put_counted(&packed, if distinct { 1 } else { count }, &mut out);
    }
    if out.is_empty() { Value::Null } else { Value::Bytes(out.into()) }
}

pub fn unscaled(value: &Value) -> Option<i128> {
    match value {
        Value::Decimal(value) => Some(value.get()),
        _ => None,
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::F64(value) => *value,
        _ => f64::NAN,
    }
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::I64(a), Value::I64(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.get().cmp(&b.get()),
        _ => float(a).total_cmp(&float(b)),
    }
}

/// Rows of each key, as text, and what GROUP BY makes of them.
pub fn groups(rows: &[Row], calls: &[AggregateCall]) -> Vec<Row> {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| groups.entry(format!("{:?}", row[KEY])).or_default().push(row));
    let result = |rows: &Vec<&Row>| {
        let mut out = vec![rows[0][KEY].clone()];
        out.extend(calls.iter().map(|call| aggregate(call, rows)));
        out
    };
    groups.values().map(result).collect()
}

/// The windows of one partition's rows: see `windows_at`.
pub fn windows(
    rows: &[Row],
    window: WindowKind,
    calls: &[AggregateCall],
    keyed: bool,
) -> (Vec<Row>, u64) {
    let mut watermark = i64::MIN;
    let mut before = Vec::new();
    for row in rows {
        before.push(watermark);
        watermark = advance(watermark, row);
    }
    windows_at(rows, &before, window, calls, keyed)
}

/// Each row goes into each of its windows that has not fired by the watermark before it. Rows:
/// keys, start, end, time of the window, aggregates; and the number of rows too late for all of
/// theirs.
pub fn windows_at(
    rows: &[Row],
    before: &[i64],
    window: WindowKind,
    calls: &[AggregateCall],
    keyed: bool,
) -> (Vec<Row>, u64) {
    let mut windows: BTreeMap<(i64, i64, String), Vec<&Row>> = BTreeMap::new();
    let mut late = 0;
    for (row, &watermark) in rows.iter().zip(before) {
        let Some(at) = time(row) else { continue };
        let mut taken = false;
        let last = at - (at - window.offset_ms).rem_euclid(window.slide_ms);
        let whole = at - (at - window.offset_ms).rem_euclid(window.size_ms);
        for i in 1..=window.size_ms / window.slide_ms {
            let (start, end) = match window.grows {
                true => (whole, whole + i * window.slide_ms),
                false => {
                    (last + (i * window.slide_ms) - window.size_ms, last + i * window.slide_ms)
                }
            };
            if end > at && end - 1 > watermark {
                let key = if keyed { format!("{:?}", row[KEY]) } else { String::new() };
                windows.entry((start, end, key)).or_default().push(row);
                taken = true;
            }
        }
        late += u64::from(!taken);
    }
    let result = |((start, end, _), rows): (&(i64, i64, String), &Vec<&Row>)| {
        let mut out = if keyed { vec![rows[0][KEY].clone()] } else { vec![] };
        out.extend([*start, *end, end - 1].map(Value::I64));
        out.extend(calls.iter().map(|call| aggregate(call, rows)));
        out
    };
    (windows.iter().map(result).collect(), late)
}

/// Sessions of each key with all that touches merged, and the rows that would only have been in
/// sessions that had fired.
pub fn sessions(rows: &[Row], gap_ms: i64, calls: &[AggregateCall]) -> (Vec<Row>, u64) {
    let mut open: Vec<(i64, i64, Vec<&Row>)> = Vec::new();
    let (mut watermark, mut late, mut all) = (i64::MIN, 0, Vec::new());
    let mut fire = |open: &mut Vec<(i64, i64, Vec<&Row>)>, watermark: i64| {
        for (start, end, rows) in open.extract_if(.., |(_, end, _)| *end - 1 <= watermark) {
            let mut out = vec![rows[0][KEY].clone()];
            out.extend([start, end, end - 1].map(Value::I64));
            out.extend(calls.iter().map(|call| aggregate(call, &rows)));
            all.push(out);
        }
    };
    for row in rows {
        if let Some(at) = time(row) {
            let (mut start, mut end, mut members) = (at, at + gap_ms, vec![row]);
            let touches = |session: &(i64, i64, Vec<&Row>)| {
                session.2[0][KEY] == row[KEY] && session.0 <= at + gap_ms && at <= session.1
            };
            let ends = open.iter().filter(|session| touches(session)).map(|session| session.1);
            if ends.chain([end]).max().unwrap() - 1 <= watermark {
                late += 1;
            } else {
                for session in open.extract_if(.., |session| touches(session)) {
                    (start, end) = (start.min(session.0), end.max(session.1));
                    members.extend(session.2);
                }
                open.push((start, end, members));
            }
        }
        watermark = advance(watermark, row);
        fire(&mut open, watermark);
    }
    fire(&mut open, i64::MAX);
    (all, late)
}
