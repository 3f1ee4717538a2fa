//! The routes over a real connection; a fake stands in for the workers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::queries::Answer;
use super::*;
use crate::record::{DataType, Field, Schema, Value};
use crate::shard::query::{Cursor, Page, QueryError, TableInfo};

const MINUTE: i64 = 1_696_163_640_000;

fn serve(addr: &str, state: ApiState) -> Result<ServerHandle, String> {
    super::serve(&Endpoint::open(addr), state)
}

struct Fake {
    tables: Vec<TableInfo>,
    rows: Vec<Vec<Vec<Value>>>,
    away: bool,
}

impl Queries for Fake {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn get(&self, table: usize, key: Vec<Value>) -> Answer<'_, Option<Vec<Value>>> {
        let columns = &self.tables[table].primary_key;
        let is_it =
            |row: &&Vec<Value>| columns.iter().zip(&key).all(|(&at, part)| row[at] == *part);
        let row = self.rows[table].iter().find(is_it).cloned();
        let away = self.away;
        Box::pin(async move { if away { Err(QueryError::Unavailable) } else { Ok(row) } })
    }

    fn page(&self, table: usize, after: Option<Cursor>, limit: usize) -> Answer<'_, Page> {
        let start = after.map_or(0, |cursor| usize::from(cursor.after[0]));
        let all = &self.rows[table];
        let end = (start + limit).min(all.len());
        let next = Cursor { key_group: 1, after: vec![end as u8] };
        let page = Page { rows: all[start..end].to_vec(), next: (end < all.len()).then_some(next) };
        Box::pin(async move { Ok(page) })
    }

    fn largest(
        &self,
        table: usize,
        column: usize,
        limit: usize,
    ) -> Answer<'_, (Vec<Vec<Value>>, bool)> {
        let mut rows = self.rows[table].clone();
        rows.sort_by_key(|row| std::cmp::Reverse(row[column].as_i64()));
        let more = rows.len() > limit;
        rows.truncate(limit);
        Box::pin(async move { Ok((rows, more)) })
    }
}

fn text(text: &str) -> Value {
    Value::Str(text.into())
}

fn state() -> ApiState {
    let table = |name: &str, fields: Vec<Field>, route: Option<&str>| TableInfo {
        name: name.into(),
        schema: Schema::new(fields),
        primary_key: vec![0, 1],
        route: route.map(Into::into),
    };
    let user = || Field::new("user_id", DataType::STRING);
    let count = |name| Field::new(name, DataType::BigInt);
    let minute = Field::new("minute", DataType::Timestamp { precision: 3 });
    let stats = vec![user(), Field::new("event_type", DataType::STRING), count("n")];
    let route = "/clicks/{user_id}/{minute}";
    let tables = vec![
        table("user_stats", stats, None),
        table("clicks", vec![user(), minute, count("clicks")], Some(route)),
    ];
    let stat = |user, kind, n| vec![text(user), text(kind), Value::I64(n)];
    let rows = vec![
        vec![stat("u1", "click", 5), stat("u1", "a/b", 7), stat("u2", "click", 6)],
        vec![vec![text("a/b"), Value::I64(MINUTE), Value::I64(3)]],
    ];
    let metrics = Metrics::new();
    metrics.counter("rows_total", "Rows.", &[]).add(2);
    let latencies = Latencies::new();
    latencies.recorder("kafka").record(1_000, 4);
    ApiState {
        queries: Arc::new(Fake { tables, rows, away: false }),
        metrics,
        latencies,
        ready: Arc::new(|| Err("partition 2 rests".to_owned())),
        epoch: Arc::new(AtomicU64::new(42)),
        job: "job".to_owned(),
        version: "0.1.0",
        metrics_json_default: false,
    }
}

/// Status, head and body of an answer.
fn raw(server: &ServerHandle, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(server.addr).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
}

fn get_with(server: &ServerHandle, path: &str, headers: &str) -> (u16, String, String) {
    raw(server, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"))
}

fn get(server: &ServerHandle, path: &str) -> (u16, Json) {
    let (status, _, body) = get_with(server, path, "");
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn metrics_are_negotiated() {
    let server = serve("127.0.0.1:0", state()).unwrap();
    let is_json = |server: &ServerHandle, path: &str, accept: &str| {
        let accept =
            if accept.is_empty() { String::new() } else { format!("accept: {accept}\r\n") };
        let (status, head, body) = get_with(server, path, &accept);
        assert_eq!(status, 200);
        assert!(head.contains("vary: accept"), "{head}");
        assert!(body.starts_with('{') || body.contains("pelton_rows_total 2\n"), "{body}");
        body.starts_with('{')
    };
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5,*/*;q=0.1";
    for accept in [
        "",
        "*/*",
        "text/html",
        prometheus,
        "application/json;q=0.5, text/plain",
        "application/json;q=x",
    ] {
        assert!(!is_json(&server, "/metrics", accept), "{accept}");
    }
    assert!(is_json(&server, "/metrics?format=json", "text/plain"));
    for accept in ["application/json", "application/json, */*;q=0.8"] {
        assert!(is_json(&server, "/metrics", accept), "{accept}");
    }
    let server = serve("127.0.0.1:0", ApiState { metrics_json_default: true, ..state() }).unwrap();
    assert!(is_json(&server, "/metrics", "") && is_json(&server, "/metrics", "*/*"));
    assert!(!is_json(&server, "/metrics", prometheus));
}

#[test]
fn tables_are_listed_paged_and_read() {
    let server = serve("127.0.0.1:0", state()).unwrap();
    let (_, body) = get(&server, "/api/v1/metrics?limit=2");
    assert_eq!(body["data"]["user_stats"], json!({"u1:a/b": 7, "u2:click": 6}));
    assert_eq!(body["data"]["clicks"], json!({"a/b:2023-10-01T12:34": 3}));
    assert_eq!(body["truncated"], json!(true));
    assert_eq!(body["timestamp"].as_str().unwrap().len(), "2026-01-05T10:30:00.000Z".len());
    assert!(get(&server, "/api/v1/metrics").1.get("truncated").is_none());
    let (_, list) = get(&server, "/api/v1/tables");
    assert_eq!(list["data"][1]["primary_key"], json!(["user_id", "minute"]));
    let (_, page) = get(&server, "/api/v1/tables/user_stats?limit=2");
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let (_, page) = get(&server, &format!("/api/v1/tables/user_stats?limit=2&after={next}"));
    assert_eq!(page["data"], json!([{"user_id": "u2", "event_type": "click", "n": 6}]));
    assert_eq!(page["next"], Json::Null);
    let (status, row) = get(&server, "/api/v1/tables/user_stats/u1/a%2Fb");
    assert_eq!((status, &row["data"]["n"]), (200, &json!(7)));
    for (path, epoch) in [
        ("/api/v1/tables/user_stats", true),
        ("/api/v1/tables/user_stats/u1/a%2Fb", true),
        ("/clicks/u/2023-10-01T12:34", true),
        ("/ping", false),
    ] {
        let (_, head, _) = raw(&server, &format!("GET {path} HTTP/1.0\r\n\r\n"));
        assert_eq!(head.contains("pelton-epoch: 42"), epoch, "{path}: {head}");
    }
    for (path, status) in [
        ("/api/v1/tables/user_stats/u1/none", 404),
        ("/api/v1/tables/none", 404),
        ("/api/v1/tables/user_stats/u1", 400),
        ("/api/v1/tables/user_stats?after=zz", 400),
        ("/api/v1/tables/user_stats?limit=0", 400),
        ("/api/v1/tables/%ff", 400),
        ("/alerts", 404),
        ("/", 404),
        ("/ready", 503),
        ("/api/v1/latency?format=hgrm", 400),
    ] {
        let (found, body) = get(&server, path);
        assert_eq!((found, &body["status"]), (status, &json!("error")), "{path}");
    }
}

#[test]
fn a_route_answers_every_spelling_of_the_minute() {
    let server = serve("127.0.0.1:0", state()).unwrap();
    let row =
        |clicks: i64| json!({"user_id": "a/b", "minute": "2023-10-01T12:34", "clicks": clicks});
    for minute in
        ["2023-10-01T12:34", "2023-10-01T12:34:56Z", "2023-10-01T20:34:01+08:00", "1696163699"]
    {
        assert_eq!(get(&server, &format!("/clicks/a%2Fb/{minute}")), (200, row(3)), "{minute}");
    }
    let (status, none) = get(&server, "/clicks/nobody/2023-10-01T12:34");
    assert_eq!((status, &none["clicks"], &none["user_id"]), (200, &json!(0), &json!("nobody")));
    let (status, body) = get(&server, "/clicks/u/yesterday");
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("'yesterday' is not a time"));
    assert_eq!(get(&server, "/clicks/u").0, 404);
}

#[test]
fn the_rest_and_the_limits() {
    let server = serve("127.0.0.1:0", state()).unwrap();
    assert_eq!(get(&server, "/ping").0, 200);
    assert_eq!(get(&server, "/version").1["data"], json!({"version": "0.1.0", "job": "job"}));
    assert_eq!(get(&server, "/ready").1["error"], json!("partition 2 rests"));
    assert_eq!(get(&server, "/api/v1/latency").1["data"][0]["max"], json!(1_000));
    let (_, _, hgrm) = get_with(&server, "/api/v1/latency?format=hgrm&stage=kafka", "");
    assert!(hgrm.contains("Total count"));
    let (status, head, _) =
        raw(&server, "POST /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(status == 405 && head.contains("allow: get, head"));
    let body = "x".repeat(70_000);
    let chunked = format!(
        "GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 70000\r\n\r\n{body}"
    );
    assert_eq!(raw(&server, &chunked).0, 413);
    let addr = server.addr;
    server.stop();
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn workers_that_do_not_answer_are_a_503() {
    let mut state = state();
    let tables = state.queries.tables().to_vec();
    state.queries = Arc::new(Fake { tables, rows: vec![vec![], vec![]], away: true });
    let server = serve("127.0.0.1:0", state).unwrap();
    assert_eq!(get(&server, "/clicks/u/2023-10-01T12:34").0, 503);
}

#[test]
fn bad_routes_are_refused() {
    for route in [
        "clicks",
        "/{user_id}/{minute}",
        "/c/{user_id}",
        "/c/{x}/{minute}",
        "/api/{user_id}/{minute}",
    ] {
        let base = state();
        let mut tables = base.queries.tables().to_vec();
        tables[1].route = Some(route.into());
        let queries = Arc::new(Fake { tables, rows: vec![], away: false });
        let error = serve("127.0.0.1:0", ApiState { queries, ..base }).err().unwrap();
        assert!(error.contains("'http.route'"), "{error}");
    }
}

/// A job with these alerts: id, severity, metadata, time.
fn with_alerts(alerts: &[(&str, &str, &str, i64)]) -> ApiState {
    let field = |name: &str| Field::new(name, DataType::STRING);
    let time = Field::new("timestamp", DataType::BigInt);
    let table = TableInfo {
        name: "recent_alerts".into(),
        schema: Schema::new(vec![field("id"), field("severity"), field("metadata"), time]),
        primary_key: vec![0],
        route: None,
    };
    let row = |&(id, severity, metadata, time): &(&str, &str, &str, i64)| {
        vec![text(id), text(severity), text(metadata), Value::I64(time)]
    };
    let rows = vec![alerts.iter().map(row).collect()];
    ApiState { queries: Arc::new(Fake { tables: vec![table], rows, away: false }), ..state() }
}

#[test]
fn alerts_come_newest_first_with_their_metadata() {
    let alerts =
        [("a", "info", "{\"n\":1}", 1), ("b", "error", "no json", 3), ("c", "info", "{}", 2)];
    let server = serve("127.0.0.1:0", with_alerts(&alerts)).unwrap();
    let ids = |path: &str| {
        let (status, _, body) = get_with(&server, path, "");
        assert_eq!(status, 200, "{body}");
        let answer: Json = serde_json::from_str(&body).unwrap();
        let data = answer["data"].as_array().unwrap().clone();
        assert_eq!(answer["count"], data.len());
        data.into_iter().map(|row| (row["id"].clone(), row["metadata"].clone())).collect::<Vec<_>>()
    };
    let [a, b, c] = [("a", json!({"n": 1})), ("b", json!("no json")), ("c", json!({}))]
        .map(|(id, metadata)| (json!(id), metadata));
    assert_eq!(ids("/alerts"), [b.clone(), c.clone(), a.clone()]);
    assert_eq!(ids("/alerts?severity=info&limit=1"), [c]);
    assert_eq!(get_with(&server, "/alerts?severity=odd", "").0, 400);
    assert_eq!(get_with(&server, "/alerts?limit=101", "").0, 400);
    server.stop();
    let server = serve("127.0.0.1:0", state()).unwrap();
    assert_eq!(get_with(&server, "/alerts", "").0, 404);
    server.stop();
}
