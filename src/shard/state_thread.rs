//! The thread that writes a worker's state to disk: neither writing nor syncing stops the worker.

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender};

use super::epoch::{Contents, Cost};
use super::worker::{Event, SourcePositions};
use crate::checkpoint::{SnapshotWriter, StateFile, StateFolder};

/// Orders that may wait before the worker writes no more for a while.
pub const QUEUE: usize = 8;

/// What a worker hands on.
pub enum Order {
    /// Records for the file of this epoch, the next ones.
    Records { epoch: u64, bytes: Vec<u8> },
    /// Those were all; without `contents` there is nothing to be said by a file.
    End { epoch: u64, sources: Vec<SourcePositions>, contents: Option<Contents>, cost: Cost },
}

pub struct StateThread {
    pub folder: Arc<StateFolder>,
    /// Counts the starts of the job.
    pub incarnation: u64,
    pub worker: usize,
    pub orders: Receiver<Order>,
    pub events: Sender<Event>,
}

impl StateThread {
    /// Until the worker is gone.
    pub fn run(self) {
        let mut writer = None;
        while let Ok(order) = self.orders.recv() {
            if let Err(error) = self.obey(order, &mut writer) {
                let _ = self.events.send(Event::Failed { worker: self.worker, error });
                return;
            }
        }
    }

    fn obey(&self, order: Order, writer: &mut Option<SnapshotWriter>) -> Result<(), String> {
        let (epoch, sources, contents, cost) = match order {
            Order::Records { epoch, bytes } => {
                let writer = match writer {
                    Some(writer) => writer,
                    None => {
                        writer.insert(self.folder.writer(epoch, self.incarnation, self.worker)?)
                    }
                };
                return writer.write(&bytes);
            }
            Order::End { epoch, sources, contents, cost } => (epoch, sources, contents, cost),
        };
        let mut file = None;
        if let Some((writer, contents)) = writer.take().zip(contents) {
            let Contents { groups, images, entries } = contents;
            file = Some(StateFile { file: writer.finish(entries)?, groups, images, entries });
        }
        let _ = self.events.send(Event::Saved { worker: self.worker, epoch, sources, file, cost });
        Ok(())
    }
}
