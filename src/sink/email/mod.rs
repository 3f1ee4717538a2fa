//! E-mails by a mail server: one for each row, and what the rate holds back as one digest.

mod letter;
mod server;
mod smtp;

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use self::letter::{Format, Letter};
use self::server::Server;
use self::smtp::{Client, Mail, Refusal};
use super::receiver::delivery::{Delivery, Verdict};
use super::receiver::digest::{Alert, Courier, Digests};
use super::receiver::rows::Rows;
use super::receiver::{Defaults, Setup};
use super::{Sink, SinkContext};
use crate::metrics::Metrics;
use crate::record::Batch;
use crate::sql::plan::Table;

/// A server may let a newcomer wait for half a minute, and turn it away for the first five (grey
/// lists): 15 tries with pauses from 5 s on last for 6 to 11 min.
const DEFAULTS: Defaults = Defaults {
    timeout: Duration::from_secs(30),
    attempts: 15,
    first_pause: Duration::from_secs(5),
    rate: Some("20/1min"),
    // Most mail servers stand in one's own network.
    allow_private: true,
};

struct Email {
    format: Format,
    client: Client,
}

pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    let (server, setup, format) = parse(&table, zone)?;
    let client = server.client(&setup)?;
    let delivery = Delivery::open(&table, &server.url, setup, context, metrics)?;
    Ok(Box::new(Digests::new(Email { format, client }, delivery)))
}

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    parse(table, TimeZone::UTC).map(drop)
}

fn parse(table: &Table, zone: TimeZone) -> Result<(Server, Setup, Format), String> {
    let setup = Setup::parse(table, &DEFAULTS)?;
    let server = Server::parse(table, &setup)?;
    let format = Format::parse(table, Rows::new(table, zone)?)?;
    Ok((server, setup, format))
}

impl Courier for Email {
    type Message = Letter;

    fn alert(&self, batch: &Batch, row: usize) -> Alert {
        self.format.alert(batch, row)
    }

    fn message(&self, alerts: &[Alert]) -> Result<Letter, String> {
        self.format.letter(alerts)
    }

    /// Those who have it are not sent it again because others have not.
    fn attempt(&mut self, letter: &mut Letter) -> Result<Verdict, String> {
        let mail = Mail { from: self.format.sender(), to: &letter.to, data: &letter.data };
        let again = |reason: String| Verdict::Again { reason, wish: None };
        Ok(match self.client.send(&mail) {
            Ok(refused) => match letter.has_gone(refused) {
                Some(reason) => again(letter.reason(&reason)),
                None if letter.refused.is_empty() => Verdict::Delivered,
                None => Verdict::Never(letter.refused.join("; ")),
            },
            Err(Refusal::Reply(reply)) if reply.is_passing() => {
                again(letter.reason(&reply.to_string()))
            }
            Err(Refusal::Reply(reply)) => Verdict::Never(letter.reason(&reply.to_string())),
            Err(Refusal::Failure(failure)) => match Verdict::from(failure) {
                Verdict::Again { reason, .. } => again(letter.reason(&reason)),
                verdict => verdict,
            },
        })
    }
}
