//! The ClickHouse sink: rows as RowBinary over HTTP, many in one insert.
//!
//! Rows of a committed epoch go out in chunks that depend on nothing but these rows and the
//! options, so that a chunk that is sent again is the same to the byte. Its name, the
//! deduplication token, lets ClickHouse tell it from others; it holds a digest of the bytes, so
//! that a chunk that is cut in another way, by options that were changed between two starts, is
//! never taken for one that is there.

mod options;
mod row_binary;
mod server;
mod target;
mod types;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use self::options::Options;
use self::row_binary::Writer;
use self::server::{Failure, Server};
use self::target::Insert;
use super::{Publisher, Sink, SinkContext};
use crate::metrics::{Counter, Metrics};
use crate::record::{Batch, ChangeKind};
use crate::sql::plan::Table;

struct ClickHouse {
    table: Arc<Table>,
    options: Options,
    server: Server,
    insert: Insert,
    /// What goes before the number of a chunk in its name.
    name: String,
    chunk: Chunk,
    /// Chunks sent of those that belong to no epoch.
    sent: u64,
    clamped: Counter,
}

/// Rows on their way into one insert.
#[derive(Default)]
struct Chunk {
    writer: Writer,
    rows: usize,
}

/// What is wrong with a table, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    Options::parse(table).map(drop)
}

/// Whether ClickHouse answers, and its table takes the columns; asks until it does or is told to stop.
pub fn probe(table: &Table, context: SinkContext) -> Result<(), String> {
    let options = Options::parse(table)?;
    let mut server = Server::new(&options, context)?;
    Insert::prepare(table, &options, &mut server).map(drop)
}

/// Opens the sink of a table, once ClickHouse has told its columns. With a publisher the rows are
/// those of committed epochs.
pub fn open(
    table: Arc<Table>,
    context: SinkContext,
    publisher: Option<Publisher>,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    let options = Options::parse(&table).map_err(|e| format!("table '{}': {e}", table.name))?;
    let help = "Dates and times beyond what their ClickHouse column holds, written as the nearest";
    let clamped = metrics.counter("pelton_sink_clamped_total", help, &[("sink", &table.name)]);
    let mut server = Server::new(&options, context)?;
    let insert = Insert::prepare(&table, &options, &mut server)?;
    let of = match publisher {
        Some(Publisher { job, state, .. }) => format!("{job}:{state}"),
        // Rows that are not published by epoch are another start's no more than once.
        None => format!("{:016x}", RandomState::new().hash_one(std::process::id())),
    };
    Ok(Box::new(ClickHouse {
        name: format!("{of}:{}", table.name),
        clamped,
        table,
        options,
        server,
        insert,
        chunk: Chunk::default(),
        sent: 0,
    }))
}

impl Sink for ClickHouse {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            self.take(batch, row)?;
            if self.is_full() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        let number = self.sent.to_string();
        self.sent += 1;
        self.send(&number)
    }

    fn publish(&mut self, epoch: u64, batches: &[Batch]) -> Result<(), String> {
        let mut chunk = 0;
        for batch in batches {
            for row in batch.row_ids() {
                self.take(batch, row)?;
                if self.is_full() {
                    self.send(&format!("{epoch}:{chunk}"))?;
                    chunk += 1;
                }
            }
        }
        self.send(&format!("{epoch}:{chunk}"))
    }

    fn linger(&self) -> Duration {
        self.options.interval
    }
}

impl ClickHouse {
    fn is_full(&self) -> bool {
        self.chunk.rows >= self.options.max_rows
            || self.chunk.writer.bytes.len() >= self.options.max_bytes
    }

    fn take(&mut self, batch: &Batch, row: usize) -> Result<(), String> {
        if batch.kind(row) != ChangeKind::Insert {
            return Err(format!(
                "table '{}': a clickhouse table takes no updates",
                self.table.name
            ));
        }
        let writer = &mut self.chunk.writer;
        if self.chunk.rows == 0 {
            writer.bytes.extend_from_slice(&self.insert.header);
        }
        for (target, column) in self.insert.targets.iter().zip(&batch.columns) {
            writer.cell(&target.form, column, row).map_err(|_| {
                format!(
                    "table '{}': a row has NULL in column '{}', which takes none",
                    self.table.name, target.field.name
                )
            })?;
        }
        self.chunk.rows += 1;
        Ok(())
    }

    /// Returns once the rows gathered are in the table.
    fn send(&mut self, number: &str) -> Result<(), String> {
        let Chunk { writer, rows } = std::mem::take(&mut self.chunk);
        if rows == 0 {
            return Ok(());
        }
        self.clamped.add(writer.clamped);
        let token = format!("{}:{number}:{:032x}", self.name, xxh3_128(&writer.bytes));
        let sent = self.server.ask(&self.insert.parameters(&token), Bytes::from(writer.bytes));
        sent.map(drop).map_err(|failure| match failure {
            Failure::Refused(reason) => format!("table '{}': {reason}", self.table.name),
            Failure::Stopped(reason) => reason,
        })
    }
}
