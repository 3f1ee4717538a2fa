//! One worker's part of an epoch: where its sources stood, and the file with its nodes' state.

use std::sync::Arc;

use super::worker::SourcePositions;
use crate::checkpoint::{FileEntry, SnapshotWriter, StateFolder};
use crate::state::KeyedState;

/// Where a worker writes its state, and in whose name.
#[derive(Clone)]
pub struct EpochState {
    pub folder: Arc<StateFolder>,
    /// Counts the starts of the job.
    pub incarnation: u64,
}

pub struct EpochInProgress {
    pub epoch: u64,
    /// Nodes that the barrier has yet to pass.
    pub nodes_left: usize,
    sources: Vec<SourcePositions>,
    writer: Option<SnapshotWriter>,
}

impl EpochInProgress {
    pub fn begin(
        epoch: u64,
        worker: usize,
        sources: Vec<SourcePositions>,
        state: Option<&EpochState>,
    ) -> Result<Self, String> {
        let open = |state: &EpochState| state.folder.writer(epoch, state.incarnation, worker);
        let writer = state.map(open).transpose()?;
        Ok(Self { epoch, nodes_left: 0, sources, writer })
    }

    /// Writes the state of a node that the barrier has reached.
    pub fn save(
        &mut self,
        id: &str,
        states: Vec<(&'static str, &mut dyn KeyedState)>,
    ) -> Result<(), String> {
        self.nodes_left -= 1;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for (name, state) in states {
            writer
                .section(id, name)
                .and_then(|()| state.save(&mut |group, entry| writer.entry(group, entry)))
                .map_err(|error| {
                    format!("cannot write the state of epoch {}: {error}", self.epoch)
                })?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(u64, Vec<SourcePositions>, Option<FileEntry>), String> {
        let file = self.writer.map(SnapshotWriter::finish).transpose()?;
        Ok((self.epoch, self.sources, file))
    }
}
