//! What has been defined so far, and the statements that only look at it or change it.

use std::collections::BTreeMap;

use super::describe;
use crate::cli::check;
use crate::error::nearest;
use crate::expression::registry::function_names;
use crate::sql::script::Piece;
use crate::sql::{self, Compiled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Table,
    View,
    Setting,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::Setting => "SET",
        }
    }
}

/// A statement that holds until it is taken back.
#[derive(Clone)]
struct Definition {
    kind: Kind,
    name: String,
    text: String,
}

pub struct Session {
    definitions: Vec<Definition>,
    /// From the command line: they win.
    settings: BTreeMap<String, String>,
}

impl Session {
    pub fn new(settings: BTreeMap<String, String>) -> Self {
        Self { definitions: Vec::new(), settings }
    }

    /// Compiles a statement behind all that is defined. Its errors show it where it stands in
    /// `origin`.
    pub fn read(&self, piece: &Piece, origin: &str) -> Result<Compiled, String> {
        let lines = "\n".repeat(piece.line - 1);
        let text = format!("{lines}{}{}", " ".repeat(piece.column - 1), piece.text);
        compile(&self.definitions, &self.settings, Some((origin.to_owned(), text)))
    }

    fn known(&self) -> Result<Compiled, String> {
        compile(&self.definitions, &self.settings, None)
    }

    /// What can be named: tables, views and all their columns.
    pub fn names(&self) -> Vec<String> {
        let Ok(Compiled { tables, views, .. }) = self.known() else { return Vec::new() };
        let schemas = tables.values().map(|table| &table.schema).chain(views.values());
        let columns = schemas.flat_map(|schema| &schema.fields).map(|field| field.name.to_string());
        let mut names: Vec<String> = columns.collect();
        names.extend(tables.into_keys().chain(views.into_keys()));
        names.sort();
        names.dedup();
        names
    }

    /// CREATE TABLE or CREATE VIEW.
    pub fn create(&mut self, piece: &Piece, origin: &str) -> Result<String, String> {
        let before = self.known()?;
        let after = self.read(piece, origin)?;
        let new = |names: Vec<&String>, known: &dyn Fn(&str) -> bool| {
            names.into_iter().find(|name| !known(name)).cloned()
        };
        let table = new(after.tables.keys().collect(), &|name| before.tables.contains_key(name));
        let view = new(after.views.keys().collect(), &|name| before.views.contains_key(name));
        let (kind, name) = match (table, view) {
            (Some(name), _) => (Kind::Table, name),
            (None, Some(name)) => (Kind::View, name),
            (None, None) if word(piece, 1) == "VIEW" || word(piece, 2) == "VIEW" => {
                return Err("the view is there already: DROP VIEW it first".into());
            }
            (None, None) => return Ok("the table is there already".into()),
        };
        let text = piece.text.clone();
        let message = format!("{} {name}", kind.word().to_lowercase());
        self.definitions.push(Definition { kind, name, text });
        Ok(message)
    }

    /// SET 'key' = 'value', or SET alone.
    pub fn set(&mut self, piece: &Piece, origin: &str) -> Result<String, String> {
        if piece.words.len() == 1 {
            let settings = self.known()?.plan.settings;
            let rows = settings.into_iter().map(|(key, value)| vec![key, value]);
            describe::print(&["key", "value"], rows.collect())?;
            return Ok(String::new());
        }
        self.read(piece, origin)?;
        let name = word_as_is(piece, 1);
        self.definitions.retain(|it| !(it.kind == Kind::Setting && it.name == name));
        let text = piece.text.clone();
        self.definitions.push(Definition { kind: Kind::Setting, name, text });
        Ok(String::new())
    }

    /// RESET 'key', or RESET for all keys.
    pub fn reset(&mut self, piece: &Piece) -> String {
        let name = word_as_is(piece, 1);
        let goes =
            |it: &Definition| it.kind == Kind::Setting && (name.is_empty() || it.name == name);
        self.definitions.retain(|it| !goes(it));
        String::new()
    }

    /// DROP TABLE or VIEW [IF EXISTS] name.
    pub fn drop(&mut self, piece: &Piece) -> Result<String, String> {
        let kind = match &*word(piece, 1) {
            "TABLE" => Kind::Table,
            "VIEW" => Kind::View,
            _ => return Err("write DROP TABLE name or DROP VIEW name".into()),
        };
        let optional = word(piece, 2) == "IF" && word(piece, 3) == "EXISTS";
        let name = word_as_is(piece, if optional { 4 } else { 2 });
        let mut rest = self.definitions.clone();
        rest.retain(|it| !(it.kind == kind && it.name == name));
        if rest.len() == self.definitions.len() {
            return match optional {
                true => Ok(String::new()),
                false => Err(self.unknown(&name, &[kind])),
            };
        }
        compile(&rest, &self.settings, None)
            .map_err(|errors| format!("`{name}` is still needed: {errors}"))?;
        self.definitions = rest;
        Ok(format!("dropped {name}"))
    }

    fn unknown(&self, name: &str, kinds: &[Kind]) -> String {
        let known = self.definitions.iter().filter(|it| kinds.contains(&it.kind));
        let what = kinds[0].word().to_lowercase();
        match nearest(name, known.map(|it| &*it.name)) {
            Some(meant) => format!("there is no {what} `{name}`; did you mean `{meant}`?"),
            None => format!("there is no {what} `{name}`; SHOW TABLES lists what there is"),
        }
    }

    /// SHOW TABLES, VIEWS, FUNCTIONS, CREATE TABLE name, CREATE VIEW name.
    pub fn show(&self, piece: &Piece) -> Result<(), String> {
        let known = self.known()?;
        let list = |head: &str, names: Vec<String>| {
            describe::print(&[head], names.into_iter().map(|name| vec![name]).collect())
        };
        match (&*word(piece, 1), &*word(piece, 2)) {
            ("TABLES", "") => {
                let views = known.views.keys().map(|name| vec![name.clone(), "view".to_owned()]);
                let tables = known.tables.values();
                let tables =
                    tables.map(|table| vec![table.name.to_string(), table.connector.to_string()]);
                describe::print(&["table", "connector"], tables.chain(views).collect())
            }
            ("VIEWS", "") => list("view", known.views.into_keys().collect()),
            ("FUNCTIONS", "") => {
                let mut names: Vec<String> =
                    function_names().into_iter().map(str::to_owned).collect();
                names.sort();
                list("function", names)
            }
            ("CREATE", what @ ("TABLE" | "VIEW")) => {
                let name = word_as_is(piece, 3);
                let kind = if what == "TABLE" { Kind::Table } else { Kind::View };
                let mut found = self.definitions.iter().rev();
                match found.find(|it| it.kind == kind && it.name == name) {
                    Some(definition) => {
                        println!("{};", definition.text);
                        Ok(())
                    }
                    None => Err(self.unknown(&name, &[kind])),
                }
            }
            _ => {
                Err("write SHOW TABLES, VIEWS or FUNCTIONS, SHOW CREATE TABLE name or SHOW CREATE \
                      VIEW name"
                    .into())
            }
        }
    }

    pub fn describe(&self, piece: &Piece) -> Result<(), String> {
        if word(piece, 1) == "FUNCTION" && piece.words.len() == 3 {
            let name = word(piece, 2);
            return match (describe::function(&name)?, nearest(&name, function_names())) {
                (true, _) => Ok(()),
                (false, Some(meant)) => {
                    Err(format!("there is no function {name}; did you mean {meant}?"))
                }
                (false, None) => Err(format!("there is no function {name}; see SHOW FUNCTIONS")),
            };
        }
        let name = word_as_is(piece, if word(piece, 1) == "EXTENDED" { 2 } else { 1 });
        let known = self.known()?;
        match (known.tables.get(&name), known.views.get(&name)) {
            (Some(table), _) => describe::table(table),
            (None, Some(schema)) => describe::view(schema),
            (None, None) => Err(self.unknown(&name, &[Kind::Table, Kind::View])),
        }
    }
}

/// A word of a statement in capitals; none where it has fewer.
pub fn word(piece: &Piece, at: usize) -> String {
    word_as_is(piece, at).to_ascii_uppercase()
}

fn word_as_is(piece: &Piece, at: usize) -> String {
    piece.words.get(at).cloned().unwrap_or_default()
}

fn compile(
    definitions: &[Definition],
    settings: &BTreeMap<String, String>,
    statement: Option<(String, String)>,
) -> Result<Compiled, String> {
    let texts: Vec<&str> = definitions.iter().map(|it| &*it.text).collect();
    let mut files = vec![("what was defined before".to_owned(), texts.join(";\n"))];
    files.extend(statement);
    let env = |name: &str| std::env::var(name).ok();
    sql::read(&files, &env, settings).map_err(|errors| check::shown(&errors))
}
