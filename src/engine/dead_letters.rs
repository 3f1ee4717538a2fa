//! The thread that keeps what could not be used: raw bytes, where they came from, and why.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use rdkafka::ClientConfig;

use super::Job;
use super::connectors::TakeRejected;
use crate::kafka::{CreateTopic, Role, client_config, ensure_topic};
use crate::metrics::{Counter, Metrics};
use crate::operator::Rejected;
use crate::shard::dead_letter::DeadLetter;
use crate::shard::topology::{Topology, source_name};
use crate::sink::SinkContext;
use crate::sink::kafka::DeadLetterProducer;

/// At most one line about dead letters in this time, with the count of those since.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// How long the start of the writer waits for a broker to make a topic.
const TOPIC_PATIENCE: Duration = Duration::from_secs(10);

/// Where the dead letters of one source go.
enum Target {
    /// Counted and logged only: the table names neither a topic nor a path.
    None,
    File(File),
    Topic(DeadLetterProducer),
}

struct Writer {
    /// By the source's topic or path.
    targets: HashMap<Arc<str>, Target>,
    /// Takes them all instead.
    taker: Option<TakeRejected>,
    counter: Counter,
    total: Arc<AtomicU64>,
    logged: Option<Instant>,
    error: Option<String>,
}

pub fn start(
    job: &Job,
    letters: Receiver<DeadLetter>,
    metrics: &Metrics,
    total: Arc<AtomicU64>,
    context: &SinkContext,
) -> Result<JoinHandle<()>, String> {
    let taker = job.connect.take_rejected();
    let (targets, topics) = match taker {
        Some(_) => (HashMap::new(), Vec::new()),
        None => (targets(&job.topology, context)?, dead_letter_topics(&job.topology)?),
    };
    let help = "Records that could not be used";
    let counter = metrics.counter("pelton_dead_letters_total", help, &[]);
    let mut writer = Writer { targets, taker, counter, total, logged: None, error: None };
    let thread = std::thread::Builder::new().name("dead-letters".into());
    let body = move || {
        for (config, topic) in topics {
            // Without it, dead letters would wait for somebody to make the topic.
            let wanted = CreateTopic { partitions: 1, replication: 1 };
            if let Err(error) = ensure_topic(&config, &topic, wanted, TOPIC_PATIENCE) {
                tracing::warn!("the dead-letter topic '{topic}' could not be made: {error}");
            }
        }
        for letter in letters {
            writer.take(letter);
        }
    };
    thread.spawn(body).map_err(|error| format!("cannot start the dead-letter thread: {error}"))
}

/// Where the dead letters of each source go.
fn targets(
    topology: &Topology,
    context: &SinkContext,
) -> Result<HashMap<Arc<str>, Target>, String> {
    let mut targets = HashMap::new();
    for (_, table) in topology.scans() {
        let target =
            match (table.options.get("dead-letter.topic"), table.options.get("dead-letter.path")) {
                (Some(topic), _) => {
                    let config = client_config(&table.options, Role::Producer)?;
                    Target::Topic(DeadLetterProducer::new(&config, topic, context.clone())?)
                }
                (None, Some(path)) => Target::File(open(path)?),
                (None, None) => Target::None,
            };
        targets.insert(source_name(table), target);
    }
    Ok(targets)
}

/// The dead-letter topics of all sources, each with the settings of its broker.
fn dead_letter_topics(topology: &Topology) -> Result<Vec<(ClientConfig, String)>, String> {
    let mut topics = Vec::new();
    for (_, table) in topology.scans() {
        if let Some(topic) = table.options.get("dead-letter.topic") {
            topics.push((client_config(&table.options, Role::Admin)?, topic.to_string()));
        }
    }
    Ok(topics)
}

fn open(path: &str) -> Result<File, String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|error| format!("'dead-letter.path' = '{path}': {error}"))
}

impl Writer {
    fn take(&mut self, letter: DeadLetter) {
        match letter {
            DeadLetter::Record(rejected) => {
                self.counter.add(1);
                if let Some(take) = &mut self.taker {
                    return take(&rejected);
                }
                self.log(&rejected);
                if let Err(error) = self.keep(&rejected) {
                    self.error.get_or_insert(error);
                }
            }
            DeadLetter::Flush(answer) => {
                let flushed = self.flush();
                // The engine may have given up waiting.
                let _ = answer.send(self.error.take().map_or(flushed, Err));
            }
        }
    }

    fn log(&mut self, rejected: &Rejected) {
        if self.logged.is_some_and(|last| last.elapsed() < LOG_INTERVAL) {
            return;
        }
        self.logged = Some(Instant::now());
        let total = self.total.load(std::sync::atomic::Ordering::Relaxed);
        let (name, partition, offset) = match &rejected.origin {
            Some(origin) => {
                let record = &origin.block.records[rejected.row as usize];
                (&*origin.name, origin.partitions[record.partition as usize], record.position)
            }
            None => ("a computed row", -1, -1),
        };
        let reason = rejected.reason.escape_debug();
        tracing::warn!(source = name, partition, offset, %reason, total, "a record could not be used");
    }

    fn keep(&mut self, rejected: &Rejected) -> Result<(), String> {
        let Some(origin) = &rejected.origin else { return Ok(()) };
        let record = &origin.block.records[rejected.row as usize];
        let raw = origin.block.value(rejected.row as usize);
        let partition = origin.partitions[record.partition as usize].to_string();
        let (offset, timestamp) = (record.position.to_string(), record.timestamp.to_string());
        let (key, kept) =
            (origin.block.key(rejected.row as usize), origin.block.headers(rejected.row as usize));
        match self.targets.get_mut(&origin.name) {
            Some(Target::File(file)) => {
                let headers: Vec<_> =
                    kept.iter().map(|(name, value)| (name, value.map(hex))).collect();
                let mut line = serde_json::json!({
                    "time": format!("{:.3}", jiff::Timestamp::now()),
                    "source": &*origin.name,
                    "partition": partition,
                    "offset": offset,
                    "timestamp": timestamp,
                    "reason": &*rejected.reason,
                    "key": key.map(hex),
                    "headers": headers,
                    "hex": hex(raw),
                    "text": String::from_utf8_lossy(raw),
                })
                .to_string();
                line.push('\n');
                // One write: `pelton dlq replay` appends to the file too.
                file.write_all(line.as_bytes()).map_err(|error| format!("dead letters: {error}"))
            }
            Some(Target::Topic(producer)) => {
                let own = [
                    ("topic", &*origin.name),
                    ("partition", &partition),
                    ("offset", &offset),
                    ("timestamp", &timestamp),
                    ("reason", &rejected.reason),
                ];
                // Behind the record's own: whoever looks for the last of a name finds these.
                let own = own.map(|(name, value)| (name, Some(value.as_bytes())));
                producer.send(raw, key, &[&kept[..], &own[..]].concat())
            }
            Some(Target::None) | None => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), String> {
        for target in self.targets.values_mut() {
            match target {
                Target::None => {}
                Target::File(file) => {
                    file.sync_data().map_err(|error| format!("dead letters: {error}"))?;
                }
                Target::Topic(producer) => producer.flush()?,
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
