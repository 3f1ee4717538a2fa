//! The options of a `redis` table, checked and bound to columns.

use std::time::Duration;

use crate::error::nearest;
use crate::sink::options::{option, parse_duration};
use crate::sql::plan::Table;

use super::text::Pattern;

const KNOWN: [&str; 6] = ["url", "data-type", "key", "field", "ttl", "sink.publish"];
const LATER: [&str; 2] = ["tls", "max-length"];

/// How a row becomes Redis data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `SET key value`: these columns; one alone as itself, several as a JSON object.
    String { columns: Vec<usize> },
    /// `HSET key` with a field for each of these columns.
    HashOfColumns { columns: Vec<usize> },
    /// `HSET key field value`: many rows share a hash.
    HashOfRows { field: Pattern, columns: Vec<usize> },
}

pub struct Options {
    pub client: redis::Client,
    /// Host and port, for messages: the URL may hold a password.
    pub address: String,
    pub key: Pattern,
    pub shape: Shape,
    pub ttl: Option<Duration>,
}

impl Options {
    pub fn parse(table: &Table) -> Result<Self, String> {
        let fault = |text: String| format!("table '{}': {text}", table.name);
        check_names(table).map_err(fault)?;
        let url =
            option(table, "url").ok_or_else(|| fault("option 'url' is missing".to_owned()))?;
        let (client, address) = open_client(url).map_err(fault)?;
        let key =
            option(table, "key").ok_or_else(|| fault("option 'key' is missing".to_owned()))?;
        let key = Pattern::parse(key, &table.schema).map_err(|e| fault(format!("'key': {e}")))?;
        let shape = shape(table, &key).map_err(fault)?;
        let ttl = option(table, "ttl").map(parse_duration).transpose();
        let ttl = ttl.map_err(|error| fault(format!("'ttl': {error}")))?;
        Ok(Self { client, address, key, shape, ttl })
    }
}

fn check_names(table: &Table) -> Result<(), String> {
    for name in table.options.keys() {
        if LATER.contains(&&**name) {
            return Err(format!("option '{name}' is not supported yet"));
        }
        if !KNOWN.contains(&&**name) {
            let hint = nearest(name, KNOWN).map(|near| format!(", did you mean '{near}'?"));
            return Err(format!("unknown option '{name}'{}", hint.unwrap_or_default()));
        }
    }
    match option(table, "sink.publish") {
        None | Some("early" | "committed") => Ok(()),
        Some(other) => {
            Err(format!("'sink.publish' = '{other}': one of committed (the default), early"))
        }
    }
}

/// The text of an error of the client library is left out: it may quote the URL.
fn open_client(url: &str) -> Result<(redis::Client, String), String> {
    if url.starts_with("rediss:") {
        return Err("'url': TLS (rediss://) is not supported yet".to_owned());
    }
    let client = redis::Client::open(url).map_err(|_| {
        "'url' is not of the form redis://[user:password@]host[:port][/database]".to_owned()
    })?;
    let address = client.get_connection_info().addr().to_string();
    Ok((client, address))
}

fn shape(table: &Table, key: &Pattern) -> Result<Shape, String> {
    let field = option(table, "field")
        .map(|text| Pattern::parse(text, &table.schema))
        .transpose()
        .map_err(|error| format!("'field': {error}"))?;
    let named: Vec<usize> = key.columns().chain(field.iter().flat_map(Pattern::columns)).collect();
    let identity = if table.primary_key.is_empty() { &named } else { &table.primary_key };
    if let Some(&missing) = identity.iter().find(|column| !named.contains(column)) {
        let name = &table.schema.fields[missing].name;
        return Err(format!(
            "column '{name}' of the primary key stands neither in 'key' nor in 'field': rows \
             that differ in it would overwrite each other; write e.g. '{{{name}}}' there"
        ));
    }
    let columns: Vec<usize> =
        table.physical.iter().copied().filter(|column| !identity.contains(column)).collect();
    if columns.is_empty() {
        return Err("no column is left for the value".to_owned());
    }
    match (option(table, "data-type").unwrap_or("string"), field) {
        ("string", None) => Ok(Shape::String { columns }),
        ("string", Some(_)) => Err("'field' goes with 'data-type' = 'hash' only".to_owned()),
        ("hash", None) => Ok(Shape::HashOfColumns { columns }),
        ("hash", Some(field)) => Ok(Shape::HashOfRows { field, columns }),
        (other @ ("list" | "zset" | "stream"), _) => {
            Err(format!("'data-type' = '{other}' is not supported yet; 'string' and 'hash' are"))
        }
        (other, _) => Err(format!("'data-type' = '{other}' is none of 'string', 'hash'")),
    }
}
