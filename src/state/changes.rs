//! What of a keyed state has changed since it was saved last, so that a save writes that alone.

use std::io;

use super::entry::{put_bytes, take_bytes};
use super::{KeyDictionary, KeyGroups, Saved, Write};

/// Marks by slot. A slot that holds something is changed, saved or both; one that holds nothing
/// is neither.
#[derive(Default)]
pub struct Changes {
    changed: Bits,
    /// An earlier save has written something for the key that the slot has.
    saved: Bits,
    /// Keys that were saved and hold nothing any more: key group (one byte), length, bytes.
    gone: Vec<u8>,
}

impl Changes {
    /// What the slot holds is about to change.
    #[inline]
    pub fn mark(&mut self, slot: u32) {
        self.changed.set(slot);
    }

    /// What the slot holds has been read back.
    pub fn loaded(&mut self, slot: u32) {
        self.changed.take(slot);
        self.saved.set(slot);
    }

    /// What the slot holds was saved, but is gone by what was read back after it.
    pub fn forget(&mut self, slot: u32) {
        self.saved.take(slot);
    }

    /// The slot holds nothing any more. To be called while it has its key.
    pub fn remove(&mut self, slot: u32, keys: &KeyDictionary) {
        self.changed.take(slot);
        if self.saved.take(slot) {
            self.gone.push(keys.key_group(slot) as u8);
            put_bytes(keys.key(slot), &mut self.gone);
        }
    }

    /// Writes what has changed, and all that is there of the key groups `images`. An entry is the
    /// key, with its length in front, and what `encode` adds for the slot.
    pub fn save(
        &mut self,
        keys: &KeyDictionary,
        images: &KeyGroups,
        encode: &mut dyn FnMut(u32, &mut Vec<u8>),
        write: &mut Write<'_>,
    ) -> io::Result<()> {
        // First, as a key may have come back.
        let mut gone = self.gone.as_slice();
        while let Some((&group, mut rest)) = gone.split_first() {
            let Some(key) = take_bytes(&mut rest) else { break };
            gone = rest;
            let key_group = usize::from(group);
            if !images.contains(&key_group) {
                write(Saved::Gone { key_group, key })?;
            }
        }
        self.gone.clear();
        let mut entry = Vec::new();
        for index in 0..self.changed.words.len().max(self.saved.words.len()) {
            let changed = self.changed.word(index);
            let mut left = changed | if images.is_empty() { 0 } else { self.saved.word(index) };
            while left != 0 {
                let bit = left & left.wrapping_neg();
                left ^= bit;
                let slot = (index * 64) as u32 + bit.trailing_zeros();
                let key_group = keys.key_group(slot);
                if changed & bit != 0 || images.contains(&key_group) {
                    entry.clear();
                    put_bytes(keys.key(slot), &mut entry);
                    encode(slot, &mut entry);
                    write(Saved::Entry { key_group, bytes: &entry })?;
                }
            }
        }
        self.saved.add(&mut self.changed);
        Ok(())
    }

    pub fn bytes(&self) -> u64 {
        ((self.changed.words.len() + self.saved.words.len()) * 8 + self.gone.capacity()) as u64
    }
}

/// A set of small numbers; a bit each.
#[derive(Default)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    #[inline]
    pub fn set(&mut self, at: u32) {
        let index = at as usize / 64;
        if index >= self.words.len() {
            self.grow(index);
        }
        self.words[index] |= 1 << (at % 64);
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.words.resize((index + 1).next_power_of_two(), 0);
    }

    pub fn contains(&self, at: u32) -> bool {
        self.word(at as usize / 64) & 1 << (at % 64) != 0
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Whether it was in the set, of which it is no longer.
    fn take(&mut self, at: u32) -> bool {
        let was = self.contains(at);
        if was {
            self.words[at as usize / 64] &= !(1 << (at % 64));
        }
        was
    }

    fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// Takes all that the other one has.
    fn add(&mut self, other: &mut Self) {
        let room = self.words.len().max(other.words.len());
        self.words.resize(room, 0);
        for (to, from) in self.words.iter_mut().zip(&mut other.words) {
            *to |= std::mem::take(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(changes: &mut Changes, keys: &KeyDictionary, images: KeyGroups) -> Vec<String> {
        let mut written = Vec::new();
        let mut write = |saved: Saved<'_>| {
            written.push(match saved {
                Saved::Entry { bytes, .. } => format!("+{}", String::from_utf8_lossy(&bytes[4..])),
                Saved::Gone { key, .. } => format!("-{}", String::from_utf8_lossy(key)),
                Saved::Common(_) => unreachable!(),
            });
            Ok(())
        };
        changes.save(keys, &images, &mut |_, _| {}, &mut write).unwrap();
        written
    }

    #[test]
    fn a_save_writes_what_has_changed_and_whole_groups() {
        let mut keys = KeyDictionary::new(7);
        let slots: Vec<u32> =
            (0..200).map(|key| keys.intern_key(format!("{key}").as_bytes())).collect();
        slots.iter().for_each(|&slot| keys.retain(slot));
        let mut changes = Changes::default();
        slots[..3].iter().for_each(|&slot| changes.mark(slot));
        assert_eq!(save(&mut changes, &keys, 0..0), ["+0", "+1", "+2"]);
        assert_eq!(save(&mut changes, &keys, 0..0), [""; 0]);
        changes.mark(slots[1]);
        changes.mark(slots[150]);
        // Saved and gone, never saved and gone, gone and back.
        changes.remove(slots[0], &keys);
        changes.mark(slots[70]);
        changes.remove(slots[70], &keys);
        changes.remove(slots[2], &keys);
        changes.mark(slots[2]);
        assert_eq!(save(&mut changes, &keys, 0..0), ["-0", "-2", "+1", "+2", "+150"]);
        changes.loaded(slots[9]);
        let group = keys.key_group(slots[9]);
        assert_eq!(save(&mut changes, &keys, 0..0), [""; 0]);
        assert!(save(&mut changes, &keys, group..group + 1).contains(&"+9".to_owned()));
        assert_eq!(save(&mut changes, &keys, 0..128), ["+1", "+2", "+9", "+150"]);
        changes.remove(slots[9], &keys);
        // An image without the key says as much.
        assert!(!save(&mut changes, &keys, group..group + 1).contains(&"-9".to_owned()));
    }
}
