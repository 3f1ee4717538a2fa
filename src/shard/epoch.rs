//! One worker's part of an epoch: where its sources stood, and the file with its nodes' state.

use super::worker::SourcePositions;
use crate::checkpoint::{FileEntry, SnapshotWriter, StateFolder};
use crate::state::KeyedState;

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
        folder: Option<&StateFolder>,
    ) -> Result<Self, String> {
        let writer = folder.map(|folder| folder.writer(epoch, worker)).transpose()?;
        Ok(Self { epoch, nodes_left: 0, sources, writer })
    }

    /// Writes the state of a node that the barrier has reached.
    pub fn save(&mut self, id: &str, states: Vec<(&'static str, &mut dyn KeyedState)>) -> Result<(), String> {
        self.nodes_left -= 1;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for (name, state) in states {
            writer.section(id, name)?;
            state
                .save(&mut |key_group, entry| writer.entry(key_group, entry))
                .map_err(|error| format!("cannot write the state of epoch {}: {error}", self.epoch))?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(u64, Vec<SourcePositions>, Option<FileEntry>), String> {
        let file = self.writer.map(SnapshotWriter::finish).transpose()?;
        Ok((self.epoch, self.sources, file))
    }
}
