//! Arrays, maps and rows as texts, as JSON, and as those of other types.

use std::sync::Arc;

use super::super::{CastMode, EvalErrors, text};
use super::frame::{Arg, Frame};
use crate::number::write_double;
use crate::record::{
    Batch, BatchTime, Column, ColumnBuilder, ColumnData, ColumnRef, DataType, Validity, Value,
};
use crate::time;

/// Any value but a text as JSON.
pub fn json(frame: &mut Frame, of: &DataType) -> ColumnRef {
    let input = frame.args[0].clone();
    frame.strings(|row, out| {
        write_json(&input.column.value(input.index(row)), of, out);
        Ok(Some(()))
    })
}

fn write_json(value: &Value, of: &DataType, out: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match (value, of) {
        (Value::Str(text), _) => out.push_str(&quoted(text)),
        (Value::F64(number), _) if number.is_finite() => match of {
            DataType::Float => text::write_value(value, of, out),
            _ => write_double(*number, out),
        },
        (Value::I64(_), of) if !of.is_integer() => {
            let mut shown = String::new();
            text::write_value(value, of, &mut shown);
            out.push_str(&quoted(&shown));
        }
        (Value::F64(_), _) => {
            let mut shown = String::new();
            text::write_value(value, of, &mut shown);
            out.push_str(&quoted(&shown));
        }
        (Value::Row(values), DataType::Row(fields)) => {
            out.push('{');
            for (at, (value, field)) in values.iter().zip(fields.iter()).enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(&quoted(&field.name));
                out.push(':');
                write_json(value, &field.data_type, out);
            }
            out.push('}');
        }
        (Value::Map(entries), DataType::Map(key_type, value_type)) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                let mut shown = String::new();
                text::write_value(key, key_type, &mut shown);
                out.push_str(&quoted(&shown));
                out.push(':');
                write_json(value, value_type, out);
            }
            out.push('}');
        }
        (Value::Array(values), DataType::Array(element)) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_json(value, element, out);
            }
            out.push(']');
        }
        _ => text::write_value(value, of, out),
    }
}

/// A value as CAST writes it inside of another: `[a, NULL]`, `{k=v}`, `(1, x)`.
pub fn write_cast(value: &Value, of: &DataType, out: &mut String) {
    let comma = |at: usize| if at > 0 { ", " } else { "" };
    match (value, of) {
        (Value::Null, _) => out.push_str("NULL"),
        (Value::Bool(value), _) => out.push_str(if *value { "TRUE" } else { "FALSE" }),
        (Value::I64(ms), DataType::Timestamp { .. } | DataType::TimestampLtz { .. }) => {
            time::write_timestamp(*ms, out);
        }
        (Value::I64(ms), DataType::Time) => time::write_time(*ms, out),
        (Value::Row(values), DataType::Row(fields)) => {
            out.push('(');
            for (at, (value, field)) in values.iter().zip(fields.iter()).enumerate() {
                out.push_str(comma(at));
                write_cast(value, &field.data_type, out);
            }
            out.push(')');
        }
        (Value::Array(values), DataType::Array(element)) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(comma(at));
                write_cast(value, element, out);
            }
            out.push(']');
        }
        (Value::Map(entries), DataType::Map(key_type, value_type)) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(comma(at));
                write_cast(key, key_type, out);
                out.push('=');
                write_cast(value, value_type, out);
            }
            out.push('}');
        }
        _ => text::write_value(value, of, out),
    }
}

/// Elements of all rows under another type: they are put side by side, converted as a column, and
/// put back.
pub fn cast(frame: &mut Frame, from: &DataType, to: &DataType, mode: CastMode) -> ColumnRef {
    let input = frame.args[0].clone();
    let rows: Vec<usize> = frame.batch.row_ids().filter(|&row| !input.is_null(row)).collect();
    let values: Vec<Value> = rows.iter().filter_map(|&row| input.any(row).cloned()).collect();
    let mut failed = Vec::new();
    let converted = convert(frame, &values, [from, to], mode, &mut failed);
    let mut result = vec![Value::Null; frame.batch.rows];
    let mut validity = Validity::none(frame.batch.rows);
    for (at, (&row, value)) in rows.iter().zip(converted).enumerate() {
        match failed.iter().find(|(bad, _)| *bad == at) {
            Some((_, reason)) => frame.errors.rows.push((row as u32, reason.clone())),
            None => {
                result[row] = value;
                validity.set_valid(row);
            }
        }
    }
    Arc::new(Column::new(ColumnData::Any(result), validity))
}

/// Values of one type as those of another; which could not be converted, and why.
fn convert(
    frame: &Frame,
    values: &[Value],
    [from, to]: [&DataType; 2],
    mode: CastMode,
    failed: &mut Vec<(usize, Arc<str>)>,
) -> Vec<Value> {
    // By element: the value that it belongs to.
    let mut owners = Vec::new();
    let mut part = |pick: &dyn Fn(&Value, &mut Vec<Value>),
                    types: [&DataType; 2],
                    failed: &mut Vec<_>| {
        let mut elements = Vec::new();
        owners.clear();
        for (at, value) in values.iter().enumerate() {
            pick(value, &mut elements);
            owners.resize(elements.len(), at);
        }
        let mut bad = Vec::new();
        let done = convert(frame, &elements, types, mode, &mut bad);
        failed.extend(bad.into_iter().map(|(at, reason): (usize, Arc<str>)| (owners[at], reason)));
        done.into_iter()
    };
    match (from, to) {
        (DataType::Array(a), DataType::Array(b)) => {
            let pick = |value: &Value, out: &mut Vec<Value>| {
                if let Value::Array(values) = value {
                    out.extend(values.iter().cloned());
                }
            };
            let mut done = part(&pick, [a, b], failed);
            let back = |value: &Value| match value {
                Value::Array(values) => Value::Array(done.by_ref().take(values.len()).collect()),
                _ => Value::Null,
            };
            values.iter().map(back).collect()
        }
        (DataType::Map(ka, va), DataType::Map(kb, vb)) => {
            let entries = |value: &Value| match value {
                Value::Map(entries) => entries.to_vec(),
                _ => Vec::new(),
            };
            let keys = |value: &Value, out: &mut Vec<Value>| {
                out.extend(entries(value).into_iter().map(|(key, _)| key));
            };
            let items = |value: &Value, out: &mut Vec<Value>| {
                out.extend(entries(value).into_iter().map(|(_, item)| item));
            };
            let keys = part(&keys, [ka, kb], failed);
            let items = part(&items, [va, vb], failed);
            let mut pairs = keys.zip(items);
            let back = |value: &Value| match value {
                Value::Map(entries) => Value::Map(pairs.by_ref().take(entries.len()).collect()),
                _ => Value::Null,
            };
            values.iter().map(back).collect()
        }
        (DataType::Row(a), DataType::Row(b)) => {
            let columns: Vec<Vec<Value>> = (0..a.len())
                .map(|at| {
                    let pick = |value: &Value, out: &mut Vec<Value>| {
                        out.push(match value {
                            Value::Row(fields) => fields[at].clone(),
                            _ => Value::Null,
                        });
                    };
                    part(&pick, [&a[at].data_type, &b[at].data_type], failed).collect()
                })
                .collect();
            let back = |(at, value): (usize, &Value)| match value {
                Value::Row(_) => {
                    Value::Row(columns.iter().map(|column| column[at].clone()).collect())
                }
                _ => Value::Null,
            };
            values.iter().enumerate().map(back).collect()
        }
        _ => leaves(frame, values, [from, to], mode, failed),
    }
}

fn leaves(
    frame: &Frame,
    values: &[Value],
    [from, to]: [&DataType; 2],
    mode: CastMode,
    failed: &mut Vec<(usize, Arc<str>)>,
) -> Vec<Value> {
    if from == to || *from == DataType::Null {
        return values.to_vec();
    }
    let mut builder = ColumnBuilder::for_type(from, values.len());
    values.iter().for_each(|value| builder.push_value(value));
    let column = Arc::new(builder.finish());
    let batch = Batch::new(vec![column.clone()], values.len(), BatchTime::at(i64::MIN));
    let mut errors = EvalErrors::default();
    let args = vec![Arg { column, constant: false }];
    let mut inner = Frame::new(args, &batch, frame.context, &mut errors);
    let done = super::cast::cast(&mut inner, from, to, mode);
    failed.extend(errors.rows.into_iter().map(|(row, reason)| (row as usize, reason)));
    (0..values.len()).map(|row| done.value(row)).collect()
}
