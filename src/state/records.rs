//! The keys of a dictionary as bytes, each a record with its slot.

use super::prefetch::prefetch;

/// Bytes of an arena.
pub const ARENA: usize = 1 << 20;
/// A record's place is counted in units of this, so that four bytes reach 16 GiB of keys.
const UNIT: usize = 4;
const PLACES_MAX: usize = 1 << 32;
/// No place.
pub const NONE: u32 = u32::MAX;

/// The keys themselves, one behind the other, each with its slot in front: whoever has found a
/// key has found its slot on the same cache line.
#[derive(Default)]
pub struct Records {
    /// Each of [`ARENA`] bytes, but for a record that is larger.
    arenas: Vec<Vec<u8>>,
}

/// Bytes of the slot.
const SLOT: usize = size_of::<u32>();

impl Records {
    /// Where the record lies: its arena, and from where.
    #[inline]
    fn at(&self, place: u32) -> (&[u8], usize) {
        let offset = place as usize * UNIT;
        (&self.arenas[offset / ARENA], offset % ARENA)
    }

    #[inline]
    pub fn get(&self, place: u32) -> (u32, &[u8]) {
        let (arena, at) = self.at(place);
        let record = &arena[at..];
        let slot = record.first_chunk().copied().map_or(NONE, u32::from_le_bytes);
        let (len, from) = length(&record[SLOT..]);
        (slot, &record[SLOT + from..SLOT + from + len])
    }

    /// Brings a record near whose key may have that length.
    #[inline]
    pub fn prefetch(&self, place: u32, len: usize) {
        let (arena, at) = self.at(place);
        prefetch(&arena[at]);
        if let Some(last) = arena.get(at + SLOT + len) {
            prefetch(last);
        }
    }

    /// Adds a record.
    pub fn push(&mut self, slot: u32, key: &[u8]) -> u32 {
        let room = (SLOT + length_bytes(key.len()) + key.len()).next_multiple_of(UNIT);
        if self.arenas.last().is_none_or(|last| last.len() + room > ARENA) {
            self.arenas.push(Vec::with_capacity(ARENA.max(room)));
        }
        let index = self.arenas.len() - 1;
        let at = self.arenas[index].len();
        let place = (index * ARENA + at) / UNIT;
        // Rather an end than another key's row: by then the keys alone fill 16 GiB of a shard.
        assert!(place < PLACES_MAX - 1, "a shard has more than 16 GiB of keys: use more shards");
        self.arenas[index].resize(at + room, 0);
        self.write(place as u32, slot, key);
        place as u32
    }

    /// Writes a record over one that has the room.
    pub fn write(&mut self, place: u32, slot: u32, key: &[u8]) {
        let offset = place as usize * UNIT;
        let record = &mut self.arenas[offset / ARENA][offset % ARENA..];
        record[..SLOT].copy_from_slice(&slot.to_le_bytes());
        let mut at = SLOT;
        let mut len = key.len();
        while len >= 0x80 {
            record[at] = len as u8 | 0x80;
            len >>= 7;
            at += 1;
        }
        record[at] = len as u8;
        record[at + 1..at + 1 + key.len()].copy_from_slice(key);
    }

    pub fn bytes(&self) -> u64 {
        self.arenas.iter().map(|arena| arena.capacity() as u64).sum()
    }
}

/// A length in front of `bytes`, seven bits a byte, and how many bytes it takes.
#[inline]
fn length(bytes: &[u8]) -> (usize, usize) {
    let mut len = 0;
    for (index, byte) in bytes.iter().enumerate() {
        len |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (len, index + 1);
        }
    }
    (0, 0)
}

fn length_bytes(len: usize) -> usize {
    (len.max(1).ilog2() / 7 + 1) as usize
}
