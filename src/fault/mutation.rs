//! Inputs for tests, many of them bad on purpose: the same ones each time.

/// How many inputs a test is to make: `PELTON_MUTATIONS`, or as many as are usual for it.
pub fn count(usual: usize) -> usize {
    std::env::var("PELTON_MUTATIONS").map_or(usual, |text| text.parse().unwrap())
}

/// Draws numbers, and spoils bytes by them.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One change to some bytes: of a bit, a byte, a word from `words`, or of what is where.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>, words: &[&[u8]]) {
        if bytes.is_empty() {
            return bytes.extend_from_slice(self.one_of(words));
        }
        let at = self.below(bytes.len());
        let to = (at + 1 + self.below(8)).min(bytes.len());
        match self.below(9) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.below(256) as u8,
            2 => drop(bytes.remove(at)),
            3 => drop(bytes.drain(at..to)),
            4 => bytes.truncate(at),
            5 => {
                let part = bytes[at..to].to_vec();
                let into = self.below(bytes.len() + 1);
                bytes.splice(into..into, part);
            }
            6 => bytes[at..to].fill(if self.once_in(2) { 0xff } else { 0 }),
            7 => {
                let word = self.one_of(words);
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end, word.iter().copied());
            }
            _ => {
                let word = self.one_of(words);
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
}
