//! From a table's formats to the decoder of its records.

use crate::record::Field;
use crate::record::format::{
    CsvDecoder, DebeziumDecoder, Decoder, Format, Part, RawDecoder, RecordDecoder, Side,
};
use crate::record::json::{JsonDecoder, JsonField};
use crate::sql::plan::{ScanField, Table};

/// The decoder that delivers `fields`, in their order.
pub fn decoder(table: &Table, fields: &[ScanField]) -> Result<RecordDecoder, String> {
    let parts = table.parts()?;
    let of = |side: Side| fields.iter().filter(|field| field.side == side).collect::<Vec<_>>();
    let (keys, values) = (of(Side::Key), of(Side::Value));
    let value = one(&parts.value, &values);
    if keys.is_empty() {
        return Ok(RecordDecoder::new(value, None, Vec::new(), parts.upsert));
    }
    let key = one(parts.part(Side::Key), &keys);
    let mut next = [0, 0];
    let place = |field: &ScanField| {
        let next = &mut next[usize::from(field.side == Side::Value)];
        *next += 1;
        (field.side, *next - 1)
    };
    let places = fields.iter().map(place).collect();
    Ok(RecordDecoder::new(value, Some(key), places, parts.upsert))
}

/// The decoder of one part of a record.
fn one(part: &Part, fields: &[&ScanField]) -> Decoder {
    let whole = |field: &ScanField| {
        let ScanField { path, data_type, nullable, .. } = field.clone();
        Field { name: path.join(".").into(), data_type, nullable }
    };
    let paths = || {
        let field = |field: &&ScanField| {
            let ScanField { path, data_type, nullable, .. } = (*field).clone();
            JsonField { path, data_type, nullable }
        };
        fields.iter().map(field).collect()
    };
    match &part.format {
        Format::Json(json) => Decoder::Json(Box::new(JsonDecoder::new(paths(), json.read))),
        Format::Debezium(options) => Decoder::Debezium(DebeziumDecoder::new(paths(), *options)),
        Format::Raw(options) => {
            Decoder::Raw(RawDecoder::new(fields.first().map(|field| whole(field)), *options))
        }
        Format::Csv(options) => {
            let placed = |field: &&ScanField| {
                let place = part.fields.iter().position(|known| *known.name == *field.path[0]);
                Some((place?, whole(field)))
            };
            let placed = fields.iter().filter_map(placed).collect();
            Decoder::Csv(CsvDecoder::new(part.fields.len(), placed, options.clone()))
        }
    }
}
