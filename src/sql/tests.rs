//! What is refused, where, and with which text: Flink's own where it has one.

use std::collections::BTreeMap;

use super::compile;

const TABLE: &str = "CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json');
";

/// The errors of a statement behind the table.
fn errors(statement: &str) -> Vec<String> {
    let files = [("job.sql".to_owned(), format!("{TABLE}{statement}"))];
    let result = compile(&files, &|_| None, &BTreeMap::new());
    result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn refused(statement: &str, text: &str) {
    let found = errors(statement);
    assert!(found.iter().any(|error| error.contains(text)), "{statement}: {found:?}");
    assert!(found.iter().all(|error| error.contains("job.sql:3:")), "{statement}: {found:?}");
}

fn pattern(pattern: &str, define: &str) -> String {
    format!(
        "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.v AS a {pattern} \
         DEFINE {define});"
    )
}

#[test]
fn patterns_that_cannot_run() {
    for (of, text) in [
        ("PATTERN (A B+)", "Greedy quantifiers are not allowed as the last element of a Pattern"),
        ("PATTERN (A+ B* C)", "Optional pattern cannot be preceded by greedy pattern"),
        ("PATTERN (A*)", "Patterns that can produce empty matches are not supported"),
        ("PATTERN (A B?? C)", "Reluctant optional variables are not supported yet."),
        ("PATTERN (A | B)", "Currently, CEP doesn't support branching patterns."),
        ("PATTERN ((A B)+ C)", "Group patterns are not supported yet."),
        ("PATTERN (A B A)", "Pattern variables must be unique. That might change in the future."),
        ("PATTERN (A{0} B)", "The to should be a number greater than or equal to from: 1."),
        ("PATTERN (A{,2} B)", "The from should be a positive number greater than 0."),
        ("AFTER MATCH SKIP TO Z PATTERN (A B)", "Unknown pattern 'Z'"),
        ("ALL ROWS PER MATCH PATTERN (A B)", "All rows per match mode is not supported yet."),
        ("PATTERN (A B) WITHIN INTERVAL '1' MONTH", "millisecond resolution"),
        ("PATTERN (A B) SUBSET x = (A, B)", "SUBSET is not supported yet"),
    ] {
        refused(&pattern(of, "A AS A.v > 0"), text);
    }
    for (define, text) in [
        ("A AS PREV(A.v) > 0", "Flink does not support physical offsets within partition."),
        ("A AS COUNT(DISTINCT A.v) > 1", "DISTINCT/ALL not allowed with"),
        ("A AS A.v > 0, B AS SUM(A.v + B.v) > 1", "Multiple pattern variables in"),
        ("A AS A.nope > 0", "Column 'nope' not found in any table"),
    ] {
        refused(&pattern("PATTERN (A B)", define), text);
    }
}

/// Late rows are taken by windows that are grouped by, and by nothing else.
#[test]
fn late_rows_that_cannot_be_taken() {
    let late = |option: &str, query: &str| {
        let table = "CREATE TABLE l WITH ('window.allowed-lateness' = ";
        format!("{table}'{option}') LIKE t; {query}")
    };
    let tumble = "TABLE(TUMBLE(TABLE l, DESCRIPTOR(ts), INTERVAL '1' SECOND))";
    let session = "TABLE(SESSION(TABLE l PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND))";
    let grouped = "GROUP BY k, window_start, window_end;";
    let counts = |windows: &str| format!("SELECT k, COUNT(*) FROM {windows} {grouped}");
    assert_eq!(errors(&late("1 s", &counts(tumble))), [""; 0]);
    refused(&late("soon", "SELECT k FROM l;"), "'soon' is no duration");
    refused(&late("99999 d", &counts(tumble)), "no duration up to 36500 d");
    refused(&late("1 s", &format!("SELECT k, window_end FROM {session};")), "for a SESSION window");
    let first = "TABLE(TUMBLE(TABLE f, DESCRIPTOR(ts), INTERVAL '1' SECOND))";
    let behind = "CREATE VIEW f AS SELECT k, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k \
                  ORDER BY ts) AS n FROM l) WHERE n = 1; ";
    let behind = format!("{behind}{}", counts(first));
    refused(&late("1 s", &behind), "for a window behind another step");
    let hop = "TABLE(HOP(TABLE l, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND))";
    assert_eq!(errors(&late("1 s", &counts(hop))), [""; 0]);
    refused(&late("1 s', 'late.path' = 'p", &counts(hop)), "for windows that overlap");
    let hinted = counts(tumble).replace("SELECT", "SELECT /*+ STATE_TTL('l' = '1 d') */");
    refused(&late("1 s", &hinted), "no input of a join or GROUP BY");
    refused(&late("1 s", &counts(session)), "'window.allowed-lateness' for a SESSION window");
    let top = format!(
        "SELECT k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end \
         ORDER BY v) AS n FROM {tumble}) WHERE n < 3;"
    );
    refused(&late("1 s", &top), "for Top-N of a window");
    let join = format!(
        "SELECT a.k FROM {tumble} AS a JOIN {tumble} AS b ON a.window_start = b.window_start \
         AND a.window_end = b.window_end AND a.k = b.k;"
    );
    refused(&late("1 s", &join), "for a window join");
    let computed = format!(
        "SELECT k, MAX(early) FROM (SELECT k, window_start, window_end, \
         ts < window_start + INTERVAL '1' SECOND AS early FROM {tumble}) {grouped}"
    );
    assert_eq!(errors(&late("0 s", &computed)), [""; 0]);
    refused(&late("1 s", &computed), "windows that a subquery computes with");
    let sink = "CREATE TABLE s (k STRING, n BIGINT) WITH ('connector' = 'filesystem', \
                'path' = 'out', 'format' = 'json'); INSERT INTO s ";
    refused(&late("1 s", &format!("{sink}{}", counts(tumble))), "takes late rows into one");
}

#[test]
fn json_functions_without_arguments() {
    for call in ["JSON_VALUE()", "JSON_VALUE(,)", "JSON_QUERY(, NULL ON EMPTY)", "JSON_EXISTS(,,)"]
    {
        refused(&format!("SELECT {call} FROM t;"), "");
    }
}

#[test]
fn decimals_and_bytes_that_do_not_fit() {
    for (of, text) in [
        ("CAST(v AS DECIMAL(39, 2))", "Decimal precision must be between 1 and 38"),
        ("CAST(v AS DECIMAL(0))", "Decimal precision must be between 1 and 38"),
        ("CAST(v AS DECIMAL(5, 6))", "Decimal scale must be between 0 and the precision 5"),
        ("9223372036854775808", "Numeric literal '9223372036854775808' out of range"),
        ("922337203685477580.8", "Numeric literal '922337203685477580.8' out of range"),
        ("0.00000000000000000000000000000000000000001", "out of range"),
        ("X'0'", "Binary literal string must contain an even number of hexits"),
        ("X'0g'", "Binary literal string must contain an even number of hexits"),
        ("k = 1.5", "implicit type conversion between VARCHAR(2147483647) and DECIMAL(2, 1)"),
        ("CAST(v AS BYTES)", "Cast function cannot convert value of type INT to type BYTES"),
        ("CAST(X'31' AS INT)", "Cast function cannot convert value of type BINARY(1) to type INT"),
        ("CAST(CAST(1 AS DECIMAL(5, 2)) AS DATE)", "Cast function cannot convert"),
        ("CAST(ts AS DECIMAL(5, 2))", "Cast function cannot convert"),
        ("X'00' = k", "implicit type conversion between"),
        ("X'00' || k", "Cannot apply '||'"),
        ("UPPER(X'00')", "Cannot apply 'UPPER'"),
        ("CHAR_LENGTH(X'00')", "Cannot apply 'CHAR_LENGTH'"),
        ("HEX(X'00')", "Cannot apply 'HEX'"),
        ("HEX(1.5)", "Cannot apply 'HEX'"),
        ("SUBSTRING(k, 1.5)", "Cannot apply 'SUBSTRING'"),
        ("ROUND(v, 1.5)", "Cannot apply 'ROUND'"),
        ("ENCODE(k, 'nope')", "there is no character set 'nope'"),
        ("ENCODE(X'00', 'UTF-8')", "Cannot apply 'ENCODE'"),
        ("DECODE(k, 'UTF-8')", "Cannot apply 'DECODE'"),
        ("SHA2(k, 100)", "224, 256, 384 or 512"),
        ("1.5 AND TRUE", "a condition must be BOOLEAN"),
        ("INTERVAL '1' DAY * 1.5", "Cannot apply '*'"),
        ("-X'00'", "Cannot apply '-'"),
        ("1.5E0 % 2", "Cannot apply '%'"),
    ] {
        refused(&format!("SELECT {of} FROM t;"), text);
    }
    for (of, text) in [
        ("MIN(X'00')", "Min aggregate function does not support type"),
        ("COUNT(DISTINCT ENCODE(k, 'UTF-8'))", "Distinct aggregate function does not support type"),
        ("SUM(X'00')", "cannot be computed of BINARY(1)"),
    ] {
        refused(&format!("SELECT {of} FROM t GROUP BY v;"), text);
    }
    for (of, from) in [
        ("INT", "1.5"),
        ("BIGINT", "SUM(1.5)"),
        ("STRING", "1.5"),
        ("STRING", "X'00'"),
        ("BYTES", "'x'"),
        ("BINARY(3)", "CAST('x' AS BYTES)"),
        ("DECIMAL(5, 2)", "'1.5'"),
    ] {
        refused(
            &format!(
                "CREATE TABLE s (x {of}) WITH ('connector' = 'print'); INSERT INTO s \
                 SELECT {from} FROM t GROUP BY v;"
            ),
            "Incompatible types for sink column 'x' at position 0.",
        );
    }
}

#[test]
fn windows_and_rankings_that_cannot_run() {
    for (statement, text) in [
        ("SELECT COUNT(*) OVER (ORDER BY ts DESC) FROM t;", "only be ordered in ASCENDING mode."),
        ("SELECT LAG(v) OVER (ORDER BY v) FROM t;", "LAG OVER ordered by a column without a"),
        (
            "SELECT SUM(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t;",
            "OVER ordered by a column without a",
        ),
        (
            "SELECT COUNT(*) OVER (ORDER BY ts), SUM(v) OVER (PARTITION BY k ORDER BY ts) FROM t;",
            "All aggregates must be computed on the same window.",
        ),
        ("SELECT RANK() OVER (ORDER BY v) AS rn FROM t;", "RANK() on streaming table is not"),
        ("SELECT k FROM t ORDER BY v;", "ORDER BY without LIMIT"),
        (
            "SELECT /*+ STATE_TTL('a' = '1 d') */ a.v FROM t AS a JOIN t AS b ON a.k = b.k \
             AND a.ts BETWEEN b.ts AND b.ts + INTERVAL '1' HOUR;",
            "as long as its times ask for",
        ),
        (
            "SELECT FIRST_VALUE(v) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, \
             INTERVAL '2' SECOND)) GROUP BY window_start, window_end;",
            "FIRST_VALUE over windows that are merged",
        ),
        (
            "SELECT APPROX_COUNT_DISTINCT(n) FROM (SELECT COUNT(*) AS n FROM t GROUP BY k);",
            "APPROX_PERCENTILE over rows that change",
        ),
        ("SELECT LISTAGG(k, k) FROM t;", "LISTAGG: the separator must be a literal text"),
        ("SELECT k FROM t GROUP BY GROUPING SETS ((k), ());", "a grouping of all rows without"),
        ("SELECT COUNT(*) FROM t GROUP BY TUMBLE(v, INTERVAL '1' SECOND);", "a time attribute"),
        ("SELECT JSON_OBJECT(k) FROM t;", "JSON_OBJECT takes members"),
        (
            "SELECT COUNT(*) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '4' SECOND, \
             INTERVAL '10' SECOND)) GROUP BY window_start, window_end;",
            "requires maxSize must be an integral multiple of step, but got maxSize 10000 ms",
        ),
        (
            "SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '4' SECOND)) \
             GROUP BY window_start, window_end, ROLLUP (k);",
            "GROUPING SETS, ROLLUP and CUBE of SESSION windows",
        ),
        (
            "SELECT * FROM t AS a JOIN t FOR SYSTEM_TIME AS OF a.ts AS b ON a.k = b.k;",
            "Temporal Table Join requires primary key in versioned table",
        ),
    ] {
        refused(statement, text);
    }
}

#[test]
fn subqueries_and_collections_that_cannot_run() {
    for (statement, text) in [
        ("SELECT (SELECT v FROM t) FROM t;", "a subquery that may give several rows"),
        ("SELECT k FROM t WHERE v IN (SELECT v, k FROM t);", "IN compares 1 columns with 2"),
        ("SELECT k FROM t WHERE v IN (SELECT k FROM t);", "IN compares values of types that"),
        ("SELECT COUNT(*) FROM t GROUP BY (SELECT MAX(v) FROM t);", "a subquery here is not"),
        ("SELECT DISTINCT k FROM t ORDER BY v LIMIT 1;", "not in the select clause"),
        ("SELECT k FROM t UNION SELECT k FROM t ORDER BY k || 'x' LIMIT 1;", "an expression here"),
        (
            "SELECT (SELECT COUNT(*) + 1 FROM t AS b WHERE b.k = a.k) FROM t AS a;",
            "a COUNT inside an expression of a correlated subquery",
        ),
        (
            "SELECT (SELECT MAX(v) FROM t AS b WHERE b.v < a.v) FROM t AS a;",
            "a subquery that aggregates, bound by more than equations,",
        ),
        ("SELECT k FROM t EXCEPT SELECT v FROM t;", "EXCEPT: `k` is STRING here and INT there"),
        ("SELECT k FROM t MINUS SELECT k FROM t;", "MINUS is not supported yet"),
        ("SELECT k, v FROM t INTERSECT SELECT k FROM t;", "INTERSECT of 2 and 1 columns"),
        (
            "SELECT x FROM t CROSS JOIN UNNEST(v) AS u(x);",
            "UNNEST takes an ARRAY, a MAP or a MULTISET",
        ),
        ("SELECT x FROM t RIGHT JOIN UNNEST(ARRAY[v]) AS u(x) ON TRUE;", "UNNEST is joined by"),
        ("SELECT x FROM t JOIN t AS b USING (nope);", "Column 'nope' not found"),
        ("SELECT * FROM (VALUES (1, 2), (3)) AS x(a, b);", "the same number of columns"),
        ("SELECT ARRAY[1, 'a'] FROM t;", "Cannot apply 'ARRAY' to arguments of types INT, STRING"),
        ("SELECT MAP['a'] FROM t;", "MAP[…] takes keys and values by turns"),
        ("SELECT CARDINALITY(COLLECT(v)) FROM t GROUP BY k;", "an ARRAY or a MAP is needed"),
        ("SELECT COLLECT(v)[1] FROM t GROUP BY k;", "needs a MAP or an ARRAY"),
        (
            "SELECT CAST(COLLECT(v) AS ARRAY<INT>) FROM t;",
            "cannot convert value of type MULTISET<INT>",
        ),
        (
            "SELECT MAX(c) FROM (SELECT COLLECT(v) AS c FROM t GROUP BY k);",
            "Max cannot be computed",
        ),
        (
            "SELECT COUNT(DISTINCT c) FROM (SELECT COLLECT(v) AS c FROM t GROUP BY k);",
            "Distinct aggregate function does not support type: MULTISET",
        ),
        ("SELECT COLLECT(v, k) FROM t;", "Invalid number of arguments to function 'COLLECT'"),
        ("SELECT JSON_ARRAYAGG(v) OVER (PARTITION BY k ORDER BY ts) FROM t;", "JSON_ARRAYAGG OVER"),
        (
            "SELECT ARRAY_CONTAINS(ARRAY[ARRAY[v]], MAP[v, v]) FROM t;",
            "is no element of ARRAY<ARRAY",
        ),
        ("SELECT ARRAY_MAX(v) FROM t;", "Cannot apply 'ARRAY_MAX' to an argument of type INT"),
        ("SELECT REGEXP_COUNT(k, '(?=x)') FROM t;", "REGEXP_COUNT: cannot use this pattern"),
        ("SELECT SHA2(k, 100) FROM t;", "must be the literal 224, 256, 384 or 512"),
    ] {
        refused(statement, text);
    }
}

#[test]
fn aggregates_and_times_that_cannot_run() {
    for (statement, text) in [
        (
            "SELECT COUNT(*) FILTER (WHERE v > 0) OVER (ORDER BY ts) FROM t;",
            "OVER must be applied to aggregate function",
        ),
        (
            "SELECT LEAD(v) OVER (ORDER BY ts) FROM t;",
            "LEAD Function is not supported in stream mode",
        ),
        ("SELECT APPROX_PERCENTILE(v, 1.5) FROM t;", "a share, a literal from 0 to 1"),
        ("SELECT PERCENTILE(v, v) FROM t;", "as literals, and how often"),
        ("SELECT PERCENTILE(v, ARRAY[0.5, 2]) FROM t;", "`ARRAY[0.5, 2]` is none"),
        ("SELECT PERCENTILE(v, 0.5, 1.5) FROM t;", "the third is DECIMAL(2, 1)"),
        (
            "SELECT VAR_POP(CAST(v AS DECIMAL(5, 2))) OVER (ORDER BY ts) FROM t;",
            "cast to DOUBLE before",
        ),
        (
            "SELECT APPROX_COUNT_DISTINCT(n) FROM (SELECT COUNT(*) AS n FROM t GROUP BY k);",
            "APPROX_COUNT_DISTINCT or APPROX_PERCENTILE over rows that change",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT *, CURRENT_TIMESTAMP AS pt FROM t) AS p GROUP BY \
             TUMBLE(pt, INTERVAL '1' SECOND);",
            "a time attribute",
        ),
        (
            "SELECT JSON_QUERY(k, '$.a' RETURNING ARRAY<INT>) FROM t;",
            "Unsupported array element type 'INT' for RETURNING ARRAY",
        ),
        (
            "SELECT JSON_QUERY(k, '$.a' RETURNING ARRAY<STRING> EMPTY OBJECT ON ERROR) FROM t;",
            "Illegal on error behavior 'EMPTY OBJECT'",
        ),
        ("SELECT CURRENT_WATERMARK(v) FROM t;", "must be called with a single rowtime attribute"),
        (
            "SELECT a.v FROM t AS a, LATERAL (SELECT v FROM t WHERE t.k = a.k LIMIT 2) AS x;",
            "ORDER BY … LIMIT in a LATERAL subquery, but for (SELECT DISTINCT k FROM t) AS a",
        ),
        ("SELECT a.v FROM t AS a, LATERAL (SELECT a.v) AS x;", "that is no SELECT from a table"),
    ] {
        refused(statement, text);
    }
}

#[test]
fn sessions_over_the_time_of_processing_are_grouped() {
    let found = errors(
        "CREATE VIEW p AS SELECT v, PROCTIME() AS pt FROM t; SELECT v FROM TABLE(SESSION(TABLE \
         p, DESCRIPTOR(pt), INTERVAL '1' SECOND));",
    );
    assert!(found.iter().any(|error| error.contains("SESSION over PROCTIME()")), "{found:?}");
}

#[test]
fn a_watermark_by_an_expression_takes_no_arrival_order() {
    let table = "CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS FLOOR(ts TO MINUTE)) WITH \
                 ('connector' = 'filesystem', 'path' = 'w', 'format' = 'json', 'scan.order' = 'arrival');";
    let found = errors(table);
    assert!(found.iter().any(|error| error.contains("'scan.order' = 'arrival' with")), "{found:?}");
    let found = errors(
        "CREATE TABLE w (ts TIMESTAMP(3), WATERMARK FOR ts AS 5) WITH ('connector' = \
                        'filesystem', 'path' = 'w', 'format' = 'json');",
    );
    assert!(found.iter().any(|error| error.contains("a watermark is a TIMESTAMP")), "{found:?}");
}

#[test]
fn a_clickhouse_table_is_only_added_to() {
    let table = |columns: &str| {
        format!(
            "CREATE TABLE c ({columns}) WITH ('connector' = 'clickhouse', 'url' = 'http://h', \
             'table' = 'c'); "
        )
    };
    for (columns, insert, text) in [
        ("k STRING, n BIGINT", "SELECT k, COUNT(*) FROM t GROUP BY k", "takes new rows only"),
        (
            "k STRING, PRIMARY KEY (k) NOT ENFORCED",
            "SELECT k FROM t",
            "a clickhouse table only ever gets new rows",
        ),
        (
            "k STRING NOT NULL",
            "SELECT k FROM t",
            "column `k` is NOT NULL, but the query may give NULL for it",
        ),
        (
            "k STRING",
            "SELECT k FROM t; INSERT INTO c SELECT k FROM t",
            "table `c` is written by another INSERT already",
        ),
        ("k TIME", "SELECT CAST(k AS TIME) FROM t", "ClickHouse has no column for TIME"),
    ] {
        refused(&format!("{}INSERT INTO c {insert};", table(columns)), text);
    }
    let good = "INSERT INTO c SELECT COALESCE(k, '') FROM t;";
    assert_eq!(errors(&format!("{}{good}", table("k STRING NOT NULL"))), Vec::<String>::new());
}

/// A statement over a table `s` of Kafka, and what is said of it.
type Refused<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

fn kafka_refused(cases: &[Refused<'_>]) {
    for (columns, connector, more, statement, text) in cases {
        let table = format!(
            "CREATE TABLE s ({columns}) WITH ('connector' = '{connector}', 'topic' = 't',
               'properties.bootstrap.servers' = 'b', 'value.format' = 'json' {more}); {statement}"
        );
        refused(&table.replace('\n', " "), text);
    }
}

const READ: &str = "SELECT * FROM s;";

#[test]
fn kafka_keys_that_cannot_be() {
    let upsert = ", 'key.format' = 'raw'";
    let keyed = ", 'key.format' = 'raw', 'key.fields' = 'k'";
    let csv = ", 'key.format' = 'csv', 'key.fields' = 'k'";
    let prefixed = format!("{keyed}, 'key.fields-prefix' = 'k'");
    let odd = format!("{keyed}, 'key.fields-prefix' = 'x_', 'value.fields-include' = 'EXCEPT_KEY'");
    let two = "k INT, j INT, PRIMARY KEY (k, j) NOT ENFORCED";
    let one = "k INT, PRIMARY KEY (k) NOT ENFORCED";
    let map = "k MAP<STRING, STRING>";
    let only = "the format 'raw' takes exactly one column, here are k, j";
    let bad_map = "Unsupported type 'MAP<STRING, STRING>' for field 'k'.";
    kafka_refused(&[
        ("k STRING", "upsert-kafka", upsert, "INSERT INTO s SELECT k FROM t;", "a PRIMARY KEY"),
        (two, "upsert-kafka", upsert, "INSERT INTO s SELECT v, v FROM t;", only),
        ("k STRING", "upsert-kafka", upsert, READ, "needs a PRIMARY KEY"),
        (one, "upsert-kafka", "", READ, "needs the option 'key.format'"),
        ("k DATE", "kafka", keyed, READ, "the format 'raw' takes no DATE"),
        ("j INT", "kafka", keyed, READ, "no column 'k' that stands in records"),
        ("k INT", "kafka", &prefixed, READ, "needs 'value.fields-include'"),
        ("k INT", "kafka", &odd, READ, "column 'k' of the key does not begin with it"),
        (map, "kafka", csv, READ, bad_map),
    ]);
}

#[test]
fn kafka_formats_and_metadata_that_cannot_be() {
    let csv = "'key.format' = 'csv', 'key.fields' = 'k'";
    let long = format!(", {csv}, 'key.csv.field-delimiter' = ';;'");
    let unused = ", 'value.csv.field-delimiter' = ';'";
    let both = ", 'format' = 'json'";
    let changes = ", 'key.format' = 'debezium-json', 'key.fields' = 'k'";
    let key = "k INT, PRIMARY KEY (k) NOT ENFORCED";
    kafka_refused(&[
        ("k INT", "kafka", unused, READ, "an option of the format 'csv', which the table does not"),
        ("k INT", "kafka", &long, READ, "'csv.field-delimiter' = ';;': a single character"),
        ("k INT", "kafka", both, READ, "'format' and 'value.format' say the same"),
        ("k INT", "kafka", changes, READ, "the format 'debezium-json' is not supported"),
        ("k INT, t INT METADATA FROM 'timestamp'", "kafka", "", "", "is TIMESTAMP_LTZ(3), not INT"),
        ("k INT, t INT METADATA FROM 'headrs'", "kafka", "", "", "no METADATA FROM 'headrs'"),
        (key, "upsert-kafka", ", 'scan.startup.mode' = 'latest-offset'", "", "has no option"),
    ]);
    let file = |format: &str, statement: &str| {
        format!(
            "CREATE TABLE s (k INT) WITH ('connector' = 'filesystem', 'path' = 'p',
               'format' = '{format}'); {statement}"
        )
        .replace('\n', " ")
    };
    let written = file("debezium-json", "INSERT INTO s SELECT v FROM t;");
    refused(&written, "the format 'debezium-json' is read, not written");
    let over = "SELECT SUM(k) OVER (ORDER BY k ROWS 1 PRECEDING) FROM s;";
    let over = file("debezium-json", over);
    refused(&over, "over rows that change");
    refused(&file("cvs", ""), "the format 'cvs' is not supported");
    for of in ["MAP<INT, STRING>", "ARRAY<MULTISET<BIGINT>>", "ROW<a MAP<STRING, MULTISET<INT>>>"] {
        let table = file("json", "SELECT k FROM s;").replace("k INT", &format!("k {of}"));
        refused(&table, "JSON format doesn't support non-string as key type of map. The type is:");
    }
}

#[test]
fn a_key_that_several_rows_would_share_is_refused() {
    let tables = "CREATE TABLE ab (a BIGINT, b BIGINT) WITH ('connector' = 'datagen'); \
        CREATE TABLE q (a BIGINT, b BIGINT, n BIGINT, PRIMARY KEY (a) NOT ENFORCED) \
        WITH ('connector' = 'queryable');";
    let refused = |query: &str| refused_with(&format!("{tables} INSERT INTO q {query};"));
    let found = refused("SELECT a, b, COUNT(*) FROM ab GROUP BY a, b").unwrap();
    assert!(
        found.contains("PRIMARY KEY (a), but rows of this query are known by (a, b)"),
        "{found}"
    );
    // The key is in another column, and changes stand in the table's.
    let found = refused("SELECT COUNT(*), a, MAX(b) FROM ab GROUP BY a").unwrap();
    assert!(found.contains("known by (b)"), "{found}");
    for taken in [
        "SELECT a, MAX(b), COUNT(*) FROM ab GROUP BY a",
        "SELECT a, MAX(b), SUM(n) FROM (SELECT a, b, COUNT(*) AS n FROM ab GROUP BY a, b) GROUP BY a",
        "SELECT DISTINCT a, b, a FROM ab",
    ] {
        assert_eq!(refused(taken), None, "{taken}");
    }
}

#[test]
fn a_retention_without_a_time_in_the_key_is_refused() {
    let job = |key: &str| {
        format!(
            "CREATE TABLE ab (a BIGINT, at TIMESTAMP(3)) WITH ('connector' = 'datagen'); \
             CREATE TABLE q (a BIGINT, at TIMESTAMP(3), n BIGINT, PRIMARY KEY ({key}) NOT ENFORCED) \
             WITH ('connector' = 'queryable', 'retention' = '1 d'); \
             INSERT INTO q SELECT a, at, COUNT(*) FROM ab GROUP BY a, at;"
        )
    };
    let found = refused_with(&job("a")).unwrap();
    assert!(found.contains("'retention' goes by a TIMESTAMP in the PRIMARY KEY"), "{found}");
    assert_eq!(refused_with(&job("a, at")), None);
}

#[test]
fn a_computed_column_that_reads_another_is_refused() {
    let table = |c: &str| {
        format!(
            "CREATE TABLE u (a INT, b AS a + 1, c AS {c}) WITH ('connector' = 'blackhole'); SELECT 1;"
        )
    };
    refused(&table("b * 2"), "the computed column `c` reads `b`, which is computed too");
    refused(&table("c * 2"), "the computed column `c` reads `c`, which is computed too");
    assert!(errors(&table("a * 2")).is_empty());
}

#[test]
fn rows_that_may_go_are_not_published_early() {
    let table = |publish: &str, query: &str| {
        format!(
            "CREATE TABLE r (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = \
             'redis', 'url' = 'redis://h', 'key' = 'r:{{k}}', 'sink.publish' = '{publish}'); \
             INSERT INTO r {query};"
        )
    };
    let counts = "SELECT k, COUNT(*) FROM t GROUP BY k";
    let text = "rows of this query may go away again";
    refused(&table("early", &format!("{counts} HAVING COUNT(*) > 3")), text);
    assert_eq!(errors(&table("committed", &format!("{counts} HAVING COUNT(*) > 3"))), [""; 0]);
    assert_eq!(errors(&table("early", counts)), [""; 0]);
}

#[test]
fn lookups_that_cannot_be() {
    let table = |columns: &str, options: &str| {
        format!("CREATE TABLE c ({columns}) WITH ('url' = 'redis://h', {options});")
    };
    let redis = "'connector' = 'redis', 'key' = 'c:{id}'";
    let plain = table("id STRING, name STRING", redis);
    let events = "CREATE VIEW o AS SELECT k, v, ts, PROCTIME() AS proc FROM t;";
    let join = |table: &str, kind: &str, on: &str| {
        let as_of = "c FOR SYSTEM_TIME AS OF o.proc AS c";
        refused_with(&format!("{events} {table} SELECT * FROM o {kind} {as_of} {on};"))
    };
    let on = "ON o.k = c.id";
    assert_eq!(join(&plain, "LEFT JOIN", &format!("{on} AND c.name <> 'x' AND o.v > 1")), None);
    let cases = [
        (&*plain, "RIGHT JOIN", on, "a temporal join is JOIN or LEFT JOIN"),
        (&*plain, "JOIN", "", "a lookup needs ON"),
        (&*plain, "JOIN", "ON o.k = c.name", "ON must compare the column `id` itself"),
        (&*plain, "JOIN", "ON o.v = CAST(c.id AS INT)", "ON must compare the column `id` itself"),
        (&*plain, "JOIN", "ON o.k IS NOT DISTINCT FROM c.id", "not IS NOT DISTINCT FROM"),
    ];
    for (table, kind, on, text) in cases {
        let found = join(table, kind, on).unwrap_or_default();
        assert!(found.contains(text), "{kind} {on}: {found}");
    }
    for (columns, options, text) in [
        ("id STRING, name STRING, up AS UPPER(name)", "", "no computed or METADATA columns"),
        ("id STRING, name STRING", ", 'data-type' = 'list'", "and this is 'list'"),
        ("id STRING, name STRING", ", 'lookup.cache' = 'FULL'", "'FULL' is of files"),
        ("id STRING, name STRING", ", 'lookup.cache' = 'PARTIAL'", "without a bound"),
        (
            "id STRING, name STRING",
            ", 'lookup.partial-cache.max-rows' = '9'",
            "needs 'lookup.cache' = 'PARTIAL'",
        ),
        (
            "id STRING, name STRING",
            ", 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '0'",
            "is not a number above 0",
        ),
        ("id STRING, name STRING", ", 'lookup.cahce' = 'NONE'", "did you mean 'lookup.cache'?"),
    ] {
        let found = join(&table(columns, &format!("{redis}{options}")), "JOIN", on);
        assert!(found.as_ref().is_some_and(|found| found.contains(text)), "{options}: {found:?}");
    }
    let view = "CREATE VIEW c AS SELECT k AS id FROM t;";
    assert!(join(view, "JOIN", on).is_some_and(|found| found.contains("`c` is a view")));
    let printed = "CREATE TABLE c (id STRING) WITH ('connector' = 'print');";
    assert!(join(printed, "JOIN", on).is_some_and(|found| found.contains("cannot be looked up")));
    refused(
        &format!(
            "{events} {plain} SELECT * FROM o JOIN c FOR SYSTEM_TIME AS OF PROCTIME() AS c {on};"
        ),
        "takes the time attribute of the left side",
    );
    let counts = "CREATE VIEW o AS SELECT k, COUNT(*) AS n, PROCTIME() AS proc FROM t GROUP BY k;";
    refused(
        &format!("{counts} {plain} SELECT * FROM o JOIN c FOR SYSTEM_TIME AS OF o.proc AS c {on};"),
        "a lookup takes new rows only",
    );
}

/// The errors of statements, which stand on their line, if there are any.
fn refused_with(statements: &str) -> Option<String> {
    let found = errors(statements);
    assert!(found.iter().all(|error| error.contains("job.sql:3:")), "{statements}: {found:?}");
    (!found.is_empty()).then(|| found.join("\n"))
}
