//! Record batches as brokers store them (version 2), read record by record.
//!
//! Source: <https://kafka.apache.org/documentation/#recordbatch>. Only that version: brokers have
//! written it since 0.11.

use std::collections::HashSet;

use super::compression::{Pieces, Refused, Unpacked};
use super::wire::Aborted;
use crate::record::TimestampType;
use crate::record::headers::{range, varint};

/// Bytes of a batch before its records.
const HEADER: usize = 61;
/// What stands before the part that a batch's length counts.
const LENGTH_END: usize = 12;
/// Where the part begins that the checksum covers.
const CHECKED: usize = 21;
const VERSION: u8 = 2;

const MALFORMED: &str = "a record batch holds something else than its records";

const CODEC: i16 = 0b111;
const APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// What the header of a batch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    base_offset: i64,
    last_offset: i64,
    /// The whole batch, header included.
    len: usize,
    attributes: i16,
    base_timestamp: i64,
    max_timestamp: i64,
    producer: i64,
    count: i32,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn long(bytes: &[u8], at: usize) -> Option<i64> {
    number(bytes, at).map(i64::from_be_bytes)
}

fn int(bytes: &[u8], at: usize) -> Option<i32> {
    number(bytes, at).map(i32::from_be_bytes)
}

/// Length of the batch at the front and the offset behind its last record; `None` where it is cut
/// off, as the last one of an answer may be.
pub fn whole_batch(bytes: &[u8]) -> Option<(usize, i64)> {
    let len = usize::try_from(int(bytes, 8)?).ok()?.checked_add(LENGTH_END)?;
    if len < HEADER || bytes.len() < len {
        return None;
    }
    let last = long(bytes, 0)?.checked_add(i64::from(int(bytes, 23)?))?;
    Some((len, last.checked_add(1)?))
}

fn header(bytes: &[u8]) -> Option<Header> {
    let (len, next) = whole_batch(bytes)?;
    Some(Header {
        base_offset: long(bytes, 0)?,
        last_offset: next - 1,
        len,
        attributes: number(bytes, CHECKED).map(i16::from_be_bytes)?,
        base_timestamp: long(bytes, 27)?,
        max_timestamp: long(bytes, 35)?,
        producer: long(bytes, 43)?,
        count: int(bytes, 57)?,
    })
}

/// A record, borrowed from the batch it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub offset: i64,
    /// ms since the epoch.
    pub timestamp: i64,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub timestamp_type: TimestampType,
    /// Empty where there are none.
    pub headers: &'a [u8],
}

/// How far reading goes in what is unpacked of a large batch before what was read is let go.
const LET_GO: usize = 8 << 20;

fn told(refused: Refused) -> String {
    match refused {
        Refused::Damaged(reason) => reason,
        Refused::TooLarge => "a record, or a block of snappy, of more than 256 MiB. To go on behind its batch, start \
             with another --state-dir and 'scan.startup.mode' = 'specific-offsets'"
            .into(),
    }
}

impl Record<'_> {
    /// Bytes of its key, value and headers.
    pub fn len(&self) -> usize {
        let parts = [self.key, self.value, Some(self.headers)];
        parts.into_iter().flatten().map(<[u8]>::len).sum()
    }
}

/// The records of one batch after another. Its memory is used again.
#[derive(Debug, Default)]
pub struct Batches {
    /// The batch that is being read, unpacked: of a large one a part.
    records: Unpacked,
    /// The rest of a large one.
    pieces: Option<Pieces>,
    at: usize,
    left: i32,
    base_offset: i64,
    last_offset: i64,
    base_timestamp: i64,
    append_time: Option<i64>,
    transactions: Transactions,
}

impl Batches {
    /// Takes memory to unpack into, unless there is some.
    pub fn use_spare(&mut self, spare: &mut Vec<Unpacked>) {
        if self.records.room() == 0 {
            self.records = spare.pop().unwrap_or_default();
        }
    }

    /// Gives the memory back once its batch is read; what would make it more than `max` bytes goes.
    pub fn give_back(&mut self, spare: &mut Vec<Unpacked>, max: usize) {
        if self.has_more() {
            return;
        }
        self.pieces = None;
        let records = std::mem::take(&mut self.records);
        let kept: usize = spare.iter().map(Unpacked::room).sum();
        if records.room() > 0 && kept + records.room() <= max {
            spare.push(records);
        }
    }

    /// An answer begins: what it says of aborted transactions holds for its batches.
    pub fn begin(&mut self, aborted: Vec<Aborted>) {
        self.transactions = Transactions::new(aborted);
    }

    /// Opens the batch at the front of `bytes`, which must be whole, and returns its length. A
    /// control batch and one of an aborted transaction have no records.
    pub fn open(&mut self, bytes: &[u8], read_committed: bool) -> Result<usize, String> {
        (self.left, self.pieces) = (0, None);
        // Its place is the same in all versions.
        if let Some(version) = bytes.get(16).filter(|version| **version != VERSION) {
            return Err(format!("a record batch of version {version}, not {VERSION}"));
        }
        let header = header(bytes).ok_or("a record batch is cut off")?;
        let batch = &bytes[..header.len];
        let sum = u32::from_be_bytes(number(batch, 17).unwrap_or_default());
        if crc32c::crc32c(&batch[CHECKED..]) != sum {
            return Err("a record batch is damaged (checksum)".into());
        }
        self.transactions.reach(header.last_offset);
        if header.attributes & CONTROL != 0 {
            self.transactions.decided(header.producer);
            return Ok(header.len);
        }
        let transactional = header.attributes & TRANSACTIONAL != 0;
        if read_committed && transactional && self.transactions.aborts(header.producer) {
            return Ok(header.len);
        }
        let codec = (header.attributes & CODEC) as u8;
        self.fill(codec, &batch[HEADER..]).map_err(told)?;
        // Of fewer than there are, the rest would be passed over without a word.
        if header.count < i32::from(!self.records.is_empty()) {
            return Err(MALFORMED.into());
        }
        self.left = header.count;
        self.base_offset = header.base_offset;
        self.last_offset = header.last_offset;
        self.base_timestamp = header.base_timestamp;
        let append_time = header.attributes & APPEND_TIME != 0;
        self.append_time = append_time.then_some(header.max_timestamp);
        Ok(header.len)
    }

    fn fill(&mut self, codec: u8, packed: &[u8]) -> Result<(), Refused> {
        self.at = 0;
        match self.records.fill(codec, packed) {
            Err(Refused::TooLarge) => {
                // Nothing of it is any use.
                self.records.forget(usize::MAX);
                let mut pieces = Pieces::new(codec, packed)?;
                pieces.unpack(&mut self.records)?;
                self.pieces = Some(pieces);
                Ok(())
            }
            filled => filled,
        }
    }

    /// Of a large batch: unpacks on until the next record is there, and of the last one what stands
    /// behind it.
    fn refill(&mut self) -> Result<(), String> {
        let Some(pieces) = &mut self.pieces else { return Ok(()) };
        if self.at > LET_GO {
            self.at -= self.records.forget(self.at);
        }
        let is_there = |records: &[u8]| {
            let mut at = self.at;
            let len = varint(records, &mut at).and_then(|len| usize::try_from(len).ok());
            len.and_then(|len| at.checked_add(len)).is_some_and(|end| end <= records.len())
        };
        while self.left == 1 || !is_there(&self.records) {
            if !pieces.unpack(&mut self.records).map_err(told)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the batch that was opened has more records.
    pub fn has_more(&self) -> bool {
        self.left > 0
    }

    /// The next record of the batch; call it only while there are more.
    pub fn next(&mut self) -> Result<Record<'_>, String> {
        self.refill().inspect_err(|_| self.left = 0)?;
        let found = record(&self.records, self.at).filter(|(raw, end)| {
            let offset = self.base_offset.checked_add(raw.offset_delta);
            offset.is_some_and(|offset| (self.base_offset..=self.last_offset).contains(&offset))
                && (self.left > 1 || *end == self.records.len())
        });
        let Some((raw, end)) = found else {
            self.left = 0;
            return Err(MALFORMED.into());
        };
        self.at = end;
        self.left -= 1;
        let (timestamp, timestamp_type) = match self.append_time {
            Some(time) => (time, TimestampType::LogAppend),
            None => {
                let time = self.base_timestamp.saturating_add(raw.timestamp_delta);
                (time, TimestampType::Create)
            }
        };
        let offset = self.base_offset + raw.offset_delta;
        let bytes = |range: Option<(usize, usize)>| range.map(|(from, to)| &self.records[from..to]);
        let (key, value) = (bytes(raw.key), bytes(raw.value));
        let headers = &self.records[raw.headers..end];
        Ok(Record { offset, timestamp, key, value, timestamp_type, headers })
    }
}

/// A record with what is relative still so, and ranges for its bytes.
struct Raw {
    timestamp_delta: i64,
    offset_delta: i64,
    key: Option<(usize, usize)>,
    value: Option<(usize, usize)>,
    /// Where they begin, up to the record's end; the end itself where there are none.
    headers: usize,
}

/// The record at `at` and where it ends; `None` where it does not hold together.
#[inline]
fn record(bytes: &[u8], mut at: usize) -> Option<(Raw, usize)> {
    let len = varint(bytes, &mut at)?;
    let end = at.checked_add(usize::try_from(len).ok()?)?;
    let bytes = bytes.get(..end)?;
    // Attributes: none are in use.
    at += 1;
    let timestamp_delta = varint(bytes, &mut at)?;
    let offset_delta = varint(bytes, &mut at)?;
    let key = range(bytes, &mut at)?;
    let value = range(bytes, &mut at)?;
    // No headers are a count of zero, which is one byte.
    let headers = if end - at > 1 { at } else { end };
    Some((Raw { timestamp_delta, offset_delta, key, value, headers }, end))
}

/// Which producers' records belong to an aborted transaction, as the batches go by.
#[derive(Debug, Default)]
struct Transactions {
    /// Yet to begin, the first one last.
    ahead: Vec<Aborted>,
    aborting: HashSet<i64>,
}

impl Transactions {
    fn new(mut ahead: Vec<Aborted>) -> Self {
        ahead.sort_unstable_by_key(|aborted| std::cmp::Reverse(aborted.first_offset));
        Self { ahead, aborting: HashSet::new() }
    }

    /// A batch that ends at `last` comes next: transactions that begin up to there have begun, even
    /// if compaction took their records and only their end is left.
    fn reach(&mut self, last: i64) {
        while let Some(aborted) = self.ahead.pop_if(|aborted| aborted.first_offset <= last) {
            self.aborting.insert(aborted.producer);
        }
    }

    /// Whether the producer's records are now of an aborted transaction.
    fn aborts(&self, producer: i64) -> bool {
        self.aborting.contains(&producer)
    }

    /// The producer's transaction ends: a control batch says so, whichever way.
    fn decided(&mut self, producer: i64) {
        self.aborting.remove(&producer);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::compression::PIECE;
    use super::super::compression::tests::{limited, packed};
    use super::*;
    use crate::record::headers::put_varint;

    fn put_bytes(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
        put_varint(bytes.map_or(-1, |bytes| bytes.len() as i64), out);
        out.extend_from_slice(bytes.unwrap_or_default());
    }

    pub type Pair<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

    /// A batch at `base`, uncompressed, its records a millisecond and `step` offsets apart.
    pub fn batch(base: i64, step: i64, attributes: i16, producer: i64, pairs: &[Pair]) -> Vec<u8> {
        let mut records = Vec::new();
        for (index, (key, value)) in pairs.iter().enumerate() {
            let mut record = vec![0];
            put_varint(index as i64, &mut record);
            put_varint(index as i64 * step, &mut record);
            put_bytes(*key, &mut record);
            put_bytes(*value, &mut record);
            put_varint(1, &mut record);
            put_bytes(Some(b"header"), &mut record);
            put_bytes(None, &mut record);
            put_varint(record.len() as i64, &mut records);
            records.extend(record);
        }
        let mut checked = attributes.to_be_bytes().to_vec();
        checked.extend(((pairs.len().max(1) as i64 - 1) as i32 * step as i32).to_be_bytes());
        checked.extend(1_000_i64.to_be_bytes());
        checked.extend(9_999_i64.to_be_bytes());
        checked.extend(producer.to_be_bytes());
        checked.extend([0; 6]);
        checked.extend((pairs.len() as i32).to_be_bytes());
        checked.extend(records);
        let mut out = base.to_be_bytes().to_vec();
        out.extend((checked.len() as i32 + 9).to_be_bytes());
        out.extend([0, 0, 0, 0, VERSION]);
        out.extend(crc32c::crc32c(&checked).to_be_bytes());
        out.extend(checked);
        out
    }

    fn read(bytes: &[u8], aborted: Vec<Aborted>) -> Result<Vec<(i64, i64)>, String> {
        let mut batches = Batches::default();
        batches.begin(aborted);
        let (mut rest, mut found) = (bytes, Vec::new());
        while whole_batch(rest).is_some() {
            rest = &rest[batches.open(rest, true)?..];
            while batches.has_more() {
                let record = batches.next()?;
                found.push((record.offset, record.timestamp));
            }
        }
        Ok(found)
    }

    #[test]
    fn records_with_all_they_carry() {
        let bytes = batch(
            40,
            2,
            0,
            -1,
            &[(Some(b"k"), Some(b"value")), (None, None), (Some(b""), Some(b""))],
        );
        assert_eq!(whole_batch(&bytes), Some((bytes.len(), 45)));
        let mut batches = Batches::default();
        assert_eq!(batches.open(&bytes, true), Ok(bytes.len()));
        let headers: &[u8] = b"\x02\x0cheader\x01";
        assert_eq!(crate::record::headers::read(headers), [("header", None)]);
        let record = |offset, timestamp, key, value| Record {
            offset,
            timestamp,
            key,
            value,
            timestamp_type: TimestampType::Create,
            headers,
        };
        let first = record(40, 1_000, Some(&b"k"[..]), Some(&b"value"[..]));
        assert_eq!(batches.next(), Ok(first));
        assert_eq!(batches.next(), Ok(record(42, 1_001, None, None)));
        assert_eq!(batches.next(), Ok(record(44, 1_002, Some(&b""[..]), Some(&b""[..]))));
        assert!(!batches.has_more());
    }

    #[test]
    fn append_time_is_the_batches() {
        let bytes = batch(0, 1, APPEND_TIME, -1, &[(None, None), (None, None)]);
        assert_eq!(read(&bytes, vec![]), Ok(vec![(0, 9_999), (1, 9_999)]));
    }

    #[test]
    fn aborted_transactions_and_control_batches_are_left_out() {
        let one: &[Pair] = &[(None, Some(b"x"))];
        let mut bytes = Vec::new();
        for (base, attributes, producer) in [
            (10, TRANSACTIONAL, 1),
            (11, TRANSACTIONAL, 2),
            (12, 0, 1),
            (13, TRANSACTIONAL | CONTROL, 1),
            (14, TRANSACTIONAL, 1),
            (15, TRANSACTIONAL | CONTROL, 2),
            (16, TRANSACTIONAL | CONTROL, 1),
            (17, TRANSACTIONAL, 2),
        ] {
            bytes.extend(batch(base, 1, attributes, producer, one));
        }
        let offsets = |aborted: &[(i64, i64)]| {
            let aborted =
                aborted.iter().map(|&(producer, first_offset)| Aborted { producer, first_offset });
            read(&bytes, aborted.collect()).map(|found| found.iter().map(|(at, _)| *at).collect())
        };
        assert_eq!(offsets(&[]), Ok(vec![10, 11, 12, 14, 17]));
        assert_eq!(offsets(&[(1, 10)]), Ok(vec![11, 12, 14, 17]));
        assert_eq!(offsets(&[(2, 17), (1, 10)]), Ok(vec![11, 12, 14]));
        // The records of 1's aborted transaction are compacted away, its end is not.
        let rest = &bytes[3 * bytes.len() / 8..];
        let aborted = vec![Aborted { producer: 1, first_offset: 9 }];
        let found = read(rest, aborted).unwrap();
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [14, 17]);
    }

    /// A batch with other bytes at a place, and a checksum that fits them.
    pub fn with(batch: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut out = batch.to_vec();
        out[at..at + bytes.len()].copy_from_slice(bytes);
        let sum = crc32c::crc32c(&out[CHECKED..]);
        out[17..21].copy_from_slice(&sum.to_be_bytes());
        out
    }

    #[test]
    fn no_record_is_passed_over_because_of_a_wrong_count() {
        let good = batch(7, 1, 0, -1, &[(None, Some(b"a")), (None, Some(b"b"))]);
        let with_count = |count: i32| read(&with(&good, 57, &count.to_be_bytes()), vec![]);
        assert_eq!(with_count(2), Ok(vec![(7, 1_000), (8, 1_001)]));
        for count in [i32::MIN, -1, 0, 1, 3, i32::MAX] {
            assert_eq!(with_count(count), Err(MALFORMED.into()), "{count}");
        }
        // What compaction may leave of a batch.
        let empty = batch(7, 1, 0, -1, &[]);
        assert_eq!(read(&empty, vec![]), Ok(vec![]));
    }

    #[test]
    fn an_unknown_codec_is_named() {
        let good = batch(7, 1, 0, -1, &[(None, Some(b"a"))]);
        for codec in 5..=7_i16 {
            let found = read(&with(&good, CHECKED, &codec.to_be_bytes()), vec![]);
            assert_eq!(found, Err(format!("codec {codec} is not known")));
        }
    }

    #[test]
    fn an_offset_stands_within_its_batch() {
        let good = batch(7, 4, 0, -1, &[(None, Some(b"a")), (None, Some(b"b"))]);
        // Of the second record: its delta of four, in zigzag.
        let delta = (HEADER..good.len()).rfind(|&at| good[at] == 8).unwrap();
        for (wrong, count) in [(10, 0), (7, 0), (127, 0), (8, 2)] {
            let found = read(&with(&good, delta, &[wrong]), vec![]);
            assert_eq!(found.map_or(0, |found| found.len()), count, "{wrong}");
        }
        assert!(
            read(&with(&good, 0, &(i64::MAX - 3).to_be_bytes()), vec![])
                .is_ok_and(|found| found.is_empty())
        );
    }

    /// The batch with its records packed otherwise.
    pub fn repacked(plain: &[u8], codec: u8, records: &[u8]) -> Vec<u8> {
        let mut out = [&plain[..HEADER], records].concat();
        let len = (out.len() - LENGTH_END) as i32;
        out[8..LENGTH_END].copy_from_slice(&len.to_be_bytes());
        with(&out, CHECKED, &i16::from(codec).to_be_bytes())
    }

    #[test]
    fn a_batch_beyond_memory_is_read_piece_by_piece() {
        let (max, count) = (16 << 20, 1_000);
        let value = |index: usize| -> Vec<u8> {
            let bytes = (index..index + 5_000 + index).map(|at| (at * at % 1_009) as u32);
            bytes.flat_map(u32::to_le_bytes).collect()
        };
        let values: Vec<Vec<u8>> = (0..count).map(value).collect();
        let pairs: Vec<Pair> = values.iter().map(|value| (None, Some(&value[..]))).collect();
        let plain = batch(7, 1, 0, -1, &pairs);
        let mut refused = Vec::new();
        for (codec, records) in packed(&plain[HEADER..]) {
            let bytes = repacked(&plain, codec, &records);
            let mut batches = Batches { records: limited(max), ..Batches::default() };
            if let Err(reason) = batches.open(&bytes, true) {
                refused.push((codec, reason));
                continue;
            }
            for (index, value) in values.iter().enumerate() {
                let record = batches.next().unwrap();
                assert!(
                    record.offset == 7 + index as i64 && record.value == Some(value),
                    "{codec}"
                );
            }
            assert!(!batches.has_more() && batches.records.room() <= max + PIECE, "{codec}");
            // A record too few, and one that is too large.
            let short = with(&bytes, 57, &(count as i32 - 1).to_be_bytes());
            let mut batches = Batches { records: limited(max), ..Batches::default() };
            batches.open(&short, true).unwrap();
            let found = (0..count - 1).map(|_| batches.next().map(drop)).collect::<Vec<_>>();
            assert!(found[..count - 2].iter().all(Result::is_ok), "{codec}");
            assert_eq!(found[count - 2], Err(MALFORMED.into()), "{codec}");
        }
        // What is not packed has come whole, and a bare block of snappy cannot be cut.
        assert_eq!(refused.iter().map(|(codec, _)| *codec).collect::<Vec<_>>(), [0, 2]);
        assert!(refused.iter().all(|(_, reason)| reason.contains("more than 256 MiB")));
    }

    #[test]
    fn a_record_beyond_memory_is_refused() {
        let zeros = vec![0; 3 << 20];
        let plain = batch(7, 1, 0, -1, &[(None, Some(b"a")), (None, Some(&zeros)), (None, None)]);
        for (codec, records) in packed(&plain[HEADER..]).into_iter().skip(3) {
            let bytes = repacked(&plain, codec, &records);
            let mut batches = Batches { records: limited(2 << 20), ..Batches::default() };
            batches.open(&bytes, true).unwrap();
            assert!(batches.next().is_ok(), "{codec}");
            let reason = batches.next().unwrap_err();
            assert!(reason.contains("a record") && !batches.has_more(), "{codec} {reason}");
        }
    }

    #[test]
    fn damage_is_found() {
        let good = batch(7, 1, 0, -1, &[(Some(b"key"), Some(b"value")), (None, Some(b"more"))]);
        for len in 0..good.len() {
            assert_eq!(whole_batch(&good[..len]), None, "{len}");
            assert!(Batches::default().open(&good[..len], true).is_err(), "{len}");
        }
        // The offset and the leader's epoch are the broker's and not covered by the checksum.
        for at in 16..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(Batches::default().open(&bad, true).is_err(), "{at}");
        }
        // With a checksum that is right all the same, nothing is read that is not there.
        for at in CHECKED..good.len() {
            for bits in [0x01, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= bits;
                let sum = crc32c::crc32c(&bad[CHECKED..]);
                bad[17..21].copy_from_slice(&sum.to_be_bytes());
                let _ = read(&bad, vec![]);
            }
        }
    }
}
