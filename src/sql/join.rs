//! Joins in FROM: which kind each is, its keys, its bounds in time, and what else must hold.

use sqlparser::ast::{self, BinaryOperator as Op, Expr as Ast, Spanned};

use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation, is_updating};
use super::scope::{Binder, Scope};
use super::select::and;
use crate::expression::{Expr, ExprKind, registry};
use crate::operator::join::{JoinSpec, JoinType, TimeBounds};
use crate::record::{DataType, Field, Schema, Value};

/// Both inputs of a join side by side.
pub(super) struct Sides {
    pub nodes: [NodeId; 2],
    pub scope: Scope,
    /// Columns of the left one.
    pub left: usize,
}

/// What the conditions say, so far.
#[derive(Default)]
pub(super) struct Found {
    pub keys: [Vec<Expr>; 2],
    /// Largest lower and smallest upper bound of right time less left time.
    lower: Option<i64>,
    upper: Option<i64>,
    pub rest: Vec<Expr>,
}

impl Queries<'_> {
    /// `left` joined with the next item of FROM. For an inner join, WHERE may bound it too.
    pub(super) fn join(
        &mut self,
        left: Relation,
        join: &ast::Join,
        selection: Option<&Ast>,
    ) -> Result<Relation> {
        if let ast::TableFactor::Table { version: Some(_), .. } = &join.relation {
            return self.temporal(left, join);
        }
        let (kind, on) = self.join_kind(join)?;
        let right = self.relation(&join.relation)?;
        self.combine(left, right, kind, on, selection)
    }

    pub(super) fn combine(
        &mut self,
        mut left: Relation,
        mut right: Relation,
        kind: JoinType,
        on: Option<&Ast>,
        selection: Option<&Ast>,
    ) -> Result<Relation> {
        self.assign(&mut left)?;
        self.assign(&mut right)?;
        let width = left.scope.columns.len();
        let mut scope = left.scope;
        scope.columns.extend(right.scope.columns);
        let sides = Sides { nodes: [left.node, right.node], scope, left: width };
        let mut conjuncts = Vec::new();
        on.into_iter().for_each(|on| split(on, &mut conjuncts));
        let mut found = Found::default();
        for conjunct in &conjuncts {
            self.condition(&sides, conjunct, true, &mut found)?;
        }
        if kind == JoinType::Inner {
            let mut more = Vec::new();
            selection.into_iter().for_each(|selection| split(selection, &mut more));
            for conjunct in more {
                // One that names tables further on is none of this join's; WHERE reports errors.
                let _ = self.condition(&sides, conjunct, false, &mut found);
            }
        }
        let node = self.joined(&sides, kind, found)?;
        let mut scope = sides.scope;
        for (index, column) in scope.columns.iter_mut().enumerate() {
            column.field.nullable |= kind.keeps(usize::from(index < width));
        }
        Ok(Relation { node, scope, window: None })
    }

    /// WHERE without its EXISTS and IN of subqueries, which become joins.
    pub(super) fn subqueries(
        &mut self,
        relation: &mut Relation,
        selection: &Ast,
    ) -> Result<Option<Ast>> {
        let (mut conjuncts, mut rest) = (Vec::new(), Vec::new());
        split(selection, &mut conjuncts);
        let all = conjuncts.len();
        for conjunct in conjuncts {
            let (plain, not) = match conjunct {
                Ast::UnaryOp { op: ast::UnaryOperator::Not, expr } => (&**expr, true),
                other => (other, false),
            };
            let (query, negated, value) = match plain {
                Ast::Exists { subquery, negated } => (subquery, *negated != not, None),
                Ast::InSubquery { expr, subquery, negated } => {
                    (subquery, *negated != not, Some(&**expr))
                }
                _ => {
                    rest.push(conjunct.clone());
                    continue;
                }
            };
            if negated && value.is_some() {
                let instead = "write NOT EXISTS (SELECT … WHERE …), which takes NULLs as you say";
                return Err(Fault::unsupported(self.span, "NOT IN of a subquery", instead));
            }
            let kind = if negated { JoinType::Anti } else { JoinType::Semi };
            self.filtered_by(relation, query, value, kind)?;
        }
        match rest.len() == all {
            true => Ok(Some(selection.clone())),
            false => Ok(rest.into_iter().map(Some).reduce(and).flatten()),
        }
    }

    /// The rows of `relation` that have a row in the subquery, or have none.
    fn filtered_by(
        &mut self,
        relation: &mut Relation,
        query: &ast::Query,
        value: Option<&Ast>,
        kind: JoinType,
    ) -> Result<()> {
        let select = match &*query.body {
            ast::SetExpr::Select(select) if query.with.is_none() => select,
            _ => {
                let instead = "SELECT … FROM (that query) WHERE …";
                return Err(Fault::unsupported(self.span, "this form of subquery", instead));
            }
        };
        super::select::refuse_clauses(select, self.span)?;
        let grouped = !super::select::group_expressions(select, self.span)?.is_empty()
            || select.having.is_some()
            || select.projection.iter().any(|item| match item {
                ast::SelectItem::UnnamedExpr(expr)
                | ast::SelectItem::ExprWithAlias { expr, .. } => super::select::has_aggregate(expr),
                _ => false,
            });
        if grouped || query.order_by.is_some() || query.limit_clause.is_some() {
            let instead = "put the aggregate into a subquery of its FROM";
            return Err(Fault::unsupported(
                self.span,
                "GROUP BY or LIMIT in EXISTS or IN",
                instead,
            ));
        }
        let mut inner = self.from(select)?;
        self.assign(relation)?;
        self.assign(&mut inner)?;
        let (mut conjuncts, mut correlated) = (Vec::new(), Vec::new());
        select.selection.iter().for_each(|selection| split(selection, &mut conjuncts));
        for conjunct in conjuncts {
            match Binder::plain(&inner.scope, self.span).truth(conjunct) {
                Ok(predicate) => inner.node = self.filter(inner.node, predicate),
                Err(_) => correlated.push(conjunct),
            }
        }
        let left = relation.scope.columns.len();
        let mut scope = relation.scope.clone();
        scope.columns.extend(inner.scope.columns.iter().cloned());
        let sides = Sides { nodes: [relation.node, inner.node], scope, left };
        let mut found = Found::default();
        for conjunct in correlated {
            self.condition(&sides, conjunct, true, &mut found)?;
        }
        if let Some(value) = value {
            let items = self.items(select, &inner.scope)?;
            let [(item, _)] = items.as_slice() else {
                return Err(Fault::new(self.span, "IN needs a subquery of one column"));
            };
            let outer = Binder::plain(&relation.scope, self.span).bind(value)?;
            let item = Binder::plain(&inner.scope, self.span).bind(item)?;
            let common = registry::common_type(&[outer.data_type.clone(), item.data_type.clone()]);
            let pair = common.and_then(|common| {
                Some((registry::coerce(outer, &common)?, registry::coerce(item, &common)?))
            });
            let Some((outer, item)) = pair else {
                return Err(Fault::new(self.span, "IN compares values of types that differ"));
            };
            found.keys[0].push(outer);
            found.keys[1].push(item);
        }
        relation.node = self.joined(&sides, kind, found)?;
        Ok(())
    }

    pub(super) fn join_kind<'a>(&self, join: &'a ast::Join) -> Result<(JoinType, Option<&'a Ast>)> {
        use ast::JoinOperator as J;
        let (kind, constraint) = match &join.join_operator {
            J::Join(on) | J::Inner(on) | J::CrossJoin(on) => (JoinType::Inner, on),
            J::Left(on) | J::LeftOuter(on) => (JoinType::Left, on),
            J::Right(on) | J::RightOuter(on) => (JoinType::Right, on),
            J::FullOuter(on) => (JoinType::Full, on),
            _ => {
                let instead = "write JOIN, LEFT JOIN, RIGHT JOIN or FULL JOIN";
                return Err(Fault::unsupported(self.span, "this form of JOIN", instead));
            }
        };
        match constraint {
            ast::JoinConstraint::On(on) => Ok((kind, Some(on))),
            ast::JoinConstraint::None => Ok((kind, None)),
            _ => {
                let instead = "write ON a.column = b.column";
                let span = join.relation.span();
                Err(Fault::unsupported(span, "USING and NATURAL", instead).at_least(self.span))
            }
        }
    }

    /// Sorts one condition in; those of WHERE (`own` false) only bound and stay there.
    pub(super) fn condition(
        &self,
        sides: &Sides,
        conjunct: &Ast,
        own: bool,
        found: &mut Found,
    ) -> Result<()> {
        let bound = Binder::plain(&sides.scope, self.span).truth(conjunct)?;
        if let Some((lower, upper)) = self.time_bounds(sides, conjunct) {
            found.lower = found.lower.max(lower);
            found.upper = match (found.upper, upper) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        } else if let Ast::BinaryOp { left, op: Op::Eq, right } = conjunct
            && let Some(pair) = self.key_pair(sides, left, right)
        {
            let [a, b] = pair;
            found.keys[0].push(a);
            found.keys[1].push(b);
            return Ok(());
        }
        if own {
            found.rest.push(bound);
        }
        Ok(())
    }

    /// The two parts of an equation, left input first, if each reads one input.
    fn key_pair(&self, sides: &Sides, a: &Ast, b: &Ast) -> Option<[Expr; 2]> {
        let bind = |ast: &Ast| Binder::plain(&sides.scope, self.span).bind(ast).ok();
        let (a, b) = (bind(a)?, bind(b)?);
        let (mut left, mut right) = match (side_of(sides, &a)?, side_of(sides, &b)?) {
            (0, 1) => (a, b),
            (1, 0) => (b, a),
            _ => return None,
        };
        let common = registry::common_type(&[left.data_type.clone(), right.data_type.clone()])?;
        left = registry::coerce(left, &common)?;
        right = registry::coerce(right, &common)?;
        right.map_columns(&|column| column - sides.left);
        Some([left, right])
    }

    /// Bounds of right time less left time that a comparison of both time attributes gives.
    fn time_bounds(&self, sides: &Sides, ast: &Ast) -> Option<(Option<i64>, Option<i64>)> {
        if let Ast::Between { expr, negated: false, low, high } = ast {
            let low = self.compared(sides, expr, &Op::GtEq, low)?;
            let high = self.compared(sides, expr, &Op::LtEq, high)?;
            let (lower, upper) = (low.0.max(high.0), low.1.or(high.1));
            return Some((lower, upper));
        }
        match ast {
            Ast::Nested(inner) => self.time_bounds(sides, inner),
            Ast::BinaryOp { left, op, right } => self.compared(sides, left, op, right),
            _ => None,
        }
    }

    fn compared(
        &self,
        sides: &Sides,
        a: &Ast,
        op: &Op,
        b: &Ast,
    ) -> Option<(Option<i64>, Option<i64>)> {
        let (side, at) = self.time_of(sides, a)?;
        let (other, plus) = self.time_of(sides, b)?;
        if side == other {
            return None;
        }
        // Of the right time less the left time: at its most, at its least.
        let least = |strict: i64| match side {
            1 => (Some(plus - at + strict), None),
            _ => (None, Some(at - plus - strict)),
        };
        let most = |strict: i64| match side {
            1 => (None, Some(plus - at - strict)),
            _ => (Some(at - plus + strict), None),
        };
        match op {
            Op::GtEq => Some(least(0)),
            Op::Gt => Some(least(1)),
            Op::LtEq => Some(most(0)),
            Op::Lt => Some(most(1)),
            Op::Eq => Some((least(0).0.or(most(0).0), least(0).1.or(most(0).1))),
            _ => None,
        }
    }

    /// Side and offset of a time attribute plus or less a constant.
    fn time_of(&self, sides: &Sides, ast: &Ast) -> Option<(usize, i64)> {
        match ast {
            Ast::Nested(inner) => self.time_of(sides, inner),
            Ast::BinaryOp { left, op: op @ (Op::Plus | Op::Minus), right } => {
                if *op == Op::Plus && matches!(**left, Ast::Interval(_)) {
                    let (side, at) = self.time_of(sides, right)?;
                    return Some((side, at + self.constant(left)?));
                }
                let (side, at) = self.time_of(sides, left)?;
                let by = self.constant(right)?;
                Some((side, if *op == Op::Plus { at + by } else { at - by }))
            }
            Ast::Identifier(_) | Ast::CompoundIdentifier(_) => {
                let column = Binder::plain(&sides.scope, self.span).bind(ast).ok()?.as_column()?;
                let time = |side: usize| self.plan.nodes[sides.nodes[side]].time;
                if Some(column) == time(0) {
                    return Some((0, 0));
                }
                (column.checked_sub(sides.left) == time(1) && time(1).is_some()).then_some((1, 0))
            }
            _ => None,
        }
    }

    fn constant(&self, ast: &Ast) -> Option<i64> {
        let scope = Scope::default();
        let expr = Binder::plain(&scope, self.span).bind(ast).ok()?;
        match (expr.data_type.clone(), expr.as_literal()?) {
            (DataType::IntervalDayTime, Value::I64(ms)) => Some(*ms),
            _ => None,
        }
    }

    /// The column that holds each side's window end, if the keys say that windows are equal.
    fn windows(&self, sides: &Sides, keys: &[Vec<Expr>; 2]) -> Option<[usize; 2]> {
        let mut columns = [None, None];
        for (a, b) in keys[0].iter().zip(&keys[1]) {
            let (Some(a), Some(b)) = (a.as_column(), b.as_column()) else { continue };
            let part = |side: usize, column| Some(self.window_column(sides.nodes[side], column)?.0);
            if let Some(part @ 0..2) = part(0, a).filter(|found| part(1, b) == Some(*found)) {
                columns[part] = Some([a, b]);
            }
        }
        columns[0].and(columns[1])
    }

    fn joined(&mut self, sides: &Sides, kind: JoinType, found: Found) -> Result<NodeId> {
        let Found { keys, lower, upper, rest } = found;
        let updating = sides.nodes.iter().any(|&node| is_updating(self.plan, node));
        let times = sides.nodes.map(|node| self.plan.nodes[node].time);
        let time = match (self.windows(sides, &keys), times, lower.zip(upper)) {
            _ if updating => None,
            (Some(columns), ..) => Some(TimeBounds { columns, lower: 0, upper: 0, windows: true }),
            (_, [Some(left), Some(right)], Some((lower, upper))) => {
                if lower > upper {
                    let message = "the bounds of the join's times leave no time between them";
                    return Err(Fault::new(self.span, message).help("turn the comparison round"));
                }
                Some(TimeBounds { columns: [left, right], lower, upper, windows: false })
            }
            _ => None,
        };
        if keys[0].is_empty() && time.is_none() {
            let instead = "join by an equation of one column of each side";
            return Err(Fault::unsupported(self.span, "a join without an equal key", instead));
        }
        let mut inputs = sides.nodes;
        let mut columns = [Vec::new(), Vec::new()];
        for side in 0..2 {
            (inputs[side], columns[side]) = self.key_columns(sides.nodes[side], &keys[side]);
        }
        let widths = inputs.map(|node| self.plan.nodes[node].schema.len());
        let place = |column: usize| match column < sides.left {
            true => column,
            false => column - sides.left + widths[0],
        };
        let condition = conjunction(rest).map(|mut condition| {
            condition.map_columns(&place);
            condition
        });
        let mut fields = Vec::new();
        let shown = if kind.left_only() { &inputs[..1] } else { &inputs[..] };
        for (side, &node) in shown.iter().enumerate() {
            let of = self.plan.nodes[node].schema.fields.iter();
            let padded = kind.keeps(1 - side) && !kind.left_only();
            fields.extend(of.map(|f| Field { nullable: f.nullable || padded, ..f.clone() }));
        }
        let interval = time.filter(|time| !time.windows);
        let rowtime = interval.and_then(|time| match kind {
            JoinType::Inner | JoinType::Left | JoinType::Semi | JoinType::Anti => {
                Some(time.columns[0])
            }
            JoinType::Right => Some(time.columns[1] + widths[0]),
            // Either may be NULL.
            JoinType::Full => None,
        });
        let left_only = kind.left_only();
        let spec = Box::new(JoinSpec { join: kind, keys: columns, condition, time });
        let schema = Schema::new(fields);
        let kind = NodeKind::Join { spec };
        let node = Node { kind, inputs: inputs.to_vec(), schema, time: rowtime };
        let node = self.plan.add(node);
        Ok(self.without_keys(node, sides, &place, left_only))
    }

    /// The node with its keys as columns: those that are computed stand behind the others.
    fn key_columns(&mut self, node: NodeId, keys: &[Expr]) -> (NodeId, Vec<usize>) {
        let mut schema = self.plan.nodes[node].schema.clone();
        let scope = Scope::of(&schema, None);
        let mut exprs: Vec<Expr> = (0..schema.len()).map(|index| scope.column(index)).collect();
        let mut columns = Vec::new();
        for key in keys {
            columns.push(key.as_column().unwrap_or(exprs.len()));
            if key.as_column().is_none() {
                schema.fields.push(Field::new("join key", key.data_type.clone()));
                exprs.push(key.clone());
            }
        }
        match exprs.len() > scope.columns.len() {
            true => (self.project(node, exprs, schema), columns),
            false => (node, columns),
        }
    }

    /// Leaves computed keys out again.
    fn without_keys(
        &mut self,
        node: NodeId,
        sides: &Sides,
        place: &impl Fn(usize) -> usize,
        left_only: bool,
    ) -> NodeId {
        let schema = self.plan.nodes[node].schema.clone();
        let both = sides.scope.columns.len();
        let columns = if left_only { sides.left } else { both };
        if schema.len() == columns {
            return node;
        }
        let scope = Scope::of(&schema, None);
        let exprs = (0..columns).map(|column| scope.column(place(column))).collect();
        let fields = (0..columns).map(|column| schema.fields[place(column)].clone()).collect();
        self.project(node, exprs, Schema::new(fields))
    }
}

/// The side whose columns alone an expression reads.
fn side_of(sides: &Sides, expr: &Expr) -> Option<usize> {
    let (mut left, mut right) = (false, false);
    expr.visit_columns(&mut |column| match column < sides.left {
        true => left = true,
        false => right = true,
    });
    (left != right).then_some(usize::from(right))
}

fn conjunction(mut parts: Vec<Expr>) -> Option<Expr> {
    if parts.len() < 2 {
        return parts.pop();
    }
    Some(Expr { kind: ExprKind::And(parts), data_type: DataType::Boolean, nullable: true })
}

pub(super) fn split<'a>(ast: &'a Ast, out: &mut Vec<&'a Ast>) {
    match ast {
        Ast::BinaryOp { left, op: Op::And, right } => {
            split(left, out);
            split(right, out);
        }
        Ast::Nested(inner) => split(inner, out),
        other => out.push(other),
    }
}
