//! Keyed state: the few primitives in which every operator keeps what it knows.

pub mod changes;
pub mod chunked;
pub mod deadlines;
pub mod dictionary;
pub mod entry;
mod index;
pub mod lifetimes;
pub mod partitions;
pub mod prefetch;
mod records;
pub mod slice;
pub mod sort_buffer;
pub mod table;
mod texts;

use std::io;
use std::ops::Range;

pub use changes::{Bits, Changes};
pub use chunked::Chunked;
pub use dictionary::{KeyDictionary, SharedKeys};
pub use lifetimes::{Lifetimes, Reached};
pub use slice::Slice;
pub use sort_buffer::SortBuffer;
pub use table::{Entry, Table};

/// Neighbouring key groups.
pub type KeyGroups = Range<usize>;

/// What a save writes and a load takes back. The bytes are opaque to all but the primitive
/// itself; they name keys by their canonical bytes, never by slots, so that any number of shards
/// can read them.
#[derive(Clone, Copy, Debug)]
pub enum Saved<'a> {
    /// In place of an earlier one of the same key.
    Entry { key_group: usize, bytes: &'a [u8] },
    /// What was saved for the key is no longer there.
    Gone { key_group: usize, key: &'a [u8] },
    /// What holds for all key groups of the shard, in place of what an earlier one said.
    Common(&'a [u8]),
}

pub type Write<'a> = dyn FnMut(Saved<'_>) -> io::Result<()> + 'a;

/// A piece of state that can be written out and read back by key group.
///
/// Saves build on each other: what a key group holds is what the last save wrote that had it
/// among its `images`, and on top of it what the later ones wrote of it, in their order. A fresh
/// primitive that has loaded them goes on from there.
pub trait KeyedState {
    /// Begins a save of what is there now: what has changed since the one before, which has been
    /// written to its end, and all of the key groups `images`. What changes from here on, before
    /// it is written, is copied.
    fn freeze(&mut self, images: &KeyGroups);

    /// Writes on of what is frozen, as much as the slice has room for; whether that was all. It
    /// may be nothing that was written, also where more is left.
    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool>;

    /// Takes one thing back that was saved by a shard of these key groups; an error says what is
    /// wrong with it.
    fn load(&mut self, of: &KeyGroups, saved: Saved<'_>) -> Result<(), String>;

    /// Rows held and the bytes they take, roughly.
    fn size(&self) -> (u64, u64);

    /// A save in one go.
    #[cfg(test)]
    fn save(&mut self, images: &KeyGroups, write: &mut Write<'_>) -> io::Result<()> {
        self.freeze(images);
        assert!(self.write(&mut Slice::new(usize::MAX, write))?);
        Ok(())
    }
}
