//! Arithmetic and mathematics.

use std::sync::Arc;

use super::super::registry::Function;
use super::frame::Frame;
use crate::record::{Column, ColumnData, ColumnRef, DataType, Value};
use crate::time;

/// An integer cut to the width of its type, as Java's arithmetic wraps.
#[inline]
pub fn wrap(value: i64, data_type: &DataType) -> i64 {
    match data_type {
        DataType::TinyInt => i64::from(value as i8),
        DataType::SmallInt => i64::from(value as i16),
        DataType::Int => i64::from(value as i32),
        _ => value,
    }
}

pub fn arithmetic(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    if to.is_approximate() {
        return approximate(function, frame, to);
    }
    let (a, b) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let Some(b) = b else {
        return frame.i64s(|row| Ok(Some(wrap(a.i64(row).wrapping_neg(), to))));
    };
    if function == Function::ToInstant {
        let scale = b.i64(0);
        if let ColumnData::F64(values) = &a.column.data {
            return frame.i64s(|row| {
                // Flink counts nanoseconds, of which there may be too many.
                let ms = values[a.index(row)] * scale as f64;
                let known = time::INSTANTS.contains(&(ms as i64));
                Ok(known.then(|| ((ms * 1e6) as i64).div_euclid(1_000_000)))
            });
        }
        return frame.i64s(|row| {
            let ms = a.i64(row).checked_mul(scale);
            Ok(ms.filter(|ms| time::INSTANTS.contains(ms)))
        });
    }
    let (left, right) = (a.column.as_i64s(), b.column.as_i64s());
    let mut values = match function {
        Function::Add => frame.zip(left, right, i64::wrapping_add),
        Function::Subtract => frame.zip(left, right, i64::wrapping_sub),
        Function::Multiply => frame.zip(left, right, i64::wrapping_mul),
        _ => {
            return frame.i64s(|row| {
                let (a, b) = (a.i64(row), b.i64(row));
                let value = match (function, b) {
                    (_, 0) => return Err("/ by zero".into()),
                    (Function::Divide, b) => a.wrapping_div(b),
                    (Function::FloorDivide, b) => a.wrapping_div_euclid(b),
                    (_, b) => a.wrapping_rem(b),
                };
                Ok(Some(wrap(value, to)))
            });
        }
    };
    if matches!(to, DataType::TinyInt | DataType::SmallInt | DataType::Int) {
        values.iter_mut().for_each(|value| *value = wrap(*value, to));
    }
    Arc::new(Column::new(ColumnData::I64(values), frame.validity()))
}

fn approximate(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    let (a, b) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let mut values = match b {
        None => a.column.as_f64s().iter().map(|value| -value).collect(),
        Some(b) => {
            let (a, b) = (a.column.as_f64s(), b.column.as_f64s());
            match function {
                Function::Add => frame.zip(a, b, |a, b| a + b),
                Function::Subtract => frame.zip(a, b, |a, b| a - b),
                Function::Multiply => frame.zip(a, b, |a, b| a * b),
                Function::Divide => frame.zip(a, b, |a, b| a / b),
                _ => frame.zip(a, b, |a, b| a % b),
            }
        }
    };
    // A negated constant that could not be folded.
    values.resize(frame.batch.rows, values.first().copied().unwrap_or_default());
    if *to == DataType::Float {
        values.iter_mut().for_each(|value| *value = f64::from(*value as f32));
    }
    Arc::new(Column::new(ColumnData::F64(values), frame.validity()))
}

/// Functions that keep the type of their first argument.
pub fn same_type(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    let (a, digits) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let digits = |row| digits.as_ref().map_or(0, |digits| digits.i64(row));
    if to.is_approximate() {
        return frame.f64s(|row| {
            let value = a.f64(row);
            Ok(Some(match function {
                Function::Abs => value.abs(),
                Function::Floor => value.floor(),
                Function::Ceil => value.ceil(),
                Function::Sign if value == 0.0 || value.is_nan() => value,
                Function::Sign => value.signum(),
                // BigDecimal, by which Flink goes, has no negative zero.
                Function::Round => round(value, digits(row), f64::round) + 0.0,
                _ => round(value, digits(row), f64::trunc) + 0.0,
            }))
        });
    }
    frame.i64s(|row| {
        let value = a.i64(row);
        let value = match function {
            Function::Abs => value.wrapping_abs(),
            Function::Sign => value.signum(),
            Function::Round => round_integer(value, digits(row), true),
            Function::Truncate => round_integer(value, digits(row), false),
            _ => value,
        };
        Ok(Some(wrap(value, to)))
    })
}

/// Rounds the shortest decimal form, as Flink does by way of BigDecimal: scaling a double up
/// would make 1.005 round to 1.00.
fn round(value: f64, digits: i64, whole: fn(f64) -> f64) -> f64 {
    if !value.is_finite() || digits > 300 {
        return value;
    }
    if digits <= 0 {
        let scale = 10f64.powi(-digits.max(-300) as i32);
        return whole(value / scale) * scale;
    }
    let shift = |text: &str, by: i64| -> f64 {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent = exponent.parse::<i64>().unwrap_or(0) + by;
        format!("{mantissa}e{exponent}").parse().unwrap_or(value)
    };
    let shifted = whole(shift(ryu::Buffer::new().format_finite(value), digits));
    if shifted.is_finite() {
        shift(ryu::Buffer::new().format_finite(shifted), -digits)
    } else {
        value
    }
}

fn round_integer(value: i64, digits: i64, half_up: bool) -> i64 {
    if digits >= 0 {
        return value;
    }
    let Some(scale) = u32::try_from(-digits).ok().and_then(|digits| 10i64.checked_pow(digits))
    else {
        return 0;
    };
    let rest = value % scale;
    let down = value - rest;
    let up = half_up && rest.unsigned_abs() >= scale as u64 / 2;
    if up { down.wrapping_add(scale * value.signum()) } else { down }
}

pub fn math(function: Function, frame: &mut Frame) -> ColumnRef {
    let constant = match function {
        Function::Pi => Some(std::f64::consts::PI),
        Function::Euler => Some(std::f64::consts::E),
        _ => None,
    };
    if let Some(value) = constant {
        let value = Value::F64(value);
        return Arc::new(Column::constant(&value, &DataType::Double, frame.batch.rows));
    }
    let (a, b) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let second = |row| b.as_ref().map(|b| b.f64(row));
    frame.f64s(|row| {
        let value = a.f64(row);
        Ok(Some(match (function, second(row)) {
            (Function::Power, Some(exponent)) => value.powf(exponent),
            (Function::Atan2, Some(x)) => libm::atan2(value, x),
            (Function::Log, Some(of)) => of.ln() / value.ln(),
            // POWER(x, 0.5) to Flink.
            (Function::Sqrt, _) if value == 0.0 => 0.0,
            (Function::Sqrt, _) if value == f64::NEG_INFINITY => f64::INFINITY,
            (Function::Sqrt, _) => value.sqrt(),
            (Function::Log10, _) => log10(value),
            (Function::Log2, _) => value.ln() / std::f64::consts::LN_2,
            (Function::Exp, _) => value.exp(),
            (Function::Sin, _) => value.sin(),
            (Function::Cos, _) => value.cos(),
            (Function::Tan, _) => value.tan(),
            (Function::Asin, _) => libm::asin(value),
            (Function::Acos, _) => libm::acos(value),
            (Function::Atan, _) => libm::atan(value),
            (Function::Sinh, _) => libm::sinh(value),
            (Function::Cosh, _) => libm::cosh(value),
            (Function::Tanh, _) => value.tanh(),
            (Function::Cot, _) => 1.0 / value.tan(),
            (Function::Degrees, _) => value.to_degrees(),
            (Function::Radians, _) => value.to_radians(),
            _ => value.ln(),
        }))
    })
}

/// The decimal logarithm, rounded correctly as Java's is: the logarithm of the mantissa by the
/// series of the inverse hyperbolic tangent, in pairs of doubles.
fn log10(value: f64) -> f64 {
    if value.is_nan() || value <= 0.0 || value.is_infinite() {
        return value.log10();
    }
    let (mut mantissa, mut exponent) = libm::frexp(value);
    if mantissa < std::f64::consts::FRAC_1_SQRT_2 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    // ln m = 2 (s + s³/3 + s⁵/5 + …) with s = (m - 1) / (m + 1), so that |s| is below 0.172.
    let ratio = Pair::sum(mantissa, -1.0).divided(Pair::sum(mantissa, 1.0));
    let square = ratio.times(ratio);
    // What 2 s²⁵ / 51 leaves out is below a double's last digit, squared.
    let mut series = Pair { high: 0.0, low: 0.0 };
    for step in (0..25).rev() {
        let term = Pair { high: 1.0, low: 0.0 }.divided(Pair::sum(f64::from(2 * step + 1), 0.0));
        series = series.times(square).plus(term);
    }
    let natural = series.times(ratio);
    let natural = Pair { high: 2.0 * natural.high, low: 2.0 * natural.low };
    let power = Pair { high: f64::from(exponent), low: 0.0 }.times(LOG10_OF_2);
    let result = natural.times(LOG10_OF_E).plus(power);
    result.high + result.low
}

const LOG10_OF_2: Pair = Pair { high: std::f64::consts::LOG10_2, low: -2.8037281277851704e-18 };
const LOG10_OF_E: Pair = Pair { high: std::f64::consts::LOG10_E, low: 1.098319650216765e-17 };

/// A number as the sum of two doubles. T. J. Dekker, A floating-point technique for extending the
/// available precision, Numerische Mathematik 18 (1971).
#[derive(Clone, Copy)]
struct Pair {
    high: f64,
    low: f64,
}

impl Pair {
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self { high, low: (a - (high - part)) + (b - part) }
    }

    fn plus(self, other: Self) -> Self {
        let sum = Self::sum(self.high, other.high);
        Self::sum(sum.high, sum.low + self.low + other.low)
    }

    fn times(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        Self::sum(high, low + self.high * other.low + self.low * other.high)
    }

    fn divided(self, by: Self) -> Self {
        let first = self.high / by.high;
        let rest = self.plus(by.times(Self { high: -first, low: 0.0 }));
        let second = rest.high / by.high;
        let rest = rest.plus(by.times(Self { high: -second, low: 0.0 }));
        Self::sum(first, second).plus(Self { high: rest.high / by.high, low: 0.0 })
    }
}
