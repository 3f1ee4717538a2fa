//! The ClickHouse sink against a real server, started here on ports of its own, and against one
//! that is made up where the real one is too old (Debian's is of 2018).

#[path = "../common/mod.rs"]
mod common;
mod http;
mod jobs;
mod made_up;
mod rows;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use pelton::record::{DataType, Value};

use http::Statement;
use rows::Nulls::{No, Yes};
use rows::{Column, NUMBERS, batch, numbers, open, publisher, text};
use server::Server;

const CREATE: &str = "CREATE TABLE rows (n Int64, s String) ENGINE = MergeTree ORDER BY n";

fn decimal(precision: u8, scale: u8) -> DataType {
    DataType::Decimal(pelton::decimal::DecimalType::new(precision, scale))
}

fn of_all_types() -> Vec<Column<'static>> {
    vec![
        ("flag", DataType::Boolean, No),
        ("tiny", DataType::TinyInt, No),
        ("small", DataType::SmallInt, No),
        ("int", DataType::Int, Yes),
        ("big", DataType::BigInt, No),
        ("float", DataType::Float, No),
        ("double", DataType::Double, Yes),
        ("price", decimal(10, 2), No),
        ("huge", decimal(38, 5), Yes),
        ("text", DataType::STRING, No),
        ("short", DataType::STRING, Yes),
        ("bytes", DataType::BYTES, No),
        ("day", DataType::Date, No),
        ("local", DataType::Timestamp { precision: 3 }, No),
        ("instant", DataType::TimestampLtz { precision: 3 }, Yes),
        ("list", DataType::Array(Arc::new(DataType::Int)), Yes),
    ]
}

const COLUMNS: &str = "flag UInt8, tiny Int8, small Int16, int Nullable(Int32), big Int64, \
                       float Float32, double Nullable(Float64), price Decimal(10, 2), \
                       huge Nullable(Decimal(38, 5)), text String, short Nullable(String), \
                       bytes String, day Date, local DateTime('UTC'), \
                       instant Nullable(DateTime('UTC')), list Array(Nullable(Int32))";

/// 2023-11-14T22:13:20.123
const MS: i64 = 1_700_000_000_123;

fn plain_row() -> Vec<Value> {
    vec![
        Value::Bool(true),
        Value::I64(-128),
        Value::I64(32_767),
        Value::I64(-2_147_483_648),
        Value::I64(i64::MAX),
        Value::F64(1.5),
        Value::F64(-0.1),
        Value::decimal(-12_345),
        Value::decimal(12_345_678_901_234_567_890_123),
        text("用户 a\tb\n'\\"),
        text(""),
        Value::Bytes([0_u8, 9, 10, 255].into()),
        Value::I64(19_675),
        Value::I64(MS),
        Value::I64(MS),
        Value::Array([Value::I64(7), Value::Null].into()),
    ]
}

fn nulls_row() -> Vec<Value> {
    let nulls = of_all_types();
    let values = plain_row().into_iter().zip(&nulls);
    values.map(|(value, (_, _, nulls))| if *nulls == Yes { Value::Null } else { value }).collect()
}

#[test]
fn rows_of_all_types_arrive_equal() {
    let Some(server) = Server::start() else { return };
    server.ask(&format!("CREATE TABLE rows ({COLUMNS}, later String DEFAULT 'x') ENGINE = Memory"));
    let columns = of_all_types();
    let (mut sink, _) = open(&columns, &[("url", &server.url()), ("table", "rows")], None).unwrap();
    sink.write(&batch(&columns, &[plain_row(), nulls_row()])).unwrap();
    sink.flush().unwrap();
    let found = server.ask(
        "SELECT flag, tiny, small, int, big, float, double, price, huge, text = '用户 a\\tb\\n\\'\\\\', \
         short, hex(bytes), day, local, instant, list, later FROM rows ORDER BY int IS NULL",
    );
    let expected = "1\t-128\t32767\t-2147483648\t9223372036854775807\t1.5\t-0.1\t-123.45\t\
                    123456789012345678.90123\t1\t\t00090AFF\t2023-11-14\t2023-11-14 22:13:20\t\
                    2023-11-14 22:13:20\t[7,NULL]\tx\n\
                    1\t-128\t32767\t\\N\t9223372036854775807\t1.5\t\\N\t-123.45\t\\N\t1\t\\N\t\
                    00090AFF\t2023-11-14\t2023-11-14 22:13:20\t\\N\t[]\tx";
    assert_eq!(found, expected);
}

/// The server skips white space before the rows of an insert if it can: none of these may be lost.
#[test]
fn rows_that_begin_like_white_space_arrive() {
    let Some(server) = Server::start() else { return };
    server.ask(CREATE);
    let (mut sink, _) = open(&NUMBERS, &[("url", &server.url()), ("table", "rows")], None).unwrap();
    for n in [9, 10, 11, 12, 13, 32, 59, 0x0a0d, 0x0a0a_0a0a] {
        sink.write(&numbers(n..n + 1)).unwrap();
        sink.flush().unwrap();
    }
    let found = server.ask("SELECT count(), sum(s = concat('row ', toString(n))) FROM rows");
    assert_eq!(found, "9\t9");
}

#[test]
fn an_insert_whose_answer_is_lost_is_sent_again_to_the_byte() {
    let Some(server) = Server::start() else { return };
    server.ask(CREATE);
    let proxy = server.behind_proxy(1);
    let options =
        [("url", &*proxy.url()), ("table", "rows"), ("sink.buffer-flush.max-rows", "400")];
    let (mut sink, _) = open(&NUMBERS, &options, Some(publisher())).unwrap();
    sink.publish(7, &[numbers(0..300), numbers(300..1_000)]).unwrap();
    let inserts = proxy.inserts();
    assert_eq!(inserts.len(), 4, "three chunks, the first of them twice");
    assert_eq!(inserts[0].line, inserts[1].line);
    assert_eq!(inserts[0].body, inserts[1].body);
    // This server knows no token: nothing is lost, and what was in doubt is there twice.
    assert_eq!(inserts[0].parameter("insert_deduplication_token"), None);
    assert_eq!(inserts[0].parameter("insert_deduplicate").as_deref(), Some("0"));
    assert_eq!(server.ask("SELECT count(), uniqExact(n) FROM rows"), "1400\t1000");
}

#[test]
fn columns_that_do_not_fit_are_refused_at_the_start() {
    let Some(server) = Server::start() else { return };
    server.ask(
        "CREATE TABLE t (n String, s String, m Int64 MATERIALIZED 1) ENGINE = MergeTree ORDER BY n",
    );
    let url = server.url();
    let fault = |columns: &[Column<'_>], name: &str| {
        open(columns, &[("url", &url), ("table", name)], None).err().unwrap()
    };
    let columns = |name, data_type, nulls| [(name, data_type, nulls)];
    assert_eq!(
        fault(&columns("n", DataType::BigInt, No), "t"),
        "table 'rows', column 'n': it is BIGINT here and String in ClickHouse's `default`.`t`. Int64 \
         there would take it: ALTER TABLE `default`.`t` MODIFY COLUMN `n` Int64; or declare it here as \
         it is there"
    );
    assert_eq!(
        fault(&columns("s", DataType::STRING, Yes), "t"),
        "table 'rows', column 's': it is STRING here, which may be NULL, and String in ClickHouse's \
         `default`.`t`, which may not. Declare it as STRING NOT NULL here, or there: ALTER TABLE \
         `default`.`t` MODIFY COLUMN `s` Nullable(String)"
    );
    assert_eq!(
        fault(&columns("x", DataType::Double, Yes), "t"),
        "table 'rows', column 'x': ClickHouse's `default`.`t` has none of this name. Add it there: \
         ALTER TABLE `default`.`t` ADD COLUMN `x` Nullable(Float64)"
    );
    let computed = fault(&columns("m", DataType::BigInt, No), "t");
    assert!(computed.contains("it is MATERIALIZED in ClickHouse's"), "{computed}");
    let missing = fault(&[("n", DataType::BigInt, No), ("s", DataType::STRING, Yes)], "nope");
    assert!(
        missing.contains("no table `default`.`nope`")
            && missing.contains("CREATE TABLE `default`.`nope` (`n` Int64, `s` Nullable(String))"),
        "{missing}"
    );
    // What is advised is what ClickHouse takes.
    server.ask("ALTER TABLE t ADD COLUMN `x` Nullable(Float64)");
    assert!(
        open(&columns("x", DataType::Double, Yes), &[("url", &url), ("table", "t")], None).is_ok()
    );
}

#[test]
fn users_and_what_they_may_do() {
    let Some(server) = Server::start() else { return };
    server.ask(CREATE);
    let url = |user: &str| server.url().replace("//", &format!("//{user}@"));
    let options = |url: &str| [("url", url.to_owned()), ("table", "rows".to_owned())];
    let try_open = |url: &str| {
        let options = options(url);
        let options: Vec<(&str, &str)> = options.iter().map(|(a, b)| (*a, &**b)).collect();
        open(&NUMBERS, &options, None).map(drop)
    };
    assert_eq!(try_open(&url("writer:s3cret%2F%26")), Ok(()));
    let error = try_open(&url("writer:wr0ng")).unwrap_err();
    assert!(error.contains("check 'username', 'password'"), "{error}");
    assert!(error.contains(&server.port.to_string()) && !error.contains("wr0ng"), "{error}");
    let by_options = [
        ("url", &*server.url()),
        ("username", "writer"),
        ("password", "s3cret/&"),
        ("table", "rows"),
    ];
    assert!(open(&NUMBERS, &by_options, None).is_ok());
}

/// Writes batches on a thread of its own; stops the server in mid-stream, then does something to it.
fn survives(server: &mut Server, then: impl FnOnce(&mut Server)) {
    server.ask(CREATE);
    let url = server.url();
    let options = [("url", &*url), ("table", "rows"), ("timeout", "300 ms")];
    let (mut sink, context) = open(&NUMBERS, &options, Some(publisher())).unwrap();
    let done = Arc::new(AtomicI64::new(0));
    let (send, rounds) = std::sync::mpsc::channel::<i64>();
    let shared = done.clone();
    let writer = std::thread::spawn(move || {
        while let Ok(round) = rounds.recv() {
            let rows = numbers(round * 1_000..(round + 1) * 1_000);
            sink.publish(round as u64, &[rows]).unwrap();
            shared.fetch_add(1, Ordering::SeqCst);
        }
    });
    send.send(0).unwrap();
    wait_for("the first rows", || done.load(Ordering::SeqCst) == 1);
    server.signal("-STOP");
    (1..4).for_each(|round| send.send(round).unwrap());
    wait_for("a problem", || context.problem().is_some_and(|problem| problem.contains(&url)));
    // It takes no more meanwhile.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(done.load(Ordering::SeqCst), 1);
    then(server);
    (4..6).for_each(|round| send.send(round).unwrap());
    drop(send);
    writer.join().unwrap();
    assert_eq!((context.problem(), context.retries() > 0), (None, true));
    let found = server.ask("SELECT uniqExact(n), min(n), max(n), uniqExact(s) FROM rows");
    assert_eq!(found, "6000\t0\t5999\t6000");
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "{what}: not within 60 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_that_is_killed_in_mid_stream_loses_nothing() {
    let Some(mut server) = Server::start() else { return };
    survives(&mut server, |server| {
        server.kill();
        server.start_again();
    });
}

#[test]
fn a_server_that_stands_still_holds_the_stream_back() {
    let Some(mut server) = Server::start() else { return };
    survives(&mut server, |server| server.signal("-CONT"));
}

#[test]
fn stopping_ends_the_wait_and_secrets_stay_hidden() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://me:s3cret@127.0.0.1:{dead}");
    let options = [("url", &*url), ("table", "rows")];
    let context = pelton::sink::SinkContext::default();
    let table = rows::table(&NUMBERS, &options);
    let shared = context.clone();
    let opening = std::thread::spawn(move || {
        let metrics = pelton::metrics::Metrics::new();
        pelton::sink::clickhouse::open(table, shared, None, &metrics).err().unwrap()
    });
    wait_for("a problem", || context.problem().is_some());
    context.stop();
    let error = opening.join().unwrap();
    assert!(error.contains(&format!("127.0.0.1:{dead}")), "{error}");
    assert!(error.contains("stopped before it came back") && !error.contains("s3cret"), "{error}");
}

/// Not a check but a figure, for docs/connectors.md: run it with `--ignored --nocapture`. The control
/// is a plain loop that writes the same rows into bodies as large as those of the sink, and sends them.
#[test]
#[ignore = "a measurement"]
fn rows_per_second() {
    const ROWS: i64 = 3_000_000;
    const ROWS_OF_AN_INSERT: i64 = 500_000;
    const INSERT: &str = "/?query=INSERT%20INTO%20raw%20FORMAT%20RowBinary";
    let Some(server) = Server::start() else { return };
    server.ask(CREATE);
    server.ask(&CREATE.replace("rows", "raw"));
    let max_rows = ROWS_OF_AN_INSERT.to_string();
    let url = server.url();
    let options = [("url", &*url), ("table", "rows"), ("sink.buffer-flush.max-rows", &*max_rows)];
    let (mut sink, _) = open(&NUMBERS, &options, None).unwrap();
    let batches: Vec<_> =
        (0..ROWS / 1_000).map(|at| numbers(at * 1_000..(at + 1) * 1_000)).collect();
    let texts: Vec<String> = (0..ROWS).map(|n| format!("row {n}")).collect();
    let timed = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        work();
        ROWS as f64 / begun.elapsed().as_secs_f64()
    };
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let raw = timed(&mut || {
            for from in (0..ROWS).step_by(ROWS_OF_AN_INSERT as usize) {
                let mut body = Vec::new();
                for n in from..from + ROWS_OF_AN_INSERT {
                    let text = texts[n as usize].as_bytes();
                    body.extend(n.to_le_bytes());
                    body.push(text.len() as u8);
                    body.extend(text);
                }
                assert_eq!(
                    http::ask(server.port, INSERT, &body).map(|(status, _)| status),
                    Some(200)
                );
            }
        });
        let ours = timed(&mut || {
            batches.iter().for_each(|batch| sink.write(batch).unwrap());
            sink.flush().unwrap();
        });
        eprintln!("{raw:.0} rows/s raw, sink {ours:.0}");
        ratios.push(ours / raw);
        for table in ["rows", "raw"] {
            assert_eq!(server.ask(&format!("SELECT uniqExact(n) FROM {table}")), ROWS.to_string());
            server.ask(&format!("TRUNCATE TABLE {table}"));
        }
    }
    ratios.sort_by(f64::total_cmp);
    eprintln!("of raw, median: {:.2}", ratios[ratios.len() / 2]);
}
