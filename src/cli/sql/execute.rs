//! Runs statements: those that read or write by the engine, as `pelton run` does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::session::{Session, word};
use super::show::{Rows, Show};
use crate::cli::signal;
use crate::engine::connectors::{Connect, Connectors};
use crate::engine::{self, RunOptions, RunSummary};
use crate::shard::topology;
use crate::source::{self, Bounds};
use crate::sql::plan::Plan;
use crate::sql::script::Piece;
use crate::sql::{explain, is_updating, optimizer};

/// How long a broker has to say that a topic is there.
const PATIENCE: Duration = Duration::from_secs(5);

const HELP: &str = "\
  CREATE TABLE … ;  CREATE VIEW … ;  DROP TABLE t;  DROP VIEW v;
  SHOW TABLES;  SHOW VIEWS;  SHOW FUNCTIONS;  DESCRIBE t;  SHOW CREATE TABLE t;
  SELECT … ;            shows the rows, until the input ends or Ctrl-C is pressed
  INSERT INTO t … ;     writes them, likewise; keeps no state
  EXPLAIN SELECT … ;    what would be done
  SET 'key' = 'value';  SET;  RESET 'key';
  \\limit 20             stops a SELECT after so many rows; \\limit off
  \\help   \\quit";

/// What stays the same over all statements.
pub struct Executor {
    pub session: Session,
    pub bounds: Bounds,
    pub shards: Option<usize>,
    /// Rows of a SELECT after which it ends.
    pub limit: Option<u64>,
    /// What the text is called in errors.
    pub origin: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    GoOn,
    Quit,
}

/// Writes what its tables say, but no offsets: nothing goes on from here.
struct Once;

impl Connect for Once {
    fn commits_offsets(&self) -> bool {
        false
    }
}

impl Executor {
    pub fn execute(&mut self, piece: &Piece) -> Result<Next, String> {
        if piece.text.starts_with('\\') {
            return self.command(&piece.text);
        }
        let mut told = String::new();
        match &*word(piece, 0) {
            "QUIT" | "EXIT" if piece.words.len() == 1 => return Ok(Next::Quit),
            "HELP" if piece.words.len() == 1 => told = HELP.to_owned(),
            "CREATE" => told = self.session.create(piece, &self.origin)?,
            "DROP" => told = self.session.drop(piece)?,
            "SET" => told = self.session.set(piece, &self.origin)?,
            "RESET" => told = self.session.reset(piece),
            "SHOW" => self.session.show(piece)?,
            "DESCRIBE" | "DESC" => self.session.describe(piece)?,
            "EXPLAIN" => {
                let plan = optimizer::optimize(self.session.read(piece, &self.origin)?.plan);
                topology::build(&plan)?;
                print!("{}", explain::explain(&plan));
            }
            "INSERT" | "EXECUTE" => self.insert(piece)?,
            _ => self.select(piece)?,
        }
        if !told.is_empty() {
            println!("{told}");
        }
        Ok(Next::GoOn)
    }

    /// A definition of a file of such; other statements are left alone. True if it was one.
    pub fn define(&mut self, piece: &Piece) -> Result<bool, String> {
        match &*word(piece, 0) {
            "CREATE" => drop(self.session.create(piece, &self.origin)?),
            "SET" => drop(self.session.set(piece, &self.origin)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn command(&mut self, text: &str) -> Result<Next, String> {
        let mut words = text.split_whitespace();
        match (words.next().unwrap_or_default(), words.next(), words.next()) {
            ("\\q" | "\\quit", None, None) => return Ok(Next::Quit),
            ("\\?" | "\\h" | "\\help", None, None) => println!("{HELP}"),
            ("\\limit", Some("off"), None) => self.limit = None,
            ("\\limit", Some(number), None) => match number.parse() {
                Ok(limit) if limit > 0 => self.limit = Some(limit),
                _ => return Err(format!("\\limit {number}: write a number from 1, or off")),
            },
            _ => return Err(format!("{text}: there are \\limit, \\help and \\quit")),
        }
        Ok(Next::GoOn)
    }

    fn select(&self, piece: &Piece) -> Result<(), String> {
        let plan = self.session.read(piece, &self.origin)?.plan;
        let Some(&sink) = plan.sinks.first() else { return Ok(()) };
        let changes = is_updating(&plan, plan.nodes[sink].inputs[0]);
        let schema = plan.nodes[sink].schema.clone();
        let plan = optimizer::optimize(plan);
        let bounded = self.is_bounded(&plan)?;
        let rows = match (changes, bounded) {
            (false, _) => Rows::New,
            (true, true) => Rows::Last,
            (true, false) => Rows::Changes,
        };
        let stop = signal::stop_flag();
        let show = Arc::new(Show::new(&schema, rows, bounded, self.limit, stop.clone()));
        let done = self.run(plan, show.clone());
        let interrupted = stop.load(Ordering::SeqCst);
        signal::release();
        let seen = show.finish()?;
        let summary = done?;
        let limit = if seen.limited { ": the limit" } else { "" };
        let stopped = if interrupted && !seen.limited { ", interrupted" } else { "" };
        println!("{} row(s){limit}{stopped}", seen.rows);
        if let Some((count, reason)) = seen.rejected {
            eprintln!("{count} record(s) could not be used, the first one because: {reason}");
        }
        if summary.late > 0 {
            eprintln!("{} row(s) came late and were dropped", summary.late);
        }
        Ok(())
    }

    fn insert(&self, piece: &Piece) -> Result<(), String> {
        let plan = optimizer::optimize(self.session.read(piece, &self.origin)?.plan);
        let topology = topology::build(&plan)?;
        if let Some(view) = topology.views.first() {
            let name = &view.table.name;
            return Err(format!(
                "`{name}` is asked over HTTP while its job runs: put it into a file, for pelton run"
            ));
        }
        let done = self.run(plan, Arc::new(Once));
        signal::release();
        let summary = done?;
        println!("{} record(s) read, {} row(s) written", summary.records_in, summary.rows_out);
        if summary.dead_letters > 0 {
            eprintln!("{} record(s) could not be used", summary.dead_letters);
        }
        Ok(())
    }

    fn is_bounded(&self, plan: &Plan) -> Result<bool, String> {
        let topology = topology::build(plan)?;
        let bounded = topology.scans().all(|(_, table)| Connectors.is_bounded(table));
        Ok(self.bounds.until.is_some() || bounded)
    }

    fn run(&self, plan: Plan, connect: Arc<dyn Connect>) -> Result<RunSummary, String> {
        for (_, table) in topology::build(&plan)?.scans() {
            if &*table.connector == "kafka" {
                source::kafka::partitions(table, PATIENCE, |_| {})?;
            }
        }
        engine::run(RunOptions {
            connect,
            shards: self.shards,
            bounds: self.bounds.clone(),
            stop: signal::stop_flag(),
            ..RunOptions::alone(plan, "sql")
        })
    }
}
