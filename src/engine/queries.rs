//! Random queries: what whole jobs make of them, against plain loops over plain rows.
//!
//! `PELTON_TEST_QUERIES` says how many queries a run makes, `PELTON_TEST_SEED` with which it begins;
//! `queries_as_cases` writes them into the folder `PELTON_TEST_QUERIES_OUT`, for another engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::connectors::{Connect, OpenSink};
use super::{RunOptions, run};
use crate::expression::model::generate::{self, Generator, Node, Type};
use crate::expression::model::reference::{Plain, Row, compared, computed};
use crate::expression::model::{number, value_of, written};
use crate::record::{Batch, Value};
use crate::sink::Sink;
use crate::sql::{compile, optimizer::optimize};

/// Queries of a usual run; a long one has 20,000 and more.
const QUERIES: u64 = 600;
/// All of one job read the same rows.
const QUERIES_A_JOB: u64 = 20;
const ROWS_MAX: u64 = 40;
/// Types that may be keys: zeros of two signs are one key, and which one is shown is chance.
const KEYS: [Type; 6] =
    [Type::TinyInt, Type::SmallInt, Type::Int, Type::BigInt, Type::Text, Type::Bool];
/// Types that MIN and MAX are asked of.
const ORDERED: [Type; 3] = [Type::Int, Type::BigInt, Type::Text];

/// A query that says what its columns are and which rows it has.
struct Query {
    sql: String,
    types: Vec<Type>,
    rows: Vec<Row>,
}

/// Makes queries over one table; `None` where an expression cannot be written, or fails for a row.
struct Maker {
    make: Generator,
    rows: Vec<Row>,
}

impl Maker {
    fn query(&mut self) -> Option<Query> {
        match self.make.below(7) {
            0 => self.plain(),
            1 => self.distinct(),
            2 => self.union(),
            3 => self.join(),
            4 => self.is_in(),
            _ => self.groups(),
        }
    }

    fn node(&mut self, of: Type) -> Node {
        let depth = self.make.below(4) as u32;
        self.make.node(of, depth)
    }

    fn values(&self, node: &Node) -> Option<Vec<Plain>> {
        self.rows.iter().map(|row| computed(node, row).ok()).collect()
    }

    /// `SELECT … AS v0, … FROM t WHERE …` of columns of these types.
    fn select(&mut self, types: &[Type]) -> Option<Query> {
        let nodes: Vec<Node> = types.iter().map(|of| self.node(*of)).collect();
        let columns = nodes.iter().map(|node| self.values(node)).collect::<Option<Vec<_>>>()?;
        let mut rows: Vec<Row> = (0..self.rows.len())
            .map(|row| columns.iter().map(|column| column[row].clone()).collect())
            .collect();
        let mut sql = String::from("SELECT ");
        for (at, node) in nodes.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(sql, "{comma}{} AS v{at}", written::sql(node)?).unwrap();
        }
        sql.push_str(" FROM t");
        if self.make.below(3) > 0 {
            let condition = self.node(Type::Bool);
            let kept = self.values(&condition)?;
            let mut kept = kept.iter().map(|value| matches!(value, Plain::Bool(true)));
            rows.retain(|_| kept.next() == Some(true));
            write!(sql, " WHERE {}", written::sql(&condition)?).unwrap();
        }
        Some(Query { sql, types: types.to_vec(), rows })
    }

    fn types(&mut self, of: &[Type], most: u64) -> Vec<Type> {
        (0..1 + self.make.below(most)).map(|_| self.make.one_of(of)).collect()
    }

    fn plain(&mut self) -> Option<Query> {
        let types = self.types(&generate::columns(), 4);
        self.select(&types)
    }

    fn distinct(&mut self) -> Option<Query> {
        let types = self.types(&KEYS, 2);
        let Query { sql, mut rows, .. } = self.select(&types)?;
        let mut seen = BTreeSet::new();
        rows.retain(|row| seen.insert(shown(row)));
        Some(Query { sql: format!("SELECT DISTINCT * FROM ({sql})"), types, rows })
    }

    fn union(&mut self) -> Option<Query> {
        let types = self.types(&generate::columns(), 3);
        let (a, b) = (self.select(&types)?, self.select(&types)?);
        let sql = format!("({}) UNION ALL ({})", a.sql, b.sql);
        Some(Query { sql, types, rows: [a.rows, b.rows].concat() })
    }

    fn join(&mut self) -> Option<Query> {
        let key = self.make.one_of(&KEYS);
        let (left, right) = (self.types(&KEYS, 1)[0], self.types(&KEYS, 1)[0]);
        let (a, b) = (self.select(&[key, left])?, self.select(&[key, right])?);
        let outer = self.make.below(2) == 0;
        let mut rows = Vec::new();
        for row in &a.rows {
            let fits = |other: &&Row| !is_null(&row[0]) && shown(&row[..1]) == shown(&other[..1]);
            let before = rows.len();
            for other in b.rows.iter().filter(fits) {
                rows.push(vec![row[1].clone(), other[1].clone()]);
            }
            if outer && rows.len() == before {
                rows.push(vec![row[1].clone(), Plain::Null]);
            }
        }
        let kind = if outer { "LEFT JOIN" } else { "JOIN" };
        let sql =
            format!("SELECT a.v1, b.v1 FROM ({}) a {kind} ({}) b ON a.v0 = b.v0", a.sql, b.sql);
        Some(Query { sql, types: vec![left, right], rows })
    }

    fn is_in(&mut self) -> Option<Query> {
        let key = self.make.one_of(&KEYS);
        let types = [&[key][..], &self.types(&generate::columns(), 2)].concat();
        let (a, b) = (self.select(&types)?, self.select(&[key])?);
        let known: BTreeSet<String> =
            b.rows.iter().filter(|row| !is_null(&row[0])).map(|row| shown(row)).collect();
        let rows = a.rows.into_iter().filter(|row| known.contains(&shown(&row[..1]))).collect();
        let sql = format!("SELECT * FROM ({}) WHERE v0 IN ({})", a.sql, b.sql);
        Some(Query { sql, types, rows })
    }

    /// Aggregates by some of the columns, with FILTER, DISTINCT and HAVING now and then.
    fn groups(&mut self) -> Option<Query> {
        let keys = self.types(&KEYS, 2);
        let args = self.types(&ORDERED, 3);
        let of = self.select(&[&keys[..], &args, &[Type::Bool]].concat())?;
        let mut groups = BTreeMap::<String, Vec<Row>>::new();
        for row in of.rows {
            groups.entry(shown(&row[..keys.len()])).or_default().push(row);
        }
        let names = |columns: std::ops::Range<usize>| {
            columns.map(|at| format!("v{at}")).collect::<Vec<_>>().join(", ")
        };
        let mut sql = format!("SELECT {}, COUNT(*)", names(0..keys.len()));
        let mut rows: Vec<Row> = groups
            .values()
            .map(|rows| [&rows[0][..keys.len()], &[Plain::Int(rows.len() as i64)]].concat())
            .collect();
        let mut types = [&keys[..], &[Type::BigInt]].concat();
        for (at, of) in args.iter().enumerate() {
            let call = Call {
                column: keys.len() + at,
                of: *of,
                function: self.make.one_of(&["COUNT", "SUM", "MIN", "MAX"]),
                distinct: self.make.below(4) == 0,
                filter: (self.make.below(3) == 0).then_some(keys.len() + args.len()),
            };
            write!(sql, ", {}", call.sql()).unwrap();
            types.push(call.type_of());
            for (row, group) in rows.iter_mut().zip(groups.values()) {
                row.push(call.value(group));
            }
        }
        write!(sql, " FROM ({}) GROUP BY {}", of.sql, names(0..keys.len())).unwrap();
        if self.make.below(3) == 0 {
            sql.push_str(" HAVING COUNT(*) > 1");
            let more = |row: &Row| compared(&row[keys.len()], &Plain::Int(1)).unwrap().is_gt();
            rows.retain(more);
        }
        Some(Query { sql, types, rows })
    }
}

/// An aggregate of a column.
struct Call {
    column: usize,
    of: Type,
    function: &'static str,
    distinct: bool,
    /// A column of truth values.
    filter: Option<usize>,
}

impl Call {
    fn function(&self) -> &'static str {
        match (self.function, self.of) {
            ("SUM", Type::Text) => "COUNT",
            (function, _) => function,
        }
    }

    fn type_of(&self) -> Type {
        match self.function() {
            "COUNT" => Type::BigInt,
            _ => self.of,
        }
    }

    fn sql(&self) -> String {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let filter = self.filter.map(|at| format!(" FILTER (WHERE v{at})")).unwrap_or_default();
        format!("{}({distinct}v{}){filter}", self.function(), self.column)
    }

    fn value(&self, group: &[Row]) -> Plain {
        let counts = |row: &&Row| self.filter.is_none_or(|at| matches!(row[at], Plain::Bool(true)));
        let mut values: Vec<Plain> =
            group.iter().filter(counts).map(|row| row[self.column].clone()).collect();
        values.retain(|value| !is_null(value));
        if self.distinct {
            let mut seen = BTreeSet::new();
            values.retain(|value| seen.insert(shown(std::slice::from_ref(value))));
        }
        let by_size = |a: &Plain, b: &Plain| compared(a, b).unwrap();
        match self.function() {
            "COUNT" => Plain::Int(values.len() as i64),
            "MIN" => values.into_iter().min_by(by_size).unwrap_or(Plain::Null),
            "MAX" => values.into_iter().max_by(by_size).unwrap_or(Plain::Null),
            _ if values.is_empty() => Plain::Null,
            _ => Plain::Int(values.iter().fold(0, |sum, value| self.sum(sum, value))),
        }
    }

    fn sum(&self, sum: i64, value: &Plain) -> i64 {
        let Plain::Int(value) = value else { panic!("{value:?} is no integer") };
        match self.of {
            Type::Int => i64::from((sum as i32).wrapping_add(*value as i32)),
            _ => sum.wrapping_add(*value),
        }
    }
}

fn is_null(value: &Plain) -> bool {
    matches!(value, Plain::Null)
}

/// A row as text that tells different ones apart.
fn shown(row: &[Plain]) -> String {
    format!("{:?}", row.iter().map(value_of).collect::<Vec<Value>>())
}

/// What each table ends with: rows, as text, and how often.
type Ends = BTreeMap<String, BTreeMap<String, i64>>;

/// Keeps what is written instead of writing it.
#[derive(Default)]
struct Kept(Arc<Mutex<Ends>>);

impl Connect for Kept {
    fn open_sink(&self, request: OpenSink) -> Result<Box<dyn Sink>, String> {
        Ok(Box::new(Table { name: request.table.name.to_string(), ends: self.0.clone() }))
    }
}

struct Table {
    name: String,
    ends: Arc<Mutex<Ends>>,
}

impl Sink for Table {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let mut ends = self.ends.lock().unwrap();
        let rows = ends.entry(self.name.clone()).or_default();
        for at in batch.row_ids() {
            let row: Vec<Value> = batch.columns.iter().map(|column| column.value(at)).collect();
            let change = if batch.kind(at).is_retract() { -1 } else { 1 };
            *rows.entry(format!("{row:?}")).or_default() += change;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// Several queries over the same rows.
struct Job {
    make: Generator,
    rows: Vec<Row>,
    queries: Vec<Query>,
}

impl Job {
    fn drawn(seed: u64) -> Job {
        let mut make = Generator::new(seed);
        let count = 1 + make.below(ROWS_MAX);
        let row = |make: &mut Generator| make.row().into_iter().map(written::finite).collect();
        let rows = (0..count).map(|_| row(&mut make)).collect();
        let mut maker = Maker { make, rows };
        let queries = std::iter::repeat_with(|| maker.query()).flatten();
        let queries = queries.take(QUERIES_A_JOB as usize).collect();
        Job { make: maker.make, rows: maker.rows, queries }
    }

    fn source(path: &Path) -> String {
        format!(
            "CREATE TABLE t (id BIGINT, {}) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json');\n",
            written::columns(),
            path.display()
        )
    }
}

impl Query {
    /// The query as one that fills a table.
    fn filling(&self, name: &str) -> String {
        let column = |(at, of): (usize, &Type)| format!("x{at} {}", of.data_type());
        let columns: Vec<_> = self.types.iter().enumerate().map(column).collect();
        let (columns, sql) = (columns.join(", "), &self.sql);
        format!(
            "CREATE TABLE {name} ({columns}) WITH ('connector' = 'print');\nINSERT INTO {name} {sql};\n"
        )
    }
}

/// Runs a job of several queries. Gives how many of them have rows.
fn check(seed: u64) -> u64 {
    let Job { mut make, rows, queries } = Job::drawn(seed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    std::fs::write(&path, written::lines(&rows)).unwrap();
    let mut text = Job::source(&path);
    let (shards, batch_rows) = (1 + make.below(3) as usize, [1, 7, 1024][make.below(3) as usize]);
    for (at, query) in queries.iter().enumerate() {
        text.push_str(&query.filling(&format!("s{at}")));
    }
    let plan = compile(&[("queries".into(), text)], &|_| None, &BTreeMap::new());
    let plan = plan.unwrap_or_else(|errors| panic!("seed {seed}: {errors:?}"));
    let kept = Kept::default();
    let ends = kept.0.clone();
    let options = RunOptions {
        connect: Arc::new(kept),
        shards: Some(shards),
        batch_rows,
        ..RunOptions::alone(optimize(plan), "queries")
    };
    let summary = run(options).unwrap();
    assert_eq!(summary.dead_letters, 0, "seed {seed}");
    let mut ends = std::mem::take(&mut *ends.lock().unwrap());
    for (at, Query { sql, rows, .. }) in queries.iter().enumerate() {
        let mut found = ends.remove(&format!("s{at}")).unwrap_or_default();
        rows.iter().for_each(|row| *found.entry(shown(row)).or_default() -= 1);
        found.retain(|_, count| *count != 0);
        assert!(found.is_empty(), "seed {seed}, {shards} shards: {sql}: too often {found:?}");
    }
    queries.iter().filter(|query| !query.rows.is_empty()).count() as u64
}

#[test]
fn jobs_agree_with_plain_loops() {
    let first = number("PELTON_TEST_SEED", 1);
    let jobs = number("PELTON_TEST_QUERIES", QUERIES).div_ceil(QUERIES_A_JOB);
    let with_rows: u64 = (first..first + jobs).map(check).sum();
    assert!(with_rows * 2 > jobs * QUERIES_A_JOB, "{with_rows} queries have rows");
}

/// Writes each query as a job of its own, which prints the table `result`.
#[test]
#[ignore = "writes files into PELTON_TEST_QUERIES_OUT"]
fn queries_as_cases() {
    let out = std::env::var("PELTON_TEST_QUERIES_OUT").expect("PELTON_TEST_QUERIES_OUT=DIR");
    let folder = Path::new(&out).join("queries");
    std::fs::create_dir_all(&folder).unwrap();
    let first = number("PELTON_TEST_SEED", 1);
    let jobs = number("PELTON_TEST_QUERIES", QUERIES).div_ceil(QUERIES_A_JOB);
    for seed in first..first + jobs {
        let job = Job::drawn(seed);
        let rows = format!("{seed}.jsonl");
        std::fs::write(folder.join(&rows), written::lines(&job.rows)).unwrap();
        let source = Job::source(&Path::new("queries").join(rows));
        for (at, query) in job.queries.iter().enumerate() {
            let case = source.clone() + &query.filling("`result`");
            std::fs::write(folder.join(format!("{seed}_{at}.sql")), case).unwrap();
        }
    }
}
