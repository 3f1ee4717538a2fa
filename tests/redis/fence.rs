//! Committed rows: each written once, and never over those of a newer start.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pelton::record::{Batch, ChangeKind};
use pelton::sink::{Publisher, Sink, SinkContext};

use super::{MINUTE, Row, Server, batch, table};
use crate::common::wait_for;

pub const KEY: &str = "c:{user_id}:{minute}";
const FENCE: &str = "pelton:fence:job:clicks:c:{user_id}:{minute}";
/// Rows of one chunk, where each has a key of its own.
const CHUNK: usize = 1_024;

/// Waits until a sink shows that something is wrong.
pub fn await_problem(context: &SinkContext) {
    wait_for("a problem to be shown", || context.problem().is_some());
}

/// A start that goes on from a committed epoch.
pub fn publisher(start: u64, epoch: u64) -> Publisher {
    Publisher {
        job: "job".into(),
        state: "one".into(),
        start,
        owner: format!("process of start {start}"),
        epoch,
        take_over: false,
    }
}

type Opened = (Box<dyn Sink>, SinkContext);

/// A sink that is not yet the one that publishes.
fn unclaimed(url: &str, publisher: Publisher) -> Opened {
    let context = SinkContext::default();
    let options = [("url", url), ("data-type", "hash"), ("key", KEY)];
    let zone = jiff::tz::TimeZone::UTC;
    let sink =
        pelton::sink::redis::open(table(&options), zone, context.clone(), Some(publisher)).unwrap();
    (sink, context)
}

fn open(url: &str, publisher: Publisher) -> Opened {
    let (mut sink, context) = unclaimed(url, publisher);
    sink.begin_publishing().unwrap();
    (sink, context)
}

fn refusal(url: &str, publisher: Publisher) -> String {
    unclaimed(url, publisher).0.begin_publishing().unwrap_err()
}

pub fn key(user: &str) -> String {
    format!("c:{user}:2023-10-01T12:34")
}

/// Users 0, 1, … each with these clicks.
pub fn rows(users: std::ops::Range<usize>, clicks: i64) -> Vec<Batch> {
    let names: Vec<String> = users.map(|user| user.to_string()).collect();
    let of_part = |names: &[String]| {
        let row = |name| -> Row<'_> { (ChangeKind::UpdateAfter, name, MINUTE, Some(clicks)) };
        batch(&names.iter().map(|name| row(name.as_str())).collect::<Vec<_>>())
    };
    names.chunks(700).map(of_part).collect()
}

fn clicks(server: &Server, user: usize) -> Option<i64> {
    server.ask(&["HGET", &key(&user.to_string()), "clicks"])
}

/// The epoch and its rows that the fence counts as written.
fn position(server: &Server) -> (i64, usize) {
    let text: Vec<String> = server.ask(&["HMGET", FENCE, "epoch", "rows"]);
    (text[0].parse().unwrap(), text[1].parse().unwrap())
}

#[test]
fn a_stale_start_is_refused_and_the_value_stays() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut stale, context) = open(&url, publisher(1, 0));
    stale.publish(1, &rows(0..3, 1)).unwrap();
    let (mut next, _) = open(&url, publisher(2, 1));
    // From the successor's very start on, not only from its first rows.
    let error = stale.publish(2, &rows(0..3, 2)).unwrap_err();
    assert!(error.contains("fenced off: start 2 of job 'job'"), "{error}");
    assert!(error.contains("this is start 1") && error.contains(FENCE), "{error}");
    next.publish(2, &rows(0..3, 5)).unwrap();
    assert!(stale.publish(3, &rows(0..3, 3)).is_err());
    assert_eq!((clicks(&server, 0), clicks(&server, 2)), (Some(5), Some(5)));
    assert_eq!((context.retries(), context.problem()), (0, None));
    assert!(refusal(&url, publisher(1, 2)).contains("fenced off"));
    let twin = Publisher { owner: "from a copy of the folder".into(), ..publisher(2, 2) };
    assert!(refusal(&url, twin).contains("this is start 2"));
    // The answer to a claim may be lost: it is claimed again by the same.
    next.begin_publishing().unwrap();
    next.publish(3, &rows(0..3, 6)).unwrap();
    assert_eq!(clicks(&server, 0), Some(6));
    assert_eq!(server.ask::<i64>(&["TTL", FENCE]), -1);
}

#[test]
fn a_chunk_sent_twice_is_written_once() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) = open(&url, publisher(1, 0));
    sink.publish(1, &rows(0..3_000, 1)).unwrap();
    server.ask::<()>(&["HSET", &key("7"), "clicks", "100"]);
    sink.publish(1, &rows(0..3_000, 1)).unwrap();
    assert_eq!(clicks(&server, 7), Some(100));
    let (mut after_a_crash, _) = open(&url, publisher(2, 1));
    after_a_crash.publish(1, &rows(0..3_000, 1)).unwrap();
    assert_eq!(clicks(&server, 7), Some(100));
    after_a_crash.publish(2, &rows(0..3_000, 2)).unwrap();
    assert_eq!((clicks(&server, 7), position(&server)), (Some(2), (2, 3_000)));
}

#[test]
fn the_rest_of_an_epoch_follows_what_is_there() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) = open(&url, publisher(1, 0));
    server.ask::<()>(&["SET", &key("2500"), "of another program"]);
    let error = sink.publish(1, &rows(0..3_000, 1)).unwrap_err();
    assert!(error.contains("WRONGTYPE") && error.contains(KEY), "{error}");
    assert_eq!(position(&server), (1, 2 * CHUNK));
    server.ask::<()>(&["DEL", &key("2500"), &key("3")]);
    let (mut sink, _) = open(&url, publisher(2, 1));
    sink.publish(1, &rows(0..3_000, 1)).unwrap();
    assert_eq!((clicks(&server, 2_500), clicks(&server, 2_999)), (Some(1), Some(1)));
    assert_eq!((clicks(&server, 3), position(&server)), (None, (1, 3_000)));
}

#[test]
fn a_server_without_the_scripts_goes_on() {
    let Some(mut server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, context) = open(&url, publisher(1, 0));
    sink.publish(1, &rows(0..2_000, 1)).unwrap();
    server.ask::<()>(&["SCRIPT", "FLUSH"]);
    sink.publish(2, &rows(0..2_000, 2)).unwrap();
    assert_eq!((clicks(&server, 1_999), context.retries()), (Some(2), 0));
    server.stop();
    server.start_again();
    sink.publish(3, &rows(0..2_000, 3)).unwrap();
    assert_eq!((clicks(&server, 1_999), position(&server)), (Some(3), (3, 2_000)));
    assert!(context.retries() > 0);
}

/// Whatever moment the server is killed at: what its disk holds ends with a whole chunk, and
/// the next start goes on right behind it.
#[test]
fn a_chunk_cut_by_a_killed_server_is_repeated_whole() {
    const USERS: usize = 5_000;
    let Some(mut server) = Server::start() else { return };
    let url = server.url();
    for (start, patience_ms) in [(1, 5), (3, 40), (5, 90), (7, 170)] {
        let epoch_before = if start == 1 { 0 } else { position(&server).0 };
        let (mut sink, context) = open(&url, publisher(start, epoch_before as u64));
        let writer = std::thread::spawn(move || {
            let epochs = epoch_before as u64 + 1..;
            for epoch in epochs {
                let rows = rows(0..USERS, epoch as i64);
                if let Err(error) = sink.publish(epoch, &rows) {
                    return error;
                }
            }
            unreachable!()
        });
        std::thread::sleep(Duration::from_millis(patience_ms));
        server.stop();
        await_problem(&context);
        context.stop();
        let error = writer.join().unwrap();
        assert!(error.contains("stopped before it came back"), "{error}");
        server.start_again();
        let (epoch, written) = position(&server);
        for user in 0..USERS {
            let wanted = if user < written { epoch } else { (epoch - 1).max(0) };
            let found = clicks(&server, user).unwrap_or(0);
            assert_eq!(found, wanted, "user {user} of {written} in epoch {epoch}");
        }
        let epoch = epoch.max(1);
        let (mut sink, _) = open(&url, publisher(start + 1, epoch as u64));
        sink.publish(epoch as u64, &rows(0..USERS, epoch)).unwrap();
        assert_eq!((clicks(&server, USERS - 1), position(&server)), (Some(epoch), (epoch, USERS)));
    }
}

/// Passes on what clients say, and once, when told to, hangs up instead of passing on an answer.
pub fn proxy(server: &Server, cut: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.port);
    let pass = |mut from: TcpStream, mut to: TcpStream, cut: Arc<AtomicBool>| {
        let mut bytes = [0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if cut.swap(false, Ordering::SeqCst) || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    };
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (back, forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (cut, never) = (cut.clone(), Arc::default());
            std::thread::spawn(move || pass(client, forth, never));
            std::thread::spawn(move || pass(server, back, cut));
        }
    });
    format!("redis://127.0.0.1:{port}/0")
}

#[test]
fn a_chunk_whose_answer_was_lost_is_written_once() {
    let Some(server) = Server::start() else { return };
    let cut = Arc::new(AtomicBool::new(false));
    let (mut sink, context) = open(&proxy(&server, cut.clone()), publisher(1, 0));
    sink.publish(1, &rows(0..10, 1)).unwrap();
    cut.store(true, Ordering::SeqCst);
    sink.publish(2, &rows(0..10, 2)).unwrap();
    assert_eq!((context.retries(), context.problem()), (1, None));
    assert_eq!((clicks(&server, 9), position(&server)), (Some(2), (2, 10)));
    let statistics: String = server.ask(&["INFO", "commandstats"]);
    let calls = |command: &str| {
        let line = statistics.lines().find(|line| line.starts_with(command)).unwrap().to_owned();
        line.split(['=', ',']).nth(1).unwrap().parse::<u32>().unwrap()
    };
    // Ten rows twice, and the fence: the claim and two chunks.
    assert_eq!((calls("cmdstat_hset:"), calls("cmdstat_evalsha:")), (23, 6));
}

#[test]
fn a_redis_that_lost_the_fence_is_fenced_again_by_the_newer_start() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut stale, _) = open(&url, publisher(1, 0));
    stale.publish(7, &rows(0..3, 1)).unwrap();
    let (mut next, _) = open(&url, publisher(2, 7));
    server.ask::<()>(&["FLUSHALL"]);
    stale.publish(99, &rows(0..3, 1)).unwrap();
    next.publish(8, &rows(0..3, 8)).unwrap();
    assert!(stale.publish(100, &rows(0..3, 1)).is_err());
    assert_eq!((clicks(&server, 0), position(&server)), (Some(8), (8, 3)));
}

#[test]
fn older_state_and_state_begun_afresh() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let (mut sink, _) = open(&url, publisher(4, 0));
    sink.publish(9, &rows(0..3, 9)).unwrap();
    let error = refusal(&url, publisher(5, 8));
    assert!(error.contains("rows of epoch 9") && error.contains("is of epoch 8"), "{error}");
    let wanted = Publisher { take_over: true, ..publisher(3, 8) };
    let (mut older, _) = open(&url, wanted);
    assert!(sink.publish(10, &rows(0..3, 10)).unwrap_err().contains("fenced off"));
    // What was committed before is there; what comes again has other bounds.
    older.publish(8, &rows(0..3, -1)).unwrap();
    assert_eq!(clicks(&server, 0), Some(9));
    older.publish(9, &rows(0..2, 8)).unwrap();
    assert_eq!((clicks(&server, 0), position(&server)), (Some(8), (9, 2)));
    let fresh = |start, epoch| Publisher { state: "two".into(), ..publisher(start, epoch) };
    let (mut afresh, _) = open(&url, fresh(1, 0));
    afresh.publish(1, &rows(0..3, 1)).unwrap();
    assert!(older.publish(10, &rows(0..3, 10)).unwrap_err().contains("fenced off"));
    let error = refusal(&url, publisher(5, 9));
    assert!(error.contains("begun afresh") && error.contains("pipeline.name"), "{error}");
    open(&url, fresh(2, 1)).0.publish(2, &rows(0..3, 2)).unwrap();
    assert_eq!((clicks(&server, 0), position(&server)), (Some(2), (2, 3)));
}
