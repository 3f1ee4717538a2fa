//! The records that a case feeds to a table: lines of JSON, each the value of a record, or
//! records with their key, partition and timestamp.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::cli::parse;

/// What the name of a file of whole records ends with, before `.jsonl`.
pub const WHOLE: &str = ".records";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    pub key: Option<Vec<u8>>,
    pub partition: i32,
    /// Number in its partition.
    pub offset: i64,
    /// ms; -1 where neither it nor a record before it says one.
    pub timestamp: i64,
}

/// A line of a file of whole records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    value: Value,
    #[serde(default)]
    key: Value,
    #[serde(default)]
    partition: u16,
    timestamp: Option<Value>,
}

/// Reads a file. Values are taken as they stand: what is no JSON is for the job to reject.
pub fn read(path: &Path, whole: bool) -> Result<Vec<Record>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut records: Vec<Record> = Vec::new();
    let mut offsets = std::collections::HashMap::new();
    for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let mut record = match whole {
            true => record(line)
                .map_err(|error| format!("{}:{}: {error}", path.display(), number + 1))?,
            false => Record { value: Some(line.to_vec()), timestamp: -1, ..Record::default() },
        };
        if record.timestamp < 0 {
            record.timestamp = records.last().map_or(-1, |before| before.timestamp);
        }
        let next = offsets.entry(record.partition).or_insert(0);
        record.offset = *next;
        *next += 1;
        records.push(record);
    }
    Ok(records)
}

fn record(line: &[u8]) -> Result<Record, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        format!(
            "{error}; a record is {{\"value\": …, \"key\": …, \"partition\": 0, \"timestamp\": …}}, \
             all but the value optional"
        )
    })?;
    let timestamp = match line.timestamp {
        None => -1,
        Some(given) => {
            let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
            parse::instant(&text).filter(|&ms| ms >= 0).ok_or_else(|| {
                format!("timestamp {given}: write milliseconds or \"2026-01-05T10:30:00Z\"")
            })?
        }
    };
    let (value, key) = (bytes(line.value), bytes(line.key));
    Ok(Record { value, key, partition: line.partition.into(), offset: 0, timestamp })
}

/// A text stands for its own bytes, so that what is no JSON can be written down too.
fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.into_bytes()),
        other => Some(other.to_string().into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Record, String> {
        record(line.as_bytes())
    }

    #[test]
    fn whole_records() {
        let found = of(r#"{"value":{"a":1.50},"key":"k","partition":2,"timestamp":5}"#).unwrap();
        assert_eq!(found.value.as_deref(), Some(&br#"{"a":1.50}"#[..]));
        assert_eq!((found.key.as_deref(), found.partition), (Some(&b"k"[..]), 2));
        assert_eq!(found.timestamp, 5);
        let found = of(r#"{"value":null,"timestamp":"1970-01-01T00:00:01Z"}"#).unwrap();
        assert_eq!((found.value, found.timestamp), (None, 1_000));
        assert_eq!(of(r#"{"value":"{broken"}"#).unwrap().value.unwrap(), b"{broken");
        assert!(of(r#"{"vlaue":1}"#).unwrap_err().contains("unknown field `vlaue`"));
        assert!(of(r#"{"value":1,"timestamp":"noon"}"#).unwrap_err().starts_with("timestamp"));
    }
}
