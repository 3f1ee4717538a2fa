//! `pelton dlq replay`.
//!
//! What was sent back is told by receipts in the same place. In a topic they are written in the
//! transaction that sends the records, so each record goes back once, also where a replay is
//! killed or two run at once. A file takes no part in transactions: its receipt follows the
//! acknowledgements, and a replay that dies in between sends those records again.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;

use super::letter::{Letter, Receipt};
use super::place::{At, Place};
use super::replayed::Replayed;
use super::send::Sender;
use super::{Status, Which, text};

/// Records and bytes of one transaction.
const BATCH_MOST: usize = 500;
const BATCH_BYTES: usize = 4 << 20;

#[derive(clap::Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    which: Which,
    /// To this topic on the same brokers instead of the one the records came from
    #[arg(long, value_name = "TOPIC")]
    to: Option<String>,
    /// At most so many of each place, the oldest first
    #[arg(long)]
    limit: Option<u64>,
    /// Also what was sent back before
    #[arg(long)]
    again: bool,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &ReplayArgs) -> Result<(), String> {
    for place in args.which.places()? {
        let mut replay = Replay {
            args,
            place: &place,
            way: None,
            batch: Batch::default(),
            tally: Tally::default(),
        };
        let outcome = replay.run();
        replay.tally.print(&place, args.dry_run);
        outcome.map_err(|reason| format!("{place}: {reason}; what is counted above was sent"))?;
    }
    Ok(())
}

struct Replay<'a> {
    args: &'a ReplayArgs,
    place: &'a Place,
    /// `None` in a dry run.
    way: Option<Way>,
    batch: Batch,
    tally: Tally,
}

/// How records and receipts go out.
enum Way {
    Transactions(Box<Sender>, Arc<str>),
    /// The file is locked as long as this lives. A sender for each source.
    File(File, HashMap<String, Sender>),
}

/// What is to be sent next.
#[derive(Default)]
struct Batch {
    letters: Vec<Letter>,
    bytes: usize,
}

/// What a replay came to.
#[derive(Default)]
struct Tally {
    /// By source and the topic sent to.
    sent: BTreeMap<(String, String), u64>,
    /// By why they were passed over.
    passed: BTreeMap<&'static str, u64>,
}

impl Replay<'_> {
    fn run(&mut self) -> Result<(), String> {
        if matches!(&self.place.at, At::Topic(own, _) if self.args.to.as_deref() == Some(&**own)) {
            return Err("--to names the topic that the dead letters are in".into());
        }
        if !self.args.dry_run {
            self.way = Some(Way::open(self.place)?);
        }
        let (args, place) = (self.args, self.place);
        let mut taken = 0;
        let strange = args.which.walk(place, &mut |letter, status| {
            if let Err(why) = self.may_go(&letter, status) {
                self.tally.pass(why, 1);
            } else if args.limit.is_some_and(|limit| taken >= limit) {
                self.tally.pass("beyond --limit, still waiting", 1);
            } else {
                taken += 1;
                self.batch.bytes += letter.value.len();
                self.batch.letters.push(letter);
                if self.batch.letters.len() >= BATCH_MOST || self.batch.bytes >= BATCH_BYTES {
                    return self.send();
                }
            }
            Ok(())
        })?;
        if strange > 0 {
            self.tally.pass("no dead letters of pelton", strange);
        }
        self.send()
    }

    /// Whether a letter can be sent back, or why not.
    fn may_go(&self, letter: &Letter, status: Status) -> Result<(), &'static str> {
        if letter.origin.is_none() {
            return Err("rows of a sink, which have no topic to go back to");
        }
        if letter.is_cut() {
            return Err("cut, as their topic takes none so large (they are whole at their source)");
        }
        let Some(table) = self.place.tables_of(&letter.source).next() else {
            return Err("of sources that this job does not read");
        };
        match status {
            _ if !table.options.contains_key("properties.bootstrap.servers") => {
                Err("records of files, which have no topic to go back to (show --json has them)")
            }
            Status::Replayed if !self.args.again => Err("sent back before (--again sends them)"),
            Status::KeptTwice => Err("kept twice, which are sent once"),
            Status::Replayed | Status::Waits => Ok(()),
        }
    }

    fn target<'a>(&'a self, letter: &'a Letter) -> &'a str {
        self.args.to.as_deref().unwrap_or(&letter.source)
    }

    fn send(&mut self) -> Result<(), String> {
        let batch = std::mem::take(&mut self.batch).letters;
        if batch.is_empty() {
            return Ok(());
        }
        let to = self.args.to.as_deref();
        match &mut self.way {
            None => {}
            Some(Way::Transactions(sender, topic)) => {
                sender.begin()?;
                if let Err(reason) = in_transaction(sender, topic, &batch, to) {
                    sender.abort();
                    return Err(reason);
                }
            }
            Some(Way::File(file, senders)) => {
                by_file(self.place, file, senders, &batch, to)?;
            }
        }
        for letter in &batch {
            let way = (letter.source.clone(), self.target(letter).to_owned());
            *self.tally.sent.entry(way).or_default() += 1;
        }
        Ok(())
    }
}

fn in_transaction(
    sender: &mut Sender,
    topic: &str,
    batch: &[Letter],
    to: Option<&str>,
) -> Result<(), String> {
    let mut sent: BTreeMap<i32, Replayed> = BTreeMap::new();
    for letter in batch {
        sender.letter(letter, to.unwrap_or(&letter.source))?;
        add(sent.entry(letter.kept.0).or_default(), letter);
    }
    for (partition, sent) in sent {
        sender.receipt(&receipt(&sent, to), topic, partition)?;
    }
    sender.commit()
}

fn by_file(
    place: &Place,
    file: &mut File,
    senders: &mut HashMap<String, Sender>,
    batch: &[Letter],
    to: Option<&str>,
) -> Result<(), String> {
    let mut sent = Replayed::default();
    for letter in batch {
        if !senders.contains_key(&letter.source) {
            let table = place.tables_of(&letter.source).next();
            let table = table.ok_or("a source that this job does not read")?;
            senders.insert(letter.source.clone(), Sender::open(&table.options, None)?);
        }
        if let Some(sender) = senders.get_mut(&letter.source) {
            sender.letter(letter, to.unwrap_or(&letter.source))?;
        }
        add(&mut sent, letter);
    }
    senders.values().try_for_each(Sender::flush)?;
    let mut line = serde_json::to_string(&receipt(&sent, to)).map_err(|error| error.to_string())?;
    line.push('\n');
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
    written
        .map_err(|error| format!("records were sent, but their receipt was not written: {error}"))
}

fn add(sent: &mut Replayed, letter: &Letter) {
    if let Some(origin) = &letter.origin {
        sent.insert(&letter.source, origin);
    }
}

fn receipt(sent: &Replayed, to: Option<&str>) -> Receipt {
    let time = format!("{:.3}", jiff::Timestamp::now());
    Receipt { replayed: sent.returned(), to: to.map(str::to_owned), time }
}

impl Way {
    /// From here on no other replay of the place can write receipts.
    fn open(place: &Place) -> Result<Self, String> {
        match &place.at {
            At::Topic(topic, options) => {
                let id = format!("pelton-dlq-{topic}");
                Ok(Self::Transactions(Box::new(Sender::open(options, Some(&id))?), topic.clone()))
            }
            At::File(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                let file = file.map_err(|error| error.to_string())?;
                file.try_lock().map_err(|error| format!("another replay is at it: {error}"))?;
                Ok(Self::File(file, HashMap::new()))
            }
        }
    }
}

impl Tally {
    fn pass(&mut self, why: &'static str, count: u64) {
        *self.passed.entry(why).or_default() += count;
    }

    fn print(&self, place: &Place, dry_run: bool) {
        let total: u64 = self.sent.values().sum();
        let did = if dry_run { "would be sent" } else { "sent" };
        let shown = |text: &str| text::shown(text.as_bytes());
        let mut lines = vec![format!("{}: {total} record(s) {did}", shown(&place.to_string()))];
        for ((source, to), count) in &self.sent {
            lines.push(format!("  {count} of {} to topic {}", shown(source), shown(to)));
        }
        for (why, count) in &self.passed {
            lines.push(format!("  passed over: {count} {why}"));
        }
        // Nobody may be left to read what was done.
        let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
    }
}
