//! What waits of a sink that publishes after the commit: jobs run by the binary itself, with receivers
//! that are away for a while.

mod common;

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{
    Folder, Job, free_port, get_text, kafka, metric, pelton, resident_bytes, signal, unique,
    wait_for,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, TopicPartitionList};
use serde_json::Value;

/// Answers 503 while it is not well, and keeps the numbers that it has taken.
#[derive(Clone)]
struct Receiver {
    port: u16,
    well: Arc<AtomicBool>,
    numbers: Arc<Mutex<Vec<u64>>>,
}

impl Receiver {
    fn start(well: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (well, numbers) = (Arc::new(AtomicBool::new(well)), Arc::default());
        let receiver = Self { port, well, numbers };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.answer(stream));
            }
        });
        receiver
    }

    fn answer(&self, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut stream = BufReader::new(stream);
        while let Some(request) = common::Request::read(&mut stream) {
            let well = self.well.load(Ordering::SeqCst);
            if well {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let number = body["n"].as_u64().unwrap_or_else(|| rows_of_digest(&body));
                self.numbers.lock().unwrap().push(number);
            }
            let status = if well { "200 OK" } else { "503 Away" };
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 13\r\n\r\n{{\"errcode\":0}}");
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn set_well(&self, well: bool) {
        self.well.store(well, Ordering::SeqCst);
    }

    fn numbers(&self) -> Vec<u64> {
        self.numbers.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.numbers.lock().unwrap().len()
    }

    /// A table that is never given up.
    fn table(&self, name: &str, more: &str) -> String {
        format!(
            "CREATE TABLE {name} (n BIGINT) WITH ('connector' = 'webhook', 'allow-private' = 'true',
               'url' = 'http://127.0.0.1:{}/', 'retry.attempts' = '1000000',
               'retry.backoff' = '20ms' {more});\n",
            self.port
        )
    }
}

/// Of how many rows a message to a robot tells.
fn rows_of_digest(body: &Value) -> u64 {
    let title = body["markdown"]["title"].as_str().unwrap();
    title.split_once(" × ").map_or(1, |(rows, _)| rows.parse().unwrap())
}

/// Numbers from 1 on, so many a second; the job keeps state, as its input has no end.
fn numbers(rate: u64) -> String {
    format!(
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000000000');
         CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1',
           'fields.n.min' = '0');
         CREATE VIEW all_numbers AS SELECT n FROM numbers UNION ALL SELECT n FROM endless WHERE n < 0;\n"
    )
}

struct Running {
    job: Job,
    address: String,
}

impl Running {
    fn start(folder: &Folder, text: &str, more: &[&str]) -> Self {
        let job = folder.file("job.sql");
        std::fs::write(&job, text).unwrap();
        let (state, address) = (folder.file("state"), format!("127.0.0.1:{}", free_port()));
        let args = ["run", &job, "--state-dir", &state, "--http", &address, "--shards", "1"];
        let log = std::fs::File::options().create(true).append(true).open(folder.file("log"));
        let job = Job(pelton(&args).args(more).stderr(log.unwrap()).spawn().unwrap());
        wait_for("its metrics", || get_text(&address, "/metrics").is_some());
        Self { job, address }
    }

    fn metric(&self, name: &str) -> f64 {
        metric(&self.address, name)
    }

    fn kill(mut self) {
        self.job.0.kill().unwrap();
        self.job.0.wait().unwrap();
    }

    /// How long a graceful stop took, which went well.
    fn stop(mut self, folder: &Folder) -> Duration {
        let begun = Instant::now();
        signal("-TERM", self.job.0.id());
        let log = || std::fs::read_to_string(folder.file("log")).unwrap();
        assert!(self.job.0.wait().unwrap().success(), "{}", log());
        begun.elapsed()
    }
}

/// Files of the state folder, and the length of all, that hold rows to be published.
fn outboxes(folder: &Folder) -> (usize, u64) {
    let state = folder.file("state");
    let job = std::fs::read_dir(state).unwrap().flatten().next().unwrap().path();
    let files = std::fs::read_dir(job).unwrap().flatten();
    let of_sinks = files.filter(|file| file.file_name().to_string_lossy().contains("-sink"));
    let lengths: Vec<u64> =
        of_sinks.filter_map(|file| file.metadata().ok()).map(|it| it.len()).collect();
    (lengths.len(), lengths.iter().sum())
}

/// The next position that the job has committed; 0 before the first, and while the broker is still
/// choosing the group's coordinator.
fn committed(kafka: &str, topic: &str) -> i64 {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka).set("group.id", topic);
    let consumer: BaseConsumer = config.create().unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(topic, 0);
    match consumer.committed_offsets(partitions, Duration::from_secs(20)) {
        Ok(found) => found.elements()[0].offset().to_raw().unwrap_or(0).max(0),
        Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::NotCoordinator | RDKafkaErrorCode::CoordinatorNotAvailable,
        )) => 0,
        Err(error) => panic!("{error}"),
    }
}

fn counting_to(end: u64) -> Vec<u64> {
    (1..=end).collect()
}

/// Commits and another receiver of the job do not wait for it; killed meanwhile and begun again, it
/// gets all, in order and once; and a stop leaves nothing to be repeated.
#[test]
fn a_dead_receiver_delays_neither_the_commits_nor_another_receiver() {
    const ROWS: u64 = 200;
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("backlog_dead");
    let topic = unique("backlog");
    let lines: String = (1..=ROWS).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    std::fs::write(folder.file("in"), lines).unwrap();
    let table = |name: &str, topic: &str, more: &str| {
        format!(
            "CREATE TABLE {name} (n BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
               'properties.bootstrap.servers' = '{kafka}', 'format' = 'json' {more});\n"
        )
    };
    let create = ", 'sink.create-topic' = 'partitions:1'";
    let fill = format!(
        "CREATE TABLE lines (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{}',
           'format' = 'json');\n{} INSERT INTO numbers SELECT n FROM lines;",
        folder.file("in"),
        table("numbers", &topic, create)
    );
    std::fs::write(folder.file("fill.sql"), fill).unwrap();
    assert!(
        pelton(&["run", &folder.file("fill.sql"), "--http", "off"]).status().unwrap().success()
    );
    let (dead, other) = (Receiver::start(false), Receiver::start(true));
    let read =
        format!(", 'scan.startup.mode' = 'earliest-offset', 'properties.group.id' = '{topic}'");
    let exactly = format!("{create}, 'sink.delivery-guarantee' = 'exactly-once'");
    let text = table("numbers", &topic, &read)
        + &table("copies", &format!("{topic}_copies"), &exactly)
        + &dead.table("dead", "")
        + &other.table("other", "")
        + "EXECUTE STATEMENT SET BEGIN INSERT INTO dead SELECT n FROM numbers;
           INSERT INTO other SELECT n FROM numbers; INSERT INTO copies SELECT n FROM numbers; END;";
    let epochs = ["--epoch-interval", "100ms", "--set", &format!("pipeline.name={topic}")];
    let running = Running::start(&folder, &text, &epochs);
    wait_for("the commits", || committed(&kafka, &topic) == ROWS as i64);
    wait_for("the other receiver", || other.count() as u64 == ROWS);
    let name = format!("http://127.0.0.1:{}", dead.port);
    let waits = format!("{name}: answered 503; {ROWS} rows (");
    let ready = || get_text(&running.address, "/ready").unwrap_or_default();
    wait_for("the reason", || ready().contains(&waits) && ready().contains("the job goes on"));
    assert_eq!(running.metric("pelton_sink_backlog_rows"), ROWS as f64);
    assert_eq!(running.metric("pelton_sink_waits"), 0.0);
    // Of an idle job, too.
    let epochs_then = running.metric("pelton_epochs_total");
    wait_for("more epochs", || running.metric("pelton_epochs_total") > epochs_then + 3.0);
    assert_eq!(dead.count(), 0);
    running.kill();

    let running = Running::start(&folder, &text, &epochs);
    dead.set_well(true);
    wait_for("what was left", || dead.count() as u64 >= ROWS);
    wait_for("nothing to wait", || running.metric("pelton_sink_backlog_rows") == 0.0);
    assert_eq!(dead.numbers(), counting_to(ROWS));
    let others = other.count();
    running.stop(&folder);
    let running = Running::start(&folder, &text, &epochs);
    wait_for("epochs", || running.metric("pelton_epochs_total") > 3.0);
    assert_eq!((dead.count() as u64, other.count()), (ROWS, others), "sent again after a stop");
    running.stop(&folder);
}

/// With little allowed on disk the job is held back and goes on; a stop meanwhile is quick and leaves
/// the rows to the next start.
#[test]
fn a_full_backlog_holds_the_stream_back_and_goes_on() {
    let folder = Folder::new("backlog_full");
    let receiver = Receiver::start(false);
    let text = numbers(40_000)
        + &receiver.table("hook", ", 'sink.backlog.max-bytes' = '8 kb'")
        + "INSERT INTO hook SELECT n FROM all_numbers;";
    let more = ["--epoch-interval", "50ms", "--batch-rows", "64"];
    let running = Running::start(&folder, &text, &more);
    // How many records have been read.
    let held = |running: &Running| {
        let read = || running.metric("pelton_source_records_total");
        wait_for("the hold", || running.metric("pelton_sink_waits") == 1.0);
        let mut before = 0.0;
        // The other input has a row a second.
        wait_for("the reading to stop", || {
            let then = std::mem::replace(&mut before, read());
            std::thread::sleep(Duration::from_millis(300));
            read() - then < 5.0
        });
        let ready = get_text(&running.address, "/ready").unwrap();
        assert!(ready.contains("and the stream is held back"), "{ready}");
        // The quota, an epoch's rows, and some 20,000 that were under way at the stop.
        let (_, bytes) = outboxes(&folder);
        assert!(bytes < 2 << 20, "{bytes} bytes");
        before
    };
    held(&running);
    let resident = resident_bytes(running.job.0.id());
    std::thread::sleep(Duration::from_secs(1));
    let grown = resident_bytes(running.job.0.id()).saturating_sub(resident);
    assert!(grown < 4 << 20, "{grown} bytes more");
    let took = running.stop(&folder);
    assert!(took < Duration::from_secs(10), "{took:?}");
    let log = std::fs::read_to_string(folder.file("log")).unwrap();
    assert!(log.contains("left to be published by the next start"), "{log}");
    assert_eq!(receiver.count(), 0);

    let running = Running::start(&folder, &text, &more);
    let read = held(&running);
    receiver.set_well(true);
    wait_for("more to be read", || running.metric("pelton_source_records_total") > read + 2_000.0);
    running.kill();
    assert_eq!(receiver.numbers(), counting_to(receiver.count() as u64));
}

/// Each epoch leaves a file: they are merged, and what they hold comes in order and once. Killed while
/// they are published, no more comes twice than since the last commit.
#[test]
fn the_files_of_many_epochs_become_few() {
    let folder = Folder::new("backlog_files");
    let receiver = Receiver::start(false);
    let text =
        numbers(300) + &receiver.table("hook", "") + "INSERT INTO hook SELECT n FROM all_numbers;";
    let more = ["--epoch-interval", "5ms", "--batch-rows", "4"];
    let running = Running::start(&folder, &text, &more);
    wait_for("many epochs", || running.metric("pelton_epochs_total") > 150.0);
    let (files, _) = outboxes(&folder);
    // Two generations, and what is being written.
    assert!((60..=72).contains(&files), "{files} files");
    running.kill();
    receiver.set_well(true);
    let running = Running::start(&folder, &text, &more);
    wait_for("some rows", || receiver.count() > 50);
    // What has come by now is behind the position that one of the next epochs has.
    let (settled, epochs) = (receiver.count() as u64, running.metric("pelton_epochs_total"));
    wait_for("epochs", || running.metric("pelton_epochs_total") > epochs + 2.0);
    running.kill();
    let before = receiver.count();
    assert_eq!(receiver.numbers(), counting_to(before as u64));
    let running = Running::start(&folder, &text, &more);
    wait_for("more rows", || receiver.count() > before + 300);
    running.stop(&folder);
    let numbers = receiver.numbers();
    // But for those of the epoch that was under way: of less than a second.
    assert!(numbers[before] + 300 > settled, "{} came again after {settled}", numbers[before]);
    let first = numbers[before];
    let wanted: Vec<u64> = (first..).take(numbers.len() - before).collect();
    assert_eq!(numbers[before..], wanted);
}

/// What the rate holds back of many epochs is one message.
#[test]
fn a_digest_is_of_many_epochs() {
    let folder = Folder::new("backlog_digest");
    let robot = Receiver::start(true);
    let text = numbers(50)
        + &robot.table("hook", ", 'rate-limit' = '4/1s'").replace("webhook", "dingtalk")
        + "INSERT INTO hook SELECT n FROM all_numbers;";
    let running = Running::start(&folder, &text, &["--epoch-interval", "20ms"]);
    wait_for("epochs", || running.metric("pelton_epochs_total") > 40.0);
    let took = running.stop(&folder);
    // One by one they would take as many quarters of a second as there were epochs.
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (messages, rows) = (robot.count(), robot.numbers().iter().sum::<u64>());
    assert!(rows > 2 * messages as u64, "{rows} rows in {messages} messages");
    let log = std::fs::read_to_string(folder.file("log")).unwrap();
    assert!(!log.contains("left to be published"), "{log}");
    assert!(log.contains(&format!("\"rows_out\":{rows},")), "{rows}: {log}");
}

/// A table that is gone, or has other columns, is not passed over while rows wait for it.
#[test]
fn rows_that_wait_are_not_lost_with_their_table() {
    let folder = Folder::new("backlog_gone");
    let receiver = Receiver::start(false);
    let hook = receiver.table("hook", "");
    let insert = "INSERT INTO hook SELECT n FROM all_numbers;";
    let text = numbers(100) + &hook + insert;
    let running = Running::start(&folder, &text, &["--epoch-interval", "50ms"]);
    wait_for("rows", || running.metric("pelton_sink_backlog_rows") > 10.0);
    running.stop(&folder);
    let refusal = |text: &str| {
        std::fs::write(folder.file("job.sql"), text).unwrap();
        let args = ["run", &folder.file("job.sql"), "--state-dir", &folder.file("state")];
        let mut command = pelton(&args);
        command.args(["--http", "off", "--shards", "1"]).stderr(std::process::Stdio::piped());
        let out = command.output().unwrap();
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    let nowhere = "CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole');
                   INSERT INTO nowhere SELECT n FROM all_numbers;";
    let changed = [
        (numbers(100) + nowhere, "rows yet to be published in hook\n"),
        (
            numbers(100)
                + &hook.replace("(n BIGINT)", "(n INT)")
                + &insert.replace("T n", "T CAST(n AS INT)"),
            "hook, which had other columns",
        ),
        (
            numbers(100) + &receiver.table("hook", ", 'sink.publish' = 'early'") + insert,
            "hook, which publishes early now",
        ),
    ];
    for (text, wanted) in changed {
        let refused = refusal(&text);
        assert!(refused.contains(wanted), "{refused}");
        assert!(refused.contains("--allow-dropped-state"), "{refused}");
    }
    assert!(Path::new(&folder.file("state")).exists());
    receiver.set_well(true);
    let running = Running::start(&folder, &text, &["--epoch-interval", "50ms"]);
    wait_for("the rows", || receiver.count() > 20);
    running.stop(&folder);
    assert_eq!(receiver.numbers(), counting_to(receiver.count() as u64));
}
