//! Queryable tables against a map.

use std::collections::BTreeMap;

use super::groups::read;
use super::*;
use crate::operator::upsert::UpsertTable;
use crate::state::KeyDictionary;

fn table(max_rows: Option<usize>) -> Box<dyn Operator> {
    let keys = KeyDictionary::shared(3);
    Box::new(UpsertTable::new(vec![KEY, FLAG], TYPES.to_vec(), keys, max_rows, None))
}

/// Changes of every kind; the last of each key counts.
fn changes(len: usize) -> Vec<(ChangeKind, Row)> {
    use ChangeKind::*;
    let kinds = [Insert, UpdateBefore, UpdateAfter, Delete, UpdateAfter, Insert, UpdateAfter];
    let rows = rows(21, len).into_iter().enumerate();
    rows.map(|(i, mut row)| {
        row[KEY] = Value::I64(i as i64 * 17 % 400);
        (kinds[i * i % kinds.len()], row)
    })
    .collect()
}

fn key_of(row: &Row) -> String {
    format!("{:?} {:?}", row[KEY], row[FLAG])
}

/// The rows by key with their last update; beyond `most` the one updated longest ago goes.
fn expected(changes: &[(ChangeKind, Row)], most: usize) -> Vec<Row> {
    let mut rows: BTreeMap<String, (usize, Row)> = BTreeMap::new();
    for (at, (kind, row)) in changes.iter().enumerate() {
        match kind {
            ChangeKind::UpdateBefore | ChangeKind::Delete => drop(rows.remove(&key_of(row))),
            _ => drop(rows.insert(key_of(row), (at, row.clone()))),
        }
        if rows.len() > most {
            let oldest = rows.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone());
            rows.remove(&oldest.unwrap());
        }
    }
    rows.into_values().map(|(_, row)| row).collect()
}

#[test]
fn tables_equal_a_map() {
    let changes = changes(1500);
    for most in [usize::MAX, 50] {
        let wanted = expected(&changes, most);
        let max_rows = (most != usize::MAX).then_some(most);
        for (size, restore) in [(1, true), (7, true), (1024, false), (1024, true)] {
            let make = || table(max_rows);
            let mut operator = Restarts::new(&make);
            for chunk in changes.chunks(size) {
                let (kinds, rows): (Vec<_>, Vec<Row>) = chunk.iter().cloned().unzip();
                let batch = batch(&TYPES, &rows, &kinds);
                operator.process(0, batch);
                if restore {
                    operator.barrier();
                }
            }
            let (out, operator) = operator.end();
            assert!(out.messages.is_empty());
            for limit in [1, 10, 10_000] {
                same(&read(&*operator, limit, &[KEY, FLAG]), &wanted, "a table by its pages");
            }
        }
    }
}
