//! What servers of today know and the one of the other tests does not: tokens, and rows that say
//! what they are. First against one that is made up and keeps to ClickHouse's documentation, then
//! against a real one, where `PELTON_TEST_CLICKHOUSE` names it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use pelton::record::{DataType, Value};

use super::http::{Receiver, Reply, Request, Statement};
use super::rows::Nulls::{No, Yes};
use super::rows::{Column, NUMBERS, batch, numbers, open, publisher, text};
use super::server::{ask, proxy};

/// Bodies of the inserts that are in the table.
pub type Table = Arc<Mutex<Vec<Vec<u8>>>>;

const TOKEN: &str = "insert_deduplication_token";

/// A server that drops an insert whose token it has seen, and breaks the connection in the answers
/// to the first `cuts`.
pub fn made_up(cuts: usize) -> (Receiver, Table) {
    let (table, tokens) = (Table::default(), Mutex::new(BTreeSet::new()));
    let (shared, left) = (table.clone(), Mutex::new(cuts));
    let receiver = Receiver::start(move |request| {
        if !request.is_insert() {
            return Reply::Whole(200, system_table(&request.query()).into());
        }
        if tokens.lock().unwrap().insert(request.parameter(TOKEN).unwrap()) {
            shared.lock().unwrap().push(request.body.clone());
        }
        let mut left = left.lock().unwrap();
        match *left {
            0 => Reply::Whole(200, Vec::new()),
            _ => {
                *left -= 1;
                Reply::Cut
            }
        }
    });
    (receiver, table)
}

fn system_table(query: &str) -> &'static str {
    match query {
        query if query.contains("system.columns") => {
            r#"{"data":[["n","Int64",""],["s","LowCardinality(String)",""]]}"#
        }
        query if query.contains("system.settings") => {
            r#"{"data":[["async_insert"],["insert_deduplication_token"]]}"#
        }
        query if query.contains("system.formats") => r#"{"data":[["RowBinaryWithNamesAndTypes"]]}"#,
        query if query.contains("system.tables") => {
            r#"{"data":[["ReplicatedMergeTree","ReplicatedMergeTree('/x', 'y') ORDER BY n"]]}"#
        }
        _ => panic!("{query}"),
    }
}

fn options<'a>(url: &'a str, max_rows: &'a str) -> [(&'static str, &'a str); 3] {
    [("url", url), ("table", "rows"), ("sink.buffer-flush.max-rows", max_rows)]
}

fn tokens(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.parameter(TOKEN).unwrap()).collect()
}

#[test]
fn a_chunk_has_one_name_however_often_it_is_sent() {
    let (receiver, table) = made_up(2);
    let url = receiver.url();
    let epoch = |first: &[i64], max_rows| {
        let before = receiver.inserts().len();
        let (mut sink, _) = open(&NUMBERS, &options(&url, max_rows), Some(publisher())).unwrap();
        let batches: Vec<_> = first.windows(2).map(|pair| numbers(pair[0]..pair[1])).collect();
        sink.publish(3, &batches).unwrap();
        tokens(&receiver.inserts()[before..])
    };
    let first = epoch(&[0, 300, 1_000], "400");
    // Both connections broke while the first chunk was on its way.
    assert_eq!((first.len(), &first[0], &first[1]), (5, &first[1], &first[2]));
    assert!(first[0].starts_with("archive:00ff:rows:3:0:"), "{first:?}");
    assert!(first[4].starts_with("archive:00ff:rows:3:2:"), "{first:?}");
    assert_eq!(table.lock().unwrap().len(), 3);
    // Another start with the same rows in other batches.
    assert_eq!(epoch(&[0, 1, 2, 999, 1_000], "400"), first[2..]);
    assert_eq!(table.lock().unwrap().len(), 3);
    // What is cut in another way has other names, so that nothing is taken for what is there.
    let other = epoch(&[0, 1_000], "500");
    assert!(other.iter().all(|token| !first.contains(token)), "{other:?}");
    assert_eq!(table.lock().unwrap().len(), 5);
}

#[test]
fn an_insert_says_what_its_rows_are() {
    let (receiver, table) = made_up(0);
    let (mut sink, _) = open(&NUMBERS, &options(&receiver.url(), "400"), None).unwrap();
    sink.write(&numbers(7..8)).unwrap();
    sink.flush().unwrap();
    let insert = &receiver.inserts()[0];
    assert_eq!(
        insert.query(),
        "INSERT INTO `default`.`rows` (`n`, `s`) FORMAT RowBinaryWithNamesAndTypes"
    );
    // Servers of today would gather it with others otherwise, and heed no token.
    assert_eq!(insert.parameter("async_insert").as_deref(), Some("0"));
    assert_eq!(insert.parameter("wait_end_of_query").as_deref(), Some("1"));
    let expected = b"\x02\x01n\x01s\x05Int64\x16LowCardinality(String)\x07\0\0\0\0\0\0\0\x05row 7";
    assert_eq!(table.lock().unwrap()[0], expected);
    // Rows that belong to no epoch have a name as well, and each chunk its own.
    for _ in 0..2 {
        sink.write(&numbers(7..8)).unwrap();
        sink.flush().unwrap();
    }
    assert_eq!(table.lock().unwrap().len(), 3);
}

#[test]
fn chunks_end_by_bytes_too() {
    let (receiver, _) = made_up(0);
    let url = receiver.url();
    let options = [("url", &*url), ("table", "rows"), ("sink.buffer-flush.max-bytes", "1 kb")];
    let (mut sink, _) = open(&NUMBERS, &options, Some(publisher())).unwrap();
    sink.publish(1, &[numbers(0..1_000)]).unwrap();
    let lengths: Vec<usize> = receiver.inserts().iter().map(|it| it.body.len()).collect();
    assert!(lengths.len() > 10, "{lengths:?}");
    let (last, full) = lengths.split_last().unwrap();
    assert!(full.iter().all(|length| (1_024..1_050).contains(length)), "{lengths:?}");
    assert!(*last < 1_050, "{lengths:?}");
}

fn of_today() -> Vec<Column<'static>> {
    let map = DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::STRING));
    vec![
        ("n", DataType::BigInt, No),
        ("flag", DataType::Boolean, Yes),
        ("kind", DataType::STRING, Yes),
        ("at", DataType::TimestampLtz { precision: 3 }, No),
        ("fine", DataType::Timestamp { precision: 3 }, Yes),
        ("day", DataType::Date, No),
        ("tags", map, Yes),
        ("price", DataType::Decimal(pelton::decimal::DecimalType::new(38, 5)), No),
    ]
}

/// The DDL, whose table keeps a window; Bool, DateTime64, Date32, Map.
fn create(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (n Int64, flag Nullable(Bool), kind LowCardinality(Nullable(String)), \
         at DateTime64(3, 'UTC'), fine Nullable(DateTime64(6, 'UTC')), day Date32, \
         tags Map(String, Nullable(String)), price Decimal(76, 5)) ENGINE = MergeTree ORDER BY n \
         SETTINGS non_replicated_deduplication_window = 100"
    )
}

fn row(n: i64) -> Vec<Value> {
    let tags = [(text("k"), text("v")), (text("none"), Value::Null)];
    vec![
        Value::I64(n),
        Value::Bool(true),
        text("click"),
        Value::I64(1_700_000_000_123),
        Value::I64(-1),
        Value::I64(-1),
        Value::Map(tags.into()),
        Value::decimal(-1),
    ]
}

#[test]
fn a_server_of_today_keeps_each_row_once() {
    let Ok(address) = std::env::var("PELTON_TEST_CLICKHOUSE") else {
        eprintln!("skipped: PELTON_TEST_CLICKHOUSE is not set to the port of a current server");
        return;
    };
    let port: u16 = address.parse().expect("PELTON_TEST_CLICKHOUSE is a port on 127.0.0.1");
    let name = format!("pelton_test_{}", std::process::id());
    ask(port, &create(&name));
    let proxy = proxy(port, 2);
    let url = proxy.url();
    let options = [("url", &*url), ("table", &*name), ("sink.buffer-flush.max-rows", "2")];
    let columns = of_today();
    let mut rows: Vec<Vec<Value>> = (0..4).map(row).collect();
    for (value, (_, _, nulls)) in rows[1].iter_mut().zip(&columns) {
        if *nulls == Yes {
            *value = Value::Null;
        }
    }
    // Another start publishes what the first has published already.
    for _ in 0..2 {
        let (mut sink, _) = open(&columns, &options, Some(publisher())).unwrap();
        sink.publish(1, &[batch(&columns, &rows)]).unwrap();
    }
    let select = "SELECT n, flag, kind, at, fine, day, tags, price";
    let found = ask(port, &format!("{select} FROM {name} ORDER BY n LIMIT 2"));
    assert_eq!(
        found,
        "0\ttrue\tclick\t2023-11-14 22:13:20.123\t1969-12-31 23:59:59.999000\t1969-12-31\t\
         {'k':'v','none':NULL}\t-0.00001\n\
         1\t\\N\t\\N\t2023-11-14 22:13:20.123\t\\N\t1969-12-31\t{}\t-0.00001"
    );
    assert_eq!(ask(port, &format!("SELECT count() FROM {name}")), "4");
    assert_eq!(proxy.inserts().len(), 6, "two chunks, twice, and two of the answers were lost");
    // The same rows in another epoch are other rows.
    let (mut sink, _) = open(&columns, &options, Some(publisher())).unwrap();
    sink.publish(2, &[batch(&columns, &rows)]).unwrap();
    assert_eq!(ask(port, &format!("SELECT count() FROM {name}")), "8");
    // A table that is altered meanwhile takes no rows of the old form.
    ask(port, &format!("ALTER TABLE {name} MODIFY COLUMN day DateTime64(3)"));
    let error = sink.publish(3, &[batch(&columns, &rows)]).unwrap_err();
    assert!(error.contains("Type of 'day' must be DateTime64(3), not Date32"), "{error}");
    ask(port, &format!("DROP TABLE {name}"));
}
