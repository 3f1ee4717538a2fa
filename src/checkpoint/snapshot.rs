//! Snapshot files: what one worker saves of its state in an epoch.
//!
//! `PELTSNAP`, version (u32), then records: a tag byte 1 for a section (operator and state name,
//! each with a u32 length), 2 for an entry and 3 for one that is gone (key group u16, length u32,
//! bytes), 4 for what holds for all key groups (length u32, bytes), 0 for the end (number of
//! records of kinds 2 and 3, u64); behind it XXH3 of all before. Numbers are little-endian.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::manifest::FileEntry;
use super::{at, sync_folder};
use crate::state::Saved;

const MAGIC: &[u8; 8] = b"PELTSNAP";
const VERSION: u32 = 2;
const SECTION: u8 = 1;
const ENTRY: u8 = 2;
const GONE: u8 = 3;
const COMMON: u8 = 4;
const END: u8 = 0;
const TRAILER: u64 = 8;
const BUFFER: usize = 1 << 18;

/// Suffix of files that are not finished.
pub(super) const TEMPORARY: &str = ".tmp";

/// Records of a snapshot file that wait to be written.
#[derive(Default)]
pub struct Records {
    bytes: Vec<u8>,
    entries: u64,
    common: Xxh3,
}

impl Records {
    /// What follows belongs to this state of this operator.
    pub fn section(&mut self, operator: &str, state: &str) -> io::Result<()> {
        self.bytes.push(SECTION);
        for text in [operator, state] {
            self.put(text.as_bytes())?;
        }
        Ok(())
    }

    /// One thing that [`crate::state::KeyedState::write`] writes.
    pub fn saved(&mut self, saved: Saved<'_>) -> io::Result<()> {
        let (tag, key_group, bytes) = match saved {
            Saved::Entry { key_group, bytes } => (ENTRY, key_group, bytes),
            Saved::Gone { key_group, key } => (GONE, key_group, key),
            Saved::Common(bytes) => {
                self.common.update(bytes);
                self.bytes.push(COMMON);
                return self.put(bytes);
            }
        };
        let group = u16::try_from(key_group).map_err(io::Error::other)?;
        self.bytes.push(tag);
        self.bytes.extend(group.to_le_bytes());
        self.entries += 1;
        self.put(bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(bytes);
        Ok(())
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes that wait, to be written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// How many were of key groups, of all so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// A digest of those for all key groups, of all so far.
    pub fn common(&self) -> u64 {
        self.common.digest()
    }
}

/// Writes one snapshot file. Dropped unfinished it leaves nothing behind that counts.
pub struct SnapshotWriter {
    out: BufWriter<File>,
    hash: Xxh3,
    dir: PathBuf,
    name: String,
    length: u64,
}

impl SnapshotWriter {
    pub(super) fn create(dir: &Path, name: String) -> Result<Self, String> {
        let path = dir.join(format!("{name}{TEMPORARY}"));
        let file = File::create(&path).map_err(|error| at(&path, &error))?;
        let out = BufWriter::with_capacity(BUFFER, file);
        let mut writer = Self { out, hash: Xxh3::new(), dir: dir.to_owned(), name, length: 0 };
        writer
            .put(MAGIC)
            .and_then(|()| writer.put(&VERSION.to_le_bytes()))
            .map_err(|error| at(&path, &error))?;
        Ok(writer)
    }

    /// Writes records that [`Records::take`] gave.
    pub fn write(&mut self, records: &[u8]) -> Result<(), String> {
        self.put(records).map_err(|error| at(&self.dir.join(&self.name), &error))
    }

    /// Closes the file, which holds `entries` records of key groups, syncs it and gives it its
    /// name.
    pub fn finish(mut self, entries: u64) -> Result<FileEntry, String> {
        let path = self.dir.join(&self.name);
        self.complete(entries, &path).map_err(|error| at(&path, &error))
    }

    fn complete(&mut self, entries: u64, path: &Path) -> io::Result<FileEntry> {
        self.put(&[END])?;
        self.put(&entries.to_le_bytes())?;
        let checksum = self.hash.digest();
        self.out.write_all(&checksum.to_le_bytes())?;
        self.out.flush()?;
        crate::fault::sync(self.out.get_ref(), path)?;
        fs::rename(self.dir.join(format!("{}{TEMPORARY}", self.name)), path)?;
        sync_folder(&self.dir)?;
        Ok(FileEntry { name: self.name.clone(), length: self.length + TRAILER, checksum })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// Whether a file is what the manifest says, every byte of it.
pub(super) fn verify(dir: &Path, entry: &FileEntry) -> Result<(), String> {
    let path = dir.join(&entry.name);
    let broken = |what: &str| format!("{}: {what}", path.display());
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(broken("is missing")),
        Err(error) => return Err(at(&path, &error)),
    };
    let actual = file.metadata().map_err(|error| at(&path, &error))?.len();
    if actual != entry.length || actual < TRAILER {
        return Err(broken(&format!("is {actual} bytes long, not {}", entry.length)));
    }
    let mut hash = Xxh3::new();
    let mut left = actual - TRAILER;
    let mut buffer = vec![0; BUFFER];
    while left > 0 {
        let part = &mut buffer[..left.min(BUFFER as u64) as usize];
        file.read_exact(part).map_err(|error| at(&path, &error))?;
        hash.update(part);
        left -= part.len() as u64;
    }
    let mut trailer = [0; TRAILER as usize];
    file.read_exact(&mut trailer).map_err(|error| at(&path, &error))?;
    let sum = hash.digest();
    if sum != entry.checksum || sum != u64::from_le_bytes(trailer) {
        return Err(broken("is damaged (checksum)"));
    }
    Ok(())
}

/// How many records of key groups a file holds, which is known to be whole.
pub(super) fn entries(dir: &Path, entry: &FileEntry) -> Result<u64, String> {
    let path = dir.join(&entry.name);
    let mut bytes = [0; 8];
    let at_end = entry.length.saturating_sub(TRAILER + bytes.len() as u64);
    let read = File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, at_end));
    read.map_err(|error| at(&path, &error))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Takes one thing that was saved, and the names of its operator and state.
pub type Visit<'a> = dyn FnMut(&str, &str, Saved<'_>) -> Result<(), String> + 'a;

/// Hands out what a file holds. That it is damaged may be told at the end alone: what was made of it
/// is of no use then.
pub(super) fn read(dir: &Path, entry: &FileEntry, visit: &mut Visit<'_>) -> Result<(), String> {
    let path = dir.join(&entry.name);
    let file = File::open(&path).map_err(|error| at(&path, &error))?;
    let input = BufReader::with_capacity(BUFFER, file);
    let left = entry.length.saturating_sub(TRAILER);
    let mut input = Hashed { input, hash: Xxh3::new(), left };
    let visited = visit_all(&mut input, visit);
    let Hashed { mut input, hash, left } = input;
    let mut trailer = [0; TRAILER as usize];
    let is_whole = input.read_exact(&mut trailer).is_ok()
        && left == 0
        && hash.digest() == entry.checksum
        && entry.checksum == u64::from_le_bytes(trailer);
    match visited {
        Ok(()) if is_whole => Ok(()),
        Ok(()) => Err(format!("{}: is damaged (checksum)", path.display())),
        // Told of what was read so far: damage may be why, here or further on.
        Err(error) => {
            verify(dir, entry)?;
            Err(format!("{}: {error}", path.display()))
        }
    }
}

/// Input whose checksum is computed as it is read, up to the trailer.
struct Hashed<R> {
    input: R,
    hash: Xxh3,
    /// Bytes before the trailer.
    left: u64,
}

impl<R: Read> Hashed<R> {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let left = self.left.checked_sub(buffer.len() as u64);
        self.left = left.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.input.read_exact(buffer)?;
        self.hash.update(buffer);
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Replaces `out` by bytes with their length in front, which a damaged file may state as it likes.
    fn take_bytes(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let length = u32::from_le_bytes(self.take()?);
        if u64::from(length) > self.left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.resize(length as usize, 0);
        self.fill(out)
    }
}

fn visit_all(input: &mut Hashed<impl Read>, visit: &mut Visit<'_>) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    if &input.take::<8>().map_err(text)? != MAGIC {
        return Err("is not a snapshot file".to_owned());
    }
    let version = u32::from_le_bytes(input.take().map_err(text)?);
    if version != VERSION {
        return Err(format!("is of version {version}; this release reads {VERSION}"));
    }
    let (mut operator, mut state, mut bytes) = (String::new(), String::new(), Vec::new());
    let mut entries = 0_u64;
    loop {
        match input.take::<1>().map_err(text)?[0] {
            SECTION => {
                for name in [&mut operator, &mut state] {
                    input.take_bytes(&mut bytes).map_err(text)?;
                    *name = String::from_utf8_lossy(&bytes).into_owned();
                }
            }
            tag @ (ENTRY | GONE) => {
                let key_group = usize::from(u16::from_le_bytes(input.take().map_err(text)?));
                input.take_bytes(&mut bytes).map_err(text)?;
                let saved = match tag {
                    ENTRY => Saved::Entry { key_group, bytes: &bytes },
                    _ => Saved::Gone { key_group, key: &bytes },
                };
                visit(&operator, &state, saved)?;
                entries += 1;
            }
            COMMON => {
                input.take_bytes(&mut bytes).map_err(text)?;
                visit(&operator, &state, Saved::Common(&bytes))?;
            }
            END => {
                let wanted = u64::from_le_bytes(input.take().map_err(text)?);
                return match wanted == entries {
                    true => Ok(()),
                    false => Err(format!("holds {entries} entries, not {wanted}")),
                };
            }
            tag => return Err(format!("holds a record of unknown kind {tag}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_is_only_stated_takes_no_memory() {
        let bytes = [&u32::MAX.to_le_bytes()[..], b"abc"].concat();
        let mut input = Hashed { input: &bytes[..], hash: Xxh3::new(), left: bytes.len() as u64 };
        let mut out = Vec::new();
        assert!(input.take_bytes(&mut out).is_err());
        assert_eq!(out.capacity(), 0);
    }
}
