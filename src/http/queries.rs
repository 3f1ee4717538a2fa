//! What the routes ask of the workers, so that a test can answer in their place.

use std::future::Future;
use std::pin::Pin;

use crate::record::Value;
use crate::shard::query::{Cursor, Page, QueryClient, QueryError, TableInfo};

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueryError>> + 'a>>;

/// See [`QueryClient`], which is the one that counts.
pub trait Queries: Send + Sync {
    fn tables(&self) -> &[TableInfo];
    fn get(&self, table: usize, key: Vec<Value>) -> Answer<'_, Option<Vec<Value>>>;
    fn page(&self, table: usize, after: Option<Cursor>, limit: usize) -> Answer<'_, Page>;
    fn largest(
        &self,
        table: usize,
        column: usize,
        limit: usize,
    ) -> Answer<'_, (Vec<Vec<Value>>, bool)>;
}

impl Queries for QueryClient {
    fn tables(&self) -> &[TableInfo] {
        self.tables()
    }

    fn get(&self, table: usize, key: Vec<Value>) -> Answer<'_, Option<Vec<Value>>> {
        Box::pin(self.get(table, key))
    }

    fn page(&self, table: usize, after: Option<Cursor>, limit: usize) -> Answer<'_, Page> {
        Box::pin(self.page(table, after, limit))
    }

    fn largest(
        &self,
        table: usize,
        column: usize,
        limit: usize,
    ) -> Answer<'_, (Vec<Vec<Value>>, bool)> {
        Box::pin(self.largest(table, column, limit))
    }
}
