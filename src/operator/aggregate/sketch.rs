//! Summaries that are merged whatever the order: how many values differ, and which value stands
//! at a share of them. Neither depends on how rows are cut into batches or spread over shards.

use std::collections::BTreeMap;

use crate::record::{Value, key, row};
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};

/// What is kept of one group.
#[derive(Clone, Debug)]
pub enum Sketch {
    Distinct(DistinctCounter),
    /// Within 1 % of a value.
    Quantiles(QuantileSketch),
    /// All values, as bytes, each once with its count.
    Counted(BTreeMap<Box<[u8]>, u64>),
}

impl Sketch {
    pub fn add_number(&mut self, value: f64) {
        match self {
            Self::Quantiles(sketch) => sketch.add(value, 1),
            Self::Distinct(_) | Self::Counted(_) => {}
        }
    }

    /// A value in canonical form, or packed.
    pub fn add_bytes(&mut self, value: &[u8]) {
        match self {
            Self::Distinct(counter) => counter.add(key::hash(value, 0)),
            Self::Counted(values) => *values.entry(value.into()).or_default() += 1,
            Self::Quantiles(_) => {}
        }
    }

    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Distinct(a), Self::Distinct(b)) => a.merge(b),
            (Self::Quantiles(a), Self::Quantiles(b)) => a.merge(b),
            (Self::Counted(a), Self::Counted(b)) => {
                b.iter().for_each(|(value, count)| *a.entry(value.clone()).or_default() += count);
            }
            _ => {}
        }
    }

    pub fn distinct(&self) -> i64 {
        match self {
            Self::Distinct(counter) => counter.estimate(),
            _ => 0,
        }
    }

    /// The value at a share (0 to 1) of all.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        match self {
            Self::Distinct(_) | Self::Counted(_) => None,
            Self::Quantiles(sketch) => sketch.quantile(share),
        }
    }

    /// Packed values, each with its count behind it.
    pub fn counted(&self, out: &mut Vec<u8>) {
        if let Self::Counted(values) = self {
            values.iter().for_each(|(value, count)| put_counted(value, *count as i64, out));
        }
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        match self {
            Self::Distinct(DistinctCounter::Few(hashes)) => {
                put_i64(hashes.len() as i64, out);
                hashes.iter().for_each(|hash| put_i64(*hash as i64, out));
            }
            Self::Distinct(DistinctCounter::Many(registers)) => {
                put_i64(-1, out);
                out.extend_from_slice(registers);
            }
            Self::Quantiles(sketch) => {
                put_i64(sketch.zeros as i64, out);
                for buckets in [&sketch.positive, &sketch.negative] {
                    put_i64(buckets.len() as i64, out);
                    for (bucket, count) in buckets {
                        put_i64(i64::from(*bucket), out);
                        put_i64(*count as i64, out);
                    }
                }
            }
            Self::Counted(values) => {
                put_i64(values.len() as i64, out);
                for (value, count) in values {
                    put_bytes(value, out);
                    put_i64(*count as i64, out);
                }
            }
        }
    }

    /// Fills a fresh sketch with what `save` wrote.
    pub fn load(&mut self, from: &mut &[u8]) -> Option<()> {
        match self {
            Self::Distinct(counter) => {
                let count = take_i64(from)?;
                if count < 0 {
                    let (registers, rest) = from.split_at_checked(REGISTERS)?;
                    *from = rest;
                    *counter = DistinctCounter::Many(registers.into());
                    return Some(());
                }
                (0..count).try_for_each(|_| {
                    counter.add(take_i64(from)? as u64);
                    Some(())
                })
            }
            Self::Quantiles(sketch) => {
                sketch.zeros = take_i64(from)? as u64;
                for buckets in [&mut sketch.positive, &mut sketch.negative] {
                    for _ in 0..take_i64(from)? {
                        let bucket = i32::try_from(take_i64(from)?).ok()?;
                        buckets.insert(bucket, take_i64(from)? as u64);
                    }
                }
                Some(())
            }
            Self::Counted(values) => {
                for _ in 0..take_i64(from)? {
                    let value = take_bytes(from)?.into();
                    values.insert(value, take_i64(from)? as u64);
                }
                Some(())
            }
        }
    }
}

/// Appends a packed value, and how often it is there.
pub fn put_counted(value: &[u8], count: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(value);
    row::encode_value(&Value::I64(count), out);
}

/// 2^12 registers: the standard error is 1.04 / √4096 = 1.6 %.
const PRECISION: u32 = 12;
const REGISTERS: usize = 1 << PRECISION;
/// Up to here all hashes are kept, and the count is exact.
const FEW_MAX: usize = REGISTERS / 8;

/// P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, HyperLogLog (2007), estimated by O. Ertl, New
/// cardinality estimation algorithms for HyperLogLog sketches (2017).
#[derive(Clone, Debug)]
pub enum DistinctCounter {
    /// Hashes, ascending.
    Few(Vec<u64>),
    Many(Box<[u8]>),
}

impl DistinctCounter {
    pub fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub fn add(&mut self, hash: u64) {
        match self {
            Self::Few(hashes) => {
                if let Err(at) = hashes.binary_search(&hash) {
                    hashes.insert(at, hash);
                }
                if hashes.len() > FEW_MAX {
                    let mut registers = vec![0; REGISTERS].into_boxed_slice();
                    hashes.iter().for_each(|&hash| note(&mut registers, hash));
                    *self = Self::Many(registers);
                }
            }
            Self::Many(registers) => note(registers, hash),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(hashes) => hashes.iter().for_each(|&hash| self.add(hash)),
            Self::Many(registers) => {
                let mut merged = registers.clone();
                match self {
                    Self::Few(hashes) => hashes.iter().for_each(|&hash| note(&mut merged, hash)),
                    Self::Many(own) => {
                        merged.iter_mut().zip(own).for_each(|(a, b)| *a = (*a).max(*b));
                    }
                }
                *self = Self::Many(merged);
            }
        }
    }

    pub fn estimate(&self) -> i64 {
        let registers = match self {
            Self::Few(hashes) => return hashes.len() as i64,
            Self::Many(registers) => registers,
        };
        let most = 64 - PRECISION as usize;
        let mut counts = vec![0u32; most + 2];
        registers.iter().for_each(|&register| counts[register as usize] += 1);
        let m = REGISTERS as f64;
        let mut z = m * tau(1.0 - f64::from(counts[most + 1]) / m);
        for count in counts[1..=most].iter().rev() {
            z = 0.5 * (z + f64::from(*count));
        }
        z += m * sigma(f64::from(counts[0]) / m);
        (m * m / (2.0 * std::f64::consts::LN_2 * z)).round() as i64
    }
}

/// The first bits name the register, which keeps the longest run of zeros behind them.
fn note(registers: &mut [u8], hash: u64) {
    let register = (hash >> (64 - PRECISION)) as usize;
    let rank = (hash << PRECISION | 1 << (PRECISION - 1)).leading_zeros() as u8 + 1;
    registers[register] = registers[register].max(rank);
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// Buckets grow by this factor, so that a value is at most 1 % away from what its bucket shows.
const GROWTH: f64 = 1.01 / 0.99;

/// C. Masson, J. E. Rim, H. K. Lee, DDSketch: a fast and fully-mergeable quantile sketch with
/// relative-error guarantees (2019).
#[derive(Clone, Debug, Default)]
pub struct QuantileSketch {
    positive: BTreeMap<i32, u64>,
    /// By the distance from zero.
    negative: BTreeMap<i32, u64>,
    zeros: u64,
}

impl QuantileSketch {
    /// NaN counts as nothing.
    fn add(&mut self, value: f64, times: u64) {
        let size = value.abs().min(f64::MAX);
        let bucket = (size.ln() / GROWTH.ln()).ceil() as i32;
        if size < f64::MIN_POSITIVE {
            self.zeros += times;
        } else if value > 0.0 {
            *self.positive.entry(bucket).or_default() += times;
        } else if value < 0.0 {
            *self.negative.entry(bucket).or_default() += times;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        for (own, others) in
            [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)]
        {
            others.iter().for_each(|(bucket, count)| *own.entry(*bucket).or_default() += count);
        }
    }

    fn quantile(&self, share: f64) -> Option<f64> {
        let counts = self.negative.values().chain(self.positive.values());
        let all = self.zeros + counts.sum::<u64>();
        let rank = (share * all.checked_sub(1)? as f64).floor() as u64;
        let shown = |bucket: &i32| 2.0 * GROWTH.powi(*bucket) / (GROWTH + 1.0);
        let negative = self.negative.iter().rev().map(|(bucket, count)| (-shown(bucket), *count));
        let positive = self.positive.iter().map(|(bucket, count)| (shown(bucket), *count));
        let mut seen = 0;
        let mut ascending = negative.chain([(0.0, self.zeros)]).chain(positive);
        ascending.find_map(|(value, count)| {
            seen += count;
            (seen > rank).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(values: std::ops::Range<u64>) -> DistinctCounter {
        let mut counter = DistinctCounter::new();
        values.for_each(|value| counter.add(key::hash(&value.to_le_bytes(), 0)));
        counter
    }

    #[test]
    fn distinct_values_are_counted_within_the_stated_error() {
        for count in [0u64, 1, 100, 512] {
            assert_eq!(counter(0..count).estimate(), count as i64, "few are exact");
        }
        // Three times the standard error of 1.6 %.
        for count in [600u64, 1_000, 5_000, 20_000, 100_000, 1_000_000] {
            let error = counter(0..count).estimate() as f64 / count as f64 - 1.0;
            assert!(error.abs() < 3.0 * 0.01625, "{count}: {error}");
        }
    }

    #[test]
    fn merged_in_any_order_the_counter_is_the_same() {
        for (a, b) in [(0..300, 200..500), (0..300, 200..900), (0..9_000, 100..200)] {
            let whole = counter(a.start.min(b.start)..a.end.max(b.end)).estimate();
            let (mut left, mut right) = (counter(a.clone()), counter(b.clone()));
            left.merge(&counter(b));
            right.merge(&counter(a));
            assert_eq!((left.estimate(), right.estimate()), (whole, whole));
        }
    }

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut values: Vec<f64> =
            (0..10_000).map(|i| f64::from(i * 7919 % 10_007 - 3_000) * 1.7).collect();
        let (mut whole, mut odd) = (QuantileSketch::default(), QuantileSketch::default());
        let mut even = QuantileSketch::default();
        for (at, value) in values.iter().enumerate() {
            whole.add(*value, 1);
            if at % 2 == 0 { &mut even } else { &mut odd }.add(*value, 1);
        }
        even.merge(&odd);
        values.sort_by(f64::total_cmp);
        for share in [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0] {
            let exact = values[(share * (values.len() - 1) as f64).floor() as usize];
            let found = whole.quantile(share).unwrap();
            assert!((found - exact).abs() <= 0.010001 * exact.abs(), "{share}: {found}, {exact}");
            assert_eq!(even.quantile(share), Some(found), "merged as if never parted");
        }
    }

    #[test]
    fn a_sketch_is_restored_as_it_was() {
        let mut numbers = Sketch::Quantiles(QuantileSketch::default());
        [-2.5, 0.0, 1e300, 7.0].into_iter().for_each(|value| numbers.add_number(value));
        let mut bytes = Vec::new();
        numbers.save(&mut bytes);
        let mut again = Sketch::Quantiles(QuantileSketch::default());
        assert_eq!(again.load(&mut bytes.as_slice()), Some(()));
        assert_eq!(again.quantile(1.0), numbers.quantile(1.0));
        for count in [10, 5_000] {
            let whole = Sketch::Distinct(counter(0..count));
            let mut bytes = Vec::new();
            whole.save(&mut bytes);
            let mut again = Sketch::Distinct(DistinctCounter::new());
            assert_eq!(again.load(&mut bytes.as_slice()), Some(()));
            assert_eq!(again.distinct(), whole.distinct());
        }
    }
}
