//! Comparisons, IN, GREATEST and LEAST.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::registry::Function;
use super::frame::{Arg, Frame};
use crate::record::{Column, ColumnBuilder, ColumnData, ColumnRef, DataType, Validity, Value};

pub fn compare(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    match function {
        Function::In => is_in(frame),
        Function::Greatest => extreme(frame, Ordering::Greater, to),
        Function::Least => extreme(frame, Ordering::Less, to),
        Function::IsDistinctFrom => distinct(frame, true),
        Function::IsNotDistinctFrom => distinct(frame, false),
        _ => ordered(function, frame),
    }
}

fn ordered(function: Function, frame: &mut Frame) -> ColumnRef {
    let (a, b) = (frame.args[0].clone(), frame.args[1].clone());
    let values = match (&a.column.data, &b.column.data) {
        (ColumnData::I64(a), ColumnData::I64(b)) => numbers(function, frame, a, b),
        (ColumnData::F64(a), ColumnData::F64(b)) => numbers(function, frame, a, b),
        (ColumnData::Bool(a), ColumnData::Bool(b)) => numbers(function, frame, a, b),
        (ColumnData::I128(a), ColumnData::I128(b)) => numbers(function, frame, a, b),
        (ColumnData::Str(_), ColumnData::Str(_)) | (ColumnData::Bytes(_), ColumnData::Bytes(_)) => {
            return texts(function, frame, &a, &b);
        }
        _ => {
            let want = function == Function::Eq;
            return frame.bools(|row| Ok(Some(same(a.any(row), b.any(row)) == want)));
        }
    };
    Arc::new(Column::new(ColumnData::Bool(values), frame.validity()))
}

/// Equality of nested values, in which the entries of a map have no order and elements of arrays that are
/// NULL are not equal, as in Flink.
pub(super) fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            let is_in = |(key, item): &(Value, Value)| {
                b.iter().any(|(k, of)| same(Some(key), Some(k)) && same(Some(item), Some(of)))
            };
            a.len() == b.len() && a.iter().all(is_in)
        }
        (Value::Array(a), Value::Array(b)) => {
            let equal = |(a, b): (&Value, &Value)| !a.is_null() && same(Some(a), Some(b));
            a.len() == b.len() && a.iter().zip(b.iter()).all(equal)
        }
        (Value::Row(a), Value::Row(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(Some(a), Some(b)))
        }
        _ => a == b,
    }
}

fn numbers<T: PartialOrd + Copy>(function: Function, frame: &Frame, a: &[T], b: &[T]) -> Vec<bool> {
    match function {
        Function::Eq => frame.zip(a, b, |a, b| a == b),
        Function::NotEq => frame.zip(a, b, |a, b| a != b),
        Function::Lt => frame.zip(a, b, |a, b| a < b),
        Function::LtEq => frame.zip(a, b, |a, b| a <= b),
        Function::Gt => frame.zip(a, b, |a, b| a > b),
        _ => frame.zip(a, b, |a, b| a >= b),
    }
}

/// Texts by their bytes, which is the order of their code points.
fn texts(function: Function, frame: &mut Frame, a: &Arg, b: &Arg) -> ColumnRef {
    let (Some(left), Some(right)) = (a.column.as_views(), b.column.as_views()) else {
        return frame.nulls(&DataType::Boolean);
    };
    if b.constant && matches!(function, Function::Eq | Function::NotEq) {
        let (wanted, equal) = (right.bytes(0), function == Function::Eq);
        return frame.bools(|row| Ok(Some((left.bytes(a.index(row)) == wanted) == equal)));
    }
    frame.bools(|row| {
        let order = left.bytes(a.index(row)).cmp(right.bytes(b.index(row)));
        Ok(Some(match function {
            Function::Eq => order.is_eq(),
            Function::NotEq => order.is_ne(),
            Function::Lt => order.is_lt(),
            Function::LtEq => order.is_le(),
            Function::Gt => order.is_gt(),
            _ => order.is_ge(),
        }))
    })
}

/// Two values of one type that are there.
#[inline]
fn equal(a: &Arg, b: &Arg, row: usize) -> bool {
    match (&a.column.data, &b.column.data) {
        (ColumnData::I64(x), ColumnData::I64(y)) => x[a.index(row)] == y[b.index(row)],
        (ColumnData::F64(x), ColumnData::F64(y)) => x[a.index(row)] == y[b.index(row)],
        (ColumnData::Bool(x), ColumnData::Bool(y)) => x[a.index(row)] == y[b.index(row)],
        (ColumnData::I128(x), ColumnData::I128(y)) => x[a.index(row)] == y[b.index(row)],
        (ColumnData::Str(_), ColumnData::Str(_)) | (ColumnData::Bytes(_), ColumnData::Bytes(_)) => {
            a.bytes(row) == b.bytes(row)
        }
        _ => same(a.any(row), b.any(row)),
    }
}

fn distinct(frame: &mut Frame, want: bool) -> ColumnRef {
    let (a, b) = (frame.args[0].clone(), frame.args[1].clone());
    frame.bools_of(Validity::all(), |row| {
        let same = match (a.is_null(row), b.is_null(row)) {
            (false, false) => equal(&a, &b, row),
            (a, b) => a == b,
        };
        Ok(Some(same != want))
    })
}

/// TRUE where one of the list is equal, else NULL where one is NULL.
fn is_in(frame: &mut Frame) -> ColumnRef {
    let args = frame.args.clone();
    let Some((value, list)) = args.split_first() else {
        return frame.nulls(&DataType::Boolean);
    };
    frame.bools_of(Validity::all(), |row| {
        if value.is_null(row) {
            return Ok(None);
        }
        let mut unknown = false;
        for item in list {
            if item.is_null(row) {
                unknown = true;
            } else if equal(value, item, row) {
                return Ok(Some(true));
            }
        }
        Ok((!unknown).then_some(false))
    })
}

fn order(a: &Arg, b: &Arg, row: usize) -> Ordering {
    match (&a.column.data, &b.column.data) {
        (ColumnData::I64(x), ColumnData::I64(y)) => x[a.index(row)].cmp(&y[b.index(row)]),
        (ColumnData::F64(x), ColumnData::F64(y)) => x[a.index(row)].total_cmp(&y[b.index(row)]),
        (ColumnData::Bool(x), ColumnData::Bool(y)) => x[a.index(row)].cmp(&y[b.index(row)]),
        (ColumnData::I128(x), ColumnData::I128(y)) => x[a.index(row)].cmp(&y[b.index(row)]),
        _ => a.bytes(row).cmp(b.bytes(row)),
    }
}

fn extreme(frame: &mut Frame, wanted: Ordering, to: &DataType) -> ColumnRef {
    let validity = frame.validity();
    let mut builder = ColumnBuilder::for_type(to, frame.batch.rows);
    for row in 0..frame.batch.rows {
        let mut best = &frame.args[0];
        if !validity.is_valid(row) {
            builder.push_null();
            continue;
        }
        for arg in &frame.args[1..] {
            if order(arg, best, row) == wanted {
                best = arg;
            }
        }
        builder.push_from(&best.column, best.index(row));
    }
    Arc::new(builder.finish())
}
