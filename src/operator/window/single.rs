//! GROUP BY over windows of which each is kept by itself: where rows change, so that what was
//! added can be taken back, and where the windows of HOP do not fall into slices.

use std::collections::BTreeMap;

use super::{WindowKind, push_key, window_rows};
use crate::operator::aggregate::{AggregateCall, Group};
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchTime, ChangeKind, DataType};
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

const BATCH: usize = 1024;

/// The open windows of a key: start, end and what is in it.
#[derive(Default)]
struct Windows(Vec<(i64, i64, Group)>);

impl Entry for Windows {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.0.len() as i64, out);
        let mut bytes = Vec::new();
        for (start, end, group) in &self.0 {
            put_i64(*start, out);
            put_i64(*end, out);
            bytes.clear();
            group.encode(&mut bytes);
            put_bytes(&bytes, out);
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let mut windows = Self::default();
        for _ in 0..take_i64(from)? {
            let (start, end) = (take_i64(from)?, take_i64(from)?);
            windows.0.push((start, end, Group::decode(take_bytes(from)?)?));
        }
        from.is_empty().then_some(windows)
    }

    fn heap_bytes(&self) -> usize {
        self.0.iter().map(|(.., group)| group.heap_bytes() + 64).sum()
    }
}

/// The operator. Output: keys, window_start, window_end, window_time, then the aggregates; a
/// window of which no row is left puts nothing out.
pub struct SingleWindows {
    window: WindowKind,
    time: usize,
    keys: Vec<usize>,
    types: Vec<DataType>,
    calls: Vec<AggregateCall>,
    table: Table<Box<Windows>>,
    /// Keys by the end of a window.
    ends: BTreeMap<i64, Vec<u32>>,
    watermark: i64,
}

impl SingleWindows {
    /// `time` and `keys` are columns of the input.
    pub fn new(
        window: WindowKind,
        time: usize,
        keys: (Vec<usize>, Vec<DataType>),
        calls: Vec<AggregateCall>,
        dictionary: SharedKeys,
    ) -> Self {
        let ((keys, types), table) = (keys, Table::new(dictionary));
        let (ends, watermark) = (BTreeMap::new(), i64::MIN);
        Self { window, time, keys, types, calls, table, ends, watermark }
    }

    fn take(&mut self, slot: u32, row: usize, batch: &Batch, out: &mut Output) {
        let column = &batch.columns[self.time];
        if column.is_null(row) {
            return out.reject_without_time(batch, row as u32);
        }
        let mut is_late = true;
        for (start, end) in self.window.windows_of(column.as_i64s()[row]) {
            if end - 1 <= self.watermark {
                continue;
            }
            is_late = false;
            let Windows(open) = &mut **self.table.touch(slot);
            let known = open.iter().position(|window| (window.0, window.1) == (start, end));
            let at = known.unwrap_or_else(|| {
                open.push((start, end, Group::default()));
                self.ends.entry(end).or_default().push(slot);
                open.len() - 1
            });
            open[at].2.change(&self.calls, batch, row);
        }
        if is_late {
            out.late(batch, row as u32);
        }
    }

    /// Puts out the windows that the watermark closes, the earliest first.
    fn fire(&mut self, watermark: i64, out: &mut Output) {
        if watermark <= self.watermark {
            return;
        }
        let mut rows = window_rows(&self.types, &self.calls);
        let due = |end: &i64| *end - 1 <= watermark;
        while let Some(entry) = self.ends.first_entry().filter(|entry| due(entry.key())) {
            let end = *entry.key();
            for slot in entry.remove() {
                let Windows(open) = &mut **self.table.touch(slot);
                let Some(at) = open.iter().position(|window| window.1 == end) else { continue };
                let (start, _, group) = open.swap_remove(at);
                let is_empty = open.is_empty();
                if let Some(values) = group.output(&self.calls) {
                    let keys = self.table.keys().borrow();
                    let key = (self.types.len(), keys.key(slot));
                    let columns = push_key(&mut rows, key, (start, end));
                    columns.iter_mut().zip(&values).for_each(|(to, value)| to.push_value(value));
                    rows.end_row(ChangeKind::Insert);
                }
                if is_empty {
                    self.table.remove(slot);
                }
                if rows.len() >= BATCH {
                    out.emit(rows.finish(BatchTime::at(self.watermark)));
                }
            }
        }
        out.emit(rows.finish(BatchTime::at(self.watermark)));
        self.watermark = watermark;
    }
}

impl Operator for SingleWindows {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        for (row, &slot) in batch.row_ids().zip(&slots) {
            self.fire(batch.time.before_row(row), out);
            self.take(slot, row, &batch, out);
        }
        self.table.keys().borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.fire(watermark, out);
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("windows", &mut self.table)]
    }

    fn restored(&mut self) {
        for (slot, windows) in self.table.iter() {
            for (_, end, _) in &windows.0 {
                self.ends.entry(*end).or_default().push(slot);
            }
        }
    }
}
