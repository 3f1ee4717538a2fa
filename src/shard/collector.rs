//! Gathers the rows of a sink that publishes after the commit of their epoch.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossbeam::channel::Sender;

use super::acknowledged::Unacknowledged;
use super::backlog::Backlog;
use super::sink_thread::{Outlet, SinkEvent};
use crate::fault;
use crate::record::Batch;

/// Rows held for one epoch before the sink asks for its end.
const HELD_ROWS_MAX: u64 = 200_000;

pub struct Collector {
    pub backlog: Arc<Backlog>,
    pub events: Sender<SinkEvent>,
    /// The job is to stop.
    pub stop: Arc<AtomicBool>,
    held: Vec<Batch>,
    current: Unacknowledged,
    /// The end of the epoch has been asked for.
    asked: bool,
}

impl Collector {
    pub fn new(backlog: Arc<Backlog>, events: Sender<SinkEvent>, stop: Arc<AtomicBool>) -> Self {
        let (held, current) = (Vec::new(), Unacknowledged::default());
        Self { backlog, events, stop, held, current, asked: false }
    }
}

impl Outlet for Collector {
    fn take(&mut self, batch: Batch) -> Result<(), String> {
        self.current.note(batch.stamp_us, batch.len() as u64);
        self.held.push(batch);
        if self.current.rows > HELD_ROWS_MAX && !self.asked {
            self.asked = true;
            let _ = self.events.send(SinkEvent::Full);
        }
        Ok(())
    }

    fn end_epoch(&mut self, epoch: u64) -> Result<u64, String> {
        self.asked = false;
        let (held, notes) = (std::mem::take(&mut self.held), std::mem::take(&mut self.current));
        let bytes = self.backlog.keep(epoch, held, notes)?;
        fault::point("outbox");
        Ok(bytes)
    }

    fn settle(&mut self, _committed: u64) -> Result<(), String> {
        self.backlog.await_room(&self.stop);
        Ok(())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.backlog.close();
    }
}
