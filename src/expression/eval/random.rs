//! Functions whose values nobody knows beforehand.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::Arc;

use super::super::registry::Function;
use super::frame::Frame;
use crate::record::{Column, ColumnData, ColumnRef, StringColumn, Validity};

thread_local! {
    static STATE: Cell<u64> = Cell::new(seed());
}

fn seed() -> u64 {
    let mut bytes = [0; 8];
    // Without a source of randomness the thread's own number is all there is.
    match openssl::rand::rand_bytes(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => ahash::RandomState::new().hash_one(std::thread::current().id()),
    }
}

/// SplitMix64. G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators
/// (2014).
fn next() -> u64 {
    STATE.with(|state| {
        let mut x = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(x);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    })
}

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    match function {
        Function::Uuid => uuids(frame.batch.rows),
        Function::Rand => frame.f64s(|_| Ok(Some((next() >> 11) as f64 / (1u64 << 53) as f64))),
        _ => {
            let bound = frame.args[0].clone();
            frame.i64s(|row| match u64::try_from(bound.i64(row)) {
                Ok(bound @ 1..) => Ok(Some((next() % bound) as i64)),
                _ => Err("RAND_INTEGER: the bound must be positive".into()),
            })
        }
    }
}

/// Random UUIDs (version 4).
fn uuids(rows: usize) -> ColumnRef {
    const LENGTH: usize = 36;
    let mut text = String::with_capacity(rows * LENGTH);
    for _ in 0..rows {
        let (high, low) = (next(), next());
        let version = (high & !0xf000) | 0x4000;
        let variant = (low & !(0b11 << 62)) | (0b10 << 62);
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            version >> 32,
            version >> 16 & 0xffff,
            version & 0xffff,
            variant >> 48,
            variant & 0xffff_ffff_ffff
        );
    }
    let views = (0..rows).map(|row| ((row * LENGTH) as u32, LENGTH as u32)).collect();
    let strings = StringColumn { buffer: Arc::new(text.into_bytes()), views };
    Arc::new(Column::new(ColumnData::Str(strings), Validity::all()))
}
