//! The control of the benchmarks: how fast the client library alone hands over a topic.
//!
//! N consumers, each on a thread of its own, read their share of the partitions in batches and
//! throw the messages away. Prints one line of JSON. Throughput figures of the engine are given
//! as a ratio to this one, of the same topic in the same run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use rdkafka_sys as sys;

#[derive(Parser)]
#[command(about = "Drains a Kafka topic and decodes nothing")]
struct Args {
    /// Bootstrap address, host:port.
    #[arg(long)]
    kafka: String,
    #[arg(long)]
    topic: String,
    #[arg(long, default_value_t = 1)]
    consumers: usize,
    /// Stop after this many messages.
    #[arg(long)]
    count: u64,
    /// Pin consumer i, and the client's threads with it, to processor i.
    #[arg(long)]
    pin: bool,
    /// Another setting of the client, name=value; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Give up when nothing has come for this long.
    #[arg(long, default_value_t = 30)]
    patience_seconds: u64,
}

/// The engine's settings of a source.
const SETTINGS: &[(&str, &str)] = &[
    ("group.id", "raw-drain"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("isolation.level", "read_committed"),
    ("fetch.wait.max.ms", "10"),
    ("fetch.queue.backoff.ms", "2"),
    ("queued.min.messages", "1000000"),
    ("queued.max.messages.kbytes", "8192"),
    ("fetch.message.max.bytes", "1048576"),
    ("fetch.max.bytes", "4194304"),
    ("socket.nagle.disable", "true"),
];

const BATCH: usize = 1024;

/// How long a consumer whose queue is empty leaves the processor to the client's threads.
const REST: Duration = Duration::from_micros(50);

#[derive(Default)]
struct Progress {
    messages: AtomicU64,
    bytes: AtomicU64,
    /// When the first and the last batch came.
    span: Mutex<Option<(Instant, Instant)>>,
    /// CPU time of the process when the first batch came.
    cpu_at_start: AtomicU64,
}

impl Progress {
    fn note(&self, messages: u64, bytes: u64) {
        let now = Instant::now();
        if let Ok(mut span) = self.span.lock() {
            match &mut *span {
                Some((_, last)) => *last = now,
                None => {
                    self.cpu_at_start.store(cpu_ns(), Ordering::Relaxed);
                    *span = Some((now, now));
                }
            }
        }
        self.messages.fetch_add(messages, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// User and system time of the whole process: the client's threads included.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the struct that is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Threads that are made later inherit this thread's processor.
fn pin_to(processor: usize) {
    // SAFETY: the set is made here and only read by the call; 0 means the calling thread.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

fn config(args: &Args) -> ClientConfig {
    let mut config = ClientConfig::new();
    for &(name, value) in SETTINGS {
        config.set(name, value);
    }
    config.set("bootstrap.servers", &args.kafka);
    for setting in &args.settings {
        if let Some((name, value)) = setting.split_once('=') {
            config.set(name, value);
        }
    }
    config
}

fn assignment(
    args: &Args,
    consumer: &BaseConsumer,
    index: usize,
) -> Result<TopicPartitionList, String> {
    let metadata = consumer
        .fetch_metadata(Some(&args.topic), Duration::from_secs(10))
        .map_err(|error| format!("{}: {error}", args.kafka))?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    if partitions == 0 {
        return Err(format!("topic '{}' is not there", args.topic));
    }
    let mut list = TopicPartitionList::new();
    for partition in (0..partitions).filter(|partition| partition % args.consumers == index) {
        list.add_partition_offset(&args.topic, partition as i32, Offset::Beginning)
            .map_err(|error| error.to_string())?;
    }
    Ok(list)
}

fn drain(args: &Args, index: usize, progress: &Progress) -> Result<(), String> {
    if args.pin {
        pin_to(index % std::thread::available_parallelism().map_or(1, usize::from));
    }
    let consumer: BaseConsumer = config(args).create().map_err(|error| error.to_string())?;
    let list = assignment(args, &consumer, index)?;
    consumer.assign(&list).map_err(|error| error.to_string())?;
    // SAFETY: the client lives until the end of this function; the queue is given back before.
    let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
    let mut messages = vec![std::ptr::null_mut(); BATCH];
    let mut quiet_since = Instant::now();
    while progress.messages.load(Ordering::Relaxed) < args.count {
        let (taken, bytes) = take(queue, &mut messages);
        if taken > 0 {
            progress.note(taken, bytes);
            quiet_since = Instant::now();
        } else if quiet_since.elapsed().as_secs() >= args.patience_seconds {
            break;
        } else {
            // Waiting inside the client costs a wake-up for each part of a fetch.
            std::thread::sleep(REST);
        }
    }
    // SAFETY: taken above, given back once.
    unsafe { sys::rd_kafka_queue_destroy(queue) };
    Ok(())
}

/// One batch: number of messages and bytes of keys and values.
fn take(
    queue: *mut sys::rd_kafka_queue_t,
    messages: &mut [*mut sys::rd_kafka_message_t],
) -> (u64, u64) {
    let (mut taken, mut bytes) = (0, 0);
    // SAFETY: the queue is alive; the call fills as many pointers as it returns, at most the
    // length given, and each message is ours until it is destroyed, once, here.
    unsafe {
        let count =
            sys::rd_kafka_consume_batch_queue(queue, 0, messages.as_mut_ptr(), messages.len());
        for &message in &messages[..count.max(0) as usize] {
            if (*message).err == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                taken += 1;
                bytes += ((*message).len + (*message).key_len) as u64;
            }
            sys::rd_kafka_message_destroy(message);
        }
    }
    (taken, bytes)
}

fn main() -> Result<(), String> {
    let args = Args::parse();
    let progress = Progress::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.consumers.max(1))
            .map(|index| {
                scope.spawn({
                    let (args, progress) = (&args, &progress);
                    move || drain(args, index, progress)
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a consumer's thread failed".into()))
        })
    })?;
    let cpu = cpu_ns() - progress.cpu_at_start.load(Ordering::Relaxed);
    let messages = progress.messages.load(Ordering::Relaxed);
    let span = progress.span.lock().ok().and_then(|span| *span);
    let seconds = span.map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    let report = serde_json::json!({
        "messages": messages,
        "seconds": seconds,
        "rate": (messages as f64 / seconds.max(1e-9)).round(),
        "bytes": progress.bytes.load(Ordering::Relaxed),
        "cpu_ns_per_message": (cpu as f64 / messages.max(1) as f64).round(),
    });
    println!("{report}");
    Ok(())
}
