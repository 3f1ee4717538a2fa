//! Column types and schemas, by Flink SQL's names.

use std::fmt;
use std::sync::Arc;

use crate::decimal::DecimalType;

/// A column's SQL type. All integers share one physical form (`i64`), as do all
/// date and time types (`i64`; milliseconds for timestamps, times and intervals of day-time,
/// days for dates, months for year-month intervals).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// The type of a bare `NULL`.
    Null,
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal(DecimalType),
    /// `STRING`, `VARCHAR(n)`, `CHAR(n)`: at most `max` characters where given.
    String {
        max: Option<u32>,
    },
    /// `BYTES`, `VARBINARY(n)`: at most `max` bytes where given.
    Bytes {
        max: Option<u32>,
    },
    /// `BINARY(n)`: this many bytes.
    Binary {
        length: u32,
    },
    Date,
    Time,
    /// `TIMESTAMP(p)`, a local date and time without a zone: milliseconds since 1970-01-01T00:00.
    Timestamp {
        precision: u8,
    },
    /// `TIMESTAMP_LTZ(p)`, an instant: milliseconds since the epoch, shown in the session's zone.
    TimestampLtz {
        precision: u8,
    },
    /// `INTERVAL … SECOND|MINUTE|HOUR|DAY`, milliseconds.
    IntervalDayTime,
    /// `INTERVAL … MONTH|YEAR`, months.
    IntervalYearMonth,
    Row(Arc<[Field]>),
    Map(Arc<DataType>, Arc<DataType>),
    Array(Arc<DataType>),
    /// Values with the number of times that each is there, by ascending values where they have an order.
    Multiset(Arc<DataType>),
}

impl DataType {
    pub const STRING: DataType = DataType::String { max: None };
    pub const BYTES: DataType = DataType::Bytes { max: None };

    pub fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt)
    }

    pub fn is_approximate(&self) -> bool {
        matches!(self, Self::Float | Self::Double)
    }

    pub fn is_decimal(&self) -> bool {
        matches!(self, Self::Decimal(_))
    }

    pub fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_approximate() || self.is_decimal()
    }

    /// The decimal that holds every value of an exact number type.
    pub fn as_decimal(&self) -> Option<DecimalType> {
        Some(match self {
            Self::TinyInt => DecimalType::new(3, 0),
            Self::SmallInt => DecimalType::new(5, 0),
            Self::Int => DecimalType::new(10, 0),
            Self::BigInt => DecimalType::new(19, 0),
            Self::Decimal(of) => *of,
            _ => return None,
        })
    }

    /// Digits behind the point.
    pub fn scale(&self) -> u8 {
        self.as_decimal().map_or(0, |of| of.scale)
    }

    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Bytes { .. } | Self::Binary { .. })
    }

    pub fn is_string(&self) -> bool {
        matches!(self, Self::String { .. })
    }

    /// A type that may carry a watermark.
    pub fn is_timestamp(&self) -> bool {
        matches!(self, Self::Timestamp { .. } | Self::TimestampLtz { .. })
    }

    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Row(_) | Self::Map(..) | Self::Array(_) | Self::Multiset(_))
    }

    /// The types of the keys and values of what is held as a map.
    pub fn as_map(&self) -> Option<(&DataType, &DataType)> {
        match self {
            Self::Map(key, value) => Some((key, value)),
            Self::Multiset(element) => Some((element, &Self::Int)),
            _ => None,
        }
    }

    /// An integer in the width of this type: it wraps, as Flink's do.
    pub fn wrap(&self, value: i64) -> i64 {
        match self {
            Self::TinyInt => value as i8 as i64,
            Self::SmallInt => value as i16 as i64,
            Self::Int => value as i32 as i64,
            _ => value,
        }
    }

    /// Which form of [`super::ColumnData`] holds this type.
    pub fn physical(&self) -> Physical {
        match self {
            Self::Boolean => Physical::Bool,
            Self::Float | Self::Double => Physical::F64,
            Self::Decimal(_) => Physical::I128,
            Self::Bytes { .. } | Self::Binary { .. } => Physical::Bytes,
            Self::String { .. } => Physical::Str,
            nested if nested.is_nested() => Physical::Any,
            _ => Physical::I64,
        }
    }
}

/// The physical forms of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Physical {
    Bool,
    I64,
    F64,
    I128,
    Str,
    Bytes,
    Any,
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal(of) => of.fmt(f),
            Self::Bytes { max: None } => f.write_str("BYTES"),
            Self::Bytes { max: Some(n) } => write!(f, "VARBINARY({n})"),
            Self::Binary { length } => write!(f, "BINARY({length})"),
            Self::String { max: None } => f.write_str("STRING"),
            Self::String { max: Some(n) } => write!(f, "VARCHAR({n})"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::Timestamp { precision } => write!(f, "TIMESTAMP({precision})"),
            Self::TimestampLtz { precision } => write!(f, "TIMESTAMP_LTZ({precision})"),
            Self::IntervalDayTime => f.write_str("INTERVAL DAY TO SECOND"),
            Self::IntervalYearMonth => f.write_str("INTERVAL YEAR TO MONTH"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (i, field) in fields.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{} {}", field.name, field.data_type)?;
                }
                f.write_str(">")
            }
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
        }
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub name: Arc<str>,
    pub data_type: DataType,
    pub nullable: bool,
}

impl Field {
    pub fn new(name: &str, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, nullable: true }
    }
}

/// The columns of a stream, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schema {
    pub fields: Vec<Field>,
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Index of the column of this name (names are case-sensitive, as in Flink).
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }
}
