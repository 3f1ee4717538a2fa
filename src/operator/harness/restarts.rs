//! An operator whose state is saved at every barrier while it goes on, and that is mostly made
//! afresh from what was saved.

use super::*;

/// What is asked of an operator.
#[derive(Clone)]
enum Call {
    Process(usize, Batch),
    Advance(i64),
    Flush,
    /// Answers from outside may have come.
    Answered,
}

pub struct Restarts<'a> {
    make: &'a dyn Fn() -> Box<dyn Operator>,
    operator: Box<dyn Operator>,
    saves: Saves,
    /// Calls since the last barrier, and what came of them.
    since: Vec<Call>,
    taken: Output,
    watermark: i64,
    out: Output,
}

impl<'a> Restarts<'a> {
    pub fn new(make: &'a dyn Fn() -> Box<dyn Operator>) -> Self {
        Self {
            make,
            operator: make(),
            saves: Saves::default(),
            since: Vec::new(),
            taken: Output::default(),
            watermark: i64::MIN,
            out: Output::default(),
        }
    }

    pub fn process(&mut self, port: usize, batch: Batch) {
        self.call(Call::Process(port, batch));
    }

    pub fn advance(&mut self, watermark: i64) {
        self.watermark = watermark;
        self.call(Call::Advance(watermark));
    }

    pub fn flush(&mut self) {
        self.call(Call::Flush);
    }

    pub fn answered(&mut self) {
        self.call(Call::Answered);
    }

    fn call(&mut self, call: Call) {
        self.since.push(call.clone());
        self.apply(call);
    }

    /// A little of the state is written before, in and after what the operator does.
    fn apply(&mut self, call: Call) {
        let (operator, out) = (&mut *self.operator, &mut self.taken);
        self.saves.slice(operator);
        let mut progress = match call {
            Call::Process(port, batch) => operator.process(port, batch, out),
            Call::Advance(watermark) => operator.advance_watermark(watermark, out),
            Call::Flush => {
                operator.flush(out);
                Progress::Done
            }
            Call::Answered => {
                while operator.answered(out) {
                    self.saves.slice(operator);
                }
                Progress::Done
            }
        };
        while progress == Progress::Yield {
            self.saves.slice(operator);
            progress = operator.resume(out);
        }
        self.saves.slice(operator);
    }

    /// Completes the save that the barrier before has begun. A fresh operator mostly takes it over
    /// and does all since then again.
    pub fn barrier(&mut self) {
        let since = std::mem::take(&mut self.since);
        if let Some(fresh) = self.saves.end(self.make, &mut *self.operator) {
            self.operator = fresh;
            self.taken = Output::default();
            since.into_iter().for_each(|call| self.apply(call));
        }
        self.take();
        self.operator.before_barrier(&mut self.out);
        self.saves.begin(&mut *self.operator);
        self.since.push(Call::Advance(self.watermark));
    }

    fn take(&mut self) {
        let mut taken = std::mem::take(&mut self.taken);
        self.out.messages.append(&mut taken.messages);
        self.out.rejected.append(&mut taken.rejected);
        self.out.late_rows += taken.late_rows;
        self.out.expired += taken.expired;
    }

    /// How much was let go so far.
    pub fn expired(&self) -> u64 {
        self.out.expired + self.taken.expired
    }

    /// What has come out, and the operator.
    pub fn end(mut self) -> (Output, Box<dyn Operator>) {
        self.take();
        (self.out, self.operator)
    }
}
