//! Windows that a subquery or view has given to its rows: a GROUP BY outside by them is one over
//! the window, so what lies between is moved below it.

use std::sync::Arc;

use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Scope, ScopeColumn};
use super::windows::{Kind, Window};
use crate::expression::Expr;
use crate::operator::unnest::UnnestSpec;
use crate::record::{Field, Schema};

/// What a column of a node is, once its windows are taken off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Column(usize),
    /// window_start, window_end, window_time.
    Part(usize),
}

/// A node without its windows.
struct Bare {
    node: NodeId,
    window: Window,
    /// By column of the node with them.
    slots: Vec<Slot>,
}

impl Queries<'_> {
    /// The relation with the windows of its rows still to be grouped by; none where it has none,
    /// or computes with them.
    pub(super) fn attached(&mut self, relation: &Relation) -> Option<Relation> {
        let Bare { node, window, slots } = self.bare(relation.node)?;
        let schema = self.plan.nodes[node].schema.clone();
        let hidden = |field: &Field| {
            let name: Arc<str> = format!("\u{1}{}", field.name).into();
            ScopeColumn::new(None, Field { name, ..field.clone() })
        };
        let mut columns: Vec<ScopeColumn> = schema.fields.iter().map(hidden).collect();
        let mut parts: Vec<Option<ScopeColumn>> = vec![None; 3];
        for (slot, column) in slots.iter().zip(&relation.scope.columns) {
            match slot {
                Slot::Column(at) => columns[*at] = column.clone(),
                Slot::Part(part) => parts[*part] = Some(column.clone()),
            }
        }
        let time = columns[window.time].field.clone();
        let start = parts[0].as_ref().or(parts[1].as_ref())?.field.clone();
        for (part, of) in parts.into_iter().zip([&start, &start, &time]) {
            columns.push(part.unwrap_or_else(|| hidden(of)));
        }
        Some(Relation { node, scope: Scope { columns }, window: Some(window) })
    }

    fn bare(&mut self, id: NodeId) -> Option<Bare> {
        let node = self.plan.nodes[id].clone();
        if let Some((input, window)) = self.sessions_below(id) {
            let before = node.schema.len() - 3;
            let slots = (0..before).map(Slot::Column).chain((0..3).map(Slot::Part)).collect();
            return Some(Bare { node: input, window, slots });
        }
        match node.kind {
            NodeKind::WindowAssign { window, time } => {
                let before = node.schema.len() - 3;
                let slots = (0..before).map(Slot::Column).chain((0..3).map(Slot::Part)).collect();
                let (kind, span) = (Kind::Sliced(window), self.span);
                let window = Window { kind, time, span };
                Some(Bare { node: node.inputs[0], window, slots })
            }
            NodeKind::Filter { predicate } => {
                let below = self.bare(node.inputs[0])?;
                let predicate = moved(&predicate, &below.slots)?;
                Some(Bare { node: self.filter(below.node, predicate), ..below })
            }
            NodeKind::Unnest { spec } if spec.condition.is_none() => {
                let mut below = self.bare(node.inputs[0])?;
                let Slot::Column(column) = below.slots[spec.column] else { return None };
                let added = &node.schema.fields[below.slots.len()..];
                let mut schema = self.plan.nodes[below.node].schema.clone();
                let width = schema.len();
                schema.fields.extend(added.iter().cloned());
                below.slots.extend((width..schema.len()).map(Slot::Column));
                let time = Some(below.window.time);
                let kind = NodeKind::Unnest { spec: UnnestSpec { column, ..spec } };
                below.node = self.plan.add(Node { kind, inputs: vec![below.node], schema, time });
                Some(below)
            }
            NodeKind::Project { exprs } => {
                let below = self.bare(node.inputs[0])?;
                let (mut kept, mut fields, mut slots) = (Vec::new(), Vec::new(), Vec::new());
                for (expr, field) in exprs.iter().zip(&node.schema.fields) {
                    if let Some(Slot::Part(part)) = expr.as_column().map(|at| below.slots[at]) {
                        slots.push(Slot::Part(part));
                        continue;
                    }
                    slots.push(Slot::Column(kept.len()));
                    kept.push(moved(expr, &below.slots)?);
                    fields.push(field.clone());
                }
                // The window needs its time, also where nobody selects it.
                let known =
                    kept.iter().position(|expr| expr.as_column() == Some(below.window.time));
                let time = known.unwrap_or(kept.len());
                if known.is_none() {
                    let of = &self.plan.nodes[below.node].schema;
                    kept.push(Scope::of(of, None).column(below.window.time));
                    fields.push(of.fields[below.window.time].clone());
                }
                let projected = self.project(below.node, kept, Schema::new(fields));
                Some(Bare { node: projected, window: Window { time, ..below.window }, slots })
            }
            _ => None,
        }
    }
}

/// The expression over the bare columns; none where it reads the window's.
fn moved(expr: &Expr, slots: &[Slot]) -> Option<Expr> {
    let mut reads_window = false;
    expr.visit_columns(&mut |column| reads_window |= matches!(slots[column], Slot::Part(_)));
    if reads_window {
        return None;
    }
    let mut expr = expr.clone();
    expr.map_columns(&|column| match slots[column] {
        Slot::Column(at) | Slot::Part(at) => at,
    });
    Some(expr)
}
