//! Latency histograms: recorded by the threads that feel it, merged at the scrape.
//!
//! Each recorder owns an array of counters that only it adds to, so recording is a load and a
//! store without waiting; a scrape reads the arrays of all recorders and adds them up in an HDR
//! histogram. (hdrhistogram's own recorder hands its counts over at its *next* record, so what a
//! thread recorded last before it went quiet would stay unseen.) 256 steps an octave: a value is
//! shown at most 0.4 % too high.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hdrhistogram::Histogram;

use super::{label_text, write_header};

/// Steps an octave, as a power of two.
const STEP_BITS: u32 = 8;
const STEPS: usize = 1 << STEP_BITS;
/// Values from 2^36 µs (19 h) count as that.
const MAX_BITS: u32 = 36;
const BUCKETS: usize = (MAX_BITS - STEP_BITS + 1) as usize * STEPS;

/// Counts of one thread and stage.
struct Counts {
    buckets: Box<[AtomicU64]>,
    max: AtomicU64,
}

/// Records for one stage. Owned by one thread: a second writer would need a clone of its own
/// from [`Latencies::recorder`].
pub struct LatencyRecorder {
    counts: Arc<Counts>,
}

impl LatencyRecorder {
    /// Counts a latency in µs `count` times. Neither waits nor fails.
    #[inline]
    pub fn record(&mut self, us: u64, count: u64) {
        if count == 0 {
            return;
        }
        let cell = &self.counts.buckets[bucket_of(us)];
        // The only writer: no read-modify-write is needed.
        cell.store(cell.load(Ordering::Relaxed) + count, Ordering::Relaxed);
        if us > self.counts.max.load(Ordering::Relaxed) {
            self.counts.max.store(us, Ordering::Relaxed);
        }
    }
}

/// The bucket of a value: one for each value below 2·STEPS, then STEPS an octave.
#[inline]
fn bucket_of(us: u64) -> usize {
    let us = us.min((1 << MAX_BITS) - 1);
    let octave = (u64::BITS - (us | (STEPS as u64)).leading_zeros() - 1) - STEP_BITS;
    octave as usize * STEPS + (us >> octave) as usize
}

/// The largest value of a bucket.
fn top_of(bucket: usize) -> u64 {
    if bucket < 2 * STEPS {
        return bucket as u64;
    }
    let octave = bucket / STEPS - 1;
    (((bucket - octave * STEPS) as u64 + 1) << octave) - 1
}

/// The figures of one stage, in µs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageLatency {
    pub stage: String,
    pub count: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub p9999: u64,
    pub max: u64,
}

/// All recorders. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Latencies {
    stages: Arc<Mutex<BTreeMap<String, Vec<Arc<Counts>>>>>,
}

impl Latencies {
    pub fn new() -> Self {
        Self::default()
    }

    /// A new recorder for the calling thread; its counts stay when it is dropped.
    pub fn recorder(&self, stage: &str) -> LatencyRecorder {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        let counts = Arc::new(Counts { buckets, max: AtomicU64::new(0) });
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        stages.entry(stage.to_owned()).or_default().push(Arc::clone(&counts));
        LatencyRecorder { counts }
    }

    pub fn snapshot(&self) -> Vec<StageLatency> {
        self.merged()
            .into_iter()
            .map(|(stage, histogram, max)| {
                let at = |quantile| histogram.value_at_quantile(quantile).min(max);
                StageLatency {
                    stage,
                    count: histogram.len(),
                    p50: at(0.5),
                    p90: at(0.9),
                    p99: at(0.99),
                    p999: at(0.999),
                    p9999: at(0.9999),
                    max,
                }
            })
            .collect()
    }

    /// The percentile distribution of a stage as HdrHistogram's tools read and plot it, values
    /// in µs; `None` for an unknown stage.
    pub fn hgrm(&self, stage: &str) -> Option<String> {
        let (_, histogram, max) = self.merged().into_iter().find(|(name, ..)| name == stage)?;
        let total = histogram.len();
        let mut out = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
        let mut seen = 0;
        for step in histogram.iter_quantiles(5) {
            seen += step.count_since_last_iteration();
            let quantile = step.quantile_iterated_to();
            let value = step.value_iterated_to().min(max) as f64;
            // Writing to a String does not fail.
            let _ = write!(out, "{value:12.3} {quantile:2.12} {seen:10}");
            let _ = match 1.0 - quantile {
                rest if rest > 0.0 => writeln!(out, " {:14.2}", 1.0 / rest),
                _ => writeln!(out),
            };
        }
        let (mean, deviation) = (histogram.mean(), histogram.stdev());
        let _ = writeln!(out, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]");
        let _ = writeln!(out, "#[Max     = {:12.3}, Total count    = {total:12}]", max as f64);
        let _ = writeln!(out, "#[Buckets = {:12}, SubBuckets     = {STEPS:12}]", BUCKETS / STEPS);
        Some(out)
    }

    /// A Prometheus summary in seconds, one series for each stage and quantile.
    pub fn render(&self) -> String {
        let name = "pelton_latency_seconds";
        let mut out = String::new();
        write_header(&mut out, name, "Time from an event's append to the named stage.", "summary");
        for (stage, histogram, max) in self.merged() {
            for quantile in ["0.5", "0.9", "0.99", "0.999", "0.9999", "1"] {
                let labels = label_text(&[("stage", &stage), ("quantile", quantile)]);
                let at = quantile.parse().unwrap_or(1.0);
                let value = histogram.value_at_quantile(at).min(max) as f64 / 1e6;
                let _ = writeln!(out, "{name}{labels} {value}");
            }
            let labels = label_text(&[("stage", &stage)]);
            let sum = histogram.mean() * histogram.len() as f64 / 1e6;
            let _ =
                writeln!(out, "{name}_sum{labels} {sum}\n{name}_count{labels} {}", histogram.len());
        }
        out
    }

    fn merged(&self) -> Vec<(String, Histogram<u64>, u64)> {
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::with_capacity(stages.len());
        for (stage, recorders) in stages.iter() {
            // Three digits are a valid precision, so this is always there.
            let Ok(mut histogram) = Histogram::new_with_bounds(1, 1 << MAX_BITS, 3) else {
                continue;
            };
            for counts in recorders {
                for (bucket, cell) in counts.buckets.iter().enumerate() {
                    let count = cell.load(Ordering::Relaxed);
                    if count > 0 {
                        histogram.saturating_record_n(top_of(bucket), count);
                    }
                }
            }
            let max = recorders.iter().map(|c| c.max.load(Ordering::Relaxed)).max();
            out.push((stage.clone(), histogram, max.unwrap_or(0)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_values() {
        let values =
            (0..5_000).chain((3..36).flat_map(|bit| [(1 << bit) - 1, 1 << bit, 3 << (bit - 1)]));
        for value in values.filter(|&value| value < 1 << MAX_BITS) {
            let bucket = bucket_of(value);
            let top = top_of(bucket);
            assert!(bucket < BUCKETS);
            assert!(top >= value && (top - value) as f64 <= value as f64 * 0.004, "{value} {top}");
            assert_eq!(bucket_of(top), bucket);
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn merges_threads_and_sees_quiet_ones() {
        let latencies = Latencies::new();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let mut recorder = latencies.recorder("kafka");
                std::thread::spawn(move || (1..=1_000).for_each(|us| recorder.record(us, 5)))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let stages = latencies.snapshot();
        let near = |value: u64, wanted: u64| value.abs_diff(wanted) * 200 <= wanted;
        let stage = &stages[0];
        assert_eq!((stage.count, stage.max), (10_000, 1_000));
        assert!(near(stage.p50, 500) && near(stage.p90, 900) && near(stage.p99, 990), "{stage:?}");
        let text = latencies.hgrm("kafka").unwrap();
        assert!(text.contains("Total count    =        10000]"), "{text}");
        assert!(latencies.hgrm("other").is_none());
        assert!(
            latencies.render().contains("pelton_latency_seconds_count{stage=\"kafka\"} 10000\n")
        );
    }

    #[test]
    fn an_empty_stage_shows_zeros() {
        let latencies = Latencies::new();
        let mut recorder = latencies.recorder("redis");
        recorder.record(7, 0);
        assert_eq!(latencies.snapshot()[0].max, 0);
        assert!(latencies.hgrm("redis").is_some());
    }
}
