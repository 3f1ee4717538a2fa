//! Subqueries in expressions: each is joined, and a column stands in its place.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, VisitMut, VisitorMut};

use super::by_values;
use super::fault::{Fault, Result};
use super::join::{Found, Sides, same_type, split};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::{and, group_expressions, has_aggregate};
use super::subquery::{Wanted, is_grouped, plain_select};
use crate::expression::Expr;
use crate::expression::registry;
use crate::operator::join::JoinType;
use crate::record::{DataType, Field, Schema, Value};

impl Queries<'_> {
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
        let present = by_values::values_present(&sides, &found, &[]);
        found.rest.extend(present);
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
                // What neither has is told first.
                let sides = self.nested(outer, &inner);
                Binder::plain(&sides.scope, self.span).truth(conjunct)?;
                let instead = "join the tables, and aggregate";
                let what = "a subquery that aggregates, bound by more than equations,";
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
