//! The shipped job, part by part, on a real Kafka (`PELTON_TEST_KAFKA`, set by scripts/test): each
//! topic that it writes is compared, record by record, with a program as plain as can be over the
//! same events. Events come out of order, and some are malformed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

const START_MS: i64 = 1_760_000_000_000;
const LIMIT: usize = 16;

fn pelton(args: &[&str], env: &[(&str, &str)]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pelton"));
    command.args(args).envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
    let done = command.stderr(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

struct Setting {
    kafka: String,
    /// What all topics of this run begin with.
    name: String,
    folder: PathBuf,
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Events are in the order of each user's partition.
struct Event {
    user: String,
    kind: String,
    page: Option<String>,
    product: Option<String>,
    timestamp: f64,
    ms: i64,
}

impl Setting {
    fn new() -> Option<Self> {
        let Ok(kafka) = std::env::var("PELTON_TEST_KAFKA") else {
            eprintln!("skipped: PELTON_TEST_KAFKA is not set; scripts/test sets it");
            return None;
        };
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
        let name = format!("whole_{}_{now}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        Some(Self { kafka, name, folder })
    }

    fn topic(&self, part: &str) -> String {
        format!("{}_{part}", self.name)
    }

    /// The same events into a topic and, as lines, back here.
    fn produce(&self, part: &str, flags: &[&str]) -> Vec<Value> {
        let (topic, file) = (self.topic(part), self.folder.join(part).display().to_string());
        let to = ["produce", "--kafka", &self.kafka, "--topic", &topic, "--partitions", "3"];
        pelton(&[&to, flags].concat(), &[]);
        pelton(&[&["produce", "--to", &file], flags].concat(), &[]);
        let text = std::fs::read(&file).unwrap();
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    fn run(&self) {
        let topics = ["events", "profiles", "dead", "metrics", "alerts", "enriched", "sessions"];
        let mut env = vec![("ATTRIBUTIONS_TOPIC", self.topic("attributions"))];
        let variables = ["USER_EVENTS", "USER_PROFILES", "USER_EVENTS_DEAD", "METRICS", "ALERTS"];
        let variables = variables.into_iter().chain(["ENRICHED", "SESSIONS"]);
        let named: Vec<(String, String)> = variables
            .zip(topics)
            .map(|(variable, topic)| (format!("{variable}_TOPIC"), self.topic(topic)))
            .collect();
        env.extend(named.iter().map(|(name, topic)| (name.as_str(), topic.clone())));
        env.push(("KAFKA", self.kafka.clone()));
        env.push(("USER_EVENTS_GROUP", self.name.clone()));
        env.push(("RATE_LIMIT", LIMIT.to_string()));
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, &**value)).collect();
        let job = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/user_events.sql");
        pelton(&["run", job, "--http", "off", "--shards", "2", "--until", "end"], &env);
    }

    /// The records of a topic, with the given fields.
    fn read(&self, part: &str, columns: &str) -> Vec<Value> {
        let (job, out) = (self.folder.join("read.sql"), self.folder.join(format!("{part}.out")));
        let options = |more: &str| format!("{more}, 'format' = 'json'");
        let kafka = options(&format!(
            "'connector' = 'kafka', 'topic' = '{}', 'properties.bootstrap.servers' = '{}',
             'scan.startup.mode' = 'earliest-offset'",
            self.topic(part),
            self.kafka
        ));
        let file = options(&format!("'connector' = 'filesystem', 'path' = '{}'", out.display()));
        let text = format!(
            "CREATE TABLE found ({columns}) WITH ({kafka}); CREATE TABLE copy ({columns}) WITH ({file});
             INSERT INTO copy SELECT * FROM found;"
        );
        std::fs::write(&job, text).unwrap();
        pelton(&["run", &job.display().to_string(), "--http", "off", "--until", "end"], &[]);
        let text = std::fs::read_to_string(&out).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn events(lines: &[Value]) -> Vec<Event> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let event = |line: &Value| Event {
        user: text(&line["user_id"]).unwrap(),
        kind: text(&line["event_type"]).unwrap(),
        page: text(&line["page_url"]),
        product: text(&line["product_id"]),
        timestamp: line["timestamp"].as_f64().unwrap(),
        ms: (line["timestamp"].as_f64().unwrap() * 1000.0) as i64,
    };
    lines.iter().map(event).collect()
}

fn by_user(events: &[Event]) -> BTreeMap<&str, Vec<&Event>> {
    let mut all: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    events.iter().for_each(|event| all.entry(&event.user).or_default().push(event));
    all
}

/// Part c: one for each user, severity and minute, with the count of the first that is beyond.
fn rate_alerts(events: &[Event]) -> Vec<Value> {
    let mut alerts = Vec::new();
    for (user, events) in by_user(events) {
        let mut told = BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            let recent = |other: &&&Event| (event.ms - 60_000..=event.ms).contains(&other.ms);
            let count = events[..=at].iter().filter(recent).count();
            let (severity, threshold) = match count {
                1001.. => ("critical", 1000),
                301.. => ("error", 300),
                _ if count > LIMIT => ("warning", LIMIT),
                _ => continue,
            };
            if told.insert((severity, event.ms.div_euclid(60_000))) {
                alerts.push(serde_json::json!({
                    "alert_type": "high_frequency",
                    "severity": severity,
                    "message": format!("用户{user}在1分钟内产生了{count}个事件"),
                    "metadata": {"user_id": user, "event_count": count, "threshold": threshold},
                    "timestamp": event.timestamp,
                }));
            }
        }
    }
    alerts
}

/// Part d: three of a type in a row within a minute, then afresh.
fn pattern_alerts(events: &[Event]) -> Vec<Value> {
    let mut alerts = Vec::new();
    for (user, events) in by_user(events) {
        let mut at = 0;
        while let Some([a, b, c]) = events.get(at..at + 3) {
            let in_time = |event: &Event| event.ms - a.ms <= 60_000;
            if a.kind != b.kind || a.kind != c.kind || !in_time(b) || !in_time(c) {
                at += 1;
                continue;
            }
            at += 3;
            alerts.push(serde_json::json!({
                "alert_type": "pattern_match",
                "severity": "info",
                "message": format!("用户{user}连续3次执行{}操作", c.kind),
                "metadata": {"user_id": user, "event_type": c.kind, "pattern_length": 3},
                "timestamp": c.timestamp,
            }));
        }
    }
    alerts
}

/// Part e.
fn enriched(events: &[Event], profiles: &[Value]) -> Vec<Value> {
    let row = |event: &Event| {
        let own = profiles.iter().filter(|profile| profile["user_id"] == *event.user);
        let since = |profile: &&Value| (profile["updated_at"].as_f64().unwrap() * 1000.0) as i64;
        let profile = own.filter(|it| since(it) <= event.ms).max_by_key(since);
        let of = |name: &str| profile.map_or(Value::Null, |profile| profile[name].clone());
        serde_json::json!({
            "user_id": event.user, "event_type": event.kind, "page_url": event.page,
            "product_id": event.product, "timestamp": event.timestamp,
            "segment": of("segment"), "age": of("age"),
        })
    };
    events.iter().map(row).collect()
}

/// Part g.
fn sessions(events: &[Event]) -> Vec<Value> {
    const GAP_MS: i64 = 1_800_000;
    let mut all = Vec::new();
    for (user, mut events) in by_user(events) {
        events.sort_by_key(|event| event.ms);
        for session in events.chunk_by(|a, b| b.ms - a.ms <= GAP_MS) {
            let pages: BTreeSet<_> =
                session.iter().filter_map(|event| event.page.as_ref()).collect();
            all.push(serde_json::json!({
                "user_id": user,
                "session_start": local(session[0].ms),
                "session_end": local(session[session.len() - 1].ms + GAP_MS),
                "events": session.len(),
                "pages": pages.len(),
                "purchased": session.iter().any(|event| event.kind == "purchase"),
            }));
        }
    }
    all
}

/// `yyyy-MM-dd HH:mm:ss[.SSS]`, as JSON has timestamps: without zeros at the end.
fn local(ms: i64) -> String {
    let mut out = String::new();
    pelton::time::write_timestamp(ms, &mut out);
    out.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Part h.
fn attributions(events: &[Event]) -> Vec<Value> {
    let mut all = Vec::new();
    for (user, events) in by_user(events) {
        for purchase in events.iter().filter(|event| event.kind == "purchase") {
            let Some(product) = &purchase.product else { continue };
            for click in events.iter().filter(|event| event.kind == "click") {
                let before = purchase.ms - 3_600_000..=purchase.ms;
                if click.product.as_ref() == Some(product) && before.contains(&click.ms) {
                    all.push(serde_json::json!({
                        "user_id": user, "product_id": product,
                        "clicked_at": click.timestamp, "purchased_at": purchase.timestamp,
                    }));
                }
            }
        }
    }
    all
}

/// A number with a fraction has several texts.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if number.to_string().contains(['.', 'e']) => {
            Value::from(number.as_f64().unwrap())
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
        }
        other => other,
    }
}

fn same(part: &str, found: Vec<Value>, wanted: Vec<Value>) {
    let texts = |rows: Vec<Value>| -> Vec<String> {
        rows.into_iter().map(|row| plain(row).to_string()).collect()
    };
    let (mut found, mut wanted) = (texts(found), texts(wanted));
    assert!(wanted.len() > 20, "{part}: the input asks for too little, {} rows", wanted.len());
    found.sort();
    wanted.sort();
    let missing = wanted.iter().find(|row| found.binary_search(row).is_err());
    let odd = found.iter().find(|row| wanted.binary_search(row).is_err());
    assert_eq!((missing, odd), (None, None), "{part}");
    assert_eq!(found.len(), wanted.len(), "{part}");
}

#[test]
fn every_topic_holds_what_a_plain_program_computes() {
    let Some(setting) = Setting::new() else { return };
    let (start, middle) = (START_MS.to_string(), (START_MS + 6_000_000).to_string());
    let users = ["--users", "1500"];
    let flags = [
        "--start",
        &start,
        "--event-rate",
        "1",
        "--count",
        "12000",
        "--burst-user",
        "0.2",
        "--out-of-order",
        "0.2",
        "--malformed",
        "0.01",
    ];
    let sent = events(&setting.produce("events", &[&users[..], &flags].concat()));
    let first = ["--kind", "user-profiles", "--start", &start, "--count", "900"];
    let second = ["--kind", "user-profiles", "--start", &middle, "--count", "300", "--seed", "2"];
    let mut profiles = setting.produce("profiles", &[&users[..], &first].concat());
    profiles.extend(setting.produce("profiles", &[&users[..], &second].concat()));
    setting.run();

    let columns = "alert_type STRING, severity STRING, message STRING, metadata ROW<user_id STRING, \
                   event_count BIGINT, threshold BIGINT, event_type STRING, pattern_length INT>, \
                   `timestamp` DOUBLE";
    let alerts = setting.read("alerts", columns).into_iter().map(|mut row| {
        let metadata = row["metadata"].as_object_mut().unwrap();
        metadata.retain(|_, value| !value.is_null());
        row
    });
    let (rates, patterns): (Vec<_>, Vec<_>) =
        alerts.partition(|row| row["alert_type"] == "high_frequency");
    same("c", rates, rate_alerts(&sent));
    same("d", patterns, pattern_alerts(&sent));
    let columns = "user_id STRING, event_type STRING, page_url STRING, product_id STRING, \
                   `timestamp` DOUBLE, segment STRING, age INT";
    same("e", setting.read("enriched", columns), enriched(&sent, &profiles));
    let columns = "user_id STRING, session_start STRING, session_end STRING, events BIGINT, \
                   pages BIGINT, purchased BOOLEAN";
    same("g", setting.read("sessions", columns), sessions(&sent));
    let columns = "user_id STRING, product_id STRING, clicked_at DOUBLE, purchased_at DOUBLE";
    same("h", setting.read("attributions", columns), attributions(&sent));
}
