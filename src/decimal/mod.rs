//! Decimal numbers by Flink's rules: an unscaled integer, whose scale its type says.
//!
//! What is computed is exact until it is brought to the scale of its type, half up; a value with
//! more digits than its type has is NULL (`None` here).

mod compute;
mod types;
mod wide;
mod written;

pub use compute::{Toward, add, compare, divide, multiply, remainder, rescale, round, subtract};
pub use types::DecimalType;
pub use written::{
    from_f64, parse, parse_flink, to_f64, write, write_java, write_number_json, write_scientific,
};

/// Digits that a decimal has at most.
pub const PRECISION_MAX: u8 = 38;

/// 10^0 to 10^38.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// 10^`exponent`, of 38 at most.
#[inline]
pub fn power(exponent: u8) -> i128 {
    POWERS[usize::from(exponent.min(PRECISION_MAX))]
}

/// Whether a value has no more than `precision` digits.
#[inline]
pub fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < power(precision).unsigned_abs()
}

/// An unscaled value where it stands among smaller ones: aligned to eight bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(8))]
pub struct Unscaled(i128);

impl Unscaled {
    pub const fn new(value: i128) -> Self {
        Self(value)
    }

    #[inline]
    pub const fn get(self) -> i128 {
        self.0
    }
}

#[cfg(test)]
mod tests;
