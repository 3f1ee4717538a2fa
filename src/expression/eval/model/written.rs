//! Expressions and rows as text, for Flink.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use super::generate::{self, Generator, Node, Type};
use super::reference::{self, Plain, Row};
use super::{BinaryOp, CastMode};

/// Rows that all expressions are computed for.
const ROWS: usize = 12;

/// One expression a line, of those that fail for no row, and the rows as JSON.
pub fn write(folder: &Path, seeds: Range<u64>) {
    let mut make = Generator::new(seeds.start);
    let rows: Vec<Row> = (0..ROWS).map(|_| make.row().into_iter().map(finite).collect()).collect();
    let mut expressions = String::new();
    for seed in seeds {
        let node = Generator::new(seed).expression();
        let fails = rows.iter().any(|row| reference::computed(&node, row).is_err());
        if let Some(sql) = sql(&node).filter(|_| !fails) {
            writeln!(expressions, "{sql}").unwrap();
        }
    }
    std::fs::write(folder.join("expressions.sql"), expressions).unwrap();
    std::fs::write(folder.join("rows.jsonl"), lines(&rows)).unwrap();
    std::fs::write(folder.join("columns.sql"), columns()).unwrap();
}

/// The columns of the rows, as CREATE TABLE has them.
pub fn columns() -> String {
    let types = generate::columns();
    let columns = types.iter().enumerate().map(|(at, of)| format!("c{at} {}", of.data_type()));
    columns.collect::<Vec<_>>().join(", ")
}

/// The rows as JSON, one a line.
pub fn lines(rows: &[Row]) -> String {
    let mut lines = String::new();
    for (at, row) in rows.iter().enumerate() {
        write!(lines, "{{\"id\":{at}").unwrap();
        for (index, value) in row.iter().enumerate() {
            let value = match value {
                Plain::Null => "null".to_owned(),
                Plain::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
                Plain::Bool(value) => value.to_string(),
                Plain::Int(value) => value.to_string(),
                Plain::Double(value) => format!("{value:e}"),
            };
            write!(lines, ",\"c{index}\":{value}").unwrap();
        }
        lines.push_str("}\n");
    }
    lines
}

/// JSON has no other doubles.
pub fn finite(value: Plain) -> Plain {
    match value {
        Plain::Double(value) if !value.is_finite() => Plain::Null,
        value => value,
    }
}

/// `None` where a value cannot be written.
pub fn sql(node: &Node) -> Option<String> {
    let all = |nodes: &[Node]| nodes.iter().map(sql).collect::<Option<Vec<_>>>();
    Some(match node {
        Node::Column(_, index) => format!("c{index}"),
        Node::Literal(of, value) => literal(*of, value)?,
        Node::Arithmetic(op, sides) | Node::Compare(op, sides) => {
            format!("({} {} {})", sql(&sides.0)?, symbol(*op), sql(&sides.1)?)
        }
        Node::Negate(input) => format!("(- {})", sql(input)?),
        Node::And(parts) => format!("({})", all(parts)?.join(" AND ")),
        Node::Or(parts) => format!("({})", all(parts)?.join(" OR ")),
        Node::Not(input) => format!("(NOT {})", sql(input)?),
        Node::IsNull(input) => format!("({} IS NULL)", sql(input)?),
        Node::In(value, list) => format!("({} IN ({}))", sql(value)?, all(list)?.join(", ")),
        Node::Case(branches, otherwise) => {
            let mut text = String::from("CASE");
            for (when, then) in branches {
                write!(text, " WHEN {} THEN {}", sql(when)?, sql(then)?).unwrap();
            }
            if let Some(otherwise) = otherwise {
                write!(text, " ELSE {}", sql(otherwise)?).unwrap();
            }
            text + " END"
        }
        Node::Cast(input, to, mode) => {
            let name = if *mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
            format!("{name}({} AS {})", sql(input)?, to.data_type())
        }
        Node::Call("POSITION", _, args) => {
            format!("POSITION({} IN {})", sql(&args[0])?, sql(&args[1])?)
        }
        Node::Call(name, _, args) => format!("{name}({})", all(args)?.join(", ")),
    })
}

fn literal(of: Type, value: &Plain) -> Option<String> {
    let data_type = of.data_type();
    Some(match value {
        Plain::Null => format!("CAST(NULL AS {data_type})"),
        Plain::Bool(value) => value.to_string().to_uppercase(),
        Plain::Text(text) => format!("CAST('{}' AS STRING)", text.replace('\'', "''")),
        Plain::Int(value) => format!("CAST({value} AS {data_type})"),
        Plain::Double(value) if value.is_finite() => format!("CAST('{value:e}' AS DOUBLE)"),
        Plain::Double(_) => return None,
    })
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Eq => "=",
        BinaryOp::NotEq => "<>",
        BinaryOp::Lt => "<",
        BinaryOp::LtEq => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::GtEq => ">=",
        BinaryOp::IsDistinctFrom => "IS DISTINCT FROM",
        BinaryOp::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
        BinaryOp::Concat => "||",
    }
}
