//! Arguments of one call over a batch, and the making of its result.

use std::sync::Arc;

use super::super::{EvalContext, EvalErrors, Expr, ExprKind};
use super::eval;
use crate::record::{
    Batch, Column, ColumnData, ColumnRef, DataType, Selection, StringColumn, Validity, Value,
};

/// What a row gives: a value, NULL, or the reason why it cannot be computed.
pub type Outcome<T> = Result<Option<T>, String>;

/// An argument: a column, or one value for all rows.
#[derive(Clone)]
pub struct Arg {
    pub column: ColumnRef,
    pub constant: bool,
}

impl Arg {
    pub fn new(expr: &Expr, batch: &Batch, context: &EvalContext, errors: &mut EvalErrors) -> Self {
        match &expr.kind {
            ExprKind::Literal(value) => Self {
                column: Arc::new(Column::constant(value, &expr.data_type, 1)),
                constant: true,
            },
            _ => Self { column: eval(expr, batch, context, errors), constant: false },
        }
    }

    #[inline]
    pub fn index(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.column.is_null(self.index(row))
    }

    #[inline]
    pub fn i64(&self, row: usize) -> i64 {
        self.column.as_i64s().get(self.index(row)).copied().unwrap_or_default()
    }

    #[inline]
    pub fn f64(&self, row: usize) -> f64 {
        self.column.as_f64s().get(self.index(row)).copied().unwrap_or_default()
    }

    #[inline]
    pub fn bool(&self, row: usize) -> bool {
        self.column.as_bools().get(self.index(row)).copied().unwrap_or_default()
    }

    #[inline]
    pub fn i128(&self, row: usize) -> i128 {
        self.column.as_i128s().get(self.index(row)).copied().unwrap_or_default()
    }

    /// Of a text, or bytes.
    #[inline]
    pub fn bytes(&self, row: usize) -> &[u8] {
        self.column.as_views().map_or(&[], |strings| strings.bytes(self.index(row)))
    }

    #[inline]
    pub fn str(&self, row: usize) -> &str {
        self.column.as_strings().map_or("", |strings| strings.get(self.index(row)))
    }

    pub fn any(&self, row: usize) -> Option<&Value> {
        match &self.column.data {
            ColumnData::Any(values) => values.get(self.index(row)),
            _ => None,
        }
    }
}

pub struct Frame<'a> {
    pub args: Vec<Arg>,
    pub batch: &'a Batch,
    pub context: &'a EvalContext,
    pub errors: &'a mut EvalErrors,
}

impl<'a> Frame<'a> {
    pub fn new(
        args: Vec<Arg>,
        batch: &'a Batch,
        context: &'a EvalContext,
        errors: &'a mut EvalErrors,
    ) -> Self {
        Self { args, batch, context, errors }
    }

    pub fn has_null_constant(&self) -> bool {
        self.args.iter().any(|arg| arg.constant && arg.is_null(0))
    }

    /// The rows where all arguments hold a value. Constants that are NULL must be handled before.
    pub fn validity(&self) -> Validity {
        let columns = self.args.iter().filter(|arg| !arg.constant);
        columns.fold(Validity::all(), |all, arg| all.and(&arg.column.validity))
    }

    pub fn selects_all(&self) -> bool {
        matches!(self.batch.selection, Selection::All)
    }

    /// A column of NULLs.
    pub fn nulls(&self, data_type: &DataType) -> ColumnRef {
        Arc::new(Column::constant(&Value::Null, data_type, self.batch.rows))
    }

    fn fail(&mut self, row: usize, reason: String) {
        self.errors.rows.push((row as u32, reason.into()));
    }

    /// Computes each selected row that `validity` has; the others are NULL.
    fn build<T: Clone + Default>(
        &mut self,
        validity: Validity,
        mut compute: impl FnMut(usize) -> Outcome<T>,
    ) -> (Vec<T>, Validity) {
        let rows = self.batch.rows;
        let mut values = vec![T::default(); rows];
        let mut result = validity.clone();
        for row in self.batch.row_ids() {
            if !validity.is_valid(row) {
                continue;
            }
            match compute(row) {
                Ok(Some(value)) => values[row] = value,
                Ok(None) => result.set_null(row, rows),
                Err(reason) => {
                    result.set_null(row, rows);
                    self.fail(row, reason);
                }
            }
        }
        (values, result)
    }

    pub fn i64s(&mut self, compute: impl FnMut(usize) -> Outcome<i64>) -> ColumnRef {
        let (values, validity) = self.build(self.validity(), compute);
        Arc::new(Column::new(ColumnData::I64(values), validity))
    }

    pub fn f64s(&mut self, compute: impl FnMut(usize) -> Outcome<f64>) -> ColumnRef {
        let (values, validity) = self.build(self.validity(), compute);
        Arc::new(Column::new(ColumnData::F64(values), validity))
    }

    pub fn i128s(&mut self, compute: impl FnMut(usize) -> Outcome<i128>) -> ColumnRef {
        let (values, validity) = self.build(self.validity(), compute);
        Arc::new(Column::new(ColumnData::I128(values), validity))
    }

    pub fn bools(&mut self, compute: impl FnMut(usize) -> Outcome<bool>) -> ColumnRef {
        self.bools_of(self.validity(), compute)
    }

    /// As [`Frame::bools`], for the rows of `validity`.
    pub fn bools_of(
        &mut self,
        validity: Validity,
        compute: impl FnMut(usize) -> Outcome<bool>,
    ) -> ColumnRef {
        let (values, validity) = self.build(validity, compute);
        Arc::new(Column::new(ColumnData::Bool(values), validity))
    }

    /// Texts that are written row by row into a new buffer.
    pub fn strings(&mut self, compute: impl FnMut(usize, &mut String) -> Outcome<()>) -> ColumnRef {
        self.strings_of(self.validity(), compute)
    }

    /// As [`Frame::strings`], for the rows of `validity`.
    pub fn strings_of(
        &mut self,
        validity: Validity,
        mut compute: impl FnMut(usize, &mut String) -> Outcome<()>,
    ) -> ColumnRef {
        let mut buffer = String::new();
        let (views, validity) = self.build(validity, |row| {
            let start = buffer.len();
            let done = compute(row, &mut buffer)?;
            Ok(done.map(|()| (start as u32, (buffer.len() - start) as u32)))
        });
        let strings = StringColumn { buffer: Arc::new(buffer.into_bytes()), views };
        Arc::new(Column::new(ColumnData::Str(strings), validity))
    }

    /// Bytes that are written row by row into a new buffer.
    pub fn binaries(
        &mut self,
        compute: impl FnMut(usize, &mut Vec<u8>) -> Outcome<()>,
    ) -> ColumnRef {
        self.binaries_of(self.validity(), compute)
    }

    /// As [`Self::binaries`], for the rows of `validity`.
    pub fn binaries_of(
        &mut self,
        validity: Validity,
        mut compute: impl FnMut(usize, &mut Vec<u8>) -> Outcome<()>,
    ) -> ColumnRef {
        let mut buffer = Vec::new();
        let (views, validity) = self.build(validity, |row| {
            let start = buffer.len();
            let done = compute(row, &mut buffer)?;
            Ok(done.map(|()| (start as u32, (buffer.len() - start) as u32)))
        });
        let bytes = StringColumn { buffer: Arc::new(buffer), views };
        Arc::new(Column::new(ColumnData::Bytes(bytes), validity))
    }

    /// Parts of the first argument's texts: views into its own buffer.
    pub fn slices(
        &mut self,
        mut part: impl FnMut(&str, usize) -> Option<(usize, usize)>,
    ) -> ColumnRef {
        let input = self.args[0].clone();
        let Some(strings) = input.column.as_strings() else {
            return self.nulls(&DataType::STRING);
        };
        let (views, validity) = self.build(self.validity(), |row| {
            let index = input.index(row);
            let (offset, _) = strings.views[index];
            let found = part(strings.get(index), row);
            Ok(found.map(|(start, end)| (offset + start as u32, (end - start) as u32)))
        });
        let strings = StringColumn { buffer: strings.buffer.clone(), views };
        Arc::new(Column::new(ColumnData::Str(strings), validity))
    }

    /// Two arguments combined by something that cannot fail: tight loops, NULL rows included.
    #[inline]
    pub fn zip<T: Copy, U: Copy + Default>(
        &self,
        a: &[T],
        b: &[T],
        combine: impl Fn(T, T) -> U,
    ) -> Vec<U> {
        let (left, right) = (&self.args[0], &self.args[1]);
        if self.selects_all() {
            match (left.constant, right.constant) {
                (false, false) => return a.iter().zip(b).map(|(&a, &b)| combine(a, b)).collect(),
                (false, true) if !b.is_empty() => {
                    let b = b[0];
                    return a.iter().map(|&a| combine(a, b)).collect();
                }
                (true, false) if !a.is_empty() => {
                    let a = a[0];
                    return b.iter().map(|&b| combine(a, b)).collect();
                }
                _ => {}
            }
        }
        let mut values = vec![U::default(); self.batch.rows];
        for row in self.batch.row_ids() {
            values[row] = combine(a[left.index(row)], b[right.index(row)]);
        }
        values
    }
}
