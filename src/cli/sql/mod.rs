//! `pelton sql`: statements one by one, from a prompt, a script or the command line.

mod describe;
mod execute;
mod grid;
mod prompt;
mod session;
mod show;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use self::execute::{Executor, Next};
use self::session::Session;
use super::{check, parse};
use crate::source::Bounds;
use crate::sql::script::{Piece, cut};

const HELP: &str = "\
  $ pelton sql
  pelton> CREATE TABLE events (user_id STRING, event_type STRING)
          WITH ('connector' = 'filesystem', 'path' = 'events.jsonl', 'format' = 'json');
  pelton> SELECT event_type, COUNT(*) AS n FROM events GROUP BY event_type;

  $ pelton sql < script.sql
  $ pelton sql -i pipelines/user_events.sql -e 'DESCRIBE user_events'
  $ pelton infer events.jsonl > events.sql && pelton sql -i events.sql

Statements end with `;`. Tables and views stay until the end of the session; nothing is kept
beyond it but the history of lines. A SELECT shows rows as they come: of files until their end, of
topics until Ctrl-C, or up to --until end. Rows that change are shown as they are in the end, or
where there is none change by change: +I new, -U and +U before and after, -D gone. Looking at a
topic moves no group's offsets and adds nothing to dead letters.

A script stops at its first error, with exit code 1. \\help lists the statements.";

#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct SqlArgs {
    /// Statements to run, instead of asking for some
    #[arg(short, long, value_name = "SQL")]
    execute: Option<String>,
    /// Take tables, views and settings from a file first; what it reads and writes is left alone
    #[arg(short, long, value_name = "FILE")]
    init: Vec<PathBuf>,
    /// Rows after which a SELECT ends
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Where topics are read from, whatever their tables say: earliest, latest or an instant
    #[arg(long)]
    from: Option<String>,
    /// Where topics are read to: end or an instant
    #[arg(long)]
    until: Option<String>,
    /// Overrides a SET
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse::setting)]
    settings: Vec<(String, String)>,
    /// Workers: a number, or auto for one a core
    #[arg(long, default_value = "1")]
    shards: String,
}

pub fn run(args: SqlArgs) -> Result<(), String> {
    let settings = args.settings.into_iter().collect();
    let mut executor = Executor {
        session: Session::new(settings),
        bounds: Bounds {
            from: args.from.as_deref().map(parse::start).transpose()?,
            until: args.until.as_deref().map(parse::end).transpose()?,
        },
        shards: parse::shards(&args.shards)?,
        limit: args.limit,
        origin: String::new(),
    };
    for (name, text) in check::read(&args.init)? {
        executor.origin = name;
        init(&mut executor, &text)?;
    }
    if let Some(text) = args.execute {
        executor.origin = "--execute".into();
        return script(&mut executor, &text);
    }
    executor.origin = "input".into();
    if std::io::stdin().is_terminal() {
        return prompt::run(&mut executor);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot read standard input: {error}"))?;
    script(&mut executor, &text)
}

/// Statements of a text; the last one may do without its `;`.
fn pieces(text: &str) -> Vec<Piece> {
    let found = cut(text);
    found.pieces.into_iter().chain(found.rest).collect()
}

fn init(executor: &mut Executor, text: &str) -> Result<(), String> {
    let mut left = 0;
    for piece in pieces(text) {
        left += usize::from(!executor.define(&piece)?);
    }
    if left > 0 {
        eprintln!("{}: {left} statement(s) that read or write are left alone", executor.origin);
    }
    Ok(())
}

fn script(executor: &mut Executor, text: &str) -> Result<(), String> {
    for piece in pieces(text) {
        if executor.execute(&piece)? == Next::Quit {
            break;
        }
    }
    Ok(())
}
