//! The job's text as tokens: split into statements, variables filled in, and what the parser's
//! library cannot read rewritten into what it can, each token keeping its place.

use sqlparser::ast::{BinaryOperator, Expr, Interval, UnaryOperator};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::fault::{Fault, Result};
use super::json_clauses::json_clauses;

/// Flink's lexical rules: identifiers in back quotes, strings in single ones without escapes.
#[derive(Debug)]
pub struct Flink;

impl Dialect for Flink {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_' || ch == '$'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_map_literal_with_angle_brackets(&self) -> bool {
        true
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_comment_optimizer_hint(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        true
    }

    /// The unit behind `(a - b)` belongs to it.
    fn get_next_precedence(&self, parser: &Parser) -> Option<std::result::Result<u8, ParserError>> {
        let behind = parser.get_current_token().token == Token::RParen;
        (behind && is_unit(parser)).then(|| Ok(self.prec_value(Precedence::DoubleColon)))
    }

    /// `(a - b) DAY TO SECOND`, which becomes an interval whose value is the difference.
    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<std::result::Result<Expr, ParserError>> {
        if let Some(between) = symmetric(parser, expr, self.prec_value(Precedence::Between)) {
            return Some(between);
        }
        is_unit(parser).then(|| {
            let is_minus =
                |inner: &Expr| matches!(inner, Expr::BinaryOp { op: BinaryOperator::Minus, .. });
            if !matches!(expr, Expr::Nested(inner) if is_minus(inner)) {
                return parser.expected("an operator", parser.peek_token());
            }
            let leading_field = Some(parser.parse_date_time_field()?);
            let last_field = match parser.parse_keyword(Keyword::TO) {
                true => Some(parser.parse_date_time_field()?),
                false => None,
            };
            let value = Box::new(expr.clone());
            Ok(Expr::Interval(Interval {
                value,
                leading_field,
                leading_precision: None,
                last_field,
                fractional_seconds_precision: None,
            }))
        })
    }
}

/// `[NOT] BETWEEN SYMMETRIC a AND b`, where either may be the smaller one, and ASYMMETRIC, which is
/// the usual.
fn symmetric(
    parser: &mut Parser,
    expr: &Expr,
    precedence: u8,
) -> Option<std::result::Result<Expr, ParserError>> {
    let next = parser.peek_tokens_with_location::<3>();
    let negated = is_word(&next[0], "NOT");
    let [between, kind] = [0, 1].map(|at| &next[at + usize::from(negated)]);
    let symmetric = is_word(kind, "SYMMETRIC");
    if !is_word(between, "BETWEEN") || !(symmetric || is_word(kind, "ASYMMETRIC")) {
        return None;
    }
    (0..2 + usize::from(negated)).for_each(|_| parser.advance_token());
    let mut bounds = || {
        let low = parser.parse_subexpr(precedence)?;
        parser.expect_keyword(Keyword::AND)?;
        Ok((low, parser.parse_subexpr(precedence)?))
    };
    Some(bounds().map(|(low, high)| {
        let within = |low: &Expr, high: &Expr| Expr::Between {
            expr: Box::new(expr.clone()),
            negated: negated && !symmetric,
            low: Box::new(low.clone()),
            high: Box::new(high.clone()),
        };
        if !symmetric {
            return within(&low, &high);
        }
        let either = Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(within(&low, &high)),
            op: BinaryOperator::Or,
            right: Box::new(within(&high, &low)),
        }));
        match negated {
            true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(either) },
            false => either,
        }
    }))
}

fn is_unit(parser: &Parser) -> bool {
    use Keyword::{DAY, HOUR, MINUTE, MONTH, SECOND, YEAR};
    let next = &parser.peek_token_ref().token;
    matches!(next, Token::Word(word) if matches!(word.keyword, DAY | HOUR | MINUTE | MONTH | SECOND | YEAR))
}

/// The tokens of one statement, blanks and comments left out.
#[derive(Clone, Debug)]
pub struct Statement {
    pub tokens: Vec<TokenWithSpan>,
}

impl Statement {
    pub fn span(&self) -> Span {
        self.tokens.first().map_or(Span::empty(), |token| token.span)
    }
}

/// Splits a file at `;`. `fill` gives the text of each string literal with its variables replaced;
/// where it fails, that is reported beside the statements.
pub fn statements(
    text: &str,
    fill: &dyn Fn(&str) -> std::result::Result<String, String>,
    faults: &mut Vec<Fault>,
) -> Vec<Statement> {
    let tokens = match Tokenizer::new(&Flink, text).with_unescape(true).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => {
            let span = Span::new(error.location, error.location);
            faults.push(Fault::new(span, error.message));
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    let mut current = Vec::new();
    for mut token in tokens {
        match &mut token.token {
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.starts_with('+') => {
                let behind_select = current.last().is_some_and(|last| is_word(last, "SELECT"));
                if behind_select {
                    current.push(token);
                } else {
                    let fault = Fault::new(token.span, "a hint stands behind SELECT");
                    faults.push(fault.help("options of a table go into its WITH (…)"));
                }
                continue;
            }
            Token::Whitespace(_) | Token::EOF => continue,
            Token::SemiColon => {
                all.push(Statement { tokens: std::mem::take(&mut current) });
                continue;
            }
            Token::SingleQuotedString(literal) => match fill(literal) {
                Ok(filled) => *literal = filled,
                Err(message) => faults.push(Fault::new(token.span, message)),
            },
            _ => {}
        }
        current.push(token);
    }
    all.push(Statement { tokens: current });
    all.retain(|statement| !statement.tokens.is_empty());
    all.retain(|statement| {
        let fault = long_chain(&statement.tokens);
        let is_short = fault.is_none();
        faults.extend(fault);
        is_short
    });
    all
}

/// Operators in a row, as in `a OR b OR …`, or queries and tables: each is a level of the tree that is
/// made of them, and of the stack that is needed to walk it. The parser's library bounds parentheses
/// alone.
const CHAIN_MAX: usize = 1_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Within an expression.
    Operator,
    /// Between queries, or tables.
    Set,
    /// An expression begins.
    Break,
    /// What stands until its end is a part of one operand.
    Open,
    Close,
}

fn long_chain(tokens: &[TokenWithSpan]) -> Option<Fault> {
    // Operators and sets of each part that is open.
    let mut open = vec![[0, 0]];
    for token in tokens {
        let depth = open.len() - 1;
        let [operators, sets] = &mut open[depth];
        match link(token) {
            Some(Link::Operator) => *operators += 1,
            Some(Link::Set) => (*operators, *sets) = (0, *sets + 1),
            Some(Link::Break) => *operators = 0,
            Some(Link::Open) => {
                // As of a[1][1]….
                *operators += usize::from(token.token == Token::LBracket);
                open.push([0, 0]);
            }
            Some(Link::Close) if depth > 0 => drop(open.pop()),
            Some(Link::Close) | None => {}
        }
        if open[open.len() - 1].iter().any(|length| *length > CHAIN_MAX) {
            let message = format!("more than {CHAIN_MAX} operators in a row");
            let help = "put some of them into parentheses, or use IN for a list of values";
            return Some(Fault::new(token.span, message).help(help));
        }
    }
    None
}

fn link(token: &TokenWithSpan) -> Option<Link> {
    const OPERATORS: [&str; 5] = ["AND", "OR", "NOT", "IS", "AT"];
    const SETS: [&str; 4] = ["JOIN", "UNION", "EXCEPT", "INTERSECT"];
    const BREAKS: [&str; 6] = ["SELECT", "WHERE", "HAVING", "WHEN", "THEN", "ELSE"];
    let is_any = |words: &[&str]| words.iter().any(|word| is_word(token, word));
    match &token.token {
        Token::Comma => Some(Link::Break),
        Token::LParen | Token::LBracket => Some(Link::Open),
        Token::RParen | Token::RBracket => Some(Link::Close),
        Token::Word(_) if is_word(token, "CASE") => Some(Link::Open),
        Token::Word(_) if is_word(token, "END") => Some(Link::Close),
        Token::Word(_) if is_any(&OPERATORS) => Some(Link::Operator),
        Token::Word(_) if is_any(&SETS) => Some(Link::Set),
        Token::Word(_) if is_any(&BREAKS) => Some(Link::Break),
        Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => {
            Some(Link::Operator)
        }
        Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => {
            Some(Link::Operator)
        }
        Token::Period | Token::DoubleColon => Some(Link::Operator),
        _ => None,
    }
}

/// Whether the token is this word without quotes, in any case.
pub fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    matches!(&token.token, Token::Word(found)
        if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

/// Rewrites for the library: the word TABLE before a table function's argument goes, the clauses
/// of JSON_VALUE become plain arguments, MAP[…] a call, WITHIN a definition of its own, and SKIP TO x what it
/// means, and SESSION's PARTITION BY an argument.
pub fn prepare(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    refuse_subsets(&tokens)?;
    let tokens = json_members(session_partitions(table_arguments(map_brackets(tokens)))?)?;
    json_clauses(skip_to_variable(within(row_types(small_words(tokens)))))
}

/// `SUBSET x = (A, B)` behind a pattern.
fn refuse_subsets(tokens: &[TokenWithSpan]) -> Result<()> {
    let found = tokens.windows(4).find(|at| {
        is_word(&at[0], "SUBSET") && at[2].token == Token::Eq && at[3].token == Token::LParen
    });
    match found {
        None => Ok(()),
        Some(at) => Err(Fault::unsupported(
            at[0].span,
            "SUBSET",
            "name the variables themselves: Flink finds no rows for a subset",
        )),
    }
}

/// `TRIM(LEADING FROM x)` names its blank, `JSON_OBJECT(KEY 'a' VALUE x)` loses the word KEY, and
/// `U&'!00e4' UESCAPE '!'` is the text that it means.
fn small_words(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(mut token) = rest.next() {
        let side = ["LEADING", "TRAILING", "BOTH"].iter().any(|word| is_word(&token, word));
        let next = rest.peek();
        let literal = next.is_some_and(|n| matches!(n.token, Token::SingleQuotedString(_)));
        let argument =
            matches!(out.last().map(|last| &last.token), Some(Token::LParen | Token::Comma));
        if side && next.is_some_and(|next| is_word(next, "FROM")) {
            let span = token.span;
            out.push(token);
            out.push(TokenWithSpan::new(Token::SingleQuotedString(" ".into()), span));
            continue;
        }
        if is_word(&token, "KEY") && literal && argument {
            continue;
        }
        if let Token::UnicodeStringLiteral(text) = &token.token
            && next.is_some_and(|next| is_word(next, "UESCAPE"))
        {
            let span = token.span;
            rest.next();
            if let Some(Token::SingleQuotedString(escape)) = rest.next().map(|token| token.token) {
                let text = unescaped(text, escape.chars().next().unwrap_or('\\'));
                token = TokenWithSpan::new(Token::SingleQuotedString(text), span);
            }
        }
        out.push(token);
    }
    out
}

/// `!00e4` is the character of that number.
fn unescaped(text: &str, escape: char) -> String {
    let mut parts = text.split(escape);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                out.push_str(&part[4..]);
            }
            None => {
                out.push(escape);
                out.push_str(part);
            }
        }
    }
    out
}

/// `ROW<a INT>` as the type of a CAST becomes one name, which the parser's library can read.
fn row_types(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let opens = tokens.get(at + 1).is_some_and(|next| next.token == Token::Lt);
        if !(is_word(&tokens[at], "ROW") && opens) {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let (span, mut depth, mut name) = (tokens[at].span, 0i32, String::new());
        while at < tokens.len() {
            let token = &tokens[at].token;
            depth += match token {
                Token::Lt => 1,
                Token::Gt => -1,
                Token::ShiftRight => -2,
                _ => 0,
            };
            // Of two that close, the second may belong to the type around.
            let surplus = depth < 0;
            name.push_str(&if surplus { ">".into() } else { token.to_string() });
            name.push(' ');
            at += 1;
            if depth <= 0 && name.contains('<') {
                out.push(TokenWithSpan::new(Token::make_word(name.trim(), Some('`')), span));
                if surplus {
                    out.push(TokenWithSpan::new(Token::Gt, span));
                }
                break;
            }
        }
    }
    out
}

/// `MAP[k, v, …]` becomes `MAP(k, v, …)`.
fn map_brackets(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    for at in 1..tokens.len() {
        if tokens[at].token != Token::LBracket || !is_word(&tokens[at - 1], "MAP") {
            continue;
        }
        let mut depth = 0usize;
        let close = (at..tokens.len()).find(|&at| {
            match tokens[at].token {
                Token::LBracket => depth += 1,
                Token::RBracket => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        if let Some(close) = close {
            tokens[at].token = Token::LParen;
            tokens[close].token = Token::RParen;
        }
    }
    tokens
}

/// Where `name(` stands, at `from` or behind it.
fn next_call(tokens: &[TokenWithSpan], from: usize, name: &str) -> Option<usize> {
    (from..tokens.len().saturating_sub(1))
        .find(|&at| is_word(&tokens[at], name) && tokens[at + 1].token == Token::LParen)
}

/// `JSON_OBJECTAGG(KEY k VALUE v)` becomes `JSON_OBJECTAGG(k, v)`: the library wants a name for k.
fn json_members(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut from = 0;
    while let Some(at) = next_call(&tokens, from, "JSON_OBJECTAGG") {
        from = at + 1;
        let mut close = closing(&tokens, at + 1)?;
        // A column may be named so; then no other expression begins behind it.
        let begins = tokens.get(at + 3).is_some_and(|next| match next.token {
            Token::Word(_) => !is_word(next, "VALUE"),
            Token::SingleQuotedString(_) | Token::LParen => true,
            _ => false,
        });
        if is_word(&tokens[at + 2], "KEY") && begins {
            tokens.remove(at + 2);
            close -= 1;
        }
        let mut depth = 0usize;
        for token in &mut tokens[at + 2..close] {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ if depth == 0 && is_word(token, "VALUE") => {
                    token.token = Token::Comma;
                    break;
                }
                _ => {}
            }
        }
    }
    Ok(tokens)
}

/// `SESSION(t PARTITION BY (a, b), …)` becomes `SESSION(t, …, PARTITION_BY(a, b))`.
fn session_partitions(mut tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut from = 0;
    while let Some(at) = next_call(&tokens, from, "SESSION") {
        from = at + 1;
        let close = closing(&tokens, at + 1)?;
        // A subquery, as the first argument, may have one of its own.
        let after_query = match tokens[at + 2].token {
            Token::LParen => closing(&tokens, at + 2)?,
            _ => at,
        };
        let by = (after_query..close)
            .find(|&at| is_word(&tokens[at], "PARTITION") && is_word(&tokens[at + 1], "BY"));
        let Some(by) = by else { continue };
        let columns = by + 2;
        let end = match tokens[columns].token {
            Token::LParen => closing(&tokens, columns)? + 1,
            _ => columns + 1,
        };
        let span = tokens[by].span;
        let token = |token: Token| TokenWithSpan::new(token, span);
        let mut moved = vec![
            token(Token::Comma),
            token(Token::make_word(super::windows::PARTITION_BY, None)),
            token(Token::LParen),
        ];
        moved.extend(
            tokens[columns..end]
                .iter()
                .filter(|token| !matches!(token.token, Token::LParen | Token::RParen))
                .cloned(),
        );
        moved.push(token(Token::RParen));
        tokens.splice(close..close, moved);
        tokens.drain(by..end);
    }
    Ok(tokens)
}

/// `WITHIN INTERVAL … DEFINE` becomes `DEFINE within AS INTERVAL …,`.
fn within(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut from = 0;
    while let Some(at) = (from..tokens.len().saturating_sub(1))
        .find(|&at| is_word(&tokens[at], "WITHIN") && is_word(&tokens[at + 1], "INTERVAL"))
    {
        from = at + 1;
        let Some(define) = (at..tokens.len()).find(|&at| is_word(&tokens[at], "DEFINE")) else {
            continue;
        };
        let span = tokens[at].span;
        let token = |token: Token| TokenWithSpan::new(token, span);
        let name = Token::make_word(super::match_recognize::WITHIN, Some('`'));
        let mut moved = vec![tokens[define].clone(), token(name), token(Token::make_keyword("AS"))];
        moved.extend_from_slice(&tokens[at + 1..define]);
        moved.push(token(Token::Comma));
        tokens.splice(at..=define, moved);
    }
    tokens
}

/// `SKIP TO x` is `SKIP TO LAST x`.
fn skip_to_variable(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let named = matches!(token.token, Token::Word(_))
            && !["NEXT", "FIRST", "LAST"].iter().any(|word| is_word(&token, word));
        if let [.., skip, to] = out.as_slice()
            && is_word(skip, "SKIP")
            && is_word(to, "TO")
            && named
        {
            out.push(TokenWithSpan::new(Token::make_keyword("LAST"), token.span));
        }
        out.push(token);
    }
    out
}

/// `TUMBLE(TABLE t, …)` and `DATA => TABLE t` lose the word TABLE; `TABLE(TUMBLE(` stays.
fn table_arguments(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let before_name = rest.peek().is_some_and(|next| matches!(next.token, Token::Word(_)));
        let after = out.last().map(|last| &last.token);
        let argument = matches!(after, Some(Token::LParen | Token::RArrow | Token::Comma));
        if !(is_word(&token, "TABLE") && before_name && argument) {
            out.push(token);
        }
    }
    out
}

/// The parenthesis that closes the one at `open`.
pub fn closing(tokens: &[TokenWithSpan], open: usize) -> Result<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(index);
        }
    }
    Err(Fault::new(tokens[open].span, "this parenthesis is never closed"))
}
