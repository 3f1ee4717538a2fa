//! A request for each row, to any receiver over HTTP.

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use jiff::tz::TimeZone;
use url::Url;

use super::http::client::{Answer, Client, Outgoing, by_status};
use super::http::{DEFAULTS, receiver, signature};
use super::options::option;
use super::receiver::delivery::{Delivery, Verdict};
use super::receiver::rows::Rows;
use super::receiver::template::Template;
use super::receiver::{Setup, secret};
use super::{Sink, SinkContext};
use crate::metrics::Metrics;
use crate::record::{Batch, ChangeKind};
use crate::sql::plan::Table;

const SIGNATURE: HeaderName = HeaderName::from_static("x-pelton-signature");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Headers that say how the message is framed: not the user's to set.
const RESERVED: [&str; 7] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "upgrade",
    "x-pelton-signature",
];

/// How a row becomes a request.
struct Format {
    rows: Rows,
    method: Method,
    headers: HeaderMap,
    template: Option<Template>,
    secret: Option<String>,
    idempotency_key: Option<usize>,
    success: Option<BodyCheck>,
}

struct Webhook {
    format: Format,
    client: Client,
    delivery: Delivery,
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
    Ok(Box::new(Webhook { format, client, delivery }))
}

/// What is wrong with a table's options, without asking anybody.
pub fn check(table: &Table) -> Result<(), String> {
    parse(table, TimeZone::UTC).map(drop)
}

fn parse(table: &Table, zone: TimeZone) -> Result<(Url, Setup, Format), String> {
    let rows = Rows::new(table, zone)?;
    let setup = Setup::parse(table, &DEFAULTS)?;
    let url = receiver(option(table, "url").unwrap_or_default(), setup.allow_private)?;
    let method = match option(table, "method") {
        None | Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some(other) => return Err(format!("'method' = '{other}': write 'POST' or 'PUT'")),
    };
    let template = option(table, "template").map(|text| Template::json(text, &rows)).transpose();
    let key = option(table, "idempotency-key").map(|name| rows.column(name)).transpose();
    let success = option(table, "success-body").map(BodyCheck::parse).transpose();
    let format = Format {
        method,
        headers: headers(table)?,
        template: template.map_err(|error| format!("'template': {error}"))?,
        secret: secret(table, "secret"),
        idempotency_key: key.map_err(|error| format!("'idempotency-key': {error}"))?,
        success: success.map_err(|error| format!("'success-body': {error}"))?,
        rows,
    };
    Ok((url, setup, format))
}

/// Those of `headers.NAME`. No error quotes a value: it may be a password.
fn headers(table: &Table) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let agent = HeaderValue::from_static(concat!("pelton/", env!("CARGO_PKG_VERSION")));
    headers.insert(USER_AGENT, agent);
    for (option, value) in &table.options {
        let Some(name) = option.strip_prefix("headers.") else { continue };
        let header: HeaderName =
            name.parse().map_err(|_| format!("'{option}': '{name}' is no name of a header"))?;
        if RESERVED.contains(&header.as_str()) {
            return Err(format!("'{option}': this header is set by the sink"));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("'{option}' holds what a header cannot"))?;
        headers.insert(header, value);
    }
    Ok(headers)
}

impl Sink for Webhook {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        for row in batch.row_ids() {
            if batch.kind(row) != ChangeKind::Insert {
                return Err("a webhook table takes no updates".into());
            }
            let (format, object) = (&self.format, self.format.rows.object(batch, row));
            let (headers, body) = format.message(batch, row, &object)?;
            let client = &mut self.client;
            let mut attempt = || {
                let (method, headers, body) =
                    (format.method.clone(), headers.clone(), body.clone());
                let outgoing = Outgoing { method, query: Vec::new(), headers, body };
                Ok(client.attempt(outgoing, |answer| format.judge(answer)))
            };
            self.delivery.deliver(&[object], &mut attempt)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.delivery.flush()
    }
}

impl Format {
    fn message(
        &self,
        batch: &Batch,
        row: usize,
        object: &str,
    ) -> Result<(HeaderMap, Bytes), String> {
        let body = match &self.template {
            Some(template) => template.render(&self.rows, batch, row),
            None => object.to_owned(),
        };
        let mut headers = self.headers.clone();
        if let Some(secret) = &self.secret {
            let signature = signature::of_body(secret, body.as_bytes())?;
            headers.insert(SIGNATURE, HeaderValue::from_str(&signature).map_err(told)?);
        }
        let key = self.idempotency_key.and_then(|column| self.rows.text(batch, row, column));
        if let Some(key) = key {
            let key = HeaderValue::from_str(&header_text(&key)).map_err(told)?;
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        Ok((headers, Bytes::from(body)))
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        match (by_status(answer), &self.success) {
            (Verdict::Delivered, Some(check)) if !check.holds(&answer.body) => Verdict::Again {
                reason: format!(
                    "answered {}, but its body is not what 'success-body' asks for",
                    answer.status.as_u16()
                ),
                wish: answer.retry_after,
            },
            (verdict, _) => verdict,
        }
    }
}

fn told(error: hyper::header::InvalidHeaderValue) -> String {
    format!("cannot make a header: {error}")
}

/// Text as a header may hold it: percent-encoded but for visible ASCII, so that two keys never
/// become one.
fn header_text(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'!'..=b'~' if byte != b'%' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// `field=value`: what stands in the answer's body where it is a success. `field` is a path
/// like `result.code` or `items.0.state`.
struct BodyCheck {
    path: Vec<String>,
    value: String,
}

impl BodyCheck {
    fn parse(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').unwrap_or_default();
        let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(format!("'{text}' is not of the form 'field=value'"));
        }
        Ok(Self { path, value: value.trim().to_owned() })
    }

    fn holds(&self, body: &[u8]) -> bool {
        let parsed = serde_json::from_slice::<serde_json::Value>(body);
        let mut at = parsed.as_ref().ok();
        for step in &self.path {
            at = at.and_then(|value| match value {
                serde_json::Value::Array(values) => values.get(step.parse::<usize>().ok()?),
                value => value.get(step),
            });
        }
        let found = at.map(|value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        found.is_some_and(|found| found == self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyCheck, header_text};

    #[test]
    fn body_checks() {
        let holds = |check: &str, body: &str| {
            BodyCheck::parse(check).map(|check| check.holds(body.as_bytes()))
        };
        let body = r#"{"errcode":0,"ok":true,"a":{"b":[{"c":"x=y"}]},"none":null}"#;
        for good in ["errcode=0", "ok = true", "a.b.0.c=x=y", "none=null"] {
            assert_eq!(holds(good, body), Ok(true), "{good}");
        }
        for bad in ["errcode=1", "errcodes=0", "a.b.1.c=x=y", "a.b.c=x", "a.c=null"] {
            assert_eq!(holds(bad, body), Ok(false), "{bad}");
        }
        assert_eq!(holds("errcode=0", "<html>"), Ok(false));
        assert!(holds("errcode", body).is_err() && holds("=0", body).is_err());
        assert!(holds("a..b=0", body).is_err());
    }

    #[test]
    fn keys_as_headers() {
        assert_eq!(header_text("rule-1:user_9/3"), "rule-1:user_9/3");
        assert_eq!(header_text("a b%\r\n用"), "a%20b%25%0D%0A%E7%94%A8");
    }
}
