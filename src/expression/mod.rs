//! Scalar expressions over batches of columns.
//!
//! The binder makes typed expressions with [`registry`]; [`eval`] computes them a batch at a
//! time. Values are computed for the selected rows only; a column that comes out is as long as
//! the batch and arbitrary elsewhere. A row that cannot be computed (CAST of bad text, division
//! by zero) is reported in [`EvalErrors`], and the caller sends it to the dead letters.

mod eval;
pub mod registry;
pub mod text;

#[cfg(test)]
pub use eval::model;
pub use eval::{eval, filter};

use std::sync::Arc;

use crate::record::{DataType, Value};

/// A typed expression. Columns are positions in the input batch; nothing here has a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    pub kind: ExprKind,
    pub data_type: DataType,
    pub nullable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    Column(usize),
    Literal(Value),
    /// A function or operator of the registry; arguments already have the types it takes.
    Call {
        function: registry::Function,
        args: Vec<Expr>,
    },
    Cast {
        input: Box<Expr>,
        mode: CastMode,
    },
    /// Searched CASE: the first condition that is true gives its value. Branches not taken are
    /// not computed.
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Box<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    IsNull(Box<Expr>),
    /// Field of a ROW by position.
    RowField {
        input: Box<Expr>,
        index: usize,
    },
    /// `map[key]` or `array[1-based index]`; NULL where missing.
    Item {
        input: Box<Expr>,
        key: Box<Expr>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastMode {
    /// A value that cannot be converted is an error of its row.
    Strict,
    /// TRY_CAST: such a value becomes NULL.
    Try,
}

impl Expr {
    pub fn column(index: usize, data_type: DataType) -> Self {
        Self { kind: ExprKind::Column(index), data_type, nullable: true }
    }

    pub fn literal(value: Value, data_type: DataType) -> Self {
        let nullable = value.is_null();
        Self { kind: ExprKind::Literal(value), data_type, nullable }
    }

    pub fn as_literal(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Literal(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_column(&self) -> Option<usize> {
        match self.kind {
            ExprKind::Column(index) => Some(index),
            _ => None,
        }
    }

    /// Direct parts of the expression.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Column(_) | ExprKind::Literal(_) => vec![],
            ExprKind::Call { args, .. } | ExprKind::And(args) | ExprKind::Or(args) => {
                args.iter().collect()
            }
            ExprKind::Cast { input, .. }
            | ExprKind::Not(input)
            | ExprKind::IsNull(input)
            | ExprKind::RowField { input, .. } => vec![input],
            ExprKind::Item { input, key } => vec![input, key],
            ExprKind::Case { branches, otherwise } => {
                let mut all: Vec<_> = branches.iter().flat_map(|(c, v)| [c, v]).collect();
                all.push(otherwise);
                all
            }
        }
    }

    /// Direct parts of the expression, to be rewritten in place.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Column(_) | ExprKind::Literal(_) => vec![],
            ExprKind::Call { args, .. } | ExprKind::And(args) | ExprKind::Or(args) => {
                args.iter_mut().collect()
            }
            ExprKind::Cast { input, .. }
            | ExprKind::Not(input)
            | ExprKind::IsNull(input)
            | ExprKind::RowField { input, .. } => vec![input],
            ExprKind::Item { input, key } => vec![input, key],
            ExprKind::Case { branches, otherwise } => {
                let mut all: Vec<_> = branches.iter_mut().flat_map(|(c, v)| [c, v]).collect();
                all.push(otherwise);
                all
            }
        }
    }

    /// Whether it asks for the watermark before a row.
    pub fn reads_watermark(&self) -> bool {
        let asks = |kind: &ExprKind| {
            matches!(kind, ExprKind::Call { function: registry::Function::CurrentWatermark, .. })
        };
        asks(&self.kind) || self.children().into_iter().any(Expr::reads_watermark)
    }

    /// Calls `visit` with every column position that the expression reads.
    pub fn visit_columns(&self, visit: &mut impl FnMut(usize)) {
        if let ExprKind::Column(index) = self.kind {
            visit(index);
        }
        for child in self.children() {
            child.visit_columns(visit);
        }
    }

    /// Replaces every column position by what `map` says.
    pub fn map_columns(&mut self, map: &impl Fn(usize) -> usize) {
        if let ExprKind::Column(index) = &mut self.kind {
            *index = map(*index);
        }
        for child in self.children_mut() {
            child.map_columns(map);
        }
    }
}

/// What an evaluation needs besides the batch: no clock is read while computing.
#[derive(Clone, Debug)]
pub struct EvalContext {
    /// `table.local-time-zone`.
    pub zone: jiff::tz::TimeZone,
    /// The batch's reading of the wall clock, ms since the epoch.
    pub now_ms: i64,
}

impl Default for EvalContext {
    fn default() -> Self {
        Self { zone: jiff::tz::TimeZone::UTC, now_ms: 0 }
    }
}

/// Rows that could not be computed, with the reason; a row may appear more than once.
#[derive(Debug, Default)]
pub struct EvalErrors {
    pub rows: Vec<(u32, Arc<str>)>,
}
