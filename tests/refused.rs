//! Rows that a Kafka sink cannot write: kept apart, or the end of the job, also where it writes by
//! transactions, which an error aborts (`PELTON_TEST_KAFKA`).

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::topics::{client, make_topic};
use common::*;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// Of a record that the broker takes in the topic written to.
const BYTES_MAX: u32 = 50_000;
/// How long a job may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(30);

fn write(kafka: &str, topic: &str, records: &[&str]) {
    for (name, bytes_max) in [(topic, None), (&format!("{topic}_out"), Some(BYTES_MAX))] {
        make_topic(kafka, name, 1, bytes_max);
    }
    let producer: BaseProducer = client(kafka).create().unwrap();
    for record in records {
        producer.send(BaseRecord::<(), str>::to(topic).payload(record)).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// From one topic to another, `text` repeated `n` times.
fn job(kafka: &str, topic: &str, more: &str) -> String {
    format!(
        "CREATE TABLE words (id BIGINT, text STRING, n INT) WITH ('connector' = 'kafka',
           'topic' = '{topic}', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset',
           'properties.bootstrap.servers' = '{kafka}');
         CREATE TABLE out (id BIGINT, text STRING NOT NULL) WITH ('connector' = 'kafka',
           'topic' = '{topic}_out', 'format' = 'avro', {more} 'properties.bootstrap.servers' = '{kafka}',
           'properties.compression.type' = 'none',
           'scan.startup.mode' = 'earliest-offset');
         INSERT INTO out SELECT id, REPEAT(text, n) FROM words;"
    )
}

/// The ids that a reader of committed records sees.
fn ids(kafka: &str, topic: &str, folder: &Folder) -> Vec<i64> {
    let (job, out) = (folder.file("read.sql"), folder.file("ids"));
    let _ = std::fs::remove_file(&out);
    let text = format!(
        "CREATE TABLE written (id BIGINT, text STRING NOT NULL) WITH ('connector' = 'kafka',
           'topic' = '{topic}_out', 'format' = 'avro', 'properties.bootstrap.servers' = '{kafka}',
           'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE ids (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
         INSERT INTO ids SELECT id FROM written;"
    );
    std::fs::write(&job, text).unwrap();
    assert!(pelton(&["run", &job, "--http", "off", "--until", "end"]).status().unwrap().success());
    let id = |row: &serde_json::Value| row["id"].as_i64().unwrap();
    let mut ids: Vec<i64> = lines(Path::new(&out)).iter().map(id).collect();
    ids.sort_unstable();
    ids
}

const POISON: [(&str, &str); 2] = [
    (r#"{"id": 2, "text": null, "n": 1}"#, "column 'text' is NOT NULL"),
    (r#"{"id": 2, "text": "xxxxxxxxxx", "n": 200000}"#, "'properties.message.max.bytes'"),
];
const GOOD: [&str; 2] = [r#"{"id": 1, "text": "a", "n": 1}"#, r#"{"id": 3, "text": "c", "n": 1}"#];

/// Less than the client takes.
const FOR_THE_BROKER: (&str, &str) =
    (r#"{"id": 2, "text": "xxxxxxxxxx", "n": 20000}"#, "'max.message.bytes'");

/// The transaction is aborted, which once began the job again for ever.
#[test]
fn a_row_that_cannot_be_written_ends_the_job() {
    let Some(kafka) = kafka() else { return };
    for (record, reason) in POISON.into_iter().chain([FOR_THE_BROKER]) {
        let (folder, topic) = (Folder::new("refused"), unique("refused"));
        write(&kafka, &topic, &[GOOD[0], record, GOOD[1]]);
        // Named by its file: two jobs of one name fence each other.
        let (file, state) = (folder.file(&format!("{topic}.sql")), folder.file("state"));
        std::fs::write(&file, job(&kafka, &topic, "")).unwrap();
        let args = ["run", &file, "--state-dir", &state, "--http", "off"];
        let log = folder.file("log");
        let to_log = std::fs::File::create(&log).unwrap();
        let mut running = Job(pelton(&args).stderr(Stdio::from(to_log)).spawn().unwrap());
        let started = Instant::now();
        let status = loop {
            if let Some(status) = running.0.try_wait().unwrap() {
                break status;
            }
            let text = || std::fs::read_to_string(&log).unwrap();
            assert!(started.elapsed() < PATIENCE, "it goes on: {}", text());
            std::thread::sleep(Duration::from_millis(50));
        };
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(!status.success() && text.contains(reason), "{text}");
        let told = text.contains("The row: {\"id\":2") && text.contains("'dead-letter.path'");
        assert!(told || record == FOR_THE_BROKER.0, "{text}");
        assert!(!text.contains("going on from the last committed epoch"), "{text}");
        assert_eq!(ids(&kafka, &topic, &folder), Vec::<i64>::new());
    }
}

#[test]
fn a_row_that_cannot_be_written_is_kept_apart() {
    let Some(kafka) = kafka() else { return };
    for (record, reason) in POISON {
        let (folder, topic) = (Folder::new("refused"), unique("refused"));
        write(&kafka, &topic, &[GOOD[0], record, GOOD[1]]);
        let (file, state) = (folder.file(&format!("{topic}.sql")), folder.file("state"));
        let dead = folder.file("dead");
        std::fs::write(&file, job(&kafka, &topic, &format!("'dead-letter.path' = '{dead}',")))
            .unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let args = ["run", &file, "--state-dir", &state, "--http", &address];
        let running = Job(pelton(&args).args(["--epoch-interval", "200ms"]).spawn().unwrap());
        wait_for("the row's place", || {
            Path::new(&dead).exists() && !lines(Path::new(&dead)).is_empty()
        });
        let letter = lines(Path::new(&dead))[0].clone();
        assert_eq!(letter["row"]["id"], 2);
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{}", letter["reason"]);
        wait_for("the count", || {
            let metrics = get_text(&address, "/metrics").unwrap_or_default();
            metrics.contains("pelton_sink_dead_letters_total{sink=\"out\"} 1")
        });
        wait_for("the other rows", || ids(&kafka, &topic, &folder) == [1, 3]);
        drop(running);
    }
}
