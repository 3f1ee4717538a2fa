//! Functions that make, read and change arrays, maps and rows.

use std::sync::Arc;

use regex::Regex;

use super::super::registry::Function;
use super::compare::same;
use super::frame::{Arg, Frame, Outcome};
use crate::record::{Column, ColumnData, ColumnRef, DataType, Validity, Value, row};

impl Arg {
    /// The value of a row by itself.
    pub fn value(&self, row: usize) -> Value {
        self.column.value(self.index(row))
    }

    pub(super) fn array(&self, row: usize) -> &[Value] {
        match self.any(row) {
            Some(Value::Array(values)) => values,
            _ => &[],
        }
    }

    fn map(&self, row: usize) -> &[(Value, Value)] {
        match self.any(row) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        }
    }
}

/// A column of single values; rows outside of `validity` are NULL.
pub(super) fn anys(
    frame: &mut Frame,
    validity: Validity,
    mut compute: impl FnMut(usize) -> Outcome<Value>,
) -> ColumnRef {
    let rows = frame.batch.rows;
    let mut values = vec![Value::Null; rows];
    let mut result = validity.clone();
    for row in frame.batch.row_ids().filter(|&row| validity.is_valid(row)) {
        match compute(row) {
            Ok(Some(value)) => values[row] = value,
            Ok(None) => result.set_null(row, rows),
            Err(reason) => {
                result.set_null(row, rows);
                frame.errors.rows.push((row as u32, reason.into()));
            }
        }
    }
    Arc::new(Column::new(ColumnData::Any(values), result))
}

fn array(values: Vec<Value>) -> Outcome<Value> {
    Ok(Some(Value::Array(values.into())))
}

/// Functions for which NULL is an argument like others; the first one, a collection, may be NULL.
pub fn takes_nulls(function: Function) -> bool {
    use Function::*;
    matches!(
        function,
        MakeArray
            | MakeMap
            | MakeRow
            | Pack
            | ArrayContains
            | ArrayRemove
            | ArrayAppend
            | ArrayPrepend
            | ArrayJoin
    )
}

pub fn evaluate(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    use Function::*;
    let args = frame.args.clone();
    match function {
        Unpack => anys(frame, frame.validity(), |row| {
            let (mut bytes, mut values) = (args[0].bytes(row), Vec::new());
            while let Some(value) = row::take_value(&mut bytes) {
                values.push(value);
            }
            array(values)
        }),
        Collected => anys(frame, frame.validity(), |row| {
            Ok(Some(Value::Map(collected(args[0].bytes(row)).into())))
        }),
        Percentile => super::percentile::evaluate(frame, to),
        Repeated => anys(frame, frame.validity(), |row| {
            let entries = args[0].map(row);
            let all =
                entries.iter().fold(0, |all: usize, (_, count)| all.saturating_add(times(count)));
            if all > REPEATED_MAX {
                return Err(format!(
                    "a MULTISET of {all} values: at most {REPEATED_MAX} are taken apart"
                ));
            }
            let repeated = entries
                .iter()
                .flat_map(|(value, count)| std::iter::repeat_n(value, times(count)).cloned());
            array(repeated.collect())
        }),
        MakeArray => anys(frame, Validity::all(), |row| {
            array(args.iter().map(|arg| arg.value(row)).collect())
        }),
        MakeRow => anys(frame, Validity::all(), |row| {
            Ok(Some(Value::Row(args.iter().map(|arg| arg.value(row)).collect())))
        }),
        MakeMap => anys(frame, Validity::all(), |row| {
            let mut entries = Vec::with_capacity(args.len() / 2);
            for pair in args.chunks_exact(2) {
                put(&mut entries, pair[0].value(row), pair[1].value(row));
            }
            Ok(Some(Value::Map(entries.into())))
        }),
        MapKeys | MapValues | MapEntries | MapFromArrays | MapUnion => maps(function, frame),
        Split | StrToMap | RegexpExtractAll => texts(function, frame),
        ArrayJoin => join(frame),
        ArrayContains => {
            let validity = only_first(&args, frame);
            frame.bools_of(validity, |row| {
                let wanted = args[1].value(row);
                Ok(Some(args[0].array(row).iter().any(|value| alike(value, &wanted))))
            })
        }
        ArrayPosition => frame.i64s(|row| {
            let wanted = args[1].value(row);
            let at = args[0].array(row).iter().position(|value| alike(value, &wanted));
            Ok(Some(at.map_or(0, |at| at as i64 + 1)))
        }),
        ArrayMax | ArrayMin | Element => element(function, frame, to),
        _ => changed(function, frame),
    }
}

/// Packed values and their counts by turns, by ascending values; those without an order by their
/// bytes, so that equal multisets are equal.
pub(super) fn collected(mut bytes: &[u8]) -> Vec<(Value, Value)> {
    let mut entries = Vec::new();
    loop {
        let from = bytes;
        let Some(value) = row::take_value(&mut bytes) else { break };
        let packed = &from[..from.len() - bytes.len()];
        let Some(count) = row::take_value(&mut bytes) else { break };
        entries.push((packed, value, count));
    }
    entries.sort_by(|a, b| a.1.order(&b.1).then_with(|| a.0.cmp(b.0)));
    entries.into_iter().map(|(_, value, count)| (value, count)).collect()
}

/// Values of one multiset that become rows: a record of a few bytes may claim any number.
const REPEATED_MAX: usize = 1_000_000;

/// How often a value is there; one without a count is not.
pub(super) fn times(count: &Value) -> usize {
    count.as_i64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

/// The rows whose first argument is not NULL.
fn only_first(args: &[Arg], frame: &Frame) -> Validity {
    match args.first() {
        Some(first) if first.constant && first.is_null(0) => Validity::none(frame.batch.rows),
        Some(first) if !first.constant => first.column.validity.clone(),
        _ => Validity::all(),
    }
}

/// A later value of a key takes the place of an earlier one.
fn put(entries: &mut Vec<(Value, Value)>, key: Value, value: Value) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some(entry) => entry.1 = value,
        None => entries.push((key, value)),
    }
}

/// Whether two elements are one to the functions of arrays: NULL is like NULL.
fn alike(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || same(Some(a), Some(b))
}

fn among(values: &[Value], wanted: &Value) -> bool {
    values.iter().any(|value| alike(value, wanted))
}

fn distinct(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut kept = Vec::new();
    for value in values {
        if !among(&kept, &value) {
            kept.push(value);
        }
    }
    kept
}

/// Arrays made of arrays.
fn changed(function: Function, frame: &mut Frame) -> ColumnRef {
    use Function::*;
    let args = frame.args.clone();
    let validity = match takes_nulls(function) {
        true => only_first(&args, frame),
        false => frame.validity(),
    };
    let flag = |at: usize, row: usize| args.get(at).map(|arg| arg.bool(row));
    anys(frame, validity, |row| {
        let values = args[0].array(row);
        let second = || args.get(1).map_or(&[][..], |arg| arg.array(row));
        let own = || values.iter().cloned();
        array(match function {
            ArrayDistinct => distinct(own()),
            ArrayReverse => own().rev().collect(),
            ArraySlice => slice(values, &args, row),
            ArrayConcat => args.iter().flat_map(|arg| arg.array(row)).cloned().collect(),
            ArrayUnion => distinct(own().chain(second().iter().cloned())),
            ArrayExcept => distinct(own().filter(|value| !among(second(), value))),
            ArrayIntersect => distinct(own().filter(|value| among(second(), value))),
            ArrayAppend => own().chain([args[1].value(row)]).collect(),
            ArrayPrepend => [args[1].value(row)].into_iter().chain(own()).collect(),
            ArrayRemove => {
                let gone = args[1].value(row);
                own().filter(|value| !alike(value, &gone)).collect()
            }
            _ => {
                let ascending = flag(1, row).unwrap_or(true);
                sorted(values, ascending, flag(2, row).unwrap_or(ascending))
            }
        })
    })
}

fn sorted(values: &[Value], ascending: bool, nulls_first: bool) -> Vec<Value> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| match (a.is_null(), b.is_null()) {
        (false, false) if ascending => a.order(b),
        (false, false) => b.order(a),
        (a, b) if nulls_first => b.cmp(&a),
        (a, b) => a.cmp(&b),
    });
    values
}

/// From a place to another, both 1-based and inclusive; negative ones count from the end.
fn slice(values: &[Value], args: &[Arg], row: usize) -> Vec<Value> {
    let length = values.len() as i64;
    let place = |at: i64| match at {
        0 => 1,
        at if at < 0 => length + at + 1,
        at => at,
    };
    let from = place(args[1].i64(row)).max(1);
    let to = args.get(2).map_or(length, |to| place(to.i64(row))).min(length);
    if from > to {
        return Vec::new();
    }
    values[from as usize - 1..to as usize].to_vec()
}

/// The greatest, the least or the only element.
fn element(function: Function, frame: &mut Frame, to: &DataType) -> ColumnRef {
    let input = frame.args[0].clone();
    let validity = frame.validity();
    let mut builder = crate::record::ColumnBuilder::for_type(to, frame.batch.rows);
    for row in frame.batch.row_ids() {
        while builder.len() < row {
            builder.push_null();
        }
        let values = if validity.is_valid(row) { input.array(row) } else { &[] };
        let there = values.iter().filter(|value| !value.is_null());
        let found = match function {
            Function::ArrayMax => there.max_by(|a, b| a.order(b)),
            Function::ArrayMin => there.min_by(|a, b| a.order(b)),
            _ if values.len() > 1 => {
                let reason = "ELEMENT: the array has more than one element";
                frame.errors.rows.push((row as u32, reason.into()));
                None
            }
            _ => values.first(),
        };
        builder.push_value(found.unwrap_or(&Value::Null));
    }
    while builder.len() < frame.batch.rows {
        builder.push_null();
    }
    Arc::new(builder.finish())
}

fn join(frame: &mut Frame) -> ColumnRef {
    let args = frame.args.clone();
    let nulls = |arg: &Arg| arg.constant && arg.is_null(0);
    if args.iter().any(nulls) {
        return frame.nulls(&DataType::STRING);
    }
    frame.strings_of(Validity::all(), |row, out| {
        if args.iter().any(|arg| arg.is_null(row)) {
            return Ok(None);
        }
        let instead = args.get(2).map(|arg| arg.str(row));
        let texts = args[0].array(row).iter().filter_map(|value| value.as_str().or(instead));
        for (at, text) in texts.enumerate() {
            if at > 0 {
                out.push_str(args[1].str(row));
            }
            out.push_str(text);
        }
        Ok(Some(()))
    })
}

fn maps(function: Function, frame: &mut Frame) -> ColumnRef {
    let args = frame.args.clone();
    let validity = frame.validity();
    anys(frame, validity, |row| {
        let entries = args[0].map(row).iter();
        match function {
            Function::MapKeys => array(entries.map(|(key, _)| key.clone()).collect()),
            Function::MapValues => array(entries.map(|(_, value)| value.clone()).collect()),
            Function::MapEntries => {
                let row =
                    |(key, value): &(Value, Value)| Value::Row([key.clone(), value.clone()].into());
                array(entries.map(row).collect())
            }
            Function::MapFromArrays => {
                let (keys, values) = (args[0].array(row), args[1].array(row));
                if keys.len() != values.len() {
                    return Err("MAP_FROM_ARRAYS: keys and values differ in number".into());
                }
                let mut made = Vec::with_capacity(keys.len());
                for (key, value) in keys.iter().zip(values) {
                    put(&mut made, key.clone(), value.clone());
                }
                Ok(Some(Value::Map(made.into())))
            }
            _ => {
                // The later map's entries stand first, as in Flink.
                let mut all: Vec<(Value, Value)> = Vec::new();
                for (key, value) in args.iter().rev().flat_map(|arg| arg.map(row)) {
                    if !all.iter().any(|(known, _)| known == key) {
                        all.push((key.clone(), value.clone()));
                    }
                }
                Ok(Some(Value::Map(all.into())))
            }
        }
    })
}

/// Collections of parts of a text.
fn texts(function: Function, frame: &mut Frame) -> ColumnRef {
    let args = frame.args.clone();
    let validity = frame.validity();
    let text = |part: &str| Value::Str(part.into());
    anys(frame, validity, |row| {
        let input = args[0].str(row);
        match function {
            Function::Split => {
                let by = args[1].str(row);
                array(match (input, by) {
                    ("", _) => Vec::new(),
                    (input, "") => {
                        input.chars().map(|c| text(c.encode_utf8(&mut [0; 4]))).collect()
                    }
                    (input, by) => input.split(by).map(text).collect(),
                })
            }
            Function::StrToMap => {
                let by =
                    |at: usize, usual: &'static str| args.get(at).map_or(usual, |arg| arg.str(row));
                let (list, pair) = (pattern(by(1, ","))?, pattern(by(2, "="))?);
                let mut entries = Vec::new();
                let mut parts: Vec<&str> = list.split(input).collect();
                // Java's split leaves out empty ones at the end.
                while parts.last().is_some_and(|part| part.is_empty()) {
                    parts.pop();
                }
                for part in parts {
                    let mut halves = pair.splitn(part, 2);
                    let key = text(halves.next().unwrap_or_default());
                    put(&mut entries, key, halves.next().map_or(Value::Null, text));
                }
                Ok(Some(Value::Map(entries.into())))
            }
            _ => {
                let regex = pattern(args[1].str(row))?;
                let group = args.get(2).map_or(1, |group| group.i64(row));
                let Ok(group) = usize::try_from(group) else { return Ok(None) };
                if group >= regex.captures_len() {
                    return Ok(None);
                }
                let found = regex.captures_iter(input);
                array(
                    found
                        .map(|all| all.get(group).map_or(Value::Null, |it| text(it.as_str())))
                        .collect(),
                )
            }
        }
    })
}

fn pattern(text: &str) -> Result<Regex, String> {
    super::pattern::compiled(text).ok_or_else(|| super::pattern::bad_pattern(text))
}
