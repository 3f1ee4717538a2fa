//! Functions whose arguments or results need more than a table row says.

use std::collections::BTreeMap;

use super::super::{CastMode, Expr, ExprKind};
use super::types::retype;
use super::{
    BinaryOp, Function, binary, call, case, cast, coerce, common_type, make, unify, wider_type,
    wrong_count,
};
use crate::record::{DataType, Field, Value};
use crate::time::Unit;

pub type Made = Result<Expr, String>;

const TIMESTAMP: DataType = DataType::Timestamp { precision: 3 };
const INSTANT: DataType = DataType::TimestampLtz { precision: 3 };

fn text(value: &str) -> Expr {
    Expr::literal(Value::Str(value.into()), DataType::STRING)
}

fn bigint(value: i64) -> Expr {
    Expr::literal(Value::I64(value), DataType::BigInt)
}

/// Exactly `N` arguments.
pub fn exactly<const N: usize>(name: &str, args: Vec<Expr>) -> Result<[Expr; N], String> {
    <[Expr; N]>::try_from(args).map_err(|args| wrong_count(name, args.len()))
}

pub fn integer(name: &str, expr: Expr) -> Made {
    let given = expr.data_type.clone();
    coerce(expr, &DataType::BigInt)
        .ok_or_else(|| format!("Cannot apply '{name}' to an argument of type {given}"))
}

pub fn string(name: &str, expr: Expr) -> Made {
    let given = expr.data_type.clone();
    coerce(expr, &DataType::STRING)
        .ok_or_else(|| format!("Cannot apply '{name}' to an argument of type {given}; use CAST"))
}

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

pub fn modulo(name: &str, args: Vec<Expr>) -> Made {
    let [a, b] = exactly(name, args)?;
    binary(BinaryOp::Modulo, a, b)
}

pub fn instr(name: &str, args: Vec<Expr>) -> Made {
    if args.len() < 3 {
        let [haystack, needle] = exactly(name, args)?;
        return call("POSITION", vec![needle, haystack]);
    }
    let mut args = args;
    if args.len() == 3 {
        args.push(bigint(1));
    }
    let [haystack, needle, start, which] = exactly(name, args)?;
    let args = vec![
        string(name, haystack)?,
        string(name, needle)?,
        integer(name, start)?,
        integer(name, which)?,
    ];
    Ok(make(Function::Instr, args, DataType::Int))
}

/// The text at a place of a list.
pub fn elt(name: &str, args: Vec<Expr>) -> Made {
    let mut args = args.into_iter();
    let index = integer(name, args.next().ok_or_else(|| wrong_count(name, 0))?)?;
    let mut branches = Vec::new();
    for (at, text) in args.enumerate() {
        let here = binary(BinaryOp::Eq, index.clone(), bigint(at as i64 + 1))?;
        branches.push((here, string(name, text)?));
    }
    if branches.is_empty() {
        return Err(wrong_count(name, 1));
    }
    case(branches, None)
}

/// The separator may be the code of a character.
pub fn split_index(name: &str, args: Vec<Expr>) -> Made {
    let [value, mut separator, index] = exactly(name, args)?;
    if separator.data_type.is_integer() {
        separator = call("CHR", vec![separator])?;
    }
    let args = vec![string(name, value)?, string(name, separator)?, integer(name, index)?];
    Ok(make(Function::SplitIndex, args, DataType::STRING))
}

/// Every number is one.
pub fn is_decimal(name: &str, args: Vec<Expr>) -> Made {
    let [value] = exactly(name, args)?;
    if value.data_type.is_numeric() {
        return Ok(negated(is_null(value)));
    }
    let value = string(name, value)?;
    Ok(Expr { nullable: false, ..make(Function::IsDecimal, vec![value], DataType::Boolean) })
}

fn negated(expr: Expr) -> Expr {
    let kind = ExprKind::Not(Box::new(expr));
    Expr { kind, data_type: DataType::Boolean, nullable: false }
}

/// The type as Flink writes it. TRUE as a second argument asks for a form that can be read back,
/// which ours always can.
pub fn type_of(name: &str, mut args: Vec<Expr>) -> Made {
    if args.len() == 2 {
        args.pop();
    }
    let [value] = exactly(name, args)?;
    let mut shown = match (&value.kind, &value.data_type) {
        (ExprKind::Literal(Value::Str(text)), DataType::String { max: None }) => {
            format!("CHAR({})", text.chars().count())
        }
        (_, DataType::Time) => "TIME(0)".into(),
        (_, DataType::IntervalDayTime) => "INTERVAL SECOND(3)".into(),
        (_, DataType::IntervalYearMonth) => "INTERVAL MONTH".into(),
        (_, data_type) => written(data_type),
    };
    if !value.nullable && value.data_type != DataType::Null {
        shown.push_str(" NOT NULL");
    }
    Ok(text(&shown))
}

/// A type with the names of a ROW's fields in backticks.
fn written(data_type: &DataType) -> String {
    match data_type {
        DataType::Row(fields) => {
            let field = |field: &Field| format!("`{}` {}", field.name, written(&field.data_type));
            format!("ROW<{}>", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        DataType::Array(element) => format!("ARRAY<{}>", written(element)),
        DataType::Map(key, value) => format!("MAP<{}, {}>", written(key), written(value)),
        plain => plain.to_string(),
    }
}

pub fn printf(name: &str, args: Vec<Expr>) -> Made {
    let mut args = args.into_iter();
    let format = string(name, args.next().ok_or_else(|| wrong_count(name, 0))?)?;
    let args = std::iter::once(format).chain(args).collect();
    Ok(make(Function::Printf, args, DataType::STRING))
}

/// body, path, wrapper, what to do on empty and on error.
pub fn json_query(name: &str, mut args: Vec<Expr>) -> Made {
    for usual in ["WITHOUT", "NULL", "NULL"].iter().skip(args.len().saturating_sub(2)) {
        args.push(text(usual));
    }
    let args: [Expr; 5] = exactly(name, args)?;
    let args = args.into_iter().map(|arg| string(name, arg)).collect::<Result<Vec<_>, _>>()?;
    super::checks::check_json_path(name, &args)?;
    Ok(make(Function::JsonQuery, args, DataType::STRING))
}

/// A digest by its number of bits.
pub fn sha2(name: &str, args: Vec<Expr>) -> Made {
    let [value, bits] = exactly(name, args)?;
    match bits.as_literal().and_then(Value::as_i64) {
        Some(bits @ (224 | 256 | 384 | 512)) => call(&format!("SHA{bits}"), vec![value]),
        _ => Err(format!("{name}: the number of bits must be the literal 224, 256, 384 or 512")),
    }
}

/// A BIGINT, as the number of an address may not fit an INT.
pub fn inet_aton(name: &str, args: Vec<Expr>) -> Made {
    let [address] = exactly(name, args)?;
    Ok(make(Function::InetAton, vec![string(name, address)?], DataType::BigInt))
}

/// A value as bytes that can stand behind others of its kind; NULL has such bytes too.
pub fn pack(value: Expr) -> Expr {
    Expr { nullable: false, ..make(Function::Pack, vec![value], DataType::Bytes { max: None }) }
}

/// The array of the values that were packed one behind the other.
pub fn unpack(bytes: Expr, element: DataType) -> Expr {
    make(Function::Unpack, vec![bytes], DataType::Array(element.into()))
}

/// The JSON object of members `"key" value`, one behind the other, by their keys; of two with one
/// key the later one.
pub fn json_members(members: Expr) -> Expr {
    make(Function::JsonMembers, vec![members], DataType::STRING)
}

/// A text of CHAR(`length`): blanks fill what it has too little.
pub fn blank_pad(text: Expr, length: u64) -> Expr {
    let length = bigint(i64::try_from(length).unwrap_or(i64::MAX));
    make(Function::BlankPad, vec![text, length], DataType::STRING)
}

/// Of the bytes of a text, or of a whole number.
pub fn hex(name: &str, args: Vec<Expr>) -> Made {
    let [value] = exactly(name, args)?;
    let value = if value.data_type.is_string() { value } else { integer(name, value)? };
    Ok(make(Function::Hex, vec![value], DataType::STRING))
}

/// All arguments in one type, and that type.
pub fn unified(name: &str, args: Vec<Expr>) -> Result<(Vec<Expr>, DataType), String> {
    if args.is_empty() {
        return Err(wrong_count(name, 0));
    }
    let types: Vec<_> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let mixed = || {
        let names: Vec<_> = types.iter().map(DataType::to_string).collect();
        format!("Cannot apply '{name}' to arguments of types {}; use CAST", names.join(", "))
    };
    let wide = matches!(name, "COALESCE" | "IFNULL" | "GREATEST" | "LEAST");
    let common = if wide { wider_type(&types) } else { common_type(&types) };
    let common = common.ok_or_else(mixed)?;
    let args: Option<Vec<_>> = args.into_iter().map(|arg| unify(arg, &common)).collect();
    Ok((args.ok_or_else(mixed)?, common))
}

pub fn coalesce(name: &str, args: Vec<Expr>) -> Made {
    let (args, common) = unified(name, args)?;
    let nullable = args.iter().all(|arg| arg.nullable);
    Ok(Expr { nullable, ..make(Function::Coalesce, args, common) })
}

pub fn extreme(name: &str, args: Vec<Expr>) -> Made {
    let (args, common) = unified(name, args)?;
    let function = if name == "GREATEST" { Function::Greatest } else { Function::Least };
    Ok(make(function, args, common))
}

pub fn nullif(name: &str, args: Vec<Expr>) -> Made {
    let [a, b] = exactly(name, args)?;
    let equal = binary(BinaryOp::Eq, a.clone(), b)?;
    case(vec![(equal, Expr::literal(Value::Null, DataType::Null))], Some(a))
}

pub fn if_then(name: &str, args: Vec<Expr>) -> Made {
    let [condition, then, otherwise] = exactly(name, args)?;
    case(vec![(condition, then)], Some(otherwise))
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
    cast(to_timestamp(name, args)?, DataType::Date, CastMode::Strict)
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
        Some(Value::I64(precision @ (0 | 3))) => *precision as u8,
        _ => return Err("TO_TIMESTAMP_LTZ: the precision must be the literal 0 or 3".into()),
    };
    let value = if value.data_type.is_approximate() || value.data_type.is_decimal() {
        cast(value, DataType::BigInt, CastMode::Strict)?
    } else {
        integer(name, value)?
    };
    let factor = bigint(if precision == 0 { 1_000 } else { 1 });
    Ok(make(Function::ToInstant, vec![value, factor], INSTANT))
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
        to_timestamp(name, vec![value])?
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
    let function = if name == "FLOOR_TIME" { Function::FloorTime } else { Function::CeilTime };
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
        DataType::Time => return Err("months cannot be added to a TIME".into()),
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
        DataType::Date | DataType::TimestampLtz { .. } => value,
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
    let both_instants =
        [&from, &to].iter().all(|side| matches!(side.data_type, DataType::TimestampLtz { .. }));
    let of_day = |side: Expr| match side.data_type {
        DataType::Time => Ok(retype(side, &TIMESTAMP)),
        _ => local(name, side),
    };
    let (from, to) = if both_instants { (from, to) } else { (of_day(from)?, of_day(to)?) };
    let (whole, step) = match (unit.months(), unit.millis()) {
        (Some(months), _) => {
            (make(Function::MonthsBetween, vec![from, to], DataType::BigInt), months)
        }
        (None, Some(ms)) => (make(Function::Subtract, vec![to, from], DataType::BigInt), ms),
        _ => return Err(format!("{name}: this unit cannot be counted")),
    };
    Ok(make(Function::Divide, vec![whole, bigint(step)], DataType::Int))
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

pub fn unix_timestamp(name: &str, args: Vec<Expr>) -> Made {
    let Some(given) = args.first().cloned() else {
        return Ok(make(Function::FloorDivide, vec![now(), bigint(1_000)], DataType::BigInt));
    };
    // By the usual pattern a fraction is cut off; one that is asked for counts.
    let whole = if args.len() == 1 { Function::FloorDivide } else { Function::Divide };
    let instant = cast(to_timestamp(name, args)?, INSTANT, CastMode::Strict)?;
    let seconds = make(whole, vec![instant, bigint(1_000)], DataType::BigInt);
    // As in Flink, a text that is no time gives the least number there is.
    let null = Expr { nullable: false, ..is_null(given) };
    let nothing = Expr::literal(Value::Null, DataType::BigInt);
    let known = call("COALESCE", vec![seconds, bigint(i64::MIN)])?;
    case(vec![(null, nothing)], Some(known))
}

fn is_null(expr: Expr) -> Expr {
    let kind = ExprKind::IsNull(Box::new(expr));
    Expr { kind, data_type: DataType::Boolean, nullable: false }
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

/// A value as JSON text.
pub fn json_string(name: &str, args: Vec<Expr>) -> Made {
    let [value] = exactly(name, args)?;
    match &value.data_type {
        of if of.is_decimal() => Ok(make(Function::JsonDecimal, vec![value], DataType::STRING)),
        of if of.is_binary() => {
            Ok(make(Function::JsonTextOf, vec![call("TO_BASE64", vec![value])?], DataType::STRING))
        }
        of if of.is_string() => Ok(make(Function::JsonTextOf, vec![value], DataType::STRING)),
        DataType::IntervalDayTime | DataType::IntervalYearMonth => {
            Err(format!("{name} cannot take {}", value.data_type))
        }
        _ => Ok(make(Function::JsonText, vec![value], DataType::STRING)),
    }
}

/// What becomes of a member or element that is NULL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnNull {
    Null,
    Absent,
}

/// JSON_OBJECT: keys, values, and whether a value is JSON already.
pub fn json_object(members: Vec<(String, Expr, bool)>, on_null: OnNull) -> Made {
    // In the order of their keys, as Flink writes them; of two with one key the later one.
    let members: BTreeMap<_, _> =
        members.into_iter().map(|(key, value, is_json)| (key, (value, is_json))).collect();
    let members = members.into_iter().map(|(key, (value, is_json))| (key, value, is_json));
    let member = |(key, value, is_json)| {
        let key = serde_json::Value::String(key).to_string();
        (format!(",{key}:"), value, is_json)
    };
    json_parts(["{", "}"], members.map(member), on_null)
}

/// JSON_ARRAY: values, and whether a value is JSON already.
pub fn json_array(elements: Vec<(Expr, bool)>, on_null: OnNull) -> Made {
    let element = |(value, is_json)| (",".to_owned(), value, is_json);
    json_parts(["[", "]"], elements.into_iter().map(element), on_null)
}

/// Each part begins with a comma, of which the first is cut off again.
fn json_parts(
    [open, close]: [&str; 2],
    parts: impl Iterator<Item = (String, Expr, bool)>,
    on_null: OnNull,
) -> Made {
    let mut all = Vec::new();
    for (before, value, is_json) in parts {
        let value = if is_json { value } else { call("JSON_STRING", vec![value])? };
        all.push(match on_null {
            OnNull::Null => {
                call("CONCAT", vec![text(&before), call("COALESCE", vec![value, text("null")])?])?
            }
            OnNull::Absent => {
                let part = call("CONCAT", vec![text(&before), value])?;
                call("COALESCE", vec![part, text("")])?
            }
        });
    }
    if all.is_empty() {
        return Ok(text(&[open, close].concat()));
    }
    let all = call("SUBSTRING", vec![call("CONCAT", all)?, bigint(2)])?;
    call("CONCAT", vec![text(open), all, text(close)])
}

/// body, path, returned type, what to do on empty and its default, the same on error.
pub fn json_value(name: &str, args: Vec<Expr>) -> Made {
    let [body, path, returned, empty, empty_default, error, error_default] = exactly(name, args)?;
    let data_type = match returned.as_literal().and_then(Value::as_str) {
        None => DataType::STRING,
        Some(wanted) => match wanted.to_ascii_uppercase().as_str() {
            "BOOLEAN" => DataType::Boolean,
            "INT" | "INTEGER" => DataType::Int,
            "BIGINT" => DataType::BigInt,
            "DOUBLE" => DataType::Double,
            wanted if wanted == "STRING" || wanted.starts_with("VARCHAR") => DataType::STRING,
            other => return Err(format!("JSON_VALUE cannot return {other}")),
        },
    };
    // Defaults come in the returned type, so that no row needs a conversion.
    let default = |expr: Expr| cast(expr, data_type.clone(), CastMode::Strict);
    let args = vec![
        string(name, body)?,
        string(name, path)?,
        string(name, empty)?,
        default(empty_default)?,
        string(name, error)?,
        default(error_default)?,
    ];
    super::checks::check_json_path(name, &args)?;
    Ok(make(Function::JsonValue, args, data_type))
}
