//! METADATA columns: what a source knows of a record besides the columns of its key and value.

use std::sync::Arc;

use crate::record::batch::Origin;
use crate::record::headers::Header;
use crate::record::{
    Column, ColumnBuilder, ColumnData, ColumnRef, DataType, TimestampType, Validity, Value,
};

/// Their names by connector.
pub fn names(connector: &str) -> &'static [&'static str] {
    match connector {
        "kafka" | "upsert-kafka" => &[
            "topic",
            "partition",
            "offset",
            "timestamp",
            "timestamp-type",
            "headers",
            "key",
            "sample-rate",
        ],
        _ => &["partition", "offset"],
    }
}

/// What there is instead of one that Flink lacks.
pub fn instead(connector: &str, name: &str) -> Option<&'static str> {
    match (connector, name) {
        ("kafka" | "upsert-kafka", "key") => {
            Some("read it as a column: 'key.format' = 'raw', 'key.fields' = 'that column'")
        }
        ("kafka" | "upsert-kafka", "sample-rate") => {
            Some("leave it out: every record is read there")
        }
        ("kafka" | "upsert-kafka", _) => None,
        ("filesystem", _) => Some("leave it out; there are 'file.path' and 'file.name'"),
        _ => Some("leave it out"),
    }
}

/// The type of one; a table may CAST it.
pub fn data_type(name: &str) -> DataType {
    match name {
        "partition" => DataType::Int,
        "offset" => DataType::BigInt,
        "timestamp" => DataType::TimestampLtz { precision: 3 },
        "headers" => DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::BYTES)),
        "key" => DataType::BYTES,
        "sample-rate" => DataType::Double,
        _ => DataType::STRING,
    }
}

/// A column of what is known of each record.
pub fn column(name: &str, origin: &Origin) -> ColumnRef {
    let records = &origin.block.records;
    let rows = records.len();
    Arc::new(match name {
        "partition" => {
            let partition = |index: u32| origin.partitions[index as usize] as i64;
            Column::i64s(records.iter().map(|record| partition(record.partition)).collect())
        }
        "offset" => Column::i64s(records.iter().map(|record| record.position).collect()),
        "sample-rate" => {
            let rate = |index: u32| origin.rates.as_ref().map_or(1.0, |of| of[index as usize]);
            let rates = records.iter().map(|record| rate(record.partition)).collect();
            Column::new(ColumnData::F64(rates), Validity::all())
        }
        "timestamp" => {
            let mut validity = Validity::all();
            let unknown = (0..rows).filter(|&row| records[row].timestamp < 0);
            unknown.for_each(|row| validity.set_null(row, rows));
            let times = records.iter().map(|record| record.timestamp).collect();
            Column::new(ColumnData::I64(times), validity)
        }
        "timestamp-type" => {
            let mut column = ColumnBuilder::for_type(&DataType::STRING, rows);
            for record in records {
                column.push_str(match record.timestamp_type {
                    TimestampType::Unknown => "NoTimestampType",
                    TimestampType::Create => "CreateTime",
                    TimestampType::LogAppend => "LogAppendTime",
                });
            }
            column.finish()
        }
        "headers" => {
            let maps = (0..rows).map(|row| map(origin.block.headers(row)));
            Column::new(ColumnData::Any(maps.collect()), Validity::all())
        }
        "key" => {
            let mut column = ColumnBuilder::for_type(&DataType::BYTES, rows);
            for row in 0..rows {
                match origin.block.key(row) {
                    Some(key) => column.push_bytes(key),
                    None => column.push_null(),
                }
            }
            column.finish()
        }
        _ => Column::constant(&Value::Str(origin.name.clone()), &DataType::STRING, rows),
    })
}

/// The headers of a record; of equal names the last one counts.
fn map(headers: Vec<Header<'_>>) -> Value {
    let mut entries: Vec<(Value, Value)> = Vec::new();
    for (name, value) in headers {
        let name = Value::Str(name.into());
        let value = value.map_or(Value::Null, |value| Value::Bytes(value.into()));
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name, value)),
        }
    }
    Value::Map(entries.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_headers_the_last_one_counts() {
        let headers: Vec<Header<'_>> = vec![("a", Some(b"1")), ("b", None), ("a", Some(b""))];
        let text = |text: &str| Value::Str(text.into());
        let entries = vec![(text("a"), Value::Bytes([].into())), (text("b"), Value::Null)];
        assert_eq!(map(headers), Value::Map(entries.into()));
        assert_eq!(map(Vec::new()), Value::Map([].into()));
    }
}
