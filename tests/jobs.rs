//! Whole jobs, run by the binary itself on a real Kafka (`PELTON_TEST_KAFKA`, set by
//! scripts/test) and compared with a count made by hand of the same events.

mod common;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use common::topics::{client, each_record};
use common::*;
use rdkafka::Message;
use serde_json::{Value, json};

const START_MS: &str = "1760000000000";

/// Writes events to Kafka, or to a file: the same seed makes the same events.
fn produce(to: &[&str], extra: &[&str]) {
    let common = ["produce", "--users", "50", "--start", START_MS, "--event-rate", "100"];
    let args: Vec<&str> = common.iter().chain(to).chain(extra).copied().collect();
    assert!(pelton(&args).status().unwrap().success(), "{args:?}");
}

fn source(kafka: &str, topic: &str, more: &str) -> String {
    format!(
        "CREATE TABLE events (user_id STRING NOT NULL, event_type STRING NOT NULL, `timestamp` DOUBLE,
           ts AS TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3),
           WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json', {more}
           'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = '{topic}',
           'scan.startup.mode' = 'earliest-offset');\n"
    )
}

/// All rows of the table `counts`, as key → count.
fn counts(address: &str) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    let mut after = String::new();
    loop {
        let Some(page) = get(address, &format!("/api/v1/tables/counts?limit=1000{after}")) else {
            return all;
        };
        for row in page["data"].as_array().into_iter().flatten() {
            let key = format!("{}:{}", row["user_id"], row["event_type"]);
            all.insert(key, row["n"].as_u64().unwrap());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

fn expected_counts(events: &[Value]) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for event in events {
        *all.entry(format!("{}:{}", event["user_id"], event["event_type"])).or_default() += 1;
    }
    all
}

fn start(job: &str, shards: &str, state: &str, address: &str) -> Job {
    Job(running(job, shards, state, address).spawn().unwrap())
}

fn running(job: &str, shards: &str, state: &str, address: &str) -> std::process::Command {
    let args = ["run", job, "--shards", shards, "--state-dir", state, "--http", address];
    let mut command = pelton(&args);
    command.args(["--epoch-interval", "300ms"]);
    command
}

/// A table over a topic of copies of events.
fn copies(kafka: &str, topic: &str) -> String {
    format!(
        "CREATE TABLE copies (user_id STRING, event_type STRING) WITH ('connector' = 'kafka',
           'topic' = '{topic}', 'sink.create-topic' = 'partitions:2,replication:1', 'format' = 'json',
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');\n"
    )
}

/// How often each key stands in the committed records of a topic of copies.
fn copied(kafka: &str, topic: &str, folder: &Folder) -> BTreeMap<String, u64> {
    let (job, out) = (folder.file("read.sql"), folder.file("copied"));
    let text = copies(kafka, topic)
        + &format!(
            "CREATE TABLE out (user_id STRING, event_type STRING)
               WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
             INSERT INTO out SELECT user_id, event_type FROM copies;"
        );
    std::fs::write(&job, text).unwrap();
    let args = ["run", &job, "--http", "off", "--until", "end"];
    assert!(pelton(&args).status().unwrap().success());
    expected_counts(&lines(Path::new(&out)))
}

/// Killed in mid-stream and started with another number of shards, a table is exact, and a topic
/// holds each row once.
#[test]
fn a_killed_job_goes_on_from_its_last_epoch() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("restart");
    let topic = unique("restart");
    // Named by its file: two jobs of one name fence each other.
    let job = folder.file(&format!("{topic}.sql"));
    let text = source(&kafka, &topic, "")
        + "CREATE TABLE counts (user_id STRING, event_type STRING, n BIGINT,
             PRIMARY KEY (user_id, event_type) NOT ENFORCED) WITH ('connector' = 'queryable');
           INSERT INTO counts SELECT user_id, event_type, COUNT(*) FROM events
           GROUP BY user_id, event_type;\n"
        + &copies(&kafka, &format!("{topic}_copies"))
        + "INSERT INTO copies SELECT user_id, event_type FROM events;";
    std::fs::write(&job, text).unwrap();
    let to_kafka = ["--kafka", &kafka, "--topic", &topic, "--partitions", "3"];
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let state = folder.file("state");
    let mut events = Vec::new();
    for (round, shards) in ["2", "3", "1"].into_iter().enumerate() {
        let seed = round.to_string();
        let more = ["--count", "20000", "--seed", &seed, "--key", "none"];
        let sent = folder.file(&seed);
        produce(&["--to", &sent], &more);
        events.extend(lines(Path::new(&sent)));
        let mut running = start(&job, shards, &state, &address);
        produce(&to_kafka, &more);
        let expected = expected_counts(&events);
        if round < 2 {
            // Somewhere in the stream, behind at least one epoch.
            wait_for("first counts", || !counts(&address).is_empty());
            std::thread::sleep(Duration::from_millis(700));
        } else {
            wait_for("all counts", || counts(&address) == expected);
            signal("-TERM", running.0.id());
            assert!(running.0.wait().unwrap().success());
            assert_eq!(copied(&kafka, &format!("{topic}_copies"), &folder), expected);
        }
        drop(running);
    }
}

/// Stopped for longer than a transaction may be open, which the broker then aborts, and let go on:
/// the job begins again from its last epoch, and each row is there once.
#[test]
fn a_job_that_stood_still_past_its_transaction_goes_on() {
    /// Timed out after a second, a transaction is aborted when the broker of scripts/kafka looks next,
    /// each second.
    const STILL: Duration = Duration::from_secs(5);
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("stood_still");
    let topic = unique("stood_still");
    let job = folder.file(&format!("{topic}.sql"));
    let copies_topic = format!("{topic}_copies");
    let slow = "'properties.transaction.timeout.ms' = '1000', 'format'";
    let text = source(&kafka, &topic, "")
        + &copies(&kafka, &copies_topic).replace("'format'", slow)
        + "INSERT INTO copies SELECT user_id, event_type FROM events;";
    std::fs::write(&job, text).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let state = folder.file("state");
    let to_kafka = ["--kafka", &kafka, "--topic", &topic, "--partitions", "3"];
    let live = ["--count", "20000", "--seed", "5", "--key", "none"];
    let more = ["--count", "2000", "--seed", "6", "--key", "none"];
    let mut events = Vec::new();
    for (name, of) in [("live", live), ("more", more)] {
        let sent = folder.file(name);
        produce(&["--to", &sent], &of);
        events.extend(lines(Path::new(&sent)));
    }
    let (log, to) = (folder.file("log"), to_kafka.map(str::to_owned));
    let mut command = running(&job, "2", &state, &address);
    let mut running = Job(command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap());
    let producer = std::thread::spawn(move || {
        let to: Vec<&str> = to.iter().map(String::as_str).collect();
        produce(&to, &[&live[..], &["--rate", "2000"]].concat());
    });
    // In the midst of an epoch.
    std::thread::sleep(Duration::from_millis(4_150));
    signal("-STOP", running.0.id());
    std::thread::sleep(STILL);
    signal("-CONT", running.0.id());
    producer.join().unwrap();
    produce(&to_kafka, &more);
    let written = || records(&kafka, &copies_topic);
    wait_for("all copies", || written().len() >= events.len());
    signal("-TERM", running.0.id());
    assert!(running.0.wait().unwrap().success());
    let copies = written().into_iter().map(|(_, row)| serde_json::from_str(&row.unwrap()).unwrap());
    assert_eq!(expected_counts(&copies.collect::<Vec<_>>()), expected_counts(&events));
    let said = std::fs::read_to_string(log).unwrap();
    assert!(said.contains("going on from the last committed epoch"), "{said}");
}

/// Tables that are written by one transaction have one producer: a start that would leave out what
/// one of them says is refused, before any broker is asked.
#[test]
fn tables_of_a_transaction_agree_on_their_producer() {
    let folder = Folder::new("producers");
    let job = folder.file("job.sql");
    let nowhere = "127.0.0.1:1";
    let run = |second: &str| {
        let text = source(nowhere, "events", "")
            + &copies(nowhere, "one")
            + &second.replace("TABLE copies", "TABLE more")
            + "INSERT INTO copies SELECT user_id, event_type FROM events;
               INSERT INTO more SELECT user_id, event_type FROM events;";
        std::fs::write(&job, text).unwrap();
        let state = folder.file("state");
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_pelton"))
            .args(["run", &job, "--http", "off", "--state-dir", &state])
            .output()
            .unwrap();
        assert!(!done.status.success());
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let said =
        run(&copies(nowhere, "two").replace("'format'", "'properties.linger.ms' = '20', 'format'"));
    assert!(said.contains("tables `copies` and `more` differ in 'properties.linger.ms'"), "{said}");
    let said = run(&copies("127.0.0.1:2", "two"));
    assert!(said.contains("in two Kafka clusters"), "{said}");
}

/// A job that is run with another text keeps what has not changed, to the row; the rest is let go
/// on demand alone, and begins empty when it comes back.
#[test]
fn a_changed_job_keeps_what_is_the_same() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("changed");
    let topic = unique("changed");
    let job = folder.file(&format!("{topic}.sql"));
    let tables = source(&kafka, &topic, "")
        + "CREATE TABLE counts (user_id STRING, event_type STRING, n BIGINT,
             PRIMARY KEY (user_id, event_type) NOT ENFORCED) WITH ('connector' = 'queryable');
           CREATE TABLE users (user_id STRING, n BIGINT, newest DOUBLE, PRIMARY KEY (user_id) NOT ENFORCED)
             WITH ('connector' = 'queryable');
           INSERT INTO counts SELECT user_id, event_type, COUNT(*) FROM events
           GROUP BY user_id, event_type;\n";
    let users = "INSERT INTO users SELECT user_id, COUNT(*), MAX(`timestamp`) FROM events GROUP BY user_id;";
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let state = folder.file("state");
    let seen = |name: &str| -> u64 {
        let page = get(&address, &format!("/api/v1/tables/{name}?limit=1000"));
        let rows = page.and_then(|page| page["data"].as_array().cloned()).unwrap_or_default();
        rows.iter().map(|row| row["n"].as_u64().unwrap()).sum()
    };
    let args = ["run", &job, "--state-dir", &state, "--http", &address];
    // Each with 1,000 events more: the text, whether state may be dropped, and how many rows each
    // table has counted in the end.
    let rounds = [
        (tables.clone(), false, 1000, 0),
        (tables.clone() + users, false, 2000, 1000),
        (tables.clone(), true, 3000, 0),
        (tables.clone() + users, false, 4000, 1000),
    ];
    for (round, (text, drops, in_counts, in_users)) in rounds.into_iter().enumerate() {
        std::fs::write(&job, text).unwrap();
        let shards = ["2", "1", "3", "2"][round];
        let more = ["--shards", shards, "--epoch-interval", "300ms"];
        if drops {
            let refused = pelton(&[&args[..], &more].concat())
                .stderr(std::process::Stdio::piped())
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success());
            assert!(text.contains("- GROUP BY user_id\n") && text.contains("Kept: 2."), "{text}");
        }
        let allowed: &[&str] = if drops { &["--allow-dropped-state"] } else { &[] };
        let mut running = Job(pelton(&[&args[..], &more, allowed].concat()).spawn().unwrap());
        wait_for("a job that is ready", || get_text(&address, "/ready").is_some());
        let seed = round.to_string();
        let to_kafka = ["--kafka", &kafka, "--topic", &topic, "--partitions", "3"];
        produce(&to_kafka, &["--count", "1000", "--seed", &seed, "--key", "none"]);
        wait_for("all counts", || seen("counts") >= in_counts);
        wait_for("all users", || seen("users") >= in_users);
        assert_eq!((seen("counts"), seen("users")), (in_counts, in_users), "round {round}");
        signal("-TERM", running.0.id());
        assert!(running.0.wait().unwrap().success());
    }
}

/// Key and value of each record of a topic, as a reader of committed ones sees them.
fn records(kafka: &str, topic: &str) -> Vec<(String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut found = Vec::new();
    each_record(&client(kafka), topic, |record| {
        let key = record.key().map(text).unwrap_or_default();
        found.push((key, record.payload().map(text)));
    });
    found
}

/// Rows that change go to a compacted topic: its last record of each key is the row, or a tombstone
/// where there is none, also after a crash.
#[test]
fn a_topic_of_upserts_ends_as_the_table() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("upserts");
    let topic = unique("upserts");
    // Named by its file: two jobs of one name fence each other.
    let job = folder.file(&format!("{topic}.sql"));
    let text = source(&kafka, &topic, "")
        + &format!(
            "CREATE TABLE rare (user_id STRING, event_type STRING, n BIGINT,
               PRIMARY KEY (user_id) NOT ENFORCED) WITH ('connector' = 'upsert-kafka',
               'topic' = '{topic}_rare', 'sink.create-topic' = 'partitions:2,replication:1',
               'key.format' = 'raw', 'value.format' = 'json', 'value.fields-include' = 'EXCEPT_KEY',
               'properties.bootstrap.servers' = '{kafka}');
             INSERT INTO rare SELECT user_id, MAX(event_type), COUNT(*) FROM events
             GROUP BY user_id HAVING MOD(COUNT(*), 4) <> 0;"
        );
    std::fs::write(&job, text).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let state = folder.file("state");
    let ends = || -> BTreeMap<String, Value> {
        let mut last = BTreeMap::new();
        last.extend(records(&kafka, &format!("{topic}_rare")));
        let rows = last.into_iter().filter_map(|(key, value)| Some((key, value?)));
        rows.map(|(key, value)| (key, serde_json::from_str(&value).unwrap())).collect()
    };
    let (mut events, mut before) = (Vec::new(), BTreeMap::new());
    for (round, shards) in ["2", "3"].into_iter().enumerate() {
        let seed = round.to_string();
        let more = ["--count", "6000", "--seed", &seed];
        let sent = folder.file(&seed);
        produce(&["--to", &sent], &more);
        events.extend(lines(Path::new(&sent)));
        let expected = rare(&events);
        let to_kafka = ["--kafka", &kafka, "--topic", &topic, "--partitions", "3"];
        produce(&to_kafka, &more);
        let running = start(&job, shards, &state, &address);
        wait_for("the table", || expected == ends());
        if round == 0 {
            before = expected;
        } else {
            assert!(before.keys().any(|user| !expected.contains_key(user)));
        }
        // Killed.
        drop(running);
    }
    let all = records(&kafka, &format!("{topic}_rare"));
    assert!(all.iter().any(|(_, value)| value.is_none()));
}

/// Of users whose events are no multiple of four: the last type by the alphabet, and how many.
fn rare(events: &[Value]) -> BTreeMap<String, Value> {
    let mut users: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for event in events {
        let of = |name: &str| event[name].as_str().unwrap();
        let (latest, count) = users.entry(of("user_id")).or_default();
        (*latest, *count) = ((*latest).max(of("event_type")), *count + 1);
    }
    users.retain(|_, (_, count)| *count % 4 != 0);
    let row = |(user, (latest, n)): (&str, (&str, u64))| {
        (user.to_owned(), json!({"event_type": latest, "n": n}))
    };
    users.into_iter().map(row).collect()
}

/// Late, malformed and out-of-order events in one partition, unkeyed: windows by hand, record by
/// record, and every malformed record whole in the dead letters.
#[test]
fn windows_and_dead_letters_by_hand() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("windows");
    let topic = unique("windows");
    let more = ["--count", "20000", "--key", "none", "--late", "0.01", "--malformed", "0.01"];
    let more: Vec<&str> = more.into_iter().chain(["--out-of-order", "0.2"]).collect();
    let sent = folder.file("sent");
    produce(&["--to", &sent], &more);
    produce(&["--kafka", &kafka, "--topic", &topic, "--partitions", "1"], &more);
    let dead = folder.file("dead");
    let (expected, malformed) = tumble_by_hand(Path::new(&sent));
    for shards in ["1", "2"] {
        let out = folder.file(&format!("out{shards}"));
        // Named by its file: two jobs of one name fence each other.
        let job = folder.file(&format!("{topic}.sql"));
        let _ = std::fs::remove_file(&dead);
        let text = source(&kafka, &topic, &format!("'dead-letter.path' = '{dead}',"))
            + &format!(
                "CREATE TABLE out (event_type STRING, at STRING, n BIGINT)
                 WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
                 INSERT INTO out SELECT event_type, CAST(window_start AS STRING), COUNT(*)
                 FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))
                 GROUP BY event_type, window_start, window_end;"
            );
        std::fs::write(&job, text).unwrap();
        let args = ["run", &job, "--http", "off", "--until", "end", "--shards", shards];
        assert!(pelton(&args).status().unwrap().success());
        let mut found = BTreeMap::new();
        for row in lines(Path::new(&out)) {
            let key = (
                row["event_type"].as_str().unwrap().to_owned(),
                row["at"].as_str().unwrap().to_owned(),
            );
            assert!(
                found.insert(key, row["n"].as_u64().unwrap()).is_none(),
                "a window fired twice"
            );
        }
        assert_eq!(found, expected, "{shards} shards");
        let letters: Vec<String> = lines(Path::new(&dead))
            .iter()
            .map(|letter| letter["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(letters, malformed, "{shards} shards");
    }
}

type Windows = BTreeMap<(String, String), u64>;

/// Counts per type and 10 s as the rules say, and the records that are not JSON.
fn tumble_by_hand(path: &Path) -> (Windows, Vec<String>) {
    let mut windows = Windows::new();
    let mut malformed = Vec::new();
    let mut watermark = i64::MIN;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            malformed.push(line.to_owned());
            continue;
        };
        let ms = (event["timestamp"].as_f64().unwrap() * 1000.0) as i64;
        let start = ms.div_euclid(10_000) * 10_000;
        if start + 9_999 > watermark {
            let mut text = String::new();
            pelton::time::write_timestamp(start, &mut text);
            let key = (event["event_type"].as_str().unwrap().to_owned(), text);
            *windows.entry(key).or_default() += 1;
        }
        watermark = watermark.max(ms - 5_000);
    }
    (windows, malformed)
}
