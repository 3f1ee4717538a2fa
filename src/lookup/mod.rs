//! Lookups: rows of other systems by their keys, asked for on threads beside the workers.

pub mod filesystem;
pub mod memory;
mod port;
pub mod redis;

use std::sync::Arc;

use jiff::tz::TimeZone;

pub use self::port::{Answer, Counts, Port, Request, Response, Served, serve};
use crate::metrics::Metrics;
use crate::record::Batch;
use crate::sink::SinkContext;
use crate::sink::options::{option, parse_duration};
use crate::sql::plan::Table;

/// Where rows are looked up. It lives on a thread that serves one worker, or all of them, and may
/// block.
///
/// Contract: errors that pass (the store is away) are retried inside, with back-off, until they
/// are over or [`SinkContext::stopping`]; meanwhile the reason stands in
/// [`SinkContext::set_problem`], and the rows that wait hold the stream back. An `Err` ends the
/// job. What is wrong with one key alone is that key's answer.
pub trait Store: Send {
    /// For each request, an answer for each of its rows that count, in their order. Their columns
    /// are those of [`OpenLookup::keys`]; none is NULL.
    fn ask(&mut self, requests: &[Batch]) -> Result<Vec<Vec<Answer>>, String>;
}

/// What opening a store needs to know.
pub struct OpenLookup {
    pub table: Arc<Table>,
    /// The table's columns that rows are found by.
    pub keys: Vec<usize>,
    /// Those that are wanted of the rows found.
    pub columns: Vec<usize>,
    pub zone: TimeZone,
    pub context: SinkContext,
    pub metrics: Metrics,
}

/// How many stores a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stores {
    /// Each worker asks over a connection of its own.
    EachWorker,
    /// What is held in memory is there once.
    One,
}

pub fn stores(table: &Table) -> Stores {
    match &*table.connector {
        "filesystem" => Stores::One,
        _ => Stores::EachWorker,
    }
}

/// The columns that a lookup has to compare, whatever else it does, in the order in which the
/// store wants them; none: any will do.
pub fn required(table: &Table) -> Result<Vec<usize>, String> {
    match &*table.connector {
        "redis" => redis::required(table),
        "filesystem" => filesystem::check(table).map(|()| Vec::new()),
        other => Err(format!("rows of connector '{other}' cannot be looked up")),
    }
}

/// What a worker remembers of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CacheOptions {
    /// Keys; the least used go first.
    pub max_rows: Option<usize>,
    /// Age at which an answer is asked for again.
    pub expire_ms: Option<i64>,
    /// Also that there is no row.
    pub missing: bool,
}

const CACHE: &str = "lookup.cache";
const MAX_ROWS: &str = "lookup.partial-cache.max-rows";
const EXPIRE: &str = "lookup.partial-cache.expire-after-write";
const MISSING: &str = "lookup.partial-cache.cache-missing-key";

/// The cache that a table's options ask for.
pub fn cache(table: &Table) -> Result<Option<CacheOptions>, String> {
    let held = &*table.connector == "filesystem";
    let partial = match option(table, CACHE) {
        Some("FULL") if !held => {
            return Err(format!(
                "'{CACHE}' = 'FULL' is of files, which are held in memory whole: write 'PARTIAL'"
            ));
        }
        Some(kind) if held && kind != "FULL" => {
            return Err(format!(
                "'{CACHE}' = '{kind}': a file is held in memory whole, write 'FULL'"
            ));
        }
        kind => kind == Some("PARTIAL"),
    };
    if !partial {
        let odd =
            [MAX_ROWS, EXPIRE, MISSING].into_iter().find(|name| option(table, name).is_some());
        return match odd {
            Some(name) => Err(format!("'{name}' needs '{CACHE}' = 'PARTIAL'")),
            None => Ok(None),
        };
    }
    let max_rows = option(table, MAX_ROWS).map(|text| {
        let number = text.trim().parse::<usize>().ok().filter(|&rows| rows > 0);
        number.ok_or_else(|| format!("'{MAX_ROWS}' = '{text}' is not a number above 0"))
    });
    let expire = option(table, EXPIRE).map(|text| {
        let duration = parse_duration(text).map_err(|error| format!("'{EXPIRE}': {error}"));
        duration.map(|duration| duration.as_millis() as i64)
    });
    let (max_rows, expire_ms) = (max_rows.transpose()?, expire.transpose()?);
    if max_rows.is_none() && expire_ms.is_none() {
        return Err(format!(
            "'{CACHE}' = 'PARTIAL' without a bound would grow with every key: add '{MAX_ROWS}' = \
             '10000', '{EXPIRE}' = '10 min', or both"
        ));
    }
    let missing = option(table, MISSING).is_none_or(|text| text.eq_ignore_ascii_case("true"));
    Ok(Some(CacheOptions { max_rows, expire_ms, missing }))
}
