//! The thread that owns a sink which publishes after the commit: takes committed epochs in their
//! order, and says which are done. Nobody waits for it but a collector whose quota is used up.

use std::sync::Arc;

use crossbeam::channel::Sender;

use super::acknowledged::Meter;
use super::backlog::Backlog;
use super::sink_thread::{OpenSink, SinkEvent};
use crate::fault;
use crate::sink::{Sink, SinkContext};

pub struct PublishThread {
    pub index: usize,
    pub backlog: Arc<Backlog>,
    pub events: Sender<SinkEvent>,
    pub meter: Meter,
    pub context: SinkContext,
}

impl PublishThread {
    /// Opens the sink (which may have to wait for its store) and runs until the collector is gone,
    /// or the engine has given up.
    pub fn run(mut self, open: OpenSink) {
        let served = open().and_then(|mut sink| self.serve(&mut *sink));
        self.backlog.end();
        // What a sink has left because of a stop is published by the next start.
        if let Err(error) = served
            && !self.context.stopping()
        {
            let _ = self.events.send(SinkEvent::Failed { sink: self.index, error });
        }
    }

    fn serve(&mut self, sink: &mut dyn Sink) -> Result<(), String> {
        sink.begin_publishing()?;
        self.backlog.begin();
        loop {
            let parts = self.backlog.take();
            if !parts.is_empty() {
                let (backlog, meter) = (self.backlog.clone(), &mut self.meter);
                let mut done = |epoch| {
                    fault::point("published");
                    backlog.published(epoch).iter_mut().for_each(|rows| meter.record(rows));
                };
                self.backlog.portions(parts, &mut |epochs| sink.publish_all(epochs, &mut done))?;
            } else if self.backlog.rest() {
                sink.idle()?;
            } else {
                return Ok(());
            }
        }
    }
}
