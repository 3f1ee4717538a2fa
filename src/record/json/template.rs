//! Shapes of records seen before: the text between values, and what each value is for.

use std::ops::Range;

use super::convert::Leaf;
use super::output::Output;
use super::parse::Paths;
use super::scan;

/// Bytes that are compared at once.
const BLOCK: usize = size_of::<u128>();

/// How many shapes are kept.
const MAX_TEMPLATES: usize = 8;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Number,
    Bool,
}

#[derive(Debug)]
struct Step {
    /// End of the text before the value, in `Template::text`.
    text_end: usize,
    kind: Kind,
    node: Option<usize>,
}

#[derive(Debug, Default)]
pub struct Template {
    /// Between values; once all is there, a block of zeros stands behind it.
    text: Vec<u8>,
    steps: Vec<Step>,
    text_end: usize,
    /// End of the last value in the record it is learnt from.
    taken: usize,
    hopeless: bool,
    nulls: Vec<usize>,
}

impl Template {
    /// Notes a value that stands at `from..to`.
    pub fn value(&mut self, bytes: &[u8], from: usize, to: usize, kind: Kind, node: Option<usize>) {
        self.text.extend_from_slice(&bytes[self.taken..from]);
        self.steps.push(Step { text_end: self.text.len(), kind, node });
        self.taken = to;
    }

    /// The record cannot serve as a template.
    pub fn give_up(&mut self) {
        self.hopeless = true;
    }

    pub fn finish(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(&bytes[self.taken..]);
        self.text_end = self.text.len();
        self.text.extend_from_slice(&[0; BLOCK]);
    }

    /// Columns for which records of this shape have no value.
    fn note_missing(&mut self, paths: &Paths) {
        self.nulls.clear();
        let given: Vec<usize> = self
            .steps
            .iter()
            .filter_map(|step| step.node)
            .flat_map(|node| paths.nodes[node].columns.iter().copied())
            .collect();
        let all = paths.nodes.iter().flat_map(|node| node.columns.iter().copied());
        self.nulls.extend(all.filter(|column| !given.contains(column)));
    }

    fn apply(
        &self,
        bytes: &[u8],
        len: usize,
        paths: &Paths,
        out: &mut Output,
        wide: bool,
    ) -> Option<()> {
        let mut at = 0;
        let mut text = 0;
        for step in &self.steps {
            if !stands_at(bytes, at, &self.text, text..step.text_end) {
                return None;
            }
            at += step.text_end - text;
            text = step.text_end;
            let from = at;
            let leaf = match step.kind {
                Kind::Text => {
                    at = scan::special(bytes, at, wide);
                    // An escape or control byte fails the comparison with the text that follows.
                    Leaf::Text { raw: &bytes[from..at], escaped: false }
                }
                Kind::Number => {
                    let number = scan::number(bytes, at).ok()?;
                    at = number.end;
                    Leaf::Number { raw: &bytes[from..at], number }
                }
                Kind::Bool => {
                    let value = bytes[from..].starts_with(b"true");
                    if !value && !bytes[from..].starts_with(b"false") {
                        return None;
                    }
                    at += if value { 4 } else { 5 };
                    Leaf::Bool(value)
                }
            };
            if at > len {
                return None;
            }
            if let Some(node) = step.node {
                for &column in &paths.nodes[node].columns {
                    out.put(column, leaf, from).ok()?;
                    if !out.is_set(column) {
                        return None;
                    }
                }
            }
        }
        let rest = text..self.text_end;
        if at + rest.len() != len || !stands_at(bytes, at, &self.text, rest) {
            return None;
        }
        self.nulls.iter().for_each(|&column| out.put_missing(column));
        Some(())
    }
}

/// Whether `text[part]` stands in `bytes` at `at`. By blocks of fixed width: a call of `memcmp` for
/// a few bytes costs more than they do.
#[inline]
fn stands_at(bytes: &[u8], mut at: usize, text: &[u8], part: Range<usize>) -> bool {
    let mut from = part.start;
    while from < part.end {
        let there = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>);
        let (Some(there), Some(wanted)) = (there, text[from..].first_chunk::<BLOCK>()) else {
            return bytes.get(at..).is_some_and(|bytes| bytes.starts_with(&text[from..part.end]));
        };
        let differs = u128::from_le_bytes(*there) ^ u128::from_le_bytes(*wanted);
        if (differs.trailing_zeros() as usize / 8) < (part.end - from).min(BLOCK) {
            return false;
        }
        at += BLOCK;
        from += BLOCK;
    }
    true
}

#[derive(Default)]
pub struct Templates {
    known: Vec<Template>,
    last: usize,
    next: usize,
}

impl Templates {
    /// Whether a known shape fits; the output's row is then complete.
    pub fn apply(
        &mut self,
        bytes: &[u8],
        len: usize,
        paths: &Paths,
        out: &mut Output,
        wide: bool,
    ) -> bool {
        for i in 0..self.known.len() {
            let at = (self.last + i) % self.known.len();
            if self.known[at].apply(bytes, len, paths, out, wide).is_some() {
                self.last = at;
                return true;
            }
        }
        false
    }

    /// Keeps a new shape, in place of the oldest one when there are enough.
    pub fn learn(&mut self, mut template: Template, paths: &Paths) {
        if template.hopeless
            || self.known.iter().any(|known| {
                known.text == template.text && known.steps.len() == template.steps.len()
            })
        {
            return;
        }
        template.note_missing(paths);
        if self.known.len() < MAX_TEMPLATES {
            self.last = self.known.len();
            self.known.push(template);
        } else {
            self.next = (self.next + 1) % MAX_TEMPLATES;
            self.last = self.next;
            self.known[self.next] = template;
        }
    }
}
