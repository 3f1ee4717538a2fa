//! How Flink joins a correlated subquery: by its conditions as they stand, or by the values of the
//! columns of the query around that it reads, of which NULL equals none.
//!
//! Flink takes the conditions as they stand (`SubQueryDecorrelator` of its planner) where every
//! subquery of a WHERE is one of its conjuncts, EXISTS or IN or one of them negated, and no
//! condition has an OR that reads the query around; all other subqueries go by values.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, UnaryOperator};

use super::join::{Found, Sides};
use crate::expression::registry::{self, Function};
use crate::expression::{Expr, ExprKind};
use crate::record::{DataType, Value};

/// Whether a condition, as a conjunction of alternatives, has one that reads the first `left`
/// columns, which are those of the query around.
pub(super) fn has_alternatives(condition: &Expr, left: usize) -> bool {
    alternatives(condition, false, left)
}

fn alternatives(expr: &Expr, negated: bool, left: usize) -> bool {
    if ranges_of(expr).is_some() {
        return false;
    }
    let reads = |parts: &[&Expr]| {
        parts.iter().any(|part| {
            let mut outer = false;
            part.visit_columns(&mut |column| outer |= column < left);
            outer
        })
    };
    let children = expr.children();
    let either = match &expr.kind {
        ExprKind::Not(input) => return alternatives(input, !negated, left),
        // x IS FALSE.
        ExprKind::Call { function: Function::IsNotDistinctFrom, args }
            if !negated && args[1].as_literal() == Some(&Value::Bool(false)) =>
        {
            return alternatives(&args[0], true, left);
        }
        ExprKind::Or(_) => !negated,
        ExprKind::And(_) => negated,
        ExprKind::Call { function: Function::In, args } => !negated && args.len() > 2,
        // Equal, or both NULL; as plain a comparison as any where one never is.
        ExprKind::Call {
            function: Function::IsDistinctFrom | Function::IsNotDistinctFrom,
            args,
        } => args.iter().all(|arg| arg.nullable),
        ExprKind::Case { branches, otherwise } if expr.data_type == DataType::Boolean => {
            let never = |value: &&Expr| {
                matches!(value.as_literal(), Some(Value::Bool(false) | Value::Null))
            };
            let values = branches.iter().map(|(_, value)| value).chain([&**otherwise]);
            values.filter(|value| !never(value)).count() > 1
        }
        _ => false,
    };
    let negated = negated && matches!(expr.kind, ExprKind::Or(_) | ExprKind::And(_));
    (either && reads(&children)) || children.into_iter().any(|it| alternatives(it, negated, left))
}

/// The column, cast or not, of which alone a condition says what ranges it is in, NULL too: to
/// Flink that is one comparison, whatever it says.
fn ranges_of(expr: &Expr) -> Option<usize> {
    let cast = |expr: &Expr| match &expr.kind {
        ExprKind::Cast { input, .. } => input.as_column(),
        _ => expr.as_column(),
    };
    match &expr.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let (first, others) = parts.split_first()?;
            let column = ranges_of(first)?;
            others.iter().all(|part| ranges_of(part) == Some(column)).then_some(column)
        }
        ExprKind::Not(input) => ranges_of(input),
        ExprKind::IsNull(input) => cast(input),
        ExprKind::Call { function, args } if is_comparison(function) => {
            let mut reading = args.iter().filter(|arg| {
                let mut reads = false;
                arg.visit_columns(&mut |_| reads = true);
                reads
            });
            let value = reading.next().filter(|_| reading.next().is_none())?;
            cast(value).or_else(|| ranges_of(value))
        }
        ExprKind::Column(column) => Some(*column),
        _ => None,
    }
}

fn is_comparison(function: &Function) -> bool {
    use Function::*;
    matches!(function, Eq | NotEq | Lt | LtEq | Gt | GtEq | In | IsDistinctFrom | IsNotDistinctFrom)
}

/// The conditions that a row of the left has every value that `found` and `computed` read of it,
/// but for those that an equation asks for already.
pub(super) fn values_present(sides: &Sides, found: &Found, computed: &[Expr]) -> Vec<Expr> {
    let mut read = BTreeSet::new();
    let mut note = |expr: &Expr| {
        expr.visit_columns(&mut |column| read.extend((column < sides.left).then_some(column)));
    };
    found.rest.iter().chain(computed).for_each(&mut note);
    found.keys[0].iter().for_each(&mut note);
    for (key, nulls_equal) in found.keys[0].iter().zip(&found.nulls_equal) {
        if let Some(column) = key.as_column().filter(|_| !nulls_equal) {
            read.remove(&column);
        }
    }
    read.into_iter().map(|column| present(sides.scope.column(column))).collect()
}

/// That a value is not NULL.
pub(super) fn present(value: Expr) -> Expr {
    let kind = ExprKind::Not(Box::new(registry::is_null(value)));
    Expr { kind, data_type: DataType::Boolean, nullable: false }
}

/// Whether an expression holds EXISTS or a comparison with the rows of a subquery.
pub(super) fn asks_of_rows(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |ast: &Ast| match ast {
        Ast::Exists { .. } | Ast::InSubquery { .. } | Ast::AnyOp { .. } | Ast::AllOp { .. } => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// A condition on subqueries, of which rows want that it is true, with NOT taken to its parts:
/// `NOT (a OR EXISTS …)` is `NOT a AND NOT EXISTS …`. There IS TRUE says nothing and IS FALSE is
/// NOT; so are IS NOT FALSE and IS NOT TRUE of EXISTS, which is never NULL.
pub(super) fn with_not_inside(ast: &Ast, negated: bool) -> Ast {
    use ast::BinaryOperator as Op;
    let plain = |ast: &Ast| match negated {
        false => ast.clone(),
        true => Ast::UnaryOp { op: UnaryOperator::Not, expr: Box::new(ast.clone()) },
    };
    if !asks_of_rows(ast) {
        return plain(ast);
    }
    match ast {
        Ast::Nested(inner) => with_not_inside(inner, negated),
        Ast::UnaryOp { op: UnaryOperator::Not, expr } => with_not_inside(expr, !negated),
        Ast::BinaryOp { left, op: op @ (Op::And | Op::Or), right } => {
            let op = match (op, negated) {
                (Op::And, false) | (Op::Or, true) => Op::And,
                _ => Op::Or,
            };
            let part = |ast| Box::new(with_not_inside(ast, negated));
            Ast::BinaryOp { left: part(left), op, right: part(right) }
        }
        Ast::IsTrue(inner)
        | Ast::IsNotTrue(inner)
        | Ast::IsFalse(inner)
        | Ast::IsNotFalse(inner) => {
            let is = matches!(ast, Ast::IsTrue(_) | Ast::IsFalse(_)) != negated;
            let of = matches!(ast, Ast::IsTrue(_) | Ast::IsNotTrue(_));
            match is || is_exists(inner) {
                true => with_not_inside(inner, is != of),
                false => plain(ast),
            }
        }
        other => plain(other),
    }
}

fn is_exists(ast: &Ast) -> bool {
    match ast {
        Ast::Nested(inner) | Ast::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
            is_exists(inner)
        }
        other => matches!(other, Ast::Exists { .. }),
    }
}
