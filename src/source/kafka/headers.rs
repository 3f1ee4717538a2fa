//! Headers of records in the form in which record batches hold them: a count, then each name and
//! value behind its length.

use std::sync::Arc;

use super::fetch::{range, varint};
use crate::record::Value;

/// The headers as a map from name to value; of equal names the last one counts. `None`: they do not
/// hold together.
pub fn map(bytes: &[u8]) -> Option<Value> {
    let mut at = 0;
    let count = if bytes.is_empty() { 0 } else { varint(bytes, &mut at)? };
    let mut entries: Vec<(Value, Value)> = Vec::new();
    for _ in 0..count {
        let (from, to) = range(bytes, &mut at)??;
        let name = Value::Str(String::from_utf8_lossy(&bytes[from..to]).into());
        let value = match range(bytes, &mut at)? {
            Some((from, to)) => Value::Bytes(Arc::from(&bytes[from..to])),
            None => Value::Null,
        };
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name, value)),
        }
    }
    (at == bytes.len()).then(|| Value::Map(entries.into()))
}

/// Begins headers in that form.
pub fn put_count(count: usize, out: &mut Vec<u8>) {
    put_varint(count as i64, out);
}

/// Appends a header to them.
pub fn put(name: &[u8], value: Option<&[u8]>, out: &mut Vec<u8>) {
    put_bytes(Some(name), out);
    put_bytes(value, out);
}

fn put_bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    put_varint(bytes.map_or(-1, |bytes| bytes.len() as i64), out);
    out.extend_from_slice(bytes.unwrap_or_default());
}

fn put_varint(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_they_are_put() {
        let mut bytes = Vec::new();
        put_count(3, &mut bytes);
        put(b"a", Some(b"1"), &mut bytes);
        put(b"b", None, &mut bytes);
        put(b"a", Some(b""), &mut bytes);
        let text = |text: &str| Value::Str(text.into());
        let empty = Value::Bytes(Arc::from([]));
        let entries = vec![(text("a"), empty), (text("b"), Value::Null)];
        assert_eq!(map(&bytes), Some(Value::Map(entries.into())));
        assert_eq!(map(&[]), Some(Value::Map(Arc::from([]))));
        for len in 1..bytes.len() {
            assert_eq!(map(&bytes[..len]), None, "{len}");
        }
    }
}
