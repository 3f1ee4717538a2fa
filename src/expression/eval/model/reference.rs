//! The row by row evaluator: plain values, plain code, nothing shared with the product's.

use std::cmp::Ordering;

use super::generate::{Node, Type};
use super::{BinaryOp, CastMode};

#[derive(Clone, Debug)]
pub enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
}

pub type Row = Vec<Plain>;

/// The row cannot be computed.
#[derive(Debug)]
pub struct Failed;

type Outcome = Result<Plain, Failed>;

use Plain::{Bool, Double, Int, Null, Text};

impl Plain {
    fn is_null(&self) -> bool {
        matches!(self, Null)
    }

    fn number(&self) -> f64 {
        match self {
            Int(value) => *value as f64,
            Double(value) => *value,
            other => panic!("{other:?} is no number"),
        }
    }

    fn integer(&self) -> i64 {
        match self {
            Int(value) => *value,
            other => panic!("{other:?} is no integer"),
        }
    }

    fn text(&self) -> &str {
        match self {
            Text(value) => value,
            other => panic!("{other:?} is no text"),
        }
    }

    fn chars(&self) -> Vec<char> {
        self.text().chars().collect()
    }

    fn is_true(&self) -> bool {
        matches!(self, Bool(true))
    }
}

/// None where one of them is no number, as NaN.
pub fn compared(a: &Plain, b: &Plain) -> Option<Ordering> {
    match (a, b) {
        (Int(a), Int(b)) => Some(a.cmp(b)),
        (Text(a), Text(b)) => Some(a.chars().cmp(b.chars())),
        (Bool(a), Bool(b)) => Some(a.cmp(b)),
        _ => a.number().partial_cmp(&b.number()),
    }
}

fn wrapped(value: i128, of: Type) -> Plain {
    let bits = match of {
        Type::TinyInt => 8,
        Type::SmallInt => 16,
        Type::Int => 32,
        _ => 64,
    };
    let size = 1_i128 << bits;
    let low = value.rem_euclid(size);
    Int(if low >= size / 2 { low - size } else { low } as i64)
}

pub fn computed(node: &Node, row: &Row) -> Outcome {
    match node {
        Node::Column(_, index) => Ok(row[*index].clone()),
        Node::Literal(_, value) => Ok(value.clone()),
        Node::Arithmetic(op, sides) => {
            arithmetic(*op, computed(&sides.0, row), computed(&sides.1, row), node.type_of())
        }
        Node::Compare(op, sides) => {
            let (a, b) = (computed(&sides.0, row)?, computed(&sides.1, row)?);
            let as_double = sides.0.type_of().max(sides.1.type_of()) == Type::Double;
            Ok(comparison(*op, a, b, as_double))
        }
        Node::Negate(input) => Ok(match computed(input, row)? {
            Int(value) => wrapped(-i128::from(value), node.type_of()),
            Double(value) => Double(-value),
            other => other,
        }),
        Node::And(parts) => connected(parts, false, row),
        Node::Or(parts) => connected(parts, true, row),
        Node::Not(input) => Ok(match computed(input, row)? {
            Bool(value) => Bool(!value),
            other => other,
        }),
        Node::IsNull(input) => Ok(Bool(computed(input, row)?.is_null())),
        Node::In(value, list) => is_in(value, list, row),
        Node::Case(branches, otherwise) => {
            for (when, then) in branches {
                if computed(when, row)?.is_true() {
                    return computed(then, row);
                }
            }
            otherwise.as_ref().map_or(Ok(Null), |otherwise| computed(otherwise, row))
        }
        Node::Cast(input, to, mode) => converted(computed(input, row)?, *to, *mode),
        Node::Call(name, of, args) => called(name, *of, args, row),
    }
}

/// AND (`decisive` false) and OR (`decisive` true); what is behind the part that decides is not
/// computed.
fn connected(parts: &[Node], decisive: bool, row: &Row) -> Outcome {
    let mut unknown = false;
    for part in parts {
        match computed(part, row)? {
            Bool(value) if value == decisive => return Ok(Bool(decisive)),
            Bool(_) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Null } else { Bool(!decisive) })
}

fn is_in(value: &Node, list: &[Node], row: &Row) -> Outcome {
    let value = computed(value, row)?;
    let list: Vec<Plain> = list.iter().map(|item| computed(item, row)).collect::<Result<_, _>>()?;
    if value.is_null() {
        return Ok(Null);
    }
    let there = list.iter().filter(|item| !item.is_null());
    if there.clone().any(|item| compared(&value, item) == Some(Ordering::Equal)) {
        return Ok(Bool(true));
    }
    Ok(if there.count() < list.len() { Null } else { Bool(false) })
}

fn comparison(op: BinaryOp, a: Plain, b: Plain, as_double: bool) -> Plain {
    let order = match (&a, &b) {
        (Null, _) | (_, Null) => None,
        (a, b) if as_double => a.number().partial_cmp(&b.number()),
        (a, b) => compared(a, b),
    };
    let is = |wanted: &[Ordering]| order.is_some_and(|order| wanted.contains(&order));
    let nulls = (a.is_null(), b.is_null());
    let same = is(&[Ordering::Equal]) || nulls == (true, true);
    use Ordering::{Equal, Greater, Less};
    match op {
        BinaryOp::IsDistinctFrom => Bool(!same),
        BinaryOp::IsNotDistinctFrom => Bool(same),
        _ if nulls != (false, false) => Null,
        BinaryOp::Eq => Bool(same),
        BinaryOp::NotEq => Bool(!same),
        BinaryOp::Lt => Bool(is(&[Less])),
        BinaryOp::LtEq => Bool(is(&[Less, Equal])),
        BinaryOp::Gt => Bool(is(&[Greater])),
        _ => Bool(is(&[Greater, Equal])),
    }
}

fn arithmetic(op: BinaryOp, a: Outcome, b: Outcome, of: Type) -> Outcome {
    let (a, b) = (a?, b?);
    if a.is_null() || b.is_null() {
        return Ok(Null);
    }
    if of == Type::Double {
        let (a, b) = (a.number(), b.number());
        return Ok(Double(match op {
            BinaryOp::Add => a + b,
            BinaryOp::Subtract => a - b,
            BinaryOp::Multiply => a * b,
            _ => a / b,
        }));
    }
    let (a, b) = (i128::from(a.integer()), i128::from(b.integer()));
    Ok(match op {
        BinaryOp::Add => wrapped(a + b, of),
        BinaryOp::Subtract => wrapped(a - b, of),
        BinaryOp::Multiply => wrapped(a * b, of),
        _ if b == 0 => return Err(Failed),
        BinaryOp::Divide => wrapped(a / b, of),
        _ => wrapped(a % b, of),
    })
}

fn converted(value: Plain, to: Type, mode: CastMode) -> Outcome {
    let cut = |value: f64| match to {
        Type::BigInt => Int(value as i64),
        _ => wrapped(i128::from(value as i32), to),
    };
    Ok(match (value, to) {
        (Null, _) => Null,
        (Bool(value), Type::Bool) => Bool(value),
        (Int(value), Type::Bool) => Bool(value != 0),
        (Double(value), Type::Bool) => Bool(value != 0.0),
        (Bool(value), Type::Text) => Text(if value { "TRUE" } else { "FALSE" }.to_owned()),
        (Int(value), Type::Text) => Text(value.to_string()),
        (Text(value), Type::Text) => Text(value),
        (Text(value), to) => match (read(&value, to), mode) {
            (Some(value), _) => value,
            (None, CastMode::Try) => Null,
            (None, CastMode::Strict) => return Err(Failed),
        },
        (Bool(value), Type::Double) => Double(if value { 1.0 } else { 0.0 }),
        (Bool(value), _) => Int(i64::from(value)),
        (value, Type::Double) => Double(value.number()),
        (Int(value), to) => wrapped(i128::from(value), to),
        (Double(value), _) => cut(value),
    })
}

/// A text as a value; what texts the generator makes is enough.
fn read(text: &str, to: Type) -> Option<Plain> {
    let lower = text.to_lowercase();
    match to {
        Type::Bool if ["true", "t", "yes", "y", "1"].contains(&lower.as_str()) => Some(Bool(true)),
        Type::Bool => {
            ["false", "f", "no", "n", "0"].contains(&lower.as_str()).then_some(Bool(false))
        }
        // Java takes its suffixes of numbers, too.
        Type::Double if text.trim().starts_with(|c: char| c.is_ascii_alphabetic()) => None,
        Type::Double => {
            let text = text.trim();
            text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok().map(Double)
        }
        _ => {
            let number = text.trim_matches(' ');
            let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
            let known = |c: char| c.is_ascii_digit() || c == '.';
            if digits.is_empty() || !digits.chars().all(known) || digits.matches('.').count() > 1 {
                return None;
            }
            let whole = digits.split('.').next()?;
            let size: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
            let value = if number.starts_with('-') { -size } else { size };
            let cut = wrapped(value, to);
            (i128::from(cut.integer()) == value).then_some(cut)
        }
    }
}

fn called(name: &str, of: Type, args: &[Node], row: &Row) -> Outcome {
    match name {
        "COALESCE" => {
            for arg in args {
                let value = computed(arg, row)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            return Ok(Null);
        }
        "IF" => {
            return computed(&args[if computed(&args[0], row)?.is_true() { 1 } else { 2 }], row);
        }
        _ => {}
    }
    let args: Vec<Plain> = args.iter().map(|arg| computed(arg, row)).collect::<Result<_, _>>()?;
    match name {
        "NULLIF" if args[0].is_null() || args[1].is_null() => return Ok(args[0].clone()),
        "NULLIF" => {
            let equal = compared(&args[0], &args[1]) == Some(Ordering::Equal);
            return Ok(if equal { Null } else { args[0].clone() });
        }
        "CONCAT_WS" if !args[0].is_null() => {
            let there = args[1..].iter().filter(|arg| !arg.is_null());
            return Ok(Text(there.map(Plain::text).collect::<Vec<_>>().join(args[0].text())));
        }
        _ => {}
    }
    if args.iter().any(Plain::is_null) {
        return Ok(Null);
    }
    Ok(match of {
        Type::Text => text_call(name, &args),
        _ => number_call(name, of, args),
    })
}

/// Doubles have a total order here: NaN is the largest, and -0 is below 0.
fn number_call(name: &str, of: Type, args: Vec<Plain>) -> Plain {
    let order = |a: &Plain, b: &Plain| match (a, b) {
        (Double(a), Double(b)) => a.total_cmp(b),
        (a, b) => compared(a, b).unwrap(),
    };
    match (name, &args[0]) {
        ("GREATEST", _) => {
            args.into_iter().reduce(|a, b| if order(&b, &a).is_gt() { b } else { a })
        }
        ("LEAST", _) => args.into_iter().reduce(|a, b| if order(&b, &a).is_lt() { b } else { a }),
        ("ABS", Int(value)) => Some(wrapped(i128::from(*value).abs(), of)),
        ("SIGN", Int(value)) => Some(Int(value.signum())),
        ("ABS", Double(value)) => Some(Double(value.abs())),
        ("SIGN", Double(value)) if *value == 0.0 || value.is_nan() => Some(Double(*value)),
        ("SIGN", Double(value)) => Some(Double(if *value < 0.0 { -1.0 } else { 1.0 })),
        ("FLOOR", Double(value)) => Some(Double(value.floor())),
        ("CEIL", Double(value)) => Some(Double(value.ceil())),
        ("FLOOR" | "CEIL", Int(value)) => Some(Int(*value)),
        ("CHAR_LENGTH", text) => Some(Int(text.chars().len() as i64)),
        ("ASCII", text) => {
            Some(Int(text.text().as_bytes().first().map_or(0, |byte| i64::from(*byte as i8))))
        }
        ("POSITION", needle) => {
            let (needle, text) = (needle.chars(), args[1].chars());
            let at = (0..=text.len()).find(|at| text[*at..].starts_with(&needle));
            Some(Int(at.map_or(0, |at| at as i64 + 1)))
        }
        ("STARTSWITH", text) => Some(Bool(text.chars().starts_with(&args[1].chars()))),
        ("ENDSWITH", text) => Some(Bool(text.chars().ends_with(&args[1].chars()))),
        _ => panic!("{name}"),
    }
    .unwrap()
}

fn text_call(name: &str, args: &[Plain]) -> Plain {
    let text = args[0].chars();
    let length = text.len() as i64;
    let number = |at: usize| args[at].integer();
    let cut = |from: i64, to: i64| -> String {
        (from.max(0)..to.min(length)).map(|at| text[at as usize]).collect()
    };
    let extreme = |larger: bool| {
        let best = args.iter().reduce(|a, b| if (b.text() > a.text()) == larger { b } else { a });
        best.unwrap().text().to_owned()
    };
    Text(match name {
        "GREATEST" => extreme(true),
        "LEAST" => extreme(false),
        "UPPER" => args[0].text().to_uppercase(),
        "LOWER" => args[0].text().to_lowercase(),
        "REVERSE" => text.iter().rev().collect(),
        "TRIM" => args[0].text().trim_matches(' ').to_owned(),
        "LTRIM" => args[0].text().trim_start_matches(' ').to_owned(),
        "RTRIM" => args[0].text().trim_end_matches(' ').to_owned(),
        "INITCAP" => {
            let inside = |at: usize| at > 0 && text[at - 1].is_ascii_alphanumeric();
            let letter = |at: usize| match inside(at) {
                true => text[at].to_ascii_lowercase(),
                false => text[at].to_ascii_uppercase(),
            };
            (0..text.len()).map(letter).collect()
        }
        "LEFT" => cut(0, number(1)),
        "RIGHT" => cut(length - number(1).max(0), length),
        "SUBSTRING" => {
            let from = match number(1) {
                0 => 0,
                at if at < 0 => length + at,
                at => at - 1,
            };
            match args.get(2).map(Plain::integer) {
                Some(count) if count < 0 => return Null,
                _ if from < 0 => String::new(),
                Some(count) => cut(from, from + count),
                None => cut(from, length),
            }
        }
        "REPEAT" => args[0].text().repeat(number(1).max(0) as usize),
        "REPLACE" => args[0].text().replace(args[1].text(), args[2].text()),
        "CONCAT" => args.iter().map(Plain::text).collect(),
        "SPLIT_INDEX" => {
            let piece = args[0].text().split(args[1].text()).nth(number(2).max(0) as usize);
            match piece {
                Some(piece) if number(2) >= 0 && length > 0 => piece.to_owned(),
                _ => return Null,
            }
        }
        "LPAD" | "RPAD" => {
            let fill = args[2].chars();
            if number(1) < 0 || fill.is_empty() {
                return Null;
            }
            let missing = (number(1) - length).max(0) as usize;
            let filling: String = fill.iter().cycle().take(missing).collect();
            let kept = cut(0, number(1));
            if name == "LPAD" { filling + &kept } else { kept + &filling }
        }
        _ => panic!("{name}"),
    })
}
