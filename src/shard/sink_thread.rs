//! The thread of one sink: takes from every shard in turn, and answers for an epoch once all
//! that came before its barriers is acknowledged.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Select, Sender, bounded};

use crate::metrics::Counter;
use crate::metrics::latency::LatencyRecorder;
use crate::record::{Message, Status};
use crate::sink::Sink;

/// Batches that may wait between one shard and one sink.
const QUEUE_BATCHES: usize = 32;
/// How long the thread waits for work before it lets the client library breathe.
const IDLE_WAIT: Duration = Duration::from_millis(5);

/// What a sink tells the engine.
pub enum SinkEvent {
    /// Everything before this epoch's barriers is acknowledged.
    Acknowledged {
        sink: usize,
        epoch: u64,
    },
    /// All shards have finished, and all is acknowledged.
    Finished {
        sink: usize,
        rows: u64,
    },
    Failed {
        sink: usize,
        error: String,
    },
}

/// One sink and what comes to it.
pub struct SinkThread {
    pub index: usize,
    pub shards: Vec<Receiver<Message>>,
    pub events: Sender<SinkEvent>,
    pub latency: LatencyRecorder,
    pub rows: Counter,
}

/// Makes the sink, on its thread.
pub type OpenSink = Box<dyn FnOnce() -> Result<Box<dyn Sink>, String> + Send>;

/// A queue for each shard.
pub fn queues(shards: usize) -> (Vec<Sender<Message>>, Vec<Receiver<Message>>) {
    (0..shards).map(|_| bounded(QUEUE_BATCHES)).unzip()
}

struct Shard {
    barrier: Option<u64>,
    finished: bool,
    closed: bool,
}

impl SinkThread {
    /// Opens the sink (which may have to wait for its store) and runs until all shards have
    /// hung up.
    pub fn run(mut self, open: OpenSink) {
        if let Err(error) = open().and_then(|mut sink| self.serve(&mut *sink)) {
            let _ = self.events.send(SinkEvent::Failed { sink: self.index, error });
        }
    }

    fn serve(&mut self, sink: &mut dyn Sink) -> Result<(), String> {
        let fresh = || Shard { barrier: None, finished: false, closed: false };
        let mut shards: Vec<Shard> = self.shards.iter().map(|_| fresh()).collect();
        let mut unacknowledged = Unacknowledged::default();
        let mut reported = false;
        loop {
            if shards.iter().all(|shard| shard.closed) {
                return Ok(());
            }
            let wait = if unacknowledged.rows > 0 { Duration::ZERO } else { IDLE_WAIT };
            match self.next(&shards, wait) {
                Next::Message(_, Message::Data(batch)) => {
                    sink.write(&batch)?;
                    unacknowledged.note(batch.stamp_us, batch.len() as u64);
                }
                Next::Message(shard, Message::Barrier(epoch)) => {
                    shards[shard].barrier = Some(epoch);
                }
                Next::Message(shard, Message::Status(Status::Finished)) => {
                    shards[shard].finished = true;
                }
                Next::Message(..) => {}
                Next::Closed(shard) => shards[shard].closed = true,
                Next::Nothing => {
                    if unacknowledged.rows > 0 {
                        self.acknowledge(sink, &mut unacknowledged)?;
                    } else {
                        sink.idle()?;
                    }
                }
            }
            if let Some(epoch) = shards[0].barrier
                && shards.iter().all(|shard| shard.barrier == Some(epoch))
            {
                self.acknowledge(sink, &mut unacknowledged)?;
                shards.iter_mut().for_each(|shard| shard.barrier = None);
                let _ = self.events.send(SinkEvent::Acknowledged { sink: self.index, epoch });
            }
            if !reported && shards.iter().all(|shard| shard.finished) {
                reported = true;
                self.acknowledge(sink, &mut unacknowledged)?;
                let rows = self.rows.get();
                let _ = self.events.send(SinkEvent::Finished { sink: self.index, rows });
            }
        }
    }

    /// Waits for a message of a shard that is not resting at a barrier. While rows are
    /// unacknowledged it only looks: what was gathered is sent as soon as nothing more is there.
    fn next(&self, shards: &[Shard], wait: Duration) -> Next {
        let mut select = Select::new();
        let mut of_select = Vec::with_capacity(shards.len());
        for (index, shard) in shards.iter().enumerate() {
            if shard.barrier.is_none() && !shard.closed {
                select.recv(&self.shards[index]);
                of_select.push(index);
            }
        }
        let Ok(operation) = select.select_timeout(wait) else { return Next::Nothing };
        let shard = of_select[operation.index()];
        match operation.recv(&self.shards[shard]) {
            Ok(message) => Next::Message(shard, message),
            Err(_) => Next::Closed(shard),
        }
    }

    fn acknowledge(
        &mut self,
        sink: &mut dyn Sink,
        unacknowledged: &mut Unacknowledged,
    ) -> Result<(), String> {
        sink.flush()?;
        let now_us = now_us();
        for (stamp_us, rows) in unacknowledged.batches.drain(..) {
            if stamp_us > 0 {
                self.latency.record(now_us.saturating_sub(stamp_us).max(0) as u64, rows);
            }
        }
        self.rows.add(std::mem::take(&mut unacknowledged.rows));
        Ok(())
    }
}

enum Next {
    Message(usize, Message),
    Closed(usize),
    Nothing,
}

/// Batches written but not acknowledged: when their oldest row was appended, and how many.
#[derive(Default)]
struct Unacknowledged {
    batches: Vec<(i64, u64)>,
    rows: u64,
}

impl Unacknowledged {
    fn note(&mut self, stamp_us: i64, rows: u64) {
        self.batches.push((stamp_us, rows));
        self.rows += rows;
    }
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
