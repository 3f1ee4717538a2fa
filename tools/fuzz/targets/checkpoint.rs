//! A file of state with any content, and a checksum that fits: it is read, or refused.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use pelton::checkpoint::{FileEntry, StateFolder};
use tempfile::TempDir;

thread_local! {
    static FOLDER: (TempDir, StateFolder) = {
        let dir = TempDir::new().expect("a folder for files of state");
        let folder = StateFolder::open(dir.path(), "job").expect("a state folder");
        (dir, folder)
    };
}

fuzz_target!(|content: &[u8]| {
    FOLDER.with(|(_dir, folder)| {
        let checksum = xxhash_rust::xxh3::xxh3_64(content);
        let bytes = [content, &checksum.to_le_bytes()].concat();
        let name = "state-1-1-0".to_owned();
        fs::write(folder.path().join(&name), &bytes).expect("the file is written");
        let entry = FileEntry { name, length: bytes.len() as u64, checksum };
        let _ = folder.read(&entry, &mut |_, _, _| Ok(()));
    });
});
