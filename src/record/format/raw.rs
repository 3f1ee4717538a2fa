//! The `raw` format: the bytes of a key or value are one column's value.

use std::sync::Arc;

use crate::record::column::{Column, ColumnData, StringColumn, Validity};
use crate::record::json::Decoded;
use crate::record::{Batch, ColumnBuilder, DataType, Field, RawBlock, SharedBlock};

#[derive(Clone, Copy, Debug, Default)]
pub struct RawOptions {
    /// `raw.endianness` = `little-endian`: of numbers.
    little_endian: bool,
}

impl RawOptions {
    pub fn of<'a>(option: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        if let Some(charset) = option("raw.charset")
            && !charset.eq_ignore_ascii_case("UTF-8")
        {
            return Err(format!(
                "'raw.charset' = '{charset}': texts are read and written as UTF-8 only; take the \
                 column as BYTES, and DECODE or ENCODE it"
            ));
        }
        match option("raw.endianness").unwrap_or("big-endian") {
            "big-endian" => Ok(Self { little_endian: false }),
            "little-endian" => Ok(Self { little_endian: true }),
            other => {
                Err(format!("'raw.endianness' = '{other}': there are big-endian, little-endian"))
            }
        }
    }

    /// The bytes of a number, the lowest first, filled up with zeros.
    fn lowest_first(self, bytes: &[u8]) -> [u8; 8] {
        let mut out = [0; 8];
        out[..bytes.len()].copy_from_slice(bytes);
        if !self.little_endian {
            out[..bytes.len()].reverse();
        }
        out
    }

    fn put(self, mut bytes: [u8; 8], width: usize, out: &mut Vec<u8>) {
        if !self.little_endian {
            bytes[..width].reverse();
        }
        out.extend_from_slice(&bytes[..width]);
    }
}

/// Bytes of a value; 0: as many as come. `None`: no record can be of this type.
fn width(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::String { .. } | DataType::Bytes { .. } | DataType::Binary { .. } => 0,
        DataType::Boolean | DataType::TinyInt => 1,
        DataType::SmallInt => 2,
        DataType::Int | DataType::Float => 4,
        DataType::BigInt | DataType::Double => 8,
        _ => return None,
    })
}

/// Whether the columns can be read and written so.
pub fn check(fields: &[Field]) -> Result<(), String> {
    let names = || fields.iter().map(|field| &*field.name).collect::<Vec<_>>().join(", ");
    match fields {
        [only] if width(&only.data_type).is_some() => Ok(()),
        [only] => Err(format!(
            "the format 'raw' takes no {}, which '{}' is: STRING, BYTES, BOOLEAN, TINYINT to \
             BIGINT, FLOAT and DOUBLE can be",
            only.data_type, only.name
        )),
        [] => Err("the format 'raw' takes exactly one column, here is none".into()),
        _ => Err(format!("the format 'raw' takes exactly one column, here are {}", names())),
    }
}

/// Reads records as values of one column.
pub struct RawDecoder {
    /// `None`: nobody reads it.
    field: Option<Field>,
    options: RawOptions,
}

impl RawDecoder {
    pub fn new(field: Option<Field>, options: RawOptions) -> Self {
        Self { field, options }
    }

    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        let block = SharedBlock::from(block);
        let mut rejected = Vec::new();
        let mut columns = Vec::new();
        if let Some(field) = &self.field {
            let missing = || format!("field `{}` is missing", field.name).into();
            let nulls = (0..block.records.len()).filter(|&row| block.records[row].is_null);
            if !field.nullable {
                rejected.extend(nulls.map(|row| (row as u32, missing())));
            }
            let column = match width(&field.data_type) {
                Some(0) => views(field, &block, &mut rejected),
                _ => self.numbers(field, &block, &mut rejected),
            };
            rejected.sort_by_key(|(row, _)| *row);
            columns.push(Arc::new(column));
        }
        Decoded { columns, kinds: None, rejected, skipped: Vec::new(), block }
    }

    fn numbers(
        &self,
        field: &Field,
        block: &SharedBlock,
        rejected: &mut Vec<(u32, Arc<str>)>,
    ) -> Column {
        let (kind, rows) = (&field.data_type, block.records.len());
        let width = width(kind).unwrap_or_default();
        let mut builder = ColumnBuilder::for_type(kind, rows);
        for row in 0..rows {
            let bytes = block.value(row);
            if block.records[row].is_null || bytes.len() != width {
                builder.push_null();
                if !block.records[row].is_null {
                    let reason = format!(
                        "Size of data received for deserializing {kind} type is not {width}."
                    );
                    rejected.push((row as u32, reason.into()));
                }
                continue;
            }
            let bytes = self.options.lowest_first(bytes);
            let number = i64::from_le_bytes(bytes);
            match kind {
                DataType::Boolean => builder.push_bool(number != 0),
                DataType::Float => builder.push_f64(f64::from(f32::from_bits(number as u32))),
                DataType::Double => builder.push_f64(f64::from_bits(number as u64)),
                kind => builder.push_i64(kind.wrap(number)),
            }
        }
        builder.finish()
    }
}

/// Texts or bytes: where they stand.
fn views(field: &Field, block: &SharedBlock, rejected: &mut Vec<(u32, Arc<str>)>) -> Column {
    let rows = block.records.len();
    let mut strings = StringColumn { buffer: block.payload.clone(), ..StringColumn::empty(rows) };
    let mut validity = Validity::all();
    let is_text = field.data_type.is_string();
    for (row, record) in block.records.iter().enumerate() {
        if record.is_null {
            validity.set_null(row, rows);
        } else if is_text && simdutf8::basic::from_utf8(block.value(row)).is_err() {
            rejected.push((row as u32, "not UTF-8; a column of BYTES takes any record".into()));
        } else {
            strings.views[row] = (record.offset, record.len);
        }
    }
    let data = if is_text { ColumnData::Str(strings) } else { ColumnData::Bytes(strings) };
    Column::new(data, validity)
}

/// Appends the value of a row's one column; false where it is NULL.
pub fn encode_row(
    batch: &Batch,
    row: usize,
    kind: &DataType,
    options: RawOptions,
    out: &mut Vec<u8>,
) -> bool {
    let column = &batch.columns[0];
    if column.is_null(row) {
        return false;
    }
    let width = width(kind).unwrap_or_default();
    match &column.data {
        ColumnData::Bool(values) => out.push(values[row].into()),
        ColumnData::I64(values) => options.put(values[row].to_le_bytes(), width, out),
        ColumnData::F64(values) if *kind == DataType::Float => {
            let bits = u64::from((values[row] as f32).to_bits());
            options.put(bits.to_le_bytes(), width, out);
        }
        ColumnData::F64(values) => options.put(values[row].to_bits().to_le_bytes(), width, out),
        _ => out.extend_from_slice(column.as_views().map_or(&[], |views| views.bytes(row))),
    }
    true
}
