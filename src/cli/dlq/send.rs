//! The producer of a replay: within transactions, or without where they could not cover it all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::letter::{Letter, RECEIPT, Receipt};
use super::place::Options;
use crate::kafka::{
    Deliveries, Role, client_config, explain, flush_all, partition_count, take_any_size,
};

/// How long one step may take: to connect, to send what was handed over, to commit it.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(20);

pub struct Sender {
    producer: BaseProducer<Deliveries>,
    config: ClientConfig,
    /// Partitions of the topics that were sent to.
    partitions: HashMap<String, i32>,
}

impl Sender {
    /// With `transactional_id`, an older replay of that id is fenced, and what it left open ended.
    pub fn open(options: &Options, transactional_id: Option<&str>) -> Result<Self, String> {
        let mut config = client_config(options, Role::Producer)?;
        take_any_size(&mut config);
        config.set("message.timeout.ms", (PATIENCE / 2).as_millis().to_string());
        if let Some(id) = transactional_id {
            config.set("transactional.id", id).set("enable.idempotence", "true");
        }
        let create = config.create_with_context(Deliveries::default());
        let producer: BaseProducer<Deliveries> = create.map_err(|error| explain(&error))?;
        if transactional_id.is_some() {
            producer.init_transactions(PATIENCE).map_err(|error| explain(&error))?;
        }
        let config = client_config(options, Role::Admin)?;
        Ok(Self { producer, config, partitions: HashMap::new() })
    }

    pub fn begin(&self) -> Result<(), String> {
        self.producer.begin_transaction().map_err(|error| explain(&error))
    }

    pub fn commit(&self) -> Result<(), String> {
        self.flush()?;
        self.producer.commit_transaction(PATIENCE).map_err(|error| explain(&error))
    }

    /// Best effort: the broker ends by itself what is left open.
    pub fn abort(&self) {
        let _ = self.producer.abort_transaction(PATIENCE);
    }

    /// Returns once all that was sent is acknowledged.
    pub fn flush(&self) -> Result<(), String> {
        flush_all(&self.producer, PATIENCE)
    }

    /// The original record, to the partition it came from where that is its topic.
    pub fn letter(&mut self, letter: &Letter, topic: &str) -> Result<(), String> {
        let partitions = self.partitions(topic)?;
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(&letter.value);
        record.key = letter.key.as_deref();
        if let Some(origin) = &letter.origin {
            let is_home = topic == letter.source && origin.partition < partitions;
            record.partition = is_home.then_some(origin.partition);
            record.timestamp = (origin.timestamp >= 0).then_some(origin.timestamp);
        }
        if !letter.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(letter.headers.len());
            record.headers = Some(letter.headers.iter().fold(headers, |headers, (key, value)| {
                headers.insert(Header { key, value: value.as_ref() })
            }));
        }
        self.send(record)
    }

    /// Beside the letters it is for, so that it stays as long as they do.
    pub fn receipt(&self, receipt: &Receipt, topic: &str, partition: i32) -> Result<(), String> {
        let value = serde_json::to_vec(receipt).map_err(|error| error.to_string())?;
        let header = Header { key: RECEIPT, value: Some("1") };
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(&value);
        record.partition = Some(partition);
        record.headers = Some(OwnedHeaders::new().insert(header));
        self.send(record)
    }

    fn send(&self, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let (error, back) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || started.elapsed() > PATIENCE {
                return Err(explain(&error));
            }
            record = back;
            self.producer.poll(TICK);
        }
    }

    fn partitions(&mut self, topic: &str) -> Result<i32, String> {
        if let Some(count) = self.partitions.get(topic) {
            return Ok(*count);
        }
        let count = partition_count(&self.config, topic, PATIENCE)?;
        let count = count.ok_or_else(|| format!("topic '{topic}' is not there"))?;
        self.partitions.insert(topic.to_owned(), count);
        Ok(count)
    }
}
