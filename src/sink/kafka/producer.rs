//! The producer under the sink and the dead letters: every record is acknowledged, sent again,
//! or the reason why it cannot be is returned.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};

use super::refusal::{Unsent, refusal};
use crate::kafka::{Leaders, explain};
use crate::record::headers;
use crate::sink::SinkContext;

/// Waiting this long for room or for acknowledgements is a problem to show.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the producer's callbacks are waited for at a time.
const PAUSE: Duration = Duration::from_micros(200);
const STEP: Duration = Duration::from_millis(1);

/// A record whose delivery failed for a reason that passes.
struct Returned {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    partition: Option<i32>,
    headers: Option<OwnedHeaders>,
}

/// What the delivery reports say.
#[derive(Default)]
struct Reports {
    acknowledged: AtomicU64,
    returned: Mutex<VecDeque<Returned>>,
    permanent: Mutex<Option<String>>,
    trouble: Mutex<Option<String>>,
    /// Whether `trouble` holds a text.
    troubled: AtomicBool,
}

impl Reports {
    fn set_trouble(&self, text: String) {
        put(&self.trouble, Some(text));
        self.troubled.store(true, Ordering::Relaxed);
    }
}

fn put<T>(slot: &Mutex<Option<T>>, value: Option<T>) {
    if let Ok(mut slot) = slot.lock() {
        *slot = value;
    }
}

fn passes(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::MessageTimedOut
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::RequestTimedOut
            | Code::OperationTimedOut
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::NetworkException
            | Code::KafkaStorageError
    )
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        if let KafkaError::Global(RDKafkaErrorCode::Fatal) = error {
            put(&self.permanent, Some(format!("the Kafka producer gave up: {reason}")));
        } else {
            self.set_trouble(format!("Kafka: {reason}"));
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let (error, message) = match result {
            Ok(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                // Reports are served by one thread, so the lock is free; most have nothing to clear.
                if self.troubled.swap(false, Ordering::Relaxed) {
                    put(&self.trouble, None);
                }
                return;
            }
            Err((error, message)) => (error, message),
        };
        let why = refusal(error.rdkafka_error_code()).map(|why| format!(": {why}"));
        let why = why.unwrap_or_default();
        let text = format!("Kafka topic '{}': {error}{why}", message.topic());
        if !error.rdkafka_error_code().is_some_and(passes) {
            return put(&self.permanent, Some(text));
        }
        self.set_trouble(text);
        if let Ok(mut returned) = self.returned.lock() {
            returned.push_back(Returned {
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                partition: Some(message.partition()).filter(|partition| *partition >= 0),
                headers: message.headers().map(|headers| headers.detach()),
            });
        }
    }
}

/// A record on its way out.
#[derive(Clone, Copy, Default)]
pub(super) struct Outgoing<'a> {
    pub key: Option<&'a [u8]>,
    /// `None` = a tombstone.
    pub value: Option<&'a [u8]>,
    pub partition: Option<i32>,
    pub headers: &'a [headers::Header<'a>],
}

/// Sends to one topic; used by one thread, which also serves the callbacks.
pub(super) struct Producer {
    producer: BaseProducer<Reports>,
    topic: std::sync::Arc<str>,
    context: SinkContext,
    troubled: bool,
    /// Acknowledged records when that last changed or nothing was on its way, and when that was.
    progress: (u64, Instant),
}

impl Producer {
    pub fn new(config: &ClientConfig, topic: &str, context: SinkContext) -> Result<Self, String> {
        let producer =
            config.create_with_context(Reports::default()).map_err(|error| explain(&error))?;
        let (topic, progress) = (topic.into(), (0, Instant::now()));
        Ok(Self { producer, topic, context, troubled: false, progress })
    }

    /// Hands a record to the client; waits while its queue is full.
    pub fn send(&mut self, record: Outgoing<'_>) -> Result<(), Unsent> {
        let mut headers = None;
        if !record.headers.is_empty() {
            let list = OwnedHeaders::new_with_capacity(record.headers.len());
            let add = |list: OwnedHeaders, &(key, value): &headers::Header<'_>| {
                list.insert(Header { key, value })
            };
            headers = Some(record.headers.iter().fold(list, add));
        }
        self.send_with(record.key, record.value, record.partition, headers)
    }

    fn send_with(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        partition: Option<i32>,
        headers: Option<OwnedHeaders>,
    ) -> Result<(), Unsent> {
        let started = Instant::now();
        let topic = self.topic.clone();
        let mut record = BaseRecord::<[u8], [u8]>::to(&topic);
        record.key = key;
        record.payload = value;
        record.partition = partition;
        record.headers = headers;
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            record = back;
            let code = error.rdkafka_error_code();
            if code != Some(RDKafkaErrorCode::QueueFull) && !code.is_some_and(passes) {
                let reason = format!("Kafka topic '{}': {}", self.topic, explain(&error));
                return Err(Unsent::of(code, reason));
            }
            self.producer.poll(STEP);
            self.check(started, "takes no more records for now")?;
        }
    }

    /// Serves the callbacks and sends again what came back: behind what was sent since, so the
    /// order of a key holds only while the client's own retries last (`message.timeout.ms`,
    /// without end unless the table sets it).
    pub fn serve(&mut self) -> Result<(), String> {
        self.producer.poll(Duration::ZERO);
        if let Some(reason) = self.reports().permanent.lock().ok().and_then(|p| p.clone()) {
            return Err(reason);
        }
        while let Some(back) = self.take_returned() {
            self.context.count_retry();
            self.send_with(
                back.key.as_deref(),
                back.value.as_deref(),
                back.partition,
                back.headers,
            )
            .map_err(Unsent::into_text)?;
        }
        let waiting =
            self.is_stuck().then(|| format!("Kafka topic '{}' does not acknowledge", self.topic));
        self.show_problem(waiting);
        Ok(())
    }

    /// Whether records are on their way and none was acknowledged for a while.
    fn is_stuck(&mut self) -> bool {
        let acknowledged = self.acknowledged();
        if acknowledged != self.progress.0 || self.producer.in_flight_count() == 0 {
            self.progress = (acknowledged, Instant::now());
        }
        self.progress.1.elapsed() > PATIENCE
    }

    /// Returns once every record is acknowledged.
    pub fn flush(&mut self) -> Result<(), String> {
        let (started, mut leaders) = (Instant::now(), Leaders::awaited());
        loop {
            self.serve()?;
            if self.producer.in_flight_count() == 0 && !self.has_returned() {
                self.show_problem(None);
                return Ok(());
            }
            // The client library's own waiting poll spins through the last millisecond.
            std::thread::sleep(PAUSE);
            self.producer.poll(Duration::ZERO);
            self.check(started, "does not acknowledge")?;
            leaders.ask_again(self.producer.client(), &self.topic);
        }
    }

    /// Acknowledged records.
    pub fn acknowledged(&self) -> u64 {
        self.reports().acknowledged.load(Ordering::Relaxed)
    }

    fn reports(&self) -> &Reports {
        self.producer.context()
    }

    fn take_returned(&self) -> Option<Returned> {
        self.reports().returned.lock().ok()?.pop_front()
    }

    fn has_returned(&self) -> bool {
        self.reports().returned.lock().is_ok_and(|returned| !returned.is_empty())
    }

    /// While waiting: gives up when the engine does, and shows what is waited for.
    fn check(&mut self, started: Instant, what: &str) -> Result<(), String> {
        if let Some(reason) = self.reports().permanent.lock().ok().and_then(|p| p.clone()) {
            return Err(reason);
        }
        let waiting =
            (started.elapsed() > PATIENCE).then(|| format!("Kafka topic '{}' {what}", self.topic));
        self.show_problem(waiting);
        if self.context.stopping() {
            return Err(format!("stopped while Kafka topic '{}' {what}", self.topic));
        }
        Ok(())
    }

    fn show_problem(&mut self, waiting: Option<String>) {
        let trouble = self.reports().trouble.lock().ok().and_then(|trouble| trouble.clone());
        // A broker that went away with nothing on its way to it holds nothing back.
        let trouble =
            trouble.filter(|_| self.producer.in_flight_count() > 0 || self.has_returned());
        let problem = trouble.or(waiting);
        if problem.is_some() || self.troubled {
            self.troubled = problem.is_some();
            self.context.set_problem(problem);
        }
    }
}
