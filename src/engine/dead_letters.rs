//! The thread that keeps what could not be used, or came too late: raw bytes, where they came from,
//! and why.

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
use crate::kafka::{CreateTopic, Role, TopicAdmin, client_config};
use crate::metrics::{Counter, Metrics};
use crate::operator::Rejected;
use crate::shard::dead_letter::DeadLetter;
use crate::shard::topology::{Kept, Topology, source_name};
use crate::sink::SinkContext;
use crate::sink::kafka::DeadLetterProducer;

/// At most one line about dead letters in this time, with the count of those since.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Of a letter in a topic that is made here, as it is packed: brokers take no larger request.
const LETTER_MAX: u32 = 100 << 20;

/// How long the start of the writer waits for a broker to make a topic.
const TOPIC_PATIENCE: Duration = Duration::from_secs(10);

/// Where records of one source go.
enum Target {
    /// Counted and logged only: the table names neither a topic nor a path.
    None,
    File(File),
    Topic(DeadLetterProducer),
}

struct Writer {
    /// By what is kept and the source's topic or path.
    targets: HashMap<(Kept, Arc<str>), Target>,
    /// Takes them all instead.
    taker: Option<TakeRejected>,
    counter: Counter,
    late: Counter,
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
        None => (targets(&job.topology, context)?, topics(&job.topology)?),
    };
    let help = "Records that could not be used";
    let counter = metrics.counter("pelton_dead_letters_total", help, &[]);
    let help = "Records that came too late for an operator and are kept";
    let late = metrics.counter("pelton_late_kept_total", help, &[]);
    let mut writer = Writer { targets, taker, counter, late, total, logged: None, error: None };
    let thread = std::thread::Builder::new().name("dead-letters".into());
    let body = move || {
        for Place { at, config, topic } in topics {
            let limit = prepare(&config, &topic);
            if let (Some(Target::Topic(producer)), Some(limit)) =
                (writer.targets.get_mut(&at), limit)
            {
                producer.limit(limit);
            }
        }
        for letter in letters {
            writer.take(letter);
        }
    };
    thread.spawn(body).map_err(|error| format!("cannot start the dead-letter thread: {error}"))
}

/// Makes a topic of letters where it is missing: records would wait for somebody to do it. How large
/// a letter may be, where the broker tells.
fn prepare(config: &ClientConfig, topic: &str) -> Option<usize> {
    let wanted = CreateTopic { partitions: 1, replication: 1, bytes_max: Some(LETTER_MAX) };
    let admin = TopicAdmin::new(config, TOPIC_PATIENCE)
        .inspect_err(|error| tracing::warn!("the topic '{topic}' is not looked at: {error}"))
        .ok()?;
    if let Err(error) = admin.ensure(topic, wanted) {
        tracing::warn!("{error}");
    }
    let limit = admin.message_bytes_max(topic);
    limit.inspect_err(|error| tracing::debug!("max.message.bytes of '{topic}': {error}")).ok()
}

/// What and whose is kept where.
fn targets(
    topology: &Topology,
    context: &SinkContext,
) -> Result<HashMap<(Kept, Arc<str>), Target>, String> {
    let mut targets = HashMap::new();
    for (_, table) in topology.scans() {
        for what in [Kept::Unusable, Kept::Late] {
            let [topic, path] = what.options().map(|option| table.options.get(option));
            let target = match (topic, path) {
                (Some(topic), _) => {
                    let config = client_config(&table.options, Role::Producer)?;
                    Target::Topic(DeadLetterProducer::new(&config, topic, context.clone())?)
                }
                (None, Some(path)) => Target::File(open(path)?),
                (None, None) => Target::None,
            };
            targets.insert((what, source_name(table)), target);
        }
    }
    Ok(targets)
}

/// A topic that is written: what for, and the settings of its broker.
struct Place {
    at: (Kept, Arc<str>),
    config: ClientConfig,
    topic: String,
}

fn topics(topology: &Topology) -> Result<Vec<Place>, String> {
    let mut topics = Vec::new();
    for (_, table) in topology.scans() {
        for what in [Kept::Unusable, Kept::Late] {
            let [topic, _] = what.options();
            if let Some(topic) = table.options.get(topic) {
                let config = client_config(&table.options, Role::Admin)?;
                let at = (what, source_name(table));
                topics.push(Place { at, config, topic: topic.to_string() });
            }
        }
    }
    Ok(topics)
}

fn open(path: &str) -> Result<File, String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|error| format!("cannot keep records in {path}: {error}"))
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
                let kept = self.keep(Kept::Unusable, &rejected);
                self.note(kept);
            }
            // A test's rows that are late are told by their number.
            DeadLetter::Late(_) if self.taker.is_some() => {}
            DeadLetter::Late(late) => {
                self.late.add(1);
                let kept = self.keep(Kept::Late, &late);
                self.note(kept);
            }
            DeadLetter::Flush(answer) => {
                let flushed = self.flush();
                // The engine may have given up waiting.
                let _ = answer.send(self.error.take().map_or(flushed, Err));
            }
        }
    }

    fn note(&mut self, kept: Result<(), String>) {
        if let Err(error) = kept {
            self.error.get_or_insert(error);
        }
    }

    fn log(&mut self, rejected: &Rejected) {
        if self.logged.is_some_and(|last| last.elapsed() < LOG_INTERVAL) {
            return;
        }
        self.logged = Some(Instant::now());
        let total = self.total.load(std::sync::atomic::Ordering::Relaxed);
        let place = rejected.place().map(|(name, partition, offset)| (&**name, partition, offset));
        let (name, partition, offset) = place.unwrap_or(("a computed row", -1, -1));
        let reason = rejected.reason.escape_debug();
        tracing::warn!(source = name, partition, offset, %reason, total, "a record could not be used");
    }

    fn keep(&mut self, what: Kept, rejected: &Rejected) -> Result<(), String> {
        let Some((origin, row)) = &rejected.record else { return Ok(()) };
        let row = *row as usize;
        let record = &origin.block.records[row];
        let raw = origin.block.value(row);
        let partition = origin.partitions[record.partition as usize].to_string();
        let (offset, timestamp) = (record.position.to_string(), record.timestamp.to_string());
        let (key, kept) = (origin.block.key(row), origin.block.headers(row));
        match self.targets.get_mut(&(what, origin.name.clone())) {
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
                producer.send(raw, key, &kept, &own)
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
