//! The exchange: a batch is split by key group in one pass; no row is copied.

use std::sync::Arc;

use super::channel::Sender;
use crate::record::key::{self, Keys};
use crate::record::{Batch, Message};

/// Sends rows to the shards that own their keys.
pub struct Exchange {
    keys: Vec<usize>,
    seed: u64,
    targets: Vec<Sender>,
    /// The worker's own place among them, where rows stay on their worker.
    stays: Option<usize>,
}

impl Exchange {
    pub fn new(keys: Vec<usize>, seed: u64, targets: Vec<Sender>) -> Self {
        Self { keys, seed, targets, stays: None }
    }

    /// One of which watermarks, status and barriers go to all shards, and rows to `own` alone.
    pub fn in_place(own: usize, targets: Vec<Sender>) -> Self {
        Self { keys: Vec::new(), seed: 0, targets, stays: Some(own) }
    }

    pub fn send(&mut self, message: Message) {
        match message {
            Message::Data(batch) => match self.stays {
                Some(own) => self.targets[own].send(Message::Data(batch)),
                None => self.send_batch(batch),
            },
            other => self.targets.iter_mut().for_each(|target| target.send(other.clone())),
        }
    }

    fn send_batch(&mut self, batch: Batch) {
        let columns: Vec<_> = self.keys.iter().map(|&index| batch.columns[index].clone()).collect();
        let keys = Keys::of(&batch, &columns, self.seed);
        let shards = self.targets.len();
        let share = batch.len() / shards + 16;
        let mut rows: Vec<Vec<u32>> = (0..shards).map(|_| Vec::with_capacity(share)).collect();
        for row in batch.row_ids() {
            let group = key::key_group(keys.span(row).hash);
            rows[key::shard_of(group, shards)].push(row as u32);
        }
        let keyed = Batch { keys: Some(Arc::new(keys)), groups: None, ..batch };
        for (target, rows) in self.targets.iter_mut().zip(rows) {
            if !rows.is_empty() {
                target.send(Message::Data(keyed.with_selection(rows)));
            }
        }
    }

    pub fn flush(&mut self) -> bool {
        self.targets.iter_mut().fold(true, |all, target| target.flush() & all)
    }

    pub fn has_room(&self) -> bool {
        self.targets.iter().all(Sender::has_room)
    }

    pub fn depth(&self) -> usize {
        self.targets.iter().map(Sender::depth).sum()
    }
}
