//! Tries of what is to succeed in the end: a pause after each that fails, twice as long each time.

use std::time::Duration;

use super::SinkContext;

pub struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pauses {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// A try has failed: shows why and rests before the next one. An error, with the reason, where
    /// the engine has given up.
    pub fn rest(&mut self, problem: String, context: &SinkContext) -> Result<(), String> {
        context.set_problem(Some(problem.clone()));
        if context.stopping() {
            return Err(format!("{problem}; stopped before it came back"));
        }
        context.count_retry();
        // Once an outage, and only of one that lasts.
        if self.next == self.first * 2 {
            tracing::warn!("waiting, and trying again: {problem}");
        }
        // Where the wish to stop comes meanwhile, one more try does no harm.
        context.rest(self.next);
        self.next = (self.next * 2).min(self.longest);
        Ok(())
    }

    /// A try has succeeded: what tries before it have shown is over.
    pub fn over(&self, context: &SinkContext) {
        if self.next != self.first {
            context.set_problem(None);
        }
    }
}
