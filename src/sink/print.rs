//! Rows on standard output, as Flink's print connector shows them: `+I[a, 1, null]`.

use std::io::Write;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Sink, SinkContext};
use crate::expression::text::write_text;
use crate::record::Batch;
use crate::sql::plan::Table;

struct Print {
    table: Arc<Table>,
    zone: TimeZone,
    prefix: String,
    text: String,
    out: Box<dyn Write + Send>,
}

pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    _context: SinkContext,
) -> Result<Box<dyn Sink>, String> {
    Ok(to(table, zone, Box::new(std::io::stdout())))
}

/// A print sink that writes elsewhere.
pub fn to(table: Arc<Table>, zone: TimeZone, out: Box<dyn Write + Send>) -> Box<dyn Sink> {
    let prefix = table.options.get("print-identifier");
    let prefix = prefix.map(|id| format!("{id}> ")).unwrap_or_default();
    Box::new(Print { table, zone, prefix, text: String::new(), out })
}

fn told(error: std::io::Error) -> String {
    format!("cannot print: {error}")
}

impl Sink for Print {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        self.text.clear();
        for row in batch.row_ids() {
            self.text.push_str(&self.prefix);
            self.text.push_str(batch.kind(row).short());
            self.text.push('[');
            for (i, (column, &field)) in batch.columns.iter().zip(&self.table.physical).enumerate()
            {
                if i > 0 {
                    self.text.push_str(", ");
                }
                if column.is_null(row) {
                    self.text.push_str("null");
                } else {
                    let data_type = &self.table.schema.fields[field].data_type;
                    write_text(column, row, data_type, &self.zone, &mut self.text);
                }
            }
            self.text.push_str("]\n");
        }
        // One write for a batch: lines of several sinks do not mix.
        self.out.write_all(self.text.as_bytes()).map_err(told)
    }

    fn flush(&mut self) -> Result<(), String> {
        self.out.flush().map_err(told)
    }
}
