//! The rows that came before each row of a batch, of the same key: some stand in the batch
//! itself, some in the key's state.

use std::sync::Arc;

use crate::record::{Batch, Column, ColumnBuilder, ColumnRef, DataType, row};
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
    /// Of the rows that were kept.
    times: Vec<i64>,
    builders: Vec<ColumnBuilder>,
    columns: Vec<ColumnRef>,
}

impl Earlier {
    /// For a batch of `rows`, up to `reach` rows back.
    pub fn new(rows: usize, reach: usize, kept: &[DataType]) -> Self {
        Self {
            rows: rows as u32,
            back: vec![vec![NONE; rows]; reach],
            slots: Vec::new(),
            times: Vec::new(),
            builders: kept.iter().map(|of| ColumnBuilder::for_type(of, rows)).collect(),
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

    /// The time (ms) of the row `back` rows before `row`; `times` are those of the batch.
    #[inline]
    pub fn time(&self, times: &[i64], row: u32, back: usize) -> i64 {
        match self.row(row, back) {
            NONE => i64::MIN,
            at if at < self.rows => times[at as usize],
            at => self.times[(at - self.rows) as usize],
        }
    }

    /// A column as it was `back` rows before each row: a column of the input, and its place among
    /// those that are kept.
    pub fn column(&self, batch: &Batch, back: usize, columns: (usize, usize)) -> ColumnRef {
        let of_batch = &batch.columns[columns.0];
        let of_kept = &self.columns[columns.1];
        let mut builder = ColumnBuilder::like(of_batch, batch.rows);
        for &at in &self.back[back - 1] {
            match at {
                NONE => builder.push_null(),
                at if at < self.rows => builder.push_from(of_batch, at as usize),
                at => builder.push_from(of_kept, (at - self.rows) as usize),
            }
        }
        Arc::new(builder.finish())
    }

    /// One value of such a column.
    pub fn push(
        &self,
        batch: &Batch,
        (row, back): (u32, usize),
        columns: (usize, usize),
        builder: &mut ColumnBuilder,
    ) {
        match self.row(row, back) {
            NONE => builder.push_null(),
            at if at < self.rows => builder.push_from(&batch.columns[columns.0], at as usize),
            at => builder.push_from(&self.columns[columns.1], (at - self.rows) as usize),
        }
    }

    /// Appends time and kept columns of the row `back` rows before `row`. `kept` are those of the
    /// batch.
    pub fn encode(
        &self,
        kept: &[&Column],
        times: &[i64],
        (row, back): (u32, usize),
        out: &mut Vec<u8>,
    ) {
        put_i64(self.time(times, row, back), out);
        match self.row(row, back) {
            NONE => {}
            at if at < self.rows => row::encode(kept, at as usize, out),
            at => row::encode(&self.columns, (at - self.rows) as usize, out),
        }
    }
}
