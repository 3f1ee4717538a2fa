//! Workers: one thread a shard, its loop, its channels.

pub mod query;
