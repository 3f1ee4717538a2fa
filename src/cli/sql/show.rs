//! The result of a query as it comes: rows as they are, or what is left of them in the end where
//! they change and the input has an end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;

use super::grid::{Grid, Head, cell};
use crate::engine::connectors::{Connect, OpenSink, TakeRejected};
use crate::expression::text::write_text;
use crate::operator::Rejected;
use crate::record::{Batch, ChangeKind, Schema};
use crate::sink::Sink;

/// Rows that are waited for before columns get their widths: of input with an end, and without.
const GATHERED: [usize; 2] = [1_000, 100];

/// What the rows of a query are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    New,
    /// They change: shown change by change.
    Changes,
    /// They change, and it is the end that counts.
    Last,
}

/// Where the rows of one query are shown.
pub struct Show {
    shared: Arc<Mutex<Shown>>,
}

struct Shown {
    grid: Grid,
    schema: Schema,
    rows: Rows,
    bounded: bool,
    /// The rows that are there, with their numbers, and what they are in their order.
    left: HashMap<Vec<String>, Vec<u64>>,
    count: u64,
    limit: Option<u64>,
    /// Set once the limit is reached.
    stop: Arc<AtomicBool>,
    rejected: u64,
    reason: Option<String>,
}

/// What has been shown.
pub struct Seen {
    pub rows: u64,
    /// Records that could not be used, and why the first could not.
    pub rejected: Option<(u64, String)>,
    pub limited: bool,
}

impl Show {
    pub fn new(
        schema: &Schema,
        rows: Rows,
        bounded: bool,
        limit: Option<u64>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let mut heads: Vec<Head> = schema
            .fields
            .iter()
            .map(|field| Head { name: field.name.to_string(), right: field.data_type.is_numeric() })
            .collect();
        if rows == Rows::Changes {
            heads.insert(0, Head::text("op"));
        }
        let shown = Shown {
            grid: Grid::new(heads, GATHERED[usize::from(!bounded)], Box::new(std::io::stdout())),
            schema: schema.clone(),
            rows,
            bounded,
            left: HashMap::new(),
            count: 0,
            limit,
            stop,
            rejected: 0,
            reason: None,
        };
        Self { shared: Arc::new(Mutex::new(shown)) }
    }

    /// The last line, once all has come.
    pub fn finish(&self) -> Result<Seen, String> {
        let mut shown = lock(&self.shared);
        shown.finish().map_err(|error| format!("cannot print: {error}"))?;
        Ok(Seen {
            rows: shown.count,
            rejected: shown.reason.take().map(|reason| (shown.rejected, reason)),
            limited: shown.is_full(),
        })
    }
}

/// Whoever panicked with it has said so.
fn lock(shared: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shown {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.count >= limit)
    }

    fn take(&mut self, kind: ChangeKind, mut row: Vec<String>) -> std::io::Result<()> {
        match self.rows {
            Rows::New => self.print(row),
            Rows::Changes => {
                row.insert(0, kind.short().to_owned());
                self.print(row)
            }
            Rows::Last => {
                self.count += 1;
                let numbers = self.left.entry(row).or_default();
                match kind.is_retract() {
                    true => drop(numbers.pop()),
                    false => numbers.push(self.count),
                }
                Ok(())
            }
        }
    }

    fn print(&mut self, row: Vec<String>) -> std::io::Result<()> {
        if self.is_full() {
            return Ok(());
        }
        self.count += 1;
        self.grid.row(row)?;
        if self.is_full() {
            self.stop.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        if self.rows == Rows::Last {
            let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
            for (row, numbers) in self.left.drain() {
                rows.extend(numbers.into_iter().map(|number| (number, row.clone())));
            }
            rows.sort();
            self.count = 0;
            for (_, row) in rows {
                self.print(row)?;
            }
        }
        self.grid.finish()
    }
}

impl Connect for Show {
    fn open_sink(&self, request: OpenSink) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(ShowSink { shared: self.shared.clone(), zone: request.zone }))
    }

    /// Who looks at a table adds nothing to its dead letters.
    fn take_rejected(&self) -> Option<TakeRejected> {
        let shared = self.shared.clone();
        Some(Box::new(move |rejected: &Rejected| {
            let mut shown = lock(&shared);
            shown.rejected += 1;
            shown.reason.get_or_insert_with(|| told(rejected));
        }))
    }

    fn commits_offsets(&self) -> bool {
        false
    }
}

fn told(rejected: &Rejected) -> String {
    let reason = rejected.reason.escape_debug();
    match rejected.place() {
        Some((name, partition, offset)) => {
            format!("{reason} ({name}, partition {partition}, offset {offset})")
        }
        None => reason.to_string(),
    }
}

struct ShowSink {
    shared: Arc<Mutex<Shown>>,
    zone: TimeZone,
}

impl Sink for ShowSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let mut shown = lock(&self.shared);
        for row in batch.row_ids() {
            let cells = batch.columns.iter().zip(&shown.schema.fields);
            let text = |(column, field): (&crate::record::ColumnRef, &crate::record::Field)| {
                if column.is_null(row) {
                    return "NULL".to_owned();
                }
                let mut text = String::new();
                write_text(column, row, &field.data_type, &self.zone, &mut text);
                cell(&text)
            };
            let cells = cells.map(text).collect();
            shown.take(batch.kind(row), cells).map_err(|error| format!("cannot print: {error}"))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Nothing has come for a moment: what is there is shown, if more may take its time.
    fn idle(&mut self) -> Result<(), String> {
        let mut shown = lock(&self.shared);
        if shown.bounded || shown.count == 0 {
            return Ok(());
        }
        shown.grid.show().map_err(|error| format!("cannot print: {error}"))
    }
}
