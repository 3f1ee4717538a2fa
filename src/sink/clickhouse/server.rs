//! A ClickHouse over HTTP, asked until it answers.
//!
//! The client is the one of the webhooks: an insert is one request whose body is ready, and
//! ClickHouse's own crate would bring a second TLS.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName};

use super::options::Options;
use crate::sink::SinkContext;
use crate::sink::http::client::{Answer, Client, Outgoing};
use crate::sink::pauses::Pauses;
use crate::sink::receiver::connection;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Columns of a table, with room for the widest.
const ANSWER_MAX: usize = 4 << 20;
const REASON_CHARS: usize = 400;

const USER: HeaderName = HeaderName::from_static("x-clickhouse-user");
const KEY: HeaderName = HeaderName::from_static("x-clickhouse-key");

/// Errors that no retry mends, by ClickHouse's numbers: what is inserted does not fit the table
/// (any more), or may not be inserted. All others may pass: too many parts, out of memory, a
/// replica that is read-only, …
const FINAL: [u32; 21] = [
    8, 16, 47, 60, 81, // no such column, table or database
    33, 53, 117, 469, // other types than there, a constraint
    48, 62, 73, 115, // the server knows no such thing
    164, 192, 193, 194, 195, 291, 497, 516, // user, password and rights
];
/// Those of them that user, password or rights are at fault for.
const ACCESS: [u32; 8] = [164, 192, 193, 194, 195, 291, 497, 516];

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// No retry mends it.
    Refused(String),
    /// The engine gave up before ClickHouse came back.
    Stopped(String),
}

pub struct Server {
    client: Client,
    headers: HeaderMap,
    /// Scheme, host and port, for messages.
    address: String,
    context: SinkContext,
}

impl Server {
    pub fn new(options: &Options, context: SinkContext) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        let both = [(USER, &options.user), (KEY, &options.password)];
        for (name, value) in both {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        let address = options.url.origin().ascii_serialization();
        let client = Client::new(options.url.clone(), options.timeout, true)?.reading(ANSWER_MAX);
        Ok(Self { client, headers, address, context })
    }

    /// Asks until there is an answer. `parameters` go into the query of the URL; a statement that
    /// has no data may be the body, which ClickHouse wants to have a length.
    pub fn ask(
        &mut self,
        parameters: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Vec<u8>, Failure> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let outgoing = Outgoing {
                method: Method::POST,
                query: parameters.to_vec(),
                headers: self.headers.clone(),
                body: body.clone(),
            };
            let reason = match self.client.send(outgoing) {
                Ok(answer) if answer.status.is_success() => {
                    pauses.over(&self.context);
                    return Ok(answer.body);
                }
                Ok(answer) => self.passing(&answer)?,
                Err(connection::Failure::Passing(reason)) => reason,
                Err(connection::Failure::Forbidden(reason)) => return Err(self.refused(&reason)),
            };
            let problem = format!("ClickHouse at {}: {reason}", self.address);
            pauses.rest(problem, &self.context).map_err(Failure::Stopped)?;
        }
    }

    /// The reason of an error that may pass.
    fn passing(&self, answer: &Answer) -> Result<String, Failure> {
        let text = String::from_utf8_lossy(&answer.body);
        let Some((code, reason)) = exception(&text) else {
            let status = answer.status.as_u16();
            return Ok(format!("answered {status}, and not as ClickHouse does"));
        };
        match code {
            _ if ACCESS.contains(&code) => {
                let advice = "check 'username', 'password' and the user's rights";
                Err(self.refused(&format!("{reason}; {advice}")))
            }
            _ if FINAL.contains(&code) => Err(self.refused(&reason)),
            _ => Ok(reason),
        }
    }

    fn refused(&self, reason: &str) -> Failure {
        Failure::Refused(format!("ClickHouse at {}: {reason}", self.address))
    }
}

/// The number of an error and what it says.
fn exception(text: &str) -> Option<(u32, String)> {
    let at = text.find("Code: ")?;
    let text = &text[at..];
    let digits = text["Code: ".len()..].split(|c: char| !c.is_ascii_digit()).next()?;
    let line = text.lines().next().unwrap_or_default();
    // Old servers say everything twice.
    let line = line.replace(", e.displayText() = DB::Exception", "");
    let line = line.split(", e.what() =").next().unwrap_or_default();
    let mut reason: String = line.chars().take(REASON_CHARS).collect();
    if reason.len() < line.len() {
        reason.push('…');
    }
    Some((digits.parse().ok()?, reason))
}

#[cfg(test)]
mod tests {
    use super::exception;

    #[test]
    fn errors_of_old_and_new_servers() {
        let old = "Code: 60, e.displayText() = DB::Exception: Table d.t doesn't exist., e.what() \
                   = DB::Exception\n";
        let expected = (60, "Code: 60: Table d.t doesn't exist.".to_owned());
        assert_eq!(exception(old), Some(expected));
        let new =
            "Code: 117. DB::Exception: Type of 'a' must be Int64, not Int32. (INCORRECT_DATA)";
        assert_eq!(exception(new), Some((117, new.to_owned())));
        let long = format!("Code: 241. {}", "用".repeat(1_000));
        assert_eq!(exception(&long).unwrap().1.chars().count(), 401);
        assert_eq!(exception("<html>502 Bad Gateway</html>"), None);
    }
}
