//! A record's headers, as Kafka writes them: how many there are, then names and values, each
//! behind its length.

/// A name, which may stand there several times, and a value.
pub type Header<'a> = (&'a str, Option<&'a [u8]>);

/// What stands in `bytes`; what does not hold together ends the list.
pub fn read(bytes: &[u8]) -> Vec<Header<'_>> {
    let mut at = 0;
    let count = varint(bytes, &mut at).unwrap_or(0);
    let next = |_| {
        let name = range(bytes, &mut at)??;
        let value = range(bytes, &mut at)?;
        Some((std::str::from_utf8(&bytes[name.0..name.1]).ok()?, value.map(|(a, b)| &bytes[a..b])))
    };
    (0..count).map_while(next).collect()
}

/// Appends what [`read`] reads.
pub fn write<'a>(headers: impl ExactSizeIterator<Item = Header<'a>>, out: &mut Vec<u8>) {
    put_varint(headers.len() as i64, out);
    for (name, value) in headers {
        put_varint(name.len() as i64, out);
        out.extend_from_slice(name.as_bytes());
        put_varint(value.map_or(-1, |value| value.len() as i64), out);
        out.extend_from_slice(value.unwrap_or_default());
    }
}

/// A length and the bytes it counts; inner `None` for null.
#[inline]
pub fn range(bytes: &[u8], at: &mut usize) -> Option<Option<(usize, usize)>> {
    let len = varint(bytes, at)?;
    if len < 0 {
        return Some(None);
    }
    let from = *at;
    let to = from.checked_add(usize::try_from(len).ok()?).filter(|to| *to <= bytes.len())?;
    *at = to;
    Some(Some((from, to)))
}

/// A zigzag number of up to 64 bits, seven bits a byte, lowest first.
#[inline]
pub fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

/// Appends what [`varint`] reads.
pub fn put_varint(value: i64, out: &mut Vec<u8>) {
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
    fn headers_come_back_and_damage_ends_them() {
        let long = vec![7; 300];
        let headers: [Header; 4] =
            [("trace", Some(b"a\0b")), ("用户", None), ("trace", Some(b"")), ("", Some(&long))];
        let mut bytes = Vec::new();
        write(headers.into_iter(), &mut bytes);
        assert_eq!(read(&bytes), headers);
        for len in 0..bytes.len() {
            let found = read(&bytes[..len]);
            assert!(found.len() < headers.len() && headers.starts_with(&found), "{len}");
        }
        assert!(read(&[255; 20]).is_empty());
    }
}
