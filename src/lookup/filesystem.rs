//! Rows of files, held in memory by the columns that are compared, and read again when the files
//! have changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ahash::AHashMap;

use super::{Answer, OpenLookup, Store};
use crate::metrics::{Counter, Gauge};
use crate::record::format::{RecordDecoder, Side};
use crate::record::{Batch, ColumnRef, RawBlock, key, row};
use crate::sink::SinkContext;
use crate::sink::options::duration;
use crate::sink::pauses::Pauses;
use crate::source::{self, Bounds, OpenSource, Polled};
use crate::sql::plan::{ScanField, Table};

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
    let mut fields: Vec<usize> = keys.clone();
    fields.extend(columns.iter().filter(|column| !keys.contains(column)));
    let place = |column: &usize| fields.iter().position(|field| field == column);
    let columns = columns.iter().filter_map(place).collect();
    let field = |&column: &usize| {
        let field = table.schema.fields[column].clone();
        let (path, data_type) = (vec![field.name], field.data_type);
        ScanField { side: Side::Value, path, data_type, nullable: field.nullable }
    };
    let fields: Vec<ScanField> = fields.iter().map(field).collect();
    let decoder = source::format::decoder(&table, &fields).map_err(told)?;
    let labels = [("table", &*table.name)];
    let help = "Records of a file that could not be read for lookups";
    let errors = metrics.counter("pelton_lookup_errors_total", help, &labels);
    let help = "Rows of a file that are held in memory for lookups";
    let rows = metrics.gauge("pelton_lookup_rows", help, &labels);
    Ok(Box::new(FileStore {
        decoder,
        keys: keys.len(),
        columns,
        interval,
        context,
        errors,
        rows,
        state: Vec::new(),
        looked: None,
        index: AHashMap::new(),
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

type Index = AHashMap<Box<[u8]>, Arc<[Box<[u8]>]>>;

struct FileStore {
    table: Arc<Table>,
    /// Delivers the key's columns, then the others.
    decoder: RecordDecoder,
    keys: usize,
    /// Places of those that are wanted among the decoded ones.
    columns: Vec<usize>,
    interval: Duration,
    context: SinkContext,
    errors: Counter,
    rows: Gauge,
    /// Of the files that are held.
    state: Vec<FileState>,
    /// When the files were last looked at.
    looked: Option<Instant>,
    /// Rows by canonical key, in the order of the files.
    index: Index,
}

impl Store for FileStore {
    fn ask(&mut self, requests: &[Batch]) -> Result<Vec<Vec<Answer>>, String> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        while let Err(problem) = self.look() {
            pauses.rest(problem, &self.context)?;
        }
        pauses.over(&self.context);
        Ok(requests.iter().map(|keys| self.answers(keys)).collect())
    }
}

impl FileStore {
    fn answers(&self, keys: &Batch) -> Vec<Answer> {
        let mut bytes = Vec::new();
        let answer = |row: usize| {
            bytes.clear();
            key::encode_row(&keys.columns, row, &mut bytes);
            let found = self.index.get(bytes.as_slice());
            found.map_or_else(Answer::none, |rows| Answer::Rows(rows.clone()))
        };
        keys.row_ids().map(answer).collect()
    }

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
        let mut index: AHashMap<Box<[u8]>, Vec<Box<[u8]>>> = AHashMap::new();
        let (mut rows, mut bad) = (0, None);
        loop {
            let mut block = RawBlock::default();
            if source.poll(&mut block, BLOCK)? == Polled::Finished {
                break;
            }
            block.pad();
            let decoded = self.decoder.decode(block);
            self.errors.add(decoded.rejected.len() as u64);
            bad = bad.or_else(|| decoded.rejected.first().map(|(_, reason)| reason.clone()));
            let is_left = |row: &u32| {
                decoded.skipped.binary_search(row).is_err()
                    && decoded.rejected.binary_search_by_key(row, |(bad, _)| *bad).is_err()
            };
            for row in (0..decoded.block.records.len() as u32).filter(is_left) {
                rows += u64::from(self.add(&decoded.columns, row as usize, &mut index));
            }
        }
        if let Some(reason) = bad {
            let (table, errors) = (&self.table.name, self.errors.get());
            tracing::warn!(%table, errors, "records that cannot be looked up, first: {reason}");
        }
        tracing::info!(table = %self.table.name, rows, "read for lookups");
        self.rows.set(rows as f64);
        self.index = index.into_iter().map(|(key, rows)| (key, rows.into())).collect();
        Ok(())
    }

    /// A row whose key is NULL is never found.
    fn add(
        &self,
        columns: &[ColumnRef],
        at: usize,
        index: &mut AHashMap<Box<[u8]>, Vec<Box<[u8]>>>,
    ) -> bool {
        let keys = &columns[..self.keys];
        if keys.iter().any(|key| key.is_null(at)) {
            return false;
        }
        let (mut key, mut bytes) = (Vec::new(), Vec::new());
        key::encode_row(keys, at, &mut key);
        for &column in &self.columns {
            row::encode(&columns[column..=column], at, &mut bytes);
        }
        index.entry(key.into()).or_default().push(bytes.into());
        true
    }
}
