//! The threads that look rows up for the workers.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::Job;
use super::workers::spawn;
use crate::lookup::{self, OpenLookup, Port, Request, Served, Stores};
use crate::metrics::Metrics;
use crate::operator::lookup::Seat;
use crate::record::key::groups_of;
use crate::shard::channel::Waker;
use crate::shard::worker::Event;
use crate::sink::SinkContext;
use crate::sql::plan::Table;

/// One store of a lookup.
pub struct Opening {
    step: usize,
    table: Arc<Table>,
    /// The workers that it serves.
    workers: Vec<usize>,
    pub context: SinkContext,
}

/// The stores that a job needs.
pub fn stores(job: &Job, workers: usize, metrics: &Metrics) -> Vec<Opening> {
    let mut all = Vec::new();
    for (step, table, _) in job.topology.lookups() {
        let served: Vec<Vec<usize>> = match lookup::stores(table) {
            Stores::EachWorker => (0..workers).map(|worker| vec![worker]).collect(),
            Stores::One => vec![(0..workers).collect()],
        };
        all.extend(served.into_iter().map(|workers| {
            let context = SinkContext::of_lookups(metrics, &table.name);
            Opening { step, table: table.clone(), workers, context }
        }));
    }
    all
}

/// Starts a thread for each store; gives the seats of each worker by step.
pub fn start(
    job: &Arc<Job>,
    openings: &[Opening],
    wakers: &[Arc<Waker>],
    metrics: &Metrics,
    events: &Sender<Event>,
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<Vec<HashMap<usize, Seat>>, String> {
    let mut seats: Vec<HashMap<usize, Seat>> = wakers.iter().map(|_| HashMap::new()).collect();
    for opening in openings {
        let (requests, served) = unbounded();
        for &worker in &opening.workers {
            let waker = wakers[worker].clone();
            let wake = Arc::new(move || waker.wake());
            let counts = lookup::Counts::new(metrics, &opening.table.name, worker);
            let port = Port::new(requests.clone(), wake, counts);
            let groups = groups_of(worker, wakers.len());
            seats[worker].insert(opening.step, Seat { port, groups });
        }
        threads.push(thread(job.clone(), opening, served, metrics, events.clone())?);
    }
    Ok(seats)
}

fn thread(
    job: Arc<Job>,
    opening: &Opening,
    requests: Receiver<Request>,
    metrics: &Metrics,
    events: Sender<Event>,
) -> Result<JoinHandle<()>, String> {
    let spec = job.topology.lookups().find(|(step, ..)| *step == opening.step);
    let spec = spec.map(|(.., spec)| spec).ok_or("a lookup has no step")?;
    let (table, first) = (opening.table.clone(), opening.workers[0]);
    let request = OpenLookup {
        table: table.clone(),
        keys: spec.table_keys.clone(),
        columns: spec.columns.clone(),
        zone: job.zone.clone(),
        context: opening.context.clone(),
        metrics: metrics.clone(),
    };
    let help = "Times that a store was asked for the keys of lookups";
    let labels = [("table", &*table.name)];
    let round_trips = metrics.counter("pelton_lookup_requests_total", help, &labels);
    let served = Served { requests, round_trips };
    spawn(&format!("lookup-{}", table.name), move || {
        let opened = job.connect.open_lookup(request);
        if let Err(error) = opened.and_then(|store| lookup::serve(store, &served)) {
            let error = format!("lookups in table `{}`: {error}", table.name);
            let _ = events.send(Event::Failed { worker: first, error });
        }
    })
}
