//! `scan.partitioned-by`: operators on the partitions themselves, without an exchange, give what
//! they give behind one, over kills and with other numbers of shards (`PELTON_TEST_KAFKA`).

mod common;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::*;
use serde_json::Value;

const START_MS: i64 = 1_760_000_000_000;
const EVENTS: i64 = 6_000;
/// Rows that the last round has let out for sure are of times before it, which lasts a minute.
const UNTIL: &str = "2025-10-09 08:56:00";
const OPTION: &str = "'scan.partitioned-by' = 'user_id',";

/// Events of a round, later than those of the rounds before.
fn produce(kafka: &str, topic: &str, round: i64, key: &[&str]) {
    let (start, count) = ((START_MS + round * EVENTS * 10).to_string(), EVENTS.to_string());
    let (seed, users) = (round.to_string(), "50".to_owned());
    let mut args = vec!["produce", "--kafka", kafka, "--topic", topic, "--partitions", "4"];
    args.extend(["--event-rate", "100", "--start", &start, "--count", &count]);
    args.extend(["--seed", &seed, "--users", &users]);
    assert!(pelton(&[&args[..], key].concat()).status().unwrap().success());
}

fn source(kafka: &str, topic: &str, option: &str) -> String {
    format!(
        "CREATE TABLE events (user_id STRING NOT NULL, event_type STRING NOT NULL, `timestamp` DOUBLE,
           ts AS TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3),
           WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json', {option}
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset',
           'scan.watermark.idle-advance' = 'none');\n"
    )
}

/// One statement for each kind of operator that keeps state by key.
const STATEMENTS: &str = "
    INSERT INTO counts SELECT user_id, event_type, COUNT(*) FROM events GROUP BY user_id, event_type;
    INSERT INTO out SELECT 'over', user_id, CAST(ts AS STRING), COUNT(*) OVER w FROM events
      WINDOW w AS (PARTITION BY user_id ORDER BY ts
                   RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW);
    INSERT INTO out SELECT 'sum', user_id, CAST(ts AS STRING), SUM(CHAR_LENGTH(event_type)) OVER w
      FROM events WINDOW w AS (PARTITION BY user_id, event_type ORDER BY ts
                               RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW);
    INSERT INTO out SELECT 'session', user_id, CAST(window_start AS STRING), COUNT(*)
      FROM TABLE(SESSION(TABLE events PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '1' SECOND))
      GROUP BY user_id, window_start, window_end;
    INSERT INTO out SELECT 'hop', user_id, CAST(window_start AS STRING), COUNT(*)
      FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))
      GROUP BY user_id, window_start, window_end;
    INSERT INTO out SELECT 'type', event_type, CAST(window_start AS STRING), COUNT(*)
      FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))
      GROUP BY event_type, window_start, window_end;
    INSERT INTO out SELECT 'first', user_id, CAST(ts AS STRING), 1 FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id, event_type ORDER BY ts) AS n FROM events)
      WHERE n = 1;
    INSERT INTO out SELECT 'match', user_id, CAST(s AS STRING), n FROM events MATCH_RECOGNIZE (
      PARTITION BY user_id ORDER BY ts
      MEASURES FIRST(A.ts) AS s, 1 AS n
      ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) WITHIN INTERVAL '5' SECOND
      DEFINE B AS B.event_type <> A.event_type);
";

fn job(kafka: &str, topic: &str, option: &str, out: &str) -> String {
    source(kafka, topic, option)
        + &format!(
            "CREATE TABLE counts (user_id STRING, event_type STRING, n BIGINT,
               PRIMARY KEY (user_id, event_type) NOT ENFORCED) WITH ('connector' = 'queryable');
             CREATE TABLE out (what STRING, k STRING, at STRING, n BIGINT) WITH ('connector' = 'kafka',
               'topic' = '{out}', 'sink.create-topic' = 'partitions:2,replication:1', 'format' = 'json',
               'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');\n"
        )
        + STATEMENTS
}

/// The committed rows of a topic, and how many there are of each.
fn rows(kafka: &str, topic: &str, folder: &Folder) -> BTreeMap<String, u64> {
    let (job, out) = (folder.file("read.sql"), folder.file(topic));
    let text = format!(
        "CREATE TABLE rows_of (what STRING, k STRING, at STRING, n BIGINT) WITH ('connector' = 'kafka',
           'topic' = '{topic}', 'format' = 'json', 'properties.bootstrap.servers' = '{kafka}',
           'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE out (what STRING, k STRING, at STRING, n BIGINT)
           WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
         INSERT INTO out SELECT * FROM rows_of;"
    );
    std::fs::write(&job, text).unwrap();
    assert!(pelton(&["run", &job, "--http", "off", "--until", "end"]).status().unwrap().success());
    let mut all = BTreeMap::new();
    for row in lines(Path::new(&out)) {
        *all.entry(row.to_string()).or_default() += 1;
    }
    all
}

/// What all rows of the table `counts` count.
fn counted(address: &str) -> i64 {
    let page = get(address, "/api/v1/tables/counts?limit=1000");
    let rows = page.and_then(|page| page["data"].as_array().cloned()).unwrap_or_default();
    rows.iter().map(|row| row["n"].as_i64().unwrap()).sum()
}

#[test]
fn without_an_exchange_the_same_comes_out() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("partitioned");
    let (topic, address) = (unique("partitioned"), listener());
    let (out, plain) = (format!("{topic}_out"), format!("{topic}_plain"));
    // Named by its file: two jobs of one name fence each other.
    let file = folder.file(&format!("{topic}.sql"));
    std::fs::write(&file, job(&kafka, &topic, OPTION, &out)).unwrap();
    let state = folder.file("state");
    let args = ["run", &file, "--state-dir", &state, "--epoch-interval", "300ms"];
    for (round, shards) in ["2", "3", "1", "4"].into_iter().enumerate() {
        produce(&kafka, &topic, round as i64, &[]);
        let more = ["--shards", shards, "--http", &address];
        let running = Job(pelton(&[&args[..], &more].concat()).spawn().unwrap());
        wait_for("all counts", || counted(&address) == EVENTS * (round as i64 + 1));
        let one = get(&address, "/api/v1/tables/counts?limit=1").unwrap()["data"][0].clone();
        let of = |name: &str| one[name].as_str().unwrap().to_owned();
        let path = format!("/api/v1/tables/counts/{}/{}", of("user_id"), of("event_type"));
        assert_eq!(get(&address, &path).unwrap()["data"], one, "{path}");
        // Behind an epoch; in the end behind one that says all that event time has reached.
        std::thread::sleep(Duration::from_millis(if round < 3 { 700 } else { 3000 }));
        // Killed.
        drop(running);
    }
    // State by partition is none by key.
    std::fs::write(&file, job(&kafka, &topic, "", &out)).unwrap();
    let again = [&args[..], &["--http", "off"]].concat();
    let refused = pelton(&again).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && text.contains("would lose what it kept"), "{text}");
    let file = folder.file(&format!("{topic}_plain.sql"));
    std::fs::write(&file, job(&kafka, &topic, "", &plain)).unwrap();
    let run = ["run", &file, "--until", "end", "--http", "off", "--shards", "2"];
    assert!(pelton(&run).status().unwrap().success());
    let (found, expected) = (rows(&kafka, &out, &folder), rows(&kafka, &plain, &folder));
    for what in ["over", "sum", "session", "hop", "type", "first", "match"] {
        let of = |all: &BTreeMap<String, u64>| -> BTreeMap<String, u64> {
            let is = |row: &str| {
                let row: Value = serde_json::from_str(row).unwrap();
                row["what"] == what && row["at"].as_str().unwrap() < UNTIL
            };
            all.iter().filter(|(row, _)| is(row)).map(|(row, n)| (row.clone(), *n)).collect()
        };
        let (found, expected) = (of(&found), of(&expected));
        assert!(expected.len() > 20, "{what}: little to compare: {}", expected.len());
        let odd = found.iter().find(|(row, n)| expected.get(*row) != Some(n));
        let missing = expected.keys().find(|row| !found.contains_key(*row));
        assert_eq!((odd, missing), (None, None), "{what}");
    }
}

fn listener() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The same users in all partitions: with one worker, which reads them all, and with one for each.
#[test]
fn a_key_in_two_partitions_ends_the_job() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("partitioned");
    let topic = unique("partitioned");
    // At full speed the client puts all of them into one partition: it takes another each 10 ms.
    produce(&kafka, &topic, 0, &["--key", "none", "--rate", "6000"]);
    let file = folder.file(&format!("{topic}.sql"));
    std::fs::write(&file, job(&kafka, &topic, OPTION, &format!("{topic}_out"))).unwrap();
    for shards in ["1", "4"] {
        let args = ["run", &file, "--until", "end", "--http", "off", "--shards", shards];
        let ended = pelton(&args).stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success(), "{shards} shards: {text}");
        assert!(
            text.contains("the key (\"") && text.contains("was read from partition"),
            "{shards} shards: {text}"
        );
    }
}

/// As `explain` says it.
#[test]
fn the_exchange_is_gone() {
    let folder = Folder::new("partitioned");
    let file = folder.file("job.sql");
    let explained = |option: &str| {
        std::fs::write(&file, job("127.0.0.1:1", "t", option, "out")).unwrap();
        let told = pelton(&["explain", &file]).stdout(Stdio::piped()).output().unwrap();
        String::from_utf8(told.stdout).unwrap()
    };
    let (plain, partitioned) = (explained(""), explained(OPTION));
    assert!(plain.contains("exchange by") && !plain.contains("no exchange"), "{plain}");
    // All but the count by type.
    assert_eq!(partitioned.matches("exchange by").count(), 1, "{partitioned}");
    assert_eq!(
        partitioned.matches("no exchange").count(),
        plain.matches("exchange by").count() - 1,
        "{partitioned}"
    );
    let odd = explained("'scan.partitioned-by' = 'nobody',");
    assert!(!odd.contains("scan"), "{odd}");
}
