//! Canonical keys: one sequence of bytes for each combination of key values, their hash, and
//! the key group that decides which shard owns them.
//!
//! A value is a tag byte and its content: fixed width for numbers, length-prefixed for text
//! and bytes. All
//! NaNs are one, so are both zeros; NULL has a tag of its own. The hash is XXH3 (its algorithm is
//! fixed for ever), as key groups are written to disk.

use std::ops::Range;

use super::batch::Batch;
use super::column::{Column, ColumnBuilder, ColumnData, ColumnRef, StringColumn};
use super::row;
use super::value::Value;

/// Key groups of a job, whatever its number of shards: the unit in which state moves.
pub const KEY_GROUPS: usize = 128;

const TAG_NULL: u8 = 0;
const TAG_FALSE: u8 = 1;
const TAG_TRUE: u8 = 2;
const TAG_I64: u8 = 3;
const TAG_F64: u8 = 4;
const TAG_STR: u8 = 5;
const TAG_I8: u8 = 6;
/// Decimals whose unscaled value fits 64 bits, and the others.
const TAG_DECIMAL_SHORT: u8 = 7;
const TAG_DECIMAL: u8 = 8;
const TAG_BYTES: u8 = 9;
/// An array, map or row: its length, and what `row` makes of it.
const TAG_NESTED: u8 = 15;

/// A key among those of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    pub hash: u64,
    start: u32,
    end: u32,
}

/// The canonical keys of a batch's rows, made once: by an exchange for all that stand behind it.
#[derive(Debug, Default)]
pub struct Keys {
    bytes: Vec<u8>,
    /// By physical row; rows that don't count have no bytes.
    spans: Vec<Span>,
}

impl Keys {
    /// Of the rows of a batch that count, over `columns` of its length.
    pub fn of(batch: &Batch, columns: &[ColumnRef], seed: u64) -> Self {
        let room = columns.iter().map(|column| room(column, batch)).sum::<usize>();
        let mut keys = Self {
            bytes: Vec::with_capacity(room + StringColumn::WIDTH),
            spans: vec![Span::default(); batch.rows],
        };
        for row in batch.row_ids() {
            let start = keys.bytes.len();
            encode_row(columns, row, &mut keys.bytes);
            let hash = hash(&keys.bytes[start..], seed);
            let (start, end) = (start as u32, keys.bytes.len() as u32);
            keys.spans[row] = Span { hash, start, end };
        }
        keys
    }

    #[inline]
    pub fn span(&self, row: usize) -> Span {
        self.spans[row]
    }

    #[inline]
    pub fn key(&self, span: Span) -> &[u8] {
        &self.bytes[span.start as usize..span.end as usize]
    }
}

#[inline]
pub fn hash(key: &[u8], seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(key, seed)
}

/// The group of a key, from the middle bits of its hash: hash tables use the low ones for the
/// bucket and the top seven for the tag.
#[inline]
pub fn key_group(hash: u64) -> usize {
    (hash >> 32) as usize % KEY_GROUPS
}

/// The group of the keys of a partition, where state goes by partitions: each has its own, so
/// there are as many partitions at most. The bits are turned round, so that partitions in a row
/// are spread over all shards.
#[inline]
pub fn group_of_partition(partition: i32) -> Option<u8> {
    let partition = u8::try_from(partition).ok().filter(|&p| usize::from(p) < KEY_GROUPS)?;
    Some(partition.reverse_bits() >> 1)
}

/// The partition that has a group of its own.
pub fn partition_of_group(group: u8) -> i32 {
    i32::from(group.reverse_bits() >> 1)
}

/// The shard that owns a key group.
#[inline]
pub fn shard_of(key_group: usize, shards: usize) -> usize {
    key_group * shards / KEY_GROUPS
}

/// The key groups that a shard owns.
pub fn groups_of(shard: usize, shards: usize) -> Range<usize> {
    let first = |shard: usize| (shard * KEY_GROUPS).div_ceil(shards);
    first(shard)..first(shard + 1)
}

/// The bytes that a column's values mostly take at most.
fn room(column: &Column, batch: &Batch) -> usize {
    match &column.data {
        ColumnData::Str(values) | ColumnData::Bytes(values) => {
            let lens = batch.row_ids().map(|row| 3 + values.views[row].1 as usize);
            lens.sum()
        }
        ColumnData::I128(_) => batch.len() * 17,
        _ => batch.len() * 9,
    }
}

/// Appends the canonical form of `row` of each column.
#[inline]
pub fn encode_row(columns: &[ColumnRef], row: usize, out: &mut Vec<u8>) {
    for column in columns {
        encode_value(column, row, out);
    }
}

/// Appends the canonical form of one value.
#[inline]
pub fn encode_value(column: &Column, row: usize, out: &mut Vec<u8>) {
    if column.is_null(row) {
        return out.push(TAG_NULL);
    }
    match &column.data {
        ColumnData::Str(values) => {
            encode_len(TAG_STR, values.bytes(row).len(), out);
            values.append_to(row, out);
        }
        ColumnData::I64(values) => encode_i64(values[row], out),
        ColumnData::Bool(values) => out.push(if values[row] { TAG_TRUE } else { TAG_FALSE }),
        ColumnData::F64(values) => encode_f64(values[row], out),
        ColumnData::I128(values) => encode_decimal(values[row], out),
        ColumnData::Bytes(values) => encode_bytes(TAG_BYTES, values.bytes(row), out),
        ColumnData::Any(values) => encode_nested(&values[row], out),
    }
}

#[inline]
fn encode_i64(value: i64, out: &mut Vec<u8>) {
    if let Ok(small) = i8::try_from(value) {
        out.extend_from_slice(&[TAG_I8, small as u8]);
    } else {
        out.push(TAG_I64);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn encode_f64(value: f64, out: &mut Vec<u8>) {
    let canonical = if value.is_nan() {
        f64::NAN
    } else if value == 0.0 {
        0.0
    } else {
        value
    };
    out.push(TAG_F64);
    out.extend_from_slice(&canonical.to_bits().to_le_bytes());
}

fn encode_decimal(value: i128, out: &mut Vec<u8>) {
    if let Ok(short) = i64::try_from(value) {
        out.push(TAG_DECIMAL_SHORT);
        out.extend_from_slice(&short.to_le_bytes());
    } else {
        out.push(TAG_DECIMAL);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

#[inline]
fn encode_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    encode_len(tag, bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn encode_nested(value: &Value, out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    row::encode_value(value, &mut bytes);
    out.push(TAG_NESTED);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&bytes);
}

#[inline]
fn encode_len(tag: u8, mut len: usize, out: &mut Vec<u8>) {
    out.push(tag);
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
}

/// Appends single values in canonical form (for look-ups that come from outside).
pub fn encode_values(values: &[Value], out: &mut Vec<u8>) {
    for value in values {
        match value {
            Value::Null => out.push(TAG_NULL),
            Value::Bool(value) => out.push(if *value { TAG_TRUE } else { TAG_FALSE }),
            Value::I64(value) => encode_i64(*value, out),
            Value::F64(value) => encode_f64(*value, out),
            Value::Decimal(value) => encode_decimal(value.get(), out),
            Value::Str(value) => encode_bytes(TAG_STR, value.as_bytes(), out),
            Value::Bytes(value) => encode_bytes(TAG_BYTES, value, out),
            nested => encode_nested(nested, out),
        }
    }
}

/// Reads a canonical key back, one value into each builder. False where the bytes are not a
/// key of that many values (a corrupt file).
pub fn decode(mut key: &[u8], builders: &mut [ColumnBuilder]) -> bool {
    builders.iter_mut().all(|builder| decode_value(&mut key, builder).is_some()) && key.is_empty()
}

fn decode_value(key: &mut &[u8], builder: &mut ColumnBuilder) -> Option<()> {
    match take(key, 1)?[0] {
        TAG_NULL => builder.push_null(),
        TAG_FALSE => builder.push_bool(false),
        TAG_TRUE => builder.push_bool(true),
        TAG_I8 => builder.push_i64(take(key, 1)?[0] as i8 as i64),
        TAG_I64 => builder.push_i64(i64::from_le_bytes(take(key, 8)?.try_into().ok()?)),
        TAG_F64 => builder.push_f64(f64::from_le_bytes(take(key, 8)?.try_into().ok()?)),
        TAG_NESTED => {
            let len = u32::from_le_bytes(take(key, 4)?.try_into().ok()?);
            builder.push_value(&row::take_value(&mut take(key, len as usize)?)?);
        }
        TAG_STR => {
            let len = take_len(key)?;
            builder.push_str(std::str::from_utf8(take(key, len)?).ok()?);
        }
        TAG_DECIMAL_SHORT => {
            builder.push_i128(i64::from_le_bytes(take(key, 8)?.try_into().ok()?).into());
        }
        TAG_DECIMAL => builder.push_i128(i128::from_le_bytes(take(key, 16)?.try_into().ok()?)),
        TAG_BYTES => {
            let len = take_len(key)?;
            builder.push_bytes(take(key, len)?);
        }
        _ => return None,
    }
    Some(())
}

/// A key for people: its values, as far as their bytes alone say.
pub fn text(mut key: &[u8]) -> String {
    let mut values = Vec::new();
    while !key.is_empty() {
        values.push(value_text(&mut key).unwrap_or_else(|| {
            let rest = std::mem::take(&mut key);
            rest.iter().map(|byte| format!("{byte:02x}")).collect()
        }));
    }
    format!("({})", values.join(", "))
}

fn value_text(key: &mut &[u8]) -> Option<String> {
    let mut rest = *key;
    let text = match take(&mut rest, 1)?[0] {
        TAG_NULL => "NULL".to_owned(),
        TAG_FALSE => "FALSE".to_owned(),
        TAG_TRUE => "TRUE".to_owned(),
        TAG_I8 => (take(&mut rest, 1)?[0] as i8).to_string(),
        TAG_I64 => i64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?).to_string(),
        TAG_F64 => f64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?).to_string(),
        TAG_STR => {
            let len = take_len(&mut rest)?;
            format!("{:?}", std::str::from_utf8(take(&mut rest, len)?).ok()?)
        }
        _ => return None,
    };
    *key = rest;
    Some(text)
}

fn take_len(key: &mut &[u8]) -> Option<usize> {
    let mut len = 0;
    for shift in (0..35).step_by(7) {
        let byte = take(key, 1)?[0];
        len |= (byte as usize & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Some(len)
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(len)?;
    *bytes = tail;
    Some(head)
}
