//! Text with columns in it, e.g. `{"text": "{message}"}`.
//!
//! `{name}` is a column; any other brace is itself, as a JSON template is full of them, and `{{`
//! is one before a name that is none. No value can break out of the place that it is put in.

use super::rows::Rows;
use crate::record::Batch;

pub struct Template {
    parts: Vec<Part>,
}

enum Part {
    Literal(String),
    /// A column's text as it is.
    Text(usize),
    /// A column's text within the quotes of a JSON string.
    Quoted(usize),
    /// A column as a JSON value.
    Value(usize),
}

enum Piece<'a> {
    Literal(String),
    Name(&'a str),
}

impl Template {
    /// Text of no syntax.
    pub fn plain(source: &str, rows: &Rows) -> Result<Self, String> {
        let part = |piece| match piece {
            Piece::Literal(text) => Ok(Part::Literal(text)),
            Piece::Name(name) => rows.column(name).map(Part::Text),
        };
        Ok(Self { parts: pieces(source).into_iter().map(part).collect::<Result<_, _>>()? })
    }

    /// JSON: within quotes a column is escaped text, elsewhere a value.
    pub fn json(source: &str, rows: &Rows) -> Result<Self, String> {
        let (mut parts, mut sample, mut quotes) = (Vec::new(), String::new(), Quotes::default());
        for piece in pieces(source) {
            match piece {
                Piece::Literal(text) => {
                    quotes.read(&text);
                    sample.push_str(&text);
                    parts.push(Part::Literal(text));
                }
                Piece::Name(name) if quotes.open => parts.push(Part::Quoted(rows.column(name)?)),
                Piece::Name(name) => {
                    sample.push_str("null");
                    parts.push(Part::Value(rows.column(name)?));
                }
            }
        }
        match serde_json::from_str::<serde::de::IgnoredAny>(&sample) {
            Ok(_) => Ok(Self { parts }),
            Err(error) => Err(format!("is not JSON: {error}")),
        }
    }

    pub fn render(&self, rows: &Rows, batch: &Batch, row: usize) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Text(column) => {
                    out.push_str(&rows.text(batch, row, *column).unwrap_or_default());
                }
                Part::Quoted(column) => {
                    let text = rows.text(batch, row, *column).unwrap_or_default();
                    let quoted = serde_json::Value::from(text).to_string();
                    out.push_str(&quoted[1..quoted.len() - 1]);
                }
                Part::Value(column) => out.push_str(&rows.json(batch, row, *column)),
            }
        }
        out
    }
}

/// Whether the text so far ends within a JSON string.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' => self.escaped = self.open,
                '"' => self.open = !self.open,
                _ => {}
            }
        }
    }
}

fn pieces(source: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), source);
    while let Some(at) = rest.find('{') {
        literal.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let end = tail.find(ends_name).unwrap_or(tail.len());
        if end > 0 && tail[end..].starts_with('}') {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Name(&tail[..end]));
            rest = &tail[end + 1..];
        } else {
            literal.push('{');
            rest = tail.strip_prefix('{').unwrap_or(tail);
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

fn ends_name(c: char) -> bool {
    c.is_whitespace() || matches!(c, '{' | '}' | '"' | '\'' | ',' | ':' | '[' | ']')
}
