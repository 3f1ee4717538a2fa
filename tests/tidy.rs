//! The rules of the house: layers, sizes, `unsafe`, and what must not stay in the code.
//!
//! The check reads text, not syntax: comments and literals are blanked out first, then words and
//! braces are enough.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up: a module imports from its own line and those above it.
const LAYERS: &[&[&str]] = &[
    &["time", "number", "decimal", "error", "fault"],
    &["record"],
    &["state", "metrics", "checkpoint", "kafka"],
    &["expression"],
    &["operator", "source", "sink", "lookup", "registry"],
    &["sql"],
    &["shard", "http"],
    &["engine", "cli"],
];

/// Imports from a layer below: who, what, and why that is right.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "source",
        "sql::plan",
        "a source is opened for a bound table: plain data, no code of the planner",
    ),
    (
        "lookup",
        "sql::plan",
        "a store is opened for a bound table: plain data, no code of the planner",
    ),
    ("sink", "sql::plan", "a sink is opened for a bound table: plain data, no code of the planner"),
];

/// Where `unsafe` may stand.
const UNSAFE: &[(&str, &str)] = &[
    ("src/source/kafka/client.rs", "the batch call of the C client"),
    ("src/kafka/leaders.rs", "calls of the C client that its wrapper leaves out"),
    ("src/engine/memory.rs", "the size of a page"),
    ("src/record/json/avx2.rs", "wide loads"),
    ("src/record/json/scan.rs", "the call of the wide search"),
    ("src/shard/park.rs", "eventfd and poll"),
    ("src/state/prefetch.rs", "the prefetch hint"),
    ("src/cli/signal.rs", "signal handlers"),
    ("src/cli/usage.rs", "getrusage"),
    ("tools/raw-drain/src/main.rs", "the batch call of the C client"),
];

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const SAFETY_LINES_ABOVE: usize = 3;

struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
    /// The text without comments and literals, of the same length.
    code: String,
    /// The code without what is compiled for tests only.
    shipped: String,
}

#[test]
fn tidy() {
    let root = Path::new(option_env!("CARGO_MANIFEST_DIR").unwrap_or("."));
    let sources = read_all(root);
    assert!(sources.len() > 5, "no sources found in {}", root.display());
    let mut faults = Vec::new();
    for source in &sources {
        layers(source, &mut faults);
        sizes(source, &mut faults);
        unsafe_code(source, &mut faults);
        leftovers(source, &mut faults);
    }
    let mut list = String::new();
    faults.iter().for_each(|fault| writeln!(list, "  {fault}").unwrap());
    assert!(faults.is_empty(), "{} faults:\n{list}", faults.len());
}

/// Each row of docs/hostile-input.md names a test that is there.
#[test]
fn the_tests_that_hostile_input_names_are_there() {
    let root = Path::new(option_env!("CARGO_MANIFEST_DIR").unwrap_or("."));
    let sources = read_all(root);
    let text = fs::read_to_string(root.join("docs/hostile-input.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.ends_with("shown by |"));
    let mut names = 0;
    for row in rows {
        let shown = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let found: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!found.is_empty(), "{row}");
        names += found.len();
        found.iter().for_each(|name| assert!(is_shown(root, &sources, name), "no {name}: {row}"));
    }
    assert!(names > 80, "{names}");
}

/// Whether there is a `file::test`, a `scripts/chaos::step`, or a case of conformance.
fn is_shown(root: &Path, sources: &[Source], name: &str) -> bool {
    let Some((path, name)) = name.split_once("::") else { return root.join(name).is_file() };
    if let Some(source) = sources.iter().find(|source| source.path == path) {
        return words(&source.code, name).any(|at| {
            let before = source.code[..at].trim_end();
            before.ends_with("fn")
                && before.lines().rev().nth(1).is_some_and(|line| line.trim() == "#[test]")
        });
    }
    let text = fs::read_to_string(root.join(path)).unwrap_or_default();
    text.contains(&format!("def {name}(self")) && text.contains(&format!("self.{name}()"))
}

fn read_all(root: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["src", "tools", "benches", "tests"] {
        rust_files(&root.join(folder), &mut files);
    }
    files.sort();
    let mut sources = Vec::new();
    let mut test_modules = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        let code = blank(&text);
        let shipped = without_tests(&code, &path, &mut test_modules);
        sources.push(Source { path, text, code, shipped });
    }
    for source in &mut sources {
        let of_tests = source.path.starts_with("tests/")
            || source.path.starts_with("benches/")
            || test_modules.iter().any(|module| source.path.starts_with(module.as_str()));
        if of_tests {
            source.shipped.clear();
        }
    }
    sources
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Every `crate::…` path counts, in a `use` or not. Tests may look anywhere.
fn layers(source: &Source, faults: &mut Vec<String>) {
    let Some(rest) = source.path.strip_prefix("src/") else { return };
    let module = rest.split('/').next().unwrap_or(rest).trim_end_matches(".rs");
    if matches!(module, "lib" | "main") {
        return;
    }
    let Some(own) = layer(module) else {
        return faults.push(format!("{}: module `{module}` is in no layer", source.path));
    };
    for (at, _) in source.shipped.match_indices("crate::") {
        if source.shipped[..at].ends_with(is_word) {
            continue;
        }
        for path in imported(&source.shipped[at + "crate::".len()..]) {
            let other = path.split("::").next().unwrap_or_default();
            let below = layer(other).is_none_or(|layer| layer > own);
            let excepted =
                EXCEPTIONS.iter().any(|(who, what, _)| *who == module && path.starts_with(what));
            if below && !excepted && other.starts_with(char::is_lowercase) {
                let line = line_of(&source.shipped, at);
                faults
                    .push(format!("{}:{line}: `{module}` may not use crate::{path}", source.path));
            }
        }
    }
}

/// The paths that stand behind `crate::`, those in braces one by one.
fn imported(rest: &str) -> Vec<String> {
    let path = |text: &str| {
        let end = text.find(|c: char| !is_word(c) && c != ':').unwrap_or(text.len());
        text[..end].trim_end_matches(':').to_owned()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![path(rest)] };
    let (mut depth, mut paths, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                paths.push(path(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    paths.retain(|path| !path.is_empty());
    paths
}

fn sizes(source: &Source, faults: &mut Vec<String>) {
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        faults.push(format!("{}: {lines} lines, at most {FILE_LINES_MAX}", source.path));
    }
    for at in words(&source.code, "fn") {
        let rest = &source.code[at + 2..];
        let name: String = rest.trim_start().chars().take_while(|c| is_word(*c)).collect();
        let Some(length) = body_end(rest) else { continue };
        let lines = rest[..length].matches('\n').count() + 1;
        if !name.is_empty() && lines > FUNCTION_LINES_MAX {
            let line = line_of(&source.code, at);
            let path = &source.path;
            faults.push(format!(
                "{path}:{line}: `{name}` has {lines} lines, at most {FUNCTION_LINES_MAX}"
            ));
        }
    }
}

fn unsafe_code(source: &Source, faults: &mut Vec<String>) {
    let lines: Vec<&str> = source.text.lines().collect();
    for at in words(&source.code, "unsafe") {
        let line = line_of(&source.code, at);
        if !UNSAFE.iter().any(|(path, _)| *path == source.path) {
            faults.push(format!(
                "{}:{line}: `unsafe` in a module that is not named here",
                source.path
            ));
        }
        let is_block = source.code[at + "unsafe".len()..].trim_start().starts_with('{');
        let above = &lines[line.saturating_sub(1 + SAFETY_LINES_ABOVE)..line];
        if is_block && !above.iter().any(|line| line.contains("SAFETY:")) {
            faults.push(format!("{}:{line}: an unsafe block without its SAFETY note", source.path));
        }
    }
}

fn leftovers(source: &Source, faults: &mut Vec<String>) {
    let everywhere = ["dbg", "todo", "unimplemented"];
    for word in everywhere {
        for at in words(&source.code, word) {
            if source.code[at + word.len()..].starts_with('!') {
                let line = line_of(&source.code, at);
                faults.push(format!("{}:{line}: `{word}!`", source.path));
            }
        }
    }
    for (at, _) in source.shipped.match_indices(".unwrap()") {
        let line = line_of(&source.shipped, at);
        faults.push(format!("{}:{line}: `.unwrap()` outside of tests", source.path));
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a word stands by itself.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        !code[..at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word)
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Bytes up to the end of the first braces, `None` where a `;` comes before them.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut others) = (0usize, 0usize);
    for (at, c) in code.char_indices() {
        match c {
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            '(' | '[' => others += 1,
            ')' | ']' => others = others.saturating_sub(1),
            ';' if braces == 0 && others == 0 => return None,
            _ => {}
        }
    }
    None
}

/// What is compiled for tests only, and for the fuzzer.
const NOT_SHIPPED: [&str; 2] = ["#[cfg(test)]", "#[cfg(any(test, fuzzing))]"];

/// Blanks out the items that are not shipped; files that are such items go to `modules`.
fn without_tests(code: &str, path: &str, modules: &mut Vec<String>) -> String {
    let mut out = code.to_owned();
    let marks = NOT_SHIPPED.iter().flat_map(|mark| code.match_indices(mark));
    for (at, mark) in marks {
        let rest = &code[at + mark.len()..];
        if let Some(length) = body_end(rest) {
            let end = at + mark.len() + length;
            let blanked: String = code[at..end].chars().map(blank_char).collect();
            out.replace_range(at..end, &blanked);
        } else if let Some(at) = words(rest.split(';').next().unwrap_or_default(), "mod").next() {
            let name: String =
                rest[at + 3..].trim_start().chars().take_while(|c| is_word(*c)).collect();
            let folder = path.strip_suffix("/mod.rs").or(path.strip_suffix("/lib.rs"));
            let folder = folder.unwrap_or(path.trim_end_matches(".rs"));
            modules.push(format!("{folder}/{name}.rs"));
            modules.push(format!("{folder}/{name}/"));
        }
    }
    out
}

/// A space for each byte, so that positions stay; line ends stay too.
fn blank_char(c: char) -> String {
    if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) }
}

/// The text without comments and without what stands in quotes.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let skip = comment(rest).or_else(|| quoted(rest, text[..at].ends_with(is_word)));
        if let Some(length) = skip {
            out.extend(rest[..length].chars().map(blank_char));
            at += length;
        } else if let Some(c) = rest.chars().next() {
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

/// Length of the comment that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    Some(at)
}

/// Length of the string or character that `rest` begins with; a lifetime is neither.
fn quoted(rest: &str, after_word: bool) -> Option<usize> {
    let raw = rest.strip_prefix("br").or(rest.strip_prefix('r')).filter(|_| !after_word);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let start = rest.len() - raw.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            return Some(
                rest[start..].find(&close).map_or(rest.len(), |end| start + end + close.len()),
            );
        }
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut inner = rest.char_indices().skip(1);
    if quote == '\'' {
        let second = inner.clone().nth(1)?.1;
        let first = inner.clone().next()?.1;
        if first != '\\' && second != '\'' {
            return None;
        }
    }
    while let Some((at, c)) = inner.next() {
        match c {
            '\\' => drop(inner.next()),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

#[test]
fn comments_and_literals_are_blanked() {
    let check = |text: &str, expected: &str| assert_eq!(blank(text), expected, "{text}");
    check("a // b\nc", "a     \nc");
    check("a /* b /* c */ */ d", "a                 d");
    check(r#"f("x\"{", '{', '\'', b)"#, "f(      ,    ,     , b)");
    check("r#\"a\"{\"# 'a: fn", "         'a: fn");
    check("var\"x\"", "var   ");
}

#[test]
fn imports_in_braces() {
    assert_eq!(imported("record::{A, B};"), ["record"]);
    assert_eq!(imported("sql::plan::Table;"), ["sql::plan::Table"]);
    assert_eq!(imported("{record::{A, B}, time, sql::plan};"), ["record", "time", "sql::plan"]);
}

#[test]
fn test_code_is_told_apart() {
    let mut modules = Vec::new();
    let code = "a\n#[cfg(test)]\nmod tests { b }\nc\n#[cfg(test)]\nmod more;\n";
    let left = without_tests(code, "src/x/mod.rs", &mut modules);
    assert_eq!(
        left.split_whitespace().collect::<Vec<_>>(),
        ["a", "c", "#[cfg(test)]", "mod", "more;"]
    );
    assert_eq!(modules, ["src/x/more.rs", "src/x/more/"]);
}
