//! Windows over event time.

pub mod aggregate;
pub mod assign;
mod clock;
pub mod local;
mod pane;
mod running;
pub mod session;
mod single;

pub use aggregate::WindowAggregate;
pub use assign::WindowAssign;
pub use clock::{OnWallClock, WallClock};
pub use local::{LocalWindowAggregate, mergeable};
pub use session::SessionAggregate;
pub use single::SingleWindows;

use super::aggregate::{Accumulators, AggregateCall};
use crate::record::{BatchBuilder, ChangeKind, ColumnBuilder, DataType, key};

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

    /// The windows that a time lies in, from start to end, the earliest first. The size of HOP
    /// need not be a multiple of its slide here.
    pub fn windows_of(self, time: i64) -> impl Iterator<Item = (i64, i64)> {
        let Self { size_ms, slide_ms, grows, .. } = self;
        let last = if grows { self.start_of(time) } else { self.pane_of(time) };
        let (steps, before) = match grows {
            true => (size_ms / slide_ms, (self.pane_of(time) - last) / slide_ms),
            // The last one begins before the next slide; one may lie between two.
            false => ((size_ms - (time - last) + slide_ms - 1).max(0) / slide_ms, 0),
        };
        (before..steps).map(move |step| match grows {
            true => (last, last.saturating_add((step + 1) * slide_ms)),
            false => {
                let start = last.saturating_sub((steps - 1 - step) * slide_ms);
                (start, start.saturating_add(size_ms))
            }
        })
    }
}

/// Fired windows on their way out: keys, window_start, window_end, window_time, aggregates.
fn window_rows(keys: &[DataType], calls: &[AggregateCall]) -> BatchBuilder {
    let times = std::iter::repeat_n(DataType::BigInt, 3);
    let values = calls.iter().map(|call| call.data_type.clone());
    BatchBuilder::new(keys.iter().cloned().chain(times).chain(values).collect())
}

/// Adds a window: its key of `width` columns, its bounds as three time columns, and the
/// aggregates of `row`.
fn push_window(
    rows: &mut BatchBuilder,
    (width, key): (usize, &[u8]),
    bounds: (i64, i64),
    accumulators: &Accumulators,
    row: usize,
) {
    accumulators.output(row, push_key(rows, (width, key), bounds));
    rows.end_row(ChangeKind::Insert);
}

/// The same without the aggregates, whose columns are given.
fn push_key<'a>(
    rows: &'a mut BatchBuilder,
    (width, key): (usize, &[u8]),
    (start, end): (i64, i64),
) -> &'a mut [ColumnBuilder] {
    let (keys, rest) = rows.columns().split_at_mut(width);
    let bounds = [start, end, end - 1];
    let (times, values) = rest.split_at_mut(bounds.len());
    key::decode(key, keys);
    times.iter_mut().zip(bounds).for_each(|(builder, at)| builder.push_i64(at));
    values
}
