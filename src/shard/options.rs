//! Table options that the engine itself reads, as typed values.

use std::collections::BTreeMap;
use std::sync::Arc;

type Options = BTreeMap<Arc<str>, Arc<str>>;

/// A duration option in ms: `5 s`, `1 min`, `7 d`, `100ms`, or a bare number of ms.
pub fn duration_ms(options: &Options, key: &str) -> Result<Option<i64>, String> {
    let Some(text) = options.get(key) else { return Ok(None) };
    match parse_duration_ms(text) {
        Some(ms) => Ok(Some(ms)),
        None => Err(format!("'{key}' = '{text}' is not a duration; write it like '5 s' or '7 d'")),
    }
}

fn parse_duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..digits].parse().ok()?;
    let unit_ms = match text[digits..].trim() {
        "" | "ms" | "milli" | "millis" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "min" | "m" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms)
}

/// `true` or `false`.
pub fn flag(options: &Options, key: &str, default: bool) -> Result<bool, String> {
    match options.get(key).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(format!("'{key}' = '{other}' is neither 'true' nor 'false'")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_duration_ms;

    #[test]
    fn durations_as_flink_writes_them() {
        let cases = [("5 s", 5_000), ("1min", 60_000), ("7 d", 604_800_000), ("250", 250)];
        for (text, ms) in cases {
            assert_eq!(parse_duration_ms(text), Some(ms), "{text}");
        }
        assert_eq!(parse_duration_ms("soon"), None);
        assert_eq!(parse_duration_ms("5 weeks"), None);
    }
}
