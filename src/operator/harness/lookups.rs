//! Lookups against nested loops, with a store that answers when it likes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::channel::{Receiver, unbounded};

use super::*;
use crate::expression::Expr;
use crate::expression::registry::{BinaryOp, binary};
use crate::lookup::{Answer, CacheOptions, Counts, Port, Request};
use crate::operator::lookup::{Lookup, LookupSpec, Seat};
use crate::record::key::KEY_GROUPS;
use crate::record::row;

const ADDED: [DataType; 2] = [DataType::BigInt, DataType::STRING];

fn spec(outer: bool, conditioned: bool, cache: Option<CacheOptions>) -> LookupSpec {
    let column = |at: usize| Expr::column(at, DataType::BigInt);
    let condition = binary(BinaryOp::LtEq, column(LONG), column(TYPES.len())).unwrap();
    LookupSpec {
        keys: vec![KEY],
        table_keys: vec![0],
        columns: vec![1, 2],
        outer,
        condition: conditioned.then_some(condition),
        cache,
    }
}

/// What the table has of a key: none, one or several rows, or something that cannot be read.
fn rows_of(key: i64, several: bool) -> Result<Vec<Row>, ()> {
    let row = |n: i64| vec![Value::I64(key * n - 4), Value::Str(format!("{key}.{n}").into())];
    match key {
        3 => Err(()),
        4 => Ok(vec![]),
        key if several => Ok((0..key % 3).map(row).collect()),
        _ => Ok(vec![row(1)]),
    }
}

fn answer(key: i64, several: bool) -> Answer {
    let encode = |row: Row| {
        let mut bytes = Vec::new();
        row.iter().for_each(|value| row::encode_value(value, &mut bytes));
        bytes.into_boxed_slice()
    };
    match rows_of(key, several) {
        Ok(rows) => Answer::Rows(rows.into_iter().map(encode).collect()),
        Err(()) => Answer::Bad("broken".into()),
    }
}

/// The other end of all ports: requests that wait for their answers.
struct Store {
    requests: Receiver<Request>,
    waiting: RefCell<VecDeque<Request>>,
    several: bool,
}

impl Store {
    /// Answers so many requests, the latest ones first where `backwards`.
    fn answer(&self, most: usize, backwards: bool) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.extend(self.requests.try_iter());
        for _ in 0..most {
            let next = if backwards { waiting.pop_back() } else { waiting.pop_front() };
            let Some(request) = next else { return };
            let keys = request.keys.row_ids().map(|row| request.keys.columns[0].as_i64s()[row]);
            let answers = keys.map(|key| answer(key, self.several)).collect();
            request.answer(answers);
        }
    }
}

/// Makes operators that ask one store.
fn maker(spec: LookupSpec, several: bool) -> (impl Fn() -> Box<dyn Operator>, Store) {
    let (sender, requests) = unbounded();
    let make = move || -> Box<dyn Operator> {
        let port = Port::new(sender.clone(), Arc::new(|| {}), Counts::default());
        let seat = Seat { port, groups: 30..60.min(KEY_GROUPS) };
        Box::new(Lookup::new(spec.clone(), [TYPES.to_vec(), ADDED.to_vec()], seat, 5))
    };
    (make, Store { requests, waiting: RefCell::default(), several })
}

fn nested(rows: &[Row], spec: &LookupSpec, several: bool) -> Vec<Row> {
    let mut all = Vec::new();
    for row in rows {
        let found = row[KEY].as_i64().map_or(Ok(vec![]), |key| rows_of(key, several));
        let Ok(mut found) = found else { continue };
        if spec.condition.is_some() {
            let long = row[LONG].as_i64();
            found.retain(|added| long.zip(added[0].as_i64()).is_some_and(|(a, b)| a <= b));
        }
        if found.is_empty() && spec.outer {
            found.push(vec![Value::Null; ADDED.len()]);
        }
        all.extend(found.into_iter().map(|added| [row.clone(), added].concat()));
    }
    all
}

fn bounded(max_rows: usize) -> CacheOptions {
    CacheOptions { max_rows: Some(max_rows), expire_ms: None, missing: true }
}

#[test]
fn rows_come_out_in_their_order_whenever_the_answers_come() {
    let rows = rows(31, 250);
    let batches_of = |size| batches(&rows, size);
    for several in [false, true] {
        for (outer, conditioned) in [(false, false), (true, false), (false, true), (true, true)] {
            for cache in [None, Some(bounded(2))] {
                let spec = spec(outer, conditioned, cache);
                let wanted = nested(&rows, &spec, several);
                for (size, restore) in [(1, true), (7, true), (7, false), (1024, true)] {
                    let (make, store) = maker(spec.clone(), several);
                    let mut operator = Restarts::new(&make);
                    for (at, batch) in batches_of(size).into_iter().enumerate() {
                        operator.process(0, batch.clone());
                        operator.advance(batch.time.last);
                        store.answer(at % 5, at % 3 == 0);
                        operator.answered();
                        if restore && at % 3 == 0 {
                            operator.barrier();
                        }
                    }
                    operator.barrier();
                    operator.advance(i64::MAX);
                    store.answer(usize::MAX, true);
                    operator.answered();
                    let (out, operator) = operator.end();
                    assert_eq!(operator.waits().rows, 0);
                    assert_eq!(operator.output_watermark(i64::MAX), i64::MAX);
                    let what = format!("{outer} {conditioned} {several} {cache:?} by {size}");
                    assert!(all_values(&out) == wanted, "{what}");
                    let broken = rows.iter().filter(|row| row[KEY] == Value::I64(3)).count();
                    assert_eq!(out.rejected.len(), broken, "{what}");
                }
            }
        }
    }
}

/// A batch of keys, and nothing in the other columns.
fn keys(keys: &[i64]) -> Batch {
    let row = |key: &i64| {
        let mut row = vec![Value::Null; TYPES.len()];
        row[KEY] = Value::I64(*key);
        row
    };
    batch(&TYPES, &keys.iter().map(row).collect::<Vec<_>>(), &[])
}

/// Lets the operator have all its answers; the number of keys that were asked for.
fn settle(operator: &mut dyn Operator, store: &Store, out: &mut Output) -> usize {
    store.waiting.borrow_mut().extend(store.requests.try_iter());
    let asked = store.waiting.borrow().iter().map(|request| request.keys.len()).sum();
    store.answer(usize::MAX, false);
    while operator.answered(out) {}
    asked
}

#[test]
fn the_cache_knows_keys_for_its_time_and_missing_ones_where_wanted() {
    for missing in [true, false] {
        let cache = CacheOptions { max_rows: None, expire_ms: Some(100), missing };
        let (make, store) = maker(spec(true, false, Some(cache)), false);
        let (mut operator, mut out) = (make(), Output::default());
        let mut asked = |now_ms: i64, of: &[i64]| {
            out.context.now_ms = now_ms;
            let _ = operator.process(0, keys(of), &mut out);
            settle(&mut *operator, &store, &mut out)
        };
        // Each key of a batch once.
        assert_eq!(asked(1_000, &[1, 4, 1, 4, 2]), 3);
        let again = if missing { 0 } else { 1 };
        assert_eq!(asked(1_099, &[1, 4, 2]), again);
        // What cannot be read may have been mended.
        assert_eq!((asked(1_099, &[3]), asked(1_099, &[3])), (1, 1));
        assert_eq!(asked(1_100, &[1, 2]), 2);
        assert_eq!(asked(1_199, &[1, 2]), 0);
    }
    let (make, store) = maker(spec(true, false, None), false);
    let (mut operator, mut out) = (make(), Output::default());
    for _ in 0..2 {
        let _ = operator.process(0, keys(&[1, 1]), &mut out);
        assert_eq!(settle(&mut *operator, &store, &mut out), 1);
    }
}

#[test]
fn watermarks_stay_behind_rows_that_wait_and_what_waits_is_bounded() {
    let (make, store) = maker(spec(false, false, None), false);
    let (mut operator, mut out) = (make(), Output::default());
    let _ = operator.advance_watermark(5, &mut out);
    assert_eq!(operator.output_watermark(5), 5);
    for watermark in [10, 20] {
        let _ = operator.process(0, keys(&[1]), &mut out);
        let _ = operator.advance_watermark(watermark, &mut out);
        assert_eq!(operator.output_watermark(watermark), 5);
    }
    assert!(!operator.waits().ready);
    store.answer(1, true);
    // The one behind is answered: both wait for the first.
    assert!(operator.waits().ready && !operator.answered(&mut out));
    assert!(!operator.waits().ready && out.messages.is_empty());
    store.answer(1, true);
    assert!(operator.answered(&mut out));
    assert_eq!(operator.output_watermark(20), 10);
    assert!(operator.answered(&mut out));
    assert_eq!(operator.output_watermark(20), 20);
    let (large, mut taken) = (keys(&[1; 1000]), 0);
    while !operator.waits().full {
        let _ = operator.process(0, large.clone(), &mut out);
        taken += 1000;
    }
    assert!((16_000..=18_000).contains(&taken), "{taken}");
}
