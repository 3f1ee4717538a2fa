//! State that is forgotten, by the binary: the same for every size of batches and number of shards,
//! and as a plain model has it.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Stdio;

use common::*;

const DELAY: i64 = 2;
const TTL: i64 = 40;

/// A row: key, number, second.
type Row = (u64, i64, i64);

fn rows(seed: u64, len: i64) -> Vec<Row> {
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    (0..len).map(|at| (next(40), next(100) as i64, at + next(6) as i64)).collect()
}

struct Job {
    folder: Folder,
    tables: String,
}

impl Job {
    /// A job over a table `a` of these rows.
    fn new(name: &str, rows: &[Row]) -> Self {
        Self::with(name, rows, DELAY, "")
    }

    /// The same with another delay of the watermark and more options.
    fn with(name: &str, rows: &[Row], delay: i64, more: &str) -> Self {
        let folder = Folder::new(name);
        let mut lines = String::new();
        for (key, number, second) in rows {
            let time = format!("2026-01-05 10:{:02}:{:02}", second / 60, second % 60);
            writeln!(lines, "{{\"k\":\"{key}\",\"n\":{number},\"ts\":\"{time}\"}}").unwrap();
        }
        let path = folder.file("a.jsonl");
        std::fs::write(&path, lines).unwrap();
        let tables = format!(
            "SET 'table.exec.state.ttl' = '{TTL} s';
             CREATE TABLE a (k STRING, n BIGINT, ts TIMESTAMP(3),
               WATERMARK FOR ts AS ts - INTERVAL '{delay}' SECOND)
             WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'{more});\n"
        );
        Self { folder, tables }
    }

    /// What is printed, sorted: the changes of each key stay in their order.
    fn printed(&self, query: &str, batch_rows: &str, shards: &str) -> Vec<String> {
        let job = self.folder.file("job.sql");
        std::fs::write(&job, format!("{}{query};", self.tables)).unwrap();
        let mut command = pelton(&["run", &job, "--http", "off", "--flush-interval", "0"]);
        command.args(["--batch-rows", batch_rows, "--shards", shards]);
        let out = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let mut lines: Vec<String> =
            String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
        lines.sort_by_key(|line| key_of(line).to_owned());
        lines
    }

    /// The same in every form.
    fn check(&self, query: &str) -> Vec<String> {
        let plain = self.printed(query, "1024", "1");
        for (batch_rows, shards) in [("1", "1"), ("1", "3"), ("7", "2"), ("1024", "3")] {
            let other = self.printed(query, batch_rows, shards);
            for (got, wanted) in other.iter().zip(&plain) {
                assert_eq!(got, wanted, "{query}\nbatches of {batch_rows}, {shards} shards");
            }
            assert_eq!(other.len(), plain.len(), "{query}");
        }
        plain
    }
}

#[test]
fn explain_names_the_bound() {
    let folder = Folder::new("ttl_explain");
    let job = folder.file("job.sql");
    let explain = |text: &str| {
        std::fs::write(&job, text).unwrap();
        let out = pelton(&["explain", &job]).stdout(Stdio::piped()).output().unwrap();
        assert!(out.status.success());
        String::from_utf8(out.stdout).unwrap()
    };
    let job = |set: &str, hint: &str| {
        format!(
            "{set}
             CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
               WITH ('connector' = 'filesystem', 'path' = 'none', 'format' = 'json');
             SELECT {hint} a.k, b.v FROM t AS a JOIN t AS b ON a.k = b.k;
             SELECT k, COUNT(*) FROM t GROUP BY k;
             SELECT k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS n FROM t) WHERE n = 1;"
        )
    };
    let unbounded = explain(&job("", ""));
    assert_eq!(unbounded.matches("until the job ends: SET").count(), 3, "{unbounded}");
    let bounded =
        explain(&job("SET 'table.exec.state.ttl' = '1 h';", "/*+ STATE_TTL('b' = '2 h') */"));
    assert!(!bounded.contains("until the job ends"), "{bounded}");
    for text in [
        "rows of the left, until event time is 3600000 ms past its last change; of the right, until \
         event time is 7200000 ms past its last change",
        "one row a key, until event time is 3600000 ms past its last change",
        "the keys seen, until event time is 3600000 ms past the row",
    ] {
        assert!(bounded.contains(text), "{text}\n{bounded}");
    }
}

/// The first column of a line like `+I[7, 1]`.
fn key_of(line: &str) -> &str {
    line[3..].split([',', ']']).next().unwrap()
}

/// The watermark before each row.
fn watermarks(rows: &[Row], delay: i64) -> Vec<i64> {
    let mut highest = i64::MIN;
    let before = rows.iter().map(|(_, _, second)| {
        let before = highest;
        highest = highest.max(second - delay);
        before
    });
    before.collect()
}

#[test]
fn a_running_count_begins_anew() {
    let rows = rows(1, 600);
    let before = watermarks(&rows, DELAY);
    let mut groups: BTreeMap<u64, (i64, i64, i64)> = BTreeMap::new();
    let (mut wanted, mut ended) = (Vec::new(), 0);
    for (&(key, number, _), &before) in rows.iter().zip(&before) {
        // What came before the first watermark is of its time.
        let now = before.max(rows[0].2 - DELAY);
        let known = groups.get(&key).copied();
        let alive = known.filter(|(.., written)| written + TTL > now);
        ended += i64::from(alive.is_none() && known.is_some());
        let (count, sum, _) = alive.unwrap_or_default();
        if alive.is_some() {
            wanted.push(format!("-U[{key}, {count}, {sum}]"));
        }
        let kind = if alive.is_some() { "+U" } else { "+I" };
        wanted.push(format!("{kind}[{key}, {}, {}]", count + 1, sum + number));
        groups.insert(key, (count + 1, sum + number, now));
    }
    assert!(ended > 50, "{ended}");
    wanted.sort_by_key(|line| key_of(line).to_owned());
    let job = Job::new("ttl_count", &rows);
    assert_eq!(job.check("SELECT k, COUNT(*), SUM(n) FROM a GROUP BY k"), wanted);
    // For good, where a hint says so.
    let hinted = "SELECT /*+ STATE_TTL('a' = '0 s') */ k, COUNT(*), SUM(n) FROM a GROUP BY k";
    let lines = job.check(hinted);
    assert_eq!(lines.iter().filter(|line| line.starts_with("+I")).count(), groups.len());
}

#[test]
fn a_first_row_comes_anew() {
    // So far behind that no batch of some rows has one behind its watermark.
    let (rows, delay) = (rows(3, 600), 20);
    let (mut first, mut wanted) = (BTreeMap::new(), Vec::new());
    for (&(key, number, second), before) in rows.iter().zip(watermarks(&rows, delay)) {
        if first.get(&key).is_none_or(|first| first + TTL <= before) {
            first.insert(key, second);
            wanted.push(format!("+I[{key}, {number}]"));
        }
    }
    assert!(wanted.len() > 100 + first.len(), "{}", wanted.len());
    wanted.sort_by_key(|line| key_of(line).to_owned());
    let job = Job::with("ttl_first", &rows, delay, ", 'scan.order' = 'arrival'");
    let numbered = "SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS nth FROM a";
    assert_eq!(job.check(&format!("SELECT k, n FROM ({numbered}) WHERE nth = 1")), wanted);
}

#[test]
fn what_forgets_does_so_in_every_form() {
    let job = Job::new("ttl_forms", &rows(2, 500));
    let number = "ROW_NUMBER() OVER (PARTITION BY k ORDER BY";
    for query in [
        "SELECT DISTINCT k FROM a".to_owned(),
        "SELECT k, COUNT(DISTINCT n), MAX(n) FROM a GROUP BY k".into(),
        // Changes of changes.
        "SELECT k, MAX(c), COUNT(*) FROM (SELECT k, COUNT(*) AS c FROM a GROUP BY k) GROUP BY k"
            .into(),
        "SELECT k, SUM(n) OVER (PARTITION BY k ORDER BY n) FROM a".into(),
        format!("SELECT k, n FROM (SELECT *, {number} n DESC) AS nth FROM a) WHERE nth <= 2"),
        format!("SELECT k, n FROM (SELECT *, {number} ts DESC) AS nth FROM a) WHERE nth = 1"),
    ] {
        let lines = job.check(&query);
        let begun = lines.iter().filter(|line| line.starts_with("+I")).count();
        assert!(begun > 100, "{query}: {begun}");
    }
}

#[test]
fn what_cannot_be_forgotten_is_refused() {
    let folder = Folder::new("ttl_refused");
    let job = folder.file("job.sql");
    let check = |text: &str| {
        std::fs::write(&job, text).unwrap();
        let out = pelton(&["check", &job]).stderr(Stdio::piped()).output().unwrap();
        (out.status.success(), String::from_utf8(out.stderr).unwrap())
    };
    let table = |more: &str| {
        format!(
            "CREATE TABLE t (k STRING, ts TIMESTAMP(3){more}) WITH ('connector' = 'kafka',
               'topic' = 't', 'properties.bootstrap.servers' = 'k:9092', 'format' = 'json');
             CREATE TABLE n (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED)
               WITH ('connector' = 'queryable');\n"
        )
    };
    let set = "SET 'table.exec.state.ttl' = '1 h';\n";
    let count = "INSERT INTO n SELECT k, COUNT(*) FROM t GROUP BY k;";
    let (passed, text) = check(&(set.to_owned() + &table("") + count));
    assert!(!passed && text.contains("table `t` has no watermark"), "{text}");
    assert!(text.contains("job.sql:1:6") && text.contains("WATERMARK FOR"), "{text}");
    let timed = table(", WATERMARK FOR ts AS ts");
    assert!(check(&(set.to_owned() + &timed + count)).0);
    let hinted = count.replace("SELECT", "SELECT /*+ STATE_TTL('t' = '1 h') */");
    let (passed, text) = check(&(table("") + &hinted));
    assert!(!passed && text.contains("table `t` has no watermark"), "{text}");
    assert!(check(&(timed.clone() + &hinted)).0);
    for (hint, said) in [
        ("STATE_TTL('u' = '1 h')", "`u` is no input of a join or GROUP BY"),
        ("STATE_TTL('t' = 'soon')", "'soon' is not a duration"),
        ("BROADCAST(t)", "the hint BROADCAST is not supported"),
    ] {
        let hinted = count.replace("SELECT", &format!("SELECT /*+ {hint} */"));
        let (passed, text) = check(&(timed.clone() + &hinted));
        assert!(!passed && text.contains(said), "{text}");
    }
    let (passed, text) =
        check(&(timed + &count.replace("t GROUP", "t /*+ OPTIONS('a'='b') */ GROUP")));
    assert!(!passed && text.contains("a hint stands behind SELECT"), "{text}");
}
