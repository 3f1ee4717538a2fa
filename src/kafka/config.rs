//! A table's `properties.*` as the client library's settings.
//!
//! Flink jobs name the Java client's settings. Most are the same in librdkafka or known to it as
//! an alias; what differs is mapped here, what has no meaning is left out, and anything else goes
//! through as it stands and is refused by the library if it does not know it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

/// What a client is for: the library's defaults favour neither throughput nor latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Consumer,
    Producer,
    /// Metadata, topics, committed offsets.
    Admin,
}

/// Payload that a consumer holds of a partition ahead of its worker: enough to hide a fetch's round
/// trip, little enough that memory stays flat while a sink holds the stream back. With small
/// records the client's own bookkeeping makes four times as much of it.
const PREFETCH_KBYTES: &str = "1024";
/// The same of all partitions of a consumer, but for [`PREFETCH_LEAST`] of each.
const PREFETCH_ALL: usize = 8192;
const PREFETCH_LEAST: usize = 64;
/// The client's name for it.
const PREFETCH: &str = "queued.max.messages.kbytes";

const CONSUMER: &[(&str, &str)] = &[
    // Offsets are committed by the engine when an epoch is complete, never by the client.
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
    ("isolation.level", "read_committed"),
    ("allow.auto.create.topics", "false"),
    ("fetch.wait.max.ms", "10"),
    ("fetch.error.backoff.ms", "50"),
    // The default of 1 s makes a consumer that caught its queue limit stand still for that long.
    ("fetch.queue.backoff.ms", "2"),
    ("queued.min.messages", "1000000"),
    (PREFETCH, PREFETCH_KBYTES),
    ("fetch.message.max.bytes", "1048576"),
    ("fetch.max.bytes", "4194304"),
    // Partitions are assigned, not subscribed to: there is no group session to lose.
    ("max.poll.interval.ms", "86400000"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("socket.nagle.disable", "true"),
];

const PRODUCER: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("compression.type", "lz4"),
    ("linger.ms", "1"),
    ("batch.size", "1000000"),
    ("batch.num.messages", "10000"),
    ("queue.buffering.max.messages", "500000"),
    ("queue.buffering.max.kbytes", "65536"),
    // A broker that is away is waited for; nothing is given up for having waited.
    ("message.timeout.ms", "0"),
    // The Java client's choice of partition for a key.
    ("partitioner", "murmur2_random"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("socket.nagle.disable", "true"),
];

const ADMIN: &[(&str, &str)] = &[
    ("isolation.level", "read_committed"),
    ("enable.auto.commit", "false"),
    ("allow.auto.create.topics", "false"),
    ("socket.timeout.ms", "10000"),
    ("reconnect.backoff.max.ms", "1000"),
];

/// Beyond 256 MiB nothing is unpacked.
const ANY_SIZE: &[(&str, &str)] =
    &[("message.max.bytes", "300000000"), ("queue.buffering.max.kbytes", "307200")];

/// Names that differ: Java's, then librdkafka's.
const RENAMED: &[(&str, &str)] = &[
    ("fetch.max.wait.ms", "fetch.wait.max.ms"),
    ("max.partition.fetch.bytes", "fetch.message.max.bytes"),
    ("max.request.size", "message.max.bytes"),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes"),
    ("send.buffer.bytes", "socket.send.buffer.bytes"),
    ("ssl.truststore.certificates", "ssl.ca.pem"),
    ("ssl.keystore.certificate.chain", "ssl.certificate.pem"),
    ("ssl.keystore.key", "ssl.key.pem"),
];

/// Settings of the Java client or of Flink that mean nothing here: formats are the table's, and
/// when offsets are committed is the engine's business.
const WITHOUT_MEANING: &[&str] = &[
    "auto.commit.interval.ms",
    "enable.auto.commit",
    "interceptor.classes",
    "key.deserializer",
    "key.serializer",
    "max.block.ms",
    "max.poll.records",
    "metric.reporters",
    "partition.assignment.strategy",
    "partition.discovery.interval.ms",
    "register.consumer.metrics",
    "ssl.keystore.type",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "transactional.id",
    "value.deserializer",
    "value.serializer",
];

/// The client settings of a table with these options.
pub fn client_config(
    options: &BTreeMap<Arc<str>, Arc<str>>,
    role: Role,
) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::new();
    // What matters of the library's log is shown as a problem of the source or sink instead.
    config.set_log_level(RDKafkaLogLevel::Emerg);
    let defaults = match role {
        Role::Consumer => CONSUMER,
        Role::Producer => PRODUCER,
        Role::Admin => ADMIN,
    };
    for &(name, value) in defaults {
        config.set(name, value);
    }
    for (option, value) in options {
        if let Some(name) = option.strip_prefix("properties.") {
            set(&mut config, name, value, role)?;
        }
    }
    if config.get("bootstrap.servers").is_none_or(str::is_empty) {
        return Err("a Kafka table needs 'properties.bootstrap.servers'".into());
    }
    if role != Role::Producer && config.get("group.id").is_none() {
        config.set("group.id", "pelton");
    }
    Ok(config)
}

/// Settings that reading a topic without the client library knows how to follow.
const WITHOUT_CLIENT: &[&str] = &[
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.wait.max.ms",
    "group.id",
    "isolation.level",
    "queued.max.messages.kbytes",
    "request.timeout.ms",
    "socket.timeout.ms",
];

/// The first property of a table, if any, that only the client library can follow, such as TLS.
pub fn only_in_client(options: &BTreeMap<Arc<str>, Arc<str>>) -> Option<&str> {
    let is_plain = |value: &str| value.eq_ignore_ascii_case("plaintext");
    options.iter().find_map(|(option, value)| {
        let name = option.strip_prefix("properties.")?;
        let renamed = RENAMED.iter().find(|(java, _)| *java == name).map_or(name, |(_, own)| own);
        let known = WITHOUT_CLIENT.contains(&renamed)
            || WITHOUT_MEANING.contains(&name)
            || (name == "security.protocol" && is_plain(value));
        (!known).then_some(&**option)
    })
}

/// Of many partitions a consumer holds less each, unless the table says how much. True if that
/// changed the settings.
pub fn share_prefetch(config: &mut ClientConfig, partitions: usize) -> bool {
    let share = (PREFETCH_ALL / partitions.max(1)).max(PREFETCH_LEAST);
    let is_default = config.get(PREFETCH) == Some(PREFETCH_KBYTES);
    let less = is_default && PREFETCH_KBYTES.parse().is_ok_and(|default: usize| share < default);
    if less {
        config.set(PREFETCH, share.to_string());
    }
    less
}

fn set(config: &mut ClientConfig, name: &str, value: &str, role: Role) -> Result<(), String> {
    if WITHOUT_MEANING.contains(&name) {
        return Ok(());
    }
    if let Some((_, renamed)) = RENAMED.iter().find(|(java, _)| *java == name) {
        config.set(*renamed, value);
        return Ok(());
    }
    match name {
        "auto.offset.reset" if value == "none" => {
            config.set(name, "error");
        }
        "buffer.memory" => {
            let bytes: u64 = value
                .parse()
                .map_err(|_| format!("'properties.{name}' needs a number of bytes"))?;
            config.set("queue.buffering.max.kbytes", (bytes / 1024).max(1).to_string());
        }
        // The Java client's name for the wait of any request; only the producer's is the same.
        "request.timeout.ms" if role != Role::Producer => {
            config.set("socket.timeout.ms", value);
        }
        "ssl.truststore.location" => {
            refuse_java_store(name, value)?;
            config.set("ssl.ca.location", value);
        }
        "ssl.keystore.location" => {
            refuse_java_store(name, value)?;
            if value.ends_with(".pem") {
                config.set("ssl.certificate.location", value).set("ssl.key.location", value);
            } else {
                config.set(name, value);
            }
        }
        "sasl.jaas.config" => set_login(config, value)?,
        _ => {
            config.set(name, value);
        }
    }
    Ok(())
}

fn refuse_java_store(name: &str, value: &str) -> Result<(), String> {
    if value.ends_with(".jks") {
        return Err(format!(
            "'properties.{name}': Java key stores (.jks) cannot be read; give a .pem or .p12 file"
        ));
    }
    Ok(())
}

/// Takes user name and password out of a JAAS line.
fn set_login(config: &mut ClientConfig, jaas: &str) -> Result<(), String> {
    let field = |name: &str| {
        let (_, rest) = jaas.split_once(&format!("{name}="))?;
        let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'')?;
        rest[1..].split_once(quote).map(|(value, _)| value)
    };
    // The text of the line stays out of the message: it holds the password.
    let (Some(user), Some(password)) = (field("username"), field("password")) else {
        return Err(
            "'properties.sasl.jaas.config' needs username=\"…\" and password=\"…\"; or set \
                    'properties.sasl.username' and 'properties.sasl.password'"
                .into(),
        );
    };
    config.set("sasl.username", user).set("sasl.password", password);
    Ok(())
}

/// Lets a producer take every record that can have been read, however well it was packed: the
/// broker judges what it packs to, while the client looks at it before.
pub fn take_any_size(config: &mut ClientConfig) {
    for (name, value) in ANY_SIZE {
        config.set(*name, *value);
    }
}

/// The consumer group under which a table's positions are shown.
pub fn group_id(options: &BTreeMap<Arc<str>, Arc<str>>) -> &str {
    options.get("properties.group.id").map_or("pelton", |group| group)
}

/// The table's topic; lists and patterns are refused.
pub fn one_topic(options: &BTreeMap<Arc<str>, Arc<str>>) -> Result<String, String> {
    if options.contains_key("topic-pattern") {
        return Err("'topic-pattern' is not supported; make one table for each topic".into());
    }
    match options.get("topic") {
        None => Err("a Kafka table needs 'topic'".into()),
        Some(topic) if topic.contains(';') => {
            Err("'topic' takes one topic; make one table for each and join them by UNION ALL"
                .into())
        }
        Some(topic) => Ok(topic.to_string()),
    }
}

/// A client error without the value of any setting, which may be a secret.
pub fn explain(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, _, name, _) => {
            format!("the Kafka client does not take this value or name: 'properties.{name}'")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(entries: &[(&str, &str)]) -> BTreeMap<Arc<str>, Arc<str>> {
        let mut all = vec![("properties.bootstrap.servers", "127.0.0.1:1")];
        all.extend_from_slice(entries);
        all.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
    }

    #[test]
    fn many_partitions_share_the_prefetch() {
        let shared = |set: &[(&str, &str)], partitions| {
            let mut config = client_config(&options(set), Role::Consumer).unwrap();
            let changed = share_prefetch(&mut config, partitions);
            (changed, config.get(PREFETCH).unwrap().to_owned())
        };
        assert_eq!(shared(&[], 8), (false, "1024".into()));
        assert_eq!(shared(&[], 16), (true, "512".into()));
        assert_eq!(shared(&[], 4096), (true, "64".into()));
        let own = [("properties.queued.max.messages.kbytes", "9000")];
        assert_eq!(shared(&own, 4096), (false, "9000".into()));
    }

    #[test]
    fn java_names_are_mapped() {
        let jaas = "org.apache…PlainLoginModule required username=\"u\" password=\"p=1\";";
        let options = options(&[
            ("properties.fetch.max.wait.ms", "7"),
            ("properties.sasl.jaas.config", jaas),
            ("properties.ssl.truststore.location", "/ca.pem"),
            ("properties.key.deserializer", "x"),
            ("properties.buffer.memory", "2048"),
            ("topic", "t"),
        ]);
        let config = client_config(&options, Role::Consumer).unwrap();
        assert_eq!(config.get("fetch.wait.max.ms"), Some("7"));
        assert_eq!(config.get("sasl.username"), Some("u"));
        assert_eq!(config.get("sasl.password"), Some("p=1"));
        assert_eq!(config.get("ssl.ca.location"), Some("/ca.pem"));
        assert_eq!(config.get("queue.buffering.max.kbytes"), Some("2"));
        assert_eq!(config.get("key.deserializer"), None);
    }

    #[test]
    fn what_only_the_client_knows() {
        let own = [
            ("properties.fetch.max.wait.ms", "7"),
            ("properties.security.protocol", "PLAINTEXT"),
            ("properties.key.deserializer", "x"),
            ("scan.startup.mode", "earliest-offset"),
        ];
        assert_eq!(only_in_client(&options(&own)), None);
        for (name, value) in [
            ("properties.security.protocol", "SASL_SSL"),
            ("properties.ssl.truststore.location", "/ca.pem"),
            ("properties.client.rack", "a"),
        ] {
            assert_eq!(only_in_client(&options(&[(name, value)])), Some(name));
        }
    }

    #[test]
    fn secrets_stay_out_of_errors() {
        let options = options(&[("properties.sasl.jaas.config", "password='secret'")]);
        let error = client_config(&options, Role::Consumer).unwrap_err();
        assert!(!error.contains("secret"));
        let mut config = ClientConfig::new();
        config.set("no.such.setting", "secret");
        let error = config.create_native_config().err().map(|error| explain(&error)).unwrap();
        assert!(error.contains("no.such.setting") && !error.contains("secret"));
    }

    #[test]
    fn one_topic_only() {
        assert!(one_topic(&options(&[("topic", "a;b")])).is_err());
        assert!(one_topic(&options(&[("topic-pattern", "a.*")])).is_err());
        assert_eq!(one_topic(&options(&[("topic", "a")])).as_deref(), Ok("a"));
    }
}
