//! The types of arrays, maps and rows, and of the functions that make and change them.

use super::super::Expr;
use super::special::{Made, exactly, integer, string, unified};
use super::{Function, coerce, make, wrong_count};
use crate::record::{DataType, Field};

fn refused(name: &str, given: &DataType, wanted: &str) -> String {
    format!("Cannot apply '{name}' to an argument of type {given}, {wanted} is needed")
}

fn element_of(name: &str, expr: &Expr) -> Result<DataType, String> {
    match &expr.data_type {
        DataType::Array(element) => Ok((**element).clone()),
        other => Err(refused(name, other, "an ARRAY")),
    }
}

fn entries_of(name: &str, expr: &Expr) -> Result<(DataType, DataType), String> {
    match &expr.data_type {
        DataType::Map(key, value) => Ok(((**key).clone(), (**value).clone())),
        other => Err(refused(name, other, "a MAP")),
    }
}

/// `ARRAY[a, b, …]`.
pub fn array(name: &str, args: Vec<Expr>) -> Made {
    let (args, element) = unified(name, args)?;
    Ok(not_null(make(Function::MakeArray, args, DataType::Array(element.into()))))
}

/// `MAP[key, value, …]`.
pub fn map(name: &str, args: Vec<Expr>) -> Made {
    if args.is_empty() || args.len() % 2 == 1 {
        return Err("MAP[…] takes keys and values by turns".into());
    }
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (at, arg) in args.into_iter().enumerate() {
        if at % 2 == 0 { keys.push(arg) } else { values.push(arg) }
    }
    let (keys, key) = unified(name, keys)?;
    let (values, value) = unified(name, values)?;
    let args = keys.into_iter().zip(values).flat_map(|(key, value)| [key, value]).collect();
    Ok(not_null(make(Function::MakeMap, args, DataType::Map(key.into(), value.into()))))
}

/// `ROW(a, b, …)`.
pub fn row(name: &str, args: Vec<Expr>) -> Made {
    if args.is_empty() {
        return Err(wrong_count(name, 0));
    }
    let field = |(at, arg): (usize, &Expr)| Field {
        nullable: arg.nullable,
        ..Field::new(&format!("EXPR${at}"), arg.data_type.clone())
    };
    let fields = args.iter().enumerate().map(field).collect();
    Ok(not_null(make(Function::MakeRow, args, DataType::Row(fields))))
}

pub(super) fn not_null(expr: Expr) -> Expr {
    Expr { nullable: false, ..expr }
}

/// An array and a value of its elements' type.
pub fn with_element(name: &str, args: Vec<Expr>) -> Made {
    let [array, value] = exactly(name, args)?;
    let element = element_of(name, &array)?;
    let given = value.data_type.clone();
    let value = coerce(value, &element).ok_or_else(|| {
        format!("Cannot apply '{name}': {given} is no element of {}", array.data_type)
    })?;
    let (function, to) = match name {
        "ARRAY_CONTAINS" => (Function::ArrayContains, DataType::Boolean),
        "ARRAY_POSITION" => (Function::ArrayPosition, DataType::Int),
        "ARRAY_REMOVE" => (Function::ArrayRemove, array.data_type.clone()),
        "ARRAY_APPEND" => (Function::ArrayAppend, array.data_type.clone()),
        _ => (Function::ArrayPrepend, array.data_type.clone()),
    };
    let nullable = array.nullable || (name == "ARRAY_POSITION" && value.nullable);
    Ok(Expr { nullable, ..make(function, vec![array, value], to) })
}

/// One array, to an array or to an element.
pub fn of_array(name: &str, args: Vec<Expr>) -> Made {
    let [array] = exactly(name, args)?;
    let element = element_of(name, &array)?;
    let (function, to) = match name {
        "ARRAY_DISTINCT" => (Function::ArrayDistinct, array.data_type.clone()),
        "ARRAY_REVERSE" => (Function::ArrayReverse, array.data_type.clone()),
        "ARRAY_MAX" => (Function::ArrayMax, element),
        "ARRAY_MIN" => (Function::ArrayMin, element),
        _ => (Function::Element, element),
    };
    let nested = matches!(function, Function::ArrayMax | Function::ArrayMin) && to.is_nested();
    if nested {
        return Err(refused(name, &array.data_type, "an ARRAY of plain values"));
    }
    let nullable = array.nullable || !matches!(to, DataType::Array(_));
    Ok(Expr { nullable, ..make(function, vec![array], to) })
}

/// Arrays that are brought to one type.
pub fn of_arrays(name: &str, args: Vec<Expr>) -> Made {
    let least = if name == "ARRAY_CONCAT" { 1 } else { 2 };
    if args.len() < least || (least == 2 && args.len() > 2) {
        return Err(wrong_count(name, args.len()));
    }
    for arg in args.iter().filter(|arg| arg.data_type != DataType::Null) {
        element_of(name, arg)?;
    }
    let (args, common) = unified(name, args)?;
    let function = match name {
        "ARRAY_CONCAT" => Function::ArrayConcat,
        "ARRAY_UNION" => Function::ArrayUnion,
        "ARRAY_EXCEPT" => Function::ArrayExcept,
        _ => Function::ArrayIntersect,
    };
    Ok(make(function, args, common))
}

/// ARRAY_SLICE and ARRAY_SORT: an array, and one or two whole numbers or truths.
pub fn part_of_array(name: &str, mut args: Vec<Expr>) -> Made {
    let is_slice = name == "ARRAY_SLICE";
    let least = if is_slice { 2 } else { 1 };
    if args.len() < least || args.len() > 3 {
        return Err(wrong_count(name, args.len()));
    }
    element_of(name, &args[0])?;
    let to = args[0].data_type.clone();
    for arg in &mut args[1..] {
        *arg = match is_slice {
            true => integer(name, arg.clone())?,
            false => coerce(arg.clone(), &DataType::Boolean)
                .ok_or_else(|| refused(name, &arg.data_type, "a BOOLEAN"))?,
        };
    }
    let function = if is_slice { Function::ArraySlice } else { Function::ArraySort };
    Ok(make(function, args, to))
}

pub fn array_join(name: &str, mut args: Vec<Expr>) -> Made {
    if !(2..=3).contains(&args.len()) {
        return Err(wrong_count(name, args.len()));
    }
    if !element_of(name, &args[0])?.is_string() {
        return Err(refused(name, &args[0].data_type, "an ARRAY<STRING>"));
    }
    for arg in &mut args[1..] {
        *arg = string(name, arg.clone())?;
    }
    Ok(make(Function::ArrayJoin, args, DataType::STRING))
}

pub fn cardinality(name: &str, args: Vec<Expr>) -> Made {
    let [collection] = exactly(name, args)?;
    match &collection.data_type {
        DataType::Array(_) | DataType::Map(..) | DataType::Null => {
            Ok(make(Function::Cardinality, vec![collection], DataType::Int))
        }
        other => Err(refused(name, other, "an ARRAY or a MAP")),
    }
}

/// Of one map: its keys, its values, or both as rows.
pub fn of_map(name: &str, args: Vec<Expr>) -> Made {
    let [map] = exactly(name, args)?;
    let (key, value) = entries_of(name, &map)?;
    let (function, element) = match name {
        "MAP_KEYS" => (Function::MapKeys, key),
        "MAP_VALUES" => (Function::MapValues, value),
        _ => {
            let fields = vec![Field::new("key", key), Field::new("value", value)];
            (Function::MapEntries, DataType::Row(fields.into()))
        }
    };
    Ok(make(function, vec![map], DataType::Array(element.into())))
}

pub fn map_from_arrays(name: &str, args: Vec<Expr>) -> Made {
    let [keys, values] = exactly(name, args)?;
    let (key, value) = (element_of(name, &keys)?, element_of(name, &values)?);
    let to = DataType::Map(key.into(), value.into());
    Ok(make(Function::MapFromArrays, vec![keys, values], to))
}

pub fn map_union(name: &str, args: Vec<Expr>) -> Made {
    for arg in args.iter().filter(|arg| arg.data_type != DataType::Null) {
        entries_of(name, arg)?;
    }
    let (args, common) = unified(name, args)?;
    Ok(make(Function::MapUnion, args, common))
}

/// SPLIT, STR_TO_MAP and REGEXP_EXTRACT_ALL: texts taken apart.
pub fn taken_apart(name: &str, args: Vec<Expr>) -> Made {
    let count = args.len();
    let (function, allowed, to) = match name {
        "SPLIT" => (Function::Split, 2..=2, DataType::Array(DataType::STRING.into())),
        "STR_TO_MAP" => {
            let to = DataType::Map(DataType::STRING.into(), DataType::STRING.into());
            (Function::StrToMap, 1..=3, to)
        }
        _ => (Function::RegexpExtractAll, 2..=3, DataType::Array(DataType::STRING.into())),
    };
    if !allowed.contains(&count) || (name == "STR_TO_MAP" && count == 2) {
        return Err(wrong_count(name, count));
    }
    let by_number = |at: usize| function == Function::RegexpExtractAll && at == 2;
    let convert = |(at, arg): (usize, Expr)| match by_number(at) {
        true => integer(name, arg),
        false => string(name, arg),
    };
    let args = args.into_iter().enumerate().map(convert).collect::<Result<Vec<_>, _>>()?;
    super::checks::check_pattern(name, function, &args)?;
    Ok(make(function, args, to))
}
