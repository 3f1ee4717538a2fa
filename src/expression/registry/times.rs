//! Functions of dates, times and the clock.

use super::super::{CastMode, Expr, ExprKind};
use super::special::{Made, bigint, exactly, integer, is_null, string, text};
use super::types::retype;
use super::{Function, call, case, cast, make, wrong_count};
use crate::record::{DataType, Value};
use crate::time::Unit;

const TIMESTAMP: DataType = DataType::Timestamp { precision: 3 };
const INSTANT: DataType = DataType::TimestampLtz { precision: 3 };

/// The argument as a local timestamp: instants by the session's zone, dates at midnight.
fn local(name: &str, expr: Expr) -> Made {
    match expr.data_type {
        DataType::Timestamp { .. } => Ok(expr),
        DataType::Date | DataType::TimestampLtz { .. } | DataType::Null => {
            cast(expr, TIMESTAMP, CastMode::Strict)
        }
        other => Err(format!("Cannot apply '{name}' to an argument of type {other}; use CAST")),
    }
}

fn unit(name: &str, expr: &Expr) -> Result<Unit, String> {
    let given = expr.as_literal().and_then(Value::as_str).unwrap_or_default();
    Unit::parse(given).ok_or_else(|| format!("{name}: '{given}' is not a unit of time"))
}

/// Without a pattern fractions and odd widths are taken too.
pub fn to_timestamp(name: &str, args: Vec<Expr>) -> Made {
    if args.is_empty() || args.len() > 2 {
        return Err(wrong_count(name, args.len()));
    }
    let args: Result<Vec<_>, _> = args.into_iter().map(|arg| string(name, arg)).collect();
    Ok(make(Function::ToTimestamp, args?, TIMESTAMP))
}

pub fn to_date(name: &str, args: Vec<Expr>) -> Made {
    if args.len() == 1 {
        let [text] = exactly(name, args)?;
        return cast(string(name, text)?, DataType::Date, CastMode::Try);
    }
    cast(read_loosely(name, args)?, DataType::Date, CastMode::Strict)
}

/// By the older of Java's two kinds of patterns; the usual one where none is given.
fn read_loosely(name: &str, mut args: Vec<Expr>) -> Made {
    if args.len() == 1 {
        args.push(text("yyyy-MM-dd HH:mm:ss"));
    }
    let [value, pattern] = exactly(name, args)?;
    let loosely = Expr::literal(Value::Bool(true), DataType::Boolean);
    let args = vec![string(name, value)?, string(name, pattern)?, loosely];
    Ok(make(Function::ToTimestamp, args, TIMESTAMP))
}

pub fn to_timestamp_ltz(name: &str, mut args: Vec<Expr>) -> Made {
    if args.first().is_some_and(|first| first.data_type.is_string()) {
        return instant_of_text(name, args);
    }
    if args.len() == 1 {
        let precision = Expr::literal(Value::I64(3), DataType::Int);
        args.push(precision);
    }
    let [value, precision] = exactly(name, args)?;
    let precision = match precision.as_literal() {
        Some(Value::I64(precision @ 0..=9)) => *precision as u32,
        _ => return Err("TO_TIMESTAMP_LTZ: the precision must be a literal from 0 to 9".into()),
    };
    let data_type = DataType::TimestampLtz { precision: precision.max(3) as u8 };
    // Units in a millisecond where they are smaller, else ms in a unit.
    let (smaller, larger) =
        (10_i64.pow(precision.saturating_sub(3)), 10_i64.pow(3_u32.saturating_sub(precision)));
    let millis = if value.data_type.is_approximate() {
        let value = cast(value, DataType::Double, CastMode::Strict)?;
        let smaller = Expr::literal(Value::F64(smaller as f64), DataType::Double);
        make(Function::Divide, vec![value, smaller], DataType::Double)
    } else if value.data_type.is_decimal() {
        divided(cast(value, DataType::BigInt, CastMode::Strict)?, smaller)
    } else {
        divided(integer(name, value)?, smaller)
    };
    Ok(make(Function::ToInstant, vec![millis, bigint(larger)], data_type))
}

/// Rounded down; as it is where there is nothing to divide by.
fn divided(value: Expr, by: i64) -> Expr {
    match by {
        1 => value,
        _ => make(Function::FloorDivide, vec![value, bigint(by)], DataType::BigInt),
    }
}

/// text[, pattern[, zone]]; in UTC where no zone is given, whatever that of the session.
fn instant_of_text(name: &str, mut args: Vec<Expr>) -> Made {
    let zone = if args.len() == 3 { args.pop() } else { None };
    let mut local = to_timestamp(name, args)?;
    if let Some(zone) = zone {
        let pattern = text("yyyy-MM-dd HH:mm:ss.SSS");
        let shown = call("DATE_FORMAT", vec![local, pattern.clone()])?;
        let zone = string(name, zone)?;
        let first = Expr::literal(Value::Bool(true), DataType::Boolean);
        let args = vec![shown, zone, text("UTC"), first];
        let moved = make(Function::ConvertZone, args, DataType::STRING);
        local = to_timestamp(name, vec![moved, pattern])?;
    }
    // Of one form: both count ms, an instant in UTC.
    let millis = make(Function::ToInstant, vec![local, bigint(1)], INSTANT);
    Ok(millis)
}

pub fn date_format(name: &str, args: Vec<Expr>) -> Made {
    let [value, pattern] = exactly(name, args)?;
    let value = if value.data_type.is_string() {
        read_loosely(name, vec![value])?
    } else {
        local(name, value)?
    };
    if let Some(Value::Str(pattern)) = pattern.as_literal()
        && crate::time::Pattern::new(pattern).is_none_or(|pattern| pattern.has_zone())
    {
        return Err(format!("DATE_FORMAT: cannot understand the pattern '{pattern}'"));
    }
    let pattern = string(name, pattern)?;
    Ok(make(Function::DateFormat, vec![value, pattern], DataType::STRING))
}

pub fn extract(name: &str, args: Vec<Expr>) -> Made {
    let [unit_name, value] = exactly(name, args)?;
    let unit = unit(name, &unit_name)?;
    let value = match value.data_type {
        // Days of an interval are counted, not those of a month.
        DataType::IntervalDayTime if unit == Unit::Day => {
            let day = bigint(crate::time::MS_PER_DAY);
            return Ok(make(Function::Divide, vec![value, day], DataType::BigInt));
        }
        DataType::IntervalYearMonth if matches!(unit, Unit::Year | Unit::Month) => {
            let whole = if unit == Unit::Year { Function::Divide } else { Function::Modulo };
            return Ok(make(whole, vec![value, bigint(12)], DataType::BigInt));
        }
        DataType::Time | DataType::IntervalDayTime => retype(value, &TIMESTAMP),
        _ => local(name, value)?,
    };
    Ok(make(Function::Extract, vec![unit_name, value], DataType::BigInt))
}

/// `YEAR(x)` and its like.
pub fn field(name: &str, args: Vec<Expr>) -> Made {
    let [value] = exactly(name, args)?;
    let unit = if name == "DAYOFMONTH" { "DAY" } else { name };
    extract(name, vec![text(unit), value])
}

pub fn round_time(name: &str, args: Vec<Expr>) -> Made {
    let [value, unit_name] = exactly(name, args)?;
    let unit = unit(name, &unit_name)?;
    if unit.millis().is_none() && unit.months().is_none() {
        return Err(format!("{name}: a timestamp cannot be rounded to this unit"));
    }
    let function = if name == "FLOOR TO" { Function::FloorTime } else { Function::CeilTime };
    let given = value.data_type.clone();
    if (function, unit, &given) == (Function::CeilTime, Unit::Day, &DataType::Date) {
        // The next day in any case, as in Flink.
        return Ok(make(Function::Add, vec![value, bigint(1)], DataType::Date));
    }
    let value = match given {
        DataType::Time => retype(value, &TIMESTAMP),
        DataType::TimestampLtz { .. } => {
            // By the zone's offset at the instant itself, whatever it is where that is rounded to.
            let by_zone = Expr::literal(Value::Bool(true), DataType::Boolean);
            return Ok(make(function, vec![value, unit_name, by_zone], given));
        }
        _ => local(name, value)?,
    };
    let rounded = make(function, vec![value, unit_name], TIMESTAMP);
    match given {
        DataType::Time => Ok(Expr { data_type: DataType::Time, ..rounded }),
        DataType::Null => Ok(rounded),
        given => cast(rounded, given, CastMode::Strict),
    }
}

/// A date or timestamp and a number of months.
pub fn add_months(value: Expr, months: Expr) -> Made {
    let function = match value.data_type {
        DataType::Date => Function::AddMonthsToDate,
        // Months don't move the time of a day.
        DataType::Time => {
            let nothing = make(Function::Multiply, vec![months, bigint(0)], DataType::BigInt);
            return Ok(make(Function::Add, vec![value, nothing], DataType::Time));
        }
        _ => Function::AddMonths,
    };
    let data_type = value.data_type.clone();
    Ok(make(function, vec![value, months], data_type))
}

pub fn timestamp_add(name: &str, args: Vec<Expr>) -> Made {
    let [unit_name, count, value] = exactly(name, args)?;
    let unit = unit(name, &unit_name)?;
    let count = integer(name, count)?;
    let value = match value.data_type {
        DataType::Date if unit.millis().is_some_and(|ms| ms < crate::time::MS_PER_DAY) => {
            local(name, value)?
        }
        DataType::Date | DataType::Time | DataType::TimestampLtz { .. } => value,
        _ => local(name, value)?,
    };
    let times =
        |factor: i64| make(Function::Multiply, vec![count, bigint(factor)], DataType::BigInt);
    let data_type = value.data_type.clone();
    match (unit.months(), unit.millis()) {
        (Some(months), _) => add_months(value, times(months)),
        (None, Some(ms)) => {
            let date = data_type == DataType::Date;
            let factor = if date { ms / crate::time::MS_PER_DAY } else { ms };
            Ok(make(Function::Add, vec![value, times(factor)], data_type))
        }
        _ => Err(format!("{name}: this unit cannot be added")),
    }
}

pub fn timestamp_diff(name: &str, args: Vec<Expr>) -> Made {
    let [unit_name, from, to] = exactly(name, args)?;
    let unit = unit(name, &unit_name)?;
    let (whole, step) = between(name, unit, from, to)?;
    // Flink counts seconds, and gives what is smaller as so many thousands of them.
    let times = match unit {
        Unit::Millisecond => 1_000,
        Unit::Microsecond => 1_000_000,
        _ => return Ok(make(Function::Divide, vec![whole, bigint(step)], DataType::Int)),
    };
    let seconds = make(Function::Divide, vec![whole, bigint(1_000)], DataType::BigInt);
    Ok(make(Function::Multiply, vec![seconds, bigint(times)], DataType::Int))
}

/// `(to - from) unit`, an interval.
pub fn difference(unit_name: &str, from: Expr, to: Expr) -> Made {
    let unit = unit("-", &text(unit_name))?;
    let (whole, _) = between("-", unit, from, to)?;
    let months = unit.months().is_some();
    let of = if months { DataType::IntervalYearMonth } else { DataType::IntervalDayTime };
    Ok(Expr { data_type: of, ..whole })
}

/// The months or ms between two times, and how many of them the unit has.
fn between(name: &str, unit: Unit, from: Expr, to: Expr) -> Result<(Expr, i64), String> {
    let both_instants =
        [&from, &to].iter().all(|side| matches!(side.data_type, DataType::TimestampLtz { .. }));
    let of_day = |side: Expr| match side.data_type {
        DataType::Time => Ok(retype(side, &TIMESTAMP)),
        _ => local(name, side),
    };
    let (from, to) = if both_instants { (from, to) } else { (of_day(from)?, of_day(to)?) };
    match (unit.months(), unit.millis()) {
        (Some(months), _) => {
            Ok((make(Function::MonthsBetween, vec![from, to], DataType::BigInt), months))
        }
        (None, Some(ms)) => Ok((make(Function::Subtract, vec![to, from], DataType::BigInt), ms)),
        (None, None) if unit == Unit::Microsecond => {
            Ok((make(Function::Subtract, vec![to, from], DataType::BigInt), 1))
        }
        _ => Err(format!("{name}: this unit cannot be counted")),
    }
}

fn now() -> Expr {
    let kind = ExprKind::Call { function: Function::Now, args: vec![] };
    Expr { kind, data_type: INSTANT, nullable: false }
}

/// `CURRENT_TIMESTAMP` and its like.
pub fn clock(name: &str, args: Vec<Expr>) -> Made {
    let [] = exactly(name, args)?;
    match name {
        "LOCALTIMESTAMP" => cast(now(), TIMESTAMP, CastMode::Strict),
        "CURRENT_DATE" => cast(now(), DataType::Date, CastMode::Strict),
        "CURRENT_TIME" | "LOCALTIME" => cast(now(), DataType::Time, CastMode::Strict),
        "PROCTIME" => {
            let kind = ExprKind::Call { function: Function::ProcTime, args: vec![] };
            Ok(Expr { kind, data_type: INSTANT, nullable: false })
        }
        _ => Ok(now()),
    }
}

/// Of the time attribute that is given.
pub fn current_watermark(name: &str, args: Vec<Expr>) -> Made {
    let [attribute] = exactly(name, args)?;
    let data_type = attribute.data_type.clone();
    if attribute.as_column().is_none() || !data_type.is_timestamp() {
        return Err(format!("{name} must be called with a single rowtime attribute argument"));
    }
    Ok(Expr { nullable: true, ..make(Function::CurrentWatermark, vec![attribute], data_type) })
}

pub fn unix_timestamp(name: &str, args: Vec<Expr>) -> Made {
    let Some(given) = args.first().cloned() else {
        return Ok(make(Function::FloorDivide, vec![now(), bigint(1_000)], DataType::BigInt));
    };
    // By the usual pattern a fraction is cut off; one that is asked for counts.
    let whole = if args.len() == 1 { Function::FloorDivide } else { Function::Divide };
    let instant = cast(read_loosely(name, args)?, INSTANT, CastMode::Strict)?;
    let seconds = make(whole, vec![instant, bigint(1_000)], DataType::BigInt);
    // As in Flink, a text that is no time gives the least number there is.
    let null = Expr { nullable: false, ..is_null(given) };
    let nothing = Expr::literal(Value::Null, DataType::BigInt);
    let known = call("COALESCE", vec![seconds, bigint(i64::MIN)])?;
    case(vec![(null, nothing)], Some(known))
}

pub fn from_unixtime(name: &str, mut args: Vec<Expr>) -> Made {
    if args.len() == 1 {
        args.push(text("yyyy-MM-dd HH:mm:ss"));
    }
    let [seconds, pattern] = exactly(name, args)?;
    // Unlike what TO_TIMESTAMP_LTZ takes, these may lie beyond the year 9999.
    let instant = make(Function::Multiply, vec![integer(name, seconds)?, bigint(1_000)], INSTANT);
    date_format(name, vec![instant, pattern])
}
