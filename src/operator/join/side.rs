//! The rows of one key that wait for partners.

use crate::state::deadlines::Deadlines;
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};
use crate::state::{Entry, Table};

pub struct Stored {
    /// Event time (ms); in a join without a time that forgets rows, the watermark at its last
    /// write, [`i64::MIN`] while there is none.
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

/// How long the rows of a side are kept behind their last write.
pub struct Kept {
    ttl_ms: i64,
    /// Of keys: no later than that of the first of their rows.
    pub deadlines: Deadlines,
}

impl Kept {
    pub fn new(ttl_ms: i64) -> Self {
        Self { ttl_ms, deadlines: Deadlines::new(ttl_ms) }
    }

    /// When a row that was written then is over.
    pub fn end(&self, written: i64) -> i64 {
        written.saturating_add(self.ttl_ms)
    }

    /// Lets go of the rows of a key that are over; how many. The others are watched on.
    pub fn forget(
        &mut self,
        table: &mut Table<Box<Pair>>,
        (side, slot): (usize, u32),
        watermark: i64,
    ) -> u64 {
        let Some(pair) = table.get(slot) else { return 0 };
        let over = |row: &Stored| self.end(row.time) <= watermark;
        let gone = pair.sides[side].iter().filter(|row| over(row)).count();
        let first = pair.sides[side].iter().filter(|row| !over(row)).map(|row| row.time).min();
        if gone > 0 {
            let pair = table.touch(slot);
            pair.sides[side].retain(|row| !over(row));
            if pair.is_empty() {
                table.remove(slot);
            }
        }
        if let Some(first) = first {
            self.deadlines.add(slot, self.end(first));
        }
        gone as u64
    }
}
