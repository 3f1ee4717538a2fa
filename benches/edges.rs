//! What rows cost on their way between shards and out: the exchange, and JSON for a sink.
//!
//! `cargo bench --bench edges`

mod common;

use std::hint::black_box;
use std::sync::Arc;

use common::{BATCH, KEY, Shape, input};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pelton::record::json::{JsonEncoder, JsonStyle};
use pelton::record::{Batch, BatchTime, Column, ColumnBuilder, DataType, Field, Message, Schema};
use pelton::shard::channel::{Receiver, Waker, channel};
use pelton::shard::exchange::Exchange;

const SHARDS: usize = 2;

/// Splits batches by key for two shards, both on this thread.
fn exchange(criterion: &mut Criterion) {
    let input = input(Shape { rows: 1 << 18, ..Shape::of_keys(100_000) });
    let mut group = criterion.benchmark_group("exchange_100k_keys");
    group.throughput(Throughput::Elements(input.len() as u64 * BATCH as u64)).sample_size(10);
    let waker = Waker::new().unwrap();
    let drain = |receivers: &[Receiver]| -> usize {
        let messages = receivers.iter().flat_map(|it| std::iter::from_fn(|| it.pop()));
        let rows = |message| match message {
            Message::Data(batch) => batch.len(),
            _ => 0,
        };
        messages.map(rows).sum()
    };
    group.bench_function("exchange", |bencher| {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..SHARDS).map(|_| channel(&waker, &waker)).unzip();
        let mut exchange = Exchange::new(vec![KEY], 3, senders);
        bencher.iter(|| {
            let mut rows: usize = 0;
            for batch in &input {
                exchange.send(Message::Data(batch.clone()));
                rows += drain(&receivers);
            }
            assert_eq!(rows, input.len() * BATCH as usize);
        });
    });
    // The control: the rows' keys are hashed and each row is copied to its shard.
    group.bench_function("control", |bencher| {
        let state = ahash::RandomState::with_seed(3);
        bencher.iter(|| {
            for batch in &input {
                let mut shards: [Vec<(i64, i64)>; SHARDS] = Default::default();
                for (key, time) in common::rows(std::slice::from_ref(batch)) {
                    shards[state.hash_one(key) as usize % SHARDS].push((key, time));
                }
                black_box(shards);
            }
        });
    });
    group.finish();
}

#[derive(serde::Serialize)]
struct Metric<'a> {
    event_type: &'a str,
    window_start: i64,
    count: i64,
    mean: f64,
}

/// A row of the metrics topic as JSON, beside the derived writer of serde.
fn encode(criterion: &mut Criterion) {
    const ROWS: usize = 1024;
    let mut names = ColumnBuilder::for_type(&DataType::STRING, ROWS);
    let mut means = ColumnBuilder::for_type(&DataType::Double, ROWS);
    let name = |row: usize| ["click", "view", "purchase", "add_to_cart"][row % 4];
    let mean = |row: usize| row as f64 / 7.0;
    (0..ROWS).for_each(|row| names.push_str(name(row)));
    (0..ROWS).for_each(|row| means.push_f64(mean(row)));
    let numbers = || Arc::new(Column::i64s((0..ROWS as i64).map(|row| row * 1_000_003).collect()));
    let columns = vec![Arc::new(names.finish()), numbers(), numbers(), Arc::new(means.finish())];
    let batch = Batch::new(columns, ROWS, BatchTime::at(0));
    let schema = Schema::new(vec![
        Field::new("event_type", DataType::STRING),
        Field::new("window_start", DataType::BigInt),
        Field::new("count", DataType::BigInt),
        Field::new("mean", DataType::Double),
    ]);
    let style = JsonStyle::of(|_| None);
    let encoder = JsonEncoder::new(&schema, style, Vec::new());
    let mut group = criterion.benchmark_group("encode_json_4_columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    let mut out = Vec::new();
    group.bench_function("encoder", |bencher| {
        bencher.iter(|| {
            out.clear();
            (0..ROWS).for_each(|row| encoder.encode_row(&batch, row, &mut out));
            black_box(out.len())
        });
    });
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| {
            out.clear();
            for row in 0..ROWS {
                let number = row as i64 * 1_000_003;
                let (event_type, mean) = (name(row), mean(row));
                let metric = Metric { event_type, window_start: number, count: number, mean };
                serde_json::to_writer(&mut out, &metric).unwrap();
            }
            black_box(out.len())
        });
    });
    group.finish();
}

criterion_group!(benches, exchange, encode);
criterion_main!(benches);
