//! Alerts to people: one message each, and one digest for what the rate holds back.

use super::delivery::{Delivery, Outcome, Verdict};
use crate::record::{Batch, ChangeKind};
use crate::sink::Sink;

/// Rows of a digest at most.
const HELD_MAX: usize = 1_000;
const TITLE_BYTES_MAX: usize = 200;

/// What a row tells.
pub struct Alert {
    pub title: String,
    pub text: String,
    /// What a repetition of the row has too.
    pub key: Option<String>,
    /// The row as JSON, for the dead letters.
    pub row: String,
}

/// What makes messages of alerts and brings them to its receiver.
pub trait Courier: Send {
    type Message;

    fn alert(&self, batch: &Batch, row: usize) -> Alert;

    /// Of one alert, or a digest of several.
    fn message(&self, alerts: &[Alert]) -> Result<Self::Message, String>;

    /// One try. It may leave in the message what has been reached by it.
    fn attempt(&mut self, message: &mut Self::Message) -> Result<Verdict, String>;
}

pub struct Digests<C> {
    courier: C,
    delivery: Delivery,
    /// Not yet sent, oldest first.
    held: Vec<Alert>,
}

impl<C: Courier> Digests<C> {
    pub fn new(courier: C, delivery: Delivery) -> Self {
        Self { courier, delivery, held: Vec::new() }
    }

    /// All that is held, in one message. Where the receiver has had too many it is held on.
    fn send(&mut self) -> Result<(), String> {
        let mut message = self.courier.message(&self.held)?;
        let rows: Vec<String> = self.held.iter().map(|alert| alert.row.clone()).collect();
        let courier = &mut self.courier;
        let outcome = self.delivery.deliver(&rows, &mut || courier.attempt(&mut message))?;
        if outcome == Outcome::Settled {
            self.held.clear();
        }
        Ok(())
    }
}

impl<C: Courier> Sink for Digests<C> {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            if batch.kind(row) != ChangeKind::Insert {
                return Err("a table of messages takes no updates".into());
            }
            self.held.push(self.courier.alert(batch, row));
            let alone = self.held.len() == 1 && self.delivery.is_ready();
            if alone || self.held.len() >= HELD_MAX {
                self.send()?;
            }
        }
        if !self.held.is_empty() && self.delivery.is_ready() { self.send() } else { Ok(()) }
    }

    /// What comes while this waits for its turn waits before the sink, and so is in the next digest.
    fn flush(&mut self) -> Result<(), String> {
        while !self.held.is_empty() {
            self.send()?;
        }
        self.delivery.flush()
    }

    /// What the rate holds back of several epochs is one digest.
    fn publish_all(
        &mut self,
        epochs: &[(u64, Vec<Batch>)],
        done: &mut dyn FnMut(u64),
    ) -> Result<(), String> {
        epochs.iter().flat_map(|(_, batches)| batches).try_for_each(|batch| self.write(batch))?;
        self.flush()?;
        epochs.last().into_iter().for_each(|(epoch, _)| done(*epoch));
        Ok(())
    }
}

/// A digest's title, and a list of the first titles that it is made of.
pub fn digest(table: &str, alerts: &[Alert], titles_max: usize) -> (String, String) {
    let title = format!("{} × {table}", alerts.len());
    let line = |alert: &Alert| format!("- {}\n", title_line(&alert.title));
    let mut list: String = alerts.iter().take(titles_max).map(line).collect();
    if alerts.len() > titles_max {
        list.push_str(&format!("- … {} more\n", alerts.len() - titles_max));
    }
    (title, list)
}

/// The first line of a title, not too long.
pub fn title_line(title: &str) -> String {
    cut(title.trim_start().lines().next().unwrap_or_default(), TITLE_BYTES_MAX)
}

/// At most so many bytes, with a sign where something is missing.
pub fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn cuts_keep_characters_whole() {
        assert_eq!(cut("用户", 6), "用户");
        assert_eq!(cut("用户s", 5), "用…");
        assert_eq!(cut("用户", 2), "…");
    }
}
