//! Where a job keeps its dead letters.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::shard::topology::{Kept, source_name};
use crate::sql::plan::Table;

pub type Options = BTreeMap<Arc<str>, Arc<str>>;

/// A topic or a file, and whose dead letters go there.
pub struct Place {
    pub at: At,
    /// What the letters call their source, and a table that reads it.
    sources: Vec<(Arc<str>, Arc<Table>)>,
}

pub enum At {
    /// With the options of a table on the same broker.
    Topic(Arc<str>, Options),
    File(PathBuf),
}

impl Place {
    pub fn tables_of(&self, source: &str) -> impl Iterator<Item = &Arc<Table>> {
        let of_source = self.sources.iter().filter(move |(name, _)| **name == *source);
        of_source.map(|(_, table)| table)
    }

    /// Whether rows that this table's receiver would not have are kept here.
    pub fn is_of_sink(&self, table: &str) -> bool {
        let is_receiver = |it: &Table| matches!(&*it.connector, "webhook" | "dingtalk" | "email");
        self.sources.iter().any(|(_, it)| *it.name == *table && is_receiver(it))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Topic(topic, _) => write!(f, "topic {topic}"),
            At::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// The places of all tables of a job, each once.
pub fn places(files: &[PathBuf], what: Kept) -> Result<Vec<Place>, String> {
    let topology = crate::cli::check::topology(files)?;
    let mut places: Vec<Place> = Vec::new();
    let tables = topology.scans().map(|(_, table)| table).chain(&topology.sinks);
    for table in tables {
        let at = match what.options().map(|option| table.options.get(option)) {
            [Some(topic), _] => At::Topic(topic.clone(), table.options.clone()),
            [None, Some(path)] => At::File(PathBuf::from(&**path)),
            [None, None] => continue,
        };
        let source = (source_name(table), table.clone());
        match places.iter_mut().find(|place| place.at.is(&at)) {
            Some(place) => place.sources.push(source),
            None => places.push(Place { at, sources: vec![source] }),
        }
    }
    if places.is_empty() {
        let kept = match what {
            Kept::Unusable => "dead letters",
            Kept::Late => "late records",
        };
        let [topic, path] = what.options();
        return Err(format!(
            "this job keeps no {kept}: none of its tables has '{topic}' or '{path}'"
        ));
    }
    Ok(places)
}

impl At {
    fn is(&self, other: &Self) -> bool {
        let servers = |options: &Options| options.get("properties.bootstrap.servers").cloned();
        match (self, other) {
            (Self::Topic(a, of_a), Self::Topic(b, of_b)) => {
                a == b && servers(of_a) == servers(of_b)
            }
            (Self::File(a), Self::File(b)) => a == b,
            _ => false,
        }
    }
}
