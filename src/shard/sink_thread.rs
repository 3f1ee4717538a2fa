//! The thread of one sink: takes from every shard in turn, and answers for an epoch once all
//! that came before its barriers is acknowledged, or kept until the epoch is committed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam::channel::{Receiver, Select, Sender, bounded};

use super::acknowledged::{Meter, Unacknowledged};
use super::collector::Collector;
use crate::fault;
use crate::record::{Batch, Message, Status};
use crate::sink::Sink;

/// Batches that may wait between one shard and one sink.
const QUEUE_BATCHES: usize = 32;
/// How long the thread waits for work before it lets the client library breathe.
const IDLE_WAIT: Duration = Duration::from_millis(5);

/// The sabotage of an epoch that is committed before the sinks have its rows: they get them late.
const HASTE: &str = "commit-before-sinks";

/// What a sink tells the engine.
pub enum SinkEvent {
    /// Everything before this epoch's barriers is acknowledged, or will be with or after its commit.
    Acknowledged {
        epoch: u64,
        /// Written to be published after the commit.
        bytes: u64,
    },
    /// The sink holds many rows: time to end the epoch.
    Full,
    /// All shards have finished, and all is acknowledged.
    Finished,
    Failed {
        sink: usize,
        error: String,
    },
}

/// When a sink's rows go out.
pub enum Publish {
    /// As they come.
    AtOnce(OpenSink, Meter),
    /// As they come, to be seen with the commit of their epoch.
    Transaction(OpenSink, Meter),
    /// After the commit of their epoch, by a thread of their own.
    Committed(Collector),
}

/// One sink and what comes to it.
pub struct SinkThread {
    pub index: usize,
    pub shards: Vec<Receiver<Message>>,
    pub events: Sender<SinkEvent>,
    /// The newest committed epoch.
    pub committed: Arc<AtomicU64>,
}

/// Makes the sink, on its thread.
pub type OpenSink = Box<dyn FnOnce() -> Result<Box<dyn Sink>, String> + Send>;

/// A queue for each shard.
pub fn queues(shards: usize) -> (Vec<Sender<Message>>, Vec<Receiver<Message>>) {
    (0..shards).map(|_| bounded(QUEUE_BATCHES)).unzip()
}

/// Where rows go from here.
pub trait Outlet {
    fn take(&mut self, batch: Batch) -> Result<(), String>;

    /// All shards have ended the epoch. Gives the bytes that are written to be published later.
    fn end_epoch(&mut self, epoch: u64) -> Result<u64, String>;

    /// Looks at what has been committed. Returns once more may be taken.
    fn settle(&mut self, committed: u64) -> Result<(), String>;

    /// How long a message may be waited for.
    fn patience(&self) -> Duration {
        IDLE_WAIT
    }

    /// None has come.
    fn idle(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// None will come any more.
    fn finish(&mut self) -> Result<(), String> {
        Ok(())
    }
}

struct Shard {
    barrier: Option<u64>,
    finished: bool,
    closed: bool,
}

impl SinkThread {
    /// Opens the sink (which may have to wait for its store) and runs until all shards have
    /// hung up.
    pub fn run(self, publish: Publish) {
        let direct = |open: OpenSink, meter, transaction| {
            open().map(|sink| Direct::new(sink, meter, transaction))
        };
        let served = match publish {
            Publish::AtOnce(open, meter) => {
                direct(open, meter, false).and_then(|mut outlet| self.serve(&mut outlet))
            }
            Publish::Transaction(open, meter) => {
                direct(open, meter, true).and_then(|mut outlet| self.serve(&mut outlet))
            }
            Publish::Committed(mut collector) => self.serve(&mut collector),
        };
        if let Err(error) = served {
            let _ = self.events.send(SinkEvent::Failed { sink: self.index, error });
        }
    }

    fn serve(&self, outlet: &mut dyn Outlet) -> Result<(), String> {
        let fresh = || Shard { barrier: None, finished: false, closed: false };
        let mut shards: Vec<Shard> = self.shards.iter().map(|_| fresh()).collect();
        let (mut reported, mut late) = (false, Vec::new());
        loop {
            let all_closed = shards.iter().all(|shard| shard.closed);
            outlet.settle(self.committed.load(Ordering::Acquire))?;
            if all_closed {
                return Ok(());
            }
            match self.next(&shards, outlet.patience()) {
                Next::Message(_, Message::Data(batch)) if fault::sabotaged(HASTE) => {
                    late.push(batch)
                }
                Next::Message(_, Message::Data(batch)) => outlet.take(batch)?,
                Next::Message(shard, Message::Barrier(epoch)) => {
                    shards[shard].barrier = Some(epoch);
                }
                Next::Message(shard, Message::Status(Status::Finished)) => {
                    shards[shard].finished = true;
                }
                Next::Message(..) => {}
                Next::Closed(shard) => {
                    shards[shard].closed = true;
                    // An epoch that it has not ended never ends: those that rest for it would not
                    // be seen to close.
                    shards.iter_mut().for_each(|shard| shard.barrier = None);
                }
                Next::Nothing => outlet.idle()?,
            }
            if let Some(epoch) = shards[0].barrier
                && shards.iter().all(|shard| shard.barrier == Some(epoch))
            {
                shards.iter_mut().for_each(|shard| shard.barrier = None);
                fault::dawdle(HASTE, || self.committed.load(Ordering::Acquire) >= epoch);
                late.drain(..).try_for_each(|batch| outlet.take(batch))?;
                let bytes = outlet.end_epoch(epoch)?;
                let _ = self.events.send(SinkEvent::Acknowledged { epoch, bytes });
            }
            if !reported && shards.iter().all(|shard| shard.finished) {
                reported = true;
                outlet.finish()?;
                let _ = self.events.send(SinkEvent::Finished);
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
}

enum Next {
    Message(usize, Message),
    Closed(usize),
    Nothing,
}

/// Rows go to the sink as they come.
struct Direct {
    sink: Box<dyn Sink>,
    meter: Meter,
    /// They are seen with the commit of their epoch.
    transaction: bool,
    linger: Duration,
    /// Of the epoch at hand, or since the last acknowledgement.
    current: Unacknowledged,
    /// Of epochs whose commit is waited for.
    waiting: VecDeque<(u64, Unacknowledged)>,
}

impl Direct {
    fn new(sink: Box<dyn Sink>, meter: Meter, transaction: bool) -> Self {
        let (linger, current) = (sink.linger(), Unacknowledged::default());
        Self { sink, meter, transaction, linger, current, waiting: VecDeque::new() }
    }

    /// Whether what was gathered is to be sent as soon as nothing more is there.
    fn hurries(&self) -> bool {
        !self.transaction && self.current.wait(self.linger)
    }

    fn acknowledge(&mut self) -> Result<(), String> {
        self.sink.flush()?;
        self.meter.record(&mut self.current);
        Ok(())
    }
}

impl Outlet for Direct {
    fn take(&mut self, batch: Batch) -> Result<(), String> {
        self.current.note(batch.stamp_us, batch.len() as u64);
        self.sink.write(&batch)
    }

    fn end_epoch(&mut self, epoch: u64) -> Result<u64, String> {
        if self.transaction {
            self.sink.end_epoch(epoch)?;
            self.waiting.push_back((epoch, std::mem::take(&mut self.current)));
        } else {
            self.acknowledge()?;
        }
        Ok(0)
    }

    /// Counts what belongs to committed epochs.
    fn settle(&mut self, committed: u64) -> Result<(), String> {
        while self.waiting.front().is_some_and(|(epoch, _)| *epoch <= committed) {
            if let Some((_, mut done)) = self.waiting.pop_front() {
                self.meter.record(&mut done);
            }
        }
        Ok(())
    }

    fn patience(&self) -> Duration {
        if self.hurries() { Duration::ZERO } else { IDLE_WAIT }
    }

    fn idle(&mut self) -> Result<(), String> {
        if self.hurries() { self.acknowledge() } else { self.sink.idle() }
    }

    fn finish(&mut self) -> Result<(), String> {
        self.acknowledge()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::metrics::Counter;
    use crate::metrics::latency::Latencies;

    struct Nowhere;

    impl Sink for Nowhere {
        fn write(&mut self, _batch: &Batch) -> Result<(), String> {
            Ok(())
        }

        fn flush(&mut self) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn it_ends_where_a_job_fails_in_the_midst_of_an_epoch() {
        let (senders, shards) = queues(2);
        let (events, seen) = crossbeam::channel::unbounded();
        let sink = SinkThread { index: 0, shards, events, committed: Arc::default() };
        let meter = Meter { latency: Latencies::new().recorder("sink"), rows: Counter::default() };
        let publish = Publish::AtOnce(Box::new(|| Ok(Box::new(Nowhere))), meter);
        senders[0].send(Message::Barrier(1)).unwrap();
        let thread = std::thread::spawn(move || sink.run(publish));
        // It rests, with the barrier of one shard.
        std::thread::sleep(4 * IDLE_WAIT);
        drop(senders);
        let end = Instant::now() + Duration::from_secs(20);
        while !thread.is_finished() {
            assert!(Instant::now() < end, "the thread waits for a shard that is gone");
            std::thread::sleep(IDLE_WAIT);
        }
        assert!(seen.try_recv().is_err());
    }
}
