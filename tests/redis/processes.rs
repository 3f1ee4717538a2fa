//! Two processes of one job, on a real Kafka (`PELTON_TEST_KAFKA`, set by scripts/test): the first
//! is stopped in mid-stream and goes on when the second has taken over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Server;
use crate::common::{
    free_port, get_text, is_held_back, resident_bytes, signal, slow_down, wait_for,
};

/// Fields `user/type` and their counts.
type Counts = BTreeMap<String, u64>;

/// Ended with the test, however that ends; a test that fails shows the log.
pub struct Process(pub Child, PathBuf);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.1).unwrap_or_default();
            eprintln!("{}:\n{log}", self.1.display());
        }
    }
}

/// Stops the watching, however the test ends.
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Process {
    pub fn signal(&self, signal: &str) {
        crate::common::signal(signal, self.0.id());
    }
}

pub fn pelton(args: &[&str], log: &Path) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pelton"));
    let errors = std::fs::File::create(log).unwrap();
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    Process(command.spawn().unwrap(), log.to_owned())
}

fn job(kafka: &str, topic: &str, redis: &str) -> String {
    format!(
        "SET 'pipeline.name' = 'counting';
         CREATE TABLE events (user_id STRING NOT NULL, event_type STRING NOT NULL)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json',
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE counts (user_id STRING, event_type STRING, n BIGINT,
           PRIMARY KEY (user_id, event_type) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'data-type' = 'hash', 'key' = 'n:{{user_id}}',
           'field' = '{{event_type}}');
         INSERT INTO counts SELECT user_id, event_type, COUNT(*) FROM events
         GROUP BY user_id, event_type;"
    )
}

fn counts(server: &Server) -> Counts {
    let mut connection = server.connection().unwrap();
    let mut pipeline = redis::pipe();
    for user in 0..=50 {
        pipeline.cmd("HGETALL").arg(format!("n:user_{user:06}"));
    }
    let users: Vec<Counts> = pipeline.query(&mut connection).unwrap();
    let named = |(user, counts): (usize, Counts)| {
        counts.into_iter().map(move |(kind, n)| (format!("{user}/{kind}"), n))
    };
    users.into_iter().enumerate().flat_map(named).collect()
}

fn total(counts: &Counts) -> u64 {
    counts.values().sum()
}

/// What was seen to go back, until told to stop.
fn watch(server: Arc<Server>, over: Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let (mut before, mut back) = (Counts::new(), Vec::new());
        while !over.load(Ordering::SeqCst) {
            let now = counts(&server);
            for (field, then) in &before {
                let n = now.get(field).copied().unwrap_or(0);
                if n < *then {
                    back.push(format!("{field}: {then}, then {n}"));
                }
            }
            before = now;
        }
        back
    })
}

#[test]
fn no_value_goes_back_when_a_stopped_process_goes_on() {
    const EVENTS: u64 = 40_000;
    let Ok(kafka) = std::env::var("PELTON_TEST_KAFKA") else {
        eprintln!("skipped: PELTON_TEST_KAFKA is not set; scripts/test sets it");
        return;
    };
    let Some(server) = Server::start() else { return };
    let server = Arc::new(server);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let topic = format!("zombie_{}", std::process::id());
    std::fs::write(file("job.sql"), job(&kafka, &topic, &server.url())).unwrap();
    let start = |state: &str| {
        let (job, state_dir) = (file("job.sql"), file(state));
        let args = ["run", &job, "--http", "off", "--state-dir", &state_dir];
        let args = [&args[..], &["--shards", "2", "--epoch-interval", "100ms"]].concat();
        pelton(&args, &folder.path().join(format!("{state}.log")))
    };
    let half = (EVENTS / 2).to_string();
    let to = ["produce", "--kafka", &kafka, "--topic", &topic, "--partitions", "2"];
    let what = ["--users", "50", "--count", &half, "--rate", "5000"];
    let produce = || pelton(&[&to[..], &what].concat(), &folder.path().join("produce.log"));
    let _producing = produce();
    let over = Over(Arc::default());
    let mut first = start("first");
    wait_for("first counts", || total(&counts(&server)) > EVENTS / 8);
    let watching = watch(server.clone(), over.0.clone());
    first.signal("-STOP");
    // Its threads stop one by one.
    std::thread::sleep(Duration::from_millis(100));
    let copied = Command::new("cp").args(["-r", &file("first"), &file("second")]).status();
    assert!(copied.unwrap().success());
    let at_stop = total(&counts(&server));
    let mut second = start("second");
    // However far the first has come, there is more for both.
    let _producing = produce();
    let enough = at_stop + EVENTS / 16;
    wait_for("more from the second", || total(&counts(&server)) >= enough);
    first.signal("-CONT");
    wait_for("the end of the first", || first.0.try_wait().unwrap().is_some());
    let log = std::fs::read_to_string(file("first.log")).unwrap();
    assert!(log.contains("fenced off: start 2 of job 'counting'"), "{log}");
    // Who starts it again gets the same answer.
    let mut again = start("first");
    wait_for("the end of the first again", || again.0.try_wait().unwrap().is_some());
    assert!(!again.0.wait().unwrap().success());
    wait_for("all counts", || total(&counts(&server)) == EVENTS);
    second.signal("-TERM");
    assert!(second.0.wait().unwrap().success());
    drop(over);
    assert_eq!(watching.join().unwrap(), Vec::<String>::new());
    assert_eq!(total(&counts(&server)), EVENTS);
}

/// How often each remainder has been counted.
fn by_remainder(server: &Server, remainders: u64) -> Vec<u64> {
    let mut pipeline = redis::pipe();
    for k in 0..remainders {
        pipeline.cmd("GET").arg(format!("r:{k}"));
    }
    let counts: Vec<Option<u64>> = pipeline.query(&mut server.connection().unwrap()).unwrap();
    counts.into_iter().map(Option::unwrap_or_default).collect()
}

/// Standing still, killed and slow in turn, under load: in the end every count is that of a plain loop.
#[test]
fn a_server_in_trouble_holds_the_stream_back_in_flat_memory() {
    const REMAINDERS: u64 = 1_000;
    let Some(mut server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    // The second input does not end, so that the job keeps state.
    let text = format!(
        "CREATE TABLE numbers (n BIGINT NOT NULL) WITH ('connector' = 'datagen',
           'rows-per-second' = '50000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1',
           'fields.n.end' = '1000000000000');
         CREATE TABLE endless (n BIGINT NOT NULL)
         WITH ('connector' = 'datagen', 'rows-per-second' = '1', 'fields.n.min' = '0');
         CREATE TABLE counts (r BIGINT, n BIGINT, PRIMARY KEY (r) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{}', 'key' = 'r:{{r}}',
           'sink.backlog.max-bytes' = '4 mb');
         INSERT INTO counts SELECT n % {REMAINDERS}, COUNT(*) FROM
           (SELECT n FROM numbers UNION ALL SELECT n FROM endless WHERE n < 0) GROUP BY n % {REMAINDERS};",
        server.url()
    );
    std::fs::write(file("job.sql"), text).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let (job, state) = (file("job.sql"), file("state"));
    let args = ["run", &job, "--http", &address, "--state-dir", &state, "--shards", "2"];
    let mut running =
        pelton(&[&args[..], &["--epoch-interval", "200ms"]].concat(), &folder.path().join("log"));
    let process = running.0.id();
    let all = |server: &Server| by_remainder(server, REMAINDERS).iter().sum::<u64>();
    let goes_on = |server: &Server| {
        let before = all(server);
        wait_for("more counts", || all(server) > before + 50_000);
    };
    goes_on(&server);
    signal("-STOP", server.process.id());
    is_held_back(&address, process);
    signal("-CONT", server.process.id());
    goes_on(&server);
    server.stop();
    is_held_back(&address, process);
    server.start_again_whole();
    goes_on(&server);
    let before = resident_bytes(process);
    slow_down(server.process.id());
    let grown = resident_bytes(process).saturating_sub(before);
    assert!(grown < 50 << 20, "{grown} bytes more");
    goes_on(&server);
    running.signal("-TERM");
    assert!(running.0.wait().unwrap().success());
    let mut wanted = vec![0; REMAINDERS as usize];
    (1..=all(&server)).for_each(|n| wanted[(n % REMAINDERS) as usize] += 1);
    assert_eq!(by_remainder(&server, REMAINDERS), wanted);
}

/// Ten counts, of numbers without an end.
fn unseen(redis: &str) -> String {
    format!(
        "SET 'pipeline.name' = 'unseen';
         CREATE TABLE numbers (n BIGINT NOT NULL) WITH ('connector' = 'datagen',
           'rows-per-second' = '1000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '1',
           'fields.n.end' = '1000000000000');
         CREATE TABLE endless (n BIGINT NOT NULL)
         WITH ('connector' = 'datagen', 'rows-per-second' = '1', 'fields.n.min' = '0');
         CREATE TABLE counts (r BIGINT, n BIGINT, PRIMARY KEY (r) NOT ENFORCED)
         WITH ('connector' = 'redis', 'url' = '{redis}', 'key' = 'r:{{r}}');
         INSERT INTO counts SELECT n % 10, COUNT(*) FROM
           (SELECT n FROM numbers UNION ALL SELECT n FROM endless WHERE n < 0) GROUP BY n % 10;"
    )
}

/// A Redis that is away at a start delays no epoch; and a start from an older copy of the state, which
/// Redis would refuse, is refused however many epochs it has gone on meanwhile.
#[test]
fn a_start_that_redis_has_not_seen_delays_nothing_and_makes_no_older_state_newer() {
    let Some(mut server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("job.sql"), unseen(&server.url())).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let start = |state: &str| {
        let (job, state_dir) = (file("job.sql"), file(state));
        let args = ["run", &job, "--http", &address, "--state-dir", &state_dir, "--shards", "1"];
        let log = folder.path().join(format!("{state}.log"));
        pelton(&[&args[..], &["--epoch-interval", "30ms"]].concat(), &log)
    };
    let all = |server: &Server| by_remainder(server, 10).iter().sum::<u64>();
    let goes_on = |server: &Server| {
        let before = all(server);
        wait_for("more counts", || all(server) > before + 200);
    };
    let ends = |mut process: Process| {
        process.signal("-TERM");
        assert!(process.0.wait().unwrap().success());
    };
    let has_epochs = |many: f64| {
        wait_for("epochs", || {
            let metrics = get_text(&address, "/metrics").unwrap_or_default();
            let total = metrics.lines().find_map(|line| line.strip_prefix("pelton_epochs_total "));
            total.is_some_and(|total| total.parse::<f64>().unwrap() > many)
        });
    };
    let running = start("state");
    goes_on(&server);
    ends(running);
    assert!(
        Command::new("cp").args(["-r", &file("state"), &file("old")]).status().unwrap().success()
    );
    server.stop();
    let mut running = start("state");
    has_epochs(5.0);
    server.start_again_whole();
    goes_on(&server);
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    let running = start("state");
    goes_on(&server);
    ends(running);
    let newest: f64 = server.ask(&["HGET", "pelton:fence:unseen:counts:r:{r}", "epoch"]);

    server.stop();
    // The second of them has a newer number than any that Redis knows.
    for _ in 0..2 {
        let mut running = start("old");
        has_epochs(newest);
        running.0.kill().unwrap();
        running.0.wait().unwrap();
    }
    server.start_again_whole();
    let mut refused = start("old");
    wait_for("a refusal", || refused.0.try_wait().unwrap().is_some());
    let log = std::fs::read_to_string(file("old.log")).unwrap();
    assert!(log.contains("holds rows of epoch"), "{log}");
}
