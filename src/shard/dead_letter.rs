//! The way of records that could not be used: raw bytes and reason, from the workers to a
//! thread that writes them to a topic or a file.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::channel::Sender;

use crate::operator::Rejected;
use crate::record::batch::Origin;

/// Records that may wait on a worker before it reads no further.
const OUTBOX_ROWS: usize = 1_024;

/// What the writer's queue carries.
pub enum DeadLetter {
    Record(Rejected),
    /// One that came too late; the reason names the operator.
    Late(Rejected),
    /// Answer here once all that came before is safe.
    Flush(Sender<Result<(), String>>),
}

/// The worker's end.
pub struct DeadLetterSender {
    queue: Sender<DeadLetter>,
    outbox: VecDeque<DeadLetter>,
    count: Arc<AtomicU64>,
}

impl DeadLetterSender {
    /// `count`: incremented for each record sent.
    pub fn new(queue: Sender<DeadLetter>, count: Arc<AtomicU64>) -> Self {
        Self { queue, outbox: VecDeque::new(), count }
    }

    pub fn send(&mut self, rejected: Rejected) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.outbox.push_back(DeadLetter::Record(rejected));
    }

    /// A record that came too late for the operator; it counts for no dead letter.
    pub fn send_late(&mut self, record: (Arc<Origin>, u32), operator: &str) {
        let reason = format!("late for {operator}").into();
        self.outbox.push_back(DeadLetter::Late(Rejected { record: Some(record), reason }));
    }

    pub fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX_ROWS
    }

    pub fn is_empty(&self) -> bool {
        self.outbox.is_empty()
    }

    pub fn flush(&mut self) {
        while let Some(letter) = self.outbox.pop_front() {
            if let Err(error) = self.queue.try_send(letter) {
                self.outbox.push_front(error.into_inner());
                return;
            }
        }
    }
}
