//! The sort buffer: rows that wait for their event time to be reached.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Bound;
use std::sync::Arc;

use super::entry::{put_i64, take_i64};
use super::slice::{ENTRY, Pending, Slice};
use super::{KeyGroups, KeyedState, Saved};
use crate::record::{Batch, BatchTime, ChangeKind, ColumnBuilder, DataType, Value, key, row};

/// Rows as they came, copied together, and how many of them still wait.
struct Chunk {
    batch: Batch,
    left: usize,
    /// Their numbers in the order of arrival.
    arrivals: Arrivals,
    stage: Stage,
}

/// How far rows are on their way into a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// They came after the last barrier.
    Fresh,
    /// They are to be written for it.
    Frozen,
    /// They are in a file, and may have to be written again with their key group.
    Saved,
}

enum Arrivals {
    /// One after the other.
    From(i64),
    /// Of rows that were read back: those that they were saved with, as they may be so again.
    Each(Vec<i64>),
}

impl Arrivals {
    fn of(&self, row: usize) -> i64 {
        match self {
            Self::From(first) => first + row as i64,
            Self::Each(all) => all[row],
        }
    }
}

/// A row read back: its columns are with those of the others.
struct Loaded {
    time: i64,
    arrival: i64,
    key_group: usize,
    /// The buffer's when the row was saved.
    watermark: i64,
    kind: ChangeKind,
}

/// Rows by event time, equal times in the order of arrival.
pub struct SortBuffer {
    /// The watermark (ms) up to which rows have been taken out. Saved with them: a row at or
    /// below it came late, and is so after a restart.
    pub watermark: i64,
    types: Vec<DataType>,
    /// Columns of the key, for the key group of a row.
    keys: Vec<usize>,
    seed: u64,
    /// Rows have the key group of the partition they were read from.
    by_partition: bool,
    /// By time: chunk and row, in the order of arrival.
    waiting: BTreeMap<i64, Vec<(u32, u32)>>,
    chunks: HashMap<u32, Chunk>,
    next_chunk: u32,
    next_arrival: i64,
    rows: u64,
    bytes: u64,
    /// Rows read back, their columns, and the watermark of each key group.
    loaded: Vec<Loaded>,
    watermarks: Vec<i64>,
    columns: Vec<ColumnBuilder>,
    save: Option<Save>,
}

/// What was there at a barrier, of which the rows of the latest times are written: rows go with
/// the earliest.
struct Save {
    images: KeyGroups,
    watermark: i64,
    /// The watermark is written.
    begun: bool,
    /// Rows from this time on are written.
    from: Option<i64>,
    /// Rows that have gone before their turn.
    copies: Pending,
}

impl SortBuffer {
    /// For rows of columns of `types`; `keys` are the columns by which rows are spread over
    /// shards with the hash of `seed`.
    pub fn new(types: Vec<DataType>, keys: Vec<usize>, seed: u64) -> Self {
        Self {
            watermark: i64::MIN,
            columns: builders(&types, 0),
            types,
            keys,
            seed,
            by_partition: false,
            waiting: BTreeMap::new(),
            chunks: HashMap::new(),
            next_chunk: 0,
            next_arrival: 0,
            rows: 0,
            bytes: 0,
            loaded: Vec::new(),
            watermarks: vec![i64::MIN; key::KEY_GROUPS],
            save: None,
        }
    }

    /// Rows have the key group of the partition they were read from, and come with it.
    pub fn by_partition(self) -> Self {
        Self { by_partition: true, ..self }
    }

    /// Holds the given rows of a batch; gives the number of their chunk. Their values are copied:
    /// a batch may hang on to a far larger buffer. Each row is then to be put in its place.
    pub fn hold(&mut self, batch: &Batch, rows: &[u32]) -> u32 {
        let chunk = self.next_chunk;
        self.next_chunk = self.next_chunk.wrapping_add(1);
        if !rows.is_empty() {
            let copied = copy(&self.types, rows.iter().map(|&row| (batch, row)));
            let arrivals = Arrivals::From(self.next_arrival);
            self.next_arrival += rows.len() as i64;
            let batch = Batch { stamp_us: batch.stamp_us, ..copied };
            self.add(chunk, Chunk { left: rows.len(), batch, arrivals, stage: Stage::Fresh });
        }
        chunk
    }

    /// Puts row `at` of a chunk behind all of the same time.
    #[inline]
    pub fn place(&mut self, chunk: u32, at: u32, time: i64) {
        self.waiting.entry(time).or_default().push((chunk, at));
    }

    fn add(&mut self, number: u32, chunk: Chunk) {
        self.rows += chunk.left as u64;
        self.bytes += bytes_of(&chunk.batch);
        self.chunks.insert(number, chunk);
    }

    /// The smallest time that waits.
    pub fn first_time(&self) -> Option<i64> {
        self.waiting.first_key_value().map(|(&time, _)| time)
    }

    /// Takes out the rows of the smallest time, all of them, into `ready`.
    pub fn pop_first(&mut self, ready: &mut Vec<(u32, u32)>) {
        if let Some((time, rows)) = self.waiting.pop_first() {
            if let Some(mut save) = self.save.take() {
                if save.from.is_none_or(|from| time < from) {
                    self.copy(time, &rows, &mut save);
                }
                self.save = Some(save);
            }
            ready.extend(rows);
        }
    }

    /// A value of a row that is here, or was taken out and not yet released.
    pub fn value(&self, (chunk, row): (u32, u32), column: usize) -> Value {
        let chunk = self.chunks.get(&chunk);
        chunk.map_or(Value::Null, |chunk| chunk.batch.columns[column].value(row as usize))
    }

    /// A batch of rows that were taken out, which are then gone.
    pub fn release(&mut self, rows: &[(u32, u32)]) -> Batch {
        let found = rows.iter().filter_map(|(chunk, row)| Some((self.chunks.get(chunk)?, *row)));
        let found: Vec<(&Batch, u32)> = found.map(|(chunk, row)| (&chunk.batch, row)).collect();
        let stamps = found.iter().map(|(batch, _)| batch.stamp_us).filter(|&stamp| stamp != 0);
        let stamp_us = stamps.min().unwrap_or(0);
        let copied = copy(&self.types, found.into_iter());
        for (number, _) in rows {
            if let Some(chunk) = self.chunks.get_mut(number) {
                chunk.left -= 1;
                if chunk.left == 0 {
                    self.bytes -= bytes_of(&chunk.batch);
                    self.chunks.remove(number);
                }
            }
        }
        self.rows -= rows.len() as u64;
        Batch { stamp_us, ..copied }
    }

    /// Puts rows that were read back in their places. To be called once all are there. Rows that
    /// an advance since their save has let out are dropped: those that it reached, and those that
    /// were late already and so went with the first. Shards may have been at different watermarks.
    pub fn restored(&mut self) {
        let loaded = std::mem::take(&mut self.loaded);
        let fresh = builders(&self.types, 0);
        let columns = std::mem::replace(&mut self.columns, fresh);
        let columns = columns.into_iter().map(|column| Arc::new(column.finish())).collect();
        let mut batch = Batch::new(columns, loaded.len(), BatchTime::at(i64::MIN));
        batch.kinds = Some(Arc::new(loaded.iter().map(|row| row.kind).collect()));
        if self.by_partition {
            batch.groups = Some(Arc::new(loaded.iter().map(|row| row.key_group as u8).collect()));
        }
        let waits = |row: &Loaded| {
            let reached = self.watermarks[row.key_group];
            row.time > reached || row.watermark == reached
        };
        let mut order: Vec<u32> = (0..loaded.len() as u32).collect();
        order.retain(|&at| waits(&loaded[at as usize]));
        // Numbers of several shards may be alike, but then the rows are of different keys.
        order.sort_by_key(|&at| (loaded[at as usize].time, loaded[at as usize].arrival));
        if order.is_empty() {
            return;
        }
        let batch = copy(&self.types, order.iter().map(|&at| (&batch, at)));
        let chunk = self.next_chunk;
        self.next_chunk = self.next_chunk.wrapping_add(1);
        for (row, &at) in order.iter().enumerate() {
            self.place(chunk, row as u32, loaded[at as usize].time);
        }
        let arrivals: Vec<i64> = order.iter().map(|&at| loaded[at as usize].arrival).collect();
        self.next_arrival = arrivals.iter().max().map_or(0, |last| last + 1);
        let (left, arrivals) = (batch.rows, Arrivals::Each(arrivals));
        self.add(chunk, Chunk { batch, left, arrivals, stage: Stage::Saved });
    }

    /// Keeps the rows of a time that are to be saved, before they go.
    fn copy(&self, time: i64, rows: &[(u32, u32)], save: &mut Save) {
        let (mut entry, mut key) = (Vec::new(), Vec::new());
        for &row in rows {
            entry.clear();
            if let Some(key_group) = self.encode(time, row, save, &mut entry, &mut key) {
                save.copies.push(key_group, |bytes| bytes.extend_from_slice(&entry));
            }
        }
    }

    /// The entry and the key group of a row that is to be saved.
    fn encode(
        &self,
        time: i64,
        (chunk, row): (u32, u32),
        save: &Save,
        entry: &mut Vec<u8>,
        key: &mut Vec<u8>,
    ) -> Option<usize> {
        let Chunk { batch, stage, arrivals, .. } = self.chunks.get(&chunk)?;
        if *stage == Stage::Fresh || (*stage == Stage::Saved && save.images.is_empty()) {
            return None;
        }
        let row = row as usize;
        let key_group = self.key_group(batch, row, key);
        if *stage == Stage::Saved && !save.images.contains(&key_group) {
            return None;
        }
        put_i64(time, entry);
        put_i64(arrivals.of(row), entry);
        put_i64(save.watermark, entry);
        entry.push(batch.kind(row).code());
        row::encode(&batch.columns, row, entry);
        Some(key_group)
    }

    /// Writes the rows of the latest time that are not written yet; false where there are none.
    fn write_time(&self, save: &mut Save, slice: &mut Slice<'_>) -> io::Result<bool> {
        let below = save.from.map_or(Bound::Unbounded, Bound::Excluded);
        let last = self.waiting.range((Bound::Unbounded, below)).next_back();
        let Some((&time, rows)) = last else { return Ok(false) };
        let (mut entry, mut key) = (Vec::new(), Vec::new());
        for &row in rows {
            entry.clear();
            if let Some(key_group) = self.encode(time, row, save, &mut entry, &mut key) {
                slice.put(Saved::Entry { key_group, bytes: &entry })?;
            }
        }
        slice.spend(ENTRY);
        save.from = Some(time);
        Ok(true)
    }

    fn write_on(&mut self, save: &mut Save, slice: &mut Slice<'_>) -> io::Result<bool> {
        if !save.begun {
            slice.put(Saved::Common(&save.watermark.to_le_bytes()))?;
            save.begun = true;
        }
        if !save.copies.write(slice)? {
            return Ok(false);
        }
        let frozen = |chunk: &Chunk| chunk.stage == Stage::Frozen;
        if save.images.is_empty() && !self.chunks.values().any(frozen) {
            return Ok(true);
        }
        while !slice.is_full() {
            if !self.write_time(save, slice)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn key_group(&self, batch: &Batch, row: usize, bytes: &mut Vec<u8>) -> usize {
        if let Some(groups) = batch.groups.as_ref().filter(|_| self.by_partition) {
            return usize::from(groups[row]);
        }
        bytes.clear();
        self.keys.iter().for_each(|&at| key::encode_value(&batch.columns[at], row, bytes));
        key::key_group(key::hash(bytes, self.seed))
    }
}

fn builders(types: &[DataType], rows: usize) -> Vec<ColumnBuilder> {
    types.iter().map(|of| ColumnBuilder::for_type(of, rows)).collect()
}

/// Rows of several batches in one.
fn copy<'a>(types: &[DataType], rows: impl Iterator<Item = (&'a Batch, u32)>) -> Batch {
    let rows: Vec<_> = rows.collect();
    let mut columns = Vec::with_capacity(types.len());
    for (column, of) in types.iter().enumerate() {
        let mut builder = ColumnBuilder::for_type(of, rows.len());
        rows.iter()
            .for_each(|(batch, row)| builder.push_from(&batch.columns[column], *row as usize));
        columns.push(Arc::new(builder.finish()));
    }
    let mut batch = Batch::new(columns, rows.len(), BatchTime::at(i64::MIN));
    if rows.iter().any(|(batch, _)| batch.kinds.is_some()) {
        let kinds = rows.iter().map(|(batch, row)| batch.kind(*row as usize));
        batch.kinds = Some(Arc::new(kinds.collect()));
    }
    let group = |(batch, row): &(&Batch, u32)| Some(batch.groups.as_ref()?[*row as usize]);
    batch.groups = rows.iter().map(group).collect::<Option<_>>().map(Arc::new);
    batch
}

fn bytes_of(batch: &Batch) -> u64 {
    let strings = batch.columns.iter().filter_map(|column| column.as_strings());
    let texts: usize = strings.map(|strings| strings.buffer.len()).sum();
    (texts + batch.rows * (batch.columns.len() * 8 + 16)) as u64
}

impl KeyedState for SortBuffer {
    fn freeze(&mut self, images: &KeyGroups) {
        let fresh = self.chunks.values_mut().filter(|chunk| chunk.stage == Stage::Fresh);
        fresh.for_each(|chunk| chunk.stage = Stage::Frozen);
        self.save = Some(Save {
            images: images.clone(),
            watermark: self.watermark,
            begun: false,
            from: None,
            copies: Pending::default(),
        });
    }

    /// Nothing is said of rows that went before the barrier: by the watermark it is known which
    /// did.
    fn write(&mut self, slice: &mut Slice<'_>) -> io::Result<bool> {
        let Some(mut save) = self.save.take() else { return Ok(true) };
        if !self.write_on(&mut save, slice)? {
            self.save = Some(save);
            return Ok(false);
        }
        let frozen = self.chunks.values_mut().filter(|chunk| chunk.stage == Stage::Frozen);
        frozen.for_each(|chunk| chunk.stage = Stage::Saved);
        Ok(true)
    }

    fn load(&mut self, of: &KeyGroups, saved: Saved<'_>) -> Result<(), String> {
        let bad = || "a row of a sort buffer is cut short".to_owned();
        let (key_group, mut entry) = match saved {
            Saved::Entry { key_group, bytes } => (key_group, bytes),
            Saved::Gone { .. } => return Err(bad()),
            Saved::Common(mut bytes) => {
                let watermark = take_i64(&mut bytes).ok_or_else(bad)?;
                self.watermark = self.watermark.max(watermark);
                self.watermarks[of.clone()].fill(watermark);
                return Ok(());
            }
        };
        let time = take_i64(&mut entry).ok_or_else(bad)?;
        let arrival = take_i64(&mut entry).ok_or_else(bad)?;
        let watermark = take_i64(&mut entry).ok_or_else(bad)?;
        let (&kind, entry) = entry.split_first().ok_or_else(bad)?;
        let kind = ChangeKind::from_code(kind).ok_or_else(bad)?;
        if !row::decode(entry, &mut self.columns) {
            return Err(bad());
        }
        self.loaded.push(Loaded { time, arrival, key_group, watermark, kind });
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        (self.rows, self.bytes + self.waiting.len() as u64 * 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Column;

    const ALL: KeyGroups = 0..key::KEY_GROUPS;

    fn buffer() -> SortBuffer {
        SortBuffer::new(vec![DataType::BigInt, DataType::BigInt], vec![0], 7)
    }

    /// Takes rows of (key, number), all at time 5.
    fn take(buffer: &mut SortBuffer, rows: &[(i64, i64)]) {
        let columns =
            [rows.iter().map(|row| row.0).collect(), rows.iter().map(|row| row.1).collect()];
        let columns = columns.map(|values| Arc::new(Column::i64s(values))).to_vec();
        let batch = Batch::new(columns, rows.len(), BatchTime::at(0));
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let chunk = buffer.hold(&batch, &all);
        all.into_iter().for_each(|row| buffer.place(chunk, row, 5));
    }

    fn save(buffer: &mut SortBuffer) -> Vec<(usize, Vec<u8>)> {
        let mut file = Vec::new();
        let mut write = |saved: Saved<'_>| {
            if let Saved::Entry { key_group, bytes } = saved {
                file.push((key_group, bytes.to_vec()));
            }
            Ok(())
        };
        buffer.save(&(0..0), &mut write).unwrap();
        file
    }

    fn load(files: &[&[(usize, Vec<u8>)]], groups: &KeyGroups) -> SortBuffer {
        let mut buffer = buffer();
        for (key_group, bytes) in files.iter().copied().flatten() {
            if groups.contains(key_group) {
                let saved = Saved::Entry { key_group: *key_group, bytes };
                buffer.load(&ALL, saved).unwrap();
            }
        }
        buffer.restored();
        buffer
    }

    #[test]
    fn rows_of_one_time_keep_their_order_over_restarts_with_other_shards() {
        let mut one = buffer();
        take(&mut one, &(0..40).map(|number| (number % 4, number)).collect::<Vec<_>>());
        let first = save(&mut one);
        assert_eq!((first.len(), save(&mut one).len()), (40, 0));
        let mut seen = 0;
        for groups in [0..30, 30..90, 90..key::KEY_GROUPS] {
            let mut shard = load(&[&first], &groups);
            take(&mut shard, &[(0, 100), (1, 101), (2, 102), (3, 103)]);
            let second = save(&mut shard);
            let mut again = load(&[&first, &second], &groups);
            let mut ready = Vec::new();
            again.pop_first(&mut ready);
            let rows = again.release(&ready);
            let numbers = rows.columns[1].as_i64s();
            assert!(numbers.is_sorted(), "{numbers:?}");
            seen += numbers.len();
        }
        assert_eq!(seen, 44);
    }

    #[test]
    fn a_row_is_gone_by_the_watermark_of_its_own_shard() {
        let mut one = buffer();
        take(&mut one, &(0..40).map(|number| (number, number)).collect::<Vec<_>>());
        let file = save(&mut one);
        let mut again = buffer();
        for (key_group, bytes) in &file {
            again.load(&ALL, Saved::Entry { key_group: *key_group, bytes }).unwrap();
        }
        again.load(&(0..64), Saved::Common(&7_i64.to_le_bytes())).unwrap();
        again.load(&(64..128), Saved::Common(&4_i64.to_le_bytes())).unwrap();
        again.restored();
        let left = file.iter().filter(|(key_group, _)| *key_group >= 64).count();
        assert!(left > 5 && left < 35);
        assert_eq!(again.size().0, left as u64);
    }
}
