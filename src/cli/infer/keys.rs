//! What the keys of records are made of.

use serde_json::value::RawValue;

use super::sample::{Raw, Sample, members};
use super::seen::{Members, text};
use super::times::value_of;

/// How a key is written, and the columns that it repeats.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub format: &'static str,
    pub fields: Vec<String>,
}

/// The columns whose values the keys repeat, if they do in all records.
pub fn of(sample: &Sample) -> Option<Key> {
    let first = sample.records.first()?;
    let all = |fields: &[String], format: &str| {
        sample.records.iter().all(|raw| repeats(raw, format, fields))
    };
    let key = first.key.as_deref()?;
    let (format, fields): (_, Vec<String>) = match members(key) {
        Some(Members(parts)) => {
            ("json", parts.into_iter().map(|(name, _)| name.into_owned()).collect())
        }
        None => {
            let value = members(&first.value)?;
            let same = |(_, raw): &&(_, &RawValue)| is_raw(key, raw);
            let names: Vec<String> =
                value.0.iter().filter(same).map(|(name, _)| name.to_string()).collect();
            let holds = |name: &String| all(std::slice::from_ref(name), "raw");
            ("raw", names.into_iter().find(holds).into_iter().collect())
        }
    };
    (!fields.is_empty() && all(&fields, format)).then_some(Key { format, fields })
}

/// A text column, as its bytes.
fn is_raw(key: &[u8], value: &RawValue) -> bool {
    value.get().starts_with('"') && text(value.get()).as_bytes() == key
}

fn repeats(record: &Raw, format: &str, fields: &[String]) -> bool {
    let (Some(key), Some(value)) = (record.key.as_deref(), members(&record.value)) else {
        return false;
    };
    let of_value = |name: &String| value_of(&value, name);
    if format == "raw" {
        return fields.iter().all(|name| of_value(name).is_some_and(|raw| is_raw(key, raw)));
    }
    let Some(parts) = members(key) else { return false };
    parts.0.len() == fields.len()
        && fields.iter().all(|name| {
            let (part, raw) = (value_of(&parts, name), of_value(name));
            part.zip(raw).is_some_and(|(part, raw)| part.get() == raw.get())
        })
}
