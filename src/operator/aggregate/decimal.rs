//! Sums and averages of decimals.

use crate::decimal::{self, DecimalType, PRECISION_MAX};
use crate::record::DataType;

/// A sum that had too many digits and is NULL: no decimal has this value.
pub const OVERFLOWN: i128 = i128::MIN;

/// A sum and a value. As in Flink, a sum that has become NULL starts anew with the next value.
#[inline]
pub fn add(sum: i128, value: i128) -> i128 {
    match (sum, value) {
        (OVERFLOWN, value) => value,
        (sum, OVERFLOWN) => sum,
        (sum, value) => within(sum.wrapping_add(value)),
    }
}

/// The same for an average, whose sum stays NULL.
#[inline]
pub fn add_for_mean(sum: i128, value: i128) -> i128 {
    if sum == OVERFLOWN || value == OVERFLOWN { OVERFLOWN } else { within(sum.wrapping_add(value)) }
}

/// A sum of two values of 38 digits that leaves 128 bits comes back as one of 39 digits.
#[inline]
fn within(sum: i128) -> i128 {
    if decimal::fits(sum, PRECISION_MAX) { sum } else { OVERFLOWN }
}

/// A sum that may be without a value.
pub fn total(sum: i128) -> Option<i128> {
    decimal::fits(sum, PRECISION_MAX).then_some(sum)
}

/// The mean of `count` values of scale `from`, as one of type `to`.
pub fn mean(sum: i128, count: i64, from: u8, to: &DataType) -> Option<i128> {
    let to = to.as_decimal().unwrap_or(DecimalType::DEFAULT);
    decimal::divide(total(sum)?, from, count.into(), 0, to)
}
