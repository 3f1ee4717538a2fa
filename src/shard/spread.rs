//! Steps that want the same rows by the same key share one exchange: a batch is split, and its
//! keys are hashed and looked up, once for all of them.

use std::collections::BTreeMap;

use super::topology::{Edge, Step, StepKind, Topology};
use crate::sql::plan::NodeKind;

/// A step, and the columns by which its rows are spread.
type Spread = (usize, Vec<usize>);

/// Puts a step of its own behind every exchange that would be made several times.
pub fn share_exchanges(topology: Topology) -> Topology {
    let Topology { steps, sinks, mut views } = topology;
    let mut wanted: BTreeMap<Spread, usize> = BTreeMap::new();
    for edge in steps.iter().flat_map(|step| &step.inputs) {
        if let Some(keys) = &edge.exchange {
            *wanted.entry((edge.from, keys.clone())).or_default() += 1;
        }
    }
    wanted.retain(|_, edges| *edges > 1);
    let mut place = Vec::with_capacity(steps.len());
    let mut shared: BTreeMap<Spread, usize> = BTreeMap::new();
    let mut placed: Vec<Step> = Vec::new();
    for (index, mut step) in steps.into_iter().enumerate() {
        for edge in &mut step.inputs {
            let spread = edge.exchange.as_ref().map(|keys| (edge.from, keys.clone()));
            *edge = match spread.and_then(|spread| shared.get(&spread)) {
                Some(&from) => Edge { from, exchange: None },
                None => Edge { from: place[edge.from], exchange: edge.exchange.take() },
            };
        }
        if let StepKind::Watermark { source, .. } = &mut step.kind {
            *source = place[*source];
        }
        place.push(placed.len());
        placed.push(step);
        let from_here = wanted.keys().filter(|(from, _)| *from == index);
        for spread in from_here {
            shared.insert(spread.clone(), placed.len());
            placed.push(behind_exchange(place[index], &spread.1, &placed));
        }
    }
    views.iter_mut().for_each(|view| view.step = place[view.step]);
    Topology { steps: placed, sinks, views }
}

fn behind_exchange(from: usize, keys: &[usize], steps: &[Step]) -> Step {
    let kind = StepKind::Plain(NodeKind::Union);
    let inputs = vec![Edge { from, exchange: Some(keys.to_vec()) }];
    let schema = steps[from].schema.clone();
    Step { kind, inputs, schema, id: String::new(), keeps: None, ttl_ms: [None; 2] }
}
