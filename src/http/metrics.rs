//! `/metrics` in both its forms, `/api/v1/metrics` and `/api/v1/latency`.

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap, HeaderValue, VARY};
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use super::answer::{Answer, Fault, Params, json_answer, text_answer};
use super::{ApiState, tables};
use crate::record::Value;
use crate::shard::query::TableInfo;
use crate::sink::redis::text::to_json;

/// Rows of a table shown unless asked otherwise, and at most.
const ROWS: usize = 1_000;
const MOST_ROWS: usize = 10_000;

pub async fn metrics(
    state: &ApiState,
    params: &Params,
    headers: &HeaderMap,
) -> Result<Answer, Fault> {
    let as_json = match params.get("format") {
        Some("json") => true,
        Some("prometheus" | "text") => false,
        Some(_) => return Err(Fault::bad("format must be json or prometheus")),
        None => wants_json(headers, state.metrics_json_default),
    };
    let mut answer = if as_json {
        tables_json(state, params).await?
    } else {
        let text = state.metrics.render() + &state.latencies.render();
        text_answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
    };
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    Ok(answer)
}

/// JSON only where `application/json` itself stands with a q above that of all else; where JSON
/// is the default, text only where a Prometheus type stands with a q above that of JSON.
fn wants_json(headers: &HeaderMap, json_default: bool) -> bool {
    let (mut json, mut text, mut other) = (0.0_f32, 0.0_f32, 0.0_f32);
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let q = q.map_or(1.0, |q| q.parse().unwrap_or(0.0));
        match name.as_str() {
            "application/json" => json = json.max(q),
            "text/plain" | "application/openmetrics-text" => text = text.max(q),
            _ => other = other.max(q),
        }
    }
    if json_default { text <= json } else { json > text.max(other) }
}

/// The largest rows of each table.
pub async fn tables_json(state: &ApiState, params: &Params) -> Result<Answer, Fault> {
    let limit = params.limit(ROWS, MOST_ROWS)?;
    let (mut data, mut truncated) = (Map::new(), false);
    for (at, table) in state.queries.tables().iter().enumerate() {
        let is_number = |&column: &usize| table.schema.fields[column].data_type.is_numeric();
        let (rows, more) = match tables::value_columns(table).find(is_number) {
            Some(column) => state.queries.largest(at, column, limit).await?,
            None => {
                let page = state.queries.page(at, None, limit).await?;
                (page.rows, page.next.is_some())
            }
        };
        truncated |= more;
        let rows: Map<String, Json> = rows.iter().map(|row| named_value(table, row)).collect();
        data.insert(table.name.to_string(), Json::Object(rows));
    }
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let mut body = json!({"status": "success", "data": data, "timestamp": now});
    if truncated {
        body["truncated"] = json!(true);
    }
    Ok(json_answer(StatusCode::OK, &body))
}

/// `user_001:click` and what is counted for it.
fn named_value(table: &TableInfo, row: &[Value]) -> (String, Json) {
    let json = |column: usize| {
        to_json(&row[column], &table.schema.fields[column].data_type, &TimeZone::UTC)
    };
    let parts: Vec<String> = table
        .primary_key
        .iter()
        .map(|&column| match json(column) {
            Json::String(text) => text,
            other => other.to_string(),
        })
        .collect();
    let columns: Vec<usize> = tables::value_columns(table).collect();
    let value = match columns[..] {
        [column] => json(column),
        _ => tables::object(table, row, columns.into_iter()),
    };
    (parts.join(":"), value)
}

pub fn latency(state: &ApiState, params: &Params) -> Result<Answer, Fault> {
    match params.get("format") {
        Some("hgrm") => {
            let stages = state.latencies.snapshot();
            let known: Vec<&str> = stages.iter().map(|stage| stage.stage.as_str()).collect();
            let fault = || Fault::bad(format!("stage must be one of: {}", known.join(", ")));
            let stage = params.get("stage").ok_or_else(fault)?;
            let text = state.latencies.hgrm(stage).ok_or_else(fault)?;
            Ok(text_answer(StatusCode::OK, "text/plain; charset=utf-8", text))
        }
        None | Some("json") => {
            let stages = state.latencies.snapshot().into_iter().map(|stage| {
                json!({
                    "stage": stage.stage, "count": stage.count, "unit": "us",
                    "p50": stage.p50, "p90": stage.p90, "p99": stage.p99,
                    "p99.9": stage.p999, "p99.99": stage.p9999, "max": stage.max,
                })
            });
            let data: Vec<Json> = stages.collect();
            Ok(json_answer(StatusCode::OK, &json!({"status": "success", "data": data})))
        }
        Some(_) => Err(Fault::bad("format must be json or hgrm")),
    }
}
