//! Arrays, maps and rows as texts, as JSON, and as those of other types.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{CastMode, EvalErrors, text};
use super::frame::{Arg, Frame};
use crate::decimal;
use crate::number::write_double;
use crate::record::{
    Batch, BatchTime, Column, ColumnBuilder, ColumnData, ColumnRef, DataType, Field, Validity,
    Value,
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

fn write_json<'a>(value: &'a Value, of: &'a DataType, out: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match (value, of) {
        (Value::Str(text), _) => out.push_str(&quoted(text)),
        (Value::F64(number), _) if number.is_finite() => {
            let mut shown = String::new();
            match of {
                DataType::Float => text::write_value(value, of, &mut shown),
                _ => write_double(*number, &mut shown),
            }
            decimal::write_number_json(&shown, out);
        }
        (Value::I64(ms), of) if of.is_timestamp() => {
            let mut shown = String::new();
            time::write_timestamp_seconds_optional(*ms, 'T', &mut shown);
            if shown.contains('.') {
                shown.truncate(shown.trim_end_matches('0').len());
            }
            shown.push_str(if matches!(of, DataType::TimestampLtz { .. }) { "Z" } else { "" });
            out.push_str(&quoted(&shown));
        }
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
            let members = values.iter().zip(fields.iter());
            let named = |(value, field): (_, &'a Field)| {
                (field.name.to_string(), (value, &field.data_type))
            };
            write_members(members.map(named).collect(), out);
        }
        (Value::Map(entries), of) => {
            let (key_type, value_type) = of.as_map().unwrap_or((&DataType::Null, &DataType::Null));
            let named = |(key, value): &'a (Value, Value)| {
                let mut shown = String::new();
                text::write_value(key, key_type, &mut shown);
                (shown, (value, value_type))
            };
            write_members(entries.iter().map(named).collect(), out);
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

/// An object, in the order of its keys as Flink writes it.
fn write_members(members: BTreeMap<String, (&Value, &DataType)>, out: &mut String) {
    out.push('{');
    for (at, (key, (value, of))) in members.into_iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        out.push_str(&serde_json::Value::from(key).to_string());
        out.push(':');
        write_json(value, of, out);
    }
    out.push('}');
}

/// A value as CAST writes it inside of another: `[a, NULL]`, `{k=v}`, `(1, x)`.
pub fn write_cast(value: &Value, of: &DataType, out: &mut String) {
    let comma = |at: usize| if at > 0 { ", " } else { "" };
    match (value, of) {
        (Value::Null, _) => out.push_str("NULL"),
        (Value::Bool(value), _) => out.push_str(if *value { "TRUE" } else { "FALSE" }),
        (
            Value::I64(ms),
            DataType::Timestamp { precision } | DataType::TimestampLtz { precision },
        ) => time::write_timestamp_digits(*ms, *precision, out),
        (Value::Decimal(value), of) => decimal::write(value.get(), of.scale(), out),
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
        (Value::Map(entries), of) => {
            let Some((key_type, value_type)) = of.as_map() else { return out.push_str("NULL") };
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
    // A part that cannot be converted makes the whole NULL, as in Flink.
    let converted = convert(frame, &values, [from, to], &mut failed);
    let mut result = vec![Value::Null; frame.batch.rows];
    let mut validity = Validity::none(frame.batch.rows);
    for (at, (&row, value)) in rows.iter().zip(converted).enumerate() {
        match failed.iter().find(|(bad, _)| *bad == at) {
            Some(_) if mode == CastMode::Try => {}
            Some((_, reason)) => frame.errors.rows.push((row as u32, reason.clone())),
            None => {
                result[row] = value;
                validity.set_valid(row);
            }
        }
    }
    Arc::new(Column::new(ColumnData::Any(result), validity))
}

/// A conversion under way.
struct Conversion<'a, 'b> {
    frame: &'a Frame<'b>,
}

type Failed = Vec<(usize, Arc<str>)>;

impl Conversion<'_, '_> {
    /// What `pick` takes of each value, converted: one behind the other.
    fn parts(
        &self,
        values: &[Value],
        pick: impl Fn(&Value, &mut Vec<Value>),
        types: [&DataType; 2],
        failed: &mut Failed,
    ) -> std::vec::IntoIter<Value> {
        // By part: the value that it belongs to.
        let (mut parts, mut owners) = (Vec::new(), Vec::new());
        for (at, value) in values.iter().enumerate() {
            pick(value, &mut parts);
            owners.resize(parts.len(), at);
        }
        let mut bad = Vec::new();
        let done = convert(self.frame, &parts, types, &mut bad);
        failed.extend(bad.into_iter().map(|(at, reason)| (owners[at], reason)));
        done.into_iter()
    }

    fn arrays(&self, values: &[Value], types: [&DataType; 2], failed: &mut Failed) -> Vec<Value> {
        let pick = |value: &Value, out: &mut Vec<Value>| {
            if let Value::Array(values) = value {
                out.extend(values.iter().cloned());
            }
        };
        let mut done = self.parts(values, pick, types, failed);
        let back = |value: &Value| match value {
            Value::Array(values) => Value::Array(done.by_ref().take(values.len()).collect()),
            _ => Value::Null,
        };
        values.iter().map(back).collect()
    }

    fn maps(
        &self,
        values: &[Value],
        [keys, items]: [[&DataType; 2]; 2],
        failed: &mut Failed,
    ) -> Vec<Value> {
        let entries = |value: &Value| match value {
            Value::Map(entries) => entries.to_vec(),
            _ => Vec::new(),
        };
        let key = |value: &Value, out: &mut Vec<Value>| {
            out.extend(entries(value).into_iter().map(|(key, _)| key));
        };
        let item = |value: &Value, out: &mut Vec<Value>| {
            out.extend(entries(value).into_iter().map(|(_, item)| item));
        };
        let keys = self.parts(values, key, keys, failed);
        let mut pairs = keys.zip(self.parts(values, item, items, failed));
        let back = |value: &Value| match value {
            Value::Map(entries) => Value::Map(pairs.by_ref().take(entries.len()).collect()),
            _ => Value::Null,
        };
        values.iter().map(back).collect()
    }

    fn rows(&self, values: &[Value], [from, to]: [&[Field]; 2], failed: &mut Failed) -> Vec<Value> {
        let mut columns = Vec::with_capacity(from.len());
        for (at, (from, to)) in from.iter().zip(to).enumerate() {
            let pick = |value: &Value, out: &mut Vec<Value>| {
                out.push(match value {
                    Value::Row(fields) => fields[at].clone(),
                    _ => Value::Null,
                });
            };
            columns.push(self.parts(values, pick, [&from.data_type, &to.data_type], failed));
        }
        let mut next =
            || columns.iter_mut().map(|column| column.next().unwrap_or(Value::Null)).collect();
        let back = |value: &Value| {
            let row = Value::Row(next());
            if value.is_null() { Value::Null } else { row }
        };
        values.iter().map(back).collect()
    }
}

/// Values of one type as those of another; which could not be converted, and why.
fn convert(
    frame: &Frame,
    values: &[Value],
    [from, to]: [&DataType; 2],
    failed: &mut Failed,
) -> Vec<Value> {
    let conversion = Conversion { frame };
    match (from, to) {
        (DataType::Array(a), DataType::Array(b)) => conversion.arrays(values, [a, b], failed),
        (DataType::Map(..), DataType::Map(..)) | (DataType::Multiset(_), DataType::Multiset(_)) => {
            match (from.as_map(), to.as_map()) {
                (Some((ka, va)), Some((kb, vb))) => {
                    conversion.maps(values, [[ka, kb], [va, vb]], failed)
                }
                _ => values.to_vec(),
            }
        }
        (DataType::Row(a), DataType::Row(b)) => conversion.rows(values, [a, b], failed),
        _ => leaves(frame, values, [from, to], failed),
    }
}

fn leaves(
    frame: &Frame,
    values: &[Value],
    [from, to]: [&DataType; 2],
    failed: &mut Failed,
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
    let done = super::cast::cast(&mut inner, from, to, CastMode::Strict);
    failed.extend(errors.rows.into_iter().map(|(row, reason)| (row as usize, reason)));
    (0..values.len()).map(|row| done.value(row)).collect()
}
