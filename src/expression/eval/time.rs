//! Functions of timestamps and dates; instants have been brought to local time before.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::registry::Function;
use super::cast::{from_local, to_local};
use super::frame::Frame;
use crate::record::{Column, ColumnRef, DataType, Value};
use crate::time::{self, Pattern, Unit};

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    match function {
        Function::Now | Function::ProcTime => {
            let now = Value::I64(frame.context.now_ms);
            Arc::new(Column::constant(&now, &DataType::BigInt, frame.batch.rows))
        }
        Function::ToTimestamp => to_timestamp(frame),
        Function::ConvertZone => convert_zone(frame),
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
        let parsed = pattern.and_then(|pattern| pattern.parse(text.str(row)));
        Ok(parsed.or_else(|| time::parse_timestamp_java(text.str(row))))
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

/// A local time of one zone as that of another; NULL for a text that is no time.
fn convert_zone(frame: &mut Frame) -> ColumnRef {
    let [text, from, to] = [0, 1, 2].map(|at| frame.args[at].clone());
    let Some(pattern) = Pattern::new("yyyy-MM-dd HH:mm:ss") else {
        return frame.nulls(&DataType::STRING);
    };
    // As in Java, a zone that is not known is UTC.
    let zone = |name: &str| (name.to_owned(), TimeZone::get(name).unwrap_or(TimeZone::UTC));
    let mut zones = [zone("UTC"), zone("UTC")];
    frame.strings(|row, out| {
        for (known, name) in zones.iter_mut().zip([from.str(row), to.str(row)]) {
            if known.0 != name {
                *known = zone(name);
            }
        }
        let Some(local) = pattern.parse(text.str(row)) else { return Ok(None) };
        let instant = from_local(local, &zones[0].1);
        Ok(instant.map(|ms| pattern.format(to_local(ms, &zones[1].1), out)))
    })
}
