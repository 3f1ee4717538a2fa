//! `pelton dlq show`.

use super::letter::Origin;
use super::{Letter, Status, Which, text};

/// Bytes of a value that are shown unless all are asked for.
const VALUE_MOST: usize = 4_096;

#[derive(clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    which: Which,
    /// At most so many of each place, the oldest first
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// A JSON object a line, with all bytes in hexadecimal
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ShowArgs) -> Result<(), String> {
    for place in args.which.places()? {
        let mut found = 0;
        let strange = args.which.walk(&place, &mut |letter, status| {
            found += 1;
            match found <= args.limit {
                false => Ok(()),
                true if args.json => {
                    text::say(&text::safe_json(&letter.json(status == Status::Replayed)))
                }
                true => text::say(&in_full(&place.to_string(), &letter, status)),
            }
        });
        let strange = strange.map_err(|reason| format!("{place}: {reason}"))?;
        // Standard output is of letters alone.
        if found > args.limit {
            eprintln!("{place}: {} more: --limit", found - args.limit);
        }
        if strange > 0 {
            eprintln!("{place}: {strange} record(s) there are no dead letters of pelton");
        }
    }
    Ok(())
}

fn in_full(place: &str, letter: &Letter, status: Status) -> String {
    let shown = |text: &str| text::shown(text.as_bytes());
    let status = match status {
        Status::Waits => "",
        Status::Replayed => " (replayed)",
        Status::KeptTwice => " (kept twice)",
    };
    let source = shown(&letter.source);
    let mut lines = match letter.origin {
        Some(Origin { partition, offset, timestamp }) => {
            let time = if timestamp < 0 { "unknown".into() } else { text::instant(timestamp) };
            let first = format!("{source} partition {partition} offset {offset}{status}");
            vec![first, format!("timestamp  {time}")]
        }
        None => vec![format!("a row for {source}")],
    };
    let time = text::instant(letter.time);
    lines.push(format!("kept       {time} in {}, {}", shown(place), at(letter)));
    lines.push(format!("reason     {}", shown(&letter.reason)));
    if let Some(key) = &letter.key {
        lines.push(format!("key        {}", text::shown_up_to(key, VALUE_MOST)));
    }
    for (name, value) in &letter.headers {
        let value = value.as_deref().map(|value| text::shown_up_to(value, VALUE_MOST));
        let value = value.unwrap_or_else(|| "(null)".into());
        lines.push(format!("header     {}: {value}", shown(name)));
    }
    lines.push(format!("value      {}\n", text::shown_up_to(&letter.value, VALUE_MOST)));
    lines.join("\n  ")
}

fn at(letter: &Letter) -> String {
    match letter.kept {
        (-1, line) => format!("line {line}"),
        (partition, offset) => format!("partition {partition} offset {offset}"),
    }
}
