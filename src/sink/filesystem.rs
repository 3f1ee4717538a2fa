//! Rows as lines of a format, appended to a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::Sink;
use super::options::embedded_columns;
use crate::record::Batch;
use crate::record::format::Encoder;
use crate::sql::plan::Table;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 18;

struct FileSink {
    path: PathBuf,
    file: File,
    encoder: Encoder,
    buffer: Vec<u8>,
}

pub fn open(table: &Table) -> Result<Box<dyn Sink>, String> {
    let path = table.options.get("path").ok_or("option 'path' is missing")?;
    let path = PathBuf::from(path.strip_prefix("file://").unwrap_or(path));
    let told = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(told)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(told)?;
    let encoder = encoder(table)?;
    Ok(Box::new(FileSink { path, file, encoder, buffer: Vec::new() }))
}

fn encoder(table: &Table) -> Result<Encoder, String> {
    let embed = embedded_columns(table, &table.physical_fields())?;
    Encoder::new(&table.parts()?.value, &embed)
}

/// What is wrong with a table's options.
pub fn check(table: &Table) -> Result<(), String> {
    encoder(table).map(drop)
}

impl FileSink {
    fn send(&mut self) -> Result<(), String> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| format!("cannot write {}: {error}", self.path.display()))
    }
}

impl Sink for FileSink {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            if batch.kind(row) != crate::record::ChangeKind::Insert {
                return Err("a filesystem table takes no updates".into());
            }
            // A NULL of the format `raw` is an empty line.
            self.encoder.encode_row(batch, row, &mut self.buffer);
            self.buffer.push(b'\n');
        }
        if self.buffer.len() >= BUFFER { self.send() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), String> {
        self.send()?;
        let synced = self.file.sync_data();
        synced.map_err(|error| format!("cannot write {}: {error}", self.path.display()))
    }
}
