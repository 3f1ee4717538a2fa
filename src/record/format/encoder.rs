//! Rows to keys and values of records.

use super::avro::AvroEncoder;
use super::csv::CsvEncoder;
use super::options::Format;
use super::parts::Part;
use super::raw::{self, RawOptions};
use crate::record::json::JsonEncoder;
use crate::record::{Batch, DataType, Schema};

/// Writes rows of a part's columns.
pub enum Encoder {
    Json(JsonEncoder),
    Raw(DataType, RawOptions),
    Csv(CsvEncoder),
    Avro(AvroEncoder),
}

impl Encoder {
    /// `embed`: columns of the table whose text is JSON and goes in as it is.
    pub fn new(part: &Part, embed: &[usize]) -> Result<Self, String> {
        Ok(match &part.format {
            Format::Json(json) => {
                let embedded = |position: &usize| embed.contains(&part.columns[*position]);
                let embed = (0..part.columns.len()).filter(embedded).collect();
                Self::Json(JsonEncoder::new(&Schema::new(part.fields.clone()), json.style, embed))
            }
            Format::Raw(options) => {
                let kind = part.fields.first().map_or(DataType::BYTES, |it| it.data_type.clone());
                Self::Raw(kind, *options)
            }
            Format::Csv(options) => Self::Csv(CsvEncoder::new(&part.fields, options.clone())),
            Format::Avro(_) => Self::Avro(AvroEncoder::new(&part.fields)),
            Format::Debezium(_) => {
                return Err(
                    "the format 'debezium-json' is read, not written; take 'json' with an \
                            upsert-kafka table"
                        .into(),
                );
            }
        })
    }

    /// Says in each record which schema of the registry it has.
    pub fn set_schema(&mut self, id: u32) {
        if let Self::Avro(avro) = self {
            avro.set_id(id);
        }
    }

    /// Why rows cannot be written, if they cannot.
    pub fn check(&self, batch: &Batch) -> Result<(), String> {
        match self {
            Self::Avro(avro) => avro.check(batch),
            _ => Ok(()),
        }
    }

    /// Appends a row; false where it is a NULL as a whole.
    pub fn encode_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Json(json) => {
                json.encode_row(batch, row, out);
                true
            }
            Self::Csv(csv) => {
                csv.encode_row(batch, row, out);
                true
            }
            Self::Avro(avro) => {
                avro.encode_row(batch, row, out);
                true
            }
            Self::Raw(kind, options) => raw::encode_row(batch, row, kind, *options, out),
        }
    }
}
