//! Plays one case: the job over the case's records, by the engine that runs it for good.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::case::Case;
use super::records::{self, WHOLE};
use super::rows::{Row, Shape};
use super::stage::{Change, Letter, Origin, Stage, columns, origin};
use crate::cli::{check, parse};
use crate::engine::{self, RunOptions};
use crate::error::nearest;
use crate::record::{DataType, Field, Schema};
use crate::shard::topology::{self, Topology};
use crate::shard::worker::Clock;
use crate::sql::plan::{NodeKind, Plan, Table};
use crate::sql::{self, optimizer};

/// The table of records that could not be used. No other is called so without quotes.
pub const DEAD_LETTERS: &str = "dead-letters";

/// How a case is run.
#[derive(Clone, Copy)]
pub struct Form {
    pub shards: usize,
    pub batch_rows: u32,
    /// ms, where the case says nothing.
    pub now: i64,
}

/// What a job made of a case's records.
pub struct Outcome {
    /// Its tables, those without a row too, and the dead letters.
    pub tables: BTreeMap<String, (Shape, Vec<Change>)>,
    pub late: u64,
}

/// A case made ready to be played, several times if need be.
pub struct Play<'a> {
    case: &'a Case,
    plan: Plan,
    topology: Topology,
    inputs: HashMap<Origin, Arc<Vec<records::Record>>>,
    /// By what they read, the name that the case has for it.
    names: HashMap<Arc<str>, String>,
}

impl<'a> Play<'a> {
    pub fn prepare(case: &'a Case) -> Result<Self, String> {
        let variable = |name: &str| case.settings.variables.get(name).cloned();
        let compiled = sql::read(&case.job()?, &variable, &case.settings.set)
            .map_err(|errors| check::shown(&errors))?;
        let plan = staged(optimizer::optimize(compiled.plan));
        let topology = topology::build(&plan)?;
        if topology.sinks.is_empty() {
            return Err("the job writes nothing: there is no INSERT INTO and no SELECT".into());
        }
        let mut play = Self { case, plan, topology, inputs: HashMap::new(), names: HashMap::new() };
        play.read_inputs(&compiled.tables)?;
        play.check_inputs(&compiled.tables)?;
        Ok(play)
    }

    /// Those that are looked up included.
    fn read_tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        let scans = self.topology.scans().map(|(_, table)| table);
        scans.chain(self.topology.lookups().map(|(_, table, _)| table))
    }

    fn read_inputs(&mut self, tables: &BTreeMap<String, Arc<Table>>) -> Result<(), String> {
        for (file, path) in self.case.files("input", ".jsonl")? {
            let (name, whole) = match file.strip_suffix(WHOLE) {
                Some(name) => (name, true),
                None => (&*file, false),
            };
            let Some(table) = tables.get(name) else {
                let help = match nearest(name, tables.keys().map(String::as_str)) {
                    Some(meant) => format!("did you mean {meant}.jsonl?"),
                    None => "files here are named after the tables that the job reads".into(),
                };
                return Err(format!("{}: the job has no table `{name}`; {help}", path.display()));
            };
            let origin = origin(table);
            let is_read = self.read_tables().any(|table| self::origin(table) == origin);
            if !is_read {
                return Err(format!("{}: the job does not read `{name}`", path.display()));
            }
            if let Some(other) = self.names.insert(origin.1.clone(), name.to_owned()) {
                return Err(format!(
                    "{}: there is a file for `{other}` already, which reads the same",
                    path.display()
                ));
            }
            self.inputs.insert(origin, Arc::new(records::read(&path, whole)?));
        }
        Ok(())
    }

    fn check_inputs(&self, tables: &BTreeMap<String, Arc<Table>>) -> Result<(), String> {
        for read in self.read_tables() {
            let origin = origin(read);
            let same = tables.iter().filter(|(_, table)| self::origin(table) == origin);
            let names: Vec<&str> = same.map(|(name, _)| name.as_str()).collect();
            // VALUES is a table that nobody has declared.
            if let Some(name) = names.first()
                && !self.inputs.contains_key(&origin)
            {
                let also = match names.len() {
                    1 => String::new(),
                    _ => {
                        format!(" (or for another that reads the same: {})", names[1..].join(", "))
                    }
                };
                let path = self.case.folder.join("input").join(format!("{name}.jsonl"));
                return Err(format!(
                    "the job reads `{name}`, but there are no records for it{also}: write them into \
                     {}, an empty file if there are to be none",
                    path.display()
                ));
            }
        }
        Ok(())
    }

    pub fn run(&self, form: Form) -> Result<Outcome, String> {
        let now = match &self.case.settings.now {
            None => form.now,
            Some(text) => parse::instant(text).ok_or_else(|| {
                format!(
                    "case.json: \"now\": \"{text}\": write 2026-01-05T10:30:00Z or milliseconds"
                )
            })?,
        };
        let stage = Arc::new(Stage::new(self.inputs.clone(), &self.topology, form.shards));
        let summary = engine::run(RunOptions {
            connect: stage.clone(),
            clock: Clock::Records(now),
            shards: Some(form.shards),
            batch_rows: form.batch_rows as usize,
            // Every change is seen, so that none depends on how fast it went.
            flush_interval: Duration::ZERO,
            ..RunOptions::alone(self.plan.clone(), "test")
        })?;
        let (mut changes, letters) = stage.take();
        let mut tables = BTreeMap::new();
        for sink in &self.topology.sinks {
            let place = |column| sink.physical.iter().position(|&at| at == column);
            let key = sink.primary_key.iter().filter_map(|&column| place(column)).collect();
            let shape = Shape::of(&columns(sink), key);
            let rows = changes.remove(&sink.name);
            // Two INSERTs into one table are one.
            let entry = tables.entry(sink.name.to_string()).or_insert((shape, Vec::new()));
            entry.1.extend(rows.unwrap_or_default());
        }
        tables.insert(DEAD_LETTERS.to_owned(), self.letters(letters));
        Ok(Outcome { tables, late: summary.late })
    }

    fn letters(&self, letters: Vec<Letter>) -> (Shape, Vec<Change>) {
        let columns = [
            ("table", DataType::STRING),
            ("partition", DataType::Int),
            ("offset", DataType::BigInt),
            ("reason", DataType::STRING),
        ];
        let fields = columns.map(|(name, data_type)| Field::new(name, data_type));
        let shape = Shape::of(&Schema::new(fields.to_vec()), Vec::new());
        let line = |letter: &Letter| {
            let place = letter.place.as_ref();
            let name = |place: &Arc<str>| {
                self.names.get(place).map_or_else(|| place.to_string(), String::clone)
            };
            let row: Row = vec![
                place.map(|(place, ..)| name(place)).into(),
                place.map(|(_, partition, _)| *partition).into(),
                place.map(|(.., offset)| *offset).into(),
                (&*letter.reason).into(),
            ];
            (crate::record::ChangeKind::Insert, shape.line(&row).into_bytes())
        };
        let lines = letters.iter().map(line).collect();
        (shape, lines)
    }
}

/// The plan with every table that is written in the place of a `print` table, which is shown each
/// change as it happens: that of a queryable one would stay in the job. What is read is text.
fn staged(mut plan: Plan) -> Plan {
    for node in &mut plan.nodes {
        match &mut node.kind {
            NodeKind::Sink { table } => {
                *table = Arc::new(Table { connector: "print".into(), ..(**table).clone() });
            }
            NodeKind::Scan { table, .. } => {
                let options = in_text(&table.options);
                *table = Arc::new(Table { options, ..(**table).clone() });
            }
            _ => {}
        }
    }
    plan
}

/// The lines of a case have the columns of Avro records as JSON.
fn in_text(options: &BTreeMap<Arc<str>, Arc<str>>) -> BTreeMap<Arc<str>, Arc<str>> {
    let is_avro = |text: &str| text.starts_with("avro");
    let bare = |name: &str| {
        name.strip_prefix("key.").or(name.strip_prefix("value.")).unwrap_or(name).to_owned()
    };
    let kept = options.iter().filter(|(name, _)| !is_avro(&bare(name)));
    let json = |(name, value): (&Arc<str>, &Arc<str>)| {
        let of_format = bare(name) == "format" && is_avro(value);
        (name.clone(), if of_format { "json".into() } else { value.clone() })
    };
    kept.map(json).collect()
}
