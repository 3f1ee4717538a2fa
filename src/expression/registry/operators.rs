//! Operators and CASE: their types and what they are made of.

use super::super::{CastMode, Expr, ExprKind};
use super::{Function, cast, coerce, common_type, make, times, unify, wider_type};
use crate::record::{DataType, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Concat,
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
    IsDistinctFrom,
    IsNotDistinctFrom,
}

impl BinaryOp {
    fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Concat => "||",
            Self::Eq => "=",
            Self::NotEq => "<>",
            Self::Lt => "<",
            Self::LtEq => "<=",
            Self::Gt => ">",
            Self::GtEq => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
        }
    }

    fn function(self) -> Function {
        match self {
            Self::Add => Function::Add,
            Self::Subtract => Function::Subtract,
            Self::Multiply => Function::Multiply,
            Self::Divide => Function::Divide,
            Self::Modulo => Function::Modulo,
            Self::Concat => Function::Concat,
            Self::Eq => Function::Eq,
            Self::NotEq => Function::NotEq,
            Self::Lt => Function::Lt,
            Self::LtEq => Function::LtEq,
            Self::Gt => Function::Gt,
            Self::GtEq => Function::GtEq,
            Self::IsDistinctFrom => Function::IsDistinctFrom,
            Self::IsNotDistinctFrom => Function::IsNotDistinctFrom,
        }
    }
}

/// `left op right`.
pub fn binary(op: BinaryOp, left: Expr, right: Expr) -> Result<Expr, String> {
    match op {
        BinaryOp::Concat => super::call("CONCAT", vec![left, right]).map_err(|_| {
            "Cannot apply '||' to arguments that are not strings; use CAST".to_string()
        }),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo => arithmetic(op, left, right),
        _ => comparison(op, left, right),
    }
}

fn refused(op: BinaryOp, left: &Expr, right: &Expr) -> String {
    let (left, right) = (&left.data_type, &right.data_type);
    let symbol = op.symbol();
    format!("Cannot apply '{symbol}' to arguments of type '<{left}> {symbol} <{right}>'")
}

fn arithmetic(op: BinaryOp, left: Expr, right: Expr) -> Result<Expr, String> {
    let (a, b) = (&left.data_type, &right.data_type);
    let numeric = |t: &DataType| t.is_numeric() || *t == DataType::Null;
    if numeric(a) && numeric(b) {
        if op == BinaryOp::Modulo && (a.is_approximate() || b.is_approximate()) {
            return Err(format!("{}; use CAST", refused(op, &left, &right)));
        }
        let approximate = a.is_approximate() || b.is_approximate();
        if op == BinaryOp::Modulo && a.is_decimal() && a.scale() == 0 && b.is_integer() {
            // What is left of whole numbers is computed in 64 bits.
            let left = cast(left, DataType::BigInt, CastMode::Strict)?;
            return arithmetic(op, left, right);
        }
        if (a.is_decimal() || b.is_decimal()) && !approximate {
            return decimals(op, left, right);
        }
        let common = match common_type(&[a.clone(), b.clone()]) {
            Some(DataType::Null) | None => DataType::Int,
            Some(common) => common,
        };
        let error = refused(op, &left, &right);
        let divisor = right.data_type.clone();
        let sides = (unify(left, &common), unify(right, &common));
        let (Some(left), Some(right)) = sides else { return Err(error) };
        let computed = make(op.function(), vec![left, right], common);
        return match op {
            // What is left has the type of the divisor.
            BinaryOp::Modulo if divisor.is_integer() => cast(computed, divisor, CastMode::Strict),
            _ => Ok(computed),
        };
    }
    temporal(op, left, right)
}

/// Exact numbers, at least one of which is a decimal.
fn decimals(op: BinaryOp, left: Expr, right: Expr) -> Result<Expr, String> {
    let error = refused(op, &left, &right);
    // A bare NULL is of the other side's type.
    let (x, y) = match (left.data_type.as_decimal(), right.data_type.as_decimal()) {
        (Some(x), Some(y)) => (x, y),
        (Some(x), None) => (x, x),
        (None, Some(y)) => (y, y),
        (None, None) => return Err(error),
    };
    let to = match op {
        BinaryOp::Add | BinaryOp::Subtract => x.sum(y),
        BinaryOp::Multiply => x.product(y),
        BinaryOp::Divide => x.quotient(y),
        // What is left of whole numbers has the type of the divisor.
        _ if (x.scale, y.scale) == (0, 0) => y,
        _ => x.remainder(y),
    };
    let sides = (coerce(left, &DataType::Decimal(x)), coerce(right, &DataType::Decimal(y)));
    let (Some(left), Some(right)) = sides else { return Err(error) };
    Ok(make(op.function(), vec![left, right], DataType::Decimal(to)))
}

fn temporal(op: BinaryOp, left: Expr, right: Expr) -> Result<Expr, String> {
    use DataType::{Date, IntervalDayTime, IntervalYearMonth, Time};
    let (a, b) = (left.data_type.clone(), right.data_type.clone());
    let interval = |t: &DataType| matches!(t, IntervalDayTime | IntervalYearMonth);
    let point = |t: &DataType| t.is_timestamp() || matches!(t, Date | Time);
    match op {
        BinaryOp::Add if interval(&a) && point(&b) => temporal(op, right, left),
        BinaryOp::Add | BinaryOp::Subtract if point(&a) && interval(&b) => {
            let amount = if op == BinaryOp::Subtract { negate(right)? } else { right };
            match b {
                IntervalYearMonth => times::add_months(left, amount),
                _ if a == Date => {
                    let day = Expr::literal(Value::I64(crate::time::MS_PER_DAY), IntervalDayTime);
                    let days = make(Function::Divide, vec![amount, day], Date);
                    Ok(make(Function::Add, vec![left, days], Date))
                }
                _ => Ok(make(Function::Add, vec![left, amount], a)),
            }
        }
        BinaryOp::Add | BinaryOp::Subtract if interval(&a) && a == b => {
            Ok(make(op.function(), vec![left, right], a))
        }
        BinaryOp::Multiply if interval(&a) && b.is_integer() => {
            Ok(make(op.function(), vec![left, right], a))
        }
        BinaryOp::Multiply if a.is_integer() && interval(&b) => temporal(op, right, left),
        BinaryOp::Subtract if point(&a) && point(&b) => Err(format!(
            "{}; use TIMESTAMPDIFF(unit, from, to), or (a - b) unit for an INTERVAL",
            refused(op, &left, &right)
        )),
        _ => Err(format!("{}; use CAST", refused(op, &left, &right))),
    }
}

/// Flink's name of a type in the text about implicit conversion.
fn root(data_type: &DataType) -> String {
    match data_type {
        DataType::String { max: None } => "VARCHAR(2147483647)".into(),
        DataType::Int => "INTEGER".into(),
        other => other.to_string(),
    }
}

/// Why two types cannot be compared.
fn not_comparable(left: &Expr, right: &Expr) -> String {
    let name = |expr: &Expr| match (&expr.kind, &expr.data_type) {
        (ExprKind::Literal(_), DataType::String { .. }) => "CHAR".to_string(),
        (_, data_type) => root(data_type),
    };
    format!(
        "implicit type conversion between {} and {} is not supported now; use CAST to bring both to one type",
        name(left),
        name(right)
    )
}

/// A text that is compared with a time is read as one, and so is one that stands beside a number
/// where Flink reads it; anything else stays.
fn as_other(expr: Expr, other: &DataType, numbers: bool) -> Result<Expr, String> {
    let is_time = other.is_timestamp() || matches!(other, DataType::Date | DataType::Time);
    match expr.data_type.is_string() && (is_time || numbers && other.is_numeric()) {
        // For an equation, a text that is no time equals none.
        true if is_time && !numbers => cast(expr, other.clone(), CastMode::Try),
        true => cast(expr, other.clone(), CastMode::Strict),
        false => Ok(expr),
    }
}

fn comparison(op: BinaryOp, mut left: Expr, mut right: Expr) -> Result<Expr, String> {
    // A local time is compared with an instant as that of the session's zone.
    let instant = |expr: &Expr| match expr.data_type {
        DataType::TimestampLtz { .. } => Some(expr.data_type.clone()),
        _ => None,
    };
    if let (DataType::Timestamp { .. }, Some(to)) = (&left.data_type, instant(&right)) {
        left = cast(left, to, CastMode::Strict)?;
    } else if let (Some(to), DataType::Timestamp { .. }) = (instant(&left), &right.data_type) {
        right = cast(right, to, CastMode::Strict)?;
    }
    // Flink reads a text beside a number for an order, but refuses it for an equation.
    let by_order = matches!(op, BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq);
    (left, right) = match (left.data_type.is_string(), right.data_type.is_string()) {
        (true, false) => (as_other(left, &right.data_type, by_order)?, right),
        (false, true) => {
            let text = as_other(right, &left.data_type, by_order)?;
            (left, text)
        }
        _ => (left, right),
    };
    let types = [left.data_type.clone(), right.data_type.clone()];
    let as_first = matches!(op, BinaryOp::Eq | BinaryOp::NotEq);
    let common = if !as_first { wider_type(&types) } else { common_type(&types) };
    let common = common
        .filter(|common| !by_order || !common.is_nested())
        .ok_or_else(|| not_comparable(&left, &right))?;
    let error = not_comparable(&left, &right);
    if let (Some(a), Some(b), DataType::Decimal(both)) =
        (left.data_type.as_decimal(), right.data_type.as_decimal(), &common)
        && !(a.is_within(*both) && b.is_within(*both))
        && !matches!(op, BinaryOp::IsDistinctFrom | BinaryOp::IsNotDistinctFrom)
    {
        let sides = (coerce(left, &DataType::Decimal(a)), coerce(right, &DataType::Decimal(b)));
        let (Some(left), Some(right)) = sides else { return Err(error) };
        let order = make(Function::DecimalOrder, vec![left, right], DataType::BigInt);
        let zero = Expr::literal(Value::I64(0), DataType::BigInt);
        return Ok(make(op.function(), vec![order, zero], DataType::Boolean));
    }
    let sides = (unify(left, &common), unify(right, &common));
    let (Some(left), Some(right)) = sides else { return Err(error) };
    let mut expr = make(op.function(), vec![left, right], DataType::Boolean);
    if matches!(op, BinaryOp::IsDistinctFrom | BinaryOp::IsNotDistinctFrom) {
        expr.nullable = false;
    }
    Ok(expr)
}

/// `-expr`.
pub fn negate(expr: Expr) -> Result<Expr, String> {
    let data_type = expr.data_type.clone();
    let interval = matches!(data_type, DataType::IntervalDayTime | DataType::IntervalYearMonth);
    if !data_type.is_numeric() && !interval && data_type != DataType::Null {
        return Err(format!("Cannot apply '-' to arguments of type '-<{data_type}>'"));
    }
    Ok(make(Function::Negate, vec![expr], data_type))
}

/// `value LIKE pattern [ESCAPE escape]`.
pub fn like(value: Expr, pattern: Expr, escape: Option<Expr>) -> Result<Expr, String> {
    let mut args = vec![value, pattern];
    args.extend(escape);
    let mut texts = Vec::with_capacity(args.len());
    for arg in args {
        let given = arg.data_type.clone();
        let text = coerce(arg, &DataType::STRING);
        texts.push(text.ok_or_else(|| {
            format!("Cannot apply 'LIKE' to an argument of type {given}; use CAST")
        })?);
    }
    Ok(make(Function::Like, texts, DataType::Boolean))
}

/// `value IN (list)`.
pub fn in_list(value: Expr, list: Vec<Expr>) -> Result<Expr, String> {
    let mut all = vec![value];
    for item in list {
        let number = all[0].data_type.is_string() && item.data_type.is_numeric();
        all.push(match number {
            true => cast(item, DataType::STRING, CastMode::Strict)?,
            false => as_other(item, &all[0].data_type, true)?,
        });
    }
    let types: Vec<_> = all.iter().map(|expr| expr.data_type.clone()).collect();
    let Some(common) = common_type(&types) else {
        let odd = all.iter().skip(1).find(|item| {
            common_type(&[all[0].data_type.clone(), item.data_type.clone()]).is_none()
        });
        return Err(not_comparable(&all[0], odd.unwrap_or(&all[0])));
    };
    let mut args = Vec::with_capacity(all.len());
    for expr in all {
        let given = expr.data_type.clone();
        args.push(
            unify(expr, &common).ok_or_else(|| format!("cannot compare {given} with {common}"))?,
        );
    }
    Ok(make(Function::In, args, DataType::Boolean))
}

/// Searched CASE; without ELSE the rest is NULL.
pub fn case(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Result<Expr, String> {
    let otherwise = otherwise.unwrap_or_else(|| Expr::literal(Value::Null, DataType::Null));
    let mut types: Vec<_> = branches.iter().map(|(_, value)| value.data_type.clone()).collect();
    types.push(otherwise.data_type.clone());
    let common = common_type(&types).ok_or_else(|| {
        let names: Vec<_> = types.iter().map(DataType::to_string).collect();
        format!("Illegal mixing of types in CASE or COALESCE statement: {}", names.join(", "))
    })?;
    let bring = |expr: Expr| {
        let given = expr.data_type.clone();
        unify(expr, &common).ok_or_else(|| format!("cannot convert {given} to {common}; use CAST"))
    };
    let mut nullable = otherwise.nullable;
    let mut converted = Vec::with_capacity(branches.len());
    for (condition, value) in branches {
        if !matches!(condition.data_type, DataType::Boolean | DataType::Null) {
            return Err(format!("a condition must be BOOLEAN, not {}", condition.data_type));
        }
        let condition = cast(condition, DataType::Boolean, CastMode::Strict)?;
        nullable |= value.nullable;
        converted.push((condition, bring(value)?));
    }
    let otherwise = Box::new(bring(otherwise)?);
    let kind = ExprKind::Case { branches: converted, otherwise };
    Ok(Expr { kind, data_type: common, nullable })
}
