//! Texts as Java's SimpleDateFormat reads them, by which Flink goes in UNIX_TIMESTAMP, TO_DATE with a
//! pattern and DATE_FORMAT of a text: numbers may have any width and be too large (February 30th is
//! March 1st), and what stands behind is left alone.

use super::pattern::{MONTHS, Part, WEEKDAYS};
use super::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, Pattern, days_from_civil};

/// Years of two digits from this one on are of the last century.
const LAST_CENTURY: i64 = 50;

struct Fields {
    year: i64,
    month: i64,
    day: i64,
    /// Counts instead of month and day.
    day_of_year: Option<i64>,
    /// Of the clock, ms.
    in_day: i64,
}

impl Pattern {
    /// The local timestamp that a text begins with; with an offset that of UTC.
    pub fn parse_loosely(&self, text: &str) -> Option<i64> {
        let mut fields = Fields { year: 1970, month: 1, day: 1, day_of_year: None, in_day: 0 };
        let mut rest = text;
        let parts = self.parts();
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Field(letter, width) => {
                    let packed = matches!(parts.get(at + 1), Some(Part::Field(..)));
                    let most = if packed { *width } else { usize::MAX };
                    rest = fields.read(*letter, *width, most, rest.trim_start_matches(' '))?;
                }
            }
        }
        (!parts.is_empty()).then(|| fields.resolve())
    }
}

impl Fields {
    /// Reads a field from the beginning of a text and gives what stands behind it.
    fn read<'a>(
        &mut self,
        letter: u8,
        width: usize,
        most: usize,
        text: &'a str,
    ) -> Option<&'a str> {
        match letter {
            b'M' | b'L' if width >= 3 => {
                let (month, rest) = name(&MONTHS, text)?;
                self.month = month + 1;
                return Some(rest);
            }
            b'E' => return name(&WEEKDAYS, text).map(|(_, rest)| rest),
            b'a' => {
                let (half, rest) = name(&["AM", "PM"], text)?;
                self.in_day += half * 12 * MS_PER_HOUR;
                return Some(rest);
            }
            b'Z' | b'X' => {
                let (offset, rest) = offset(text)?;
                self.in_day -= offset;
                return Some(rest);
            }
            _ => {}
        }
        let (value, rest) = number(text, most)?;
        match letter {
            b'y' if width == 2 && text.len() - rest.len() == 2 => {
                self.year = value + if value < LAST_CENTURY { 2_000 } else { 1_900 };
            }
            b'y' => self.year = value,
            b'M' | b'L' => self.month = value,
            b'd' => self.day = value,
            b'D' => self.day_of_year = Some(value),
            b'H' => self.in_day += value * MS_PER_HOUR,
            b'k' => self.in_day += value % 24 * MS_PER_HOUR,
            b'h' | b'K' => self.in_day += value % 12 * MS_PER_HOUR,
            b'm' => self.in_day += value * MS_PER_MINUTE,
            b's' => self.in_day += value * MS_PER_SECOND,
            // The digits are a number of ms, not a fraction.
            b'S' => self.in_day += value,
            _ => return None,
        }
        Some(rest)
    }

    fn resolve(self) -> i64 {
        let months = self.year * 12 + self.month - 1;
        let days = match self.day_of_year {
            Some(day) => days_from_civil(self.year, 1, 1) + day - 1,
            None => {
                days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1, 1) + self.day - 1
            }
        };
        days * MS_PER_DAY + self.in_day
    }
}

/// Digits that a year or anything else may have: more would not fit.
const DIGITS_MAX: usize = 9;

fn number(text: &str, most: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    (1..=DIGITS_MAX).contains(&digits).then_some(())?;
    Some((number.parse().ok()?, rest))
}

/// One of the names, or its first three letters.
fn name<'a>(names: &[&str], text: &'a str) -> Option<(i64, &'a str)> {
    let begins = |name: &str| {
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| &text[name.len()..])
    };
    let found = |name: &&str| begins(name).or_else(|| begins(name.get(..3)?));
    (0..).zip(names).find_map(|(at, name)| Some((at, found(name)?)))
}

/// `Z`, `+02`, `+0200` or `+02:00`, in ms.
fn offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = number(text.strip_prefix(['+', '-'])?, 2)?;
    let behind = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = number(behind, 2).unwrap_or((0, rest));
    Some((sign * (hours * MS_PER_HOUR + minutes * MS_PER_MINUTE), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_far_as_the_pattern_goes() {
        for (pattern, text, seconds) in [
            ("yyyy-MM-dd HH:mm:ss", "1970-01-02 00:00:01 and more", Some(86_401)),
            ("yyyy-MM-dd HH:mm:ss", " 1970-1-1 0:0:9", Some(9)),
            ("yyyy-MM-dd HH:mm:ss", "1970-01-01", None),
            ("yyyy-MM-dd", "1970-02-30", Some(60 * 86_400)),
            ("yyyy-MM-dd", "1969-13-01", Some(0)),
            ("yyyy-DDD", "1970-060", Some(59 * 86_400)),
            ("yyyyMMddHHmmss", "19700101000001", Some(1)),
            ("d MMM yyyy", "2 january 1970", Some(86_400)),
            ("yy-MM-dd hh:mm a", "70-01-01 12:01 PM", Some(12 * 3_600 + 60)),
            ("yyyy-MM-dd HH:mm Z", "1970-01-01 02:00 +0200", Some(0)),
            ("", "1970", None),
        ] {
            let read = Pattern::new(pattern).unwrap().parse_loosely(text);
            assert_eq!(read, seconds.map(|seconds: i64| seconds * 1_000), "{pattern}: {text}");
        }
    }
}
