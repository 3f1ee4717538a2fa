//! The outbox of a sink whose rows go out after the commit of their epoch: a file an epoch,
//! named by the epoch's manifest until its rows are published, so that a crash loses none.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::checkpoint::{FileEntry, StateFolder};
use crate::record::{Batch, BatchTime, ChangeKind, ColumnBuilder, DataType, row};

/// Rows of one batch read back.
const BATCH: usize = 1024;
const KINDS: [ChangeKind; 4] =
    [ChangeKind::Insert, ChangeKind::UpdateBefore, ChangeKind::UpdateAfter, ChangeKind::Delete];

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
            let mut write = || {
                writer.section("outbox", "rows")?;
                let mut entry = Vec::new();
                for batch in &batches {
                    for at in batch.row_ids() {
                        entry.clear();
                        let kind = KINDS.iter().position(|kind| *kind == batch.kind(at));
                        entry.push(kind.unwrap_or(0) as u8);
                        row::encode(&batch.columns, at, &mut entry);
                        writer.entry(0, &entry)?;
                    }
                }
                Ok::<(), std::io::Error>(())
            };
            write()
                .map_err(|error| format!("cannot write the outbox of epoch {epoch}: {error}"))?;
            file = Some(writer.finish()?);
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

    /// The rows that a crash may have left unpublished, in their order.
    pub fn read_left(&mut self) -> Result<Vec<Batch>, String> {
        let mut batches = Vec::new();
        for file in std::mem::take(&mut self.left) {
            let mut rows = Rows::new(&self.types);
            self.folder.read(&file, &mut |_, _, _, entry| {
                rows.push(entry)?;
                if rows.kinds.len() == BATCH {
                    batches.push(rows.finish(&self.types));
                }
                Ok(())
            })?;
            batches.push(rows.finish(&self.types));
        }
        Ok(batches)
    }
}

struct Rows {
    columns: Vec<ColumnBuilder>,
    kinds: Vec<ChangeKind>,
}

impl Rows {
    fn new(types: &[DataType]) -> Self {
        let columns = types.iter().map(|of| ColumnBuilder::for_type(of, BATCH)).collect();
        Self { columns, kinds: Vec::new() }
    }

    fn push(&mut self, entry: &[u8]) -> Result<(), String> {
        let (&kind, bytes) = entry.split_first().ok_or("a row of an outbox is cut short")?;
        let kind = KINDS.get(kind as usize).ok_or("a row of an outbox is of no known kind")?;
        if !row::decode(bytes, &mut self.columns) {
            return Err("a row of an outbox is cut short".into());
        }
        self.kinds.push(*kind);
        Ok(())
    }

    fn finish(&mut self, types: &[DataType]) -> Batch {
        let Self { columns, kinds } = std::mem::replace(self, Self::new(types));
        let columns = columns.into_iter().map(|column| Arc::new(column.finish())).collect();
        let mut batch = Batch::new(columns, kinds.len(), BatchTime::at(i64::MIN));
        batch.kinds = Some(Arc::new(kinds));
        batch
    }
}
