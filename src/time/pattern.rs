//! Java's date patterns (`yyyy/MM/dd HH:mm`), compiled once and used for many values.

use super::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, Scanner, Unit};
use super::{civil_from_days, days_from_civil, days_in_month, extract, write_padded};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    /// A pattern letter and how often it stands.
    Field(u8, usize),
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// What a parsed text says; the rest counts as 1970-01-01 00:00.
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    /// Counts instead of month and day.
    day_of_year: Option<i64>,
    hour: i64,
    half: Option<i64>,
    minute: i64,
    second: i64,
    millis: i64,
}

impl Pattern {
    /// `None` where the pattern has a letter without a meaning here or an open quote.
    pub fn new(pattern: &str) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\'' => push_text(&mut parts, &quoted(&mut chars)?),
                'a'..='z' | 'A'..='Z' => {
                    if !"yuYMLdHhKkmsSaEeDwWQqGnNAXxZ".contains(c) {
                        return None;
                    }
                    let mut count = 1;
                    while chars.next_if_eq(&c).is_some() {
                        count += 1;
                    }
                    parts.push(Part::Field(c as u8, count));
                }
                // Around what may be left out; a time has it all.
                '[' | ']' => {}
                c => push_text(&mut parts, c.encode_utf8(&mut [0; 4])),
            }
        }
        Some(Self { parts })
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it asks for the zone, which a local time does not have.
    pub fn has_zone(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(b'X' | b'x' | b'Z', _)))
    }

    /// Appends a local timestamp by the pattern.
    pub fn format(&self, ms: i64, out: &mut String) {
        let days = ms.div_euclid(MS_PER_DAY);
        let in_day = ms.rem_euclid(MS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        let hour = in_day / MS_PER_HOUR;
        for part in &self.parts {
            let (letter, width) = match part {
                Part::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Part::Field(letter, width) => (*letter, *width),
            };
            match letter {
                b'y' | b'u' if width == 2 => write_padded(year.rem_euclid(100), 2, out),
                b'y' | b'u' => write_padded(year, width, out),
                b'M' | b'L' if width >= 3 => push_name(&MONTHS, month - 1, width, out),
                b'M' | b'L' => write_padded(month, width, out),
                b'd' => write_padded(day, width, out),
                b'D' => write_padded(extract(Unit::DayOfYear, ms), width, out),
                b'E' => push_name(&WEEKDAYS, (days + 3).rem_euclid(7), width, out),
                b'e' => write_padded((days + 4).rem_euclid(7) + 1, width, out),
                b'Y' if width == 2 => write_padded(week_of(days).0.rem_euclid(100), 2, out),
                b'Y' => write_padded(week_of(days).0, width, out),
                b'w' => write_padded(week_of(days).1, width, out),
                b'W' => {
                    let first = days - day + 1;
                    write_padded((day + (first + 4).rem_euclid(7) - 1) / 7 + 1, width, out)
                }
                b'Q' | b'q' => push_quarter((month + 2) / 3, width, out),
                b'G' => out.push_str(match (width, year > 0) {
                    (4, true) => "Anno Domini",
                    (4, false) => "Before Christ",
                    (5, true) => "A",
                    (5, false) => "B",
                    (_, true) => "AD",
                    (_, false) => "BC",
                }),
                b'n' => write_padded(in_day % MS_PER_SECOND * 1_000_000, width, out),
                b'N' => write_padded(in_day * 1_000_000, width, out),
                b'A' => write_padded(in_day, width, out),
                b'H' => write_padded(hour, width, out),
                b'k' => write_padded(if hour == 0 { 24 } else { hour }, width, out),
                b'K' => write_padded(hour % 12, width, out),
                b'h' => write_padded((hour + 11) % 12 + 1, width, out),
                b'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
                b'm' => write_padded(in_day / MS_PER_MINUTE % 60, width, out),
                b's' => write_padded(in_day / MS_PER_SECOND % 60, width, out),
                // A fraction of a second: more digits than three are zeros.
                _ => {
                    let millis = in_day % MS_PER_SECOND;
                    let shown = 10i64.pow(3 - width.min(3) as u32);
                    write_padded(millis / shown, width.min(3), out);
                    out.extend(std::iter::repeat_n('0', width.saturating_sub(3)));
                }
            }
        }
    }

    /// The local timestamp that a text of this pattern stands for. Days 29 to 31 are pulled back
    /// to the month's last one, as Java's smart resolver does.
    pub fn parse(&self, text: &str) -> Option<i64> {
        self.parse_start(text).filter(|(_, rest)| rest.is_empty()).map(|(ms, _)| ms)
    }

    /// As [`Self::parse`], with what stands behind the pattern's text.
    pub fn parse_start<'a>(&self, text: &'a str) -> Option<(i64, &'a [u8])> {
        let mut fields = Fields {
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            half: None,
            minute: 0,
            second: 0,
            millis: 0,
        };
        let mut scanner = Scanner::new(text);
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => {
                    scanner.rest = scanner.rest.strip_prefix(text.as_bytes())?;
                }
                Part::Field(letter, width) => {
                    let packed = matches!(self.parts.get(i + 1), Some(Part::Field(..)));
                    fields.read(*letter, *width, packed, &mut scanner)?;
                }
            }
        }
        fields.resolve().map(|ms| (ms, scanner.rest))
    }
}

impl Fields {
    fn read(
        &mut self,
        letter: u8,
        width: usize,
        packed: bool,
        scanner: &mut Scanner,
    ) -> Option<()> {
        // One letter takes as many digits as there are, unless digits of the next field follow.
        let max = if width == 1 && !packed { 2 } else { width };
        match letter {
            b'y' | b'u' if width == 2 => self.year = 2000 + scanner.number(2, 2)?,
            b'y' | b'u' => {
                let most = if packed { width } else { width.max(4) };
                self.year = scanner.number(width.min(4), most)?;
            }
            b'M' | b'L' if width >= 3 => self.month = take_name(&MONTHS, width, scanner)? + 1,
            b'M' | b'L' => self.month = scanner.number(width, max)?,
            b'd' => self.day = scanner.number(width, max)?,
            b'D' => self.day_of_year = Some(scanner.number(width, width.max(3))?),
            b'E' => drop(take_name(&WEEKDAYS, width, scanner)?),
            b'H' | b'k' => {
                self.hour = scanner.number(width, max)? % if letter == b'k' { 24 } else { 100 }
            }
            b'h' | b'K' => self.hour = scanner.number(width, max).filter(|hour| *hour <= 12)? % 12,
            b'a' => self.half = Some(take_name(&["AM", "PM"], 4, scanner)?),
            b'm' => self.minute = scanner.number(width, max)?,
            b's' => self.second = scanner.number(width, max)?,
            b'S' => {
                let value = scanner.number(width.min(9), width.min(9))?;
                self.millis = value * 1_000 / 10i64.pow(width.min(9) as u32);
            }
            // An offset is read over: the local time is what counts.
            b'X' | b'x' | b'Z' => offset(scanner)?,
            _ => return None,
        }
        Some(())
    }

    fn resolve(self) -> Option<i64> {
        let hour = self.hour + self.half.unwrap_or(0) * 12;
        let end_of_day = hour == 24 && self.minute + self.second + self.millis == 0;
        let valid = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (hour < 24 || end_of_day)
            && self.minute < 60
            && self.second < 60;
        if !valid {
            return None;
        }
        let year_days = days_from_civil(self.year + 1, 1, 1) - days_from_civil(self.year, 1, 1);
        let days = match self.day_of_year {
            Some(day) if !(1..=year_days).contains(&day) => return None,
            Some(day) => days_from_civil(self.year, 1, 1) + day - 1,
            None => {
                let day = self.day.min(days_in_month(self.year, self.month));
                days_from_civil(self.year, self.month, day)
            }
        };
        let clock = hour * MS_PER_HOUR + self.minute * MS_PER_MINUTE + self.second * MS_PER_SECOND;
        Some(days * MS_PER_DAY + clock + self.millis)
    }
}

/// `Z`, `+02`, `+0200` or `+02:00`.
fn offset(scanner: &mut Scanner) -> Option<()> {
    if scanner.take(b'Z') {
        return Some(());
    }
    if !scanner.take(b'+') && !scanner.take(b'-') {
        return None;
    }
    scanner.number(2, 2)?;
    scanner.take(b':');
    scanner.number(2, 2);
    Some(())
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.into())),
    }
}

/// The text behind an opening quote; `''` is a quote itself.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars>) -> Option<String> {
    if chars.next_if_eq(&'\'').is_some() {
        return Some("'".into());
    }
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' if chars.next_if_eq(&'\'').is_some() => text.push('\''),
            '\'' => return Some(text),
            c => text.push(c),
        }
    }
}

/// Three letters of a name, all of it for four, one for five.
fn shown(name: &str, width: usize) -> &str {
    match width {
        4 => name,
        5 => &name[..1],
        _ => &name[..3],
    }
}

/// Year and number of a week that starts on Sunday; the first one holds January 1st.
fn week_of(days: i64) -> (i64, i64) {
    let sunday = |days: i64| days - (days + 4).rem_euclid(7);
    let (year, _, _) = civil_from_days(sunday(days) + 6);
    let first = sunday(days_from_civil(year, 1, 1));
    (year, (days - first) / 7 + 1)
}

fn push_quarter(quarter: i64, width: usize, out: &mut String) {
    const ENDINGS: [&str; 4] = ["st", "nd", "rd", "th"];
    match width {
        3 => out.push('Q'),
        4 => {
            write_padded(quarter, 1, out);
            out.push_str(ENDINGS[(quarter - 1).clamp(0, 3) as usize]);
            return out.push_str(" quarter");
        }
        _ => {}
    }
    write_padded(quarter, if width == 2 { 2 } else { 1 }, out);
}

fn push_name(names: &[&str], index: i64, width: usize, out: &mut String) {
    if let Some(name) = names.get(index as usize) {
        out.push_str(shown(name, width));
    }
}

fn take_name(names: &[&str], width: usize, scanner: &mut Scanner) -> Option<i64> {
    for (i, name) in names.iter().enumerate() {
        if let Some(rest) = scanner.rest.strip_prefix(shown(name, width).as_bytes()) {
            scanner.rest = rest;
            return Some(i as i64);
        }
    }
    None
}
