//! How a node takes what comes to it.

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::operator::Waits;

/// Gathers a batch until a barrier.
#[derive(Default)]
struct Gathers(Option<Batch>);

impl Operator for Gathers {
    fn process(&mut self, _port: usize, batch: Batch, _out: &mut Output) -> Progress {
        self.0 = Some(batch);
        Progress::Done
    }

    fn before_barrier(&mut self, out: &mut Output) {
        self.0.take().into_iter().for_each(|batch| out.emit(batch));
    }
}

#[test]
fn what_is_gathered_goes_out_before_a_channel_rests() {
    let mut node = Node::new("id".into(), "gathers".into(), Box::<Gathers>::default(), false);
    let column = std::sync::Arc::new(crate::record::Column::i64s(vec![1]));
    let batch = Batch::new(vec![column], 1, BatchTime::at(i64::MIN));
    let statuses = [Status::Active, Status::Idle].map(Message::Status);
    let [active, idle] = statuses;
    let queue = VecDeque::from([active, Message::Data(batch), idle]);
    node.inputs.push(Input::new(0, Queue::Local(queue)));
    while node.has_work() {
        assert_eq!(node.step(), Step::Worked);
    }
    let said: Vec<&str> = node.out.messages.iter().map(kind).collect();
    assert_eq!(said, ["active", "data", "idle"]);
}

fn kind(message: &Message) -> &'static str {
    match message {
        Message::Data(_) => "data",
        Message::Status(Status::Active) => "active",
        Message::Status(Status::Idle) => "idle",
        Message::Status(Status::Finished) => "finished",
        Message::Watermark(_) => "watermark",
        Message::Barrier(_) => "barrier",
    }
}

/// Its rows wait for as many answers.
#[derive(Default)]
struct Asks {
    waiting: VecDeque<Batch>,
    answers: Rc<Cell<usize>>,
}

impl Operator for Asks {
    fn process(&mut self, _port: usize, batch: Batch, _out: &mut Output) -> Progress {
        self.waiting.push_back(batch);
        Progress::Done
    }

    fn output_watermark(&self, watermark: i64) -> i64 {
        if self.waiting.is_empty() { watermark } else { i64::MIN }
    }

    fn waits(&self) -> Waits {
        let rows = self.waiting.len();
        Waits { rows, full: rows > 1, ready: rows > 0 && self.answers.get() > 0 }
    }

    fn answered(&mut self, out: &mut Output) -> bool {
        let is_ready = self.waits().ready;
        if is_ready {
            self.answers.set(self.answers.get() - 1);
            self.waiting.pop_front().into_iter().for_each(|batch| out.emit(batch));
        }
        is_ready
    }
}

/// A node that asks, behind these messages, and the answers to come.
fn asking(messages: impl IntoIterator<Item = Message>) -> (Node, Rc<Cell<usize>>) {
    let operator = Box::<Asks>::default();
    let answers = operator.answers.clone();
    let mut node = Node::new("id".into(), "asks".into(), operator, false);
    node.inputs.push(Input::new(0, Queue::Local(messages.into_iter().collect())));
    (node, answers)
}

fn data() -> Message {
    let column = std::sync::Arc::new(crate::record::Column::i64s(vec![1]));
    Message::Data(Batch::new(vec![column], 1, BatchTime::at(i64::MIN)))
}

/// Works while it can; the epoch whose barrier is to go on, and what has been said.
fn work(node: &mut Node) -> (Option<u64>, Vec<&'static str>) {
    let mut aligned = None;
    while node.has_work() {
        if let Step::Aligned(epoch) = node.step() {
            aligned = Some(epoch);
            node.pass_barrier(epoch);
        }
    }
    let said = node.out.messages.iter().map(kind).collect();
    node.out.messages.clear();
    (aligned, said)
}

#[test]
fn what_stands_behind_rows_that_wait_waits_too() {
    let end = [Message::Watermark(7), Message::Barrier(1), Message::Status(Status::Finished)];
    let begin = [Message::Status(Status::Active), data(), Message::Watermark(5), data()];
    let (mut node, answers) = asking(begin.into_iter().chain(end));
    // Enough waits: what stands behind is left where it is, until a barrier is on its way.
    assert_eq!(work(&mut node), (None, vec!["active"]));
    assert_eq!(node.waiting(), 3);
    node.expects_barrier = true;
    assert_eq!(work(&mut node), (None, vec![]));
    assert_eq!(node.waiting(), 1);
    answers.set(1);
    assert_eq!(work(&mut node), (None, vec!["data"]));
    answers.set(1);
    let all = vec!["data", "watermark", "barrier", "finished"];
    assert_eq!(work(&mut node), (Some(1), all));
}

#[test]
fn a_barrier_goes_on_in_the_end_where_rows_that_wait_are_saved() {
    let begin = [Message::Status(Status::Active), data(), Message::Barrier(1)];
    let (mut node, answers) = asking(begin.into_iter().chain([Message::Status(Status::Idle)]));
    assert_eq!(work(&mut node), (None, vec!["active"]));
    std::thread::sleep(PATIENCE);
    assert_eq!(work(&mut node), (None, vec![]));
    node.saves_waiting = true;
    assert_eq!(work(&mut node), (Some(1), vec!["barrier"]));
    assert!(node.left_waiting);
    answers.set(1);
    assert_eq!(work(&mut node), (None, vec!["data", "idle"]));
}
