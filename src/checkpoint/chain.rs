//! The files that state is made of: an epoch adds to those before it, and lets go of what nothing
//! is made of any more.
//!
//! What a key group holds is what the newest file with its image says, and on top of it what the
//! files behind that one say of the group. A group without an image was empty at first.

use super::StateFile;
use crate::record::key::KEY_GROUPS;
use crate::state::KeyGroups;

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

    /// Of some key groups, the one whose beginning is the oldest.
    pub fn oldest(&self, groups: KeyGroups) -> usize {
        let start = groups.start;
        groups.min_by_key(|&group| self.0[group]).unwrap_or(start)
    }

    /// Whether what file `index` says of the group still counts.
    pub fn counts(&self, index: usize, key_group: usize) -> bool {
        index >= self.0[key_group]
    }
}

/// Drops the files that no key group needs: others behind them hold it whole, or are there at all
/// where the file has no entry of its own.
pub fn prune(files: &mut Vec<StateFile>) {
    let beginnings = Beginnings::of(files);
    let mut newest = [0; KEY_GROUPS];
    for (index, state) in files.iter().enumerate() {
        state.groups.clone().for_each(|group| newest[group] = index);
    }
    let mut index = 0;
    files.retain(|state| {
        let says_nothing = state.entries == 0 && state.images.is_empty();
        let needs = |group: usize| match says_nothing {
            true => newest[group] == index,
            false => beginnings.counts(index, group),
        };
        let needed = state.groups.clone().any(needs);
        index += 1;
        needed
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::FileEntry;

    fn file(name: &str, groups: KeyGroups, images: KeyGroups) -> StateFile {
        let file = FileEntry { name: name.to_owned(), length: 0, checksum: 0 };
        StateFile { file, groups, images, entries: 1 }
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
    fn what_says_nothing_stays_until_something_comes() {
        let silent = |name| StateFile { entries: 0, ..file(name, 0..64, 0..0) };
        let mut files = vec![file("a", 0..64, 0..64), silent("b"), silent("c")];
        files.push(file("d", 64..128, 0..0));
        prune(&mut files);
        assert_eq!(names(&files), "acd");
        files.push(file("e", 0..30, 0..0));
        prune(&mut files);
        assert_eq!(names(&files), "acde");
        files.push(file("f", 30..64, 0..0));
        prune(&mut files);
        assert_eq!(names(&files), "adef");
        assert_eq!(Beginnings::of(&files).oldest(60..70), 60);
        files.push(file("g", 0..128, 50..65));
        assert_eq!(Beginnings::of(&files).oldest(60..70), 65);
    }

    #[test]
    fn without_an_image_all_files_count() {
        let mut files = vec![file("a", 0..128, 0..0), file("b", 0..128, 5..6)];
        prune(&mut files);
        assert_eq!(names(&files), "ab");
        assert!(Beginnings::of(&files).counts(0, 4) && !Beginnings::of(&files).counts(0, 5));
    }
}
