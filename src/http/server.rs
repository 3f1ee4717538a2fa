//! The listener, its limits, and the table of routes.

use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::ssl::{Ssl, SslAcceptor};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_openssl::SslStream;

use super::answer::{Answer, Fault, Params, json_answer};
use super::tables::Route;
use super::{ApiState, Endpoint, Token, alerts, metrics, path, tables};
use crate::metrics::{Counter, Metrics};

const MOST_CONNECTIONS: usize = 256;
/// No route takes a body; what a client sends all the same is read up to here.
const MOST_BODY: usize = 64 << 10;
const MOST_HEADERS: usize = 32 << 10;
/// From a connection's beginning, or its last answer, to the end of a request's head; and for the
/// handshake of TLS.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection is asked to end after this time, and dropped a little later: so none that does
/// not read its answer is held for ever.
const LIFETIME: Duration = Duration::from_secs(300);
const FAREWELL: Duration = Duration::from_secs(15);

/// A running server; it ends when this is dropped.
pub struct ServerHandle {
    pub addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerHandle {
    /// Stops listening, drops what is under way, and waits for the thread: all of it is done
    /// by dropping.
    pub fn stop(self) {}
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Routes and what they answer from.
pub struct Server {
    state: ApiState,
    routes: Vec<Route>,
    token: Option<Token>,
    tls: Option<SslAcceptor>,
    refused: Refused,
}

/// What was turned away before it came to a route.
struct Refused {
    token: Counter,
    connections: Counter,
    handshake: Counter,
}

impl Refused {
    fn new(metrics: &Metrics) -> Self {
        let help = "Requests and connections to the HTTP API that were turned away";
        let of = |reason| metrics.counter("pelton_http_refused_total", help, &[("reason", reason)]);
        Self { token: of("token"), connections: of("connections"), handshake: of("handshake") }
    }
}

/// Listens on the endpoint's address (port 0 picks a free one) on a thread of its own.
pub fn serve(endpoint: &Endpoint, state: ApiState) -> Result<ServerHandle, String> {
    let Endpoint { addr, token, tls } = endpoint.clone();
    let fault = |error: std::io::Error| format!("can't serve HTTP on {addr}: {error}");
    let parsed: Result<Vec<_>, String> = state
        .queries
        .tables()
        .iter()
        .enumerate()
        .map(|(at, table)| Route::parse(at, table))
        .collect();
    let routes = parsed?.into_iter().flatten().collect();
    let listener = TcpListener::bind(&*addr).map_err(fault)?;
    listener.set_nonblocking(true).map_err(fault)?;
    let addr_bound = listener.local_addr().map_err(fault)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
    warn_of_strangers(addr_bound, endpoint);
    let refused = Refused::new(&state.metrics);
    let (stop, stopped) = oneshot::channel();
    let run = move || {
        let server = Rc::new(Server { state, routes, token, tls, refused });
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            tokio::select! {
                _ = stopped => {}
                () = accept(listener, server) => {}
            }
        });
    };
    let thread = std::thread::Builder::new().name("http".to_owned()).spawn(run).map_err(fault)?;
    Ok(ServerHandle { addr: addr_bound, stop: Some(stop), thread: Some(thread) })
}

fn warn_of_strangers(addr: SocketAddr, endpoint: &Endpoint) {
    if addr.ip().is_loopback() {
        return;
    }
    match (&endpoint.token, &endpoint.tls) {
        (None, _) => tracing::warn!(
            "the HTTP API on {addr} has no token: whoever reaches it reads the job's tables \
             (--http-token-file)"
        ),
        (Some(_), None) => tracing::warn!(
            "the HTTP API on {addr} has no TLS: its token goes over the network in the open \
             (--http-tls-cert, --http-tls-key)"
        ),
        (Some(_), Some(_)) => {}
    }
}

async fn accept(listener: TcpListener, server: Rc<Server>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("HTTP: {error}"),
    };
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => match Arc::clone(&permits).try_acquire_owned() {
                Ok(permit) => {
                    tokio::task::spawn_local(connection(stream, Rc::clone(&server), permit));
                }
                Err(_) => {
                    server.refused.connections.add(1);
                    if server.tls.is_some() {
                        continue;
                    }
                    // Best effort: the answer fits any empty send buffer.
                    let _ = stream.try_write(
                        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\
                          content-length: 0\r\n\r\n",
                    );
                }
            },
            // Out of file descriptors, most likely: give others time to close some.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, server: Rc<Server>, _permit: OwnedSemaphorePermit) {
    let Some(tls) = &server.tls else { return talk(stream, server).await };
    let Ok(mut stream) = Ssl::new(tls.context()).and_then(|ssl| SslStream::new(ssl, stream)) else {
        return;
    };
    match tokio::time::timeout(HEADER_TIMEOUT, Pin::new(&mut stream).accept()).await {
        Ok(Ok(())) => talk(stream, server).await,
        // No TLS, none that is new enough, a certificate that is not trusted there, or too slow.
        Ok(Err(_)) | Err(_) => server.refused.handshake.add(1),
    }
}

/// Answers requests until the client is done or its time is up.
async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, server: Rc<Server>) {
    let service = service_fn(move |request| {
        let server = Rc::clone(&server);
        async move { Ok::<_, std::convert::Infallible>(server.answer(request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // Errors are the client's: it went away or spoke no HTTP.
    if tokio::time::timeout(LIFETIME, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(FAREWELL, connection).await;
    }
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, self.route(request)).await;
        let late = || Err(Fault::unavailable("no answer in time"));
        answer.unwrap_or_else(|_| late()).unwrap_or_else(Fault::answer)
    }

    async fn route(&self, request: Request<Incoming>) -> Result<Answer, Fault> {
        let known = self.token.as_ref().is_none_or(|token| token.is_in(request.headers()));
        if !known {
            return self.answer_stranger(request.uri().path());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = format!("{} is not allowed, GET is", request.method());
            let mut answer = Fault { status: StatusCode::METHOD_NOT_ALLOWED, text }.answer();
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(answer);
        }
        let (head, body) = request.into_parts();
        drain(body).await?;
        let params = Params::parse(head.uri.query())?;
        let path = head.uri.path().strip_prefix('/').unwrap_or_default();
        let segments: Vec<String> = path.split('/').map(path::decode).collect::<Result<_, _>>()?;
        self.dispatch(&segments, &params, &head.headers).await
    }

    /// Without the token there is whether the job lives and is ready, for what watches over the
    /// process; not why it isn't, as that names servers and topics.
    fn answer_stranger(&self, path: &str) -> Result<Answer, Fault> {
        match path {
            "/ping" => Ok(success(&json!("pong"))),
            "/ready" if (self.state.ready)().is_ok() => Ok(success(&json!("ready"))),
            "/ready" => Err(Fault::unavailable("not ready; the reason is shown with the token")),
            _ => {
                self.refused.token.add(1);
                let text = "this needs the header `Authorization: Bearer TOKEN`".to_owned();
                let mut answer = Fault { status: StatusCode::UNAUTHORIZED, text }.answer();
                let scheme = HeaderValue::from_static("Bearer realm=\"pelton\"");
                answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
                Ok(answer)
            }
        }
    }

    async fn dispatch(
        &self,
        segments: &[String],
        params: &Params,
        headers: &HeaderMap,
    ) -> Result<Answer, Fault> {
        let state = &self.state;
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        match words[..] {
            ["metrics"] => metrics::metrics(state, params, headers).await,
            ["api", "v1", "metrics"] => metrics::tables_json(state, params).await,
            ["api", "v1", "latency"] => metrics::latency(state, params),
            ["api", "v1", "tables"] => Ok(tables::list(state)),
            ["api", "v1", "tables", ..] => {
                let answer = tables::read(state, &segments[3..], params).await;
                answer.map(|answer| state.with_epoch(answer))
            }
            ["ping"] => Ok(success(&json!("pong"))),
            ["ready"] => match (state.ready)() {
                Ok(()) => Ok(success(&json!("ready"))),
                Err(reason) => Err(Fault::unavailable(reason)),
            },
            ["version"] => Ok(success(&json!({"version": state.version, "job": state.job}))),
            ["alerts"] => {
                alerts::newest(state, params).await.map(|answer| state.with_epoch(answer))
            }
            _ => {
                for route in &self.routes {
                    if let Some(key) = route.matches(segments) {
                        let answer = tables::by_route(state, route.table, &key).await;
                        return answer.map(|answer| state.with_epoch(answer));
                    }
                }
                Err(Fault::not_found("there is nothing at this path"))
            }
        }
    }
}

fn success(data: &serde_json::Value) -> Answer {
    json_answer(StatusCode::OK, &json!({"status": "success", "data": data}))
}

/// Reads a body that no route wants, so that the connection can go on.
async fn drain(body: Incoming) -> Result<(), Fault> {
    let fault = |status, text: String| Err(Fault { status, text });
    let large = || {
        let text = format!("the body is broken or larger than {MOST_BODY} bytes");
        fault(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    if body.size_hint().lower() > MOST_BODY as u64 {
        return large();
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MOST_BODY).collect()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => large(),
        Err(_) => {
            fault(StatusCode::REQUEST_TIMEOUT, format!("the body did not come in {BODY_TIMEOUT:?}"))
        }
    }
}
