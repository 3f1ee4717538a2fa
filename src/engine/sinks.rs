//! Starts the threads of a job's sinks.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, unbounded};

use super::beginning::Beginning;
use super::connectors::OpenSink;
use super::workers::{Observed, Queues, spawn};
use super::{Job, RunOptions};
use crate::checkpoint::StateFolder;
use crate::metrics::Metrics;
use crate::shard::acknowledged::Meter;
use crate::shard::backlog::Backlog;
use crate::shard::collector::Collector;
use crate::shard::outbox::{Outbox, columns_of};
use crate::shard::publish_thread::PublishThread;
use crate::shard::sink_thread::{self, Publish, SinkEvent, SinkThread};
use crate::sink::kafka::is_transactional;
use crate::sink::options::backlog_bytes;
use crate::sink::{SinkContext, is_fenced, is_store, publishes_committed};
use crate::sql::plan::Table;

/// The threads of all sinks, what they say, and for each sink a queue for each shard.
pub struct Sinks {
    pub threads: Vec<JoinHandle<()>>,
    pub events: Receiver<SinkEvent>,
    pub queues: Queues,
    /// Of those that publish after the commit.
    pub backlogs: Vec<Arc<Backlog>>,
}

pub fn start(
    job: &Job,
    options: &RunOptions,
    contexts: &[SinkContext],
    workers: usize,
    observed: &Observed,
    beginning: &Beginning,
) -> Result<Sinks, String> {
    let (events, sink_events) = unbounded();
    let (threads, queues, backlogs) = Default::default();
    let mut sinks = Sinks { threads, events: sink_events, queues, backlogs };
    for (index, table) in job.topology.sinks.iter().enumerate() {
        let transactions = beginning.transactions.clone().filter(|_| is_transactional(table));
        let transactions = transactions.map(|all| (all, beginning.epoch + 1));
        let in_transaction = transactions.is_some();
        let folder = beginning.state.as_ref().filter(|_| publishes_committed(table));
        let context = contexts[index].clone();
        let request = OpenSink {
            table: table.clone(),
            zone: job.zone.clone(),
            context: context.clone(),
            transactions,
            publisher: folder.map(|_| beginning.publisher(&job.name, &table.name)),
            metrics: observed.metrics.clone(),
        };
        let connect = job.connect.clone();
        let open = Box::new(move || connect.open_sink(request));
        let meter = Meter {
            latency: observed.latencies.recorder(&format!("sink {}", table.name)),
            rows: observed.sink_rows(&table.name),
        };
        let committed = observed.committed.clone();
        let publish = match folder {
            None if in_transaction => Publish::Transaction(open, meter),
            None => Publish::AtOnce(open, meter),
            Some(folder) => {
                let backlog =
                    backlog((index, table), folder, context.clone(), &observed.metrics, beginning)?;
                sinks.backlogs.push(backlog.clone());
                let (events, collected) = (events.clone(), events.clone());
                let thread =
                    PublishThread { index, backlog: backlog.clone(), events, meter, context };
                let name = format!("publish-{}", table.name);
                sinks.threads.push(spawn(&name, move || thread.run(open))?);
                Publish::Committed(Collector::new(backlog, collected, options.stop.clone()))
            }
        };
        let (queues, shards) = sink_thread::queues(workers);
        sinks.queues.push(queues);
        let thread = SinkThread { index, shards, events: events.clone(), committed };
        sinks.threads.push(spawn(&format!("sink-{}", table.name), move || thread.run(publish))?);
    }
    Ok(sinks)
}

/// What waits to be published, beginning with what the last start has left.
fn backlog(
    (index, table): (usize, &Table),
    folder: &Arc<StateFolder>,
    context: SinkContext,
    metrics: &Metrics,
    beginning: &Beginning,
) -> Result<Arc<Backlog>, String> {
    let outbox = Outbox::new(folder.clone(), beginning.incarnation, index, table);
    let of = (&*table.name, columns_of(table));
    let backlog =
        Backlog::new(outbox, of, (backlog_bytes(table)?, is_store(table)), context, metrics);
    match is_fenced(table) {
        true => backlog.fence(beginning.claimed(&table.name)),
        false => backlog.commit_up_to(beginning.epoch),
    }
    let outboxes = beginning.recovery.iter().flat_map(|recovery| &recovery.manifest.outboxes);
    let left: Vec<_> = outboxes.filter(|outbox| *outbox.table == *table.name).cloned().collect();
    backlog.restore(&left)?;
    Ok(Arc::new(backlog))
}
