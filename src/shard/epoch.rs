//! One worker's part of an epoch: where its sources stood, and the file with its nodes' state.

use std::io;
use std::sync::Arc;

use super::worker::SourcePositions;
use crate::checkpoint::{Rotation, Sizes, SnapshotWriter, StateFile, StateFolder};
use crate::record::key;
use crate::state::{KeyGroups, KeyedState, Saved};

/// Where a worker writes its state, in whose name, and what it has written.
pub struct EpochState {
    folder: Arc<StateFolder>,
    /// Counts the starts of the job.
    incarnation: u64,
    worker: usize,
    groups: KeyGroups,
    rotation: Rotation,
    /// A digest of what its last file said for all key groups.
    common: Option<u64>,
}

impl EpochState {
    /// `read`: what the worker, one of `workers`, has read back.
    pub fn new(
        folder: Arc<StateFolder>,
        incarnation: u64,
        (worker, workers): (usize, usize),
        read: &ReadBack,
    ) -> Self {
        let groups = key::groups_of(worker, workers);
        let rotation = Rotation::new(groups.clone(), read.sizes, read.oldest);
        Self { folder, incarnation, worker, groups, rotation, common: None }
    }
}

/// What a worker has read of its state at the start.
pub struct ReadBack {
    pub sizes: Sizes,
    /// The key group whose image is the oldest.
    pub oldest: usize,
}

/// What a worker has written of its state in an epoch.
#[derive(Default)]
pub struct Written {
    /// None where there was nothing to say.
    pub file: Option<StateFile>,
    /// Bytes of whole key groups, and of changes.
    pub images: u64,
    pub changes: u64,
}

/// A file that is being written.
struct Draft {
    writer: SnapshotWriter,
    images: KeyGroups,
    sizes: Sizes,
}

pub struct EpochInProgress {
    pub epoch: u64,
    /// Nodes that the barrier has yet to pass.
    pub nodes_left: usize,
    pub sources: Vec<SourcePositions>,
    draft: Option<Draft>,
}

impl EpochInProgress {
    pub fn begin(
        epoch: u64,
        nodes: usize,
        sources: Vec<SourcePositions>,
        state: Option<&mut EpochState>,
    ) -> Result<Self, String> {
        let open = |state: &mut EpochState| {
            let writer = state.folder.writer(epoch, state.incarnation, state.worker)?;
            let images = state.rotation.begin();
            Ok::<_, String>(Draft { writer, images, sizes: [0; key::KEY_GROUPS] })
        };
        let draft = state.map(open).transpose()?;
        Ok(Self { epoch, nodes_left: nodes, sources, draft })
    }

    /// Writes the state of a node that the barrier has reached.
    pub fn save(
        &mut self,
        id: &str,
        states: Vec<(&'static str, &mut dyn KeyedState)>,
    ) -> Result<(), String> {
        self.nodes_left -= 1;
        let Some(draft) = &mut self.draft else { return Ok(()) };
        for (name, state) in states {
            draft.save(id, name, state).map_err(|error| {
                format!("cannot write the state of epoch {}: {error}", self.epoch)
            })?;
        }
        Ok(())
    }

    /// Completes the file.
    pub fn finish(self, state: Option<&mut EpochState>) -> Result<Written, String> {
        match self.draft.zip(state) {
            Some((draft, state)) => draft.finish(state),
            None => Ok(Written::default()),
        }
    }
}

impl Draft {
    fn save(&mut self, id: &str, name: &str, state: &mut dyn KeyedState) -> io::Result<()> {
        let Self { writer, images, sizes } = self;
        writer.section(id, name)?;
        state.save(images, &mut |saved| {
            if let Saved::Entry { key_group, bytes } | Saved::Gone { key_group, key: bytes } = saved
            {
                sizes[key_group] += bytes.len() as u64;
            }
            writer.saved(saved)
        })
    }

    fn finish(self, state: &mut EpochState) -> Result<Written, String> {
        let Self { writer, images, sizes } = self;
        let common = Some(writer.common());
        // An image of groups that have become empty says something, too.
        let says_nothing = writer.entries() == 0 && images.is_empty() && common == state.common;
        state.rotation.written(&images, &sizes);
        state.common = common;
        if says_nothing {
            writer.discard()?;
            return Ok(Written::default());
        }
        let entries = writer.entries();
        let file = writer.finish()?;
        let all: u64 = sizes.iter().sum();
        let whole = sizes[images.clone()].iter().sum();
        let file = StateFile { file, groups: state.groups.clone(), images, entries };
        Ok(Written { file: Some(file), images: whole, changes: all - whole })
    }
}
