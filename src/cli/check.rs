//! `pelton check` and `pelton explain`: a job's text, nothing connected to unless asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engine::probe::{self, Found};
use crate::error::SqlError;
use crate::shard::topology::{self, Topology};
use crate::sql::plan::Plan;
use crate::sql::{self, explain, optimizer, portability};

#[derive(clap::Args)]
pub struct FileArgs {
    /// The job's files, in order
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    job: FileArgs,
    /// Also report what a Flink cluster would not take as it stands, and what there is instead
    #[arg(long)]
    flink: bool,
    /// Also ask Kafka, Redis and ClickHouse, which have 10 s, whether they let the job in and have what
    /// its tables say
    #[arg(long)]
    connect: bool,
}

/// Name and text of each file.
pub fn read(paths: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok((path.display().to_string(), text))
    };
    paths.iter().map(read).collect()
}

/// All that is wrong with a job's text, for people.
pub fn shown(errors: &[SqlError]) -> String {
    format!("{} error(s)\n\n{}", errors.len(), listed(errors))
}

fn listed(errors: &[SqlError]) -> String {
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    shown.join("\n\n")
}

/// The plan of a job, with the variables of the environment.
pub fn compile(
    files: &[(String, String)],
    settings: &BTreeMap<String, String>,
) -> Result<Plan, String> {
    let env = |name: &str| std::env::var(name).ok();
    let plan = sql::compile(files, &env, settings).map_err(|errors| shown(&errors))?;
    Ok(optimizer::optimize(plan))
}

/// The job's steps; all that is wrong with it where something is.
pub fn topology(files: &[PathBuf]) -> Result<Topology, String> {
    topology::build(&plan(files)?)
}

fn plan(files: &[PathBuf]) -> Result<Plan, String> {
    compile(&read(files)?, &BTreeMap::new())
}

pub fn check(args: &CheckArgs) -> Result<(), String> {
    let files = read(&args.job.files)?;
    let plan = compile(&files, &BTreeMap::new())?;
    let topology = topology::build(&plan)?;
    eprintln!("no errors: {} table(s) written", plan.sinks.len());
    if args.connect {
        connect(&topology)?;
    }
    if !args.flink {
        return Ok(());
    }
    let portability::Report { statements, changed, faults } =
        portability::beyond_flink(&files, &plan);
    if faults.is_empty() {
        eprintln!("Flink takes all {statements} statement(s) as they stand, as far as can be told");
        return Ok(());
    }
    let told = format!("{changed} of {statements} statement(s) need a change for Flink");
    Err(format!("{told}\n\n{}", listed(&faults)))
}

fn connect(topology: &Topology) -> Result<(), String> {
    let Found { asked, faults } = probe::probe(topology);
    if faults.is_empty() {
        eprintln!("the servers of {asked} table(s) answer and have what is needed");
        return Ok(());
    }
    Err(format!("{} of {asked} table(s) cannot be used\n\n{}", faults.len(), faults.join("\n")))
}

pub fn explain(args: &FileArgs) -> Result<(), String> {
    let plan = plan(&args.files)?;
    topology::build(&plan)?;
    print!("{}", explain::explain(&plan));
    Ok(())
}
