//! What is decoded is what `serde_json` reads, by another way to every column; or the record is
//! refused. On cases by hand, and on records that are made and spoilt.

mod values;

use self::values::VALUES;
use super::oracle::{Check, Whole, fields, found};
use super::*;
use crate::fault::mutation::{Random, count};
use crate::record::{RawRecord, Value};

/// Records of one block.
const BLOCK: usize = 256;
const USUAL: usize = 50_000;

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
