//! Joins of two inputs by equal keys: of whole streams, and of rows whose times are close.
//!
//! A row waits in the state of its key for partners of the other side. A join without a time
//! keeps every row and takes results back when they change; a timed one knows from the watermark
//! when no partner can come any more, so each result leaves once and rows are let go.

mod side;
mod temporal;

use std::collections::BTreeMap;

use self::side::{Kept, Pair, Stored};
pub use self::temporal::{TemporalJoin, TemporalSpec};
use super::{Operator, Output, Progress};
use crate::expression::{EvalErrors, Expr, filter};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, ColumnBuilder, DataType, row};
use crate::state::{KeyedState, SharedKeys, Table};

/// What comes out besides the pairs, or instead of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinType {
    Inner,
    Left,
    Right,
    Full,
    /// Rows of the left that have a partner, once and alone.
    Semi,
    /// Rows of the left that have none.
    Anti,
}

impl JoinType {
    /// Whether rows of a side (0 left, 1 right) come out without a partner too.
    pub fn keeps(self, side: usize) -> bool {
        match self {
            Self::Inner | Self::Semi => false,
            Self::Left | Self::Anti => side == 0,
            Self::Right => side == 1,
            Self::Full => true,
        }
    }

    /// Whether columns of the left alone come out.
    pub fn left_only(self) -> bool {
        matches!(self, Self::Semi | Self::Anti)
    }
}

/// Which times may meet, in a join that is bounded by event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeBounds {
    /// Time column of each side.
    pub columns: [usize; 2],
    /// Right time less left time (ms), both inclusive.
    pub lower: i64,
    pub upper: i64,
    /// The columns are ends of windows: a row is late, and dropped, once its window has ended.
    pub windows: bool,
    /// The windows are over instants: their ends are what the session's clock shows.
    pub on_clock: bool,
}

impl TimeBounds {
    /// Event time from which on a row finds no partner any more.
    fn expiry(&self, side: usize, time: i64) -> i64 {
        let reach = if side == 0 { self.upper } else { self.lower.saturating_neg() };
        time.saturating_add(reach).saturating_sub(i64::from(self.windows))
    }

    fn meet(&self, side: usize, time: i64, other: i64) -> bool {
        let (left, right) = if side == 0 { (time, other) } else { (other, time) };
        let between = right.saturating_sub(left);
        (self.lower..=self.upper).contains(&between)
    }

    /// What results may stay behind the watermark.
    pub fn delay_ms(&self) -> i64 {
        self.upper.max(self.lower.saturating_neg()).max(0)
    }
}

/// A join as it is planned: columns are those of the inputs, the condition reads both in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinSpec {
    pub join: JoinType,
    /// Key columns of each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// By key: NULL equals NULL. Else a row whose key is NULL has no partner.
    pub nulls_equal: Vec<bool>,
    /// What else must be true of a pair.
    pub condition: Option<Expr>,
    pub time: Option<TimeBounds>,
    /// What a hint says of how long rows of each side are kept (ms; 0: for good), in a join
    /// without a time.
    pub ttl_ms: [Option<i64>; 2],
}

const BATCH: usize = 1024;

/// Joins two inputs (port 0 left, port 1 right).
pub struct Join {
    spec: JoinSpec,
    types: [Vec<DataType>; 2],
    table: Table<Box<Pair>>,
    /// Keys by the time at which some row of theirs expires.
    expiries: BTreeMap<i64, Vec<u32>>,
    /// Of a join without a time: how long rows of each side are kept behind their last write.
    kept: [Option<Kept>; 2],
    watermark: i64,
    /// The watermark that goes with the results.
    stamp: i64,
    stamp_us: i64,
    results: BatchBuilder,
}

impl Join {
    pub fn new(spec: JoinSpec, types: [Vec<DataType>; 2], keys: SharedKeys) -> Self {
        let sides = if spec.join.left_only() { 1 } else { 2 };
        let results = BatchBuilder::new(types[..sides].iter().flatten().cloned().collect());
        Self {
            spec,
            types,
            table: Table::new(keys),
            expiries: BTreeMap::new(),
            kept: [None, None],
            watermark: i64::MIN,
            stamp: i64::MIN,
            stamp_us: 0,
            results,
        }
    }

    /// Rows of each side are over once event time has passed their last write by so much (ms).
    pub fn expiring(self, ttl_ms: [Option<i64>; 2]) -> Self {
        Self { kept: ttl_ms.map(|ttl_ms| ttl_ms.map(Kept::new)), ..self }
    }

    fn forgets(&self) -> bool {
        self.kept.iter().any(Option::is_some)
    }

    /// Whether a row is as if it had never come.
    fn is_over(&self, side: usize, row: &Stored) -> bool {
        let kept = self.kept[side].as_ref();
        kept.is_some_and(|kept| row.time != i64::MIN && kept.end(row.time) <= self.watermark)
    }

    /// Lets go of rows to which nothing was written for so long, at the new watermark.
    fn forget(&mut self, out: &mut Output) {
        for side in 0..2 {
            let Some(mut kept) = self.kept[side].take() else { continue };
            while let Some(slots) = kept.deadlines.pop(self.watermark) {
                for slot in slots {
                    out.expired += kept.forget(&mut self.table, (side, slot), self.watermark);
                }
            }
            self.kept[side] = Some(kept);
        }
    }

    /// All rows are read back.
    fn watch(&mut self) {
        for (slot, pair) in self.table.iter() {
            for (side, kept) in self.kept.iter_mut().enumerate() {
                let Some(kept) = kept else { continue };
                let dated = pair.sides[side].iter().filter(|row| row.time != i64::MIN);
                if let Some(first) = dated.map(|row| row.time).min() {
                    kept.deadlines.add(slot, kept.end(first));
                }
            }
        }
    }

    /// What was written before there was a watermark counts as written at the first.
    fn date(&mut self, watermark: i64) {
        let undated = |pair: &Pair| pair.sides.iter().flatten().any(|row| row.time == i64::MIN);
        let pairs = self.table.iter().filter(|(_, pair)| undated(pair));
        let slots: Vec<u32> = pairs.map(|(slot, _)| slot).collect();
        for slot in slots {
            for side in 0..2 {
                let Some(kept) = &mut self.kept[side] else { continue };
                let rows = &mut self.table.touch(slot).sides[side];
                let undated = rows.iter_mut().filter(|row| row.time == i64::MIN);
                for row in undated {
                    row.time = watermark;
                    kept.deadlines.add(slot, kept.end(watermark));
                }
            }
        }
    }

    /// Puts a result out: a row of `side` and its partner, or NULLs for it.
    fn put(
        &mut self,
        side: usize,
        own: &[u8],
        other: Option<&[u8]>,
        kind: ChangeKind,
        out: &mut Output,
    ) {
        let (left, right) = self.results.columns().split_at_mut(self.types[0].len());
        let (own_columns, other_columns) = if side == 0 { (left, right) } else { (right, left) };
        row::decode(own, own_columns);
        match other {
            Some(_) if self.spec.join.left_only() => {}
            Some(bytes) => {
                row::decode(bytes, other_columns);
            }
            None => other_columns.iter_mut().for_each(ColumnBuilder::push_null),
        }
        self.results.end_row(kind);
        if self.results.len() >= BATCH {
            self.send(out);
        }
    }

    /// Puts out what `own` and the rows that it `met` give.
    fn put_met(
        &mut self,
        side: usize,
        own: &[u8],
        met: &[Met],
        kind: ChangeKind,
        out: &mut Output,
    ) {
        match (self.spec.join, side) {
            (JoinType::Anti, _) => {}
            (JoinType::Semi, 0) => self.put(0, own, None, kind, out),
            (JoinType::Semi, _) => {
                let changed = met.iter().filter(|met| met.alone);
                changed.for_each(|met| self.put(0, &met.bytes, None, kind, out));
            }
            _ => met.iter().for_each(|met| self.put(side, own, Some(&met.bytes), kind, out)),
        }
    }

    fn send(&mut self, out: &mut Output) {
        let batch = self.results.finish(BatchTime::at(self.stamp));
        out.emit(Batch { stamp_us: self.stamp_us, ..batch });
    }

    /// Lets go of what finds no partner any more at `watermark`.
    fn expire(&mut self, watermark: i64, out: &mut Output) {
        if watermark <= self.watermark {
            return;
        }
        let Some(time) = self.spec.time else {
            return self.reach(watermark, out);
        };
        let mut slots = Vec::new();
        while let Some(entry) = self.expiries.first_entry() {
            if *entry.key() > watermark {
                break;
            }
            slots.extend(entry.remove());
        }
        slots.sort_unstable();
        slots.dedup();
        for slot in slots {
            if self.table.get(slot).is_none() {
                continue;
            }
            let pair = self.table.touch(slot);
            let mut gone = pair.expired(|side, row| time.expiry(side, row.time) <= watermark);
            if pair.is_empty() {
                self.table.remove(slot);
            }
            gone.retain(|(side, row)| row.partners == 0 && self.spec.join.keeps(*side));
            for (side, row) in gone {
                self.put(side, &row.bytes, None, ChangeKind::Insert, out);
            }
        }
        self.send(out);
        self.watermark = watermark;
        self.stamp = self.output_watermark(watermark);
    }

    /// Event time goes on in a join without a time. The end of the input is no time at which
    /// anything is over.
    fn reach(&mut self, watermark: i64, out: &mut Output) {
        if !self.forgets() {
            self.watermark = watermark;
        }
        if !self.forgets() || watermark == i64::MAX {
            return;
        }
        if self.watermark == i64::MIN {
            self.date(watermark);
        }
        (self.watermark, self.stamp) = (watermark, watermark);
        self.forget(out);
    }

    /// Rows of the other side that each of `rows` meets: row, place of the partner.
    fn candidates(&self, side: usize, rows: &[Arrived]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(pair) = row.slot.and_then(|slot| self.table.get(slot)) else { continue };
            for (place, other) in pair.sides[1 - side].iter().enumerate() {
                let meet = match self.spec.time {
                    Some(time) => time.meet(side, row.time, other.time),
                    None => !self.is_over(1 - side, other),
                };
                if meet {
                    found.push((at, place));
                }
            }
        }
        found
    }

    /// The candidates for which the condition is true.
    fn true_pairs(
        &self,
        side: usize,
        batch: &Batch,
        rows: &[Arrived],
        found: Vec<(usize, usize)>,
        out: &mut Output,
    ) -> Vec<(usize, usize)> {
        let Some(condition) = &self.spec.condition else { return found };
        let mut pairs = BatchBuilder::new(self.types.iter().flatten().cloned().collect());
        for &(at, place) in &found {
            let slot = rows[at].slot.unwrap_or_default();
            let Some(pair) = self.table.get(slot) else { continue };
            let (left, right) = pairs.columns().split_at_mut(self.types[0].len());
            let (own, other) = if side == 0 { (left, right) } else { (right, left) };
            row::decode(&rows[at].bytes, own);
            row::decode(&pair.sides[1 - side][place].bytes, other);
            pairs.end_row(ChangeKind::Insert);
        }
        let pairs = pairs.finish(BatchTime::at(i64::MIN));
        let mut errors = EvalErrors::default();
        let kept = filter(condition, &pairs, &out.context, &mut errors);
        let bad = |row: &u32| errors.rows.iter().any(|(bad, _)| bad == row);
        let kept = kept.iter().filter(|row| !bad(row)).map(|&row| found[row as usize]).collect();
        for (pair, reason) in &errors.rows {
            out.reject(batch, rows[found[*pair as usize].0].row, reason.clone());
        }
        kept
    }

    /// Rows that the same watermark came before.
    fn take(&mut self, side: usize, batch: &Batch, mut rows: Vec<Arrived>, out: &mut Output) {
        if let Some(time) = self.spec.time.filter(|time| time.windows) {
            let is_late = |row: &mut Arrived| time.expiry(side, row.time) <= self.watermark;
            for row in rows.extract_if(.., is_late) {
                out.late(batch, row.row);
            }
        }
        let found = self.candidates(side, &rows);
        let pairs = self.true_pairs(side, batch, &rows, found, out);
        let mut pairs = pairs.into_iter().peekable();
        // Keys keep their slots until all rows are through, as later ones name them.
        let touched: Vec<u32> =
            rows.iter().filter(|row| row.retract).filter_map(|row| row.slot).collect();
        for (at, row) in rows.into_iter().enumerate() {
            let mut places = Vec::new();
            while let Some((_, place)) = pairs.next_if(|pair| pair.0 == at) {
                places.push(place);
            }
            if row.retract {
                self.retract(side, &row, &places, out);
            } else {
                self.add(side, row, &places, out);
            }
        }
        for slot in touched {
            if self.table.get(slot).is_some_and(|pair| pair.is_empty()) {
                self.table.remove(slot);
            }
        }
    }

    /// Counts a partner more or less on rows of the other side; gives their bytes and whether
    /// they have none but this one.
    fn meet(&mut self, side: usize, slot: u32, places: &[usize], more: bool) -> Vec<Met> {
        // Where it counts for a result how many partners a row has, the count is a write to it.
        let spec = &self.spec;
        let counts =
            self.forgets() && (spec.join.keeps(1 - side) || (spec.join.left_only() && side == 1));
        let now = counts.then_some(self.watermark);
        let others = &mut self.table.touch(slot).sides[1 - side];
        let mut met = Vec::with_capacity(places.len());
        for &place in places {
            let other = &mut others[place];
            let alone = if more { other.partners == 0 } else { other.partners == 1 };
            other.partners = match more {
                true => other.partners + 1,
                false => other.partners.saturating_sub(1),
            };
            other.time = now.unwrap_or(other.time);
            met.push(Met { bytes: other.bytes.clone(), alone });
        }
        met
    }

    fn add(&mut self, side: usize, row: Arrived, places: &[usize], out: &mut Output) {
        let pads_others = self.spec.join.keeps(1 - side) && self.spec.time.is_none();
        if let Some(slot) = row.slot.filter(|_| !places.is_empty()) {
            let met = self.meet(side, slot, places, true);
            if pads_others {
                for other in met.iter().filter(|met| met.alone) {
                    self.put(1 - side, &other.bytes, None, ChangeKind::Delete, out);
                }
            }
            self.put_met(side, &row.bytes, &met, ChangeKind::Insert, out);
        }
        let expiry = self.spec.time.map(|time| time.expiry(side, row.time));
        let stays = row.slot.filter(|_| expiry.is_none_or(|expiry| expiry > self.watermark));
        // A timed join waits for the watermark to say that there is no partner.
        let waits = stays.is_some() && expiry.is_some();
        if places.is_empty() && self.spec.join.keeps(side) && !waits {
            self.put(side, &row.bytes, None, ChangeKind::Insert, out);
        }
        let Some(slot) = stays else { return };
        if let Some(expiry) = expiry {
            let slots = self.expiries.entry(expiry).or_default();
            if slots.last() != Some(&slot) {
                slots.push(slot);
            }
        }
        if let Some(kept) = self.kept[side].as_mut().filter(|_| row.time != i64::MIN) {
            kept.deadlines.add(slot, kept.end(row.time));
        }
        let partners = places.len() as u64;
        let stored = Stored { time: row.time, partners, bytes: row.bytes };
        self.table.touch(slot).sides[side].push(stored);
    }

    fn retract(&mut self, side: usize, row: &Arrived, places: &[usize], out: &mut Output) {
        let keeps = self.spec.join.keeps(side);
        if let Some(slot) = row.slot {
            let is_there = |known: &Stored| known.bytes == row.bytes && !self.is_over(side, known);
            let pair = self.table.get(slot);
            let known = pair.and_then(|pair| pair.sides[side].iter().position(is_there));
            // A change of a row that never came has nothing to take back.
            let Some(known) = known else { return };
            self.table.touch(slot).sides[side].remove(known);
            if !places.is_empty() {
                let met = self.meet(side, slot, places, false);
                self.put_met(side, &row.bytes, &met, ChangeKind::Delete, out);
                if self.spec.join.keeps(1 - side) {
                    for other in met.iter().filter(|met| met.alone) {
                        self.put(1 - side, &other.bytes, None, ChangeKind::Insert, out);
                    }
                }
            }
        }
        if places.is_empty() && keeps {
            self.put(side, &row.bytes, None, ChangeKind::Delete, out);
        }
    }
}

/// A partner of a row.
struct Met {
    bytes: Vec<u8>,
    /// It has no other.
    alone: bool,
}

/// A row on its way in.
struct Arrived {
    row: u32,
    /// `None`: a key column is NULL, so nothing equals it.
    slot: Option<u32>,
    time: i64,
    retract: bool,
    bytes: Vec<u8>,
}

impl Operator for Join {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        self.stamp_us = batch.stamp_us;
        let keys: Vec<_> =
            self.spec.keys[port].iter().map(|&key| batch.columns[key].clone()).collect();
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.spec.keys[port]);
        let time = self.spec.time.map(|time| batch.columns[time.columns[port]].clone());
        let mut run: Vec<Arrived> = Vec::with_capacity(batch.len());
        for (row, &slot) in batch.row_ids().zip(&slots) {
            if time.as_ref().is_some_and(|time| time.is_null(row)) {
                out.reject_without_time(&batch, row as u32);
                continue;
            }
            let before = batch.time.before_row(row);
            if before > self.watermark {
                let rows = std::mem::take(&mut run);
                self.take(port, &batch, rows, out);
                self.send(out);
                self.expire(before, out);
            }
            let never = keys.iter().zip(&self.spec.nulls_equal);
            let never = never.into_iter().any(|(key, equal)| !equal && key.is_null(row));
            let slot = (!never).then_some(slot);
            let mut bytes = Vec::new();
            row::encode(&batch.columns, row, &mut bytes);
            // In a join without a time, when it is written.
            let now = if self.forgets() { self.watermark } else { 0 };
            let time = time.as_ref().map_or(now, |time| time.as_i64s()[row]);
            let retract = batch.kind(row).is_retract();
            run.push(Arrived { row: row as u32, slot, time, retract, bytes });
        }
        self.take(port, &batch, run, out);
        self.send(out);
        self.table.keys().borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.expire(watermark, out);
        Progress::Done
    }

    fn output_watermark(&self, watermark: i64) -> i64 {
        match self.spec.time {
            Some(time) if watermark < i64::MAX => watermark.saturating_sub(time.delay_ms()),
            _ => watermark,
        }
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("rows", &mut self.table)]
    }

    fn restored(&mut self) {
        let Some(time) = self.spec.time else {
            return self.watch();
        };
        for (slot, pair) in self.table.iter() {
            for (side, rows) in pair.sides.iter().enumerate() {
                for row in rows {
                    self.expiries.entry(time.expiry(side, row.time)).or_default().push(slot);
                }
            }
        }
    }
}
