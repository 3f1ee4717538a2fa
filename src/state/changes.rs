//! What of a keyed state has changed since it was saved last, so that a save writes that alone.

use std::io;

use super::entry::put_bytes;
use super::slice::{Frozen, Pending, Slice};
use super::{KeyDictionary, KeyGroups, Saved, SharedKeys};

/// Marks by slot. A slot that holds something is changed, saved or both; one that holds nothing
/// is neither.
#[derive(Default)]
pub struct Changes {
    changed: Bits,
    /// A save has written something for the key that the slot has, or is about to.
    saved: Bits,
    /// Keys that were saved and hold nothing any more.
    gone: Pending,
    frozen: Frozen,
    /// The `gone` ones of what is frozen.
    frozen_gone: Pending,
    /// Entries of frozen slots that have changed before their turn.
    copies: Pending,
}

impl Changes {
    /// What the slot holds, which `encode` appends, is about to change.
    #[inline]
    pub fn mark(&mut self, slot: u32, keys: &SharedKeys, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.frozen.contains(slot) {
            self.copy(slot, &keys.borrow(), encode);
        }
        self.changed.set(slot);
    }

    #[cold]
    fn copy(&mut self, slot: u32, keys: &KeyDictionary, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.frozen.take(slot, || keys.key_group(slot)) {
            self.copies.push(keys.key_group(slot), |entry| {
                put_bytes(keys.key(slot), entry);
                encode(entry);
            });
        }
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

    /// The slot, of which `encode` appends what it holds, is about to hold nothing. To be called
    /// while it has its key.
    pub fn remove(&mut self, slot: u32, keys: &KeyDictionary, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.frozen.contains(slot) {
            self.copy(slot, keys, encode);
        }
        self.changed.take(slot);
        if self.saved.take(slot) {
            self.gone.push(keys.key_group(slot), |key| key.extend_from_slice(keys.key(slot)));
        }
    }

    /// See [`super::KeyedState::freeze`].
    pub fn freeze(&mut self, images: &KeyGroups) {
        std::mem::swap(&mut self.gone, &mut self.frozen_gone);
        self.saved.add(&self.changed);
        let saved = &self.saved;
        self.frozen.begin(&mut self.changed, images, |present| present.clone_from(saved));
    }

    /// See [`super::KeyedState::write`]. An entry is the key, with its length in front, and what
    /// `encode` appends for the slot.
    pub fn write(
        &mut self,
        keys: &KeyDictionary,
        encode: impl Fn(u32, &mut Vec<u8>),
        slice: &mut Slice<'_>,
    ) -> io::Result<bool> {
        let Self { frozen, frozen_gone, copies, .. } = self;
        // First, as a key may have come back.
        if !frozen_gone.write_gone(frozen.images(), slice)? || !copies.write(slice)? {
            return Ok(false);
        }
        let mut bytes = Vec::new();
        while let Some(slot) = frozen.next(slice, |slot| keys.key_group(slot)) {
            bytes.clear();
            put_bytes(keys.key(slot), &mut bytes);
            encode(slot, &mut bytes);
            slice.put(Saved::Entry { key_group: keys.key_group(slot), bytes: &bytes })?;
        }
        Ok(frozen.is_done())
    }

    pub fn bytes(&self) -> u64 {
        let marks = (self.changed.words() + self.saved.words()) as u64 * 8 + self.frozen.bytes();
        marks + self.gone.bytes() + self.frozen_gone.bytes() + self.copies.bytes()
    }
}

/// A set of small numbers; a bit each.
#[derive(Clone, Default)]
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

    #[inline]
    pub fn contains(&self, at: u32) -> bool {
        self.word(at as usize / 64) & 1 << (at % 64) != 0
    }

    /// All numbers below this one, and no others.
    pub fn fill_to(&mut self, end: usize) {
        self.words.clear();
        self.words.resize(end / 64, u64::MAX);
        if !end.is_multiple_of(64) {
            self.words.push((1 << (end % 64)) - 1);
        }
    }

    /// Whether it was in the set, of which it is no longer.
    pub fn take(&mut self, at: u32) -> bool {
        let was = self.contains(at);
        if was {
            self.words[at as usize / 64] &= !(1 << (at % 64));
        }
        was
    }

    /// The numbers from 64 times `index` on, a bit each.
    #[inline]
    pub fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// Takes in all that the other one has.
    fn add(&mut self, other: &Self) {
        let room = self.words.len().max(other.words.len());
        self.words.resize(room, 0);
        for (to, from) in self.words.iter_mut().zip(&other.words) {
            *to |= from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::slice::ENTRY;

    /// Writes on, as far as `room` goes.
    fn write(changes: &mut Changes, keys: &SharedKeys, room: usize) -> (Vec<String>, bool) {
        let mut written = Vec::new();
        let mut write = |saved: Saved<'_>| {
            written.push(match saved {
                Saved::Entry { bytes, .. } => format!("+{}", String::from_utf8_lossy(&bytes[4..])),
                Saved::Gone { key, .. } => format!("-{}", String::from_utf8_lossy(key)),
                Saved::Common(_) => unreachable!(),
            });
            Ok(())
        };
        let encode = |_: u32, entry: &mut Vec<u8>| entry.extend(b" now");
        let mut slice = Slice::new(room, &mut write);
        let done = changes.write(&keys.borrow(), encode, &mut slice).unwrap();
        (written, done)
    }

    fn save(changes: &mut Changes, keys: &SharedKeys, images: KeyGroups) -> Vec<String> {
        changes.freeze(&images);
        let (written, done) = write(changes, keys, usize::MAX);
        assert!(done);
        written.into_iter().map(|entry| entry.trim_end_matches(" now").to_owned()).collect()
    }

    fn slots(keys: &SharedKeys) -> Vec<u32> {
        let mut keys = keys.borrow_mut();
        let slots: Vec<u32> =
            (0..200).map(|key| keys.intern_key(format!("{key}").as_bytes())).collect();
        slots.iter().for_each(|&slot| keys.retain(slot));
        slots
    }

    #[test]
    fn a_save_writes_what_has_changed_and_whole_groups() {
        let keys = KeyDictionary::shared(7);
        let slots = slots(&keys);
        let mut changes = Changes::default();
        slots[..3].iter().for_each(|&slot| changes.mark(slot, &keys, |_| {}));
        assert_eq!(save(&mut changes, &keys, 0..0), ["+0", "+1", "+2"]);
        assert_eq!(save(&mut changes, &keys, 0..0), [""; 0]);
        changes.mark(slots[1], &keys, |_| {});
        changes.mark(slots[150], &keys, |_| {});
        // Saved and gone, never saved and gone, gone and back.
        changes.remove(slots[0], &keys.borrow(), |_| {});
        changes.mark(slots[70], &keys, |_| {});
        changes.remove(slots[70], &keys.borrow(), |_| {});
        changes.remove(slots[2], &keys.borrow(), |_| {});
        changes.mark(slots[2], &keys, |_| {});
        assert_eq!(save(&mut changes, &keys, 0..0), ["-0", "-2", "+1", "+2", "+150"]);
        changes.loaded(slots[9]);
        let group = keys.borrow().key_group(slots[9]);
        assert_eq!(save(&mut changes, &keys, 0..0), [""; 0]);
        assert!(save(&mut changes, &keys, group..group + 1).contains(&"+9".to_owned()));
        assert_eq!(save(&mut changes, &keys, 0..128), ["+1", "+2", "+9", "+150"]);
        changes.remove(slots[9], &keys.borrow(), |_| {});
        // An image without the key says as much.
        assert!(!save(&mut changes, &keys, group..group + 1).contains(&"-9".to_owned()));
    }

    #[test]
    fn what_changes_before_its_turn_is_written_as_it_was() {
        let keys = KeyDictionary::shared(7);
        let slots = slots(&keys);
        let mut changes = Changes::default();
        let was = |entry: &mut Vec<u8>| entry.extend(b" was");
        slots[..5].iter().for_each(|&slot| changes.mark(slot, &keys, |_| unreachable!()));
        changes.freeze(&(0..0));
        // Written already; to be changed; to be removed; untouched; new.
        assert_eq!(write(&mut changes, &keys, 1), (vec!["+0 now".to_owned()], false));
        changes.mark(slots[0], &keys, |_| unreachable!());
        changes.mark(slots[1], &keys, was);
        changes.mark(slots[1], &keys, |_| unreachable!());
        changes.remove(slots[2], &keys.borrow(), was);
        changes.mark(slots[9], &keys, |_| unreachable!());
        let (written, done) = write(&mut changes, &keys, 2 * ENTRY);
        assert_eq!((written, done), (vec!["+1 was".to_owned(), "+2 was".to_owned()], false));
        changes.mark(slots[4], &keys, was);
        let (written, done) = write(&mut changes, &keys, usize::MAX);
        assert_eq!((written, done), (vec!["+4 was".to_owned(), "+3 now".to_owned()], true));
        assert_eq!(save(&mut changes, &keys, 0..0), ["-2", "+0", "+1", "+4", "+9"]);
        // Of key groups that are written whole, what has not changed since the last save, too.
        let group = keys.borrow().key_group(slots[3]);
        changes.freeze(&(group..group + 1));
        changes.mark(slots[3], &keys, was);
        let other = slots[..5].iter().find(|&&slot| keys.borrow().key_group(slot) != group);
        changes.mark(*other.unwrap(), &keys, |_| unreachable!());
        let (written, _) = write(&mut changes, &keys, usize::MAX);
        assert!(written.contains(&"+3 was".to_owned()), "{written:?}");
    }
}
