//! Tables and batches for a sink that is called directly.

use std::sync::Arc;

use pelton::metrics::Metrics;
use pelton::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, Field, Schema, Value};
use pelton::sink::{Publisher, Sink, SinkContext};
use pelton::sql::plan::Table;

pub type Column<'a> = (&'a str, DataType, Nulls);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    Yes,
    No,
}

pub fn table(columns: &[Column<'_>], options: &[(&str, &str)]) -> Arc<Table> {
    let field = |(name, data_type, nulls): &Column<'_>| Field {
        nullable: *nulls == Nulls::Yes,
        ..Field::new(name, data_type.clone())
    };
    let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
    Arc::new(Table {
        name: "rows".into(),
        schema: Schema::new(columns.iter().map(field).collect()),
        physical: (0..columns.len()).collect(),
        computed: vec![],
        metadata: vec![],
        watermark: None,
        primary_key: vec![],
        connector: "clickhouse".into(),
        options: options.collect(),
    })
}

pub fn batch(columns: &[Column<'_>], rows: &[Vec<Value>]) -> Batch {
    let types = columns.iter().map(|(_, data_type, _)| data_type.clone()).collect();
    let mut builder = BatchBuilder::new(types);
    for row in rows {
        for (column, value) in builder.columns().iter_mut().zip(row) {
            column.push_value(value);
        }
        builder.end_row(ChangeKind::Insert);
    }
    builder.finish(BatchTime::at(0))
}

pub fn text(value: &str) -> Value {
    Value::Str(value.into())
}

pub const NUMBERS: [Column<'static>; 2] =
    [("n", DataType::BigInt, Nulls::No), ("s", DataType::STRING, Nulls::No)];

/// Rows with these numbers.
pub fn numbers(range: std::ops::Range<i64>) -> Batch {
    let rows: Vec<Vec<Value>> =
        range.map(|n| vec![Value::I64(n), text(&format!("row {n}"))]).collect();
    batch(&NUMBERS, &rows)
}

/// The start of a job, as far as a chunk's name knows of it.
pub fn publisher() -> Publisher {
    Publisher {
        job: "archive".into(),
        state: "00ff".into(),
        start: 1,
        owner: "me".into(),
        epoch: 0,
        take_over: false,
    }
}

pub fn open(
    columns: &[Column<'_>],
    options: &[(&str, &str)],
    publisher: Option<Publisher>,
) -> Result<(Box<dyn Sink>, SinkContext), String> {
    let context = SinkContext::default();
    let table = table(columns, options);
    let sink = pelton::sink::clickhouse::open(table, context.clone(), publisher, &Metrics::new())?;
    Ok((sink, context))
}
