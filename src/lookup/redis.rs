//! Rows in Redis: strings and hashes by the key that the table's pattern makes of the columns
//! that are compared.
//!
//! Values are read through the JSON decoder, whatever they are kept as: a value that is a JSON
//! object as it is, a text or the fields of a hash as an object of texts. So the rules for what
//! does not fit are those of the format.

use std::sync::Arc;

use jiff::tz::TimeZone;
use openssl::base64::encode_block;
use redis::{ConnectionLike, Value};

use super::{Answer, OpenLookup, Store};
use crate::record::json::{JsonDecoder, JsonField, JsonOptions};
use crate::record::{Batch, DataType, RawBlock, RawRecord, row};
use crate::sink::options::option;
use crate::sink::redis::connection::{Connection, Failure};
use crate::sink::redis::options::{Options, Shape};
use crate::sink::redis::text::{Pattern, Rows};
use crate::sql::plan::Table;

/// Keys of one MGET: it keeps the server busy for some 100 µs.
const MGET_KEYS: usize = 512;

/// The columns that make the key.
pub fn required(table: &Table) -> Result<Vec<usize>, String> {
    let (options, _) = Options::parse(table)?;
    let mut columns: Vec<usize> = options.key.columns().collect();
    match &options.shape {
        Shape::HashOfRows { field, .. } => columns.extend(field.columns()),
        Shape::String { .. } | Shape::HashOfColumns { .. } => {}
        Shape::List { .. } | Shape::SortedSet { .. } | Shape::Stream { .. } => {
            let data_type = option(table, "data-type").unwrap_or_default();
            return Err(format!(
                "a lookup reads 'data-type' = 'string' or 'hash', and this is '{data_type}'"
            ));
        }
    }
    columns.sort_unstable();
    columns.dedup();
    match columns.is_empty() {
        true => Err("'key' names no column that a row could be found by".to_owned()),
        false => Ok(columns),
    }
}

pub fn open(request: OpenLookup) -> Result<Box<dyn Store>, String> {
    let OpenLookup { table, keys, columns, zone, context, .. } = request;
    let parsed = Options::parse(&table);
    let (options, server) = parsed.map_err(|error| format!("table '{}': {error}", table.name))?;
    let mut position = vec![None; table.schema.len()];
    keys.iter().enumerate().for_each(|(at, &column)| position[column] = Some(at));
    let mut fields = Vec::new();
    let places = columns.iter().map(|&column| match position[column] {
        Some(key) => Place::Key(key),
        None => {
            fields.push(column);
            Place::Value(fields.len() - 1)
        }
    });
    let places = places.collect();
    let field = |&column: &usize| {
        let field = &table.schema.fields[column];
        let (path, data_type) = (vec![field.name.clone()], field.data_type.clone());
        JsonField { path, data_type, nullable: field.nullable }
    };
    let decoder = JsonDecoder::new(fields.iter().map(field).collect(), json(&table));
    let connection = Connection::new(server, context);
    Ok(Box::new(RedisStore { table, options, position, places, decoder, zone, connection }))
}

fn json(table: &Table) -> JsonOptions {
    let is_set = |name| option(table, name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    JsonOptions {
        // As the sink writes them.
        iso8601: option(table, "json.timestamp-format.standard") != Some("SQL"),
        ignore_parse_errors: is_set("json.ignore-parse-errors"),
        fail_on_missing_field: is_set("json.fail-on-missing-field"),
    }
}

/// Where a column that is wanted comes from.
enum Place {
    /// A column of the request.
    Key(usize),
    /// A column that is decoded.
    Value(usize),
}

struct RedisStore {
    table: Arc<Table>,
    options: Options,
    /// Request column by table column.
    position: Vec<Option<usize>>,
    places: Vec<Place>,
    decoder: JsonDecoder,
    zone: TimeZone,
    connection: Connection,
}

/// What Redis has of a key.
enum Found {
    Nothing,
    /// It is in the block that is to be decoded.
    Value,
    Bad(Arc<str>),
}

impl Store for RedisStore {
    fn ask(&mut self, requests: &[Batch]) -> Result<Vec<Vec<Answer>>, String> {
        let keys = requests.iter().flat_map(|keys| keys.row_ids().map(move |row| (keys, row)));
        let keys: Vec<(&Batch, usize)> = keys.collect();
        let values = self.fetch(&keys)?;
        let (block, found) = self.collected(values);
        let mut answers = self.decoded(&keys, block, found).into_iter();
        let each = requests.iter().map(|keys| answers.by_ref().take(keys.len()).collect());
        Ok(each.collect())
    }
}

impl RedisStore {
    /// What Redis says of each key: a value, or the fields of a hash.
    fn fetch(&mut self, keys: &[(&Batch, usize)]) -> Result<Vec<Value>, String> {
        let text = |pattern: &Pattern, &(batch, row): &(&Batch, usize)| {
            let (position, zone) = (&*self.position, &self.zone);
            let rows = Rows { batch, schema: &self.table.schema, position, zone };
            let mut text = Vec::new();
            // The operator asks for no key that is NULL.
            let _ = pattern.write(&rows, row, &mut text);
            text
        };
        let mut pipeline = redis::Pipeline::new();
        let mut commands = 0;
        let mget = matches!(self.options.shape, Shape::String { .. });
        for part in keys.chunks(if mget { MGET_KEYS } else { 1 }) {
            let key = |of| text(&self.options.key, of);
            match &self.options.shape {
                Shape::HashOfRows { field, .. } => {
                    pipeline.cmd("HGET").arg(key(&part[0])).arg(text(field, &part[0]));
                }
                Shape::HashOfColumns { columns } => {
                    let command = pipeline.cmd("HMGET").arg(key(&part[0]));
                    for &column in columns {
                        command.arg(self.table.schema.fields[column].name.as_bytes());
                    }
                }
                _ => {
                    let command = pipeline.cmd("MGET");
                    for of in part {
                        command.arg(key(of));
                    }
                }
            }
            commands += 1;
        }
        if commands == 0 {
            return Ok(Vec::new());
        }
        let packed = pipeline.get_packed_pipeline();
        let answers = self.connection.until_taken(|wire| {
            let answers = wire.req_packed_commands(&packed, 0, commands)?;
            // A key of another type is that key's affair.
            let refused = answers.iter().find_map(|answer| match answer {
                Value::ServerError(error) if error.code() != "WRONGTYPE" => Some(error.clone()),
                _ => None,
            });
            refused.map_or(Ok(answers), |error| Err(error.into()))
        });
        let answers = answers.map_err(|failure| match failure {
            Failure::Stopped(reason) => reason,
            Failure::Refused(error) => format!(
                "Redis at {} refuses lookups by '{}': {error}",
                self.connection.address, self.options.key.source
            ),
        })?;
        if !mget {
            return Ok(answers);
        }
        let values = answers.into_iter().flat_map(|answer| match answer {
            Value::Array(values) => values,
            other => vec![other],
        });
        Ok(values.collect())
    }

    /// The values as a block of JSON objects, and what was found of each key.
    fn collected(&self, values: Vec<Value>) -> (RawBlock, Vec<Found>) {
        let (mut block, mut object) = (RawBlock::default(), Vec::new());
        let mut found = Vec::with_capacity(values.len());
        for value in values {
            object.clear();
            let is = self.object(value, &mut object);
            if matches!(is, Found::Value) {
                block.push(Some(&object), None, RawRecord::default());
            }
            found.push(is);
        }
        block.pad();
        (block, found)
    }

    fn object(&self, value: Value, out: &mut Vec<u8>) -> Found {
        match (&self.options.shape, value) {
            (_, Value::ServerError(error)) => Found::Bad(
                format!("{} {}", error.code(), error.details().unwrap_or_default()).into(),
            ),
            (_, Value::Nil) => Found::Nothing,
            (Shape::HashOfColumns { columns }, Value::Array(values)) => {
                let texts =
                    columns.iter().zip(&values).filter_map(|(&column, value)| match value {
                        Value::BulkString(text) => Some((column, &**text)),
                        _ => None,
                    });
                let texts: Vec<_> = texts.collect();
                if texts.is_empty() {
                    // A row without a field is none, as it is to the sink.
                    return Found::Nothing;
                }
                self.put_object(&texts, out);
                Found::Value
            }
            (
                Shape::String { columns } | Shape::HashOfRows { columns, .. },
                Value::BulkString(text),
            ) => {
                match columns[..] {
                    [column] => self.put_object(&[(column, &*text)], out),
                    _ => out.extend_from_slice(&text),
                }
                Found::Value
            }
            _ => Found::Bad("Redis answers with something else than a text".into()),
        }
    }

    /// An object of columns whose values are texts.
    fn put_object(&self, texts: &[(usize, &[u8])], out: &mut Vec<u8>) {
        for (at, &(column, text)) in texts.iter().enumerate() {
            let field = &self.table.schema.fields[column];
            out.push(if at == 0 { b'{' } else { b',' });
            put_text(field.name.as_bytes(), out);
            out.push(b':');
            match &field.data_type {
                of if of.is_nested() => out.extend_from_slice(text),
                DataType::Bytes { .. } => put_text(encode_block(text).as_bytes(), out),
                _ => put_text(text, out),
            }
        }
        out.push(b'}');
    }

    fn bad(&self, reason: &str) -> Answer {
        Answer::Bad(format!("lookup in `{}`: {reason}", self.table.name).into())
    }

    fn decoded(
        &mut self,
        keys: &[(&Batch, usize)],
        block: RawBlock,
        found: Vec<Found>,
    ) -> Vec<Answer> {
        let decoded = self.decoder.decode(block);
        let mut next = 0..;
        let answer = |(&(batch, at), found): (&(&Batch, usize), Found)| {
            let value = match found {
                Found::Nothing => return Answer::none(),
                Found::Bad(reason) => return self.bad(&reason),
                Found::Value => next.next().unwrap_or_default(),
            };
            if let Ok(bad) = decoded.rejected.binary_search_by_key(&value, |(row, _)| *row) {
                return self.bad(&decoded.rejected[bad].1);
            }
            if decoded.skipped.binary_search(&value).is_ok() {
                return Answer::none();
            }
            let mut bytes = Vec::new();
            for place in &self.places {
                match place {
                    Place::Key(column) => {
                        row::encode(&batch.columns[*column..=*column], at, &mut bytes);
                    }
                    Place::Value(column) => {
                        row::encode(&decoded.columns[*column..=*column], value as usize, &mut bytes)
                    }
                }
            }
            Answer::one(bytes)
        };
        keys.iter().zip(found).map(answer).collect()
    }
}

/// A text in quotes; bytes that are no UTF-8 stay as they are, which the decoder refuses.
fn put_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
