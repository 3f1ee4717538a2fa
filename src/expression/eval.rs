//! Evaluation over a batch.

use super::{EvalContext, EvalErrors, Expr};
use crate::record::{Batch, ColumnRef};

/// Computes `expr` for the selected rows of `batch`.
pub fn eval(
    _expr: &Expr,
    _batch: &Batch,
    _context: &EvalContext,
    _errors: &mut EvalErrors,
) -> ColumnRef {
    todo!()
}

/// The selected rows for which `predicate` is true, ascending.
pub fn filter(
    _predicate: &Expr,
    _batch: &Batch,
    _context: &EvalContext,
    _errors: &mut EvalErrors,
) -> Vec<u32> {
    todo!()
}
