//! `pipelines/alerts.sql` as it is shipped, from a broker inside the test to receivers beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pelton::kafka::embedded::EmbeddedBroker;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use crate::common::{Job, get, wait_for};
use crate::receiver::Server;

fn job() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/alerts.sql")
}

#[test]
fn it_needs_no_variable_to_be_sound() {
    let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
    let checked = pelton.arg("check").arg(job()).env_clear().output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Keeps the bodies that it is sent, and is content with them as DingTalk is.
fn web() -> (String, Arc<Mutex<Vec<Value>>>) {
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
    (url, bodies)
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

#[test]
fn every_alert_goes_where_it_should() {
    let broker = EmbeddedBroker::start(&[("alerts", 1), ("alerts_dead", 1)]).unwrap();
    let ((robot_url, robot), (hook_url, hook), mail) = (web(), web(), Server::good());
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
    pelton.arg("run").arg(job()).args(["--shards", "1", "--http", &address]);
    pelton.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
    pelton.envs([("KAFKA", &broker.bootstrap), ("DINGTALK_URL", &robot_url)]);
    pelton.envs([("ALERTS_WEBHOOK_URL", &hook_url), ("SMTP", &mail.plain())]);
    pelton.stderr(std::fs::File::create(folder.path().join("stderr")).unwrap());
    let _job = Job(pelton.spawn().unwrap());
    let ready = || get(&address, "/ready").is_some_and(|answer| answer["status"] == "success");
    wait_for("the job to be ready", ready);
    let severities = ["info", "warning", "error", "critical"];
    let alerts: Vec<Value> = severities.iter().zip(1..).map(|(s, nth)| alert(nth, s)).collect();
    produce(&broker, &alerts);
    let all_there = || {
        let robot = robot.lock().unwrap().len();
        robot == 2 && hook.lock().unwrap().len() == 4 && mail.mails().len() == 4
    };
    wait_for("the alerts", all_there);
    let titles: Vec<Value> =
        robot.lock().unwrap().iter().map(|body| body["markdown"]["title"].clone()).collect();
    let title =
        |nth: usize| format!("[{}] {}", severities[nth], alerts[nth]["message"].as_str().unwrap());
    assert_eq!(titles, [title(2), title(3)]);
    for (nth, (body, mail)) in hook.lock().unwrap().iter().zip(mail.mails()).enumerate() {
        assert_eq!(
            (&body["id"], &body["metadata"]),
            (&alerts[nth]["id"], &alerts[nth]["metadata"])
        );
        assert_eq!(mail.header("Subject"), title(nth));
        let text = mail.text();
        // 2026-01-05T10:30:00Z, in the zone of the job.
        assert!(text.contains("\r\n2026-01-05 18:30:00\r\n"), "{text}");
        assert!(text.contains(alerts[nth]["id"].as_str().unwrap()), "{text}");
    }
}
