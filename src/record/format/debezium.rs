//! The `debezium-json` format: changes of a database's rows, each record with the row before it and
//! the row behind it.

use std::sync::Arc;

use crate::record::json::{Decoded, JsonDecoder, JsonField, JsonOptions};
use crate::record::{ChangeKind, ColumnBuilder, ColumnRef, DataType, RawBlock, SharedBlock};

#[derive(Clone, Copy, Debug, Default)]
pub struct DebeziumOptions {
    pub read: JsonOptions,
    /// `debezium-json.schema-include`: the change stands in the field `payload`.
    pub schema_include: bool,
}

/// Which row of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Image {
    Before,
    After,
}

/// A row that comes of a record, or (no kind) the place of one that gives none.
struct Pick {
    record: usize,
    image: Image,
    kind: ChangeKind,
}

/// Columns that stand before those of the two rows.
const OP: usize = 0;
const BEFORE: usize = 1;
const AFTER: usize = 2;
const FIRST: usize = 3;

/// Decodes blocks of changes into rows with their kinds: a record gives one row, or the two of an
/// update.
pub struct DebeziumDecoder {
    json: JsonDecoder,
    fields: Vec<JsonField>,
    ignore_errors: bool,
}

impl DebeziumDecoder {
    pub fn new(fields: Vec<JsonField>, options: DebeziumOptions) -> Self {
        let envelope: &[&str] = if options.schema_include { &["payload"] } else { &[] };
        let field = |name: &str, path: &[Arc<str>], data_type| {
            let head = envelope.iter().copied().chain([name]).map(Arc::from);
            JsonField {
                path: head.chain(path.iter().cloned()).collect(),
                data_type,
                nullable: true,
            }
        };
        // Of type NULL: that it is there.
        let mut all = vec![
            field("op", &[], DataType::STRING),
            field("before", &[], DataType::Null),
            field("after", &[], DataType::Null),
        ];
        for image in ["before", "after"] {
            all.extend(fields.iter().map(|it| field(image, &it.path, it.data_type.clone())));
        }
        let ignore_errors = options.read.ignore_parse_errors;
        Self { json: JsonDecoder::new(all, options.read), fields, ignore_errors }
    }

    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        let Decoded { columns, mut rejected, skipped, block, .. } = self.json.decode(block);
        let (mut picks, mut left_out) = (Vec::new(), Vec::new());
        let mut bad = Vec::new();
        for record in 0..block.records.len() {
            let row = picks.len() as u32;
            let known = rejected.binary_search_by_key(&(record as u32), |(row, _)| *row);
            let found = match known {
                Ok(at) => Err(std::mem::take(&mut rejected[at].1)),
                Err(_) if skipped.binary_search(&(record as u32)).is_ok() => {
                    left_out.push(row);
                    picks.push(Pick::none(record));
                    continue;
                }
                Err(_) => self.rows(&columns, record),
            };
            match found {
                Ok(of_record) => picks.extend(of_record),
                Err(reason) => {
                    picks.push(Pick::none(record));
                    match self.ignore_errors {
                        true => left_out.push(row),
                        false => bad.push((row, reason)),
                    }
                }
            }
        }
        Decoded {
            columns: self.gathered(&columns, &picks),
            kinds: Some(Arc::new(picks.iter().map(|pick| pick.kind).collect())),
            rejected: bad,
            skipped: left_out,
            block: by_row(block, &picks),
        }
    }

    /// The rows of a change.
    fn rows(&self, columns: &[ColumnRef], record: usize) -> Result<Vec<Pick>, Arc<str>> {
        let of = |image, kind| Pick { record, image, kind };
        let op = columns[OP].value(record);
        let (name, rows) = match op.as_str().unwrap_or("null") {
            "c" | "r" => ("INSERT", vec![of(Image::After, ChangeKind::Insert)]),
            "u" => {
                let after = of(Image::After, ChangeKind::UpdateAfter);
                ("UPDATE", vec![of(Image::Before, ChangeKind::UpdateBefore), after])
            }
            "d" => ("DELETE", vec![of(Image::Before, ChangeKind::Delete)]),
            other => return Err(format!("Unknown \"op\" value \"{other}\"").into()),
        };
        for row in &rows {
            match row.image {
                Image::Before if columns[BEFORE].is_null(record) => {
                    return Err(format!(
                        "The \"before\" field of {name} message is null; a table of Postgres needs \
                         REPLICA IDENTITY FULL"
                    )
                    .into());
                }
                Image::After if columns[AFTER].is_null(record) => {
                    return Err(format!("The \"after\" field of {name} message is null").into());
                }
                _ => {}
            }
            for (place, field) in self.fields.iter().enumerate() {
                if !field.nullable && columns[self.column(row.image, place)].is_null(record) {
                    let name = field.path.join(".");
                    return Err(format!("field `{name}` is missing").into());
                }
            }
        }
        Ok(rows)
    }

    /// Where a field of a row stands among what is decoded.
    fn column(&self, image: Image, place: usize) -> usize {
        match image {
            Image::Before => FIRST + place,
            Image::After => FIRST + self.fields.len() + place,
        }
    }

    fn gathered(&self, columns: &[ColumnRef], picks: &[Pick]) -> Vec<ColumnRef> {
        let gather = |(place, field): (usize, &JsonField)| {
            let mut column = ColumnBuilder::for_type(&field.data_type, picks.len());
            for pick in picks {
                column.push_from(&columns[self.column(pick.image, place)], pick.record);
            }
            Arc::new(column.finish())
        };
        self.fields.iter().enumerate().map(gather).collect()
    }
}

impl Pick {
    fn none(record: usize) -> Self {
        Self { record, image: Image::After, kind: ChangeKind::Insert }
    }
}

/// The block with a record for each row.
fn by_row(block: SharedBlock, picks: &[Pick]) -> SharedBlock {
    let SharedBlock { payload, keys, records, headers } = block;
    let headers = headers.picked(picks.iter().map(|pick| pick.record));
    let records = picks.iter().map(|pick| records[pick.record]).collect();
    SharedBlock { payload, keys, records, headers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{RawRecord, Value};

    #[test]
    fn changes_become_rows() {
        let field = |name: &str, data_type, nullable| JsonField {
            path: vec![name.into()],
            data_type,
            nullable,
        };
        let fields = vec![field("id", DataType::Int, false), field("n", DataType::STRING, true)];
        for (schema_include, open, close) in [(false, "", ""), (true, "{\"payload\":", "}")] {
            let records = [
                r#"{"before": null, "after": {"id": 1, "n": "a"}, "op": "c", "ts_ms": 5}"#,
                r#"{"before": {"id": 1, "n": "a"}, "after": {"id": 1, "n": null}, "op": "u"}"#,
                r#"{"op": "t", "after": {"id": 1}}"#,
                r#"{"after": {"n": "x"}, "op": "r"}"#,
                r#"{"before": null, "after": {"id": 1}, "op": "u"}"#,
                r#"{"before": {"id": 1}, "after": null, "op": "d"}"#,
            ];
            let mut block = RawBlock::default();
            for record in records {
                let record = format!("{open}{record}{close}");
                block.push(Some(record.as_bytes()), None, RawRecord::default());
            }
            block.push(None, None, RawRecord::default());
            block.pad();
            let options = DebeziumOptions { schema_include, ..DebeziumOptions::default() };
            let decoded = DebeziumDecoder::new(fields.clone(), options).decode(block);
            let reasons: Vec<_> = decoded.rejected.iter().map(|(row, of)| (*row, &**of)).collect();
            assert_eq!(
                reasons,
                [
                    (3, "Unknown \"op\" value \"t\""),
                    (4, "field `id` is missing"),
                    (
                        5,
                        "The \"before\" field of UPDATE message is null; a table of Postgres needs \
                         REPLICA IDENTITY FULL"
                    ),
                ]
            );
            assert_eq!(decoded.skipped, [7]);
            assert_eq!(decoded.block.records.len(), 8);
            let kinds = decoded.kinds.unwrap();
            let shown = [0, 1, 2, 6].map(|row| {
                let value = |column: usize| match decoded.columns[column].value(row) {
                    Value::Null => "NULL".to_owned(),
                    Value::I64(number) => number.to_string(),
                    other => other.as_str().unwrap_or_default().to_owned(),
                };
                format!("{}[{}, {}]", kinds[row].short(), value(0), value(1))
            });
            assert_eq!(shown, ["+I[1, a]", "-U[1, a]", "+U[1, NULL]", "-D[1, NULL]"]);
        }
    }
}
