//! The listener, its limits, and the table of routes.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::answer::{Answer, Fault, Params, json_answer};
use super::tables::Route;
use super::{ApiState, alerts, metrics, path, tables};

const MOST_CONNECTIONS: usize = 256;
/// No route takes a body; what a client sends all the same is read up to here.
const MOST_BODY: usize = 64 << 10;
const MOST_HEADERS: usize = 32 << 10;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
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
}

/// Listens on `addr` (port 0 picks a free one) on a thread of its own.
pub fn serve(addr: &str, state: ApiState) -> Result<ServerHandle, String> {
    let fault = |error: std::io::Error| format!("can't serve HTTP on {addr}: {error}");
    let parsed: Result<Vec<_>, String> = state
        .queries
        .tables()
        .iter()
        .enumerate()
        .map(|(at, table)| Route::parse(at, table))
        .collect();
    let routes = parsed?.into_iter().flatten().collect();
    let listener = TcpListener::bind(addr).map_err(fault)?;
    listener.set_nonblocking(true).map_err(fault)?;
    let addr_bound = listener.local_addr().map_err(fault)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
    let (stop, stopped) = oneshot::channel();
    let run = move || {
        let server = Rc::new(Server { state, routes });
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
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = format!("{} is not allowed, GET is", request.method());
            let mut answer = Fault { status: StatusCode::METHOD_NOT_ALLOWED, text }.answer();
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Ok(answer);
        }
        let (head, body) = request.into_parts();
        Limited::new(body, MOST_BODY).collect().await.map_err(|_| Fault {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            text: format!("the body is broken or larger than {MOST_BODY} bytes"),
        })?;
        let params = Params::parse(head.uri.query())?;
        let path = head.uri.path().strip_prefix('/').unwrap_or_default();
        let segments: Vec<String> = path.split('/').map(path::decode).collect::<Result<_, _>>()?;
        self.dispatch(&segments, &params, &head.headers).await
    }

    async fn dispatch(
        &self,
        segments: &[String],
        params: &Params,
        headers: &HeaderMap,
    ) -> Result<Answer, Fault> {
        let state = &self.state;
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let success =
            |data| Ok(json_answer(StatusCode::OK, &json!({"status": "success", "data": data})));
        match words[..] {
            ["metrics"] => metrics::metrics(state, params, headers).await,
            ["api", "v1", "metrics"] => metrics::tables_json(state, params).await,
            ["api", "v1", "latency"] => metrics::latency(state, params),
            ["api", "v1", "tables"] => Ok(tables::list(state)),
            ["api", "v1", "tables", ..] => tables::read(state, &segments[3..], params).await,
            ["ping"] => success(json!("pong")),
            ["ready"] => match (state.ready)() {
                Ok(()) => success(json!("ready")),
                Err(reason) => Err(Fault::unavailable(reason)),
            },
            ["version"] => success(json!({"version": state.version, "job": state.job})),
            ["alerts"] => alerts::newest(state, params).await,
            _ => {
                for route in &self.routes {
                    if let Some(key) = route.matches(segments) {
                        return tables::by_route(state, route.table, &key).await;
                    }
                }
                Err(Fault::not_found("there is nothing at this path"))
            }
        }
    }
}
