//! Deadlines of slots: when the state of a key can be let go.

use std::collections::BTreeMap;

/// Parts of the time to a usual deadline by which deadlines are told apart.
const PARTS: i64 = 8;

/// One deadline for each slot that has, or had, state, in buckets of time: what is due may be
/// noticed as late as one bucket after it, and one of state that is gone stays for what comes to
/// the slot next. So what a deadline *means* has to be seen by the state itself.
pub struct Deadlines {
    grain_ms: i64,
    /// By number of the bucket.
    slots: BTreeMap<i64, Vec<u32>>,
    /// By slot: it has one.
    timed: Vec<bool>,
}

impl Deadlines {
    /// For deadlines that usually lie `span_ms` ahead.
    pub fn new(span_ms: i64) -> Self {
        Self { grain_ms: span_ms / PARTS + 1, slots: BTreeMap::new(), timed: Vec::new() }
    }

    /// Whether the slot has a deadline.
    fn has(&self, slot: u32) -> bool {
        self.timed.get(slot as usize) == Some(&true)
    }

    /// Gives the slot this deadline, unless it has one: that will be looked at first.
    pub fn add(&mut self, slot: u32, at_ms: i64) {
        if self.has(slot) {
            return;
        }
        let index = slot as usize;
        if index >= self.timed.len() {
            self.timed.resize(index + 1, false);
        }
        self.timed[index] = true;
        self.slots.entry(at_ms.div_euclid(self.grain_ms)).or_default().push(slot);
    }

    /// Whether there is something to [`Self::pop`].
    #[inline]
    pub fn is_due(&self, now_ms: i64) -> bool {
        let first = self.slots.first_key_value();
        first.is_some_and(|(bucket, _)| *bucket < now_ms.div_euclid(self.grain_ms))
    }

    /// Roughly: a slot has one place.
    pub fn bytes(&self) -> u64 {
        (self.timed.capacity() * (1 + size_of::<u32>())) as u64
    }

    /// The slots of a bucket whose deadlines have all passed by `now_ms`, which have none now; they
    /// are added again where there is state that is not due.
    pub fn pop(&mut self, now_ms: i64) -> Option<Vec<u32>> {
        let now = now_ms.div_euclid(self.grain_ms);
        let first = self.slots.first_entry().filter(|bucket| *bucket.key() < now)?;
        let slots = first.remove();
        slots.iter().for_each(|&slot| self.timed[slot as usize] = false);
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_due_once_all_of_it_has_passed() {
        let mut deadlines = Deadlines::new(80);
        for (slot, at) in [(1, -12), (2, -11), (3, 0), (4, 10), (5, 11)] {
            deadlines.add(slot, at);
        }
        assert_eq!(deadlines.pop(-12), None);
        assert_eq!(deadlines.pop(-11), Some(vec![1]));
        assert_eq!(deadlines.pop(0), Some(vec![2]));
        assert_eq!(deadlines.pop(10), None);
        assert_eq!(deadlines.pop(i64::MAX), Some(vec![3, 4]));
        assert_eq!(deadlines.pop(i64::MAX), Some(vec![5]));
        assert_eq!(deadlines.pop(i64::MAX), None);
    }

    #[test]
    fn a_slot_has_one_deadline() {
        let mut deadlines = Deadlines::new(80);
        for at in 0..1_000 {
            deadlines.add(7, at);
        }
        assert_eq!(deadlines.pop(500), Some(vec![7]));
        assert_eq!(deadlines.pop(i64::MAX), None);
        deadlines.add(7, 600);
        assert_eq!(deadlines.pop(i64::MAX), Some(vec![7]));
    }
}
