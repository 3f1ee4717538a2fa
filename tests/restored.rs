//! State survives: every conformance case ends with the rows that it is to end with, too, where an
//! epoch is committed after every few rows, and where it is stopped in its midst on two shards and
//! gone on with on three. Files are input with an end, for which `pelton run` keeps no state: here
//! they say that they have none.
//!
//! `PELTON_RESTORED_STOPS=all` stops each case after each of its rows, one run for each.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::Folder;
use pelton::engine::connectors::{Connect, Connectors, OpenSink};
use pelton::engine::{self, RunOptions};
use pelton::lookup::{OpenLookup, Store};
use pelton::record::RawBlock;
use pelton::shard::topology;
use pelton::sink::{Sink, print};
use pelton::source::{OpenSource, PartitionState, Polled, Position, Source};
use pelton::sql::plan::{NodeKind, Plan, Table};
use pelton::sql::{self, optimizer};

/// Cases that cannot be stopped in their midst, and why.
const LEFT_OUT: &[(&str, &str)] = &[];

/// Runs at a time: most of a run is spent waiting for the disk and for ticks.
const RUNS_AT_A_TIME: usize = 16;
/// Rows of each source between two epochs.
const EPOCH_ROWS: usize = 3;
/// For so long a run may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Stop points of a case where all are asked for.
const STOPS_MAX: usize = 100;

/// A job, and the rows it is to end with.
struct Case {
    /// The paths in its text are relative to it.
    folder: PathBuf,
    name: String,
}

/// A part of each table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    of: usize,
    parts: usize,
}

const NONE: Part = Part { of: 0, parts: 1 };

impl Part {
    fn rows(self, all: usize) -> usize {
        all * self.of / self.parts
    }
}

/// A start of the job.
#[derive(Clone, Copy, Debug)]
struct Leg {
    shards: usize,
    /// Where it is stopped; `None`: at the end of the input.
    until: Option<Part>,
    /// With an epoch after every few rows.
    epochs: bool,
}

const fn leg(shards: usize, until: Option<Part>, epochs: bool) -> Leg {
    Leg { shards, until, epochs }
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases = Vec::new();
    for folder in [root.join("tests/conformance"), root.join("../shared/conformance/given")] {
        let Ok(areas) = std::fs::read_dir(&folder) else { continue };
        for area in areas.map(|area| area.unwrap().path()).filter(|area| area.is_dir()) {
            for file in std::fs::read_dir(area).unwrap().map(|file| file.unwrap().path()) {
                if file.extension().is_some_and(|extension| extension == "expected") {
                    let name = file.strip_prefix(&folder).unwrap().with_extension("");
                    let name = name.display().to_string();
                    cases.push(Case { folder: folder.clone(), name });
                }
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// What the starts of a job share.
#[derive(Default)]
struct Shared {
    printed: Mutex<Vec<u8>>,
}

/// Opens what a case reads, without an end until the last start.
struct Stretch {
    folder: PathBuf,
    leg: Leg,
    /// Where the start before was stopped.
    from: Part,
    shared: Arc<Shared>,
    /// Sources that have not come to the point where the job is stopped.
    reading: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Stretch {
    fn located(&self, table: &Arc<Table>) -> Arc<Table> {
        let mut table = Table::clone(table);
        if let Some(path) = table.options.get_mut("path") {
            *path = self.folder.join(&**path).display().to_string().into();
        }
        Arc::new(table)
    }
}

/// How many records a table has, or a few more, where some stand on several lines; of a folder, each
/// of its files.
fn records(table: &Table) -> usize {
    let Some(path) = table.options.get("path").map(|path| PathBuf::from(&**path)) else {
        return table.options["number-of-rows"].parse().unwrap();
    };
    let file = match std::fs::read_dir(&path) {
        Ok(mut files) => files.next().unwrap().unwrap().path(),
        Err(_) => path,
    };
    std::fs::read(file).unwrap().split_inclusive(|&byte| byte == b'\n').count()
}

impl Connect for Stretch {
    fn is_bounded(&self, _table: &Table) -> bool {
        false
    }

    fn open_source(&self, request: OpenSource) -> Result<Box<dyn Source>, String> {
        let table = self.located(&request.table);
        let all = records(&table);
        let until = self.leg.until.map(|until| until.rows(all) - self.from.rows(all));
        // The first worker is ahead of the others.
        let pause = if request.worker > 0 { Duration::from_millis(20) } else { Duration::ZERO };
        Ok(Box::new(Paced {
            pause,
            inner: Connectors.open_source(OpenSource { table, ..request })?,
            left: until,
            per_epoch: if self.leg.epochs { EPOCH_ROWS } else { usize::MAX },
            since_epoch: AtomicUsize::new(0),
            stops: until.is_some(),
            rests: false,
            reading: self.reading.clone(),
            stop: self.stop.clone(),
        }))
    }

    fn open_lookup(&self, request: OpenLookup) -> Result<Box<dyn Store>, String> {
        let table = self.located(&request.table);
        Connectors.open_lookup(OpenLookup { table, ..request })
    }

    fn open_sink(&self, request: OpenSink) -> Result<Box<dyn Sink>, String> {
        Ok(print::to(request.table, request.zone, Box::new(Printed(self.shared.clone()))))
    }
}

struct Printed(Arc<Shared>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.printed.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A source that rests after some rows: until the next epoch, or for good.
struct Paced {
    inner: Box<dyn Source>,
    /// Before the first row.
    pause: Duration,
    /// Rows up to where the job is stopped.
    left: Option<usize>,
    per_epoch: usize,
    /// Rows since the last barrier.
    since_epoch: AtomicUsize,
    stops: bool,
    rests: bool,
    reading: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Paced {
    /// Once all sources have come so far the job is to stop.
    fn rest(&mut self) -> Polled {
        if !std::mem::replace(&mut self.rests, true)
            && self.reading.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.stop.store(true, Ordering::Relaxed);
        }
        Polled::Empty
    }
}

impl Source for Paced {
    fn partitions(&self) -> &[i32] {
        self.inner.partitions()
    }

    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        if self.rests || self.left == Some(0) {
            return Ok(self.rest());
        }
        let room = self.per_epoch - self.since_epoch.load(Ordering::Relaxed);
        if room == 0 {
            return Ok(Polled::Empty);
        }
        std::thread::sleep(std::mem::take(&mut self.pause));
        let before = block.records.len();
        let rows = max_rows.min(room).min(self.left.unwrap_or(usize::MAX));
        let polled = self.inner.poll(block, rows)?;
        let read = block.records.len() - before;
        self.left = self.left.map(|left| left - read);
        if self.per_epoch < usize::MAX {
            self.since_epoch.fetch_add(read, Ordering::Relaxed);
        }
        Ok(match polled {
            Polled::Finished if self.stops => self.rest(),
            other => other,
        })
    }

    /// Nothing is idle before the end.
    fn partition_state(&self, index: usize) -> PartitionState {
        match self.stops {
            true => PartitionState::Reading,
            false => self.inner.partition_state(index),
        }
    }

    /// Asked for as a barrier goes out.
    fn positions(&self) -> Vec<Position> {
        self.since_epoch.store(0, Ordering::Relaxed);
        self.inner.positions()
    }
}

/// The plan with input whose times are not held against the clock, as it is where it has an end.
fn timeless(mut plan: Plan) -> Plan {
    for node in &mut plan.nodes {
        if let NodeKind::Scan { table, .. } | NodeKind::Watermark { table, .. } = &mut node.kind {
            let mut timeless = Table::clone(table);
            for option in ["scan.watermark.max-skew", "scan.max-future"] {
                timeless.options.insert(option.into(), "36500 d".into());
            }
            *table = Arc::new(timeless);
        }
    }
    plan
}

impl Case {
    fn plan(&self) -> Result<Plan, String> {
        let text = std::fs::read_to_string(self.folder.join(format!("{}.sql", self.name))).unwrap();
        let plan = sql::compile(&[(self.name.clone(), text)], &|_| None, &BTreeMap::new());
        Ok(timeless(optimizer::optimize(plan.map_err(|errors| format!("{errors:?}"))?)))
    }

    /// The most records that a table of it has.
    fn records(&self, plan: &Plan) -> usize {
        let stretch = self.stretch(NONE, leg(1, None, false), &Arc::default());
        let tables = plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Scan { table, .. } => Some(stretch.located(table)),
            _ => None,
        });
        tables.map(|table| records(&table)).max().unwrap_or(0)
    }

    fn stretch(&self, from: Part, leg: Leg, shared: &Arc<Shared>) -> Stretch {
        Stretch {
            folder: self.folder.clone(),
            leg,
            from,
            shared: shared.clone(),
            reading: Arc::default(),
            stop: Arc::default(),
        }
    }

    /// Runs the legs one behind the other on one state folder. Gives what was printed.
    fn run(&self, legs: &[Leg]) -> Result<Vec<u8>, String> {
        let state = Folder::new("restored");
        let shared = Arc::new(Shared::default());
        let plan = self.plan()?;
        let scans = topology::build(&plan)?.scans().count();
        let mut from = NONE;
        for (number, &leg) in legs.iter().enumerate() {
            let stretch = self.stretch(from, leg, &shared);
            stretch.reading.store(scans * leg.shards, Ordering::Relaxed);
            let stop = stretch.stop.clone();
            let summary = engine::run(RunOptions {
                connect: Arc::new(stretch),
                shards: Some(leg.shards),
                batch_rows: 7,
                state_dir: Some(state.file("").into()),
                epoch_interval: if leg.epochs { Duration::ZERO } else { PATIENCE * 10 },
                stop,
                ..RunOptions::alone(plan.clone(), "case")
            });
            let summary = summary.map_err(|error| format!("start {}: {error}", number + 1))?;
            if leg.until.is_some() && summary.epochs == 0 {
                return Err(format!("start {} has kept nothing", number + 1));
            }
            from = leg.until.unwrap_or(NONE);
        }
        Ok(std::mem::take(&mut *shared.printed.lock().unwrap()))
    }

    /// What is wrong with the rows that these legs end with; empty where all is well.
    fn check(&self, legs: &[Leg]) -> Vec<String> {
        let printed = match self.run(legs) {
            Ok(printed) => printed,
            Err(error) => return vec![error],
        };
        let wanted = self.folder.join(format!("{}.expected", self.name));
        let wanted = std::fs::read(wanted).unwrap();
        differences(&String::from_utf8_lossy(&printed), &String::from_utf8_lossy(&wanted))
    }
}

/// A changelog of `print` against rows, folded as in `scripts/conformance`.
fn differences(printed: &str, wanted: &str) -> Vec<String> {
    let mut rows = BTreeMap::<&str, i64>::new();
    let changes = printed.lines().filter_map(|line| {
        let (_, change) =
            line.split_once("> ").filter(|(name, _)| !name.contains('[')).unwrap_or(("", line));
        let row = change.get(2..)?.strip_prefix('[')?.strip_suffix(']')?;
        Some((row, if change.starts_with('+') { 1 } else { -1 }))
    });
    changes.for_each(|(row, change)| *rows.entry(row).or_default() += change);
    wanted.lines().for_each(|row| *rows.entry(row).or_default() -= 1);
    let shown = |(row, &count): (&&str, &i64)| match count {
        0 => None,
        1.. => Some(format!("+ {row} ({count})")),
        _ => Some(format!("- {row} ({})", -count)),
    };
    rows.iter().filter_map(shown).take(6).collect()
}

/// How a case is cut up.
fn courses(records: usize) -> Vec<Vec<Leg>> {
    let third = |of| Some(Part { of, parts: 3 });
    let mut courses = vec![vec![leg(2, None, true)]];
    if std::env::var("PELTON_RESTORED_STOPS").is_ok_and(|stops| stops == "all") {
        let parts = records.min(STOPS_MAX);
        for of in 0..=parts {
            let until = Some(Part { of, parts: parts.max(1) });
            courses.push(vec![leg(2, until, of % 2 == 1), leg(3, None, of % 4 > 1)]);
        }
        return courses;
    }
    courses.push(vec![leg(2, third(1), false), leg(3, None, false)]);
    courses.push(vec![leg(2, third(2), true), leg(3, None, true)]);
    // What is left is what fires at the end.
    courses.push(vec![leg(2, third(3), false), leg(3, None, false)]);
    courses
}

/// What several threads do of all cases.
struct Work {
    cases: Vec<Case>,
    next: AtomicUsize,
    under_way: Mutex<BTreeSet<String>>,
}

impl Work {
    fn run(&self, failures: &mpsc::Sender<(String, Vec<String>)>) {
        while let Some(case) = self.cases.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let records = match case.plan() {
                Ok(plan) => case.records(&plan),
                Err(error) => {
                    failures.send((case.name.clone(), vec![error])).unwrap();
                    continue;
                }
            };
            for legs in courses(records) {
                let name = format!("{} {legs:?}", case.name);
                self.under_way.lock().unwrap().insert(name.clone());
                let wrong = case.check(&legs);
                self.under_way.lock().unwrap().remove(&name);
                failures.send((name, wrong)).unwrap();
            }
        }
    }
}

#[test]
fn a_case_that_is_stopped_and_gone_on_with_ends_as_it_is_to_end() {
    let started = Instant::now();
    let only = std::env::var("PELTON_RESTORED_CASES").unwrap_or_default();
    let mut cases = cases();
    for (name, reason) in LEFT_OUT {
        assert!(cases.iter().any(|case| case.name == *name), "no case {name}: {reason}");
    }
    cases.retain(|case| {
        case.name.starts_with(&only) && !LEFT_OUT.iter().any(|(name, _)| *name == case.name)
    });
    assert!(!cases.is_empty(), "no case is called {only}…");
    let count = cases.len();
    let work = Arc::new(Work { cases, next: AtomicUsize::new(0), under_way: Mutex::default() });
    let (sender, results) = mpsc::channel();
    for _ in 0..RUNS_AT_A_TIME {
        let (work, sender) = (work.clone(), sender.clone());
        std::thread::spawn(move || work.run(&sender));
    }
    drop(sender);
    let (mut runs, mut failed) = (0, 0);
    loop {
        match results.recv_timeout(PATIENCE) {
            Ok((name, wrong)) => {
                runs += 1;
                if !wrong.is_empty() {
                    failed += 1;
                    eprintln!("FAIL {name}\n    {}", wrong.join("\n    "));
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                panic!("no end after {PATIENCE:?}: {:#?}", work.under_way.lock().unwrap())
            }
        }
    }
    let took = started.elapsed().as_secs();
    eprintln!("{count} cases, {runs} runs, {failed} failed, {took} s");
    assert_eq!(failed, 0);
}

const FIRST_ROWS: &str = "
CREATE TABLE `input` (k STRING, s BIGINT, ts AS TO_TIMESTAMP_LTZ(s, 0), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = 'input', 'format' = 'json');
CREATE TABLE `result` (k STRING) WITH ('connector' = 'print');
INSERT INTO `result` SELECT k FROM (
  SELECT k, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY s) AS n
  FROM TABLE(TUMBLE(TABLE `input`, DESCRIPTOR(ts), INTERVAL '10' SECOND))) WHERE n <= 100;
";

/// Each of two workers has a partition of its own. Rows of one that are late for both must not be in
/// time again because the other has yet to say how far it is.
#[test]
fn what_is_late_at_a_stop_is_late_behind_it() {
    let (folder, count) = (Folder::new("late"), 20);
    let rows = |name: &str, from: u64| -> String {
        let row = |at| format!("{{\"k\":\"{name}{at}\",\"s\":{}}}\n", from + at);
        (0..count).map(row).collect()
    };
    let wanted = |name| (0..count).map(move |at| format!("{name}{at}\n"));
    std::fs::create_dir(folder.file("input")).unwrap();
    let files = [
        ("input/0", rows("a", 100) + &rows("late", 0)),
        ("input/1", rows("b", 100) + &rows("c", 200)),
        ("first.expected", ["a", "b", "c"].into_iter().flat_map(wanted).collect()),
        ("first.sql", FIRST_ROWS.to_owned()),
    ];
    files.iter().for_each(|(name, text)| std::fs::write(folder.file(name), text).unwrap());
    let case = Case { folder: folder.file("").into(), name: "first".into() };
    let half = Some(Part { of: 1, parts: 2 });
    let wrong = case.check(&[leg(2, half, false), leg(3, None, true)]);
    assert_eq!(wrong, Vec::<String>::new());
}
