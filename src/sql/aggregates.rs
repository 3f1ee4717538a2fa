//! Aggregates of a GROUP BY: their types, and the columns that they and the keys become.

use sqlparser::ast;
use sqlparser::tokenizer::Span;

use super::fault::{Fault, Result};
use super::scope::{Binder, Scope};
use crate::expression::{Expr, ExprKind};
use crate::operator::aggregate::AggregateFunction;
use crate::record::{DataType, Field, Schema};

/// Aggregates of the language that this release does not have.
pub const LATER: [&str; 12] = [
    "STDDEV_POP",
    "STDDEV_SAMP",
    "STDDEV",
    "VAR_POP",
    "VAR_SAMP",
    "VARIANCE",
    "FIRST_VALUE",
    "LAST_VALUE",
    "LISTAGG",
    "APPROX_COUNT_DISTINCT",
    "APPROX_PERCENTILE",
    "COLLECT",
];

pub fn function(name: &str) -> Option<AggregateFunction> {
    Some(match name {
        "COUNT" => AggregateFunction::Count,
        "SUM" => AggregateFunction::Sum,
        "MIN" => AggregateFunction::Min,
        "MAX" => AggregateFunction::Max,
        "AVG" => AggregateFunction::Avg,
        _ => return None,
    })
}

/// One aggregate over expressions of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub function: AggregateFunction,
    pub argument: Option<Expr>,
    pub filter: Option<Expr>,
    pub distinct: bool,
    pub data_type: DataType,
}

/// What a GROUP BY leaves: its keys, the window's columns, and the aggregates asked for so far.
/// Output columns stand in this order.
#[derive(Debug, Default)]
pub struct Grouping {
    /// Keys over the input.
    pub keys: Vec<Expr>,
    /// window_start, window_end, window_time over the input, where rows are grouped by window.
    pub window: Vec<Expr>,
    pub calls: Vec<Spec>,
}

impl Grouping {
    /// The output column of an expression that rows are grouped by.
    pub fn key(&self, bound: &Expr) -> Option<Expr> {
        let index = self.keys.iter().chain(&self.window).position(|key| key.kind == bound.kind)?;
        Some(Expr { kind: ExprKind::Column(index), ..bound.clone() })
    }

    /// The output column of an aggregate; asked twice, it is computed once.
    pub fn call(&mut self, spec: Spec) -> Expr {
        let index = self.calls.iter().position(|known| *known == spec).unwrap_or(self.calls.len());
        let data_type = spec.data_type.clone();
        let nullable =
            !matches!(spec.function, AggregateFunction::Count | AggregateFunction::CountStar);
        if index == self.calls.len() {
            self.calls.push(spec);
        }
        let column = self.keys.len() + self.window.len() + index;
        Expr { kind: ExprKind::Column(column), data_type, nullable }
    }
}

/// Binds an aggregate's argument and filter over the input.
pub fn bind(
    function: AggregateFunction,
    call: &ast::Function,
    scope: &Scope,
    span: Span,
) -> Result<Spec> {
    let mut binder = Binder::plain(scope, span);
    let filter = call.filter.as_deref().map(|filter| binder.truth(filter)).transpose()?;
    let ast::FunctionArguments::List(list) = &call.args else {
        return Err(Fault::new(span, format!("{} needs an argument", call.name)));
    };
    let distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
    let [argument] = list.args.as_slice() else {
        return Err(Fault::new(span, format!("{} takes one argument", call.name))
            .help("count a combination by COUNT(DISTINCT a || '-' || b)"));
    };
    match argument {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)
            if function == AggregateFunction::Count && !distinct =>
        {
            let function = AggregateFunction::CountStar;
            Ok(Spec { function, argument: None, filter, distinct, data_type: DataType::BigInt })
        }
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(argument)) => {
            let argument = binder.bind(argument)?;
            let data_type = result_type(function, &argument.data_type, span)?;
            // A repeated value changes neither the smallest nor the largest.
            let distinct =
                distinct && !matches!(function, AggregateFunction::Min | AggregateFunction::Max);
            Ok(Spec { function, argument: Some(argument), filter, distinct, data_type })
        }
        other => Err(Fault::new(span, format!("{} cannot take `{other}`", call.name))),
    }
}

/// SUM, AVG, MIN and MAX keep their argument's type.
fn result_type(function: AggregateFunction, argument: &DataType, span: Span) -> Result<DataType> {
    let fits = match function {
        AggregateFunction::Count | AggregateFunction::CountStar => return Ok(DataType::BigInt),
        AggregateFunction::Sum | AggregateFunction::Avg => argument.is_numeric(),
        AggregateFunction::Min | AggregateFunction::Max => !argument.is_nested(),
    };
    match fits {
        true => Ok(argument.clone()),
        false => Err(Fault::new(span, format!("{function:?} cannot be computed of {argument}"))
            .help("CAST it to a number first")),
    }
}

/// Columns that an aggregate reads, computed once each.
#[derive(Default)]
pub struct Below {
    pub exprs: Vec<Expr>,
}

impl Below {
    pub fn column(&mut self, expr: &Expr) -> usize {
        let index = self.exprs.iter().position(|known| known == expr).unwrap_or(self.exprs.len());
        if index == self.exprs.len() {
            self.exprs.push(expr.clone());
        }
        index
    }

    pub fn schema(&self) -> Schema {
        let field = |(index, expr): (usize, &Expr)| Field {
            nullable: expr.nullable,
            ..Field::new(&format!("c{index}"), expr.data_type.clone())
        };
        Schema::new(self.exprs.iter().enumerate().map(field).collect())
    }
}
