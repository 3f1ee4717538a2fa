//! `pelton produce`: the load generator. An open loop: every event has a time at which it is
//! meant to be sent, which is what it carries, whatever the receiver does.

pub mod events;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressStyle};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord};

use self::events::{Kind, Shape, user_id};
use super::parse;
use crate::kafka::{CreateTopic, Deliveries, TopicAdmin, explain, flush_all};

/// Events between two looks at the clock.
const STRIDE: u64 = 64;
/// How long a topic is waited for that is made here.
const TOPIC_MAX: Duration = Duration::from_secs(60);
const FLUSH_MAX: Duration = Duration::from_secs(60);

#[derive(clap::Args, Clone, Debug)]
pub struct ProduceArgs {
    /// Broker to write to
    #[arg(long, default_value = "127.0.0.1:9092", value_name = "HOST:PORT")]
    pub kafka: String,
    /// Topic; by default user_events, clickstream or user_profiles
    #[arg(long)]
    pub topic: Option<String>,
    /// Write JSON lines to this file (or - for standard output) instead of Kafka
    #[arg(long, value_name = "FILE")]
    pub to: Option<String>,
    #[arg(long, value_enum, default_value = "user-events")]
    pub kind: Kind,
    /// Events a second; 0 = as fast as possible
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Events in all; without it until --for is over or the process is stopped
    #[arg(long)]
    pub count: Option<u64>,
    /// How long to go on
    #[arg(long = "for", value_parser = parse::duration)]
    pub duration: Option<Duration>,
    #[arg(long, default_value_t = 1_000)]
    pub users: u64,
    /// Key of the records
    #[arg(long, default_value = "user_id", value_parser = ["user_id", "none"])]
    pub key: String,
    /// 0 = all users alike; larger: more events on the users with small numbers
    #[arg(long, default_value_t = 0.0)]
    pub skew: f64,
    /// JSON fields in another order in every record
    #[arg(long)]
    pub shuffle_keys: bool,
    /// Share of events up to 4 s out of order, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub out_of_order: f64,
    /// Share of events one to two minutes late, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub late: f64,
    /// Share of events cut in the middle, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub malformed: f64,
    /// Share of events made by one user, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub burst_user: f64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the topic, with this many partitions, where it is missing
    #[arg(long)]
    pub partitions: Option<i32>,
    /// Event time of the first event, ms since the epoch; without it events carry the time at
    /// which they were meant to be sent
    #[arg(long, value_name = "EPOCH_MS")]
    pub start: Option<u64>,
    /// Events a second of event time, with --start
    #[arg(long, default_value_t = 1_000)]
    pub event_rate: u64,
}

impl ProduceArgs {
    fn shape(&self) -> Shape {
        Shape {
            kind: self.kind,
            seed: self.seed,
            users: self.users,
            skew: self.skew,
            shuffle_keys: self.shuffle_keys,
            out_of_order: self.out_of_order,
            late: self.late,
            malformed: self.malformed,
            burst: self.burst_user,
        }
    }

    pub fn topic(&self) -> &str {
        self.topic.as_deref().unwrap_or(match self.kind {
            Kind::UserEvents => "user_events",
            Kind::Clickstream => "clickstream",
            Kind::UserProfiles => "user_profiles",
        })
    }
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Produced {
    pub sent: u64,
    pub seconds: f64,
    /// How far the schedule was missed at worst.
    pub behind_max_ms: u64,
}

pub fn run(args: &ProduceArgs) -> Result<(), String> {
    let stop = super::signal::stop_flag();
    let bar = match args.count {
        Some(count) => ProgressBar::new(count),
        None => ProgressBar::new_spinner(),
    };
    let style = ProgressStyle::with_template("{wide_bar} {pos} events, {per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let sent = AtomicU64::new(0);
    let produced = std::thread::scope(|scope| {
        let worker = scope.spawn(|| generate(args, &stop, &sent));
        while !worker.is_finished() {
            bar.set_position(sent.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(100));
        }
        worker.join().map_err(|_| "the generator has stopped".to_owned())?
    })?;
    bar.finish_and_clear();
    let Produced { sent, seconds, behind_max_ms } = produced;
    let rate = (sent as f64 / seconds.max(1e-9)) as u64;
    eprintln!(
        "{sent} events in {seconds:.1} s ({rate}/s), at most {behind_max_ms} ms behind schedule"
    );
    Ok(())
}

/// Sends events until the count, the time or `stop` ends it, and waits for all
/// acknowledgements. `progress` counts those handed over.
pub fn generate(
    args: &ProduceArgs,
    stop: &AtomicBool,
    progress: &AtomicU64,
) -> Result<Produced, String> {
    let mut target = Target::open(args)?;
    let shape = args.shape();
    let (mut begun, mut begun_us) = now();
    let count = args.count.unwrap_or(u64::MAX);
    let (mut record, mut key) = (Vec::with_capacity(512), Vec::with_capacity(16));
    let mut behind_max_ms = 0;
    let mut index = 0;
    while index < count && !stop.load(Ordering::Relaxed) {
        if index % STRIDE == 0 {
            progress.store(index, Ordering::Relaxed);
            if args.duration.is_some_and(|duration| begun.elapsed() >= duration) {
                break;
            }
        }
        let due_us = match args.rate {
            0 if args.start.is_some() => 0,
            0 => begun.elapsed().as_micros() as u64,
            rate => (u128::from(index) * 1_000_000 / u128::from(rate)) as u64,
        };
        if args.rate > 0 {
            behind_max_ms = behind_max_ms.max(wait_until(begun, due_us, &mut target)?);
        }
        let time_us = match args.start {
            None => begun_us + due_us,
            Some(start_ms) => start_ms * 1_000 + index * 1_000_000 / args.event_rate.max(1),
        };
        record.clear();
        key.clear();
        user_id(shape.write(index, time_us, &mut record), &mut key);
        target.send(&record, (args.key == "user_id").then_some(&key[..]))?;
        index += 1;
        if index == 1 && args.rate > 0 {
            // The client takes its time to connect: the schedule begins with the broker's first
            // answer, so that it is not the client's start that is measured.
            target.finish()?;
            (begun, begun_us) = now();
        }
    }
    target.finish()?;
    progress.store(index, Ordering::Relaxed);
    Ok(Produced { sent: index, seconds: begun.elapsed().as_secs_f64(), behind_max_ms })
}

/// By the steady clock, and in µs since the epoch.
fn now() -> (Instant, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    (Instant::now(), since.map_or(0, |since| since.as_micros() as u64))
}

/// Waits for an event's time; returns by how many ms it has been missed.
fn wait_until(begun: Instant, due_us: u64, target: &mut Target) -> Result<u64, String> {
    loop {
        let now_us = begun.elapsed().as_micros() as u64;
        if now_us >= due_us {
            return Ok((now_us - due_us) / 1_000);
        }
        target.poll()?;
        let left = Duration::from_micros((due_us - now_us).min(500));
        std::thread::sleep(left);
    }
}

/// Where events go.
enum Target {
    Kafka { producer: BaseProducer<Deliveries>, topic: String, sent: u64 },
    Lines(Box<dyn Write>),
}

impl Target {
    fn open(args: &ProduceArgs) -> Result<Self, String> {
        if let Some(path) = &args.to {
            let out: Box<dyn Write> = match path.as_str() {
                "-" => Box::new(std::io::stdout()),
                path => Box::new(File::create(path).map_err(|error| format!("{path}: {error}"))?),
            };
            return Ok(Self::Lines(Box::new(BufWriter::with_capacity(1 << 20, out))));
        }
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &args.kafka);
        if let Some(partitions) = args.partitions {
            let wanted = CreateTopic { partitions, replication: 1, bytes_max: None };
            TopicAdmin::new(&config, TOPIC_MAX)?.ensure(args.topic(), wanted)?;
        }
        config
            // Whatever the broker goes through, events keep their order and none comes twice.
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", "2")
            .set("batch.num.messages", "10000")
            .set("queue.buffering.max.messages", "1000000")
            .set("queue.buffering.max.kbytes", "262144");
        let create = config.create_with_context(Deliveries::default());
        let producer = create.map_err(|error| explain(&error))?;
        Ok(Self::Kafka { producer, topic: args.topic().to_owned(), sent: 0 })
    }

    fn send(&mut self, value: &[u8], key: Option<&[u8]>) -> Result<(), String> {
        let (producer, topic, sent) = match self {
            Self::Kafka { producer, topic, sent } => (producer, topic, sent),
            Self::Lines(out) => {
                let written = out.write_all(value).and_then(|()| out.write_all(b"\n"));
                return written.map_err(|error| error.to_string());
            }
        };
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).payload(value);
        record.key = key;
        while let Err((error, back)) = producer.send(record) {
            match error {
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) => {
                    producer.poll(Duration::from_millis(5));
                    record = back;
                }
                error => return Err(explain(&error)),
            }
        }
        *sent += 1;
        if sent.is_multiple_of(1_024) {
            producer.poll(Duration::ZERO);
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), String> {
        match self {
            Self::Kafka { producer, .. } => {
                producer.poll(Duration::ZERO);
                Ok(())
            }
            Self::Lines(out) => out.flush().map_err(|error| error.to_string()),
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        match self {
            Self::Kafka { producer, .. } => flush_all(producer, FLUSH_MAX),
            Self::Lines(out) => out.flush().map_err(|error| error.to_string()),
        }
    }
}
