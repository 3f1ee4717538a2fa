//! One source on one worker: polls, decodes, and knows where it stands.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::operator::{Output, Rejected};
use crate::record::batch::{Origin, Records};
use crate::record::format::RecordDecoder;
use crate::record::json::Decoded;
use crate::record::{Batch, BatchTime, Message, RawBlock, Status, key};
use crate::source::format::Schemas;
use crate::source::{Polled, Position, Source, metadata};

use super::node::Target;

/// How a worker reads one table.
pub struct SourceTask {
    pub source: Box<dyn Source>,
    pub decoder: RecordDecoder,
    /// Where the decoder has to learn schemas.
    schemas: Option<Schemas>,
    /// A block whose schemas it does not know yet, and the positions before it.
    held: Option<(RawBlock, Vec<Position>)>,
    /// `METADATA FROM` names, in the order of the columns behind the decoded ones.
    pub metadata: Vec<Arc<str>>,
    pub name: Arc<str>,
    /// Id of the scan, which names its positions in a manifest.
    pub id: String,
    pub step: usize,
    /// Whether records that come too late for an operator are kept.
    keeps_late: bool,
    /// Rows say which partition they are from: `scan.partitioned-by`.
    pub by_partition: bool,
    pub targets: Vec<Target>,
    pub rows: u64,
    pub bytes: u64,
    pub errors: u64,
    pub finished: bool,
    /// When the first record was read.
    pub first: Option<Instant>,
    /// The status with which every channel begins has been sent.
    announced: bool,
    partitions: Arc<Vec<i32>>,
    /// The largest payload of a block so far.
    block_bytes: usize,
    spare: Option<RawBlock>,
    /// Blocks that batches on their way may still read. Their buffers are used again, oldest
    /// first, once nobody does: fresh ones would be paid for page by page.
    lent: VecDeque<Arc<Origin>>,
}

/// Blocks whose buffers are waited for; more are on their way only under back pressure.
const LENT_MAX: usize = 64;

/// What one poll came to.
pub enum Poll {
    Messages(Vec<Message>),
    Empty,
    /// There are records, which cannot be decoded yet.
    Held,
}

impl SourceTask {
    pub fn new(
        source: Box<dyn Source>,
        (decoder, schemas): (RecordDecoder, Option<Schemas>),
        metadata: Vec<Arc<str>>,
        name: Arc<str>,
        id: String,
        step: usize,
        keeps_late: bool,
    ) -> Self {
        let partitions = Arc::new(source.partitions().to_vec());
        Self {
            source,
            decoder,
            schemas,
            held: None,
            metadata,
            name,
            id,
            step,
            keeps_late,
            by_partition: false,
            targets: Vec::new(),
            rows: 0,
            bytes: 0,
            errors: 0,
            finished: false,
            first: None,
            announced: false,
            partitions,
            block_bytes: 0,
            spare: None,
            lent: VecDeque::new(),
        }
    }

    /// Next positions of this worker's partitions.
    pub fn positions(&self) -> Vec<Position> {
        self.held.as_ref().map_or_else(|| self.source.positions(), |(_, before)| before.clone())
    }

    /// Why nothing comes, where that is a fault.
    pub fn problem(&self) -> Option<String> {
        self.source.problem().or_else(|| self.schemas.as_ref()?.problem())
    }

    /// The status with which every channel begins, once. It goes before a barrier too: a node waits
    /// for the first word of all channels, and one that rests at a barrier says no more.
    pub fn announce(&mut self) -> Option<Message> {
        let first = !std::mem::replace(&mut self.announced, true);
        let idle = self.source.partitions().is_empty();
        first.then_some(Message::Status(if idle { Status::Idle } else { Status::Active }))
    }

    pub fn is_announced(&self) -> bool {
        self.announced
    }

    /// Reads and decodes one block.
    pub fn poll(&mut self, batch_rows: usize, out: &mut Output) -> Result<Poll, String> {
        if self.finished {
            return Ok(Poll::Empty);
        }
        if let Some(status) = self.announce() {
            return Ok(Poll::Messages(vec![status]));
        }
        if let Some((block, before)) = self.held.take() {
            return Ok(self.take(block, before, out));
        }
        let before = self.schemas.as_ref().map(|_| self.source.positions());
        let mut block = self.block();
        match self.source.poll(&mut block, batch_rows)? {
            Polled::Records => {
                self.first.get_or_insert_with(Instant::now);
                block.pad();
                Ok(self.take(block, before.unwrap_or_default(), out))
            }
            Polled::Empty => {
                self.spare = Some(block);
                Ok(Poll::Empty)
            }
            Polled::Finished => {
                self.finished = true;
                let end = vec![Message::Watermark(i64::MAX), Message::Status(Status::Finished)];
                Ok(Poll::Messages(end))
            }
        }
    }

    /// Decodes a block, if all is known that it takes; `before`: the positions before it.
    fn take(&mut self, block: RawBlock, before: Vec<Position>, out: &mut Output) -> Poll {
        let mut schemas = self.schemas.iter_mut();
        if schemas.all(|schemas| schemas.prepare(&mut self.decoder, &block)) {
            return Poll::Messages(self.decode(block, out));
        }
        self.held = Some((block, before));
        Poll::Held
    }

    /// An empty block, with a used buffer where there is one.
    fn block(&mut self) -> RawBlock {
        if let Some(mut block) = self.spare.take() {
            block.clear();
            return block;
        }
        match self.lent.pop_front().map(Arc::try_unwrap) {
            Some(Ok(origin)) => {
                if let Some(mut block) = origin.block.recycle() {
                    block.clear();
                    return block;
                }
            }
            Some(Err(origin)) => self.lent.push_front(origin),
            None => {}
        }
        let mut block = RawBlock::default();
        block.payload.reserve(self.block_bytes);
        block
    }

    fn decode(&mut self, block: RawBlock, out: &mut Output) -> Vec<Message> {
        if self.source.partitions().len() != self.partitions.len() {
            self.partitions = Arc::new(self.source.partitions().to_vec());
        }
        let read = block.records.len();
        self.block_bytes = self.block_bytes.max(block.payload.len());
        self.rows += read as u64;
        self.bytes += block.payload.len() as u64;
        let Decoded { mut columns, kinds, rejected, skipped, block } = self.decoder.decode(block);
        // An update is two rows of one record.
        let rows = block.records.len();
        let partitions = self.partitions.clone();
        let (name, keeps_late) = (self.name.clone(), self.keeps_late);
        let rates = self.source.sampling().map(|sampling| sampling.rates().clone());
        let origin = Arc::new(Origin { block, name, partitions, rates, keeps_late });
        if self.lent.len() < LENT_MAX {
            self.lent.push_back(origin.clone());
        }
        self.errors += rejected.len() as u64;
        let mut dropped = skipped;
        for (row, reason) in rejected {
            out.rejected.push(Rejected { record: Some((origin.clone(), row)), reason });
            dropped.push(row);
        }
        for name in &self.metadata {
            columns.push(metadata::column(name, &origin));
        }
        let oldest = origin.block.records.iter().map(|record| record.timestamp).min().unwrap_or(-1);
        let mut batch = Batch::new(columns, rows, BatchTime::at(i64::MIN));
        batch.stamp_us = oldest.max(0) * 1_000;
        batch.groups = self.by_partition.then(|| groups(&origin)).flatten().map(Arc::new);
        batch.records = Some(Records::Each(origin));
        batch.kinds = kinds;
        if !dropped.is_empty() {
            dropped.sort_unstable();
            let kept = (0..rows as u32).filter(|row| dropped.binary_search(row).is_err());
            batch = batch.with_selection(kept.collect());
        }
        if batch.is_empty() { Vec::new() } else { vec![Message::Data(batch)] }
    }
}

/// The key group of each record's partition; a source that is partitioned by key has no others.
fn groups(origin: &Origin) -> Option<Vec<u8>> {
    let of: Option<Vec<u8>> =
        origin.partitions.iter().map(|&partition| key::group_of_partition(partition)).collect();
    let of = of?;
    Some(origin.block.records.iter().map(|record| of[record.partition as usize]).collect())
}
