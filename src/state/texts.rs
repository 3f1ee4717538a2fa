//! Slots of short texts that come again and again, as kinds and countries do: found without a hash
//! of the key, let alone the key.

use crate::record::Column;
use crate::record::column::{ColumnData, StringColumn};

/// Texts that are known at a time, a power of two.
const KNOWN: usize = 64;
/// Unknown texts in a batch after which it is not one of those columns.
const UNKNOWN_MAX: usize = 64;
/// Batches for which such a column is left alone.
const PAUSE: u32 = 32;
/// No text: the last byte of one is its length.
const EMPTY: u128 = u128::MAX << 120;
const NULL: u128 = EMPTY + 1;

#[derive(Default)]
pub struct Texts {
    /// None, or [`KNOWN`] of them, each where its bits put it.
    known: Vec<(u128, u32)>,
    pause: u32,
}

impl Texts {
    /// Appends the slot of each row, asked of `intern` where a text is not known. False where the
    /// column is better looked up in another way: `out` is then as it was.
    pub fn resolve(
        &mut self,
        column: &Column,
        rows: impl Iterator<Item = usize>,
        out: &mut Vec<u32>,
        mut intern: impl FnMut(usize) -> u32,
    ) -> bool {
        let ColumnData::Str(texts) = &column.data else { return false };
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        if self.known.is_empty() {
            self.known.resize(KNOWN, (EMPTY, 0));
        }
        let (before, mut unknown) = (out.len(), 0);
        for row in rows {
            let bits = if column.is_null(row) { Some(NULL) } else { bits_of(texts, row) };
            let entry = &mut self.known[bits.map_or(0, place_of)];
            if Some(entry.0) != bits {
                unknown += 1;
                if bits.is_none() || unknown > UNKNOWN_MAX {
                    out.truncate(before);
                    self.pause = PAUSE;
                    return false;
                }
                *entry = (bits.unwrap_or(EMPTY), intern(row));
            }
            out.push(entry.1);
        }
        true
    }

    /// Slots may be of other keys from now on.
    pub fn clear(&mut self) {
        self.known.clear();
    }
}

/// A text of up to 15 bytes, with its length.
#[inline]
fn bits_of(texts: &StringColumn, row: usize) -> Option<u128> {
    let (offset, len) = texts.views[row];
    if len > 15 {
        return None;
    }
    let bytes = &texts.buffer[offset as usize..];
    let word = match bytes.first_chunk() {
        Some(wide) => u128::from_le_bytes(*wide) & ((1 << (8 * len)) - 1),
        None => {
            let mut wide = [0; 16];
            wide[..len as usize].copy_from_slice(&bytes[..len as usize]);
            u128::from_le_bytes(wide)
        }
    };
    Some(word | u128::from(len) << 120)
}

#[inline]
fn place_of(bits: u128) -> usize {
    // The multiplier of a linear congruential generator: its high bits depend on all others.
    let mixed = (bits as u64 ^ (bits >> 64) as u64).wrapping_mul(0x5851_F42D_4C95_7F2D);
    (mixed >> (u64::BITS - KNOWN.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::Physical;
    use crate::record::{ColumnBuilder, Value};

    fn column(texts: &[Option<String>]) -> Column {
        let mut builder = ColumnBuilder::new(Physical::Str, texts.len());
        for text in texts {
            match text {
                Some(text) => builder.push_value(&Value::Str(text.as_str().into())),
                None => builder.push_null(),
            }
        }
        builder.finish()
    }

    #[test]
    fn texts_are_told_apart_by_every_byte_and_by_their_length() {
        let mut all: Vec<Option<String>> = vec![None, Some(String::new())];
        for len in [1, 2, 7, 8, 9, 15] {
            all.push(Some("\0".repeat(len)));
            all.push(Some(format!("{}x", "\0".repeat(len - 1))));
            all.push(Some("é".repeat(len / 2) + &"x".repeat(len % 2)));
        }
        // Each twice, so that the second is known, or has been driven out by another.
        let rows: Vec<_> = all.iter().chain(&all).cloned().collect();
        let (mut texts, mut slots) = (Texts::default(), Vec::new());
        let slot = |row: usize| all.iter().position(|it| *it == rows[row]).unwrap() as u32;
        assert!(texts.resolve(&column(&rows), 0..rows.len(), &mut slots, slot));
        assert!(slots.iter().copied().eq((0..rows.len()).map(slot)));
    }

    #[test]
    fn a_column_of_many_texts_is_left_alone_for_a_while() {
        let rows: Vec<_> = (0..1000).map(|row| Some(format!("user {row}"))).collect();
        let (column, mut asked) = (column(&rows), 0);
        let (mut texts, mut slots) = (Texts::default(), vec![7]);
        for _ in 0..=PAUSE {
            assert!(!texts.resolve(&column, 0..rows.len(), &mut slots, |_| {
                asked += 1;
                9
            }));
            assert_eq!(slots, [7]);
        }
        assert_eq!(asked, UNKNOWN_MAX);
        // Long texts are not for here either.
        let mut texts = Texts::default();
        let long = self::column(&[Some("a text of 16 byt".into())]);
        assert!(!texts.resolve(&long, 0..1, &mut slots, |_| unreachable!()));
    }
}
