//! OVER ordered by a value that is no time: a row that comes counts for all that stand behind it,
//! so the results change. Each row is joined with those up to it, and these are aggregated.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned};

use super::aggregates::{self, Grouping};
use super::fault::{At, Fault, Result};
use super::join::{Found, Sides};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::operator::aggregate::{AggregateCall, AggregateFunction};
use crate::operator::join::JoinType;
use crate::operator::rank::{Ranking, SortKey, Ties};
use crate::operator::unnest::UnnestSpec;
use crate::record::{DataType, Field, Schema};

/// What the rows are ordered by: columns of a node that has the relation's own in front.
struct Ordered {
    node: NodeId,
    keys: Vec<usize>,
    by: SortKey,
}

impl Queries<'_> {
    /// The window of the OVER calls of a SELECT list, where it is ordered by no time attribute.
    pub(super) fn window_of_values(
        &self,
        select: &ast::Select,
        relation: &Relation,
        items: &[(Ast, String)],
    ) -> Result<Option<ast::WindowSpec>> {
        let first = items.iter().find_map(|(item, _)| {
            let found = ast::visit_expressions(item, |expr: &Ast| match expr {
                Ast::Function(call) if call.over.is_some() => ControlFlow::Break(call.clone()),
                _ => ControlFlow::Continue(()),
            });
            found.break_value()
        });
        let Some(call) = first else { return Ok(None) };
        let window = self.window_spec(call.over.as_ref(), select, call.span())?;
        let [by] = window.order_by.as_slice() else { return Ok(None) };
        let bound = Binder::plain(&relation.scope, self.span).bind(&by.expr)?;
        let time = self.plan.nodes[relation.node].time;
        let is_time = bound
            .as_column()
            .is_some_and(|column| Some(column) == time || self.is_proctime(relation.node, column));
        let frame = window.window_frame.as_ref();
        let whole = frame.is_none_or(|frame| {
            frame.start_bound == ast::WindowFrameBound::Preceding(None)
                && matches!(frame.end_bound, None | Some(ast::WindowFrameBound::CurrentRow))
        });
        let descends = matches!(by.options.sort, Some(ast::OrderBySort::Desc));
        Ok((!is_time && !descends && whole).then_some(window))
    }

    /// Computes the calls, and puts columns in their place.
    pub(super) fn over_values(
        &mut self,
        select: &ast::Select,
        relation: &mut Relation,
        items: &mut [(Ast, String)],
        window: &ast::WindowSpec,
    ) -> Result<()> {
        let columns = relation.scope.columns.len();
        let by_rows =
            window.window_frame.as_ref().is_some_and(|it| it.units == ast::WindowFrameUnits::Rows);
        let ordered = self.ordered_by_value(relation, window)?;
        // One row for each that is to get a value: peers count for each other in a RANGE, so
        // rows that are the same go together; in ROWS each has a number of its own.
        let each = match by_rows {
            true => self.numbered_rows(&ordered),
            false => self.counted_once(ordered.node),
        };
        let others = if by_rows { each } else { ordered.node };
        let left = self.plan.nodes[each].schema.len();
        let (of_each, of_others) =
            [each, others].map(|node| Scope::of(&self.plan.nodes[node].schema, None)).into();
        let mut scope = Scope::default();
        let hidden = |column: &ScopeColumn| {
            let name = format!("\u{1}{}", column.field.name);
            ScopeColumn::new(None, Field { name: name.into(), ..column.field.clone() })
        };
        scope.columns.extend(of_each.columns.iter().map(hidden));
        scope.columns.extend(relation.scope.columns.iter().cloned());
        scope.columns.extend(of_others.columns[columns..].iter().map(hidden));
        let mut found = Found::default();
        for &key in &ordered.keys {
            found.key(of_each.column(key), of_others.column(key), true);
        }
        let up_to = match by_rows {
            true => self.not_behind(&scope, (left - 1, 2 * left - 1), false)?,
            false => {
                let at = ordered.by.column;
                self.not_behind(&scope, (at, left + at), ordered.by.nulls_first)?
            }
        };
        found.rest.push(up_to);
        let sides = Sides { nodes: [each, others], scope: scope.clone(), left };
        let joined = self.joined(&sides, JoinType::Inner, found)?;
        let mut pairs = Relation { node: joined, scope, window: None };
        let mut grouping = Grouping::default();
        grouping.keys.extend((0..left).map(|column| pairs.scope.column(column)));
        let calls = self.calls_of_values(select, window, &pairs.scope, &mut grouping, items)?;
        let mut node = self.aggregate(&mut pairs, &grouping)?;
        if !by_rows {
            let Node { schema, .. } = self.plan.nodes[node].clone();
            let spec = UnnestSpec { column: left - 1, ..UnnestSpec::default() };
            let kind = NodeKind::Unnest { spec };
            node = self.plan.add(Node { kind, inputs: vec![node], schema, time: None });
        }
        let all = Scope::of(&self.plan.nodes[node].schema, None);
        let mut exprs: Vec<Expr> = (0..columns).map(|column| all.column(column)).collect();
        for (name, value) in calls {
            let field =
                Field { nullable: value.nullable, ..Field::new(&name, value.data_type.clone()) };
            relation.scope.columns.push(ScopeColumn::new(None, field));
            exprs.push(value);
        }
        let fields = relation.scope.columns.iter().map(|column| column.field.clone()).collect();
        relation.node = self.project(node, exprs, Schema::new(fields));
        Ok(())
    }

    fn ordered_by_value(
        &mut self,
        relation: &Relation,
        window: &ast::WindowSpec,
    ) -> Result<Ordered> {
        let (node, keys, order) = self.window_input(relation, window)?;
        let [by] = order.as_slice() else {
            let message = "The window can only be ordered by a single time column.";
            return Err(Fault::new(self.span, message));
        };
        Ok(Ordered { node, keys, by: *by })
    }

    /// The rows with their numbers, of equal ones the earlier first.
    fn numbered_rows(&mut self, ordered: &Ordered) -> NodeId {
        let (order, ties) = (vec![ordered.by], Ties::EarlierFirst);
        let ranking = Ranking { order, ties, from: 1, to: usize::MAX, with_rank: true };
        self.rank(ordered.node, ordered.keys.clone(), ranking, None)
    }

    /// The different rows, and how often each is there.
    fn counted_once(&mut self, input: NodeId) -> NodeId {
        let mut schema = self.plan.nodes[input].schema.clone();
        let calls = vec![AggregateCall {
            function: AggregateFunction::CountStar,
            argument: None,
            argument_type: DataType::Null,
            distinct: false,
            filter: None,
            data_type: DataType::BigInt,
        }];
        let keys = (0..schema.len()).collect();
        let kind = NodeKind::Aggregate { keys, calls, lateness: None, ttl_ms: None };
        schema.fields.push(Field { nullable: false, ..Field::new("times", DataType::BigInt) });
        self.plan.add(Node { kind, inputs: vec![input], schema, time: None })
    }

    /// Whether the second of two columns does not stand behind the first.
    fn not_behind(
        &self,
        scope: &Scope,
        (of_each, of_others): (usize, usize),
        nulls_first: bool,
    ) -> Result<Expr> {
        let (each, other) = (scope.column(of_each), scope.column(of_others));
        let null = if nulls_first { other.clone() } else { each.clone() };
        let before = registry::binary(BinaryOp::LtEq, other, each).at(self.span)?;
        let null = Expr {
            kind: ExprKind::IsNull(Box::new(null)),
            data_type: DataType::Boolean,
            nullable: false,
        };
        Ok(Expr {
            kind: ExprKind::Or(vec![before, null]),
            data_type: DataType::Boolean,
            nullable: true,
        })
    }

    /// Binds each call as an aggregate; gives the names and values of what takes its place.
    fn calls_of_values(
        &self,
        select: &ast::Select,
        window: &ast::WindowSpec,
        scope: &Scope,
        grouping: &mut Grouping,
        items: &mut [(Ast, String)],
    ) -> Result<Vec<(String, Expr)>> {
        let mut calls = Vec::new();
        for (item, _) in items.iter_mut() {
            let replaced = ast::visit_expressions_mut(item, |expr: &mut Ast| {
                let Ast::Function(call) = &*expr else { return ControlFlow::Continue(()) };
                if call.over.is_none() {
                    return ControlFlow::Continue(());
                }
                match self.call_of_values(select, window, scope, grouping, call) {
                    Ok(value) => {
                        // A name that no column of a user has.
                        let name = format!("\u{1}over{}", calls.len());
                        *expr = Ast::Identifier(ast::Ident::with_quote('`', name.clone()));
                        calls.push((name, value));
                        ControlFlow::Continue(())
                    }
                    Err(fault) => ControlFlow::Break(fault),
                }
            });
            if let ControlFlow::Break(fault) = replaced {
                return Err(fault.at_least(self.span));
            }
        }
        Ok(calls)
    }

    fn call_of_values(
        &self,
        select: &ast::Select,
        window: &ast::WindowSpec,
        scope: &Scope,
        grouping: &mut Grouping,
        call: &ast::Function,
    ) -> Result<Expr> {
        let span = call.span();
        if self.window_spec(call.over.as_ref(), select, span)? != *window {
            return Err(Fault::new(
                span,
                "Over Agg: Unsupported use of OVER windows. All aggregates must be computed on \
                 the same window. please re-check the over window statement.",
            )
            .help("compute the other window in a subquery"));
        }
        let name = call.name.to_string().to_ascii_uppercase();
        use AggregateFunction::{Avg, Count, Max, Min, Sum};
        if !matches!(aggregates::function(&name), Some(Avg | Count | Max | Min | Sum)) {
            let what = format!("{name} OVER ordered by a column without a watermark");
            let instead = "ORDER BY the time attribute of the table";
            return Err(Fault::unsupported(span, &what, instead));
        }
        if call.filter.is_some() {
            let message = "OVER must be applied to aggregate function, without FILTER";
            return Err(Fault::new(span, message)
                .help("put the condition into the argument: SUM(CASE WHEN … THEN x END)"));
        }
        let plain = ast::Function { over: None, ..call.clone() };
        Binder { scope, grouping: Some(grouping), span: self.span }.bind(&Ast::Function(plain))
    }
}
