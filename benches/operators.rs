//! Cost of operators on one thread, a million rows each, beside a plain hash table that does the
//! counting alone: the distance between the two is what batches, state and windows cost.
//!
//! `cargo bench --bench operators`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hashbrown::HashMap;
use pelton::operator::aggregate::{AggregateCall, AggregateFunction, GroupAggregate, GroupOptions};
use pelton::operator::window::{LocalWindowAggregate, WindowAggregate, WindowKind};
use pelton::operator::{Operator, Output, Progress};
use pelton::record::{Batch, BatchTime, Column, DataType};
use pelton::state::KeyDictionary;

const ROWS: i64 = 1 << 20;
const BATCH: i64 = 1024;
const KEY: usize = 0;
const TIME: usize = 1;

/// In time order, a hundred rows to the millisecond; the same keys in every run.
fn input(keys: i64) -> Vec<Batch> {
    let batch = |at: i64| {
        let rows = at..at + BATCH;
        let of = rows.clone().map(|i| i * 7919 % keys).collect();
        let times = rows.map(|i| i / 100).collect();
        let columns = [of, times].map(|values| Arc::new(Column::i64s(values)));
        Batch::new(columns.to_vec(), BATCH as usize, BatchTime::at(0))
    };
    (0..ROWS).step_by(BATCH as usize).map(batch).collect()
}

fn count() -> AggregateCall {
    AggregateCall {
        function: AggregateFunction::CountStar,
        argument: None,
        argument_type: DataType::BigInt,
        distinct: false,
        filter: None,
        data_type: DataType::BigInt,
    }
}

fn keys() -> (Vec<usize>, Vec<DataType>) {
    (vec![KEY], vec![DataType::BigInt])
}

/// All rows, with the watermark behind each batch.
fn drive(operator: &mut dyn Operator, input: &[Batch]) -> usize {
    let (mut out, mut messages) = (Output::default(), 0);
    for batch in input {
        let mut progress = operator.process(0, batch.clone(), &mut out);
        while progress == Progress::Yield {
            progress = operator.resume(&mut out);
        }
        let watermark = batch.columns[TIME].as_i64s()[0] - 1;
        progress = operator.advance_watermark(watermark, &mut out);
        while progress == Progress::Yield {
            progress = operator.resume(&mut out);
        }
        messages += out.messages.len();
        out.messages.clear();
    }
    messages
}

/// The control: each row into a hash table by key and window.
fn plain(input: &[Batch], size_ms: i64, slide_ms: i64) -> usize {
    let mut counts: HashMap<(i64, i64), i64, ahash::RandomState> = HashMap::default();
    for batch in input {
        let (keys, times) = (batch.columns[KEY].as_i64s(), batch.columns[TIME].as_i64s());
        for (&key, &time) in keys.iter().zip(times) {
            let last = time.div_euclid(slide_ms);
            for window in last - size_ms / slide_ms + 1..=last {
                *counts.entry((key, window)).or_default() += 1;
            }
        }
    }
    counts.len()
}

fn measure(
    criterion: &mut Criterion,
    name: &str,
    keys: i64,
    (size_ms, slide_ms): (i64, i64),
    make: &dyn Fn(WindowKind) -> Box<dyn Operator>,
) {
    let input = input(keys);
    let window =
        WindowKind { size_ms, slide_ms, offset_ms: 0, allowed_lateness_ms: 0, grows: false };
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    group.bench_function("operator", |bencher| {
        let run = |mut operator: Box<dyn Operator>| black_box(drive(&mut *operator, &input));
        bencher.iter_batched(|| make(window), run, BatchSize::PerIteration);
    });
    group.bench_function("control", |bencher| {
        bencher.iter(|| black_box(plain(&input, size_ms, slide_ms)));
    });
    group.finish();
}

fn windowed(window: WindowKind) -> Box<dyn Operator> {
    let dictionary = KeyDictionary::shared(3);
    Box::new(WindowAggregate::new(window, TIME, keys(), vec![count()], dictionary, None))
}

fn operators(criterion: &mut Criterion) {
    let group = |_| -> Box<dyn Operator> {
        let ((of, types), dictionary) = (keys(), KeyDictionary::shared(3));
        let options = GroupOptions::default();
        Box::new(GroupAggregate::new(of, types, &[count()], dictionary, options))
    };
    let local = |window| -> Box<dyn Operator> {
        let dictionary = KeyDictionary::shared(3);
        Box::new(LocalWindowAggregate::new(window, TIME, keys(), &[count()], dictionary))
    };
    // One window over all time makes the control a plain GROUP BY.
    let all = (ROWS, ROWS);
    measure(criterion, "group_count_100k_keys", 100_000, all, &group);
    measure(criterion, "tumble_count_100k_keys", 100_000, (1000, 1000), &windowed);
    measure(criterion, "hop_6_panes_5_keys", 5, (3000, 500), &windowed);
    measure(criterion, "hop_300_panes_5_keys", 5, (3000, 10), &windowed);
    measure(criterion, "local_window_count_5_keys", 5, (1000, 1000), &local);
}

criterion_group!(benches, operators);
criterion_main!(benches);
