//! Tests of the calendar against `jiff` and of the text forms.

use super::*;
use crate::fault::mutation::{Random, count};
use proptest::prelude::*;

fn text(ms: i64) -> String {
    let mut out = String::new();
    write_timestamp(ms, &mut out);
    out
}

proptest! {
    #[test]
    fn agrees_with_jiff(ms in -62_000_000_000_000i64..253_402_300_799_000, months in -500i64..500) {
        let instant = jiff::Timestamp::from_millisecond(ms).unwrap();
        let civil = jiff::tz::TimeZone::UTC.to_datetime(instant);
        let expected = civil.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        prop_assert_eq!(text(ms), expected.clone());
        prop_assert_eq!(parse_timestamp_sql(&expected), Some(ms));
        prop_assert_eq!(parse_iso8601_instant(&format!("{}Z", expected.replace(' ', "T"))), Some(ms));
        prop_assert_eq!(extract(Unit::DayOfYear, ms), i64::from(civil.date().day_of_year()));
        prop_assert_eq!(extract(Unit::Week, ms), i64::from(civil.date().iso_week_date().week()));
        use jiff::ToSpan;
        if let Ok(later) = civil.checked_add(months.months()) && later.year() >= 0 {
            let expected = later.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
            prop_assert_eq!(text(add_months(ms, months)), expected);
        }
    }
}

#[test]
fn patterns_format_and_parse() {
    let ms = parse_timestamp_sql("2025-10-09 08:53:20.123").unwrap();
    let format = |pattern: &str| {
        let mut out = String::new();
        Pattern::new(pattern).unwrap().format(ms, &mut out);
        out
    };
    assert_eq!(format("yyyy/MM/dd HH:mm"), "2025/10/09 08:53");
    assert_eq!(format("yyyy-MM-dd'T'HH:mm:ss.SSSSSS"), "2025-10-09T08:53:20.123000");
    assert_eq!(format("EEE d MMM yy h a"), "Thu 9 Oct 25 8 AM");
    let parse = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().parse(text);
    assert_eq!(parse("yyyyMMddHHmmssSSS", "20251009085320123"), Some(ms));
    assert_eq!(parse("dd.MM.yyyy", "31.02.2023"), parse("dd.MM.yyyy", "28.02.2023"));
    assert_eq!(parse("dd.MM.yyyy", "bad"), None);
    assert!(Pattern::new("yyyy'").is_none());
}

#[test]
fn iso_ranges_are_checked() {
    for bad in
        ["2025-10-09T24:00:00", "2025-10-09T10:60:00", "2025-10-09T10:00:-1", "2025-02-30T00:00:00"]
    {
        assert_eq!(parse_iso8601(bad), None, "{bad}");
    }
    assert_eq!(parse_iso8601("1970-01-01T01:00:00+01:00"), Some(0));
    assert_eq!(parse_iso8601_instant("1970-01-01T01:00:00"), None);
}

/// What is not the form is refused: never taken for another time.
#[test]
fn odd_iso_texts() {
    let at = |text: &str| parse_timestamp_sql(text);
    for (text, expected) in [
        ("2025-10-09T08:53:20Z", at("2025-10-09 08:53:20")),
        ("2025-10-09T08:53:20+08:00", at("2025-10-09 00:53:20")),
        ("2025-10-09T08:53:20-08:00", at("2025-10-09 16:53:20")),
        ("2025-10-09T08:53:20+08", at("2025-10-09 00:53:20")),
        ("2025-10-09T08:53:20", at("2025-10-09 08:53:20")),
        ("2025-10-09T08:53", at("2025-10-09 08:53:00")),
        ("2025-10-09T08:53:20.123456789Z", at("2025-10-09 08:53:20.123")),
        ("2025-10-09T08:53:20.1Z", at("2025-10-09 08:53:20.1")),
        ("1969-12-31T23:59:59.999Z", Some(-1)),
        ("2024-02-29T23:59:59Z", at("2024-02-29 23:59:59")),
        ("2025-10-09T08:53:20-0800", None),
        ("2025-10-09T08:53.5Z", None),
        ("2025-10-09T08:53:20,123Z", None),
        ("2025-10-09T08:53:20.1234567890Z", None),
        ("2025-10-09T08:53:20.Z", None),
        ("2025-10-09T08:53:60Z", None),
        ("2025-10-09T08:60:00Z", None),
        ("2025-10-09T24:00:00Z", None),
        ("2025-10-09T08:53:20+19:00", None),
        ("2025-10-09T08:53:20+08:60", None),
        ("2025-10-09T08:53:20ZZ", None),
        ("2025-10-09T08:53:20 Z", None),
        (" 2025-10-09T08:53:20Z", None),
        ("2025-10-09 08:53:20", None),
        ("2025-10-09t08:53:20z", None),
        ("2025-02-29T00:00:00Z", None),
        ("2025-1-09T08:53:20Z", None),
        ("25-10-09T08:53:20Z", None),
        ("+12025-10-09T08:53:20Z", None),
        ("-2025-10-09T08:53:20Z", None),
        ("２０２５-10-09T08:53:20Z", None),
        ("2025-10-09T08:53:20\u{2212}08:00", None),
        ("", None),
    ] {
        assert_eq!(parse_iso8601(text), expected, "{text:?}");
    }
}

/// Texts beside good ones: what is read as a time is one that `jiff` reads, and the same.
/// `PELTON_MUTATIONS` says how many.
#[test]
fn spoilt_iso_texts_are_no_other_time() {
    let mut draw = Random::new(4);
    let texts = [
        "2025-10-09T08:53:20Z",
        "2024-02-29T23:59:59.123456789+08:00",
        "1969-12-31T00:00:00.5-0330",
    ];
    let words: &[&[u8]] =
        &[b"-", b":", b"+", b".", b",", b"T", b"Z", b" ", b"0", b"60", b"24", b"99", b"\xc3\xa9"];
    let mut taken = 0;
    for _ in 0..count(50_000) {
        let mut bytes = draw.one_of(&texts).as_bytes().to_vec();
        (0..1 + draw.below(3)).for_each(|_| draw.spoil(&mut bytes, words));
        let text = String::from_utf8_lossy(&bytes);
        let Some(found) = parse_iso8601_instant(&text) else { continue };
        let theirs: Result<jiff::Timestamp, _> = text.parse();
        let theirs = theirs.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        // Both are cut, not rounded, below a millisecond.
        assert_eq!(found, theirs.as_nanosecond().div_euclid(1_000_000) as i64, "{text:?}");
        taken += 1;
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn odd_dates() {
    assert_eq!(parse_date("0"), Some(days_from_civil(0, 1, 1)));
    assert_eq!(parse_date("2025-02-30"), None);
    assert_eq!(parse_date("2025-10-09 10:11:12.5"), Some(days_from_civil(2025, 10, 9)));
    assert_eq!(parse_date(""), None);
}

#[test]
fn floors_and_ceils() {
    let ms = parse_timestamp_sql("2025-10-09 08:53:20.123").unwrap();
    assert_eq!(text(floor(Unit::Quarter, ms).unwrap()), "2025-10-01 00:00:00.000");
    assert_eq!(text(floor(Unit::Week, ms).unwrap()), "2025-10-05 00:00:00.000");
    assert_eq!(text(ceil(Unit::Minute, ms).unwrap()), "2025-10-09 08:54:00.000");
    assert_eq!(text(ceil(Unit::Year, ms).unwrap()), "2026-01-01 00:00:00.000");
    assert_eq!(months_between(ms, add_months(ms, 3)), 3);
    assert_eq!(months_between(ms, add_months(ms, 3) - 1), 2);
}

#[test]
fn durations_as_flink_writes_them() {
    let cases = [("5 s", 5_000), ("1min", 60_000), ("7 d", 604_800_000), ("250", 250)];
    for (text, ms) in cases {
        assert_eq!(duration_ms(text), Some(ms), "{text}");
    }
    assert_eq!(duration_ms("soon"), None);
    assert_eq!(duration_ms("5 weeks"), None);
}
