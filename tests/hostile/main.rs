//! Input that is made to stop or spoil a stream, given to whole jobs: what cannot be used is kept as
//! it came, and the rest goes on. docs/hostile-input.md lists all such input and its tests. On a real
//! Kafka (`PELTON_TEST_KAFKA`, set by scripts/test) where it comes from there.

#[path = "../common/mod.rs"]
mod common;
mod times;
mod unions;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::topics::{client, each_record};
use common::*;
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);
const FORMS: [[&str; 4]; 3] = [
    ["--shards", "1", "--batch-rows", "1"],
    ["--shards", "1", "--batch-rows", "1024"],
    ["--shards", "3", "--batch-rows", "7"],
];

/// A record's key and value.
type Record = (Option<Vec<u8>>, Option<Vec<u8>>);

/// A topic of one partition.
struct Topic {
    kafka: String,
    name: String,
}

impl Topic {
    fn new(kafka: &str, name: &str) -> Self {
        let topic = Self { kafka: kafka.into(), name: unique(name) };
        topic.make();
        topic
    }

    fn config(&self) -> ClientConfig {
        let mut config = client(&self.kafka);
        config.set("compression.type", "zstd").set("message.max.bytes", "100000000");
        config.set("fetch.message.max.bytes", "100000000");
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().unwrap()
    }

    fn make(&self) {
        self.make_with(&[]);
    }

    fn make_with(&self, settings: &[(&str, &str)]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let new = NewTopic::new(&self.name, 1, TopicReplication::Fixed(1));
        let new = settings.iter().fold(new, |new, (name, value)| new.set(name, value));
        // One that was just deleted takes a while to go.
        wait_for("the topic", || {
            let made = self.admin();
            let made = runtime.block_on(made.create_topics([&new], &AdminOptions::new())).unwrap();
            made[0].is_ok()
        });
    }

    /// Waits until nothing is in it.
    fn wait_until_empty(&self) {
        let consumer: BaseConsumer = self.config().create().unwrap();
        wait_for("an empty topic", || {
            consumer.fetch_watermarks(&self.name, 0, PATIENCE).is_ok_and(|ends| ends == (0, 0))
        });
    }

    fn delete(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let admin = self.admin();
        let done = runtime.block_on(admin.delete_topics(&[&self.name], &AdminOptions::new()));
        assert!(done.unwrap()[0].is_ok());
    }

    fn send(&self, records: &[Record]) {
        self.send_by(&self.config().create().unwrap(), records);
    }

    fn send_by(&self, producer: &BaseProducer, records: &[Record]) {
        for (key, value) in records {
            let mut record = BaseRecord::<[u8], [u8]>::to(&self.name).partition(0).timestamp(1_000);
            (record.key, record.payload) = (key.as_deref(), value.as_deref());
            while let Err((_, back)) = producer.send(record) {
                record = back;
                producer.poll(Duration::from_millis(1));
            }
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// In a transaction.
    fn send_and(&self, commits: bool, records: &[Record]) {
        let id = unique("id");
        let producer: BaseProducer = self.config().set("transactional.id", &id).create().unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        self.send_by(&producer, records);
        match commits {
            true => producer.commit_transaction(PATIENCE).unwrap(),
            false => producer.abort_transaction(PATIENCE).unwrap(),
        }
    }

    /// The WITH of a table over it.
    fn with(&self, more: &str) -> String {
        let Self { kafka, name } = self;
        format!(
            "WITH ('connector' = 'kafka', 'topic' = '{name}', 'format' = 'json',
               'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset' {more})"
        )
    }
}

/// Where a dead letter was, and the letter.
struct Letter {
    record: Record,
    headers: BTreeMap<String, String>,
}

/// The letters of a topic, by the offset of the record that each was.
fn letters(topic: &Topic) -> BTreeMap<i64, Letter> {
    let own = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut found = BTreeMap::new();
    each_record(&topic.config(), &topic.name, |letter| {
        let headers = letter.headers().unwrap().iter();
        let headers: BTreeMap<_, _> =
            headers.map(|it| (it.key.to_owned(), text(it.value.unwrap()))).collect();
        let offset = headers["offset"].parse().unwrap();
        let record = (own(letter.key()), own(letter.payload()));
        assert!(found.insert(offset, Letter { record, headers }).is_none());
    });
    found
}

/// Runs a job until its input ends: what it prints, and all that it says.
fn run(folder: &Folder, text: &str, args: &[&str]) -> (String, String) {
    let job = folder.file(&format!("{}.sql", unique("job")));
    std::fs::write(&job, text).unwrap();
    let all = [&["run", &job, "--http", "off", "--until", "end"], args].concat();
    let output = pelton(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let [printed, said] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{said}");
    (printed, said)
}

/// A job's last words.
fn summary(said: &str) -> Value {
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

/// The rows of a query over tables, as JSON.
fn rows(
    folder: &Folder,
    tables: &str,
    columns: &str,
    query: &str,
    args: &[&str],
) -> (Vec<Value>, Value) {
    let out = folder.file(&unique("out"));
    let text = format!(
        "{tables} CREATE TABLE sink ({columns}) WITH ('connector' = 'filesystem', 'path' = '{out}',
           'format' = 'json'); INSERT INTO sink {query};"
    );
    let (_, said) = run(folder, &text, args);
    (lines(Path::new(&out)), summary(&said))
}

/// Records that cannot be used, and why.
fn bad_records() -> Vec<(Vec<u8>, &'static str)> {
    let deep = |depth: usize| format!("{{\"id\":1,\"s\":{}", "[".repeat(depth)).into_bytes();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{\"id\":1}".encode_utf16().flat_map(u16::to_le_bytes));
    let mut all: Vec<(Vec<u8>, &str)> = vec![
        (b"null".to_vec(), "Failed to deserialize JSON: not an object"),
        (b"[{\"id\":1}]".to_vec(), "Failed to deserialize JSON: not an object"),
        (b"{\"id\":1}}".to_vec(), "Failed to deserialize JSON: more text behind the object"),
        (
            b"{\"id\":1} {\"id\":2}".to_vec(),
            "Failed to deserialize JSON: more text behind the object",
        ),
        (b"{\"id\":NaN}".to_vec(), "Failed to deserialize JSON: a value is expected"),
        (b"{\"id\":1,\"x\":-Infinity}".to_vec(), "Failed to deserialize JSON: a malformed number"),
        (b"{\"id\":1,\"s\":\"\\ud800\"}".to_vec(), "Failed to deserialize JSON: a lone surrogate"),
        (b"{\"id\":1,\"s\":\"\xff\"}".to_vec(), "Failed to deserialize JSON: not UTF-8"),
        (
            b"{\"id\":1,\"s\":\"\0\"}".to_vec(),
            "Failed to deserialize JSON: a control character in a string",
        ),
        (b"\xef\xbb\xbf{\"id\":1}".to_vec(), "Failed to deserialize JSON: not an object"),
        (utf16, "Failed to deserialize JSON: not UTF-8"),
        (b"{\"id\":\"x\"}".to_vec(), "Fail to deserialize at field: id."),
        (b"{\"id\":18446744073709551615}".to_vec(), "Fail to deserialize at field: id."),
        (b"{\"id\":9223372036854775808}".to_vec(), "Fail to deserialize at field: id."),
        (b"{\"id\":1e400}".to_vec(), "Fail to deserialize at field: id."),
        (b"{\"id\":null}".to_vec(), "field `id` is missing"),
        (b"{}".to_vec(), "field `id` is missing"),
        (b"{\"id\":1,\"x\":{}}".to_vec(), "Fail to deserialize at field: x."),
    ];
    all.extend(
        [500, 10_000, 100_000]
            .map(|depth| (deep(depth), "Failed to deserialize JSON: nested too deep")),
    );
    // Beyond what a client sends by default, though it is packed to little.
    let large = format!("{{\"id\":1,\"s\":\"{}", "0123456789".repeat(1 << 20));
    all.push((large.into_bytes(), "Failed to deserialize JSON: a string does not end"));
    all
}

/// Bad ones among good ones, in either way of reading: key, value, place and reason are kept.
#[test]
fn what_cannot_be_used_is_kept_as_it_came() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic, bad) =
        (Folder::new("hostile"), Topic::new(&kafka, "hostile"), bad_records());
    let keys = [None, Some(vec![]), Some(b"k\n\x1b{}".to_vec())];
    let mut records: Vec<Record> = Vec::new();
    for (index, (value, _)) in bad.iter().enumerate() {
        records.push((keys[index % 3].clone(), Some(value.clone())));
        records.push((None, Some(format!("{{\"id\":{}}}", records.len()).into_bytes())));
        // What is left out without being bad.
        records.push((None, None));
        records.push((None, Some(b" \n".to_vec())));
    }
    topic.send(&records);
    let good: Vec<i64> = (0..bad.len() as i64).map(|index| index * 4 + 1).collect();
    for client in [
        "",
        ", 'properties.client.rack' = 'a', 'properties.receive.message.max.bytes' = '100000000'",
    ] {
        let dead = Topic { kafka: kafka.clone(), name: unique("hostile_dead") };
        let more = format!(", 'dead-letter.topic' = '{}' {client}", dead.name);
        let table = format!(
            "CREATE TABLE t (id BIGINT NOT NULL, s STRING, x DOUBLE) {};",
            topic.with(&more)
        );
        let (rows, summary) = rows(
            &folder,
            &table,
            "id BIGINT, s STRING, x DOUBLE",
            "SELECT id, s, x FROM t",
            &["--shards", "2"],
        );
        let mut ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!((ids, summary["dead_letters"].as_u64()), (good.clone(), Some(bad.len() as u64)));
        let letters = letters(&dead);
        assert_eq!(letters.len(), bad.len());
        for (index, (value, reason)) in bad.iter().enumerate() {
            let offset = index as i64 * 4;
            let Letter { record, headers } = &letters[&offset];
            let shown = String::from_utf8_lossy(&value[..value.len().min(100)]);
            assert!(*record == (keys[index % 3].clone(), Some(value.clone())), "{shown}");
            let wanted = [
                ("offset", &*offset.to_string()),
                ("partition", "0"),
                ("reason", reason),
                ("timestamp", "1000"),
                ("topic", &*topic.name),
            ];
            let found: Vec<_> = headers.iter().map(|(name, text)| (&**name, &**text)).collect();
            assert_eq!(found, wanted, "{shown}");
        }
    }
}

/// A topic of dead letters that takes less than came: the job goes on, and what is kept says what
/// it is not.
#[test]
fn a_dead_letter_beyond_its_topics_limit_is_cut() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic) = (Folder::new("large"), Topic::new(&kafka, "large"));
    let dead = Topic { kafka, name: unique("large_dead") };
    const LIMIT: usize = 120_000;
    dead.make_with(&[("max.message.bytes", &LIMIT.to_string())]);
    let mut random = 7_u64;
    let mut noise = |len: usize| {
        let mut byte = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as u8
        };
        (0..len).map(|_| byte()).collect::<Vec<u8>>()
    };
    // Ever closer to what fits; many that do, one behind the other; and keys as large.
    let sizes = [400_000, LIMIT, LIMIT - 100, LIMIT - 1_000].into_iter().chain([30_000; 20]);
    let mut records: Vec<Record> = sizes.map(|len| (None, Some(noise(len)))).collect();
    records.push((Some(noise(200_000)), Some(noise(200_000))));
    topic.send(&records);
    topic.send(&[(None, Some(b"{\"id\":1}".to_vec()))]);
    let more = format!(", 'dead-letter.topic' = '{}'", dead.name);
    let table = format!("CREATE TABLE t (id BIGINT NOT NULL) {};", topic.with(&more));
    let (rows, summary) = rows(&folder, &table, "id BIGINT", "SELECT id FROM t", &[]);
    assert_eq!((rows.len(), summary["dead_letters"].as_u64()), (1, Some(records.len() as u64)));
    let letters = letters(&dead);
    assert_eq!(letters.len(), records.len());
    let mut cut = Vec::new();
    for (offset, Letter { record: (key, value), headers }) in letters {
        let (whole_key, Some(whole)) = &records[offset as usize] else { panic!("{offset}") };
        let value = value.unwrap();
        assert_eq!(headers["topic"], topic.name);
        let Some(len) = headers.get("pelton-cut") else {
            assert!(value == *whole && key == *whole_key, "{offset}");
            continue;
        };
        assert_eq!(*len, whole.len().to_string());
        assert!(whole.starts_with(&value) && value.len() > LIMIT / 3, "{offset}: {}", value.len());
        assert_eq!(key.is_some(), whole_key.is_some());
        cut.push(offset);
    }
    assert_eq!(cut, [0, 1, 2, 24]);
}

/// Offsets that nobody reads: the input ends all the same, and what comes behind is read.
#[test]
fn a_range_of_aborted_records_alone_is_passed() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic) = (Folder::new("aborted"), Topic::new(&kafka, "aborted"));
    let record = |id: i64| (None, Some(format!("{{\"id\":{id}}}").into_bytes()));
    let aborted: Vec<Record> = (0..3_000).map(record).collect();
    let table = format!("CREATE TABLE t (id BIGINT) {};", topic.with(""));
    let read = || rows(&folder, &table, "id BIGINT", "SELECT id FROM t", &[]).0;
    topic.send_and(false, &aborted);
    assert!(read().is_empty());
    topic.send_and(true, &[record(7)]);
    topic.send_and(false, &aborted);
    assert_eq!(read(), [serde_json::json!({"id": 7})]);
}

/// The offsets of a topic that was deleted say nothing of the one that is made in its place.
#[test]
fn a_topic_that_is_made_again_ends_the_job() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic) = (Folder::new("again"), Topic::new(&kafka, "again"));
    let records: Vec<Record> =
        (0..200).map(|id| (None, Some(format!("{{\"id\":{id}}}").into_bytes()))).collect();
    topic.send(&records);
    let job = folder.file(&format!("{}.sql", topic.name));
    let text = format!(
        "CREATE TABLE t (id BIGINT) {};
         CREATE TABLE counts (n BIGINT, k INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'queryable');
         INSERT INTO counts SELECT COUNT(*), 1 FROM t;",
        topic.with("")
    );
    std::fs::write(&job, text).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let state = folder.file("state");
    let mut command =
        pelton(&["run", &job, "--shards", "1", "--http", &address, "--state-dir", &state]);
    let mut job = Job(command.spawn().unwrap());
    wait_for("all counted", || {
        let page = get(&address, "/api/v1/tables/counts").unwrap_or_default();
        page["data"][0]["n"] == 200
    });
    signal("-TERM", job.0.id());
    assert!(job.0.wait().unwrap().success());
    topic.delete();
    topic.make();
    topic.wait_until_empty();
    topic.send(&records[..10]);
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("offset 200 is not in the log"), "{said}");
    assert!(said.contains("or the topic was made again"), "{said}");
}

/// A table over a file of these lines.
fn file_table(folder: &Folder, columns: &str, lines: &[String], more: &str) -> String {
    let path = folder.file(&unique("in"));
    std::fs::write(&path, lines.join("\n")).unwrap();
    format!(
        "CREATE TABLE t ({columns}) WITH ('connector' = 'filesystem', 'path' = '{path}',
           'format' = 'json' {more});"
    )
}

/// A few bytes that stand for billions of rows.
#[test]
fn a_multiset_that_claims_billions_is_a_dead_letter() {
    let folder = Folder::new("billions");
    let lines = [r#"{"m":{"a":2147483647,"b":2147483647}}"#, r#"{"m":{"a":2}}"#].map(str::to_owned);
    let dead = folder.file("dead");
    let more = format!(", 'dead-letter.path' = '{dead}'");
    let table = file_table(&folder, "m MULTISET<STRING>", &lines, &more);
    let query = "SELECT v FROM t CROSS JOIN UNNEST(m) AS u(v)";
    let (rows, summary) = rows(&folder, &table, "v STRING", query, &[]);
    assert_eq!((rows.len(), &summary["dead_letters"]), (2, &1.into()));
    let letters = common::lines(Path::new(&dead));
    assert_eq!(letters[0]["text"], lines[0]);
    let reason = letters[0]["reason"].as_str().unwrap();
    assert!(reason.contains("a MULTISET of 4294967294 values"), "{reason}");
}

/// All rows of one key, counted and joined with each other.
#[test]
fn one_key_alone_and_all_that_join_it() {
    let folder = Folder::new("hot");
    let lines = |count: usize| vec!["{\"k\":\"hot\",\"v\":1}".to_owned(); count];
    let count = |table: &str, from: &str, form: &[&str]| {
        let text = format!("{table} SELECT COUNT(*) FROM {from};");
        // Changes are merged, as of a job that does not print alone.
        let (shown, _) = run(&folder, &text, &[form, &["--flush-interval", "5ms"]].concat());
        shown.lines().filter_map(|line| line[3..line.len() - 1].parse::<i64>().ok()).max()
    };
    let (many, few) = (100_000, 1_000);
    let table = file_table(&folder, "k STRING, v INT", &lines(many), "");
    let joined = file_table(&folder, "k STRING, v INT", &lines(few), "");
    for form in &FORMS[1..] {
        assert_eq!(count(&table, "t GROUP BY k", form), Some(many as i64));
        let from = "(SELECT a.k FROM t a JOIN t b ON a.k = b.k) GROUP BY k";
        assert_eq!(count(&joined, from, form), Some((few * few) as i64));
    }
}

/// The longest chain that a job may have needs no more stack than a worker has.
#[test]
fn a_long_chain_of_operators_is_computed() {
    let folder = Folder::new("chain");
    let table = file_table(&folder, "a INT", &["{\"a\":1}".to_owned()], "");
    let query = format!("SELECT {} FROM t", vec!["a"; 1_001].join(" + "));
    let (rows, _) = rows(&folder, &table, "n INT", &query, &["--shards", "1"]);
    assert_eq!(rows, [serde_json::json!({"n": 1_001})]);
}

/// A reason that holds what stood in the record.
#[test]
fn nothing_that_is_logged_commands_a_terminal() {
    let folder = Folder::new("logged");
    let line =
        r#"{"op":"\u001b]0;owned\u0007\r\nERROR forged \u009b\u202e","after":{"id":1}}"#.to_owned();
    let table = file_table(&folder, "id INT", &[line], "").replace("'json'", "'debezium-json'");
    for format in ["text", "json"] {
        let text = format!("{table} SELECT id FROM t;");
        let (_, said) = run(&folder, &text, &["--shards", "1", "--log-format", format]);
        assert_eq!(summary(&said)["dead_letters"], 1);
        assert!(said.contains("owned") && said.contains("could not be used"), "{said}");
        assert!(said.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{said:?}");
        assert!(!said.lines().any(|line| line.starts_with("ERROR")), "{said}");
    }
}

#[test]
fn http_is_on_loopback_unless_told_otherwise() {
    let output = pelton(&["run", "--help"]).stdout(Stdio::piped()).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let about = help.split("--http <HTTP>").nth(1).unwrap();
    assert!(about.split("--").next().unwrap().contains("[default: 127.0.0.1:"), "{help}");
}
