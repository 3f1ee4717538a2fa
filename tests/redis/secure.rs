//! TLS and users, with a server that asks for both.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pelton::sink::{Sink, SinkContext};

use super::fence::publisher;
use super::{MINUTE, Row, batch, table, try_open};
use crate::common::{expired_certificate, free_port, wait_for};

struct Secure {
    process: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A CA, and a certificate that it has signed for `localhost` and a client.
fn certificates(dir: &Path) {
    let script = "set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
        for name in server client; do
          openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr
          printf subjectAltName=DNS:localhost > ext
          openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile ext -out $name.pem
        done
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout o.key -out other.pem";
    let done = Command::new("bash").args(["-c", script]).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Whom docs/connectors.md gives these rights.
const USER: &str = "user pelton on >s3cret/@: ~c:* ~z ~l ~pelton:* -@all +ping +select +evalsha \
                    +script|load +hmget +hset +hdel +del +set +pexpire +llen +lpush +ltrim +zcard \
                    +zadd +zrem +zrange +zrevrange +zremrangebyrank +xlen +xadd +get";

impl Secure {
    /// `clients`: whether it wants to see certificates of theirs.
    fn start(clients: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        certificates(dir.path());
        Self::start_in(dir, clients)
    }

    /// With the certificates that are there.
    fn start_in(dir: tempfile::TempDir, clients: &str) -> Option<Self> {
        let port = free_port();
        let users = format!("user default off\n{USER}\nuser poor on >poor ~c:* +@all -hset\n");
        std::fs::write(dir.path().join("users.acl"), users).unwrap();
        let process = Command::new("redis-server")
            .args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--tls-cert-file", "server.pem", "--tls-key-file", "server.key"])
            .args(["--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", clients])
            .args(["--save", "", "--aclfile", "users.acl"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = process else {
            eprintln!("skipped: no redis-server on PATH");
            return None;
        };
        let server = Self { process, port, dir };
        wait_for("redis-server to listen", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(server)
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn url(&self, host: &str) -> String {
        format!("rediss://{host}:{}", self.port)
    }
}

const KEY: (&str, &str) = ("key", "c:{user_id}:{minute}");
const PASSWORD: (&str, &str) = ("password", "s3cret/@:");

/// A row's way: what became of it, within a moment.
fn send(options: &[(&str, &str)]) -> Result<(), String> {
    let (mut sink, context) = try_open(options)?;
    send_by(&mut sink, &context)
}

fn send_by(sink: &mut Box<dyn Sink>, context: &SinkContext) -> Result<(), String> {
    let rows: [Row<'_>; 1] = [(super::Insert, "u", MINUTE, Some(1))];
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            sink.write(&batch(&rows))?;
            sink.flush()
        });
        let end = Instant::now() + Duration::from_secs(10);
        while !writing.is_finished() {
            // What passes by itself is tried again until it is told to stop.
            if context.problem().is_some() || Instant::now() > end {
                context.stop();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        writing.join().unwrap()
    })
}

#[test]
fn rows_go_by_tls_and_as_a_user() {
    let Some(server) = Secure::start("no") else { return };
    let (url, ca) = (server.url("localhost"), server.file("ca.pem"));
    let ca = ("ssl.ca.location", ca.as_str());
    let of = |url: &str, more: &[(&str, &str)]| {
        let options = [&[("url", url), KEY, ca], more].concat();
        send(&options)
    };
    of(&url, &[("username", "pelton"), PASSWORD]).unwrap();
    of(&format!("rediss://pelton:s3cret%2F%40%3A@localhost:{}/3", server.port), &[]).unwrap();
    of(&url.replace("rediss", "redis"), &[("tls", "true"), ("username", "pelton"), PASSWORD])
        .unwrap();

    let refused = |error: Result<(), String>, wanted: &[&str]| {
        let error = error.unwrap_err();
        assert!(wanted.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains("s3cret") && !error.contains("wrong"), "{error}");
    };
    let check = "check user and password, in 'url' or by 'username' and 'password'";
    refused(of(&url, &[("username", "pelton"), ("password", "wr0ng")]), &["WRONGPASS", check]);
    refused(of(&url, &[("password", "s3cret")]), &["WRONGPASS", check]);
    refused(of(&url, &[]), &["NOAUTH", check]);
    let poor = [("username", "poor"), ("password", "poor"), ("data-type", "hash")];
    refused(of(&url, &poor), &["NOPERM", "hset", "which commands and keys a user needs"]);
    // By a name that the certificate does not bear.
    refused(of(&server.url("127.0.0.1"), &[]), &["127.0.0.1 does not hold", "IP address mismatch"]);
    // In the open.
    refused(of(&url, &[("tls", "false")]), &["begins with rediss://"]);
    let open = url.replace("rediss", "redis");
    let error = send(&[("url", &open), KEY]).unwrap_err();
    assert!(error.contains("stopped before it came back"), "{error}");
}

#[test]
fn who_has_signed_the_certificate_matters() {
    let Some(server) = Secure::start("no") else { return };
    let (url, other) = (server.url("localhost"), server.file("other.pem"));
    let user = ("username", "pelton");
    let error = send(&[("url", &url), KEY, user, PASSWORD, ("ssl.ca.location", &other)]);
    let error = error.unwrap_err();
    let wanted = "the certificate of localhost does not hold";
    assert!(error.contains(wanted) && error.contains("'ssl.ca.location' must hold"), "{error}");
    let error = send(&[("url", &url), KEY, user, PASSWORD]).unwrap_err();
    assert!(error.contains(wanted) && error.contains("SSL_CERT_FILE"), "{error}");
    let missing = server.file("no.pem");
    let error = try_open(&[("url", &url), KEY, ("ssl.ca.location", &missing)]).err().unwrap();
    assert!(error.contains("'ssl.ca.location': cannot read"), "{error}");
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = expired_certificate();
    let (certificate, key) = (certificate.to_pem().unwrap(), key.private_key_to_pem_pkcs8());
    for (name, pem) in
        [("ca.pem", &certificate), ("server.pem", &certificate), ("server.key", &key.unwrap())]
    {
        std::fs::write(dir.path().join(name), pem).unwrap();
    }
    let Some(server) = Secure::start_in(dir, "no") else { return };
    let (url, ca) = (server.url("localhost"), server.file("ca.pem"));
    let user = ("username", "pelton");
    let error = send(&[("url", &url), KEY, user, PASSWORD, ("ssl.ca.location", &ca)]);
    let error = error.unwrap_err();
    assert!(error.contains("localhost does not hold: certificate has expired"), "{error}");
}

#[test]
fn a_server_may_ask_who_we_are() {
    let Some(server) = Secure::start("yes") else { return };
    let (url, ca) = (server.url("localhost"), server.file("ca.pem"));
    let (certificate, key) = (server.file("client.pem"), server.file("client.key"));
    let certificate = ("ssl.certificate.location", certificate.as_str());
    let key = ("ssl.key.location", key.as_str());
    let base = [("url", &*url), KEY, ("ssl.ca.location", &ca), ("username", "pelton"), PASSWORD];
    send(&[&base[..], &[certificate, key]].concat()).unwrap();
    let error = send(&base).unwrap_err();
    // It may hang up before its alert is read.
    let wanted = ["certificate required", "reset", "Broken pipe", "unexpected EOF"];
    assert!(wanted.iter().any(|text| error.contains(text)), "{error}");
    let other = server.file("ca.key");
    let wrong = [&base[..], &[certificate, ("ssl.key.location", &other)]].concat();
    let error = try_open(&wrong).err().unwrap();
    assert!(error.contains("is not the key of 'ssl.certificate.location'"), "{error}");
}

/// The fence, and all that goes through a script, with no more than these rights.
#[test]
fn the_rights_that_the_guide_names_are_enough() {
    let Some(server) = Secure::start("no") else { return };
    let (url, ca) = (server.url("localhost"), server.file("ca.pem"));
    let base = [("url", &*url), ("ssl.ca.location", &*ca), ("username", "pelton"), PASSWORD];
    let shapes: [&[(&str, &str)]; 4] = [
        &[("key", "c:{user_id}:{minute}"), ("ttl", "1 h")],
        &[("key", "c:{user_id}:{minute}:h"), ("data-type", "hash"), ("ttl", "1 h")],
        &[("key", "l"), ("data-type", "list"), ("max-length", "5"), ("ttl", "1 h")],
        &[("key", "c:s"), ("data-type", "stream"), ("max-length", "5"), ("ttl", "1 h")],
    ];
    for shape in shapes {
        let options = [&base[..], shape].concat();
        let (context, zone) = (SinkContext::default(), jiff::tz::TimeZone::UTC);
        let of_start = Some(publisher(1, 0));
        let mut sink = pelton::sink::redis::open(table(&options), zone, context, of_start).unwrap();
        sink.begin_publishing().unwrap();
        let rows: [Row<'_>; 2] =
            [(super::Insert, "u", MINUTE, Some(1)), (super::Insert, "v", MINUTE, None)];
        sink.publish(1, &[batch(&rows)]).unwrap();
    }
    let set = [("key", "z"), ("data-type", "zset"), ("member", "{name}"), ("score", "points")];
    let more = [("newest", "at"), ("max-length", "5"), ("ttl", "1 h")];
    super::collections::newest(&[&base[..], &set, &more].concat());
}
