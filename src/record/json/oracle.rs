//! What a record must come to, by `serde_json`: for tests, and for the fuzzer, which has no other way
//! to know a wrong value.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::*;
use crate::decimal::{self, DecimalType};
use crate::record::{Field, RawRecord, Value};

const DECIMAL: DecimalType = DecimalType::new(6, 2);

pub fn fields() -> Vec<JsonField> {
    let field = |path: &str, data_type| JsonField {
        path: path.split('.').map(Arc::from).collect(),
        data_type,
        nullable: true,
    };
    let row = [("a", DataType::Int), ("b", DataType::STRING), ("d", DataType::Decimal(DECIMAL))];
    let row = row.map(|(name, data_type)| Field { name: name.into(), data_type, nullable: true });
    vec![
        field("s", DataType::STRING),
        field("n", DataType::BigInt),
        field("i", DataType::TinyInt),
        field("x", DataType::Double),
        field("f", DataType::Float),
        field("ok", DataType::Boolean),
        field("p.device", DataType::STRING),
        field("p.deep.n", DataType::BigInt),
        field("d", DataType::Decimal(DECIMAL)),
        field("r", DataType::Row(row.into())),
        field("m", DataType::Map(DataType::STRING.into(), DataType::Double.into())),
        field("l", DataType::Array(DataType::BigInt.into())),
    ]
}

/// What stands in a JSON text, kept as text.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A column of a record, by `serde_json`; the error: the record cannot be used.
fn expected(json: &str, path: &[Arc<str>], data_type: &DataType) -> Result<Value, ()> {
    let Some((key, rest)) = path.split_first() else { return converted(json, data_type) };
    let members = serde_json::from_str::<Members>(json).unwrap_or_default();
    match members.get(&**key) {
        Some(value) => expected(value.get(), rest, data_type),
        None => Ok(Value::Null),
    }
}

fn converted(json: &str, data_type: &DataType) -> Result<Value, ()> {
    let first = json.as_bytes()[0];
    let text = serde_json::from_str::<String>(json).ok();
    if first == b'n' {
        return Ok(Value::Null);
    }
    match (first, data_type) {
        (b'{', DataType::Row(fields)) => {
            let path = |field: &Field| [field.name.clone()];
            let values = fields.iter().map(|field| expected(json, &path(field), &field.data_type));
            Ok(Value::Row(values.collect::<Result<_, _>>()?))
        }
        (b'{', DataType::Map(_, kind)) => {
            let members = serde_json::from_str::<Members>(json).unwrap();
            let entry = |(key, value): (String, &RawValue)| {
                Ok((Value::Str(key.into()), converted(value.get(), kind)?))
            };
            let mut entries: Vec<_> = members.into_iter().map(entry).collect::<Result<_, _>>()?;
            crate::record::hashed::as_read(&mut entries);
            Ok(Value::Map(entries.into()))
        }
        (b'[', DataType::Array(kind)) => {
            let items = serde_json::from_str::<Vec<&RawValue>>(json).unwrap();
            let items = items.iter().map(|item| converted(item.get(), kind));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (_, DataType::String { .. }) => Ok(Value::Str(text.as_deref().unwrap_or(json).into())),
        (b't' | b'f', DataType::Boolean) => Ok(Value::Bool(first == b't')),
        (_, DataType::Row(_) | DataType::Map(..) | DataType::Array(_)) => Err(()),
        (b'{' | b'[' | b't' | b'f', _) => Err(()),
        _ => scalar(text.as_deref().unwrap_or(json), text.is_some(), data_type),
    }
}

/// A number, or a text that should be one.
fn scalar(text: &str, is_text: bool, data_type: &DataType) -> Result<Value, ()> {
    // As Java does it.
    let trimmed = text.trim_matches(|c| c <= ' ');
    match data_type {
        DataType::Boolean => Ok(Value::Bool(trimmed.eq_ignore_ascii_case("true"))),
        DataType::Double => double(text, is_text).map(Value::F64),
        DataType::Float => {
            double(text, is_text)?;
            let digits = trimmed.trim_end_matches(['d', 'f', 'D', 'F']);
            Ok(Value::F64(f64::from(digits.parse::<f32>().map_err(drop)?)))
        }
        DataType::Decimal(_) => {
            hundredths(trimmed).map(|value| value.map_or(Value::Null, Value::decimal))
        }
        kind => {
            let whole = match trimmed.parse::<i64>() {
                Ok(whole) => whole,
                Err(_) if is_text || !trimmed.contains(['.', 'e', 'E']) => return Err(()),
                Err(_) => {
                    let value = trimmed.parse::<f64>().unwrap().trunc();
                    let whole = value as i128;
                    i64::try_from(whole).map_err(drop)?
                }
            };
            let fits = match kind {
                DataType::TinyInt => i8::try_from(whole).is_ok(),
                DataType::Int => i32::try_from(whole).is_ok(),
                _ => true,
            };
            if fits { Ok(Value::I64(whole)) } else { Err(()) }
        }
    }
}

fn double(text: &str, is_text: bool) -> Result<f64, ()> {
    if is_text {
        return crate::number::parse_java(text).ok_or(());
    }
    text.parse().map_err(drop)
}

/// An exponent beyond all digits.
const FAR: i64 = 1 << 40;

/// A decimal in hundredths, digit by digit; `None`: it has too many of them.
fn hundredths(text: &str) -> Result<Option<i128>, ()> {
    // What is no number, the other way says.
    let known = decimal::parse(text.as_bytes(), DECIMAL).map_err(drop)?;
    let unsigned = text.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(match exponent.starts_with('-') {
        true => -FAR,
        false => FAR,
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let digits = &digits[leading..];
    // Digits before the point of the value in hundredths.
    let point = whole.len() as i64 - leading as i64 + exponent + 2;
    if digits.is_empty() || point < 0 {
        return Ok(Some(0));
    }
    if point > 6 {
        return Ok(None);
    }
    let digit = |at: i64| digits.as_bytes().get(at as usize).map_or(0, |c| i128::from(c - b'0'));
    let value = (0..point).fold(0, |value, at| value * 10 + digit(at));
    let value = value + i128::from(digit(point) >= 5);
    let value = if text.starts_with('-') { -value } else { value };
    let found = (value.abs() < 1_000_000).then_some(value);
    assert_eq!(found, known, "{text}");
    Ok(found)
}

/// Reads all of a text, so that whatever is no JSON is an error.
pub struct Whole;

impl<'de> serde::Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Whole;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("JSON")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_str<E>(self, _: &str) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_unit<E>(self) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut of: A) -> Result<Whole, A::Error> {
                while of.next_element::<Whole>()?.is_some() {}
                Ok(Whole)
            }

            // A number too, where 64 bits do not hold it.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut of: A) -> Result<Whole, A::Error> {
                while of.next_entry::<String, Whole>()?.is_some() {}
                Ok(Whole)
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// What a record must come to: values, or the beginning of the reason why there are none.
fn wanted(record: &[u8], fields: &[JsonField]) -> Result<Vec<Value>, &'static str> {
    if record.iter().all(|byte| b" \t\r\n".contains(byte)) {
        return Err("skipped");
    }
    let json = std::str::from_utf8(record).map_err(|_| "Failed to deserialize JSON: not UTF-8")?;
    let broken = "Failed to deserialize JSON: ";
    match serde_json::from_str::<Whole>(json) {
        Ok(_) => {}
        // Of a depth that we still take; cases by hand have those that we don't.
        Err(error) if error.to_string().contains("recursion") => {}
        Err(_) => return Err(broken),
    }
    let json = json.trim_matches([' ', '\t', '\r', '\n']);
    if !json.starts_with('{') {
        return Err(broken);
    }
    let values = fields.iter().map(|field| expected(json, &field.path, &field.data_type));
    values.collect::<Result<_, _>>().map_err(|()| "Fail to deserialize at field: ")
}

/// A JSON text in a STRING column need not be the same to the byte.
fn is_same(found: &Value, wanted: &Value) -> bool {
    let (Value::Str(found), Value::Str(wanted)) = (found, wanted) else {
        return match (found, wanted) {
            (Value::Row(found), Value::Row(wanted)) => {
                found.len() == wanted.len()
                    && found.iter().zip(wanted.iter()).all(|(a, b)| is_same(a, b))
            }
            _ => format!("{found:?}") == format!("{wanted:?}"),
        };
    };
    found == wanted || wanted.starts_with(['{', '[']) && same_json(found, wanted)
}

/// Equal but for blanks, the way strings are escaped, and numbers, which come as doubles.
fn same_json(found: &str, wanted: &str) -> bool {
    let strings = |json: &str| serde_json::from_str::<String>(json).ok();
    match (found.as_bytes()[0], wanted.as_bytes()[0]) {
        (b'{', b'{') => {
            let [found, wanted] = [found, wanted].map(serde_json::from_str::<Members>);
            let (found, wanted) = (found.unwrap(), wanted.unwrap());
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(&wanted)
                    .all(|((name, a), (other, b))| name == other && same_json(a.get(), b.get()))
        }
        (b'[', b'[') => {
            let [found, wanted] =
                [found, wanted].map(|it| serde_json::from_str::<Vec<&RawValue>>(it).unwrap());
            found.len() == wanted.len()
                && found.iter().zip(&wanted).all(|(a, b)| same_json(a.get(), b.get()))
        }
        (_, b'-' | b'0'..=b'9') => {
            let found = strings(found).unwrap_or(found.to_owned());
            let [found, wanted] = [found.as_str(), wanted].map(|it| it.to_lowercase());
            let numbers = [&found, &wanted].map(|it| it.parse::<f64>().unwrap());
            numbers[0] == numbers[1]
        }
        _ => found == wanted || strings(found).is_some() && strings(found) == strings(wanted),
    }
}

/// Decodes blocks of records both ways, and compares each record with what it must come to.
pub struct Check {
    fields: Vec<JsonField>,
    pub fast: JsonDecoder,
    slow: JsonDecoder,
    pub taken: usize,
    pub refused: usize,
}

impl Default for Check {
    fn default() -> Self {
        Self::new()
    }
}

impl Check {
    pub fn new() -> Self {
        let decoder = || JsonDecoder::new(fields(), JsonOptions::default());
        let (fast, slow) = (decoder(), decoder().without_templates());
        Self { fields: fields(), fast, slow, taken: 0, refused: 0 }
    }

    /// Panics where a record comes to something else.
    pub fn block(&mut self, records: &[Vec<u8>]) {
        let block = || {
            let mut block = RawBlock::default();
            records.iter().for_each(|it| block.push(Some(it), None, RawRecord::default()));
            block
        };
        let decoded = [self.fast.decode(block()), self.slow.decode(block())];
        for (row, record) in records.iter().enumerate() {
            let wanted = wanted(record, &self.fields);
            match wanted {
                Ok(_) => self.taken += 1,
                Err(_) => self.refused += 1,
            }
            for found in decoded.iter().map(|decoded| found(decoded, row as u32)) {
                let same = match (&found, &wanted) {
                    (Ok(found), Ok(wanted)) => {
                        found.iter().zip(wanted).all(|(found, wanted)| is_same(found, wanted))
                    }
                    (Err(found), Err(wanted)) => found.starts_with(wanted),
                    _ => false,
                };
                let record = String::from_utf8_lossy(record);
                assert!(same, "{record}\ngives  {found:?}\nnot    {wanted:?}");
            }
        }
    }
}

/// The values of a row, or why there are none.
pub fn found(decoded: &Decoded, row: u32) -> Result<Vec<Value>, String> {
    let rejected = decoded.rejected.binary_search_by_key(&row, |(row, _)| *row);
    match rejected {
        Ok(at) => Err(decoded.rejected[at].1.to_string()),
        Err(_) if decoded.skipped.binary_search(&row).is_ok() => Err("skipped".into()),
        Err(_) => Ok(decoded.columns.iter().map(|column| column.value(row as usize)).collect()),
    }
}
