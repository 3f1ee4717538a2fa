//! A connection to one broker, on a thread of its own: asks for the partitions that the broker
//! leads, sorts what comes to their lanes, and begins anew when the connection breaks.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys::types::RDKafkaRespErr;

use super::lane::{Chunk, Claim, Lane};
use super::records::whole_batch;
use super::wire::{self, Aborted, Answer, Refused, Wanted};
use super::{Shared, of};

/// How long the connection rests while every lane is full or held back.
const PAUSE: Duration = Duration::from_millis(2);
/// The same of a broker that leads none of them.
const PAUSE_UNUSED: Duration = Duration::from_millis(100);
const BACKOFF_LEAST: Duration = Duration::from_millis(50);
const BACKOFF_MOST: Duration = Duration::from_secs(1);
/// How long a partition is left alone after an error of its own.
const REST_MS: u64 = 100;
/// No answer is larger than this: a length beyond it is none.
const ANSWER_MAX: usize = 1 << 30;
/// Answers whose memory is used again.
const SPARE: usize = 16;
/// A part of an answer is copied where it is smaller than this share of it: a partition that is
/// read slowly would keep all the rest.
const SHARE_LEAST: usize = 8;
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// One broker, by its address as last told.
pub struct Link {
    pub broker: i32,
    pub address: Mutex<(String, u16)>,
    /// To interrupt the thread at the end.
    socket: Mutex<Option<TcpStream>>,
    thread: Mutex<Option<Thread>>,
    /// Since when an answer is waited for, by the clock of the reader; 0 while none is.
    pub asked_ms: AtomicU64,
    /// The broker is gone, or the reader.
    ended: AtomicBool,
}

impl Link {
    /// Starts the thread of a broker's connection; `None`, with a word in the log, where it cannot.
    pub fn start(broker: i32, address: (String, u16), shared: &Arc<Shared>) -> Option<Arc<Self>> {
        let link = Arc::new(Self {
            broker,
            address: Mutex::new(address),
            socket: Mutex::default(),
            thread: Mutex::default(),
            asked_ms: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let (own, shared) = (link.clone(), shared.clone());
        let builder = std::thread::Builder::new().name(format!("kafka-fetch-{broker}"));
        match builder.spawn(move || Reader::new(own, shared).run()) {
            Ok(handle) => {
                *of(link.thread.lock()) = Some(handle.thread().clone());
                Some(link)
            }
            Err(error) => {
                tracing::error!("no thread to read from Kafka, which is tried again: {error}");
                None
            }
        }
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.interrupt();
    }

    /// Breaks the connection: the thread begins anew, if it is not to end.
    pub fn interrupt(&self) {
        if let Some(socket) = &*of(self.socket.lock()) {
            // Fails where the connection is gone already.
            let _ = socket.shutdown(Shutdown::Both);
        }
        if let Some(thread) = &*of(self.thread.lock()) {
            thread.unpark();
        }
    }
}

/// Why a connection is given up.
enum Broken {
    Network(std::io::Error),
    Refused(Refused),
    /// The broker will not do.
    Unfit(String),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Network(error)
    }
}

/// What the thread owns.
struct Reader {
    link: Arc<Link>,
    shared: Arc<Shared>,
    correlation: i32,
    /// Which lane a request names first: brokers fill an answer in the order asked.
    turn: usize,
    request: Vec<u8>,
    answers: Vec<Arc<Vec<u8>>>,
}

impl Reader {
    fn new(link: Arc<Link>, shared: Arc<Shared>) -> Self {
        let (request, answers) = (Vec::new(), Vec::new());
        Self { link, shared, correlation: 0, turn: 0, request, answers }
    }

    fn run(mut self) {
        let mut backoff = BACKOFF_LEAST;
        while !self.has_ended() {
            if self.shared.led_by(self.link.broker).is_empty() {
                std::thread::park_timeout(PAUSE_UNUSED);
                continue;
            }
            let asked = self.correlation;
            let broken = self.converse();
            self.link.asked_ms.store(0, Ordering::Relaxed);
            *of(self.link.socket.lock()) = None;
            if self.has_ended() {
                return;
            }
            if let Err(broken) = broken {
                self.shared.bell.ring();
                self.tell(broken);
            }
            // An answer came over it: it was a good one.
            let worked = self.correlation.wrapping_sub(asked) > 1;
            backoff = if worked { BACKOFF_LEAST } else { (backoff * 2).min(BACKOFF_MOST) };
            std::thread::park_timeout(backoff);
        }
    }

    fn has_ended(&self) -> bool {
        self.shared.has_ended() || self.link.ended.load(Ordering::Relaxed)
    }

    fn tell(&self, broken: Broken) {
        let (host, port) = of(self.link.address.lock()).clone();
        let is_final = matches!(broken, Broken::Unfit(_));
        let reason = match broken {
            Broken::Network(error) => error.to_string(),
            Broken::Refused(Refused::Damaged) => "an answer cannot be read".to_owned(),
            Broken::Refused(Refused::Code(code)) => known(code).to_string(),
            Broken::Unfit(reason) => reason,
        };
        self.shared.fault(format!("broker {host}:{port}: {reason}"), is_final);
    }

    /// Connects and asks until the connection breaks, the reader ends or the broker leads nothing.
    fn converse(&mut self) -> Result<(), Broken> {
        let mut stream = self.connect()?;
        self.request.clear();
        wire::api_versions(&self.shared.settings.limits.client_id, &mut self.request);
        stream.write_all(&self.request)?;
        let answer = self.receive(&mut stream)?;
        wire::check_versions(&answer).map_err(Broken::Unfit)?;
        while !self.has_ended() {
            let lanes = self.shared.led_by(self.link.broker);
            if lanes.is_empty() {
                return Ok(());
            }
            let claims = self.claim(&lanes);
            if claims.is_empty() {
                std::thread::park_timeout(PAUSE);
                continue;
            }
            self.ask(&claims);
            self.link.asked_ms.store(self.shared.now_ms().max(1), Ordering::Relaxed);
            stream.write_all(&self.request)?;
            let answer = self.receive(&mut stream)?;
            self.link.asked_ms.store(0, Ordering::Relaxed);
            let found = wire::answers(&answer, self.correlation).map_err(Broken::Refused)?;
            self.deliver(&answer, found, &claims);
            self.keep(answer);
        }
        Ok(())
    }

    fn connect(&self) -> Result<TcpStream, Broken> {
        let (host, port) = of(self.link.address.lock()).clone();
        let timeout = self.shared.settings.timeout;
        let wait = Duration::from_millis(self.shared.settings.limits.wait_ms as u64);
        let mut last = std::io::Error::other("its name has no address");
        for address in (host.as_str(), port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout.min(CONNECT_MAX)) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(timeout + wait))?;
                    stream.set_write_timeout(Some(timeout))?;
                    *of(self.link.socket.lock()) = Some(stream.try_clone()?);
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// One answer, without its length.
    fn receive(&mut self, stream: &mut TcpStream) -> Result<Arc<Vec<u8>>, Broken> {
        let mut len = [0; 4];
        stream.read_exact(&mut len)?;
        let len = u32::from_be_bytes(len) as usize;
        if len > ANSWER_MAX {
            return Err(Broken::Refused(Refused::Damaged));
        }
        let mut buffer = self.buffer();
        // What is no answer may state any length.
        let usual = self.shared.settings.limits.max_bytes.max(0) as usize;
        let room = len.min(2 * usual);
        if buffer.capacity() < room {
            // To grow it would copy what nobody reads any more.
            buffer = Vec::with_capacity(room);
        }
        if stream.take(len as u64).read_to_end(&mut buffer)? < len {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(Arc::new(buffer))
    }

    /// Memory of an answer that nobody reads any more, or fresh one.
    fn buffer(&mut self) -> Vec<u8> {
        let unused = self.answers.iter().position(|answer| Arc::strong_count(answer) == 1);
        let found = unused.and_then(|index| Arc::into_inner(self.answers.swap_remove(index)));
        let mut buffer = found.unwrap_or_default();
        buffer.clear();
        buffer
    }

    fn keep(&mut self, answer: Arc<Vec<u8>>) {
        let usual = 2 * self.shared.settings.limits.max_bytes.max(0) as usize;
        if self.answers.len() < SPARE && answer.capacity() <= usual {
            self.answers.push(answer);
        }
    }

    /// The lanes to ask for now, each time beginning with another one.
    fn claim(&mut self, lanes: &[Arc<Lane>]) -> Vec<Claim> {
        let now = self.shared.now_ms();
        self.turn += 1;
        let count = lanes.len();
        let in_turn = (0..count).map(|index| &lanes[(self.turn + index) % count]);
        let queued_max = self.shared.settings.queued_bytes;
        in_turn.filter_map(|lane| lane.claim(queued_max, now)).collect()
    }

    fn ask(&mut self, claims: &[Claim]) {
        let settings = &self.shared.settings;
        let wanted = |claim: &Claim| Wanted {
            partition: claim.lane.partition,
            offset: claim.next(),
            max_bytes: settings.partition_bytes,
        };
        let wanted: Vec<Wanted> = claims.iter().map(wanted).collect();
        self.correlation = self.correlation.wrapping_add(1);
        self.request.clear();
        let topic = &self.shared.topic;
        wire::fetch(self.correlation, &settings.limits, topic, &wanted, &mut self.request);
    }

    fn deliver(&self, bytes: &Arc<Vec<u8>>, answers: Vec<Answer>, claims: &[Claim]) {
        let mut came = false;
        for (index, answer) in answers.into_iter().enumerate() {
            // Brokers keep the order of the request, but nothing says that they must.
            let is_of = |claim: &&Claim| claim.lane.partition == answer.partition;
            let claim = claims.get(index).filter(is_of).or_else(|| claims.iter().find(is_of));
            let Some(claim) = claim else { continue };
            came |= match answer.error {
                0 => self.records(bytes, answer, claim),
                code => self.error(code, claim),
            };
        }
        if came {
            self.shared.wake();
        }
    }

    /// Hands over whole batches; true if there is something for the worker.
    fn records(&self, bytes: &Arc<Vec<u8>>, answer: Answer, claim: &Claim) -> bool {
        let Answer { log_end, stable_end, aborted, records, .. } = answer;
        claim.lane.answered_ms.store(self.shared.now_ms().max(1), Ordering::Relaxed);
        let (mut next, mut at) = (claim.next(), records.start);
        while let Some((len, behind)) = whole_batch(&bytes[at..records.end]) {
            at += len;
            next = next.max(behind);
        }
        if at > records.start {
            claim.is_whole();
        } else if !records.is_empty() {
            claim.rest_until(self.shared.now_ms() + REST_MS);
            if claim.is_cut_again() {
                // Whoever opens it will say what is wrong.
                at = records.end;
            }
        }
        let came = at > records.start;
        claim.go_on_at(next);
        if came {
            claim.records(chunk(bytes, records.start..at, aborted));
        }
        claim.lane.log_end.store(log_end, Ordering::Relaxed);
        let end = if self.shared.settings.limits.read_committed { stable_end } else { log_end };
        claim.lane.behind.store(next < end, Ordering::Relaxed);
        let reached = next >= end && claim.reaches_end();
        if reached {
            claim.mark(RDKafkaErrorCode::PartitionEOF);
        }
        came || reached
    }

    fn error(&self, code: i16, claim: &Claim) -> bool {
        claim.rest_until(self.shared.now_ms() + REST_MS);
        let code = known(code);
        if is_of_a_move(code) {
            self.shared.bell.ring();
        }
        // A partition that was added later is read from its beginning, which need not be 0.
        if code == RDKafkaErrorCode::OffsetOutOfRange && claim.next() == 0 {
            match self.shared.beginning(claim.lane.partition) {
                Some(beginning) if beginning > 0 => claim.go_on_at(beginning),
                Some(_) => claim.mark(code),
                None => {}
            }
        } else if !claim.is_crowded() {
            claim.mark(code);
        }
        true
    }
}

/// A part of an answer: the answer itself, or a copy of a small part of it.
fn chunk(answer: &Arc<Vec<u8>>, range: Range<usize>, aborted: Vec<Aborted>) -> Chunk {
    if range.len() * SHARE_LEAST >= answer.capacity() {
        return Chunk { answer: answer.clone(), range, aborted };
    }
    let copy = answer[range.clone()].to_vec();
    Chunk { answer: Arc::new(copy), range: 0..range.len(), aborted }
}

/// Whether an error says that somebody else leads the partition now.
fn is_of_a_move(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::NotLeaderForPartition
            | Code::LeaderNotAvailable
            | Code::UnknownTopicOrPartition
            | Code::ReplicaNotAvailable
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
    )
}

/// Kafka's error codes are the client library's.
fn known(code: i16) -> RDKafkaErrorCode {
    let known = RDKafkaRespErr::try_from(i32::from(code));
    known.map_or(RDKafkaErrorCode::Unknown, RDKafkaErrorCode::from)
}
