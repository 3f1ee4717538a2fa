//! Decimals: arithmetic, rounding, and casts from and to them.

use std::sync::Arc;

use super::super::CastMode;
use super::super::registry::Function;
use super::cast::parsed;
use super::frame::{Arg, Frame, Outcome};
use super::numeric::wrap;
use crate::decimal::{self, DecimalType, Toward};
use crate::record::{Column, ColumnRef, DataType, Value};

/// `scales` are those of the arguments.
pub fn arithmetic(
    function: Function,
    frame: &mut Frame,
    scales: [u8; 2],
    to: DecimalType,
) -> ColumnRef {
    let a = frame.args[0].clone();
    let Some(b) = frame.args.get(1).cloned() else {
        return frame.i128s(|row| Ok(Some(-a.i128(row))));
    };
    let [x, y] = scales;
    match function {
        Function::Add => frame.i128s(|row| Ok(decimal::add(a.i128(row), x, b.i128(row), y, to))),
        Function::Subtract => {
            frame.i128s(|row| Ok(decimal::subtract(a.i128(row), x, b.i128(row), y, to)))
        }
        Function::Multiply => {
            frame.i128s(|row| Ok(decimal::multiply(a.i128(row), x, b.i128(row), y, to)))
        }
        _ => {
            let compute = match function {
                Function::Divide => decimal::divide,
                _ => decimal::remainder,
            };
            frame.i128s(|row| match b.i128(row) {
                0 => Err("Division by zero".into()),
                b => Ok(compute(a.i128(row), x, b, y, to)),
            })
        }
    }
}

/// -1, 0 or 1: of decimals that have no common type.
pub fn order(frame: &mut Frame, [x, y]: [u8; 2]) -> ColumnRef {
    let (a, b) = (frame.args[0].clone(), frame.args[1].clone());
    frame.i64s(|row| Ok(Some(decimal::compare(a.i128(row), x, b.i128(row), y) as i64)))
}

/// ABS, SIGN, FLOOR, CEIL, ROUND and TRUNCATE.
pub fn rounding(function: Function, frame: &mut Frame, from: u8, to: DecimalType) -> ColumnRef {
    let (a, digits) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let digits = |row| digits.as_ref().map_or(0, |digits| digits.i64(row));
    let toward = match function {
        Function::Abs => return frame.i128s(|row| Ok(Some(a.i128(row).abs()))),
        Function::Sign => {
            let one = decimal::power(from);
            return frame.i128s(|row| Ok(Some(a.i128(row).signum() * one)));
        }
        Function::Floor => Toward::Below,
        Function::Ceil => Toward::Above,
        Function::Round => Toward::Nearest,
        _ => Toward::Zero,
    };
    frame.i128s(|row| Ok(decimal::round(a.i128(row), from, digits(row), toward, to)))
}

/// A decimal as Flink's JSON functions write it.
pub fn json(frame: &mut Frame, scale: u8) -> ColumnRef {
    let a = frame.args[0].clone();
    frame.strings(|row, out| {
        decimal::write_java(a.i128(row), scale, out);
        Ok(Some(()))
    })
}

/// What does not fit becomes NULL, but for a text, which is an error then.
pub fn cast_to(
    frame: &mut Frame,
    input: &Arg,
    from: &DataType,
    to: DecimalType,
    mode: CastMode,
) -> ColumnRef {
    match from {
        DataType::Decimal(from) if from.scale == to.scale && from.precision <= to.precision => {
            same(frame, input, DataType::Decimal(to))
        }
        DataType::Decimal(from) => {
            frame.i128s(|row| Ok(decimal::rescale(input.i128(row), from.scale, to)))
        }
        DataType::Boolean => frame.i128s(|row| Ok(decimal::rescale(input.bool(row).into(), 0, to))),
        from if from.is_string() => frame.i128s(|row| {
            let text = input.str(row);
            parsed(decimal::parse_flink(text, to), text, &DataType::Decimal(to), mode)
        }),
        from if from.is_approximate() => frame.i128s(|row| from_f64(input.f64(row), to, mode)),
        _ => frame.i128s(|row| Ok(decimal::rescale(input.i64(row).into(), 0, to))),
    }
}

/// The column itself; a constant is spread over the batch.
fn same(frame: &Frame, input: &Arg, to: DataType) -> ColumnRef {
    match input.constant {
        false => input.column.clone(),
        true => Arc::new(Column::constant(&input.column.value(0), &to, frame.batch.rows)),
    }
}

fn from_f64(value: f64, to: DecimalType, mode: CastMode) -> Outcome<i128> {
    match (decimal::from_f64(value, to), mode) {
        (Ok(found), _) => Ok(found),
        (Err(_), CastMode::Try) => Ok(None),
        (Err(_), CastMode::Strict) => Err(format!("{value} cannot be a {to}")),
    }
}

pub fn cast_from(frame: &mut Frame, input: &Arg, scale: u8, to: &DataType) -> ColumnRef {
    let unit = decimal::power(scale);
    match to {
        DataType::Boolean => frame.bools(|row| Ok(Some(input.i128(row) != 0))),
        DataType::Double => frame.f64s(|row| Ok(Some(decimal::to_f64(input.i128(row), scale)))),
        DataType::Float => frame.f64s(|row| {
            let value = decimal::to_f64(input.i128(row), scale);
            Ok(Some(f64::from(value as f32)))
        }),
        to if to.is_integer() => {
            // Cut, and the lowest bits of what is too large, as Java does.
            frame.i64s(|row| Ok(Some(wrap((input.i128(row) / unit) as i64, to))))
        }
        to => {
            let nulls = Column::constant(&Value::Null, to, frame.batch.rows);
            Arc::new(nulls)
        }
    }
}
