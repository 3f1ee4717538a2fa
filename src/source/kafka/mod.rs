//! Kafka source: one consumer a worker, partitions assigned statically, read in batches.

mod batch;
mod start;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use self::batch::{BatchQueue, Event};
use self::start::{Range, Resolver};
use self::watch::Watch;
use super::{OpenSource, PartitionState, Polled, Position, Source};
use crate::kafka::{Role, client_config, count_with, explain, one_topic, share_prefetch};
use crate::record::{RawBlock, RawRecord};
use crate::sql::plan::Table;

/// How long one question for a topic's partitions may take.
const QUESTION: Duration = Duration::from_secs(2);
/// How long `open` waits for a broker that was there when the job was planned.
const OPEN_PATIENCE: Duration = Duration::from_secs(60);

/// All partitions of the table's topic, ascending. Asks again until `patience` is over while the
/// broker is away or the topic is missing; each reason is shown to `problem`.
pub fn partitions(
    table: &Table,
    patience: Duration,
    mut problem: impl FnMut(&str),
) -> Result<Vec<i32>, String> {
    let topic = one_topic(&table.options)?;
    let config = client_config(&table.options, Role::Admin)?;
    let client: BaseConsumer = config.create().map_err(|error| explain(&error))?;
    wait_for_partitions(&client, &topic, patience, &mut problem)
}

fn wait_for_partitions(
    client: &BaseConsumer,
    topic: &str,
    patience: Duration,
    problem: &mut dyn FnMut(&str),
) -> Result<Vec<i32>, String> {
    let started = Instant::now();
    loop {
        let left = patience.saturating_sub(started.elapsed());
        let question = left.clamp(Duration::from_millis(500), QUESTION);
        let reason = match count_with(client, topic, question) {
            Ok(Some(count)) => return Ok((0..count).collect()),
            Ok(None) => format!("Kafka topic '{topic}' is not there"),
            Err(reason) => reason,
        };
        problem(&reason);
        if started.elapsed() >= patience {
            return Err(reason);
        }
        std::thread::sleep(Duration::from_millis(250).min(patience));
    }
}

/// Opens the instance of one worker; called on the worker's thread after it was pinned, because
/// the client's threads inherit its processor.
pub fn open(request: OpenSource) -> Result<Box<dyn Source>, String> {
    Ok(Box::new(KafkaSource::open(request)?))
}

/// One partition of this instance.
struct Partition {
    number: i32,
    next: i64,
    /// The first offset not to read, for bounded input.
    end: Option<i64>,
    at_end: bool,
    finished: bool,
    /// Far ahead of others: not to be read for now.
    held: bool,
}

impl Partition {
    fn new(Range { partition, start, end }: Range) -> Self {
        let finished = end.is_some_and(|end| start >= end);
        Self { number: partition, next: start, end, at_end: false, finished, held: false }
    }

    /// Moves on to `next`; true if that is where the bounded input ends.
    fn advance(&mut self, next: i64) -> bool {
        self.next = self.next.max(next);
        self.finished = self.end.is_some_and(|end| self.next >= end);
        self.finished
    }
}

struct KafkaSource {
    // Before the consumer: the queues are given back before the client ends.
    queue: BatchQueue,
    /// By partition, in the order of `state`: each can be left alone while others are read.
    queues: Vec<BatchQueue>,
    /// The partition whose turn is next.
    turn: usize,
    /// What is written to when records become available.
    wakes: Option<i32>,
    watch: Watch,
    consumer: Arc<BaseConsumer>,
    topic: String,
    numbers: Vec<i32>,
    state: Vec<Partition>,
    worker: usize,
    workers: usize,
    bounded: bool,
    /// Partitions of the topic, other workers' included, that were looked at.
    seen: i32,
    /// A fault that the client reported, and how often the broker had answered by then: it passes
    /// with the next record, or when the broker has answered twice since.
    fault: Option<(u64, String)>,
}

impl KafkaSource {
    fn open(request: OpenSource) -> Result<Self, String> {
        let OpenSource { table, worker, workers, restored, bounds } = request;
        let topic = one_topic(&table.options)?;
        let mut config = client_config(&table.options, Role::Consumer)?;
        // Every start is looked up first, so an offset that is not there means lost data.
        config.set("auto.offset.reset", "error");
        let mut consumer: BaseConsumer = config.create().map_err(|error| explain(&error))?;
        let all = wait_for_partitions(&consumer, &topic, OPEN_PATIENCE, &mut |_| {})?;
        let seen = all.len() as i32;
        let numbers: Vec<i32> =
            all.into_iter().filter(|p| *p as usize % workers == worker).collect();
        if share_prefetch(&mut config, numbers.len()) {
            consumer = config.create().map_err(|error| explain(&error))?;
        }
        let consumer = Arc::new(consumer);
        let resolver = Resolver { consumer: &consumer, topic: &topic, options: &table.options };
        let ranges = resolver.resolve(&numbers, restored.as_deref(), &bounds)?;
        let state: Vec<Partition> = ranges.into_iter().map(Partition::new).collect();
        let queue = BatchQueue::of_consumer(consumer.clone(), &topic)?;
        let watch = Watch::start(consumer.clone(), topic.clone())?;
        let bounded = bounds.until.is_some();
        let mut source = Self {
            queue,
            queues: Vec::new(),
            turn: 0,
            wakes: None,
            watch,
            consumer,
            topic,
            numbers,
            state,
            worker,
            workers,
            bounded,
            seen,
            fault: None,
        };
        let list = source.list(source.state.iter().filter(|partition| !partition.finished));
        source.consumer.incremental_assign(&list).map_err(|error| source.failed(&error))?;
        source.open_queues()?;
        Ok(source)
    }

    /// A queue for each partition that has none yet.
    fn open_queues(&mut self) -> Result<(), String> {
        for partition in &self.state[self.queues.len()..] {
            let consumer = self.consumer.clone();
            let mut queue = BatchQueue::of_partition(consumer, &self.topic, partition.number)?;
            self.wakes.into_iter().for_each(|fd| queue.wake_by(fd));
            self.queues.push(queue);
        }
        Ok(())
    }

    fn failed(&self, error: &rdkafka::error::KafkaError) -> String {
        format!("Kafka topic '{}': {}", self.topic, explain(error))
    }

    fn list<'a>(&self, partitions: impl Iterator<Item = &'a Partition>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            // A new partition's beginning may lie behind offset 0 if retention was at work.
            let offset = match partition.next {
                0 => Offset::Beginning,
                next => Offset::Offset(next),
            };
            // Fails only for offsets that have no number.
            let _ = list.add_partition(&self.topic, partition.number).set_offset(offset);
        }
        list
    }

    /// Takes in partitions that were added to the topic, from their beginning.
    fn adopt_new_partitions(&mut self) -> Result<(), String> {
        let count = self.watch.partitions();
        if count <= self.seen || self.bounded {
            return Ok(());
        }
        let first_new = self.state.len();
        for partition in self.seen..count {
            if partition as usize % self.workers == self.worker {
                self.numbers.push(partition);
                self.state.push(Partition::new(Range { partition, start: 0, end: None }));
            }
        }
        self.seen = count;
        if self.state.len() > first_new {
            let list = self.list(self.state[first_new..].iter());
            self.consumer.incremental_assign(&list).map_err(|error| self.failed(&error))?;
            self.open_queues()?;
        }
        Ok(())
    }

    /// As [`Source::problem`], without the text: asked for each partition.
    fn has_problem(&self) -> bool {
        self.watch.is_silent() || self.fault().is_some()
    }

    fn fault(&self) -> Option<&String> {
        let (answers, text) = self.fault.as_ref()?;
        (self.watch.answers() <= answers + 1).then_some(text)
    }

    /// Reads up to `max_rows` events: what the consumer itself has, then the partitions in turn but
    /// for those that are held back.
    fn read(&mut self, block: &mut RawBlock, max_rows: usize) -> Found {
        let mut found = Found::default();
        let Self { queue, queues, turn, state, topic, workers, .. } = self;
        let mut reading = Reading { state, topic, workers: *workers, block, found: &mut found };
        let mut left = max_rows - queue.poll(max_rows, |event| reading.take(event));
        let (first, count) = (*turn, queues.len());
        for index in (0..count).map(|next| (first + next) % count) {
            if left == 0 {
                break;
            }
            if !reading.state[index].held {
                left -= queues[index].poll(left, |event| reading.take(event));
                *turn = index + 1;
            }
        }
        found
    }

    /// Stops fetching partitions that are through.
    fn release(&self, through: &[usize]) -> Result<(), String> {
        if through.is_empty() {
            return Ok(());
        }
        let list = self.list(through.iter().map(|&index| &self.state[index]));
        self.consumer.incremental_unassign(&list).map_err(|error| self.failed(&error))
    }
}

/// Whether an error of a partition ends the job: reading on would lose records, or an
/// administrator has to act.
fn ends_the_job(code: RDKafkaErrorCode) -> Option<&'static str> {
    use RDKafkaErrorCode as Code;
    match code {
        Code::AutoOffsetReset | Code::OffsetOutOfRange => Some(
            "is not in the log: records that were not read yet are gone (retention), or the topic \
             was made again. Start without the saved state to go on",
        ),
        Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed => {
            Some("may not be read: the access list refuses this user")
        }
        Code::BadCompression | Code::BadMessage | Code::NotImplemented => {
            Some("cannot be unpacked: damaged, or compressed in a way that is not known here")
        }
        Code::MessageSizeTooLarge => Some(
            "is too large: raise 'properties.fetch.message.max.bytes' and \
             'properties.receive.message.max.bytes'",
        ),
        Code::Fatal => Some("cannot be read: the client gave up"),
        _ => None,
    }
}

/// What one batch call found.
#[derive(Default)]
struct Found {
    through: Vec<usize>,
    fault: Option<String>,
    fatal: Option<String>,
    /// A record or an end of partition came: the broker answers.
    answered: bool,
}

/// Where events go that are read.
struct Reading<'a> {
    state: &'a mut Vec<Partition>,
    topic: &'a str,
    workers: usize,
    block: &'a mut RawBlock,
    found: &'a mut Found,
}

impl Reading<'_> {
    fn take(&mut self, event: Event) {
        match event {
            Event::Record { partition, offset, timestamp, key, value } => {
                // Partitions are dealt out round robin, so this is the index in `numbers`.
                let index = partition as usize / self.workers;
                let Some(state) = self.state.get_mut(index) else { return };
                self.found.answered = true;
                if state.finished || offset < state.next {
                    return;
                }
                state.at_end = false;
                if state.end.is_none_or(|end| offset < end) {
                    let meta = RawRecord {
                        partition: index as u32,
                        position: offset,
                        timestamp,
                        ..RawRecord::default()
                    };
                    self.block.push(value, key, meta);
                }
                if state.advance(offset + 1) {
                    self.found.through.push(index);
                }
            }
            Event::Mark { partition, offset, code: RDKafkaErrorCode::PartitionEOF } => {
                let index = partition as usize / self.workers;
                let Some(state) = self.state.get_mut(index).filter(|state| !state.finished) else {
                    return;
                };
                self.found.answered = true;
                state.at_end = true;
                // Transaction marks and aborted records take offsets but are not handed over.
                if state.advance(offset) {
                    self.found.through.push(index);
                }
            }
            Event::Mark { partition, offset, code } => self.fault(partition, offset, code),
        }
    }

    fn fault(&mut self, partition: i32, offset: i64, code: RDKafkaErrorCode) {
        let topic = self.topic;
        let Some(reason) = ends_the_job(code) else {
            self.found.fault = Some(format!("Kafka topic '{topic}': {code}"));
            return;
        };
        let state = self.state.get(partition.max(0) as usize / self.workers);
        let next = state.map_or(offset, |state| state.next);
        self.found.fatal = Some(format!(
            "Kafka topic '{topic}' partition {partition}: offset {next} {reason} ({code})"
        ));
    }
}

impl Source for KafkaSource {
    fn partitions(&self) -> &[i32] {
        &self.numbers
    }

    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        if self.bounded && self.state.iter().all(|partition| partition.finished) {
            return Ok(Polled::Finished);
        }
        self.adopt_new_partitions()?;
        let before = block.records.len();
        let found = self.read(block, max_rows);
        if let Some(fatal) = found.fatal {
            return Err(fatal);
        }
        if found.answered || found.fault.is_some() {
            self.fault = found.fault.map(|fault| (self.watch.answers(), fault));
        }
        self.release(&found.through)?;
        Ok(if block.records.len() > before { Polled::Records } else { Polled::Empty })
    }

    fn hold(&mut self, index: usize, held: bool) {
        if let Some(partition) = self.state.get_mut(index) {
            partition.held = held;
        }
    }

    fn partition_state(&self, index: usize) -> PartitionState {
        match self.state.get(index) {
            Some(partition) if partition.finished => PartitionState::Finished,
            Some(partition) if partition.held => PartitionState::Reading,
            Some(partition) if partition.at_end && !self.has_problem() => PartitionState::AtEnd,
            _ => PartitionState::Reading,
        }
    }

    fn positions(&self) -> Vec<Position> {
        let position = |partition: &Partition| {
            // A bounded input that ends inside a gap must not claim what lies behind its end.
            let next = partition.end.map_or(partition.next, |end| partition.next.min(end));
            Position { partition: partition.number, next }
        };
        self.state.iter().map(position).collect()
    }

    fn lag(&self, index: usize) -> Option<u64> {
        let partition = self.state.get(index)?;
        let end = self.queue.log_end(partition.number)?;
        Some(end.saturating_sub(partition.next).max(0) as u64)
    }

    fn problem(&self) -> Option<String> {
        if self.watch.is_silent() {
            return self.watch.problem();
        }
        self.fault().cloned()
    }

    fn wake_by(&mut self, fd: i32) {
        self.wakes = Some(fd);
        self.queue.wake_by(fd);
        self.queues.iter_mut().for_each(|queue| queue.wake_by(fd));
    }
}
