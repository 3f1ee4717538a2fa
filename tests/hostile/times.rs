//! Times at edges, far off, out of range and in every unit.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::common::{self, *};
use super::{FORMS, file_table, rows};

const EVENTS: &str =
    "id BIGINT, `at` BIGINT, ts AS TO_TIMESTAMP_LTZ(`at`, 3), WATERMARK FOR ts AS ts";
const MINUTES: &str = "SELECT CAST(window_start AS STRING), COUNT(*)
    FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end";

/// Counts of minutes, and how many events were late, in every form of execution.
fn minutes(times: &[i64]) -> (BTreeMap<String, i64>, i64) {
    let folder = Folder::new("minutes");
    let lines: Vec<String> = times.iter().map(|at| format!("{{\"id\":1,\"at\":{at}}}")).collect();
    let table = file_table(&folder, EVENTS, &lines, "");
    let of = |form: &[&str]| {
        let (rows, summary) = rows(&folder, &table, "at STRING, n BIGINT", MINUTES, form);
        let entry =
            |row: &Value| (row["at"].as_str().unwrap().to_owned(), row["n"].as_i64().unwrap());
        assert_eq!(summary["dead_letters"], 0);
        let windows: BTreeMap<_, _> = rows.iter().map(entry).collect();
        assert_eq!(windows.len(), rows.len(), "a window fired twice");
        (windows, summary["late"].as_i64().unwrap())
    };
    let all = FORMS.map(|form| of(&form));
    assert!(all.iter().all(|other| *other == all[0]), "{all:?}");
    all[0].clone()
}

fn windows(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
    of.iter().map(|(at, n)| (at.to_string(), *n)).collect()
}

/// Before and behind 1970, and beside a window's end and the watermark.
#[test]
fn times_beside_an_edge_fall_on_their_side_of_it() {
    let around_zero = minutes(&[-60_001, -60_000, -1, 0, 59_999, 60_000]);
    let wanted = windows(&[
        ("1969-12-31 23:58:00.000", 1),
        ("1969-12-31 23:59:00.000", 2),
        ("1970-01-01 00:00:00.000", 2),
        ("1970-01-01 00:01:00.000", 1),
    ]);
    assert_eq!(around_zero, (wanted, 0));
    // A window is over with the watermark at its last millisecond.
    let around_the_end = minutes(&[0, 59_998, 5, 59_999, 7, 60_000, 59_999, 60_001, 60_000]);
    let wanted = windows(&[("1970-01-01 00:00:00.000", 4), ("1970-01-01 00:01:00.000", 3)]);
    assert_eq!(around_the_end, (wanted, 2));
}

/// One record moves the watermark past all others: these are late, counted, and nothing ends.
#[test]
fn a_time_far_ahead_makes_others_late_and_no_more() {
    let century = 4_915_000_000_000;
    let (windows, late) =
        minutes(&[60_000, 61_000, century, 62_000, 120_000, century + 1, century - 60_000]);
    assert_eq!((windows.values().sum::<i64>(), windows.len(), late), (4, 2, 3));
}

/// Times that no TIMESTAMP has, and none at all.
#[test]
fn times_out_of_range_are_dead_letters() {
    let folder = Folder::new("range");
    let bad = ["9223372036854775807", "-9223372036854775808", "null"];
    let of = |at: &str| format!("{{\"id\":1,\"at\":{at}}}");
    let bad = bad.map(of);
    let lines = [of("1000"), bad[0].clone(), bad[1].clone(), of("2000"), bad[2].clone()];
    let dead = folder.file("dead");
    let table = file_table(&folder, EVENTS, &lines, &format!(", 'dead-letter.path' = '{dead}'"));
    for form in FORMS {
        let _ = std::fs::remove_file(&dead);
        let (rows, summary) = rows(&folder, &table, "at STRING, n BIGINT", MINUTES, &form);
        assert_eq!(rows, [serde_json::json!({"at": "1970-01-01 00:00:00.000", "n": 2})]);
        assert_eq!((&summary["late"], &summary["dead_letters"]), (&0.into(), &3.into()));
        let letters = common::lines(Path::new(&dead));
        let texts: Vec<&str> = letters.iter().map(|it| it["text"].as_str().unwrap()).collect();
        assert_eq!(texts, bad);
        let is_told =
            |it: &Value| it["reason"].as_str().unwrap().contains("the time attribute is NULL");
        assert!(letters.iter().all(is_told), "{letters:?}");
    }
}

/// Seconds, milli-, micro- and nanoseconds, as numbers, texts and floats.
#[test]
fn an_instant_is_the_same_in_every_unit_that_is_declared() {
    let folder = Folder::new("units");
    let lines = [
        r#"{"s":1760000000,"ms":1760000000123,"us":"1760000000123456","ns":1760000000123456789,"f":1.760000000123e9}"#,
        r#"{"s":"-1","ms":"-1","us":-1000,"ns":-1000000,"f":"-0.001"}"#,
        r#"{"s":null,"f":"NaN"}"#,
        r#"{"s":0,"ms":0.9,"us":0,"ns":"0","f":0}"#,
    ];
    let lines = lines.map(str::to_owned);
    let columns = "s BIGINT, ms BIGINT, us BIGINT, ns BIGINT, f DOUBLE";
    let table = file_table(&folder, columns, &lines, "");
    let query = "SELECT CAST(TO_TIMESTAMP_LTZ(s, 0) AS STRING), CAST(TO_TIMESTAMP_LTZ(ms, 3) AS STRING),
        CAST(TO_TIMESTAMP_LTZ(FLOOR(us / 1000), 3) AS STRING), CAST(TO_TIMESTAMP_LTZ(ns / 1000000, 3) AS STRING),
        CAST(TO_TIMESTAMP_LTZ(CAST(ROUND(f * 1000) AS BIGINT), 3) AS STRING) FROM t";
    let (rows, summary) = rows(
        &folder,
        &table,
        "s STRING, ms STRING, us STRING, ns STRING, f STRING",
        query,
        &["--shards", "1"],
    );
    assert_eq!(summary["dead_letters"], 0);
    let shown = |row: &Value| {
        ["s", "ms", "us", "ns", "f"].map(|unit| row[unit].as_str().map(str::to_owned))
    };
    let found: Vec<_> = rows.iter().map(shown).collect();
    let all = |times: [Option<&str>; 5]| times.map(|time| time.map(str::to_owned));
    let (whole, parts) = (Some("2025-10-09 08:53:20.000"), Some("2025-10-09 08:53:20.123"));
    let (second, before) = (Some("1969-12-31 23:59:59.000"), Some("1969-12-31 23:59:59.999"));
    let zero = Some("1970-01-01 00:00:00.000");
    assert_eq!(
        found,
        [
            all([whole, parts, parts, parts, parts]),
            all([second, before, before, before, before]),
            // Java's (long) NaN.
            all([None, None, None, None, zero]),
            all([zero; 5]),
        ]
    );
}

/// Sessions of ten seconds of a key, with the time that they end.
#[test]
fn sessions_merge_at_their_edges() {
    let folder = Folder::new("sessions");
    let event = |(key, second): (&str, f64)| {
        format!("{{\"k\":\"{key}\",\"at\":{}}}", (second * 1000.0) as i64)
    };
    let columns = |delay: i64| {
        format!(
            "k STRING, `at` BIGINT, ts AS TO_TIMESTAMP_LTZ(`at`, 3),
             WATERMARK FOR ts AS ts - INTERVAL '{delay}' SECOND"
        )
    };
    let query = "SELECT k, UNIX_TIMESTAMP(CAST(window_end AS STRING)), COUNT(*)
        FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND))
        GROUP BY k, window_start, window_end";
    let check = |delay: i64, events: &[(&str, f64)], wanted: &[(&str, i64, i64)], late: i64| {
        let lines: Vec<String> = events.iter().copied().map(event).collect();
        let table = file_table(&folder, &columns(delay), &lines, "");
        for form in FORMS {
            let (rows, summary) =
                rows(&folder, &table, "k STRING, `end` BIGINT, n BIGINT", query, &form);
            let mut found: Vec<_> = rows
                .iter()
                .map(|row| {
                    (
                        row["k"].as_str().unwrap(),
                        row["end"].as_i64().unwrap(),
                        row["n"].as_i64().unwrap(),
                    )
                })
                .collect();
            found.sort_unstable();
            assert_eq!(
                (&found[..], summary["late"].as_i64()),
                (wanted, Some(late)),
                "{events:?} {form:?}"
            );
        }
    };
    // Exactly the gap apart is one, a millisecond more is two.
    check(0, &[("a", 0.0), ("a", 10.0), ("a", 20.001)], &[("a", 20, 2), ("a", 30, 1)], 0);
    // What comes late lies between two, and makes one of them.
    check(10, &[("a", 3.0), ("a", 17.0), ("a", 8.0)], &[("a", 27, 3)], 0);
    // At 17 s what lasts until 12 s is over, but not the session from 0 to 19 s that it belongs to.
    check(0, &[("a", 0.0), ("a", 9.0), ("b", 17.0), ("a", 2.0)], &[("a", 19, 3), ("b", 27, 1)], 0);
    // Without that one it is late.
    check(0, &[("a", 9.0), ("b", 30.0), ("a", 2.0)], &[("a", 19, 1), ("b", 40, 1)], 1);
}
