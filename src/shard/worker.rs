//! The worker loop of one shard. It never blocks: what does not fit behind a node waits in the
//! outbox, and while it does the worker does not read its sources.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Sender};

use super::channel::Waker;
use super::dead_letter::DeadLetterSender;
use super::epoch::{Cost, EpochInProgress, EpochState};
use super::node::{Node, Step, Target, all_have_room, deliver};
use super::query::{Request, Views};
use super::report::Gauges;
use super::source_task::{Poll, SourceTask};
use super::watermark::WatermarkGenerator;
use crate::checkpoint::StateFile;
use crate::operator::Output;
use crate::record::Message;
use crate::source::{PartitionState, Position};
use crate::state::partitions::Partitions;

/// Messages a node may take before the worker looks around again.
const STEPS_PER_TURN: usize = 4;
/// How long a parked worker sleeps at most: idle time and flushes are noticed this soon.
const PARK_MAX: Duration = Duration::from_millis(10);
/// Time given to queries between two batches.
const QUERY_BUDGET: Duration = Duration::from_micros(200);

/// What the engine tells a worker.
pub enum Command {
    /// Begin this epoch: a barrier into every source.
    Barrier(u64),
    /// Read no further; what is under way goes on.
    StopReading,
    Query(Request),
    Exit,
}

/// What a worker tells the engine.
pub enum Event {
    /// The epoch has passed all nodes of this worker; their state is on disk, in `file` if there
    /// was anything to say.
    Saved {
        worker: usize,
        epoch: u64,
        sources: Vec<SourcePositions>,
        file: Option<StateFile>,
        cost: Cost,
    },
    /// All bounded input has been computed; `first`: when its first record was read.
    Finished {
        worker: usize,
        late: u64,
        first: Option<Instant>,
    },
    Failed {
        worker: usize,
        error: String,
    },
}

/// Where one source stood at a barrier.
#[derive(Clone, Debug)]
pub struct SourcePositions {
    /// Id of the scan.
    pub id: String,
    pub positions: Vec<Position>,
    /// Largest watermark of each partition (ms), by the ids of the watermark steps.
    pub watermarks: Vec<(String, i32, i64)>,
}

/// A watermark step, which the worker feeds with its source's state as well as with rows.
pub struct WatermarkLink {
    pub node: usize,
    pub source: usize,
    pub generator: Rc<RefCell<WatermarkGenerator>>,
    pub sent: i64,
}

pub struct Worker {
    parts: Parts,
    out: Output,
    reading: bool,
    reported_finish: bool,
    last_flush: Instant,
    epoch: Option<EpochInProgress>,
}

/// The parts of a worker that its thread puts together.
pub struct Parts {
    pub index: usize,
    pub workers: usize,
    pub nodes: Vec<Node>,
    pub sources: Vec<SourceTask>,
    pub links: Vec<WatermarkLink>,
    pub views: Views,
    pub commands: Receiver<Command>,
    pub events: Sender<Event>,
    pub waker: Arc<Waker>,
    pub dead_letters: DeadLetterSender,
    /// Nothing is read while it is set.
    pub hold: Arc<AtomicBool>,
    /// Keys that were read from two partitions, where each should be in one, end the job.
    pub partitions: Arc<Partitions>,
    pub gauges: Gauges,
    pub state: Option<EpochState>,
    pub batch_rows: usize,
    pub flush_interval: Duration,
    pub zone: jiff::tz::TimeZone,
    pub clock: Clock,
}

/// What operators are told that the time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    System,
    /// Stands at an instant (ms) until a record comes with a later time of its own: that time
    /// then. All that one record leads to in this worker is done before the next one is read. Of
    /// several workers' nodes each goes by the records that have come to it.
    Records(i64),
}

pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Worker {
    pub fn new(mut parts: Parts) -> Self {
        let mut out = Output::default();
        let saves_waiting = parts.state.is_some();
        parts.nodes.iter_mut().for_each(|node| node.saves_waiting = saves_waiting);
        if let Clock::Records(start) = parts.clock {
            out.context.now_ms = start;
            for node in &mut parts.nodes {
                node.tells_time = true;
                node.out.context.now_ms = start;
            }
        }
        Self {
            parts,
            out,
            reading: true,
            reported_finish: false,
            last_flush: Instant::now(),
            epoch: None,
        }
    }

    /// Runs until told to exit.
    pub fn run(mut self) {
        for source in &mut self.parts.sources {
            source.source.wake_by(self.parts.waker.fd());
        }
        // Before the first word of any channel: no row is taken by who does not know it.
        self.forward_generated();
        loop {
            match self.turn() {
                Ok(Turn::Worked) => {}
                Ok(Turn::Rest) => self.park(),
                Ok(Turn::Exit) => return,
                Err(error) => {
                    let _ =
                        self.parts.events.send(Event::Failed { worker: self.parts.index, error });
                    return;
                }
            }
        }
    }

    fn turn(&mut self) -> Result<Turn, String> {
        self.flush_targets();
        let mut worked = false;
        while let Ok(command) = self.parts.commands.try_recv() {
            worked = true;
            if self.obey(command)? == Turn::Exit {
                return Ok(Turn::Exit);
            }
        }
        if self.parts.clock == Clock::System {
            self.out.context.now_ms = now_ms();
        }
        worked |= self.run_nodes()?;
        self.tick();
        if let Some(evidence) = self.parts.partitions.broken() {
            return Err(evidence.clone());
        }
        worked |= self.write_state()?;
        worked |= self.poll_sources(self.out.context.now_ms)?;
        self.flush_if_due();
        self.parts.dead_letters.flush();
        self.report_finish();
        self.parts.gauges.turn(worked, &self.parts.sources, &mut self.parts.nodes);
        Ok(if worked { Turn::Worked } else { Turn::Rest })
    }

    fn obey(&mut self, command: Command) -> Result<Turn, String> {
        match command {
            Command::Barrier(epoch) => self.begin_epoch(epoch)?,
            Command::StopReading => self.reading = false,
            Command::Query(request) => {
                let started = Instant::now();
                self.parts.views.answer(request, &self.parts.nodes, &self.parts.zone);
                if started.elapsed() > QUERY_BUDGET {
                    return Ok(Turn::Rest);
                }
            }
            Command::Exit => return Ok(Turn::Exit),
        }
        Ok(Turn::Worked)
    }

    fn flush_targets(&mut self) {
        let nodes = self.parts.nodes.iter_mut().map(|node| &mut node.targets);
        let sources = self.parts.sources.iter_mut().map(|source| &mut source.targets);
        for target in nodes.chain(sources).flatten() {
            target.flush();
        }
    }

    /// Gives every node a turn, the most downstream first.
    fn run_nodes(&mut self) -> Result<bool, String> {
        let mut worked = false;
        for index in (0..self.parts.nodes.len()).rev() {
            for _ in 0..STEPS_PER_TURN {
                let node = &self.parts.nodes[index];
                if !node.has_work() || !all_have_room(&node.targets, &self.parts.nodes) {
                    break;
                }
                if node.left_waiting && !self.reading {
                    // The next start asks again for rows that the last epoch has saved: here they
                    // would come out besides.
                    break;
                }
                worked = true;
                self.step(index)?;
            }
        }
        Ok(worked)
    }

    /// What goes by the clock goes on without rows. Once reading has stopped, what it would put out is
    /// of the next start.
    fn tick(&mut self) {
        for index in 0..self.parts.nodes.len() {
            let node = &self.parts.nodes[index];
            if !self.reading || !all_have_room(&node.targets, &self.parts.nodes) {
                continue;
            }
            let now_ms = match self.parts.clock == Clock::System || self.parts.workers == 1 {
                true => self.out.context.now_ms,
                false => node.out.context.now_ms,
            };
            self.parts.nodes[index].tick(now_ms);
            if !self.parts.nodes[index].out.messages.is_empty() {
                self.deliver_from(index);
            }
        }
    }

    fn step(&mut self, index: usize) -> Result<(), String> {
        let node = &mut self.parts.nodes[index];
        // Of what other workers send, each node only knows by the records themselves.
        if self.parts.clock == Clock::System || self.parts.workers == 1 {
            node.out.context.now_ms = self.out.context.now_ms;
        }
        let step = node.step();
        self.out.context.now_ms = node.out.context.now_ms;
        if let Step::Aligned(epoch) = step {
            node.before_barrier();
            self.deliver_from(index);
            self.freeze_node(index, epoch)?;
            self.parts.nodes[index].pass_barrier(epoch);
        }
        self.deliver_from(index);
        Ok(())
    }

    /// Hands on what a node has put out.
    fn deliver_from(&mut self, index: usize) {
        let node = &mut self.parts.nodes[index];
        let messages = std::mem::take(&mut node.out.messages);
        for rejected in node.out.rejected.drain(..) {
            self.parts.dead_letters.send(rejected);
        }
        for record in node.out.late.drain(..) {
            self.parts.dead_letters.send_late(record, &node.name);
        }
        if !messages.is_empty() {
            let mut targets = std::mem::take(&mut self.parts.nodes[index].targets);
            deliver(messages, &mut targets, &mut self.parts.nodes);
            self.parts.nodes[index].targets = targets;
        }
    }

    fn poll_sources(&mut self, now_ms: i64) -> Result<bool, String> {
        let held = self.parts.hold.load(Ordering::Relaxed);
        if !self.reading || held || !self.parts.dead_letters.has_room() {
            return Ok(false);
        }
        let mut worked = false;
        for index in 0..self.parts.sources.len() {
            let room = all_have_room(&self.parts.sources[index].targets, &self.parts.nodes);
            if !room || (self.parts.sources[index].is_announced() && self.waits_for_nodes()) {
                continue;
            }
            match self.parts.sources[index].poll(self.parts.batch_rows, &mut self.out)? {
                Poll::Messages(messages) => {
                    worked = true;
                    for rejected in self.out.rejected.drain(..) {
                        self.parts.dead_letters.send(rejected);
                    }
                    self.deliver_from_source(index, messages);
                }
                Poll::Empty => self.watch_idleness(index, now_ms),
                Poll::Held => {}
            }
        }
        self.forward_generated();
        self.align_sources();
        Ok(worked)
    }

    /// A clock that goes by the records must not run ahead of what is under way. First words are
    /// said all the same: nodes wait for those of all sources.
    fn waits_for_nodes(&self) -> bool {
        let is_busy = |node: &Node| node.has_work() || node.waits();
        self.parts.clock != Clock::System && self.parts.nodes.iter().any(is_busy)
    }

    /// Holds the partitions back that are too far ahead of the slowest.
    fn align_sources(&mut self) {
        for (index, task) in self.parts.sources.iter_mut().enumerate() {
            let partitions = task.source.partitions().len();
            let links = self.parts.links.iter().filter(|link| link.source == index);
            for link in links.clone() {
                link.generator.borrow_mut().align(partitions, task.finished);
            }
            for at in 0..partitions {
                // By all of its times: the slowest by one of them always goes on.
                let ahead = links.clone().next().is_some()
                    && links.clone().all(|link| link.generator.borrow().is_ahead(at));
                task.source.hold(at, ahead);
            }
        }
    }

    fn deliver_from_source(&mut self, index: usize, messages: Vec<Message>) {
        let mut targets = std::mem::take(&mut self.parts.sources[index].targets);
        deliver(messages, &mut targets, &mut self.parts.nodes);
        self.parts.sources[index].targets = targets;
    }

    /// Nothing came from this source: time counts towards its partitions' idleness, but only
    /// once all that did come has its watermarks. Whatever stands behind gets the word in order.
    fn watch_idleness(&mut self, source: usize, now_ms: i64) {
        if self.parts.sources[source].finished {
            return;
        }
        let reader = &self.parts.sources[source].source;
        let states: Vec<PartitionState> =
            (0..reader.partitions().len()).map(|index| reader.partition_state(index)).collect();
        for link in 0..self.parts.links.len() {
            if self.parts.links[link].source != source
                || self.parts.nodes[self.parts.links[link].node].has_work()
            {
                continue;
            }
            let status =
                self.parts.links[link].generator.borrow_mut().observe_states(&states, now_ms);
            if let Some(status) = status {
                let watermark = self.parts.links[link].generator.borrow().current();
                let table = &self.parts.sources[source].name;
                tracing::debug!(%table, watermark, now_ms, "{status:?}");
                self.send_from_link(link, Message::Status(status));
            }
        }
    }

    /// Sends on the watermarks that have moved without a row behind them.
    fn forward_generated(&mut self) {
        for link in 0..self.parts.links.len() {
            let current = self.parts.links[link].generator.borrow().current();
            if current > self.parts.links[link].sent
                && !self.parts.nodes[self.parts.links[link].node].has_work()
            {
                self.parts.links[link].sent = current;
                self.send_from_link(link, Message::Watermark(current));
            }
        }
    }

    fn send_from_link(&mut self, link: usize, message: Message) {
        let node = self.parts.links[link].node;
        self.parts.nodes[node].out.messages.push(message);
        self.deliver_from(node);
    }

    fn flush_if_due(&mut self) {
        if self.last_flush.elapsed() < self.parts.flush_interval {
            return;
        }
        self.last_flush = Instant::now();
        for index in (0..self.parts.nodes.len()).rev() {
            if all_have_room(&self.parts.nodes[index].targets, &self.parts.nodes) {
                self.parts.nodes[index].flush();
                self.deliver_from(index);
            }
        }
    }

    fn report_finish(&mut self) {
        let finished = !self.parts.sources.is_empty()
            && self.parts.sources.iter().all(|source| source.finished)
            && self.parts.nodes.iter().all(|node| node.is_finished() && !node.has_work())
            && self.all_delivered();
        if finished && !self.reported_finish {
            self.reported_finish = true;
            let late = self.parts.gauges.finish(&self.parts.sources, &mut self.parts.nodes);
            let first = self.parts.sources.iter().filter_map(|source| source.first).min();
            let _ =
                self.parts.events.send(Event::Finished { worker: self.parts.index, late, first });
        }
    }

    fn all_delivered(&mut self) -> bool {
        let nodes = self.parts.nodes.iter_mut().map(|node| &mut node.targets);
        let sources = self.parts.sources.iter_mut().map(|source| &mut source.targets);
        nodes.chain(sources).flatten().fold(true, |all, target| target.flush() & all)
    }

    fn park(&mut self) {
        let timeout = PARK_MAX.min(self.parts.flush_interval.max(Duration::from_millis(1)));
        let waiting =
            self.parts.nodes.iter().any(|node| node.targets.iter().any(Target::is_waiting));
        // A sink does not wake us when it has room again: look again soon.
        let timeout_ms = if waiting { 1 } else { timeout.as_millis() as i32 };
        let (nodes, commands) = (&self.parts.nodes, &self.parts.commands);
        self.parts.waker.park(timeout_ms, || {
            !commands.is_empty()
                || nodes.iter().any(|node| node.has_work() && all_have_room(&node.targets, nodes))
        });
    }

    fn begin_epoch(&mut self, epoch: u64) -> Result<(), String> {
        let sources = self.parts.sources.iter().enumerate();
        let sources = sources.map(|(index, source)| self.position_of(index, source)).collect();
        let (nodes, state) = (self.parts.nodes.len(), self.parts.state.as_mut());
        self.epoch = Some(EpochInProgress::begin(epoch, nodes, sources, state));
        for node in &mut self.parts.nodes {
            (node.expects_barrier, node.left_waiting) = (true, false);
        }
        for index in 0..self.parts.sources.len() {
            let status = self.parts.sources[index].announce();
            let messages = status.into_iter().chain([Message::Barrier(epoch)]).collect();
            self.deliver_from_source(index, messages);
        }
        self.finish_epoch_if_done()
    }

    fn position_of(&self, index: usize, source: &SourceTask) -> SourcePositions {
        let mut watermarks = Vec::new();
        let partitions = source.source.partitions();
        for link in self.parts.links.iter().filter(|link| link.source == index) {
            let times = link.generator.borrow().partition_watermarks();
            let id = &self.parts.nodes[link.node].id;
            watermarks.extend(partitions.iter().zip(times).map(|(p, wm)| (id.clone(), *p, wm)));
        }
        SourcePositions { id: source.id.clone(), positions: source.positions(), watermarks }
    }

    fn freeze_node(&mut self, index: usize, epoch: u64) -> Result<(), String> {
        if let Some(progress) = self.epoch.as_mut().filter(|progress| progress.epoch == epoch) {
            let states = self.parts.nodes[index].operator.states();
            progress.freeze(index, states, self.parts.state.as_mut());
        }
        self.finish_epoch_if_done()
    }

    /// A slice of the state that an epoch keeps.
    fn write_state(&mut self) -> Result<bool, String> {
        let Some(progress) = &mut self.epoch else { return Ok(false) };
        let worked = progress.write(&mut self.parts.nodes, self.parts.state.as_mut())?;
        self.finish_epoch_if_done()?;
        Ok(worked)
    }

    fn finish_epoch_if_done(&mut self) -> Result<(), String> {
        let Some(progress) = self.epoch.take_if(|progress| progress.is_done()) else {
            return Ok(());
        };
        let epoch = progress.epoch;
        if let Some(sources) = progress.finish(self.parts.state.as_mut())? {
            let (worker, file, cost) = (self.parts.index, None, Cost::default());
            let _ = self.parts.events.send(Event::Saved { worker, epoch, sources, file, cost });
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Worked,
    Rest,
    Exit,
}
