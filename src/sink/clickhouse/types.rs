//! Which of ClickHouse's types take which of ours.

use super::row_binary::Form;
use crate::record::DataType;

/// How our values are written into a column of their type; `None`: not at all. What may be NULL
/// is the caller's to compare.
pub fn form(ours: &DataType, theirs: &str) -> Option<Form> {
    let (name, arguments) = parse(theirs);
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u32>().ok());
    match (name, ours) {
        ("LowCardinality", _) => form(ours, arguments.first()?),
        ("Nullable", _) => Some(Form::Nullable(Box::new(form(ours, arguments.first()?)?))),
        ("Bool" | "UInt8", DataType::Boolean) => Some(Form::Bool),
        ("Int8" | "Int16" | "Int32" | "Int64", _) => {
            let bits: usize = name[3..].parse().ok()?;
            (integer_bits(ours)? <= bits).then_some(Form::Integer { bytes: bits / 8 })
        }
        ("Float32", DataType::Float) => Some(Form::Float32),
        ("Float64", DataType::Float | DataType::Double) => Some(Form::Float64),
        ("Decimal", DataType::Decimal(of)) => {
            let (precision, scale) = (number(0)?, number(1)?);
            let fits = u32::from(of.precision) <= precision && u32::from(of.scale) == scale;
            let bytes = match precision {
                0..=9 => 4,
                10..=18 => 8,
                19..=38 => 16,
                _ => 32,
            };
            fits.then_some(Form::Decimal { bytes })
        }
        ("String", _) if ours.is_string() || ours.is_binary() => Some(Form::Text),
        ("Date", DataType::Date) => Some(Form::Date),
        ("Date32", DataType::Date) => Some(Form::Date32),
        ("DateTime", _) if ours.is_timestamp() => Some(Form::DateTime),
        ("DateTime64", _) if ours.is_timestamp() => Some(Form::DateTime64 { digits: number(0)? }),
        ("Array", DataType::Array(element)) => {
            Some(Form::Array(Box::new(element_form(element, arguments.first()?)?)))
        }
        ("Map", DataType::Map(..) | DataType::Multiset(_)) => {
            let (key, element) = ours.as_map()?;
            let key = form(key, arguments.first()?)?;
            Some(Form::Map(Box::new(key), Box::new(element_form(element, arguments.get(1)?)?)))
        }
        _ => None,
    }
}

/// Any element may be NULL.
fn element_form(ours: &DataType, theirs: &str) -> Option<Form> {
    form(ours, theirs).filter(Form::takes_null)
}

fn integer_bits(ours: &DataType) -> Option<usize> {
    Some(match ours {
        DataType::TinyInt => 8,
        DataType::SmallInt => 16,
        DataType::Int => 32,
        DataType::BigInt => 64,
        _ => return None,
    })
}

/// The types that one should have there, the best first; none where ours has no counterpart.
pub fn wanted(ours: &DataType, nullable: bool) -> Vec<String> {
    let element = |of: &DataType| wanted(of, true).into_iter().next();
    let names = match ours {
        DataType::Boolean => vec!["Bool".into(), "UInt8".into()],
        DataType::TinyInt => vec!["Int8".into()],
        DataType::SmallInt => vec!["Int16".into()],
        DataType::Int => vec!["Int32".into()],
        DataType::BigInt => vec!["Int64".into()],
        DataType::Float => vec!["Float32".into()],
        DataType::Double => vec!["Float64".into()],
        DataType::Decimal(of) => vec![format!("Decimal({}, {})", of.precision, of.scale)],
        DataType::String { .. } | DataType::Bytes { .. } | DataType::Binary { .. } => {
            vec!["String".into()]
        }
        DataType::Date => vec!["Date32".into(), "Date".into()],
        DataType::Timestamp { .. } => {
            vec!["DateTime64(3, 'UTC')".into(), "DateTime('UTC')".into()]
        }
        DataType::TimestampLtz { .. } => vec!["DateTime64(3)".into(), "DateTime".into()],
        DataType::Array(of) => {
            return element(of).map(|of| format!("Array({of})")).into_iter().collect();
        }
        DataType::Map(..) | DataType::Multiset(_) => {
            let both = ours
                .as_map()
                .and_then(|(key, of)| wanted(key, false).into_iter().next().zip(element(of)));
            return both.map(|(key, of)| format!("Map({key}, {of})")).into_iter().collect();
        }
        DataType::Null
        | DataType::Time
        | DataType::IntervalDayTime
        | DataType::IntervalYearMonth
        | DataType::Row(_) => Vec::new(),
    };
    let within = |name: String| if nullable { format!("Nullable({name})") } else { name };
    names.into_iter().map(within).collect()
}

/// `Name(argument, …)`: the name and what stands between the commas.
fn parse(text: &str) -> (&str, Vec<&str>) {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else { return (text, Vec::new()) };
    let inner = rest.strip_suffix(')').unwrap_or(rest);
    let (mut depth, mut quoted, mut start, mut arguments) = (0_usize, false, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                arguments.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    arguments.push(inner[start..].trim());
    (name.trim(), arguments)
}

#[cfg(test)]
mod tests {
    use super::{form, parse, wanted};
    use crate::decimal::DecimalType;
    use crate::record::DataType;
    use crate::sink::clickhouse::row_binary::Form;
    use std::sync::Arc;

    const INSTANT: DataType = DataType::TimestampLtz { precision: 3 };

    #[test]
    fn names_of_types() {
        assert_eq!(parse("Int8"), ("Int8", vec![]));
        assert_eq!(parse("DateTime64(3, 'a,b(')"), ("DateTime64", vec!["3", "'a,b('"]));
        let map = parse("Map(LowCardinality(String), Decimal(9, 2))");
        assert_eq!(map, ("Map", vec!["LowCardinality(String)", "Decimal(9, 2)"]));
    }

    #[test]
    fn what_goes_where() {
        let decimal = DataType::Decimal(DecimalType::new(10, 2));
        let strings = DataType::Array(Arc::new(DataType::STRING));
        let map = DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::BigInt));
        let good: [(DataType, &str, Form); 12] = [
            (DataType::Boolean, "UInt8", Form::Bool),
            (DataType::Int, "Int64", Form::Integer { bytes: 8 }),
            (DataType::Float, "Float64", Form::Float64),
            (decimal.clone(), "Decimal(18, 2)", Form::Decimal { bytes: 8 }),
            (decimal.clone(), "Decimal(76, 2)", Form::Decimal { bytes: 32 }),
            (DataType::BYTES, "String", Form::Text),
            (DataType::STRING, "LowCardinality(String)", Form::Text),
            (INSTANT, "DateTime('Asia/Shanghai')", Form::DateTime),
            (INSTANT, "DateTime64(6, 'UTC')", Form::DateTime64 { digits: 6 }),
            (DataType::Date, "Date32", Form::Date32),
            (
                DataType::STRING,
                "LowCardinality(Nullable(String))",
                Form::Nullable(Box::new(Form::Text)),
            ),
            (
                strings.clone(),
                "Array(Nullable(String))",
                Form::Array(Box::new(Form::Nullable(Box::new(Form::Text)))),
            ),
        ];
        for (ours, theirs, expected) in good {
            assert_eq!(form(&ours, theirs), Some(expected), "{ours} {theirs}");
        }
        assert!(form(&map, "Map(String, Nullable(Int64))").is_some());
        let bad = [
            (DataType::BigInt, "Int32"),
            (DataType::BigInt, "UInt64"),
            (DataType::Boolean, "Int8"),
            (DataType::Double, "Float32"),
            (decimal.clone(), "Decimal(9, 2)"),
            (decimal, "Decimal(18, 3)"),
            (DataType::STRING, "FixedString(8)"),
            (INSTANT, "Date"),
            (DataType::Date, "DateTime"),
            (strings, "Array(String)"),
            (map, "Map(String, Int64)"),
            (DataType::Time, "Int64"),
        ];
        for (ours, theirs) in bad {
            assert_eq!(form(&ours, theirs), None, "{ours} {theirs}");
        }
    }

    /// Whatever is advised is taken.
    #[test]
    fn advice_fits() {
        let types = [
            DataType::Boolean,
            DataType::TinyInt,
            DataType::SmallInt,
            DataType::Int,
            DataType::BigInt,
            DataType::Float,
            DataType::Double,
            DataType::Decimal(DecimalType::new(20, 5)),
            DataType::STRING,
            DataType::BYTES,
            DataType::Date,
            INSTANT,
            DataType::Timestamp { precision: 3 },
            DataType::Array(Arc::new(INSTANT)),
            DataType::Map(Arc::new(DataType::STRING), Arc::new(DataType::Array(Arc::new(INSTANT)))),
        ];
        for ours in types {
            for nullable in [true, false] {
                let names = wanted(&ours, nullable);
                assert!(!names.is_empty(), "{ours}");
                for name in names {
                    let form = form(&ours, &name);
                    assert!(form.is_some_and(|form| form.takes_null() || !nullable), "{name}");
                }
            }
        }
        assert!(wanted(&DataType::Time, true).is_empty());
        assert!(wanted(&DataType::Array(Arc::new(DataType::Time)), true).is_empty());
    }
}
