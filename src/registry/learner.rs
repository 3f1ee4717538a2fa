//! Asks for schemas beside the worker that needs them, which goes on with other work meanwhile.

use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};

use super::{Registry, Trouble};
use crate::sink::SinkContext;
use crate::sink::pauses::Pauses;

/// Between two questions to a registry that does not answer.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Learns one schema at a time.
pub struct Learner {
    questions: Sender<u32>,
    answers: Receiver<(u32, Result<Vec<String>, String>)>,
    /// Why there is no answer yet.
    context: SinkContext,
    asked: bool,
}

impl Learner {
    pub fn new(registry: Registry) -> Result<Self, String> {
        let (questions, asked) = bounded::<u32>(1);
        let (answer, answers) = bounded(1);
        let context = SinkContext::default();
        let shown = context.clone();
        let work = move || {
            for id in asked {
                if answer.send((id, find(&registry, id, &shown))).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("schema-registry".into());
        thread.spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Self { questions, answers, context, asked: false })
    }

    /// Asks for a schema, once; what is known of one that was asked for, if anything is yet.
    pub fn learn(&mut self, id: u32) -> Option<(u32, Result<Vec<String>, String>)> {
        if !std::mem::replace(&mut self.asked, true) {
            // The thread takes one after the other, and ends after this.
            let _ = self.questions.try_send(id);
        }
        let answer = self.answers.try_recv().ok()?;
        self.asked = false;
        Some(answer)
    }

    pub fn problem(&self) -> Option<String> {
        self.context.problem()
    }
}

impl Drop for Learner {
    fn drop(&mut self) {
        self.context.stop();
    }
}

/// Asks until there is an answer, or nobody left to take it.
fn find(registry: &Registry, id: u32, context: &SinkContext) -> Result<Vec<String>, String> {
    let mut pauses = Pauses::new(PAUSE, PAUSE_MAX);
    loop {
        let answer = match registry.schema(id) {
            Ok(schema) => Ok(schema),
            Err(Trouble::Refused(reason)) => Err(reason),
            Err(Trouble::Passing(reason)) => {
                let problem = format!("waits for schema {id} of the registry: {reason}");
                pauses.rest(problem, context)?;
                continue;
            }
        };
        pauses.over(context);
        return answer;
    }
}
