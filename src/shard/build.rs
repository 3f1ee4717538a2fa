//! Puts one worker's nodes together, on the worker's own thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::alignment::Alignment;
use super::channel::{Receiver, Sender};
use super::demands::{forgets, gives_versions, watermarks_are_read, windows_of_changes};
use super::exchange::Exchange;
use super::node::{Input, Node, Queue, SinkSender, Target};
use super::options;
use super::query::{LocalView, Views};
use super::source_task::SourceTask;
use super::topology::{self, Step, StepKind, Topology};
use super::watermark::{AssignWatermarks, IdleAdvance, WatermarkGenerator, WatermarkOptions};
use super::worker::WatermarkLink;
use crate::operator::Operator;
use crate::operator::aggregate::{
    AggregateCall, GroupAggregate, GroupOptions, Retention, RetractingAggregate,
};
use crate::operator::branches::{Branch, Branches, Stage};
use crate::operator::join::{Join, JoinSpec, TemporalJoin};
use crate::operator::lookup::{Lookup, Seat};
use crate::operator::normalize::Normalize;
use crate::operator::over::{self, Order, OverValues};
use crate::operator::pattern::recognize;
use crate::operator::processing_time::ProcessingTime;
use crate::operator::rank::{KeepFirst, SortKey, TopN, WindowEnd};
use crate::operator::stateless::{Filter, Project, Union};
use crate::operator::time_sort::TimeSort;
use crate::operator::unnest::Unnest;
use crate::operator::upsert::UpsertTable;
use crate::operator::window::{
    LocalWindowAggregate, OnWallClock, SessionAggregate, SingleWindows, WallClock, WindowAggregate,
    WindowAssign,
};
use crate::record::{DataType, Message, key};
use crate::sql::plan::{NodeKind, Table};
use crate::state::partitions::{Partitions, Witness};
use crate::state::{KeyDictionary, SharedKeys};

/// An edge by the step it leads to and the place among that step's inputs.
pub type EdgeId = (usize, usize);

/// The channels of one worker.
#[derive(Default)]
pub struct Plumbing {
    /// Which worker it is.
    pub worker: usize,
    /// To every shard, by exchange edge.
    pub senders: HashMap<EdgeId, Vec<Sender>>,
    /// From every shard, by exchange edge.
    pub receivers: HashMap<EdgeId, Vec<Receiver>>,
    /// One for each sink.
    pub sinks: Vec<crossbeam::channel::Sender<Message>>,
    /// By watermark step.
    pub alignments: HashMap<usize, Alignment>,
    /// By lookup step.
    pub lookups: HashMap<usize, Seat>,
}

/// What every operator of a job shares.
#[derive(Clone)]
pub struct Settings {
    pub zone: jiff::tz::TimeZone,
    pub seed: u64,
    /// Every change is shown by itself: `--flush-interval 0`.
    pub per_row: bool,
    /// Input has an end, so timestamps are not held against the clock.
    pub bounded: bool,
    /// Where keys were read that stay with their partition.
    pub partitions: Arc<Partitions>,
}

impl Settings {
    /// The clock that windows over instants go by; none where it shows them as they are.
    fn clock(&self) -> Option<WallClock> {
        WallClock::new(&self.zone)
    }
}

/// The nodes of a worker and what hangs on them.
pub struct Built {
    pub nodes: Vec<Node>,
    pub links: Vec<WatermarkLink>,
    pub views: Views,
}

/// Builds the nodes for `topology`, wires them, and gives the sources their targets.
pub fn build(
    topology: &Topology,
    settings: &Settings,
    sources: &mut [SourceTask],
    mut plumbing: Plumbing,
) -> Result<Built, String> {
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    let mut node_of = vec![None; topology.steps.len()];
    let dictionaries = Dictionaries::default();
    for (index, step) in topology.steps.iter().enumerate() {
        let seat = plumbing.alignments.remove(&index);
        let built = match &step.kind {
            StepKind::Watermark { column, delay_ms, by, table, .. } => {
                let seat = seat.ok_or("a watermark has no seat among the workers")?;
                let forgets = forgets(topology);
                let every_row =
                    forgets || windows_of_changes(topology) || watermarks_are_read(topology);
                let time = (*column, *delay_ms, *by);
                Some(watermark(time, table, settings, (seat, every_row, forgets))?)
            }
            StepKind::Plain(NodeKind::Lookup { spec, .. }) => {
                let seat = plumbing.lookups.remove(&index);
                let seat = seat.ok_or("a lookup has no way to its table")?;
                let input = input_types(step, topology);
                let added = &step.schema.fields[input.len()..];
                let added = added.iter().map(|field| field.data_type.clone()).collect();
                let spec = (**spec).clone();
                let operator = Lookup::new(spec, [input, added], seat, settings.seed);
                Some(BuiltOperator::new("lookup", operator))
            }
            _ => operator(step, topology, settings, &dictionaries)?,
        };
        let Some(built) = built else { continue };
        if let Some(generator) = built.generator {
            let source = source_index(sources, step)?;
            links.push(WatermarkLink { node: nodes.len(), source, generator, sent: i64::MIN });
        }
        node_of[index] = Some(nodes.len());
        let name = format!("{index}:{}", built.name);
        let mut node = Node::new(step.id.clone(), name, built.operator, built.holds_watermarks);
        node.out.context.zone = settings.zone.clone();
        nodes.push(node);
    }
    for (index, step) in topology.steps.iter().enumerate() {
        wire(index, step, settings, &mut nodes, &node_of, sources, &mut plumbing)?;
    }
    let views = topology.views.iter().filter_map(|view| {
        Some(LocalView { node: node_of[view.step]?, exprs: view.exprs.clone() })
    });
    Ok(Built { nodes, links, views: Views { views: views.collect() } })
}

fn source_index(sources: &[SourceTask], step: &Step) -> Result<usize, String> {
    let StepKind::Watermark { source, .. } = step.kind else {
        return Err("a watermark belongs to a watermark step".into());
    };
    let found = sources.iter().position(|task| task.step == source);
    found.ok_or_else(|| "a watermark's source is missing".into())
}

/// Connects the inputs of one step.
fn wire(
    index: usize,
    step: &Step,
    settings: &Settings,
    nodes: &mut [Node],
    node_of: &[Option<usize>],
    sources: &mut [SourceTask],
    plumbing: &mut Plumbing,
) -> Result<(), String> {
    for (port, edge) in step.inputs.iter().enumerate() {
        let target = match (&step.kind, plumbing.senders.remove(&(index, port))) {
            (StepKind::Sink { sink }, None) => {
                Target::Sink(SinkSender::new(plumbing.sinks[*sink].clone()))
            }
            (_, Some(senders)) => {
                let receivers = plumbing.receivers.remove(&(index, port)).unwrap_or_default();
                let node = node_of[index].ok_or("an exchange leads to a step without a node")?;
                let inputs = receivers.into_iter().map(|r| Input::new(port, Queue::Remote(r)));
                nodes[node].inputs.extend(inputs);
                let keys = edge.exchange.clone().unwrap_or_default();
                Target::Exchange(match edge.by_partition {
                    Some(_) => Exchange::in_place(plumbing.worker, senders),
                    None => Exchange::new(keys, settings.seed, senders),
                })
            }
            (_, None) => {
                let node = node_of[index].ok_or("an edge leads to a step without a node")?;
                nodes[node].inputs.push(Input::new(port, Queue::Local(Default::default())));
                Target::Local { node, input: nodes[node].inputs.len() - 1 }
            }
        };
        match node_of[edge.from] {
            Some(from) => nodes[from].targets.push(target),
            None => {
                let task = sources.iter_mut().find(|task| task.step == edge.from);
                task.ok_or("an edge comes from a source that is missing")?.targets.push(target);
            }
        }
    }
    Ok(())
}

struct BuiltOperator {
    name: &'static str,
    operator: Box<dyn Operator>,
    holds_watermarks: bool,
    generator: Option<Rc<RefCell<WatermarkGenerator>>>,
}

impl BuiltOperator {
    fn new(name: &'static str, operator: impl Operator + 'static) -> Self {
        Self::boxed(name, Box::new(operator))
    }

    fn boxed(name: &'static str, operator: Box<dyn Operator>) -> Self {
        Self { name, operator, holds_watermarks: false, generator: None }
    }
}

/// The dictionaries of steps that get the same rows by the same key.
#[derive(Default)]
struct Dictionaries(RefCell<HashMap<(usize, Vec<usize>), SharedKeys>>);

impl Dictionaries {
    /// The one of a step with columns `keys` of its input. Behind an exchange of its own a step
    /// is the only one to see its rows.
    fn of(&self, step: &Step, keys: &[usize], settings: &Settings) -> SharedKeys {
        let edge = &step.inputs[0];
        if edge.exchange.is_some() {
            return self.fresh(step, settings);
        }
        let mut all = self.0.borrow_mut();
        let shared = all.entry((edge.from, keys.to_vec()));
        shared.or_insert_with(|| self.fresh(step, settings)).clone()
    }

    /// One of a step's own.
    fn fresh(&self, step: &Step, settings: &Settings) -> SharedKeys {
        let Some(topic) = step.inputs.first().and_then(|edge| edge.by_partition.clone()) else {
            return KeyDictionary::shared(settings.seed);
        };
        let (shared, step) = (settings.partitions.clone(), key::hash(step.id.as_bytes(), 0));
        let witness = Witness { shared, step, topic };
        KeyDictionary::by_partition(settings.seed, witness)
    }
}

/// The operator of a step; none for a source, its watermarks, or a sink.
fn operator(
    step: &Step,
    topology: &Topology,
    settings: &Settings,
    dictionaries: &Dictionaries,
) -> Result<Option<BuiltOperator>, String> {
    let dictionary = || dictionaries.fresh(step, settings);
    let built = match &step.kind {
        StepKind::Scan { .. } | StepKind::Watermark { .. } | StepKind::Sink { .. } => {
            return Ok(None);
        }
        StepKind::Plain(kind) => plain_operator(kind, step, topology, settings, dictionaries)?,
        StepKind::Branches(branches) => {
            let types = step.schema.fields.iter().map(|field| field.data_type.clone()).collect();
            let branches = branches.iter().map(branch).collect();
            BuiltOperator::new("union", Branches::new(branches, types))
        }
        StepKind::Aggregate { keys, calls, .. } => {
            let key_types = pick(&input_types(step, topology), keys);
            group_aggregate(step, settings, (keys, key_types), calls, dictionary())
        }
        StepKind::LocalWindow { window, time, keys, calls } => {
            let types = input_types(step, topology);
            let keys = (keys.clone(), pick(&types, keys));
            let make = |time| LocalWindowAggregate::new(*window, time, keys, calls, dictionary());
            on_clock("local-window", settings, (&types, *time), None, make)
        }
        StepKind::Window { window, time, keys, calls, partials } => window_operator(
            step,
            topology,
            settings,
            (*window, *time, keys, calls, *partials),
            dictionary(),
        ),
        StepKind::SingleWindows { window, time, keys, calls } => {
            let (types, rowtime) = (input_types(step, topology), Some(keys.len() + 2));
            let keys = (keys.clone(), pick(&types, keys));
            let make = |time| SingleWindows::new(*window, time, keys, calls.clone(), dictionary());
            on_clock("window", settings, (&types, *time), rowtime, make)
        }
        StepKind::Upsert { table } => {
            BuiltOperator::new("table", upsert(table, step.ttl_ms[0], dictionary())?)
        }
        StepKind::Rank { keys, ranking, window, updating } => {
            let window = window.map(|(column, instant)| WindowEnd {
                column,
                clock: if instant { settings.clock() } else { None },
            });
            let modes = (*updating, settings.per_row || gives_versions(topology, step));
            let (types, ranking) = (input_types(step, topology), ranking.clone());
            let operator = TopN::new(keys.clone(), types, ranking, window, modes, dictionary());
            let operator = operator.timed(windows_of_changes(topology)).expiring(step.ttl_ms[0]);
            BuiltOperator::new("top", operator)
        }
        StepKind::RetractingAggregate { keys, calls } => {
            let key_types = pick(&input_types(step, topology), keys);
            let (keys, calls) = (keys.clone(), calls.clone());
            let modes = (settings.per_row, step.ttl_ms[0]);
            let operator = RetractingAggregate::new(keys, key_types, calls, modes, dictionary());
            let mut built = BuiltOperator::new("aggregate", operator);
            built.holds_watermarks = !settings.per_row;
            built
        }
    };
    Ok(Some(built))
}

fn branch(branch: &topology::Branch) -> Branch {
    let stage = |step: &Step| match &step.kind {
        StepKind::Plain(NodeKind::Project { exprs }) => {
            Some(Stage::Project(Project::new(exprs.clone())))
        }
        StepKind::Plain(NodeKind::Filter { predicate }) => {
            Some(Stage::Filter(Filter::new(predicate.clone())))
        }
        _ => None,
    };
    Branch { port: branch.port, stages: branch.stages.iter().filter_map(stage).collect() }
}

/// Operators that the plan describes whole.
fn plain_operator(
    kind: &NodeKind,
    step: &Step,
    topology: &Topology,
    settings: &Settings,
    dictionaries: &Dictionaries,
) -> Result<BuiltOperator, String> {
    let dictionary = || dictionaries.fresh(step, settings);
    let of_keys = |keys: &[usize]| dictionaries.of(step, keys, settings);
    let types = |port: usize| types_of(step, topology, port);
    let clock_of = |time: usize| settings.clock().filter(|_| is_ltz(&types(0)[time]));
    Ok(match kind {
        NodeKind::Project { exprs } => BuiltOperator::new("project", Project::new(exprs.clone())),
        NodeKind::Filter { predicate } => {
            BuiltOperator::new("filter", Filter::new(predicate.clone()))
        }
        NodeKind::Normalize { keys } => {
            let operator = Normalize::new(keys.clone(), types(0), step.ttl_ms[0], of_keys(keys));
            BuiltOperator::new("normalize", operator)
        }
        NodeKind::Union => BuiltOperator::new("union", Union),
        NodeKind::Unnest { spec } => {
            let fields = &step.schema.fields[types(0).len()..];
            let added = fields.iter().map(|field| field.data_type.clone()).collect();
            BuiltOperator::new("unnest", Unnest::new(spec.clone(), added))
        }
        NodeKind::WindowAssign { window, time } => {
            BuiltOperator::new("window", WindowAssign::new(*window, *time, clock_of(*time)))
        }
        NodeKind::ProcessingTime { time, .. } => {
            BuiltOperator::new("clock", ProcessingTime::new(*time))
        }
        NodeKind::TimeSort { time, keys, then } => {
            let sort = TimeSort::new(*time, keys.clone(), types(0), settings.seed);
            BuiltOperator::new("sort", in_place(sort.then_by(then.clone()), step))
        }
        NodeKind::Over { time, keys, calls, bounds, order: Order::Value { nulls_first } } => {
            let by = SortKey { column: *time, ascending: true, nulls_first: *nulls_first };
            let (frame, calls) = ((by, *bounds), calls.clone());
            let over = OverValues::new(frame, keys.clone(), calls, types(0), of_keys(keys));
            BuiltOperator::new("over", over.expiring(step.ttl_ms[0]).per_row(settings.per_row))
        }
        NodeKind::Over { time, keys, calls, bounds, order } => {
            let (by, calls) = (keys.clone(), calls.clone());
            let operator = over::over(*time, by, calls, (*bounds, *order), of_keys(keys));
            BuiltOperator::boxed("over", operator)
        }
        NodeKind::First { keys, spec } => {
            let operator = KeepFirst::new(keys.clone(), *spec, step.ttl_ms[0], dictionary());
            BuiltOperator::new("first", operator)
        }
        NodeKind::Match { time, keys, recognition } => {
            let of = (**recognition).clone();
            let operator = recognize(*time, keys.clone(), &types(0), of, of_keys(keys));
            BuiltOperator::boxed("match", operator)
        }
        NodeKind::SessionAggregate { gap_ms, time, keys, calls } => {
            let (types, rowtime) = (types(0), Some(keys.len() + 2));
            let (keys, calls) = ((keys.clone(), pick(&types, keys)), calls.clone());
            let make = |time| SessionAggregate::new(*gap_ms, time, keys, calls, dictionary());
            on_clock("session", settings, (&types, *time), rowtime, make)
        }
        NodeKind::Join { spec } => join(spec, [types(0), types(1)], step, settings, dictionary()),
        NodeKind::TemporalJoin { spec } => {
            let operator = TemporalJoin::new(spec.clone(), [types(0), types(1)], dictionary());
            BuiltOperator::new("join", operator)
        }
        other => return Err(format!("{other:?} is no operator by itself")),
    })
}

fn join(
    spec: &JoinSpec,
    types: [Vec<DataType>; 2],
    step: &Step,
    settings: &Settings,
    dictionary: SharedKeys,
) -> BuiltOperator {
    let join = Join::new(spec.clone(), types, dictionary).expiring(step.ttl_ms);
    let on_clock = spec.time.is_some_and(|time| time.on_clock);
    clocked("join", join, settings.clock().filter(|_| on_clock))
}

/// An operator, where there is a clock one whose watermarks are what it shows.
fn clocked<O: Operator + 'static>(
    name: &'static str,
    operator: O,
    clock: Option<WallClock>,
) -> BuiltOperator {
    match clock {
        None => BuiltOperator::new(name, operator),
        Some(clock) => BuiltOperator::new(name, OnWallClock::new(operator, clock, None, None)),
    }
}

fn in_place(sort: TimeSort, step: &Step) -> TimeSort {
    if step.inputs[0].by_partition.is_some() { sort.by_partition() } else { sort }
}

/// A window operator, `make` from the column of its time; one over instants gets them as the
/// session's clock shows them, behind the columns that there are.
fn on_clock<O: Operator + 'static>(
    name: &'static str,
    settings: &Settings,
    (types, time): (&[DataType], usize),
    rowtime: Option<usize>,
    make: impl FnOnce(usize) -> O,
) -> BuiltOperator {
    match settings.clock().filter(|_| is_ltz(&types[time])) {
        None => BuiltOperator::new(name, make(time)),
        Some(clock) => {
            let inner = make(types.len());
            BuiltOperator::new(name, OnWallClock::new(inner, clock, Some(time), rowtime))
        }
    }
}

fn group_aggregate(
    step: &Step,
    settings: &Settings,
    (keys, key_types): (&[usize], Vec<DataType>),
    calls: &[AggregateCall],
    dictionary: SharedKeys,
) -> BuiltOperator {
    let options = group_options(step, settings);
    // The end of a window is what the clock shows, its time (the key behind) may be an instant.
    let end = options.retention.filter(|it| it.fires).map(|it| it.key);
    let on_clock = end.is_some_and(|end| is_ltz(&key_types[end + 1]));
    let operator = GroupAggregate::new(keys.to_vec(), key_types, calls, dictionary, options);
    let clock = settings.clock().filter(|_| on_clock);
    let mut built = clocked("aggregate", operator, clock);
    built.holds_watermarks = !settings.per_row;
    built
}

fn group_options(step: &Step, settings: &Settings) -> GroupOptions {
    let StepKind::Aggregate { update_before, silent, retention, .. } = &step.kind else {
        return GroupOptions::default();
    };
    let retention = retention.map(|super::topology::Retention { key, retention_ms, fires }| {
        Retention { key, retention_ms, fires }
    });
    let per_row = settings.per_row;
    let (update_before, silent, ttl_ms) = (*update_before, *silent, step.ttl_ms[0]);
    GroupOptions { update_before, per_row, silent, retention, ttl_ms }
}

fn window_operator(
    step: &Step,
    topology: &Topology,
    settings: &Settings,
    shape: (crate::operator::window::WindowKind, usize, &Vec<usize>, &Vec<AggregateCall>, bool),
    keys_dictionary: SharedKeys,
) -> BuiltOperator {
    let (window, time, keys, calls, partials) = shape;
    // Partials carry their keys first; the types are those of the step's own output.
    let key_types: Vec<DataType> =
        step.schema.fields[..keys.len()].iter().map(|field| field.data_type.clone()).collect();
    let rowtime = keys.len() + 2;
    let clock = settings.clock().filter(|_| is_ltz(&step.schema.fields[rowtime].data_type));
    let calls = calls.clone();
    // Partials say their pane by what the clock shows.
    let (operator, shown) = match partials {
        true => (WindowAggregate::over_partials(window, key_types, calls, keys_dictionary), None),
        false => {
            let types = input_types(step, topology);
            let shown = clock.as_ref().map(|_| types.len());
            let (at, keys) = (shown.unwrap_or(time), (keys.clone(), pick(&types, keys)));
            (WindowAggregate::new(window, at, keys, calls, keys_dictionary), shown)
        }
    };
    match clock {
        None => BuiltOperator::new("window", operator),
        Some(clock) => {
            let time = shown.map(|_| time);
            BuiltOperator::new("window", OnWallClock::new(operator, clock, time, Some(rowtime)))
        }
    }
}

fn upsert(
    table: &Arc<Table>,
    ttl_ms: Option<i64>,
    dictionary: SharedKeys,
) -> Result<UpsertTable, String> {
    let max_rows = match table.options.get("max-rows") {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| format!("'max-rows' = '{text}' is not a number"))?)
        }
    };
    let types = table.schema.fields.iter().map(|field| field.data_type.clone()).collect();
    Ok(UpsertTable::new(table.primary_key.clone(), types, dictionary, max_rows, ttl_ms))
}

fn is_ltz(data_type: &DataType) -> bool {
    matches!(data_type, DataType::TimestampLtz { .. })
}

fn input_types(step: &Step, topology: &Topology) -> Vec<DataType> {
    types_of(step, topology, 0)
}

fn types_of(step: &Step, topology: &Topology, port: usize) -> Vec<DataType> {
    let input = &topology.steps[step.inputs[port].from];
    input.schema.fields.iter().map(|field| field.data_type.clone()).collect()
}

fn pick(types: &[DataType], columns: &[usize]) -> Vec<DataType> {
    columns.iter().map(|&column| types[column].clone()).collect()
}

/// Default of `scan.watermark.idle-timeout`.
const IDLE_TIMEOUT_MS: i64 = 5_000;
/// Default of `scan.watermark.max-skew`.
const MAX_SKEW_MS: i64 = 60_000;
/// Default of `scan.watermark.alignment.max-drift`.
const MAX_DRIFT_MS: i64 = 60_000;
/// Default of `scan.max-future`.
const MAX_FUTURE_MS: i64 = 86_400_000;

fn watermark(
    (column, delay_ms, by): (usize, i64, Option<usize>),
    table: &Table,
    settings: &Settings,
    (alignment, every_row, forgets): (Alignment, bool, bool),
) -> Result<BuiltOperator, String> {
    let duration = |key: &str, default| {
        Ok::<_, String>(options::duration_ms(&table.options, key)?.unwrap_or(default))
    };
    let max_skew_ms = duration("scan.watermark.max-skew", MAX_SKEW_MS)?;
    let max_future_ms = duration("scan.max-future", MAX_FUTURE_MS)?;
    let idle_advance = match table.options.get("scan.watermark.idle-advance").map(|mode| &**mode) {
        None | Some("clock") => IdleAdvance::Clock,
        Some("none") => IdleAdvance::None,
        Some(other) => {
            return Err(format!(
                "'scan.watermark.idle-advance' = '{other}': write 'clock' or 'none'"
            ));
        }
    };
    let options = WatermarkOptions {
        column,
        delay_ms,
        by,
        idle_timeout_ms: duration("scan.watermark.idle-timeout", IDLE_TIMEOUT_MS)?,
        idle_advance,
        max_skew_ms: (!settings.bounded).then_some(max_skew_ms),
        max_future_ms: (!settings.bounded).then_some(max_future_ms),
        every_row,
        // Flink's operator for sources that make no watermarks of their own begins at 1970: what
        // is older is never late.
        above_ms: if &*table.connector == "filesystem" { 0 } else { i64::MIN },
        max_drift_ms: duration("scan.watermark.alignment.max-drift", MAX_DRIFT_MS)?,
    };
    let generator = Rc::new(RefCell::new(WatermarkGenerator::new(options, alignment)));
    let mut built =
        BuiltOperator::new("watermark", AssignWatermarks::new(generator.clone(), forgets));
    built.generator = Some(generator);
    Ok(built)
}
