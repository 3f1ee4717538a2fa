//! MATCH_RECOGNIZE: row patterns per key, over rows in the order of time or of arrival.

mod heap;
pub mod nfa;
mod partition;
mod sequence;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::nfa::{Element, Pattern, Skip};
pub use self::partition::OPEN_MAX;
use self::partition::{Partition, Run, Taken};
use self::sequence::SequenceMatch;
use super::over::{Order, OverCall, aggregate};
use super::{Operator, Output, Progress, Rejected};
use crate::expression::registry::Function;
use crate::expression::{self, EvalContext, EvalErrors, Expr, ExprKind};
use crate::record::{
    Batch, BatchBuilder, BatchTime, ChangeKind, Column, ColumnRef, DataType, Value, key,
};
use crate::state::{KeyedState, SharedKeys, Table};

/// Rows of one batch that goes out.
const BATCH: usize = 1024;

/// A value that is read from the rows of a match so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    pub kind: TermKind,
    /// The variable whose rows count; `None`: all rows.
    pub variable: Option<usize>,
    /// Column of the input.
    pub column: usize,
    pub data_type: DataType,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// This many rows behind the first.
    First(usize),
    /// This many rows before the last.
    Last(usize),
    Aggregate(OverCall),
}

/// What a row must fulfil to be of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Over the columns of the input, then the terms.
    pub predicate: Expr,
    pub terms: Vec<Term>,
}

/// A pattern with its conditions and what it reads of a match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recognition {
    pub pattern: Pattern,
    /// By variable; `None`: any row fits.
    pub conditions: Vec<Option<Condition>>,
    /// Output columns behind the keys.
    pub measures: Vec<Term>,
    /// Columns that order rows of equal time, ascending or not.
    pub ties: Vec<(usize, bool)>,
    pub order: Order,
}

impl Recognition {
    /// Calls `visit` with each column of the input, of which there are `columns`, that is read.
    pub fn visit_columns(&self, columns: usize, visit: &mut dyn FnMut(usize)) {
        let conditions = self.conditions.iter().flatten();
        for condition in conditions.clone() {
            condition.predicate.visit_columns(&mut |column| {
                if column < columns {
                    visit(column);
                }
            });
        }
        let terms = conditions.flat_map(|condition| &condition.terms);
        terms.chain(&self.measures).for_each(|term| visit(term.column));
        self.ties.iter().for_each(|&(column, _)| visit(column));
    }

    /// The input has `after` columns instead of `before`; `place` gives their new positions.
    pub fn map_columns(&mut self, before: usize, after: usize, place: &dyn Fn(usize) -> usize) {
        let moved = |term: &mut Term| {
            term.column = place(term.column);
            if let TermKind::Aggregate(OverCall { argument: Some(argument), .. }) = &mut term.kind {
                *argument = place(*argument);
            }
        };
        for condition in self.conditions.iter_mut().flatten() {
            condition.predicate.map_columns(&|column| match column.checked_sub(before) {
                Some(term) => after + term,
                None => place(column),
            });
            condition.terms.iter_mut().for_each(moved);
        }
        self.measures.iter_mut().for_each(moved);
        self.ties.iter_mut().for_each(|(column, _)| *column = place(*column));
    }
}

/// The operator for a pattern. `time` and `keys` are columns of the input, whose columns are of
/// `types`.
pub fn recognize(
    time: usize,
    keys: Vec<usize>,
    types: &[DataType],
    of: Recognition,
    dictionary: SharedKeys,
) -> Box<dyn Operator> {
    match SequenceMatch::new(time, &keys, types, &of, &dictionary) {
        Some(sequence) => Box::new(sequence),
        None => Box::new(MatchRecognize::new(time, keys, types, of, dictionary)),
    }
}

/// A comparison of two values that need no computing: most conditions are one.
struct Comparison {
    accepts: fn(Ordering) -> bool,
    /// Columns of the input, then terms.
    sides: [usize; 2],
}

impl Comparison {
    fn new(predicate: &Expr, types: &[DataType], terms: &[Term]) -> Option<Self> {
        let ExprKind::Call { function, args } = &predicate.kind else { return None };
        let accepts: fn(Ordering) -> bool = match function {
            Function::Eq => Ordering::is_eq,
            Function::NotEq => Ordering::is_ne,
            Function::Lt => Ordering::is_lt,
            Function::LtEq => Ordering::is_le,
            Function::Gt => Ordering::is_gt,
            Function::GtEq => Ordering::is_ge,
            _ => return None,
        };
        let [left, right] = args.as_slice() else { return None };
        let sides = [left.as_column()?, right.as_column()?];
        let of = |side: usize| match side.checked_sub(types.len()) {
            Some(term) => &terms[term].data_type,
            None => &types[side],
        };
        // Of doubles SQL has other equals than their total order.
        let plain = |of: &DataType| !of.is_approximate() && !of.is_nested();
        (plain(of(sides[0])) && plain(of(sides[1]))).then_some(Self { accepts, sides })
    }

    fn holds(&self, value: impl Fn(usize) -> Value) -> bool {
        let [left, right] = self.sides.map(value);
        !left.is_null() && !right.is_null() && (self.accepts)(left.order(&right))
    }
}

/// A condition that reads more than the row, ready to be computed for one row at a time.
struct Compiled {
    simple: Option<Comparison>,
    predicate: Expr,
    terms: Vec<Term>,
    /// Types of the input's columns that it reads; `None`: not read.
    types: Vec<Option<DataType>>,
    /// Stands for a column that is not read.
    nothing: ColumnRef,
}

impl Compiled {
    fn new(condition: &Condition, types: &[DataType]) -> Self {
        let mut read = vec![None; types.len()];
        condition.predicate.visit_columns(&mut |column| {
            if let Some(of) = types.get(column) {
                read[column] = Some(of.clone());
            }
        });
        Self {
            simple: Comparison::new(&condition.predicate, types, &condition.terms),
            predicate: condition.predicate.clone(),
            terms: condition.terms.clone(),
            types: read,
            nothing: Arc::new(Column::constant(&Value::Null, &DataType::BigInt, 1)),
        }
    }

    /// Whether the newest row is of `variable` behind the rows of a run. A row for which that
    /// cannot be computed is not.
    fn holds(
        &self,
        partition: &Partition,
        run: &Run,
        variable: usize,
        context: &EvalContext,
    ) -> bool {
        let number = run.start + run.variables.len() as u64;
        let Some((_, values)) = partition.row(number) else { return false };
        if let Some(simple) = &self.simple {
            return simple.holds(|side| match side.checked_sub(self.types.len()) {
                Some(term) => self.terms[term].value(partition, run, Some(variable)),
                None => values[side].clone(),
            });
        }
        let mut columns = Vec::with_capacity(self.types.len() + self.terms.len());
        for (value, of) in values.iter().zip(&self.types) {
            columns.push(match of {
                Some(of) => Arc::new(Column::constant(value, of, 1)),
                None => self.nothing.clone(),
            });
        }
        for term in &self.terms {
            let value = term.value(partition, run, Some(variable));
            columns.push(Arc::new(Column::constant(&value, &term.data_type, 1)));
        }
        let batch = Batch::new(columns, 1, BatchTime::at(i64::MIN));
        let mut errors = EvalErrors::default();
        let result = expression::eval(&self.predicate, &batch, context, &mut errors);
        errors.rows.is_empty() && is_true(&result, 0)
    }
}

fn is_true(column: &Column, row: usize) -> bool {
    !column.is_null(row) && column.as_bools().get(row) == Some(&true)
}

impl Term {
    /// The value over the rows of a run, and the newest row as one of `current`, if given.
    fn value(&self, partition: &Partition, run: &Run, current: Option<usize>) -> Value {
        let variables = run.variables.iter().map(|&variable| variable as usize).chain(current);
        let of_term = |variable: usize| self.variable.is_none_or(|wanted| wanted == variable);
        let numbers = variables.enumerate().filter(|(_, variable)| of_term(*variable));
        let rows = numbers.filter_map(|(at, _)| partition.row(run.start + at as u64));
        let mut values = rows.map(|(_, values)| &values[self.column]);
        match &self.kind {
            TermKind::First(behind) => values.nth(*behind).cloned(),
            TermKind::Last(before) => {
                let values: Vec<&Value> = values.collect();
                values.into_iter().rev().nth(*before).cloned()
            }
            TermKind::Aggregate(call) => Some(aggregate(call, values)),
        }
        .unwrap_or(Value::Null)
    }
}

/// How it is decided whether a row is of a variable.
enum Test {
    Always,
    /// By the row alone: computed for a whole batch.
    Row(Expr),
    Run(Box<Compiled>),
}

/// A row on its way into its key's state.
struct Incoming {
    slot: u32,
    time: i64,
    /// The watermark before it.
    before: i64,
    values: Box<[Value]>,
    /// By variable: whether it fits, where that depends on the row alone.
    fits: Vec<Option<bool>>,
}

/// The operator. Output: keys, then one column for each measure.
pub struct MatchRecognize {
    time: usize,
    keys: Vec<usize>,
    of: Recognition,
    /// By column of the input: a row's value is asked for once it is in.
    reads: Vec<bool>,
    tests: Vec<Test>,
    table: Table<Box<Partition>>,
    /// Keys by the time at which their oldest open match runs out.
    expiries: BTreeMap<i64, Vec<u32>>,
    /// Rows of one time that wait to be put in order.
    held: Vec<Incoming>,
    results: BatchBuilder,
    /// By row of the results: the watermark before it.
    before: Vec<i64>,
    watermark: i64,
    /// When the newest rows were appended.
    stamp_us: i64,
}

impl MatchRecognize {
    /// `time` and `keys` are columns of the input, whose columns are of `types`.
    pub fn new(
        time: usize,
        keys: Vec<usize>,
        types: &[DataType],
        of: Recognition,
        dictionary: SharedKeys,
    ) -> Self {
        let test = |condition: &Option<Condition>| match condition {
            None => Test::Always,
            Some(condition) if condition.terms.is_empty() => Test::Row(condition.predicate.clone()),
            Some(condition) => Test::Run(Box::new(Compiled::new(condition, types))),
        };
        let key_types = keys.iter().map(|&key| types[key].clone());
        let measures = of.measures.iter().map(|term| term.data_type.clone());
        let results = BatchBuilder::new(key_types.chain(measures).collect());
        let mut reads = vec![false; types.len()];
        of.visit_columns(types.len(), &mut |column| reads[column] = true);
        Self {
            reads,
            time,
            keys,
            tests: of.conditions.iter().map(test).collect(),
            of,
            table: Table::new(dictionary),
            expiries: BTreeMap::new(),
            held: Vec::new(),
            results,
            before: Vec::new(),
            watermark: i64::MIN,
            stamp_us: 0,
        }
    }

    /// By variable: the rows of a batch that fit, where the row alone decides.
    fn row_tests(&self, batch: &Batch, out: &mut Output) -> Vec<Option<ColumnRef>> {
        let mut errors = EvalErrors::default();
        let mut columns = Vec::with_capacity(self.tests.len());
        for test in &self.tests {
            columns.push(match test {
                Test::Row(predicate) => {
                    Some(expression::eval(predicate, batch, &out.context, &mut errors))
                }
                _ => None,
            });
        }
        // A row for which a condition cannot be computed does not fit it; that is told once.
        let mut told = Vec::new();
        for (row, reason) in errors.rows {
            if !told.contains(&row) {
                told.push(row);
                out.reject(batch, row, reason);
            }
        }
        columns
    }

    fn fits(&self, tests: &[Option<ColumnRef>], row: usize) -> Vec<Option<bool>> {
        let fit = |(test, column): (&Test, &Option<ColumnRef>)| match (test, column) {
            (Test::Always, _) => Some(true),
            (_, Some(column)) => Some(is_true(column, row)),
            (_, None) => None,
        };
        self.tests.iter().zip(tests).map(fit).collect()
    }

    /// Whether a match may begin at a row, as far as the row alone tells.
    fn may_begin(&self, fits: &[Option<bool>]) -> bool {
        for element in &self.of.pattern.elements {
            if fits[element.variable] != Some(false) {
                return true;
            }
            if element.min > 0 {
                return false;
            }
        }
        false
    }

    fn take(&mut self, row: Incoming, out: &mut Output) {
        let Incoming { slot, time, before, values, fits } = row;
        let tests = &self.tests;
        let partition = self.table.touch(slot);
        if let Some(within_ms) = self.of.pattern.within_ms {
            partition.expire(time, within_ms);
        }
        let context = &out.context;
        let mut holds = |partition: &Partition, run: &Run, variable: usize| {
            fits[variable].unwrap_or_else(|| match &tests[variable] {
                Test::Run(condition) => condition.holds(partition, run, variable, context),
                _ => false,
            })
        };
        if partition.take(time, values, &self.of.pattern, &mut holds) == Taken::TooManyOpen {
            let reason = "too many matches of one key are open: some were let go";
            out.rejected.push(Rejected { record: None, reason: reason.into() });
        }
        self.settle(slot, before, out);
    }

    /// Puts out the matches of a key that are ready, and lets go of what is not needed any more.
    fn settle(&mut self, slot: u32, before: i64, out: &mut Output) {
        let keys = self.table.keys().clone();
        let partition = self.table.touch(slot);
        while let Some((run, outcome)) = partition.next_match(&self.of.pattern) {
            let (of_key, measures) = self.results.columns().split_at_mut(self.keys.len());
            key::decode(keys.borrow().key(slot), of_key);
            for (term, column) in self.of.measures.iter().zip(measures) {
                column.push_value(&term.value(partition, &run, None));
            }
            self.results.end_row(ChangeKind::Insert);
            self.before.push(before);
            if let Err(reason) = outcome {
                out.rejected.push(Rejected { record: None, reason: reason.into() });
            }
        }
        partition.trim();
        if partition.is_empty() {
            self.table.remove(slot);
        } else if let Some(within_ms) = self.of.pattern.within_ms
            && let Some(expiry) = partition.expiry(within_ms)
            // One that is due earlier looks again.
            && partition.timer.is_none_or(|timer| timer > expiry)
        {
            partition.timer = Some(expiry);
            self.expiries.entry(expiry).or_default().push(slot);
        }
        if self.before.len() >= BATCH {
            self.send(out);
        }
    }

    /// Rows of one time are complete: they go in by what breaks the tie.
    fn take_held(&mut self, out: &mut Output) {
        let mut held = std::mem::take(&mut self.held);
        let ties = &self.of.ties;
        held.sort_by(|a, b| {
            let orders = ties.iter().map(|&(column, ascending)| {
                let order = a.values[column].order(&b.values[column]);
                if ascending { order } else { order.reverse() }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        for row in held {
            let slot = row.slot;
            self.take(row, out);
            self.table.keys().borrow_mut().release(slot);
        }
    }

    fn hold(&mut self, row: Incoming, out: &mut Output) {
        if self.held.first().is_some_and(|held| held.time != row.time) {
            self.take_held(out);
        }
        self.table.keys().borrow_mut().retain(row.slot);
        self.held.push(row);
    }

    /// Open matches that run out by the watermark may have held others back.
    fn expire(&mut self, watermark: i64, out: &mut Output) {
        if watermark <= self.watermark {
            return;
        }
        let before = self.watermark;
        self.watermark = watermark;
        let Some(within_ms) = self.of.pattern.within_ms else { return };
        while let Some(entry) = self.expiries.first_entry() {
            if *entry.key() > watermark {
                break;
            }
            let at = *entry.key();
            for slot in entry.remove() {
                if self.table.get(slot).is_some_and(|partition| partition.timer == Some(at)) {
                    let partition = self.table.touch(slot);
                    partition.timer = None;
                    partition.expire(watermark, within_ms);
                    self.settle(slot, before, out);
                }
            }
        }
    }

    fn send(&mut self, out: &mut Output) {
        let before = std::mem::take(&mut self.before);
        let (Some(&first), Some(&last)) = (before.first(), before.last()) else { return };
        let before = (first != last).then(|| Arc::new(before));
        let batch = self.results.finish(BatchTime { first, last, before });
        out.emit(Batch { stamp_us: self.stamp_us, ..batch });
    }
}

impl Operator for MatchRecognize {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        self.stamp_us = batch.stamp_us;
        let tests = self.row_tests(&batch, out);
        let slots = self.table.keys().borrow_mut().hold(&batch, &self.keys);
        let column = batch.columns[self.time].clone();
        for (row, &slot) in batch.row_ids().zip(&slots) {
            let before = batch.time.before_row(row);
            if before > self.watermark {
                self.take_held(out);
                self.expire(before, out);
            }
            if column.is_null(row) {
                out.reject_without_time(&batch, row as u32);
                continue;
            }
            let time = column.as_i64s()[row];
            if self.of.order == Order::EventTime && time <= before {
                out.late(&batch, row as u32);
                continue;
            }
            let fits = self.fits(&tests, row);
            let holds = self.of.ties.is_empty();
            if holds && self.table.get(slot).is_none() && !self.may_begin(&fits) {
                continue;
            }
            let read = batch.columns.iter().zip(&self.reads);
            let values = read.map(|(column, read)| match read {
                true => column.value(row),
                false => Value::Null,
            });
            let values = values.collect();
            let incoming = Incoming { slot, time, before, values, fits };
            match holds {
                true => self.take(incoming, out),
                false => self.hold(incoming, out),
            }
        }
        self.table.keys().borrow_mut().let_go(&slots);
        self.send(out);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        self.before_barrier(out);
        self.expire(watermark, out);
        self.send(out);
        Progress::Done
    }

    fn before_barrier(&mut self, out: &mut Output) {
        self.take_held(out);
        self.send(out);
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("partitions", &mut self.table)]
    }

    fn restored(&mut self) {
        let Some(within_ms) = self.of.pattern.within_ms else { return };
        let slots: Vec<u32> = self.table.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(partition) = self.table.value_mut(slot)
                && let Some(expiry) = partition.expiry(within_ms)
            {
                partition.timer = Some(expiry);
                self.expiries.entry(expiry).or_default().push(slot);
            }
        }
    }
}
