//! Panes: what has been aggregated for each slide of time and key.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::running::Running;
use crate::operator::aggregate::{Accumulators, AggregateCall};
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};
use crate::state::{Bits, KeyGroups, KeyedState, Saved, SharedKeys, Write};

/// Slots below this are found by an array: where keys are few, that is all of them.
const DENSE: u32 = 1024;
/// No row, no slot.
pub const NONE: u32 = u32::MAX;

/// One pane: a row of accumulators for each slot seen in it.
pub struct Pane {
    /// Rows of the low slots.
    dense: Vec<u32>,
    /// Rows of the others.
    index: HashMap<u32, u32, ahash::RandomState>,
    /// By row.
    pub slots: Vec<u32>,
    pub accumulators: Accumulators,
    /// Rows that have changed since they were saved last.
    changed: Bits,
}

impl Pane {
    pub fn new(calls: &[AggregateCall]) -> Self {
        let accumulators = Accumulators::new(calls);
        let (dense, index, slots) = (Vec::new(), HashMap::default(), Vec::new());
        Self { dense, index, slots, accumulators, changed: Bits::default() }
    }

    /// The row of a slot; a new one holds on to its key.
    #[inline]
    pub fn row(&mut self, slot: u32, keys: &SharedKeys) -> u32 {
        match self.find(slot) {
            Some(row) => row,
            None => self.add(slot, self.slots.len() as u32, keys),
        }
    }

    /// The same; a new one takes a row of `free` where there is one.
    pub fn row_in(&mut self, slot: u32, free: &mut Vec<u32>, keys: &SharedKeys) -> u32 {
        match self.find(slot) {
            Some(row) => row,
            None => self.add(slot, free.pop().unwrap_or(self.slots.len() as u32), keys),
        }
    }

    /// What the rows hold is about to change.
    pub fn mark(&mut self, rows: &[u32]) {
        rows.iter().for_each(|&row| self.changed.set(row));
    }

    #[inline]
    pub fn find(&self, slot: u32) -> Option<u32> {
        if slot < DENSE {
            self.dense.get(slot as usize).copied().filter(|&row| row != NONE)
        } else {
            self.index.get(&slot).copied()
        }
    }

    #[cold]
    fn add(&mut self, slot: u32, row: u32, keys: &SharedKeys) -> u32 {
        if slot < DENSE {
            let room = self.dense.len().max(slot as usize + 1);
            self.dense.resize(room, NONE);
            self.dense[slot as usize] = row;
        } else {
            self.index.insert(slot, row);
        }
        keys.borrow_mut().retain(slot);
        if row as usize == self.slots.len() {
            self.slots.push(slot);
            self.accumulators.grow(self.slots.len());
        } else {
            self.slots[row as usize] = slot;
        }
        row
    }

    /// Takes the key from a row, which stays as a gap.
    pub fn remove(&mut self, row: u32, keys: &SharedKeys) {
        let slot = std::mem::replace(&mut self.slots[row as usize], NONE);
        if slot < DENSE {
            self.dense[slot as usize] = NONE;
        } else {
            self.index.remove(&slot);
        }
        keys.borrow_mut().release(slot);
    }

    pub fn merge(&mut self, other: &Pane, keys: &SharedKeys) {
        for (from, &slot) in other.slots.iter().enumerate() {
            let at = self.row(slot, keys);
            self.accumulators.merge(at as usize, &other.accumulators, from);
        }
    }

    pub fn release(self, keys: &SharedKeys) {
        let mut keys = keys.borrow_mut();
        let held = self.slots.iter().filter(|&&slot| slot != NONE);
        held.for_each(|&slot| keys.release(slot));
    }
}

/// All open panes by start, and the watermark: a window that it has passed never fires again.
pub struct Panes {
    pub keys: SharedKeys,
    pub calls: Vec<AggregateCall>,
    pub open: BTreeMap<i64, Pane>,
    /// Made from the panes when a window fires, where its aggregates allow.
    pub running: Option<Running>,
    pub watermark: i64,
}

impl Panes {
    pub fn pane(&mut self, start: i64) -> &mut Pane {
        self.open.entry(start).or_insert_with(|| Pane::new(&self.calls))
    }
}

impl Panes {
    /// Combines the panes of the window that starts at `start`, from those of the one before.
    pub fn run_to(&mut self, start: i64, size_ms: i64) {
        let end = start.saturating_add(size_ms);
        let calls = &self.calls;
        let running = self.running.get_or_insert_with(|| Running::new(calls, start));
        for (_, pane) in self.open.range(running.end().max(start)..end) {
            running.add(pane, &self.keys);
        }
        running.set_bounds(start, end);
    }

    /// Before a pane changes: takes it out of the window that runs.
    pub fn leave(&mut self, start: i64) {
        if let Some(running) = &mut self.running
            && running.covers(start)
            && let Some(pane) = self.open.get(&start)
        {
            running.subtract(pane, &self.keys);
        }
    }

    /// After a pane has changed.
    pub fn enter(&mut self, start: i64) {
        if let Some(running) = &mut self.running
            && running.covers(start)
            && let Some(pane) = self.open.get(&start)
        {
            running.add(pane, &self.keys);
        }
    }

    /// The first pane has been in all its windows.
    pub fn drop_first(&mut self, start: i64, slide_ms: i64) {
        self.leave(start);
        if let Some(pane) = self.open.remove(&start) {
            pane.release(&self.keys);
        }
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.set_bounds(start.saturating_add(slide_ms), running.end());
        if running.is_empty() || running.is_sparse() {
            running.release(&self.keys);
        } else {
            self.running = Some(running);
        }
    }
}

impl KeyedState for Panes {
    /// Nothing is said of panes that went: by the watermark it is known which did.
    fn save(&mut self, images: &KeyGroups, write: &mut Write<'_>) -> io::Result<()> {
        let keys = self.keys.borrow();
        write(Saved::Common(&self.watermark.to_le_bytes()))?;
        let mut entry = Vec::new();
        for (&start, pane) in &mut self.open {
            for (row, &slot) in pane.slots.iter().enumerate() {
                let is_in_image = || images.contains(&keys.key_group(slot));
                if pane.changed.contains(row as u32) || (!images.is_empty() && is_in_image()) {
                    entry.clear();
                    put_i64(start, &mut entry);
                    put_bytes(keys.key(slot), &mut entry);
                    pane.accumulators.save(row, &mut entry);
                    write(Saved::Entry { key_group: keys.key_group(slot), bytes: &entry })?;
                }
            }
            pane.changed.clear();
        }
        Ok(())
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a window's pane is cut short".to_owned();
        let mut entry = match saved {
            Saved::Entry { bytes, .. } => bytes,
            Saved::Gone { .. } => return Err(bad()),
            Saved::Common(mut bytes) => {
                let watermark = take_i64(&mut bytes).ok_or_else(bad)?;
                self.watermark = self.watermark.max(watermark);
                return Ok(());
            }
        };
        let start = take_i64(&mut entry).ok_or_else(bad)?;
        let slot = self.keys.borrow_mut().intern_key(take_bytes(&mut entry).ok_or_else(bad)?);
        let keys = self.keys.clone();
        let pane = self.pane(start);
        let row = pane.row(slot, &keys) as usize;
        pane.accumulators.clear(row);
        pane.accumulators.load(row, &mut entry).ok_or_else(bad)
    }

    fn size(&self) -> (u64, u64) {
        let rows = self.open.values().map(|pane| pane.slots.len() as u64).sum();
        let bytes = |pane: &Pane| pane.accumulators.bytes() + pane.slots.len() as u64 * 16;
        let running = self.running.as_ref().map_or(0, Running::bytes);
        (rows, self.open.values().map(bytes).sum::<u64>() + running + self.keys.borrow().bytes())
    }
}
