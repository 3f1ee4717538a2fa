//! `(SELECT …) MATCH_RECOGNIZE (…)`: the parser's library reads the clause behind a name only, so
//! the subquery gets one, in front of the query.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::fault::{Fault, Result};
use super::tokens::{closing, is_word};

/// The query with each such subquery in its WITH clause.
pub fn patterns_over_subqueries(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut number = 0;
    while let Some((open, close, end)) = find(&tokens)? {
        let span = tokens[open].span;
        let token = |token: Token| TokenWithSpan::new(token, span);
        let name = token(Token::make_word(&format!("\u{1}sub{number}"), Some('`')));
        number += 1;
        let subquery: Vec<TokenWithSpan> = tokens.splice(open..end, [name.clone()]).collect();
        let mut named = vec![name, token(Token::make_keyword("AS"))];
        named.extend_from_slice(&subquery[..=close - open]);
        match tokens.first().is_some_and(|first| is_word(first, "WITH")) {
            true => {
                let at = end_of_with(&tokens)?;
                named.insert(0, token(Token::Comma));
                tokens.splice(at..at, named);
            }
            false => {
                named.insert(0, token(Token::make_keyword("WITH")));
                tokens.splice(0..0, named);
            }
        }
    }
    Ok(tokens)
}

/// The parentheses of the first such subquery, and where MATCH_RECOGNIZE stands.
fn find(tokens: &[TokenWithSpan]) -> Result<Option<(usize, usize, usize)>> {
    for (open, token) in tokens.iter().enumerate() {
        let selects = tokens.get(open + 1).is_some_and(|next| is_word(next, "SELECT"));
        if token.token != Token::LParen || !selects {
            continue;
        }
        let close = closing(tokens, open)?;
        let word = |at: usize| tokens.get(at).is_some_and(|at| is_word(at, "MATCH_RECOGNIZE"));
        // With or without an alias in between.
        let aliased = tokens.get(close + 1).is_some_and(|next| is_word(next, "AS"));
        let end = [close + 1, close + 2, close + 3].into_iter().find(|&at| word(at));
        if let Some(end) = end.filter(|&end| end < close + 3 || aliased) {
            return Ok(Some((open, close, end)));
        }
    }
    Ok(None)
}

/// Behind the last of the queries that WITH names.
fn end_of_with(tokens: &[TokenWithSpan]) -> Result<usize> {
    let mut at = 0;
    loop {
        let open = (at..tokens.len()).find(|&index| {
            tokens[index].token == Token::LParen && is_word(&tokens[index.max(1) - 1], "AS")
        });
        let Some(open) = open else {
            return Err(Fault::new(tokens[0].span, "WITH needs name AS (SELECT …)"));
        };
        at = closing(tokens, open)? + 1;
        if tokens.get(at).is_none_or(|next| next.token != Token::Comma) {
            return Ok(at);
        }
    }
}
