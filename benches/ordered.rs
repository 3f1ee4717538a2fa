//! Cost of what keeps or compares rows in the order of time, a row on one thread, beside a plain
//! structure that does the same for this input alone.
//!
//! `cargo bench --bench ordered`

mod common;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use common::{KEY, Shape, TIME, TYPES, input, measure, rows};
use criterion::{Criterion, criterion_group, criterion_main};
use hashbrown::HashMap;
use pelton::expression::Expr;
use pelton::expression::registry::{BinaryOp, binary};
use pelton::operator::Operator;
use pelton::operator::join::{Join, JoinSpec, JoinType, TimeBounds};
use pelton::operator::over::{Bounds, Order, OverCall, over};
use pelton::operator::pattern::{
    Condition, Element, Pattern, Recognition, Skip, Term, TermKind, recognize,
};
use pelton::operator::time_sort::TimeSort;
use pelton::record::{Batch, DataType, Value};
use pelton::state::KeyDictionary;

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

const ORDER: Order = Order::Arrival { slack_ms: 0 };
const RANGE_MS: i64 = 5_000;

fn sort() -> Box<dyn Operator> {
    Box::new(TimeSort::new(TIME, vec![KEY], TYPES.to_vec(), 3))
}

/// Into a heap, and out again up to the watermark.
fn plain_sort(input: &[Batch]) -> usize {
    let (mut heap, mut out) = (BinaryHeap::new(), 0);
    for batch in input {
        let watermark = batch.columns[TIME].as_i64s()[0] - 1;
        rows(std::slice::from_ref(batch)).for_each(|(key, time)| heap.push(Reverse((time, key))));
        while heap.peek().is_some_and(|Reverse((time, _))| *time <= watermark) {
            out += heap.pop().map_or(0, |Reverse((_, key))| key as usize & 1);
        }
    }
    out
}

fn count_over() -> Box<dyn Operator> {
    let frame = (Bounds::Range(Some(RANGE_MS)), ORDER);
    over(TIME, vec![KEY], vec![OverCall::count()], frame, KeyDictionary::shared(3))
}

/// A ring of times for each key.
fn plain_count(input: &[Batch]) -> usize {
    let (mut rings, mut sum): (Map<i64, VecDeque<i64>>, usize) = (HashMap::default(), 0);
    for (key, time) in rows(input) {
        let ring = rings.entry(key).or_default();
        ring.push_back(time);
        while ring.front().is_some_and(|first| *first < time - RANGE_MS) {
            ring.pop_front();
        }
        sum += ring.len();
    }
    sum
}

/// PATTERN (A B C), each an even time, one behind the other of a key.
fn three_in_a_row() -> Box<dyn Operator> {
    let constant = |value| Expr::literal(Value::I64(value), DataType::BigInt);
    let rest = binary(BinaryOp::Modulo, Expr::column(TIME, DataType::BigInt), constant(2)).unwrap();
    let predicate = binary(BinaryOp::Eq, rest, constant(0)).unwrap();
    let condition = Some(Condition { predicate, terms: Vec::new() });
    let element = |variable| Element { variable, min: 1, max: Some(1), possessive: false };
    let last = Term {
        kind: TermKind::Last(0),
        variable: Some(2),
        column: TIME,
        data_type: DataType::BigInt,
    };
    let of = Recognition {
        conditions: vec![condition; 3],
        measures: vec![last],
        pattern: Pattern {
            elements: (0..3).map(element).collect(),
            skip: Skip::PastLastRow,
            within_ms: Some(RANGE_MS),
        },
        ties: Vec::new(),
        order: ORDER,
    };
    recognize(TIME, vec![KEY], &TYPES, of, KeyDictionary::shared(3))
}

/// How many fit in a row, and since when, of each key.
fn plain_three(input: &[Batch]) -> usize {
    let (mut open, mut found): (Map<i64, VecDeque<i64>>, usize) = (HashMap::default(), 0);
    for (key, time) in rows(input) {
        let run = open.entry(key).or_default();
        if time % 2 != 0 {
            run.clear();
            continue;
        }
        run.push_back(time);
        while run.front().is_some_and(|first| *first <= time - RANGE_MS) {
            run.pop_front();
        }
        if run.len() == 3 {
            found += 1;
            run.clear();
        }
    }
    found
}

/// Rows of one key within half a second of each other; about a million of them are kept.
fn interval_join() -> Box<dyn Operator> {
    let time = TimeBounds {
        columns: [TIME, TIME],
        lower: -500,
        upper: 500,
        windows: false,
        on_clock: false,
    };
    let spec = JoinSpec {
        join: JoinType::Inner,
        keys: [vec![KEY], vec![KEY]],
        nulls_equal: vec![false],
        condition: None,
        time: Some(time),
        ttl_ms: [None; 2],
    };
    Box::new(Join::new(spec, [TYPES.to_vec(), TYPES.to_vec()], KeyDictionary::shared(3)))
}

/// Two rings of times for each key.
fn plain_join(input: &[Batch]) -> usize {
    let (mut rings, mut found): (Map<i64, [VecDeque<i64>; 2]>, usize) = (HashMap::default(), 0);
    for (index, batch) in input.iter().enumerate() {
        for (key, time) in rows(std::slice::from_ref(batch)) {
            let rings = rings.entry(key).or_default();
            let (own, other) = (index % 2, 1 - index % 2);
            while rings[other].front().is_some_and(|first| *first < time - 500) {
                rings[other].pop_front();
            }
            found += rings[other].iter().filter(|it| (**it - time).abs() <= 500).count();
            rings[own].push_back(time);
        }
    }
    found
}

fn ordered(criterion: &mut Criterion) {
    let many = input(Shape::of_keys(100_000));
    measure(criterion, "time_sort_100k_keys", (&many, 1), &sort, &plain_sort);
    measure(criterion, "over_count_100k_keys", (&many, 1), &count_over, &plain_count);
    measure(criterion, "three_in_a_row_100k_keys", (&many, 1), &three_in_a_row, &plain_three);
    let wide = input(Shape { rows: 2 << 20, keys: 500_000, per_ms: 1_000 });
    measure(criterion, "interval_join_1m_rows", (&wide, 2), &interval_join, &plain_join);
}

criterion_group!(benches, ordered);
criterion_main!(benches);
