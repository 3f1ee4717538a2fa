//! One receiver, one request at a time. Redirects and proxies are not followed: both lead past
//! the address rules.

use std::future::Future;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use url::Url;

use crate::sink::receiver::connection::{Failure, Route, Tls, passing, runtime};
use crate::sink::receiver::delivery::Verdict;

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

/// A connection and whether it has carried a request before.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    used: bool,
}

pub struct Client {
    url: Url,
    route: Route,
    timeout: Duration,
    body_max: usize,
    tls: Option<Tls>,
    /// Kept open for the next request.
    connection: Option<Connection>,
    runtime: Runtime,
}

impl Client {
    /// The URL has a host and is of `http` or `https`.
    pub fn new(url: Url, timeout: Duration, allow_private: bool) -> Result<Self, String> {
        let tls = if url.scheme() == "https" { Some(Tls::new()?) } else { None };
        let host = url.host().ok_or("the URL has no host")?.to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let route = Route { host, port, allow_private };
        let (body_max, runtime) = (BODY_MAX, runtime()?);
        Ok(Self { url, route, timeout, body_max, tls, connection: None, runtime })
    }

    /// So much of an answer's body counts.
    pub fn reading(self, body_max: usize) -> Self {
        Self { body_max, ..self }
    }

    /// One try; `judge` says what the answer means.
    pub fn attempt(&mut self, outgoing: Outgoing, judge: impl Fn(&Answer) -> Verdict) -> Verdict {
        match self.send(outgoing) {
            Ok(answer) => judge(&answer),
            Err(failure) => failure.into(),
        }
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
        let stream = self.route.connect().await?;
        match &self.tls {
            Some(tls) => speak(tls.wrap(stream, &self.route.host).await?).await,
            None => speak(stream).await,
        }
    }
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

/// What an answer's status says by itself; `Delivered` where the body has the last word.
pub fn by_status(answer: &Answer) -> Verdict {
    let status = answer.status.as_u16();
    match status {
        200..=299 => Verdict::Delivered,
        300..=399 => Verdict::Never(format!("answered {status}: redirects are not followed")),
        408 | 429 | 500.. => {
            Verdict::Again { reason: format!("answered {status}"), wish: answer.retry_after }
        }
        _ => Verdict::Never(format!("answered {status}")),
    }
}

/// The value of `Retry-After`: seconds, or a date.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Answer, Verdict, by_status, retry_after};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn verdicts_by_status() {
        let wish = Some(Duration::from_secs(3));
        let verdict = |status: u16| {
            let status = hyper::StatusCode::from_u16(status).unwrap();
            by_status(&Answer { status, retry_after: wish, body: Vec::new() })
        };
        for status in [200, 201, 204, 299] {
            assert_eq!(verdict(status), Verdict::Delivered, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 599] {
            let reason = format!("answered {status}");
            assert_eq!(verdict(status), Verdict::Again { reason, wish }, "{status}");
        }
        for status in [301, 307, 400, 401, 404, 410, 422] {
            assert!(matches!(verdict(status), Verdict::Never(_)), "{status}");
        }
    }

    #[test]
    fn seconds_and_dates() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |value| retry_after(value, now).map(|wish| wish.as_secs());
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!((seconds("soon"), seconds("-1"), seconds("")), (None, None, None));
    }
}
