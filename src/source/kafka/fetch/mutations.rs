//! Answers of brokers that are spoilt: what is read of them was there, little memory is taken, and
//! nothing panics. `PELTON_MUTATIONS` says how many.

use super::compression::tests::packed;
use super::records::tests::{Pair, batch, repacked, with};
use super::records::whole_batch;
use super::wire::{Aborted, answers};
use super::*;
use crate::fault::mutation::{Random, count};

const USUAL: usize = 20_000;
/// What a small answer may take to be unpacked: a block of LZ4 states up to 4 MiB.
const MEMORY_MAX: usize = 24 << 20;
/// Bytes of a batch before its records.
const HEADER: usize = 61;
const ANSWER: i32 = 7;

const PAIRS: [Pair; 5] = [
    (Some(b"key"), Some(b"value value value value value value value")),
    (None, None),
    (Some(b""), Some(b"")),
    (Some(b"key"), Some(b"{\"user_id\":\"user_000123\",\"event_type\":\"click\"}")),
    (None, Some(b"the last one of its batch")),
];

/// Batches one behind the other, one in every form that a codec has.
fn log() -> Vec<Vec<u8>> {
    let plain = batch(0, 2, 0, -1, &PAIRS);
    let forms = packed(&plain[HEADER..]).into_iter().enumerate();
    let of = |(index, (codec, records)): (usize, (u8, Vec<u8>))| {
        let mut out = repacked(&plain, codec, &records);
        out[..8].copy_from_slice(&(index as i64 * 10).to_be_bytes());
        out
    };
    forms.map(of).collect()
}

/// An answer with partitions, each with the same records.
fn answer(partitions: i32, aborted: &[Aborted], records: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    [ANSWER, 0].iter().for_each(|number| out.extend(number.to_be_bytes()));
    out.extend([0; 6]);
    out.extend(1_i32.to_be_bytes());
    out.extend([0, 1, b't']);
    out.extend(partitions.to_be_bytes());
    for partition in 0..partitions {
        out.extend(partition.to_be_bytes());
        out.extend([0; 2]);
        [100, 100, 0].iter().for_each(|offset: &i64| out.extend(offset.to_be_bytes()));
        out.extend((aborted.len() as i32).to_be_bytes());
        for Aborted { producer, first_offset } in aborted {
            [producer, first_offset].iter().for_each(|number| out.extend(number.to_be_bytes()));
        }
        out.extend((records.len() as i32).to_be_bytes());
        out.extend(records);
    }
    out
}

/// A record's offset, key and value.
type Found = (i64, Option<Vec<u8>>, Option<Vec<u8>>);

/// Reads the records of a partition as the worker does; true where they ended by damage.
fn read(records: &[u8], aborted: Vec<Aborted>) -> (Vec<Found>, bool) {
    let mut end = 0;
    while let Some((len, _)) = whole_batch(&records[end..]) {
        end += len;
    }
    let lane = Arc::new(Lane::new(0, 0));
    let claim = lane.claim(0, 0).unwrap();
    claim.records(Chunk { answer: Arc::new(records[..end].to_vec()), range: 0..end, aborted });
    let mut reading = Reading { lane, chunk: None, batches: Batches::default() };
    let (mut found, mut damaged) = (Vec::new(), false);
    // A job ends at the first damage.
    while !damaged {
        let taken = reading.poll(3, true, |event| match event {
            Event::Record { offset, key, value, .. } => {
                found.push((offset, key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec)));
            }
            Event::Damaged { .. } => damaged = true,
            _ => {}
        });
        if taken.events == 0 && !damaged && reading.chunk.is_none() {
            break;
        }
    }
    let mut spare = Vec::new();
    while reading.batches.has_more() {
        let _ = reading.batches.next();
    }
    reading.batches.give_back(&mut spare, usize::MAX);
    assert!(spare.capacity() < MEMORY_MAX, "{} bytes", spare.capacity());
    (found, damaged)
}

fn contents(found: &[Found]) -> Vec<Pair<'_>> {
    found.iter().map(|(_, key, value)| (key.as_deref(), value.as_deref())).collect()
}

const WORDS: [&[u8]; 8] = [
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\0",
    b"\0\0\x10\0",
    b"\x02",
    b"\x01",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

#[test]
fn what_is_read_of_a_spoilt_log_is_a_part_of_it() {
    let (mut draw, log) = (Random::new(1), log());
    let whole = read(&log.concat(), vec![]);
    assert_eq!((whole.0.len(), whole.1), (PAIRS.len() * log.len(), false));
    let (mut damaged, mut cut) = (0, 0);
    for _ in 0..count(USUAL) {
        let mut bytes = log.concat();
        for _ in 0..1 + draw.below(3) {
            draw.spoil(&mut bytes, &WORDS);
        }
        let (found, ended) = read(&bytes, vec![]);
        let is_there = contents(&whole.0).starts_with(&contents(&found));
        assert!(is_there, "{found:?} of {bytes:?}");
        damaged += usize::from(ended);
        cut += usize::from(!ended && found.len() < whole.0.len());
    }
    assert!(damaged > 0 && cut > 0, "{damaged} {cut}");
}

/// With a checksum that fits, as of a producer or broker that means it.
#[test]
fn a_batch_that_only_seems_whole_does_no_harm() {
    let (mut draw, log) = (Random::new(2), log());
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..count(USUAL) {
        let mut bytes = log[draw.below(log.len())].clone();
        let fixed = bytes[..21].to_vec();
        for _ in 0..1 + draw.below(3) {
            draw.spoil(&mut bytes, &WORDS);
        }
        bytes.resize(bytes.len().max(HEADER), 0);
        bytes[..21].copy_from_slice(&fixed);
        let len = bytes.len() as i32 - 12;
        bytes[8..12].copy_from_slice(&len.to_be_bytes());
        let bytes = with(&bytes, 0, &[]);
        let (found, damaged) = read(&bytes, vec![]);
        let next = whole_batch(&bytes).map_or(i64::MAX, |(_, next)| next);
        let base = i64::from_be_bytes(bytes[..8].try_into().unwrap());
        assert!(found.iter().all(|(offset, ..)| (base..next).contains(offset)), "{found:?}");
        if damaged { refused += 1 } else { taken += found.len() }
    }
    assert!(refused > 0 && taken > 0, "{refused} {taken}");
}

#[test]
fn an_answer_that_is_spoilt_is_refused_or_read_within_its_bytes() {
    let mut draw = Random::new(3);
    let plain = batch(0, 2, 0, -1, &PAIRS);
    let aborted =
        [Aborted { producer: 5, first_offset: 3 }, Aborted { producer: 6, first_offset: 0 }];
    let good = answer(3, &aborted, &plain);
    let found = answers(&good, ANSWER).unwrap();
    assert_eq!(found.len(), 3);
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..count(USUAL) {
        let mut bytes = good.clone();
        for _ in 0..1 + draw.below(3) {
            draw.spoil(&mut bytes, &WORDS);
        }
        let Ok(found) = answers(&bytes, ANSWER) else {
            refused += 1;
            continue;
        };
        for answer in found {
            assert!(answer.aborted.len() * 16 <= bytes.len());
            taken += read(&bytes[answer.records], answer.aborted).0.len();
        }
    }
    assert!(refused > 0 && taken > 0, "{refused} {taken}");
}
