//! Rows held in memory by the columns that are compared.

use std::sync::Arc;

use ahash::AHashMap;

use super::Answer;
use super::port::Encoded;
use crate::record::format::{RecordDecoder, Side};
use crate::record::{Batch, ColumnRef, RawBlock, key, row};
use crate::source;
use crate::sql::plan::{ScanField, Table};

/// Reads records of a table and takes what is wanted of them.
pub struct Reader {
    /// Delivers the key's columns, then the others.
    decoder: RecordDecoder,
    keys: usize,
    /// Places of those that are wanted among the decoded ones.
    columns: Vec<usize>,
}

/// Rows by canonical key, in the order of the records.
#[derive(Default)]
pub struct Rows {
    rows: AHashMap<Box<[u8]>, Vec<Box<[u8]>>>,
    pub count: u64,
    /// Records that could not be read: number in their block, and why.
    pub rejected: Vec<(u32, Arc<str>)>,
}

/// The same, to be asked.
#[derive(Default)]
pub struct Index(AHashMap<Box<[u8]>, Encoded>);

impl Reader {
    /// `keys` and `columns` are those of the table.
    pub fn new(table: &Table, keys: &[usize], columns: &[usize]) -> Result<Self, String> {
        let mut fields: Vec<usize> = keys.to_vec();
        fields.extend(columns.iter().filter(|column| !keys.contains(column)));
        let place = |column: &usize| fields.iter().position(|field| field == column);
        let columns = columns.iter().filter_map(place).collect();
        let field = |&column: &usize| {
            let field = table.schema.fields[column].clone();
            let (path, data_type) = (vec![field.name], field.data_type);
            ScanField { side: Side::Value, path, data_type, nullable: field.nullable }
        };
        let fields: Vec<ScanField> = fields.iter().map(field).collect();
        let decoder = source::format::decoder(table, &fields)?;
        Ok(Self { decoder, keys: keys.len(), columns })
    }

    pub fn read(&mut self, block: RawBlock, into: &mut Rows) {
        let mut decoded = self.decoder.decode(block);
        let (skipped, rejected) = (&decoded.skipped, &decoded.rejected);
        let is_left = |row: &u32| {
            skipped.binary_search(row).is_err()
                && rejected.binary_search_by_key(row, |(bad, _)| *bad).is_err()
        };
        for row in (0..decoded.block.records.len() as u32).filter(is_left) {
            self.add(&decoded.columns, row as usize, into);
        }
        into.rejected.append(&mut decoded.rejected);
    }

    /// A row whose key is NULL is never found.
    fn add(&self, columns: &[ColumnRef], at: usize, into: &mut Rows) {
        let keys = &columns[..self.keys];
        if keys.iter().any(|key| key.is_null(at)) {
            return;
        }
        let (mut key, mut bytes) = (Vec::new(), Vec::new());
        key::encode_row(keys, at, &mut key);
        for &column in &self.columns {
            row::encode(&columns[column..=column], at, &mut bytes);
        }
        into.rows.entry(key.into()).or_default().push(bytes.into());
        into.count += 1;
    }
}

impl From<Rows> for Index {
    fn from(rows: Rows) -> Self {
        Self(rows.rows.into_iter().map(|(key, rows)| (key, rows.into())).collect())
    }
}

impl Index {
    pub fn answers(&self, keys: &Batch) -> Vec<Answer> {
        let mut bytes = Vec::new();
        let answer = |row: usize| {
            bytes.clear();
            key::encode_row(&keys.columns, row, &mut bytes);
            let found = self.0.get(bytes.as_slice());
            found.map_or_else(Answer::none, |rows| Answer::Rows(rows.clone()))
        };
        keys.row_ids().map(answer).collect()
    }
}
