//! Steps that nobody reads any more: a projection over an aggregate whose table is answered from
//! the aggregate's own state, what a union has taken into itself.

use super::topology::{Step, StepKind, Topology};

/// The same without them.
pub fn leave_out(topology: Topology) -> Topology {
    let Topology { steps, sinks, mut views } = topology;
    let mut needed = vec![false; steps.len()];
    views.iter().for_each(|view| needed[view.step] = true);
    for (index, step) in steps.iter().enumerate().rev() {
        needed[index] |= matches!(step.kind, StepKind::Sink { .. });
        if needed[index] {
            step.inputs.iter().for_each(|edge| needed[edge.from] = true);
        }
    }
    let mut place = vec![0; steps.len()];
    let mut kept: Vec<Step> = Vec::new();
    for (index, mut step) in steps.into_iter().enumerate() {
        if needed[index] {
            step.inputs.iter_mut().for_each(|edge| edge.from = place[edge.from]);
            if let StepKind::Watermark { source, .. } = &mut step.kind {
                *source = place[*source];
            }
            place[index] = kept.len();
            kept.push(step);
        }
    }
    views.iter_mut().for_each(|view| view.step = place[view.step]);
    Topology { steps: kept, sinks, views }
}
