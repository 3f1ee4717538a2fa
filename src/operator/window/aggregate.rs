//! GROUP BY over TUMBLE and HOP: rows go into panes, and the watermark fires whole windows.

use super::pane::{NONE, Pane, Panes};
use super::{WindowKind, push_window, window_rows};
use crate::operator::aggregate::{Accumulators, AggregateCall, AggregateFunction};
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchTime, DataType};
use crate::state::{KeyedState, SharedKeys};

const BATCH: usize = 1024;
/// Rows emitted in one call before the worker gets its turn.
const SLICE: usize = 64 * 1024;

/// A batch whose rows have their own watermarks, and how far it is processed.
struct Work {
    batch: Batch,
    rows: Vec<u32>,
    slots: Vec<u32>,
    position: usize,
}

/// A window on its way out.
struct Firing {
    start: i64,
    end: i64,
    /// The window's aggregates; `None`: those of the running combination.
    pane: Option<Pane>,
    position: usize,
}

pub struct WindowAggregate {
    window: WindowKind,
    time: usize,
    keys: Vec<usize>,
    types: Vec<DataType>,
    panes: Panes,
    /// Windows overlap and their aggregates can be taken back.
    runs: bool,
    /// Where rows are partial results: the first of their partial columns.
    partials: Option<usize>,
    /// The watermark to which windows are being fired.
    target: i64,
    /// No window that starts before this fires any more.
    next_start: i64,
    work: Option<Work>,
    firing: Option<Firing>,
    /// Slots of rows that went into no pane: without an owner, they go once the batch is done.
    unused: Vec<u32>,
}

impl WindowAggregate {
    /// `time` and `keys` are columns of the input.
    pub fn new(
        window: WindowKind,
        time: usize,
        keys: (Vec<usize>, Vec<DataType>),
        calls: Vec<AggregateCall>,
        dictionary: SharedKeys,
    ) -> Self {
        let (keys, types) = keys;
        Self {
            window,
            time,
            keys,
            types,
            runs: window.slide_ms < window.size_ms
                && !window.grows
                && Accumulators::new(&calls).are_subtractable(),
            panes: Panes::new(dictionary, calls),
            partials: None,
            target: i64::MIN,
            next_start: i64::MIN,
            work: None,
            firing: None,
            unused: Vec::new(),
        }
    }

    /// The second phase over what [`super::LocalWindowAggregate`] emits: keys, pane start and
    /// the partial columns of each call.
    pub fn over_partials(
        window: WindowKind,
        key_types: Vec<DataType>,
        calls: Vec<AggregateCall>,
        dictionary: SharedKeys,
    ) -> Self {
        let time = key_types.len();
        let keys = ((0..time).collect(), key_types);
        let whole = Self::new(window, time, keys, calls, dictionary);
        Self { partials: Some(time + 1), ..whole }
    }

    /// How many rows of the first phase a row stands for, as far as an aggregate has counted.
    fn weight(&self, batch: &Batch, row: usize) -> u64 {
        let Some(mut column) = self.partials else {
            return 1;
        };
        for call in &self.panes.calls {
            if call.function == AggregateFunction::CountStar && call.filter.is_none() {
                return batch.columns[column].as_i64s()[row] as u64;
            }
            column += call.partial_types().len();
        }
        1
    }

    /// The earliest window that holds a pane and that `target` closes.
    fn next_window(&self) -> Option<(i64, i64)> {
        let WindowKind { size_ms, slide_ms, grows, .. } = self.window;
        let (&first, _) = self.panes.open.first_key_value()?;
        if grows {
            // From the first pane on, one for each step that has not fired yet.
            let mut last = first.max(self.next_start);
            if self.panes.watermark != i64::MIN {
                last = last.max(self.window.pane_of(self.panes.watermark.saturating_add(1)));
            }
            let end = last.saturating_add(slide_ms);
            return (end - 1 <= self.target).then_some((self.window.start_of(first), end));
        }
        let mut start = first.saturating_sub(size_ms - slide_ms).max(self.next_start);
        if self.panes.watermark != i64::MIN {
            let closed = self.panes.watermark.saturating_sub(size_ms - 1);
            start = start.max(self.window.pane_of(closed).saturating_add(slide_ms));
        }
        let end = start.saturating_add(size_ms);
        (end - 1 <= self.target).then_some((start, end))
    }

    /// Combines a window's panes. The pane that no later window holds goes with the window.
    fn begin(&mut self, (start, end): (i64, i64)) -> Firing {
        let WindowKind { size_ms, slide_ms, grows, .. } = self.window;
        let keys = self.panes.keys.clone();
        if grows {
            self.next_start = end;
            let mut pane = Pane::new(&self.panes.calls);
            for (_, other) in self.panes.open.range(start..end) {
                pane.merge(other, &keys);
            }
            if end == start.saturating_add(size_ms) {
                let kept = self.panes.open.split_off(&end);
                let done = std::mem::replace(&mut self.panes.open, kept);
                done.into_iter().for_each(|(start, pane)| self.panes.retire(start, pane));
            }
            return Firing { start, end, pane: Some(pane), position: 0 };
        }
        self.next_start = start.saturating_add(slide_ms);
        if self.runs {
            self.panes.run_to(start, size_ms);
            return Firing { start, end, pane: None, position: 0 };
        }
        Firing { start, end, pane: Some(self.panes.take(start, end)), position: 0 }
    }

    fn end(&mut self, firing: Firing) {
        match firing.pane {
            Some(pane) => self.panes.retire(firing.start, pane),
            None => self.panes.drop_first(firing.start, self.window.slide_ms),
        }
    }

    /// The slots and aggregates that fire.
    fn fired<'a>(&'a self, firing: &'a Firing) -> (&'a [u32], Option<&'a Accumulators>) {
        match (&firing.pane, &self.panes.running) {
            (Some(pane), _) => (&pane.slots, Some(&pane.accumulators)),
            (None, Some(running)) => {
                let (slots, accumulators) = running.rows();
                (slots, Some(accumulators))
            }
            (None, None) => (&[], None),
        }
    }

    /// Emits a batch of a window; false where all of it is out.
    fn emit(&self, firing: &mut Firing, out: &mut Output) -> bool {
        let (slots, accumulators) = self.fired(firing);
        let slots = &slots[firing.position..];
        let Some(accumulators) = accumulators.filter(|_| !slots.is_empty()) else {
            return false;
        };
        let looked_at = slots.len().min(BATCH);
        let mut rows = window_rows(&self.types, &self.panes.calls);
        let bounds = (firing.start, firing.end);
        let (width, keys) = (self.types.len(), self.panes.keys.borrow());
        for (at, &slot) in slots[..looked_at].iter().enumerate() {
            if slot != NONE {
                let key = (width, keys.key(slot));
                push_window(&mut rows, key, bounds, accumulators, firing.position + at);
            }
        }
        firing.position += looked_at;
        out.emit(rows.finish(BatchTime::at(self.panes.watermark)));
        true
    }

    /// Fires all windows up to `target`.
    fn fire(&mut self, out: &mut Output) -> Progress {
        let mut emitted = 0;
        loop {
            let Some(mut firing) = self.firing.take().or_else(|| {
                let window = self.next_window()?;
                Some(self.begin(window))
            }) else {
                self.panes.watermark = self.panes.watermark.max(self.target);
                return Progress::Done;
            };
            while self.emit(&mut firing, out) {
                emitted += BATCH;
                if emitted >= SLICE {
                    self.firing = Some(firing);
                    return Progress::Yield;
                }
            }
            self.end(firing);
        }
    }

    /// The pane that a time goes into; none where all its windows have fired.
    #[inline]
    fn open_pane(&self, time: i64) -> Option<i64> {
        let (watermark, size_ms) = (self.panes.watermark, self.window.size_ms);
        let pane = self.window.pane_of(time);
        if !self.window.grows {
            return (pane.saturating_add(size_ms - 1) > watermark).then_some(pane);
        }
        let is_open = self.window.start_of(time).saturating_add(size_ms - 1) > watermark;
        // In the windows that are still open it counts from the next one on.
        let next = match watermark {
            i64::MIN => pane,
            _ => self.window.pane_of(watermark.saturating_add(1)),
        };
        is_open.then_some(pane.max(next))
    }

    /// Takes rows, none of which has to wait for a later watermark.
    fn take(&mut self, slots: &[u32], rows: &[u32], batch: &Batch, out: &mut Output) {
        let column = batch.columns[self.time].clone();
        let times = column.as_i64s();
        let keys = self.panes.keys.clone();
        let (mut at, mut of) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        let mut current = None;
        for (&slot, &row) in slots.iter().zip(rows) {
            if column.is_null(row as usize) {
                out.reject_without_time(batch, row);
                self.unused.push(slot);
                continue;
            }
            let Some(start) = self.open_pane(times[row as usize]) else {
                out.late_of(batch, row, self.weight(batch, row as usize));
                self.unused.push(slot);
                continue;
            };
            if current != Some(start) {
                self.update(current, &mut at, &mut of, batch);
                self.panes.leave(start);
                current = Some(start);
            }
            at.push(self.panes.pane(start).row(slot, &keys));
            of.push(row);
        }
        self.update(current, &mut at, &mut of, batch);
    }

    /// A run of rows of one pane.
    fn update(&mut self, start: Option<i64>, at: &mut Vec<u32>, of: &mut Vec<u32>, batch: &Batch) {
        if let Some(start) = start {
            let accumulators = &mut self.panes.touch(start, at).accumulators;
            match self.partials {
                None => accumulators.update(at, of, batch),
                Some(first) => accumulators.merge_partials(at, of, &batch.columns[first..]),
            }
            self.panes.enter(start);
        }
        at.clear();
        of.clear();
    }

    /// Lets go of the slots that were held for a batch, and of those that nothing owns.
    fn release(&mut self, held: &[u32]) {
        let mut keys = self.panes.keys.borrow_mut();
        held.iter().for_each(|&slot| keys.release(slot));
        for slot in self.unused.drain(..) {
            keys.retain(slot);
            keys.release(slot);
        }
    }

    /// Goes on firing, and then with the rows of the batch at hand.
    fn drive(&mut self, out: &mut Output) -> Progress {
        loop {
            if self.fire(out) == Progress::Yield {
                return Progress::Yield;
            }
            let Some(mut work) = self.work.take() else {
                return Progress::Done;
            };
            let from = work.position;
            let waits =
                |&row: &u32| work.batch.time.before_row(row as usize) > self.panes.watermark;
            let run = work.rows[from..].iter().position(waits);
            let to = run.map_or(work.rows.len(), |run| from + run);
            self.take(&work.slots[from..to], &work.rows[from..to], &work.batch, out);
            if to == work.rows.len() {
                self.release(&work.slots);
                return Progress::Done;
            }
            self.target = work.batch.time.before_row(work.rows[to] as usize);
            work.position = to;
            self.work = Some(work);
        }
    }
}

impl Operator for WindowAggregate {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let columns: Vec<_> = self.keys.iter().map(|&key| batch.columns[key].clone()).collect();
        let mut slots = Vec::with_capacity(batch.len());
        self.panes.keys.borrow_mut().resolve(&columns, &batch, &mut slots);
        let rows = batch.row_numbers();
        if batch.time.before.is_none() {
            self.take(&slots, &rows, &batch, out);
            self.release(&[]);
            return Progress::Done;
        }
        // A window that fires inside the batch must not free the slots of its later rows.
        let mut keys = self.panes.keys.borrow_mut();
        slots.iter().for_each(|&slot| keys.retain(slot));
        drop(keys);
        self.target = self.panes.watermark;
        self.work = Some(Work { batch, rows, slots, position: 0 });
        self.drive(out)
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.target = self.panes.watermark.max(watermark);
        self.fire(out)
    }

    fn resume(&mut self, out: &mut Output) -> Progress {
        self.drive(out)
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("panes", &mut self.panes)]
    }

    /// Panes that were saved, but all of whose windows have fired since.
    fn restored(&mut self) {
        let mut starts: Vec<i64> = self.panes.open.keys().copied().collect();
        starts.retain(|&start| self.open_pane(start).is_none());
        for pane in starts.iter().filter_map(|start| self.panes.open.remove(start)) {
            pane.release(&self.panes.keys);
        }
    }
}
