//! The prompt: lines with a history, completion, and statements that go on until their `;`.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use super::execute::{Executor, Next};
use crate::expression::registry::function_names;
use crate::sql::script::cut;

const HISTORY_MAX: usize = 1_000;

const KEYWORDS: &str = "
ALL AND ARRAY AS ASC BETWEEN BIGINT BOOLEAN BY CASE CAST COUNT CREATE CUMULATE DATE DECIMAL DESC DESCRIBE
DESCRIPTOR DISTINCT DOUBLE DROP ELSE END EXECUTE EXISTS EXPLAIN FALSE FILTER FLOAT FOR FROM FULL
FUNCTIONS GROUP HAVING HOP HOUR IF IN INNER INSERT INT INTERVAL INTO IS JOIN LEFT LIKE MAP
MATCH_RECOGNIZE METADATA MINUTE NOT NULL ON OR ORDER OVER PARTITION PATTERN PRIMARY RESET RIGHT ROW
ROW_NUMBER SECOND SELECT SESSION SET SHOW STATEMENT STRING SUM TABLE TABLES THEN TIMESTAMP
TIMESTAMP_LTZ TRUE TUMBLE UNION VALUES VIEW VIEWS WATERMARK WHEN WHERE WITH WITHIN AVG MIN MAX";

/// What the editor asks.
struct Words {
    names: Vec<String>,
}

/// Where the word before the cursor begins, and what it may become.
pub fn completions(line: &str, pos: usize, names: &[String]) -> (usize, Vec<String>) {
    let before = &line[..pos];
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let start = before
        .rfind(|c: char| !is_part(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &before[start..];
    if word.is_empty() {
        return (start, Vec::new());
    }
    let fits =
        |name: &str| name.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let lower = !word.contains(char::is_uppercase);
    let as_typed = |name: &str| if lower { name.to_lowercase() } else { name.to_owned() };
    let mut found: Vec<String> = names.iter().filter(|name| fits(name)).cloned().collect();
    found.extend(KEYWORDS.split_whitespace().filter(|word| fits(word)).map(as_typed));
    let functions = function_names().into_iter().filter(|name| fits(name) && !name.contains(' '));
    found.extend(functions.map(|name| as_typed(name) + "("));
    found.dedup();
    (start, found)
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(completions(line, pos, &self.names))
    }
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match cut(context.input()).rest {
            Some(_) if !is_word_alone(context.input()) => ValidationResult::Incomplete,
            _ => ValidationResult::Valid(None),
        })
    }
}

/// What people type to get out, or on, without a `;`.
fn is_word_alone(input: &str) -> bool {
    ["quit", "exit", "help"].iter().any(|word| input.trim().eq_ignore_ascii_case(word))
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Helper for Words {}

/// The file of the history, in the user's folder for such things.
fn history_file() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let state = of("XDG_STATE_HOME").or_else(|| Some(of("HOME")?.join(".local/state")))?;
    Some(state.join("pelton").join("sql_history"))
}

/// Asks and answers until the end.
pub fn run(executor: &mut Executor) -> Result<(), String> {
    let told = |error: ReadlineError| format!("the prompt: {error}");
    let config = Config::builder().max_history_size(HISTORY_MAX).map_err(told)?;
    let config = config.auto_add_history(true).build();
    let mut editor: Editor<Words, DefaultHistory> = Editor::with_config(config).map_err(told)?;
    let history = history_file();
    if let Some(path) = &history {
        // Without one, this is the first time.
        let _ = editor.load_history(path);
    }
    println!("pelton {}: \\help shows what there is, \\quit leaves", env!("CARGO_PKG_VERSION"));
    loop {
        editor.set_helper(Some(Words { names: executor.session.names() }));
        match editor.readline("pelton> ") {
            Ok(text) => {
                if answer(executor, &text) == Next::Quit {
                    break;
                }
            }
            // Ctrl-C: another line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(told(error)),
        }
    }
    if let Some(path) = history {
        let made = path.parent().map(std::fs::create_dir_all);
        let saved = editor.save_history(&path);
        if let (Some(Err(error)), _) = (made, &saved) {
            eprintln!("the history is not kept: {error}");
        } else if let Err(error) = saved {
            eprintln!("the history is not kept: {error}");
        }
    }
    Ok(())
}

/// Runs what was typed, up to the first error.
fn answer(executor: &mut Executor, text: &str) -> Next {
    let found = cut(text);
    for piece in found.pieces.iter().chain(&found.rest) {
        match executor.execute(piece) {
            Ok(Next::GoOn) => {}
            Ok(Next::Quit) => return Next::Quit,
            Err(error) => {
                eprintln!("{error}");
                return Next::GoOn;
            }
        }
    }
    Next::GoOn
}

#[cfg(test)]
mod tests {
    use super::completions;

    #[test]
    fn words_are_completed_as_they_are_typed() {
        let names = ["events".to_owned(), "event_type".to_owned(), "Evening".to_owned()];
        let check = |line: &str, start: usize, some: &[&str]| {
            let (at, found) = completions(line, line.len(), &names);
            assert_eq!(at, start, "{line}");
            some.iter().for_each(|word| assert!(found.iter().any(|it| it == word), "{found:?}"));
        };
        check("SELECT ev", 7, &["events", "event_type", "Evening"]);
        check("sel", 0, &["select"]);
        check("SELECT UPP", 7, &["UPPER("]);
        check("SELECT e.event_", 9, &["event_type"]);
        check("用户 ev", 7, &["events"]);
        assert!(completions("SELECT ", 7, &names).1.is_empty());
    }
}
