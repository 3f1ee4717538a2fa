//! Topics: how many partitions one has, and making one that is missing.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use tokio::runtime::Runtime;

use super::explain;

/// `sink.create-topic`: how to make a topic that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateTopic {
    pub partitions: i32,
    /// -1 = the broker's default.
    pub replication: i32,
    /// Of a batch of records as it is packed; `None` = the broker's default.
    pub bytes_max: Option<u32>,
}

impl CreateTopic {
    /// `true`, `false` or `partitions:3,replication:1`; `None` = do not make it.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut wanted = Self { partitions: -1, replication: -1, bytes_max: None };
        match text.trim() {
            "true" => return Ok(Some(wanted)),
            "false" => return Ok(None),
            _ => {}
        }
        for part in text.split(',') {
            let number = part.split_once(':').and_then(|(name, number)| {
                let number = number.trim().parse::<i32>().ok().filter(|n| *n > 0)?;
                Some((name.trim(), number))
            });
            match number {
                Some(("partitions", number)) => wanted.partitions = number,
                Some(("replication", number)) => wanted.replication = number,
                _ => {
                    return Err(format!(
                        "'sink.create-topic' = '{text}': write 'true' or 'partitions:3,replication:1'"
                    ));
                }
            }
        }
        Ok(Some(wanted))
    }
}

/// Events of a client that are looked at for the cause of its silence.
const EVENTS: usize = 100;

/// Number of partitions of a topic; `None` where there is no such topic. Waits up to `timeout`.
pub fn partition_count(
    config: &ClientConfig,
    topic: &str,
    timeout: Duration,
) -> Result<Option<i32>, String> {
    let client: BaseConsumer = config.create().map_err(|error| explain(&error))?;
    count_with(&client, topic, timeout).map_err(|reason| with_cause(&client, reason))
}

/// Why a client that is not used for reading has no answer, where a setting is to blame: asking for
/// metadata tells only that nobody answers.
pub(crate) fn with_cause(client: &BaseConsumer, reason: String) -> String {
    use RDKafkaErrorCode as Code;
    let advice = |code| match code {
        Code::Authentication | Code::SaslAuthenticationFailed => Some(
            "the broker refuses the login: check 'properties.sasl.mechanism', user and password",
        ),
        Code::SSL => Some(
            "no TLS connection: check 'properties.security.protocol' and 'properties.ssl.*' (the \
             certificate must be trusted and name the host)",
        ),
        _ => None,
    };
    for _ in 0..EVENTS {
        match client.poll(Duration::ZERO) {
            Some(Err(KafkaError::MessageConsumption(code))) if advice(code).is_some() => {
                return format!("{reason}: {}", advice(code).unwrap_or_default());
            }
            Some(_) => {}
            None => break,
        }
    }
    reason
}

/// As [`partition_count`], by a client that is there.
pub(crate) fn count_with<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<i32>, String> {
    Ok(metadata_with(client, topic, timeout)?.map(|(_, count)| count))
}

/// What the cluster says of itself and a topic, and the topic's number of partitions; `None` where
/// there is no such topic.
pub(crate) fn metadata_with<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<(Metadata, i32)>, String> {
    let failed = |reason: String| format!("Kafka topic '{topic}': {reason}");
    let metadata =
        client.fetch_metadata(Some(topic), timeout).map_err(|error| failed(explain(&error)))?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Ok(None);
    };
    let count = found.partitions().len() as i32;
    match found.error().map(RDKafkaErrorCode::from) {
        None => Ok((count > 0).then_some((metadata, count))),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            Ok(None)
        }
        Some(code) => Err(failed(code.to_string())),
    }
}

/// Makes the topic if it is missing; true where it was made.
pub fn ensure_topic(
    config: &ClientConfig,
    topic: &str,
    wanted: CreateTopic,
    timeout: Duration,
) -> Result<bool, String> {
    if partition_count(config, topic, timeout)?.is_some() {
        return Ok(false);
    }
    let failed = |reason: String| format!("Kafka topic '{topic}' cannot be made: {reason}");
    let CreateTopic { partitions, replication, bytes_max } = wanted;
    let bytes_max = bytes_max.map(|bytes| bytes.to_string());
    let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(replication));
    if let Some(bytes_max) = &bytes_max {
        new = new.set("max.message.bytes", bytes_max);
    }
    let options = admin_options(timeout);
    let results = admin(config, |admin, runtime| {
        runtime.block_on(admin.create_topics([&new], &options)).map_err(|error| explain(&error))
    });
    match results.map_err(failed)?.into_iter().next() {
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        Some(Err((_, code))) => Err(failed(code.to_string())),
        _ => Ok(true),
    }
}

/// The topic's `max.message.bytes`: of a batch of records as it is packed.
pub fn message_bytes_max(
    config: &ClientConfig,
    topic: &str,
    timeout: Duration,
) -> Result<usize, String> {
    let (of_topic, options) = ([ResourceSpecifier::Topic(topic)], admin_options(timeout));
    let resources = admin(config, |admin, runtime| {
        let answer = runtime.block_on(admin.describe_configs(&of_topic, &options));
        answer.map_err(|error| explain(&error))
    })?;
    let resource = resources.into_iter().next().ok_or("no answer")?;
    let resource = resource.map_err(|code| code.to_string())?;
    let value = resource.get("max.message.bytes").and_then(|entry| entry.value.as_deref());
    value.and_then(|value| value.parse().ok()).ok_or_else(|| "it is not told".into())
}

fn admin_options(timeout: Duration) -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(timeout)).request_timeout(Some(timeout))
}

/// Has a client that asks for more than records do something.
fn admin<T>(
    config: &ClientConfig,
    ask: impl FnOnce(&AdminClient<DefaultClientContext>, &Runtime) -> Result<T, String>,
) -> Result<T, String> {
    let admin = config.create().map_err(|error: KafkaError| explain(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    ask(&admin, &runtime.map_err(|error| error.to_string())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_topic_option() {
        let default = CreateTopic { partitions: -1, replication: -1, bytes_max: None };
        assert_eq!(CreateTopic::parse("true"), Ok(Some(default)));
        assert_eq!(CreateTopic::parse("false"), Ok(None));
        let both = CreateTopic { partitions: 3, replication: 1, bytes_max: None };
        assert_eq!(CreateTopic::parse("partitions:3, replication:1"), Ok(Some(both)));
        assert!(CreateTopic::parse("partitions:0").is_err());
        assert!(CreateTopic::parse("yes").is_err());
    }
}
