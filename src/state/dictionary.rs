//! The key dictionary of a shard: canonical keys become dense slots, so that each operator of
//! the same key finds its row by an array index.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashTable;

use super::Chunked;
use super::prefetch::prefetch;
use crate::record::column::ColumnRef;
use crate::record::key::{self, Keys};
use crate::record::{Batch, Column};

/// Operators that share a key share its dictionary; all of them live on one thread.
pub type SharedKeys = Rc<RefCell<KeyDictionary>>;

const ARENA: usize = 1 << 20;
const LEN_BITS: u32 = 24;
/// As the length of a key: it is as long as its arena, which holds nothing else.
const LARGE: usize = (1 << LEN_BITS) - 1;
/// Slots that one page looks at, about a millisecond's worth.
const SCAN: usize = 1 << 18;

/// A batch that was resolved. It holds on to what it compares by address, so that no
/// other batch can come to stand at the same place.
struct Resolved {
    columns: Vec<ColumnRef>,
    keys: Option<Arc<Keys>>,
    rows: Vec<u32>,
    slots: Vec<u32>,
}

impl Resolved {
    fn is_of(&self, columns: &[ColumnRef], batch: &Batch) -> bool {
        let same = |a: &Arc<Column>, b: &Arc<Column>| Arc::ptr_eq(a, b);
        self.columns.len() == columns.len()
            && self.columns.iter().zip(columns).all(|(a, b)| same(a, b))
            && self.keys.as_ref().map(Arc::as_ptr) == batch.keys.as_ref().map(Arc::as_ptr)
            && batch.row_ids().map(|row| row as u32).eq(self.rows.iter().copied())
    }
}

/// Batches that one operator may take before the next one that shares the dictionary takes the
/// first of them.
const RECENT: usize = 4;

/// What the hash table holds: with a part of the hash beside the slot, a probe that fails does
/// not leave the table.
/// Packed to 6 bytes: the table is a fifth of what a key costs.
#[derive(Clone, Copy)]
#[repr(C, packed(2))]
struct Entry {
    slot: u32,
    tag: u16,
}

/// Bits that the hash table itself uses neither for the bucket nor for its own tag.
#[inline]
fn tag_of(hash: u64) -> u16 {
    (hash >> 40) as u16
}

/// References that are not counted down any more.
const PINNED: u16 = u16::MAX;

/// No slot.
const NONE: u32 = u32::MAX;

/// Interns keys. A slot lives while its references are above zero; `resolve` and `intern` give
/// none: an operator that keeps a row for a slot calls `retain`, and `release` with its end.
pub struct KeyDictionary {
    seed: u64,
    table: HashTable<Entry>,
    hashes: Chunked<u64>,
    /// Offset in the arenas and length of the key.
    places: Chunked<u64>,
    /// Of operators that keep a row of the key, and of rows of the batch at work. A key that ever
    /// has [`PINNED`] of them stays for good, as they are no longer counted.
    references: Chunked<u16>,
    arenas: Vec<Vec<u8>>,
    /// Slots without an owner by the room that their key has.
    free: BTreeMap<usize, Vec<u32>>,
    /// The last ones, newest first.
    recent: VecDeque<Resolved>,
}

impl KeyDictionary {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            table: HashTable::new(),
            hashes: Chunked::default(),
            places: Chunked::default(),
            references: Chunked::default(),
            arenas: Vec::new(),
            free: BTreeMap::new(),
            recent: VecDeque::new(),
        }
    }

    pub fn shared(seed: u64) -> SharedKeys {
        Rc::new(RefCell::new(Self::new(seed)))
    }

    /// Slots ever given: the length that tables by slot need.
    pub fn slots(&self) -> usize {
        self.hashes.len()
    }

    /// The slot of each row that counts, in order.
    pub fn resolve(&mut self, columns: &[ColumnRef], batch: &Batch, out: &mut Vec<u32>) {
        out.clear();
        if let Some(known) = self.recent.iter().find(|known| known.is_of(columns, batch)) {
            out.extend_from_slice(&known.slots);
            return;
        }
        let keys = match &batch.keys {
            Some(keys) => keys.clone(),
            None => Arc::new(Keys::of(batch, columns, self.seed)),
        };
        self.resolve_keys(&keys, batch, out);
        let rows = batch.row_ids().map(|row| row as u32).collect();
        let (columns, keys) = (columns.to_vec(), batch.keys.clone());
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(Resolved { columns, keys, rows, slots: out.clone() });
    }

    /// The slot of each row that counts, by columns `keys` of the batch, in order. They are
    /// retained: none goes to another key while the batch is at work, whatever the operator lets
    /// go of meanwhile. [`Self::let_go`] ends that.
    pub fn hold(&mut self, batch: &Batch, keys: &[usize]) -> Vec<u32> {
        let columns: Vec<_> = keys.iter().map(|&key| batch.columns[key].clone()).collect();
        let mut slots = Vec::with_capacity(batch.len());
        self.resolve(&columns, batch, &mut slots);
        slots.iter().for_each(|&slot| self.retain(slot));
        slots
    }

    pub fn let_go(&mut self, slots: &[u32]) {
        slots.iter().for_each(|&slot| self.release(slot));
    }

    /// The slots of the keys of the rows that count. In steps over the whole batch, so that the
    /// cache misses of many keys overlap: candidates by hash, their places, their bytes.
    fn resolve_keys(&mut self, keys: &Keys, batch: &Batch, out: &mut Vec<u32>) {
        for row in batch.row_ids() {
            let hash = keys.span(row).hash;
            let found = self.table.find(hash, |entry| entry.tag == tag_of(hash));
            out.push(found.map_or(NONE, |entry| entry.slot));
        }
        let known = |slot: &&u32| **slot != NONE;
        out.iter().filter(known).for_each(|&slot| prefetch(&self.places[slot as usize]));
        for &slot in out.iter().filter(known) {
            if let Some(first) = self.key(slot).first() {
                prefetch(first);
            }
        }
        for (slot, row) in out.iter_mut().zip(batch.row_ids()) {
            let span = keys.span(row);
            let key = keys.key(span);
            // Absent, or another key with the same tag.
            if *slot == NONE || !same(self.key(*slot), key) {
                *slot = self.intern(key, span.hash);
            }
        }
    }

    /// The slot of a key whose hash is known.
    pub fn intern(&mut self, key: &[u8], hash: u64) -> u32 {
        if let Some(slot) = self.probe(key, hash) {
            return slot;
        }
        let slot = self.place(key);
        self.hashes[slot as usize] = hash;
        let hashes = &self.hashes;
        let entry = Entry { slot, tag: tag_of(hash) };
        self.table.insert_unique(hash, entry, |entry| hashes[entry.slot as usize]);
        slot
    }

    /// The slot of a key read back from a snapshot.
    pub fn intern_key(&mut self, key: &[u8]) -> u32 {
        self.intern(key, key::hash(key, self.seed))
    }

    pub fn find(&self, key: &[u8]) -> Option<u32> {
        self.probe(key, key::hash(key, self.seed))
    }

    fn probe(&self, key: &[u8], hash: u64) -> Option<u32> {
        let is_key = |entry: &Entry| entry.tag == tag_of(hash) && same(self.key(entry.slot), key);
        self.table.find(hash, is_key).map(|entry| entry.slot)
    }

    /// A slot with the key's bytes in place.
    fn place(&mut self, key: &[u8]) -> u32 {
        if let Some((&room, slots)) = self.free.range_mut(key.len()..).next()
            && let Some(slot) = slots.pop()
        {
            if slots.is_empty() {
                self.free.remove(&room);
            }
            let offset = (self.places[slot as usize] >> LEN_BITS) as usize;
            let at = offset % ARENA;
            let arena = &mut self.arenas[offset / ARENA];
            if key.len() >= LARGE {
                arena.truncate(key.len());
            }
            arena[at..at + key.len()].copy_from_slice(key);
            self.places[slot as usize] = place(offset, key.len());
            return slot;
        }
        let slot = self.places.len() as u32;
        let full = self.arenas.last().is_none_or(|last| last.len() + key.len() > ARENA);
        if full {
            // A key larger than an arena has one of its own.
            self.arenas.push(Vec::with_capacity(ARENA.max(key.len())));
        }
        let index = self.arenas.len() - 1;
        let arena = &mut self.arenas[index];
        let offset = index * ARENA + arena.len();
        arena.extend_from_slice(key);
        self.places.push(place(offset, key.len()));
        self.hashes.push(0);
        self.references.push(0);
        slot
    }

    #[inline]
    pub fn key(&self, slot: u32) -> &[u8] {
        let place = self.places[slot as usize];
        let (offset, len) = ((place >> LEN_BITS) as usize, place as usize & LARGE);
        let arena = &self.arenas[offset / ARENA];
        if len == LARGE {
            return arena;
        }
        &arena[offset % ARENA..offset % ARENA + len]
    }

    /// Up to `limit` of the slots of a key group that are present, from the place that `after`
    /// names, and the place to go on from. A slot's number is the place: keys that go and come
    /// meanwhile don't hurt it.
    pub fn page(
        &self,
        key_group: usize,
        after: &[u8],
        limit: usize,
        is_present: impl Fn(u32) -> bool,
    ) -> (Vec<u32>, Option<Vec<u8>>) {
        let start = after.try_into().map_or(0, u32::from_le_bytes);
        let end = (self.slots() as u32).min(start.saturating_add(SCAN as u32));
        let mut slots = Vec::new();
        for slot in start..end {
            if slots.len() == limit {
                return (slots, Some(slot.to_le_bytes().to_vec()));
            }
            if self.key_group(slot) == key_group && is_present(slot) {
                slots.push(slot);
            }
        }
        let more = (end as usize) < self.slots();
        (slots, more.then(|| end.to_le_bytes().to_vec()))
    }

    pub fn hash_of(&self, slot: u32) -> u64 {
        self.hashes[slot as usize]
    }

    pub fn key_group(&self, slot: u32) -> usize {
        key::key_group(self.hash_of(slot))
    }

    pub fn retain(&mut self, slot: u32) {
        let references = &mut self.references[slot as usize];
        *references = references.saturating_add(1);
    }

    /// Lets a reference go; with the last one the slot is free for another key.
    pub fn release(&mut self, slot: u32) {
        let references = &mut self.references[slot as usize];
        if *references == PINNED {
            return;
        }
        *references = references.saturating_sub(1);
        if *references > 0 {
            return;
        }
        self.recent.clear();
        if let Ok(entry) =
            self.table.find_entry(self.hashes[slot as usize], |entry| entry.slot == slot)
        {
            entry.remove();
            let room = self.key(slot).len();
            self.free.entry(room).or_default().push(slot);
        }
    }

    pub fn bytes(&self) -> u64 {
        let arenas: usize = self.arenas.iter().map(Vec::capacity).sum();
        let table = self.table.allocation_size();
        (arenas + table) as u64
            + self.hashes.bytes()
            + self.places.bytes()
            + self.references.bytes()
    }
}

/// Equality in steps of eight bytes: most keys are too short for a call of `memcmp` to pay.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (heads, others) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let differ = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*a) != u64::from_ne_bytes(*b);
    if heads.0.iter().zip(others.0).any(differ) {
        return false;
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(tail), Some(other)) => tail == other,
        _ => heads.1.iter().zip(others.1).all(|(a, b)| a == b),
    }
}

/// Offset and length of a key in one word.
fn place(offset: usize, len: usize) -> u64 {
    (offset as u64) << LEN_BITS | len.min(LARGE) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again() {
        let mut keys = KeyDictionary::new(7);
        let a = keys.intern_key(b"alpha");
        let b = keys.intern_key(b"beta");
        keys.retain(a);
        keys.retain(b);
        assert_eq!(keys.find(b"alpha"), Some(a));
        keys.release(a);
        assert_eq!(keys.find(b"alpha"), None);
        assert_eq!(keys.intern_key(b"gamm"), a);
        assert_eq!((keys.key(a), keys.key(b)), (&b"gamm"[..], &b"beta"[..]));
    }

    #[test]
    fn a_key_with_more_references_than_are_counted_stays() {
        let mut keys = KeyDictionary::new(7);
        let (hot, cold) = (keys.intern_key(b"hot"), keys.intern_key(b"cold"));
        keys.retain(cold);
        (0..1 << 16).for_each(|_| keys.retain(hot));
        (0..1 << 16).for_each(|_| keys.release(hot));
        assert_eq!(keys.find(b"hot"), Some(hot));
        assert_ne!(keys.intern_key(b"new"), hot);
    }

    #[test]
    fn keys_larger_than_an_arena() {
        let mut keys = KeyDictionary::new(7);
        let small = keys.intern_key(b"x");
        let large = keys.intern_key(&vec![7; ARENA + 5]);
        let after = keys.intern_key(b"y");
        assert_eq!((keys.key(small), keys.key(after)), (&b"x"[..], &b"y"[..]));
        assert_eq!(keys.key(large).len(), ARENA + 5);
    }

    #[test]
    fn keys_of_sixteen_megabytes() {
        let mut keys = KeyDictionary::new(7);
        let key = |len: usize, byte: u8| vec![byte; len];
        let lens = [LARGE - 1, LARGE, LARGE + 1, LARGE + 100];
        let slots: Vec<_> = lens.iter().map(|&len| keys.intern_key(&key(len, 1))).collect();
        let small = keys.intern_key(b"x");
        for (&slot, len) in slots.iter().zip(lens) {
            assert_eq!((keys.key(slot).len(), keys.key(slot)[len - 1]), (len, 1));
        }
        keys.release(slots[3]);
        let shorter = keys.intern_key(&key(LARGE + 50, 2));
        assert_eq!((shorter, keys.key(shorter).len()), (slots[3], LARGE + 50));
        keys.release(shorter);
        let short = keys.intern_key(b"short");
        assert_eq!((short, keys.key(short), keys.key(small)), (shorter, &b"short"[..], &b"x"[..]));
    }

    #[test]
    fn pages_of_a_key_group() {
        let mut keys = KeyDictionary::new(7);
        for i in 0..SCAN as u32 + 9 {
            keys.intern_key(&i.to_le_bytes());
        }
        let (mut seen, mut after, mut calls) = (0, Vec::new(), 0);
        loop {
            let (slots, next) = keys.page(5, &after, 100, |slot| slot % 2 == 0);
            assert!(slots.iter().all(|&slot| slot % 2 == 0 && keys.key_group(slot) == 5));
            (seen, calls) = (seen + slots.len(), calls + 1);
            let Some(next) = next else { break };
            after = next;
        }
        let all = (0..SCAN as u32 + 9).filter(|&slot| slot % 2 == 0 && keys.key_group(slot) == 5);
        assert_eq!(seen, all.count());
        assert!(calls > seen / 100);
    }

    /// Prints the bytes of a key; run by hand with `--ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    fn memory() {
        let mut keys = KeyDictionary::new(7);
        let started = std::time::Instant::now();
        for i in 0..5_000_000u32 {
            keys.intern_key(format!("{i:025}").as_bytes());
        }
        println!("{} bytes a key, {:?}", keys.bytes() as f64 / 5e6, started.elapsed());
    }
}
