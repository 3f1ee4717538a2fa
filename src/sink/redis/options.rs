//! The options of a `redis` table, checked and bound to columns.

use super::server::Server;
use super::text::Pattern;
use crate::record::DataType;
use crate::sink::options::{columns_of, embedded_columns, option, parse_duration};
use crate::sql::plan::Table;

/// How a row becomes Redis data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `SET key value`: these columns; one alone as itself, several as a JSON object.
    String { columns: Vec<usize> },
    /// `HSET key` with a field for each of these columns.
    HashOfColumns { columns: Vec<usize> },
    /// `HSET key field value`: many rows share a hash.
    HashOfRows { field: Pattern, columns: Vec<usize> },
    /// `LPUSH key value`: the newest row first.
    List { columns: Vec<usize> },
    /// `ZADD key score member`; with a time, whose newest rows alone are kept.
    SortedSet { member: Pattern, score: usize, newest: Option<usize> },
    /// `XADD key` with a field for each of these columns.
    Stream { columns: Vec<usize> },
}

impl Shape {
    /// The command that gives the length of what many rows share; others are as they are written.
    pub fn length_command(&self) -> Option<&'static str> {
        match self {
            Self::String { .. } | Self::HashOfColumns { .. } | Self::HashOfRows { .. } => None,
            Self::List { .. } => Some("LLEN"),
            Self::SortedSet { .. } => Some("ZCARD"),
            Self::Stream { .. } => Some("XLEN"),
        }
    }
}

pub struct Options {
    pub key: Pattern,
    pub shape: Shape,
    /// Milliseconds, as text.
    pub ttl: Option<String>,
    pub max_length: Option<u32>,
    /// Columns of what tells an element of a list or stream from another; none: all are others.
    pub id: Vec<usize>,
    /// Columns that hold JSON.
    pub embed: Vec<usize>,
}

/// Options that not every data type has.
const OF_TYPES: [(&str, &[&str]); 5] = [
    ("field", &["hash"]),
    ("member", &["zset"]),
    ("score", &["zset"]),
    ("newest", &["zset"]),
    ("max-length", &["list", "zset", "stream"]),
];

/// Whether what a table is kept as can be changed, or only be added to.
pub fn takes_updates(data_type: Option<&str>) -> bool {
    !matches!(data_type, Some("list" | "stream"))
}

impl Options {
    pub fn parse(table: &Table) -> Result<(Self, Server), String> {
        let server = Server::parse(table)?;
        let data_type = option(table, "data-type").unwrap_or("string");
        for (name, types) in OF_TYPES {
            if option(table, name).is_some() && !types.contains(&data_type) {
                let types = types.join("', '");
                return Err(format!(
                    "'{name}' goes with 'data-type' = '{types}' only, and it is '{data_type}'"
                ));
            }
        }
        let key = pattern(table, "key")?.ok_or("option 'key' is missing")?;
        let shape = shape(table, data_type, &key)?;
        let max_length = option(table, "max-length").map(max_length).transpose()?;
        let id = match takes_updates(Some(data_type)) {
            true => Vec::new(),
            false => table.primary_key.clone(),
        };
        if !id.is_empty() && max_length.is_none() {
            return Err(format!(
                "a {data_type} with a PRIMARY KEY needs 'max-length': the keys of as many rows are \
                 remembered, so that none is there twice"
            ));
        }
        let ttl = option(table, "ttl").map(parse_duration).transpose();
        let ttl = ttl.map_err(|error| format!("'ttl': {error}"))?;
        let ttl = ttl.map(|ttl| ttl.as_millis().to_string());
        let embed = embed(table, &shape)?;
        Ok((Self { key, shape, ttl, max_length, id, embed }, server))
    }
}

fn pattern(table: &Table, name: &str) -> Result<Option<Pattern>, String> {
    let Some(text) = option(table, name) else { return Ok(None) };
    let fault = |error| format!("'{name}': {error}");
    let pattern = Pattern::parse(text, &table.schema).map_err(fault)?;
    let read_only = pattern.columns().find(|column| !table.physical.contains(column));
    match read_only.map(|column| &table.schema.fields[column].name) {
        Some(column) => Err(fault(format!("column '{column}' is computed, and only read"))),
        None => Ok(Some(pattern)),
    }
}

fn max_length(text: &str) -> Result<u32, String> {
    let parsed = text.trim().parse().ok().filter(|&length| length > 0);
    parsed.ok_or_else(|| format!("'max-length' = '{text}' is not a number from 1 to {}", u32::MAX))
}

fn shape(table: &Table, data_type: &str, key: &Pattern) -> Result<Shape, String> {
    let field = pattern(table, "field")?;
    let of_key: Vec<usize> = key.columns().collect();
    let others = |named: &[usize]| -> Result<Vec<usize>, String> {
        let columns = table.physical.iter().copied().filter(|column| !named.contains(column));
        match columns.collect::<Vec<_>>() {
            columns if columns.is_empty() => Err("no column is left for the value".to_owned()),
            columns => Ok(columns),
        }
    };
    Ok(match (data_type, field) {
        ("string", _) => Shape::String { columns: others(identity(table, &of_key, "")?)? },
        ("hash", None) => Shape::HashOfColumns { columns: others(identity(table, &of_key, "")?)? },
        ("hash", Some(field)) => {
            let named = [of_key, field.columns().collect()].concat();
            let columns = others(identity(table, &named, "field")?)?;
            Shape::HashOfRows { field, columns }
        }
        ("list", _) => Shape::List { columns: others(&of_key)? },
        ("stream", _) => Shape::Stream { columns: others(&of_key)? },
        ("zset", _) => sorted_set(table, of_key)?,
        (other, _) => {
            let known = "'string', 'hash', 'list', 'zset', 'stream'";
            return Err(format!("'data-type' = '{other}' is none of {known}"));
        }
    })
}

/// The columns that tell a row from others, which must be `named`, in 'key' or in `other`.
fn identity<'a>(table: &'a Table, named: &'a [usize], other: &str) -> Result<&'a [usize], String> {
    let identity = if table.primary_key.is_empty() { named } else { &table.primary_key };
    let Some(&missing) = identity.iter().find(|column| !named.contains(column)) else {
        return Ok(identity);
    };
    let name = &table.schema.fields[missing].name;
    let places = match other {
        "" => "does not stand in 'key'".to_owned(),
        other => format!("stands neither in 'key' nor in '{other}'"),
    };
    Err(format!(
        "column '{name}' of the primary key {places}: rows that differ in it would overwrite each \
         other; write e.g. '{{{name}}}' there"
    ))
}

fn sorted_set(table: &Table, of_key: Vec<usize>) -> Result<Shape, String> {
    let example = "'data-type' = 'zset' needs 'member', e.g. '{product_id}', and 'score', the name \
                   of a column";
    let member = pattern(table, "member")?.ok_or(example)?;
    let score = column(table, "score", "a number or a time", |data_type| {
        data_type.is_numeric() || data_type.is_timestamp()
    });
    let score = score?.ok_or(example)?;
    let newest = column(table, "newest", "a time", |data_type| {
        data_type.is_timestamp() || *data_type == DataType::Date
    })?;
    let mut named = [of_key, member.columns().collect()].concat();
    identity(table, &named, "member")?;
    named.push(score);
    named.extend(newest);
    match table.physical.iter().find(|column| !named.contains(column)) {
        Some(&column) => Err(format!(
            "column '{}' would be lost: a sorted set has members and their scores alone; name it in \
             'member', or leave it out",
            table.schema.fields[column].name
        )),
        None => Ok(Shape::SortedSet { member, score, newest }),
    }
}

/// The one column that an option names.
fn column(
    table: &Table,
    name: &str,
    what: &str,
    fits: impl Fn(&DataType) -> bool,
) -> Result<Option<usize>, String> {
    let Some(text) = option(table, name) else { return Ok(None) };
    let columns = columns_of(&table.schema.fields, name, text)?;
    let [column] = columns[..] else {
        return Err(format!("'{name}' = '{text}': the name of one column"));
    };
    let field = &table.schema.fields[column];
    if !table.physical.contains(&column) {
        return Err(format!("'{name}': column '{text}' is computed, and only read"));
    }
    match fits(&field.data_type) {
        true => Ok(Some(column)),
        false => Err(format!("'{name}': column '{text}' is {}, not {what}", field.data_type)),
    }
}

fn embed(table: &Table, shape: &Shape) -> Result<Vec<usize>, String> {
    let embed = embedded_columns(table, &table.schema.fields)?;
    let columns: &[usize] = match shape {
        Shape::String { columns } | Shape::List { columns } => columns,
        Shape::HashOfRows { columns, .. } => columns,
        Shape::HashOfColumns { .. } | Shape::SortedSet { .. } | Shape::Stream { .. } => &[],
    };
    match columns.len() > 1 || embed.is_empty() {
        true => Ok(embed),
        false => {
            Err("'json.embed' is of values that are JSON objects, as those of several columns \
                      in a string, a list or under a 'field' are"
                .to_owned())
        }
    }
}
