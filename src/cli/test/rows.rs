//! Rows as JSON values: what is left of a changelog, and what differs from what is expected.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use serde_json::{Map, Value};

use super::stage::Change;
use crate::error::nearest;
use crate::record::{DataType, Schema};

/// The values of a row, by column.
pub type Row = Vec<Value>;

/// The table that rows are of, as far as they are compared.
pub struct Shape {
    pub names: Vec<String>,
    /// Positions of the primary key.
    pub key: Vec<usize>,
    /// Columns that are compared.
    pub compared: Vec<bool>,
    /// Columns whose numbers are doubles, by themselves or within.
    pub doubles: Vec<bool>,
    /// How far apart two doubles may be.
    pub tolerance: f64,
}

/// Whether doubles may stand in a column of this type.
pub fn holds_doubles(data_type: &DataType) -> bool {
    match data_type {
        DataType::Row(fields) => fields.iter().any(|field| holds_doubles(&field.data_type)),
        DataType::Map(_, value) => holds_doubles(value),
        DataType::Array(element) => holds_doubles(element),
        other => other.is_approximate(),
    }
}

impl Shape {
    /// All columns of a schema are compared, to the last digit.
    pub fn of(schema: &Schema, key: Vec<usize>) -> Self {
        let columns = schema.fields.iter();
        Self {
            names: columns.clone().map(|field| field.name.to_string()).collect(),
            key,
            compared: vec![true; schema.len()],
            doubles: columns.map(|field| holds_doubles(&field.data_type)).collect(),
            tolerance: 0.0,
        }
    }

    /// A line of JSON as a row; a column that it doesn't name is NULL.
    pub fn row(&self, line: &[u8]) -> Result<Row, String> {
        let object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| format!("not a row of JSON: {error}"))?;
        let mut row = vec![Value::Null; self.names.len()];
        for (name, value) in object {
            match self.names.iter().position(|column| *column == name) {
                Some(column) => row[column] = value,
                None => {
                    let known = self.names.iter().map(String::as_str);
                    let help = match nearest(&name, known) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("there are {}", self.names.join(", ")),
                    };
                    return Err(format!("the table has no column `{name}`; {help}"));
                }
            }
        }
        Ok(row)
    }

    pub fn line(&self, row: &Row) -> String {
        let mut line = String::from("{");
        for (column, value) in row.iter().enumerate().filter(|(column, _)| self.compared[*column]) {
            let comma = if line.len() > 1 { "," } else { "" };
            let name = Value::from(self.names[column].as_str());
            // Writing to a String does not fail.
            let _ = write!(line, "{comma}{name}:");
            write_plain(value, &mut line);
        }
        line + "}"
    }

    /// Two rows have the same text if nothing that is compared differs.
    fn text(&self, row: &Row) -> String {
        let mut text = String::new();
        for (column, value) in row.iter().enumerate().filter(|(column, _)| self.compared[*column]) {
            let _ = write!(text, "{column}:");
            canonical(value, &mut text);
        }
        text
    }

    fn key_text(&self, row: &Row) -> String {
        let mut text = String::new();
        for &column in &self.key {
            canonical(&row[column], &mut text);
            text.push(',');
        }
        text
    }

    pub fn is_equal(&self, column: usize, a: &Value, b: &Value) -> bool {
        let tolerance = if self.doubles[column] { self.tolerance } else { 0.0 };
        !self.compared[column] || is_near(a, b, tolerance)
    }

    pub fn is_equal_row(&self, a: &Row, b: &Row) -> bool {
        a.iter().zip(b).enumerate().all(|(column, (a, b))| self.is_equal(column, a, b))
    }

    /// The rows that are there in the end: the last of each key, or what has not been taken back.
    pub fn folded(&self, changes: Vec<Change>) -> Result<Vec<Row>, String> {
        let mut rows: Vec<Option<Row>> = Vec::new();
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (kind, line) in changes {
            let row = self.row(&line)?;
            let text = if self.key.is_empty() { self.text(&row) } else { self.key_text(&row) };
            let known = places.entry(text).or_default();
            if !kind.is_retract() {
                match known.last().filter(|_| !self.key.is_empty()) {
                    Some(&place) => rows[place] = Some(row),
                    None => {
                        known.push(rows.len());
                        rows.push(Some(row));
                    }
                }
            } else if let Some(place) = known.pop() {
                rows[place] = None;
            } else if self.key.is_empty() {
                return Err(format!(
                    "a row was taken back that was not there: {}",
                    self.line(&row)
                ));
            }
        }
        Ok(rows.into_iter().flatten().collect())
    }

    /// What of each side the other does not have.
    pub fn difference(&self, expected: &[Row], found: &[Row]) -> Difference {
        let mut left: HashMap<String, VecDeque<&Row>> = HashMap::new();
        for row in found {
            left.entry(self.text(row)).or_default().push_back(row);
        }
        let mut missing: Vec<&Row> = Vec::new();
        for row in expected {
            if left.get_mut(&self.text(row)).and_then(VecDeque::pop_front).is_none() {
                missing.push(row);
            }
        }
        let mut unexpected: Vec<&Row> = Vec::new();
        for row in found {
            unexpected.extend(left.get_mut(&self.text(row)).and_then(VecDeque::pop_front));
        }
        missing.retain(|row| {
            let near = unexpected.iter().position(|other| self.is_equal_row(row, other));
            near.map(|near| unexpected.remove(near)).is_none()
        });
        let order = || expected.iter().zip(found).position(|(a, b)| !self.is_equal_row(a, b));
        Difference {
            order: if missing.is_empty() && unexpected.is_empty() { order() } else { None },
            missing: missing.into_iter().cloned().collect(),
            unexpected: unexpected.into_iter().cloned().collect(),
        }
    }
}

#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    pub missing: Vec<Row>,
    pub unexpected: Vec<Row>,
    /// All rows are there; this is the first that is out of order.
    pub order: Option<usize>,
}

/// Appends a value for people: numbers without an exponent, where that is no longer.
pub fn write_plain(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => out.push_str(&without_exponent(&number.to_string())),
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                out.push(if i == 0 { '[' } else { ',' });
                write_plain(value, out);
            }
            out.push_str(if values.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            for (i, (name, value)) in members.iter().enumerate() {
                let open = if i == 0 { '{' } else { ',' };
                let _ = write!(out, "{open}{}:", Value::from(name.as_str()));
                write_plain(value, out);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// `1.5E7` is `15000000`.
fn without_exponent(text: &str) -> String {
    const DIGITS_MAX: i64 = 20;
    let short = plain_digits(text).filter(|_| text.contains(['e', 'E']));
    let parts = short.as_deref().and_then(|short| short.split_once('e'));
    let Some((digits, Ok(exponent))) = parts.map(|(digits, e)| (digits, e.parse::<i64>())) else {
        return text.to_owned();
    };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let point = digits.len() as i64 + exponent;
    if !(1..=DIGITS_MAX).contains(&point) {
        return text.to_owned();
    }
    let point = point as usize;
    match digits.split_at_checked(point) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
    }
}

/// Appends a text that is the same for equal values: numbers by their value, members by name.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            out.push_str(&plain_digits(&text).unwrap_or(text));
        }
        Value::Array(values) => {
            out.push('[');
            for value in values {
                canonical(value, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in members {
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// A number as digits and an exponent, without zeros at either end.
fn plain_digits(text: &str) -> Option<String> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let short = all.trim_end_matches('0');
    let digits = short.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".into());
    }
    let shift = (all.len() - short.len()) as i64 - fraction.len() as i64;
    let exponent = exponent.parse::<i64>().ok()?.checked_add(shift)?;
    Some(format!("{sign}{digits}e{exponent}"))
}

fn is_near(a: &Value, b: &Value, tolerance: f64) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if tolerance > 0.0 => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_near(a, b, tolerance))
        }
        (Value::Object(a), Value::Object(b)) => {
            let near = |(name, a): (&String, &Value)| {
                b.get(name).is_some_and(|b| is_near(a, b, tolerance))
            };
            a.len() == b.len() && a.iter().all(near)
        }
        _ => {
            let (mut left, mut right) = (String::new(), String::new());
            canonical(a, &mut left);
            canonical(b, &mut right);
            left == right
        }
    }
}

/// For files: null, false, true, numbers, texts, and then the rest by its text.
pub fn compare(a: &Row, b: &Row) -> std::cmp::Ordering {
    let rank = |value: &Value| match value {
        Value::Null => (0, 0.0, String::new()),
        Value::Bool(value) => (1, f64::from(u8::from(*value)), String::new()),
        Value::Number(number) => (2, number.as_f64().unwrap_or_default(), number.to_string()),
        Value::String(text) => (3, 0.0, text.clone()),
        other => (4, 0.0, other.to_string()),
    };
    let order = |(a, b): (&Value, &Value)| {
        let (a, b) = (rank(a), rank(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
    };
    a.iter().zip(b).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ChangeKind, Field};
    use ChangeKind::{Delete, Insert, UpdateAfter, UpdateBefore};

    fn shape(key: Vec<usize>) -> Shape {
        let fields = [("id", DataType::BigInt), ("x", DataType::Double), ("t", DataType::STRING)];
        let fields = fields.map(|(name, data_type)| Field::new(name, data_type));
        Shape::of(&Schema::new(fields.to_vec()), key)
    }

    fn rows(shape: &Shape, lines: &[&str]) -> Vec<Row> {
        lines.iter().map(|line| shape.row(line.as_bytes()).unwrap()).collect()
    }

    /// Missing, unexpected, and the first that is out of order.
    fn check(shape: &Shape, expected: &[&str], found: &[&str]) -> (usize, usize, Option<usize>) {
        let difference = shape.difference(&rows(shape, expected), &rows(shape, found));
        (difference.missing.len(), difference.unexpected.len(), difference.order)
    }

    #[test]
    fn numbers_are_compared_by_their_value() {
        let same = ["1.0", "1", "10e-1", "0.1E+1", "1.000"];
        same.iter().for_each(|text| assert_eq!(plain_digits(text).as_deref(), Some("1e0")));
        assert_eq!(plain_digits("-0.0").as_deref(), Some("0"));
        assert_ne!(plain_digits("9007199254740993"), plain_digits("9007199254740992"));
        assert_ne!(plain_digits("-1"), plain_digits("1"));
        assert_ne!(plain_digits("100"), plain_digits("10"));
    }

    #[test]
    fn numbers_are_shown_without_an_exponent() {
        let pairs = [("1.76760903E9", "1767609030"), ("1.5e1", "15"), ("-1.25e+1", "-12.5")];
        let same = [("1.0", "1.0"), ("1e-7", "1e-7"), ("1e300", "1e300"), ("0e5", "0e5")];
        for (text, shown) in pairs.into_iter().chain(same) {
            assert_eq!(without_exponent(text), shown);
        }
    }

    #[test]
    fn rows_are_compared_as_a_bag() {
        let plain = shape(vec![]);
        let (a, b) = (r#"{"id":1,"x":1.5}"#, r#"{"id":2,"t":"b"}"#);
        assert_eq!(check(&plain, &[a, b], &[b, r#"{"t":null,"x":15e-1,"id":1}"#]), (0, 0, Some(0)));
        assert_eq!(check(&plain, &[a, a, b], &[a, b, b]), (1, 1, None));
        assert_eq!(check(&plain, &[], &[a]), (0, 1, None));
        let near = r#"{"id":1,"x":1.5000001}"#;
        assert_eq!(check(&plain, &[a], &[near]), (1, 1, None));
        let tolerant = Shape { tolerance: 1e-6, ..shape(vec![]) };
        assert_eq!(check(&tolerant, &[a], &[near]), (0, 0, None));
        // No tolerance for what is exact.
        assert_eq!(
            check(&tolerant, &[r#"{"id":10000000}"#], &[r#"{"id":10000001}"#]),
            (1, 1, None)
        );
        let mut ignoring = shape(vec![]);
        ignoring.compared[1] = false;
        assert_eq!(check(&ignoring, &[a], &[r#"{"id":1,"x":9}"#]), (0, 0, None));
    }

    fn fold(shape: &Shape, changes: &[(ChangeKind, &str)]) -> Result<Vec<String>, String> {
        let changes = changes.iter().map(|(kind, line)| (*kind, line.as_bytes().to_vec()));
        let rows = shape.folded(changes.collect())?;
        Ok(rows.iter().map(|row| shape.line(row)).collect())
    }

    #[test]
    fn changes_are_folded() {
        let (one, two) = (r#"{"id":1,"x":1.0,"t":null}"#, r#"{"id":1,"x":2.0,"t":null}"#);
        let changes = [(Insert, one), (UpdateBefore, one), (UpdateAfter, two)];
        assert_eq!(fold(&shape(vec![]), &changes), Ok(vec![two.into()]));
        assert_eq!(fold(&shape(vec![0]), &changes), Ok(vec![two.into()]));
        let upserts = [(Insert, one), (UpdateAfter, two)];
        assert_eq!(fold(&shape(vec![0]), &upserts), Ok(vec![two.into()]));
        assert_eq!(fold(&shape(vec![]), &upserts), Ok(vec![one.into(), two.into()]));
        assert_eq!(fold(&shape(vec![0]), &[(Insert, one), (Delete, one)]), Ok(vec![]));
        assert!(fold(&shape(vec![]), &[(Delete, one)]).unwrap_err().contains("not there"));
    }

    #[test]
    fn unknown_columns_are_named() {
        let error = shape(vec![]).row(br#"{"idd":1}"#).unwrap_err();
        assert_eq!(error, "the table has no column `idd`; did you mean `id`?");
        assert!(shape(vec![]).row(b"[1]").unwrap_err().starts_with("not a row of JSON"));
    }
}
