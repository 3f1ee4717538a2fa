//! CAST and TRY_CAST.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::{CastMode, text};
use super::binary;
use super::frame::{Arg, Frame, Outcome};
use super::nested::write_cast;
use super::numeric::wrap;
use crate::record::{Column, ColumnRef, DataType};
use crate::time::{self, MS_PER_DAY};
use crate::{decimal, number};

pub fn cast(frame: &mut Frame, from: &DataType, to: &DataType, mode: CastMode) -> ColumnRef {
    let input = frame.args[0].clone();
    if *from == DataType::Null || frame.has_null_constant() {
        return frame.nulls(to);
    }
    match (from, to) {
        (from, to) if from.is_binary() || to.is_binary() => binary::cast(frame, &input, to),
        (from, DataType::Decimal(to)) => super::decimal::cast_to(frame, &input, from, *to, mode),
        (DataType::Decimal(from), to) if !to.is_string() => {
            super::decimal::cast_from(frame, &input, from.scale, to)
        }
        (from, DataType::String { max }) if from.is_string() => match max {
            None => whole(frame, &input, to),
            Some(max) => frame.slices(|text, _| {
                let cut = text.char_indices().nth(*max as usize);
                Some((0, cut.map_or(text.len(), |(at, _)| at)))
            }),
        },
        (from, to) if from.is_nested() && to.is_nested() => {
            super::nested::cast(frame, from, to, mode)
        }
        (from, DataType::String { max }) => to_text(frame, &input, from, *max),
        (from, to) if from.is_string() => from_text(frame, &input, to, mode),
        (DataType::Boolean, to) if to.is_approximate() => {
            frame.f64s(|row| Ok(Some(f64::from(u8::from(input.bool(row))))))
        }
        (DataType::Boolean, to) if to.is_integer() => {
            frame.i64s(|row| Ok(Some(i64::from(input.bool(row)))))
        }
        (from, to) if from.is_numeric() => from_number(frame, &input, from, to),
        (from, to) => temporal(frame, &input, from, to),
    }
}

/// The column as it is; a constant is spread over the batch.
fn whole(frame: &Frame, input: &Arg, to: &DataType) -> ColumnRef {
    if !input.constant {
        return input.column.clone();
    }
    Arc::new(Column::constant(&input.column.value(0), to, frame.batch.rows))
}

fn to_text(frame: &mut Frame, input: &Arg, from: &DataType, max: Option<u32>) -> ColumnRef {
    let zone = frame.context.zone.clone();
    frame.strings(|row, out| {
        let start = out.len();
        let row = input.index(row);
        match from {
            DataType::Boolean => {
                out.push_str(if input.bool(row) { "TRUE" } else { "FALSE" });
            }
            DataType::Time => time::write_time(input.i64(row), out),
            DataType::Timestamp { precision } => {
                time::write_timestamp_digits(input.i64(row), *precision, out);
            }
            DataType::TimestampLtz { precision } => {
                time::write_timestamp_digits(to_local(input.i64(row), &zone), *precision, out);
            }
            DataType::IntervalDayTime => time::write_interval(input.i64(row), out),
            DataType::IntervalYearMonth => {
                let months = input.i64(row);
                out.push(if months < 0 { '-' } else { '+' });
                number::write_i64(months.abs() / 12, out);
                out.push('-');
                time::write_padded(months.abs() % 12, 2, out);
            }
            DataType::Decimal(of) => decimal::write(input.i128(row), of.scale, out),
            of if of.is_nested() => write_cast(&input.column.value(row), of, out),
            _ => text::write_text(&input.column, row, from, &zone, out),
        }
        if let Some(max) = max
            && let Some((at, _)) = out[start..].char_indices().nth(max as usize)
        {
            out.truncate(start + at);
        }
        Ok(Some(()))
    })
}

/// A value that was parsed, or what its absence means in this mode.
pub fn parsed<T>(value: Option<T>, text: &str, to: &DataType, mode: CastMode) -> Outcome<T> {
    match (value, mode) {
        (None, CastMode::Strict) => Err(match to {
            DataType::Boolean => format!("Cannot parse '{text}' as BOOLEAN."),
            to if to.is_numeric() => {
                format!("For input string: '{text}'. Invalid character found.")
            }
            to => format!("java.time.DateTimeException: cannot read '{text}' as {to}"),
        }),
        (value, _) => Ok(value),
    }
}

fn from_text(frame: &mut Frame, input: &Arg, to: &DataType, mode: CastMode) -> ColumnRef {
    let zone = frame.context.zone.clone();
    match to {
        DataType::Boolean => frame.bools(|row| {
            let text = input.str(row);
            parsed(parse_bool(text), text, to, mode)
        }),
        DataType::Float | DataType::Double => frame.f64s(|row| {
            let text = input.str(row);
            let value = match to {
                DataType::Float => number::parse_java::<f32>(text).map(f64::from),
                _ => number::parse_java(text),
            };
            parsed(value, text, to, mode)
        }),
        _ => frame.i64s(|row| {
            let text = input.str(row);
            let value = match to {
                DataType::Date => time::parse_date(text),
                DataType::Time => time::parse_time(text),
                DataType::Timestamp { precision } => {
                    time::parse_timestamp_sql(text).map(|ms| cut(ms, *precision))
                }
                DataType::TimestampLtz { precision } => {
                    let local = time::parse_timestamp_sql(text);
                    local.and_then(|ms| from_local(cut(ms, *precision), &zone))
                }
                _ => number::parse_i64_flink(text).filter(|value| wrap(*value, to) == *value),
            };
            parsed(value, text, to, mode)
        }),
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    let is = |known: &[&str]| known.iter().any(|known| text.eq_ignore_ascii_case(known));
    if is(&["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else {
        is(&["false", "f", "no", "n", "0"]).then_some(false)
    }
}

fn from_number(frame: &mut Frame, input: &Arg, from: &DataType, to: &DataType) -> ColumnRef {
    let approximate = from.is_approximate();
    match to {
        DataType::Boolean if approximate => frame.bools(|row| Ok(Some(input.f64(row) != 0.0))),
        DataType::Boolean => frame.bools(|row| Ok(Some(input.i64(row) != 0))),
        DataType::Double if approximate => whole(frame, input, to),
        DataType::Double => frame.f64s(|row| Ok(Some(input.i64(row) as f64))),
        DataType::Float if approximate => {
            frame.f64s(|row| Ok(Some(f64::from(input.f64(row) as f32))))
        }
        DataType::Float => frame.f64s(|row| Ok(Some(f64::from(input.i64(row) as f32)))),
        // Java saturates at the type's ends for int and long, and cuts an int for less.
        DataType::BigInt if approximate => frame.i64s(|row| Ok(Some(input.f64(row) as i64))),
        to if approximate => frame.i64s(|row| Ok(Some(wrap(i64::from(input.f64(row) as i32), to)))),
        DataType::BigInt => whole(frame, input, to),
        to => frame.i64s(|row| Ok(Some(wrap(input.i64(row), to)))),
    }
}

/// Drops the digits of a second that a precision below 3 does not have.
fn cut(ms: i64, precision: u8) -> i64 {
    let step = 10i64.pow(3 - u32::from(precision.min(3)));
    ms - ms.rem_euclid(step)
}

fn temporal(frame: &mut Frame, input: &Arg, from: &DataType, to: &DataType) -> ColumnRef {
    use DataType::{Date, Time, Timestamp, TimestampLtz};
    let zone = frame.context.zone.clone();
    let local = |row: usize| {
        let value = input.i64(row);
        match from {
            Date => value.saturating_mul(MS_PER_DAY),
            TimestampLtz { .. } => to_local(value, &zone),
            _ => value,
        }
    };
    match (from, to) {
        (TimestampLtz { precision: a }, TimestampLtz { precision: b })
        | (Timestamp { precision: a }, Timestamp { precision: b })
            if b >= a || *b >= 3 =>
        {
            whole(frame, input, to)
        }
        (TimestampLtz { .. }, TimestampLtz { precision }) => {
            frame.i64s(|row| Ok(Some(cut(input.i64(row), *precision))))
        }
        (_, Date) => frame.i64s(|row| Ok(Some(local(row).div_euclid(MS_PER_DAY)))),
        // A TIME has no fraction unless it says so, and Flink's casts give none.
        (_, Time) => frame.i64s(|row| Ok(Some(cut(local(row).rem_euclid(MS_PER_DAY), 0)))),
        (_, Timestamp { precision }) => frame.i64s(|row| Ok(Some(cut(local(row), *precision)))),
        (_, TimestampLtz { precision }) => {
            frame.i64s(|row| Ok(from_local(cut(local(row), *precision), &zone)))
        }
        _ => whole(frame, input, to),
    }
}

/// The local time of an instant.
#[inline]
pub fn to_local(ms: i64, zone: &TimeZone) -> i64 {
    if *zone == TimeZone::UTC {
        return ms;
    }
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(instant) => ms + i64::from(zone.to_offset(instant).seconds()) * 1_000,
        Err(_) => ms,
    }
}

/// The instant of a local time: in a gap the time moves on by its length, of two the first is
/// meant, as in Java.
#[inline]
pub fn from_local(ms: i64, zone: &TimeZone) -> Option<i64> {
    if *zone == TimeZone::UTC {
        return Some(ms);
    }
    let local = jiff::Timestamp::from_millisecond(ms).ok()?;
    let civil = TimeZone::UTC.to_datetime(local);
    let instant = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(instant.as_millisecond())
}
