//! Rows to JSON objects.

use std::io::Write;

use openssl::base64::encode_block;

use crate::decimal;
use crate::record::{Batch, Column, ColumnData, DataType, Schema, Value};

/// How values are written where there is a choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonStyle {
    /// `json.timestamp-format.standard` = `ISO-8601`.
    pub iso8601: bool,
    /// `json.encode.decimal-as-plain-number`: all digits instead of `1E+2`.
    pub plain_decimals: bool,
}

impl JsonStyle {
    /// By a table's options; what they may be has been checked.
    pub fn of<'a>(option: impl Fn(&str) -> Option<&'a str>) -> Self {
        let plain = option("json.encode.decimal-as-plain-number");
        Self {
            iso8601: option("json.timestamp-format.standard") == Some("ISO-8601"),
            plain_decimals: plain == Some("true"),
        }
    }
}

/// Writes rows as Flink's `json` format does.
pub struct JsonEncoder {
    /// `{"a":` or `,"a":`, one for each column, with its type.
    columns: Vec<(Vec<u8>, DataType, bool)>,
    style: JsonStyle,
}

impl JsonEncoder {
    /// `embed`: string columns that hold JSON, which goes in as it is; as text if it is none.
    /// Flink writes TIMESTAMP_LTZ in UTC, so the session's zone has no part in it.
    pub fn new(schema: &Schema, style: JsonStyle, embed: Vec<usize>) -> Self {
        let prefix = |(i, field): (usize, &crate::record::Field)| {
            let mut prefix = vec![if i == 0 { b'{' } else { b',' }];
            write_string(&field.name, &mut prefix);
            prefix.push(b':');
            (prefix, field.data_type.clone(), embed.contains(&i))
        };
        let columns = schema.fields.iter().enumerate().map(prefix).collect();
        Self { columns, style }
    }

    /// Appends one row, without a newline.
    pub fn encode_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        if self.columns.is_empty() {
            out.push(b'{');
        }
        for ((prefix, data_type, embed), column) in self.columns.iter().zip(&batch.columns) {
            out.extend_from_slice(prefix);
            self.cell(column, row, data_type, *embed, out);
        }
        out.push(b'}');
    }

    /// Appends one column of a row: a JSON value.
    pub fn encode_column(&self, batch: &Batch, row: usize, column: usize, out: &mut Vec<u8>) {
        let (_, data_type, embed) = &self.columns[column];
        self.cell(&batch.columns[column], row, data_type, *embed, out);
    }

    fn cell(&self, column: &Column, row: usize, kind: &DataType, embed: bool, out: &mut Vec<u8>) {
        if column.is_null(row) {
            return out.extend_from_slice(b"null");
        }
        match &column.data {
            ColumnData::Bool(values) => write_bool(values[row], out),
            ColumnData::I64(values) => self.integer(values[row], kind, out),
            ColumnData::F64(values) => write_number(values[row], out),
            ColumnData::I128(values) => self.decimal(values[row], kind, out),
            ColumnData::Bytes(values) => write_bytes(values.bytes(row), out),
            ColumnData::Str(values) => {
                let text = values.get(row);
                match Some(text).filter(|_| embed).and_then(embedded) {
                    Some(json) => out.extend_from_slice(json.as_bytes()),
                    None => write_string(text, out),
                }
            }
            ColumnData::Any(values) => self.value(&values[row], kind, out),
        }
    }

    fn integer(&self, value: i64, kind: &DataType, out: &mut Vec<u8>) {
        // Writing to a vector does not fail.
        let _ = match kind {
            DataType::Timestamp { .. } => return self.timestamp(value, false, out),
            DataType::TimestampLtz { .. } => return self.timestamp(value, true, out),
            DataType::Date => {
                let zero = jiff::civil::date(1970, 1, 1);
                let span = jiff::Span::new().try_days(value);
                match span.and_then(|span| zero.checked_add(span)) {
                    Ok(date) => write!(out, "\"{date}\""),
                    Err(_) => write!(out, "null"),
                }
            }
            DataType::Time => {
                let _ = out.write_all(b"\"");
                let seconds = value.div_euclid(1000);
                clock(seconds / 3600, seconds / 60 % 60, seconds % 60, value.rem_euclid(1000), out);
                out.write_all(b"\"")
            }
            _ => write!(out, "{value}"),
        };
    }

    fn decimal(&self, value: i128, kind: &DataType, out: &mut Vec<u8>) {
        let mut text = String::new();
        match self.style.plain_decimals {
            true => decimal::write(value, kind.scale(), &mut text),
            false => decimal::write_scientific(value, kind.scale(), &mut text),
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn timestamp(&self, ms: i64, local: bool, out: &mut Vec<u8>) {
        let Ok(instant) = jiff::Timestamp::from_millisecond(ms) else {
            return out.extend_from_slice(b"null");
        };
        // Flink writes TIMESTAMP_LTZ in UTC, whatever the session's zone.
        let at = jiff::tz::Offset::UTC.to_datetime(instant);
        let separator = if self.style.iso8601 { 'T' } else { ' ' };
        let _ = write!(out, "\"{}{separator}", at.date());
        let fraction = ms.rem_euclid(1000);
        clock(at.hour().into(), at.minute().into(), at.second().into(), fraction, out);
        out.extend_from_slice(if local { b"Z\"" } else { b"\"" });
    }

    /// The key of a map: a text, whatever it is.
    fn key(&self, key: &Value, kind: &DataType, out: &mut Vec<u8>) {
        if let Some(text) = key.as_str() {
            return write_string(text, out);
        }
        let mut shown = Vec::new();
        self.value(key, kind, &mut shown);
        match shown.first() {
            Some(b'"') => out.extend_from_slice(&shown),
            _ => write_string(&String::from_utf8_lossy(&shown), out),
        }
    }

    fn value(&self, value: &Value, kind: &DataType, out: &mut Vec<u8>) {
        match (value, kind) {
            (Value::Null, _) => out.extend_from_slice(b"null"),
            (Value::Bool(value), _) => write_bool(*value, out),
            (Value::I64(value), _) => self.integer(*value, kind, out),
            (Value::F64(value), _) => write_number(*value, out),
            (Value::Decimal(value), _) => self.decimal(value.get(), kind, out),
            (Value::Bytes(bytes), _) => write_bytes(bytes, out),
            (Value::Str(text), _) => write_string(text, out),
            (Value::Row(values), DataType::Row(fields)) => {
                out.push(b'{');
                for (i, (value, field)) in values.iter().zip(fields.iter()).enumerate() {
                    separate(i, out);
                    write_string(&field.name, out);
                    out.push(b':');
                    self.value(value, &field.data_type, out);
                }
                out.push(b'}');
            }
            (Value::Map(entries), kind) => {
                let Some((of, kind)) = kind.as_map() else { return out.extend_from_slice(b"null") };
                out.push(b'{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    separate(i, out);
                    self.key(key, of, out);
                    out.push(b':');
                    self.value(value, kind, out);
                }
                out.push(b'}');
            }
            (Value::Array(values), DataType::Array(kind)) => {
                out.push(b'[');
                for (i, value) in values.iter().enumerate() {
                    separate(i, out);
                    self.value(value, kind, out);
                }
                out.push(b']');
            }
            _ => out.extend_from_slice(b"null"),
        }
    }
}

/// Text that holds JSON, as it goes into other JSON.
pub fn embedded(text: &str) -> Option<&str> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok().then(|| text.trim())
}

fn separate(i: usize, out: &mut Vec<u8>) {
    if i > 0 {
        out.push(b',');
    }
}

fn clock(hour: i64, minute: i64, second: i64, ms: i64, out: &mut Vec<u8>) {
    let _ = write!(out, "{hour:02}:{minute:02}:{second:02}");
    if ms != 0 {
        let _ = write!(out, ".{ms:03}");
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(encode_block(bytes).as_bytes());
    out.push(b'"');
}

fn write_bool(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn write_number(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"\"NaN\"");
    }
    if value.is_infinite() {
        let text: &[u8] = if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" };
        return out.extend_from_slice(text);
    }
    let mut text = String::new();
    crate::number::write_double(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&c| c < 0x20 || c == b'"' || c == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let _ = match rest[at] {
            b'"' => out.write_all(b"\\\""),
            b'\\' => out.write_all(b"\\\\"),
            b'\n' => out.write_all(b"\\n"),
            b'\r' => out.write_all(b"\\r"),
            b'\t' => out.write_all(b"\\t"),
            8 => out.write_all(b"\\b"),
            12 => out.write_all(b"\\f"),
            c => write!(out, "\\u{c:04X}"),
        };
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
