//! What decoding an event costs, by several ways, over the same 1024 records.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pelton::record::json::{JsonDecoder, JsonField, JsonOptions};
use pelton::record::{DataType, RawBlock, RawRecord};
use serde::Deserialize;

#[derive(Deserialize)]
#[allow(dead_code)] // The fields are read by the parser only.
struct Event<'a> {
    user_id: &'a str,
    event_type: &'a str,
    product_id: &'a str,
    timestamp: f64,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Properties<'a> {
    device: &'a str,
}

fn records() -> Vec<Vec<u8>> {
    let mut state = 42u64;
    let mut random = move |n: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % n
    };
    let record = |i: u64| {
        let (user, page, product) = (random(1_000_000), random(10), random(100));
        format!(
            r#"{{"user_id":"user_{user:06}","event_type":"click","page_url":"https://example.com/p/{page}","product_id":"prod_{product:02}","timestamp":17600{i:05}.{:03},"properties":{{"referrer":"google","device":"mobile","browser":"chrome"}}}}"#,
            random(1000)
        )
        .into_bytes()
    };
    (0..1024).map(record).collect()
}

fn decoder() -> JsonDecoder {
    let field = |path: &str, data_type| JsonField {
        path: path.split('.').map(Arc::from).collect(),
        data_type,
        nullable: true,
    };
    let fields = vec![
        field("user_id", DataType::STRING),
        field("event_type", DataType::STRING),
        field("product_id", DataType::STRING),
        field("timestamp", DataType::Double),
        field("properties.device", DataType::STRING),
    ];
    JsonDecoder::new(fields, JsonOptions::default())
}

fn ours(decoder: &mut JsonDecoder, block: &mut RawBlock, records: &[Vec<u8>]) {
    block.clear();
    records.iter().for_each(|r| block.push(Some(r), None, RawRecord::default()));
    block.pad();
    let decoded = decoder.decode(std::mem::take(block));
    black_box(&decoded.columns);
    drop(decoded.columns);
    *block = decoded.block.recycle().unwrap_or_default();
}

fn decode(c: &mut Criterion) {
    let records = records();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(records.len() as u64));
    let mut block = RawBlock::default();
    let mut fast = decoder();
    group.bench_function("scan", |b| b.iter(|| ours(&mut fast, &mut block, &records)));
    let mut general = decoder().without_templates();
    group.bench_function("general", |b| b.iter(|| ours(&mut general, &mut block, &records)));
    let mut buffers = simd_json::Buffers::default();
    let mut copy = Vec::new();
    group.bench_function("simd-json tape", |b| {
        b.iter(|| {
            for record in &records {
                copy.clear();
                copy.extend_from_slice(record);
                let mut tape = simd_json::Tape(Vec::new());
                let done = simd_json::fill_tape(&mut copy, &mut buffers, &mut tape);
                black_box(done.is_ok());
            }
        })
    });
    group.bench_function("sonic-rs", |b| {
        b.iter(|| records.iter().for_each(|r| drop(black_box(sonic_rs::from_slice::<Event>(r)))))
    });
    group.bench_function("serde_json", |b| {
        b.iter(|| records.iter().for_each(|r| drop(black_box(serde_json::from_slice::<Event>(r)))))
    });
    group.bench_function("copy only", |b| {
        b.iter(|| {
            block.clear();
            records.iter().for_each(|r| block.push(Some(r), None, RawRecord::default()));
            black_box(&block.payload);
        })
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
