//! Timestamps and dates as text and back.

/// Appends `yyyy-MM-dd HH:mm:ss[.fff]` of a timestamp in ms; 3 digits of fraction where
/// `precision` is 3 or more... always 3 for Flink's casts (see conformance notes).
pub fn write_timestamp(_ms: i64, _out: &mut String) {
    todo!()
}
