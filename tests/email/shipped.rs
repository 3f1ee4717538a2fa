//! `pipelines/alerts.sql` as it is shipped, from a broker inside the test to receivers beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pelton::kafka::EmbeddedBroker;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use crate::common::{Job, get, get_text, redis, wait_for};
use crate::receiver::{Nobody, Server};

fn job() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/alerts.sql")
}

#[test]
fn it_needs_no_variable_to_be_sound() {
    let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
    let checked = pelton.arg("check").arg(job()).env_clear().output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

struct Web {
    url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
}

/// Keeps the bodies that it is sent, and is content with them as DingTalk is.
fn web() -> Web {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = bodies.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut stream, mut length, mut line) = (BufReader::new(stream), 0, String::new());
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    length = bytes.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\n";
            write!(stream.get_mut(), "{answer}{{\"errcode\":0}}").unwrap();
        }
    });
    Web { url, bodies }
}

fn alert(nth: i64, severity: &str) -> Value {
    json!({
        "id": format!("high_frequency:user_{nth}:{severity}"),
        "alert_type": "high_frequency",
        "severity": severity,
        "message": format!("用户user_{nth}在1分钟内产生了150个事件"),
        "metadata": { "user_id": format!("user_{nth}"), "event_count": 150 },
        "timestamp": 1_767_609_000.25
    })
}

fn produce(broker: &EmbeddedBroker, alerts: &[Value]) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &broker.bootstrap);
    let producer: BaseProducer = config.create().unwrap();
    for alert in alerts {
        let (key, body) = (alert["id"].as_str().unwrap(), alert.to_string());
        producer.send(BaseRecord::to("alerts").key(key).payload(&body)).unwrap();
    }
    producer.flush(Duration::from_secs(20)).unwrap();
}

struct Setting {
    broker: EmbeddedBroker,
    robot: Web,
    hook: Web,
    redis: String,
    _server: Job,
    folder: tempfile::TempDir,
}

impl Setting {
    /// `None`, with a note, where there is no redis-server.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (_server, redis) = redis(&folder.path().display().to_string())?;
        let broker = EmbeddedBroker::start(&[("alerts", 1), ("alerts_dead", 1)]).unwrap();
        Some(Self { broker, robot: web(), hook: web(), redis, _server, folder })
    }

    /// What the list in Redis holds.
    fn recent(&self) -> Vec<Value> {
        let client = redis::Client::open(&*self.redis).unwrap();
        let mut connection = client.get_connection().unwrap();
        let command = ["alerts:recent", "0", "-1"];
        let all: Vec<String> = redis::cmd("LRANGE").arg(&command).query(&mut connection).unwrap();
        all.iter().map(|element| serde_json::from_str(element).unwrap()).collect()
    }

    /// Returns once the job is ready, and where it began is saved: a crash before that would
    /// begin at the end of the topic again.
    fn run(&self, smtp: &str) -> Job {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
        pelton.arg("run").arg(job()).args(["--shards", "1", "--http", &address]);
        pelton.args(["--state-dir", "state", "--epoch-interval", "100ms"]);
        pelton.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        pelton.envs([("KAFKA", &*self.broker.bootstrap), ("SMTP", smtp), ("REDIS", &self.redis)]);
        pelton.envs([("DINGTALK_URL", &self.robot.url), ("ALERTS_WEBHOOK_URL", &self.hook.url)]);
        pelton.env("ALERTS_ALLOW_PRIVATE", "true");
        pelton.stderr(std::fs::File::create(self.folder.path().join("stderr")).unwrap());
        let job = Job(pelton.spawn().unwrap());
        let ready = || get(&address, "/ready").is_some_and(|answer| answer["status"] == "success");
        wait_for("the job to be ready", ready);
        let saved = || {
            let metrics = get_text(&address, "/metrics").unwrap_or_default();
            let epochs = metrics.lines().find_map(|line| line.strip_prefix("pelton_epochs_total "));
            epochs.is_some_and(|epochs| epochs.trim() != "0")
        };
        wait_for("the first epoch", saved);
        job
    }
}

const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];

fn alerts() -> Vec<Value> {
    SEVERITIES.iter().zip(1..).map(|(severity, nth)| alert(nth, severity)).collect()
}

fn title(nth: usize) -> String {
    format!("[{}] {}", SEVERITIES[nth], alerts()[nth]["message"].as_str().unwrap())
}

#[test]
fn every_alert_goes_where_it_should() {
    let Some(setting) = Setting::new() else { return };
    let (mail, alerts) = (Server::good(), alerts());
    let _job = setting.run(&mail.plain());
    produce(&setting.broker, &alerts);
    let (robot, hook) = (&setting.robot.bodies, &setting.hook.bodies);
    let all_there = || {
        let (robot, hook) = (robot.lock().unwrap().len(), hook.lock().unwrap().len());
        (robot, hook, mail.mails().len(), setting.recent().len()) == (2, 4, 4, 4)
    };
    wait_for("the alerts", all_there);
    let titles: Vec<Value> =
        robot.lock().unwrap().iter().map(|body| body["markdown"]["title"].clone()).collect();
    assert_eq!(titles, [title(2), title(3)]);
    for (nth, (body, mail)) in hook.lock().unwrap().iter().zip(mail.mails()).enumerate() {
        let alert = &alerts[nth];
        assert_eq!((&body["id"], &body["metadata"]), (&alert["id"], &alert["metadata"]));
        assert_eq!(mail.header("Subject"), title(nth));
        let text = mail.text();
        // 2026-01-05T10:30:00Z, in the zone of the job.
        assert!(text.contains("\r\n2026-01-05 18:30:00\r\n"), "{text}");
        assert!(text.contains(alert["id"].as_str().unwrap()), "{text}");
    }
    assert_eq!(setting.recent(), in_redis(&alerts));
}

/// The newest first.
fn in_redis(alerts: &[Value]) -> Vec<Value> {
    let element = |alert: &Value| {
        let mut element = alert.clone();
        let kind = element.as_object_mut().unwrap().remove("alert_type").unwrap();
        element["type"] = kind;
        element
    };
    alerts.iter().rev().map(element).collect()
}

/// The list keeps a hundred, and one that comes again (the topic is at-least-once) is not there
/// twice.
#[test]
fn the_last_hundred_alerts_are_in_redis() {
    let (Some(setting), mail) = (Setting::new(), Server::good()) else { return };
    let all: Vec<Value> = (0..130).map(|nth| alert(nth, SEVERITIES[nth as usize % 4])).collect();
    let _job = setting.run(&mail.plain());
    produce(&setting.broker, &all[..120]);
    wait_for("the first", || setting.recent() == in_redis(&all[20..120]));
    produce(&setting.broker, &all[90..]);
    wait_for("the rest", || setting.recent() == in_redis(&all[30..]));
}

/// A mail server that is away holds back nobody, and a job that is killed meanwhile loses nothing.
#[test]
fn no_alert_is_lost_by_a_crash() {
    let (Some(setting), alerts) = (Setting::new(), alerts()) else { return };
    let nobody = Nobody::new();
    let job = setting.run(&format!("smtp+plain://{}", nobody.address()));
    produce(&setting.broker, &alerts);
    let ids = || -> Vec<Value> {
        setting.hook.bodies.lock().unwrap().iter().map(|body| body["id"].clone()).collect()
    };
    wait_for("the others", || {
        let robot = setting.robot.bodies.lock().unwrap().len();
        (robot, ids().len(), setting.recent().len()) == (2, 4, 4)
    });
    // Killed.
    drop(job);
    let mail = Server::good();
    let _job = setting.run(&mail.plain());
    wait_for("the e-mails", || mail.mails().len() >= 4);
    let subjects: Vec<String> = mail.mails().iter().map(|mail| mail.header("Subject")).collect();
    assert_eq!(subjects, [title(0), title(1), title(2), title(3)]);
    // What had gone out goes out again, as its epoch had not ended, under the same ids.
    wait_for("the others again", || ids().len() >= 8);
    let wanted: Vec<Value> = alerts.iter().map(|alert| alert["id"].clone()).collect();
    assert_eq!(ids(), [wanted.clone(), wanted].concat());
    assert_eq!(setting.recent(), in_redis(&alerts));
}
