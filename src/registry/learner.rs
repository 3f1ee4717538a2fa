//! Asks for schemas beside the worker that needs them, which goes on with other work meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};

use super::{Registry, Trouble};

/// Between two questions to a registry that does not answer.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

type Problem = Mutex<Option<String>>;

/// Learns one schema at a time.
pub struct Learner {
    questions: Sender<u32>,
    answers: Receiver<(u32, Result<String, String>)>,
    /// Why there is no answer yet.
    problem: Arc<Problem>,
    asked: bool,
}

impl Learner {
    pub fn new(registry: Registry) -> Result<Self, String> {
        let (questions, asked) = bounded::<u32>(1);
        let (answer, answers) = bounded(1);
        let problem = Arc::new(Mutex::new(None));
        let seen = problem.clone();
        let work = move || {
            for id in asked {
                if answer.send((id, find(&registry, id, &seen))).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("schema-registry".into());
        thread.spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Self { questions, answers, problem, asked: false })
    }

    /// Asks for a schema, once; what is known of one that was asked for, if anything is yet.
    pub fn learn(&mut self, id: u32) -> Option<(u32, Result<String, String>)> {
        if !std::mem::replace(&mut self.asked, true) {
            // The thread takes one after the other, and ends after this.
            let _ = self.questions.try_send(id);
        }
        let answer = self.answers.try_recv().ok()?;
        self.asked = false;
        Some(answer)
    }

    pub fn problem(&self) -> Option<String> {
        self.problem.lock().ok()?.clone()
    }
}

/// Asks until there is an answer, or nobody left to take it.
fn find(registry: &Registry, id: u32, problem: &Arc<Problem>) -> Result<String, String> {
    let tell = |reason: Option<String>| {
        if let Ok(mut problem) = problem.lock() {
            *problem = reason;
        }
    };
    let (mut pause, mut said) = (PAUSE, false);
    loop {
        match registry.schema(id) {
            Ok(schema) => {
                tell(None);
                return Ok(schema);
            }
            Err(Trouble::Refused(reason)) => {
                tell(None);
                return Err(reason);
            }
            Err(Trouble::Passing(reason)) if Arc::strong_count(problem) == 1 => return Err(reason),
            Err(Trouble::Passing(reason)) => {
                if !std::mem::replace(&mut said, true) {
                    tracing::warn!("waits for schema {id}: {reason}");
                }
                tell(Some(format!("waits for schema {id} of the registry: {reason}")));
                std::thread::sleep(pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}
