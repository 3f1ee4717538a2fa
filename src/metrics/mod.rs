//! Counters and gauges, shown as Prometheus text.
//!
//! Handles are looked up once and then are a single relaxed atomic each; the data path adds to
//! them once per batch, never per record. The registry's lock is taken by registration and by a
//! scrape only.

pub mod latency;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use latency::{Latencies, LatencyRecorder, StageLatency};

/// Every name begins with it.
const PREFIX: &str = "pelton_";

/// A number that only grows.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down, kept as the bits of a double.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    #[inline]
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    #[inline]
    pub fn set_i64(&self, value: i64) {
        self.set(value as f64);
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
}

struct Family {
    help: String,
    kind: Kind,
    /// By the labels as they are shown.
    series: BTreeMap<String, Arc<AtomicU64>>,
}

/// The registry. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Metrics {
    families: Arc<Mutex<BTreeMap<String, Family>>>,
}

impl Metrics {
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of this name and these labels, the same one at each call. `pelton_` goes
    /// before the name where it doesn't stand there; names of counters end in `_total`.
    pub fn counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Counter {
        Counter(self.cell(name, help, labels, Kind::Counter))
    }

    /// The gauge of this name and these labels. Base units: seconds, bytes.
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Gauge {
        Gauge(self.cell(name, help, labels, Kind::Gauge))
    }

    /// The sum of a counter over all its labels.
    pub fn sum(&self, name: &str) -> u64 {
        let families = self.lock();
        let cells =
            families.get(&full_name(name)).into_iter().flat_map(|family| family.series.values());
        cells.map(|cell| cell.load(Ordering::Relaxed)).sum()
    }

    /// The largest of a gauge's values with its labels.
    pub fn largest(&self, name: &str) -> Option<(String, f64)> {
        let families = self.lock();
        let series = families.get(&full_name(name))?.series.iter();
        let values =
            series.map(|(labels, cell)| (labels, f64::from_bits(cell.load(Ordering::Relaxed))));
        let (labels, value) = values.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((labels.clone(), value))
    }

    fn cell(&self, name: &str, help: &str, labels: &[(&str, &str)], kind: Kind) -> Arc<AtomicU64> {
        let mut families = self.lock();
        let family = families.entry(full_name(name)).or_insert_with(|| Family {
            help: help.to_owned(),
            kind,
            series: BTreeMap::new(),
        });
        if family.kind != kind {
            // One name can't be both in Prometheus's format: the second use counts unseen
            // rather than spoiling the whole scrape.
            return Arc::default();
        }
        Arc::clone(family.series.entry(label_text(labels)).or_default())
    }

    /// A panic elsewhere can't leave the map half changed in a way that matters here.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything in Prometheus's text format 0.0.4.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (name, family) in self.lock().iter() {
            let kind = if family.kind == Kind::Counter { "counter" } else { "gauge" };
            write_header(&mut out, name, &family.help, kind);
            for (labels, cell) in &family.series {
                let bits = cell.load(Ordering::Relaxed);
                out.push_str(name);
                out.push_str(labels);
                // Writing to a String does not fail.
                let _ = match family.kind {
                    Kind::Counter => writeln!(out, " {bits}"),
                    Kind::Gauge => writeln!(out, " {}", number(f64::from_bits(bits))),
                };
            }
        }
        out
    }
}

/// The two comment lines before a family.
pub(crate) fn write_header(out: &mut String, name: &str, help: &str, kind: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A double as Prometheus spells it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

fn full_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '_' })
        .collect();
    if plain.starts_with(PREFIX) { plain } else { format!("{PREFIX}{plain}") }
}

/// `{a="x",b="y"}`, nothing where there are none.
pub(crate) fn label_text(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_prometheus_text() {
        let metrics = Metrics::new();
        let rows = metrics.counter("rows_total", "Rows\nread.", &[("topic", "a\"b\\c\nd")]);
        rows.add(3);
        metrics.clone().counter("rows_total", "", &[("topic", "a\"b\\c\nd")]).add(4);
        metrics.counter("pelton_rows_total", "", &[("topic", "x")]).add(1);
        metrics.gauge("lag.seconds", "Lag.", &[]).set(1.5);
        metrics.gauge("queue", "Depth.", &[]).set_i64(-2);
        assert_eq!(rows.get(), 7);
        assert_eq!(
            metrics.render(),
            "# HELP pelton_lag_seconds Lag.\n# TYPE pelton_lag_seconds gauge\n\
             pelton_lag_seconds 1.5\n\
             # HELP pelton_queue Depth.\n# TYPE pelton_queue gauge\npelton_queue -2\n\
             # HELP pelton_rows_total Rows\\nread.\n# TYPE pelton_rows_total counter\n\
             pelton_rows_total{topic=\"a\\\"b\\\\c\\nd\"} 7\npelton_rows_total{topic=\"x\"} 1\n"
        );
    }

    #[test]
    fn a_name_used_as_two_kinds_keeps_the_first() {
        let metrics = Metrics::new();
        metrics.counter("x", "X.", &[]).add(1);
        metrics.gauge("x", "X.", &[]).set(9.0);
        assert_eq!(metrics.render(), "# HELP pelton_x X.\n# TYPE pelton_x counter\npelton_x 1\n");
        metrics.gauge("y", "", &[]).set(f64::INFINITY);
        assert!(metrics.render().contains("pelton_y +Inf\n"));
    }
}
