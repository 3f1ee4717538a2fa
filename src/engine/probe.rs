//! Whether the servers that a job names answer, let it in, and have what its tables say: asked before
//! the job runs. Nothing is written, and nobody is sent a message.

use std::collections::BTreeMap;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use crate::kafka::{CreateTopic, Role, client_config, one_topic, partition_count};
use crate::shard::topology::Topology;
use crate::sink::{SinkContext, clickhouse, redis};
use crate::sql::plan::Table;

/// For all of them together; they are asked at once.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// What became of the question: how many tables' servers were asked, and what is wrong.
pub struct Found {
    pub asked: usize,
    pub faults: Vec<String>,
}

/// Asks for every table in Kafka, Redis and ClickHouse.
pub fn probe(topology: &Topology) -> Found {
    let read = topology.scans().map(|(_, table)| (table, Use::Read));
    let looked_up = topology.lookups().map(|(_, table, _)| (table, Use::Read));
    let written = topology.sinks.iter().map(|table| (table, Use::Written));
    let tables: BTreeMap<_, _> = read
        .chain(looked_up)
        .chain(written)
        .map(|(table, usage)| (&table.name, (&**table, usage)))
        .collect();
    let asked: Vec<_> = std::thread::scope(|scope| {
        let start = |(table, usage)| {
            let context = SinkContext::default();
            let shared = context.clone();
            (context, scope.spawn(move || ask(table, usage, &shared)))
        };
        let threads: Vec<_> = tables.values().copied().map(start).collect();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && threads.iter().any(|(_, thread)| !thread.is_finished()) {
            std::thread::sleep(LOOK);
        }
        let ended = |(context, thread): (SinkContext, ScopedJoinHandle<'_, Answer>)| {
            // What is tried again says no more than that it was stopped.
            let problem = if thread.is_finished() { None } else { context.problem() };
            context.stop();
            let failed = |_| Some(Err("the question failed".to_owned()));
            Some(thread.join().unwrap_or_else(failed)?.map_err(|error| problem.unwrap_or(error)))
        };
        threads.into_iter().map(ended).collect()
    });
    let told = tables.keys().zip(asked).filter_map(|(name, told)| Some((name, told?)));
    let (mut asked, mut faults) = (0, Vec::new());
    for (name, told) in told {
        asked += 1;
        faults.extend(told.err().map(|fault| named(name, fault)));
    }
    Found { asked, faults }
}

/// A fault with its table, which those of sinks name themselves.
fn named(table: &str, fault: String) -> String {
    let name = format!("table '{table}'");
    if fault.starts_with(&name) { fault } else { format!("{name}: {fault}") }
}

#[derive(Clone, Copy)]
enum Use {
    Read,
    Written,
}

/// `None`: the table has no server, or one that only messages could be sent to.
type Answer = Option<Result<(), String>>;

fn ask(table: &Table, usage: Use, context: &SinkContext) -> Answer {
    match &*table.connector {
        "kafka" | "upsert-kafka" => Some(topic(table, usage)),
        "redis" => Some(redis::probe(table, context.clone())),
        "clickhouse" => Some(clickhouse::probe(table, context.clone())),
        _ => None,
    }
}

fn topic(table: &Table, usage: Use) -> Result<(), String> {
    let topic = one_topic(&table.options)?;
    let config = client_config(&table.options, Role::Admin)?;
    let create = table.options.get("sink.create-topic").map(|create| CreateTopic::parse(create));
    let is_made = matches!(usage, Use::Written) && create.transpose()?.flatten().is_some();
    match partition_count(&config, &topic, PATIENCE)? {
        None if !is_made => Err(format!("Kafka topic '{topic}' is not there")),
        _ => Ok(()),
    }
}
