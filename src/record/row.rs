//! Whole rows as bytes, nested values included, exactly as they are: for state that keeps rows.
//!
//! A flat value has the form of [`super::key`], but for doubles, which keep their bits (a
//! negative zero stays one). A nested value is a tag, its length, and its parts.

use std::ops::Deref;
use std::sync::Arc;

use super::column::{Column, ColumnBuilder, ColumnData};
use super::value::Value;

const TAG_NULL: u8 = 0;
const TAG_FALSE: u8 = 1;
const TAG_TRUE: u8 = 2;
const TAG_I64: u8 = 3;
const TAG_F64: u8 = 4;
const TAG_STR: u8 = 5;
const TAG_ROW: u8 = 6;
const TAG_ARRAY: u8 = 7;
const TAG_MAP: u8 = 8;
const TAG_DECIMAL: u8 = 9;
const TAG_BYTES: u8 = 10;

/// Deeper nesting than this is no row of ours: columns are as deep as their types.
const DEPTH_MAX: usize = 64;

/// Appends `row` of each column.
pub fn encode(columns: &[impl Deref<Target = Column>], row: usize, out: &mut Vec<u8>) {
    columns.iter().for_each(|column| encode_cell(column, row, out));
}

fn encode_cell(column: &Column, row: usize, out: &mut Vec<u8>) {
    if column.is_null(row) {
        return out.push(TAG_NULL);
    }
    match &column.data {
        ColumnData::Bool(values) => out.push(if values[row] { TAG_TRUE } else { TAG_FALSE }),
        ColumnData::I64(values) => put_i64(values[row], out),
        ColumnData::F64(values) => put_f64(values[row], out),
        ColumnData::I128(values) => put_i128(values[row], out),
        ColumnData::Str(values) => put_bytes(TAG_STR, values.bytes(row), out),
        ColumnData::Bytes(values) => put_bytes(TAG_BYTES, values.bytes(row), out),
        ColumnData::Any(values) => encode_value(&values[row], out),
    }
}

/// Appends one value.
pub fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(TAG_NULL),
        Value::Bool(value) => out.push(if *value { TAG_TRUE } else { TAG_FALSE }),
        Value::I64(value) => put_i64(*value, out),
        Value::F64(value) => put_f64(*value, out),
        Value::Decimal(value) => put_i128(value.get(), out),
        Value::Str(value) => put_bytes(TAG_STR, value.as_bytes(), out),
        Value::Bytes(value) => put_bytes(TAG_BYTES, value, out),
        Value::Row(values) => put_all(TAG_ROW, values, out),
        Value::Array(values) => put_all(TAG_ARRAY, values, out),
        Value::Map(entries) => {
            out.push(TAG_MAP);
            put_len(entries.len(), out);
            for (key, value) in entries.iter() {
                encode_value(key, out);
                encode_value(value, out);
            }
        }
    }
}

fn put_all(tag: u8, values: &[Value], out: &mut Vec<u8>) {
    out.push(tag);
    put_len(values.len(), out);
    values.iter().for_each(|value| encode_value(value, out));
}

fn put_i64(value: i64, out: &mut Vec<u8>) {
    out.push(TAG_I64);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_f64(value: f64, out: &mut Vec<u8>) {
    out.push(TAG_F64);
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

fn put_i128(value: i128, out: &mut Vec<u8>) {
    out.push(TAG_DECIMAL);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put_len(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn put_len(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u32).to_le_bytes());
}

/// Reads a row back, one value into each builder. False where the bytes are not a row of that
/// many values (a corrupt file).
pub fn decode(mut bytes: &[u8], builders: &mut [ColumnBuilder]) -> bool {
    decode_next(&mut bytes, builders) && bytes.is_empty()
}

/// The same for the first row of several; moves on behind it.
pub fn decode_next(bytes: &mut &[u8], builders: &mut [ColumnBuilder]) -> bool {
    builders.iter_mut().all(|builder| decode_cell(bytes, builder).is_some())
}

fn decode_cell(bytes: &mut &[u8], builder: &mut ColumnBuilder) -> Option<()> {
    match *bytes.first()? {
        TAG_STR => {
            take(bytes, 1)?;
            let len = take_len(bytes)?;
            builder.push_str(std::str::from_utf8(take(bytes, len)?).ok()?);
        }
        _ => builder.push_value(&decode_value(bytes, 0)?),
    }
    Some(())
}

/// Reads one value and moves on behind it.
pub fn take_value(bytes: &mut &[u8]) -> Option<Value> {
    decode_value(bytes, 0)
}

fn decode_value(bytes: &mut &[u8], depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    Some(match take(bytes, 1)?[0] {
        TAG_NULL => Value::Null,
        TAG_FALSE => Value::Bool(false),
        TAG_TRUE => Value::Bool(true),
        TAG_I64 => Value::I64(i64::from_le_bytes(take(bytes, 8)?.try_into().ok()?)),
        TAG_F64 => Value::F64(f64::from_bits(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?))),
        TAG_STR => {
            let len = take_len(bytes)?;
            Value::Str(std::str::from_utf8(take(bytes, len)?).ok()?.into())
        }
        TAG_DECIMAL => Value::decimal(i128::from_le_bytes(take(bytes, 16)?.try_into().ok()?)),
        TAG_BYTES => {
            let len = take_len(bytes)?;
            Value::Bytes(take(bytes, len)?.into())
        }
        TAG_ROW => Value::Row(values(bytes, depth)?),
        TAG_ARRAY => Value::Array(values(bytes, depth)?),
        TAG_MAP => {
            let len = take_len(bytes)?;
            let mut entries = Vec::new();
            for _ in 0..len {
                let key = decode_value(bytes, depth + 1)?;
                entries.push((key, decode_value(bytes, depth + 1)?));
            }
            Value::Map(entries.into())
        }
        _ => return None,
    })
}

fn values(bytes: &mut &[u8], depth: usize) -> Option<Arc<[Value]>> {
    let len = take_len(bytes)?;
    (0..len).map(|_| decode_value(bytes, depth + 1)).collect()
}

fn take_len(bytes: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?) as usize)
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(len)?;
    *bytes = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::super::schema::Physical;
    use super::*;

    #[test]
    fn every_form_comes_back_as_it_was() {
        let nested = Value::Map(
            vec![(
                Value::Str("k".into()),
                Value::Row(
                    vec![
                        Value::decimal(-5),
                        Value::Null,
                        Value::Array(vec![Value::I64(-7)].into()),
                    ]
                    .into(),
                ),
            )]
            .into(),
        );
        let forms = [
            (Physical::Bool, Value::Bool(true)),
            (Physical::I64, Value::I64(i64::MIN)),
            (Physical::F64, Value::F64(-0.0)),
            (Physical::Str, Value::Str("é\n".into())),
            (Physical::I128, Value::decimal(-i128::MAX)),
            (Physical::Bytes, Value::Bytes([0, 0xff].into())),
            (Physical::Any, nested),
            (Physical::Str, Value::Null),
        ];
        let column = |(physical, value): &(Physical, Value)| {
            let mut builder = ColumnBuilder::new(*physical, 1);
            builder.push_value(value);
            Arc::new(builder.finish())
        };
        let columns: Vec<_> = forms.iter().map(column).collect();
        let mut bytes = Vec::new();
        encode(&columns, 0, &mut bytes);
        let fresh = || forms.iter().map(|form| ColumnBuilder::new(form.0, 1)).collect::<Vec<_>>();
        let mut builders = fresh();
        assert!(decode(&bytes, &mut builders));
        let found: Vec<_> = builders.into_iter().map(|builder| builder.finish().value(0)).collect();
        let wanted: Vec<_> = forms.iter().map(|form| form.1.clone()).collect();
        assert_eq!(found, wanted);
        for len in 0..bytes.len() {
            assert!(!decode(&bytes[..len], &mut fresh()), "cut at {len}");
        }
    }
}
