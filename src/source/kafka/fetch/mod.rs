//! Reads topics from their brokers without the client library: answers are kept packed as they
//! came, and the worker unpacks a record batch when it comes to it, into memory that is used
//! again. The library spends several times the cost of this on an object for each message.
//!
//! The client library stays for all else: metadata, offsets, producing, and connections with TLS
//! or SASL.

mod compression;
mod lane;
mod link;
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

use self::lane::{Arrived, Chunk, Lane};
use self::link::Link;
use self::records::Batches;
use self::wire::Limits;
use super::reader::{Event, Reader, Taken};

/// An answer older than this says nothing of now.
const FRESH_MS: u64 = 1_000;
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
        let partition_bytes = number("fetch.message.max.bytes", 1 << 20)?;
        // Several answers fit: while one is read, the next is on its way.
        let partition_bytes = partition_bytes.min(queued_max / 4).max(1);
        Ok(Self {
            limits: Limits {
                client_id: config.get("client.id").unwrap_or("pelton").to_owned(),
                wait_ms,
                min_bytes: number("fetch.min.bytes", 1)?,
                max_bytes: number("fetch.max.bytes", 4 << 20)?,
                read_committed: level != "read_uncommitted",
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
    faults: ArrayQueue<String>,
    /// Written to when something arrives.
    wakes: Mutex<Option<File>>,
    ended: AtomicBool,
    started: Instant,
}

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

    fn fault(&self, reason: String) {
        self.faults.force_push(format!("Kafka topic '{}': {reason}", self.topic));
        self.wake();
    }

    fn wake(&self) {
        if let Some(file) = &*of(self.wakes.lock()) {
            // An eventfd whose counter is full wakes all the same.
            let _ = (&*file).write(&1_u64.to_ne_bytes());
        }
    }

    fn leads(&self, broker: i32) -> bool {
        of(self.leaders.read()).values().any(|leader| *leader == broker)
    }

    fn led_by(&self, broker: i32) -> Vec<Arc<Lane>> {
        let leaders = of(self.leaders.read());
        let is_led = |lane: &&Arc<Lane>| leaders.get(&lane.partition) == Some(&broker);
        of(self.lanes.read()).iter().filter(is_led).cloned().collect()
    }

    /// The first offset that a partition still has; `None` where the broker does not say.
    fn beginning(&self, partition: i32) -> Option<i64> {
        let ends = self.consumer.fetch_watermarks(&self.topic, partition, QUESTION);
        ends.ok().map(|(beginning, _)| beginning)
    }
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
        *of(shared.leaders.write()) = known.collect();
        let mut links = of(shared.links.lock());
        for broker in metadata.brokers() {
            let address = (broker.host().to_owned(), broker.port() as u16);
            match links.iter().find(|link| link.broker == broker.id()) {
                Some(link) => *of(link.address.lock()) = address,
                None => links.push(Link::start(broker.id(), address, shared)),
            }
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
}

impl Fetch {
    pub fn new(topic: String, settings: Settings, consumer: Arc<BaseConsumer>) -> Self {
        let shared = Arc::new(Shared {
            topic,
            settings,
            consumer,
            lanes: RwLock::default(),
            leaders: RwLock::default(),
            links: Mutex::default(),
            faults: ArrayQueue::new(16),
            wakes: Mutex::default(),
            ended: AtomicBool::new(false),
            started: Instant::now(),
        });
        Self { shared, readings: Vec::new() }
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
        self.readings[index].poll(max, self.shared.settings.limits.read_committed, take)
    }

    fn poll_rest(&mut self, _max: usize, mut take: impl FnMut(Event<'_>)) -> usize {
        let fault = self.shared.faults.pop();
        fault.into_iter().map(|reason| take(Event::Fault { reason })).count()
    }

    fn log_end(&self, index: usize) -> Option<i64> {
        let end = self.readings[index].lane.log_end.load(Ordering::Relaxed);
        (end >= 0).then_some(end)
    }

    fn is_answered(&self, index: usize) -> bool {
        let answered = self.readings[index].lane.answered_ms.load(Ordering::Relaxed);
        self.shared.now_ms() < answered + FRESH_MS
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
        of(self.shared.links.lock()).iter().for_each(|link| link.interrupt());
    }
}

impl Reading {
    /// Up to `max` records, but of one record batch only: who asks goes on with it or with another
    /// partition.
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
        while events < max && self.batches.has_more() {
            match self.batches.next() {
                Ok(record) => take(Event::Record {
                    partition,
                    offset: record.offset,
                    timestamp: record.timestamp,
                    key: record.key,
                    value: record.value,
                }),
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
