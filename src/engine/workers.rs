//! Starts the threads of a job, and stops them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};

use super::beginning::Beginning;
use super::control::{Control, Health};
use super::memory::MemoryGuard;
use super::recovery::Recovery;
use super::{Ended, Job, Pin, RunOptions, RunSummary, dead_letters, lookups, sinks};
use crate::http;
use crate::metrics::latency::{Latencies, StageLatency};
use crate::metrics::{Counter, Metrics};
use crate::record::key::{KEY_GROUPS, groups_of};
use crate::shard::alignment::Alignment;
use crate::shard::build::{self, Plumbing, Settings};
use crate::shard::channel::{Waker, channel};
use crate::shard::dead_letter::{DeadLetter, DeadLetterSender};
use crate::shard::epoch::{EpochState, ReadBack};
use crate::shard::query::{KeyMapping, QueryClient, TableInfo, WorkerHandle};
use crate::shard::report::Gauges;
use crate::shard::source_task::SourceTask;
use crate::shard::state_thread::{Order, StateThread};
use crate::shard::topology::{Kept, StepKind, Topology, source_name};
use crate::shard::worker::{Clock, Command, Event, Parts, Worker};
use crate::sink::SinkContext;
use crate::source::format::Schemas;
use crate::source::{self, Bounds, OpenSource};
use crate::sql::plan::Table;

/// Commands that may wait for a worker: queries mostly.
const COMMAND_CAPACITY: usize = 1_024;
/// Records that may wait for the dead-letter thread.
const DEAD_LETTER_CAPACITY: usize = 4_096;

/// What every worker thread is given.
struct WorkerSeed {
    index: usize,
    workers: usize,
    job: Arc<Job>,
    settings: Settings,
    plumbing: Plumbing,
    recovery: Option<Arc<Recovery>>,
    /// Where state is written, if it is.
    orders: Option<Sender<Order>>,
    bounds: Bounds,
    core: Option<usize>,
    commands: Receiver<Command>,
    events: Sender<Event>,
    waker: Arc<Waker>,
    dead_letters: DeadLetterSender,
    observed: Observed,
    batch_rows: usize,
    flush_interval: std::time::Duration,
    clock: Clock,
}

/// What can be looked at while the job runs.
#[derive(Clone)]
pub struct Observed {
    pub metrics: Metrics,
    pub latencies: Latencies,
    /// For how long workers stand still to keep their state.
    pauses: Latencies,
    health: Arc<Health>,
    dead_letters: Arc<AtomicU64>,
    /// The trouble that dead letters have on their way out.
    letters: SinkContext,
    /// The newest committed epoch.
    pub committed: Arc<AtomicU64>,
    /// Workers read nothing while it is set.
    hold: Arc<AtomicBool>,
}

/// Runs the job once: until its end, or until it has to start again in place.
pub fn run(
    job: &Arc<Job>,
    options: &RunOptions,
    known: &mut Option<u64>,
) -> Result<RunSummary, Ended> {
    let (started, mut threads) = (Instant::now(), Vec::new());
    let workers = options.shards.unwrap_or_else(cores_allowed);
    let (observed, contexts, opening, stores) = Observed::new(job, options, workers);
    let wakers = (0..workers).map(|_| Waker::new()).collect::<Result<Vec<_>, _>>()?;
    let (handles, commands) = handles(&wakers);
    let server = start_http(job, options, &handles, &observed)?;
    let beginning = Beginning::open(job, options, &opening, *known)?;
    *known = Some(beginning.incarnation);
    observed.committed.store(beginning.epoch, Ordering::Release);
    let mut sinks = sinks::start(job, options, &contexts, workers, &observed, &beginning)?;
    let (letters, letters_out) = bounded(DEAD_LETTER_CAPACITY);
    let (total, metrics) = (observed.dead_letters.clone(), &observed.metrics);
    let letter_thread = dead_letters::start(job, letters_out, metrics, total, &observed.letters)?;
    let mut plumbings = plumbing(&job.topology, &wakers, &std::mem::take(&mut sinks.queues));
    let (events, worker_events) = unbounded();
    let seats = lookups::start(job, &stores, &wakers, metrics, &events, &mut threads)?;
    plumbings.iter_mut().zip(seats).for_each(|(plumbing, seats)| plumbing.lookups = seats);
    let starter = Starter {
        workers,
        job,
        options,
        beginning: &beginning,
        observed: &observed,
        letters: &letters,
        events,
        cores: pinned_cores(&options.pin, workers)?,
        settings: settings(job, options, beginning.seed),
    };
    for (index, (plumbing, commands)) in plumbings.into_iter().zip(commands).enumerate() {
        starter.start(index, plumbing, commands, wakers[index].clone(), &mut threads)?;
    }
    drop(starter);
    let mut control = Control {
        job: job.clone(),
        options,
        handles,
        worker_events,
        sink_events: sinks.events,
        letters,
        contexts,
        lookups: stores.into_iter().map(|store| store.context).collect(),
        backlogs: sinks.backlogs,
        last: None,
        beginning,
        committed: observed.committed.clone(),
        groups: Vec::new(),
        metrics: observed.metrics.clone(),
        latencies: observed.latencies.clone(),
        pauses: observed.pauses.clone(),
        summary: RunSummary::default(),
        name_before: String::new(),
        full: false,
        stretched: std::time::Duration::ZERO,
        last_commit: Instant::now(),
        health: observed.health.clone(),
        memory: observed.memory_guard(options),
        first: None,
    };
    let (outcome, summary) = (control.run(), control.exit());
    // The state folder's lock goes with the last of its users.
    drop(control);
    observed.letters.stop();
    join(threads.into_iter().chain(sinks.threads).chain([letter_thread]), server);
    outcome.map(|()| observed.summary(job, summary, started))
}

fn join(threads: impl Iterator<Item = JoinHandle<()>>, server: Option<http::ServerHandle>) {
    for thread in threads {
        // A thread that panicked has said so on standard error.
        let _ = thread.join();
    }
    if let Some(server) = server {
        server.stop();
    }
}

/// What all workers have in common.
struct Starter<'a> {
    workers: usize,
    job: &'a Arc<Job>,
    options: &'a RunOptions,
    beginning: &'a Beginning,
    observed: &'a Observed,
    letters: &'a Sender<DeadLetter>,
    events: Sender<Event>,
    cores: Vec<usize>,
    settings: Settings,
}

impl Starter<'_> {
    /// Starts the thread that writes a worker's state, if state is kept.
    fn start_state(
        &self,
        worker: usize,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<Option<Sender<Order>>, String> {
        let Some(folder) = self.beginning.state.clone() else { return Ok(None) };
        // The worker looks how many wait before it hands on more.
        let (sender, orders) = unbounded();
        let (incarnation, events) = (self.beginning.incarnation, self.events.clone());
        let thread = StateThread { folder, incarnation, worker, orders, events };
        threads.push(spawn(&format!("state-{worker}"), move || thread.run())?);
        Ok(Some(sender))
    }

    fn start(
        &self,
        index: usize,
        plumbing: Plumbing,
        commands: Receiver<Command>,
        waker: Arc<Waker>,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<(), String> {
        let seed = WorkerSeed {
            index,
            workers: self.workers,
            job: self.job.clone(),
            settings: self.settings.clone(),
            plumbing,
            recovery: self.beginning.recovery.clone(),
            orders: self.start_state(index, threads)?,
            bounds: self.options.bounds.clone(),
            core: self.cores.get(index).copied(),
            commands,
            events: self.events.clone(),
            waker,
            dead_letters: DeadLetterSender::new(
                self.letters.clone(),
                self.observed.dead_letters.clone(),
            ),
            observed: self.observed.clone(),
            batch_rows: self.options.batch_rows,
            flush_interval: self.options.flush_interval,
            clock: self.options.clock,
        };
        threads.push(spawn(&format!("worker-{index}"), move || work(seed))?);
        Ok(())
    }
}

impl Observed {
    /// With the context of each sink, that of what comes before they are open, and the stores of
    /// lookups.
    fn new(
        job: &Job,
        options: &RunOptions,
        workers: usize,
    ) -> (Self, Vec<SinkContext>, SinkContext, Vec<lookups::Opening>) {
        let metrics = Metrics::new();
        let of_sink = |table: &Arc<Table>| SinkContext::observed(&metrics, &table.name);
        let contexts: Vec<_> = job.topology.sinks.iter().map(of_sink).collect();
        let opening = SinkContext::until(options.stop.clone());
        let letters = SinkContext::observed(&metrics, "dead letters");
        let stores = lookups::stores(job, workers, &metrics);
        let of_stores = stores.iter().map(|store| store.context.clone());
        let of_sinks = contexts.iter().chain([&opening, &letters]).cloned();
        let observed = Self {
            health: Arc::new(Health::new(workers, of_sinks.chain(of_stores).collect())),
            metrics,
            latencies: Latencies::new(),
            pauses: Latencies::new(),
            dead_letters: Arc::default(),
            letters,
            committed: Arc::default(),
            hold: Arc::default(),
        };
        (observed, contexts, opening, stores)
    }

    fn memory_guard(&self, options: &RunOptions) -> Option<MemoryGuard> {
        let guard = |limit| MemoryGuard::new(limit, self.hold.clone(), &self.metrics);
        options.max_memory.map(guard)
    }

    pub fn sink_rows(&self, table: &str) -> Counter {
        let help = "Rows acknowledged by the sink";
        self.metrics.counter("pelton_sink_rows_total", help, &[("sink", table)])
    }

    /// The control loop's summary with all that was counted.
    fn summary(&self, job: &Job, summary: RunSummary, started: Instant) -> RunSummary {
        let sinks = job.topology.sinks.iter().map(|table| &table.name);
        let latencies = self.latencies.snapshot();
        let hgrm = |stage: &StageLatency| self.latencies.hgrm(&stage.stage);
        RunSummary {
            seconds: started.elapsed().as_secs_f64(),
            records_in: self.metrics.sum("pelton_source_records_total"),
            rows_out: self.metrics.sum("pelton_sink_rows_total"),
            rows_by_sink: sinks
                .map(|name| (name.to_string(), self.sink_rows(name).get()))
                .collect(),
            dead_letters: self.dead_letters.load(Ordering::Relaxed),
            percentiles: latencies.iter().filter_map(hgrm).collect(),
            latencies,
            ..summary
        }
    }
}

fn settings(job: &Job, options: &RunOptions, seed: u64) -> Settings {
    Settings {
        zone: job.zone.clone(),
        seed,
        per_row: options.flush_interval.is_zero(),
        bounded: job.bounded,
        partitions: Arc::default(),
    }
}

/// As much as a main thread has: an expression is computed as deep as it is written.
const STACK: usize = 8 << 20;

pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, String> {
    let builder = std::thread::Builder::new().name(name.into()).stack_size(STACK);
    builder.spawn(body).map_err(|error| format!("cannot start the thread {name}: {error}"))
}

/// For each sink one of each worker's.
pub type Queues = Vec<Vec<Sender<crate::record::Message>>>;

fn handles(wakers: &[Arc<Waker>]) -> (Vec<WorkerHandle>, Vec<Receiver<Command>>) {
    let handle = |waker: &Arc<Waker>| {
        let (commands, receiver) = bounded(COMMAND_CAPACITY);
        (WorkerHandle { commands, waker: waker.clone() }, receiver)
    };
    wakers.iter().map(handle).unzip()
}

/// The channels of all workers. With one shard there are none: every edge is local.
fn plumbing(topology: &Topology, wakers: &[Arc<Waker>], sinks: &Queues) -> Vec<Plumbing> {
    let mut all: Vec<Plumbing> = wakers.iter().map(|_| Plumbing::default()).collect();
    for (shard, plumbing) in all.iter_mut().enumerate() {
        plumbing.worker = shard;
        plumbing.sinks = sinks.iter().map(|queues| queues[shard].clone()).collect();
    }
    for (index, step) in topology.steps.iter().enumerate() {
        if matches!(step.kind, StepKind::Watermark { .. }) {
            let seats = Alignment::seats(wakers.len()).zip(&mut all);
            seats.for_each(|(seat, plumbing)| drop(plumbing.alignments.insert(index, seat)));
        }
    }
    if wakers.len() == 1 {
        return all;
    }
    for (step, port) in exchanges(topology) {
        for from in 0..wakers.len() {
            for to in 0..wakers.len() {
                let (sender, receiver) = channel(&wakers[from], &wakers[to]);
                all[from].senders.entry((step, port)).or_default().push(sender);
                all[to].receivers.entry((step, port)).or_default().push(receiver);
            }
        }
    }
    all
}

fn exchanges(topology: &Topology) -> impl Iterator<Item = (usize, usize)> {
    topology.steps.iter().enumerate().flat_map(|(index, step)| {
        let edges = step.inputs.iter().enumerate();
        edges.filter(|(_, edge)| edge.exchange.is_some()).map(move |(port, _)| (index, port))
    })
}

fn start_http(
    job: &Job,
    options: &RunOptions,
    handles: &[WorkerHandle],
    observed: &Observed,
) -> Result<Option<http::ServerHandle>, String> {
    let Some(endpoint) = &options.http else { return Ok(None) };
    let views = &job.topology.views;
    let tables = views.iter().map(|view| TableInfo {
        name: view.table.name.clone(),
        schema: view.table.schema.clone(),
        primary_key: view.table.primary_key.clone(),
        route: view.table.options.get("http.route").cloned(),
    });
    let mappings = views.iter().map(|view| KeyMapping { order: view.key_order.clone() });
    let queries = QueryClient::new(tables.collect(), mappings.collect(), handles.to_vec());
    let health = observed.health.clone();
    let server = http::serve(
        endpoint,
        http::ApiState {
            queries: Arc::new(queries),
            metrics: observed.metrics.clone(),
            latencies: observed.latencies.clone(),
            ready: Arc::new(move || health.ready()),
            epoch: observed.committed.clone(),
            job: job.name.clone(),
            version: env!("CARGO_PKG_VERSION"),
            metrics_json_default: options.metrics_json_default,
        },
    )?;
    let (token, tls) = (endpoint.token.is_some(), endpoint.tls.is_some());
    tracing::info!(address = %server.addr, token, tls, "HTTP API listens");
    Ok(Some(server))
}

/// Cores that this process may use: what its affinity mask and cgroup allow.
pub fn cores_allowed() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The core of each worker; empty where none is pinned.
fn pinned_cores(pin: &Pin, workers: usize) -> Result<Vec<usize>, String> {
    let allowed: Vec<usize> =
        core_affinity::get_core_ids().unwrap_or_default().iter().map(|core| core.id).collect();
    match pin {
        Pin::Off => Ok(Vec::new()),
        // Two workers on one core, or a quota below the mask, are better left to the scheduler.
        Pin::Auto if workers > allowed.len().min(cores_allowed()) => Ok(Vec::new()),
        Pin::Auto => Ok(allowed),
        Pin::Cores(cores) => match cores.iter().find(|core| !allowed.contains(core)) {
            Some(core) => {
                Err(format!("--pin: core {core} is not among those allowed: {allowed:?}"))
            }
            None if cores.len() < workers => {
                Err(format!("--pin names {} cores for {workers} shards", cores.len()))
            }
            None => Ok(cores.clone()),
        },
    }
}

/// The body of a worker's thread.
fn work(seed: WorkerSeed) {
    if let Some(id) = seed.core {
        core_affinity::set_for_current(core_affinity::CoreId { id });
    }
    let (index, events) = (seed.index, seed.events.clone());
    match assemble(seed) {
        Ok(worker) => worker.run(),
        Err(error) => {
            let _ = events.send(Event::Failed { worker: index, error });
        }
    }
}

fn assemble(seed: WorkerSeed) -> Result<Worker, String> {
    let topology = &seed.job.topology;
    let mut sources = open_sources(&seed)?;
    let built = build::build(topology, &seed.settings, &mut sources, seed.plumbing)?;
    let (mut nodes, links) = (built.nodes, built.links);
    let place = (seed.index, seed.workers);
    let read = match &seed.recovery {
        Some(recovery) => {
            let begun = Instant::now();
            let read = recovery.restore(&mut nodes, &links, &sources, place)?;
            let (index, took) = (seed.index.to_string(), begun.elapsed().as_secs_f64());
            let help = "How long a worker has read its state back at the start";
            let labels = [("worker", index.as_str())];
            seed.observed.metrics.gauge("pelton_recovery_seconds", help, &labels).set(took);
            read
        }
        None => {
            ReadBack { sizes: [0; KEY_GROUPS], oldest: groups_of(seed.index, seed.workers).start }
        }
    };
    let pauses = seed.observed.pauses.recorder("state");
    let state = seed.orders.map(|orders| EpochState::new(orders, pauses, place, &read));
    seed.observed.health.opened(seed.index);
    Ok(Worker::new(Parts {
        index: seed.index,
        workers: seed.workers,
        nodes,
        sources,
        links,
        views: built.views,
        commands: seed.commands,
        events: seed.events,
        waker: seed.waker,
        dead_letters: seed.dead_letters,
        hold: seed.observed.hold,
        partitions: seed.settings.partitions,
        gauges: Gauges::new(
            seed.observed.metrics,
            seed.index,
            seed.observed.health.problem_cell(seed.index),
        ),
        state,
        batch_rows: seed.batch_rows,
        flush_interval: seed.flush_interval,
        zone: seed.settings.zone.clone(),
        clock: seed.clock,
    }))
}

fn open_sources(seed: &WorkerSeed) -> Result<Vec<SourceTask>, String> {
    let steps = seed.job.topology.steps.iter().enumerate();
    let mut tasks = Vec::new();
    for (index, step) in steps {
        let StepKind::Scan { table, fields, metadata } = &step.kind else { continue };
        let restored = seed.recovery.as_ref().and_then(|recovery| recovery.positions(&step.id));
        let source = seed
            .job
            .connect
            .open_source(OpenSource {
                table: table.clone(),
                worker: seed.index,
                workers: seed.workers,
                restored,
                bounds: seed.bounds.clone(),
            })
            .map_err(|error| format!("table `{}`: {error}", table.name))?;
        let decoder = source::format::decoder(table, fields)?;
        let schemas = Schemas::of(table)?;
        let name = source_name(table);
        let mut task = SourceTask::new(
            source,
            (decoder, schemas),
            metadata.clone(),
            name,
            step.id.clone(),
            index,
            Kept::Late.is_asked_for(table),
        );
        task.by_partition = table.is_partitioned();
        tasks.push(task);
    }
    Ok(tasks)
}

/// A worker's latest trouble, shared with `/ready`.
pub type ProblemCell = Arc<Mutex<Option<String>>>;

/// Lets the dead-letter thread answer once all before is safe.
pub fn flush_letters(letters: &Sender<DeadLetter>) -> Result<(), String> {
    let (answer, answered) = bounded(1);
    letters.send(DeadLetter::Flush(answer)).map_err(|_| "the dead-letter writer has stopped")?;
    answered.recv().map_err(|_| "the dead-letter writer has stopped")?
}
