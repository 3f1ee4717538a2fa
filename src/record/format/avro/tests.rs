use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::decimal::DecimalType;
use crate::record::json::Decoded;
use crate::record::{Batch, BatchTime, ColumnBuilder, DataType, RawBlock, RawRecord, Value};

/// What fastavro 1.13 makes of one record of it stands in [`ORDER`].
const SCHEMA: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"long"},
    {"name":"unread","type":["null",{"type":"record","name":"Node","fields":[
        {"name":"label","type":"string"},{"name":"next","type":["null","Node"]}]}]},
    {"name":"customer","type":"string"},
    {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["NEW","PAID","SENT"]}},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
    {"name":"checksum","type":{"type":"fixed","name":"Md","size":4}},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"tod","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"ratio","type":["null","float"]},
    {"name":"weight","type":"double"},
    {"name":"gift","type":"boolean"},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"stock","type":{"type":"map","values":"int"}},
    {"name":"more","type":{"type":"array","items":"Node"}},
    {"name":"place","type":{"type":"record","name":"Place","fields":[
        {"name":"city","type":["null","string"]},{"name":"zip","type":"int"}]}}]}"#;
const ORDER: &str = "990102026102026200085a6fc3ab0206fe1dc00001feffe707cebf02aab2992b020000003f0000\
                     0000000002c00106027800047979000402610202620300020263000000807d";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn of_registry(record: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 7], record].concat()
}

fn block(records: &[Vec<u8>]) -> RawBlock {
    let mut block = RawBlock::default();
    records.iter().for_each(|record| block.push(Some(record), None, RawRecord::default()));
    block.pad();
    block
}

/// A table that reads records of [`SCHEMA`], which it knows as number 7.
fn reader(fields: &[Field]) -> AvroDecoder {
    let mut decoder = AvroDecoder::new(fields, fields.to_vec(), true).unwrap();
    decoder.learn(7, Ok(vec![SCHEMA.into()]));
    decoder
}

fn row(decoded: &Decoded, row: usize) -> Vec<Value> {
    decoded.columns.iter().map(|column| column.value(row)).collect()
}

fn reason(fields: &[Field], record: Vec<u8>) -> String {
    let decoded = reader(fields).decode(block(&[record]));
    let [(0, reason)] = &decoded.rejected[..] else { panic!("{:?}", row(&decoded, 0)) };
    reason.to_string()
}

fn decimal(precision: u8, scale: u8) -> DataType {
    DataType::Decimal(DecimalType { precision, scale })
}

fn text(text: &str) -> Value {
    Value::Str(text.into())
}

#[test]
fn a_record_of_another_writer() {
    let place = [Field::new("zip", DataType::BigInt), Field::new("city", DataType::STRING)];
    let texts = Arc::new(DataType::STRING);
    let fields = [
        Field::new("place", DataType::Row(place.into())),
        Field::new("id", DataType::BigInt),
        Field::new("customer", DataType::STRING),
        Field::new("kind", DataType::STRING),
        Field::new("price", decimal(12, 3)),
        Field::new("checksum", DataType::BYTES),
        Field::new("at", DataType::TimestampLtz { precision: 3 }),
        Field::new("day", DataType::Date),
        Field::new("tod", DataType::Time),
        Field::new("ratio", DataType::Double),
        Field::new("weight", DataType::Double),
        Field::new("gift", DataType::Boolean),
        Field::new("tags", DataType::Array(texts.clone())),
        Field::new("stock", DataType::Map(texts, Arc::new(DataType::Int))),
        Field::new("unheard_of", DataType::STRING),
    ];
    let decoded = reader(&fields).decode(block(&[of_registry(&bytes(ORDER)), Vec::new()]));
    assert_eq!((&decoded.rejected[..], &decoded.skipped[..]), (&[][..], &[1][..]));
    let wanted = vec![
        Value::Row([Value::I64(8000), Value::Null].into()),
        Value::I64(-77),
        text("Zoë"),
        text("PAID"),
        Value::decimal(-1_234_560),
        Value::Bytes([0, 1, 0xfe, 0xff].into()),
        // Half a millisecond before the epoch's last: down, not towards zero.
        Value::I64(-1),
        Value::I64(20_455),
        Value::I64(45_296_789),
        Value::F64(0.5),
        Value::F64(-2.25),
        Value::Bool(true),
        Value::Array([text("x"), text(""), text("yy")].into()),
        Value::Map([(text("a"), Value::I64(1)), (text("b"), Value::I64(-2))].into()),
        Value::Null,
    ];
    assert_eq!(row(&decoded, 0), wanted);
}

#[test]
fn what_does_not_fit_has_a_reason() {
    let one = |name: &str, of: DataType| vec![Field::new(name, of)];
    let order = || of_registry(&bytes(ORDER));
    let reason_of = |name: &str, of: DataType| reason(&one(name, of), order());
    assert_eq!(
        reason_of("customer", DataType::BigInt),
        "schema 7: field `customer` is a string, and its column BIGINT"
    );
    assert_eq!(
        reason_of("price", DataType::Double),
        "schema 7: field `price` is a decimal, and its column DOUBLE"
    );
    assert_eq!(reason_of("day", DataType::TinyInt), "field `day`: 20455 does not fit TINYINT");
    let id = Field { nullable: false, ..Field::new("nowhere", DataType::Int) };
    assert_eq!(reason(&[id], order()), "field `nowhere` is missing");
    let id = one("id", DataType::BigInt);
    assert!(reason(&id, bytes(ORDER)).starts_with("no zero and schema id in front"));
    assert_eq!(reason(&id, [order(), vec![1, 2]].concat()), "2 byte(s) behind the record");
    let mut other = order();
    other[4] = 8;
    assert_eq!(reason(&id, other.clone()), "schema 8 is not known");
    let mut decoder = reader(&id);
    let records = [order(), other];
    assert_eq!(decoder.missing(records.iter().map(|record| &record[..])), Some(8));
    decoder.learn(8, Err("the registry answers 404: Schema not found".into()));
    assert_eq!(decoder.missing(records.iter().map(|record| &record[..])), None);
    let decoded = decoder.decode(block(&records));
    let reason = "schema 8: the registry answers 404: Schema not found";
    assert_eq!(decoded.rejected, [(1, reason.into())]);
    assert_eq!(row(&decoded, 0), [Value::I64(-77)]);
}

/// Whatever comes: a row, or a reason.
#[test]
fn a_record_that_is_cut_short() {
    let whole = of_registry(&bytes(ORDER));
    for end in 1..whole.len() {
        reason(&[Field::new("place", DataType::Row([].into()))], whole[..end].to_vec());
        reason(&[Field::new("nowhere", DataType::STRING)], whole[..end].to_vec());
    }
}

#[test]
fn depth_and_emptiness_are_bounded() {
    let id = [Field::new("id", DataType::BigInt)];
    // A node in a node, and so on, in a field that nobody reads.
    let deep = [vec![2], [2, b'x', 2].repeat(100_000)].concat();
    assert_eq!(reason(&id, of_registry(&deep)), "values more than 64 deep");
    let schema = r#"{"type":"record","name":"r","fields":[
        {"name":"all","type":{"type":"array","items":"null"}}]}"#;
    let mut decoder = AvroDecoder::new(&id, id.to_vec(), true).unwrap();
    decoder.learn(1, Ok(vec![schema.into()]));
    let endless = [vec![0, 0, 0, 0, 1], vec![0xfe; 9], vec![1, 0]].concat();
    let decoded = decoder.decode(block(&[endless]));
    assert!(decoded.rejected[0].1.contains("elements without a byte"), "{:?}", decoded.rejected);
}

/// Names of schemas that stand before it, in namespaces of their own.
#[test]
fn a_schema_that_refers_to_others() {
    let texts = [
        r#"{"type":"enum","name":"Kind","namespace":"a.b","symbols":["x","y"]}"#,
        r#"{"type":"record","name":"Inner","namespace":"a","fields":[{"name":"kind","type":"a.b.Kind"}]}"#,
        r#"{"type":"record","name":"r","namespace":"a","fields":[
            {"name":"skipped","type":"Inner"},{"name":"kind","type":["null","a.b.Kind"]}]}"#,
    ]
    .map(str::to_owned);
    let fields = [Field::new("kind", DataType::STRING)];
    let record = [0, 0, 0, 0, 1, 0, 2, 2].to_vec();
    let decode = |texts: &[String]| {
        let mut decoder = AvroDecoder::new(&fields, fields.to_vec(), true).unwrap();
        decoder.learn(1, Ok(texts.to_vec()));
        decoder.decode(block(std::slice::from_ref(&record)))
    };
    assert_eq!(row(&decode(&texts), 0), [text("y")]);
    let short = decode(&texts[1..]);
    assert!(short.rejected[0].1.contains("there is no type 'a.b.Kind'"), "{:?}", short.rejected);
}

#[test]
fn schemas_that_are_none() {
    for (schema, wanted) in [
        ("{", "no JSON"),
        ("\"string\"", "it is not that of a record"),
        (r#"{"type":"record","name":"r","fields":[{"name":"a","type":"strnig"}]}"#, "'strnig'"),
        (r#"{"type":"record","name":"r","fields":[{"name":"a","type":[]}]}"#, "a union has"),
        (r#"{"type":"record","name":"r"}"#, "'fields'"),
        ("7", "7 is no type"),
    ] {
        let mut decoder = AvroDecoder::new(&[], Vec::new(), true).unwrap();
        decoder.learn(1, Ok(vec![schema.into()]));
        let decoded = decoder.decode(block(&[vec![0, 0, 0, 0, 1, 0]]));
        assert!(decoded.rejected[0].1.contains(wanted), "{schema}: {:?}", decoded.rejected);
    }
}

/// A column of each type.
fn columns() -> Vec<Field> {
    let inner = [Field::new("x", DataType::STRING)];
    let not_null = Field { nullable: false, ..Field::new("l", DataType::BigInt) };
    vec![
        Field::new("b", DataType::Boolean),
        Field::new("i", DataType::Int),
        not_null,
        Field::new("s", DataType::STRING),
        Field::new("d", decimal(20, 3)),
        Field::new("ts", DataType::Timestamp { precision: 3 }),
        Field::new("a", DataType::Array(Arc::new(DataType::Int))),
        Field::new("m", DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::Double))),
        Field::new("r", DataType::Row(inner.into())),
    ]
}

fn encoded(fields: &[Field], row: &[Value]) -> Vec<u8> {
    let column = |(field, value): (&Field, &Value)| {
        let mut column = ColumnBuilder::for_type(&field.data_type, 1);
        column.push_value(value);
        Arc::new(column.finish())
    };
    let columns = fields.iter().zip(row).map(column).collect();
    let batch = Batch::new(columns, 1, BatchTime::at(i64::MIN));
    let (encoder, mut out) = (AvroEncoder::new(fields), Vec::new());
    encoder.check(&batch).unwrap();
    encoder.encode_row(&batch, 0, &mut out);
    out
}

/// Records that fastavro 1.13 has written by the schema that Flink 2 gives such a table.
#[test]
fn records_are_as_others_write_them() {
    let fields = columns();
    let filled = vec![
        Value::Bool(false),
        Value::I64(-1),
        Value::I64(300),
        text("hé"),
        Value::decimal(12_345_678_901_234_567_891),
        Value::I64(1_767_225_600_000),
        Value::Array([Value::I64(1), Value::Null, Value::I64(-64)].into()),
        Value::Map([(text("k"), Value::F64(1.5))].into()),
        Value::Row([text("q")].into()),
    ];
    let hex = "02000201d804020668c3a9021200ab54a98ceb1f0ad30280a0d5edee660206020200027f000202026b02\
               000000000000f83f0002020271";
    assert_eq!(encoded(&fields, &filled), bytes(hex));
    let (null, empty) = (Value::Null, Value::Array([].into()));
    let map = Value::Map([].into());
    let inner = Value::Row([Value::Null].into());
    let least = Value::I64(i64::MIN);
    let bare = [&null, &null, &least, &null, &null, &null, &empty, &map, &inner].map(Value::clone);
    assert_eq!(encoded(&fields, &bare), bytes("0000ffffffffffffffffff01000000020002000200"));
    let mut strict = bare.to_vec();
    strict[2] = Value::Null;
    let refused = std::panic::catch_unwind(|| encoded(&fields, &strict)).unwrap_err();
    let refused = refused.downcast_ref::<String>().unwrap();
    assert!(refused.contains("column 'l' is NOT NULL"), "{refused}");
}

#[test]
fn the_schema_of_a_table() {
    let schema: serde_json::Value = serde_json::from_str(&schema_of(&columns()).unwrap()).unwrap();
    let wanted = serde_json::json!({"type": "record", "name": "record",
        "namespace": "org.apache.flink.avro.generated", "fields": [
        {"name": "b", "type": ["null", "boolean"], "default": null},
        {"name": "i", "type": ["null", "int"], "default": null},
        {"name": "l", "type": "long"},
        {"name": "s", "type": ["null", "string"], "default": null},
        {"name": "d", "type": ["null", {"type": "bytes", "logicalType": "decimal",
            "precision": 20, "scale": 3}], "default": null},
        {"name": "ts", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
            "default": null},
        {"name": "a", "type": ["null", {"type": "array", "items": ["null", "int"]}],
            "default": null},
        {"name": "m", "type": ["null", {"type": "map", "values": ["null", "double"]}],
            "default": null},
        {"name": "r", "type": ["null", {"type": "record", "name": "record_r",
            "namespace": "org.apache.flink.avro.generated",
            "fields": [{"name": "x", "type": ["null", "string"], "default": null}]}],
            "default": null}]});
    assert_eq!(schema, wanted);
    let odd = [Field::new("a b", DataType::Int)];
    assert!(schema_of(&odd).unwrap_err().contains("no field of the name 'a b'"));
    let odd = [Field::new("a", DataType::IntervalDayTime)];
    assert!(schema_of(&odd).unwrap_err().contains("column 'a': Avro has no INTERVAL"));
}

#[test]
fn a_multiset_is_a_map_of_counts() {
    let texts = Arc::new(DataType::STRING);
    let multiset = [Field::new("c", DataType::Multiset(texts.clone()))];
    let map = [Field::new("c", DataType::Map(texts, Arc::new(DataType::Int)))];
    assert_eq!(schema_of(&multiset), schema_of(&map));
    let value = [Value::Map([(text("a"), Value::I64(2)), (text("b"), Value::I64(1))].into())];
    assert_eq!(encoded(&multiset, &value), encoded(&map, &value));
    let mut decoder = AvroDecoder::new(&multiset, multiset.to_vec(), false).unwrap();
    let read = decoder.decode(block(&[encoded(&map, &value)]));
    assert_eq!((read.columns[0].value(0), read.rejected.len()), (value[0].clone(), 0));
    let numbers = [Field::new("c", DataType::Multiset(Arc::new(DataType::Int)))];
    assert!(schema_of(&numbers).unwrap_err().contains("Avro has no MULTISET<INT>"));
}

fn value(of: &DataType) -> BoxedStrategy<Value> {
    let some = match of {
        DataType::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        DataType::Int => any::<i32>().prop_map(|value| Value::I64(value.into())).boxed(),
        DataType::String { .. } => any::<String>().prop_map(|value| text(&value)).boxed(),
        DataType::Decimal(_) => {
            (-10_i128.pow(20) + 1..10_i128.pow(20)).prop_map(Value::decimal).boxed()
        }
        DataType::Double => any::<f64>().prop_map(Value::F64).boxed(),
        DataType::Array(of) => {
            prop::collection::vec(value(of), 0..9).prop_map(|all| Value::Array(all.into())).boxed()
        }
        DataType::Map(key, of) => {
            let key = value(key).prop_filter("keys", |key| !key.is_null());
            let entries = prop::collection::vec((key, value(of)), 0..9);
            let in_order = |mut all: Vec<(Value, Value)>| {
                crate::record::hashed::as_read(&mut all);
                Value::Map(all.into())
            };
            entries.prop_map(in_order).boxed()
        }
        DataType::Row(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| value(&field.data_type)).collect();
            fields.prop_map(|all| Value::Row(all.into())).boxed()
        }
        _ => any::<i64>().prop_map(Value::I64).boxed(),
    };
    prop_oneof![3 => some, 1 => Just(Value::Null)].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read(
        values in columns().iter().map(|field| value(&field.data_type)).collect::<Vec<_>>(),
        number: i64,
    ) {
        let fields = columns();
        let values: Vec<Value> = values.into_iter().enumerate()
            .map(|(at, value)| if at == 2 { Value::I64(number) } else { value })
            .collect();
        let mut decoder = AvroDecoder::new(&fields, fields.clone(), false).unwrap();
        let decoded = decoder.decode(block(&[encoded(&fields, &values)]));
        prop_assert_eq!(&decoded.rejected[..], &[][..]);
        prop_assert_eq!(row(&decoded, 0), values);
    }

    /// Bytes of nobody: never a panic, and as many rows as records.
    #[test]
    fn bytes_of_nobody(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..20)) {
        let fields = columns();
        let mut decoder = AvroDecoder::new(&fields, fields.clone(), false).unwrap();
        let count = records.len();
        let decoded = decoder.decode(block(&records));
        prop_assert!(decoded.columns.iter().all(|column| column.len() == count));
        let decoded = reader(&fields[..1]).decode(block(&records.iter().map(|it| of_registry(it)).collect::<Vec<_>>()));
        prop_assert!(decoded.columns.iter().all(|column| column.len() == count));
    }
}
