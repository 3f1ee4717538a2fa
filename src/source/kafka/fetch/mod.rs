//! Reads topics from their brokers without the client library: answers are kept packed as they
//! came, and the worker unpacks a record batch when it comes to it, into memory that is used
//! again. The library spends several times the cost of this on an object for each message.
//!
//! The client library stays for all else: metadata, offsets, producing, and connections with TLS
//! or SASL.

mod compression;
mod lane;
mod link;
#[cfg(test)]
mod mutations;
mod records;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crossbeam::queue::ArrayQueue;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;

use self::compression::Unpacked;
use self::lane::{Arrived, Chunk, Lane};
use self::link::Link;
use self::records::Batches;
use self::wire::Limits;
use super::reader::{Event, Reader, Taken};
use super::watch::Bell;

/// An answer that is late by more than this says nothing of now.
const FRESH_MS: u64 = 1_000;
/// A request that has waited longer for its answer than this, beyond what it may, while the
/// cluster does answer, is given up with its connection.
const STUCK_MS: u64 = 30_000;
/// Of one partition in an answer, where the table does not say: several answers fit in what may
/// wait for the worker.
const PARTITION_BYTES: i32 = 256 << 10;
/// What the client's settings say by default, which is more.
const CLIENT_PARTITION_BYTES: i32 = 1 << 20;
/// Bytes that are kept for unpacking while no batch is open.
const SPARE_MAX: usize = 16 << 20;
/// A poll ends with the record that makes its records more than this: a batch of large ones may
/// unpack to any size, and who asks has bounds of its own.
const POLL_BYTES: usize = 1 << 20;
/// How long a question for a partition's beginning may take.
const QUESTION: Duration = Duration::from_secs(2);

/// What the client's settings mean here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    limits: Limits,
    /// Of one partition in an answer.
    partition_bytes: i32,
    /// Bytes of a partition that may wait for the worker when more are asked for.
    queued_bytes: usize,
    /// For a connection, and for an answer.
    timeout: Duration,
}

impl Settings {
    pub fn new(config: &ClientConfig) -> Result<Self, String> {
        let number = |name: &str, default: i32| match config.get(name) {
            None => Ok(default),
            Some(text) => {
                text.trim().parse::<i32>().ok().filter(|number| *number >= 0).ok_or_else(|| {
                    format!("'properties.{name}' = '{text}': a number from 0 to {}", i32::MAX)
                })
            }
        };
        let level = config.get("isolation.level").unwrap_or("read_committed");
        let wait_ms = number("fetch.wait.max.ms", 500)?;
        let queued_max = number("queued.max.messages.kbytes", 1024)?.saturating_mul(1024);
        let partition_bytes = match number("fetch.message.max.bytes", CLIENT_PARTITION_BYTES)? {
            CLIENT_PARTITION_BYTES => PARTITION_BYTES,
            set => set.max(1),
        };
        Ok(Self {
            limits: Limits {
                client_id: config.get("client.id").unwrap_or("pelton").to_owned(),
                wait_ms,
                min_bytes: number("fetch.min.bytes", 1)?,
                max_bytes: number("fetch.max.bytes", 4 << 20)?,
                read_committed: !level.eq_ignore_ascii_case("read_uncommitted"),
            },
            partition_bytes,
            queued_bytes: (queued_max - partition_bytes).max(0) as usize,
            timeout: Duration::from_millis(number("socket.timeout.ms", 60_000)?.max(1) as u64),
        })
    }
}

/// What the connections and the worker share.
struct Shared {
    topic: String,
    settings: Settings,
    consumer: Arc<BaseConsumer>,
    lanes: RwLock<Vec<Arc<Lane>>>,
    /// The broker that leads each partition, as last told.
    leaders: RwLock<BTreeMap<i32, i32>>,
    links: Mutex<Vec<Arc<Link>>>,
    faults: ArrayQueue<Fault>,
    /// Rung when the leaders are to be asked for.
    bell: Arc<Bell>,
    /// Written to when something arrives.
    wakes: Mutex<Option<File>>,
    ended: AtomicBool,
    started: Instant,
}

/// What a lock guards, also after a thread has died with it: nothing is left half done under one.
fn of<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn fault(&self, reason: String, is_final: bool) {
        let reason = format!("Kafka topic '{}': {reason}", self.topic);
        self.faults.force_push(Fault { reason, is_final });
        self.wake();
    }

    fn wake(&self) {
        if let Some(file) = &*of(self.wakes.lock()) {
            // An eventfd whose counter is full wakes all the same.
            let _ = (&*file).write(&1_u64.to_ne_bytes());
        }
    }

    /// The lanes to read from a broker.
    fn led_by(&self, broker: i32) -> Vec<Arc<Lane>> {
        let leaders = of(self.leaders.read());
        let is_led = |lane: &&Arc<Lane>| {
            let is_released = lane.released.load(Ordering::Relaxed);
            !is_released && leaders.get(&lane.partition) == Some(&broker)
        };
        of(self.lanes.read()).iter().filter(is_led).cloned().collect()
    }

    /// The first offset that a partition still has; `None` where the broker does not say.
    fn beginning(&self, partition: i32) -> Option<i64> {
        let ends = self.consumer.fetch_watermarks(&self.topic, partition, QUESTION);
        ends.ok().map(|(beginning, _)| beginning)
    }
}

/// What went wrong on a connection.
struct Fault {
    reason: String,
    /// Trying again will not help.
    is_final: bool,
}

/// Where the leaders come from: whoever asks for metadata tells them.
#[derive(Clone)]
pub struct Leaders(Arc<Shared>);

impl Leaders {
    /// Takes in who leads which partition, and connects to brokers that are new.
    pub fn learn(&self, metadata: &Metadata) {
        let shared = &self.0;
        if shared.has_ended() {
            return;
        }
        let topic = metadata.topics().iter().find(|topic| topic.name() == shared.topic);
        let Some(topic) = topic.filter(|topic| topic.error().is_none()) else { return };
        let known = topic.partitions().iter().map(|partition| (partition.id(), partition.leader()));
        let before = std::mem::replace(&mut *of(shared.leaders.write()), known.collect());
        let mut links = of(shared.links.lock());
        links.retain(|link| {
            let stays = metadata.brokers().iter().any(|broker| broker.id() == link.broker);
            if !stays {
                link.end();
            }
            stays
        });
        for broker in metadata.brokers() {
            let address = (broker.host().to_owned(), broker.port() as u16);
            match links.iter().find(|link| link.broker == broker.id()) {
                Some(link) => shared.look_after(link, address, &before),
                None => links.extend(Link::start(broker.id(), address, shared)),
            }
        }
    }
}

impl Shared {
    /// Breaks a connection whose broker has moved, has lost a partition to another one (which
    /// cannot be asked for while this one holds the claim), or does not answer.
    fn look_after(&self, link: &Link, address: (String, u16), before: &BTreeMap<i32, i32>) {
        let moved = std::mem::replace(&mut *of(link.address.lock()), address.clone()) != address;
        let leaders = of(self.leaders.read());
        let is_lost = |(partition, leader): (&i32, &i32)| {
            *leader == link.broker && leaders.get(partition) != Some(leader)
        };
        let asked = link.asked_ms.load(Ordering::Relaxed);
        let patience = STUCK_MS + self.settings.limits.wait_ms as u64;
        let stuck = asked > 0 && self.now_ms() > asked + patience;
        if moved || stuck || before.iter().any(is_lost) {
            link.interrupt();
        }
    }
}

/// One partition on the worker's side.
struct Reading {
    lane: Arc<Lane>,
    /// The answer that is being read, and how far it has been.
    chunk: Option<(Chunk, usize)>,
    batches: Batches,
}

/// Reads some partitions of a topic for one worker.
pub struct Fetch {
    shared: Arc<Shared>,
    readings: Vec<Reading>,
    /// What batches are unpacked into: one of each partition may be open.
    spare: Vec<Unpacked>,
}

impl Fetch {
    pub fn new(
        topic: String,
        settings: Settings,
        consumer: Arc<BaseConsumer>,
        bell: Arc<Bell>,
    ) -> Self {
        let shared = Arc::new(Shared {
            topic,
            settings,
            consumer,
            lanes: RwLock::default(),
            leaders: RwLock::default(),
            links: Mutex::default(),
            faults: ArrayQueue::new(16),
            bell,
            wakes: Mutex::default(),
            ended: AtomicBool::new(false),
            started: Instant::now(),
        });
        Self { shared, readings: Vec::new(), spare: Vec::new() }
    }

    pub fn leaders(&self) -> Leaders {
        Leaders(self.shared.clone())
    }
}

impl Reader for Fetch {
    fn assign(&mut self, partitions: &[(i32, i64)]) -> Result<(), String> {
        for &(partition, next) in partitions {
            let lane = Arc::new(Lane::new(partition, next));
            of(self.shared.lanes.write()).push(lane.clone());
            self.readings.push(Reading { lane, chunk: None, batches: Batches::default() });
        }
        Ok(())
    }

    fn release(&mut self, index: usize) -> Result<(), String> {
        self.readings[index].lane.released.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn poll(&mut self, index: usize, max: usize, take: impl FnMut(Event<'_>)) -> Taken {
        let Self { shared, readings, spare } = self;
        let reading = &mut readings[index];
        reading.batches.use_spare(spare);
        let taken = reading.poll(max, shared.settings.limits.read_committed, take);
        reading.batches.give_back(spare, SPARE_MAX);
        taken
    }

    fn poll_rest(&mut self, _max: usize, mut take: impl FnMut(Event<'_>)) -> usize {
        let fault = self.shared.faults.pop();
        let tell = |Fault { reason, is_final }| take(Event::Fault { reason, is_final });
        fault.into_iter().map(tell).count()
    }

    fn log_end(&self, index: usize) -> Option<i64> {
        let end = self.readings[index].lane.log_end.load(Ordering::Relaxed);
        (end >= 0).then_some(end)
    }

    fn is_answered(&self, index: usize) -> bool {
        let lane = &self.readings[index].lane;
        let answered = lane.answered_ms.load(Ordering::Relaxed);
        let patience = FRESH_MS + self.shared.settings.limits.wait_ms as u64;
        !lane.behind.load(Ordering::Relaxed) && self.shared.now_ms() < answered + patience
    }

    fn wake_by(&mut self, fd: BorrowedFd<'_>) {
        *of(self.shared.wakes.lock()) = fd.try_clone_to_owned().ok().map(File::from);
    }
}

impl Drop for Fetch {
    /// Does not wait for the threads, which may be in the middle of a connection.
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        *of(self.shared.wakes.lock()) = None;
        of(self.shared.links.lock()).iter().for_each(|link| link.end());
    }
}

impl Reading {
    /// Up to `max` records and some of [`POLL_BYTES`], but of one record batch only: who asks goes on
    /// with it or with another partition.
    fn poll(&mut self, max: usize, read_committed: bool, mut take: impl FnMut(Event<'_>)) -> Taken {
        let partition = self.lane.partition;
        let mut events = 0;
        while !self.batches.has_more() {
            match self.open(read_committed) {
                Ok(Opened::Batch) => {}
                Ok(Opened::Mark { offset, code }) => {
                    take(Event::Mark { partition, offset, code });
                    return Taken { events: 1, has_more: false };
                }
                Ok(Opened::Nothing) => return Taken::default(),
                Err(reason) => {
                    take(Event::Damaged { partition, reason });
                    return Taken::default();
                }
            }
        }
        let mut bytes = 0;
        while events < max && bytes < POLL_BYTES && self.batches.has_more() {
            match self.batches.next() {
                Ok(record) => {
                    bytes += record.len();
                    take(Event::Record {
                        partition,
                        offset: record.offset,
                        timestamp: record.timestamp,
                        timestamp_type: record.timestamp_type,
                        key: record.key,
                        value: record.value,
                        headers: record.headers,
                    });
                }
                Err(reason) => take(Event::Damaged { partition, reason }),
            }
            events += 1;
        }
        Taken { events, has_more: self.batches.has_more() }
    }

    /// Opens the next record batch.
    fn open(&mut self, read_committed: bool) -> Result<Opened, String> {
        let Some((chunk, at)) = &mut self.chunk else {
            return Ok(match self.lane.take() {
                None => Opened::Nothing,
                Some(Arrived::Mark { offset, code }) => Opened::Mark { offset, code },
                Some(Arrived::Records(mut chunk)) => {
                    self.batches.begin(std::mem::take(&mut chunk.aborted));
                    self.chunk = Some((chunk, 0));
                    Opened::Batch
                }
            });
        };
        let opened = self.batches.open(&chunk.bytes()[*at..], read_committed);
        let len = opened.as_ref().map_or(chunk.range.len(), |len| *len);
        *at += len;
        if *at >= chunk.range.len() {
            self.lane.read(chunk.range.len());
            self.chunk = None;
        }
        opened.map(|_| Opened::Batch)
    }
}

enum Opened {
    /// A batch, which may have no records, or an answer with more of them.
    Batch,
    Mark {
        offset: i64,
        code: rdkafka::error::RDKafkaErrorCode,
    },
    Nothing,
}
