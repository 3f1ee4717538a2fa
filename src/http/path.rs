//! Paths: percent-decoding, key parts as values, minutes in all their spellings, cursors.

use jiff::civil;
use openssl::base64::decode_block;

use super::answer::Fault;
use crate::decimal;
use crate::record::{DataType, Value};
use crate::shard::query::Cursor;
use crate::sink::redis::text::floor_to_minute;

/// Decodes `%XX`; the result must be UTF-8.
pub fn decode(text: &str) -> Result<String, Fault> {
    let fault = || Fault::bad("the URL is not valid: % needs two hexadecimal digits, UTF-8 inside");
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2).ok_or_else(fault)?;
        bytes.push(unhex(digits).ok_or_else(fault)?);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| fault())
}

fn unhex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    Some((digit(digits[0])? * 16 + digit(digits[1])?) as u8)
}

/// A key part as the column's value. With `whole_minutes` a timestamp means its minute.
pub fn key_value(
    text: &str,
    name: &str,
    data_type: &DataType,
    whole_minutes: bool,
) -> Result<Value, Fault> {
    let fault = |what: &str| Fault::bad(format!("{name}: '{text}' is not {what}"));
    let value = match data_type {
        DataType::String { .. } => Some(Value::Str(text.into())),
        DataType::Boolean => text.parse().ok().map(Value::Bool),
        DataType::Decimal(of) => {
            decimal::parse(text.as_bytes(), *of).ok().flatten().map(Value::decimal)
        }
        data_type if data_type.is_binary() => {
            decode_block(text).ok().map(|bytes| Value::Bytes(bytes.into()))
        }
        DataType::Float | DataType::Double => text.parse().ok().map(Value::F64),
        DataType::Date => text.parse::<civil::Date>().ok().and_then(|date| {
            let days = date.since(civil::date(1970, 1, 1)).ok()?;
            Some(Value::I64(i64::from(days.get_days())))
        }),
        data_type if data_type.is_timestamp() => {
            let time = timestamp(text).ok_or_else(|| {
                fault(
                    "a time: write 2023-10-01T12:34, with seconds, Z or an offset if you like, or \
                     seconds since the epoch",
                )
            })?;
            Some(Value::I64(if whole_minutes { floor_to_minute(time) } else { time }))
        }
        data_type if data_type.is_nested() => None,
        _ => text.parse().ok().map(Value::I64),
    };
    value.ok_or_else(|| fault(&format!("a {data_type}")))
}

/// `yyyy-MM-ddTHH:mm[:ss[.fraction]][Z|±HH:mm]`, UTC where it doesn't say, or seconds since the
/// epoch; as ms.
pub fn timestamp(text: &str) -> Option<i64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let instant = jiff::Timestamp::from_second(text.parse().ok()?).ok()?;
        return Some(instant.as_millisecond());
    }
    let (date, time) = text.split_once('T')?;
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, offset) = time.split_at(at);
    let offset_minutes = match offset.split_at_checked(1) {
        None => 0,
        Some(("Z", "")) => 0,
        Some((sign @ ("+" | "-"), rest)) => {
            let (hours, minutes) = rest.split_once(':')?;
            let total = digits(hours, 2, 18)? * 60 + digits(minutes, 2, 59)?;
            if sign == "-" { -total } else { total }
        }
        Some(_) => return None,
    };
    let mut dates = date.split('-');
    let (year, month, day) = (dates.next()?, dates.next()?, dates.next()?);
    let (year, month, day) = (digits(year, 4, 9999)?, digits(month, 2, 12)?, digits(day, 2, 31)?);
    let mut times = time.split(':');
    let (hour, minute) = (digits(times.next()?, 2, 23)?, digits(times.next()?, 2, 59)?);
    let (seconds, millis) = match times.next() {
        None => (0, 0),
        Some(text) => seconds(text)?,
    };
    if dates.next().is_some() || times.next().is_some() {
        return None;
    }
    let date = civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    let midnight = jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    let in_day = ((hour * 60 + minute - offset_minutes) * 60 + seconds) * 1_000 + millis;
    Some(midnight.as_millisecond() + in_day)
}

fn seconds(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = digits(whole, 2, 59)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}")[..3].parse().ok()?;
    Some((whole, millis))
}

/// A number of exactly so many digits.
fn digits(text: &str, len: usize, most: i64) -> Option<i64> {
    if text.len() != len || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&value| value <= most)
}

/// A cursor as clients carry it.
pub fn cursor_text(cursor: &Cursor) -> String {
    let group = cursor.key_group.to_be_bytes();
    group.iter().chain(&cursor.after).map(|byte| format!("{byte:02x}")).collect()
}

pub fn cursor(text: &str) -> Result<Cursor, Fault> {
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| if pair.len() == 2 { unhex(pair) } else { None })
        .collect();
    match bytes.as_deref() {
        Some([high, low, after @ ..]) => {
            Ok(Cursor { key_group: u16::from_be_bytes([*high, *low]), after: after.to_vec() })
        }
        _ => Err(Fault::bad("after must be a cursor as an earlier page gave it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_time() {
        const MINUTE: i64 = 1_696_163_640_000;
        for text in [
            "2023-10-01T12:34",
            "2023-10-01T12:34Z",
            "2023-10-01T12:34:00",
            "2023-10-01T12:34:00.000Z",
            "2023-10-01T20:34+08:00",
            "2023-10-01T07:04:00-05:30",
            "1696163640",
        ] {
            assert_eq!(timestamp(text), Some(MINUTE), "{text}");
        }
        assert_eq!(timestamp("2023-10-01T12:34:56.7899"), Some(MINUTE + 56_789));
        for text in [
            "",
            "2023-10-01",
            "2023-10-01 12:34",
            "2023-13-01T12:34",
            "2023-02-30T12:34",
            "2023-10-01T24:00",
            "2023-10-01T12:34:",
            "2023-10-01T12:34ZZ",
            "2023-10-01T12:34:60",
            "2023-10-01T12:34+8",
            "-5",
            "1.5",
            "99999999999999",
            "now",
            "2023-10-01T1é:34",
            "2023-10-01T12:34:00:00",
            "2023-10-01-01T12:34",
            "+2023-10-01T12:34",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn cursors_come_back() {
        let there = Cursor { key_group: 300, after: vec![0, 255, 7] };
        assert_eq!(cursor(&cursor_text(&there)).unwrap(), there);
        assert!(["", "0", "00", "000", "zz00", "é00"].iter().all(|text| cursor(text).is_err()));
        assert!(["%", "%1", "%zz", "%ff"].iter().all(|text| decode(text).is_err()));
        assert_eq!(decode("a%2Fb+%E7%94%A8").unwrap(), "a/b+用");
    }
}
