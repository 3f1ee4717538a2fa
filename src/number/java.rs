//! The digits of a double as Java up to 18 finds them (jdk.internal.math.FloatingDecimal), which is
//! what Flink shows: more than the shortest ones for powers of two, for whole numbers beyond 2^53, and
//! for some up to 10^28.

use std::cmp::Ordering;

use num_bigint::BigUint;

/// Bits of a double behind the first one.
const FRACTION: i32 = 52;
/// Values up to 2^63 are taken for whole numbers.
const WHOLE_MAX: i32 = 62;

/// A number's digits, without zeros at the end, and where its point is: 0.DIGITS × 10^point.
pub struct Digits {
    pub digits: Vec<u8>,
    pub point: i32,
}

/// `fraction` × 2^(`exponent` - 52) with bit 52 set, of which `significant` bits count: 53 for a
/// double, 24 for a float, fewer for a subnormal one.
pub fn digits(fraction: u64, exponent: i32, significant: i32) -> Digits {
    let zeros = fraction.trailing_zeros() as i32;
    let bits = FRACTION + 1 - zeros;
    let behind_point = (bits - exponent - 1).max(0);
    if behind_point == 0 && exponent <= WHOLE_MAX {
        return whole(fraction, exponent, significant);
    }
    convert(fraction >> zeros, (bits, behind_point, exponent), significant)
}

/// All digits of a whole number but those that its precision does not reach.
fn whole(fraction: u64, exponent: i32, significant: i32) -> Digits {
    let value = match exponent >= FRACTION {
        true => fraction << (exponent - FRACTION),
        false => fraction >> (FRACTION - exponent),
    };
    let unknown = match exponent - significant - 1 {
        bits @ 2.. => (f64::from(bits) * std::f64::consts::LOG10_2) as u32,
        _ => 0,
    };
    let unit = 10_u64.pow(unknown);
    let rounded = value / unit + u64::from(unknown > 0 && value % unit >= unit / 2);
    let text = rounded.to_string();
    let point = text.len() as i32 + unknown as i32;
    Digits { digits: text.trim_end_matches('0').bytes().collect(), point }
}

/// How the digits are computed, by Steele and White: a number is `value` / `scale`, and half the way
/// to the next one `step` / `scale`.
trait Arithmetic {
    /// The next digit, and whether the digits so far do: cut, or rounded up.
    fn next(&mut self) -> (u8, bool, bool);

    /// What is left, compared with half a digit.
    fn half(&self) -> Ordering;
}

/// In machine words, as Java does where value and scale fit: a sum that overflows is part of the
/// result.
struct Words {
    value: i64,
    scale: i64,
    step: i64,
    /// 32 bits, not 64.
    is_int: bool,
}

impl Words {
    fn wrap(&self, number: i64) -> i64 {
        if self.is_int { i64::from(number as i32) } else { number }
    }

    fn tens(&self) -> i64 {
        self.wrap(self.scale.wrapping_mul(10))
    }
}

impl Arithmetic for Words {
    fn next(&mut self) -> (u8, bool, bool) {
        let digit = self.value / self.scale;
        self.value = self.wrap((self.value % self.scale).wrapping_mul(10));
        self.step = self.wrap(self.step.wrapping_mul(10));
        let reach = self.wrap(self.value.wrapping_add(self.step));
        let overflown = self.step <= 0;
        (digit as u8, overflown || self.value < self.step, overflown || reach > self.tens())
    }

    fn half(&self) -> Ordering {
        self.wrap(self.wrap(self.value.wrapping_shl(1)).wrapping_sub(self.tens())).cmp(&0)
    }
}

struct Large {
    value: BigUint,
    scale: BigUint,
    step: BigUint,
}

impl Arithmetic for Large {
    fn next(&mut self) -> (u8, bool, bool) {
        let digit = (&self.value / &self.scale).iter_u32_digits().next().unwrap_or(0);
        self.value = (&self.value % &self.scale) * 10_u32;
        self.step *= 10_u32;
        let high = &self.value + &self.step >= &self.scale * 10_u32;
        (digit as u8, self.value < self.step, high)
    }

    fn half(&self) -> Ordering {
        (&self.value << 1_u32).cmp(&(&self.scale * 10_u32))
    }
}

/// Chooses the arithmetic. `fraction` has no zeros behind its `bits`, of which `behind_point` are
/// behind the point.
fn convert(
    fraction: u64,
    (bits, behind_point, exponent): (i32, i32, i32),
    significant: i32,
) -> Digits {
    let power = estimate(fraction << (FRACTION + 1 - bits), exponent);
    let (value_fives, scale_fives) = ((-power).max(0), power.max(0));
    let (mut value_twos, mut scale_twos) =
        (value_fives + behind_point + exponent, scale_fives + behind_point);
    let mut step_twos = value_twos - significant;
    value_twos -= bits - 1;
    let common = value_twos.min(scale_twos);
    if bits == 1 {
        // The number below a power of two is only half as far away; Java takes that for both.
        step_twos -= 1;
    }
    // Not below zero, any of them.
    let common = common + (step_twos - common).min(0);
    value_twos -= common;
    scale_twos -= common;
    step_twos -= common;
    let value_bits = bits + value_twos + bits_of_five(value_fives);
    let scale_bits = scale_twos + 1 + bits_of_five(scale_fives + 1);
    if value_bits < i64::BITS as i32 && scale_bits < i64::BITS as i32 {
        let five = |power: i32| 5_i64.wrapping_pow(power as u32);
        let words = Words {
            value: (fraction as i64)
                .wrapping_mul(five(value_fives))
                .wrapping_shl(value_twos as u32),
            scale: five(scale_fives).wrapping_shl(scale_twos as u32),
            step: five(value_fives).wrapping_shl(step_twos as u32),
            is_int: value_bits < i32::BITS as i32 && scale_bits < i32::BITS as i32,
        };
        return develop(words, power);
    }
    let five = |power: i32| BigUint::from(5_u32).pow(power as u32);
    let large = Large {
        value: (BigUint::from(fraction) * five(value_fives)) << value_twos,
        scale: five(scale_fives) << scale_twos,
        step: five(value_fives) << step_twos,
    };
    develop(large, power)
}

fn develop(mut numbers: impl Arithmetic, mut power: i32) -> Digits {
    let mut found = Vec::new();
    let (digit, mut low, mut high) = numbers.next();
    if digit == 0 && !high {
        power -= 1;
    } else {
        found.push(digit);
    }
    // A form with an exponent has two digits at least.
    if !(-3..8).contains(&power) {
        (low, high) = (false, false);
    }
    while !low && !high {
        let digit;
        (digit, low, high) = numbers.next();
        found.push(digit);
    }
    let is_odd = found.last().is_some_and(|digit| digit % 2 == 1);
    let half = numbers.half();
    let up = high && (!low || half.is_gt() || (half.is_eq() && is_odd));
    let mut point = power + 1;
    if up && round_up(&mut found) {
        point += 1;
    }
    while found.len() > 1 && found.last() == Some(&0) {
        found.pop();
    }
    Digits { digits: found.into_iter().map(|digit| b'0' + digit).collect(), point }
}

/// Adds one to the last digit; true where that made a digit more in front.
fn round_up(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    if let Some(first) = digits.first_mut() {
        *first = 1;
    }
    true
}

/// Java's guess at the power of ten: right, or one too high.
#[expect(clippy::approx_constant, reason = "the digits that Java has, not the nearest")]
fn estimate(fraction: u64, exponent: i32) -> i32 {
    let mantissa = f64::from_bits((1023 << FRACTION) | (fraction & ((1 << FRACTION) - 1)));
    let log = (mantissa - 1.5) * 0.289_529_654
        + 0.176_091_259
        + f64::from(exponent) * 0.301_029_995_663_981;
    log.floor() as i32
}

/// Bits of 5^`power`, as Java has them in a table up to 26, and guesses them beyond.
fn bits_of_five(power: i32) -> i32 {
    match power {
        0 => 0,
        1..=26 => (5_u64.pow(power as u32).ilog2() + 1) as i32,
        _ => power * 3,
    }
}
