//! A vector in chunks: growing it never copies what is there, so there is neither a pause nor a
//! moment in which the memory is needed twice.

use std::ops::{Index, IndexMut};

const BITS: usize = 12;
const LEN: usize = 1 << BITS;

#[derive(Clone, Debug)]
pub struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Default> Chunked<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn push(&mut self, value: T) {
        self.grow(self.len + 1);
        let last = self.len - 1;
        self[last] = value;
    }

    /// At least `len` elements; new ones have the default value.
    pub fn grow(&mut self, len: usize) {
        while self.len < len {
            let chunk = self.len >> BITS;
            if chunk == self.chunks.len() {
                self.chunks.push(Vec::new());
            }
            let wanted = (len - (chunk << BITS)).min(LEN);
            let last = &mut self.chunks[chunk];
            // The first chunk grows by doubling, as most panes are small.
            if chunk > 0 {
                last.reserve_exact(LEN - last.len());
            }
            last.resize_with(wanted, T::default);
            self.len = (chunk << BITS) + wanted;
        }
    }

    /// Bytes of the elements themselves.
    pub fn bytes(&self) -> u64 {
        let elements: usize = self.chunks.iter().map(Vec::capacity).sum();
        (elements * size_of::<T>()) as u64
    }
}

impl<T> Index<usize> for Chunked<T> {
    type Output = T;

    #[inline]
    fn index(&self, i: usize) -> &T {
        &self.chunks[i >> BITS][i & (LEN - 1)]
    }
}

impl<T> IndexMut<usize> for Chunked<T> {
    #[inline]
    fn index_mut(&mut self, i: usize) -> &mut T {
        &mut self.chunks[i >> BITS][i & (LEN - 1)]
    }
}
