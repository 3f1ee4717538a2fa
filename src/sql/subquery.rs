//! Subqueries in WHERE as joins: EXISTS, IN, ANY, ALL and what negates them keep or drop rows, or
//! in an expression tell of each whether they would.

use sqlparser::ast::{self, Expr as Ast};

use super::by_values;
use super::fault::{At, Fault, Result};
use super::join::{Found, Sides, conjunction, same_type, split};
use super::plan::NodeId;
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::{and, group_expressions, has_aggregate, refuse_clauses};
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::operator::join::JoinType;
use crate::record::{DataType, Field, Value};

/// What a row must have, or must not have, in a subquery.
pub(super) struct Wanted<'a> {
    query: &'a ast::Query,
    /// What is compared with the subquery's column; none for EXISTS.
    compared: Option<(&'a Ast, BinaryOp)>,
    kind: JoinType,
}

impl<'a> Wanted<'a> {
    pub fn read(conjunct: &'a Ast) -> Option<Self> {
        let (plain, not) = match conjunct {
            Ast::UnaryOp { op: ast::UnaryOperator::Not, expr } => (&**expr, true),
            other => (other, false),
        };
        let kind = |negated: bool| if negated { JoinType::Anti } else { JoinType::Semi };
        Some(match plain {
            Ast::Nested(inner) if !not => return Self::read(inner),
            Ast::Exists { subquery, negated } => {
                Self { query: subquery, compared: None, kind: kind(*negated != not) }
            }
            Ast::InSubquery { expr, subquery, negated } => {
                let compared = Some((&**expr, BinaryOp::Eq));
                Self { query: subquery, compared, kind: kind(*negated != not) }
            }
            Ast::AnyOp { left, compare_op, right, .. } => {
                let compared = Some((&**left, comparison(compare_op)?));
                Self { query: subquery_of(right)?, compared, kind: kind(not) }
            }
            // All compare well: none compares otherwise.
            Ast::AllOp { left, compare_op, right } => {
                let compared = Some((&**left, opposite(comparison(compare_op)?)));
                Self { query: subquery_of(right)?, compared, kind: kind(!not) }
            }
            _ => return None,
        })
    }

    /// And no comparison with ANY or ALL that IN does not stand for.
    fn is_exists_or_in(&self) -> bool {
        self.compared.is_none_or(|(_, op)| op == BinaryOp::Eq)
    }
}

fn subquery_of(ast: &Ast) -> Option<&ast::Query> {
    match ast {
        Ast::Subquery(query) => Some(query),
        Ast::Nested(inner) => subquery_of(inner),
        _ => None,
    }
}

pub fn comparison(op: &ast::BinaryOperator) -> Option<BinaryOp> {
    use ast::BinaryOperator as Op;
    Some(match op {
        Op::Eq => BinaryOp::Eq,
        Op::NotEq => BinaryOp::NotEq,
        Op::Lt => BinaryOp::Lt,
        Op::LtEq => BinaryOp::LtEq,
        Op::Gt => BinaryOp::Gt,
        Op::GtEq => BinaryOp::GtEq,
        _ => return None,
    })
}

fn opposite(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Eq => BinaryOp::NotEq,
        BinaryOp::NotEq => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::GtEq,
        BinaryOp::LtEq => BinaryOp::Gt,
        BinaryOp::Gt => BinaryOp::LtEq,
        _ => BinaryOp::Lt,
    }
}

/// The parts of an OR.
fn alternatives<'a>(ast: &'a Ast, out: &mut Vec<&'a Ast>) {
    match ast {
        Ast::BinaryOp { left, op: ast::BinaryOperator::Or, right } => {
            alternatives(left, out);
            alternatives(right, out);
        }
        Ast::Nested(inner) if matches!(**inner, Ast::BinaryOp { .. } | Ast::Nested(_)) => {
            alternatives(inner, out);
        }
        other => out.push(other),
    }
}

fn or(left: Ast, right: Ast) -> Ast {
    let (left, right) = (Box::new(left), Box::new(right));
    Ast::Nested(Box::new(Ast::BinaryOp { left, op: ast::BinaryOperator::Or, right }))
}

/// The inside of a subquery: its rows, and the conditions that name columns of the query around.
pub(super) struct Inner<'a> {
    pub relation: Relation,
    pub correlated: Vec<&'a Ast>,
    /// A subquery in it is joined to it by values.
    by_values: bool,
}

/// The rows that a subquery has, and what it gives of each.
struct Rows<'a> {
    inner: Inner<'a>,
    items: Vec<Expr>,
    /// Of groups: what the query around has equal to the columns behind the items.
    bound_to: Vec<Expr>,
}

impl Rows<'_> {
    fn is_correlated(&self) -> bool {
        !self.inner.correlated.is_empty() || !self.bound_to.is_empty()
    }
}

impl Queries<'_> {
    /// WHERE without its EXISTS and IN of subqueries, which become joins; where a subquery gives
    /// a value, a column stands in its place.
    pub(super) fn subqueries(
        &mut self,
        relation: &mut Relation,
        selection: &Ast,
    ) -> Result<Option<Ast>> {
        let selection = by_values::with_not_inside(selection, false);
        let (mut conjuncts, mut rest) = (Vec::new(), Vec::new());
        split(&selection, &mut conjuncts);
        self.filtered_by_all(relation, &conjuncts)?;
        for conjunct in conjuncts {
            let mut either = Vec::new();
            alternatives(conjunct, &mut either);
            match Wanted::read(conjunct) {
                Some(_) => {}
                None if either.iter().any(|it| Wanted::read(it).is_some()) => {
                    self.filtered_by_any(relation, &either)?;
                }
                None => rest.push(conjunct.clone()),
            }
        }
        for conjunct in &mut rest {
            self.single_values(relation, conjunct)?;
        }
        Ok(rest.into_iter().map(Some).reduce(and).flatten())
    }

    /// The rows that the conditions on subqueries among the `conjuncts` keep: all of them joined by
    /// values if one has to be. Gives whether rows of a subquery were.
    fn filtered_by_all(&mut self, relation: &mut Relation, conjuncts: &[&Ast]) -> Result<bool> {
        let wanted: Vec<Wanted<'_>> = conjuncts.iter().filter_map(|it| Wanted::read(it)).collect();
        let rows = wanted.iter().map(|it| self.rows_of(relation, it));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let mut by_values = wanted.iter().any(|it| !it.is_exists_or_in())
            || conjuncts.iter().any(|it| Wanted::read(it).is_none() && by_values::asks_of_rows(it));
        for rows in &rows {
            by_values |= rows.inner.by_values || self.has_alternatives(relation, &rows.inner)?;
        }
        let bound = rows.iter().any(Rows::is_correlated);
        for (wanted, rows) in wanted.iter().zip(rows) {
            self.keep(relation, wanted, rows, [true, by_values])?;
        }
        Ok(by_values && bound)
    }

    fn has_alternatives(&self, relation: &Relation, inner: &Inner<'_>) -> Result<bool> {
        let sides = self.nested(relation, &inner.relation);
        for conjunct in &inner.correlated {
            let condition = Binder::plain(&sides.scope, self.span).truth(conjunct)?;
            if by_values::has_alternatives(&condition, sides.left) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rows of which one condition of several is true, some of them on subqueries: those of
    /// the first, and of the others those of the next.
    fn filtered_by_any(&mut self, relation: &mut Relation, either: &[&Ast]) -> Result<()> {
        self.assign(relation)?;
        let (wanted, plain): (Vec<&Ast>, Vec<&Ast>) =
            either.iter().copied().partition(|it| Wanted::read(it).is_some());
        let mut kept = Vec::new();
        if let Some(mut any) = plain.into_iter().cloned().reduce(or) {
            self.single_values(relation, &mut any)?;
            let mut split_by = |condition: &Ast| -> Result<NodeId> {
                let predicate = Binder::plain(&relation.scope, self.span).truth(condition)?;
                Ok(self.filter(relation.node, predicate))
            };
            kept.push(split_by(&any)?);
            relation.node = split_by(&Ast::IsNotTrue(Box::new(any)))?;
        }
        for wanted in wanted.into_iter().filter_map(Wanted::read) {
            let others = relation.node;
            self.filtered_by(relation, &wanted, true)?;
            kept.push(relation.node);
            relation.node = others;
            self.filtered_by(relation, &wanted, false)?;
        }
        let mut all = kept.into_iter();
        if let Some(first) = all.next() {
            relation.node = all.try_fold(first, |all, one| self.union(all, one))?;
        }
        Ok(())
    }

    /// The rows of `relation` that have a row in the subquery, or have none; or the other ones,
    /// where `wanted` is not true.
    fn filtered_by(
        &mut self,
        relation: &mut Relation,
        wanted: &Wanted<'_>,
        is_true: bool,
    ) -> Result<()> {
        let rows = self.rows_of(relation, wanted)?;
        self.keep(relation, wanted, rows, [is_true, true])
    }

    fn rows_of<'a>(&mut self, outer: &Relation, wanted: &Wanted<'a>) -> Result<Rows<'a>> {
        let plain = plain_select(wanted.query);
        let aggregates = plain.is_some_and(|select| is_grouped(select, self.span));
        let mut bound_to = Vec::new();
        let (mut inner, items) = match plain {
            Some(select) if !aggregates && wanted.query.limit_clause.is_none() => {
                let inner = self.inside(select)?;
                let items = self.items(select, &inner.relation.scope)?;
                let scope = &inner.relation.scope;
                let bind = |(item, _): &(Ast, String)| Binder::plain(scope, self.span).bind(item);
                let items = match wanted.compared {
                    None => Vec::new(),
                    Some(_) => items.iter().map(bind).collect::<Result<_>>()?,
                };
                (inner, items)
            }
            _ => {
                let node = match self.query(wanted.query) {
                    Ok(node) => node,
                    Err(fault) => {
                        // It may be that the query around binds its groups.
                        let limited = wanted.query.limit_clause.is_some();
                        let select = plain.filter(|_| !limited).ok_or_else(|| fault.clone())?;
                        let (grouped, keys) = self.uncorrelated(outer, select)?;
                        if keys.is_empty() {
                            return Err(fault);
                        }
                        bound_to = keys;
                        self.select(&grouped)?
                    }
                };
                let scope = Scope::of(&self.plan.nodes[node].schema, None);
                let given = scope.columns.len() - bound_to.len();
                let items = (0..given).map(|column| scope.column(column)).collect();
                let relation = Relation { node, scope, window: None };
                (Inner { relation, correlated: Vec::new(), by_values: false }, items)
            }
        };
        self.assign(&mut inner.relation)?;
        Ok(Rows { inner, items, bound_to })
    }

    /// As `filtered_by`, of rows that were read; `by_values` or not.
    fn keep(
        &mut self,
        relation: &mut Relation,
        wanted: &Wanted<'_>,
        rows: Rows<'_>,
        [is_true, by_values]: [bool; 2],
    ) -> Result<()> {
        self.assign(relation)?;
        let by_values = by_values && rows.is_correlated();
        if wanted.compared.is_none() && has_one_row(wanted.query) {
            if is_true != (wanted.kind == JoinType::Semi) {
                let never = Expr::literal(Value::Bool(false), DataType::Boolean);
                relation.node = self.filter(relation.node, never);
            }
            return Ok(());
        }
        let Rows { inner, items, bound_to } = rows;
        let given = inner.relation.scope.columns.len() - bound_to.len();
        let pairs = self.pairs_of(relation, wanted, items)?;
        let mut missing = None;
        if let Some((_, BinaryOp::Eq)) = wanted.compared
            && wanted.kind == JoinType::Anti
            && by_values
        {
            // By values, Flink has NULL NOT IN of no rows for unknown.
            let outer = pairs.iter().map(|[outer, _]| outer.clone()).filter(|it| it.nullable);
            if let Some(all) = conjunction(outer.map(by_values::present).collect()) {
                let kind = ExprKind::Not(Box::new(all.clone()));
                missing = Some(self.filter(relation.node, Expr { kind, ..all.clone() }));
                relation.node = self.filter(relation.node, all);
            }
        }
        let sides = self.nested(relation, &inner.relation);
        let mut found = Found::default();
        for conjunct in inner.correlated {
            self.condition(&sides, conjunct, true, &mut found)?;
        }
        for (index, outer) in bound_to.into_iter().enumerate() {
            let pair = same_type([outer, inner.relation.scope.column(given + index)]);
            let message = "the subquery compares types that differ";
            let [outer, own] = pair.ok_or_else(|| Fault::new(self.span, message))?;
            found.key(outer, own, false);
        }
        if by_values {
            let present = by_values::values_present(&sides, &found, &[]);
            found.rest.extend(present);
        }
        if let Some((_, op)) = wanted.compared {
            self.keyed(&mut found, pairs, op, wanted.kind, sides.left)?;
        }
        let kind = match (is_true, wanted.kind) {
            (true, kind) => kind,
            (false, JoinType::Semi) => JoinType::Anti,
            (false, _) => JoinType::Semi,
        };
        relation.node = self.joined(&sides, kind, found)?;
        if let Some(missing) = missing.filter(|_| !is_true) {
            relation.node = self.union(relation.node, missing)?;
        }
        Ok(())
    }

    /// The values that are compared with the subquery's columns, and these.
    fn pairs_of(
        &self,
        relation: &Relation,
        wanted: &Wanted<'_>,
        items: Vec<Expr>,
    ) -> Result<Vec<[Expr; 2]>> {
        let Some((value, op)) = wanted.compared else { return Ok(Vec::new()) };
        let values = match value {
            Ast::Tuple(values) if op == BinaryOp::Eq => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        if values.len() != items.len() {
            let message = format!("IN compares {} columns with {}", values.len(), items.len());
            return Err(Fault::new(self.span, message));
        }
        let pair = |(value, item): (&Ast, Expr)| {
            let outer = Binder::plain(&relation.scope, self.span).bind(value)?;
            let message = "IN compares values of types that differ";
            same_type([outer, item]).ok_or_else(|| Fault::new(self.span, message))
        };
        values.iter().zip(items).map(pair).collect()
    }

    /// Comparisons of values with the subquery's columns. A row that must have no equal one
    /// stays only if none might be: NULL might be anything.
    fn keyed(
        &self,
        found: &mut Found,
        pairs: Vec<[Expr; 2]>,
        op: BinaryOp,
        kind: JoinType,
        left: usize,
    ) -> Result<()> {
        let nullable = |[outer, item]: &[Expr; 2]| outer.nullable || item.nullable;
        let unknown = kind == JoinType::Anti && pairs.iter().any(nullable);
        if op == BinaryOp::Eq && !unknown {
            pairs.into_iter().for_each(|[outer, item]| found.key(outer, item, false));
            return Ok(());
        }
        let mut comparisons = Vec::new();
        for [outer, mut item] in pairs {
            item.map_columns(&|column| column + left);
            comparisons.push(registry::binary(op, outer, item).at(self.span)?);
        }
        let Some(all) = conjunction(comparisons) else { return Ok(()) };
        found.rest.push(match unknown {
            true => {
                let no = Expr::literal(Value::Bool(false), DataType::Boolean);
                registry::binary(BinaryOp::IsDistinctFrom, all, no).at(self.span)?
            }
            false => all,
        });
        Ok(())
    }

    /// Gives the rows a column that says whether `wanted` is true of them: of those of which it is
    /// not, a comparison may be unknown. Gives the column's name.
    pub(super) fn told(&mut self, relation: &mut Relation, wanted: &Wanted<'_>) -> Result<String> {
        self.assign(relation)?;
        // A name that no column of a user has.
        let name = format!("\u{1}told{}", relation.scope.columns.len());
        let field = Field::new(&name, DataType::Boolean);
        let all = relation.node;
        self.filtered_by(relation, wanted, true)?;
        let mut parts = vec![self.with_literal(relation.node, Value::Bool(true), &field)];
        relation.node = all;
        self.filtered_by(relation, wanted, false)?;
        let mut rest = Value::Bool(false);
        if wanted.compared.is_some() {
            let kind = match wanted.kind {
                JoinType::Semi => JoinType::Anti,
                _ => JoinType::Semi,
            };
            let opposite = Wanted { kind, ..*wanted };
            let others = relation.node;
            self.filtered_by(relation, &opposite, true)?;
            parts.push(self.with_literal(relation.node, rest, &field));
            relation.node = others;
            self.filtered_by(relation, &opposite, false)?;
            rest = Value::Null;
        }
        let mut node = self.with_literal(relation.node, rest, &field);
        for part in parts {
            node = self.union(part, node)?;
        }
        relation.node = node;
        relation.scope.columns.push(ScopeColumn::new(None, field));
        Ok(name)
    }

    fn with_literal(&mut self, node: NodeId, value: Value, field: &Field) -> NodeId {
        let mut schema = self.plan.nodes[node].schema.clone();
        let scope = Scope::of(&schema, None);
        let mut exprs: Vec<Expr> = (0..schema.len()).map(|column| scope.column(column)).collect();
        let (kind, data_type) = (ExprKind::Literal(value), field.data_type.clone());
        exprs.push(Expr { kind, data_type, nullable: true });
        schema.fields.push(field.clone());
        self.project(node, exprs, schema)
    }

    /// Both scopes side by side, where a name means the subquery's own column first.
    pub(super) fn nested(&self, outer: &Relation, inner: &Relation) -> Sides {
        let left = outer.scope.columns.len();
        let mut scope = outer.scope.clone();
        for column in &mut scope.columns {
            let own =
                |table: &str| inner.scope.columns.iter().any(|c| c.table.as_deref() == Some(table));
            if column.table.as_deref().is_some_and(own) {
                column.table = None;
                column.qualified = true;
            }
            column.qualified |= inner.scope.position(None, &column.field.name).is_some();
        }
        scope.columns.extend(inner.scope.columns.iter().cloned());
        Sides { nodes: [outer.node, inner.node], scope, left }
    }

    /// FROM and WHERE of a subquery that does not aggregate.
    pub(super) fn inside<'a>(&mut self, select: &'a ast::Select) -> Result<Inner<'a>> {
        refuse_clauses(select, self.span)?;
        let mut relation = self.from(select)?;
        self.assign(&mut relation)?;
        let (mut conjuncts, mut correlated) = (Vec::new(), Vec::new());
        select.selection.iter().for_each(|selection| split(selection, &mut conjuncts));
        let by_values = self.filtered_by_all(&mut relation, &conjuncts)?;
        for conjunct in conjuncts {
            if Wanted::read(conjunct).is_some() {
                continue;
            }
            let mut conjunct_here = conjunct.clone();
            self.single_values(&mut relation, &mut conjunct_here)?;
            match Binder::plain(&relation.scope, self.span).truth(&conjunct_here) {
                Ok(predicate) => relation.node = self.filter(relation.node, predicate),
                Err(_) => correlated.push(conjunct),
            }
        }
        Ok(Inner { relation, correlated, by_values })
    }
}

/// The SELECT that a query is, where it is no more than that.
pub(super) fn plain_select(query: &ast::Query) -> Option<&ast::Select> {
    match &*query.body {
        ast::SetExpr::Select(select) if query.with.is_none() => Some(select),
        _ => None,
    }
}

/// Whether a query gives one row of any input: it aggregates, and has no groups of its own.
fn has_one_row(query: &ast::Query) -> bool {
    let Some(select) = plain_select(query) else { return false };
    let ungrouped =
        matches!(&select.group_by, ast::GroupByExpr::Expressions(all, _) if all.is_empty());
    ungrouped && query.limit_clause.is_none() && select.having.is_none() && aggregates(select)
}

fn aggregates(select: &ast::Select) -> bool {
    select.projection.iter().any(|item| match item {
        ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. } => {
            has_aggregate(expr)
        }
        _ => false,
    })
}

/// Whether a SELECT aggregates, so that it is computed as a whole.
pub(super) fn is_grouped(select: &ast::Select, span: sqlparser::tokenizer::Span) -> bool {
    let groups = group_expressions(select, span).map_or(true, |groups| !groups.is_empty());
    groups || select.having.is_some() || aggregates(select)
}
