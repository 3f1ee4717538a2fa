//! Snapshots on disk: the files of a job's state and the manifests that name them.
//!
//! A generation is one manifest and the snapshot files it lists, with their lengths and
//! checksums: of this epoch and of those before it on which it builds. Files are written under
//! another name, synced and renamed, and the manifest comes last: its rename is the commit. Two
//! complete generations stay. Nothing damaged is ever passed
//! over in silence, and no job starts afresh where there is state that can't be read.

pub mod chain;
mod folder;
mod manifest;
mod rotation;
mod snapshot;

pub use folder::StateFolder;
pub use manifest::{FileEntry, Manifest, OperatorEntry, Outbox, SourcePosition, StateFile};
pub use rotation::{Rotation, Sizes};
pub use snapshot::{Records, SnapshotWriter};

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes renames in a folder last.
fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// An I/O error with the file it is about.
fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests;
