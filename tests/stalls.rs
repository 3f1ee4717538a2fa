//! What stands still for a while: a broker, a sink, the input, one partition of several. Nothing
//! gets late or lost by it, and memory stays flat. On a real Kafka (`PELTON_TEST_KAFKA`, set by
//! scripts/test), on a broker of its own, and on a real Redis.
//!
//! How long they stand still: `PELTON_TEST_STALL_SECONDS`, 20 by default; for the memory that waits
//! behind a paused sink 120 s are the claim.

mod common;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::topics::{client, each_record, make_topic};
use common::*;
use rdkafka::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

/// Whether a process has ended, be it that nobody has taken note.
fn is_dead(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_none_or(|state| state.trim().starts_with('Z'))
}

/// A broker that can be stopped without hurting other tests.
struct Broker {
    dir: String,
    address: String,
}

impl Broker {
    fn start(folder: &Folder) -> Self {
        let dir = folder.file("broker");
        let started = Self::script(&["start", "--port", "0", "--dir", &dir]);
        let address = started.lines().last().unwrap().to_owned();
        Self { dir, address }
    }

    /// Ends the broker as a crash does, and brings it back with what it has on disk.
    fn crash(&self, away: Duration) {
        let process = self.process();
        signal("-KILL", process);
        // Until then the script says that it runs.
        wait_for("the broker's end", || is_dead(process));
        std::thread::sleep(away);
        let port = self.address.rsplit_once(':').unwrap().1;
        Self::script(&["start", "--port", port, "--dir", &self.dir]);
        assert_ne!(self.process(), process);
    }

    fn script(args: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kafka");
        let mut command = Command::new(script);
        let done = command.args(args).stderr(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "scripts/kafka {args:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    fn process(&self) -> u32 {
        std::fs::read_to_string(format!("{}/pid", self.dir)).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Where a test has failed it may be gone.
        let _ = Command::new("kill").args(["-CONT", &self.process().to_string()]).status();
        Self::script(&["stop", "--dir", &self.dir]);
    }
}

/// Events of a topic with two partitions, 5 s of disorder, and what `more` says.
fn events(kafka: &str, topic: &str, more: &str) -> String {
    format!(
        "CREATE TABLE events (user_id STRING NOT NULL, event_type STRING NOT NULL, `timestamp` DOUBLE,
           ts AS TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3),
           WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json', {more}
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');\n"
    )
}

/// Copies of the events, written exactly once, to a topic with one partition, and what `more` says.
fn exact_copies(kafka: &str, topic: &str, more: &str) -> String {
    format!(
        "CREATE TABLE copies (user_id STRING, `timestamp` DOUBLE)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json', {more}
           'properties.bootstrap.servers' = '{kafka}', 'sink.create-topic' = 'partitions:1');
         INSERT INTO copies SELECT user_id, `timestamp` FROM events;\n"
    )
}

/// Counts of two seconds each, to query over HTTP.
const WINDOWS: &str = "CREATE TABLE windows (at STRING, n BIGINT, PRIMARY KEY (at) NOT ENFORCED)
       WITH ('connector' = 'queryable');
     INSERT INTO windows SELECT CAST(window_start AS STRING), COUNT(*)
     FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '2' SECOND))
     GROUP BY window_start, window_end;\n";

fn windows(address: &str) -> BTreeMap<String, u64> {
    let page = get(address, "/api/v1/tables/windows?limit=1000").unwrap_or_default();
    let rows = page["data"].as_array().into_iter().flatten();
    rows.map(|row| (row["at"].as_str().unwrap().into(), row["n"].as_u64().unwrap())).collect()
}

struct Running {
    job: Job,
    address: String,
    /// File with what it said.
    log: String,
}

impl Running {
    fn start(folder: &Folder, text: &str) -> Self {
        let job = folder.file("job.sql");
        std::fs::write(&job, text).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let state = folder.file("state");
        let args = ["run", &job, "--shards", "2", "--state-dir", &state, "--http", &address];
        let log = folder.file("log");
        let mut command = pelton(&args);
        command.env("RUST_LOG", "info,pelton::shard=debug");
        command.stderr(std::fs::File::create(&log).unwrap());
        let job = Job(command.spawn().unwrap());
        wait_for("the job answers", || get(&address, "/health").is_some());
        Self { job, address, log }
    }

    /// The sum of a metric's samples.
    fn metric(&self, name: &str) -> f64 {
        metric(&self.address, name)
    }

    fn is_alive(&mut self) -> bool {
        self.job.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    /// Why a job has ended is in its log, which goes with the test's folder.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Live events, so many a second, for so long.
fn live(kafka: &str, topic: &str, rate: u64, seconds: u64) -> Child {
    let (rate, count) = (rate.to_string(), (rate * seconds).to_string());
    let to = ["produce", "--kafka", kafka, "--topic", topic, "--partitions", "2"];
    let how = ["--users", "50", "--rate", &rate, "--count", &count];
    // What it says is seen where a test fails.
    pelton(&[&to[..], &how[..]].concat()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Stops a process for a while in the midst of live events: afterwards all of them are in their
/// windows, and none was late.
fn stand_still(running: &mut Running, stalled: u32, mut producer: Child, count: u64) {
    std::thread::sleep(Duration::from_secs(4));
    signal("-STOP", stalled);
    std::thread::sleep(stall());
    signal("-CONT", stalled);
    assert!(producer.wait().unwrap().success());
    // The input has ended, so the last windows fire by the clock.
    let read = |running: &Running| running.metric("pelton_source_records_total");
    let so_far = || format!("{} of {count} records are read", read(running));
    wait_for_or_say(|| read(running) == count as f64, so_far);
    let late = |running: &Running| running.metric("pelton_operator_late_total") as u64;
    wait_for("all windows", || {
        windows(&running.address).values().sum::<u64>() + late(running) == count
    });
    assert_eq!(late(running), 0, "{:?}", windows(&running.address));
    assert!(running.is_alive());
}

#[test]
fn a_broker_that_stands_still_makes_nothing_late() {
    if kafka().is_none() {
        return;
    }
    let folder = Folder::new("still_broker");
    let broker = Broker::start(&folder);
    let (rate, seconds) = (500, 8 + stall().as_secs());
    let producer = live(&broker.address, "still", rate, seconds);
    std::thread::sleep(Duration::from_secs(1));
    let mut running = Running::start(&folder, &(events(&broker.address, "still", "") + WINDOWS));
    stand_still(&mut running, broker.process(), producer, rate * seconds);
}

/// A broker that is killed and comes back: every record is counted once, none was late, and what
/// was written exactly once is there exactly once.
#[test]
fn a_broker_that_crashes_loses_nothing() {
    if kafka().is_none() {
        return;
    }
    let folder = Folder::new("crashed_broker");
    let broker = Broker::start(&folder);
    let (rate, seconds) = (500, 20);
    let mut producer = live(&broker.address, "crashed", rate, seconds);
    std::thread::sleep(Duration::from_secs(1));
    let copies = exact_copies(&broker.address, "copies", "");
    let text = events(&broker.address, "crashed", "") + WINDOWS + &copies;
    let mut running = Running::start(&folder, &text);
    std::thread::sleep(Duration::from_secs(4));
    broker.crash(Duration::from_secs(3));
    assert!(producer.wait().unwrap().success());
    let count = rate * seconds;
    let counted = |running: &Running| windows(&running.address).values().sum::<u64>();
    let late = |running: &Running| running.metric("pelton_operator_late_total") as u64;
    wait_for("all windows", || counted(&running) + late(&running) >= count);
    assert_eq!((counted(&running), late(&running)), (count, 0));
    let sent = committed(&broker.address, "crashed");
    let copies = || committed(&broker.address, "copies");
    wait_for("all copies", || copies().len() >= sent.len());
    assert!(copies() == sent);
    assert!(running.is_alive());
}

/// One that crashes as a job opens its transactions, and is away for longer than a commit is tried again:
/// the job waits for it.
#[test]
fn a_broker_that_crashes_as_a_job_begins_is_waited_for() {
    if kafka().is_none() {
        return;
    }
    let folder = Folder::new("crashed_start");
    let broker = Broker::start(&folder);
    make_topic(&broker.address, "input", 2, None);
    make_topic(&broker.address, "output", 1, None);
    write(&broker.address, "input", 0, 1_700_000_000, 100);
    let copies = exact_copies(&broker.address, "output", "");
    let mut running = Running::start(&folder, &(events(&broker.address, "input", "") + &copies));
    broker.crash(Duration::from_secs(45));
    let copies = || committed(&broker.address, "output");
    let so_far = || format!("{} records", copies().len());
    wait_for_or_say(|| copies().len() >= 100, so_far);
    assert!(copies() == committed(&broker.address, "input"));
    assert!(running.is_alive());
}

/// A broker that stands still for longer than its session is taken for dead by its controller: its partitions
/// have no leader until it comes again. The epoch that is being written then is committed all the same, and
/// not only once its transaction is over its time.
#[test]
fn a_broker_taken_for_dead_holds_no_epoch_back() {
    // The session is 9 s.
    const STILL: Duration = Duration::from_secs(12);
    // Longer than anything here is waited for.
    const OPEN: &str = "'properties.transaction.timeout.ms' = '600000',";
    if kafka().is_none() {
        return;
    }
    let folder = Folder::new("fenced_broker");
    let broker = Broker::start(&folder);
    let mut producer = live(&broker.address, "fenced", 200, 30);
    std::thread::sleep(Duration::from_secs(1));
    let copies = exact_copies(&broker.address, "copies", OPEN);
    let mut running = Running::start(&folder, &(events(&broker.address, "fenced", "") + &copies));
    wait_for("epochs", || running.metric("pelton_epochs_total") >= 2.0);
    signal("-STOP", broker.process());
    std::thread::sleep(STILL);
    signal("-CONT", broker.process());
    assert!(producer.wait().unwrap().success());
    let sent = committed(&broker.address, "fenced");
    let copies = || committed(&broker.address, "copies");
    wait_for_or_say(|| copies().len() >= sent.len(), || format!("{} copies", copies().len()));
    assert!(copies() == sent);
    assert!(running.is_alive());
}

/// A process that stood still past its transaction, while another one went on from a copy of its state,
/// ends, and does not fence that one first.
#[test]
fn a_process_that_stood_still_leaves_its_successor_alone() {
    const OPEN_MS: u64 = 5_000;
    // A transaction that is over its time is aborted when the broker looks next, each second.
    const STILL: Duration = Duration::from_millis(OPEN_MS + 3_000);
    // Longer than an epoch's transaction is open on a busy machine: if it is fenced, it takes it for that.
    const OPEN_SUCCESSOR_MS: u64 = 120_000;
    let Some(kafka) = kafka() else { return };
    let (folder, copy) = (Folder::new("stood_still"), Folder::new("successor"));
    let topic = unique("successor");
    make_topic(&kafka, &topic, 2, None);
    let to = format!("{topic}_copies");
    let text = |open_ms: u64| {
        let open = format!("'properties.transaction.timeout.ms' = '{open_ms}',");
        let name = format!("SET 'pipeline.name' = '{topic}';\n");
        name + &events(&kafka, &topic, "") + &exact_copies(&kafka, &to, &open)
    };
    let mut producer = live(&kafka, &topic, 200, 60);
    let mut first = Running::start(&folder, &text(OPEN_MS));
    let epochs = |running: &Running| running.metric("pelton_epochs_total");
    wait_for("epochs of the first", || epochs(&first) >= 2.0);
    signal("-STOP", first.job.0.id());
    std::thread::sleep(STILL);
    let copied =
        Command::new("cp").args(["-r", &folder.file("state"), &copy.file("state")]).status();
    assert!(copied.unwrap().success());
    let mut second = Running::start(&copy, &text(OPEN_SUCCESSOR_MS));
    wait_for("epochs of the second", || epochs(&second) >= 1.0);
    signal("-CONT", first.job.0.id());
    wait_for("the end of the first", || !first.is_alive());
    let log = std::fs::read_to_string(&first.log).unwrap();
    assert!(log.contains("another process of this job has taken over"), "{log}");
    let enough = epochs(&second) + 3.0;
    wait_for("more epochs of the second", || {
        assert!(second.is_alive(), "{}", std::fs::read_to_string(&second.log).unwrap());
        epochs(&second) >= enough
    });
    let log = std::fs::read_to_string(&second.log).unwrap();
    assert!(!log.contains("going on from the last committed epoch"), "{log}");
    assert!(producer.wait().unwrap().success());
    let sent = committed(&kafka, &topic);
    let copies = || committed(&kafka, &to);
    wait_for("all copies", || copies().len() >= sent.len());
    assert!(copies() == sent);
}

/// User and time of the committed records of a topic, sorted.
fn committed(kafka: &str, topic: &str) -> Vec<String> {
    let mut records = Vec::new();
    each_record(&client(kafka), topic, |record| {
        let event: Value = serde_json::from_slice(record.payload().unwrap()).unwrap();
        let time = event["timestamp"].as_f64().unwrap();
        records.push(format!("{} {time}", event["user_id"]));
    });
    records.sort_unstable();
    records
}

#[test]
fn a_sink_that_stands_still_makes_nothing_late() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("still_sink");
    let Some((server, url)) = redis(&folder.file("")) else { return };
    let topic = unique("still_sink");
    let (rate, seconds) = (20_000, 8 + stall().as_secs());
    let producer = live(&kafka, &topic, rate, seconds);
    std::thread::sleep(Duration::from_secs(1));
    let table = format!(
        "CREATE TABLE seen (user_id STRING, at BIGINT, n BIGINT, PRIMARY KEY (user_id, at) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{url}', 'key' = 'seen:{{user_id}}:{{at}}',
               'sink.publish' = 'early');
         INSERT INTO seen SELECT user_id, CAST(`timestamp` * 1000 AS BIGINT), COUNT(*)
         FROM events GROUP BY user_id, CAST(`timestamp` * 1000 AS BIGINT);\n"
    );
    let mut running = Running::start(&folder, &(events(&kafka, &topic, "") + WINDOWS + &table));
    stand_still(&mut running, server.0.id(), producer, rate * seconds);
}

/// A sink that takes nothing stops the fetch, and memory does not grow with what waits.
#[test]
fn what_waits_behind_a_paused_sink_waits_in_kafka() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("paused");
    let Some((server, url)) = redis(&folder.file("")) else { return };
    let topic = unique("paused");
    let to = ["produce", "--kafka", &kafka, "--topic", &topic, "--partitions", "4"];
    let how = ["--users", "1000000", "--count", "5000000"];
    assert!(pelton(&[&to[..], &how[..]].concat()).status().unwrap().success());
    let table = format!(
        "CREATE TABLE seen (user_id STRING, event_type STRING, `timestamp` DOUBLE,
                            PRIMARY KEY (user_id) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{url}', 'key' = 'seen:{{user_id}}',
               'sink.publish' = 'early');
         INSERT INTO seen SELECT user_id, event_type, `timestamp` FROM events;\n"
    );
    signal("-STOP", server.0.id());
    let running = Running::start(&folder, &(events(&kafka, &topic, "") + &table));
    let read = is_held_back(&running.address, running.job.0.id());
    assert!(read < 1_000_000.0, "{read} records are read of which none can go out");
    signal("-CONT", server.0.id());
}

/// A stop while an epoch is held up: what was read behind its barriers is written as well.
#[test]
fn a_stop_ends_with_all_that_was_read() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("stopped");
    let Some((server, url)) = redis(&folder.file("")) else { return };
    let topic = unique("stopped");
    empty_topic(&kafka, &topic, "1");
    let sinks = format!(
        "CREATE TABLE seen (at DOUBLE, n BIGINT, PRIMARY KEY (at) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{url}', 'key' = 'seen:{{at}}',
               'sink.publish' = 'early');
         CREATE TABLE copies (user_id STRING, `timestamp` DOUBLE) WITH ('connector' = 'kafka',
           'topic' = '{topic}_copies', 'format' = 'json', 'sink.create-topic' = 'partitions:1',
           'properties.bootstrap.servers' = '{kafka}');
         INSERT INTO seen SELECT `timestamp`, COUNT(*) FROM events GROUP BY `timestamp`;
         INSERT INTO copies SELECT user_id, `timestamp` FROM events;\n"
    );
    let mut running = Running::start(&folder, &(events(&kafka, &topic, "") + &sinks));
    let read = |count: f64| {
        wait_for("the records", || running.metric("pelton_source_records_total") == count);
    };
    signal("-STOP", server.0.id());
    write(&kafka, &topic, 0, 1_700_000_000, 10);
    read(10.0);
    // Epochs begin each second: this one waits for Redis.
    std::thread::sleep(Duration::from_secs(3));
    write(&kafka, &topic, 0, 1_700_000_100, 10);
    read(20.0);
    signal("-TERM", running.job.0.id());
    std::thread::sleep(Duration::from_secs(1));
    signal("-CONT", server.0.id());
    assert!(running.job.0.wait().unwrap().success());
    assert_eq!(committed(&kafka, &format!("{topic}_copies")), committed(&kafka, &topic));
}

/// Input that stops fires its last windows, by the clock.
#[test]
fn the_last_windows_fire_though_input_stops() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("last");
    let topic = unique("last");
    let mut producer = live(&kafka, &topic, 500, 3);
    assert!(producer.wait().unwrap().success());
    let running = Running::start(&folder, &(events(&kafka, &topic, "") + WINDOWS));
    wait_for("the last window", || windows(&running.address).values().sum::<u64>() == 1_500);
}

fn empty_topic(kafka: &str, topic: &str, partitions: &str) {
    let to = ["produce", "--kafka", kafka, "--topic", topic, "--partitions", partitions];
    assert!(pelton(&[&to[..], &["--count", "0"]].concat()).status().unwrap().success());
}

/// Events a tenth of a second apart, into one partition.
fn write(kafka: &str, topic: &str, partition: i32, from_s: u64, count: u64) {
    let mut config = client(kafka);
    let producer: BaseProducer =
        config.set("queue.buffering.max.messages", "1000000").create().unwrap();
    for event in 0..count {
        let at = from_s as f64 + event as f64 / 10.0;
        let value =
            format!(r#"{{"user_id":"u{partition}","event_type":"click","timestamp":{at}}}"#);
        let record = BaseRecord::<(), String>::to(topic).partition(partition).payload(&value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();
}

/// A partition far ahead of another that is not idle waits for it.
#[test]
fn a_partition_waits_for_one_that_is_behind() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("ahead");
    let topic = unique("ahead");
    make_topic(&kafka, &topic, 2, None);
    let (start_s, count) = (1_760_000_000, 100_000);
    write(&kafka, &topic, 0, start_s, count);
    write(&kafka, &topic, 1, start_s, 1);
    let options = "'scan.watermark.alignment.max-drift' = '1 min',
                   'scan.watermark.idle-timeout' = '1 h',";
    let mut running = Running::start(&folder, &(events(&kafka, &topic, options) + WINDOWS));
    let read = |running: &Running| running.metric("pelton_source_records_total");
    wait_for("the first records", || read(&running) > 0.0);
    std::thread::sleep(Duration::from_secs(3));
    // A minute is 600 records; what was at hand when the minute was over comes on top.
    let held = read(&running);
    assert!(held < 10_000.0, "{held} records were read");
    // The other one goes on, and with it all.
    write(&kafka, &topic, 1, start_s + count / 10, 1);
    wait_for("all records", || read(&running) == (count + 2) as f64);
    assert!(running.is_alive());
    assert_eq!(running.metric("pelton_operator_late_total"), 0.0);
}

/// Nobody waits for a partition that has been read to the end of a bounded input.
#[test]
fn a_partition_that_ends_early_holds_nothing_back() {
    let Some(kafka) = kafka() else { return };
    let folder = Folder::new("ends");
    let topic = unique("ends");
    empty_topic(&kafka, &topic, "3");
    let (start_s, count) = (1_760_000_000, 20_000);
    write(&kafka, &topic, 0, start_s, count);
    write(&kafka, &topic, 1, start_s, 1);
    let (job, out) = (folder.file("job.sql"), folder.file("out"));
    let text = events(&kafka, &topic, "")
        + &format!(
            "CREATE TABLE out (user_id STRING)
               WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
             INSERT INTO out SELECT user_id FROM events;"
        );
    std::fs::write(&job, text).unwrap();
    for shards in ["1", "2", "3"] {
        let _ = std::fs::remove_file(&out);
        let args = ["run", &job, "--http", "off", "--until", "end", "--shards", shards];
        let mut running = Job(pelton(&args).spawn().unwrap());
        wait_for("the end", || running.0.try_wait().unwrap().is_some());
        assert_eq!(lines(std::path::Path::new(&out)).len() as u64, count + 1, "{shards} shards");
    }
}
