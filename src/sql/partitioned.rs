//! `scan.partitioned-by`: which columns of a node's rows say which partition they were read from.
//! Rows that are alike in them are on one worker already, so an operator that is keyed by them, and
//! maybe by more, needs no exchange.

use std::sync::Arc;

use super::plan::{NodeId, NodeKind, Plan, ScanField, Table};
use crate::expression::{Expr, ExprKind};

const OPTION: &str = "scan.partitioned-by";

/// How the rows of a node lie in partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitioned {
    /// Rows that are alike in these columns come from one partition.
    pub columns: Vec<usize>,
    /// Each row still says from which, as state must know.
    pub told: bool,
}

impl Partitioned {
    /// Whether rows of one key come from one partition.
    pub fn holds(&self, keys: &[usize]) -> bool {
        self.columns.iter().all(|column| keys.contains(column))
    }

    /// Whether state by these keys may be kept where the rows were read.
    pub fn keeps(&self, keys: &[usize]) -> bool {
        self.told && self.holds(keys)
    }
}

/// The columns that the option of a table names.
pub fn columns(table: &Table) -> Result<Vec<usize>, String> {
    let Some(text) = table.options.get(OPTION) else { return Ok(Vec::new()) };
    let column = |name: &str| {
        let found = table.physical.iter().find(|&&at| &*table.schema.fields[at].name == name);
        found.copied().ok_or_else(|| {
            format!("'{OPTION}': the table has no column '{name}' that stands in records")
        })
    };
    let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
    let columns: Vec<usize> = names.map(column).collect::<Result<_, _>>()?;
    match columns.is_empty() {
        true => Err(format!("'{OPTION}' names no column: write 'a' or 'a;b'")),
        false => Ok(columns),
    }
}

/// How the rows that a node puts out lie.
pub fn of(plan: &Plan, id: NodeId) -> Option<Partitioned> {
    let node = &plan.nodes[id];
    let below = || of(plan, *node.inputs.first()?);
    let in_place = |keys: &[usize]| below().filter(|it| it.keeps(keys));
    match &node.kind {
        NodeKind::Scan { table, fields, .. } => of_scan(table, fields),
        NodeKind::Watermark { .. }
        | NodeKind::Filter { .. }
        | NodeKind::WindowAssign { .. }
        | NodeKind::Unnest { .. } => below(),
        NodeKind::Project { exprs } => {
            let Partitioned { columns, told } = below()?;
            let columns: Option<_> =
                columns.iter().map(|&column| position(exprs, column)).collect();
            columns.map(|columns| Partitioned { columns, told })
        }
        NodeKind::TimeSort { keys, .. } | NodeKind::ProcessingTime { keys, .. } => in_place(keys),
        NodeKind::Over { keys, .. }
        | NodeKind::Normalize { keys }
        | NodeKind::First { keys, .. }
        | NodeKind::Rank { keys, .. } => {
            in_place(keys).map(|below| Partitioned { told: false, ..below })
        }
        // Keys come first in the output.
        NodeKind::Match { keys, .. }
        | NodeKind::Aggregate { keys, .. }
        | NodeKind::WindowAggregate { keys, .. }
        | NodeKind::SessionAggregate { keys, .. } => {
            let Partitioned { columns, .. } = in_place(keys)?;
            let place = |column: &usize| keys.iter().position(|key| key == column);
            let columns: Option<_> = columns.iter().map(place).collect();
            columns.map(|columns| Partitioned { columns, told: false })
        }
        NodeKind::Union
        | NodeKind::Lookup { .. }
        | NodeKind::Join { .. }
        | NodeKind::TemporalJoin { .. }
        | NodeKind::Sink { .. } => None,
    }
}

fn of_scan(table: &Arc<Table>, fields: &[ScanField]) -> Option<Partitioned> {
    let named = columns(table).ok().filter(|columns| !columns.is_empty())?;
    let parts = table.parts().ok()?;
    let place = |column: usize| {
        let physical = table.physical.iter().position(|&at| at == column)?;
        let (side, place) = parts.place(physical);
        let name = &parts.part(side).fields[place].name;
        let is_whole = |field: &ScanField| matches!(&field.path[..], [only] if only == name);
        fields.iter().position(|field| field.side == side && is_whole(field))
    };
    let columns: Option<_> = named.into_iter().map(place).collect();
    columns.map(|columns| Partitioned { columns, told: true })
}

/// Where a projection passes column `column` on unchanged.
pub fn position(exprs: &[Expr], column: usize) -> Option<usize> {
    exprs.iter().position(|expr| expr.kind == ExprKind::Column(column))
}
