//! The sample: the first lines of a file, or the newest records of a topic.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::seen::Members;
use crate::kafka::{Role, client_config, explain};

/// How long one answer of a broker is waited for.
const QUESTION: Duration = Duration::from_secs(10);
/// How long records may stay away that the broker has said are there.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Raw {
    pub value: Vec<u8>,
    pub key: Option<Vec<u8>>,
    pub partition: i32,
}

/// Records in the order of each partition; those without a value are left out.
#[derive(Default)]
pub struct Sample {
    pub records: Vec<Raw>,
}

pub type Options = BTreeMap<Arc<str>, Arc<str>>;

impl Sample {
    /// The records that are objects, with their partitions.
    pub fn objects(&self) -> impl Iterator<Item = (i32, Members<'_>)> {
        self.records.iter().filter_map(|raw| Some((raw.partition, members(&raw.value)?)))
    }

    pub fn of_file(path: &Path, records: usize) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let file = std::fs::File::open(path).map_err(told)?;
        let mut sample = Self::default();
        for line in std::io::BufReader::new(file).split(b'\n') {
            let mut value = line.map_err(told)?;
            value.pop_if(|last| *last == b'\r');
            if !value.is_empty() {
                sample.records.push(Raw { value, key: None, partition: 0 });
            }
            if sample.records.len() == records {
                break;
            }
        }
        Ok(sample)
    }

    /// The newest records of each partition, about as many of each.
    pub fn of_topic(options: &Options, topic: &str, records: usize) -> Result<Self, String> {
        let failed = |error: KafkaError| format!("Kafka topic '{topic}': {}", explain(&error));
        let config = client_config(options, Role::Consumer)?;
        let consumer: BaseConsumer = config.create().map_err(failed)?;
        let metadata = consumer.fetch_metadata(Some(topic), QUESTION).map_err(failed)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let partitions = found.map_or(0, |found| found.partitions().len());
        if partitions == 0 {
            return Err(format!("Kafka topic '{topic}' is not there"));
        }
        let each = records.div_ceil(partitions) as i64;
        let (mut list, mut left) = (TopicPartitionList::new(), BTreeMap::new());
        for partition in 0..partitions as i32 {
            let (low, high) =
                consumer.fetch_watermarks(topic, partition, QUESTION).map_err(failed)?;
            if high > low {
                let from = Offset::Offset(low.max(high - each));
                list.add_partition_offset(topic, partition, from).map_err(failed)?;
                left.insert(partition, high);
            }
        }
        consumer.assign(&list).map_err(failed)?;
        let mut sample = Self::default();
        let started = Instant::now();
        // The end of a log may be a transaction's marker, which is no record.
        while !left.is_empty() && started.elapsed() < PATIENCE {
            match consumer.poll(Duration::from_millis(100)) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(left.remove(&partition)),
                Some(Err(error)) => return Err(failed(error)),
                Some(Ok(message)) => {
                    if left
                        .get(&message.partition())
                        .is_some_and(|end| message.offset() + 1 >= *end)
                    {
                        left.remove(&message.partition());
                    }
                    sample.records.extend(message.payload().map(|value| Raw {
                        value: value.to_vec(),
                        key: message.key().map(<[u8]>::to_vec),
                        partition: message.partition(),
                    }));
                }
            }
        }
        sample.records.truncate(records);
        Ok(sample)
    }
}

/// An object's members; `None`: it is no object.
pub fn members(value: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(value).ok()
}
