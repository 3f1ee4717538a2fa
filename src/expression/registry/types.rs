//! Conversions between types, asked for or implied, and computing of constants.

use super::super::{CastMode, EvalContext, EvalErrors, Expr, ExprKind, eval};
use super::Function;
use crate::decimal::DecimalType;
use crate::record::{Batch, BatchTime, DataType, Field, Value};

/// Place of a number type in the order of widening.
fn rank(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::TinyInt => 0,
        DataType::SmallInt => 1,
        DataType::Int => 2,
        DataType::BigInt => 3,
        DataType::Float => 4,
        DataType::Double => 5,
        _ => return None,
    })
}

/// The type to which all of these convert without being asked.
pub fn common_type(types: &[DataType]) -> Option<DataType> {
    let mut common = DataType::Null;
    for next in types {
        common = common_of_two(&common, next)?;
    }
    Some(common)
}

fn common_of_two(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date, Null, String, Timestamp, TimestampLtz};
    Some(match (a, b) {
        (Null, other) | (other, Null) => other.clone(),
        (a, b) if a == b => a.clone(),
        (String { max: Some(a) }, String { max: Some(b) }) => String { max: Some(*a.max(b)) },
        (String { .. }, String { .. }) => DataType::STRING,
        (a, b) if a.is_binary() && b.is_binary() => {
            let max = length(a).zip(length(b)).map(|(a, b)| a.max(b));
            DataType::Bytes { max }
        }
        (a, b) if a.is_decimal() || b.is_decimal() => match (a.as_decimal(), b.as_decimal()) {
            (Some(a), Some(b)) => DataType::Decimal(a.common(b)),
            _ if a.is_approximate() || b.is_approximate() => DataType::Double,
            _ => return None,
        },
        (Timestamp { precision: a }, Timestamp { precision: b }) => {
            Timestamp { precision: *a.max(b) }
        }
        (TimestampLtz { precision: a }, TimestampLtz { precision: b }) => {
            TimestampLtz { precision: *a.max(b) }
        }
        (Date, t @ Timestamp { .. }) | (t @ Timestamp { .. }, Date) => t.clone(),
        (DataType::Array(a), DataType::Array(b)) => DataType::Array(common_of_two(a, b)?.into()),
        (DataType::Multiset(a), DataType::Multiset(b)) => {
            DataType::Multiset(common_of_two(a, b)?.into())
        }
        (DataType::Map(ka, va), DataType::Map(kb, vb)) => {
            DataType::Map(common_of_two(ka, kb)?.into(), common_of_two(va, vb)?.into())
        }
        (DataType::Row(a), DataType::Row(b)) if a.len() == b.len() => {
            let field = |(a, b): (&Field, &Field)| {
                let data_type = common_of_two(&a.data_type, &b.data_type)?;
                let nullable = a.nullable || b.nullable;
                Some(Field { name: a.name.clone(), data_type, nullable })
            };
            DataType::Row(a.iter().zip(b.iter()).map(field).collect::<Option<_>>()?)
        }
        (a, b) => {
            let (rank_a, rank_b) = (rank(a)?, rank(b)?);
            match a.is_approximate() && b.is_approximate() {
                // The first one counts, as in Flink: FLOAT and DOUBLE are of one precision there.
                true => a.clone(),
                false if rank_a >= rank_b => a.clone(),
                false => b.clone(),
            }
        }
    })
}

/// As [`common_type`], for functions and comparisons by which a DOUBLE stays one beside a FLOAT.
pub fn wider_type(types: &[DataType]) -> Option<DataType> {
    let common = common_type(types)?;
    match common == DataType::Float && types.contains(&DataType::Double) {
        true => Some(DataType::Double),
        false => Some(common),
    }
}

/// Brings an expression into a type that [`common_type`] has found for it.
pub fn unify(expr: Expr, to: &DataType) -> Option<Expr> {
    match (&expr.data_type, to) {
        (DataType::Double, DataType::Float) => Some(convert(expr, to, CastMode::Strict)),
        _ => coerce(expr, to),
    }
}

/// Bytes that a type has at most.
fn length(data_type: &DataType) -> Option<u32> {
    match data_type {
        DataType::Bytes { max } => *max,
        DataType::Binary { length } => Some(*length),
        _ => None,
    }
}

/// The type of a function that keeps that of its first argument: rounding leaves fewer digits.
pub(super) fn rounded(function: Function, args: &[Expr]) -> DataType {
    let Some(first) = args.first() else { return DataType::Null };
    let DataType::Decimal(of) = first.data_type else { return first.data_type.clone() };
    DataType::Decimal(match (function, args.get(1).map(Expr::as_literal)) {
        (Function::Floor | Function::Ceil, _) => DecimalType::new(of.precision, 0),
        (Function::Round | Function::Truncate, None) => of.rounded(0),
        (Function::Round | Function::Truncate, Some(Some(Value::I64(digits)))) => {
            of.rounded(*digits)
        }
        _ => of,
    })
}

/// Converts where Flink does so without a CAST.
pub fn coerce(expr: Expr, to: &DataType) -> Option<Expr> {
    if expr.data_type == *to {
        return Some(expr);
    }
    if expr.data_type == DataType::Null {
        return Some(retype(expr, to));
    }
    let from = &expr.data_type;
    let same_form = from.is_string() && to.is_string()
        || matches!((from, to), (DataType::Timestamp { .. }, DataType::Timestamp { .. }))
        || matches!((from, to), (DataType::TimestampLtz { .. }, DataType::TimestampLtz { .. }));
    if same_form {
        // A text keeps its length here: only a CAST cuts.
        let to = if to.is_string() { &DataType::STRING } else { to };
        return Some(Expr { data_type: to.clone(), ..retype(expr, to) });
    }
    let widens = matches!((rank(from), rank(to)), (Some(from), Some(to)) if from < to)
        || matches!((from, to), (DataType::Date, DataType::Timestamp { .. }))
        || (from.is_numeric() && to.is_decimal())
        || (from.is_decimal() && to.is_approximate())
        || (from.is_binary() && matches!(to, DataType::Bytes { .. }))
        || matches!((from, to), (DataType::Binary { .. }, DataType::Binary { .. }));
    let widens = widens || (from.is_nested() && fits(from, to));
    widens.then(|| convert(expr, to, CastMode::Strict))
}

/// Whether all parts of a nested value convert without being asked; names of fields don't count.
fn fits(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Array(a), DataType::Array(b))
        | (DataType::Multiset(a), DataType::Multiset(b)) => fits(a, b),
        (DataType::Map(ka, va), DataType::Map(kb, vb)) => fits(ka, kb) && fits(va, vb),
        (DataType::Row(a), DataType::Row(b)) => {
            let pair = |(a, b): (&Field, &Field)| fits(&a.data_type, &b.data_type);
            a.len() == b.len() && a.iter().zip(b.iter()).all(pair)
        }
        (a, b) if a.is_nested() => a == b,
        (a, b) => coerce(Expr::column(0, a.clone()), b).is_some(),
    }
}

/// The same value under another type of the same form. A computed expression gets a cast, as
/// its own type may say how it is computed.
pub(super) fn retype(expr: Expr, to: &DataType) -> Expr {
    match expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) => Expr { data_type: to.clone(), ..expr },
        _ => convert(expr, to, CastMode::Strict),
    }
}

/// `CAST(expr AS to)`, or TRY_CAST.
pub fn cast(expr: Expr, to: DataType, mode: CastMode) -> Result<Expr, String> {
    if expr.data_type == to || expr.data_type == DataType::Null {
        return Ok(retype(expr, &to));
    }
    if !castable(&expr.data_type, &to) {
        return Err(format!(
            "Cast function cannot convert value of type {} to type {to}",
            expr.data_type
        ));
    }
    Ok(convert(expr, &to, mode))
}

fn castable(from: &DataType, to: &DataType) -> bool {
    use DataType::{Boolean, Date, IntervalDayTime, IntervalYearMonth, Time};
    let interval = |t: &DataType| matches!(t, IntervalDayTime | IntervalYearMonth);
    let temporal = |t: &DataType| t.is_timestamp() || matches!(t, Date | Time);
    match (from, to) {
        (DataType::Array(a), DataType::Array(b))
        | (DataType::Multiset(a), DataType::Multiset(b)) => castable(a, b),
        (DataType::Map(ka, va), DataType::Map(kb, vb)) => castable(ka, kb) && castable(va, vb),
        (DataType::Row(a), DataType::Row(b)) => {
            let pair = |(a, b): (&Field, &Field)| castable(&a.data_type, &b.data_type);
            a.len() == b.len() && a.iter().zip(b.iter()).all(pair)
        }
        (DataType::Null, _) => true,
        (_, to) if to.is_string() => true,
        (from, to) if from.is_string() => {
            *to == Boolean || to.is_numeric() || temporal(to) || to.is_binary()
        }
        (from, to) if from.is_binary() => to.is_binary(),
        (from, to) if from.is_numeric() || *from == Boolean => to.is_numeric() || *to == Boolean,
        (Date, to) => to.is_timestamp(),
        (Time, to) => to.is_timestamp(),
        (from, to) if from.is_timestamp() => temporal(to),
        (from, to) => interval(from) && (from == to || *to == DataType::BigInt),
    }
}

fn convert(input: Expr, to: &DataType, mode: CastMode) -> Expr {
    let nullable = input.nullable || mode == CastMode::Try || input.data_type.is_string();
    let kind = ExprKind::Cast { input: Box::new(input), mode };
    fold(Expr { kind, data_type: to.clone(), nullable })
}

/// Computes what has only literals below it and does not depend on the clock or the zone. What
/// cannot be computed stays, and is reported with the rows.
pub(super) fn fold(expr: Expr) -> Expr {
    let instant = |t: &DataType| matches!(t, DataType::TimestampLtz { .. });
    let constant = match &expr.kind {
        // Rounding an instant depends on the zone.
        ExprKind::Call { function: Function::FloorTime | Function::CeilTime, .. } => {
            !instant(&expr.data_type)
        }
        ExprKind::Call { function, .. } => !matches!(
            function,
            Function::Now
                | Function::ProcTime
                | Function::Uuid
                | Function::Rand
                | Function::RandInteger
        ),
        ExprKind::Cast { input, .. } => !instant(&expr.data_type) && !instant(&input.data_type),
        _ => false,
    };
    if !constant || expr.children().iter().any(|child| child.as_literal().is_none()) {
        return expr;
    }
    let mut errors = EvalErrors::default();
    let batch = Batch::new(vec![], 1, BatchTime::at(0));
    let value: Value = eval(&expr, &batch, &EvalContext::default(), &mut errors).value(0);
    if !errors.rows.is_empty() {
        return expr;
    }
    Expr::literal(value, expr.data_type)
}
