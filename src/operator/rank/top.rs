//! The first rows of each key: `ROW_NUMBER() … <= n`.

use std::collections::{BTreeMap, HashMap};

use super::{Ranked, Ranking, Row, Ties};
use crate::operator::window::WallClock;
use crate::operator::{Operator, Output, Progress};
use crate::record::{Batch, BatchBuilder, BatchTime, ChangeKind, DataType, Value};
use crate::state::{KeyedState, SharedKeys, Table};

const BATCH: usize = 1024;

/// The column that says when the window of a row ends, and the clock that it is shown by.
#[derive(Clone)]
pub struct WindowEnd {
    pub column: usize,
    pub clock: Option<WallClock>,
}

impl WindowEnd {
    /// The watermark at which a row's window is complete.
    fn fires_at(&self, row: &[Value]) -> i64 {
        let last = row[self.column].as_i64().unwrap_or(i64::MAX).saturating_sub(1);
        self.clock.as_ref().map_or(last, |clock| clock.passed_at(last))
    }
}

/// The operator. Over the stream it puts out changes; over windows the final rows.
pub struct TopN {
    keys: Vec<usize>,
    of: Ranking,
    window: Option<WindowEnd>,
    /// The input changes rows: all of them are kept, as a later rank may move up.
    updating: bool,
    per_row: bool,
    table: Table<Box<Ranked>>,
    /// Rows that counted before the batch at hand, by key.
    before: HashMap<u32, Vec<Row>, ahash::RandomState>,
    touched: Vec<u32>,
    /// Windows by the watermark that completes them.
    ends: BTreeMap<i64, Vec<u32>>,
    results: BatchBuilder,
    watermark: i64,
    /// Changes go out with the watermark before the row that made them: windows stand behind.
    timed: bool,
}

impl TopN {
    /// `keys` are columns of the input, whose columns are of `types`.
    pub fn new(
        keys: Vec<usize>,
        types: Vec<DataType>,
        of: Ranking,
        window: Option<WindowEnd>,
        (updating, per_row): (bool, bool),
        dictionary: SharedKeys,
    ) -> Self {
        let rank = of.with_rank.then_some(DataType::BigInt);
        let results = BatchBuilder::new(types.into_iter().chain(rank).collect());
        Self {
            keys,
            of,
            window,
            updating,
            per_row,
            table: Table::new(dictionary),
            before: HashMap::default(),
            touched: Vec::new(),
            ends: BTreeMap::new(),
            results,
            watermark: i64::MIN,
            timed: false,
        }
    }

    /// Windows are taken of what comes out, so each change has to say its watermark.
    pub fn timed(self, timed: bool) -> Self {
        Self { timed, ..self }
    }

    /// The rows of a key are over once event time has passed their last change by `ttl_ms`.
    pub fn expiring(self, ttl_ms: Option<i64>) -> Self {
        // So has what is forgotten behind it.
        let timed = self.timed || (self.per_row && ttl_ms.is_some());
        Self { table: self.table.expiring(ttl_ms), timed, ..self }
    }

    /// Event time before a row of a key, or behind a batch, has come this far.
    fn reach(&mut self, watermark: i64, slot: Option<u32>, out: &mut Output) {
        if let Some(over) = self.table.pass(watermark, slot) {
            // What changed before it was over is still told.
            self.tell(out);
            out.expired += self.table.let_go(over);
        }
        self.watermark = self.watermark.max(watermark);
    }

    /// The rows that count.
    fn counting(of: &Ranking, rows: &[Row]) -> Vec<Row> {
        rows.iter().take(of.to).skip(of.from - 1).cloned().collect()
    }

    fn take(&mut self, slot: u32, row: Row, kind: ChangeKind) {
        if self.table.expires() && self.is_beyond(slot, &row, kind) {
            return;
        }
        if self.window.is_none() && !self.before.contains_key(&slot) {
            let rows = self.table.get(slot).map_or(&[][..], |ranked| &ranked.rows);
            self.before.insert(slot, Self::counting(&self.of, rows));
            self.touched.push(slot);
            self.table.keys().borrow_mut().retain(slot);
        }
        let of = &self.of;
        let ranked = self.table.touch(slot);
        if kind.is_retract() {
            if let Some(at) = ranked.rows.iter().position(|known| *known == row) {
                ranked.rows.remove(at);
            }
            return;
        }
        ranked.rows.insert(Self::place(of, &ranked.rows, &row), row);
        if !self.updating {
            ranked.rows.truncate(of.to);
        }
    }

    /// Where a row that comes stands among those of its key.
    fn place(of: &Ranking, rows: &[Row], row: &Row) -> usize {
        rows.partition_point(|known| match of.ties {
            Ties::EarlierFirst => of.compare(known, row).is_le(),
            Ties::LaterFirst => of.compare(known, row).is_lt(),
        })
    }

    /// Whether a row changes nothing of what is kept, so that nothing is written.
    fn is_beyond(&self, slot: u32, row: &Row, kind: ChangeKind) -> bool {
        let rows = self.table.get(slot).map_or(&[][..], |ranked| &ranked.rows);
        match kind.is_retract() {
            true => !rows.contains(row),
            false => !self.updating && Self::place(&self.of, rows, row) >= self.of.to,
        }
    }

    /// Puts out how the rows that count have changed.
    fn tell(&mut self, out: &mut Output) {
        let keys = self.table.keys().clone();
        for slot in std::mem::take(&mut self.touched) {
            let before = self.before.remove(&slot).unwrap_or_default();
            let rows = self.table.get(slot).map_or(&[][..], |ranked| &ranked.rows);
            let now = Self::counting(&self.of, rows);
            let gone = rows.is_empty();
            match self.of.with_rank {
                true => self.tell_ranks(&before, &now),
                false => self.tell_rows(before, &now),
            }
            if gone {
                self.table.remove(slot);
            }
            keys.borrow_mut().release(slot);
            if self.results.len() >= BATCH {
                self.send(out);
            }
        }
    }

    fn tell_ranks(&mut self, before: &[Row], now: &[Row]) {
        for place in 0..before.len().max(now.len()) {
            let rank = self.of.from + place;
            match (before.get(place), now.get(place)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) => {
                    self.push(old, rank, ChangeKind::UpdateBefore);
                    self.push(new, rank, ChangeKind::UpdateAfter);
                }
                (Some(old), None) => self.push(old, rank, ChangeKind::Delete),
                (None, Some(new)) => self.push(new, rank, ChangeKind::Insert),
                (None, None) => {}
            }
        }
    }

    fn tell_rows(&mut self, mut before: Vec<Row>, now: &[Row]) {
        let mut new = Vec::new();
        for row in now {
            match before.iter().position(|old| old == row) {
                Some(at) => drop(before.swap_remove(at)),
                None => new.push(row.clone()),
            }
        }
        // One row for another is an update where there is but one.
        let update = self.of.to == self.of.from && before.len() == 1 && new.len() == 1;
        let (gone, come) = match update {
            true => (ChangeKind::UpdateBefore, ChangeKind::UpdateAfter),
            false => (ChangeKind::Delete, ChangeKind::Insert),
        };
        before.iter().for_each(|row| self.push(row, 0, gone));
        new.iter().for_each(|row| self.push(row, 0, come));
    }

    fn push(&mut self, row: &[Value], rank: usize, kind: ChangeKind) {
        let columns = self.results.columns();
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push_value(value));
        if self.of.with_rank
            && let Some(column) = columns.last_mut()
        {
            column.push_i64(rank as i64);
        }
        self.results.end_row(kind);
    }

    fn send(&mut self, out: &mut Output) {
        out.emit(self.results.finish(BatchTime::at(self.watermark)));
    }

    /// Puts out the windows that the watermark completes.
    fn fire(&mut self, watermark: i64, out: &mut Output) {
        while let Some(entry) = self.ends.first_entry().filter(|entry| *entry.key() <= watermark) {
            for slot in entry.remove() {
                let Some(ranked) = self.table.remove(slot) else { continue };
                for (place, row) in Self::counting(&self.of, &ranked.rows).iter().enumerate() {
                    self.push(row, self.of.from + place, ChangeKind::Insert);
                }
                if self.results.len() >= BATCH {
                    self.send(out);
                }
            }
        }
        self.send(out);
        self.watermark = self.watermark.max(watermark);
    }
}

impl Operator for TopN {
    fn process(&mut self, _port: usize, batch: Batch, out: &mut Output) -> Progress {
        let keys = self.table.keys().clone();
        let slots = keys.borrow_mut().hold(&batch, &self.keys);
        for (at, &slot) in batch.row_ids().zip(&slots) {
            let row: Row = batch.columns.iter().map(|column| column.value(at)).collect();
            if let Some(window) = &self.window {
                let fires_at = window.fires_at(&row);
                let before = batch.time.before_row(at);
                if before > self.watermark {
                    self.fire(before, out);
                }
                if fires_at <= self.watermark {
                    out.late(&batch, at as u32);
                    continue;
                }
                if self.table.get(slot).is_none() {
                    self.ends.entry(fires_at).or_default().push(slot);
                }
                self.take(slot, row, batch.kind(at));
                continue;
            }
            let before = batch.time.before_row(at);
            if self.timed && before > self.watermark {
                self.tell(out);
                self.send(out);
                self.watermark = before;
            }
            if self.table.expires() {
                self.reach(before, Some(slot), out);
            }
            self.take(slot, row, batch.kind(at));
            if self.per_row {
                self.tell(out);
            }
        }
        self.tell(out);
        self.send(out);
        keys.borrow_mut().let_go(&slots);
        Progress::Done
    }

    fn advance_watermark(&mut self, watermark: i64, out: &mut Output) -> Progress {
        match self.window {
            Some(_) => self.fire(watermark, out),
            None => self.reach(watermark, None, out),
        }
        Progress::Done
    }

    fn states(&mut self) -> Vec<(&'static str, &mut dyn KeyedState)> {
        vec![("ranked", &mut self.table)]
    }

    fn restored(&mut self) {
        let Some(window) = self.window.clone() else { return };
        for (slot, ranked) in self.table.iter() {
            if let Some(row) = ranked.rows.first() {
                self.ends.entry(window.fires_at(row)).or_default().push(slot);
            }
        }
    }
}
