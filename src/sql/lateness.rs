//! Windows that take late rows for a while: `'window.allowed-lateness'` of the table that is read.

use super::fault::{Fault, Result};
use super::plan::{Lateness, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::windows::Kind;
use crate::time::duration_ms;

/// How long behind its end a window takes rows; each that comes late changes what was told.
pub const OPTION: &str = "window.allowed-lateness";

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
        if matches!(window.kind, Kind::Session { .. }) {
            return Err(self.not_late("a SESSION window"));
        }
        self.refuse_updates(relation.node, &format!("'{OPTION}'"))?;
        self.assign(relation)?;
        // Behind window_start and window_end.
        Ok(Some(Lateness { key: keys + 2, ms }))
    }

    /// Of steps that tell a window's rows once, at its end.
    pub(super) fn refuse_late(&self, node: NodeId, what: &str) -> Result<()> {
        match self.lateness(node)? {
            None => Ok(()),
            Some(_) => Err(self.not_late(what)),
        }
    }

    fn not_late(&self, what: &str) -> Fault {
        let instead =
            "read the topic through a second table without the option: CREATE TABLE … LIKE";
        Fault::unsupported(self.span, &format!("'{OPTION}' for {what}"), instead)
    }

    /// The longest of the tables that a node's rows are read from, as they are.
    fn lateness(&self, id: NodeId) -> Result<Option<i64>> {
        let node = &self.plan.nodes[id];
        match &node.kind {
            NodeKind::Scan { table, .. } => {
                let Some(text) = table.options.get(OPTION) else { return Ok(None) };
                let ms = duration_ms(text).ok_or_else(|| {
                    let message = format!("'{OPTION}' = '{text}' is not a duration");
                    Fault::new(self.span, message).help("write it like '30 s' or '1 h'")
                })?;
                Ok(Some(ms).filter(|ms| *ms > 0))
            }
            NodeKind::Project { .. }
            | NodeKind::Filter { .. }
            | NodeKind::Watermark { .. }
            | NodeKind::WindowAssign { .. }
            | NodeKind::Unnest { .. }
            | NodeKind::Lookup { .. }
            | NodeKind::Union => {
                let of = node.inputs.iter().map(|&input| self.lateness(input));
                Ok(of.collect::<Result<Vec<_>>>()?.into_iter().flatten().max())
            }
            _ => Ok(None),
        }
    }
}
