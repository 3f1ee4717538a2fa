//! LIKE and regular expressions.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Match, Regex};

use super::super::registry::Function;
use super::frame::{Arg, Frame};
use crate::record::ColumnRef;

/// Compiled expressions that a thread keeps; more than this many are forgotten at once.
const KEPT: usize = 256;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
}

/// The regular expression of a row, looked up again only when its text changes.
struct Expression {
    text: String,
    regex: Option<Regex>,
}

impl Expression {
    fn new(pattern: &Arg) -> Self {
        let text = if pattern.constant { pattern.str(0).to_owned() } else { String::new() };
        Self { regex: compiled(&text), text }
    }

    fn get(&mut self, text: &str) -> Option<&Regex> {
        if self.text != text {
            self.text = text.into();
            self.regex = compiled(text);
        }
        self.regex.as_ref()
    }
}

pub fn compiled(text: &str) -> Option<Regex> {
    COMPILED.with_borrow_mut(|all| {
        if let Some(known) = all.get(text) {
            return known.clone();
        }
        if all.len() >= KEPT {
            all.clear();
        }
        let regex = java_regex(text).ok();
        all.insert(text.into(), regex.clone());
        regex
    })
}

/// A regular expression of Java: its classes `\d`, `\s` and `\w` are of ASCII alone.
pub fn java_regex(text: &str) -> Result<Regex, regex::Error> {
    let (mut written, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            written.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => written.push_str("[0-9]"),
            Some('D') => written.push_str("[^0-9]"),
            Some('s') => written.push_str(r"[ \t\n\x0B\f\r]"),
            Some('S') => written.push_str(r"[^ \t\n\x0B\f\r]"),
            Some('w') => written.push_str("[0-9A-Za-z_]"),
            Some('W') => written.push_str("[^0-9A-Za-z_]"),
            other => written.extend(std::iter::once('\\').chain(other)),
        }
    }
    Regex::new(&written)
}

/// The matches of a text as Java finds them: an empty one may stand right behind another.
fn found<'t>(regex: &Regex, text: &'t str) -> impl Iterator<Item = Match<'t>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let next = (from <= text.len()).then(|| regex.find_at(text, from))??;
        let behind = |at: usize| text[at..].chars().next().map_or(1, char::len_utf8);
        from = next.end() + if next.is_empty() { behind(next.end()) } else { 0 };
        Some(next)
    })
}

pub fn evaluate(function: Function, frame: &mut Frame) -> ColumnRef {
    if function == Function::Like {
        return like(frame);
    }
    if function == Function::SimilarTo {
        return similar(frame);
    }
    let (text, pattern) = (frame.args[0].clone(), frame.args[1].clone());
    let third = frame.args.get(2).cloned();
    let mut expression = Expression::new(&pattern);
    match function {
        Function::Regexp => frame.bools(|row| {
            let pattern = pattern.str(row);
            if pattern.is_empty() {
                return Ok(Some(false));
            }
            let regex = expression.get(pattern);
            let regex = regex.ok_or_else(|| bad_pattern(pattern))?;
            Ok(Some(regex.is_match(text.str(row))))
        }),
        Function::RegexpCount => frame.i64s(|row| {
            let regex = expression.get(pattern.str(row));
            Ok(regex.map(|regex| found(regex, text.str(row)).count() as i64))
        }),
        Function::RegexpInstr => frame.i64s(|row| {
            let text = text.str(row);
            let regex = expression.get(pattern.str(row));
            Ok(regex.map(|regex| match regex.find(text) {
                // In Java's characters, as Flink's, other than those of INSTR.
                Some(found) => text[..found.start()].encode_utf16().count() as i64 + 1,
                None => 0,
            }))
        }),
        Function::RegexpSubstr => frame.slices(|text, row| {
            let found = expression.get(pattern.str(row))?.find(text)?;
            Some((found.start(), found.end()))
        }),
        Function::RegexpExtract => frame.slices(|text, row| {
            let group = third.as_ref().map_or(0, |group| group.i64(row));
            let found = expression.get(pattern.str(row))?.captures(text)?;
            let group = found.get(usize::try_from(group).ok()?)?;
            Some((group.start(), group.end()))
        }),
        _ => {
            let Some(replacement) = third else {
                return frame.nulls(&crate::record::DataType::STRING);
            };
            frame.strings(|row, out| {
                let Some(regex) = expression.get(pattern.str(row)) else { return Ok(None) };
                // As it stands: in Flink `$1` is no reference here.
                let (text, mut done) = (text.str(row), 0);
                for part in found(regex, text) {
                    out.push_str(&text[done..part.start()]);
                    out.push_str(replacement.str(row));
                    done = part.end();
                }
                out.push_str(&text[done..]);
                Ok(Some(()))
            })
        }
    }
}

pub fn bad_pattern(pattern: &str) -> String {
    format!("'{pattern}' is not a regular expression that is understood here")
}

/// A LIKE pattern, by its commonest forms.
enum Like {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    General(Vec<Token>),
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Char(char),
    AnyChar,
    AnyText,
}

impl Like {
    fn new(pattern: &str, escape: Option<char>) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                c if Some(c) == escape => match chars.next() {
                    Some(next) if matches!(next, '%' | '_') || next == c => Token::Char(next),
                    _ => return Err(format!("Invalid escape sequence '{pattern}'")),
                },
                '%' => Token::AnyText,
                '_' => Token::AnyChar,
                c => Token::Char(c),
            });
        }
        let plain = |tokens: &[Token]| -> Option<String> {
            let char_of = |token: &Token| match token {
                Token::Char(c) => Some(*c),
                _ => None,
            };
            tokens.iter().map(char_of).collect()
        };
        let simple = match tokens.as_slice() {
            [Token::AnyText, inner @ .., Token::AnyText] => plain(inner).map(Self::Contains),
            [inner @ .., Token::AnyText] => plain(inner).map(Self::Prefix),
            [Token::AnyText, inner @ ..] => plain(inner).map(Self::Suffix),
            all => plain(all).map(Self::Exact),
        };
        Ok(simple.unwrap_or(Self::General(tokens)))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(whole) => text == whole,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Contains(part) => {
                memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()
            }
            Self::General(tokens) => general(tokens, text),
        }
    }
}

/// Greedy matching that goes back to the last `%` only: linear in pattern times text.
fn general(tokens: &[Token], text: &str) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let next = text[at..].chars().next();
        match (tokens.get(token), next) {
            (Some(Token::AnyText), _) => {
                back = Some((token + 1, at));
                token += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Token::AnyChar), Some(c)) => {
                token += 1;
                at += c.len_utf8();
                continue;
            }
            (Some(Token::Char(wanted)), Some(c)) if *wanted == c => {
                token += 1;
                at += c.len_utf8();
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = back else { return false };
        let Some(c) = text[from..].chars().next() else { return false };
        at = from + c.len_utf8();
        token = after;
        back = Some((after, at));
    }
}

fn like(frame: &mut Frame) -> ColumnRef {
    let (text, pattern) = (frame.args[0].clone(), frame.args[1].clone());
    let escape = frame.args.get(2).cloned();
    let mut last: Option<(String, Option<char>, Result<Like, String>)> = None;
    frame.bools(|row| {
        let wanted = pattern.str(row);
        let escape = escape.as_ref().and_then(|escape| escape.str(row).chars().next());
        let same = matches!(&last, Some((text, by, _)) if text == wanted && *by == escape);
        if !same {
            last = Some((wanted.into(), escape, Like::new(wanted, escape)));
        }
        match &last {
            Some((_, _, Ok(like))) => Ok(Some(like.matches(text.str(row)))),
            Some((_, _, Err(reason))) => Err(reason.clone()),
            None => Ok(None),
        }
    })
}

/// SIMILAR TO: `%` and `_` of LIKE among the signs of a regular expression, over the whole text.
fn similar(frame: &mut Frame) -> ColumnRef {
    let (text, pattern) = (frame.args[0].clone(), frame.args[1].clone());
    let escape = frame.args.get(2).cloned();
    let mut last: Option<(String, Option<char>, Result<Regex, String>)> = None;
    frame.bools(|row| {
        let wanted = pattern.str(row);
        let escape = escape.as_ref().and_then(|escape| escape.str(row).chars().next());
        let same = matches!(&last, Some((text, by, _)) if text == wanted && *by == escape);
        if !same {
            let regex = Regex::new(&regex_of(wanted, escape)).map_err(|_| bad_pattern(wanted));
            last = Some((wanted.into(), escape, regex));
        }
        match &last {
            Some((_, _, Ok(regex))) => Ok(Some(regex.is_match(text.str(row)))),
            Some((_, _, Err(reason))) => Err(reason.clone()),
            None => Ok(None),
        }
    })
}

fn regex_of(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::from("(?s)^(?:");
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == escape => {
                let next = chars.next().unwrap_or(c);
                out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
            }
            ']' => {
                in_class = false;
                out.push(c);
            }
            '[' => {
                in_class = true;
                out.push(c);
            }
            c if in_class => out.push(c),
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            // As in Flink, the other signs of a regular expression keep their meaning.
            c => out.push(c),
        }
    }
    out.push_str(")$");
    out
}
