//! The rows of a table as JSON and as text.

use jiff::tz::TimeZone;

use crate::decimal;
use crate::error::nearest;
use crate::expression::text::write_text;
use crate::record::json::{JsonEncoder, JsonStyle};
use crate::record::{Batch, DataType, Field, Schema};
use crate::sink::options::{embedded_columns, option};
use crate::sql::plan::Table;

pub struct Rows {
    /// Of the batches' columns.
    fields: Vec<Field>,
    encoder: JsonEncoder,
    zone: TimeZone,
}

impl Rows {
    pub fn new(table: &Table, zone: TimeZone) -> Result<Self, String> {
        let fields: Vec<Field> =
            table.physical.iter().map(|&column| table.schema.fields[column].clone()).collect();
        let embed = embedded_columns(table, &fields)?;
        let style = JsonStyle::of(|name| option(table, name));
        let schema = Schema::new(fields.clone());
        let encoder = JsonEncoder::new(&schema, style, embed);
        Ok(Self { fields, encoder, zone })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| &*field.name)
    }

    pub fn column(&self, name: &str) -> Result<usize, String> {
        let found = self.names().position(|known| known == name);
        found.ok_or_else(|| {
            let hint = nearest(name, self.names()).map(|near| format!(", did you mean '{near}'?"));
            format!("the table has no column '{name}'{}", hint.unwrap_or_default())
        })
    }

    /// The whole row as a JSON object.
    pub fn object(&self, batch: &Batch, row: usize) -> String {
        let mut out = Vec::new();
        self.encoder.encode_row(batch, row, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// One column as a JSON value.
    pub fn json(&self, batch: &Batch, row: usize, column: usize) -> String {
        let mut out = Vec::new();
        self.encoder.encode_column(batch, row, column, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// One column as text, what is nested as JSON; `None` for NULL.
    pub fn text(&self, batch: &Batch, row: usize, column: usize) -> Option<String> {
        let (values, data_type) = (&batch.columns[column], &self.fields[column].data_type);
        if values.is_null(row) {
            return None;
        }
        if let DataType::Decimal(of) = data_type {
            let mut text = String::new();
            decimal::write(values.as_i128s()[row], of.scale, &mut text);
            return Some(text);
        }
        if data_type.is_nested() {
            return Some(self.json(batch, row, column));
        }
        let mut text = String::new();
        write_text(values, row, data_type, &self.zone, &mut text);
        Some(text)
    }
}
