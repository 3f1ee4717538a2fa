//! The saves of an operator, one on top of the other as a worker's files are, and a fresh operator
//! made from them.

use super::*;
use crate::checkpoint::chain::{Beginnings, prune};
use crate::checkpoint::{FileEntry, StateFile};
use crate::record::key::KEY_GROUPS;
use crate::state::{KeyGroups, Saved};

/// What [`Saved`] holds, to be kept.
enum Kept {
    Entry(usize, Vec<u8>),
    Gone(usize, Vec<u8>),
    Common(Vec<u8>),
}

impl Kept {
    fn of(saved: Saved<'_>) -> Self {
        match saved {
            Saved::Entry { key_group, bytes } => Self::Entry(key_group, bytes.to_vec()),
            Saved::Gone { key_group, key } => Self::Gone(key_group, key.to_vec()),
            Saved::Common(bytes) => Self::Common(bytes.to_vec()),
        }
    }

    fn saved(&self) -> Saved<'_> {
        match self {
            Self::Entry(key_group, bytes) => Saved::Entry { key_group: *key_group, bytes },
            Self::Gone(key_group, key) => Saved::Gone { key_group: *key_group, key },
            Self::Common(bytes) => Saved::Common(bytes),
        }
    }
}

/// Which key groups the epochs write whole, in turn.
const IMAGES: [KeyGroups; 6] = [0..0, 0..64, 0..0, 64..KEY_GROUPS, 30..90, 0..KEY_GROUPS];

#[derive(Default)]
pub struct Saves {
    files: Vec<StateFile>,
    /// Of each file, each with the number of the state.
    contents: Vec<Vec<(usize, Kept)>>,
    epoch: usize,
}

impl Saves {
    /// Saves an operator, which goes on after each third time; else a fresh one takes over.
    pub fn pass(
        &mut self,
        make: &dyn Fn() -> Box<dyn Operator>,
        mut operator: Box<dyn Operator>,
    ) -> Box<dyn Operator> {
        self.epoch += 1;
        self.save(&mut *operator, IMAGES[self.epoch % IMAGES.len()].clone());
        match self.epoch % 3 {
            2 => operator,
            _ => self.load(make),
        }
    }

    fn save(&mut self, operator: &mut dyn Operator, images: KeyGroups) {
        let mut content = Vec::new();
        for (index, (_, state)) in operator.states().into_iter().enumerate() {
            let mut write = |saved: Saved<'_>| {
                content.push((index, Kept::of(saved)));
                Ok(())
            };
            state.save(&images, &mut write).unwrap();
        }
        let file = FileEntry { name: self.epoch.to_string(), length: 0, checksum: 0 };
        let entries = content.iter().filter(|(_, kept)| !matches!(kept, Kept::Common(_))).count();
        let entries = entries as u64;
        self.files.push(StateFile { file, groups: 0..KEY_GROUPS, images, entries });
        self.contents.push(content);
        let before = self.files.clone();
        prune(&mut self.files);
        let mut left = before.iter().map(|file| self.files.contains(file));
        self.contents.retain(|_| left.next() == Some(true));
    }

    fn load(&self, make: &dyn Fn() -> Box<dyn Operator>) -> Box<dyn Operator> {
        let mut fresh = make();
        let beginnings = Beginnings::of(&self.files);
        let mut states = fresh.states();
        for (index, content) in self.contents.iter().enumerate() {
            for (number, kept) in content {
                match kept {
                    Kept::Entry(group, _) | Kept::Gone(group, _)
                        if !beginnings.counts(index, *group) => {}
                    _ => states[*number].1.load(&(0..KEY_GROUPS), kept.saved()).unwrap(),
                }
            }
        }
        drop(states);
        fresh.restored();
        fresh
    }
}
