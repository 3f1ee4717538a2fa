//! From a table's connector to the code that reads or writes it.

use std::sync::Arc;

use crate::lookup::{self, OpenLookup, Store};
use crate::metrics::Metrics;
use crate::operator::Rejected;
use crate::sink::kafka::transaction::Transactions;
use crate::sink::{self, Publisher, Sink, SinkContext};
use crate::source::{self, OpenSource, Source};
use crate::sql::plan::Table;

/// Who opens what a job reads and writes: [`Connectors`], or what stands in for them where a job is
/// tested or looked at.
pub trait Connect: Send + Sync {
    /// Whether a table's input ends by itself.
    fn is_bounded(&self, table: &Table) -> bool {
        is_bounded(table)
    }

    fn open_source(&self, request: OpenSource) -> Result<Box<dyn Source>, String> {
        open_source(request)
    }

    fn open_sink(&self, request: OpenSink) -> Result<Box<dyn Sink>, String> {
        open_sink(request)
    }

    fn open_lookup(&self, request: OpenLookup) -> Result<Box<dyn Store>, String> {
        open_lookup(request)
    }

    /// Takes the records that cannot be used, instead of where their tables say that they go.
    fn take_rejected(&self) -> Option<TakeRejected> {
        None
    }

    /// Whether the groups of Kafka tables get to know how far the job has read.
    fn commits_offsets(&self) -> bool {
        true
    }
}

pub type TakeRejected = Box<dyn FnMut(&Rejected) + Send>;

/// What the tables say.
pub struct Connectors;

impl Connect for Connectors {}

/// What opening a sink needs to know.
pub struct OpenSink {
    pub table: Arc<Table>,
    pub zone: jiff::tz::TimeZone,
    pub context: SinkContext,
    /// Where the rows go out by a Kafka transaction, with the first epoch.
    pub transactions: Option<(Arc<Transactions>, u64)>,
    pub publisher: Option<Publisher>,
    pub metrics: Metrics,
}

fn is_bounded(table: &Table) -> bool {
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

fn open_source(request: OpenSource) -> Result<Box<dyn Source>, String> {
    match &*request.table.connector {
        "kafka" | "upsert-kafka" => source::kafka::open(request),
        "filesystem" => source::filesystem::open(request),
        "datagen" => source::datagen::open(request),
        other => Err(format!("connector '{other}' cannot be read from")),
    }
}

fn open_lookup(request: OpenLookup) -> Result<Box<dyn Store>, String> {
    match &*request.table.connector {
        "redis" => lookup::redis::open(request),
        "filesystem" => lookup::filesystem::open(request),
        other => Err(format!("rows of connector '{other}' cannot be looked up")),
    }
}

fn open_sink(request: OpenSink) -> Result<Box<dyn Sink>, String> {
    let OpenSink { table, zone, context, transactions, publisher, metrics } = request;
    match &*table.connector {
        "kafka" | "upsert-kafka" => sink::kafka::open(table, context, transactions, &metrics),
        "filesystem" => sink::filesystem::open(&table),
        "print" => sink::print::open(table, zone, context),
        "blackhole" => sink::blackhole::open(table, zone, context),
        "redis" => sink::redis::open(table, zone, context, publisher),
        "clickhouse" => sink::clickhouse::open(table, context, publisher, &metrics),
        "webhook" => sink::webhook::open(table, zone, context, &metrics),
        "dingtalk" => sink::dingtalk::open(table, zone, context, &metrics),
        "email" => sink::email::open(table, zone, context, &metrics),
        other => Err(format!("connector '{other}' cannot be written to")),
    }
}
