//! Watches that a key is read from one partition alone, where the user says so and state rests on it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::record::key;

/// Keys that are remembered over all workers, of all operators together; of more the newest. 8 MiB.
const CELLS: usize = 1 << 20;
/// Bits of a cell that hold the key group.
const GROUP_BITS: u32 = 7;
/// Set where a cell holds anything.
const MARK: u64 = 1 << 56;
/// Of the second hash, which stands in the cell: its 56 bits take a new key for the one that was in
/// its place once in 7 · 10^16.
const SEED: u64 = 0x51_7c_c1_b7_27_22_0a_95;

/// Which partition each key was seen in, over all workers of a job.
pub struct Partitions {
    /// By a part of the key's hash: another hash of it, and the key group. 0: nothing.
    cells: Vec<AtomicU64>,
    broken: OnceLock<String>,
}

impl Partitions {
    pub fn new() -> Self {
        let cells = (0..CELLS).map(|_| AtomicU64::new(0)).collect();
        Self { cells, broken: OnceLock::new() }
    }

    /// The evidence of a key in two partitions: what has been computed since is of no use.
    pub fn broken(&self) -> Option<&String> {
        self.broken.get()
    }
}

impl Default for Partitions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a dictionary of one step knows of it.
#[derive(Clone)]
pub struct Witness {
    pub shared: Arc<Partitions>,
    /// Tells the keys of steps apart.
    pub step: u64,
    pub topic: Arc<str>,
}

impl Witness {
    /// A worker has seen a key for the first time, or again after it was let go.
    pub fn note(&self, key: &[u8], hash: u64, group: u8) {
        let of_step = self.step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let cell = &self.shared.cells[hash.wrapping_add(of_step) as usize % CELLS];
        let hash = key::hash(key, SEED ^ of_step) | MARK;
        let known = cell.swap(hash << GROUP_BITS | u64::from(group), Ordering::Relaxed);
        let known_group = (known & ((1 << GROUP_BITS) - 1)) as u8;
        if known >> GROUP_BITS == hash << GROUP_BITS >> GROUP_BITS && known_group != group {
            self.report(key, known_group, group);
        }
    }

    /// A key was read from the partitions of two groups.
    #[cold]
    pub fn report(&self, key: &[u8], known: u8, now: u8) {
        let [known, now] = [known, now].map(key::partition_of_group);
        let _ = self.shared.broken.set(format!(
            "topic '{}': the key {} was read from partition {known} and from partition {now}, but \
             'scan.partitioned-by' says that a key is in one. Have the records written by these \
             columns as their key (a topic that was given more partitions since has keys in two), \
             or leave the option out and start with another --state-dir",
            self.topic,
            key::text(key),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Batch, BatchTime, Column, Value};
    use crate::state::KeyDictionary;

    fn witness(shared: &Arc<Partitions>, step: u64) -> Witness {
        Witness { shared: shared.clone(), step, topic: "t".into() }
    }

    fn batch(keys: &[i64], groups: &[u8]) -> Batch {
        let columns = vec![Arc::new(Column::i64s(keys.to_vec()))];
        let groups = Some(Arc::new(groups.to_vec()));
        Batch { groups, ..Batch::new(columns, keys.len(), BatchTime::at(0)) }
    }

    #[test]
    fn a_key_in_two_partitions_of_one_worker() {
        let shared = Arc::default();
        let keys = KeyDictionary::by_partition(7, witness(&shared, 3));
        keys.borrow_mut().hold(&batch(&[1, 300, 1], &[0, 64, 0]), &[0]);
        assert_eq!(shared.broken(), None);
        keys.borrow_mut().hold(&batch(&[1, 300], &[0, 0]), &[0]);
        let broken = shared.broken().unwrap();
        assert!(
            broken.contains("key (300) was read from partition 1 and from partition 0"),
            "{broken}"
        );
    }

    #[test]
    fn a_key_in_two_partitions_of_two_workers() {
        let shared = Arc::default();
        let of = |step| KeyDictionary::by_partition(7, witness(&shared, step));
        let (one, two, other_step) = (of(3), of(3), of(4));
        one.borrow_mut().hold(&batch(&[1, 2], &[0, 0]), &[0]);
        two.borrow_mut().hold(&batch(&[3, 4], &[64, 64]), &[0]);
        other_step.borrow_mut().hold(&batch(&[1], &[64]), &[0]);
        assert_eq!(shared.broken(), None);
        two.borrow_mut().hold(&batch(&[2], &[64]), &[0]);
        let broken = shared.broken().unwrap();
        assert!(
            broken.contains("key (2) was read from partition 0 and from partition 1"),
            "{broken}"
        );
    }

    #[test]
    fn key_groups_are_those_of_the_partitions_and_come_back() {
        let shared = Arc::default();
        let keys = KeyDictionary::by_partition(7, witness(&shared, 3));
        let slots = keys.borrow_mut().hold(&batch(&[1, 2, 3], &[0, 64, 127]), &[0]);
        let groups = |keys: &KeyDictionary| slots.iter().map(|&s| keys.key_group(s)).collect();
        let expected: Vec<usize> = groups(&keys.borrow());
        assert_eq!(expected, [0, 64, 127]);
        let mut again = KeyDictionary::new(7);
        for (value, group) in [1, 2, 3].into_iter().zip(expected) {
            let mut key = Vec::new();
            key::encode_values(&[Value::I64(value)], &mut key);
            let slot = again.intern_saved(&key, group);
            assert_eq!(again.key_group(slot), group);
        }
    }

    #[test]
    fn partitions_are_spread_over_shards() {
        for shards in [1, 2, 4, 8] {
            let mut read = vec![0; shards];
            for partition in 0..16 {
                let group = key::group_of_partition(partition).unwrap();
                assert_eq!(key::partition_of_group(group), partition);
                read[key::shard_of(group.into(), shards)] += 1;
            }
            assert_eq!(read, vec![16 / shards; shards]);
        }
        assert_eq!(key::group_of_partition(128), None);
    }
}
