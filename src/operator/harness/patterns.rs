//! MATCH_RECOGNIZE against a matcher that tries every way, start by start.

use super::*;
use crate::expression::Expr;
use crate::fault::mutation::Random;
use crate::operator::over::{Order, OverCall};
use crate::operator::pattern::{
    Condition, Element, MatchRecognize, Pattern, Recognition, Skip, Term, TermKind,
};
use crate::state::KeyDictionary;

const VARIABLES: usize = 4;
/// Key, time, number of the row, then whether it fits each variable.
const FITS: usize = 3;

fn types() -> Vec<DataType> {
    let mut types = vec![DataType::BigInt; FITS];
    types.extend(vec![DataType::Boolean; VARIABLES]);
    types
}

/// A pattern that is allowed: it cannot be empty, and ends in no greedy loop.
fn pattern(random: &mut Random) -> Pattern {
    loop {
        let len = 1 + random.below(VARIABLES);
        let elements: Vec<Element> = (0..len)
            .map(|variable| {
                let (from, more) = (random.below(3) as u32, 1 + random.below(2) as u32);
                let (min, max) = match random.below(7) {
                    0 => (0, Some(1)),
                    1 => (0, None),
                    2 => (1, None),
                    3 => (from, None),
                    4 => (from, Some(from + more)),
                    5 => (from.max(1), Some(from.max(1))),
                    _ => (1, Some(1)),
                };
                let varies = max != Some(min) && (min, max) != (0, Some(1));
                Element { variable, min, max, possessive: varies && random.below(2) == 0 }
            })
            .collect();
        let empty = elements.iter().all(|element| element.min == 0);
        let open_end = elements.last().is_some_and(|last| last.possessive);
        let pairs = elements.windows(2);
        let hidden = pairs.into_iter().any(|pair| pair[0].possessive && pair[1].min == 0);
        if empty || open_end || hidden {
            continue;
        }
        let variable = random.below(len);
        let skip = match random.below(4) {
            0 => Skip::ToNextRow,
            1 => Skip::PastLastRow,
            2 => Skip::ToFirst(variable),
            _ => Skip::ToLast(variable),
        };
        let within_ms = (random.below(2) == 0).then(|| 5 + random.below(40) as i64);
        return Pattern { elements, skip, within_ms };
    }
}

/// What can become of a start.
enum Fate {
    Match(Vec<usize>),
    Tie,
    Fails,
    /// The input ends before it is known.
    Open,
}

/// Every way to go on from a place, depth first; the match that ends first counts.
struct Search<'a> {
    pattern: &'a Pattern,
    rows: &'a [Row],
    start: usize,
    best: Option<Vec<usize>>,
    /// Another way ends with the same row: which of them counts is up to the order of Flink's queue.
    tie: bool,
    open: bool,
    /// A rule that is broken on purpose: greedy loops give rows back.
    gives_back: bool,
}

impl Search<'_> {
    fn fate(mut self) -> Fate {
        self.explore(0, 0, Vec::new());
        match (self.best, self.open) {
            (Some(_), _) if self.tie => Fate::Tie,
            (Some(found), _) => Fate::Match(found),
            (None, true) => Fate::Open,
            (None, false) => Fate::Fails,
        }
    }

    fn explore(&mut self, element: usize, count: u32, path: Vec<usize>) {
        let elements = &self.pattern.elements;
        let enough = count >= elements.get(element).map_or(0, |of| of.min);
        let rest = &elements[(element + 1).min(elements.len())..];
        if !path.is_empty() && enough && rest.iter().all(|of| of.min == 0) {
            let best = self.best.as_ref().map_or(usize::MAX, Vec::len);
            if path.len() < best {
                (self.best, self.tie) = (Some(path), false);
            } else if path.len() == best {
                self.tie = true;
            }
            return;
        }
        let Some(row) = self.rows.get(self.start + path.len()) else {
            self.open = true;
            return;
        };
        let apart = time(row).unwrap() - time(&self.rows[self.start]).unwrap();
        if self.pattern.within_ms.is_some_and(|within| apart >= within) {
            return;
        }
        let fits = |of: &Element| row[FITS + of.variable] == Value::Bool(true);
        let own = elements[element].clone();
        if fits(&own) && own.max.is_none_or(|max| count < max) {
            self.explore(element, count + 1, [&path[..], &[own.variable]].concat());
        }
        let mut at = element;
        let mut leaves = enough && !(own.possessive && fits(&own) && !self.gives_back);
        while leaves && at + 1 < elements.len() {
            at += 1;
            let of = elements[at].clone();
            if fits(&of) {
                self.explore(at, 1, [&path[..], &[of.variable]].concat());
            }
            leaves = of.min == 0 && !(of.possessive && fits(&of) && !self.gives_back);
        }
    }
}

/// The matches of the rows of one key, each as first row, last row and rows of each variable; `None`
/// where one of them could be had in two ways.
fn matches(pattern: &Pattern, rows: &[Row], gives_back: bool) -> Option<Vec<Row>> {
    let (mut found, mut start) = (Vec::new(), 0);
    while start < rows.len() {
        let search =
            Search { pattern, rows, start, best: None, tie: false, open: false, gives_back };
        let path = match search.fate() {
            Fate::Match(path) => path,
            Fate::Tie => return None,
            Fate::Fails => {
                start += 1;
                continue;
            }
            // Time runs on at the end of the input: within a limit it fails, without it holds
            // back all that began later.
            Fate::Open if pattern.within_ms.is_some() => {
                start += 1;
                continue;
            }
            Fate::Open => break,
        };
        let number = |at: usize| rows[start + at][2].clone();
        let counts = (0..VARIABLES)
            .map(|of| Value::I64(path.iter().filter(|&&variable| variable == of).count() as i64));
        let ends = [rows[start][KEY].clone(), number(0), number(path.len() - 1)];
        found.push(ends.into_iter().chain(counts).collect());
        let place = match pattern.skip {
            Skip::ToNextRow => Some(1),
            Skip::PastLastRow => Some(path.len()),
            Skip::ToFirst(of) => path.iter().position(|&variable| variable == of),
            Skip::ToLast(of) => path.iter().rposition(|&variable| variable == of),
        };
        start += place.filter(|&place| place > 0).unwrap_or(1);
    }
    Some(found)
}

fn recognition(pattern: &Pattern) -> Recognition {
    let condition = |variable: usize| {
        let predicate = Expr::column(FITS + variable, DataType::Boolean);
        // Every second one reads the run as well, to go the other way through the operator.
        let kind = TermKind::Aggregate(OverCall::count());
        let term = Term { kind, variable: None, column: 0, data_type: DataType::BigInt };
        let terms = if variable.is_multiple_of(2) { Vec::new() } else { vec![term] };
        Some(Condition { predicate, terms })
    };
    let term =
        |kind: TermKind, variable| Term { kind, variable, column: 2, data_type: DataType::BigInt };
    let count = |variable| term(TermKind::Aggregate(OverCall::count()), Some(variable));
    let mut measures = vec![term(TermKind::First(0), None), term(TermKind::Last(0), None)];
    measures.extend((0..VARIABLES).map(count));
    Recognition {
        pattern: pattern.clone(),
        conditions: (0..VARIABLES).map(condition).collect(),
        measures,
        ties: Vec::new(),
        order: Order::EventTime,
    }
}

/// Rows of two keys in the order of time, most of which fit one or two variables.
fn input(random: &mut Random) -> Vec<Row> {
    let mut now = 0;
    (0..8 + random.below(16) as i64)
        .map(|number| {
            now += 1 + random.below(6) as i64;
            let mut row: Row = vec![Value::I64(random.below(2) as i64), Value::I64(now)];
            row.push(Value::I64(number));
            let main = random.below(VARIABLES);
            row.extend(
                (0..VARIABLES)
                    .map(|variable| Value::Bool(variable == main || random.below(5) == 0)),
            );
            row
        })
        .collect()
}

/// Every row is let out by a watermark of its own, as it would be behind a sort.
fn sorted_batches(rows: &[Row], size: usize) -> Vec<Batch> {
    let mut before = i64::MIN;
    let mut all = Vec::new();
    for chunk in rows.chunks(size) {
        let first = before;
        let mut befores = Vec::new();
        for row in chunk {
            befores.push(before);
            before = time(row).unwrap();
        }
        let last = befores[befores.len() - 1];
        let time = BatchTime { first, last, before: Some(Arc::new(befores)) };
        all.push(Batch { time, ..batch(&types(), chunk, &[]) });
    }
    all
}

/// Compares `pairs` patterns and inputs; gives how many had a match and how many differed.
fn compare(pairs: u64, gives_back: bool) -> (u64, u64) {
    let mut random = Random::new(11);
    let (mut matched, mut different) = (0, 0);
    for pair in 0..pairs {
        let (pattern, rows) = (pattern(&mut random), input(&mut random));
        let of_key = |key: i64| -> Vec<Row> {
            rows.iter().filter(|row| row[KEY] == Value::I64(key)).cloned().collect()
        };
        let wanted: Option<Vec<Vec<Row>>> =
            (0..2).map(|key| matches(&pattern, &of_key(key), gives_back)).collect();
        let Some(wanted) = wanted.map(|wanted| wanted.concat()) else { continue };
        matched += u64::from(!wanted.is_empty());
        let make = || -> Box<dyn Operator> {
            let of = recognition(&pattern);
            let keys = KeyDictionary::shared(3);
            Box::new(MatchRecognize::new(TIME, vec![KEY], &types(), of, keys))
        };
        let (size, restore) = [(1, false), (7, true), (1024, false), (3, true)][pair as usize % 4];
        let out = run(&make, &sorted_batches(&rows, size), restore);
        assert_eq!(out.late_rows, 0);
        if sorted(&all_values(&out)) != sorted(&wanted) {
            different += 1;
            if !gives_back {
                same(&all_values(&out), &wanted, &format!("{pattern:?} batches of {size}"));
            }
        }
    }
    (matched, different)
}

#[test]
fn matches_equal_those_of_a_search_of_all_ways() {
    let pairs = 16_000;
    let (matched, different) = compare(pairs, false);
    assert_eq!(different, 0);
    assert!(matched * 4 > pairs, "only {matched} of {pairs} have a match");
}

#[test]
fn a_matcher_whose_loops_give_back_is_found_out() {
    let (_, different) = compare(1_000, true);
    assert!(different > 10, "{different} of 1,000 differ");
}
