//! LATERAL (SELECT …) in FROM, whose subquery names columns of what stands before it: a join by what
//! binds it, or a Top-N.

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::by_values;
use super::fault::{Fault, Result};
use super::join::{Found, On, Sides, same_type, split};
use super::over::has_over;
use super::plan::{NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::field_of;
use super::single_value::{counted, or_zero};
use super::sort::{orders_of, sort_key};
use super::subquery::{Inner, is_grouped, plain_select};
use crate::expression::Expr;
use crate::operator::join::JoinType;
use crate::operator::rank::{Ranking, Ties};
use crate::record::{Field, Schema};

/// A LATERAL subquery, and how it is joined.
struct Lateral<'a> {
    query: &'a ast::Query,
    select: &'a ast::Select,
    alias: Option<&'a ast::TableAlias>,
    kind: JoinType,
    on: Option<&'a Ast>,
    span: Span,
}

impl Queries<'_> {
    /// `left` with the rows of a LATERAL subquery, where that names columns of `left`.
    pub(super) fn lateral(
        &mut self,
        left: &Relation,
        factor: &ast::TableFactor,
        kind: JoinType,
        on: &On<'_>,
    ) -> Result<Option<Relation>> {
        let ast::TableFactor::Derived { lateral: true, subquery, alias, .. } = factor else {
            return Ok(None);
        };
        if self.query(subquery).is_ok() {
            // It stands by itself.
            return Ok(None);
        }
        let on = match on {
            On::Nothing => None,
            On::Condition(on) => Some(*on),
            _ => {
                let what = "USING or NATURAL with LATERAL";
                return Err(Fault::unsupported(self.span, what, "write ON TRUE"));
            }
        };
        let span = subquery.span();
        if !matches!(kind, JoinType::Inner | JoinType::Left) {
            let message = "LATERAL is joined by CROSS JOIN, JOIN or LEFT JOIN";
            return Err(Fault::new(span, message).at_least(self.span));
        }
        let Some(select) = plain_select(subquery).filter(|select| !select.from.is_empty()) else {
            return Err(self.refused(span, "a LATERAL subquery that is no SELECT from a table"));
        };
        let query = &**subquery;
        let lateral = Lateral { query, select, alias: alias.as_ref(), kind, on, span };
        let mut left = left.clone();
        self.assign(&mut left)?;
        if query.limit_clause.is_some() || query.fetch.is_some() || query.order_by.is_some() {
            return self.top_of_each(left, &lateral).map(Some);
        }
        let ranked = select.projection.iter().any(|item| match item {
            ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. } => {
                has_over(expr)
            }
            _ => false,
        });
        if ranked {
            return Err(self.refused(span, "OVER in a LATERAL subquery"));
        }
        match is_grouped(select, self.span) || select.distinct.is_some() {
            true => self.groups_of_each(left, &lateral).map(Some),
            false => self.rows_of_each(left, &lateral).map(Some),
        }
    }

    fn refused(&self, span: Span, what: &str) -> Fault {
        let instead = "JOIN (SELECT …) AS x ON …, with ROW_NUMBER() OVER (PARTITION BY key ORDER BY …) \
                       in the subquery for the first rows of each key";
        let what = format!("{what}, which names columns of the tables before it,");
        Fault::unsupported(span, &what, instead).at_least(self.span)
    }

    /// The subquery's rows as they are: a join by its conditions. What it computes may read both.
    fn rows_of_each(&mut self, left: Relation, lateral: &Lateral<'_>) -> Result<Relation> {
        let inner = self.inside(lateral.select)?;
        let items = self.items(lateral.select, &inner.relation.scope)?;
        let own = |(item, name): &(Ast, String)| {
            let bound = Binder::plain(&inner.relation.scope, self.span).bind(item).ok()?;
            Some((field_of(name, &bound), bound))
        };
        // Computed before the join, where they read the subquery alone.
        let before: Option<Vec<(Field, Expr)>> = items.iter().map(own).collect();
        let width = left.scope.columns.len();
        let Some(before) = before else {
            if lateral.kind != JoinType::Inner || lateral.on.is_some() {
                let what = "LEFT JOIN, or ON, of a LATERAL subquery that computes with both sides";
                let instead = "compute it in the SELECT list around";
                return Err(Fault::unsupported(lateral.span, what, instead).at_least(self.span));
            }
            let sides = self.nested(&left, &inner.relation);
            let bind = |(item, name): &(Ast, String)| {
                let bound = Binder::plain(&sides.scope, self.span).bind(item)?;
                Ok((field_of(name, &bound), bound))
            };
            let after = items.iter().map(bind).collect::<Result<Vec<_>>>()?;
            let computed: Vec<Expr> = after.iter().map(|(_, expr)| expr.clone()).collect();
            let bound = (&inner.correlated[..], &computed[..]);
            let node = self.bound_by(&sides, bound, lateral, Scope::default())?;
            return Ok(self.shown(left, node, after, lateral));
        };
        let columns = inner.relation.scope.columns.len();
        let (fields, exprs): (Vec<Field>, Vec<Expr>) = before.into_iter().unzip();
        let mut inner = inner;
        let scope = Scope::of(&self.plan.nodes[inner.relation.node].schema, None);
        let all = (0..columns).map(|column| scope.column(column)).chain(exprs).collect();
        let of = inner.relation.scope.columns.iter().map(|column| column.field.clone());
        let schema = Schema::new(of.chain(fields.iter().cloned()).collect());
        inner.relation.node = self.project(inner.relation.node, all, schema);
        let mut sides = self.nested(&left, &inner.relation);
        let names = named(&fields, lateral.alias);
        let name = lateral.alias.map(|alias| alias.name.value.as_str().into());
        // Inside, what the subquery gives has no name yet; in ON it is all that has one of it.
        let given = names.iter().map(|field| ScopeColumn::new(name.clone(), field.clone()));
        sides.scope.columns.extend(given.clone().map(nameless));
        let mut around = left.scope.clone();
        around.columns.extend(inner.relation.scope.columns.iter().cloned().map(nameless));
        around.columns.extend(given);
        let node = self.bound_by(&sides, (&inner.correlated, &[]), lateral, around)?;
        let scope = Scope::of(&self.plan.nodes[node].schema, None);
        let items = names.into_iter().enumerate();
        let items = items.map(|(at, field)| (field, scope.column(width + columns + at))).collect();
        Ok(self.shown(left, node, items, lateral))
    }

    /// The join by what the subquery's WHERE and the ON ask for, and of rows that have what it
    /// computes with; ON names the columns `around`.
    fn bound_by(
        &mut self,
        sides: &Sides,
        (correlated, computed): (&[&Ast], &[Expr]),
        lateral: &Lateral<'_>,
        around: Scope,
    ) -> Result<NodeId> {
        let mut found = Found::default();
        for conjunct in correlated {
            self.condition(sides, conjunct, true, &mut found)?;
        }
        let present = by_values::values_present(sides, &found, computed);
        found.rest.extend(present);
        let outside = Sides { nodes: sides.nodes, scope: around, left: sides.left };
        let mut conjuncts = Vec::new();
        lateral.on.into_iter().for_each(|on| split(on, &mut conjuncts));
        for conjunct in conjuncts {
            self.condition(&outside, conjunct, true, &mut found)?;
        }
        self.joined(sides, lateral.kind, found)
    }

    /// The columns of the left and what the subquery gives, under its names.
    fn shown(
        &mut self,
        left: Relation,
        node: NodeId,
        items: Vec<(Field, Expr)>,
        lateral: &Lateral<'_>,
    ) -> Relation {
        let width = left.scope.columns.len();
        let of = Scope::of(&self.plan.nodes[node].schema, None);
        let mut exprs: Vec<Expr> = (0..width).map(|column| of.column(column)).collect();
        let (fields, computed): (Vec<Field>, Vec<Expr>) = items.into_iter().unzip();
        exprs.extend(computed);
        let mut scope = left.scope;
        let name = lateral.alias.map(|alias| alias.name.value.as_str().into());
        for mut field in named(&fields, lateral.alias) {
            field.nullable |= lateral.kind == JoinType::Left;
            scope.columns.push(ScopeColumn::new(name.clone(), field));
        }
        let fields = scope.columns.iter().map(|column| column.field.clone()).collect();
        let node = self.project(node, exprs, Schema::new(fields));
        Relation { node, scope, window: None }
    }

    /// A subquery that aggregates: by the columns that bind it besides, and joined by these. As in
    /// Flink, a row without any has none, but for a LEFT JOIN of a single COUNT.
    fn groups_of_each(&mut self, left: Relation, lateral: &Lateral<'_>) -> Result<Relation> {
        let (grouped, outer_keys) = self.uncorrelated(&left, lateral.select)?;
        let node = self.select(&grouped)?;
        let schema = self.plan.nodes[node].schema.clone();
        let shown = schema.len() - outer_keys.len();
        let inner = Scope::of(&schema, lateral.alias.map(|alias| alias.name.value.as_str()));
        let width = left.scope.columns.len();
        let mut scope = left.scope.clone();
        scope.columns.extend(inner.columns.iter().cloned());
        for (column, field) in
            scope.columns[width..].iter_mut().zip(named(&schema.fields[..shown], lateral.alias))
        {
            column.field.name = field.name;
        }
        // What binds it has no name outside.
        let bound = scope.columns.split_off(width + shown);
        scope.columns.extend(bound.into_iter().map(nameless));
        let sides = Sides { nodes: [left.node, node], scope, left: width };
        let mut found = Found::default();
        for (index, outer) in outer_keys.into_iter().enumerate() {
            let Some([outer, inner]) = same_type([outer, inner.column(shown + index)]) else {
                return Err(Fault::new(self.span, "the subquery compares types that differ"));
            };
            found.key(outer, inner, false);
        }
        let present = by_values::values_present(&sides, &found, &[]);
        found.rest.extend(present);
        let counts = match (lateral.kind, lateral.select.projection.as_slice()) {
            (
                JoinType::Left,
                [
                    ast::SelectItem::UnnamedExpr(item)
                    | ast::SelectItem::ExprWithAlias { expr: item, .. },
                ],
            ) if shown == 1 && grouped_by_binding(lateral.select) => counted(item, true, self)?,
            _ => false,
        };
        if counts && !lateral.on.is_none_or(is_true) {
            let what = "a COUNT in a LATERAL subquery with a condition in ON";
            return Err(Fault::unsupported(
                lateral.span,
                what,
                "write ON TRUE, and filter by WHERE",
            )
            .at_least(self.span));
        }
        let mut conjuncts = Vec::new();
        lateral.on.into_iter().for_each(|on| split(on, &mut conjuncts));
        for conjunct in conjuncts {
            self.condition(&sides, conjunct, true, &mut found)?;
        }
        let node = self.joined(&sides, lateral.kind, found)?;
        let of = Scope::of(&self.plan.nodes[node].schema, None);
        let mut items = Vec::new();
        for (at, field) in schema.fields[..shown].iter().enumerate() {
            let value = of.column(width + at);
            let value = if counts { or_zero(value) } else { value };
            items.push((field.clone(), value));
        }
        Ok(self.shown(left, node, items, lateral))
    }

    /// `(SELECT DISTINCT k FROM t) AS a, LATERAL (SELECT … FROM t WHERE t.k = a.k ORDER BY … LIMIT n)`:
    /// the first rows of each key. Of one table alone, as in Flink: each key has rows.
    fn top_of_each(&mut self, left: Relation, lateral: &Lateral<'_>) -> Result<Relation> {
        let other = |queries: &Self| {
            let what = "ORDER BY … LIMIT in a LATERAL subquery, but for (SELECT DISTINCT k FROM t) AS a, \
                        LATERAL (SELECT … FROM t WHERE t.k = a.k ORDER BY … LIMIT n),";
            let instead = "SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY …) AS rn in a subquery, \
                           WHERE rn <= n around it, and JOIN that";
            Err(Fault::unsupported(lateral.span, what, instead).at_least(queries.span))
        };
        let select = lateral.select;
        if lateral.kind != JoinType::Inner
            || lateral.on.is_some_and(|on| !is_true(on))
            || is_grouped(select, self.span)
            || select.distinct.is_some()
        {
            return other(self);
        }
        let inner = self.inside(select)?;
        let Some(keys) = self.keys_of_each(&left, &inner) else { return other(self) };
        let (skipped, rows) = self.limits(lateral.query)?;
        let Some(orders) = orders_of(lateral.query) else { return other(self) };
        if skipped > 0 || rows == 0 || orders.is_empty() {
            return other(self);
        }
        let mut order = Vec::new();
        for by in orders {
            let bound = Binder::plain(&inner.relation.scope, self.span).bind(&by.expr)?;
            let Some(column) = bound.as_column() else { return other(self) };
            order.push(sort_key(by, column));
        }
        let ranking =
            Ranking { order, ties: Ties::EarlierFirst, from: 1, to: rows, with_rank: true };
        let node = self.rank(inner.relation.node, keys.clone(), ranking, None);
        let mut items = Vec::new();
        for (item, name) in self.items(select, &inner.relation.scope)? {
            let bound = Binder::plain(&inner.relation.scope, self.span).bind(&item)?;
            items.push((field_of(&name, &bound), bound));
        }
        // The columns of the left are those that the rows are ranked by.
        let schema = self.plan.nodes[node].schema.clone();
        let of = Scope::of(&schema, None);
        let width = keys.len();
        let exprs = keys.into_iter().chain(0..schema.len());
        let exprs: Vec<Expr> = exprs.map(|column| of.column(column)).collect();
        let fields = exprs.iter().map(|expr| Field::new("column", expr.data_type.clone()));
        let node = self.project(node, exprs.clone(), Schema::new(fields.collect()));
        items.iter_mut().for_each(|(_, expr)| expr.map_columns(&|column| column + width));
        Ok(self.shown(left, node, items, lateral))
    }

    /// The columns of the subquery's table that the left has the different values of.
    fn keys_of_each(&self, left: &Relation, inner: &Inner<'_>) -> Option<Vec<usize>> {
        let mut at = left.node;
        let mut columns: Vec<usize> = (0..left.scope.columns.len()).collect();
        loop {
            let node = &self.plan.nodes[at];
            match &node.kind {
                NodeKind::Project { exprs } => {
                    let below = columns.iter().map(|&column| exprs[column].as_column());
                    columns = below.collect::<Option<_>>()?;
                }
                NodeKind::Aggregate { keys, calls, .. } if calls.is_empty() => {
                    if columns.len() != keys.len() {
                        return None;
                    }
                    columns = columns.iter().map(|&column| keys[column]).collect();
                }
                _ => return None,
            }
            at = node.inputs[0];
            if at == inner.relation.node {
                break;
            }
        }
        let sides = self.nested(left, &inner.relation);
        let mut found = Found::default();
        for conjunct in &inner.correlated {
            self.condition(&sides, conjunct, true, &mut found).ok()?;
        }
        let bound: Option<Vec<(usize, usize)>> = found.keys[0]
            .iter()
            .zip(&found.keys[1])
            .map(|(outer, own)| Some((outer.as_column()?, own.as_column()?)))
            .collect();
        let mut wanted: Vec<(usize, usize)> = columns.iter().copied().enumerate().collect();
        let mut bound = bound.filter(|_| found.rest.is_empty())?;
        bound.sort_unstable();
        wanted.sort_unstable();
        (bound == wanted).then_some(columns)
    }
}

/// The fields under the names that the alias gives them.
fn named(fields: &[Field], alias: Option<&ast::TableAlias>) -> Vec<Field> {
    let mut fields = fields.to_vec();
    let names = alias.into_iter().flat_map(|alias| &alias.columns);
    for (field, name) in fields.iter_mut().zip(names) {
        field.name = name.name.value.as_str().into();
    }
    fields
}

/// Whether what binds a subquery is all that it groups by.
fn grouped_by_binding(select: &ast::Select) -> bool {
    matches!(&select.group_by, ast::GroupByExpr::Expressions(all, _) if all.is_empty())
        && select.having.is_none()
        && select.distinct.is_none()
}

/// The column without a name that anything could call it by.
fn nameless(column: ScopeColumn) -> ScopeColumn {
    ScopeColumn { table: None, qualified: true, ..column }
}

fn is_true(on: &Ast) -> bool {
    matches!(on, Ast::Value(value) if value.value == ast::Value::Boolean(true))
}
