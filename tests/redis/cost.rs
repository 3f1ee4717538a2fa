//! A figure, not a check, for docs/connectors.md: what the sink makes of the rate that the client library has.
//! `cargo test --release --test redis cost -- --ignored --nocapture`

use std::time::{Duration, Instant};

use pelton::sink::SinkContext;

use super::fence::{KEY, key, publisher, rows};
use super::{Server, table, try_open};

const USERS: usize = 100_000;
const ROUNDS: u64 = 9;
/// Commands of a pipeline of the control: four times as many make it no faster.
const PIPELINE: usize = 1_024;
const TTL_S: usize = 7 * 86_400;

/// The plain loop: keys and values are ready before the clock runs.
fn control(connection: &mut redis::Connection, keys: &[String], value: &str) {
    for keys in keys.chunks(PIPELINE) {
        let mut pipeline = redis::Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.cmd("SET").arg(key).arg(value).arg("EX").arg(TTL_S).ignore();
        }
        pipeline.exec(connection).unwrap();
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

#[test]
#[ignore = "a measurement"]
fn beside_the_client_library() {
    let Some(server) = Server::start() else { return };
    server.ask::<()>(&["CONFIG", "SET", "appendonly", "no"]);
    let url = server.url();
    let options = [("url", url.as_str()), ("key", KEY), ("ttl", "7 d")];
    let (mut plain, _) = try_open(&options).unwrap();
    let (zone, context) = (jiff::tz::TimeZone::UTC, SinkContext::default());
    let of_start = Some(publisher(1, 0));
    let mut fenced = pelton::sink::redis::open(table(&options), zone, context, of_start).unwrap();
    fenced.begin_publishing().unwrap();
    let batches = rows(0..USERS, 1);
    let keys: Vec<String> = (0..USERS).map(|user| key(&user.to_string())).collect();
    let mut connection = server.connection().unwrap();
    // What the sink writes, so that the control writes the same.
    batches.iter().for_each(|batch| plain.write(batch).unwrap());
    plain.flush().unwrap();
    let value: String = server.ask(&["GET", &keys[0]]);
    let (mut of_plain, mut of_fenced) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let timed = |work: &mut dyn FnMut()| {
            let begun = Instant::now();
            work();
            USERS as f64 / Duration::as_secs_f64(&begun.elapsed())
        };
        let raw = timed(&mut || control(&mut connection, &keys, &value));
        let unfenced = timed(&mut || {
            batches.iter().for_each(|batch| plain.write(batch).unwrap());
            plain.flush().unwrap();
        });
        let committed = timed(&mut || fenced.publish(round + 1, &batches).unwrap());
        eprintln!("{raw:.0} updates/s raw, sink {unfenced:.0}, fenced {committed:.0}");
        of_plain.push(unfenced / raw);
        of_fenced.push(committed / raw);
    }
    eprintln!("of raw, medians: {:.2}, fenced {:.2}", median(of_plain), median(of_fenced));
}
