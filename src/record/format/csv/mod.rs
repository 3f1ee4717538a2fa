//! The `csv` format, as Flink reads and writes it by Jackson: no header, columns by their places.

mod decode;
mod encode;
mod scan;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use decode::CsvDecoder;
pub use encode::CsvEncoder;
pub use scan::OpenQuotes;

use crate::record::{DataType, Field};

/// How the fields of a record are told apart, and what they say.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    /// Lines that begin with `#` are left out.
    comments: bool,
    null_literal: Option<Arc<str>>,
    array_delimiter: char,
    ignore_parse_errors: bool,
    /// DECIMALs are written with all their digits instead of `1E+2`.
    plain_decimals: bool,
}

impl CsvOptions {
    pub fn of<'a>(
        option: impl Fn(&str) -> Option<&'a str>,
        is_set: impl Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let byte = |name: &str| option(name).map(|text| single_byte(name, text)).transpose();
        let unquoted = is_set("csv.disable-quote-character");
        let quote = byte("csv.quote-character")?;
        if unquoted && quote.is_some() {
            return Err(
                "'csv.quote-character' and 'csv.disable-quote-character' exclude each other".into(),
            );
        }
        let array = option("csv.array-element-delimiter").unwrap_or(";");
        let scientific = option("csv.write-bigdecimal-in-scientific-notation");
        Ok(Self {
            delimiter: byte("csv.field-delimiter")?.unwrap_or(b','),
            quote: (!unquoted).then(|| quote.unwrap_or(b'"')),
            escape: byte("csv.escape-character")?,
            comments: is_set("csv.allow-comments"),
            null_literal: option("csv.null-literal").map(Into::into),
            array_delimiter: single("csv.array-element-delimiter", array)?,
            ignore_parse_errors: is_set("csv.ignore-parse-errors"),
            plain_decimals: scientific.is_some_and(|value| value.eq_ignore_ascii_case("false")),
        })
    }

    /// Whether a record is a comment.
    fn is_comment(&self, record: &[u8]) -> bool {
        self.comments && record.trim_ascii_start().first() == Some(&b'#')
    }
}

fn single(option: &str, text: &str) -> Result<char, String> {
    // As Java writes it.
    let text = if text == "\\t" { "\t" } else { text };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(format!("'{option}' = '{text}': a single character")),
    }
}

fn single_byte(option: &str, text: &str) -> Result<u8, String> {
    let only = single(option, text)?;
    let fits = only.is_ascii() && !matches!(only, '\n' | '\r');
    fits.then_some(only as u8).ok_or_else(|| format!("'{option}' = '{text}': one of ASCII"))
}

/// Whether the columns can be read and written so.
pub fn check(fields: &[Field]) -> Result<(), String> {
    match fields.iter().find(|field| !is_known(&field.data_type, true)) {
        None => Ok(()),
        Some(field) => {
            Err(format!("Unsupported type '{}' for field '{}'.", field.data_type, field.name)
                + " The format 'csv' knows no MAP, and ARRAY and ROW of plain values only")
        }
    }
}

fn is_known(data_type: &DataType, top: bool) -> bool {
    match data_type {
        DataType::Array(element) => top && is_known(element, false),
        DataType::Row(fields) => top && fields.iter().all(|it| is_known(&it.data_type, false)),
        DataType::Map(..)
        | DataType::Multiset(_)
        | DataType::IntervalDayTime
        | DataType::IntervalYearMonth
        | DataType::Null => false,
        _ => true,
    }
}
