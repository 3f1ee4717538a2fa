//! The table that is written to: its columns compared with the declared ones, and what its server
//! knows of sending an insert again.

use hyper::body::Bytes;
use serde_json::Value as Json;

use super::options::Options;
use super::row_binary::{Form, Writer};
use super::server::{Failure, Server};
use super::types::{form, wanted};
use crate::record::Field;
use crate::sql::plan::Table;

/// Settings that an insert has where the server knows them.
const SETTINGS: [(&str, &str); 3] = [
    // By default newer servers gather inserts, and heed no token then.
    ("async_insert", "0"),
    // A Distributed table answers when its shards have the rows.
    ("insert_distributed_sync", "1"),
    (TOKEN, ""),
];
const TOKEN: &str = "insert_deduplication_token";
/// Says in its header what the rows are, so that a table that is altered meanwhile refuses them.
const CHECKED_FORMAT: &str = "RowBinaryWithNamesAndTypes";

/// A column that is written.
pub struct Target {
    /// As it is declared.
    pub field: Field,
    pub form: Form,
    /// The name of ClickHouse's type.
    theirs: String,
}

/// How rows are inserted.
pub struct Insert {
    /// The statement and its settings.
    parameters: Vec<(&'static str, String)>,
    pub targets: Vec<Target>,
    /// What stands before the rows of a chunk.
    pub header: Vec<u8>,
    /// Whether a chunk that is sent again is known by its token.
    has_token: bool,
}

impl Insert {
    /// Asks for the table until there is an answer; an error where it does not fit.
    pub fn prepare(table: &Table, options: &Options, server: &mut Server) -> Result<Self, String> {
        let fault = |failure: Failure| match failure {
            Failure::Refused(reason) => format!("table '{}': {reason}", table.name),
            Failure::Stopped(reason) => reason,
        };
        let place = format!("{}.{}", identifier(&options.database), identifier(&options.table));
        let there = |name: &str| {
            let (database, table) = (literal(&options.database), literal(&options.table));
            format!("database = {database} AND {name} = {table}")
        };
        let query = format!(
            "SELECT name, type, default_kind FROM system.columns WHERE {} {JSON}",
            there("table")
        );
        let columns = rows(server, &query).map_err(fault)?;
        let targets = targets(table, &place, &columns)?;
        let names: Vec<String> = SETTINGS.iter().map(|(name, _)| literal(name)).collect();
        let query =
            format!("SELECT name FROM system.settings WHERE name IN ({}) {JSON}", names.join(", "));
        let known = rows(server, &query).map_err(fault)?;
        let knows = |setting: &str| known.iter().any(|row| row[0] == setting);
        let query = format!(
            "SELECT name FROM system.formats WHERE name = {} {JSON}",
            literal(CHECKED_FORMAT)
        );
        let checked = !rows(server, &query).map_err(fault)?.is_empty();
        let query =
            format!("SELECT engine, engine_full FROM system.tables WHERE {} {JSON}", there("name"));
        let engine = rows(server, &query).map_err(fault)?;
        let has_token = knows(TOKEN);
        warn_of_duplicates(table, &place, has_token, &engine);
        let columns: Vec<String> =
            targets.iter().map(|target| identifier(&target.field.name)).collect();
        let format = if checked { CHECKED_FORMAT } else { "RowBinary" };
        let statement = format!("INSERT INTO {place} ({}) FORMAT {format}", columns.join(", "));
        // Without waiting, an error in the midst of the answer could read as success.
        let mut parameters = vec![("query", statement), ("wait_end_of_query", "1".to_owned())];
        let set = SETTINGS.iter().filter(|(name, value)| !value.is_empty() && knows(name));
        parameters.extend(set.map(|&(name, value)| (name, value.to_owned())));
        if !has_token {
            // A replicated table would take two chunks of the same rows for one.
            parameters.push(("insert_deduplicate", "0".to_owned()));
        }
        Ok(Self {
            parameters,
            header: if checked { header(&targets) } else { Vec::new() },
            targets,
            has_token,
        })
    }

    /// What goes into the query of the URL.
    pub fn parameters(&self, token: &str) -> Vec<(&'static str, String)> {
        let token = self.has_token.then(|| (TOKEN, token.to_owned()));
        self.parameters.iter().cloned().chain(token).collect()
    }
}

/// Names and types, each a text.
fn header(targets: &[Target]) -> Vec<u8> {
    let mut header = Writer::default();
    header.length(targets.len());
    targets.iter().for_each(|target| header.text(target.field.name.as_bytes()));
    targets.iter().for_each(|target| header.text(target.theirs.as_bytes()));
    header.bytes
}

const JSON: &str = "FORMAT JSONCompact";

/// The rows of an answer, as texts.
fn rows(server: &mut Server, query: &str) -> Result<Vec<Vec<String>>, Failure> {
    let answer = server.ask(&[], Bytes::copy_from_slice(query.as_bytes()))?;
    let parsed: Option<Json> = serde_json::from_slice(&answer).ok();
    let data = parsed.as_ref().and_then(|parsed| parsed["data"].as_array()).ok_or_else(|| {
        Failure::Refused("what answers at 'url' is not ClickHouse's HTTP port".to_owned())
    })?;
    let text = |cell: &Json| cell.as_str().unwrap_or_default().to_owned();
    let row = |row: &Json| row.as_array().map(|cells| cells.iter().map(text).collect());
    Ok(data.iter().filter_map(row).collect())
}

fn targets(table: &Table, place: &str, columns: &[Vec<String>]) -> Result<Vec<Target>, String> {
    if columns.is_empty() {
        let declared = table.physical.iter().map(|&column| &table.schema.fields[column]);
        let columns: Vec<String> = declared
            .map(|field| format!("{} {}", identifier(&field.name), advised(field)[0]))
            .collect();
        return Err(format!(
            "table '{}': ClickHouse has no table {place}, or the user may not see it. To make it: \
             CREATE TABLE {place} ({}) ENGINE = MergeTree ORDER BY tuple() SETTINGS \
             non_replicated_deduplication_window = 1000",
            table.name,
            columns.join(", ")
        ));
    }
    let target = |&column: &usize| {
        let field = &table.schema.fields[column];
        let found = columns.iter().find(|row| row[0] == *field.name);
        matched(field, place, found.map(Vec::as_slice))
            .map_err(|fault| format!("table '{}', column '{}': {fault}", table.name, field.name))
    };
    table.physical.iter().map(target).collect()
}

fn matched(field: &Field, place: &str, found: Option<&[String]>) -> Result<Target, String> {
    let (ours, name) = (&field.data_type, identifier(&field.name));
    let wanted = advised(field);
    let Some([_, theirs, kind, ..]) = found else {
        return Err(format!(
            "ClickHouse's {place} has none of this name. Add it there: ALTER TABLE {place} ADD \
             COLUMN {name} {}",
            wanted[0]
        ));
    };
    if matches!(&**kind, "MATERIALIZED" | "ALIAS") {
        return Err(format!(
            "it is {kind} in ClickHouse's {place}, which computes it: leave it out here"
        ));
    }
    let Some(form) = form(ours, theirs) else {
        return Err(format!(
            "it is {ours} here and {theirs} in ClickHouse's {place}. {} there would take it: \
             ALTER TABLE {place} MODIFY COLUMN {name} {}; or declare it here as it is there",
            wanted.join(" or "),
            wanted[0]
        ));
    };
    if field.nullable && !form.takes_null() {
        return Err(format!(
            "it is {ours} here, which may be NULL, and {theirs} in ClickHouse's {place}, which may \
             not. Declare it as {ours} NOT NULL here, or there: ALTER TABLE {place} MODIFY COLUMN \
             {name} {}",
            nullable(theirs)
        ));
    }
    Ok(Target { field: field.clone(), form, theirs: theirs.clone() })
}

/// Types for a column there; there are some, as the options are checked.
fn advised(field: &Field) -> Vec<String> {
    wanted(&field.data_type, field.nullable)
}

fn nullable(theirs: &str) -> String {
    match theirs.strip_prefix("LowCardinality(").and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => format!("LowCardinality(Nullable({inner}))"),
        None => format!("Nullable({theirs})"),
    }
}

/// Says it where a chunk that is sent again may be there twice.
fn warn_of_duplicates(table: &Table, place: &str, has_token: bool, engine: &[Vec<String>]) {
    let table = &*table.name;
    if !has_token {
        tracing::warn!(
            table,
            "this ClickHouse knows no {TOKEN} (22.2 and newer do): rows whose insert was in doubt \
             are inserted twice"
        );
        return;
    }
    let keeps = engine.iter().any(|row| {
        let name = row[0].as_str();
        ["Replicated", "Shared"].iter().any(|start| name.starts_with(start))
            || row[1].contains("non_replicated_deduplication_window")
    });
    if !keeps {
        tracing::warn!(
            table,
            "ClickHouse's {place} remembers no inserts: rows whose insert was in doubt are inserted \
             twice. For a MergeTree: ALTER TABLE {place} MODIFY SETTING \
             non_replicated_deduplication_window = 1000"
        );
    }
}

fn identifier(name: &str) -> String {
    quoted(name, '`')
}

fn literal(text: &str) -> String {
    quoted(text, '\'')
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        if c == quote || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::{identifier, literal, matched, nullable};
    use crate::record::{DataType, Field};

    #[test]
    fn quotes() {
        assert_eq!(identifier("a`b\\"), "`a\\`b\\\\`");
        assert_eq!(literal("it's `x`"), "'it\\'s `x`'");
    }

    #[test]
    fn misfits_say_what_to_do() {
        let fault = |field: &Field, theirs: &str, kind: &str| {
            let found = [field.name.to_string(), theirs.to_owned(), kind.to_owned()];
            matched(field, "`d`.`t`", Some(&found)).err().unwrap_or_default()
        };
        let field = Field::new("a", DataType::BigInt);
        let strict = Field { nullable: false, ..field.clone() };
        assert_eq!(fault(&strict, "Int64", ""), "");
        assert_eq!(fault(&field, "Nullable(Int64)", "DEFAULT"), "");
        assert_eq!(
            fault(&field, "String", ""),
            "it is BIGINT here and String in ClickHouse's `d`.`t`. Nullable(Int64) there would take \
             it: ALTER TABLE `d`.`t` MODIFY COLUMN `a` Nullable(Int64); or declare it here as it is \
             there"
        );
        assert_eq!(
            fault(&field, "Int64", ""),
            "it is BIGINT here, which may be NULL, and Int64 in ClickHouse's `d`.`t`, which may not. \
             Declare it as BIGINT NOT NULL here, or there: ALTER TABLE `d`.`t` MODIFY COLUMN `a` \
             Nullable(Int64)"
        );
        assert!(fault(&strict, "Int64", "ALIAS").contains("leave it out"));
        let missing = matched(&field, "`d`.`t`", None).err().unwrap_or_default();
        assert!(missing.contains("ADD COLUMN `a` Nullable(Int64)"), "{missing}");
        assert_eq!(nullable("LowCardinality(String)"), "LowCardinality(Nullable(String))");
    }
}
