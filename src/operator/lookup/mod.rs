//! The lookup join: each row with the rows of its key in another system, as they are now.
//!
//! The keys of a batch are asked for at once, each once, but for those that the cache knows. The
//! batch waits for the answers, and all that come later wait behind it, so rows and watermarks
//! keep their order. Batches that wait are state: after a restart they are asked for again.

mod cache;
mod waiting;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;

use self::cache::Cache;
use self::waiting::{Held, NO_KEY, Rows, Waiting, decode};
use super::{Operator, Output, Progress, Waits};
use crate::expression::{EvalErrors, Expr, filter};
use crate::lookup::{Answer, CacheOptions, Port};
use crate::record::key::{self, Keys};
use crate::record::{Batch, Column, ColumnBuilder, ColumnRef, DataType, row};
use crate::state::{KeyDictionary, KeyedState, Table};

/// Rows and batches that wait at most, in one worker, before no more are taken.
pub const ROWS_WAITING: usize = 16 * 1024;
const BATCHES_WAITING: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LookupSpec {
    /// Columns of the input, and those of the table that they equal.
    pub keys: Vec<usize>,
    pub table_keys: Vec<usize>,
    /// Columns of the table that stand behind the input's.
    pub columns: Vec<usize>,
    /// A row without a partner comes out with NULLs.
    pub outer: bool,
    /// What else must be true of a pair, over the output's columns.
    pub condition: Option<Expr>,
    pub cache: Option<CacheOptions>,
}

/// Where a lookup stands: its way to the store, and the key groups of its worker.
pub struct Seat {
    pub port: Port,
    pub groups: Range<usize>,
}

pub struct Lookup {
    spec: LookupSpec,
    /// Of the input's columns, and of the table's behind them.
    input: Vec<DataType>,
    added: Vec<DataType>,
    seed: u64,
    seat: Seat,
    cache: Option<Cache>,
    queue: VecDeque<Waiting>,
    /// The number under which the first of them was asked for; the others follow.
    first: u64,
    rows: usize,
    held: Table<Box<Held>>,
    next_held: i64,
    /// The watermark that stands before the rows that wait.
    mark: i64,
}

/// A row of the input, and the row of the table that it comes out with.
type Pair<'a> = (u32, Option<&'a [u8]>);

impl Lookup {
    /// `input` and `added`: the types of the columns of both sides.
    pub fn new(
        spec: LookupSpec,
        [input, added]: [Vec<DataType>; 2],
        seat: Seat,
        seed: u64,
    ) -> Self {
        Self {
            cache: spec.cache.map(Cache::new),
            spec,
            input,
            added,
            seed,
            seat,
            queue: VecDeque::new(),
            first: 0,
            rows: 0,
            held: Table::new(KeyDictionary::shared(seed)),
            next_held: 0,
            mark: i64::MIN,
        }
    }

    /// The different keys of a batch, with what the cache has of them.
    fn keys_of(&mut self, batch: Batch, now_ms: i64) -> Waiting {
        let columns: Vec<ColumnRef> =
            self.spec.keys.iter().map(|&key| batch.columns[key].clone()).collect();
        let all = Keys::of(&batch, &columns, self.seed);
        let mut known: HashTable<(u32, u32)> = HashTable::new();
        let mut waiting = Waiting {
            keys: Vec::with_capacity(batch.len()),
            answers: Vec::new(),
            asked: Vec::new(),
            missing: 0,
            mark: i64::MIN,
            slot: 0,
            batch,
        };
        let mut wanted = Vec::new();
        for row in waiting.batch.row_ids() {
            if columns.iter().any(|column| column.is_null(row)) {
                waiting.keys.push(NO_KEY);
                continue;
            }
            let span = all.span(row);
            let bytes = all.key(span);
            let is_same = |&(_, other): &(u32, u32)| all.key(all.span(other as usize)) == bytes;
            if let Some(&(key, _)) = known.find(span.hash, is_same) {
                waiting.keys.push(key);
                continue;
            }
            let key = waiting.answers.len() as u32;
            let hash = |&(_, row): &(u32, u32)| all.span(row as usize).hash;
            known.insert_unique(span.hash, (key, row as u32), hash);
            waiting.keys.push(key);
            let answer = self.cache.as_mut().and_then(|cache| cache.get(bytes, now_ms));
            if answer.is_none() {
                waiting.asked.push((key, bytes.into()));
                wanted.push(row as u32);
            }
            waiting.answers.push(answer);
        }
        waiting.missing = wanted.len();
        let counts = &self.seat.port.counts;
        counts.keys.add(wanted.len() as u64);
        counts.hits.add((waiting.answers.len() - wanted.len()) as u64);
        if !wanted.is_empty() {
            let keys = Batch::new(columns, waiting.batch.rows, waiting.batch.time.clone());
            let number = self.first + self.queue.len() as u64;
            self.seat.port.ask(number, keys.with_selection(wanted));
        }
        waiting
    }

    fn wait(&mut self, waiting: Waiting) {
        self.rows += waiting.batch.len();
        self.queue.push_back(waiting);
        self.seat.port.show_waiting(self.rows);
    }

    /// Keeps a batch under a key of one of the worker's own key groups: rows stay where they were
    /// read, and are spread by none of their columns.
    fn keep(&mut self, batch: &Batch) -> u32 {
        let number = self.next_held;
        self.next_held += 1;
        let key = |salt: u64| [number as u64, salt].map(u64::to_le_bytes).concat();
        let is_ours =
            |key: &Vec<u8>| self.seat.groups.contains(&key::key_group(key::hash(key, self.seed)));
        let key = (0..).map(key).find(is_ours).unwrap_or_default();
        let slot = self.held.keys().borrow_mut().intern_key(&key);
        **self.held.touch(slot) = Held { number, rows: Rows::Here(batch.clone()) };
        slot
    }

    /// Gives the answers of a request to the batch that waits for them.
    fn take_answers(&mut self, now_ms: i64) {
        while let Some(response) = self.seat.port.take() {
            let at = response.number.checked_sub(self.first);
            let waiting = at.and_then(|at| self.queue.get_mut(at as usize));
            let Some(waiting) = waiting else { continue };
            for ((key, bytes), answer) in waiting.asked.drain(..).zip(response.answers) {
                if let Some(cache) = &mut self.cache {
                    cache.put(&bytes, &answer, now_ms);
                }
                waiting.answers[key as usize] = Some(answer);
            }
            waiting.missing = 0;
        }
    }

    fn join(&self, waiting: &Waiting, out: &mut Output) {
        let mut pairs: Vec<Pair> = Vec::with_capacity(waiting.keys.len());
        let mut bad = Vec::new();
        for (row, &key) in waiting.batch.row_ids().zip(&waiting.keys) {
            let row = row as u32;
            let answer = match key {
                NO_KEY => None,
                key => waiting.answers[key as usize].as_ref(),
            };
            match answer {
                Some(Answer::Bad(reason)) => {
                    out.reject(&waiting.batch, row, reason.clone());
                    bad.push(row);
                }
                Some(Answer::Rows(rows)) => {
                    pairs.extend(rows.iter().map(|bytes| (row, Some(&**bytes))));
                }
                None => {}
            }
        }
        if let Some(condition) = &self.spec.condition {
            pairs = self.conditioned(condition, &waiting.batch, pairs, &mut bad, out);
        }
        if self.spec.outer {
            pairs = padded(&waiting.batch, &pairs, &bad);
        }
        out.emit(self.joined(&waiting.batch, &pairs));
    }

    /// The pairs for which the condition is true.
    fn conditioned<'a>(
        &self,
        condition: &Expr,
        batch: &Batch,
        pairs: Vec<Pair<'a>>,
        bad: &mut Vec<u32>,
        out: &mut Output,
    ) -> Vec<Pair<'a>> {
        let all = self.gathered(batch, &pairs);
        let mut errors = EvalErrors::default();
        let kept = filter(condition, &all, &out.context, &mut errors);
        for (pair, reason) in &errors.rows {
            let row = pairs[*pair as usize].0;
            if !bad.contains(&row) {
                out.reject(batch, row, reason.clone());
                bad.push(row);
            }
        }
        bad.sort_unstable();
        let kept = kept.into_iter().map(|pair| pairs[pair as usize]);
        kept.filter(|(row, _)| bad.binary_search(row).is_err()).collect()
    }

    fn joined(&self, batch: &Batch, pairs: &[Pair]) -> Batch {
        if pairs.windows(2).any(|two| two[0].0 == two[1].0) {
            return self.gathered(batch, pairs);
        }
        // Each row once at most: the input's columns stay as they are.
        let mut next = pairs.iter().peekable();
        let rows = (0..batch.rows as u32)
            .map(|row| next.next_if(|pair| pair.0 == row).and_then(|pair| pair.1));
        let mut columns = batch.columns.clone();
        columns.extend(self.added_columns(rows, batch.rows));
        let rows = pairs.iter().map(|pair| pair.0).collect();
        Batch { keys: None, ..batch.with_columns(columns).with_selection(rows) }
    }

    /// A row for each pair.
    fn gathered(&self, batch: &Batch, pairs: &[Pair]) -> Batch {
        let rows: Vec<u32> = pairs.iter().map(|pair| pair.0).collect();
        let columns = batch.columns.iter().map(|column| Arc::new(column.gather(&rows)));
        let mut columns: Vec<ColumnRef> = columns.collect();
        columns.extend(self.added_columns(pairs.iter().map(|pair| pair.1), pairs.len()));
        batch.picked(columns, &rows)
    }

    fn added_columns<'a>(
        &self,
        rows: impl Iterator<Item = Option<&'a [u8]>>,
        count: usize,
    ) -> impl Iterator<Item = Arc<Column>> {
        let mut builders: Vec<ColumnBuilder> =
            self.added.iter().map(|of| ColumnBuilder::for_type(of, count)).collect();
        for bytes in rows {
            match bytes {
                Some(bytes) => {
                    let is_row = row::decode(bytes, &mut builders);
                    debug_assert!(is_row, "a store gives rows of the columns that are wanted");
                }
                None => builders.iter_mut().for_each(ColumnBuilder::push_null),
            }
        }
        builders.into_iter().map(|builder| Arc::new(builder.finish()))
    }
}

/// With each row that has no partner once, with NULLs; those of `bad` are left out.
fn padded<'a>(batch: &Batch, pairs: &[Pair<'a>], bad: &[u32]) -> Vec<Pair<'a>> {
    let mut all = Vec::with_capacity(pairs.len().max(batch.len()));
    let mut next = pairs.iter().peekable();
    for row in batch.row_ids().map(|row| row as u32) {
        let before = all.len();
        while let Some(&pair) = next.next_if(|pair| pair.0 == row) {
            all.push(pair);
        }
        if all.len() == before && bad.binary_search(&row).is_err() {
            all.push((row, None));
        }
    }
    all
}

impl Operator for Lookup {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let mut waiting = self.keys_of(batch, out.context.now_ms);
        if self.queue.is_empty() && waiting.missing == 0 {
            self.join(&waiting, out);
            return Progress::Done;
        }
        waiting.slot = self.keep(&waiting.batch);
        self.wait(waiting);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, _out: &mut Output) -> Progress {
        match self.queue.back_mut() {
            Some(last) => last.mark = watermark,
            None => self.mark = watermark,
        }
        Progress::Done
    }

    fn output_watermark(&self, watermark: i64) -> i64 {
        if self.queue.is_empty() { watermark } else { self.mark.min(watermark) }
    }

    fn waits(&self) -> Waits {
        let first = self.queue.front();
        Waits {
            rows: self.rows,
            full: self.rows >= ROWS_WAITING || self.queue.len() >= BATCHES_WAITING,
            ready: first.is_some_and(|first| first.missing == 0) || self.seat.port.has_answers(),
        }
    }

    fn answered(&mut self, out: &mut Output) -> bool {
        self.take_answers(out.context.now_ms);
        if self.queue.front().is_none_or(|first| first.missing > 0) {
            return false;
        }
        let Some(waiting) = self.queue.pop_front() else { return false };
        self.first += 1;
        self.rows -= waiting.batch.len();
        self.held.remove(waiting.slot);
        self.join(&waiting, out);
        self.mark = self.mark.max(waiting.mark);
        self.seat.port.show_waiting(self.rows);
        true
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("waiting", &mut self.held)]
    }

    /// Batches that waited are asked for again, in their order.
    fn restored(&mut self) {
        let mut batches = Vec::new();
        for (slot, held) in self.held.iter() {
            let Rows::Saved(bytes) = &held.rows else { continue };
            batches.push((held.number, slot, decode(bytes, &self.input)));
        }
        batches.sort_by_key(|&(number, slot, _)| (number, slot));
        for (number, slot, batch) in batches {
            self.next_held = self.next_held.max(number + 1);
            // It cannot be otherwise: the step's id says which columns it keeps.
            let Some(batch) = batch else { continue };
            // No answer is known yet, so no clock is asked for.
            let waiting = self.keys_of(batch, i64::MIN);
            self.wait(Waiting { slot, ..waiting });
        }
    }
}
