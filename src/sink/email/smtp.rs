//! The few commands of SMTP that bring a message to its server (RFC 5321, 3207, 4954), over a
//! connection of its own: a server that is idle between two alerts would close it anyway.

use std::fmt;
use std::time::Duration;

use openssl::base64::encode_block;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::runtime::Runtime;

use crate::sink::receiver::connection::{Failure, Route, Tls, passing, runtime};
use crate::sink::receiver::digest::cut;
use crate::sink::receiver::shown;

/// A reply of more lines, or longer ones, is none of SMTP's.
const REPLY_LINES_MAX: usize = 128;
const LINE_BYTES_MAX: u64 = 4_096;
/// What is shown of a reply.
const WORDS_BYTES_MAX: usize = 500;

/// How a connection is secured.
pub enum Security {
    /// After a greeting in the open.
    StartTls(Tls),
    FromTheStart(Tls),
    None,
}

#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl Credentials {
    /// As AUTH PLAIN wants them.
    fn plain(&self) -> String {
        encode_block(format!("\0{}\0{}", self.user, self.password).as_bytes())
    }

    /// What no message may show: a server may send back what it was sent.
    fn hidden(&self) -> Vec<String> {
        vec![self.plain(), encode_block(self.password.as_bytes()), self.password.clone()]
    }
}

/// What a server says to a command.
pub struct Reply {
    pub code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// Of a kind that may be another one the next time.
    pub fn is_passing(&self) -> bool {
        !(500..600).contains(&self.code)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "answered {} {}", self.code, cut(&self.lines.join(" "), WORDS_BYTES_MAX))
    }
}

/// Why a message is with nobody.
pub enum Refusal {
    Reply(Reply),
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Failure(passing(error))
    }
}

fn odd(reason: &str) -> Refusal {
    Refusal::Failure(Failure::Passing(reason.to_owned()))
}

/// Who it is from, to whom, and the message with its headers.
pub struct Mail<'a> {
    pub from: &'a str,
    pub to: &'a [String],
    pub data: &'a [u8],
}

pub struct Client {
    route: Route,
    security: Security,
    credentials: Option<Credentials>,
    timeout: Duration,
    runtime: Runtime,
}

impl Client {
    pub fn new(
        route: Route,
        security: Security,
        credentials: Option<Credentials>,
        timeout: Duration,
    ) -> Result<Self, String> {
        Ok(Self { route, security, credentials, timeout, runtime: runtime()? })
    }

    /// One try. Gives those who were refused, by their place in `to`; all others have it.
    pub fn send(&self, mail: &Mail) -> Result<Vec<(usize, Reply)>, Refusal> {
        let timeout = self.timeout;
        let exchange = async { tokio::time::timeout(timeout, self.exchange(mail)).await };
        let passed = |_| odd(&format!("no answer within {timeout:?}"));
        self.runtime.block_on(exchange).map_err(passed)?
    }

    async fn exchange(&self, mail: &Mail<'_>) -> Result<Vec<(usize, Reply)>, Refusal> {
        let stream = self.route.connect().await?;
        // A machine need not have a name that others know.
        let greeting = match stream.local_addr()?.ip() {
            std::net::IpAddr::V4(v4) => format!("EHLO [{v4}]"),
            std::net::IpAddr::V6(v6) => format!("EHLO [IPv6:{v6}]"),
        };
        match &self.security {
            Security::None => self.greeted(stream).await?.deliver(&greeting, mail).await,
            Security::FromTheStart(tls) => {
                let stream = tls.wrap(stream, &self.route.host).await?;
                self.greeted(stream).await?.deliver(&greeting, mail).await
            }
            Security::StartTls(tls) => {
                let stream = self.greeted(stream).await?.start_tls(&greeting).await?;
                let stream = tls.wrap(stream, &self.route.host).await?;
                self.session(stream).deliver(&greeting, mail).await
            }
        }
    }

    fn session<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Session<'_, S> {
        let credentials = self.credentials.as_ref();
        let hidden = credentials.map(Credentials::hidden).unwrap_or_default();
        Session { stream: BufReader::new(stream), credentials, hidden }
    }

    async fn greeted<S>(&self, stream: S) -> Result<Session<'_, S>, Refusal>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut session = self.session(stream);
        wanted(session.reply().await?, &[220])?;
        Ok(session)
    }
}

fn wanted(reply: Reply, codes: &[u16]) -> Result<Reply, Refusal> {
    if codes.contains(&reply.code) { Ok(reply) } else { Err(Refusal::Reply(reply)) }
}

struct Session<'a, S> {
    stream: BufReader<S>,
    credentials: Option<&'a Credentials>,
    hidden: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// The stream, once the server is ready to secure it.
    async fn start_tls(mut self, greeting: &str) -> Result<S, Refusal> {
        let offers = self.command(greeting, &[250]).await?;
        if !offers.lines.iter().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
            return Err(odd("offers no STARTTLS"));
        }
        self.command("STARTTLS", &[220]).await?;
        // What came in the open must not count as an answer to what goes by TLS.
        match self.stream.buffer() {
            [] => Ok(self.stream.into_inner()),
            _ => Err(odd("said more than it was asked before STARTTLS")),
        }
    }

    async fn deliver(
        mut self,
        greeting: &str,
        mail: &Mail<'_>,
    ) -> Result<Vec<(usize, Reply)>, Refusal> {
        let offers = self.command(greeting, &[250]).await?;
        if let Some(credentials) = self.credentials {
            self.authenticate(credentials, &offers).await?;
        }
        self.command(&format!("MAIL FROM:<{}>", mail.from), &[250]).await?;
        let mut refused = Vec::new();
        for (at, to) in mail.to.iter().enumerate() {
            match self.command(&format!("RCPT TO:<{to}>"), &[250, 251, 252]).await {
                Ok(_) => {}
                // 421: it closes the connection, whatever it was asked.
                Err(Refusal::Reply(reply)) if reply.code != 421 => refused.push((at, reply)),
                Err(refusal) => return Err(refusal),
            }
        }
        if refused.len() < mail.to.len() {
            self.command("DATA", &[354]).await?;
            self.stream.write_all(&stuffed(mail.data)).await?;
            self.stream.flush().await?;
            wanted(self.reply().await?, &[250])?;
        }
        // The message is settled: what becomes of the farewell says nothing of it.
        let _ = self.write("QUIT").await;
        Ok(refused)
    }

    async fn authenticate(
        &mut self,
        credentials: &Credentials,
        offers: &Reply,
    ) -> Result<(), Refusal> {
        let offered = |method: &str| {
            let words = offers.lines.iter().map(|line| line.to_ascii_uppercase());
            words
                .filter_map(|line| line.strip_prefix("AUTH ").map(str::to_owned))
                .any(|methods| methods.split_whitespace().any(|offered| offered == method))
        };
        if offered("PLAIN") {
            self.command(&format!("AUTH PLAIN {}", credentials.plain()), &[235]).await?;
        } else if offered("LOGIN") {
            self.command("AUTH LOGIN", &[334]).await?;
            self.command(&encode_block(credentials.user.as_bytes()), &[334]).await?;
            self.command(&encode_block(credentials.password.as_bytes()), &[235]).await?;
        } else {
            return Err(odd("offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
        Ok(())
    }

    async fn command(&mut self, line: &str, codes: &[u16]) -> Result<Reply, Refusal> {
        self.write(line).await?;
        wanted(self.reply().await?, codes)
    }

    async fn write(&mut self, line: &str) -> Result<(), Refusal> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        Ok(self.stream.flush().await?)
    }

    async fn reply(&mut self) -> Result<Reply, Refusal> {
        let mut lines = Vec::new();
        while lines.len() < REPLY_LINES_MAX {
            let mut line = Vec::new();
            let mut limited = (&mut self.stream).take(LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut line).await? == 0 {
                return Err(odd("the connection was closed"));
            }
            let line = String::from_utf8_lossy(&line);
            let parts = line.trim_end().split_at_checked(3);
            let code = parts.and_then(|(code, _)| code.parse().ok());
            let (Some(code @ 200..600), Some((_, text))) = (code, parts) else {
                return Err(odd("what answers there is not SMTP"));
            };
            let goes_on = text.starts_with('-');
            lines.push(shown(text.get(1..).unwrap_or_default(), &self.hidden));
            if !goes_on {
                return Ok(Reply { code, lines });
            }
        }
        Err(odd("what answers there is not SMTP: a reply without an end"))
    }
}

/// As DATA takes it: a line that begins with a dot gets another, and a dot alone is the end.
fn stuffed(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn dots_at_the_beginning_of_lines() {
        let check = |data: &str, wanted: &str| {
            assert_eq!(String::from_utf8(stuffed(data.as_bytes())).unwrap(), wanted, "{data:?}");
        };
        check("a\r\n.b\r\n..\r\nc.d\r\n", "a\r\n..b\r\n...\r\nc.d\r\n.\r\n");
        check(".", "..\r\n.\r\n");
        check("a", "a\r\n.\r\n");
        check("", "\r\n.\r\n");
    }
}
