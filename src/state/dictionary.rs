//! The key dictionary of a shard: canonical keys become dense slots, so that each operator of
//! the same key finds its row by an array index.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Chunked;
use super::changes::Bits;
use super::index::Index;
use super::partitions::Witness;
use super::prefetch::prefetch;
use super::records::{NONE, Records};
use super::texts::Texts;
use crate::record::column::ColumnRef;
use crate::record::key::{self, Keys};
use crate::record::{Batch, Column};

/// Operators that share a key share its dictionary; all of them live on one thread.
pub type SharedKeys = Rc<RefCell<KeyDictionary>>;

/// Slots that one page looks at, about a millisecond's worth.
const SCAN: usize = 1 << 18;
/// Rows that are looked up together: what they bring near stays in the first cache meanwhile.
const AT_ONCE: usize = 64;

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

/// Of this many slots ever given, one may have a key that is no one's: one that is let go mostly
/// comes again soon.
const IDLE_SHARE: usize = 4;

/// References that are not counted down any more.
const PINNED: u16 = u16::MAX;

/// Interns keys. A slot lives while its references are above zero, and mostly for some time after;
/// it may go to another key when the next batch is resolved, not before. `resolve` and `intern` give
/// no references: an operator that keeps a row for a slot calls `retain`, and `release` with its end.
pub struct KeyDictionary {
    seed: u64,
    index: Index,
    records: Records,
    /// Of each slot's record.
    places: Chunked<u32>,
    key_groups: Chunked<u8>,
    /// Of operators that keep a row of the key, and of rows of the batch at work. A key that ever
    /// has [`PINNED`] of them stays for good, as they are no longer counted.
    references: Chunked<u16>,
    /// Slots that have been let go of, the longest ago first; some are held again since.
    idle: VecDeque<u32>,
    /// What stands in `idle`.
    is_idle: Bits,
    /// Slots without an owner by the room that their key has.
    free: BTreeMap<usize, Vec<u32>>,
    /// The last ones, newest first.
    recent: VecDeque<Resolved>,
    texts: Texts,
    /// Where keys go by the partition they were read from.
    partitions: Option<Witness>,
}

impl KeyDictionary {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            index: Index::default(),
            records: Records::default(),
            places: Chunked::default(),
            key_groups: Chunked::default(),
            references: Chunked::default(),
            idle: VecDeque::new(),
            is_idle: Bits::default(),
            free: BTreeMap::new(),
            recent: VecDeque::new(),
            texts: Texts::default(),
            partitions: None,
        }
    }

    /// For keys that go by the partition they were read from: each is in one alone.
    pub fn by_partition(seed: u64, witness: Witness) -> SharedKeys {
        Rc::new(RefCell::new(Self { partitions: Some(witness), ..Self::new(seed) }))
    }

    pub fn shared(seed: u64) -> SharedKeys {
        Rc::new(RefCell::new(Self::new(seed)))
    }

    /// Slots ever given: the length that tables by slot need.
    pub fn slots(&self) -> usize {
        self.places.len()
    }

    /// The slot of each row that counts, in order.
    pub fn resolve(&mut self, columns: &[ColumnRef], batch: &Batch, out: &mut Vec<u32>) {
        out.clear();
        if let Some(known) = self.recent.iter().find(|known| known.is_of(columns, batch)) {
            out.extend_from_slice(&known.slots);
            return;
        }
        self.reclaim(self.slots() / IDLE_SHARE);
        match &batch.keys {
            Some(keys) => self.resolve_keys(keys, batch, out),
            None if self.resolve_texts(columns, batch, out) => {}
            None => self.resolve_keys(&Keys::of(batch, columns, self.seed), batch, out),
        }
        let rows = batch.row_numbers();
        let (columns, keys) = (columns.to_vec(), batch.keys.clone());
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(Resolved { columns, keys, rows, slots: out.clone() });
    }

    /// The slots of the rows that count, if the key is a text with few values.
    fn resolve_texts(&mut self, columns: &[ColumnRef], batch: &Batch, out: &mut Vec<u32>) -> bool {
        let ([column], None) = (columns, &self.partitions) else { return false };
        let (mut texts, mut key) = (std::mem::take(&mut self.texts), Vec::new());
        let known = texts.resolve(column, batch.row_ids(), out, |row| {
            key.clear();
            key::encode_value(column, row, &mut key);
            self.intern_hashed(&key)
        });
        self.texts = texts;
        known
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

    /// Lets a reference to each slot go.
    pub fn let_go(&mut self, slots: &[u32]) {
        for &slot in slots {
            let references = &mut self.references[slot as usize];
            if *references == PINNED {
                continue;
            }
            *references = references.saturating_sub(1);
            if *references == 0 && !self.is_idle.contains(slot) {
                self.is_idle.set(slot);
                self.idle.push_back(slot);
            }
        }
    }

    /// Frees the slots that were let go of the longest ago, until at most so many are left. In
    /// steps over many of them, so that their cache misses overlap.
    fn reclaim(&mut self, most: usize) {
        while self.idle.len() > most {
            let count = (self.idle.len() - most).min(AT_ONCE);
            let mut unused = SmallVec::<[_; AT_ONCE]>::new();
            for slot in self.idle.drain(..count) {
                self.is_idle.take(slot);
                if self.references[slot as usize] == 0 {
                    let place = self.places[slot as usize];
                    self.records.prefetch(place, 0);
                    unused.push((slot, place));
                }
            }
            if !unused.is_empty() {
                self.recent.clear();
                self.texts.clear();
            }
            for (slot, place) in unused {
                let key = self.records.get(place).1;
                let (hash, room) = (key::hash(key, self.seed), key.len());
                if self.index.remove(hash, place) {
                    self.free.entry(room).or_default().push(slot);
                }
            }
        }
    }

    /// The slots of the keys of the rows that count. In steps over many rows, so that their
    /// cache misses overlap: buckets by hash, then the records of candidates.
    fn resolve_keys(&mut self, keys: &Keys, batch: &Batch, out: &mut Vec<u32>) {
        let groups = batch.groups.as_ref().filter(|_| self.partitions.is_some());
        let mut rows = batch.row_ids();
        loop {
            let at_once: SmallVec<[usize; AT_ONCE]> = rows.by_ref().take(AT_ONCE).collect();
            if at_once.is_empty() {
                break;
            }
            at_once.iter().for_each(|&row| self.index.prefetch(keys.span(row).hash));
            let mut places = [NONE; AT_ONCE];
            for (place, &row) in places.iter_mut().zip(&at_once) {
                let span = keys.span(row);
                *place = self.index.candidate(span.hash).unwrap_or(NONE);
                if *place != NONE {
                    self.records.prefetch(*place, keys.key(span).len());
                }
            }
            for (&place, &row) in places.iter().zip(&at_once) {
                let span = keys.span(row);
                let key = keys.key(span);
                let candidate = (place != NONE).then(|| self.records.get(place));
                out.push(match candidate {
                    Some((found, other)) if same(other, key) => found,
                    // Absent, or another key with the same tag.
                    _ => {
                        let group = groups.map_or(key::key_group(span.hash) as u8, |all| all[row]);
                        self.intern(key, span.hash, group)
                    }
                });
            }
        }
        if let (Some(groups), Some(witness)) = (groups, &self.partitions) {
            for (&slot, row) in out.iter().zip(batch.row_ids()) {
                let known = self.key_groups[slot as usize];
                if known != groups[row] {
                    witness.report(self.key(slot), known, groups[row]);
                }
            }
        }
    }

    /// The slot of a key whose hash is known; the key group is for a key that is new.
    fn intern(&mut self, key: &[u8], hash: u64, key_group: u8) -> u32 {
        if let Some(slot) = self.probe(key, hash) {
            return slot;
        }
        let (slot, place) = self.place(key);
        self.key_groups[slot as usize] = key_group;
        if let Some(witness) = &self.partitions {
            witness.note(key, hash, key_group);
        }
        let Self { records, seed, index, .. } = self;
        index.insert(hash, place, |place| key::hash(records.get(place).1, *seed));
        slot
    }

    /// The slot of a single key. As [`Self::resolve`], it ends what other slots had that were let
    /// go of.
    pub fn intern_key(&mut self, key: &[u8]) -> u32 {
        self.reclaim(self.slots() / IDLE_SHARE);
        self.intern_hashed(key)
    }

    fn intern_hashed(&mut self, key: &[u8]) -> u32 {
        let hash = key::hash(key, self.seed);
        self.intern(key, hash, key::key_group(hash) as u8)
    }

    /// The slot of a key read back from a snapshot, where it was in this group.
    pub fn intern_saved(&mut self, key: &[u8], key_group: usize) -> u32 {
        self.intern(key, key::hash(key, self.seed), key_group as u8)
    }

    pub fn find(&self, key: &[u8]) -> Option<u32> {
        self.probe(key, key::hash(key, self.seed))
    }

    fn probe(&self, key: &[u8], hash: u64) -> Option<u32> {
        let place = self.index.find(hash, |place| same(self.records.get(place).1, key))?;
        Some(self.records.get(place).0)
    }

    /// A slot and its record, with the key in it.
    fn place(&mut self, key: &[u8]) -> (u32, u32) {
        if let Some((&room, slots)) = self.free.range_mut(key.len()..).next()
            && let Some(slot) = slots.pop()
        {
            if slots.is_empty() {
                self.free.remove(&room);
            }
            let place = self.places[slot as usize];
            self.records.write(place, slot, key);
            return (slot, place);
        }
        let slot = self.places.len() as u32;
        let place = self.records.push(slot, key);
        self.places.push(place);
        self.key_groups.push(0);
        self.references.push(0);
        (slot, place)
    }

    #[inline]
    pub fn key(&self, slot: u32) -> &[u8] {
        self.records.get(self.places[slot as usize]).1
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

    pub fn key_group(&self, slot: u32) -> usize {
        usize::from(self.key_groups[slot as usize])
    }

    pub fn retain(&mut self, slot: u32) {
        let references = &mut self.references[slot as usize];
        *references = references.saturating_add(1);
    }

    /// Lets a reference go, as [`Self::let_go`] does.
    pub fn release(&mut self, slot: u32) {
        self.let_go(&[slot]);
    }

    /// Starts to bring near what letting go of the slots reads first.
    pub fn prefetch(&self, slots: &[u32]) {
        for &slot in slots {
            prefetch(&self.references[slot as usize]);
            prefetch(&self.places[slot as usize]);
        }
    }

    pub fn bytes(&self) -> u64 {
        self.records.bytes()
            + self.index.bytes()
            + self.places.bytes()
            + self.key_groups.bytes()
            + self.references.bytes()
            + (self.idle.capacity() * size_of::<u32>() + self.is_idle.words() * 8) as u64
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::records::ARENA;

    #[test]
    fn slots_are_used_again() {
        let mut keys = KeyDictionary::new(7);
        let a = keys.intern_key(b"alpha");
        let b = keys.intern_key(b"beta");
        keys.retain(a);
        keys.retain(b);
        assert_eq!(keys.find(b"alpha"), Some(a));
        keys.release(a);
        // Of two slots none is left idle.
        assert_eq!(keys.intern_key(b"gamm"), a);
        assert_eq!(keys.find(b"alpha"), None);
        assert_eq!((keys.key(a), keys.key(b)), (&b"gamm"[..], &b"beta"[..]));
    }

    #[test]
    fn a_key_that_is_let_go_keeps_its_slot_for_a_while() {
        let mut keys = KeyDictionary::new(7);
        let key = |number: u32| number.to_le_bytes();
        let slots: Vec<u32> = (0..100).map(|number| keys.intern_key(&key(number))).collect();
        slots.iter().for_each(|&slot| keys.retain(slot));
        // In this order; the second is held again meanwhile.
        let gone = [7, 8, 9, 7];
        keys.let_go(&gone.map(|at| slots[at]));
        keys.retain(slots[8]);
        keys.reclaim(3);
        for at in gone {
            assert_eq!(keys.find(&key(at as u32)), Some(slots[at]));
        }
        keys.reclaim(1);
        let found = [7, 8, 9].map(|number| keys.find(&key(number)));
        assert_eq!(found, [None, Some(slots[8]), Some(slots[9])]);
        assert_eq!(keys.intern_key(&key(100)), slots[7]);
        keys.let_go(&[slots[8]]);
        keys.reclaim(0);
        assert_eq!([8, 9].map(|number| keys.find(&key(number))), [None; 2]);
        // A quarter of the slots may stand idle.
        let more = slots.iter().copied().filter(|slot| !gone.map(|at| slots[at]).contains(slot));
        let more: Vec<u32> = more.take(30).collect();
        keys.let_go(&more);
        keys.intern_key(&key(200));
        assert_eq!(more.iter().filter(|&&slot| keys.find(&key(slot)).is_some()).count(), 25);
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

    /// Whoever knows the seed can choose them; it is drawn anew for each job.
    #[test]
    fn keys_made_to_collide_are_told_apart() {
        let bucket = |key: &[u8], seed: u64| key::hash(key, seed) & 0xfff;
        let all = (0_u32..).map(|number| number.to_le_bytes());
        let chosen: Vec<_> = all.filter(|key| bucket(key, 7) == 0).take(2_000).collect();
        let mut keys = KeyDictionary::new(7);
        let slots: Vec<_> = chosen.iter().map(|key| keys.intern_key(key)).collect();
        for (key, &slot) in chosen.iter().zip(&slots) {
            assert_eq!((keys.find(key), keys.key(slot)), (Some(slot), &key[..]));
        }
        let others: std::collections::HashSet<_> =
            chosen.iter().map(|key| bucket(key, 8)).collect();
        assert!(others.len() > 1_000, "{}", others.len());
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
    fn keys_of_every_length() {
        let mut keys = KeyDictionary::new(7);
        let lens = [0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385, ARENA - 8, ARENA, 1 << 21];
        let key = |len: usize, byte: u8| vec![byte; len];
        let slots: Vec<_> = lens.iter().map(|&len| keys.intern_key(&key(len, 1))).collect();
        for (&slot, len) in slots.iter().zip(lens) {
            assert_eq!((keys.find(&key(len, 1)), keys.key(slot)), (Some(slot), &key(len, 1)[..]));
        }
        for (&slot, len) in slots.iter().zip(lens) {
            keys.retain(slot);
            keys.release(slot);
            keys.reclaim(0);
            assert_eq!(keys.find(&key(len, 1)), None);
        }
        // The shortest room that is enough is used again.
        assert_eq!(keys.intern_key(&key(16_384, 2)), slots[7]);
        assert_eq!(keys.intern_key(&key(100, 2)), slots[2]);
        assert_eq!(keys.intern_key(&key(1 << 20, 2)), slots[10]);
        assert_eq!(keys.key(slots[2]), &key(100, 2)[..]);
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
