//! A job that is killed over and over, on a real Kafka (`PELTON_TEST_KAFKA`, set by scripts/test):
//! its lists, sets and streams end as if it had never been.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Server;
use super::processes::pelton;
use crate::common::wait_for;

const EVENTS: usize = 30_000;
const RECENT: usize = 100;
const BEST: usize = 20;
const PATIENCE: Duration = Duration::from_secs(20);

fn job(kafka: &str, topic: &str, redis: &str) -> String {
    format!(
        "SET 'pipeline.name' = 'crashing';
         CREATE TABLE events (user_id STRING NOT NULL, event_type STRING NOT NULL,
           `offset` BIGINT METADATA VIRTUAL)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json',
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE everything (place BIGINT, user_id STRING)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'stream', 'key' = 'all');
         CREATE TABLE queue (place BIGINT)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'list', 'key' = 'queue');
         CREATE TABLE recent (place BIGINT, PRIMARY KEY (place) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'list', 'key' = 'recent',
           'max-length' = '{RECENT}', 'sink.publish' = 'early');
         CREATE TABLE best (user_id STRING, n BIGINT, PRIMARY KEY (user_id) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'zset', 'key' = 'best',
           'member' = '{{user_id}}', 'score' = 'n', 'max-length' = '{BEST}');
         CREATE TABLE types (user_id STRING, event_type STRING, n BIGINT,
           PRIMARY KEY (user_id, event_type) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'zset',
           'key' = 'types:{{event_type}}', 'member' = '{{user_id}}', 'score' = 'n');
         EXECUTE STATEMENT SET BEGIN
         INSERT INTO everything SELECT `offset`, user_id FROM events;
         INSERT INTO queue SELECT `offset` FROM events;
         INSERT INTO recent SELECT `offset` FROM events;
         INSERT INTO best SELECT user_id, COUNT(*) FROM events GROUP BY user_id;
         -- Few are left of those with an odd number: the others come and go.
         INSERT INTO types SELECT user_id, event_type, n FROM (
           SELECT user_id, event_type, COUNT(*) AS n FROM events GROUP BY user_id, event_type
         ) WHERE MOD(n, 2) = 0;
         END;"
    )
}

type Counts = HashMap<String, u64>;

/// Users and types of the events, in their order.
fn events(path: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let event = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        (text("user_id"), text("event_type"))
    };
    text.lines().map(event).collect()
}

fn produce(to: &[&str], folder: &std::path::Path, name: &str) {
    let events = EVENTS.to_string();
    let what = ["--users", "50", "--count", &events];
    let args = [&["produce"], to, &what].concat();
    let done = Command::new(env!("CARGO_BIN_EXE_pelton")).args(args).current_dir(folder).output();
    assert!(done.unwrap().status.success(), "{name}");
}

fn length(server: &Server) -> usize {
    server.ask(&["XLEN", "all"])
}

#[test]
fn what_a_job_leaves_that_was_killed_again_and_again() {
    let Ok(kafka) = std::env::var("PELTON_TEST_KAFKA") else {
        eprintln!("skipped: PELTON_TEST_KAFKA is not set; scripts/test sets it");
        return;
    };
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let topic = format!("crashes_{}", std::process::id());
    std::fs::write(file("job.sql"), job(&kafka, &topic, &server.url())).unwrap();
    produce(&["--to", &file("events")], folder.path(), "to a file");
    let count = EVENTS.to_string();
    let to = ["produce", "--kafka", &kafka, "--topic", &topic, "--partitions", "1"];
    let what = ["--users", "50", "--count", &count, "--rate", "5000"];
    let _producing = pelton(&[&to[..], &what].concat(), &folder.path().join("produce.log"));
    let started = Instant::now();
    let mut kills = 0;
    while length(&server) < EVENTS {
        assert!(started.elapsed() < Duration::from_secs(170), "{} rows", length(&server));
        let log = folder.path().join(format!("{kills}.log"));
        let (job, state) = (file("job.sql"), file("state"));
        let args = ["run", &job, "--http", "off", "--state-dir", &state];
        let shards = (kills % 3 + 1).to_string();
        let more = ["--shards", &shards, "--epoch-interval", "150ms"];
        let mut process = pelton(&[&args[..], &more].concat(), &log);
        // Six kills, each a while after rows have come again; then it may end.
        let before = length(&server);
        let some = (before + 700 * (kills + 1)).min(EVENTS);
        wait_for("more rows", || length(&server) >= if kills < 6 { some } else { EVENTS });
        assert!(process.0.try_wait().unwrap().is_none(), "the job has ended by itself");
        if kills < 6 {
            std::thread::sleep(Duration::from_millis(37 * kills as u64));
            process.signal("-KILL");
            kills += 1;
        } else {
            process.signal("-TERM");
            wait_for("the end", || process.0.try_wait().unwrap().is_some());
        }
    }
    assert!(kills >= 3, "all was there after {kills} kills");
    // The last start may have been killed: the next brings what is left, and ends.
    let args = ["run", &file("job.sql"), "--http", "off", "--state-dir", &file("state")];
    let process = pelton(&args, &folder.path().join("last.log"));
    compare(&server, &events(&file("events")));
    drop(process);
}

fn compare(server: &Server, events: &[(String, String)]) {
    let places = |at: std::ops::Range<usize>| at.map(|place| place.to_string());
    let entries: Vec<(String, BTreeMap<String, String>)> = server.ask(&["XRANGE", "all", "-", "+"]);
    let found: Vec<(&str, &str)> =
        entries.iter().map(|(_, fields)| (&*fields["place"], &*fields["user_id"])).collect();
    let numbers: Vec<String> = places(0..EVENTS).collect();
    let wanted: Vec<(&str, &str)> =
        numbers.iter().zip(events).map(|(place, (user, _))| (&**place, &**user)).collect();
    assert!(found == wanted, "{} entries, of {EVENTS}", found.len());
    let wanted: Vec<String> = places(0..EVENTS).rev().collect();
    let settled = |what: &str, done: &dyn Fn() -> bool| wait_for(what, done);
    settled("queue", &|| server.ask::<Vec<String>>(&["LRANGE", "queue", "0", "-1"]) == wanted);
    let recent = || server.ask::<Vec<String>>(&["LRANGE", "recent", "0", "-1"]);
    let settling = Instant::now();
    while recent() != wanted[..RECENT] && settling.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(recent(), wanted[..RECENT]);
    assert_eq!(server.ask::<usize>(&["ZCARD", "pelton:ids:{recent}"]), 10 * RECENT);

    let mut of_users = Counts::new();
    let mut of_types: HashMap<&str, Counts> = HashMap::new();
    for (user, kind) in events {
        *of_users.entry(user.clone()).or_default() += 1;
        *of_types.entry(kind).or_default().entry(user.clone()).or_default() += 1;
    }
    let scores = |key: &str| -> Counts {
        let pairs: Vec<(String, f64)> = server.ask(&["ZRANGE", key, "0", "-1", "WITHSCORES"]);
        pairs.into_iter().map(|(member, score)| (member, score as u64)).collect()
    };
    let mut best: Vec<(u64, &String)> = of_users.iter().map(|(user, n)| (*n, user)).collect();
    best.sort_unstable();
    let best = best.split_off(best.len() - BEST);
    let best: Counts = best.into_iter().map(|(n, user)| (user.clone(), n)).collect();
    settled("best", &|| scores("best") == best);
    for (kind, mut wanted) in of_types {
        wanted.retain(|_, n| *n % 2 == 0);
        settled(kind, &|| scores(&format!("types:{kind}")) == wanted);
    }
}
