//! Which key groups a worker writes whole in an epoch.
//!
//! Images are what bounds the disk and the time of a recovery; they cost half as much again as the
//! changes do. Small state is written whole every other time, of large state a few groups in turn.

use crate::record::key::KEY_GROUPS;
use crate::state::KeyGroups;

/// An epoch with changes writes about this much of images at least. Little where faults are looked
/// for, so that small state has long chains of files, too.
const BYTES_MIN: u64 = if cfg!(feature = "fault-injection") { 1 << 12 } else { 1 << 20 };
/// Epochs in which all groups have had their turn, however little changes.
const EPOCHS_MAX: u64 = 512;

/// Bytes by key group.
pub type Sizes = [u64; KEY_GROUPS];

pub struct Rotation {
    groups: KeyGroups,
    /// Of each group's last image, or of what was read of it at the start; before the first one, of
    /// all that was written.
    sizes: Sizes,
    has_image: [bool; KEY_GROUPS],
    next: usize,
    /// Bytes of images that are due.
    credit: u64,
    /// Bytes that the last epoch has written outside its images.
    changes: u64,
}

impl Rotation {
    /// For a worker that owns `groups`, with the bytes that it has read back and the group whose
    /// turn it is.
    pub fn new(groups: KeyGroups, sizes: Sizes, next: usize) -> Self {
        let has_image = sizes.map(|read| read > 0);
        Self { groups, sizes, has_image, next, credit: 0, changes: 0 }
    }

    /// The groups to be written whole in the epoch that begins: none where the last one has seen
    /// no change outside its images.
    pub fn begin(&mut self) -> KeyGroups {
        if self.changes == 0 {
            return 0..0;
        }
        let total: u64 = self.sizes[self.groups.clone()].iter().sum();
        self.credit += (self.changes / 2).max(BYTES_MIN).max(total.div_ceil(EPOCHS_MAX));
        let first = self.next;
        while self.next < self.groups.end && self.credit >= self.sizes[self.next] {
            self.credit -= self.sizes[self.next];
            self.next += 1;
        }
        let images = first..self.next;
        if self.next == self.groups.end {
            (self.next, self.credit) = (self.groups.start, 0);
        }
        images
    }

    /// What the epoch has written of each group, `images` of them whole.
    pub fn written(&mut self, images: &KeyGroups, written: &Sizes) {
        self.changes = 0;
        for group in self.groups.clone() {
            if images.contains(&group) {
                self.sizes[group] = written[group];
                self.has_image[group] = true;
                continue;
            }
            self.changes += written[group];
            if !self.has_image[group] {
                self.sizes[group] += written[group];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Epochs that write `size` bytes for an image and `change` bytes of any other group.
    fn run(rotation: &mut Rotation, size: u64, change: u64, epochs: usize) -> Vec<KeyGroups> {
        let epoch = |_| {
            let images = rotation.begin();
            let mut written = [0; KEY_GROUPS];
            for group in rotation.groups.clone() {
                written[group] = if images.contains(&group) { size } else { change };
            }
            rotation.written(&images, &written);
            images
        };
        (0..epochs).map(epoch).collect()
    }

    /// The most epochs between two images of a group, and the most images in an epoch.
    fn spread(images: &[KeyGroups], groups: KeyGroups) -> (usize, usize) {
        let gap = |group| {
            let with = images.iter().enumerate().filter(|(_, images)| images.contains(&group));
            let at: Vec<usize> = with.map(|(epoch, _)| epoch).collect();
            at.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
        };
        (groups.map(gap).max().unwrap(), images.iter().map(KeyGroups::len).max().unwrap())
    }

    #[test]
    fn small_state_is_written_whole_as_long_as_it_changes() {
        let mut rotation = Rotation::new(64..128, [0; KEY_GROUPS], 64);
        let images = run(&mut rotation, 4 << 10, 7, 5);
        assert_eq!(images, [0..0, 64..128, 0..0, 64..128, 0..0]);
        assert_eq!(run(&mut rotation, 4 << 10, 0, 3), [64..128, 0..0, 0..0]);
    }

    #[test]
    fn images_take_half_as_much_as_changes() {
        // 128 MiB, of which 4 MiB change in an epoch.
        let mut rotation = Rotation::new(0..128, [MIB; KEY_GROUPS], 30);
        let images = run(&mut rotation, MIB, 4 * MIB / 128, 1000);
        let (epochs, groups) = spread(&images, 0..128);
        assert!(epochs <= 70 && groups <= 2, "{epochs} epochs, {groups} groups");
    }

    #[test]
    fn a_rotation_ends_however_little_changes() {
        let mut rotation = Rotation::new(0..128, [100 * MIB; KEY_GROUPS], 0);
        let images = run(&mut rotation, 100 * MIB, 1, 3000);
        let (epochs, groups) = spread(&images, 0..128);
        assert!(epochs <= 520 && groups == 1, "{epochs} epochs, {groups} groups");
    }
}
