//! What the options of several sinks have in common.

use std::time::Duration;

use super::publishes_committed;
use crate::record::Field;
use crate::sql::plan::Table;
use crate::time;

pub fn option<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.options.get(name).map(|value| &**value)
}

/// `7 d`, `30 min`, `500 ms`; a bare number is milliseconds, as in Flink.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let fault = || format!("'{text}' is not a duration like '7 d', '30 min' or '500 ms'");
    // Redis refuses times to live beyond 2^63 ms from now; a century is as good as for ever.
    let ms = time::duration_ms(text).filter(|&ms| ms > 0 && ms < 100 * 366 * time::MS_PER_DAY);
    ms.map(|ms| Duration::from_millis(ms as u64)).ok_or_else(fault)
}

/// An option that holds a duration.
pub fn duration(table: &Table, name: &str, default: Duration) -> Result<Duration, String> {
    match option(table, name) {
        Some(text) => parse_duration(text).map_err(|error| format!("'{name}': {error}")),
        None => Ok(default),
    }
}

/// `512 kb`, `16 mb`, `1 gb`; a bare number is bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match lower[digits.len()..].trim() {
        "" | "b" => Some(1),
        "k" | "kb" => Some(1 << 10),
        "m" | "mb" => Some(1 << 20),
        "g" | "gb" => Some(1 << 30),
        _ => None,
    };
    digits.parse().ok().zip(unit).and_then(|(n, unit): (u64, _)| n.checked_mul(unit))
}

/// Bytes on disk that may wait to be published before the stream is held back.
pub fn backlog_bytes(table: &Table) -> Result<u64, String> {
    const NAME: &str = "sink.backlog.max-bytes";
    /// Hours of alerts, and little of a disk.
    const BYTES: u64 = 1 << 30;
    let Some(text) = option(table, NAME) else { return Ok(BYTES) };
    if !publishes_committed(table) {
        return Err(format!(
            "'{NAME}' is for rows that are published when their epoch is committed: leave it out, or \
             'sink.publish' = 'early'"
        ));
    }
    let bytes = parse_size(text).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("'{NAME}' = '{text}': a size like '512 mb' or '4 gb'"))
}

/// Columns named in an option, separated by `;`.
pub fn columns_of(fields: &[Field], option: &str, text: &str) -> Result<Vec<usize>, String> {
    let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let found = fields.iter().position(|field| &*field.name == name);
            found.ok_or_else(|| format!("'{option}': the table has no column '{name}'"))
        })
        .collect()
}

/// The columns of `json.embed`: text that holds JSON and is written as JSON.
pub fn embedded_columns(table: &Table, fields: &[Field]) -> Result<Vec<usize>, String> {
    let named = option(table, "json.embed").unwrap_or_default();
    let embed = columns_of(fields, "json.embed", named)?;
    match embed.iter().find(|&&index| !fields[index].data_type.is_string()) {
        Some(&index) => Err(format!("'json.embed': '{}' is not a STRING", fields[index].name)),
        None => Ok(embed),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn durations() {
        let ms = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(ms("7 d"), Ok(604_800_000));
        assert_eq!(ms("30min"), Ok(1_800_000));
        assert_eq!(ms("1500"), Ok(1_500));
        for bad in ["", "d", "-1 s", "0", "5 weeks", "1.5 h", "99999999999999999999 d"] {
            assert!(ms(bad).is_err(), "{bad}");
        }
    }
}
