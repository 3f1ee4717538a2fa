//! Blocks of records to columns: of the value, and of the key where a column of it is read.

use std::sync::Arc;

use super::avro::AvroDecoder;
use super::csv::CsvDecoder;
use super::debezium::DebeziumDecoder;
use super::parts::Side;
use super::raw::RawDecoder;
use crate::record::json::{Decoded, JsonDecoder};
use crate::record::{ChangeKind, ColumnRef, RawBlock, RawRecord};

/// Reads values, or keys, of one format.
pub enum Decoder {
    Json(Box<JsonDecoder>),
    Raw(RawDecoder),
    Csv(CsvDecoder),
    Avro(AvroDecoder),
    Debezium(DebeziumDecoder),
}

impl Decoder {
    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        match self {
            Self::Json(json) => json.decode(block),
            Self::Raw(raw) => raw.decode(block),
            Self::Csv(csv) => csv.decode(block),
            Self::Avro(avro) => avro.decode(block),
            Self::Debezium(debezium) => debezium.decode(block),
        }
    }
}

/// Reads whole records of a table.
pub struct RecordDecoder {
    value: Decoder,
    key: Option<Decoder>,
    /// By column: the side that has it, and its place there. Empty where the value has all, in
    /// their order.
    places: Vec<(Side, usize)>,
    /// A record replaces the row of its key, and deletes it where it has no value.
    upsert: bool,
}

impl RecordDecoder {
    /// `places`: by column, the side that has it and its place there.
    pub fn new(
        value: Decoder,
        key: Option<Decoder>,
        places: Vec<(Side, usize)>,
        upsert: bool,
    ) -> Self {
        Self { value, key, places, upsert }
    }

    /// Values that were read token by token, as no template fitted.
    pub fn fallbacks(&self) -> u64 {
        match &self.value {
            Decoder::Json(json) => json.fallbacks(),
            _ => 0,
        }
    }

    /// The side and id of a schema that has to be learnt before the block can be decoded.
    pub fn missing(&self, block: &RawBlock) -> Option<(Side, u32)> {
        let rows = 0..block.records.len();
        if let Decoder::Avro(avro) = &self.value
            && let Some(id) = avro.missing(rows.clone().map(|row| block.value(row)))
        {
            return Some((Side::Value, id));
        }
        let Some(Decoder::Avro(avro)) = &self.key else { return None };
        Some((Side::Key, avro.missing(rows.filter_map(|row| block.key(row)))?))
    }

    /// What a registry says of a schema: its text, behind those that it refers to, or why there is
    /// none.
    pub fn learn(&mut self, side: Side, id: u32, schema: Result<Vec<String>, String>) {
        let decoder = if side == Side::Key { self.key.as_mut() } else { Some(&mut self.value) };
        if let Some(Decoder::Avro(avro)) = decoder {
            avro.learn(id, schema);
        }
    }

    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        let keys = self.key.as_mut().map(|key| decode_keys(key, &block));
        let mut decoded = self.value.decode(block);
        if self.upsert {
            delete_without_value(&mut decoded);
        }
        let Some(keys) = keys else { return decoded };
        let column = |(side, place): &(Side, usize)| match side {
            Side::Key => keys.columns[*place].clone(),
            Side::Value => decoded.columns[*place].clone(),
        };
        decoded.columns = self.places.iter().map(column).collect::<Vec<ColumnRef>>();
        let Decoded { rejected, skipped, .. } = &mut decoded;
        let is_left = |row: &u32| {
            skipped.binary_search(row).is_err()
                && rejected.binary_search_by_key(row, |(row, _)| *row).is_err()
        };
        let bad_keys =
            keys.rejected.into_iter().filter(|(row, _)| is_left(row)).collect::<Vec<_>>();
        let no_keys = keys.skipped.into_iter().filter(is_left).collect::<Vec<_>>();
        rejected.extend(bad_keys);
        rejected.sort_by_key(|(row, _)| *row);
        skipped.extend(no_keys);
        skipped.sort_unstable();
        decoded
    }
}

/// Decodes the keys as if they were values.
fn decode_keys(decoder: &mut Decoder, block: &RawBlock) -> Decoded {
    let record = |record: &RawRecord| {
        let (offset, len) = record.key.unwrap_or_default();
        RawRecord { offset, len, is_null: record.key.is_none(), ..RawRecord::default() }
    };
    let records = block.records.iter().map(record).collect();
    let mut keys = RawBlock { payload: block.keys.clone(), records, ..RawBlock::default() };
    keys.pad();
    let mut decoded = decoder.decode(keys);
    let Decoded { rejected, skipped, block, .. } = &mut decoded;
    rejected.iter_mut().for_each(|(_, reason)| *reason = format!("key: {reason}").into());
    // A format without NULL leaves such a record out, and a column that is NOT NULL rejects it.
    let is_empty = |row: &u32| block.records[*row as usize].len == 0;
    let is_null = |row: &u32| block.records[*row as usize].is_null;
    let left_out = skipped.extract_if(.., |row| is_empty(row));
    let missing = rejected.extract_if(.., |(row, _)| is_null(row)).map(|(row, _)| row);
    let without: Vec<u32> = left_out.chain(missing).collect();
    let reason: Arc<str> = "the record has no key, and columns are read from it".into();
    rejected.extend(without.into_iter().map(|row| (row, reason.clone())));
    rejected.sort_by_key(|(row, _)| *row);
    decoded
}

/// A record without a value deletes the row of its key: all columns of the value are NULL then.
fn delete_without_value(decoded: &mut Decoded) {
    let Decoded { columns, kinds, rejected, skipped, block } = decoded;
    let rows = block.records.len();
    let is_gone = |row: &u32| block.records[*row as usize].is_null;
    let gone: Vec<u32> = (0..rows as u32).filter(is_gone).collect();
    let mut of_rows = vec![ChangeKind::UpdateAfter; rows];
    for &row in &gone {
        of_rows[row as usize] = ChangeKind::Delete;
    }
    *kinds = Some(Arc::new(of_rows));
    if gone.is_empty() {
        return;
    }
    rejected.retain(|(row, _)| !is_gone(row));
    skipped.retain(|row| !is_gone(row));
    for column in columns {
        let column = Arc::make_mut(column);
        gone.iter().for_each(|&row| column.validity.set_null(row as usize, rows));
    }
}
