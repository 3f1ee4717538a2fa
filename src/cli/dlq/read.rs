//! Reads a place from its beginning to what was its end when reading began.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{Message, Offset, TopicPartitionList};

use super::letter::{Entry, Header};
use super::place::{At, Options, Place};
use crate::kafka::{Role, client_config, explain, partition_count};

/// How long a broker may have nothing to say before it is given up.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(200);
/// How long an end holds that comes before the log's: marks of transactions are no records, but a
/// leader that has just changed may not know its end yet.
const SETTLE: Duration = Duration::from_secs(1);

type Take<'a> = &'a mut dyn FnMut(Entry) -> Result<(), String>;

pub fn scan(place: &Place, take: Take<'_>) -> Result<(), String> {
    match &place.at {
        At::Topic(topic, options) => scan_topic(topic, options, take),
        At::File(path) => scan_file(path, take),
    }
}

fn scan_file(path: &Path, take: Take<'_>) -> Result<(), String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    // A line that is being written while this reads is for the next time.
    let end = file.metadata().map_err(|error| error.to_string())?.len();
    let mut file = BufReader::new(std::io::Read::take(file, end));
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        file.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        number += 1;
        match line.strip_suffix(b"\n") {
            None => return Ok(()),
            Some(line) => take(Entry::of_line(number, line))?,
        }
    }
}

fn scan_topic(topic: &str, options: &Options, take: Take<'_>) -> Result<(), String> {
    let mut config = client_config(options, Role::Consumer)?;
    // What an aborted replay left behind is no receipt, whatever the table reads.
    config.set("isolation.level", "read_committed").set("auto.offset.reset", "earliest");
    let Some(count) = partition_count(&config, topic, PATIENCE)? else {
        return Err("is not there: a job makes it when it starts".into());
    };
    let consumer: BaseConsumer = config.create().map_err(|error| explain(&error))?;
    let (mut list, mut ends) = (TopicPartitionList::new(), Vec::new());
    let mut ended = vec![None::<Instant>; count as usize];
    for partition in 0..count {
        let range = consumer.fetch_watermarks(topic, partition, PATIENCE);
        let (first, end) = range.map_err(|error| explain(&error))?;
        let end = if first < end { end } else { 0 };
        ends.push(end);
        if end > 0 {
            // Fails only for offsets that have no number.
            let _ = list.add_partition(topic, partition).set_offset(Offset::Beginning);
        }
    }
    consumer.assign(&list).map_err(|error| explain(&error))?;
    let mut progress = Instant::now();
    let is_open = |(end, ended): (&i64, &Option<Instant>)| {
        *end > 0 && ended.is_none_or(|at| at.elapsed() < SETTLE)
    };
    while ends.iter().zip(&ended).any(is_open) {
        match consumer.poll(POLL) {
            None if progress.elapsed() > PATIENCE => {
                return Err(format!("the broker has sent nothing for {PATIENCE:?}"));
            }
            None => continue,
            Some(Ok(message)) => {
                ended[message.partition() as usize] = None;
                let end = &mut ends[message.partition() as usize];
                let (is_wanted, next) = (message.offset() < *end, message.offset() + 1);
                if next >= *end {
                    *end = 0;
                }
                if is_wanted {
                    take(entry(&message))?;
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended[partition as usize] = Some(Instant::now());
            }
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(passes) => continue,
            Some(Err(error)) => return Err(explain(&error)),
        }
        progress = Instant::now();
    }
    Ok(())
}

/// The client goes on by itself after these.
fn passes(code: rdkafka::error::RDKafkaErrorCode) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(code, Code::BrokerTransportFailure | Code::AllBrokersDown | Code::Resolve)
}

fn entry(message: &BorrowedMessage<'_>) -> Entry {
    let headers: Vec<Header> = message.headers().map_or_else(Vec::new, |headers| {
        let owned = |header: rdkafka::message::Header<'_, &[u8]>| {
            (header.key.to_owned(), header.value.map(<[u8]>::to_vec))
        };
        headers.iter().map(owned).collect()
    });
    let kept = (message.partition(), message.offset());
    let time = message.timestamp().to_millis().unwrap_or(-1);
    Entry::of_record(kept, time, message.key(), headers, message.payload().unwrap_or_default())
}
