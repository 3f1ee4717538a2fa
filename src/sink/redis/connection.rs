//! The connection to a Redis: made at the first need, made again, and tried until what was sent
//! has been taken.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerError, Value};

use super::server::Server;
use super::wire::Wire;
use crate::sink::SinkContext;
use crate::sink::pauses::Pauses;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub struct Connection {
    server: Server,
    /// Host and port, for messages.
    pub address: String,
    context: SinkContext,
    open: Option<Wire>,
}

/// Why something was not taken.
pub enum Failure {
    /// No retry mends it.
    Refused(RedisError),
    /// The engine gave up before Redis came back.
    Stopped(String),
}

impl Connection {
    pub fn new(server: Server, context: SinkContext) -> Self {
        Self { address: server.address(), server, context, open: None }
    }

    /// Tries until Redis has taken all of it.
    pub fn until_taken<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Wire) -> Result<T, RedisError>,
    ) -> Result<T, Failure> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let error = match self.opened().and_then(&mut attempt) {
                Ok(answer) => {
                    pauses.over(&self.context);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if is_final(&error) {
                return Err(Failure::Refused(error));
            }
            // An answer may still be under way on it.
            self.open = None;
            let problem = format!("Redis at {}: {error}", self.address);
            pauses.rest(problem, &self.context).map_err(Failure::Stopped)?;
        }
    }

    /// Sends commands whose answers are asked for later, by [`Self::has_taken`]: nothing else may
    /// be sent before.
    pub fn post(&mut self, commands: &[u8]) {
        if self.opened().and_then(|wire| wire.send(commands)).is_err() {
            self.open = None;
        }
    }

    /// Whether so many commands that were posted have come to their end, all of them well.
    pub fn has_taken(&mut self, commands: usize) -> bool {
        let Some(wire) = &mut self.open else { return false };
        let mut all = true;
        for _ in 0..commands {
            match wire.answer() {
                Ok(answer) => all &= !matches!(answer, Value::ServerError(_)),
                Err(_) => {
                    // An answer may still be under way on it.
                    self.open = None;
                    return false;
                }
            }
        }
        all
    }

    fn opened(&mut self) -> Result<&mut Wire, RedisError> {
        match &mut self.open {
            Some(wire) => Ok(wire),
            none => Ok(none.insert(Wire::open(&self.server)?)),
        }
    }
}

/// What comes round by itself or by the hand of Redis' operator: it is loading, out of memory,
/// read-only after a failover, or busy with a script.
const PASSING: [&str; 8] =
    ["LOADING", "OOM", "READONLY", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MISCONF"];

/// Redis has no more room for connections, which has no code of its own.
const CROWDED: &str = "max number of clients reached";

/// Whether trying again is of no use.
fn is_final(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig | ErrorKind::Client => {
            true
        }
        ErrorKind::Server(_) | ErrorKind::Extension => !is_passing(error),
        _ => false,
    }
}

/// Whether an error that the server gives may be over the next time.
pub fn is_passing(error: &RedisError) -> bool {
    match error.clone().into_server_errors() {
        Some(errors) => errors.iter().all(|(_, error)| is_of_passing(error)),
        None => error.code().is_some_and(|code| PASSING.contains(&code)),
    }
}

/// Before version 7 Redis wraps the error that a script met into one of its own.
fn is_of_passing(error: &ServerError) -> bool {
    let details = error.details().unwrap_or_default();
    let wrapped = || details.starts_with("Error running script");
    PASSING.contains(&error.code())
        || details.starts_with(CROWDED)
        || wrapped() && PASSING.iter().any(|code| details.contains(&format!("-{code} ")))
}
