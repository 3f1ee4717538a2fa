//! The Redis sink: rows as strings or hashes, absolute values, many in one go.
//!
//! Rows that are published once their epoch is committed go out in chunks behind a fence
//! (`fence`). Otherwise they go out as they come, in pipelines; one whose answer was lost is sent
//! again whole, which does no harm. Rows of one key are merged before they are sent: the last wins.

mod change;
mod connection;
mod fence;
mod options;
pub mod text;

use std::sync::Arc;

use ahash::AHashMap;
use jiff::tz::TimeZone;
use redis::{ErrorKind, RedisError};

use self::change::{Change, What};
use self::connection::{Connection, Failure};
use self::fence::{Chunk, Failed, Fence};
use self::options::{Options, Shape};
use self::text::Rows;
use super::{Publisher, Sink, SinkContext};
use crate::record::Batch;
use crate::sql::plan::Table;

/// Changes sent in one go. An answer to so many takes milliseconds; the time-out is far above.
const PIPELINE: usize = 1_024;
/// Changes held back for merging at most.
const PENDING: usize = 4 * PIPELINE;
/// Changes of a chunk: Redis serves nobody else meanwhile, for about a millisecond.
const CHUNK: usize = 1_024;
/// Bytes of keys and values after which a chunk ends.
const CHUNK_BYTES: usize = 1 << 20;

/// Opens the sink of a table. Connects at the first need: a Redis that is away at the start
/// holds the stream back as one that goes away later does. With a publisher the rows are those
/// of committed epochs.
pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
    publisher: Option<Publisher>,
) -> Result<Box<dyn Sink>, String> {
    let options = Options::parse(&table)?;
    let mut position = vec![None; table.schema.len()];
    for (at, &column) in table.physical.iter().enumerate() {
        position[column] = Some(at);
    }
    let connection = Connection::new(options.client.clone(), options.address.clone(), context);
    let fence = publisher.map(|publisher| Fence::new(publisher, &table.name, &options.key.source));
    Ok(Box::new(RedisSink {
        ttl: options.ttl.map(|ttl| ttl.as_millis().to_string()),
        options,
        table,
        zone,
        position,
        connection,
        fence,
        pending: Vec::new(),
        pending_bytes: 0,
        known: AHashMap::new(),
        key: Vec::new(),
        chunk: Chunk::default(),
    }))
}

struct RedisSink {
    options: Options,
    /// Milliseconds, as text.
    ttl: Option<String>,
    table: Arc<Table>,
    zone: TimeZone,
    /// Batch column by table column.
    position: Vec<Option<usize>>,
    connection: Connection,
    /// Where rows of committed epochs are published.
    fence: Option<Fence>,
    pending: Vec<Change>,
    pending_bytes: usize,
    /// Where in `pending` a key (and field) stands.
    known: AHashMap<Box<[u8]>, usize>,
    /// Scratch.
    key: Vec<u8>,
    chunk: Chunk,
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
        let changes = self.taken();
        for part in changes.chunks(PIPELINE) {
            let mut pipeline = redis::Pipeline::with_capacity(part.len());
            for change in part {
                change.put(&self.table.schema, self.ttl.as_deref(), &mut pipeline);
            }
            let sent = self.connection.until_taken(|connection| pipeline.exec(connection));
            sent.map_err(|failure| self.failure(failure, part))?;
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<(), String> {
        self.flush()
    }

    fn begin_publishing(&mut self) -> Result<(), String> {
        let Some(fence) = &mut self.fence else { return Ok(()) };
        let claimed = fence.claim(&mut self.connection);
        claimed.map_err(|failed| self.failed(failed, &[]))
    }

    /// A chunk is what rows came to between two of them, so that whoever goes on after the first
    /// of two chunks needs to know nothing of how they were cut.
    fn publish(&mut self, epoch: u64, batches: &[Batch]) -> Result<(), String> {
        let there = self.fence.as_ref().map_or(Some(0), |fence| fence.rows_there(epoch));
        let Some(there) = there else { return Ok(()) };
        let mut rows = 0;
        for batch in batches {
            for row in batch.row_ids() {
                rows += 1;
                if rows <= there {
                    continue;
                }
                self.take(batch, row)?;
                if self.pending.len() >= CHUNK || self.pending_bytes >= CHUNK_BYTES {
                    self.publish_chunk(epoch, rows)?;
                }
            }
        }
        self.publish_chunk(epoch, rows)
    }
}

impl RedisSink {
    /// What is pending, which is so no more.
    fn taken(&mut self) -> Vec<Change> {
        self.known.clear();
        self.pending_bytes = 0;
        std::mem::take(&mut self.pending)
    }

    /// Sends what is pending, which ends with row `rows` of the epoch.
    fn publish_chunk(&mut self, epoch: u64, rows: u64) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(fence) = &self.fence else { return self.flush() };
        self.chunk.clear();
        for change in &self.pending {
            change.put(&self.table.schema, self.ttl.as_deref(), &mut self.chunk);
        }
        let published = fence.publish(epoch, rows, &self.chunk, &mut self.connection);
        let changes = self.taken();
        published.map_err(|failed| self.failed(failed, &changes))
    }

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
        self.pending_bytes += change.bytes();
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

    fn failed(&self, failed: Failed, changes: &[Change]) -> String {
        match failed {
            Failed::Redis(failure) => self.failure(failure, changes),
            Failed::Fenced(reason) => reason,
        }
    }

    fn failure(&self, failure: Failure, changes: &[Change]) -> String {
        match failure {
            Failure::Refused(error) => self.refused(error, changes),
            Failure::Stopped(reason) => reason,
        }
    }

    /// The text for an error that no retry mends.
    fn refused(&self, error: RedisError, changes: &[Change]) -> String {
        let (table, address) = (&self.table.name, &self.connection.address);
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
