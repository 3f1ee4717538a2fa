//! State that is forgotten behind its last write: each life of a key is, to the change, what an
//! operator that forgets nothing makes of a key of its own.

use std::collections::BTreeMap;

use super::*;
use crate::operator::aggregate::{GroupAggregate, GroupOptions, RetractingAggregate};
use crate::operator::normalize::Normalize;
use crate::operator::over::{Bounds, OverCall, OverValues};
use crate::operator::rank::{Ranking, SortKey, Ties, TopN};
use crate::operator::upsert::UpsertTable;
use crate::state::KeyDictionary;

pub type Change = (ChangeKind, Row);

/// Keys come about as often as this goes by.
pub const TTL: i64 = 45;

/// Rows, some of which are taken back; all but the first with a watermark before them.
pub fn changes(seed: u64, len: usize) -> Vec<Change> {
    let mut alive: Vec<Row> = Vec::new();
    let mut all = Vec::new();
    for (at, row) in rows(seed, len).into_iter().enumerate() {
        if at % 4 == 3 && !alive.is_empty() {
            // Of late, mostly: what is over is seldom taken back.
            let back = 1 + at * 7 % alive.len().min(12);
            all.push((ChangeKind::Delete, alive.remove(alive.len() - back)));
        } else {
            alive.push(row.clone());
            all.push((ChangeKind::Insert, row));
        }
    }
    all
}

/// The watermark before each change: that of those that are not taken back.
pub fn watermarks(changes: &[Change]) -> Vec<i64> {
    let mut watermark = i64::MIN;
    let before = changes.iter().map(|(kind, row)| {
        let before = watermark;
        if !kind.is_retract() {
            watermark = advance(watermark, row);
        }
        before
    });
    let mut before: Vec<i64> = before.collect();
    before.push(watermark);
    before
}

/// Batches that say the watermark before each row.
pub fn timed(changes: &[Change], size: usize) -> Vec<Batch> {
    let watermarks = watermarks(changes);
    let mut all = Vec::new();
    for (at, chunk) in changes.chunks(size).enumerate() {
        let (kinds, rows): (Vec<_>, Vec<Row>) = chunk.iter().cloned().unzip();
        let from = at * size;
        let before = watermarks[from..from + chunk.len()].to_vec();
        let (first, last) = (before[0], watermarks[from + chunk.len()]);
        let time = BatchTime { first, last, before: Some(Arc::new(before)) };
        all.push(Batch { time, ..batch(&TYPES, &rows, &kinds) });
    }
    all
}

/// Every change that came out, but for those to what was there already.
pub fn told(out: &Output) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    for message in &out.messages {
        let Message::Data(batch) = message else { continue };
        for (at, row) in batch.row_ids().zip(values(batch)) {
            let kind = batch.kind(at);
            let same = |before: &Change| {
                kind == ChangeKind::UpdateAfter
                    && before == &(ChangeKind::UpdateBefore, row.clone())
            };
            match all.last().is_some_and(same) {
                true => drop(all.pop()),
                false => all.push((kind, row)),
            }
        }
    }
    all
}

/// Lives of keys, by when they are written.
struct Lives {
    now: i64,
    /// Of each key: its life, and its last write while it lasts.
    keys: BTreeMap<i64, (i64, Option<i64>)>,
    ended: u64,
}

/// A key of its own for each life.
const LIFE: i64 = 1_000;

impl Lives {
    fn new() -> Self {
        Self { now: i64::MIN, keys: BTreeMap::new(), ended: 0 }
    }

    fn reach(&mut self, watermark: i64) {
        let first = self.now == i64::MIN && watermark > i64::MIN;
        self.now = self.now.max(watermark);
        for (life, written) in self.keys.values_mut() {
            if first {
                *written = written.map(|_| watermark);
            }
            if written.is_some_and(|at| at != i64::MIN && at + TTL <= self.now) {
                (*life, *written) = (*life + 1, None);
                self.ended += 1;
            }
        }
    }

    fn of(&mut self, row: &Row) -> &mut (i64, Option<i64>) {
        self.keys.entry(key_of(row)).or_insert((0, None))
    }
}

fn key_of(row: &Row) -> i64 {
    row[KEY].as_i64().unwrap_or(500)
}

/// What a change is to the operator.
#[derive(PartialEq)]
enum Effect {
    Write,
    /// Nothing is written.
    Read,
    /// There was nothing that it could change.
    Nothing,
    /// The key's state is gone with it.
    End,
}

/// The same changes with a key for each life, and how many lives were over.
fn apart(
    changes: &[Change],
    write: &mut dyn FnMut(i64, bool, &Change) -> Effect,
) -> (Vec<Change>, u64) {
    let watermarks = watermarks(changes);
    let mut lives = Lives::new();
    let mut all = Vec::new();
    for (change, &before) in changes.iter().zip(&watermarks) {
        lives.reach(before);
        let (kind, mut row) = change.clone();
        let (now, of) = (lives.now, lives.of(&row));
        let own = key_of(&row) + of.0 * LIFE;
        let how = write(own, of.1.is_some(), change);
        match how {
            Effect::Write => of.1 = Some(now),
            Effect::End => of.1 = None,
            Effect::Read | Effect::Nothing => {}
        }
        if how != Effect::Nothing {
            row[KEY] = Value::I64(own);
            all.push((kind, row));
        }
    }
    lives.reach(watermarks[changes.len()]);
    (all, lives.ended)
}

fn in_one_life(changes: Vec<Change>) -> Vec<Change> {
    let of = |(kind, mut row): Change| {
        let key = row[KEY].as_i64().map(|key| key % LIFE);
        row[KEY] = key.filter(|key| *key != 500).map_or(Value::Null, Value::I64);
        (kind, row)
    };
    changes.into_iter().map(of).collect()
}

fn run_timed(
    make: &dyn Fn() -> Box<dyn Operator>,
    input: &[Batch],
    restore: bool,
) -> (Output, u64) {
    let mut operator = Restarts::new(make);
    for batch in input {
        operator.process(0, batch.clone());
        operator.advance(batch.time.last);
        operator.flush();
        if restore {
            operator.barrier();
        }
    }
    let expired = operator.expired();
    (operator.end().0, expired)
}

/// Compares what is told, change by change, for all sizes of batches and with restarts.
fn check(
    what: &str,
    changes: &[Change],
    (apart, ended): (Vec<Change>, u64),
    make: &dyn Fn(Option<i64>) -> Box<dyn Operator>,
) {
    let (plain, _) = run_timed(&|| make(None), &timed(&apart, 7), false);
    let wanted = in_one_life(told(&plain));
    assert!(ended > 20, "{what}: {ended} lives");
    for (size, restore) in [(1, false), (1, true), (7, true), (64, true), (1024, false)] {
        let (out, expired) = run_timed(&|| make(Some(TTL)), &timed(changes, size), restore);
        let got = told(&out);
        for (at, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert_eq!(got, wanted, "{what}, batches of {size}, change {at}");
        }
        assert_eq!(got.len(), wanted.len(), "{what}, batches of {size}");
        // What is over is noticed an eighth of its time later at the latest.
        assert!(expired <= ended && expired + 6 >= ended, "{what}: {expired} of {ended}");
    }
}

#[test]
fn a_group_begins_anew_when_it_is_over() {
    let calls = [
        call(AggregateFunction::CountStar, None),
        call(AggregateFunction::Sum, Some(LONG)),
        AggregateCall { distinct: true, ..call(AggregateFunction::Count, Some(TEXT)) },
        call(AggregateFunction::Max, Some(DOUBLE)),
    ];
    for calls in [&calls[..], &calls[3..], &[]] {
        let rows: Vec<Change> =
            rows(31, 700).into_iter().map(|row| (ChangeKind::Insert, row)).collect();
        let make = |ttl_ms: Option<i64>| -> Box<dyn Operator> {
            let (update_before, per_row) = (true, true);
            let options =
                GroupOptions { update_before, per_row, ttl_ms, ..GroupOptions::default() };
            let (keys, types) = (vec![KEY], vec![DataType::BigInt]);
            Box::new(GroupAggregate::new(keys, types, calls, KeyDictionary::shared(3), options))
        };
        check("group", &rows, apart(&rows, &mut |_, _, _| Effect::Write), &make);
    }
}

/// Gathered changes are told before their group is over, so the last that is told of each life is
/// its end.
#[test]
fn gathered_changes_of_a_group_are_told_before_it_is_over() {
    let calls = [call(AggregateFunction::CountStar, None), call(AggregateFunction::Sum, Some(INT))];
    let rows: Vec<Change> =
        rows(37, 700).into_iter().map(|row| (ChangeKind::Insert, row)).collect();
    let (apart, _) = apart(&rows, &mut |_, _, _| Effect::Write);
    let wanted = model::groups(&apart.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), &calls);
    let mut ends: Vec<Change> = wanted.into_iter().map(|row| (ChangeKind::Insert, row)).collect();
    ends = in_one_life(ends);
    for (size, restore) in [(1, true), (7, true), (1024, false)] {
        let make = || -> Box<dyn Operator> {
            let options = GroupOptions { ttl_ms: Some(TTL), ..GroupOptions::default() };
            let (keys, types) = (vec![KEY], vec![DataType::BigInt]);
            Box::new(GroupAggregate::new(keys, types, &calls, KeyDictionary::shared(3), options))
        };
        let (out, _) = run_timed(&make, &timed(&rows, size), restore);
        // A life is over where its key begins again, or at the end.
        let mut got: BTreeMap<String, Row> = BTreeMap::new();
        let mut over = Vec::new();
        for (kind, row) in told(&out) {
            let before = got.insert(format!("{:?}", row[KEY]), row);
            over.extend(before.filter(|_| kind == ChangeKind::Insert));
        }
        over.extend(got.into_values());
        let ends: Vec<Row> = ends.iter().map(|(_, row)| row.clone()).collect();
        same(&over, &ends, &format!("batches of {size}"));
    }
}

/// A silent aggregate shows what is not over, to the millisecond.
#[test]
fn a_table_of_groups_shows_what_is_not_over() {
    let calls =
        [call(AggregateFunction::CountStar, None), call(AggregateFunction::Min, Some(TEXT))];
    let rows: Vec<Change> =
        rows(41, 600).into_iter().map(|row| (ChangeKind::Insert, row)).collect();
    let (apart, _) = apart(&rows, &mut |_, _, _| Effect::Write);
    let watermarks = watermarks(&rows);
    for size in [1, 7, 50] {
        let options = GroupOptions { silent: true, ttl_ms: Some(TTL), ..GroupOptions::default() };
        let (keys, types) = (vec![KEY], vec![DataType::BigInt]);
        let mut operator =
            GroupAggregate::new(keys, types, &calls, KeyDictionary::shared(3), options);
        let mut out = Output::default();
        let mut end = 0;
        for batch in timed(&rows, size) {
            end += batch.rows;
            assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
            assert_eq!(operator.advance_watermark(watermarks[end], &mut out), Progress::Done);
            // Of each key the life that it is in, if its last row is not too long ago.
            let mut shown: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
            for (at, (_, row)) in apart[..end].iter().enumerate() {
                let own = key_of(row);
                shown.insert(own % LIFE, (own, watermarks[at].max(watermarks[1])));
            }
            let alive = |row: &&Row| {
                let own = key_of(row);
                let (life, written) = shown[&(own % LIFE)];
                life == own && written + TTL > watermarks[end]
            };
            let rows: Vec<Row> = apart[..end].iter().map(|(_, row)| row.clone()).collect();
            let wanted = model::groups(&rows, &calls);
            let wanted = wanted.iter().filter(alive).map(|row| (ChangeKind::Insert, row.clone()));
            let wanted: Vec<Row> =
                in_one_life(wanted.collect()).into_iter().map(|(_, row)| row).collect();
            let mut got = Vec::new();
            for key in [
                Value::Null,
                Value::I64(1),
                Value::I64(2),
                Value::I64(3),
                Value::I64(4),
                Value::I64(5),
            ] {
                let mut bytes = Vec::new();
                crate::record::key::encode_values(&[key], &mut bytes);
                let row = operator.readable().unwrap().get(&bytes);
                got.extend(row.iter().flat_map(values));
            }
            same(&got, &wanted, &format!("batches of {size}, at {end}"));
        }
        assert!(out.expired > 20, "{}", out.expired);
        assert!(out.messages.is_empty());
    }
}

#[test]
fn a_group_of_changes_begins_anew_when_it_is_over() {
    let calls =
        vec![call(AggregateFunction::CountStar, None), call(AggregateFunction::Sum, Some(LONG))];
    let changes = changes(43, 900);
    let mut rows: BTreeMap<i64, i64> = BTreeMap::new();
    let mut write = |own: i64, is_there: bool, (kind, _): &Change| {
        let rows = rows.entry(own).or_default();
        match kind.is_retract() {
            true if !is_there => return Effect::Nothing,
            true => *rows -= 1,
            false => *rows += 1,
        }
        if *rows == 0 { Effect::End } else { Effect::Write }
    };
    let make = |ttl_ms: Option<i64>| -> Box<dyn Operator> {
        let (keys, types, dictionary) =
            (vec![KEY], vec![DataType::BigInt], KeyDictionary::shared(3));
        let calls = calls.clone();
        Box::new(RetractingAggregate::new(keys, types, calls, (true, ttl_ms), dictionary))
    };
    check("group of changes", &changes, apart(&changes, &mut write), &make);
}

#[test]
fn a_row_that_is_over_is_followed_by_a_new_one() {
    let mut changes = changes(47, 900);
    changes.iter_mut().for_each(|(kind, _)| {
        if !kind.is_retract() {
            *kind = ChangeKind::UpdateAfter;
        }
    });
    let mut write = |_: i64, is_there: bool, (kind, _): &Change| match kind.is_retract() {
        true if is_there => Effect::End,
        true => Effect::Nothing,
        false => Effect::Write,
    };
    let make = |ttl_ms: Option<i64>| -> Box<dyn Operator> {
        let dictionary = KeyDictionary::shared(3);
        Box::new(Normalize::new(vec![KEY], TYPES.to_vec(), ttl_ms, dictionary))
    };
    check("newest row", &changes, apart(&changes, &mut write), &make);
}

#[test]
fn the_first_rows_of_a_key_begin_anew_when_they_are_over() {
    const MOST: usize = 3;
    for updating in [false, true] {
        let changes: Vec<Change> = match updating {
            true => changes(53, 900),
            false => rows(53, 700).into_iter().map(|row| (ChangeKind::Insert, row)).collect(),
        };
        // Newest first, those without a time last.
        let mut kept: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        let mut write = |own: i64, is_there: bool, (kind, row): &Change| {
            let kept = kept.entry(own).or_default();
            if kind.is_retract() {
                let Some(at) = kept.iter().position(|known| known == row) else {
                    return Effect::Nothing;
                };
                assert!(is_there);
                kept.remove(at);
                return if kept.is_empty() { Effect::End } else { Effect::Write };
            }
            let at = kept.partition_point(|known| match (time(known), time(row)) {
                (Some(known), Some(new)) => known >= new,
                (known, new) => known.is_some() || new.is_none(),
            });
            if !updating && at >= MOST {
                return Effect::Read;
            }
            kept.insert(at, row.clone());
            if !updating {
                kept.truncate(MOST);
            }
            Effect::Write
        };
        let make = |ttl_ms: Option<i64>| -> Box<dyn Operator> {
            let order = vec![SortKey { column: TIME, ascending: false, nulls_first: false }];
            let ties = Ties::EarlierFirst;
            let ranking = Ranking { order, ties, from: 1, to: MOST, with_rank: updating };
            let (modes, dictionary) = ((updating, true), KeyDictionary::shared(3));
            let top = TopN::new(vec![KEY], TYPES.to_vec(), ranking, None, modes, dictionary);
            Box::new(top.expiring(ttl_ms))
        };
        check("first rows", &changes, apart(&changes, &mut write), &make);
    }
}

#[test]
fn rows_in_the_order_of_a_value_begin_anew_when_they_are_over() {
    let changes: Vec<Change> = changes(59, 900);
    let mut kept: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    let mut write = |own: i64, _: bool, (kind, row): &Change| {
        let kept = kept.entry(own).or_default();
        if !kind.is_retract() {
            kept.push(row.clone());
            return Effect::Write;
        }
        let Some(at) = kept.iter().position(|known| known == row) else {
            return Effect::Nothing;
        };
        kept.remove(at);
        if kept.is_empty() { Effect::End } else { Effect::Write }
    };
    let make = |ttl_ms: Option<i64>| -> Box<dyn Operator> {
        let by = SortKey { column: LONG, ascending: true, nulls_first: true };
        let (frame, dictionary) = ((by, Bounds::Range(None)), KeyDictionary::shared(3));
        let calls = vec![OverCall::count()];
        let over = OverValues::new(frame, vec![KEY], calls, TYPES.to_vec(), dictionary);
        Box::new(over.per_row(true).expiring(ttl_ms))
    };
    check("over a value", &changes, apart(&changes, &mut write), &make);
}

/// The rows of a table that are not over are those of the last write of each key.
#[test]
fn a_row_of_a_table_goes_when_it_is_over() {
    let changes = changes(59, 500);
    let watermarks = watermarks(&changes);
    let make = || -> Box<dyn Operator> {
        let dictionary = KeyDictionary::shared(3);
        Box::new(UpsertTable::new(vec![KEY], TYPES.to_vec(), dictionary, None, Some(TTL)))
    };
    for size in [1, 7, 64] {
        let (mut operator, mut saves) = (make(), Saves::default());
        let (mut out, mut end) = (Output::default(), 0);
        for batch in timed(&changes, size) {
            end += batch.rows;
            assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
            assert_eq!(operator.advance_watermark(watermarks[end], &mut out), Progress::Done);
            operator = saves.pass(&make, operator);
            assert_eq!(operator.advance_watermark(watermarks[end], &mut out), Progress::Done);
            let mut wanted: BTreeMap<i64, &Row> = BTreeMap::new();
            for (at, (kind, row)) in changes[..end].iter().enumerate() {
                wanted.remove(&key_of(row));
                let written = watermarks[at].max(watermarks[1]);
                if !kind.is_retract() && written + TTL > watermarks[end] {
                    wanted.insert(key_of(row), row);
                }
            }
            let wanted: Vec<Row> = wanted.into_values().cloned().collect();
            let readable = operator.readable().unwrap();
            let mut got = Vec::new();
            for group in 0..crate::record::key::KEY_GROUPS {
                let (page, next) = readable.page(group, &[], 1_000);
                assert!(next.is_none());
                got.extend(values(&page));
            }
            same(&got, &wanted, &format!("batches of {size}, at {end}"));
        }
        assert!(out.expired > 10, "{}", out.expired);
        assert!(readable_rows(&*operator) <= 6);
    }
}

fn readable_rows(operator: &dyn Operator) -> u64 {
    operator.readable().map_or(0, |readable| readable.rows())
}
