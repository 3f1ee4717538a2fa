//! `JOIN t FOR SYSTEM_TIME AS OF left.ts`: each row with the version of `t` at its time. As of
//! PROCTIME() it is a [`super::lookup`].

use sqlparser::ast::{self, Spanned};

use super::fault::{At, Fault, Result};
use super::join::{Found, On, Sides, conjunction};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope};
use super::select::unquoted;
use crate::expression::{Expr, registry};
use crate::operator::join::{JoinType, TemporalSpec};
use crate::operator::rank::Ranking;
use crate::record::{DataType, Schema, Value};

/// The stream of a table's versions.
struct Versions {
    node: NodeId,
    /// Columns of the table's key.
    keys: Vec<usize>,
    /// Of each key the last row: one that comes behind a newer one is no version.
    last: bool,
}

impl Queries<'_> {
    /// `left` joined with a table as of a time of the left.
    pub(super) fn temporal(&mut self, mut left: Relation, join: &ast::Join) -> Result<Relation> {
        let (span, whole) = (join.relation.span(), self.span);
        let fault = |message: &str| Fault::new(span, message).at_least(whole);
        let (kind, on) = self.join_kind(join)?;
        let outer = match kind {
            JoinType::Inner => false,
            JoinType::Left => true,
            _ => return Err(fault("a temporal join is JOIN or LEFT JOIN")),
        };
        self.assign(&mut left)?;
        let Some(time) = self.as_of(&left, &join.relation)? else {
            return self.lookup(left, &join.relation, outer, on);
        };
        self.refuse_updates(left.node, "a temporal join of rows")?;
        let (right, versions) = self.versioned(&join.relation)?;
        let Some(version_time) = self.plan.nodes[versions.node].time else {
            let message = "the versioned table needs a watermark: it says when a version holds";
            return Err(fault(message));
        };
        let width = left.scope.columns.len();
        let mut scope = left.scope;
        scope.columns.extend(right.scope.columns);
        let mut sides = Sides { nodes: [left.node, versions.node], scope, left: width };
        let mut found = Found::default();
        if !matches!(on, On::Condition(_)) {
            return Err(fault("a temporal join needs ON").help("ON a.currency = b.currency"));
        }
        self.on(&sides, on, &mut found)?;
        if found.nulls_equal.contains(&true) {
            return Err(fault("a temporal join compares keys by =, not IS NOT DISTINCT FROM"));
        }
        let rights: Vec<_> = found.keys[1].iter().map(Expr::as_column).collect();
        if !versions.keys.iter().all(|key| rights.contains(&Some(*key))) {
            return Err(fault("ON must compare every column of the versioned table's key"));
        }
        // Where ON compares more than the key, the view itself says which row is its key's last.
        let of_key = |right: &Option<usize>| right.is_some_and(|at| versions.keys.contains(&at));
        let keeps_last = versions.last && rights.iter().all(of_key);
        if versions.last && !keeps_last {
            sides.nodes[1] = right.node;
        }
        let (lefts, rights) = (&found.keys[0], &found.keys[1]);
        let (left, lefts) = self.key_columns(sides.nodes[0], lefts);
        let (right, rights) = self.key_columns(sides.nodes[1], rights);
        let (keys, times) = ([lefts, rights], [time, version_time]);
        let spec = TemporalSpec { keys, times, outer, keeps_last };
        self.temporal_node(sides, [left, right], spec, found.rest)
    }

    /// `inputs` are the sides with the keys that are computed behind their columns.
    fn temporal_node(
        &mut self,
        sides: Sides,
        inputs: [NodeId; 2],
        spec: TemporalSpec,
        rest: Vec<Expr>,
    ) -> Result<Relation> {
        let (time, outer) = (Some(spec.times[0]), spec.outer);
        let of = |side: usize| self.plan.nodes[inputs[side]].schema.fields.clone();
        let (mut fields, mut versions) = (of(0), of(1));
        versions.iter_mut().for_each(|field| field.nullable |= outer);
        let width = fields.len();
        fields.append(&mut versions);
        let kind = NodeKind::TemporalJoin { spec };
        let (inputs, schema) = (inputs.to_vec(), Schema::new(fields));
        let node = self.plan.add(Node { kind, inputs, schema, time });
        let place = |column: usize| match column < sides.left {
            true => column,
            false => column - sides.left + width,
        };
        let mut node = self.without_keys(node, &sides, &place, false);
        let mut scope = sides.scope;
        for column in &mut scope.columns[sides.left..] {
            column.field.nullable |= outer;
        }
        let schema = Schema::new(scope.columns.iter().map(|column| column.field.clone()).collect());
        if outer && let Some(condition) = conjunction(rest.clone()) {
            // A version that does not meet the condition is none: its columns are NULL.
            let plain = Scope::of(&schema, None);
            let exprs = (0..schema.len()).map(|at| {
                let column = plain.column(at);
                if at < sides.left {
                    return Ok(column);
                }
                let none = Expr::literal(Value::Null, column.data_type.clone());
                registry::call("IF", vec![condition.clone(), column, none]).at(self.span)
            });
            let exprs = exprs.collect::<Result<Vec<_>>>()?;
            let node = self.project(node, exprs, schema);
            return Ok(Relation { node, scope, window: None });
        }
        for predicate in rest {
            node = self.filter(node, predicate);
        }
        Ok(Relation { node, scope, window: None })
    }

    /// The time attribute of the left that FOR SYSTEM_TIME AS OF names; `None`: PROCTIME().
    fn as_of(&self, left: &Relation, factor: &ast::TableFactor) -> Result<Option<usize>> {
        let fault = |message: &str| Fault::new(factor.span(), message).at_least(self.span);
        let ast::TableFactor::Table {
            version: Some(ast::TableVersion::ForSystemTimeAsOf(as_of)),
            ..
        } = factor
        else {
            return Err(fault("write FOR SYSTEM_TIME AS OF left.ts"));
        };
        let as_of = Binder::plain(&left.scope, self.span).bind(as_of)?;
        let time = self.plan.nodes[left.node].time;
        match as_of.as_column() {
            Some(column) if self.is_proctime(left.node, column) => Ok(None),
            Some(column) if Some(column) == time => Ok(Some(column)),
            _ => Err(fault("FOR SYSTEM_TIME AS OF takes the time attribute of the left side")
                .help(
                    "a column with a watermark; or, for a lookup, a column `proc AS PROCTIME()`",
                )),
        }
    }

    /// A table or view that has versions.
    fn versioned(&mut self, factor: &ast::TableFactor) -> Result<(Relation, Versions)> {
        let whole = self.span;
        let mut plain = factor.clone();
        let mut table = None;
        if let ast::TableFactor::Table { name, version, .. } = &mut plain {
            *version = None;
            table = self.catalog.tables.get(&unquoted(name)).cloned();
        }
        let mut right = self.relation(&plain)?;
        if let NodeKind::Normalize { .. } = self.plan.nodes[right.node].kind {
            // What a row was before, the join knows by itself.
            right.node = self.plan.nodes[right.node].inputs[0];
        }
        if let Some(table) = table.filter(|table| !table.primary_key.is_empty()) {
            let versions =
                Versions { node: right.node, keys: table.primary_key.clone(), last: false };
            return Ok((right, versions));
        }
        let versions = self.versions_of(right.node).ok_or_else(|| {
            let message = "Temporal Table Join requires primary key in versioned table, but no \
                           primary key can be found.";
            Fault::new(factor.span(), message)
                .help(
                    "add PRIMARY KEY (…) NOT ENFORCED to the table, or join a view that keeps the \
                     last row: ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) = 1",
                )
                .at_least(whole)
        })?;
        Ok((right, versions))
    }

    /// The versions under a view of a table that has a key, or that keeps the last row of each key.
    fn versions_of(&mut self, id: NodeId) -> Option<Versions> {
        let node = self.plan.nodes[id].clone();
        match node.kind {
            NodeKind::Project { mut exprs } => {
                let Versions { node: input, keys, last } = self.versions_of(node.inputs[0])?;
                // The number of a last row is 1.
                let columns = self.plan.nodes[input].schema.len();
                for expr in &mut exprs {
                    if expr.as_column() == Some(columns) {
                        *expr = Expr::literal(Value::I64(1), DataType::BigInt);
                    }
                }
                let place =
                    |key: &usize| exprs.iter().position(|expr| expr.as_column() == Some(*key));
                let keys = keys.iter().map(place).collect::<Option<Vec<usize>>>()?;
                Some(Versions { node: self.project(input, exprs, node.schema), keys, last })
            }
            NodeKind::Normalize { keys } => {
                Some(Versions { node: node.inputs[0], keys, last: false })
            }
            NodeKind::Rank { keys, ranking: Ranking { order, from: 1, to: 1, .. }, .. } => {
                let by_time = self.plan.nodes[node.inputs[0]].time;
                let last = matches!(order.as_slice(), [only] if !only.ascending
                    && Some(only.column) == by_time);
                last.then_some(Versions { node: node.inputs[0], keys, last })
            }
            _ => None,
        }
    }
}
