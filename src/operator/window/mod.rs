//! Windows over event time.

pub mod aggregate;
pub mod assign;
pub mod local;
mod pane;
mod running;
pub mod session;

pub use aggregate::WindowAggregate;
pub use assign::WindowAssign;
pub use local::{LocalWindowAggregate, mergeable};
pub use session::SessionAggregate;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::aggregate::{Accumulators, AggregateCall};
use crate::record::{BatchBuilder, ChangeKind, DataType, key};

/// A window table function's shape; all in milliseconds. TUMBLE is HOP with slide = size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowKind {
    pub size_ms: i64,
    pub slide_ms: i64,
    /// Windows start at offset + n × slide.
    pub offset_ms: i64,
    /// CUMULATE: windows share their start, every `size`, and grow by the slide.
    pub grows: bool,
}

impl WindowKind {
    /// Start of the longest window of CUMULATE that a time lies in.
    pub fn start_of(&self, time: i64) -> i64 {
        time.saturating_sub(time.wrapping_sub(self.offset_ms).rem_euclid(self.size_ms))
    }

    /// Start of the pane (one slide wide) that a time lies in; floors before 1970 too.
    #[inline]
    pub fn pane_of(&self, time: i64) -> i64 {
        time.saturating_sub(time.wrapping_sub(self.offset_ms).rem_euclid(self.slide_ms))
    }
}

/// What a window bound shows: the local time in the zone, for an instant; else the bound itself.
fn shown(zone: Option<&TimeZone>, bound: i64) -> i64 {
    let Some(zone) = zone else {
        return bound;
    };
    let offset =
        Timestamp::from_millisecond(bound).map_or(0, |instant| zone.to_offset(instant).seconds());
    bound.saturating_add(i64::from(offset) * 1000)
}

/// Fired windows on their way out: keys, window_start, window_end, window_time, aggregates.
fn window_rows(keys: &[DataType], calls: &[AggregateCall]) -> BatchBuilder {
    let times = std::iter::repeat_n(DataType::BigInt, 3);
    let values = calls.iter().map(|call| call.data_type.clone());
    BatchBuilder::new(keys.iter().cloned().chain(times).chain(values).collect())
}

/// Adds a window: its key of `width` columns, what its three time columns show, and the
/// aggregates of `row`.
fn push_window(
    rows: &mut BatchBuilder,
    (width, key): (usize, &[u8]),
    bounds: [i64; 3],
    accumulators: &Accumulators,
    row: usize,
) {
    let (keys, rest) = rows.columns().split_at_mut(width);
    let (times, values) = rest.split_at_mut(bounds.len());
    key::decode(key, keys);
    times.iter_mut().zip(bounds).for_each(|(builder, at)| builder.push_i64(at));
    accumulators.output(row, values);
    rows.end_row(ChangeKind::Insert);
}
