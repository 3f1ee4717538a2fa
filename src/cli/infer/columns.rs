//! From what was seen to columns: a type each, and what a reader should know of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::seen::{Numbers, Seen, Texts};
use crate::decimal::{DecimalType, PRECISION_MAX};
use crate::record::{DataType, Field};

/// An object with more names than this, of which most are missing in most objects, is a MAP.
const ROW_MEMBERS_MAX: usize = 16;

/// How all columns of a table are read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// `json.timestamp-format.standard` = `ISO-8601`.
    pub iso8601: bool,
    /// Columns that are texts after all.
    pub texts: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
    pub notes: Vec<String>,
    pub seen: Seen,
}

/// Whether times in the sample are mostly written as ISO 8601 has them.
pub fn is_iso8601(seen: &Seen) -> bool {
    fn count(seen: &Seen, iso: &mut u64, sql: &mut u64) {
        let Texts { count: texts, iso_local, iso_instant, sql_local, sql_instant, .. } = seen.texts;
        *iso += u64::from(texts > 0 && iso_local + iso_instant == texts);
        *sql += u64::from(texts > 0 && (sql_local == texts || sql_instant == texts));
        seen.members.iter().for_each(|(_, member)| count(member, iso, sql));
        seen.element.iter().for_each(|element| count(element, iso, sql));
    }
    let (mut iso, mut sql) = (0, 0);
    count(seen, &mut iso, &mut sql);
    iso > 0 && iso >= sql
}

/// The columns of records, of which `seen` is all.
pub fn columns(seen: &Seen, reading: &Reading) -> Vec<Column> {
    let column = |(name, member): &(String, Seen)| {
        let mut notes = Vec::new();
        let data_type = match reading.texts.contains(name) {
            true => {
                notes.push("values of several shapes: kept as their text".to_owned());
                DataType::STRING
            }
            false => type_of(member, reading, &mut notes),
        };
        notes.extend(absence(member, seen.objects));
        Column { name: name.clone(), data_type, notes, seen: member.clone() }
    };
    seen.members.iter().map(column).collect()
}

/// How often there was no value.
fn absence(seen: &Seen, of: u64) -> Vec<String> {
    let missing = of.saturating_sub(seen.times());
    let told = [(seen.nulls, "null"), (missing, "missing")];
    let told = told.into_iter().filter(|&(count, _)| count > 0 && count < of);
    told.map(|(count, how)| format!("{how} in {count} of {of}")).collect()
}

fn type_of(seen: &Seen, reading: &Reading, notes: &mut Vec<String>) -> DataType {
    let names = ["truth values", "numbers", "texts", "objects", "arrays"];
    let kinds: Vec<String> = names
        .iter()
        .zip(seen.kinds())
        .filter(|&(_, count)| count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if kinds.is_empty() {
        notes.push("always null in the sample: the type is a guess".to_owned());
        return DataType::STRING;
    }
    if kinds.len() > 1 {
        notes.push(format!("{}: kept as text", kinds.join(", ")));
        return DataType::STRING;
    }
    if seen.bools > 0 {
        DataType::Boolean
    } else if seen.numbers.count > 0 {
        number(&seen.numbers, notes)
    } else if seen.texts.count > 0 {
        text(&seen.texts, reading.iso8601, notes)
    } else if seen.arrays > 0 {
        let element = seen.element.as_deref().filter(|element| element.times() > 0);
        let element = element.map_or(DataType::STRING, |it| type_of(it, reading, notes));
        DataType::Array(Arc::new(element))
    } else {
        object(seen, reading, notes)
    }
}

fn number(numbers: &Numbers, notes: &mut Vec<String>) -> DataType {
    if numbers.integers == numbers.count && numbers.longs == numbers.count {
        return DataType::BigInt;
    }
    if numbers.wide == 0 && (numbers.longs == numbers.integers || numbers.integers == 0) {
        return DataType::Double;
    }
    // Room for a digit more than there was.
    let (whole, scale) = ((numbers.whole + 1) as u8, numbers.scale as u8);
    let fits = numbers.whole + numbers.scale <= usize::from(PRECISION_MAX);
    if fits {
        notes.push("more digits than a DOUBLE or BIGINT holds".to_owned());
        return DataType::Decimal(DecimalType::new((whole + scale).min(PRECISION_MAX), scale));
    }
    notes.push("more digits than any number type holds: kept as text".to_owned());
    DataType::STRING
}

fn text(texts: &Texts, iso8601: bool, notes: &mut Vec<String>) -> DataType {
    let all = texts.count;
    let (local, instant) = match iso8601 {
        true => (texts.iso_local == all, texts.iso_local + texts.iso_instant == all),
        false => (texts.sql_local == all, texts.sql_instant == all),
    };
    if local {
        return DataType::Timestamp { precision: 3 };
    }
    if instant {
        if texts.iso_local > 0 {
            notes.push("some without a zone: taken as UTC".to_owned());
        }
        return DataType::TimestampLtz { precision: 3 };
    }
    if texts.dates == all {
        return DataType::Date;
    }
    if texts.numbers == all {
        notes.push("numbers in quotes: CAST where they are computed with".to_owned());
    }
    DataType::STRING
}

fn object(seen: &Seen, reading: &Reading, notes: &mut Vec<String>) -> DataType {
    let names = seen.members.len();
    let met: u64 = seen.members.iter().map(|(_, member)| member.times()).sum();
    let sparse = met * 2 < names as u64 * seen.objects;
    if names == 0 || (names > ROW_MEMBERS_MAX && sparse) {
        let mut all = Seen::default();
        seen.members.iter().for_each(|(_, member)| all.merge(member));
        let mut of_values = Vec::new();
        let value = match names {
            0 => DataType::STRING,
            _ => type_of(&all, reading, &mut of_values),
        };
        notes.push(format!("objects of {names} names"));
        notes.extend(of_values);
        return DataType::Map(Arc::new(DataType::STRING), Arc::new(value));
    }
    let mut fields = Vec::new();
    for (name, member) in seen.members.iter().filter(|(name, _)| is_nameable(name)) {
        let mut of_member = Vec::new();
        fields.push(Field::new(name, type_of(member, reading, &mut of_member)));
        of_member.extend(absence(member, seen.objects));
        notes.extend(of_member.into_iter().map(|note| format!("{name}: {note}")));
    }
    DataType::Row(fields.into())
}

/// Names that cannot be written down as a column's.
pub fn is_nameable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['`', '\n', '\r'])
}
