//! OVER against a model that looks at all rows of the key for each row.

use std::collections::BTreeMap;

use super::model::unscaled;
use super::*;
use crate::operator::over::{Bounds, Order, OverCall, OverFunction, over};
use crate::operator::time_sort::TimeSort;
use crate::state::{KeyDictionary, KeyedState};

/// Rows by time, then the operator, as they stand one behind the other in a plan.
struct Sorted(TimeSort, Box<dyn Operator>);

impl Sorted {
    fn hand_on(&mut self, mut sorted: Output, out: &mut Output) {
        out.rejected.append(&mut sorted.rejected);
        for message in sorted.messages {
            if let Message::Data(batch) = message {
                assert_eq!(self.1.process(0, batch, out), Progress::Done);
            }
        }
    }
}

impl Operator for Sorted {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        let (last, mut sorted) = (batch.time.last, Output::default());
        let progress = self.0.process(port, batch, &mut sorted);
        finish(progress, &mut self.0, &mut sorted);
        self.hand_on(sorted, out);
        self.advance_watermark(last, out)
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        let mut sorted = Output::default();
        let progress = self.0.advance_watermark(watermark, &mut sorted);
        finish(progress, &mut self.0, &mut sorted);
        self.hand_on(sorted, out);
        self.1.advance_watermark(watermark, out)
    }

    fn before_barrier(&mut self, out: &mut Output) {
        self.1.before_barrier(out);
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        let mut all = self.0.states();
        all.extend(self.1.states());
        all
    }

    fn restored(&mut self) {
        self.0.restored();
        self.1.restored();
    }
}

pub fn calls() -> Vec<OverCall> {
    use OverFunction::*;
    let call = |function, argument: Option<usize>, distinct| {
        let of = argument.map_or(DataType::BigInt, |at| TYPES[at].clone());
        let scale = of.scale();
        let data_type = match (function, of) {
            (Count, _) => DataType::BigInt,
            (Sum, DataType::Decimal(of)) => DataType::Decimal(of.total()),
            (Avg, DataType::Decimal(of)) => DataType::Decimal(of.mean()),
            (_, of) => of,
        };
        OverCall { function, argument, otherwise: Value::Null, distinct, scale, data_type }
    };
    let mut all = vec![call(Count, None, false), call(Count, Some(TEXT), true)];
    for function in [Count, Sum, Avg, Min, Max, FirstValue, LastValue] {
        for column in [LONG, DOUBLE, DECIMAL] {
            all.push(call(function, Some(column), false));
        }
    }
    all.extend([call(Min, Some(TEXT), false), call(Sum, Some(INT), true)]);
    all.extend([call(Sum, Some(DECIMAL), true), call(LastValue, Some(BYTES), false)]);
    all.extend([call(Concat, Some(TEXT), false), call(Concat, Some(BYTES), false)]);
    all.extend([call(Collect, Some(BYTES), false), call(Collect, Some(BYTES), true)]);
    all
}

/// LAG stands with a frame of its own.
fn calls_in(bounds: Bounds) -> Vec<OverCall> {
    let Bounds::Newest(offset) = bounds else { return calls() };
    let (function, data_type) = (OverFunction::Lag { offset }, TYPES[LONG].clone());
    let otherwise = Value::I64(-1);
    let lag = OverCall {
        function,
        argument: Some(LONG),
        otherwise,
        distinct: false,
        scale: 0,
        data_type,
    };
    [calls(), vec![lag]].concat()
}

/// The value of a call over the rows of a frame, oldest first.
pub fn value(call: &OverCall, frame: &[&Row]) -> Value {
    let Some(argument) = call.argument else { return Value::I64(frame.len() as i64) };
    if let OverFunction::Lag { offset } = call.function {
        let row = frame.len().checked_sub(offset + 1).map(|at| frame[at]);
        return row.map_or(call.otherwise.clone(), |row| row[argument].clone());
    }
    let mut values: Vec<Value> = frame.iter().map(|row| row[argument].clone()).collect();
    values.retain(|value| !value.is_null());
    if call.function == OverFunction::Collect {
        return model::counted(&values, call.distinct);
    }
    if call.distinct {
        let mut seen: Vec<Value> = Vec::new();
        values.retain(|value| !seen.contains(value) && (seen.push(value.clone()), true).1);
    }
    if call.function == OverFunction::Count {
        return Value::I64(values.len() as i64);
    }
    if values.is_empty() {
        return Value::Null;
    }
    let float = |value: &Value| if let Value::F64(value) = value { *value } else { f64::NAN };
    let floats = matches!(values[0], Value::F64(_));
    let decimals = matches!(values[0], Value::Decimal(_));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match call.function {
        OverFunction::FirstValue => values[0].clone(),
        OverFunction::Concat => model::joined(&values),
        OverFunction::LastValue => values[values.len() - 1].clone(),
        OverFunction::Min if call.argument == Some(TEXT) => {
            values.iter().min_by_key(|value| text(value)).cloned().unwrap()
        }
        OverFunction::Sum | OverFunction::Avg if decimals => {
            let values: Vec<&Value> = values.iter().collect();
            let average = call.function == OverFunction::Avg;
            model::decimal_total(&values, average, call.data_type.scale())
        }
        OverFunction::Min if decimals => {
            values.iter().min_by_key(|it| unscaled(it)).cloned().unwrap()
        }
        OverFunction::Max if decimals => {
            values.iter().max_by_key(|it| unscaled(it)).cloned().unwrap()
        }
        OverFunction::Sum if floats => Value::F64(values.iter().map(float).sum()),
        OverFunction::Avg if floats => {
            Value::F64(values.iter().map(float).sum::<f64>() / values.len() as f64)
        }
        OverFunction::Min if floats => Value::F64(values.iter().map(float).fold(1e9, f64::min)),
        OverFunction::Max if floats => Value::F64(values.iter().map(float).fold(-1e9, f64::max)),
        other => {
            let longs = values.iter().filter_map(Value::as_i64);
            Value::I64(match other {
                OverFunction::Min => longs.min().unwrap(),
                OverFunction::Max => longs.max().unwrap(),
                OverFunction::Avg => longs.sum::<i64>() / values.len() as i64,
                _ => call.data_type.wrap(longs.sum()),
            })
        }
    }
}

/// What goes out for rows in the order of time, each with the watermark before it, and how many
/// are late.
fn expected(sorted: &[(i64, Row)], calls: &[OverCall], bounds: Bounds) -> (Vec<Row>, u64) {
    let (mut all, mut late) = (Vec::new(), 0);
    let mut taken: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    // When a bounded range forgets its keys.
    let mut cleanups: BTreeMap<String, i64> = BTreeMap::new();
    let mut at = 0;
    while at < sorted.len() {
        let now = time(&sorted[at].1).unwrap();
        let before = sorted[at].0;
        if at == 0 || sorted[at - 1].0 < before {
            cleanups.retain(|key, at| *at > before || taken.remove(key).is_none());
        }
        let peers =
            sorted[at..].iter().take_while(|(b, row)| *b == before && time(row) == Some(now));
        let peers: Vec<_> = peers.cloned().collect();
        at += peers.len();
        let newest: BTreeMap<String, Option<i64>> =
            taken.iter().map(|(key, rows)| (key.clone(), rows.last().and_then(time))).collect();
        let mut pending = Vec::new();
        for (before, row) in peers {
            let key = format!("{:?}", row[KEY]);
            let is_late = match bounds {
                Bounds::Range(None) | Bounds::Rows(None) | Bounds::Newest(_) => now <= before,
                _ => newest.get(&key).copied().flatten().is_some_and(|newest| now <= newest),
            };
            if is_late {
                late += 1;
                continue;
            }
            if let Bounds::Range(Some(ms)) = bounds {
                let cleanup = cleanups.entry(key.clone()).or_insert(i64::MIN);
                if *cleanup <= now + ms {
                    *cleanup = now + ms + ms / 2 + 1;
                }
            }
            let rows = taken.entry(key.clone()).or_default();
            rows.push(row.clone());
            pending.push((key, row, rows.len()));
        }
        for (key, row, count) in pending {
            let rows = &taken[&key];
            let frame: Vec<&Row> = match bounds {
                Bounds::Range(None) | Bounds::Newest(_) => rows.iter().collect(),
                Bounds::Range(Some(ms)) => {
                    rows.iter().filter(|row| time(row) >= Some(now - ms)).collect()
                }
                Bounds::Rows(None) => rows[..count].iter().collect(),
                Bounds::Rows(Some(n)) => rows[count.saturating_sub(n + 1)..count].iter().collect(),
            };
            let values = calls.iter().map(|call| value(call, &frame)).collect::<Vec<_>>();
            all.push([row, values].concat());
        }
    }
    (all, late)
}

fn make(calls: Vec<OverCall>, bounds: Bounds) -> Box<dyn Operator> {
    let sort = TimeSort::new(TIME, vec![KEY], TYPES.to_vec(), 3);
    let order = (bounds, Order::EventTime);
    Box::new(Sorted(sort, over(TIME, vec![KEY], calls, order, KeyDictionary::shared(3))))
}

/// COUNT(*) alone, twice: over a range of time it has an operator of its own.
fn counts() -> Vec<OverCall> {
    vec![calls()[0].clone(), calls()[0].clone()]
}

#[test]
fn over_equals_the_model() {
    let mut rows = rows(5, 2500);
    // Peers, and the same key twice at a time.
    rows.iter_mut().for_each(|row| {
        row[TIME] = time(row).map_or(Value::Null, |time| Value::I64(time / 4 * 4));
    });
    let sorted = super::sort::expected(&rows);
    for bounds in [
        Bounds::Range(None),
        Bounds::Range(Some(60)),
        Bounds::Range(Some(0)),
        Bounds::Rows(None),
        Bounds::Rows(Some(3)),
        Bounds::Newest(2),
    ] {
        for calls in [calls_in(bounds), counts()] {
            let (wanted, wanted_late) = expected(&sorted, &calls, bounds);
            assert!(wanted_late > 10, "too few rows are late");
            for (size, restore) in [(1, false), (7, true), (1024, false), (1024, true)] {
                let make = || make(calls.clone(), bounds);
                let out = run(&make, &batches(&rows, size), restore);
                let what = format!("{bounds:?}, batches of {size}, restored {restore}");
                same(&all_values(&out), &wanted, &what);
                assert_eq!(out.late_rows, wanted_late, "{what}");
            }
        }
    }
}

#[test]
fn arrival_order_counts_what_has_come_by_its_time() {
    let rows = rows(6, 2500);
    for calls in [calls(), counts()] {
        arrival_order_equals_the_model(&rows, &calls);
    }
}

fn arrival_order_equals_the_model(rows: &[Row], calls: &[OverCall]) {
    let (range, slack_ms) = (60, 200);
    let with_time: Vec<&Row> = rows.iter().filter(|row| time(row).is_some()).collect();
    let mut wanted = Vec::new();
    for (at, row) in with_time.iter().enumerate() {
        let now = time(row).unwrap();
        let counts = |other: &&&Row| {
            other[KEY] == row[KEY] && time(other).is_some_and(|t| t <= now && t >= now - range)
        };
        let mut frame: Vec<&Row> = with_time[..=at].iter().filter(counts).copied().collect();
        frame.sort_by_key(|row| time(row));
        let values = calls.iter().map(|call| value(call, &frame)).collect::<Vec<_>>();
        wanted.push([(*row).clone(), values].concat());
    }
    let make = || -> Box<dyn Operator> {
        let order = (Bounds::Range(Some(range)), Order::Arrival { slack_ms });
        over(TIME, vec![KEY], calls.to_vec(), order, KeyDictionary::shared(3))
    };
    for (size, restore) in [(1, false), (7, true), (1024, false)] {
        let out = run(&make, &batches(rows, size), restore);
        same(&all_values(&out), &wanted, &format!("batches of {size}"));
        assert_eq!(out.late_rows, 0);
    }
}
