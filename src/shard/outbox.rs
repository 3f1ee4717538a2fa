//! The files in which a sink keeps rows that go out after the commit of their epoch. A file holds
//! a section for each epoch, and is named by the manifests until all of them are published.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_64;

use crate::checkpoint::{FileEntry, Records, SnapshotWriter, StateFolder};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, row};
use crate::sql::plan::Table;
use crate::state::Saved;

/// Rows of one batch read back.
const BATCH: usize = 1024;
const OPERATOR: &str = "outbox";

/// An epoch and its rows, in their order.
pub type EpochRows = (u64, Vec<Batch>);

pub struct Outbox {
    folder: Arc<StateFolder>,
    incarnation: u64,
    /// The sink's number among those of the job.
    sink: usize,
    /// Types of the rows' columns.
    types: Vec<DataType>,
    merged: AtomicU64,
}

/// A digest of the names and types of a table's columns: rows of others are not its own.
pub fn columns_of(table: &Table) -> u64 {
    let fields = table.physical.iter().map(|&at| &table.schema.fields[at]);
    let columns: String =
        fields.map(|field| format!("{} {},", field.name, field.data_type)).collect();
    xxh3_64(columns.as_bytes())
}

impl Outbox {
    pub fn new(folder: Arc<StateFolder>, incarnation: u64, sink: usize, table: &Table) -> Self {
        let types = table.physical.iter().map(|&at| table.schema.fields[at].data_type.clone());
        Self { folder, incarnation, sink, types: types.collect(), merged: AtomicU64::new(0) }
    }

    /// Writes the rows of an epoch; on the disk once it returns.
    pub fn write(&self, epoch: u64, batches: &[Batch]) -> Result<FileEntry, String> {
        let part = format!("sink{:04}", self.sink);
        let mut writer = self.folder.outbox(epoch, self.incarnation, &part)?;
        let fault = |error| format!("cannot write the outbox of epoch {epoch}: {error}");
        let mut records = Records::default();
        records.section(OPERATOR, &epoch.to_string()).map_err(fault)?;
        let mut entry = Vec::new();
        for batch in batches {
            for at in batch.row_ids() {
                entry.clear();
                entry.push(batch.kind(at).code());
                row::encode(&batch.columns, at, &mut entry);
                records.saved(Saved::Entry { key_group: 0, bytes: &entry }).map_err(fault)?;
            }
            writer.write(&records.take())?;
        }
        writer.finish(records.entries())
    }

    /// The rows of a file that came after this epoch, by epoch and in their order.
    pub fn read(&self, file: &FileEntry, after: u64) -> Result<Vec<EpochRows>, String> {
        let mut epochs: Vec<EpochRows> = Vec::new();
        let mut rows = BatchBuilder::new(self.types.clone());
        let mut section = Section::default();
        self.folder.read(file, &mut |_, state, saved| {
            let Saved::Entry { bytes, .. } = saved else {
                return Err("an outbox holds rows alone".into());
            };
            if section.is_another(state) {
                end_batch(&mut epochs, &mut rows);
                epochs.push((section.begin(state, file)?, Vec::new()));
            }
            if section.epoch <= after {
                return Ok(());
            }
            push(&mut rows, bytes)?;
            if rows.len() == BATCH {
                end_batch(&mut epochs, &mut rows);
            }
            Ok(())
        })?;
        end_batch(&mut epochs, &mut rows);
        epochs.retain(|(epoch, _)| *epoch > after);
        Ok(epochs)
    }

    /// One file in place of two, which hold neighbouring epochs. It is named after the last of them.
    pub fn merge(&self, older: &FileEntry, newer: &FileEntry) -> Result<FileEntry, String> {
        let nth = self.merged.fetch_add(1, Ordering::Relaxed);
        let part = format!("sink{:04}-merged{nth}", self.sink);
        let mut writer = self.folder.outbox(epoch_of(newer)?, self.incarnation, &part)?;
        let mut records = Records::default();
        for file in [older, newer] {
            self.copy(file, &mut records, &mut writer)?;
        }
        writer.write(&records.take())?;
        writer.finish(records.entries())
    }

    fn copy(
        &self,
        file: &FileEntry,
        records: &mut Records,
        writer: &mut SnapshotWriter,
    ) -> Result<(), String> {
        /// Bytes that are written at a time.
        const PART: usize = 1 << 18;
        let fault = |error| format!("cannot merge outboxes: {error}");
        let mut section = Section::default();
        self.folder.read(file, &mut |_, state, saved| {
            if section.is_another(state) {
                let epoch = section.begin(state, file)?;
                records.section(OPERATOR, &epoch.to_string()).map_err(fault)?;
            }
            records.saved(saved).map_err(fault)?;
            if records.waiting() >= PART { writer.write(&records.take()) } else { Ok(()) }
        })
    }

    /// How many rows a file holds.
    pub fn rows(&self, file: &FileEntry) -> Result<u64, String> {
        self.folder.entries(file)
    }
}

/// The last epoch of a file, which is in its name.
pub fn epoch_of(file: &FileEntry) -> Result<u64, String> {
    file.epoch().ok_or_else(|| format!("{} names no epoch", file.name))
}

/// The section that is being read.
#[derive(Default)]
struct Section {
    name: String,
    epoch: u64,
}

impl Section {
    fn is_another(&self, name: &str) -> bool {
        self.name != name
    }

    fn begin(&mut self, name: &str, file: &FileEntry) -> Result<u64, String> {
        // Where a file held one epoch always, its name alone said which.
        self.epoch = if name == "rows" {
            epoch_of(file)?
        } else {
            name.parse().map_err(|_| format!("{}: '{name}' is no epoch", file.name))?
        };
        name.clone_into(&mut self.name);
        Ok(self.epoch)
    }
}

fn end_batch(epochs: &mut [EpochRows], rows: &mut BatchBuilder) {
    if let Some((_, batches)) = epochs.last_mut()
        && !rows.is_empty()
    {
        batches.push(rows.finish(BatchTime::at(i64::MIN)));
    }
}

fn push(rows: &mut BatchBuilder, entry: &[u8]) -> Result<(), String> {
    let (&kind, bytes) = entry.split_first().ok_or("a row of an outbox is cut short")?;
    let kind = ChangeKind::from_code(kind).ok_or("a row of an outbox is of no known kind")?;
    if !row::decode(bytes, rows.columns()) {
        return Err("a row of an outbox is cut short".into());
    }
    rows.end_row(kind);
    Ok(())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::record::{ColumnBuilder, Field, Schema, Value};

    pub fn table() -> Table {
        Table {
            name: "t".into(),
            schema: Schema::new(vec![Field::new("n", DataType::BigInt)]),
            physical: vec![0],
            computed: vec![],
            metadata: vec![],
            watermark: None,
            primary_key: vec![],
            connector: "webhook".into(),
            options: Default::default(),
        }
    }

    pub fn outbox(folder: &std::path::Path) -> Outbox {
        let folder = StateFolder::open(folder, "job").unwrap();
        Outbox::new(Arc::new(folder), 1, 0, &table())
    }

    pub fn batch(numbers: std::ops::Range<i64>) -> Batch {
        let mut column = ColumnBuilder::for_type(&DataType::BigInt, numbers.clone().count());
        numbers.clone().for_each(|n| column.push_value(&Value::I64(n)));
        Batch::new(vec![Arc::new(column.finish())], numbers.count(), BatchTime::at(0))
    }

    /// Epochs and the numbers in them.
    pub fn numbers(epochs: &[EpochRows]) -> Vec<(u64, Vec<i64>)> {
        let of = |batch: &Batch| -> Vec<i64> {
            batch.row_ids().map(|row| batch.columns[0].as_i64s()[row]).collect()
        };
        epochs.iter().map(|(epoch, rows)| (*epoch, rows.iter().flat_map(of).collect())).collect()
    }

    #[test]
    fn merged_files_keep_their_epochs_apart() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(folder.path());
        let ranges = [0..3_000, 3_000..3_001, 3_001..5_000];
        let files: Vec<FileEntry> = (1..)
            .zip(&ranges)
            .map(|(epoch, range)| outbox.write(epoch, &[batch(range.clone())]).unwrap())
            .collect();
        let wanted: Vec<(u64, Vec<i64>)> = (1..).zip(ranges.map(Iterator::collect)).collect();
        let both = outbox.merge(&files[0], &files[1]).unwrap();
        assert_eq!(numbers(&outbox.read(&both, 0).unwrap()), wanted[..2]);
        let all = outbox.merge(&both, &files[2]).unwrap();
        assert_eq!((epoch_of(&all), outbox.rows(&all)), (Ok(3), Ok(5_000)));
        for after in 0..3 {
            let rows = outbox.read(&all, after as u64).unwrap();
            assert_eq!(numbers(&rows), wanted[after..], "after {after}");
        }
        // The same bytes as of the epochs by themselves: chunks are cut and named by them.
        assert_eq!(numbers(&outbox.read(&files[2], 0).unwrap()), wanted[2..]);
    }

    /// As releases wrote it whose files held one epoch each.
    #[test]
    fn a_file_that_does_not_name_its_epoch_is_read_and_merged() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(folder.path());
        let mut writer = outbox.folder.outbox(7, 1, "sink0000").unwrap();
        let (mut records, rows) = (Records::default(), batch(0..3));
        records.section(OPERATOR, "rows").unwrap();
        for at in rows.row_ids() {
            let mut entry = vec![rows.kind(at).code()];
            row::encode(&rows.columns, at, &mut entry);
            records.saved(Saved::Entry { key_group: 0, bytes: &entry }).unwrap();
        }
        writer.write(&records.take()).unwrap();
        let old = writer.finish(records.entries()).unwrap();
        let wanted = [(7, vec![0, 1, 2]), (8, vec![3, 4])];
        assert_eq!(numbers(&outbox.read(&old, 0).unwrap()), wanted[..1]);
        assert_eq!(numbers(&outbox.read(&old, 7).unwrap()), []);
        let newer = outbox.write(8, &[batch(3..5)]).unwrap();
        let both = outbox.merge(&old, &newer).unwrap();
        assert_eq!(numbers(&outbox.read(&both, 0).unwrap()), wanted);
    }
}
