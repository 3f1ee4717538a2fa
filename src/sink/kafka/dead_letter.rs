//! Records that cannot be used, as they came, to a topic of their own.

use rdkafka::ClientConfig;

use super::producer::{Outgoing, Producer};
use super::refusal::Unsent;
use crate::kafka::take_any_size;
use crate::record::headers::Header;
use crate::sink::SinkContext;

pub struct DeadLetterProducer {
    producer: Producer,
}

impl DeadLetterProducer {
    /// `config` as of [`crate::kafka::Role::Producer`].
    pub fn new(config: &ClientConfig, topic: &str, context: SinkContext) -> Result<Self, String> {
        let mut config = config.clone();
        take_any_size(&mut config);
        Ok(Self { producer: Producer::new(&config, topic, context)? })
    }

    /// The record's value and key as they came; its headers, the reason and the origin.
    pub fn send(
        &mut self,
        raw: &[u8],
        key: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> Result<(), String> {
        let record = Outgoing { key, value: Some(raw), headers, ..Outgoing::default() };
        self.producer.send(record).map_err(Unsent::into_text)
    }

    /// Serves the client's callbacks; call it now and then.
    pub fn idle(&mut self) -> Result<(), String> {
        self.producer.serve()
    }

    /// Returns once every record is acknowledged.
    pub fn flush(&mut self) -> Result<(), String> {
        self.producer.flush()
    }

    /// Records that the broker has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.producer.acknowledged()
    }
}
