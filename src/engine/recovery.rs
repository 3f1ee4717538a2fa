//! Going on from a saved epoch: what a manifest must match, and how its state comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checkpoint::chain::Beginnings;
use crate::checkpoint::{Manifest, OperatorEntry, Outbox, SourcePosition, StateFile, StateFolder};
use crate::record::key;
use crate::shard::epoch::ReadBack;
use crate::shard::identity;
use crate::shard::node::Node;
use crate::shard::outbox::columns_of;
use crate::shard::source_task::SourceTask;
use crate::shard::topology::Topology;
use crate::shard::worker::WatermarkLink;
use crate::sink::publishes_committed;
use crate::source::Position;
use crate::state::{KeyGroups, Saved};

/// A saved epoch and the folder its files are in.
pub struct Recovery {
    pub folder: Arc<StateFolder>,
    pub manifest: Manifest,
}

/// What the operators of a job keep, all of it new in this epoch.
pub fn operators(topology: &Topology, since: u64) -> Vec<OperatorEntry> {
    let entry = |(id, name): (&str, &str)| {
        let (id, name) = (id.to_owned(), name.to_owned());
        OperatorEntry { id, name, since }
    };
    identity::stateful(topology).map(entry).collect()
}

/// The name of a partition's watermark in a manifest.
pub fn watermark_name(step: &str, partition: i32) -> String {
    format!("{step}/{partition}")
}

impl Recovery {
    /// Takes a state over for the job as it is now. What has not changed is kept, what is new begins
    /// empty; what would be lost is refused, unless `allow_dropped`.
    pub fn adapt(&mut self, topology: &Topology, allow_dropped: bool) -> Result<(), String> {
        let manifest = &mut self.manifest;
        let mut now = operators(topology, manifest.epoch + 1);
        let then = std::mem::take(&mut manifest.operators);
        let (mut kept, mut new) = (0, Vec::new());
        for operator in &mut now {
            match then.iter().find(|known| known.id == operator.id) {
                Some(known) => (operator.since, kept) = (known.since, kept + 1),
                None => new.push(operator.name.clone()),
            }
        }
        let is_gone = |known: &&OperatorEntry| !now.iter().any(|it| it.id == known.id);
        let mut gone: Vec<String> = then.iter().filter(is_gone).map(|it| it.name.clone()).collect();
        let misfit = |outbox: &Outbox| misfit(outbox, topology);
        gone.extend(manifest.outboxes.iter().filter_map(misfit));
        gone.dedup();
        let epoch = manifest.epoch;
        if !gone.is_empty() && !allow_dropped && !manifest.sources.is_empty() {
            return Err(refusal(epoch, &gone, &new, kept));
        }
        if !gone.is_empty() || !new.is_empty() {
            let (dropped, new) = (gone.join("; "), new.join("; "));
            tracing::warn!(epoch, kept, new, dropped, "the job has changed since its last start");
        }
        manifest.sources.retain(|source| now.iter().any(|it| it.id == source.source));
        manifest.outboxes.retain(|outbox| misfit(outbox).is_none());
        manifest.operators = now;
        Ok(())
    }

    /// Where the readers of one scan go on.
    /// `None`: nowhere yet, it is new or the last start ended before its first epoch.
    pub fn positions(&self, scan: &str) -> Option<Vec<Position>> {
        let of_scan = self.manifest.sources.iter().filter(|source| source.source == scan);
        let position =
            |source: &SourcePosition| Position { partition: source.partition, next: source.next };
        let positions: Vec<Position> = of_scan.map(position).collect();
        (!positions.is_empty()).then_some(positions)
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
        let operators = self.manifest.operators.iter();
        let since: BTreeMap<&str, u64> = operators.map(|it| (&*it.id, it.since)).collect();
        self.folder.read_state(
            &self.manifest.files,
            &groups,
            &mut |file, operator, state, saved| {
                // Of a job that was another then.
                let Some(&index) = by_id.get(operator) else { return Ok(()) };
                if file.file.epoch() < since.get(operator).copied() {
                    return Ok(());
                }
                if let Saved::Entry { key_group, bytes } | Saved::Gone { key_group, key: bytes } =
                    saved
                {
                    sizes[key_group] += bytes.len() as u64;
                    progress.add(bytes.len() as u64);
                }
                let mut states = nodes[index].operator.states();
                let found = states.iter_mut().find(|(name, _)| *name == state);
                let (_, primitive) = found.ok_or_else(|| other_version(state))?;
                primitive.load(&file.groups, saved)
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

/// Why rows that wait cannot be published in the job as it is now, if so.
fn misfit(outbox: &Outbox, topology: &Topology) -> Option<String> {
    let table = topology.sinks.iter().find(|table| *table.name == *outbox.table);
    let why = match table {
        None => "",
        Some(table) if !publishes_committed(table) => ", which publishes early now",
        Some(table) if outbox.columns.is_some_and(|columns| columns != columns_of(table)) => {
            ", which had other columns"
        }
        Some(_) => return None,
    };
    Some(format!("rows yet to be published in {}{why}", outbox.table))
}

fn other_version(state: &str) -> String {
    format!(
        "state '{state}' is of another version of pelton, which kept it otherwise: go on with that \
         version, or start with an empty --state-dir"
    )
}

/// What a changed job would lose.
fn refusal(epoch: u64, gone: &[String], new: &[String], kept: usize) -> String {
    let mut text = format!("the job has changed since epoch {epoch}, and would lose what it kept:");
    for name in gone {
        let why = match new.contains(name) {
            true => " (computed of other rows, columns or types now, or otherwise)",
            false => "",
        };
        text += &format!("\n  - {name}{why}");
    }
    let begun = if new.is_empty() { "nothing".to_owned() } else { new.join("; ") };
    text + &format!(
        "\nKept: {kept}. Begun empty: {begun}.\nRun it with --allow-dropped-state to let that go, run \
         the job as it was, or start afresh with another --state-dir"
    )
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
