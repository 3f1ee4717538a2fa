//! Kafka sink: rows as JSON or raw text, at least once.

mod dead_letter;
mod producer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use self::producer::{Outgoing, Producer};
use super::{Sink, SinkContext};
use crate::kafka::{CreateTopic, Role, client_config, ensure_topic, one_topic, partition_count};
use crate::record::json::JsonEncoder;
use crate::record::{Batch, Field, Schema};
use crate::sql::plan::Table;

pub use self::dead_letter::DeadLetterProducer;

/// How long `open` waits for the broker.
const OPEN_PATIENCE: Duration = Duration::from_secs(60);
const QUESTION: Duration = Duration::from_secs(5);

/// Opens the sink of a table; `zone` is the session's, for TIMESTAMP_LTZ.
pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
) -> Result<Box<dyn Sink>, String> {
    let layout = Layout::new(&table, zone)?;
    let topic = one_topic(&table.options)?;
    let config = client_config(&table.options, Role::Producer)?;
    let partitions = wait_for_topic(&table, &topic, &context)?;
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
    let producer = Producer::new(&config, &topic, context)?;
    let (key_bytes, value_bytes) = (Vec::new(), Vec::new());
    Ok(Box::new(KafkaSink { producer, layout, choice, key_bytes, value_bytes }))
}

/// Number of partitions, once the broker answers; makes the topic where the table says so.
fn wait_for_topic(table: &Table, topic: &str, context: &SinkContext) -> Result<i32, String> {
    let admin = client_config(&table.options, Role::Admin)?;
    let create = table.options.get("sink.create-topic").map_or("false", |value| value);
    let create = CreateTopic::parse(create)?;
    let started = Instant::now();
    loop {
        let reason = match partition_count(&admin, topic, QUESTION) {
            Ok(Some(count)) => {
                context.set_problem(None);
                return Ok(count);
            }
            Ok(None) => match create {
                Some(wanted) => ensure_topic(&admin, topic, wanted, QUESTION).err(),
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
            if started.elapsed() > OPEN_PATIENCE || context.stopping() {
                return Err(reason);
            }
            context.set_problem(Some(reason));
        }
        std::thread::sleep(Duration::from_millis(100));
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

/// How one side of a record, key or value, is written.
struct Side {
    /// Columns of the batch.
    columns: Vec<usize>,
    /// `None` = the one string column's bytes.
    json: Option<JsonEncoder>,
}

impl Side {
    fn new(
        fields: &[Field],
        columns: Vec<usize>,
        format: &str,
        json: impl FnOnce(&Schema, &[usize]) -> JsonEncoder,
    ) -> Result<Self, String> {
        let schema = Schema::new(columns.iter().map(|&index| fields[index].clone()).collect());
        let json = match format {
            "json" => Some(json(&schema, &columns)),
            "raw" if schema.len() == 1 && schema.fields[0].data_type.is_string() => None,
            "raw" => return Err("format 'raw' takes exactly one STRING column".into()),
            other => return Err(format!("the Kafka sink does not write format '{other}'")),
        };
        Ok(Self { columns, json })
    }

    /// The columns of this side, in its order.
    fn view(&self, batch: &Batch) -> Batch {
        batch.with_columns(self.columns.iter().map(|&index| batch.columns[index].clone()).collect())
    }

    /// Writes a row of this side's view; false where it is a NULL.
    fn encode(&self, view: &Batch, row: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        if let Some(json) = &self.json {
            json.encode_row(view, row, out);
            return true;
        }
        let column = &view.columns[0];
        if column.is_null(row) {
            return false;
        }
        out.extend_from_slice(column.as_strings().map_or(&[], |strings| strings.bytes(row)));
        true
    }
}

/// What goes where in a record.
struct Layout {
    key: Option<Side>,
    value: Side,
}

impl Layout {
    fn new(table: &Table, zone: TimeZone) -> Result<Self, String> {
        let option = |name: &str| table.options.get(name).map(|value| &**value);
        let fields: Vec<Field> =
            table.physical.iter().map(|&column| table.schema.fields[column].clone()).collect();
        let columns = |name: &str| match option(name) {
            Some(text) => columns_of(&fields, name, text),
            None => Ok(Vec::new()),
        };
        let key = columns("key.fields")?;
        let embed = columns("json.embed")?;
        if let Some(&index) = embed.iter().find(|&&index| !fields[index].data_type.is_string()) {
            return Err(format!("'json.embed': '{}' is not a STRING", fields[index].name));
        }
        if option("key.fields-prefix").is_some_and(|prefix| !prefix.is_empty()) {
            return Err("'key.fields-prefix' is not supported".into());
        }
        let iso8601 = option("json.timestamp-format.standard") == Some("ISO-8601");
        let encoder = |schema: &Schema, columns: &[usize]| {
            let embedded = |position: &usize| embed.contains(&columns[*position]);
            let embed = (0..columns.len()).filter(embedded).collect();
            JsonEncoder::new(schema, zone.clone(), iso8601, embed)
        };
        let value = match option("value.fields-include").unwrap_or("ALL") {
            "ALL" => (0..fields.len()).collect(),
            "EXCEPT_KEY" => (0..fields.len()).filter(|index| !key.contains(index)).collect(),
            other => {
                return Err(format!("'value.fields-include' = '{other}': ALL or EXCEPT_KEY"));
            }
        };
        let format = option("value.format").or(option("format")).unwrap_or("json");
        let value = Side::new(&fields, value, format, encoder)?;
        let key = match (key.is_empty(), option("key.format")) {
            (true, None) => None,
            (true, Some(_)) => return Err("'key.format' needs 'key.fields'".into()),
            (false, None) => return Err("'key.fields' needs 'key.format'".into()),
            (false, Some(format)) => Some(Side::new(&fields, key, format, encoder)?),
        };
        Ok(Self { key, value })
    }
}

/// Columns named in an option, separated by `;`.
fn columns_of(fields: &[Field], option: &str, text: &str) -> Result<Vec<usize>, String> {
    let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let found = fields.iter().position(|field| &*field.name == name);
            found.ok_or_else(|| format!("'{option}': the table has no column '{name}'"))
        })
        .collect()
}

struct KafkaSink {
    producer: Producer,
    layout: Layout,
    choice: Choice,
    key_bytes: Vec<u8>,
    value_bytes: Vec<u8>,
}

impl Sink for KafkaSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let values = self.layout.value.view(batch);
        let keys = self.layout.key.as_ref().map(|key| key.view(batch));
        for row in batch.row_ids() {
            if batch.kind(row).is_retract() {
                // The planner refuses such plans; writing the row would turn it into its opposite.
                return Err("a Kafka table takes inserts only: use an upsert-kafka table".into());
            }
            let has_key = match (&self.layout.key, &keys) {
                (Some(key), Some(keys)) => key.encode(keys, row, &mut self.key_bytes),
                _ => false,
            };
            let has_value = self.layout.value.encode(&values, row, &mut self.value_bytes);
            self.producer.send(Outgoing {
                key: has_key.then_some(&self.key_bytes),
                value: has_value.then_some(&self.value_bytes),
                partition: self.choice.partition(),
                headers: &[],
            })?;
        }
        self.producer.serve()
    }

    fn flush(&mut self) -> Result<(), String> {
        self.producer.flush()
    }

    fn idle(&mut self) -> Result<(), String> {
        self.producer.serve()
    }
}
