//! The formats of tables: what stands in a record's key and in its value, how it is read and how it
//! is written.
//!
//! A decoder takes a block of records and gives columns. Which one it is, is asked once a block.

mod avro;
mod csv;
mod debezium;
mod decoder;
mod encoder;
mod options;
mod parts;
mod raw;
mod rows;

pub use avro::{AvroDecoder, AvroEncoder, Login, RegistryOptions, schema_of};
pub use csv::{CsvDecoder, CsvOptions, OpenQuotes};
pub use debezium::{DebeziumDecoder, DebeziumOptions};
pub use decoder::{Decoder, RecordDecoder};
pub use encoder::Encoder;
pub use options::{Format, JsonFormat};
pub use parts::{Declared, Part, Parts, Side};
pub use raw::{RawDecoder, RawOptions};
