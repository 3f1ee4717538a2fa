//! Messages to a DingTalk robot, as Markdown. A robot takes so many in a minute and is shut out
//! for ten if there are more, so what the rate holds back goes out as one digest.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::http::client::{Answer, Outgoing};
use super::http::delivery::{Delivery, Outcome, Verdict, by_status};
use super::http::rows::Rows;
use super::http::template::Template;
use super::http::{Setup, dead_letter_counter, secret, signature};
use super::options::option;
use super::{Sink, SinkContext};
use crate::metrics::Metrics;
use crate::record::{Batch, ChangeKind};
use crate::sql::plan::Table;

/// What a robot takes.
const RATE: &str = "20/1min";
/// `errcode` of a robot that was sent too many messages.
const TOO_MANY: i64 = 130_101;
/// Rows of a digest at most.
const HELD_MAX: usize = 1_000;
/// Titles that a digest shows.
const TITLES: usize = 10;
/// DingTalk refuses messages of more than 20,000 bytes.
const TEXT_BYTES_MAX: usize = 16_000;
const TITLE_BYTES_MAX: usize = 200;

struct Alert {
    title: String,
    text: String,
    /// The row, for the dead letters.
    row: String,
}

/// How rows become messages.
struct Format {
    rows: Rows,
    title: Template,
    text: Template,
    /// Signs the time.
    secret: Option<String>,
    /// What no message may show.
    hidden: Vec<String>,
}

struct DingTalk {
    table: Arc<Table>,
    format: Format,
    delivery: Delivery,
    /// Not yet sent, oldest first.
    held: Vec<Alert>,
}

pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    let (setup, format) = parse(&table, zone)?;
    let counter = dead_letter_counter(&table, metrics);
    let delivery = Delivery::open(&table.name, setup, context, counter)?;
    Ok(Box::new(DingTalk { table, format, delivery, held: Vec::new() }))
}

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    parse(table, TimeZone::UTC).map(drop)
}

fn parse(table: &Table, zone: TimeZone) -> Result<(Setup, Format), String> {
    let rows = Rows::new(table, zone)?;
    let setup = Setup::parse(table, Some(RATE))?;
    let all: String = rows.names().map(|name| format!("- **{name}**: {{{name}}}\n")).collect();
    let template = |name: &str, default: &str| {
        let text = option(table, name).unwrap_or(default);
        Template::plain(text, &rows).map_err(|error| format!("'{name}': {error}"))
    };
    let (title, text) = (template("title", &table.name)?, template("template", &all)?);
    let secret = secret(table);
    let query = setup.url.query_pairs().map(|(_, value)| value.into_owned());
    let hidden = query.chain(secret.clone()).filter(|text| !text.is_empty()).collect();
    Ok((setup, Format { title, text, secret, hidden, rows }))
}

impl Sink for DingTalk {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            if batch.kind(row) != ChangeKind::Insert {
                return Err("a dingtalk table takes no updates".into());
            }
            self.held.push(self.format.alert(batch, row));
            let alone = self.held.len() == 1 && self.delivery.is_ready();
            if alone || self.held.len() >= HELD_MAX {
                self.send()?;
            }
        }
        if !self.held.is_empty() && self.delivery.is_ready() { self.send() } else { Ok(()) }
    }

    /// What comes while this waits for its turn is in the sink's queue, and so in the next digest.
    fn flush(&mut self) -> Result<(), String> {
        while !self.held.is_empty() {
            self.send()?;
        }
        self.delivery.flush()
    }
}

impl DingTalk {
    /// All that is held, in one message. Where the robot has had too many it is held on.
    fn send(&mut self) -> Result<(), String> {
        let body = match &self.held[..] {
            [alert] => markdown(&alert.title, &alert.text),
            alerts => digest(&self.table.name, alerts),
        };
        let format = &self.format;
        let rows: Vec<String> = self.held.iter().map(|alert| alert.row.clone()).collect();
        let make = || format.request(body.clone());
        let judge = |answer: &Answer| format.judge(answer);
        if self.delivery.deliver(&rows, &make, &judge)? == Outcome::Settled {
            self.held.clear();
        }
        Ok(())
    }
}

impl Format {
    fn alert(&self, batch: &Batch, row: usize) -> Alert {
        Alert {
            title: self.title.render(&self.rows, batch, row),
            text: self.text.render(&self.rows, batch, row),
            row: self.rows.object(batch, row),
        }
    }

    /// A signature is good for an hour, so each try has its own.
    fn request(&self, body: Bytes) -> Result<Outgoing, String> {
        let mut query = Vec::new();
        if let Some(secret) = &self.secret {
            let now_ms = UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
            query.push(("timestamp", now_ms.to_string()));
            query.push(("sign", signature::of_time(secret, now_ms)?));
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Outgoing { method: Method::POST, query, headers, body })
    }

    /// DingTalk says what is wrong in the body of an answer with status 200.
    fn judge(&self, answer: &Answer) -> Verdict {
        match by_status(answer) {
            Verdict::Delivered => {}
            verdict => return verdict,
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let message = body["errmsg"].as_str().unwrap_or_default();
        match body["errcode"].as_i64() {
            Some(0) => Verdict::Delivered,
            Some(code @ TOO_MANY) => Verdict::TooMany(format!("errcode {code}: too many messages")),
            Some(code) => Verdict::Never(format!("errcode {code}: {}", self.shown(message))),
            None => Verdict::Again {
                reason: "what answers there is not DingTalk: no errcode".to_owned(),
                wish: answer.retry_after,
            },
        }
    }

    /// The receiver's words without secrets and control characters.
    fn shown(&self, message: &str) -> String {
        let hide = |text: String, secret: &String| text.replace(secret, "***");
        let text = self.hidden.iter().fold(message.to_owned(), hide);
        text.chars().take(200).collect::<String>().escape_debug().to_string()
    }
}

fn markdown(title: &str, text: &str) -> Bytes {
    let (title, text) = (cut(first_line(title), TITLE_BYTES_MAX), cut(text, TEXT_BYTES_MAX));
    let message = json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } });
    Bytes::from(message.to_string())
}

/// How many there are, and the first titles.
fn digest(table: &str, alerts: &[Alert]) -> Bytes {
    let title = format!("{} × {table}", alerts.len());
    let shown = alerts.iter().take(TITLES);
    let line = |alert: &Alert| format!("- {}\n", cut(first_line(&alert.title), TITLE_BYTES_MAX));
    let mut text = format!("### {title}\n\n{}", shown.map(line).collect::<String>());
    if alerts.len() > TITLES {
        text.push_str(&format!("- … {} more\n", alerts.len() - TITLES));
    }
    markdown(&title, &text)
}

fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default()
}

/// At most so many bytes, with a sign where something is missing.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{Alert, TITLES, cut, digest, markdown};
    use serde_json::Value;

    #[test]
    fn cuts_keep_characters_whole() {
        assert_eq!(cut("用户", 6), "用户");
        assert_eq!(cut("用户s", 5), "用…");
        assert_eq!(cut("用户", 2), "…");
    }

    #[test]
    fn no_message_is_longer_than_dingtalk_takes() {
        let long = "\"用\n".repeat(50_000);
        assert!(markdown(&long, &long).len() < 40_000);
        let alert = |_| Alert { title: long.clone(), text: long.clone(), row: String::new() };
        let body = digest("t", &(0..1_000).map(alert).collect::<Vec<_>>());
        let message: Value = serde_json::from_slice(&body).unwrap();
        let text = message["markdown"]["text"].as_str().unwrap();
        assert!(text.len() < 4_000 && text.contains("990 more"), "{text}");
        assert_eq!(text.matches("- \"用").count(), TITLES);
    }
}
