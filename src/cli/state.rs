//! `pelton state`: what the state folder holds, and copies of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::checkpoint::{Manifest, StateFolder};
use crate::record::key::KEY_GROUPS;
use crate::state::Saved;

#[derive(clap::Args)]
pub struct StateArgs {
    /// The folder that `pelton run --state-dir` was given
    #[arg(long, default_value = "state", global = true)]
    state_dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The saved epochs of each job, newest first
    List,
    /// What the newest whole epoch of a job holds, operator by operator
    Inspect { job: String },
    /// Copy the newest whole epoch of a job into another state folder, also while it runs
    Save { job: String, into: PathBuf },
    /// Copy an epoch that was saved into the state folder, which must not hold the job yet. A job
    /// that has gone on since then goes back to it with `pelton run --allow-older-state`: its
    /// input is read again from there, and what it has written since then is written once more
    Load { job: String, from: PathBuf },
}

pub fn run(args: &StateArgs) -> Result<(), String> {
    match &args.command {
        Command::List => list(&args.state_dir),
        Command::Inspect { job } => inspect(&args.state_dir, job),
        Command::Save { job, into } => {
            let manifest = StateFolder::look(&args.state_dir, job).save(into)?;
            println!("epoch {} of job '{job}' saved in {}", manifest.epoch, into.display());
            Ok(())
        }
        Command::Load { job, from } => {
            let manifest = StateFolder::look(from, job).save(&args.state_dir)?;
            let into = args.state_dir.display();
            println!("epoch {} of job '{job}' loaded into {into}", manifest.epoch);
            Ok(())
        }
    }
}

fn list(dir: &Path) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", dir.display());
    let mut jobs = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        jobs.push(entry.map_err(fault)?.file_name().to_string_lossy().into_owned());
    }
    jobs.sort();
    println!("{:<24} {:>8} {:>6} {:>7} {:>14}  state", "job", "epoch", "start", "shards", "bytes");
    for job in jobs {
        for (name, manifest) in StateFolder::look(dir, &job).generations()? {
            match manifest {
                Ok(it) => println!(
                    "{job:<24} {:>8} {:>6} {:>7} {:>14}  whole",
                    it.epoch,
                    it.incarnation,
                    it.shards,
                    bytes(&it)
                ),
                Err(reason) => println!("{job:<24} {name}: {reason}"),
            }
        }
    }
    Ok(())
}

fn bytes(manifest: &Manifest) -> u64 {
    manifest.all_files().map(|file| file.length).sum()
}

fn inspect(dir: &Path, job: &str) -> Result<(), String> {
    let folder = StateFolder::look(dir, job);
    let whole = folder.generations()?.into_iter().find_map(|(_, manifest)| manifest.ok());
    let manifest = whole.ok_or_else(|| format!("job '{job}' has no whole epoch"))?;
    println!(
        "epoch {}, start {}, {} bytes",
        manifest.epoch,
        manifest.incarnation,
        bytes(&manifest)
    );
    for source in &manifest.sources {
        println!("reads {} partition {} from {} on", source.topic, source.partition, source.next);
    }
    let mut sizes: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    folder.read_state(&manifest.files, &(0..KEY_GROUPS), &mut |_, operator, state, saved| {
        let size = sizes.entry((operator.to_owned(), state.to_owned())).or_default();
        if let Saved::Entry { bytes, .. } | Saved::Gone { key: bytes, .. } = saved {
            *size = (size.0 + 1, size.1 + bytes.len() as u64);
        }
        Ok(())
    })?;
    println!("{:<18} {:<12} {:>12} {:>14}", "operator", "state", "records", "bytes");
    for ((operator, state), (entries, bytes)) in sizes {
        println!("{operator:<18} {state:<12} {entries:>12} {bytes:>14}");
    }
    Ok(())
}
