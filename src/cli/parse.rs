//! Values of flags: durations, instants, cores, settings.

use crate::engine::{Pin, memory};
use crate::source::{EndAt, StartAt};
use std::time::Duration;

/// `5ms`, `10s`, `1min`, `2h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let wrong = || format!("`{text}` is not a duration: write 5ms, 10s, 1min or 2h");
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit: u64 = match text[digits..].trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "" if number == 0 => 0,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(wrong)
}

/// Bytes that the process may take; `None`: whatever it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(pub Option<u64>);

/// `512MiB`, `2GiB`, `auto` or `off`.
pub fn memory(text: &str) -> Result<Memory, String> {
    match text {
        "auto" => return Ok(Memory(memory::allowed_bytes())),
        "off" => return Ok(Memory(None)),
        _ => {}
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match text[digits..].trim() {
        "MiB" => Some(20),
        "GiB" => Some(30),
        _ => None,
    };
    let number = text[..digits].parse::<u64>().ok().filter(|number| *number > 0);
    let bytes = number.zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift));
    let wrong = || format!("`{text}` is not a size: write 512MiB, 2GiB, auto or off");
    bytes.map(|bytes| Memory(Some(bytes))).ok_or_else(wrong)
}

/// Milliseconds since the epoch, or an ISO instant.
pub fn instant(text: &str) -> Option<i64> {
    let written = || text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond());
    text.parse().ok().or_else(written)
}

/// An instant as ms, or how long ago.
pub fn moment(text: &str) -> Result<i64, String> {
    let ago = || {
        let ago = i64::try_from(duration(text).ok()?.as_millis()).ok()?;
        Some(jiff::Timestamp::now().as_millisecond().saturating_sub(ago))
    };
    instant(text).or_else(ago).ok_or_else(|| {
        format!("`{text}`: write 2026-01-05T10:30:00Z, milliseconds, or 2h for two hours ago")
    })
}

pub fn start(text: &str) -> Result<StartAt, String> {
    match text {
        "earliest" => Ok(StartAt::Earliest),
        "latest" => Ok(StartAt::Latest),
        _ => instant(text).map(StartAt::Timestamp).ok_or_else(|| {
            format!("`{text}`: write earliest, latest, 2026-01-05T10:30:00Z or milliseconds")
        }),
    }
}

pub fn end(text: &str) -> Result<EndAt, String> {
    match text {
        "end" => Ok(EndAt::End),
        _ => instant(text)
            .map(EndAt::Timestamp)
            .ok_or_else(|| format!("`{text}`: write end, 2026-01-05T10:30:00Z or milliseconds")),
    }
}

pub fn shards(text: &str) -> Result<Option<usize>, String> {
    match text.parse::<usize>() {
        _ if text == "auto" => Ok(None),
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(format!("`{text}`: write auto or a number from 1")),
    }
}

/// `auto`, `off`, or cores as `0,2,4-7`.
pub fn pin(text: &str) -> Result<Pin, String> {
    let wrong = || format!("`{text}`: write auto, off or cores such as 0,2,4-7");
    match text {
        "auto" => return Ok(Pin::Auto),
        "off" => return Ok(Pin::Off),
        _ => {}
    }
    let mut cores = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: usize = first.parse().map_err(|_| wrong())?;
        let last: usize = last.parse().map_err(|_| wrong())?;
        if first > last || last > 4096 {
            return Err(wrong());
        }
        cores.extend(first..=last);
    }
    Ok(Pin::Cores(cores))
}

pub fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}`: write key=value"))?;
    Ok((key.trim().to_string(), value.to_string()))
}
