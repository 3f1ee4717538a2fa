//! The rows that came before each row of a batch, of the same key: some stand in the batch
//! itself, some in the key's state.

use std::sync::Arc;

use crate::record::{Batch, ColumnBuilder, ColumnRef, row};
use crate::state::entry::{put_i64, take_i64};

/// No such row.
pub const NONE: u32 = u32::MAX;

/// Rows are numbered through: those of the batch first, then those that were kept.
pub struct Earlier {
    /// Rows of the batch.
    rows: u32,
    /// By distance less one, then by row of the batch: the row that came so much earlier.
    back: Vec<Vec<u32>>,
    /// Keys of the batch.
    pub slots: Vec<u32>,
    /// Of the batch: the time (ms), and the columns that are kept.
    batch_times: ColumnRef,
    batch_columns: Vec<ColumnRef>,
    /// The same of the rows that were kept.
    times: Vec<i64>,
    builders: Vec<ColumnBuilder>,
    columns: Vec<ColumnRef>,
}

impl Earlier {
    /// For a batch, up to `reach` rows back; `time` and `kept` are columns of it.
    pub fn new(batch: &Batch, reach: usize, time: usize, kept: &[usize]) -> Self {
        let batch_columns: Vec<_> = kept.iter().map(|&at| batch.columns[at].clone()).collect();
        let builder = |column: &ColumnRef| ColumnBuilder::like(column, batch.rows);
        Self {
            rows: batch.rows as u32,
            back: vec![vec![NONE; batch.rows]; reach],
            slots: Vec::new(),
            batch_times: batch.columns[time].clone(),
            builders: batch_columns.iter().map(builder).collect(),
            batch_columns,
            times: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// A row whose key has none before it in the batch; `kept` are those of its state, newest
    /// first.
    pub fn first_of_key(&mut self, row: u32, slot: u32, mut kept: &[u8]) {
        self.slots.push(slot);
        for back in &mut self.back {
            let Some(time) = take_i64(&mut kept) else { return };
            back[row as usize] = self.rows + self.times.len() as u32;
            self.times.push(time);
            // Written by this operator; what comes from a file has a checksum over it.
            if !row::decode_next(&mut kept, &mut self.builders) {
                let short = self.builders.iter_mut().filter(|it| it.len() < self.times.len());
                short.for_each(ColumnBuilder::push_null);
            }
        }
    }

    /// A row whose key had `newest` before it in the batch.
    pub fn follow(&mut self, row: u32, newest: u32) {
        let mut earlier = newest;
        for back in &mut self.back {
            let next = back[newest as usize];
            back[row as usize] = earlier;
            earlier = next;
        }
    }

    pub fn finish(&mut self) {
        self.columns =
            std::mem::take(&mut self.builders).into_iter().map(|b| Arc::new(b.finish())).collect();
    }

    /// The row `back` rows before a row of the batch.
    #[inline]
    fn row(&self, row: u32, back: usize) -> u32 {
        match back {
            0 => row,
            back => self.back[back - 1][row as usize],
        }
    }

    /// Whether there is a row `back` rows before a row of the batch.
    #[inline]
    pub fn has(&self, row: u32, back: usize) -> bool {
        self.row(row, back) != NONE
    }

    /// The time (ms) of the row `back` rows before `row`.
    #[inline]
    pub fn time(&self, row: u32, back: usize) -> i64 {
        match self.row(row, back) {
            NONE => i64::MIN,
            at if at < self.rows => self.batch_times.as_i64s()[at as usize],
            at => self.times[(at - self.rows) as usize],
        }
    }

    /// Column `kept` of those that are kept, as it was `back` rows before each of the rows that
    /// are asked for, ascending.
    pub fn column(&self, back: usize, kept: usize, asked: &[u32]) -> ColumnRef {
        let mut builder = ColumnBuilder::like(&self.batch_columns[kept], self.rows as usize);
        for &row in asked {
            builder.skip_to(row as usize);
            self.push_row(self.row(row, back), kept, &mut builder);
        }
        builder.skip_to(self.rows as usize);
        Arc::new(builder.finish())
    }

    /// One value of such a column.
    pub fn push(&self, row: u32, back: usize, kept: usize, builder: &mut ColumnBuilder) {
        self.push_row(self.row(row, back), kept, builder);
    }

    #[inline]
    fn push_row(&self, at: u32, kept: usize, builder: &mut ColumnBuilder) {
        match at {
            NONE => builder.push_null(),
            at if at < self.rows => builder.push_from(&self.batch_columns[kept], at as usize),
            at => builder.push_from(&self.columns[kept], (at - self.rows) as usize),
        }
    }

    /// Appends time and kept columns of the row `back` rows before `row`.
    pub fn encode(&self, row: u32, back: usize, out: &mut Vec<u8>) {
        put_i64(self.time(row, back), out);
        match self.row(row, back) {
            NONE => {}
            at if at < self.rows => row::encode(&self.batch_columns, at as usize, out),
            at => row::encode(&self.columns, (at - self.rows) as usize, out),
        }
    }
}
