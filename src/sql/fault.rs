//! Faults of a statement while it is being read: where, what, and what to write instead.

use sqlparser::tokenizer::{Location, Span};

use crate::error::SqlError;

/// A fault at a place of the job's text.
#[derive(Clone, Debug)]
pub struct Fault {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A construct of the language that this release does not run.
    pub fn unsupported(span: Span, what: &str, instead: &str) -> Self {
        Self::new(span, format!("{what} is not supported yet")).help(instead)
    }

    /// Where the parser's library gives no place, the statement's own is taken.
    pub fn at_least(mut self, place: Span) -> Self {
        if self.span.start.line == 0 {
            self.span = place;
        }
        self
    }

    pub fn locate(self, file: &str, text: &str) -> SqlError {
        let start = match self.span.start.line {
            0 => Location { line: 1, column: 1 },
            _ => self.span.start,
        };
        let source = text.lines().nth(start.line as usize - 1).unwrap_or_default();
        let column = (start.column as usize).max(1);
        let rest = source.chars().count().saturating_sub(column - 1).max(1);
        let width = match self.span.end.line == start.line && self.span.end.column > start.column {
            true => (self.span.end.column - start.column) as usize,
            false => rest,
        };
        SqlError {
            file: file.to_owned(),
            line: start.line as usize,
            column,
            width: width.min(rest),
            source: source.to_owned(),
            message: self.message,
            help: self.help,
        }
    }
}

/// Makes a fault of a message that has no place of its own.
pub trait At<T> {
    fn at(self, span: Span) -> Result<T>;
}

impl<T> At<T> for std::result::Result<T, String> {
    fn at(self, span: Span) -> Result<T> {
        self.map_err(|message| Fault::new(span, message))
    }
}
