//! Values as the print connector shows them.

use jiff::tz::TimeZone;

use crate::record::{Column, DataType, Value};

/// Appends a value's text.
pub fn write_text(
    column: &Column,
    row: usize,
    _data_type: &DataType,
    _zone: &TimeZone,
    out: &mut String,
) {
    use std::fmt::Write;
    let _ = match column.value(row) {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::I64(value) => write!(out, "{value}"),
        Value::F64(value) => write!(out, "{value:?}"),
        Value::Str(value) => write!(out, "{value}"),
        other => write!(out, "{other:?}"),
    };
}
