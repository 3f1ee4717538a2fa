//! From the bound plan to the steps that every worker runs: where rows must change shards, what
//! is aggregated before they do, and which queryable tables are answered from an operator's own
//! state.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{branches, identity, spread, unread};
use crate::expression::Expr;
use crate::operator::aggregate::AggregateCall;
use crate::operator::join::JoinType;
use crate::operator::lookup::LookupSpec;
use crate::operator::rank::Ranking;
use crate::operator::window::WindowKind;
use crate::record::Schema;
use crate::sink;
use crate::sql::is_updating;
use crate::sql::partitioned::{self, position};
use crate::sql::plan::{Node, NodeId, NodeKind, Plan, ScanField, Table};
use crate::sql::ttl;

/// What a step does. Names and options are resolved; a worker builds an operator from it.
#[derive(Clone, Debug)]
pub enum StepKind {
    Scan {
        table: Arc<Table>,
        fields: Vec<ScanField>,
        metadata: Vec<Arc<str>>,
    },
    Watermark {
        column: usize,
        delay_ms: i64,
        by: Option<usize>,
        table: Arc<Table>,
        source: usize,
    },
    /// What the plan says, as it stands there.
    Plain(NodeKind),
    /// UNION ALL, in the order of the query, with the projections and filters before it.
    Branches(Vec<Branch>),
    Rank {
        keys: Vec<usize>,
        ranking: Ranking,
        window: Option<(usize, bool)>,
        /// The input changes rows.
        updating: bool,
    },
    Aggregate {
        keys: Vec<usize>,
        calls: Vec<AggregateCall>,
        update_before: bool,
        silent: bool,
        retention: Option<Retention>,
    },
    /// The same over rows that change.
    RetractingAggregate {
        keys: Vec<usize>,
        calls: Vec<AggregateCall>,
    },
    /// First phase: partial aggregates per pane and key of what one worker has read.
    LocalWindow {
        window: WindowKind,
        time: usize,
        keys: Vec<usize>,
        calls: Vec<AggregateCall>,
    },
    /// Each window by itself.
    SingleWindows {
        window: WindowKind,
        time: usize,
        keys: Vec<usize>,
        calls: Vec<AggregateCall>,
    },
    /// One phase over rows, or (`partials`) the second over what `LocalWindow` sends.
    Window {
        window: WindowKind,
        time: usize,
        keys: Vec<usize>,
        calls: Vec<AggregateCall>,
        partials: bool,
    },
    /// Keeps the last row of each key of a queryable table.
    Upsert {
        table: Arc<Table>,
    },
    /// `sink` indexes [`Topology::sinks`].
    Sink {
        sink: usize,
    },
}

/// A way of rows through a step of kind `Branches`.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Which of the step's inputs they come from.
    pub port: usize,
    /// Projections and filters, the lowest first.
    pub stages: Vec<Step>,
}

/// How long a running aggregate keeps a row: until event time has passed its time by this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Position in the group's keys of the time that counts.
    pub key: usize,
    pub retention_ms: i64,
    /// The time is the end of a window with `'window.allowed-lateness'`, of which the row is told
    /// from then on.
    pub fires: bool,
}

#[derive(Clone, Debug)]
pub struct Edge {
    pub from: usize,
    /// Rows go to the shard that owns these columns; `None`: they stay where they are.
    pub exchange: Option<Vec<usize>>,
    /// They stay all the same, as this topic is partitioned by some of the step's keys: its state
    /// goes by partitions. Over such an exchange go watermarks, so that event time is the job's.
    pub by_partition: Option<Arc<str>>,
}

impl Edge {
    /// Rows stay on their shard.
    pub fn local(from: usize) -> Self {
        Self { from, exchange: None, by_partition: None }
    }

    pub fn is_local(&self) -> bool {
        self.exchange.is_none() && self.by_partition.is_none()
    }
}

#[derive(Clone, Debug)]
pub struct Step {
    pub kind: StepKind,
    pub inputs: Vec<Edge>,
    pub schema: Schema,
    /// By which its state is found again after a restart: see [`identity`].
    pub id: String,
    /// What it keeps over a restart, for people.
    pub keeps: Option<String>,
    /// How long what it keeps of each input is kept behind its last write; none: for good, or to an
    /// end of its own.
    pub ttl_ms: [Option<i64>; 2],
}

/// A queryable table answered from the state of a step.
#[derive(Clone, Debug)]
pub struct View {
    pub table: Arc<Table>,
    pub step: usize,
    /// From the step's row to the table's.
    pub exprs: Option<Vec<Expr>>,
    /// For each key column of the step: its position among the table's primary key.
    pub key_order: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Inputs stand before those that use them.
    pub steps: Vec<Step>,
    pub sinks: Vec<Arc<Table>>,
    pub views: Vec<View>,
}

impl Topology {
    /// Steps that look rows up, and in which tables.
    pub fn lookups(&self) -> impl Iterator<Item = (usize, &Arc<Table>, &LookupSpec)> {
        self.steps.iter().enumerate().filter_map(|(index, step)| match &step.kind {
            StepKind::Plain(NodeKind::Lookup { table, spec }) => Some((index, table, &**spec)),
            _ => None,
        })
    }

    /// Steps that read sources.
    pub fn scans(&self) -> impl Iterator<Item = (usize, &Arc<Table>)> {
        self.steps.iter().enumerate().filter_map(|(index, step)| match &step.kind {
            StepKind::Scan { table, .. } => Some((index, table)),
            _ => None,
        })
    }
}

/// Builds the topology; an error names what this release cannot run.
pub fn build(plan: &Plan) -> Result<Topology, String> {
    let mut builder = Builder { plan, topology: Topology::default(), placed: Vec::new() };
    for id in 0..plan.nodes.len() {
        let placed = builder.place(id)?;
        builder.placed.push(placed);
    }
    let topology = branches::unite(builder.topology);
    let mut topology = spread::share_exchanges(unread::leave_out(topology));
    let read: BTreeSet<usize> =
        topology.steps.iter().flat_map(|step| step.inputs.iter().map(|edge| edge.from)).collect();
    for (index, step) in topology.steps.iter_mut().enumerate() {
        if let StepKind::Aggregate { silent, .. } = &mut step.kind {
            *silent = !read.contains(&index);
        }
    }
    identity::identify(&mut topology);
    Ok(topology)
}

/// Where a plan node ended up, and by which of its columns its rows are spread over shards.
#[derive(Clone)]
struct Placed {
    step: usize,
    /// `None`: rows are wherever they were read.
    distribution: Option<Vec<usize>>,
}

impl Placed {
    /// The same where the output begins with the keys.
    fn renumbered(self, keys: usize) -> Self {
        Self { distribution: self.distribution.map(|_| (0..keys).collect()), ..self }
    }
}

struct Builder<'a> {
    plan: &'a Plan,
    topology: Topology,
    placed: Vec<Placed>,
}

impl Builder<'_> {
    fn push(&mut self, kind: StepKind, inputs: Vec<Edge>, node: &Node) -> usize {
        let (schema, id) = (node.schema.clone(), String::new());
        let ttl_ms = match &kind {
            StepKind::Aggregate { retention: Some(_), .. } => [None; 2],
            _ => ttl::of(self.plan, node),
        };
        self.topology.steps.push(Step { kind, inputs, schema, id, keeps: None, ttl_ms });
        self.topology.steps.len() - 1
    }

    fn local(&self, input: NodeId) -> Edge {
        Edge::local(self.placed[input].step)
    }

    /// An edge to the owners of `keys`; no exchange is needed where the rows are spread by them
    /// already. By some of them is not enough: state is dealt out by the whole key at a restart.
    fn keyed(&self, input: NodeId, keys: &[usize]) -> Edge {
        let placed = &self.placed[input];
        let in_place = placed.distribution.as_deref() == Some(keys);
        let lie = partitioned::of(self.plan, input).filter(|lie| lie.keeps(keys) && !in_place);
        if let Some((lie, topic)) = lie.zip(self.topic_below(input)) {
            let exchange = (!self.is_behind_exchange(placed.step)).then_some(lie.columns);
            return Edge { from: placed.step, exchange, by_partition: Some(topic) };
        }
        let exchange = (!in_place).then(|| keys.to_vec());
        Edge { from: placed.step, exchange, by_partition: None }
    }

    fn is_behind_exchange(&self, step: usize) -> bool {
        let edge = self.topology.steps[step].inputs.first();
        edge.is_some_and(|edge| edge.exchange.is_some() || self.is_behind_exchange(edge.from))
    }

    /// The topic that a node's rows are read from, where there is one alone.
    fn topic_below(&self, id: NodeId) -> Option<Arc<str>> {
        let node = &self.plan.nodes[id];
        match &node.kind {
            NodeKind::Scan { table, .. } => Some(source_name(table)),
            _ => self.topic_below(*node.inputs.first()?),
        }
    }

    fn place(&mut self, id: NodeId) -> Result<Placed, String> {
        let node = &self.plan.nodes[id];
        let spread = node.inputs.first().and_then(|&input| self.placed[input].distribution.clone());
        let (kind, distribution) = match &node.kind {
            NodeKind::Scan { table, fields, metadata } => {
                let (table, fields, metadata) = (table.clone(), fields.clone(), metadata.clone());
                (StepKind::Scan { table, fields, metadata }, None)
            }
            NodeKind::Watermark { column, delay_ms, by, table } => {
                let source = self.source_below(id)?;
                let (column, delay_ms, by, table) = (*column, *delay_ms, *by, table.clone());
                (StepKind::Watermark { column, delay_ms, by, table, source }, None)
            }
            NodeKind::Project { exprs } => {
                let spread = spread.and_then(|by| by.iter().map(|&c| position(exprs, c)).collect());
                (StepKind::Plain(node.kind.clone()), spread)
            }
            kind @ (NodeKind::Filter { .. }
            | NodeKind::WindowAssign { .. }
            | NodeKind::Unnest { .. }) => (StepKind::Plain(kind.clone()), spread),
            NodeKind::Union => (StepKind::Plain(NodeKind::Union), None),
            // Rows that wait over a restart come out wherever their state was dealt to.
            NodeKind::Lookup { .. } => (StepKind::Plain(node.kind.clone()), None),
            NodeKind::TimeSort { keys, .. }
            | NodeKind::ProcessingTime { keys, .. }
            | NodeKind::Over { keys, .. }
            | NodeKind::Normalize { keys }
            | NodeKind::First { keys, .. } => {
                return Ok(self.spread(id, StepKind::Plain(node.kind.clone()), keys));
            }
            NodeKind::Match { keys, .. } | NodeKind::SessionAggregate { keys, .. } => {
                let placed = self.spread(id, StepKind::Plain(node.kind.clone()), keys);
                // Keys come first in the output.
                return Ok(placed.renumbered(keys.len()));
            }
            NodeKind::Rank { keys, ranking, window } => {
                let updating = is_updating(self.plan, node.inputs[0]);
                let (ranking, window) = (ranking.clone(), *window);
                let kind = StepKind::Rank { keys: keys.clone(), ranking, window, updating };
                return Ok(self.spread(id, kind, keys));
            }
            NodeKind::Join { spec } => {
                let whole_left = !matches!(spec.join, JoinType::Right | JoinType::Full);
                return Ok(self.join(id, &spec.keys, whole_left));
            }
            NodeKind::TemporalJoin { spec } => return Ok(self.join(id, &spec.keys, true)),
            NodeKind::Aggregate { keys, calls, .. } => return Ok(self.aggregate(id, keys, calls)),
            NodeKind::WindowAggregate { window, time, keys, calls } => {
                return Ok(self.window(id, *window, *time, keys, calls));
            }
            NodeKind::Sink { table } => return self.sink(id, table),
        };
        let inputs = node.inputs.iter().map(|&input| self.local(input)).collect();
        Ok(Placed { step: self.push(kind, inputs, node), distribution })
    }

    /// A step whose rows stand by the shards that own `keys`, which it passes on.
    fn spread(&mut self, id: NodeId, kind: StepKind, keys: &[usize]) -> Placed {
        let node = &self.plan.nodes[id];
        let edge = self.keyed(node.inputs[0], keys);
        let distribution = match (&edge.exchange, &edge.by_partition) {
            (_, Some(_)) => None,
            (Some(_), None) => Some(keys.to_vec()),
            (None, None) => self.placed[node.inputs[0]].distribution.clone(),
        };
        Placed { step: self.push(kind, vec![edge], node), distribution }
    }

    /// Both inputs of a join meet by the owners of their keys, so neither may be spread by less.
    fn join(&mut self, id: NodeId, keys: &[Vec<usize>; 2], whole_left: bool) -> Placed {
        let node = &self.plan.nodes[id];
        let edge = |side: usize| {
            let (placed, keys) = (&self.placed[node.inputs[side]], &keys[side]);
            let in_place = placed.distribution.as_ref() == Some(keys);
            let exchange = (!in_place).then(|| keys.clone());
            Edge { from: placed.step, exchange, by_partition: None }
        };
        let inputs = vec![edge(0), edge(1)];
        let distribution = whole_left.then(|| keys[0].clone());
        let kind = StepKind::Plain(node.kind.clone());
        Placed { step: self.push(kind, inputs, node), distribution }
    }

    /// The scan that a watermark's rows come from.
    fn source_below(&self, id: NodeId) -> Result<usize, String> {
        let mut at = id;
        while let Some(&input) = self.plan.nodes[at].inputs.first() {
            at = input;
        }
        match self.plan.nodes[at].kind {
            NodeKind::Scan { .. } => Ok(self.placed[at].step),
            _ => Err("a watermark needs a table that reads a source".into()),
        }
    }

    fn aggregate(&mut self, id: NodeId, keys: &[usize], calls: &[AggregateCall]) -> Placed {
        let node = &self.plan.nodes[id];
        if is_updating(self.plan, node.inputs[0]) {
            let kind = StepKind::RetractingAggregate { keys: keys.to_vec(), calls: calls.to_vec() };
            return self.spread(id, kind, keys).renumbered(keys.len());
        }
        let edge = self.keyed(node.inputs[0], keys);
        let kind = StepKind::Aggregate {
            keys: keys.to_vec(),
            calls: calls.to_vec(),
            update_before: self.wants_update_before(id),
            // Set at the end, when all readers are known.
            silent: false,
            retention: self.retention(id, keys.len()),
        };
        let distribution = spread_by_keys(&edge, keys.len());
        Placed { step: self.push(kind, vec![edge], node), distribution }
    }

    /// Rows before the change are needed by a filter (it may let one through and not the other)
    /// and by `print`, which shows every change.
    fn wants_update_before(&self, id: NodeId) -> bool {
        let consumers =
            self.plan.nodes.iter().enumerate().filter(|(_, node)| node.inputs.contains(&id));
        consumers.into_iter().any(|(consumer, node)| match &node.kind {
            NodeKind::Sink { table } => &*table.connector == "print",
            NodeKind::Project { .. } | NodeKind::Union => self.wants_update_before(consumer),
            _ => true,
        })
    }

    /// The longest `retention` of the queryable tables that show this aggregate; of windows, how
    /// long they take rows that are late.
    fn retention(&self, id: NodeId, keys: usize) -> Option<Retention> {
        if let NodeKind::Aggregate { lateness: Some(of), .. } = self.plan.nodes[id].kind {
            return Some(Retention { key: of.key, retention_ms: of.ms, fires: true });
        }
        let schema = &self.plan.nodes[id].schema;
        let key = (0..keys).find(|&key| schema.fields[key].data_type.is_timestamp())?;
        let retention_ms = self.retention_below(id)?;
        Some(Retention { key, retention_ms, fires: false })
    }

    fn retention_below(&self, id: NodeId) -> Option<i64> {
        let consumers =
            self.plan.nodes.iter().enumerate().filter(|(_, node)| node.inputs.contains(&id));
        let found = consumers.into_iter().filter_map(|(consumer, node)| match &node.kind {
            NodeKind::Sink { table } => {
                super::options::duration_ms(&table.options, "retention").ok()?
            }
            NodeKind::Project { .. } | NodeKind::Filter { .. } => self.retention_below(consumer),
            _ => None,
        });
        found.max()
    }

    fn window(
        &mut self,
        id: NodeId,
        window: WindowKind,
        time: usize,
        keys: &[usize],
        calls: &[AggregateCall],
    ) -> Placed {
        let node = &self.plan.nodes[id];
        let edge = self.keyed(node.inputs[0], keys);
        let distribution = spread_by_keys(&edge, keys.len());
        let (keys, calls) = (keys.to_vec(), calls.to_vec());
        if is_updating(self.plan, node.inputs[0]) || window.size_ms % window.slide_ms != 0 {
            let kind = StepKind::SingleWindows { window, time, keys, calls };
            return Placed { step: self.push(kind, vec![edge], node), distribution };
        }
        // A sum of rows is of no single record that could be kept.
        let two_phases = edge.exchange.is_some()
            && edge.by_partition.is_none()
            && crate::operator::window::mergeable(&calls)
            && !self.reads_kept_late(id);
        if !two_phases {
            let kind = StepKind::Window { window, time, keys, calls, partials: false };
            return Placed { step: self.push(kind, vec![edge], node), distribution };
        }
        let local = Edge { exchange: None, ..edge };
        let partial =
            StepKind::LocalWindow { window, time, keys: keys.clone(), calls: calls.clone() };
        let from = self.push(partial, vec![local], node);
        let exchange = Some((0..keys.len()).collect());
        let kind = StepKind::Window { window, time, keys, calls, partials: true };
        let edge = Edge { from, exchange, by_partition: None };
        Placed { step: self.push(kind, vec![edge], node), distribution }
    }

    fn reads_kept_late(&self, id: NodeId) -> bool {
        let node = &self.plan.nodes[id];
        match &node.kind {
            NodeKind::Scan { table, .. } => Kept::Late.is_asked_for(table),
            _ => node.inputs.iter().any(|&input| self.reads_kept_late(input)),
        }
    }

    fn sink(&mut self, id: NodeId, table: &Arc<Table>) -> Result<Placed, String> {
        let node = &self.plan.nodes[id];
        let input = node.inputs[0];
        if &*table.connector == "queryable" {
            return self.queryable(id, table);
        }
        // Changes of one key must come to the sink in order, so from one shard. What is appended
        // keeps the order it was read in.
        let lie = partitioned::of(self.plan, input);
        let in_order = lie.is_some_and(|lie| lie.holds(&table.primary_key));
        let edge = match table.primary_key.is_empty() || sink::appends(table) || in_order {
            true => self.local(input),
            false => self.keyed(input, &table.primary_key),
        };
        // The receiving end of an exchange is a node.
        let edge = match edge.exchange {
            Some(_) => Edge::local(self.push(StepKind::Plain(NodeKind::Union), vec![edge], node)),
            None => edge,
        };
        self.topology.sinks.push(table.clone());
        let kind = StepKind::Sink { sink: self.topology.sinks.len() - 1 };
        Ok(Placed { step: self.push(kind, vec![edge], node), distribution: None })
    }

    fn queryable(&mut self, id: NodeId, table: &Arc<Table>) -> Result<Placed, String> {
        let node = &self.plan.nodes[id];
        if table.primary_key.is_empty() {
            return Err(format!(
                "table `{}` is queryable and needs a PRIMARY KEY … NOT ENFORCED",
                table.name
            ));
        }
        if let Some((step, exprs, key_order)) = self.aggregate_behind(node.inputs[0], table) {
            let exprs = Some(exprs);
            self.topology.views.push(View { table: table.clone(), step, exprs, key_order });
            return Ok(Placed { step, distribution: None });
        }
        if table.options.contains_key("retention") {
            return Err(format!(
                "table `{}`: 'retention' is of a table that shows a running GROUP BY as it is: its \
                 keys, the PRIMARY KEY, with a time among them, and its aggregates. SET \
                 'table.exec.state.ttl' lets other rows go",
                table.name
            ));
        }
        let edge = self.keyed(node.inputs[0], &table.primary_key);
        let kind = StepKind::Upsert { table: table.clone() };
        let step = self.push(kind, vec![edge], node);
        let key_order = (0..table.primary_key.len()).collect();
        self.topology.views.push(View { table: table.clone(), step, exprs: None, key_order });
        Ok(Placed { step, distribution: None })
    }

    /// The running aggregate whose state already is the table, if that is all the table shows:
    /// then nothing is stored twice.
    fn aggregate_behind(
        &self,
        input: NodeId,
        table: &Table,
    ) -> Option<(usize, Vec<Expr>, Vec<usize>)> {
        let mut at = input;
        let mut exprs = None;
        if let NodeKind::Project { exprs: projection } = &self.plan.nodes[at].kind {
            exprs = Some(projection.clone());
            at = self.plan.nodes[at].inputs[0];
        }
        let NodeKind::Aggregate { keys, lateness: None, .. } = &self.plan.nodes[at].kind else {
            return None;
        };
        let aggregate = &self.plan.nodes[at];
        if is_updating(self.plan, aggregate.inputs[0]) {
            return None;
        }
        let exprs = exprs.unwrap_or_else(|| {
            let fields = aggregate.schema.fields.iter().enumerate();
            fields.map(|(column, field)| Expr::column(column, field.data_type.clone())).collect()
        });
        // Each key of the aggregate must be a column of the primary key, unchanged.
        if table.primary_key.len() != keys.len() {
            return None;
        }
        let of_key = |key: usize| {
            table.primary_key.iter().position(|&column| exprs[column].as_column() == Some(key))
        };
        let key_order = (0..keys.len()).map(of_key).collect::<Option<Vec<_>>>()?;
        Some((self.placed[at].step, exprs, key_order))
    }
}

/// How rows are spread behind an operator that puts its `keys` first.
fn spread_by_keys(edge: &Edge, keys: usize) -> Option<Vec<usize>> {
    edge.by_partition.is_none().then(|| (0..keys).collect())
}

/// Records of a source that are written away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kept {
    /// Those that could not be used: the dead letters.
    Unusable,
    /// Those that came too late for an operator.
    Late,
}

impl Kept {
    /// The options of a table that name the topic and the file.
    pub fn options(self) -> [&'static str; 2] {
        match self {
            Self::Unusable => ["dead-letter.topic", "dead-letter.path"],
            Self::Late => ["late.topic", "late.path"],
        }
    }

    pub fn is_asked_for(self, table: &Table) -> bool {
        self.options().iter().any(|option| table.options.contains_key(*option))
    }
}

/// What a table reads, without the address of the server that holds it.
pub fn source_name(table: &Table) -> Arc<str> {
    for option in ["topic", "path"] {
        if let Some(value) = table.options.get(option) {
            return value.clone();
        }
    }
    table.name.clone()
}
