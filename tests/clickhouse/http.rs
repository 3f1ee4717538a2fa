//! Enough of HTTP to stand in for a ClickHouse, or between one and its client.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use crate::common::Request;

/// What a ClickHouse takes from a request.
pub trait Statement {
    /// Path and query.
    fn target(&self) -> &str;
    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String>;
    /// The statement, which stands in the body where it has no data.
    fn query(&self) -> String;
    fn is_insert(&self) -> bool;
}

impl Statement for Request {
    fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse("http://x").unwrap().join(self.target()).unwrap();
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    }

    fn query(&self) -> String {
        let body = || String::from_utf8_lossy(&self.body).into_owned();
        self.parameter("query").unwrap_or_else(body)
    }

    fn is_insert(&self) -> bool {
        self.query().starts_with("INSERT")
    }
}

pub enum Reply {
    Whole(u16, Vec<u8>),
    /// The connection breaks in the midst of the answer.
    Cut,
}

#[derive(Clone)]
pub struct Receiver {
    pub port: u16,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Self { port, log: Arc::default() };
        let (log, reply) = (receiver.log.clone(), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, reply) = (log.clone(), reply.clone());
                std::thread::spawn(move || serve(stream, &log, &*reply));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn inserts(&self) -> Vec<Request> {
        self.log.lock().unwrap().iter().filter(|request| request.is_insert()).cloned().collect()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Request>>, reply: &dyn Fn(&Request) -> Reply) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Request::read(&mut stream) {
        log.lock().unwrap().push(request.clone());
        let Reply::Whole(status, body) = reply(&request) else {
            let _ = write!(stream.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
            return;
        };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
        let answer = [head.as_bytes(), &body].concat();
        if stream.get_mut().write_all(&answer).is_err() {
            return;
        }
    }
}

/// Asks a server on the loopback address: status and body; `None` where it does not answer.
pub fn ask(port: u16, target: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    // Version 1.0: the answer comes in one piece and ends with the connection.
    let head = format!("POST {target} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    exchange(port, &[head.as_bytes(), body].concat())
}

pub fn get(port: u16, target: &str) -> Option<(u16, Vec<u8>)> {
    let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    exchange(port, head.as_bytes())
}

fn exchange(port: u16, request: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
    Some((status, answer[end + 4..].to_vec()))
}
