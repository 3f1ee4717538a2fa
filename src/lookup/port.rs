//! The way of questions from a worker's operator to the thread of a store, and of answers back.

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::Store;
use crate::metrics::{Counter, Gauge, Metrics};
use crate::record::Batch;

/// Keys that are asked for in one go, where several requests wait.
const TOGETHER: usize = 1_024;

/// Rows, each as the bytes that [`crate::record::row`] makes of the columns that are wanted.
pub type Encoded = Arc<[Box<[u8]>]>;

/// What a store says of one key.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The rows there are.
    Rows(Encoded),
    /// There is something, but it cannot be read.
    Bad(Arc<str>),
}

impl Answer {
    pub fn none() -> Self {
        Self::Rows(Arc::new([]))
    }

    pub fn one(row: Vec<u8>) -> Self {
        Self::Rows(Arc::new([row.into_boxed_slice()]))
    }
}

/// Wakes the worker that has asked.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

pub struct Request {
    number: u64,
    /// The keys: the rows that count.
    pub keys: Batch,
    reply: Sender<Response>,
    wake: Wake,
}

impl Request {
    pub fn answer(self, answers: Vec<Answer>) {
        // An operator that has gone wants no answer.
        let _ = self.reply.send(Response { number: self.number, answers });
        (self.wake)();
    }
}

pub struct Response {
    /// Of the request.
    pub number: u64,
    pub answers: Vec<Answer>,
}

/// What is counted of the lookups in a table.
#[derive(Clone, Default)]
pub struct Counts {
    pub keys: Counter,
    pub hits: Counter,
    waiting: Gauge,
}

impl Counts {
    pub fn new(metrics: &Metrics, table: &str, worker: usize) -> Self {
        let labels = [("table", table)];
        let help = "Different keys of a batch that a lookup has asked the store for";
        let keys = metrics.counter("pelton_lookup_keys_total", help, &labels);
        let help = "Different keys of a batch that a lookup's cache has answered";
        let hits = metrics.counter("pelton_lookup_cache_hits_total", help, &labels);
        let help = "Rows that wait for the answer to a lookup";
        let labels = [("table", table), ("worker", &*worker.to_string())];
        let waiting = metrics.gauge("pelton_lookup_waiting_rows", help, &labels);
        Self { keys, hits, waiting }
    }
}

/// The operator's end. Asking does not block: how much may wait for answers is bounded by the
/// operator, which takes no more rows then.
pub struct Port {
    requests: Sender<Request>,
    reply: Sender<Response>,
    responses: Receiver<Response>,
    wake: Wake,
    pub counts: Counts,
}

impl Port {
    pub fn new(requests: Sender<Request>, wake: Wake, counts: Counts) -> Self {
        let (reply, responses) = unbounded();
        Self { requests, reply, responses, wake, counts }
    }

    pub fn ask(&self, number: u64, keys: Batch) {
        let (reply, wake) = (self.reply.clone(), self.wake.clone());
        // A thread that is gone has said why, and the job ends.
        let _ = self.requests.send(Request { number, keys, reply, wake });
    }

    pub fn take(&self) -> Option<Response> {
        self.responses.try_recv().ok()
    }

    pub fn has_answers(&self) -> bool {
        !self.responses.is_empty()
    }

    pub fn show_waiting(&self, rows: usize) {
        self.counts.waiting.set_i64(rows as i64);
    }
}

/// What a store's thread needs besides the store.
pub struct Served {
    pub requests: Receiver<Request>,
    /// Times that the store was asked.
    pub round_trips: Counter,
}

/// Answers until nobody asks any more. Requests that wait are asked for together.
pub fn serve(mut store: Box<dyn Store>, served: &Served) -> Result<(), String> {
    while let Ok(first) = served.requests.recv() {
        let mut keys = first.keys.len();
        let mut together = vec![first];
        while keys < TOGETHER
            && let Ok(next) = served.requests.try_recv()
        {
            keys += next.keys.len();
            together.push(next);
        }
        let batches: Vec<Batch> = together.iter().map(|request| request.keys.clone()).collect();
        let answers = store.ask(&batches)?;
        served.round_trips.add(1);
        together.into_iter().zip(answers).for_each(|(request, answers)| request.answer(answers));
    }
    Ok(())
}
