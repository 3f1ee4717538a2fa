//! The Redis sink: rows as strings or hashes, absolute values in pipelines.
//!
//! Every command says what is, never what to add, so a pipeline whose answer was lost is sent
//! again whole and does no harm. Rows of one key are merged before they are sent: the last wins.

mod options;
pub mod text;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use jiff::tz::TimeZone;
use redis::{ErrorKind, RedisError, ServerErrorKind};

use self::options::{Options, Shape};
use self::text::Rows;
use super::{Sink, SinkContext};
use crate::record::Batch;
use crate::sql::plan::Table;

/// Changes sent in one go. An answer to so many takes milliseconds; the time-out is far above.
const PIPELINE: usize = 1_024;
/// Changes held back for merging at most.
const PENDING: usize = 4 * PIPELINE;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Opens the sink of a table. Connects at the first write: a Redis that is away at the start
/// holds the stream back as one that goes away later does.
pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
) -> Result<Box<dyn Sink>, String> {
    let options = Options::parse(&table)?;
    let mut position = vec![None; table.schema.len()];
    for (at, &column) in table.physical.iter().enumerate() {
        position[column] = Some(at);
    }
    Ok(Box::new(RedisSink {
        options,
        table,
        zone,
        position,
        context,
        connection: None,
        pending: Vec::new(),
        known: AHashMap::new(),
        key: Vec::new(),
    }))
}

/// What one key, or one field of a hash, is to be.
struct Change {
    key: Box<[u8]>,
    what: What,
}

enum What {
    Delete,
    Set(Vec<u8>),
    /// Fields and values; NULL takes the field away.
    SetFields(Vec<(usize, Option<Vec<u8>>)>),
    DeleteField(Box<[u8]>),
    SetField(Box<[u8]>, Vec<u8>),
}

struct RedisSink {
    options: Options,
    table: Arc<Table>,
    zone: TimeZone,
    /// Batch column by table column.
    position: Vec<Option<usize>>,
    context: SinkContext,
    connection: Option<redis::Connection>,
    pending: Vec<Change>,
    /// Where in `pending` a key (and field) stands.
    known: AHashMap<Box<[u8]>, usize>,
    /// Scratch.
    key: Vec<u8>,
}

impl Sink for RedisSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            self.take(batch, row)?;
            if self.pending.len() >= PENDING {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        let changes = std::mem::take(&mut self.pending);
        self.known.clear();
        for part in changes.chunks(PIPELINE) {
            let pipeline = self.pipeline(part);
            self.send(&pipeline, part)?;
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<(), String> {
        self.flush()
    }
}

impl RedisSink {
    /// Merges a row into what is pending.
    fn take(&mut self, batch: &Batch, row: usize) -> Result<(), String> {
        let rows =
            Rows { batch, schema: &self.table.schema, position: &self.position, zone: &self.zone };
        let key = &mut self.key;
        key.clear();
        let null = |column: usize| {
            let (table, name) = (&self.table.name, &self.table.schema.fields[column].name);
            let pattern = &self.options.key.source;
            format!(
                "table '{table}', key '{pattern}': column '{name}' is NULL, so no key can be made"
            )
        };
        self.options.key.write(&rows, row, key).map_err(null)?;
        let key_len = key.len();
        let retract = batch.kind(row).is_retract();
        let what = match &self.options.shape {
            Shape::String { .. } | Shape::HashOfColumns { .. } if retract => What::Delete,
            Shape::String { columns } => What::Set(value_of(&rows, columns, row)),
            Shape::HashOfColumns { columns } => What::SetFields(fields_of(&rows, columns, row)),
            Shape::HashOfRows { field, columns } => {
                field.write(&rows, row, key).map_err(null)?;
                let name: Box<[u8]> = key[key_len..].into();
                match retract {
                    true => What::DeleteField(name),
                    false => What::SetField(name, value_of(&rows, columns, row)),
                }
            }
        };
        let change = Change { key: key[..key_len].into(), what };
        // The key's length keeps key and field apart.
        key.extend_from_slice(&key_len.to_le_bytes());
        if let Some(&at) = self.known.get(key.as_slice()) {
            self.pending[at] = change;
        } else {
            self.known.insert(key.as_slice().into(), self.pending.len());
            self.pending.push(change);
        }
        Ok(())
    }

    fn pipeline(&self, changes: &[Change]) -> redis::Pipeline {
        let mut pipe = redis::Pipeline::with_capacity(changes.len());
        let ttl = self.options.ttl.map(|ttl| ttl.as_millis() as u64);
        for Change { key, what } in changes {
            let key = &**key;
            let mut hash_lives = false;
            match what {
                What::Delete => {
                    pipe.cmd("DEL").arg(key);
                }
                What::Set(value) => {
                    let command = pipe.cmd("SET").arg(key).arg(value.as_slice());
                    if let Some(ttl) = ttl {
                        command.arg("PX").arg(ttl);
                    }
                }
                What::SetFields(fields) => hash_lives = self.set_fields(&mut pipe, key, fields),
                What::DeleteField(field) => {
                    pipe.cmd("HDEL").arg(key).arg(&**field);
                }
                What::SetField(field, value) => {
                    pipe.cmd("HSET").arg(key).arg(&**field).arg(value.as_slice());
                    hash_lives = true;
                }
            }
            if let (true, Some(ttl)) = (hash_lives, ttl) {
                pipe.cmd("PEXPIRE").arg(key).arg(ttl);
            }
        }
        pipe
    }

    /// Whether a field was set.
    fn set_fields(
        &self,
        pipe: &mut redis::Pipeline,
        key: &[u8],
        fields: &[(usize, Option<Vec<u8>>)],
    ) -> bool {
        let name = |column: usize| self.table.schema.fields[column].name.as_bytes();
        if fields.iter().any(|(_, value)| value.is_none()) {
            let command = pipe.cmd("HDEL").arg(key);
            for (column, _) in fields.iter().filter(|(_, value)| value.is_none()) {
                command.arg(name(*column));
            }
        }
        if fields.iter().all(|(_, value)| value.is_none()) {
            return false;
        }
        let command = pipe.cmd("HSET").arg(key);
        for (column, value) in fields {
            if let Some(value) = value {
                command.arg(name(*column)).arg(value.as_slice());
            }
        }
        true
    }

    /// Sends until Redis has taken all of it.
    fn send(&mut self, pipe: &redis::Pipeline, changes: &[Change]) -> Result<(), String> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Err(error) = self.attempt(pipe) else {
                if pause != FIRST_PAUSE {
                    self.context.set_problem(None);
                }
                return Ok(());
            };
            if is_final(&error) {
                return Err(self.refused(error, changes));
            }
            // An answer may still be under way on it.
            self.connection = None;
            let address = &self.options.address;
            self.context.set_problem(Some(format!("Redis at {address}: {error}")));
            if self.context.stopping() {
                return Err(format!("Redis at {address}: {error}; stopped before it came back"));
            }
            self.context.count_retry();
            self.rest(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn attempt(&mut self, pipe: &redis::Pipeline) -> Result<(), RedisError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let mut fresh = self.options.client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
                fresh.set_read_timeout(Some(ANSWER_TIMEOUT))?;
                fresh.set_write_timeout(Some(ANSWER_TIMEOUT))?;
                greet(&mut fresh)?;
                none.insert(fresh)
            }
        };
        pipe.exec(connection)
    }

    /// Sleeps, but not beyond the engine's wish to stop.
    fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while Instant::now() < end && !self.context.stopping() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The text for an error that no retry mends.
    fn refused(&self, error: RedisError, changes: &[Change]) -> String {
        let (table, address) = (&self.table.name, &self.options.address);
        let pattern = &self.options.key.source;
        let kind = error.kind();
        let example = changes.first().map(|change| String::from_utf8_lossy(&change.key));
        let example = example.unwrap_or_default();
        let reason = match error.clone().into_server_errors() {
            Some(errors) if !errors.is_empty() => {
                let (_, first) = &errors[0];
                let count = errors.len();
                format!(
                    "{} {} ({count} in this pipeline)",
                    first.code(),
                    first.details().unwrap_or("")
                )
            }
            _ => error.to_string(),
        };
        let advice = match kind {
            ErrorKind::AuthenticationFailed => "check user and password in 'url'",
            _ => "another program may use keys of this form for data of another type",
        };
        format!(
            "table '{table}': Redis at {address} refuses keys '{pattern}' (e.g. '{example}'): \
             {reason}; {advice}"
        )
    }
}

/// Makes sure that Redis is at the other end. A connection to a local port where nobody listens
/// can come to be one with itself, and an echo of our commands would read as their answers.
fn greet(connection: &mut redis::Connection) -> Result<(), RedisError> {
    let answer: redis::Value = redis::cmd("PING").query(connection)?;
    match answer {
        redis::Value::SimpleString(text) if text == "PONG" => Ok(()),
        _ => Err((ErrorKind::Parse, "what answers there is not Redis").into()),
    }
}

/// Whether trying again is of no use. Redis that is loading, out of memory, read-only after a
/// failover or busy with a script comes round by itself or by its operator's hand.
fn is_final(error: &RedisError) -> bool {
    let passing = |code: &str| {
        ["LOADING", "OOM", "READONLY", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MISCONF"]
            .contains(&code)
    };
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig | ErrorKind::Client => {
            true
        }
        ErrorKind::Server(ServerErrorKind::BusyLoading) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => match error.clone().into_server_errors() {
            Some(errors) => errors.iter().any(|(_, error)| !passing(error.code())),
            None => !error.code().is_some_and(passing),
        },
        _ => false,
    }
}

/// One column as itself (NULL as an empty text), several as a JSON object.
fn value_of(rows: &Rows<'_>, columns: &[usize], row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    if let [column] = columns {
        rows.write(*column, row, &mut out);
        return out;
    }
    let object: serde_json::Map<_, _> = columns
        .iter()
        .map(|&column| (rows.schema.fields[column].name.to_string(), rows.json(column, row)))
        .collect();
    serde_json::Value::Object(object).to_string().into_bytes()
}

fn fields_of(rows: &Rows<'_>, columns: &[usize], row: usize) -> Vec<(usize, Option<Vec<u8>>)> {
    let value = |column: usize| {
        let mut out = Vec::new();
        rows.write(column, row, &mut out).then_some(out)
    };
    columns.iter().map(|&column| (column, value(column))).collect()
}
