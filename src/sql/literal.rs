//! Literals and the types of casts, from the parser's library to ours.

use sqlparser::ast;
use sqlparser::tokenizer::{Span, Tokenizer};

use super::fault::{At, Fault, Result};
use super::tokens::Flink;
use super::types::Cursor;
use crate::decimal::{DecimalType, PRECISION_MAX};
use crate::expression::registry;
use crate::expression::{CastMode, Expr};
use crate::record::{DataType, Value};

pub fn value(value: &ast::Value, span: Span) -> Result<Expr> {
    match value {
        ast::Value::Number(digits, _) => number(digits, span),
        ast::Value::SingleQuotedString(text) | ast::Value::UnicodeStringLiteral(text) => {
            Ok(Expr::literal(Value::Str(text.as_str().into()), DataType::STRING))
        }
        ast::Value::HexStringLiteral(digits) => bytes(digits, span),
        ast::Value::Boolean(value) => Ok(Expr::literal(Value::Bool(*value), DataType::Boolean)),
        ast::Value::Null => Ok(Expr::literal(Value::Null, DataType::Null)),
        other => Err(Fault::unsupported(span, &format!("the literal {other}"), "see docs/sql.md")),
    }
}

/// Whole numbers are INT, or BIGINT where they are too large; with a fraction they are DECIMAL of as
/// many digits as are written, with an exponent DOUBLE.
pub fn number(digits: &str, span: Span) -> Result<Expr> {
    let out_of_range = || {
        Fault::new(span, format!("Numeric literal '{digits}' out of range"))
            .help("write it with an exponent for a DOUBLE, or CAST('…' AS DECIMAL(38, 10))")
    };
    if digits.contains(['e', 'E']) {
        let value = digits.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(out_of_range)?;
        return Ok(Expr::literal(Value::F64(value), DataType::Double));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let unscaled: i64 = format!("{whole}{fraction}").parse().map_err(|_| out_of_range())?;
    if fraction.is_empty() {
        let small = i32::try_from(unscaled).is_ok();
        let data_type = if small { DataType::Int } else { DataType::BigInt };
        return Ok(Expr::literal(Value::I64(unscaled), data_type));
    }
    let precision = whole.trim_start_matches('-').len() + fraction.len();
    if precision > usize::from(PRECISION_MAX) {
        return Err(out_of_range());
    }
    let of = DecimalType::new(precision as u8, fraction.len() as u8);
    Ok(Expr::literal(Value::decimal(unscaled.into()), DataType::Decimal(of)))
}

/// `X'48656c'`.
fn bytes(digits: &str, span: Span) -> Result<Expr> {
    let fault = || {
        Fault::new(span, "Binary literal string must contain an even number of hexits")
            .help("two digits of 0-9 and A-F for each byte: X'00FF'")
    };
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits.len() % 2 == 1 || !hexadecimal {
        return Err(fault());
    }
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    let bytes = bytes.ok_or_else(fault)?;
    let data_type = DataType::Binary { length: bytes.len() as u32 };
    Ok(Expr::literal(Value::Bytes(bytes.into()), data_type))
}

/// `DATE '…'`, `TIMESTAMP '…'`.
pub fn typed(typed: &ast::TypedString, span: Span) -> Result<Expr> {
    let text = value(&typed.value.value, span)?;
    // As many digits as are written.
    let written = text.as_literal().and_then(Value::as_str).and_then(|text| text.split_once('.'));
    let precision = written.map_or(0, |(_, digits)| digits.trim_end().len().min(9) as u8);
    let to = match data_type(&typed.data_type, span)? {
        DataType::Timestamp { .. } => DataType::Timestamp { precision },
        other => other,
    };
    let folded = registry::cast(text, to.clone(), CastMode::Strict).at(span)?;
    match folded.as_literal() {
        Some(_) => Ok(folded),
        None => Err(Fault::new(span, format!("{} is not a {to}", typed.value))),
    }
}

/// `INTERVAL '10' MINUTE` in ms, `INTERVAL '1' MONTH` in months.
pub fn interval(interval: &ast::Interval, span: Span) -> Result<Expr> {
    let (sign, value) = match &*interval.value {
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => ("-", &**expr),
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Plus, expr } => ("", &**expr),
        value => ("", value),
    };
    let text = match value {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) => text.trim().to_owned(),
            ast::Value::Number(digits, _) => digits.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    // A sign before the text turns that in it round.
    let text = match text.strip_prefix('-') {
        Some(positive) if sign == "-" => positive.to_owned(),
        _ => format!("{sign}{text}"),
    };
    let unit = interval.leading_field.as_ref().map(|unit| unit.to_string().to_ascii_uppercase());
    let unit = unit.as_deref().unwrap_or_default().trim_end_matches('S').to_owned();
    if let Some(last) = &interval.last_field {
        let last = last.to_string().to_ascii_uppercase();
        return several_units(&text, &unit, last.trim_end_matches('S')).ok_or_else(|| {
            Fault::new(span, format!("'{text}' is no interval of {unit} TO {last}"))
                .help("e.g. INTERVAL '1 02:03:04.5' DAY TO SECOND, INTERVAL '1-6' YEAR TO MONTH")
        });
    }
    let number = |scale: i64| {
        let value = match unit == "SECOND" {
            // Seconds may have a fraction.
            true => text.parse::<f64>().ok().map(|seconds| (seconds * 1_000.0).round() as i64),
            false => text.parse::<i64>().ok().and_then(|value| value.checked_mul(scale)),
        };
        value.ok_or_else(|| Fault::new(span, format!("'{text}' is not a number of {unit}S")))
    };
    let (value, data_type) = match unit.as_str() {
        "SECOND" => (number(1_000)?, DataType::IntervalDayTime),
        "MINUTE" => (number(60_000)?, DataType::IntervalDayTime),
        "HOUR" => (number(3_600_000)?, DataType::IntervalDayTime),
        "DAY" => (number(86_400_000)?, DataType::IntervalDayTime),
        "WEEK" => (number(7 * 86_400_000)?, DataType::IntervalDayTime),
        "MONTH" => (number(1)?, DataType::IntervalYearMonth),
        "QUARTER" => (number(3)?, DataType::IntervalYearMonth),
        "YEAR" => (number(12)?, DataType::IntervalYearMonth),
        other => return Err(Fault::new(span, format!("there is no interval unit {other}"))),
    };
    Ok(Expr::literal(Value::I64(value), data_type))
}

/// `'1 02:03:04.5' DAY TO SECOND`, `'1-6' YEAR TO MONTH`: one number for each unit.
fn several_units(text: &str, first: &str, last: &str) -> Option<Expr> {
    const UNITS: [(&str, f64); 4] =
        [("DAY", 86_400_000.0), ("HOUR", 3_600_000.0), ("MINUTE", 60_000.0), ("SECOND", 1_000.0)];
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if (first, last) == ("YEAR", "MONTH") {
        let (years, months) = text.split_once('-')?;
        let months = years.parse::<i64>().ok()? * 12 + months.parse::<i64>().ok()?;
        return Some(Expr::literal(Value::I64(sign * months), DataType::IntervalYearMonth));
    }
    let place = |name: &str| UNITS.iter().position(|(unit, _)| *unit == name);
    let units = UNITS.get(place(first)?..=place(last)?)?;
    let parts: Vec<&str> = text.split([' ', ':']).collect();
    if parts.len() != units.len() {
        return None;
    }
    let mut ms = 0.0;
    for (part, (_, scale)) in parts.iter().zip(units) {
        ms += part.parse::<f64>().ok().filter(|value| *value >= 0.0)? * scale;
    }
    Some(Expr::literal(Value::I64(sign * ms.round() as i64), DataType::IntervalDayTime))
}

/// The type of a CAST.
pub fn data_type(data_type: &ast::DataType, span: Span) -> Result<DataType> {
    // A ROW type travels as one quoted name.
    let text = data_type.to_string().replace('`', "");
    let tokens = Tokenizer::new(&Flink, &text).tokenize_with_location();
    let mut tokens = tokens.map_err(|error| Fault::new(span, error.message))?;
    tokens.retain(|token| !matches!(token.token, sqlparser::tokenizer::Token::Whitespace(_)));
    tokens.iter_mut().for_each(|token| token.span = span);
    Cursor::new(&tokens).data_type()
}
