//! The sinks `webhook` and `dingtalk`: jobs run by the binary itself, against receivers on the
//! loopback address that are started here.

mod common;

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{certificate, expired_certificate, wait_for};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use serde_json::{Value, json};

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(40);

struct Request {
    at: Instant,
    http: common::Request,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.http.header(name)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.http.body).unwrap()
    }
}

/// What a receiver answers: status, more header lines, body.
type Answer = (u16, &'static str, &'static str);

const OK: Answer = (200, "", "ok");

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Request>>>);

struct Receiver {
    port: u16,
    log: Log,
}

impl Receiver {
    /// Gives the answers one after the other, and the last one for ever.
    fn start(answers: &[Answer]) -> Self {
        Self::serve(answers, Some)
    }

    fn serve<S: Read + Write>(
        answers: &[Answer],
        accept: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (log, answers) = (Log::default(), answers.to_vec());
        let requests = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(stream) = accept(stream) {
                    answer_all(stream, &answers, &requests);
                }
            }
        });
        Self { port, log }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.log.0.lock().unwrap()
    }
}

/// Serves a connection until the other side, or an answer, closes it.
fn answer_all<S: Read + Write>(stream: S, answers: &[Answer], log: &Log) {
    let mut stream = BufReader::new(stream);
    while let Some(http) = common::Request::read(&mut stream) {
        let request = Request { at: Instant::now(), http };
        let mut log = log.0.lock().unwrap();
        let (status, headers, body) = answers[log.len().min(answers.len() - 1)];
        log.push(request);
        drop(log);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n");
        let written = write!(stream.get_mut(), "{head}{body}");
        // Closed without a word where the headers say nothing of it.
        if written.is_err() || headers.contains("X-Closes") {
            return;
        }
    }
}

/// A port where nobody listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Job {
    process: Child,
    stderr: PathBuf,
}

impl Job {
    fn wait(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status, std::fs::read_to_string(&self.stderr).unwrap());
            }
            assert!(Instant::now() < end, "{}", std::fs::read_to_string(&self.stderr).unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn succeeds(self) -> String {
        let (status, log) = self.wait();
        assert!(status.success(), "{log}");
        log
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(rows: &[Value]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        std::fs::write(folder.path("in"), lines).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn job(&self, sinks: &str) -> PathBuf {
        let columns = "id BIGINT, severity STRING, message STRING, metadata STRING";
        let input = self.path("in").display().to_string();
        let text = format!(
            "CREATE TABLE alerts ({columns})
             WITH ('connector' = 'filesystem', 'path' = '{input}', 'format' = 'json');\n{sinks}"
        );
        let job = self.path("job.sql");
        std::fs::write(&job, text.replace("COLUMNS", columns)).unwrap();
        job
    }

    fn pelton(&self, command: &str, job: &Path) -> Command {
        let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
        pelton.arg(command).arg(job).stdin(Stdio::null()).stdout(Stdio::null());
        pelton
    }

    fn start(&self, sinks: &str) -> Job {
        self.start_with(sinks, &[])
    }

    fn start_with(&self, sinks: &str, variables: &[(&str, &Path)]) -> Job {
        let (job, stderr) = (self.job(sinks), self.path("stderr"));
        let mut pelton = self.pelton("run", &job);
        pelton.args(["--http", "off", "--shards", "1"]);
        pelton.envs(variables.iter().copied());
        pelton.stderr(std::fs::File::create(&stderr).unwrap());
        Job { process: pelton.spawn().unwrap(), stderr }
    }

    /// What `pelton check` finds.
    fn faults(&self, sinks: &str) -> String {
        let output = self.pelton("check", &self.job(sinks)).stderr(Stdio::piped()).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The ids of the dead letters' rows, with their reasons.
    fn dead(&self) -> Vec<(i64, String)> {
        let of = |line: &Value| {
            (line["row"]["id"].as_i64().unwrap(), line["reason"].as_str().unwrap().to_owned())
        };
        self.lines("dead").iter().map(of).collect()
    }

    fn sink(&self, connector: &str, url: &str, more: &str) -> String {
        let dead = self.path("dead").display().to_string();
        let private =
            if more.contains("allow-private") { "" } else { ", 'allow-private' = 'true'" };
        format!(
            "CREATE TABLE receiver (COLUMNS) WITH ('connector' = '{connector}', 'url' = '{url}',
               'dead-letter.path' = '{dead}', 'retry.backoff' = '20ms' {private} {more});
             INSERT INTO receiver SELECT * FROM alerts;\n"
        )
    }
}

fn alert(id: i64, message: &str) -> Value {
    json!({ "id": id, "severity": "error", "message": message, "metadata": {"count": 150} })
}

fn alerts(count: i64) -> Vec<Value> {
    (1..=count).map(|id| alert(id, &format!("用户user_{id}连续3次执行click操作"))).collect()
}

fn ids(receiver: &Receiver) -> Vec<i64> {
    receiver.requests().iter().map(|request| request.json()["id"].as_i64().unwrap()).collect()
}

fn hmac(secret: &str, data: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(secret.as_bytes()).unwrap();
    Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(data).unwrap()
}

#[test]
fn each_row_is_a_signed_request() {
    let receiver = Receiver::start(&[OK]);
    let folder = Folder::new(&alerts(3));
    let options = ", 'secret' = 'hush', 'idempotency-key' = 'id', 'headers.X-Team' = 'data',
        'method' = 'PUT', 'json.embed' = 'metadata'";
    let log = folder.start(&folder.sink("webhook", &format!("{}?t=1", receiver.url()), options));
    assert!(!log.succeeds().contains("hush"));
    assert_eq!(ids(&receiver), [1, 2, 3]);
    for (request, id) in receiver.requests().iter().zip(1..) {
        assert_eq!(request.http.line, "PUT /hook?t=1 HTTP/1.1");
        assert_eq!(request.json(), alerts(3)[id - 1]);
        let digest = hmac("hush", &request.http.body);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(request.header("X-Pelton-Signature"), Some(&*format!("sha256={hex}")));
        assert_eq!(request.header("Idempotency-Key"), Some(&*id.to_string()));
        assert_eq!(request.header("X-Team"), Some("data"));
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        assert_eq!(request.header("Host"), Some(&*format!("127.0.0.1:{}", receiver.port)));
    }
}

#[test]
fn a_template_stays_json_whatever_the_row_holds() {
    let receiver = Receiver::start(&[OK]);
    let hostile = "\"}]\\ {id} </b>\r\n\u{0}用户";
    let folder = Folder::new(&[alert(7, hostile)]);
    let template = r#", 'template' = '{"text": "{severity}: {message}", "n": {id}}'"#;
    folder.start(&folder.sink("webhook", &receiver.url(), template)).succeeds();
    let wanted = json!({ "text": format!("error: {hostile}"), "n": 7 });
    assert_eq!(receiver.requests()[0].json(), wanted);
}

#[test]
fn what_passes_is_tried_again() {
    let answers = [
        (500, "", "no"),
        OK,
        (429, "Retry-After: 1\r\n", ""),
        (200, "", r#"{"code":7}"#),
        (200, "", r#"{"code":0}"#),
    ];
    let receiver = Receiver::start(&answers);
    let folder = Folder::new(&alerts(1));
    folder.start(&folder.sink("webhook", &receiver.url(), "")).succeeds();
    assert_eq!(ids(&receiver), [1, 1]);
    let check = ", 'success-body' = 'code=0'";
    folder.start(&folder.sink("webhook", &receiver.url(), check)).succeeds();
    assert_eq!(ids(&receiver), [1, 1, 1, 1, 1]);
    let requests = receiver.requests();
    let pause = requests[3].at - requests[2].at;
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
    assert!(folder.dead().is_empty());
}

#[test]
fn a_connection_that_was_closed_costs_no_try() {
    let receiver = Receiver::start(&[(200, "X-Closes: silently\r\n", "")]);
    let folder = Folder::new(&alerts(20));
    folder.start(&folder.sink("webhook", &receiver.url(), ", 'retry.attempts' = '1'")).succeeds();
    assert_eq!(ids(&receiver), (1..=20).collect::<Vec<_>>());
    assert!(folder.dead().is_empty());
}

/// Reset before it has read anything, and cut off in the midst of an answer.
#[test]
fn a_connection_that_breaks_is_tried_again() {
    let connections = std::sync::atomic::AtomicUsize::new(0);
    let receiver = Receiver::serve(&[OK], move |mut stream: TcpStream| {
        match connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            // What has come and was not read makes a reset of it.
            0 => stream.peek(&mut [0]).map(drop).ok().and(None),
            1 => {
                stream.read_exact(&mut [0; 40]).unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok").unwrap();
                None
            }
            _ => Some(stream),
        }
    });
    let folder = Folder::new(&alerts(2));
    let log = folder.start(&folder.sink("webhook", &receiver.url(), ", 'retry.attempts' = '3'"));
    log.succeeds();
    assert_eq!((ids(&receiver), folder.dead()), (vec![1, 2], vec![]));
}

#[test]
fn what_will_not_pass_is_a_dead_letter_and_the_next_row_goes_on() {
    let elsewhere = Receiver::start(&[OK]);
    let there: &str = Box::leak(format!("Location: {}\r\n", elsewhere.url()).into_boxed_str());
    let receiver = Receiver::start(&[(404, "", "no"), (302, there, ""), OK]);
    let folder = Folder::new(&alerts(3));
    let url = format!("{}?token=hush", receiver.url());
    let log = folder.start(&folder.sink("webhook", &url, "")).succeeds();
    assert_eq!(ids(&receiver), [1, 2, 3]);
    assert!(elsewhere.requests().is_empty());
    let wanted = [(1, "answered 404"), (2, "answered 302: redirects are not followed")];
    assert_eq!(folder.dead(), wanted.map(|(id, reason)| (id, reason.to_owned())));
    let line = &folder.lines("dead")[0];
    assert_eq!(line["url"], receiver.url());
    assert_eq!(line["row"]["message"], alerts(1)[0]["message"]);
    // Once a minute, not once a row.
    assert_eq!(log.matches("could not be delivered").count(), 1, "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[test]
fn a_dead_receiver_holds_no_other_sink_back() {
    let folder = Folder::new(&alerts(2));
    let url = format!("http://127.0.0.1:{}/hook?token=hush", dead_port());
    let copy = folder.path("copy").display().to_string();
    let sinks = format!(
        "CREATE TABLE copy (COLUMNS) WITH ('connector' = 'filesystem', 'path' = '{copy}');
         CREATE TABLE receiver (COLUMNS) WITH ('connector' = 'webhook', 'url' = '{url}',
           'allow-private' = 'true', 'headers.Authorization' = 'hush', 'retry.attempts' = '3', 'retry.backoff' = '800ms',
           'dead-letter.path' = '{}');
         EXECUTE STATEMENT SET BEGIN
         INSERT INTO copy SELECT * FROM alerts;
         INSERT INTO receiver SELECT * FROM alerts;
         END;",
        folder.path("dead").display()
    );
    let mut job = folder.start(&sinks);
    wait_for("the rows of the other sink", || folder.lines("copy").len() >= 2);
    // The other sink has all its rows while the first row is still tried.
    assert!(folder.dead().is_empty() && job.process.try_wait().unwrap().is_none());
    let log = job.succeeds();
    let dead = folder.dead();
    assert_eq!(dead.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2]);
    assert!(dead[0].1.contains("refused") && dead[0].1.contains("tried 3 times"), "{dead:?}");
    let letters = std::fs::read_to_string(folder.path("dead")).unwrap();
    assert!(!log.contains("hush") && !letters.contains("hush"), "{log}{letters}");
}

#[test]
fn a_receiver_that_says_nothing_is_given_up() {
    let silent = Receiver::serve(&[OK], |stream| {
        // Stays open, and unanswered.
        std::mem::forget(stream);
        None::<TcpStream>
    });
    let folder = Folder::new(&alerts(1));
    let options = ", 'timeout' = '200ms', 'retry.attempts' = '2'";
    folder.start(&folder.sink("webhook", &silent.url(), options)).succeeds();
    assert_eq!(folder.dead(), [(1, "no answer within 200ms; tried 2 times".to_owned())]);
}

#[test]
fn a_name_that_leads_to_a_private_address_is_not_asked() {
    let receiver = Receiver::start(&[OK]);
    let folder = Folder::new(&alerts(1));
    let url = format!("http://localhost:{}/", receiver.port);
    let sink = folder.sink("webhook", &url, ", 'allow-private' = 'false'");
    folder.start(&sink).succeeds();
    // As it is where nothing is said.
    folder.start(&sink.replace(", 'allow-private' = 'false'", "")).succeeds();
    assert!(receiver.requests().is_empty());
    let dead = folder.dead();
    let refused = |it: &(i64, String)| it.1.contains("'allow-private' = 'true' would allow it");
    assert!(dead.len() == 2 && dead.iter().all(refused), "{dead:?}");
}

#[test]
fn dingtalk_is_signed_and_what_the_rate_holds_back_is_a_digest() {
    let receiver = Receiver::start(&[(200, "", r#"{"errcode":0,"errmsg":"ok"}"#)]);
    let folder = Folder::new(&alerts(15));
    let url = format!("{}?access_token=abc", receiver.url());
    let options = ", 'secret' = 'SEC+/=', 'rate-limit' = '2/3s', 'title' = '{severity} {id}',
        'template' = '### {message}'";
    let started = Instant::now();
    folder.start(&folder.sink("dingtalk", &url, options)).succeeds();
    assert!(started.elapsed() >= Duration::from_secs(3));
    let requests = receiver.requests();
    let messages: Vec<Value> = requests.iter().map(|request| request.json()).collect();
    let first = json!({ "title": "error 1", "text": "### 用户user_1连续3次执行click操作" });
    assert_eq!(messages[0], json!({ "msgtype": "markdown", "markdown": first }));
    let digest = &messages[1]["markdown"];
    assert_eq!((messages.len(), &digest["title"]), (2, &"14 × receiver".into()));
    let text = digest["text"].as_str().unwrap();
    assert!(text.contains("- error 2\n") && text.contains("- error 11\n- … 4 more"), "{text}");
    assert!(requests.iter().all(|request| signed_at(request) > 0));
}

/// When a message to DingTalk says that it was signed; the signature is right.
fn signed_at(request: &Request) -> u64 {
    let target =
        request.http.line.strip_prefix("POST ").and_then(|line| line.strip_suffix(" HTTP/1.1"));
    let url = url::Url::parse(&format!("http://host{}", target.unwrap())).unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(query[0], ("access_token".to_owned(), "abc".to_owned()));
    let signed = hmac("SEC+/=", format!("{}\nSEC+/=", query[1].1).as_bytes());
    assert_eq!(query[2], ("sign".to_owned(), openssl::base64::encode_block(&signed)));
    let sign = request.http.line.split("&sign=").nth(1).unwrap().split(' ').next().unwrap();
    assert!(!sign.contains(['+', '/', '=']), "{sign}");
    query[1].1.parse().unwrap()
}

#[test]
fn dingtalk_signs_each_try_anew() {
    let receiver = Receiver::start(&[(502, "", ""), (200, "", r#"{"errcode":0}"#)]);
    let folder = Folder::new(&alerts(1));
    let url = format!("{}?access_token=abc", receiver.url());
    folder.start(&folder.sink("dingtalk", &url, ", 'secret' = 'SEC+/='")).succeeds();
    let requests = receiver.requests();
    let tries: Vec<u64> = requests.iter().map(signed_at).collect();
    assert!(tries.len() == 2 && tries[1] > tries[0], "{tries:?}");
}

#[test]
fn dingtalk_says_in_the_body_what_is_wrong() {
    let answers = [
        (200, "", r#"{"errcode":130101,"errmsg":"send too fast"}"#),
        (200, "", r#"{"errcode":310000,"errmsg":"keywords not in content, token=abc"}"#),
        (502, "", ""),
        (200, "", r#"{"errcode":0,"errmsg":"ok"}"#),
    ];
    let receiver = Receiver::start(&answers);
    let folder = Folder::new(&alerts(1));
    let url = format!("{}?access_token=abc", receiver.url());
    let sink = folder.sink("dingtalk", &url, ", 'rate-limit' = '4/1s'");
    folder.start(&sink).succeeds();
    assert_eq!(receiver.requests().len(), 2);
    let at = |index: usize| receiver.requests()[index].at;
    let pause = at(1) - at(0);
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
    let wanted = (1, "errcode 310000: keywords not in content, token=***".to_owned());
    assert_eq!(folder.dead(), [wanted]);
    folder.start(&sink).succeeds();
    assert_eq!((receiver.requests().len(), folder.dead().len()), (4, 1));
}

fn acceptor(certificate: &X509, key: &PKey<Private>) -> SslAcceptor {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(key).unwrap();
    acceptor.set_certificate(certificate).unwrap();
    acceptor.build()
}

#[test]
fn tls_and_whom_it_trusts() {
    let (certificate, key) = certificate();
    let folder = Folder::new(&alerts(2));
    let trusted = folder.path("ca.pem");
    std::fs::write(&trusted, certificate.to_pem().unwrap()).unwrap();
    let acceptor = acceptor(&certificate, &key);
    let receiver = Receiver::serve(&[OK], move |stream| acceptor.accept(stream).ok());
    let run = |host: &str, variables: &[(&str, &Path)]| {
        let url = format!("https://{host}:{}/", receiver.port);
        let sink = folder.sink("webhook", &url, ", 'retry.attempts' = '1'");
        folder.start_with(&sink, variables).succeeds();
    };
    run("localhost", &[("SSL_CERT_FILE", &trusted)]);
    assert_eq!((ids(&receiver), folder.dead()), (vec![1, 2], vec![]));
    // Of a host that it does not name, or of nobody who is trusted.
    run("127.0.0.1", &[("SSL_CERT_FILE", &trusted)]);
    run("localhost", &[]);
    assert_eq!(ids(&receiver), [1, 2]);
    let dead = folder.dead();
    assert_eq!(dead.len(), 4);
    assert!(dead[..2].iter().all(|(_, it)| it.contains("hold: IP address mismatch")), "{dead:?}");
    assert!(dead[2..].iter().all(|(_, it)| it.contains("hold: self-signed")), "{dead:?}");
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let (certificate, key) = expired_certificate();
    let folder = Folder::new(&alerts(1));
    let trusted = folder.path("ca.pem");
    std::fs::write(&trusted, certificate.to_pem().unwrap()).unwrap();
    let acceptor = acceptor(&certificate, &key);
    let receiver = Receiver::serve(&[OK], move |stream| acceptor.accept(stream).ok());
    let url = format!("https://localhost:{}/", receiver.port);
    let sink = folder.sink("webhook", &url, ", 'retry.attempts' = '1'");
    folder.start_with(&sink, &[("SSL_CERT_FILE", &trusted)]).succeeds();
    assert!(receiver.requests().is_empty());
    assert!(
        folder.dead()[0].1.contains("localhost does not hold: certificate has expired"),
        "{:?}",
        folder.dead()
    );
}

#[test]
fn check_finds_what_cannot_be() {
    let folder = Folder::new(&[]);
    let faults = |connector: &str, url: &str, more: &str| {
        let found = folder.faults(&folder.sink(connector, url, more));
        assert!(!found.is_empty());
        found
    };
    let url = "https://host/robot/send?access_token=1";
    assert!(faults("webhook", "http://169.254.169.254/", "").contains("metadata address"));
    assert!(faults("webhook", url, ", 'methid' = 'PUT'").contains("did you mean 'method'?"));
    assert!(faults("webhook", url, ", 'scan.order' = 'arrival'").contains("no option"));
    assert!(faults("webhook", url, ", 'template' = '{\"a\": {idd}}'").contains("mean 'id'?"));
    assert!(faults("webhook", url, ", 'idempotency-key' = 'no'").contains("no column 'no'"));
    assert!(faults("webhook", url, ", 'headers.Host' = 'a'").contains("set by the sink"));
    let early = ", 'sink.publish' = 'early', 'sink.backlog.max-bytes' = '1 mb'";
    assert!(faults("webhook", url, early).contains("leave it out, or 'sink.publish' = 'early'"));
    assert!(faults("webhook", url, ", 'sink.backlog.max-bytes' = '0'").contains("a size like"));
    assert!(faults("dingtalk", url, ", 'rate-limit' = 'x'").contains("not a rate"));
    assert!(faults("dingtalk", url, ", 'method' = 'PUT'").contains("no option 'method'"));
    for connector in ["webhook", "dingtalk"] {
        let updating = format!(
            "CREATE TABLE receiver (severity STRING, n BIGINT, PRIMARY KEY (severity) NOT ENFORCED)
             WITH ('connector' = '{connector}', 'url' = '{url}');
             INSERT INTO receiver SELECT severity, COUNT(*) FROM alerts GROUP BY severity;"
        );
        assert!(folder.faults(&updating).contains("takes new rows only"), "{connector}");
    }
}

#[test]
fn the_shipped_jobs_are_sound() {
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    for (job, variable) in
        [("alerts_webhook.sql", "ALERTS_WEBHOOK_URL"), ("alerts_dingtalk.sql", "DINGTALK_URL")]
    {
        let check = || {
            let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
            pelton.arg("check").arg(pipelines.join(job)).env_remove(variable);
            pelton
        };
        let without = check().output().unwrap();
        let told = String::from_utf8_lossy(&without.stderr).into_owned();
        assert!(!without.status.success() && told.contains(variable), "{told}");
        let with = check().env(variable, "https://host/path?access_token=1").output().unwrap();
        assert!(with.status.success(), "{}", String::from_utf8_lossy(&with.stderr));
    }
}
