//! A format by a table's options.

use super::avro::{self, RegistryOptions};
use super::csv::{self, CsvOptions};
use super::debezium::DebeziumOptions;
use super::raw::{self, RawOptions};
use crate::record::Field;
use crate::record::json::{self, JsonOptions, JsonStyle};

/// How a key or a value is read and written.
#[derive(Clone, Debug)]
pub enum Format {
    Json(JsonFormat),
    Raw(RawOptions),
    Csv(CsvOptions),
    /// By the table's own schema, or by those of a registry.
    Avro(Option<RegistryOptions>),
    /// Changes of rows; only read.
    Debezium(DebeziumOptions),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct JsonFormat {
    pub read: JsonOptions,
    pub style: JsonStyle,
}

impl Format {
    /// The format of this name. `option` finds what the table says of it; words have been checked.
    pub fn of<'a>(name: &str, option: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        let is_set = |name: &str| option(name).is_some_and(is_true);
        match name {
            "json" => {
                let style = JsonStyle::of(&option);
                let read = JsonOptions {
                    iso8601: style.iso8601,
                    ignore_parse_errors: is_set("json.ignore-parse-errors"),
                    fail_on_missing_field: is_set("json.fail-on-missing-field"),
                };
                Ok(Self::Json(JsonFormat { read, style }))
            }
            "raw" => RawOptions::of(option).map(Self::Raw),
            "avro" => Ok(Self::Avro(None)),
            "avro-confluent" => RegistryOptions::of(option).map(|of| Self::Avro(Some(of))),
            "csv" => CsvOptions::of(&option, is_set).map(Self::Csv),
            "debezium-json" => {
                let iso8601 = option("debezium-json.timestamp-format.standard") == Some("ISO-8601");
                let ignore_parse_errors = is_set("debezium-json.ignore-parse-errors");
                let read = JsonOptions { iso8601, ignore_parse_errors, ..JsonOptions::default() };
                let schema_include = is_set("debezium-json.schema-include");
                Ok(Self::Debezium(DebeziumOptions { read, schema_include }))
            }
            other => Err(format!("the format '{other}' is not supported")),
        }
    }

    /// Whether columns can be read and written so.
    pub fn check(&self, fields: &[Field]) -> Result<(), String> {
        match self {
            Self::Json(_) | Self::Debezium(_) => json::check(fields),
            Self::Raw(_) => raw::check(fields),
            Self::Csv(_) => csv::check(fields),
            Self::Avro(_) => avro::schema_of(fields).map(drop),
        }
    }

    /// Whether fields of a ROW and keys of a MAP can be read by themselves.
    pub fn has_paths(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Debezium(_))
    }

    /// Whether records change rows, rather than each being one.
    pub fn is_changelog(&self) -> bool {
        matches!(self, Self::Debezium(_))
    }
}

/// What an option says that is `true` or `false`.
fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}
