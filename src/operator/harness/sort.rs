//! The order of event time against a plain sort.

use std::cmp::{Ordering, Reverse};

use super::*;
use crate::operator::rank::SortKey;
use crate::operator::time_sort::TimeSort;

fn sort() -> TimeSort {
    TimeSort::new(TIME, vec![KEY], TYPES.to_vec(), 3)
}

/// Rows with the watermark before they were let out: after each row the watermark may move, and
/// then everything that it has reached goes out by time.
pub(super) fn expected(rows: &[Row]) -> Vec<(i64, Row)> {
    ordered(rows, |_, _| Ordering::Equal)
}

/// The same with an order of the rows of one time.
fn ordered(rows: &[Row], then: impl Fn(&Row, &Row) -> Ordering) -> Vec<(i64, Row)> {
    let (mut watermark, mut waiting, mut all) = (i64::MIN, Vec::new(), Vec::new());
    let mut release = |to: i64, waiting: &mut Vec<Row>, from: i64| {
        waiting.sort_by(|a, b| time(a).cmp(&time(b)).then_with(|| then(a, b)));
        let due = waiting.iter().filter(|row| time(row) <= Some(to)).count();
        all.extend(waiting.drain(..due).map(|row| (from, row)));
    };
    for row in rows {
        if time(row).is_some() {
            waiting.push(row.clone());
        }
        let next = advance(watermark, row);
        if next > watermark {
            release(next, &mut waiting, watermark);
            watermark = next;
        }
    }
    release(i64::MAX, &mut waiting, watermark);
    all
}

/// The rows, and whether each is late, in batches of several sizes and restored.
fn check(rows: &[Row], wanted: &[(i64, Row)], sort: impl Fn() -> TimeSort) {
    let rejected = rows.iter().filter(|row| time(row).is_none()).count();
    assert!(wanted.iter().any(|(before, row)| time(row) <= Some(*before)), "none is late");
    for (size, restore) in [(1, false), (7, true), (1024, false), (1024, true)] {
        let out = run(&|| Box::new(sort()), &batches(rows, size), restore);
        let mut got = Vec::new();
        for message in &out.messages {
            let Message::Data(batch) = message else { continue };
            let before = batch.row_ids().map(|row| batch.time.before_row(row));
            got.extend(before.zip(values(batch)));
        }
        let late = |(before, row): &(i64, Row)| (time(row) <= Some(*before), row.clone());
        let got: Vec<_> = got.iter().map(late).collect();
        let wanted: Vec<_> = wanted.iter().map(late).collect();
        assert!(got == wanted, "batches of {size}, restored {restore}");
        assert_eq!(out.rejected.len(), rejected);
    }
}

#[test]
fn rows_come_out_by_time_with_the_watermark_before_them() {
    let rows = rows(33, 3000);
    check(&rows, &expected(&rows), sort);
}

#[test]
fn rows_of_one_time_come_out_in_the_order_asked_for() {
    let rows = rows(34, 3000);
    let key = |row: &Row| row[KEY].as_i64();
    let wanted = ordered(&rows, |a, b| Reverse(key(a)).cmp(&Reverse(key(b))));
    assert!(wanted != expected(&rows));
    let by_key = SortKey { column: KEY, ascending: false, nulls_first: false };
    check(&rows, &wanted, || sort().then_by(vec![by_key]));
}
