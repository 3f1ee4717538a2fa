//! One value by itself: literals, nested data, and rows on their way to a person.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::decimal::Unscaled;

/// A single value in its physical form. Literals in a plan and nested columns use it; flat
/// columns never do on the data path.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    /// Integers, dates, times, timestamps, intervals: see [`super::DataType`] for units.
    I64(i64),
    F64(f64),
    /// Its scale is that of its type.
    Decimal(Unscaled),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Row(Arc<[Value]>),
    /// Entries in the order they came; of a multiset each value with its count.
    Map(Arc<[(Value, Value)]>),
    Array(Arc<[Value]>),
}

/// OVER and MATCH_RECOGNIZE keep rows as values: a wider one costs them memory.
const _: () = assert!(size_of::<Value>() == 24);

impl Value {
    /// A decimal of this unscaled value.
    pub const fn decimal(unscaled: i128) -> Self {
        Self::Decimal(Unscaled::new(unscaled))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I64(value) => Some(*value),
            _ => None,
        }
    }

    /// How two values of one type stand in ascending order: NULL first, doubles by their total
    /// order. Nested values have none and count as equal.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::I64(a), Self::I64(b)) => a.cmp(b),
            (Self::F64(a), Self::F64(b)) => a.total_cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (a, b) => b.is_null().cmp(&a.is_null()),
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(value) => Some(value),
            _ => None,
        }
    }
}

/// Equality for plans: bitwise for doubles, so that a plan can be hashed and shared.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::I64(a), Self::I64(b)) => a == b,
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Row(a), Self::Row(b)) | (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::I64(value) => value.hash(state),
            Self::F64(value) => value.to_bits().hash(state),
            Self::Decimal(value) => value.hash(state),
            Self::Str(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
            Self::Row(values) | Self::Array(values) => values.hash(state),
            Self::Map(entries) => entries.hash(state),
        }
    }
}
