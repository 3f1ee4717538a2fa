//! What the sinks that bring messages to a receiver share, whatever they speak: options, address
//! rules, the connection, retries, the rate, digests, templates and dead letters.

pub mod address;
pub mod connection;
pub mod dead_letter;
pub mod delivery;
pub mod digest;
mod rate;
mod retry;
pub mod rows;
pub mod template;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use self::rate::Rate;
use self::retry::Backoff;
use self::rows::Rows;
use self::template::Template;
use crate::sink::options::{duration, option};
use crate::sql::plan::Table;

/// What a receiver's words are cut to, in characters.
const WORDS_MAX: usize = 200;

/// What holds where the table says nothing.
pub struct Defaults {
    pub timeout: Duration,
    /// Tries in all.
    pub attempts: u32,
    pub first_pause: Duration,
    pub rate: Option<&'static str>,
    pub allow_private: bool,
}

/// The options that all of these sinks have.
pub struct Setup {
    pub timeout: Duration,
    pub allow_private: bool,
    pub backoff: Backoff,
    pub rate: Option<Rate>,
    pub dead_letter: Option<PathBuf>,
}

impl Setup {
    pub fn parse(table: &Table, defaults: &Defaults) -> Result<Self, String> {
        let allow_private = match option(table, "allow-private") {
            None => defaults.allow_private,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                return Err(format!("'allow-private' = '{other}' is neither 'true' nor 'false'"));
            }
        };
        let attempts = match option(table, "retry.attempts").map(str::parse) {
            None => defaults.attempts,
            Some(Ok(attempts @ 1..)) => attempts,
            Some(_) => return Err("'retry.attempts' is not a number from 1 on".to_owned()),
        };
        let rate = option(table, "rate-limit").or(defaults.rate).map(Rate::parse).transpose();
        Ok(Self {
            timeout: duration(table, "timeout", defaults.timeout)?,
            allow_private,
            backoff: Backoff {
                first: duration(table, "retry.backoff", defaults.first_pause)?,
                attempts,
            },
            rate: rate.map_err(|error| format!("'rate-limit': {error}"))?,
            dead_letter: option(table, "dead-letter.path").map(PathBuf::from),
        })
    }
}

/// A template of plain text that an option gives, or `default`.
pub fn template(table: &Table, name: &str, default: &str, rows: &Rows) -> Result<Template, String> {
    let text = option(table, name).unwrap_or(default);
    Template::plain(text, rows).map_err(|error| format!("'{name}': {error}"))
}

/// A secret that is not empty: a variable without a value means that there is none.
pub fn secret(table: &Table, name: &str) -> Option<String> {
    option(table, name).filter(|secret| !secret.is_empty()).map(str::to_owned)
}

/// The receiver's words without secrets and control characters.
pub fn shown(words: &str, hidden: &[String]) -> String {
    let hide = |text: String, secret: &String| text.replace(secret, "***");
    let text = hidden.iter().fold(words.to_owned(), hide);
    text.chars().take(WORDS_MAX).collect::<String>().escape_debug().to_string()
}
