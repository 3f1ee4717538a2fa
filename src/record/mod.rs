//! Records as columns: types, columns, batches, keys, and the formats that make and read them.
//!
//! Nothing here knows of operators, sources or threads.

pub mod batch;
mod batch_builder;
pub mod column;
pub mod format;
pub mod hashed;
pub mod headers;
pub mod json;
pub mod key;
pub mod raw;
pub mod row;
pub mod schema;
pub mod value;

pub use batch::{Batch, BatchTime, ChangeKind, Message, Selection, Status};
pub use batch_builder::BatchBuilder;
pub use column::{Column, ColumnBuilder, ColumnData, ColumnRef, StringColumn, Validity};
pub use raw::{RawBlock, RawRecord, SharedBlock, TimestampType};
pub use schema::{DataType, Field, Schema};
pub use value::Value;
