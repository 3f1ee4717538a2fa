//! Base64 as Jackson reads it, which Flink's `json` format takes bytes from.

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

/// Appends what a text stands for: groups of four characters, the last filled up with `=`, with
/// blanks between them. `None`: it is no such text, and what was appended is to be dropped.
pub fn decode(mut text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    loop {
        let Some(start) = text.iter().position(|&byte| byte > b' ') else { return Some(()) };
        let (group, rest) = text[start..].split_at_checked(4)?;
        let head = sextet(group[0])? << 18 | sextet(group[1])? << 12;
        let (bits, bytes) = match (group[2], group[3]) {
            (b'=', b'=') => (head, 1),
            (third, b'=') => (head | sextet(third)? << 6, 2),
            (third, fourth) => (head | sextet(third)? << 6 | sextet(fourth)?, 3),
        };
        out.extend_from_slice(&bits.to_be_bytes()[1..=bytes]);
        text = rest;
    }
}
