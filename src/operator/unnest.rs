//! UNNEST: a row for each element of an array or a map.

use std::sync::Arc;

use super::{Operator, Output, Progress};
use crate::expression::{EvalErrors, Expr, filter};
use crate::record::{Batch, Column, ColumnBuilder, ColumnData, DataType, Value};

/// Output: the input's columns, those of the element, and its number where it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UnnestSpec {
    /// The array or map. A whole number repeats its row so many times, and adds no column.
    pub column: usize,
    /// A row without an element comes out once, with NULLs.
    pub outer: bool,
    /// The place of the element, from 1 on, as a last column.
    pub ordinality: bool,
    /// What must be true of an element, over the output's columns.
    pub condition: Option<Expr>,
}

pub struct Unnest {
    spec: UnnestSpec,
    /// Of the columns behind the input's.
    types: Vec<DataType>,
}

impl Unnest {
    /// `types` are those of the columns that are added.
    pub fn new(spec: UnnestSpec, types: Vec<DataType>) -> Self {
        Self { spec, types }
    }

    /// The rows of `batch` by element: input row, and a builder for each column that is added.
    fn elements(&self, batch: &Batch) -> (Vec<u32>, Vec<ColumnBuilder>) {
        let column = &batch.columns[self.spec.column];
        let mut rows = Vec::with_capacity(batch.len());
        let builder = |of: &DataType| ColumnBuilder::for_type(of, batch.len());
        let mut added: Vec<ColumnBuilder> = self.types.iter().map(builder).collect();
        for row in batch.row_ids() {
            let before = rows.len();
            match &column.data {
                _ if column.is_null(row) => {}
                ColumnData::Any(values) => self.explode(&values[row], row, &mut rows, &mut added),
                ColumnData::I64(times) => {
                    rows.extend(std::iter::repeat_n(row as u32, times[row].max(0) as usize));
                }
                _ => {}
            }
            if rows.len() == before && self.spec.outer {
                rows.push(row as u32);
                added.iter_mut().for_each(ColumnBuilder::push_null);
            }
        }
        (rows, added)
    }

    fn explode(&self, value: &Value, row: usize, rows: &mut Vec<u32>, added: &mut [ColumnBuilder]) {
        let width = added.len() - usize::from(self.spec.ordinality);
        let (columns, number) = added.split_at_mut(width);
        let from = rows.len();
        let mut end = |rows: &mut Vec<u32>| {
            rows.push(row as u32);
            number.iter_mut().for_each(|number| number.push_i64((rows.len() - from) as i64));
        };
        match value {
            Value::Array(values) => {
                for value in values.iter() {
                    match (value, &mut *columns) {
                        // A row that is NULL is none, as in Flink.
                        (Value::Null, columns) if columns.len() > 1 => continue,
                        (Value::Row(fields), columns) => {
                            columns
                                .iter_mut()
                                .zip(fields.iter())
                                .for_each(|(c, v)| c.push_value(v));
                        }
                        (value, [column]) => column.push_value(value),
                        // A value of another form than its type says.
                        (_, columns) => columns.iter_mut().for_each(ColumnBuilder::push_null),
                    }
                    end(rows);
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries.iter() {
                    if let [keys, values] = &mut *columns {
                        keys.push_value(key);
                        values.push_value(value);
                    }
                    end(rows);
                }
            }
            _ => {}
        }
    }

    /// The batch of these rows of the input with the columns that are added.
    fn joined(&self, batch: &Batch, rows: &[u32], added: Vec<Arc<Column>>) -> Batch {
        let columns = batch.columns.iter().map(|column| Arc::new(column.gather(rows)));
        batch.picked(columns.chain(added).collect(), rows)
    }

    /// Elements for which the condition is not true go; with `outer`, a row that loses its last
    /// one stays once, with NULLs.
    fn conditioned(
        &self,
        condition: &Expr,
        batch: &Batch,
        rows: Vec<u32>,
        all: Batch,
        out: &mut Output,
    ) -> Batch {
        let mut errors = EvalErrors::default();
        let kept = filter(condition, &all, &out.context, &mut errors);
        for (element, reason) in &errors.rows {
            out.reject(batch, rows[*element as usize], reason.clone());
        }
        if !self.spec.outer {
            return all.with_selection(kept);
        }
        let added = &all.columns[batch.columns.len()..];
        let mut builders: Vec<ColumnBuilder> =
            self.types.iter().map(|of| ColumnBuilder::for_type(of, rows.len())).collect();
        let (mut kept, mut result) = (kept.into_iter().peekable(), Vec::new());
        for (element, &row) in rows.iter().enumerate() {
            let is_kept = kept.next_if_eq(&(element as u32)).is_some();
            let last = rows.get(element + 1) != Some(&row);
            if is_kept {
                builders.iter_mut().zip(added).for_each(|(to, of)| to.push_from(of, element));
                result.push(row);
            } else if last && result.last() != Some(&row) {
                builders.iter_mut().for_each(ColumnBuilder::push_null);
                result.push(row);
            }
        }
        let added = builders.into_iter().map(|builder| Arc::new(builder.finish())).collect();
        self.joined(batch, &result, added)
    }
}

impl Operator for Unnest {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let (rows, added) = self.elements(&batch);
        let added = added.into_iter().map(|builder| Arc::new(builder.finish())).collect();
        let all = self.joined(&batch, &rows, added);
        let result = match &self.spec.condition {
            Some(condition) => self.conditioned(condition, &batch, rows, all, out),
            None => all,
        };
        out.emit(result);
        Progress::Done
    }
}
