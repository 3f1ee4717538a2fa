//! A batch: columns, the rows of them that count, and what the batch knows of event time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::column::ColumnRef;
use super::key::Keys;
use super::raw::SharedBlock;

/// Flink's change kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Insert,
    UpdateBefore,
    UpdateAfter,
    Delete,
}

impl ChangeKind {
    /// `+I`, `-U`, `+U`, `-D`.
    pub fn short(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }

    /// One byte for files.
    pub fn code(self) -> u8 {
        match self {
            Self::Insert => 0,
            Self::UpdateBefore => 1,
            Self::UpdateAfter => 2,
            Self::Delete => 3,
        }
    }

    /// What [`ChangeKind::code`] gave.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Insert, Self::UpdateBefore, Self::UpdateAfter, Self::Delete]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// Whether the row takes away rather than adds.
    pub fn is_retract(self) -> bool {
        matches!(self, Self::UpdateBefore | Self::Delete)
    }
}

/// Which physical rows of a batch count, in which order.
#[derive(Clone, Debug)]
pub enum Selection {
    All,
    /// Strictly ascending physical row numbers.
    Rows(Arc<Vec<u32>>),
}

/// The watermarks around and inside a batch (ms).
///
/// `first` holds before the first row, `last` after the last one. Where `before` is absent no
/// row of the batch is late for any operator and none lies in a window that `last` closes:
/// process the whole batch, then advance to `last`. Where it is present, an operator that cares
/// for event time advances to `before[row]` before it takes `row`.
#[derive(Clone, Debug)]
pub struct BatchTime {
    pub first: i64,
    pub last: i64,
    /// By physical row; running maximum, so never falling.
    pub before: Option<Arc<Vec<i64>>>,
}

impl BatchTime {
    /// One watermark around the whole batch.
    pub fn at(watermark: i64) -> Self {
        Self { first: watermark, last: watermark, before: None }
    }

    /// The watermark that held before `row`.
    #[inline]
    pub fn before_row(&self, row: usize) -> i64 {
        self.before.as_ref().map_or(self.first, |before| before[row])
    }
}

/// The raw records of a block from a source. Kept so that a record that fails later, or comes too
/// late, can be written away whole.
#[derive(Debug)]
pub struct Origin {
    pub block: SharedBlock,
    /// Topic or path, shown with a dead letter.
    pub name: Arc<str>,
    /// External partition numbers, indexed by `RawRecord::partition`.
    pub partitions: Arc<Vec<i32>>,
    /// By index of the partition the part of its records that is read, where some are left out.
    pub rates: Option<Arc<Vec<f64>>>,
    /// Whether records that come too late for an operator are kept.
    pub keeps_late: bool,
}

/// The raw records behind the physical rows of a batch.
#[derive(Clone, Debug)]
pub enum Records {
    /// Row i is record i.
    Each(Arc<Origin>),
    /// Row i is the record that stands there.
    Picked(Arc<Origin>, Arc<Vec<u32>>),
    /// A few rows have one, of whichever block.
    Some(Arc<BTreeMap<u32, (Arc<Origin>, u32)>>),
}

impl Records {
    /// The record behind a row: its block and its place there.
    pub fn of(&self, row: u32) -> Option<(Arc<Origin>, u32)> {
        match self {
            Self::Each(origin) => Some((origin.clone(), row)),
            Self::Picked(origin, rows) => Some((origin.clone(), rows[row as usize])),
            Self::Some(records) => records.get(&row).cloned(),
        }
    }

    /// Those of the given rows, which stand one behind the other.
    pub fn pick(&self, rows: &[u32]) -> Self {
        match self {
            Self::Each(origin) => Self::Picked(origin.clone(), Arc::new(rows.to_vec())),
            Self::Picked(origin, of) => {
                let picked = rows.iter().map(|&row| of[row as usize]).collect();
                Self::Picked(origin.clone(), Arc::new(picked))
            }
            Self::Some(_) => {
                let records = (0..).zip(rows).filter_map(|(at, &row)| Some((at, self.of(row)?)));
                Self::Some(Arc::new(records.collect()))
            }
        }
    }
}

/// Rows on their way through the operators.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Physical rows: the length of every column.
    pub rows: usize,
    pub columns: Vec<ColumnRef>,
    pub selection: Selection,
    /// By physical row; `None` = all are inserts.
    pub kinds: Option<Arc<Vec<ChangeKind>>>,
    pub time: BatchTime,
    /// The exchange key by physical row, where the batch came through one.
    pub keys: Option<Arc<Keys>>,
    /// By physical row the key group of the partition it was read from, where state goes by that:
    /// the rows have crossed no exchange.
    pub groups: Option<Arc<Vec<u8>>>,
    /// When the oldest contribution to these rows was appended, µs since the epoch; 0 = unknown.
    pub stamp_us: i64,
    pub records: Option<Records>,
}

impl Batch {
    pub fn new(columns: Vec<ColumnRef>, rows: usize, time: BatchTime) -> Self {
        Self {
            rows,
            columns,
            selection: Selection::All,
            kinds: None,
            time,
            keys: None,
            groups: None,
            stamp_us: 0,
            records: None,
        }
    }

    /// How many rows count.
    pub fn len(&self) -> usize {
        match &self.selection {
            Selection::All => self.rows,
            Selection::Rows(rows) => rows.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Physical row numbers that count, ascending.
    pub fn row_ids(&self) -> RowIds<'_> {
        match &self.selection {
            Selection::All => RowIds::Range(0..self.rows as u32),
            Selection::Rows(rows) => RowIds::List(rows.iter()),
        }
    }

    /// The same as a list.
    pub fn row_numbers(&self) -> Vec<u32> {
        match &self.selection {
            Selection::All => (0..self.rows as u32).collect(),
            Selection::Rows(rows) => rows.to_vec(),
        }
    }

    #[inline]
    pub fn kind(&self, row: usize) -> ChangeKind {
        self.kinds.as_ref().map_or(ChangeKind::Insert, |kinds| kinds[row])
    }

    /// The raw record behind a row, where it is known.
    pub fn record(&self, row: u32) -> Option<(Arc<Origin>, u32)> {
        self.records.as_ref().and_then(|records| records.of(row))
    }

    /// The same rows with other columns (as long as these).
    pub fn with_columns(&self, columns: Vec<ColumnRef>) -> Self {
        Self { columns, ..self.clone() }
    }

    /// Other columns for rows that come of these: row i of `rows[i]`, which are ascending, any of
    /// them several times.
    pub fn picked(&self, columns: Vec<ColumnRef>, rows: &[u32]) -> Self {
        let BatchTime { first, last, before } = &self.time;
        let before = before.as_ref().map(|before| Arc::new(pick(before, rows)));
        Self {
            rows: rows.len(),
            columns,
            selection: Selection::All,
            kinds: self.kinds.as_ref().map(|kinds| Arc::new(pick(kinds, rows))),
            time: BatchTime { first: *first, last: *last, before },
            keys: None,
            groups: self.groups.as_ref().map(|groups| Arc::new(pick(groups, rows))),
            stamp_us: self.stamp_us,
            records: self.records.as_ref().map(|records| records.pick(rows)),
        }
    }

    /// The same columns with fewer rows; `rows` ascending.
    pub fn with_selection(&self, rows: Vec<u32>) -> Self {
        Self { selection: Selection::Rows(Arc::new(rows)), ..self.clone() }
    }
}

/// The values of the given rows.
pub fn pick<T: Clone>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize].clone()).collect()
}

/// Iterator over the rows of a batch that count.
pub enum RowIds<'a> {
    Range(std::ops::Range<u32>),
    List(std::slice::Iter<'a, u32>),
}

impl Iterator for RowIds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Range(range) => range.next().map(|row| row as usize),
            Self::List(rows) => rows.next().map(|&row| row as usize),
        }
    }
}

/// Whether a channel holds the combined watermark back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Idle,
    Finished,
}

/// What travels on a channel, in order.
#[derive(Clone, Debug)]
pub enum Message {
    Data(Batch),
    /// Event time has reached this point (ms) for all that follows.
    Watermark(i64),
    Status(Status),
    /// The rows before it belong to this epoch.
    Barrier(u64),
}
