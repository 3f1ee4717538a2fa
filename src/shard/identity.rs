//! Who a step is, so that its state is found again when the job has changed around it: what it
//! computes of which columns of the source, however they are called, wherever they stand, and
//! whatever else is read beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::topology::{Branch, Step, StepKind, Topology, source_name};
use crate::expression::Expr;
use crate::operator::aggregate::AggregateCall;
use crate::operator::join::JoinSpec;
use crate::operator::lookup::LookupSpec;
use crate::record::key;
use crate::sql::plan::{NodeKind, Table};

/// What comes out of a step.
#[derive(Clone)]
struct Lineage {
    /// Which rows: digest of the source and all that lets them through.
    rows: u64,
    /// What each column holds of them.
    columns: Vec<u64>,
    /// What people call the columns.
    names: Vec<Arc<str>>,
}

impl Lineage {
    fn named(&self, columns: &[usize]) -> String {
        let names: Vec<&str> = columns.iter().map(|&column| &*self.names[column]).collect();
        if names.is_empty() { "no key".to_owned() } else { names.join(", ") }
    }

    fn of(&self, columns: &[usize]) -> Vec<u64> {
        columns.iter().map(|&column| self.columns[column]).collect()
    }

    fn calls(&self, calls: &[AggregateCall]) -> String {
        let mut text = String::new();
        for call in calls {
            let argument = call.argument.map(|column| self.columns[column]);
            let filter = call.filter.map(|column| self.columns[column]);
            let AggregateCall { function, argument_type, distinct, data_type, .. } = call;
            text += &format!(
                "{function:?} {argument:?} {argument_type:?} {distinct} {filter:?} {data_type:?};"
            );
        }
        text
    }

    fn expr(&self, expr: &Expr) -> String {
        let mut expr = expr.clone();
        expr.map_columns(&|column| self.columns[column] as usize);
        format!("{expr:?}")
    }
}

fn digest(text: &str) -> u64 {
    key::hash(text.as_bytes(), 0)
}

/// Gives every step its id.
pub fn identify(topology: &mut Topology) {
    let mut sources: BTreeMap<String, usize> = BTreeMap::new();
    for (_, table) in topology.scans() {
        *sources.entry(source_name(table).to_string()).or_default() += 1;
    }
    let tables: Vec<String> = topology.sinks.iter().map(|table| table.name.to_string()).collect();
    let (mut lineages, mut taken) = (Vec::<Lineage>::new(), BTreeSet::new());
    for step in &mut topology.steps {
        let inputs: Vec<&Lineage> = step.inputs.iter().map(|edge| &lineages[edge.from]).collect();
        let (id, lineage) = match &step.kind {
            StepKind::Scan { table, .. } => scan(step, table, &sources),
            StepKind::Sink { sink } => {
                (digest(&format!("sink {}", tables[*sink])), inputs[0].clone())
            }
            _ => behind(step, &inputs),
        };
        // State that is forgotten says when it was written; only that of a first row always does.
        let is_dated = step.ttl_ms != [None; 2]
            && !matches!(step.kind, StepKind::Plain(NodeKind::First { .. }));
        let id = if is_dated { digest(&format!("dated {id}")) } else { id };
        step.keeps = describe(&step.kind, &inputs);
        lineages.push(lineage);
        // Of steps that are the same each may have the state of any.
        let mut own = id;
        // State by partition is not where state by key would be looked for.
        if step.inputs.iter().any(|edge| edge.by_partition.is_some()) {
            own = digest(&format!("by partition {own}"));
        }
        while !taken.insert(own) {
            own = digest(&format!("again {own}"));
        }
        step.id = format!("{own:016x}");
    }
}

/// A source is known by what it is read from: positions go on whichever fields are read.
fn scan(step: &Step, table: &Table, sources: &BTreeMap<String, usize>) -> (u64, Lineage) {
    let name = source_name(table);
    let mut text = format!("scan {name}");
    if sources.get(&*name).is_some_and(|&tables| tables > 1) {
        text += &format!(" as {}", table.name);
    }
    let rows = digest(&text);
    let StepKind::Scan { fields, metadata, .. } = &step.kind else {
        return (rows, Lineage { rows, columns: Vec::new(), names: Vec::new() });
    };
    let fields = fields.iter().map(|field| format!("{rows} {field:?}"));
    let metadata = metadata.iter().map(|name| format!("{rows} metadata {name}"));
    let columns = fields.chain(metadata).map(|text| digest(&text)).collect();
    (rows, Lineage { rows, columns, names: names(step) })
}

/// Of a step that has inputs.
fn behind(step: &Step, inputs: &[&Lineage]) -> (u64, Lineage) {
    let input = inputs[0];
    match &step.kind {
        // Its delay may change: what it keeps is how far time has come.
        StepKind::Watermark { column, .. } => {
            (digest(&format!("watermark {} {}", input.rows, input.columns[*column])), input.clone())
        }
        StepKind::Plain(NodeKind::Project { exprs }) => {
            let column = |expr: &Expr| match expr.as_column() {
                Some(column) => input.columns[column],
                None => digest(&input.expr(expr)),
            };
            let columns = exprs.iter().map(column).collect();
            let name = |(expr, own): (&Expr, Arc<str>)| match expr.as_column() {
                Some(column) => input.names[column].clone(),
                None => own,
            };
            let names = exprs.iter().zip(names(step)).map(name).collect();
            (
                digest(&format!("project {}", input.rows)),
                Lineage { rows: input.rows, columns, names },
            )
        }
        StepKind::Plain(NodeKind::Filter { predicate }) => {
            let rows = digest(&format!("filter {} {}", input.rows, input.expr(predicate)));
            (rows, Lineage { rows, ..input.clone() })
        }
        StepKind::Plain(NodeKind::Union) if inputs.len() == 1 => {
            (digest(&format!("spread {}", input.rows)), input.clone())
        }
        StepKind::Plain(NodeKind::Union) => united(inputs),
        StepKind::Branches(branches) => {
            let of_branch = |branch: &Branch| {
                let below = inputs[branch.port].clone();
                branch.stages.iter().fold(below, |below, stage| behind(stage, &[&below]).1)
            };
            let branches: Vec<Lineage> = branches.iter().map(of_branch).collect();
            united(&branches.iter().collect::<Vec<_>>())
        }
        StepKind::Plain(NodeKind::WindowAssign { window, time }) => {
            let rows = format!("assign {} {window:?} {}", input.rows, input.columns[*time]);
            added(digest(&rows), input, step)
        }
        StepKind::Plain(NodeKind::TimeSort { .. } | NodeKind::ProcessingTime { .. }) => {
            (whole(step, inputs), input.clone())
        }
        StepKind::Plain(NodeKind::Lookup { table, spec }) => lookup(table, spec, input, step),
        StepKind::Plain(
            NodeKind::Over { .. }
            | NodeKind::First { .. }
            | NodeKind::Normalize { .. }
            | NodeKind::Unnest { .. },
        )
        | StepKind::Rank { .. } => added(whole(step, inputs), input, step),
        kind => match aggregated(kind, input) {
            Some((id, keys)) => {
                let mut lineage = fresh(id, step);
                for (name, &key) in lineage.names.iter_mut().zip(keys) {
                    *name = input.names[key].clone();
                }
                let is_local = matches!(kind, StepKind::LocalWindow { .. });
                (if is_local { digest(&format!("local {id}")) } else { id }, lineage)
            }
            None => {
                let id = whole(step, inputs);
                (id, fresh(id, step))
            }
        },
    }
}

fn united(inputs: &[&Lineage]) -> (u64, Lineage) {
    let all = |of: &dyn Fn(&Lineage) -> u64| {
        digest(&format!("union {:?}", inputs.iter().map(|&it| of(it)).collect::<Vec<_>>()))
    };
    let width = 0..inputs[0].columns.len();
    let columns = width.map(|column| all(&|it| it.columns[column])).collect();
    let rows = all(&|it| it.rows);
    (rows, Lineage { rows, columns, names: inputs[0].names.clone() })
}

/// What it keeps are rows of its input that wait for an answer; where that comes from, and what is
/// remembered of it, may change.
fn lookup(table: &Table, spec: &LookupSpec, input: &Lineage, step: &Step) -> (u64, Lineage) {
    let LookupSpec { keys, table_keys, columns, outer, condition, cache: _ } = spec;
    let name = |&column: &usize| &*table.schema.fields[column].name;
    let compared: Vec<&str> = table_keys.iter().map(name).collect();
    let mut text = format!("lookup {} {:?} {compared:?} {outer}", table.name, input.of(keys));
    // The columns that are wanted are those of the output behind the input's.
    let known = input.columns.iter().copied().chain(columns.iter().map(|&column| column as u64));
    let known: Vec<u64> = known.collect();
    if let Some(mut condition) = condition.clone() {
        condition.map_columns(&|column| known[column] as usize);
        text += &format!(" {condition:?}");
    }
    let id = digest(&format!("{text} <{} {:?}", input.rows, input.columns));
    added(id, input, step)
}

fn names(step: &Step) -> Vec<Arc<str>> {
    step.schema.fields.iter().map(|field| field.name.clone()).collect()
}

/// The input's columns, as far as they are passed on, and others behind them.
fn added(id: u64, input: &Lineage, step: &Step) -> (u64, Lineage) {
    let mut lineage = fresh(id, step);
    for (to, from) in lineage.columns.iter_mut().zip(&input.columns) {
        *to = *from;
    }
    for (to, from) in lineage.names.iter_mut().zip(&input.names) {
        *to = from.clone();
    }
    (id, lineage)
}

fn fresh(id: u64, step: &Step) -> Lineage {
    let width = step.schema.fields.len();
    let columns = (0..width).map(|column| digest(&format!("{id} {column}"))).collect();
    Lineage { rows: id, columns, names: names(step) }
}

/// Aggregates keep what they compute of keys and arguments, and nothing of other columns. In one
/// phase or two, it is the same state. With the input's columns that are their keys.
fn aggregated<'a>(kind: &'a StepKind, input: &Lineage) -> Option<(u64, &'a [usize])> {
    let (text, keys) = match kind {
        StepKind::Aggregate { keys, calls, retention, .. } => {
            let windows = retention.is_some_and(|retention| retention.fires);
            let kind = if windows { "windows that take late rows" } else { "aggregate" };
            (format!("{kind} {:?} {}", input.of(keys), input.calls(calls)), keys)
        }
        StepKind::RetractingAggregate { keys, calls } => {
            (format!("retracting {:?} {}", input.of(keys), input.calls(calls)), keys)
        }
        // The first phase has made the lineage that of the second, whose keys come first.
        StepKind::Window { partials: true, .. } => return Some((input.rows, &[])),
        StepKind::LocalWindow { window, time, keys, calls }
        | StepKind::Window { window, time, keys, calls, .. } => {
            let (time, of) = (input.columns[*time], input.of(keys));
            (format!("window {window:?} {time} {of:?} {}", input.calls(calls)), keys)
        }
        StepKind::SingleWindows { window, time, keys, calls } => {
            let (time, of) = (input.columns[*time], input.of(keys));
            (format!("single window {window:?} {time} {of:?} {}", input.calls(calls)), keys)
        }
        StepKind::Plain(NodeKind::SessionAggregate { gap_ms, time, keys, calls }) => {
            let (time, of) = (input.columns[*time], input.of(keys));
            (format!("session {gap_ms} {time} {of:?} {}", input.calls(calls)), keys)
        }
        _ => return None,
    };
    Some((digest(&format!("{} {text}", input.rows)), keys))
}

/// What keeps rows as they come depends on every column of them.
fn whole(step: &Step, inputs: &[&Lineage]) -> u64 {
    let computed = match &step.kind {
        StepKind::Upsert { table } => format!("upsert {} {:?}", table.name, table.primary_key),
        // However long rows are kept.
        StepKind::Plain(NodeKind::Join { spec }) => {
            format!(
                "{:?}",
                NodeKind::Join {
                    spec: Box::new(JoinSpec { ttl_ms: [None; 2], ..(**spec).clone() })
                }
            )
        }
        StepKind::Plain(kind) => format!("{kind:?}"),
        kind => format!("{kind:?}"),
    };
    let inputs = inputs.iter().map(|input| format!(" <{} {:?}", input.rows, input.columns));
    digest(&(computed + &inputs.collect::<String>()))
}

/// The steps that keep something over a restart, by their ids, and what they keep.
pub fn stateful(topology: &Topology) -> impl Iterator<Item = (&str, &str)> {
    topology.steps.iter().filter_map(|step| Some((&*step.id, step.keeps.as_deref()?)))
}

/// What a step keeps over a restart, for people; None where that is nothing.
fn describe(kind: &StepKind, inputs: &[&Lineage]) -> Option<String> {
    let by = |keys: &[usize]| inputs[0].named(keys);
    Some(match kind {
        StepKind::Scan { table, .. } => format!("position in {}", source_name(table)),
        StepKind::Aggregate { keys, .. } | StepKind::RetractingAggregate { keys, .. } => {
            format!("GROUP BY {}", by(keys))
        }
        StepKind::Window { keys, window, partials, .. } => {
            let firsts: Vec<usize> = (0..keys.len()).collect();
            let keys = if *partials { &firsts } else { keys };
            format!("windows of {} ms by {}", window.size_ms, by(keys))
        }
        StepKind::SingleWindows { keys, window, .. } => {
            format!("windows of {} ms by {}", window.size_ms, by(keys))
        }
        StepKind::Rank { keys, .. } => format!("ROW_NUMBER by {}", by(keys)),
        StepKind::Upsert { table } => format!("rows of table {}", table.name),
        StepKind::Plain(NodeKind::TimeSort { keys, .. }) => {
            format!("rows that wait for their time by {}", by(keys))
        }
        StepKind::Plain(NodeKind::Over { keys, .. }) => format!("OVER by {}", by(keys)),
        StepKind::Plain(NodeKind::First { keys, .. }) => format!("first rows by {}", by(keys)),
        StepKind::Plain(NodeKind::Normalize { keys }) => format!("newest rows by {}", by(keys)),
        StepKind::Plain(NodeKind::Match { keys, .. }) => format!("MATCH_RECOGNIZE by {}", by(keys)),
        StepKind::Plain(NodeKind::SessionAggregate { keys, gap_ms, .. }) => {
            format!("sessions with a gap of {gap_ms} ms by {}", by(keys))
        }
        StepKind::Plain(NodeKind::Join { spec }) => {
            format!("join by {} = {}", by(&spec.keys[0]), inputs[1].named(&spec.keys[1]))
        }
        StepKind::Plain(NodeKind::TemporalJoin { spec }) => {
            format!("versions by {}", inputs[1].named(&spec.keys[1]))
        }
        StepKind::Plain(NodeKind::Lookup { table, .. }) => {
            format!("rows that wait for an answer of {}", table.name)
        }
        // How far time has come is found by the partition, or begins anew.
        StepKind::Watermark { .. }
        | StepKind::Plain(_)
        | StepKind::Branches(_)
        | StepKind::LocalWindow { .. }
        | StepKind::Sink { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::shard::topology;
    use crate::sql::{compile, optimizer};

    const TABLES: &str = "
        CREATE TABLE events (user_id STRING NOT NULL, kind STRING, amount BIGINT, page STRING, ts TIMESTAMP(3),
          WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
          WITH ('connector' = 'kafka', 'topic' = 'events', 'properties.bootstrap.servers' = 'k', 'format' = 'json');
        CREATE TABLE counts (a STRING, b STRING, n BIGINT, PRIMARY KEY (a, b) NOT ENFORCED)
          WITH ('connector' = 'queryable');
        CREATE TABLE more (a STRING, b STRING, n BIGINT, PRIMARY KEY (a, b) NOT ENFORCED)
          WITH ('connector' = 'queryable');
        CREATE TABLE sums (a STRING, n BIGINT, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'queryable');
        CREATE TABLE out (a STRING, n BIGINT) WITH ('connector' = 'blackhole');";
    const COUNTS: &str =
        "INSERT INTO counts SELECT user_id, kind, COUNT(*) FROM events GROUP BY user_id, kind;";
    const WINDOWS: &str = "INSERT INTO out SELECT kind, SUM(amount) FROM TABLE(TUMBLE(TABLE events,
        DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE amount > 0 GROUP BY kind, window_start, window_end;";

    fn build(tables: &str, statements: &[&str]) -> Topology {
        let files = vec![("job.sql".to_owned(), format!("{tables}{}", statements.join("\n")))];
        let plan = compile(&files, &|_| None, &BTreeMap::new()).unwrap();
        topology::build(&optimizer::optimize(plan)).unwrap()
    }

    /// What is kept, and its id.
    fn kept(tables: &str, statements: &[&str]) -> BTreeSet<(String, String)> {
        let topology = build(tables, statements);
        stateful(&topology).map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
    }

    #[test]
    fn what_is_added_beside_a_step_leaves_it_alone() {
        let before = kept(TABLES, &[COUNTS, WINDOWS]);
        assert_eq!(before.len(), 3, "{before:?}");
        // Another column is read, and another step wants rows by the same key.
        let more = "INSERT INTO sums SELECT page, SUM(amount) FROM events GROUP BY page;
            INSERT INTO more SELECT user_id, kind, MAX(amount) FROM events GROUP BY user_id, kind;";
        let after = kept(TABLES, &[more, WINDOWS, COUNTS]);
        assert!(before.is_subset(&after), "{before:?} {after:?}");
        assert_eq!(after.len(), 5);
    }

    #[test]
    fn names_options_and_the_watermarks_delay_may_change() {
        let before = kept(TABLES, &[COUNTS, WINDOWS]);
        let tables = TABLES
            .replace("events (", "incoming (")
            .replace("'5' SECOND", "'9' SECOND")
            .replace("'k'", "'k:1', 'scan.startup.mode' = 'latest-offset'");
        let statements = [COUNTS, WINDOWS].map(|text| {
            text.replace("FROM events", "FROM (SELECT *, 1 AS one FROM incoming)")
                .replace("TABLE events", "TABLE incoming")
        });
        let after = kept(&tables, &[&statements[0], &statements[1]]);
        assert_eq!(before, after);
    }

    #[test]
    fn what_computes_otherwise_is_another() {
        let before = kept(TABLES, &[COUNTS, WINDOWS]);
        let changed = |tables: &str, statements: &[&str]| {
            let after = kept(tables, statements);
            before.difference(&after).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let groups = ["GROUP BY user_id, kind".to_owned()];
        let windows = ["windows of 60000 ms by kind".to_owned()];
        assert_eq!(
            changed(TABLES, &[&COUNTS.replace("COUNT(*)", "COUNT(amount)"), WINDOWS]),
            groups
        );
        assert_eq!(changed(TABLES, &[COUNTS, &WINDOWS.replace("> 0", "> 1")]), windows);
        assert_eq!(changed(TABLES, &[COUNTS, &WINDOWS.replace("SUM(", "AVG(")]), windows);
        let types = TABLES.replace("amount BIGINT", "amount INT");
        assert_eq!(changed(&types, &[COUNTS, WINDOWS]), windows);
        let topic = TABLES.replace("'events'", "'others'");
        assert_eq!(changed(&topic, &[COUNTS, WINDOWS]).len(), 3);
    }

    /// State that is forgotten says when it was written: that of a first row always does.
    #[test]
    fn how_long_state_is_kept_may_change_and_whether_it_is_forgotten_not() {
        let kept = |ttl: &str| {
            let tables = format!("SET 'table.exec.state.ttl' = '{ttl}';{TABLES}");
            let join =
                "SELECT a.kind, b.amount FROM events AS a JOIN events AS b ON a.kind = b.kind;";
            let first =
                "SELECT kind FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY ts) AS n
                FROM events) WHERE n = 1;";
            kept(&tables, &[COUNTS, WINDOWS, join, first])
        };
        let (hour, for_good) = (kept("1 h"), kept("0 s"));
        assert_eq!(hour, kept("2 d"));
        let other = hour.difference(&for_good).map(|(name, _)| &**name);
        assert_eq!(other.collect::<Vec<_>>(), ["GROUP BY user_id, kind", "join by kind = kind"]);
    }

    #[test]
    fn twins_have_an_id_each() {
        let topology = build(TABLES, &[COUNTS, &COUNTS.replace("counts", "more")]);
        let ids: BTreeSet<&str> = topology.steps.iter().map(|step| &*step.id).collect();
        assert_eq!(ids.len(), topology.steps.len());
    }
}
