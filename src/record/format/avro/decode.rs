//! Avro's binary encoding to columns.
//!
//! Source: the Avro specification, version 1.12, "Binary Encoding"; the five bytes in front of a
//! record of a registry as Confluent's wire format has them: a zero, then the schema's id.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::{DEPTH_MAX, Kind, Logical, Schema, Type};
use super::types;
use crate::decimal;
use crate::record::format::rows::{self, NoRow};
use crate::record::json::Decoded;
use crate::record::{ColumnBuilder, DataType, Field, RawBlock, Value, hashed};
use crate::time::MS_PER_DAY;

/// In front of a record: a zero and the id.
const HEADER: usize = 5;
/// Elements of one array or map that take no bytes: they are nowhere but in memory.
const EMPTY_MAX: usize = 100_000;

type Reason = Arc<str>;

/// How records of one schema become rows.
struct Plan {
    schema: Schema,
    /// By field of the record: its type, and the column that takes it.
    steps: Vec<(usize, Option<usize>)>,
    /// Columns that the records do not have.
    absent: Vec<usize>,
}

enum Plans {
    /// The table's own schema.
    Own(Plan),
    /// By id; what cannot be read, with the reason.
    Registry(HashMap<u32, Result<Plan, Reason>>),
}

/// Decodes blocks of records into columns.
pub struct AvroDecoder {
    fields: Vec<Field>,
    plans: Plans,
}

impl AvroDecoder {
    /// `whole`: all fields of the table's records, of which `fields` are read. With a registry,
    /// what they are written by is told by [`AvroDecoder::learn`].
    pub fn new(whole: &[Field], fields: Vec<Field>, registry: bool) -> Result<Self, String> {
        let plans = match registry {
            true => Plans::Registry(HashMap::new()),
            false => Plans::Own(Plan::new(&[types::schema(whole)?.to_string()], &fields)?),
        };
        Ok(Self { fields, plans })
    }

    /// A schema's id that has to be learnt before the records can be decoded.
    pub fn missing<'a>(&self, mut records: impl Iterator<Item = &'a [u8]>) -> Option<u32> {
        let Plans::Registry(known) = &self.plans else { return None };
        let mut last = None;
        records.find_map(|record| {
            let id = schema_id(record)?;
            // Records of one schema come together.
            let is_new = last.replace(id) != Some(id) && !known.contains_key(&id);
            is_new.then_some(id)
        })
    }

    /// What the registry says of a schema: its text, behind those that it refers to, or why there is
    /// none.
    pub fn learn(&mut self, id: u32, schema: Result<Vec<String>, String>) {
        let Plans::Registry(known) = &mut self.plans else { return };
        let plan = schema.and_then(|texts| Plan::new(&texts, &self.fields));
        known.insert(id, plan.map_err(|reason| format!("schema {id}: {reason}").into()));
    }

    pub fn decode(&mut self, block: RawBlock) -> Decoded {
        let rows = block.records.len();
        let builder = |field: &Field| ColumnBuilder::for_type(&field.data_type, rows);
        let columns = self.fields.iter().map(builder).collect();
        rows::decode(block, columns, |record, columns| match record {
            None | Some([]) => Err(NoRow::Skipped),
            Some(record) => self.record(record, columns).map_err(NoRow::Rejected),
        })
    }

    fn record(&self, record: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), Reason> {
        match &self.plans {
            Plans::Own(plan) => plan.record(record, &self.fields, columns),
            Plans::Registry(known) => {
                let id = schema_id(record).ok_or_else(|| {
                    Reason::from("no zero and schema id in front, as a registry's records have")
                })?;
                match known.get(&id) {
                    Some(Ok(plan)) => plan.record(&record[HEADER..], &self.fields, columns),
                    Some(Err(reason)) => Err(reason.clone()),
                    None => Err(format!("schema {id} is not known").into()),
                }
            }
        }
    }
}

fn schema_id(record: &[u8]) -> Option<u32> {
    match record {
        [0, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

impl Plan {
    fn new(schema: &[String], fields: &[Field]) -> Result<Self, String> {
        let schema = Schema::parse(schema)?;
        let Kind::Record(written) = &schema.of(schema.root).kind else {
            return Err("it is not that of a record".into());
        };
        let mut steps = Vec::with_capacity(written.len());
        for (name, of) in written {
            let column = fields.iter().position(|field| field.name == *name);
            if let Some(column) = column {
                let kind = &fields[column].data_type;
                types::check(&schema, *of, kind)
                    .map_err(|found| format!("field `{name}` is {found}, and its column {kind}"))?;
            }
            steps.push((*of, column));
        }
        let is_absent = |column: &usize| !steps.iter().any(|(_, of)| of == &Some(*column));
        let absent = (0..fields.len()).filter(is_absent).collect();
        Ok(Self { schema, steps, absent })
    }

    fn record(
        &self,
        record: &[u8],
        fields: &[Field],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), Reason> {
        let mut input = Input(record);
        for &column in &self.absent {
            push(Found::Null, &fields[column], &mut columns[column])?;
        }
        for &(of, column) in &self.steps {
            match column {
                None => skip(&self.schema, of, 0, &mut input)?,
                Some(column) => {
                    let field = &fields[column];
                    let found =
                        take(&self.schema, of, &field.data_type, &mut input).map_err(|reason| {
                            Reason::from(format!("field `{}`: {reason}", field.name))
                        })?;
                    push(found, field, &mut columns[column])?;
                }
            }
        }
        match input.0.len() {
            0 => Ok(()),
            left => Err(format!("{left} byte(s) behind the record").into()),
        }
    }
}

fn push(found: Found<'_>, field: &Field, column: &mut ColumnBuilder) -> Result<(), Reason> {
    match found {
        Found::Null if !field.nullable => {
            return Err(format!("field `{}` is missing", field.name).into());
        }
        Found::Null => column.push_null(),
        Found::Bool(value) => column.push_bool(value),
        Found::I64(value) => column.push_i64(value),
        Found::F64(value) => column.push_f64(value),
        Found::I128(value) => column.push_i128(value),
        Found::Str(text) => column.push_str(text),
        Found::Bytes(bytes) => column.push_bytes(bytes),
        Found::Nested(value) => column.push_value(&value),
    }
    Ok(())
}

/// One value that has been read.
enum Found<'a> {
    Null,
    Bool(bool),
    I64(i64),
    F64(f64),
    I128(i128),
    Str(&'a str),
    Bytes(&'a [u8]),
    Nested(Value),
}

impl From<Found<'_>> for Value {
    fn from(found: Found<'_>) -> Self {
        match found {
            Found::Null => Self::Null,
            Found::Bool(value) => Self::Bool(value),
            Found::I64(value) => Self::I64(value),
            Found::F64(value) => Self::F64(value),
            Found::I128(value) => Self::decimal(value),
            Found::Str(text) => Self::Str(text.into()),
            Found::Bytes(bytes) => Self::Bytes(bytes.into()),
            Found::Nested(value) => value,
        }
    }
}

/// What is left of a record.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("the record is cut short")?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (taken, rest) = self.0.split_first_chunk().ok_or("the record is cut short")?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A zigzag number of up to ten bytes.
    fn long(&mut self) -> Result<i64, Reason> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.fixed()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has one bit left.
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err("a number of more than 64 bits".into())
    }

    fn int(&mut self) -> Result<i64, Reason> {
        let value = self.long()?;
        match i32::try_from(value) {
            Ok(_) => Ok(value),
            Err(_) => Err("a number of more than 32 bits".into()),
        }
    }

    /// Bytes with their length in front.
    fn counted(&mut self) -> Result<&'a [u8], Reason> {
        let count = usize::try_from(self.long()?).map_err(|_| "a negative length")?;
        self.bytes(count)
    }

    /// A place in a list of so many.
    fn place(&mut self, of: usize) -> Result<usize, Reason> {
        let place = usize::try_from(self.long()?).ok().filter(|place| *place < of);
        place.ok_or_else(|| "a branch or symbol that the schema does not have".into())
    }

    /// Blocks of elements up to an empty one.
    fn blocks(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut empty = 0;
        loop {
            let mut count = self.long()?;
            if count < 0 {
                // The block's length in bytes, for those who skip it.
                self.long()?;
                count = count.checked_neg().ok_or("a block without end")?;
            }
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                let before = self.0.len();
                element(self)?;
                if self.0.len() == before {
                    empty += 1;
                }
                if empty > EMPTY_MAX {
                    return Err(format!("more than {EMPTY_MAX} elements without a byte").into());
                }
            }
        }
    }

    fn text(&mut self) -> Result<&'a str, Reason> {
        simdutf8::basic::from_utf8(self.counted()?).map_err(|_| "a text that is not UTF-8".into())
    }
}

/// Reads a value that [`types::check`] has found to fit.
fn take<'a>(
    schema: &Schema,
    at: usize,
    to: &DataType,
    input: &mut Input<'a>,
) -> Result<Found<'a>, Reason> {
    let Type { kind, logical } = schema.of(at);
    Ok(match kind {
        Kind::Null => Found::Null,
        Kind::Union(branches) => {
            return take(schema, branches[input.place(branches.len())?], to, input);
        }
        Kind::Boolean => match input.fixed()? {
            [0] => Found::Bool(false),
            [1] => Found::Bool(true),
            _ => return Err("a BOOLEAN that is neither 0 nor 1".into()),
        },
        Kind::Int => number(input.int()?, *logical, to)?,
        Kind::Long => number(input.long()?, *logical, to)?,
        Kind::Float => Found::F64(f64::from(f32::from_le_bytes(input.fixed()?))),
        Kind::Double => double(f64::from_le_bytes(input.fixed()?), to),
        Kind::Bytes => of_bytes(input.counted()?, *logical, to)?,
        Kind::Fixed(size) => of_bytes(input.bytes(*size)?, *logical, to)?,
        Kind::String if to.is_binary() => Found::Bytes(input.counted()?),
        Kind::String => Found::Str(input.text()?),
        Kind::Enum(symbols) => {
            Found::Nested(Value::Str(symbols[input.place(symbols.len())?].clone()))
        }
        Kind::Array(items) => {
            let DataType::Array(element) = to else { return Err(unfit(to)) };
            let mut values = Vec::new();
            input.blocks(|input| {
                values.push(take(schema, *items, element, input)?.into());
                Ok(())
            })?;
            Found::Nested(Value::Array(values.into()))
        }
        Kind::Map(of) => {
            let Some((_, to)) = to.as_map() else { return Err(unfit(to)) };
            let mut entries = Vec::new();
            input.blocks(|input| {
                let key = Value::Str(input.text()?.into());
                entries.push((key, take(schema, *of, to, input)?.into()));
                Ok(())
            })?;
            hashed::as_read(&mut entries);
            Found::Nested(Value::Map(entries.into()))
        }
        Kind::Record(written) => row(schema, written, to, input)?,
    })
}

/// A ROW: its fields by their names, NULL where the record has none.
fn row<'a>(
    schema: &Schema,
    written: &[(Arc<str>, usize)],
    to: &DataType,
    input: &mut Input<'a>,
) -> Result<Found<'a>, Reason> {
    let DataType::Row(fields) = to else { return Err(unfit(to)) };
    let mut values = vec![Value::Null; fields.len()];
    for (name, of) in written {
        match fields.iter().position(|field| field.name == *name) {
            Some(place) => {
                values[place] = take(schema, *of, &fields[place].data_type, input)?.into();
            }
            None => skip(schema, *of, 0, input)?,
        }
    }
    let mut all = fields.iter().zip(&values);
    match all.find(|(field, value)| !field.nullable && value.is_null()) {
        Some((field, _)) => Err(format!("`{}` is missing", field.name).into()),
        None => Ok(Found::Nested(Value::Row(values.into()))),
    }
}

/// Takes integers, dates and times: the unit is the one that the schema says, milliseconds and days
/// without.
fn number(value: i64, logical: Logical, to: &DataType) -> Result<Found<'static>, Reason> {
    let out_of_range = || Reason::from(format!("{value} does not fit {to}"));
    Ok(Found::I64(match to {
        DataType::Float | DataType::Double => return Ok(double(value as f64, to)),
        DataType::Decimal(of) => {
            let unscaled = decimal::rescale(i128::from(value), 0, *of);
            return unscaled.map(Found::I128).ok_or_else(out_of_range);
        }
        DataType::Time => match logical {
            Logical::Time { per_ms } => value.div_euclid(per_ms),
            _ => value,
        },
        kind if kind.is_timestamp() => match logical {
            Logical::Timestamp { per_ms } => value.div_euclid(per_ms),
            Logical::Date => value.checked_mul(MS_PER_DAY).ok_or_else(out_of_range)?,
            _ => value,
        },
        kind if kind.is_integer() && kind.wrap(value) != value => return Err(out_of_range()),
        _ => value,
    }))
}

fn double(value: f64, to: &DataType) -> Found<'static> {
    match to {
        DataType::Float => Found::F64(f64::from(value as f32)),
        _ => Found::F64(value),
    }
}

/// Bytes as they are, as a text, or as a decimal: two's complement, the highest byte first.
fn of_bytes<'a>(bytes: &'a [u8], logical: Logical, to: &DataType) -> Result<Found<'a>, Reason> {
    match (to, logical) {
        (DataType::Decimal(of), Logical::Decimal { scale }) => {
            let unfit = || Reason::from(format!("a decimal that does not fit {to}"));
            let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
            let sign = if negative { 0xff } else { 0 };
            let (above, low) = bytes.split_at(bytes.len().saturating_sub(size_of::<i128>()));
            let mut wide = [sign; size_of::<i128>()];
            wide[size_of::<i128>() - low.len()..].copy_from_slice(low);
            let unscaled = i128::from_be_bytes(wide);
            if above.iter().any(|byte| *byte != sign) || (unscaled < 0) != negative {
                return Err(unfit());
            }
            decimal::rescale(unscaled, scale, *of).map(Found::I128).ok_or_else(unfit)
        }
        (kind, _) if kind.is_string() => simdutf8::basic::from_utf8(bytes)
            .map(Found::Str)
            .map_err(|_| "a text that is not UTF-8".into()),
        _ => Ok(Found::Bytes(bytes)),
    }
}

fn unfit(to: &DataType) -> Reason {
    format!("it does not fit {to}").into()
}

/// Passes over a value that nobody reads, so many levels deep: a type may hold itself.
fn skip(schema: &Schema, at: usize, depth: usize, input: &mut Input<'_>) -> Result<(), Reason> {
    if depth > DEPTH_MAX {
        return Err(format!("values more than {DEPTH_MAX} deep").into());
    }
    let below = |of, input: &mut Input<'_>| skip(schema, of, depth + 1, input);
    match &schema.of(at).kind {
        Kind::Null => Ok(()),
        Kind::Boolean => input.bytes(1).map(drop),
        Kind::Int | Kind::Long => input.long().map(drop),
        Kind::Float => input.bytes(4).map(drop),
        Kind::Double => input.bytes(8).map(drop),
        Kind::Bytes | Kind::String => input.counted().map(drop),
        Kind::Fixed(size) => input.bytes(*size).map(drop),
        Kind::Enum(symbols) => input.place(symbols.len()).map(drop),
        Kind::Union(branches) => below(branches[input.place(branches.len())?], input),
        Kind::Array(items) => input.blocks(|input| below(*items, input)),
        Kind::Map(values) => input.blocks(|input| {
            input.counted()?;
            below(*values, input)
        }),
        Kind::Record(fields) => fields.iter().try_for_each(|(_, of)| below(*of, input)),
    }
}
