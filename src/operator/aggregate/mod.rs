//! Aggregates and the running GROUP BY.

pub mod accumulator;
pub mod decimal;
pub mod group;
mod retract;
mod rows;
mod sketch;

pub use accumulator::Accumulators;
pub use group::{GroupAggregate, GroupOptions, Retention};
pub use retract::{Group, RetractingAggregate};
pub use sketch::put_counted;

use crate::record::DataType;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    CountStar,
    Count,
    Sum,
    Min,
    Max,
    Avg,
    /// The first or the last value to come that is not NULL.
    First,
    Last,
    /// Texts one behind the other, as they come.
    Concat,
    /// How often each value is there: the values, which are packed, with their counts, packed too.
    Collect,
    /// The sum of the squared distances from the mean (Welford's way), of which variances are made.
    SquaredDistances,
    /// How many values differ, within a standard error of 1.6 %; exact up to 512.
    ApproxCountDistinct,
    /// The value at a share of all, within 1 % of it.
    ApproxPercentile(Share),
}

/// A share from 0 to 1, by the bits of its double.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share(u64);

impl Share {
    /// None outside of 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then(|| Self(share.to_bits()))
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl AggregateFunction {
    /// The result is one of the values.
    pub fn picks(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::First | Self::Last)
    }

    /// The result depends on the order in which rows come, be it in its last digit.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::First | Self::Last | Self::Concat | Self::SquaredDistances)
    }

    /// The state is a sketch, from which nothing can be taken back.
    pub fn is_sketch(self) -> bool {
        matches!(self, Self::ApproxCountDistinct | Self::ApproxPercentile(_))
    }

    /// The state sums up many values, and is not sent in part.
    pub fn is_summary(self) -> bool {
        self.is_sketch() || self == Self::Collect
    }
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

impl AggregateCall {
    /// The columns in which a partial result of this call travels to the second phase.
    pub fn partial_types(&self) -> Vec<DataType> {
        let approximate = self.argument_type.is_approximate();
        let sum = match &self.argument_type {
            DataType::Decimal(of) => DataType::Decimal(of.total()),
            _ if approximate => DataType::Double,
            _ => DataType::BigInt,
        };
        match self.function {
            AggregateFunction::CountStar | AggregateFunction::Count => vec![DataType::BigInt],
            AggregateFunction::Sum => vec![sum],
            AggregateFunction::Avg => vec![sum, DataType::BigInt],
            _ => match &self.argument_type {
                DataType::Boolean => vec![DataType::BigInt],
                _ if approximate => vec![DataType::Double],
                other => vec![other.clone()],
            },
        }
    }
}
