//! The running GROUP BY against the model.

use std::collections::BTreeMap;

use super::*;
use crate::operator::aggregate::{GroupAggregate, GroupOptions, Retention};
use crate::record::key;
use crate::state::KeyDictionary;

fn group(calls: &[AggregateCall], options: GroupOptions) -> GroupAggregate {
    let (keys, types) = (vec![KEY], vec![DataType::BigInt]);
    GroupAggregate::new(keys, types, calls, KeyDictionary::shared(3), options)
}

#[test]
fn groups_equal_the_model() {
    let (input, calls) = (rows(11, 700), all_calls());
    let wanted = model::groups(&input, &calls);
    for (size, restore, per_row) in
        [(1, true, false), (7, true, false), (7, true, true), (1024, false, false)]
    {
        let options = GroupOptions { update_before: per_row, per_row, ..GroupOptions::default() };
        let make = || -> Box<dyn Operator> { Box::new(group(&calls, options)) };
        let out = run(&make, &batches(&input, size), restore);
        let all = all_values(&out);
        if per_row {
            assert_eq!(all.len(), 2 * input.len() - wanted.len());
        }
        let last: BTreeMap<_, _> =
            all.into_iter().map(|row| (format!("{:?}", row[KEY]), row)).collect();
        let last: Vec<Row> = last.into_values().collect();
        same(&last, &wanted, &format!("batches of {size}"));
    }
}

/// An aggregate that a row leaves as it was sends nothing.
#[test]
fn unchanged_rows_are_not_sent() {
    let mut operator = group(&[call(AggregateFunction::Max, Some(LONG))], GroupOptions::default());
    let mut input = rows(1, 2);
    for (row, value) in input.iter_mut().zip([4, 3]) {
        (row[KEY], row[LONG]) = (Value::I64(1), Value::I64(value));
    }
    let mut out = Output::default();
    for batch in batches(&input, 1) {
        assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
        operator.flush(&mut out);
    }
    assert_eq!(all_values(&out), [vec![Value::I64(1), Value::I64(4)]]);
}

/// Keys that hold a time go once the watermark has passed it, and their late rows with them.
#[test]
fn retention_bounds_the_groups() {
    let retention = Some(Retention { key: 0, retention_ms: 1000, fires: false });
    let options = GroupOptions { retention, ..GroupOptions::default() };
    let count = [call(AggregateFunction::CountStar, None)];
    let make = || -> Box<dyn Operator> { Box::new(group(&count, options)) };
    let mut operator = make();
    let mut out = Output::default();
    let mut send = |operator: &mut dyn Operator, keys: &[i64], watermark: i64| {
        let row = |&key: &i64| (0..TYPES.len()).map(|_| Value::I64(key)).collect();
        let rows: Vec<Row> = keys.iter().map(row).collect();
        let types = vec![DataType::BigInt; TYPES.len()];
        let progress = operator.process(0, batch(&types, &rows, &[]), &mut out);
        finish(progress, operator, &mut out);
        let progress = operator.advance_watermark(watermark, &mut out);
        finish(progress, operator, &mut out);
        std::mem::take(&mut out.messages);
        (operator.readable().map_or(0, |readable| readable.rows()), out.late_rows)
    };
    assert_eq!(send(&mut *operator, &[0, 1000, 2000], 999), (3, 0));
    assert_eq!(send(&mut *operator, &[0], 1000), (2, 0));
    assert_eq!(send(&mut *operator, &[0, 1000, 3000], 1999), (3, 1));
    let mut saves = Saves::default();
    let mut fresh = saves.pass(&make, operator);
    assert_eq!(send(&mut *fresh, &[4000], 2000), (3, 1));
    // What is gone is saved as gone, and stays so.
    let fresh = saves.pass(&make, fresh);
    let mut fresh = saves.pass(&make, fresh);
    assert_eq!(send(&mut *fresh, &[], 2000), (3, 1));
    assert_eq!(send(&mut *fresh, &[], i64::MAX), (0, 1));
}

/// All rows of a table by its pages, and each of them by its key.
pub fn read(operator: &dyn Operator, limit: usize, key_columns: &[usize]) -> Vec<Row> {
    let readable = operator.readable().unwrap();
    let mut all = Vec::new();
    for group in 0..key::KEY_GROUPS {
        let mut after = Vec::new();
        loop {
            let (page, next) = readable.page(group, &after, limit);
            assert!(page.len() <= limit);
            for row in values(&page) {
                let key: Row = key_columns.iter().map(|&at| row[at].clone()).collect();
                let mut bytes = Vec::new();
                key::encode_values(&key, &mut bytes);
                assert_eq!(values(&readable.get(&bytes).unwrap()), std::slice::from_ref(&row));
                assert_eq!(key::key_group(key::hash(&bytes, 3)), group);
                all.push(row);
            }
            let Some(next) = next else { break };
            after = next;
        }
    }
    assert_eq!(all.len() as u64, readable.rows());
    all
}

#[test]
fn groups_are_readable() {
    let calls = plain_calls();
    let mut input = rows(2, 3000);
    for (i, row) in input.iter_mut().enumerate() {
        row[KEY] = Value::I64(i as i64 * 31 % 700);
    }
    let mut operator = group(&calls, GroupOptions::default());
    let mut out = Output::default();
    for batch in batches(&input, 100) {
        assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
    }
    let wanted = model::groups(&input, &calls);
    for limit in [1, 3, 1000] {
        same(&read(&operator, limit, &[0]), &wanted, &format!("pages of {limit}"));
    }
    let mut missing = Vec::new();
    key::encode_values(&[Value::I64(700)], &mut missing);
    assert!(operator.readable().unwrap().get(&missing).is_none());
}

/// SUM over INT wraps at 32 bits, over BIGINT at 64, as in Flink.
#[test]
fn integers_wrap() {
    let calls = [INT, LONG].map(|column| call(AggregateFunction::Sum, Some(column)));
    let mut input = rows(1, 2);
    for row in &mut input {
        row[KEY] = Value::I64(1);
        (row[LONG], row[INT]) = (Value::I64(i64::MAX), Value::I64(i32::MAX as i64));
    }
    let mut operator = group(&calls, GroupOptions::default());
    let mut out = Output::default();
    for batch in batches(&input, 2) {
        assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
    }
    operator.flush(&mut out);
    assert_eq!(all_values(&out), [[1, -2, -2].map(Value::I64).to_vec()]);
}
