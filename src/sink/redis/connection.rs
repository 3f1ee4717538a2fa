//! The connection to a Redis: made at the first need, made again, and tried until what was sent
//! has been taken.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use crate::sink::SinkContext;
use crate::sink::pauses::Pauses;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub struct Connection {
    pub client: redis::Client,
    /// Host and port, for messages: the URL may hold a password.
    pub address: String,
    pub context: SinkContext,
    open: Option<redis::Connection>,
}

/// Why something was not taken.
pub enum Failure {
    /// No retry mends it.
    Refused(RedisError),
    /// The engine gave up before Redis came back.
    Stopped(String),
}

impl Connection {
    pub fn new(client: redis::Client, address: String, context: SinkContext) -> Self {
        Self { client, address, context, open: None }
    }

    /// Tries until Redis has taken all of it.
    pub fn until_taken<T>(
        &mut self,
        mut attempt: impl FnMut(&mut redis::Connection) -> Result<T, RedisError>,
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

    fn opened(&mut self) -> Result<&mut redis::Connection, RedisError> {
        match &mut self.open {
            Some(connection) => Ok(connection),
            none => {
                let mut fresh = self.client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
                fresh.set_read_timeout(Some(ANSWER_TIMEOUT))?;
                fresh.set_write_timeout(Some(ANSWER_TIMEOUT))?;
                greet(&mut fresh)?;
                Ok(none.insert(fresh))
            }
        }
    }
}

/// Makes sure that Redis is at the other end. A connection to a local port where nobody listens
/// can come to be one with itself, and an echo of our commands would read as their answers.
fn greet(connection: &mut redis::Connection) -> Result<(), RedisError> {
    let answer: redis::Value = redis::cmd("PING").query(connection)?;
    match answer {
        redis::Value::SimpleString(text) if text == "PONG" => Ok(()),
        _ => Err((ErrorKind::Parse, "what answers there is not Redis").into()),
    }
}

/// What comes round by itself or by the hand of Redis' operator: it is loading, out of memory,
/// read-only after a failover, or busy with a script.
const PASSING: [&str; 8] =
    ["LOADING", "OOM", "READONLY", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MISCONF"];

/// Whether trying again is of no use.
fn is_final(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig | ErrorKind::Client => {
            true
        }
        ErrorKind::Server(ServerErrorKind::BusyLoading) => false,
        ErrorKind::Server(_) | ErrorKind::Extension => match error.clone().into_server_errors() {
            Some(errors) => errors.iter().any(|(_, error)| !is_passing(error)),
            None => !error.code().is_some_and(|code| PASSING.contains(&code)),
        },
        _ => false,
    }
}

/// Before version 7 Redis wraps the error that a script met into one of its own.
fn is_passing(error: &ServerError) -> bool {
    let details = error.details().unwrap_or_default();
    let wrapped = || details.starts_with("Error running script");
    PASSING.contains(&error.code())
        || wrapped() && PASSING.iter().any(|code| details.contains(&format!("-{code} ")))
}
