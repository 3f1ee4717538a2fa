//! `pelton infer`: from a sample of JSON records to the CREATE TABLE that reads them.

mod columns;
mod keys;
mod names;
mod sample;
mod seen;
mod table;
mod times;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::columns::{Reading, columns, is_iso8601, is_nameable};
use self::names::table_name;
use self::sample::{Sample, members};
use self::seen::Seen;
use self::table::Table;
use super::{check, parse};
use crate::record::format::Side;
use crate::record::{RawBlock, RawRecord};
use crate::source::format::decoder;
use crate::sql;
use crate::sql::plan::ScanField;

const HELP: &str = "\
What it prints is a job that shows the records, to go on from:

  $ pelton infer events.jsonl > job.sql
  $ pelton run job.sql
  $ pelton infer --kafka 127.0.0.1:9092 --topic user_events > job.sql

Types: whole numbers are BIGINT, others DOUBLE, or DECIMAL where that would lose digits; texts are
TIMESTAMP(3), TIMESTAMP_LTZ(3) or DATE where all of them are written so; objects are ROW, or MAP
where their names differ from record to record; what is of several kinds is STRING. Numbers that
are times since 1970, by their size and the column's name, get a computed column. Comments say
what is missing, and how often. The records of the sample are read with the table before it is
printed: all that are objects fit.

A sample is no promise: look it over, above all at the WATERMARK, and add NOT NULL where you want
records without a value in the dead letters.";

#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct InferArgs {
    /// A file of JSON lines
    #[arg(required_unless_present = "kafka", conflicts_with_all = ["kafka", "topic"])]
    file: Option<PathBuf>,
    /// A broker, instead of a file
    #[arg(long, value_name = "HOST:PORT", requires = "topic")]
    kafka: Option<String>,
    #[arg(long, requires = "kafka")]
    topic: Option<String>,
    /// Settings of the Kafka client, such as security.protocol=SASL_SSL
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = parse::setting)]
    properties: Vec<(String, String)>,
    /// How many records are looked at: the first of a file, the newest of a topic
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..))]
    sample: u32,
    /// The table's name; otherwise that of the file or topic
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

pub fn run(args: &InferArgs) -> Result<(), String> {
    let (sample, origin) = read(args)?;
    print!("{}", infer(&sample, origin)?);
    Ok(())
}

/// Where the sample is from.
struct Origin {
    /// For people.
    told: String,
    table: String,
    options: Vec<(String, String)>,
}

fn read(args: &InferArgs) -> Result<(Sample, Origin), String> {
    let records = args.sample as usize;
    let own = |name: &str| args.table.clone().unwrap_or_else(|| table_name(name));
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    if let (Some(kafka), Some(topic)) = (&args.kafka, &args.topic) {
        let mut given = vec![option("properties.bootstrap.servers", kafka)];
        for (name, value) in &args.properties {
            given.push(option(&format!("properties.{name}"), value));
        }
        let arcs = given.iter().map(|(name, value)| (Arc::from(&**name), Arc::from(&**value)));
        let sample = Sample::of_topic(&arcs.collect(), topic, records)?;
        let mut options = vec![option("connector", "kafka"), option("topic", topic)];
        options.extend(given.into_iter().map(without_secret));
        options.push(option("properties.group.id", &format!("pelton-{topic}")));
        options.push(option("scan.startup.mode", "earliest-offset"));
        let origin = Origin { told: format!("topic {topic}"), table: own(topic), options };
        return Ok((sample, origin));
    }
    let Some(path) = &args.file else { return Err("name a file, or --kafka and --topic".into()) };
    let sample = Sample::of_file(path, records)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let shown = path.display().to_string();
    let options = vec![option("connector", "filesystem"), option("path", &shown)];
    Ok((sample, Origin { told: shown, table: own(&name), options }))
}

/// A secret is not printed: the job takes it from the environment.
fn without_secret((name, value): (String, String)) -> (String, String) {
    let secret = ["password", "secret", "jaas", "key.pem"].iter().any(|word| name.contains(word));
    if !secret {
        return (name, value);
    }
    let variable = name.trim_start_matches("properties.").replace(['.', '-'], "_");
    let variable = variable.to_ascii_uppercase();
    (name, format!("${{{variable}:?set it in the environment}}"))
}

/// The text of a job that shows the sample's records, each of which its table takes.
fn infer(sample: &Sample, origin: Origin) -> Result<String, String> {
    let mut seen = Seen::default();
    for raw in &sample.records {
        if members(&raw.value).is_some() {
            // An object is JSON, and so UTF-8.
            seen.add(std::str::from_utf8(&raw.value).unwrap_or_default().trim_start());
        }
    }
    let (objects, all) = (seen.objects, sample.records.len() as u64);
    if objects == 0 {
        return Err(match all {
            0 => format!("{}: there are no records to look at", origin.told),
            _ => format!("{}: none of {all} records is a JSON object", origin.told),
        });
    }
    let mut reading = Reading { iso8601: is_iso8601(&seen), ..Reading::default() };
    loop {
        let table = table(&seen, sample, &reading, &origin);
        let text = table.text();
        match misfit(&text, sample)? {
            // A column that is a text already takes everything.
            Some(column) if reading.texts.insert(column.clone()) => {}
            Some(column) => return Err(format!("the values of `{column}` cannot be read")),
            None => {
                let name = names::quoted(&table.name);
                return Ok(format!(
                    "{text}\n-- Shows what is read. A job has INSERT INTO here.\nSELECT * FROM {name};\n"
                ));
            }
        }
    }
}

fn table(seen: &Seen, sample: &Sample, reading: &Reading, origin: &Origin) -> Table {
    let columns = columns(seen, reading);
    let (objects, all) = (seen.objects, sample.records.len() as u64);
    let mut remarks = vec![format!("From {objects} record(s) of {}.", origin.told)];
    if objects < all {
        remarks.push(format!(
            "{} more are no JSON objects: they go to the dead letters.",
            all - objects
        ));
    }
    let unnamed = columns.iter().filter(|column| !is_nameable(&column.name)).count();
    if unnamed > 0 {
        remarks.push(format!(
            "{unnamed} column(s) are left out: SQL has no way to write their names."
        ));
    }
    let times = times::times(&columns, objects);
    let spread = |time: times::Time| (time.clone(), times::spread(sample, &time));
    Table {
        name: origin.table.clone(),
        times: times.into_iter().map(spread).collect(),
        columns,
        iso8601: reading.iso8601,
        key: keys::of(sample),
        options: origin.options.clone(),
        remarks,
    }
}

/// Reads the sample with the table, as a job would: the first column whose values do not fit.
fn misfit(text: &str, sample: &Sample) -> Result<Option<String>, String> {
    let files = [("the table".to_owned(), text.to_owned())];
    // What the environment is to give plays no part in reading values.
    let compiled = sql::read(&files, &|_| Some(String::new()), &BTreeMap::new());
    let compiled = compiled.map_err(|errors| check::shown(&errors))?;
    let table = compiled.tables.values().next().ok_or("the table is not there")?;
    let fields: Vec<ScanField> = table
        .physical
        .iter()
        .map(|&column| {
            let field = &table.schema.fields[column];
            ScanField {
                side: Side::Value,
                path: vec![field.name.clone()],
                data_type: field.data_type.clone(),
                nullable: field.nullable,
            }
        })
        .collect();
    let mut decoder = decoder(table, &fields)?;
    let mut block = RawBlock::default();
    for raw in sample.records.iter().filter(|raw| members(&raw.value).is_some()) {
        block.push(Some(&raw.value), None, RawRecord::default());
    }
    block.pad();
    let rejected = decoder.decode(block).rejected;
    let Some((_, reason)) = rejected.first() else { return Ok(None) };
    let column = fields.iter().map(|field| &*field.path[0]).find(|name| {
        reason
            .strip_prefix("Fail to deserialize at field: ")
            .is_some_and(|rest| rest.strip_suffix('.').is_some_and(|found| found == *name))
    });
    column
        .map(|name| Some(name.to_owned()))
        .ok_or_else(|| format!("a record cannot be read: {reason}"))
}
