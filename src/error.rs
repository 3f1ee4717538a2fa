//! Errors that say what, where, and how to mend it.

use std::fmt;

/// A fault in a job's text. Rendered with the line and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Length of the offending text in characters, at least 1.
    pub width: usize,
    /// The source line itself.
    pub source: String,
    pub message: String,
    /// What to write instead, where there is something to say.
    pub help: Option<String>,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, width, source, message, help } = self;
        let gutter = " ".repeat(line.to_string().len());
        let indent: String =
            source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "error: {message}")?;
        writeln!(f, "{gutter}--> {file}:{line}:{column}")?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{line} | {source}")?;
        write!(f, "{gutter} | {indent}{}", "^".repeat((*width).max(1)))?;
        if let Some(help) = help {
            write!(f, "\n{gutter} = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SqlError {}

/// The known name nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.len() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, letters compared without case.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_near_match_only() {
        let known = ["topic", "format", "scan.startup.mode"];
        assert_eq!(nearest("topik", known), Some("topic"));
        assert_eq!(nearest("scan.startup-mode", known), Some("scan.startup.mode"));
        assert_eq!(nearest("retention", known), None);
    }
}
