//! The rows of a queryable table by primary key: the last one of each key stays.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::{Operator, Output, Progress, Readable};
use crate::record::{Batch, BatchTime, ChangeKind, ColumnBuilder, DataType, key};
use crate::state::entry::{put_i64, take_bytes, take_i64};
use crate::state::{
    Changes, Chunked, KeyGroups, KeyedState, Lifetimes, Reached, Saved, SharedKeys, Slice,
};

/// Rows by slot, in canonical bytes of all their columns; 0 as sequence means no row.
struct Rows {
    keys: SharedKeys,
    types: Vec<DataType>,
    rows: Chunked<Option<Box<[u8]>>>,
    sequences: Chunked<u64>,
    changes: Changes,
    /// Sequence and slot of each row, the oldest update first. After a change of the number of
    /// shards two rows may have one sequence.
    order: BTreeSet<(u64, u32)>,
    next: u64,
    bytes: u64,
    lifetimes: Option<Lifetimes>,
}

impl Rows {
    fn grow(&mut self) {
        let slots = self.keys.borrow().slots();
        self.rows.grow(slots);
        self.sequences.grow(slots);
    }

    /// Takes the row out, if there is one; the slot stays.
    fn take(&mut self, slot: u32) -> bool {
        let sequence = std::mem::take(&mut self.sequences[slot as usize]);
        let Some(row) = self.rows[slot as usize].take() else { return false };
        self.bytes -= row.len() as u64;
        self.order.remove(&(sequence, slot));
        true
    }

    fn remove(&mut self, slot: u32) {
        if !self.is_present(slot) {
            return;
        }
        let held = (&self.rows, &self.sequences, self.lifetimes.as_ref());
        self.changes.remove(slot, &self.keys.borrow(), |entry| encode(held, slot, entry));
        self.take(slot);
        self.keys.borrow_mut().release(slot);
    }

    fn put(&mut self, slot: u32, row: &[u8], sequence: u64) {
        self.mark(slot);
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.write(slot);
        }
        if !self.take(slot) {
            self.keys.borrow_mut().retain(slot);
        }
        self.rows[slot as usize] = Some(row.into());
        self.sequences[slot as usize] = sequence;
        self.bytes += row.len() as u64;
        self.order.insert((sequence, slot));
        self.next = self.next.max(sequence + 1);
    }

    fn batch(&self, slots: &[u32]) -> Batch {
        let types = self.types.iter();
        let mut builders: Vec<_> = types.map(|of| ColumnBuilder::for_type(of, 16)).collect();
        for row in slots.iter().filter_map(|&slot| self.rows[slot as usize].as_deref()) {
            key::decode(row, &mut builders);
        }
        let columns = builders.into_iter().map(|builder| Arc::new(builder.finish())).collect();
        Batch::new(columns, slots.len(), BatchTime::at(i64::MIN))
    }

    fn is_present(&self, slot: u32) -> bool {
        self.rows.len() > slot as usize && self.rows[slot as usize].is_some()
    }

    /// Whether the slot has a row, the time of which is not over.
    fn is_shown(&self, slot: u32) -> bool {
        self.is_present(slot) && !self.lifetimes.as_ref().is_some_and(|it| it.is_over(slot))
    }

    /// What a slot holds is about to change.
    fn mark(&mut self, slot: u32) {
        let held = (&self.rows, &self.sequences, self.lifetimes.as_ref());
        self.changes.mark(slot, &self.keys, |entry| encode(held, slot, entry));
    }

    /// Event time goes on: rows to which nothing was written for so long go; how many.
    fn reach(&mut self, watermark: i64) -> u64 {
        match self.lifetimes.as_mut().map(|lifetimes| lifetimes.reach(watermark)) {
            None | Some(Reached::Nothing) => 0,
            Some(Reached::First) => {
                self.date();
                0
            }
            Some(Reached::Due) => self.expire(),
        }
    }

    /// What was written before there was a watermark counts as written at the first.
    fn date(&mut self) {
        let undated = |slot| self.lifetimes.as_ref().is_some_and(|it| it.is_undated(slot));
        let slots = 0..self.rows.len() as u32;
        let slots = slots.filter(|&slot| self.is_present(slot) && undated(slot));
        for slot in slots.collect::<Vec<_>>() {
            self.mark(slot);
            if let Some(lifetimes) = &mut self.lifetimes {
                lifetimes.write(slot);
            }
        }
    }

    fn expire(&mut self) -> u64 {
        let Some(mut lifetimes) = self.lifetimes.take() else { return 0 };
        let over = lifetimes.over(|slot| self.is_present(slot));
        self.lifetimes = Some(lifetimes);
        over.iter().for_each(|&slot| self.remove(slot));
        over.len() as u64
    }
}

/// Rows, sequences, and when they were written, by slot.
type Held<'a> = (&'a Chunked<Option<Box<[u8]>>>, &'a Chunked<u64>, Option<&'a Lifetimes>);

/// The entry of a slot: its sequence, when it was written if that counts, and its row.
fn encode((rows, sequences, lifetimes): Held<'_>, slot: u32, entry: &mut Vec<u8>) {
    let Some(row) = rows[slot as usize].as_deref() else { return };
    put_i64(sequences[slot as usize] as i64, entry);
    if let Some(lifetimes) = lifetimes {
        put_i64(lifetimes.written(slot), entry);
    }
    entry.extend_from_slice(row);
}

impl KeyedState for Rows {
    fn freeze(&mut self, images: &KeyGroups) {
        self.changes.freeze(images);
    }

    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        let held = (&self.rows, &self.sequences, self.lifetimes.as_ref());
        let encode = |slot: u32, entry: &mut Vec<u8>| encode(held, slot, entry);
        self.changes.write(&self.keys.borrow(), encode, slice)
    }

    fn load(&mut self, _of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "an entry of a table is cut short".to_owned();
        match saved {
            Saved::Entry { key_group, bytes: mut entry } => {
                let key = take_bytes(&mut entry).ok_or_else(bad)?;
                let sequence = take_i64(&mut entry).ok_or_else(bad)? as u64;
                let written = match self.lifetimes {
                    Some(_) => Some(take_i64(&mut entry).ok_or_else(bad)?),
                    None => None,
                };
                let slot = self.keys.borrow_mut().intern_saved(key, key_group);
                self.grow();
                self.put(slot, entry, sequence);
                self.changes.loaded(slot);
                if let (Some(lifetimes), Some(written)) = (&mut self.lifetimes, written) {
                    lifetimes.set(slot, written);
                }
            }
            Saved::Gone { key, .. } => {
                let slot = self.keys.borrow().find(key);
                if let Some(slot) = slot.filter(|&slot| self.is_present(slot)) {
                    self.changes.forget(slot);
                    self.remove(slot);
                }
            }
            Saved::Common(_) => return Err(bad()),
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        let times = self.lifetimes.as_ref().map_or(0, Lifetimes::bytes);
        let fixed = self.rows.bytes() + self.sequences.bytes() + self.changes.bytes() + times;
        (self.order.len() as u64, self.bytes + fixed + self.keys.borrow().bytes())
    }
}

/// The operator: keeps rows for queries and emits nothing.
pub struct UpsertTable {
    primary_key: Vec<usize>,
    max_rows: Option<usize>,
    table: Rows,
}

impl UpsertTable {
    /// `types` of all columns of the input, which must not be nested; beyond `max_rows` the row
    /// that was updated longest ago goes, and one that event time has passed by `ttl_ms` since.
    pub fn new(
        primary_key: Vec<usize>,
        types: Vec<DataType>,
        dictionary: SharedKeys,
        max_rows: Option<usize>,
        ttl_ms: Option<i64>,
    ) -> Self {
        let table = Rows {
            keys: dictionary,
            types,
            rows: Chunked::default(),
            sequences: Chunked::default(),
            changes: Changes::default(),
            order: BTreeSet::new(),
            next: 1,
            bytes: 0,
            lifetimes: ttl_ms.map(Lifetimes::new),
        };
        Self { primary_key, max_rows, table }
    }
}

impl Operator for UpsertTable {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys.borrow_mut().hold(&batch, &self.primary_key);
        self.table.grow();
        let mut bytes = Vec::new();
        for (row, &slot) in batch.row_ids().zip(&slots) {
            out.expired += self.table.reach(batch.time.before_row(row));
            match batch.kind(row) {
                // What a row becomes may have been filtered out: it is there only if it comes.
                ChangeKind::UpdateBefore | ChangeKind::Delete => self.table.remove(slot),
                ChangeKind::Insert | ChangeKind::UpdateAfter => {
                    bytes.clear();
                    key::encode_row(&batch.columns, row, &mut bytes);
                    self.table.put(slot, &bytes, self.table.next);
                }
            }
            while self.max_rows.is_some_and(|most| self.table.order.len() > most)
                && let Some(&(_, oldest)) = self.table.order.first()
            {
                self.table.remove(oldest);
            }
        }
        self.table.keys.borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        out.expired += self.table.reach(watermark);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("rows", &mut self.table)]
    }

    fn readable(&self) -> Option<&dyn Readable> {
        Some(self)
    }
}

impl Readable for UpsertTable {
    fn get(&self, key: &[u8]) -> Option<Batch> {
        let slot = self.table.keys.borrow().find(key)?;
        self.table.is_shown(slot).then(|| self.table.batch(&[slot]))
    }

    fn page(&self, key_group: usize, after: &[u8], limit: usize) -> (Batch, Option<Vec<u8>>) {
        let keys = self.table.keys.borrow();
        let (slots, next) = keys.page(key_group, after, limit, |slot| self.table.is_shown(slot));
        (self.table.batch(&slots), next)
    }

    fn rows(&self) -> u64 {
        self.table.order.len() as u64
    }
}
