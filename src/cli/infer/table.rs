//! The CREATE TABLE, with what a reader should know beside each column.

use std::fmt::Write;

use super::columns::{Column, is_nameable};
use super::keys::Key;
use super::names::{literal, quoted, type_text};
use super::times::{Spread, Time, Unit, delay_seconds};

/// Where the comments begin, if the column leaves room.
const COMMENT_AT: usize = 34;

pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The likeliest first, each with how its values lie.
    pub times: Vec<(Time, Option<Spread>)>,
    pub iso8601: bool,
    pub key: Option<Key>,
    /// Connector and all that says where the records are.
    pub options: Vec<(String, String)>,
    /// Lines above it.
    pub remarks: Vec<String>,
}

impl Table {
    /// The text of the statement.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for remark in &self.remarks {
            // Writing to a String does not fail.
            let _ = writeln!(out, "-- {remark}");
        }
        let _ = writeln!(out, "CREATE TABLE {} (", quoted(&self.name));
        let mut lines: Vec<(Vec<String>, String, Vec<String>)> = Vec::new();
        for column in &self.columns {
            if !is_nameable(&column.name) {
                continue;
            }
            let text = format!("{} {}", quoted(&column.name), type_text(&column.data_type));
            let mut notes = column.notes.clone();
            notes.extend(self.unit_of(&column.name));
            lines.push((Vec::new(), text, notes));
        }
        self.time_lines(&mut lines);
        let last = lines.len().saturating_sub(1);
        for (at, (above, text, notes)) in lines.into_iter().enumerate() {
            for line in above {
                let _ = writeln!(out, "  -- {line}");
            }
            let text = if at < last { text + "," } else { text };
            let _ = match notes.is_empty() {
                true => writeln!(out, "  {text}"),
                false => writeln!(out, "  {text:<COMMENT_AT$} -- {}", notes.join("; ")),
            };
        }
        out.push_str(") WITH (\n");
        let mut options = self.options.clone();
        let mut option = |name: &str, value: &str| options.push((name.into(), value.into()));
        option("format", "json");
        if self.iso8601 {
            option("json.timestamp-format.standard", "ISO-8601");
        }
        if let Some(key) = &self.key {
            option("key.format", key.format);
            option("key.fields", &key.fields.join(";"));
        }
        let lines: Vec<String> = options
            .iter()
            .map(|(name, value)| format!("  {} = {}", literal(name), literal(value)))
            .collect();
        let _ = writeln!(out, "{}\n);", lines.join(",\n"));
        out
    }

    fn unit_of(&self, column: &str) -> Option<String> {
        let (time, _) = self.times.iter().find(|(time, _)| time.from == column)?;
        let computed = time.expression.is_some() && time.unit != Unit::Text;
        computed.then(|| time.unit.told().to_owned())
    }

    /// Computed times and the watermark.
    fn time_lines(&self, lines: &mut Vec<(Vec<String>, String, Vec<String>)>) {
        let mut taken: Vec<String> =
            self.columns.iter().map(|column| column.name.clone()).collect();
        let mut event_time = None;
        for (time, spread) in &self.times {
            let column = match &time.expression {
                None => time.from.clone(),
                Some(expression) => {
                    let name = free_name(&time.from, &taken);
                    taken.push(name.clone());
                    lines.push((Vec::new(), format!("{} AS {expression}", quoted(&name)), vec![]));
                    name
                }
            };
            if time.always {
                event_time = event_time.or(Some((column, *spread)));
            }
        }
        let is_kafka = self.options.iter().any(|(_, value)| value == "kafka");
        if event_time.is_none() && is_kafka {
            let name = free_name("record", &taken);
            let text = format!("{} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'", quoted(&name));
            lines.push((Vec::new(), text, vec!["when Kafka got the record".into()]));
            event_time = Some((name, None));
        }
        let Some((column, spread)) = event_time else {
            let hint =
                "no column is a time in all records: windows need one, and a WATERMARK for it";
            if let Some((above, ..)) = lines.first_mut() {
                above.push(hint.into());
            }
            return;
        };
        let behind = spread.map_or(0, |spread| spread.behind);
        let above = match spread {
            Some(Spread { first, last, behind }) => format!(
                "{} to {}; records came up to {} s behind later ones",
                shown(first),
                shown(last),
                behind as f64 / 1e3
            ),
            None => "how far behind later ones records come is a guess".into(),
        };
        let name = quoted(&column);
        let delay = delay_seconds(behind);
        let text = format!("WATERMARK FOR {name} AS {name} - INTERVAL '{delay}' SECOND");
        lines.push((vec![above], text, Vec::new()));
    }
}

fn shown(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms} ms"), |at| at.to_string())
}

/// `ts`, or where that is taken the column's own name with an ending.
fn free_name(from: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name);
    let own = format!("{from}_ts");
    let numbered = (2..).map(|number| format!("{from}_ts{number}"));
    ["ts".to_owned(), own].into_iter().chain(numbered).find(is_free).unwrap_or_default()
}
