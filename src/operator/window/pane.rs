//! Panes: what has been aggregated for each slide of time and key.

use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::operator::aggregate::{Accumulators, AggregateCall};
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};
use crate::state::{KeyedState, SharedKeys};

/// One pane: a row of accumulators for each slot seen in it.
pub struct Pane {
    index: HashMap<u32, u32, ahash::RandomState>,
    /// By row.
    pub slots: Vec<u32>,
    pub accumulators: Accumulators,
}

impl Pane {
    pub fn new(calls: &[AggregateCall]) -> Self {
        let accumulators = Accumulators::new(calls);
        Self { index: HashMap::default(), slots: Vec::new(), accumulators }
    }

    /// The row of a slot; a new one holds on to its key.
    #[inline]
    pub fn row(&mut self, slot: u32, keys: &SharedKeys) -> u32 {
        *self.index.entry(slot).or_insert_with(|| {
            keys.borrow_mut().retain(slot);
            self.slots.push(slot);
            self.accumulators.grow(self.slots.len());
            self.slots.len() as u32 - 1
        })
    }

    pub fn merge(&mut self, other: &Pane, keys: &SharedKeys) {
        for (from, &slot) in other.slots.iter().enumerate() {
            let at = self.row(slot, keys);
            self.accumulators.merge(at as usize, &other.accumulators, from);
        }
    }

    pub fn release(self, keys: &SharedKeys) {
        let mut keys = keys.borrow_mut();
        self.slots.iter().for_each(|&slot| keys.release(slot));
    }
}

/// All open panes by start, and the watermark: a window that it has passed never fires again.
pub struct Panes {
    pub keys: SharedKeys,
    pub calls: Vec<AggregateCall>,
    pub open: BTreeMap<i64, Pane>,
    pub watermark: i64,
}

impl Panes {
    pub fn pane(&mut self, start: i64) -> &mut Pane {
        self.open.entry(start).or_insert_with(|| Pane::new(&self.calls))
    }
}

impl KeyedState for Panes {
    fn save(&self, write: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let keys = self.keys.borrow();
        let mut entry = Vec::new();
        for (&start, pane) in &self.open {
            for (row, &slot) in pane.slots.iter().enumerate() {
                entry.clear();
                put_i64(self.watermark, &mut entry);
                put_i64(start, &mut entry);
                put_bytes(keys.key(slot), &mut entry);
                pane.accumulators.save(row, &mut entry);
                write(keys.key_group(slot), &entry)?;
            }
        }
        Ok(())
    }

    fn load(&mut self, _key_group: usize, mut entry: &[u8]) -> Result<(), String> {
        let bad = || "an entry of a window's pane is cut short".to_owned();
        let watermark = take_i64(&mut entry).ok_or_else(bad)?;
        self.watermark = self.watermark.max(watermark);
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
        (rows, self.open.values().map(bytes).sum::<u64>() + self.keys.borrow().bytes())
    }
}
