//! What is read as a time is one that `jiff` reads, and the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pelton::time::{self, Pattern};

fuzz_target!(|text: &str| {
    if let Some(found) = time::parse_iso8601_instant(text) {
        let theirs: jiff::Timestamp = text.parse().expect("jiff reads it too");
        assert_eq!(found, theirs.as_nanosecond().div_euclid(1_000_000) as i64);
    }
    if let (Some(found), Ok(theirs)) =
        (time::parse_timestamp_sql(text), text.parse::<jiff::civil::DateTime>())
        && let Ok(theirs) = theirs.to_zoned(jiff::tz::TimeZone::UTC)
    {
        assert_eq!(found, theirs.timestamp().as_nanosecond().div_euclid(1_000_000) as i64);
    }
    let _ = (time::parse_timestamp_java(text), time::parse_date(text), time::parse_time(text));
    if let Some((pattern, text)) = text.split_once('\n')
        && let Some(pattern) = Pattern::new(pattern)
        && let Some(ms) = pattern.parse(text)
    {
        pattern.format(ms, &mut String::new());
    }
});
