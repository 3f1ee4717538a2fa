//! Topics of a real Kafka that tests make and read.

use std::collections::BTreeSet;
use std::time::Duration;

use pelton::kafka::{CreateTopic, TopicAdmin};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// For an answer of the broker.
const ANSWER_MAX: Duration = Duration::from_secs(60);

pub fn client(kafka: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka).set("group.id", "test");
    config.set("isolation.level", "read_committed").set("enable.auto.commit", "false");
    config
}

/// Makes a topic if it is missing. `bytes_max`: of a batch of records, where it is not the broker's.
pub fn make_topic(kafka: &str, topic: &str, partitions: i32, bytes_max: Option<u32>) {
    let wanted = CreateTopic { partitions, replication: 1, bytes_max };
    TopicAdmin::new(&client(kafka), ANSWER_MAX).unwrap().ensure(topic, wanted).unwrap();
}

/// Shows each record that a topic holds, but for what transactions have not committed. A topic that is
/// not there holds none.
pub fn each_record(config: &ClientConfig, topic: &str, mut show: impl FnMut(&BorrowedMessage<'_>)) {
    let consumer: BaseConsumer =
        config.clone().set("enable.partition.eof", "true").create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER_MAX).unwrap();
    let partitions = metadata.topics()[0].partitions().len();
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions as i32 {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    // More than once where the end moves on, by the mark of a transaction.
    let mut ended = BTreeSet::new();
    while ended.len() < partitions {
        match consumer.poll(ANSWER_MAX).expect("an answer of the broker") {
            Ok(record) => show(&record),
            Err(KafkaError::PartitionEOF(partition)) => drop(ended.insert(partition)),
            // It says so and goes on: a broker that comes up again may be away for a moment.
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown)) => {}
            Err(error) => panic!("{topic}: {error}"),
        }
    }
}
