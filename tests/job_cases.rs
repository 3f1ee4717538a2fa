//! `pelton test`, by the binary: the cases of the shipped jobs, and cases that are wrong on
//! purpose.

mod common;

use std::path::Path;
use std::process::{Output, Stdio};

use common::*;

const JOB: &str = "
CREATE TABLE clicks (user_id STRING NOT NULL, price DOUBLE, n BIGINT)
WITH ('connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = '${KAFKA:?none}',
  'dead-letter.topic' = 'dead');
CREATE TABLE spent (user_id STRING, clicks BIGINT, price DOUBLE, PRIMARY KEY (user_id) NOT ENFORCED)
WITH ('connector' = 'redis', 'url' = 'redis://127.0.0.1:1', 'key' = '{user_id}');
INSERT INTO spent SELECT user_id, COUNT(*), SUM(price) FROM clicks GROUP BY user_id;
";
const INPUT: &str =
    "{\"user_id\":\"a\",\"price\":0.1}\n{\"user_id\":\"b\"}\n{\"user_id\":\"a\",\"price\":0.2}\n";
const EXPECTED: &str = "{\"user_id\":\"b\",\"clicks\":1}\n{\"price\":0.30000000000000004,\"user_id\":\"a\",\"clicks\":2}\n";
const SETTINGS: &str = r#"{"variables": {"KAFKA": "nowhere:9092"}}"#;

/// Files of a case that passes, `clicks` in a folder; those of `more` come over them.
fn write(folder: &Folder, more: &[(&str, &str)]) {
    let usual = [
        ("job.sql", JOB),
        ("case.json", SETTINGS),
        ("input/clicks.jsonl", INPUT),
        ("expected/spent.jsonl", EXPECTED),
    ];
    for (name, text) in usual.iter().chain(more) {
        let path = folder.file(&format!("deep/clicks/{name}"));
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn run(folder: &str, more: &[&str]) -> (bool, String) {
    let args = [&["test", folder], more].concat();
    let mut command = pelton(&args);
    // Nothing of it may have a say.
    command.env("KAFKA", "127.0.0.1:1");
    let Output { status, stdout, stderr } =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.success(), text)
}

/// What is said of a case with these files, which fails.
fn fault(more: &[(&str, &str)]) -> String {
    let folder = Folder::new("case");
    write(&folder, more);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(!passed, "{text}");
    assert!(
        text.ends_with("1 case(s): 0 passed, 1 failed\npelton: 1 of 1 case(s) failed\n"),
        "{text}"
    );
    text
}

#[test]
fn the_shipped_jobs_pass_their_cases_in_every_form() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/tests");
    let (passed, text) = run(folder, &["--shards", "1,3", "--batch-rows", "1,2,1024"]);
    assert!(passed, "{text}");
    assert!(text.contains("13 case(s): 13 passed, 0 failed"), "{text}");
}

#[test]
fn a_case_passes_and_is_found_by_its_name() {
    let folder = Folder::new("case");
    write(&folder, &[]);
    let (passed, text) = run(&folder.file(""), &["--filter", "clic"]);
    assert!(passed && text.starts_with("ok    deep/clicks  (2 row(s) of 1 table(s), "), "{text}");
    let (passed, text) = run(&folder.file(""), &["--filter", "other"]);
    assert_eq!((passed, &text[..]), (false, "pelton: no case has 'other' in its name\n"));
}

#[test]
fn differences_are_shown_row_by_row() {
    let wanted =
        "{\"user_id\":\"a\",\"clicks\":3,\"price\":0.3}\n{\"user_id\":\"c\",\"clicks\":1}\n";
    let text = fault(&[("expected/spent.jsonl", wanted)]);
    let shown = "FAIL  deep/clicks
      --shards 1 --batch-rows 1024:
      table `spent`: 2 missing (-), 2 unexpected (+), 2 expected in all
        - {\"user_id\":\"a\",\"clicks\":3,\"price\":0.3}
        + {\"user_id\":\"a\",\"clicks\":2,\"price\":0.30000000000000004}
            clicks: expected 3, found 2
            price: expected 0.3, found 0.30000000000000004
        - {\"user_id\":\"c\",\"clicks\":1,\"price\":null}
        + {\"user_id\":\"b\",\"clicks\":1,\"price\":null}
1 case(s)";
    assert!(text.starts_with(shown), "{text}");
}

#[test]
fn doubles_may_have_a_tolerance_and_columns_be_left_out() {
    let folder = Folder::new("case");
    let near = EXPECTED.replace("0.30000000000000004", "0.3").replace(":1}", ":1,\"price\":null}");
    let settings = SETTINGS.replace("}}", "}, \"tolerance\": 1e-9}");
    write(&folder, &[("expected/spent.jsonl", &near), ("case.json", &settings)]);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(passed, "{text}");
    let settings = SETTINGS.replace("}}", "}, \"ignore\": {\"spent\": [\"price\"]}}");
    let far = EXPECTED.replace("0.30000000000000004", "7");
    write(&folder, &[("expected/spent.jsonl", &far), ("case.json", &settings)]);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(passed, "{text}");
}

#[test]
fn what_a_case_has_wrong_is_said() {
    let check = |more: &[(&str, &str)], wanted: &str| {
        let text = fault(more);
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    };
    check(
        &[("input/clikcs.jsonl", "")],
        "the job has no table `clikcs`; did you mean clicks.jsonl?",
    );
    check(&[("input/spent.jsonl", "")], "the job does not read `spent`");
    check(&[("input/clicks.json", "")], "files here are named TABLE.jsonl");
    check(&[("input/clicks.records.jsonl", "")], "there is a file for `clicks` already");
    check(
        &[("expected/spend.jsonl", "")],
        "the job writes no table `spend`; did you mean `spent`?",
    );
    check(
        &[("expected/spent.jsonl", "{\"user\":\"a\"}")],
        "spent.jsonl:1: the table has no column `user`",
    );
    check(&[("expected/spent.jsonl", "\n{\"a\"")], "spent.jsonl:2: not a row of JSON: EOF");
    check(&[("case.json", "{}")], "KAFKA: none");
    check(&[("job.sql", "SELECT 1 FORM t;")], "1 | SELECT 1 FORM t;");
    let now = SETTINGS.replace("}}", "}, \"now\": \"noon\"}");
    check(&[("case.json", &now)], "\"now\": \"noon\": write 2026-01-05T10:30:00Z");
    let late = SETTINGS.replace("}}", "}, \"late\": 1}");
    check(&[("case.json", &late)], "rows that are late: expected 1, found 0");
    let ordered = SETTINGS.replace("}}", "}, \"ordered\": [\"spent\"]}");
    check(&[("case.json", &ordered)], "rows of `spent` change, so they have no order");
    let bad = format!("{INPUT}{{\"price\":1}}\n");
    let letter =
        r#"+ {"table":"clicks","partition":0,"offset":3,"reason":"field `user_id` is missing"}"#;
    check(&[("input/clicks.jsonl", &bad)], letter);
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new("case");
    write(&folder, &[]);
    let file = folder.file("deep/clicks/input/clicks.jsonl");
    std::fs::remove_file(&file).unwrap();
    let (_, text) = run(&folder.file(""), &[]);
    let wanted =
        format!("the job reads `clicks`, but there are no records for it: write them into {file}");
    assert!(text.contains(&wanted), "{text}");
    std::fs::write(&file, INPUT).unwrap();
    std::fs::remove_file(folder.file("deep/clicks/expected/spent.jsonl")).unwrap();
    let (_, text) = run(&folder.file(""), &[]);
    assert!(text.contains("nothing is expected: --update writes"), "{text}");
    write(&folder, &[("case.json", "{\"nwo\": 1}")]);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(!passed && text.contains("case.json: unknown field `nwo`, expected one of"), "{text}");
    let empty = Folder::new("none");
    let (passed, text) = run(&empty.file(""), &[]);
    assert!(!passed && text.starts_with("pelton: no case found"), "{text}");
}

/// Records in a binary format have their columns in JSON, as others do; no registry is asked.
#[test]
fn records_of_avro_are_given_as_json() {
    let avro = "'value.format' = 'avro-confluent', 'key.format' = 'avro', 'key.fields' = 'user_id',
        'value.avro-confluent.url' = 'http://127.0.0.1:1'";
    let job = JOB.replace("'dead-letter.topic'", &format!("{avro}, 'dead-letter.topic'"));
    let folder = Folder::new("case");
    write(&folder, &[("job.sql", &job)]);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(passed, "{text}");
}

#[test]
fn update_writes_what_comes() {
    let folder = Folder::new("case");
    let bad = format!("{INPUT}{{\"price\":1}}\n");
    write(&folder, &[("input/clicks.jsonl", &bad), ("expected/spent.jsonl", "")]);
    let (passed, text) = run(&folder.file(""), &["--update"]);
    assert!(passed, "{text}");
    let written = |table: &str| {
        std::fs::read_to_string(folder.file(&format!("deep/clicks/expected/{table}.jsonl")))
            .unwrap()
    };
    assert_eq!(
        written("spent"),
        "{\"user_id\":\"a\",\"clicks\":2,\"price\":0.30000000000000004}\n\
         {\"user_id\":\"b\",\"clicks\":1,\"price\":null}\n"
    );
    assert_eq!(
        written("dead-letters"),
        "{\"table\":\"clicks\",\"partition\":0,\"offset\":3,\"reason\":\"field `user_id` is missing\"}\n"
    );
    // What differs from run to run cannot be expected.
    let job = JOB.replace("SUM(price)", "SUM(RAND())");
    write(&folder, &[("job.sql", &job)]);
    let (passed, text) = run(&folder.file(""), &["--update"]);
    assert!(!passed && text.contains("price: expected"), "{text}");
}

/// A table whose rows have the clock's time.
fn clocked(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (id STRING, pt AS PROCTIME()) WITH ('connector' = 'kafka',
           'topic' = '{name}', 'properties.bootstrap.servers' = 'none:1');\n"
    )
}

/// The clock shows `now`, and then the times of the records, over all tables in their order.
#[test]
fn the_clock_goes_by_the_case() {
    let job = clocked("a")
        + &clocked("b")
        + "CREATE TABLE seen (id STRING, at STRING, nth BIGINT)
             WITH ('connector' = 'filesystem', 'path' = 'seen');
           INSERT INTO seen SELECT id, CAST(CURRENT_TIMESTAMP AS STRING),
             ROW_NUMBER() OVER (ORDER BY pt) FROM (SELECT * FROM a UNION ALL SELECT * FROM b);";
    let folder = Folder::new("clock");
    let line = |id: &str, second: u32| {
        format!("{{\"value\":{{\"id\":\"{id}\"}},\"timestamp\":\"2026-01-05T10:30:0{second}Z\"}}\n")
    };
    let untimed = "{\"value\":{\"id\":\"a0\"}}\n".to_owned();
    let files = [
        ("job.sql", job),
        ("case.json", "{\"now\": \"2026-01-05T10:00:00Z\"}".into()),
        ("input/a.records.jsonl", untimed + &line("a2", 2) + &line("a4", 4) + &line("a5", 4)),
        ("input/b.records.jsonl", line("b1", 1) + &line("b3", 3) + &line("b6", 6)),
    ];
    for (name, text) in files {
        let path = folder.file(name);
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let forms = ["--batch-rows", "1,2,1024", "--shards", "1,2"];
    let (passed, text) = run(&folder.file(""), &[&forms[..], &["--update"]].concat());
    assert!(passed, "{text}");
    let rows = lines(Path::new(&folder.file("expected/seen.jsonl")));
    let of = |row: &serde_json::Value| format!("{} {} {}", row["id"], row["at"], row["nth"]);
    let seen: Vec<String> = rows.iter().map(|row| of(row).replace('"', "")).collect();
    assert_eq!(
        seen,
        [
            "a0 2026-01-05 10:00:00.000 1",
            "a2 2026-01-05 10:30:02.000 3",
            "a4 2026-01-05 10:30:04.000 5",
            "a5 2026-01-05 10:30:04.000 6",
            "b1 2026-01-05 10:30:01.000 2",
            "b3 2026-01-05 10:30:03.000 4",
            "b6 2026-01-05 10:30:06.000 7",
        ]
    );
}

#[test]
fn rows_that_are_looked_up_are_those_of_the_case() {
    let folder = Folder::new("case");
    let job = "
        CREATE TABLE clicks (user_id STRING, price DOUBLE, n BIGINT, proc AS PROCTIME())
        WITH ('connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = 'nowhere:1');
        CREATE TABLE users (id STRING, name STRING) WITH ('connector' = 'redis',
          'url' = 'redis://127.0.0.1:1', 'key' = 'u:{id}', 'lookup.cache' = 'PARTIAL',
          'lookup.partial-cache.max-rows' = '1');
        CREATE TABLE spent (user_id STRING, name STRING, price DOUBLE) WITH ('connector' = 'print');
        INSERT INTO spent SELECT c.user_id, u.name, c.price FROM clicks AS c
        LEFT JOIN users FOR SYSTEM_TIME AS OF c.proc AS u ON c.user_id = u.id;";
    let users = "{\"id\":\"a\",\"name\":\"Ada\"}\n{\"id\":\"c\",\"name\":\"Cy\"}\n";
    let expected = "{\"user_id\":\"a\",\"name\":\"Ada\",\"price\":0.1}\n{\"user_id\":\"b\"}\n\
                    {\"user_id\":\"a\",\"name\":\"Ada\",\"price\":0.2}\n";
    let settings = "{\"ordered\": [\"spent\"]}";
    let files = [("job.sql", job), ("expected/spent.jsonl", expected), ("case.json", settings)];
    write(&folder, &files);
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(!passed && text.contains("the job reads `users`, but there are no records"), "{text}");
    write(&folder, &[&files[..], &[("input/users.jsonl", users)]].concat());
    let (passed, text) = run(&folder.file(""), &["--shards", "1,3", "--batch-rows", "1,2,1024"]);
    assert!(passed, "{text}");
    let broken = users.to_owned() + "no json\n";
    write(&folder, &[&files[..], &[("input/users.jsonl", &broken)]].concat());
    let (passed, text) = run(&folder.file(""), &[]);
    assert!(!passed && text.contains("\"table\":\"users\""), "{text}");
}

/// The `sh` blocks of a page, each with the `text` block that follows it, if one does.
fn examples(page: &str) -> Vec<(String, Option<String>)> {
    let mut examples: Vec<(String, Option<String>)> = Vec::new();
    // Every other piece stands in a fence, behind the name of its language.
    let mut shown = false;
    for fenced in page.split("```").skip(1).step_by(2) {
        let (language, text) = fenced.split_once('\n').unwrap();
        match (language, examples.last_mut()) {
            ("text", Some(last)) if shown => last.1 = Some(text.to_owned()),
            ("sh", _) => examples.push((text.to_owned(), None)),
            _ => {}
        }
        shown = language == "sh";
    }
    examples
}

#[test]
fn the_examples_of_the_docs_print_what_stands_below_them() {
    let mut checked = 0;
    let binary = Path::new(env!("CARGO_BIN_EXE_pelton")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/features");
    for page in std::fs::read_dir(pages).unwrap() {
        let page = page.unwrap().path();
        let folder = Folder::new("example");
        for (commands, printed) in examples(&std::fs::read_to_string(&page).unwrap()) {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-e", "-c", &commands]).env("PATH", &path).current_dir(folder.file(""));
            let Output { status, stdout, stderr } = shell.output().unwrap();
            let (found, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr));
            let place = format!("{}:\n{commands}", page.display());
            assert!(status.success(), "{place}{said:?}");
            assert_eq!(found, printed.unwrap_or_default(), "{place}");
            checked += 1;
        }
    }
    assert!(checked > 25, "only {checked} examples were found");
}

/// Fired windows of rows at these times by the clock's last time (ms), by brute force: kind, start, end and rows.
fn windows_by_clock(times: &[i64], last: i64) -> Vec<(String, i64, i64, usize)> {
    let mut windows = Vec::new();
    let mut add = |kind: &str, start: i64, end: i64| {
        let rows = times.iter().filter(|time| (start..end).contains(*time)).count();
        if rows > 0 && end <= last {
            windows.push((kind.to_owned(), start, end, rows));
        }
    };
    for start in (-4_000..last).step_by(2_000) {
        add("tumble", start, start + 2_000);
        add("hop", start, start + 4_000);
    }
    let mut sessions: Vec<(i64, i64)> = Vec::new();
    for &time in times {
        match sessions.last_mut().filter(|(_, end)| time <= *end) {
            Some((_, end)) => *end = time + 3_000,
            None => sessions.push((time, time + 3_000)),
        }
    }
    sessions.into_iter().for_each(|(start, end)| add("session", start, end));
    windows.sort();
    windows
}

/// Rows of one table make windows; those of the other only move the clock, on the same worker.
#[test]
fn windows_over_the_clock_are_those_of_a_model() {
    let of = |kind: &str, call: &str| {
        format!(
            "SELECT '{kind}', CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(*)
             FROM TABLE({call}) GROUP BY window_start, window_end"
        )
    };
    let job = clocked("a")
        + &clocked("ticks")
        + "CREATE TABLE seen (kind STRING, s STRING, e STRING, n BIGINT)
             WITH ('connector' = 'filesystem', 'path' = 'seen');
           CREATE TABLE counted (n BIGINT) WITH ('connector' = 'print');
           INSERT INTO counted SELECT COUNT(*) FROM ticks;
           INSERT INTO seen "
        + &of("tumble", "TUMBLE(TABLE a, DESCRIPTOR(pt), INTERVAL '2' SECOND)")
        + " UNION ALL "
        + &of("hop", "HOP(TABLE a, DESCRIPTOR(pt), INTERVAL '2' SECOND, INTERVAL '4' SECOND)")
        + " UNION ALL "
        + &of("session", "SESSION(TABLE a, DESCRIPTOR(pt), INTERVAL '3' SECOND)")
        + ";";
    let times = [0, 1_000, 1_500, 4_000, 9_000, 9_500, 14_000, 16_999];
    let line = |time: &i64| format!("{{\"value\":{{\"id\":\"x\"}},\"timestamp\":{time}}}\n");
    for last in [17_000, 19_999, 20_000] {
        let folder = Folder::new("clock_windows");
        let files = [
            ("job.sql", job.clone()),
            ("case.json", "{}".into()),
            ("input/a.records.jsonl", times.iter().map(line).collect()),
            ("input/ticks.records.jsonl", line(&5_000) + &line(&last)),
        ];
        for (name, text) in files {
            let path = folder.file(name);
            std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let forms = ["--batch-rows", "1,2,1024", "--update"];
        let (passed, text) = run(&folder.file(""), &forms);
        assert!(passed, "{text}");
        let ms = |text: &serde_json::Value| {
            let (_, time) = text.as_str().unwrap().split_once("00:00:").unwrap();
            (time.parse::<f64>().unwrap() * 1_000.0).round() as i64
        };
        let rows = lines(Path::new(&folder.file("expected/seen.jsonl")));
        let mut seen: Vec<_> = rows
            .iter()
            .filter(|row| row["s"].as_str().unwrap().starts_with("1970"))
            .map(|row| {
                let kind = row["kind"].as_str().unwrap().to_owned();
                (kind, ms(&row["s"]), ms(&row["e"]), row["n"].as_u64().unwrap() as usize)
            })
            .collect();
        seen.sort();
        let mut model = windows_by_clock(&times, last);
        model.retain(|(_, start, ..)| *start >= 0);
        assert_eq!(seen, model, "until {last}");
    }
}
