//! Each row with its session: SESSION without an aggregation, or grouped by other columns than
//! those that make the sessions.

use sqlparser::ast::{self, Expr as Ast};

use super::fault::{At, Fault, Result};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope};
use super::select::group_expressions;
use super::windows::{Kind, Window};
use crate::expression::registry::{self, Function};
use crate::expression::{Expr, ExprKind};
use crate::operator::aggregate::{AggregateCall, AggregateFunction};
use crate::operator::unnest::UnnestSpec;
use crate::record::{Field, Schema};

/// Where the packed rows of a session stand, behind the columns of its window.
const ROWS: usize = 3;

impl Queries<'_> {
    /// Gives the rows their sessions where the SELECT groups by anything but their keys and
    /// bounds. Its WHERE is asked of rows that have a session then, else of rows that make one.
    pub(super) fn settle_sessions(
        &mut self,
        relation: &mut Relation,
        select: &ast::Select,
    ) -> Result<()> {
        if relation.window.is_none() {
            return Ok(());
        }
        let items = self.items(select, &relation.scope)?;
        let mut keys = group_expressions(select, self.span)?;
        if keys.is_empty() && select.distinct.is_some() {
            keys = items.iter().map(|(ast, _)| ast).collect();
        }
        match self.makes_sessions(relation, &keys) {
            true => Ok(()),
            false => self.assign(relation),
        }
    }

    /// Whether a GROUP BY can be one over the window at hand: for a SESSION it is by what its
    /// rows are partitioned by, and both of its bounds.
    pub(super) fn makes_sessions(&self, relation: &Relation, group_by: &[&Ast]) -> bool {
        let Some(Window { kind: Kind::Session { keys: of, .. }, .. }) = &relation.window else {
            return true;
        };
        let bind = |ast: &&Ast| Binder::plain(&relation.scope, self.span).bind(ast).ok();
        let keys = group_by.iter().map(|ast| bind(ast).and_then(|key| key.as_column()));
        let Some(keys) = keys.collect::<Option<Vec<usize>>>() else { return false };
        let columns = self.plan.nodes[relation.node].schema.len();
        let bounds = [columns, columns + 1];
        of.iter().chain(&bounds).all(|column| keys.contains(column))
            && keys.iter().all(|key| *key >= columns || of.contains(key))
    }

    /// The rows of each session, with its bounds and time, once it has ended.
    pub(super) fn session_rows(
        &mut self,
        relation: &Relation,
        (gap_ms, keys, time): (i64, &[usize], usize),
    ) -> Result<NodeId> {
        self.refuse_updates(relation.node, "a SESSION window")?;
        self.refuse_late(relation.node, "a SESSION window")?;
        if self.is_proctime(relation.node, time) {
            let what = "SESSION over PROCTIME() that is not grouped by its keys and windows";
            let instead = "GROUP BY the columns of its PARTITION BY, window_start and window_end";
            return Err(Fault::unsupported(self.span, what, instead));
        }
        let schema = self.plan.nodes[relation.node].schema.clone();
        let scope = Scope::of(&schema, None);
        let column = |column: usize| (scope.column(column), schema.fields[column].clone());
        let mut below: Vec<(Expr, Field)> = keys.iter().map(|&key| column(key)).collect();
        below.push(column(time));
        let row = (0..schema.len()).map(|column| scope.column(column)).collect();
        let row = registry::call("ROW", row).at(self.span)?;
        let row_type = row.data_type.clone();
        let packed = registry::pack(row);
        below.push((packed.clone(), Field::new("rows", packed.data_type.clone())));
        let (exprs, fields) = below.into_iter().unzip();
        let input = self.project(relation.node, exprs, Schema::new(fields));
        // What each session is made of, as ARRAY_AGG would keep it.
        let calls = vec![AggregateCall {
            function: AggregateFunction::Concat,
            argument: Some(keys.len() + 1),
            argument_type: packed.data_type.clone(),
            distinct: false,
            filter: None,
            data_type: packed.data_type.clone(),
        }];
        let mut fields = self.plan.nodes[input].schema.fields[..keys.len()].to_vec();
        let bounds = relation.scope.columns[schema.len()..].iter().map(|it| it.field.clone());
        let bounds: Vec<Field> = bounds.collect();
        fields.extend(bounds.iter().cloned());
        fields.push(Field::new("rows", packed.data_type));
        let first = keys.len();
        let kind =
            NodeKind::SessionAggregate { gap_ms, time: first, keys: (0..first).collect(), calls };
        let of =
            Node { kind, inputs: vec![input], schema: Schema::new(fields), time: Some(first + 2) };
        let sessions = self.plan.add(of);
        let scope = Scope::of(&self.plan.nodes[sessions].schema, None);
        let mut exprs: Vec<Expr> = (first..first + ROWS).map(|at| scope.column(at)).collect();
        let rows = registry::unpack(scope.column(first + ROWS), row_type);
        let mut fields = bounds.clone();
        fields.push(Field::new("rows", rows.data_type.clone()));
        exprs.push(rows);
        let arrays = self.project(sessions, exprs, Schema::new(fields.clone()));
        let spec = UnnestSpec { column: ROWS, ..UnnestSpec::default() };
        fields.extend(schema.fields.iter().cloned());
        let (kind, single) = (NodeKind::Unnest { spec }, Schema::new(fields));
        let of = Node { kind, inputs: vec![arrays], schema: single, time: Some(2) };
        let single = self.plan.add(of);
        let scope = Scope::of(&self.plan.nodes[single].schema, None);
        let own = (ROWS + 1..ROWS + 1 + schema.len()).chain(0..ROWS);
        let exprs = own.map(|at| scope.column(at)).collect();
        let fields = schema.fields.into_iter().chain(bounds).collect();
        Ok(self.project(single, exprs, Schema::new(fields)))
    }

    /// What [`Self::session_rows`] has made a node of.
    pub(super) fn sessions_below(&self, id: NodeId) -> Option<(NodeId, Window)> {
        let below = |id: NodeId| {
            let node = &self.plan.nodes[id];
            (&node.kind, node.inputs.first().copied())
        };
        let (NodeKind::Project { exprs: own }, Some(id)) = below(id) else { return None };
        let (NodeKind::Unnest { .. }, Some(id)) = below(id) else { return None };
        let (NodeKind::Project { .. }, Some(id)) = below(id) else { return None };
        let (NodeKind::SessionAggregate { gap_ms, time, keys, .. }, Some(id)) = below(id) else {
            return None;
        };
        let (NodeKind::Project { exprs }, Some(input)) = below(id) else { return None };
        let ExprKind::Call { function: Function::Pack, args } = &exprs.last()?.kind else {
            return None;
        };
        let ExprKind::Call { function: Function::MakeRow, args } = &args.first()?.kind else {
            return None;
        };
        let all = self.plan.nodes[input].schema.len();
        let in_order = |(at, arg): (usize, &Expr)| arg.as_column() == Some(at);
        if args.len() != all || own.len() != all + ROWS || !args.iter().enumerate().all(in_order) {
            return None;
        }
        let keys = keys.iter().map(|&key| exprs[key].as_column()).collect::<Option<_>>()?;
        let kind = Kind::Session { gap_ms: *gap_ms, keys };
        Some((input, Window { kind, time: exprs[*time].as_column()?, span: self.span }))
    }
}
