//! One worker's part of an epoch: where its sources stood, and what its nodes' state was. The
//! state is frozen as the barrier passes and handed on in slices, while the worker goes on.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;

use super::node::Node;
use super::state_thread::{Order, QUEUE};
use super::worker::SourcePositions;
use crate::checkpoint::{Records, Rotation, Sizes};
use crate::metrics::LatencyRecorder;
use crate::record::key;
use crate::state::slice::ROOM;
use crate::state::{KeyGroups, KeyedState, Saved, Slice};

/// Bytes that are handed on at a time.
const PART: usize = 256 << 10;

/// What a worker knows of the state that it has written, and where it goes.
pub struct EpochState {
    orders: Sender<Order>,
    /// Each time that the worker stands still.
    pauses: LatencyRecorder,
    groups: KeyGroups,
    rotation: Rotation,
    /// A digest of what its last file said for all key groups.
    common: Option<u64>,
}

impl EpochState {
    /// `read`: what the worker, one of `workers`, has read back.
    pub fn new(
        orders: Sender<Order>,
        pauses: LatencyRecorder,
        (worker, workers): (usize, usize),
        read: &ReadBack,
    ) -> Self {
        let groups = key::groups_of(worker, workers);
        let rotation = Rotation::new(groups.clone(), read.sizes, read.oldest);
        Self { orders, pauses, groups, rotation, common: None }
    }

    fn paused_since(&mut self, begun: Instant) -> Duration {
        let took = begun.elapsed();
        self.pauses.record(took.as_micros() as u64, 1);
        took
    }

    fn send(&self, order: Order) -> Result<(), String> {
        self.orders.send(order).map_err(|_| "the thread that writes the state is gone".to_owned())
    }
}

/// What a worker has read of its state at the start.
pub struct ReadBack {
    pub sizes: Sizes,
    /// The key group whose image is the oldest.
    pub oldest: usize,
}

/// What a file holds.
pub struct Contents {
    pub groups: KeyGroups,
    pub images: KeyGroups,
    pub entries: u64,
}

/// What the state of an epoch has cost a worker.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    /// Bytes of whole key groups, and of changes.
    pub images: u64,
    pub changes: u64,
    /// How long the worker has stood still for it in all.
    pub busy: Duration,
}

pub struct EpochInProgress {
    pub epoch: u64,
    /// Nodes that the barrier has yet to pass.
    nodes_left: usize,
    sources: Vec<SourcePositions>,
    draft: Option<Draft>,
}

/// A file that is being written.
struct Draft {
    records: Records,
    images: KeyGroups,
    sizes: Sizes,
    /// Nodes that are frozen and not written.
    frozen: VecDeque<usize>,
    /// Which state of the first of them is the next, and whether some of it is written.
    state: usize,
    begun: bool,
    cost: Cost,
}

impl EpochInProgress {
    pub fn begin(
        epoch: u64,
        nodes: usize,
        sources: Vec<SourcePositions>,
        state: Option<&mut EpochState>,
    ) -> Self {
        let draft = state.map(|state| Draft {
            records: Records::default(),
            images: state.rotation.begin(),
            sizes: [0; key::KEY_GROUPS],
            frozen: VecDeque::new(),
            state: 0,
            begun: false,
            cost: Cost::default(),
        });
        Self { epoch, nodes_left: nodes, sources, draft }
    }

    /// Keeps the state of a node that the barrier has reached.
    pub fn freeze(
        &mut self,
        index: usize,
        states: Vec<(&'static str, &mut dyn KeyedState)>,
        state: Option<&mut EpochState>,
    ) {
        self.nodes_left -= 1;
        let Some((draft, state)) = self.draft.as_mut().zip(state) else { return };
        let begun = Instant::now();
        states.into_iter().for_each(|(_, state)| state.freeze(&draft.images));
        draft.frozen.push_back(index);
        draft.cost.busy += state.paused_since(begun);
    }

    /// Writes a slice; whether there was anything to do.
    pub fn write(
        &mut self,
        nodes: &mut [Node],
        state: Option<&mut EpochState>,
    ) -> Result<bool, String> {
        let Some((draft, state)) = self.draft.as_mut().zip(state) else { return Ok(false) };
        // A slow disk makes the epoch take longer, and nothing else.
        if draft.frozen.is_empty() || state.orders.len() >= QUEUE {
            return Ok(false);
        }
        let begun = Instant::now();
        let epoch = self.epoch;
        let worked = draft
            .write(nodes)
            .map_err(|error| format!("cannot write the state of epoch {epoch}: {error}"))?;
        if draft.records.waiting() >= PART {
            state.send(Order::Records { epoch, bytes: draft.records.take() })?;
        }
        draft.cost.busy += state.paused_since(begun);
        Ok(worked)
    }

    /// Whether the barrier has passed all nodes, whose state is handed on.
    pub fn is_done(&self) -> bool {
        let is_written = self.draft.as_ref().is_none_or(|draft| draft.frozen.is_empty());
        self.nodes_left == 0 && is_written
    }

    /// Completes what was handed on. Gives the positions of the sources where nobody writes state.
    pub fn finish(
        self,
        state: Option<&mut EpochState>,
    ) -> Result<Option<Vec<SourcePositions>>, String> {
        let Some((draft, state)) = self.draft.zip(state) else { return Ok(Some(self.sources)) };
        draft.finish(self.epoch, self.sources, state).map(|()| None)
    }
}

impl Draft {
    fn write(&mut self, nodes: &mut [Node]) -> io::Result<bool> {
        let mut room = ROOM;
        while room > 0
            && let Some(&index) = self.frozen.front()
        {
            let node = &mut nodes[index];
            let mut states = node.operator.states();
            let Some((name, state)) = states.get_mut(self.state) else {
                self.frozen.pop_front();
                self.state = 0;
                continue;
            };
            if !self.begun {
                self.records.section(&node.id, name)?;
                self.begun = true;
            }
            let (records, sizes) = (&mut self.records, &mut self.sizes);
            let mut write = |saved: Saved<'_>| {
                if let Saved::Entry { key_group, bytes } | Saved::Gone { key_group, key: bytes } =
                    saved
                {
                    sizes[key_group] += bytes.len() as u64;
                }
                records.saved(saved)
            };
            let mut slice = Slice::new(room, &mut write);
            let is_written = state.write(&mut slice)?;
            room = slice.room();
            if !is_written {
                break;
            }
            self.state += 1;
            self.begun = false;
        }
        Ok(room < ROOM || self.frozen.is_empty())
    }

    fn finish(
        mut self,
        epoch: u64,
        sources: Vec<SourcePositions>,
        state: &mut EpochState,
    ) -> Result<(), String> {
        let Self { images, sizes, .. } = self;
        let (entries, common) = (self.records.entries(), Some(self.records.common()));
        // An image of groups that have become empty says something, too.
        let says_nothing = entries == 0 && images.is_empty() && common == state.common;
        state.rotation.written(&images, &sizes);
        state.common = common;
        let (all, whole) = (sizes.iter().sum::<u64>(), sizes[images.clone()].iter().sum());
        let cost = Cost { images: whole, changes: all - whole, ..self.cost };
        let contents = (!says_nothing).then(|| {
            let bytes = self.records.take();
            (
                Order::Records { epoch, bytes },
                Contents { groups: state.groups.clone(), images, entries },
            )
        });
        let (records, contents) = contents.unzip();
        records.map_or(Ok(()), |records| state.send(records))?;
        state.send(Order::End { epoch, sources, contents, cost })
    }
}
