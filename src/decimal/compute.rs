//! Arithmetic. Each has a way for values whose steps fit 128 bits, and one for the others.

use std::cmp::Ordering;

use super::wide::Wide;
use super::{DecimalType, PRECISION_MAX, fits, power};

/// A sign and a magnitude.
#[derive(Clone, Copy)]
struct Signed {
    negative: bool,
    magnitude: Wide,
}

impl Signed {
    /// `value` × 10^`exponent`, of 76 at most; `None` where that needs more than 256 bits.
    fn scaled(value: i128, exponent: u8) -> Option<Self> {
        let first = exponent.min(PRECISION_MAX);
        let magnitude = Wide::product(value.unsigned_abs(), power(first).unsigned_abs());
        let magnitude = magnitude.checked_mul(power(exponent - first).unsigned_abs())?;
        Some(Self { negative: value < 0, magnitude })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let (a, b) = (self.magnitude, other.magnitude);
        Some(match self.negative == other.negative {
            true => Self { magnitude: a.checked_add(b)?, ..self },
            false if a >= b => Self { magnitude: a.minus(b), ..self },
            false => Self { magnitude: b.minus(a), ..other },
        })
    }

    /// Without the last `digits` digits, half up.
    fn without(self, digits: u8) -> Option<i128> {
        let by = Signed::scaled(1, digits)?.magnitude;
        signed(self.negative, self.magnitude.divide_rounded(by))
    }
}

fn signed(negative: bool, magnitude: Wide) -> Option<i128> {
    let value = i128::try_from(magnitude.narrow()?).ok()?;
    Some(if negative { -value } else { value })
}

/// `value` ÷ `by`, half up; `by` is above zero.
#[inline]
fn divide_rounded(value: i128, by: i128) -> i128 {
    // Division of 64 bits is several times as fast.
    if let (Ok(value), Ok(by)) = (i64::try_from(value), i64::try_from(by)) {
        let (quotient, rest) = (value / by, (value % by).unsigned_abs());
        let up = rest >= by as u64 - rest;
        return i128::from(quotient + if up { value.signum() } else { 0 });
    }
    let (quotient, rest) = (value / by, (value % by).unsigned_abs());
    let up = rest >= by.unsigned_abs() - rest;
    quotient + if up { value.signum() } else { 0 }
}

/// A value of scale `from` as one of type `to`.
#[inline]
pub fn rescale(value: i128, from: u8, to: DecimalType) -> Option<i128> {
    let value = if to.scale >= from {
        value.checked_mul(power(to.scale - from))?
    } else {
        divide_rounded(value, power(from - to.scale))
    };
    fits(value, to.precision).then_some(value)
}

/// Both at the larger of two scales, where they fit.
#[inline]
fn aligned(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Option<(i128, i128)> {
    match a_scale.cmp(&b_scale) {
        Ordering::Equal => Some((a, b)),
        Ordering::Less => Some((a.checked_mul(power(b_scale - a_scale))?, b)),
        Ordering::Greater => Some((a, b.checked_mul(power(a_scale - b_scale))?)),
    }
}

/// The same in 256 bits.
fn aligned_wide(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Option<(Signed, Signed)> {
    let scale = a_scale.max(b_scale);
    Some((Signed::scaled(a, scale - a_scale)?, Signed::scaled(b, scale - b_scale)?))
}

/// `a` + `b`, of the given scales.
#[inline]
pub fn add(a: i128, a_scale: u8, b: i128, b_scale: u8, to: DecimalType) -> Option<i128> {
    let scale = a_scale.max(b_scale);
    let plain = aligned(a, a_scale, b, b_scale).and_then(|(a, b)| a.checked_add(b));
    if let Some(sum) = plain {
        return rescale(sum, scale, to);
    }
    let (a, b) = aligned_wide(a, a_scale, b, b_scale)?;
    a.plus(b)?.without(scale.saturating_sub(to.scale)).filter(|sum| fits(*sum, to.precision))
}

#[inline]
pub fn subtract(a: i128, a_scale: u8, b: i128, b_scale: u8, to: DecimalType) -> Option<i128> {
    add(a, a_scale, -b, b_scale, to)
}

#[inline]
pub fn multiply(a: i128, a_scale: u8, b: i128, b_scale: u8, to: DecimalType) -> Option<i128> {
    if let Some(product) = a.checked_mul(b) {
        return rescale(product, a_scale + b_scale, to);
    }
    let magnitude = Wide::product(a.unsigned_abs(), b.unsigned_abs());
    let product = Signed { negative: (a < 0) != (b < 0), magnitude };
    let product = product.without((a_scale + b_scale).saturating_sub(to.scale))?;
    fits(product, to.precision).then_some(product)
}

/// `a` ÷ `b`; `b` is not zero.
#[inline]
pub fn divide(a: i128, a_scale: u8, b: i128, b_scale: u8, to: DecimalType) -> Option<i128> {
    // The quotient at the wanted scale is a × 10^exponent ÷ b.
    let exponent = i16::from(to.scale) - i16::from(a_scale) + i16::from(b_scale);
    let negative = (a < 0) != (b < 0);
    let quotient = if let (Ok(exponent @ 0..=38), true) = (u8::try_from(exponent), exponent >= 0)
        && let Some(numerator) = a.checked_mul(power(exponent))
    {
        let quotient = divide_rounded(numerator.abs(), b.abs());
        if negative { -quotient } else { quotient }
    } else {
        let up = exponent.max(0) as u8;
        let down = (-exponent).max(0) as u8;
        // What needs more than 256 bits has more digits than the result may.
        let numerator = Signed::scaled(a, up)?.magnitude;
        let denominator = Signed::scaled(b, down)?.magnitude;
        signed(negative, numerator.divide_rounded(denominator))?
    };
    fits(quotient, to.precision).then_some(quotient)
}

/// What is left of `a` ÷ `b`, with the sign of `a`; `b` is not zero.
#[inline]
pub fn remainder(a: i128, a_scale: u8, b: i128, b_scale: u8, to: DecimalType) -> Option<i128> {
    let scale = a_scale.max(b_scale);
    let rest = match aligned(a, a_scale, b, b_scale) {
        Some((a, b)) => a.checked_rem(b)?,
        None => {
            let (a, b) = aligned_wide(a, a_scale, b, b_scale)?;
            signed(a.negative, a.magnitude.divide(b.magnitude).1)?
        }
    };
    rescale(rest, scale, to)
}

#[inline]
pub fn compare(a: i128, a_scale: u8, b: i128, b_scale: u8) -> Ordering {
    if let Some((a, b)) = aligned(a, a_scale, b, b_scale) {
        return a.cmp(&b);
    }
    // Magnitudes below 10^76 fit: a comparison always comes about.
    match aligned_wide(a, a_scale, b, b_scale) {
        Some((x, y)) if x.negative != y.negative => y.negative.cmp(&x.negative),
        Some((x, y)) if x.negative => y.magnitude.cmp(&x.magnitude),
        Some((x, y)) => x.magnitude.cmp(&y.magnitude),
        None => Ordering::Equal,
    }
}

/// Which of the whole units beside a value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    Nearest,
    Zero,
    Below,
    Above,
}

/// A value of scale `from` with `digits` digits behind the point, as one of type `to`, which has
/// room for them.
pub fn round(value: i128, from: u8, digits: i64, toward: Toward, to: DecimalType) -> Option<i128> {
    let dropped = i64::from(from) - digits.min(i64::from(from));
    let Some(unit) = u8::try_from(dropped).ok().filter(|&dropped| dropped <= PRECISION_MAX) else {
        return Some(0);
    };
    let unit = power(unit);
    let units = match toward {
        Toward::Nearest => divide_rounded(value, unit),
        Toward::Zero => value / unit,
        Toward::Below => value.div_euclid(unit),
        Toward::Above => -(-value).div_euclid(unit),
    };
    // 38 digits may become 39, which still fit.
    rescale(units.checked_mul(unit)?, from, to)
}
