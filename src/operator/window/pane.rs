//! Panes: what has been aggregated for each slide of time and key.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::running::Running;
use crate::operator::aggregate::{Accumulators, AggregateCall, AggregateFunction};
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};
use crate::state::slice::{Frozen, Pending};
use crate::state::{Bits, KeyDictionary, KeyGroups, KeyedState, Saved, SharedKeys, Slice};

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
    frozen: Frozen,
}

impl Pane {
    pub fn new(calls: &[AggregateCall]) -> Self {
        let accumulators = Accumulators::new(calls);
        let (dense, index, slots) = (Vec::new(), HashMap::default(), Vec::new());
        let (changed, frozen) = (Bits::default(), Frozen::default());
        Self { dense, index, slots, accumulators, changed, frozen }
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

    fn freeze(&mut self, images: &KeyGroups) {
        let rows = self.slots.len();
        self.frozen.begin(&mut self.changed, images, |present| present.fill_to(rows));
    }

    /// Writes on of what is frozen.
    fn write(&mut self, start: i64, keys: &KeyDictionary, slice: &mut Slice<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let slots = &self.slots;
            let key_group = |row: u32| keys.key_group(slots[row as usize]);
            let Some(row) = self.frozen.next(slice, key_group) else { return Ok(()) };
            bytes.clear();
            self.encode(start, row, keys, &mut bytes);
            let key_group = keys.key_group(self.slots[row as usize]);
            slice.put(Saved::Entry { key_group, bytes: &bytes })?;
        }
    }

    fn encode(&self, start: i64, row: u32, keys: &KeyDictionary, entry: &mut Vec<u8>) {
        put_i64(start, entry);
        put_bytes(keys.key(self.slots[row as usize]), entry);
        self.accumulators.save(row as usize, entry);
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
    save: Save,
}

/// What a save has yet to write beside the open panes.
#[derive(Default)]
struct Save {
    watermark: Option<i64>,
    /// Entries of rows that have changed before their turn.
    copies: Pending,
    /// Panes that have gone before they were written.
    gone: Vec<(i64, Pane)>,
    /// One that is not written has been taken, to be fired.
    taken: bool,
}

impl Panes {
    pub fn new(keys: SharedKeys, calls: Vec<AggregateCall>) -> Self {
        let (open, save) = (BTreeMap::new(), Save::default());
        Self { keys, calls, open, running: None, watermark: i64::MIN, save }
    }

    pub fn pane(&mut self, start: i64) -> &mut Pane {
        self.open.entry(start).or_insert_with(|| Pane::new(&self.calls))
    }

    /// A pane of which these rows are about to change.
    pub fn touch(&mut self, start: i64, rows: &[u32]) -> &mut Pane {
        let pane = self.open.entry(start).or_insert_with(|| Pane::new(&self.calls));
        for &row in rows {
            if pane.frozen.contains(row) {
                let keys = self.keys.borrow();
                let key_group = || keys.key_group(pane.slots[row as usize]);
                if pane.frozen.take(row, key_group) {
                    let encode = |entry: &mut Vec<u8>| pane.encode(start, row, &keys, entry);
                    self.save.copies.push(key_group(), encode);
                }
            }
            pane.changed.set(row);
        }
        pane
    }

    /// All panes of a window that begins with its first one, in one, which is to be given to
    /// [`Panes::retire`]. The first one has had its turn.
    pub fn take(&mut self, start: i64, end: i64) -> Pane {
        let first = self.open.remove(&start);
        if self.calls.iter().any(|call| call.function == AggregateFunction::Concat) {
            return self.take_in_turn(start, end, first);
        }
        let is_alone = self.open.range(start..end).next().is_none();
        let mut pane = match first {
            Some(first) if first.frozen.is_done() => first,
            Some(first) if is_alone => {
                self.save.taken = true;
                first
            }
            Some(first) => {
                let mut pane = Pane::new(&self.calls);
                pane.merge(&first, &self.keys);
                self.save.gone.push((start, first));
                pane
            }
            None => Pane::new(&self.calls),
        };
        for (_, other) in self.open.range(start..end) {
            pane.merge(other, &self.keys);
        }
        pane
    }

    /// The same where the order shows: the newest pane comes first, as in Flink.
    fn take_in_turn(&mut self, start: i64, end: i64, first: Option<Pane>) -> Pane {
        let mut pane = Pane::new(&self.calls);
        for (_, other) in self.open.range(start..end).rev() {
            pane.merge(other, &self.keys);
        }
        if let Some(first) = first {
            pane.merge(&first, &self.keys);
            self.retire(start, first);
        }
        pane
    }

    /// Lets go of a pane; what of it is to be saved is.
    pub fn retire(&mut self, start: i64, pane: Pane) {
        self.save.taken = false;
        if pane.frozen.is_done() {
            pane.release(&self.keys);
        } else {
            self.save.gone.push((start, pane));
        }
    }

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
            self.retire(start, pane);
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
    fn freeze(&mut self, images: &KeyGroups) {
        self.save.watermark = Some(self.watermark);
        self.open.values_mut().for_each(|pane| pane.freeze(images));
    }

    /// Nothing is said of panes that went before the barrier: by the watermark it is known which
    /// did.
    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        if let Some(watermark) = self.save.watermark.take() {
            slice.put(Saved::Common(&watermark.to_le_bytes()))?;
        }
        if !self.save.copies.write(slice)? {
            return Ok(false);
        }
        while let Some((start, mut pane)) = self.save.gone.pop() {
            pane.write(start, &self.keys.borrow(), slice)?;
            if !pane.frozen.is_done() {
                self.save.gone.push((start, pane));
                return Ok(false);
            }
            pane.release(&self.keys);
        }
        let keys = self.keys.borrow();
        for (&start, pane) in self.open.iter_mut().filter(|(_, pane)| !pane.frozen.is_done()) {
            pane.write(start, &keys, slice)?;
            if !pane.frozen.is_done() {
                return Ok(false);
            }
        }
        Ok(!self.save.taken)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a window's pane is cut short".to_owned();
        let (key_group, mut entry) = match saved {
            Saved::Entry { key_group, bytes } => (key_group, bytes),
            Saved::Gone { .. } => return Err(bad()),
            Saved::Common(mut bytes) => {
                let watermark = take_i64(&mut bytes).ok_or_else(bad)?;
                self.watermark = self.watermark.max(watermark);
                return Ok(());
            }
        };
        let start = take_i64(&mut entry).ok_or_else(bad)?;
        let key = take_bytes(&mut entry).ok_or_else(bad)?;
        let slot = self.keys.borrow_mut().intern_saved(key, key_group);
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
