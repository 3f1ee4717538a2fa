//! Bytes: casts from and to them, character sets, hexadecimal digits.

use super::super::registry::Function;
use super::frame::{Arg, Frame};
use crate::record::{ColumnRef, DataType, Validity, row};

/// A character set that ENCODE and DECODE know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf16Be,
    Utf16Le,
    /// Big-endian behind a mark that says so.
    Utf16,
}

/// Whether ENCODE and DECODE know a character set of this name.
pub fn is_charset(name: &str) -> bool {
    Charset::named(name).is_some()
}

impl Charset {
    /// By one of Java's names.
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "US-ASCII" | "ASCII" => Self::Ascii,
            "ISO-8859-1" | "ISO8859-1" | "ISO8859_1" | "LATIN1" => Self::Latin1,
            "UTF-8" | "UTF8" => Self::Utf8,
            "UTF-16BE" => Self::Utf16Be,
            "UTF-16LE" => Self::Utf16Le,
            "UTF-16" | "UTF16" => Self::Utf16,
            _ => return None,
        })
    }

    /// What the set does not have becomes a question mark.
    fn encode(self, text: &str, out: &mut Vec<u8>) {
        let narrow = |c: char, max: u32| if u32::from(c) <= max { c as u8 } else { b'?' };
        match self {
            Self::Ascii => out.extend(text.chars().map(|c| narrow(c, 0x7f))),
            Self::Latin1 => out.extend(text.chars().map(|c| narrow(c, 0xff))),
            Self::Utf8 => out.extend_from_slice(text.as_bytes()),
            Self::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf16 => {
                let mark = if text.is_empty() { &[][..] } else { &[0xfe, 0xff] };
                out.extend_from_slice(mark);
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
        }
    }

    /// What makes no character becomes U+FFFD.
    fn decode(self, bytes: &[u8], out: &mut String) {
        const ODD: char = char::REPLACEMENT_CHARACTER;
        match (self, bytes) {
            (Self::Ascii, _) => {
                out.extend(bytes.iter().map(|&byte| if byte < 0x80 { byte as char } else { ODD }));
            }
            (Self::Latin1, _) => out.extend(bytes.iter().map(|&byte| byte as char)),
            (Self::Utf8, _) => out.push_str(&String::from_utf8_lossy(bytes)),
            (Self::Utf16Le, _) => utf16(bytes, u16::from_le_bytes, out),
            (Self::Utf16, [0xff, 0xfe, rest @ ..]) => utf16(rest, u16::from_le_bytes, out),
            (Self::Utf16, [0xfe, 0xff, rest @ ..]) => utf16(rest, u16::from_be_bytes, out),
            (Self::Utf16 | Self::Utf16Be, _) => utf16(bytes, u16::from_be_bytes, out),
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, out: &mut String) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    let decoded = char::decode_utf16(units);
    out.extend(decoded.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.extend(rest.iter().map(|_| char::REPLACEMENT_CHARACTER));
}

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    let (a, set) = (frame.args[0].clone(), frame.args.get(1).cloned());
    let set = |row| {
        let name = set.as_ref().map_or("UTF-8", |set| set.str(row));
        Charset::named(name).ok_or_else(|| format!("there is no character set '{name}'"))
    };
    match function {
        Function::Encode => frame.binaries(|row, out| {
            set(row)?.encode(a.str(row), out);
            Ok(Some(()))
        }),
        Function::Decode => frame.strings(|row, out| {
            set(row)?.decode(a.bytes(row), out);
            Ok(Some(()))
        }),
        Function::Pack => frame.binaries_of(Validity::all(), |row, out| {
            row::encode_value(&a.value(row), out);
            Ok(Some(()))
        }),
        _ => frame.binaries(|row, out| Ok(unhex(a.bytes(row), out))),
    }
}

fn unhex(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let value = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    let (pairs, start) = match digits.len() % 2 {
        0 => (digits, out.len()),
        _ => {
            // An odd first digit counts as zero (an oddity of Flink).
            value(digits[0])?;
            out.push(0);
            (&digits[1..], out.len() - 1)
        }
    };
    for pair in pairs.chunks_exact(2) {
        match (value(pair[0]), value(pair[1])) {
            (Some(high), Some(low)) => out.push(high << 4 | low),
            _ => {
                out.truncate(start);
                return None;
            }
        }
    }
    Some(())
}

/// Texts are UTF-8 bytes; bytes are cut to the type's length, and zeros fill a fixed one.
pub fn cast(frame: &mut Frame, input: &Arg, to: &DataType) -> ColumnRef {
    match *to {
        DataType::String { max } => frame.strings(|row, out| {
            let text = String::from_utf8_lossy(input.bytes(row));
            let end = max.and_then(|max| text.char_indices().nth(max as usize));
            out.push_str(&text[..end.map_or(text.len(), |(at, _)| at)]);
            Ok(Some(()))
        }),
        DataType::Binary { length } => frame.binaries(|row, out| {
            let (bytes, length) = (input.bytes(row), length as usize);
            let kept = bytes.len().min(length);
            out.extend_from_slice(&bytes[..kept]);
            out.extend(std::iter::repeat_n(0, length - kept));
            Ok(Some(()))
        }),
        DataType::Bytes { max } => frame.binaries(|row, out| {
            let bytes = input.bytes(row);
            let kept = max.map_or(bytes.len(), |max| bytes.len().min(max as usize));
            out.extend_from_slice(&bytes[..kept]);
            Ok(Some(()))
        }),
        _ => frame.nulls(to),
    }
}
