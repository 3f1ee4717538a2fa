//! `pelton demo`: the main job on a broker inside the process, with the generator beside it and
//! a view of what comes out.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::parse;
use super::produce::events::Kind;
use super::produce::{self, ProduceArgs};
use crate::engine::{self, RunOptions, RunSummary};
use crate::http::Endpoint;
use crate::kafka::EmbeddedBroker;
use crate::metrics::latency::StageLatency;

const JOB: &str = include_str!("../../pipelines/user_events.sql");
/// How long the engine may take for the rest once the generator has ended.
const DRAIN_MAX: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub struct DemoArgs {
    /// A real broker instead of the one inside the process
    #[arg(long, value_name = "HOST:PORT")]
    kafka: Option<String>,
    /// How long to go on; without it until Ctrl-C
    #[arg(long = "for", value_parser = parse::duration)]
    duration: Option<Duration>,
    /// Events a second (the broker inside the process keeps 100,000 a partition)
    #[arg(long, default_value_t = 2_000)]
    rate: u64,
    #[arg(long, default_value_t = 1_000)]
    users: u64,
    #[arg(long, default_value = "auto")]
    shards: String,
    /// Address of the HTTP API
    #[arg(long, default_value = "127.0.0.1:6066")]
    http: String,
}

pub fn run(args: &DemoArgs) -> Result<(), String> {
    let topics = [
        ("user_events", 3),
        ("user_profiles", 3),
        ("metrics", 1),
        ("alerts", 1),
        ("enriched_events", 3),
        ("sessions", 3),
        ("attributions", 3),
        ("user_events_dead", 1),
    ];
    let embedded = match args.kafka {
        Some(_) => None,
        None => Some(EmbeddedBroker::start(&topics)?),
    };
    let kafka = match (&args.kafka, &embedded) {
        (Some(kafka), _) => kafka.clone(),
        (None, Some(broker)) => broker.bootstrap.clone(),
        (None, None) => return Err("no broker".into()),
    };
    let interrupted = super::signal::stop_flag();
    let engine_stop = Arc::new(AtomicBool::new(false));
    let options = options(args, &kafka, engine_stop.clone())?;
    let (sent, generator_stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let load = load(args, &kafka);
    let profiles = ProduceArgs {
        kind: Kind::UserProfiles,
        rate: 0,
        count: Some(args.users),
        duration: None,
        ..load.clone()
    };
    let profiles = produce::generate(&profiles, &generator_stop, &AtomicU64::new(0))?.sent;
    eprintln!("demo: {} events/s into {kafka}; http://{}/alerts", args.rate, args.http);
    let (produced, summary) = std::thread::scope(|scope| {
        let engine = scope.spawn(|| engine::run(options));
        let generator = scope.spawn(|| produce::generate(&load, &generator_stop, &sent));
        let mut view = View::new(&args.http);
        while !generator.is_finished() && !engine.is_finished() {
            if interrupted.load(Ordering::Relaxed) {
                generator_stop.store(true, Ordering::Relaxed);
            }
            view.show(sent.load(Ordering::Relaxed) + profiles);
            std::thread::sleep(Duration::from_millis(100));
        }
        generator_stop.store(true, Ordering::Relaxed);
        let produced = generator.join().map_err(|_| "the generator has stopped".to_owned())?;
        let total = produced.as_ref().map_or(0, |produced| produced.sent) + profiles;
        let since = Instant::now();
        while !engine.is_finished() && since.elapsed() < DRAIN_MAX && view.consumed() < total {
            std::thread::sleep(Duration::from_millis(100));
        }
        engine_stop.store(true, Ordering::Relaxed);
        let summary = engine.join().map_err(|_| "the engine has stopped".to_owned())?;
        Ok::<_, String>((produced, summary))
    })?;
    report(produced?.sent + profiles, &summary?)
}

fn options(args: &DemoArgs, kafka: &str, stop: Arc<AtomicBool>) -> Result<RunOptions, String> {
    let text = with_defaults(&JOB.replace("${KAFKA:-127.0.0.1:9092}", kafka));
    let files = [("pipelines/user_events.sql".to_owned(), text)];
    let plan = super::check::compile(&files, &BTreeMap::new())?;
    Ok(RunOptions {
        shards: parse::shards(&args.shards)?,
        http: Some(Endpoint::open(&args.http)),
        epoch_interval: Duration::from_secs(10),
        stop,
        ..RunOptions::alone(plan, "user_events")
    })
}

/// Every `${NAME:-default}` as its default: the demo must not depend on what the environment
/// holds for a real job.
fn with_defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, variable)) = rest.split_once("${") {
        let Some((variable, after)) = variable.split_once('}') else { break };
        out.push_str(before);
        out.push_str(variable.split_once(":-").map_or(variable, |(_, default)| default));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn load(args: &DemoArgs, kafka: &str) -> ProduceArgs {
    ProduceArgs {
        kafka: kafka.to_owned(),
        topic: None,
        to: None,
        kind: Kind::UserEvents,
        rate: args.rate,
        count: None,
        duration: args.duration,
        users: args.users,
        key: "user_id".into(),
        skew: 1.0,
        shuffle_keys: false,
        out_of_order: 0.05,
        late: 0.0,
        malformed: 0.0,
        burst_user: 0.0,
        seed: 1,
        partitions: args.kafka.is_some().then_some(3),
        start: None,
        event_rate: 1_000,
    }
}

fn report(produced: u64, summary: &RunSummary) -> Result<(), String> {
    let consumed = summary.records_in;
    eprintln!(
        "produced {produced}, consumed {consumed}; {} late, {} dead letters",
        summary.late, summary.dead_letters
    );
    for (table, rows) in &summary.rows_by_sink {
        let latency = summary.latencies.iter().find(|of| of.stage == format!("sink {table}"));
        eprintln!("sink {table}: {rows} rows, {}", latency_text(latency));
    }
    match produced == consumed {
        true => Ok(()),
        false => Err(format!("{produced} events were produced but {consumed} consumed")),
    }
}

/// Rows that wait for event time to come up have no latency that could be told from the wait.
fn latency_text(of: Option<&StageLatency>) -> String {
    match of.filter(|of| of.count > 0) {
        Some(StageLatency { p50, p99, p999, max, .. }) => {
            format!("latency p50 {p50} µs, p99 {p99} µs, p99.9 {p999} µs, max {max} µs")
        }
        None => "which wait for event time".into(),
    }
}

/// What the person in front of the demo sees.
struct View {
    address: String,
    live: bool,
    shown: Option<Instant>,
    last_consumed: u64,
}

impl View {
    fn new(address: &str) -> Self {
        let live = std::io::stderr().is_terminal();
        Self { address: address.to_owned(), live, shown: None, last_consumed: 0 }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(if self.live { 1 } else { 5 })
    }

    fn show(&mut self, sent: u64) {
        if self.shown.is_some_and(|shown| shown.elapsed() < self.interval()) {
            return;
        }
        let seconds = self.shown.map_or(1.0, |shown| shown.elapsed().as_secs_f64());
        self.shown = Some(Instant::now());
        let consumed = self.consumed();
        let rate = consumed.saturating_sub(self.last_consumed) as f64 / seconds;
        self.last_consumed = consumed;
        let lag = sent.saturating_sub(consumed);
        let line = format!("produced {sent}, consumed {consumed} ({rate:.0}/s), lag {lag}");
        if !self.live {
            eprintln!("{line}");
            return;
        }
        let _ = crossterm::execute!(
            std::io::stderr(),
            crossterm::terminal::Clear(crossterm::terminal::ClearType::All),
            crossterm::cursor::MoveTo(0, 0)
        );
        eprintln!("{line}\n");
        self.show_tables();
        self.show_latencies();
    }

    fn show_tables(&self) {
        let Some(answer) = get(&self.address, "/api/v1/metrics?limit=5") else { return };
        let Ok(answer) = serde_json::from_str::<serde_json::Value>(&answer) else { return };
        for (table, rows) in answer["data"].as_object().into_iter().flatten() {
            eprintln!("{table}");
            for (key, value) in rows.as_object().into_iter().flatten().take(5) {
                eprintln!("  {key:<40} {value}");
            }
        }
    }

    fn show_latencies(&self) {
        if let Some(answer) = get(&self.address, "/api/v1/latency") {
            eprintln!("\nlatency {answer}");
        }
    }

    /// Records that the engine has read, by its own metrics.
    fn consumed(&self) -> u64 {
        let text = get(&self.address, "/metrics").unwrap_or_default();
        let lines = text.lines().filter(|line| line.starts_with("pelton_source_records_total"));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum::<f64>() as u64
    }
}

/// The body of an answer of the engine in this process.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::with_defaults;

    #[test]
    fn the_environment_has_no_say() {
        assert_eq!(with_defaults("'${A:-x}', ${B:-} 'y'"), "'x',  'y'");
        assert!(!with_defaults(super::JOB).contains(":-"));
    }
}
