//! The files that state is made of: an epoch adds to those before it, and lets go of what nothing
//! is made of any more.
//!
//! What a key group holds is what the newest file with its image says, and on top of it what the
//! files behind that one say of the group. A group without an image was empty at first.

use super::StateFile;
use crate::record::key::KEY_GROUPS;

/// Which file of a chain each key group begins with.
pub struct Beginnings([usize; KEY_GROUPS]);

impl Beginnings {
    pub fn of(files: &[StateFile]) -> Self {
        let mut first = [0; KEY_GROUPS];
        for (index, state) in files.iter().enumerate() {
            let images = state.images.clone();
            images.for_each(|group| first[group] = index);
        }
        Self(first)
    }

    /// Whether what file `index` says of the group still counts.
    pub fn counts(&self, index: usize, key_group: usize) -> bool {
        index >= self.0[key_group]
    }
}

/// Drops the files that no key group needs.
pub fn prune(files: &mut Vec<StateFile>) {
    let beginnings = Beginnings::of(files);
    let mut index = 0;
    files.retain(|state| {
        index += 1;
        state.groups.clone().any(|group| beginnings.counts(index - 1, group))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::FileEntry;
    use crate::state::KeyGroups;

    fn file(name: &str, groups: KeyGroups, images: KeyGroups) -> StateFile {
        let file = FileEntry { name: name.to_owned(), length: 0, checksum: 0 };
        StateFile { file, groups, images }
    }

    fn names(files: &[StateFile]) -> String {
        files.iter().map(|state| state.file.name.as_str()).collect()
    }

    #[test]
    fn a_file_stays_while_a_group_needs_it() {
        let mut files = vec![file("a", 0..64, 0..64), file("b", 64..128, 64..128)];
        files.push(file("c", 0..64, 0..40));
        prune(&mut files);
        assert_eq!(names(&files), "abc");
        // Another number of shards.
        files.push(file("d", 0..128, 40..70));
        prune(&mut files);
        assert_eq!(names(&files), "bcd");
        let beginnings = Beginnings::of(&files);
        let counts = |index| (0..128).filter(|&group| beginnings.counts(index, group)).count();
        assert_eq!((counts(0), counts(1), counts(2)), (58, 98, 128));
        files.push(file("e", 0..128, 70..128));
        prune(&mut files);
        assert_eq!(names(&files), "cde");
        files.push(file("f", 0..128, 0..128));
        prune(&mut files);
        assert_eq!(names(&files), "f");
    }

    #[test]
    fn without_an_image_all_files_count() {
        let mut files = vec![file("a", 0..128, 0..0), file("b", 0..128, 5..6)];
        prune(&mut files);
        assert_eq!(names(&files), "ab");
        assert!(Beginnings::of(&files).counts(0, 4) && !Beginnings::of(&files).counts(0, 5));
    }
}
