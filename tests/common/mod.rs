//! What tests that run the binary share. Each of them uses a part of it.
#![allow(dead_code)]

pub mod topics;

use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use serde_json::Value;

/// How long something that will come is waited for. A stop in the midst of an epoch counts towards how
/// long that took, and the next one waits five times as long.
pub const PATIENCE: Duration = Duration::from_secs(180);

pub fn kafka() -> Option<String> {
    let kafka = std::env::var("PELTON_TEST_KAFKA").ok();
    if kafka.is_none() {
        eprintln!("skipped: PELTON_TEST_KAFKA is not set; scripts/test sets it");
    }
    kafka
}

pub fn pelton(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pelton"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A name that no other test uses, and no other run: tests begin in the same microsecond.
pub fn unique(name: &str) -> String {
    static USED: AtomicU64 = AtomicU64::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros();
    format!("{name}_{}_{now}_{}", std::process::id(), USED.fetch_add(1, Ordering::Relaxed))
}

pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read(path).unwrap();
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap_or(Value::Null)).collect()
}

/// The body of an answer.
pub fn get_text(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

pub fn get(address: &str, path: &str) -> Option<Value> {
    serde_json::from_str(&get_text(address, path)?).ok()
}

/// A request that a server here has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method, path and query, version.
    pub line: String,
    /// Names are in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// `None` at the end of the connection.
    pub fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut next = || {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|&length| length > 0)?;
            Some(line.trim_end().to_owned())
        };
        let line = next()?;
        let mut headers = Vec::new();
        while let Some((name, value)) = next()?.split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut request = Self { line, headers, body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body.resize(length, 0);
        stream.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map(|(_, value)| &**value)
    }
}

/// A running job that is killed when the test ends, however it ends.
pub struct Job(pub Child);

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a process a signal, `-TERM` and the like. After `-STOP` it stands still: on a busy machine
/// its threads may go on for a while.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
    assert!(sent.success());
    if name == "-STOP" {
        wait_for("its threads to stand still", || stands_still(process));
    }
}

fn stands_still(process: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    // The state comes behind the name, which is in brackets and may hold anything.
    let state = |stat: String| stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('T'));
    let stat = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("stat"));
    tasks.flatten().all(|task| stat(task).is_ok_and(|stat| state(stat) == Some(true)))
}

/// How long servers stand still: `PELTON_TEST_STALL_SECONDS`, 20 by default.
pub fn stall() -> Duration {
    let seconds = std::env::var("PELTON_TEST_STALL_SECONDS").ok();
    Duration::from_secs(seconds.map_or(20, |seconds| seconds.parse().unwrap()))
}

/// The sum of a metric's samples.
pub fn metric(address: &str, name: &str) -> f64 {
    let mut text = None;
    wait_for("the job's metrics", || {
        text = get_text(address, "/metrics");
        text.is_some()
    });
    let text = text.unwrap_or_default();
    let samples = text
        .lines()
        .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
    samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

pub fn resident_bytes(process: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A job that its sink holds back reads no further than its queues take for as long as a stall lasts, and
/// its memory does not grow. How many records it has read.
pub fn is_held_back(address: &str, process: u32) -> f64 {
    // A busy machine fills the queues late.
    const A_FEW: f64 = 10_000.0;
    let records = || metric(address, "pelton_source_records_total");
    let mut read = 0.0;
    wait_for("the reading to stop", || {
        let before = std::mem::replace(&mut read, records());
        std::thread::sleep(Duration::from_secs(5));
        before > 0.0 && read - before < A_FEW
    });
    let before = resident_bytes(process);
    std::thread::sleep(stall());
    assert!(records() - read < A_FEW, "the job reads on: {read}, then {}", records());
    let grown = resident_bytes(process).saturating_sub(before);
    assert!(grown < 50 << 20, "{grown} bytes more");
    read
}

/// Lets a process run for a tenth of the time, for as long as a stall lasts.
pub fn slow_down(process: u32) {
    let end = Instant::now() + stall();
    while Instant::now() < end {
        signal("-STOP", process);
        std::thread::sleep(Duration::from_millis(450));
        signal("-CONT", process);
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(unique(name));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn wait_for(what: &str, done: impl FnMut() -> bool) {
    wait_for_or_say(done, || what.to_owned());
}

/// As [`wait_for`]; `say` what is there instead when it has not come.
pub fn wait_for_or_say(mut done: impl FnMut() -> bool, say: impl Fn() -> String) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{}: not within {PATIENCE:?}", say());
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Redis with a folder of its own, and its URL; `None`, with a note, where there is no
/// redis-server.
pub fn redis(folder: &str) -> Option<(Job, String)> {
    let port = free_port().to_string();
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--dir", folder]).stdout(Stdio::null());
    let Ok(server) = command.spawn() else {
        eprintln!("skipped: there is no redis-server");
        return None;
    };
    Some((Job(server), format!("redis://127.0.0.1:{port}/0")))
}

/// For `localhost`, signed by itself.
pub fn certificate() -> (X509, PKey<Private>) {
    certificate_until(2 * DAY_S)
}

/// The same, which ended yesterday.
pub fn expired_certificate() -> (X509, PKey<Private>) {
    certificate_until(-DAY_S)
}

const DAY_S: i64 = 86_400;

/// `end`: in so many seconds; it has held for two days before that.
fn certificate_until(end: i64) -> (X509, PKey<Private>) {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
    let key = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_pubkey(&key).unwrap();
    let end = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64 + end;
    builder.set_not_before(&Asn1Time::from_unix(end - 2 * DAY_S).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(end).unwrap()).unwrap();
    builder.append_extension(BasicConstraints::new().ca().build().unwrap()).unwrap();
    let names =
        SubjectAlternativeName::new().dns("localhost").build(&builder.x509v3_context(None, None));
    builder.append_extension(names.unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (builder.build(), key)
}
