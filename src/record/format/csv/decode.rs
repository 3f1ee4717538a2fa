//! Records to columns, by Flink's rules for each type.

use std::sync::Arc;

use super::CsvOptions;
use super::scan::{Cell, cells};
use crate::record::format::rows::{self, NoRow};
use crate::record::json::{Decoded, base64, time_of_day};
use crate::record::{ColumnBuilder, DataType, Field, RawBlock, Value};
use crate::time::{self, MS_PER_DAY};
use crate::{decimal, number};

/// Decodes blocks of records into columns.
pub struct CsvDecoder {
    options: CsvOptions,
    /// Fields of a record.
    width: usize,
    /// Those that are read, with their places.
    fields: Vec<(usize, Field)>,
    cells: Vec<Cell>,
    copies: Vec<u8>,
}

/// Why a record gives no row.
enum Failure {
    /// Its fields cannot be told apart, or they are not as many as columns.
    Broken(String),
    /// A field does not fit its column.
    Field(Arc<str>),
}

impl CsvDecoder {
    pub fn new(width: usize, fields: Vec<(usize, Field)>, options: CsvOptions) -> Self {
        Self { options, width, fields, cells: Vec::new(), copies: Vec::new() }
    }

    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        let rows = block.records.len();
        let builder = |(_, field): &(usize, Field)| ColumnBuilder::for_type(&field.data_type, rows);
        let columns = self.fields.iter().map(builder).collect();
        rows::decode(block, columns, |record, columns| {
            let record = record.filter(|record| !self.options.is_comment(record));
            let ignored = self.options.ignore_parse_errors;
            self.record(record.ok_or(NoRow::Skipped)?, columns).map_err(|failure| match failure {
                Failure::Broken(_) if ignored => NoRow::Skipped,
                Failure::Broken(reason) => {
                    NoRow::Rejected(format!("Failed to deserialize CSV row: {reason}").into())
                }
                Failure::Field(reason) => NoRow::Rejected(reason),
            })
        })
    }

    fn record(&mut self, record: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), Failure> {
        if simdutf8::basic::from_utf8(record).is_err() {
            return Err(Failure::Broken("not UTF-8".into()));
        }
        self.cells.clear();
        self.copies.clear();
        cells(record, &self.options, &mut self.cells, &mut self.copies).map_err(Failure::Broken)?;
        let text = |cell: &Cell| {
            let bytes = if cell.is_copy { &self.copies } else { record };
            // Checked as a whole; fields end at characters of ASCII.
            std::str::from_utf8(&bytes[cell.from..cell.to]).unwrap_or_default()
        };
        let mut found = self.cells.len();
        // A delimiter behind the last field is fine.
        if found == self.width + 1 && text(&self.cells[self.width]).trim().is_empty() {
            found = self.width;
        }
        if found > self.width || (found < self.width && !self.options.ignore_parse_errors) {
            let message =
                format!("Row length mismatch. {} fields expected but was {found}.", self.width);
            return Err(Failure::Broken(message));
        }
        for ((place, field), column) in self.fields.iter().zip(columns) {
            let text = self.cells.get(*place).map(text);
            let text = text.filter(|text| self.options.null_literal.as_deref() != Some(*text));
            let is_null = match text {
                None => true,
                Some(text) => {
                    let done = put(text, &field.data_type, &self.options, column);
                    if !done && !self.options.ignore_parse_errors {
                        let reason = format!("Fail to deserialize at field: {}.", field.name);
                        return Err(Failure::Field(reason.into()));
                    }
                    !done
                }
            };
            if is_null && !field.nullable {
                return Err(Failure::Field(format!("field `{}` is missing", field.name).into()));
            }
            if is_null {
                column.push_null();
            }
        }
        Ok(())
    }
}

/// Appends a field's value; false, and nothing: it does not fit.
fn put(text: &str, kind: &DataType, options: &CsvOptions, column: &mut ColumnBuilder) -> bool {
    let trimmed = number::trim_java(text);
    match kind {
        DataType::String { .. } => column.push_str(text),
        DataType::Boolean => column.push_bool(trimmed.eq_ignore_ascii_case("true")),
        DataType::Double => match number::parse_java(text) {
            Some(value) => column.push_f64(value),
            None => return false,
        },
        DataType::Float => match number::parse_java::<f32>(text) {
            Some(value) => column.push_f64(value.into()),
            None => return false,
        },
        DataType::Decimal(to) => match decimal::parse(text.as_bytes(), *to) {
            Ok(Some(value)) => column.push_i128(value),
            Ok(None) => column.push_null(),
            Err(_) => return false,
        },
        DataType::Bytes { .. } | DataType::Binary { .. } => {
            let mut bytes = Vec::new();
            if base64::decode(text.as_bytes(), &mut bytes).is_none() {
                return false;
            }
            column.push_bytes(&bytes);
        }
        DataType::Array(_) | DataType::Row(_) => match nested(text, kind, options) {
            Some(value) => column.push_value(&value),
            None => return false,
        },
        kind => match integer(text, trimmed, kind) {
            Some(value) => column.push_i64(value),
            None => return false,
        },
    }
    true
}

/// Integers, dates and times.
fn integer(text: &str, trimmed: &str, kind: &DataType) -> Option<i64> {
    // java.sql.Date, which lets days run on into the next month.
    let date = |text: &str| {
        let is_bare = !text.contains(|c: char| c <= ' ');
        is_bare.then(|| time::parse_timestamp_java(text).map(|ms| ms.div_euclid(MS_PER_DAY)))?
    };
    let timestamp =
        |text: &str| text.contains(' ').then(|| time::parse_timestamp_sql(text)).flatten();
    match kind {
        DataType::Date => date(text),
        DataType::Time => (!text.ends_with('Z')).then(|| time_of_day(text))?,
        DataType::Timestamp { .. } => timestamp(trimmed),
        DataType::TimestampLtz { .. } => timestamp(trimmed.strip_suffix('Z')?),
        kind => {
            let value = trimmed.parse::<i64>().ok()?;
            (kind.wrap(value) == value).then_some(value)
        }
    }
}

/// The elements of an ARRAY or fields of a ROW, which stand in one field.
fn nested(text: &str, kind: &DataType, options: &CsvOptions) -> Option<Value> {
    let one = |text: &str, kind: &DataType| {
        if options.null_literal.as_deref() == Some(text) {
            return Some(Value::Null);
        }
        let mut column = ColumnBuilder::for_type(kind, 1);
        match put(text, kind, options, &mut column) {
            true => Some(column.finish().value(0)),
            false => options.ignore_parse_errors.then_some(Value::Null),
        }
    };
    let parts = text.split(options.array_delimiter);
    match kind {
        DataType::Array(_) if text.is_empty() => Some(Value::Array(Arc::from([]))),
        DataType::Array(element) => {
            let values = parts.map(|part| one(part, element)).collect::<Option<Arc<[Value]>>>();
            values.map(Value::Array)
        }
        DataType::Row(_) if text.is_empty() => Some(Value::Null),
        DataType::Row(fields) => {
            let parts: Vec<&str> = parts.collect();
            if parts.len() != fields.len() && !options.ignore_parse_errors {
                return None;
            }
            let value = |(place, field): (usize, &Field)| match parts.get(place) {
                Some(part) => one(part, &field.data_type),
                None => Some(Value::Null),
            };
            let values = fields.iter().enumerate().map(value).collect::<Option<Arc<[Value]>>>();
            values.map(Value::Row)
        }
        _ => None,
    }
}
