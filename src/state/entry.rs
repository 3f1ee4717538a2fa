//! The bytes of one state entry: fixed-width integers and length-prefixed texts.

pub fn put_i64(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn put_i128(value: i128, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

pub fn take_i64(from: &mut &[u8]) -> Option<i64> {
    let (head, tail) = from.split_first_chunk::<8>()?;
    *from = tail;
    Some(i64::from_le_bytes(*head))
}

pub fn take_i128(from: &mut &[u8]) -> Option<i128> {
    let (head, tail) = from.split_first_chunk::<16>()?;
    *from = tail;
    Some(i128::from_le_bytes(*head))
}

pub fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (head, tail) = from.split_first_chunk::<4>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_le_bytes(*head) as usize)?;
    *from = tail;
    Some(bytes)
}
