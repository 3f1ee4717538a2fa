//! What a worker tells the metrics, a few times a second and once at its end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::node::Node;
use super::source_task::SourceTask;
use crate::metrics::{Counter, Gauge, Metrics};

/// How often counters are brought up to date.
const INTERVAL: Duration = Duration::from_millis(100);

/// A counter that follows a running total.
struct Following {
    counter: Counter,
    seen: u64,
}

impl Following {
    fn new(counter: Counter) -> Self {
        Self { counter, seen: 0 }
    }

    fn follow(&mut self, total: u64) {
        self.counter.add(total - std::mem::replace(&mut self.seen, total));
    }
}

struct SourceGauges {
    /// Where records may be left out: how many were, and the rate.
    sampling: Option<(Following, Gauge)>,
    records: Following,
    bytes: Following,
    errors: Following,
    lag: Gauge,
    fallbacks: Gauge,
}

struct NodeGauges {
    rows: Following,
    batches: Following,
    late: Counter,
    expired: Counter,
    watermark_delay: Gauge,
    state_rows: Gauge,
    state_bytes: Gauge,
    queue: Gauge,
}

/// The metrics of one worker.
pub struct Gauges {
    metrics: Metrics,
    worker: String,
    busy: Gauge,
    sources: Vec<SourceGauges>,
    nodes: Vec<NodeGauges>,
    problem: Arc<Mutex<Option<String>>>,
    late_total: u64,
    last: Instant,
    busy_turns: u64,
    turns: u64,
}

impl Gauges {
    /// `problem`: where the latest trouble of a source is shown to `/ready`.
    pub fn new(metrics: Metrics, worker: usize, problem: Arc<Mutex<Option<String>>>) -> Self {
        let worker = worker.to_string();
        let busy = metrics.gauge(
            "pelton_worker_busy_ratio",
            "Share of the worker loop's turns in which there was work, 0 to 1",
            &[("worker", &worker)],
        );
        Self {
            metrics,
            worker,
            busy,
            sources: Vec::new(),
            nodes: Vec::new(),
            problem,
            late_total: 0,
            last: Instant::now(),
            busy_turns: 0,
            turns: 0,
        }
    }

    /// Called at every turn of the loop; does something a few times a second.
    pub fn turn(&mut self, worked: bool, sources: &[SourceTask], nodes: &mut [Node]) {
        self.turns += 1;
        self.busy_turns += u64::from(worked);
        // Looking at the clock costs: only when there is nothing to do, or now and then.
        if (!worked || self.turns.is_multiple_of(64)) && self.last.elapsed() >= INTERVAL {
            self.update(sources, nodes);
        }
    }

    /// The last figures; returns how many rows were late in all.
    pub fn finish(&mut self, sources: &[SourceTask], nodes: &mut [Node]) -> u64 {
        self.update(sources, nodes);
        self.late_total
    }

    fn update(&mut self, sources: &[SourceTask], nodes: &mut [Node]) {
        self.last = Instant::now();
        self.busy.set(self.busy_turns as f64 / self.turns.max(1) as f64);
        (self.busy_turns, self.turns) = (0, 0);
        self.register(sources, nodes);
        let problem = sources.iter().find_map(SourceTask::problem);
        if let Ok(mut shown) = self.problem.lock() {
            *shown = problem;
        }
        for (gauges, source) in self.sources.iter_mut().zip(sources) {
            gauges.records.follow(source.rows);
            gauges.bytes.follow(source.bytes);
            gauges.errors.follow(source.errors);
            gauges.fallbacks.set(source.decoder.fallbacks() as f64);
            let partitions = 0..source.source.partitions().len();
            let lag: u64 = partitions.filter_map(|index| source.source.lag(index)).sum();
            gauges.lag.set(lag as f64);
            if let (Some(sampling), Some((left_out, rate))) =
                (source.source.sampling(), &mut gauges.sampling)
            {
                left_out.follow(sampling.left_out());
                rate.set(sampling.rates().iter().copied().fold(1.0, f64::min));
            }
        }
        let now = super::worker::now_ms();
        for (gauges, node) in self.nodes.iter_mut().zip(nodes) {
            gauges.rows.follow(node.rows_in);
            gauges.batches.follow(node.batches_in);
            let late = std::mem::take(&mut node.out.late_rows);
            gauges.late.add(late);
            gauges.expired.add(std::mem::take(&mut node.out.expired));
            self.late_total += late;
            if node.watermark() > i64::MIN && node.watermark() < i64::MAX {
                gauges.watermark_delay.set((now - node.watermark()) as f64 / 1_000.0);
            }
            gauges.queue.set(node.waiting() as f64);
            let sizes = node.operator.states().into_iter().map(|(_, state)| state.size());
            let (rows, bytes) = sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
            gauges.state_rows.set(rows as f64);
            gauges.state_bytes.set(bytes as f64);
        }
    }

    /// Makes the metrics at the first update, when the worker is complete.
    fn register(&mut self, sources: &[SourceTask], nodes: &[Node]) {
        if self.sources.len() == sources.len() && self.nodes.len() == nodes.len() {
            return;
        }
        self.sources = sources.iter().map(|source| self.for_source(source)).collect();
        self.nodes = nodes.iter().map(|node| self.for_node(&node.name)).collect();
    }

    fn for_source(&self, source: &SourceTask) -> SourceGauges {
        let labels = [("source", &*source.name), ("worker", &*self.worker)];
        let metrics = &self.metrics;
        let sampling = source.source.sampling().map(|_| {
            let help = "Records left out on purpose, by 'scan.sample.when-lagging'";
            let left_out = metrics.counter("pelton_source_left_out_total", help, &labels);
            let help =
                "The part of the records that is read of the partition that lags most; 1: all";
            let rate = metrics.gauge("pelton_source_sample_rate", help, &labels);
            (Following::new(left_out), rate)
        });
        SourceGauges {
            sampling,
            records: Following::new(metrics.counter(
                "pelton_source_records_total",
                "Records read",
                &labels,
            )),
            bytes: Following::new(metrics.counter(
                "pelton_source_bytes_total",
                "Bytes of records read",
                &labels,
            )),
            errors: Following::new(metrics.counter(
                "pelton_source_errors_total",
                "Records that could not be decoded",
                &labels,
            )),
            lag: metrics.gauge(
                "pelton_source_lag_records",
                "Records between the reader and the end of its partitions",
                &labels,
            ),
            fallbacks: metrics.gauge(
                "pelton_source_decoder_fallbacks",
                "Records that the fast scan left to the general JSON parser",
                &labels,
            ),
        }
    }

    fn for_node(&self, name: &str) -> NodeGauges {
        let labels = [("operator", name), ("worker", &*self.worker)];
        let metrics = &self.metrics;
        NodeGauges {
            rows: Following::new(metrics.counter(
                "pelton_operator_rows_total",
                "Rows taken in",
                &labels,
            )),
            batches: Following::new(metrics.counter(
                "pelton_operator_batches_total",
                "Batches taken in",
                &labels,
            )),
            late: metrics.counter("pelton_operator_late_total", "Rows that came too late", &labels),
            expired: metrics.counter(
                "pelton_operator_expired_total",
                "Keys (of a join, rows) whose state was let go as nothing was written to it for so long",
                &labels,
            ),
            watermark_delay: metrics.gauge(
                "pelton_operator_watermark_delay_seconds",
                "Wall clock less the operator's watermark",
                &labels,
            ),
            state_rows: metrics.gauge("pelton_operator_state_rows", "Rows of state", &labels),
            state_bytes: metrics.gauge(
                "pelton_operator_state_bytes",
                "Bytes of state, roughly",
                &labels,
            ),
            queue: metrics.gauge(
                "pelton_operator_queue_messages",
                "Messages waiting in front of and behind the operator",
                &labels,
            ),
        }
    }
}
