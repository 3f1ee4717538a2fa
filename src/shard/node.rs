//! One operator of one shard with the channels before and behind it: aligns watermarks and
//! barriers, and carries an operator that yields through to its end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::channel::Receiver;
use super::exchange::Exchange;
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchTime, Message, Status};

/// Messages a local queue may hold before the node that fills it has to wait.
const LOCAL_CAPACITY: usize = 4;

/// How long a barrier waits for rows that wait for answers from outside, before it goes on without
/// them: they are state. As long as the answers come, rows belong to the epoch that they came in.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a channel's messages wait.
pub enum Queue {
    /// From a node of the same worker.
    Local(VecDeque<Message>),
    Remote(Receiver),
}

/// One input channel of a node.
pub struct Input {
    pub port: usize,
    pub queue: Queue,
    watermark: i64,
    /// `None` until it has come. A channel begins with the watermark that it goes on from, if it
    /// does, and its status, and a node takes no rows before it has all of them: else rows would
    /// be judged by whichever worker happens to start first.
    status: Option<Status>,
    /// The epoch whose barrier has come: the channel rests until all have theirs.
    barrier: Option<u64>,
}

impl Input {
    pub fn new(port: usize, queue: Queue) -> Self {
        Self { port, queue, watermark: i64::MIN, status: None, barrier: None }
    }

    fn pop(&mut self) -> Option<Message> {
        if self.barrier.is_some() {
            return None;
        }
        match &mut self.queue {
            Queue::Local(queue) => queue.pop_front(),
            Queue::Remote(receiver) => receiver.pop(),
        }
    }

    fn has_message(&self) -> bool {
        self.barrier.is_none()
            && match &self.queue {
                Queue::Local(queue) => !queue.is_empty(),
                Queue::Remote(receiver) => !receiver.is_empty(),
            }
    }
}

/// One place that a node's output goes to.
pub enum Target {
    /// Input channel `input` of node `node` of the same worker.
    Local {
        node: usize,
        input: usize,
    },
    Exchange(Exchange),
    /// A sink's queue.
    Sink(SinkSender),
}

/// Rows that may wait behind a sink's queue before the shard is held back. The queue counts
/// batches, which may be of a row each: a sink that takes a second to connect would stop the
/// shard over a few hundred rows.
const SINK_ROWS_WAITING: usize = 16 * 1024;

/// The worker's end of a sink's queue, with what did not fit yet.
pub struct SinkSender {
    pub queue: crossbeam::channel::Sender<Message>,
    outbox: VecDeque<Message>,
    rows_waiting: usize,
}

fn rows_of(message: &Message) -> usize {
    match message {
        Message::Data(batch) => batch.len(),
        _ => 0,
    }
}

impl SinkSender {
    pub fn new(queue: crossbeam::channel::Sender<Message>) -> Self {
        Self { queue, outbox: VecDeque::new(), rows_waiting: 0 }
    }

    fn send(&mut self, message: Message) {
        // A sink decides nothing by event time.
        if !matches!(message, Message::Watermark(_)) {
            self.rows_waiting += rows_of(&message);
            self.outbox.push_back(message);
            self.flush();
        }
    }

    fn flush(&mut self) -> bool {
        while let Some(message) = self.outbox.pop_front() {
            let rows = rows_of(&message);
            if let Err(error) = self.queue.try_send(message) {
                self.outbox.push_front(error.into_inner());
                return false;
            }
            self.rows_waiting -= rows;
        }
        true
    }
}

/// What is left to do once the operator is through with the call it yielded in.
enum Pending {
    Nothing,
    /// The batch of this input; its last watermark.
    Batch {
        input: usize,
        last: i64,
    },
    Advance {
        watermark: i64,
    },
}

/// What a step of a node did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing to do, or no room behind.
    Rest,
    Worked,
    /// All barriers of this epoch are here: the worker saves the node's state, then calls
    /// [`Node::pass_barrier`].
    Aligned(u64),
}

pub struct Node {
    pub operator: Box<dyn Operator>,
    pub name: String,
    /// Stable across restarts and shards; names the state in a snapshot.
    pub id: String,
    pub inputs: Vec<Input>,
    pub targets: Vec<Target>,
    pub out: Output,
    pub rows_in: u64,
    pub batches_in: u64,
    /// The times of the records that come move its clock on.
    pub tells_time: bool,
    /// What waits for answers is saved with an epoch, so barriers need not wait for it.
    pub saves_waiting: bool,
    /// A barrier is on its way to it: it takes what stands before, however much waits.
    pub expects_barrier: bool,
    /// A barrier has gone on without rows that wait.
    pub left_waiting: bool,
    /// The epoch whose barriers are all here, since when.
    aligned: Option<(u64, Instant)>,
    pending: Pending,
    watermark: i64,
    /// The watermark that has been forwarded: behind `watermark` while a mini-batch holds it.
    forwarded: i64,
    status: Option<Status>,
    holds_watermarks: bool,
    next_input: usize,
}

impl Node {
    /// `holds_watermarks`: the operator gathers a mini-batch, so watermarks wait for its flush.
    pub fn new(
        id: String,
        name: String,
        operator: Box<dyn Operator>,
        holds_watermarks: bool,
    ) -> Self {
        Self {
            operator,
            name,
            id,
            inputs: Vec::new(),
            targets: Vec::new(),
            out: Output::default(),
            rows_in: 0,
            batches_in: 0,
            tells_time: false,
            saves_waiting: false,
            expects_barrier: false,
            left_waiting: false,
            aligned: None,
            pending: Pending::Nothing,
            watermark: i64::MIN,
            forwarded: i64::MIN,
            status: None,
            holds_watermarks,
            next_input: 0,
        }
    }

    pub fn watermark(&self) -> i64 {
        self.watermark
    }

    pub fn is_finished(&self) -> bool {
        self.status == Some(Status::Finished)
    }

    /// Whether there is something to do (room behind it aside).
    pub fn has_work(&self) -> bool {
        let waiting = self.inputs.iter().any(|input| input.status.is_none());
        let ready = |input: &Input| input.has_message() && !(waiting && input.status.is_some());
        let waits = self.operator.waits();
        let takes_more = !waits.full || self.expects_barrier;
        !matches!(self.pending, Pending::Nothing)
            || waits.ready
            || self.barrier_passes()
            || (takes_more && self.inputs.iter().any(ready))
    }

    /// Whether rows wait for answers from outside.
    pub fn waits(&self) -> bool {
        self.operator.waits().rows > 0
    }

    /// Whether a barrier that waits for answers goes on now.
    fn barrier_passes(&self) -> bool {
        self.aligned.is_some_and(|(_, since)| {
            !self.waits() || (self.saves_waiting && since.elapsed() >= PATIENCE)
        })
    }

    /// Messages in front of and behind the node.
    pub fn waiting(&self) -> usize {
        let before = self.inputs.iter().map(|input| match &input.queue {
            Queue::Local(queue) => queue.len(),
            Queue::Remote(receiver) => receiver.len(),
        });
        let behind = self.targets.iter().map(|target| match target {
            Target::Local { .. } => 0,
            Target::Exchange(exchange) => exchange.depth(),
            Target::Sink(sink) => sink.queue.len() + sink.outbox.len(),
        });
        before.sum::<usize>() + behind.sum::<usize>()
    }

    /// Takes one message, or goes on with the operator that yielded. The caller has seen that
    /// there is room behind the node, and delivers `self.out` afterwards.
    pub fn step(&mut self) -> Step {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing if self.operator.waits().ready => self.take_answers(),
            Pending::Nothing if self.barrier_passes() => self.end_alignment(),
            Pending::Nothing => self.take_message(),
            pending => {
                let progress = self.operator.resume(&mut self.out);
                self.settle(progress, pending)
            }
        }
    }

    /// Tells an operator that goes by the clock what it shows, once the first words have come.
    pub fn tick(&mut self, now_ms: i64) {
        let rests = matches!(self.pending, Pending::Nothing);
        if rests && self.status.is_some() && self.operator.clock_moved(now_ms) {
            self.forward(self.watermark);
        }
    }

    /// Lets out the rows that have their answers, each batch with the watermark behind it.
    fn take_answers(&mut self) -> Step {
        while self.operator.answered(&mut self.out) {
            self.forward(self.watermark);
        }
        self.update_status();
        self.end_alignment()
    }

    fn end_alignment(&mut self) -> Step {
        let passing = self.aligned.filter(|_| self.barrier_passes());
        let Some((epoch, _)) = passing else { return Step::Worked };
        self.aligned = None;
        self.left_waiting = self.waits();
        Step::Aligned(epoch)
    }

    fn take_message(&mut self) -> Step {
        let channels = self.inputs.len();
        let waiting = self.inputs.iter().any(|input| input.status.is_none());
        for turn in 0..channels {
            let index = (self.next_input + turn) % channels;
            if waiting && self.inputs[index].status.is_some() {
                continue;
            }
            if let Some(message) = self.inputs[index].pop() {
                self.next_input = index + 1;
                return self.take(index, message);
            }
        }
        Step::Rest
    }

    fn take(&mut self, index: usize, message: Message) -> Step {
        match message {
            Message::Data(batch) => {
                let last = batch.time.last;
                let batch = self.marked(self.align(index, batch));
                if self.tells_time {
                    let now_ms = &mut self.out.context.now_ms;
                    *now_ms = (*now_ms).max(batch.stamp_us / 1_000);
                }
                self.rows_in += batch.len() as u64;
                self.batches_in += 1;
                let progress = self.operator.process(self.inputs[index].port, batch, &mut self.out);
                self.settle(progress, Pending::Batch { input: index, last })
            }
            Message::Watermark(watermark) => {
                let input = &mut self.inputs[index];
                input.watermark = input.watermark.max(watermark);
                self.advance()
            }
            Message::Status(status) => {
                self.inputs[index].status = Some(status);
                self.advance()
            }
            Message::Barrier(epoch) => {
                self.inputs[index].barrier = Some(epoch);
                if self.inputs.iter().all(|input| input.barrier == Some(epoch)) {
                    self.aligned = Some((epoch, Instant::now()));
                }
                self.end_alignment()
            }
        }
    }

    /// A batch's times as this node sees them: no later than the last watermark of any other
    /// channel that counts, so that no row is judged by another channel's future.
    fn align(&self, index: usize, batch: Batch) -> Batch {
        if self.inputs.len() == 1 {
            return batch;
        }
        let others = self.inputs.iter().enumerate();
        let others =
            others.filter(|(other, input)| *other != index && input.status == Some(Status::Active));
        let Some(limit) = others.map(|(_, input)| input.watermark).min() else { return batch };
        let BatchTime { first, last, before } = batch.time;
        let limit = limit.max(self.watermark);
        let before =
            before.map(|before| before.iter().map(|wm| *wm.min(&limit)).collect::<Vec<_>>());
        let (first, last) = (first.min(limit), last.min(limit));
        let time = BatchTime { first, last, before: before.map(Into::into) };
        Batch { time, ..batch }
    }

    /// Rows that are ahead of the watermark that has come carry their own: behind an operator that
    /// lets late rows through, they may be late for those that wait here.
    fn marked(&self, mut batch: Batch) -> Batch {
        let BatchTime { first, before, .. } = &mut batch.time;
        if before.is_none() && *first > self.watermark {
            *before = Some(vec![*first; batch.rows].into());
        }
        batch
    }

    fn settle(&mut self, progress: Progress, pending: Pending) -> Step {
        if progress == Progress::Yield {
            self.pending = pending;
            return Step::Worked;
        }
        match pending {
            Pending::Nothing => Step::Worked,
            Pending::Batch { input, last } => {
                let input = &mut self.inputs[input];
                input.watermark = input.watermark.max(last);
                self.advance()
            }
            Pending::Advance { watermark } => {
                self.reached(watermark);
                Step::Worked
            }
        }
    }

    /// Moves the operator's event time to what the channels allow.
    fn advance(&mut self) -> Step {
        let watermark = self.combined();
        if watermark > self.watermark {
            self.watermark = watermark;
            let progress = self.operator.advance_watermark(watermark, &mut self.out);
            return self.settle(progress, Pending::Advance { watermark });
        }
        self.update_status();
        Step::Worked
    }

    /// The smallest watermark of the active channels; where none is active, the largest of the
    /// others, as each goes on from where it rested.
    fn combined(&self) -> i64 {
        let active = self
            .inputs
            .iter()
            .filter(|input| !matches!(input.status, Some(Status::Idle | Status::Finished)));
        let smallest = active.map(|input| input.watermark).min();
        if let Some(watermark) = smallest {
            return watermark;
        }
        let idle = self.inputs.iter().filter(|input| input.status == Some(Status::Idle));
        let largest = idle.map(|input| input.watermark).max();
        largest.or(self.inputs.iter().map(|input| input.watermark).max()).unwrap_or(i64::MIN)
    }

    fn reached(&mut self, watermark: i64) {
        if !self.holds_watermarks || watermark == i64::MAX {
            if self.holds_watermarks {
                self.operator.flush(&mut self.out);
            }
            self.forward(watermark);
        }
        self.update_status();
    }

    fn forward(&mut self, watermark: i64) {
        let watermark = self.operator.output_watermark(watermark);
        if watermark > self.forwarded {
            self.forwarded = watermark;
            self.out.messages.push(Message::Watermark(watermark));
        }
    }

    fn update_status(&mut self) {
        if self.inputs.iter().any(|input| input.status.is_none()) {
            return;
        }
        let all = |wanted: &[Status]| {
            self.inputs
                .iter()
                .all(|input| input.status.is_some_and(|status| wanted.contains(&status)))
        };
        let status = if all(&[Status::Finished]) {
            Status::Finished
        } else if all(&[Status::Finished, Status::Idle]) {
            Status::Idle
        } else {
            Status::Active
        };
        // Rows that wait for answers come first.
        let in_order = status == Status::Active || !self.waits();
        if self.status != Some(status) && in_order {
            self.status = Some(status);
            // Nobody waits for a channel that rests: what it has gathered would come late.
            if status != Status::Active {
                self.operator.before_barrier(&mut self.out);
            }
            self.out.messages.push(Message::Status(status));
        }
    }

    /// The flush interval is over: empties the mini-batch and lets the held watermark go.
    pub fn flush(&mut self) {
        if self.holds_watermarks && matches!(self.pending, Pending::Nothing) {
            self.operator.flush(&mut self.out);
            self.forward(self.watermark);
        }
    }

    /// Empties what the operator gathers, so that its state is all there is.
    pub fn before_barrier(&mut self) {
        self.operator.before_barrier(&mut self.out);
        self.forward(self.watermark);
    }

    /// The state is saved: the barrier goes on, and the channels with it.
    pub fn pass_barrier(&mut self, epoch: u64) {
        self.inputs.iter_mut().for_each(|input| input.barrier = None);
        self.expects_barrier = false;
        self.out.messages.push(Message::Barrier(epoch));
    }
}

impl Target {
    /// Moves what waits; true if nothing is left.
    pub fn flush(&mut self) -> bool {
        match self {
            Self::Local { .. } => true,
            Self::Exchange(exchange) => exchange.flush(),
            Self::Sink(sink) => sink.flush(),
        }
    }

    /// Something waits here for room behind.
    pub fn is_waiting(&self) -> bool {
        match self {
            Self::Local { .. } => false,
            Self::Exchange(exchange) => !exchange.has_room(),
            Self::Sink(sink) => !sink.outbox.is_empty(),
        }
    }

    /// Room behind this target, local queues aside.
    pub fn has_room(&self) -> bool {
        match self {
            Self::Local { .. } => true,
            Self::Exchange(exchange) => exchange.has_room(),
            Self::Sink(sink) => sink.rows_waiting < SINK_ROWS_WAITING,
        }
    }
}

/// Whether all of a node's (or source's) targets can take more.
pub fn all_have_room(targets: &[Target], nodes: &[Node]) -> bool {
    targets.iter().all(|target| match target {
        Target::Local { node, input } => match &nodes[*node].inputs[*input].queue {
            Queue::Local(queue) => queue.len() < LOCAL_CAPACITY,
            Queue::Remote(_) => true,
        },
        other => other.has_room(),
    })
}

/// Hands messages to every target.
pub fn deliver(messages: Vec<Message>, targets: &mut [Target], nodes: &mut [Node]) {
    let Some((last, others)) = targets.split_last_mut() else { return };
    for message in messages {
        for target in others.iter_mut() {
            hand_over(message.clone(), target, nodes);
        }
        hand_over(message, last, nodes);
    }
}

fn hand_over(message: Message, target: &mut Target, nodes: &mut [Node]) {
    match target {
        Target::Local { node, input } => {
            if let Queue::Local(queue) = &mut nodes[*node].inputs[*input].queue {
                queue.push_back(message);
            }
        }
        Target::Exchange(exchange) => exchange.send(message),
        Target::Sink(sink) => sink.send(message),
    }
}

#[cfg(test)]
mod tests;
