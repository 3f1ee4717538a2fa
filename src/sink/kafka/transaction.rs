//! The Kafka transactions of a job: what its topics hold and where its state stands become
//! visible in one step, or not at all.
//!
//! Two producers take turns by epoch, so that the rows of an epoch can be sent while the one
//! before commits. Each commit puts the name of the epoch's manifest beside a committed offset
//! of one partition, the anchor: it is what a start goes on from. That offset is committed also
//! where nothing was written, as the transactional ids are what fences an older process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};
use rdkafka::{Offset, TopicPartitionList};

use super::refusal::{Unsent, refusal, refuses};
use crate::fault;
use crate::kafka::{Committed, Leaders, Offsets, explain};
use crate::sink::SinkContext;

/// How long one call of the client may take.
const CALL: Duration = Duration::from_secs(10);
/// How long a commit is retried before its transaction is given up.
const COMMIT_PATIENCE: Duration = Duration::from_secs(40);
/// How often a waiting thread looks whether the job is stopping.
const LOOK: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(1);
/// The client's setting of how long a transaction may be open (ms), and its default.
const TIMEOUT: &str = "transaction.timeout.ms";
const TIMEOUT_MS: u64 = 60_000;
/// The client's setting of how long a connection stays open that nothing is sent on (ms). A client
/// that waits to commit beside a broker that it has given up looks for the group's coordinator only
/// when some connection opens or closes (librdkafka #5511).
const IDLE: &str = "connections.max.idle.ms";
/// More than [`Leaders`] waits.
const IDLE_MS: &str = "5000";

/// Why a transaction did not come through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionError {
    /// Nothing of the epoch became visible: the job goes on from the epoch before.
    Aborted(String),
    /// Another process of the job has taken over.
    Fenced(String),
}

impl std::fmt::Display for TransactionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Aborted(reason) => write!(f, "a Kafka transaction was aborted: {reason}"),
            Self::Fenced(reason) => {
                write!(f, "another process of this job has taken over its Kafka output: {reason}")
            }
        }
    }
}

/// What the client reports beside the calls.
#[derive(Default)]
struct Reports {
    failed: AtomicBool,
    /// It would fail again.
    refused: AtomicBool,
    reason: Mutex<Option<String>>,
}

impl Reports {
    fn fail(&self, reason: String) {
        if let Ok(mut known) = self.reason.lock() {
            known.get_or_insert(reason);
        }
        self.failed.store(true, Ordering::Release);
    }

    fn failure(&self) -> Option<String> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        let reason = self.reason.lock().ok().and_then(|reason| reason.clone());
        Some(reason.unwrap_or_else(|| "the producer failed".into()))
    }
}

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        if let KafkaError::Global(RDKafkaErrorCode::Fatal) = error {
            self.fail(reason.to_owned());
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let code = error.rdkafka_error_code();
            if code.is_some_and(refuses) {
                self.refused.store(true, Ordering::Release);
            }
            let what =
                refusal(code).map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
            self.fail(format!("Kafka topic '{}': {what}", message.topic()));
        }
    }
}

type TransactionalProducer = ThreadedProducer<Reports>;

/// Says of an epoch's name why nobody may be fenced.
pub type Objection<'a> = dyn Fn(&str) -> Result<(), String> + 'a;

/// What has begun.
struct Begun {
    /// The newest epoch whose transaction has: its rows, and those of the one before, can be sent.
    epoch: u64,
    /// When each producer's last transaction did.
    since: [Instant; 2],
}

/// The two producers of a job, shared by its sinks.
pub struct Transactions {
    producers: [TransactionalProducer; 2],
    anchor: (String, i32),
    group: ConsumerGroupMetadata,
    offsets: Offsets,
    begun: Mutex<Begun>,
    /// How long the broker leaves a transaction open.
    timeout: Duration,
    changed: Condvar,
    stopping: AtomicBool,
    refused: AtomicBool,
}

impl Transactions {
    /// Fences older processes of the job and ends what they left open, unless there is an
    /// objection to the name that was committed last; waits for a broker that is away. `config` is
    /// of [`crate::kafka::Role::Producer`], `admin` of `Role::Admin`; `anchor` is a partition that
    /// exists.
    pub fn open(
        config: &ClientConfig,
        admin: &ClientConfig,
        job: &str,
        anchor: (String, i32),
        (context, objection): (&SinkContext, Option<&Objection<'_>>),
    ) -> Result<Self, String> {
        let group = format!("pelton-{job}");
        let mut admin = admin.clone();
        admin.set("group.id", &group).set("isolation.level", "read_committed");
        let consumer: BaseConsumer = admin.create().map_err(|error| explain(&error))?;
        let metadata = consumer.group_metadata().ok_or("the Kafka client has no group")?;
        if let Some(objection) = objection {
            // A commit that is under way, and might stay so until somebody is fenced, is not waited for.
            let mut admin = admin.clone();
            let offsets = Offsets::new(admin.set("isolation.level", "read_uncommitted"), &group)?;
            patiently(|| named(&offsets, &anchor))?.map_or(Ok(()), |name| objection(&name))?;
        }
        let offsets = Offsets::new(&admin, &group)?;
        let timeout = config.get(TIMEOUT).and_then(|ms| ms.parse().ok()).unwrap_or(TIMEOUT_MS);
        let begun = Begun { epoch: 0, since: [Instant::now(); 2] };
        let open = |turn| producer(config, job, turn, (context, &anchor.0));
        Ok(Self {
            producers: [open(0)?, open(1)?],
            anchor,
            group: metadata,
            offsets,
            begun: Mutex::new(begun),
            timeout: Duration::from_millis(timeout),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        })
    }

    /// The engine gives up: whoever waits returns with an error.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// The text beside the anchor's offset: the name of the last committed epoch.
    pub fn committed(&self) -> Result<Option<String>, String> {
        patiently(|| named(&self.offsets, &self.anchor))
    }

    fn producer(&self, epoch: u64) -> &TransactionalProducer {
        &self.producers[(epoch % 2) as usize]
    }

    /// Begins the transaction of an epoch. Its producer must have committed the epoch two before.
    pub fn begin(&self, epoch: u64) -> Result<(), TransactionError> {
        self.producer(epoch).begin_transaction().map_err(|error| failure(&error))?;
        if let Ok(mut begun) = self.begun.lock() {
            begun.epoch = begun.epoch.max(epoch);
            begun.since[(epoch % 2) as usize] = Instant::now();
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Waits until rows of an epoch can be sent.
    pub fn wait_for(&self, epoch: u64) -> Result<(), String> {
        let Ok(mut begun) = self.begun.lock() else { return Err("a thread has failed".into()) };
        while begun.epoch < epoch {
            if self.stopping.load(Ordering::Relaxed) {
                return Err(format!("stopped before epoch {epoch} could be written"));
            }
            let Ok((guard, _)) = self.changed.wait_timeout(begun, LOOK) else {
                return Err("a thread has failed".into());
            };
            begun = guard;
        }
        Ok(())
    }

    /// Whether something was refused that would be so again: going on from the last epoch is of no
    /// use.
    pub fn is_refused(&self) -> bool {
        let refused = |it: &TransactionalProducer| it.context().refused.load(Ordering::Acquire);
        self.refused.load(Ordering::Acquire) || self.producers.iter().any(refused)
    }

    /// A row cannot be written, however often.
    pub fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    /// Hands a record of an epoch to the client; waits while its queue is full.
    pub fn send(&self, epoch: u64, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), Unsent> {
        let producer = self.producer(epoch);
        loop {
            let (error, back) = match producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            record = back;
            let code = error.rdkafka_error_code();
            if code != Some(RDKafkaErrorCode::QueueFull) {
                return Err(Unsent::of(code, explain(&error)));
            }
            self.check(epoch)?;
            std::thread::sleep(PAUSE);
        }
    }

    /// What has gone wrong with the records of an epoch, if anything.
    pub fn check(&self, epoch: u64) -> Result<(), String> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err("stopped while Kafka took no records".into());
        }
        self.producer(epoch).context().failure().map_or(Ok(()), Err)
    }

    /// Returns once all records of an epoch are acknowledged: those of the next one must not
    /// overtake them.
    pub fn flush(&self, epoch: u64, topic: &str) -> Result<(), String> {
        let producer = self.producer(epoch);
        let mut leaders = Leaders::awaited();
        while producer.in_flight_count() > 0 {
            self.check(epoch)?;
            leaders.ask_again(producer.client(), topic);
            std::thread::sleep(PAUSE);
        }
        self.check(epoch)
    }

    /// Commits an epoch under the name of its manifest: the one step in which its rows become
    /// visible and its state the one to go on from.
    pub fn commit(&self, epoch: u64, name: &str) -> Result<(), TransactionError> {
        let producer = self.producer(epoch);
        let started = Instant::now();
        let mut list = TopicPartitionList::with_capacity(1);
        let mut element = list.add_partition(&self.anchor.0, self.anchor.1);
        element.set_offset(Offset::Offset(epoch as i64)).map_err(|error| failure(&error))?;
        element.set_metadata(name);
        let offsets = || producer.send_offsets_to_transaction(&list, &self.group, CALL);
        let commit = || producer.commit_transaction(CALL);
        // The client may wait for longer than it is told to, and for what happens only if somebody
        // asks: this keeps one of its connections in use while another one is closed (see IDLE).
        let committed = Leaders::asking(producer.client(), &self.anchor.0, || {
            retried(started, offsets)?;
            fault::point("offsets");
            retried(started, commit)
        });
        committed.map_err(|error| self.judged(epoch, error))
    }

    /// A broker that aborts a transaction by its time fences the producer, as a newer process does.
    fn judged(&self, epoch: u64, error: TransactionError) -> TransactionError {
        let since = self.begun.lock().map(|begun| begun.since[(epoch % 2) as usize]);
        match error {
            TransactionError::Fenced(reason)
                if since.is_ok_and(|since| since.elapsed() >= self.timeout) =>
            {
                let ms = self.timeout.as_millis();
                TransactionError::Aborted(format!("open for longer than {TIMEOUT}, {ms}: {reason}"))
            }
            other => other,
        }
    }
}

/// Asks again what a broker that has just come up cannot say yet.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let started = Instant::now();
    loop {
        match ask() {
            Err(_) if started.elapsed() < COMMIT_PATIENCE => std::thread::sleep(LOOK),
            answer => return answer,
        }
    }
}

/// The text beside the anchor's offset.
fn named(offsets: &Offsets, anchor: &(String, i32)) -> Result<Option<String>, String> {
    let found = offsets.committed(std::slice::from_ref(anchor), CALL)?;
    Ok(found.into_iter().map(|Committed { metadata, .. }| metadata).next())
}

fn producer(
    config: &ClientConfig,
    job: &str,
    turn: usize,
    (context, topic): (&SinkContext, &str),
) -> Result<TransactionalProducer, String> {
    let mut config = config.clone();
    config
        .set("transactional.id", format!("pelton-{job}-{turn}"))
        .set("enable.idempotence", "true")
        // The client's 100 ms is what a commit right behind another would wait.
        .set("retry.backoff.ms", "5")
        .set("retry.backoff.max.ms", "100")
        // Records live as long as their transaction may.
        .remove("message.timeout.ms");
    if config.get(IDLE).is_none() {
        config.set(IDLE, IDLE_MS);
    }
    let producer: TransactionalProducer =
        config.create_with_context(Reports::default()).map_err(|error| explain(&error))?;
    let (mut said, mut leaders) = (String::new(), Leaders::awaited());
    while let Err(error) = producer.init_transactions(CALL) {
        if !passes(&error) || context.stopping() {
            return Err(failure(&error).to_string());
        }
        let reason = format!("Kafka opens no transactions: {}", explain(&error));
        if said != reason {
            tracing::warn!("{reason}");
            said.clone_from(&reason);
        }
        context.set_problem(Some(reason));
        leaders.ask_again(producer.client(), topic);
        std::thread::sleep(LOOK);
    }
    context.set_problem(None);
    Ok(producer)
}

fn passes(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable())
}

/// Calls again what failed for a reason that passes.
fn retried(
    started: Instant,
    mut call: impl FnMut() -> Result<(), KafkaError>,
) -> Result<(), TransactionError> {
    loop {
        let error = match call() {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if !passes(&error) || started.elapsed() > COMMIT_PATIENCE {
            return Err(failure(&error));
        }
        std::thread::sleep(PAUSE);
    }
}

fn failure(error: &KafkaError) -> TransactionError {
    use RDKafkaErrorCode as Code;
    let fenced = matches!(
        error.rdkafka_error_code(),
        Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
    );
    let text = explain(error);
    if fenced { TransactionError::Fenced(text) } else { TransactionError::Aborted(text) }
}
