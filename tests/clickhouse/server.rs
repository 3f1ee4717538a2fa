//! A real ClickHouse, started on ports of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::http::{self, Receiver, Reply, Statement};

pub struct Server {
    process: Child,
    pub port: u16,
    dir: tempfile::TempDir,
}

/// `writer` has a password; everything lies in the folder that the server is started in.
const CONFIG: &str = "<yandex>
  <logger><level>warning</level><log>log</log><errorlog>errors</errorlog></logger>
  <http_port>HTTP</http_port><tcp_port>TCP</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>DIR/data/</path><tmp_path>DIR/tmp/</tmp_path>
  <format_schema_path>DIR/formats/</format_schema_path>
  <mark_cache_size>5368709</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
</yandex>";

const USERS: &str = "<yandex>
  <profiles><default><max_threads>2</max_threads></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota></default>
    <writer><password>s3cret/&amp;</password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota></writer>
  </users>
</yandex>";

impl Server {
    /// `None`, with a note, where there is no clickhouse-server.
    pub fn start() -> Option<Self> {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, tcp) = (free(), free());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (http_port, tcp_port) = (port(&http), port(&tcp));
        drop((http, tcp));
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().display().to_string();
        let config = CONFIG.replace("HTTP", &http_port.to_string());
        let config = config.replace("TCP", &tcp_port.to_string()).replace("DIR", &place);
        std::fs::write(dir.path().join("config.xml"), config).unwrap();
        std::fs::write(dir.path().join("users.xml"), USERS).unwrap();
        let server = Self { process: spawn(dir.path())?, port: http_port, dir };
        server.wait();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while http::ask(self.port, "/", b"SELECT 1").is_none_or(|(status, _)| status != 200) {
            assert!(Instant::now() < end, "clickhouse-server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn ask(&self, sql: &str) -> String {
        ask(self.port, sql)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn signal(&self, signal: &str) {
        crate::common::signal(signal, self.id());
    }

    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub fn start_again(&mut self) {
        self.process = spawn(self.dir.path()).unwrap();
        self.wait();
    }

    /// Between the server and its client; breaks the connection in the answers to the first
    /// `cuts` inserts.
    pub fn behind_proxy(&self, cuts: usize) -> Receiver {
        proxy(self.port, cuts)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks, and wants an answer.
pub fn ask(port: u16, sql: &str) -> String {
    let (status, body) = http::ask(port, "/", sql.as_bytes()).unwrap();
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{sql}: {body}");
    body.trim_end().to_owned()
}

pub fn proxy(port: u16, cuts: usize) -> Receiver {
    let cuts = AtomicUsize::new(cuts);
    let one_less = |left: usize| left.checked_sub(1);
    Receiver::start(move |request| {
        let answer = http::ask(port, request.target(), &request.body);
        let cut = request.is_insert()
            && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        match answer.filter(|_| !cut) {
            Some((status, body)) => Reply::Whole(status, body),
            None => Reply::Cut,
        }
    })
}

fn spawn(dir: &Path) -> Option<Child> {
    // Debian's stands where a user's PATH may not lead.
    let start = |program: &str| {
        Command::new(program)
            .arg("--config-file=config.xml")
            .current_dir(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    let process = start("clickhouse-server").or_else(|_| start("/usr/sbin/clickhouse-server"));
    if process.is_err() {
        eprintln!("skipped: no clickhouse-server on PATH");
    }
    process.ok()
}
