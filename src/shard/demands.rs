//! What the steps of a job ask of others: which watermarks, and which rows.

use super::topology::{Step, StepKind, Topology};
use crate::expression::Expr;
use crate::sql::plan::NodeKind;

/// Whether some window is taken of rows that change.
pub fn windows_of_changes(topology: &Topology) -> bool {
    topology.steps.iter().any(|step| matches!(step.kind, StepKind::SingleWindows { .. }))
}

/// Whether each row that a step puts out is a version for a temporal join: none may be left out
/// because another one followed at once.
pub fn gives_versions(topology: &Topology, step: &Step) -> bool {
    topology.steps.iter().any(|join| {
        let is_join = matches!(join.kind, StepKind::Plain(NodeKind::TemporalJoin { .. }));
        is_join && passes_on(topology, &topology.steps[join.inputs[1].from], step)
    })
}

/// Whether what comes out of `from` is what `step` put out, row by row.
fn passes_on(topology: &Topology, from: &Step, step: &Step) -> bool {
    let passes = matches!(
        from.kind,
        StepKind::Plain(NodeKind::Project { .. } | NodeKind::Filter { .. } | NodeKind::Union)
            | StepKind::Branches(_)
    );
    let mut below = from.inputs.iter().map(|edge| &topology.steps[edge.from]);
    std::ptr::eq(from, step) || (passes && below.any(|below| passes_on(topology, below, step)))
}

/// Whether results depend on what is forgotten by the watermark before each row: of the rows of a
/// table nothing is made.
pub fn forgets(topology: &Topology) -> bool {
    let results = |step: &&Step| !matches!(step.kind, StepKind::Upsert { .. });
    topology.steps.iter().filter(results).any(|step| step.ttl_ms != [None; 2])
}

/// Whether some expression asks for the watermark before each row.
pub fn watermarks_are_read(topology: &Topology) -> bool {
    topology.steps.iter().any(reads_watermark)
}

fn reads_watermark(step: &Step) -> bool {
    match &step.kind {
        StepKind::Plain(NodeKind::Project { exprs }) => exprs.iter().any(Expr::reads_watermark),
        StepKind::Plain(NodeKind::Filter { predicate }) => predicate.reads_watermark(),
        StepKind::Branches(branches) => {
            branches.iter().flat_map(|branch| &branch.stages).any(reads_watermark)
        }
        _ => false,
    }
}
