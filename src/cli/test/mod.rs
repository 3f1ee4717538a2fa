//! `pelton test`: users' tests of their jobs, on files instead of Kafka and the rest, under a
//! clock of their own.

mod case;
mod play;
mod records;
mod replay;
mod rows;
mod stage;
mod verdict;

use std::path::PathBuf;
use std::time::Instant;

use self::case::Case;
use self::play::{Form, Play};
use self::verdict::{Compared, Expected};
use super::parse;

const HELP: &str = "\
A case is a folder:

  late_click/
    case.json              what follows, all of it optional
    job.sql                the job, or \"job\" in case.json names its files
    input/clicks.jsonl     the records of the table `clicks`, a line of JSON each, in order
    expected/counts.jsonl  the rows that the table `counts` holds in the end, a line each

The job is taken as it is shipped: the tables that it reads get the case's records, those that it
writes are compared with the case's rows, and nothing is connected to. Tables without a file in
expected/ are not compared. Rows are compared in any order; numbers by their value, exactly.

  $ pelton test tests
  $ pelton test tests --filter late --shards 1,3 --batch-rows 1,1024
  $ pelton test tests --update      writes expected/: look at the difference, then commit it

case.json may hold:

  {\"description\": \"what it shows\",
   \"job\": [\"../../pipelines/clicks.sql\"],      paths from the case
   \"variables\": {\"RATE_LIMIT\": \"3\"},            ${…} in the job; the environment has no say
   \"set\": {\"table.local-time-zone\": \"UTC\"},
   \"now\": \"2026-01-05T10:30:00Z\",              what the clock shows
   \"ordered\": [\"alerts\"],                      tables whose rows come in this order
   \"tolerance\": 1e-9,                          between two doubles
   \"ignore\": {\"alerts\": [\"id\"]},               columns that are not compared
   \"late\": 1}                                  rows that have to be dropped as late

Records with a key, a partition or a timestamp stand in input/TABLE.records.jsonl:

  {\"value\": {\"user\": \"u1\"}, \"key\": \"u1\", \"partition\": 0, \"timestamp\": \"2026-01-05T10:30:00Z\"}

Timestamps move the clock on, from record to record. Records that cannot be used fail a case,
unless they stand in expected/dead-letters.jsonl.";

#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct TestArgs {
    /// Folders that are cases, or hold cases at any depth
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Only cases whose name holds this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Write what comes into expected/: over the files that are there, or for all tables
    #[arg(long)]
    update: bool,
    /// Numbers of workers to run each case with
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1",
        value_parser = clap::value_parser!(u16).range(1..=256))]
    shards: Vec<u16>,
    /// Sizes of batches to run each case with
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1024",
        value_parser = clap::value_parser!(u32).range(1..))]
    batch_rows: Vec<u32>,
    /// What the clock shows in cases that do not say
    #[arg(long, value_name = "INSTANT", default_value = "1970-01-01T00:00:00Z", value_parser = now)]
    now: i64,
}

fn now(text: &str) -> Result<i64, String> {
    parse::instant(text).ok_or_else(|| "write 2026-01-05T10:30:00Z or milliseconds".to_owned())
}

pub fn run(args: &TestArgs) -> Result<(), String> {
    let mut cases = Vec::new();
    for folder in &args.folders {
        cases.extend(case::find(folder)?);
    }
    if cases.is_empty() {
        return Err(
            "no case found: a case is a folder with input/ and expected/ in it; pelton test \
                    --help shows one"
                .into(),
        );
    }
    cases.retain(|case| case.name.contains(&args.filter));
    if cases.is_empty() {
        return Err(format!("no case has '{}' in its name", args.filter));
    }
    let mut failed = 0;
    for case in &cases {
        let started = Instant::now();
        match all_forms(case, args) {
            Ok(Compared { rows, tables }) => {
                let took = started.elapsed().as_millis();
                println!("ok    {}  ({rows} row(s) of {tables} table(s), {took} ms)", case.name);
            }
            Err(reason) => {
                failed += 1;
                println!("FAIL  {}", case.name);
                let about = &case.settings.description;
                let lines = (!about.is_empty()).then_some(about.as_str()).into_iter();
                lines.chain(reason.lines()).for_each(|line| println!("      {line}"));
            }
        }
    }
    println!("{} case(s): {} passed, {failed} failed", cases.len(), cases.len() - failed);
    match failed {
        0 => Ok(()),
        _ => Err(format!("{failed} of {} case(s) failed", cases.len())),
    }
}

/// Runs a case in each of the forms that were asked for.
fn all_forms(case: &Case, args: &TestArgs) -> Result<Compared, String> {
    let mut expected = Expected::of(case)?;
    let play = Play::prepare(case)?;
    let mut update = args.update;
    let mut last = Compared { rows: 0, tables: 0 };
    for &shards in &args.shards {
        for &batch_rows in &args.batch_rows {
            let form = Form { shards: shards.into(), batch_rows, now: args.now };
            if std::mem::take(&mut update) {
                expected.update(play.run(form)?)?;
            }
            // After an update too: what is written must come again.
            let compared = expected.compare(play.run(form)?);
            last = compared.map_err(|faults| {
                format!("--shards {shards} --batch-rows {batch_rows}:\n{faults}")
            })?;
        }
    }
    Ok(last)
}
