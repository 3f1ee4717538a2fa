//! A save in slices: what a state was at a barrier is written between batches, while it goes on.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::entry::take_bytes;
use super::{Bits, KeyGroups, Saved, Write};

/// What a worker may spend between two batches: well below a millisecond's work, where memory is
/// near.
pub const ROOM: usize = 192 << 10;
/// What an entry costs beside its bytes: the way to a row that is not in the cache.
pub const ENTRY: usize = 64;
/// What looking at a mark costs.
const LOOK: usize = 2;
/// A slice ends after this long, however much room it has: memory may be slow.
const LONGEST: Duration = Duration::from_millis(1);
/// Room between two looks at the clock.
const TICK: usize = 8 << 10;

/// As much of a save as there is room for. Room is measured in bytes, more or less.
pub struct Slice<'a> {
    write: &'a mut Write<'a>,
    room: usize,
    next_tick: usize,
    begun: Instant,
}

impl<'a> Slice<'a> {
    /// `usize::MAX` is room for all there is, however long it takes.
    pub fn new(room: usize, write: &'a mut Write<'a>) -> Self {
        let next_tick = if room == usize::MAX { 0 } else { room.saturating_sub(TICK) };
        Self { write, room, next_tick, begun: Instant::now() }
    }

    /// What is left of the room.
    pub fn room(&self) -> usize {
        self.room
    }

    pub fn put(&mut self, saved: Saved<'_>) -> io::Result<()> {
        let bytes = match saved {
            Saved::Entry { bytes, .. } | Saved::Gone { key: bytes, .. } | Saved::Common(bytes) => {
                bytes.len()
            }
        };
        self.spend(bytes + ENTRY);
        (self.write)(saved)
    }

    /// Time for a batch.
    pub fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Something was looked at that is perhaps not to be written.
    pub fn spend(&mut self, cost: usize) {
        self.room = self.room.saturating_sub(cost);
        if self.room < self.next_tick {
            self.next_tick = self.room.saturating_sub(TICK);
            if self.begun.elapsed() >= LONGEST {
                self.room = 0;
            }
        }
    }
}

/// Which of the things with a number are yet to be written as they were at the barrier.
#[derive(Default)]
pub struct Frozen {
    changed: Bits,
    /// What was there of all key groups, where some are to be written whole.
    present: Bits,
    images: KeyGroups,
    next: usize,
    words: usize,
}

impl Frozen {
    /// Begins with what has `changed`, of which nothing is left there, and with the key groups
    /// `images` of all that is there, which `fill` is asked for. The save before has ended.
    pub fn begin(&mut self, changed: &mut Bits, images: &KeyGroups, fill: impl FnOnce(&mut Bits)) {
        std::mem::swap(&mut self.changed, changed);
        if !images.is_empty() {
            fill(&mut self.present);
        }
        self.images = images.clone();
        self.words = self.changed.words().max(self.present.words());
        self.next = 0;
    }

    /// Whether it has to be copied before it changes; it may be of a key group that is not.
    #[inline]
    pub fn contains(&self, at: u32) -> bool {
        self.next < self.words && (self.changed.contains(at) || self.present.contains(at))
    }

    /// It changes now: whether it was to be written.
    pub fn take(&mut self, at: u32, key_group: impl FnOnce() -> usize) -> bool {
        let (changed, present) = (self.changed.take(at), self.present.take(at));
        changed || (present && self.images.contains(&key_group()))
    }

    /// The next one, which is then no longer among them; `None` where the slice or all is at its
    /// end.
    pub fn next(&mut self, slice: &mut Slice<'_>, key_group: impl Fn(u32) -> usize) -> Option<u32> {
        while self.next < self.words && !slice.is_full() {
            let word = self.changed.word(self.next) | self.present.word(self.next);
            if word == 0 {
                slice.spend(LOOK);
                self.next += 1;
                continue;
            }
            let at = (self.next * 64) as u32 + word.trailing_zeros();
            if self.take(at, || key_group(at)) {
                return Some(at);
            }
            slice.spend(LOOK);
        }
        None
    }

    pub fn is_done(&self) -> bool {
        self.next == self.words
    }

    pub fn images(&self) -> &KeyGroups {
        &self.images
    }

    pub fn bytes(&self) -> u64 {
        ((self.changed.words() + self.present.words()) * 8) as u64
    }
}

/// Entries, or keys, that wait to be written, in blocks: key group (one byte), length, bytes.
#[derive(Default)]
pub struct Pending {
    blocks: VecDeque<Vec<u8>>,
    /// Bytes of the first block that are written.
    written: usize,
}

/// Bytes of a block: to make room for more never moves what is there.
const BLOCK: usize = 256 << 10;

impl Pending {
    /// Adds what `encode` appends.
    pub fn push(&mut self, key_group: usize, encode: impl FnOnce(&mut Vec<u8>)) {
        if self.blocks.back().is_none_or(|block| block.len() > BLOCK - BLOCK / 16) {
            // The first one is often all.
            let capacity = if self.blocks.is_empty() { 0 } else { BLOCK };
            self.blocks.push_back(Vec::with_capacity(capacity));
        }
        let Some(block) = self.blocks.back_mut() else { return };
        block.push(key_group as u8);
        let length = block.len();
        block.extend([0; 4]);
        encode(block);
        let encoded = block.len() - length - 4;
        block[length..length + 4].copy_from_slice(&(encoded as u32).to_le_bytes());
    }

    /// Writes on of entries; whether that was all.
    pub fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        while !slice.is_full()
            && let Some((key_group, bytes)) = self.next()
        {
            slice.put(Saved::Entry { key_group, bytes })?;
        }
        Ok(self.is_empty())
    }

    /// Writes on of keys that hold nothing, but of the key groups `images`; whether that was all.
    pub fn write_gone(&mut self, images: &KeyGroups, slice: &mut Slice<'_>) -> io::Result<bool> {
        while !slice.is_full()
            && let Some((key_group, key)) = self.next()
        {
            if !images.contains(&key_group) {
                slice.put(Saved::Gone { key_group, key })?;
            }
        }
        Ok(self.is_empty())
    }

    fn next(&mut self) -> Option<(usize, &[u8])> {
        if self.blocks.front().is_some_and(|block| block.len() == self.written) {
            self.blocks.pop_front();
            self.written = 0;
        }
        let block = self.blocks.front()?;
        let (&key_group, mut left) = block[self.written..].split_first()?;
        let bytes = take_bytes(&mut left)?;
        self.written = block.len() - left.len();
        Some((usize::from(key_group), bytes))
    }

    fn is_empty(&self) -> bool {
        match self.blocks.front() {
            None => true,
            Some(first) => self.blocks.len() == 1 && first.len() == self.written,
        }
    }

    pub fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.capacity() as u64).sum()
    }
}
