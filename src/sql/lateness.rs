//! Windows that take late rows for a while: `'window.allowed-lateness'` of the table that is read.

use super::fault::{Fault, Result};
use super::plan::{Lateness, NodeId, NodeKind, Table};
use super::query::{Queries, Relation};
use super::windows::Kind;
use crate::time::{MS_PER_DAY, duration_ms};

/// How long behind its end a window takes rows; each that comes late changes what was told.
const OPTION: &str = "window.allowed-lateness";
/// More is a slip, and near the end of what a time can be.
const DAYS_MAX: i64 = 36_500;

/// What the option of a table says (ms).
pub fn of(table: &Table) -> std::result::Result<Option<i64>, String> {
    let Some(text) = table.options.get(OPTION) else { return Ok(None) };
    let ms = duration_ms(text).filter(|ms| *ms <= DAYS_MAX * MS_PER_DAY);
    let ms = ms.ok_or_else(|| {
        format!("'{OPTION}' = '{text}' is no duration up to {DAYS_MAX} d: write '30 s' or '1 h'")
    })?;
    Ok(Some(ms).filter(|ms| *ms > 0))
}

impl Queries<'_> {
    /// Makes columns of a relation's window that takes late rows. With how many keys in front of
    /// these, and how late.
    pub(super) fn take_late(
        &mut self,
        relation: &mut Relation,
        keys: usize,
    ) -> Result<Option<Lateness>> {
        let Some(window) = &relation.window else { return Ok(None) };
        let Some(ms) = self.lateness(relation.node)? else { return Ok(None) };
        match window.kind {
            Kind::Session { .. } => return Err(self.not_late("a SESSION window")),
            Kind::Sliced(kind) if kind.grows || kind.slide_ms < kind.size_ms => {
                self.refuse_kept(relation.node)?;
            }
            Kind::Sliced(_) => {}
        }
        self.refuse_updates(relation.node, &format!("'{OPTION}'"))?;
        self.assign(relation)?;
        // Behind window_start.
        Ok(Some(Lateness { key: keys + 1, ms }))
    }

    /// Of steps that tell a window's rows once, at its end.
    pub(super) fn refuse_late(&self, node: NodeId, what: &str) -> Result<()> {
        match self.lateness(node)? {
            None => Ok(()),
            Some(_) => Err(self.not_late(what)),
        }
    }

    fn not_late(&self, what: &str) -> Fault {
        let instead = "read the topic through a second table: CREATE TABLE … WITH \
                       ('window.allowed-lateness' = '0 s') LIKE …";
        Fault::unsupported(self.span, &format!("'{OPTION}' for {what}"), instead)
    }

    /// A record that is late for one of its windows may count in another.
    fn refuse_kept(&self, id: NodeId) -> Result<()> {
        let node = &self.plan.nodes[id];
        if let NodeKind::Scan { table, .. } = &node.kind
            && ["late.topic", "late.path"].iter().any(|option| table.options.contains_key(*option))
        {
            let what = "windows that overlap, and late rows kept";
            return Err(self.not_late(what));
        }
        node.inputs.iter().try_for_each(|&input| self.refuse_kept(input))
    }

    /// The longest of the tables that a node's rows are read from, as they are.
    fn lateness(&self, id: NodeId) -> Result<Option<i64>> {
        let node = &self.plan.nodes[id];
        let below = node.inputs.iter().map(|&input| self.lateness(input));
        let below = below.collect::<Result<Vec<_>>>()?.into_iter().flatten().max();
        match &node.kind {
            NodeKind::Scan { table, .. } => {
                of(table).map_err(|reason| Fault::new(self.span, reason))
            }
            NodeKind::Project { .. }
            | NodeKind::Filter { .. }
            | NodeKind::Watermark { .. }
            | NodeKind::WindowAssign { .. }
            | NodeKind::Unnest { .. }
            | NodeKind::Lookup { .. }
            | NodeKind::Union => Ok(below),
            // Its results change, and have no time that a window could be of.
            NodeKind::Aggregate { .. } => Ok(None),
            _ if below.is_some() => Err(self.not_late("a window behind another step")),
            _ => Ok(None),
        }
    }
}
