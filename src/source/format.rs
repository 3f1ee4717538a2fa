//! From a table's formats to the decoder of its records.

use crate::record::format::{
    AvroDecoder, CsvDecoder, DebeziumDecoder, Decoder, Format, Part, RawDecoder, RecordDecoder,
    Side,
};
use crate::record::json::{JsonDecoder, JsonField};
use crate::record::{Field, RawBlock};
use crate::registry::{Learner, Registry};
use crate::sql::plan::{ScanField, Table};

/// The decoder that delivers `fields`, in their order.
pub fn decoder(table: &Table, fields: &[ScanField]) -> Result<RecordDecoder, String> {
    let parts = table.parts()?;
    let of = |side: Side| fields.iter().filter(|field| field.side == side).collect::<Vec<_>>();
    let (keys, values) = (of(Side::Key), of(Side::Value));
    let value = one(&parts.value, &values)?;
    if keys.is_empty() {
        return Ok(RecordDecoder::new(value, None, Vec::new(), parts.upsert));
    }
    let key = one(parts.part(Side::Key), &keys)?;
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
fn one(part: &Part, fields: &[&ScanField]) -> Result<Decoder, String> {
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
    Ok(match &part.format {
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
        Format::Avro(registry) => {
            let fields = fields.iter().map(|field| whole(field)).collect();
            Decoder::Avro(AvroDecoder::new(&part.fields, fields, registry.is_some())?)
        }
    })
}

/// Asks for the schemas of records that a table's decoder has not seen yet.
pub struct Schemas {
    key: Option<Learner>,
    value: Option<Learner>,
}

impl Schemas {
    /// `None`: the table's formats need no registry.
    pub fn of(table: &Table) -> Result<Option<Self>, String> {
        let parts = table.parts()?;
        let learner = |part: &Part| match &part.format {
            Format::Avro(Some(options)) => Learner::new(Registry::new(options)?).map(Some),
            _ => Ok(None),
        };
        let key = parts.key.as_ref().map_or(Ok(None), learner)?;
        let value = learner(&parts.value)?;
        Ok((key.is_some() || value.is_some()).then_some(Self { key, value }))
    }

    fn learner(&mut self, side: Side) -> Option<&mut Learner> {
        if side == Side::Key { self.key.as_mut() } else { self.value.as_mut() }
    }

    /// Whether the decoder knows what it needs for a block; asks for what it does not know.
    pub fn prepare(&mut self, decoder: &mut RecordDecoder, block: &RawBlock) -> bool {
        while let Some((side, id)) = decoder.missing(block) {
            match self.learner(side).and_then(|learner| learner.learn(id)) {
                Some((id, schema)) => decoder.learn(side, id, schema),
                None => return false,
            }
        }
        true
    }

    /// Why it waits, where that is a fault.
    pub fn problem(&self) -> Option<String> {
        [&self.key, &self.value].into_iter().flatten().find_map(Learner::problem)
    }
}
