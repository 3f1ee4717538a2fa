//! Subqueries in a SELECT that aggregates: inside of an aggregate they belong to the rows, in
//! HAVING and elsewhere in the SELECT list to the groups.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, VisitMut, VisitorMut};

use super::aggregates::{Grouping, is_aggregate};
use super::fault::{Fault, Result};
use super::plan::NodeId;
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::field_of;
use crate::expression::Expr;
use crate::record::Schema;

/// Whether an expression reads a subquery.
pub fn has_subquery(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |expr: &Ast| match expr {
        Ast::Subquery(_) | Ast::Exists { .. } | Ast::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Looks at the parts of an expression that are not those of a subquery in it.
struct Outside<F> {
    /// Subqueries around the place.
    depth: usize,
    see: F,
}

impl<F: FnMut(&mut Ast) -> Result<()>> VisitorMut for Outside<F> {
    type Break = Fault;

    fn pre_visit_query(&mut self, _query: &mut ast::Query) -> ControlFlow<Fault> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut ast::Query) -> ControlFlow<Fault> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, ast: &mut Ast) -> ControlFlow<Fault> {
        match if self.depth > 0 { Ok(()) } else { (self.see)(ast) } {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(fault),
        }
    }
}

/// Names mean something else in a subquery.
pub fn outside_subqueries(ast: &mut Ast, see: impl FnMut(&mut Ast) -> Result<()>) -> Result<()> {
    match ast.visit(&mut Outside { depth: 0, see }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(fault) => Err(fault),
    }
}

fn each_aggregate(ast: &mut Ast, mut see: impl FnMut(&mut Ast) -> Result<()>) -> Result<()> {
    outside_subqueries(ast, |part| {
        let aggregates = matches!(part, Ast::Function(call)
            if call.over.is_none() && is_aggregate(&call.name.to_string().to_ascii_uppercase()));
        if aggregates { see(part) } else { Ok(()) }
    })
}

impl Queries<'_> {
    /// Puts columns in the place of the subqueries inside of aggregates.
    pub(super) fn subqueries_of_rows<'a>(
        &mut self,
        relation: &mut Relation,
        asts: impl Iterator<Item = &'a mut Ast>,
    ) -> Result<()> {
        for ast in asts {
            each_aggregate(ast, |call| match has_subquery(call) {
                true => self.single_values(relation, call),
                false => Ok(()),
            })?;
        }
        Ok(())
    }

    /// The SELECT list and HAVING over groups, with subqueries.
    pub(super) fn subqueries_of_groups(
        &mut self,
        mut relation: Relation,
        mut grouping: Grouping,
        group_by: &[&Ast],
        items: &[(Ast, String)],
        having: Option<&Ast>,
    ) -> Result<NodeId> {
        let (mut items, mut having) = (items.to_vec(), having.cloned());
        // Columns keep the names by which a subquery may ask for them.
        let keys = grouping.keys.iter().chain(&grouping.window);
        let mut columns: Vec<ScopeColumn> = Vec::new();
        for (at, key) in keys.enumerate() {
            columns.push(match key.as_column() {
                Some(column) => relation.scope.columns[column].clone(),
                None => ScopeColumn::new(None, field_of(&format!("\u{1}key{at}"), key)),
            });
        }
        let mut calls: Vec<Expr> = Vec::new();
        for ast in items.iter_mut().map(|(ast, _)| ast).chain(&mut having) {
            each_aggregate(ast, |call| {
                let scope = &relation.scope;
                let mut binder = Binder { scope, grouping: Some(&mut grouping), span: self.span };
                let name = format!("\u{1}call{}", calls.len());
                calls.push(binder.bind(call)?);
                *call = Ast::Identifier(ast::Ident::with_quote('`', name));
                Ok(())
            })?;
            for key in group_by {
                let bound = Binder::plain(&relation.scope, self.span).bind(key)?;
                let at = grouping.keys.iter().position(|known| known.kind == bound.kind);
                if let Some(at) = at.filter(|_| bound.as_column().is_none()) {
                    let name =
                        Ast::Identifier(ast::Ident::with_quote('`', format!("\u{1}key{at}")));
                    outside_subqueries(ast, |expr| {
                        if *expr == **key {
                            *expr = name.clone();
                        }
                        Ok(())
                    })?;
                }
            }
        }
        let node = self.aggregate(&mut relation, &grouping)?;
        let of = Scope::of(&self.plan.nodes[node].schema, None);
        let mut exprs: Vec<Expr> = (0..columns.len()).map(|column| of.column(column)).collect();
        for (at, call) in calls.into_iter().enumerate() {
            columns.push(ScopeColumn::new(None, field_of(&format!("\u{1}call{at}"), &call)));
            exprs.push(call);
        }
        let fields = columns.iter().map(|column| column.field.clone()).collect();
        let node = self.project(node, exprs, Schema::new(fields));
        let mut groups = Relation { node, scope: Scope { columns }, window: None };
        if let Some(having) = &having
            && let Some(plain) = self.subqueries(&mut groups, having)?
        {
            let predicate = Binder::plain(&groups.scope, self.span).truth(&plain)?;
            groups.node = self.filter(groups.node, predicate);
        }
        for (ast, _) in &mut items {
            self.single_values(&mut groups, ast)?;
        }
        self.listed(&groups, &items)
    }
}
