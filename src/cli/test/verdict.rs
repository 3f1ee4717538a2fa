//! What a case expects against what came: the verdict, in words, and the files that --update
//! writes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::case::{Case, Settings};
use super::play::{DEAD_LETTERS, Outcome};
use super::rows::{self, Difference, Row, Shape};
use crate::error::nearest;

/// Rows shown of a table that differs.
const SHOWN_MAX: usize = 10;

/// The files of expected rows, by table.
pub struct Expected<'a> {
    case: &'a Case,
    files: BTreeMap<String, PathBuf>,
}

/// How much was compared.
pub struct Compared {
    pub rows: usize,
    pub tables: usize,
}

impl<'a> Expected<'a> {
    pub fn of(case: &'a Case) -> Result<Self, String> {
        Ok(Self { case, files: case.files("expected", ".jsonl")? })
    }

    /// The shapes of all tables with what the case says of them; names that it has wrong.
    fn shapes(&self, outcome: &mut Outcome) -> Result<(), String> {
        let settings = &self.case.settings;
        let files = self.files.iter().map(|(table, path)| (table, path.display().to_string()));
        let ordered = settings.ordered.iter().map(|table| (table, "case.json: ordered".to_owned()));
        let ignore = settings.ignore.keys().map(|table| (table, "case.json: ignore".to_owned()));
        for (table, place) in files.chain(ordered).chain(ignore) {
            if !outcome.tables.contains_key(table) {
                let known = outcome.tables.keys().map(String::as_str);
                let help = match nearest(table, known.clone()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
                };
                return Err(format!("{place}: the job writes no table `{table}`; {help}"));
            }
        }
        for (table, (shape, _)) in &mut outcome.tables {
            shape.tolerance = settings.tolerance;
            for name in settings.ignore.get(table).into_iter().flatten() {
                let column = shape.names.iter().position(|column| column == name);
                let column = column.ok_or_else(|| {
                    format!("case.json: ignore: the table `{table}` has no column `{name}`")
                })?;
                shape.compared[column] = false;
            }
        }
        Ok(())
    }

    /// Compares; an error says all that is wrong.
    pub fn compare(&self, mut outcome: Outcome) -> Result<Compared, String> {
        self.shapes(&mut outcome)?;
        if self.files.is_empty() {
            return Err(format!(
                "nothing is expected: --update writes what comes now into {}",
                self.case.folder.join("expected").display()
            ));
        }
        let settings = &self.case.settings;
        let (mut faults, mut compared) = (String::new(), Compared { rows: 0, tables: 0 });
        let wanted = settings.late.unwrap_or(outcome.late);
        if wanted != outcome.late {
            let _ =
                writeln!(faults, "rows that are late: expected {wanted}, found {}", outcome.late);
        }
        for (table, (shape, changes)) in outcome.tables {
            let expected = match self.files.get(&table) {
                Some(path) => read(path, &shape)?,
                // Nobody is to overlook them.
                None if table == DEAD_LETTERS => Vec::new(),
                None => continue,
            };
            check_order(settings, &table, &changes)?;
            let found = shape.folded(changes)?;
            compared.rows += found.len();
            compared.tables += usize::from(table != DEAD_LETTERS);
            let mut difference = shape.difference(&expected, &found);
            difference.order.take_if(|_| !settings.ordered.contains(&table));
            show(&table, &shape, &difference, (&expected, &found), &mut faults);
        }
        if faults.is_empty() { Ok(compared) } else { Err(faults.trim_end().to_owned()) }
    }

    /// Writes what came over the files that are there, or all tables where there is none.
    pub fn update(&mut self, mut outcome: Outcome) -> Result<(), String> {
        self.shapes(&mut outcome)?;
        let folder = self.case.folder.join("expected");
        std::fs::create_dir_all(&folder).map_err(|error| told(&folder, &error))?;
        let all = self.files.is_empty();
        for (table, (shape, changes)) in outcome.tables {
            let letters = table == DEAD_LETTERS && !changes.is_empty();
            if !(self.files.contains_key(&table) || letters || all && table != DEAD_LETTERS) {
                continue;
            }
            check_order(&self.case.settings, &table, &changes)?;
            let mut found = shape.folded(changes)?;
            if !self.case.settings.ordered.contains(&table) {
                found.sort_by(rows::compare);
            }
            let lines: String = found.iter().map(|row| shape.line(row) + "\n").collect();
            let path = folder.join(format!("{table}.jsonl"));
            std::fs::write(&path, lines).map_err(|error| told(&path, &error))?;
            self.files.insert(table, path);
        }
        Ok(())
    }
}

fn told(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

fn check_order(
    settings: &Settings,
    table: &str,
    changes: &[super::stage::Change],
) -> Result<(), String> {
    let changed = changes.iter().any(|(kind, _)| *kind != crate::record::ChangeKind::Insert);
    match changed && settings.ordered.iter().any(|ordered| ordered == table) {
        true => Err(format!("case.json: ordered: rows of `{table}` change, so they have no order")),
        false => Ok(()),
    }
}

fn read(path: &Path, shape: &Shape) -> Result<Vec<Row>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| told(path, &error))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (usize, &str)| {
        let row = shape.row(line.as_bytes());
        row.map_err(|error| format!("{}:{}: {error}", path.display(), number + 1))
    };
    lines.map(row).collect()
}

/// Says what differs in a table, row by row.
fn show(
    table: &str,
    shape: &Shape,
    difference: &Difference,
    (expected, found): (&[Row], &[Row]),
    out: &mut String,
) {
    if let Some(at) = difference.order {
        let (wanted, came) = (shape.line(&expected[at]), shape.line(&found[at]));
        let _ = writeln!(out, "table `{table}`: row {} is out of order", at + 1);
        let _ = writeln!(out, "  - {wanted}\n  + {came}");
    }
    if difference.missing.is_empty() && difference.unexpected.is_empty() {
        return;
    }
    let (missing, unexpected) = (difference.missing.len(), difference.unexpected.len());
    let _ = writeln!(
        out,
        "table `{table}`: {missing} missing (-), {unexpected} unexpected (+), {} expected in all",
        expected.len()
    );
    let mut left: Vec<&Row> = difference.unexpected.iter().collect();
    let mut shown = 0;
    for row in &difference.missing {
        let partner = partner(shape, row, &left).map(|at| left.remove(at));
        if shown < SHOWN_MAX {
            let _ = writeln!(out, "  - {}", shape.line(row));
            partner.into_iter().for_each(|other| show_pair(shape, row, other, out));
        }
        shown += 1;
    }
    for row in left {
        if shown < SHOWN_MAX {
            let _ = writeln!(out, "  + {}", shape.line(row));
        }
        shown += 1;
    }
    if shown > SHOWN_MAX {
        let _ = writeln!(out, "  … and {} more", shown - SHOWN_MAX);
    }
}

fn show_pair(shape: &Shape, row: &Row, other: &Row, out: &mut String) {
    let _ = writeln!(out, "  + {}", shape.line(other));
    for (column, name) in shape.names.iter().enumerate() {
        if !shape.is_equal(column, &row[column], &other[column]) {
            let (mut wanted, mut came) = (String::new(), String::new());
            rows::write_plain(&row[column], &mut wanted);
            rows::write_plain(&other[column], &mut came);
            let _ = writeln!(out, "      {name}: expected {wanted}, found {came}");
        }
    }
}

/// The row that was probably meant: of the same key, or else alike in at least half of the columns.
fn partner(shape: &Shape, row: &Row, others: &[&Row]) -> Option<usize> {
    let equal = |other: &Row, column: usize| shape.is_equal(column, &row[column], &other[column]);
    if !shape.key.is_empty() {
        return others
            .iter()
            .position(|other| shape.key.iter().all(|&column| equal(other, column)));
    }
    let alike = |other: &Row| (0..row.len()).filter(|&column| equal(other, column)).count();
    let scores = others.iter().enumerate().map(|(at, other)| (alike(other), at));
    let (score, at) = scores.max_by_key(|&(score, at)| (score, std::cmp::Reverse(at)))?;
    (2 * score >= row.len()).then_some(at)
}
