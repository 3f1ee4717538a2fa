//! The schema registry of `avro-confluent`: a schema by its id for those who read, an id for a
//! schema for those who write.
//!
//! Source: the REST interface of Confluent's registry, `GET /schemas/ids/{id}`,
//! `GET /subjects/{subject}/versions/{version}` for schemas that one refers to, and
//! `POST /subjects/{subject}/versions`, which others speak too.

mod learner;

use std::collections::HashSet;
use std::time::Duration;

use hyper::Method;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;

use crate::record::format::{Login, RegistryOptions};
use crate::sink::http::client::{Client, Outgoing};
use crate::sink::receiver::connection::Failure;

pub use learner::Learner;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer: schemas may be long.
const ANSWER_MAX: usize = 4 << 20;
/// Schemas that one refers to, and they to others: more is no one's record.
const REFERENCES_MAX: usize = 100;

/// Why the registry does not give what it was asked for.
pub enum Trouble {
    /// It may the next time.
    Passing(String),
    /// It never will.
    Refused(String),
}

pub struct Registry {
    base: Url,
    headers: HeaderMap,
}

impl Registry {
    pub fn new(options: &RegistryOptions) -> Result<Self, String> {
        // The text may hold a password.
        let base = Url::parse(&options.url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && !url.cannot_be_a_base()
        });
        let base = base.ok_or("'avro-confluent.url' is no URL of http or https")?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, MEDIA_TYPE);
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        let of_url = || {
            let plain = |text: &str| {
                percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
            };
            let password = base.password().unwrap_or_default();
            (!base.username().is_empty())
                .then(|| Login::Basic(format!("{}:{}", plain(base.username()), plain(password))))
        };
        if let Some(login) = options.login.clone().or_else(of_url) {
            let value = match login {
                Login::Basic(info) => {
                    format!("Basic {}", openssl::base64::encode_block(info.as_bytes()))
                }
                Login::Bearer(token) => format!("Bearer {token}"),
            };
            let value = HeaderValue::from_str(&value);
            let mut value = value.map_err(|_| "the registry's login cannot be sent")?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { base, headers })
    }

    /// The text of a schema, behind those of the schemas that it refers to: each name is declared
    /// before it is used.
    pub fn schema(&self, id: u32) -> Result<Vec<String>, Trouble> {
        let answer = self.ask(Method::GET, &["schemas", "ids", &id.to_string()], None)?;
        let mut texts = Vec::new();
        self.gather(&answer, &mut HashSet::new(), &mut texts)?;
        Ok(texts)
    }

    /// Adds the text of an answer behind those that it refers to and that are not `known` yet.
    fn gather(
        &self,
        answer: &Value,
        known: &mut HashSet<String>,
        texts: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        if let Some(kind) = answer["schemaType"].as_str().filter(|kind| *kind != "AVRO") {
            return Err(Trouble::Refused(format!("it is of {kind}, not of AVRO")));
        }
        let text = answer["schema"].as_str();
        let text = text.ok_or_else(|| Trouble::Passing("an answer without 'schema'".into()))?;
        for reference in answer["references"].as_array().into_iter().flatten() {
            let (subject, version) = (reference["subject"].as_str(), reference["version"].as_u64());
            let (Some(subject), Some(version)) = (subject, version) else {
                return Err(Trouble::Passing("a reference without subject and version".into()));
            };
            // Also what ends a circle.
            if !known.insert(format!("{subject} {version}")) {
                continue;
            }
            if known.len() > REFERENCES_MAX {
                return Err(Trouble::Refused(format!("it refers to more than {REFERENCES_MAX}")));
            }
            let name = encoded(subject);
            let path = ["subjects", &name, "versions", &version.to_string()];
            let answer = self.ask(Method::GET, &path, None).map_err(|trouble| match trouble {
                Trouble::Refused(reason) => {
                    Trouble::Refused(format!("it refers to '{subject}' {version}: {reason}"))
                }
                passing => passing,
            })?;
            self.gather(&answer, known, texts)?;
        }
        texts.push(text.to_owned());
        Ok(())
    }

    /// The id of a schema under a subject, which takes it in if it is new.
    pub fn register(&self, subject: &str, schema: &str) -> Result<u32, Trouble> {
        let subject = encoded(subject);
        let body = json!({ "schema": schema }).to_string();
        let answer = self.ask(Method::POST, &["subjects", &subject, "versions"], Some(body))?;
        let id = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| Trouble::Passing("an answer without 'id'".into()))
    }

    fn ask(&self, method: Method, path: &[&str], body: Option<String>) -> Result<Value, Trouble> {
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.join("/")));
        // One the user names is theirs, wherever it is.
        let client = Client::new(url, TIMEOUT, true).map_err(Trouble::Refused)?;
        let outgoing = Outgoing {
            method,
            query: Vec::new(),
            headers: self.headers.clone(),
            body: body.unwrap_or_default().into(),
        };
        let answer = match client.reading(ANSWER_MAX).send(outgoing) {
            Ok(answer) => answer,
            Err(Failure::Passing(reason)) => return Err(Trouble::Passing(reason)),
            Err(Failure::Forbidden(reason)) => return Err(Trouble::Refused(reason)),
        };
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(json);
        }
        let message = json["message"].as_str().unwrap_or_default();
        let reason = format!("the registry answers {}: {message}", answer.status.as_u16());
        // Of a login that is wrong, or a limit, others than this job can make an end.
        Err(match answer.status.as_u16() {
            404 | 409 | 422 => Trouble::Refused(reason),
            _ => Trouble::Passing(reason),
        })
    }
}

/// A subject as a part of a path.
fn encoded(subject: &str) -> String {
    utf8_percent_encode(subject, NON_ALPHANUMERIC).to_string()
}
