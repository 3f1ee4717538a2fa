//! Clauses inside of JSON_VALUE, JSON_QUERY and JSON_EXISTS, which become plain arguments.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::fault::{Fault, Result};
use super::tokens::{closing, is_word};

/// `JSON_VALUE(body, path RETURNING t DEFAULT x ON EMPTY …)` becomes a call with seven plain
/// arguments: body, path, type, what to do on empty, its default, the same on error. JSON_QUERY gets
/// six: body, path, wrapper, what to do on empty, on error, type; JSON_EXISTS three.
pub fn json_clauses(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while index < tokens.len() {
        let name = ["JSON_VALUE", "JSON_QUERY", "JSON_EXISTS"]
            .into_iter()
            .find(|name| is_word(&tokens[index], name))
            .filter(|_| tokens.get(index + 1).is_some_and(|next| next.token == Token::LParen));
        let Some(name) = name else {
            out.push(tokens[index].clone());
            index += 1;
            continue;
        };
        let close = closing(&tokens, index + 1)?;
        let inner = json_clauses(tokens[index + 2..close].to_vec())?;
        let span = tokens[index].span;
        let clauses = clause_start(&inner);
        out.extend([tokens[index].clone(), tokens[index + 1].clone()]);
        out.extend_from_slice(&inner[..clauses]);
        for argument in Clauses::read(name, &inner[clauses..], span)?.arguments(name, span) {
            out.push(TokenWithSpan::new(Token::Comma, span));
            out.extend(argument);
        }
        out.push(tokens[close].clone());
        index = close + 1;
    }
    Ok(out)
}

/// Words that begin a clause.
const WORDS: [&str; 10] = [
    "RETURNING",
    "NULL",
    "ERROR",
    "DEFAULT",
    "WITH",
    "WITHOUT",
    "EMPTY",
    "TRUE",
    "FALSE",
    "UNKNOWN",
];

/// Where the clauses begin: at the first of their words behind the path.
fn clause_start(inner: &[TokenWithSpan]) -> usize {
    let mut depth = 0;
    let mut commas = 0;
    for (index, token) in inner.iter().enumerate() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => commas += 1,
            _ => {}
        }
        let starts = WORDS.iter().any(|word| is_word(token, word));
        let behind_comma = inner[..index].last().is_none_or(|it| it.token == Token::Comma);
        let behind_path = commas == 1 && depth == 0 && !behind_comma;
        if starts && behind_path {
            return index;
        }
    }
    inner.len()
}

#[derive(Default)]
struct Clauses {
    returning: Option<String>,
    wrapper: Option<&'static str>,
    on_empty: Option<Behaviour>,
    on_error: Option<Behaviour>,
}

struct Behaviour {
    word: &'static str,
    default: Vec<TokenWithSpan>,
}

impl Behaviour {
    fn is_empty_object(&self) -> bool {
        self.word == "EMPTY" && matches!(self.default.as_slice(), [kind] if is_word(kind, "OBJECT"))
    }
}

impl Clauses {
    fn read(name: &str, tokens: &[TokenWithSpan], span: Span) -> Result<Self> {
        let words: &[&str] = match name {
            "JSON_VALUE" => &["NULL", "ERROR", "DEFAULT"],
            "JSON_QUERY" => &["NULL", "ERROR", "EMPTY"],
            _ => &["TRUE", "FALSE", "UNKNOWN", "ERROR"],
        };
        let mut clauses = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let is = |word: &str| is_word(&tokens[at], word);
            if is("RETURNING") && name != "JSON_EXISTS" {
                let ends = |index: &usize| WORDS.iter().any(|word| is_word(&tokens[*index], word));
                let end = (at + 1..tokens.len()).find(ends).unwrap_or(tokens.len());
                let text = tokens[at + 1..end].iter().map(|token| token.token.to_string());
                clauses.returning = Some(text.collect());
                at = end;
                continue;
            }
            if name == "JSON_QUERY" && (is("WITH") || is("WITHOUT")) {
                let end = (at..tokens.len()).find(|&index| is_word(&tokens[index], "WRAPPER"));
                let end = end.ok_or_else(|| Fault::new(tokens[at].span, "expected … WRAPPER"))?;
                let says = |word| tokens[at..end].iter().any(|token| is_word(token, word));
                clauses.wrapper = Some(match () {
                    () if is("WITHOUT") => "WITHOUT",
                    () if says("CONDITIONAL") => "CONDITIONAL",
                    () => "UNCONDITIONAL",
                });
                at = end + 1;
                continue;
            }
            let on = (at..tokens.len()).find(|&index| is_word(&tokens[index], "ON"));
            let target = on.and_then(|on| Some((on, tokens.get(on + 1)?)));
            let Some((on, target)) = target else {
                return Err(Fault::new(tokens[at].span, "expected … ON EMPTY or … ON ERROR"));
            };
            let word = words.iter().find(|word| is(word));
            let expected = || Fault::new(span, format!("expected {}", words.join(", ")));
            let behaviour = Behaviour {
                word: word.ok_or_else(expected)?,
                default: tokens[at + 1..on].to_vec(),
            };
            match is_word(target, "EMPTY") {
                true => clauses.on_empty = Some(behaviour),
                false => clauses.on_error = Some(behaviour),
            }
            at = on + 2;
        }
        if name == "JSON_QUERY" {
            clauses.check_query(span)?;
        }
        Ok(clauses)
    }

    /// JSON_QUERY gives a STRING or an ARRAY<STRING>.
    fn check_query(&mut self, span: Span) -> Result<()> {
        let is_text = |of: &str| of == "STRING" || of.starts_with("VARCHAR");
        let returning = self.returning.take().unwrap_or_default().to_ascii_uppercase();
        let element = returning.strip_prefix("ARRAY<").and_then(|of| of.strip_suffix('>'));
        let behaviours = [("empty", &self.on_empty), ("error", &self.on_error)];
        match element {
            None if returning.is_empty() || is_text(&returning) => return Ok(()),
            None => {
                let message =
                    format!("Unsupported type '{returning}' for RETURNING in JSON_QUERY().");
                return Err(Fault::new(span, message).help("STRING and ARRAY<STRING> are there"));
            }
            Some(element) if !is_text(element) => {
                let message = format!(
                    "Unsupported array element type '{element}' for RETURNING ARRAY in JSON_QUERY()."
                );
                return Err(Fault::new(span, message)
                    .help("take ARRAY<STRING>, and CAST it to another array"));
            }
            Some(_) => {}
        }
        for (on, behaviour) in behaviours {
            if behaviour.as_ref().is_some_and(Behaviour::is_empty_object) {
                let message = format!(
                    "Illegal on {on} behavior 'EMPTY OBJECT' for return type: ARRAY<STRING>"
                );
                return Err(Fault::new(span, message).help("write EMPTY ARRAY, or NULL"));
            }
        }
        self.returning = Some("ARRAY".into());
        Ok(())
    }

    fn arguments(self, name: &str, span: Span) -> Vec<Vec<TokenWithSpan>> {
        let token = |token: Token| TokenWithSpan::new(token, span);
        let null = || vec![token(Token::make_keyword("NULL"))];
        let text = |text: &str| vec![token(Token::SingleQuotedString(text.into()))];
        let behaviours = match name {
            "JSON_EXISTS" => return vec![text(self.on_error.map_or("FALSE", |b| b.word))],
            "JSON_QUERY" => {
                let word = |behaviour: Option<Behaviour>| match behaviour {
                    None => text("NULL"),
                    Some(behaviour) if behaviour.is_empty_object() => text("OBJECT"),
                    Some(Behaviour { word: "EMPTY", .. }) => text("ARRAY"),
                    Some(behaviour) => text(behaviour.word),
                };
                let wrapper = text(self.wrapper.unwrap_or("WITHOUT"));
                let returning = text(self.returning.as_deref().unwrap_or("STRING"));
                return vec![wrapper, word(self.on_empty), word(self.on_error), returning];
            }
            _ => [self.on_empty, self.on_error],
        };
        let mut arguments = vec![self.returning.as_deref().map_or_else(null, text)];
        for behaviour in behaviours {
            let (word, default) = behaviour.map_or(("NULL", Vec::new()), |b| (b.word, b.default));
            arguments.push(text(word));
            arguments.push(if default.is_empty() { null() } else { default });
        }
        arguments
    }
}
