//! Records that cannot be used, as they came, to a topic of their own.

use rdkafka::ClientConfig;

use super::producer::{Outgoing, Producer};
use super::refusal::Unsent;
use crate::kafka::take_any_size;
use crate::record::headers::Header;
use crate::sink::SinkContext;

/// The header in front of a letter that is cut: the length that its value had.
pub const CUT: &str = "pelton-cut";

/// What a record takes in a batch beside its bytes, and the batch itself, at most.
const FRAME: usize = 512;
/// The same of a header.
const HEADER_FRAME: usize = 16;
/// Letters that are sent together take no more, so that a topic which takes each of them takes all.
const BATCH_BYTES: &str = "100000";

pub struct DeadLetterProducer {
    producer: Producer,
    /// Bytes of the largest record that the topic takes, if it is known.
    room: usize,
}

impl DeadLetterProducer {
    /// `config` as of [`crate::kafka::Role::Producer`].
    pub fn new(config: &ClientConfig, topic: &str, context: SinkContext) -> Result<Self, String> {
        let mut config = config.clone();
        take_any_size(&mut config);
        config.set("batch.size", BATCH_BYTES);
        Ok(Self { producer: Producer::new(&config, topic, context)?, room: usize::MAX })
    }

    /// What the topic takes: its `max.message.bytes`.
    pub fn limit(&mut self, bytes: usize) {
        self.room = bytes.saturating_sub(FRAME);
    }

    /// The record's value and key as they came, its headers, and `own`: the origin and the reason.
    /// A record that the topic would not take, were it not packed, loses its headers and the end of
    /// its key and value; [`CUT`] says so.
    pub fn send(
        &mut self,
        raw: &[u8],
        key: Option<&[u8]>,
        headers: &[Header<'_>],
        own: &[Header<'_>],
    ) -> Result<(), String> {
        let key_len = key.map_or(0, <[u8]>::len);
        if raw.len() + key_len + size(headers) + size(own) <= self.room {
            return self.put(raw, key, &[headers, own].concat());
        }
        let len = raw.len().to_string();
        let headers = [&[(CUT, Some(len.as_bytes()))], own].concat();
        let room = self.room.saturating_sub(size(&headers));
        let key = key.map(|key| &key[..key.len().min(room / 2)]);
        let room = room - key.map_or(0, <[u8]>::len);
        self.put(&raw[..raw.len().min(room)], key, &headers)
    }

    fn put(
        &mut self,
        value: &[u8],
        key: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> Result<(), String> {
        let record = Outgoing { key, value: Some(value), headers, ..Outgoing::default() };
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

/// The bytes that headers take at most.
fn size(headers: &[Header<'_>]) -> usize {
    let size =
        |(name, value): &Header<'_>| HEADER_FRAME + name.len() + value.map_or(0, <[u8]>::len);
    headers.iter().map(size).sum()
}
