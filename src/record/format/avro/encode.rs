//! Rows to Avro's binary encoding, by the table's own schema.

use super::types::is_in_micros;
use crate::record::{Batch, Column, ColumnData, DataType, Field, Value};

/// Writes rows as the schema of [`super::schema_of`] says.
pub struct AvroEncoder {
    fields: Vec<Field>,
    /// What a registry calls the schema.
    id: Option<u32>,
}

impl AvroEncoder {
    pub fn new(fields: &[Field]) -> Self {
        Self { fields: fields.to_vec(), id: None }
    }

    /// From now on each record says which schema it has.
    pub fn set_id(&mut self, id: u32) {
        self.id = Some(id);
    }

    /// No record of the schema has a NULL where a column is NOT NULL.
    pub fn check(&self, batch: &Batch) -> Result<(), String> {
        let mut strict =
            self.fields.iter().zip(&batch.columns).filter(|(field, _)| !field.nullable);
        let has_null = |column: &Column| {
            column.validity.has_nulls() && batch.row_ids().any(|row| column.is_null(row))
        };
        match strict.find(|(_, column)| has_null(column)) {
            None => Ok(()),
            Some((field, _)) => Err(format!(
                "column '{}' is NOT NULL, and a NULL is to be written into it: filter it out, or \
                 let the column be NULL",
                field.name
            )),
        }
    }

    /// Appends one row, which has passed [`AvroEncoder::check`].
    pub fn encode_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        if let Some(id) = self.id {
            out.push(0);
            out.extend_from_slice(&id.to_be_bytes());
        }
        for (field, column) in self.fields.iter().zip(&batch.columns) {
            let is_null = column.is_null(row);
            if field.nullable {
                long(i64::from(!is_null), out);
            }
            match &column.data {
                _ if is_null && field.nullable => {}
                ColumnData::Str(texts) if !is_null => counted(texts.get(row).as_bytes(), out),
                _ => put(&column.value(row), &field.data_type, out),
            }
        }
    }
}

/// A number in zigzag form, seven bits a byte.
fn long(value: i64, out: &mut Vec<u8>) {
    let mut left = ((value << 1) ^ (value >> 63)) as u64;
    while left > 0x7f {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn counted(bytes: &[u8], out: &mut Vec<u8>) {
    long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// A value that is not NULL.
fn put(value: &Value, of: &DataType, out: &mut Vec<u8>) {
    match (value, of) {
        (Value::Bool(value), _) => out.push(u8::from(*value)),
        (
            Value::I64(ms),
            DataType::Timestamp { precision } | DataType::TimestampLtz { precision },
        ) => {
            let micros = is_in_micros(*precision);
            long(if micros { ms.saturating_mul(1_000) } else { *ms }, out);
        }
        (Value::I64(value), _) => long(*value, out),
        (Value::F64(value), DataType::Float) => {
            out.extend_from_slice(&(*value as f32).to_le_bytes())
        }
        (Value::F64(value), _) => out.extend_from_slice(&value.to_le_bytes()),
        (Value::Decimal(value), _) => counted(shortest(&value.get().to_be_bytes()), out),
        (Value::Str(text), _) => counted(text.as_bytes(), out),
        (Value::Bytes(bytes), _) => counted(bytes, out),
        (Value::Row(values), DataType::Row(fields)) => {
            for (value, field) in values.iter().zip(fields.iter()) {
                match field.nullable {
                    true => nullable(value, &field.data_type, out),
                    false => put(value, &field.data_type, out),
                }
            }
        }
        (Value::Array(values), DataType::Array(of)) => {
            block(values.len(), out, |out| {
                values.iter().for_each(|value| nullable(value, of, out));
            });
        }
        (Value::Map(entries), of) => block(entries.len(), out, |out| {
            let of = of.as_map().map_or(&DataType::Null, |(_, of)| of);
            for (key, value) in entries.iter() {
                counted(key.as_str().unwrap_or_default().as_bytes(), out);
                nullable(value, of, out);
            }
        }),
        // The table's types have been checked.
        _ => {}
    }
}

fn nullable(value: &Value, of: &DataType, out: &mut Vec<u8>) {
    long(i64::from(!value.is_null()), out);
    if !value.is_null() {
        put(value, of, out);
    }
}

/// All elements in one block, then the empty one.
fn block(count: usize, out: &mut Vec<u8>, elements: impl FnOnce(&mut Vec<u8>)) {
    if count > 0 {
        long(count as i64, out);
        elements(out);
    }
    long(0, out);
}

/// Without the bytes in front that only repeat the sign.
fn shortest(bytes: &[u8]) -> &[u8] {
    let repeats = |pair: &[u8]| matches!((pair[0], pair[1] & 0x80), (0, 0) | (0xff, 0x80));
    let spare = bytes.windows(2).take_while(|pair| repeats(pair)).count();
    &bytes[spare..]
}
