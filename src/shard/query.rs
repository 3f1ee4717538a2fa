//! Questions to queryable tables, answered by the workers between two batches.

use std::sync::Arc;

use crate::record::{Schema, Value};

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

/// Asks the workers. Cheap to clone.
#[derive(Clone)]
pub struct QueryClient {
    tables: Arc<Vec<TableInfo>>,
}

impl QueryClient {
    pub fn new(tables: Vec<TableInfo>) -> Self {
        Self { tables: Arc::new(tables) }
    }

    pub fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    /// The row of a key (values in the order of `primary_key`).
    pub async fn get(
        &self,
        _table: usize,
        _key: Vec<Value>,
    ) -> Result<Option<Vec<Value>>, QueryError> {
        Err(QueryError::Unavailable)
    }

    /// Up to `limit` rows in the order of key groups.
    pub async fn page(
        &self,
        _table: usize,
        _after: Option<Cursor>,
        _limit: usize,
    ) -> Result<Page, QueryError> {
        Err(QueryError::Unavailable)
    }

    /// The `limit` rows with the largest value in `column`, largest first, and whether there
    /// were more.
    pub async fn largest(
        &self,
        _table: usize,
        _column: usize,
        _limit: usize,
    ) -> Result<(Vec<Vec<Value>>, bool), QueryError> {
        Err(QueryError::Unavailable)
    }
}
