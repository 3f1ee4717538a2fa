//! The Redis sink against a real server, started here on a port of its own.

mod collections;
#[path = "../common/mod.rs"]
mod common;
mod cost;
mod crashes;
mod fence;
mod lookups;
mod processes;
mod secure;
mod shipped;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use common::{free_port, wait_for};
use pelton::record::{
    Batch, BatchTime, ChangeKind, Column, ColumnBuilder, DataType, Field, Schema, Value,
};
use pelton::sink::{Sink, SinkContext};
use pelton::sql::plan::Table;

struct Server {
    process: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Server {
    /// `None`, with a note, where there is no redis-server.
    fn start() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let process = spawn(port, dir.path())?;
        let server = Self { process, port, dir };
        server.wait();
        Some(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    fn wait(&self) {
        wait_for("an answer of redis-server", || self.connection().is_some());
    }

    fn connection(&self) -> Option<redis::Connection> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().ok()?;
        redis::cmd("PING").exec(&mut connection).ok()?;
        Some(connection)
    }

    fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut cmd = redis::cmd(command[0]);
        cmd.arg(&command[1..]);
        cmd.query(&mut self.connection().unwrap()).unwrap()
    }

    fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn start_again(&mut self) {
        self.process = spawn(self.port, self.dir.path()).unwrap();
        self.wait();
    }

    /// As `start_again`, and writes the append-only file anew: what the documentation tells to do
    /// where a second kill may follow. Redis 7 cuts a torn transaction off behind its last whole
    /// command, not before its MULTI, and the next EXEC would run these commands once more.
    fn start_again_whole(&mut self) {
        self.start_again();
        self.ask::<()>(&["BGREWRITEAOF"]);
        let idle = ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"];
        wait_for("a new append-only file", || {
            let told = self.ask::<String>(&["INFO", "persistence"]);
            idle.iter().all(|line| told.contains(line))
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(port: u16, dir: &std::path::Path) -> Option<Child> {
    let port = port.to_string();
    let process = Command::new("redis-server")
        .args(["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--save", ""])
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if process.is_err() {
        eprintln!("skipped: no redis-server on PATH");
    }
    process.ok()
}

fn table(options: &[(&str, &str)]) -> Arc<Table> {
    let fields = vec![
        Field::new("user_id", DataType::STRING),
        Field::new("minute", DataType::Timestamp { precision: 3 }),
        Field::new("clicks", DataType::BigInt),
        Field::new("share", DataType::Double),
    ];
    let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
    Arc::new(Table {
        name: "clicks".into(),
        schema: Schema::new(fields),
        physical: vec![0, 1, 2, 3],
        computed: vec![],
        metadata: vec![],
        watermark: None,
        primary_key: vec![0, 1],
        connector: "redis".into(),
        options: options.collect::<BTreeMap<_, _>>(),
    })
}

/// 2023-10-01T12:34
const MINUTE: i64 = 1_696_163_640_000;

type Row<'a> = (ChangeKind, &'a str, i64, Option<i64>);

fn batch(rows: &[Row<'_>]) -> Batch {
    let table = table(&[]);
    let builder = |at: usize| ColumnBuilder::for_type(&table.schema.fields[at].data_type, 8);
    let mut columns: Vec<ColumnBuilder> = (0..4).map(builder).collect();
    for (_, user, minute, clicks) in rows {
        columns[0].push_str(user);
        columns[1].push_i64(*minute);
        columns[2].push_value(&clicks.map_or(Value::Null, Value::I64));
        columns[3].push_f64(0.5);
    }
    let columns: Vec<Arc<Column>> = columns.into_iter().map(|c| Arc::new(c.finish())).collect();
    let mut batch = Batch::new(columns, rows.len(), BatchTime::at(0));
    batch.kinds = Some(Arc::new(rows.iter().map(|row| row.0).collect()));
    batch
}

fn try_open(options: &[(&str, &str)]) -> Result<(Box<dyn Sink>, SinkContext), String> {
    let context = SinkContext::default();
    let zone = jiff::tz::TimeZone::UTC;
    let sink = pelton::sink::redis::open(table(options), zone, context.clone(), None)?;
    Ok((sink, context))
}

fn send(sink: &mut Box<dyn Sink>, rows: &[Row<'_>]) {
    sink.write(&batch(rows)).unwrap();
    sink.flush().unwrap();
}

use ChangeKind::{Delete, Insert, UpdateAfter, UpdateBefore};

#[test]
fn strings_with_time_to_live_and_deletes() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) =
        try_open(&[("url", &url), ("key", "clicks:{user_id}:{minute}"), ("ttl", "7 d")]).unwrap();
    send(
        &mut sink,
        &[
            (Insert, "u1", MINUTE, Some(1)),
            (UpdateBefore, "u1", MINUTE, Some(1)),
            (UpdateAfter, "u1", MINUTE, Some(2)),
            (Insert, "u2", MINUTE + 1_500, None),
            (Insert, "u3", MINUTE, Some(3)),
        ],
    );
    let key = "clicks:u1:2023-10-01T12:34";
    assert_eq!(server.ask::<String>(&["GET", key]), r#"{"clicks":2,"share":0.5}"#);
    let ttl: i64 = server.ask(&["TTL", key]);
    assert!((604_700..=604_800).contains(&ttl), "{ttl}");
    let other = "clicks:u2:2023-10-01T12:34:01.500";
    assert_eq!(server.ask::<String>(&["GET", other]), r#"{"clicks":null,"share":0.5}"#);
    send(&mut sink, &[(Delete, "u1", MINUTE, Some(2)), (UpdateBefore, "u3", MINUTE, None)]);
    assert_eq!(server.ask::<i64>(&["DBSIZE"]), 1);
}

#[test]
fn hashes_of_columns_and_of_rows() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) = try_open(&[
        ("url", &url),
        ("data-type", "hash"),
        ("key", "h:{user_id}:{minute}"),
        ("ttl", "60000"),
    ])
    .unwrap();
    send(&mut sink, &[(Insert, "u", MINUTE, Some(5))]);
    let key = "h:u:2023-10-01T12:34";
    let all = |key: &str| server.ask::<BTreeMap<String, String>>(&["HGETALL", key]);
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
    };
    assert_eq!(all(key), pairs(&[("clicks", "5"), ("share", "0.5")]));
    assert!(server.ask::<i64>(&["PTTL", key]) > 50_000);
    send(&mut sink, &[(UpdateAfter, "u", MINUTE, None)]);
    assert_eq!(all(key), pairs(&[("share", "0.5")]));
    send(&mut sink, &[(Delete, "u", MINUTE, None)]);
    assert!(all(key).is_empty());

    let (mut sink, _) = try_open(&[
        ("url", &url),
        ("data-type", "hash"),
        ("key", "m:{user_id}"),
        ("field", "{minute}"),
    ])
    .unwrap();
    send(
        &mut sink,
        &[
            (Insert, "u", MINUTE, Some(1)),
            (Insert, "u", MINUTE + 60_000, Some(2)),
            (Insert, "u", MINUTE + 120_000, Some(3)),
            (Delete, "u", MINUTE, Some(1)),
        ],
    );
    let fields: Vec<String> = all("m:u").into_keys().collect();
    assert_eq!(fields, ["2023-10-01T12:35", "2023-10-01T12:36"]);
}

#[test]
fn hostile_keys_stay_what_they_are() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) = try_open(&[("url", &url), ("key", "{{x}}:{user_id}:{minute}")]).unwrap();
    let users = ["a\r\nDEL b\r\n", "{user_id}", "", "用户", "a b\"'*$3\0", "x:y"];
    let rows: Vec<Row<'_>> = users.iter().map(|user| (Insert, *user, MINUTE, Some(7))).collect();
    send(&mut sink, &rows);
    for user in users {
        let key = format!("{{x}}:{user}:2023-10-01T12:34");
        assert_eq!(server.ask::<i64>(&["EXISTS", &key]), 1, "{user:?}");
    }
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), users.len());
}

#[test]
fn a_restart_in_mid_stream_loses_nothing() {
    let Some(mut server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, context) = try_open(&[("url", &url), ("key", "c:{user_id}:{minute}")]).unwrap();
    let (send_rows, rows) = std::sync::mpsc::sync_channel::<i64>(16);
    let writer = std::thread::spawn(move || {
        while let Ok(round) = rows.recv() {
            let users: Vec<String> = (0..500).map(|user| format!("u{user}")).collect();
            let rows: Vec<Row<'_>> =
                users.iter().map(|user| (UpdateAfter, &**user, MINUTE, Some(round))).collect();
            send(&mut sink, &rows);
        }
    });
    (0..5).for_each(|round| send_rows.send(round).unwrap());
    server.stop();
    send_rows.send(5).unwrap();
    fence::await_problem(&context);
    assert!(context.problem().unwrap().contains("127.0.0.1"));
    server.start_again();
    (6..8).for_each(|round| send_rows.send(round).unwrap());
    drop(send_rows);
    writer.join().unwrap();
    assert_eq!((context.problem(), context.retries() > 0), (None, true));
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), 500);
    for user in ["u0", "u499"] {
        let value: String = server.ask(&["GET", &format!("c:{user}:2023-10-01T12:34")]);
        assert_eq!(value, r#"{"clicks":7,"share":0.5}"#);
    }
}

#[test]
fn a_key_of_another_type_ends_the_job_with_its_pattern() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let key = "k:{user_id}:{minute}";
    let (mut sink, _) = try_open(&[("url", &url), ("data-type", "hash"), ("key", key)]).unwrap();
    server.ask::<()>(&["SET", "k:u:2023-10-01T12:34", "x"]);
    sink.write(&batch(&[(Insert, "u", MINUTE, Some(1))])).unwrap();
    let error = sink.flush().unwrap_err();
    assert!(error.contains(key) && error.contains("WRONGTYPE"), "{error}");
}

#[test]
fn stopping_ends_the_wait_and_secrets_stay_hidden() {
    let url = "redis://user:secret@127.0.0.1:1/0";
    let key = ("key", "{user_id}{minute}");
    let (mut sink, context) = try_open(&[("url", url), key]).unwrap();
    sink.write(&batch(&[(Insert, "u", MINUTE, Some(1))])).unwrap();
    context.stop();
    let error = sink.flush().unwrap_err();
    assert!(error.contains("127.0.0.1:1") && !error.contains("secret"), "{error}");
    let bad = |options: &[(&str, &str)], wanted: &str| {
        let error = try_open(options).err().unwrap();
        assert!(error.contains(wanted) && !error.contains("secret"), "{error}");
    };
    bad(&[("url", "redis://u:secret@:x:y"), key], "is not of the form");
    bad(&[("url", url)], "'key' is missing");
    bad(&[("url", url), ("key", "{user_id}")], "column 'minute' of the primary key");
    bad(&[("url", url), ("key", "{user_ib}")], "did you mean");
    bad(&[("url", url), key, ("field", "x")], "'field' goes with 'data-type' = 'hash' only");
    bad(&[("url", url), key, ("ttl", "soon")], "duration");
}

/// Not a benchmark to quote: shows that the pipeline is what it should be. `--nocapture`.
#[test]
fn updates_per_second() {
    let Some(server) = Server::start() else { return };
    server.ask::<()>(&["CONFIG", "SET", "appendonly", "no"]);
    let url = server.url();
    let (mut sink, _) =
        try_open(&[("url", &url), ("key", "c:{user_id}:{minute}"), ("ttl", "7 d")]).unwrap();
    let users: Vec<String> = (0..100_000).map(|user| format!("user_{user}")).collect();
    let batches: Vec<Batch> = users
        .chunks(1_000)
        .map(|users| {
            let rows: Vec<Row<'_>> =
                users.iter().map(|user| (UpdateAfter, &**user, MINUTE, Some(1))).collect();
            batch(&rows)
        })
        .collect();
    let start = Instant::now();
    for _ in 0..3 {
        batches.iter().for_each(|batch| sink.write(batch).unwrap());
        sink.flush().unwrap();
    }
    let rate = 300_000.0 / start.elapsed().as_secs_f64();
    eprintln!("{rate:.0} updates/s");
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), 100_000);
    assert!(rate > 20_000.0, "{rate}");
}
