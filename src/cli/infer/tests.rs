use super::sample::Raw;
use super::*;

fn raw(value: &str, key: Option<&str>) -> Raw {
    let key = key.map(|key| key.as_bytes().to_vec());
    Raw { value: value.as_bytes().to_vec(), key, partition: 0 }
}

fn of(records: Vec<Raw>, connector: &str) -> String {
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = match connector {
        "kafka" => vec![
            option("connector", connector),
            option("topic", "t"),
            option("properties.bootstrap.servers", "none:1"),
        ],
        _ => vec![option("connector", connector), option("path", "t.jsonl")],
    };
    let origin = Origin { told: "t".into(), table: "t".into(), options };
    infer(&Sample { records }, origin).unwrap()
}

/// The lines of the columns, trimmed.
fn columns_of(records: &[&str]) -> Vec<String> {
    let text = of(records.iter().map(|value| raw(value, None)).collect(), "filesystem");
    let lines = text.lines().skip_while(|line| !line.starts_with("CREATE")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with(')')).map(|line| {
        line.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(',').to_owned()
    });
    lines.filter(|line| !line.starts_with("-- no column")).collect()
}

fn check(values: &[&str], wanted: &str) {
    let records: Vec<String> = values.iter().map(|value| format!("{{\"x\":{value}}}")).collect();
    let found = columns_of(&records.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(found[0], wanted, "{values:?}");
}

#[test]
fn types_follow_the_values() {
    check(&["1", "-2"], "x BIGINT");
    check(&["1", "2.5", "1e3"], "x DOUBLE");
    check(&["true"], "x BOOLEAN");
    check(&["\"a\"", "null"], "x STRING -- null in 1 of 2");
    check(&["null"], "x STRING -- always null in the sample: the type is a guess");
    check(&["1", "\"a\"", "{}"], "x STRING -- 1 numbers, 1 texts, 1 objects: kept as text");
    check(
        &["123456789012345678.25"],
        "x DECIMAL(21, 2) -- more digits than a DOUBLE or BIGINT holds",
    );
    check(&["0.1234567890123456"], "x DOUBLE");
    check(
        &["18446744073709551615"],
        "x DECIMAL(21, 0) -- more digits than a DOUBLE or BIGINT holds",
    );
    check(&["\"2026-01-05\""], "x DATE");
    check(&["\"12\""], "x STRING -- numbers in quotes: CAST where they are computed with");
    check(&["[1,2]", "[]"], "x ARRAY<BIGINT>");
    check(&["[]"], "x ARRAY<STRING>");
    check(&["{}"], "x MAP<STRING, STRING> -- objects of 0 names");
    check(
        &["{\"order\":1,\"b\":{\"c\":[true]}}"],
        "x ROW<`order` BIGINT, b ROW<c ARRAY<BOOLEAN>>>",
    );
    check(
        &["{\"a\":1}", "{\"b\":2.5}"],
        "x ROW<a BIGINT, b DOUBLE> -- a: missing in 1 of 2; b: missing in 1 of 2",
    );
}

#[test]
fn names_that_differ_from_record_to_record_are_a_map() {
    let records: Vec<String> = (0..40).map(|n| format!("{{\"x\":{{\"k{n}\":{n}}}}}")).collect();
    let found = columns_of(&records.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(found[0], "x MAP<STRING, BIGINT> -- objects of 40 names");
}

#[test]
fn columns_stand_in_the_order_of_the_records() {
    let found = columns_of(&["{\"b\":1,\"a\":2}", "{\"c\":3,\"a\":4}"]);
    let wanted = ["b BIGINT, -- missing in 1 of 2", "a BIGINT", "c BIGINT -- missing in 1 of 2"];
    assert_eq!(found, wanted);
    // A name that stands twice is one column, and what has no name in SQL is left out.
    assert_eq!(columns_of(&["{\"a\":2,\"a\":1,\"\":2,\"b`\":3}"]), ["a BIGINT"]);
}

#[test]
fn times_get_a_watermark() {
    let found = columns_of(&["{\"timestamp\":1767609000.5}", "{\"timestamp\":1767608990}"]);
    let wanted = [
        "`timestamp` DOUBLE, -- seconds since 1970",
        "ts AS TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3)",
        "-- 2026-01-05T10:29:50Z to 2026-01-05T10:30:00.5Z; records came up to 10.5 s behind later ones",
        "WATERMARK FOR ts AS ts - INTERVAL '30' SECOND",
    ];
    assert_eq!(found, wanted);
    let found = columns_of(&["{\"ts\":1767609000500,\"created\":1767609000}"]);
    assert_eq!(found[2], "ts_ts AS TO_TIMESTAMP_LTZ(ts, 3)");
    assert_eq!(found[3], "created_ts AS TO_TIMESTAMP_LTZ(created * 1000, 3)");
    assert_eq!(found[5], "WATERMARK FOR ts_ts AS ts_ts - INTERVAL '5' SECOND");
    // A number of that size alone is none, and one that may be missing has no watermark.
    assert_eq!(columns_of(&["{\"id\":1767609000}"]), ["id BIGINT"]);
    let found = columns_of(&["{\"ts\":1767609000}", "{}"]);
    assert!(!found.iter().any(|line| line.starts_with("WATERMARK")), "{found:?}");
}

#[test]
fn texts_are_times_in_one_of_two_standards() {
    let found =
        columns_of(&[r#"{"seen":"2026-01-05T10:30:00+08:00","b":"2026-01-05T10:30:00.123"}"#]);
    assert_eq!(found[..2], ["seen TIMESTAMP_LTZ(3)", "b TIMESTAMP(3)"]);
    let found = columns_of(&[r#"{"seen":"2026-01-05 10:30:00Z","b":"2026-01-05 10:30:00"}"#]);
    assert_eq!(found[..2], ["seen TIMESTAMP_LTZ(3)", "b TIMESTAMP(3)"]);
    let found = columns_of(&[r#"{"seen":"2026-01-05T10:30:00Z","b":"2026-01-05 10:30:00"}"#]);
    assert_eq!(found[..3], ["seen TIMESTAMP_LTZ(3)", "b STRING", "ts AS TO_TIMESTAMP(b)"]);
    let found = columns_of(&[r#"{"seen":"2026-01-05T10:30:00Z"}"#, r#"{"seen":"soon"}"#]);
    assert_eq!(found, ["seen STRING"]);
}

#[test]
fn keys_name_their_columns() {
    let with = |records: &[(&str, Option<&str>)]| {
        of(records.iter().map(|(value, key)| raw(value, *key)).collect(), "kafka")
    };
    let text = with(&[(r#"{"a":"x","b":"x"}"#, Some("x")), (r#"{"a":"z","b":"y"}"#, Some("y"))]);
    assert!(text.contains("'key.format' = 'raw',\n  'key.fields' = 'b'\n"), "{text}");
    let text = with(&[(r#"{"a":1,"b":"x"}"#, Some(r#"{"a":1}"#))]);
    assert!(text.contains("'key.format' = 'json',\n  'key.fields' = 'a'\n"), "{text}");
    for odd in [Some("z"), None] {
        let text = with(&[(r#"{"a":"x"}"#, Some("x")), (r#"{"a":"y"}"#, odd)]);
        assert!(!text.contains("key."), "{text}");
    }
    // Without a time of its own, the record's.
    assert!(text.contains("ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"), "{text}");
    assert!(text.contains("WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"), "{text}");
}

#[test]
fn secrets_are_left_to_the_environment() {
    let (_, value) = without_secret(("properties.sasl.password".into(), "hidden".into()));
    assert_eq!(value, "${SASL_PASSWORD:?set it in the environment}");
}
