//! Lookup joins against a real server: results by nested loops, and what an outage, a stop and a
//! kill leave.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pelton::kafka::EmbeddedBroker;
use serde_json::{Value, json};

use super::Server;
use super::processes::{Process, pelton};
use crate::common::{free_port, wait_for};

fn lines(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The last line may be on its way.
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

/// Runs a job to its end; what it prints.
fn run(args: &[&str], folder: &Path) -> String {
    let mut job = Command::new(env!("CARGO_BIN_EXE_pelton"));
    let done = job.args(args).current_dir(folder).output().unwrap();
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{log}");
    String::from_utf8(done.stdout).unwrap()
}

fn get(port: u16, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return String::new() };
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_string(&mut answer);
    answer
}

const TYPES: &str = "k BIGINT, region STRING, s STRING, n INT, d DOUBLE, m DECIMAL(10, 2), b BOOLEAN, \
                     t TIMESTAMP(3), w TIMESTAMP(3), y DATE, x BYTES";

const CUSTOMERS: i64 = 40;

fn tier(customer: i64) -> i64 {
    customer % 4
}

fn fill(server: &Server) {
    let mut connection = server.connection().unwrap();
    let mut pipeline = redis::pipe();
    for customer in 0..CUSTOMERS {
        let (name, tier) = (format!("n{customer}"), tier(customer));
        let text = json!({"tier": tier, "name": name}).to_string();
        pipeline.cmd("HSET").arg(format!("hash:{customer}")).arg("name").arg(&name);
        pipeline.cmd("HSET").arg(format!("hash:{customer}")).arg("tier").arg(tier);
        pipeline.cmd("SET").arg(format!("text:{customer}")).arg(&text);
        pipeline.cmd("HSET").arg("fields").arg(customer).arg(&text);
        pipeline.cmd("SET").arg(format!("tier:{customer}")).arg(tier);
    }
    pipeline.exec(&mut connection).unwrap();
}

#[test]
fn lookups_equal_nested_loops() {
    let Some(server) = Server::start() else { return };
    fill(&server);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let customer = |id: i64| (id % 7 != 0).then_some(id * id * 31 % (CUSTOMERS + 9));
    let order = |id: i64| format!("{}\n", json!({"id": id, "customer": customer(id)}));
    std::fs::write(file("orders"), (0..1500).map(order).collect::<String>()).unwrap();
    let url = server.url();
    let tables = [
        ("of_hash", "'data-type' = 'hash', 'key' = 'hash:{id}'"),
        ("of_text", "'key' = 'text:{id}'"),
        ("of_field", "'data-type' = 'hash', 'key' = 'fields', 'field' = '{id}'"),
    ];
    let caches = [
        "",
        ", 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '7'",
        ", 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.expire-after-write' = '1 min'",
    ];
    for (cache, flags) in caches.into_iter().zip([["1", "1"], ["7", "3"], ["1024", "3"]]) {
        let mut job = "CREATE TABLE orders (id BIGINT, customer BIGINT, proc AS PROCTIME())
            WITH ('connector' = 'filesystem', 'path' = 'orders', 'format' = 'json');
            EXECUTE STATEMENT SET BEGIN\n"
            .to_owned();
        let mut before = String::new();
        for (table, options) in tables {
            before += &format!(
                "CREATE TABLE {table} (id BIGINT, name STRING, tier INT)
                 WITH ('connector' = 'redis', 'url' = '{url}', {options}{cache});\n"
            );
            for (kind, on) in
                [("inner", ""), ("left", ""), ("left_on", "AND c.tier > 1 AND c.name <> 'n6'")]
            {
                let out = format!("{table}_{kind}");
                let _ = std::fs::remove_file(file(&out));
                before += &format!(
                    "CREATE TABLE {out} (id BIGINT, customer BIGINT, name STRING, tier INT)
                     WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');\n"
                );
                let join = if kind == "inner" { "JOIN" } else { "LEFT JOIN" };
                job += &format!(
                    "INSERT INTO {out} SELECT o.id, o.customer, c.name, c.tier FROM orders AS o
                     {join} {table} FOR SYSTEM_TIME AS OF o.proc AS c
                     ON o.customer = c.id {on};\n"
                );
            }
        }
        std::fs::write(file("job.sql"), before + &job + "END;").unwrap();
        let [rows, shards] = flags;
        let args = ["run", "job.sql", "--http", "off", "--batch-rows", rows, "--shards", shards];
        run(&args, folder.path());
        for (table, _) in tables {
            for kind in ["inner", "left", "left_on"] {
                let wanted = (0..1500).filter_map(|id| {
                    let found = customer(id).filter(|&customer| customer < CUSTOMERS);
                    let found =
                        found.filter(|&found| kind != "left_on" || (tier(found) > 1 && found != 6));
                    let (name, tier) = (found.map(|found| format!("n{found}")), found.map(tier));
                    let row =
                        json!({"id": id, "customer": customer(id), "name": name, "tier": tier});
                    (kind != "inner" || found.is_some()).then_some(row)
                });
                let found = lines(&file(&format!("{table}_{kind}")));
                assert!(found == wanted.collect::<Vec<_>>(), "{table} {kind} {cache} {flags:?}");
            }
        }
    }
}

/// What the sink has written is read back as it was, a column that cannot be read goes to the
/// dead letters, and a key is made of several columns and a constant.
#[test]
fn values_of_every_type_come_back() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let row = |k: i64| {
        json!({"k": k, "region": "EU", "s": format!("a \"b\"\\ ü\n{k}"), "n": -k, "d": k as f64 / 8.0,
               "m": 10.25, "b": k % 2 == 0, "t": format!("2026-01-05 10:30:0{k}"),
               "w": "2026-01-05 10:30:00", "y": "2026-01-05", "x": "AP8="})
    };
    let rows: Vec<Value> = (0..5).map(row).collect();
    let text = |rows: &[Value]| rows.iter().map(|row| format!("{row}\n")).collect::<String>();
    std::fs::write(file("in"), text(&rows)).unwrap();
    let url = server.url();
    let tables = format!(
        "CREATE TABLE input ({TYPES}, proc AS PROCTIME())
         WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json', 'dead-letter.path' = 'letters');
         CREATE TABLE hashes ({TYPES})
         WITH ('connector' = 'redis', 'url' = '{url}', 'data-type' = 'hash', 'key' = 'h:{{region}}:{{k}}');
         CREATE TABLE texts ({TYPES})
         WITH ('connector' = 'redis', 'url' = '{url}', 'key' = 't:{{region}}:{{k}}');"
    );
    let columns = "region, s, n, d, m, b, t, w, y, x";
    let write = format!(
        "{tables} INSERT INTO hashes SELECT k, {columns} FROM input;
         INSERT INTO texts SELECT k, {columns} FROM input;"
    );
    std::fs::write(file("write.sql"), write).unwrap();
    run(&["run", "write.sql", "--http", "off"], folder.path());
    server.ask::<()>(&["HSET", "h:EU:3", "n", "many"]);
    server.ask::<()>(&["SET", "t:EU:4", "{\"n\": 1"]);
    let mut read = tables.clone();
    for table in ["hashes", "texts"] {
        let of = columns.split(", ").map(|column| format!("c.{column}")).collect::<Vec<_>>();
        read += &format!(
            "CREATE TABLE {table}_out ({TYPES})
             WITH ('connector' = 'filesystem', 'path' = '{table}_out', 'format' = 'json');"
        );
        read += &format!(
            "INSERT INTO {table}_out SELECT i.k, {} FROM input AS i
             JOIN {table} FOR SYSTEM_TIME AS OF i.proc AS c ON c.k = i.k AND c.region = 'EU';",
            of.join(", ")
        );
    }
    std::fs::write(file("read.sql"), read).unwrap();
    run(&["run", "read.sql", "--http", "off"], folder.path());
    let without = |bad: i64| -> Vec<Value> {
        rows.iter().filter(|row| row["k"] != json!(bad)).cloned().collect()
    };
    assert_eq!(lines(&file("hashes_out")), without(3));
    assert_eq!(lines(&file("texts_out")), without(4));
    let mut reasons: Vec<String> = lines(&file("letters"))
        .iter()
        .map(|letter| letter["reason"].as_str().unwrap().to_owned())
        .collect();
    reasons.sort();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].starts_with("lookup in `hashes`: ") && reasons[0].contains("field: n"));
    assert!(reasons[1].starts_with("lookup in `texts`: "), "{reasons:?}");
}

#[test]
fn a_server_that_goes_away_in_mid_stream_loses_nothing() {
    const ROWS: i64 = 12_000;
    let Some(mut server) = Server::start() else { return };
    fill(&server);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let job = format!(
        "CREATE TABLE orders (id BIGINT, proc AS PROCTIME())
         WITH ('connector' = 'datagen', 'rows-per-second' = '2000', 'fields.id.kind' = 'sequence',
           'fields.id.start' = '0', 'fields.id.end' = '{}');
         CREATE TABLE tiers (id BIGINT, tier INT)
         WITH ('connector' = 'redis', 'url' = '{}', 'key' = 'tier:{{id}}');
         CREATE TABLE enriched (id BIGINT, tier INT)
         WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json');
         INSERT INTO enriched SELECT o.id, t.tier FROM orders AS o
         LEFT JOIN tiers FOR SYSTEM_TIME AS OF o.proc AS t ON MOD(o.id, 50) = t.id;",
        ROWS - 1,
        server.url(),
        file("out")
    );
    std::fs::write(file("job.sql"), job).unwrap();
    let port = free_port();
    let http = format!("127.0.0.1:{port}");
    let args = ["run", &file("job.sql"), "--http", &http, "--shards", "1"];
    let mut process = pelton(&args, &folder.path().join("log"));
    wait_for("first rows", || lines(&file("out")).len() > 500);
    server.stop();
    wait_for("word of it", || get(port, "/ready").contains("Redis at 127.0.0.1"));
    let metrics = get(port, "/metrics");
    assert!(metrics.contains("pelton_lookup_waits{table=\"tiers\"} 1"), "{metrics}");
    std::thread::sleep(Duration::from_millis(600));
    server.start_again();
    wait_for("the end", || process.0.try_wait().unwrap().is_some());
    assert!(process.0.wait().unwrap().success());
    let found = lines(&file("out"));
    let tier = |id: i64| (id % 50 < CUSTOMERS).then(|| tier(id % 50));
    let wanted: Vec<Value> = (0..ROWS).map(|id| json!({"id": id, "tier": tier(id)})).collect();
    assert!(found == wanted, "{} rows", found.len());
}

/// Starts the job on its state.
fn start(folder: &Path, http: &str, name: &str) -> Process {
    let file = |name: &str| folder.join(name).display().to_string();
    let (job, state) = (file("job.sql"), file("state"));
    let args = ["run", &job, "--http", http, "--state-dir", &state, "--shards", "2"];
    pelton(&[&args[..], &["--epoch-interval", "100ms"]].concat(), &folder.join(name))
}

#[test]
fn rows_that_wait_survive_a_kill_and_a_stop() {
    const EVENTS: usize = 1_500;
    let (Some(mut server), Some(out)) = (Server::start(), Server::start()) else { return };
    let mut pipeline = redis::pipe();
    for user in 0..=50 {
        pipeline.cmd("SET").arg(format!("user:user_{user:06}")).arg(format!("name {user}"));
    }
    pipeline.exec(&mut server.connection().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broker = EmbeddedBroker::start(&[("events", 1)]).unwrap();
    let job = format!(
        "SET 'pipeline.name' = 'waiting';
         CREATE TABLE events (user_id STRING, `offset` BIGINT METADATA VIRTUAL, proc AS PROCTIME())
         WITH ('connector' = 'kafka', 'topic' = 'events', 'format' = 'json',
           'properties.bootstrap.servers' = '{}', 'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE users (id STRING, name STRING)
         WITH ('connector' = 'redis', 'url' = '{}', 'key' = 'user:{{id}}');
         CREATE TABLE named (place BIGINT, user_id STRING, name STRING)
         WITH ('connector' = 'redis', 'url' = '{}', 'data-type' = 'stream', 'key' = 'all');
         INSERT INTO named SELECT e.`offset`, e.user_id, u.name FROM events AS e
         LEFT JOIN users FOR SYSTEM_TIME AS OF e.proc AS u ON e.user_id = u.id;",
        broker.bootstrap,
        server.url(),
        out.url()
    );
    std::fs::write(folder.path().join("job.sql"), job).unwrap();
    let produce = || {
        let (to, count) = (["--kafka", &broker.bootstrap, "--topic", "events"], EVENTS.to_string());
        let args = [&["produce"], &to[..], &["--users", "50", "--count", &count]].concat();
        let mut producing = pelton(&args, &folder.path().join("produce.log"));
        assert!(producing.0.wait().unwrap().success());
    };
    produce();
    let port = free_port();
    let http = format!("127.0.0.1:{port}");
    let there = || out.ask::<usize>(&["XLEN", "all"]);
    let epochs = || -> u64 {
        let metrics = get(port, "/metrics");
        let line = metrics.lines().find(|line| line.starts_with("pelton_epochs_total "));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    };
    for (round, signal) in ["-KILL", "-TERM"].into_iter().enumerate() {
        let mut process = start(folder.path(), &http, &format!("{round}.log"));
        wait_for("rows", || there() >= EVENTS * (round + 1));
        server.stop();
        // These have to wait.
        produce();
        wait_for("word of it", || get(port, "/ready").contains("Redis at 127.0.0.1"));
        let before = epochs();
        // Epochs go on, with the rows that wait.
        wait_for("epochs", || epochs() >= before + 2);
        process.signal(signal);
        wait_for("the end", || process.0.try_wait().unwrap().is_some());
        assert_eq!(process.0.wait().unwrap().success(), signal == "-TERM");
        assert_eq!(there(), EVENTS * (round + 1), "at the {signal}");
        server.start_again();
    }
    let mut process = start(folder.path(), &http, "last.log");
    wait_for("all rows", || there() >= EVENTS * 3);
    process.signal("-TERM");
    wait_for("the end", || process.0.try_wait().unwrap().is_some());
    let entries: Vec<(String, Vec<(String, String)>)> = out.ask(&["XRANGE", "all", "-", "+"]);
    assert_eq!(entries.len(), EVENTS * 3);
    for (place, (_, fields)) in entries.iter().enumerate() {
        let [(_, found), (_, user), (_, name)] = &fields[..] else { panic!("{fields:?}") };
        let number: usize = user.trim_start_matches("user_").parse().unwrap();
        assert_eq!((found, name), (&place.to_string(), &format!("name {number}")));
    }
}

/// That of docs/connectors.md; docs/features/joins.md has one over files, which is tested with its page.
#[test]
fn the_example_of_the_documentation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/connectors.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split("\n### Redis: lookups\n").nth(1).unwrap();
    let example = section.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("orders.jsonl", "{\"id\": 1, \"customer_id\": 7}\n");
    let Some(server) = Server::start() else { return };
    server.ask::<()>(&["HSET", "customer:7", "name", "Ada"]);
    let orders = "CREATE TABLE orders (id BIGINT, customer_id STRING, proc AS PROCTIME())
        WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'json');";
    let example = example.replace("redis://127.0.0.1:6379", &server.url());
    put("job.sql", &format!("{orders}\n{example}"));
    let printed = run(&["run", "--http", "off", "job.sql"], folder.path());
    assert!(printed.starts_with("+I[1, 7, ") && printed.ends_with(", Ada]\n"), "{printed}");
}
