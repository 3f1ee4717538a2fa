//! A plan for people: what is decoded, where rows change shards, what is kept and for how long.

use std::fmt::Write;
use std::sync::Arc;

use super::carried::LAST_MS;
use super::partitioned;
use super::plan::{Node, NodeId, NodeKind, Plan, ScanField, Table};
use super::ttl;
use crate::operator::join::{JoinSpec, TemporalSpec};
use crate::operator::lookup::{LookupSpec, ROWS_WAITING};
use crate::operator::over::{Bounds, Order, OverCall, OverFunction};
use crate::operator::pattern::{OPEN_MAX, Recognition};
use crate::operator::window::WindowKind;
use crate::record::Schema;
use crate::record::format::Side;

/// One tree a sink, from the sink down to its sources.
pub fn explain(plan: &Plan) -> String {
    let mut out = String::new();
    let mut seen = vec![false; plan.nodes.len()];
    for &sink in &plan.sinks {
        show(plan, sink, 0, &mut seen, &mut out);
        out.push('\n');
    }
    out
}

fn show(plan: &Plan, id: NodeId, depth: usize, seen: &mut [bool], out: &mut String) {
    let node = &plan.nodes[id];
    let indent = "  ".repeat(depth);
    let again = std::mem::replace(&mut seen[id], true) && depth > 0;
    let shared = if again { "  (shared, see above)" } else { "" };
    // Writing to a String does not fail.
    let described = in_place(plan, node, describe(plan, node));
    let _ = writeln!(out, "{indent}#{id} {described}{shared}");
    if !again {
        node.inputs.iter().for_each(|&input| show(plan, input, depth + 1, seen, out));
    }
}

/// What is said of the exchange, where none is needed.
fn in_place(plan: &Plan, node: &Node, described: String) -> String {
    let keys = match &node.kind {
        NodeKind::TimeSort { keys, .. }
        | NodeKind::ProcessingTime { keys, .. }
        | NodeKind::Over { keys, .. }
        | NodeKind::Normalize { keys }
        | NodeKind::First { keys, .. }
        | NodeKind::Rank { keys, .. }
        | NodeKind::Match { keys, .. }
        | NodeKind::Aggregate { keys, .. }
        | NodeKind::WindowAggregate { keys, .. }
        | NodeKind::SessionAggregate { keys, .. } => keys,
        _ => return described,
    };
    let lie = node.inputs.first().and_then(|&input| partitioned::of(plan, input));
    if !lie.is_some_and(|lie| lie.keeps(keys)) {
        return described;
    }
    let part = described.split("; ").find(|part| part.starts_with("exchange by "));
    match part {
        Some(part) => described.replace(part, "no exchange, the topic is partitioned by it"),
        None => described,
    }
}

fn less(node: &Node, column: usize, delay_ms: i64) -> String {
    let time = &node.schema.fields[column].name;
    format!("watermark: largest `{time}` less {delay_ms} ms, per partition")
}

const BY_EXPRESSION: &str = "watermark: largest of its expression, per partition";
const BY_CLOCK: &str = "watermark: the clock, which is the time of each row as it comes here";

fn describe(plan: &Plan, node: &Node) -> String {
    let input = node.inputs.first().map(|&input| &plan.nodes[input].schema);
    match &node.kind {
        NodeKind::Scan { table, fields, metadata } => scan(table, fields, metadata),
        NodeKind::Watermark { by: Some(_), .. } => BY_EXPRESSION.into(),
        NodeKind::Watermark { column, delay_ms, .. } => less(node, *column, *delay_ms),
        NodeKind::Project { .. } => format!("project {}", names(&node.schema)),
        NodeKind::Filter { .. } => "filter".into(),
        NodeKind::Unnest { .. } => "a row for each element".into(),
        NodeKind::Normalize { keys } => changes(&picked(input, keys), &kept(plan, node)),
        NodeKind::Union => "union all".into(),
        NodeKind::ProcessingTime { .. } => BY_CLOCK.into(),
        NodeKind::TimeSort { time, keys, .. } => format!(
            "sort by `{}`; exchange by {}; state: rows until the watermark reaches their time",
            node.schema.fields[*time].name,
            picked(input, keys)
        ),
        NodeKind::Over { keys, calls, bounds, order, .. } => {
            let frame = frame(calls, *bounds, *order, &kept(plan, node));
            format!("over: {} value(s) a row by {}, {frame}", calls.len(), picked(input, keys))
        }
        NodeKind::First { keys, .. } => first(&picked(input, keys), ttl::of(plan, node)[0]),
        NodeKind::Rank { keys, ranking, window } => format!(
            "rows {} to {} by {}; exchange by key; state: {}",
            ranking.from,
            ranking.to,
            picked(input, keys),
            kept_ranks(*window, &kept(plan, node))
        ),
        NodeKind::Match { keys, recognition, .. } => {
            format!("match by {}: {}", picked(input, keys), kept_rows(recognition))
        }
        NodeKind::Join { spec } => join(plan, node, spec),
        NodeKind::TemporalJoin { spec } => temporal(node, spec, &picked(input, &spec.keys[0])),
        NodeKind::Lookup { table, spec } => looked_up(table, spec, &picked(input, &spec.keys)),
        NodeKind::WindowAssign { window, .. } => {
            format!("windows of {}, assigned row by row; keeps nothing", shape(window))
        }
        NodeKind::Aggregate { keys, calls, lateness: Some(late), .. } => format!(
            "window aggregate that takes late rows, by {}: {} value(s) a key; exchange by key; state: \
             one row a key and window, until {} ms behind its end",
            picked(input, keys),
            calls.len(),
            late.ms
        ),
        NodeKind::Aggregate { keys, calls, .. } => format!(
            "aggregate by {}: {} value(s) a key; exchange by key; state: one row a key, {}, \
             unless the table it feeds has a retention",
            picked(input, keys),
            calls.len(),
            kept(plan, node)
        ),
        NodeKind::WindowAggregate { window, keys, calls, .. } => format!(
            "window aggregate, {}, by {}: {} value(s) a key; exchange by key (partials where all \
             aggregates merge); state: one row a key and pane, until the watermark passes the last \
             window of the pane",
            shape(window),
            picked(input, keys),
            calls.len()
        ),
        NodeKind::SessionAggregate { gap_ms, keys, calls, .. } => format!(
            "session aggregate, gap {gap_ms} ms, by {}: {} value(s) a key; exchange by key; state: one \
             row a session, until the watermark passes its end",
            picked(input, keys),
            calls.len()
        ),
        NodeKind::Sink { table } => sink(plan, node, table),
    }
}

fn sink(plan: &Plan, node: &Node, table: &Table) -> String {
    let kept = ttl::of(plan, node)[0].map(|_| format!("; rows {}", kept(plan, node)));
    let (name, connector, columns) = (&table.name, &table.connector, names(&node.schema));
    format!("sink `{name}` ({connector}): {columns}{}", kept.unwrap_or_default())
}

/// How long what a node keeps of its input is kept.
fn kept(plan: &Plan, node: &Node) -> String {
    until(ttl::of(plan, node)[0])
}

fn until(ttl_ms: Option<i64>) -> String {
    match ttl_ms {
        Some(ms) => format!("until event time is {ms} ms past its last change"),
        None => format!("until the job ends: SET '{}' bounds it", ttl::STATE_TTL),
    }
}

fn changes(by: &str, kept: &str) -> String {
    format!("changes of rows by {by}; exchange by key; state: the newest row of each key, {kept}")
}

fn temporal(node: &Node, spec: &TemporalSpec, by: &str) -> String {
    format!(
        "join with the version at `{}`; exchange by {by}; state: rows of the left until event time \
         reaches theirs, the newest version of each key and those that are to come",
        node.schema.fields[spec.times[0]].name,
    )
}

fn looked_up(table: &Table, spec: &LookupSpec, keys: &str) -> String {
    let name = |&column: &usize| &*table.schema.fields[column].name;
    let found: Vec<&str> = spec.table_keys.iter().map(name).collect();
    let which = if spec.outer { "left" } else { "inner" };
    let cost = match (&*table.connector, &spec.cache) {
        ("filesystem", _) => "held in memory whole, once for all shards".to_owned(),
        (_, None) => "no cache; each different key of a batch is asked for, in one go".to_owned(),
        (_, Some(cache)) => {
            let most = cache.max_rows.map(|rows| format!(" of at most {rows} keys"));
            let age = cache.expire_ms.map(|ms| format!(" for {ms} ms"));
            let missing = if cache.missing { ", missing ones too" } else { "" };
            format!(
                "cache{}{}{missing}, a shard; other keys of a batch are asked for in one go",
                most.unwrap_or_default(),
                age.unwrap_or_default()
            )
        }
    };
    format!(
        "{which} lookup in `{}` ({}) by {keys} = {}; {cost}; state: rows that wait for an answer, \
         about {ROWS_WAITING} a shard at most",
        table.name,
        table.connector,
        found.join(", ")
    )
}

fn join(plan: &Plan, node: &Node, spec: &JoinSpec) -> String {
    let of = |side: usize| picked(Some(&plan.nodes[node.inputs[side]].schema), &spec.keys[side]);
    let (kind, kept) = match &spec.time {
        None => {
            let kept = match ttl::of(plan, node) {
                [left, right] if left == right => {
                    format!("all rows of both sides, {}", until(left))
                }
                [left, right] => {
                    format!("rows of the left, {}; of the right, {}", until(left), until(right))
                }
            };
            ("join", kept)
        }
        Some(time) if time.windows => {
            ("window join", "rows until the watermark passes the end of their window".to_owned())
        }
        Some(time) => {
            let kept = format!(
                "rows until no partner can come, left {} ms and right {} ms after their time",
                time.upper, -time.lower
            );
            ("interval join", kept)
        }
    };
    let which = format!("{:?}", spec.join).to_lowercase();
    let (left, right) = (of(0), of(1));
    format!("{which} {kind} by {left} = {right}; exchange by key; state: {kept}")
}

fn scan(table: &Table, fields: &[ScanField], metadata: &[Arc<str>]) -> String {
    let paths: Vec<String> = fields
        .iter()
        .map(|field| {
            let of_key = if field.side == Side::Key { "key." } else { "" };
            format!("{of_key}{} {}", field.path.join("."), field.data_type)
        })
        .collect();
    let metadata = if metadata.is_empty() {
        String::new()
    } else {
        format!("; metadata {}", metadata.join(", "))
    };
    format!("scan `{}` ({}), decodes {}{metadata}", table.name, table.connector, paths.join(", "))
}

fn shape(window: &WindowKind) -> String {
    let WindowKind { size_ms, slide_ms, grows, .. } = window;
    match grows {
        _ if *window == LAST_MS => "by the windows of its rows".to_owned(),
        true => format!("up to {size_ms} ms in steps of {slide_ms} ms"),
        false => format!("{size_ms} ms every {slide_ms} ms"),
    }
}

fn first(keys: &str, ttl_ms: Option<i64>) -> String {
    let kept = match ttl_ms {
        Some(ms) => format!("until event time is {ms} ms past the row"),
        None => until(None),
    };
    format!("first row by {keys}; exchange by key; state: the keys seen, {kept}")
}

fn kept_ranks(window: Option<(usize, bool)>, kept: &str) -> String {
    match window {
        Some(_) => "these rows of each window, until the watermark passes its end".into(),
        None => {
            format!("these rows of each key (all of them where rows of the input change), {kept}")
        }
    }
}

/// What a pattern keeps.
fn kept_rows(recognition: &Recognition) -> String {
    let elements = recognition.pattern.elements.len();
    let limit = match recognition.pattern.within_ms {
        Some(ms) => format!("for less than {ms} ms"),
        None => "without a limit of time: add WITHIN".into(),
    };
    format!(
        "{elements} variable(s); exchange by key; state: the rows of open matches, {limit}; at most \
         {OPEN_MAX} open matches a key"
    )
}

/// How an OVER takes its rows and what it keeps; in the order of a value, as long as `kept` says.
fn frame(calls: &[OverCall], bounds: Bounds, order: Order, kept: &str) -> String {
    let lists =
        |call: &OverCall| matches!(call.function, OverFunction::Concat | OverFunction::Collect);
    let all = if calls.iter().any(lists) { "all values of each key" } else { "one row a key" };
    let order = match order {
        Order::EventTime => "by event time",
        Order::Arrival { .. } => "as rows come",
        Order::Value { .. } => {
            let how = "in the order of a value; exchange by key";
            return format!("{how}; state: all rows of each key, {kept}");
        }
    };
    let state = match bounds {
        Bounds::Range(Some(ms)) => {
            let cleanup_ms = ms + ms / 2;
            format!(
                "time and arguments of each row for {ms} ms, a key until {cleanup_ms} ms after its \
                 last row"
            )
        }
        Bounds::Newest(rows) => format!("the newest {} rows a key, until the job ends", rows + 1),
        Bounds::Rows(Some(rows)) => {
            format!("the last {} rows of each key, until the job ends", rows + 1)
        }
        Bounds::Range(None) | Bounds::Rows(None) => format!("{all}, until the job ends"),
    };
    format!("{order}; exchange by key; state: {state}")
}

fn names(schema: &Schema) -> String {
    schema.fields.iter().map(|field| &*field.name).collect::<Vec<_>>().join(", ")
}

fn picked(schema: Option<&Schema>, columns: &[usize]) -> String {
    let name = |&column: &usize| schema.map_or("?", |schema| &*schema.fields[column].name);
    let names: Vec<&str> = columns.iter().map(name).collect();
    if names.is_empty() { "nothing (one row in all)".into() } else { names.join(", ") }
}
