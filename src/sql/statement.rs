//! What kind of statement it is, and its parts.

use std::ops::ControlFlow;

use sqlparser::ast::{self, AccessExpr, Expr as Ast};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use super::fault::{Fault, Result};
use super::hoist::patterns_over_subqueries;
use super::table::{self, Declaration};
use super::tokens::{self, Flink, prepare};
use super::types::Cursor;

pub enum Parsed {
    Table(Box<Declaration>),
    View {
        name: String,
        columns: Vec<String>,
        query: Box<ast::Query>,
    },
    Insert {
        table: String,
        table_span: Span,
        columns: Vec<(String, Span)>,
        query: Box<ast::Query>,
    },
    Select(Box<ast::Query>),
    /// Key, value, and the key's place.
    Set(String, String, Span),
    /// `END` of a statement set.
    Nothing,
}

/// Reads one statement. `EXPLAIN` and `EXECUTE STATEMENT SET BEGIN` before it are passed over:
/// the job is one set of statements anyway.
pub fn parse(statement: &tokens::Statement) -> Result<Parsed> {
    let mut cursor = Cursor::new(&statement.tokens);
    cursor.words(&["EXECUTE", "STATEMENT", "SET"]);
    if cursor.word("BEGIN") && cursor.peek().is_none() {
        return Ok(Parsed::Nothing);
    }
    cursor.word("EXECUTE");
    cursor.word("EXPLAIN");
    let span = cursor.span();
    if cursor.word("END") {
        return Ok(Parsed::Nothing);
    }
    if cursor.word("SET") {
        let key_span = cursor.span();
        let key = cursor.string("a key in quotes")?;
        cursor.expect_token(&Token::Eq)?;
        return Ok(Parsed::Set(key, cursor.string("a value in quotes")?, key_span));
    }
    if cursor.word("CREATE") {
        return create(&mut cursor);
    }
    if cursor.words(&["INSERT", "INTO"]) {
        return insert(&mut cursor);
    }
    if ["SELECT", "WITH", "VALUES"].iter().any(|word| starts_with(&cursor, word)) {
        return Ok(Parsed::Select(query(&statement.tokens[cursor.at..], span)?));
    }
    let found = statement.tokens[0].token.to_string();
    Err(Fault::new(span, format!("`{found}` does not begin a statement that is known here")).help(
        "there are CREATE TABLE, CREATE VIEW, INSERT INTO, EXECUTE STATEMENT SET, SET, EXPLAIN and SELECT",
    ))
}

fn starts_with(cursor: &Cursor<'_>, word: &str) -> bool {
    cursor.tokens.get(cursor.at).is_some_and(|token| tokens::is_word(token, word))
}

fn create(cursor: &mut Cursor<'_>) -> Result<Parsed> {
    cursor.word("TEMPORARY");
    if cursor.word("TABLE") {
        return table::parse(cursor).map(|table| Parsed::Table(Box::new(table)));
    }
    if !cursor.word("VIEW") {
        return Err(cursor.unexpected("TABLE or VIEW"));
    }
    cursor.words(&["IF", "NOT", "EXISTS"]);
    let name = cursor.identifier("a view's name")?;
    let columns = names(cursor)?.into_iter().map(|(name, _)| name).collect();
    cursor.expect_word("AS")?;
    let query = query(&cursor.tokens[cursor.at..], cursor.span())?;
    Ok(Parsed::View { name, columns, query })
}

fn insert(cursor: &mut Cursor<'_>) -> Result<Parsed> {
    let table_span = cursor.span();
    let table = cursor.identifier("a table's name")?;
    let columns = names(cursor)?;
    let query = query(&cursor.tokens[cursor.at..], cursor.span())?;
    Ok(Parsed::Insert { table, table_span, columns, query })
}

/// `(a, b, …)` or nothing.
fn names(cursor: &mut Cursor<'_>) -> Result<Vec<(String, Span)>> {
    let mut names = Vec::new();
    let begins_query = |token: &TokenWithSpan| {
        token.token == Token::LParen
            || ["SELECT", "WITH", "VALUES"].iter().any(|word| tokens::is_word(token, word))
    };
    if cursor.tokens.get(cursor.at + 1).is_some_and(begins_query) {
        return Ok(names);
    }
    if cursor.token(&Token::LParen) {
        loop {
            let span = cursor.span();
            names.push((cursor.identifier("a column")?, span));
            if !cursor.token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)?;
    }
    Ok(names)
}

fn query(tokens: &[TokenWithSpan], span: Span) -> Result<Box<ast::Query>> {
    let tokens = prepare(patterns_over_subqueries(tokens.to_vec())?)?;
    let mut parser = Parser::new(&Flink).with_tokens_with_locations(tokens);
    let mut query = parser.parse_query().map_err(|error| parser_fault(&error, span))?;
    settle_names(&mut query);
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(query),
        token => Err(Fault::new(next.span, format!("`{token}` does not fit here"))
            .help("a statement ends with `;`")),
    }
}

/// Of `t.m['k'].f` the parser's library makes steps from `t` on. Those before the first `[…]` become
/// one name again, and those behind it texts, so that nothing takes them for columns.
pub fn settle_names<T: ast::VisitMut>(tree: &mut T) {
    let _ = ast::visit_expressions_mut(tree, |expr: &mut Ast| {
        let Ast::CompoundFieldAccess { root, access_chain } = expr else {
            return ControlFlow::<()>::Continue(());
        };
        let field = |step: &AccessExpr| match step {
            AccessExpr::Dot(Ast::Identifier(name)) => Some(name.clone()),
            _ => None,
        };
        let leading: Vec<ast::Ident> = access_chain.iter().map_while(field).collect();
        if let Ast::Identifier(name) = &**root
            && !leading.is_empty()
        {
            access_chain.drain(..leading.len());
            let name = std::iter::once(name.clone());
            **root = Ast::CompoundIdentifier(name.chain(leading).collect());
        }
        for step in access_chain {
            if let Some(name) = field(step) {
                let text = ast::Value::SingleQuotedString(name.value);
                *step = AccessExpr::Dot(Ast::Value(text.with_span(name.span)));
            }
        }
        ControlFlow::Continue(())
    });
}

/// The parser's library puts the place of an error into its text.
pub fn parser_fault(error: &ParserError, span: Span) -> Fault {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply".into(),
    };
    let Some((message, place)) = text.split_once(" at Line: ") else {
        return Fault::new(span, text);
    };
    let mut numbers = place.split(", Column: ").map(|number| number.trim().parse().unwrap_or(0));
    let start = Location { line: numbers.next().unwrap_or(0), column: numbers.next().unwrap_or(0) };
    Fault::new(Span::new(start, start), message).at_least(span)
}
