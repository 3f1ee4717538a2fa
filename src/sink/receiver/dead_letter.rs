//! Rows that a receiver would not have: counted, told of now and then, and kept in a file where
//! the table names one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::metrics::Counter;

/// At most one line in the log in this time, with the count of all so far.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

pub struct DeadLetters {
    table: String,
    /// The receiver, of a URL what holds no password.
    url: String,
    path: PathBuf,
    file: Option<File>,
    counter: Counter,
    log: Throttle,
}

impl DeadLetters {
    pub fn open(
        table: &str,
        url: String,
        path: Option<PathBuf>,
        counter: Counter,
    ) -> Result<Self, String> {
        let open = |path: &PathBuf| {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            OpenOptions::new().create(true).append(true).open(path)
        };
        let file = path.as_ref().map(open).transpose();
        let path = path.unwrap_or_default();
        let file =
            file.map_err(|error| format!("'dead-letter.path' = '{}': {error}", path.display()))?;
        let (table, log) = (table.to_owned(), Throttle::default());
        Ok(Self { table, url, path, file, counter, log })
    }

    /// `rows` are JSON objects.
    pub fn add(&mut self, rows: &[String], reason: &str) -> Result<(), String> {
        self.counter.add(rows.len() as u64);
        if self.log.is_due(Instant::now()) {
            let (table, total, kept) = (&self.table, self.counter.get(), self.file.is_some());
            tracing::warn!(table, reason, total, kept, "a row could not be delivered");
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let (time, url, reason) = (jiff::Timestamp::now(), text(&self.url), text(reason));
        let line = |row: &String| {
            format!("{{\"time\":\"{time:.3}\",\"url\":{url},\"reason\":{reason},\"row\":{row}}}\n")
        };
        let lines: String = rows.iter().map(line).collect();
        let written = file.write_all(lines.as_bytes());
        written.map_err(|error| self.failure(&error))
    }

    /// Returns once all is on the disk.
    pub fn flush(&mut self) -> Result<(), String> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        synced.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &std::io::Error) -> String {
        format!("cannot write dead letters to {}: {error}", self.path.display())
    }
}

/// Says yes at most once in the interval. Time is given, never asked for.
#[derive(Default)]
struct Throttle {
    last: Option<Instant>,
}

impl Throttle {
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= LOG_INTERVAL);
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::{DeadLetters, Throttle};
    use crate::metrics::Counter;
    use std::time::{Duration, Instant};

    #[test]
    fn once_a_minute() {
        let (start, mut log) = (Instant::now(), Throttle::default());
        let due: Vec<u64> =
            (0..200).filter(|&s| log.is_due(start + Duration::from_secs(s))).collect();
        assert_eq!(due, [0, 60, 120, 180]);
    }

    #[test]
    fn lines_hold_the_row_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (path, counter) = (folder.path().join("a/dead.jsonl"), Counter::default());
        let url = "http://host:1/path".to_owned();
        let mut dead = DeadLetters::open("t", url, Some(path.clone()), counter.clone()).unwrap();
        dead.add(&[r#"{"a":1}"#.into(), r#"{"a":2}"#.into()], "answered \"404\"").unwrap();
        dead.flush().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), counter.get()), (2, 2));
        assert_eq!(lines[1]["row"]["a"], 2);
        assert_eq!(lines[0]["url"], "http://host:1/path");
        assert_eq!(lines[0]["reason"], "answered \"404\"");
        assert!(lines[0]["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    }
}
