//! Aggregates of a GROUP BY: their types, and the columns that they and the keys become.

use sqlparser::ast;
use sqlparser::tokenizer::Span;

use super::fault::{At, Fault, Result};
use super::percentile;
use super::scope::{Binder, Scope};
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{CastMode, Expr, ExprKind};
use crate::operator::aggregate::{AggregateCall, AggregateFunction};
use crate::record::{DataType, Field, Schema, Value};

/// Those that Flink's streams lack, and what there is instead.
pub const OURS: [(&str, &str); 2] = [
    ("APPROX_COUNT_DISTINCT", "write COUNT(DISTINCT x), which keeps all values"),
    ("APPROX_PERCENTILE", "write PERCENTILE(x, share), which keeps all values"),
];

/// Aggregates that are computed from others.
pub const DERIVED: [&str; 13] = [
    "VAR_POP",
    "VAR_SAMP",
    "VARIANCE",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "STDDEV",
    "LISTAGG",
    "JSON_ARRAYAGG",
    "JSON_OBJECTAGG",
    "ARRAY_AGG",
    "COLLECT",
    "PERCENTILE",
    "APPROX_PERCENTILE",
];

/// Whether a function of this upper-case name aggregates.
pub fn is_aggregate(name: &str) -> bool {
    function(name).is_some() || DERIVED.contains(&name)
}

pub fn function(name: &str) -> Option<AggregateFunction> {
    Some(match name {
        "COUNT" => AggregateFunction::Count,
        "SUM" => AggregateFunction::Sum,
        "MIN" => AggregateFunction::Min,
        "MAX" => AggregateFunction::Max,
        "AVG" => AggregateFunction::Avg,
        "FIRST_VALUE" => AggregateFunction::First,
        "LAST_VALUE" => AggregateFunction::Last,
        "APPROX_COUNT_DISTINCT" => AggregateFunction::ApproxCountDistinct,
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

    /// Whether a key or an aggregate reads one of the columns from here on.
    pub fn reads_from(&self, first: usize) -> bool {
        let of_calls = self.calls.iter().flat_map(|call| call.argument.iter().chain(&call.filter));
        let mut reads = false;
        self.keys
            .iter()
            .chain(of_calls)
            .for_each(|expr| expr.visit_columns(&mut |column| reads |= column >= first));
        reads
    }

    /// The aggregates over columns that are computed below them.
    pub fn calls_over(&self, below: &mut Below) -> Vec<AggregateCall> {
        let call = |spec: &Spec| AggregateCall {
            function: spec.function,
            argument: spec.argument.as_ref().map(|argument| below.column(argument)),
            argument_type: spec.argument.as_ref().map_or(DataType::Null, |a| a.data_type.clone()),
            distinct: spec.distinct,
            filter: spec.filter.as_ref().map(|filter| below.column(filter)),
            data_type: spec.data_type.clone(),
        };
        self.calls.iter().map(call).collect()
    }

    /// The output column of an aggregate; asked twice, it is computed once.
    pub fn call(&mut self, spec: Spec) -> Expr {
        let index = self.calls.iter().position(|known| *known == spec).unwrap_or(self.calls.len());
        let data_type = spec.data_type.clone();
        let nullable = !matches!(
            spec.function,
            AggregateFunction::Count
                | AggregateFunction::CountStar
                | AggregateFunction::ApproxCountDistinct
        );
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
    let distinct = is_distinct(call);
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
            if distinct && argument.data_type.is_binary() {
                let message = "Distinct aggregate function does not support type: VARBINARY. Please \
                               re-check the data type.";
                return Err(Fault::new(span, message).help("COUNT(DISTINCT TO_BASE64(…))"));
            }
            if distinct && matches!(argument.data_type, DataType::Multiset(_)) {
                let message = "Distinct aggregate function does not support type: MULTISET.";
                return Err(Fault::new(span, message).help("COUNT(DISTINCT JSON_STRING(…))"));
            }
            // A repeated value changes neither the smallest nor the largest.
            let distinct =
                distinct && !matches!(function, AggregateFunction::Min | AggregateFunction::Max);
            Ok(Spec { function, argument: Some(argument), filter, distinct, data_type })
        }
        other => Err(Fault::new(span, format!("{} cannot take `{other}`", call.name))),
    }
}

/// The type of a SUM.
pub fn total(argument: &DataType) -> DataType {
    match argument {
        DataType::Decimal(of) => DataType::Decimal(of.total()),
        other => other.clone(),
    }
}

/// The type of an AVG, and of the variances.
pub fn mean(argument: &DataType) -> DataType {
    match argument {
        DataType::Decimal(of) => DataType::Decimal(of.mean()),
        other => other.clone(),
    }
}

/// SUM, AVG, MIN and MAX keep their argument's type, but for sums and means of decimals.
fn result_type(function: AggregateFunction, argument: &DataType, span: Span) -> Result<DataType> {
    let fits = match function {
        AggregateFunction::Count
        | AggregateFunction::CountStar
        | AggregateFunction::ApproxCountDistinct => return Ok(DataType::BigInt),
        AggregateFunction::Sum | AggregateFunction::Avg => argument.is_numeric(),
        AggregateFunction::Concat => argument.is_string(),
        AggregateFunction::Min | AggregateFunction::Max if argument.is_binary() => {
            let name = format!("{function:?}");
            let message = format!(
                "{name} aggregate function does not support type: ''VARBINARY''. Please re-check the \
                 data type."
            );
            return Err(
                Fault::new(span, message).help(format!("{}(TO_BASE64(…))", name.to_uppercase()))
            );
        }
        _ => !argument.is_nested(),
    };
    match fits {
        true if function == AggregateFunction::Sum => Ok(total(argument)),
        true if function == AggregateFunction::Avg => Ok(mean(argument)),
        true => Ok(argument.clone()),
        false => Err(Fault::new(span, format!("{function:?} cannot be computed of {argument}"))
            .help("CAST it to a number first")),
    }
}

/// VAR_POP and its kin from the squared distances, as Flink does; those of integers are integers.
pub fn derived(
    name: &str,
    call: &ast::Function,
    binder: &mut Binder<'_>,
    span: Span,
) -> Result<Expr> {
    match name {
        "LISTAGG" => return list(call, binder, span),
        "JSON_ARRAYAGG" => return json_array(call, binder, span),
        "JSON_OBJECTAGG" => return json_object(call, binder, span),
        "ARRAY_AGG" => return array(call, binder, span),
        "COLLECT" => return collect(call, binder, span),
        "PERCENTILE" => return percentile::exact(call, binder, span),
        "APPROX_PERCENTILE" => return percentile::approximate(call, binder, span),
        _ => {}
    }
    let mut sum = bind(AggregateFunction::Sum, call, binder.scope, span)?;
    let data_type = sum.argument.as_ref().map_or(DataType::Null, |it| mean(&it.data_type));
    if data_type.is_decimal() {
        let double =
            sum.argument.take().map(|it| registry::cast(it, DataType::Double, CastMode::Strict));
        sum.argument = double.transpose().at(span)?;
    }
    let Some(grouping) = &mut binder.grouping else { return Err(misplaced(name, span)) };
    let count = AggregateFunction::Count;
    let count = Spec { function: count, data_type: DataType::BigInt, ..sum.clone() };
    let function = AggregateFunction::SquaredDistances;
    let squares = grouping.call(Spec { function, data_type: DataType::Double, ..sum });
    let mut count = grouping.call(count);
    if !name.ends_with("_POP") {
        // NULL of a single value.
        let number = |value: i64| Expr::literal(Value::I64(value), DataType::BigInt);
        let less = registry::binary(BinaryOp::Subtract, count, number(1)).at(span)?;
        count = registry::call("NULLIF", vec![less, number(0)]).at(span)?;
    }
    let mut result = registry::binary(BinaryOp::Divide, squares, count).at(span)?;
    if name.starts_with("STDDEV") {
        let half = Expr::literal(Value::F64(0.5), DataType::Double);
        result = registry::call("POWER", vec![result, half]).at(span)?;
    }
    registry::cast(result, data_type, CastMode::Strict).at(span)
}

/// LISTAGG: each text with the separator in front, and the first one taken off.
fn list(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let mut plain = call.clone();
    let mut separator = Value::Str(",".into());
    if let ast::FunctionArguments::List(list) = &mut plain.args
        && list.args.len() == 2
        && let Some(ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast))) = list.args.pop()
    {
        let bound = Binder::plain(binder.scope, span).bind(&ast)?;
        separator = bound.as_literal().cloned().unwrap_or(Value::Null);
    }
    let Some(text) = separator.as_str() else {
        let message = "LISTAGG: the separator must be a literal text";
        return Err(Fault::new(span, message).help("LISTAGG(name, ', ')"));
    };
    let length = text.chars().count() as i64;
    let mut spec = bind(AggregateFunction::Concat, &plain, binder.scope, span)?;
    let Some(grouping) = &mut binder.grouping else { return Err(misplaced("LISTAGG", span)) };
    let joined = spec.argument.take().map(|value| {
        let separator = Expr::literal(separator.clone(), DataType::STRING);
        registry::call("CONCAT", vec![separator, value]).at(span)
    });
    spec.argument = joined.transpose()?;
    spec.data_type = DataType::STRING;
    let start = Expr::literal(Value::I64(length + 1), DataType::BigInt);
    registry::call("SUBSTRING", vec![grouping.call(spec), start]).at(span)
}

/// JSON_ARRAYAGG: each value as JSON with a comma in front, and the first one taken off.
fn json_array(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let scope = binder.scope;
    let on_null = super::calls::on_null(call, registry::OnNull::Absent, span)?;
    let argument = super::calls::plain_arguments(call, span)?;
    let [value] = argument.as_slice() else {
        return Err(Fault::new(span, "JSON_ARRAYAGG takes one value"));
    };
    let json = json_of(value, on_null, scope, span)?;
    let piece = registry::call("CONCAT", vec![text(","), json]).at(span)?;
    let piece = (AggregateFunction::Concat, piece);
    let all = gathered(call, piece, false, binder, span)?;
    let all = registry::call("COALESCE", vec![all, text(",")]).at(span)?;
    let start = Expr::literal(Value::I64(2), DataType::BigInt);
    let all = registry::call("SUBSTRING", vec![all, start]).at(span)?;
    registry::call("CONCAT", vec![text("["), all, text("]")]).at(span)
}

fn text(text: &str) -> Expr {
    Expr::literal(Value::Str(text.into()), DataType::STRING)
}

/// A value as JSON.
fn json_of(
    value: &ast::Expr,
    on_null: registry::OnNull,
    scope: &Scope,
    span: Span,
) -> Result<Expr> {
    let bound = Binder::plain(scope, span).bind(value)?;
    let json = match super::calls::is_json(value) {
        true => bound,
        false => registry::call("JSON_STRING", vec![bound]).at(span)?,
    };
    match on_null {
        registry::OnNull::Null => registry::call("COALESCE", vec![json, text("null")]).at(span),
        registry::OnNull::Absent => Ok(json),
    }
}

/// What each row gives: by Concat one behind the other in the order of the rows, by Collect counted.
pub fn gathered(
    call: &ast::Function,
    (function, piece): (AggregateFunction, Expr),
    distinct: bool,
    binder: &mut Binder<'_>,
    span: Span,
) -> Result<Expr> {
    let filter = call.filter.as_deref();
    let filter = filter.map(|it| Binder::plain(binder.scope, span).truth(it)).transpose()?;
    let Some(grouping) = &mut binder.grouping else {
        return Err(misplaced(&call.name.to_string(), span));
    };
    let data_type = piece.data_type.clone();
    Ok(grouping.call(Spec { function, argument: Some(piece), filter, distinct, data_type }))
}

/// JSON_OBJECTAGG(key, value): each pair as JSON, put together at the end.
fn json_object(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let on_null = super::calls::on_null(call, registry::OnNull::Null, span)?;
    let arguments = super::calls::plain_arguments(call, span)?;
    let [key, value] = arguments.as_slice() else {
        return Err(Fault::new(span, "JSON_OBJECTAGG takes a key and a value")
            .help("write JSON_OBJECTAGG(KEY event_type VALUE n)"));
    };
    if is_distinct(call) {
        let help = "leave DISTINCT out: of two pairs with one key the later one stays";
        return Err(Fault::unsupported(span, "JSON_OBJECTAGG(DISTINCT …)", help));
    }
    let key = Binder::plain(binder.scope, span).bind(key)?;
    if !key.data_type.is_string() {
        return Err(Fault::new(span, "JSON_OBJECTAGG: the key must be a STRING"));
    }
    let key = registry::call("JSON_STRING", vec![key]).at(span)?;
    let value = json_of(value, on_null, binder.scope, span)?;
    let pair = registry::call("CONCAT", vec![text(" "), key, text(" "), value]).at(span)?;
    let pair = (AggregateFunction::Concat, pair);
    let all = gathered(call, pair, false, binder, span)?;
    let all = registry::call("COALESCE", vec![all, text("")]).at(span)?;
    Ok(registry::json_members(all))
}

/// ARRAY_AGG: the values packed one behind the other.
fn array(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let arguments = super::calls::plain_arguments(call, span)?;
    let [value] = arguments.as_slice() else {
        return Err(Fault::new(span, "ARRAY_AGG takes one value"));
    };
    let on_null = super::calls::on_null(call, registry::OnNull::Null, span)?;
    if on_null == registry::OnNull::Absent {
        let help = "FILTER (WHERE … IS NOT NULL) leaves NULL out";
        return Err(Fault::unsupported(span, "ABSENT ON NULL inside ARRAY_AGG", help));
    }
    let value = Binder::plain(binder.scope, span).bind(value)?;
    let element = value.data_type.clone();
    let piece = (AggregateFunction::Concat, registry::pack(value));
    let all = gathered(call, piece, is_distinct(call), binder, span)?;
    Ok(registry::unpack(all, element))
}

/// COLLECT: the different values, packed, with their counts; NULL is none of them.
fn collect(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let arguments = super::calls::plain_arguments(call, span)?;
    let [value] = arguments.as_slice() else {
        return Err(Fault::new(
            span,
            "Invalid number of arguments to function 'COLLECT'. Was expecting 1 arguments",
        ));
    };
    let value = Binder::plain(binder.scope, span).bind(value)?;
    let element = value.data_type.clone();
    let (absent, null) =
        (registry::is_null(value.clone()), Expr::literal(Value::Null, DataType::Null));
    let packed = registry::case(vec![(absent, null)], Some(registry::pack(value))).at(span)?;
    let packed = (AggregateFunction::Collect, packed);
    let all = gathered(call, packed, is_distinct(call), binder, span)?;
    let none = Expr::literal(Value::Bytes([].into()), DataType::BYTES);
    let all = registry::call("COALESCE", vec![all, none]).at(span)?;
    Ok(registry::collected(all, element))
}

pub fn is_distinct(call: &ast::Function) -> bool {
    matches!(&call.args, ast::FunctionArguments::List(list)
        if list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct))
}

/// An aggregate where there is nothing to aggregate.
pub fn misplaced(name: &str, span: Span) -> Fault {
    Fault::new(span, format!("an aggregate such as {name} cannot stand here"))
        .help("aggregate in a subquery, or filter by HAVING")
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

    /// Columns of the input keep their names.
    pub fn schema(&self, input: &Schema) -> Schema {
        let field = |(index, expr): (usize, &Expr)| {
            let passed = expr.as_column().and_then(|column| input.fields.get(column));
            let name = passed.map_or_else(|| format!("c{index}").into(), |it| it.name.clone());
            let data_type = expr.data_type.clone();
            Field { name, data_type, nullable: expr.nullable }
        };
        Schema::new(self.exprs.iter().enumerate().map(field).collect())
    }
}
