//! Records that come too late for an operator are kept whole where the table asks for it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use common::*;
use serde_json::Value;

/// Milliseconds that an event may come behind the newest.
const DELAY: i64 = 5_000;

/// Events of three users in rising time, some of which come back by up to 40 s.
fn input() -> Vec<(i64, i64)> {
    let back = |id: i64| if id % 7 == 3 { (id * 7_919) % 40_000 } else { (id * 31) % 3_000 };
    (0..400).map(|id| (id, 100_000 + id * 500 - back(id))).collect()
}

/// Ids of the events that no step can take that is through with `end_of(time)`.
fn late(end_of: impl Fn(i64) -> i64) -> Vec<i64> {
    let (mut watermark, mut late) = (i64::MIN, Vec::new());
    for (id, time) in input() {
        if end_of(time) <= watermark {
            late.push(id);
        }
        watermark = watermark.max(time - DELAY);
    }
    late
}

struct Setup {
    folder: Folder,
}

impl Setup {
    fn new(name: &str) -> Self {
        let setup = Self { folder: Folder::new(name) };
        let line = |(id, at): (i64, i64)| {
            let user = id % 3;
            format!("{{\"id\": {id}, \"user\": {user}, \"at\": {at}, \"unread\": \"é{id}\"}}\n")
        };
        std::fs::write(setup.file("in"), input().into_iter().map(line).collect::<String>())
            .unwrap();
        setup
    }

    fn file(&self, name: &str) -> String {
        self.folder.file(name)
    }

    /// Runs a query and gives the ids that were kept by operator, and how many were late.
    fn run(
        &self,
        query: &str,
        batch_rows: &str,
        shards: &str,
    ) -> (BTreeMap<String, Vec<i64>>, i64) {
        let [job, input, kept] = ["job.sql", "in", "kept"].map(|name| self.file(name));
        let text = format!(
            "CREATE TABLE events (id BIGINT, `user` BIGINT, `at` BIGINT,
               ts AS TO_TIMESTAMP_LTZ(`at`, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
             ) WITH ('connector' = 'filesystem', 'path' = '{input}', 'format' = 'json',
               'late.path' = '{kept}');
             {query}"
        );
        std::fs::write(&job, text).unwrap();
        let _ = std::fs::remove_file(&kept);
        let more = ["--http", "off", "--batch-rows", batch_rows, "--shards", shards];
        let output = pelton(&[&["run", &job][..], &more].concat()).stderr(Stdio::piped()).output();
        let said = String::from_utf8(output.unwrap().stderr).unwrap();
        let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        assert_eq!(summary["dead_letters"], 0, "{said}");
        let mut ids = BTreeMap::<String, Vec<i64>>::new();
        for line in lines(Path::new(&kept)) {
            let record: Value = serde_json::from_str(line["text"].as_str().unwrap()).unwrap();
            let id = record["id"].as_i64().unwrap();
            // As it came, with what the job does not read.
            assert_eq!(record["unread"], format!("é{id}"));
            assert_eq!(line["source"], *input);
            let reason = line["reason"].as_str().unwrap();
            let (_, operator) = reason.strip_prefix("late for ").unwrap().split_once(':').unwrap();
            ids.entry(operator.to_owned()).or_default().push(id);
        }
        ids.values_mut().for_each(|ids| ids.sort_unstable());
        (ids, summary["late"].as_i64().unwrap())
    }

    /// What is kept is what a brute force finds late, each once, at any size and number of shards.
    fn assert_kept(&self, query: &str, operator: &str, wanted: &[i64]) {
        assert!(wanted.len() > 5, "too few are late: {wanted:?}");
        for (batch_rows, shards) in [("1", "1"), ("7", "3"), ("1024", "1"), ("1024", "2")] {
            let (kept, late) = self.run(query, batch_rows, shards);
            let what = format!("{query} with batches of {batch_rows} on {shards} shards");
            assert_eq!(kept, BTreeMap::from([(operator.to_owned(), wanted.to_vec())]), "{what}");
            assert_eq!(late, wanted.len() as i64, "{what}");
        }
    }
}

#[test]
fn for_windows() {
    let setup = Setup::new("late_windows");
    let window = |call: &str| {
        format!(
            "SELECT `user`, window_start, COUNT(*), SUM(id) FROM TABLE({call})
             GROUP BY `user`, window_start, window_end;"
        )
    };
    let tumble = window("TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)");
    setup.assert_kept(&tumble, "window", &late(|time| time / 10_000 * 10_000 + 9_999));
    let hop =
        window("HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND)");
    setup.assert_kept(&hop, "window", &late(|time| time / 5_000 * 5_000 + 14_999));
    // Over all users: a single key, whose rows need no exchange by it.
    let all = "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts),
               INTERVAL '10' SECOND)) GROUP BY window_start, window_end;";
    setup.assert_kept(all, "window", &late(|time| time / 10_000 * 10_000 + 9_999));
}

#[test]
fn behind_a_sort() {
    let setup = Setup::new("late_sorted");
    let behind = late(|time| time);
    let pattern = "SELECT * FROM events MATCH_RECOGNIZE (PARTITION BY `user` ORDER BY ts
        MEASURES A.id AS a, B.id AS b AFTER MATCH SKIP PAST LAST ROW
        PATTERN (A B) DEFINE B AS B.id > A.id);";
    setup.assert_kept(pattern, "match", &behind);
    let first = "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY `user`, id ORDER BY ts)
        AS n FROM events) WHERE n = 1;";
    setup.assert_kept(first, "first", &behind);
}

/// Where lateness goes by the key: what is kept is what is counted, and all of it is behind.
#[test]
fn for_each_key() {
    let setup = Setup::new("late_keys");
    let behind = late(|time| time);
    for (query, operator) in [
        (
            "SELECT `user`, COUNT(*) FROM TABLE(SESSION(TABLE events PARTITION BY `user`,
             DESCRIPTOR(ts), INTERVAL '2' SECOND)) GROUP BY `user`, window_start, window_end;",
            "session",
        ),
        (
            "SELECT id, COUNT(*) OVER (PARTITION BY `user` ORDER BY ts
             RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) FROM events;",
            "over",
        ),
        (
            "SELECT id, SUM(id) OVER (PARTITION BY `user` ORDER BY ts
             ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM events;",
            "over",
        ),
    ] {
        let (kept, late) = setup.run(query, "1024", "2");
        let ids = kept.get(operator).unwrap_or_else(|| panic!("{query}: {kept:?}"));
        assert_eq!((kept.len(), ids.len() as i64), (1, late), "{query}");
        assert!(late > 5 && ids.iter().all(|id| behind.contains(id)), "{query}: {ids:?}");
        assert_eq!((kept, late), setup.run(query, "7", "1"), "{query}");
    }
}

/// Where the clock is turned back, an hour comes twice, and its window ends when it has gone for
/// good: rows in time are no late ones, whether late ones are taken or not.
#[test]
fn a_window_of_an_hour_that_comes_twice_takes_both() {
    let folder = Folder::new("late_clock");
    let [job, input] = ["job.sql", "in"].map(|name| folder.file(name));
    let times = ["00:10", "01:05", "01:20", "01:50", "03:00"];
    let line = |time: &str| format!("{{\"k\": \"a\", \"ts\": \"2026-10-25T{time}:00Z\"}}\n");
    std::fs::write(&input, times.map(line).concat()).unwrap();
    let run = |lateness: &str| {
        let text = format!(
            "SET 'table.local-time-zone' = 'Europe/Berlin';
             CREATE TABLE r (k STRING, ts TIMESTAMP_LTZ(3),
               WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
             ) WITH ('connector' = 'filesystem', 'path' = '{input}', 'format' = 'json',
               'json.timestamp-format.standard' = 'ISO-8601',
               'window.allowed-lateness' = '{lateness}');
             SELECT k, window_start, COUNT(*)
             FROM TABLE(TUMBLE(TABLE r, DESCRIPTOR(ts), INTERVAL '1' HOUR))
             GROUP BY k, window_start, window_end;"
        );
        std::fs::write(&job, text).unwrap();
        let more = ["--http", "off", "--batch-rows", "1", "--flush-interval", "0"];
        let mut command = pelton(&[&["run", &job][..], &more].concat());
        let out = command.stdout(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        // Sorted: windows that take late rows are spread over the shards one by one.
        BTreeSet::from_iter(text.lines().map(str::to_owned))
    };
    let both = ["+I[a, 2026-10-25T02:00, 4]", "+I[a, 2026-10-25T04:00, 1]"].map(String::from);
    assert_eq!(run("0 s"), BTreeSet::from(both.clone()));
    assert_eq!(run("10 min"), BTreeSet::from(both));
}
