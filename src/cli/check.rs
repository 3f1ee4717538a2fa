//! `pelton check` and `pelton explain`: a job's text, nothing connected to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::SqlError;
use crate::shard::topology;
use crate::sql::plan::Plan;
use crate::sql::{self, explain, optimizer};

#[derive(clap::Args)]
pub struct FileArgs {
    /// The job's files, in order
    #[arg(required = true)]
    files: Vec<PathBuf>,
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
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    format!("{} error(s)\n\n{}", errors.len(), shown.join("\n\n"))
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

fn plan(args: &FileArgs) -> Result<Plan, String> {
    let plan = compile(&read(&args.files)?, &BTreeMap::new())?;
    topology::build(&plan)?;
    Ok(plan)
}

pub fn check(args: &FileArgs) -> Result<(), String> {
    let plan = plan(args)?;
    eprintln!("no errors: {} table(s) written", plan.sinks.len());
    Ok(())
}

pub fn explain(args: &FileArgs) -> Result<(), String> {
    print!("{}", explain::explain(&plan(args)?));
    Ok(())
}
