//! Evaluation over a batch.
//!
//! Each expression is dispatched once per batch; its kernel then runs over the selected rows.
//! Literals stay one value ([`frame::Arg`]). What SQL computes only where needed (CASE, AND, OR,
//! COALESCE) is computed for the rows that still need it.

mod binary;
mod cast;
mod collections;
mod compare;
mod decimal;
mod encode;
mod format;
mod frame;
mod json;
mod json_path;
mod nested;
mod numeric;
mod pattern;
mod percentile;
mod random;
mod strings;
mod time;

use std::sync::Arc;

pub use binary::is_charset;
pub use pattern::java_regex;

/// Whether a JSON path is understood.
pub fn is_json_path(text: &str) -> bool {
    json_path::Path::parse(text).is_some()
}

use super::registry::Function;
use super::{EvalContext, EvalErrors, Expr, ExprKind};
use crate::record::{
    Batch, Column, ColumnBuilder, ColumnData, ColumnRef, DataType, Validity, Value,
};
use frame::{Arg, Frame};

/// Computes `expr` for the selected rows of `batch`.
pub fn eval(
    expr: &Expr,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> ColumnRef {
    match &expr.kind {
        ExprKind::Column(index) => batch.columns[*index].clone(),
        ExprKind::Literal(value) => Arc::new(Column::constant(value, &expr.data_type, batch.rows)),
        ExprKind::Call { function: Function::Coalesce, args } => {
            coalesce(args, &expr.data_type, batch, context, errors)
        }
        ExprKind::Call { function, args } => call(*function, args, expr, batch, context, errors),
        ExprKind::Cast { input, mode } => {
            let args = vec![Arg::new(input, batch, context, errors)];
            let mut frame = Frame::new(args, batch, context, errors);
            cast::cast(&mut frame, &input.data_type, &expr.data_type, *mode)
        }
        ExprKind::Case { branches, otherwise } => {
            case(branches, otherwise, &expr.data_type, batch, context, errors)
        }
        ExprKind::And(parts) => connect(parts, false, batch, context, errors),
        ExprKind::Or(parts) => connect(parts, true, batch, context, errors),
        ExprKind::Not(input) => {
            let column = eval(input, batch, context, errors);
            // A bare NULL has no column of booleans.
            let ColumnData::Bool(values) = &column.data else {
                return Arc::new(Column::constant(&Value::Null, &DataType::Boolean, batch.rows));
            };
            let values = values.iter().map(|value| !value).collect();
            Arc::new(Column::new(ColumnData::Bool(values), column.validity.clone()))
        }
        ExprKind::IsNull(input) => {
            let column = eval(input, batch, context, errors);
            let values = (0..batch.rows).map(|row| column.is_null(row)).collect();
            Arc::new(Column::new(ColumnData::Bool(values), Validity::all()))
        }
        ExprKind::RowField { input, index } => {
            let column = eval(input, batch, context, errors);
            pick(batch, &column, &expr.data_type, |value, _| match value {
                Value::Row(fields) => fields.get(*index),
                _ => None,
            })
        }
        ExprKind::Item { input, key } => {
            let column = eval(input, batch, context, errors);
            let key = Arg::new(key, batch, context, errors);
            pick(batch, &column, &expr.data_type, |value, row| item(value, &key, row))
        }
    }
}

/// The selected rows for which `predicate` is true, ascending.
pub fn filter(
    predicate: &Expr,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> Vec<u32> {
    if let ExprKind::And(parts) = &predicate.kind
        && let Some((first, rest)) = parts.split_first()
    {
        let mut rows = filter(first, batch, context, errors);
        for part in rest {
            if rows.is_empty() {
                break;
            }
            rows = filter(part, &batch.with_selection(rows), context, errors);
        }
        return rows;
    }
    let column = eval(predicate, batch, context, errors);
    let values = column.as_bools();
    // A bare NULL has no column of booleans.
    if values.is_empty() {
        return Vec::new();
    }
    // Every row is written, and the next one over it where it does not count: which do is chance to
    // the processor, and a wrong guess costs more than the writing.
    let mut rows = vec![0; batch.len()];
    let mut kept = 0;
    for row in batch.row_ids() {
        rows[kept] = row as u32;
        kept += usize::from(values[row] & !column.is_null(row));
    }
    rows.truncate(kept);
    rows
}

fn call(
    function: Function,
    args: &[Expr],
    expr: &Expr,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> ColumnRef {
    use Function::*;
    let from = args.first().map_or(DataType::Null, |arg| arg.data_type.clone());
    let types: Vec<DataType> = match function {
        Printf => args.iter().map(|arg| arg.data_type.clone()).collect(),
        _ => Vec::new(),
    };
    let scales = [0, 1].map(|at| args.get(at).map_or(0, |arg| arg.data_type.scale()));
    let args = args.iter().map(|arg| Arg::new(arg, batch, context, errors)).collect();
    let mut frame = Frame::new(args, batch, context, errors);
    let frame = &mut frame;
    let to = &expr.data_type;
    if !takes_nulls(function) && frame.has_null_constant() {
        return frame.nulls(to);
    }
    match (function, to) {
        (Add | Subtract | Multiply | Divide | Modulo | Negate, DataType::Decimal(to)) => {
            return decimal::arithmetic(function, frame, scales, *to);
        }
        (Abs | Floor | Ceil | Round | Truncate | Sign, DataType::Decimal(to)) => {
            return decimal::rounding(function, frame, scales[0], *to);
        }
        _ => {}
    }
    match function {
        Add | Subtract | Multiply | Divide | Modulo | Negate | FloorDivide | ToInstant => {
            numeric::arithmetic(function, frame, to)
        }
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | In | Greatest
        | Least => compare::compare(function, frame, to),
        Abs | Floor | Ceil | Round | Truncate | Sign => numeric::same_type(function, frame, to),
        Power | Sqrt | Ln | Log10 | Log2 | Log | Exp | Sin | Cos | Tan | Asin | Acos | Atan
        | Atan2 | Sinh | Cosh | Tanh | Cot | Degrees | Radians | Pi | Euler => {
            numeric::math(function, frame)
        }
        Like | SimilarTo | Regexp | RegexpExtract | RegexpReplace | RegexpCount | RegexpInstr
        | RegexpSubstr => pattern::evaluate(function, frame),
        Uuid | Rand | RandInteger => random::evaluate(function, frame),
        CurrentWatermark => time::current_watermark(frame),
        Now | ProcTime | ToTimestamp | DateFormat | Extract | FloorTime | CeilTime | AddMonths
        | AddMonthsToDate | MonthsBetween | ConvertZone => time::evaluate(function, frame),
        JsonText => nested::json(frame, &from),
        JsonValue | JsonExists | JsonQuery | IsJson | JsonQuote | JsonTextOf | JsonUnquote
        | JsonMembers => json::evaluate(function, frame, to),
        DecimalOrder => decimal::order(frame, scales),
        JsonDecimal => decimal::json(frame, scales[0]),
        Cardinality => cardinality(frame),
        Printf => format::printf(frame, &types),
        Encode | Decode | Unhex | Pack => binary::evaluate(function, frame),
        MakeArray | MakeMap | MakeRow | ArrayContains | ArrayPosition | ArrayRemove
        | ArrayAppend | ArrayPrepend | ArrayDistinct | ArrayReverse | ArrayMax | ArrayMin
        | Element | ArrayConcat | ArrayUnion | ArrayExcept | ArrayIntersect | ArraySlice
        | ArraySort | ArrayJoin | MapKeys | MapValues | MapEntries | MapFromArrays | MapUnion
        | Split | StrToMap | RegexpExtractAll | Unpack | Collected | Repeated | Percentile => {
            collections::evaluate(function, frame, to)
        }
        InetAton | InetNtoa | Md5 | Bin | Sha1 | Sha224 | Sha256 | Sha384 | Sha512 | ToBase64
        | FromBase64 | Hex | UrlEncode | UrlDecode | ParseUrl => encode::evaluate(function, frame),
        // Dispatched before, as its arguments are not all computed.
        Coalesce => frame.nulls(to),
        _ => strings::evaluate(function, frame, &from),
    }
}

/// Functions for which a NULL is a value like others.
fn takes_nulls(function: Function) -> bool {
    use Function::*;
    collections::takes_nulls(function)
        || matches!(
            function,
            IsDistinctFrom
                | IsNotDistinctFrom
                | In
                | ConcatWs
                | JsonValue
                | IsJson
                | IsAlpha
                | IsDigit
                | IsDecimal
                | Printf
        )
}

fn cardinality(frame: &mut Frame) -> ColumnRef {
    let input = frame.args[0].clone();
    frame.i64s(|row| {
        Ok(match input.any(row) {
            Some(Value::Array(values)) => Some(values.len() as i64),
            Some(Value::Map(entries)) => Some(entries.len() as i64),
            _ => None,
        })
    })
}

/// A part of each nested value.
fn pick<'a>(
    batch: &Batch,
    column: &'a Column,
    data_type: &DataType,
    part: impl Fn(&'a Value, usize) -> Option<&'a Value>,
) -> ColumnRef {
    let mut builder = ColumnBuilder::for_type(data_type, batch.rows);
    for row in batch.row_ids() {
        while builder.len() < row {
            builder.push_null();
        }
        let value = match &column.data {
            ColumnData::Any(values) if !column.is_null(row) => part(&values[row], row),
            _ => None,
        };
        builder.push_value(value.unwrap_or(&Value::Null));
    }
    while builder.len() < batch.rows {
        builder.push_null();
    }
    Arc::new(builder.finish())
}

fn item<'a>(value: &'a Value, key: &Arg, row: usize) -> Option<&'a Value> {
    if key.is_null(row) {
        return None;
    }
    match value {
        Value::Array(values) => {
            let index = usize::try_from(key.i64(row)).ok()?;
            values.get(index.checked_sub(1)?)
        }
        Value::Map(entries) => {
            let key = key.column.value(key.index(row));
            entries.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// AND (`decisive` false) and OR (`decisive` true): a part is computed only for the rows that
/// no part before has decided.
fn connect(
    parts: &[Expr],
    decisive: bool,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> ColumnRef {
    let mut values = vec![!decisive; batch.rows];
    let mut validity = Validity::all();
    let mut open = batch.row_numbers();
    for part in parts {
        if open.is_empty() {
            break;
        }
        let column = eval(part, &batch.with_selection(open.clone()), context, errors);
        let truth = column.as_bools();
        open.retain(|&row| {
            let row = row as usize;
            if column.is_null(row) || truth.is_empty() {
                validity.set_null(row, batch.rows);
                return true;
            }
            let decided = truth[row] == decisive;
            if decided {
                values[row] = decisive;
                validity.set_valid(row);
            }
            !decided
        });
    }
    Arc::new(Column::new(ColumnData::Bool(values), validity))
}

fn case(
    branches: &[(Expr, Expr)],
    otherwise: &Expr,
    data_type: &DataType,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> ColumnRef {
    let mut merge = Merge::new(batch.rows);
    let mut open = batch.row_numbers();
    for (condition, value) in branches {
        if open.is_empty() {
            break;
        }
        let part = batch.with_selection(open.clone());
        let column = eval(condition, &part, context, errors);
        let truth = column.as_bools();
        let is_true =
            |row: u32| !column.is_null(row as usize) && truth.get(row as usize) == Some(&true);
        let taken: Vec<u32> = open.iter().copied().filter(|&row| is_true(row)).collect();
        open.retain(|&row| !is_true(row));
        merge.add(value, taken, batch, context, errors);
    }
    merge.add(otherwise, open, batch, context, errors);
    merge.finish(data_type)
}

fn coalesce(
    args: &[Expr],
    data_type: &DataType,
    batch: &Batch,
    context: &EvalContext,
    errors: &mut EvalErrors,
) -> ColumnRef {
    let mut merge = Merge::new(batch.rows);
    let mut open = batch.row_numbers();
    for arg in args {
        if open.is_empty() {
            break;
        }
        let source = merge.add(arg, open.clone(), batch, context, errors);
        open.retain(|&row| merge.sources[source].is_null(row as usize));
    }
    merge.finish(data_type)
}

/// Puts a column together from rows of several.
struct Merge {
    sources: Vec<Arg>,
    /// By row: which source it comes from.
    choice: Vec<u32>,
}

impl Merge {
    fn new(rows: usize) -> Self {
        Self { sources: Vec::new(), choice: vec![u32::MAX; rows] }
    }

    /// Computes `expr` for `rows` and takes them from it; gives the number of the source.
    fn add(
        &mut self,
        expr: &Expr,
        rows: Vec<u32>,
        batch: &Batch,
        context: &EvalContext,
        errors: &mut EvalErrors,
    ) -> usize {
        let number = self.sources.len();
        for &row in &rows {
            self.choice[row as usize] = number as u32;
        }
        let part = batch.with_selection(rows);
        self.sources.push(Arg::new(expr, &part, context, errors));
        number
    }

    fn finish(self, data_type: &DataType) -> ColumnRef {
        let mut builder = ColumnBuilder::for_type(data_type, self.choice.len());
        for (row, choice) in self.choice.iter().enumerate() {
            match self.sources.get(*choice as usize) {
                Some(source) => builder.push_from(&source.column, source.index(row)),
                None => builder.push_null(),
            }
        }
        Arc::new(builder.finish())
    }
}

#[cfg(test)]
pub mod model;
#[cfg(test)]
mod tests;
