//! Input of the operators' benchmarks, and how they are driven.
#![allow(dead_code)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput};
use pelton::operator::{Operator, Output, Progress};
use pelton::record::{Batch, BatchTime, Column, DataType};

pub const BATCH: i64 = 1024;
pub const KEY: usize = 0;
pub const TIME: usize = 1;
pub const TYPES: [DataType; 2] = [DataType::BigInt, DataType::BigInt];

/// How the rows of an input lie.
#[derive(Clone, Copy)]
pub struct Shape {
    pub rows: i64,
    pub keys: i64,
    /// Rows to the millisecond of event time.
    pub per_ms: i64,
}

impl Shape {
    pub const fn of_keys(keys: i64) -> Self {
        Self { rows: 1 << 20, keys, per_ms: 100 }
    }
}

/// Key and time, in time order; the same keys in every run. Each batch carries the watermark
/// before it.
pub fn input(shape: Shape) -> Vec<Batch> {
    let batch = |at: i64| {
        let rows = at..at + BATCH;
        let of = rows.clone().map(|i| i * 7919 % shape.keys).collect();
        let times = rows.map(|i| i / shape.per_ms).collect();
        let columns = [of, times].map(|values| Arc::new(Column::i64s(values)));
        let before = at / shape.per_ms - 1;
        Batch::new(columns.to_vec(), BATCH as usize, BatchTime::at(before))
    };
    (0..shape.rows).step_by(BATCH as usize).map(batch).collect()
}

/// All rows, every second batch on the other side where there are two, with the watermark behind
/// each batch.
pub fn drive(operator: &mut dyn Operator, input: &[Batch], sides: usize) -> usize {
    let (mut out, mut messages) = (Output::default(), 0);
    for (index, batch) in input.iter().enumerate() {
        let mut progress = operator.process(index % sides, batch.clone(), &mut out);
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

/// Times an operator beside its control over the same input, in rows a second.
pub fn measure(
    criterion: &mut Criterion,
    name: &str,
    (input, sides): (&[Batch], usize),
    make: &dyn Fn() -> Box<dyn Operator>,
    control: &dyn Fn(&[Batch]) -> usize,
) {
    let mut group = criterion.benchmark_group(name);
    let rows = input.len() as u64 * BATCH as u64;
    group.throughput(Throughput::Elements(rows)).sample_size(10);
    group.bench_function("operator", |bencher| {
        let run = |mut operator: Box<dyn Operator>| black_box(drive(&mut *operator, input, sides));
        bencher.iter_batched(make, run, BatchSize::PerIteration);
    });
    group.bench_function("control", |bencher| {
        bencher.iter(|| black_box(control(input)));
    });
    group.finish();
}

/// Key and time of every row.
pub fn rows(input: &[Batch]) -> impl Iterator<Item = (i64, i64)> {
    input.iter().flat_map(|batch| {
        let (keys, times) = (batch.columns[KEY].as_i64s(), batch.columns[TIME].as_i64s());
        keys.iter().copied().zip(times.iter().copied())
    })
}
