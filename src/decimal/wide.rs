//! Integers of 256 bits, for what does not fit 128 on its way to a result that does.

/// Without a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    // The order of the fields makes the derived order that of the numbers.
    high: u128,
    low: u128,
}

const HALF: u32 = 64;
const LOW: u128 = u64::MAX as u128;

impl From<u128> for Wide {
    fn from(low: u128) -> Self {
        Self { high: 0, low }
    }
}

impl Wide {
    pub fn product(a: u128, b: u128) -> Self {
        let (a1, a0, b1, b0) = (a >> HALF, a & LOW, b >> HALF, b & LOW);
        let (low, mid, high) = (a0 * b0, a1 * b0, a1 * b1);
        let (mid, carry) = mid.overflowing_add(a0 * b1);
        let (low, carry_low) = low.overflowing_add(mid << HALF);
        let high = high + (mid >> HALF) + (u128::from(carry) << HALF) + u128::from(carry_low);
        Self { high, low }
    }

    pub fn checked_mul(self, factor: u128) -> Option<Self> {
        let low = Self::product(self.low, factor);
        let high = self.high.checked_mul(factor)?.checked_add(low.high)?;
        Some(Self { high, low: low.low })
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high)?.checked_add(u128::from(carry))?;
        Some(Self { high, low })
    }

    /// Of the larger and the smaller.
    pub fn minus(self, smaller: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(smaller.low);
        let high = self.high.wrapping_sub(smaller.high).wrapping_sub(u128::from(borrow));
        Self { high, low }
    }

    fn bit(self, at: u32) -> u128 {
        let word = if at >= 128 { self.high >> (at - 128) } else { self.low >> at };
        word & 1
    }

    /// Quotient and remainder, bit by bit: this is the slow way, and rare. Not by zero.
    pub fn divide(self, by: Self) -> (Self, Self) {
        let zero = Self::from(0);
        let (mut quotient, mut rest) = (zero, zero);
        for at in (0..256).rev() {
            // The remainder is below 2^255 here, as `by` is below 10^76.
            rest =
                Self { high: rest.high << 1 | rest.low >> 127, low: rest.low << 1 | self.bit(at) };
            if rest >= by {
                rest = rest.minus(by);
                match at {
                    128.. => quotient.high |= 1 << (at - 128),
                    _ => quotient.low |= 1 << at,
                }
            }
        }
        (quotient, rest)
    }

    /// The quotient, half up.
    pub fn divide_rounded(self, by: Self) -> Self {
        let (quotient, rest) = self.divide(by);
        match rest >= by.minus(rest) {
            true => quotient.checked_add(Self::from(1)).unwrap_or(quotient),
            false => quotient,
        }
    }

    pub fn narrow(self) -> Option<u128> {
        (self.high == 0).then_some(self.low)
    }
}
