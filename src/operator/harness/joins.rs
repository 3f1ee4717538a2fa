//! Joins against nested loops over all rows.

use std::collections::BTreeMap;

use super::*;
use crate::expression::Expr;
use crate::expression::registry::{BinaryOp, binary};
use crate::operator::join::{Join, JoinSpec, JoinType, TimeBounds};
use crate::state::KeyDictionary;

const JOINS: [JoinType; 6] = [
    JoinType::Inner,
    JoinType::Left,
    JoinType::Right,
    JoinType::Full,
    JoinType::Semi,
    JoinType::Anti,
];

fn spec(join: JoinType, time: Option<TimeBounds>) -> JoinSpec {
    let column = |at: usize| Expr::column(at, DataType::BigInt);
    let condition = binary(BinaryOp::LtEq, column(LONG), column(TYPES.len() + LONG)).unwrap();
    let keys = [vec![KEY], vec![KEY]];
    JoinSpec {
        join,
        keys,
        nulls_equal: vec![false],
        condition: Some(condition),
        time,
        ttl_ms: [None; 2],
    }
}

fn join(spec: &JoinSpec) -> Box<dyn Operator> {
    Box::new(Join::new(spec.clone(), [TYPES.to_vec(), TYPES.to_vec()], KeyDictionary::shared(5)))
}

fn fits(left: &Row, right: &Row) -> bool {
    let equal = !left[KEY].is_null() && left[KEY] == right[KEY];
    equal && left[LONG].as_i64().zip(right[LONG].as_i64()).is_some_and(|(a, b)| a <= b)
}

/// A result of a row of `side` with its partner or NULLs.
fn result(side: usize, own: &Row, other: Option<&Row>) -> Row {
    let nulls = vec![Value::Null; TYPES.len()];
    let other = other.unwrap_or(&nulls);
    let (left, right) = if side == 0 { (own, other) } else { (other, own) };
    left.iter().chain(right).cloned().collect()
}

/// The side of each row: a few of one, then a few of the other.
fn side_of(at: usize) -> usize {
    (at / 3 + at / 7) % 2
}

/// Runs an input of both sides; a fresh operator takes the state over after each batch, if
/// `restore`.
fn run_both(spec: &JoinSpec, input: &[Batch], restore: bool) -> Output {
    let make = || join(spec);
    let (mut operator, mut at) = (Restarts::new(&make), 0);
    for batch in input {
        let mut from = 0;
        while from < batch.rows {
            let side = side_of(at + from);
            let run = (from..batch.rows).take_while(|row| side_of(at + row) == side).count();
            let rows = (from as u32..(from + run) as u32).collect();
            operator.process(side, batch.with_selection(rows));
            from += run;
        }
        at += batch.rows;
        operator.advance(batch.time.last);
        if restore {
            operator.barrier();
        }
    }
    operator.advance(i64::MAX);
    operator.end().0
}

fn nested_interval(rows: &[Row], join: JoinType, lower: i64, upper: i64) -> Vec<Row> {
    let (mut all, mut watermark) = (Vec::new(), i64::MIN);
    let mut met = vec![false; rows.len()];
    for (at, row) in rows.iter().enumerate() {
        let Some(own) = time(row) else { continue };
        let side = side_of(at);
        for (before, other) in rows[..at].iter().enumerate() {
            let Some(its) = time(other).filter(|_| side_of(before) != side) else { continue };
            let (l, r) = if side == 0 { (row, other) } else { (other, row) };
            let between = if side == 0 { its - own } else { own - its };
            let expiry = if side == 1 { its + upper } else { its - lower };
            if fits(l, r) && (lower..=upper).contains(&between) && expiry > watermark {
                (met[at], met[before]) = (true, true);
                all.push(result(side, row, Some(other)));
            }
        }
        watermark = advance(watermark, row);
    }
    if join.left_only() {
        let left = |at: &usize| side_of(*at) == 0 && time(&rows[*at]).is_some();
        let kept = (0..rows.len()).filter(left).filter(|&at| met[at] == (join == JoinType::Semi));
        return kept.map(|at| rows[at].clone()).collect();
    }
    for (at, row) in rows.iter().enumerate() {
        if !met[at] && time(row).is_some() && join.keeps(side_of(at)) {
            all.push(result(side_of(at), row, None));
        }
    }
    all
}

#[test]
fn an_interval_join_is_a_nested_loop_over_rows_that_are_not_over() {
    let rows = rows(17, 900);
    for (lower, upper) in [(-40, 25), (5, 60), (-60, -10), (0, 0)] {
        let bounds =
            TimeBounds { columns: [TIME, TIME], lower, upper, windows: false, on_clock: false };
        for of in JOINS {
            let wanted = nested_interval(&rows, of, lower, upper);
            for (size, restore) in [(1, false), (7, true), (1024, false)] {
                let out = run_both(&spec(of, Some(bounds)), &batches(&rows, size), restore);
                same(&all_values(&out), &wanted, &format!("{of:?} {lower} {upper} by {size}"));
            }
        }
    }
}

/// Rows of both sides, some of which take an earlier one back.
fn changes() -> Vec<(Row, ChangeKind)> {
    let mut alive: [Vec<Row>; 2] = [Vec::new(), Vec::new()];
    let mut all = Vec::new();
    for (at, row) in rows(23, 700).into_iter().enumerate() {
        let alive = &mut alive[side_of(at)];
        if at % 4 == 3 && !alive.is_empty() {
            all.push((alive.swap_remove(at * 31 % alive.len()), ChangeKind::Delete));
        } else {
            // Equal rows come twice.
            let row = if at % 9 == 8 { alive.last().cloned().unwrap_or(row) } else { row };
            alive.push(row.clone());
            all.push((row, ChangeKind::Insert));
        }
    }
    all
}

fn nested_regular(changes: &[(Row, ChangeKind)], join: JoinType) -> Vec<Row> {
    let mut alive: [Vec<&Row>; 2] = [Vec::new(), Vec::new()];
    for (at, (row, kind)) in changes.iter().enumerate() {
        let alive = &mut alive[side_of(at)];
        match kind.is_retract() {
            true => {
                let place = alive.iter().position(|known| *known == row).unwrap();
                alive.swap_remove(place);
            }
            false => alive.push(row),
        }
    }
    let met = |left: &Row| alive[1].iter().any(|right| fits(left, right));
    if join.left_only() {
        let left = alive[0].iter().filter(|left| met(left) == (join == JoinType::Semi));
        return left.map(|&row| row.clone()).collect();
    }
    let mut all = Vec::new();
    for left in &alive[0] {
        let partners = alive[1].iter().filter(|right| fits(left, right));
        all.extend(partners.map(|right| result(0, left, Some(right))));
    }
    for side in 0..2 {
        let fit = |a: &Row, b: &Row| if side == 0 { fits(a, b) } else { fits(b, a) };
        let alone = |row: &&&Row| !alive[1 - side].iter().any(|other| fit(row, other));
        if join.keeps(side) {
            all.extend(alive[side].iter().filter(alone).map(|row| result(side, row, None)));
        }
    }
    all
}

#[test]
fn the_changes_of_a_regular_join_add_up_to_a_nested_loop() {
    let changes = changes();
    for of in JOINS {
        let wanted = nested_regular(&changes, of);
        for (size, restore) in [(1, false), (7, true), (1024, false)] {
            let of_chunk = |chunk: &[(Row, ChangeKind)]| {
                let (rows, kinds): (Vec<_>, Vec<_>) = chunk.iter().cloned().unzip();
                batch(&TYPES, &rows, &kinds)
            };
            let input: Vec<_> = changes.chunks(size).map(of_chunk).collect();
            let out = run_both(&spec(of, None), &input, restore);
            let mut left: BTreeMap<String, (i64, Row)> = BTreeMap::new();
            for message in &out.messages {
                let Message::Data(batch) = message else { continue };
                for (row, values) in batch.row_ids().zip(values(batch)) {
                    let more = if batch.kind(row).is_retract() { -1 } else { 1 };
                    let entry = left.entry(format!("{values:?}")).or_insert((0, values));
                    entry.0 += more;
                    assert!(entry.0 >= 0, "takes back what is not there: {:?}", entry.1);
                }
            }
            let repeated = left.into_values().flat_map(|(n, row)| vec![row; n as usize]);
            same(&repeated.collect::<Vec<_>>(), &wanted, &format!("{of:?} by {size}"));
        }
    }
}
