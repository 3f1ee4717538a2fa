//! Cases: which folders are one, and what stands in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::check;

/// What a case says of itself in `case.json`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Shown where the case fails.
    pub description: String,
    /// The job's files, by their paths from the case; without any, all `.sql` files of the case.
    job: Vec<PathBuf>,
    /// `${NAME}` in the job; nothing is taken from the environment.
    pub variables: BTreeMap<String, String>,
    /// As `--set` gives them to `pelton run`.
    pub set: BTreeMap<String, String>,
    /// What the clock shows: an ISO instant or milliseconds.
    pub now: Option<String>,
    /// Tables whose rows are to come in the order of their file.
    pub ordered: Vec<String>,
    /// How far apart two doubles may be.
    pub tolerance: f64,
    /// Columns that are not compared, by table.
    pub ignore: BTreeMap<String, Vec<String>>,
    /// How many rows have to be dropped as late.
    pub late: Option<u64>,
}

pub struct Case {
    /// The path from the folder that was named.
    pub name: String,
    pub folder: PathBuf,
    pub settings: Settings,
}

fn told(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

/// The cases in a folder and those below it: each is a folder with `case.json`, `input` or
/// `expected` in it.
pub fn find(root: &Path) -> Result<Vec<Case>, String> {
    let mut folders = Vec::new();
    walk(root, &mut folders)?;
    let case = |folder: PathBuf| {
        let name = folder.strip_prefix(root).unwrap_or(&folder).display().to_string();
        let own = || root.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = if name.is_empty() { own().unwrap_or_default() } else { name };
        Ok(Case { name, settings: settings(&folder.join("case.json"))?, folder })
    };
    folders.into_iter().map(case).collect()
}

fn walk(folder: &Path, cases: &mut Vec<PathBuf>) -> Result<(), String> {
    if ["case.json", "input", "expected"].iter().any(|part| folder.join(part).exists()) {
        cases.push(folder.to_owned());
        return Ok(());
    }
    for path in entries(folder)? {
        if path.is_dir() {
            walk(&path, cases)?;
        }
    }
    Ok(())
}

/// What stands in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = std::fs::read_dir(folder).map_err(|error| told(folder, &error))?;
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(|error| told(folder, &error))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn settings(path: &Path) -> Result<Settings, String> {
    if !path.exists() {
        return Ok(Settings::default());
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(path, &error))?;
    serde_json::from_str(&text).map_err(|error| told(path, &error))
}

impl Case {
    /// Name and text of each file of the job.
    pub fn job(&self) -> Result<Vec<(String, String)>, String> {
        let mut paths: Vec<PathBuf> =
            self.settings.job.iter().map(|path| self.folder.join(path)).collect();
        if paths.is_empty() {
            paths = entries(&self.folder)?;
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "sql"));
        }
        if paths.is_empty() {
            return Err(format!(
                "{}: no job: put its .sql file there, or name it in case.json: {{\"job\": [\"../job.sql\"]}}",
                self.folder.display()
            ));
        }
        check::read(&paths)
    }

    /// The files of a part of the case, by what stands before `ending`.
    pub fn files(&self, part: &str, ending: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        let folder = self.folder.join(part);
        if !folder.exists() {
            return Ok(BTreeMap::new());
        }
        let mut files = BTreeMap::new();
        for path in entries(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match name.strip_suffix(ending) {
                Some(table) => drop(files.insert(table.to_owned(), path)),
                // An editor's or the system's.
                None if name.starts_with('.') => {}
                None => {
                    return Err(format!("{}: files here are named TABLE{ending}", path.display()));
                }
            }
        }
        Ok(files)
    }
}
