//! COUNT(*) over a time range: what rates are made of, in a few bytes an event.
//!
//! A key holds the times of its last rows, four bytes each in a ring that at most doubles, so that
//! an event costs at most eight bytes. A row enters at the end and leaves at the front; nothing is
//! scanned.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::{Bounds, Order, OverCall, OverFunction};
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, Column};
use crate::state::deadlines::Deadlines;
use crate::state::entry::{put_i64, take_i64};
use crate::state::prefetch::prefetch;
use crate::state::{Entry, KeyedState, SharedKeys, Table};

/// Rows of a key are told apart by the low 32 bits of their times (ms): what they span with the
/// slack lies below this.
const SPAN_MAX_MS: i64 = 1 << 31;

/// Times that a key holds without memory of their own.
const FEW: usize = 5;

#[derive(Debug)]
enum Times {
    Few { len: u8, at: [u32; FEW] },
    Many(VecDeque<u32>),
}

impl Times {
    fn len(&self) -> usize {
        match self {
            Self::Few { len, .. } => usize::from(*len),
            Self::Many(at) => at.len(),
        }
    }

    #[inline]
    fn get(&self, index: usize) -> u32 {
        match self {
            Self::Few { at, .. } => at[index],
            Self::Many(at) => at[index],
        }
    }

    fn insert(&mut self, index: usize, time: u32) {
        match self {
            Self::Few { len, at } if usize::from(*len) < FEW => {
                at.copy_within(index..usize::from(*len), index + 1);
                at[index] = time;
                *len += 1;
            }
            Self::Few { at, .. } => {
                let mut many = VecDeque::from_iter(*at);
                many.insert(index, time);
                *self = Self::Many(many);
            }
            Self::Many(at) => at.insert(index, time),
        }
    }

    /// Lets the first `count` go.
    fn drop_first(&mut self, count: usize) {
        match self {
            Self::Few { len, at } => {
                at.copy_within(count.., 0);
                *len -= count as u8;
            }
            Self::Many(many) => {
                many.drain(..count);
                if many.len() < FEW {
                    let mut at = [0; FEW];
                    many.iter().zip(&mut at).for_each(|(time, at)| *at = *time);
                    *self = Self::Few { len: many.len() as u8, at };
                } else if many.len() < many.capacity() / 4 {
                    many.shrink_to(many.capacity() / 2);
                }
            }
        }
    }
}

/// The state of one key, which is one cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Counted {
    /// The largest time (ms) that has come.
    newest: i64,
    /// When the key may be forgotten (event time, ms), which happens when the watermark moves.
    cleanup: i64,
    /// The watermark when a row came last.
    checked: i64,
    /// Ascending: the low bits of the times of the rows that may still count.
    times: Times,
    /// The first of them that counts for `newest`; those before it are there for rows that come
    /// out of order.
    active: u32,
}

impl Default for Counted {
    fn default() -> Self {
        let times = Times::Few { len: 0, at: [0; FEW] };
        Self { newest: i64::MIN, cleanup: i64::MIN, checked: i64::MIN, times, active: 0 }
    }
}

const _: () = assert!(size_of::<Option<Counted>>() == 64);

impl Counted {
    /// Starts to bring the times near that a new row is compared with.
    #[inline]
    fn prefetch(&self) {
        if let Times::Many(at) = &self.times {
            at.get(self.active as usize).into_iter().chain(at.back()).for_each(prefetch);
        }
    }

    #[inline]
    fn time(&self, index: usize) -> i64 {
        self.newest - i64::from((self.newest as u32).wrapping_sub(self.times.get(index)))
    }

    /// Index of the first of `range` whose time is not below `time`.
    fn first_at(&self, range: Range<usize>, time: i64) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.time(middle) < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The watermark that ends the key: what is due waits for it to move behind the last row.
    #[inline]
    fn end(&self) -> i64 {
        self.cleanup.max(self.checked.saturating_add(1))
    }

    /// Adds a row; what is `range_ms` and the slack behind the newest goes.
    fn add(&mut self, time: i64, range_ms: i64, slack_ms: i64) {
        let newest = self.newest.max(time);
        let oldest = newest.saturating_sub(range_ms);
        let (mut active, len) = (self.active as usize, self.times.len());
        while active < len && self.time(active) < oldest {
            active += 1;
        }
        let kept = oldest.saturating_sub(slack_ms);
        let gone = (0..active).take_while(|&index| self.time(index) < kept).count();
        if gone > 0 {
            self.times.drop_first(gone);
            active -= gone;
        }
        self.newest = newest;
        if time >= kept {
            let len = self.times.len();
            let at =
                if time == newest { len } else { self.first_at(0..len, time.saturating_add(1)) };
            self.times.insert(at, time as u32);
            active += usize::from(time < oldest);
        }
        self.active = active as u32;
    }

    /// The rows whose times lie in the range that ends at `time`, one of which is the row itself.
    fn count(&self, time: i64, range_ms: i64, slack_ms: i64) -> i64 {
        let len = self.times.len();
        if time == self.newest {
            return (len - self.active as usize) as i64;
        }
        let (from, oldest) = (time.saturating_sub(range_ms), self.newest.saturating_sub(range_ms));
        let found = self.first_at(0..len, time.saturating_add(1)) - self.first_at(0..len, from);
        // A row too far behind is not held, but has come all the same.
        found as i64 + i64::from(time < oldest.saturating_sub(slack_ms))
    }
}

impl Entry for Counted {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.newest, out);
        put_i64(self.cleanup, out);
        put_i64(self.checked, out);
        put_i64(i64::from(self.active), out);
        (0..self.times.len())
            .for_each(|index| out.extend_from_slice(&self.times.get(index).to_le_bytes()));
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let (newest, cleanup) = (take_i64(&mut bytes)?, take_i64(&mut bytes)?);
        let checked = take_i64(&mut bytes)?;
        let active = u32::try_from(take_i64(&mut bytes)?).ok()?;
        let (times, rest) = bytes.as_chunks::<4>();
        let mut counted = Self { newest, cleanup, checked, active, ..Self::default() };
        for (index, time) in times.iter().enumerate() {
            counted.times.insert(index, u32::from_le_bytes(*time));
        }
        (rest.is_empty() && active as usize <= times.len()).then_some(counted)
    }

    fn heap_bytes(&self) -> usize {
        match &self.times {
            Times::Few { .. } => 0,
            Times::Many(at) => at.capacity() * 4,
        }
    }
}

/// What [`super::Over`] computes, where all it is asked for is COUNT(*) over a time range.
pub struct RangeCount {
    time: usize,
    keys: Vec<usize>,
    calls: usize,
    range_ms: i64,
    /// Of arrival order; 0 by event time, where rows come sorted.
    slack_ms: i64,
    sorted: bool,
    table: Table<Counted>,
    /// When keys can be forgotten.
    cleanups: Deadlines,
    watermark: i64,
}

impl RangeCount {
    /// `None` where the calls, bounds or order are not of that kind.
    pub fn new(
        time: usize,
        keys: &[usize],
        calls: &[OverCall],
        (bounds, order): (Bounds, Order),
        dictionary: &SharedKeys,
    ) -> Option<Self> {
        let Bounds::Range(Some(range_ms)) = bounds else { return None };
        let slack_ms = match order {
            Order::EventTime => 0,
            Order::Arrival { slack_ms } => slack_ms,
            Order::Value { .. } => return None,
        };
        let counts = |call: &OverCall| {
            call.function == OverFunction::Count && call.argument.is_none() && !call.distinct
        };
        let short = range_ms.saturating_add(slack_ms) < SPAN_MAX_MS;
        (short && !calls.is_empty() && calls.iter().all(counts)).then(|| Self {
            time,
            keys: keys.to_vec(),
            calls: calls.len(),
            range_ms,
            slack_ms,
            sorted: order == Order::EventTime,
            table: Table::new(dictionary.clone()),
            cleanups: Deadlines::new(range_ms + range_ms / 2),
            watermark: i64::MIN,
        })
    }

    /// The key's state; a fresh one where it is due to be forgotten.
    #[inline]
    fn touch(&mut self, slot: u32) -> &mut Counted {
        let watermark = self.watermark;
        let counted = self.table.touch(slot);
        if counted.newest != i64::MIN && counted.end() <= watermark {
            *counted = Counted::default();
        }
        counted.checked = watermark;
        counted
    }

    fn add(&mut self, slot: u32, time: i64) {
        let (range_ms, slack_ms) = (self.range_ms, self.slack_ms);
        let counted = self.touch(slot);
        let fresh = counted.newest == i64::MIN;
        counted.add(time, range_ms, slack_ms);
        // As Flink: a key is forgotten half a range after nothing can reach it; in arrival order
        // not before rows out of order can have come.
        let least = time.saturating_add(range_ms + slack_ms + 1);
        if fresh || counted.cleanup < least {
            counted.cleanup = least.saturating_add(range_ms / 2);
        }
        let cleanup = counted.cleanup;
        self.cleanups.add(slot, cleanup);
    }

    fn count(&self, slot: u32, time: i64) -> i64 {
        let counted = self.table.get(slot);
        counted.map_or(0, |key| key.count(time, self.range_ms, self.slack_ms))
    }

    /// Rows sorted by time: those of one time count for each other. Gives those that are not
    /// late, and those that are.
    fn take_by_time(
        &mut self,
        batch: &Batch,
        rows: impl Iterator<Item = (u32, u32)>,
        counts: &mut [i64],
    ) -> (Vec<u32>, Vec<u32>) {
        let times = batch.columns[self.time].as_i64s();
        let (mut kept, mut late) = (Vec::new(), Vec::new());
        let (mut peers, mut now) = (Vec::new(), i64::MIN);
        for (row, slot) in rows {
            let (time, before) = (times[row as usize], batch.time.before_row(row as usize));
            if time != now || before > self.watermark {
                late.extend(self.late_of(&mut peers, now));
                self.take_peers(&mut peers, now, counts, &mut kept);
                now = time;
                self.watermark = self.watermark.max(before);
            }
            peers.push((row, slot));
        }
        late.extend(self.late_of(&mut peers, now));
        self.take_peers(&mut peers, now, counts, &mut kept);
        (kept, late)
    }

    /// Takes the late ones out of rows of one time.
    fn late_of(&mut self, peers: &mut Vec<(u32, u32)>, time: i64) -> Vec<u32> {
        let late = peers.extract_if(.., |&mut (_, slot)| time <= self.touch(slot).newest);
        late.map(|(row, _)| row).collect()
    }

    fn take_peers(
        &mut self,
        peers: &mut Vec<(u32, u32)>,
        time: i64,
        counts: &mut [i64],
        kept: &mut Vec<u32>,
    ) {
        peers.iter().for_each(|&(_, slot)| self.add(slot, time));
        for (row, slot) in peers.drain(..) {
            counts[row as usize] = self.count(slot, time);
            kept.push(row);
        }
    }

    /// Rows as they come: each counts for itself and those that come after it.
    fn take_as_they_come(
        &mut self,
        batch: &Batch,
        rows: impl Iterator<Item = (u32, u32)>,
        counts: &mut [i64],
    ) -> Vec<u32> {
        let times = batch.columns[self.time].as_i64s();
        let mut kept = Vec::with_capacity(batch.len());
        for (row, slot) in rows {
            self.watermark = self.watermark.max(batch.time.before_row(row as usize));
            let time = times[row as usize];
            self.add(slot, time);
            counts[row as usize] = self.count(slot, time);
            kept.push(row);
        }
        kept
    }
}

impl Operator for RangeCount {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        self.table.prefetch(&slots);
        slots.iter().filter_map(|&slot| self.table.get(slot)).for_each(Counted::prefetch);
        let column = batch.columns[self.time].clone();
        let mut counts = vec![0; batch.rows];
        let rows = batch.row_ids().map(|row| row as u32).zip(slots.iter().copied());
        let timed = rows.filter(|&(row, _)| {
            let timed = !column.is_null(row as usize);
            if !timed {
                out.reject_without_time(&batch, row);
            }
            timed
        });
        let (kept, late) = match self.sorted {
            true => self.take_by_time(&batch, timed, &mut counts),
            false => (self.take_as_they_come(&batch, timed, &mut counts), Vec::new()),
        };
        late.iter().for_each(|&row| out.late(&batch, row));
        self.table.keys().borrow_mut().let_go(&slots);
        let counts = Arc::new(Column::i64s(counts));
        let added = std::iter::repeat_n(counts, self.calls);
        let columns = batch.columns.iter().cloned().chain(added).collect();
        out.emit(batch.with_columns(columns).with_selection(kept));
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, _out: &mut Output) -> Progress {
        self.watermark = self.watermark.max(watermark);
        self.table.forget(&mut self.cleanups, self.watermark, Counted::end);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("counts", &mut self.table)]
    }

    fn restored(&mut self) {
        for (slot, counted) in self.table.iter() {
            self.cleanups.add(slot, counted.cleanup);
        }
    }
}
