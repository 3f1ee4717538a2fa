//! Rows on their way into a batch, one after the other.

use std::sync::Arc;

use super::{Batch, BatchTime, ChangeKind, ColumnBuilder, DataType};

/// Rows that fit into the first memory of a builder.
const ROWS: usize = 16;

/// Gathers rows with their change kinds.
pub struct BatchBuilder {
    types: Vec<DataType>,
    columns: Vec<ColumnBuilder>,
    kinds: Vec<ChangeKind>,
}

impl BatchBuilder {
    pub fn new(types: Vec<DataType>) -> Self {
        let columns = builders(&types);
        Self { types, columns, kinds: Vec::new() }
    }

    /// One builder for each column: a row adds a value to each, then [`Self::end_row`] ends it.
    pub fn columns(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    pub fn end_row(&mut self, kind: ChangeKind) {
        self.kinds.push(kind);
    }

    /// Rows that have ended.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The rows so far; the builder starts anew.
    pub fn finish(&mut self, time: BatchTime) -> Batch {
        let kinds = std::mem::take(&mut self.kinds);
        if kinds.is_empty() {
            let columns = self.types.iter().map(|of| ColumnBuilder::for_type(of, 0));
            return Batch::new(columns.map(|column| Arc::new(column.finish())).collect(), 0, time);
        }
        let columns = std::mem::replace(&mut self.columns, builders(&self.types));
        let columns = columns.into_iter().map(|column| Arc::new(column.finish())).collect();
        let mut batch = Batch::new(columns, kinds.len(), time);
        if kinds.iter().any(|&kind| kind != ChangeKind::Insert) {
            batch.kinds = Some(Arc::new(kinds));
        }
        batch
    }
}

fn builders(types: &[DataType]) -> Vec<ColumnBuilder> {
    types.iter().map(|of| ColumnBuilder::for_type(of, ROWS)).collect()
}
