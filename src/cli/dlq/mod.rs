//! `pelton dlq`: dead letters counted, shown, and sent back to where they came from.

mod letter;
mod list;
mod place;
mod read;
mod replay;
mod replayed;
mod send;
mod show;
mod text;

use std::path::PathBuf;

use clap::Subcommand;

use self::letter::{Entry, Letter};
use self::place::Place;
use self::replayed::Replayed;
use super::parse;
use crate::shard::topology::Kept;

#[derive(clap::Args)]
pub struct DlqArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Count dead letters by where they came from and why
    List(list::ListArgs),
    /// Show dead letters with their bytes; control characters are escaped
    Show(show::ShowArgs),
    /// Send the original records back to their topics, with key, headers and timestamp. What has
    /// been sent once is not sent again
    Replay(replay::ReplayArgs),
}

/// Which dead letters.
#[derive(clap::Args)]
struct Which {
    /// The job's files, in order: they say where its dead letters are
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The records that came too late ('late.topic', 'late.path') instead of the dead letters
    #[arg(long)]
    late: bool,
    /// Only those of this topic, file, receiver or table
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only those with this text in their reason
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only those that became dead letters then or later: 2026-01-05T10:30:00Z, milliseconds, or
    /// 2h for two hours ago
    #[arg(long, value_name = "TIME", value_parser = parse::moment)]
    since: Option<i64>,
    /// Only those that became dead letters before
    #[arg(long, value_name = "TIME", value_parser = parse::moment)]
    until: Option<i64>,
}

/// What is to be done about a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Waits,
    /// A receipt says that its record was sent back.
    Replayed,
    /// The same record was kept before: a job that crashed read it again.
    KeptTwice,
}

impl Which {
    fn places(&self) -> Result<Vec<Place>, String> {
        place::places(&self.files, if self.late { Kept::Late } else { Kept::Unusable })
    }

    fn takes(&self, place: &Place, letter: &Letter) -> bool {
        let of_table = |name: &str| match letter.origin {
            Some(_) => place.tables_of(&letter.source).any(|table| *table.name == *name),
            None => place.is_of_sink(name),
        };
        self.source.as_ref().is_none_or(|name| *name == letter.source || of_table(name))
            && self.reason.as_ref().is_none_or(|text| letter.reason.contains(&**text))
            && self.since.is_none_or(|since| letter.time >= since)
            && self.until.is_none_or(|until| letter.time < until)
    }

    /// Hands over the letters of a place, oldest first, and returns how much there was that is no
    /// dead letter. Reads twice: what was sent back is told by receipts behind the letters.
    fn walk(
        &self,
        place: &Place,
        take: &mut dyn FnMut(Letter, Status) -> Result<(), String>,
    ) -> Result<u64, String> {
        let (mut replayed, mut seen, mut strange) = (Replayed::default(), Replayed::default(), 0);
        read::scan(place, &mut |entry| {
            if let Entry::Receipt(receipt) = entry {
                replayed.add(&receipt);
            }
            Ok(())
        })?;
        read::scan(place, &mut |entry| {
            let letter = match entry {
                Entry::Letter(letter) if self.takes(place, &letter) => letter,
                Entry::Letter(_) | Entry::Receipt(_) => return Ok(()),
                Entry::Strange => {
                    strange += 1;
                    return Ok(());
                }
            };
            let status = match &letter.origin {
                Some(origin) if replayed.contains(&letter.source, origin) => Status::Replayed,
                Some(origin) if !seen.insert(&letter.source, origin) => Status::KeptTwice,
                _ => Status::Waits,
            };
            take(letter, status)
        })?;
        Ok(strange)
    }
}

pub fn run(args: &DlqArgs) -> Result<(), String> {
    match &args.command {
        Command::List(args) => list::run(args),
        Command::Show(args) => show::run(args),
        Command::Replay(args) => replay::run(args),
    }
}
