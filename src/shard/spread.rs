//! Steps that want the same rows by the same key share one exchange: a batch is split, and its
//! keys are hashed and looked up, once for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::topology::{Edge, Step, StepKind, Topology};
use crate::sql::plan::NodeKind;

/// A step, the columns by which its rows are spread, and the topic in whose partitions they stay.
type Spread = (usize, Vec<usize>, Option<Arc<str>>);

fn spread_of(edge: &Edge) -> Option<Spread> {
    let keys = edge.exchange.clone()?;
    Some((edge.from, keys, edge.by_partition.clone()))
}

/// Puts a step of its own behind every exchange that would be made several times.
pub fn share_exchanges(topology: Topology) -> Topology {
    let Topology { steps, sinks, mut views } = topology;
    let mut wanted: BTreeMap<Spread, usize> = BTreeMap::new();
    for edge in steps.iter().flat_map(|step| &step.inputs) {
        if let Some(spread) = spread_of(edge) {
            *wanted.entry(spread).or_default() += 1;
        }
    }
    wanted.retain(|_, edges| *edges > 1);
    let mut place = Vec::with_capacity(steps.len());
    let mut shared: BTreeMap<Spread, usize> = BTreeMap::new();
    let mut placed: Vec<Step> = Vec::new();
    for (index, mut step) in steps.into_iter().enumerate() {
        for edge in &mut step.inputs {
            let by_shared = spread_of(edge).and_then(|spread| shared.get(&spread));
            let (from, exchange) = match by_shared {
                Some(&from) => (from, None),
                None => (place[edge.from], edge.exchange.take()),
            };
            *edge = Edge { from, exchange, by_partition: edge.by_partition.take() };
        }
        if let StepKind::Watermark { source, .. } = &mut step.kind {
            *source = place[*source];
        }
        place.push(placed.len());
        placed.push(step);
        let from_here = wanted.keys().filter(|(from, ..)| *from == index);
        for spread in from_here {
            shared.insert(spread.clone(), placed.len());
            placed.push(behind_exchange(place[index], spread, &placed));
        }
    }
    views.iter_mut().for_each(|view| view.step = place[view.step]);
    Topology { steps: placed, sinks, views }
}

fn behind_exchange(from: usize, (_, keys, topic): &Spread, steps: &[Step]) -> Step {
    let kind = StepKind::Plain(NodeKind::Union);
    let (exchange, by_partition) = (Some(keys.clone()), topic.clone());
    let inputs = vec![Edge { from, exchange, by_partition }];
    let schema = steps[from].schema.clone();
    Step { kind, inputs, schema, id: String::new(), keeps: None, ttl_ms: [None; 2] }
}
