//! Decimals as text and back, and from and to doubles.

use super::compute::rescale;
use super::{DecimalType, PRECISION_MAX, fits, power};

/// Digits that a decimal of 128 bits has at most, its sign aside.
const DIGITS: usize = 39;

/// The text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The digits of a text: a value and how it is shifted.
struct Digits {
    /// The first 38 that count.
    value: u128,
    /// How many count, leading zeros left out.
    count: i64,
    /// The digit behind the first 38 that count.
    next: u8,
    /// Behind the point.
    fraction: i64,
    any: bool,
    /// Where they end.
    end: usize,
}

fn digits(text: &[u8]) -> Digits {
    let mut found = Digits { value: 0, count: 0, next: 0, fraction: 0, any: false, end: 0 };
    let mut point = false;
    for &byte in text {
        match byte {
            b'0'..=b'9' => {
                let digit = byte - b'0';
                found.any = true;
                found.fraction += i64::from(point);
                match found.count {
                    0 if digit == 0 => {}
                    0..38 => found.value = found.value * 10 + u128::from(digit),
                    38 => found.next = digit,
                    _ => {}
                }
                found.count += i64::from(found.count > 0 || digit > 0);
            }
            b'.' if !point => point = true,
            _ => break,
        }
        found.end += 1;
    }
    found
}

/// What stands behind the digits: nothing, or `e` and a number.
fn exponent(text: &[u8]) -> Result<i64, Malformed> {
    let Some((b'e' | b'E', rest)) = text.split_first() else {
        return if text.is_empty() { Ok(0) } else { Err(Malformed) };
    };
    let (negative, digits) = match rest.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, rest),
    };
    if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Ok(if negative { -value } else { value })
}

/// Text by the grammar of Java's BigDecimal, without blanks; `None`: too many digits for the type.
pub fn parse(text: &[u8], to: DecimalType) -> Result<Option<i128>, Malformed> {
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let found = digits(text);
    if !found.any {
        return Err(Malformed);
    }
    let exponent = exponent(&text[found.end..])?;
    let magnitude = shifted(&found, exponent - found.fraction + i64::from(to.scale));
    let magnitude = magnitude.filter(|&magnitude| fits(magnitude, to.precision));
    Ok(magnitude.map(|magnitude| if negative { -magnitude } else { magnitude }))
}

/// The digits × 10^`shift`, half up.
fn shifted(digits: &Digits, shift: i64) -> Option<i128> {
    let held = digits.count.min(i64::from(PRECISION_MAX));
    // Digits that are not held are dropped or too many.
    let shift = shift + digits.count - held;
    let value = i128::try_from(digits.value).ok()?;
    if value == 0 {
        return Some(0);
    }
    let width = u8::try_from(shift.unsigned_abs()).unwrap_or(u8::MAX);
    if shift > 0 {
        return (width <= PRECISION_MAX).then(|| value.checked_mul(power(width)))?;
    }
    if shift == 0 {
        return value.checked_add(i128::from(digits.next >= 5));
    }
    match width {
        0..=PRECISION_MAX => rescale(value, width, DecimalType::new(PRECISION_MAX, 0)),
        _ => Some(0),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t')
}

/// Text by Flink's CAST. Where type and text have 18 digits and bytes at most, it reads by itself,
/// and takes one odd character at the end for the end.
pub fn parse_flink(text: &str, to: DecimalType) -> Option<i128> {
    const SHORT: usize = 18;
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|&byte| !is_blank(byte))?;
    let rest = &bytes[start..];
    if bytes.len() > SHORT || usize::from(to.precision) > SHORT {
        let end = rest.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
        return parse(&rest[..end], to).ok()?;
    }
    let (negative, rest) = match rest {
        [b'-', rest @ ..] if !rest.is_empty() => (true, rest),
        [b'+', rest @ ..] if !rest.is_empty() => (false, rest),
        [b'-' | b'+', ..] => return None,
        rest => (false, rest),
    };
    let found = digits(rest);
    let (last, mut tail) = match &rest[found.end..] {
        [b'.', ..] => return None,
        [odd, tail @ ..] => (*odd, tail),
        [] => (0, &[][..]),
    };
    let mut exponent = 0;
    if matches!(last, b'e' | b'E') && !tail.is_empty() {
        (exponent, tail) = short_exponent(tail)?;
    }
    if !tail.iter().all(|&byte| is_blank(byte)) {
        return None;
    }
    // Flink counts leading zeros, too.
    let count = rest[..found.end].iter().filter(|byte| **byte != b'.').count() as i64;
    let shift = exponent - found.fraction + i64::from(to.scale);
    if count + shift > i64::from(to.precision) || shift < -(SHORT as i64) {
        return None;
    }
    shifted(&found, shift).map(|value| if negative { -value } else { value })
}

/// An exponent, and what is behind the character that ends it.
fn short_exponent(text: &[u8]) -> Option<(i64, &[u8])> {
    /// A longer one is out of all ranges anyway.
    const STOP: i64 = 40;
    let (negative, digits) = match text {
        [b'-', rest @ ..] if !rest.is_empty() => (true, rest),
        [b'+', rest @ ..] if !rest.is_empty() => (false, rest),
        [b'-' | b'+', ..] => return None,
        rest => (false, rest),
    };
    let mut value = 0;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    for digit in &digits[..end] {
        if value < STOP {
            value = value * 10 + i64::from(digit - b'0');
        }
    }
    let tail = digits.get(end + 1..).unwrap_or_default();
    Some((if negative { -value } else { value }, tail))
}

/// The digits of a magnitude, right-aligned in `buffer`.
fn write_digits(mut value: u128, buffer: &mut [u8; DIGITS]) -> &[u8] {
    let mut at = DIGITS;
    while value > u128::from(u64::MAX) {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let mut value = value as u64;
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return &buffer[at..];
        }
    }
}

fn push(digits: &[u8], out: &mut String) {
    out.extend(digits.iter().map(|&digit| digit as char));
}

/// Appends all digits: `-0.50`.
pub fn write(value: i128, scale: u8, out: &mut String) {
    let mut buffer = [0; DIGITS];
    let digits = write_digits(value.unsigned_abs(), &mut buffer);
    if value < 0 {
        out.push('-');
    }
    let scale = usize::from(scale);
    if scale == 0 {
        return push(digits, out);
    }
    match digits.len().checked_sub(scale) {
        None | Some(0) => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', scale - digits.len()));
            push(digits, out);
        }
        Some(whole) => {
            push(&digits[..whole], out);
            out.push('.');
            push(&digits[whole..], out);
        }
    }
}

/// Appends as Java's `BigDecimal.toString`: with an exponent for what is small (`1E-20`) or has
/// digits before the point that are not there (a scale below zero).
fn write_scaled(value: i128, scale: i32, out: &mut String) {
    let mut buffer = [0; DIGITS];
    let digits = write_digits(value.unsigned_abs(), &mut buffer);
    let exponent = digits.len() as i64 - 1 - i64::from(scale);
    if let Ok(scale) = u8::try_from(scale)
        && exponent >= -6
    {
        return write(value, scale, out);
    }
    if value < 0 {
        out.push('-');
    }
    push(&digits[..1], out);
    if digits.len() > 1 {
        out.push('.');
        push(&digits[1..], out);
    }
    out.push_str(if exponent < 0 { "E" } else { "E+" });
    crate::number::write_i64(exponent, out);
}

/// Appends as `print` and Flink's JSON functions do, by Java's `BigDecimal.toString`: `1.50`, `1E-20`.
pub fn write_java(value: i128, scale: u8, out: &mut String) {
    write_scaled(value, scale.into(), out);
}

/// Appends a double's text as Flink's JSON functions do, which read it back as a BigDecimal:
/// `1.0E+7` for `1.0E7`. What is no number stays as it is.
pub fn write_number_json(text: &str, out: &mut String) {
    let (negative, bytes) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        bytes => (false, bytes),
    };
    let found = digits(bytes);
    let scale = exponent(&bytes[found.end..]).map(|exponent| found.fraction - exponent);
    match scale.map(i32::try_from) {
        Ok(Ok(scale)) if found.any => {
            let value = found.value as i128;
            write_scaled(if negative { -value } else { value }, scale, out);
        }
        _ => out.push_str(text),
    }
}

/// Appends as Flink's `json` format does: without zeros at the end, `1E+2`.
pub fn write_scientific(value: i128, scale: u8, out: &mut String) {
    if value == 0 {
        return out.push('0');
    }
    let (mut value, mut scale) = (value, i32::from(scale));
    while value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    write_scaled(value, scale, out);
}

/// The nearest double.
pub fn to_f64(value: i128, scale: u8) -> f64 {
    const EXACT: i128 = 1 << 53;
    // Both are exact doubles, so the one operation rounds once.
    if value.abs() <= EXACT && scale <= 22 {
        return value as f64 / power(scale) as f64;
    }
    let mut text = String::new();
    write(value, scale, &mut text);
    text.parse().unwrap_or(f64::NAN)
}

/// The shortest decimal form of a double as a decimal, as Java's `BigDecimal.valueOf`.
pub fn from_f64(value: f64, to: DecimalType) -> Result<Option<i128>, Malformed> {
    if !value.is_finite() {
        return Err(Malformed);
    }
    parse(ryu::Buffer::new().format_finite(value).as_bytes(), to)
}
