//! GROUP BY, with and without a window.

use sqlparser::ast::Expr as Ast;

use super::aggregates::{Below, Grouping};
use super::fault::{Fault, Result};
use super::group_forms::is_part;
use super::grouped_subquery::has_subquery;
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation, is_updating};
use super::scope::Binder;
use super::select::field_of;
use super::windows::{Kind, Window};
use crate::operator::aggregate::AggregateFunction;
use crate::record::{Field, Schema};

impl Queries<'_> {
    /// A window without a GROUP BY over it: each row gets the columns of its windows.
    pub(super) fn assign(&mut self, relation: &mut Relation) -> Result<()> {
        let Some(Window { kind, time, .. }) = relation.window.take() else { return Ok(()) };
        let window = match kind {
            Kind::Sliced(window) => window,
            Kind::Session { gap_ms, keys } => {
                relation.node = self.session_rows(relation, (gap_ms, &keys, time))?;
                return Ok(());
            }
        };
        let schema = Schema::new(relation.scope.columns.iter().map(|c| c.field.clone()).collect());
        let kind = NodeKind::WindowAssign { window, time };
        let by_clock = self.is_proctime(relation.node, time);
        let rowtime = Some(schema.len() - 1).filter(|_| !by_clock);
        let inputs = vec![relation.node];
        relation.node = self.plan.add(Node { kind, inputs, schema, time: rowtime });
        Ok(())
    }

    /// Whether both window_start and window_end are among the keys.
    fn groups_by_window(&self, relation: &Relation, group_by: &[&Ast]) -> bool {
        let columns = self.plan.nodes[relation.node].schema.len();
        let bind = |ast: &&Ast| Binder::plain(&relation.scope, self.span).bind(ast).ok();
        let keys: Vec<usize> =
            group_by.iter().filter_map(bind).filter_map(|key| key.as_column()).collect();
        keys.contains(&columns) && keys.contains(&(columns + 1))
    }

    /// Whether DISTINCT of these is a GROUP BY of a window: a row is late there.
    pub(super) fn is_of_windows(&self, relation: &Relation, items: &[(Ast, String)]) -> bool {
        let keys: Vec<&Ast> = items.iter().map(|(ast, _)| ast).collect();
        match relation.window {
            Some(_) => self.groups_by_window(relation, &keys),
            None => self.carries_window(relation, &keys),
        }
    }

    pub(super) fn refuse_updates(&self, input: NodeId, what: &str) -> Result<()> {
        match is_updating(self.plan, input) {
            false => Ok(()),
            true => Err(Fault::unsupported(
                self.span,
                &format!("{what} over rows that change"),
                "its input is an aggregate without a window, a last row or Top-N, or a table of \
                 changes (upsert-kafka, debezium-json); group by a TUMBLE or HOP window there",
            )),
        }
    }

    pub(super) fn grouped(
        &mut self,
        relation: Relation,
        group_by: &[&Ast],
        items: &[(Ast, String)],
        having: Option<&Ast>,
    ) -> Result<NodeId> {
        let mut relation = relation;
        let is_old_form = relation.scope.columns.last().is_some_and(|it| is_part(&it.field.name));
        if let Some(window) = relation.window.as_ref().filter(|_| !is_old_form) {
            window.check_slices()?;
        }
        if relation.window.is_none()
            && let Some(attached) = self.attached(&relation)
            && self.groups_by_window(&attached, group_by)
            && self.makes_sessions(&attached, group_by)
        {
            relation = attached;
        }
        if relation.window.is_some() && !self.groups_by_window(&relation, group_by) {
            // Without both bounds the window is a column like others, and the result changes.
            self.assign(&mut relation)?;
        }
        if relation.window.as_ref().is_some_and(|it| matches!(it.kind, Kind::Session { .. })) {
            self.refuse_updates(relation.node, "GROUP BY a SESSION window")?;
        }
        let columns = self.plan.nodes[relation.node].schema.len();
        let mut grouping = Grouping::default();
        for ast in group_by {
            let key = Binder::plain(&relation.scope, self.span).bind(ast)?;
            let windowed = key.as_column().is_some_and(|column| column >= columns);
            if !windowed && !grouping.keys.contains(&key) {
                grouping.keys.push(key);
            }
        }
        if relation.window.is_some() {
            grouping.window =
                (columns..columns + 3).map(|column| relation.scope.column(column)).collect();
        }
        if items.iter().map(|(ast, _)| ast).chain(having).any(has_subquery) {
            return self.subqueries_of_groups(relation, grouping, group_by, items, having);
        }
        let mut exprs = Vec::new();
        let mut fields = Vec::new();
        for (ast, name) in items {
            let mut binder =
                Binder { scope: &relation.scope, grouping: Some(&mut grouping), span: self.span };
            let expr = binder.bind(ast)?;
            fields.push(field_of(name, &expr));
            exprs.push(expr);
        }
        let having = match having {
            None => None,
            Some(condition) => {
                let mut binder = Binder {
                    scope: &relation.scope,
                    grouping: Some(&mut grouping),
                    span: self.span,
                };
                Some(binder.truth(condition)?)
            }
        };
        let mut node = self.aggregate(&mut relation, &grouping)?;
        if let Some(predicate) = having {
            node = self.filter(node, predicate);
        }
        Ok(self.project(node, exprs, Schema::new(fields)))
    }

    /// What depends on the order of rows can be merged, or taken back, as little as in Flink.
    pub(super) fn check_order(&self, kind: &NodeKind, input: NodeId) -> Result<()> {
        use AggregateFunction::{First, Last};
        let updates = is_updating(self.plan, input);
        let (calls, merges) = match kind {
            NodeKind::Aggregate { calls, .. } => (calls, false),
            // Over rows that change each window is kept by itself.
            NodeKind::WindowAggregate { calls, .. } if updates => (calls, false),
            NodeKind::WindowAggregate { window, calls, .. } => {
                (calls, window.slide_ms < window.size_ms)
            }
            NodeKind::SessionAggregate { calls, .. } => (calls, true),
            _ => return Ok(()),
        };
        let refused = calls.iter().find(|call| match call.function {
            First | Last => merges,
            function if function.is_sketch() => updates,
            _ => false,
        });
        match refused {
            None => Ok(()),
            Some(call) => {
                let name = match call.function {
                    First => "FIRST_VALUE",
                    Last => "LAST_VALUE",
                    _ => "APPROX_COUNT_DISTINCT or APPROX_PERCENTILE",
                };
                let what = if updates { "rows that change" } else { "windows that are merged" };
                let instead = "take MIN or MAX, or a TUMBLE window over new rows";
                Err(Fault::unsupported(self.span, &format!("{name} over {what}"), instead))
            }
        }
    }

    /// The aggregate itself, with a projection below that computes what it reads.
    pub(super) fn aggregate(
        &mut self,
        relation: &mut Relation,
        grouping: &Grouping,
    ) -> Result<NodeId> {
        if let Some(node) = self.of_nothing(relation.node, grouping) {
            return Ok(node);
        }
        let by_clock = |window: &Window| self.is_proctime(relation.node, window.time);
        let lateness = match relation.window.as_ref().is_some_and(by_clock) {
            // No row is late for it.
            true => None,
            false => self.take_late(relation, grouping.keys.len())?,
        };
        let mut below = Below::default();
        if lateness.is_none()
            && let Some(node) = self.of_carried_windows(relation, grouping)?
        {
            return Ok(node);
        }
        let window_columns = grouping.window.iter().filter(|_| relation.window.is_none());
        let keys = grouping.keys.iter().chain(window_columns);
        let keys: Vec<usize> = keys.map(|key| below.column(key)).collect();
        let window = relation.window.clone();
        let time = window.as_ref().map(|window| below.column(&relation.scope.column(window.time)));
        let calls = grouping.calls_over(&mut below);
        let schema = below.schema(&self.plan.nodes[relation.node].schema);
        let by_clock =
            window.as_ref().is_some_and(|window| self.is_proctime(relation.node, window.time));
        let mut input = self.project(relation.node, below.exprs.clone(), schema);
        if let Some(time) = time.filter(|_| by_clock) {
            let schema = self.plan.nodes[input].schema.clone();
            let kind = NodeKind::ProcessingTime { time, keys: keys.clone() };
            input = self.plan.add(Node { kind, inputs: vec![input], schema, time: None });
        }
        let mut fields: Vec<Field> =
            keys.iter().map(|&key| self.plan.nodes[input].schema.fields[key].clone()).collect();
        let rowtime = time.filter(|_| !by_clock).map(|_| fields.len() + 2);
        if relation.window.is_some() {
            fields
                .extend(relation.scope.columns.iter().rev().take(3).rev().map(|c| c.field.clone()));
        }
        fields.extend(calls.iter().map(|call| Field::new("aggregate", call.data_type.clone())));
        let kind = match (window.map(|window| window.kind), time) {
            (Some(Kind::Sliced(window)), Some(time)) => {
                NodeKind::WindowAggregate { window, time, keys, calls }
            }
            (Some(Kind::Session { gap_ms, .. }), Some(time)) => {
                NodeKind::SessionAggregate { gap_ms, time, keys, calls }
            }
            _ => {
                let bounded = lateness.is_some();
                let ttl_ms = if bounded { None } else { self.hints.of(&relation.scope) };
                NodeKind::Aggregate { keys, calls, lateness, ttl_ms }
            }
        };
        self.check_order(&kind, input)?;
        let schema = Schema::new(fields);
        Ok(self.plan.add(Node { kind, inputs: vec![input], schema, time: rowtime }))
    }
}
