//! One column of a batch, in one of seven physical forms.

use std::sync::Arc;

use super::batch::pick;
use super::schema::{DataType, Physical};
use super::value::Value;

/// Which rows hold a value. `None` words mean: all of them.
#[derive(Clone, Debug, Default)]
pub struct Validity {
    words: Option<Vec<u64>>,
}

impl Validity {
    pub fn all() -> Self {
        Self { words: None }
    }

    /// No row holds a value.
    pub fn none(rows: usize) -> Self {
        Self { words: Some(vec![0; rows.div_ceil(64)]) }
    }

    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        match &self.words {
            None => true,
            Some(words) => words[row / 64] >> (row % 64) & 1 == 1,
        }
    }

    pub fn has_nulls(&self) -> bool {
        self.words.is_some()
    }

    /// Marks `row` of `rows` as NULL.
    pub fn set_null(&mut self, row: usize, rows: usize) {
        let words = self.words.get_or_insert_with(|| vec![u64::MAX; rows.div_ceil(64)]);
        words[row / 64] &= !(1 << (row % 64));
    }

    /// The rows that hold a value in both.
    pub fn and(&self, other: &Self) -> Self {
        let words = match (&self.words, &other.words) {
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a & b).collect()),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        Self { words }
    }

    /// Marks `row` as holding a value.
    pub fn set_valid(&mut self, row: usize) {
        if let Some(words) = &mut self.words {
            words[row / 64] |= 1 << (row % 64);
        }
    }
}

/// Strings as views (offset, length) into one shared buffer, which for decoded columns is the
/// batch's own payload: no string is copied to be read. Every view of a text is valid UTF-8.
#[derive(Clone, Debug, Default)]
pub struct StringColumn {
    pub buffer: Arc<Vec<u8>>,
    pub views: Vec<(u32, u32)>,
}

impl StringColumn {
    /// Bytes that [`Self::append_to`] mostly writes, whatever the length of the text.
    pub const WIDTH: usize = 32;

    /// As many empty texts.
    pub fn empty(rows: usize) -> Self {
        Self { buffer: Arc::default(), views: vec![(0, 0); rows] }
    }

    pub fn with_capacity(rows: usize) -> Self {
        Self { buffer: Arc::default(), views: Vec::with_capacity(rows) }
    }

    /// The given rows, in the same buffer.
    pub fn gather(&self, rows: &[u32]) -> Self {
        Self { buffer: self.buffer.clone(), views: pick(&self.views, rows) }
    }

    #[inline]
    pub fn bytes(&self, row: usize) -> &[u8] {
        let (offset, len) = self.views[row];
        &self.buffer[offset as usize..offset as usize + len as usize]
    }

    /// Appends the bytes of a row. Short texts, as most are, go as a block of fixed width that is
    /// cut off behind them: a call of `memcpy` costs more than the bytes.
    #[inline]
    pub fn append_to(&self, row: usize, out: &mut Vec<u8>) {
        let (offset, len) = (self.views[row].0 as usize, self.views[row].1 as usize);
        match self.buffer[offset..].first_chunk::<{ Self::WIDTH }>() {
            Some(wide) if len <= Self::WIDTH => {
                let end = out.len() + len;
                out.extend_from_slice(wide);
                out.truncate(end);
            }
            _ => out.extend_from_slice(&self.buffer[offset..offset + len]),
        }
    }

    /// The text of a row. Views are made from validated text only, so this does not fail; bytes
    /// that are not UTF-8 would read as an empty text.
    #[inline]
    pub fn get(&self, row: usize) -> &str {
        std::str::from_utf8(self.bytes(row)).unwrap_or_default()
    }
}

/// A column's values. Rows that are NULL hold an arbitrary value of the form.
#[derive(Clone, Debug)]
pub enum ColumnData {
    Bool(Vec<bool>),
    I64(Vec<i64>),
    F64(Vec<f64>),
    /// Unscaled decimals: their scale is that of the column's type.
    I128(Vec<i128>),
    Str(StringColumn),
    /// As texts are held, but of any bytes.
    Bytes(StringColumn),
    Any(Vec<Value>),
}

/// A column: as many values as the batch has physical rows.
#[derive(Clone, Debug)]
pub struct Column {
    pub data: ColumnData,
    pub validity: Validity,
}

pub type ColumnRef = Arc<Column>;

impl Column {
    pub fn new(data: ColumnData, validity: Validity) -> Self {
        Self { data, validity }
    }

    pub fn i64s(values: Vec<i64>) -> Self {
        Self::new(ColumnData::I64(values), Validity::all())
    }

    pub fn len(&self) -> usize {
        match &self.data {
            ColumnData::Bool(values) => values.len(),
            ColumnData::I64(values) => values.len(),
            ColumnData::F64(values) => values.len(),
            ColumnData::I128(values) => values.len(),
            ColumnData::Str(values) | ColumnData::Bytes(values) => values.views.len(),
            ColumnData::Any(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        !self.validity.is_valid(row)
    }

    /// The integers of a column of that form; the planner's types guarantee the form.
    #[inline]
    pub fn as_i64s(&self) -> &[i64] {
        match &self.data {
            ColumnData::I64(values) => values,
            _ => &[],
        }
    }

    #[inline]
    pub fn as_f64s(&self) -> &[f64] {
        match &self.data {
            ColumnData::F64(values) => values,
            _ => &[],
        }
    }

    #[inline]
    pub fn as_i128s(&self) -> &[i128] {
        match &self.data {
            ColumnData::I128(values) => values,
            _ => &[],
        }
    }

    #[inline]
    pub fn as_bools(&self) -> &[bool] {
        match &self.data {
            ColumnData::Bool(values) => values,
            _ => &[],
        }
    }

    #[inline]
    pub fn as_strings(&self) -> Option<&StringColumn> {
        match &self.data {
            ColumnData::Str(values) => Some(values),
            _ => None,
        }
    }

    /// Texts or bytes, as bytes.
    #[inline]
    pub fn as_views(&self) -> Option<&StringColumn> {
        match &self.data {
            ColumnData::Str(values) | ColumnData::Bytes(values) => Some(values),
            _ => None,
        }
    }

    /// One value by itself (allocates for strings): for edges of the system and slow paths.
    pub fn value(&self, row: usize) -> Value {
        if self.is_null(row) {
            return Value::Null;
        }
        match &self.data {
            ColumnData::Bool(values) => Value::Bool(values[row]),
            ColumnData::I64(values) => Value::I64(values[row]),
            ColumnData::F64(values) => Value::F64(values[row]),
            ColumnData::I128(values) => Value::decimal(values[row]),
            ColumnData::Str(values) => Value::Str(values.get(row).into()),
            ColumnData::Bytes(values) => Value::Bytes(values.bytes(row).into()),
            ColumnData::Any(values) => values[row].clone(),
        }
    }

    /// The given rows; texts stay in the buffer that they are in.
    pub fn gather(&self, rows: &[u32]) -> Self {
        let data = match &self.data {
            ColumnData::Bool(values) => ColumnData::Bool(pick(values, rows)),
            ColumnData::I64(values) => ColumnData::I64(pick(values, rows)),
            ColumnData::F64(values) => ColumnData::F64(pick(values, rows)),
            ColumnData::I128(values) => ColumnData::I128(pick(values, rows)),
            ColumnData::Any(values) => ColumnData::Any(pick(values, rows)),
            ColumnData::Str(values) => ColumnData::Str(values.gather(rows)),
            ColumnData::Bytes(values) => ColumnData::Bytes(values.gather(rows)),
        };
        let mut validity = Validity::all();
        for (at, &row) in rows.iter().enumerate() {
            if self.is_null(row as usize) {
                validity.set_null(at, rows.len());
            }
        }
        Self::new(data, validity)
    }

    /// A column of `rows` times the same value.
    pub fn constant(value: &Value, data_type: &DataType, rows: usize) -> Self {
        let mut builder = ColumnBuilder::new(data_type.physical(), rows);
        if let (Value::Str(text), ColumnData::Str(column)) = (value, &mut builder.data) {
            column.buffer = Arc::new(text.as_bytes().to_vec());
            column.views = vec![(0, text.len() as u32); rows];
            return builder.finish();
        }
        for _ in 0..rows {
            builder.push_value(value);
        }
        builder.finish()
    }
}

/// Builds a column row by row.
pub struct ColumnBuilder {
    data: ColumnData,
    nulls: Vec<u32>,
    bytes: Vec<u8>,
}

impl ColumnBuilder {
    pub fn new(physical: Physical, capacity: usize) -> Self {
        let data = match physical {
            Physical::Bool => ColumnData::Bool(Vec::with_capacity(capacity)),
            Physical::I64 => ColumnData::I64(Vec::with_capacity(capacity)),
            Physical::F64 => ColumnData::F64(Vec::with_capacity(capacity)),
            Physical::I128 => ColumnData::I128(Vec::with_capacity(capacity)),
            Physical::Str => ColumnData::Str(StringColumn::with_capacity(capacity)),
            Physical::Bytes => ColumnData::Bytes(StringColumn::with_capacity(capacity)),
            Physical::Any => ColumnData::Any(Vec::with_capacity(capacity)),
        };
        Self { data, nulls: Vec::new(), bytes: Vec::new() }
    }

    /// For values of the form of a column.
    pub fn like(column: &Column, capacity: usize) -> Self {
        let physical = match &column.data {
            ColumnData::Bool(_) => Physical::Bool,
            ColumnData::I64(_) => Physical::I64,
            ColumnData::F64(_) => Physical::F64,
            ColumnData::I128(_) => Physical::I128,
            ColumnData::Str(_) => Physical::Str,
            ColumnData::Bytes(_) => Physical::Bytes,
            ColumnData::Any(_) => Physical::Any,
        };
        Self::new(physical, capacity)
    }

    pub fn for_type(data_type: &DataType, capacity: usize) -> Self {
        Self::new(data_type.physical(), capacity)
    }

    pub fn len(&self) -> usize {
        match &self.data {
            ColumnData::Bool(values) => values.len(),
            ColumnData::I64(values) => values.len(),
            ColumnData::F64(values) => values.len(),
            ColumnData::I128(values) => values.len(),
            ColumnData::Str(values) | ColumnData::Bytes(values) => values.views.len(),
            ColumnData::Any(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn push_null(&mut self) {
        self.nulls.push(self.len() as u32);
        match &mut self.data {
            ColumnData::Bool(values) => values.push(false),
            ColumnData::I64(values) => values.push(0),
            ColumnData::F64(values) => values.push(0.0),
            ColumnData::I128(values) => values.push(0),
            ColumnData::Str(values) | ColumnData::Bytes(values) => values.views.push((0, 0)),
            ColumnData::Any(values) => values.push(Value::Null),
        }
    }

    /// Goes on at row `len`: what stands before it that was not pushed is not to be read.
    pub fn skip_to(&mut self, len: usize) {
        match &mut self.data {
            ColumnData::Bool(values) => values.resize(len, false),
            ColumnData::I64(values) => values.resize(len, 0),
            ColumnData::F64(values) => values.resize(len, 0.0),
            ColumnData::I128(values) => values.resize(len, 0),
            ColumnData::Str(values) | ColumnData::Bytes(values) => values.views.resize(len, (0, 0)),
            ColumnData::Any(values) => values.resize(len, Value::Null),
        }
    }

    #[inline]
    pub fn push_bool(&mut self, value: bool) {
        if let ColumnData::Bool(values) = &mut self.data {
            values.push(value);
        }
    }

    #[inline]
    pub fn push_i64(&mut self, value: i64) {
        if let ColumnData::I64(values) = &mut self.data {
            values.push(value);
        }
    }

    #[inline]
    pub fn push_f64(&mut self, value: f64) {
        if let ColumnData::F64(values) = &mut self.data {
            values.push(value);
        }
    }

    #[inline]
    pub fn push_i128(&mut self, value: i128) {
        if let ColumnData::I128(values) = &mut self.data {
            values.push(value);
        }
    }

    /// Appends bytes to a column of them, or to one of texts, whose bytes they are.
    #[inline]
    pub fn push_bytes(&mut self, value: &[u8]) {
        if let ColumnData::Str(values) | ColumnData::Bytes(values) = &mut self.data {
            values.views.push((self.bytes.len() as u32, value.len() as u32));
            self.bytes.extend_from_slice(value);
        }
    }

    #[inline]
    pub fn push_str(&mut self, value: &str) {
        if let ColumnData::Str(values) = &mut self.data {
            values.views.push((self.bytes.len() as u32, value.len() as u32));
            self.bytes.extend_from_slice(value.as_bytes());
        }
    }

    /// Appends a row's text, which the column has validated.
    #[inline]
    fn push_text(&mut self, column: &StringColumn, row: usize) {
        if let ColumnData::Str(values) = &mut self.data {
            values.views.push((self.bytes.len() as u32, column.views[row].1));
            column.append_to(row, &mut self.bytes);
        }
    }

    /// Appends a value of the builder's form; one of another form counts as NULL.
    pub fn push_value(&mut self, value: &Value) {
        match (&mut self.data, value) {
            (ColumnData::Bool(values), Value::Bool(value)) => values.push(*value),
            (ColumnData::I64(values), Value::I64(value)) => values.push(*value),
            (ColumnData::F64(values), Value::F64(value)) => values.push(*value),
            (ColumnData::Str(_), Value::Str(value)) => self.push_str(value),
            (ColumnData::I128(values), Value::Decimal(value)) => values.push(value.get()),
            (ColumnData::Bytes(_), Value::Bytes(value)) => self.push_bytes(value),
            (ColumnData::Any(values), value) if !value.is_null() => values.push(value.clone()),
            _ => self.push_null(),
        }
    }

    /// Appends row `row` of a column of the same form.
    pub fn push_from(&mut self, column: &Column, row: usize) {
        if column.is_null(row) {
            return self.push_null();
        }
        match &column.data {
            ColumnData::Bool(values) => self.push_bool(values[row]),
            ColumnData::I64(values) => self.push_i64(values[row]),
            ColumnData::F64(values) => self.push_f64(values[row]),
            ColumnData::I128(values) => self.push_i128(values[row]),
            ColumnData::Str(values) => self.push_text(values, row),
            ColumnData::Bytes(values) => self.push_bytes(values.bytes(row)),
            ColumnData::Any(values) => self.push_value(&values[row]),
        }
    }

    pub fn finish(self) -> Column {
        let rows = self.len();
        let mut validity = Validity::all();
        for row in self.nulls {
            validity.set_null(row as usize, rows);
        }
        let mut data = self.data;
        if let ColumnData::Str(column) | ColumnData::Bytes(column) = &mut data
            && !self.bytes.is_empty()
        {
            column.buffer = Arc::new(self.bytes);
        }
        Column { data, validity }
    }
}
