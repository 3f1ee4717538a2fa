//! The saves of an operator, one on top of the other as a worker's files are, and a fresh operator
//! made from them.

use super::*;
use crate::checkpoint::chain::{Beginnings, prune};
use crate::checkpoint::{FileEntry, StateFile};
use crate::record::key::KEY_GROUPS;
use crate::state::{KeyGroups, Saved, Slice};

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
    /// Of the save under way: which state is being written, and what has been.
    current: Option<usize>,
    content: Vec<(usize, Kept)>,
    images: KeyGroups,
}

impl Saves {
    /// Begins to save an operator.
    pub fn begin(&mut self, operator: &mut dyn Operator) {
        self.epoch += 1;
        self.images = IMAGES[self.epoch % IMAGES.len()].clone();
        operator.states().into_iter().for_each(|(_, state)| state.freeze(&self.images));
        (self.current, self.content) = (Some(0), Vec::new());
    }

    /// Writes an entry, or little more.
    pub fn slice(&mut self, operator: &mut dyn Operator) {
        self.write(operator, 1);
    }

    fn write(&mut self, operator: &mut dyn Operator, room: usize) {
        let Some(current) = &mut self.current else { return };
        let mut states = operator.states();
        while let Some((_, state)) = states.get_mut(*current) {
            let mut write = |saved: Saved<'_>| {
                self.content.push((*current, Kept::of(saved)));
                Ok(())
            };
            if !state.write(&mut Slice::new(room, &mut write)).unwrap() {
                return;
            }
            *current += 1;
        }
    }

    /// Completes the save, if one was begun. After each third one the operator goes on; else a
    /// fresh one takes over.
    pub fn end(
        &mut self,
        make: &dyn Fn() -> Box<dyn Operator>,
        operator: &mut dyn Operator,
    ) -> Option<Box<dyn Operator>> {
        self.write(operator, usize::MAX);
        assert!(self.current.take()? == operator.states().len(), "a save that doesn't end");
        self.keep();
        (self.epoch % 3 != 2).then(|| self.load(make))
    }

    /// A save in one go.
    pub fn pass(
        &mut self,
        make: &dyn Fn() -> Box<dyn Operator>,
        mut operator: Box<dyn Operator>,
    ) -> Box<dyn Operator> {
        self.begin(&mut *operator);
        self.end(make, &mut *operator).unwrap_or(operator)
    }

    /// The save becomes one of the worker's files.
    fn keep(&mut self) {
        let content = std::mem::take(&mut self.content);
        let file = FileEntry { name: self.epoch.to_string(), length: 0, checksum: 0 };
        let entries = content.iter().filter(|(_, kept)| !matches!(kept, Kept::Common(_))).count();
        let (entries, images) = (entries as u64, self.images.clone());
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
