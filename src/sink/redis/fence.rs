//! Committed rows, each written once and never over newer ones.
//!
//! A key beside the data, the fence, holds which start of the job writes to the table, and how far
//! it has come: the epoch, and how many of its rows are there. A chunk goes out by one script, which
//! looks at the fence, writes the rows and moves the fence, all or nothing. So a chunk whose answer
//! was lost is sent again and is written once; and a process that was stopped and goes on after its
//! successor has begun is refused.
//!
//! The fence lives for ever: a stopped process may go on after any time.

use super::chunk::{Chunk, Script};
use super::connection::{Connection, Failure};
use crate::sink::Publisher;

pub struct Fence {
    key: String,
    publisher: Publisher,
    claim: Script,
    chunk: Script,
    /// What a start before has left here: an epoch, and how many of its rows.
    there: (u64, u64),
}

impl Fence {
    /// The key's name holds the pattern: under another pattern a table has other keys, whose rows
    /// are to be fenced by themselves.
    pub fn new(publisher: Publisher, table: &str, pattern: &str) -> Self {
        Self {
            key: format!("pelton:fence:{}:{table}:{pattern}", publisher.job),
            publisher,
            claim: Script::new(include_str!("claim.lua")),
            chunk: Script::new(concat!(include_str!("commands.lua"), include_str!("chunk.lua"))),
            there: (0, 0),
        }
    }

    /// Makes this process the one that writes: what is older is refused from now on.
    pub fn claim(&mut self, connection: &mut Connection) -> Result<(), Failed> {
        let take_over = if self.publisher.take_over { "1" } else { "0" };
        let mut command = self.claim.call(1);
        command.arg(&self.key);
        let Publisher { state, start, owner, epoch, .. } = &self.publisher;
        command.arg(state).arg(start).arg(owner).arg(epoch).arg(take_over);
        let answer = self.claim.run(&command, connection).map_err(Failed::Redis)?;
        match (&*answer.0, answer.1, answer.2) {
            ("claimed", epoch, rows) => {
                self.there = (epoch, rows);
                Ok(())
            }
            ("newer", start, _) => Err(self.fenced(start, connection)),
            ("ahead", epoch, _) => Err(Failed::Fenced(format!(
                "Redis at {} holds rows of epoch {epoch} of this job (key '{}'), but the state that \
                 this start goes on from is of epoch {}, so values would go back. Restore the newer \
                 state folder, or start with --allow-older-state to let them",
                connection.address, self.key, self.publisher.epoch
            ))),
            _ => Err(Failed::Fenced(format!(
                "Redis at {} holds rows of a job of this name that was begun afresh with another \
                 state folder (key '{}'): this one is fenced off. Give it a 'pipeline.name' or keys \
                 of its own, or start it with --allow-older-state to go on from its state",
                connection.address, self.key
            ))),
        }
    }

    /// How many rows of an epoch are there already; `None`: all.
    pub fn rows_there(&self, epoch: u64) -> Option<u64> {
        let (at, rows) = self.there;
        match epoch.cmp(&at) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(rows),
            std::cmp::Ordering::Greater => Some(0),
        }
    }

    /// Writes a chunk that ends with row `rows` of the epoch, unless it is there.
    pub fn publish(
        &self,
        epoch: u64,
        rows: u64,
        chunk: &Chunk,
        connection: &mut Connection,
    ) -> Result<(), Failed> {
        let Publisher { state, start, owner, .. } = &self.publisher;
        let (start, epoch, rows) = (start.to_string(), epoch.to_string(), rows.to_string());
        let own: [&str; 5] = [state, &start, owner, &epoch, &rows];
        let command = chunk.call(&self.chunk, Some(&self.key), &own);
        let answer = self.chunk.run(&command, connection).map_err(Failed::Redis)?;
        match (&*answer.0, answer.1) {
            ("newer", start) => Err(self.fenced(start, connection)),
            _ => Ok(()),
        }
    }

    fn fenced(&self, start: u64, connection: &Connection) -> Failed {
        let Publisher { job, start: mine, .. } = &self.publisher;
        Failed::Fenced(format!(
            "this process is fenced off: start {start} of job '{job}', by another process, writes to \
             Redis at {} now, and this is start {mine} (key '{}'). Nothing more is written here; stop \
             this process for good. Only where its older state is to go on on purpose, start it with \
             --allow-older-state",
            connection.address, self.key
        ))
    }
}

/// Why a chunk was not written.
pub enum Failed {
    Redis(Failure),
    /// Another process has taken over, or this one goes on from what is older.
    Fenced(String),
}
