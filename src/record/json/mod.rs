//! JSON in and out.

use crate::record::{Batch, Schema, Value};

/// Writes rows as JSON objects.
pub struct JsonEncoder {
    fields: Vec<(String, bool)>,
}

impl JsonEncoder {
    pub fn new(
        schema: &Schema,
        _zone: jiff::tz::TimeZone,
        _iso8601: bool,
        embed: Vec<usize>,
    ) -> Self {
        let field = |(index, field): (usize, &crate::record::Field)| {
            let name = serde_json::Value::from(&*field.name).to_string();
            (name, embed.contains(&index))
        };
        Self { fields: schema.fields.iter().enumerate().map(field).collect() }
    }

    pub fn encode_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (name, embed)) in self.fields.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            let text = match batch.columns[index].value(row) {
                Value::Bool(value) => value.to_string(),
                Value::I64(value) => value.to_string(),
                Value::F64(value) => value.to_string(),
                Value::Str(value) if *embed => value.to_string(),
                Value::Str(value) => serde_json::Value::from(&*value).to_string(),
                _ => "null".to_string(),
            };
            out.extend_from_slice(text.as_bytes());
        }
        out.push(b'}');
    }
}
