//! GROUP BY over windows that the rows carry as columns: those of another aggregation by the same
//! windows, or windows that the aggregates compute with.

use sqlparser::ast::Expr as Ast;

use super::aggregates::{Below, Grouping};
use super::fault::Result;
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation, is_updating};
use super::scope::{Binder, Scope};
use crate::expression::Expr;
use crate::operator::join::JoinType;
use crate::operator::window::WindowKind;
use crate::record::{DataType, Field, Schema};

/// Of each row the window is known, so it is aggregated by its last millisecond: a window of that
/// alone ends with it, and takes rows as long as it does.
pub const LAST_MS: WindowKind = WindowKind { size_ms: 1, slide_ms: 1, offset_ms: 0, grows: false };

impl Queries<'_> {
    /// Whether rows carry their windows, and both bounds of these are among the keys.
    pub(super) fn carries_window(&self, relation: &Relation, keys: &[&Ast]) -> bool {
        let bind = |key: &&Ast| Binder::plain(&relation.scope, self.span).bind(key).ok();
        let columns = keys.iter().filter_map(bind).filter_map(|key| key.as_column());
        let parts: Vec<usize> = columns
            .filter_map(|column| self.window_column(relation.node, column))
            .map(|(part, _)| part)
            .collect();
        parts.contains(&0) && parts.contains(&1) && !is_updating(self.plan, relation.node)
    }

    /// The aggregate, if rows carry their windows and it is by both bounds of these.
    pub(super) fn of_carried_windows(
        &mut self,
        relation: &mut Relation,
        grouping: &Grouping,
    ) -> Result<Option<NodeId>> {
        if relation.window.is_some() {
            let columns = self.plan.nodes[relation.node].schema.len();
            if !grouping.reads_from(columns) {
                return Ok(None);
            }
            self.assign(relation)?;
        } else if is_updating(self.plan, relation.node) {
            return Ok(None);
        }
        let Some((node, time)) = self.with_time(relation.node) else { return Ok(None) };
        let part = |expr: &Expr| Some(self.window_column(node, expr.as_column()?)?.0);
        let outputs: Vec<&Expr> = grouping.keys.iter().chain(&grouping.window).collect();
        let is_bound = |bound| outputs.iter().any(|key| part(key) == Some(bound));
        let of = Scope::of(&self.plan.nodes[node].schema, None);
        let time = of.column(time);
        if !(is_bound(0) && is_bound(1)) {
            return Ok(None);
        }
        self.refuse_late(node, "a GROUP BY of windows that a subquery computes with")?;
        let mut below = Below::default();
        // The end and the time are those of the last millisecond, too.
        let parts: Vec<Option<usize>> =
            outputs.iter().map(|key| part(key).filter(|part| *part > 0)).collect();
        let keys = outputs.iter().zip(&parts).filter(|(_, part)| part.is_none());
        let keys: Vec<usize> = keys.map(|(key, _)| below.column(key)).collect();
        let end = outputs.iter().zip(&parts).find(|(_, part)| **part == Some(1));
        let bound_type = end.map_or(&time, |(key, _)| *key).data_type.clone();
        let time_column = below.column(&time);
        let calls = grouping.calls_over(&mut below);
        let schema = below.schema(&self.plan.nodes[node].schema);
        let input = self.project(node, below.exprs, schema);
        let mut fields: Vec<Field> =
            keys.iter().map(|&key| self.plan.nodes[input].schema.fields[key].clone()).collect();
        let bounds = keys.len();
        for (name, data_type) in [
            ("window_start", bound_type.clone()),
            ("window_end", bound_type),
            ("window_time", time.data_type.clone()),
        ] {
            fields.push(Field { nullable: false, ..Field::new(name, data_type) });
        }
        fields.extend(calls.iter().map(|call| Field::new("aggregate", call.data_type.clone())));
        let kind = NodeKind::WindowAggregate { window: LAST_MS, time: time_column, keys, calls };
        self.check_order(&kind, input)?;
        let (schema, rowtime) = (Schema::new(fields), Some(bounds + 2));
        let node = self.plan.add(Node { kind, inputs: vec![input], schema, time: rowtime });
        Ok(Some(self.in_order_of(node, &parts, bounds)))
    }

    /// The node with the time of its windows, which may have been left out on the way, and the
    /// column of that.
    fn with_time(&mut self, id: NodeId) -> Option<(NodeId, usize)> {
        if let Some(column) = self.window_time(id) {
            return Some((id, column));
        }
        let node = self.plan.nodes[id].clone();
        match node.kind {
            NodeKind::Filter { predicate } => {
                let (input, column) = self.with_time(node.inputs[0])?;
                Some((self.filter(input, predicate), column))
            }
            NodeKind::Project { mut exprs } => {
                let (input, column) = self.with_time(node.inputs[0])?;
                let of = &self.plan.nodes[input].schema;
                let mut schema = node.schema;
                exprs.push(Scope::of(of, None).column(column));
                schema.fields.push(of.fields[column].clone());
                let last = exprs.len() - 1;
                Some((self.project(input, exprs, schema), last))
            }
            _ => None,
        }
    }

    /// The aggregate's columns as they were asked for: of each that is no key, its part of the
    /// window.
    fn in_order_of(&mut self, node: NodeId, parts: &[Option<usize>], bounds: usize) -> NodeId {
        let schema = self.plan.nodes[node].schema.clone();
        let mut keys = 0..bounds;
        let outputs = parts.iter().filter_map(|part| match part {
            Some(part) => Some(bounds + part),
            None => keys.next(),
        });
        let columns: Vec<usize> = outputs.chain(bounds + 3..schema.len()).collect();
        let scope = Scope::of(&schema, None);
        let exprs = columns.iter().map(|&column| scope.column(column)).collect();
        let fields = columns.iter().map(|&column| schema.fields[column].clone()).collect();
        self.project(node, exprs, Schema::new(fields))
    }

    /// Which of window_start (0), window_end (1) and window_time (2) a column is, and whether
    /// the window is over instants.
    pub(super) fn window_column(&self, id: NodeId, column: usize) -> Option<(usize, bool)> {
        let node = &self.plan.nodes[id];
        let ltz =
            |at: usize| matches!(node.schema.fields[at].data_type, DataType::TimestampLtz { .. });
        match &node.kind {
            NodeKind::Project { exprs } => {
                self.window_column(node.inputs[0], exprs.get(column)?.as_column()?)
            }
            NodeKind::Filter { .. }
            | NodeKind::Rank { .. }
            | NodeKind::First { .. }
            | NodeKind::Unnest { .. }
            | NodeKind::Lookup { .. } => self.window_column(node.inputs[0], column),
            // Windows by the clock end by no event time that other steps could go by.
            NodeKind::WindowAssign { time, .. } if self.is_proctime(node.inputs[0], *time) => None,
            NodeKind::WindowAggregate { .. } | NodeKind::SessionAggregate { .. }
                if matches!(
                    self.plan.nodes[node.inputs[0]].kind,
                    NodeKind::ProcessingTime { .. }
                ) =>
            {
                None
            }
            NodeKind::WindowAssign { .. } => {
                let last = node.schema.len() - 1;
                let part = (column + 3).checked_sub(last + 1)?;
                (part < 3).then(|| (part, ltz(last)))
            }
            // What began with a window that the rows carry is a key (see `carried`).
            NodeKind::WindowAggregate { keys, .. } if column < keys.len() => {
                self.window_column(node.inputs[0], keys[column]).filter(|(part, _)| *part == 0)
            }
            NodeKind::WindowAggregate { keys, .. } | NodeKind::SessionAggregate { keys, .. } => {
                let part = column.checked_sub(keys.len())?;
                (part < 3).then(|| (part, ltz(keys.len() + 2)))
            }
            // Of a side whose rows all come out with their own windows.
            NodeKind::Join { spec } if spec.time.is_some_and(|time| time.windows) => {
                let left = self.plan.nodes[node.inputs[0]].schema.len();
                let side = usize::from(column >= left);
                match spec.join {
                    JoinType::Full => None,
                    kind if kind.keeps(1 - side) && !kind.left_only() => None,
                    _ => self.window_column(node.inputs[side], column - side * left),
                }
            }
            _ => None,
        }
    }

    /// The column of the windows' time.
    pub(super) fn window_time(&self, id: NodeId) -> Option<usize> {
        let is_time = |&column: &usize| self.window_column(id, column).is_some_and(|it| it.0 == 2);
        (0..self.plan.nodes[id].schema.len()).find(is_time)
    }
}
