//! What stands where dead letters are kept: letters, and receipts for those that were sent back.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::sink::kafka::CUT;

/// The headers that a dead letter ends with in a topic.
const OWN: [&str; 5] = ["topic", "partition", "offset", "timestamp", "reason"];
/// The header of a receipt in a topic.
pub const RECEIPT: &str = "pelton-receipt";

pub type Header = (String, Option<Vec<u8>>);

pub enum Entry {
    Letter(Letter),
    Receipt(Receipt),
    /// Neither.
    Strange,
}

/// A record that could not be used, or a row that a receiver would not have.
pub struct Letter {
    /// Partition and offset in the dead letters' topic, or -1 and the line of their file.
    pub kept: (i32, i64),
    /// When it became a dead letter, ms.
    pub time: i64,
    /// The topic or file that it was read from; a receiver's URL.
    pub source: String,
    /// `None` for a row of a sink, which came from nowhere.
    pub origin: Option<Origin>,
    pub reason: String,
    pub key: Option<Vec<u8>>,
    pub headers: Vec<Header>,
    pub value: Vec<u8>,
}

/// Where a record stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub partition: i32,
    pub offset: i64,
    /// ms, -1 where unknown.
    pub timestamp: i64,
}

/// Says which records were sent back.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub replayed: Vec<Returned>,
    pub to: Option<String>,
    pub time: String,
}

/// Records of one partition, from and to inclusive.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    pub source: String,
    pub partition: i32,
    pub offsets: Vec<(i64, i64)>,
}

impl Entry {
    /// A record of the dead letters' topic.
    pub fn of_record(
        kept: (i32, i64),
        time: i64,
        key: Option<&[u8]>,
        mut headers: Vec<Header>,
        value: &[u8],
    ) -> Self {
        if headers.first().is_some_and(|(name, _)| name == RECEIPT) {
            return serde_json::from_slice(value).map_or(Self::Strange, Self::Receipt);
        }
        let own = headers.split_off(headers.len().saturating_sub(OWN.len()));
        if !own.iter().map(|(name, _)| &**name).eq(OWN) {
            return Self::Strange;
        }
        let texts = own.into_iter().map(|(_, value)| String::from_utf8(value.unwrap_or_default()));
        let Ok(texts) = texts.collect::<Result<Vec<_>, _>>() else { return Self::Strange };
        let [source, partition, offset, timestamp, reason] = &texts[..] else {
            return Self::Strange;
        };
        let Some(origin) = origin(partition, offset, timestamp) else { return Self::Strange };
        Self::Letter(Letter {
            kept,
            time,
            source: source.clone(),
            origin: Some(origin),
            reason: reason.clone(),
            key: key.map(<[u8]>::to_vec),
            headers,
            value: value.to_vec(),
        })
    }

    /// A line of the dead letters' file.
    pub fn of_line(line: i64, text: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Json>(text) else { return Self::Strange };
        let entry = if json.get("replayed").is_some() {
            serde_json::from_value(json).ok().map(Self::Receipt)
        } else if json.get("row").is_some() {
            row(line, &json).map(Self::Letter)
        } else {
            record(line, &json).map(Self::Letter)
        };
        entry.unwrap_or(Self::Strange)
    }
}

fn origin(partition: &str, offset: &str, timestamp: &str) -> Option<Origin> {
    let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
    Some(Origin { partition, offset, timestamp: timestamp.parse().ok()? })
}

/// What the engine writes (`engine/dead_letters.rs`).
fn record(line: i64, json: &Json) -> Option<Letter> {
    let text = |name: &str| json[name].as_str();
    let bytes = |json: &Json| json.as_str().and_then(unhex);
    let header = |header: &Json| Some((header[0].as_str()?.to_owned(), bytes(&header[1])));
    Some(Letter {
        kept: (-1, line),
        time: time(json)?,
        source: text("source")?.to_owned(),
        origin: Some(origin(text("partition")?, text("offset")?, text("timestamp")?)?),
        reason: text("reason")?.to_owned(),
        key: bytes(&json["key"]),
        headers: json["headers"].as_array()?.iter().map(header).collect::<Option<_>>()?,
        value: unhex(text("hex")?)?,
    })
}

/// What a receiver's sink writes (`sink/receiver/dead_letter.rs`).
fn row(line: i64, json: &Json) -> Option<Letter> {
    Some(Letter {
        kept: (-1, line),
        time: time(json)?,
        source: json["url"].as_str()?.to_owned(),
        origin: None,
        reason: json["reason"].as_str()?.to_owned(),
        key: None,
        headers: Vec::new(),
        value: json["row"].to_string().into_bytes(),
    })
}

fn time(json: &Json) -> Option<i64> {
    let at: jiff::Timestamp = json["time"].as_str()?.parse().ok()?;
    Some(at.as_millisecond())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| (*byte as char).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Letter {
    /// Whether the topic that it is kept in takes no record as large as it was.
    pub fn is_cut(&self) -> bool {
        self.headers.first().is_some_and(|(name, _)| name == CUT)
    }

    /// As a line of a dead letters' file, and whether it was sent back.
    pub fn json(&self, replayed: bool) -> Json {
        let text = String::from_utf8_lossy(&self.value);
        let time = super::text::instant(self.time);
        let Some(origin) = self.origin else {
            return json!({"time": time, "url": self.source, "reason": self.reason, "row": text});
        };
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name, value.as_deref().map(hex))).collect();
        json!({
            "time": time, "source": self.source, "partition": origin.partition.to_string(),
            "offset": origin.offset.to_string(), "timestamp": origin.timestamp.to_string(),
            "reason": self.reason, "key": self.key.as_deref().map(hex), "headers": headers,
            "hex": hex(&self.value), "text": text, "was_replayed": replayed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(values: [&str; 5]) -> Vec<Header> {
        let header = |(name, value): (&str, &str)| (name.to_owned(), Some(value.into()));
        OWN.into_iter().zip(values).map(header).collect()
    }

    #[test]
    fn a_records_own_headers_are_told_from_ours() {
        let spoof = vec![("reason".to_owned(), Some(b"mine".to_vec())), ("x".into(), None)];
        let headers = [spoof.clone(), own(["t", "3", "7", "-1", "broken"])].concat();
        let Entry::Letter(letter) = Entry::of_record((0, 5), 9, None, headers, b"v") else {
            panic!("no letter")
        };
        assert_eq!((&*letter.source, &*letter.reason), ("t", "broken"));
        let origin = Origin { partition: 3, offset: 7, timestamp: -1 };
        assert_eq!((letter.origin, letter.headers), (Some(origin), spoof));
        for headers in
            [vec![], own(["t", "3", "x", "0", "r"]), own(["t", "3", "1", "0", "r"])[1..].to_vec()]
        {
            assert!(matches!(Entry::of_record((0, 0), 0, None, headers, b""), Entry::Strange));
        }
    }

    #[test]
    fn lines_come_back() {
        let letter = Letter {
            kept: (-1, 1),
            time: 1_700_000_000_123,
            source: "t".into(),
            origin: Some(Origin { partition: 1, offset: 2, timestamp: 3 }),
            reason: "r".into(),
            key: Some(vec![0, 255]),
            headers: vec![("h".into(), None), ("h".into(), Some(vec![10]))],
            value: vec![128, 27],
        };
        let line = letter.json(false).to_string();
        let Entry::Letter(back) = Entry::of_line(1, line.as_bytes()) else { panic!("{line}") };
        assert_eq!((back.time, back.key, back.headers), (letter.time, letter.key, letter.headers));
        assert_eq!((back.value, back.origin), (letter.value, letter.origin));
        for line in ["", "{}", "[1]", "{\"replayed\": 1}", "{\"row\": 1}", &line[1..]] {
            assert!(matches!(Entry::of_line(1, line.as_bytes()), Entry::Strange), "{line}");
        }
    }
}
