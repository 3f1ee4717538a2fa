//! The thread of one sink: takes from every shard in turn, and answers for an epoch once all
//! that came before its barriers is acknowledged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Select, Sender, bounded};

use super::outbox::Outbox;
use crate::checkpoint::FileEntry;
use crate::fault;
use crate::metrics::Counter;
use crate::metrics::latency::LatencyRecorder;
use crate::record::{Batch, Message, Status};
use crate::sink::Sink;

/// Batches that may wait between one shard and one sink.
const QUEUE_BATCHES: usize = 32;
/// How long the thread waits for work before it lets the client library breathe.
const IDLE_WAIT: Duration = Duration::from_millis(5);

/// Rows held for one epoch before the sink asks for its end.
const HELD_ROWS_MAX: u64 = 200_000;

/// What a sink tells the engine.
pub enum SinkEvent {
    /// Everything before this epoch's barriers is acknowledged, or will be with its commit.
    Acknowledged {
        sink: usize,
        epoch: u64,
        /// Rows that are to be published after the commit.
        files: Vec<FileEntry>,
    },
    /// The sink holds many rows: time to end the epoch.
    Full,
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

/// When a sink's rows go out.
pub enum Publish {
    /// As they come.
    AtOnce,
    /// As they come, to be seen with the commit of their epoch.
    Transaction,
    /// After the commit of their epoch.
    Committed(Outbox),
}

/// One sink and what comes to it.
pub struct SinkThread {
    pub index: usize,
    pub shards: Vec<Receiver<Message>>,
    pub events: Sender<SinkEvent>,
    pub latency: LatencyRecorder,
    pub rows: Counter,
    pub publish: Publish,
    /// The newest committed epoch.
    pub committed: Arc<AtomicU64>,
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
        let mut rows = Rows::default();
        let mut reported = false;
        let linger = sink.linger();
        self.publish_left(sink)?;
        loop {
            let all_closed = shards.iter().all(|shard| shard.closed);
            self.settle(sink, &mut rows)?;
            if all_closed {
                return Ok(());
            }
            let hurry = matches!(self.publish, Publish::AtOnce) && rows.current.wait(linger);
            let wait = if hurry { Duration::ZERO } else { IDLE_WAIT };
            match self.next(&shards, wait) {
                Next::Message(_, Message::Data(batch)) => self.take(sink, &mut rows, batch)?,
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
                Next::Nothing if hurry => self.acknowledge(sink, &mut rows.current)?,
                Next::Nothing => sink.idle()?,
            }
            if let Some(epoch) = shards[0].barrier
                && shards.iter().all(|shard| shard.barrier == Some(epoch))
            {
                shards.iter_mut().for_each(|shard| shard.barrier = None);
                let files = self.end_epoch(sink, &mut rows, epoch)?;
                let event = SinkEvent::Acknowledged { sink: self.index, epoch, files };
                let _ = self.events.send(event);
            }
            if !reported && shards.iter().all(|shard| shard.finished) {
                reported = true;
                self.acknowledge(sink, &mut rows.current)?;
                let rows = self.rows.get();
                let _ = self.events.send(SinkEvent::Finished { sink: self.index, rows });
            }
        }
    }

    /// What the last start may have left unpublished goes first.
    fn publish_left(&mut self, sink: &mut dyn Sink) -> Result<(), String> {
        if let Publish::Committed(outbox) = &mut self.publish {
            sink.begin_publishing()?;
            for (epoch, batches) in outbox.read_left()? {
                sink.publish(epoch, &batches)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, sink: &mut dyn Sink, rows: &mut Rows, batch: Batch) -> Result<(), String> {
        rows.current.note(batch.stamp_us, batch.len() as u64);
        match &self.publish {
            Publish::AtOnce | Publish::Transaction => sink.write(&batch)?,
            Publish::Committed(_) => {
                rows.held.push(batch);
                if rows.current.rows > HELD_ROWS_MAX && !rows.asked {
                    rows.asked = true;
                    let _ = self.events.send(SinkEvent::Full);
                }
            }
        }
        Ok(())
    }

    /// All shards have ended the epoch. Gives the files of what is to be published later.
    fn end_epoch(
        &mut self,
        sink: &mut dyn Sink,
        rows: &mut Rows,
        epoch: u64,
    ) -> Result<Vec<FileEntry>, String> {
        rows.asked = false;
        fault::dawdle("commit-before-sinks");
        match &mut self.publish {
            Publish::AtOnce => self.acknowledge(sink, &mut rows.current)?,
            Publish::Transaction => {
                sink.end_epoch(epoch)?;
                rows.waiting.push_back((epoch, std::mem::take(&mut rows.current)));
            }
            Publish::Committed(outbox) => {
                outbox.keep(epoch, std::mem::take(&mut rows.held))?;
                fault::point("outbox");
                rows.waiting.push_back((epoch, std::mem::take(&mut rows.current)));
                return Ok(outbox.files());
            }
        }
        Ok(Vec::new())
    }

    /// Publishes and counts what belongs to committed epochs.
    fn settle(&mut self, sink: &mut dyn Sink, rows: &mut Rows) -> Result<(), String> {
        let committed = self.committed.load(Ordering::Acquire);
        while rows.waiting.front().is_some_and(|(epoch, _)| *epoch <= committed) {
            if let Publish::Committed(outbox) = &mut self.publish
                && let Some(held) = outbox.next(committed)
            {
                sink.publish(held.epoch, &held.batches)?;
                fault::point("published");
                outbox.published();
            }
            if let Some((_, mut done)) = rows.waiting.pop_front() {
                self.record(&mut done);
            }
        }
        Ok(())
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
        self.record(unacknowledged);
        Ok(())
    }

    /// What is acknowledged and can be seen counts, with how long it took.
    fn record(&mut self, acknowledged: &mut Unacknowledged) {
        let now_us = now_us();
        for (stamp_us, rows) in acknowledged.batches.drain(..) {
            if stamp_us > 0 {
                self.latency.record(now_us.saturating_sub(stamp_us).max(0) as u64, rows);
            }
        }
        self.rows.add(std::mem::take(&mut acknowledged.rows));
        acknowledged.since = None;
    }
}

/// Rows on their way through a sink.
#[derive(Default)]
struct Rows {
    /// Of the epoch at hand, or since the last acknowledgement.
    current: Unacknowledged,
    /// The same, where they are not written before the commit.
    held: Vec<Batch>,
    /// The end of the epoch has been asked for.
    asked: bool,
    /// Of epochs whose commit is waited for.
    waiting: VecDeque<(u64, Unacknowledged)>,
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
    /// When the first of them came.
    since: Option<Instant>,
}

impl Unacknowledged {
    fn note(&mut self, stamp_us: i64, rows: u64) {
        self.batches.push((stamp_us, rows));
        self.rows += rows;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether there are rows that have waited for so long.
    fn wait(&self, long: Duration) -> bool {
        self.rows > 0 && self.since.is_some_and(|since| since.elapsed() >= long)
    }
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let sink = SinkThread {
            index: 0,
            shards,
            events,
            latency: Latencies::new().recorder("sink"),
            rows: Counter::default(),
            publish: Publish::AtOnce,
            committed: Arc::default(),
        };
        senders[0].send(Message::Barrier(1)).unwrap();
        let thread = std::thread::spawn(move || sink.run(Box::new(|| Ok(Box::new(Nowhere)))));
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
