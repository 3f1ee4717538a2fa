//! The options that each connector knows; anything else is refused with the near match.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::nearest;
use crate::sink::redis;

struct Connector {
    name: &'static str,
    /// What does its work in Flink, which lacks it; `None` where Flink has it.
    instead: Option<&'static str>,
    required: &'static [&'static str],
    options: &'static [&'static str],
    /// Families of options, e.g. `properties.`.
    prefixes: &'static [&'static str],
    /// Options that it has in common with others.
    common: &'static [&'static str],
}

/// Of tables whose records are read.
const READER: &[&str] = &[
    "format",
    "dead-letter.topic",
    "dead-letter.path",
    "late.topic",
    "late.path",
    "scan.watermark.idle-timeout",
    "scan.watermark.idle-advance",
    "scan.watermark.max-skew",
    "scan.watermark.alignment.max-drift",
    "scan.max-future",
    "scan.order",
    "window.allowed-lateness",
];

/// Of formats; also with `key.` or `value.` before it.
const FORMATS: &[&str] = &[
    "json.ignore-parse-errors",
    "json.fail-on-missing-field",
    "json.timestamp-format.standard",
    "json.encode.decimal-as-plain-number",
    "raw.charset",
    "raw.endianness",
    "csv.field-delimiter",
    "csv.quote-character",
    "csv.disable-quote-character",
    "csv.escape-character",
    "csv.allow-comments",
    "csv.null-literal",
    "csv.array-element-delimiter",
    "csv.ignore-parse-errors",
    "csv.write-bigdecimal-in-scientific-notation",
    "debezium-json.schema-include",
    "debezium-json.ignore-parse-errors",
    "debezium-json.timestamp-format.standard",
    "avro-confluent.url",
    "avro-confluent.subject",
    "avro-confluent.basic-auth.credentials-source",
    "avro-confluent.basic-auth.user-info",
    "avro-confluent.bearer-auth.token",
];

/// Connectors whose records have a format.
const FORMATTED: [&str; 4] = ["kafka", "upsert-kafka", "filesystem", "datagen"];

/// Of sinks that deliver to a person or a service.
const RECEIVER: &[&str] = &[
    "timeout",
    "retry.attempts",
    "retry.backoff",
    "rate-limit",
    "allow-private",
    "dead-letter.path",
    "sink.publish",
    "sink.backlog.max-bytes",
];

const FROM_A_TOPIC: &str = "write a kafka table that a service reads, which delivers the messages";

const CONNECTORS: &[Connector] = &[
    Connector {
        name: "kafka",
        instead: None,
        required: &["topic", "properties.bootstrap.servers"],
        options: &[
            "scan.startup.mode",
            "scan.startup.timestamp-millis",
            "scan.startup.specific-offsets",
            "scan.partitioned-by",
            "scan.sample.when-lagging",
            "scan.sample.rate",
            "key.format",
            "key.fields",
            "key.fields-prefix",
            "value.format",
            "value.fields-include",
            "sink.partitioner",
            "sink.create-topic",
            "sink.delivery-guarantee",
            "json.embed",
        ],
        prefixes: &["properties."],
        common: READER,
    },
    Connector {
        name: "upsert-kafka",
        instead: None,
        required: &["topic", "properties.bootstrap.servers", "key.format", "value.format"],
        options: &[
            "scan.partitioned-by",
            "key.fields-prefix",
            "value.fields-include",
            "sink.partitioner",
            "sink.create-topic",
            "sink.delivery-guarantee",
            "json.embed",
        ],
        prefixes: &["properties."],
        common: READER,
    },
    Connector {
        name: "filesystem",
        instead: None,
        required: &["path"],
        options: &["json.embed", "lookup.cache", "lookup.full-cache.periodic-reload.interval"],
        prefixes: &[],
        common: READER,
    },
    Connector {
        name: "datagen",
        instead: None,
        required: &[],
        options: &["rows-per-second", "number-of-rows"],
        prefixes: &["fields."],
        common: READER,
    },
    Connector {
        name: "print",
        instead: None,
        required: &[],
        options: &["print-identifier"],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "blackhole",
        instead: None,
        required: &[],
        options: &[],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "queryable",
        instead: Some("write an upsert-kafka table, or a jdbc table, whose database answers"),
        required: &[],
        options: &["http.route", "max-rows", "retention"],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "redis",
        instead: Some(
            "write an upsert-kafka table from which Redis is fed; rows are looked up in a jdbc table",
        ),
        required: &["url", "key"],
        options: &[
            "username",
            "password",
            "tls",
            "ssl.ca.location",
            "ssl.certificate.location",
            "ssl.key.location",
            "data-type",
            "field",
            "member",
            "score",
            "newest",
            "max-length",
            "ttl",
            "sink.publish",
            "sink.backlog.max-bytes",
            "json.embed",
            "json.ignore-parse-errors",
            "json.fail-on-missing-field",
            "json.timestamp-format.standard",
            "lookup.cache",
            "lookup.partial-cache.max-rows",
            "lookup.partial-cache.expire-after-write",
            "lookup.partial-cache.cache-missing-key",
        ],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "clickhouse",
        instead: Some("write a kafka table that ClickHouse's own Kafka engine reads"),
        required: &["url", "table"],
        options: &[
            "username",
            "password",
            "database",
            "sink.buffer-flush.max-rows",
            "sink.buffer-flush.max-bytes",
            "sink.buffer-flush.interval",
            "sink.publish",
            "sink.backlog.max-bytes",
            "timeout",
        ],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "webhook",
        instead: Some(FROM_A_TOPIC),
        required: &["url"],
        options: &[
            "method",
            "template",
            "secret",
            "idempotency-key",
            "success-body",
            "json.embed",
            "json.timestamp-format.standard",
            "json.encode.decimal-as-plain-number",
        ],
        prefixes: &["headers."],
        common: RECEIVER,
    },
    Connector {
        name: "dingtalk",
        instead: Some(FROM_A_TOPIC),
        required: &["url"],
        options: &["secret", "title", "template"],
        prefixes: &[],
        common: RECEIVER,
    },
    Connector {
        name: "email",
        instead: Some(FROM_A_TOPIC),
        required: &["smtp", "from", "to"],
        options: &["username", "password", "subject", "body", "idempotency-key"],
        prefixes: &[],
        common: RECEIVER,
    },
];

/// Options that Flink's connectors lack (this one, or all), and what there is instead of them.
const OURS: [(Option<&str>, &str, &str); 20] = [
    (None, "dead-letter.topic", DROPS),
    (None, "dead-letter.path", DROPS),
    (None, "late.topic", LATE),
    (None, "late.path", LATE),
    (
        None,
        "scan.order",
        "leave it out: results come once the watermark has passed; ORDER BY a PROCTIME() column \
         computes as rows come, but by the clock",
    ),
    (
        None,
        "window.allowed-lateness",
        "leave it out: SET 'table.exec.emit.allow-lateness' is of the older windows in GROUP BY",
    ),
    (None, "scan.partitioned-by", "leave it out: rows are always sent to the owners of their keys"),
    (None, "scan.sample.when-lagging", SAMPLES),
    (None, "scan.sample.rate", SAMPLES),
    (None, "scan.watermark.idle-advance", "leave it out: event time rests while no record comes"),
    (None, "scan.watermark.max-skew", AHEAD),
    (None, "scan.max-future", AHEAD),
    (None, "sink.create-topic", "leave it out and make the topic before the job starts"),
    (None, "json.embed", "leave it out and declare the column as ROW<…> or MAP<…>"),
    (Some("filesystem"), "lookup.cache", FILES),
    (Some("filesystem"), "lookup.full-cache.periodic-reload.interval", FILES),
    (Some("upsert-kafka"), "format", "write 'value.format'"),
    (Some("upsert-kafka"), "sink.partitioner", "leave it out: records go by their key"),
    (Some("datagen"), "format", "leave it out"),
    (Some("datagen"), "scan.watermark.idle-timeout", "leave it out: it never rests"),
];

/// Options that Flink takes, with this value or any, beside another one alone.
const TOGETHER: [(&str, Option<&str>, &str); 2] = [
    ("sink.delivery-guarantee", Some("exactly-once"), "sink.transactional-id-prefix"),
    ("scan.watermark.alignment.max-drift", None, "scan.watermark.alignment.group"),
];

/// Options of Flink's connectors that mean nothing on one machine: taken with a notice.
const WITHOUT_EFFECT: [(&[&str], &str); 4] = [
    (&["kafka", "upsert-kafka", "datagen"], "scan.parallelism"),
    (&["kafka", "upsert-kafka", "filesystem", "print"], "sink.parallelism"),
    (&["kafka", "upsert-kafka"], "sink.transactional-id-prefix"),
    (&["kafka", "upsert-kafka", "filesystem"], "scan.watermark.alignment.group"),
];

const DROPS: &str = "leave it out: with 'json.ignore-parse-errors' = 'true' (or csv.…) records that \
                     cannot be read are dropped, without it the job fails";
const LATE: &str = "leave it out: late rows are dropped; a second query WHERE ts <= \
                    CURRENT_WATERMARK(ts) writes them";
const SAMPLES: &str = "leave it out: a job that is too slow falls behind there";
const AHEAD: &str =
    "leave it out: a time far ahead moves event time along; bound it where ts is computed";
/// Of a lookup join.
pub const FILES: &str = "files are not looked up: put the rows into a jdbc table, or join a table of \
                         versions by event time";

pub type Options = BTreeMap<Arc<str>, Arc<str>>;

const FLAG: &[&str] = &["true", "false"];

/// Options that take one of a few words.
const CHOICES: [(&str, &[&str]); 21] = [
    (
        "scan.startup.mode",
        &["earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"],
    ),
    ("scan.order", &["event-time", "arrival"]),
    ("value.fields-include", &["ALL", "EXCEPT_KEY"]),
    ("raw.endianness", &["big-endian", "little-endian"]),
    ("sink.delivery-guarantee", &["exactly-once", "at-least-once"]),
    ("sink.publish", &["committed", "early"]),
    ("data-type", &["string", "hash", "list", "zset", "stream"]),
    ("lookup.cache", &["NONE", "PARTIAL", "FULL"]),
    ("lookup.partial-cache.cache-missing-key", FLAG),
    ("json.encode.decimal-as-plain-number", FLAG),
    ("json.ignore-parse-errors", FLAG),
    ("json.fail-on-missing-field", FLAG),
    ("debezium-json.schema-include", FLAG),
    ("debezium-json.ignore-parse-errors", FLAG),
    ("debezium-json.timestamp-format.standard", &["SQL", "ISO-8601"]),
    ("csv.write-bigdecimal-in-scientific-notation", FLAG),
    ("csv.ignore-parse-errors", FLAG),
    ("avro-confluent.basic-auth.credentials-source", &["USER_INFO", "URL"]),
    ("csv.allow-comments", FLAG),
    ("csv.disable-quote-character", FLAG),
    ("json.timestamp-format.standard", &["SQL", "ISO-8601"]),
];

/// Those that have another word, as [`check`] tells it.
fn choices(options: &Options) -> Vec<(Option<String>, String, Option<String>)> {
    let odd = |(option, value): (&Arc<str>, &Arc<str>)| {
        let bare = option.strip_prefix("key.").or(option.strip_prefix("value."));
        let names = [Some(&**option), bare];
        let (_, known) = CHOICES.iter().find(|(name, _)| names.contains(&Some(*name)))?;
        let message = format!("there is no {option} '{value}'");
        let help = format!("there are {}", known.join(", "));
        let given = if *known == FLAG { value.to_ascii_lowercase() } else { value.to_string() };
        (!known.contains(&given.as_str())).then(|| (Some(option.to_string()), message, Some(help)))
    };
    options.iter().filter_map(odd).collect()
}

/// All that is wrong with a table's options, as (option, message, help).
pub fn check(connector: &str, options: &Options) -> Vec<(Option<String>, String, Option<String>)> {
    let Some(known) = CONNECTORS.iter().find(|known| known.name == connector) else {
        let names = CONNECTORS.iter().map(|known| known.name);
        let message = format!("there is no connector '{connector}'");
        let help = match nearest(connector, names.clone()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
        };
        return vec![(Some("connector".into()), message, Some(help))];
    };
    let mut faults = Vec::new();
    for name in options.keys() {
        let idle = WITHOUT_EFFECT.iter().find(|(_, option)| *option == &**name);
        if idle.is_some_and(|(connectors, _)| connectors.contains(&connector)) {
            tracing::warn!(option = &**name, "the option has no effect on one machine");
            continue;
        }
        let of_format = of_format(connector, name);
        let fits = of_format.is_some()
            || known.options.contains(&&**name)
            || known.required.contains(&&**name)
            || known.common.contains(&&**name)
            || known.prefixes.iter().any(|prefix| name.starts_with(prefix));
        if !fits {
            let formats = if FORMATTED.contains(&connector) { FORMATS } else { &[] };
            let all = known.options.iter().chain(known.required).chain(known.common).chain(formats);
            let all = all.copied();
            let help = match nearest(name, all.clone()) {
                Some(meant) => format!("did you mean '{meant}'?"),
                None => format!("'{connector}' knows {}", all.collect::<Vec<_>>().join(", ")),
            };
            let message = format!("'{connector}' has no option '{name}'");
            faults.push((Some(name.to_string()), message, Some(help)));
        }
        if let Some((sides, format)) = of_format
            && !sides.iter().any(|side| format_of(options, side) == Some(format))
        {
            let message = format!(
                "'{name}' is an option of the format '{format}', which the table does not have"
            );
            faults.push((Some(name.to_string()), message, Some("leave it out".into())));
        }
    }
    for option in known.required.iter().filter(|option| !options.contains_key(**option)) {
        let help = format!("add '{option}' = '…' to WITH");
        faults.push((None, format!("'{connector}' needs the option '{option}'"), Some(help)));
    }
    faults.extend(choices(options));
    if options.contains_key("format") && options.contains_key("value.format") {
        let message = "'format' and 'value.format' say the same".to_owned();
        faults.push((Some("format".into()), message, Some("leave one of them out".into())));
    }
    for option in ["format", "key.format", "value.format"] {
        let known: &[&str] = match (connector, option) {
            ("datagen", _) => &["json"],
            ("filesystem", _) => &["json", "csv", "raw", "debezium-json"],
            ("upsert-kafka", _) | (_, "key.format") => {
                &["json", "csv", "raw", "avro", "avro-confluent"]
            }
            _ => &["json", "csv", "raw", "avro", "avro-confluent", "debezium-json"],
        };
        if let Some(format) = options.get(option).filter(|format| !known.contains(&&***format)) {
            let message = format!("the format '{format}' is not supported");
            let help = format!("there are {}", known.join(", "));
            faults.push((Some(option.into()), message, Some(help)));
        }
    }
    faults
}

/// What does the connector's work in Flink, where that lacks it.
pub fn instead(connector: &str) -> Option<&'static str> {
    CONNECTORS.iter().find(|known| known.name == connector)?.instead
}

/// What Flink would not take of the options of a connector that it has, as (option, message, what
/// there is instead).
pub fn beyond_flink(connector: &str, options: &Options) -> Vec<(&'static str, String, String)> {
    let ours = OURS.iter().filter(|(whose, option, _)| {
        options.contains_key(*option) && whose.is_none_or(|whose| whose == connector)
    });
    let ours = ours.map(|(_, option, instead)| {
        let message = format!("'{connector}' of Flink has no option '{option}'");
        (*option, message, (*instead).to_owned())
    });
    let alone = TOGETHER.iter().filter(|(option, value, other)| {
        let given =
            options.get(*option).filter(|given| value.is_none_or(|value| value == &***given));
        given.is_some() && !options.contains_key(*other)
    });
    let alone = alone.map(|(option, _, other)| {
        let message = format!("Flink wants '{other}' with this");
        (*option, message, "add it: it has no effect here".to_owned())
    });
    ours.chain(alone).collect()
}

/// Whether a table that is read goes on from offsets of no group, which Flink does not take.
pub fn lacks_group(connector: &str, options: &Options) -> bool {
    let mode = options.get("scan.startup.mode").map_or("group-offsets", |mode| mode);
    connector == "kafka" && mode == "group-offsets" && !options.contains_key("properties.group.id")
}

/// Whether Flink takes a PRIMARY KEY of such a table.
pub fn takes_key(connector: &str, options: &Options) -> bool {
    connector != "kafka" || format_of(options, "value") == Some("debezium-json")
}

/// The format of an option that is a format's, and the sides of a record that it speaks of.
fn of_format<'a>(connector: &str, option: &'a str) -> Option<(&'static [&'static str], &'a str)> {
    let keyed = matches!(connector, "kafka" | "upsert-kafka");
    let (sides, bare): (&[&str], _) = match option.split_once('.')? {
        ("key", bare) if keyed => (&["key"], bare),
        ("value", bare) if keyed => (&["value"], bare),
        _ => (&["key", "value"], option),
    };
    let known = FORMATTED.contains(&connector) && FORMATS.contains(&bare);
    known.then(|| bare.split('.').next()).flatten().map(|format| (sides, format))
}

/// The format of a key or a value.
fn format_of<'a>(options: &'a Options, side: &str) -> Option<&'a str> {
    let named = |name: &str| options.get(name).map(|format| &**format);
    match side {
        "key" => named("key.format"),
        _ => named("value.format").or(named("format")).or(Some("json")),
    }
}

/// Whether a sink can take changes of rows, not only new ones.
pub fn takes_updates(connector: &str, options: &Options) -> bool {
    match connector {
        "redis" => redis::takes_updates(options.get("data-type").map(|data_type| &**data_type)),
        _ => matches!(connector, "print" | "blackhole" | "queryable" | "upsert-kafka"),
    }
}

/// Whether the connector can be read from.
pub fn is_source(connector: &str) -> bool {
    matches!(connector, "kafka" | "upsert-kafka" | "filesystem" | "datagen")
}

/// Whether the connector can be written to.
pub fn is_sink(connector: &str) -> bool {
    connector != "datagen"
}
