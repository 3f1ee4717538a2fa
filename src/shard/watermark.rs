//! Watermarks at the source: the largest time seen of each partition less the delay, the
//! smallest of the partitions that are not idle, judged record by record.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::alignment::Alignment;
use crate::operator::{Operator, Output, Progress};
use crate::record::batch::{Origin, Records};
use crate::record::{Batch, BatchTime, ChangeKind, ColumnData, Message, Status};
use crate::source::PartitionState;

/// How event time runs at one table: `WATERMARK FOR` and the `scan.*` options.
#[derive(Clone, Debug)]
pub struct WatermarkOptions {
    /// Column of the time attribute (ms).
    pub column: usize,
    /// How far the watermark stays behind the time; with `by` behind the newest row's.
    pub delay_ms: i64,
    /// The column of the watermark that each row stands for (ms), where that is no fixed delay.
    pub by: Option<usize>,
    /// `scan.watermark.idle-timeout`.
    pub idle_timeout_ms: i64,
    /// `scan.watermark.idle-advance` = clock: event time goes on while all is idle.
    pub idle_advance: IdleAdvance,
    /// `scan.watermark.max-skew`: how far ahead of the clock a record may move the watermark;
    /// `None` for bounded input.
    pub max_skew_ms: Option<i64>,
    /// `scan.max-future`: a record further ahead of the clock goes to the dead letters.
    pub max_future_ms: Option<i64>,
    /// `scan.watermark.alignment.max-drift`: a partition further ahead of the slowest waits.
    pub max_drift_ms: i64,
    /// Every batch carries the watermark before each row: windows are taken of rows that change,
    /// and what a row was may be older than all that comes with it.
    pub every_row: bool,
    /// Until a watermark is beyond this there is none.
    pub above_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleAdvance {
    Clock,
    None,
}

#[derive(Clone, Debug)]
struct Partition {
    /// Largest time seen less the delay; MIN before the first row.
    watermark: i64,
    /// Something has been read of it since the start.
    seen: bool,
    idle: bool,
    /// There was nothing to read when it was looked at last.
    at_end: bool,
    /// How long it has been at its end, counting only while it was looked at.
    at_end_ms: i64,
}

/// Generates the watermarks of one table on one worker.
pub struct WatermarkGenerator {
    options: WatermarkOptions,
    partitions: Vec<Partition>,
    current: i64,
    status: Status,
    /// Wall clock (ms) at the last look at the partitions' states.
    observed_ms: Option<i64>,
    alignment: Alignment,
    /// The first watermark of any partition.
    start: Option<i64>,
    /// Where the slowest partition of all workers stands.
    floor: i64,
}

/// More time than this between two looks was not spent reading (back pressure, a stopped
/// process, a clock that jumped) and does not count as idle.
const LOOK_INTERVAL_MAX_MS: i64 = 1_000;

impl WatermarkGenerator {
    pub fn new(options: WatermarkOptions, alignment: Alignment) -> Self {
        Self {
            options,
            partitions: Vec::new(),
            current: i64::MIN,
            status: Status::Active,
            observed_ms: None,
            alignment,
            start: None,
            floor: i64::MIN,
        }
    }

    pub fn current(&self) -> i64 {
        self.current
    }

    /// Per partition index: what a snapshot keeps. One that others did not wait for counts as being
    /// as far as they were: what was late stays late.
    pub fn partition_watermarks(&self) -> Vec<i64> {
        self.partitions.iter().map(|partition| partition.watermark.max(self.current)).collect()
    }

    /// Takes the partitions' watermarks back from a snapshot; new ones have none.
    pub fn restore(&mut self, watermarks: impl Iterator<Item = Option<i64>>) {
        for (index, watermark) in watermarks.enumerate() {
            self.grow(index + 1);
            self.partitions[index].watermark = watermark.unwrap_or(i64::MIN);
        }
        let known = self.partitions.iter().map(|it| it.watermark).filter(|&it| it != i64::MIN);
        self.start = known.min();
        // Of all together: one by one, the first would be ahead of those that follow.
        self.current = self.combined();
    }

    fn grow(&mut self, partitions: usize) {
        let (watermark, at_end_ms) = (i64::MIN, 0);
        let fresh = Partition { watermark, seen: false, idle: false, at_end: false, at_end_ms };
        if self.partitions.len() < partitions {
            self.partitions.resize(partitions, fresh);
        }
    }

    fn combined(&self) -> i64 {
        let active = self.partitions.iter().filter(|partition| !partition.idle);
        active.map(|partition| partition.watermark).min().unwrap_or(self.current)
    }

    /// Stamps a batch that came straight from a source with its times; rows without a time, or
    /// too far in the future, are rejected.
    pub fn stamp(&mut self, batch: Batch, now_ms: i64, out: &mut Output) -> Batch {
        let Some(Records::Each(origin)) = batch.records.clone() else { return batch };
        self.grow(origin.partitions.len());
        let (batch, deletions) = self.time_deletions(batch, &origin);
        let column = batch.columns[self.options.column].clone();
        let times = column.as_i64s();
        let by = self.options.by.map(|by| batch.columns[by].clone());
        let ceiling = self.options.max_skew_ms.map_or(i64::MAX, |skew| now_ms.saturating_add(skew));
        let future = self.options.max_future_ms.map_or(i64::MAX, |far| now_ms.saturating_add(far));
        let first = self.current;
        let mut before = vec![self.current; batch.rows];
        let mut earliest = i64::MAX;
        let mut rejected = Vec::new();
        for row in batch.row_ids() {
            before[row] = self.current;
            if column.is_null(row) || times[row] > future {
                rejected.push(row as u32);
                continue;
            }
            earliest = earliest.min(times[row]);
            if deletions.binary_search(&row).is_ok() {
                continue;
            }
            if let Some(by) = &by {
                if by.is_null(row) {
                    continue;
                }
                self.options.delay_ms = times[row].saturating_sub(by.as_i64s()[row]);
            }
            let index = origin.block.records[row].partition as usize;
            self.observe(index, times[row].min(ceiling).saturating_sub(self.options.delay_ms));
        }
        let last = self.current;
        let needs_rows = self.options.every_row || earliest <= last.saturating_add(1);
        let before = needs_rows.then(|| Arc::new(before));
        let stamped = Batch { time: BatchTime { first, last, before }, ..batch };
        self.reject(stamped, &rejected, out)
    }

    /// A record without a value deletes a row and has no time but the record's own, which does not
    /// move event time: it may be of another clock. Gives the rows that have got theirs so.
    fn time_deletions(&self, mut batch: Batch, origin: &Origin) -> (Batch, Vec<usize>) {
        let column = &batch.columns[self.options.column];
        let Some(kinds) = batch.kinds.as_ref().filter(|_| column.validity.has_nulls()) else {
            return (batch, Vec::new());
        };
        let records = &origin.block.records;
        let is_untimed = |&row: &usize| {
            kinds[row] == ChangeKind::Delete && column.is_null(row) && records[row].timestamp >= 0
        };
        let rows: Vec<usize> = batch.row_ids().filter(is_untimed).collect();
        let column = Arc::make_mut(&mut batch.columns[self.options.column]);
        if let ColumnData::I64(times) = &mut column.data {
            for &row in &rows {
                times[row] = records[row].timestamp;
                column.validity.set_valid(row);
            }
        }
        (batch, rows)
    }

    fn reject(&self, batch: Batch, rejected: &[u32], out: &mut Output) -> Batch {
        if rejected.is_empty() {
            return batch;
        }
        let column = &batch.columns[self.options.column];
        for &row in rejected {
            let reason = match column.is_null(row as usize) {
                true => {
                    "the time attribute is NULL; give every record a time, or filter by a default"
                }
                false => "the time lies further in the future than scan.max-future allows",
            };
            out.reject(&batch, row, reason.into());
        }
        let kept = batch.row_ids().map(|row| row as u32);
        batch.with_selection(kept.filter(|row| rejected.binary_search(row).is_err()).collect())
    }

    #[inline]
    fn observe(&mut self, index: usize, watermark: i64) {
        let watermark = if watermark > self.options.above_ms { watermark } else { i64::MIN };
        let partition = &mut self.partitions[index];
        partition.at_end_ms = 0;
        (partition.at_end, partition.seen) = (false, true);
        let was_idle = std::mem::take(&mut partition.idle);
        if watermark > partition.watermark || was_idle {
            partition.watermark = partition.watermark.max(watermark);
            self.start.get_or_insert(watermark);
            self.current = self.current.max(self.combined());
        }
    }

    /// Looks at the partitions' states between batches. Returns a new status to send, where it
    /// changed; the watermark may have moved as well (see [`Self::current`]).
    pub fn observe_states(&mut self, states: &[PartitionState], now_ms: i64) -> Option<Status> {
        self.grow(states.len());
        let elapsed = now_ms - self.observed_ms.replace(now_ms).unwrap_or(now_ms);
        let elapsed = elapsed.clamp(0, LOOK_INTERVAL_MAX_MS);
        for (partition, state) in self.partitions.iter_mut().zip(states) {
            partition.at_end = *state == PartitionState::AtEnd;
            match state {
                PartitionState::Reading => {
                    partition.at_end_ms = 0;
                    partition.idle = false;
                }
                PartitionState::AtEnd => {
                    partition.at_end_ms += elapsed;
                    partition.idle |= partition.at_end_ms >= self.options.idle_timeout_ms;
                }
                PartitionState::Finished => partition.idle = true,
            }
        }
        let all_idle = self.partitions.iter().all(|partition| partition.idle);
        if all_idle {
            if self.status == Status::Idle {
                self.advance_by_clock(elapsed, now_ms);
            }
        } else {
            self.current = self.current.max(self.combined());
        }
        let status = if all_idle { Status::Idle } else { Status::Active };
        (std::mem::replace(&mut self.status, status) != status).then_some(status)
    }

    /// Meets the other workers: how far the slowest of `partitions` here, and of theirs, has come.
    /// One that has nothing to read and had nothing since the start does not count; one of which nothing is known
    /// yet holds the others back to where they began. `finished`: all have been read to their end.
    pub fn align(&mut self, partitions: usize, finished: bool) {
        self.grow(partitions);
        let rests = |it: &Partition| it.idle || (it.at_end && !it.seen);
        let counts = |it: &&Partition| !finished && !rests(it);
        let own = self.partitions.iter().filter(counts).map(|it| it.watermark).min();
        self.floor = match self.alignment.meet(own.unwrap_or(i64::MAX)) {
            i64::MIN => self.start.unwrap_or(i64::MAX),
            floor => floor,
        };
    }

    /// Whether a partition is further ahead than it may be.
    pub fn is_ahead(&self, partition: usize) -> bool {
        let watermark = self.partitions.get(partition).map_or(i64::MIN, |it| it.watermark);
        watermark > self.floor.saturating_add(self.options.max_drift_ms)
    }

    /// While nothing comes, event time goes on at the pace of the wall clock, at most to the
    /// clock less the delay.
    fn advance_by_clock(&mut self, elapsed_ms: i64, now_ms: i64) {
        if self.options.idle_advance == IdleAdvance::Clock && self.current != i64::MIN {
            let target = self.current.saturating_add(elapsed_ms);
            self.current = self.current.max(target.min(now_ms - self.options.delay_ms));
        }
    }
}

/// The operator that stamps a source's batches with their watermarks.
pub struct AssignWatermarks {
    generator: Rc<RefCell<WatermarkGenerator>>,
    /// The first watermark of all goes out by itself, so that every shard begins with it: what was
    /// written before counts as written then.
    first_alone: bool,
}

impl AssignWatermarks {
    pub fn new(generator: Rc<RefCell<WatermarkGenerator>>, first_alone: bool) -> Self {
        Self { generator, first_alone }
    }
}

impl Operator for AssignWatermarks {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let stamped = self.generator.borrow_mut().stamp(batch, out.context.now_ms, out);
        let starts = |before: &Arc<Vec<i64>>| before.iter().position(|it| *it > i64::MIN);
        let before = stamped.time.before.as_ref().filter(|_| self.first_alone);
        match before.and_then(starts).filter(|at| *at > 0) {
            None => out.emit(stamped),
            Some(at) => {
                let rows = stamped.row_ids().map(|row| row as u32);
                let (head, rest) = rows.partition(|row| (*row as usize) < at);
                let BatchTime { first, before, .. } = stamped.time.clone();
                let watermark = before.as_ref().map_or(first, |before| before[at]);
                let time = BatchTime { first, last: watermark, before };
                out.emit(Batch { time, ..stamped.with_selection(head) });
                out.messages.push(Message::Watermark(watermark));
                out.emit(stamped.with_selection(rest));
            }
        }
        Progress::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Column, RawBlock, RawRecord};

    fn generator(delay_ms: i64) -> WatermarkGenerator {
        seated(delay_ms, Alignment::seats(1).next().unwrap())
    }

    fn seated(delay_ms: i64, alignment: Alignment) -> WatermarkGenerator {
        let options = WatermarkOptions {
            column: 0,
            delay_ms,
            by: None,
            idle_timeout_ms: 5_000,
            idle_advance: IdleAdvance::Clock,
            max_skew_ms: None,
            max_future_ms: None,
            max_drift_ms: 100,
            every_row: false,
            above_ms: i64::MIN,
        };
        WatermarkGenerator::new(options, alignment)
    }

    #[test]
    fn a_partition_waits_for_the_slowest_of_all_workers() {
        let mut all: Vec<_> = Alignment::seats(2).map(|seat| seated(0, seat)).collect();
        let ahead = |all: &mut [WatermarkGenerator]| {
            all[1].align(1, false);
            all[0].align(2, false);
            [all[0].is_ahead(0), all[0].is_ahead(1)]
        };
        assert_eq!(ahead(&mut all), [false, false]);
        // Nothing has come of the others: so far from where it began, and no further.
        all[0].observe(0, 1_000);
        all[0].observe(0, 1_100);
        assert_eq!(ahead(&mut all), [false, false]);
        all[0].observe(0, 1_101);
        assert_eq!(ahead(&mut all), [true, false]);
        all[0].observe(1, 1_050);
        all[1].observe(0, 1_001);
        assert_eq!(ahead(&mut all), [false, false]);
        all[0].observe(1, 1_102);
        assert_eq!(ahead(&mut all), [false, true]);
        // A worker whose partitions are through, or rest, is not waited for.
        all[1].align(1, true);
        all[0].align(2, false);
        assert!(!all[0].is_ahead(1));
        look(&mut all[1], &[PartitionState::AtEnd], 0, 5_000);
        assert_eq!(ahead(&mut all), [false, false]);
    }

    #[test]
    fn a_restart_goes_on_from_the_slowest_partition() {
        let mut generator = generator(0);
        generator.restore([Some(2_000), Some(1_000)].into_iter());
        assert_eq!((generator.current(), generator.start), (1_000, Some(1_000)));
        assert_eq!(generator.partition_watermarks(), [2_000, 1_000]);
    }

    #[test]
    fn what_was_told_is_so_after_a_restart() {
        let mut before = generator(0);
        before.grow(2);
        before.observe(0, 1_000);
        look(&mut before, &[PartitionState::Reading, PartitionState::AtEnd], 0, 5_000);
        assert_eq!(before.current(), 1_000);
        let mut generator = generator(0);
        generator.restore(before.partition_watermarks().into_iter().map(Some));
        assert_eq!(generator.current(), 1_000);
    }

    #[test]
    fn an_empty_partition_is_not_waited_for() {
        let empty = [PartitionState::Reading, PartitionState::AtEnd];
        let mut generator = generator(0);
        generator.observe_states(&empty, 0);
        generator.observe(0, 1_000);
        generator.observe(0, 9_000);
        generator.align(2, false);
        assert!(!generator.is_ahead(0));
        // Nor after a restart.
        let saved = generator.partition_watermarks();
        let mut generator = self::generator(0);
        generator.restore(saved.into_iter().map(Some));
        generator.observe_states(&empty, 0);
        generator.observe(0, 19_000);
        generator.align(2, false);
        assert!(!generator.is_ahead(0));
    }

    #[test]
    fn the_slowest_active_partition_decides() {
        let mut generator = generator(10);
        generator.grow(2);
        generator.observe(0, 1_000);
        assert_eq!(generator.current(), i64::MIN);
        generator.observe(1, 500);
        assert_eq!(generator.current(), 500);
        generator.observe(1, 400);
        assert_eq!(generator.current(), 500);
    }

    /// Looks every 500 ms from `from` to `to`.
    fn look(generator: &mut WatermarkGenerator, states: &[PartitionState], from: i64, to: i64) {
        for now in (from..=to).step_by(500) {
            generator.observe_states(states, now);
        }
    }

    #[test]
    fn idle_needs_the_log_end_and_the_timeout() {
        let mut generator = generator(0);
        generator.grow(2);
        generator.observe(0, 1_000);
        let states = [PartitionState::Reading, PartitionState::AtEnd];
        look(&mut generator, &states, 0, 4_500);
        assert_eq!(generator.current(), i64::MIN);
        look(&mut generator, &states, 5_000, 5_000);
        assert_eq!(generator.current(), 1_000);
    }

    #[test]
    fn time_in_which_nobody_looked_is_not_idle_time() {
        let mut generator = generator(0);
        generator.grow(1);
        generator.observe(0, 1_000);
        assert_eq!(generator.observe_states(&[PartitionState::AtEnd], 0), None);
        assert_eq!(generator.observe_states(&[PartitionState::AtEnd], 60_000), None);
    }

    #[test]
    fn a_partition_that_is_added_is_waited_for_and_takes_nothing_back() {
        let mut generator = generator(0);
        generator.grow(1);
        generator.observe(0, 1_000);
        generator.grow(2);
        generator.observe(0, 2_000);
        assert_eq!(generator.current(), 1_000);
        generator.observe(1, 500);
        assert_eq!(generator.current(), 1_000);
        generator.observe(1, 1_500);
        assert_eq!(generator.current(), 1_500);
    }

    /// The watermark behind records of these times, by a clock that shows 10,000, and how many of
    /// them were refused.
    fn stamped(options: WatermarkOptions, times: &[i64]) -> (i64, usize) {
        let mut generator = WatermarkGenerator::new(options, Alignment::seats(1).next().unwrap());
        let mut block = RawBlock::default();
        times.iter().for_each(|_| block.push(Some(b""), None, RawRecord::default()));
        let partitions = Arc::new(vec![0]);
        let origin = Origin {
            block: block.into(),
            name: "t".into(),
            partitions,
            rates: None,
            keeps_late: false,
        };
        let column = Arc::new(Column::i64s(times.to_vec()));
        let mut batch = Batch::new(vec![column], times.len(), BatchTime::at(i64::MIN));
        batch.records = Some(Records::Each(Arc::new(origin)));
        let mut out = Output::default();
        let left = generator.stamp(batch, 10_000, &mut out);
        assert_eq!(left.len() + out.rejected.len(), times.len());
        (generator.current(), out.rejected.len())
    }

    #[test]
    fn a_record_far_ahead_moves_time_no_further_than_it_may() {
        let options = |max_skew_ms, max_future_ms| {
            let options = generator(1_000).options;
            WatermarkOptions { max_skew_ms, max_future_ms, ..options }
        };
        let century = 4_915_000_000_000;
        for far in [century, i64::MAX] {
            let times = [9_000, far, 9_500];
            assert_eq!(stamped(options(None, None), &times), (far - 1_000, 0));
            assert_eq!(stamped(options(Some(500), None), &times), (9_500, 0));
            assert_eq!(stamped(options(None, Some(500)), &times), (8_500, 1));
        }
        assert_eq!(stamped(options(Some(i64::MAX), Some(i64::MAX)), &[9_000]), (8_000, 0));
        assert_eq!(stamped(options(None, None), &[i64::MIN, i64::MIN + 1]), (i64::MIN, 0));
    }

    #[test]
    fn a_clock_that_jumps_moves_nothing() {
        let at_end = [PartitionState::AtEnd];
        let day = 86_400_000;
        let mut generator = generator(0);
        generator.grow(1);
        generator.observe(0, 1_000);
        look(&mut generator, &at_end, day, day + 2_000);
        // Backwards, forwards, and back again: none of it is time in which nothing came.
        for now in [0, 2 * day, day] {
            assert_eq!(generator.observe_states(&at_end, now), None, "{now}");
        }
        // Once it is idle, what it does in between does not move event time by more than a look.
        look(&mut generator, &at_end, day, day + 5_000);
        assert_eq!(generator.status, Status::Idle);
        let before = generator.current();
        generator.observe_states(&at_end, 9 * day);
        generator.observe_states(&at_end, day);
        assert!(generator.current() <= before + LOOK_INTERVAL_MAX_MS);
    }

    #[test]
    fn when_all_is_idle_event_time_goes_on_with_the_clock_but_never_past_it() {
        let mut generator = generator(0);
        generator.grow(1);
        generator.observe(0, 1_000);
        let states = [PartitionState::AtEnd];
        look(&mut generator, &states, 10_000, 14_500);
        assert_eq!(generator.observe_states(&states, 15_000), Some(Status::Idle));
        generator.observe_states(&states, 15_700);
        assert_eq!(generator.current(), 1_700);
        generator.current = 15_740;
        generator.observe_states(&states, 15_750);
        assert_eq!(generator.current(), 15_750);
        assert_eq!(
            generator.observe_states(&[PartitionState::Reading], 15_770),
            Some(Status::Active)
        );
    }
}
