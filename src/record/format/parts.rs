//! Which columns stand in a record's key, and which in its value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::options::Format;
use crate::record::Field;

/// The two parts of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Key,
    Value,
}

/// Columns that stand together in a record.
#[derive(Clone, Debug)]
pub struct Part {
    pub format: Format,
    /// Places among the table's physical columns.
    pub columns: Vec<usize>,
    /// The same columns by their names in the record.
    pub fields: Vec<Field>,
}

/// What a table's records are made of.
#[derive(Clone, Debug)]
pub struct Parts {
    pub key: Option<Part>,
    pub value: Part,
    /// A record says what the row of its key has become: `upsert-kafka`.
    pub upsert: bool,
}

/// What a table says of itself.
pub struct Declared<'a> {
    pub connector: &'a str,
    /// Columns that are neither computed nor metadata.
    pub fields: &'a [Field],
    /// Places among them; `None` where one is no such column.
    pub primary_key: Option<Vec<usize>>,
    pub options: &'a BTreeMap<Arc<str>, Arc<str>>,
}

impl Declared<'_> {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(|value| &**value)
    }

    /// The format of a side, by the options that begin with the side's name before those without.
    fn format(&self, side: &str, name: &str) -> Result<Format, String> {
        Format::of(name, |option| {
            self.option(&format!("{side}.{option}")).or_else(|| self.option(option))
        })
    }

    fn is_upsert(&self) -> bool {
        self.connector == "upsert-kafka"
    }

    /// Places of the key's columns, and the key's format.
    fn key(&self) -> Result<Option<(Vec<usize>, Format)>, String> {
        if !matches!(self.connector, "kafka" | "upsert-kafka") {
            return Ok(None);
        }
        let columns = match self.is_upsert() {
            true => self.primary_key.clone().filter(|key| !key.is_empty()).ok_or(
                "an upsert-kafka table needs a PRIMARY KEY (…) NOT ENFORCED of columns of its \
                 records: it is the key of the records",
            )?,
            false => self.key_fields()?,
        };
        match (columns.is_empty(), self.option("key.format")) {
            (true, None) => Ok(None),
            (true, Some(_)) => Err("'key.format' needs 'key.fields'".into()),
            (false, None) if self.is_upsert() => {
                Err("an upsert-kafka table needs 'key.format': 'json', 'csv', 'raw' or 'avro'"
                    .into())
            }
            (false, None) => Err("'key.fields' needs 'key.format'".into()),
            (false, Some(format)) => Ok(Some((columns, self.format("key", format)?))),
        }
    }

    fn key_fields(&self) -> Result<Vec<usize>, String> {
        let text = self.option("key.fields").unwrap_or_default();
        let mut columns = Vec::new();
        for name in text.split(';').map(str::trim).filter(|name| !name.is_empty()) {
            let found = self.fields.iter().position(|field| &*field.name == name);
            let column = found.ok_or_else(|| {
                format!("'key.fields': the table has no column '{name}' that stands in records")
            })?;
            if columns.contains(&column) {
                return Err(format!("'key.fields' names '{name}' twice"));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    fn part(&self, columns: Vec<usize>, format: Format, prefix: &str) -> Result<Part, String> {
        let named = |&column: &usize| {
            let field = self.fields[column].clone();
            let name = field.name.strip_prefix(prefix).filter(|name| !name.is_empty());
            name.map(|name| Field { name: name.into(), ..field.clone() }).ok_or_else(|| {
                let name = &field.name;
                format!(
                    "'key.fields-prefix' = '{prefix}': column '{name}' of the key does not begin \
                     with it"
                )
            })
        };
        let fields = columns.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        format.check(&fields)?;
        Ok(Part { format, columns, fields })
    }
}

impl Parts {
    pub fn of(table: &Declared<'_>) -> Result<Self, String> {
        let key = table.key()?;
        let prefix = table.option("key.fields-prefix").unwrap_or_default();
        let except_key = match table.option("value.fields-include").unwrap_or("ALL") {
            "ALL" => false,
            "EXCEPT_KEY" => true,
            other => {
                return Err(format!("'value.fields-include' = '{other}': ALL or EXCEPT_KEY"));
            }
        };
        if !prefix.is_empty() && !except_key {
            return Err("'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY': the \
                        columns of the key have other names in the table"
                .into());
        }
        let in_key = |column: &usize| key.iter().any(|(columns, _)| columns.contains(column));
        let columns =
            (0..table.fields.len()).filter(|column| !(except_key && in_key(column))).collect();
        let format = table.option("value.format").or(table.option("format")).unwrap_or("json");
        let value = table.part(columns, table.format("value", format)?, "")?;
        let in_changes = key.iter().any(|(_, format)| format.is_changelog());
        if in_changes || (value.format.is_changelog() && key.is_some()) {
            return Err("the format 'debezium-json' is one of values without a key: its changes \
                        hold all columns"
                .into());
        }
        let key = match key {
            Some((columns, format)) => Some(table.part(columns, format, prefix)?),
            None => None,
        };
        Ok(Self { key, value, upsert: table.is_upsert() })
    }

    /// Where a column is read, and its place there: in the value, where it has it. A record without
    /// a value has its key alone, so where records delete rows the key is read.
    pub fn place(&self, column: usize) -> (Side, usize) {
        let find = |part: &Part| part.columns.iter().position(|&of| of == column);
        let (key, value) = (self.key.as_ref().and_then(find), find(&self.value));
        match (key, value) {
            (Some(key), Some(_)) if self.upsert => (Side::Key, key),
            (_, Some(value)) => (Side::Value, value),
            (key, None) => (Side::Key, key.unwrap_or_default()),
        }
    }

    /// The columns of a side.
    pub fn part(&self, side: Side) -> &Part {
        match (side, &self.key) {
            (Side::Key, Some(key)) => key,
            _ => &self.value,
        }
    }
}
