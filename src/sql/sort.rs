//! ORDER BY of a whole query, with a LIMIT or by event time.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned};

use super::emptiness::is_empty;
use super::fault::{Fault, Result};
use super::grouped_subquery::outside_subqueries;
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, is_updating};
use super::rank::RANK;
use super::scope::{Binder, Scope};
use crate::expression::Expr;
use crate::operator::over::{Bounds, Order, OverCall};
use crate::operator::rank::{Ranking, SortKey, Ties};
use crate::record::{DataType, Field, Value};

impl Queries<'_> {
    /// ORDER BY … LIMIT n: the first n rows of all; without ORDER BY the first to come.
    pub(super) fn first_rows(&mut self, query: &ast::Query, input: NodeId) -> Result<NodeId> {
        if query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none() {
            return Ok(input);
        }
        let Some(orders) = orders_of(query) else {
            let what = "this ORDER BY";
            let instead = "name the columns to sort by";
            return Err(Fault::unsupported(query.span(), what, instead).at_least(self.span));
        };
        let (wide, order) = self.sorted_by(query, orders, input)?;
        let sorted = if query.limit_clause.is_none() && query.fetch.is_none() {
            match self.by_time(&order, wide) {
                Some(sorted) => sorted,
                None => {
                    let what = "ORDER BY without LIMIT";
                    let instead = "a stream has no end to sort at";
                    let fault = Fault::unsupported(query.span(), what, instead);
                    return Err(fault.at_least(self.span));
                }
            }
        } else {
            let (skipped, rows) = self.limits(query)?;
            if rows == 0 || is_empty(self.plan, input) {
                let none = Expr::literal(Value::Bool(false), DataType::Boolean);
                return Ok(self.filter(input, none));
            }
            let ties = Ties::EarlierFirst;
            let (from, to) = (skipped + 1, skipped.saturating_add(rows));
            let ranking = Ranking { order, ties, from, to, with_rank: true };
            self.rank(wide, Vec::new(), ranking, None)
        };
        let schema = self.plan.nodes[input].schema.clone();
        let scope = Scope::of(&self.plan.nodes[sorted].schema, None);
        let exprs = (0..schema.len()).map(|column| scope.column(column)).collect();
        Ok(self.project(sorted, exprs, schema))
    }

    /// What a query is sorted by: columns of its result, named or counted from 1 on, or else
    /// values that a SELECT computes besides. Gives the node with these behind the result.
    fn sorted_by(
        &mut self,
        query: &ast::Query,
        orders: &[ast::OrderByExpr],
        input: NodeId,
    ) -> Result<(NodeId, Vec<SortKey>)> {
        let columns = self.plan.nodes[input].schema.len();
        let scope = Scope::of(&self.plan.nodes[input].schema, None);
        let (mut keys, mut besides) = (Vec::new(), Vec::new());
        for by in orders {
            let bound = Binder::plain(&scope, self.span).bind(&by.expr);
            let counted = bound.as_ref().ok().and_then(Expr::as_literal).and_then(Value::as_i64);
            let counted = counted.and_then(|at| usize::try_from(at.wrapping_sub(1)).ok());
            let named = bound.as_ref().ok().and_then(Expr::as_column);
            if counted.is_some_and(|at| at >= columns) {
                let message = format!("ORDER BY {}: there are {columns} columns", by.expr);
                return Err(Fault::new(query.span(), message).at_least(self.span));
            }
            let column = named.or(counted).unwrap_or_else(|| {
                besides.push(by.expr.clone());
                columns + besides.len() - 1
            });
            keys.push(sort_key(by, column));
        }
        if besides.is_empty() {
            return Ok((input, keys));
        }
        let ast::SetExpr::Select(select) = &*query.body else {
            let what = "ORDER BY an expression here";
            let instead = "select it as a column of each side, and name that";
            return Err(Fault::unsupported(query.span(), what, instead).at_least(self.span));
        };
        if select.distinct.is_some() {
            let message = "Expression of ORDER BY is not in the select clause of SELECT DISTINCT";
            return Err(Fault::new(query.span(), message).at_least(self.span));
        }
        let mut wide = select.as_ref().clone();
        for expr in &mut besides {
            aliases_meant(expr, &select.projection)?;
        }
        wide.projection.extend(besides.into_iter().map(ast::SelectItem::UnnamedExpr));
        Ok((self.select(&wide)?, keys))
    }

    /// QUALIFY: the rows of a SELECT by a condition on its OVER calls.
    pub(super) fn qualified(&mut self, select: &ast::Select, condition: &Ast) -> Result<NodeId> {
        if select.distinct.is_some() {
            let instead = "select from a subquery with QUALIFY";
            return Err(Fault::unsupported(self.span, "QUALIFY of SELECT DISTINCT", instead));
        }
        let (mut wide, mut condition) =
            (ast::Select { qualify: None, ..select.clone() }, condition.clone());
        let mut calls = 0;
        let _ = ast::visit_expressions_mut(&mut condition, |expr: &mut Ast| {
            if matches!(expr, Ast::Function(call) if call.over.is_some()) {
                // A name that no column of a user has.
                let alias = ast::Ident::with_quote('`', format!("\u{1}qualify{calls}"));
                let expr = std::mem::replace(expr, Ast::Identifier(alias.clone()));
                wide.projection.push(ast::SelectItem::ExprWithAlias { expr, alias });
                calls += 1;
            }
            ControlFlow::<()>::Continue(())
        });
        let node = self.select(&wide)?;
        let mut schema = self.plan.nodes[node].schema.clone();
        let scope = Scope::of(&schema, None);
        let predicate = Binder::plain(&scope, self.span).truth(&condition)?;
        let node = self.filter_ranked(node, predicate);
        schema.fields.truncate(schema.len() - calls);
        let exprs = (0..schema.len()).map(|column| scope.column(column)).collect();
        Ok(self.project(node, exprs, schema))
    }

    /// LIMIT, OFFSET and FETCH: rows to be left out, and rows behind them.
    pub(super) fn limits(&self, query: &ast::Query) -> Result<(usize, usize)> {
        let refused = |what: &str, instead: &str| {
            Err(Fault::unsupported(query.span(), what, instead).at_least(self.span))
        };
        // FETCH NEXT n ROWS ONLY.
        let one = Ast::Value(ast::Value::Number("1".into(), false).into());
        let fetched = match &query.fetch {
            Some(fetch) if fetch.with_ties || fetch.percent => {
                return refused("this form of FETCH", "write FETCH NEXT n ROWS ONLY");
            }
            Some(fetch) => Some(fetch.quantity.as_ref().unwrap_or(&one)),
            None => None,
        };
        let (limit, offset) = match &query.limit_clause {
            Some(ast::LimitClause::LimitOffset { limit: Some(limit), offset, limit_by })
                if limit_by.is_empty() =>
            {
                (limit, offset.as_ref().map(|offset| &offset.value))
            }
            Some(ast::LimitClause::LimitOffset { limit: None, offset, limit_by })
                if limit_by.is_empty()
                    && let Some(fetched) = fetched =>
            {
                (fetched, offset.as_ref().map(|offset| &offset.value))
            }
            None if let Some(fetched) = fetched => (fetched, None),
            _ => return refused("this form of LIMIT", "write ORDER BY … LIMIT n"),
        };
        let scope = Scope::default();
        let number = |ast: &Ast| {
            let bound = Binder::plain(&scope, self.span).bind(ast).ok()?;
            bound.as_literal().and_then(Value::as_i64).and_then(|it| usize::try_from(it).ok())
        };
        match (number(limit), offset.map_or(Some(0), number)) {
            (Some(rows), Some(skipped)) => Ok((skipped, rows)),
            _ => refused("this LIMIT", "LIMIT takes a number of rows"),
        }
    }

    /// ORDER BY the time attribute, and what else: rows in that order, without those that come too
    /// late for it.
    fn by_time(&mut self, keys: &[SortKey], input: NodeId) -> Option<NodeId> {
        let (by, then) = keys.split_first()?;
        let time = self.plan.nodes[input].time.filter(|time| *time == by.column && by.ascending)?;
        if is_updating(self.plan, input) {
            return None;
        }
        // The frame of a row by itself: OVER leaves out what is older than what has gone out.
        let mut schema = self.plan.nodes[input].schema.clone();
        let sorted = match then {
            [] => self.time_sorted(input, time, &[]),
            // Rows that are taken as they come are in no other order.
            _ if self.in_arrival_order(input) => return None,
            _ => {
                let (keys, then) = (Vec::new(), then.to_vec());
                let kind = NodeKind::TimeSort { time, keys, then };
                let (inputs, schema) = (vec![input], schema.clone());
                self.plan.add(Node { kind, inputs, schema, time: Some(time) })
            }
        };
        schema.fields.push(Field::new(RANK, DataType::BigInt));
        let (keys, calls, order) = (Vec::new(), vec![OverCall::count()], Order::EventTime);
        let kind = NodeKind::Over { time, keys, calls, bounds: Bounds::Rows(Some(0)), order };
        let node = Node { kind, inputs: vec![sorted], schema, time: Some(time) };
        Some(self.plan.add(node))
    }
}

/// What a query is sorted by; none where ORDER BY is of another form.
pub(super) fn orders_of(query: &ast::Query) -> Option<&[ast::OrderByExpr]> {
    match query.order_by.as_ref().map(|order| &order.kind) {
        Some(ast::OrderByKind::Expressions(orders)) => Some(orders.as_slice()),
        None => Some(&[]),
        _ => None,
    }
}

pub(super) fn sort_key(by: &ast::OrderByExpr, column: usize) -> SortKey {
    let ascending = !matches!(by.options.sort, Some(ast::OrderBySort::Desc));
    let nulls_first = by.options.nulls_first.unwrap_or(ascending);
    SortKey { column, ascending, nulls_first }
}

/// The names that SELECT gives, where ORDER BY computes with them.
fn aliases_meant(expr: &mut Ast, projection: &[ast::SelectItem]) -> Result<()> {
    outside_subqueries(expr, |expr| {
        let Ast::Identifier(name) = &*expr else { return Ok(()) };
        let item = projection.iter().find_map(|item| match item {
            ast::SelectItem::ExprWithAlias { expr, alias } if alias.value == name.value => {
                Some(expr)
            }
            _ => None,
        });
        if let Some(item) = item {
            *expr = Ast::Nested(Box::new(item.clone()));
        }
        Ok(())
    })
}
