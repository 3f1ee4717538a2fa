//! Texts of jobs that are spoilt: they compile, or are refused with a reason, and nothing panics.
//! `PELTON_MUTATIONS` says how many.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::{compile, explain, optimizer};
use crate::fault::mutation::{Random, count};
use crate::shard::topology;

const USUAL: usize = 3_000;
/// That of a main thread, which is where jobs are compiled.
const STACK: usize = 8 << 20;
/// Longer texts are mostly those of whole pipelines: a few of them do.
const LONG: usize = 3_000;

/// The texts of jobs in a folder and those in it.
fn texts(folder: &Path, found: &mut Vec<String>) {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Words, numbers, literals and signs, each with the blanks behind it.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let quoted = ['\'', '`', '"'].contains(&first).then(|| rest[1..].find(first)).flatten();
        let end = match quoted {
            Some(end) => end + 2,
            None if kind(first) == 2 => first.len_utf8(),
            None => rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len()),
        };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

/// Signs and words that stand in few jobs, or in none.
const ODD: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ",",
    ";",
    ".",
    "*",
    "'",
    "`",
    "\"",
    "--",
    "/*",
    "*/",
    "=>",
    "||",
    "{",
    "}",
    "-",
    "- -",
    "0",
    "-1",
    "1e400",
    "9223372036854775808",
    "99999999999999999999999999999999999999999",
    "0.00000000000000000000000000000000000000001",
    "''",
    "'\u{0}'",
    "é",
    "\u{feff}",
    "😀",
    "U&'\\d800'",
    "X'0'",
    "NULL",
    "TRUE",
    "INTERVAL",
    "INTERVAL '99999999999' YEAR",
    "INTERVAL '-1' SECOND",
    "INTERVAL '0' MINUTE",
    "DATE '0000-00-00'",
    "TIMESTAMP '2024-02-30 25:61:61'",
    "TIME '24:00:00'",
    "CAST(NULL AS ROW<a INT>)",
    "ARRAY[]",
    "MAP[]",
    "ROW()",
    "DECIMAL(38, 38)",
    "DECIMAL(0, 5)",
    "VARCHAR(0)",
    "TIMESTAMP(9)",
    "OVER ()",
    "WITHIN",
    "UNNEST",
    "LATERAL",
    "EXISTS",
    "DISTINCT",
    "FILTER",
    "GROUPING",
    "CUBE",
    "ROLLUP",
    "GROUPING SETS (())",
    "LIMIT 0",
    "FETCH FIRST 1 ROW ONLY",
    "UNION ALL",
    "EXCEPT",
    "CROSS JOIN",
    "NATURAL",
    "USING",
    "DESC NULLS FIRST",
    "EXECUTE STATEMENT SET BEGIN",
    "END",
    "${X}",
    "${file:/}",
    "PATTERN (A B*? C+)",
    "A{0,0}",
    "SKIP TO LAST",
    "FOR SYSTEM_TIME AS OF",
    "DESCRIPTOR(",
    "MATCH_RECOGNIZE (",
];

struct Spoiler {
    draw: Random,
    texts: Vec<String>,
    words: Vec<String>,
}

impl Spoiler {
    fn word(&mut self) -> String {
        match self.draw.once_in(3) {
            true => self.draw.one_of(ODD).to_owned(),
            false => self.words[self.draw.below(self.words.len())].clone(),
        }
    }

    fn part(&mut self) -> Vec<String> {
        let text = &self.texts[self.draw.below(self.texts.len())];
        let tokens = tokens(text);
        let from = self.draw.below(tokens.len());
        let to = (from + 1 + self.draw.below(30)).min(tokens.len());
        tokens[from..to].iter().map(|it| it.to_string()).collect()
    }

    fn text(&mut self) -> String {
        let text = self.texts[self.draw.below(self.texts.len())].clone();
        let mut tokens: Vec<String> = tokens(&text).into_iter().map(str::to_owned).collect();
        for _ in 0..1 + self.draw.below(3) {
            let (at, other) = (self.draw.below(tokens.len()), self.draw.below(tokens.len()));
            let end = (at + 1 + self.draw.below(12)).min(tokens.len());
            match self.draw.below(8) {
                0 if tokens.len() > 20 => drop(tokens.drain(at..end)),
                1 => {
                    let part = tokens[at..end].to_vec();
                    tokens.splice(other..other, part);
                }
                2 => tokens.swap(at, other),
                3 => tokens[at] = tokens[other].clone(),
                4 => {
                    let part = self.part();
                    tokens.splice(at..end, part);
                }
                5 => {
                    let mut bytes = tokens[at].clone().into_bytes();
                    self.draw.spoil(&mut bytes, &[b"'", b"`", b"(", b")", b"0", b".", b"\xc3\xa9"]);
                    tokens[at] = String::from_utf8_lossy(&bytes).into_owned();
                }
                6 => tokens[at] = self.word(),
                _ => {
                    let word = self.word();
                    tokens.insert(at, format!(" {word} "));
                }
            }
        }
        tokens.concat()
    }
}

/// True where it compiles.
fn check(text: &str) -> bool {
    // An overflow of the stack ends the process: this says where.
    println!("{}", text.chars().take(70).collect::<String>());
    let files = [("job.sql".to_owned(), text.to_owned())];
    let plan = match compile(&files, &|_| None, &BTreeMap::new()) {
        Ok(plan) => plan,
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|it| !it.to_string().is_empty()));
            return false;
        }
    };
    let plan = optimizer::optimize(plan);
    explain::explain(&plan);
    topology::build(&plan).is_ok()
}

fn spoil_and_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    texts(&root.join("pipelines"), &mut all);
    all.retain(|text| text.len() < 4 * LONG);
    texts(&root.join("tests/conformance"), &mut all);
    let words: BTreeSet<String> =
        all.iter().flat_map(|text| tokens(text)).map(str::to_owned).collect();
    let words = words.into_iter().filter(|word| !word.trim().is_empty()).collect();
    let mut spoiler = Spoiler { draw: Random::new(11), texts: all, words };
    let (mut compiled, mut refused) = (0, 0);
    for _ in 0..count(USUAL) {
        let text = spoiler.text();
        match catch_unwind(AssertUnwindSafe(|| check(&text))) {
            Ok(true) => compiled += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("the compiler panics at:\n{text}"),
        }
    }
    println!("{compiled} compiled, {refused} refused");
    assert!(compiled > 0 && refused > compiled);
}

/// Long and deep texts are read, or refused, without an end of the stack.
fn deep_and_long() {
    let select = |of: String| format!("SELECT {of} FROM (VALUES (1)) AS t(a);");
    for depth in [100, 1_000, 20_000] {
        let list = |of: &str, between: &str| vec![of; depth].join(between);
        for text in [
            select(format!("{}a{}", "(".repeat(depth), ")".repeat(depth))),
            select(format!("{}a{}", "ABS(".repeat(depth), ")".repeat(depth))),
            select(format!("{}a", "- ".repeat(depth))),
            select(format!("{}TRUE", "NOT ".repeat(depth))),
            select(format!("{}1{}", "ARRAY[".repeat(depth), "]".repeat(depth))),
            select(format!("{}1{}", "CASE WHEN a = 1 THEN ".repeat(depth), " END".repeat(depth))),
            select(list("a", " + ")),
            select(list("a", " || ")),
            select(list("a", ", ")),
            select(format!("a FROM (VALUES (1)) AS s(a) WHERE {}", list("a = 1", " OR "))),
            select(format!("a FROM (VALUES (1)) AS s(a) WHERE a IN ({})", list("1", ", "))),
            format!(
                "SELECT a FROM {}(VALUES (1)) AS t(a){};",
                "(SELECT a FROM ".repeat(depth),
                ")".repeat(depth)
            ),
            list("SELECT a FROM (VALUES (1)) AS t(a)", " UNION ALL "),
            format!(
                "CREATE TABLE t (a {}INT{}) WITH ('connector' = 'datagen');",
                "ARRAY<".repeat(depth),
                ">".repeat(depth)
            ),
            format!(
                "CREATE TABLE t (a INT{}) WITH ('connector' = 'datagen');",
                ", b INT".repeat(depth)
            ),
            "(".repeat(depth),
            "/*".repeat(depth),
            ";".repeat(depth),
        ] {
            check(&text);
        }
        let depth = depth.min(1_000);
        let views = (1..depth).map(|at| format!("CREATE VIEW v{at} AS SELECT a FROM v{};", at - 1));
        let first = "CREATE VIEW v0 AS SELECT a FROM (VALUES (1)) AS t(a);";
        check(&format!("{first}{}SELECT a FROM v{};", views.collect::<String>(), depth - 1));
    }
}

fn chains() {
    let chain = |length: usize| vec!["a = 1"; length].join(" OR ");
    // Each term has an operator of its own.
    for (length, is_taken) in [(100, true), (500, true), (501, false), (20_000, false)] {
        let text = format!("SELECT a FROM (VALUES (1)) AS t(a) WHERE {};", chain(length));
        assert_eq!(check(&text), is_taken, "{length}");
        let parts = vec![format!("({})", chain(length)); 5].join(" OR ");
        let text = format!("SELECT a FROM (VALUES (1)) AS t(a) WHERE {parts};");
        assert_eq!(check(&text), is_taken, "{length}");
    }
    // What stands between these is a part of its own.
    for (of, between) in [
        ("CASE WHEN a = 1 OR a = 2 THEN 1 ELSE 2 END", " + "),
        ("a IN (1, 2)", " OR "),
        ("ABS(a + 1 + 2)", " + "),
    ] {
        let chain = |length| vec![of; length].join(between);
        let text = |length| format!("SELECT {} FROM (VALUES (1)) AS t(a);", chain(length));
        assert!(check(&text(900)), "{of}");
        assert!(!check(&text(1_100)), "{of}");
    }
    let branches = "WHEN a = 1 THEN a + 1 ".repeat(2_000);
    assert!(check(&format!("SELECT CASE {branches} END FROM (VALUES (1)) AS t(a);")));
    let union =
        vec!["SELECT a FROM (VALUES (1)) AS t(a) WHERE a = 1 AND t.a = 1"; 300].join(" UNION ALL ");
    assert!(check(&format!("{union};")));
}

fn on_a_main_thread(check: fn()) {
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(check).unwrap().join().unwrap();
}

#[test]
fn spoilt_jobs_compile_or_are_refused() {
    on_a_main_thread(spoil_and_check);
}

#[test]
fn a_chain_of_operators_is_as_long_as_it_may_be() {
    on_a_main_thread(chains);
}

#[test]
fn deep_and_long_texts_have_an_end() {
    on_a_main_thread(deep_and_long);
}
