//! ROW_NUMBER: the first rows of each key (Top-N) and deduplication, as a subquery that is
//! filtered by the number.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned};

use super::aggregates::Below;
use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation, is_updating};
use super::scope::{Binder, Scope, ScopeColumn};
use crate::expression::registry::Function;
use crate::expression::{Expr, ExprKind};
use crate::operator::over::{Bounds, OverCall};
use crate::operator::rank::{FirstSpec, Ranking, SortKey, Ties};
use crate::record::{DataType, Field, Schema, Value};

/// A column that no column of a user is named like.
pub(super) const RANK: &str = "\u{1}rank";

/// Whether an expression numbers rows.
pub fn has_rank(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |expr: &Ast| match rank_call(expr) {
        Some(_) => ControlFlow::Break(()),
        None => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Whether an expression calls another function OVER a window.
pub fn has_other(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |expr: &Ast| match expr {
        Ast::Function(call) if call.over.is_some() && rank_call(expr).is_none() => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn rank_call(expr: &Ast) -> Option<&ast::Function> {
    let Ast::Function(call) = expr else { return None };
    let name = call.name.to_string().to_ascii_uppercase();
    let ranks = matches!(name.as_str(), "ROW_NUMBER" | "RANK" | "DENSE_RANK");
    (ranks && call.over.is_some()).then_some(call)
}

impl Queries<'_> {
    /// Numbers the rows of a SELECT and puts the number's column in the place of the call.
    pub(super) fn ranked(
        &mut self,
        select: &ast::Select,
        relation: &mut Relation,
        items: &mut [(Ast, String)],
    ) -> Result<()> {
        let mut window = None;
        for (item, _) in items.iter_mut() {
            let replaced = ast::visit_expressions_mut(item, |expr: &mut Ast| {
                let Some(call) = rank_call(expr) else { return ControlFlow::Continue(()) };
                match self.same_window(call, select, &mut window) {
                    Ok(()) => *expr = Ast::Identifier(ast::Ident::with_quote('`', RANK)),
                    Err(fault) => return ControlFlow::Break(fault.at_least(self.span)),
                }
                ControlFlow::Continue(())
            });
            if let ControlFlow::Break(fault) = replaced {
                return Err(fault);
            }
        }
        match window {
            Some(window) => self.rank_node(relation, &window),
            None => Ok(()),
        }
    }

    /// The window of a ROW_NUMBER, which all of a SELECT share.
    fn same_window(
        &self,
        call: &ast::Function,
        select: &ast::Select,
        window: &mut Option<ast::WindowSpec>,
    ) -> Result<()> {
        let name = call.name.to_string().to_ascii_uppercase();
        if name != "ROW_NUMBER" {
            let message = format!("{name}() on streaming table is not supported currently");
            return Err(Fault::new(call.span(), message).help("write ROW_NUMBER()"));
        }
        let found = self.window_spec(call.over.as_ref(), select, call.span())?;
        match window {
            Some(known) if *known != found => Err(super::over::two_windows(call.span())),
            _ => {
                *window = Some(found);
                Ok(())
            }
        }
    }

    /// The relation's columns with those that a window reads besides: by which columns it is
    /// partitioned, and ordered.
    fn window_input(
        &mut self,
        relation: &Relation,
        window: &ast::WindowSpec,
    ) -> Result<(NodeId, Vec<usize>, Vec<SortKey>)> {
        let mut below = Below::default();
        let columns = relation.scope.columns.len();
        (0..columns).for_each(|column| below.exprs.push(relation.scope.column(column)));
        let mut keys = Vec::new();
        for key in &window.partition_by {
            let key = Binder::plain(&relation.scope, self.span).bind(key)?;
            keys.push(below.column(&key));
        }
        let order = self.sort_keys(&relation.scope, &window.order_by, &mut below)?;
        let schema = below.schema(&self.plan.nodes[relation.node].schema);
        let input = self.project(relation.node, below.exprs.clone(), schema);
        Ok((input, keys, order))
    }

    fn rank_node(&mut self, relation: &mut Relation, window: &ast::WindowSpec) -> Result<()> {
        if window.order_by.is_empty() {
            let message = "ROW_NUMBER needs ORDER BY: else no row is the first";
            return Err(Fault::new(self.span, message).help("OVER (PARTITION BY … ORDER BY …)"));
        }
        let columns = relation.scope.columns.len();
        let (input, keys, order) = self.window_input(relation, window)?;
        let width = self.plan.nodes[input].schema.len();
        if keys.iter().any(|&key| self.window_column(input, key).is_some()) {
            self.refuse_late(input, "Top-N of a window")?;
        }
        let ranking =
            Ranking { order, ties: Ties::EarlierFirst, from: 1, to: usize::MAX, with_rank: true };
        let node = self.rank(input, keys, ranking, None);
        // What was only read is left out, so that positions are those of the scope.
        let scope = Scope::of(&self.plan.nodes[node].schema, None);
        let rank = scope.column(width);
        let mut exprs: Vec<Expr> = (0..columns).map(|column| scope.column(column)).collect();
        let fields = relation.scope.columns.iter().map(|column| column.field.clone());
        let mut fields: Vec<Field> = fields.collect();
        let field = Field { nullable: false, ..Field::new(RANK, DataType::BigInt) };
        relation.scope.columns.push(ScopeColumn::new(None, field.clone()));
        fields.push(field);
        exprs.push(rank);
        relation.node = self.project(node, exprs, Schema::new(fields));
        Ok(())
    }

    /// ORDER BY as columns; what is computed goes to `below`, behind the scope's own columns.
    pub(super) fn sort_keys(
        &self,
        scope: &Scope,
        orders: &[ast::OrderByExpr],
        below: &mut Below,
    ) -> Result<Vec<SortKey>> {
        if below.exprs.is_empty() {
            (0..scope.columns.len()).for_each(|column| below.exprs.push(scope.column(column)));
        }
        let mut keys = Vec::new();
        for by in orders {
            let bound = Binder::plain(scope, self.span).bind(&by.expr)?;
            let ascending = !matches!(by.options.sort, Some(ast::OrderBySort::Desc));
            let nulls_first = by.options.nulls_first.unwrap_or(ascending);
            keys.push(SortKey { column: below.column(&bound), ascending, nulls_first });
        }
        Ok(keys)
    }

    pub(super) fn rank(
        &mut self,
        input: NodeId,
        keys: Vec<usize>,
        ranking: Ranking,
        window: Option<(usize, bool)>,
    ) -> NodeId {
        let mut schema = self.plan.nodes[input].schema.clone();
        schema.fields.push(Field { nullable: false, ..Field::new(RANK, DataType::BigInt) });
        let time = self.plan.nodes[input].time;
        let kind = NodeKind::Rank { keys, ranking, window };
        self.plan.add(Node { kind, inputs: vec![input], schema, time })
    }

    /// A filter; where it bounds the number of a ranking below, the ranking keeps no more.
    pub(super) fn filter_ranked(&mut self, input: NodeId, predicate: Expr) -> NodeId {
        let conjuncts = match predicate.kind {
            ExprKind::And(parts) => parts,
            _ => vec![predicate],
        };
        let (mut node, mut rest) = (input, Vec::new());
        let (mut from, mut to) = (1, usize::MAX);
        let mut rank = None;
        for conjunct in flat(conjuncts) {
            match bound_of(&conjunct).filter(|(column, ..)| self.is_rank(input, *column)) {
                Some((column, low, high)) => {
                    rank = Some(column);
                    (from, to) = (from.max(low), to.min(high));
                }
                None => rest.push(conjunct),
            }
        }
        if rank.is_some() {
            node = self.limited(node, from, to);
        }
        if rest.is_empty() {
            return node;
        }
        let predicate = match rest.len() {
            1 => rest.swap_remove(0),
            _ => Expr { kind: ExprKind::And(rest), data_type: DataType::Boolean, nullable: true },
        };
        self.filter(node, predicate)
    }

    /// Whether a column is the number of a ranking that has no bound yet.
    fn is_rank(&self, id: NodeId, column: usize) -> bool {
        let node = &self.plan.nodes[id];
        match &node.kind {
            NodeKind::Project { exprs } => exprs
                .get(column)
                .and_then(Expr::as_column)
                .is_some_and(|column| self.is_rank(node.inputs[0], column)),
            NodeKind::Rank { ranking, .. } => {
                column + 1 == node.schema.len() && ranking.to == usize::MAX
            }
            _ => false,
        }
    }

    /// The same projections over a ranking with bounds.
    fn limited(&mut self, id: NodeId, from: usize, to: usize) -> NodeId {
        let node = self.plan.nodes[id].clone();
        match node.kind {
            NodeKind::Project { exprs } => {
                let input = self.limited(node.inputs[0], from, to);
                self.project(input, exprs, node.schema)
            }
            NodeKind::Rank { keys, ranking, .. } => {
                self.bounded(node.inputs[0], keys, Ranking { from, to, ..ranking })
            }
            _ => id,
        }
    }

    /// Chooses how a ranking with bounds is computed.
    fn bounded(&mut self, input: NodeId, keys: Vec<usize>, mut ranking: Ranking) -> NodeId {
        let bound = |part: usize| {
            let found = keys.iter().filter_map(|&key| {
                let (found, instant) = self.window_column(input, key)?;
                (found == part).then_some((key, instant))
            });
            found.into_iter().next()
        };
        let window = bound(0).and(bound(1));
        let by_time = match ranking.order.as_slice() {
            [only] if self.is_time(input, only.column) || self.is_proctime(input, only.column) => {
                Some(*only)
            }
            _ => None,
        };
        let single = (ranking.from, ranking.to) == (1, 1);
        match by_time.filter(|_| single) {
            // The first by event time never changes: rows are looked at in that order.
            Some(time) if time.ascending && window.is_none() && !is_updating(self.plan, input) => {
                self.first(input, keys, time.column)
            }
            Some(time) if !time.ascending => {
                ranking.ties = Ties::LaterFirst;
                self.rank(input, keys, ranking, window)
            }
            _ => self.rank(input, keys, ranking, window),
        }
    }

    fn first(&mut self, input: NodeId, keys: Vec<usize>, time: usize) -> NodeId {
        let (input, order) = self.ordered(input, time, &keys);
        let mut schema = self.plan.nodes[input].schema.clone();
        schema.fields.push(Field { nullable: false, ..Field::new(RANK, DataType::BigInt) });
        let spec = FirstSpec { time, order, with_rank: true };
        let kind = NodeKind::First { keys, spec };
        let time = self.plan.nodes[input].time;
        self.plan.add(Node { kind, inputs: vec![input], schema, time })
    }

    /// A query whose ROW_NUMBERs have no bound left to come: by event time it is a count of the
    /// rows so far, by anything else every row that comes moves all behind it.
    pub(super) fn numbered(&mut self, id: NodeId) -> Result<NodeId> {
        let mut node = self.plan.nodes[id].clone();
        for input in &mut node.inputs {
            *input = self.numbered(*input)?;
        }
        let NodeKind::Rank { keys, ranking, .. } = &node.kind else {
            return Ok(if node == self.plan.nodes[id] { id } else { self.plan.add(node) });
        };
        if ranking.to != usize::MAX {
            return Ok(self.plan.add(node));
        }
        let by = match ranking.order.as_slice() {
            [by] if by.ascending
                && (self.plan.nodes[node.inputs[0]].time == Some(by.column)
                    || self.is_proctime(node.inputs[0], by.column)) =>
            {
                by
            }
            _ => return Ok(self.plan.add(node)),
        };
        let (keys, time) = (keys.clone(), by.column);
        let (input, order) = self.ordered(node.inputs[0], time, &keys);
        let (calls, bounds) = (vec![OverCall::count()], Bounds::Rows(None));
        node.kind = NodeKind::Over { time, keys, calls, bounds, order };
        let time = self.plan.nodes[input].time;
        Ok(self.plan.add(Node { inputs: vec![input], time, ..node }))
    }

    /// Whether a column is a time attribute, also that of rows that windows have been given to.
    fn is_time(&self, id: NodeId, column: usize) -> bool {
        let node = &self.plan.nodes[id];
        node.time == Some(column)
            || self.sessions_below(id).is_some_and(|(_, window)| window.time == column)
            || match &node.kind {
                NodeKind::Project { exprs } => exprs
                    .get(column)
                    .and_then(Expr::as_column)
                    .is_some_and(|column| self.is_time(node.inputs[0], column)),
                NodeKind::Filter { .. } => self.is_time(node.inputs[0], column),
                NodeKind::WindowAssign { time, .. } => *time == column,
                _ => false,
            }
    }
}

fn flat(parts: Vec<Expr>) -> Vec<Expr> {
    let mut all = Vec::new();
    for part in parts {
        match part.kind {
            ExprKind::And(parts) => all.extend(flat(parts)),
            _ => all.push(part),
        }
    }
    all
}

/// A comparison of a column with a literal, as the column and its bounds.
fn bound_of(expr: &Expr) -> Option<(usize, usize, usize)> {
    let ExprKind::Call { function, args } = &expr.kind else { return None };
    let [left, right] = args.as_slice() else { return None };
    let (column, literal, mirrored) = match (column_of(left), column_of(right)) {
        (Some(column), None) => (column, right, false),
        (None, Some(column)) => (column, left, true),
        _ => return None,
    };
    let literal = literal.as_literal().and_then(Value::as_i64)?;
    let at = usize::try_from(literal.max(0)).ok()?;
    Some(match (function, mirrored) {
        (Function::Eq, _) => (column, at, at),
        (Function::Lt, false) | (Function::Gt, true) => (column, 1, at.saturating_sub(1)),
        (Function::LtEq, false) | (Function::GtEq, true) => (column, 1, at),
        (Function::Gt, false) | (Function::Lt, true) => (column, at + 1, usize::MAX),
        (Function::GtEq, false) | (Function::LtEq, true) => (column, at.max(1), usize::MAX),
        _ => return None,
    })
}

fn column_of(expr: &Expr) -> Option<usize> {
    match &expr.kind {
        ExprKind::Cast { input, .. } => input.as_column(),
        _ => expr.as_column(),
    }
}
