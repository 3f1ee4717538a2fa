//! Numbers as text and back, as Java and so Flink does it.

use std::fmt::Write;

/// Appends a double as Java's `Double.toString`: the shortest digits that read back the same,
/// with an exponent from 10^7 on and below 10^-3.
pub fn write_double(value: f64, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(special(value.is_nan(), value < 0.0));
    }
    write_ryu(ryu::Buffer::new().format_finite(value), out);
}

/// Appends a float as Java's `Float.toString`.
pub fn write_float(value: f32, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(special(value.is_nan(), value < 0.0));
    }
    write_ryu(ryu::Buffer::new().format_finite(value), out);
}

fn special(nan: bool, negative: bool) -> &'static str {
    match (nan, negative) {
        (true, _) => "NaN",
        (false, true) => "-Infinity",
        (false, false) => "Infinity",
    }
}

/// Brings ryu's form (`1.5`, `1e16`, `1.234e-7`) into Java's.
fn write_ryu(text: &str, out: &mut String) {
    let text = match text.strip_prefix('-') {
        Some(rest) => {
            out.push('-');
            rest
        }
        None => text,
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = [0u8; 40];
    let mut len = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        digits[len] = byte;
        len += 1;
    }
    let leading = digits[..len].iter().take_while(|digit| **digit == b'0').count();
    let trailing = digits[leading..len].iter().rev().take_while(|digit| **digit == b'0').count();
    let digits = &digits[leading..len - trailing];
    if digits.is_empty() {
        return out.push_str("0.0");
    }
    // The value is 0.DIGITS * 10^point.
    let point = whole.len() as i32 - leading as i32 + exponent.parse::<i32>().unwrap_or(0);
    let push = |out: &mut String, digits: &[u8]| {
        out.extend(digits.iter().map(|&digit| digit as char));
    };
    if !(-2..=7).contains(&point) {
        push(out, &digits[..1]);
        out.push('.');
        push(out, if digits.len() > 1 { &digits[1..] } else { b"0" });
        out.push('E');
        write_i64(i64::from(point) - 1, out);
    } else if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -point as usize));
        push(out, digits);
    } else {
        let point = point as usize;
        push(out, &digits[..point.min(digits.len())]);
        out.extend(std::iter::repeat_n('0', point.saturating_sub(digits.len())));
        out.push('.');
        push(out, if digits.len() > point { &digits[point..] } else { b"0" });
    }
}

/// Appends an integer.
#[inline]
pub fn write_i64(value: i64, out: &mut String) {
    // Writing to a String does not fail.
    let _ = write!(out, "{value}");
}

/// Text as an integer by Flink's CAST: blanks around it, a sign and a fraction (cut) are fine;
/// an exponent, nothing, or what does not fit 64 bits is not.
pub fn parse_i64_flink(text: &str) -> Option<i64> {
    let text = text.trim_matches(' ');
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // Summed up below zero, where the range is one wider.
    let mut value = 0i64;
    for digit in whole.bytes() {
        value = value.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// Text as a double by Java's `Double.parseDouble` as far as Flink's CAST uses it.
pub fn parse_f64_flink(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    match number.as_bytes().first()? {
        b'0'..=b'9' | b'.' => text.trim_end_matches(['d', 'D', 'f', 'F']).parse().ok(),
        _ if number == "NaN" => Some(f64::NAN),
        _ if number == "Infinity" && text.starts_with('-') => Some(f64::NEG_INFINITY),
        _ if number == "Infinity" => Some(f64::INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        let mut out = String::new();
        write_double(value, &mut out);
        out
    }

    #[test]
    fn doubles_as_java() {
        for (value, expected) in [
            (20.0, "20.0"),
            (-0.0, "-0.0"),
            (2147483631.0, "2.147483631E9"),
            (1e7, "1.0E7"),
            (9999999.5, "9999999.5"),
            (0.001, "0.001"),
            (0.0009, "9.0E-4"),
            (0.05, "0.05"),
            (123.456, "123.456"),
            (1e300, "1.0E300"),
            (9007199254740993.0, "9.007199254740992E15"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (100.0, "100.0"),
            (1e16, "1.0E16"),
        ] {
            assert_eq!(double(value), expected);
        }
    }

    #[test]
    fn integers_by_flinks_cast() {
        for (text, expected) in [
            (" 42 ", Some(42)),
            ("+5", Some(5)),
            ("1.5", Some(1)),
            ("-12.9", Some(-12)),
            ("1e3", None),
            ("", None),
            ("abc", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_i64_flink(text), expected, "{text:?}");
        }
    }
}
