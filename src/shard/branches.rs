//! UNION ALL of branches of one stream becomes one step, so that rows come out in the order of
//! the stream: see [`crate::operator::branches`].

use super::topology::{Branch, Edge, Step, StepKind, Topology};
use crate::sql::plan::NodeKind;

/// Branches of a union that are taken together at most. A view over a union of itself, over and
/// over, has twice as many each time.
const MOST: usize = 64;

/// One way from a stream up to a step, through projections, filters and unions.
#[derive(Clone, Debug, PartialEq)]
struct Way {
    /// The step whose rows are the stream.
    base: usize,
    /// Projections and filters, the lowest first.
    stages: Vec<usize>,
    /// So many of the stages lie below any union: their rows are those of this way alone.
    own: usize,
}

/// Unions of which two branches or more read one stream become steps of kind `Branches`. What
/// nobody reads any more is left for the caller to take out.
pub fn unite(mut topology: Topology) -> Topology {
    let mut ways: Vec<Vec<Way>> = Vec::with_capacity(topology.steps.len());
    for step in 0..topology.steps.len() {
        let found = ways_to(step, &topology.steps[step], &ways);
        ways.push(found);
    }
    let united: Vec<Option<Step>> =
        (0..ways.len()).map(|step| united(step, &topology.steps, &ways)).collect();
    for (step, united) in topology.steps.iter_mut().zip(united) {
        if let Some(united) = united {
            *step = united;
        }
    }
    topology
}

/// All ways to a step, in the order of the query; the step itself where it is none to go through.
fn ways_to(index: usize, step: &Step, ways: &[Vec<Way>]) -> Vec<Way> {
    let itself = || vec![Way { base: index, stages: Vec::new(), own: 0 }];
    if !step.inputs.iter().all(Edge::is_local) {
        return itself();
    }
    let below = step.inputs.iter().flat_map(|edge| ways[edge.from].iter().cloned());
    match step.kind {
        StepKind::Plain(NodeKind::Union) => {
            let all: Vec<Way> = below.take(MOST + 1).collect();
            if all.len() > MOST { itself() } else { all }
        }
        StepKind::Plain(NodeKind::Project { .. } | NodeKind::Filter { .. }) => {
            let alone = step.inputs.iter().all(|edge| ways[edge.from].len() == 1);
            let through = |mut way: Way| {
                way.own += usize::from(alone && way.own == way.stages.len());
                way.stages.push(index);
                way
            };
            below.map(through).collect()
        }
        _ => itself(),
    }
}

/// What a union becomes; none where it stays what it is.
fn united(index: usize, steps: &[Step], ways: &[Vec<Way>]) -> Option<Step> {
    let step = &steps[index];
    if !matches!(step.kind, StepKind::Plain(NodeKind::Union)) {
        return None;
    }
    let mut ways = ways[index].clone();
    let mut bases: Vec<usize> = ways.iter().map(|way| way.base).collect();
    bases.sort_unstable();
    bases.dedup();
    if bases.len() == ways.len() {
        return None;
    }
    for base in &bases {
        raise(*base, &mut ways);
    }
    let mut ports: Vec<usize> = Vec::new();
    for way in &ways {
        if !ports.contains(&way.base) {
            ports.push(way.base);
        }
    }
    let branch = |way: &Way| Branch {
        port: ports.iter().position(|&port| port == way.base).unwrap_or_default(),
        stages: way.stages.iter().map(|&at| steps[at].clone()).collect(),
    };
    let kind = StepKind::Branches(ways.iter().map(branch).collect());
    let inputs = ports.iter().map(|&from| Edge::local(from)).collect();
    Some(Step { kind, inputs, ..step.clone() })
}

/// The stages that all ways from `base` begin with stay steps of their own, which may have other
/// readers.
fn raise(base: usize, ways: &mut [Way]) {
    let mut of_base = ways.iter().filter(|way| way.base == base);
    let Some(first) = of_base.next() else { return };
    let shared = of_base.fold(&first.stages[..first.own], |shared, way| {
        let pairs = shared.iter().zip(&way.stages[..way.own]);
        &shared[..pairs.take_while(|(a, b)| a == b).count()]
    });
    let shared = shared.len();
    let Some(last) = shared.checked_sub(1) else { return };
    for way in ways.iter_mut().filter(|way| way.base == base) {
        way.base = way.stages[last];
        way.stages.drain(..shared);
        way.own -= shared;
    }
}
