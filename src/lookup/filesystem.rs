//! Rows of files, held in memory, and read again when the files have changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::memory::{Index, Reader, Rows};
use super::{Answer, OpenLookup, Store};
use crate::metrics::{Counter, Gauge};
use crate::record::{Batch, RawBlock};
use crate::sink::SinkContext;
use crate::sink::options::duration;
use crate::sink::pauses::Pauses;
use crate::source::{self, Bounds, OpenSource, Polled};
use crate::sql::plan::Table;

const INTERVAL: &str = "lookup.full-cache.periodic-reload.interval";
/// How often the files are looked at where the table does not say.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Records of one block.
const BLOCK: usize = 1_024;

/// What is wrong with a table that rows are to be looked up in.
pub fn check(table: &Table) -> Result<(), String> {
    let parts = table.parts()?;
    if parts.value.format.is_changelog() {
        return Err("a file of changes cannot be looked up: write the rows themselves".to_owned());
    }
    interval(table).map(drop)
}

fn interval(table: &Table) -> Result<Duration, String> {
    duration(table, INTERVAL, INTERVAL_DEFAULT)
}

pub fn open(request: OpenLookup) -> Result<Box<dyn Store>, String> {
    let OpenLookup { table, keys, columns, context, metrics, .. } = request;
    let told = |error| format!("table '{}': {error}", table.name);
    let interval = interval(&table).map_err(told)?;
    let reader = Reader::new(&table, &keys, &columns).map_err(told)?;
    let labels = [("table", &*table.name)];
    let help = "Records of a file that could not be read for lookups";
    let errors = metrics.counter("pelton_lookup_errors_total", help, &labels);
    let help = "Rows of a file that are held in memory for lookups";
    let rows = metrics.gauge("pelton_lookup_rows", help, &labels);
    Ok(Box::new(FileStore {
        reader,
        interval,
        context,
        errors,
        rows,
        state: Vec::new(),
        looked: None,
        index: Index::default(),
        table,
    }))
}

/// By which it is known that a file has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileState {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

struct FileStore {
    table: Arc<Table>,
    reader: Reader,
    interval: Duration,
    context: SinkContext,
    errors: Counter,
    rows: Gauge,
    /// Of the files that are held.
    state: Vec<FileState>,
    /// When the files were last looked at.
    looked: Option<Instant>,
    index: Index,
}

impl Store for FileStore {
    fn ask(&mut self, requests: &[Batch]) -> Result<Vec<Vec<Answer>>, String> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        while let Err(problem) = self.look() {
            pauses.rest(problem, &self.context)?;
        }
        pauses.over(&self.context);
        Ok(requests.iter().map(|keys| self.index.answers(keys)).collect())
    }
}

impl FileStore {
    /// Reads the files where it is time and they have changed.
    fn look(&mut self) -> Result<(), String> {
        if self.looked.is_some_and(|last| last.elapsed() < self.interval) {
            return Ok(());
        }
        let state = self.state()?;
        if state != self.state || self.looked.is_none() {
            self.read()?;
            self.state = state;
        }
        self.looked = Some(Instant::now());
        Ok(())
    }

    fn state(&self) -> Result<Vec<FileState>, String> {
        let of_file = |path: PathBuf| {
            let found = std::fs::metadata(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok(FileState { path, length: found.len(), modified: found.modified().ok() })
        };
        source::filesystem::files(&self.table)?.into_iter().map(of_file).collect()
    }

    fn read(&mut self) -> Result<(), String> {
        let request = OpenSource {
            table: self.table.clone(),
            worker: 0,
            workers: 1,
            restored: None,
            bounds: Bounds::default(),
        };
        let mut source = source::filesystem::open(request)?;
        let mut rows = Rows::default();
        loop {
            let mut block = RawBlock::default();
            if source.poll(&mut block, BLOCK)? == Polled::Finished {
                break;
            }
            block.pad();
            self.reader.read(block, &mut rows);
        }
        self.errors.add(rows.rejected.len() as u64);
        let table = &self.table.name;
        if let Some((_, reason)) = rows.rejected.first() {
            let records = rows.rejected.len();
            tracing::warn!(%table, records, "cannot be looked up, first: {reason}");
        }
        tracing::info!(%table, rows = rows.count, "read for lookups");
        self.rows.set(rows.count as f64);
        self.index = rows.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::metrics::Metrics;
    use crate::record::{BatchTime, Column, ColumnBuilder, ColumnRef, DataType, row};
    use crate::sql::compile;
    use crate::sql::plan::NodeKind;

    const ROWS: &str = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n{\"id\":1,\"name\":\"c\"}\n\
                        {\"id\":null,\"name\":\"d\"}\nno json\n{\"id\":\"x\",\"name\":\"e\"}\n";

    fn store(path: &Path, interval: &str) -> (Box<dyn Store>, SinkContext, Metrics) {
        let job = format!(
            "CREATE TABLE o (id BIGINT, proc AS PROCTIME())
               WITH ('connector' = 'datagen', 'number-of-rows' = '1');
             CREATE TABLE c (id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = '{}',
               'format' = 'json', 'lookup.full-cache.periodic-reload.interval' = '{interval}');
             SELECT c.name FROM o JOIN c FOR SYSTEM_TIME AS OF o.proc AS c ON o.id = c.id;",
            path.display()
        );
        let plan = compile(&[("job.sql".to_owned(), job)], &|_| None, &BTreeMap::new()).unwrap();
        let lookup = plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Lookup { table, spec } => Some((table.clone(), spec.clone())),
            _ => None,
        });
        let ((table, spec), context, metrics) =
            (lookup.unwrap(), SinkContext::default(), Metrics::new());
        let request = OpenLookup {
            table,
            keys: spec.table_keys.clone(),
            columns: vec![1],
            zone: jiff::tz::TimeZone::UTC,
            context: context.clone(),
            metrics: metrics.clone(),
        };
        (open(request).unwrap(), context, metrics)
    }

    /// The names that are found by each key.
    fn names(store: &mut dyn Store, keys: &[i64]) -> Vec<Vec<String>> {
        let column: ColumnRef = Arc::new(Column::i64s(keys.to_vec()));
        let keys = Batch::new(vec![column], keys.len(), BatchTime::at(0));
        let name = |bytes: &[u8]| {
            let mut column = [ColumnBuilder::for_type(&DataType::STRING, 1)];
            assert!(row::decode(bytes, &mut column));
            let [column] = column;
            column.finish().as_strings().unwrap().get(0).to_owned()
        };
        let all = |answer: Answer| match answer {
            Answer::Rows(rows) => rows.iter().map(|row| name(row)).collect(),
            Answer::Bad(reason) => panic!("{reason}"),
        };
        store.ask(&[keys]).unwrap().remove(0).into_iter().map(all).collect()
    }

    #[test]
    fn rows_by_key_and_again_when_the_file_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.jsonl");
        std::fs::write(&path, ROWS).unwrap();
        let (mut quick, _, metrics) = store(&path, "1 ms");
        let (mut slow, ..) = store(&path, "1 h");
        for store in [&mut quick, &mut slow] {
            assert_eq!(names(&mut **store, &[1, 2, 3]), [vec!["a", "c"], vec!["b"], vec![]]);
        }
        assert_eq!(metrics.sum("pelton_lookup_errors_total"), 2);
        let next = folder.path().join("next");
        std::fs::write(&next, "{\"id\":3,\"name\":\"f\"}\n").unwrap();
        std::fs::rename(&next, &path).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(names(&mut *quick, &[1, 3]), [vec![], vec!["f"]]);
        assert_eq!(names(&mut *slow, &[2, 3]), [vec!["b"], vec![]]);
    }

    #[test]
    fn a_file_that_is_not_there_is_waited_for_until_told_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.jsonl");
        let (mut store, context, _) = store(&path, "1 min");
        let thread = std::thread::spawn(move || {
            let found = names(&mut *store, &[1]);
            (found, store)
        });
        while context.problem().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(context.problem().is_some_and(|problem| problem.contains("c.jsonl")));
        std::fs::write(&path, ROWS).unwrap();
        let (found, _store) = thread.join().unwrap();
        assert_eq!((found, context.problem()), (vec![vec!["a".to_owned(), "c".into()]], None));
        let (mut away, context, _) = self::store(&folder.path().join("none"), "1 min");
        context.stop();
        let keys = Batch::new(vec![Arc::new(Column::i64s(vec![1]))], 1, BatchTime::at(0));
        assert!(away.ask(&[keys]).is_err());
    }
}
