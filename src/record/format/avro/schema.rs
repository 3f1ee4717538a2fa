//! Avro schemas, as their JSON form says them.
//!
//! Source: the Avro specification, version 1.12, "Schema Declaration".

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

/// Types in a schema, and how deep they may lie within each other: more is no one's table.
const TYPES_MAX: usize = 10_000;
pub const DEPTH_MAX: usize = 64;

/// What stands in a record, by the number of its type.
#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    /// So many bytes.
    Fixed(usize),
    Enum(Vec<Arc<str>>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<(Arc<str>, usize)>),
}

/// What a number or bytes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logical {
    None,
    Decimal {
        scale: u8,
    },
    Date,
    /// Of a time of day: units a millisecond.
    Time {
        per_ms: i64,
    },
    /// Of a timestamp, local or not: units a millisecond.
    Timestamp {
        per_ms: i64,
    },
}

#[derive(Clone, Debug)]
pub struct Type {
    pub kind: Kind,
    pub logical: Logical,
}

/// A schema: types that name each other by their places.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Vec<Type>,
    pub root: usize,
}

impl Schema {
    /// Of the last text, which may name the types of those before it.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let (mut parser, mut root) = (Parser::default(), 0);
        for text in texts {
            let json = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
            root = parser.take(&json, "", 0)?;
        }
        Ok(Self { types: parser.types, root })
    }

    pub fn of(&self, at: usize) -> &Type {
        &self.types[at]
    }
}

#[derive(Default)]
struct Parser {
    types: Vec<Type>,
    /// Named types by their full names.
    named: HashMap<String, usize>,
}

impl Parser {
    fn add(&mut self, kind: Kind, logical: Logical) -> Result<usize, String> {
        if self.types.len() == TYPES_MAX {
            return Err(format!("more than {TYPES_MAX} types"));
        }
        self.types.push(Type { kind, logical });
        Ok(self.types.len() - 1)
    }

    fn take(&mut self, json: &Value, namespace: &str, depth: usize) -> Result<usize, String> {
        if depth > DEPTH_MAX {
            return Err(format!("types more than {DEPTH_MAX} deep"));
        }
        match json {
            Value::String(name) => self.by_name(name, namespace, Logical::None),
            Value::Array(branches) => {
                let branches =
                    branches.iter().map(|branch| self.take(branch, namespace, depth + 1));
                let branches = branches.collect::<Result<Vec<_>, _>>()?;
                let is_union = |&at: &usize| matches!(self.types[at].kind, Kind::Union(_));
                if branches.is_empty() || branches.iter().any(is_union) {
                    return Err("a union has branches, none of which is a union".into());
                }
                self.add(Kind::Union(branches), Logical::None)
            }
            Value::Object(of) => self.declared(of, namespace, depth),
            other => Err(format!("{other} is no type")),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str, logical: Logical) -> Result<usize, String> {
        let kind = match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "string" => Kind::String,
            name => {
                let known = self.named.get(&full_name(name, namespace));
                return known.copied().ok_or_else(|| format!("there is no type '{name}'"));
            }
        };
        self.add(kind, logical)
    }

    fn declared(
        &mut self,
        of: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<usize, String> {
        let kind = of.get("type").ok_or("a type without 'type'")?;
        let Value::String(kind) = kind else { return self.take(kind, namespace, depth + 1) };
        let part = |name: &str| of.get(name).ok_or_else(|| format!("{kind} without '{name}'"));
        match kind.as_str() {
            "array" => {
                let items = self.take(part("items")?, namespace, depth + 1)?;
                self.add(Kind::Array(items), Logical::None)
            }
            "map" => {
                let values = self.take(part("values")?, namespace, depth + 1)?;
                self.add(Kind::Map(values), Logical::None)
            }
            "record" | "error" => self.record(of, namespace, depth),
            "enum" => {
                let symbols = part("symbols")?.as_array().ok_or("'symbols' is a list")?;
                let text = |symbol: &Value| symbol.as_str().map(Arc::from);
                let symbols = symbols.iter().map(text).collect::<Option<Vec<Arc<str>>>>();
                let symbols = symbols.ok_or("'symbols' are texts")?;
                let at = self.add(Kind::Enum(symbols), Logical::None)?;
                self.name(of, namespace, at).map(|_| at)
            }
            "fixed" => {
                let size = part("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or("'size' is a number")?;
                let at = self.add(Kind::Fixed(size), logical(of))?;
                self.name(of, namespace, at).map(|_| at)
            }
            name => self.by_name(name, namespace, logical(of)),
        }
    }

    /// Its name is known within it: a record may hold others of its kind.
    fn record(
        &mut self,
        of: &Map<String, Value>,
        namespace: &str,
        depth: usize,
    ) -> Result<usize, String> {
        let at = self.add(Kind::Record(Vec::new()), Logical::None)?;
        let inner = self.name(of, namespace, at)?;
        let fields = of.get("fields").and_then(Value::as_array).ok_or("a record has 'fields'")?;
        let mut taken = Vec::with_capacity(fields.len());
        for field in fields {
            let name = field.get("name").and_then(Value::as_str).ok_or("a field has a name")?;
            let of = field.get("type").ok_or_else(|| format!("field '{name}' has no type"))?;
            taken.push((Arc::from(name), self.take(of, &inner, depth + 1)?));
        }
        self.types[at].kind = Kind::Record(taken);
        Ok(at)
    }

    /// Gives a type its name; the namespace that holds within it.
    fn name(
        &mut self,
        of: &Map<String, Value>,
        namespace: &str,
        at: usize,
    ) -> Result<String, String> {
        let name = of.get("name").and_then(Value::as_str).ok_or("a named type has a 'name'")?;
        let own = of.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full_name(name, own);
        let inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        match self.named.insert(full, at) {
            None => Ok(inner),
            Some(_) => Err(format!("there are two types '{name}'")),
        }
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

/// Those that are not known leave a type as it is.
fn logical(of: &Map<String, Value>) -> Logical {
    match of.get("logicalType").and_then(Value::as_str).unwrap_or_default() {
        "decimal" => {
            let scale = of.get("scale").map_or(Some(0), Value::as_u64);
            match scale.and_then(|scale| u8::try_from(scale).ok()).filter(|scale| *scale <= 38) {
                Some(scale) => Logical::Decimal { scale },
                None => Logical::None,
            }
        }
        "date" => Logical::Date,
        "time-millis" => Logical::Time { per_ms: 1 },
        "time-micros" => Logical::Time { per_ms: 1_000 },
        "timestamp-millis" | "local-timestamp-millis" => Logical::Timestamp { per_ms: 1 },
        "timestamp-micros" | "local-timestamp-micros" => Logical::Timestamp { per_ms: 1_000 },
        "timestamp-nanos" | "local-timestamp-nanos" => Logical::Timestamp { per_ms: 1_000_000 },
        _ => Logical::None,
    }
}
