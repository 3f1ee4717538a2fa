//! What a row costs; run by hand with `--ignored --nocapture`.

use std::time::Instant;

use super::*;
use crate::operator::aggregate::{GroupAggregate, GroupOptions};
use crate::operator::window::{LocalWindowAggregate, WindowAggregate, WindowKind};
use crate::state::KeyDictionary;

const ROWS: i64 = 1 << 20;

/// Rows in time order, a hundred to the millisecond, without a watermark inside.
fn input(keys: i64) -> Vec<Batch> {
    let types = [DataType::BigInt, DataType::BigInt, DataType::BigInt, DataType::STRING];
    let row = |i: i64| {
        let key = i * 7919 % keys;
        let text = Value::Str(format!("event_type_{key}").as_str().into());
        vec![Value::I64(key), Value::I64(i / 100), Value::I64(i % 1000), text]
    };
    let batch = |at: i64| {
        let rows: Vec<Row> = (at..at + 1024).map(row).collect();
        Batch { time: BatchTime::at(0), ..batch(&types, &rows, &[]) }
    };
    (0..ROWS).step_by(1024).map(batch).collect()
}

fn measure(name: &str, operator: &mut dyn Operator, input: &[Batch]) {
    let mut out = Output::default();
    let started = Instant::now();
    for batch in input {
        assert_eq!(operator.process(0, batch.clone(), &mut out), Progress::Done);
        let time = batch.columns[TIME].as_i64s()[0];
        let progress = operator.advance_watermark(time - 1, &mut out);
        finish(progress, operator, &mut out);
        out.messages.clear();
    }
    let ns = started.elapsed().as_nanos() as f64 / ROWS as f64;
    let sizes: Vec<_> = operator.states().iter().map(|(_, state)| state.size()).collect();
    println!("{name}: {ns:.1} ns a row, (rows, bytes) {sizes:?}");
}

#[test]
#[ignore = "a measurement"]
fn cost() {
    use AggregateFunction::{Avg, CountStar, Sum};
    let count = [call(CountStar, None)];
    let three = [call(CountStar, None), call(Sum, Some(LONG)), call(Avg, Some(LONG))];
    let kind = |size_ms, slide_ms| WindowKind { size_ms, slide_ms, offset_ms: 0, grows: false };
    let keys = || (vec![KEY], vec![DataType::BigInt]);
    let texts = || (vec![3], vec![DataType::STRING]);
    let dictionary = || KeyDictionary::shared(3);
    let (many, few) = (input(100_000), input(5));
    let (of, types) = keys();
    let mut group = GroupAggregate::new(of, types, &count, dictionary(), GroupOptions::default());
    measure("group, 100,000 keys", &mut group, &many);
    let windows = [(1000, 1000, &many), (3000, 500, &few), (3000, 10, &few), (3000, 10, &many)];
    for (size, slide, input) in windows {
        let window = kind(size, slide);
        let mut one = WindowAggregate::new(window, TIME, keys(), count.to_vec(), dictionary());
        let keys =
            if input.len() == many.len() && std::ptr::eq(input, &many) { 100_000 } else { 5 };
        measure(&format!("window {size}/{slide}, {keys} keys"), &mut one, input);
    }
    for calls in [&count[..], &three[..]] {
        for keys in [keys(), texts()] {
            let name = format!("first phase, 5 keys {:?}, {} calls", keys.1, calls.len());
            let mut local =
                LocalWindowAggregate::new(kind(1000, 1000), TIME, keys, calls, dictionary());
            measure(&name, &mut local, &few);
        }
    }
}
