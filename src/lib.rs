//! pelton: Flink SQL over Kafka in one binary.
//!
//! Modules stand in layers; each may use those above it and nothing below (`tests/tidy.rs`
//! checks it): `time number decimal error fault` · `record` · `state metrics checkpoint kafka` · `expression` ·
//! `source sink lookup operator` · `sql` · `shard http` · `engine cli`.

pub mod checkpoint;
pub mod cli;
pub mod decimal;
pub mod engine;
pub mod error;
pub mod expression;
pub mod fault;
pub mod http;
pub mod kafka;
pub mod lookup;
pub mod metrics;
pub mod number;
pub mod operator;
pub mod record;
pub mod registry;
pub mod shard;
pub mod sink;
pub mod source;
pub mod sql;
pub mod state;
pub mod time;
