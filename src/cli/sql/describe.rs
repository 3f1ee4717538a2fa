//! What a session holds, for SHOW and DESCRIBE.

use super::grid::{Grid, Head};
use crate::expression::registry::reference;
use crate::record::Schema;
use crate::sql::plan::Table;

/// One table of text on standard output.
pub fn print(heads: &[&str], rows: Vec<Vec<String>>) -> Result<(), String> {
    let heads = heads.iter().map(|name| Head::text(name)).collect();
    let mut grid = Grid::new(heads, rows.len() + 1, Box::new(std::io::stdout()));
    let rows = rows.into_iter().try_for_each(|row| grid.row(row));
    rows.and_then(|()| grid.finish()).map_err(|error| format!("cannot print: {error}"))
}

fn yes(is: bool) -> String {
    (if is { "TRUE" } else { "FALSE" }).to_owned()
}

pub fn table(table: &Table) -> Result<(), String> {
    let row = |(column, field): (usize, &crate::record::Field)| {
        let mut extras = Vec::new();
        if table.computed.iter().any(|(computed, _)| *computed == column) {
            extras.push("computed".to_owned());
        }
        let metadata = table.metadata.iter().filter(|(metadata, _)| *metadata == column);
        extras.extend(metadata.map(|(_, from)| format!("METADATA FROM '{from}'")));
        let key = table.primary_key.contains(&column);
        let watermark = table.watermark.as_ref().filter(|watermark| watermark.column == column);
        let late = watermark.map(|it| match it.by {
            Some(_) => "an expression".to_owned(),
            None => format!("{} - {} ms", field.name, it.delay_ms),
        });
        vec![
            field.name.to_string(),
            field.data_type.to_string(),
            yes(field.nullable && !key),
            if key { "PRI".to_owned() } else { String::new() },
            extras.join(", "),
            late.unwrap_or_default(),
        ]
    };
    let rows = table.schema.fields.iter().enumerate().map(row).collect();
    print(&["name", "type", "null", "key", "extras", "watermark"], rows)
}

pub fn view(schema: &Schema) -> Result<(), String> {
    let rows = schema.fields.iter().map(|field| {
        vec![field.name.to_string(), field.data_type.to_string(), yes(field.nullable)]
    });
    print(&["name", "type", "null"], rows.collect())
}

/// The forms of a function, or whether there is none of this name.
pub fn function(name: &str) -> Result<bool, String> {
    let forms = reference().filter(|form| form.name().eq_ignore_ascii_case(name));
    let row = |text: &str| text.to_owned();
    let rows: Vec<Vec<String>> = forms
        .map(|form| [form.signature, form.gives, form.example, form.result].map(row).to_vec())
        .collect();
    match rows.is_empty() {
        true => Ok(false),
        false => print(&["function", "gives", "example", "result"], rows).map(|()| true),
    }
}
