//! Conversions between types, asked for or implied, and computing of constants.

use super::super::{CastMode, EvalContext, EvalErrors, Expr, ExprKind, eval};
use super::Function;
use crate::record::{Batch, BatchTime, DataType, Value};

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
        (Timestamp { precision: a }, Timestamp { precision: b }) => {
            Timestamp { precision: *a.max(b) }
        }
        (TimestampLtz { precision: a }, TimestampLtz { precision: b }) => {
            TimestampLtz { precision: *a.max(b) }
        }
        (Date, t @ Timestamp { .. }) | (t @ Timestamp { .. }, Date) => t.clone(),
        (a, b) => {
            let (rank_a, rank_b) = (rank(a)?, rank(b)?);
            // BIGINT does not fit a FLOAT's digits; Flink takes DOUBLE then.
            match (rank_a.max(rank_b), rank_a.min(rank_b)) {
                (4, 2 | 3) => DataType::Double,
                _ if rank_a >= rank_b => a.clone(),
                _ => b.clone(),
            }
        }
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
        || matches!((from, to), (DataType::Date, DataType::Timestamp { .. }));
    widens.then(|| convert(expr, to, CastMode::Strict))
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
        (from, to) if to.is_string() => !interval(from),
        (from, to) if from.is_string() => *to == Boolean || to.is_numeric() || temporal(to),
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
        ExprKind::Call { function, .. } => *function != Function::Now,
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
