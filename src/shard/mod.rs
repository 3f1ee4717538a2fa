//! Workers: one thread a shard, its loop, its channels.

pub mod acknowledged;
pub mod alignment;
pub mod backlog;
mod branches;
pub mod build;
pub mod channel;
pub mod collector;
pub mod dead_letter;
mod demands;
pub mod epoch;
pub mod exchange;
pub mod identity;
pub mod node;
pub mod options;
pub mod outbox;
pub mod park;
pub mod publish_thread;
pub mod query;
pub mod report;
pub mod sink_thread;
pub mod source_task;
mod spread;
pub mod state_thread;
pub mod topology;
mod unread;
pub mod watermark;
pub mod worker;
