//! The options that each connector knows; anything else is refused with the near match.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::nearest;
use crate::sink::redis;

struct Connector {
    name: &'static str,
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
    "json.ignore-parse-errors",
    "json.fail-on-missing-field",
    "json.timestamp-format.standard",
    "json.encode.decimal-as-plain-number",
    "dead-letter.topic",
    "dead-letter.path",
    "scan.watermark.idle-timeout",
    "scan.watermark.idle-advance",
    "scan.watermark.max-skew",
    "scan.watermark.alignment.max-drift",
    "scan.max-future",
    "scan.order",
];

/// Of sinks that deliver to a person or a service.
const RECEIVER: &[&str] = &[
    "timeout",
    "retry.attempts",
    "retry.backoff",
    "rate-limit",
    "allow-private",
    "dead-letter.path",
];

const CONNECTORS: &[Connector] = &[
    Connector {
        name: "kafka",
        required: &["topic", "properties.bootstrap.servers"],
        options: &[
            "scan.startup.mode",
            "scan.startup.timestamp-millis",
            "scan.startup.specific-offsets",
            "key.format",
            "key.fields",
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
        required: &["topic", "properties.bootstrap.servers", "key.format", "value.format"],
        options: &[
            "value.fields-include",
            "sink.partitioner",
            "sink.create-topic",
            "sink.delivery-guarantee",
            "json.embed",
            "json.timestamp-format.standard",
            "json.encode.decimal-as-plain-number",
        ],
        prefixes: &["properties."],
        common: &[],
    },
    Connector {
        name: "filesystem",
        required: &["path"],
        options: &["json.embed"],
        prefixes: &[],
        common: READER,
    },
    Connector {
        name: "datagen",
        required: &[],
        options: &["rows-per-second", "number-of-rows"],
        prefixes: &["fields."],
        common: READER,
    },
    Connector {
        name: "print",
        required: &[],
        options: &["print-identifier"],
        prefixes: &[],
        common: &[],
    },
    Connector { name: "blackhole", required: &[], options: &[], prefixes: &[], common: &[] },
    Connector {
        name: "queryable",
        required: &[],
        options: &["http.route", "max-rows", "retention"],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "redis",
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
            "json.embed",
        ],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "clickhouse",
        required: &["url", "table"],
        options: &[
            "username",
            "password",
            "database",
            "sink.buffer-flush.max-rows",
            "sink.buffer-flush.max-bytes",
            "sink.buffer-flush.interval",
            "sink.publish",
            "timeout",
        ],
        prefixes: &[],
        common: &[],
    },
    Connector {
        name: "webhook",
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
        required: &["url"],
        options: &["secret", "title", "template"],
        prefixes: &[],
        common: RECEIVER,
    },
    Connector {
        name: "email",
        required: &["smtp", "from", "to"],
        options: &["username", "password", "subject", "body", "idempotency-key"],
        prefixes: &[],
        common: RECEIVER,
    },
];

const LATER: [&str; 1] = ["csv"];

pub type Options = BTreeMap<Arc<str>, Arc<str>>;

/// Options that take one of a few words.
const CHOICES: [(&str, &[&str]); 7] = [
    (
        "scan.startup.mode",
        &["earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"],
    ),
    ("scan.order", &["event-time", "arrival"]),
    ("sink.delivery-guarantee", &["exactly-once", "at-least-once"]),
    ("sink.publish", &["committed", "early"]),
    ("data-type", &["string", "hash", "list", "zset", "stream"]),
    ("json.encode.decimal-as-plain-number", &["true", "false"]),
    ("json.timestamp-format.standard", &["SQL", "ISO-8601"]),
];

/// Those that have another word, as [`check`] tells it.
fn choices(options: &Options) -> Vec<(Option<String>, String, Option<String>)> {
    let odd = |(option, known): &(&str, &[&str])| {
        let value = options.get(*option).filter(|value| !known.contains(&&***value))?;
        let message = format!("there is no {option} '{value}'");
        Some((Some((*option).to_owned()), message, Some(format!("there are {}", known.join(", ")))))
    };
    CHOICES.iter().filter_map(odd).collect()
}

/// All that is wrong with a table's options, as (option, message, help).
pub fn check(connector: &str, options: &Options) -> Vec<(Option<String>, String, Option<String>)> {
    let Some(known) = CONNECTORS.iter().find(|known| known.name == connector) else {
        let names = CONNECTORS.iter().map(|known| known.name);
        let message = match LATER.contains(&connector) {
            true => format!("the connector '{connector}' is not supported yet"),
            false => format!("there is no connector '{connector}'"),
        };
        let help = match nearest(connector, names.clone()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
        };
        return vec![(Some("connector".into()), message, Some(help))];
    };
    let mut faults = Vec::new();
    for name in options.keys() {
        let fits = known.options.contains(&&**name)
            || known.required.contains(&&**name)
            || known.common.contains(&&**name)
            || known.prefixes.iter().any(|prefix| name.starts_with(prefix));
        if !fits {
            let all = known.options.iter().chain(known.required).chain(known.common).copied();
            let help = match nearest(name, all.clone()) {
                Some(meant) => format!("did you mean '{meant}'?"),
                None => format!("'{connector}' knows {}", all.collect::<Vec<_>>().join(", ")),
            };
            let message = format!("'{connector}' has no option '{name}'");
            faults.push((Some(name.to_string()), message, Some(help)));
        }
    }
    for option in known.required.iter().filter(|option| !options.contains_key(**option)) {
        let help = format!("add '{option}' = '…' to WITH");
        faults.push((None, format!("'{connector}' needs the option '{option}'"), Some(help)));
    }
    faults.extend(choices(options));
    for option in ["format", "key.format", "value.format"] {
        let format = options.get(option).filter(|format| !matches!(&***format, "json" | "raw"));
        if let Some(format) = format {
            let message = format!("the format '{format}' is not supported yet");
            faults.push((Some(option.into()), message, Some("'json' is there".into())));
        }
    }
    faults
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
    matches!(connector, "kafka" | "filesystem" | "datagen")
}

/// Whether the connector can be written to.
pub fn is_sink(connector: &str) -> bool {
    connector != "datagen"
}
