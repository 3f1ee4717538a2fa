//! Queryable tables: the list, pages, rows, and routes of their own.
//!
//! On a table's own `http.route` a timestamp in the key means its minute and is shown as
//! `yyyy-MM-ddTHH:mm`, and a row that isn't there is shown with zeros; under `/api/v1/tables`
//! timestamps are taken to the millisecond and a row that isn't there is a 404.

use hyper::StatusCode;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Fault, Params, json_answer};
use super::{ApiState, path};
use crate::record::Value;
use crate::shard::query::TableInfo;
use crate::sink::redis::text::to_json;

const ROWS: usize = 100;
const MOST_ROWS: usize = 1_000;

/// Columns that are not part of the key.
pub fn value_columns(table: &TableInfo) -> impl Iterator<Item = usize> {
    (0..table.schema.len()).filter(|column| !table.primary_key.contains(column))
}

/// Columns of a row by their names.
pub fn object(table: &TableInfo, row: &[Value], columns: impl Iterator<Item = usize>) -> Json {
    let field = |column: usize| {
        let field = &table.schema.fields[column];
        (field.name.to_string(), to_json(&row[column], &field.data_type, &TimeZone::UTC))
    };
    Json::Object(columns.map(field).collect())
}

fn whole_row(table: &TableInfo, row: &[Value]) -> Json {
    object(table, row, 0..table.schema.len())
}

pub fn list(state: &ApiState) -> Answer {
    let table = |table: &TableInfo| {
        let fields = &table.schema.fields;
        let columns: Vec<Json> = fields
            .iter()
            .map(|field| json!({"name": &*field.name, "type": field.data_type.to_string()}))
            .collect();
        let key: Vec<&str> = table.primary_key.iter().map(|&at| &*fields[at].name).collect();
        let route = table.route.as_deref();
        json!({"name": &*table.name, "columns": columns, "primary_key": key, "route": route})
    };
    let data: Vec<Json> = state.queries.tables().iter().map(table).collect();
    json_answer(StatusCode::OK, &json!({"status": "success", "data": data}))
}

/// `/api/v1/tables/{name}` and `/api/v1/tables/{name}/{key…}`; `segments` are decoded.
pub async fn read(state: &ApiState, segments: &[String], params: &Params) -> Result<Answer, Fault> {
    let (name, key) = (&segments[0], &segments[1..]);
    let tables = state.queries.tables();
    let at = tables.iter().position(|table| *table.name == **name);
    let at = at.ok_or_else(|| Fault::not_found(format!("no queryable table '{name}'")))?;
    let table = &tables[at];
    if key.is_empty() {
        let after = params.get("after").map(path::cursor).transpose()?;
        let page = state.queries.page(at, after, params.limit(ROWS, MOST_ROWS)?).await?;
        let rows: Vec<Json> = page.rows.iter().map(|row| whole_row(table, row)).collect();
        let next = page.next.as_ref().map(path::cursor_text);
        let body = json!({"status": "success", "data": rows, "next": next});
        return Ok(json_answer(StatusCode::OK, &body));
    }
    let names: Vec<&str> =
        table.primary_key.iter().map(|&column| &*table.schema.fields[column].name).collect();
    if key.len() != names.len() {
        let (wanted, given) = (names.join("/"), key.len());
        return Err(Fault::bad(format!(
            "the key of '{name}' is {wanted}; {given} parts are given"
        )));
    }
    let values = names.iter().zip(key).zip(&table.primary_key).map(|((name, part), &column)| {
        path::key_value(part, name, &table.schema.fields[column].data_type, false)
    });
    let row = state.queries.get(at, values.collect::<Result<_, _>>()?).await?;
    let row = row.ok_or_else(|| Fault::not_found(format!("no row of this key in '{name}'")))?;
    let body = json!({"status": "success", "data": whole_row(table, &row)});
    Ok(json_answer(StatusCode::OK, &body))
}

/// A table's `http.route`.
pub struct Route {
    pub table: usize,
    segments: Vec<Segment>,
}

enum Segment {
    Literal(String),
    /// Place in the primary key.
    Key(usize),
}

impl Route {
    /// The route of a table, if it has one; every key column must stand in it once.
    pub fn parse(at: usize, table: &TableInfo) -> Result<Option<Self>, String> {
        let Some(route) = &table.route else { return Ok(None) };
        let fault = |what: &str| format!("table '{}': 'http.route' = '{route}' {what}", table.name);
        let path = route.strip_prefix('/').ok_or_else(|| fault("must begin with /"))?;
        let mut segments = Vec::new();
        let mut seen = vec![false; table.primary_key.len()];
        for part in path.split('/') {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let Some(name) = name else {
                if part.is_empty() || part.contains(['{', '}', '%', '?']) {
                    return Err(fault("must be made of plain words and {columns}"));
                }
                segments.push(Segment::Literal(part.to_owned()));
                continue;
            };
            let column = table.schema.index_of(name);
            let key = table.primary_key.iter().position(|&key| Some(key) == column);
            let key = key.filter(|&key| !std::mem::replace(&mut seen[key], true));
            let wrong =
                || fault(&format!("names '{name}', which is no key column or stands twice"));
            segments.push(Segment::Key(key.ok_or_else(wrong)?));
        }
        if !matches!(segments[0], Segment::Literal(_)) || seen.contains(&false) {
            return Err(fault("must begin with a word and name every column of the key"));
        }
        let reserved = ["api", "metrics", "alerts", "ping", "ready", "version"];
        match &segments[0] {
            Segment::Literal(first) if reserved.contains(&first.as_str()) => {
                Err(fault("would hide a route of the platform's own"))
            }
            _ => Ok(Some(Self { table: at, segments })),
        }
    }

    /// The parts of the key, in its order, where the path is of this form.
    pub fn matches(&self, path: &[String]) -> Option<Vec<String>> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut key = vec![String::new(); path.len()];
        for (segment, part) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Literal(_) => return None,
                Segment::Key(at) => key[*at].clone_from(part),
            }
        }
        Some(key)
    }
}

/// The row of a route, with zeros where there is none.
pub async fn by_route(state: &ApiState, at: usize, key: &[String]) -> Result<Answer, Fault> {
    let table = &state.queries.tables()[at];
    let mut values = Vec::with_capacity(table.primary_key.len());
    for (&column, part) in table.primary_key.iter().zip(key) {
        let field = &table.schema.fields[column];
        values.push(path::key_value(part, &field.name, &field.data_type, true)?);
    }
    let row = match state.queries.get(at, values.clone()).await? {
        Some(row) => row,
        None => {
            let fields = &table.schema.fields;
            let mut row: Vec<Value> = fields
                .iter()
                .map(|field| match &field.data_type {
                    data_type if data_type.is_integer() => Value::I64(0),
                    data_type if data_type.is_approximate() => Value::F64(0.0),
                    data_type if data_type.is_decimal() => Value::decimal(0),
                    _ => Value::Null,
                })
                .collect();
            for (&column, value) in table.primary_key.iter().zip(values) {
                row[column] = value;
            }
            row
        }
    };
    Ok(json_answer(StatusCode::OK, &whole_row(table, &row)))
}
