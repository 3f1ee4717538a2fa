//! How long the state of a key is kept behind its last write: `table.exec.state.ttl`.

use super::{Chunked, deadlines::Deadlines};

/// When the state of each slot was written last, in event time: the watermark that held then. What
/// was written before there was one counts as written at the first.
///
/// Whether state is over is told to the millisecond by [`Self::is_over`]; that it can be let go is
/// noticed up to an eighth of its time later.
pub struct Lifetimes {
    ttl_ms: i64,
    now: i64,
    /// By slot; [`i64::MIN`] before the first watermark.
    written: Chunked<i64>,
    deadlines: Deadlines,
}

/// What the watermark has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Nothing new.
    Nothing,
    /// It is the first one: all that is there is to be written again.
    First,
    /// Some state may be over: see [`Lifetimes::due`].
    Due,
}

impl Lifetimes {
    pub fn new(ttl_ms: i64) -> Self {
        let (written, deadlines) = (Chunked::default(), Deadlines::new(ttl_ms));
        Self { ttl_ms, now: i64::MIN, written, deadlines }
    }

    /// Event time goes on. The end of the input is no time at which anything is over.
    #[inline]
    pub fn reach(&mut self, watermark: i64) -> Reached {
        if watermark <= self.now || watermark == i64::MAX {
            return Reached::Nothing;
        }
        let is_first = self.now == i64::MIN;
        self.now = watermark;
        match is_first {
            true => Reached::First,
            false if self.deadlines.is_due(watermark) => Reached::Due,
            false => Reached::Nothing,
        }
    }

    /// The slot's state is as if it had never been.
    #[inline]
    pub fn is_over(&self, slot: u32) -> bool {
        (slot as usize) < self.written.len()
            && self.written[slot as usize] != i64::MIN
            && self.end(slot) <= self.now
    }

    fn end(&self, slot: u32) -> i64 {
        self.written[slot as usize].saturating_add(self.ttl_ms)
    }

    /// The slot's state is written.
    #[inline]
    pub fn write(&mut self, slot: u32) {
        self.set(slot, self.now);
    }

    /// The slot's state was written then.
    pub fn set(&mut self, slot: u32, written: i64) {
        if self.written.len() <= slot as usize {
            self.written.grow(slot as usize + 1);
        }
        self.written[slot as usize] = written;
        if written != i64::MIN {
            self.watch(slot);
        }
    }

    /// The slots that have state, and that is over.
    pub fn over(&mut self, is_present: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut over = Vec::new();
        while let Some(slots) = self.deadlines.pop(self.now) {
            for slot in slots.into_iter().filter(|&slot| is_present(slot)) {
                match self.is_over(slot) {
                    true => over.push(slot),
                    false => self.watch(slot),
                }
            }
        }
        over
    }

    fn watch(&mut self, slot: u32) {
        self.deadlines.add(slot, self.end(slot));
    }

    /// It was written before there was a watermark.
    pub fn is_undated(&self, slot: u32) -> bool {
        self.written(slot) == i64::MIN
    }

    /// When the slot's state was written.
    pub fn written(&self, slot: u32) -> i64 {
        self.written[slot as usize]
    }

    pub fn bytes(&self) -> u64 {
        self.written.bytes() + self.deadlines.bytes()
    }
}
