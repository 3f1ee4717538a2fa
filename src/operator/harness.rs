//! Runs operators over inputs cut in every way: the result must be that of a plain model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::aggregate::{AggregateCall, AggregateFunction, GroupAggregate, GroupOptions};
use super::window::{WindowAggregate, WindowKind};
use super::{Operator, Output, Progress};
use crate::record::{Batch, BatchTime, Column, ColumnBuilder, DataType, Message};
use crate::state::KeyDictionary;

/// Key, time, value.
type Row = (Option<i64>, i64, Option<i64>);
/// Key, window start, COUNT(*), SUM, MAX, AVG, COUNT(DISTINCT).
type Result = (Option<i64>, i64, i64, Option<i64>, Option<i64>, Option<i64>, i64);

const DELAY: i64 = 20;

fn rows(seed: u64, len: usize) -> Vec<Row> {
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    (0..len as i64)
        .map(|i| {
            let key = next(6) as i64;
            let time = i * 3 - 500 - next(190) as i64;
            let value = next(9) as i64;
            ((key > 0).then_some(key), time, (value > 0).then_some(value - 5))
        })
        .collect()
}

fn batches(rows: &[Row], size: usize) -> Vec<Batch> {
    let mut watermark = i64::MIN;
    let mut all = Vec::new();
    for chunk in rows.chunks(size) {
        let mut columns: [ColumnBuilder; 3] =
            std::array::from_fn(|_| ColumnBuilder::for_type(&DataType::BigInt, size));
        let (first, mut before) = (watermark, Vec::new());
        for &(key, time, value) in chunk {
            for (column, value) in columns.iter_mut().zip([key, Some(time), value]) {
                match value {
                    Some(value) => column.push_i64(value),
                    None => column.push_null(),
                }
            }
            before.push(watermark);
            watermark = watermark.max(time - DELAY);
        }
        let lowest = chunk.iter().map(|row| row.1).min().unwrap_or(0);
        let before = (lowest <= watermark + 1).then(|| Arc::new(before));
        let columns = columns.into_iter().map(|one| Arc::new(one.finish())).collect();
        all.push(Batch::new(columns, chunk.len(), BatchTime { first, last: watermark, before }));
    }
    all
}

fn calls() -> Vec<AggregateCall> {
    use AggregateFunction::*;
    let call = |function, argument, distinct| AggregateCall {
        function,
        argument,
        argument_type: DataType::BigInt,
        distinct,
        filter: None,
        data_type: DataType::BigInt,
    };
    let plain = [(Sum, false), (Max, false), (Avg, false), (Count, true)];
    let mut all = vec![call(CountStar, None, false)];
    all.extend(plain.map(|(function, distinct)| call(function, Some(2), distinct)));
    all
}

fn finish(mut progress: Progress, operator: &mut dyn Operator, out: &mut Output) {
    while progress == Progress::Yield {
        progress = operator.resume(out);
    }
}

/// Runs an input; a fresh operator takes over the state after each batch if `restore`.
fn run(make: &dyn Fn() -> Box<dyn Operator>, input: &[Batch], restore: bool) -> (Output, u64) {
    let (mut out, mut late) = (Output::default(), 0);
    let mut operator = make();
    for batch in input {
        let last = batch.time.last;
        let progress = operator.process(0, batch.clone(), &mut out);
        finish(progress, &mut *operator, &mut out);
        let progress = operator.advance_watermark(last, &mut out);
        finish(progress, &mut *operator, &mut out);
        operator.flush(&mut out);
        late += operator.take_late();
        if restore {
            let mut fresh = make();
            for ((_, from), (_, to)) in operator.states().into_iter().zip(fresh.states()) {
                from.save(&mut |group, entry| {
                    to.load(group, entry).unwrap();
                    Ok(())
                })
                .unwrap();
            }
            fresh.restored();
            let progress = fresh.advance_watermark(last, &mut out);
            finish(progress, &mut *fresh, &mut out);
            operator = fresh;
        }
    }
    let progress = operator.advance_watermark(i64::MAX, &mut out);
    finish(progress, &mut *operator, &mut out);
    (out, late)
}

fn int(column: &Column, row: usize) -> Option<i64> {
    column.value(row).as_i64()
}

fn collect(out: &Output, windows: bool) -> Vec<Result> {
    let mut all = Vec::new();
    for message in &out.messages {
        let Message::Data(batch) = message else { continue };
        for row in batch.row_ids() {
            let at = if windows { 4 } else { 1 };
            let value = |i: usize| int(&batch.columns[i], row);
            let start = if windows { value(1).unwrap() } else { 0 };
            let (count, distinct) = (value(at).unwrap(), value(at + 4).unwrap());
            all.push((
                value(0),
                start,
                count,
                value(at + 1),
                value(at + 2),
                value(at + 3),
                distinct,
            ));
        }
    }
    all
}

fn result(key: Option<i64>, start: i64, values: &[Option<i64>]) -> Result {
    let some: Vec<i64> = values.iter().copied().flatten().collect();
    let sum = (!some.is_empty()).then(|| some.iter().sum::<i64>());
    let average = sum.map(|sum| sum / some.len() as i64);
    let distinct = some.iter().collect::<std::collections::BTreeSet<_>>().len() as i64;
    (key, start, values.len() as i64, sum, some.iter().copied().max(), average, distinct)
}

/// Windows by the rules themselves: each row into each of its windows that has not fired.
fn model(rows: &[Row], window: WindowKind) -> (Vec<Result>, u64) {
    let mut windows: BTreeMap<(i64, Option<i64>), Vec<Option<i64>>> = BTreeMap::new();
    let (mut watermark, mut late) = (i64::MIN, 0);
    for &(key, time, value) in rows {
        let mut taken = false;
        let mut start = time - window.size_ms + 1;
        while start <= time {
            let aligned = (start - window.offset_ms).rem_euclid(window.slide_ms) == 0;
            if aligned && start + window.size_ms - 1 > watermark {
                windows.entry((start, key)).or_default().push(value);
                taken = true;
            }
            start += 1;
        }
        late += u64::from(!taken);
        watermark = watermark.max(time - DELAY);
    }
    let all = windows.iter().map(|(&(start, key), values)| result(key, start, values)).collect();
    (all, late)
}

#[test]
fn windows_equal_the_model() {
    for (size_ms, slide_ms, offset_ms) in [(30, 30, 0), (60, 20, 7), (100, 10, -3), (7, 7, -50)] {
        let window = WindowKind { size_ms, slide_ms, offset_ms, allowed_lateness_ms: 0 };
        let make = || -> Box<dyn Operator> {
            let keys = (vec![0], vec![DataType::BigInt]);
            let dictionary = KeyDictionary::shared(3);
            Box::new(WindowAggregate::new(window, 1, keys, calls(), dictionary, None))
        };
        let input = rows(size_ms as u64, 1500);
        let (mut wanted, wanted_late) = model(&input, window);
        assert!(wanted_late > 0);
        wanted.sort();
        for (size, restore) in [(1, false), (1, true), (7, false), (7, true), (1024, false)] {
            let (out, late) = run(&make, &batches(&input, size), restore);
            let mut got = collect(&out, true);
            assert!(got.is_sorted_by_key(|row| row.1), "windows fire in time order");
            got.sort();
            assert_eq!(got, wanted, "{window:?} in batches of {size}, restore {restore}");
            assert_eq!(late, wanted_late);
        }
    }
}

#[test]
fn groups_equal_the_model() {
    let input = rows(11, 1500);
    let mut groups: BTreeMap<Option<i64>, Vec<Option<i64>>> = BTreeMap::new();
    input.iter().for_each(|row| groups.entry(row.0).or_default().push(row.2));
    let wanted: Vec<_> = groups.iter().map(|(&key, all)| result(key, 0, all)).collect();
    for (size, restore, per_row) in
        [(1, true, false), (7, true, false), (7, true, true), (1024, false, false)]
    {
        let make = || -> Box<dyn Operator> {
            let options = GroupOptions { update_before: per_row, per_row, retention: None };
            let (keys, types) = (vec![0], vec![DataType::BigInt]);
            let dictionary = KeyDictionary::shared(3);
            Box::new(GroupAggregate::new(keys, types, &calls(), dictionary, options))
        };
        let (out, _) = run(&make, &batches(&input, size), restore);
        let all = collect(&out, false);
        if per_row {
            assert_eq!(all.len(), 2 * input.len() - wanted.len());
        }
        let last: BTreeMap<_, _> = all.into_iter().map(|row| (row.0, row)).collect();
        assert_eq!(last.into_values().collect::<Vec<_>>(), wanted, "batches of {size}");
    }
}

/// Prints the cost of a row and of a key; run by hand with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn cost() {
    let input: Vec<Row> = (0..1 << 20).map(|i| (Some(i * 7919 % 100_000), i / 100, None)).collect();
    let input = batches(&input, 1024);
    let call = calls().swap_remove(0);
    let window = WindowKind { size_ms: 1000, slide_ms: 1000, offset_ms: 0, allowed_lateness_ms: 0 };
    let keys = (vec![0], vec![DataType::BigInt]);
    let dictionary = || KeyDictionary::shared(3);
    let (of, types) = keys.clone();
    let calls = vec![call];
    let options = GroupOptions::default();
    let mut group = GroupAggregate::new(of, types, &calls, dictionary(), options);
    let mut tumble = WindowAggregate::new(window, 1, keys, calls.clone(), dictionary(), None);
    for (name, operator) in [("group", &mut group as &mut dyn Operator), ("tumble", &mut tumble)] {
        let started = std::time::Instant::now();
        let mut out = Output::default();
        for batch in &input {
            let plain = Batch { time: BatchTime::at(0), ..batch.clone() };
            assert_eq!(operator.process(0, plain, &mut out), Progress::Done);
        }
        let ns = started.elapsed().as_nanos() >> 20;
        let sizes: Vec<_> = operator.states().iter().map(|(_, state)| state.size()).collect();
        println!("{name}: {ns} ns a row, (rows, bytes) {sizes:?}");
    }
}
