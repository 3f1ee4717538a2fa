//! Answers and faults, and what a request asks for.

use std::sync::atomic::Ordering;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value as Json, json};

use super::{ApiState, path};
use crate::shard::query::QueryError;

pub type Answer = Response<Full<Bytes>>;

/// A status and what to tell the client.
#[derive(Debug)]
pub struct Fault {
    pub status: StatusCode,
    pub text: String,
}

impl Fault {
    pub fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    pub fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }

    pub fn unavailable(text: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text: text.into() }
    }

    pub fn answer(self) -> Answer {
        json_answer(self.status, &json!({"status": "error", "error": self.text}))
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable => {
                Self::unavailable("the workers did not answer in time or have stopped")
            }
        }
    }
}

pub fn json_answer(status: StatusCode, body: &Json) -> Answer {
    text_answer(status, "application/json", body.to_string())
}

pub fn text_answer(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl ApiState {
    /// Says which epoch the rows of an answer rest on. They are newer by what has come since; after
    /// a crash, until the replay has caught up, they may be older by as much.
    pub fn with_epoch(&self, mut answer: Answer) -> Answer {
        let epoch = self.epoch.load(Ordering::Acquire);
        answer.headers_mut().insert("pelton-epoch", HeaderValue::from(epoch));
        answer
    }
}

/// The query string, decoded.
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn parse(query: Option<&str>) -> Result<Self, Fault> {
        let mut pairs = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((path::decode(name)?, path::decode(value)?));
        }
        Ok(Self(pairs))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `?limit=`, 1 to `most`.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, Fault> {
        let Some(text) = self.get("limit") else { return Ok(default) };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| Fault::bad(format!("limit must be a number from 1 to {most}")))
    }
}
