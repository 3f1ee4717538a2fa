//! Functions of timestamps and dates; instants have been brought to local time before.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::registry::Function;
use super::cast::{from_local, to_local};
use super::frame::Frame;
use crate::record::{Column, ColumnData, ColumnRef, DataType, Validity, Value};
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
            let zone = zone_of(frame);
            frame.i64s(|row| Ok(rounded(time::floor, unit, value.i64(row), zone.as_ref())))
        }
        Function::CeilTime => {
            let (unit, value) = (unit(frame, 1), frame.args[0].clone());
            let zone = zone_of(frame);
            frame.i64s(|row| Ok(rounded(time::ceil, unit, value.i64(row), zone.as_ref())))
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

/// What event time had reached before each row; NULL before the first of all.
pub fn current_watermark(frame: &mut Frame) -> ColumnRef {
    let time = &frame.batch.time;
    let values: Vec<i64> = (0..frame.batch.rows).map(|row| time.before_row(row)).collect();
    let mut validity = Validity::all();
    for row in (0..values.len()).filter(|row| values[*row] == i64::MIN) {
        validity.set_null(row, values.len());
    }
    Arc::new(Column::new(ColumnData::I64(values), validity))
}

/// The zone in which an instant is rounded; none where a local time is.
fn zone_of(frame: &Frame) -> Option<TimeZone> {
    frame.args.get(2).map(|_| frame.context.zone.clone())
}

fn rounded(
    round: fn(Unit, i64) -> Option<i64>,
    unit: Option<Unit>,
    ms: i64,
    zone: Option<&TimeZone>,
) -> Option<i64> {
    let offset = zone.map_or(0, |zone| to_local(ms, zone) - ms);
    round(unit?, ms + offset).map(|local| local - offset)
}

/// The unit that the registry has checked to be a literal.
fn unit(frame: &Frame, arg: usize) -> Option<Unit> {
    Unit::parse(frame.args[arg].str(0))
}

/// `GMT+02:00`, `GMT-8`: a fixed offset.
fn offset_zone(name: &str) -> Option<TimeZone> {
    let rest = name.strip_prefix("GMT")?;
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = rest.get(1..)?.split_once(':').unwrap_or((rest.get(1..)?, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset = jiff::tz::Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()?;
    Some(offset.to_time_zone())
}

/// As [`from_local`], but of two instants the second is meant, as by Java's older calendar.
fn from_local_late(ms: i64, zone: &TimeZone) -> Option<i64> {
    let local = jiff::Timestamp::from_millisecond(ms).ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(local));
    match matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Fold { .. }) {
        true => ambiguous.later().ok().map(|instant| instant.as_millisecond()),
        false => from_local(ms, zone),
    }
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
    let (mut compiled, loosely) = (Compiled::new(), frame.args.len() > 2);
    frame.i64s(|row| {
        let Some(pattern) = compiled.get(pattern.str(row)) else { return Ok(None) };
        let text = text.str(row);
        Ok(match loosely {
            true => pattern.parse_loosely(text),
            false => pattern.parse(text).or_else(|| time::parse_timestamp_java(text)),
        })
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
    // Of the two instants of a local time at the end of summer.
    let first = frame.args.len() > 3;
    let Some(pattern) = Pattern::new("yyyy-MM-dd HH:mm:ss") else {
        return frame.nulls(&DataType::STRING);
    };
    // As in Java, a zone that is not known is UTC.
    let zone = |name: &str| {
        let found = TimeZone::get(name).ok().or_else(|| offset_zone(name));
        (name.to_owned(), found.unwrap_or(TimeZone::UTC))
    };
    let mut zones = [zone("UTC"), zone("UTC")];
    frame.strings(|row, out| {
        for (known, name) in zones.iter_mut().zip([from.str(row), to.str(row)]) {
            if known.0 != name {
                *known = zone(name);
            }
        }
        // What follows the seconds does not matter, as in Java.
        let Some((local, _)) = pattern.parse_start(text.str(row)) else { return Ok(None) };
        let instant = match first {
            true => from_local(local, &zones[0].1),
            false => from_local_late(local, &zones[0].1),
        };
        Ok(instant.map(|ms| pattern.format(to_local(ms, &zones[1].1), out)))
    })
}
