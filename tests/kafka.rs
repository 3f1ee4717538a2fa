//! Kafka source and sink against a real broker: `PELTON_TEST_KAFKA=host:port`, which
//! `scripts/test` sets by way of `scripts/kafka`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pelton::kafka::{
    Committed, CreateTopic, EmbeddedBroker, Offsets, Role, TopicAdmin, client_config,
    partition_count,
};
use pelton::metrics::Metrics;
use pelton::record::{Batch, BatchTime, Column, ColumnBuilder, DataType, Field, RawBlock, Schema};
use pelton::sink::{SinkContext, kafka as sink};
use pelton::source::kafka as source;
use pelton::source::{
    Bounds, EndAt, OpenSource, PartitionState, Polled, Position, Source, StartAt,
};
use pelton::sql::plan::Table;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const PATIENCE: Duration = Duration::from_secs(20);

/// The broker's address; `None`, said aloud, where there is none.
fn broker(test: &str) -> Option<String> {
    let address = std::env::var("PELTON_TEST_KAFKA").ok();
    if address.is_none() {
        eprintln!("{test}: skipped, PELTON_TEST_KAFKA is not set");
    }
    address
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// A topic's name that no earlier run used.
fn fresh(name: &str) -> String {
    static USED: AtomicU64 = AtomicU64::new(0);
    let used = USED.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{}-{used}", now_ms(), std::process::id())
}

/// Two columns: `id` BIGINT, `text` STRING; key `id`.
fn table(bootstrap: &str, topic: &str, more: &[(&str, &str)]) -> Arc<Table> {
    let mut options: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let all = [("properties.bootstrap.servers", bootstrap), ("topic", topic)];
    for (name, value) in all.iter().chain(more) {
        options.insert((*name).into(), (*value).into());
    }
    Arc::new(Table {
        name: "t".into(),
        schema: Schema::new(vec![
            Field::new("id", DataType::BigInt),
            Field::new("text", DataType::STRING),
        ]),
        physical: vec![0, 1],
        computed: Vec::new(),
        metadata: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        connector: "kafka".into(),
        options,
    })
}

fn batch(ids: std::ops::Range<i64>) -> Batch {
    let rows = (ids.end - ids.start) as usize;
    let mut text = ColumnBuilder::for_type(&DataType::STRING, rows);
    ids.clone().for_each(|id| text.push_str(&format!("text {id}")));
    let columns = vec![Arc::new(Column::i64s(ids.collect())), Arc::new(text.finish())];
    Batch::new(columns, rows, BatchTime::at(i64::MIN))
}

fn write(table: &Arc<Table>, ids: std::ops::Range<i64>) {
    let mut sink =
        sink::open(table.clone(), SinkContext::default(), None, &Metrics::new()).unwrap();
    let mut at = ids.start;
    while at < ids.end {
        let to = (at + 1024).min(ids.end);
        sink.write(&batch(at..to)).unwrap();
        at = to;
    }
    sink.flush().unwrap();
}

fn open(
    table: &Arc<Table>,
    worker: usize,
    workers: usize,
    restored: Option<Vec<Position>>,
    bounds: Bounds,
) -> Box<dyn Source> {
    let table = table.clone();
    source::open(OpenSource { table, worker, workers, restored, bounds }).unwrap()
}

#[derive(Debug, PartialEq)]
struct Record {
    partition: i32,
    position: i64,
    timestamp: i64,
    value: Option<String>,
}

/// Polls until the input is finished or `enough` have come; without such a number until all
/// partitions are at their end.
fn read(source: &mut dyn Source, enough: usize) -> Vec<Record> {
    let started = Instant::now();
    let mut block = RawBlock::default();
    let mut records = Vec::new();
    loop {
        block.clear();
        let polled = source.poll(&mut block, 1000).unwrap();
        for (row, record) in block.records.iter().enumerate() {
            records.push(Record {
                partition: source.partitions()[record.partition as usize],
                position: record.position,
                timestamp: record.timestamp,
                value: (!record.is_null)
                    .then(|| String::from_utf8(block.value(row).to_vec()).unwrap()),
            });
        }
        let at_end = (0..source.partitions().len())
            .all(|index| source.partition_state(index) == PartitionState::AtEnd);
        let all = at_end && enough == usize::MAX;
        if polled == Polled::Finished || all || records.len() >= enough {
            return records;
        }
        assert!(started.elapsed() < PATIENCE, "{} records, {:?}", records.len(), source.problem());
        if polled == Polled::Empty {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn id_of(record: &Record) -> i64 {
    let value: serde_json::Value = serde_json::from_str(record.value.as_ref().unwrap()).unwrap();
    assert_eq!(value["text"], format!("text {}", value["id"]));
    value["id"].as_i64().unwrap()
}

fn ids(records: &[Record]) -> Vec<i64> {
    let mut ids: Vec<i64> = records.iter().map(id_of).collect();
    ids.sort_unstable();
    ids
}

const KEYED: &[(&str, &str)] = &[
    ("key.format", "json"),
    ("key.fields", "id"),
    ("sink.create-topic", "partitions:3,replication:1"),
];

#[test]
fn every_record_once_and_on_from_positions() {
    let Some(kafka) = broker("every_record_once_and_on_from_positions") else { return };
    let topic = fresh("roundtrip");
    let table = table(&kafka, &topic, KEYED);
    const COUNT: i64 = 100_000;
    write(&table, 0..COUNT);
    let numbers = source::partitions(&table, PATIENCE, |_| {}).unwrap();
    assert_eq!(numbers, [0, 1, 2]);

    let mut records = Vec::new();
    let mut positions = Vec::new();
    for worker in 0..2 {
        let mut first = open(&table, worker, 2, None, Bounds::default());
        // Stop in the middle and go on in a new instance from the positions of the first.
        let mut part = read(&mut *first, 10_000);
        let middle = first.positions();
        drop(first);
        let mut second = open(&table, worker, 2, Some(middle), Bounds::default());
        part.extend(read(&mut *second, usize::MAX));
        for (index, _) in second.partitions().iter().enumerate() {
            assert_eq!(second.partition_state(index), PartitionState::AtEnd);
            assert_eq!(second.lag(index), Some(0));
        }
        assert_eq!(second.problem(), None);
        positions.extend(second.positions());
        records.extend(part);
    }
    assert_eq!(ids(&records), (0..COUNT).collect::<Vec<_>>());
    for position in &positions {
        let seen: Vec<i64> = records
            .iter()
            .filter(|r| r.partition == position.partition)
            .map(|r| r.position)
            .collect();
        assert_eq!(seen, (0..position.next).collect::<Vec<_>>());
    }

    // A record behind the end wakes the partition, and nothing that was read comes again.
    let mut all = open(&table, 0, 1, Some(positions), Bounds::default());
    assert!(read(&mut *all, usize::MAX).is_empty());
    write(&table, COUNT..COUNT + 10);
    assert_eq!(ids(&read(&mut *all, 10)), (COUNT..COUNT + 10).collect::<Vec<_>>());
}

/// Records of every codec, and of transactions that were committed and aborted.
fn write_in_every_way(kafka: &str, topic: &str) {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let codec = ("properties.compression.type", codec);
        write(&table(kafka, topic, &[KEYED, &[codec]].concat()), 0..3_000);
    }
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka).set("transactional.id", topic);
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    for (transaction, commits) in [true, false, true, false].into_iter().enumerate() {
        producer.begin_transaction().unwrap();
        for record in 0..100 {
            let value = format!("{transaction} {record}");
            let to = BaseRecord::<(), str>::to(topic).payload(&value).partition(record % 3);
            producer.send(to).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
        match commits {
            true => producer.commit_transaction(PATIENCE).unwrap(),
            false => producer.abort_transaction(PATIENCE).unwrap(),
        }
    }
}

#[test]
fn reading_without_the_client_library_gives_the_same() {
    let Some(kafka) = broker("reading_without_the_client_library_gives_the_same") else { return };
    let topic = fresh("ways");
    write_in_every_way(&kafka, &topic);
    let records = |more: &[(&str, &str)], count: usize| {
        let table = table(&kafka, &topic, &[KEYED, more].concat());
        let mut source = open(&table, 0, 1, None, Bounds::default());
        let mut records = read(&mut *source, count);
        records.extend(read(&mut *source, usize::MAX));
        records.sort_by_key(|record| (record.partition, record.position));
        (records, source.positions())
    };
    // A setting that has the client library read the topic.
    let library = ("properties.client.rack", "a");
    let committed = 5 * 3_000 + 200;
    let own = records(&[], committed);
    assert_eq!(own.0.len(), committed);
    assert!(own.0.iter().all(|record| record.timestamp > 0));
    assert_eq!(own, records(&[library], committed));
    let all = ("properties.isolation.level", "read_uncommitted");
    let own = records(&[all], committed + 200);
    assert_eq!(own.0.len(), committed + 200);
    assert_eq!(own, records(&[all, library], committed + 200));
}

/// Writes records of `bytes` each, which are packed to next to nothing, to a new topic, and reads
/// them in blocks that stay small. `more` are settings of the producer.
fn written_packed_and_read(kafka: &str, count: usize, bytes: usize, more: &[(&str, &str)]) {
    let topic = fresh("packed");
    let table = table(kafka, &topic, &[]);
    let wanted = CreateTopic { partitions: 1, replication: 1, bytes_max: None };
    let config = client_config(&table.options, Role::Admin).unwrap();
    TopicAdmin::new(&config, PATIENCE).unwrap().ensure(&topic, wanted).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka).set("compression.type", "zstd");
    for (option, value) in more {
        config.set(*option, *value);
    }
    let producer: BaseProducer = config.create().unwrap();
    let value = "x".repeat(bytes);
    for _ in 0..count {
        let to = BaseRecord::<(), str>::to(&topic).payload(&value).partition(0);
        producer.send(to).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let mut source = open(&table, 0, 1, None, Bounds::default());
    std::thread::sleep(Duration::from_secs(1));
    let (mut block, mut read, started) = (RawBlock::default(), 0, Instant::now());
    while read < count {
        block.clear();
        source.poll(&mut block, 1_000).unwrap();
        read += block.records.len();
        let lengths: Vec<u32> = block.records.iter().map(|record| record.len).collect();
        assert!(lengths.iter().all(|&length| length as usize == bytes), "{lengths:?}");
        assert!(block.payload.len() <= 8 << 20, "{} bytes", block.payload.len());
        assert!(started.elapsed() < PATIENCE, "{read} records");
    }
}

/// Records that all arrive at once.
#[test]
fn a_block_is_full_by_its_bytes_too() {
    let Some(kafka) = broker("a_block_is_full_by_its_bytes_too") else { return };
    // A batch each.
    let more = [("message.max.bytes", "10000000"), ("batch.num.messages", "1")];
    written_packed_and_read(&kafka, 40, 2 << 20, &more);
}

/// A batch of 300 MiB, which takes some kilobytes of the topic.
#[test]
fn a_batch_beyond_memory_is_read_whole() {
    let Some(kafka) = broker("a_batch_beyond_memory_is_read_whole") else { return };
    let more = [
        ("message.max.bytes", "500000000"),
        ("batch.size", "500000000"),
        ("queue.buffering.max.kbytes", "1000000"),
        ("linger.ms", "10000"),
    ];
    written_packed_and_read(&kafka, 300, 1 << 20, &more);
}

#[test]
fn bounds_and_startup_modes() {
    let Some(kafka) = broker("bounds_and_startup_modes") else { return };
    let topic = fresh("bounds");
    let table_with = |more: &[(&str, &str)]| table(&kafka, &topic, &[KEYED, more].concat());
    let plain = table_with(&[]);
    write(&plain, 0..500);
    std::thread::sleep(Duration::from_millis(20));
    let middle = now_ms();
    write(&plain, 500..800);
    let end = Some(EndAt::End);

    let until_end = Bounds { until: end, ..Bounds::default() };
    let mut bounded = open(&plain, 0, 1, None, until_end.clone());
    write(&plain, 800..900);
    assert_eq!(ids(&read(&mut *bounded, usize::MAX)), (0..800).collect::<Vec<_>>());
    assert!((0..3).all(|index| bounded.partition_state(index) == PartitionState::Finished));

    let from_middle = Bounds { from: Some(StartAt::Timestamp(middle)), until: end };
    let mut late = open(&plain, 0, 1, None, from_middle);
    assert_eq!(ids(&read(&mut *late, usize::MAX)), (500..900).collect::<Vec<_>>());

    let until_middle =
        Bounds { from: Some(StartAt::Earliest), until: Some(EndAt::Timestamp(middle)) };
    let mut early = open(&plain, 0, 1, None, until_middle);
    assert_eq!(ids(&read(&mut *early, usize::MAX)), (0..500).collect::<Vec<_>>());

    let millis = middle.to_string();
    let timestamp = table_with(&[
        ("scan.startup.mode", "timestamp"),
        ("scan.startup.timestamp-millis", &millis),
    ]);
    let mut late = open(&timestamp, 0, 1, None, until_end.clone());
    assert_eq!(read(&mut *late, usize::MAX).len(), 400);
    // With positions for all partitions, nothing is left to ask for by time.
    let again = open(&timestamp, 0, 1, Some(late.positions()), Bounds::default());
    assert_eq!(again.positions(), late.positions());

    let latest = table_with(&[("scan.startup.mode", "latest-offset")]);
    let mut nothing = open(&latest, 0, 1, None, until_end.clone());
    assert!(read(&mut *nothing, usize::MAX).is_empty());

    let specific = table_with(&[
        ("scan.startup.mode", "specific-offsets"),
        ("scan.startup.specific-offsets", "partition:0,offset:5"),
    ]);
    let mut specific = open(&specific, 0, 1, None, until_end);
    let records = read(&mut *specific, usize::MAX);
    assert_eq!(records.len(), 895);
    assert!(records.iter().all(|record| record.partition != 0 || record.position >= 5));
}

#[test]
fn tombstones_dead_letters_and_lost_offsets() {
    let Some(kafka) = broker("tombstones_dead_letters_and_lost_offsets") else { return };
    let topic = fresh("raw");
    let raw = [("format", "raw"), ("value.fields-include", "EXCEPT_KEY")];
    let table = table(&kafka, &topic, &[KEYED, &raw].concat());
    let mut sink =
        sink::open(table.clone(), SinkContext::default(), None, &Metrics::new()).unwrap();
    let mut text = ColumnBuilder::for_type(&DataType::STRING, 2);
    text.push_str("");
    text.push_null();
    let columns = vec![Arc::new(Column::i64s(vec![7, 7])), Arc::new(text.finish())];
    sink.write(&Batch::new(columns, 2, BatchTime::at(0))).unwrap();
    sink.flush().unwrap();

    let config = client_config(&table.options, Role::Producer).unwrap();
    let mut letters =
        sink::DeadLetterProducer::new(&config, &topic, SinkContext::default()).unwrap();
    letters.send(b"{bad", Some(b"k"), &[], &[("reason", Some(b"not JSON"))]).unwrap();
    letters.flush().unwrap();
    assert_eq!(letters.acknowledged(), 1);

    let bounds = Bounds { until: Some(EndAt::End), ..Bounds::default() };
    let mut source = open(&table, 0, 1, None, bounds);
    let mut values: Vec<_> = read(&mut *source, usize::MAX).into_iter().map(|r| r.value).collect();
    values.sort();
    assert_eq!(values, [None, Some(String::new()), Some("{bad".into())]);

    let lost = vec![Position { partition: 0, next: 1_000_000 }];
    let mut source = open(&table, 0, 3, Some(lost), Bounds::default());
    let started = Instant::now();
    let error = loop {
        match source.poll(&mut RawBlock::default(), 10) {
            Err(error) => break error,
            Ok(_) => assert!(started.elapsed() < PATIENCE),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(error.contains("offset 1000000 is not in the log"), "{error}");
}

#[test]
fn offsets_keep_their_metadata() {
    let Some(kafka) = broker("offsets_keep_their_metadata") else { return };
    let topic = fresh("offsets");
    let table = table(&kafka, &topic, &[]);
    let config = client_config(&table.options, Role::Admin).unwrap();
    let wanted = CreateTopic { partitions: 2, replication: 1, bytes_max: None };
    let admin = TopicAdmin::new(&config, PATIENCE).unwrap();
    assert_eq!(admin.ensure(&topic, wanted), Ok(()));
    assert_eq!(partition_count(&config, &topic, PATIENCE), Ok(Some(2)));
    // One that is there stays as it is.
    assert_eq!(admin.ensure(&topic, CreateTopic { partitions: 3, ..wanted }), Ok(()));
    assert_eq!(partition_count(&config, &topic, PATIENCE), Ok(Some(2)));

    let offsets = Offsets::new(&config, &topic).unwrap();
    let entry = |partition, next, metadata: &str| Committed {
        topic: topic.clone(),
        partition,
        next,
        metadata: metadata.into(),
    };
    let asked = [(topic.clone(), 0), (topic.clone(), 1)];
    assert_eq!(offsets.committed(&asked, PATIENCE), Ok(vec![]));
    let long = "m".repeat(4096);
    let entries = vec![entry(0, 42, &long), entry(1, 7, "")];
    offsets.commit(&entries).unwrap();
    let reader = Offsets::new(&config, &topic).unwrap();
    assert_eq!(reader.committed(&asked, PATIENCE), Ok(entries));
    assert!(offsets.commit(&[entry(0, 1, &"m".repeat(4097))]).is_err());

    // The table's own start: by the group's offsets, the rest from the beginning.
    let options =
        [("properties.group.id", topic.as_str()), ("key.format", "json"), ("key.fields", "id")];
    offsets.commit(&[entry(0, 3, ""), entry(1, 0, "")]).unwrap();
    let grouped = self::table(&kafka, &topic, &options);
    write(&grouped, 0..100);
    let source = open(&grouped, 0, 2, None, Bounds::default());
    assert_eq!(source.positions(), [Position { partition: 0, next: 3 }]);
}

#[test]
fn partitions_that_are_added_join_at_the_end() {
    let Some(kafka) = broker("partitions_that_are_added_join_at_the_end") else { return };
    let topic = fresh("growing");
    let table = table(&kafka, &topic, KEYED);
    write(&table, 0..100);
    let mut source = open(&table, 0, 1, None, Bounds::default());
    let mut records = read(&mut *source, 100);
    assert_eq!(source.partitions(), [0, 1, 2]);

    let config = client_config(&table.options, Role::Admin).unwrap();
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let more = NewPartitions::new(&topic, 5);
    let options = AdminOptions::new();
    runtime.block_on(admin.create_partitions([&more], &options)).unwrap()[0].as_ref().unwrap();
    let round_robin = [("sink.partitioner", "round-robin")];
    write(&self::table(&kafka, &topic, &round_robin), 100..200);
    let started = Instant::now();
    while records.len() < 200 {
        assert!(started.elapsed() < PATIENCE, "{} records", records.len());
        records.extend(read(&mut *source, 1));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(source.partitions(), [0, 1, 2, 3, 4]);
    assert_eq!(ids(&records), (0..200).collect::<Vec<_>>());
    let positions = source.positions();

    // A restart that knew three partitions reads the others from their beginning.
    let mut again = open(&table, 0, 1, Some(positions[..3].to_vec()), Bounds::default());
    let expected = (positions[3].next + positions[4].next) as usize;
    assert_eq!(read(&mut *again, expected).len(), expected);
}

#[test]
fn embedded_broker_and_a_broker_that_goes_away() {
    let broker = EmbeddedBroker::start(&[("demo", 3)]).unwrap();
    let table = table(&broker.bootstrap, "demo", &[("sink.partitioner", "round-robin")]);
    write(&table, 0..3000);
    let mut source = open(&table, 0, 1, None, Bounds::default());
    assert_eq!(ids(&read(&mut *source, 3000)), (0..3000).collect::<Vec<_>>());
    read(&mut *source, usize::MAX);
    assert_eq!(source.partition_state(0), PartitionState::AtEnd);
    drop(broker);
    let started = Instant::now();
    while source.problem().is_none() {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "the loss is seen before partitions idle"
        );
        source.poll(&mut RawBlock::default(), 10).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(source.partition_state(0), PartitionState::Reading);
}

#[test]
fn a_missing_broker_is_waited_for_with_a_reason() {
    let table = table("127.0.0.1:1", "t", &[]);
    let mut problems = 0;
    let found = source::partitions(&table, Duration::from_secs(2), |_| problems += 1);
    assert!(found.is_err() && problems > 0);
}

/// Records of an hour ago, and one partition that has none: it samples as long as there are more, the
/// same ones each time, and counts what it leaves out.
#[test]
fn a_source_that_lags_reads_a_part() {
    let Some(kafka) = broker("a_source_that_lags_reads_a_part") else { return };
    let topic = fresh("sampled");
    let rule = [("scan.sample.when-lagging", "30 s"), ("scan.sample.rate", "0.25")];
    let create = ("sink.create-topic", "partitions:2,replication:1");
    let more = [&rule[..], &[create, ("scan.startup.mode", "earliest-offset")]].concat();
    let table = table(&kafka, &topic, &more);
    write(&table, 0..0);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &kafka).create().unwrap();
    let send = |id: i64, partition: i32, timestamp: i64| {
        let value = format!("{{\"id\":{id},\"text\":\"text {id}\"}}");
        let record = BaseRecord::<(), str>::to(&topic).payload(&value);
        producer.send(record.partition(partition).timestamp(timestamp)).unwrap();
    };
    let hour_ago = now_ms() - 3_600_000;
    (0..20_000).for_each(|id| send(id, 0, hour_ago + id));
    producer.flush(PATIENCE).unwrap();
    let mut source = open(&table, 0, 1, None, Bounds::default());
    let first = ids(&read(&mut *source, usize::MAX));
    let left_out = source.sampling().unwrap().left_out();
    assert_eq!(first.len() as u64 + left_out, 20_000);
    // The first block, before it is known how old they are, and at the end those of the last one.
    assert!((5_500..7_500).contains(&first.len()), "{}", first.len());
    let next = |source: &dyn Source| source.positions().iter().map(|it| it.next).max();
    assert_eq!(next(&*source), Some(20_000));
    // At its end it lags no more, however old the records are.
    (20_000..20_100).for_each(|id| send(id, 1, now_ms()));
    producer.flush(PATIENCE).unwrap();
    assert_eq!(ids(&read(&mut *source, 100)), (20_000..20_100).collect::<Vec<_>>());
    assert_eq!(**source.sampling().unwrap().rates(), [1.0, 1.0]);
    // Others, from another place on: of what both leave out, the same.
    let from = vec![Position { partition: 0, next: 5_000 }, Position { partition: 1, next: 100 }];
    let mut again = open(&table, 0, 1, Some(from), Bounds::default());
    let second = ids(&read(&mut *again, usize::MAX));
    let both = |ids: &[i64]| -> Vec<i64> {
        ids.iter().copied().filter(|id| (7_000..18_000).contains(id)).collect()
    };
    assert_eq!(both(&first), both(&second));
    // Input that has an end is waited for.
    let until = Bounds { until: Some(EndAt::End), ..Bounds::default() };
    assert_eq!(ids(&read(&mut *open(&table, 0, 1, None, until), usize::MAX)).len(), 20_100);
}
