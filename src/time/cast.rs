//! Times as the texts that Flink's casts make.

use super::{MS_PER_DAY, MS_PER_SECOND, write_hms, write_padded, write_timestamp};

/// Appends `yyyy-MM-dd HH:mm:ss` and as many digits of a second as the type has; more where they
/// are not zeros, as Flink's casts do.
pub fn write_timestamp_digits(ms: i64, precision: u8, out: &mut String) {
    write_timestamp(ms, out);
    if precision > 3 {
        out.extend(std::iter::repeat_n('0', usize::from(precision) - 3));
        return;
    }
    let mut digits = 3;
    while digits > precision && out.ends_with('0') {
        out.pop();
        digits -= 1;
    }
    if digits == 0 {
        out.pop();
    }
}

/// Appends an interval of days and less as Flink's casts do: `+1 02:03:04.005`.
pub fn write_interval(ms: i64, out: &mut String) {
    out.push(if ms < 0 { '-' } else { '+' });
    let ms = ms.saturating_abs();
    write_padded(ms / MS_PER_DAY, 1, out);
    out.push(' ');
    write_hms(ms % MS_PER_DAY, out);
    out.push('.');
    write_padded(ms % MS_PER_SECOND, 3, out);
}
