//! Table options that the engine itself reads, as typed values.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::time;

type Options = BTreeMap<Arc<str>, Arc<str>>;

/// A duration option in ms: `5 s`, `1 min`, `7 d`, `100ms`, or a bare number of ms.
pub fn duration_ms(options: &Options, key: &str) -> Result<Option<i64>, String> {
    let Some(text) = options.get(key) else { return Ok(None) };
    match time::duration_ms(text) {
        Some(ms) => Ok(Some(ms)),
        None => Err(format!("'{key}' = '{text}' is not a duration; write it like '5 s' or '7 d'")),
    }
}
