//! The control loop of a running job: begins epochs, commits them, watches for the end.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, select};

use super::beginning::Beginning;
use super::memory::MemoryGuard;
use super::workers::{ProblemCell, flush_letters};
use super::{Ended, Job, RunOptions, RunSummary, recovery};
use crate::checkpoint::{Manifest, SourcePosition, StateFile, chain};
use crate::fault;
use crate::kafka::{Committed, Offsets, Role, client_config, group_id};
use crate::metrics::Metrics;
use crate::metrics::latency::Latencies;
use crate::shard::backlog::Backlog;
use crate::shard::dead_letter::DeadLetter;
use crate::shard::epoch::Cost;
use crate::shard::query::WorkerHandle;
use crate::shard::sink_thread::SinkEvent;
use crate::shard::topology::source_name;
use crate::shard::worker::{Command, Event, SourcePositions};
use crate::sink::SinkContext;
use crate::sink::kafka::is_transactional;
use crate::source::Position;

/// The state takes a worker at most one part in this of its time. And for half of the time no epoch
/// is under way.
const STRETCH: u32 = 5;
/// An epoch makes the next one wait no longer than this: a process that was stopped for a while,
/// or a broker that was away, says nothing of what the next one takes.
const STRETCH_MAX: Duration = Duration::from_secs(30);
/// How often the loop looks at the stop flag.
const TICK: Duration = Duration::from_millis(20);
/// For so long at least nobody wonders why no epoch is committed.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a graceful stop may take before the sinks are told to give up.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// Why the job is not ready, if it is not.
pub struct Health {
    workers: Vec<ProblemCell>,
    sinks: Vec<SinkContext>,
    /// Why no epoch is committed.
    commits: ProblemCell,
}

impl Health {
    pub fn new(workers: usize, sinks: Vec<SinkContext>) -> Self {
        let cell = |index| Arc::new(Mutex::new(Some(format!("worker {index} is starting"))));
        Self { workers: (0..workers).map(cell).collect(), sinks, commits: Default::default() }
    }

    pub fn opened(&self, worker: usize) {
        if let Ok(mut problem) = self.workers[worker].lock() {
            *problem = None;
        }
    }

    pub fn problem_cell(&self, worker: usize) -> ProblemCell {
        self.workers[worker].clone()
    }

    fn set_commits(&self, problem: Option<String>) {
        if let Ok(mut commits) = self.commits.lock() {
            *commits = problem;
        }
    }

    pub fn ready(&self) -> Result<(), String> {
        let of_workers = self.workers.iter();
        let of_workers =
            of_workers.filter_map(|cell| cell.lock().ok().and_then(|cell| cell.clone()));
        let of_commits = self.commits.lock().ok().and_then(|problem| problem.clone());
        let of_sinks = self.sinks.iter().filter_map(SinkContext::problem);
        let mut problems = of_workers.chain(of_sinks).chain(of_commits);
        problems.next().map_or(Ok(()), Err)
    }
}

/// An epoch whose barriers are under way.
struct Epoch {
    number: u64,
    begun: Instant,
    /// Nothing is read behind its barriers.
    is_last: bool,
    /// When the last worker had its state written, and when the last sink had answered.
    saved: Option<Instant>,
    acknowledged: Option<Instant>,
    workers_left: usize,
    sinks_left: usize,
    sources: Vec<SourcePositions>,
    files: Vec<StateFile>,
    cost: Cost,
    /// Bytes of rows that sinks publish after the commit.
    outbox_bytes: u64,
}

/// What ends the loop.
enum End {
    /// All input has been computed and acknowledged.
    Finished,
    /// The stop flag went up, and the last epoch is committed.
    Stopped,
}

pub struct Control<'a> {
    pub job: Arc<Job>,
    pub options: &'a RunOptions,
    pub handles: Vec<WorkerHandle>,
    pub worker_events: Receiver<Event>,
    pub sink_events: Receiver<SinkEvent>,
    pub letters: Sender<DeadLetter>,
    pub contexts: Vec<SinkContext>,
    /// Of the stores in which rows are looked up.
    pub lookups: Vec<SinkContext>,
    /// Of the sinks that publish after the commit.
    pub backlogs: Vec<Arc<Backlog>>,
    /// The newest manifest that an epoch of this start has.
    pub last: Option<Manifest>,
    /// What the job goes on from; its epoch is the last one begun.
    pub beginning: Beginning,
    /// The newest committed epoch, for the sinks.
    pub committed: Arc<AtomicU64>,
    /// Clients that commit the sources' offsets, by scan.
    pub groups: Vec<(usize, Offsets)>,
    pub metrics: Metrics,
    pub latencies: Latencies,
    pub pauses: Latencies,
    pub summary: RunSummary,
    /// Of the epoch before, for a sabotage that names the wrong one.
    pub name_before: String,
    /// A sink holds so much that the epoch is to end.
    pub full: bool,
    /// How long after the last epoch's beginning the next one may begin: an epoch that takes
    /// long makes the next one wait, rather than be all that the job does.
    pub stretched: Duration,
    pub last_commit: Instant,
    pub health: Arc<Health>,
    pub memory: Option<MemoryGuard>,
    /// When the first record was read.
    pub first: Option<Instant>,
}

impl Control<'_> {
    /// Sees the job through to its end.
    pub fn run(&mut self) -> Result<(), Ended> {
        match self.watch()? {
            End::Finished => {
                self.summary.busy_seconds =
                    self.first.map_or(0.0, |first| first.elapsed().as_secs_f64());
                Ok(flush_letters(&self.letters)?)
            }
            End::Stopped => Ok(()),
        }
    }

    fn command(&self, command: impl Fn() -> Command) {
        for handle in &self.handles {
            // Capacity is for queries; a worker that is gone has reported why.
            let _ = handle.commands.send(command());
            handle.waker.wake();
        }
    }

    /// Lets all threads end; what the run came to.
    pub fn exit(&mut self) -> RunSummary {
        self.give_up();
        self.command(|| Command::Exit);
        std::mem::take(&mut self.summary)
    }

    fn watch(&mut self) -> Result<End, Ended> {
        let (mut workers_left, mut sinks_left) = (self.handles.len(), self.contexts.len());
        let mut current: Option<Epoch> = None;
        let mut last_epoch = Instant::now();
        let mut last_latency = Instant::now();
        let mut draining: Option<Instant> = None;
        loop {
            if workers_left == 0 && sinks_left == 0 {
                return Ok(End::Finished);
            }
            let stop = self.options.stop.load(Ordering::Relaxed);
            if stop && draining.is_none() {
                tracing::info!("stopping: reading no further, finishing what is under way");
                draining = Some(Instant::now());
                self.command(|| Command::StopReading);
            }
            self.give_up_if_overdue(draining);
            let due = draining.is_some()
                || self.full
                || last_epoch.elapsed() >= self.options.epoch_interval.max(self.stretched);
            if current.is_none() && due && workers_left > 0 && !self.job.bounded {
                self.full = false;
                current = Some(self.begin_epoch(draining.is_some()));
                last_epoch = Instant::now();
            } else if draining.is_some() && current.is_none() {
                return Ok(End::Stopped);
            }
            self.report_latency(&mut last_latency);
            self.watch_memory()?;
            if !self.job.bounded {
                self.watch_commits(current.as_ref());
            }
            select! {
                recv(self.worker_events) -> event => match event {
                    Ok(event) => self.on_worker(event, &mut current, &mut workers_left)?,
                    Err(_) => return Err("all workers have ended without a word".to_owned().into()),
                },
                recv(self.sink_events) -> event => {
                    if let Ok(event) = event {
                        self.on_sink(event, &mut current, &mut sinks_left)?;
                    } else {
                        std::thread::sleep(TICK);
                    }
                },
                default(TICK) => {}
            }
            let hasty = fault::sabotaged("commit-before-sinks");
            if current
                .as_ref()
                .is_some_and(|epoch| epoch.workers_left == 0 && (epoch.sinks_left == 0 || hasty))
                && let Some(epoch) = current.take()
            {
                let is_last = epoch.is_last;
                self.commit(epoch)?;
                if is_last {
                    self.close(draining.unwrap_or_else(Instant::now))?;
                    return Ok(End::Stopped);
                }
            }
        }
    }

    fn watch_memory(&mut self) -> Result<(), String> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        if memory.look()? {
            self.handles.iter().for_each(|handle| handle.waker.wake());
        }
        Ok(())
    }

    fn give_up_if_overdue(&self, draining: Option<Instant>) {
        if draining.is_some_and(|since| since.elapsed() > DRAIN_MAX) {
            self.give_up();
        }
    }

    /// Sinks and lookups retry no more.
    fn give_up(&self) {
        self.contexts.iter().chain(&self.lookups).for_each(SinkContext::stop);
        self.beginning.transactions.iter().for_each(|transactions| transactions.stop());
    }

    fn begin_epoch(&mut self, is_last: bool) -> Epoch {
        self.beginning.epoch += 1;
        let number = self.beginning.epoch;
        self.command(|| Command::Barrier(number));
        fault::point("barrier");
        Epoch {
            number,
            begun: Instant::now(),
            is_last,
            saved: None,
            acknowledged: None,
            workers_left: self.handles.len(),
            sinks_left: self.contexts.len(),
            sources: Vec::new(),
            files: Vec::new(),
            cost: Cost::default(),
            outbox_bytes: 0,
        }
    }

    fn on_worker(
        &mut self,
        event: Event,
        current: &mut Option<Epoch>,
        workers_left: &mut usize,
    ) -> Result<(), String> {
        match event {
            Event::Saved { epoch, sources, file, cost, .. } => {
                if let Some(current) = current.as_mut().filter(|current| current.number == epoch) {
                    current.workers_left -= 1;
                    current.saved = Some(Instant::now());
                    current.sources.extend(sources);
                    current.cost.images += cost.images;
                    current.cost.changes += cost.changes;
                    current.cost.busy = current.cost.busy.max(cost.busy);
                    current.files.extend(file);
                }
            }
            Event::Finished { late, first, .. } => {
                self.first = [self.first, first].into_iter().flatten().min();
                *workers_left -= 1;
                self.summary.late += late;
            }
            Event::Failed { worker, error } => return Err(format!("worker {worker}: {error}")),
        }
        Ok(())
    }

    fn on_sink(
        &mut self,
        event: SinkEvent,
        current: &mut Option<Epoch>,
        sinks_left: &mut usize,
    ) -> Result<(), Ended> {
        match event {
            SinkEvent::Acknowledged { epoch, bytes } => {
                if let Some(current) = current.as_mut().filter(|current| current.number == epoch) {
                    current.sinks_left -= 1;
                    current.acknowledged = Some(Instant::now());
                    current.outbox_bytes += bytes;
                }
            }
            SinkEvent::Full => self.full = true,
            SinkEvent::Finished => *sinks_left -= 1,
            SinkEvent::Failed { sink, error } => {
                let table = &self.job.topology.sinks[sink];
                let reason = format!("table `{}`: {error}", table.name);
                let transactions = self.beginning.transactions.as_ref();
                let passes = transactions.is_some_and(|transactions| !transactions.is_refused());
                let aborted = passes && is_transactional(table);
                return Err(if aborted { Ended::Aborted(reason) } else { Ended::Failed(reason) });
            }
        }
        Ok(())
    }

    /// Everything before the epoch's barriers is acknowledged: its state becomes the one that a
    /// restart goes on from, its Kafka rows become visible, and the sources' offsets are
    /// committed.
    fn commit(&mut self, epoch: Epoch) -> Result<(), Ended> {
        flush_letters(&self.letters)?;
        let written = Instant::now();
        self.summary.epochs += 1;
        let mut name = String::new();
        if self.beginning.state.is_some() {
            fault::point("saved");
            name = self.seal(self.manifest(&epoch))?;
        }
        if let Err(error) = self.commit_offsets(&epoch.sources, &name) {
            // They are for lag tools: what counts is the manifest.
            tracing::warn!("the offsets of epoch {} were not committed: {error}", epoch.number);
        }
        self.stretched =
            (epoch.cost.busy * STRETCH).max(epoch.begun.elapsed() * 2).min(STRETCH_MAX);
        self.last_commit = Instant::now();
        self.report_epoch(&epoch, written);
        Ok(())
    }

    /// Makes a manifest the one that a restart goes on from. Gives its name.
    fn seal(&mut self, manifest: Manifest) -> Result<String, Ended> {
        let (mut name, epoch) = (manifest.name()?, manifest.epoch);
        let Some(folder) = &self.beginning.state else { return Ok(name) };
        folder.write(&manifest)?;
        fault::point("manifest");
        if let Some(transactions) = &self.beginning.transactions {
            if fault::sabotaged("stale-pointer") {
                std::mem::swap(&mut name, &mut self.name_before);
            }
            transactions.commit(epoch, &name)?;
            transactions.begin(epoch + 2)?;
        }
        fault::point("committed");
        self.committed.store(epoch, Ordering::Release);
        self.backlogs.iter().for_each(|backlog| backlog.committed());
        folder.committed(&manifest)?;
        let bytes: u64 = manifest.all_files().map(|file| file.length).sum();
        let help = "Bytes on disk that a restart would read";
        self.metrics.gauge("pelton_state_disk_bytes", help, &[]).set(bytes as f64);
        self.last = Some(manifest);
        Ok(name)
    }

    /// How far the sinks are that publish after the commit.
    fn describe_backlogs(&self, mut manifest: Manifest) -> Manifest {
        self.backlogs.iter().for_each(|backlog| backlog.describe(&mut manifest));
        manifest
    }

    /// The last epoch is committed. Its rows are published as far as sinks get on, and how far they
    /// have come is written down, so that the next start repeats nothing. `since`: of the wish to stop.
    fn close(&mut self, since: Instant) -> Result<(), Ended> {
        while since.elapsed() < DRAIN_MAX && self.backlogs.iter().any(|backlog| backlog.gets_on()) {
            if let Ok(event @ SinkEvent::Failed { .. }) = self.sink_events.recv_timeout(TICK) {
                self.on_sink(event, &mut None, &mut 0)?;
            }
        }
        self.backlogs.iter().for_each(|backlog| backlog.report_left());
        let Some(last) = self.last.take() else { return Ok(()) };
        let (epoch, outboxes, unclaimed) = (last.epoch + 1, Vec::new(), Vec::new());
        let manifest = Manifest { epoch, outboxes, unclaimed, ..last.clone() };
        let manifest = self.describe_backlogs(manifest);
        if manifest.outboxes == last.outboxes {
            return Ok(());
        }
        if let Err(Ended::Failed(reason) | Ended::Aborted(reason)) = self.seal(manifest) {
            // The epoch before stands.
            tracing::warn!("rows of the last epoch will be published once more: {reason}");
        }
        Ok(())
    }

    /// How long the phases of an epoch took: barriers and state files, what the sinks were behind
    /// by then, and the commit.
    fn report_epoch(&self, epoch: &Epoch, committing: Instant) {
        let end = Instant::now();
        let saved = epoch.saved.unwrap_or(committing);
        let phases = [
            ("workers", saved.duration_since(epoch.begun)),
            ("sinks", epoch.acknowledged.unwrap_or(saved).saturating_duration_since(saved)),
            ("commit", end.duration_since(committing)),
            ("all", end.duration_since(epoch.begun)),
        ];
        let help = "How long the last epoch took, by phase";
        for (phase, took) in phases {
            let labels = [("phase", phase)];
            let gauge = self.metrics.gauge("pelton_epoch_duration_seconds", help, &labels);
            gauge.set(took.as_secs_f64());
        }
        let help = "For how long workers have stood still to keep their state, since the start";
        for pauses in self.pauses.snapshot() {
            for (quantile, us) in [("0.5", pauses.p50), ("0.99", pauses.p99), ("1", pauses.max)] {
                let labels = [("quantile", quantile)];
                let gauge = self.metrics.gauge("pelton_epoch_pause_seconds", help, &labels);
                gauge.set(us as f64 / 1e6);
            }
        }
        let help = "Epochs committed since the start";
        self.metrics.counter("pelton_epochs_total", help, &[]).add(1);
        let help = "Bytes that the last epoch has written, by kind: changes of the state, key groups \
                    written whole in turn, rows that sinks publish after the commit";
        for (kind, bytes) in [
            ("change", epoch.cost.changes),
            ("image", epoch.cost.images),
            ("outbox", epoch.outbox_bytes),
        ] {
            let labels = [("kind", kind)];
            self.metrics.gauge("pelton_epoch_bytes", help, &labels).set(bytes as f64);
        }
    }

    /// Says so where no epoch has been committed for long.
    fn watch_commits(&self, current: Option<&Epoch>) {
        let age = self.last_commit.elapsed();
        let help = "Time since the last epoch was committed";
        self.metrics.gauge("pelton_last_commit_age_seconds", help, &[]).set(age.as_secs_f64());
        let long = COMMIT_PATIENCE.max(3 * self.options.epoch_interval.max(self.stretched));
        let late = current.filter(|_| age > long);
        self.health.set_commits(late.map(|epoch| {
            format!(
                "no epoch has been committed for {} s: epoch {} waits for {} worker(s) and {} \
                 sink(s)",
                age.as_secs(),
                epoch.number,
                epoch.workers_left,
                epoch.sinks_left
            )
        }));
    }

    /// Commits the positions of all Kafka sources under their groups, with the manifest's name
    /// beside them.
    fn commit_offsets(&mut self, sources: &[SourcePositions], name: &str) -> Result<(), String> {
        if !self.job.connect.commits_offsets() {
            return Ok(());
        }
        let topology = &self.job.topology;
        for (index, table) in topology.scans() {
            if !table.is_kafka() {
                continue;
            }
            let of_scan = sources.iter().filter(|source| source.id == topology.steps[index].id);
            let topic = source_name(table);
            let committed = |position: &Position| Committed {
                topic: topic.to_string(),
                partition: position.partition,
                next: position.next,
                metadata: name.to_owned(),
            };
            let offsets: Vec<Committed> =
                of_scan.flat_map(|source| &source.positions).map(committed).collect();
            if offsets.is_empty() {
                continue;
            }
            let known = self.groups.iter().position(|(scan, _)| *scan == index);
            let client = match known {
                Some(known) => known,
                None => {
                    let config = client_config(&table.options, Role::Admin)?;
                    let client = Offsets::new(&config, group_id(&table.options))?;
                    self.groups.push((index, client));
                    self.groups.len() - 1
                }
            };
            self.groups[client].1.commit(&offsets)?;
        }
        Ok(())
    }

    fn manifest(&self, epoch: &Epoch) -> Manifest {
        let (mut sources, mut watermarks) = (Vec::new(), Vec::new());
        let before = self.last.as_ref().map(|last| last.files.clone());
        let mut files = before.unwrap_or_else(|| self.beginning.files());
        files.extend_from_slice(&epoch.files);
        chain::prune(&mut files);
        for source in &epoch.sources {
            let topic = self.topic_of(&source.id);
            sources.extend(source.positions.iter().map(|position| SourcePosition {
                source: source.id.clone(),
                topic: topic.clone(),
                partition: position.partition,
                next: position.next + i64::from(fault::sabotaged("positions-off-by-one")),
            }));
            watermarks.extend(source.watermarks.iter().map(|(step, partition, watermark)| {
                (recovery::watermark_name(step, *partition), *watermark)
            }));
        }
        let manifest = Manifest {
            seed: self.beginning.seed,
            shards: self.handles.len(),
            sources,
            watermarks,
            files,
            operators: self.beginning.operators(&self.job),
            in_kafka: self.beginning.transactions.is_some(),
            ..Manifest::new(&self.job.name, epoch.number, self.beginning.incarnation)
        };
        self.describe_backlogs(manifest)
    }

    fn topic_of(&self, scan: &str) -> String {
        let topology = &self.job.topology;
        let mut scans = topology.scans().filter(|(index, _)| topology.steps[*index].id == scan);
        scans.next().map(|(_, table)| source_name(table).to_string()).unwrap_or_default()
    }

    fn report_latency(&self, last: &mut Instant) {
        let Some(interval) = self.options.latency_interval else { return };
        if last.elapsed() >= interval {
            *last = Instant::now();
            for stage in self.latencies.snapshot() {
                tracing::info!(
                    stage = stage.stage,
                    count = stage.count,
                    p50_us = stage.p50,
                    p99_us = stage.p99,
                    p999_us = stage.p999,
                    max_us = stage.max,
                    "latency"
                );
            }
        }
    }
}
