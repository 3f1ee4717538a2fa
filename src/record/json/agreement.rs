//! What is decoded is what `serde_json` reads, by another way to every column; or the record is
//! refused. On cases by hand, and on records that are made and spoilt.

mod values;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use self::values::VALUES;
use super::*;
use crate::decimal::{self, DecimalType};
use crate::fault::mutation::{Random, count};
use crate::record::{Field, RawRecord, Value};

/// Records of one block.
const BLOCK: usize = 256;
const USUAL: usize = 50_000;
const DECIMAL: DecimalType = DecimalType::new(6, 2);

fn fields() -> Vec<JsonField> {
    let field = |path: &str, data_type| JsonField {
        path: path.split('.').map(Arc::from).collect(),
        data_type,
        nullable: true,
    };
    let row = [("a", DataType::Int), ("b", DataType::STRING), ("d", DataType::Decimal(DECIMAL))];
    let row = row.map(|(name, data_type)| Field { name: name.into(), data_type, nullable: true });
    vec![
        field("s", DataType::STRING),
        field("n", DataType::BigInt),
        field("i", DataType::TinyInt),
        field("x", DataType::Double),
        field("f", DataType::Float),
        field("ok", DataType::Boolean),
        field("p.device", DataType::STRING),
        field("p.deep.n", DataType::BigInt),
        field("d", DataType::Decimal(DECIMAL)),
        field("r", DataType::Row(row.into())),
        field("m", DataType::Map(DataType::STRING.into(), DataType::Double.into())),
        field("l", DataType::Array(DataType::BigInt.into())),
    ]
}

/// What stands in a JSON text, kept as text.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A column of a record, by `serde_json`; the error: the record cannot be used.
fn expected(json: &str, path: &[Arc<str>], data_type: &DataType) -> Result<Value, ()> {
    let Some((key, rest)) = path.split_first() else { return converted(json, data_type) };
    let members = serde_json::from_str::<Members>(json).unwrap_or_default();
    match members.get(&**key) {
        Some(value) => expected(value.get(), rest, data_type),
        None => Ok(Value::Null),
    }
}

fn converted(json: &str, data_type: &DataType) -> Result<Value, ()> {
    let first = json.as_bytes()[0];
    let text = serde_json::from_str::<String>(json).ok();
    if first == b'n' {
        return Ok(Value::Null);
    }
    match (first, data_type) {
        (b'{', DataType::Row(fields)) => {
            let path = |field: &Field| [field.name.clone()];
            let values = fields.iter().map(|field| expected(json, &path(field), &field.data_type));
            Ok(Value::Row(values.collect::<Result<_, _>>()?))
        }
        (b'{', DataType::Map(_, kind)) => {
            let members = serde_json::from_str::<Members>(json).unwrap();
            let entry = |(key, value): (String, &RawValue)| {
                Ok((Value::Str(key.into()), converted(value.get(), kind)?))
            };
            Ok(Value::Map(members.into_iter().map(entry).collect::<Result<_, _>>()?))
        }
        (b'[', DataType::Array(kind)) => {
            let items = serde_json::from_str::<Vec<&RawValue>>(json).unwrap();
            let items = items.iter().map(|item| converted(item.get(), kind));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (_, DataType::String { .. }) => Ok(Value::Str(text.as_deref().unwrap_or(json).into())),
        (b't' | b'f', DataType::Boolean) => Ok(Value::Bool(first == b't')),
        (_, DataType::Row(_) | DataType::Map(..) | DataType::Array(_)) => Err(()),
        (b'{' | b'[' | b't' | b'f', _) => Err(()),
        _ => scalar(text.as_deref().unwrap_or(json), text.is_some(), data_type),
    }
}

/// A number, or a text that should be one.
fn scalar(text: &str, is_text: bool, data_type: &DataType) -> Result<Value, ()> {
    let trimmed = text.trim();
    match data_type {
        DataType::Boolean => Ok(Value::Bool(trimmed.eq_ignore_ascii_case("true"))),
        DataType::Double => double(text, is_text).map(Value::F64),
        DataType::Float => {
            double(text, is_text)?;
            Ok(Value::F64(f64::from(trimmed.trim_end_matches(['d', 'f']).parse::<f32>().unwrap())))
        }
        DataType::Decimal(_) => {
            let text = text.trim_matches(|c| c <= ' ');
            hundredths(text).map(|value| value.map_or(Value::Null, Value::decimal))
        }
        kind => {
            let whole = match trimmed.parse::<i64>() {
                Ok(whole) => whole,
                Err(_) if is_text || !trimmed.contains(['.', 'e', 'E']) => return Err(()),
                Err(_) => {
                    let value = trimmed.parse::<f64>().unwrap().trunc();
                    let whole = value as i128;
                    i64::try_from(whole).map_err(drop)?
                }
            };
            let fits = match kind {
                DataType::TinyInt => i8::try_from(whole).is_ok(),
                DataType::Int => i32::try_from(whole).is_ok(),
                _ => true,
            };
            if fits { Ok(Value::I64(whole)) } else { Err(()) }
        }
    }
}

fn double(text: &str, is_text: bool) -> Result<f64, ()> {
    if is_text {
        return crate::number::parse_java(text).ok_or(());
    }
    text.parse().map_err(drop)
}

/// A decimal in hundredths, digit by digit; `None`: it has too many of them.
fn hundredths(text: &str) -> Result<Option<i128>, ()> {
    // What is no number, the other way says.
    let known = decimal::parse(text.as_bytes(), DECIMAL).map_err(drop)?;
    let unsigned = text.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent: i64 = exponent.parse().unwrap();
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let digits = &digits[leading..];
    // Digits before the point of the value in hundredths.
    let point = whole.len() as i64 - leading as i64 + exponent + 2;
    if digits.is_empty() || point < 0 {
        return Ok(Some(0));
    }
    if point > 6 {
        return Ok(None);
    }
    let digit = |at: i64| digits.as_bytes().get(at as usize).map_or(0, |c| i128::from(c - b'0'));
    let value = (0..point).fold(0, |value, at| value * 10 + digit(at));
    let value = value + i128::from(digit(point) >= 5);
    let value = if text.starts_with('-') { -value } else { value };
    let found = (value.abs() < 1_000_000).then_some(value);
    assert_eq!(found, known, "{text}");
    Ok(found)
}

/// Reads all of a text, so that whatever is no JSON is an error.
struct Whole;

impl<'de> serde::Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Whole;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("JSON")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_str<E>(self, _: &str) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_unit<E>(self) -> Result<Whole, E> {
                Ok(Whole)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut of: A) -> Result<Whole, A::Error> {
                while of.next_element::<Whole>()?.is_some() {}
                Ok(Whole)
            }

            // A number too, where 64 bits do not hold it.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut of: A) -> Result<Whole, A::Error> {
                while of.next_entry::<String, Whole>()?.is_some() {}
                Ok(Whole)
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// What a record must come to: values, or the beginning of the reason why there are none.
fn wanted(record: &[u8], fields: &[JsonField]) -> Result<Vec<Value>, &'static str> {
    if record.iter().all(|byte| b" \t\r\n".contains(byte)) {
        return Err("skipped");
    }
    let json = std::str::from_utf8(record).map_err(|_| "Failed to deserialize JSON: not UTF-8")?;
    let broken = "Failed to deserialize JSON: ";
    match serde_json::from_str::<Whole>(json) {
        Ok(_) => {}
        // Of a depth that we still take; cases by hand have those that we don't.
        Err(error) if error.to_string().contains("recursion") => {}
        Err(_) => return Err(broken),
    }
    let json = json.trim_matches([' ', '\t', '\r', '\n']);
    if !json.starts_with('{') {
        return Err(broken);
    }
    let values = fields.iter().map(|field| expected(json, &field.path, &field.data_type));
    values.collect::<Result<_, _>>().map_err(|()| "Fail to deserialize at field: ")
}

/// A JSON text in a STRING column need not be the same to the byte.
fn is_same(found: &Value, wanted: &Value) -> bool {
    let (Value::Str(found), Value::Str(wanted)) = (found, wanted) else {
        return match (found, wanted) {
            (Value::Row(found), Value::Row(wanted)) => {
                found.len() == wanted.len()
                    && found.iter().zip(wanted.iter()).all(|(a, b)| is_same(a, b))
            }
            _ => format!("{found:?}") == format!("{wanted:?}"),
        };
    };
    found == wanted || wanted.starts_with(['{', '[']) && same_json(found, wanted)
}

/// Equal but for blanks, the way strings are escaped, and numbers, which come as doubles.
fn same_json(found: &str, wanted: &str) -> bool {
    let strings = |json: &str| serde_json::from_str::<String>(json).ok();
    match (found.as_bytes()[0], wanted.as_bytes()[0]) {
        (b'{', b'{') => {
            let [found, wanted] = [found, wanted].map(serde_json::from_str::<Members>);
            let (found, wanted) = (found.unwrap(), wanted.unwrap());
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(&wanted)
                    .all(|((name, a), (other, b))| name == other && same_json(a.get(), b.get()))
        }
        (b'[', b'[') => {
            let [found, wanted] =
                [found, wanted].map(|it| serde_json::from_str::<Vec<&RawValue>>(it).unwrap());
            found.len() == wanted.len()
                && found.iter().zip(&wanted).all(|(a, b)| same_json(a.get(), b.get()))
        }
        (_, b'-' | b'0'..=b'9') => {
            let found = strings(found).unwrap_or(found.to_owned());
            let [found, wanted] = [found.as_str(), wanted].map(|it| it.to_lowercase());
            let numbers = [&found, &wanted].map(|it| it.parse::<f64>().unwrap());
            numbers[0] == numbers[1]
        }
        _ => found == wanted || strings(found).is_some() && strings(found) == strings(wanted),
    }
}

/// Decodes blocks of records both ways, and compares each record with what it must come to.
struct Check {
    fields: Vec<JsonField>,
    fast: JsonDecoder,
    slow: JsonDecoder,
    taken: usize,
    refused: usize,
}

impl Check {
    fn new() -> Self {
        let decoder = || JsonDecoder::new(fields(), JsonOptions::default());
        let (fast, slow) = (decoder(), decoder().without_templates());
        Self { fields: fields(), fast, slow, taken: 0, refused: 0 }
    }

    fn block(&mut self, records: &[Vec<u8>]) {
        let block = || {
            let mut block = RawBlock::default();
            records.iter().for_each(|it| block.push(Some(it), None, RawRecord::default()));
            block
        };
        let decoded = [self.fast.decode(block()), self.slow.decode(block())];
        for (row, record) in records.iter().enumerate() {
            let wanted = wanted(record, &self.fields);
            match wanted {
                Ok(_) => self.taken += 1,
                Err(_) => self.refused += 1,
            }
            for found in decoded.iter().map(|decoded| found(decoded, row as u32)) {
                let same = match (&found, &wanted) {
                    (Ok(found), Ok(wanted)) => {
                        found.iter().zip(wanted).all(|(found, wanted)| is_same(found, wanted))
                    }
                    (Err(found), Err(wanted)) => found.starts_with(wanted),
                    _ => false,
                };
                let record = String::from_utf8_lossy(record);
                assert!(same, "{record}\ngives  {found:?}\nnot    {wanted:?}");
            }
        }
    }
}

/// The values of a row, or why there are none.
fn found(decoded: &Decoded, row: u32) -> Result<Vec<Value>, String> {
    let rejected = decoded.rejected.binary_search_by_key(&row, |(row, _)| *row);
    match rejected {
        Ok(at) => Err(decoded.rejected[at].1.to_string()),
        Err(_) if decoded.skipped.binary_search(&row).is_ok() => Err("skipped".into()),
        Err(_) => Ok(decoded.columns.iter().map(|column| column.value(row as usize)).collect()),
    }
}

const FLAT: &[&str] = &["n", "i", "x", "f", "ok", "p", "d", "other"];
const KEYS: &[&str] = &["s", "n", "i", "x", "f", "ok", "p", "d", "r", "m", "l", "other"];

/// Every value in the place of every column.
#[test]
fn every_value_in_every_column() {
    let mut check = Check::new();
    for (value, is_json) in VALUES {
        assert_eq!(serde_json::from_str::<Whole>(value).is_ok(), *is_json, "{value}");
        let records = KEYS.iter().map(|key| format!("{{\"{key}\":{value}}}").into_bytes());
        let records: Vec<_> = records.collect();
        check.block(&records);
        // Now with templates of it.
        check.block(&records);
    }
    assert!(check.taken > 800 && check.refused > 800, "{} {}", check.taken, check.refused);
}

/// What is no object, or more than one, or in another encoding.
#[test]
fn whole_records() {
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{\"n\":1}".encode_utf16().flat_map(u16::to_le_bytes));
    let bytes: &[&[u8]] = &[
        b"",
        b" \t\r\n",
        b"null",
        b"5",
        b"\"text\"",
        b"[]",
        b"[{\"n\":1}]",
        b"{\"n\":1} x",
        b"{\"n\":1}{\"n\":2}",
        b"{\"n\":1}\0",
        b"{\"n\":1}\n\n ",
        b" \r\n{ \"n\" :\t1 ,\n\"s\":\"a\" } ",
        b"{\"n\":1\x0c}",
        b"\xef\xbb\xbf{\"n\":1}",
        b"{\"s\":\"\xff\"}",
        b"{\"s\":\"\xc0\x80\"}",
        b"{\"s\":\"\xed\xa0\x80\"}",
        b"{\"s\":\"\xf4\x90\x80\x80\"}",
        b"{\"s\":\"\xe2\x82\"}",
        b"{\"\xff\":1}",
        b"{\"n\":1",
        b"{\"n\":",
        b"{\"s\":\"a",
        b"{\"s\":\"a\\\"}",
        b"{\"n\":1,\"n\":\"x\"}",
        b"{\"n\":\"x\",\"n\":1}",
        b"{\"n\":1,\"\\u006e\":2}",
        b"{\"n\":1,\"n\":null}",
        b"{\"p\":{\"device\":\"a\",\"deep\":{\"n\":1}},\"p\":{\"device\":\"b\"}}",
        b"{\"p\":{\"device\":\"a\"},\"p\":5}",
        b"{\"p\":{\"deep\":{\"n\":\"x\"}},\"p\":{\"deep\":{\"n\":3}}}",
    ];
    let mut check = Check::new();
    let mut records: Vec<Vec<u8>> = bytes.iter().map(|it| it.to_vec()).collect();
    records.push(utf16);
    // Each as the last one of a block, and before one whose text would complete it.
    for record in &records {
        check.block(std::slice::from_ref(record));
        check.block(&[record.clone(), b"\"}".to_vec(), b"1}".to_vec(), record.clone()]);
    }
}

/// Depth costs no stack, and size is no reason to refuse a record.
#[test]
fn depth_and_size() {
    let decode = |record: String| {
        let mut block = RawBlock::default();
        block.push(Some(record.as_bytes()), None, RawRecord::default());
        let decoded = JsonDecoder::new(fields(), JsonOptions::default()).decode(block);
        found(&decoded, 0)
    };
    let deepest = 127;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let inner = if open == "[" { "" } else { "1" };
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        let found = decode(format!("{{\"n\":1,\"s\":{}}}", nested(deepest))).unwrap();
        assert_eq!(found[0].as_str(), Some(&*nested(deepest)));
        for depth in [deepest + 1, 500, 10_000, 100_000] {
            for key in ["s", "r", "other"] {
                let refused = decode(format!("{{\"n\":1,\"{key}\":{}}}", nested(depth)));
                assert_eq!(refused, Err("Failed to deserialize JSON: nested too deep".into()));
                let cut = decode(format!("{{\"n\":1,\"{key}\":{}", open.repeat(depth)));
                assert_eq!(cut, Err("Failed to deserialize JSON: nested too deep".into()));
            }
        }
    }
    let text = "0123456789".repeat(1 << 20);
    for field in ["s", "other"] {
        let found = decode(format!("{{\"{field}\":\"{text}\",\"n\":7}}")).unwrap();
        assert_eq!(found[1], Value::I64(7));
        assert_eq!(found[0].as_str().is_some_and(|found| found == text), field == "s");
    }
}

/// Makes records: objects of odd members in any order, written in odd ways.
struct Maker(Random);

impl Maker {
    fn space(&mut self) -> &'static str {
        if self.0.once_in(8) { self.0.one_of(&[" ", "\n", "\t", "\r\n", "  "]) } else { "" }
    }

    fn key(&mut self, key: &str) -> String {
        if !self.0.once_in(12) {
            return format!("\"{key}\"");
        }
        let escaped: String = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        format!("\"{escaped}\"")
    }

    /// Mostly one that fits.
    fn value(&mut self, key: &str) -> String {
        if self.0.once_in(30) {
            let (value, is_json) = VALUES[self.0.below(VALUES.len())];
            return if is_json || self.0.once_in(10) { value.into() } else { "null".into() };
        }
        let number = self.0.below(100_000).to_string();
        let wide: &[&str] = &[
            "9007199254740993",
            "9223372036854775807",
            "-9223372036854775808",
            "5.7",
            "-0",
            "1e3",
            "\"12\"",
        ];
        let real: &[&str] =
            &["1.005", "-0.0", "1e400", "4.9e-324", "0.1", "\"-1.5\"", "\"NaN\"", "1E+2"];
        let text: &[&str] = &[
            "\"user_7\"",
            "\"\"",
            "\"\\u00e9\\uD83D\\uDE00\"",
            "\"é😀\"",
            "\"a\\\"b\\\\\"",
            "1.50",
            "true",
            "[1, {\"a\":1e2}]",
            "{\"z\":1,\"a\":{}}",
            "\"a text that is longer than one step of a wide search would take in\"",
        ];
        let odd: &[&str] = match key {
            "n" => wide,
            "i" => &["0", "-128", "127", "\"7\"", "1.9"],
            "x" | "f" => real,
            "d" => &["1.005", "-1.995", "9999.994", "9999.995", "99999.5", "\" 1.5 \"", "1e-3"],
            "ok" => &["true", "false", "\"True\"", "0"],
            "r" => &["null", "{}"],
            "m" => &[
                "{}",
                "{\"a\":1,\"b\":\"2\"}",
                "{\"\\u0061\":1,\"a\":2.5}",
                "{\"$serde_json::private::Number\":\"5\"}",
            ],
            "l" => &["[]", "[1,null,\"3\"]", "[ 9223372036854775807 , -1 ]"],
            _ => text,
        };
        let takes_any = !matches!(key, "i" | "ok" | "r" | "m" | "l");
        if takes_any && self.0.once_in(2) { number } else { self.0.one_of(odd).to_owned() }
    }

    fn object(&mut self, keys: &[&str], depth: usize) -> String {
        let mut out = String::from("{");
        let first = self.0.below(keys.len());
        let count = 1 + self.0.below(keys.len() + 1);
        for at in 0..count {
            let key = keys[(first + at) % keys.len()];
            let comma = if at > 0 { "," } else { "" };
            let (before, name, between) = (self.space(), self.key(key), self.space());
            let value = match key {
                "p" if depth == 0 => self.object(&["device", "deep", "z"], 1),
                "deep" => self.object(&["n", "z"], 2),
                "r" if !self.0.once_in(4) => self.object(&["a", "b", "d"], 1),
                _ => self.value(if key == "a" { "i" } else { key }),
            };
            let (colon, behind) = (self.space(), self.space());
            out += &format!("{comma}{before}{name}{between}:{colon}{value}{behind}");
        }
        out.push('}');
        out
    }

    fn record(&mut self, made: &[String]) -> Vec<u8> {
        // Mostly of a shape that has been there, so that templates are used.
        let mut record = match self.0.once_in(8) {
            true => self.object(KEYS, 0),
            false => made[self.0.below(made.len())].clone(),
        };
        record = record.replace("user_7", &format!("user_{}", self.0.below(1_000_000)));
        if self.0.once_in(4) {
            record = record.replace('7', &self.0.below(1_000).to_string());
        }
        let mut record = record.into_bytes();
        let words: &[&[u8]] = &[
            b"\"", b"\\", b"{", b"}", b"[", b"]", b":", b",", b"\\u", b"\\ud83d", b"e", b"-", b".",
            b"0", b"\xff", b"\xc3", b"\xa9", b"\0", b"\n", b" ", b"true", b"null", b"\"n\":",
            b"1e400",
        ];
        for _ in 0..[0, 0, 0, 1, 2][self.0.below(5)] {
            self.0.spoil(&mut record, words);
        }
        record
    }
}

/// `PELTON_MUTATIONS` says how many.
#[test]
fn records_that_are_made_and_spoilt() {
    let mut maker = Maker(Random::new(7));
    let mut check = Check::new();
    for _ in 0..count(USUAL).div_ceil(BLOCK) {
        // No template is made of an object or array that a column takes.
        let made: Vec<String> =
            (0..4).map(|at| maker.object(if at < 2 { FLAT } else { KEYS }, 0)).collect();
        let records: Vec<Vec<u8>> = (0..BLOCK).map(|_| maker.record(&made)).collect();
        check.block(&records);
    }
    let by_template = 1.0 - check.fast.fallbacks() as f64 / (check.taken + check.refused) as f64;
    println!("{} taken, {} refused, {by_template:.2} by template", check.taken, check.refused);
    assert!(check.taken > check.refused / 3 && check.refused > check.taken / 10);
    assert!(by_template > 0.15);
}
