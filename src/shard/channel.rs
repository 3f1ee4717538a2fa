//! Channels between workers: one bounded single-producer queue for each (edge, from, to).

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use crossbeam::queue::ArrayQueue;

use crate::record::Message;

/// Messages a channel holds before its sender has to wait: a batch each, so about 16,000 rows.
pub const CHANNEL_CAPACITY: usize = 16;

/// Wakes a worker that is parked: an eventfd, written only if the worker sleeps.
pub struct Waker {
    fd: std::os::fd::OwnedFd,
    parked: AtomicBool,
}

impl Waker {
    pub fn new() -> Result<Arc<Self>, String> {
        let fd = super::park::eventfd()?;
        Ok(Arc::new(Self { fd, parked: AtomicBool::new(false) }))
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Called by others after they have put something in front of the worker.
    #[inline]
    pub fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.parked.load(Ordering::Relaxed) {
            super::park::signal(&self.fd);
        }
    }

    /// Parks until woken or `timeout_ms` has passed, unless `ready` (asked after the flag is
    /// up, so that no wake-up is lost) finds work.
    pub fn park(&self, timeout_ms: i32, ready: impl FnOnce() -> bool) {
        self.parked.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !ready() {
            super::park::wait(&self.fd, timeout_ms);
        }
        self.parked.store(false, Ordering::Relaxed);
    }
}

/// The sending end, with what did not fit yet.
pub struct Sender {
    queue: Arc<ArrayQueue<Message>>,
    waker: Arc<Waker>,
    outbox: VecDeque<Message>,
}

impl Sender {
    pub fn send(&mut self, message: Message) {
        self.outbox.push_back(message);
        self.flush();
    }

    /// Moves what fits; true if nothing is left.
    pub fn flush(&mut self) -> bool {
        let mut moved = false;
        while let Some(message) = self.outbox.pop_front() {
            if let Err(message) = self.queue.push(message) {
                self.outbox.push_front(message);
                break;
            }
            moved = true;
        }
        if moved {
            self.waker.wake();
        }
        self.outbox.is_empty()
    }

    pub fn has_room(&self) -> bool {
        self.outbox.is_empty()
    }

    pub fn depth(&self) -> usize {
        self.queue.len() + self.outbox.len()
    }
}

/// The receiving end.
pub struct Receiver {
    queue: Arc<ArrayQueue<Message>>,
    sender: Arc<Waker>,
}

impl Receiver {
    pub fn pop(&self) -> Option<Message> {
        let was_full = self.queue.is_full();
        let message = self.queue.pop();
        if was_full && message.is_some() {
            self.sender.wake();
        }
        message
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

/// A channel from the worker woken by `from` to the one woken by `to`.
pub fn channel(from: &Arc<Waker>, to: &Arc<Waker>) -> (Sender, Receiver) {
    let queue = Arc::new(ArrayQueue::new(CHANNEL_CAPACITY));
    let sender = Sender { queue: queue.clone(), waker: to.clone(), outbox: VecDeque::new() };
    (sender, Receiver { queue, sender: from.clone() })
}
