//! Paths into JSON, followed through the text itself without building a tree.

use std::borrow::Cow;

use crate::record::json::{parts, unescape};

enum Step {
    Key(String),
    /// From the end where it is negative.
    Index(i64),
    /// `.*` and `[*]`: all members or elements.
    All,
    /// `..key`: the members of this name at any depth.
    Deep(String),
}

/// `[lax|strict] $.a['b'][0]`; strict where nothing is said, as in Flink.
pub struct Path {
    pub lax: bool,
    steps: Vec<Step>,
}

impl Path {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (lax, text) = match (text.strip_prefix("lax "), text.strip_prefix("strict ")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            _ => (false, text),
        };
        let mut rest = text.trim_start().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(key) = rest.strip_prefix("..") {
                let (key, after) = name(key)?;
                (Step::Deep(key.into()), after)
            } else if let Some(key) = rest.strip_prefix('.') {
                match name(key)? {
                    ("*", after) => (Step::All, after),
                    (key, after) => (Step::Key(key.into()), after),
                }
            } else {
                in_brackets(rest.strip_prefix('[')?)?
            };
            steps.push(step);
            rest = after;
        }
        Some(Self { lax, steps })
    }

    /// The text of what the path leads to: of a path that may lead to several values, an array.
    pub fn find<'a>(&self, json: &'a str) -> Option<Cow<'a, str>> {
        let many = |step: &Step| matches!(step, Step::All | Step::Deep(_));
        let certain = self.steps.iter().position(many).unwrap_or(self.steps.len());
        let follow = |value, step: &Step| match step {
            Step::Key(key) => member(value, key),
            Step::Index(index) => element(value, *index),
            Step::All | Step::Deep(_) => None,
        };
        let start = self.steps[..certain].iter().try_fold(json.trim(), follow);
        if certain == self.steps.len() {
            return start.map(Cow::Borrowed);
        }
        let mut found: Vec<&str> = match start {
            Some(start) => vec![start],
            None if self.lax => Vec::new(),
            None => return None,
        };
        for step in &self.steps[certain..] {
            let mut next = Vec::new();
            for value in found {
                match step {
                    Step::All => parts(value, |_, part| next.push(part)),
                    Step::Deep(key) => descend(value, key, &mut next),
                    step => next.extend(follow(value, step)),
                }
            }
            found = next;
        }
        Some(Cow::Owned(format!("[{}]", found.join(","))))
    }
}

/// A name up to the next step.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    // A function, such as length().
    let plain = end > 0 && !text[..end].contains('(');
    plain.then(|| text.split_at(end))
}

/// What stands behind an opening bracket.
fn in_brackets(inner: &str) -> Option<(Step, &str)> {
    let inner = inner.trim_start();
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if let Some(quote) = quote {
        let (key, after) = inner[1..].split_once(quote)?;
        return Some((Step::Key(key.into()), after.trim_start().strip_prefix(']')?));
    }
    let (index, after) = inner.split_once(']')?;
    match index.trim() {
        "*" => Some((Step::All, after)),
        index => Some((Step::Index(index.parse().ok()?), after)),
    }
}

/// Members of this name of a value and of all that is in it.
fn descend<'a>(value: &'a str, key: &str, found: &mut Vec<&'a str>) {
    found.extend(member(value, key));
    parts(value, |_, part| descend(part, key, found));
}

/// The value of a key; of several the last counts.
fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    let mut found = None;
    parts(object, |name, value| {
        if name.is_some_and(|name| unescape(name) == key) {
            found = Some(value);
        }
    });
    found
}

fn element(array: &str, index: i64) -> Option<&str> {
    if !array.starts_with('[') {
        return None;
    }
    let mut all = Vec::new();
    parts(array, |_, value| all.push(value));
    let index = if index < 0 { index + all.len() as i64 } else { index };
    all.get(usize::try_from(index).ok()?).copied()
}
