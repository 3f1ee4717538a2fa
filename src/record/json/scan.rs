//! Finding where JSON tokens end, and what numbers are worth.

use crate::decimal::{self, DecimalType};

/// Why a record is not JSON.
pub type Broken = &'static str;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(chunk.try_into().ok()?))
}

/// Where AVX2 is absent: eight bytes at a time.
fn special_portable(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
        let low = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let marks = zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | low;
        if marks != 0 {
            // The lowest mark is exact; borrows only touch bytes above it.
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}

/// Whether the wide search may be used.
pub fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Index of the first quote, backslash or control byte at or after `at`, or the length.
#[inline]
pub fn special(bytes: &[u8], at: usize, wide: bool) -> usize {
    #[cfg(target_arch = "x86_64")]
    let mut at = if wide {
        // SAFETY: `wide` comes from `wide()`, which has asked the processor for AVX2.
        unsafe { super::avx2::special(bytes, at) }
    } else {
        special_portable(bytes, at)
    };
    #[cfg(not(target_arch = "x86_64"))]
    let mut at = {
        let _ = wide;
        special_portable(bytes, at)
    };
    while at < bytes.len() && !matches!(bytes[at], b'"' | b'\\' | 0..=0x1f) {
        at += 1;
    }
    at
}

#[inline]
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && matches!(bytes[at], b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// End of a string's text (the closing quote) that begins at `at`, and whether it has escapes.
pub fn string_end(bytes: &[u8], mut at: usize, wide: bool) -> Result<(usize, bool), Broken> {
    let mut escaped = false;
    loop {
        at = special(bytes, at, wide);
        match bytes.get(at) {
            None => return Err("a string does not end"),
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => at = escape_end(bytes, at)?,
            Some(_) => return Err("a control character in a string"),
        }
        escaped = true;
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Broken> {
    let digits = bytes.get(at..at + 4).ok_or("an escape is cut off")?;
    digits.iter().try_fold(0, |code, &digit| {
        let value = (digit as char).to_digit(16).ok_or("an escape is not hexadecimal")?;
        Ok(code << 4 | value)
    })
}

fn escape_end(bytes: &[u8], at: usize) -> Result<usize, Broken> {
    escape(bytes, at).map(|(_, end)| end)
}

/// The character of the escape at `at` (its backslash), and where it ends.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Broken> {
    let plain = match bytes.get(at + 1) {
        Some(&c @ (b'"' | b'\\' | b'/')) => c as char,
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(bytes, at),
        _ => return Err("an unknown escape"),
    };
    Ok((plain, at + 2))
}

fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), Broken> {
    let lone = "a lone surrogate";
    let high = hex4(bytes, at + 2)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok((char::from_u32(high).ok_or(lone)?, at + 6));
    }
    if bytes.get(at + 6..at + 8) != Some(b"\\u") {
        return Err(lone);
    }
    let low = hex4(bytes, at + 8)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(lone);
    }
    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Ok((char::from_u32(code).ok_or(lone)?, at + 12))
}

/// Appends the text of a checked string without its escapes.
pub fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(&text[..at]);
        let Ok((c, end)) = escape(text, at) else { return };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        text = &text[end..];
    }
    out.extend_from_slice(text);
}

/// A number as it was scanned: mantissa × 10^exponent, exact only where `exact`.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    pub end: usize,
    pub negative: bool,
    /// No fraction and no exponent.
    pub integer: bool,
    mantissa: u64,
    exponent: i32,
    exact: bool,
}

fn eight_digits(word: u64) -> Option<u64> {
    let zero = ONES * 0x30;
    if (word & (ONES * 0xf0)) | ((word.wrapping_add(ONES * 6) & (ONES * 0xf0)) >> 4) != ONES * 0x33
    {
        return None;
    }
    let word = word.wrapping_sub(zero);
    let word = (word * 10).wrapping_add(word >> 8);
    let low = (word & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (word >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

/// Digits from `at`: where they end; the mantissa wraps when there are more than 19 in all.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(value) = word(bytes, at).and_then(eight_digits) {
        *mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(value);
        at += 8;
    }
    while let Some(digit) = bytes.get(at).map(|c| c.wrapping_sub(b'0')).filter(|&d| d < 10) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// Scans the number at `at` by JSON's grammar.
pub fn number(bytes: &[u8], at: usize) -> Result<Number, Broken> {
    let bad = "a malformed number";
    let negative = bytes.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let mut mantissa = 0;
    let mut end = digits(bytes, start, &mut mantissa);
    let mut count = end - start;
    if count == 0 || (count > 1 && bytes[start] == b'0') {
        return Err(bad);
    }
    let mut exponent = 0i32;
    let mut integer = true;
    if bytes.get(end) == Some(&b'.') {
        let from = end + 1;
        end = digits(bytes, from, &mut mantissa);
        if end == from {
            return Err(bad);
        }
        count += end - from;
        exponent = -i32::try_from(end - from).unwrap_or(i32::MAX);
        integer = false;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = bytes.get(end + 1);
        let from = end + 1 + usize::from(matches!(sign, Some(b'+' | b'-')));
        let mut power = 0;
        end = digits(bytes, from, &mut power);
        if end == from {
            return Err(bad);
        }
        // An exponent too long to be small is left to the exact parser.
        let power = if end - from > 5 { 100_000 } else { power as i32 };
        let power = if sign == Some(&b'-') { -power } else { power };
        exponent = exponent.saturating_add(power);
        integer = false;
    }
    Ok(Number { end, negative, integer, mantissa, exponent, exact: count <= 19 })
}

impl Number {
    /// The integer that the text spells, where it is one within the range.
    #[inline]
    pub fn to_i64(self) -> Option<i64> {
        if !self.integer || !self.exact {
            return None;
        }
        if self.negative {
            0i64.checked_sub_unsigned(self.mantissa)
        } else {
            i64::try_from(self.mantissa).ok()
        }
    }

    /// The decimal, where nothing has to be rounded and no digit is lost.
    #[inline]
    pub fn to_decimal(self, to: DecimalType) -> Option<i128> {
        let shift = u8::try_from(self.exponent.checked_add(i32::from(to.scale))?).ok()?;
        // 19 digits and as many zeros fit 128 bits.
        if !self.exact || shift > 19 {
            return None;
        }
        let value = i128::from(self.mantissa) * decimal::power(shift);
        let value = if self.negative { -value } else { value };
        decimal::fits(value, to.precision).then_some(value)
    }

    /// The nearest double; `text` is the number's own.
    #[inline]
    pub fn to_f64(self, text: &[u8]) -> f64 {
        const POWERS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ];
        let power = self.exponent.unsigned_abs() as usize;
        // Both operands are exact doubles, so the one operation rounds once, as it should.
        if self.exact && self.mantissa < 1 << 53 && power <= 22 {
            let value = self.mantissa as f64;
            let value =
                if self.exponent < 0 { value / POWERS[power] } else { value * POWERS[power] };
            return if self.negative { -value } else { value };
        }
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }
}
