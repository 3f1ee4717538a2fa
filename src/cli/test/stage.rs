//! Where a case plays: its records in the place of what the job reads, and lists in the place of
//! what it writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::records::Record;
use super::replay::{Replay, Timeline, share, time_of};
use crate::engine::connectors::{Connect, Connectors, OpenSink, TakeRejected};
use crate::lookup::memory::{Index, Reader, Rows};
use crate::lookup::{Answer, OpenLookup, Store};
use crate::operator::Rejected;
use crate::record::json::{JsonEncoder, JsonStyle};
use crate::record::{Batch, ChangeKind, Field, RawBlock, RawRecord, Schema};
use crate::shard::topology::{Topology, source_name};
use crate::sink::Sink;
use crate::sink::options::{embedded_columns, option};
use crate::source::{OpenSource, Source};
use crate::sql::plan::Table;

/// What a table reads: tables with one of these read the same records.
pub type Origin = (Arc<str>, Arc<str>);

pub fn origin(table: &Table) -> Origin {
    (table.connector.clone(), source_name(table))
}

/// One change of a table, its row as JSON.
pub type Change = (ChangeKind, Vec<u8>);

/// A record that could not be used.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Topic or path; `None`: a computed row.
    pub place: Option<(Arc<str>, i32, i64)>,
    pub reason: Arc<str>,
}

pub struct Stage {
    inputs: HashMap<Origin, Arc<Vec<Record>>>,
    timeline: Arc<Timeline>,
    /// The readers of each input and worker that are not open yet: places on the timeline.
    readers: Mutex<HashMap<(Origin, usize), Vec<usize>>>,
    changes: Arc<Mutex<BTreeMap<Arc<str>, Vec<Change>>>>,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Stage {
    pub fn new(
        inputs: HashMap<Origin, Arc<Vec<Record>>>,
        topology: &Topology,
        shards: usize,
    ) -> Self {
        let (mut next, mut readers) = (Vec::new(), HashMap::<_, Vec<usize>>::new());
        for (_, table) in topology.scans() {
            let origin = origin(table);
            let Some(records) = inputs.get(&origin) else { continue };
            for worker in 0..shards {
                readers.entry((origin.clone(), worker)).or_default().push(next.len());
                next.push(time_of(records, &share(records, worker, shards).1, 0));
            }
        }
        let timeline = Arc::new(Timeline::new(next.into_iter()));
        let (changes, letters) = Default::default();
        Self { inputs, timeline, readers: Mutex::new(readers), changes, letters }
    }

    /// What has come of each table, and what could not be used.
    pub fn take(&self) -> (BTreeMap<Arc<str>, Vec<Change>>, Vec<Letter>) {
        (taken(&self.changes), taken(&self.letters))
    }
}

/// The threads that wrote it have ended, maybe in a panic, which they have told of themselves.
fn taken<T: Default>(shared: &Mutex<T>) -> T {
    shared.lock().map(|mut inner| std::mem::take(&mut *inner)).unwrap_or_default()
}

impl Connect for Stage {
    fn is_bounded(&self, table: &Table) -> bool {
        self.inputs.contains_key(&origin(table)) || Connectors.is_bounded(table)
    }

    /// What the case has no records for is VALUES.
    fn open_source(&self, request: OpenSource) -> Result<Box<dyn Source>, String> {
        let origin = origin(&request.table);
        let Some(records) = self.inputs.get(&origin).cloned() else {
            return Connectors.open_source(request);
        };
        let (numbers, own) = share(&records, request.worker, request.workers);
        let mut readers = self.readers.lock().map_err(|_| "another reader has failed")?;
        let places = readers.get_mut(&(origin, request.worker));
        let reader = places.and_then(Vec::pop).ok_or("a table is read once more than planned")?;
        let timeline = self.timeline.clone();
        Ok(Box::new(Replay { records, numbers, own, at: 0, timeline, reader }))
    }

    /// The records of a table in which rows are looked up are there from the beginning on.
    fn open_lookup(&self, request: OpenLookup) -> Result<Box<dyn Store>, String> {
        let origin = origin(&request.table);
        let records = self.inputs.get(&origin).ok_or("a table that is looked up has no records")?;
        let mut block = RawBlock::default();
        for record in records.iter() {
            block.push(record.value.as_deref(), record.key.as_deref(), RawRecord::default());
        }
        block.pad();
        let mut rows = Rows::default();
        Reader::new(&request.table, &request.keys, &request.columns)?.read(block, &mut rows);
        let mut letters = self.letters.lock().map_err(|_| "another thread has failed")?;
        letters.extend(rows.rejected.drain(..).map(|(row, reason)| {
            let record = &records[row as usize];
            Letter { place: Some((origin.1.clone(), record.partition, record.offset)), reason }
        }));
        Ok(Box::new(Given(rows.into())))
    }

    fn open_sink(&self, request: OpenSink) -> Result<Box<dyn Sink>, String> {
        let table = &request.table;
        let columns = columns(table);
        let embed = embedded_columns(table, &columns.fields)?;
        let style = JsonStyle::of(|name| option(table, name));
        let encoder = JsonEncoder::new(&columns, style, embed);
        Ok(Box::new(Collect { name: table.name.clone(), encoder, changes: self.changes.clone() }))
    }

    fn take_rejected(&self) -> Option<TakeRejected> {
        let letters = self.letters.clone();
        Some(Box::new(move |rejected| {
            if let Ok(mut letters) = letters.lock() {
                letters.push(letter(rejected));
            }
        }))
    }
}

/// Rows that the case gives.
struct Given(Index);

impl Store for Given {
    fn ask(&mut self, requests: &[Batch]) -> Result<Vec<Vec<Answer>>, String> {
        Ok(requests.iter().map(|keys| self.0.answers(keys)).collect())
    }
}

fn letter(rejected: &Rejected) -> Letter {
    let place = rejected.place();
    let place = place.map(|(name, partition, position)| (name.clone(), partition, position));
    Letter { place, reason: rejected.reason.clone() }
}

/// The columns that are written of a table.
pub fn columns(table: &Table) -> Schema {
    let fields = table.physical.iter().map(|&index| table.schema.fields[index].clone());
    Schema::new(fields.collect::<Vec<Field>>())
}

/// A sink that keeps the changes of a table as they come.
struct Collect {
    name: Arc<str>,
    encoder: JsonEncoder,
    changes: Arc<Mutex<BTreeMap<Arc<str>, Vec<Change>>>>,
}

impl Sink for Collect {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let mut changes = self.changes.lock().map_err(|_| "another sink has failed")?;
        let of_table = changes.entry(self.name.clone()).or_default();
        for row in batch.row_ids() {
            let mut line = Vec::new();
            self.encoder.encode_row(batch, row, &mut line);
            of_table.push((batch.kind(row), line));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }
}
