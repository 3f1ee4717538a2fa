//! Operators over rows that change, and those that change rows: what they tell, added up, against
//! plain models.

use super::*;
use crate::operator::aggregate::RetractingAggregate;
use crate::operator::join::{TemporalJoin, TemporalSpec};
use crate::operator::normalize::Normalize;
use crate::operator::over::{Bounds, OverValues};
use crate::operator::rank::{Ranking, SortKey, Ties, TopN, WindowEnd};
use crate::state::KeyDictionary;

/// Rows that come, and some of them that go again; what is left, in the order of arrival.
fn changes(seed: u64, len: usize) -> (Vec<(ChangeKind, Row)>, Vec<Row>) {
    let (mut all, mut left) = (Vec::new(), Vec::<Row>::new());
    let mut state = seed;
    for row in rows(seed, len) {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        left.push(row.clone());
        all.push((ChangeKind::Insert, row));
        while (state >> 40).is_multiple_of(3) && !left.is_empty() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let gone = left.remove((state >> 33) as usize % left.len());
            let kind =
                if left.len() % 2 == 0 { ChangeKind::Delete } else { ChangeKind::UpdateBefore };
            all.push((kind, gone));
        }
    }
    (all, left)
}

/// Adds up what an operator tells: a row that is taken back must be there.
fn fold(out: &Output) -> Vec<Row> {
    let mut held: Vec<String> = Vec::new();
    let mut found: Vec<Row> = Vec::new();
    for message in &out.messages {
        let Message::Data(batch) = message else { continue };
        for (at, row) in batch.row_ids().zip(values(batch)) {
            let text = format!("{row:?}");
            if batch.kind(at).is_retract() {
                let place = held.iter().position(|known| *known == text);
                let place = place.unwrap_or_else(|| panic!("{text} was never told"));
                held.swap_remove(place);
                found.swap_remove(place);
            } else {
                held.push(text);
                found.push(row);
            }
        }
    }
    found
}

fn run_changes(
    make: &dyn Fn() -> Box<dyn Operator>,
    changes: &[(ChangeKind, Row)],
    size: usize,
    restore: bool,
) -> Output {
    let mut operator = Restarts::new(make);
    for chunk in changes.chunks(size) {
        let (kinds, rows): (Vec<_>, Vec<Row>) = chunk.iter().cloned().unzip();
        operator.process(0, batch(&TYPES, &rows, &kinds));
        if restore {
            operator.barrier();
        } else {
            operator.flush();
        }
    }
    operator.flush();
    operator.end().0
}

/// Rows by key and deletions come, some of them of keys that have no row; what is told adds up to
/// the last row of each.
#[test]
fn rows_that_replace_each_other_become_changes() {
    for seed in [5, 6] {
        let (mut changes, _) = changes(seed, 400);
        for (kind, _) in &mut changes {
            *kind = match kind {
                ChangeKind::Delete => ChangeKind::Delete,
                _ => ChangeKind::UpdateAfter,
            };
        }
        let mut last: Vec<Row> = Vec::new();
        for (kind, row) in &changes {
            last.retain(|known| known[KEY] != row[KEY]);
            if !kind.is_retract() {
                last.push(row.clone());
            }
        }
        let text = |rows: Vec<Row>| {
            let mut all: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            all.sort();
            all
        };
        assert!(last.len() > 1);
        let make = || -> Box<dyn Operator> {
            let dictionary = KeyDictionary::shared(3);
            Box::new(Normalize::new(vec![KEY], TYPES.to_vec(), None, dictionary))
        };
        for (size, restore) in [(1, true), (7, true), (1024, false)] {
            let out = run_changes(&make, &changes, size, restore);
            assert_eq!(text(fold(&out)), text(last.clone()), "batches of {size}");
        }
    }
}

#[test]
fn aggregates_over_changes_equal_those_of_what_is_left() {
    let calls = all_calls();
    for seed in [3, 4] {
        let (changes, left) = changes(seed, 600);
        assert!(left.len() > 50 && left.len() < 550);
        let wanted = model::groups(&left, &calls);
        for per_row in [false, true] {
            let make = || -> Box<dyn Operator> {
                let (keys, types) = (vec![KEY], vec![TYPES[KEY].clone()]);
                let dictionary = KeyDictionary::shared(3);
                let calls = calls.clone();
                Box::new(RetractingAggregate::new(keys, types, calls, (per_row, None), dictionary))
            };
            for (size, restore) in [(1, true), (7, false), (1024, false), (64, true)] {
                let out = run_changes(&make, &changes, size, restore);
                same(&fold(&out), &wanted, &format!("batches of {size}, by row {per_row}"));
            }
        }
    }
}

const ORDER: [SortKey; 2] = [
    SortKey { column: LONG, ascending: false, nulls_first: false },
    SortKey { column: TEXT, ascending: true, nulls_first: true },
];

fn ranking(from: usize, to: usize, with_rank: bool) -> Ranking {
    Ranking { order: ORDER.to_vec(), ties: Ties::EarlierFirst, from, to, with_rank }
}

/// Larger LONG first, NULL last; then smaller TEXT, NULL first.
fn order(row: &Row) -> (bool, i64, bool, String) {
    let long = row[LONG].as_i64();
    let text = row[TEXT].as_str();
    (long.is_none(), -long.unwrap_or(0), text.is_some(), text.unwrap_or_default().to_owned())
}

fn ranked(rows: &[Row], of: &Ranking) -> Vec<Row> {
    let mut keys: Vec<Value> = Vec::new();
    rows.iter().for_each(|row| {
        if !keys.contains(&row[KEY]) {
            keys.push(row[KEY].clone());
        }
    });
    let mut all = Vec::new();
    for key in keys {
        let mut of_key: Vec<&Row> = rows.iter().filter(|row| row[KEY] == key).collect();
        of_key.sort_by_key(|row| order(row));
        let counting = of_key.into_iter().enumerate().take(of.to).skip(of.from - 1);
        all.extend(counting.map(|(at, row)| match of.with_rank {
            true => [&row[..], &[Value::I64(at as i64 + 1)]].concat(),
            false => row.clone(),
        }));
    }
    all
}

#[test]
fn top_n_equals_a_sort_of_what_is_left() {
    let (changes, left) = changes(9, 500);
    let inserts: Vec<(ChangeKind, Row)> =
        rows(10, 500).into_iter().map(|row| (ChangeKind::Insert, row)).collect();
    let inserted: Vec<Row> = inserts.iter().map(|(_, row)| row.clone()).collect();
    for (input, left, updating) in [(&changes, &left, true), (&inserts, &inserted, false)] {
        for of in [ranking(1, 3, true), ranking(1, 1, false), ranking(2, 5, true)] {
            let wanted = ranked(left, &of);
            for per_row in [false, true] {
                let make = || -> Box<dyn Operator> {
                    let (types, modes) = (TYPES.to_vec(), (updating, per_row));
                    let keys = KeyDictionary::shared(3);
                    Box::new(TopN::new(vec![KEY], types, of.clone(), None, modes, keys))
                };
                for (size, restore) in [(1, true), (7, false), (1024, false), (64, true)] {
                    let out = run_changes(&make, input, size, restore);
                    same(&fold(&out), &wanted, &format!("{of:?} batches of {size}"));
                }
            }
        }
    }
}

#[test]
fn over_a_value_equals_the_model() {
    let (changes, left) = changes(17, 400);
    let calls = super::over::calls();
    for (bounds, nulls_first) in [(Bounds::Range(None), true), (Bounds::Rows(None), false)] {
        let by = SortKey { column: LONG, ascending: true, nulls_first };
        let mut sorted = left.clone();
        sorted.sort_by(|a, b| by.compare(&a[LONG], &b[LONG]));
        let values = |(at, row): (usize, &Row)| {
            let counts = |(other, known): &(usize, &Row)| {
                let is_peer = by.compare(&known[LONG], &row[LONG]).is_eq();
                let peers = bounds == Bounds::Range(None) && is_peer;
                known[KEY] == row[KEY] && (*other <= at || peers)
            };
            let frame: Vec<&Row> =
                sorted.iter().enumerate().filter(counts).map(|it| it.1).collect();
            let values: Vec<Value> =
                calls.iter().map(|call| super::over::value(call, &frame)).collect();
            [&row[..], &values].concat()
        };
        let wanted: Vec<Row> = sorted.iter().enumerate().map(values).collect();
        for per_row in [false, true] {
            let make = || -> Box<dyn Operator> {
                let (frame, dictionary) = ((by, bounds), KeyDictionary::shared(3));
                let over =
                    OverValues::new(frame, vec![KEY], calls.clone(), TYPES.to_vec(), dictionary);
                Box::new(over.per_row(per_row))
            };
            for (size, restore) in [(1, true), (7, false), (1024, false), (64, true)] {
                let out = run_changes(&make, &changes, size, restore);
                same(&fold(&out), &wanted, &format!("{bounds:?}, batches of {size}"));
            }
        }
    }
}

#[test]
fn top_n_of_windows_is_told_once_they_end() {
    let mut input: Vec<Row> = rows(12, 900).into_iter().filter(|row| time(row).is_some()).collect();
    // The last column says when the window of a row ends.
    input.iter_mut().for_each(|row| row[INT] = Value::I64((time(row).unwrap() / 50 + 1) * 50));
    let of = ranking(1, 2, true);
    let (mut watermark, mut late, mut on_time) = (i64::MIN, 0, Vec::new());
    for row in &input {
        match row[INT].as_i64().unwrap() - 1 <= watermark {
            true => late += 1,
            false => on_time.push(row.clone()),
        }
        watermark = advance(watermark, row);
    }
    assert!(late > 10);
    let mut ends: Vec<i64> = on_time.iter().filter_map(|row| row[INT].as_i64()).collect();
    ends.dedup();
    ends.sort_unstable();
    ends.dedup();
    let of_window = |end: i64| -> Vec<Row> {
        let rows = on_time.iter().filter(|row| row[INT] == Value::I64(end));
        ranked(&rows.cloned().collect::<Vec<_>>(), &of)
    };
    let wanted: Vec<Row> = ends.into_iter().flat_map(of_window).collect();
    let make = || -> Box<dyn Operator> {
        let window = Some(WindowEnd { column: INT, clock: None });
        let (keys, types) = (vec![KEY, INT], TYPES.to_vec());
        let dictionary = KeyDictionary::shared(3);
        Box::new(TopN::new(keys, types, of.clone(), window, (false, false), dictionary))
    };
    for (size, restore) in [(1, false), (7, true), (1024, false), (1024, true)] {
        let out = run(&make, &batches(&input, size), restore);
        same(&all_values(&out), &wanted, &format!("batches of {size}"));
        assert_eq!(out.late_rows, late, "batches of {size}");
    }
}

/// Rows and versions in one order of arrival, the watermark behind both.
#[test]
fn a_temporal_join_finds_the_version_of_each_time() {
    let all: Vec<Row> = rows(15, 1500).into_iter().filter(|row| time(row).is_some()).collect();
    let is_version = |row: &Row| row[FLAG] == Value::Bool(true);
    for (outer, keeps_last) in [(false, false), (true, false), (true, true)] {
        // Of a view, one that comes behind a newer one of its key is none.
        let is_behind = |at: usize| {
            let newer = |row: &&Row| row[KEY] == all[at][KEY] && time(row) > time(&all[at]);
            keeps_last && all[..at].iter().filter(|row| is_version(row)).any(|row| newer(&row))
        };
        let versions: Vec<&Row> = (0..all.len())
            .filter(|&at| is_version(&all[at]) && !is_behind(at))
            .map(|at| &all[at])
            .collect();
        let mut wanted = Vec::new();
        for row in all.iter().filter(|row| !is_version(row)) {
            // No row of this input comes so late that its versions are gone.
            let versions = versions.iter().copied().filter(|other| other[KEY] == row[KEY]);
            let mut held: Vec<&Row> = versions.filter(|v| time(v) <= time(row)).collect();
            // Of two at one time the later one counts.
            held.sort_by_key(|version| time(version));
            match held.last() {
                Some(version) => wanted.push([&row[..], version].concat()),
                None if outer => {
                    wanted.push([&row[..], &vec![Value::Null; TYPES.len()][..]].concat());
                }
                None => {}
            }
        }
        let make = || -> Box<dyn Operator> {
            let (keys, times) = ([vec![KEY], vec![KEY]], [TIME; 2]);
            let spec = TemporalSpec { keys, times, outer, keeps_last };
            let types = [TYPES.to_vec(), TYPES.to_vec()];
            Box::new(TemporalJoin::new(spec, types, KeyDictionary::shared(3)))
        };
        for restore in [false, true] {
            let mut operator = Restarts::new(&make);
            let mut highest = i64::MIN;
            for row in &all {
                let one = batch(&TYPES, std::slice::from_ref(row), &[]);
                let port = usize::from(is_version(row));
                operator.process(port, one);
                highest = highest.max(time(row).unwrap());
                operator.advance(highest - 200);
                if restore {
                    operator.barrier();
                }
            }
            operator.advance(i64::MAX);
            same(
                &all_values(&operator.end().0),
                &wanted,
                &format!("outer {outer}, last {keeps_last}, restored {restore}"),
            );
        }
    }
}
