//! Matches by their first row, in the very order of Java's PriorityQueue: of matches that begin with
//! one row Flink takes the one that stands first in the queue's array, and goes on with all of them
//! in that order.

use super::partition::Run;

/// The earliest match stands first; none stands before its parent.
pub fn push(heap: &mut Vec<Run>, run: Run) {
    let mut at = heap.len();
    heap.push(run);
    while at > 0 {
        let parent = (at - 1) / 2;
        if heap[at].start >= heap[parent].start {
            break;
        }
        heap.swap(at, parent);
        at = parent;
    }
}

/// Takes out the earliest.
pub fn pop(heap: &mut Vec<Run>) -> Option<Run> {
    let last = heap.pop()?;
    if heap.is_empty() {
        return Some(last);
    }
    let first = std::mem::replace(&mut heap[0], last);
    sift_down(heap, 0);
    Some(first)
}

/// Lets go of those that are not to stay.
pub fn retain(heap: &mut Vec<Run>, stays: impl FnMut(&Run) -> bool) {
    let before = heap.len();
    heap.retain(stays);
    if heap.len() < before {
        (0..heap.len() / 2).rev().for_each(|at| sift_down(heap, at));
    }
}

fn sift_down(heap: &mut [Run], from: usize) {
    let mut at = from;
    loop {
        let mut child = 2 * at + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && heap[child].start > heap[child + 1].start {
            child += 1;
        }
        if heap[at].start <= heap[child].start {
            return;
        }
        heap.swap(at, child);
        at = child;
    }
}

#[cfg(test)]
mod tests {
    use super::super::nfa::Place;
    use super::*;

    /// As Java 17 has them after the same calls.
    #[test]
    fn equals_stand_where_java_has_them() {
        let mut heap = Vec::new();
        for (label, start) in (0..).zip([1, 1, 1, 2, 2, 2, 3, 3]) {
            push(&mut heap, Run { start, place: Place::START, variables: vec![label] });
        }
        let labels = |heap: &[Run]| heap.iter().map(|run| run.variables[0]).collect::<Vec<u8>>();
        assert_eq!(labels(&heap), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(labels(&[pop(&mut heap).unwrap()]), [0]);
        assert_eq!(labels(&heap), [1, 3, 2, 7, 4, 5, 6]);
        retain(&mut heap, |run| run.start > 1);
        assert_eq!(labels(&heap), [3, 5, 4, 7, 6]);
    }
}
