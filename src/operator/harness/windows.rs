//! Windows in one phase and in two, against the model.

use super::*;
use crate::operator::window::{
    LocalWindowAggregate, SessionAggregate, SingleWindows, WindowAggregate, WindowAssign,
    WindowKind,
};
use crate::state::{KeyDictionary, KeyedState};

/// Both phases one behind the other, as one operator.
struct TwoPhases {
    local: LocalWindowAggregate,
    global: WindowAggregate,
}

impl TwoPhases {
    /// Hands on what the first phase has emitted.
    fn pass(&mut self, from: Output, out: &mut Output) {
        out.rejected.extend(from.rejected);
        for message in from.messages {
            let Message::Data(batch) = message else { continue };
            let progress = self.global.process(0, batch, out);
            finish(progress, &mut self.global, out);
        }
    }
}

impl Operator for TwoPhases {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        let mut partials = Output::default();
        let progress = self.local.process(port, batch, &mut partials);
        assert_eq!(progress, Progress::Done);
        self.pass(partials, out);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        let mut partials = Output::default();
        assert_eq!(self.local.advance_watermark(watermark, &mut partials), Progress::Done);
        self.pass(partials, out);
        self.global.advance_watermark(watermark, out)
    }

    fn resume(&mut self, out: &mut Output) -> Progress {
        self.global.resume(out)
    }

    fn before_barrier(&mut self, out: &mut Output) {
        let mut partials = Output::default();
        self.local.before_barrier(&mut partials);
        assert!(self.local.states().is_empty());
        self.pass(partials, out);
    }

    fn restored(&mut self) {
        self.global.restored();
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        self.global.states()
    }
}

fn keys(keyed: bool) -> (Vec<usize>, Vec<DataType>) {
    if keyed { (vec![KEY], vec![TYPES[KEY].clone()]) } else { (vec![], vec![]) }
}

fn one_phase(window: WindowKind, calls: &[AggregateCall], keyed: bool) -> Box<dyn Operator> {
    let dictionary = KeyDictionary::shared(3);
    let calls = calls.to_vec();
    Box::new(WindowAggregate::new(window, TIME, keys(keyed), calls, dictionary))
}

/// Each window kept by itself.
fn single(window: WindowKind, calls: &[AggregateCall], keyed: bool) -> Box<dyn Operator> {
    let (calls, dictionary) = (calls.to_vec(), KeyDictionary::shared(3));
    Box::new(SingleWindows::new(window, TIME, keys(keyed), calls, dictionary))
}

fn two_phases(window: WindowKind, calls: &[AggregateCall], keyed: bool) -> Box<dyn Operator> {
    let (of, types) = keys(keyed);
    let dictionary = KeyDictionary::shared(3);
    let local = LocalWindowAggregate::new(window, TIME, (of, types.clone()), calls, dictionary);
    let (calls, dictionary) = (calls.to_vec(), KeyDictionary::shared(4));
    let global = WindowAggregate::over_partials(window, types, calls, dictionary);
    Box::new(TwoPhases { local, global })
}

fn kind(size_ms: i64, slide_ms: i64, offset_ms: i64) -> WindowKind {
    WindowKind { size_ms, slide_ms, offset_ms, grows: false }
}

fn check(
    make: &dyn Fn() -> Box<dyn Operator>,
    input: &[Row],
    (wanted, wanted_late): &(Vec<Row>, u64),
    start: usize,
) {
    let rejected = input.iter().filter(|row| time(row).is_none()).count();
    for (size, restore) in [(1, false), (1, true), (7, false), (7, true), (1024, true)] {
        let out = run(make, &batches(input, size), restore);
        let got = all_values(&out);
        let times = got.iter().map(|row| row[start].as_i64());
        assert!(times.is_sorted(), "windows fire in time order");
        same(&got, wanted, &format!("batches of {size}, restore {restore}"));
        assert_eq!((out.late_rows, out.rejected.len()), (*wanted_late, rejected));
    }
}

#[test]
fn windows_equal_the_model() {
    let shapes = [(30, 30, 0), (60, 10, 0), (60, 20, 7), (100, 10, -3), (7, 7, -50)];
    for (size, slide, offset) in shapes {
        let window = kind(size, slide, offset);
        let input = rows(size as u64, 600);
        let calls = all_calls();
        let wanted = model::windows(&input, window, &calls, true);
        assert!(wanted.1 > 0);
        check(&|| one_phase(window, &calls, true), &input, &wanted, 1);
        check(&|| single(window, &calls, true), &input, &wanted, 1);
        let calls = plain_calls();
        let wanted = model::windows(&input, window, &calls, true);
        check(&|| two_phases(window, &calls, true), &input, &wanted, 1);
    }
}

#[test]
fn growing_windows_equal_the_model() {
    for (size, step, offset) in [(60, 10, 0), (60, 60, 0), (100, 20, 7), (300, 30, -11)] {
        let window = WindowKind { grows: true, ..kind(size, step, offset) };
        let input = rows(size as u64, 600);
        for (make, calls) in [
            (one_phase as fn(_, &[AggregateCall], _) -> _, all_calls()),
            (single, all_calls()),
            (two_phases, plain_calls()),
        ] {
            let wanted = model::windows(&input, window, &calls, true);
            assert!(wanted.1 > 0);
            check(&|| make(window, &calls, true), &input, &wanted, 1);
        }
    }
}

#[test]
fn sessions_equal_the_model() {
    for gap_ms in [3, 10, 25, 60] {
        let (input, calls) = (rows(gap_ms as u64, 800), all_calls());
        let (wanted, wanted_late) = model::sessions(&input, gap_ms, &calls);
        assert!(wanted_late > 0 && wanted.len() > 5);
        let make = || -> Box<dyn Operator> {
            let dictionary = KeyDictionary::shared(3);
            let calls = calls.clone();
            Box::new(SessionAggregate::new(gap_ms, TIME, keys(true), calls, dictionary))
        };
        for (size, restore) in [(1, false), (1, true), (7, true), (1024, false), (1024, true)] {
            let out = run(&make, &batches(&input, size), restore);
            same(&all_values(&out), &wanted, &format!("gap {gap_ms}, batches of {size}"));
            assert_eq!(out.late_rows, wanted_late);
        }
    }
}

/// Counts and integer sums, for which windows are carried on from one to the next.
#[test]
fn running_windows_equal_the_model() {
    use AggregateFunction::{Avg, Count, CountStar, Sum};
    let of = [(CountStar, None), (Count, Some(TEXT)), (Sum, Some(INT)), (Avg, Some(LONG))];
    let mut calls: Vec<_> = of.map(|(function, argument)| call(function, argument)).to_vec();
    calls[2].filter = Some(FLAG);
    for (size, slide, keys) in [(60, 10, 6), (300, 1, 6), (60, 20, 300), (1000, 10, 2000)] {
        let window = kind(size, slide, 3);
        let mut input = rows(size as u64, 500);
        for (i, row) in input.iter_mut().enumerate() {
            row[KEY] = Value::I64((i * i) as i64 % keys);
        }
        let wanted = model::windows(&input, window, &calls, true);
        check(&|| one_phase(window, &calls, true), &input, &wanted, 1);
        check(&|| two_phases(window, &calls, true), &input, &wanted, 1);
    }
}

#[test]
fn windows_without_keys() {
    let (window, calls) = (kind(60, 10, 3), plain_calls());
    let input = rows(5, 500);
    let wanted = model::windows(&input, window, &calls, false);
    check(&|| one_phase(window, &calls, false), &input, &wanted, 0);
    check(&|| two_phases(window, &calls, false), &input, &wanted, 0);
}

/// More entries than the first phase holds, and slots beyond those found by an array.
#[test]
fn more_keys_than_a_worker_gathers() {
    let (window, calls) = (kind(50_000, 25_000, 0), plain_calls());
    let mut input = rows(9, 20_000);
    for (i, row) in input.iter_mut().enumerate() {
        row[KEY] = Value::I64(i as i64 * 7919 % 9973);
    }
    let (wanted, wanted_late) = model::windows(&input, window, &calls, true);
    let out = run(&|| two_phases(window, &calls, true), &batches(&input, 1024), false);
    same(&all_values(&out), &wanted, "many keys");
    assert_eq!(out.late_rows, wanted_late);
}

#[test]
fn mergeable_are_all_but_distinct() {
    use crate::operator::window::mergeable;
    assert!(mergeable(&plain_calls()));
    assert!(!mergeable(&all_calls()));
}

/// A row that its own worker finds late is judged by the watermark of the stream.
#[test]
fn lateness_is_judged_in_the_second_phase() {
    let (window, calls) = (kind(10, 10, 0), vec![call(AggregateFunction::CountStar, None)]);
    let dictionary = KeyDictionary::shared(3);
    let mut local = LocalWindowAggregate::new(window, TIME, keys(true), &calls, dictionary);
    let mut input = rows(1, 3);
    for (row, time) in input.iter_mut().zip([5, 100, 7]) {
        (row[KEY], row[TIME]) = (Value::I64(1), Value::I64(time));
    }
    let mut out = Output::default();
    for batch in batches(&input, 3) {
        assert_eq!(local.process(0, batch, &mut out), Progress::Done);
    }
    local.before_barrier(&mut out);
    let partials: Vec<_> = all_values(&out).iter().map(|row| row[1].as_i64()).collect();
    assert_eq!(partials, [Some(0), Some(0), Some(100)]);
    let times = out.messages.iter().map(|message| match message {
        Message::Data(batch) => batch.time.before_row(0),
        _ => i64::MAX,
    });
    assert_eq!(times.collect::<Vec<_>>(), [-15, 80, 80]);
}

/// What an exchange does to a batch: no row is further than the slowest channel.
fn behind(batch: &Batch, other: i64) -> Batch {
    let time = &batch.time;
    let before = time.before.as_ref().map(|before| {
        let least = before.iter().map(|&before| before.min(other));
        Arc::new(least.collect::<Vec<_>>())
    });
    let time = BatchTime { first: time.first.min(other), last: time.last.min(other), before };
    Batch { time, ..batch.clone() }
}

/// Two workers whose partitions drift apart: rows late for their own worker may be on time for
/// the stream, and the other way round none is.
#[test]
fn two_workers_equal_the_model() {
    let calls = plain_calls();
    for (size, slide, offset, cut) in [(60, 10, 3, 1), (60, 10, 3, 7), (30, 30, 0, 40)] {
        let window = kind(size, slide, offset);
        let mut lists = [rows(31, 700), rows(32, 700)];
        lists[1].iter_mut().filter(|row| time(row).is_some()).for_each(|row| {
            row[TIME] = Value::I64(row[TIME].as_i64().unwrap_or(0) - 45);
        });
        let inputs = lists.each_ref().map(|list| batches(list, cut));
        let local = || {
            let dictionary = KeyDictionary::shared(3);
            LocalWindowAggregate::new(window, TIME, keys(true), &calls, dictionary)
        };
        let (mut workers, dictionary) = ([local(), local()], KeyDictionary::shared(4));
        let types = keys(true).1;
        let mut global = WindowAggregate::over_partials(window, types, calls.clone(), dictionary);
        let (mut out, mut last) = (Output::default(), [i64::MIN; 2]);
        let (mut order, mut marks) = (Vec::new(), Vec::new());
        for turn in 0..2 * inputs[0].len() {
            let (of, at) = (turn % 2, turn / 2);
            let (batch, other) = (inputs[of][at].clone(), last[1 - of]);
            let mut mark = last[of];
            for row in lists[of].iter().skip(at * cut).take(cut) {
                order.push(row.clone());
                marks.push(mark.min(other));
                mark = advance(mark, row);
            }
            let mut partials = Output::default();
            assert_eq!(workers[of].process(0, batch, &mut partials), Progress::Done);
            assert_eq!(workers[of].advance_watermark(mark, &mut partials), Progress::Done);
            last[of] = mark;
            for message in &partials.messages {
                let Message::Data(batch) = message else { continue };
                let progress = global.process(0, behind(batch, other), &mut out);
                finish(progress, &mut global, &mut out);
            }
            let progress = global.advance_watermark(last[0].min(last[1]), &mut out);
            finish(progress, &mut global, &mut out);
        }
        for worker in &mut workers {
            let mut partials = Output::default();
            worker.before_barrier(&mut partials);
            for message in partials.messages {
                let Message::Data(batch) = message else { continue };
                let progress = global.process(0, behind(&batch, last[0].min(last[1])), &mut out);
                finish(progress, &mut global, &mut out);
            }
        }
        let progress = global.advance_watermark(i64::MAX, &mut out);
        finish(progress, &mut global, &mut out);
        let (wanted, late) = model::windows_at(&order, &marks, window, &calls, true);
        same(&all_values(&out), &wanted, &format!("{window:?} in batches of {cut}"));
        assert_eq!(out.late_rows, late);
    }
}

/// A window of many keys comes out in slices.
#[test]
fn a_large_window_yields() {
    use AggregateFunction::{CountStar, Max};
    let extreme = [call(CountStar, None), call(Max, Some(LONG))];
    for calls in [&extreme[..1], &extreme[..]] {
        let mut operator = one_phase(kind(20, 10, 0), calls, true);
        let row = |key: i64| [key, 5, key, 0, 0, 0, 0, 0, 0].map(Value::I64).to_vec();
        let all: Vec<Row> = (0..150_000).map(row).collect();
        let mut out = Output::default();
        for chunk in all.chunks(1000) {
            let progress = operator.process(0, batch(&TYPES, chunk, &[]), &mut out);
            assert_eq!(progress, Progress::Done);
        }
        let (mut progress, mut yields) = (operator.advance_watermark(1000, &mut out), 0);
        while progress == Progress::Yield {
            progress = operator.resume(&mut out);
            yields += 1;
        }
        assert_eq!((all_values(&out).len(), yields > 2), (300_000, true));
        assert_eq!(operator.states()[0].1.size().0, 0);
    }
}

/// Neither late rows nor those without a time leave their keys behind.
#[test]
fn keys_without_a_window_are_let_go() {
    let (window, calls) = (kind(10, 10, 0), plain_calls());
    let mut input = rows(8, 3000);
    for (i, row) in input.iter_mut().enumerate() {
        row[KEY] = Value::I64(i as i64);
    }
    for size in [1, 64] {
        let dictionary = [3, 4, 5].map(KeyDictionary::shared);
        let [one, first, second] = dictionary.clone();
        let mut whole = WindowAggregate::new(window, TIME, keys(true), calls.clone(), one);
        let types = keys(true).1;
        let local = LocalWindowAggregate::new(window, TIME, keys(true), &calls, first);
        let global = WindowAggregate::over_partials(window, types, calls.clone(), second);
        let mut two = TwoPhases { local, global };
        for operator in [&mut whole as &mut dyn Operator, &mut two] {
            let mut out = Output::default();
            for batch in batches(&input, size) {
                let last = batch.time.last;
                let progress = operator.process(0, batch, &mut out);
                finish(progress, operator, &mut out);
                let progress = operator.advance_watermark(last, &mut out);
                finish(progress, operator, &mut out);
            }
        }
        for keys in dictionary {
            assert!(keys.borrow().slots() < 300, "{}", keys.borrow().slots());
        }
    }
}

#[test]
fn window_functions_keep_late_rows() {
    let mut operator = WindowAssign::new(kind(60, 20, 7), TIME, None);
    let input = rows(3, 500);
    let mut out = Output::default();
    for batch in batches(&input, 64) {
        assert_eq!(operator.process(0, batch, &mut out), Progress::Done);
    }
    let got = all_values(&out);
    let rows_in_time = input.iter().filter(|row| time(row).is_some()).count();
    assert_eq!(got.len(), 3 * rows_in_time);
    for row in &got {
        let bounds: Vec<_> = row[TYPES.len()..].iter().filter_map(Value::as_i64).collect();
        let at = time(row).unwrap();
        assert!(bounds[0] <= at && at < bounds[1] && bounds[2] == bounds[1] - 1);
        assert_eq!((bounds[0] - 7).rem_euclid(20), 0);
    }
    for message in &out.messages {
        let Message::Data(batch) = message else { continue };
        assert!(batch.time.before.as_ref().is_none_or(|before| before.len() == batch.rows));
    }
}
