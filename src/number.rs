//! Numbers as text, as Java and so Flink writes them.

/// Appends a double as Java's `Double.toString` does.
pub fn write_double(value: f64, out: &mut String) {
    out.push_str(ryu::Buffer::new().format(value));
}
