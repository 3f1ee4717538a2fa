//! Alerts as e-mails. No value can become a header, a command or a message of its own: a subject
//! is one line, and a body is encoded.

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, Message, MessageBuilder, header};
use openssl::error::ErrorStack;
use openssl::sha::Sha256;

use super::smtp::Reply;
use crate::record::Batch;
use crate::sink::options::option;
use crate::sink::receiver::digest::{Alert, digest, title_line};
use crate::sink::receiver::rows::Rows;
use crate::sink::receiver::template;
use crate::sink::receiver::template::Template;
use crate::sql::plan::Table;

/// So that nobody's note of absence answers (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// How rows become e-mails.
pub struct Format {
    table: String,
    rows: Rows,
    subject: Template,
    body: Template,
    key: Option<usize>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// An e-mail and what has become of it so far.
pub struct Letter {
    pub data: Vec<u8>,
    /// Who does not have it yet.
    pub to: Vec<String>,
    /// What was said of those who will never have it.
    pub refused: Vec<String>,
}

impl Format {
    pub fn parse(table: &Table, rows: Rows) -> Result<Self, String> {
        let all: String = rows.names().map(|name| format!("{name}: {{{name}}}\n")).collect();
        let key = option(table, "idempotency-key").map(|name| rows.column(name)).transpose();
        let from = mailboxes(option(table, "from").unwrap_or_default());
        let to = mailboxes(option(table, "to").unwrap_or_default());
        let mut from = from.map_err(|error| format!("'from': {error}"))?;
        let Some(sender) = from.pop().filter(|_| from.is_empty()) else {
            return Err("'from' names more than one address".to_owned());
        };
        Ok(Self {
            table: table.name.to_string(),
            subject: template(table, "subject", &table.name, &rows)?,
            body: template(table, "body", &all, &rows)?,
            key: key.map_err(|error| format!("'idempotency-key': {error}"))?,
            from: sender,
            to: to.map_err(|error| format!("'to': {error}"))?,
            rows,
        })
    }

    pub fn sender(&self) -> &str {
        self.from.email.as_ref()
    }

    pub fn alert(&self, batch: &Batch, row: usize) -> Alert {
        Alert {
            title: one_line(&self.subject.render(&self.rows, batch, row)),
            text: self.body.render(&self.rows, batch, row),
            key: self.key.and_then(|column| self.rows.text(batch, row, column)),
            row: self.rows.object(batch, row),
        }
    }

    /// Of one alert, or of several with all their subjects.
    pub fn letter(&self, alerts: &[Alert]) -> Result<Letter, String> {
        let (subject, body) = match alerts {
            [alert] => (title_line(&alert.title), alert.text.clone()),
            alerts => digest(&self.table, alerts, alerts.len()),
        };
        let id = self.message_id(alerts).map_err(|error| format!("cannot make an id: {error}"))?;
        let head = MessageBuilder::new()
            .from(self.from.clone())
            .mailbox(header::To::from(Mailboxes::from(self.to.clone())))
            .subject(subject)
            .date_now()
            .message_id(Some(id))
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
            .header(header::MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            // Whatever the text holds becomes short lines of visible ASCII.
            .header(ContentTransferEncoding::QuotedPrintable);
        let message: Message =
            head.body(body).map_err(|error| format!("cannot make an e-mail: {error}"))?;
        let to = self.to.iter().map(|to| to.email.to_string()).collect();
        Ok(Letter { data: message.formatted(), to, refused: Vec::new() })
    }

    /// The same for the same keys, so that a repetition can be told; else one that is nobody's.
    fn message_id(&self, alerts: &[Alert]) -> Result<String, ErrorStack> {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        add(&self.table);
        match alerts.iter().map(|alert| alert.key.as_deref()).collect::<Option<Vec<_>>>() {
            Some(keys) => keys.into_iter().for_each(add),
            None => {
                let mut bytes = [0; 32];
                openssl::rand::rand_bytes(&mut bytes)?;
                hash.update(&bytes);
            }
        }
        let name: String = hash.finish()[..20].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("<{name}@{}>", self.from.email.domain()))
    }
}

impl Letter {
    /// Takes down that all but those have it now; `None` where nobody is left to try again.
    pub fn has_gone(&mut self, refused: Vec<(usize, Reply)>) -> Option<String> {
        let (mut left, mut reasons) = (Vec::new(), Vec::new());
        for (at, reply) in refused {
            let to = self.to[at].clone();
            let reason = format!("to {to}: {reply}");
            if reply.is_passing() {
                left.push(to);
                reasons.push(reason);
            } else {
                self.refused.push(reason);
            }
        }
        self.to = left;
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// A reason with what was said before of others.
    pub fn reason(&self, last: &str) -> String {
        let all: Vec<&str> = self.refused.iter().map(String::as_str).chain([last]).collect();
        all.join("; ")
    }
}

/// `a@example.com, "Ops, at night" <b@example.com>`, at least one.
fn mailboxes(text: &str) -> Result<Vec<Mailbox>, String> {
    if text.contains(char::is_control) {
        return Err("holds a line break or another control character".to_owned());
    }
    let mut quoted = false;
    let mut separates = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    text.split(&mut separates).map(|entry| mailbox(entry.trim())).collect()
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    let fault =
        || format!("'{text}' is not an address like ops@example.com or Ops <ops@example.com>");
    let mailbox: Mailbox = text.parse().map_err(|_| fault())?;
    let address: &str = mailbox.email.as_ref();
    if !address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>')) {
        return Err(format!("'{text}' is not in ASCII: write the domain as xn--…"));
    }
    // The parser is content with an address at the beginning.
    let whole = text.strip_suffix('>').unwrap_or(text).trim_end().ends_with(address);
    if whole { Ok(mailbox) } else { Err(fault()) }
}

/// Control characters, line ends among them, as spaces.
fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::{mailboxes, one_line};

    #[test]
    fn addresses() {
        let read = |text: &str| -> Result<Vec<String>, String> {
            mailboxes(text).map(|all| all.iter().map(|to| to.email.to_string()).collect())
        };
        let good = [
            ("a@x.org", vec!["a@x.org"]),
            (" a@x.org ,b@y.org", vec!["a@x.org", "b@y.org"]),
            ("Ops <a@x.org>, \"Night, late\" <b@y.org>", vec!["a@x.org", "b@y.org"]),
            ("值班 <a+b@x.org>", vec!["a+b@x.org"]),
        ];
        for (text, wanted) in good {
            assert_eq!(read(text).unwrap(), wanted, "{text}");
        }
        let bad = [
            "",
            "ops",
            "a@x.org,",
            "a@x.org; b@y.org",
            "a@x.org b@y.org",
            "<a@x.org",
            "a@x.org>\r\nRCPT TO:<b@y.org",
            "a@x.org\nBcc: b@y.org",
            "a@例子.org",
            "\"a b\"@x.org",
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn subjects_are_one_line() {
        assert_eq!(one_line("a\r\nBcc: b\tc\n\u{0}用\u{85}户"), "a Bcc: b c  用 户");
    }
}
