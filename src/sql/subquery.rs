//! Subqueries in WHERE and in expressions, as joins: EXISTS, IN, ANY, ALL and what negates them
//! keep or drop rows; a subquery of one value adds a column.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, VisitMut, VisitorMut};

use super::fault::{At, Fault, Result};
use super::join::{Found, Sides, conjunction, same_type, split};
use super::plan::NodeId;
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::{and, group_expressions, has_aggregate, refuse_clauses};
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::operator::join::JoinType;
use crate::record::{DataType, Field, Schema, Value};

/// What a row must have, or must not have, in a subquery.
struct Wanted<'a> {
    query: &'a ast::Query,
    /// What is compared with the subquery's column; none for EXISTS.
    compared: Option<(&'a Ast, BinaryOp)>,
    kind: JoinType,
}

impl<'a> Wanted<'a> {
    fn read(conjunct: &'a Ast) -> Option<Self> {
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
}

impl Queries<'_> {
    /// WHERE without its EXISTS and IN of subqueries, which become joins; where a subquery gives
    /// a value, a column stands in its place.
    pub(super) fn subqueries(
        &mut self,
        relation: &mut Relation,
        selection: &Ast,
    ) -> Result<Option<Ast>> {
        let (mut conjuncts, mut rest) = (Vec::new(), Vec::new());
        split(selection, &mut conjuncts);
        for conjunct in conjuncts {
            let mut either = Vec::new();
            alternatives(conjunct, &mut either);
            match Wanted::read(conjunct) {
                Some(wanted) => self.filtered_by(relation, &wanted, true)?,
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
        let plain = plain_select(wanted.query);
        let aggregates = plain.is_some_and(|select| is_grouped(select, self.span));
        let (inner, items) = match plain {
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
                let node = self.query(wanted.query)?;
                let scope = Scope::of(&self.plan.nodes[node].schema, None);
                let items = (0..scope.columns.len()).map(|column| scope.column(column)).collect();
                let relation = Relation { node, scope, window: None };
                (Inner { relation, correlated: Vec::new() }, items)
            }
        };
        let Inner { relation: mut inner, correlated } = inner;
        self.assign(relation)?;
        self.assign(&mut inner)?;
        let sides = self.nested(relation, &inner);
        let mut found = Found::default();
        for conjunct in correlated {
            self.condition(&sides, conjunct, true, &mut found)?;
        }
        if let Some((value, op)) = wanted.compared {
            let values = match value {
                Ast::Tuple(values) if op == BinaryOp::Eq => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            if values.len() != items.len() {
                let message = format!("IN compares {} columns with {}", values.len(), items.len());
                return Err(Fault::new(self.span, message));
            }
            let mut pairs = Vec::new();
            for (value, item) in values.iter().zip(items) {
                let outer = Binder::plain(&relation.scope, self.span).bind(value)?;
                let pair = same_type([outer, item]);
                pairs.push(pair.ok_or_else(|| {
                    Fault::new(self.span, "IN compares values of types that differ")
                })?);
            }
            self.keyed(&mut found, pairs, op, wanted.kind, sides.left)?;
        }
        let kind = match (is_true, wanted.kind) {
            (true, kind) => kind,
            (false, JoinType::Semi) => JoinType::Anti,
            (false, _) => JoinType::Semi,
        };
        relation.node = self.joined(&sides, kind, found)?;
        Ok(())
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
    fn told(&mut self, relation: &mut Relation, wanted: &Wanted<'_>) -> Result<String> {
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
        for conjunct in conjuncts {
            if let Some(wanted) = Wanted::read(conjunct) {
                self.filtered_by(&mut relation, &wanted, true)?;
                continue;
            }
            let mut conjunct_here = conjunct.clone();
            self.single_values(&mut relation, &mut conjunct_here)?;
            match Binder::plain(&relation.scope, self.span).truth(&conjunct_here) {
                Ok(predicate) => relation.node = self.filter(relation.node, predicate),
                Err(_) => correlated.push(conjunct),
            }
        }
        Ok(Inner { relation, correlated })
    }

    /// Puts a column in the place of each subquery that an expression takes a value from.
    pub(super) fn single_values(&mut self, relation: &mut Relation, ast: &mut Ast) -> Result<()> {
        let mut values = SingleValues { queries: self, relation };
        match ast.visit(&mut values) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(fault) => Err(fault),
        }
    }

    /// Joins the value of a subquery to the rows; gives the name of its column.
    fn single_value(&mut self, relation: &mut Relation, query: &ast::Query) -> Result<String> {
        let several = || {
            let instead = "aggregate it: (SELECT MAX(x) FROM …), or join it";
            Fault::unsupported(self.span, "a subquery that may give several rows", instead)
        };
        let select = plain_select(query).filter(|_| query.limit_clause.is_none());
        let select = select.ok_or_else(several)?;
        let plain = group_expressions(select, self.span)?.is_empty() && select.having.is_none();
        let [
            ast::SelectItem::UnnamedExpr(item) | ast::SelectItem::ExprWithAlias { expr: item, .. },
        ] = select.projection.as_slice()
        else {
            return Err(Fault::new(self.span, "a subquery in an expression gives one column"));
        };
        if !plain || !(has_aggregate(item) || select.from.is_empty()) {
            return Err(several());
        }
        self.assign(relation)?;
        let (grouped, outer_keys) = self.uncorrelated(relation, select)?;
        let node = self.select(&grouped)?;
        let inner =
            Relation { node, scope: Scope::of(&self.plan.nodes[node].schema, None), window: None };
        let left = relation.scope.columns.len();
        let mut scope = relation.scope.clone();
        scope.columns.extend(inner.scope.columns.iter().cloned());
        let sides = Sides { nodes: [relation.node, node], scope, left };
        let mut found = Found::default();
        for (index, outer) in outer_keys.into_iter().enumerate() {
            let Some([outer, inner]) = same_type([outer, inner.scope.column(index + 1)]) else {
                return Err(Fault::new(self.span, "the subquery compares types that differ"));
            };
            found.key(outer, inner, false);
        }
        let correlated = !found.keys[0].is_empty();
        let joined = self.joined(&sides, JoinType::Left, found)?;
        self.with_value(relation, joined, counted(item, correlated, self)?);
        let name = relation.scope.columns[left].field.name.to_string();
        Ok(name)
    }

    /// Leaves the rows' own columns and the value, 0 instead of NULL for a count.
    fn with_value(&mut self, relation: &mut Relation, joined: usize, counts: bool) {
        let left = relation.scope.columns.len();
        let all = Scope::of(&self.plan.nodes[joined].schema, None);
        let mut exprs: Vec<Expr> = (0..=left).map(|column| all.column(column)).collect();
        exprs[left].nullable = true;
        if counts {
            exprs[left] = or_zero(exprs[left].clone());
        }
        // A name that no column of a user has.
        let name = format!("\u{1}value{left}");
        let field = Field::new(&name, exprs[left].data_type.clone());
        relation.scope.columns.push(ScopeColumn::new(None, field));
        let fields = relation.scope.columns.iter().map(|column| column.field.clone()).collect();
        relation.node = self.project(joined, exprs, Schema::new(fields));
    }

    /// The subquery with its equations with the query around as groups, besides its own: the columns
    /// of those stand behind what it gives. And what the groups must be equal to.
    pub(super) fn uncorrelated(
        &mut self,
        outer: &Relation,
        select: &ast::Select,
    ) -> Result<(ast::Select, Vec<Expr>)> {
        let inner = self.from(select)?;
        let mut grouped = select.clone();
        let mut keys = Vec::new();
        let (mut conjuncts, mut kept, mut groups) = (Vec::new(), None, Vec::new());
        select.selection.iter().for_each(|selection| split(selection, &mut conjuncts));
        for conjunct in conjuncts {
            let own = |ast: &Ast| Binder::plain(&inner.scope, self.span).bind(ast);
            if Wanted::read(conjunct).is_some()
                || subquery_inside(conjunct)
                || own(conjunct).is_ok()
            {
                kept = and(kept, Some(conjunct.clone()));
                continue;
            }
            let around = |ast: &Ast| Binder::plain(&outer.scope, self.span).bind(ast);
            let pair = match conjunct {
                Ast::BinaryOp { left, op: ast::BinaryOperator::Eq, right } => {
                    match (own(left), own(right)) {
                        (Ok(_), Err(_)) => Some((left, around(right)?)),
                        (Err(_), Ok(_)) => Some((right, around(left)?)),
                        _ => None,
                    }
                }
                _ => None,
            };
            let Some((group, key)) = pair else {
                let instead = "join the tables, and aggregate";
                let what = "a value of a subquery that is bound by more than equations";
                return Err(Fault::unsupported(self.span, what, instead));
            };
            groups.push((**group).clone());
            keys.push(key);
        }
        grouped.selection = kept;
        grouped.projection.extend(groups.iter().cloned().map(ast::SelectItem::UnnamedExpr));
        if is_grouped(select, self.span) {
            let own = group_expressions(select, self.span)?.into_iter().cloned();
            let all = own.chain(groups).collect();
            grouped.group_by = ast::GroupByExpr::Expressions(all, Vec::new());
        }
        Ok((grouped, keys))
    }
}

/// A count, of which NULL is 0.
pub(super) fn or_zero(count: Expr) -> Expr {
    let zero = Expr::literal(Value::I64(0), DataType::BigInt);
    registry::call("COALESCE", vec![count.clone(), zero]).unwrap_or(count)
}

/// Whether the value of a group without rows is 0, which is so of a COUNT.
pub(super) fn counted(item: &Ast, correlated: bool, queries: &Queries<'_>) -> Result<bool> {
    let is_count = |ast: &Ast| matches!(ast, Ast::Function(call) if call.name.to_string().eq_ignore_ascii_case("COUNT"));
    if !correlated || is_count(item) {
        return Ok(correlated);
    }
    let inside = ast::visit_expressions(item, |ast: &Ast| match is_count(ast) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    match inside.is_break() {
        false => Ok(false),
        true => {
            let instead = "take the COUNT alone, and compute with it outside";
            let what = "a COUNT inside an expression of a correlated subquery";
            Err(Fault::unsupported(queries.span, what, instead))
        }
    }
}

fn subquery_inside(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |ast: &Ast| match ast {
        Ast::Subquery(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// The SELECT that a query is, where it is no more than that.
pub(super) fn plain_select(query: &ast::Query) -> Option<&ast::Select> {
    match &*query.body {
        ast::SetExpr::Select(select) if query.with.is_none() => Some(select),
        _ => None,
    }
}

/// Whether a SELECT aggregates, so that it is computed as a whole.
pub(super) fn is_grouped(select: &ast::Select, span: sqlparser::tokenizer::Span) -> bool {
    let groups = group_expressions(select, span).map_or(true, |groups| !groups.is_empty());
    groups
        || select.having.is_some()
        || select.projection.iter().any(|item| match item {
            ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. } => {
                has_aggregate(expr)
            }
            _ => false,
        })
}

/// Replaces subqueries by columns, from the outside in.
struct SingleValues<'q, 'p, 'r> {
    queries: &'q mut Queries<'p>,
    relation: &'r mut Relation,
}

impl VisitorMut for SingleValues<'_, '_, '_> {
    type Break = Fault;

    fn pre_visit_expr(&mut self, ast: &mut Ast) -> ControlFlow<Fault> {
        let found = match ast {
            Ast::Subquery(query) => self.queries.single_value(self.relation, query),
            Ast::Exists { .. } | Ast::InSubquery { .. } | Ast::AnyOp { .. } | Ast::AllOp { .. } => {
                match Wanted::read(ast) {
                    Some(wanted) => self.queries.told(self.relation, &wanted),
                    None => return ControlFlow::Continue(()),
                }
            }
            _ => return ControlFlow::Continue(()),
        };
        match found {
            Ok(name) => {
                *ast = Ast::Identifier(ast::Ident::with_quote('`', name));
                ControlFlow::Continue(())
            }
            Err(fault) => ControlFlow::Break(fault),
        }
    }
}
