//! The outbox of a sink whose rows go out after the commit of their epoch: a file an epoch,
//! named by the epoch's manifest until its rows are published, so that a crash loses none.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::checkpoint::{FileEntry, Records, StateFolder};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, row};
use crate::state::Saved;

/// Rows of one batch read back.
const BATCH: usize = 1024;

/// The rows of an epoch, and the file that keeps them.
pub struct Held {
    pub epoch: u64,
    pub batches: Vec<Batch>,
    file: Option<FileEntry>,
}

pub struct Outbox {
    pub folder: Arc<StateFolder>,
    pub incarnation: u64,
    /// The sink's number among those of the job.
    pub sink: usize,
    /// Types of the rows' columns.
    pub types: Vec<DataType>,
    /// Files that the last start's manifest named: rows that were perhaps not published.
    pub left: Vec<FileEntry>,
    waiting: VecDeque<Held>,
}

impl Outbox {
    pub fn new(
        folder: Arc<StateFolder>,
        incarnation: u64,
        sink: usize,
        types: Vec<DataType>,
        left: Vec<FileEntry>,
    ) -> Self {
        Self { folder, incarnation, sink, types, left, waiting: VecDeque::new() }
    }

    /// Keeps the rows of an epoch until it is committed.
    pub fn keep(&mut self, epoch: u64, batches: Vec<Batch>) -> Result<(), String> {
        let mut file = None;
        if !batches.is_empty() {
            let mut writer = self.folder.outbox(epoch, self.incarnation, self.sink)?;
            let fault = |error| format!("cannot write the outbox of epoch {epoch}: {error}");
            let mut records = Records::default();
            records.section("outbox", "rows").map_err(fault)?;
            let mut entry = Vec::new();
            for batch in &batches {
                for at in batch.row_ids() {
                    entry.clear();
                    entry.push(batch.kind(at).code());
                    row::encode(&batch.columns, at, &mut entry);
                    records.saved(Saved::Entry { key_group: 0, bytes: &entry }).map_err(fault)?;
                }
                writer.write(&records.take())?;
            }
            file = Some(writer.finish(records.entries())?);
        }
        self.waiting.push_back(Held { epoch, batches, file });
        Ok(())
    }

    /// Files of all epochs that are not published yet.
    pub fn files(&self) -> Vec<FileEntry> {
        self.waiting.iter().filter_map(|held| held.file.clone()).collect()
    }

    /// The oldest epoch that is committed and not published.
    pub fn next(&self, committed: u64) -> Option<&Held> {
        self.waiting.front().filter(|held| held.epoch <= committed)
    }

    /// The oldest epoch is published.
    pub fn published(&mut self) {
        self.waiting.pop_front();
    }

    /// The rows that a crash may have left unpublished, by epoch and in their order.
    pub fn read_left(&mut self) -> Result<Vec<(u64, Vec<Batch>)>, String> {
        let mut epochs = Vec::new();
        for file in std::mem::take(&mut self.left) {
            let epoch = file.epoch().ok_or_else(|| format!("{} names no epoch", file.name))?;
            let mut batches = Vec::new();
            let mut rows = BatchBuilder::new(self.types.clone());
            self.folder.read(&file, &mut |_, _, saved| {
                let Saved::Entry { bytes, .. } = saved else {
                    return Err("an outbox holds rows alone".into());
                };
                push(&mut rows, bytes)?;
                if rows.len() == BATCH {
                    batches.push(rows.finish(BatchTime::at(i64::MIN)));
                }
                Ok(())
            })?;
            batches.push(rows.finish(BatchTime::at(i64::MIN)));
            epochs.push((epoch, batches));
        }
        Ok(epochs)
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
