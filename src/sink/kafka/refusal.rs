//! What Kafka will not take, however often it is asked.

use rdkafka::error::RDKafkaErrorCode as Code;

/// Why a record was not handed to the client.
#[derive(Debug)]
pub enum Unsent {
    /// It is at fault itself: others may go.
    Record(String),
    Other(String),
}

impl Unsent {
    pub fn of(code: Option<Code>, reason: String) -> Self {
        match refusal(code) {
            Some(why) => Self::Record(format!("{reason}: {why}")),
            None => Self::Other(reason),
        }
    }
}

impl Unsent {
    pub fn into_text(self) -> String {
        match self {
            Self::Record(reason) | Self::Other(reason) => reason,
        }
    }
}

impl From<String> for Unsent {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

/// What to do about a record that is at fault itself.
pub fn refusal(code: Option<Code>) -> Option<&'static str> {
    match code? {
        Code::MessageSizeTooLarge => Some(
            "raise 'properties.message.max.bytes' of the table and the topic's 'max.message.bytes', \
             or write less",
        ),
        Code::InvalidRecord => Some("the topic takes no such records (a compacted one needs keys)"),
        _ => None,
    }
}

/// Whether a failed delivery would fail again after a restart.
pub fn refuses(code: Code) -> bool {
    refusal(Some(code)).is_some()
        || matches!(
            code,
            Code::TopicAuthorizationFailed | Code::InvalidTopic | Code::PolicyViolation
        )
}
