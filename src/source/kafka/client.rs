//! Reads through the client library, in batches: the one unsafe place of the source. Its safe
//! calls hand over one message at a time, at two to three times the cost.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use rdkafka_sys as sys;

use super::reader::{Event, Reader, Taken};
use crate::kafka::explain;
use crate::record::{TimestampType, headers};

/// Partitions of a consumer, assigned statically. Each has a queue of its own, so that one can be
/// left alone while others are read.
pub struct Client {
    // Before the consumer: the queues are given back before the client ends.
    queue: BatchQueue,
    queues: Vec<BatchQueue>,
    partitions: Vec<i32>,
    consumer: Arc<BaseConsumer>,
    topic: String,
    /// What is written to when records become available.
    wakes: Option<i32>,
}

impl Client {
    pub fn new(consumer: Arc<BaseConsumer>, topic: &str) -> Result<Self, String> {
        let queue = BatchQueue::of_consumer(consumer.clone(), topic)?;
        let (queues, partitions) = (Vec::new(), Vec::new());
        let topic = topic.to_owned();
        Ok(Self { queue, queues, partitions, consumer, topic, wakes: None })
    }

    fn failed(&self, error: &KafkaError) -> String {
        format!("Kafka topic '{}': {}", self.topic, explain(error))
    }
}

impl Reader for Client {
    fn assign(&mut self, partitions: &[(i32, i64)]) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        for &(partition, next) in partitions {
            let offset = match next {
                0 => Offset::Beginning,
                next => Offset::Offset(next),
            };
            // Fails only for offsets that have no number.
            let _ = list.add_partition(&self.topic, partition).set_offset(offset);
        }
        self.consumer.incremental_assign(&list).map_err(|error| self.failed(&error))?;
        for &(partition, _) in partitions {
            let consumer = self.consumer.clone();
            let mut queue = BatchQueue::of_partition(consumer, &self.topic, partition)?;
            self.wakes.into_iter().for_each(|fd| queue.wake_by(fd));
            self.queues.push(queue);
            self.partitions.push(partition);
        }
        Ok(())
    }

    fn release(&mut self, index: usize) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, self.partitions[index]);
        self.consumer.incremental_unassign(&list).map_err(|error| self.failed(&error))
    }

    fn poll(&mut self, index: usize, max: usize, take: impl FnMut(Event<'_>)) -> Taken {
        Taken { events: self.queues[index].poll(max, take), has_more: false }
    }

    fn poll_rest(&mut self, max: usize, take: impl FnMut(Event<'_>)) -> usize {
        self.queue.poll(max, take)
    }

    fn log_end(&self, index: usize) -> Option<i64> {
        self.queue.log_end(self.partitions[index])
    }

    fn wake_by(&mut self, fd: BorrowedFd<'_>) {
        let fd = fd.as_raw_fd();
        self.wakes = Some(fd);
        self.queue.wake_by(fd);
        self.queues.iter_mut().for_each(|queue| queue.wake_by(fd));
    }
}

/// A queue of a consumer, read in batches. Holds a raw pointer and so stays on its thread:
/// batch calls from several threads are undefined behaviour.
struct BatchQueue {
    queue: *mut sys::rd_kafka_queue_t,
    messages: Vec<*mut sys::rd_kafka_message_t>,
    /// Of the message that is handed over.
    headers: Vec<u8>,
    topic: CString,
    consumer: Arc<BaseConsumer>,
}

/// What the client writes to an eventfd: it counts up by this.
static WAKE: u64 = 1;

impl BatchQueue {
    /// The consumer's own queue: what belongs to no partition, and to those without one of their
    /// own.
    fn of_consumer(consumer: Arc<BaseConsumer>, topic: &str) -> Result<Self, String> {
        let topic = CString::new(topic).map_err(|_| "a topic's name has no zero byte")?;
        // SAFETY: the client lives as long as `consumer`, which this struct holds.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        Self::over(queue, topic, consumer)
    }

    /// The queue of a partition that has been assigned. From now on its records come here; what
    /// had come before is in the consumer's queue, to be read first.
    fn of_partition(
        consumer: Arc<BaseConsumer>,
        topic: &str,
        partition: i32,
    ) -> Result<Self, String> {
        let topic = CString::new(topic).map_err(|_| "a topic's name has no zero byte")?;
        // SAFETY: as above; the name ends in zero. Without a queue to forward to, the partition's
        // own holds what comes.
        let queue = unsafe {
            let client = consumer.client().native_ptr();
            let queue = sys::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition);
            if !queue.is_null() {
                sys::rd_kafka_queue_forward(queue, std::ptr::null_mut());
            }
            queue
        };
        Self::over(queue, topic, consumer)
    }

    fn over(
        queue: *mut sys::rd_kafka_queue_t,
        topic: CString,
        consumer: Arc<BaseConsumer>,
    ) -> Result<Self, String> {
        if queue.is_null() {
            return Err("the Kafka client has no such queue".into());
        }
        Ok(Self { queue, messages: Vec::new(), headers: Vec::new(), topic, consumer })
    }

    /// Hands what has come, at most `max` events, to `take`, which copies what it keeps: a
    /// message that is held would pin its whole fetch. Returns how many there were; never waits.
    fn poll(&mut self, max: usize, mut take: impl FnMut(Event<'_>)) -> usize {
        self.messages.clear();
        self.messages.reserve(max);
        // SAFETY: the queue is alive until `drop`; the array has room for `max` pointers, and the
        // call writes as many as it returns (-1 on error, then none).
        let count = unsafe {
            let into = self.messages.as_mut_ptr();
            let count = sys::rd_kafka_consume_batch_queue(self.queue, 0, into, max).max(0) as usize;
            self.messages.set_len(count);
            count
        };
        for &message in &self.messages {
            // SAFETY: each pointer is a message that we own until we destroy it, once, here; its
            // bytes are borrowed by `take` only for the call.
            unsafe {
                write_headers(message, &mut self.headers);
                take(event(&*message, &self.headers));
                sys::rd_kafka_message_destroy(message);
            }
        }
        self.messages.clear();
        count
    }

    /// Has the eventfd written when the queue goes from empty to not empty.
    fn wake_by(&mut self, fd: i32) {
        // SAFETY: the payload is copied by the call; eight bytes are what an eventfd takes.
        unsafe {
            let payload = (&raw const WAKE).cast();
            sys::rd_kafka_queue_io_event_enable(self.queue, fd, payload, size_of_val(&WAKE));
        }
    }

    /// The log end as of the last fetch; `None` before the first.
    fn log_end(&self, partition: i32) -> Option<i64> {
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client is alive, the name ends in zero, and both results are ours.
        let code = unsafe {
            let client = self.consumer.client().native_ptr();
            let topic = self.topic.as_ptr();
            sys::rd_kafka_get_watermark_offsets(client, topic, partition, &mut low, &mut high)
        };
        let known = code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0;
        known.then_some(high)
    }
}

impl Drop for BatchQueue {
    fn drop(&mut self) {
        // SAFETY: the reference taken at the start is given back once; the client outlives it. The
        // wake is turned off first, since the descriptor may be closed before the client goes.
        unsafe {
            sys::rd_kafka_queue_io_event_enable(self.queue, -1, std::ptr::null(), 0);
            sys::rd_kafka_queue_destroy(self.queue);
        }
    }
}

fn timestamp_type(kind: sys::rd_kafka_timestamp_type_t) -> TimestampType {
    use sys::rd_kafka_timestamp_type_t as Kind;
    match kind {
        Kind::RD_KAFKA_TIMESTAMP_CREATE_TIME => TimestampType::Create,
        Kind::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => TimestampType::LogAppend,
        Kind::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => TimestampType::Unknown,
    }
}

/// The headers of a message in Kafka's own form, nothing where it has none.
///
/// # Safety
/// `message` is alive and not shared.
unsafe fn write_headers(message: *mut sys::rd_kafka_message_t, out: &mut Vec<u8>) {
    out.clear();
    let mut list = std::ptr::null_mut();
    let mut found = Vec::new();
    // SAFETY: the message is alive and lends its list and all it holds; each of the four results
    // is ours, and set where the call says so. Names end in zero.
    unsafe {
        if sys::rd_kafka_message_headers(message, &mut list)
            != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            return;
        }
        for index in 0..sys::rd_kafka_header_cnt(list) {
            let (mut name, mut value, mut len) = (std::ptr::null(), std::ptr::null(), 0);
            let code = sys::rd_kafka_header_get_all(list, index, &mut name, &mut value, &mut len);
            if code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
                && let Ok(name) = CStr::from_ptr(name).to_str()
            {
                found.push((name, bytes(value, len)));
            }
        }
    }
    if !found.is_empty() {
        headers::write(found.into_iter(), out);
    }
}

/// Views a message.
fn event<'a>(message: &'a sys::rd_kafka_message_t, headers: &'a [u8]) -> Event<'a> {
    let (partition, offset) = (message.partition, message.offset);
    if message.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Event::Mark { partition, offset, code: message.err.into() };
    }
    let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    // SAFETY: the message is alive for the call and for the life of the result's borrow.
    unsafe {
        let timestamp = sys::rd_kafka_message_timestamp(message, &mut kind);
        Event::Record {
            partition,
            offset,
            timestamp,
            timestamp_type: timestamp_type(kind),
            key: bytes(message.key, message.key_len),
            value: bytes(message.payload, message.len),
            headers,
        }
    }
}

/// # Safety
/// `data` is null or points to `len` bytes that live for 'a.
unsafe fn bytes<'a>(data: *const std::ffi::c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data.cast(), len) })
}
