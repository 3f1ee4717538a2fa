//! `pelton sql`, by the binary: scripts, and what a prompt would be asked.

mod common;

use std::io::{Read, Write};
use std::process::Stdio;

use common::*;

const NUMBERS: &str = "CREATE TABLE numbers (id BIGINT, name AS 'n' || CAST(id AS STRING), PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '4');
";
const ENDLESS: &str =
    "CREATE TABLE endless (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000');
";

struct Answer {
    done: bool,
    out: String,
    err: String,
}

fn ask(args: &[&str], input: &str) -> Answer {
    let mut command = pelton(&[&["sql"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { done: out.status.success(), out: text(out.stdout), err: text(out.stderr) }
}

/// The script runs, and prints this.
fn check(input: &str, wanted: &str) {
    let answer = ask(&[], input);
    assert_eq!(answer.out, wanted, "{}", answer.err);
    assert!(answer.done && answer.err.is_empty(), "{}", answer.err);
}

#[test]
fn rows_are_shown_as_a_table() {
    let shown = "\
table numbers
+----+------+
| id | name |
+----+------+
|  1 | n1   |
|  2 | n2   |
|  3 | n3   |
|  4 | n4   |
+----+------+
4 row(s)
";
    check(&format!("{NUMBERS}SELECT id, name\nFROM numbers;"), shown);
    check(
        "SELECT 1 AS x, CAST(NULL AS STRING) AS y, 'a\nb' AS z",
        "\
+---+------+------+
| x | y    | z    |
+---+------+------+
| 1 | NULL | a\\nb |
+---+------+------+
1 row(s)
",
    );
    check(&format!("{NUMBERS}SELECT id FROM numbers WHERE id > 9;"), "table numbers\n0 row(s)\n");
}

#[test]
fn rows_that_change_are_shown_as_they_are_in_the_end() {
    let input = format!("{NUMBERS}SELECT id > 1 AS b, COUNT(*) AS n FROM numbers GROUP BY id > 1;");
    check(
        &input,
        "\
table numbers
+-------+---+
| b     | n |
+-------+---+
| false | 1 |
| true  | 3 |
+-------+---+
2 row(s)
",
    );
}

#[test]
fn endless_input_ends_at_the_limit() {
    let input = format!("{ENDLESS}\\limit 3\nSELECT 'x' AS x FROM endless;\n\\limit off\n");
    let shown =
        "table endless\n+---+\n| x |\n+---+\n| x |\n| x |\n| x |\n+---+\n3 row(s): the limit\n";
    check(&input, shown);
    let answer = ask(&["--limit", "3"], &format!("{ENDLESS}SELECT COUNT(*) AS n FROM endless;"));
    let lines: Vec<&str> = answer.out.lines().collect();
    assert!(lines[2].starts_with("| op | n "), "{}", answer.out);
    assert!(lines[4].starts_with("| +I | "), "{}", answer.out);
    assert!(lines[5].starts_with("| -U | "), "{}", answer.out);
    assert_eq!(lines.last(), Some(&"3 row(s): the limit"));
}

#[test]
fn what_is_defined_can_be_looked_at() {
    let view = "CREATE VIEW big AS SELECT id FROM numbers WHERE id > 2";
    let input = format!(
        "{NUMBERS}{view};
SHOW TABLES; DESCRIBE numbers; DESC big; SHOW CREATE VIEW big;
SET 'pipeline.name' = 'x'; SET; RESET 'pipeline.name'; SET;
DROP VIEW big; DROP TABLE numbers; SHOW TABLES;"
    );
    let shown = format!(
        "\
table numbers
view big
+---------+-----------+
| table   | connector |
+---------+-----------+
| numbers | datagen   |
| big     | view      |
+---------+-----------+
+------+--------+-------+-----+----------+-----------+
| name | type   | null  | key | extras   | watermark |
+------+--------+-------+-----+----------+-----------+
| id   | BIGINT | FALSE | PRI |          |           |
| name | STRING | TRUE  |     | computed |           |
+------+--------+-------+-----+----------+-----------+
+------+--------+------+
| name | type   | null |
+------+--------+------+
| id   | BIGINT | TRUE |
+------+--------+------+
{view};
+---------------+-------+
| key           | value |
+---------------+-------+
| pipeline.name | x     |
+---------------+-------+
dropped big
dropped numbers
"
    );
    check(&input, &shown);
    let answer = ask(&["-e", "SHOW FUNCTIONS"], "");
    assert!(answer.out.contains("| REGEXP_EXTRACT "), "{}", answer.out);
    let answer = ask(&["-e", "EXPLAIN SELECT 1"], "");
    assert!(answer.out.starts_with("#") && answer.out.contains("sink `print`"), "{}", answer.out);
}

#[test]
fn rows_are_written_until_the_input_ends() {
    let folder = Folder::new("sql");
    let file = folder.file("out.jsonl");
    let input = format!(
        "{NUMBERS}CREATE TABLE out (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{file}');
EXECUTE STATEMENT SET BEGIN
INSERT INTO out SELECT id FROM numbers WHERE id > 2;
INSERT INTO out SELECT id + 10 FROM numbers WHERE id > 3;
END;
SELECT * FROM out;"
    );
    let answer = ask(&[], &input);
    let rows = "| id |\n+----+\n";
    assert!(
        answer.out.contains("4 record(s) read, 3 row(s) written\n"),
        "{}{}",
        answer.out,
        answer.err
    );
    assert!(answer.out.contains(rows) && answer.out.ends_with("3 row(s)\n"), "{}", answer.out);
}

/// The error, and that nothing behind it is run.
fn error(input: &str) -> String {
    let answer = ask(&[], &format!("{input};\nSELECT 'reached' AS x;"));
    assert!(!answer.done && !answer.out.contains("reached"), "{}", answer.out);
    answer.err
}

#[test]
fn errors_show_their_place() {
    let wrong = format!("{NUMBERS}SELECT 1;\n  SELECT idd FROM numbers");
    let shown = "\
pelton: 1 error(s)

error: Column 'idd' not found in any table
 --> input:4:10
  |
4 |   SELECT idd FROM numbers
  |          ^^^
  = help: did you mean `id`? Names are case-sensitive
";
    assert_eq!(error(&wrong), shown);
    assert!(error("SELEC 1").contains("`SELEC` does not begin a statement"));
    assert!(error("SELECT 'x").contains("error: "));
    assert!(error("DESCRIBE nowhere").contains("there is no table `nowhere`"));
    assert!(error("DROP TABLE nowhere").contains("there is no table `nowhere`"));
    assert!(error("SHOW NOTHING").contains("write SHOW TABLES"));
    assert!(error("\\limt 3\n").contains("\\limt 3: there are \\limit, \\help and \\quit"));
    let needed = format!("{NUMBERS}CREATE VIEW v AS SELECT id FROM numbers; DROP TABLE numbers");
    assert!(error(&needed).contains("`numbers` is still needed"));
    let twice = format!("{NUMBERS}{NUMBERS}");
    assert!(error(&twice).contains("table `numbers` is there already"));
    let http = format!(
        "{NUMBERS}CREATE TABLE q (id BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'queryable');
         INSERT INTO q SELECT id FROM numbers"
    );
    assert!(error(&http).contains("`q` is asked over HTTP"));
}

#[test]
fn records_that_cannot_be_used_are_counted_but_not_kept() {
    let folder = Folder::new("sql");
    let (file, dead) = (folder.file("in.jsonl"), folder.file("dead"));
    std::fs::write(&file, "{\"a\":1}\nx\n{\"a\":2}\n").unwrap();
    let input = format!(
        "CREATE TABLE t (a BIGINT) WITH ('connector' = 'filesystem', 'path' = '{file}',
           'dead-letter.path' = '{dead}'); SELECT * FROM t;"
    );
    let answer = ask(&[], &input);
    assert!(answer.out.ends_with("2 row(s)\n"), "{}", answer.out);
    assert!(
        answer.err.starts_with("1 record(s) could not be used, the first one because: "),
        "{}",
        answer.err
    );
    assert!(!std::path::Path::new(&dead).exists());
}

#[test]
fn definitions_of_a_job_are_taken_alone() {
    let job = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/user_events.sql");
    let answer = ask(&["-i", job, "-e", "DESCRIBE user_events; SHOW CREATE VIEW excesses"], "");
    assert!(answer.done, "{}", answer.err);
    assert!(answer.out.contains("| METADATA FROM 'offset'"), "{}", answer.out);
    assert!(answer.out.contains("CREATE VIEW excesses AS"), "{}", answer.out);
    assert!(
        answer.err.contains("statement(s) that read or write are left alone"),
        "{}",
        answer.err
    );
}

#[test]
fn ctrl_c_ends_a_query_and_not_the_session() {
    let mut command = pelton(&["sql"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut job = Job(command.spawn().unwrap());
    let input = format!("{ENDLESS}SELECT COUNT(*) AS n FROM endless;\nSELECT 'after' AS x;\n");
    job.0.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let mut stdout = job.0.stdout.take().unwrap();
    let mut out = Vec::new();
    while !out.ends_with(b"| op |") {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&out));
        out.push(byte[0]);
    }
    signal("-INT", job.0.id());
    stdout.read_to_end(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(job.0.wait().unwrap().success());
    assert!(out.contains(" row(s), interrupted\n") && out.contains("| after |"), "{out}");
}

#[test]
fn a_topic_that_is_looked_at_stays_as_it_is() {
    let Some(kafka) = kafka() else { return };
    let topic = unique("sql");
    let table = format!(
        "CREATE TABLE t (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
           'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = '{topic}',
           'sink.create-topic' = 'partitions:1,replication:1', 'scan.startup.mode' = 'group-offsets');\n"
    );
    let answer =
        ask(&["--until", "end"], &format!("{NUMBERS}{table}INSERT INTO t SELECT id FROM numbers;"));
    assert!(
        answer.out.ends_with("4 record(s) read, 4 row(s) written\n"),
        "{}{}",
        answer.out,
        answer.err
    );
    for _ in 0..2 {
        // Nothing is committed: the next look begins where this one did.
        let answer = ask(&["--limit", "2"], &format!("{table}SELECT id FROM t;"));
        assert!(answer.out.contains("|  1 |\n|  2 |\n"), "{}{}", answer.out, answer.err);
        assert!(answer.out.ends_with("2 row(s): the limit\n"), "{}", answer.out);
    }
    let nowhere = table.replace(&topic, "nowhere_at_all");
    let answer = ask(&[], &format!("{nowhere}SELECT id FROM t;"));
    assert!(answer.err.contains("'nowhere_at_all' is not there"), "{}", answer.err);
}
