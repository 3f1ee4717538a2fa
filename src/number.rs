//! Numbers as text and back, as Java and so Flink does it.

mod java;

use std::fmt::Write;
use std::str::FromStr;

/// Appends a double as `Double.toString` of Java 17 does, with an exponent from 10^7 on and below
/// 10^-3.
pub fn write_double(value: f64, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(special(value.is_nan(), value < 0.0));
    }
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    if needs_java(value.abs(), fraction == 0) && exponent > 0 {
        let found = java::digits(fraction | 1 << 52, exponent - 1023, 53);
        return write_digits(value.is_sign_negative(), &found.digits, found.point, out);
    }
    if value.abs() == f64::from_bits(1) {
        // Java writes two digits at least, the nearest ones.
        return out.push_str(if value < 0.0 { "-4.9E-324" } else { "4.9E-324" });
    }
    write_ryu(ryu::Buffer::new().format_finite(value), out);
}

/// Appends a float as `Float.toString` of Java 17 does.
pub fn write_float(value: f32, out: &mut String) {
    if !value.is_finite() {
        return out.push_str(special(value.is_nan(), value < 0.0));
    }
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 23) - 1), (bits >> 23 & 0xff) as i32);
    if exponent > 0 {
        let found = java::digits(u64::from(fraction | 1 << 23) << 29, exponent - 127, 24);
        return write_digits(value.is_sign_negative(), &found.digits, found.point, out);
    }
    write_ryu(ryu::Buffer::new().format_finite(value), out);
}

/// Whether Java may have other digits than the shortest ones.
fn needs_java(value: f64, is_power: bool) -> bool {
    const WHOLE: f64 = (1_u64 << 53) as f64;
    (WHOLE..1e30).contains(&value) || is_power && !(1e-6..WHOLE).contains(&value)
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
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
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
    let point = whole.len() as i32 - leading as i32 + exponent.parse::<i32>().unwrap_or(0);
    write_digits(negative, &digits[leading..len - trailing], point, out);
}

/// Appends 0.DIGITS × 10^point; no digits are a zero.
fn write_digits(negative: bool, digits: &[u8], point: i32, out: &mut String) {
    if negative {
        out.push('-');
    }
    if digits.is_empty() {
        return out.push_str("0.0");
    }
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

/// Text without what Java's `trim` takes away: blanks and control characters, but no blanks beyond
/// ASCII.
pub fn trim_java(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// Text as a double, or a float, by Java's `parseDouble` and `parseFloat`, but for hexadecimal digits.
pub fn parse_java<T: FromStr>(text: &str) -> Option<T> {
    let text = trim_java(text);
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    match number.as_bytes().first()? {
        b'0'..=b'9' | b'.' => text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok(),
        _ if matches!(number, "NaN" | "Infinity") => text.parse().ok(),
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

    #[test]
    fn doubles_by_javas_rules() {
        for (text, expected) in [
            (" 1.5 ", Some(1.5)),
            ("-0", Some(-0.0)),
            (".5e1", Some(5.0)),
            ("5.", Some(5.0)),
            ("1e400", Some(f64::INFINITY)),
            ("1.7d", Some(1.7)),
            ("+2F", Some(2.0)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("+Infinity", Some(f64::INFINITY)),
            ("inf", None),
            ("infinity", None),
            ("nan", None),
            ("1dd", None),
            ("1e", None),
            ("d", None),
            ("", None),
            ("-", None),
        ] {
            let found = parse_java::<f64>(text).map(f64::to_bits);
            assert_eq!(found, expected.map(f64::to_bits), "{text:?}");
        }
        assert!(["NaN", "-NaN", " +NaN"].iter().all(|it| parse_java::<f64>(it).unwrap().is_nan()));
        assert_eq!(parse_java("16777217"), Some(16_777_216_f32));
    }

    /// Digits that Java 17 has printed, and that are not the shortest.
    #[test]
    fn odd_digits_as_java() {
        for (bits, expected) in [
            (0xc37845825c695dd3, "-1.09309210232479024E17"),
            (0x439465d675331711, "3.6745416306575059E17"),
            (0xc374b2c62f378ea7, "-9.3217020794432112E16"),
            (0xc3604202756d00cc, "-3.6609423638529632E16"),
            (0x435844e5492d6b60, "2.7324604027874688E16"),
            (0xc36da58c7e31ab22, "-6.6758377246382352E16"),
            (0x4383c06777ca9b1c, "1.77906405805876096E17"),
            (0xc370e34f1fc425e9, "-7.6056457635847824E16"),
            (0x4362a821ce1c852d, "4.2011301809236328E16"),
            (0xc35db54c23dcd472, "-3.3448451793703368E16"),
            (0xc3600a7804113d5e, "-3.6120881663699696E16"),
            (0x435d79b879e3b7c0, "3.3186430202076928E16"),
            (0x62c0000000000000, "4.7174530310269267E167"),
            (0x52e0000000000000, "1.6296287810675889E91"),
            (0x3680000000000000, "3.5032461608120427E-46"),
            (0x20b0000000000000, "3.0549363634996047E-151"),
            (0x49e0000000000000, "7.3075081866545146E47"),
            (0x6960000000000000, "3.8272525864510488E199"),
            (0x445f9213a0f1ec1e, "2.3295000000000001E21"),
            (0x4440b3ad522489fa, "6.161900000000001E20"),
            (0x4467278cd47ea8b8, "3.4169999999999997E21"),
            (0x4440fc42036ed944, "6.266499999999999E20"),
            (0x4443bcd5497127da, "7.281900000000001E20"),
            (0x4444e58a4e2a79b4, "7.709500000000001E20"),
            (0x43dc9775826f6b9d, "8.2409782304832522E18"),
            (0xc3b84ce99b8f14e0, "-1.75103120946999296E18"),
            (0x437821a7bee11c3b, "1.08678460587754416E17"),
            (0xc3c542a8543f310c, "-3.0639438061005763E18"),
            (0x437b5a6ff1c3901a, "1.23188179442925984E17"),
            (0x43a3714f7f0d1fe6, "7.0049418309428506E17"),
        ] {
            assert_eq!(double(f64::from_bits(bits)), expected);
        }
        for (bits, expected) in [
            (0x4b800000, "1.6777216E7"),
            (0x69000000, "9.6714065E24"),
            (0x19800000, "1.323489E-23"),
            (0x48a2fb80, "333788.0"),
            (0x6b4dcb18, "2.4878888E26"),
            (0x43f8d5c3, "497.67"),
            (0x443a8000, "746.0"),
            (0x43c59ae1, "395.21"),
        ] {
            let mut out = String::new();
            write_float(f32::from_bits(bits), &mut out);
            assert_eq!(out, expected);
        }
    }
}
