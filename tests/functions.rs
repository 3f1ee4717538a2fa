//! The functions that docs/sql.md lists: all that there are, each with an example that is computed.
//!
//! `PELTON_WRITE_DOCS=1 cargo test --release --test functions` writes the list.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Stdio;

use common::pelton;
use pelton::expression::registry::{Described, function_names, reference};

const BEGIN: &str = "<!-- functions: written by tests/functions.rs -->\n";
const END: &str = "<!-- end of functions -->\n";

#[test]
fn every_function_is_described() {
    let described: BTreeSet<&str> = reference().map(|form| form.name()).collect();
    let known: BTreeSet<&str> = function_names().into_iter().collect();
    let missing: Vec<_> = known.difference(&described).collect();
    assert!(missing.is_empty(), "reference.txt lacks {missing:?}");
    // Those with a syntax of their own are not called by name.
    let own = BTreeSet::from(["JSON_OBJECT", "JSON_ARRAY"]);
    let unknown: Vec<_> =
        described.difference(&known).filter(|name| !own.contains(*name)).collect();
    assert!(unknown.is_empty(), "there is no {unknown:?}");
}

#[test]
fn examples_give_what_is_said() {
    // What depends on the row has no result that could be said.
    let forms: Vec<Described> = reference().filter(|form| form.result != "…").collect();
    assert!(forms.len() + 1 >= function_names().len());
    let columns = |(at, form): (usize, &Described)| format!("'@{at}', {}", form.example);
    let columns: Vec<String> = forms.iter().enumerate().map(columns).collect();
    let folder = tempfile::tempdir().unwrap();
    let job = folder.path().join("job.sql");
    std::fs::write(&job, format!("SELECT {};\n", columns.join(",\n"))).unwrap();
    let mut command = pelton(&["run", "--http", "off", job.to_str().unwrap()]);
    let done = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let shown = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut rest = shown.trim_end().strip_suffix(']').unwrap();
    for (at, form) in forms.iter().enumerate().rev() {
        let (before, result) = rest.rsplit_once(&format!("@{at}, ")).unwrap();
        assert_eq!(result, form.result, "{}", form.example);
        rest = before.strip_suffix(", ").unwrap_or(before);
    }
}

fn listed() -> String {
    let (mut text, mut kind) = (String::new(), "");
    let cell = |text: &str| text.replace('|', "\\|");
    for form in reference() {
        if form.kind != kind {
            kind = form.kind;
            write!(text, "\n### {kind}\n\n| function | gives | example | result |\n").unwrap();
            text.push_str("|---|---|---|---|\n");
        }
        let [signature, example, result] = [form.signature, form.example, form.result].map(cell);
        writeln!(text, "| `{signature}` | {} | `{example}` | `{result}` |", form.gives).unwrap();
    }
    text
}

#[test]
fn the_manual_lists_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sql.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let (before, rest) = manual.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let wanted = format!("{}\n", listed());
    if std::env::var_os("PELTON_WRITE_DOCS").is_some() {
        return std::fs::write(path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    }
    assert!(found == wanted, "docs/sql.md: PELTON_WRITE_DOCS=1 writes its list");
}
