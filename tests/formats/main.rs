//! What tables read of Kafka's records besides JSON values: keys, headers, other formats, tombstones.
//! On a real Kafka (`PELTON_TEST_KAFKA`, set by scripts/test).

mod avro;
#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::time::Duration;

use common::topics::{client, each_record, make_topic};
use common::*;
use rdkafka::Message;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

/// For an answer of the broker.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Default)]
struct Record<'a> {
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: &'a [(&'a str, Option<&'a str>)],
    timestamp: i64,
}

impl<'a> Record<'a> {
    fn new(key: &'a str, value: &'a str) -> Self {
        let (key, value) = (Some(key.as_bytes()), Some(value.as_bytes()));
        Self { key, value, timestamp: 1_760_000_000_000, ..Self::default() }
    }

    fn tombstone(key: &'a str) -> Self {
        Self { value: None, ..Self::new(key, "") }
    }
}

/// Makes a topic of one partition that holds the records, in their order.
fn fill(kafka: &str, topic: &str, records: &[Record<'_>]) {
    make_topic(kafka, topic, 1, None);
    let producer: BaseProducer = client(kafka).create().unwrap();
    for record in records {
        let mut headers = OwnedHeaders::new();
        for (key, value) in record.headers {
            headers = headers.insert(Header { key, value: *value });
        }
        let mut outgoing = BaseRecord::<[u8], [u8]>::to(topic).partition(0);
        outgoing = outgoing.timestamp(record.timestamp);
        outgoing.key = record.key;
        outgoing.payload = record.value;
        outgoing.headers = (!record.headers.is_empty()).then_some(headers);
        producer.send(outgoing).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// A key or a value.
type Bytes = Option<Vec<u8>>;

/// Keys and values of a topic's only partition.
fn records(kafka: &str, topic: &str) -> Vec<(Bytes, Bytes)> {
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let mut found = Vec::new();
    each_record(&client(kafka), topic, |record| {
        found.push((owned(record.key()), owned(record.payload())));
    });
    found
}

/// A job with its files, which reads what is there and ends.
struct Case {
    folder: Folder,
    kafka: String,
    topic: String,
}

impl Case {
    fn new(name: &str) -> Option<Self> {
        let kafka = kafka()?;
        Some(Self { folder: Folder::new(name), kafka, topic: unique(name) })
    }

    fn fill(&self, records: &[Record<'_>]) {
        fill(&self.kafka, &self.topic, records);
    }

    /// The WITH of a table over the topic.
    fn with(&self, connector: &str, more: &str) -> String {
        let (kafka, topic) = (&self.kafka, &self.topic);
        format!(
            "WITH ('connector' = '{connector}', 'topic' = '{topic}',
               'properties.bootstrap.servers' = '{kafka}', {more})"
        )
    }

    /// The WITH of a second topic, which is made.
    fn out(&self, more: &str) -> String {
        let (kafka, topic) = (&self.kafka, &self.topic);
        format!(
            "WITH ('connector' = 'kafka', 'topic' = '{topic}_out',
               'sink.create-topic' = 'partitions:1,replication:1',
               'properties.bootstrap.servers' = '{kafka}', {more})"
        )
    }

    fn run(&self, text: &str, shards: &str) {
        let job = self.folder.file(&format!("{}.sql", self.topic));
        std::fs::write(&job, text).unwrap();
        let args = ["run", &job, "--http", "off", "--until", "end", "--shards", shards];
        let done = pelton(&args).stderr(std::process::Stdio::piped()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Every change that a job prints.
    fn printed(&self, text: &str, shards: &str) -> Vec<String> {
        let job = self.folder.file(&format!("{}.sql", self.topic));
        std::fs::write(&job, text).unwrap();
        let args = ["run", &job, "--http", "off", "--until", "end", "--shards", shards];
        let mut command = pelton(&[&args[..], &["--flush-interval", "0"]].concat());
        let done = command.stdout(std::process::Stdio::piped()).output().unwrap();
        assert!(done.status.success());
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// What a query gives, as JSON objects in no order.
    fn rows(&self, tables: &str, columns: &str, query: &str, shards: &str) -> Vec<Value> {
        let out = self.folder.file(&format!("out{shards}"));
        let _ = std::fs::remove_file(&out);
        let sink = format!(
            "CREATE TABLE sink ({columns}) WITH ('connector' = 'filesystem', 'path' = '{out}',
               'format' = 'json'); INSERT INTO sink {query};"
        );
        self.run(&format!("{tables} {sink}"), shards);
        let mut rows = lines(Path::new(&out));
        rows.sort_by_key(Value::to_string);
        rows
    }

    /// Reasons and records, as they came, of what could not be used.
    fn dead(&self) -> Vec<(String, String)> {
        let text = |letter: &Value, name: &str| letter[name].as_str().unwrap_or("").to_owned();
        let letters = lines(Path::new(&self.folder.file("dead")));
        letters.iter().map(|it| (text(it, "reason"), text(it, "text"))).collect()
    }
}

const KEYED: &str = "'format' = 'json', 'key.format' = 'json', 'key.fields' = 'k_id;k_name',
    'key.fields-prefix' = 'k_', 'value.fields-include' = 'EXCEPT_KEY'";

/// Columns of the key and all metadata, read by ourselves and by the client library.
#[test]
fn keys_and_metadata_of_records() {
    let Some(case) = Case::new("keys") else { return };
    let headers: &[_] = &[("trace", Some("t1")), ("none", None), ("trace", Some("t2"))];
    let no_key = Record { key: None, ..Record::new("", r#"{"n": 3}"#) };
    case.fill(&[
        Record { headers, ..Record::new(r#"{"id": 1, "name": "a"}"#, r#"{"n": 1, "id": 9}"#) },
        Record::new(r#"{"id": 2}"#, r#"{"n": 2}"#),
        no_key,
        Record::new("{bad", r#"{"n": 4}"#),
        Record::new(r#"{"id": 5}"#, "{bad"),
        Record::tombstone(r#"{"id": 6}"#),
    ]);
    for (shards, client) in [("1", ""), ("2", ", 'properties.check.crcs' = 'true'")] {
        let dead = case.folder.file("dead");
        let _ = std::fs::remove_file(&dead);
        let table = format!(
            "CREATE TABLE t (k_id BIGINT NOT NULL, n INT, k_name STRING,
               `key` STRING METADATA VIRTUAL, headers MAP<STRING, BYTES> METADATA VIRTUAL,
               tags MAP<STRING, STRING> METADATA FROM 'headers' VIRTUAL,
               topic STRING METADATA VIRTUAL, raw_key BYTES METADATA FROM 'key' VIRTUAL,
               kind STRING METADATA FROM 'timestamp-type' VIRTUAL,
               ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', at BIGINT METADATA FROM 'offset',
               local TIMESTAMP(3) METADATA FROM 'timestamp') {};",
            case.with("kafka", &format!("{KEYED}, 'dead-letter.path' = '{dead}' {client}"))
        );
        let columns = "id BIGINT, name STRING, n INT, k STRING, trace STRING, none STRING,
            many INT, tag STRING, topic STRING, raw STRING, kind STRING, ts TIMESTAMP_LTZ(3),
            at BIGINT, local TIMESTAMP(3)";
        let query = "SELECT k_id, k_name, n, `key`, CAST(headers['trace'] AS STRING),
            CAST(headers['none'] AS STRING), CARDINALITY(headers), tags['trace'], topic,
            CAST(raw_key AS STRING), kind, ts, at, local FROM t";
        let rows = case.rows(&table, columns, query, shards);
        let row = |id: i64, name: Value, key: &str, trace: Value, many: i64| {
            json!({
                "id": id, "name": name, "n": id, "k": key, "trace": trace, "none": null,
                "many": many, "tag": trace, "topic": case.topic, "raw": key, "kind": "CreateTime",
                "ts": "2025-10-09 08:53:20Z", "at": id - 1, "local": "2025-10-09 08:53:20",
            })
        };
        assert_eq!(
            rows,
            [
                row(1, json!("a"), r#"{"id": 1, "name": "a"}"#, json!("t2"), 2),
                row(2, Value::Null, r#"{"id": 2}"#, Value::Null, 0),
            ]
        );
        let mut dead = case.dead();
        dead.sort();
        let reasons: Vec<_> = dead.iter().map(|(reason, text)| (&**reason, &**text)).collect();
        assert_eq!(
            reasons,
            [
                ("Failed to deserialize JSON: a key is expected", "{bad"),
                ("key: Failed to deserialize JSON: a key is expected", r#"{"n": 4}"#),
                ("the record has no key, and columns are read from it", r#"{"n": 3}"#),
            ]
        );
    }
}

/// A record's bytes are a column; a tombstone is NULL, and NULL a tombstone.
#[test]
fn raw_records_pass_through() {
    let Some(case) = Case::new("raw") else { return };
    let odd = Record { value: Some(b"\xff\x00"), ..Record::new("7", "") };
    case.fill(&[Record::new("1", "a b"), Record::new("2", ""), Record::tombstone("3"), odd]);
    let raw = "'format' = 'raw', 'key.format' = 'raw', 'key.fields' = 'k',
        'value.fields-include' = 'EXCEPT_KEY'";
    let job = format!(
        "CREATE TABLE t (k STRING, v BYTES) {}; CREATE TABLE o (k STRING, v BYTES) {};
         INSERT INTO o SELECT k, v FROM t;",
        case.with("kafka", raw),
        case.out(raw)
    );
    case.run(&job, "1");
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(
        records(&case.kafka, &format!("{}_out", case.topic)),
        [
            (bytes("1"), bytes("a b")),
            (bytes("2"), bytes("")),
            (bytes("3"), None),
            (bytes("7"), Some(vec![0xff, 0])),
        ]
    );
    let dead = case.folder.file("dead");
    let options = format!("{raw}, 'dead-letter.path' = '{dead}'");
    let table = format!("CREATE TABLE t (k STRING, v STRING) {};", case.with("kafka", &options));
    let rows = case.rows(&table, "k STRING, v STRING", "SELECT k, v FROM t", "1");
    let row = |k: &str, v: Value| json!({"k": k, "v": v});
    assert_eq!(rows, [row("1", json!("a b")), row("2", json!("")), row("3", Value::Null)]);
    assert_eq!(case.dead()[0].0, "not UTF-8; a column of BYTES takes any record");
}

/// Numbers as bytes in both directions.
#[test]
fn raw_numbers() {
    let Some(case) = Case::new("raw_numbers") else { return };
    let bytes = 0x0102_0304_i32.to_be_bytes();
    let one = Record { value: Some(&bytes), ..Record::new("k", "") };
    case.fill(&[one, Record::new("k", "abc")]);
    let dead = case.folder.file("dead");
    let job = format!(
        "CREATE TABLE t (v INT) {}; CREATE TABLE o (v DOUBLE) {};
         INSERT INTO o SELECT CAST(v AS DOUBLE) FROM t;",
        case.with("kafka", &format!("'format' = 'raw', 'dead-letter.path' = '{dead}'")),
        case.out("'value.format' = 'raw', 'value.raw.endianness' = 'little-endian'")
    );
    case.run(&job, "1");
    let expected = f64::from(0x0102_0304_i32).to_le_bytes().to_vec();
    let out = records(&case.kafka, &format!("{}_out", case.topic));
    assert_eq!(out, [(None, Some(expected))]);
    let reason = "Size of data received for deserializing INT type is not 4.";
    assert_eq!(case.dead(), [(reason.to_owned(), "abc".to_owned())]);
}

/// CSV in, CSV out, and what is none among the dead letters.
#[test]
fn csv_records() {
    let Some(case) = Case::new("csv") else { return };
    let dead = case.folder.file("dead");
    case.fill(&[
        Record::new("1;x", "a b|1.5"),
        Record::new("2;y", "'it''s|'|\r\n"),
        Record::new("3;z", "a|b|c"),
        Record::new("4", "a|1"),
        Record::tombstone("5;w"),
    ]);
    let read = format!(
        "'key.format' = 'csv', 'key.fields' = 'id;kind', 'key.csv.field-delimiter' = ';',
         'value.format' = 'csv', 'value.csv.field-delimiter' = '|', 'value.csv.null-literal' = '',
         'value.csv.quote-character' = '''', 'value.fields-include' = 'EXCEPT_KEY',
         'dead-letter.path' = '{dead}'"
    );
    let job = format!(
        "CREATE TABLE t (id INT, s STRING, d DOUBLE, kind STRING) {};
         CREATE TABLE o (id INT, kind STRING, s STRING, d DOUBLE) {};
         INSERT INTO o SELECT id, kind, s, d FROM t;",
        case.with("kafka", &read),
        case.out("'format' = 'csv'")
    );
    case.run(&job, "1");
    let out = records(&case.kafka, &format!("{}_out", case.topic));
    let values: Vec<String> = out
        .into_iter()
        .map(|(_, value)| String::from_utf8(value.unwrap_or_default()).unwrap())
        .collect();
    assert_eq!(values, ["1,x,\"a b\",1.5", "2,y,\"it's|\","]);
    let reason = "Failed to deserialize CSV row: Row length mismatch. 2 fields expected but was";
    assert_eq!(
        case.dead(),
        [
            (format!("{reason} 3."), "a|b|c".to_owned()),
            (format!("key: {reason} 1."), "a|1".to_owned()),
        ]
    );
}

/// The rows that changes leave.
fn folded(changes: Vec<String>) -> Vec<String> {
    let mut left = Vec::new();
    for line in changes {
        let row = line[2..].to_owned();
        match &line[..2] {
            "+I" | "+U" => left.push(row),
            _ => {
                let place = left.iter().position(|known| *known == row);
                left.swap_remove(place.unwrap_or_else(|| panic!("{row} was never told")));
            }
        }
    }
    left.sort();
    left
}

/// Changes of a database's rows, in order and as an aggregate sees them.
#[test]
fn changes_of_a_database() {
    let Some(case) = Case::new("changes") else { return };
    let row = |id: u32, kind: &str| format!(r#"{{"id": {id}, "kind": "{kind}"}}"#);
    let change = |op: &str, before: &str, after: &str| {
        format!(r#"{{"before": {before}, "after": {after}, "op": "{op}"}}"#)
    };
    let changes = [
        change("r", "null", &row(1, "a")),
        change("c", "null", &row(2, "a")),
        change("u", &row(1, "a"), &row(1, "b")),
        change("x", "null", &row(3, "a")),
        change("d", &row(2, "a"), "null"),
    ];
    let tombstone = Record::tombstone("2");
    let records = changes.iter().map(|it| Record::new("k", it)).chain([tombstone]);
    case.fill(&records.collect::<Vec<_>>());
    let dead = case.folder.file("dead");
    let more = format!("'format' = 'debezium-json', 'dead-letter.path' = '{dead}'");
    let columns = "id INT NOT NULL, kind STRING, at BIGINT METADATA FROM 'offset'";
    let table = format!("CREATE TABLE t ({columns}) {};", case.with("kafka", &more));
    assert_eq!(
        case.printed(&format!("{table} SELECT at, id, kind FROM t;"), "1"),
        ["+I[0, 1, a]", "+I[1, 2, a]", "-U[2, 1, a]", "+U[2, 1, b]", "-D[4, 2, a]"]
    );
    let dead = case.dead();
    assert_eq!(dead, [("Unknown \"op\" value \"x\"".to_owned(), changes[3].clone())]);
    for shards in ["1", "2"] {
        let query = "SELECT kind, COUNT(*) FROM t GROUP BY kind;";
        let left = folded(case.printed(&format!("{table} {query}"), shards));
        assert_eq!(left, ["[b, 1]"], "{shards} shards");
    }
}

/// The WITH of a topic of upserts.
fn upserts(kafka: &str, topic: &str, more: &str) -> String {
    format!(
        "WITH ('connector' = 'upsert-kafka', 'topic' = '{topic}', 'key.format' = 'raw',
           'value.format' = 'json', 'properties.bootstrap.servers' = '{kafka}' {more})"
    )
}

/// Rows that replace each other, and tombstones, as a query over them sees them.
#[test]
fn a_topic_of_upserts_is_a_table() {
    let Some(case) = Case::new("upserts") else { return };
    let no_key = Record { key: None, ..Record::new("", r#"{"segment": "x"}"#) };
    case.fill(&[
        Record::new("u1", r#"{"segment": "a", "n": 1}"#),
        Record::new("u2", r#"{"segment": "a", "n": 2}"#),
        Record::new("u1", r#"{"segment": "b", "n": 3}"#),
        // It says the same again.
        Record::new("u1", r#"{"segment": "b", "n": 3}"#),
        Record::new("u3", r#"{"segment": "b", "n": 4}"#),
        // There is no such row.
        Record::tombstone("u9"),
        Record::tombstone("u2"),
        no_key,
        Record::new("u4", "{bad"),
        Record::new("u2", r#"{"segment": "c", "n": 5}"#),
        Record::tombstone("u3"),
    ]);
    let dead = case.folder.file("dead");
    let more = format!(", 'value.fields-include' = 'EXCEPT_KEY', 'dead-letter.path' = '{dead}'");
    let table = format!(
        "CREATE TABLE t (segment STRING NOT NULL, id STRING, n BIGINT,
           PRIMARY KEY (id) NOT ENFORCED) {};",
        upserts(&case.kafka, &case.topic, &more)
    );
    let printed = |query: &str, shards: &str| {
        let _ = std::fs::remove_file(&dead);
        case.printed(&format!("{table} {query};"), shards)
    };
    assert_eq!(
        printed("SELECT id, segment, n FROM t", "1"),
        [
            "+I[u1, a, 1]",
            "+I[u2, a, 2]",
            "-U[u1, a, 1]",
            "+U[u1, b, 3]",
            "+I[u3, b, 4]",
            "-D[u2, a, 2]",
            "+I[u2, c, 5]",
            "-D[u3, b, 4]",
        ]
    );
    let mut dead: Vec<String> = case.dead().into_iter().map(|(reason, _)| reason).collect();
    dead.sort();
    assert_eq!(
        dead,
        [
            "Failed to deserialize JSON: a key is expected",
            "the record has no key, and columns are read from it",
        ]
    );
    for shards in ["1", "3"] {
        let left = folded(printed("SELECT segment, SUM(n) FROM t GROUP BY segment", shards));
        assert_eq!(left, ["[b, 3]", "[c, 5]"], "{shards} shards");
    }
}

/// A compacted topic as the versions of a temporal join: a tombstone ends a version, at the record's
/// own time where the value would have said it.
#[test]
fn tombstones_end_versions() {
    let Some(case) = Case::new("versions") else { return };
    let at = |record, timestamp| Record { timestamp, ..record };
    let profiles = format!("{}_profiles", case.topic);
    fill(
        &case.kafka,
        &profiles,
        &[
            at(Record::new("u1", r#"{"segment": "a", "since": "1970-01-01 00:00:10"}"#), 10_500),
            at(Record::new("u2", r#"{"segment": "x", "since": "1970-01-01 00:00:10"}"#), 10_500),
            at(Record::tombstone("u1"), 20_000),
            at(Record::new("u1", r#"{"segment": "b", "since": "1970-01-01 00:00:30"}"#), 30_500),
        ],
    );
    let event = |second: u32| format!(r#"{{"id": "u1", "ts": "1970-01-01 00:00:{second:02}"}}"#);
    let events: Vec<String> = [9, 10, 19, 20, 25, 30].map(event).into();
    let other = r#"{"id": "u2", "ts": "1970-01-01 00:00:40"}"#;
    let all = events.iter().map(String::as_str).chain([other]);
    case.fill(&all.map(|event| Record::new("", event)).collect::<Vec<_>>());
    for (shards, time) in
        [("1", "since TIMESTAMP(3)"), ("2", "since TIMESTAMP(3) METADATA FROM 'timestamp'")]
    {
        let tables = format!(
            "CREATE TABLE e (id STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) {};
             CREATE TABLE p (id STRING, segment STRING, {time}, PRIMARY KEY (id) NOT ENFORCED,
               WATERMARK FOR since AS since) {};",
            case.with("kafka", "'format' = 'json'"),
            upserts(&case.kafka, &profiles, ", 'value.fields-include' = 'EXCEPT_KEY'")
        );
        let query = "SELECT e.id, EXTRACT(SECOND FROM e.ts), p.segment FROM e
            LEFT JOIN p FOR SYSTEM_TIME AS OF e.ts ON e.id = p.id";
        let rows = case.rows(&tables, "id STRING, s BIGINT, segment STRING", query, shards);
        let found: Vec<(i64, Option<&str>)> =
            rows.iter().map(|row| (row["s"].as_i64().unwrap(), row["segment"].as_str())).collect();
        let (first, last) = match shards {
            "1" => (Some("a"), Some("b")),
            // The records came half a second after what they say.
            _ => (None, None),
        };
        let mut expected = vec![
            (9, None),
            (10, first),
            (19, Some("a")),
            (20, None),
            (25, None),
            (30, last),
            (40, Some("x")),
        ];
        expected.sort();
        let mut found = found;
        found.sort();
        assert_eq!(found, expected, "{time}");
    }
}

/// Values of all types in a file, as Flink 2.3 wrote the same.
#[test]
fn csv_files_are_those_of_flink() {
    let folder = Folder::new("csv_files");
    let all = "SELECT TRUE, CAST(-3 AS TINYINT), CAST(123456789012 AS BIGINT), CAST(1.5 AS FLOAT),
        CAST(2 AS DOUBLE), 1.0E20, CAST(100 AS DECIMAL(10, 2)),
        CAST('100000000000000000000000000' AS DECIMAL(38, 0)), CAST('hello' AS BYTES),
        DATE '2024-01-02', TIME '10:11:12', TIMESTAMP '2024-01-02 10:11:12.345',
        TIMESTAMP '2024-01-02 10:11:00',
        CAST(TIMESTAMP '2024-01-02 10:11:12.5' AS TIMESTAMP_LTZ(3)), ARRAY[1, 2, 3], ROW(7, 'x y')";
    let types = "b BOOLEAN, t TINYINT, n BIGINT, f FLOAT, d DOUBLE, e DOUBLE, dc DECIMAL(10, 2),
        big DECIMAL(38, 0), y BYTES, dt DATE, tm TIME, ts TIMESTAMP(3), ts0 TIMESTAMP(3),
        ltz TIMESTAMP_LTZ(3), a ARRAY<INT>, r ROW<p INT, q STRING>";
    let nulls = "SELECT 1, CAST(NULL AS STRING), CAST(NULL AS DOUBLE), CAST(NULL AS ARRAY<STRING>)";
    let texts = "SELECT 1, ARRAY['a', 'b,c', 'd;e', 'f g'], 'it''s \"so\"'";
    let of_nulls = "i INT, s STRING, d DOUBLE, a ARRAY<STRING>";
    let of_texts = "i INT, a ARRAY<STRING>, s STRING";
    for (name, columns, query, more, expected) in [
        (
            "types",
            types,
            all,
            "",
            "true,-3,123456789012,1.5,2.0,1.0E20,1E+2,1E+26,aGVsbG8=,2024-01-02,10:11:12,\
             \"2024-01-02 10:11:12.345\",\"2024-01-02 10:11:00\",\"2024-01-02 10:11:12.5Z\",1;2;3,\
             \"7;x y\"\n",
        ),
        ("nothing", of_nulls, nulls, "", "1,,,\n"),
        (
            "nulls",
            of_nulls,
            nulls,
            ", 'csv.null-literal' = 'no value'",
            "1,no value,no value,no value\n",
        ),
        ("texts", of_texts, texts, "", "1,\"a;b,c;d;e;f g\",\"it's \"\"so\"\"\"\n"),
    ] {
        let (job, out) = (folder.file(&format!("{name}.sql")), folder.file(name));
        let text = format!(
            "CREATE TABLE o ({columns}) WITH ('connector' = 'filesystem', 'path' = '{out}',
               'format' = 'csv' {more}); INSERT INTO o {query};"
        );
        std::fs::write(&job, text).unwrap();
        assert!(pelton(&["run", &job, "--http", "off"]).status().unwrap().success(), "{name}");
        assert_eq!(std::fs::read_to_string(&out).unwrap(), expected, "{name}");
    }
}
