//! JSON functions. The text is checked once; a path is then followed through the text itself.

use std::borrow::Cow;

use serde_json::StreamDeserializer;
use serde_json::de::StrRead;

use super::super::registry::Function;
use super::collections::anys;
use super::frame::{Arg, Frame, Outcome};
use super::json_path::Path;
use super::numeric::wrap;
use crate::decimal;
use crate::record::json::{parts, unescape};
use crate::record::{ColumnRef, DataType, Validity, Value};

/// Objects and arrays within each other, as Jackson takes them: deeper texts are no JSON before
/// they cost a stack.
const DEPTH_MAX: usize = 1_000;

fn is_json(text: &str) -> bool {
    is_shallow(text.as_bytes()) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn is_shallow(text: &[u8]) -> bool {
    if memchr::memchr2_iter(b'{', b'[', text).take(DEPTH_MAX + 1).count() <= DEPTH_MAX {
        return true;
    }
    let (mut depth, mut in_string, mut at) = (0_usize, false, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => at += 1,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return false;
        }
        at += 1;
    }
    true
}

/// The path of a row, read again only when its text changes.
struct Paths {
    text: String,
    path: Option<Path>,
}

impl Paths {
    fn new() -> Self {
        Self { text: String::new(), path: None }
    }

    fn get(&mut self, text: &str) -> Result<&Path, String> {
        if self.text != text {
            self.text = text.into();
            self.path = Path::parse(text);
        }
        self.path.as_ref().ok_or_else(|| format!("'{text}' is not a JSON path that is understood"))
    }
}

/// Flink's JSON_QUOTE: beside what JSON asks for it escapes slashes and all but ASCII, and leaves
/// other control characters as they are. A character beyond 16 bits comes as its code and once more
/// as the second half of its pair.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '/' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii() => out.push(c),
            c => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                if let [_, low] = c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{low:04x}"));
                }
            }
        }
    }
    out.push('"');
}

pub fn evaluate(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    let body = frame.args[0].clone();
    let mut paths = Paths::new();
    match function {
        Function::JsonQuote => frame.strings(|row, out| {
            quote(body.str(row), out);
            Ok(Some(()))
        }),
        Function::JsonTextOf => frame.strings(|row, out| {
            // A text always has a form in JSON.
            out.push_str(&serde_json::Value::from(body.str(row)).to_string());
            Ok(Some(()))
        }),
        Function::JsonUnquote => frame.strings(|row, out| {
            let text = body.str(row);
            out.push_str(&unquoted(text).unwrap_or_else(|| text.into()));
            Ok(Some(()))
        }),
        Function::JsonMembers => frame.strings(|row, out| Ok(members(body.str(row), out))),
        Function::IsJson => {
            let kind = frame.args[1].clone();
            frame.bools_of(Validity::all(), |row| {
                let text = if body.is_null(row) { "" } else { body.str(row) };
                let first = text.trim_start().chars().next();
                let fits = match kind.str(row) {
                    "OBJECT" => first == Some('{'),
                    "ARRAY" => first == Some('['),
                    "SCALAR" => !matches!(first, Some('{' | '[')),
                    _ => true,
                };
                Ok(Some(fits && is_json(text)))
            })
        }
        Function::JsonExists => {
            let (path, error) = (frame.args[1].clone(), frame.args.get(2).cloned());
            frame.bools(|row| {
                let path = paths.get(path.str(row))?;
                let error = error.as_ref().map_or("FALSE", |error| error.str(row));
                match (follow(path, body.str(row)), error) {
                    (Ok(found), _) => Ok(Some(found.is_some())),
                    (Err(()), "TRUE") => Ok(Some(true)),
                    (Err(()), "UNKNOWN") => Ok(None),
                    (Err(()), "ERROR") => Err("JSON_EXISTS: an error on the path".into()),
                    (Err(()), _) => Ok(Some(false)),
                }
            })
        }
        Function::JsonQuery => json_query(frame, to),
        _ => json_value(frame, to),
    }
}

fn json_query(frame: &mut Frame, to: &DataType) -> ColumnRef {
    let mut paths = Paths::new();
    let args = frame.args.clone();
    let is_array = matches!(to, DataType::Array(_));
    let mut shown = |row| -> Outcome<Cow<'_, str>> {
        let path = paths.get(args[1].str(row))?;
        let behaviour = match query(path, args[0].str(row), args[2].str(row)) {
            Ok(Some(json)) if is_array && json.starts_with('{') => args[4].str(row),
            Ok(Some(json)) => return Ok(Some(json)),
            Ok(None) => args[3].str(row),
            Err(()) => args[4].str(row),
        };
        match behaviour {
            "ARRAY" => Ok(Some("[]".into())),
            "OBJECT" => Ok(Some("{}".into())),
            "ERROR" => Err("JSON_QUERY: nothing to show, or an error".into()),
            _ => Ok(None),
        }
    };
    if is_array {
        let validity = frame.validity();
        return anys(frame, validity, |row| Ok(shown(row)?.map(|json| elements(&json))));
    }
    frame.strings(|row, out| Ok(shown(row)?.map(|json| write_sorted(&json, out))))
}

/// An array as its elements: texts as they are, all else but null as JSON.
fn elements(json: &str) -> Value {
    let mut values = Vec::new();
    parts(json, |_, value| {
        values.push(match value.as_bytes().first() {
            Some(b'"') => Value::Str(unescape(value).as_ref().into()),
            _ if value == "null" => Value::Null,
            _ => {
                let mut text = String::new();
                write_sorted(value, &mut text);
                Value::Str(text.into())
            }
        });
    });
    Value::Array(values.into())
}

/// What stands between quotes at both ends, its escapes resolved; `None` where there is no such.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(inner.into());
    }
    // Quotes inside need no escape here.
    let mut json = String::from("\"");
    let mut escaped = false;
    for c in inner.chars() {
        if c == '"' && !escaped {
            json.push('\\');
        }
        escaped = c == '\\' && !escaped;
        json.push(c);
    }
    json.push('"');
    serde_json::from_str::<String>(&json).ok().map(Cow::Owned)
}

/// The texts of values; what they are does not matter.
type JsonTexts<'a> = StreamDeserializer<'a, StrRead<'a>, serde::de::IgnoredAny>;

/// The next value as it stands in the text.
fn next_text<'a>(text: &'a str, values: &mut JsonTexts<'a>) -> Option<&'a str> {
    let from = values.byte_offset();
    values.next()?.ok()?;
    Some(text[from..values.byte_offset()].trim())
}

/// The object of pairs of a key and a value, with blanks between; `None` where they are not JSON.
fn members(pairs: &str, out: &mut String) -> Option<()> {
    let mut values = serde_json::Deserializer::from_str(pairs).into_iter();
    let mut found = std::collections::BTreeMap::new();
    while let Some(key) = next_text(pairs, &mut values) {
        let name: String = serde_json::from_str(key).ok()?;
        found.insert(name, (key, next_text(pairs, &mut values)?));
    }
    out.push('{');
    for (index, (key, value)) in found.values().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        out.extend([comma, key, ":", value]);
    }
    out.push('}');
    Some(())
}

/// What a path leads to. A JSON null, what is not there and what is no JSON are nothing to a lax path
/// and an error to a strict one; a text that is `null` by itself is an error to both.
fn follow<'a>(path: &Path, body: &'a str) -> Result<Option<Cow<'a, str>>, ()> {
    if !is_json(body) {
        return if path.lax { Ok(None) } else { Err(()) };
    }
    if body.trim() == "null" {
        return Err(());
    }
    match path.find(body) {
        None if path.lax => Ok(None),
        None => Err(()),
        Some(found) if found == "null" => {
            if path.lax {
                Ok(None)
            } else {
                Err(())
            }
        }
        Some(found) => Ok(Some(found)),
    }
}

/// What JSON_QUERY shows: objects and arrays, and what `wrapper` makes an array.
fn query<'a>(path: &Path, body: &'a str, wrapper: &str) -> Result<Option<Cow<'a, str>>, ()> {
    let Some(found) = follow(path, body)? else { return Ok(None) };
    let wrapped = match wrapper {
        "UNCONDITIONAL" => true,
        "CONDITIONAL" => !found.starts_with('['),
        _ => false,
    };
    match wrapped {
        true => Ok(Some(Cow::Owned(format!("[{found}]")))),
        false if found.starts_with(['{', '[']) => Ok(Some(found)),
        false if path.lax => Ok(None),
        false => Err(()),
    }
}

/// JSON text as Flink writes it: no blanks, members in the order of their keys, of two with one key
/// the last, numbers as a BigDecimal of Java writes them.
fn write_sorted(json: &str, out: &mut String) {
    match json.as_bytes().first() {
        Some(b'{') => {
            let mut members = std::collections::BTreeMap::new();
            parts(json, |key, value| {
                members.insert(unescape(key.unwrap_or_default()), value);
            });
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(&serde_json::Value::from(key).to_string());
                out.push(':');
                write_sorted(value, out);
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            let mut comma = "";
            parts(json, |_, value| {
                out.push_str(std::mem::replace(&mut comma, ","));
                write_sorted(value, out);
            });
            out.push(']');
        }
        Some(b'"') => out.push_str(&serde_json::Value::from(unescape(json)).to_string()),
        _ => out.push_str(&scalar_text(json)),
    }
}

/// What JSON_VALUE finds in one row.
enum Found<'a> {
    Scalar(Cow<'a, str>),
    Empty,
    Error,
}

fn look_up<'a>(path: &Path, body: &'a str) -> Found<'a> {
    match follow(path, body) {
        Err(()) => Found::Error,
        Ok(None) => Found::Empty,
        Ok(Some(value)) if !value.starts_with(['{', '[']) => Found::Scalar(value),
        Ok(Some(_)) if path.lax => Found::Empty,
        Ok(Some(_)) => Found::Error,
    }
}

/// What a row of JSON_VALUE results in, before it is brought into its type.
enum Source<'a> {
    Text(String),
    Default(&'a Arg),
}

/// A scalar as text: numbers as a BigDecimal of Java writes them, if it has no more digits than ours.
fn scalar_text(value: &str) -> Cow<'_, str> {
    const DIGITS: usize = 38;
    if value.starts_with('"') {
        return unescape(value);
    }
    let is_number = value.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if is_number && value.contains(['.', 'e', 'E']) && value.len() <= DIGITS {
        let mut text = String::new();
        decimal::write_number_json(value, &mut text);
        return Cow::Owned(text);
    }
    Cow::Borrowed(value)
}

/// The arguments of one JSON_VALUE call by their names.
struct Call {
    body: Arg,
    path: Arg,
    empty: Arg,
    empty_default: Arg,
    error: Arg,
    error_default: Arg,
}

impl Call {
    /// `fits` says whether the text can be brought into the returned type.
    fn row(
        &self,
        row: usize,
        paths: &mut Paths,
        fits: impl Fn(&str) -> bool,
    ) -> Outcome<Source<'_>> {
        let path = paths.get(self.path.str(row))?;
        let mut found = look_up(path, self.body.str(row));
        if let Found::Scalar(value) = &found {
            let text = scalar_text(value);
            if fits(&text) {
                return Ok(Some(Source::Text(text.into_owned())));
            }
            found = Found::Error;
        }
        let (behaviour, default, what) = match found {
            Found::Scalar(_) => return Ok(None),
            Found::Empty => (&self.empty, &self.empty_default, "Empty result"),
            Found::Error => (&self.error, &self.error_default, "Error in the path or the text"),
        };
        match behaviour.str(row) {
            "ERROR" => Err(format!("{what} of JSON_VALUE function is not allowed")),
            "DEFAULT" if !default.is_null(row) => Ok(Some(Source::Default(default))),
            _ => Ok(None),
        }
    }
}

fn json_value(frame: &mut Frame, to: &DataType) -> ColumnRef {
    let Ok([body, path, empty, empty_default, error, error_default]) =
        <[Arg; 6]>::try_from(frame.args.clone())
    else {
        return frame.nulls(to);
    };
    if (body.constant && body.is_null(0)) || (path.constant && path.is_null(0)) {
        return frame.nulls(to);
    }
    // A default may be NULL, so only the first two arguments make a row NULL.
    frame.args.truncate(2);
    let validity: Validity = frame.validity();
    let call = Call { body, path, empty, empty_default, error, error_default };
    let mut paths = Paths::new();
    let integer = |text: &str| text.parse::<i64>().ok().filter(|value| wrap(*value, to) == *value);
    match to {
        DataType::Boolean => frame.bools_of(validity, |row| {
            let known = |text: &str| matches!(text, "true" | "false");
            Ok(call.row(row, &mut paths, known)?.map(|source| match source {
                Source::Text(text) => text == "true",
                Source::Default(default) => default.bool(row),
            }))
        }),
        DataType::Double => frame.f64s(|row| {
            let known = |text: &str| text.parse::<f64>().is_ok();
            Ok(call.row(row, &mut paths, known)?.map(|source| match source {
                Source::Text(text) => text.parse().unwrap_or_default(),
                Source::Default(default) => default.f64(row),
            }))
        }),
        DataType::Int | DataType::BigInt => frame.i64s(|row| {
            let source = call.row(row, &mut paths, |text| integer(text).is_some())?;
            Ok(source.map(|source| match source {
                Source::Text(text) => integer(&text).unwrap_or_default(),
                Source::Default(default) => default.i64(row),
            }))
        }),
        _ => frame.strings_of(validity, |row, out| {
            let source = call.row(row, &mut paths, |_| true)?;
            Ok(source.map(|source| match source {
                Source::Text(text) => out.push_str(&text),
                Source::Default(default) => out.push_str(default.str(row)),
            }))
        }),
    }
}
