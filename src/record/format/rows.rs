//! Records that are decoded one by one, each into a row of columns.

use std::sync::Arc;

use crate::record::json::Decoded;
use crate::record::{ColumnBuilder, RawBlock, SharedBlock};

/// Why a record gives no row.
pub enum NoRow {
    /// It is left out.
    Skipped,
    /// It goes to the dead letters, with the reason.
    Rejected(Arc<str>),
}

/// Decodes a block into columns that are empty yet: `take` appends at most one value to each; what
/// it leaves out is NULL. It is given no bytes where a record has no value.
pub fn decode(
    block: RawBlock,
    mut columns: Vec<ColumnBuilder>,
    mut take: impl FnMut(Option<&[u8]>, &mut [ColumnBuilder]) -> Result<(), NoRow>,
) -> Decoded {
    let (mut rejected, mut skipped) = (Vec::new(), Vec::new());
    for row in 0..block.records.len() {
        let record = (!block.records[row].is_null).then(|| block.value(row));
        match take(record, &mut columns) {
            Ok(()) => {}
            Err(NoRow::Skipped) => skipped.push(row as u32),
            Err(NoRow::Rejected(reason)) => rejected.push((row as u32, reason)),
        }
        let short = columns.iter_mut().filter(|column| column.len() <= row);
        short.for_each(ColumnBuilder::push_null);
    }
    let columns = columns.into_iter().map(|column| Arc::new(column.finish())).collect();
    let block = SharedBlock::from(block);
    Decoded { columns, kinds: None, rejected, skipped, block }
}
