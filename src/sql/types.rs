//! Reads column types from tokens: the parser's library has no `ROW<…>`.

use std::sync::Arc;

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::fault::{Fault, Result};
use crate::decimal::{DecimalType, PRECISION_MAX};
use crate::error::nearest;
use crate::record::{DataType, Field};

/// A place in a statement's tokens.
pub struct Cursor<'a> {
    pub tokens: &'a [TokenWithSpan],
    pub at: usize,
    /// Half of a `>>` has been taken.
    half_shift: bool,
}

const NAMES: [&str; 24] = [
    "STRING",
    "VARCHAR",
    "CHAR",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "NUMERIC",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "BYTES",
    "BINARY",
    "VARBINARY",
    "ROW",
    "MAP",
    "ARRAY",
    "MULTISET",
];

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [TokenWithSpan]) -> Self {
        Self { tokens, at: 0, half_shift: false }
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|token| &token.token)
    }

    /// The place of the next token, or of the last one at the end.
    pub fn span(&self) -> Span {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or(Span::empty(), |token| token.span)
    }

    pub fn word(&mut self, word: &str) -> bool {
        let found =
            self.tokens.get(self.at).is_some_and(|token| super::tokens::is_word(token, word));
        self.at += usize::from(found);
        found
    }

    /// All of these words, or none is taken.
    pub fn words(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.word(word));
        if !all {
            self.at = start;
        }
        all
    }

    pub fn token(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub fn expect_token(&mut self, token: &Token) -> Result<()> {
        match self.token(token) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{token}`"))),
        }
    }

    pub fn expect_word(&mut self, word: &str) -> Result<()> {
        match self.word(word) {
            true => Ok(()),
            false => Err(self.unexpected(word)),
        }
    }

    pub fn unexpected(&self, wanted: &str) -> Fault {
        let found =
            self.peek().map_or("the end of the statement".into(), |token| format!("`{token}`"));
        Fault::new(self.span(), format!("expected {wanted}, found {found}"))
    }

    pub fn identifier(&mut self, what: &str) -> Result<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.value.clone())
            }
            _ => Err(self.unexpected(what)),
        }
    }

    pub fn string(&mut self, what: &str) -> Result<String> {
        match self.peek() {
            Some(Token::SingleQuotedString(text)) => {
                self.at += 1;
                Ok(text.clone())
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// A type; `NOT NULL` behind it is left to the caller.
    pub fn data_type(&mut self) -> Result<DataType> {
        let span = self.span();
        let name = self.identifier("a type")?.to_ascii_uppercase();
        Ok(match name.as_str() {
            "STRING" => DataType::STRING,
            "VARCHAR" | "CHAR" => DataType::String { max: self.length()?.map(|n| n as u32) },
            "BOOLEAN" => DataType::Boolean,
            "TINYINT" => DataType::TinyInt,
            "SMALLINT" => DataType::SmallInt,
            "INT" | "INTEGER" => DataType::Int,
            "BIGINT" => DataType::BigInt,
            "FLOAT" => DataType::Float,
            "DOUBLE" => {
                self.word("PRECISION");
                DataType::Double
            }
            "DATE" => DataType::Date,
            "TIME" => {
                self.length()?;
                DataType::Time
            }
            "TIMESTAMP" | "TIMESTAMP_LTZ" => self.timestamp(&name, span)?,
            "ROW" => self.row()?,
            "MAP" => {
                self.open_angle()?;
                let key = self.data_type()?;
                self.words(&["NOT", "NULL"]);
                self.expect_token(&Token::Comma)?;
                let value = self.data_type()?;
                self.words(&["NOT", "NULL"]);
                self.close_angle()?;
                DataType::Map(key.into(), value.into())
            }
            "ARRAY" => DataType::Array(self.element()?),
            "MULTISET" => DataType::Multiset(self.element()?),
            "DECIMAL" | "NUMERIC" | "DEC" => DataType::Decimal(self.decimal(span)?),
            "BYTES" => DataType::BYTES,
            "VARBINARY" => DataType::Bytes { max: self.bytes(span)? },
            "BINARY" => DataType::Binary { length: self.bytes(span)?.unwrap_or(1) },
            _ => {
                let fault = Fault::new(span, format!("there is no type {name}"));
                return Err(match nearest(&name, NAMES) {
                    Some(meant) => fault.help(format!("did you mean {meant}?")),
                    None => fault,
                });
            }
        })
    }

    /// `(precision[, scale])`, or nothing.
    fn decimal(&mut self, span: Span) -> Result<DecimalType> {
        if !self.token(&Token::LParen) {
            return Ok(DecimalType::DEFAULT);
        }
        let precision = self.whole_number()?;
        let scale = if self.token(&Token::Comma) { self.whole_number()? } else { 0 };
        self.expect_token(&Token::RParen)?;
        if !(1..=u64::from(PRECISION_MAX)).contains(&precision) {
            let message = "Decimal precision must be between 1 and 38 (both inclusive).";
            return Err(Fault::new(span, message));
        }
        if scale > precision {
            let message = format!(
                "Decimal scale must be between 0 and the precision {precision} (both inclusive)."
            );
            return Err(Fault::new(span, message));
        }
        Ok(DecimalType::new(precision as u8, scale as u8))
    }

    /// The length of a type of bytes.
    fn bytes(&mut self, span: Span) -> Result<Option<u32>> {
        let Some(length) = self.length()? else { return Ok(None) };
        match u32::try_from(length) {
            Ok(length) if (1..=i32::MAX as u32).contains(&length) => Ok(Some(length)),
            _ => Err(Fault::new(span, "a length is between 1 and 2147483647 bytes")),
        }
    }

    fn timestamp(&mut self, name: &str, span: Span) -> Result<DataType> {
        let precision = self.length()?.unwrap_or(6).min(9) as u8;
        let local = self.words(&["WITH", "LOCAL", "TIME", "ZONE"]);
        if self.words(&["WITH", "TIME", "ZONE"]) {
            let instead = "write TIMESTAMP_LTZ(3), or WITH LOCAL TIME ZONE";
            return Err(Fault::unsupported(span, "TIMESTAMP WITH TIME ZONE", instead));
        }
        self.words(&["WITHOUT", "TIME", "ZONE"]);
        Ok(match local || name == "TIMESTAMP_LTZ" {
            true => DataType::TimestampLtz { precision },
            false => DataType::Timestamp { precision },
        })
    }

    fn row(&mut self) -> Result<DataType> {
        self.open_angle()?;
        let mut fields = Vec::new();
        loop {
            let name = self.identifier("a field's name")?;
            let data_type = self.data_type()?;
            let nullable = !self.words(&["NOT", "NULL"]);
            fields.push(Field { name: name.into(), data_type, nullable });
            if !self.token(&Token::Comma) {
                break;
            }
        }
        self.close_angle()?;
        Ok(DataType::Row(fields.into()))
    }

    /// `<type>`.
    fn element(&mut self) -> Result<Arc<DataType>> {
        self.open_angle()?;
        let element = self.data_type()?;
        self.words(&["NOT", "NULL"]);
        self.close_angle()?;
        Ok(element.into())
    }

    fn length(&mut self) -> Result<Option<u64>> {
        if !self.token(&Token::LParen) {
            return Ok(None);
        }
        let length = self.whole_number()?;
        self.expect_token(&Token::RParen)?;
        Ok(Some(length))
    }

    fn whole_number(&mut self) -> Result<u64> {
        let Some(Token::Number(digits, _)) = self.peek() else {
            return Err(self.unexpected("a number"));
        };
        let number = digits.parse().map_err(|_| self.unexpected("a number"))?;
        self.at += 1;
        Ok(number)
    }

    fn open_angle(&mut self) -> Result<()> {
        self.expect_token(&Token::Lt)
    }

    /// `>`; of a `>>` first one half, then the other.
    fn close_angle(&mut self) -> Result<()> {
        if self.peek() == Some(&Token::ShiftRight) {
            self.at += usize::from(self.half_shift);
            self.half_shift = !self.half_shift;
            return Ok(());
        }
        self.expect_token(&Token::Gt)
    }
}
