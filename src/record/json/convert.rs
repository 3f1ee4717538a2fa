//! From JSON values to SQL values, by Flink's rules for its `json` format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::base64;
use super::parts::{parts, unescape};
use super::scan::{self, Number};
use crate::record::{DataType, Value, hashed};
use crate::{decimal, number, time};

/// A checked JSON value, as text within its record.
#[derive(Clone, Copy, Debug)]
pub enum Leaf<'a> {
    /// Without quotes; may hold escapes if `escaped`.
    Text {
        raw: &'a [u8],
        escaped: bool,
    },
    Number {
        raw: &'a [u8],
        number: Number,
    },
    Bool(bool),
    /// An object or array, whole.
    Nested(&'a [u8]),
}

/// What a flat column takes.
pub enum Flat {
    Bool(bool),
    I64(i64),
    F64(f64),
}

fn utf8(bytes: &[u8]) -> &str {
    // Records are validated before anything is converted.
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Runs `f` on the text of a string without escapes.
fn with_text<T>(raw: &[u8], escaped: bool, f: impl FnOnce(&str) -> T) -> T {
    if !escaped {
        return f(utf8(raw));
    }
    let mut text = Vec::new();
    scan::unescape(raw, &mut text);
    f(utf8(&text))
}

fn ranged(value: i64, data_type: &DataType) -> Option<i64> {
    let fits = match data_type {
        DataType::TinyInt => i8::try_from(value).is_ok(),
        DataType::SmallInt => i16::try_from(value).is_ok(),
        DataType::Int => i32::try_from(value).is_ok(),
        _ => true,
    };
    fits.then_some(value)
}

fn integer(raw: &[u8], number: Number) -> Option<i64> {
    if number.integer {
        // Longer texts than the scan holds exactly may still be in range: -9223372036854775808.
        return number.to_i64().or_else(|| utf8(raw).parse().ok());
    }
    let value = number.to_f64(raw).trunc();
    let limit = 9_223_372_036_854_775_808.0;
    (value >= -limit && value < limit).then_some(value as i64)
}

fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let zero = jiff::civil::date(1970, 1, 1);
    (text.len() == 10).then(|| i64::from((date - zero).get_days()))
}

pub fn time_of_day(text: &str) -> Option<i64> {
    let time: jiff::civil::Time = text.strip_suffix('Z').unwrap_or(text).parse().ok()?;
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60;
    Some((seconds + i64::from(time.second())) * 1000 + i64::from(time.millisecond()))
}

fn timestamp(text: &str, data_type: &DataType, iso8601: bool) -> Option<i64> {
    if iso8601 {
        return time::parse_iso8601(text);
    }
    match data_type {
        DataType::TimestampLtz { .. } => time::parse_timestamp_sql(text.strip_suffix('Z')?),
        _ => time::parse_timestamp_sql(text),
    }
}

fn from_text(text: &str, data_type: &DataType, iso8601: bool) -> Option<Flat> {
    match data_type {
        DataType::Boolean => Some(Flat::Bool(number::trim_java(text).eq_ignore_ascii_case("true"))),
        DataType::Float => number::parse_java::<f32>(text).map(|v| Flat::F64(f64::from(v))),
        DataType::Double => number::parse_java(text).map(Flat::F64),
        DataType::Date => day(text).map(Flat::I64),
        DataType::Time => time_of_day(text).map(Flat::I64),
        kind if kind.is_timestamp() => timestamp(text, kind, iso8601).map(Flat::I64),
        kind if kind.is_integer() => number::trim_java(text)
            .parse()
            .ok()
            .and_then(|value| ranged(value, kind))
            .map(Flat::I64),
        _ => None,
    }
}

/// A value for a column of numbers, truth values or times; `None`: it does not fit.
pub fn flat(leaf: Leaf<'_>, data_type: &DataType, iso8601: bool) -> Option<Flat> {
    match leaf {
        Leaf::Text { raw, escaped } => {
            with_text(raw, escaped, |text| from_text(text, data_type, iso8601))
        }
        Leaf::Number { raw, number } => match data_type {
            DataType::Double => Some(Flat::F64(number.to_f64(raw))),
            DataType::Float => utf8(raw).parse::<f32>().ok().map(|v| Flat::F64(f64::from(v))),
            DataType::Boolean => Some(Flat::Bool(false)),
            kind if kind.is_integer() => ranged(integer(raw, number)?, kind).map(Flat::I64),
            _ => None,
        },
        Leaf::Bool(value) => match data_type {
            DataType::Boolean => Some(Flat::Bool(value)),
            _ => None,
        },
        // Of no type: that it is there.
        Leaf::Nested(_) => (*data_type == DataType::Null).then_some(Flat::I64(1)),
    }
}

/// A value for a column of decimals; the inner `None`: it has too many digits and is NULL.
pub fn decimal(leaf: Leaf<'_>, data_type: &DataType) -> Option<Option<i128>> {
    let DataType::Decimal(to) = *data_type else { return None };
    let parse = |text: &[u8]| decimal::parse(text, to).ok();
    match leaf {
        Leaf::Text { raw, escaped } => {
            with_text(raw, escaped, |text| parse(number::trim_java(text).as_bytes()))
        }
        Leaf::Number { raw, number } => number.to_decimal(to).map(Some).or_else(|| parse(raw)),
        Leaf::Bool(_) | Leaf::Nested(_) => None,
    }
}

/// Appends the bytes that a text holds in base64; false: it is none.
pub fn bytes(leaf: Leaf<'_>, out: &mut Vec<u8>) -> bool {
    let Leaf::Text { raw, escaped } = leaf else { return false };
    let from = out.len();
    let done = with_text(raw, escaped, |text| base64::decode(text.as_bytes(), out)).is_some();
    if !done {
        out.truncate(from);
    }
    done
}

fn number_text(raw: &[u8], number: Number, out: &mut Vec<u8>) {
    if number.integer {
        out.extend_from_slice(if raw == b"-0" { b"0" } else { raw });
        return;
    }
    let value = number.to_f64(raw);
    // JSON has no number for what is beyond a double.
    let quote = if value.is_finite() { "" } else { "\"" };
    let mut text = String::from(quote);
    number::write_double(value, &mut text);
    text.push_str(quote);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a value as a STRING column shows it.
pub fn text(leaf: Leaf<'_>, out: &mut Vec<u8>) {
    match leaf {
        Leaf::Text { raw, escaped: true } => scan::unescape(raw, out),
        Leaf::Text { raw, .. } => out.extend_from_slice(raw),
        // As it stands there; inside of objects numbers come as Java writes them.
        Leaf::Number { raw, .. } => out.extend_from_slice(raw),
        Leaf::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Leaf::Nested(raw) => compact(raw, out),
    }
}

/// Appends checked JSON without spaces.
fn compact(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&c) = raw.get(at) {
        let from = at;
        match c {
            b' ' | b'\n' | b'\r' | b'\t' => {
                at += 1;
                continue;
            }
            b'"' => at = scan::string_end(raw, at + 1, false).map_or(raw.len(), |(end, _)| end + 1),
            b'-' | b'0'..=b'9' => match scan::number(raw, at) {
                Ok(number) => {
                    at = number.end;
                    number_text(&raw[from..at], number, out);
                    continue;
                }
                Err(_) => at += 1,
            },
            _ => at += 1,
        }
        out.extend_from_slice(&raw[from..at]);
    }
}

/// A value of any type by itself, from JSON that has been checked; `None`: it does not fit.
pub fn value(json: &[u8], data_type: &DataType, iso8601: bool) -> Option<Value> {
    value_of(utf8(json), data_type, iso8601)
}

fn value_of(json: &str, data_type: &DataType, iso8601: bool) -> Option<Value> {
    match (json.as_bytes().first()?, data_type) {
        (b'n', _) => Some(Value::Null),
        (b'{', DataType::Row(fields)) => {
            let members = members(json);
            fields
                .iter()
                .map(|field| {
                    let json = members.get(&*field.name).copied().unwrap_or("null");
                    value_of(json, &field.data_type, iso8601)
                })
                .collect::<Option<Arc<[Value]>>>()
                .map(Value::Row)
        }
        (b'{', DataType::Map(..) | DataType::Multiset(_)) => {
            let (_, kind) = data_type.as_map()?;
            let mut entries = members(json)
                .into_iter()
                .map(|(key, json)| Some((Value::Str(key.into()), value_of(json, kind, iso8601)?)))
                .collect::<Option<Vec<_>>>()?;
            hashed::as_read(&mut entries);
            Some(Value::Map(entries.into()))
        }
        (b'[', DataType::Array(kind)) => {
            let mut items = Vec::new();
            parts(json, |_, item| items.push(item));
            items
                .into_iter()
                .map(|item| value_of(item, kind, iso8601))
                .collect::<Option<Arc<[Value]>>>()
                .map(Value::Array)
        }
        _ => scalar(json, data_type, iso8601),
    }
}

/// The members of an object; of equal keys the last one.
fn members(json: &str) -> BTreeMap<Cow<'_, str>, &str> {
    let mut members = BTreeMap::new();
    parts(json, |key, value| {
        members.insert(unescape(key.unwrap_or_default()), value);
    });
    members
}

fn scalar(json: &str, data_type: &DataType, iso8601: bool) -> Option<Value> {
    let raw = json.as_bytes();
    let leaf = match raw {
        [b'"', raw @ .., b'"'] => Leaf::Text { raw, escaped: raw.contains(&b'\\') },
        [b'{' | b'[', ..] => Leaf::Nested(raw),
        [b't' | b'f', ..] => Leaf::Bool(raw[0] == b't'),
        _ => Leaf::Number { raw, number: scan::number(raw, 0).ok()? },
    };
    if data_type.is_string() {
        let mut out = Vec::new();
        text(leaf, &mut out);
        return Some(Value::Str(utf8(&out).into()));
    }
    if data_type.is_decimal() {
        return Some(decimal(leaf, data_type)?.map_or(Value::Null, Value::decimal));
    }
    if data_type.is_binary() {
        let mut out = Vec::new();
        return bytes(leaf, &mut out).then(|| Value::Bytes(out.into()));
    }
    Some(match flat(leaf, data_type, iso8601)? {
        Flat::Bool(value) => Value::Bool(value),
        Flat::I64(value) => Value::I64(value),
        Flat::F64(value) => Value::F64(value),
    })
}
