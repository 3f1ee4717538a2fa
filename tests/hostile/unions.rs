//! UNION ALL of branches of one table: in the order of the table, late rows or not; and of views of
//! views without end.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Stdio;

use serde_json::Value;

use super::common::*;
use super::{FORMS, file_table, rows};

const COLUMNS: &str =
    "id BIGINT, `at` BIGINT, ts AS TO_TIMESTAMP_LTZ(`at`, 3), WATERMARK FOR ts AS ts";

/// Three branches, a union of two of them within the other one.
const UNION: &str = "
CREATE VIEW odd AS SELECT id, CONCAT('odd ', CAST(id AS STRING)) AS said, ts FROM t WHERE MOD(id, 2) = 1;
CREATE VIEW low AS SELECT id, 'low' AS said, ts FROM (
  SELECT id, ts FROM t WHERE MOD(id, 10) < 6 UNION ALL SELECT id, ts FROM t WHERE MOD(id, 7) = 0);
CREATE VIEW u AS SELECT * FROM odd UNION ALL SELECT * FROM low UNION ALL SELECT id, 'all', ts FROM t;";

/// What a row becomes, in the order of the branches.
fn branches(id: i64) -> Vec<String> {
    let low = usize::from(id % 10 < 6) + usize::from(id % 7 == 0);
    let odd = (id % 2 == 1).then(|| format!("odd {id}"));
    odd.into_iter().chain(vec!["low".to_owned(); low]).chain(["all".to_owned()]).collect()
}

/// Ids with times of which some are behind the watermark, a few of them behind their second.
fn events() -> Vec<(i64, i64)> {
    let time = |id: i64| match id % 11 {
        0 => id * 40 - 1_500,
        3 | 5 => id * 40 - 300,
        _ => id * 40,
    };
    (0..2_500).map(|id| (id, time(id).max(0))).collect()
}

/// Each second's texts in the order that they came in, and how many rows came too late.
fn model() -> (BTreeMap<i64, String>, i64) {
    let (mut seconds, mut late, mut watermark) = (BTreeMap::<i64, Vec<String>>::new(), 0, i64::MIN);
    for (id, at) in events() {
        let said = branches(id);
        match at / 1_000 * 1_000 + 999 <= watermark {
            true => late += said.len() as i64,
            false => seconds.entry(at / 1_000).or_default().extend(said),
        }
        watermark = watermark.max(at);
    }
    (seconds.into_iter().map(|(second, said)| (second, said.join(","))).collect(), late)
}

#[test]
fn branches_of_a_table_come_in_its_order() {
    let folder = Folder::new("unions");
    let lines: Vec<String> =
        events().iter().map(|(id, at)| format!("{{\"id\":{id},\"at\":{at}}}")).collect();
    let tables = file_table(&folder, COLUMNS, &lines, "") + UNION;
    let query = "SELECT TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start), LISTAGG(said)
      FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end";
    let (wanted, late) = model();
    assert!(late > 200 && wanted.len() == 100, "late {late}, windows {}", wanted.len());
    for form in FORMS {
        let (rows, summary) = rows(&folder, &tables, "at BIGINT, said STRING", query, &form);
        let entry =
            |row: &Value| (row["at"].as_i64().unwrap(), row["said"].as_str().unwrap().to_owned());
        let found: BTreeMap<_, _> = rows.iter().map(entry).collect();
        assert!(found == wanted, "{form:?}: other rows, or in another order");
        assert_eq!(summary["late"], late, "{form:?}");
    }
}

/// Thirty views, each of the last one twice, read a table a billion times over.
#[test]
fn views_that_double_are_refused() {
    let folder = Folder::new("doubling");
    let mut text = file_table(&folder, "id BIGINT", &[], "") + "CREATE VIEW v0 AS SELECT * FROM t;";
    for view in 1..=30 {
        let below = view - 1;
        write!(
            text,
            "CREATE VIEW v{view} AS SELECT * FROM v{below} UNION ALL SELECT * FROM v{below};"
        )
        .unwrap();
    }
    let job = folder.file("job.sql");
    std::fs::write(&job, text + "SELECT COUNT(*) FROM v30;").unwrap();
    let output = pelton(&["check", &job]).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("times over"), "{said}");
}
