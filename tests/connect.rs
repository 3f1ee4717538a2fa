//! `pelton check --connect`: what it says of the servers that a job names.

mod common;

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::*;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use pelton::kafka::EmbeddedBroker;

/// Whether the job can run, and what is said.
fn check(folder: &Folder, text: &str) -> (bool, String) {
    let job = folder.file("job.sql");
    std::fs::write(&job, text).unwrap();
    let out = pelton(&["check", "--connect", &job]).stderr(Stdio::piped()).output().unwrap();
    (out.status.success(), String::from_utf8(out.stderr).unwrap())
}

/// From Kafka into Redis and to a webhook.
fn job(kafka: &str, topic: &str, redis: &str, hook: &str) -> String {
    format!(
        "CREATE TABLE events (id STRING, n BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
           'format' = 'json', 'properties.bootstrap.servers' = '{kafka}');
         CREATE TABLE stored (id STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED)
         WITH ('connector' = 'redis', 'key' = 'k:{{id}}', {redis});
         CREATE TABLE told (id STRING) WITH ('connector' = 'webhook', 'url' = '{hook}',
           'allow-private' = 'true');
         INSERT INTO stored SELECT id, n FROM events;
         INSERT INTO told SELECT id FROM events;"
    )
}

#[test]
fn each_server_that_is_away_is_named_and_nobody_gets_a_message() {
    let folder = Folder::new("connect");
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    hook.set_nonblocking(true).unwrap();
    let (kafka, redis) = (format!("127.0.0.1:{}", free_port()), free_port());
    let url = format!("'url' = 'redis://me:s3cret@127.0.0.1:{redis}'");
    let hook_url = format!("http://{}/", hook.local_addr().unwrap());
    let (good, said) = check(&folder, &job(&kafka, "in", &url, &hook_url));
    assert!(!good && said.contains("2 of 2 table(s) cannot be used"), "{said}");
    assert!(said.contains("table 'events': Kafka topic 'in': "), "{said}");
    let wanted = format!("table 'stored': Redis at 127.0.0.1:{redis}: Connection refused");
    assert!(said.contains(&wanted) && !said.contains("s3cret"), "{said}");
    assert!(hook.accept().is_err(), "the webhook was asked");
}

#[test]
fn servers_that_answer_are_counted_and_a_wrong_password_is_told() {
    let folder = Folder::new("connect");
    let broker = EmbeddedBroker::start(&[("in", 1)]).unwrap();
    let Some((_server, redis)) = redis(&folder.file("")) else { return };
    wait_for("redis", || std::net::TcpStream::connect(&redis[8..redis.len() - 2]).is_ok());
    let hook = "http://127.0.0.1:9/";
    let text = job(&broker.bootstrap, "in", &format!("'url' = '{redis}'"), hook);
    let (good, said) = check(&folder, &text);
    assert!(good && said.contains("the servers of 2 table(s) answer"), "{said}");
    let user = format!("'url' = '{redis}', 'username' = 'me', 'password' = 's3cret'");
    let (good, said) = check(&folder, &job(&broker.bootstrap, "in", &user, hook));
    assert!(!good && said.contains("1 of 2 table(s) cannot be used"), "{said}");
    assert!(said.contains("table 'stored': Redis") && said.contains("check user and"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn a_topic_that_is_missing_is_told_but_not_one_that_would_be_made() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic) = (Folder::new("connect"), unique("missing"));
    let job = |more: &str| {
        format!(
            "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen');
             CREATE TABLE out (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
               'format' = 'json', 'properties.bootstrap.servers' = '{kafka}' {more});
             INSERT INTO out SELECT id FROM numbers;"
        )
    };
    let (good, said) = check(&folder, &job(""));
    let wanted = format!("table 'out': Kafka topic '{topic}' is not there");
    assert!(!good && said.contains(&wanted), "{said}");
    let (good, said) = check(&folder, &job(", 'sink.create-topic' = 'true'"));
    assert!(good, "{said}");
    // It was not made by asking.
    let (good, _) = check(&folder, &job(""));
    assert!(!good);
}

/// How often a broker's TLS is taken, by its certificate, which is trusted; and what is said.
fn handshakes((certificate, key): (X509, PKey<Private>)) -> (usize, String) {
    let folder = Folder::new("expired");
    let ca = folder.file("ca.pem");
    std::fs::write(&ca, certificate.to_pem().unwrap()).unwrap();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let done = Arc::new(AtomicUsize::new(0));
    let counted = done.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(mut stream) = acceptor.accept(stream) {
                // In TLS 1.3 the client's refusal comes behind the server's last word.
                let asked = std::io::Read::read(&mut stream, &mut [0; 64]).is_ok_and(|n| n > 0);
                counted.fetch_add(usize::from(asked), Ordering::SeqCst);
            }
        }
    });
    let text = format!(
        "CREATE TABLE events (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 'in',
           'format' = 'json', 'properties.bootstrap.servers' = 'localhost:{port}',
           'properties.security.protocol' = 'SSL', 'properties.ssl.ca.location' = '{ca}');
         SELECT id FROM events;"
    );
    let (good, said) = check(&folder, &text);
    assert!(!good, "{said}");
    (done.load(Ordering::SeqCst), said)
}

#[test]
fn a_brokers_certificate_that_has_expired_is_refused() {
    let (taken, said) = handshakes(expired_certificate());
    assert_eq!(taken, 0);
    assert!(said.contains("no TLS connection: check 'properties.security.protocol'"), "{said}");
    let (taken, said) = handshakes(certificate());
    assert!(taken > 0 && !said.contains("no TLS connection"), "{said}");
}
