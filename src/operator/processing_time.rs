//! Windows over PROCTIME(): the clock in the place of event time.

use std::sync::Arc;

use super::{Operator, Output, Progress};
use crate::record::schema::Physical;
use crate::record::{Batch, BatchTime, ColumnBuilder};

/// Gives rows the clock's time as they come, and has it go on as event time for the operator right
/// behind, on the same worker: no row is late. Where the clock is set back, its last time stands
/// until it has caught up. What the watermark says that comes in is of another scale, the end of the input
/// too: a window that is open then never ends, as in Flink.
pub struct ProcessingTime {
    /// The column that the time goes into.
    column: usize,
    /// The largest time (ms) that has passed for good.
    passed: i64,
}

impl ProcessingTime {
    pub fn new(column: usize) -> Self {
        Self { column, passed: i64::MIN }
    }
}

impl Operator for ProcessingTime {
    fn process(&mut self, _port: usize, mut batch: Batch, out: &mut Output) -> Progress {
        self.clock_moved(out.context.now_ms);
        let mut times = ColumnBuilder::new(Physical::I64, batch.rows);
        (0..batch.rows).for_each(|_| times.push_i64(self.passed + 1));
        batch.columns[self.column] = Arc::new(times.finish());
        batch.time = BatchTime::at(self.passed);
        // Keys of an exchange may hold what the column was.
        out.emit(Batch { keys: None, ..batch });
        Progress::Done
    }

    fn output_watermark(&self, _watermark: i64) -> i64 {
        self.passed
    }

    fn clock_moved(&mut self, now_ms: i64) -> bool {
        let passed = now_ms - 1;
        let moved = passed > self.passed;
        self.passed = self.passed.max(passed);
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Column, ColumnData, Message, Validity};

    fn stamped(operator: &mut ProcessingTime, now_ms: i64) -> (Vec<i64>, i64) {
        let column = Column::new(ColumnData::I64(vec![7, 7]), Validity::all());
        let batch = Batch::new(vec![Arc::new(column)], 2, BatchTime::at(i64::MAX));
        let mut out = Output::default();
        out.context.now_ms = now_ms;
        assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
        let Some(Message::Data(batch)) = out.messages.pop() else { panic!("no batch") };
        (batch.columns[0].as_i64s().to_vec(), batch.time.last)
    }

    #[test]
    fn rows_are_never_late_though_the_clock_is_set_back() {
        let mut operator = ProcessingTime::new(0);
        assert_eq!(stamped(&mut operator, 1_000), (vec![1_000; 2], 999));
        assert!(operator.clock_moved(2_000) && !operator.clock_moved(2_000));
        assert_eq!(operator.output_watermark(i64::MAX), 1_999);
        assert_eq!(stamped(&mut operator, 1_500), (vec![2_000; 2], 1_999));
    }
}
