//! Joins in FROM: which kind each is, its keys, its bounds in time, and what else must hold.

use sqlparser::ast::{self, BinaryOperator as Op, Expr as Ast};

use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation, is_updating};
use super::scope::{Binder, Scope, ScopeColumn};
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

/// What ON, USING or NATURAL say of a join.
#[derive(Clone)]
pub(super) enum On<'a> {
    Nothing,
    Condition(&'a Ast),
    /// Columns of both sides that are equal, and one column of the result.
    Using(Vec<String>),
    /// USING of all columns that both sides have.
    Natural,
}

/// What the conditions say, so far.
#[derive(Default)]
pub(super) struct Found {
    pub keys: [Vec<Expr>; 2],
    /// By key: NULL equals NULL.
    pub nulls_equal: Vec<bool>,
    /// Largest lower and smallest upper bound of right time less left time.
    lower: Option<i64>,
    upper: Option<i64>,
    pub rest: Vec<Expr>,
    /// What a hint says of how long rows of each side are kept.
    ttl_ms: [Option<i64>; 2],
}

impl Found {
    /// An equation of an expression of each side, over that side's own columns.
    pub fn key(&mut self, left: Expr, right: Expr, nulls_equal: bool) {
        self.keys[0].push(left);
        self.keys[1].push(right);
        self.nulls_equal.push(nulls_equal);
    }
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
        if super::unnest::is_unnest(&join.relation) {
            let on = match on {
                On::Nothing => None,
                On::Condition(on) => Some(on),
                _ => return Err(self.using_refused("UNNEST", "write ON TRUE")),
            };
            return self.unnest(left, &join.relation, kind, on);
        }
        if let Some(beside) = self.lateral(&left, &join.relation, kind, &on)? {
            return Ok(beside);
        }
        let right = self.relation(&join.relation)?;
        self.combine(left, right, kind, on, selection)
    }

    fn using_refused(&self, with: &str, instead: &str) -> Fault {
        Fault::unsupported(self.span, &format!("USING or NATURAL with {with}"), instead)
    }

    pub(super) fn combine(
        &mut self,
        mut left: Relation,
        mut right: Relation,
        kind: JoinType,
        on: On<'_>,
        selection: Option<&Ast>,
    ) -> Result<Relation> {
        self.assign(&mut left)?;
        self.assign(&mut right)?;
        let width = left.scope.columns.len();
        let ttl_ms = [self.hints.of(&left.scope), self.hints.of(&right.scope)];
        let mut scope = left.scope;
        scope.columns.extend(right.scope.columns);
        let sides = Sides { nodes: [left.node, right.node], scope, left: width };
        let mut found = Found { ttl_ms, ..Found::default() };
        let shared = self.on(&sides, on, &mut found)?;
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
        let relation = Relation { node, scope, window: None };
        Ok(if shared.is_empty() { relation } else { self.merged(relation, kind, &shared) })
    }

    /// Notes what ON or USING demands; gives the columns that USING makes one, of both sides.
    pub(super) fn on(
        &self,
        sides: &Sides,
        on: On<'_>,
        found: &mut Found,
    ) -> Result<Vec<[usize; 2]>> {
        let part = |side: usize| {
            let columns = match side {
                0 => &sides.scope.columns[..sides.left],
                _ => &sides.scope.columns[sides.left..],
            };
            Scope { columns: columns.to_vec() }
        };
        let names = match on {
            On::Nothing => return Ok(Vec::new()),
            On::Condition(on) => {
                let mut conjuncts = Vec::new();
                split(on, &mut conjuncts);
                for conjunct in conjuncts {
                    self.condition(sides, conjunct, true, found)?;
                }
                return Ok(Vec::new());
            }
            On::Using(names) => names,
            On::Natural => {
                let right = part(1);
                let both = |column: &&ScopeColumn| {
                    !column.qualified && right.position(None, &column.field.name).is_some()
                };
                let left = part(0).columns;
                left.iter().filter(both).map(|column| column.field.name.to_string()).collect()
            }
        };
        let mut shared = Vec::new();
        for name in names {
            let mut pair = [0; 2];
            for (side, at) in pair.iter_mut().enumerate() {
                *at = part(side).only(&name, self.span)?;
            }
            let columns = [part(0).column(pair[0]), part(1).column(pair[1])];
            let Some([left, right]) = same_type(columns) else {
                let message = format!("USING: `{name}` has two types that cannot be compared");
                return Err(Fault::new(self.span, message).help("CAST one of them in a subquery"));
            };
            found.key(left, right, false);
            shared.push([pair[0], pair[1] + sides.left]);
        }
        Ok(shared)
    }

    /// The columns that USING makes one stand first, then those of the left, then the right.
    fn merged(&mut self, relation: Relation, kind: JoinType, shared: &[[usize; 2]]) -> Relation {
        let Relation { node, mut scope, window } = relation;
        let mut exprs = Vec::new();
        let mut columns = Vec::new();
        for &[left, right] in shared {
            let (a, b) = (scope.column(left), scope.column(right));
            let one = match kind {
                JoinType::Right => b,
                JoinType::Full => registry::call("COALESCE", vec![a.clone(), b]).unwrap_or(a),
                _ => a,
            };
            let name = &scope.columns[left].field.name;
            let field = Field { nullable: one.nullable, ..Field::new(name, one.data_type.clone()) };
            columns.push(ScopeColumn::new(None, field));
            exprs.push(one);
        }
        exprs.extend((0..scope.columns.len()).map(|column| scope.column(column)));
        shared.iter().flatten().for_each(|&column| scope.columns[column].qualified = true);
        columns.extend(scope.columns);
        let fields = columns.iter().map(|column| column.field.clone()).collect();
        let node = self.project(node, exprs, Schema::new(fields));
        Relation { node, scope: Scope { columns }, window }
    }

    pub(super) fn join_kind<'a>(&self, join: &'a ast::Join) -> Result<(JoinType, On<'a>)> {
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
        let on = match constraint {
            ast::JoinConstraint::On(on) => On::Condition(on),
            ast::JoinConstraint::None => On::Nothing,
            ast::JoinConstraint::Using(names) => {
                On::Using(names.iter().map(super::select::unquoted).collect())
            }
            ast::JoinConstraint::Natural => On::Natural,
        };
        Ok((kind, on))
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
            && let Some([a, b]) = self.key_pair(sides, left, right)
        {
            found.key(a, b, false);
            return Ok(());
        } else if let Ast::IsNotDistinctFrom(left, right) = conjunct
            && let Some([a, b]) = self.key_pair(sides, left, right)
        {
            found.key(a, b, true);
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
        let (left, mut right) = match (side_of(sides, &a)?, side_of(sides, &b)?) {
            (0, 1) => (a, b),
            (1, 0) => (b, a),
            _ => return None,
        };
        right.map_columns(&|column| column - sides.left);
        same_type([left, right])
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

    /// The column that holds each side's window end, if the keys say that windows are equal, and
    /// whether they are over instants.
    fn windows(&self, sides: &Sides, keys: &[Vec<Expr>; 2]) -> Option<([usize; 2], bool)> {
        let mut columns = [None, None];
        let mut instants = [false, false];
        for (a, b) in keys[0].iter().zip(&keys[1]) {
            let (Some(a), Some(b)) = (a.as_column(), b.as_column()) else { continue };
            let found = |side: usize, column| self.window_column(sides.nodes[side], column);
            let Some((part @ 0..2, instant)) = found(0, a) else { continue };
            if let Some((other, of)) = found(1, b).filter(|(other, _)| *other == part) {
                columns[other] = Some([a, b]);
                instants = [instant, of];
            }
        }
        // Windows of the two kinds of time have no common watermark.
        let columns = columns[0].and(columns[1]).filter(|_| instants[0] == instants[1]);
        columns.map(|columns| (columns, instants[0]))
    }

    pub(super) fn joined(&mut self, sides: &Sides, kind: JoinType, found: Found) -> Result<NodeId> {
        let Found { keys, nulls_equal, lower, upper, mut rest, ttl_ms } = found;
        let updating = sides.nodes.iter().any(|&node| is_updating(self.plan, node));
        let times = sides.nodes.map(|node| self.plan.nodes[node].time);
        let time = match (self.windows(sides, &keys), times, lower.zip(upper)) {
            _ if updating => None,
            (Some((columns, on_clock)), ..) => {
                let late = |&node| self.refuse_late(node, "a window join");
                sides.nodes.iter().try_for_each(late)?;
                Some(TimeBounds { columns, lower: 0, upper: 0, windows: true, on_clock })
            }
            (_, [Some(left), Some(right)], Some((lower, upper))) => {
                // Bounds that leave no time between them: no row has a partner.
                let empty = lower > upper;
                rest.extend(empty.then(|| Expr::literal(Value::Bool(false), DataType::Boolean)));
                let (lower, upper) = if empty { (0, 0) } else { (lower, upper) };
                let columns = [left, right];
                Some(TimeBounds { columns, lower, upper, windows: false, on_clock: false })
            }
            _ => None,
        };
        if time.is_some() && ttl_ms != [None; 2] {
            let message = "STATE_TTL: rows of this join are kept as long as its times ask for";
            return Err(Fault::new(self.span, message).help("leave the hint out"));
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
        let time_of = |side: usize| {
            let time = time?;
            match time.windows {
                true => self.window_time(inputs[side]),
                false => Some(time.columns[side]),
            }
        };
        let rowtime = match kind {
            JoinType::Inner | JoinType::Left | JoinType::Semi | JoinType::Anti => time_of(0),
            JoinType::Right => time_of(1).map(|column| column + widths[0]),
            // Either may be NULL.
            JoinType::Full => None,
        };
        let left_only = kind.left_only();
        let spec =
            Box::new(JoinSpec { join: kind, keys: columns, nulls_equal, condition, time, ttl_ms });
        let schema = Schema::new(fields);
        let kind = NodeKind::Join { spec };
        let node = Node { kind, inputs: inputs.to_vec(), schema, time: rowtime };
        let node = self.plan.add(node);
        Ok(self.without_keys(node, sides, &place, left_only))
    }

    /// The node with its keys as columns: those that are computed stand behind the others.
    pub(super) fn key_columns(&mut self, node: NodeId, keys: &[Expr]) -> (NodeId, Vec<usize>) {
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
    pub(super) fn without_keys(
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

/// Both in the type that they share without a CAST.
pub(super) fn same_type([left, right]: [Expr; 2]) -> Option<[Expr; 2]> {
    let common = registry::common_type(&[left.data_type.clone(), right.data_type.clone()])?;
    Some([registry::unify(left, &common)?, registry::unify(right, &common)?])
}

pub(super) fn conjunction(mut parts: Vec<Expr>) -> Option<Expr> {
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
