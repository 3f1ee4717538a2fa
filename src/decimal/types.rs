//! Types of decimals, and those of what is computed from them (Flink's `LogicalTypeMerging`).

use std::fmt;

use super::PRECISION_MAX;

/// `DECIMAL(precision, scale)`: digits in all, and behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecimalType {
    pub precision: u8,
    pub scale: u8,
}

/// Digits behind the point that a result of more than 38 digits keeps at least.
const SCALE_KEPT: i32 = 6;

impl DecimalType {
    /// What `DECIMAL` alone means.
    pub const DEFAULT: Self = Self::new(10, 0);

    pub const fn new(precision: u8, scale: u8) -> Self {
        Self { precision, scale }
    }

    /// Digits before the point.
    pub fn whole(self) -> u8 {
        self.precision.saturating_sub(self.scale)
    }

    /// A result of so many digits; where they are too many, those behind the point go first.
    fn adjusted(precision: i32, scale: i32) -> Self {
        let max = i32::from(PRECISION_MAX);
        if precision <= max {
            return Self::new(precision as u8, scale as u8);
        }
        let scale = (max - (precision - scale)).max(scale.min(SCALE_KEPT));
        Self::new(PRECISION_MAX, scale as u8)
    }

    fn parts(self) -> (i32, i32) {
        (self.precision.into(), self.scale.into())
    }

    /// Of a sum or a difference.
    pub fn sum(self, other: Self) -> Self {
        let scale = i32::from(self.scale.max(other.scale));
        Self::adjusted(i32::from(self.whole().max(other.whole())) + scale + 1, scale)
    }

    pub fn product(self, other: Self) -> Self {
        let ((p1, s1), (p2, s2)) = (self.parts(), other.parts());
        Self::adjusted(p1 + p2 + 1, s1 + s2)
    }

    pub fn quotient(self, other: Self) -> Self {
        let ((p1, s1), (p2, s2)) = (self.parts(), other.parts());
        let scale = SCALE_KEPT.max(s1 + p2 + 1);
        Self::adjusted(p1 - s1 + s2 + scale, scale)
    }

    pub fn remainder(self, other: Self) -> Self {
        let scale = i32::from(self.scale.max(other.scale));
        Self::adjusted(i32::from(self.whole().min(other.whole())) + scale, scale)
    }

    /// Of ROUND and TRUNCATE to so many digits behind the point.
    pub fn rounded(self, digits: i64) -> Self {
        if digits >= i64::from(self.scale) {
            return self;
        }
        let scale = digits.clamp(0, i64::from(self.scale)) as u8;
        Self::new((1 + self.whole() + scale).min(PRECISION_MAX), scale)
    }

    /// Of a value that may be of either type; digits behind the point go where there are too many.
    pub fn common(self, other: Self) -> Self {
        let whole = self.whole().max(other.whole());
        let scale = self.scale.max(other.scale).min(PRECISION_MAX - whole);
        Self::new(whole + scale, scale)
    }

    /// Whether every value of `self` is one of `other` as well.
    pub fn is_within(self, other: Self) -> bool {
        self.scale <= other.scale && self.whole() <= other.whole()
    }

    /// Of SUM.
    pub fn total(self) -> Self {
        Self::new(PRECISION_MAX, self.scale)
    }

    /// Of AVG and the variances.
    pub fn mean(self) -> Self {
        Self::new(PRECISION_MAX, self.scale.max(SCALE_KEPT as u8))
    }
}

impl fmt::Display for DecimalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DECIMAL({}, {})", self.precision, self.scale)
    }
}
