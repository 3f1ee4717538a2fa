//! The formats `avro` and `avro-confluent`: one record in Avro's binary encoding, by the table's own
//! schema, or by one of a schema registry, whose id stands in front.

mod decode;
mod encode;
mod schema;
#[cfg(test)]
mod tests;
mod types;

use std::fmt;

use super::Side;
use crate::record::Field;

pub use decode::AvroDecoder;
pub use encode::AvroEncoder;

/// How to ask a registry.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryOptions {
    pub url: String,
    /// Under which a writer's schema is known; by default the topic's, for the side.
    pub subject: Option<String>,
    pub login: Option<Login>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// `user:password`.
    Basic(String),
    Bearer(String),
}

/// What is secret is not shown.
impl fmt::Debug for RegistryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryOptions").field("subject", &self.subject).finish_non_exhaustive()
    }
}

impl RegistryOptions {
    /// By the options of `avro-confluent`.
    pub fn of<'a>(option: impl Fn(&str) -> Option<&'a str>) -> Result<Self, String> {
        let find = |name: &str| option(&format!("avro-confluent.{name}")).map(str::to_owned);
        let url = find("url").ok_or(
            "the format 'avro-confluent' needs 'avro-confluent.url': where the schema registry is",
        )?;
        let login = match (find("basic-auth.user-info"), find("bearer-auth.token")) {
            (Some(_), Some(_)) => {
                return Err("'avro-confluent.basic-auth.user-info' and \
                            'avro-confluent.bearer-auth.token': one of them"
                    .into());
            }
            (Some(info), None) if !info.contains(':') => {
                return Err("'avro-confluent.basic-auth.user-info' is USER:PASSWORD".into());
            }
            (Some(info), None) => Some(Login::Basic(info)),
            (None, token) => token.map(Login::Bearer),
        };
        Ok(Self { url, subject: find("subject"), login })
    }

    /// The name under which a topic's schemas are known.
    pub fn subject(&self, topic: &str, side: Side) -> String {
        let side = if side == Side::Key { "key" } else { "value" };
        self.subject.clone().unwrap_or_else(|| format!("{topic}-{side}"))
    }
}

/// The schema of records of these columns, as JSON.
pub fn schema_of(fields: &[Field]) -> Result<String, String> {
    types::schema(fields).map(|schema| schema.to_string())
}
