//! What one key knows for its pattern: the rows that open matches hold, and how far those are.

use std::collections::VecDeque;

use super::heap;
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
    /// A heap, in which the one stands that begins with the next row, too.
    open: Vec<Run>,
    /// A heap. Complete, but a match that began earlier is still open and may skip them.
    complete: Vec<Run>,
}

/// The number of a row that has not come.
const NEXT_ROW: u64 = u64::MAX;

impl Run {
    fn fresh(start: u64) -> Self {
        Self { start, place: Place::START, variables: Vec::new() }
    }

    fn has_begun(&self) -> bool {
        self.start != NEXT_ROW
    }
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
        !self.open.iter().any(Run::has_begun) && self.complete.is_empty()
    }

    /// When the first open match runs out (event time, ms): in arrival order that need not be the
    /// one that began first.
    pub fn expiry(&self, within_ms: i64) -> Option<i64> {
        let begun = self.open.iter().filter(|run| run.has_begun());
        let starts = begun.map(|run| self.time(run.start));
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
        for run in std::mem::take(&mut self.open) {
            if !run.has_begun() || now.saturating_sub(self.time(run.start)) < within_ms {
                heap::push(&mut self.open, run);
            }
        }
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
        if runs.is_empty() {
            runs.push(Run::fresh(NEXT_ROW));
        }
        let (mut taken, mut places, mut found) = (Taken::Yes, Vec::new(), Vec::new());
        for run in runs {
            let begins = !run.has_begun();
            let run = if begins { Run::fresh(number) } else { run };
            places.clear();
            pattern.step(run.place, &mut |variable| holds(self, &run, variable), &mut places);
            for &place in &places {
                let mut variables = run.variables.clone();
                variables.push(pattern.elements[place.element].variable as u8);
                let next = Run { start: run.start, place, variables };
                // What goes on may yet be longer, where an earlier match keeps this one waiting.
                if pattern.is_complete(place) {
                    heap::push(&mut found, next.clone());
                }
                if pattern.goes_on(place) {
                    match self.open.len() < OPEN_MAX {
                        true => heap::push(&mut self.open, next),
                        false => taken = Taken::TooManyOpen,
                    }
                }
            }
            if begins {
                heap::push(&mut self.open, Run::fresh(NEXT_ROW));
            }
        }
        found.into_iter().for_each(|run| heap::push(&mut self.complete, run));
        taken
    }

    /// The next match that no earlier open one can take away; what its skip rules out goes.
    pub fn next_match(&mut self, pattern: &Pattern) -> Option<(Run, Result<(), String>)> {
        let start = self.complete.first()?.start;
        if self.open.first().is_some_and(|open| open.start < start) {
            return None;
        }
        let found = heap::pop(&mut self.complete)?;
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
        heap::retain(&mut self.open, |run| run.start >= resume);
        heap::retain(&mut self.complete, |run| run.start >= resume);
        Some((found, outcome))
    }

    /// Lets the rows go that no match holds.
    pub fn trim(&mut self) {
        let runs = self.open.iter().chain(&self.complete).filter(|run| run.has_begun());
        let needed = runs.map(|run| run.start).min().unwrap_or(self.first + self.rows.len() as u64);
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
                let start = if run.has_begun() { (run.start - self.first) as i64 } else { -1 };
                put_i64(start, out);
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
                // -1 is the row that has not come.
                let start = take_i64(from)? as u64;
                let (element, count) = (take_i64(from)? as usize, take_i64(from)? as u32);
                let variables = take_bytes(from)?.to_vec();
                runs.push(Run { start, place: Place { element, count }, variables });
            }
        }
        if partition.open.iter().all(Run::has_begun) {
            heap::push(&mut partition.open, Run::fresh(NEXT_ROW));
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
