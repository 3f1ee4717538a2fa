use super::*;
use crate::decimal::DecimalType;
use crate::record::{Batch, BatchTime, ColumnBuilder, RawRecord, Schema, Value};

const SAMPLE: &str = r#"{"user_id":"user_000123","event_type":"click","n":12,"price":12.375,"raw":"AQID/w==","timestamp":1760000000.123,"ok":true,"properties":{"referrer":"google","device":"mobile"},"z":[1,"a"],"e":null}"#;

fn fields() -> Vec<JsonField> {
    let field = |path: &str, data_type| JsonField {
        path: path.split('.').map(Arc::from).collect(),
        data_type,
        nullable: true,
    };
    vec![
        field("user_id", DataType::STRING),
        field("n", DataType::BigInt),
        field("timestamp", DataType::Double),
        field("ok", DataType::Boolean),
        field("properties.device", DataType::STRING),
        field("price", DataType::Decimal(DecimalType::new(6, 2))),
        field("raw", DataType::BYTES),
    ]
}

fn block(records: &[Vec<u8>]) -> RawBlock {
    let mut block = RawBlock::default();
    records.iter().for_each(|r| block.push(Some(r), None, RawRecord::default()));
    block.pad();
    block
}

fn show(decoded: &Decoded) -> Vec<String> {
    let bad: std::collections::HashMap<_, _> = decoded.rejected.iter().cloned().collect();
    let row = |row: usize| match bad.get(&(row as u32)) {
        Some(reason) => reason.to_string(),
        None if decoded.skipped.contains(&(row as u32)) => "skipped".into(),
        None => format!("{:?}", decoded.columns.iter().map(|c| c.value(row)).collect::<Vec<_>>()),
    };
    (0..decoded.block.records.len()).map(row).collect()
}

fn decode(text: &str) -> String {
    let mut decoder = JsonDecoder::new(fields(), JsonOptions::default());
    show(&decoder.decode(block(&[text.as_bytes().to_vec()]))).remove(0)
}

#[test]
fn reads_values_by_flinks_rules() {
    let text = decode(r#"{"user_id":1.50,"n":"5","timestamp":-0,"ok":"true"}"#);
    assert_eq!(text, r#"[Str("1.50"), I64(5), F64(-0.0), Bool(true), Null, Null, Null]"#);
    let text = decode(r#"{"user_id":{"a": [1, 2]},"n":5.7,"n":9007199254740993}"#);
    assert_eq!(
        text,
        r#"[Str("{\"a\":[1,2]}"), I64(9007199254740993), Null, Null, Null, Null, Null]"#
    );
    // Java's trim takes control characters, and no blanks beyond ASCII.
    let text = decode(r#"{"n":"\u000e5 ","ok":"\u000etrue","timestamp":"\t5"}"#);
    assert_eq!(text, "[Null, I64(5), F64(5.0), Bool(true), Null, Null, Null]");
    assert!(decode(r#"{"ok":"\u3000true"}"#).contains("Bool(false)"));
    for wide in ["n", "timestamp", "price"] {
        let text = decode(&format!(r#"{{"{wide}":"5\u3000"}}"#));
        assert_eq!(text, format!("Fail to deserialize at field: {wide}."));
    }
    assert_eq!(decode(r#"{"n":"abc"}"#), "Fail to deserialize at field: n.");
    assert_eq!(decode(r#"{"n":18446744073709551615}"#), "Fail to deserialize at field: n.");
    let price = |text: &str| decode(&format!("{{\"price\":{text}}}"));
    for (text, unscaled) in [("1.005", 101), ("-1.005", -101), ("\" 1.5 \"", 150), ("1e-400", 0)] {
        assert!(price(text).contains(&format!("Decimal(Unscaled({unscaled}))")), "{}", price(text));
    }
    assert_eq!(price("99999.5"), "[Null, Null, Null, Null, Null, Null, Null]");
    assert_eq!(price("true"), "Fail to deserialize at field: price.");
    assert!(decode(r#"{"raw":"AQ\u003d= AA=="}"#).ends_with("Bytes([1, 0])]"));
    for bad in ["AQ=", "A===", "AQID-", "A Q==", "=AQI", "AQ=I"] {
        let text = decode(&format!("{{\"raw\":\"{bad}\"}}"));
        assert_eq!(text, "Fail to deserialize at field: raw.", "{bad}");
    }
    assert!(decode(r#"{"raw":"AQID AA=="}"#).ends_with("Bytes([1, 2, 3, 0])]"));
    assert_eq!(decode(r#"{"raw":5}"#), "Fail to deserialize at field: raw.");
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    assert!(decode(&deep).contains("too deep"));
}

/// Members are named by texts, also where keys are none: for what has no format that would refuse them.
#[test]
fn multisets_and_maps_are_objects() {
    let counts = [(2, Value::Str("a".into())), (1, Value::Str("b \"c\"".into()))];
    let texts = counts.map(|(count, text)| (text, Value::I64(count)));
    let numbers = [(Value::I64(7), Value::I64(2)), (Value::Null, Value::I64(1))];
    let days = [(Value::I64(0), Value::F64(1.5))];
    for (data_type, value, wanted) in [
        (DataType::Multiset(DataType::STRING.into()), &texts[..], r#"{"a":2,"b \"c\"":1}"#),
        (DataType::Multiset(DataType::Int.into()), &numbers[..], r#"{"7":2,"null":1}"#),
        (DataType::Multiset(DataType::Int.into()), &[], "{}"),
        (
            DataType::Map(DataType::Date.into(), DataType::Double.into()),
            &days[..],
            r#"{"1970-01-01":1.5}"#,
        ),
    ] {
        let mut column = ColumnBuilder::for_type(&data_type, 1);
        column.push_value(&Value::Map(value.into()));
        let batch = Batch::new(vec![Arc::new(column.finish())], 1, BatchTime::at(0));
        let schema = Schema::new(vec![Field::new("c", data_type)]);
        let mut out = Vec::new();
        JsonEncoder::new(&schema, JsonStyle::default(), vec![]).encode_row(&batch, 0, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{{\"c\":{wanted}}}"));
    }
}

#[test]
fn templates_agree_with_the_general_way_and_serde_json() {
    let mut state = 7u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let mut fast = JsonDecoder::new(fields(), JsonOptions::default());
    let mut slow = JsonDecoder::new(fields(), JsonOptions::default()).without_templates();
    let alphabet = b"\"\\{}[]:,.0123456789eE+-truefalsnu \n\x00\xc3\xa9\xff";
    for _ in 0..400 {
        let mut records = Vec::new();
        for _ in 0..512 {
            let mut record = SAMPLE.replace("123", &random(100_000).to_string()).into_bytes();
            for _ in 0..random(3) {
                let at = random(record.len());
                match random(4) {
                    0 => record[at] = alphabet[random(alphabet.len())],
                    1 => record.insert(at, alphabet[random(alphabet.len())]),
                    2 => drop(record.remove(at)),
                    _ => record.truncate(at + 1),
                }
            }
            records.push(record);
        }
        let a = fast.decode(block(&records));
        let b = slow.decode(block(&records));
        for ((x, y), record) in show(&a).iter().zip(&show(&b)).zip(&records) {
            assert_eq!(x, y, "{}", String::from_utf8_lossy(record));
        }
        for (row, record) in records.iter().enumerate() {
            let broken =
                a.rejected.iter().any(|(r, why)| *r == row as u32 && why.starts_with("Failed"));
            let object = serde_json::from_slice::<serde_json::Value>(record);
            if record.trim_ascii().is_empty() {
                continue;
            }
            let theirs = object.is_ok_and(|json| json.is_object());
            assert_eq!(!broken, theirs, "{}", String::from_utf8_lossy(record));
        }
    }
}

#[test]
fn a_character_that_two_records_share_is_of_neither() {
    let record = |n: &[u8]| [b"{\"user_id\":\"", n, b"\"}"].concat();
    let mut decoder = JsonDecoder::new(fields(), JsonOptions::default());
    let whole = record("ä".as_bytes());
    let (cut, rest) = whole.split_at(whole.iter().position(|byte| *byte == 0xc3).unwrap() + 1);
    let records = [whole.clone(), cut.to_vec(), rest.to_vec(), whole.clone()];
    let shown = show(&decoder.decode(block(&records)));
    let broken = "Failed to deserialize JSON: not UTF-8";
    assert_eq!(shown[1..3], [broken, broken]);
    assert!(shown[0].contains("Str(\"ä\")") && shown[3] == shown[0], "{shown:?}");
    // And beside one that spoils the text of all.
    let shown = show(&decoder.decode(block(&[whole, record(b"\xff")])));
    assert!(shown[0].contains("Str(\"ä\")") && shown[1] == broken, "{shown:?}");
}
