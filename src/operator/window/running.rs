//! The panes of a HOP window combined, carried from one window to the next: what a firing costs
//! does not depend on how many panes the window has.
//!
//! Only for aggregates that can be taken back: counts and integer sums. A sum of doubles would
//! gather rounding errors, and an extreme does not say what is behind it.

use super::pane::Pane;
use crate::operator::aggregate::{Accumulators, AggregateCall};
use crate::state::SharedKeys;

pub struct Running {
    pane: Pane,
    /// By row: how many of the panes have its key. At 0 the key goes.
    panes: Vec<u32>,
    /// Rows without a key, to be used again.
    free: Vec<u32>,
    /// The panes combined start within these bounds.
    start: i64,
    end: i64,
}

impl Running {
    pub fn new(calls: &[AggregateCall], start: i64) -> Self {
        let (panes, free) = (Vec::new(), Vec::new());
        Self { pane: Pane::new(calls), panes, free, start, end: start }
    }

    pub fn covers(&self, start: i64) -> bool {
        (self.start..self.end).contains(&start)
    }

    pub fn end(&self) -> i64 {
        self.end
    }

    /// Panes before `start` are out, those before `end` are in.
    pub fn set_bounds(&mut self, start: i64, end: i64) {
        (self.start, self.end) = (start, end);
    }

    /// Slots by row, `pane::NONE` for a row without a key, and what they have.
    pub fn rows(&self) -> (&[u32], &Accumulators) {
        (&self.pane.slots, &self.pane.accumulators)
    }

    pub fn is_empty(&self) -> bool {
        self.free.len() == self.pane.slots.len()
    }

    /// Most rows are without a key, and each firing walks them.
    pub fn is_sparse(&self) -> bool {
        self.free.len() > 64 + self.pane.slots.len() / 2
    }

    pub fn add(&mut self, other: &Pane, keys: &SharedKeys) {
        for (from, &slot) in other.slots.iter().enumerate() {
            let at = self.pane.row_in(slot, &mut self.free, keys) as usize;
            if at == self.panes.len() {
                self.panes.push(0);
            }
            self.panes[at] += 1;
            self.pane.accumulators.merge(at, &other.accumulators, from);
        }
    }

    pub fn subtract(&mut self, other: &Pane, keys: &SharedKeys) {
        for (from, &slot) in other.slots.iter().enumerate() {
            let Some(row) = self.pane.find(slot) else { continue };
            let at = row as usize;
            self.pane.accumulators.subtract(at, &other.accumulators, from);
            self.panes[at] -= 1;
            if self.panes[at] == 0 {
                self.pane.accumulators.clear(at);
                self.pane.remove(row, keys);
                self.free.push(row);
            }
        }
    }

    pub fn bytes(&self) -> u64 {
        self.pane.accumulators.bytes() + self.panes.len() as u64 * 20
    }

    pub fn release(self, keys: &SharedKeys) {
        self.pane.release(keys);
    }
}
