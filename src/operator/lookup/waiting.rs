//! Rows that wait for answers.

use crate::lookup::Answer;
use crate::record::{Batch, BatchTime, ColumnBuilder, DataType, row};
use crate::state::Entry;
use crate::state::entry::{put_i64, take_i64};

/// Of a row without a key: it has a NULL in it.
pub const NO_KEY: u32 = u32::MAX;

/// A batch with the answers of its keys, as far as they are there.
pub struct Waiting {
    pub batch: Batch,
    /// By row that counts: its key among those of the batch.
    pub keys: Vec<u32>,
    /// By key.
    pub answers: Vec<Option<Answer>>,
    /// The keys that have been asked for, and their canonical bytes.
    pub asked: Vec<(u32, Box<[u8]>)>,
    /// Answers that are still to come.
    pub missing: usize,
    /// The watermark that has come behind it.
    pub mark: i64,
    /// Of what is kept of it.
    pub slot: u32,
}

/// What is saved of a batch that waits: its rows, as they came.
#[derive(Default)]
pub struct Held {
    /// In the order of arrival.
    pub number: i64,
    pub rows: Rows,
}

pub enum Rows {
    Here(Batch),
    /// Read back, of columns that are not known yet.
    Saved(Box<[u8]>),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Saved([].into())
    }
}

impl Entry for Held {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.number, out);
        match &self.rows {
            Rows::Saved(bytes) => out.extend_from_slice(bytes),
            Rows::Here(batch) => encode(batch, out),
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let number = take_i64(&mut bytes)?;
        Some(Self { number, rows: Rows::Saved(bytes.into()) })
    }

    fn heap_bytes(&self) -> usize {
        match &self.rows {
            Rows::Saved(bytes) => bytes.len(),
            // Texts are views into what was read, of which others may be in use too.
            Rows::Here(batch) => batch.len() * batch.columns.len() * 16,
        }
    }
}

fn encode(batch: &Batch, out: &mut Vec<u8>) {
    let BatchTime { first, last, before } = &batch.time;
    let before = before.as_ref().map(|before| before.as_slice());
    put_i64(*first, out);
    put_i64(*last, out);
    put_i64(batch.stamp_us, out);
    put_i64(before.is_some().into(), out);
    put_i64(batch.len() as i64, out);
    for row in batch.row_ids() {
        before.iter().for_each(|before| put_i64(before[row], out));
        row::encode(&batch.columns, row, out);
    }
}

/// A batch read back; `None` where the bytes are not one of these columns.
pub fn decode(mut bytes: &[u8], types: &[DataType]) -> Option<Batch> {
    let from = &mut bytes;
    let (first, last, stamp_us) = (take_i64(from)?, take_i64(from)?, take_i64(from)?);
    let judged = take_i64(from)? != 0;
    let rows = usize::try_from(take_i64(from)?).ok()?;
    let mut columns: Vec<ColumnBuilder> =
        types.iter().map(|of| ColumnBuilder::for_type(of, rows.min(1024))).collect();
    let mut before = Vec::new();
    for _ in 0..rows {
        if judged {
            before.push(take_i64(from)?);
        }
        if !row::decode_next(from, &mut columns) {
            return None;
        }
    }
    let columns = columns.into_iter().map(|column| column.finish().into()).collect();
    let time = BatchTime { first, last, before: judged.then(|| before.into()) };
    let batch = Batch { stamp_us, ..Batch::new(columns, rows, time) };
    from.is_empty().then_some(batch)
}
