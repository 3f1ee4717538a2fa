//! Kafka source: partitions assigned statically to workers, read in batches.

mod client;
mod fetch;
mod reader;
mod start;
mod watch;

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::metadata::Metadata;

use self::client::Client;
use self::fetch::{Fetch, Settings};
use self::reader::{Event, Reader};
use self::start::{Range, Resolver};
use self::watch::{Bell, Watch};
use super::sampling::{Rule, Sampling};
use super::{OpenSource, PartitionState, Polled, Position, Source};
use crate::kafka::{
    Role, client_config, count_with, explain, one_topic, only_in_client, share_prefetch, with_cause,
};
use crate::record::{RawBlock, RawRecord, key};
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
        let reason = match count_with(client.client(), topic, question) {
            Ok(Some(count)) => return Ok((0..count).collect()),
            Ok(None) => format!("Kafka topic '{topic}' is not there"),
            Err(reason) => with_cause(client, reason),
        };
        problem(&reason);
        if started.elapsed() >= patience {
            return Err(reason);
        }
        std::thread::sleep(Duration::from_millis(250).min(patience));
    }
}

/// Opens the instance of one worker; called on the worker's thread after it was pinned, because
/// the threads that read inherit its processor.
pub fn open(request: OpenSource) -> Result<Box<dyn Source>, String> {
    let OpenSource { table, worker, workers, restored, bounds } = request;
    let topic = one_topic(&table.options)?;
    let mut config = client_config(&table.options, Role::Consumer)?;
    // Every start is looked up first, so an offset that is not there means lost data.
    config.set("auto.offset.reset", "error");
    let mut consumer: BaseConsumer = config.create().map_err(|error| explain(&error))?;
    let all = wait_for_partitions(&consumer, &topic, OPEN_PATIENCE, &mut |_| {})?;
    let seen = all.len() as i32;
    let by_key = table.is_partitioned();
    let share = Share { worker, workers, by_key };
    let numbers = share.of(0..seen, &topic)?;
    let property = only_in_client(&table.options);
    if share_prefetch(&mut config, numbers.len()) && property.is_some() {
        consumer = config.create().map_err(|error| explain(&error))?;
    }
    let consumer = Arc::new(consumer);
    let resolver = Resolver { consumer: &consumer, topic: &topic, options: &table.options };
    let ranges = resolver.resolve(&numbers, restored.as_deref(), &bounds)?;
    let bounded = bounds.until.is_some();
    // Input that has an end is waited for.
    let rule = Rule::of(&table)?.filter(|_| !bounded);
    let sampling = rule.map(|rule| Sampling::new(&topic, rule));
    let assignment = Assignment { topic, share, seen, bounded, ranges, sampling };
    let bell = Arc::new(Bell::default());
    if let Some(property) = property {
        tracing::info!("table '{}' is read by the client library, for '{property}'", table.name);
        let client = Client::new(consumer.clone(), &assignment.topic)?;
        return assignment.start(client, consumer, bell, |_| {});
    }
    let (topic, settings) = (assignment.topic.clone(), Settings::new(&config)?);
    let fetch = Fetch::new(topic, settings, consumer.clone(), bell.clone());
    let leaders = fetch.leaders();
    assignment.start(fetch, consumer, bell, move |metadata| leaders.learn(metadata))
}

/// What one worker is to read.
struct Assignment {
    topic: String,
    share: Share,
    /// Partitions of the topic, other workers' included.
    seen: i32,
    bounded: bool,
    ranges: Vec<Range>,
    sampling: Option<Sampling>,
}

impl Assignment {
    fn start<R: Reader + 'static>(
        self,
        mut reader: R,
        consumer: Arc<BaseConsumer>,
        bell: Arc<Bell>,
        learn: impl Fn(&Metadata) + Send + 'static,
    ) -> Result<Box<dyn Source>, String> {
        let Self { topic, share, seen, bounded, ranges, mut sampling } = self;
        let numbers: Vec<i32> = ranges.iter().map(|range| range.partition).collect();
        let mut state: Vec<Partition> = ranges.into_iter().map(Partition::new).collect();
        let partitions: Vec<(i32, i64)> =
            state.iter().map(|partition| (partition.number, partition.next)).collect();
        reader.assign(&partitions)?;
        for (index, partition) in state.iter_mut().enumerate() {
            if partition.finished {
                reader.release(index)?;
            }
        }
        let sampled = sampling.iter_mut();
        sampled.for_each(|sampling| numbers.iter().for_each(|&number| sampling.add(number)));
        let watch = Watch::start(consumer, topic.clone(), bell, learn)?;
        Ok(Box::new(KafkaSource {
            reader,
            turn: 0,
            watch,
            topic,
            places: places(&numbers),
            numbers,
            state,
            share,
            bounded,
            sampling,
            seen,
            fault: None,
        }))
    }
}

/// Which partitions of a topic are whose.
#[derive(Clone, Copy)]
struct Share {
    worker: usize,
    workers: usize,
    /// State goes by partitions: who has their key groups reads them.
    by_key: bool,
}

impl Share {
    /// Those of this worker.
    fn of(self, partitions: std::ops::Range<i32>, topic: &str) -> Result<Vec<i32>, String> {
        if self.by_key && partitions.end as usize > key::KEY_GROUPS {
            return Err(format!(
                "Kafka topic '{topic}' has {} partitions, and 'scan.partitioned-by' takes {} at most: \
                 leave it out",
                partitions.end,
                key::KEY_GROUPS
            ));
        }
        let owner = |&partition: &i32| match key::group_of_partition(partition) {
            Some(group) if self.by_key => key::shard_of(group.into(), self.workers),
            _ => partition as usize % self.workers,
        };
        Ok(partitions.filter(|partition| owner(partition) == self.worker).collect())
    }
}

/// By partition its index among those that are read.
fn places(numbers: &[i32]) -> Vec<usize> {
    let mut places = vec![usize::MAX; numbers.iter().max().map_or(0, |&last| last as usize + 1)];
    numbers.iter().enumerate().for_each(|(index, &number)| places[number as usize] = index);
    places
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

struct KafkaSource<R> {
    reader: R,
    /// The partition whose turn is next.
    turn: usize,
    watch: Watch,
    topic: String,
    numbers: Vec<i32>,
    /// By partition its index in `numbers` and `state`.
    places: Vec<usize>,
    state: Vec<Partition>,
    share: Share,
    bounded: bool,
    sampling: Option<Sampling>,
    /// Partitions of the topic, other workers' included, that were looked at.
    seen: i32,
    /// A fault that was told, and how often the broker had answered by then: it passes with the
    /// next record, or when the broker has answered twice since.
    fault: Option<(u64, String)>,
}

impl<R: Reader> KafkaSource<R> {
    /// Takes in partitions that were added to the topic, from their beginning.
    fn adopt_new_partitions(&mut self) -> Result<(), String> {
        let count = self.watch.partitions();
        if count <= self.seen || self.bounded {
            return Ok(());
        }
        let mut new = Vec::new();
        for partition in self.share.of(self.seen..count, &self.topic)? {
            self.numbers.push(partition);
            self.sampling.iter_mut().for_each(|sampling| sampling.add(partition));
            self.state.push(Partition::new(Range { partition, start: 0, end: None }));
            new.push((partition, 0));
        }
        self.places = places(&self.numbers);
        self.seen = count;
        if new.is_empty() { Ok(()) } else { self.reader.assign(&new) }
    }

    /// Begins or ends to leave records out, where that is allowed.
    fn look_for_lag(&mut self) {
        let Self { sampling: Some(sampling), state, reader, .. } = self else { return };
        let now_ms = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as i64);
        for (index, partition) in state.iter().enumerate() {
            let end = reader.log_end(index);
            sampling.look(index, end.is_some_and(|end| end > partition.next), now_ms);
        }
    }

    /// As [`Source::problem`], without the text: asked for each partition.
    fn has_problem(&self) -> bool {
        self.watch.is_silent() || self.fault().is_some()
    }

    fn fault(&self) -> Option<&String> {
        let (answers, text) = self.fault.as_ref()?;
        (self.watch.answers() <= answers + 1).then_some(text)
    }

    /// Reads up to `max_rows` events: what belongs to no partition, then the partitions in turn but
    /// for those that are held back.
    fn read(&mut self, block: &mut RawBlock, max_rows: usize) -> Found {
        let mut found = Found::default();
        let Self { reader, turn, state, topic, places, sampling, .. } = self;
        let mut reading =
            Reading { state, topic, places, sampling: sampling.as_mut(), block, found: &mut found };
        let mut left = max_rows - reader.poll_rest(max_rows, |event| reading.take(event));
        let count = reading.state.len();
        // Partitions in a row that had nothing.
        let mut empty = 0;
        while left > 0 && empty < count && !reading.block.is_full() {
            let index = *turn % count;
            empty += 1;
            if reading.state[index].held {
                *turn = index + 1;
                continue;
            }
            let taken = reader.poll(index, left, |event| reading.take(event));
            left -= taken.events;
            if taken.events > 0 {
                empty = 0;
            }
            if !taken.has_more {
                *turn = index + 1;
            }
        }
        found
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
    left_out: bool,
    /// A record or an end of partition came: the broker answers.
    answered: bool,
}

/// Where events go that are read.
struct Reading<'a> {
    state: &'a mut Vec<Partition>,
    topic: &'a str,
    places: &'a [usize],
    sampling: Option<&'a mut Sampling>,
    block: &'a mut RawBlock,
    found: &'a mut Found,
}

impl Reading<'_> {
    /// The partition's index in `state`, beyond its end where it is not read here.
    #[inline]
    fn place(&self, partition: i32) -> usize {
        self.places.get(partition as usize).copied().unwrap_or(usize::MAX)
    }

    #[inline]
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Record { partition, offset, timestamp, timestamp_type, key, value, headers } => {
                let index = self.place(partition);
                let Some(state) = self.state.get_mut(index) else { return };
                self.found.answered = true;
                if state.finished || offset < state.next {
                    return;
                }
                state.at_end = false;
                let is_wanted = state.end.is_none_or(|end| offset < end);
                if state.advance(offset + 1) {
                    self.found.through.push(index);
                }
                let sampling = self.sampling.as_mut().filter(|_| is_wanted);
                if sampling.is_some_and(|sampling| !sampling.takes(index, offset, timestamp)) {
                    self.found.left_out = true;
                } else if is_wanted {
                    let meta = RawRecord {
                        partition: index as u32,
                        position: offset,
                        timestamp,
                        timestamp_type,
                        ..RawRecord::default()
                    };
                    self.block.push(value, key, meta);
                    if !headers.is_empty() {
                        self.block.push_headers(headers);
                    }
                }
            }
            Event::Mark { partition, offset, code: RDKafkaErrorCode::PartitionEOF } => {
                let index = self.place(partition);
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
            Event::Damaged { partition, reason } => {
                let state = self.state.get(self.place(partition));
                let next = state.map_or(0, |state| state.next);
                self.damaged(partition, next, &reason);
            }
            Event::Fault { reason, is_final: true } => self.found.fatal = Some(reason),
            Event::Fault { reason, is_final: false } => self.found.fault = Some(reason),
        }
    }

    fn damaged(&mut self, partition: i32, offset: i64, reason: &str) {
        self.found.fatal = Some(format!(
            "Kafka topic '{}' partition {partition}: offset {offset} cannot be read: {reason}",
            self.topic
        ));
    }

    fn fault(&mut self, partition: i32, offset: i64, code: RDKafkaErrorCode) {
        let topic = self.topic;
        let Some(reason) = ends_the_job(code) else {
            self.found.fault = Some(format!("Kafka topic '{topic}': {code}"));
            return;
        };
        let state = self.state.get(self.place(partition));
        let next = state.map_or(offset, |state| state.next);
        self.found.fatal = Some(format!(
            "Kafka topic '{topic}' partition {partition}: offset {next} {reason} ({code})"
        ));
    }
}

impl<R: Reader> Source for KafkaSource<R> {
    fn partitions(&self) -> &[i32] {
        &self.numbers
    }

    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        if self.bounded && self.state.iter().all(|partition| partition.finished) {
            return Ok(Polled::Finished);
        }
        self.adopt_new_partitions()?;
        self.look_for_lag();
        let before = block.records.len();
        let found = self.read(block, max_rows);
        if let Some(fatal) = found.fatal {
            return Err(fatal);
        }
        if found.answered || found.fault.is_some() {
            self.fault = found.fault.map(|fault| (self.watch.answers(), fault));
        }
        for index in found.through {
            self.reader.release(index)?;
        }
        let any = block.records.len() > before || found.left_out;
        Ok(if any { Polled::Records } else { Polled::Empty })
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
            Some(partition)
                if partition.at_end
                    && !self.has_problem()
                    && !self.watch.is_recovering()
                    && self.reader.is_answered(index) =>
            {
                PartitionState::AtEnd
            }
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
        let end = self.reader.log_end(index)?;
        Some(end.saturating_sub(partition.next).max(0) as u64)
    }

    fn sampling(&self) -> Option<&Sampling> {
        self.sampling.as_ref()
    }

    fn problem(&self) -> Option<String> {
        if self.watch.is_silent() {
            return self.watch.problem();
        }
        self.fault().cloned()
    }

    fn wake_by(&mut self, fd: BorrowedFd<'_>) {
        self.reader.wake_by(fd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_is_read_by_who_has_its_state() {
        for (by_key, partitions) in [(false, 300), (true, 128)] {
            for workers in [1, 2, 3, 5] {
                let share =
                    |worker| Share { worker, workers, by_key }.of(0..partitions, "t").unwrap();
                let mut all: Vec<i32> = (0..workers).flat_map(share).collect();
                all.sort_unstable();
                assert_eq!(all, (0..partitions).collect::<Vec<_>>());
                let owned = |partition: &i32| {
                    let group = key::group_of_partition(*partition).unwrap();
                    key::groups_of(1, workers).contains(&usize::from(group))
                };
                assert!(!by_key || workers == 1 || share(1).iter().all(owned));
            }
        }
        let too_many = Share { worker: 0, workers: 1, by_key: true }.of(0..129, "t").unwrap_err();
        assert!(too_many.contains("128 at most"), "{too_many}");
        assert_eq!(places(&[1, 5, 4]), [usize::MAX, 0, usize::MAX, usize::MAX, 2, 1]);
    }
}
