//! Values as Flink's `print` connector writes them.

use jiff::tz::TimeZone;

use crate::number::{write_double, write_float, write_i64};
use crate::record::{Column, ColumnData, DataType, Value, hashed};
use crate::{decimal, time};

/// Appends the value of a row: `null`, `true`, `1.50`, `1E-18`, `2025-10-09T08:53:20`, `+I[a, 1]`, `{k=v}`,
/// `[a, b]`. The session's zone is taken with the rest of what printing may depend on; `print`
/// shows instants in UTC.
pub fn write_text(
    column: &Column,
    row: usize,
    data_type: &DataType,
    _zone: &TimeZone,
    out: &mut String,
) {
    if column.is_null(row) {
        return out.push_str("null");
    }
    match &column.data {
        ColumnData::Bool(values) => out.push_str(if values[row] { "true" } else { "false" }),
        ColumnData::I64(values) => write_integer(values[row], data_type, out),
        ColumnData::F64(values) => write_approximate(values[row], data_type, out),
        ColumnData::I128(values) => decimal::write_java(values[row], data_type.scale(), out),
        ColumnData::Bytes(values) => write_bytes(values.bytes(row), out),
        ColumnData::Str(values) => out.push_str(values.get(row)),
        ColumnData::Any(values) => write_value(&values[row], data_type, out),
    }
}

/// 9999-12-31.
const LAST_OF_FOUR_DIGITS: i64 = 2_932_896;

/// Appends a value by itself, as [`write_text`] does.
pub fn write_value(value: &Value, data_type: &DataType, out: &mut String) {
    match (value, data_type) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Bool(value), _) => out.push_str(if *value { "true" } else { "false" }),
        (Value::I64(value), _) => write_integer(*value, data_type, out),
        (Value::F64(value), _) => write_approximate(*value, data_type, out),
        (Value::Decimal(value), _) => decimal::write_java(value.get(), data_type.scale(), out),
        (Value::Bytes(bytes), _) => write_bytes(bytes, out),
        (Value::Str(value), _) => out.push_str(value),
        (Value::Row(values), DataType::Row(fields)) => {
            out.push_str("+I[");
            for (i, (value, field)) in values.iter().zip(fields.iter()).enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_value(value, &field.data_type, out);
            }
            out.push(']');
        }
        (Value::Array(values), DataType::Array(element)) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_value(value, element, out);
            }
            out.push(']');
        }
        (Value::Map(entries), of) => {
            let Some((key_type, value_type)) = of.as_map() else { return out.push_str("null") };
            out.push('{');
            for (i, (key, value)) in as_hashed(entries, key_type).into_iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_value(key, key_type, out);
                out.push('=');
                write_value(value, value_type, out);
            }
            out.push('}');
        }
        // A value of another form than its type says.
        _ => out.push_str("null"),
    }
}

/// The entries in the order in which a HashMap of Java gives them.
fn as_hashed<'a>(entries: &'a [(Value, Value)], key_type: &DataType) -> Vec<&'a (Value, Value)> {
    let mut hashed: Vec<_> = entries.iter().collect();
    hashed::in_slots(&mut hashed, |entry| java_hash(&entry.0, key_type));
    hashed
}

/// Java's `hashCode` of a key; 0 for those that stay in the order they came.
fn java_hash(key: &Value, data_type: &DataType) -> u32 {
    let folded = |bits: u64| (bits ^ bits >> 32) as u32;
    match (key, data_type) {
        (Value::Str(text), _) => {
            let shift = |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit));
            text.encode_utf16().fold(0, shift)
        }
        (Value::I64(value), DataType::BigInt) => folded(*value as u64),
        (Value::I64(value), of) if of.is_integer() => *value as u32,
        (Value::I64(value), of) => time_hash(*value, of),
        (Value::F64(value), DataType::Double) => folded(value.to_bits()),
        (Value::F64(value), DataType::Float) => (*value as f32).to_bits(),
        (Value::Decimal(value), of) => {
            decimal_hash(value.get()).wrapping_mul(31).wrapping_add(u32::from(of.scale()))
        }
        (Value::Bool(value), _) => {
            if *value {
                1_231
            } else {
                1_237
            }
        }
        _ => 0,
    }
}

/// Of a LocalDate, LocalTime, LocalDateTime or Instant.
fn time_hash(value: i64, data_type: &DataType) -> u32 {
    const NS_PER_MS: i64 = 1_000_000;
    let folded = |bits: u64| (bits ^ bits >> 32) as u32;
    let date = |days: i64| {
        let (year, month, day) = time::civil_from_days(days);
        let (year, month, day) = (year as u32, month as u32, day as u32);
        (year & 0xFFFF_F800) ^ ((year << 11).wrapping_add(month << 6).wrapping_add(day))
    };
    let clock = |ms: i64| folded((ms * NS_PER_MS) as u64);
    match data_type {
        DataType::Date => date(value),
        DataType::Time => clock(value),
        DataType::Timestamp { .. } => {
            date(value.div_euclid(time::MS_PER_DAY)) ^ clock(value.rem_euclid(time::MS_PER_DAY))
        }
        DataType::TimestampLtz { .. } => {
            let nanos = (value.rem_euclid(1000) * NS_PER_MS) as u32;
            folded(value.div_euclid(1000) as u64).wrapping_add(nanos.wrapping_mul(51))
        }
        _ => 0,
    }
}

/// Of the BigInteger that a BigDecimal has for its digits.
fn decimal_hash(unscaled: i128) -> u32 {
    let digits = unscaled.unsigned_abs();
    let words = [96, 64, 32, 0].map(|shift| (digits >> shift) as u32);
    let hash =
        words.into_iter().fold(0, |hash: u32, word| hash.wrapping_mul(31).wrapping_add(word));
    if unscaled < 0 { hash.wrapping_neg() } else { hash }
}

/// As Java writes an array of its signed bytes: `[104, -1]`.
fn write_bytes(bytes: &[u8], out: &mut String) {
    out.push('[');
    for (i, &byte) in bytes.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        write_i64(i64::from(byte as i8), out);
    }
    out.push(']');
}

fn write_integer(value: i64, data_type: &DataType, out: &mut String) {
    // Java marks years of more than four digits.
    let days = match data_type {
        DataType::Date => value,
        data_type if data_type.is_timestamp() => value.div_euclid(time::MS_PER_DAY),
        _ => 0,
    };
    if days > LAST_OF_FOUR_DIGITS {
        out.push('+');
    }
    match data_type {
        DataType::Date => time::write_date(value, out),
        DataType::Time => time::write_local_time(value, out),
        DataType::Timestamp { .. } => time::write_local_date_time(value, out),
        // An instant is shown in UTC whatever the zone of the session, with its seconds.
        DataType::TimestampLtz { .. } => {
            time::write_timestamp_seconds_optional(value, 'T', out);
            out.push('Z');
        }
        _ => write_i64(value, out),
    }
}

fn write_approximate(value: f64, data_type: &DataType, out: &mut String) {
    match data_type {
        DataType::Float => write_float(value as f32, out),
        _ => write_double(value, out),
    }
}
