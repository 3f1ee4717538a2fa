//! The Redis sink: rows as strings, hashes, lists, sorted sets or streams, many in one go.
//!
//! Rows that are published once their epoch is committed go out in chunks behind a fence
//! (`fence`). Otherwise they go out as they come: strings and hashes in pipelines, one of which is
//! sent again whole where its answer was lost, which does no harm; what many rows share by a script.
//! Rows of one key, field or member are merged before they are sent: the last wins.

mod change;
mod chunk;
mod commands;
pub(crate) mod connection;
mod fence;
pub(crate) mod options;
mod server;
pub mod text;
mod wire;

use std::sync::Arc;

use ahash::AHashMap;
use jiff::tz::TimeZone;
use redis::{ErrorKind, RedisError};

use self::change::{Change, Missing};
use self::chunk::{Chunk, Script};
use self::commands::Writer;
use self::connection::{Connection, Failure};
use self::fence::{Failed, Fence};
use self::options::Options;
pub use self::options::takes_updates;
use self::text::Rows;
use super::{Publisher, Sink, SinkContext};
use crate::record::{Batch, ChangeKind};
use crate::sql::plan::Table;

/// Changes held back for merging at most, which are then sent in one go. The answers take
/// milliseconds; the time-out is far above.
const PENDING: usize = 4_096;
/// And bytes of their keys and values.
const PENDING_BYTES: usize = 4 << 20;
/// Changes of a chunk, or of a script: Redis serves nobody else meanwhile, for about a millisecond.
const CHUNK: usize = 1_024;
/// Bytes of keys and values after which a chunk ends.
const CHUNK_BYTES: usize = 1 << 20;

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    Options::parse(table).map(drop)
}

/// Whether Redis answers and lets the user in; asks until it does or is told to stop.
pub fn probe(table: &Table, context: SinkContext) -> Result<(), String> {
    let (_, server) = Options::parse(table)?;
    let mut connection = Connection::new(server, context);
    // A connection that is there has been greeted.
    connection.until_taken(|_| Ok(())).map_err(|failure| match failure {
        Failure::Refused(error) => {
            let address = &connection.address;
            login_refused(table, address, &error)
                .unwrap_or_else(|| format!("Redis at {address}: {error}"))
        }
        Failure::Stopped(reason) => reason,
    })
}

/// Opens the sink of a table. Connects at the first need: a Redis that is away at the start
/// holds the stream back as one that goes away later does. With a publisher the rows are those
/// of committed epochs.
pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
    publisher: Option<Publisher>,
) -> Result<Box<dyn Sink>, String> {
    let parsed = Options::parse(&table);
    let (options, server) = parsed.map_err(|error| format!("table '{}': {error}", table.name))?;
    let mut position = vec![None; table.schema.len()];
    for (at, &column) in table.physical.iter().enumerate() {
        position[column] = Some(at);
    }
    let fence = publisher.map(|publisher| Fence::new(publisher, &table.name, &options.key.source));
    Ok(Box::new(RedisSink {
        options,
        table,
        zone,
        position,
        connection: Connection::new(server, context),
        fence,
        plain: Script::new(concat!(include_str!("commands.lua"), include_str!("plain.lua"))),
        pending: Vec::new(),
        pending_bytes: 0,
        posted: None,
        known: AHashMap::new(),
        scratch: Vec::new(),
        chunk: Chunk::default(),
    }))
}

struct RedisSink {
    options: Options,
    table: Arc<Table>,
    zone: TimeZone,
    /// Batch column by table column.
    position: Vec<Option<usize>>,
    connection: Connection,
    /// Where rows of committed epochs are published.
    fence: Option<Fence>,
    /// For rows of no epoch.
    plain: Script,
    pending: Vec<Change>,
    pending_bytes: usize,
    posted: Option<Posted>,
    /// Where in `pending` stands what a change is merged with.
    known: AHashMap<Box<[u8]>, usize>,
    scratch: Vec<u8>,
    chunk: Chunk,
}

/// A pipeline that is on its way, and what it says.
struct Posted {
    pipeline: redis::Pipeline,
    changes: Vec<Change>,
}

impl Sink for RedisSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            self.take(batch, row)?;
            let full = self.pending.len() >= PENDING || self.pending_bytes >= PENDING_BYTES;
            if full && !is_half(batch, row) {
                self.send()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.send()?;
        self.settle()
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
                let full = self.pending.len() >= CHUNK || self.pending_bytes >= CHUNK_BYTES;
                if full && !is_half(batch, row) {
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

    /// Sends what is pending. Of a pipeline the answers are left for later: rows are made ready
    /// while Redis is at work.
    fn send(&mut self) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let changes = self.taken();
        let writer = Writer { options: &self.options, schema: &self.table.schema };
        if self.options.shape.length_command().is_none() {
            let mut pipeline = redis::Pipeline::with_capacity(changes.len());
            writer.write(&changes, &mut pipeline);
            let commands = pipeline.get_packed_pipeline();
            self.settle()?;
            self.connection.post(&commands);
            self.posted = Some(Posted { pipeline, changes });
            return Ok(());
        }
        for part in changes.chunks(CHUNK) {
            self.chunk.clear();
            writer.write(part, &mut self.chunk);
            let call = self.chunk.call(&self.plain, None, &[]);
            let sent = self.plain.run(&call, &mut self.connection).map(drop);
            sent.map_err(|failure| self.failure(failure, part))?;
        }
        Ok(())
    }

    /// Waits until what was posted is taken. Where it was not, or not all of it, it is sent again
    /// whole, which does no harm.
    fn settle(&mut self) -> Result<(), String> {
        let Some(Posted { pipeline, changes }) = self.posted.take() else { return Ok(()) };
        if self.connection.has_taken(pipeline.len()) {
            return Ok(());
        }
        let sent = self.connection.until_taken(|wire| pipeline.exec(wire));
        sent.map_err(|failure| self.failure(failure, &changes))
    }

    /// Sends what is pending, which ends with row `rows` of the epoch.
    fn publish_chunk(&mut self, epoch: u64, rows: u64) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(fence) = &self.fence else { return self.flush() };
        self.chunk.clear();
        let writer = Writer { options: &self.options, schema: &self.table.schema };
        writer.write(&self.pending, &mut self.chunk);
        let published = fence.publish(epoch, rows, &self.chunk, &mut self.connection);
        let changes = self.taken();
        published.map_err(|failed| self.failed(failed, &changes))
    }

    /// Merges a row into what is pending.
    fn take(&mut self, batch: &Batch, row: usize) -> Result<(), String> {
        let rows =
            Rows { batch, schema: &self.table.schema, position: &self.position, zone: &self.zone };
        let retract = batch.kind(row).is_retract();
        let change = Change::of(&self.options, &rows, row, retract, &mut self.scratch);
        let change = change.map_err(|missing| self.missing(&missing))?;
        self.pending_bytes += change.bytes();
        if !change.identity(&mut self.scratch) {
            if retract {
                // The planner refuses such plans; what has been added cannot be found again.
                let name = &self.table.name;
                return Err(format!("table '{name}': a list or a stream takes new rows only"));
            }
            self.pending.push(change);
        } else if let Some(&at) = self.known.get(self.scratch.as_slice()) {
            self.pending[at] = change;
        } else {
            self.known.insert(self.scratch.as_slice().into(), self.pending.len());
            self.pending.push(change);
        }
        Ok(())
    }

    fn missing(&self, missing: &Missing) -> String {
        let (table, pattern) = (&self.table.name, &self.options.key.source);
        let column = &self.table.schema.fields[missing.column].name;
        format!("table '{table}', key '{pattern}': column '{column}' is NULL, so {}", missing.what)
    }

    fn failed(&self, failed: Failed, changes: &[Change]) -> String {
        match failed {
            Failed::Redis(failure) => self.failure(failure, changes),
            Failed::Fenced(reason) => reason,
        }
    }

    fn failure(&self, failure: Failure, changes: &[Change]) -> String {
        match failure {
            Failure::Refused(error) => self.refused(&error, changes),
            Failure::Stopped(reason) => reason,
        }
    }

    /// The text for an error that no retry mends.
    fn refused(&self, error: &RedisError, changes: &[Change]) -> String {
        let (table, address) = (&self.table.name, &self.connection.address);
        if let Some(text) = login_refused(&self.table, address, error) {
            return text;
        }
        let (code, reason) = told(error);
        let advice = match &*code {
            _ if reason.contains("WRONGTYPE") => {
                "another program may use keys of this form for data of another type"
            }
            _ if code == "NOPERM" || reason.contains("permission") => {
                "docs/connectors.md says which commands and keys a user needs"
            }
            _ => "no retry mends that",
        };
        let pattern = &self.options.key.source;
        let example = changes.first().map(|change| String::from_utf8_lossy(&change.key));
        let example = example.unwrap_or_default();
        format!(
            "table '{table}': Redis at {address} refuses keys '{pattern}' (e.g. '{example}'): \
             {reason}; {advice}"
        )
    }
}

/// The code of an error, where it has one, and what it says.
fn told(error: &RedisError) -> (String, String) {
    match error.clone().into_server_errors() {
        Some(errors) if !errors.is_empty() => {
            let (_, first) = &errors[0];
            let (code, details) = (first.code(), first.details().unwrap_or_default());
            (code.to_owned(), format!("{code} {details} ({} in this go)", errors.len()))
        }
        _ => (String::new(), error.to_string()),
    }
}

/// The text for an error that says that the user is not let in.
fn login_refused(table: &Table, address: &str, error: &RedisError) -> Option<String> {
    let (code, reason) = told(error);
    let refused = error.kind() == ErrorKind::AuthenticationFailed || code == "NOAUTH";
    refused.then(|| {
        format!(
            "table '{}': Redis at {address}: {reason}; check user and password, in 'url' or by \
             'username' and 'password'",
            table.name
        )
    })
}

/// Whether a row is the first half of a change: to send it alone would show a gap.
fn is_half(batch: &Batch, row: usize) -> bool {
    batch.kind(row) == ChangeKind::UpdateBefore
}
