//! Push-down: a source decodes only what the job reads, down to single keys of its maps and
//! rows; neighbouring projections become one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plan::{Node, NodeId, NodeKind, Plan, ScanField};
use crate::expression::{Expr, ExprKind};
use crate::operator::lookup::LookupSpec;
use crate::operator::rank::SortKey;
use crate::operator::unnest::UnnestSpec;
use crate::record::format::Side;
use crate::record::{Field, Schema, Value};

/// The same job with less to do.
pub fn optimize(plan: Plan) -> Plan {
    let plan = merge_projections(plan);
    let plan = push_paths(lower_paths(plan));
    prune(plan)
}

fn consumers(plan: &Plan) -> Vec<Vec<NodeId>> {
    let mut consumers = vec![Vec::new(); plan.nodes.len()];
    for (id, node) in plan.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|&input| consumers[input].push(id));
    }
    consumers
}

/// A projection over a projection reads the lower one's input, where what it takes of it is
/// columns and literals (nothing is computed twice) or it is the only reader.
fn merge_projections(plan: Plan) -> Plan {
    let readers = consumers(&plan);
    let mut nodes = plan.nodes.clone();
    for id in 0..nodes.len() {
        let NodeKind::Project { exprs } = &nodes[id].kind else { continue };
        let below = nodes[id].inputs[0];
        let NodeKind::Project { exprs: lower } = &nodes[below].kind else { continue };
        let simple = |expr: &Expr| matches!(expr.kind, ExprKind::Column(_) | ExprKind::Literal(_));
        let mut uses = vec![0usize; lower.len()];
        exprs.iter().for_each(|expr| expr.visit_columns(&mut |column| uses[column] += 1));
        let only_reader = readers[below].len() == 1;
        let mergeable = uses
            .iter()
            .zip(lower)
            .all(|(&uses, expr)| uses == 0 || simple(expr) || (only_reader && uses == 1));
        // A CASE computes its branches only where they are taken; what lay below was computed
        // for every row, and its errors were reported: only plain columns may move inside.
        if mergeable {
            let merged = exprs.iter().map(|expr| replaced(expr, lower)).collect();
            let inputs = nodes[below].inputs.clone();
            nodes[id].kind = NodeKind::Project { exprs: merged };
            nodes[id].inputs = inputs;
        }
    }
    live(nodes, plan.settings)
}

/// The expression with each column replaced by what stands for it.
pub fn replaced(expr: &Expr, by: &[Expr]) -> Expr {
    if let ExprKind::Column(index) = expr.kind {
        return by[index].clone();
    }
    let mut expr = expr.clone();
    for child in expr.children_mut() {
        *child = replaced(child, by);
    }
    expr
}

/// Leaves out nodes that no sink needs.
fn live(nodes: Vec<Node>, settings: BTreeMap<String, String>) -> Plan {
    let mut needed = vec![false; nodes.len()];
    for (id, node) in nodes.iter().enumerate().rev() {
        needed[id] |= matches!(node.kind, NodeKind::Sink { .. });
        if needed[id] {
            node.inputs.iter().for_each(|&input| needed[input] = true);
        }
    }
    let mut place = vec![0; nodes.len()];
    let mut kept: Vec<Node> = Vec::new();
    for (id, mut node) in nodes.into_iter().enumerate() {
        if needed[id] {
            node.inputs.iter_mut().for_each(|input| *input = place[*input]);
            place[id] = kept.len();
            kept.push(node);
        }
    }
    Plan::from_nodes(kept, settings)
}

/// Moves `map['key']` and `row.field` from above watermarks and filters down to the projection
/// over the scan, so that [`push_paths`] finds them there.
fn lower_paths(plan: Plan) -> Plan {
    let readers = consumers(&plan);
    let mut nodes = plan.nodes;
    for id in 0..nodes.len() {
        let NodeKind::Project { exprs } = &nodes[id].kind else { continue };
        let mut exprs = exprs.clone();
        let below = nodes[id].inputs[0];
        for expr in &mut exprs {
            lower(expr, below, &mut nodes, &readers);
        }
        nodes[id].kind = NodeKind::Project { exprs };
    }
    live(nodes, plan.settings)
}

fn lower(expr: &mut Expr, below: NodeId, nodes: &mut [Node], readers: &[Vec<NodeId>]) {
    let mut at = below;
    while matches!(nodes[at].kind, NodeKind::Watermark { .. } | NodeKind::Filter { .. }) {
        at = nodes[at].inputs[0];
    }
    if at != below && is_path(expr) && !expr.data_type.is_nested() && can_extend(at, nodes, readers)
    {
        let NodeKind::Project { exprs } = &mut nodes[at].kind else { return };
        let index = exprs.len();
        let moved = replaced(expr, exprs);
        exprs.push(moved);
        let field = Field::new(&format!("path{index}"), expr.data_type.clone());
        extend(at, &field, nodes, readers);
        expr.kind = ExprKind::Column(index);
        return;
    }
    for child in expr.children_mut() {
        lower(child, below, nodes, readers);
    }
}

/// One key of a map, or one field of a row, of a column.
fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::RowField { input, .. } => is_path(input) || input.as_column().is_some(),
        ExprKind::Item { input, key } => {
            let map = matches!(input.data_type, crate::record::DataType::Map(..));
            let literal = matches!(key.as_literal(), Some(Value::Str(_)));
            map && literal && (is_path(input) || input.as_column().is_some())
        }
        _ => false,
    }
}

/// Whether all readers of a node can do with one more column at its end.
fn can_extend(id: NodeId, nodes: &[Node], readers: &[Vec<NodeId>]) -> bool {
    readers[id].iter().all(|&reader| match nodes[reader].kind {
        NodeKind::Project { .. } => true,
        NodeKind::Watermark { .. } | NodeKind::Filter { .. } => can_extend(reader, nodes, readers),
        _ => false,
    })
}

/// One more column for a node and for those that pass its columns on.
fn extend(id: NodeId, field: &Field, nodes: &mut [Node], readers: &[Vec<NodeId>]) {
    nodes[id].schema.fields.push(field.clone());
    for &reader in &readers[id] {
        if matches!(nodes[reader].kind, NodeKind::Watermark { .. } | NodeKind::Filter { .. }) {
            extend(reader, field, nodes, readers);
        }
    }
}

/// `map['key']` and `row.field` right above a scan become paths of their own, so that the rest
/// of the map or row is not decoded.
fn push_paths(plan: Plan) -> Plan {
    let readers = consumers(&plan);
    let mut nodes = plan.nodes;
    for scan in 0..nodes.len() {
        let NodeKind::Scan { table, fields, metadata } = &nodes[scan].kind else { continue };
        if !table.parts().is_ok_and(|parts| parts.value.format.has_paths()) {
            continue;
        }
        let (table, mut fields, metadata) = (table.clone(), fields.clone(), metadata.clone());
        let physical = fields.len();
        // All readers change together: the scan's columns move for all of them.
        let mut changed: Vec<(NodeId, Vec<Expr>)> = Vec::new();
        for &reader in &readers[scan] {
            if let NodeKind::Project { exprs } = &nodes[reader].kind {
                changed.push((reader, exprs.clone()));
            }
        }
        if changed.len() < readers[scan].len() {
            continue;
        }
        let mut added: Vec<ScanField> = Vec::new();
        for expr in changed.iter_mut().flat_map(|(_, exprs)| exprs) {
            take_paths(expr, &fields, &mut added);
        }
        // Metadata columns stand behind the decoded ones and move up.
        let shift = added.len();
        let moved = |column: usize| match column {
            column if column >= MARK => column - MARK + physical,
            column if column >= physical => column + shift,
            column => column,
        };
        for (reader, mut exprs) in changed {
            exprs.iter_mut().for_each(|expr| expr.map_columns(&moved));
            nodes[reader].kind = NodeKind::Project { exprs };
        }
        let metadata_fields = nodes[scan].schema.fields.split_off(physical);
        nodes[scan].schema.fields.extend(added.iter().map(field_of));
        nodes[scan].schema.fields.extend(metadata_fields);
        fields.extend(added);
        nodes[scan].kind = NodeKind::Scan { table, fields, metadata };
    }
    live(nodes, plan.settings)
}

/// Columns from here on are places in the list of added paths.
const MARK: usize = usize::MAX / 2;

fn field_of(field: &ScanField) -> Field {
    let name = field.path.join(".");
    Field { name: name.into(), data_type: field.data_type.clone(), nullable: true }
}

fn take_paths(expr: &mut Expr, fields: &[ScanField], added: &mut Vec<ScanField>) {
    if let Some((side, path)) = path_of(expr, fields)
        && path.len() > 1
        && side == Side::Value
        && !expr.data_type.is_nested()
    {
        let field = ScanField { side, path, data_type: expr.data_type.clone(), nullable: true };
        let index = added.iter().position(|known| *known == field).unwrap_or(added.len());
        if index == added.len() {
            added.push(field);
        }
        expr.kind = ExprKind::Column(MARK + index);
        return;
    }
    for child in expr.children_mut() {
        take_paths(child, fields, added);
    }
}

fn path_of(expr: &Expr, fields: &[ScanField]) -> Option<(Side, Vec<Arc<str>>)> {
    match &expr.kind {
        ExprKind::Column(index) => {
            let field = fields.get(*index)?;
            Some((field.side, field.path.clone()))
        }
        ExprKind::RowField { input, index } => {
            let crate::record::DataType::Row(inner) = &input.data_type else { return None };
            let (side, mut path) = path_of(input, fields)?;
            path.push(inner[*index].name.clone());
            Some((side, path))
        }
        ExprKind::Item { input, key } => {
            let crate::record::DataType::Map(..) = &input.data_type else { return None };
            let Value::Str(key) = key.as_literal()? else { return None };
            let (side, mut path) = path_of(input, fields)?;
            path.push(key.clone());
            Some((side, path))
        }
        _ => None,
    }
}

/// Columns that nobody reads are neither decoded nor passed on.
fn prune(plan: Plan) -> Plan {
    let mut needed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); plan.nodes.len()];
    for (id, node) in plan.nodes.iter().enumerate().rev() {
        let own = needed[id].clone();
        for &input in &node.inputs {
            let columns = plan.nodes[input].schema.len();
            needed[input].extend(reads(node, &own, columns));
        }
    }
    let mut nodes = Vec::with_capacity(plan.nodes.len());
    // Old position of each kept column, by node.
    let mut kept: Vec<Vec<usize>> = Vec::new();
    // Columns of each node before.
    let widths: Vec<usize> = plan.nodes.iter().map(|node| node.schema.len()).collect();
    for (id, node) in plan.nodes.iter().enumerate() {
        let (node, columns) = narrowed(node, &needed[id], &kept, &widths);
        nodes.push(node);
        kept.push(columns);
    }
    Plan::from_nodes(nodes, plan.settings)
}

/// Columns of its input that a node reads, given which of its own are needed.
fn reads(node: &Node, own: &BTreeSet<usize>, columns: usize) -> Vec<usize> {
    let mut read: Vec<usize> = Vec::new();
    match &node.kind {
        NodeKind::Project { exprs } => {
            own.iter().for_each(|&column| exprs[column].visit_columns(&mut |c| read.push(c)));
        }
        NodeKind::Filter { predicate } => {
            read.extend(own);
            predicate.visit_columns(&mut |column| read.push(column));
        }
        NodeKind::Watermark { column, by, .. } => {
            read.extend(own);
            read.push(*column);
            read.extend(*by);
        }
        NodeKind::WindowAssign { time, .. } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.push(*time);
        }
        NodeKind::Unnest { spec } if spec.condition.is_none() => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.push(spec.column);
        }
        NodeKind::Lookup { spec, .. } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.extend(&spec.keys);
            let condition = spec.condition.as_ref();
            condition.into_iter().for_each(|condition| {
                condition.visit_columns(&mut |column| read.push(column));
            });
            read.retain(|&column| column < columns);
        }
        // The window above reads the time.
        NodeKind::Normalize { keys } | NodeKind::ProcessingTime { keys, .. } => {
            read.extend(own);
            read.extend(keys);
        }
        NodeKind::TimeSort { time, keys, then } => {
            read.extend(own);
            read.push(*time);
            read.extend(keys);
            read.extend(then.iter().map(|key| key.column));
        }
        NodeKind::Over { time, keys, calls, .. } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.push(*time);
            read.extend(keys);
            read.extend(calls.iter().filter_map(|call| call.argument));
        }
        NodeKind::Rank { keys, ranking, window, .. } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.extend(keys);
            read.extend(ranking.order.iter().map(|key| key.column));
            read.extend(window.map(|(end, _)| end));
        }
        NodeKind::First { keys, spec } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.extend(keys);
            read.push(spec.time);
        }
        NodeKind::Match { time, keys, recognition } => {
            read.push(*time);
            read.extend(keys);
            recognition.visit_columns(columns, &mut |column| read.push(column));
        }
        NodeKind::Scan { .. } => {}
        _ => read.extend(0..columns),
    }
    read
}

fn kept_exprs(exprs: &mut Vec<Expr>, all: Vec<usize>, needed: &BTreeSet<usize>) -> Vec<usize> {
    let columns: Vec<usize> = all.into_iter().filter(|column| needed.contains(column)).collect();
    *exprs = columns.iter().map(|&column| exprs[column].clone()).collect();
    columns
}

/// The node with only the needed columns, where it is one that can leave columns out.
fn narrowed(
    node: &Node,
    needed: &BTreeSet<usize>,
    kept: &[Vec<usize>],
    widths: &[usize],
) -> (Node, Vec<usize>) {
    let all: Vec<usize> = (0..node.schema.len()).collect();
    let input = node.inputs.first().map(|&input| &kept[input]);
    let place = |column: usize| {
        input.and_then(|kept| kept.iter().position(|&old| old == column)).unwrap_or(column)
    };
    let mut node = node.clone();
    keys_of(&mut node.kind).into_iter().flatten().for_each(|key| *key = place(*key));
    order_of(&mut node.kind).iter_mut().for_each(|key| key.column = place(key.column));
    let columns: Vec<usize> = match &mut node.kind {
        NodeKind::Scan { fields, metadata, .. } => kept_fields(fields, metadata, all, needed),
        NodeKind::Project { exprs } => {
            exprs.iter_mut().for_each(|expr| expr.map_columns(&place));
            kept_exprs(exprs, all, needed)
        }
        NodeKind::Filter { predicate } => {
            predicate.map_columns(&place);
            input.cloned().unwrap_or_default()
        }
        NodeKind::Watermark { column, by, .. } => {
            [Some(column), by.as_mut()].into_iter().flatten().for_each(|it| *it = place(*it));
            input.cloned().unwrap_or_default()
        }
        NodeKind::Lookup { spec, .. } => {
            looked_up(spec, input.map_or(&[], Vec::as_slice), widths[node.inputs[0]], needed)
        }
        NodeKind::Normalize { .. } => input.cloned().unwrap_or_default(),
        NodeKind::TimeSort { time, .. } | NodeKind::ProcessingTime { time, .. } => {
            *time = place(*time);
            input.cloned().unwrap_or_default()
        }
        NodeKind::Rank { ranking, window, .. } => {
            *window = window.map(|(end, instant)| (place(end), instant));
            // Without the number, rows that move change nothing.
            ranking.with_rank = needed.contains(&(node.schema.len() - 1));
            and_added(input, node.schema.len(), usize::from(ranking.with_rank))
        }
        NodeKind::First { spec, .. } => {
            spec.time = place(spec.time);
            spec.with_rank = needed.contains(&(node.schema.len() - 1));
            and_added(input, node.schema.len(), usize::from(spec.with_rank))
        }
        NodeKind::Match { time, recognition, .. } => {
            *time = place(*time);
            recognition.map_columns(widths[node.inputs[0]], input.map_or(0, Vec::len), &place);
            all
        }
        NodeKind::Over { time, calls, .. } => {
            *time = place(*time);
            let arguments = calls.iter_mut().filter_map(|call| call.argument.as_mut());
            arguments.for_each(|argument| *argument = place(*argument));
            and_added(input, node.schema.len(), calls.len())
        }
        NodeKind::WindowAssign { time: column, .. }
        | NodeKind::Unnest { spec: UnnestSpec { column, .. } } => {
            *column = place(*column);
            and_added(input, node.schema.len(), node.schema.len() - widths[node.inputs[0]])
        }
        _ => all,
    };
    node.schema =
        Schema::new(columns.iter().map(|&column| node.schema.fields[column].clone()).collect());
    node.time = node.time.and_then(|time| columns.iter().position(|&column| column == time));
    (node, columns)
}

/// What the rows of a node are sorted by.
fn order_of(kind: &mut NodeKind) -> &mut [SortKey] {
    match kind {
        NodeKind::TimeSort { then, .. } => then,
        NodeKind::Rank { ranking, .. } => &mut ranking.order,
        _ => &mut [],
    }
}

/// The key columns of a node that may leave columns out.
fn keys_of(kind: &mut NodeKind) -> Option<&mut Vec<usize>> {
    match kind {
        NodeKind::Normalize { keys }
        | NodeKind::TimeSort { keys, .. }
        | NodeKind::ProcessingTime { keys, .. }
        | NodeKind::Rank { keys, .. }
        | NodeKind::First { keys, .. }
        | NodeKind::Match { keys, .. }
        | NodeKind::Over { keys, .. } => Some(keys),
        NodeKind::Lookup { spec, .. } => Some(&mut spec.keys),
        _ => None,
    }
}

/// Leaves the columns out that nobody reads of what is looked up.
fn looked_up(
    spec: &mut LookupSpec,
    input: &[usize],
    width: usize,
    needed: &BTreeSet<usize>,
) -> Vec<usize> {
    let mut read = needed.clone();
    if let Some(condition) = &spec.condition {
        condition.visit_columns(&mut |column| read.extend([column]));
    }
    let added = (width..width + spec.columns.len()).filter(|column| read.contains(column));
    let columns: Vec<usize> = input.iter().copied().chain(added).collect();
    spec.columns = columns[input.len()..].iter().map(|at| spec.columns[at - width]).collect();
    if let Some(condition) = &mut spec.condition {
        let place = |column: usize| columns.iter().position(|&old| old == column);
        condition.map_columns(&|column| place(column).unwrap_or(column));
    }
    columns
}

/// Leaves the fields out that nobody reads; a NOT NULL one is checked all the same.
fn kept_fields(
    fields: &mut Vec<ScanField>,
    metadata: &mut Vec<Arc<str>>,
    all: Vec<usize>,
    needed: &BTreeSet<usize>,
) -> Vec<usize> {
    let physical = fields.len();
    let kept = |column: &usize| {
        needed.contains(column) || (*column < physical && !fields[*column].nullable)
    };
    let columns: Vec<usize> = all.into_iter().filter(kept).collect();
    let (of_fields, of_metadata) = columns.split_at(columns.partition_point(|&c| c < physical));
    *fields = of_fields.iter().map(|&column| fields[column].clone()).collect();
    *metadata = of_metadata.iter().map(|&column| metadata[column - physical].clone()).collect();
    columns
}

/// The input's columns that are left, and the last `added` of `columns`, which the node makes.
fn and_added(input: Option<&Vec<usize>>, columns: usize, added: usize) -> Vec<usize> {
    input.into_iter().flatten().copied().chain(columns - added..columns).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{compile, explain::explain};
    use super::optimize;

    /// The lines of the plan that say what is decoded.
    fn decoded(sql: &str) -> Vec<String> {
        let files = [("job.sql".to_owned(), sql.to_owned())];
        let plan = compile(&files, &|_| None, &BTreeMap::new()).expect("a job without errors");
        let shown = explain(&optimize(plan));
        let scans =
            shown.lines().filter(|line| line.contains("decodes") && !line.contains("shared"));
        scans.map(|line| line.split("decodes ").nth(1).unwrap_or_default().to_owned()).collect()
    }

    const TABLE: &str = "CREATE TABLE t (k STRING, n BIGINT, p MAP<STRING, STRING>,
        part INT METADATA FROM 'partition', ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
        WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json',
              'properties.bootstrap.servers' = 'h:1');";

    #[test]
    fn only_what_is_read_is_decoded() {
        let found = decoded(&format!("{TABLE} SELECT k FROM t WHERE n > 1;"));
        assert_eq!(found, ["k STRING, n BIGINT, ts TIMESTAMP(3)"]);
    }

    #[test]
    fn one_key_of_a_map_is_a_path_of_its_own() {
        let found = decoded(&format!("{TABLE} SELECT p['d'], n FROM t;"));
        assert_eq!(found, ["n BIGINT, ts TIMESTAMP(3), p.d STRING"]);
    }

    #[test]
    fn queries_that_share_a_scan_keep_their_columns() {
        let found = decoded(&format!("{TABLE} SELECT p['d'], part FROM t; SELECT k, part FROM t;"));
        assert_eq!(found, ["k STRING, ts TIMESTAMP(3), p.d STRING; metadata partition"]);
    }
}
