//! The rows of one key that wait for partners.

use crate::state::Entry;
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};

pub struct Stored {
    pub time: i64,
    /// Rows of the other side that it came out with.
    pub partners: u64,
    pub bytes: Vec<u8>,
}

/// Both sides of a key; rows in the order in which they came.
#[derive(Default)]
pub struct Pair {
    pub sides: [Vec<Stored>; 2],
}

impl Pair {
    pub fn is_empty(&self) -> bool {
        self.sides.iter().all(Vec::is_empty)
    }

    /// The oldest row of these bytes.
    pub fn find(&self, side: usize, bytes: &[u8]) -> Option<usize> {
        self.sides[side].iter().position(|row| row.bytes == bytes)
    }

    /// Takes out the rows of which `is_over` holds, with their side.
    pub fn expired(&mut self, is_over: impl Fn(usize, &Stored) -> bool) -> Vec<(usize, Stored)> {
        let mut gone = Vec::new();
        for (side, rows) in self.sides.iter_mut().enumerate() {
            gone.extend(rows.extract_if(.., |row| is_over(side, row)).map(|row| (side, row)));
        }
        gone
    }
}

impl Entry for Pair {
    fn encode(&self, out: &mut Vec<u8>) {
        for rows in &self.sides {
            put_i64(rows.len() as i64, out);
            for row in rows {
                put_i64(row.time, out);
                put_i64(row.partners as i64, out);
                put_bytes(&row.bytes, out);
            }
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut pair = Self::default();
        for rows in &mut pair.sides {
            for _ in 0..take_i64(&mut bytes)? {
                let (time, partners) = (take_i64(&mut bytes)?, take_i64(&mut bytes)? as u64);
                let bytes = take_bytes(&mut bytes)?.to_vec();
                rows.push(Stored { time, partners, bytes });
            }
        }
        bytes.is_empty().then_some(pair)
    }

    fn heap_bytes(&self) -> usize {
        let rows = self.sides.iter().flatten();
        rows.map(|row| size_of::<Stored>() + row.bytes.capacity()).sum()
    }
}
