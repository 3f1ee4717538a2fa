//! Random typed expressions: evaluation by batches against an evaluator that goes row by row over
//! plain values, written for this test alone.
//!
//! `PELTON_TEST_EXPRESSIONS` says how many expressions a run makes, `PELTON_TEST_SEED` with which
//! it begins. `PELTON_WRITE_EXPRESSIONS` names a folder into which the same go as SQL, with rows, so
//! that Flink can be asked.

pub mod generate;
pub mod reference;
pub mod written;

use generate::{Generator, Node, Type};
use reference::{Failed, Plain, Row};

use super::super::registry::{self, BinaryOp, binary, call, cast};
use super::super::{CastMode, EvalContext, EvalErrors, Expr, ExprKind};
use super::eval;
use crate::record::{Batch, BatchTime, ColumnBuilder, DataType, Value};

/// Expressions of a usual run; a long one has 20,000 and more.
const EXPRESSIONS: u64 = 1_000;
/// Every batch has this many rows at most.
const ROWS_MAX: u64 = 40;

pub fn value_of(plain: &Plain) -> Value {
    match plain {
        Plain::Null => Value::Null,
        Plain::Bool(value) => Value::Bool(*value),
        Plain::Int(value) => Value::I64(*value),
        Plain::Double(value) => Value::F64(*value),
        Plain::Text(value) => Value::Str(value.as_str().into()),
    }
}

/// The product's expression for a node.
fn built(node: &Node) -> Expr {
    let all = |nodes: &[Node]| nodes.iter().map(built).collect::<Vec<_>>();
    let expr = match node {
        Node::Column(of, index) => Expr::column(*index, of.data_type()),
        Node::Literal(of, value) => Expr::literal(value_of(value), of.data_type()),
        Node::Arithmetic(op, sides) => binary(*op, built(&sides.0), built(&sides.1)).unwrap(),
        Node::Compare(op, sides) => binary(*op, built(&sides.0), built(&sides.1)).unwrap(),
        Node::Negate(input) => registry::negate(built(input)).unwrap(),
        Node::And(parts) => boolean(ExprKind::And(all(parts))),
        Node::Or(parts) => boolean(ExprKind::Or(all(parts))),
        Node::Not(input) => boolean(ExprKind::Not(built(input).into())),
        Node::IsNull(input) => boolean(ExprKind::IsNull(built(input).into())),
        Node::In(value, list) => registry::in_list(built(value), all(list)).unwrap(),
        Node::Case(branches, otherwise) => {
            let branches = branches.iter().map(|(when, then)| (built(when), built(then)));
            registry::case(branches.collect(), otherwise.as_deref().map(built)).unwrap()
        }
        Node::Cast(input, to, mode) => cast(built(input), to.data_type(), *mode).unwrap(),
        Node::Call(name, _, args) => call(name, all(args)).unwrap(),
    };
    assert_eq!(expr.data_type, node.type_of().data_type(), "{node:?}");
    expr
}

fn boolean(kind: ExprKind) -> Expr {
    Expr { kind, data_type: DataType::Boolean, nullable: true }
}

fn batch_of(rows: &[Row], types: &[Type]) -> Batch {
    let column = |(index, of): (usize, &Type)| {
        let mut builder = ColumnBuilder::for_type(&of.data_type(), rows.len());
        rows.iter().for_each(|row| builder.push_value(&value_of(&row[index])));
        builder.finish().into()
    };
    let columns = types.iter().enumerate().map(column).collect();
    Batch::new(columns, rows.len(), BatchTime::at(0))
}

/// A batch of which some rows are selected, as often all of them.
fn selected(make: &mut Generator, batch: Batch) -> (Batch, Vec<usize>) {
    if make.below(2) == 0 {
        let all = (0..batch.rows).collect();
        return (batch, all);
    }
    let rows: Vec<u32> = (0..batch.rows as u32).filter(|_| make.below(2) == 0).collect();
    let ids = rows.iter().map(|row| *row as usize).collect();
    (batch.with_selection(rows), ids)
}

fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        _ => found == wanted,
    }
}

fn check(seed: u64) {
    let mut make = Generator::new(seed);
    let node = make.expression();
    let expr = built(&node);
    let types = generate::columns();
    let rows: Vec<Row> = (0..1 + make.below(ROWS_MAX)).map(|_| make.row()).collect();
    let (batch, ids) = selected(&mut make, batch_of(&rows, &types));
    let mut errors = EvalErrors::default();
    let column = eval(&expr, &batch, &EvalContext::default(), &mut errors);
    assert_eq!(column.len(), rows.len(), "seed {seed}: {node:?}");
    let failed: Vec<usize> = errors.rows.iter().map(|(row, _)| *row as usize).collect();
    assert!(failed.iter().all(|row| ids.contains(row)), "seed {seed}: {node:?}: {failed:?}");
    for row in ids {
        match reference::computed(&node, &rows[row]) {
            Ok(wanted) => {
                let found = column.value(row);
                let fine = !failed.contains(&row) && same(&found, &value_of(&wanted));
                assert!(
                    fine,
                    "seed {seed}: {node:?} of {:?}: {found:?}, not {wanted:?}",
                    rows[row]
                );
            }
            Err(Failed) => {
                assert!(
                    failed.contains(&row),
                    "seed {seed}: {node:?} of {:?}: no error",
                    rows[row]
                );
            }
        }
    }
}

/// What a variable says, or what is usual.
pub fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

fn seeds() -> std::ops::Range<u64> {
    let first = number("PELTON_TEST_SEED", 1);
    first..first + number("PELTON_TEST_EXPRESSIONS", EXPRESSIONS)
}

#[test]
fn batches_agree_with_plain_rows() {
    seeds().for_each(check);
    if let Some(folder) = std::env::var_os("PELTON_WRITE_EXPRESSIONS") {
        written::write(folder.as_ref(), seeds());
    }
}
