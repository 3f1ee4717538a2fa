//! Windows over event time.

/// A window table function's shape; all in milliseconds. TUMBLE is HOP with slide = size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowKind {
    pub size_ms: i64,
    pub slide_ms: i64,
    /// Windows start at offset + n × slide.
    pub offset_ms: i64,
    /// A window stays open for this long after the watermark has passed its end.
    pub allowed_lateness_ms: i64,
}
