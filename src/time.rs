//! Timestamps and dates as text and back.

use jiff::civil::DateTime;

/// Appends `yyyy-MM-dd HH:mm:ss.fff` of a timestamp in ms.
pub fn write_timestamp(ms: i64, out: &mut String) {
    use std::fmt::Write;
    if let Ok(instant) = jiff::Timestamp::from_millisecond(ms) {
        let at = instant.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let _ = write!(
            out,
            "{} {}.{:03}",
            at.date(),
            at.time().round(jiff::Unit::Second).map_or_else(
                |_| String::new(),
                |_| format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
            ),
            at.millisecond()
        );
    }
}

fn parse(text: &str, separator: u8) -> Option<i64> {
    if text.len() < 19 || text.as_bytes()[10] != separator {
        return None;
    }
    let at: DateTime = text.parse().ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// `yyyy-MM-dd HH:mm:ss[.fff]` as ms since the epoch.
pub fn parse_timestamp_sql(text: &str) -> Option<i64> {
    parse(text, b' ')
}

/// ISO-8601 as ms since the epoch.
pub fn parse_iso8601(text: &str) -> Option<i64> {
    parse(text.strip_suffix('Z').unwrap_or(text), b'T')
}
