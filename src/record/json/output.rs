//! The columns while they are filled, and how a JSON value is put into one.

use std::sync::Arc;

use super::convert::{self, Flat, Leaf};
use super::parse::Failure;
use super::{JsonField, JsonOptions};
use crate::record::schema::Physical;
use crate::record::{Column, ColumnData, ColumnRef, StringColumn, Validity, Value};

struct Slot {
    data: ColumnData,
    validity: Validity,
    /// Whether the current record has given a value, and whether it named the field at all.
    set: bool,
    named: bool,
}

pub struct Output {
    fields: Arc<[JsonField]>,
    options: JsonOptions,
    slots: Vec<Slot>,
    rows: usize,
    row: usize,
    /// Where the current record begins in the payload.
    origin: usize,
    base: usize,
    /// Texts that do not stand in the payload as they are; they go behind it.
    pub extra: Vec<u8>,
}

impl Output {
    pub fn new(fields: Arc<[JsonField]>, options: JsonOptions, rows: usize, base: usize) -> Self {
        let slot = |field: &JsonField| {
            let data = match field.data_type.physical() {
                Physical::Bool => ColumnData::Bool(vec![false; rows]),
                Physical::I64 => ColumnData::I64(vec![0; rows]),
                Physical::F64 => ColumnData::F64(vec![0.0; rows]),
                Physical::I128 => ColumnData::I128(vec![0; rows]),
                Physical::Str => ColumnData::Str(StringColumn::empty(rows)),
                Physical::Bytes => ColumnData::Bytes(StringColumn::empty(rows)),
                Physical::Any => ColumnData::Any(vec![Value::Null; rows]),
            };
            Slot { data, validity: Validity::all(), set: false, named: false }
        };
        let slots = fields.iter().map(slot).collect();
        Self { fields, options, slots, rows, row: 0, origin: 0, base, extra: Vec::new() }
    }

    pub fn begin(&mut self, row: usize, origin: usize) {
        self.row = row;
        self.origin = origin;
    }

    pub fn clear_row(&mut self) {
        (0..self.slots.len()).for_each(|column| self.unset(column));
    }

    /// Forgets what the record said of a column: its key has come again.
    pub fn unset(&mut self, column: usize) {
        self.slots[column].set = false;
        self.slots[column].named = false;
    }

    pub fn set_null(&mut self, column: usize) {
        self.slots[column].named = true;
    }

    /// Makes the columns without a value NULL, where they may be.
    pub fn complete(&mut self) -> Result<(), Failure> {
        for (slot, field) in self.slots.iter_mut().zip(self.fields.iter()) {
            if slot.set {
                continue;
            }
            if !field.nullable || (!slot.named && self.options.fail_on_missing_field) {
                let name = field.path.join(".");
                return Err(Failure::Field(format!("field `{name}` is missing").into()));
            }
            slot.validity.set_null(self.row, self.rows);
        }
        Ok(())
    }

    /// NULL for a column whose template has no value for it.
    pub fn put_missing(&mut self, column: usize) {
        self.slots[column].validity.set_null(self.row, self.rows);
    }

    pub fn is_set(&self, column: usize) -> bool {
        self.slots[column].set
    }

    /// Puts a value into a column; `at` is where a text begins in the record.
    #[inline]
    pub fn put(&mut self, column: usize, leaf: Leaf<'_>, at: usize) -> Result<(), Failure> {
        let slot = &mut self.slots[column];
        slot.named = true;
        let field = &self.fields[column];
        let row = self.row;
        let iso8601 = self.options.iso8601;
        let done = match (&mut slot.data, leaf) {
            (ColumnData::Str(strings), Leaf::Text { raw, escaped: false }) => {
                strings.views[row] = ((self.origin + at) as u32, raw.len() as u32);
                true
            }
            (ColumnData::Str(strings), leaf) => {
                let from = self.extra.len();
                convert::text(leaf, &mut self.extra);
                let len = (self.extra.len() - from) as u32;
                strings.views[row] = ((self.base + from) as u32, len);
                true
            }
            (ColumnData::Any(values), Leaf::Nested(raw)) => {
                convert::value(raw, &field.data_type, iso8601)
                    .map(|value| values[row] = value)
                    .is_some()
            }
            (ColumnData::I128(values), leaf) => match convert::decimal(leaf, &field.data_type) {
                Some(Some(value)) => {
                    values[row] = value;
                    true
                }
                // More digits than the type has: NULL, as in Flink.
                Some(None) => {
                    slot.set = false;
                    slot.validity.set_null(row, self.rows);
                    return Ok(());
                }
                None => false,
            },
            (ColumnData::Bytes(bytes), leaf) => {
                let from = self.extra.len();
                let done = convert::bytes(leaf, &mut self.extra);
                let len = (self.extra.len() - from) as u32;
                bytes.views[row] = ((self.base + from) as u32, len);
                done
            }
            (data, leaf) => match (data, convert::flat(leaf, &field.data_type, iso8601)) {
                (ColumnData::Bool(values), Some(Flat::Bool(value))) => {
                    values[row] = value;
                    true
                }
                (ColumnData::I64(values), Some(Flat::I64(value))) => {
                    values[row] = value;
                    true
                }
                (ColumnData::F64(values), Some(Flat::F64(value))) => {
                    values[row] = value;
                    true
                }
                _ => false,
            },
        };
        slot.set = done;
        if done {
            slot.validity.set_valid(row);
        } else if !self.options.ignore_parse_errors {
            let name = field.path.join(".");
            return Err(Failure::Field(format!("Fail to deserialize at field: {name}.").into()));
        }
        Ok(())
    }

    pub fn finish(self, payload: &Arc<Vec<u8>>) -> Vec<ColumnRef> {
        let column = |mut slot: Slot| {
            if let ColumnData::Str(strings) | ColumnData::Bytes(strings) = &mut slot.data {
                strings.buffer = payload.clone();
            }
            Arc::new(Column::new(slot.data, slot.validity))
        };
        self.slots.into_iter().map(column).collect()
    }
}
