//! Questions to queryable tables, answered by the workers between two batches.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::Sender;
use tokio::sync::oneshot;

use super::channel::Waker;
use super::node::Node;
use super::worker::Command;
use crate::expression::{self, EvalContext, EvalErrors, Expr};
use crate::record::key::{self, KEY_GROUPS};
use crate::record::{Batch, Schema, Value};

/// How long an answer may take before the asker is told that there is none.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows of one page: what a worker gives within a millisecond.
const PAGE_ROWS: usize = 1_000;

/// A queryable table.
#[derive(Clone, Debug)]
pub struct TableInfo {
    pub name: Arc<str>,
    pub schema: Schema,
    /// Columns of the key.
    pub primary_key: Vec<usize>,
    /// `'http.route'`, e.g. `/clicks/{user_id}/{minute}`.
    pub route: Option<Arc<str>>,
}

/// Where a listing goes on: after this canonical key in this key group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key_group: u16,
    /// Canonical key bytes of the last row seen; empty = from the group's start.
    pub after: Vec<u8>,
}

/// Rows and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub rows: Vec<Vec<Value>>,
    pub next: Option<Cursor>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The workers did not answer in time or have stopped.
    Unavailable,
}

/// A question to one worker.
pub struct Request {
    table: usize,
    question: Question,
    answer: oneshot::Sender<Answer>,
}

enum Question {
    Get { key: Vec<u8> },
    Page { key_group: usize, after: Vec<u8>, limit: usize },
}

/// Rows of a table and, where the key group has more, the key to go on after.
type Answer = (Vec<Vec<Value>>, Option<Vec<u8>>);

/// The tables that a worker can answer for.
#[derive(Default)]
pub struct Views {
    pub views: Vec<LocalView>,
}

/// A table as one worker sees it: a node with readable state and the way from its rows to the
/// table's.
pub struct LocalView {
    pub node: usize,
    pub exprs: Option<Vec<Expr>>,
}

impl Views {
    pub fn answer(&self, request: Request, nodes: &[Node], zone: &jiff::tz::TimeZone) {
        let view = &self.views[request.table];
        let Some(readable) = nodes[view.node].operator.readable() else { return };
        let answer = match request.question {
            Question::Get { key } => {
                (readable.get(&key).map(|batch| view.rows(batch, zone)).unwrap_or_default(), None)
            }
            Question::Page { key_group, after, limit } => {
                let (batch, last) = readable.page(key_group, &after, limit);
                (view.rows(batch, zone), last)
            }
        };
        // The asker may have given up.
        let _ = request.answer.send(answer);
    }
}

impl LocalView {
    fn rows(&self, batch: Batch, zone: &jiff::tz::TimeZone) -> Vec<Vec<Value>> {
        let context = EvalContext { zone: zone.clone(), now_ms: 0 };
        let mut errors = EvalErrors::default();
        let columns = match &self.exprs {
            None => batch.columns.clone(),
            Some(exprs) => {
                let compute = |expr| expression::eval(expr, &batch, &context, &mut errors);
                exprs.iter().map(compute).collect()
            }
        };
        let row = |row: usize| columns.iter().map(|column| column.value(row)).collect();
        batch.row_ids().map(row).collect()
    }
}

/// A worker that can be asked.
#[derive(Clone)]
pub struct WorkerHandle {
    pub commands: Sender<Command>,
    pub waker: Arc<Waker>,
}

/// For each table: how a key of the table is a key of the state that holds it.
#[derive(Clone, Debug)]
pub struct KeyMapping {
    /// For each key value of the state: its position among the table's primary key.
    pub order: Vec<usize>,
}

/// Asks the workers. Cheap to clone.
#[derive(Clone)]
pub struct QueryClient {
    inner: Arc<Inner>,
}

struct Inner {
    tables: Vec<TableInfo>,
    mappings: Vec<KeyMapping>,
    workers: Vec<WorkerHandle>,
}

impl QueryClient {
    pub fn new(
        tables: Vec<TableInfo>,
        mappings: Vec<KeyMapping>,
        workers: Vec<WorkerHandle>,
    ) -> Self {
        Self { inner: Arc::new(Inner { tables, mappings, workers }) }
    }

    pub fn tables(&self) -> &[TableInfo] {
        &self.inner.tables
    }

    async fn ask(
        &self,
        worker: usize,
        table: usize,
        question: Question,
    ) -> Result<Answer, QueryError> {
        let (answer, answered) = oneshot::channel();
        let handle = self.inner.workers.get(worker).ok_or(QueryError::Unavailable)?;
        let request = Command::Query(Request { table, question, answer });
        handle.commands.try_send(request).map_err(|_| QueryError::Unavailable)?;
        handle.waker.wake();
        match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(QueryError::Unavailable),
        }
    }

    /// The row of a key (values in the order of `primary_key`).
    pub async fn get(
        &self,
        table: usize,
        key: Vec<Value>,
    ) -> Result<Option<Vec<Value>>, QueryError> {
        let order = &self.inner.mappings[table].order;
        let values: Vec<Value> = order.iter().map(|&position| key[position].clone()).collect();
        let mut bytes = Vec::new();
        key::encode_values(&values, &mut bytes);
        // A state whose rows are spread by a part of its key is not where the whole key's hash
        // says, so all are asked.
        for worker in 0..self.inner.workers.len() {
            let question = Question::Get { key: bytes.clone() };
            let (mut rows, _) = self.ask(worker, table, question).await?;
            if let Some(row) = rows.pop() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Up to `limit` rows in the order of key groups.
    pub async fn page(
        &self,
        table: usize,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, QueryError> {
        let mut page = Page::default();
        let mut cursor = after.unwrap_or(Cursor { key_group: 0, after: Vec::new() });
        while (cursor.key_group as usize) < KEY_GROUPS {
            let left = limit - page.rows.len();
            if left == 0 {
                page.next = Some(cursor);
                return Ok(page);
            }
            let key_group = cursor.key_group as usize;
            let worker = key::shard_of(key_group, self.inner.workers.len());
            let after = std::mem::take(&mut cursor.after);
            let question = Question::Page { key_group, after, limit: left.min(PAGE_ROWS) };
            let (rows, last) = self.ask(worker, table, question).await?;
            page.rows.extend(rows);
            match last {
                Some(after) => cursor.after = after,
                None => cursor.key_group += 1,
            }
        }
        Ok(page)
    }

    /// The `limit` rows with the largest value in `column`, largest first, and whether there
    /// were more.
    pub async fn largest(
        &self,
        table: usize,
        column: usize,
        limit: usize,
    ) -> Result<(Vec<Vec<Value>>, bool), QueryError> {
        let mut best: Vec<Vec<Value>> = Vec::new();
        let mut truncated = false;
        let mut cursor = None;
        loop {
            let page = self.page(table, cursor, PAGE_ROWS).await?;
            best.extend(page.rows);
            best.sort_by(|a, b| rank(&b[column]).total_cmp(&rank(&a[column])));
            truncated |= best.len() > limit;
            best.truncate(limit);
            cursor = page.next;
            if cursor.is_none() {
                return Ok((best, truncated));
            }
        }
    }
}

/// A number to order rows by; what is not a number comes last.
fn rank(value: &Value) -> f64 {
    match value {
        Value::I64(value) => *value as f64,
        Value::F64(value) => *value,
        // The values of a column are of one scale.
        Value::Decimal(value) => value.get() as f64,
        _ => f64::NEG_INFINITY,
    }
}
