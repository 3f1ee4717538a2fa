//! The value table: one value of the operator's own type for each key.

use std::io;

use super::entry::take_bytes;
use super::prefetch::prefetch_whole;
use super::{Changes, Chunked, KeyGroups, KeyedState, Saved, SharedKeys, Slice};

/// What a [`Table`] holds for a key.
pub trait Entry: Default {
    /// Appends the value's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads them back; `None` where they are not such a value (a corrupt file).
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// Bytes that the value keeps on the heap, roughly.
    fn heap_bytes(&self) -> usize;
}

impl<T: Entry> Entry for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        T::decode(bytes).map(Self::new)
    }

    fn heap_bytes(&self) -> usize {
        size_of::<T>() + (**self).heap_bytes()
    }
}

/// Values of which the bytes on the heap are asked when a table tells its size.
const SAMPLE: usize = 1024;

/// Values by slot of a shared dictionary. A slot with a value is retained, so that its key stays.
///
/// There is room for a value at every slot, and other operators may share the dictionary: a large
/// type goes in a `Box`.
pub struct Table<T> {
    keys: SharedKeys,
    values: Chunked<Option<T>>,
    changes: Changes,
    rows: u64,
}

impl<T: Entry> Table<T> {
    pub fn new(keys: SharedKeys) -> Self {
        Self { keys, values: Chunked::default(), changes: Changes::default(), rows: 0 }
    }

    pub fn keys(&self) -> &SharedKeys {
        &self.keys
    }

    #[inline]
    pub fn get(&self, slot: u32) -> Option<&T> {
        if self.values.len() <= slot as usize {
            return None;
        }
        self.values[slot as usize].as_ref()
    }

    /// Starts to bring the values of slots near that are asked for next.
    pub fn prefetch(&self, slots: &[u32]) {
        let known = slots.iter().filter(|&&slot| (slot as usize) < self.values.len());
        known.for_each(|&slot| prefetch_whole(&self.values[slot as usize]));
    }

    /// The value of a slot to be changed; a fresh one where there is none. To be called before
    /// each change, also where the value is known to be there.
    #[inline]
    pub fn touch(&mut self, slot: u32) -> &mut T {
        if self.values.len() <= slot as usize {
            self.values.grow(self.keys.borrow().slots());
        }
        let value = &mut self.values[slot as usize];
        self.changes.mark(slot, &self.keys, |entry| value.iter().for_each(|it| it.encode(entry)));
        if value.is_none() {
            self.rows += 1;
            self.keys.borrow_mut().retain(slot);
        }
        value.get_or_insert_default()
    }

    /// The value of a slot, to set what of it is not saved.
    pub fn unsaved_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.values[slot as usize].as_mut()
    }

    /// Takes the value out and lets go of the slot.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        if self.values.len() <= slot as usize {
            return None;
        }
        let value = self.values[slot as usize].take()?;
        self.rows -= 1;
        let mut keys = self.keys.borrow_mut();
        self.changes.remove(slot, &keys, |entry| value.encode(entry));
        keys.release(slot);
        Some(value)
    }

    /// Slots and values, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let slots = 0..self.values.len() as u32;
        slots.filter_map(|slot| Some((slot, self.values[slot as usize].as_ref()?)))
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl<T: Entry> KeyedState for Table<T> {
    fn freeze(&mut self, images: &KeyGroups) {
        self.changes.freeze(images);
    }

    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        let values = &self.values;
        let encode = |slot: u32, entry: &mut Vec<u8>| {
            values[slot as usize].iter().for_each(|value| value.encode(entry));
        };
        self.changes.write(&self.keys.borrow(), encode, slice)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a value table is cut short".to_owned();
        match saved {
            Saved::Entry { key_group, bytes: mut entry } => {
                let key = take_bytes(&mut entry).ok_or_else(bad)?;
                let value = T::decode(entry).ok_or_else(bad)?;
                let slot = self.keys.borrow_mut().intern_saved(key, key_group);
                *self.touch(slot) = value;
                self.changes.loaded(slot);
            }
            Saved::Gone { key, .. } => {
                let slot = self.keys.borrow().find(key);
                if let Some(slot) = slot {
                    self.changes.forget(slot);
                    self.remove(slot);
                }
            }
            Saved::Common(_) => return Err(bad()),
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        let slots = (0..self.values.len()).step_by(self.values.len().div_ceil(SAMPLE).max(1));
        let sample = slots.filter_map(|slot| self.values[slot].as_ref());
        let (count, heap) =
            sample.fold((0, 0), |(count, heap), value| (count + 1, heap + value.heap_bytes()));
        let heap = heap as u64 * self.rows / u64::max(count, 1);
        let fixed = self.values.bytes() + self.changes.bytes() + self.keys.borrow().bytes();
        (self.rows, heap + fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::key;
    use crate::state::KeyDictionary;

    impl Entry for u64 {
        fn encode(&self, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.to_le_bytes());
        }

        fn decode(bytes: &[u8]) -> Option<Self> {
            Some(Self::from_le_bytes(bytes.try_into().ok()?))
        }

        fn heap_bytes(&self) -> usize {
            0
        }
    }

    #[test]
    fn values_live_and_go_with_their_keys() {
        let keys = KeyDictionary::shared(7);
        let mut table: Table<u64> = Table::new(keys.clone());
        let slots: Vec<u32> =
            (0..5000u32).map(|key| keys.borrow_mut().intern_key(&key.to_le_bytes())).collect();
        for (value, &slot) in slots.iter().enumerate() {
            *table.touch(slot) += value as u64;
        }
        assert_eq!(table.remove(slots[3]), Some(3));
        assert_eq!((table.rows(), table.get(slots[3])), (4999, None));
        assert_eq!(keys.borrow().find(&3u32.to_le_bytes()), None);

        let other = KeyDictionary::shared(9);
        let mut back: Table<u64> = Table::new(other.clone());
        let all = 0..key::KEY_GROUPS;
        table.save(&all, &mut |saved| back.load(&all, saved).map_err(io::Error::other)).unwrap();
        assert_eq!(back.rows(), 4999);
        for key in [0u32, 4, 4999] {
            let slot = other.borrow().find(&key.to_le_bytes()).unwrap();
            assert_eq!(back.get(slot), Some(&u64::from(key)));
        }
        let cut = Saved::Entry { key_group: 0, bytes: &[1, 0, 0, 0, 5, 9] };
        assert!(back.load(&all, cut).is_err());
    }
}
