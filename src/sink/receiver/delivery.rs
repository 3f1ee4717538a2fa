//! Brings one message after the other to its receiver: tries again what may pass, puts away what
//! will not, and keeps to the rate.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use url::{Position, Url};

use super::Setup;
use super::connection::Failure;
use super::dead_letter::DeadLetters;
use super::rate::TokenBucket;
use super::retry::Backoff;
use crate::metrics::Metrics;
use crate::sink::SinkContext;
use crate::sql::plan::Table;

/// What an answer, or its absence, means.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    Again {
        reason: String,
        /// How long the receiver asks to be left alone.
        wish: Option<Duration>,
    },
    /// More messages than the receiver takes.
    TooMany(String),
    Never(String),
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Passing(reason) => Self::Again { reason, wish: None },
            Failure::Forbidden(reason) => Self::Never(reason),
        }
    }
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is delivered, or among the dead letters.
    Settled,
    /// The receiver wants less: nothing goes out for a while, and the message is the caller's.
    TooMany,
}

/// What a delivery knows of time: the system's, or for tests one that goes on while it rests.
trait Clock: Send {
    fn now(&self) -> Instant;

    /// False where the engine wants to stop before the pause is over.
    fn rest(&self, pause: Duration) -> bool;
}

impl Clock for SinkContext {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn rest(&self, pause: Duration) -> bool {
        SinkContext::rest(self, pause)
    }
}

pub struct Delivery {
    /// For messages: scheme, host and port, no more.
    receiver: String,
    backoff: Backoff,
    bucket: Option<TokenBucket>,
    dead: DeadLetters,
    context: SinkContext,
    clock: Box<dyn Clock>,
}

impl Delivery {
    pub fn open(
        table: &Table,
        url: &Url,
        setup: Setup,
        context: SinkContext,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        let help = "Rows that a receiver would not have";
        let counter =
            metrics.counter("pelton_sink_dead_letters_total", help, &[("sink", &table.name)]);
        // A query may be a password.
        let shown = url[..Position::AfterPath].to_owned();
        let dead = DeadLetters::open(&table.name, shown, setup.dead_letter, counter)?;
        Ok(Self {
            receiver: url[..Position::AfterPort].to_owned(),
            bucket: setup.rate.map(|rate| TokenBucket::new(rate, Instant::now())),
            backoff: setup.backoff,
            dead,
            clock: Box::new(context.clone()),
            context,
        })
    }

    /// Whether a message would go out without waiting for the rate.
    pub fn is_ready(&mut self) -> bool {
        self.rate_wait().is_zero()
    }

    /// Returns once the message is settled. `rows` are what it tells of, `attempt` is one try.
    pub fn deliver(
        &mut self,
        rows: &[String],
        attempt: &mut dyn FnMut() -> Result<Verdict, String>,
    ) -> Result<Outcome, String> {
        let mut failed = 0;
        loop {
            self.await_token()?;
            let (reason, wish) = match attempt()? {
                Verdict::Delivered => return Ok(self.settled()),
                Verdict::Again { reason, wish } => (reason, wish),
                Verdict::TooMany(reason) => return Ok(self.too_many(&reason)),
                Verdict::Never(reason) => return self.give_up(rows, &reason),
            };
            failed += 1;
            let chance = RandomState::new().hash_one(failed) as f64 / u64::MAX as f64;
            let Some(pause) = self.backoff.pause(failed, wish, chance) else {
                return self.give_up(rows, &format!("{reason}; tried {failed} times"));
            };
            self.context.count_retry();
            self.set_problem(&reason);
            self.rest(pause, &reason)?;
        }
    }

    /// Returns once the dead letters are on the disk.
    pub fn flush(&mut self) -> Result<(), String> {
        self.dead.flush()
    }

    fn settled(&self) -> Outcome {
        self.context.set_problem(None);
        Outcome::Settled
    }

    fn give_up(&mut self, rows: &[String], reason: &str) -> Result<Outcome, String> {
        self.dead.add(rows, reason)?;
        Ok(self.settled())
    }

    fn too_many(&mut self, reason: &str) -> Outcome {
        if let Some(bucket) = &mut self.bucket {
            bucket.pause(self.clock.now());
        }
        self.context.count_retry();
        self.set_problem(reason);
        Outcome::TooMany
    }

    fn set_problem(&self, reason: &str) {
        self.context.set_problem(Some(format!("{}: {reason}", self.receiver)));
    }

    fn rate_wait(&mut self) -> Duration {
        let now = self.clock.now();
        self.bucket.as_mut().map_or(Duration::ZERO, |bucket| bucket.wait(now))
    }

    fn await_token(&mut self) -> Result<(), String> {
        let wait = self.rate_wait();
        self.rest(wait, "the rate limit holds it back")?;
        if let Some(bucket) = &mut self.bucket {
            bucket.take(self.clock.now());
        }
        Ok(())
    }

    /// Sleeps, but not beyond the engine's wish to stop.
    fn rest(&self, pause: Duration, reason: &str) -> Result<(), String> {
        if self.clock.rest(pause) {
            return Ok(());
        }
        Err(format!("{}: {reason}; stopped before it was delivered", self.receiver))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use hyper::StatusCode;

    use super::*;
    use crate::metrics::Counter;
    use crate::sink::http::DEFAULTS;
    use crate::sink::http::client::{Answer, by_status};

    const HOUR: Duration = Duration::from_secs(3_600);
    const MINUTE: Duration = Duration::from_secs(60);

    /// Time since the start, which resting alone moves on.
    #[derive(Clone)]
    struct Virtual {
        start: Instant,
        passed: Arc<Mutex<Duration>>,
    }

    impl Virtual {
        fn passed(&self) -> Duration {
            *self.passed.lock().unwrap()
        }
    }

    impl Clock for Virtual {
        fn now(&self) -> Instant {
            self.start + self.passed()
        }

        fn rest(&self, pause: Duration) -> bool {
            *self.passed.lock().unwrap() += pause;
            true
        }
    }

    /// What came of a row a minute for two hours, to a receiver that answers 500 in the first one.
    struct Outage {
        /// When each row was delivered; `None`: it is a dead letter.
        delivered: Vec<Option<Duration>>,
        tries: Vec<Duration>,
        dead: u64,
    }

    fn outage(attempts: u32) -> Outage {
        let clock = Virtual { start: Instant::now(), passed: Arc::default() };
        let counter = Counter::default();
        let dead = DeadLetters::open("alerts", "http://host/".into(), None, counter.clone());
        let mut delivery = Delivery {
            receiver: "http://host".into(),
            backoff: Backoff { first: DEFAULTS.first_pause, attempts },
            bucket: None,
            dead: dead.unwrap(),
            context: SinkContext::default(),
            clock: Box::new(clock.clone()),
        };
        let (mut delivered, mut tries) = (Vec::new(), Vec::new());
        for nth in 0..120 {
            // A row that is behind goes out at once.
            clock.rest((MINUTE * nth).saturating_sub(clock.passed()));
            let before = counter.get();
            let mut attempt = || {
                tries.push(clock.passed());
                let status = if clock.passed() < HOUR { 500 } else { 200 };
                let status = StatusCode::from_u16(status).unwrap();
                Ok(by_status(&Answer { status, retry_after: None, body: Vec::new() }))
            };
            let outcome = delivery.deliver(&[format!("{{\"id\":{nth}}}")], &mut attempt);
            assert_eq!(outcome, Ok(Outcome::Settled));
            delivered.push((counter.get() == before).then(|| clock.passed()));
            assert_eq!(delivery.context.problem(), None);
        }
        Outage { delivered, tries, dead: counter.get() }
    }

    /// A row has its eight tries, for up to a minute, and is then kept; so the next one has its own.
    #[test]
    fn an_hour_of_errors_ends_in_dead_letters_and_all_behind_it_is_delivered() {
        let Outage { delivered, tries, dead } = outage(DEFAULTS.attempts);
        let lost = delivered.iter().take_while(|at| at.is_none()).count();
        assert!((55..=60).contains(&lost) && dead == lost as u64, "{lost} rows, {dead}");
        assert!(delivered[lost..].iter().all(|at| at.is_some_and(|at| at >= HOUR)));
        // Each minute sees those of two rows at most.
        for from in &tries {
            let within = tries.iter().filter(|at| *at >= from && **at < *from + MINUTE).count();
            assert!(within <= 16, "{within} tries in the minute after {from:?}");
        }
    }

    /// Who may not lose a row gives it more tries: all wait for the first, and none is lost.
    #[test]
    fn with_tries_enough_an_hour_of_errors_is_waited_out() {
        let Outage { delivered, tries, dead } = outage(200);
        assert_eq!(dead, 0);
        let first = delivered[0].unwrap();
        assert!(first >= HOUR && first <= HOUR + MINUTE, "{first:?}");
        assert!(delivered.windows(2).all(|pair| pair[0] <= pair[1]));
        let in_vain = tries.iter().filter(|at| **at < HOUR).count();
        assert!((60..=130).contains(&in_vain), "{in_vain} tries");
        assert_eq!(tries.len(), in_vain + delivered.len());
    }
}
