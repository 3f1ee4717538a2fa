//! The command line: arguments as typed become resolved options here, and nowhere else.

mod check;
mod demo;
mod dlq;
mod infer;
mod listen;
pub mod parse;
pub mod produce;
pub mod run;
pub mod signal;
mod sql;
mod state;
mod test;
pub mod usage;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "pelton", version, about = "Flink SQL over Kafka in one binary")]
struct Cli {
    /// How log lines on standard error are written
    #[arg(long, global = true, value_enum, default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Run one job, given as one or more files
    Run(run::RunArgs),
    /// Report everything that is wrong with a job, without connecting to anything unless told to
    Check(check::CheckArgs),
    /// Show what a job decodes, where rows change shards, and what state is kept
    Explain(check::FileArgs),
    /// Run the main job with a load generator, on a broker inside the process
    Demo(demo::DemoArgs),
    /// List, inspect and copy saved state
    State(state::StateArgs),
    /// Count and show dead letters, and send them back to where they came from
    Dlq(dlq::DlqArgs),
    /// Run a job's tests: cases of input and expected rows in files, nothing connected to
    Test(test::TestArgs),
    /// Write the CREATE TABLE for JSON records in a file or a topic
    Infer(infer::InferArgs),
    /// Run statements one by one, from a prompt or a script
    Sql(sql::SqlArgs),
    /// Generate load: user events, profiles or clickstream, to Kafka or a file
    Produce(produce::ProduceArgs),
}

/// Parses the arguments and does what they say; errors go to standard error.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Those who wait for an answer are told what is wrong by it.
    let level = match cli.command {
        Command::Test(_) | Command::Infer(_) | Command::Sql(_) => "error",
        _ => "info",
    };
    start_log(cli.log_format, level);
    let outcome = match cli.command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::Explain(args) => check::explain(&args),
        Command::Demo(args) => demo::run(&args),
        Command::State(args) => state::run(&args),
        Command::Dlq(args) => dlq::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Infer(args) => infer::run(&args),
        Command::Sql(args) => sql::run(args),
        Command::Produce(args) => produce::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("pelton: {message}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(format: LogFormat, level: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    // Standard output carries print rows alone.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
