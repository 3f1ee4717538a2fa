//! Asks the broker, once a second and off the worker's thread, whether it answers, how many
//! partitions the topic has and who leads them: the first tells a quiet partition from a dead
//! broker, the second brings in partitions that are added while the job runs.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::{Metadata, MetadataTopic};

use crate::kafka::metadata_with;

const INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);
/// The most that producers are given to come back after an outage.
const RECOVERY_MOST: Duration = Duration::from_secs(60);
/// A question that is open for longer is a sign that the broker stands still.
const PROMPT: Duration = Duration::from_secs(1);

/// The least time between two questions.
const INTERVAL_LEAST: Duration = Duration::from_millis(100);

pub struct Watch {
    shared: Arc<Shared>,
    bell: Arc<Bell>,
}

/// Has the broker asked at once, or never again.
#[derive(Default)]
pub struct Bell {
    state: Mutex<BellState>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum BellState {
    #[default]
    Quiet,
    Ask,
    Stop,
}

impl Bell {
    /// Something has changed: who leads what is to be asked now.
    pub fn ring(&self) {
        self.set(BellState::Ask);
    }

    fn set(&self, to: BellState) {
        if let Ok(mut state) = self.state.lock()
            && *state != BellState::Stop
        {
            *state = to;
        }
        self.rung.notify_all();
    }

    /// Waits until it is time to ask; false if never again.
    fn wait(&self) -> bool {
        std::thread::sleep(INTERVAL_LEAST);
        let Ok(state) = self.state.lock() else { return false };
        let rest = INTERVAL - INTERVAL_LEAST;
        let is_quiet = |state: &mut BellState| *state == BellState::Quiet;
        let Ok((mut state, _)) = self.rung.wait_timeout_while(state, rest, is_quiet) else {
            return false;
        };
        let goes_on = *state != BellState::Stop;
        if goes_on {
            *state = BellState::Quiet;
        }
        goes_on
    }
}

#[derive(Default)]
struct Shared {
    silent: AtomicBool,
    /// When the question was put that has no answer yet.
    asked: Mutex<Option<Instant>>,
    /// Until when producers may still be catching up after an outage.
    recovered: Mutex<Option<Instant>>,
    answers: AtomicU64,
    partitions: AtomicI32,
    problem: Mutex<Option<String>>,
}

impl Watch {
    /// `learn` is shown each answer.
    pub fn start(
        consumer: Arc<BaseConsumer>,
        topic: String,
        bell: Arc<Bell>,
        learn: impl Fn(&Metadata) + Send + 'static,
    ) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let (watched, rings) = (shared.clone(), bell.clone());
        std::thread::Builder::new()
            .name("kafka-watch".into())
            .spawn(move || watched.run(&consumer, &topic, &rings, learn))
            .map_err(|error| format!("no thread to watch the Kafka broker: {error}"))?;
        Ok(Self { shared, bell })
    }

    /// Whether the last question went unanswered or its answer says that a partition cannot be
    /// read, or the present one has waited too long.
    pub fn is_silent(&self) -> bool {
        let waits = || self.shared.asked.lock().is_ok_and(|asked| asked.is_some_and(is_overdue));
        self.shared.silent.load(Ordering::Relaxed) || waits()
    }

    /// Whether an outage is over so short a time ago that producers may not be back: they back off
    /// as well, so they are given as long as it lasted.
    pub fn is_recovering(&self) -> bool {
        let recovered = self.shared.recovered.lock();
        recovered.is_ok_and(|recovered| recovered.is_some_and(|at| at > Instant::now()))
    }

    /// How often the broker has answered.
    pub fn answers(&self) -> u64 {
        self.shared.answers.load(Ordering::Relaxed)
    }

    /// Partitions as last seen; 0 before the first answer.
    pub fn partitions(&self) -> i32 {
        self.shared.partitions.load(Ordering::Relaxed)
    }

    /// Why the broker is silent, where it is.
    pub fn problem(&self) -> Option<String> {
        let known = self.shared.problem.lock().ok().and_then(|problem| problem.clone());
        known.or_else(|| self.is_silent().then(|| "the Kafka broker does not answer".to_owned()))
    }
}

/// What is to be said of partitions that nobody leads at present.
fn leaderless(metadata: &Metadata, topic: &str) -> Option<String> {
    let topics = metadata.topics().iter().filter(|found| found.name() == topic);
    let mut partitions = topics.flat_map(MetadataTopic::partitions);
    let partition = partitions.find(|partition| partition.leader() < 0)?;
    Some(format!("Kafka topic '{topic}': no broker leads partition {}", partition.id()))
}

fn is_overdue(asked: Instant) -> bool {
    asked.elapsed() > PROMPT
}

impl Drop for Watch {
    /// Does not wait for the thread, which may be in the middle of a question.
    fn drop(&mut self) {
        self.bell.set(BellState::Stop);
    }
}

impl Shared {
    fn run(&self, consumer: &BaseConsumer, topic: &str, bell: &Bell, learn: impl Fn(&Metadata)) {
        let mut outage: Option<Instant> = None;
        loop {
            let asked = Instant::now();
            self.set_asked(Some(asked));
            let problem = match metadata_with(consumer.client(), topic, PATIENCE) {
                Ok(Some((metadata, count))) => {
                    learn(&metadata);
                    self.partitions.store(count, Ordering::Relaxed);
                    self.answers.fetch_add(1, Ordering::Relaxed);
                    leaderless(&metadata, topic)
                }
                Ok(None) => Some(format!("Kafka topic '{topic}' is not there")),
                Err(reason) => Some(reason),
            };
            if problem.is_some() || is_overdue(asked) {
                outage.get_or_insert(asked);
            }
            if problem.is_none()
                && let Some(began) = outage.take()
            {
                self.set_recovered(began.elapsed());
            }
            self.silent.store(problem.is_some(), Ordering::Relaxed);
            if let Ok(mut current) = self.problem.lock() {
                *current = problem;
            }
            self.set_asked(None);
            if !bell.wait() {
                return;
            }
        }
    }

    fn set_asked(&self, at: Option<Instant>) {
        if let Ok(mut asked) = self.asked.lock() {
            *asked = at;
        }
    }

    fn set_recovered(&self, outage: Duration) {
        if let Ok(mut recovered) = self.recovered.lock() {
            *recovered = Some(Instant::now() + outage.min(RECOVERY_MOST));
        }
    }
}
