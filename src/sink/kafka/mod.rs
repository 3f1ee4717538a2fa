//! Kafka sinks: rows in the table's formats, exactly once through the job's transactions, or at least
//! once through a producer of its own. `kafka` takes new rows; `upsert-kafka` writes what the row of
//! a primary key has become, and a tombstone where it is gone.

mod dead_letter;
mod producer;
mod refusal;
mod refused;
mod schemas;
pub mod transaction;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::BaseRecord;

use self::producer::{Outgoing, Producer};
use self::refusal::Unsent;
use self::refused::Refused;
use self::transaction::{Objection, Transactions};
use super::options::embedded_columns;
use super::{Sink, SinkContext};
use crate::kafka::{CreateTopic, Role, TopicAdmin, client_config, one_topic, partition_count};
use crate::metrics::Metrics;
use crate::record::Batch;
use crate::record::format::{Encoder, Part, Parts};
use crate::sql::plan::Table;

pub use self::dead_letter::{CUT, DeadLetterProducer};

/// Between two questions to a broker that does not answer.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
const QUESTION: Duration = Duration::from_secs(5);

/// The connector for rows that change.
const UPSERT: &str = "upsert-kafka";

/// Whether a table's rows go out by the job's transactions.
pub fn is_transactional(table: &Table) -> bool {
    let guarantee = table.options.get("sink.delivery-guarantee").map(|guarantee| &**guarantee);
    table.is_kafka() && guarantee != Some("at-least-once")
}

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    Layout::new(table).map(drop)
}

/// Opens the sink of a table. `transactions` are those of the job and the first epoch to be
/// written, where rows go out by them.
pub fn open(
    table: Arc<Table>,
    context: SinkContext,
    transactions: Option<(Arc<Transactions>, u64)>,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    let mut layout = Layout::new(&table)?;
    let topic = one_topic(&table.options)?;
    let partitions = wait_for_topic(&table, &topic, &context)?;
    schemas::register(&table, &topic, &mut layout, &context)?;
    let choice = match table.options.get("sink.partitioner").map_or("default", |value| value) {
        "default" => Choice::ByKey,
        "fixed" => Choice::Fixed,
        "round-robin" => Choice::RoundRobin { next: 0, partitions },
        other => {
            return Err(format!(
                "'sink.partitioner' = '{other}': one of default, fixed, round-robin"
            ));
        }
    };
    let refused = Refused::new(&table, &topic, metrics)?;
    let writer = match transactions {
        Some((transactions, epoch)) => {
            Writer::Transactional { transactions, epoch, ready: false, topic: topic.into() }
        }
        None => {
            let config = client_config(&table.options, Role::Producer)?;
            Writer::Plain(Box::new(Producer::new(&config, &topic, context)?))
        }
    };
    let (key_bytes, value_bytes) = (Vec::new(), Vec::new());
    let upsert = &*table.connector == UPSERT;
    Ok(Box::new(KafkaSink { writer, layout, choice, upsert, refused, key_bytes, value_bytes }))
}

/// The transactions of the tables that want them, which share two producers and so have the same
/// properties. Waits for the broker. Older processes of the job are fenced, unless there is an
/// objection to the name of the epoch that was committed last.
pub fn open_transactions(
    tables: &[Arc<Table>],
    job: &str,
    context: &SinkContext,
    objection: Option<&Objection<'_>>,
) -> Result<Option<Transactions>, String> {
    let mut tables = tables.iter().filter(|table| is_transactional(table));
    let Some(first) = tables.next() else { return Ok(None) };
    let config = client_config(&first.options, Role::Producer)?;
    for other in tables {
        same_producer((first, &config), (other, &client_config(&other.options, Role::Producer)?))?;
    }
    let topic = one_topic(&first.options)?;
    wait_for_topic(first, &topic, context)?;
    let admin = client_config(&first.options, Role::Admin)?;
    Transactions::open(&config, &admin, job, (topic, 0), (context, objection)).map(Some)
}

/// Whether one producer can write both tables.
fn same_producer(a: (&Table, &ClientConfig), b: (&Table, &ClientConfig)) -> Result<(), String> {
    let (one, other) = (a.1.config_map(), b.1.config_map());
    let names = one.keys().chain(other.keys()).filter(|name| **name != "group.id");
    let differing = names.filter(|name| one.get(*name) != other.get(*name)).min();
    let Some(name) = differing else { return Ok(()) };
    let (first, second) = (&a.0.name, &b.0.name);
    let advice = "set 'sink.delivery-guarantee' = 'at-least-once' for one of them";
    Err(match &**name {
        "bootstrap.servers" => format!(
            "tables `{first}` and `{second}` are in two Kafka clusters, and a transaction is of one: \
             {advice}"
        ),
        name => format!(
            "tables `{first}` and `{second}` differ in 'properties.{name}', but are written by one \
             producer, as their rows are committed together: give them the same, or {advice}"
        ),
    })
}

/// Number of partitions, once the broker answers; makes the topic where the table says so.
fn wait_for_topic(table: &Table, topic: &str, context: &SinkContext) -> Result<i32, String> {
    let admin = client_config(&table.options, Role::Admin)?;
    let create = table.options.get("sink.create-topic").map_or("false", |value| value);
    let create = CreateTopic::parse(create)?;
    let mut pause = PAUSE;
    // A login that is refused may be told of after a broker that did not answer in time.
    let mut said = HashSet::new();
    loop {
        let reason = match partition_count(&admin, topic, QUESTION) {
            Ok(Some(count)) => {
                context.set_problem(None);
                return Ok(count);
            }
            Ok(None) => match create {
                Some(wanted) => TopicAdmin::new(&admin, QUESTION)
                    .and_then(|admin| admin.ensure(topic, wanted))
                    .err(),
                None => {
                    return Err(format!(
                        "Kafka topic '{topic}' is not there: make it, or set 'sink.create-topic' = \
                         'partitions:3,replication:1'"
                    ));
                }
            },
            Err(reason) => Some(reason),
        };
        if let Some(reason) = reason {
            if context.stopping() {
                return Err(reason);
            }
            if said.insert(reason.clone()) {
                tracing::warn!("table `{}` waits: {reason}", table.name);
            }
            context.set_problem(Some(reason));
            pause = (pause * 2).min(PAUSE_MAX);
        }
        std::thread::sleep(pause);
    }
}

/// Which partition a row goes to.
enum Choice {
    /// By the key's hash as Java does it; without a key the client fills one partition's batch
    /// after the other's.
    ByKey,
    /// One sink instance, one partition: the first, so the order of all rows is kept.
    Fixed,
    RoundRobin {
        next: i32,
        partitions: i32,
    },
}

impl Choice {
    fn partition(&mut self) -> Option<i32> {
        match self {
            Self::ByKey => None,
            Self::Fixed => Some(0),
            Self::RoundRobin { next, partitions } => {
                let partition = *next;
                *next = (partition + 1) % (*partitions).max(1);
                Some(partition)
            }
        }
    }
}

/// How one part of a record, key or value, is written.
struct Side {
    /// Columns of the batch.
    columns: Vec<usize>,
    encoder: Encoder,
}

impl Side {
    fn new(part: Part, embed: &[usize]) -> Result<Self, String> {
        Ok(Self { encoder: Encoder::new(&part, embed)?, columns: part.columns })
    }

    /// The columns of this side, in its order.
    fn view(&self, batch: &Batch) -> Batch {
        batch.with_columns(self.columns.iter().map(|&index| batch.columns[index].clone()).collect())
    }

    /// Writes a row of this side's view; false where it is a NULL.
    fn encode(&self, view: &Batch, row: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        self.encoder.encode_row(view, row, out)
    }
}

/// What goes where in a record.
struct Layout {
    key: Option<Side>,
    value: Side,
}

impl Layout {
    fn new(table: &Table) -> Result<Self, String> {
        let Parts { key, value, .. } = table.parts()?;
        let embed = embedded_columns(table, &table.physical_fields())?;
        let side = |part| Side::new(part, &embed);
        Ok(Self { key: key.map(side).transpose()?, value: side(value)? })
    }

    /// Why some row has no record, if so.
    fn check(&self, batch: &Batch) -> Result<(), String> {
        let sides = self.key.iter().chain([&self.value]);
        sides.into_iter().try_for_each(|side| side.encoder.check(&side.view(batch)))
    }
}

enum Writer {
    Plain(Box<Producer>),
    Transactional {
        transactions: Arc<Transactions>,
        /// The epoch that rows belong to now.
        epoch: u64,
        /// Its transaction has begun.
        ready: bool,
        topic: Arc<str>,
    },
}

impl Writer {
    fn send(&mut self, record: Outgoing<'_>) -> Result<(), Unsent> {
        match self {
            Self::Plain(producer) => producer.send(record),
            Self::Transactional { transactions, epoch, ready, topic } => {
                if !*ready {
                    transactions.wait_for(*epoch)?;
                    *ready = true;
                }
                let mut outgoing = BaseRecord::<[u8], [u8]>::to(topic);
                outgoing.key = record.key;
                outgoing.payload = record.value;
                outgoing.partition = record.partition;
                transactions.send(*epoch, outgoing)
            }
        }
    }

    fn serve(&mut self) -> Result<(), String> {
        match self {
            Self::Plain(producer) => producer.serve(),
            Self::Transactional { transactions, epoch, .. } => transactions.check(*epoch),
        }
    }
}

struct KafkaSink {
    writer: Writer,
    layout: Layout,
    choice: Choice,
    /// Rows of a key replace each other.
    upsert: bool,
    refused: Refused,
    key_bytes: Vec<u8>,
    value_bytes: Vec<u8>,
}

impl KafkaSink {
    /// The rows of a batch that records can be made of.
    fn writable(&mut self, batch: &Batch) -> Result<Batch, String> {
        if self.layout.check(batch).is_ok() {
            return Ok(batch.clone());
        }
        let mut kept = Vec::new();
        for row in batch.row_ids() {
            match self.layout.check(&batch.with_selection(vec![row as u32])) {
                Ok(()) => kept.push(row as u32),
                Err(reason) => self.refuse(batch, row, &reason)?,
            }
        }
        Ok(batch.with_selection(kept))
    }

    /// A row that would be refused however often it is written.
    fn refuse(&mut self, batch: &Batch, row: usize, reason: &str) -> Result<(), String> {
        let taken = self.refused.take(batch, row, reason);
        if let (Err(_), Writer::Transactional { transactions, .. }) = (&taken, &self.writer) {
            transactions.refuse();
        }
        taken
    }

    /// The rows that say what their keys have become in the end: the last of each.
    fn last_of_keys(&mut self, keys: &Batch, batch: &Batch) -> Vec<usize> {
        let mut rows: Vec<usize> = batch.row_ids().collect();
        let Some(key) = &self.layout.key else { return rows };
        let mut seen = HashSet::with_capacity(rows.len());
        rows.reverse();
        rows.retain(|&row| {
            let has_key = key.encode(keys, row, &mut self.key_bytes);
            seen.insert(has_key.then(|| self.key_bytes.clone()))
        });
        rows.reverse();
        rows
    }
}

impl Sink for KafkaSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let batch = &self.writable(batch)?;
        let values = self.layout.value.view(batch);
        let keys = self.layout.key.as_ref().map(|key| key.view(batch));
        let rows = match &keys {
            Some(keys) if self.upsert => self.last_of_keys(keys, batch),
            _ => batch.row_ids().collect(),
        };
        for row in rows {
            let gone = batch.kind(row).is_retract();
            if gone && !self.upsert {
                // The planner refuses such plans; writing the row would turn it into its opposite.
                return Err("a Kafka table takes inserts only: use an upsert-kafka table".into());
            }
            let has_key = match (&self.layout.key, &keys) {
                (Some(key), Some(keys)) => key.encode(keys, row, &mut self.key_bytes),
                _ => false,
            };
            let has_value = !gone && self.layout.value.encode(&values, row, &mut self.value_bytes);
            let sent = self.writer.send(Outgoing {
                key: has_key.then_some(&self.key_bytes),
                value: has_value.then_some(&self.value_bytes),
                partition: self.choice.partition(),
                headers: &[],
            });
            match sent {
                Ok(()) => {}
                Err(Unsent::Record(reason)) => self.refuse(batch, row, &reason)?,
                Err(Unsent::Other(reason)) => return Err(reason),
            }
        }
        self.writer.serve()
    }

    fn flush(&mut self) -> Result<(), String> {
        self.refused.flush()?;
        match &mut self.writer {
            Writer::Plain(producer) => producer.flush(),
            Writer::Transactional { transactions, epoch, topic, .. } => {
                transactions.flush(*epoch, topic)
            }
        }
    }

    fn end_epoch(&mut self, _epoch: u64) -> Result<(), String> {
        self.flush()?;
        if let Writer::Transactional { epoch, ready, .. } = &mut self.writer {
            *epoch += 1;
            *ready = false;
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<(), String> {
        self.writer.serve()
    }
}
