//! What one key knows for its pattern: the rows that open matches hold, and how far those are.

use std::collections::VecDeque;

use super::nfa::{Pattern, Place, Skip};
use crate::record::{Value, row};
use crate::state::Entry;
use crate::state::entry::{put_bytes, put_i64, take_bytes, take_i64};

/// Matches of one key that may be open at a time; what would be beyond that is let go.
pub const OPEN_MAX: usize = 10_000;

/// A match, complete or not: its rows are neighbours, so the variable of each is all there is to
/// know.
#[derive(Clone, Debug)]
pub struct Run {
    /// Number of its first row.
    pub start: u64,
    pub place: Place,
    /// Variables of its rows.
    pub variables: Vec<u8>,
}

/// The state of one key. Rows are numbered from the first one on.
#[derive(Debug, Default)]
pub struct Partition {
    /// For which expiry there is a timer (ms).
    pub timer: Option<i64>,
    first: u64,
    rows: VecDeque<(i64, Box<[Value]>)>,
    /// In the order of their starts.
    open: Vec<Run>,
    /// Complete, but a match that began earlier is still open and may skip them.
    complete: Vec<Run>,
}

/// What became of a row that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// Matches that could have begun or gone on with it were let go.
    TooManyOpen,
}

impl Partition {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.complete.is_empty()
    }

    /// When the first open match runs out (event time, ms): in arrival order that need not be the
    /// one that began first.
    pub fn expiry(&self, within_ms: i64) -> Option<i64> {
        let starts = self.open.iter().map(|run| self.time(run.start));
        Some(starts.min()?.saturating_add(within_ms))
    }

    fn time(&self, row: u64) -> i64 {
        self.rows.get((row - self.first) as usize).map_or(i64::MIN, |(time, _)| *time)
    }

    pub fn row(&self, row: u64) -> Option<&(i64, Box<[Value]>)> {
        self.rows.get(row.checked_sub(self.first)? as usize)
    }

    /// Lets open matches go that can no longer end in time.
    pub fn expire(&mut self, now: i64, within_ms: i64) {
        let (first, rows) = (self.first, &self.rows);
        self.open.retain(|run| {
            let start = rows.get((run.start - first) as usize).map_or(i64::MIN, |(time, _)| *time);
            now.saturating_sub(start) < within_ms
        });
    }

    /// Takes a row. `holds(self, run, variable)` says whether the newest row fits a variable,
    /// given the rows of the run before it.
    pub fn take(
        &mut self,
        time: i64,
        values: Box<[Value]>,
        pattern: &Pattern,
        holds: &mut dyn FnMut(&Self, &Run, usize) -> bool,
    ) -> Taken {
        let number = self.first + self.rows.len() as u64;
        self.rows.push_back((time, values));
        let mut runs = std::mem::take(&mut self.open);
        runs.push(Run { start: number, place: Place::START, variables: Vec::new() });
        let mut taken = Taken::Yes;
        let mut places = Vec::new();
        for run in runs {
            places.clear();
            pattern.step(run.place, &mut |variable| holds(self, &run, variable), &mut places);
            for &place in &places {
                let mut variables = run.variables.clone();
                variables.push(pattern.elements[place.element].variable as u8);
                let next = Run { start: run.start, place, variables };
                match pattern.is_complete(place) {
                    true => self.complete.push(next),
                    false if self.open.len() < OPEN_MAX => self.open.push(next),
                    false => taken = Taken::TooManyOpen,
                }
            }
        }
        self.complete.sort_by_key(|run| run.start);
        taken
    }

    /// The next match that no earlier open one can take away; what its skip rules out goes.
    pub fn next_match(&mut self, pattern: &Pattern) -> Option<(Run, Result<(), String>)> {
        let start = self.complete.first()?.start;
        if self.open.first().is_some_and(|open| open.start < start) {
            return None;
        }
        let found = self.complete.remove(0);
        let place_of = |variable: usize, last: bool| {
            let is = |held: &u8| *held as usize == variable;
            let at = match last {
                true => found.variables.iter().rposition(is),
                false => found.variables.iter().position(is),
            };
            match at {
                None => Err("Could not skip to a variable: no such row in the found match"),
                Some(0) => Err("Could not skip to first element of a match."),
                Some(at) => Ok(found.start + at as u64),
            }
        };
        // The first row at which a match may begin.
        let (resume, outcome) = match pattern.skip {
            Skip::ToNextRow => (found.start + 1, Ok(())),
            Skip::PastLastRow => (found.start + found.variables.len() as u64, Ok(())),
            Skip::ToFirst(variable) | Skip::ToLast(variable) => {
                let last = matches!(pattern.skip, Skip::ToLast(_));
                match place_of(variable, last) {
                    Ok(row) => (row, Ok(())),
                    Err(reason) => (found.start + 1, Err(reason.to_owned())),
                }
            }
        };
        self.open.retain(|run| run.start >= resume);
        self.complete.retain(|run| run.start >= resume);
        Some((found, outcome))
    }

    /// Lets the rows go that no match holds.
    pub fn trim(&mut self) {
        let starts = self.open.iter().chain(&self.complete).map(|run| run.start);
        let needed = starts.min().unwrap_or(self.first + self.rows.len() as u64);
        while self.first < needed && self.rows.pop_front().is_some() {
            self.first += 1;
        }
    }
}

impl Entry for Partition {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.rows.len() as i64, out);
        for (time, values) in &self.rows {
            put_i64(*time, out);
            put_i64(values.len() as i64, out);
            values.iter().for_each(|value| row::encode_value(value, out));
        }
        for runs in [&self.open, &self.complete] {
            put_i64(runs.len() as i64, out);
            for run in runs {
                put_i64((run.start - self.first) as i64, out);
                put_i64(run.place.element as i64, out);
                put_i64(i64::from(run.place.count), out);
                put_bytes(&run.variables, out);
            }
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let mut partition = Self::default();
        for _ in 0..take_i64(from)? {
            let time = take_i64(from)?;
            let values = (0..take_i64(from)?).map(|_| row::take_value(from));
            partition.rows.push_back((time, values.collect::<Option<_>>()?));
        }
        let Self { open, complete, .. } = &mut partition;
        for runs in [open, complete] {
            for _ in 0..take_i64(from)? {
                let start = take_i64(from)? as u64;
                let (element, count) = (take_i64(from)? as usize, take_i64(from)? as u32);
                let variables = take_bytes(from)?.to_vec();
                runs.push(Run { start, place: Place { element, count }, variables });
            }
        }
        from.is_empty().then_some(partition)
    }

    fn heap_bytes(&self) -> usize {
        let runs = self.open.iter().chain(&self.complete);
        let runs: usize = runs.map(|run| run.variables.capacity() + size_of::<Run>()).sum();
        let rows: usize =
            self.rows.iter().map(|(_, row)| row.len() * size_of::<Value>() + 24).sum();
        runs + rows
    }
}
