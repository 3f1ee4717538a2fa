//! Cost of aggregates on one thread, a row, beside a plain hash table that does the counting alone:
//! the distance between the two is what batches, state and windows cost.
//!
//! `cargo bench --bench operators`

mod common;

use std::collections::BTreeMap;

use common::{KEY, Shape, TIME, input, measure, rows};
use criterion::{Criterion, criterion_group, criterion_main};
use hashbrown::HashMap;
use pelton::operator::Operator;
use pelton::operator::aggregate::{AggregateCall, AggregateFunction, GroupAggregate, GroupOptions};
use pelton::operator::window::{
    LocalWindowAggregate, SessionAggregate, WindowAggregate, WindowKind,
};
use pelton::record::{Batch, DataType};
use pelton::state::KeyDictionary;

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

fn count() -> AggregateCall {
    AggregateCall {
        function: AggregateFunction::CountStar,
        argument: None,
        argument_type: DataType::BigInt,
        distinct: false,
        filter: None,
        data_type: DataType::BigInt,
    }
}

fn keys() -> (Vec<usize>, Vec<DataType>) {
    (vec![KEY], vec![DataType::BigInt])
}

/// The control: each row into a hash table by key and slide. Each time a slide ends, so does a
/// window, which is the sum of its slides; one that no window needs any more goes.
fn plain(input: &[Batch], size_ms: i64, slide_ms: i64) -> usize {
    let (mut slides, mut results): (BTreeMap<i64, Map<i64, i64>>, usize) = Default::default();
    let mut newest = i64::MIN;
    let mut end = |slides: &mut BTreeMap<i64, Map<i64, i64>>, at: i64| {
        let mut window: Map<i64, i64> = HashMap::default();
        for (key, count) in slides.values().flatten() {
            *window.entry(*key).or_default() += count;
        }
        results += window.len();
        slides.remove(&(at - size_ms / slide_ms + 1));
    };
    for (key, time) in rows(input) {
        let slide = time.div_euclid(slide_ms);
        if slide > newest && newest != i64::MIN {
            (newest..slide).for_each(|at| end(&mut slides, at));
        }
        newest = slide;
        *slides.entry(slide).or_default().entry(key).or_default() += 1;
    }
    results
}

/// The control of sessions: the open one of each key.
fn plain_sessions(input: &[Batch], gap_ms: i64) -> usize {
    let (mut open, mut ended): (Map<i64, (i64, i64)>, usize) = (HashMap::default(), 0);
    for (key, time) in rows(input) {
        let session = open.entry(key).or_insert((time, 0));
        if time - session.0 > gap_ms {
            ended += 1;
            session.1 = 0;
        }
        *session = (time, session.1 + 1);
    }
    open.len() + ended
}

fn window(size_ms: i64, slide_ms: i64) -> WindowKind {
    WindowKind { size_ms, slide_ms, offset_ms: 0, grows: false }
}

fn windows(
    criterion: &mut Criterion,
    name: &str,
    shape: Shape,
    (size_ms, slide_ms): (i64, i64),
    is_local: bool,
) {
    let make = || -> Box<dyn Operator> {
        let (dictionary, kind) = (KeyDictionary::shared(3), window(size_ms, slide_ms));
        if is_local {
            return Box::new(LocalWindowAggregate::new(kind, TIME, keys(), &[count()], dictionary));
        }
        Box::new(WindowAggregate::new(kind, TIME, keys(), vec![count()], dictionary))
    };
    let control = |input: &[Batch]| plain(input, size_ms, slide_ms);
    measure(criterion, name, (&input(shape), 1), &make, &control);
}

fn operators(criterion: &mut Criterion) {
    let (many, few) = (Shape::of_keys(100_000), Shape::of_keys(5));
    // A thousand keys, each with ten rows to the slide of 100 ms.
    let dense = Shape { rows: 6 << 20, keys: 1_000, per_ms: 100 };
    let group = || -> Box<dyn Operator> {
        let ((of, types), dictionary) = (keys(), KeyDictionary::shared(3));
        let options = GroupOptions::default();
        Box::new(GroupAggregate::new(of, types, &[count()], dictionary, options))
    };
    // One window over all time makes the control a plain GROUP BY.
    let all = |input: &[Batch]| plain(input, many.rows, many.rows);
    measure(criterion, "group_count_100k_keys", (&input(many), 1), &group, &all);
    windows(criterion, "tumble_count_100k_keys", many, (1000, 1000), false);
    windows(criterion, "hop_6_panes_5_keys", few, (3000, 500), false);
    windows(criterion, "hop_300_panes_5_keys", few, (3000, 10), false);
    windows(criterion, "hop_6_panes_1k_keys", dense, (600, 100), false);
    windows(criterion, "hop_300_panes_1k_keys", dense, (30_000, 100), false);
    windows(criterion, "local_window_count_5_keys", few, (1000, 1000), true);
    let session = || -> Box<dyn Operator> {
        let (calls, dictionary) = (vec![count()], KeyDictionary::shared(3));
        Box::new(SessionAggregate::new(500, TIME, keys(), calls, dictionary))
    };
    // A key comes back each second: every row is a session of its own.
    let sessions = |input: &[Batch]| plain_sessions(input, 500);
    measure(criterion, "session_100k_keys", (&input(many), 1), &session, &sessions);
}

criterion_group!(benches, operators);
criterion_main!(benches);
