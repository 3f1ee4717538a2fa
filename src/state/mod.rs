//! Keyed state: the few primitives in which every operator keeps what it knows.

pub mod chunked;
pub mod deadlines;
pub mod dictionary;
pub mod entry;
mod prefetch;
pub mod sort_buffer;
pub mod table;

use std::io;

pub use chunked::Chunked;
pub use dictionary::{KeyDictionary, SharedKeys};
pub use sort_buffer::SortBuffer;
pub use table::{Entry, Table};

/// A piece of state that can be written out and read back by key group.
///
/// Entries are opaque bytes to all but the primitive itself; they name keys by their canonical
/// bytes, never by slots, so that any number of shards can read them.
pub trait KeyedState {
    /// Calls `write` with the key group and the bytes of each entry.
    fn save(&self, write: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>) -> io::Result<()>;

    /// Takes one entry back; an error says what is wrong with it.
    fn load(&mut self, key_group: usize, entry: &[u8]) -> Result<(), String>;

    /// Rows held and the bytes they take, roughly.
    fn size(&self) -> (u64, u64);
}
