//! Strict sequences: patterns whose variables stand for one row each, as most do.
//!
//! A match that is open has as many rows as it is old, so a key is a set of bits (how many rows
//! each open match has) and its last rows. Which rows a condition reads is known without any
//! matching: the variable q places earlier is the key's row q rows earlier. So for each batch
//! those values are put beside the rows, and every condition is computed once, over the whole
//! batch.

mod earlier;

use std::sync::Arc;

use smallvec::SmallVec;

use self::earlier::{Earlier, NONE};
use super::{Recognition, Skip, Term, TermKind, is_true};
use crate::expression::{self, EvalErrors};
use crate::operator::over::Order;
use crate::operator::{Operator, Output, Progress};
use crate::record::{
    Batch, BatchBuilder, BatchTime, ChangeKind, Column, ColumnRef, DataType, Value, key, row,
};
use crate::state::deadlines::Deadlines;
use crate::state::entry::{put_i64, take_i64};
use crate::state::{Entry, KeyedState, SharedKeys, Table};

/// The longest sequence: a bit for each row of it.
const ROWS_MAX: usize = 15;
/// Bytes of rows that a key holds without memory of their own: two rows with a short text each.
const INLINE: usize = 48;

/// The state of one key.
#[derive(Debug)]
struct Open {
    /// The last rows, newest first, as many as the longest open match has: time and columns.
    rows: SmallVec<[u8; INLINE]>,
    /// The key's newest row in the batch at hand.
    newest: u32,
    /// The watermark when a row came last.
    checked: i64,
    /// When the last of the matches runs out (event time, ms), if they do.
    due: i64,
    /// Bit n: a match of n rows is open.
    matches: u16,
}

impl Default for Open {
    fn default() -> Self {
        Self { rows: SmallVec::new(), newest: NONE, checked: i64::MIN, due: i64::MAX, matches: 0 }
    }
}

impl Open {
    /// When the last of the matches runs out (event time, ms), by its rows.
    fn runs_out(&self, columns: usize, within_ms: i64) -> i64 {
        let (mut rows, mut latest) = (&self.rows[..], i64::MIN);
        while let Some(time) = take_i64(&mut rows) {
            latest = latest.max(time);
            (0..columns).for_each(|_| drop(row::take_value(&mut rows)));
        }
        latest.saturating_add(within_ms)
    }

    /// The watermark that ends the key: what is due waits for it to move behind the last row.
    fn end(&self) -> i64 {
        self.due.max(self.checked.saturating_add(1))
    }
}

impl Entry for Open {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.checked, out);
        put_i64(i64::from(self.matches), out);
        out.extend_from_slice(&self.rows);
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let checked = take_i64(&mut bytes)?;
        let matches = u16::try_from(take_i64(&mut bytes)?).ok()?;
        Some(Self { rows: SmallVec::from_slice(bytes), checked, matches, ..Self::default() })
    }

    fn heap_bytes(&self) -> usize {
        if self.rows.spilled() { self.rows.capacity() } else { 0 }
    }
}

/// Where a value of a match comes from, seen from its last row.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// A column of the row itself.
    Here(usize),
    /// A column of the row so many rows earlier: once those are known, among the ones that are
    /// kept.
    Back(usize, usize),
    /// No row of the match.
    Nowhere,
}

impl Place {
    /// Of a term that is read at row `at` of a match; `None` where it is not the value of one row.
    fn of(term: &Term, at: usize, variables: &[usize]) -> Option<Self> {
        let row = match (&term.kind, term.variable) {
            (TermKind::Aggregate(_), _) => return None,
            (TermKind::First(behind), None) => Some(*behind),
            (TermKind::Last(before), None) => at.checked_sub(*before),
            // A variable has one row.
            (TermKind::First(0) | TermKind::Last(0), Some(variable)) => {
                variables.iter().position(|&of| of == variable)
            }
            (TermKind::First(_) | TermKind::Last(_), Some(_)) => None,
        };
        Some(match row.and_then(|row| at.checked_sub(row)) {
            Some(0) => Self::Here(term.column),
            Some(back) => Self::Back(back, term.column),
            None => Self::Nowhere,
        })
    }
}

/// What a row must fulfil to be the next one of a match.
struct Test {
    predicate: expression::Expr,
    /// Behind the columns of the input.
    terms: Vec<(Place, DataType)>,
}

/// The operator. Output: keys, then one column for each measure.
pub struct SequenceMatch {
    time: usize,
    keys: Vec<usize>,
    /// By row of the sequence; `None`: any row will do.
    tests: Vec<Option<Test>>,
    measures: Vec<Place>,
    /// Columns that are read of earlier rows.
    kept: Vec<usize>,
    past_last_row: bool,
    within_ms: Option<i64>,
    order: Order,
    table: Table<Open>,
    /// When keys can be let go.
    deadlines: Option<Deadlines>,
    results: BatchBuilder,
    /// By row of the results: the watermark before it.
    before: Vec<i64>,
    watermark: i64,
}

impl SequenceMatch {
    /// `None` where the pattern is not of that kind. `time` and `keys` are columns of the input,
    /// whose columns are of `types`.
    pub fn new(
        time: usize,
        keys: &[usize],
        types: &[DataType],
        of: &Recognition,
        dictionary: &SharedKeys,
    ) -> Option<Self> {
        let elements = &of.pattern.elements;
        let single = elements.iter().all(|element| (element.min, element.max) == (1, Some(1)));
        let past_last_row = match of.pattern.skip {
            Skip::PastLastRow => true,
            Skip::ToNextRow => false,
            Skip::ToFirst(_) | Skip::ToLast(_) => return None,
        };
        let variables: Vec<usize> = elements.iter().map(|element| element.variable).collect();
        let distinct = (1..variables.len()).all(|at| !variables[..at].contains(&variables[at]));
        if !single || !distinct || elements.len() > ROWS_MAX || !of.ties.is_empty() {
            return None;
        }
        let mut tests = Vec::with_capacity(variables.len());
        for (at, &variable) in variables.iter().enumerate() {
            tests.push(match &of.conditions[variable] {
                None => None,
                Some(condition) => {
                    let place = |term: &Term| {
                        Some((Place::of(term, at, &variables)?, term.data_type.clone()))
                    };
                    let terms = condition.terms.iter().map(place).collect::<Option<_>>()?;
                    Some(Test { predicate: condition.predicate.clone(), terms })
                }
            });
        }
        let last = variables.len() - 1;
        let measures = of.measures.iter().map(|term| Place::of(term, last, &variables));
        let mut measures: Vec<Place> = measures.collect::<Option<_>>()?;
        let kept = keep_columns(&mut tests, &mut measures);
        let key_types = keys.iter().map(|&key| types[key].clone());
        let values = of.measures.iter().map(|term| term.data_type.clone());
        Some(Self {
            time,
            keys: keys.to_vec(),
            tests,
            measures,
            kept,
            past_last_row,
            within_ms: of.pattern.within_ms,
            order: of.order,
            table: Table::new(dictionary.clone()),
            deadlines: of.pattern.within_ms.map(Deadlines::new),
            results: BatchBuilder::new(key_types.chain(values).collect()),
            before: Vec::new(),
            watermark: i64::MIN,
        })
    }

    /// The rows that take part, with the slots of their keys.
    fn timed(&mut self, batch: &Batch, slots: &[u32], out: &mut Output) -> Vec<(u32, u32)> {
        let column = &batch.columns[self.time];
        let times = column.as_i64s();
        let mut rows = Vec::with_capacity(slots.len());
        for (row, &slot) in batch.row_ids().zip(slots) {
            if column.is_null(row) {
                out.reject_without_time(batch, row as u32);
            } else if self.order == Order::EventTime && times[row] <= batch.time.before_row(row) {
                out.late(batch, row as u32);
            } else {
                rows.push((row as u32, slot));
            }
        }
        rows
    }

    /// The earlier rows of each row's key, those of the batch and those of its state.
    fn earlier(&mut self, batch: &Batch, rows: &[(u32, u32)]) -> Earlier {
        let mut earlier = Earlier::new(batch, self.tests.len() - 1, self.time, &self.kept);
        for &(row, slot) in rows {
            let open = self.table.touch(slot);
            let newest = std::mem::replace(&mut open.newest, row);
            match newest {
                NONE => earlier.first_of_key(row, slot, &open.rows),
                newest => earlier.follow(row, newest),
            }
        }
        earlier.finish();
        earlier
    }

    /// By row of the sequence: the rows of the batch that fit. What cannot be computed does not,
    /// and its reason stands beside it.
    fn fits(&self, batch: &Batch, earlier: &Earlier, out: &Output) -> Vec<Fits> {
        let fits = |(at, test): (usize, &Option<Test>)| {
            let Some(test) = test else { return Fits::default() };
            // A match of so many rows is open only where its key has as many before.
            let rows = batch.row_ids().map(|row| row as u32);
            let asked: Vec<u32> = rows.filter(|&row| earlier.has(row, at)).collect();
            let mut columns = batch.columns.clone();
            for (place, data_type) in &test.terms {
                columns.push(match *place {
                    Place::Nowhere => {
                        Arc::new(Column::constant(&Value::Null, data_type, batch.rows))
                    }
                    Place::Here(column) => batch.columns[column].clone(),
                    Place::Back(back, kept) => earlier.column(back, kept, &asked),
                });
            }
            let mut errors = EvalErrors::default();
            let batch = batch.with_columns(columns).with_selection(asked);
            let holds = expression::eval(&test.predicate, &batch, &out.context, &mut errors);
            Fits { holds: Some(holds), errors: errors.rows }
        };
        self.tests.iter().enumerate().map(fits).collect()
    }

    /// Takes a row into the open matches of its key; true if it completes one.
    fn step(
        &mut self,
        (row, slot): (u32, u32),
        earlier: &Earlier,
        fits: &[Fits],
        failed: &mut Vec<(u32, Arc<str>)>,
    ) -> bool {
        let within_ms = self.within_ms.unwrap_or(i64::MAX);
        // It was touched when the rows before this one were looked up.
        let Some(open) = self.table.value_mut(slot) else { return false };
        let mut now = earlier.time(row, 0);
        if std::mem::replace(&mut open.checked, self.watermark) < self.watermark {
            // It has moved since: matches that have run out by it are gone.
            now = now.max(self.watermark);
        }
        let mut next = 0;
        // A match may begin with any row.
        let mut left = open.matches | 1;
        while left != 0 {
            let rows = left.trailing_zeros() as usize;
            left &= left - 1;
            let in_time = rows == 0 || now.saturating_sub(earlier.time(row, rows)) < within_ms;
            if in_time && fits[rows].row(row, failed) {
                next |= 1 << (rows + 1);
            }
        }
        let complete = 1 << fits.len();
        let found = next & complete != 0;
        open.matches = if found && self.past_last_row { 0 } else { next & !complete };
        found
    }

    /// Puts a match out whose last row is `row`.
    fn put_out(&mut self, batch: &Batch, (row, slot): (u32, u32), earlier: &Earlier) {
        let keys = self.table.keys().borrow();
        let (of_key, measures) = self.results.columns().split_at_mut(self.keys.len());
        key::decode(keys.key(slot), of_key);
        for (place, builder) in self.measures.iter().zip(measures) {
            match *place {
                Place::Nowhere => builder.push_null(),
                Place::Here(column) => builder.push_from(&batch.columns[column], row as usize),
                Place::Back(back, kept) => earlier.push(row, back, kept, builder),
            }
        }
        self.results.end_row(ChangeKind::Insert);
        self.before.push(batch.time.before_row(row as usize));
    }

    /// Keeps the rows of the matches that are still open.
    fn keep(&mut self, earlier: &Earlier) {
        let mut bytes = Vec::new();
        for &slot in &earlier.slots {
            let Some(open) = self.table.value_mut(slot) else { continue };
            let newest = std::mem::replace(&mut open.newest, NONE);
            if open.matches == 0 {
                self.table.remove(slot);
                continue;
            }
            bytes.clear();
            let rows = open.matches.ilog2() as usize;
            (0..rows).for_each(|back| earlier.encode(newest, back, &mut bytes));
            open.rows.clear();
            open.rows.extend_from_slice(&bytes);
            if let Some((deadlines, within_ms)) = self.deadlines.as_mut().zip(self.within_ms) {
                let times = (0..rows).map(|back| earlier.time(newest, back));
                open.due = times.max().unwrap_or(i64::MIN).saturating_add(within_ms);
                deadlines.add(slot, open.due);
            }
        }
    }

    /// Lets go of keys whose matches have all run out. Others do as well once a row comes.
    fn forget(&mut self) {
        let Some(deadlines) = &mut self.deadlines else { return };
        self.table.forget(deadlines, self.watermark, Open::end);
    }

    fn send(&mut self, stamp_us: i64, out: &mut Output) {
        let before = std::mem::take(&mut self.before);
        let (Some(&first), Some(&last)) = (before.first(), before.last()) else { return };
        let before = (first != last).then(|| Arc::new(before));
        let batch = self.results.finish(BatchTime { first, last, before });
        out.emit(Batch { stamp_us, ..batch });
    }
}

/// The rows that fit a condition.
#[derive(Default)]
struct Fits {
    /// `None`: all.
    holds: Option<ColumnRef>,
    errors: Vec<(u32, Arc<str>)>,
}

impl Fits {
    #[inline]
    fn row(&self, row: u32, failed: &mut Vec<(u32, Arc<str>)>) -> bool {
        let Some(holds) = &self.holds else { return true };
        if !self.errors.is_empty()
            && let Some((_, reason)) = self.errors.iter().find(|(failed, _)| *failed == row)
        {
            failed.push((row, reason.clone()));
            return false;
        }
        is_true(holds, row as usize)
    }
}

/// The columns that are read of earlier rows, ascending, as state holds them. The places mean them
/// by their number from now on.
fn keep_columns(tests: &mut [Option<Test>], measures: &mut [Place]) -> Vec<usize> {
    let terms = tests.iter_mut().flatten().flat_map(|test| &mut test.terms);
    let places = terms.map(|(place, _)| place).chain(measures);
    let mut read: Vec<&mut usize> = places
        .filter_map(|place| match place {
            Place::Back(_, column) => Some(column),
            _ => None,
        })
        .collect();
    let mut kept: Vec<usize> = read.iter().map(|column| **column).collect();
    kept.sort_unstable();
    kept.dedup();
    read.iter_mut().for_each(|column| **column = kept.partition_point(|kept| kept < column));
    kept
}

impl Operator for SequenceMatch {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        self.table.prefetch(&slots);
        let rows = self.timed(&batch, &slots, out);
        let earlier = self.earlier(&batch, &rows);
        let taken = rows.iter().map(|&(row, _)| row).collect();
        let fits = self.fits(&batch.with_selection(taken), &earlier, out);
        let mut failed = Vec::new();
        for &(row, slot) in &rows {
            self.watermark = self.watermark.max(batch.time.before_row(row as usize));
            if self.step((row, slot), &earlier, &fits, &mut failed) {
                self.put_out(&batch, (row, slot), &earlier);
            }
        }
        failed.dedup_by_key(|(row, _)| *row);
        failed.into_iter().for_each(|(row, reason)| out.reject(&batch, row, reason));
        self.keep(&earlier);
        self.table.keys().borrow_mut().let_go(&slots);
        self.send(batch.stamp_us, out);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, _out: &mut Output) -> Progress {
        self.watermark = self.watermark.max(watermark);
        self.forget();
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("sequences", &mut self.table)]
    }

    fn restored(&mut self) {
        let Some((deadlines, within_ms)) = self.deadlines.as_mut().zip(self.within_ms) else {
            return;
        };
        let slots: Vec<u32> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(open) = self.table.value_mut(slot) {
                open.due = open.runs_out(self.kept.len(), within_ms);
                deadlines.add(slot, open.due);
            }
        }
    }
}
