//! Rows to records, with quotes where Jackson sets them.

use std::fmt::Write;

use openssl::base64::encode_block;

use super::CsvOptions;
use crate::record::{Batch, ColumnData, DataType, Field, Value};
use crate::{decimal, number, time};

/// Jackson does not look into texts longer than this: they get quotes.
const LOOKED_INTO: usize = 24;

/// Writes rows as Flink's `csv` format does.
pub struct CsvEncoder {
    types: Vec<DataType>,
    options: CsvOptions,
}

impl CsvEncoder {
    pub fn new(fields: &[Field], options: CsvOptions) -> Self {
        Self { types: fields.iter().map(|field| field.data_type.clone()).collect(), options }
    }

    /// Appends one row, without a line end.
    pub fn encode_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        let mut text = String::new();
        for (place, (kind, column)) in self.types.iter().zip(&batch.columns).enumerate() {
            if place > 0 {
                out.push(self.options.delimiter);
            }
            if column.is_null(row) {
                let null = self.options.null_literal.as_deref().unwrap_or_default();
                out.extend_from_slice(null.as_bytes());
                continue;
            }
            match (&column.data, kind) {
                (ColumnData::Str(values), _) => self.text(values.get(row), out),
                (ColumnData::I64(values), kind) if kind.is_integer() => {
                    text.clear();
                    number::write_i64(values[row], &mut text);
                    out.extend_from_slice(text.as_bytes());
                }
                (_, kind) => {
                    text.clear();
                    self.value(&column.value(row), kind, &mut text);
                    let is_bare =
                        *kind == DataType::Boolean || kind.is_approximate() || kind.is_decimal();
                    match is_bare {
                        true => out.extend_from_slice(text.as_bytes()),
                        false => self.text(&text, out),
                    }
                }
            }
        }
    }

    fn value(&self, value: &Value, kind: &DataType, out: &mut String) {
        // Writing to a String does not fail.
        match (value, kind) {
            (Value::Null, _) => {
                out.push_str(self.options.null_literal.as_deref().unwrap_or_default());
            }
            (Value::Bool(value), _) => drop(write!(out, "{value}")),
            (Value::I64(ms), DataType::Date) => time::write_date(*ms, out),
            (Value::I64(ms), DataType::Time) => time::write_time(*ms, out),
            (Value::I64(ms), kind) if kind.is_timestamp() => {
                time::write_timestamp_seconds_optional(*ms, ' ', out);
                if ms.rem_euclid(1_000) != 0 {
                    out.truncate(out.trim_end_matches('0').len());
                }
                if matches!(kind, DataType::TimestampLtz { .. }) {
                    out.push('Z');
                }
            }
            (Value::I64(value), _) => number::write_i64(*value, out),
            (Value::F64(value), DataType::Float) => number::write_float(*value as f32, out),
            (Value::F64(value), _) => number::write_double(*value, out),
            (Value::Decimal(value), kind) if self.options.plain_decimals => {
                decimal::write(value.get(), kind.scale(), out);
            }
            (Value::Decimal(value), kind) => {
                decimal::write_scientific(value.get(), kind.scale(), out);
            }
            (Value::Str(text), _) => out.push_str(text),
            (Value::Bytes(bytes), _) => out.push_str(&encode_block(bytes)),
            (Value::Array(values), DataType::Array(kind)) => {
                self.joined(values.iter().map(|value| (value, &**kind)), out);
            }
            (Value::Row(values), DataType::Row(fields)) => {
                let types = fields.iter().map(|field| &field.data_type);
                self.joined(values.iter().zip(types), out);
            }
            // The table's types have been checked.
            _ => {}
        }
    }

    fn joined<'a>(
        &self,
        values: impl Iterator<Item = (&'a Value, &'a DataType)>,
        out: &mut String,
    ) {
        for (place, (value, kind)) in values.enumerate() {
            if place > 0 {
                out.push(self.options.array_delimiter);
            }
            self.value(value, kind, out);
        }
    }

    /// A text, in quotes where it may need them.
    fn text(&self, text: &str, out: &mut Vec<u8>) {
        let Some(quote) = self.options.quote.filter(|quote| self.needs_quotes(text, *quote)) else {
            return out.extend_from_slice(text.as_bytes());
        };
        out.push(quote);
        for &byte in text.as_bytes() {
            if byte == quote {
                out.push(quote);
            } else if let Some(escape) = self.options.escape.filter(|escape| *escape == byte) {
                out.push(escape);
            }
            out.push(byte);
        }
        out.push(quote);
    }

    fn needs_quotes(&self, text: &str, quote: u8) -> bool {
        let safe = self.options.delimiter.max(quote);
        // A backslash counts even where it is no escape.
        let escape = self.options.escape;
        let is_odd = |byte: u8| byte <= safe || byte == b'\\' || Some(byte) == escape;
        // Its length in Java, which counts in halves of UTF-16.
        let is_long = text.len() > LOOKED_INTO && text.encode_utf16().count() > LOOKED_INTO;
        is_long || text.bytes().any(is_odd)
    }
}
