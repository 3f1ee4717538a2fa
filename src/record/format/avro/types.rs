//! Between the types of SQL and those of Avro, as Flink's `AvroSchemaConverter` has them.

use serde_json::{Value, json};

use super::schema::{Kind, Logical, Schema, Type};
use crate::record::{DataType, Field};

/// The name that Flink gives the record of a table.
const RECORD: &str = "org.apache.flink.avro.generated.record";
/// Digits behind the second that milliseconds have.
const PRECISION_MS: u8 = 3;

/// The schema of records of these columns.
pub fn schema(fields: &[Field]) -> Result<Value, String> {
    record(fields, RECORD)
}

fn record(fields: &[Field], name: &str) -> Result<Value, String> {
    let field = |field: &Field| {
        if !is_name(&field.name) {
            return Err(format!("Avro takes no field of the name '{}'", field.name));
        }
        let inner = format!("{name}_{}", field.name);
        let of = plain(&field.data_type, &inner)
            .map_err(|reason| format!("column '{}': {reason}", field.name))?;
        Ok(match field.nullable {
            true => json!({"name": &*field.name, "type": ["null", of], "default": null}),
            false => json!({"name": &*field.name, "type": of}),
        })
    };
    let fields = fields.iter().map(field).collect::<Result<Vec<Value>, String>>()?;
    // Avro says what stands first; a namespace is part of the full name.
    Ok(match name.rsplit_once('.') {
        Some((namespace, name)) => {
            json!({"type": "record", "name": name, "namespace": namespace, "fields": fields})
        }
        None => json!({"type": "record", "name": name, "fields": fields}),
    })
}

fn is_name(name: &str) -> bool {
    let of_names = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(of_names)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
}

/// A type without its NULL.
fn plain(of: &DataType, name: &str) -> Result<Value, String> {
    let nullable = |of: &DataType| Ok::<Value, String>(json!(["null", plain(of, name)?]));
    Ok(match of {
        DataType::Boolean => json!("boolean"),
        DataType::TinyInt | DataType::SmallInt | DataType::Int => json!("int"),
        DataType::BigInt => json!("long"),
        DataType::Float => json!("float"),
        DataType::Double => json!("double"),
        DataType::String { .. } => json!("string"),
        DataType::Bytes { .. } | DataType::Binary { .. } => json!("bytes"),
        DataType::Decimal(of) => {
            let (precision, scale) = (of.precision, of.scale);
            json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale})
        }
        DataType::Date => json!({"type": "int", "logicalType": "date"}),
        DataType::Time => json!({"type": "int", "logicalType": "time-millis"}),
        DataType::Timestamp { precision } | DataType::TimestampLtz { precision } => {
            let unit =
                if is_in_micros(*precision) { "timestamp-micros" } else { "timestamp-millis" };
            json!({"type": "long", "logicalType": unit})
        }
        DataType::Array(items) => json!({"type": "array", "items": nullable(items)?}),
        DataType::Map(key, values) if key.is_string() => {
            json!({"type": "map", "values": nullable(values)?})
        }
        DataType::Multiset(element) if element.is_string() => {
            json!({"type": "map", "values": nullable(&DataType::Int)?})
        }
        DataType::Row(fields) => record(fields, name)?,
        other => return Err(format!("Avro has no {other}")),
    })
}

/// Whether a timestamp of this precision is written in microseconds.
pub fn is_in_micros(precision: u8) -> bool {
    precision > PRECISION_MS
}

/// Whether values of a type can be read as `to`; the error says what the type is.
pub fn check(schema: &Schema, at: usize, to: &DataType) -> Result<(), String> {
    let Type { kind, logical } = schema.of(at);
    let fits = match kind {
        Kind::Null => true,
        Kind::Union(branches) => {
            return branches.iter().try_for_each(|&branch| check(schema, branch, to));
        }
        Kind::Boolean => *to == DataType::Boolean,
        Kind::Int | Kind::Long => takes_integers(to, *logical),
        Kind::Float | Kind::Double => to.is_approximate(),
        Kind::Bytes | Kind::Fixed(_) => match logical {
            Logical::Decimal { .. } => to.is_decimal() || to.is_binary(),
            _ => to.is_binary() || to.is_string(),
        },
        Kind::String => to.is_string() || to.is_binary(),
        Kind::Enum(_) => to.is_string(),
        Kind::Array(items) => match to {
            DataType::Array(element) => return check(schema, *items, element),
            _ => false,
        },
        Kind::Map(values) => match to.as_map() {
            Some((key, of)) if key.is_string() => return check(schema, *values, of),
            _ => false,
        },
        Kind::Record(written) => match to {
            DataType::Row(fields) => {
                return written.iter().try_for_each(|(name, of)| {
                    match fields.iter().find(|field| field.name == *name) {
                        Some(field) => check(schema, *of, &field.data_type)
                            .map_err(|found| format!("a record whose `{name}` is {found}")),
                        None => Ok(()),
                    }
                });
            }
            _ => false,
        },
    };
    if fits { Ok(()) } else { Err(told(kind, *logical).to_owned()) }
}

fn takes_integers(to: &DataType, logical: Logical) -> bool {
    match to {
        DataType::Date => matches!(logical, Logical::None | Logical::Date),
        DataType::Time => matches!(logical, Logical::None | Logical::Time { .. }),
        kind if kind.is_timestamp() => !matches!(logical, Logical::Time { .. }),
        kind => kind.is_numeric(),
    }
}

fn told(kind: &Kind, logical: Logical) -> &'static str {
    match (kind, logical) {
        (_, Logical::Decimal { .. }) => "a decimal",
        (_, Logical::Date) => "a date",
        (_, Logical::Time { .. }) => "a time of day",
        (_, Logical::Timestamp { .. }) => "a timestamp",
        (Kind::Null, _) => "null",
        (Kind::Union(_), _) => "a union",
        (Kind::Boolean, _) => "a boolean",
        (Kind::Int, _) => "an int",
        (Kind::Long, _) => "a long",
        (Kind::Float, _) => "a float",
        (Kind::Double, _) => "a double",
        (Kind::Bytes | Kind::Fixed(_), _) => "bytes",
        (Kind::String, _) => "a string",
        (Kind::Enum(_), _) => "an enum",
        (Kind::Array(_), _) => "an array",
        (Kind::Map(_), _) => "a map",
        (Kind::Record(_), _) => "a record",
    }
}
