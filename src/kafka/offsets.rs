//! Committed offsets of a group, with the text that is kept beside them.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::explain;

/// The broker's limit on the text beside an offset (`offset.metadata.max.bytes`).
const METADATA_MAX: usize = 4096;

/// One partition's committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub topic: String,
    pub partition: i32,
    /// The next offset to read.
    pub next: i64,
    pub metadata: String,
}

/// Commits and reads the offsets of one group. Partitions are assigned by us and never by the
/// group, so such a commit is not fenced: only a transactional producer's is.
pub struct Offsets {
    consumer: BaseConsumer,
    group: String,
}

impl Offsets {
    /// `config` as of [`super::Role::Admin`].
    pub fn new(config: &ClientConfig, group: &str) -> Result<Self, String> {
        let mut config = config.clone();
        config.set("group.id", group);
        let consumer = config.create().map_err(|error| explain(&error))?;
        Ok(Self { consumer, group: group.to_string() })
    }

    /// Returns once the broker has stored the offsets.
    pub fn commit(&self, offsets: &[Committed]) -> Result<(), String> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for Committed { topic, partition, next, metadata } in offsets {
            if metadata.len() > METADATA_MAX {
                let len = metadata.len();
                return Err(format!("{len} bytes beside an offset: at most {METADATA_MAX} fit"));
            }
            let mut element = list.add_partition(topic, *partition);
            element.set_offset(Offset::Offset(*next)).map_err(|error| self.failed(error))?;
            if !metadata.is_empty() {
                element.set_metadata(metadata);
            }
        }
        self.consumer.commit(&list, CommitMode::Sync).map_err(|error| self.failed(error))
    }

    /// What is committed for these partitions; one without a committed offset is left out.
    pub fn committed(
        &self,
        partitions: &[(String, i32)],
        timeout: Duration,
    ) -> Result<Vec<Committed>, String> {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for (topic, partition) in partitions {
            list.add_partition(topic, *partition);
        }
        let list =
            self.consumer.committed_offsets(list, timeout).map_err(|error| self.failed(error))?;
        let mut found = Vec::new();
        for element in list.elements() {
            element.error().map_err(|error| self.failed(error))?;
            if let Offset::Offset(next) = element.offset() {
                found.push(Committed {
                    topic: element.topic().to_string(),
                    partition: element.partition(),
                    next,
                    metadata: element.metadata().to_string(),
                });
            }
        }
        Ok(found)
    }

    fn failed(&self, error: rdkafka::error::KafkaError) -> String {
        format!("offsets of Kafka group '{}': {error}", self.group)
    }
}
