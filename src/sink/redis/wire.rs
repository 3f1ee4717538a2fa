//! The bytes to a Redis and back, over TCP with or without TLS. The client library makes commands
//! and reads answers; a TLS of its own would be a second one beside the OpenSSL that is built in.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use openssl::ssl::{HandshakeError, SslStream};
use openssl::x509::X509VerifyResult;
use redis::{Cmd, ConnectionLike, ErrorKind, Parser, RedisError, RedisResult, Value};

use super::connection::is_passing;
use super::server::{Server, Tls};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Wire {
    stream: Stream,
    parser: Parser,
    database: i64,
}

enum Stream {
    Plain(TcpStream),
    Secure(SslStream<TcpStream>),
}

impl Wire {
    /// A connection that is ready for commands.
    pub fn open(server: &Server) -> RedisResult<Self> {
        let stream = connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        let stream = match &server.tls {
            None => Stream::Plain(stream),
            Some(tls) => Stream::Secure(secure(tls, &server.host, stream)?),
        };
        let mut wire = Self { stream, parser: Parser::new(), database: server.database };
        wire.authenticate(server)?;
        wire.greet()?;
        if server.database != 0 {
            redis::cmd("SELECT").arg(server.database).exec(&mut wire)?;
        }
        Ok(wire)
    }

    fn authenticate(&mut self, server: &Server) -> RedisResult<()> {
        let Server { username, password, .. } = server;
        if username.is_none() && password.is_none() {
            return Ok(());
        }
        let mut command = redis::cmd("AUTH");
        // Before version 6 there are no users, and a password stands alone.
        if let Some(username) = username {
            command.arg(username);
        }
        command.arg(password.as_deref().unwrap_or_default());
        match command.exec(self) {
            Err(error) if error.code().is_some() && !is_passing(&error) => {
                let text = error.to_string();
                Err((ErrorKind::AuthenticationFailed, "Redis does not let us in", text).into())
            }
            answer => answer,
        }
    }

    /// Makes sure that Redis is at the other end. A connection to a local port where nobody listens
    /// can come to be one with itself, and an echo of our commands would read as their answers.
    fn greet(&mut self) -> RedisResult<()> {
        match redis::cmd("PING").query(self)? {
            Value::SimpleString(text) if text == "PONG" => Ok(()),
            _ => Err((ErrorKind::Parse, "what answers there is not Redis").into()),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> RedisResult<()> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    pub fn answer(&mut self) -> RedisResult<Value> {
        self.parser.parse_value(&mut self.stream)
    }
}

/// By the first address that answers.
fn connect(server: &Server) -> RedisResult<TcpStream> {
    let mut failed = None;
    for address in (&*server.host, server.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = Some(error),
        }
    }
    let nowhere = || std::io::Error::other("the name leads to no address");
    Err(failed.unwrap_or_else(nowhere).into())
}

fn secure(tls: &Tls, host: &str, stream: TcpStream) -> RedisResult<SslStream<TcpStream>> {
    let failed = |text: String| RedisError::from(std::io::Error::other(format!("TLS: {text}")));
    tls.connector.connect(host, stream).map_err(|error| match error {
        HandshakeError::SetupFailure(error) => failed(error.to_string()),
        HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) => {
            let verified = stream.ssl().verify_result();
            failed(match verified {
                X509VerifyResult::OK => stream.error().to_string(),
                fault => format!(
                    "the certificate of {host} does not hold: {}; {} must hold who has signed it",
                    fault.error_string(),
                    tls.trusted
                ),
            })
        }
    })
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(bytes),
            Self::Secure(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}

impl ConnectionLike for Wire {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.send(command)?;
        self.answer()
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.send(commands)?;
        let answers: RedisResult<Vec<Value>> = (0..offset + count).map(|_| self.answer()).collect();
        answers.map(|mut answers| answers.split_off(offset))
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.req_packed_command(&command.get_packed_command())
    }

    fn get_db(&self) -> i64 {
        self.database
    }

    fn check_connection(&mut self) -> bool {
        self.greet().is_ok()
    }

    /// What has failed is dropped by its owner.
    fn is_open(&self) -> bool {
        true
    }
}
