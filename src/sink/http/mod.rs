//! What the sinks that speak HTTP to a receiver of messages share: options, address rules, the
//! client, retries, the rate, templates and dead letters.

mod address;
pub mod client;
mod dead_letter;
pub mod delivery;
mod rate;
mod retry;
pub mod rows;
pub mod signature;
pub mod template;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use self::rate::Rate;
use self::retry::Backoff;
use crate::metrics::{Counter, Metrics};
use crate::sink::options::{option, parse_duration};
use crate::sql::plan::Table;

const TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The options that all of these sinks have. No error quotes the URL: it may hold a password.
pub struct Setup {
    pub url: Url,
    pub timeout: Duration,
    pub allow_private: bool,
    pub backoff: Backoff,
    pub rate: Option<Rate>,
    pub dead_letter: Option<PathBuf>,
}

impl Setup {
    pub fn parse(table: &Table, default_rate: Option<&str>) -> Result<Self, String> {
        let allow_private = match option(table, "allow-private") {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => {
                return Err(format!("'allow-private' = '{other}' is neither 'true' nor 'false'"));
            }
        };
        let duration = |name: &str, default: Duration| match option(table, name) {
            Some(text) => parse_duration(text).map_err(|error| format!("'{name}': {error}")),
            None => Ok(default),
        };
        let attempts = match option(table, "retry.attempts").map(str::parse) {
            None => ATTEMPTS,
            Some(Ok(attempts @ 1..)) => attempts,
            Some(_) => return Err("'retry.attempts' is not a number from 1 on".to_owned()),
        };
        let rate = option(table, "rate-limit").or(default_rate).map(Rate::parse).transpose();
        Ok(Self {
            url: receiver(option(table, "url").unwrap_or_default(), allow_private)?,
            timeout: duration("timeout", TIMEOUT)?,
            allow_private,
            backoff: Backoff { first: duration("retry.backoff", FIRST_PAUSE)?, attempts },
            rate: rate.map_err(|error| format!("'rate-limit': {error}"))?,
            dead_letter: option(table, "dead-letter.path").map(PathBuf::from),
        })
    }
}

/// A secret that is not empty: a variable without a value means that there is none.
pub fn secret(table: &Table) -> Option<String> {
    option(table, "secret").filter(|secret| !secret.is_empty()).map(str::to_owned)
}

pub fn dead_letter_counter(table: &Table, metrics: &Metrics) -> Counter {
    let help = "Rows that a receiver would not have";
    metrics.counter("pelton_sink_dead_letters_total", help, &[("sink", &table.name)])
}

fn receiver(text: &str, allow_private: bool) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("'url' is not of the form https://host/path: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("'url': only http and https are spoken".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("'url' holds a user or a password: use 'headers.Authorization'".to_owned());
    }
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => Some(v4.into()),
        Some(Host::Ipv6(v6)) => Some(v6.into()),
        _ => None,
    };
    match address.and_then(|address| address::refusal(address, allow_private)) {
        Some(reason) => Err(format!("'url': {reason}")),
        None => Ok(url),
    }
}
