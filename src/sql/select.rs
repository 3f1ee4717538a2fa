//! Parts of a SELECT, looked at without binding them.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Visit, Visitor};
use sqlparser::tokenizer::Span;

use super::fault::{Fault, Result};
use super::scope::Scope;
use crate::expression::Expr;
use crate::record::Field;

/// Clauses of other dialects that the parser's library reads and this language does not have.
pub fn refuse_clauses(select: &ast::Select, span: Span) -> Result<()> {
    let clauses = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.exclude.is_some(), "EXCLUDE"),
    ];
    match clauses.iter().find(|(there, _)| *there) {
        Some((_, clause)) => Err(Fault::unsupported(span, clause, "leave it out")),
        None => Ok(()),
    }
}

pub fn group_expressions(select: &ast::Select, span: Span) -> Result<Vec<&Ast>> {
    match &select.group_by {
        ast::GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => {
            Ok(exprs.iter().collect())
        }
        _ => Err(Fault::unsupported(span, "GROUP BY ALL", "name the columns")),
    }
}

/// Whether an expression aggregates; what a subquery in it does is its own.
pub fn has_aggregate(ast: &Ast) -> bool {
    ast.visit(&mut Aggregates { depth: 0 }).is_break()
}

struct Aggregates {
    /// Subqueries around the place.
    depth: usize,
}

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &ast::Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &ast::Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, ast: &Ast) -> ControlFlow<()> {
        match ast {
            Ast::Function(call) if self.depth == 0 && call.over.is_none() => {
                let name = call.name.to_string().to_ascii_uppercase();
                match super::aggregates::is_aggregate(&name) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

pub fn star<'a>(
    scope: &'a Scope,
    table: Option<&'a str>,
) -> impl Iterator<Item = (Ast, String)> + 'a {
    let columns = scope.columns.iter();
    let wanted = columns.filter(move |column| match table {
        // Values of subqueries have names that nobody can write.
        None => !column.qualified && !column.field.name.starts_with('\u{1}'),
        Some(_) => column.table.as_deref() == table,
    });
    wanted.map(|column| {
        let name = column.field.name.to_string();
        let last = ast::Ident::with_quote('`', name.clone());
        let ast = match &column.table {
            None => Ast::Identifier(last),
            Some(table) => {
                Ast::CompoundIdentifier(vec![ast::Ident::with_quote('`', &**table), last])
            }
        };
        (ast, name)
    })
}

/// Flink's name of a column without an alias.
pub fn name_of(expr: &Ast, index: usize) -> String {
    match expr {
        Ast::Identifier(name) => name.value.clone(),
        Ast::CompoundIdentifier(parts) => {
            parts.last().map_or(String::new(), |part| part.value.clone())
        }
        _ => format!("EXPR${index}"),
    }
}

pub fn field_of(name: &str, expr: &Expr) -> Field {
    Field { name: name.into(), data_type: expr.data_type.clone(), nullable: expr.nullable }
}

pub fn unquoted(name: &ast::ObjectName) -> String {
    name.to_string().replace('`', "")
}

/// Both conditions, where there are two.
pub fn and(left: Option<Ast>, right: Option<Ast>) -> Option<Ast> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Ast::BinaryOp {
            left: Box::new(left),
            op: ast::BinaryOperator::And,
            right: Box::new(right),
        }),
        (left, right) => left.or(right),
    }
}
