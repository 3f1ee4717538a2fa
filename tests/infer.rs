//! `pelton infer`, by the binary: what it prints is a job, and the job reads the records.

mod common;

use std::process::Stdio;

use common::*;
use serde_json::Value;

/// Standard output, and the last line of standard error.
fn run(args: &[&str]) -> (bool, String, String) {
    let out = pelton(args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let err = String::from_utf8(out.stderr).unwrap();
    let last = err.lines().last().unwrap_or_default().to_owned();
    (out.status.success(), String::from_utf8(out.stdout).unwrap(), last)
}

/// Infers, checks the job, and runs it: it shows this many rows and rejects none.
fn reads_all(folder: &Folder, infer: &[&str], rows: usize, run_with: &[&str]) -> String {
    let (done, job, error) = run(&[&["infer"], infer].concat());
    assert!(done, "{error}");
    let path = folder.file("inferred.sql");
    std::fs::write(&path, &job).unwrap();
    let (done, _, error) = run(&["check", &path]);
    assert!(done, "{error}\n{job}");
    let args = ["run", &path, "--http", "off", "--shards", "1", "--state-dir", "off"];
    let (done, shown, summary) = run(&[&args, run_with].concat());
    assert!(done, "{summary}\n{job}");
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["dead_letters"], 0, "{job}");
    assert_eq!(shown.lines().count(), rows, "{job}");
    job
}

#[test]
fn the_generators_events_are_read_back() {
    let folder = Folder::new("infer");
    for kind in ["user-events", "clickstream", "user-profiles"] {
        let file = folder.file(kind);
        let args = ["produce", "--kind", kind, "--count", "500", "--to", &file, "--seed", "3"];
        let (done, _, error) = run(&args);
        assert!(done, "{error}");
        let job = reads_all(&folder, &[&file], 500, &[]);
        assert!(job.contains("WATERMARK FOR"), "{job}");
    }
}

#[test]
fn odd_records_are_read_back() {
    let records = [
        r#"{"id":1,"mixed":1,"deep":{"a":[{"b":1},{"b":null,"c":"x"}],"order":1.5},"at":"2026-01-05T10:30:00+01:00"}"#,
        r#"{"id":2,"mixed":"x","deep":null,"at":"2026-01-05T10:30:00.123Z","big":99999999999999999999}"#,
        r#"{"id":-3,"mixed":{"y":[]},"deep":{"a":[],"order":2},"at":"2026-01-05T10:30:01Z","big":-1}"#,
        r#"{"id":4,"mixed":null,"name with blank":"ä","`":1,"": 2,"deep":{"order":1e300},"at":"2026-01-05T09:30:01Z"}"#,
    ];
    let folder = Folder::new("infer");
    let file = folder.file("2 odd.jsonl");
    std::fs::write(&file, records.join("\n")).unwrap();
    let job = reads_all(&folder, &[&file], 4, &[]);
    for line in [
        "CREATE TABLE t_2_odd (",
        "  id BIGINT,",
        "  mixed STRING,                      -- 1 numbers, 1 texts, 1 objects: kept as text; null in 1 of 4",
        "  deep ROW<a ARRAY<ROW<b BIGINT, c STRING>>, `order` DOUBLE>, -- a: b: null in 1 of 2; a: c: missing",
        "  `at` TIMESTAMP_LTZ(3),",
        "  big DECIMAL(21, 0),                -- more digits than a DOUBLE or BIGINT holds; missing in 2 of 4",
        "  `name with blank` STRING,          -- missing in 3 of 4",
        "  WATERMARK FOR `at` AS `at` - INTERVAL '3600' SECOND",
        "  'json.timestamp-format.standard' = 'ISO-8601'",
    ] {
        assert!(job.lines().any(|it| it.starts_with(line)), "{line}\n{job}");
    }
    assert!(job.contains("-- 2 column(s) are left out"), "{job}");
}

#[test]
fn what_cannot_be_inferred_is_said() {
    let folder = Folder::new("infer");
    let file = folder.file("bad.jsonl");
    let error = |args: &[&str]| run(&[&["infer"], args].concat()).2;
    assert!(error(&[&file]).starts_with("pelton: cannot read "));
    std::fs::write(&file, "\n").unwrap();
    assert!(error(&[&file]).ends_with("there are no records to look at"));
    std::fs::write(&file, "[1]\nx\n").unwrap();
    assert!(error(&[&file]).ends_with("none of 2 records is a JSON object"));
    std::fs::write(&file, "{\"a\":1}\nx\n").unwrap();
    let (done, job, _) = run(&["infer", &file, "--table", "order"]);
    assert!(done && job.contains("CREATE TABLE `order` ("), "{job}");
    assert!(job.contains("-- 1 more are no JSON objects: they go to the dead letters."), "{job}");
}

#[test]
fn a_topic_is_read_back() {
    let Some(kafka) = kafka() else { return };
    let topic = unique("infer");
    let fill = format!(
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '50');
         CREATE TABLE t (`user` STRING, n BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
           'properties.bootstrap.servers' = '{kafka}', 'format' = 'json',
           'sink.create-topic' = 'partitions:2,replication:1',
           'key.format' = 'raw', 'key.fields' = 'user');
         INSERT INTO t SELECT 'u' || CAST(n AS STRING), n FROM numbers;"
    );
    let (done, _, error) = run(&["sql", "-e", &fill]);
    assert!(done, "{error}");
    let folder = Folder::new("infer");
    let args = ["--kafka", &kafka, "--topic", &topic];
    let job = reads_all(&folder, &args, 50, &["--until", "end"]);
    assert!(job.contains("-- From 50 record(s) of topic"), "{job}");
    assert!(job.contains("  'key.format' = 'raw',\n  'key.fields' = 'user'\n"), "{job}");
    assert!(job.contains("ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"), "{job}");
    // The newest of each partition, where there are more than are asked for.
    let (_, job, _) = run(&["infer", "--kafka", &kafka, "--topic", &topic, "--sample", "1"]);
    assert!(job.contains("-- From 1 record(s) of topic"), "{job}");
    let (done, _, error) = run(&["infer", "--kafka", &kafka, "--topic", "nowhere_at_all"]);
    assert!(!done && error.contains("'nowhere_at_all' is not there"), "{error}");
}
