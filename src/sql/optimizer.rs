//! Push-down: a source decodes only what the job reads, down to single keys of its maps and
//! rows; neighbouring projections become one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plan::{Node, NodeId, NodeKind, Plan, ScanField};
use crate::expression::{Expr, ExprKind};
use crate::record::{Field, Schema, Value};

/// The same job with less to do.
pub fn optimize(plan: Plan) -> Plan {
    let plan = merge_projections(plan);
    let plan = push_paths(plan);
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
fn replaced(expr: &Expr, by: &[Expr]) -> Expr {
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

/// `map['key']` and `row.field` right above a scan become paths of their own, so that the rest
/// of the map or row is not decoded.
fn push_paths(plan: Plan) -> Plan {
    let mut nodes = plan.nodes.clone();
    for id in 0..nodes.len() {
        let NodeKind::Project { exprs } = &nodes[id].kind else { continue };
        let below = nodes[id].inputs[0];
        let NodeKind::Scan { table, fields, metadata } = &nodes[below].kind else { continue };
        let (table, mut fields, metadata) = (table.clone(), fields.clone(), metadata.clone());
        let physical = fields.len();
        let mut exprs = exprs.clone();
        let mut added: Vec<ScanField> = Vec::new();
        for expr in &mut exprs {
            take_paths(expr, &fields, &mut added);
        }
        if added.is_empty() {
            continue;
        }
        // Metadata columns stand behind the decoded ones and move up.
        let shift = added.len();
        for expr in &mut exprs {
            expr.map_columns(&|column| match column {
                column if column >= MARK => column - MARK + physical,
                column if column >= physical => column + shift,
                column => column,
            });
        }
        let mut schema = nodes[below].schema.fields[..physical].to_vec();
        schema.extend(added.iter().map(field_of));
        schema.extend(nodes[below].schema.fields[physical..].to_vec());
        fields.extend(added);
        let kind = NodeKind::Scan { table, fields, metadata };
        let scan = Node { kind, inputs: vec![], schema: Schema::new(schema), time: None };
        nodes[below] = scan;
        nodes[id].kind = NodeKind::Project { exprs };
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
    if let Some(path) = path_of(expr, fields)
        && path.len() > 1
        && !expr.data_type.is_nested()
    {
        let field = ScanField { path, data_type: expr.data_type.clone(), nullable: true };
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

fn path_of(expr: &Expr, fields: &[ScanField]) -> Option<Vec<Arc<str>>> {
    match &expr.kind {
        ExprKind::Column(index) => Some(fields.get(*index)?.path.clone()),
        ExprKind::RowField { input, index } => {
            let crate::record::DataType::Row(inner) = &input.data_type else { return None };
            let mut path = path_of(input, fields)?;
            path.push(inner[*index].name.clone());
            Some(path)
        }
        ExprKind::Item { input, key } => {
            let crate::record::DataType::Map(..) = &input.data_type else { return None };
            let Value::Str(key) = key.as_literal()? else { return None };
            let mut path = path_of(input, fields)?;
            path.push(key.clone());
            Some(path)
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
    for (id, node) in plan.nodes.iter().enumerate() {
        let (node, columns) = narrowed(node, &needed[id], &kept);
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
        NodeKind::Watermark { column, .. } => {
            read.extend(own);
            read.push(*column);
        }
        NodeKind::WindowAssign { time, .. } => {
            read.extend(own.iter().filter(|&&column| column < columns));
            read.push(*time);
        }
        NodeKind::Scan { .. } => {}
        _ => read.extend(0..columns),
    }
    read
}

/// The node with only the needed columns, where it is one that can leave columns out.
fn narrowed(node: &Node, needed: &BTreeSet<usize>, kept: &[Vec<usize>]) -> (Node, Vec<usize>) {
    let all: Vec<usize> = (0..node.schema.len()).collect();
    let input = node.inputs.first().map(|&input| &kept[input]);
    let place = |column: usize| {
        input.and_then(|kept| kept.iter().position(|&old| old == column)).unwrap_or(column)
    };
    let mut node = node.clone();
    let columns: Vec<usize> = match &mut node.kind {
        NodeKind::Scan { fields, .. } => {
            let physical = fields.len();
            let columns: Vec<usize> = all
                .into_iter()
                .filter(|&column| {
                    column >= physical || needed.contains(&column) || !fields[column].nullable
                })
                .collect();
            *fields =
                columns.iter().filter(|&&c| c < physical).map(|&c| fields[c].clone()).collect();
            columns
        }
        NodeKind::Project { exprs } => {
            let columns: Vec<usize> =
                all.into_iter().filter(|column| needed.contains(column)).collect();
            *exprs = columns.iter().map(|&column| exprs[column].clone()).collect();
            exprs.iter_mut().for_each(|expr| expr.map_columns(&place));
            columns
        }
        NodeKind::Filter { predicate } => {
            predicate.map_columns(&place);
            input.cloned().unwrap_or_default()
        }
        NodeKind::Watermark { column, .. } => {
            *column = place(*column);
            input.cloned().unwrap_or_default()
        }
        NodeKind::WindowAssign { time, .. } => {
            *time = place(*time);
            let before = node.schema.len() - 3;
            let mut columns = input.cloned().unwrap_or_default();
            columns.extend(before..before + 3);
            columns
        }
        _ => all,
    };
    node.schema =
        Schema::new(columns.iter().map(|&column| node.schema.fields[column].clone()).collect());
    node.time = node.time.and_then(|time| columns.iter().position(|&column| column == time));
    (node, columns)
}
