//! The two requests of Kafka's protocol that reading needs: ApiVersions 0 and Fetch 10.
//!
//! Source: <https://kafka.apache.org/protocol>. Numbers are big-endian; a text or a list carries
//! its length in front, -1 for null. Fetch 10 is spoken by brokers since 2.1, and is the last one
//! that only a partition's leader answers: a follower may lag behind the offset that is asked for.

use std::ops::Range;

const FETCH: i16 = 1;
const FETCH_VERSION: i16 = 10;
const API_VERSIONS: i16 = 18;

/// What holds for every request of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub client_id: String,
    /// How long the broker may wait for the first byte.
    pub wait_ms: i32,
    pub min_bytes: i32,
    /// Of an answer in all. A record batch that is larger is sent whole all the same.
    pub max_bytes: i32,
    /// Leave out records of transactions that are open or were aborted.
    pub read_committed: bool,
}

/// One partition that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub partition: i32,
    pub offset: i64,
    pub max_bytes: i32,
}

/// A transaction that was aborted, and where its records begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aborted {
    pub producer: i64,
    pub first_offset: i64,
}

/// What an answer says of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub partition: i32,
    /// Kafka's error code; 0 = none.
    pub error: i16,
    /// The offset behind the last record that all replicas have.
    pub log_end: i64,
    /// The offset before which every transaction is decided.
    pub stable_end: i64,
    pub log_start: i64,
    pub aborted: Vec<Aborted>,
    /// Where the record batches lie in the answer; the last one may be cut off.
    pub records: Range<usize>,
}

/// Appends an ApiVersions request, its length in front.
pub fn api_versions(client_id: &str, out: &mut Vec<u8>) {
    framed(out, |out| header(API_VERSIONS, 0, 0, client_id, out));
}

/// Reads the answer to [`api_versions`]: refuses a broker that does not speak our Fetch.
pub fn check_versions(answer: &[u8]) -> Result<(), String> {
    let mut input = Input { bytes: answer, at: 0 };
    let found = (|| {
        input.i32()?;
        if input.i16()? != 0 {
            return None;
        }
        for _ in 0..input.i32()? {
            let (api, least, most) = (input.i16()?, input.i16()?, input.i16()?);
            if api == FETCH {
                return Some((least, most));
            }
        }
        None
    })();
    match found {
        Some((least, most)) if (least..=most).contains(&FETCH_VERSION) => Ok(()),
        Some((least, most)) => Err(format!(
            "the broker speaks Fetch {least} to {most}, and {FETCH_VERSION} is needed: Kafka 2.1 \
             or newer"
        )),
        None => Err("the broker does not say which requests it knows: is it Kafka?".into()),
    }
}

/// Appends a Fetch request, its length in front.
pub fn fetch(correlation: i32, limits: &Limits, topic: &str, wanted: &[Wanted], out: &mut Vec<u8>) {
    framed(out, |out| {
        header(FETCH, FETCH_VERSION, correlation, &limits.client_id, out);
        // A consumer is no replica.
        put_i32(-1, out);
        put_i32(limits.wait_ms, out);
        put_i32(limits.min_bytes, out);
        put_i32(limits.max_bytes, out);
        out.push(u8::from(limits.read_committed));
        // No fetch session: id 0, epoch -1.
        put_i32(0, out);
        put_i32(-1, out);
        put_i32(1, out);
        put_text(topic, out);
        put_i32(wanted.len() as i32, out);
        for Wanted { partition, offset, max_bytes } in wanted {
            put_i32(*partition, out);
            // The leader's epoch and the log start, which only replicas and sessions know.
            put_i32(-1, out);
            put_i64(*offset, out);
            put_i64(-1, out);
            put_i32(*max_bytes, out);
        }
        // No forgotten topics.
        put_i32(0, out);
    });
}

/// Reads the answer to [`fetch`]. An error of the answer as a whole is its Kafka code.
pub fn answers(answer: &[u8], correlation: i32) -> Result<Vec<Answer>, Refused> {
    let mut input = Input { bytes: answer, at: 0 };
    let cut = || Refused::Damaged;
    if input.i32().ok_or_else(cut)? != correlation {
        return Err(Refused::Damaged);
    }
    input.i32().ok_or_else(cut)?;
    let error = input.i16().ok_or_else(cut)?;
    if error != 0 {
        return Err(Refused::Code(error));
    }
    partitions(&mut input).ok_or_else(cut)
}

/// Why an answer is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not follow the protocol or answers something else.
    Damaged,
    /// Kafka's error code.
    Code(i16),
}

fn partitions(input: &mut Input<'_>) -> Option<Vec<Answer>> {
    let mut found = Vec::new();
    // The session.
    input.i32()?;
    for _ in 0..input.i32()? {
        let topic = input.i16()?;
        input.take(usize::try_from(topic).ok()?)?;
        for _ in 0..input.i32()? {
            let (partition, error) = (input.i32()?, input.i16()?);
            let (log_end, stable_end, log_start) = (input.i64()?, input.i64()?, input.i64()?);
            let mut aborted = Vec::new();
            for _ in 0..input.i32()? {
                aborted.push(Aborted { producer: input.i64()?, first_offset: input.i64()? });
            }
            let len = usize::try_from(input.i32()?.max(0)).ok()?;
            let from = input.at;
            input.take(len)?;
            let records = from..input.at;
            found.push(Answer {
                partition,
                error,
                log_end,
                stable_end,
                log_start,
                aborted,
                records,
            });
        }
    }
    Some(found)
}

/// Writes a request with its length in front.
fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    put_i32(0, out);
    write(out);
    let len = (out.len() - at - 4) as i32;
    out[at..at + 4].copy_from_slice(&len.to_be_bytes());
}

fn header(api: i16, version: i16, correlation: i32, client_id: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&api.to_be_bytes());
    out.extend_from_slice(&version.to_be_bytes());
    put_i32(correlation, out);
    put_text(client_id, out);
}

fn put_i32(value: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_i64(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as i16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Reads from the front; `None` where the bytes end too early.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn i16(&mut self) -> Option<i16> {
        self.number().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.number().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.number().map(i64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            client_id: "c".into(),
            wait_ms: 10,
            min_bytes: 1,
            max_bytes: 100,
            read_committed: true,
        }
    }

    /// An answer with one partition, as the protocol's tables say.
    fn answer(error: i16) -> Vec<u8> {
        let mut out = Vec::new();
        put_i32(7, &mut out);
        put_i32(0, &mut out);
        out.extend(error.to_be_bytes());
        put_i32(0, &mut out);
        put_i32(1, &mut out);
        put_text("t", &mut out);
        put_i32(1, &mut out);
        put_i32(3, &mut out);
        out.extend(0_i16.to_be_bytes());
        for offset in [30, 20, 10] {
            put_i64(offset, &mut out);
        }
        put_i32(1, &mut out);
        put_i64(99, &mut out);
        put_i64(12, &mut out);
        put_i32(5, &mut out);
        out.extend(b"batch");
        out
    }

    #[test]
    fn a_request_follows_the_layout() {
        let mut out = Vec::new();
        let wanted = [Wanted { partition: 3, offset: 5, max_bytes: 9 }];
        fetch(7, &limits(), "t", &wanted, &mut out);
        assert_eq!(out.len(), 4 + i32::from_be_bytes(out[..4].try_into().unwrap()) as usize);
        assert_eq!(out[4..8], [0, 1, 0, 10]);
        // header 11, body 29 to the topic, topic 7, partition 28, forgotten 4.
        assert_eq!(out.len(), 4 + 11 + 29 + 7 + 28 + 4);
    }

    #[test]
    fn an_answer_is_read() {
        let bytes = answer(0);
        let found = answers(&bytes, 7).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].log_end, found[0].stable_end, found[0].log_start), (30, 20, 10));
        assert_eq!(found[0].aborted, [Aborted { producer: 99, first_offset: 12 }]);
        assert_eq!(&bytes[found[0].records.clone()], b"batch");
        assert_eq!(answers(&bytes, 8), Err(Refused::Damaged));
        assert_eq!(answers(&answer(35), 7), Err(Refused::Code(35)));
    }

    #[test]
    fn a_damaged_answer_is_refused() {
        let bytes = answer(0);
        for len in 0..bytes.len() {
            assert_eq!(answers(&bytes[..len], 7), Err(Refused::Damaged), "{len}");
        }
        for at in 10..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0xff;
            // Whatever it says, what is said to be there is.
            for found in answers(&bad, 7).into_iter().flatten() {
                assert!(bad.get(found.records).is_some());
            }
        }
    }

    #[test]
    fn versions() {
        let answer = |error: i16, api: i16, most: i16| {
            let mut out = vec![0; 4];
            out.extend(error.to_be_bytes());
            put_i32(1, &mut out);
            [api, 4, most].iter().for_each(|number| out.extend(number.to_be_bytes()));
            out
        };
        assert_eq!(check_versions(&answer(0, 1, 10)), Ok(()));
        assert!(check_versions(&answer(0, 1, 9)).unwrap_err().contains("2.1 or newer"));
        assert!(check_versions(&answer(0, 2, 10)).is_err());
        assert!(check_versions(&answer(35, 1, 10)).is_err());
        assert!(check_versions(b"").is_err());
    }
}
