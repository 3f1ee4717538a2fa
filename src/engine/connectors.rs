//! From a table's connector to the code that reads or writes it.

use std::sync::Arc;

use crate::metrics::Metrics;
use crate::sink::kafka::transaction::Transactions;
use crate::sink::{self, Publisher, Sink, SinkContext};
use crate::source::{self, OpenSource, Source};
use crate::sql::plan::Table;

/// Whether a table's input ends by itself.
pub fn is_bounded(table: &Table) -> bool {
    match &*table.connector {
        "filesystem" => true,
        "datagen" => {
            let is_sequence = |(option, value): (&Arc<str>, &Arc<str>)| {
                option.ends_with(".kind") && &**value == "sequence"
            };
            table.options.contains_key("number-of-rows") || table.options.iter().any(is_sequence)
        }
        _ => false,
    }
}

pub fn open_source(request: OpenSource) -> Result<Box<dyn Source>, String> {
    match &*request.table.connector {
        "kafka" | "upsert-kafka" => source::kafka::open(request),
        "filesystem" => source::filesystem::open(request),
        "datagen" => source::datagen::open(request),
        other => Err(format!("connector '{other}' cannot be read from")),
    }
}

pub fn open_sink(
    table: Arc<Table>,
    zone: jiff::tz::TimeZone,
    context: SinkContext,
    transactions: Option<(Arc<Transactions>, u64)>,
    publisher: Option<Publisher>,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    match &*table.connector {
        "kafka" | "upsert-kafka" => sink::kafka::open(table, context, transactions),
        "filesystem" => sink::filesystem::open(&table),
        "print" => sink::print::open(table, zone, context),
        "blackhole" => sink::blackhole::open(table, zone, context),
        "redis" => sink::redis::open(table, zone, context, publisher),
        "clickhouse" => sink::clickhouse::open(table, context, publisher, metrics),
        "webhook" => sink::webhook::open(table, zone, context, metrics),
        "dingtalk" => sink::dingtalk::open(table, zone, context, metrics),
        "email" => sink::email::open(table, zone, context, metrics),
        other => Err(format!("connector '{other}' cannot be written to")),
    }
}
