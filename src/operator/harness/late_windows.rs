//! Windows that take late rows: told at their end, and again with each row that comes late.

use std::collections::BTreeMap;

use super::ttl::{Change, timed};
use super::*;
use crate::operator::aggregate::{GroupAggregate, GroupOptions, Retention};
use crate::state::KeyDictionary;

const SIZE: i64 = 50;
const LATENESS: i64 = 60;
/// The column that holds the window's end.
const WINDOW: usize = LONG;

fn input(seed: u64) -> Vec<Row> {
    let mut rows = rows(seed, 3_000);
    rows.retain(|row| time(row).is_some());
    for row in &mut rows {
        let time = time(row).unwrap();
        row[WINDOW] = Value::I64(time - time.rem_euclid(SIZE) + SIZE);
    }
    rows
}

#[derive(Default)]
struct Window {
    rows: i64,
    texts: i64,
    told: bool,
}

/// What is told, row by row, and how many rows are late.
struct Model {
    windows: BTreeMap<(i64, String), (Value, Window)>,
    told: Vec<Change>,
    late: u64,
    again: usize,
}

impl Model {
    fn of(rows: &[Row]) -> Self {
        let mut all = Self { windows: BTreeMap::new(), told: Vec::new(), late: 0, again: 0 };
        let mut watermark = i64::MIN;
        for row in rows {
            all.row(row, watermark);
            watermark = advance(watermark, row);
            all.reach(watermark);
        }
        all.reach(i64::MAX);
        all
    }

    fn reach(&mut self, watermark: i64) {
        for ((at, _), (key, window)) in &mut self.windows {
            if *at - 1 <= watermark && !window.told {
                window.told = true;
                self.told.push((ChangeKind::Insert, result(key, *at, window)));
            }
        }
        self.windows.retain(|(at, _), _| at - 1 + LATENESS > watermark);
    }

    fn row(&mut self, row: &Row, watermark: i64) {
        let at = row[WINDOW].as_i64().unwrap();
        if at - 1 + LATENESS <= watermark {
            self.late += 1;
            return;
        }
        let new = || (row[KEY].clone(), Window::default());
        let place = (at, format!("{:?}", row[KEY]));
        let (key, window) = self.windows.entry(place).or_insert_with(new);
        let told = |kind, window: &Window| (kind, result(key, at, window));
        let before = window.told.then(|| told(ChangeKind::UpdateBefore, window));
        self.again += usize::from(window.told);
        window.rows += 1;
        window.texts += i64::from(!row[TEXT].is_null());
        if let Some(before) = before {
            self.told.extend([before, told(ChangeKind::UpdateAfter, window)]);
        }
        // One that has ended already is told at once.
        self.reach(watermark);
    }
}

fn result(key: &Value, at: i64, window: &Window) -> Row {
    vec![key.clone(), Value::I64(at), Value::I64(window.rows), Value::I64(window.texts)]
}

fn operator(per_row: bool) -> GroupAggregate {
    let retention = Some(Retention { key: 1, retention_ms: LATENESS, fires: true });
    let options =
        GroupOptions { update_before: true, per_row, retention, ..GroupOptions::default() };
    let calls =
        [call(AggregateFunction::CountStar, None), call(AggregateFunction::Count, Some(TEXT))];
    let types = vec![DataType::BigInt, DataType::BigInt];
    GroupAggregate::new(vec![KEY, WINDOW], types, &calls, KeyDictionary::shared(3), options)
}

fn changes(out: &Output) -> Vec<Row> {
    let mut all = Vec::new();
    for message in &out.messages {
        let Message::Data(batch) = message else { continue };
        for (at, mut row) in batch.row_ids().zip(values(batch)) {
            row.push(Value::Str(format!("{:?}", batch.kind(at)).into()));
            all.push(row);
        }
    }
    all
}

fn inserts(rows: &[Row]) -> Vec<Change> {
    rows.iter().map(|row| (ChangeKind::Insert, row.clone())).collect()
}

#[test]
fn a_window_is_told_at_its_end_and_again_with_each_late_row() {
    let rows = input(21);
    let model = Model::of(&rows);
    assert!(model.late > 100 && model.again > 100, "{} {}", model.late, model.again);
    let with_kind = |(kind, row): &Change| {
        let mut row = row.clone();
        row.push(Value::Str(format!("{kind:?}").into()));
        row
    };
    let wanted: Vec<Row> = model.told.iter().map(with_kind).collect();
    for (size, restore) in [(1, false), (7, true), (1024, false), (1024, true)] {
        let make = || -> Box<dyn Operator> { Box::new(operator(true)) };
        let out = run(&make, &timed(&inserts(&rows), size), restore);
        same(&changes(&out), &wanted, &format!("batches of {size}, restored {restore}"));
        assert_eq!(out.late_rows, model.late);
    }
}

/// Merged between two flushes, the last change of each window is the same.
#[test]
fn the_last_change_does_not_depend_on_when_it_is_flushed() {
    let rows = input(22);
    let last = |rows: Vec<Row>| {
        let mut last = BTreeMap::new();
        for row in rows {
            last.insert(format!("{:?}", &row[..2]), format!("{:?}", &row[2..4]));
        }
        last
    };
    let told = Model::of(&rows).told;
    let wanted = last(told.into_iter().map(|(_, row)| row).collect());
    for (size, restore) in [(1, true), (7, false), (1024, true)] {
        let make = || -> Box<dyn Operator> { Box::new(operator(false)) };
        let out = run(&make, &timed(&inserts(&rows), size), restore);
        assert!(last(changes(&out)) == wanted, "batches of {size}, restored {restore}");
    }
}

/// Latencies are told from it: rows told in the midst of a batch leave it to those behind them.
#[test]
fn what_a_batch_tells_carries_its_stamp() {
    let rows = input(23);
    let mut operator = operator(true);
    let mut out = Output::default();
    for (index, batch) in (1..).zip(timed(&inserts(&rows), 1024)) {
        let (stamp_us, told) = (index * 1_000, out.messages.len());
        finish(operator.process(0, Batch { stamp_us, ..batch }, &mut out), &mut operator, &mut out);
        operator.flush(&mut out);
        let stamps = out.messages[told..].iter().filter_map(|message| match message {
            Message::Data(batch) if !batch.is_empty() => Some(batch.stamp_us),
            _ => None,
        });
        let stamps: Vec<i64> = stamps.collect();
        assert!(stamps.len() > 10, "{stamps:?}");
        let other = stamps.iter().find(|&&stamp| stamp != stamp_us);
        assert_eq!(other, None, "in the batch of {stamp_us}");
    }
}
