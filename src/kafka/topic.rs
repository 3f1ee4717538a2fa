//! Topics: how many partitions one has, and making one that is missing.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::{ClientConfig, ClientContext};
use tokio::runtime::Runtime;

use super::explain;
use super::leaders::remind;

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
    count_with(client.client(), topic, timeout).map_err(|reason| with_cause(&client, reason))
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
pub(crate) fn count_with<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<i32>, String> {
    Ok(metadata_with(client, topic, timeout)?.map(|(_, count)| count))
}

/// What the cluster says of itself and a topic, and the topic's number of partitions; `None` where
/// there is no such topic.
pub(crate) fn metadata_with<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Result<Option<(Metadata, i32)>, String> {
    let failed = |reason: String| format!("Kafka topic '{topic}': {reason}");
    let metadata = client.fetch_metadata(Some(topic), timeout).map_err(|error| {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::BrokerTransportFailure) {
            remind(client);
        }
        failed(explain(&error))
    })?;
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

/// How long a broker is left alone that does not know a new topic yet.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks a cluster for more than records.
pub struct TopicAdmin {
    client: AdminClient<DefaultClientContext>,
    runtime: Runtime,
    /// Of each question.
    timeout: Duration,
}

impl TopicAdmin {
    pub fn new(config: &ClientConfig, timeout: Duration) -> Result<Self, String> {
        let client = config.create().map_err(|error: KafkaError| explain(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Ok(Self { client, runtime: runtime.map_err(|error| error.to_string())?, timeout })
    }

    /// Makes the topic if it is missing, and returns once it can be written.
    pub fn ensure(&self, topic: &str, wanted: CreateTopic) -> Result<(), String> {
        if count_with(self.client.inner(), topic, self.timeout)?.is_some() {
            return Ok(());
        }
        let failed = |reason: String| format!("Kafka topic '{topic}' cannot be made: {reason}");
        let CreateTopic { partitions, replication, bytes_max } = wanted;
        let bytes_max = bytes_max.map(|bytes| bytes.to_string());
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(replication));
        if let Some(bytes_max) = &bytes_max {
            new = new.set("max.message.bytes", bytes_max);
        }
        let made = self.runtime.block_on(self.client.create_topics([&new], &self.options()));
        match made.map_err(|error| failed(explain(&error)))?.into_iter().next() {
            // A busy cluster makes it all the same.
            Some(Err((
                _,
                RDKafkaErrorCode::TopicAlreadyExists | RDKafkaErrorCode::RequestTimedOut,
            ))) => {}
            Some(Err((_, code))) => return Err(failed(code.to_string())),
            _ => {}
        }
        await_topic(self.client.inner(), topic, self.timeout)
    }

    /// The topic's `max.message.bytes`: of a batch of records as it is packed.
    pub fn message_bytes_max(&self, topic: &str) -> Result<usize, String> {
        let (of_topic, options) = ([ResourceSpecifier::Topic(topic)], self.options());
        let answer = self.runtime.block_on(self.client.describe_configs(&of_topic, &options));
        let resources = answer.map_err(|error| explain(&error))?;
        let resource = resources.into_iter().next().ok_or("no answer")?;
        let resource = resource.map_err(|code| code.to_string())?;
        let value = resource.get("max.message.bytes").and_then(|entry| entry.value.as_deref());
        value.and_then(|value| value.parse().ok()).ok_or_else(|| "it is not told".into())
    }

    fn options(&self) -> AdminOptions {
        let timeout = Some(self.timeout);
        AdminOptions::new().operation_timeout(timeout).request_timeout(timeout)
    }
}

/// Waits until the brokers that lead a new topic know it. They name themselves its leaders before
/// they have a log for it, and a record that comes between is refused for good.
fn await_topic<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Result<(), String> {
    let end = Instant::now() + timeout;
    let mut has_told = false;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Some(reason) = why_not_ready(client, topic, left) else { return Ok(()) };
        if left.is_zero() {
            return Err(format!("Kafka topic '{topic}' was made, but is not ready: {reason}"));
        }
        if !std::mem::replace(&mut has_told, true) {
            tracing::warn!("waiting for the new Kafka topic '{topic}': {reason}");
        }
        std::thread::sleep(PAUSE);
    }
}

/// Why a topic cannot be written yet; `None` where it can.
fn why_not_ready<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Option<String> {
    let count = match count_with(client, topic, timeout) {
        Ok(Some(count)) => count,
        Ok(None) => return Some("no broker shows it".to_owned()),
        Err(reason) => return Some(reason),
    };
    let asked = |partition| client.fetch_watermarks(topic, partition, timeout);
    (0..count).find_map(|partition| asked(partition).err()).map(|error| explain(&error))
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

    use super::*;

    /// A broker that leads a new topic, and refuses what is asked of it so many times.
    fn awaited(refusals: usize, timeout: Duration) -> Result<(), String> {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("new", 3, 1).unwrap();
        let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        cluster.request_errors(RDKafkaApiKey::ListOffsets, &vec![unknown; refusals]);
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let client: BaseConsumer = config.create().unwrap();
        await_topic(client.client(), "new", timeout)
    }

    #[test]
    fn a_new_topic_is_waited_for_until_its_leaders_know_it() {
        assert_eq!(awaited(5, Duration::from_secs(60)), Ok(()));
        let error = awaited(100_000, Duration::from_secs(2)).unwrap_err();
        assert!(error.starts_with("Kafka topic 'new' was made, but is not ready: "), "{error}");
    }

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
