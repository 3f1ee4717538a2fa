//! Jobs run by the binary itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::{Receiver, Reply, Statement};
use super::server::Server;
use crate::common::{is_held_back, resident_bytes, slow_down};

/// Ended with the test, however that ends; a test that fails shows the log.
struct Job(Child, PathBuf);

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if std::thread::panicking() {
            eprintln!("{}:\n{}", self.1.display(), self.log());
        }
    }
}

impl Job {
    fn start(folder: &Path, sql: &str, name: &str, more: &[&str]) -> Self {
        let (job, log) = (folder.join("job.sql"), folder.join(format!("{name}.log")));
        std::fs::write(&job, sql).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pelton"));
        command.arg("run").arg(&job).arg("--state-dir").arg(folder.join("state"));
        command.args(["--shards", "2"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(std::fs::File::create(&log).unwrap());
        Self(command.spawn().unwrap(), log)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.1).unwrap_or_default()
    }

    /// Ends it, and waits for the rows that are under way.
    fn stop(&mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.ended(), "{}", self.log());
    }

    /// Whether it ended well.
    fn ended(&mut self) -> bool {
        wait_for("the end of the job", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().success()
    }
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < end, "{what}: not within 120 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every number from 1 on. The job keeps state, as one of its inputs, of which no row is wanted, does
/// not end.
fn job(url: &str, end: u64, rate: u64, options: &str) -> String {
    format!(
        "SET 'pipeline.name' = 'archiving';
         CREATE TABLE numbers (n BIGINT NOT NULL)
         WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{end}');
         CREATE TABLE archive (n BIGINT NOT NULL)
         WITH ('connector' = 'clickhouse', 'url' = '{url}', 'table' = 'rows' {options});
         CREATE TABLE endless (n BIGINT NOT NULL)
         WITH ('connector' = 'datagen', 'rows-per-second' = '1', 'fields.n.min' = '0');
         INSERT INTO archive SELECT n FROM numbers{ENDLESS};"
    )
}

const ENDLESS: &str = " UNION ALL SELECT n FROM endless WHERE n < 0";
const NEVER: u64 = 1_000_000_000_000;
const EPOCHS: [&str; 2] = ["--epoch-interval", "200ms"];

fn count(server: &Server) -> u64 {
    server.ask("SELECT uniqExact(n) FROM rows").parse().unwrap()
}

#[test]
fn a_job_loses_nothing_where_its_clickhouse_and_then_it_is_killed() {
    let Some(mut server) = Server::start() else { return };
    server.ask("CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n");
    let folder = tempfile::tempdir().unwrap();
    let sql = job(&server.url(), NEVER, 10_000, "");
    let http = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = http.to_string();
    let more = [&EPOCHS[..], &["--http", &address]].concat();
    let mut first = Job::start(folder.path(), &sql, "first", &more);
    wait_for("rows", || count(&server) > 5_000);
    server.kill();
    let ready = || super::http::get(http.port(), "/ready");
    let held_back = |(status, body): (u16, Vec<u8>)| {
        status == 503 && String::from_utf8_lossy(&body).contains(&server.url())
    };
    wait_for("a reason in /ready", || ready().is_some_and(held_back));
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    let more = [&EPOCHS[..], &["--http", "off"]].concat();
    let mut second = Job::start(folder.path(), &sql, "second", &more);
    std::thread::sleep(Duration::from_millis(300));
    server.start_again();
    let before = count(&server);
    wait_for("more rows", || count(&server) > before + 20_000);
    second.stop();
    let found = server.ask("SELECT min(n), max(n) = uniqExact(n) FROM rows");
    assert_eq!(found, "1\t1");
    assert!(second.log().contains("knows no insert_deduplication_token"), "{}", second.log());
}

/// Numbers in the table of a server that knows tokens, ascending.
fn numbers_in(table: &super::made_up::Table) -> Vec<u64> {
    // One column, whose name and type stand before the rows.
    const HEADER: &[u8] = b"\x01\x01n\x05Int64";
    let mut numbers = Vec::new();
    for body in table.lock().unwrap().iter() {
        let rows = body.strip_prefix(HEADER).unwrap().chunks(8);
        numbers.extend(rows.map(|row| u64::from_le_bytes(row.try_into().unwrap())));
    }
    numbers.sort_unstable();
    numbers
}

/// The last epoch before a restart is published again, and some answers are lost besides.
#[test]
fn each_row_is_inserted_once_however_the_job_ends() {
    let (receiver, table) = super::made_up::made_up(3);
    let folder = tempfile::tempdir().unwrap();
    let sql = job(&receiver.url(), NEVER, 20_000, "");
    let more = [&EPOCHS[..], &["--http", "off"]].concat();
    let mut again = 0;
    for (start, killed) in [("first", true), ("second", false), ("third", true), ("last", false)] {
        let before = numbers_in(&table).len();
        let sent = receiver.inserts().len();
        let mut job = Job::start(folder.path(), &sql, start, &more);
        wait_for("rows", || numbers_in(&table).len() > before + 10_000);
        match killed {
            true => job.0.kill().unwrap(),
            false => job.stop(),
        }
        job.0.wait().unwrap();
        let earlier: Vec<Vec<u8>> = receiver.inserts()[..sent].iter().map(body).collect();
        again += receiver.inserts()[sent..].iter().filter(|it| earlier.contains(&it.body)).count();
    }
    let found = numbers_in(&table);
    assert_eq!(found, (1..=found.len() as u64).collect::<Vec<_>>());
    assert!(again > 0, "no start published anything again, so this shows nothing");
}

fn body(request: &super::http::Request) -> Vec<u8> {
    request.body.clone()
}

#[test]
fn a_column_that_does_not_fit_ends_the_job_at_its_start() {
    let Some(server) = Server::start() else { return };
    server.ask("CREATE TABLE rows (n Float64) ENGINE = MergeTree ORDER BY n");
    let folder = tempfile::tempdir().unwrap();
    let sql = job(&server.url(), NEVER, 1_000, "");
    let mut job = Job::start(folder.path(), &sql, "job", &["--http", "off"]);
    assert!(!job.ended());
    let wanted = "column 'n': it is BIGINT here and Float64 in ClickHouse's `default`.`rows`. Int64 \
                  there would take it";
    assert!(job.log().contains(wanted), "{}", job.log());
    let check = || {
        let mut check = Command::new(env!("CARGO_BIN_EXE_pelton"));
        let out = check.args(["check", "--connect"]).arg(folder.path().join("job.sql")).output();
        let out = out.unwrap();
        (out.status.success(), String::from_utf8(out.stderr).unwrap())
    };
    let (good, said) = check();
    assert!(!good && said.contains(&format!("table 'archive', {wanted}")), "{said}");
    server.ask("DROP TABLE rows");
    server.ask("CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n");
    let (good, said) = check();
    assert!(good && said.contains("the servers of 1 table(s) answer"), "{said}");
}

/// Rows that go out as they come are gathered, or ClickHouse would drown in small inserts.
#[test]
fn early_rows_are_gathered_for_an_interval() {
    const ROWS: u64 = 2_000;
    let receiver = Receiver::start(|request| {
        let answer = match request.query() {
            query if query.contains("system.columns") => r#"{"data":[["n","Int64",""]]}"#,
            query if query.starts_with("INSERT") => "",
            _ => r#"{"data":[]}"#,
        };
        Reply::Whole(200, answer.into())
    });
    let folder = tempfile::tempdir().unwrap();
    let options = ", 'sink.publish' = 'early', 'sink.buffer-flush.interval' = '500 ms'";
    // Of the input that ends alone.
    let sql = job(&receiver.url(), ROWS, 1_000, options).replace(ENDLESS, "");
    let begun = Instant::now();
    // No epoch ends meanwhile, which would send what is there.
    let more = ["--http", "off", "--epoch-interval", "1h"];
    let mut job = Job::start(folder.path(), &sql, "job", &more);
    assert!(job.ended(), "{}", job.log());
    let most = begun.elapsed().as_millis() as usize / 500 + 2;
    let inserts = receiver.inserts();
    assert_eq!(inserts.iter().map(|it| it.body.len()).sum::<usize>(), ROWS as usize * 8);
    assert!((2..=most).contains(&inserts.len()), "{} inserts, at most {most}", inserts.len());
}

/// Standing still, killed and slow in turn, under load: every row is there in the end.
#[test]
fn a_server_in_trouble_holds_the_stream_back_in_flat_memory() {
    let Some(mut server) = Server::start() else { return };
    server.ask("CREATE TABLE rows (n Int64) ENGINE = MergeTree ORDER BY n");
    let folder = tempfile::tempdir().unwrap();
    let sql = job(&server.url(), NEVER, 50_000, ", 'sink.backlog.max-bytes' = '4 mb'");
    let address = format!("127.0.0.1:{}", crate::common::free_port());
    let mut job =
        Job::start(folder.path(), &sql, "job", &[&EPOCHS[..], &["--http", &address]].concat());
    wait_for("rows", || count(&server) > 50_000);
    let process = job.0.id();
    let goes_on = |server: &Server| {
        let before = count(server);
        wait_for("more rows", || count(server) > before + 50_000);
    };
    server.signal("-STOP");
    is_held_back(&address, process);
    server.signal("-CONT");
    goes_on(&server);
    server.kill();
    is_held_back(&address, process);
    server.start_again();
    goes_on(&server);
    let before = resident_bytes(process);
    slow_down(server.id());
    let grown = resident_bytes(process).saturating_sub(before);
    assert!(grown < 50 << 20, "{grown} bytes more");
    goes_on(&server);
    job.stop();
    let found = server.ask("SELECT min(n), max(n) = uniqExact(n) FROM rows");
    assert_eq!(found, "1\t1");
}
