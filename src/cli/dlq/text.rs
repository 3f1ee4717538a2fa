//! Bytes of strangers as text that a terminal shows and does not obey.

use std::io::Write;

/// Control characters, what is no UTF-8, and what changes the direction of writing are escaped;
/// a backslash too, so that nothing passes for an escape.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\'' => out.push(c),
                c => out.extend(c.escape_debug()),
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// As [`shown`], at most so many bytes of it.
pub fn shown_up_to(bytes: &[u8], most: usize) -> String {
    if bytes.len() <= most {
        return shown(bytes);
    }
    // A character that is cut would be shown as broken.
    let whole = (most - 3..=most).rev().find(|&at| bytes[at] & 0xc0 != 0x80).unwrap_or(most);
    format!("{}… ({} bytes in all; --json shows them)", shown(&bytes[..whole]), bytes.len())
}

/// JSON with its control characters escaped beyond what JSON asks for: DEL, C1 and the like are
/// commands to a terminal.
pub fn safe_json(json: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in json.to_string().chars() {
        if c.is_ascii() && c != '\x7f' || c.escape_debug().len() == 1 {
            out.push(c);
        } else {
            // Beyond ASCII it stands within a string, where any character may be written so.
            c.encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// A line on standard output. One that nobody reads any more, as `head` and `less` do, is the end.
pub fn say(line: &str) -> Result<(), String> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written.map_err(|error| format!("standard output: {error}")),
    }
}

/// An instant in ms as text; the number itself where it is none.
pub fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_a_terminal() {
        let hostile = "a\x1b]0;title\x07\r\n\u{9b}2J\u{202e}gnp\u{2066}\x7f\0\u{200b}\u{e0041}";
        let bytes = [hostile.as_bytes(), b"\xff\xc3", "\"'用户\\é".as_bytes()].concat();
        let text = shown(&bytes);
        assert!(text.starts_with("a\\u{1b}]0;title\\u{7}\\r\\n\\u{9b}2J\\u{202e}gnp\\u{2066}"));
        assert!(text.ends_with("\\xff\\xc3\"'用户\\\\é"), "{text}");
        let json = safe_json(&serde_json::json!({ hostile: hostile, "用": "é" }));
        let back: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&back[hostile], &back["用"]), (&hostile.into(), &"é".into()));
        for text in [text, json] {
            assert!(text.chars().all(|c| c.escape_debug().len() == 1 || "\"'\\".contains(c)));
        }
    }

    #[test]
    fn what_is_cut_is_cut_between_characters() {
        let text = "用户".repeat(10);
        let cut = shown_up_to(text.as_bytes(), 10);
        assert_eq!(cut, "用户用… (60 bytes in all; --json shows them)");
        assert_eq!(shown_up_to(text.as_bytes(), 60), text);
        assert_eq!(instant(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant(i64::MIN), i64::MIN.to_string());
    }
}
