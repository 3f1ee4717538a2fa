//! What a key is to be, and the commands that say so: always what is, never what to add.

use crate::record::Schema;

/// What one key, or one field of a hash, is to be.
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
}

/// Where commands are gathered to be sent together.
pub trait Commands {
    fn add(&mut self, name: &'static str, key: &[u8], arguments: &[&[u8]]);
}

impl Commands for redis::Pipeline {
    fn add(&mut self, name: &'static str, key: &[u8], arguments: &[&[u8]]) {
        self.cmd(name).arg(key);
        for argument in arguments {
            self.arg(*argument);
        }
    }
}

impl Change {
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
        };
        self.key.len() + value
    }

    /// `schema` names the fields of a hash; `ttl` is in milliseconds, as text.
    pub fn put(&self, schema: &Schema, ttl: Option<&str>, out: &mut impl Commands) {
        let key = &*self.key;
        let mut hash_lives = false;
        match &self.what {
            What::Delete => out.add("DEL", key, &[]),
            What::Set(value) => match ttl {
                Some(ttl) => out.add("SET", key, &[value, b"PX", ttl.as_bytes()]),
                None => out.add("SET", key, &[value]),
            },
            What::SetFields(fields) => hash_lives = set_fields(schema, key, fields, out),
            What::DeleteField(field) => out.add("HDEL", key, &[field]),
            What::SetField(field, value) => {
                out.add("HSET", key, &[field, value]);
                hash_lives = true;
            }
        }
        if let (true, Some(ttl)) = (hash_lives, ttl) {
            out.add("PEXPIRE", key, &[ttl.as_bytes()]);
        }
    }
}

/// Whether a field was set.
fn set_fields(
    schema: &Schema,
    key: &[u8],
    fields: &[(usize, Option<Vec<u8>>)],
    out: &mut impl Commands,
) -> bool {
    let (mut gone, mut set): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for (column, value) in fields {
        let name = schema.fields[*column].name.as_bytes();
        match value {
            None => gone.push(name),
            Some(value) => set.extend([name, value]),
        }
    }
    if !gone.is_empty() {
        out.add("HDEL", key, &gone);
    }
    if !set.is_empty() {
        out.add("HSET", key, &set);
    }
    !set.is_empty()
}
