//! Values as text: keys from patterns like `clicks:{user_id}:{minute}`, and values.
//!
//! Column values go into a key as they are, whatever they hold: what reads the keys expects to
//! find user ids unaltered. Two text columns in one pattern should be kept apart by something
//! that neither holds.

use std::io::Write;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use openssl::base64::encode_block;

use crate::decimal;
use crate::record::json::embedded;
use crate::record::{Batch, ColumnData, DataType, Schema, Value};

const MINUTE_MS: i64 = 60_000;

/// Literal text with columns between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// As the user wrote it.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Column(usize),
}

impl Pattern {
    /// `{{` and `}}` stand for braces themselves.
    pub fn parse(source: &str, schema: &Schema) -> Result<Self, String> {
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), source);
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let tail = &rest[at..];
            if tail.starts_with("{{") || tail.starts_with("}}") {
                literal.push_str(&tail[..1]);
                rest = &tail[2..];
                continue;
            }
            let end = tail.find('}').filter(|&end| end > 0);
            let end = end.ok_or_else(|| format!("'{source}' has a brace without its pair"))?;
            let name = &tail[1..end];
            let column = schema.index_of(name).ok_or_else(|| {
                let known = schema.fields.iter().map(|field| &*field.name);
                let hint =
                    crate::error::nearest(name, known).map(|n| format!(", did you mean '{n}'?"));
                format!("'{source}' names no column: '{name}'{}", hint.unwrap_or_default())
            })?;
            if schema.fields[column].data_type.is_nested() {
                return Err(format!("'{source}': column '{name}' is nested and can't be in a key"));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Column(column));
            rest = &tail[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        if parts.is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(Self { parts, source: source.to_owned() })
    }

    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(column) => Some(*column),
            Part::Literal(_) => None,
        })
    }

    /// Appends the text of a row; `Err` names the column that is NULL.
    pub fn write(&self, rows: &Rows<'_>, row: usize, out: &mut Vec<u8>) -> Result<(), usize> {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Part::Column(column) => {
                    if !rows.write(*column, row, out) {
                        return Err(*column);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A batch's rows by the table's columns.
pub struct Rows<'a> {
    pub batch: &'a Batch,
    pub schema: &'a Schema,
    /// Batch column by table column.
    pub position: &'a [Option<usize>],
    pub zone: &'a TimeZone,
}

impl Rows<'_> {
    /// Appends a column's text; false where it is NULL.
    pub fn write(&self, column: usize, row: usize, out: &mut Vec<u8>) -> bool {
        let Some(position) = self.position[column] else { return false };
        let values = &self.batch.columns[position];
        if values.is_null(row) {
            return false;
        }
        // Writing to a Vec does not fail.
        let _ = match &values.data {
            ColumnData::Str(values) | ColumnData::Bytes(values) => out.write_all(values.bytes(row)),
            ColumnData::I128(values) => {
                out.write_all(number(values[row], &self.schema.fields[column].data_type).as_bytes())
            }
            ColumnData::Bool(values) => write!(out, "{}", values[row]),
            ColumnData::F64(values) => write!(out, "{}", values[row]),
            ColumnData::I64(values) => match &self.schema.fields[column].data_type {
                data_type if is_time(data_type) => {
                    out.write_all(time_text(values[row], data_type, self.zone).as_bytes())
                }
                _ => write!(out, "{}", values[row]),
            },
            ColumnData::Any(_) => write!(out, "{}", self.json(column, row)),
        };
        true
    }

    /// Columns as a JSON object, in their order; those in `embed` hold JSON, which goes in as it is.
    pub fn object(&self, columns: &[usize], embed: &[usize], row: usize, out: &mut Vec<u8>) {
        for (at, &column) in columns.iter().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            // Writing to a Vec does not fail.
            let _ = write!(out, "{}:", serde_json::Value::from(&*self.schema.fields[column].name));
            let text = self.position[column].filter(|_| embed.contains(&column)).and_then(|at| {
                let values = &self.batch.columns[at];
                values.as_strings().filter(|_| !values.is_null(row)).map(|values| values.get(row))
            });
            let _ = match text.and_then(embedded) {
                Some(json) => out.write_all(json.as_bytes()),
                None => write!(out, "{}", self.json(column, row)),
            };
        }
        out.push(b'}');
    }

    /// A number, or a time in milliseconds, as Redis reads scores; nothing for NULL and NaN.
    pub fn score(&self, column: usize, row: usize) -> Option<String> {
        let values = &self.batch.columns[self.position[column]?];
        let number = match &values.data {
            _ if values.is_null(row) => return None,
            ColumnData::I64(values) => values[row].to_string(),
            ColumnData::I128(values) => number(values[row], &self.schema.fields[column].data_type),
            ColumnData::F64(values) if !values[row].is_nan() => values[row].to_string(),
            _ => return None,
        };
        Some(number)
    }

    pub fn integer(&self, column: usize, row: usize) -> Option<i64> {
        let values = &self.batch.columns[self.position[column]?];
        match &values.data {
            ColumnData::I64(numbers) if !values.is_null(row) => Some(numbers[row]),
            _ => None,
        }
    }

    pub fn json(&self, column: usize, row: usize) -> serde_json::Value {
        let value = self.position[column].map(|at| self.batch.columns[at].value(row));
        to_json(&value.unwrap_or(Value::Null), &self.schema.fields[column].data_type, self.zone)
    }
}

/// A decimal with all its digits.
fn number(value: i128, data_type: &DataType) -> String {
    let mut text = String::new();
    decimal::write(value, data_type.scale(), &mut text);
    text
}

fn is_time(data_type: &DataType) -> bool {
    data_type.is_timestamp() || matches!(data_type, DataType::Date | DataType::Time)
}

/// ISO text: `yyyy-MM-ddTHH:mm` for a whole minute, else with seconds and, if there are any,
/// milliseconds. TIMESTAMP_LTZ is shown in the zone. What no calendar holds stays a number.
pub fn time_text(value: i64, data_type: &DataType, zone: &TimeZone) -> String {
    let text = match data_type {
        DataType::Date => i32::try_from(value)
            .ok()
            .and_then(|days| {
                let days = jiff::Span::new().try_days(days).ok()?;
                civil::date(1970, 1, 1).checked_add(days).ok()
            })
            .map(|date| date.to_string()),
        DataType::Time => Timestamp::from_millisecond(value)
            .ok()
            .map(|instant| iso(TimeZone::UTC.to_datetime(instant))[11..].to_owned()),
        DataType::TimestampLtz { .. } => {
            Timestamp::from_millisecond(value).ok().map(|instant| iso(zone.to_datetime(instant)))
        }
        _ => Timestamp::from_millisecond(value)
            .ok()
            .map(|instant| iso(TimeZone::UTC.to_datetime(instant))),
    };
    text.unwrap_or_else(|| value.to_string())
}

/// A whole minute at or before `ms`.
pub fn floor_to_minute(ms: i64) -> i64 {
    ms - ms.rem_euclid(MINUTE_MS)
}

fn iso(time: civil::DateTime) -> String {
    let format = match (time.second(), time.subsec_nanosecond()) {
        (0, 0) => "%Y-%m-%dT%H:%M",
        (_, 0) => "%Y-%m-%dT%H:%M:%S",
        _ => "%Y-%m-%dT%H:%M:%S%.3f",
    };
    time.strftime(format).to_string()
}

/// A value as JSON, by its type.
pub fn to_json(value: &Value, data_type: &DataType, zone: &TimeZone) -> serde_json::Value {
    use serde_json::Value as Json;
    match (value, data_type) {
        (Value::Null, _) => Json::Null,
        (Value::Bool(value), _) => Json::from(*value),
        (Value::I64(value), data_type) if is_time(data_type) => {
            Json::from(time_text(*value, data_type, zone))
        }
        (Value::I64(value), _) => Json::from(*value),
        // JSON has no NaN and no infinities: they become null.
        (Value::F64(value), _) => Json::from(*value),
        // The digits stay as they are written.
        (Value::Decimal(value), of) => {
            number(value.get(), of).parse().map_or(Json::Null, Json::Number)
        }
        (Value::Str(value), _) => Json::from(&**value),
        (Value::Bytes(value), _) => Json::from(encode_block(value)),
        (Value::Array(values), DataType::Array(element)) => {
            values.iter().map(|value| to_json(value, element, zone)).collect()
        }
        (Value::Row(values), DataType::Row(fields)) => values
            .iter()
            .zip(fields.iter())
            .map(|(value, field)| (field.name.to_string(), to_json(value, &field.data_type, zone)))
            .collect(),
        (Value::Map(entries), of) => {
            let (key, element) = of.as_map().unwrap_or((&DataType::Null, &DataType::Null));
            let member = |(name, value): &(Value, Value)| {
                let name = match to_json(name, key, zone) {
                    Json::String(name) => name,
                    other => other.to_string(),
                };
                (name, to_json(value, element, zone))
            };
            entries.iter().map(member).collect()
        }
        _ => Json::Null,
    }
}
