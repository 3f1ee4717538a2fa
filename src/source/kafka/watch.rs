//! Asks the broker, once a second and off the worker's thread, whether it answers and how many
//! partitions the topic has: the first tells a quiet partition from a dead broker, the second
//! brings in partitions that are added while the job runs.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;

use crate::kafka::count_with;

const INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

pub struct Watch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    silent: AtomicBool,
    answers: AtomicU64,
    partitions: AtomicI32,
    problem: Mutex<Option<String>>,
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Watch {
    pub fn start(consumer: Arc<BaseConsumer>, topic: String) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let watched = shared.clone();
        std::thread::Builder::new()
            .name("kafka-watch".into())
            .spawn(move || watched.run(&consumer, &topic))
            .map_err(|error| format!("no thread to watch the Kafka broker: {error}"))?;
        Ok(Self { shared })
    }

    /// Whether the last question went unanswered.
    pub fn is_silent(&self) -> bool {
        self.shared.silent.load(Ordering::Relaxed)
    }

    /// How often the broker has answered.
    pub fn answers(&self) -> u64 {
        self.shared.answers.load(Ordering::Relaxed)
    }

    /// Partitions as last seen; 0 before the first answer.
    pub fn partitions(&self) -> i32 {
        self.shared.partitions.load(Ordering::Relaxed)
    }

    pub fn problem(&self) -> Option<String> {
        self.shared.problem.lock().ok().and_then(|problem| problem.clone())
    }
}

impl Drop for Watch {
    /// Does not wait for the thread, which may be in the middle of a question.
    fn drop(&mut self) {
        if let Ok(mut stopped) = self.shared.stopped.lock() {
            *stopped = true;
        }
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn run(&self, consumer: &BaseConsumer, topic: &str) {
        while self.rest() {
            let problem = match count_with(consumer, topic, PATIENCE) {
                Ok(Some(count)) => {
                    self.partitions.store(count, Ordering::Relaxed);
                    self.answers.fetch_add(1, Ordering::Relaxed);
                    None
                }
                Ok(None) => Some(format!("Kafka topic '{topic}' is not there")),
                Err(reason) => Some(reason),
            };
            self.silent.store(problem.is_some(), Ordering::Relaxed);
            if let Ok(mut current) = self.problem.lock() {
                *current = problem;
            }
        }
    }

    /// Sleeps; false once the source is gone.
    fn rest(&self) -> bool {
        let Ok(stopped) = self.stopped.lock() else { return false };
        let waited = self.wake.wait_timeout_while(stopped, INTERVAL, |stopped| !*stopped);
        waited.is_ok_and(|(stopped, _)| !*stopped)
    }
}
