//! Calls of functions by name: aggregates, functions with a syntax of their own, and all others.

use sqlparser::ast::{self, Expr as Ast};
use sqlparser::tokenizer::Span;

use super::aggregates;
use super::fault::{At, Fault, Result};
use super::literal;
use super::scope::{Binder, boolean};
use crate::error::nearest;
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::record::DataType;

impl Binder<'_> {
    pub(super) fn function(&mut self, call: &ast::Function, span: Span) -> Result<Expr> {
        let name = call.name.to_string().to_ascii_uppercase();
        let clauses = match &call.args {
            ast::FunctionArguments::List(list) => !list.clauses.is_empty(),
            _ => false,
        } && !name.starts_with("JSON_");
        if clauses || call.null_treatment.is_some() || !call.within_group.is_empty() {
            let what = format!("a clause inside {name}(…)");
            return Err(Fault::unsupported(span, &what, "leave it out"));
        }
        if name == "JSON_OBJECT" {
            return self.json_object(call, span);
        }
        if name == "JSON_ARRAY" {
            let values = plain_arguments(call, span)?;
            let elements = values.into_iter().map(|value| Ok((self.bind(value)?, is_json(value))));
            let elements = elements.collect::<Result<Vec<_>>>()?;
            let on_null = on_null(call, registry::OnNull::Absent, span)?;
            return registry::json_array(elements, on_null).at(span);
        }
        if call.over.is_some() {
            let instead = "call it in the SELECT list of a query without GROUP BY";
            return Err(Fault::unsupported(span, "OVER here", instead));
        }
        if let Some(function) = aggregates::function(&name) {
            return self.aggregate(function, call, span);
        }
        if aggregates::DERIVED.contains(&name.as_str()) {
            return aggregates::derived(&name, call, self, span);
        }
        let args = plain_arguments(call, span)?;
        let with_unit = matches!(name.as_str(), "TIMESTAMPADD" | "TIMESTAMPDIFF");
        let (unit, args) = match args.split_first() {
            Some((Ast::Identifier(unit), rest)) if with_unit => {
                (Some(unit.value.clone()), rest.to_vec())
            }
            _ => (None, args),
        };
        if !registry::function_names().contains(&name.as_str()) {
            let fault = Fault::new(span, format!("No match found for function signature {name}"));
            return Err(match nearest(&name, registry::function_names()) {
                Some(meant) => fault.help(format!("did you mean {meant}?")),
                None => fault.help("docs/sql.md lists the functions there are"),
            });
        }
        self.call(&name, unit.as_deref(), &args, span)
    }

    /// `(a - b) DAY`: the parser has seen that it is a subtraction.
    pub(super) fn difference(
        &mut self,
        difference: &Ast,
        interval: &ast::Interval,
        span: Span,
    ) -> Result<Expr> {
        let Ast::BinaryOp { left, right, .. } = difference else {
            return literal::interval(interval, span);
        };
        let (to, from) = (self.bind(left)?, self.bind(right)?);
        let unit = interval.leading_field.as_ref().map(ToString::to_string);
        registry::difference(&unit.unwrap_or_default(), from, to).at(span)
    }

    /// `(a, b) = (c, d)`: NULL where that depends on a NULL.
    pub(super) fn equal_tuples(&mut self, left: &[Ast], right: &[Ast], span: Span) -> Result<Expr> {
        if left.len() != right.len() {
            return Err(Fault::new(span, "these do not have the same number of values"));
        }
        let mut parts = Vec::with_capacity(left.len());
        for (left, right) in left.iter().zip(right) {
            let (left, right) = (self.bind(left)?, self.bind(right)?);
            parts.push(registry::binary(BinaryOp::Eq, left, right).at(span)?);
        }
        Ok(boolean(ExprKind::And(parts)))
    }

    /// `(a, b) IN ((1, 2), (3, 4))`.
    pub(super) fn tuple_among(&mut self, of: &[Ast], list: &[Ast], span: Span) -> Result<Expr> {
        let mut parts = Vec::with_capacity(list.len());
        for item in list {
            let Ast::Tuple(item) = item else {
                return Err(Fault::new(
                    span,
                    format!("`{item}` is no list of {} values", of.len()),
                ));
            };
            parts.push(self.equal_tuples(of, item, span)?);
        }
        Ok(boolean(ExprKind::Or(parts)))
    }

    /// `JSON_OBJECT('key' VALUE value, …)`; a value that is a JSON_OBJECT itself is embedded.
    fn json_object(&mut self, call: &ast::Function, span: Span) -> Result<Expr> {
        let fault = || {
            Fault::new(span, "JSON_OBJECT takes members")
                .help("write JSON_OBJECT('id' VALUE user_id, 'count' VALUE n)")
        };
        let ast::FunctionArguments::List(list) = &call.args else { return Err(fault()) };
        let mut members = Vec::new();
        for arg in &list.args {
            let ast::FunctionArg::Named {
                name: key,
                arg: ast::FunctionArgExpr::Expr(value),
                operator: ast::FunctionArgOperator::Value,
            } = arg
            else {
                return Err(fault());
            };
            members.push((key.value.clone(), self.bind(value)?, is_json(value)));
        }
        let on_null = on_null(call, registry::OnNull::Null, span)?;
        registry::json_object(members, on_null).at(span)
    }

    fn aggregate(
        &mut self,
        function: crate::operator::aggregate::AggregateFunction,
        call: &ast::Function,
        span: Span,
    ) -> Result<Expr> {
        let scope = self.scope;
        let Some(grouping) = &mut self.grouping else {
            return Err(aggregates::misplaced(&call.name.to_string(), span));
        };
        let spec = aggregates::bind(function, call, scope, span)?;
        Ok(grouping.call(spec))
    }

    /// `(from, to) OVERLAPS (from, to)`; an interval in place of an end counts from its start.
    pub(super) fn overlaps(&mut self, left: &[Ast], right: &[Ast], span: Span) -> Result<Expr> {
        let mut period = |ends: &[Ast]| -> Result<[Expr; 2]> {
            let [from, to] = ends else {
                return Err(Fault::new(span, "OVERLAPS takes two periods of two ends each"));
            };
            let (from, mut to) = (self.bind(from)?, self.bind(to)?);
            if matches!(to.data_type, DataType::IntervalDayTime | DataType::IntervalYearMonth) {
                to = registry::binary(BinaryOp::Add, from.clone(), to).at(span)?;
            }
            // Ends that are not known to be in order change places, as in Flink.
            let ordered = registry::binary(BinaryOp::LtEq, from.clone(), to.clone()).at(span)?;
            let first = vec![ordered.clone(), from.clone(), to.clone()];
            let last = vec![ordered, to, from];
            Ok([registry::call("IF", first).at(span)?, registry::call("IF", last).at(span)?])
        };
        let ([left_from, left_to], [right_from, right_to]) = (period(left)?, period(right)?);
        let reaches = |to, from| registry::binary(BinaryOp::GtEq, to, from).at(span);
        let both = vec![reaches(left_to, right_from)?, reaches(right_to, left_from)?];
        Ok(Expr { kind: ExprKind::And(both), data_type: DataType::Boolean, nullable: true })
    }
}

/// Whether an expression is JSON already, and goes in as it is.
pub(super) fn is_json(ast: &Ast) -> bool {
    const NAMES: [&str; 4] = ["JSON_OBJECT", "JSON_ARRAY", "JSON_ARRAYAGG", "JSON_OBJECTAGG"];
    matches!(ast, Ast::Function(call)
        if NAMES.iter().any(|name| call.name.to_string().eq_ignore_ascii_case(name)))
}

/// `NULL ON NULL` or `ABSENT ON NULL`.
pub(super) fn on_null(
    call: &ast::Function,
    usual: registry::OnNull,
    span: Span,
) -> Result<registry::OnNull> {
    use ast::{FunctionArgumentClause as Clause, JsonNullClause};
    let ast::FunctionArguments::List(list) = &call.args else { return Ok(usual) };
    match list.clauses.as_slice() {
        [] => Ok(usual),
        [Clause::JsonNullClause(JsonNullClause::NullOnNull)] => Ok(registry::OnNull::Null),
        [Clause::JsonNullClause(JsonNullClause::AbsentOnNull)] => Ok(registry::OnNull::Absent),
        _ => {
            let what = format!("a clause inside {}(…)", call.name);
            Err(Fault::unsupported(span, &what, "NULL ON NULL and ABSENT ON NULL are there"))
        }
    }
}

/// Arguments of a call that has no special clauses.
pub fn plain_arguments(call: &ast::Function, span: Span) -> Result<Vec<&Ast>> {
    let list = match &call.args {
        ast::FunctionArguments::None => return Ok(Vec::new()),
        ast::FunctionArguments::List(list) => list,
        ast::FunctionArguments::Subquery(_) => {
            return Err(Fault::unsupported(span, "a subquery as an argument", "name a view"));
        }
    };
    let argument = |arg| match arg {
        &ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ref expr)) => Ok(expr),
        other => Err(Fault::new(span, format!("`{other}` cannot be an argument here"))),
    };
    list.args.iter().map(argument).collect()
}
