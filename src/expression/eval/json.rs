//! JSON functions. The text is checked once; a path is then followed through the text itself,
//! without building a tree.

use std::borrow::Cow;

use serde_json::StreamDeserializer;
use serde_json::de::StrRead;

use super::super::registry::Function;
use super::frame::{Arg, Frame, Outcome};
use super::numeric::wrap;
use crate::number;
use crate::record::{ColumnRef, DataType, Validity};

enum Step {
    Key(String),
    Index(usize),
}

/// `[lax|strict] $.a['b'][0]`; strict where nothing is said, as in Flink.
struct Path {
    lax: bool,
    steps: Vec<Step>,
}

impl Path {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (lax, text) = match (text.strip_prefix("lax "), text.strip_prefix("strict ")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            _ => (false, text),
        };
        let mut rest = text.trim_start().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(key) = rest.strip_prefix('.') {
                let end = key.find(['.', '[']).unwrap_or(key.len());
                if end == 0 {
                    return None;
                }
                steps.push(Step::Key(key[..end].into()));
                rest = &key[end..];
            } else {
                let inner = rest.strip_prefix('[')?;
                let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
                if let Some(quote) = quote {
                    let (key, after) = inner[1..].split_once(quote)?;
                    steps.push(Step::Key(key.into()));
                    rest = after.strip_prefix(']')?;
                } else {
                    let (index, after) = inner.split_once(']')?;
                    steps.push(Step::Index(index.trim().parse().ok()?));
                    rest = after;
                }
            }
        }
        Some(Self { lax, steps })
    }

    /// The text of the value that the path leads to.
    fn find<'a>(&self, json: &'a str) -> Option<&'a str> {
        self.steps.iter().try_fold(json.trim(), |value, step| match step {
            Step::Key(key) => member(value, key),
            Step::Index(index) => element(value, *index),
        })
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the value that starts at `at`, in text known to be JSON.
fn skip_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = skip_string(bytes, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// The place behind a string that starts at `at`.
fn skip_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn unescape(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
    }
}

/// The value of a key; of several the last counts.
fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    let bytes = object.as_bytes();
    if bytes.first() != Some(&b'{') {
        return None;
    }
    let mut found = None;
    let mut at = skip_blanks(bytes, 1);
    while bytes.get(at) == Some(&b'"') {
        let name_end = skip_string(bytes, at);
        let hit = unescape(&object[at..name_end]) == key;
        // Behind the name stands a colon.
        let start = skip_blanks(bytes, skip_blanks(bytes, name_end) + 1);
        let end = skip_value(bytes, start);
        if hit {
            found = Some(object[start..end].trim_end());
        }
        at = skip_blanks(bytes, end);
        if bytes.get(at) != Some(&b',') {
            break;
        }
        at = skip_blanks(bytes, at + 1);
    }
    found
}

fn element(array: &str, index: usize) -> Option<&str> {
    let bytes = array.as_bytes();
    if bytes.first() != Some(&b'[') {
        return None;
    }
    let mut at = skip_blanks(bytes, 1);
    if bytes.get(at) == Some(&b']') {
        return None;
    }
    for _ in 0..index {
        at = skip_blanks(bytes, skip_value(bytes, at));
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = skip_blanks(bytes, at + 1);
    }
    Some(array[at..skip_value(bytes, at)].trim_end())
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
            let path = frame.args[1].clone();
            frame.bools(|row| {
                let path = paths.get(path.str(row))?;
                let body = body.str(row);
                let found = if is_json(body) { path.find(body) } else { None };
                Ok(Some(found.is_some_and(|value| value != "null")))
            })
        }
        Function::JsonQuery => {
            let path = frame.args[1].clone();
            frame.strings(|row, out| {
                let path = paths.get(path.str(row))?;
                let body = body.str(row);
                let found = if is_json(body) { path.find(body) } else { None };
                let nested = found.filter(|value| value.starts_with(['{', '[']));
                Ok(nested.map(|value| write_compact(value, out)))
            })
        }
        _ => json_value(frame, to),
    }
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

/// JSON text without the blanks between its parts.
fn write_compact(json: &str, out: &mut String) {
    let bytes = json.as_bytes();
    let (mut at, mut done) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = skip_string(bytes, at),
            byte if byte.is_ascii_whitespace() => {
                out.push_str(&json[done..at]);
                at += 1;
                done = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(&json[done..]);
}

/// What JSON_VALUE finds in one row.
enum Found<'a> {
    Scalar(&'a str),
    Null,
    Empty,
    Error,
}

fn look_up<'a>(path: &Path, body: &'a str) -> Found<'a> {
    if !is_json(body) {
        return Found::Error;
    }
    match path.find(body) {
        None | Some("null") if path.lax => Found::Empty,
        None => Found::Error,
        Some("null") => Found::Null,
        Some(value) if !value.starts_with(['{', '[']) => Found::Scalar(value),
        Some(_) if path.lax => Found::Empty,
        Some(_) => Found::Error,
    }
}

/// What a row of JSON_VALUE results in, before it is brought into its type.
enum Source<'a> {
    Text(Cow<'a, str>),
    Default(&'a Arg),
}

/// A scalar as text: numbers as Java writes them.
fn scalar_text(value: &str) -> Cow<'_, str> {
    if value.starts_with('"') {
        return unescape(value);
    }
    if value.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && value.contains(['.', 'e', 'E'])
    {
        let mut text = String::new();
        number::write_double(value.parse().unwrap_or(f64::NAN), &mut text);
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
        if let Found::Scalar(value) = found {
            let text = scalar_text(value);
            if fits(&text) {
                return Ok(Some(Source::Text(text)));
            }
            found = Found::Error;
        }
        let (behaviour, default, what) = match found {
            Found::Null | Found::Scalar(_) => return Ok(None),
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
