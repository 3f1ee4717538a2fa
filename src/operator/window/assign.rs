//! TUMBLE and HOP without aggregation: each row once for each of its windows.

use std::sync::Arc;

use super::{WallClock, WindowKind};
use crate::operator::{Operator, Output, Progress};
use crate::record::Batch;
use crate::record::column::ColumnBuilder;
use crate::record::schema::Physical;

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
        let columns = batch.columns.iter().map(|column| Arc::new(column.gather(&rows)));
        let bounds = bounds.into_iter().map(|builder| Arc::new(builder.finish()));
        let result = batch.picked(columns.chain(bounds).collect(), &rows);
        out.emit(result);
        Progress::Done
    }
}
