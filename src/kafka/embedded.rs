//! A broker inside the process: the client library's mock cluster.
//!
//! It keeps 5 MiB or 100,000 messages a partition and forgets everything at the end, so it is
//! for the demo and for quick tests.

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

/// Runs until it is dropped.
pub struct EmbeddedBroker {
    /// Address for `properties.bootstrap.servers`.
    pub bootstrap: String,
    _cluster: MockCluster<'static, DefaultProducerContext>,
}

impl EmbeddedBroker {
    /// Starts a broker on a free loopback port with these topics and numbers of partitions.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, String> {
        let failed = |error| format!("the embedded Kafka broker does not start: {error}");
        let cluster = MockCluster::new(1).map_err(failed)?;
        for &(topic, partitions) in topics {
            cluster.create_topic(topic, partitions, 1).map_err(failed)?;
        }
        Ok(Self { bootstrap: cluster.bootstrap_servers(), _cluster: cluster })
    }
}
