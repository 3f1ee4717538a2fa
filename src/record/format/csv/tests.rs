use std::sync::Arc;

use super::*;
use crate::record::format::Format;
use crate::record::{Batch, BatchTime, RawBlock, RawRecord, Value};

fn options(given: &[(&str, &str)]) -> CsvOptions {
    let option = |name: &str| given.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    match Format::of("csv", option) {
        Ok(Format::Csv(options)) => options,
        other => panic!("{other:?}"),
    }
}

fn fields(types: &[DataType]) -> Vec<Field> {
    let field = |(at, of): (usize, &DataType)| Field::new(&format!("f{at}"), of.clone());
    types.iter().enumerate().map(field).collect()
}

/// The rows that records give, `!` and the reason for what is rejected, `-` for what is left out.
fn read(types: &[DataType], given: &[(&str, &str)], records: &[&str]) -> Vec<String> {
    let fields = fields(types);
    let mut decoder =
        CsvDecoder::new(types.len(), fields.into_iter().enumerate().collect(), options(given));
    let mut block = RawBlock::default();
    records.iter().for_each(|it| block.push(Some(it.as_bytes()), None, RawRecord::default()));
    block.pad();
    let decoded = decoder.decode(block);
    let row = |row: usize| {
        if let Some((_, reason)) = decoded.rejected.iter().find(|(at, _)| *at as usize == row) {
            return format!("! {reason}");
        }
        if decoded.skipped.contains(&(row as u32)) {
            return "-".into();
        }
        let show = |value: Value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Str(text) => text.to_string(),
            Value::I64(number) => number.to_string(),
            Value::F64(number) => format!("{number:?}"),
            other => format!("{other:?}"),
        };
        let values = decoded.columns.iter().map(|column| show(column.value(row)));
        values.collect::<Vec<_>>().join("|")
    };
    (0..records.len()).map(row).collect()
}

const ONE_OF_EACH: [DataType; 4] =
    [DataType::Int, DataType::STRING, DataType::BigInt, DataType::Double];

#[test]
fn fields_of_a_record() {
    let read = |record| read(&ONE_OF_EACH, &[], &[record]).remove(0);
    assert_eq!(read("1,a,10,1.5"), "1|a|10|1.5");
    assert_eq!(read("2,\"b,c\",-5,1e3\r\n"), "2|b,c|-5|1000.0");
    assert_eq!(read("3,\"x\"\"y\",+0,.1"), "3|x\"y|0|0.1");
    assert_eq!(read(" 2 ,\"b\" , 5 ,NaN"), "2|b|5|NaN");
    assert_eq!(read("3, \"q\" ,1,1,"), "3| \"q\" |1|1.0");
    assert_eq!(read("1,\"a\nb\",1,1"), "1|a\nb|1|1.0");
    assert_eq!(read("\u{feff}1,,1,1"), "1||1|1.0");
    for (record, reason) in [
        ("1,a,x,1", "Fail to deserialize at field: f2."),
        ("1,a,,1", "Fail to deserialize at field: f2."),
        ("99999999999,a,1,1", "Fail to deserialize at field: f0."),
        ("1,a,1", "Row length mismatch. 4 fields expected but was 3."),
        ("1,a,1,1,zz", "Row length mismatch. 4 fields expected but was 5."),
        ("", "Row length mismatch. 4 fields expected but was 1."),
        ("1,\"a,1,1", "Missing closing quote for value"),
        ("1,\"a\"x,1,1", "Unexpected character ('x')"),
        ("1,a,1,1\n2,b,2,2", "there is another line behind the first"),
    ] {
        assert!(read(record).starts_with('!') && read(record).contains(reason), "{}", read(record));
    }
}

#[test]
fn what_does_not_fit_is_null_where_errors_are_ignored() {
    let ignore = [("csv.ignore-parse-errors", "true")];
    let rows =
        read(&ONE_OF_EACH, &ignore, &["x,a,x,x", "1,a", "1,a,1,1,zz", "1,\"a", "", "1,N,2,3"]);
    assert_eq!(
        rows,
        ["NULL|a|NULL|NULL", "1|a|NULL|NULL", "-", "-", "NULL|NULL|NULL|NULL", "1|N|2|3.0"]
    );
}

#[test]
fn options_say_what_is_what() {
    let two = [DataType::STRING, DataType::STRING];
    let all = |given: &[(&str, &str)], record| read(&two, given, &[record]).remove(0);
    assert_eq!(
        all(&[("csv.field-delimiter", ";"), ("csv.quote-character", "'")], "'a;b';\"c"),
        "a;b|\"c"
    );
    assert_eq!(all(&[("csv.field-delimiter", "\\t")], "a,b\tc"), "a,b|c");
    assert_eq!(all(&[("csv.disable-quote-character", "true")], "\"a\",\"b\"c"), "\"a\"|\"b\"c");
    assert_eq!(all(&[("csv.null-literal", "n/a")], "n/a,\"n/a\""), "NULL|NULL");
    assert_eq!(all(&[("csv.allow-comments", "true")], "  #a,b"), "-");
    assert_eq!(all(&[("csv.escape-character", "\\")], "a\\,b,\"x\\\"y\\n\\\\\""), "a,b|x\"y\n\\");
    let option = |_: &str| Some("ab");
    assert!(Format::of("csv", option).is_err());
}

#[test]
fn times_and_collections() {
    let of = |kind: DataType, text: &str| {
        read(&[DataType::Int, kind], &[], &[&format!("1,{text}")]).remove(0)
    };
    assert_eq!(of(DataType::Date, "2024-02-30"), "1|19783");
    assert_eq!(of(DataType::Date, "1970-1-2"), "1|1");
    assert!(of(DataType::Date, " 1970-01-02").starts_with('!'));
    assert_eq!(of(DataType::Time, "00:01"), "1|60000");
    let timestamp = DataType::Timestamp { precision: 3 };
    assert_eq!(of(timestamp.clone(), " 1970-01-01 00:00:01.5 "), "1|1500");
    assert!(of(timestamp.clone(), "1970-01-01").starts_with('!'));
    assert!(of(timestamp, "1970-01-01T00:00:01").starts_with('!'));
    let instant = DataType::TimestampLtz { precision: 3 };
    assert_eq!(of(instant.clone(), "1970-01-01 00:00:01Z"), "1|1000");
    assert!(of(instant, "1970-01-01 00:00:01").starts_with('!'));
    let array = DataType::Array(Arc::new(DataType::Int));
    assert_eq!(of(array.clone(), "1;2"), "1|Array([I64(1), I64(2)])");
    assert_eq!(of(array.clone(), ""), "1|Array([])");
    assert!(of(array, "1;x").starts_with('!'));
    let row = DataType::Row(fields(&[DataType::Int, DataType::STRING]).into());
    assert_eq!(of(row.clone(), "7;x"), "1|Row([I64(7), Str(\"x\")])");
    assert_eq!(of(row.clone(), ""), "1|NULL");
    assert!(of(row, "7").starts_with('!'));
}

/// As Flink's sink wrote the same.
#[test]
fn quotes_are_written_where_jackson_sets_them() {
    let write = |given: &[(&str, &str)], text: &str| {
        let encoder = CsvEncoder::new(&fields(&[DataType::STRING]), options(given));
        let mut column = crate::record::ColumnBuilder::for_type(&DataType::STRING, 1);
        column.push_str(text);
        let batch = Batch::new(vec![Arc::new(column.finish())], 1, BatchTime::at(0));
        let mut out = Vec::new();
        encoder.encode_row(&batch, 0, &mut out);
        String::from_utf8(out).unwrap()
    };
    for (text, plain, semicolon, escaped) in [
        ("a", "a", "a", "a"),
        ("", "", "", ""),
        ("a b", "\"a b\"", "\"a b\"", "\"a b\""),
        ("x\"y", "\"x\"\"y\"", "\"x\"\"y\"", "\"x\"\"y\""),
        (
            "abcdefghijklmnopqrstuvwx",
            "abcdefghijklmnopqrstuvwx",
            "abcdefghijklmnopqrstuvwx",
            "abcdefghijklmnopqrstuvwx",
        ),
        ("-", "-", "\"-\"", "-"),
        ("a;b", "a;b", "\"a;b\"", "a;b"),
        ("N/A", "N/A", "\"N/A\"", "N/A"),
        ("a\\b", "\"a\\b\"", "\"a\\b\"", "\"a\\\\b\""),
        ("\u{e9}", "\u{e9}", "\u{e9}", "\u{e9}"),
    ] {
        assert_eq!(write(&[], text), plain);
        assert_eq!(write(&[("csv.field-delimiter", ";")], text), semicolon);
        assert_eq!(write(&[("csv.escape-character", "\\")], text), escaped);
        assert_eq!(write(&[("csv.disable-quote-character", "true")], text), text);
    }
    let long = "abcdefghijklmnopqrstuvwxyz";
    assert_eq!(write(&[], long), format!("\"{long}\""));
}

#[test]
fn a_record_goes_on_while_its_quotes_are_open() {
    let mut quotes = OpenQuotes::new(options(&[("csv.allow-comments", "true")]));
    let mut after = |line: &str| quotes.after(line.as_bytes());
    assert!(!after("a,b\n"));
    assert!(!after("a\",b\n"));
    assert!(!after("#\"\n"));
    assert!(after("a,\"b\n"));
    assert!(after("c,d \"\"\n"));
    assert!(!after("e\",\"f\"\n"));
    assert!(after("\"\n"));
}
