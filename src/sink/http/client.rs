//! One receiver, one request at a time. Redirects and proxies are not followed: both lead past
//! the address rules.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::ssl::{Ssl, SslConnector, SslMethod, SslVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use url::{Host, Url};

use super::address;
use super::retry::retry_after;

/// What is read of an answer's body unless told otherwise: a check needs no more.
const BODY_MAX: usize = 64 * 1024;

pub struct Outgoing {
    pub method: Method,
    /// Added to the query of the URL.
    pub query: Vec<(&'static str, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Why there is no answer. The texts hold nothing of the URL but what the rules say of its
/// address.
pub enum Failure {
    /// It may be there the next time.
    Passing(String),
    /// The rules forbid to ask.
    Forbidden(String),
}

/// A connection and whether it has carried a request before.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    used: bool,
}

pub struct Client {
    url: Url,
    allow_private: bool,
    timeout: Duration,
    body_max: usize,
    tls: Option<SslConnector>,
    /// Kept open for the next request.
    connection: Option<Connection>,
    runtime: Runtime,
}

impl Client {
    /// The URL has a host and is of `http` or `https`.
    pub fn new(url: Url, timeout: Duration, allow_private: bool) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
        let tls = match url.scheme() {
            "https" => Some(tls().map_err(|error| format!("cannot set up TLS: {error}"))?),
            _ => None,
        };
        let body_max = BODY_MAX;
        Ok(Self { url, allow_private, timeout, body_max, tls, connection: None, runtime })
    }

    /// So much of an answer's body counts.
    pub fn reading(self, body_max: usize) -> Self {
        Self { body_max, ..self }
    }

    pub fn send(&mut self, outgoing: Outgoing) -> Result<Answer, Failure> {
        let request = self.request(outgoing)?;
        let (timeout, connection) = (self.timeout, self.connection.take());
        let exchange =
            async { tokio::time::timeout(timeout, self.exchange(request, connection)).await };
        let answered = self.runtime.block_on(exchange);
        let passed = || Failure::Passing(format!("no answer within {timeout:?}"));
        let (answer, connection) = answered.map_err(|_| passed())??;
        self.connection = connection;
        Ok(answer)
    }

    fn request(&self, outgoing: Outgoing) -> Result<Request<Full<Bytes>>, Failure> {
        let mut url = self.url.clone();
        for (name, value) in &outgoing.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::new(Full::new(outgoing.body));
        *request.method_mut() = outgoing.method;
        *request.headers_mut() = outgoing.headers;
        let wrong = || Failure::Forbidden("the URL cannot be asked".to_owned());
        *request.uri_mut() = target.parse().map_err(|_| wrong())?;
        request.headers_mut().insert(HOST, HeaderValue::from_str(host).map_err(|_| wrong())?);
        Ok(request)
    }

    /// Asks by the connection that is there; one that has been used may have been closed by the
    /// other side since, so its failure says nothing and a new one is asked.
    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        connection: Option<Connection>,
    ) -> Result<(Answer, Option<Connection>), Failure> {
        let mut connection = match connection {
            Some(connection) if !connection.sender.is_closed() => connection,
            _ => self.connect().await?,
        };
        let mut sent = ask(&mut connection, request.clone()).await;
        if sent.is_err() && connection.used {
            connection = self.connect().await?;
            sent = ask(&mut connection, request).await;
        }
        let (parts, body) = sent.map_err(passing)?.into_parts();
        let (body, whole) = read(body, self.body_max).await.map_err(passing)?;
        let wish = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wish.and_then(|wish| retry_after(wish, SystemTime::now()));
        connection.used = true;
        let connection = Some(connection).filter(|_| whole);
        Ok((Answer { status: parts.status, retry_after, body }, connection))
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let addresses = self.resolve().await?;
        let stream = TcpStream::connect(&addresses[..]).await.map_err(passing)?;
        // A request is one write or two; the second must not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return speak(stream).await };
        let ssl = session(tls, &self.url).map_err(passing)?;
        let mut stream = tokio_openssl::SslStream::new(ssl, stream).map_err(passing)?;
        Pin::new(&mut stream).connect().await.map_err(passing)?;
        speak(stream).await
    }

    /// The addresses of the host, if the rules allow every one of them.
    async fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        let addresses: Vec<SocketAddr> = match self.url.host() {
            Some(Host::Ipv4(v4)) => vec![(v4, port).into()],
            Some(Host::Ipv6(v6)) => vec![(v6, port).into()],
            Some(Host::Domain(name)) => {
                tokio::net::lookup_host((name, port)).await.map_err(passing)?.collect()
            }
            None => Vec::new(),
        };
        let mut refusals =
            addresses.iter().filter_map(|at| address::refusal(at.ip(), self.allow_private));
        refusals.next().map_or(Ok(addresses), |reason| Err(Failure::Forbidden(reason)))
    }
}

fn passing(error: impl std::error::Error) -> Failure {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    Failure::Passing(text)
}

/// A connector that trusts what the system trusts, or SSL_CERT_FILE and SSL_CERT_DIR name: the
/// OpenSSL that is built in knows no paths of this machine.
fn tls() -> Result<SslConnector, openssl::error::ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    let trusted = openssl_probe::probe();
    if let Some(file) = &trusted.cert_file {
        builder.load_verify_locations(Some(file), None)?;
    }
    for folder in &trusted.cert_dir {
        builder.load_verify_locations(None, Some(folder))?;
    }
    Ok(builder.build())
}

fn session(tls: &SslConnector, url: &Url) -> Result<Ssl, openssl::error::ErrorStack> {
    let host = url.host_str().unwrap_or_default();
    tls.configure()?.into_ssl(host.trim_start_matches('[').trim_end_matches(']'))
}

/// HTTP over a stream; what drives it runs on the client's runtime, while a request is under way.
async fn speak<S>(stream: S) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, driver) = handshake(TokioIo::new(stream)).await.map_err(passing)?;
    tokio::spawn(quietly(driver));
    Ok(Connection { sender, used: false })
}

/// A failure of the connection is told to the request.
async fn quietly(driver: impl Future<Output = hyper::Result<()>>) {
    let _ = driver.await;
}

async fn ask(
    connection: &mut Connection,
    request: Request<Full<Bytes>>,
) -> hyper::Result<Response<Incoming>> {
    connection.sender.ready().await?;
    connection.sender.send_request(request).await
}

/// The beginning of a body, and whether it is all of it.
async fn read(mut body: Incoming, max: usize) -> hyper::Result<(Vec<u8>, bool)> {
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            all.extend_from_slice(&data[..data.len().min(max - all.len())]);
        }
        if all.len() >= max {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}
