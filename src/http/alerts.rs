//! `/alerts`: the newest rows of the job's queryable table `recent_alerts`.

use hyper::StatusCode;
use serde_json::{Value as Json, json};

use super::ApiState;
use super::answer::{Answer, Fault, Params, json_answer};
use super::tables;

const TABLE: &str = "recent_alerts";
const ALERTS: usize = 10;
const MOST_ALERTS: usize = 100;
const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];

/// Newest first; `?limit=`, `?severity=`.
pub async fn newest(state: &ApiState, params: &Params) -> Result<Answer, Fault> {
    let limit = params.limit(ALERTS, MOST_ALERTS)?;
    let severity = params.get("severity");
    if severity.is_some_and(|wanted| !SEVERITIES.contains(&wanted)) {
        return Err(Fault::bad(format!("severity is one of {}", SEVERITIES.join(", "))));
    }
    let found = state.queries.tables().iter().position(|table| &*table.name == TABLE);
    let at = found.ok_or_else(|| {
        Fault::not_found(format!("this job keeps no alerts: it has no queryable table {TABLE}"))
    })?;
    let table = &state.queries.tables()[at];
    let time = table.schema.index_of("timestamp").ok_or_else(|| {
        Fault::not_found(format!("table {TABLE} has no column timestamp to order alerts by"))
    })?;
    let (rows, _) = state.queries.largest(at, time, MOST_ALERTS).await?;
    let alerts = rows.iter().map(|row| alert(tables::object(table, row, 0..table.schema.len())));
    let wanted = alerts.filter(|alert| severity.is_none_or(|wanted| alert["severity"] == wanted));
    let data: Vec<Json> = wanted.take(limit).collect();
    let count = data.len();
    Ok(json_answer(StatusCode::OK, &json!({"status": "success", "data": data, "count": count})))
}

/// Metadata is kept as text; where it is JSON it is shown as such.
fn alert(mut row: Json) -> Json {
    let metadata = row["metadata"].as_str().and_then(|text| serde_json::from_str(text).ok());
    if let Some(metadata) = metadata {
        row["metadata"] = metadata;
    }
    row
}
