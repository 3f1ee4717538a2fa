use std::sync::Arc;

use super::Setup;
use super::rows::Rows;
use super::template::Template;
use crate::record::{Batch, BatchTime, Column, ColumnBuilder, DataType, Field, Schema, Value};
use crate::sink::http::DEFAULTS;
use crate::sql::plan::Table;

fn table(options: &[(&str, &str)]) -> Table {
    let tags = DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::BigInt));
    let fields = vec![
        Field::new("id", DataType::BigInt),
        Field::new("message", DataType::STRING),
        Field::new("metadata", DataType::STRING),
        Field::new("tags", tags),
        Field::new("at", DataType::Timestamp { precision: 3 }),
    ];
    let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
    Table {
        name: "alerts".into(),
        schema: Schema::new(fields),
        physical: vec![0, 1, 2, 3, 4],
        computed: vec![],
        metadata: vec![],
        watermark: None,
        primary_key: vec![],
        connector: "webhook".into(),
        options: options.collect(),
    }
}

fn rows() -> Rows {
    Rows::new(&table(&[("json.embed", "metadata")]), jiff::tz::TimeZone::UTC).unwrap()
}

/// One row with a message that a template has to withstand.
fn batch(message: Option<&str>, metadata: &str) -> Batch {
    let table = table(&[]);
    let tags = Value::Map([(Value::Str("k\"".into()), Value::I64(1))].into());
    let values = [
        Value::I64(7),
        message.map_or(Value::Null, |message| Value::Str(message.into())),
        Value::Str(metadata.into()),
        tags,
        Value::I64(1_767_609_000_250),
    ];
    let column = |(field, value): (&Field, Value)| -> Arc<Column> {
        let mut builder = ColumnBuilder::for_type(&field.data_type, 1);
        builder.push_value(&value);
        Arc::new(builder.finish())
    };
    let columns = table.schema.fields.iter().zip(values).map(column).collect();
    Batch::new(columns, 1, BatchTime::at(0))
}

const HOSTILE: &str = "用户\"}, {\"a\": \\ {id}\n\u{0}</b>";

#[test]
fn no_value_breaks_out_of_a_json_template() {
    let rows = rows();
    let source = r#"{"text": "{{id} is {id}: \"{message}\"", "n": {id}, "m": {message},
        "meta": {metadata}, "tags": {tags}, "as_text": "{tags}", "at": "{at}", "o": {}}"#;
    let template = Template::json(source, &rows).unwrap();
    let text = template.render(&rows, &batch(Some(HOSTILE), r#"{"count":150}"#), 0);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["text"], format!("{{id}} is 7: \"{HOSTILE}\""));
    assert_eq!((&value["n"], &value["m"]), (&7.into(), &HOSTILE.into()));
    assert_eq!((&value["meta"]["count"], &value["tags"]["k\""]), (&150.into(), &1.into()));
    assert_eq!(value["as_text"], r#"{"k\"":1}"#);
    assert_eq!(value["at"], "2026-01-05T10:30:00.250");
    // NULL is no text, and null as a value; text that is no JSON is not taken for it.
    let text = template.render(&rows, &batch(None, "{"), 0);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["text"], &value["m"]), (&"{id} is 7: \"\"".into(), &().into()));
    assert_eq!(value["meta"], "{");
}

#[test]
fn plain_text_is_as_it_is() {
    let rows = rows();
    let template = Template::plain("### {message}\n{ {{id} {id} {", &rows).unwrap();
    let text = template.render(&rows, &batch(Some("a \"b\""), ""), 0);
    assert_eq!(text, "### a \"b\"\n{ {id} 7 {");
}

#[test]
fn templates_that_cannot_be() {
    let fault = |source: &str| Template::json(source, &rows()).err().unwrap();
    assert!(fault(r#"{"a": "{mesage}"}"#).contains("did you mean 'message'?"));
    assert!(fault(r#"{"a": {nothing}}"#).contains("no column 'nothing'"));
    assert!(fault("alert: {message}").contains("is not JSON"));
    assert!(fault(r#"{"a": "{message}}"#).contains("is not JSON"));
    assert!(Template::plain("{mesage}", &rows()).is_err());
}

#[test]
fn options_that_mean_nothing() {
    let fault =
        |name: &str, value: &str| Setup::parse(&table(&[(name, value)]), &DEFAULTS).err().unwrap();
    assert!(fault("timeout", "soon").contains("'timeout': 'soon' is not a duration"));
    assert!(fault("retry.backoff", "x").contains("'retry.backoff'"));
    assert!(fault("retry.attempts", "0").contains("number from 1 on"));
    assert!(fault("rate-limit", "20").contains("not a rate like '20/1min'"));
    assert!(fault("allow-private", "no").contains("neither 'true' nor 'false'"));
}
