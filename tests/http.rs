//! The HTTP API among strangers: the token, TLS, and clients that are slow, large or many. The
//! binary itself, asked over plain sockets.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Folder, Job, certificate, pelton, wait_for};
use openssl::ssl::{SslConnector, SslMethod, SslVersion};

const TOKEN: &str = "kept-away-from-all-0123456789";
const JOB: &str = "
    CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
    CREATE TABLE seen (id BIGINT, n BIGINT, PRIMARY KEY (id) NOT ENFORCED)
      WITH ('connector' = 'queryable', 'http.route' = '/seen/{id}', 'max-rows' = '100');
    INSERT INTO seen SELECT id, 1 FROM numbers;";

struct Server {
    _job: Job,
    folder: Folder,
    address: String,
}

impl Server {
    fn start(args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_in(Folder::new("http"), args, environment)
    }

    fn start_in(folder: Folder, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let job = folder.file("job.sql");
        std::fs::write(&job, JOB).unwrap();
        let mut command = pelton(&["run", &job, "--http", "127.0.0.1:0", "--shards", "1"]);
        command.args(["--state-dir", "off"]).args(args).envs(environment.iter().copied());
        command.stderr(std::fs::File::create(folder.file("log")).unwrap());
        let mut job = Job(command.spawn().unwrap());
        let mut address = None;
        wait_for("the HTTP API", || {
            let log = std::fs::read_to_string(folder.file("log")).unwrap();
            assert!(job.0.try_wait().unwrap().is_none(), "{log}");
            // The whole of it: the line may be half written.
            address = log
                .split_once("address=")
                .and_then(|(_, rest)| rest.split_once(char::is_whitespace))
                .map(|(address, _)| address.to_owned());
            address.is_some()
        });
        Self { _job: job, folder, address: address.unwrap() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Status and text of the answer to a request, its head included.
    fn ask(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        // The server may close while it is still being told something.
        let _ = stream.write_all(request.as_bytes());
        answer(&mut stream)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        self.ask(&get(path, headers))
    }

    fn refused(&self, reason: &str) -> u64 {
        let (_, metrics) = self.get("/metrics", &bearer(TOKEN));
        let series = format!("pelton_http_refused_total{{reason=\"{reason}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&series));
        line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
    }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// All that comes until the end, 0 where that is no answer.
fn answer(stream: &mut impl Read) -> (u16, String) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest[..3].parse().ok());
    (status.unwrap_or(0), text)
}

#[test]
fn the_token_is_needed_and_never_shown() {
    let folder = Folder::new("http_token");
    let file = folder.file("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let server = Server::start_in(folder, &["--http-token-file", &file], &[("RUST_LOG", "debug")]);
    wait_for("the job", || server.get("/ready", "").0 == 200);
    let everything = [
        "/metrics",
        "/metrics?format=json",
        "/version",
        "/alerts",
        "/api/v1/tables",
        "/api/v1/tables/seen",
        "/api/v1/latency",
        "/seen/1",
        "/none",
        "/ready/",
        "/",
    ];
    let mut shown = String::new();
    for path in everything {
        for headers in [
            String::new(),
            bearer("wrong-0123456789-wrong"),
            bearer(&TOKEN[1..]),
            bearer(&format!("{TOKEN}x")),
            format!("Authorization: Basic {TOKEN}\r\n"),
            format!("Authorization: {TOKEN}\r\n"),
            format!("X-Token: {TOKEN}\r\n"),
        ] {
            let (status, text) = server.get(path, &headers);
            assert_eq!(status, 401, "{path} {headers}: {text}");
            assert!(text.to_lowercase().contains("www-authenticate: bearer"), "{text}");
            assert!(!text.contains("\"seen\""), "{text}");
            shown += &text;
        }
        let (status, text) = server.get(path, &bearer(TOKEN));
        assert!(status != 401, "{path}");
        shown += &text;
    }
    assert_eq!(server.get(&format!("/metrics?token={TOKEN}"), "").0, 401);
    // What watches over the process has no token.
    assert_eq!((server.get("/ping", "").0, server.get("/ready", "").0), (200, 200));
    assert_eq!(server.get("/api/v1/tables", &bearer(TOKEN)).0, 200);
    assert_eq!(server.refused("token"), 7 * everything.len() as u64 + 1);
    shown += &std::fs::read_to_string(server.folder.file("log")).unwrap();
    assert!(!shown.contains(TOKEN) && shown.contains("token=true"));
}

#[test]
fn a_token_from_the_environment() {
    let server = Server::start(&[], &[("PELTON_HTTP_TOKEN", TOKEN)]);
    assert_eq!(server.get("/version", "").0, 401);
    assert_eq!(server.get("/version", &bearer(TOKEN)).0, 200);
    // A stranger learns that the job is not ready, not why.
    let (_, text) = server.get("/ready", "");
    assert!(text.contains("ready") && !text.contains("source"), "{text}");
}

/// Key and certificate of a server and of another, in files.
fn certificates(folder: &Folder) -> Vec<String> {
    let files = ["a.crt", "a.key", "b.crt", "b.key"].map(|name| folder.file(name));
    for pair in files.chunks(2) {
        let (certificate, key) = certificate();
        std::fs::write(&pair[0], certificate.to_pem().unwrap()).unwrap();
        std::fs::write(&pair[1], key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    }
    files.to_vec()
}

#[test]
fn what_cannot_protect_is_refused_at_the_start() {
    let folder = Folder::new("http_refused");
    let files = certificates(&folder);
    let [short, encrypted, job] = ["short", "encrypted", "job.sql"].map(|name| folder.file(name));
    std::fs::write(&short, "hunter2\n").unwrap();
    std::fs::write(&job, JOB).unwrap();
    let (_, key) = certificate();
    let cipher = openssl::symm::Cipher::aes_256_cbc();
    let pem = key.private_key_to_pem_pkcs8_passphrase(cipher, b"hunter2").unwrap();
    std::fs::write(&encrypted, pem).unwrap();
    let tls = |certificate: &str, key: &str| {
        ["--http-tls-cert", certificate, "--http-tls-key", key].map(str::to_owned).to_vec()
    };
    let token = |file: &str| vec!["--http-token-file".to_owned(), file.to_owned()];
    let off = [vec!["--http".to_owned(), "off".to_owned()], token(&short)].concat();
    for (args, variable, expected) in [
        (token(&folder.file("none")), None, "No such file"),
        (token(&short), None, "has 7 characters, at least 16"),
        (token(&short), Some(TOKEN), "both set"),
        (vec![], Some(""), "PELTON_HTTP_TOKEN: the token has 0 characters"),
        (off, None, "--http off"),
        (tls(&files[0], &files[3]), None, "not the key of the certificate"),
        (tls(&files[1], &files[1]), None, "not a certificate"),
        (tls(&files[0], &files[0]), None, "not a private key"),
        (tls(&files[0], &encrypted), None, "encrypted"),
        (tls(&folder.file("none"), &files[1]), None, "No such file"),
        (vec!["--http-tls-cert".into(), files[0].clone()], None, "--http-tls-key"),
    ] {
        let mut command = pelton(&["run", &job]);
        command.args(&args).stderr(Stdio::piped());
        command.envs(variable.map(|value| ("PELTON_HTTP_TOKEN", value)));
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected), "{args:?}: {said}");
        assert!(!said.contains("hunter2") && !said.contains(TOKEN), "{said}");
    }
}

/// How long the server keeps a connection on which only `bytes` come, one every 200 ms.
fn kept(server: &Server, first: &str, drip: &str) -> Duration {
    let (mut stream, started) = (server.connect(), Instant::now());
    stream.write_all(first.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let (mut drip, mut buffer) = (drip.bytes().cycle(), [0; 4096]);
    while started.elapsed() < Duration::from_secs(40) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let ended = drip.next().is_some_and(|byte| stream.write_all(&[byte]).is_err());
                if ended {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    started.elapsed()
}

#[test]
fn slow_clients_are_let_go() {
    let folder = Folder::new("http_slow");
    let files = certificates(&folder);
    let server = Server::start(&[], &[]);
    let tls = ["--http-tls-cert", &files[0], "--http-tls-key", &files[1]];
    let secured = Server::start(&tls, &[]);
    let alive = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
    let body = "GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
    std::thread::scope(|scope| {
        let cases = [
            (&server, "", ""),
            (&server, "GET /ping HTTP/1.1\r\nHost: x\r\n", "X-A: b\r\n"),
            (&server, "G", ""),
            (&server, alive, ""),
            (&server, alive, "GET /"),
            (&server, body, "x"),
            (&secured, "", ""),
            (&secured, "\x16\x03\x01", "\x02"),
        ];
        let threads = cases.map(|(server, first, drip)| {
            let kept = scope.spawn(move || kept(server, first, drip));
            (first, drip, kept)
        });
        for (first, drip, thread) in threads {
            let kept = thread.join().unwrap();
            assert!(kept < Duration::from_secs(20), "{first:?}, then {drip:?}: {kept:?}");
        }
        assert_eq!(server.get("/ping", "").0, 200);
    });
}

#[test]
fn large_requests_are_refused() {
    let server = Server::start(&[], &[]);
    let header = |bytes: usize| format!("X-A: {}\r\n", "a".repeat(bytes));
    assert_eq!(server.get("/ping", &header(8_000)).0, 200);
    assert_eq!(server.get("/ping", &header(100_000)).0, 431);
    assert_eq!(server.get("/ping", &header(10).repeat(200)).0, 431);
    let (status, text) = server.get(&format!("/{}", "a".repeat(100_000)), "");
    assert!(matches!(status, 414 | 431), "{text}");
    let body =
        |bytes: usize| get("/ping", &format!("Content-Length: {bytes}\r\n")) + &"x".repeat(bytes);
    assert_eq!(server.ask(&body(60_000)).0, 200);
    assert_eq!(server.ask(&body(70_000)).0, 413);
    let chunks = format!("{:x}\r\n{}\r\n", 10_000, "x".repeat(10_000)).repeat(20);
    assert_eq!(server.ask(&(get("/ping", "Transfer-Encoding: chunked\r\n") + &chunks)).0, 413);
    // Announced only: nothing is made room for.
    assert_eq!(server.ask(&get("/ping", "Content-Length: 99999999999\r\n")).0, 413);
    for nonsense in
        ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET /ping HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
    {
        assert_eq!(server.ask(nonsense).0, 400, "{nonsense:?}");
    }
    assert_eq!(server.get("/ping", "").0, 200);
}

#[test]
fn connections_are_bounded() {
    let server = Server::start(&[], &[]);
    let held: Vec<TcpStream> = (0..256).map(|_| server.connect()).collect();
    wait_for("the bound", || server.get("/ping", "").0 != 200);
    let (status, text) = server.get("/ping", "");
    assert!(matches!(status, 0 | 503), "{text}");
    drop(held);
    wait_for("room", || server.get("/ping", "").0 == 200);
    assert!(server.refused("connections") >= 2);
}

#[test]
fn tls_with_a_certificate_of_ones_own() {
    let folder = Folder::new("http_tls");
    let files = certificates(&folder);
    let tls = ["--http-tls-cert", &files[0], "--http-tls-key", &files[1]];
    let server = Server::start(&tls, &[("PELTON_HTTP_TOKEN", TOKEN)]);
    let connect = |trusted: &str, newest: Option<SslVersion>| {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_ca_file(trusted).unwrap();
        builder.set_max_proto_version(newest).unwrap();
        builder.set_security_level(0);
        builder.build().connect("localhost", server.connect()).ok()
    };
    let ask = |headers: &str| {
        let mut stream = connect(&files[0], None).unwrap();
        stream.write_all(get("/metrics", headers).as_bytes()).unwrap();
        answer(&mut stream)
    };
    assert_eq!(ask("").0, 401);
    assert_eq!(ask(&bearer(TOKEN)).0, 200);
    assert!(connect(&files[0], Some(SslVersion::TLS1_2)).is_some());
    assert!(connect(&files[0], Some(SslVersion::TLS1_1)).is_none());
    assert!(connect(&files[2], None).is_none());
    // The token does not go in the open where TLS was asked for: nobody answers.
    assert_eq!(server.get("/ping", &bearer(TOKEN)).0, 0);
    let metrics = ask(&bearer(TOKEN)).1;
    assert!(metrics.contains("pelton_http_refused_total{reason=\"handshake\"} 3"), "{metrics}");
}
