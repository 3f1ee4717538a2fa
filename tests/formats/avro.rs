//! Avro with a schema registry: a small one, which speaks the requests of Confluent's.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

/// What it has been asked and told.
#[derive(Default)]
struct Known {
    /// By id less one.
    schemas: Mutex<Vec<String>>,
    /// By id.
    references: Mutex<BTreeMap<usize, Value>>,
    /// Subject and id, as they were asked for.
    registered: Mutex<Vec<(String, usize)>>,
    logins: Mutex<Vec<String>>,
    away: AtomicBool,
}

struct Registry {
    url: String,
    known: Arc<Known>,
}

impl Registry {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/registry", listener.local_addr().unwrap());
        let known = Arc::new(Known::default());
        let shared = known.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away is no concern of the next one.
                let _ = answer(stream.unwrap(), &shared);
            }
        });
        Self { url, known }
    }

    fn set_away(&self, away: bool) {
        self.known.away.store(away, Ordering::SeqCst);
    }

    /// The options of a table that it knows the schemas of.
    fn options(&self) -> String {
        format!(
            "'format' = 'avro-confluent', 'avro-confluent.url' = '{}',
             'avro-confluent.basic-auth.credentials-source' = 'USER_INFO',
             'avro-confluent.basic-auth.user-info' = 'me:s3cr'",
            self.url
        )
    }
}

fn answer(stream: TcpStream, known: &Known) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let Some(request) = Request::read(&mut stream) else { return Ok(()) };
    let login = request.header("authorization").map(str::to_owned);
    known.logins.lock().unwrap().extend(login);
    let (status, body) = match known.away.load(Ordering::SeqCst) {
        true => (503, json!({"message": "not yet"})),
        false => known.answer(request.line.split(' ').nth(1).unwrap(), &request.body),
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    stream.get_mut().write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes())
}

impl Known {
    fn schema(&self, id: usize, schema: &str) -> Value {
        match self.references.lock().unwrap().get(&id) {
            Some(references) => json!({"schema": schema, "references": references}),
            None => json!({"schema": schema}),
        }
    }

    fn answer(&self, path: &str, body: &[u8]) -> (u16, Value) {
        let mut schemas = self.schemas.lock().unwrap();
        if let Some(id) = path.strip_prefix("/registry/schemas/ids/") {
            let id: usize = id.parse().unwrap();
            return match schemas.get(id - 1) {
                Some(schema) => (200, self.schema(id, schema)),
                None => (404, json!({"error_code": 40403, "message": "Schema not found"})),
            };
        }
        let subject = path.strip_prefix("/registry/subjects/").unwrap();
        if let Some(version) = subject.strip_prefix("the%20shared/versions/") {
            let id: usize = version.parse().unwrap();
            return (200, self.schema(id, &schemas[id - 1]));
        }
        let subject = subject.strip_suffix("/versions").unwrap().replace("%5F", "_");
        let body: Value = serde_json::from_slice(body).unwrap();
        let schema = body["schema"].as_str().unwrap();
        let place = schemas.iter().position(|known| known == schema);
        let place = place.unwrap_or_else(|| {
            schemas.push(schema.to_owned());
            schemas.len() - 1
        });
        self.registered.lock().unwrap().push((subject.replace("%2D", "-"), place + 1));
        (200, json!({"id": place + 1}))
    }
}

fn job(case: &Case, registry: &Registry, out: &str) -> String {
    let dead = case.folder.file("dead");
    format!(
        "CREATE TABLE t (id INT, name STRING, price DECIMAL(6, 2), at TIMESTAMP(3)) {};
         CREATE TABLE o (id INT, name STRING, price DECIMAL(6, 2), at TIMESTAMP(3))
           WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
         INSERT INTO o SELECT id, name, price, at FROM t;",
        case.with(
            "kafka",
            &format!(
                "{}, 'scan.startup.mode' = 'earliest-offset', 'dead-letter.path' = '{dead}'",
                registry.options()
            )
        )
    )
}

/// Both sides of a record are written under schemas of their own and read by these, and by one of
/// another writer; what no schema fits has its reason.
#[test]
fn records_of_a_registry() {
    let Some(case) = Case::new("registered") else { return };
    let registry = Registry::start();
    registry.set_away(true);
    let given = case.folder.file("given");
    let rows = "{\"id\": 1, \"name\": \"a\", \"price\": 1.25, \"at\": \"2026-01-05 10:30:00.5\"}
        {\"id\": 2, \"name\": null, \"price\": -3, \"at\": null}\n";
    std::fs::write(&given, rows.replace("        {", "{")).unwrap();
    let sink = format!(
        "{}, 'key.format' = 'avro-confluent', 'key.fields' = 'id',
         'sink.create-topic' = 'partitions:1,replication:1'",
        registry.options()
    );
    let write = format!(
        "CREATE TABLE given (id INT, name STRING, price DECIMAL(6, 2), at TIMESTAMP(3))
           WITH ('connector' = 'filesystem', 'path' = '{given}', 'format' = 'json');
         CREATE TABLE t (id INT, name STRING, price DECIMAL(6, 2), at TIMESTAMP(3)) {};
         INSERT INTO t SELECT id, name, price, at FROM given;",
        case.with("kafka", &sink)
    );
    std::thread::scope(|scope| {
        scope.spawn(|| case.run(&write, "1"));
        wait_for("a question", || !registry.known.logins.lock().unwrap().is_empty());
        assert!(registry.known.registered.lock().unwrap().is_empty());
        registry.set_away(false);
    });
    let topic = &case.topic;
    let subjects = [(format!("{topic}-key"), 1), (format!("{topic}-value"), 2)];
    assert_eq!(*registry.known.registered.lock().unwrap(), subjects);
    assert_eq!(registry.known.logins.lock().unwrap()[0], "Basic bWU6czNjcg==");
    let found = records(&case.kafka, topic);
    assert_eq!(found[0].0.as_deref(), Some(&[0, 0, 0, 0, 1, 2, 2][..]));
    assert_eq!(found[1].1.as_deref(), Some(&[0, 0, 0, 0, 2, 2, 4, 0, 2, 4, 0xfe, 0xd4, 0][..]));
    let other = r#"{"type":"record","name":"other","fields":[
        {"name":"more","type":"s.More"},{"name":"id","type":"long"}]}"#;
    let shared = r#"{"type":"enum","name":"s.More","symbols":["a","b"]}"#;
    registry.known.schemas.lock().unwrap().extend([other, shared].map(str::to_owned));
    // The shared one refers to itself, which must not go round for ever.
    let reference = json!([{"name": "s.More", "subject": "the shared", "version": 4}]);
    let references = BTreeMap::from([(3, reference.clone()), (4, reference)]);
    *registry.known.references.lock().unwrap() = references;
    let bad = [&[0, 0, 0, 0, 9, 2][..], &[0, 0, 0, 0, 2, 2][..], b"{}"];
    let fitting = Record { value: Some(&[0, 0, 0, 0, 3, 2, 14]), ..Record::default() };
    let bad_records = bad.map(|value| Record { value: Some(value), ..Record::default() });
    case.fill(&[&[fitting][..], &bad_records[..]].concat());
    let out = case.folder.file("out");
    case.run(&job(&case, &registry, &out), "1");
    assert_eq!(
        lines(Path::new(&out)),
        [
            json!({"id": 1, "name": "a", "price": 1.25, "at": "2026-01-05 10:30:00.5"}),
            json!({"id": 2, "name": null, "price": -3, "at": null}),
            json!({"id": 7, "name": null, "price": null, "at": null}),
        ]
    );
    let letters = lines(Path::new(&case.folder.file("dead")));
    let reasons: Vec<_> = letters.iter().map(|letter| letter["reason"].as_str().unwrap()).collect();
    let none = "schema 9: the registry answers 404: Schema not found";
    let cut = "field `id`: the record is cut short";
    let bare = "no zero and schema id in front, as a registry's records have";
    assert_eq!(reasons, [none, cut, bare]);
    assert_eq!(letters[0]["hex"], "000000000902");
}

/// A job that has to learn a schema waits for the registry, says so, loses nothing, and stops when
/// it is told to.
#[test]
fn a_registry_that_is_away_holds_the_stream() {
    let Some(case) = Case::new("held") else { return };
    let registry = Registry::start();
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"id","type":"int"}]}"#;
    registry.known.schemas.lock().unwrap().push(schema.to_owned());
    registry.set_away(true);
    let record = |value| Record { value: Some(value), ..Record::default() };
    case.fill(&[record(&[0, 0, 0, 0, 1, 2]), record(&[0, 0, 0, 0, 1, 4])]);
    let (out, state) = (case.folder.file("out"), case.folder.file("state"));
    let file = case.folder.file("job.sql");
    std::fs::write(&file, job(&case, &registry, &out)).unwrap();
    let start = || {
        let address = format!("127.0.0.1:{}", free_port());
        let args = ["run", &file, "--state-dir", &state, "--shards", "1", "--http", &address];
        (Job(pelton(&args).spawn().unwrap()), address)
    };
    let said = |address: &str| get_text(address, "/ready").unwrap_or_default();
    let (mut running, address) = start();
    wait_for("its complaint", || said(&address).contains("schema 1 of the registry"));
    // The epochs of a second each end meanwhile, before the records.
    std::thread::sleep(Duration::from_secs(3));
    signal("-TERM", running.0.id());
    assert!(running.0.wait().unwrap().success());
    let (_running, address) = start();
    wait_for("its complaint", || said(&address).contains("schema 1 of the registry"));
    registry.set_away(false);
    wait_for("the rows", || lines(Path::new(&out)).len() == 2);
    wait_for("readiness", || said(&address).contains("\"ready\""));
    assert_eq!(lines(Path::new(&out))[1]["id"], 2);
}

/// Without a registry the table's columns are the schema.
#[test]
fn records_of_ones_own_schema() {
    let Some(case) = Case::new("own") else { return };
    let table = |name: &str, with: &str| {
        format!(
            "CREATE TABLE {name} (id BIGINT NOT NULL, tags ARRAY<STRING>, r ROW<x DOUBLE>) {with};"
        )
    };
    let write = table("t", &case.with("kafka", "'format' = 'avro', 'sink.create-topic' = 'true'"));
    let rows = "(7, ARRAY['a', CAST(NULL AS STRING)], ROW(CAST(0.5 AS DOUBLE)))";
    case.run(&format!("{write} INSERT INTO t SELECT * FROM (VALUES {rows}) AS v (a, b, c);"), "1");
    let half = 0.5_f64.to_le_bytes();
    let wanted = [&[14, 2, 4, 2, 2, b'a', 0, 0, 2, 2][..], &half].concat();
    assert_eq!(records(&case.kafka, &case.topic)[0].1, Some(wanted));
    let read = "'format' = 'avro', 'scan.startup.mode' = 'earliest-offset'";
    let found = case.rows(
        &table("t", &case.with("kafka", read)),
        "id BIGINT, tag STRING, x DOUBLE",
        "SELECT id, tags[1], r.x FROM t",
        "2",
    );
    assert_eq!(found, [json!({"id": 7, "tag": "a", "x": 0.5})]);
}
