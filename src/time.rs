//! Dates and times as numbers, as text, and back: proleptic Gregorian calendar, milliseconds.
//!
//! A local timestamp is milliseconds since 1970-01-01T00:00, a date is days since that day, a
//! time is milliseconds since midnight. Nothing here knows of zones.

mod cast;
mod loose;
mod pattern;

pub use cast::{write_interval, write_timestamp_digits};
pub use pattern::Pattern;

pub const MS_PER_SECOND: i64 = 1_000;
pub const MS_PER_MINUTE: i64 = 60_000;
pub const MS_PER_HOUR: i64 = 3_600_000;
pub const MS_PER_DAY: i64 = 86_400_000;

/// Days since 1970-01-01 of a civil date (Hinnant's algorithm, eras of 400 years).
#[inline]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01.
#[inline]
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A unit of time as SQL names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Epoch,
}

impl Unit {
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        let upper = name.to_ascii_uppercase();
        Some(match upper.strip_prefix("SQL_TSI_").unwrap_or(&upper) {
            "NANOSECOND" | "NANOSECONDS" => Self::Nanosecond,
            "MICROSECOND" | "MICROSECONDS" => Self::Microsecond,
            "ISOYEAR" => Self::IsoYear,
            "MILLISECOND" | "MILLISECONDS" => Self::Millisecond,
            "SECOND" | "SECONDS" => Self::Second,
            "MINUTE" | "MINUTES" => Self::Minute,
            "HOUR" | "HOURS" => Self::Hour,
            "DAY" | "DAYS" => Self::Day,
            "WEEK" | "WEEKS" => Self::Week,
            "MONTH" | "MONTHS" => Self::Month,
            "QUARTER" | "QUARTERS" => Self::Quarter,
            "YEAR" | "YEARS" => Self::Year,
            "DECADE" => Self::Decade,
            "CENTURY" => Self::Century,
            "MILLENNIUM" => Self::Millennium,
            "DOW" | "DAYOFWEEK" => Self::DayOfWeek,
            "ISODOW" => Self::IsoDayOfWeek,
            "DOY" | "DAYOFYEAR" => Self::DayOfYear,
            "EPOCH" => Self::Epoch,
            _ => return None,
        })
    }

    /// Length in ms of a unit that has a fixed one.
    pub fn millis(self) -> Option<i64> {
        Some(match self {
            Self::Millisecond => 1,
            Self::Second => MS_PER_SECOND,
            Self::Minute => MS_PER_MINUTE,
            Self::Hour => MS_PER_HOUR,
            Self::Day => MS_PER_DAY,
            Self::Week => 7 * MS_PER_DAY,
            _ => return None,
        })
    }

    /// Length in months of a unit that is counted in them.
    pub fn months(self) -> Option<i64> {
        Some(match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
            Self::Decade => 120,
            Self::Century => 1_200,
            Self::Millennium => 12_000,
            _ => return None,
        })
    }
}

impl Unit {
    /// Years of a unit of which the first begins with the year 1.
    fn counted_from_one(self) -> Option<i64> {
        match self {
            Self::Century => Some(100),
            Self::Millennium => Some(1_000),
            _ => None,
        }
    }
}

/// The field of a local timestamp that EXTRACT names.
pub fn extract(unit: Unit, ms: i64) -> i64 {
    let days = ms.div_euclid(MS_PER_DAY);
    let in_day = ms.rem_euclid(MS_PER_DAY);
    let (year, month, day) = civil_from_days(days);
    match unit {
        Unit::Nanosecond => in_day % MS_PER_SECOND * 1_000_000,
        Unit::Microsecond => in_day % MS_PER_SECOND * 1_000,
        Unit::Millisecond => in_day % MS_PER_SECOND,
        Unit::Second => in_day / MS_PER_SECOND % 60,
        Unit::Minute => in_day / MS_PER_MINUTE % 60,
        Unit::Hour => in_day / MS_PER_HOUR,
        Unit::Day => day,
        Unit::Week => iso_week(days),
        Unit::Month => month,
        Unit::Quarter => (month + 2) / 3,
        Unit::Year => year,
        Unit::Decade => year.div_euclid(10),
        Unit::Century => (year + 99).div_euclid(100),
        Unit::Millennium => (year + 999).div_euclid(1_000),
        // 1970-01-01 was a Thursday; SQL counts from Sunday = 1, ISO from Monday = 1.
        Unit::DayOfWeek => (days + 4).rem_euclid(7) + 1,
        Unit::IsoDayOfWeek => (days + 3).rem_euclid(7) + 1,
        Unit::DayOfYear => days - days_from_civil(year, 1, 1) + 1,
        Unit::IsoYear => civil_from_days(days - (days + 3).rem_euclid(7) + 3).0,
        Unit::Epoch => ms.div_euclid(MS_PER_SECOND),
    }
}

/// ISO 8601 week number: the week belongs to the year of its Thursday.
fn iso_week(days: i64) -> i64 {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (thursday - days_from_civil(year, 1, 1)) / 7 + 1
}

/// Start of the unit in which a local timestamp lies; `None` for what is no span of time. Weeks
/// start on Sunday, as in Flink.
#[inline]
pub fn floor(unit: Unit, ms: i64) -> Option<i64> {
    let days = whole_days(ms) / MS_PER_DAY;
    if let Some(months) = unit.months() {
        let (year, month, _) = civil_from_days(days);
        if let Some(years) = unit.counted_from_one() {
            let first = (year - 1).div_euclid(years) * years + 1;
            return Some(month_start(first * 12));
        }
        let since_zero = (year * 12 + month - 1).div_euclid(months) * months;
        return Some(month_start(since_zero));
    }
    if unit == Unit::Week {
        return Some((days - (days + 4).rem_euclid(7)) * MS_PER_DAY);
    }
    unit.millis().map(|step| ms - ms.rem_euclid(step))
}

/// What Flink takes a timestamp for where it rounds to units longer than a day: before 1970 that is
/// the end of its day.
fn whole_days(ms: i64) -> i64 {
    ms - ms % MS_PER_DAY
}

/// The first start of a unit that is not before a local timestamp; of a unit longer than a day, not
/// before its day, as in Flink.
#[inline]
pub fn ceil(unit: Unit, ms: i64) -> Option<i64> {
    let is_long = unit.months().is_some() || unit == Unit::Week;
    let ms = if is_long { whole_days(ms) } else { ms };
    let floor = floor(unit, ms)?;
    // Of a decade and longer units it is the next one in any case, as in Flink, and so is it of a
    // quarter that is not the year's first.
    let next = match unit {
        Unit::Quarter => civil_from_days(floor.div_euclid(MS_PER_DAY)).1 > 1,
        unit => unit.months().is_some_and(|months| months >= 120),
    };
    if floor == ms && !next {
        return Some(ms);
    }
    match (unit.months(), unit.millis()) {
        (Some(months), _) => Some(add_months(floor, months)),
        (None, Some(step)) => floor.checked_add(step),
        _ => None,
    }
}

fn month_start(months_since_zero: i64) -> i64 {
    let (year, month) = (months_since_zero.div_euclid(12), months_since_zero.rem_euclid(12) + 1);
    days_from_civil(year, month, 1) * MS_PER_DAY
}

/// A date some months later; the day is pulled back to the month's last one.
pub fn add_months_to_date(days: i64, months: i64) -> i64 {
    let (year, month, day) = civil_from_days(days);
    // Far beyond any date that can be written; keeps the arithmetic from overflowing.
    let months = months.clamp(-12_000_000, 12_000_000);
    let total = year * 12 + month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    days_from_civil(year, month, day.min(days_in_month(year, month)))
}

/// A local timestamp some months later, by [`add_months_to_date`].
pub fn add_months(ms: i64, months: i64) -> i64 {
    let days = add_months_to_date(ms.div_euclid(MS_PER_DAY), months);
    days * MS_PER_DAY + ms.rem_euclid(MS_PER_DAY)
}

/// Full months from one local timestamp to another, as Flink (by Calcite's subtractMonths) counts
/// them: those of the days, toward zero, and one less where the second one is earlier in a day that
/// they lead to exactly.
pub fn months_between(from: i64, to: i64) -> i64 {
    let (first, last) = (from.div_euclid(MS_PER_DAY), to.div_euclid(MS_PER_DAY));
    let months = if last < first { -full_months(last, first) } else { full_months(first, last) };
    let earlier = to.rem_euclid(MS_PER_DAY) < from.rem_euclid(MS_PER_DAY);
    months - i64::from(earlier && add_months_to_date(first, months) == last)
}

/// The most months that lead from a date to one that is not after the other.
fn full_months(from: i64, to: i64) -> i64 {
    let (from_year, from_month, _) = civil_from_days(from);
    let (to_year, to_month, _) = civil_from_days(to);
    let months = (to_year - from_year) * 12 + to_month - from_month;
    months - i64::from(add_months_to_date(from, months) > to)
}

/// Appends a number with at least `width` digits.
#[inline]
pub(crate) fn write_padded(value: i64, width: usize, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let mut digits = [b'0'; 20];
    let mut rest = value.unsigned_abs();
    let mut at = digits.len();
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    at = at.min(digits.len() - width.min(20));
    out.extend(digits[at..].iter().map(|&digit| digit as char));
}

#[inline]
fn push_two(value: i64, out: &mut String) {
    out.push((b'0' + (value / 10) as u8) as char);
    out.push((b'0' + (value % 10) as u8) as char);
}

/// Appends `yyyy-MM-dd` of a day since 1970-01-01.
pub fn write_date(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    write_padded(year, 4, out);
    out.push('-');
    push_two(month, out);
    out.push('-');
    push_two(day, out);
}

fn write_hms(in_day: i64, out: &mut String) {
    push_two(in_day / MS_PER_HOUR, out);
    out.push(':');
    push_two(in_day / MS_PER_MINUTE % 60, out);
    out.push(':');
    push_two(in_day / MS_PER_SECOND % 60, out);
}

/// Appends `HH:mm:ss`, and `.SSS` where the milliseconds are not zero.
pub fn write_time(ms: i64, out: &mut String) {
    let in_day = ms.rem_euclid(MS_PER_DAY);
    write_hms(in_day, out);
    if in_day % MS_PER_SECOND != 0 {
        out.push('.');
        write_padded(in_day % MS_PER_SECOND, 3, out);
    }
}

/// Appends a time of day as Java's `LocalTime.toString`: seconds only where they, or milliseconds,
/// are not zero.
pub fn write_local_time(ms: i64, out: &mut String) {
    let in_day = ms.rem_euclid(MS_PER_DAY);
    if in_day % MS_PER_MINUTE != 0 {
        return write_time(ms, out);
    }
    let start = out.len();
    write_hms(in_day, out);
    out.truncate(start + "HH:mm".len());
}

/// Appends `yyyy-MM-dd HH:mm:ss.SSS`.
pub fn write_timestamp(ms: i64, out: &mut String) {
    write_timestamp_seconds(ms, ' ', out);
    out.push('.');
    write_padded(ms.rem_euclid(MS_PER_SECOND), 3, out);
}

/// Appends a timestamp with the fraction only where it is not zero.
pub fn write_timestamp_seconds_optional(ms: i64, separator: char, out: &mut String) {
    write_timestamp_seconds(ms, separator, out);
    let millis = ms.rem_euclid(MS_PER_SECOND);
    if millis != 0 {
        out.push('.');
        write_padded(millis, 3, out);
    }
}

fn write_timestamp_seconds(ms: i64, separator: char, out: &mut String) {
    write_date(ms.div_euclid(MS_PER_DAY), out);
    out.push(separator);
    write_hms(ms.rem_euclid(MS_PER_DAY), out);
}

/// Appends a timestamp as Java's `LocalDateTime.toString`: seconds and milliseconds only where
/// they are not zero (seconds also where milliseconds follow).
pub fn write_local_date_time(ms: i64, out: &mut String) {
    if ms.rem_euclid(MS_PER_MINUTE) != 0 {
        return write_timestamp_seconds_optional(ms, 'T', out);
    }
    write_date(ms.div_euclid(MS_PER_DAY), out);
    out.push('T');
    let in_day = ms.rem_euclid(MS_PER_DAY);
    push_two(in_day / MS_PER_HOUR, out);
    out.push(':');
    push_two(in_day / MS_PER_MINUTE % 60, out);
}

/// A duration as Flink's options write it, in ms: `5 s`, `1 min`, `7 d`, `100ms`, or a bare number
/// of ms.
pub fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..digits].parse().ok()?;
    let unit_ms = match text[digits..].trim() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => MS_PER_SECOND,
        "m" | "min" | "minute" | "minutes" => MS_PER_MINUTE,
        "h" | "hour" | "hours" => MS_PER_HOUR,
        "d" | "day" | "days" => MS_PER_DAY,
        _ => return None,
    };
    number.checked_mul(unit_ms)
}

/// What an instant may be, ms since the epoch: the years 0 to 9999.
pub const INSTANTS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// Reads text from the left.
pub(crate) struct Scanner<'a> {
    pub rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes() }
    }

    /// A number of `min` to `max` digits.
    #[inline]
    pub fn number(&mut self, min: usize, max: usize) -> Option<i64> {
        let digits = self.rest.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < min {
            return None;
        }
        let value = self.rest[..digits].iter().fold(0, |v, &d| v * 10 + i64::from(d - b'0'));
        self.rest = &self.rest[digits..];
        Some(value)
    }

    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let hit = self.rest.first() == Some(&byte);
        if hit {
            self.rest = &self.rest[1..];
        }
        hit
    }

    /// `.` and 1 to 9 digits as ms (cut); nothing counts as 0.
    fn fraction(&mut self) -> Option<i64> {
        if !self.take(b'.') {
            return Some(0);
        }
        let before = self.rest.len();
        let value = self.number(1, 9)?;
        let digits = (before - self.rest.len()) as u32;
        Some(value * 1_000 / 10i64.pow(digits))
    }

    fn clock(&mut self, min_digits: usize) -> Option<i64> {
        self.clock_to(min_digits, MS_PER_DAY - 1)
    }

    /// As [`Self::clock`], up to a time of day.
    fn clock_to(&mut self, min_digits: usize, last: i64) -> Option<i64> {
        let hour = self.number(min_digits, 2)?;
        let minute = self.take(b':').then(|| self.number(min_digits, 2))??;
        let (second, fraction) = match self.take(b':') {
            true => (self.number(min_digits, 2)?, self.fraction()?),
            // ISO 8601 may leave them out; a fraction would be one of the minute then.
            false if min_digits == 2 => (0, 0),
            false => return None,
        };
        if minute > 59 || second > 59 {
            return None;
        }
        let ms = hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND + fraction;
        Some(ms).filter(|ms| *ms <= last)
    }

    /// `yyyy-MM-dd`; with one-digit forms and days pulled back where `lenient`.
    fn date(&mut self, lenient: bool) -> Option<i64> {
        let min = if lenient { 1 } else { 2 };
        let year = self.number(4, 4)?;
        let month = self.take(b'-').then(|| self.number(min, 2))??;
        let day = self.take(b'-').then(|| self.number(min, 2))??;
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let last = days_in_month(year, month);
        if day > last && !lenient {
            return None;
        }
        Some(days_from_civil(year, month, day.min(last)))
    }
}

/// `yyyy-MM-dd[ HH:mm:ss[.fraction]]` as Flink's CAST and TO_TIMESTAMP take it: days 29 to 31
/// are pulled back to the month's last day, leading zeros may be missing.
pub fn parse_timestamp_sql(text: &str) -> Option<i64> {
    let mut scanner = Scanner::new(text);
    let days = scanner.date(true)?;
    // 24:00:00 is the end of the day.
    let in_day = if scanner.take(b' ') { scanner.clock_to(1, MS_PER_DAY)? } else { 0 };
    scanner.rest.is_empty().then_some(days * MS_PER_DAY + in_day)
}

/// Text as a timestamp by the rules of java.sql.Timestamp.valueOf, or where it has no blank of
/// java.sql.Date.valueOf: TO_TIMESTAMP falls back on them where a text does not have the format that
/// it is given. Days and times beyond their range run on.
pub fn parse_timestamp_java(text: &str) -> Option<i64> {
    let mut scanner = Scanner::new(text.trim());
    let year = scanner.number(4, 4)?;
    let month = scanner.take(b'-').then(|| scanner.number(1, 2))??;
    let day = scanner.take(b'-').then(|| scanner.number(1, 2))??;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut ms = (days_from_civil(year, month, 1) + day - 1) * MS_PER_DAY;
    if scanner.take(b' ') {
        let hour = scanner.number(1, 9)?;
        let minute = scanner.take(b':').then(|| scanner.number(1, 9))??;
        let second = scanner.take(b':').then(|| scanner.number(1, 9))??;
        ms += hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND;
        ms += scanner.fraction()?;
    }
    scanner.rest.is_empty().then_some(ms)
}

/// `HH[:mm[:ss[.fraction]]]` as ms since midnight.
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let mut scanner = Scanner::new(text);
    let in_day = match text.matches(':').count() {
        2 => scanner.clock(1)?,
        parts => {
            let hour = scanner.number(1, 2).filter(|hour| *hour < 24)?;
            let minute = match parts {
                0 => 0,
                _ => scanner.take(b':').then(|| scanner.number(1, 2))??,
            };
            hour * MS_PER_HOUR + Some(minute).filter(|minute| *minute < 60)? * MS_PER_MINUTE
        }
    };
    scanner.rest.is_empty().then_some(in_day)
}

/// Text as a date, by Flink's lenient rules: `y`, `y-m` and `y-m-d`, blanks around the parts, all
/// behind a blank ignored; the day must exist.
pub fn parse_date(text: &str) -> Option<i64> {
    let text = match text.find(' ') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    };
    let mut parts = text.splitn(3, '-');
    let mut next = || match parts.next() {
        None => Some(1),
        Some(part) => {
            let part = part.trim();
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<i64>().ok())?
        }
    };
    let (year, month, day) = (next()?, next()?, next()?);
    let valid = year <= 9_999
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

/// `yyyy-MM-ddTHH:mm:ss[.fraction]` with or without `Z` or an offset; without one the text is
/// taken as it stands (local).
pub fn parse_iso8601(text: &str) -> Option<i64> {
    parse_iso(text).map(|(local, offset)| local - offset.unwrap_or(0))
}

/// As [`parse_iso8601`], but `Z` or an offset must be there.
pub fn parse_iso8601_instant(text: &str) -> Option<i64> {
    parse_iso(text).and_then(|(local, offset)| Some(local - offset?))
}

/// Local time and the offset in ms where there is one.
fn parse_iso(text: &str) -> Option<(i64, Option<i64>)> {
    let mut scanner = Scanner::new(text);
    let days = scanner.date(false)?;
    if !scanner.take(b'T') {
        return None;
    }
    let local = days * MS_PER_DAY + scanner.clock(2)?;
    if scanner.rest.is_empty() {
        return Some((local, None));
    }
    if scanner.take(b'Z') {
        return scanner.rest.is_empty().then_some((local, Some(0)));
    }
    let sign = if scanner.take(b'+') {
        1
    } else if scanner.take(b'-') {
        -1
    } else {
        return None;
    };
    let hours = scanner.number(2, 2).filter(|hours| *hours <= 18)?;
    let minutes = if scanner.take(b':') { scanner.number(2, 2)? } else { 0 };
    let offset = sign * (hours * MS_PER_HOUR + minutes * MS_PER_MINUTE);
    (scanner.rest.is_empty() && minutes < 60).then_some((local, Some(offset)))
}

#[cfg(test)]
mod tests;
