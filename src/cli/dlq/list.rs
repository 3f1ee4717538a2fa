//! `pelton dlq list`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::{Letter, Status, Which, parse, text};

/// Lines beyond which reasons are no longer told apart: some hold parts of the record.
const LINES_MOST: usize = 10_000;

#[derive(clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    which: Which,
    /// Count by time too, in steps of this length
    #[arg(long, value_name = "DURATION", value_parser = parse::duration)]
    every: Option<Duration>,
    /// At most so many lines of each place, those of most letters first
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// A JSON object a line
    #[arg(long)]
    json: bool,
}

/// Letters of one source and reason, in one step of time.
struct Count {
    letters: u64,
    waiting: u64,
    first: i64,
    last: i64,
}

/// Step, source, reason.
type Of = (Option<i64>, String, String);
type Counts = BTreeMap<Of, Count>;

pub fn run(args: &ListArgs) -> Result<(), String> {
    for place in args.which.places()? {
        let mut counts = Counts::new();
        let strange = args.which.walk(&place, &mut |letter, status| {
            count(&mut counts, args.every, letter, status);
            Ok(())
        });
        let strange = strange.map_err(|reason| format!("{place}: {reason}"))?;
        let (letters, waiting) = counts
            .values()
            .fold((0, 0), |sum, count| (sum.0 + count.letters, sum.1 + count.waiting));
        let mut lines: Vec<_> = counts.into_iter().collect();
        if args.every.is_none() {
            lines.sort_by_key(|(_, count)| std::cmp::Reverse(count.letters));
        }
        let hidden = lines.len().saturating_sub(args.limit);
        lines.truncate(args.limit);
        let name = place.to_string();
        if args.json {
            lines.iter().try_for_each(|(of, count)| text::say(&as_json(&name, of, count)))?;
            continue;
        }
        let name = text::shown(name.as_bytes());
        text::say(&format!("{name}: {letters} letter(s), {waiting} waiting"))?;
        print(args.every.is_some(), &lines)?;
        if hidden > 0 {
            text::say(&format!("  and {hidden} more line(s): --limit"))?;
        }
        if strange > 0 {
            text::say(&format!("  {strange} record(s) there are no dead letters of pelton"))?;
        }
    }
    Ok(())
}

fn count(counts: &mut Counts, every: Option<Duration>, letter: Letter, status: Status) {
    let step = every.map(|every| (every.as_millis() as i64).max(1));
    let step = step.map(|step| letter.time.div_euclid(step) * step);
    let mut of = (step, letter.source, letter.reason);
    if counts.len() >= LINES_MOST && !counts.contains_key(&of) {
        of.2 = "(other reasons)".into();
    }
    let new = Count { letters: 0, waiting: 0, first: letter.time, last: letter.time };
    let count = counts.entry(of).or_insert(new);
    count.letters += 1;
    count.waiting += u64::from(status == Status::Waits);
    (count.first, count.last) = (count.first.min(letter.time), count.last.max(letter.time));
}

fn print(steps: bool, lines: &[(Of, Count)]) -> Result<(), String> {
    if lines.is_empty() {
        return Ok(());
    }
    let shown = |text: &str| text::shown(text.as_bytes());
    let width = lines.iter().map(|((_, source, _), _)| shown(source).chars().count());
    let width = width.fold("source".len(), usize::max);
    let step = |text: String| if steps { format!("{text:<24}  ") } else { String::new() };
    let head = step("from".into());
    text::say(&format!(
        "  {head}{:<width$}  {:>9}  {:>9}  {:<24}  {:<24}  reason",
        "source", "letters", "waiting", "first", "last"
    ))?;
    lines.iter().try_for_each(|((from, source, reason), count)| {
        let from = step(from.map_or_else(String::new, text::instant));
        let (first, last) = (text::instant(count.first), text::instant(count.last));
        text::say(&format!(
            "  {from}{:<width$}  {:>9}  {:>9}  {first:<24}  {last:<24}  {}",
            shown(source),
            count.letters,
            count.waiting,
            shown(reason)
        ))
    })
}

fn as_json(place: &str, of: &Of, count: &Count) -> String {
    let (from, source, reason) = of;
    text::safe_json(&json!({
        "place": place, "from": from.map(text::instant), "source": source, "reason": reason,
        "letters": count.letters, "waiting": count.waiting,
        "first": text::instant(count.first), "last": text::instant(count.last),
    }))
}
