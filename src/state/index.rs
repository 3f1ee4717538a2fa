//! The hash table of a key dictionary: from a hash to the places of records that may have it.
//!
//! Tags and places of a bucket stand on one cache line, so that a look-up misses the cache once,
//! and for hashes known beforehand that line can be asked for early: after the F14 tables of
//! folly (<https://engineering.fb.com/2019/04/25/developer-tools/f14/>).

use super::prefetch::prefetch;

/// Places of a bucket.
const PLACES: usize = 12;
/// Places in use for each bucket, on average, at which the table grows.
const FULL: usize = 10;
/// The tag of a place that is not in use.
const FREE: u8 = 0;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

#[derive(Clone)]
#[repr(C, align(64))]
struct Bucket {
    tags: [u8; PLACES],
    /// Entries that had no room here and went on to the next bucket. One that ever was at its
    /// largest value stays so until the table grows.
    passed_on: u32,
    places: [u32; PLACES],
}

impl Bucket {
    const EMPTY: Self = Self { tags: [FREE; PLACES], passed_on: 0, places: [0; PLACES] };

    /// The indexes of a tag, ascending.
    #[inline]
    fn with_tag(&self, tag: u8) -> impl Iterator<Item = usize> + '_ {
        let (low, high) = self.tags.split_at(8);
        let low = low.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let high = high.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let mut found = bytes_equal(low, tag);
        let mut others = bytes_equal(u64::from(high) | 0xffff_ffff << 32, tag) & 0xffff_ffff;
        let mut base = 0;
        let indexes = std::iter::from_fn(move || {
            if found == 0 {
                (found, others, base) = (others, 0, 8);
                if found == 0 {
                    return None;
                }
            }
            let index = base + found.trailing_zeros() as usize / 8;
            found &= found - 1;
            Some(index)
        });
        // The search may take a byte behind one with the tag for another with it.
        indexes.filter(move |&index| self.tags[index] == tag)
    }
}

/// The high bit of each byte that is `byte`, and maybe of some behind the first of them.
/// Source: <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>
#[inline]
fn bytes_equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ (u64::from(byte) * LOW_BITS);
    zero.wrapping_sub(LOW_BITS) & !zero & HIGH_BITS
}

/// Neither from the bits of the bucket nor from those of the key group, which are the same for
/// many keys of a shard.
#[inline]
fn tag_of(hash: u64) -> u8 {
    ((hash >> 40) as u8).max(FREE + 1)
}

/// Places of records by the hashes of their keys; a place is there once.
#[derive(Default)]
pub struct Index {
    /// A power of two of them, or none.
    buckets: Vec<Bucket>,
    len: usize,
}

impl Index {
    /// Starts to bring near what a look-up of the hash reads.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if let Some(bucket) = self.buckets.get(self.home(hash)) {
            prefetch(bucket);
        }
    }

    /// The place that most probably is the one of the hash.
    #[inline]
    pub fn candidate(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// The first place that may have the hash and for which `is_it` holds.
    #[inline]
    pub fn find(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.search(hash, is_it).map(|(bucket, index, _)| self.buckets[bucket].places[index])
    }

    /// The bucket and the index in it of that place, and how many buckets it stands from home.
    #[inline]
    fn search(
        &self,
        hash: u64,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Option<(usize, usize, usize)> {
        let (tag, mut at) = (tag_of(hash), self.home(hash));
        // In a small table each bucket may have passed something on: once round is enough.
        for steps in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            let found = bucket.with_tag(tag).find(|&index| is_it(bucket.places[index]));
            if let Some(index) = found {
                return Some((at, index, steps));
            }
            if bucket.passed_on == 0 {
                return None;
            }
            at = self.next(at);
        }
        None
    }

    /// Adds a place that is not there; `hash_of` gives the hashes of all of them again, where the
    /// table grows.
    pub fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len == self.buckets.len() * FULL {
            self.grow(hash_of);
        }
        self.put(hash, place);
    }

    /// Takes the place out; whether it was there.
    pub fn remove(&mut self, hash: u64, place: u32) -> bool {
        let Some((bucket, index, steps)) = self.search(hash, |found| found == place) else {
            return false;
        };
        self.buckets[bucket].tags[index] = FREE;
        self.len -= 1;
        self.forget_passed_on(hash, steps);
        true
    }

    /// The bytes of all buckets.
    pub fn bytes(&self) -> u64 {
        (self.buckets.capacity() * size_of::<Bucket>()) as u64
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.buckets.len() - 1)
    }

    /// Puts a place where there is room: on average, there is.
    fn put(&mut self, hash: u64, place: u32) {
        let mut at = self.home(hash);
        loop {
            let next = self.next(at);
            let bucket = &mut self.buckets[at];
            if let Some(index) = bucket.tags.iter().position(|&tag| tag == FREE) {
                (bucket.tags[index], bucket.places[index]) = (tag_of(hash), place);
                self.len += 1;
                return;
            }
            bucket.passed_on = bucket.passed_on.saturating_add(1);
            at = next;
        }
    }

    /// An entry of the hash that stood so many steps from home is gone.
    fn forget_passed_on(&mut self, hash: u64, steps: usize) {
        let mut at = self.home(hash);
        for _ in 0..steps {
            let passed_on = &mut self.buckets[at].passed_on;
            if *passed_on != u32::MAX {
                *passed_on -= 1;
            }
            at = self.next(at);
        }
    }

    #[cold]
    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let buckets = vec![Bucket::EMPTY; (self.buckets.len() * 2).max(1)];
        let before = std::mem::replace(&mut self.buckets, buckets);
        self.len = 0;
        for bucket in &before {
            let used = bucket.tags.iter().zip(bucket.places).filter(|&(&tag, _)| tag != FREE);
            used.for_each(|(_, place)| self.put(hash_of(place), place));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::record::key;

    /// Few bits of hash, so that buckets pass entries on.
    fn hash_of(place: u32) -> u64 {
        key::hash(&place.to_le_bytes(), 7) & 0x0000_ff00_0000_003f
    }

    #[test]
    fn places_come_and_go_as_in_a_map() {
        let (mut index, mut model) = (Index::default(), HashMap::new());
        let mut random = 1_u64;
        for step in 0..60_000 {
            random = key::hash(&random.to_le_bytes(), 3);
            // It fills up, empties, and fills again.
            let (place, fills) = ((random % 900) as u32, (step / 10_000) % 2 == 0);
            let hash = hash_of(place);
            let known = index.find(hash, |found| found == place).is_some();
            assert_eq!(known, model.contains_key(&place));
            if !known && (fills || random % 8 < 3) {
                index.insert(hash, place, hash_of);
                model.insert(place, ());
            } else if known && (!fills || random % 8 > 6) {
                assert!(index.remove(hash, place) && !index.remove(hash, place));
                model.remove(&place);
            }
            assert_eq!(index.len, model.len());
        }
        for place in 0..900 {
            let found = index.find(hash_of(place), |found| found == place);
            assert_eq!(found.is_some(), model.contains_key(&place));
        }
        for place in model.into_keys() {
            assert!(index.remove(hash_of(place), place));
        }
        assert!(index.buckets.iter().all(|bucket| bucket.passed_on == 0));
    }

    #[test]
    fn a_look_up_ends_where_every_bucket_has_passed_something_on() {
        let mut index = Index::default();
        let hash_of = |place: u32| u64::from(place & 1);
        // The last of the even ones finds its bucket full, those before it leave; then the same
        // with the odd ones, of whose bucket it has taken a place.
        let even: Vec<u32> = (0..=PLACES as u32).map(|place| place * 2).collect();
        even.iter().for_each(|&place| index.insert(hash_of(place), place, hash_of));
        even[1..PLACES].iter().for_each(|&place| assert!(index.remove(hash_of(place), place)));
        let odd = even[..PLACES].iter().map(|place| place + 1);
        odd.for_each(|place| index.insert(hash_of(place), place, hash_of));
        assert_eq!(index.buckets.iter().map(|bucket| bucket.passed_on).collect::<Vec<_>>(), [1, 1]);
        for home in [0, 1] {
            assert_eq!(index.find(home, |place| place == 999), None);
            assert!(!index.remove(home, 999));
        }
    }

    #[test]
    fn every_tag_is_found_beside_every_other() {
        for tag in 1..=u8::MAX {
            for other in [FREE, 1, tag ^ 1, tag.wrapping_add(1), u8::MAX] {
                let mut bucket = Bucket::EMPTY;
                bucket.tags = [other; PLACES];
                (bucket.tags[3], bucket.tags[11]) = (tag, tag);
                let expected = (0..PLACES).filter(|&at| bucket.tags[at] == tag);
                assert!(bucket.with_tag(tag).eq(expected), "{tag} beside {other}");
            }
        }
    }
}
