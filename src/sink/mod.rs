//! Sinks: batches out to other systems, on a thread of each sink's own.

pub mod blackhole;
pub mod clickhouse;
pub mod dingtalk;
pub mod email;
pub mod filesystem;
pub mod http;
pub mod kafka;
pub mod options;
pub(crate) mod pauses;
pub mod print;
pub mod receiver;
pub mod redis;
pub mod webhook;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::metrics::{Counter, Gauge, Metrics};
use crate::record::Batch;
use crate::sql::plan::Table;

/// A writer of one table. It lives on a thread of its own and may block.
///
/// Contract: batches of one shard come in order. Errors that pass (the store is away, a
/// time-out) are retried inside, with back-off, until they succeed or [`SinkContext::stopping`];
/// meanwhile the reason stands in [`SinkContext::set_problem`] and nothing is lost: the sink
/// simply takes no more, which holds the stream back. An `Err` ends the job.
/// Change kinds: an upsert sink applies rows in order: `-U`/`-D` delete, `+I`/`+U` put. A
/// `-U` followed by a `+U` of the same key in one batch is one put.
pub trait Sink: Send {
    /// Takes the selected rows of a batch; may buffer them.
    fn write(&mut self, batch: &Batch) -> Result<(), String>;

    /// Returns once everything written so far is acknowledged by the other side.
    fn flush(&mut self) -> Result<(), String>;

    /// Everything written so far belongs to `epoch`, what follows to the next one. Returns once it
    /// is acknowledged; what goes out by a Kafka transaction is visible with its commit.
    fn end_epoch(&mut self, _epoch: u64) -> Result<(), String> {
        self.flush()
    }

    /// From now on rows come by [`Self::publish`]. Refused where another process has taken over.
    fn begin_publishing(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// All rows of a committed epoch, in their order; the same again after a crash in doubt.
    /// Returns once they are acknowledged.
    fn publish(&mut self, _epoch: u64, batches: &[Batch]) -> Result<(), String> {
        batches.iter().try_for_each(|batch| self.write(batch))?;
        self.flush()
    }

    /// Some committed epochs, oldest first: says of each, or of the last of several, once its rows
    /// are acknowledged.
    fn publish_all(
        &mut self,
        epochs: &[(u64, Vec<Batch>)],
        done: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        for (epoch, batches) in epochs {
            self.publish(*epoch, batches)?;
            done(*epoch);
        }
        Ok(())
    }

    /// How long rows may be gathered before they are asked to be acknowledged, where they go out as
    /// they come: for a store that takes many rows at once gladly and few badly.
    fn linger(&self) -> Duration {
        Duration::ZERO
    }

    /// Called when nothing has come for a moment (at most every few ms): send what is buffered,
    /// serve the client library's callbacks.
    fn idle(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// The process that publishes the committed rows of a job, as a store can tell it from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub job: String,
    /// Names what the job computes from: another one where it was begun afresh.
    pub state: String,
    /// The number of the start; the higher of two with one state is the newer.
    pub start: u64,
    /// Of this start in this process alone.
    pub owner: String,
    /// The committed epoch that it goes on from; 0: none yet.
    pub epoch: u64,
    /// To go on whatever newer start has been there.
    pub take_over: bool,
}

/// What is wrong with the options of a table that is written to, as far as that can be told
/// without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    options::backlog_bytes(table)?;
    match &*table.connector {
        "kafka" | "upsert-kafka" => kafka::check(table),
        "filesystem" => filesystem::check(table),
        "webhook" => webhook::check(table),
        "dingtalk" => dingtalk::check(table),
        "email" => email::check(table),
        "clickhouse" => clickhouse::check(table),
        "redis" => redis::check(table),
        "queryable" => check_retention(table),
        _ => Ok(()),
    }
}

/// Rows end by a time in their key.
fn check_retention(table: &Table) -> Result<(), String> {
    let fields = &table.schema.fields;
    let timed = table.primary_key.iter().any(|&key| fields[key].data_type.is_timestamp());
    match table.options.contains_key("retention") && !timed {
        true => Err("'retention' goes by a TIMESTAMP in the PRIMARY KEY, which has none".into()),
        false => Ok(()),
    }
}

/// Whether the rows of a table go out after the commit of their epoch, where the job keeps state.
pub fn publishes_committed(table: &Table) -> bool {
    let is_receiver = matches!(&*table.connector, "webhook" | "dingtalk" | "email");
    (is_store(table) || is_receiver) && options::option(table, "sink.publish") != Some("early")
}

/// Whether a table's rows are many, and taken as fast as they can be: no messages to people.
pub fn is_store(table: &Table) -> bool {
    matches!(&*table.connector, "redis" | "clickhouse")
}

/// Whether a start has to claim what it publishes to, so that older processes are refused.
pub fn is_fenced(table: &Table) -> bool {
    &*table.connector == "redis"
}

/// Whether rows only ever go behind those before them, so that the order they come in is what counts.
pub fn appends(table: &Table) -> bool {
    let data_type = table.options.get("data-type").map(|data_type| &**data_type);
    &*table.connector == "redis" && !redis::takes_updates(data_type)
}

/// How often a rest looks whether the engine has given up.
const LOOK: Duration = Duration::from_millis(10);

/// What a sink, or a store in which rows are looked up, shares with the engine.
#[derive(Clone, Default)]
pub struct SinkContext {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    /// The flag of the whole job.
    job_stops: Option<Arc<AtomicBool>>,
    retries: Counter,
    /// 1 while a problem holds the stream back.
    waits: Gauge,
    problem: Mutex<Option<String>>,
    /// Where rows go out after the commit.
    behind: Mutex<Option<Behind>>,
}

/// What waits of a sink that publishes after the commit.
#[derive(Clone, Copy)]
pub struct Behind {
    pub rows: u64,
    /// On disk.
    pub bytes: u64,
    /// No more is taken until less waits.
    pub holds: bool,
}

impl SinkContext {
    /// The context of a table, whose troubles are shown.
    pub fn observed(metrics: &Metrics, table: &str) -> Self {
        let labels = [("sink", table)];
        let help = "What a sink had to do again: connections, requests, writes";
        let retries = metrics.counter("pelton_sink_retries_total", help, &labels);
        let help = "1 while a sink cannot go on and holds the stream back";
        Self::shown_by(retries, metrics.gauge("pelton_sink_waits", help, &labels))
    }

    /// That of a table in which rows are looked up.
    pub fn of_lookups(metrics: &Metrics, table: &str) -> Self {
        let labels = [("table", table)];
        let help = "What a lookup had to do again: connections, requests, reading a file";
        let retries = metrics.counter("pelton_lookup_retries_total", help, &labels);
        let help = "1 while a lookup gets no answer and holds the stream back";
        Self::shown_by(retries, metrics.gauge("pelton_lookup_waits", help, &labels))
    }

    fn shown_by(retries: Counter, waits: Gauge) -> Self {
        Self { shared: Arc::new(Shared { retries, waits, ..Shared::default() }) }
    }

    /// For what has to end as soon as the job is told to: nothing is under way yet.
    pub fn until(job_stops: Arc<AtomicBool>) -> Self {
        let shared = Shared { job_stops: Some(job_stops), ..Shared::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Whether the engine has given up on draining: stop retrying and return an error.
    pub fn stopping(&self) -> bool {
        let job_stops = self.shared.job_stops.as_ref();
        self.shared.stopping.load(Ordering::Relaxed)
            || job_stops.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Sleeps, but not beyond the engine's wish to stop; false where that has come.
    fn rest(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if self.stopping() {
                return false;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }

    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Says why the sink does not get on; `None` when it does. It holds the stream back meanwhile,
    /// unless rows wait on disk.
    pub fn set_problem(&self, problem: Option<String>) {
        let is_stuck = problem.is_some();
        if let Ok(mut current) = self.shared.problem.lock() {
            *current = problem;
        }
        if self.behind().is_none() {
            self.shared.waits.set_i64(is_stuck.into());
        }
    }

    /// For a sink that publishes after the commit: what waits.
    pub fn set_behind(&self, behind: Behind) {
        if let Ok(mut current) = self.shared.behind.lock() {
            *current = Some(behind);
        }
        self.shared.waits.set_i64(behind.holds.into());
    }

    fn behind(&self) -> Option<Behind> {
        self.shared.behind.lock().ok().and_then(|behind| *behind)
    }

    /// Whether there is a problem.
    pub fn is_stuck(&self) -> bool {
        self.shared.problem.lock().is_ok_and(|problem| problem.is_some())
    }

    /// What the problem is, and what waits for its end.
    pub fn problem(&self) -> Option<String> {
        let problem = self.shared.problem.lock().ok().and_then(|problem| problem.clone())?;
        Some(match self.behind() {
            None => problem,
            Some(Behind { rows, bytes, holds }) => {
                let so = match holds {
                    true => "and the stream is held back",
                    false => "the rest of the job goes on",
                };
                format!("{problem}; {rows} rows ({bytes} bytes) wait to be published, {so}")
            }
        })
    }

    pub fn count_retry(&self) {
        self.shared.retries.add(1);
    }

    pub fn retries(&self) -> u64 {
        self.shared.retries.get()
    }
}
