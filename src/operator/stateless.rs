//! Operators that keep nothing: projection, filter, union.

use super::{Operator, Output, Progress};
use crate::expression::{self, EvalErrors, Expr, ExprKind};
use crate::record::{Batch, Column, ColumnRef};

/// Hands the rows that `errors` names to the dead letters and takes them out of the batch.
fn reject_errors(batch: Batch, errors: EvalErrors, out: &mut Output) -> Batch {
    if errors.rows.is_empty() {
        return batch;
    }
    let mut bad: Vec<u32> = Vec::with_capacity(errors.rows.len());
    for (row, reason) in errors.rows {
        if !bad.contains(&row) {
            out.reject(&batch, row, reason);
            bad.push(row);
        }
    }
    let kept = batch.row_ids().map(|row| row as u32).filter(|row| !bad.contains(row)).collect();
    batch.with_selection(kept)
}

/// SELECT list: one expression a column. A column that is only passed on is not copied.
pub struct Project {
    exprs: Vec<Expr>,
}

impl Project {
    pub fn new(exprs: Vec<Expr>) -> Self {
        Self { exprs }
    }

    /// The output columns for the selected rows of `batch`.
    pub fn columns(&self, batch: &Batch, out: &Output, errors: &mut EvalErrors) -> Vec<ColumnRef> {
        let compute = |expr: &Expr, errors: &mut EvalErrors| match &expr.kind {
            ExprKind::Literal(value) => {
                ColumnRef::new(Column::constant(value, &expr.data_type, batch.rows))
            }
            _ => expression::eval(expr, batch, &out.context, errors),
        };
        self.exprs.iter().map(|expr| compute(expr, errors)).collect()
    }
}

impl Operator for Project {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let mut errors = EvalErrors::default();
        let columns = self.columns(&batch, out, &mut errors);
        // The keys of an exchange are of columns that may be gone.
        let projected = Batch { keys: None, ..batch.with_columns(columns) };
        let kept = reject_errors(projected, errors, out);
        out.emit(kept);
        Progress::Done
    }
}

/// WHERE and HAVING: keeps the rows for which the predicate is true.
pub struct Filter {
    predicate: Expr,
}

impl Filter {
    pub fn new(predicate: Expr) -> Self {
        Self { predicate }
    }
}

impl Operator for Filter {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let mut errors = EvalErrors::default();
        let rows = expression::filter(&self.predicate, &batch, &out.context, &mut errors);
        if rows.len() < batch.len() {
            // A row that failed is not among those that passed: it is only reported.
            reject_errors(batch.clone(), errors, out);
            out.emit(batch.with_selection(rows));
        } else {
            out.emit(batch);
        }
        Progress::Done
    }
}

/// UNION ALL: everything from every port.
pub struct Union;

impl Operator for Union {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        out.emit(batch);
        Progress::Done
    }
}
