//! A mail server that keeps what it is sent, and fails as a test asks it to; and what reads a
//! message again as a mail program does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use openssl::base64::decode_block;
use openssl::ssl::SslAcceptor;

/// What a server does instead of what it should.
pub enum Act {
    /// This reply; `421` closes the connection too.
    Say(&'static str),
    /// Closes the connection without a word.
    Close,
    /// Says nothing for a while, then what it should.
    Rest(Duration),
}

/// By the number of the connection, from 0, and the line that was sent; or `CONNECT`, `BODY`
/// (before the message is read), `END` (after it) and `KEPT` (when it has been kept).
pub type Script = Box<dyn Fn(usize, &str) -> Option<Act> + Send>;

#[derive(Default)]
pub struct Seen {
    pub mails: Vec<Mail>,
    /// All that was sent but for messages, in the open or not.
    pub lines: Vec<String>,
    pub connections: usize,
}

#[derive(Clone)]
pub struct Mail {
    pub at: Instant,
    pub from: String,
    pub to: Vec<String>,
    /// As it was written before dots were doubled.
    pub data: String,
    pub secured: bool,
    /// User and password.
    pub login: Option<(String, String)>,
}

/// What a server offers.
#[derive(Default)]
pub struct Offers {
    pub start_tls: bool,
    pub tls: Option<SslAcceptor>,
    /// The parameters of AUTH.
    pub auth: &'static str,
}

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub fn start(offers: Offers, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let kept = seen.clone();
        std::thread::spawn(move || {
            for (nth, stream) in listener.incoming().flatten().enumerate() {
                kept.lock().unwrap().connections += 1;
                let said = |line: &str| script(nth, line);
                // An error is the other side's going away.
                let _ = Conversation::new(&offers, &said, &kept).hold(stream);
            }
        });
        Self { port, seen }
    }

    /// One that does all it should, in the open.
    pub fn good() -> Self {
        Self::start(Offers::default(), Box::new(|_, _| None))
    }

    pub fn scripted(script: impl Fn(usize, &str) -> Option<Act> + Send + 'static) -> Self {
        Self::start(Offers::default(), Box::new(script))
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.seen().mails.clone()
    }

    pub fn plain(&self) -> String {
        format!("smtp+plain://127.0.0.1:{}", self.port)
    }
}

/// An address where nobody listens, and nobody else will while it is held: the near end of a
/// connection.
pub struct Nobody {
    near: TcpStream,
    _far: TcpStream,
}

impl Nobody {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Self { near, _far: listener.accept().unwrap().0 }
    }

    pub fn address(&self) -> SocketAddr {
        self.near.local_addr().unwrap()
    }
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

struct Conversation<'a> {
    offers: &'a Offers,
    script: &'a dyn Fn(&str) -> Option<Act>,
    seen: &'a Mutex<Seen>,
    secured: bool,
    login: Option<(String, String)>,
    from: String,
    to: Vec<String>,
}

type Held = std::io::Result<()>;

fn over() -> std::io::Error {
    std::io::ErrorKind::ConnectionAborted.into()
}

impl<'a> Conversation<'a> {
    fn new(
        offers: &'a Offers,
        script: &'a dyn Fn(&str) -> Option<Act>,
        seen: &'a Mutex<Seen>,
    ) -> Self {
        let (from, to) = (String::new(), Vec::new());
        Self { offers, script, seen, secured: false, login: None, from, to }
    }

    fn hold(&mut self, stream: TcpStream) -> Held {
        let raw = stream.try_clone()?;
        let mut stream: BufReader<Box<dyn Stream>> = match (&self.offers.tls, self.offers.start_tls)
        {
            (Some(tls), false) => {
                self.secured = true;
                BufReader::new(Box::new(tls.accept(stream).map_err(|_| over())?))
            }
            _ => BufReader::new(Box::new(stream)),
        };
        self.answer(&mut stream, "CONNECT", "220 mail.test ESMTP")?;
        loop {
            let line = read_line(&mut stream)?;
            self.seen.lock().unwrap().lines.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            match verb {
                "STARTTLS" if self.offers.start_tls => {
                    self.answer(&mut stream, &line, "220 go on")?;
                    let tls = self.offers.tls.as_ref().unwrap();
                    let secured = tls.accept(raw.try_clone()?).map_err(|_| over())?;
                    stream = BufReader::new(Box::new(secured));
                    self.secured = true;
                }
                "AUTH" => self.authenticate(&mut stream, &line)?,
                "DATA" => self.data(&mut stream, &raw)?,
                "QUIT" => return self.answer(&mut stream, &line, "221 bye"),
                _ => self.command(&mut stream, verb, &line)?,
            }
        }
    }

    /// Whether the answer was the one that there should be.
    fn answer(&self, stream: &mut BufReader<Box<dyn Stream>>, line: &str, should: &str) -> Held {
        self.say(stream, line, should).map(drop)
    }

    fn say(
        &self,
        stream: &mut BufReader<Box<dyn Stream>>,
        line: &str,
        should: &str,
    ) -> std::io::Result<bool> {
        let (text, as_it_should) = match (self.script)(line) {
            None => (should, true),
            Some(Act::Close) => return Err(over()),
            Some(Act::Say(text)) => (text, false),
            Some(Act::Rest(pause)) => {
                std::thread::sleep(pause);
                (should, true)
            }
        };
        write!(stream.get_mut(), "{text}\r\n")?;
        if text.starts_with("421") { Err(over()) } else { Ok(as_it_should) }
    }

    fn command(&mut self, stream: &mut BufReader<Box<dyn Stream>>, verb: &str, line: &str) -> Held {
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        match verb {
            "EHLO" => {
                (self.from, self.to) = (String::new(), Vec::new());
                let mut text = "250-mail.test\r\n".to_owned();
                if self.offers.start_tls && !self.secured {
                    text.push_str("250-STARTTLS\r\n");
                } else if !self.offers.auth.is_empty() {
                    text.push_str(&format!("250-AUTH {}\r\n", self.offers.auth));
                }
                self.answer(stream, line, &format!("{text}250 SIZE 1000000"))
            }
            "MAIL" => {
                self.from = address();
                self.answer(stream, line, "250 ok")
            }
            "RCPT" => {
                if self.say(stream, line, "250 ok")? {
                    self.to.push(address());
                }
                Ok(())
            }
            _ => self.answer(stream, line, "500 what?"),
        }
    }

    fn authenticate(&mut self, stream: &mut BufReader<Box<dyn Stream>>, line: &str) -> Held {
        let text = |line: &str| String::from_utf8(decode_block(line).unwrap()).unwrap();
        self.login = match line.strip_prefix("AUTH PLAIN ") {
            Some(plain) => {
                let plain = text(plain);
                let mut parts = plain.split('\0').skip(1).map(str::to_owned);
                Some((parts.next().unwrap(), parts.next().unwrap()))
            }
            None => {
                write!(stream.get_mut(), "334 VXNlcm5hbWU6\r\n")?;
                let user = text(&read_line(stream)?);
                write!(stream.get_mut(), "334 UGFzc3dvcmQ6\r\n")?;
                Some((user, text(&read_line(stream)?)))
            }
        };
        self.answer(stream, line, "235 welcome")
    }

    fn data(&mut self, stream: &mut BufReader<Box<dyn Stream>>, raw: &TcpStream) -> Held {
        if !self.say(stream, "DATA", "354 go on")? {
            return Ok(());
        }
        if let Some(Act::Close) = (self.script)("BODY") {
            // Bytes that nobody has read turn the end of a connection into a reset.
            raw.peek(&mut [0])?;
            return Err(over());
        }
        let mut data = String::new();
        loop {
            let line = read_line(stream)?;
            if line == "." {
                break;
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        if let Some(Act::Say(text)) = (self.script)("END") {
            return write!(stream.get_mut(), "{text}\r\n");
        }
        let (from, to) = (self.from.clone(), self.to.clone());
        let (secured, login) = (self.secured, self.login.clone());
        let mail = Mail { at: Instant::now(), from, to, data, secured, login };
        self.seen.lock().unwrap().mails.push(mail);
        self.answer(stream, "KEPT", "250 kept")
    }
}

/// Without its end, which is CR and LF and nothing else.
fn read_line(stream: &mut BufReader<Box<dyn Stream>>) -> std::io::Result<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line)? == 0 {
        return Err(over());
    }
    let line = String::from_utf8(line).expect("bytes beyond ASCII need an extension");
    let line = line.strip_suffix("\r\n").expect("a line ends with CR and LF");
    assert!(!line.contains('\r') && line.len() <= 998 && line.is_ascii(), "{line:?}");
    Ok(line.to_owned())
}

impl Mail {
    /// Names and values of the headers, unfolded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        head.split("\r\n").map(header).collect()
    }

    pub fn header(&self, name: &str) -> String {
        let found = self.headers().into_iter().find(|(known, _)| known == name);
        words(&found.unwrap_or_else(|| panic!("no {name}: {}", self.data)).1)
    }

    /// The text that stands in the body.
    pub fn text(&self) -> String {
        assert_eq!(self.header("Content-Type"), "text/plain; charset=utf-8");
        assert_eq!(self.header("Content-Transfer-Encoding"), "quoted-printable");
        let (_, body) = self.data.split_once("\r\n\r\n").unwrap();
        let body = body.strip_suffix("\r\n").unwrap();
        String::from_utf8(unquoted(&body.replace("=\r\n", ""))).unwrap()
    }
}

/// `=41` is a byte (RFC 2045).
fn unquoted(text: &str) -> Vec<u8> {
    let mut parts = text.split('=');
    let mut out = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(&part[..2], 16).unwrap());
        out.extend_from_slice(&part.as_bytes()[2..]);
    }
    out
}

/// `=?utf-8?b?…?=` is text, and white space between two of these is none (RFC 2047).
fn words(value: &str) -> String {
    let (mut out, mut rest, mut after_word) = (Vec::new(), value, false);
    while let Some(at) = rest.find("=?") {
        let parts: Vec<&str> = rest[at + 2..].splitn(4, '?').collect();
        let [_, kind, text, tail] = parts[..] else { break };
        if !after_word || !rest[..at].trim().is_empty() {
            out.extend_from_slice(&rest.as_bytes()[..at]);
        }
        out.extend(match kind {
            "b" | "B" => decode_block(text).unwrap(),
            _ => unquoted(&text.replace('_', " ")),
        });
        (rest, after_word) = (tail.strip_prefix('=').unwrap(), true);
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).unwrap()
}
