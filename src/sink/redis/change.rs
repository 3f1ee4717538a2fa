//! What a row says of the data in Redis: always what is, never what to add; what is appended is
//! known again by an id, or by the fence.

use super::options::{Options, Shape};
use super::text::{Pattern, Rows};

/// What one key, or one piece of what a key holds, is to be.
pub struct Change {
    pub key: Box<[u8]>,
    pub what: What,
}

pub enum What {
    Delete,
    Set(Vec<u8>),
    /// Fields and values; NULL takes the field away.
    SetFields(Vec<(usize, Option<Vec<u8>>)>),
    DeleteField(Box<[u8]>),
    SetField(Box<[u8]>, Vec<u8>),
    /// A member of a sorted set, which goes where it has no score; and how new the row is.
    Member {
        member: Box<[u8]>,
        score: Option<String>,
        time: Option<i64>,
    },
    /// A new element of a list; its id is empty where nothing tells it from another.
    Element {
        id: Vec<u8>,
        element: Vec<u8>,
    },
    /// A new entry of a stream.
    Entry {
        id: Vec<u8>,
        fields: Vec<(usize, Vec<u8>)>,
    },
}

/// A column that is NULL, and what can't be had of the row for it.
pub struct Missing {
    pub column: usize,
    pub what: &'static str,
}

impl Change {
    pub fn of(
        options: &Options,
        rows: &Rows<'_>,
        row: usize,
        retract: bool,
        scratch: &mut Vec<u8>,
    ) -> Result<Self, Missing> {
        let mut text = |pattern: &Pattern, what| {
            scratch.clear();
            let missing = |column| Missing { column, what };
            pattern.write(rows, row, scratch).map_err(missing)?;
            Ok(scratch.as_slice().into())
        };
        let key = text(&options.key, "no key can be made")?;
        let value = |columns: &[usize]| value_of(options, rows, columns, row);
        let what = match &options.shape {
            Shape::String { .. } | Shape::HashOfColumns { .. } if retract => What::Delete,
            Shape::String { columns } => What::Set(value(columns)),
            Shape::HashOfColumns { columns } => {
                What::SetFields(columns.iter().map(|&c| (c, field_of(rows, c, row))).collect())
            }
            Shape::HashOfRows { field, columns } => {
                let name = text(field, "no field can be made")?;
                match retract {
                    true => What::DeleteField(name),
                    false => What::SetField(name, value(columns)),
                }
            }
            Shape::SortedSet { member, score, newest } => {
                let missing = |column| Missing { column, what: "nothing says how new the row is" };
                let time = |column| rows.integer(column, row).ok_or(missing(column));
                What::Member {
                    member: text(member, "no member can be made")?,
                    score: rows.score(*score, row).filter(|_| !retract),
                    time: newest.map(time).transpose()?,
                }
            }
            Shape::List { columns } => {
                What::Element { id: id_of(options, rows, row)?, element: value(columns) }
            }
            Shape::Stream { columns } => {
                What::Entry { id: id_of(options, rows, row)?, fields: entry_of(rows, columns, row) }
            }
        };
        Ok(Self { key, what })
    }

    /// About how many bytes it takes to say.
    pub fn bytes(&self) -> usize {
        let value = match &self.what {
            What::Delete => 0,
            What::Set(value) => value.len(),
            What::SetFields(fields) => {
                fields.iter().map(|(_, value)| value.as_ref().map_or(0, Vec::len)).sum()
            }
            What::DeleteField(field) => field.len(),
            What::SetField(field, value) => field.len() + value.len(),
            What::Member { member, .. } => member.len(),
            What::Element { id, element } => id.len() + element.len(),
            What::Entry { id, fields } => {
                id.len() + fields.iter().map(|(_, value)| value.len()).sum::<usize>()
            }
        };
        self.key.len() + value
    }

    /// Writes what tells it from others: of two that have this in common the last one holds.
    /// False where each counts.
    pub fn identity(&self, out: &mut Vec<u8>) -> bool {
        out.clear();
        out.extend_from_slice(&self.key);
        match &self.what {
            What::Delete | What::Set(_) | What::SetFields(_) => {}
            What::DeleteField(field) | What::SetField(field, _) => out.extend_from_slice(field),
            What::Member { member, time, .. } => {
                out.extend_from_slice(member);
                // A row of a time that has passed is not to take the place of a newer one.
                time.iter().for_each(|time| out.extend_from_slice(&time.to_le_bytes()));
            }
            What::Element { .. } | What::Entry { .. } => return false,
        }
        // The key's length keeps it and what follows apart.
        out.extend_from_slice(&self.key.len().to_le_bytes());
        true
    }
}

/// One column as itself (NULL as an empty text), several as a JSON object.
fn value_of(options: &Options, rows: &Rows<'_>, columns: &[usize], row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    match columns {
        [column] => drop(rows.write(*column, row, &mut out)),
        _ => rows.object(columns, &options.embed, row, &mut out),
    }
    out
}

fn field_of(rows: &Rows<'_>, column: usize, row: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    rows.write(column, row, &mut out).then_some(out)
}

/// An entry has a field at least: of a row of NULLs alone it is the first one, empty.
fn entry_of(rows: &Rows<'_>, columns: &[usize], row: usize) -> Vec<(usize, Vec<u8>)> {
    let field = |&column: &usize| Some((column, field_of(rows, column, row)?));
    let mut fields: Vec<_> = columns.iter().filter_map(field).collect();
    if let (true, Some(&first)) = (fields.is_empty(), columns.first()) {
        fields.push((first, Vec::new()));
    }
    fields
}

/// The text of the primary key, empty where there is none. Of several columns each has its length
/// before it, so that no two keys have one text.
fn id_of(options: &Options, rows: &Rows<'_>, row: usize) -> Result<Vec<u8>, Missing> {
    let mut id = Vec::new();
    for &column in &options.id {
        let text = field_of(rows, column, row);
        let text = text.ok_or(Missing { column, what: "the row has no id" })?;
        if options.id.len() > 1 {
            id.extend_from_slice(format!("{}:", text.len()).as_bytes());
        }
        id.extend_from_slice(&text);
    }
    Ok(id)
}
