//! Aggregates and the running GROUP BY.

pub mod accumulator;
pub mod group;

pub use accumulator::Accumulators;
pub use group::{GroupAggregate, GroupOptions, Retention};

use crate::record::DataType;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    CountStar,
    Count,
    Sum,
    Min,
    Max,
    Avg,
}

/// One aggregate of a GROUP BY, over columns of its input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AggregateCall {
    pub function: AggregateFunction,
    /// The argument's column; `None` for COUNT(*).
    pub argument: Option<usize>,
    pub argument_type: DataType,
    pub distinct: bool,
    /// FILTER (WHERE …): a boolean column.
    pub filter: Option<usize>,
    pub data_type: DataType,
}
