//! The commands that bring changes to Redis, for a pipeline or for a script.

use super::change::{Change, What};
use super::options::{Options, Shape};
use crate::record::Schema;

/// Commands of `commands.lua`, which say by a key beside the data whether another is to be done.
const ONCE: &str = "ONCE";
const NEWEST: &str = "NEWEST";

/// Ids that are remembered for each element that is kept. Rows of several partitions come again in
/// another order: one that was pushed out must not push out a newer one.
const REMEMBERED: u64 = 10;

/// Where commands are gathered to be sent together.
pub trait Commands {
    fn add(&mut self, name: &'static str, keys: &[&[u8]], arguments: &[&[u8]]);
}

impl Commands for redis::Pipeline {
    fn add(&mut self, name: &'static str, keys: &[&[u8]], arguments: &[&[u8]]) {
        self.cmd(name);
        for argument in keys.iter().chain(arguments) {
            self.arg(*argument);
        }
    }
}

/// What of a table is in the commands of its rows.
pub struct Writer<'a> {
    pub options: &'a Options,
    pub schema: &'a Schema,
}

impl Writer<'_> {
    pub fn write(&self, changes: &[Change], out: &mut impl Commands) {
        let mut keys: Vec<&[u8]> = Vec::new();
        if let Some(length) = self.options.shape.length_command() {
            keys.extend(changes.iter().map(|change| &*change.key));
            keys.sort_unstable();
            keys.dedup();
            // A script that fails half-way is not undone, and what it has appended would be
            // appended again. So what may fail, for a key of another type or for want of a right,
            // fails before.
            for key in &keys {
                out.add(length, &[key], &[]);
                self.bound(key, out);
            }
        }
        changes.iter().for_each(|change| self.one(change, out));
        keys.iter().for_each(|key| self.bound(key, out));
    }

    fn one(&self, change: &Change, out: &mut impl Commands) {
        let key = &*change.key;
        let ttl = self.options.ttl.as_deref();
        match &change.what {
            What::Delete => out.add("DEL", &[key], &[]),
            What::Set(value) => match ttl {
                Some(ttl) => out.add("SET", &[key], &[value, b"PX", ttl.as_bytes()]),
                None => out.add("SET", &[key], &[value]),
            },
            What::SetFields(fields) => self.set_fields(key, fields, out),
            What::DeleteField(field) => out.add("HDEL", &[key], &[field]),
            What::SetField(field, value) => {
                out.add("HSET", &[key], &[field, value]);
                self.expire(key, out);
            }
            What::Member { member, score, time } => {
                let (name, arguments): (_, &[&[u8]]) = match score {
                    Some(score) => ("ZADD", &[score.as_bytes(), member]),
                    None => ("ZREM", &[member]),
                };
                match time {
                    None => out.add(name, &[key], arguments),
                    Some(time) => {
                        let time = time.to_string();
                        let ttl = ttl.unwrap_or_default().as_bytes();
                        let first: [&[u8]; 3] = [time.as_bytes(), ttl, name.as_bytes()];
                        let all = [&first, arguments].concat();
                        out.add(NEWEST, &[key, &beside(NEWEST, key)], &all);
                    }
                }
            }
            What::Element { id, element } => self.append("LPUSH", key, id, &[element], out),
            What::Entry { id, fields } => self.entry(key, id, fields, out),
        }
    }

    fn set_fields(&self, key: &[u8], fields: &[(usize, Option<Vec<u8>>)], out: &mut impl Commands) {
        let (mut gone, mut set): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
        for (column, value) in fields {
            let name = self.schema.fields[*column].name.as_bytes();
            match value {
                None => gone.push(name),
                Some(value) => set.extend([name, value]),
            }
        }
        if !gone.is_empty() {
            out.add("HDEL", &[key], &gone);
        }
        if !set.is_empty() {
            out.add("HSET", &[key], &set);
            self.expire(key, out);
        }
    }

    fn entry(&self, key: &[u8], id: &[u8], fields: &[(usize, Vec<u8>)], out: &mut impl Commands) {
        let longest = self.options.max_length.map(|longest| longest.to_string());
        let mut arguments: Vec<&[u8]> = Vec::new();
        if let Some(longest) = &longest {
            arguments.extend([&b"MAXLEN"[..], longest.as_bytes()]);
        }
        arguments.push(b"*");
        for (column, value) in fields {
            arguments.extend([self.schema.fields[*column].name.as_bytes(), value]);
        }
        self.append("XADD", key, id, &arguments, out);
    }

    fn append(
        &self,
        name: &'static str,
        key: &[u8],
        id: &[u8],
        arguments: &[&[u8]],
        out: &mut impl Commands,
    ) {
        let Some(longest) = self.options.max_length.filter(|_| !self.options.id.is_empty()) else {
            return out.add(name, &[key], arguments);
        };
        let remembered = (u64::from(longest) * REMEMBERED).to_string();
        let first: [&[u8]; 3] = [id, remembered.as_bytes(), name.as_bytes()];
        out.add(ONCE, &[key, &beside(ONCE, key)], &[&first, arguments].concat());
    }

    /// Holds what a key has within its length and its time.
    fn bound(&self, key: &[u8], out: &mut impl Commands) {
        let (name, first, last) = match (&self.options.shape, self.options.max_length) {
            (Shape::List { .. }, Some(longest)) => ("LTRIM", 0, longest as i64 - 1),
            // The lowest come first.
            (Shape::SortedSet { .. }, Some(longest)) => ("ZREMRANGEBYRANK", 0, -1 - longest as i64),
            _ => return self.expire_all(key, out),
        };
        let (first, last) = (first.to_string(), last.to_string());
        out.add(name, &[key], &[first.as_bytes(), last.as_bytes()]);
        self.expire_all(key, out);
    }

    fn expire(&self, key: &[u8], out: &mut impl Commands) {
        if let Some(ttl) = &self.options.ttl {
            out.add("PEXPIRE", &[key], &[ttl.as_bytes()]);
        }
    }

    /// With the key beside it.
    fn expire_all(&self, key: &[u8], out: &mut impl Commands) {
        match &self.options.shape {
            // Not by a row that is passed over.
            Shape::SortedSet { newest: Some(_), .. } => return,
            _ if !self.options.id.is_empty() => self.expire(&beside(ONCE, key), out),
            _ => {}
        }
        self.expire(key, out);
    }
}

/// The key beside another in which a command of ours keeps what it has to know. The braces put
/// both into one slot of a cluster.
fn beside(command: &str, key: &[u8]) -> Vec<u8> {
    let what: &[u8] = if command == ONCE { b"ids" } else { b"newest" };
    [b"pelton:", what, b":{", key, b"}"].concat()
}
