//! The value table: one value of the operator's own type for each key.

use std::io;

use super::deadlines::Deadlines;
use super::entry::{put_i64, take_bytes, take_i64};
use super::prefetch::prefetch_whole;
use super::{
    Changes, Chunked, KeyGroups, KeyedState, Lifetimes, Reached, Saved, SharedKeys, Slice,
};

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

/// Slots that are looked at together, so that their cache misses overlap.
const AT_ONCE: usize = 64;
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
    /// Where values are kept for a time only.
    lifetimes: Option<Box<Lifetimes>>,
}

/// Something is over, the slot at hand for one if it is named; see [`Table::pass`].
pub struct Over {
    slot: Option<u32>,
}

/// Appends the bytes of a slot's value, behind when it was written if that counts.
fn encode<T: Entry>(
    value: Option<&T>,
    lifetimes: Option<&Lifetimes>,
    slot: u32,
    entry: &mut Vec<u8>,
) {
    let Some(value) = value else { return };
    if let Some(lifetimes) = lifetimes {
        put_i64(lifetimes.written(slot), entry);
    }
    value.encode(entry);
}

impl<T: Entry> Table<T> {
    pub fn new(keys: SharedKeys) -> Self {
        let (values, changes) = (Chunked::default(), Changes::default());
        Self { keys, values, changes, rows: 0, lifetimes: None }
    }

    /// Values are over once event time has passed their last change by `ttl_ms`.
    pub fn expiring(self, ttl_ms: Option<i64>) -> Self {
        Self { lifetimes: ttl_ms.map(|ttl_ms| Box::new(Lifetimes::new(ttl_ms))), ..self }
    }

    /// Event time goes on; whether [`Self::expire`] has something to do.
    #[inline]
    fn reach(&mut self, watermark: i64) -> bool {
        let Some(lifetimes) = &mut self.lifetimes else { return false };
        match lifetimes.reach(watermark) {
            Reached::Nothing => false,
            Reached::Due => true,
            Reached::First => {
                self.date();
                false
            }
        }
    }

    /// What was written before there was a watermark counts as written now.
    #[cold]
    fn date(&mut self) {
        for slot in 0..self.values.len() as u32 {
            let undated = |lifetimes: &Lifetimes| lifetimes.is_undated(slot);
            let known = self.values[slot as usize].is_some();
            if known && self.lifetimes.as_deref().is_some_and(undated) {
                self.touch(slot);
            }
        }
    }

    fn expire(&mut self) -> u64 {
        let Some(mut lifetimes) = self.lifetimes.take() else { return 0 };
        let over = lifetimes.over(|slot| self.get(slot).is_some());
        self.lifetimes = Some(lifetimes);
        self.remove_all(&over);
        over.len() as u64
    }

    /// Event time goes on, before a row of a slot or behind a batch: whether something is over,
    /// which is to be told of and then to be [let go](Self::let_go).
    #[inline]
    pub fn pass(&mut self, watermark: i64, slot: Option<u32>) -> Option<Over> {
        let due = self.reach(watermark);
        let slot = slot.filter(|&slot| self.is_over(slot));
        (due || slot.is_some()).then_some(Over { slot })
    }

    /// Lets values go whose time is over; how many.
    pub fn let_go(&mut self, over: Over) -> u64 {
        let removed = over.slot.and_then(|slot| self.remove(slot));
        u64::from(removed.is_some()) + self.expire()
    }

    /// Whether the slot has a value whose time is over: it is to go before the slot is used.
    #[inline]
    fn is_over(&self, slot: u32) -> bool {
        let over = |lifetimes: &Lifetimes| lifetimes.is_over(slot) && self.get(slot).is_some();
        self.lifetimes.as_deref().is_some_and(over)
    }

    pub fn expires(&self) -> bool {
        self.lifetimes.is_some()
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
        let lifetimes = self.lifetimes.as_deref();
        self.changes.mark(slot, &self.keys, |entry| {
            encode(value.as_ref(), lifetimes, slot, entry);
        });
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.write(slot);
        }
        if value.is_none() {
            self.rows += 1;
            self.keys.borrow_mut().retain(slot);
        }
        value.get_or_insert_default()
    }

    /// The value of a slot, without a mark that it changes: to set what of it is not saved, or
    /// behind a [`Self::touch`] in the same batch.
    #[inline]
    pub fn value_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.values[slot as usize].as_mut()
    }

    /// Takes the value out and lets go of the slot.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.take(slot)?;
        self.keys.borrow_mut().release(slot);
        Some(value)
    }

    /// Takes the value out; the slot is still to be let go of.
    fn take(&mut self, slot: u32) -> Option<T> {
        if self.values.len() <= slot as usize {
            return None;
        }
        let value = self.values[slot as usize].take()?;
        self.rows -= 1;
        let (keys, lifetimes) = (self.keys.borrow(), self.lifetimes.as_deref());
        self.changes.remove(slot, &keys, |entry| encode(Some(&value), lifetimes, slot, entry));
        Some(value)
    }

    /// Lets the values go that are over, of the slots whose deadlines have passed; the others are
    /// watched on. `end` is the time from which on a value is over.
    pub fn forget(&mut self, deadlines: &mut Deadlines, now_ms: i64, end: impl Fn(&T) -> i64) {
        while let Some(due) = deadlines.pop(now_ms) {
            for slots in due.chunks(AT_ONCE) {
                self.prefetch(slots);
                self.keys.borrow().prefetch(slots);
                let mut over = Vec::with_capacity(slots.len());
                for &slot in slots {
                    match self.get(slot).map(&end) {
                        Some(end) if end > now_ms => deadlines.add(slot, end),
                        Some(_) => over.push(slot),
                        None => {}
                    }
                }
                self.remove_all(&over);
            }
        }
    }

    /// Lets the values of slots go that have one.
    fn remove_all(&mut self, slots: &[u32]) {
        slots.iter().for_each(|&slot| drop(self.take(slot)));
        self.keys.borrow_mut().let_go(slots);
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
        let (values, lifetimes) = (&self.values, self.lifetimes.as_deref());
        let encode = |slot: u32, entry: &mut Vec<u8>| {
            encode(values[slot as usize].as_ref(), lifetimes, slot, entry);
        };
        self.changes.write(&self.keys.borrow(), encode, slice)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a value table is cut short".to_owned();
        match saved {
            Saved::Entry { key_group, bytes: mut entry } => {
                let key = take_bytes(&mut entry).ok_or_else(bad)?;
                let written = match self.lifetimes {
                    Some(_) => Some(take_i64(&mut entry).ok_or_else(bad)?),
                    None => None,
                };
                let value = T::decode(entry).ok_or_else(bad)?;
                let slot = self.keys.borrow_mut().intern_saved(key, key_group);
                *self.touch(slot) = value;
                self.changes.loaded(slot);
                if let (Some(lifetimes), Some(written)) = (&mut self.lifetimes, written) {
                    lifetimes.set(slot, written);
                }
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
        let times = self.lifetimes.as_ref().map_or(0, |lifetimes| lifetimes.bytes());
        (self.rows, heap + fixed + times)
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

        let other = KeyDictionary::shared(9);
        let mut back: Table<u64> = Table::new(other.clone());
        let all = 0..key::KEY_GROUPS;
        table.save(&all, &mut |saved| back.load(&all, saved).map_err(io::Error::other)).unwrap();
        assert_eq!((back.rows(), other.borrow().find(&3u32.to_le_bytes())), (4999, None));
        for key in [0u32, 4, 4999] {
            let slot = other.borrow().find(&key.to_le_bytes()).unwrap();
            assert_eq!(back.get(slot), Some(&u64::from(key)));
        }
        let cut = Saved::Entry { key_group: 0, bytes: &[1, 0, 0, 0, 5, 9] };
        assert!(back.load(&all, cut).is_err());
    }
}
