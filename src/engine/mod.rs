//! Puts a job together and sees it through: plan, state, threads, epochs, end.

mod beginning;
pub mod connectors;
mod control;
mod dead_letters;
mod lookups;
pub mod memory;
pub mod probe;
#[cfg(test)]
mod queries;
mod recovery;
mod sinks;
mod workers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::connectors::Connect;
use crate::http::Endpoint;
use crate::metrics::latency::StageLatency;
use crate::shard::topology::{self, Topology};
use crate::shard::worker::Clock;
use crate::sink::kafka::transaction::TransactionError;
use crate::source::Bounds;
use crate::sql::plan::Plan;

/// Before a job that was aborted starts again.
const PAUSE: Duration = Duration::from_millis(500);

/// Which cores the workers are pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// One core each, of those that the process may use, if there are enough.
    Auto,
    Off,
    Cores(Vec<usize>),
}

/// Everything a run needs to know, resolved from the command line.
pub struct RunOptions {
    /// Optimized.
    pub plan: Plan,
    /// Of the job, where it does not say `pipeline.name` itself.
    pub name: String,
    pub connect: Arc<dyn Connect>,
    pub clock: Clock,
    /// `None`: one for each core.
    pub shards: Option<usize>,
    pub pin: Pin,
    pub batch_rows: usize,
    pub flush_interval: Duration,
    /// The HTTP API; `None` = off.
    pub http: Option<Endpoint>,
    pub metrics_json_default: bool,
    pub bounds: Bounds,
    pub state_dir: Option<PathBuf>,
    /// Where the newest state is damaged, an older one will do.
    pub allow_older_state: bool,
    /// What a changed job no longer keeps may go.
    pub allow_dropped_state: bool,
    pub epoch_interval: Duration,
    /// Bytes that the process may take; `None`: whatever the system gives it.
    pub max_memory: Option<u64>,
    pub latency_interval: Option<Duration>,
    pub latency_file: Option<PathBuf>,
    /// Set from outside to end the run gracefully.
    pub stop: Arc<AtomicBool>,
}

/// How long changes of one key are merged, where nobody says.
pub const FLUSH_INTERVAL: Duration = Duration::from_millis(5);

impl RunOptions {
    /// A run that nobody watches from outside and that leaves nothing behind, by the defaults of
    /// `pelton run`.
    pub fn alone(plan: Plan, name: &str) -> Self {
        Self {
            plan,
            name: name.to_owned(),
            connect: Arc::new(connectors::Connectors),
            clock: Clock::System,
            shards: None,
            pin: Pin::Off,
            batch_rows: 1_024,
            flush_interval: FLUSH_INTERVAL,
            http: None,
            metrics_json_default: false,
            bounds: Bounds::default(),
            state_dir: None,
            allow_older_state: false,
            allow_dropped_state: false,
            epoch_interval: Duration::from_secs(1),
            max_memory: None,
            latency_interval: None,
            latency_file: None,
            stop: Arc::default(),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct RunSummary {
    pub records_in: u64,
    pub rows_out: u64,
    /// The same by the sink's table.
    pub rows_by_sink: BTreeMap<String, u64>,
    pub late: u64,
    pub dead_letters: u64,
    pub epochs: u64,
    pub seconds: f64,
    /// From the first record read to the last result acknowledged; 0 where nothing was read.
    pub busy_seconds: f64,
    pub latencies: Vec<StageLatency>,
    /// The same as percentile distributions in the .hgrm text form, one behind the other.
    pub percentiles: String,
}

/// Why a run is over before its end.
pub(crate) enum Ended {
    Failed(String),
    /// What was under way was aborted: to be started again from the last committed epoch.
    Aborted(String),
}

impl From<String> for Ended {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl From<TransactionError> for Ended {
    fn from(error: TransactionError) -> Self {
        match &error {
            TransactionError::Aborted(_) => Self::Aborted(error.to_string()),
            TransactionError::Fenced(_) => Self::Failed(error.to_string()),
        }
    }
}

/// Runs a job until its input ends or it is told to stop.
pub fn run(options: RunOptions) -> Result<RunSummary, String> {
    let job = Arc::new(Job::new(&options)?);
    let mut incarnation = None;
    loop {
        let reason = match workers::run(&job, &options, &mut incarnation) {
            Ok(summary) => return Ok(summary),
            Err(Ended::Failed(reason)) => return Err(reason),
            Err(Ended::Aborted(reason)) => reason,
        };
        if options.stop.load(Ordering::Relaxed) {
            return Err(format!("stopped before the last epoch was committed: {reason}"));
        }
        tracing::warn!("{reason}; going on from the last committed epoch");
        std::thread::sleep(PAUSE);
    }
}

/// A compiled job.
pub(crate) struct Job {
    pub name: String,
    pub topology: Topology,
    pub zone: jiff::tz::TimeZone,
    /// All of its input has an end.
    pub bounded: bool,
    pub connect: Arc<dyn Connect>,
}

impl Job {
    fn new(options: &RunOptions) -> Result<Self, String> {
        let plan = &options.plan;
        let zone = match plan.settings.get("table.local-time-zone") {
            None => jiff::tz::TimeZone::UTC,
            Some(name) => jiff::tz::TimeZone::get(name)
                .map_err(|error| format!("'table.local-time-zone' = '{name}': {error}"))?,
        };
        let name = plan.settings.get("pipeline.name").cloned();
        let topology = topology::build(plan)?;
        let bounded = options.bounds.until.is_some()
            || topology.scans().all(|(_, table)| options.connect.is_bounded(table));
        let name = name.unwrap_or_else(|| options.name.clone());
        Ok(Self { name, topology, zone, bounded, connect: options.connect.clone() })
    }
}
