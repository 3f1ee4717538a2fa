//! TUMBLE and HOP without aggregation: each row once for each of its windows.

use std::sync::Arc;

use super::{WallClock, WindowKind};
use crate::operator::{Operator, Output, Progress};
use crate::record::column::ColumnBuilder;
use crate::record::schema::Physical;
use crate::record::{Batch, Column, ColumnData, StringColumn, Validity};

/// Appends window_start, window_end and window_time. A late row gets its windows like any other,
/// as in Flink: whether it is too late is for the operators behind to say.
pub struct WindowAssign {
    window: WindowKind,
    time: usize,
    clock: Option<WallClock>,
}

impl WindowAssign {
    /// `clock` is given where the time column is an instant, and its zone is not UTC.
    pub fn new(window: WindowKind, time: usize, clock: Option<WallClock>) -> Self {
        Self { window, time, clock }
    }
}

/// The given rows of a column; texts stay in the buffer that they are in.
pub(crate) fn gather(column: &Column, rows: &[u32]) -> Column {
    let data = match &column.data {
        ColumnData::Bool(values) => ColumnData::Bool(pick(values, rows)),
        ColumnData::I64(values) => ColumnData::I64(pick(values, rows)),
        ColumnData::F64(values) => ColumnData::F64(pick(values, rows)),
        ColumnData::I128(values) => ColumnData::I128(pick(values, rows)),
        ColumnData::Any(values) => ColumnData::Any(pick(values, rows)),
        ColumnData::Str(values) => ColumnData::Str(views(values, rows)),
        ColumnData::Bytes(values) => ColumnData::Bytes(views(values, rows)),
    };
    let mut validity = Validity::all();
    for (at, &row) in rows.iter().enumerate() {
        if column.is_null(row as usize) {
            validity.set_null(at, rows.len());
        }
    }
    Column::new(data, validity)
}

fn views(values: &StringColumn, rows: &[u32]) -> StringColumn {
    StringColumn { buffer: values.buffer.clone(), views: pick(&values.views, rows) }
}

pub(crate) fn pick<T: Clone>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize].clone()).collect()
}

impl Operator for WindowAssign {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let column = batch.columns[self.time].clone();
        let mut rows = Vec::with_capacity(batch.len());
        let mut bounds: [ColumnBuilder; 3] =
            std::array::from_fn(|_| ColumnBuilder::new(Physical::I64, batch.len()));
        for row in batch.row_ids() {
            if column.is_null(row) {
                out.reject_without_time(&batch, row as u32);
                continue;
            }
            let instant = column.as_i64s()[row];
            let clock = self.clock.as_ref();
            let time = clock.map_or(instant, |clock| clock.local(instant));
            for (start, end) in self.window.windows_of(time) {
                let rowtime = clock.map_or(end - 1, |clock| clock.instant(end - 1));
                let values = [start, end, rowtime];
                bounds.iter_mut().zip(values).for_each(|(to, value)| to.push_i64(value));
                rows.push(row as u32);
            }
        }
        let columns = batch.columns.iter().map(|column| Arc::new(gather(column, &rows)));
        let bounds = bounds.into_iter().map(|builder| Arc::new(builder.finish()));
        let mut result =
            Batch::new(columns.chain(bounds).collect(), rows.len(), batch.time.clone());
        let by_row = |before: &Arc<Vec<i64>>| Arc::new(pick(before, &rows));
        result.time.before = batch.time.before.as_ref().map(by_row);
        result.kinds = batch.kinds.as_ref().map(|kinds| Arc::new(pick(kinds, &rows)));
        result.groups = batch.groups.as_ref().map(|groups| Arc::new(pick(groups, &rows)));
        result.stamp_us = batch.stamp_us;
        result.records = batch.records.as_ref().map(|records| records.pick(&rows));
        out.emit(result);
        Progress::Done
    }
}
