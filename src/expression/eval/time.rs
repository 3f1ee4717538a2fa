//! Functions of timestamps and dates; instants have been brought to local time before.

use std::sync::Arc;

use super::super::registry::Function;
use super::frame::Frame;
use crate::record::{Column, ColumnRef, DataType, Value};
use crate::time::{self, Pattern, Unit};

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    match function {
        Function::Now => {
            let now = Value::I64(frame.context.now_ms);
            Arc::new(Column::constant(&now, &DataType::BigInt, frame.batch.rows))
        }
        Function::ToTimestamp => to_timestamp(frame),
        Function::DateFormat => date_format(frame),
        Function::Extract => {
            let (unit, value) = (unit(frame, 0), frame.args[1].clone());
            frame.i64s(|row| Ok(unit.map(|unit| time::extract(unit, value.i64(row)))))
        }
        Function::FloorTime => {
            let (unit, value) = (unit(frame, 1), frame.args[0].clone());
            frame.i64s(|row| Ok(unit.and_then(|unit| time::floor(unit, value.i64(row)))))
        }
        Function::CeilTime => {
            let (unit, value) = (unit(frame, 1), frame.args[0].clone());
            frame.i64s(|row| Ok(unit.and_then(|unit| time::ceil(unit, value.i64(row)))))
        }
        _ => {
            let (a, b) = (frame.args[0].clone(), frame.args[1].clone());
            let combine = match function {
                Function::AddMonths => time::add_months,
                Function::AddMonthsToDate => time::add_months_to_date,
                _ => time::months_between,
            };
            frame.i64s(|row| Ok(Some(combine(a.i64(row), b.i64(row)))))
        }
    }
}

/// The unit that the registry has checked to be a literal.
fn unit(frame: &Frame, arg: usize) -> Option<Unit> {
    Unit::parse(frame.args[arg].str(0))
}

/// The pattern of a row, compiled again only when its text changes.
struct Compiled {
    text: String,
    pattern: Option<Pattern>,
}

impl Compiled {
    fn new() -> Self {
        Self { text: String::new(), pattern: Pattern::new("") }
    }

    fn get(&mut self, text: &str) -> Option<&Pattern> {
        if self.text != text {
            self.text = text.into();
            self.pattern = Pattern::new(text);
        }
        self.pattern.as_ref()
    }
}

fn to_timestamp(frame: &mut Frame) -> ColumnRef {
    let text = frame.args[0].clone();
    let Some(pattern) = frame.args.get(1).cloned() else {
        return frame.i64s(|row| Ok(time::parse_timestamp_sql(text.str(row))));
    };
    let mut compiled = Compiled::new();
    frame.i64s(|row| {
        let pattern = compiled.get(pattern.str(row));
        Ok(pattern.and_then(|pattern| pattern.parse(text.str(row))))
    })
}

fn date_format(frame: &mut Frame) -> ColumnRef {
    let (value, pattern) = (frame.args[0].clone(), frame.args[1].clone());
    let mut compiled = Compiled::new();
    frame.strings(|row, out| {
        let pattern = compiled.get(pattern.str(row));
        Ok(pattern.map(|pattern| pattern.format(value.i64(row), out)))
    })
}
