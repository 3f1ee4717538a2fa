//! Where each partition starts and where it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::explain;
use crate::source::{Bounds, EndAt, Position, StartAt};

/// How long one question to the broker may take, and how long it is asked again.
const QUESTION: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// A partition's first offset to read and, for bounded input, the first one not to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub partition: i32,
    pub start: i64,
    pub end: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Earliest,
    Latest,
    GroupOffsets,
    Timestamp(i64),
    Specific(BTreeMap<i32, i64>),
}

/// Answers all questions of one topic with the same patience.
pub struct Resolver<'a> {
    pub consumer: &'a BaseConsumer,
    pub topic: &'a str,
    pub options: &'a BTreeMap<Arc<str>, Arc<str>>,
}

impl Resolver<'_> {
    /// `restored` wins over `bounds`, which wins over the table's option. A partition that
    /// `restored` does not know because it was added since is read from its beginning.
    pub fn resolve(
        &self,
        partitions: &[i32],
        restored: Option<&[Position]>,
        bounds: &Bounds,
    ) -> Result<Vec<Range>, String> {
        let known: BTreeMap<i32, i64> =
            restored.into_iter().flatten().map(|at| (at.partition, at.next)).collect();
        let newest_known = known.keys().next_back().copied();
        let mode = self.mode(bounds)?;
        let asked: Vec<i32> =
            partitions.iter().copied().filter(|p| !known.contains_key(p)).collect();
        let starts = self.starts(&asked, &mode)?;
        let ends = self.ends(partitions, bounds.until)?;
        let mut ranges = Vec::with_capacity(partitions.len());
        for &partition in partitions {
            let start = match known.get(&partition) {
                Some(&next) => next,
                None if newest_known.is_some_and(|newest| partition > newest) => 0,
                None => starts[&partition],
            };
            ranges.push(Range { partition, start, end: ends.get(&partition).copied() });
        }
        Ok(ranges)
    }

    fn mode(&self, bounds: &Bounds) -> Result<Mode, String> {
        match bounds.from {
            Some(StartAt::Earliest) => return Ok(Mode::Earliest),
            Some(StartAt::Latest) => return Ok(Mode::Latest),
            Some(StartAt::Timestamp(ms)) => return Ok(Mode::Timestamp(ms)),
            None => {}
        }
        startup_mode(self.options)
    }

    fn starts(&self, partitions: &[i32], mode: &Mode) -> Result<BTreeMap<i32, i64>, String> {
        match mode {
            Mode::Earliest => self.watermarks(partitions, |low, _| low),
            Mode::Latest => self.watermarks(partitions, |_, high| high),
            Mode::Timestamp(ms) => self.at_time(partitions, *ms),
            Mode::Specific(offsets) => self.or_reset(partitions, offsets.clone()),
            Mode::GroupOffsets => {
                let list = self.list(partitions, Offset::Invalid);
                let list = self.ask(|| self.consumer.committed_offsets(list.clone(), QUESTION))?;
                self.or_reset(partitions, offsets_of(&list))
            }
        }
    }

    /// Partitions without an offset start as `auto.offset.reset` says: by default at their
    /// beginning, so that a job's first run sees all there is.
    fn or_reset(
        &self,
        partitions: &[i32],
        mut found: BTreeMap<i32, i64>,
    ) -> Result<BTreeMap<i32, i64>, String> {
        let missing: Vec<i32> =
            partitions.iter().copied().filter(|p| !found.contains_key(p)).collect();
        let reset = self.options.get("properties.auto.offset.reset").map_or("earliest", |r| r);
        let rest = match reset {
            "latest" | "largest" | "end" => self.watermarks(&missing, |_, high| high)?,
            "none" | "error" if !missing.is_empty() => {
                return Err(format!(
                    "Kafka topic '{}': no start offset for partitions {missing:?} and \
                     'properties.auto.offset.reset' is '{reset}'; set 'scan.startup.mode'",
                    self.topic
                ));
            }
            _ => self.watermarks(&missing, |low, _| low)?,
        };
        found.extend(rest);
        Ok(found)
    }

    fn ends(&self, partitions: &[i32], until: Option<EndAt>) -> Result<BTreeMap<i32, i64>, String> {
        match until {
            None => Ok(BTreeMap::new()),
            Some(EndAt::End) => self.watermarks(partitions, |_, high| high),
            Some(EndAt::Timestamp(ms)) => self.at_time(partitions, ms),
        }
    }

    fn watermarks(
        &self,
        partitions: &[i32],
        choose: fn(i64, i64) -> i64,
    ) -> Result<BTreeMap<i32, i64>, String> {
        let mut found = BTreeMap::new();
        for &partition in partitions {
            let (low, high) =
                self.ask(|| self.consumer.fetch_watermarks(self.topic, partition, QUESTION))?;
            found.insert(partition, choose(low, high));
        }
        Ok(found)
    }

    /// The first offset at or after a time; the log end where there is none.
    fn at_time(&self, partitions: &[i32], ms: i64) -> Result<BTreeMap<i32, i64>, String> {
        // The library takes no question about nothing.
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let list = self.list(partitions, Offset::Offset(ms));
        let list = self.ask(|| self.consumer.offsets_for_times(list.clone(), QUESTION))?;
        let mut found = offsets_of(&list);
        let late: Vec<i32> =
            partitions.iter().copied().filter(|p| !found.contains_key(p)).collect();
        found.extend(self.watermarks(&late, |_, high| high)?);
        Ok(found)
    }

    fn list(&self, partitions: &[i32], offset: Offset) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &partition in partitions {
            // Fails only for offsets that have no number, which none of the callers gives.
            let _ = list.add_partition(self.topic, partition).set_offset(offset);
        }
        list
    }

    fn ask<T>(&self, question: impl Fn() -> KafkaResult<T>) -> Result<T, String> {
        let started = Instant::now();
        loop {
            match question() {
                Ok(answer) => return Ok(answer),
                Err(error) if started.elapsed() > PATIENCE => {
                    return Err(format!("Kafka topic '{}': {}", self.topic, explain(&error)));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }
}

fn offsets_of(list: &TopicPartitionList) -> BTreeMap<i32, i64> {
    let mut found = BTreeMap::new();
    for element in list.elements() {
        if let (Ok(()), Offset::Offset(offset)) = (element.error(), element.offset()) {
            found.insert(element.partition(), offset);
        }
    }
    found
}

fn startup_mode(options: &BTreeMap<Arc<str>, Arc<str>>) -> Result<Mode, String> {
    let option = |name: &str| options.get(name).map(|value| &**value);
    match option("scan.startup.mode").unwrap_or("group-offsets") {
        "earliest-offset" => Ok(Mode::Earliest),
        "latest-offset" => Ok(Mode::Latest),
        "group-offsets" => Ok(Mode::GroupOffsets),
        "timestamp" => option("scan.startup.timestamp-millis")
            .and_then(|ms| ms.trim().parse().ok())
            .map(Mode::Timestamp)
            .ok_or_else(|| {
                "'scan.startup.mode' = 'timestamp' needs 'scan.startup.timestamp-millis'".into()
            }),
        "specific-offsets" => {
            let text = option("scan.startup.specific-offsets").unwrap_or_default();
            specific_offsets(text).map(Mode::Specific)
        }
        other => Err(format!(
            "'scan.startup.mode' = '{other}': one of earliest-offset, latest-offset, \
             group-offsets, timestamp, specific-offsets"
        )),
    }
}

/// `partition:0,offset:42;partition:1,offset:300`.
fn specific_offsets(text: &str) -> Result<BTreeMap<i32, i64>, String> {
    let parse = |entry: &str| {
        let (partition, offset) = entry.split_once(',')?;
        let partition = partition.trim().strip_prefix("partition:")?.trim().parse().ok()?;
        let offset = offset.trim().strip_prefix("offset:")?.trim().parse().ok()?;
        Some((partition, offset))
    };
    let entries = text.split(';').filter(|entry| !entry.trim().is_empty());
    let found: Option<BTreeMap<i32, i64>> = entries.map(parse).collect();
    found.filter(|found| !found.is_empty()).ok_or_else(|| {
        format!(
            "'scan.startup.specific-offsets' = '{text}': write \
             'partition:0,offset:42;partition:1,offset:300'"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specific_offsets_are_read() {
        let found = specific_offsets("partition:0,offset:42; partition:1,offset:300").unwrap();
        assert_eq!(found, BTreeMap::from([(0, 42), (1, 300)]));
        assert!(specific_offsets("0:42").is_err());
        assert!(specific_offsets("").is_err());
    }

    #[test]
    fn modes() {
        let mode = |entries: &[(&str, &str)]| {
            startup_mode(&entries.iter().map(|&(k, v)| (k.into(), v.into())).collect())
        };
        assert_eq!(mode(&[]), Ok(Mode::GroupOffsets));
        let timestamp = ("scan.startup.mode", "timestamp");
        assert!(mode(&[timestamp]).is_err());
        let at = ("scan.startup.timestamp-millis", "5");
        assert_eq!(mode(&[timestamp, at]), Ok(Mode::Timestamp(5)));
        assert!(mode(&[("scan.startup.mode", "somewhere")]).is_err());
    }
}
