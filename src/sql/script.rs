//! A text of statements cut up, for who runs them one by one: where each ends, and its words.

use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::tokens::Flink;

/// One statement, without its `;`, or a line that begins with a backslash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Where it begins, 1-based, in characters.
    pub line: usize,
    pub column: usize,
    /// Its first tokens, quotes taken off.
    pub words: Vec<String>,
}

/// As many words as tell what a statement is, and of what.
const WORDS_MAX: usize = 6;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut {
    pub pieces: Vec<Piece>,
    /// What stands behind the last `;`: a statement that goes on, if it is one.
    pub rest: Option<Piece>,
}

/// Cuts a text at each `;` that ends a statement. One whose quotes or comments are still open is a
/// rest as a whole.
pub fn cut(text: &str) -> Cut {
    let Ok(tokens) = Tokenizer::new(&Flink, text).tokenize_with_location() else {
        let piece = Piece { text: text.to_owned(), line: 1, column: 1, words: Vec::new() };
        return Cut { pieces: Vec::new(), rest: Some(piece) };
    };
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut cut = Cut::default();
    let mut open: Vec<&TokenWithSpan> = Vec::new();
    for token in &tokens {
        let command = open.first().is_some_and(|first| first.token == Token::Backslash);
        let ends = match (&token.token, command) {
            (Token::Whitespace(Whitespace::Newline), true) => true,
            (Token::Whitespace(_) | Token::EOF, _) => continue,
            (Token::SemiColon, false) => open.is_empty() || !goes_on(&open),
            _ => false,
        };
        match ends {
            true => cut.pieces.extend(piece(text, &starts, &std::mem::take(&mut open))),
            false => open.push(token),
        }
    }
    match open.first().is_some_and(|first| first.token == Token::Backslash) {
        true => cut.pieces.extend(piece(text, &starts, &open)),
        false => cut.rest = piece(text, &starts, &open),
    }
    cut
}

/// Whether a `;` is one of those within a statement set.
fn goes_on(open: &[&TokenWithSpan]) -> bool {
    let is = |at: usize, word: &str| {
        open.get(at).is_some_and(|token| super::tokens::is_word(token, word))
    };
    let set = is(0, "EXECUTE") && is(1, "STATEMENT") && is(2, "SET");
    let last = open.len() - 1;
    set && !(is(last, "END") && open[last - 1].token == Token::SemiColon)
}

fn piece(text: &str, starts: &[usize], tokens: &[&TokenWithSpan]) -> Option<Piece> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let place = |line: u64, column: u64| {
        let start = starts.get((line as usize).saturating_sub(1)).copied().unwrap_or(text.len());
        let behind = text[start..].char_indices().nth((column as usize).saturating_sub(1));
        behind.map_or(text.len(), |(at, _)| start + at)
    };
    let (from, to) = (first.span.start, last.span.end);
    let word = |token: &&TokenWithSpan| match &token.token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) => text.clone(),
        other => other.to_string(),
    };
    Some(Piece {
        text: text[place(from.line, from.column)..place(to.line, to.column)].to_owned(),
        line: from.line as usize,
        column: from.column as usize,
        words: tokens.iter().take(WORDS_MAX).map(word).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text and place of each statement, then what is left.
    fn check(text: &str, pieces: &[(&str, usize, usize)], rest: Option<&str>) {
        let found = cut(text);
        let places: Vec<_> =
            found.pieces.iter().map(|piece| (&*piece.text, piece.line, piece.column)).collect();
        assert_eq!(places, pieces, "{text}");
        assert_eq!(found.rest.map(|piece| piece.text).as_deref(), rest, "{text}");
    }

    #[test]
    fn statements_end_at_semicolons() {
        check("SELECT 1; SELECT ';'", &[("SELECT 1", 1, 1)], Some("SELECT ';'"));
        check("-- a;\n\n ä; b;", &[("ä", 3, 2), ("b", 3, 5)], None);
        check(";;", &[], None);
        check("SELECT 'a;", &[], Some("SELECT 'a;"));
        check("a /* ; */ b;", &[("a /* ; */ b", 1, 1)], None);
        check("\\limit 5\na;\n\\q", &[("\\limit 5", 1, 1), ("a", 2, 1), ("\\q", 3, 1)], None);
    }

    #[test]
    fn a_statement_set_is_one() {
        let set = "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END";
        check(&format!("{set}; b;"), &[(set, 1, 1), ("b", 1, set.len() + 3)], None);
        let open = "execute statement set begin INSERT INTO a SELECT 1;";
        check(open, &[], Some(open));
    }

    #[test]
    fn words_tell_what_it_is() {
        let found = cut("SHOW create TABLE `a b` 'c';").pieces.remove(0);
        assert_eq!(found.words, ["SHOW", "create", "TABLE", "a b", "c"]);
    }
}
