//! Sampling: a source that falls behind may read a part of its records instead of all of them, where
//! its table says so.
//!
//! Which records stay is a matter of their position alone. From when to when is one of the clock, so a
//! replay after a crash may draw the line elsewhere: state, positions and what transactions have
//! written go back together to the epoch that it begins with.

use std::sync::Arc;
use std::time::Duration;

use crate::record::key;
use crate::sql::plan::Table;
use crate::time::duration_ms;

/// The options.
pub const WHEN: &str = "scan.sample.when-lagging";
pub const RATE: &str = "scan.sample.rate";
/// The part of the records that is read while sampling.
const RATE_DEFAULT: f64 = 0.1;

/// What a table says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How old the newest record read may be while there are more, before records are left out (ms).
    pub lag_ms: i64,
    /// The part that stays.
    pub rate: f64,
}

impl Rule {
    pub fn of(table: &Table) -> Result<Option<Self>, String> {
        let rate = match table.options.get(RATE).map(|text| (text, text.trim().parse::<f64>())) {
            None => RATE_DEFAULT,
            Some((_, Ok(rate))) if rate > 0.0 && rate < 1.0 => rate,
            Some((text, _)) => {
                return Err(format!("'{RATE}' = '{text}' is no number between 0 and 1"));
            }
        };
        let Some(when) = table.options.get(WHEN) else {
            return match table.options.contains_key(RATE) {
                true => Err(format!("'{RATE}' needs '{WHEN}' = '30 s' or so")),
                false => Ok(None),
            };
        };
        if table.is_changelog() {
            return Err(format!("'{WHEN}': records that change rows cannot be left out"));
        }
        let lag_ms = duration_ms(when).filter(|&ms| ms > 0);
        let lag_ms = lag_ms.ok_or_else(|| format!("'{WHEN}' = '{when}' is no duration: '30 s'"))?;
        Ok(Some(Self { lag_ms, rate }))
    }
}

/// How the partitions of one instance are read.
pub struct Sampling {
    topic: Arc<str>,
    rule: Rule,
    partitions: Vec<Partition>,
    /// By partition the part that is read now.
    rates: Arc<Vec<f64>>,
    left_out: u64,
}

#[derive(Clone, Copy)]
struct Partition {
    number: i32,
    /// Timestamp of the newest record read (ms).
    newest: Option<i64>,
    samples: bool,
    /// Records left out since it has begun.
    left_out: u64,
}

impl Sampling {
    pub fn new(topic: &str, rule: Rule) -> Self {
        let (topic, rates) = (topic.into(), Arc::default());
        Self { topic, rule, partitions: Vec::new(), rates, left_out: 0 }
    }

    /// Takes in a partition behind those that there are.
    pub fn add(&mut self, number: i32) {
        self.partitions.push(Partition { number, newest: None, samples: false, left_out: 0 });
        Arc::make_mut(&mut self.rates).push(1.0);
    }

    /// Whether a record is read.
    #[inline]
    pub fn takes(&mut self, index: usize, offset: i64, timestamp: i64) -> bool {
        let partition = &mut self.partitions[index];
        if timestamp >= 0 {
            partition.newest = Some(timestamp);
        }
        if !partition.samples || chosen(partition.number, offset, self.rule.rate) {
            return true;
        }
        partition.left_out += 1;
        self.left_out += 1;
        false
    }

    /// Before records are read: whether `index` has more than was read.
    pub fn look(&mut self, index: usize, has_more: bool, now_ms: i64) {
        let (partition, rule) = (&mut self.partitions[index], self.rule);
        let age_ms = partition.newest.map_or(0, |newest| now_ms - newest);
        let lag_ms = if has_more { age_ms } else { 0 };
        // It ends at the half, so that it does not begin and end all the time.
        let samples = match partition.samples {
            true => lag_ms > rule.lag_ms / 2,
            false => lag_ms > rule.lag_ms,
        };
        if samples == partition.samples {
            return;
        }
        partition.samples = samples;
        Arc::make_mut(&mut self.rates)[index] = if samples { rule.rate } else { 1.0 };
        let (topic, lag) = (&self.topic, Duration::from_millis(lag_ms.max(0) as u64));
        let partition_number = partition.number;
        if samples {
            partition.left_out = 0;
            tracing::warn!(%topic, partition = partition_number, ?lag, rate = rule.rate,
                "lags behind: records are left out from now on");
        } else {
            let left_out = partition.left_out;
            tracing::warn!(%topic, partition = partition_number, ?lag, left_out,
                "has caught up: all records are read again");
        }
    }

    pub fn rates(&self) -> &Arc<Vec<f64>> {
        &self.rates
    }

    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// Whether a record is among the part `rate`.
fn chosen(partition: i32, offset: i64, rate: f64) -> bool {
    let mut place = [0; 12];
    place[..4].copy_from_slice(&partition.to_le_bytes());
    place[4..].copy_from_slice(&offset.to_le_bytes());
    const SCALE: f64 = (1_u64 << 53) as f64;
    ((key::hash(&place, 0) >> 11) as f64) < rate * SCALE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_beyond_the_limit_and_ends_at_the_half() {
        let mut sampling = Sampling::new("t", Rule { lag_ms: 1_000, rate: 0.5 });
        sampling.add(0);
        sampling.add(7);
        let mut rate = |timestamp: i64, has_more: bool| {
            sampling.takes(1, 0, timestamp);
            sampling.look(1, has_more, 10_000);
            assert_eq!(sampling.rates()[0], 1.0);
            sampling.rates()[1]
        };
        let steps = [
            (9_000, true, 1.0),
            (8_999, true, 0.5),
            (9_400, true, 0.5),
            (9_500, true, 1.0),
            (9_100, true, 1.0),
            (1_000, false, 1.0),
            (1_000, true, 0.5),
            (1_000, false, 1.0),
        ];
        for (timestamp, has_more, expected) in steps {
            assert_eq!(rate(timestamp, has_more), expected, "{timestamp} {has_more}");
        }
    }

    #[test]
    fn the_part_that_stays_goes_by_position_alone() {
        for rate in [0.01, 0.1, 0.5] {
            let kept = (0..100_000).filter(|&offset| chosen(3, offset, rate)).count() as f64;
            assert!((kept / 1e5 - rate).abs() < 0.1 * rate, "{rate}: {kept}");
        }
        let (of, other): (Vec<bool>, Vec<bool>) =
            (0..1_000).map(|offset| (chosen(0, offset, 0.5), chosen(1, offset, 0.5))).unzip();
        assert_ne!(of, other);
    }
}
