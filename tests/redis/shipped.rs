//! `pipelines/user_events.sql` with its part for Redis, from a broker inside the test to a server.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use pelton::kafka::EmbeddedBroker;

use super::Server;

fn pipeline(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines").join(name)
}

const MINUTE_MS: i64 = 60_000;

struct Event {
    user: String,
    kind: String,
    product: Option<String>,
    ms: i64,
}

fn events(path: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(path).unwrap();
    let event = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| event[name].as_str().map(str::to_owned);
        Event {
            user: text("user_id").unwrap(),
            kind: text("event_type").unwrap(),
            product: text("product_id"),
            ms: (event["timestamp"].as_f64().unwrap() * 1000.0) as i64,
        }
    };
    text.lines().map(event).collect()
}

/// The products of the newest hour that has any, the best first.
fn hottest(events: &[Event]) -> Vec<(String, f64)> {
    let acts =
        |event: &&Event| matches!(&*event.kind, "purchase" | "add_cart") && event.product.is_some();
    let newest = events.iter().filter(acts).map(|event| event.ms.div_euclid(MINUTE_MS)).max();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for event in events.iter().filter(acts) {
        if Some(event.ms.div_euclid(MINUTE_MS)) == newest {
            *counts.entry(event.product.clone().unwrap()).or_default() += 1;
        }
    }
    let mut all: Vec<(String, i64)> = counts.into_iter().collect();
    all.sort_by_key(|(product, count)| (-count, product.clone()));
    assert!(all.len() > 10, "too few products");
    all.into_iter().take(10).map(|(product, count)| (product, count as f64)).collect()
}

#[test]
fn counts_and_hot_products_come_to_redis() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let topics =
        [("user_events", 3), ("user_profiles", 1), ("user_events_dead", 1), ("metrics", 1)];
    let more = [("alerts", 1), ("enriched_events", 3), ("sessions", 3), ("attributions", 3)];
    let broker = EmbeddedBroker::start(&[topics, more].concat()).unwrap();
    let flags = ["--start", "1760000000000", "--event-rate", "20", "--count", "12000"];
    let flags = [&flags[..], &["--users", "300", "--out-of-order", "0.2"]].concat();
    for to in [["--to", &*file("events")], ["--kafka", &*broker.bootstrap]] {
        let mut produce = Command::new(env!("CARGO_BIN_EXE_pelton"));
        assert!(produce.arg("produce").args(to).args(&flags).status().unwrap().success());
    }
    let events = events(&folder.path().join("events"));
    // What an older start has left is older.
    for round in 0..2 {
        let mut job = Command::new(env!("CARGO_BIN_EXE_pelton"));
        job.arg("run").args(["user_events.sql", "user_stats_redis.sql"].map(pipeline));
        job.args(["--http", "off", "--shards", "2", "--until", "end"]);
        job.envs([("KAFKA", &*broker.bootstrap), ("REDIS", &server.url())]);
        let done = job.output().unwrap();
        assert!(done.status.success(), "{round}: {}", String::from_utf8_lossy(&done.stderr));
        let set: Vec<(String, f64)> =
            server.ask(&["ZREVRANGE", "hot_products", "0", "-1", "WITHSCORES"]);
        let mut set: Vec<(i64, String)> =
            set.into_iter().map(|(product, score)| (-score as i64, product)).collect();
        set.sort_unstable();
        let wanted: Vec<(i64, String)> =
            hottest(&events).into_iter().map(|(product, n)| (-n as i64, product)).collect();
        assert_eq!(set, wanted, "round {round}");
        assert!(server.ask::<i64>(&["TTL", "hot_products"]) > 3_000);
    }
    let mut counts: HashMap<&str, BTreeMap<String, u64>> = HashMap::new();
    for event in &events {
        *counts.entry(&event.user).or_default().entry(event.kind.clone()).or_default() += 1;
    }
    for (user, wanted) in counts {
        let key = format!("user_stats:{user}");
        assert_eq!(server.ask::<BTreeMap<String, u64>>(&["HGETALL", &key]), wanted);
    }
}

/// As it runs where there is no Redis.
#[test]
fn the_job_is_sound_with_and_without_its_part_for_redis() {
    for files in [&["user_events.sql"][..], &["user_events.sql", "user_stats_redis.sql"]] {
        let mut check = Command::new(env!("CARGO_BIN_EXE_pelton"));
        check.arg("check").args(files.iter().map(|file| pipeline(file))).env_clear();
        let done = check.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn the_examples_of_the_documentation() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let documentation = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/connectors.md");
    let text = std::fs::read_to_string(documentation).unwrap();
    let section = text.split("\n## redis: sink and lookups\n").nth(1).unwrap();
    let example = section.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let example = example.replace("redis://127.0.0.1:6379", &server.url());
    let input = "CREATE TABLE events (id STRING, user_id STRING, points BIGINT, metadata STRING)
                 WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = ";
    let inserts = "INSERT INTO recent SELECT id, 'info', 'm', metadata FROM events;
                   INSERT INTO ranking SELECT user_id, SUM(points) FROM events GROUP BY user_id;";
    let job = format!("{input}'{}');\n{example}\n{inserts}", file("in"));
    std::fs::write(file("job.sql"), job).unwrap();
    let event = |nth: i64| {
        let (id, user) = (nth % 3, nth % 2);
        format!(r#"{{"id":"{id}","user_id":"u{user}","points":{nth},"metadata":{{"n":{nth}}}}}"#)
    };
    std::fs::write(file("in"), (0..6).map(|nth| event(nth) + "\n").collect::<String>()).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_pelton"));
    let done = run.args(["run", &file("job.sql"), "--http", "off"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let recent: Vec<String> = server.ask(&["LRANGE", "alerts:recent", "0", "-1"]);
    let element = |id: i64| {
        format!(r#"{{"id":"{id}","severity":"info","message":"m","metadata":{{"n":{id}}}}}"#)
    };
    assert_eq!(recent, [2, 1, 0].map(element));
    let ranking: Vec<(String, i64)> =
        server.ask(&["ZREVRANGE", "ranking", "0", "-1", "WITHSCORES"]);
    assert_eq!(ranking, [("u1".to_owned(), 9), ("u0".to_owned(), 6)]);
}
