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

pub struct Delivery {
    /// For messages: scheme, host and port, no more.
    receiver: String,
    backoff: Backoff,
    bucket: Option<TokenBucket>,
    dead: DeadLetters,
    context: SinkContext,
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
            bucket.pause(Instant::now());
        }
        self.context.count_retry();
        self.set_problem(reason);
        Outcome::TooMany
    }

    fn set_problem(&self, reason: &str) {
        self.context.set_problem(Some(format!("{}: {reason}", self.receiver)));
    }

    fn rate_wait(&mut self) -> Duration {
        self.bucket.as_mut().map_or(Duration::ZERO, |bucket| bucket.wait(Instant::now()))
    }

    fn await_token(&mut self) -> Result<(), String> {
        let wait = self.rate_wait();
        self.rest(wait, "the rate limit holds it back")?;
        if let Some(bucket) = &mut self.bucket {
            bucket.take(Instant::now());
        }
        Ok(())
    }

    /// Sleeps, but not beyond the engine's wish to stop.
    fn rest(&self, pause: Duration, reason: &str) -> Result<(), String> {
        if self.context.rest(pause) {
            return Ok(());
        }
        Err(format!("{}: {reason}; stopped before it was delivered", self.receiver))
    }
}
