//! Lists, sorted sets and streams: what is in them in the end, whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use pelton::record::{
    Batch, BatchTime, ChangeKind, Column, ColumnBuilder, DataType, Field, Schema, Value,
};
use pelton::sink::{Publisher, Sink, SinkContext};
use pelton::sql::plan::Table;

use super::fence::{await_problem, proxy, publisher};
use super::{MINUTE, Server};
use ChangeKind::{Delete, Insert, UpdateAfter, UpdateBefore};

/// id, name, points, at
const ID: usize = 0;

pub fn table(primary_key: &[usize], options: &[(&str, &str)]) -> Arc<Table> {
    let fields = vec![
        Field::new("id", DataType::BigInt),
        Field::new("name", DataType::STRING),
        Field::new("points", DataType::Double),
        Field::new("at", DataType::Timestamp { precision: 3 }),
    ];
    let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
    Arc::new(Table {
        name: "things".into(),
        schema: Schema::new(fields),
        physical: vec![0, 1, 2, 3],
        computed: vec![],
        metadata: vec![],
        watermark: None,
        primary_key: primary_key.to_vec(),
        connector: "redis".into(),
        options: options.collect(),
    })
}

/// The table without some of its columns.
fn narrow(columns: &[usize], primary_key: &[usize], options: &[(&str, &str)]) -> Arc<Table> {
    let all = table(primary_key, options);
    let fields = columns.iter().map(|&column| all.schema.fields[column].clone());
    let place = |key: &usize| columns.iter().position(|column| column == key).unwrap();
    Arc::new(Table {
        schema: Schema::new(fields.collect()),
        physical: (0..columns.len()).collect(),
        primary_key: primary_key.iter().map(place).collect(),
        ..(*all).clone()
    })
}

fn batch(table: &Table, rows: &[(ChangeKind, Vec<Value>)]) -> Batch {
    let types = table.schema.fields.iter().map(|field| &field.data_type);
    let mut columns: Vec<ColumnBuilder> =
        types.map(|data_type| ColumnBuilder::for_type(data_type, rows.len())).collect();
    for (_, values) in rows {
        assert_eq!(values.len(), columns.len());
        values.iter().zip(&mut columns).for_each(|(value, column)| column.push_value(value));
    }
    let columns: Vec<Arc<Column>> = columns.into_iter().map(|c| Arc::new(c.finish())).collect();
    let mut batch = Batch::new(columns, rows.len(), BatchTime::at(0));
    batch.kinds = Some(Arc::new(rows.iter().map(|row| row.0).collect()));
    batch
}

struct Opened {
    sink: Box<dyn Sink>,
    table: Arc<Table>,
    context: SinkContext,
}

impl Opened {
    fn try_new(table: Arc<Table>, publisher: Option<Publisher>) -> Result<Self, String> {
        let (context, zone) = (SinkContext::default(), jiff::tz::TimeZone::UTC);
        let sink = pelton::sink::redis::open(table.clone(), zone, context.clone(), publisher)?;
        Ok(Self { sink, table, context })
    }

    fn new(table: Arc<Table>, publisher: Option<Publisher>) -> Self {
        let mut opened = Self::try_new(table, publisher).unwrap();
        opened.sink.begin_publishing().unwrap();
        opened
    }

    fn send(&mut self, rows: &[(ChangeKind, Vec<Value>)]) {
        self.sink.write(&batch(&self.table, rows)).unwrap();
        self.sink.flush().unwrap();
    }

    fn publish(&mut self, epoch: u64, rows: &[(ChangeKind, Vec<Value>)]) -> Result<(), String> {
        let batches: Vec<Batch> = rows.chunks(700).map(|rows| batch(&self.table, rows)).collect();
        self.sink.publish(epoch, &batches)
    }
}

fn text(text: &str) -> Value {
    Value::Str(text.into())
}

fn row(id: i64, name: &str, points: f64) -> Vec<Value> {
    vec![Value::I64(id), text(name), Value::F64(points), Value::I64(MINUTE)]
}

fn of_ids(ids: impl IntoIterator<Item = i64>) -> Vec<(ChangeKind, Vec<Value>)> {
    ids.into_iter().map(|id| (Insert, row(id, "n", 0.5))).collect()
}

fn list(server: &Server, key: &str) -> Vec<String> {
    server.ask(&["LRANGE", key, "0", "-1"])
}

fn ids(server: &Server, key: &str) -> Vec<i64> {
    let id = |element: &String| {
        let element: serde_json::Value = serde_json::from_str(element).unwrap();
        element["id"].as_i64().unwrap()
    };
    list(server, key).iter().map(id).collect()
}

fn set(server: &Server, key: &str) -> Vec<(String, f64)> {
    server.ask(&["ZRANGE", key, "0", "-1", "WITHSCORES"])
}

/// Rows of the newest minute, by whoever has these options.
pub fn newest(options: &[(&str, &str)]) {
    let mut sink = Opened::new(narrow(&[1, 2, 3], &[1], options), Some(publisher(1, 0)));
    let pair = |minute: i64| vec![text("a"), Value::F64(1.0), Value::I64(minute * 60_000)];
    sink.publish(1, &[(Insert, pair(1)), (Delete, pair(1)), (Insert, pair(2))]).unwrap();
}

type Entry = (String, Vec<(String, String)>);

fn stream(server: &Server, key: &str) -> Vec<Entry> {
    server.ask(&["XRANGE", key, "-", "+"])
}

fn options<'a>(
    url: &'a str,
    kind: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    [&[("url", url), ("data-type", kind)], more].concat()
}

#[test]
fn a_list_holds_the_newest_rows_each_once() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "{{l}}"), ("max-length", "3"), ("ttl", "1 h"), ("json.embed", "name")];
    let mut sink = Opened::new(table(&[ID], &options(&url, "list", &more)), None);
    sink.send(&of_ids(1..=5));
    assert_eq!(ids(&server, "{l}"), [5, 4, 3]);
    // One that comes again stays where it is, or out of it.
    sink.send(&of_ids([1, 4, 5, 6, 6]));
    assert_eq!(ids(&server, "{l}"), [6, 5, 4]);
    let embedded = |name: &str| (Insert, row(7, name, 0.25));
    sink.send(&[embedded(r#" {"a": 1.50} "#)]);
    let wanted = r#"{"id":7,"name":{"a": 1.50},"points":0.25,"at":"2023-10-01T12:34"}"#;
    assert_eq!(list(&server, "{l}")[0], wanted);
    let nulls = (Insert, vec![Value::I64(9), Value::Null, Value::Null, Value::Null]);
    sink.send(&[(Insert, row(8, "no {json", 0.0)), nulls]);
    let all = list(&server, "{l}");
    assert_eq!(all[0], r#"{"id":9,"name":null,"points":null,"at":null}"#);
    assert!(all[1].contains(r#""name":"no {json""#), "{all:?}");
    for key in ["{l}", "pelton:ids:{{l}}"] {
        let ttl: i64 = server.ask(&["TTL", key]);
        assert!((3_500..=3_600).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), 2);
    // Ten times as many ids are known.
    sink.send(&of_ids(100..131));
    assert_eq!(server.ask::<usize>(&["ZCARD", "pelton:ids:{{l}}"]), 30);
    sink.send(&of_ids([101, 100]));
    assert_eq!(ids(&server, "{l}"), [100, 130, 129]);
}

/// A list for each value of a column, of one column, without a bound and without ids.
#[test]
fn lists_without_ids_hold_what_comes() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let of = narrow(&[0, 1], &[], &options(&url, "list", &[("key", "l:{name}")]));
    let mut sink = Opened::new(of, None);
    let pair = |id: i64, name: &str| (Insert, vec![Value::I64(id), text(name)]);
    sink.send(&[pair(1, "a"), pair(2, "b"), pair(1, "a"), pair(3, "a")]);
    assert_eq!(list(&server, "l:a"), ["3", "1", "1"]);
    assert_eq!(list(&server, "l:b"), ["2"]);
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), 2);
    let error = sink.sink.write(&batch(&sink.table, &[(Delete, pair(1, "a").1)])).unwrap_err();
    assert!(error.contains("takes new rows only"), "{error}");
}

/// Two columns of a key may not be taken for two others that look alike side by side.
#[test]
fn ids_of_two_columns_are_kept_apart() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "l"), ("max-length", "9")];
    let mut sink = Opened::new(narrow(&[0, 1], &[0, 1], &options(&url, "list", &more)), None);
    let pair = |id: i64, name: &str| (Insert, vec![Value::I64(id), text(name)]);
    sink.send(&[pair(1, "1:1"), pair(11, "1"), pair(1, "11"), pair(1, "1:1"), pair(11, "1")]);
    assert_eq!(ids(&server, "l"), [1, 11, 1]);
    let error = sink.sink.write(&batch(&sink.table, &[(Insert, vec![Value::I64(1), Value::Null])]));
    assert!(error.unwrap_err().contains("column 'name' is NULL, so the row has no id"));
}

/// A sequence is cut anywhere and begun again anywhere before, as after a crash: the list ends as
/// the whole sequence would leave it.
#[test]
fn a_replay_leaves_the_list_as_it_was() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "l"), ("max-length", "4")];
    let of = table(&[ID], &options(&url, "list", &more));
    let mut random: u64 = 7;
    let mut below = |bound: i64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as i64 % bound
    };
    for _ in 0..60 {
        server.ask::<()>(&["FLUSHALL"]);
        let mut sink = Opened::new(of.clone(), None);
        let (mut begin, mut done) = (0, 0);
        while done < 240 {
            let end = (begin + 1 + below(90)).min(240);
            let mut at = begin;
            while at < end {
                let go = (at + 1 + below(30)).min(end);
                sink.send(&of_ids(at..go));
                at = go;
            }
            done = done.max(end);
            let newest: Vec<i64> = ids(&server, "l");
            if end == done {
                let wanted: Vec<i64> = (0..done).rev().take(4).collect();
                assert_eq!(newest, wanted, "from {begin} to {end}");
            }
            // The last epoch lies behind what has been read since the last crash, or right there.
            begin = (end - below(80)).max(begin);
            sink = Opened::new(of.clone(), None);
        }
    }
}

#[test]
fn a_sorted_set_follows_its_rows() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "z"), ("member", "{name}"), ("score", "points"), ("ttl", "60000")];
    let of = |more: &[(&str, &str)]| narrow(&[1, 2], &[1], &options(&url, "zset", more));
    let mut sink = Opened::new(of(&more), None);
    let pair = |kind, name: &str, points: f64| (kind, vec![text(name), Value::F64(points)]);
    sink.send(&[
        pair(Insert, "a", 1.0),
        pair(Insert, "b", -2.5),
        pair(UpdateBefore, "a", 1.0),
        pair(UpdateAfter, "a", 7.0),
        pair(Insert, "a\r\n{用户}\0", f64::INFINITY),
        pair(Insert, "", 1e-300),
        pair(Insert, "gone", 1.0),
    ]);
    sink.send(&[
        pair(Delete, "gone", 1.0),
        pair(UpdateAfter, "nan", f64::NAN),
        pair(UpdateAfter, "a", 1e17),
    ]);
    let members = [("b", -2.5), ("", 1e-300), ("a", 1e17), ("a\r\n{用户}\0", f64::INFINITY)];
    assert_eq!(set(&server, "z"), members.map(|(name, score)| (name.to_owned(), score)));
    assert!(server.ask::<i64>(&["PTTL", "z"]) > 50_000);
    // NULL takes the member away, as NaN does.
    sink.send(&[(UpdateAfter, vec![text("b"), Value::Null]), pair(UpdateAfter, "", f64::NAN)]);
    assert_eq!(server.ask::<usize>(&["ZCARD", "z"]), 2);

    let bounded = [&more[..3], &[("max-length", "2")]].concat();
    server.ask::<()>(&["DEL", "z"]);
    let mut sink = Opened::new(of(&bounded), None);
    sink.send(&[pair(Insert, "a", 1.0), pair(Insert, "b", 3.0), pair(Insert, "c", 2.0)]);
    sink.send(&[pair(UpdateAfter, "c", 0.5), pair(UpdateAfter, "d", 9.0)]);
    assert_eq!(set(&server, "z"), [("b".to_owned(), 3.0), ("d".to_owned(), 9.0)]);
    assert_eq!(server.ask::<usize>(&["DBSIZE"]), 1);
}

#[test]
fn a_sorted_set_of_the_newest_rows_alone() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "z"), ("member", "{name}"), ("score", "points"), ("newest", "at")];
    let of = |more: &[(&str, &str)]| narrow(&[1, 2, 3], &[1], &options(&url, "zset", more));
    let at = |minute: i64, name: &str, points: f64| {
        (Insert, vec![text(name), Value::F64(points), Value::I64(MINUTE + minute * 60_000)])
    };
    let names = |server: &Server| -> Vec<String> { server.ask(&["ZREVRANGE", "z", "0", "-1"]) };
    let mut sink = Opened::new(of(&more), None);
    sink.send(&[at(0, "a", 5.0), at(0, "b", 4.0), at(0, "c", 3.0)]);
    assert_eq!(names(&server), ["a", "b", "c"]);
    // Two minutes in one go, the later one first: shards are not of one pace.
    sink.send(&[at(2, "b", 1.0), at(2, "d", 2.0), at(1, "b", 9.0), at(1, "a", 9.0)]);
    assert_eq!(set(&server, "z"), [("b".to_owned(), 1.0), ("d".to_owned(), 2.0)]);
    // What is read again after a crash is older, or the same.
    sink.send(&[at(1, "a", 9.0), at(2, "d", 2.0)]);
    assert_eq!(names(&server), ["d", "b"]);
    assert_eq!(server.ask::<i64>(&["DBSIZE"]), 2);
    // What is passed over lets nothing live longer.
    server.ask::<()>(&["PEXPIRE", "z", "60000"]);
    let lasting = [&more[..], &[("ttl", "1 h")]].concat();
    sink = Opened::new(of(&lasting), None);
    sink.send(&[at(1, "a", 9.0)]);
    assert!(server.ask::<i64>(&["PTTL", "z"]) <= 60_000);
    sink.send(&[at(3, "e", 9.0)]);
    for key in ["z", "pelton:newest:{z}"] {
        assert!(server.ask::<i64>(&["PTTL", key]) > 3_500_000, "{key}");
    }
    // What another program keeps there is not deleted.
    server.ask::<()>(&["SET", "z", "of another program"]);
    let error = sink.sink.write(&batch(&sink.table, &[at(4, "a", 1.0)]));
    let error = error.and_then(|()| sink.sink.flush()).unwrap_err();
    assert!(error.contains("WRONGTYPE"), "{error}");
    assert_eq!(server.ask::<String>(&["GET", "z"]), "of another program");
}

#[test]
fn a_stream_has_an_entry_for_each_row() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    let more = [("key", "s:{id}"), ("max-length", "2"), ("ttl", "1 h")];
    let mut sink = Opened::new(table(&[], &options(&url, "stream", &more)), None);
    let nulls = (Insert, vec![Value::I64(1), Value::Null, Value::Null, Value::Null]);
    sink.send(&[(Insert, row(1, "x", 1.0)), (Insert, row(1, "y", 2.5)), nulls]);
    let entries: Vec<_> = stream(&server, "s:1").into_iter().map(|(_, fields)| fields).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let whole = vec![pair("name", "y"), pair("points", "2.5"), pair("at", "2023-10-01T12:34")];
    assert_eq!(entries, [whole, vec![pair("name", "")]]);
    assert!(server.ask::<i64>(&["TTL", "s:1"]) > 3_500);

    let more = [("key", "guarded"), ("max-length", "5")];
    let mut sink = Opened::new(table(&[ID], &options(&url, "stream", &more)), None);
    sink.send(&of_ids([1, 2, 2, 3, 1, 4]));
    let of_entry = |(_, fields): Entry| fields[0].1.clone();
    let found: Vec<String> = stream(&server, "guarded").into_iter().map(of_entry).collect();
    assert_eq!(found, ["1", "2", "3", "4"]);
}

/// What is appended goes out whole, and once: a chunk that cannot be written for one of its keys
/// has written nothing to the others.
#[test]
fn a_chunk_that_fails_has_appended_nothing() {
    let Some(server) = Server::start() else { return };
    let url = server.url();
    for (kind, length) in [("list", "LLEN"), ("stream", "XLEN")] {
        server.ask::<()>(&["FLUSHALL"]);
        let of = narrow(&[0, 1], &[], &options(&url, kind, &[("key", "k:{name}")]));
        let rows: Vec<_> = (0..100)
            .map(|id| (Insert, vec![Value::I64(id), text(&(id % 10).to_string())]))
            .collect();
        server.ask::<()>(&["SET", "k:7", "of another program"]);
        let mut sink = Opened::new(of.clone(), Some(publisher(1, 0)));
        let error = sink.publish(1, &rows).unwrap_err();
        assert!(error.contains("WRONGTYPE"), "{error}");
        server.ask::<()>(&["DEL", "k:7"]);
        let mut sink = Opened::new(of, Some(publisher(2, 1)));
        sink.publish(1, &rows).unwrap();
        for key in 0..10 {
            assert_eq!(server.ask::<usize>(&[length, &format!("k:{key}")]), 10, "{kind} {key}");
        }
    }
}

#[test]
fn what_was_sent_twice_is_there_once() {
    let Some(server) = Server::start() else { return };
    let cut = Arc::default();
    let url = proxy(&server, Arc::clone(&cut));
    let hang_up = || cut.store(true, std::sync::atomic::Ordering::SeqCst);
    for (key, id, publisher) in
        [("early", &[ID][..], None), ("committed", &[], Some(publisher(1, 0)))]
    {
        let more = [("key", key), ("max-length", "5000")];
        let mut sink = Opened::new(table(id, &options(&url, "list", &more)), publisher.clone());
        sink.publish(1, &of_ids(0..10)).unwrap();
        hang_up();
        match publisher {
            None => sink.send(&of_ids(10..20)),
            Some(_) => sink.publish(2, &of_ids(10..20)).unwrap(),
        }
        assert_eq!((sink.context.retries(), sink.context.problem()), (1, None));
        assert_eq!(ids(&server, key), (0..20).rev().collect::<Vec<_>>());
    }
}

/// What an epoch writes: thousands of rows, so that a kill falls between chunks, or into one.
const ROWS: i64 = 3_000;

fn of_epoch(kind: &str, epoch: u64) -> Vec<(ChangeKind, Vec<Value>)> {
    let first = (epoch as i64 - 1) * ROWS;
    match kind {
        // Members that change, come and go.
        "zset" => (0..ROWS)
            .map(|member| {
                let goes = (member + epoch as i64) % 7 == 0;
                let points = Value::F64(epoch as f64);
                (if goes { Delete } else { UpdateAfter }, vec![text(&member.to_string()), points])
            })
            .collect(),
        _ => (first..first + ROWS).map(|id| (Insert, vec![Value::I64(id)])).collect(),
    }
}

/// What the first `rows` of all rows leave.
fn after(kind: &str, rows: i64) -> Vec<String> {
    let (epochs, rest) = (rows / ROWS, rows % ROWS);
    match kind {
        "zset" => {
            let epoch_of = |member: i64| if member < rest { epochs + 1 } else { epochs };
            let there = |member: &i64| {
                let epoch = epoch_of(*member);
                epoch > 0 && (member + epoch) % 7 != 0
            };
            (0..ROWS).filter(there).map(|m| format!("{m}={}", epoch_of(m))).collect()
        }
        "list" => (0..rows).rev().map(|id| id.to_string()).collect(),
        _ => (0..rows).map(|id| id.to_string()).collect(),
    }
}

fn found(server: &Server, kind: &str) -> Vec<String> {
    match kind {
        "zset" => {
            let mut pairs = set(server, "k");
            pairs.sort_by_key(|(member, _)| member.parse::<i64>().unwrap());
            pairs.into_iter().map(|(member, score)| format!("{member}={score}")).collect()
        }
        "list" => list(server, "k"),
        _ => stream(server, "k").into_iter().map(|(_, fields)| fields[0].1.clone()).collect(),
    }
}

/// Of lists too long to be shown: where they part.
fn assert_same(found: &[String], wanted: &[String], what: &str) {
    let at = (0..).find(|at| found.get(*at) != wanted.get(*at) || *at == wanted.len()).unwrap();
    let here = |of: &[String]| of[at.min(of.len())..of.len().min(at + 3)].join(", ");
    let (found_here, wanted_here) = (here(found), here(wanted));
    let lengths = format!("{} entries found, {} wanted", found.len(), wanted.len());
    assert!(found == wanted, "{what}: {lengths}; at {at} [{found_here}] for [{wanted_here}]");
}

/// The epoch and its rows that the fence counts as written.
fn position(server: &Server) -> (u64, i64) {
    let held: Vec<Option<String>> =
        server.ask(&["HMGET", "pelton:fence:job:things:k", "epoch", "rows"]);
    let number = |at: usize| held[at].as_ref().map_or(0, |text| text.parse().unwrap());
    (number(0) as u64, number(1))
}

/// Whatever moment the server is killed at: its disk holds the rows up to the fence, and the next
/// start goes on right behind them.
#[test]
fn nothing_doubles_when_the_server_is_killed_in_a_chunk() {
    for kind in ["list", "zset", "stream"] {
        let Some(mut server) = Server::start() else { return };
        let url = server.url();
        let set = [("key", "k"), ("member", "{name}"), ("score", "points")];
        let of = match kind {
            "zset" => narrow(&[1, 2], &[1], &options(&url, kind, &set)),
            _ => narrow(&[0], &[], &options(&url, kind, &[("key", "k")])),
        };
        let mut start = 0;
        for patience_ms in [5, 40, 90, 170] {
            start += 1;
            let (epoch, _) = position(&server);
            let mut sink = Opened::new(of.clone(), Some(publisher(start, epoch)));
            let context = sink.context.clone();
            let writer = std::thread::spawn(move || {
                let mut next = epoch.max(1)..;
                next.find_map(|epoch| sink.publish(epoch, &of_epoch(kind, epoch)).err()).unwrap()
            });
            std::thread::sleep(Duration::from_millis(patience_ms));
            server.stop();
            await_problem(&context);
            context.stop();
            assert!(writer.join().unwrap().contains("stopped before it came back"));
            server.start_again_whole();
            let (epoch, rows) = position(&server);
            let all = (epoch.max(1) as i64 - 1) * ROWS + rows;
            assert_same(&found(&server, kind), &after(kind, all), &format!("{kind} of {all} rows"));
        }
        let (epoch, _) = position(&server);
        let mut sink = Opened::new(of, Some(publisher(start + 1, epoch)));
        sink.publish(epoch.max(1), &of_epoch(kind, epoch.max(1))).unwrap();
        let (epoch, rows) = position(&server);
        assert_eq!(rows, ROWS);
        let whole = after(kind, epoch as i64 * ROWS);
        assert_same(&found(&server, kind), &whole, &format!("{kind} in the end"));
    }
}

#[test]
fn options_that_cannot_be() {
    let bad = |primary_key: &[usize], kind: &str, more: &[(&str, &str)], wanted: &str| {
        let of = table(primary_key, &options("redis://h", kind, more));
        let error = Opened::try_new(of.clone(), None).err().unwrap();
        assert!(error.contains(wanted), "{error}");
        assert!(pelton::sink::check(&of).unwrap_err().contains(wanted));
    };
    let key = ("key", "k");
    bad(&[0], "list", &[key], "needs 'max-length'");
    bad(&[0], "stream", &[key], "needs 'max-length'");
    bad(&[], "list", &[key, ("max-length", "0")], "is not a number from 1");
    bad(&[], "list", &[key, ("score", "points")], "'score' goes with 'data-type' = 'zset' only");
    bad(&[], "string", &[key, ("max-length", "1")], "'list', 'zset', 'stream' only, and it is");
    bad(&[], "set", &[key], "'data-type' = 'set' is none of");
    bad(&[], "list", &[("key", "{id}{name}{points}{at}")], "no column is left");
    bad(&[], "zset", &[key], "needs 'member'");
    bad(&[], "zset", &[key, ("member", "{id}")], "and 'score', the name of a column");
    let member = ("member", "{id}");
    bad(&[], "zset", &[key, member, ("score", "{points}")], "no column '{points}'");
    bad(&[], "zset", &[key, member, ("score", "id;points")], "the name of one column");
    bad(&[], "zset", &[key, member, ("score", "name")], "is STRING, not a number or a time");
    let score = ("score", "points");
    bad(&[], "zset", &[key, member, score, ("newest", "points")], "is DOUBLE, not a time");
    bad(&[], "zset", &[key, member, score, ("newest", "at")], "column 'name' would be lost");
    bad(&[1], "zset", &[key, member, score], "column 'name' of the primary key stands neither");
    bad(&[], "stream", &[key, ("json.embed", "name")], "'json.embed' is of values");
    bad(&[], "list", &[key, ("json.embed", "id")], "'id' is not a STRING");
}

/// What `pelton check` says of a job that writes `query` to a table with these options.
fn check(declaration: &str, inserts: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let job = folder.path().join("job.sql");
    let text = format!(
        "CREATE TABLE events (id BIGINT, name STRING) WITH ('connector' = 'datagen');
         CREATE TABLE out_ ({declaration}, 'connector' = 'redis', 'url' = 'redis://h');
         {inserts}"
    );
    std::fs::write(&job, text).unwrap();
    let mut pelton = std::process::Command::new(env!("CARGO_BIN_EXE_pelton"));
    let output = pelton.arg("check").arg(&job).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn check_says_what_a_table_cannot_take() {
    let counts = "INSERT INTO out_ SELECT name, COUNT(*) FROM events GROUP BY name;";
    let columns = "name STRING, n BIGINT, PRIMARY KEY (name) NOT ENFORCED) WITH (";
    for kind in ["list", "stream"] {
        let options = format!("'key' = 'k', 'data-type' = '{kind}', 'max-length' = '9'");
        let found = check(&format!("{columns}{options}"), counts);
        assert!(found.contains("takes new rows only"), "{found}");
        assert!(found.contains("set 'data-type' to what takes changes"), "{found}");
    }
    let set = "'key' = 'k', 'data-type' = 'zset', 'member' = '{name}', 'score' = 'n'";
    let found = check(&format!("{columns}{set}"), counts);
    assert!(found.contains("no errors"), "{found}");
    let found = check(&format!("{columns}{set}, 'field' = '{{name}}'"), counts);
    assert!(found.contains("table `out_`: 'field' goes with 'data-type' = 'hash' only"), "{found}");
    let twice = [counts, counts].concat();
    let found = check(&format!("{columns}{set}"), &twice);
    assert!(found.contains("is written by another INSERT already"), "{found}");
    let found = check(&format!("{columns}'key' = 'k', 'data-type' = 'lits'"), counts);
    assert!(found.contains("there is no data-type 'lits'"), "{found}");
}
