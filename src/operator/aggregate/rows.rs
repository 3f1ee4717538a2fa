//! The rows of a running GROUP BY: what is kept of each key.

use std::collections::BTreeMap;
use std::io;

use super::group::{GroupOptions, Retention};
use super::{Accumulators, AggregateCall};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, ColumnBuilder, DataType, key};
use crate::state::entry::{put_i64, take_bytes, take_i64};
use crate::state::{
    Changes, Chunked, KeyGroups, KeyedState, Lifetimes, Reached, Saved, SharedKeys, Slice,
};

const PRESENT: u8 = 1;
/// Changed since the last flush.
pub const DIRTY: u8 = 2;
/// Told of; counts where a row is told from its time on.
pub const FIRED: u8 = 4;

/// The rows by slot.
pub struct Table {
    pub keys: SharedKeys,
    pub key_types: Vec<DataType>,
    pub values: Vec<DataType>,
    pub accumulators: Accumulators,
    pub flags: Chunked<u8>,
    changes: Changes,
    pub rows: u64,
    retention: Option<Retention>,
    /// Slots by the time at which they expire.
    pub expiries: BTreeMap<i64, Vec<u32>>,
    /// Slots by the time from which on their rows are told, where that is to come.
    unfired: BTreeMap<i64, Vec<u32>>,
    pub lifetimes: Option<Lifetimes>,
}

/// What a row is saved of.
struct Held<'a> {
    accumulators: &'a Accumulators,
    lifetimes: &'a Option<Lifetimes>,
    flags: &'a Chunked<u8>,
    retention: &'a Option<Retention>,
}

impl Held<'_> {
    /// Appends what a slot holds.
    fn encode(&self, slot: u32, entry: &mut Vec<u8>) {
        self.accumulators.save(slot as usize, entry);
        if let Some(lifetimes) = self.lifetimes {
            put_i64(lifetimes.written(slot), entry);
        }
        if self.retention.is_some_and(|retention| retention.fires) {
            entry.push(self.flags[slot as usize] & FIRED);
        }
    }
}

impl Table {
    pub fn new(
        keys: SharedKeys,
        key_types: Vec<DataType>,
        calls: &[AggregateCall],
        options: &GroupOptions,
    ) -> Self {
        Self {
            keys,
            key_types,
            values: calls.iter().map(|call| call.data_type.clone()).collect(),
            accumulators: Accumulators::new(calls),
            flags: Chunked::default(),
            changes: Changes::default(),
            rows: 0,
            retention: options.retention,
            expiries: BTreeMap::new(),
            unfired: BTreeMap::new(),
            lifetimes: options.ttl_ms.map(Lifetimes::new),
        }
    }

    /// Of the columns of a row: keys, then aggregates.
    pub fn types(&self) -> Vec<DataType> {
        self.key_types.iter().chain(&self.values).cloned().collect()
    }

    /// With room for so many rows.
    pub fn builders(&self, types: &[DataType], rows: usize) -> Vec<ColumnBuilder> {
        types.iter().map(|of| ColumnBuilder::for_type(of, rows)).collect()
    }

    pub fn grow(&mut self) {
        let slots = self.keys.borrow().slots();
        self.flags.grow(slots);
        self.accumulators.grow(slots);
    }

    pub fn is_present(&self, slot: u32) -> bool {
        self.flags.len() > slot as usize && self.flags[slot as usize] & PRESENT != 0
    }

    /// The time in the key that retention goes by.
    fn time_of(&self, slot: u32, retention: &Retention) -> Option<i64> {
        let mut builders = self.builders(&self.key_types, 1);
        key::decode(self.keys.borrow().key(slot), &mut builders);
        let time = builders.swap_remove(retention.key).finish();
        (!time.is_null(0)).then(|| time.as_i64s()[0])
    }

    /// A slot gets its row.
    pub fn add(&mut self, slot: u32) {
        self.hold(slot);
        self.set_expiry(slot);
    }

    fn hold(&mut self, slot: u32) {
        self.flags[slot as usize] |= PRESENT;
        self.rows += 1;
        self.keys.borrow_mut().retain(slot);
    }

    fn set_expiry(&mut self, slot: u32) {
        let Some(retention) = self.retention else { return };
        let Some(time) = self.time_of(slot, &retention) else { return };
        self.expiries.entry(retention.expiry(time)).or_default().push(slot);
        if !self.is_told(slot) {
            self.unfired.entry(retention.passed(time)).or_default().push(slot);
        }
    }

    /// Whether rows are told from the time in their key on.
    pub fn fires(&self) -> bool {
        self.retention.is_some_and(|retention| retention.fires)
    }

    /// Whether changes of a slot's row are told.
    pub fn is_told(&self, slot: u32) -> bool {
        !self.fires() || self.flags[slot as usize] & FIRED != 0
    }

    /// The slots of which the rows are to be told from this watermark on, and were not before.
    pub fn fire(&mut self, watermark: i64) -> Vec<u32> {
        let mut fired = Vec::new();
        while let Some(entry) = self.unfired.first_entry().filter(|it| *it.key() <= watermark) {
            fired.extend(entry.remove());
        }
        for &slot in &fired {
            self.mark(slot);
            self.flags[slot as usize] |= FIRED;
        }
        fired
    }

    /// All rows are read back.
    pub fn restored(&mut self) {
        if self.retention.is_some() {
            let slots = 0..self.flags.len() as u32;
            let present: Vec<u32> = slots.filter(|&slot| self.is_present(slot)).collect();
            present.into_iter().for_each(|slot| self.set_expiry(slot));
        }
    }

    /// What a slot's row holds is about to change.
    #[inline]
    pub fn mark(&mut self, slot: u32) {
        let Self { keys, accumulators, lifetimes, flags, retention, changes, .. } = self;
        let held = Held { accumulators, lifetimes, flags, retention };
        changes.mark(slot, keys, |entry| held.encode(slot, entry));
    }

    /// The row of a slot is written, at the time that is now.
    pub fn write(&mut self, slot: u32) {
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.write(slot);
        }
    }

    /// Event time goes on; whether [`Self::expire_unwritten`] has something to do.
    pub fn reach(&mut self, watermark: i64) -> bool {
        let reached = self.lifetimes.as_mut().map(|lifetimes| lifetimes.reach(watermark));
        if reached == Some(Reached::First) {
            // What was written before there was a watermark counts as written now.
            let slots = 0..self.flags.len() as u32;
            let undated =
                |&slot: &u32| self.lifetimes.as_ref().is_some_and(|it| it.is_undated(slot));
            let present: Vec<u32> =
                slots.filter(|&slot| self.is_present(slot)).filter(undated).collect();
            for slot in present {
                self.mark(slot);
                self.write(slot);
            }
        }
        reached == Some(Reached::Due)
    }

    /// Whether a slot has a row, the time of which is over.
    pub fn is_over(&self, slot: u32) -> bool {
        self.lifetimes.as_ref().is_some_and(|it| it.is_over(slot)) && self.is_present(slot)
    }

    pub fn is_shown(&self, slot: u32) -> bool {
        self.is_present(slot) && !self.is_over(slot)
    }

    /// Lets rows go to which nothing was written for so long; how many.
    pub fn expire_unwritten(&mut self) -> u64 {
        let Some(mut lifetimes) = self.lifetimes.take() else { return 0 };
        let over = lifetimes.over(|slot| self.is_present(slot));
        self.lifetimes = Some(lifetimes);
        over.iter().for_each(|&slot| self.remove(slot));
        over.len() as u64
    }

    /// Every slot gets its row, which is about to change.
    pub fn keep(&mut self, slots: &[u32]) {
        for &slot in slots {
            self.mark(slot);
            if self.flags[slot as usize] & PRESENT == 0 {
                self.add(slot);
            }
        }
    }

    pub fn expire(&mut self, watermark: i64) {
        while let Some(entry) = self.expiries.first_entry() {
            if *entry.key() > watermark {
                break;
            }
            entry.remove().into_iter().for_each(|slot| self.remove(slot));
        }
    }

    pub fn remove(&mut self, slot: u32) {
        let Self { keys, accumulators, lifetimes, flags, retention, changes, .. } = self;
        let held = Held { accumulators, lifetimes, flags, retention };
        changes.remove(slot, &keys.borrow(), |entry| held.encode(slot, entry));
        self.flags[slot as usize] = 0;
        self.accumulators.clear(slot as usize);
        self.rows -= 1;
        self.keys.borrow_mut().release(slot);
    }

    /// The row of a key has expired, by what was read back.
    fn load_gone(&mut self, key: &[u8]) {
        let slot = self.keys.borrow().find(key);
        if let Some(slot) = slot.filter(|&slot| self.is_present(slot)) {
            self.changes.forget(slot);
            self.remove(slot);
        }
    }

    /// The row of a slot, keys and aggregates.
    pub fn output(&self, slot: u32, out: &mut [ColumnBuilder]) {
        let (keys, values) = out.split_at_mut(self.key_types.len());
        key::decode(self.keys.borrow().key(slot), keys);
        self.accumulators.output(slot as usize, values);
    }

    pub fn batch(&self, slots: &[u32]) -> Batch {
        let mut rows = BatchBuilder::new(self.types());
        for &slot in slots {
            self.output(slot, rows.columns());
            rows.end_row(ChangeKind::Insert);
        }
        rows.finish(BatchTime::at(i64::MIN))
    }
}

impl KeyedState for Table {
    fn freeze(&mut self, images: &KeyGroups) {
        self.changes.freeze(images);
    }

    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        let Self { keys, accumulators, lifetimes, flags, retention, changes, .. } = self;
        let held = Held { accumulators, lifetimes, flags, retention };
        let encode = |slot: u32, entry: &mut Vec<u8>| held.encode(slot, entry);
        changes.write(&keys.borrow(), encode, slice)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a GROUP BY is cut short".to_owned();
        let (key_group, mut entry) = match saved {
            Saved::Entry { key_group, bytes } => (key_group, bytes),
            Saved::Gone { key, .. } => {
                self.load_gone(key);
                return Ok(());
            }
            Saved::Common(_) => return Err(bad()),
        };
        let key = take_bytes(&mut entry).ok_or_else(bad)?;
        let slot = self.keys.borrow_mut().intern_saved(key, key_group);
        self.grow();
        if self.is_present(slot) {
            self.accumulators.clear(slot as usize);
        } else {
            self.hold(slot);
        }
        self.changes.loaded(slot);
        self.accumulators.load(slot as usize, &mut entry).ok_or_else(bad)?;
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.set(slot, take_i64(&mut entry).ok_or_else(bad)?);
        }
        if self.fires() {
            let (&fired, _) = entry.split_first().ok_or_else(bad)?;
            self.flags[slot as usize] = PRESENT | (fired & FIRED);
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        let times = self.lifetimes.as_ref().map_or(0, Lifetimes::bytes);
        let marks = self.flags.bytes() + self.changes.bytes() + times;
        (self.rows, marks + self.accumulators.bytes() + self.keys.borrow().bytes())
    }
}
