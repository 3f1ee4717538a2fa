//! The `json` format: records to columns and rows to records.
//!
//! Decoding expects each record to be shaped like one seen before: `template` compares the text
//! between values and takes the values out. A record of another shape is read token by token
//! (`parse`), which also teaches a new template. Both ways store values by the same rules.

#[cfg(test)]
mod agreement;
mod avx2;
pub(super) mod base64;
mod convert;
mod encode;
#[cfg(any(test, fuzzing))]
pub mod oracle;
mod output;
mod parse;
mod parts;
mod scan;
mod template;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use convert::time_of_day;
pub use encode::{JsonEncoder, JsonStyle, embedded};
pub use parts::{parts, unescape};

use crate::record::raw::PAYLOAD_PADDING;
use crate::record::{ChangeKind, ColumnRef, DataType, Field, RawBlock, SharedBlock};
use output::Output;
use parse::{Failure, Paths};
use template::{Template, Templates};

/// Whether columns can be read and written so: members of an object are named by texts.
pub fn check(fields: &[Field]) -> Result<(), String> {
    fields.iter().try_for_each(|field| check_type(&field.data_type))
}

fn check_type(data_type: &DataType) -> Result<(), String> {
    match data_type {
        DataType::Array(element) => check_type(element),
        DataType::Row(fields) => check(fields),
        other => match other.as_map() {
            None => Ok(()),
            Some((key, value)) if key.is_string() => check_type(value),
            Some(_) => Err(format!(
                "JSON format doesn't support non-string as key type of map. The type is: {other}"
            )),
        },
    }
}

/// A value to read: the keys that lead to it, and its type.
#[derive(Clone, Debug)]
pub struct JsonField {
    pub path: Vec<Arc<str>>,
    pub data_type: DataType,
    pub nullable: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct JsonOptions {
    /// `json.timestamp-format.standard` = `ISO-8601`.
    pub iso8601: bool,
    pub ignore_parse_errors: bool,
    pub fail_on_missing_field: bool,
}

/// What became of a block.
#[derive(Debug)]
pub struct Decoded {
    /// Each as long as the block has records; arbitrary in rows rejected or skipped.
    pub columns: Vec<ColumnRef>,
    /// By record; `None` = all are inserts.
    pub kinds: Option<Arc<Vec<ChangeKind>>>,
    /// Rows for the dead letters, ascending, with the reason.
    pub rejected: Vec<(u32, Arc<str>)>,
    /// Tombstones and empty records, and broken ones where errors are to be ignored.
    pub skipped: Vec<u32>,
    pub block: SharedBlock,
}

/// Decodes blocks of JSON objects into columns.
pub struct JsonDecoder {
    paths: Paths,
    options: JsonOptions,
    fields: Arc<[JsonField]>,
    templates: Templates,
    /// Off only to measure and test the general way by itself.
    use_templates: bool,
    wide: bool,
    fallbacks: u64,
}

impl JsonDecoder {
    pub fn new(fields: Vec<JsonField>, options: JsonOptions) -> Self {
        let paths = Paths::new(&fields);
        let wide = scan::wide();
        let templates = Templates::default();
        let fields = fields.into();
        Self { paths, options, fields, templates, use_templates: true, wide, fallbacks: 0 }
    }

    /// The decoder without its templates: every record is read token by token.
    pub fn without_templates(mut self) -> Self {
        self.use_templates = false;
        self
    }

    /// Records that no template fitted.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks
    }

    pub fn decode(&mut self, mut block: RawBlock) -> Decoded {
        let end = block.records.iter().map(|r| (r.offset + r.len) as usize).max().unwrap_or(0);
        if block.payload.len() < end + PAYLOAD_PADDING {
            block.payload.resize(end + PAYLOAD_PADDING, 0);
        }
        // At once, as it mostly is; then a record is, too, where it cuts no character.
        let is_utf8 = simdutf8::basic::from_utf8(&block.payload[..end]).is_ok();
        let cuts = |at: usize| block.payload[at] & 0xc0 == 0x80;
        let rows = block.records.len();
        let mut out = Output::new(self.fields.clone(), self.options, rows, block.payload.len());
        let mut rejected = Vec::new();
        let mut skipped = Vec::new();
        for (row, record) in block.records.iter().enumerate() {
            let (from, len) = (record.offset as usize, record.len as usize);
            if record.is_null || scan::skip_space(&block.payload[from..from + len], 0) == len {
                skipped.push(row as u32);
                continue;
            }
            out.begin(row, from);
            let is_utf8 = (is_utf8 && !cuts(from) && !cuts(from + len))
                || simdutf8::basic::from_utf8(&block.payload[from..from + len]).is_ok();
            let read = match is_utf8 {
                true => self.record(&block.payload[from..], len, &mut out),
                false => Err(Failure::Broken("not UTF-8")),
            };
            match read {
                Ok(()) => {}
                Err(Failure::Broken(_)) if self.options.ignore_parse_errors => {
                    skipped.push(row as u32);
                }
                Err(Failure::Broken(reason)) => {
                    rejected
                        .push((row as u32, format!("Failed to deserialize JSON: {reason}").into()));
                }
                Err(Failure::Field(reason)) => rejected.push((row as u32, reason)),
            }
        }
        block.payload.extend_from_slice(&out.extra);
        let block = SharedBlock::from(block);
        let columns = out.finish(&block.payload);
        Decoded { columns, kinds: None, rejected, skipped, block }
    }

    fn record(&mut self, bytes: &[u8], len: usize, out: &mut Output) -> Result<(), Failure> {
        let record = &bytes[..len];
        if self.use_templates && self.templates.apply(bytes, len, &self.paths, out, self.wide) {
            return Ok(());
        }
        self.fallbacks += 1;
        out.clear_row();
        let mut learnt = Template::default();
        parse::record(record, &self.paths, out, &mut learnt, self.wide)?;
        out.complete()?;
        if self.use_templates {
            self.templates.learn(learnt, &self.paths);
        }
        Ok(())
    }
}
