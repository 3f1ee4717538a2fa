//! `pelton run`.

use super::parse::{self, Memory};
use crate::engine::connectors::Connectors;
use crate::engine::{FLUSH_INTERVAL, Pin, RunOptions};
use crate::shard::worker::Clock;
use crate::source::Bounds;
use crate::sql::plan::{NodeKind, Plan};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The flags as typed.
#[derive(clap::Args)]
pub struct RunArgs {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Workers: a number, or auto for one a core
    #[arg(long, default_value = "auto")]
    shards: String,
    /// Cores of the workers: auto, off, or 0,2,4-7
    #[arg(long, default_value = "auto", value_parser = parse::pin)]
    pin: Pin,
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    batch_rows: u32,
    /// How long updates of one key are merged [default: 5ms; 0 where all goes to `print`]
    #[arg(long, value_parser = parse::duration)]
    flush_interval: Option<std::time::Duration>,
    #[command(flatten)]
    http: super::listen::HttpArgs,
    /// What /metrics gives when the client does not say
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    metrics_default: String,
    /// earliest, latest or an instant
    #[arg(long)]
    from: Option<String>,
    /// end or an instant
    #[arg(long)]
    until: Option<String>,
    /// Overrides a SET of the job
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse::setting)]
    settings: Vec<(String, String)>,
    /// Where state is kept so that a restart goes on from it, or off. Jobs whose input ends keep
    /// none
    #[arg(long, default_value = "state")]
    state_dir: String,
    /// Go on from the newest state that is whole where the last one is damaged, or from one that
    /// was loaded: input since then is read again, and sinks get its results twice
    #[arg(long)]
    allow_older_state: bool,
    /// Start a job that has changed although some of what it kept is of no use to it any more, and
    /// is lost. What the change has left alone is kept, what is new begins empty
    #[arg(long)]
    allow_dropped_state: bool,
    /// How often state and results are committed; longer where writing the state takes more than a
    /// fifth of a worker's time, or an epoch takes half of it
    #[arg(long, default_value = "1s", value_parser = parse::duration)]
    epoch_interval: std::time::Duration,
    /// What the process may take: a size like 2GiB, off, or auto for nine tenths of what its control
    /// group or the machine has. Near it nothing more is read; where that does not help, the job ends
    /// with a reason before the system would end it without one
    #[arg(long, default_value = "auto", value_parser = parse::memory, value_name = "SIZE")]
    max_memory: Memory,
    /// How often latency percentiles are logged
    #[arg(long, value_parser = parse::duration)]
    latency_interval: Option<std::time::Duration>,
    /// Percentile file (.hgrm) written at the end
    #[arg(long)]
    latency_file: Option<PathBuf>,
}

impl RunArgs {
    fn resolve(self) -> Result<RunOptions, String> {
        let files = super::check::read(&self.files)?;
        let settings = self.settings.into_iter().collect();
        // A job is named after its first file.
        let name = self.files.first().and_then(|file| file.file_stem());
        let plan = super::check::compile(&files, &settings)?;
        Ok(RunOptions {
            flush_interval: self.flush_interval.unwrap_or_else(|| flush_interval(&plan)),
            plan,
            name: name.unwrap_or_default().to_string_lossy().into_owned(),
            connect: Arc::new(Connectors),
            clock: Clock::System,
            shards: parse::shards(&self.shards)?,
            pin: self.pin,
            batch_rows: self.batch_rows as usize,
            http: self.http.resolve()?,
            metrics_json_default: self.metrics_default == "json",
            bounds: Bounds {
                from: self.from.as_deref().map(parse::start).transpose()?,
                until: self.until.as_deref().map(parse::end).transpose()?,
            },
            state_dir: (self.state_dir != "off").then(|| self.state_dir.into()),
            allow_older_state: self.allow_older_state,
            allow_dropped_state: self.allow_dropped_state,
            epoch_interval: self.epoch_interval,
            max_memory: self.max_memory.0,
            latency_interval: self.latency_interval,
            latency_file: self.latency_file,
            stop: super::signal::stop_flag(),
        })
    }
}

/// Who prints wants to see each change; and rows of equal rank stand in the order of theirs.
fn flush_interval(plan: &Plan) -> Duration {
    let is_printed = |&sink: &usize| match &plan.nodes[sink].kind {
        NodeKind::Sink { table } => &*table.connector == "print",
        _ => false,
    };
    match plan.sinks.iter().all(is_printed) {
        true => Duration::ZERO,
        false => FLUSH_INTERVAL,
    }
}

pub fn run(args: RunArgs) -> Result<(), String> {
    let latency_file = args.latency_file.clone();
    let summary = crate::engine::run(args.resolve()?)?;
    if let Some(path) = latency_file {
        std::fs::write(&path, &summary.percentiles)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    report(&summary);
    Ok(())
}

/// The last line on standard error, for people and scripts alike.
fn report(summary: &crate::engine::RunSummary) {
    let used = super::usage::of_process();
    let stages = summary.latencies.iter().map(|stage| {
        serde_json::json!({
            "stage": stage.stage, "count": stage.count, "p50_us": stage.p50, "p90_us": stage.p90,
            "p99_us": stage.p99, "p999_us": stage.p999, "p9999_us": stage.p9999, "max_us": stage.max,
        })
    });
    let line = serde_json::json!({
        "records_in": summary.records_in,
        "rows_out": summary.rows_out,
        "rows_by_sink": summary.rows_by_sink,
        "late": summary.late,
        "dead_letters": summary.dead_letters,
        "epochs": summary.epochs,
        "seconds": summary.seconds,
        "busy_seconds": summary.busy_seconds,
        "cpu_seconds": used.cpu_seconds,
        "peak_rss_bytes": used.peak_rss_bytes,
        "latency": stages.collect::<Vec<_>>(),
    });
    eprintln!("{line}");
}
