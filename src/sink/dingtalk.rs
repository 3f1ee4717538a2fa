//! Messages to a DingTalk robot, as Markdown. A robot takes so many in a minute and is shut out
//! for ten if there are more, so what the rate holds back goes out as one digest.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use url::Url;

use super::http::client::{Answer, Client, Outgoing, by_status};
use super::http::{self, receiver, signature};
use super::options::option;
use super::receiver::delivery::{Delivery, Verdict};
use super::receiver::digest::{Alert, Courier, Digests, cut, digest, title_line};
use super::receiver::rows::Rows;
use super::receiver::template::Template;
use super::receiver::{Defaults, Setup, secret, shown, template};
use super::{Sink, SinkContext};
use crate::metrics::Metrics;
use crate::record::Batch;
use crate::sql::plan::Table;

/// A robot takes no more than 20 messages in a minute.
const DEFAULTS: Defaults = Defaults { rate: Some("20/1min"), ..http::DEFAULTS };
/// `errcode` of a robot that was sent too many messages.
const TOO_MANY: i64 = 130_101;
/// Titles that a digest shows.
const TITLES: usize = 10;
/// DingTalk refuses messages of more than 20,000 bytes.
const TEXT_BYTES_MAX: usize = 16_000;

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
    client: Client,
}

pub fn open(
    table: Arc<Table>,
    zone: TimeZone,
    context: SinkContext,
    metrics: &Metrics,
) -> Result<Box<dyn Sink>, String> {
    let (url, setup, format) = parse(&table, zone)?;
    let client = Client::new(url.clone(), setup.timeout, setup.allow_private)?;
    let delivery = Delivery::open(&table, &url, setup, context, metrics)?;
    Ok(Box::new(Digests::new(DingTalk { table, format, client }, delivery)))
}

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    parse(table, TimeZone::UTC).map(drop)
}

fn parse(table: &Table, zone: TimeZone) -> Result<(Url, Setup, Format), String> {
    let rows = Rows::new(table, zone)?;
    let setup = Setup::parse(table, &DEFAULTS)?;
    let url = receiver(option(table, "url").unwrap_or_default(), setup.allow_private)?;
    let all: String = rows.names().map(|name| format!("- **{name}**: {{{name}}}\n")).collect();
    let title = template(table, "title", &table.name, &rows)?;
    let text = template(table, "template", &all, &rows)?;
    let secret = secret(table, "secret");
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let hidden = query.chain(secret.clone()).filter(|text| !text.is_empty()).collect();
    Ok((url, setup, Format { title, text, secret, hidden, rows }))
}

impl Courier for DingTalk {
    type Message = Bytes;

    fn alert(&self, batch: &Batch, row: usize) -> Alert {
        let Format { rows, title, text, .. } = &self.format;
        Alert {
            title: title.render(rows, batch, row),
            text: text.render(rows, batch, row),
            key: None,
            row: rows.object(batch, row),
        }
    }

    fn message(&self, alerts: &[Alert]) -> Result<Bytes, String> {
        Ok(match alerts {
            [alert] => markdown(&alert.title, &alert.text),
            alerts => digest_message(&self.table.name, alerts),
        })
    }

    fn attempt(&mut self, message: &mut Bytes) -> Result<Verdict, String> {
        let request = self.format.request(message.clone())?;
        Ok(self.client.attempt(request, |answer| self.format.judge(answer)))
    }
}

impl Format {
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
            Some(code) => {
                Verdict::Never(format!("errcode {code}: {}", shown(message, &self.hidden)))
            }
            None => Verdict::Again {
                reason: "what answers there is not DingTalk: no errcode".to_owned(),
                wish: answer.retry_after,
            },
        }
    }
}

fn markdown(title: &str, text: &str) -> Bytes {
    let (title, text) = (title_line(title), cut(text, TEXT_BYTES_MAX));
    let message = json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } });
    Bytes::from(message.to_string())
}

/// How many there are, and the first titles.
fn digest_message(table: &str, alerts: &[Alert]) -> Bytes {
    let (title, list) = digest(table, alerts, TITLES);
    markdown(&title, &format!("### {title}\n\n{list}"))
}

#[cfg(test)]
mod tests {
    use super::{Alert, TITLES, digest_message, markdown};
    use serde_json::Value;

    #[test]
    fn no_message_is_longer_than_dingtalk_takes() {
        let long = "\"用\n".repeat(50_000);
        assert!(markdown(&long, &long).len() < 40_000);
        let alert =
            |_| Alert { title: long.clone(), text: long.clone(), key: None, row: String::new() };
        let body = digest_message("t", &(0..1_000).map(alert).collect::<Vec<_>>());
        let message: Value = serde_json::from_slice(&body).unwrap();
        let text = message["markdown"]["text"].as_str().unwrap();
        assert!(text.len() < 4_000 && text.contains("990 more"), "{text}");
        assert_eq!(text.matches("- \"用").count(), TITLES);
    }
}
