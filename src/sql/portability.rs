//! What of a job Flink would not take as it stands. What is ours alone is listed beside what it
//! belongs to: connectors and their options, metadata, aggregates.

use std::collections::HashMap;

use sqlparser::tokenizer::Token;

use super::fault::Fault;
use super::plan::{NodeKind, Plan};
use super::statement::{self, Parsed};
use super::table::Declaration;
use super::tokens::{self, Statement, is_word};
use super::{aggregates, connectors};
use crate::error::SqlError;

/// What there is to change.
#[derive(Debug)]
pub struct Report {
    pub statements: usize,
    /// Statements with a fault.
    pub changed: usize,
    /// In the order of the text.
    pub faults: Vec<SqlError>,
}

/// Looks at the text of a job that compiles to this plan. Names that are keywords in Flink alone,
/// and settings of clients behind `properties.`, are not looked at.
pub fn beyond_flink(files: &[(String, String)], plan: &Plan) -> Report {
    let mut report = Report { statements: 0, changed: 0, faults: Vec::new() };
    let mut declarations = HashMap::new();
    // Variables stay as they are written.
    let fill = |literal: &str| Ok(literal.to_owned());
    for (name, text) in files {
        for statement in tokens::statements(text, &fill, &mut Vec::new()) {
            let mut faults = Vec::new();
            let connector = match statement::parse(&statement) {
                Ok(Parsed::Nothing) => continue,
                Ok(Parsed::Table(table)) => {
                    let is_read = is_read(plan, &table.name);
                    declared(*table, is_read, &mut declarations, &mut faults)
                }
                _ => String::new(),
            };
            // A table that Flink lacks as a whole has no more to tell.
            if connectors::instead(&connector).is_none() {
                faults.extend(words(&statement, &|name| is_file(plan, name)));
            }
            faults.sort_by_key(|fault| fault.span.start);
            report.statements += 1;
            report.changed += usize::from(!faults.is_empty());
            report.faults.extend(faults.into_iter().map(|fault| fault.locate(name, text)));
        }
    }
    report
}

/// Looks at a CREATE TABLE; its connector.
fn declared(
    table: Declaration,
    is_read: bool,
    declarations: &mut HashMap<String, Declaration>,
    faults: &mut Vec<Fault>,
) -> String {
    let mut whole = table.clone();
    // The job compiles, so LIKE's table is there.
    let _ = whole.inherit(|base| declarations.get(base).cloned());
    faults.extend(table.beyond_flink(&whole, is_read));
    let connector = whole.connector().to_owned();
    declarations.insert(table.name, whole);
    connector
}

/// Of tables over one topic that share a reader, the first.
fn is_read(plan: &Plan, name: &str) -> bool {
    plan.nodes
        .iter()
        .any(|node| matches!(&node.kind, NodeKind::Scan { table, .. } if &*table.name == name))
}

/// Whether rows are looked up in a table of files by this name.
fn is_file(plan: &Plan, name: &str) -> bool {
    plan.nodes.iter().any(|node| match &node.kind {
        NodeKind::Lookup { table, .. } => &*table.connector == "filesystem" && &*table.name == name,
        _ => false,
    })
}

/// Of what stands in any statement.
fn words(statement: &Statement, is_file: &dyn Fn(&str) -> bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, token) in statement.tokens.iter().enumerate() {
        let next = &statement.tokens[at + 1..];
        match &token.token {
            Token::SingleQuotedString(literal) if literal.contains("${") => {
                let fault = Fault::new(token.span, "Flink's SQL has no variables");
                faults.push(fault.help("put the value in before the text goes to Flink"));
            }
            Token::Word(_) if next.first().is_some_and(|next| next.token == Token::LParen) => {
                let ours = aggregates::OURS.iter().find(|(ours, _)| is_word(token, ours));
                faults.extend(ours.map(|(name, instead)| {
                    Fault::new(token.span, format!("Flink's streams have no {name}")).help(*instead)
                }));
            }
            Token::Word(word) if is_as_of(next) && is_file(&word.value) => {
                let message = format!("Flink looks nothing up in the files of `{}`", word.value);
                faults.push(Fault::new(token.span, message).help(connectors::FILES));
            }
            _ => {}
        }
    }
    faults
}

fn is_as_of(tokens: &[sqlparser::tokenizer::TokenWithSpan]) -> bool {
    let wanted = ["FOR", "SYSTEM_TIME", "AS", "OF"];
    tokens.len() > wanted.len()
        && wanted.iter().zip(tokens).all(|(word, token)| is_word(token, word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Line, column and width of each fault, with what there is instead.
    fn faults(job: &str) -> (usize, usize, Vec<String>) {
        let files = [("job.sql".to_owned(), job.to_owned())];
        let plan = super::super::compile(&files, &|_| None, &BTreeMap::new()).unwrap();
        let Report { statements, changed, faults } = beyond_flink(&files, &plan);
        let told = |error: SqlError| {
            let SqlError { line, column, source, width, message, .. } = error;
            let text: String = source.chars().skip(column - 1).take(width).collect();
            format!("{line}:{column} {text}: {message}")
        };
        (statements, changed, faults.into_iter().map(told).collect())
    }

    #[test]
    fn what_is_ours_alone_is_told_with_its_place() {
        let job = "CREATE TABLE a (k STRING, `key` BYTES METADATA VIRTUAL, o BIGINT METADATA FROM 'offset' VIRTUAL,
  ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'kafka', 'topic' = '${T:-a}', 'properties.bootstrap.servers' = 'h:1',
  'scan.watermark.alignment.max-drift' = '1 s',
  'dead-letter.topic' = 'dead');
CREATE TABLE now WITH ('scan.order' = 'arrival') LIKE a;
CREATE TABLE kept (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED)
WITH ('http.route' = '${ROUTE:-/x/{k}}', 'connector' = 'queryable');
CREATE TABLE out (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'b',
  'properties.bootstrap.servers' = 'h:1', 'sink.delivery-guarantee' = 'exactly-once', 'sink.create-topic' = 'true');
EXECUTE STATEMENT SET BEGIN
INSERT INTO kept SELECT k, approx_count_distinct(o) FROM now GROUP BY k;
INSERT INTO out SELECT k, o FROM a;
END;
";
        let wanted = [
            "1:39 METADATA: 'kafka' of Flink has no METADATA FROM 'key'",
            "3:36 '${T:-a}': Flink's SQL has no variables",
            "4:3 'scan.watermark.alignment.max-drift': Flink wants 'scan.watermark.alignment.group' with this",
            "5:3 'dead-letter.topic': 'kafka' of Flink has no option 'dead-letter.topic'",
            "6:14 now: Flink wants 'properties.group.id', to go on from its offsets",
            "6:24 'scan.order': 'kafka' of Flink has no option 'scan.order'",
            "8:42 'connector': Flink has no connector 'queryable'",
            "9:52 k: 'kafka' of Flink takes no PRIMARY KEY with this format",
            "10:43 'sink.delivery-guarantee': Flink wants 'sink.transactional-id-prefix' with this",
            "10:87 'sink.create-topic': 'kafka' of Flink has no option 'sink.create-topic'",
            "12:28 approx_count_distinct: Flink's streams have no APPROX_COUNT_DISTINCT",
        ];
        let (statements, changed, found) = faults(job);
        assert_eq!((statements, changed), (6, 5));
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_flink_has_is_not_told() {
        let (statements, changed, found) = faults(
            "SET 'parallelism.default' = '2';
CREATE TABLE a (k STRING, `partition` INT METADATA VIRTUAL, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'kafka', 'topic' = 'a', 'properties.bootstrap.servers' = 'h:1', 'scan.parallelism' = '2',
  'properties.group.id' = 'g',
  'scan.watermark.idle-timeout' = '5 s', 'scan.watermark.alignment.group' = 'g',
  'scan.watermark.alignment.max-drift' = '1 s', 'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'job');
CREATE TABLE b WITH ('topic' = 'b') LIKE a;
INSERT INTO b SELECT k, ts FROM a;",
        );
        assert_eq!((statements, changed, found), (4, 0, Vec::new()));
    }

    #[test]
    fn files_that_rows_are_looked_up_in_are_told() {
        let (_, _, found) = faults(
            "CREATE TABLE a (k STRING, pt AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '1');
CREATE TABLE b (k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = 'b', 'format' = 'json');
SELECT a.k, b.v FROM a JOIN b FOR SYSTEM_TIME AS OF a.pt AS b ON a.k = b.k;",
        );
        assert_eq!(found, ["3:29 b: Flink looks nothing up in the files of `b`"]);
    }
}
