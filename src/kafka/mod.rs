//! What the Kafka source and sink share: client configuration, topics, committed offsets.

mod config;
mod deliveries;
mod embedded;
mod leaders;
mod offsets;
mod topic;

pub use config::{
    Role, client_config, explain, group_id, one_topic, only_in_client, share_prefetch,
    take_any_size,
};
pub use deliveries::{Deliveries, flush_all};
pub use embedded::EmbeddedBroker;
pub use leaders::Leaders;
pub use offsets::{Committed, Offsets};
pub use topic::{CreateTopic, TopicAdmin, partition_count};
pub(crate) use topic::{count_with, metadata_with, with_cause};
