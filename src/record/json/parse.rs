//! Reading a record token by token, whatever its shape.

use std::sync::Arc;

use super::JsonField;
use super::convert::Leaf;
use super::output::Output;
use super::scan::{self, Broken};
use super::template::{Kind, Template};

/// Objects and arrays within each other; deeper records are refused before they cost a stack.
const MAX_DEPTH: usize = 128;

/// Why a record gives no row.
pub enum Failure {
    /// It is not a JSON object.
    Broken(Broken),
    /// It is, but a value is missing or does not fit its column.
    Field(Arc<str>),
}

impl From<Broken> for Failure {
    fn from(reason: Broken) -> Self {
        Self::Broken(reason)
    }
}

/// One key on the way to a value.
#[derive(Default)]
pub struct Node {
    children: Vec<(Arc<str>, usize)>,
    /// Columns that take the value found here.
    pub columns: Vec<usize>,
    /// These and the columns below.
    all: Vec<usize>,
}

/// The paths to read, as a tree; node 0 is the record itself.
pub struct Paths {
    pub nodes: Vec<Node>,
}

impl Paths {
    pub fn new(fields: &[JsonField]) -> Self {
        let mut nodes = vec![Node::default()];
        for (column, field) in fields.iter().enumerate() {
            let mut at = 0;
            for key in &field.path {
                let known = nodes[at].children.iter().find(|(name, _)| name == key);
                at = match known {
                    Some(&(_, next)) => next,
                    None => {
                        let next = nodes.len();
                        nodes[at].children.push((key.clone(), next));
                        nodes.push(Node::default());
                        next
                    }
                };
                nodes[at].all.push(column);
            }
            nodes[at].columns.push(column);
        }
        Self { nodes }
    }

    fn child(&self, node: usize, key: &[u8]) -> Option<usize> {
        let found = self.nodes[node].children.iter().find(|(name, _)| name.as_bytes() == key);
        found.map(|&(_, next)| next)
    }
}

struct Reader<'a, 'b> {
    bytes: &'a [u8],
    at: usize,
    wide: bool,
    paths: &'b Paths,
    out: &'b mut Output,
    learnt: &'b mut Template,
    /// Columns whose value does not fit; told only once the whole record is known to be JSON.
    failures: Vec<(usize, Failure)>,
    /// Nodes whose key has come in this record.
    seen: Vec<usize>,
}

/// Reads one record into the output's current row and notes its shape.
pub fn record(
    bytes: &[u8],
    paths: &Paths,
    out: &mut Output,
    learnt: &mut Template,
    wide: bool,
) -> Result<(), Failure> {
    let (failures, seen) = (Vec::new(), Vec::new());
    let mut reader = Reader { bytes, at: 0, wide, paths, out, learnt, failures, seen };
    reader.space();
    if reader.peek() != Some(b'{') {
        return Err(Failure::Broken("not an object"));
    }
    reader.value(Some(0), 0)?;
    reader.space();
    if reader.at != bytes.len() {
        return Err(Failure::Broken("more text behind the object"));
    }
    reader.learnt.finish(bytes);
    reader.failures.into_iter().next().map_or(Ok(()), |(_, failure)| Err(failure))
}

impl<'a> Reader<'a, '_> {
    fn space(&mut self) {
        self.at = scan::skip_space(self.bytes, self.at);
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn put(&mut self, node: Option<usize>, leaf: Leaf<'a>, from: usize) {
        let Some(node) = node else { return };
        for &column in &self.paths.nodes[node].columns {
            if let Err(failure) = self.out.put(column, leaf, from) {
                self.failures.push((column, failure));
            }
        }
    }

    fn value(&mut self, node: Option<usize>, depth: usize) -> Result<(), Broken> {
        self.space();
        let from = self.at;
        match self.peek() {
            Some(b'"') => self.string(node),
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err("nested too deep"),
            Some(open @ (b'{' | b'[')) => {
                if open == b'{' {
                    self.object(node, depth + 1)?;
                } else {
                    self.array(depth + 1)?;
                }
                if node.is_some_and(|node| !self.paths.nodes[node].columns.is_empty()) {
                    self.learnt.give_up();
                    self.put(node, Leaf::Nested(&self.bytes[from..self.at]), from);
                }
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = scan::number(self.bytes, from)?;
                self.at = number.end;
                self.learnt.value(self.bytes, from, self.at, Kind::Number, node);
                let raw = &self.bytes[from..self.at];
                self.put(node, Leaf::Number { raw, number }, from);
                Ok(())
            }
            _ => self.word(node),
        }
    }

    fn string(&mut self, node: Option<usize>) -> Result<(), Broken> {
        let from = self.at + 1;
        let (end, escaped) = scan::string_end(self.bytes, from, self.wide)?;
        self.at = end + 1;
        self.learnt.value(self.bytes, from, end, Kind::Text, node);
        self.put(node, Leaf::Text { raw: &self.bytes[from..end], escaped }, from);
        Ok(())
    }

    fn word(&mut self, node: Option<usize>) -> Result<(), Broken> {
        let from = self.at;
        let (leaf, len) = match &self.bytes[from..] {
            [b't', b'r', b'u', b'e', ..] => (Some(Leaf::Bool(true)), 4),
            [b'f', b'a', b'l', b's', b'e', ..] => (Some(Leaf::Bool(false)), 5),
            [b'n', b'u', b'l', b'l', ..] => (None, 4),
            _ => return Err("a value is expected"),
        };
        self.at += len;
        match leaf {
            Some(leaf) => {
                self.learnt.value(self.bytes, from, self.at, Kind::Bool, node);
                self.put(node, leaf, from);
            }
            None => {
                // `null` stays part of the text between values: its columns get no value.
                for &column in node.iter().flat_map(|&node| &self.paths.nodes[node].columns) {
                    self.out.set_null(column);
                }
            }
        }
        Ok(())
    }

    fn key(&mut self, node: Option<usize>) -> Result<Option<usize>, Broken> {
        if self.peek() != Some(b'"') {
            return Err("a key is expected");
        }
        let from = self.at + 1;
        let (end, escaped) = scan::string_end(self.bytes, from, self.wide)?;
        self.at = end + 1;
        self.space();
        if self.peek() != Some(b':') {
            return Err("a colon is expected");
        }
        self.at += 1;
        let raw = &self.bytes[from..end];
        let Some(node) = node else { return Ok(None) };
        let child = if escaped {
            let mut text = Vec::new();
            scan::unescape(raw, &mut text);
            self.paths.child(node, &text)
        } else {
            self.paths.child(node, raw)
        };
        if let Some(child) = child {
            if self.seen.contains(&child) {
                // The last of equal keys counts, so the first one's values are forgotten.
                self.learnt.give_up();
                let forgotten = &self.paths.nodes[child].all;
                forgotten.iter().for_each(|&column| self.out.unset(column));
                self.failures.retain(|(column, _)| !forgotten.contains(column));
            } else {
                self.seen.push(child);
            }
        }
        Ok(child)
    }

    fn object(&mut self, node: Option<usize>, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let child = self.key(node)?;
            self.value(child, depth)?;
            self.space();
            self.at += 1;
            match self.bytes.get(self.at - 1) {
                Some(b',') => {}
                Some(b'}') => return Ok(()),
                _ => return Err("a comma or the end of the object is expected"),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Broken> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(None, depth)?;
            self.space();
            self.at += 1;
            match self.bytes.get(self.at - 1) {
                Some(b',') => {}
                Some(b']') => return Ok(()),
                _ => return Err("a comma or the end of the array is expected"),
            }
        }
    }
}
