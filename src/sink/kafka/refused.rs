//! Rows that no record can be made of, or none that Kafka takes: kept apart where the table names a
//! file, else the end of the job.

use jiff::tz::TimeZone;

use crate::metrics::Metrics;
use crate::record::Batch;
use crate::sink::options::option;
use crate::sink::receiver::dead_letter::DeadLetters;
use crate::sink::receiver::rows::Rows;
use crate::sql::plan::Table;

pub struct Refused {
    rows: Rows,
    kept: Option<DeadLetters>,
}

impl Refused {
    pub fn new(table: &Table, topic: &str, metrics: &Metrics) -> Result<Self, String> {
        // Only texts of single columns need a zone.
        let rows = Rows::new(table, TimeZone::UTC)?;
        let help = "Rows that a receiver would not have";
        let counter =
            metrics.counter("pelton_sink_dead_letters_total", help, &[("sink", &table.name)]);
        let open = |path: &str| {
            DeadLetters::open(&table.name, topic.to_owned(), Some(path.into()), counter)
        };
        let kept = option(table, "dead-letter.path").map(open).transpose()?;
        Ok(Self { rows, kept })
    }

    /// Keeps a row; an error where it cannot be kept.
    pub fn take(&mut self, batch: &Batch, row: usize, reason: &str) -> Result<(), String> {
        let object = self.rows.object(batch, row);
        match &mut self.kept {
            Some(kept) => kept.add(&[object], reason),
            None => Err(format!(
                "{reason}. The row: {}. 'dead-letter.path' would keep such rows apart",
                shown(&object)
            )),
        }
    }

    /// Returns once all that is kept is on the disk.
    pub fn flush(&mut self) -> Result<(), String> {
        self.kept.as_mut().map_or(Ok(()), DeadLetters::flush)
    }
}

/// The beginning of a row.
fn shown(object: &str) -> String {
    const CHARS: usize = 200;
    match object.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &object[..end]),
        None => object.to_owned(),
    }
}
