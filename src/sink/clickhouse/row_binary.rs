//! Values as ClickHouse's format RowBinary has them: little-endian numbers of a fixed width, texts
//! and collections behind their length, a byte before what may be NULL.

use std::ops::RangeInclusive;

use crate::record::{Column, ColumnData, Value};

/// 1900-01-01 to 2299-12-31.
const DATE32_DAYS: RangeInclusive<i64> = -25_567..=120_529;
/// The same days in milliseconds, to the last one.
const DATETIME64_MS: RangeInclusive<i64> = -2_208_988_800_000..=10_413_791_999_999;
/// Digits behind the point of our timestamps.
const MS_DIGITS: u32 = 3;

/// How a column's values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Nullable(Box<Form>),
    Bool,
    Integer {
        bytes: usize,
    },
    Float32,
    Float64,
    /// Unscaled.
    Decimal {
        bytes: usize,
    },
    /// Texts and bytes.
    Text,
    Date,
    Date32,
    DateTime,
    DateTime64 {
        digits: u32,
    },
    /// It has no NULL: that is written as empty.
    Array(Box<Form>),
    /// As an array, of keys and values.
    Map(Box<Form>, Box<Form>),
}

impl Form {
    pub fn takes_null(&self) -> bool {
        matches!(self, Self::Nullable(_) | Self::Array(_) | Self::Map(..))
    }
}

/// NULL where none can be written.
#[derive(Debug, PartialEq, Eq)]
pub struct NoNull;

#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    /// Dates and times beyond what their column holds, written as the nearest that it does.
    pub clamped: u64,
}

impl Writer {
    pub fn cell(&mut self, form: &Form, column: &Column, row: usize) -> Result<(), NoNull> {
        if column.is_null(row) {
            return self.null(form);
        }
        if let ColumnData::Any(values) = &column.data {
            return self.value(form, &values[row]);
        }
        let form = self.not_null(form);
        match &column.data {
            ColumnData::Bool(values) => self.bytes.push(u8::from(values[row])),
            ColumnData::I64(values) => self.integer(form, values[row]),
            ColumnData::F64(values) => self.float(form, values[row]),
            ColumnData::I128(values) => self.decimal(form, values[row]),
            ColumnData::Str(values) | ColumnData::Bytes(values) => self.text(values.bytes(row)),
            ColumnData::Any(_) => {}
        }
        Ok(())
    }

    fn value(&mut self, form: &Form, value: &Value) -> Result<(), NoNull> {
        if value.is_null() {
            return self.null(form);
        }
        let form = self.not_null(form);
        match (form, value) {
            (Form::Array(element), Value::Array(values)) => {
                self.length(values.len());
                values.iter().try_for_each(|value| self.value(element, value))?;
            }
            (Form::Map(key, element), Value::Map(entries)) => {
                self.length(entries.len());
                for (name, value) in entries.iter() {
                    self.value(key, name)?;
                    self.value(element, value)?;
                }
            }
            (_, Value::Bool(value)) => self.bytes.push(u8::from(*value)),
            (form, Value::I64(value)) => self.integer(form, *value),
            (form, Value::F64(value)) => self.float(form, *value),
            (form, Value::Decimal(value)) => self.decimal(form, value.get()),
            (_, Value::Str(value)) => self.text(value.as_bytes()),
            (_, Value::Bytes(value)) => self.text(value),
            // Types are matched before the first value comes.
            (_, Value::Null | Value::Row(_) | Value::Map(_) | Value::Array(_)) => {}
        }
        Ok(())
    }

    fn null(&mut self, form: &Form) -> Result<(), NoNull> {
        match form {
            Form::Nullable(_) => self.bytes.push(1),
            Form::Array(_) | Form::Map(..) => self.length(0),
            _ => return Err(NoNull),
        }
        Ok(())
    }

    /// The form of a value that is there.
    fn not_null<'a>(&mut self, form: &'a Form) -> &'a Form {
        match form {
            Form::Nullable(inner) => {
                self.bytes.push(0);
                inner
            }
            form => form,
        }
    }

    fn integer(&mut self, form: &Form, value: i64) {
        match form {
            Form::Date => {
                let days = self.within(value, 0..=i64::from(u16::MAX));
                self.low_bytes(i128::from(days), 2);
            }
            Form::Date32 => {
                let days = self.within(value, DATE32_DAYS);
                self.low_bytes(i128::from(days), 4);
            }
            Form::DateTime => {
                let seconds = self.within(value.div_euclid(1_000), 0..=i64::from(u32::MAX));
                self.low_bytes(i128::from(seconds), 4);
            }
            Form::DateTime64 { digits } => {
                let ticks = self.ticks(value, *digits);
                self.low_bytes(i128::from(ticks), 8);
            }
            Form::Integer { bytes } => self.low_bytes(i128::from(value), *bytes),
            _ => {}
        }
    }

    fn ticks(&mut self, ms: i64, digits: u32) -> i64 {
        let ms = self.within(ms, DATETIME64_MS);
        if digits < MS_DIGITS {
            return ms.div_euclid(10_i64.pow(MS_DIGITS - digits));
        }
        // Nanoseconds end in 2262.
        let factor = 10_i64.pow(digits - MS_DIGITS);
        self.within(ms, i64::MIN / factor..=i64::MAX / factor) * factor
    }

    fn within(&mut self, value: i64, range: RangeInclusive<i64>) -> i64 {
        self.clamped += u64::from(!range.contains(&value));
        value.clamp(*range.start(), *range.end())
    }

    fn float(&mut self, form: &Form, value: f64) {
        match form {
            Form::Float32 => self.bytes.extend_from_slice(&(value as f32).to_le_bytes()),
            _ => self.bytes.extend_from_slice(&value.to_le_bytes()),
        }
    }

    fn decimal(&mut self, form: &Form, unscaled: i128) {
        if let Form::Decimal { bytes } = form {
            self.low_bytes(unscaled, *bytes);
        }
    }

    /// Two's complement in so many bytes.
    fn low_bytes(&mut self, value: i128, bytes: usize) {
        let (all, sign) = (value.to_le_bytes(), if value < 0 { u8::MAX } else { 0 });
        let end = self.bytes.len() + bytes;
        self.bytes.extend_from_slice(&all[..bytes.min(all.len())]);
        self.bytes.resize(end, sign);
    }

    pub fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes.extend_from_slice(text);
    }

    /// Seven bits a byte, the lowest first, all but the last with the highest bit set.
    pub fn length(&mut self, length: usize) {
        let mut left = length;
        while left > 0x7f {
            self.bytes.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        self.bytes.push(left as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, NoNull, Writer};
    use crate::record::{Column, ColumnBuilder, DataType, Value};
    use std::sync::Arc;

    fn column(data_type: &DataType, value: Value) -> Column {
        let mut builder = ColumnBuilder::for_type(data_type, 1);
        builder.push_value(&value);
        builder.finish()
    }

    fn written(form: &Form, data_type: &DataType, value: Value) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.cell(form, &column(data_type, value), 0).unwrap();
        assert_eq!(writer.clamped, 0);
        writer.bytes
    }

    fn nullable(form: Form) -> Form {
        Form::Nullable(Box::new(form))
    }

    /// Bytes as ClickHouse's description of RowBinary has them.
    #[test]
    fn numbers() {
        let int =
            |bytes, value| written(&Form::Integer { bytes }, &DataType::BigInt, Value::I64(value));
        assert_eq!(int(1, -2), [0xfe]);
        assert_eq!(int(2, 258), [0x02, 0x01]);
        assert_eq!(int(4, -2), [0xfe, 0xff, 0xff, 0xff]);
        assert_eq!(int(8, 1), [1, 0, 0, 0, 0, 0, 0, 0]);
        let float = |form, value| written(&form, &DataType::Double, Value::F64(value));
        assert_eq!(float(Form::Float32, 1.5), [0, 0, 0xc0, 0x3f]);
        assert_eq!(float(Form::Float64, -2.0), [0, 0, 0, 0, 0, 0, 0, 0xc0]);
        for value in [true, false] {
            let bytes = written(&Form::Bool, &DataType::Boolean, Value::Bool(value));
            assert_eq!(bytes, [u8::from(value)]);
        }
        let decimal = DataType::Decimal(crate::decimal::DecimalType::new(38, 2));
        let decimal =
            |bytes, value| written(&Form::Decimal { bytes }, &decimal, Value::decimal(value));
        assert_eq!(decimal(4, 12_345), [0x39, 0x30, 0, 0]);
        assert_eq!(decimal(8, -1), [0xff; 8]);
        assert_eq!(decimal(16, 1)[..2], [1, 0]);
        assert_eq!(decimal(32, -1), [0xff; 32]);
        assert_eq!(decimal(32, 256)[..3], [0, 1, 0]);
    }

    #[test]
    fn texts_and_their_lengths() {
        let text = |value: &str| written(&Form::Text, &DataType::STRING, Value::Str(value.into()));
        assert_eq!(text(""), [0]);
        assert_eq!(text("\n用"), [4, b'\n', 0xe7, 0x94, 0xa8]);
        assert_eq!(text(&"x".repeat(127))[..2], [0x7f, b'x']);
        assert_eq!(text(&"x".repeat(128))[..3], [0x80, 0x01, b'x']);
        assert_eq!(text(&"x".repeat(300))[..3], [0xac, 0x02, b'x']);
        let bytes = Value::Bytes([0_u8, 0xff].into());
        assert_eq!(written(&Form::Text, &DataType::BYTES, bytes), [2, 0, 0xff]);
    }

    #[test]
    fn dates_and_times() {
        let date = |form, days| written(&form, &DataType::Date, Value::I64(days));
        assert_eq!(date(Form::Date, 19_724), [0x0c, 0x4d]);
        assert_eq!(date(Form::Date32, -1), [0xff; 4]);
        let time = |form, ms| written(&form, &DataType::Timestamp { precision: 3 }, Value::I64(ms));
        // 2023-11-14T22:13:20.123
        let ms = 1_700_000_000_123;
        assert_eq!(time(Form::DateTime, ms), 1_700_000_000_u32.to_le_bytes());
        let fine = |digits, ms| time(Form::DateTime64 { digits }, ms);
        assert_eq!(fine(3, ms), 1_700_000_000_123_i64.to_le_bytes());
        assert_eq!(fine(6, ms), 1_700_000_000_123_000_i64.to_le_bytes());
        assert_eq!(fine(9, ms), 1_700_000_000_123_000_000_i64.to_le_bytes());
        assert_eq!(fine(0, -1), (-1_i64).to_le_bytes());
    }

    #[test]
    fn what_no_column_holds_becomes_the_nearest_and_is_counted() {
        let written = |form: Form, value| {
            let mut writer = Writer::default();
            writer.cell(&form, &column(&DataType::Date, Value::I64(value)), 0).unwrap();
            (writer.bytes, writer.clamped)
        };
        assert_eq!(written(Form::DateTime, -1), (vec![0; 4], 1));
        assert_eq!(written(Form::DateTime, i64::MAX), (vec![0xff; 4], 1));
        assert_eq!(written(Form::Date, -1), (vec![0; 2], 1));
        assert_eq!(written(Form::Date32, i64::MIN).0, (-25_567_i32).to_le_bytes());
        let fine = Form::DateTime64 { digits: 3 };
        assert_eq!(written(fine, i64::MAX).0, 10_413_791_999_999_i64.to_le_bytes());
        let nanoseconds = written(Form::DateTime64 { digits: 9 }, 10_413_791_999_999);
        assert_eq!(nanoseconds, (9_223_372_036_854_000_000_i64.to_le_bytes().to_vec(), 1));
    }

    #[test]
    fn nulls_and_collections() {
        let text = || nullable(Form::Text);
        let string = DataType::STRING;
        assert_eq!(written(&text(), &string, Value::Null), [1]);
        assert_eq!(written(&text(), &string, Value::Str("ab".into())), [0, 2, b'a', b'b']);
        let mut writer = Writer::default();
        assert_eq!(writer.cell(&Form::Text, &column(&string, Value::Null), 0), Err(NoNull));

        let array = DataType::Array(Arc::new(DataType::Int));
        let form = Form::Array(Box::new(nullable(Form::Integer { bytes: 4 })));
        let values = Value::Array([Value::I64(7), Value::Null].into());
        assert_eq!(written(&form, &array, values), [2, 0, 7, 0, 0, 0, 1]);
        assert_eq!(written(&form, &array, Value::Null), [0]);

        let map = DataType::Map(Arc::new(string.clone()), Arc::new(string));
        let form = Form::Map(Box::new(Form::Text), Box::new(text()));
        let entries = [(Value::Str("k".into()), Value::Str("v".into()))];
        let bytes = written(&form, &map, Value::Map(entries.into()));
        assert_eq!(bytes, [1, 1, b'k', 0, 1, b'v']);
        let entries = [(Value::Null, Value::Null)];
        let mut writer = Writer::default();
        let column = column(&map, Value::Map(entries.into()));
        assert_eq!(writer.cell(&form, &column, 0), Err(NoNull));
    }
}
