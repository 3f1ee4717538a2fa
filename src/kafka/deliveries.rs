//! Whether what a producer has sent has arrived.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};

use super::explain;

/// Keeps the first reason why a record could not be delivered.
#[derive(Default)]
pub struct Deliveries(Mutex<Option<String>>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let (Err((error, message)), Ok(mut failure)) = (result, self.0.lock()) {
            failure.get_or_insert_with(|| format!("topic '{}': {error}", message.topic()));
        }
    }
}

/// Returns once all that was sent is acknowledged; fails if a record never will be.
pub fn flush_all(producer: &BaseProducer<Deliveries>, patience: Duration) -> Result<(), String> {
    let flushed = producer.flush(patience);
    let failure = producer.context().0.lock().ok().and_then(|failure| failure.clone());
    failure.map_or_else(|| flushed.map_err(|error| explain(&error)), Err)
}
