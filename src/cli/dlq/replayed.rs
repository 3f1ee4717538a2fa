//! Which records were sent back: sets of offsets, by source and partition.

use std::collections::{BTreeMap, HashMap};

use super::letter::{Origin, Receipt, Returned};

#[derive(Default)]
pub struct Replayed(HashMap<String, BTreeMap<i32, Offsets>>);

impl Replayed {
    pub fn add(&mut self, receipt: &Receipt) {
        for returned in &receipt.replayed {
            let of_source = self.0.entry(returned.source.clone()).or_default();
            let offsets = of_source.entry(returned.partition).or_default();
            returned.offsets.iter().for_each(|&(from, to)| offsets.insert(from, to));
        }
    }

    pub fn contains(&self, source: &str, origin: &Origin) -> bool {
        let of_source = self.0.get(source).and_then(|all| all.get(&origin.partition));
        of_source.is_some_and(|offsets| offsets.contains(origin.offset))
    }

    /// False where it was there already.
    pub fn insert(&mut self, source: &str, origin: &Origin) -> bool {
        let is_new = !self.contains(source, origin);
        if !self.0.contains_key(source) {
            self.0.insert(source.to_owned(), BTreeMap::new());
        }
        if let Some(of_source) = self.0.get_mut(source) {
            let offsets = of_source.entry(origin.partition).or_default();
            offsets.insert(origin.offset, origin.offset);
        }
        is_new
    }

    /// All of it, as a receipt has it.
    pub fn returned(&self) -> Vec<Returned> {
        let of_partition = |source: &String, (partition, offsets): (&i32, &Offsets)| Returned {
            source: source.clone(),
            partition: *partition,
            offsets: offsets.0.iter().map(|(&from, &to)| (from, to)).collect(),
        };
        let of_source = |(source, all): (_, &BTreeMap<_, _>)| -> Vec<Returned> {
            all.iter().map(|entry| of_partition(source, entry)).collect()
        };
        self.0.iter().flat_map(of_source).collect()
    }
}

/// Ranges that don't touch: from, and to inclusive.
#[derive(Default)]
struct Offsets(BTreeMap<i64, i64>);

impl Offsets {
    fn contains(&self, offset: i64) -> bool {
        self.0.range(..=offset).next_back().is_some_and(|(_, to)| *to >= offset)
    }

    fn insert(&mut self, mut from: i64, mut to: i64) {
        if to < from {
            return;
        }
        // Those that begin up to one behind it and end no sooner than one before it.
        while let Some((&start, &end)) = self.0.range(..=to.saturating_add(1)).next_back() {
            if end.saturating_add(1) < from {
                break;
            }
            self.0.remove(&start);
            (from, to) = (from.min(start), to.max(end));
        }
        self.0.insert(from, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_are_a_set(ranges in prop::collection::vec((0_i64..60, -3_i64..9), 0..20)) {
            let (mut offsets, mut set) = (Offsets::default(), std::collections::BTreeSet::new());
            for (from, len) in ranges {
                offsets.insert(from, from + len);
                set.extend(from..=from + len);
            }
            for offset in -1..80 {
                prop_assert_eq!(offsets.contains(offset), set.contains(&offset));
            }
            let ends: Vec<_> = offsets.0.iter().collect();
            prop_assert!(ends.windows(2).all(|pair| *pair[0].1 + 1 < *pair[1].0));
        }
    }

    #[test]
    fn a_receipt_holds_what_was_sent() {
        let mut sent = Replayed::default();
        let origin = |partition, offset| Origin { partition, offset, timestamp: -1 };
        assert!(sent.insert("a", &origin(0, 1)) && sent.insert("a", &origin(0, 2)));
        assert!(sent.insert("a", &origin(1, i64::MAX)) && !sent.insert("a", &origin(0, 2)));
        let receipt = Receipt { replayed: sent.returned(), to: None, time: String::new() };
        assert_eq!(receipt.replayed.len(), 2);
        let text = serde_json::to_string(&receipt).unwrap();
        let mut again = Replayed::default();
        again.add(&serde_json::from_str(&text).unwrap());
        assert!(again.contains("a", &origin(1, i64::MAX)) && again.contains("a", &origin(0, 1)));
        assert!(!again.contains("a", &origin(0, 3)) && !again.contains("b", &origin(0, 1)));
    }
}
