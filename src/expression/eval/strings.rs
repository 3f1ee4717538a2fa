//! Functions of text. Positions and lengths count code points.

use super::super::registry::Function;
use super::frame::{Arg, Frame};
use crate::number;
use crate::record::{ColumnRef, DataType, Validity};

/// Longest text that REPEAT and the pads make: a slip of a number must not eat all memory.
const MAX_TEXT: usize = 64 << 20;

pub fn evaluate(function: Function, frame: &mut Frame, from: &DataType) -> ColumnRef {
    use Function::*;
    let a = match frame.args.first() {
        Some(arg) => arg.clone(),
        None => return frame.nulls(from),
    };
    match function {
        Trim | TrimLeading | TrimTrailing => trim(function, frame),
        Substring | Left | Right => substring(function, frame),
        Concat | ConcatWs => concat(function, frame),
        Replace | LeftPad | RightPad | Repeat | SplitIndex => edit(function, frame),
        Overlay => overlay(frame),
        BlankPad => blank_pad(frame),
        Translate => translate(frame),
        Upper => frame.strings(|row, out| {
            let text = a.str(row);
            if text.is_ascii() {
                out.extend(text.bytes().map(|byte| byte.to_ascii_uppercase() as char));
            } else {
                out.push_str(&text.to_uppercase());
            }
            Ok(Some(()))
        }),
        Lower => frame.strings(|row, out| {
            let text = a.str(row);
            if text.is_ascii() {
                out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase() as char));
            } else {
                out.push_str(&text.to_lowercase());
            }
            Ok(Some(()))
        }),
        InitCap => frame.strings(|row, out| {
            // As Flink: words are of ASCII letters and digits, all else stays and parts them.
            let mut inside = false;
            for c in a.str(row).chars() {
                out.push(if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
                inside = c.is_ascii_alphanumeric();
            }
            Ok(Some(()))
        }),
        Reverse => frame.strings(|row, out| {
            out.extend(a.str(row).chars().rev());
            Ok(Some(()))
        }),
        Chr => frame.strings(|row, out| {
            let code = a.i64(row);
            if code >= 0 {
                out.push((code & 0xff) as u8 as char);
            }
            Ok(Some(()))
        }),
        CharLength => frame.i64s(|row| Ok(Some(a.str(row).chars().count() as i64))),
        Ascii => frame
            .i64s(|row| Ok(Some(a.bytes(row).first().map_or(0, |&byte| i64::from(byte as i8))))),
        Position => position(frame),
        Instr => instr(frame),
        IsAlpha | IsDigit | IsDecimal => made_of(function, frame),
        StartsWith => {
            let b = frame.args[1].clone();
            frame.bools(|row| Ok(Some(a.bytes(row).starts_with(b.bytes(row)))))
        }
        _ => {
            let b = frame.args[1].clone();
            frame.bools(|row| Ok(Some(a.bytes(row).ends_with(b.bytes(row)))))
        }
    }
}

fn trim(function: Function, frame: &mut Frame) -> ColumnRef {
    let chars = frame.args.get(1).cloned();
    frame.slices(|text, row| {
        let chars = chars.as_ref().map_or(" ", |chars| chars.str(row));
        let strip = |c: char| chars.contains(c);
        let start = match function {
            Function::TrimTrailing => 0,
            _ => text.len() - text.trim_start_matches(strip).len(),
        };
        let rest = &text[start..];
        let kept = match function {
            Function::TrimLeading => rest.len(),
            _ => rest.trim_end_matches(strip).len(),
        };
        Some((start, start + kept))
    })
}

/// Byte position of a code point, or the text's end.
fn byte_of(text: &str, chars: usize) -> usize {
    if text.is_ascii() {
        return chars.min(text.len());
    }
    text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
}

fn substring(function: Function, frame: &mut Frame) -> ColumnRef {
    let (at, count) = (frame.args[1].clone(), frame.args.get(2).cloned());
    frame.slices(|text, row| {
        let at = at.i64(row);
        if function == Function::Left {
            return Some((0, byte_of(text, at.max(0) as usize)));
        }
        let length = || text.chars().count() as i64;
        if function == Function::Right {
            return Some((byte_of(text, (length() - at.max(0)).max(0) as usize), text.len()));
        }
        let start = match at {
            1.. => at - 1,
            0 => 0,
            _ => length().saturating_add(at),
        };
        let count = count.as_ref().map_or(i64::MAX, |count| count.i64(row));
        if count < 0 {
            return None;
        }
        if start < 0 || count == 0 {
            return Some((0, 0));
        }
        let first = byte_of(text, start as usize);
        Some((first, first + byte_of(&text[first..], count as usize)))
    })
}

fn concat(function: Function, frame: &mut Frame) -> ColumnRef {
    let args = frame.args.clone();
    if function == Function::Concat {
        return frame.strings(|row, out| {
            args.iter().for_each(|arg| out.push_str(arg.str(row)));
            Ok(Some(()))
        });
    }
    frame.strings_of(Validity::all(), |row, out| {
        let separator = &args[0];
        if separator.is_null(row) {
            return Ok(None);
        }
        let mut first = true;
        for arg in args[1..].iter().filter(|arg| !arg.is_null(row)) {
            if !first {
                out.push_str(separator.str(row));
            }
            out.push_str(arg.str(row));
            first = false;
        }
        Ok(Some(()))
    })
}

fn edit(function: Function, frame: &mut Frame) -> ColumnRef {
    let (a, b, c) = (frame.args[0].clone(), frame.args[1].clone(), frame.args.get(2).cloned());
    let c = c.as_ref().unwrap_or(&a);
    match function {
        Function::SplitIndex => frame.slices(|text, row| {
            let index = usize::try_from(c.i64(row)).ok()?;
            let separator = b.str(row);
            if text.is_empty() {
                return None;
            }
            let piece = match separator {
                // As in Flink, nothing to split by means blanks.
                "" => text.split(char::is_whitespace).nth(index)?,
                separator => text.split(separator).nth(index)?,
            };
            let start = piece.as_ptr() as usize - text.as_ptr() as usize;
            Some((start, start + piece.len()))
        }),
        Function::Replace => frame.strings(|row, out| {
            let (text, from, to) = (a.str(row), b.str(row), c.str(row));
            replace(text, from, to, out);
            Ok(Some(()))
        }),
        Function::Repeat => frame.strings(|row, out| {
            let (text, times) = (a.str(row), b.i64(row).max(0) as usize);
            if text.len().saturating_mul(times) > MAX_TEXT {
                return Err("REPEAT: the text would be too long".into());
            }
            (0..times).for_each(|_| out.push_str(text));
            Ok(Some(()))
        }),
        _ => frame.strings(|row, out| pad(function, a.str(row), b.i64(row), c.str(row), out)),
    }
}

fn replace(text: &str, from: &str, to: &str, out: &mut String) {
    if from.is_empty() && to.is_empty() {
        return out.push_str(text);
    }
    if from.is_empty() {
        // As Java's: it stands around each of its characters, of which some are halves here.
        out.push_str(to);
        for c in text.chars() {
            match c.len_utf16() {
                1 => out.push(c),
                _ => out.extend(["?", to, "?"]),
            }
            out.push_str(to);
        }
        return;
    }
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        out.push_str(&text[done..at]);
        out.push_str(to);
        done = at + from.len();
    }
    out.push_str(&text[done..]);
}

fn pad(
    function: Function,
    text: &str,
    length: i64,
    fill: &str,
    out: &mut String,
) -> Result<Option<()>, String> {
    let Ok(length) = usize::try_from(length) else { return Ok(None) };
    // Also where nothing has to be filled.
    if fill.is_empty() {
        return Ok(None);
    }
    if length > MAX_TEXT {
        return Err("LPAD, RPAD: the text would be too long".into());
    }
    // Lengths are those of Java's strings here: some characters count twice, and half of one is
    // shown as `?`.
    let fit = |length: usize, chars: &mut dyn Iterator<Item = char>| -> String {
        let (mut left, mut fitting) = (length, String::new());
        while left > 0
            && let Some(c) = chars.next()
        {
            fitting.push(if c.len_utf16() > left { '?' } else { c });
            left = left.saturating_sub(c.len_utf16());
        }
        fitting
    };
    let have: usize = text.chars().map(char::len_utf16).sum();
    if length <= have {
        out.push_str(&fit(length, &mut text.chars()));
        return Ok(Some(()));
    }
    let filling = fit(length - have, &mut fill.chars().cycle());
    if function == Function::LeftPad {
        out.extend([&filling, text]);
    } else {
        out.extend([text, &filling]);
    }
    Ok(Some(()))
}

/// A text filled with blanks to a number of characters.
fn blank_pad(frame: &mut Frame) -> ColumnRef {
    let (text, length) = (frame.args[0].clone(), frame.args[1].clone());
    frame.strings(|row, out| {
        let text = text.str(row);
        let missing = (length.i64(row) as usize).saturating_sub(text.chars().count());
        if missing > MAX_TEXT {
            return Err("CHAR: the text would be too long".into());
        }
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', missing));
        Ok(Some(()))
    })
}

/// Flink's OVERLAY: a start outside the text leaves it as it is. It counts as Java does, and half of
/// a character is shown as `?`.
fn overlay(frame: &mut Frame) -> ColumnRef {
    let [text, other, from] = [0, 1, 2].map(|at| frame.args[at].clone());
    let count = frame.args.get(3).cloned();
    frame.strings(|row, out| {
        let (text, other, from) = (text.str(row), other.str(row), from.i64(row));
        let units: Vec<u16> = text.encode_utf16().collect();
        let length = units.len() as i64;
        if from < 1 || from > length {
            out.push_str(text);
            return Ok(Some(()));
        }
        let other: Vec<u16> = other.encode_utf16().collect();
        let count = count.as_ref().map_or(other.len() as i64, |count| count.i64(row));
        let end = (from - 1).saturating_add(count);
        let rest = if count > 0 && end < length { &units[end as usize..] } else { &[] };
        let all = units[..from as usize - 1].iter().chain(&other).chain(rest);
        out.extend(char::decode_utf16(all.copied()).map(|c| c.unwrap_or('?')));
        Ok(Some(()))
    })
}

/// Characters without a counterpart go.
fn translate(frame: &mut Frame) -> ColumnRef {
    let [text, from, to] = [0, 1, 2].map(|at| frame.args[at].clone());
    frame.strings(|row, out| {
        let (from, to) = (from.str(row), to.str(row));
        for c in text.str(row).chars() {
            match from.chars().position(|known| known == c) {
                Some(at) => out.extend(to.chars().nth(at)),
                None => out.push(c),
            }
        }
        Ok(Some(()))
    })
}

/// 1-based place of a text in another from a start on; 0 where it is not.
fn position(frame: &mut Frame) -> ColumnRef {
    let (needle, haystack) = (frame.args[0].clone(), frame.args[1].clone());
    let start: Option<Arg> = frame.args.get(2).cloned();
    frame.i64s(|row| {
        let text = haystack.str(row);
        let from = start.as_ref().map_or(1, |start| start.i64(row).max(1));
        let first = byte_of(text, from as usize - 1);
        let found = text[first..].find(needle.str(row));
        Ok(Some(found.map_or(0, |at| text[..first + at].chars().count() as i64 + 1)))
    })
}

/// The place of the n-th needle from a start on, which counts from the end if it is negative.
fn instr(frame: &mut Frame) -> ColumnRef {
    let [text, needle, start, which] = [0, 1, 2, 3].map(|at| frame.args[at].clone());
    frame.i64s(|row| {
        let (text, needle) = (text.str(row), needle.str(row));
        let (start, which) = (start.i64(row), which.i64(row));
        let is_here = |(_, (at, _)): &(usize, (usize, char))| text[*at..].starts_with(needle);
        let places = || text.char_indices().enumerate().filter(is_here).map(|(at, _)| at as i64);
        let nth = usize::try_from(which - 1).ok();
        let Some(nth) = nth.filter(|_| start != 0) else { return Ok(Some(0)) };
        let found = if start > 0 {
            places().filter(|at| *at >= start - 1).nth(nth)
        } else {
            let last = text.chars().count() as i64 + start;
            let before: Vec<i64> = places().take_while(|at| *at <= last).collect();
            before.into_iter().rev().nth(nth)
        };
        Ok(Some(found.map_or(0, |at| at + 1)))
    })
}

/// Whether a text has characters of one kind alone, or is a number; NULL is none.
fn made_of(function: Function, frame: &mut Frame) -> ColumnRef {
    let input = frame.args[0].clone();
    frame.bools_of(Validity::all(), |row| {
        let fits = |c: char| match function {
            Function::IsAlpha => c.is_alphabetic(),
            _ => c.is_numeric(),
        };
        let text = if input.is_null(row) { "" } else { input.str(row) };
        if function == Function::IsDecimal {
            return Ok(Some(number::parse_java::<f64>(text).is_some()));
        }
        Ok(Some(!text.is_empty() && text.chars().all(fits)))
    })
}
