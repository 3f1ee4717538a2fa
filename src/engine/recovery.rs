//! Going on from a saved epoch: what a manifest must match, and how its state comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checkpoint::chain::Beginnings;
use crate::checkpoint::{Manifest, SourcePosition, StateFile, StateFolder};
use crate::record::key;
use crate::shard::epoch::ReadBack;
use crate::shard::node::Node;
use crate::shard::source_task::SourceTask;
use crate::shard::topology::Topology;
use crate::shard::worker::WatermarkLink;
use crate::source::Position;
use crate::state::{KeyGroups, Saved};

/// A saved epoch and the folder its files are in.
pub struct Recovery {
    pub folder: Arc<StateFolder>,
    pub manifest: Manifest,
}

/// Ids of the steps that keep something across a restart.
pub fn operator_ids(topology: &Topology) -> BTreeSet<String> {
    topology.steps.iter().map(|step| step.id.clone()).collect()
}

/// The name of a partition's watermark in a manifest.
pub fn watermark_name(step: &str, partition: i32) -> String {
    format!("{step}/{partition}")
}

impl Recovery {
    /// Refuses a state that another job has left.
    pub fn check(&self, topology: &Topology) -> Result<(), String> {
        let now = operator_ids(topology);
        let then: BTreeSet<String> = self.manifest.operators.iter().cloned().collect();
        if now == then {
            return Ok(());
        }
        let (gone, new) = (then.difference(&now).count(), now.difference(&then).count());
        Err(format!(
            "the job has changed since epoch {}: {gone} of its steps are gone and {new} are new, so \
             the saved state does not fit. Run the job as it was, or start afresh with another \
             --state-dir",
            self.manifest.epoch
        ))
    }

    /// Where the readers of one scan go on.
    /// `None`: nowhere yet, the last start ended before its first epoch.
    pub fn positions(&self, scan: &str) -> Option<Vec<Position>> {
        if self.manifest.sources.is_empty() {
            return None;
        }
        let of_scan = self.manifest.sources.iter().filter(|source| source.source == scan);
        let position =
            |source: &SourcePosition| Position { partition: source.partition, next: source.next };
        Some(of_scan.map(position).collect())
    }

    /// Brings back the state of the key groups that `worker` of `workers` owns.
    pub fn restore(
        &self,
        nodes: &mut [Node],
        links: &[WatermarkLink],
        sources: &[SourceTask],
        (worker, workers): (usize, usize),
    ) -> Result<ReadBack, String> {
        let (groups, mut sizes) = (key::groups_of(worker, workers), [0; key::KEY_GROUPS]);
        let mut progress = Progress::new(worker, &self.manifest, &groups);
        let by_id: BTreeMap<String, usize> =
            nodes.iter().enumerate().map(|(index, node)| (node.id.clone(), index)).collect();
        self.folder.read_state(
            &self.manifest.files,
            &groups,
            &mut |of, operator, state, saved| {
                if let Saved::Entry { key_group, bytes } | Saved::Gone { key_group, key: bytes } =
                    saved
                {
                    sizes[key_group] += bytes.len() as u64;
                    progress.add(bytes.len() as u64);
                }
                let index = *by_id.get(operator).ok_or("state of an unknown operator")?;
                let mut states = nodes[index].operator.states();
                let found = states.iter_mut().find(|(name, _)| *name == state);
                let (_, primitive) = found.ok_or_else(|| {
                format!(
                    "state '{state}' is of another version of pelton, which kept it otherwise: go \
                     on with that version, or start with an empty --state-dir"
                )
            })?;
                primitive.load(of, saved)
            },
        )?;
        for node in nodes.iter_mut() {
            node.operator.restored();
        }
        self.restore_watermarks(nodes, links, sources);
        let oldest = Beginnings::of(&self.manifest.files).oldest(groups);
        Ok(ReadBack { sizes, oldest })
    }

    fn restore_watermarks(&self, nodes: &[Node], links: &[WatermarkLink], sources: &[SourceTask]) {
        for link in links {
            let partitions = sources[link.source].source.partitions();
            let saved = partitions.iter().map(|partition| {
                let name = watermark_name(&nodes[link.node].id, *partition);
                let found = self.manifest.watermarks.iter().find(|(saved, _)| *saved == name);
                found.map(|(_, watermark)| *watermark)
            });
            link.generator.borrow_mut().restore(saved);
        }
    }
}

/// Says how far a worker has read its state back, where that takes long.
struct Progress {
    worker: usize,
    read: u64,
    /// About, and rather more.
    total: u64,
    looked_at: u64,
    told: Instant,
}

impl Progress {
    const BYTES: u64 = 16 << 20;
    const INTERVAL: Duration = Duration::from_secs(2);

    fn new(worker: usize, manifest: &Manifest, groups: &KeyGroups) -> Self {
        let ours =
            |file: &&StateFile| file.groups.start < groups.end && groups.start < file.groups.end;
        let total = manifest.files.iter().filter(ours).map(|state| state.file.length).sum();
        Self { worker, read: 0, total, looked_at: 0, told: Instant::now() }
    }

    fn add(&mut self, bytes: u64) {
        self.read += bytes;
        if self.read - self.looked_at < Self::BYTES {
            return;
        }
        self.looked_at = self.read;
        if self.told.elapsed() >= Self::INTERVAL {
            self.told = Instant::now();
            let (worker, read, total) = (self.worker, self.read, self.total);
            tracing::info!(worker, read, total, "reading the state back (bytes)");
        }
    }
}
