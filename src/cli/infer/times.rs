//! Which column says when something happened, and how far out of order that comes.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::columns::Column;
use super::names::quoted;
use super::sample::Sample;
use super::seen::{Members, text};
use crate::record::DataType;
use crate::time;

/// A column of times: one that is there, or one that can be computed.
#[derive(Clone, Debug)]
pub struct Time {
    /// The column that the records have.
    pub from: String,
    /// What to compute; `None`: `from` is a time itself.
    pub expression: Option<String>,
    /// What `from` holds.
    pub unit: Unit,
    /// All records have one.
    pub always: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
    Text,
}

impl Unit {
    pub fn told(self) -> &'static str {
        match self {
            Self::Seconds => "seconds since 1970",
            Self::Millis => "milliseconds since 1970",
            Self::Micros => "microseconds since 1970",
            Self::Nanos => "nanoseconds since 1970",
            Self::Text => "a time as text",
        }
    }

    /// 2001 to 2100, in seconds, and what a unit makes of it.
    fn of(least: f64, most: f64) -> Option<Self> {
        let units =
            [(Self::Seconds, 1.0), (Self::Millis, 1e3), (Self::Micros, 1e6), (Self::Nanos, 1e9)];
        let fits = |&(_, factor): &(Self, f64)| least >= 1e9 * factor && most < 4.1e9 * factor;
        units.into_iter().find(fits).map(|(unit, _)| unit)
    }
}

/// Names that say that a number is a time.
const HINTS: [&str; 12] = [
    "time", "date", "stamp", "_at", "_ts", "_on", "epoch", "created", "updated", "occurred",
    "when", "since",
];

/// Names of the time that counts, the likeliest first.
const LIKELY: [&str; 9] = [
    "event_time",
    "eventtime",
    "event_timestamp",
    "timestamp",
    "@timestamp",
    "ts",
    "time",
    "occurred_at",
    "created_at",
];

fn is_hint(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let camel = ["At", "On", "Ts"].iter().any(|end| name.ends_with(end));
    camel || matches!(&*lower, "ts" | "t" | "at") || HINTS.iter().any(|hint| lower.contains(hint))
}

/// All columns of times, the one that counts most likely first.
pub fn times(columns: &[Column], records: u64) -> Vec<Time> {
    let mut found: Vec<Time> =
        columns.iter().filter_map(|column| time_of(column, records)).collect();
    let rank = |time: &Time| {
        let lower = time.from.to_ascii_lowercase();
        let likely = LIKELY.iter().position(|likely| *likely == lower);
        (!time.always, likely.unwrap_or(LIKELY.len()))
    };
    found.sort_by_key(rank);
    found
}

fn time_of(column: &Column, records: u64) -> Option<Time> {
    let seen = &column.seen;
    let name = quoted(&column.name);
    let always = seen.nulls == 0 && seen.times() == records;
    let time = |expression: Option<String>, unit: Unit| {
        Some(Time { from: column.name.clone(), expression, unit, always })
    };
    match &column.data_type {
        DataType::Timestamp { .. } | DataType::TimestampLtz { .. } => time(None, Unit::Text),
        // Written in the other of the two standards.
        DataType::String { .. }
            if seen.texts.count > 0 && seen.texts.sql_local == seen.texts.count =>
        {
            time(Some(format!("TO_TIMESTAMP({name})")), Unit::Text)
        }
        kind @ (DataType::BigInt | DataType::Double) if is_hint(&column.name) => {
            let unit = Unit::of(seen.numbers.least?, seen.numbers.most?)?;
            let millis = match (unit, kind) {
                (Unit::Seconds, DataType::BigInt) => format!("{name} * 1000"),
                (Unit::Seconds, _) => format!("CAST({name} * 1000 AS BIGINT)"),
                (Unit::Millis, DataType::BigInt) => name,
                (Unit::Millis, _) => format!("CAST({name} AS BIGINT)"),
                (Unit::Micros, DataType::BigInt) => format!("{name} / 1000"),
                (Unit::Micros, _) => format!("CAST({name} / 1000 AS BIGINT)"),
                (Unit::Nanos, DataType::BigInt) => format!("{name} / 1000000"),
                _ => format!("CAST({name} / 1000000 AS BIGINT)"),
            };
            time(Some(format!("TO_TIMESTAMP_LTZ({millis}, 3)")), unit)
        }
        _ => None,
    }
}

/// How the times of a sample lie, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub first: i64,
    pub last: i64,
    /// How far a record came behind a later one of its partition, at most.
    pub behind: i64,
}

pub fn spread(sample: &Sample, time: &Time) -> Option<Spread> {
    let mut newest: HashMap<i32, i64> = HashMap::new();
    let mut spread: Option<Spread> = None;
    for (partition, members) in sample.objects() {
        let Some(ms) = value_of(&members, &time.from).and_then(|raw| millis(raw, time.unit)) else {
            continue;
        };
        let newest = newest.entry(partition).or_insert(ms);
        *newest = (*newest).max(ms);
        let behind = *newest - ms;
        let before = spread.unwrap_or(Spread { first: ms, last: ms, behind });
        spread = Some(Spread {
            first: before.first.min(ms),
            last: before.last.max(ms),
            behind: before.behind.max(behind),
        });
    }
    spread
}

pub fn value_of<'a>(members: &Members<'a>, name: &str) -> Option<&'a RawValue> {
    members.0.iter().rev().find(|(member, _)| member == name).map(|(_, value)| *value)
}

fn millis(raw: &RawValue, unit: Unit) -> Option<i64> {
    if unit == Unit::Text {
        let text = text(raw.get());
        let sql = || time::parse_timestamp_sql(text.strip_suffix('Z').unwrap_or(&text));
        return time::parse_iso8601(&text).or_else(sql);
    }
    let value: f64 = raw.get().parse().ok()?;
    let factor = match unit {
        Unit::Seconds => 1e3,
        Unit::Micros => 1e-3,
        Unit::Nanos => 1e-6,
        Unit::Millis | Unit::Text => 1.0,
    };
    Some((value * factor) as i64)
}

/// Delays that people write, in seconds.
const DELAYS: [i64; 9] = [5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

/// A delay that all of the sample is in time for, with some room; the largest where none is.
pub fn delay_seconds(behind_ms: i64) -> i64 {
    let wanted = behind_ms + behind_ms / 2;
    let fits = |seconds: &&i64| **seconds * 1_000 >= wanted;
    DELAYS.iter().find(fits).copied().unwrap_or(DELAYS[DELAYS.len() - 1])
}
