//! Arithmetic and mathematics.

use std::sync::Arc;

use super::super::registry::Function;
use super::frame::Frame;
use crate::record::{Column, ColumnData, ColumnRef, DataType, Value};

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
                Function::Round => round(value, digits(row), f64::round),
                _ => round(value, digits(row), f64::trunc),
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
            (Function::Atan2, Some(x)) => value.atan2(x),
            (Function::Log, Some(of)) => of.ln() / value.ln(),
            (Function::Sqrt, _) => value.sqrt(),
            (Function::Log10, _) => value.log10(),
            (Function::Log2, _) => value.log2(),
            (Function::Exp, _) => value.exp(),
            (Function::Sin, _) => value.sin(),
            (Function::Cos, _) => value.cos(),
            (Function::Tan, _) => value.tan(),
            (Function::Asin, _) => value.asin(),
            (Function::Acos, _) => value.acos(),
            (Function::Atan, _) => value.atan(),
            (Function::Degrees, _) => value.to_degrees(),
            (Function::Radians, _) => value.to_radians(),
            _ => value.ln(),
        }))
    })
}
