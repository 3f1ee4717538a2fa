//! Functions whose arguments or results need more than a table row says.

use std::collections::BTreeMap;

use super::super::{CastMode, Expr, ExprKind};
use super::{
    BinaryOp, Function, binary, call, case, cast, coerce, common_type, make, unify, wider_type,
    wrong_count,
};
use crate::record::{DataType, Field, Value};

pub type Made = Result<Expr, String>;

pub fn text(value: &str) -> Expr {
    Expr::literal(Value::Str(value.into()), DataType::STRING)
}

pub fn bigint(value: i64) -> Expr {
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

/// Of a number Flink knows by its type alone, even of one that is NULL.
pub fn is_made_of(name: &str, args: Vec<Expr>) -> Made {
    let [value] = exactly(name, args)?;
    if value.data_type.is_numeric() {
        return Ok(Expr::literal(Value::Bool(name != "IS_ALPHA"), DataType::Boolean));
    }
    let function = match name {
        "IS_ALPHA" => Function::IsAlpha,
        "IS_DIGIT" => Function::IsDigit,
        _ => Function::IsDecimal,
    };
    Ok(Expr { nullable: false, ..make(function, vec![string(name, value)?], DataType::Boolean) })
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
        DataType::Multiset(element) => format!("MULTISET<{}>", written(element)),
        plain => plain.to_string(),
    }
}

pub fn printf(name: &str, args: Vec<Expr>) -> Made {
    let mut args = args.into_iter();
    let format = string(name, args.next().ok_or_else(|| wrong_count(name, 0))?)?;
    let args = std::iter::once(format).chain(args).collect();
    Ok(make(Function::Printf, args, DataType::STRING))
}

/// body, path, wrapper, what to do on empty and on error, STRING or ARRAY.
pub fn json_query(name: &str, mut args: Vec<Expr>) -> Made {
    for usual in ["WITHOUT", "NULL", "NULL", "STRING"].iter().skip(args.len().saturating_sub(2)) {
        args.push(text(usual));
    }
    let args: [Expr; 6] = exactly(name, args)?;
    let [.., returning] = &args;
    let data_type = match returning.as_literal().and_then(Value::as_str) {
        Some("ARRAY") => DataType::Array(DataType::STRING.into()),
        _ => DataType::STRING,
    };
    let args = args.into_iter().map(|arg| string(name, arg)).collect::<Result<Vec<_>, _>>()?;
    super::checks::check_json_path(name, &args)?;
    Ok(make(Function::JsonQuery, args, data_type))
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

/// The multiset of values that were packed, each with its count behind it.
pub fn collected(bytes: Expr, element: DataType) -> Expr {
    super::collections::not_null(make(
        Function::Collected,
        vec![bytes],
        DataType::Multiset(element.into()),
    ))
}

/// What stands at a share, a DOUBLE, or at each of an array of them, of numbers that were packed as
/// for [`collected`]: by themselves, or in a ROW with how often each counts.
pub fn percentile(bytes: Expr, shares: Expr) -> Expr {
    let data_type = shares.data_type.clone();
    Expr { nullable: true, ..make(Function::Percentile, vec![bytes, shares], data_type) }
}

/// A multiset as an array: each value as often as it is there.
pub fn repeated(multiset: Expr, element: DataType) -> Expr {
    make(Function::Repeated, vec![multiset], DataType::Array(element.into()))
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
    let wide = matches!(name, "COALESCE" | "IFNULL" | "GREATEST" | "LEAST");
    let args = if wide { times_alike(name, args)? } else { args };
    let types: Vec<_> = args.iter().map(|arg| arg.data_type.clone()).collect();
    let mixed = || {
        let names: Vec<_> = types.iter().map(DataType::to_string).collect();
        format!("Cannot apply '{name}' to arguments of types {}; use CAST", names.join(", "))
    };
    let common = if wide { wider_type(&types) } else { common_type(&types) };
    let common = common.ok_or_else(mixed)?;
    let args: Option<Vec<_>> = args.into_iter().map(|arg| unify(arg, &common)).collect();
    Ok((args.ok_or_else(mixed)?, common))
}

/// Local times beside instants become instants, and what COALESCE finds beside dates or times of the
/// day becomes such.
fn times_alike(name: &str, args: Vec<Expr>) -> Result<Vec<Expr>, String> {
    let first = |wanted: fn(&DataType) -> bool| {
        args.iter().map(|arg| &arg.data_type).find(|of| wanted(of)).cloned()
    };
    let parts = match name {
        "COALESCE" | "IFNULL" => first(|of| matches!(of, DataType::Date | DataType::Time)),
        _ => None,
    };
    let Some(to) = first(|of| matches!(of, DataType::TimestampLtz { .. })).or(parts) else {
        return Ok(args);
    };
    let alike = |arg: Expr| match arg.data_type {
        DataType::Timestamp { .. } => cast(arg, to.clone(), CastMode::Strict),
        _ => Ok(arg),
    };
    args.into_iter().map(alike).collect()
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

pub fn is_null(expr: Expr) -> Expr {
    let kind = ExprKind::IsNull(Box::new(expr));
    Expr { kind, data_type: DataType::Boolean, nullable: false }
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
