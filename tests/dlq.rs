//! `pelton dlq`: dead letters of real jobs in a real Kafka (`PELTON_TEST_KAFKA`, set by
//! scripts/test) and in files, counted, shown and sent back.

mod common;

use std::process::{Output, Stdio};
use std::time::Duration;

use common::topics::{client, each_record, make_topic};
use common::*;
use rdkafka::Message;
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);
/// A terminal would obey it, and it is no UTF-8.
const HOSTILE: &[u8] = b"{\x1b]0;owned\x07\x1b[2J \xff\xfe \xc2\x9b \xe2\x80\xae}";

/// A record: partition, key, value, timestamp, headers.
type Record = (i32, Option<Vec<u8>>, Vec<u8>, i64, Vec<(String, Option<Vec<u8>>)>);

struct Kafka {
    address: String,
}

impl Kafka {
    fn make(&self, topic: &str, partitions: i32) {
        make_topic(&self.address, topic, partitions, None);
    }

    fn send(&self, topic: &str, records: &[Record]) {
        let producer: BaseProducer = client(&self.address).create().unwrap();
        for (partition, key, value, timestamp, headers) in records {
            let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(value);
            record.key = key.as_deref();
            record.partition = Some(*partition);
            record.timestamp = Some(*timestamp);
            let list = headers.iter().fold(OwnedHeaders::new(), |list, (key, value)| {
                list.insert(Header { key, value: value.as_ref() })
            });
            record.headers = (!headers.is_empty()).then_some(list);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// All of a topic but what aborted transactions left.
    fn read(&self, topic: &str) -> Vec<Record> {
        let mut found = Vec::new();
        each_record(&client(&self.address), topic, |record| {
            let headers = record.headers().map_or(vec![], |headers| {
                let own = |header: Header<&[u8]>| {
                    (header.key.to_owned(), header.value.map(<[u8]>::to_vec))
                };
                headers.iter().map(own).collect()
            });
            found.push((
                record.partition(),
                record.key().map(<[u8]>::to_vec),
                record.payload().unwrap().to_vec(),
                record.timestamp().to_millis().unwrap(),
                headers,
            ));
        });
        found.sort();
        found
    }
}

fn bad() -> Vec<Record> {
    let header = |name: &str, value: Option<&[u8]>| (name.to_owned(), value.map(<[u8]>::to_vec));
    let headers = vec![
        header("trace", Some(b"a\0b")),
        header("reason", Some(b"not ours")),
        header("trace", None),
        header("empty", Some(b"")),
    ];
    let mut records = vec![
        (0, Some(b"k0".to_vec()), HOSTILE.to_vec(), 1_700_000_000_001, headers),
        (1, None, b"{\"id\": \"x\"}".to_vec(), 1_700_000_000_002, vec![]),
        (2, Some(vec![0, 255]), b"{\"id\": null}".to_vec(), 1_700_000_000_003, vec![]),
        (2, Some(vec![]), b"no JSON".to_vec(), 1_700_000_000_004, vec![]),
    ];
    records.sort();
    records
}

/// A job over a topic, whose name holds its input, output and dead letters.
struct Setup {
    kafka: Kafka,
    folder: Folder,
    topic: String,
    job: String,
}

impl Setup {
    /// `options` are more of the table's, with DEAD for where its letters may go.
    fn new(address: String, name: &str, options: &str) -> Self {
        let kafka = Kafka { address };
        let (topic, folder) = (unique(name), Folder::new(name));
        kafka.make(&topic, 3);
        let good: Record = (1, None, b"{\"id\": 1}".to_vec(), 1_700_000_000_000, vec![]);
        kafka.send(&topic, &[&[good][..], &bad()[..]].concat());
        let text = format!(
            "CREATE TABLE events (id BIGINT NOT NULL) WITH ('connector' = 'kafka',
               'topic' = '{topic}', 'properties.bootstrap.servers' = '{}', 'format' = 'json',
               'scan.startup.mode' = 'earliest-offset', {});
             CREATE TABLE out (id BIGINT) WITH ('connector' = 'blackhole');
             INSERT INTO out SELECT id FROM events;",
            kafka.address,
            options.replace("DEAD", &format!("{topic}_dead")),
        );
        let job = folder.file("job.sql");
        std::fs::write(&job, text).unwrap();
        Self { kafka, folder, topic, job }
    }

    /// Reads the topic from its beginning to its end.
    fn run(&self) {
        let mut command = pelton(&["run", &self.job, "--from", "earliest", "--until", "end"]);
        command.args(["--http", "off", "--shards", "2"]).current_dir(self.folder.file(""));
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        // Seen where a test fails.
        eprintln!("{said}");
    }

    fn try_dlq(&self, what: &str, args: &[&str]) -> Output {
        let mut command = pelton(&["dlq", what, &self.job]);
        command.args(args).current_dir(self.folder.file(""));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }

    fn dlq(&self, what: &str, args: &[&str]) -> String {
        let output = self.try_dlq(what, args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Letters and waiting ones, by reason.
    fn counts(&self, args: &[&str]) -> Vec<(String, u64, u64)> {
        let text = self.dlq("list", &[&["--json"], args].concat());
        let of = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["source"], self.topic);
            let number = |name: &str| line[name].as_u64().unwrap();
            (line["reason"].as_str().unwrap().to_owned(), number("letters"), number("waiting"))
        };
        text.lines().map(of).collect()
    }

    fn sums(&self, args: &[&str]) -> (u64, u64) {
        let counts = self.counts(args);
        counts.iter().fold((0, 0), |sum, count| (sum.0 + count.1, sum.1 + count.2))
    }

    /// A commit is seen a moment after it.
    fn wait_for_sums(&self, sums: (u64, u64)) {
        wait_for(&format!("{sums:?}"), || self.sums(&[]) == sums);
    }

    fn wait_for_bad(&self, wanted: &[Record]) {
        let started = std::time::Instant::now();
        loop {
            let found = self.bad_in(&self.topic);
            if found == wanted {
                return;
            }
            assert!(started.elapsed() < PATIENCE * 3, "{found:?}\ninstead of\n{wanted:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The bad records that are in the topic, and how often each is.
    fn bad_in(&self, topic: &str) -> Vec<Record> {
        let good = b"{\"id\": 1}";
        self.kafka.read(topic).into_iter().filter(|record| record.2 != good).collect()
    }
}

fn twice(records: Vec<Record>) -> Vec<Record> {
    let mut all = [&records[..], &records[..]].concat();
    all.sort();
    all
}

/// What `show` gives is as it came, and safe to look at.
fn assert_shown(setup: &Setup) {
    let lines = setup.dlq("show", &["--json"]);
    let letters: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut found: Vec<_> = letters.iter().map(|l| (l["timestamp"].clone(), l.clone())).collect();
    found.sort_by_key(|(timestamp, _)| timestamp.to_string());
    let mut wanted = bad();
    wanted.sort_by_key(|record| record.3);
    assert_eq!(found.len(), wanted.len());
    for ((_, letter), (partition, key, value, timestamp, headers)) in found.iter().zip(wanted) {
        assert_eq!(letter["partition"], partition.to_string());
        assert_eq!(letter["timestamp"], timestamp.to_string());
        assert_eq!(
            (&letter["hex"], &letter["key"]),
            (&json!(hex(&value)), &json!(key.map(|k| hex(&k))))
        );
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n, v.as_deref().map(hex))).collect();
        assert_eq!(letter["headers"], json!(headers));
        assert_eq!(letter["was_replayed"], false);
    }
    let text = setup.dlq("show", &["--limit", "10"]);
    for shown in [&text, &lines] {
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{shown}");
    }
    assert!(
        text.contains("{\\u{1b}]0;owned\\u{7}\\u{1b}[2J \\xff\\xfe \\u{9b} \\u{202e}}"),
        "{text}"
    );
    assert!(text.contains("key        \\0\\xff") && text.contains("trace: (null)"), "{text}");
    assert!(text.contains("reason: not ours"), "{text}");
    let one = setup.try_dlq("show", &["--limit", "1"]);
    assert_eq!(String::from_utf8(one.stdout).unwrap().matches("  value ").count(), 1);
    assert!(String::from_utf8(one.stderr).unwrap().contains("3 more: --limit"));
}

fn assert_filtered(setup: &Setup) {
    assert_eq!(setup.sums(&[]), (4, 4));
    assert_eq!(setup.sums(&["--reason", "JSON"]), (2, 2));
    for (args, letters) in [
        (["--source", &*setup.topic], 4),
        (["--source", "events"], 4),
        (["--source", "other"], 0),
        (["--since", "1h"], 4),
        (["--until", "1h"], 0),
        (["--since", "2100-01-01T00:00:00Z"], 0),
        (["--every", "1h"], 4),
    ] {
        assert_eq!(setup.sums(&args).0, letters, "{args:?}");
    }
    let text = setup.dlq("list", &[]);
    assert!(text.contains("4 letter(s), 4 waiting") && text.contains(" reason\n"), "{text}");
    assert!(!setup.try_dlq("list", &["--since", "yesterday"]).status.success());
}

/// From the first letter to the last replay, whichever way records are read.
fn each_goes_back_once(setup: &Setup) {
    setup.run();
    assert_shown(setup);
    assert_filtered(setup);
    let text = setup.dlq("replay", &["--dry-run"]);
    assert!(text.contains("4 record(s) would be sent"), "{text}");
    assert_eq!(setup.bad_in(&setup.topic), bad());
    let text = setup.dlq("replay", &["--reason", "JSON", "--limit", "1"]);
    assert!(text.contains("1 record(s) sent") && text.contains("passed over: 1 beyond"), "{text}");
    setup.wait_for_sums((4, 3));
    wait_for("one more", || setup.bad_in(&setup.topic).len() == 5);
    // Two at once, and one behind them: each record goes back once all the same.
    std::thread::scope(|scope| {
        let both = [
            scope.spawn(|| setup.try_dlq("replay", &[])),
            scope.spawn(|| setup.try_dlq("replay", &[])),
        ];
        let done = both.map(|one| one.join().unwrap().status.success());
        assert!(done.contains(&true));
    });
    let text = setup.dlq("replay", &[]);
    assert!(text.contains(" 0 record(s) sent") && text.contains("4 sent back before"), "{text}");
    // Key, value, timestamp, headers and partition are as they were.
    setup.wait_for_bad(&twice(bad()));
    setup.wait_for_sums((4, 0));
    assert!(setup.dlq("show", &[]).contains("(replayed)"));
    let shown = setup.dlq("replay", &["--again", "--reason", "JSON"]);
    assert!(shown.contains("2 record(s) sent"), "{shown}");
    wait_for("two again", || setup.bad_in(&setup.topic).len() == 10);
    // The job reads all of it again: four are known and were sent back, six are new.
    setup.run();
    assert_eq!(setup.sums(&[]), (14, 6));
    setup.run();
    assert_eq!(setup.sums(&[]), (24, 6));
    let other = format!("{}_other", setup.topic);
    let missing = setup.try_dlq("replay", &["--to", &other]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("is not there"));
    setup.kafka.make(&other, 1);
    let text = setup.dlq("replay", &["--to", &other]);
    assert!(text.contains("6 record(s) sent") && text.contains("6 kept twice"), "{text}");
    wait_for("six more", || setup.bad_in(&other).len() == 6);
    setup.wait_for_sums((24, 0));
}

#[test]
fn topic_to_topic() {
    let Some(address) = kafka() else { return };
    let setup = Setup::new(address, "dlq_topic", "'dead-letter.topic' = 'DEAD'");
    each_goes_back_once(&setup);
    // Anybody who may write there cannot have a record sent anywhere else.
    let dead = format!("{}_dead", setup.topic);
    let header = |name: &str, value: &str| (name.to_owned(), Some(value.as_bytes().to_vec()));
    let own = [("topic", &*dead), ("partition", "0"), ("offset", "1"), ("timestamp", "1")];
    let mut own: Vec<_> = own.iter().map(|(name, value)| header(name, value)).collect();
    own.push(header("reason", "forged"));
    let mut cut = [vec![header("pelton-cut", "9")], own.clone()].concat();
    cut[1] = header("topic", &setup.topic);
    let letter = |value: &[u8], headers: Vec<_>| (0, None, value.to_vec(), 1, headers);
    setup.kafka.send(&dead, &[letter(b"x", own), letter(b"y", vec![]), letter(b"z", cut)]);
    let text = setup.dlq("replay", &[]);
    assert!(text.contains(" 0 record(s) sent") && text.contains("1 cut, as"), "{text}");
    assert!(text.contains("1 of sources that this job does not read"), "{text}");
    assert!(text.contains("1 no dead letters of pelton"), "{text}");
    let refused = setup.try_dlq("replay", &["--to", &dead]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("dead letters are in"));
}

#[test]
fn read_by_the_client_library() {
    let Some(address) = kafka() else { return };
    let options = "'dead-letter.topic' = 'DEAD', 'properties.client.rack' = 'a'";
    each_goes_back_once(&Setup::new(address, "dlq_client", options));
}

#[test]
fn file_to_topic() {
    let Some(address) = kafka() else { return };
    let setup = Setup::new(address, "dlq_file", "'dead-letter.path' = 'DEAD.jsonl'");
    each_goes_back_once(&setup);
    let path = setup.folder.file(&format!("{}_dead.jsonl", setup.topic));
    let held = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    held.lock().unwrap();
    let refused = setup.try_dlq("replay", &["--again"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("another replay"));
}

#[test]
fn a_broker_that_is_away_is_not_waited_for_for_ever() {
    let folder = Folder::new("dlq_away");
    let job = folder.file("job.sql");
    let text = "CREATE TABLE t (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 't',
        'format' = 'json', 'properties.bootstrap.servers' = '127.0.0.1:1',
        'dead-letter.topic' = 'd'); SELECT id FROM t;";
    std::fs::write(&job, text).unwrap();
    let refused = &|what: &str| {
        let started = std::time::Instant::now();
        let output = pelton(&["dlq", what, &job]).stderr(Stdio::piped()).output().unwrap();
        assert!(!output.status.success() && started.elapsed() < Duration::from_secs(50));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("topic d: "), "{said}");
    };
    std::thread::scope(|scope| {
        for what in ["list", "replay"] {
            scope.spawn(move || refused(what));
        }
    });
}

#[test]
fn letters_of_files_and_of_receivers_are_shown_and_stay() {
    let folder = Folder::new("dlq_rows");
    let [job, input, dead, rows] = ["job.sql", "in", "dead", "rows"].map(|name| folder.file(name));
    std::fs::write(&input, [b"{\"id\": 1}\n", HOSTILE, b"\n{\"id\": \"x\"}\n"].concat()).unwrap();
    // Nobody listens at port 1.
    let text = format!(
        "CREATE TABLE events (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{input}',
           'format' = 'json', 'dead-letter.path' = '{dead}');
         CREATE TABLE hook (id BIGINT) WITH ('connector' = 'webhook', 'dead-letter.path' = '{rows}',
           'url' = 'http://127.0.0.1:1/hook?key=hidden', 'retry.attempts' = '1',
           'allow-private' = 'true');
         INSERT INTO hook SELECT id FROM events;"
    );
    std::fs::write(&job, text).unwrap();
    assert!(pelton(&["run", &job, "--http", "off"]).status().unwrap().success());
    let dlq = |args: &[&str]| {
        let output = pelton(&["dlq"]).args(args).arg(&job).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = dlq(&["list"]);
    assert!(text.contains("2 letter(s), 2 waiting") && text.contains("1 letter(s)"), "{text}");
    let text = dlq(&["show", "--source", "hook"]);
    assert!(
        text.contains("a row for http://127.0.0.1:1/hook\n") && text.contains("{\"id\":1}"),
        "{text}"
    );
    assert!(!text.contains("hidden") && !text.contains("in partition"), "{text}");
    let text = dlq(&["show", "--source", "events"]);
    assert!(text.contains("{\\u{1b}]0;owned") && text.contains("timestamp  unknown"), "{text}");
    // What has nowhere to go back to is left, and said.
    let before = [&dead, &rows].map(|path| std::fs::read(path).unwrap());
    let text = dlq(&["replay"]);
    assert!(text.contains("2 records of files") && text.contains("1 rows of a sink"), "{text}");
    assert_eq!([&dead, &rows].map(|path| std::fs::read(path).unwrap()), before);
    // A line that is half written is not looked at; one that is none is told of.
    std::fs::write(&dead, [&before[0][..], b"nonsense\n{\"source\": \"half"].concat()).unwrap();
    assert!(dlq(&["list"]).contains("1 record(s) there are no dead letters"));
    std::fs::remove_file(&dead).unwrap();
    assert!(dlq(&["list"]).contains("0 letter(s)"));
}

/// Records that come too late go to a topic of their own as they came, and back like dead letters.
#[test]
fn late_records_have_a_place_of_their_own() {
    let Some(address) = kafka() else { return };
    let (kafka, topic, folder) = (Kafka { address }, unique("late"), Folder::new("late"));
    let job = folder.file("job.sql");
    let record = |id: i64, at: i64| -> Record {
        let headers = vec![("id".to_owned(), Some(id.to_string().into_bytes()))];
        (0, Some(b"k".to_vec()), format!("{{\"at\": {at}}}").into_bytes(), at, headers)
    };
    let first = 1_700_000_000_000;
    let records: Vec<Record> =
        [0, 90_000, 20_000, 95_000, 59_999].map(|ms| record(ms, first + ms)).to_vec();
    kafka.make(&topic, 1);
    kafka.send(&topic, &records);
    let text = format!(
        "CREATE TABLE events (`at` BIGINT, ts AS TO_TIMESTAMP_LTZ(`at`, 3),
           WATERMARK FOR ts AS ts - INTERVAL '10' SECOND) WITH ('connector' = 'kafka',
           'topic' = '{topic}', 'properties.bootstrap.servers' = '{}', 'format' = 'json',
           'scan.startup.mode' = 'earliest-offset', 'late.topic' = '{topic}_late');
         CREATE TABLE out (s TIMESTAMP(3), n BIGINT) WITH ('connector' = 'blackhole');
         INSERT INTO out SELECT window_start, COUNT(*)
         FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '40' SECOND))
         GROUP BY window_start, window_end;",
        kafka.address
    );
    std::fs::write(&job, text).unwrap();
    let setup = Setup { kafka, folder, topic, job };
    setup.run();
    // Of the windows that begin at 0 and 40 s by the epoch, as 1,700,000,000 s is 0 s of one.
    let late = vec![records[2].clone(), records[4].clone()];
    let mut found = setup.kafka.read(&format!("{}_late", setup.topic));
    found.sort_by_key(|record| record.2.clone());
    let reasons: Vec<String> = found
        .iter_mut()
        .map(|record| {
            let at = record.4.iter().rposition(|(name, _)| name == "reason").unwrap();
            let reason = String::from_utf8(record.4[at].1.clone().unwrap()).unwrap();
            record.4.truncate(1);
            // The letter's own time is when it was kept.
            record.3 = 0;
            reason
        })
        .collect();
    let mut wanted = late.clone();
    wanted.iter_mut().for_each(|record| record.3 = 0);
    assert_eq!(found, wanted);
    assert!(reasons.iter().all(|reason| reason.ends_with(":window")), "{reasons:?}");
    assert_eq!(setup.sums(&["--late"]), (2, 2));
    setup.dlq("replay", &["--late"]);
    let all = setup.kafka.read(&setup.topic);
    assert_eq!(all.len(), records.len() + late.len());
    assert!(late.iter().all(|record| all.iter().filter(|it| *it == record).count() == 2));
}

#[test]
fn a_job_without_dead_letters_says_so() {
    let folder = Folder::new("dlq_none");
    let job = folder.file("job.sql");
    let table = "CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen'); SELECT id FROM t;";
    std::fs::write(&job, table).unwrap();
    let output = pelton(&["dlq", "list", &job]).stderr(Stdio::piped()).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("keeps no dead letters"));
}
