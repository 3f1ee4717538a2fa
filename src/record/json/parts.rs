//! JSON text taken apart without building a tree: what stands in an object or array, as it stands
//! there. All of it is for text that is known to be JSON.

use std::borrow::Cow;

use super::scan;

/// The end of the value that starts at `at`.
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

/// The text of a string, or of a key, that stands in quotes.
pub fn unescape(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
    }
}

/// Calls `each` with every member of an object, its key as it stands there with its quotes, or with
/// every element of an array.
pub fn parts<'a>(value: &'a str, mut each: impl FnMut(Option<&'a str>, &'a str)) {
    let bytes = value.as_bytes();
    let object = match bytes.first() {
        Some(b'{') => true,
        Some(b'[') => false,
        _ => return,
    };
    let mut at = scan::skip_space(bytes, 1);
    while !matches!(bytes.get(at), None | Some(b'}' | b']')) {
        let mut key = None;
        if object {
            let end = skip_string(bytes, at);
            key = Some(&value[at..end]);
            // Behind the name stands a colon.
            at = scan::skip_space(bytes, scan::skip_space(bytes, end) + 1);
        }
        let end = skip_value(bytes, at);
        each(key, value[at..end].trim_end());
        at = scan::skip_space(bytes, end);
        if bytes.get(at) == Some(&b',') {
            at = scan::skip_space(bytes, at + 1);
        }
    }
}
