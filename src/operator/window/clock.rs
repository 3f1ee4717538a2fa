//! Windows over instants are cut by the wall clock of the session's time zone, as in Flink: a day
//! goes from midnight to midnight, and has 23 or 25 hours where the clock changes.
//!
//! The operators know nothing of it. Around one over instants stands an [`OnWallClock`], which
//! gives it the time that the wall clock shows, and watermarks on the same scale.

use std::cell::Cell;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::operator::{Operator, Output, Progress};
use crate::record::column::ColumnBuilder;
use crate::record::schema::Physical;
use crate::record::{Batch, BatchTime, Column, Message};
use crate::state::KeyedState;

/// A time zone's clock; all times are milliseconds.
#[derive(Clone)]
pub struct WallClock {
    zone: TimeZone,
    /// The offset that was looked up last.
    known: Cell<Span>,
}

/// Instants of one offset: `from..to`.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
    offset: i64,
    /// What the clock shows from here on, it shows again once it has been turned back.
    again: i64,
}

fn ms(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * 1000
}

impl WallClock {
    /// None for a zone that shows instants as they are.
    pub fn new(zone: &TimeZone) -> Option<Self> {
        let known = Cell::new(Span { from: 0, to: 0, offset: 0, again: i64::MAX });
        (*zone != TimeZone::UTC).then(|| Self { zone: zone.clone(), known })
    }

    fn span(&self, instant: i64) -> Span {
        let known = self.known.get();
        if (known.from..known.to).contains(&instant) {
            return known;
        }
        let Ok(at) = Timestamp::from_millisecond(instant) else {
            // Beyond the years that a clock shows, times stand as they are.
            return Span { from: instant, to: instant, offset: 0, again: i64::MAX };
        };
        let next = at.checked_add(SignedDuration::from_millis(1)).unwrap_or(at);
        let from = self.zone.preceding(next).next().map_or(i64::MIN, |it| millisecond(&it));
        let offset = ms(self.zone.to_offset(at));
        let next = self.zone.following(at).next();
        let to = next.as_ref().map_or(i64::MAX, millisecond);
        let turned_back = next.filter(|next| ms(next.offset()) < offset);
        let again = turned_back.map_or(i64::MAX, |next| to + ms(next.offset()));
        let found = Span { from, to, offset, again };
        self.known.set(found);
        found
    }

    /// What the clock shows.
    pub fn local(&self, instant: i64) -> i64 {
        instant.saturating_add(self.span(instant).offset)
    }

    /// What has passed for good at a watermark: an hour that comes twice has not until it came
    /// the second time.
    pub fn mark(&self, watermark: i64) -> i64 {
        if watermark == i64::MIN || watermark == i64::MAX {
            return watermark;
        }
        let now = self.span(watermark);
        watermark.saturating_add(now.offset).min(now.again - 1)
    }

    fn offset(&self, local: i64) -> Option<AmbiguousOffset> {
        let shown = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        let shown = shown.checked_add(SignedDuration::from_millis(local)).ok()?;
        Some(self.zone.to_ambiguous_timestamp(shown).offset())
    }

    /// The instant at which the clock shows a time: the first of two; an hour that is left out
    /// goes on behind the gap.
    pub fn instant(&self, local: i64) -> i64 {
        match self.offset(local) {
            None => local,
            Some(AmbiguousOffset::Unambiguous { offset }) => local - ms(offset),
            Some(AmbiguousOffset::Fold { before, .. } | AmbiguousOffset::Gap { before, .. }) => {
                local - ms(before)
            }
        }
    }

    /// The watermark from which on a time has passed for good: at the second of two, and at the
    /// beginning of the gap.
    pub fn passed_at(&self, local: i64) -> i64 {
        match self.offset(local) {
            None => local,
            Some(AmbiguousOffset::Unambiguous { offset }) => local - ms(offset),
            Some(AmbiguousOffset::Fold { after, .. }) => local - ms(after),
            Some(AmbiguousOffset::Gap { before, .. }) => self.span(local - ms(before)).from,
        }
    }
}

fn millisecond(transition: &jiff::tz::TimeZoneTransition<'_>) -> i64 {
    transition.timestamp().as_millisecond()
}

/// A window operator over instants, which gets them as the wall clock shows them.
pub struct OnWallClock<O> {
    inner: O,
    clock: WallClock,
    /// The column with the instants. What the clock shows goes behind the last column.
    time: Option<usize>,
    /// The column of the output that is an instant again: window_time.
    rowtime: Option<usize>,
}

impl<O: Operator> OnWallClock<O> {
    pub fn new(inner: O, clock: WallClock, time: Option<usize>, rowtime: Option<usize>) -> Self {
        Self { inner, clock, time, rowtime }
    }

    /// The batch as the operator is to see it.
    fn shown(&self, mut batch: Batch) -> Batch {
        if let Some(time) = self.time {
            let shown = map(&batch.columns[time], |instant| self.clock.local(instant));
            batch.columns.push(shown);
        }
        Batch { time: self.times(&batch.time, |at| self.clock.mark(at)), ..batch }
    }

    fn times(&self, time: &BatchTime, map: impl Fn(i64) -> i64) -> BatchTime {
        let before = time.before.as_ref();
        let before = before.map(|before| Arc::new(before.iter().map(|&at| map(at)).collect()));
        BatchTime { first: map(time.first), last: map(time.last), before }
    }

    /// Puts what has come out since back on the scale of instants.
    fn told(&self, from: usize, out: &mut Output) {
        for message in &mut out.messages[from..] {
            let Message::Data(batch) = message else { continue };
            batch.time = self.times(&batch.time, |at| match at {
                i64::MIN | i64::MAX => at,
                local => self.clock.passed_at(local),
            });
            if let Some(rowtime) = self.rowtime {
                let column = &mut batch.columns[rowtime];
                *column = map(column, |local| self.clock.instant(local));
            }
        }
    }
}

fn map(column: &Column, of: impl Fn(i64) -> i64) -> Arc<Column> {
    let values = column.as_i64s();
    let mut mapped = ColumnBuilder::new(Physical::I64, values.len());
    for (row, &value) in values.iter().enumerate() {
        match column.is_null(row) {
            true => mapped.push_null(),
            false => mapped.push_i64(of(value)),
        }
    }
    Arc::new(mapped.finish())
}

impl<O: Operator> Operator for OnWallClock<O> {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        let (batch, from) = (self.shown(batch), out.messages.len());
        let progress = self.inner.process(port, batch, out);
        self.told(from, out);
        progress
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        let from = out.messages.len();
        let progress = self.inner.advance_watermark(self.clock.mark(watermark), out);
        self.told(from, out);
        progress
    }

    fn resume(&mut self, out: &mut Output) -> Progress {
        let from = out.messages.len();
        let progress = self.inner.resume(out);
        self.told(from, out);
        progress
    }

    fn flush(&mut self, out: &mut Output) {
        let from = out.messages.len();
        self.inner.flush(out);
        self.told(from, out);
    }

    fn before_barrier(&mut self, out: &mut Output) {
        let from = out.messages.len();
        self.inner.before_barrier(out);
        self.told(from, out);
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        self.inner.states()
    }

    fn restored(&mut self) {
        self.inner.restored();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// Around both changes of the clock, and where there is none: a time has passed at the first
    /// watermark that shows it, and not a millisecond before.
    #[test]
    fn times_pass_once() {
        for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"] {
            let clock = WallClock::new(&TimeZone::get(name).unwrap()).unwrap();
            let year = Timestamp::from_second(1_672_531_200).unwrap();
            for change in TimeZone::get(name).unwrap().following(year).take(2) {
                let at = change.timestamp().as_millisecond();
                let marks = (-300..300).map(|minute| clock.mark(at + minute * MINUTE));
                assert!(marks.is_sorted(), "{name}");
                for minute in -200..200 {
                    let local = clock.local(at) + minute * MINUTE;
                    let passed = clock.passed_at(local);
                    assert!(clock.mark(passed) >= local, "{name} {minute}");
                    assert!(clock.mark(passed - 1) < local, "{name} {minute}");
                }
            }
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_shown_twice() {
        let clock = WallClock::new(&TimeZone::get("Europe/Berlin").unwrap()).unwrap();
        // 2023-10-29T01:00Z: three o'clock becomes two.
        let change = 1_698_541_200_000;
        let two = change + 60 * MINUTE;
        assert_eq!((clock.local(change - 60 * MINUTE), clock.local(change)), (two, two));
        assert_eq!(clock.instant(two), change - 60 * MINUTE);
        assert_eq!(clock.passed_at(two), change);
        assert_eq!(clock.mark(change - 1), two - 1);
        assert!(WallClock::new(&TimeZone::UTC).is_none());
    }
}
