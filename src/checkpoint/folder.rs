//! A job's state folder: its lock, its generations, and what is thrown away.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::chain::Beginnings;
use super::manifest::{FileEntry, Manifest, StateFile};
use super::snapshot::{self, SnapshotWriter, TEMPORARY, Visit};
use super::{at, sync_folder};
use crate::fault;
use crate::state::{KeyGroups, Saved};

/// Complete generations that stay.
const GENERATIONS: usize = 2;

const MANIFEST: &str = "manifest-";
const SNAPSHOT: &str = "state-";
const DAMAGED: &str = "damaged-";

/// A manifest's name, and what it says or why it cannot be used.
pub type Generation = (String, Result<Manifest, String>);

/// Takes one thing that was saved: the file that holds it, the names of its operator and state.
pub type VisitState<'a> = dyn FnMut(&StateFile, &str, &str, Saved<'_>) -> Result<(), String> + 'a;

/// Which of two generations is newer: incarnation first, then epoch.
pub type Order = (u64, u64);

/// The folder of one job, locked for as long as this lives (but where it is only looked at).
pub struct StateFolder {
    dir: PathBuf,
    job: String,
    _lock: Option<File>,
}

impl StateFolder {
    /// Creates `dir`/`job` where it is missing and locks it. A second process of the job is
    /// refused.
    pub fn open(dir: &Path, job: &str) -> Result<Self, String> {
        if job.is_empty() || job.starts_with('.') || job.contains(['/', '\\', '\0']) {
            return Err(format!("'{job}' can't be a job's name: its state folder is named so"));
        }
        let dir = dir.join(job);
        // State holds what the input held: it is for this user alone.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(|error| at(&dir, &error))?;
        let path = dir.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| at(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "another process runs job '{job}': it holds the lock of {}. Stop it, or give \
                     this one another job name or state folder",
                    dir.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(at(&path, &error)),
        }
        let folder = Self { dir, job: job.to_owned(), _lock: Some(lock) };
        for name in folder.names()?.iter().filter(|name| name.ends_with(TEMPORARY)) {
            folder.remove(name)?;
        }
        Ok(folder)
    }

    /// A folder that is only looked at: a job may run on it meanwhile.
    pub fn look(dir: &Path, job: &str) -> Self {
        Self { dir: dir.join(job), job: job.to_owned(), _lock: None }
    }

    /// What each manifest says, or why it cannot be used, newest first.
    pub fn generations(&self) -> Result<Vec<Generation>, String> {
        let manifests = self.manifests()?.into_iter();
        Ok(manifests.map(|(_, name)| (name.clone(), self.load(&name))).collect())
    }

    /// Copies the newest generation that is whole into the folder of the job in `dir`, which must
    /// not hold any yet. A job that runs may delete it meanwhile: then that is the error.
    pub fn save(&self, dir: &Path) -> Result<Manifest, String> {
        let whole = self.generations()?.into_iter().find_map(|(_, manifest)| manifest.ok());
        let manifest = whole.ok_or_else(|| format!("{} holds no state", self.dir.display()))?;
        let into = Self::open(dir, &self.job)?;
        if !into.manifests()?.is_empty() {
            return Err(format!("{} holds state already", into.dir.display()));
        }
        for file in manifest.all_files() {
            let from = self.dir.join(&file.name);
            let copy = fs::copy(&from, into.dir.join(&file.name));
            copy.map_err(|error| at(&from, &error))?;
            snapshot::verify(&into.dir, file)?;
        }
        into.write(&manifest)?;
        Ok(manifest)
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The newest manifest with all its files intact; `None` for a folder that never held state.
    /// Anything damaged is an error that says what to do.
    pub fn load_latest(&self) -> Result<Option<Manifest>, String> {
        let manifests = self.manifests()?;
        let Some((_, name)) = manifests.first() else {
            return self.nothing_there();
        };
        self.load(name).map(Some).map_err(|error| self.refusal(&error, &manifests[1..]))
    }

    /// That a generation is damaged, and what to do; `older` are those before it.
    fn refusal(&self, error: &str, older: &[(Order, String)]) -> String {
        let advice = match older.iter().find_map(|(_, name)| self.load(name).ok()) {
            Some(manifest) => format!(
                "restore the file from a backup, or run with --allow-older-state to go on from \
                 epoch {}, which is intact: its input positions are used too, so input since then is \
                 read again and sinks without transactions get it twice",
                manifest.epoch
            ),
            None => "no older generation is intact: restore the folder from a backup, or move \
                     it away to start afresh"
                .to_owned(),
        };
        format!("the state of job '{}' can't be used: {error}; {advice}", self.job)
    }

    /// The newest generation that is intact, for a user who asks for it after
    /// [`Self::load_latest`] or [`Self::load_committed`] refused. Damaged newer manifests are set
    /// aside, so that they don't count as generations any more; so are those that were not
    /// committed where `committed` names the last one that was.
    pub fn load_newest_intact(&self, committed: Option<&str>) -> Result<Option<Manifest>, String> {
        let committed = committed.map(|name| self.order_named(name)).transpose()?;
        let manifests = self.manifests()?;
        let mut damaged = Vec::new();
        for (order, name) in &manifests {
            if committed.is_some_and(|committed| *order > committed) {
                damaged.push(name);
                continue;
            }
            match self.load(name) {
                Ok(manifest) => {
                    for name in damaged {
                        let (from, to) = (self.dir.join(name), format!("{DAMAGED}{name}"));
                        fs::rename(&from, self.dir.join(to)).map_err(|error| at(&from, &error))?;
                    }
                    sync_folder(&self.dir).map_err(|error| at(&self.dir, &error))?;
                    return Ok(Some(manifest));
                }
                Err(_) => damaged.push(name),
            }
        }
        if manifests.is_empty() {
            return self.nothing_there();
        }
        Err(format!("no generation of job '{}' is intact in {}", self.job, self.dir.display()))
    }

    fn nothing_there(&self) -> Result<Option<Manifest>, String> {
        let names = self.names()?;
        match names.iter().find(|name| name.starts_with(SNAPSHOT) || name.starts_with(DAMAGED)) {
            None => Ok(None),
            Some(name) => Err(format!(
                "{} holds state ({name}) but no manifest that says what it is: restore the \
                 manifest from a backup, or move the folder away to start afresh",
                self.dir.display()
            )),
        }
    }

    fn load(&self, name: &str) -> Result<Manifest, String> {
        let path = self.dir.join(name);
        let bytes = fs::read(&path).map_err(|error| at(&path, &error))?;
        let manifest =
            Manifest::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        if manifest.job != self.job || manifest_name(&manifest) != name {
            return Err(format!("{}: is of another job or epoch", path.display()));
        }
        manifest.all_files().try_for_each(|file| snapshot::verify(&self.dir, file))?;
        Ok(manifest)
    }

    /// A writer for a worker's file of an epoch. Refused before the job's first manifest (an
    /// empty one will do) is committed: so state without a manifest is always a fault, never the
    /// trace of a first epoch that was cut short.
    pub fn writer(
        &self,
        epoch: u64,
        incarnation: u64,
        worker: usize,
    ) -> Result<SnapshotWriter, String> {
        if self.manifests()?.is_empty() {
            return Err("commit an empty manifest before the first snapshot".to_owned());
        }
        let name = format!("{SNAPSHOT}{incarnation:010}-{epoch:016}-{worker:04}.snap");
        SnapshotWriter::create(&self.dir, name)
    }

    /// A writer for rows up to an epoch that a sink publishes after its commit; `part` tells the
    /// file from others of the epoch.
    pub fn outbox(
        &self,
        epoch: u64,
        incarnation: u64,
        part: &str,
    ) -> Result<SnapshotWriter, String> {
        let name = format!("{SNAPSHOT}{incarnation:010}-{epoch:016}-{part}.snap");
        SnapshotWriter::create(&self.dir, name)
    }

    /// Makes the manifest the newest one and lasting. Where nothing else is the commit point,
    /// this is.
    pub fn write(&self, manifest: &Manifest) -> Result<(), String> {
        if manifest.job != self.job {
            return Err(format!("the manifest is of job '{}', not '{}'", manifest.job, self.job));
        }
        let newest = self.manifests()?.first().map(|(order, _)| *order);
        let order = (manifest.incarnation, manifest.epoch);
        if newest.is_some_and(|newest| newest >= order) {
            return Err(format!(
                "epoch {} of incarnation {} is not newer than what is committed",
                manifest.epoch, manifest.incarnation
            ));
        }
        let name = manifest_name(manifest);
        let path = self.dir.join(&name);
        let temporary = self.dir.join(format!("{name}{TEMPORARY}"));
        let bytes = manifest.to_bytes()?;
        File::create(&temporary)
            .and_then(|mut file| file.write_all(&bytes).and_then(|()| fault::sync(&file, &path)))
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| sync_folder(&self.dir))
            .map_err(|error| at(&path, &error))
    }

    /// Writes a manifest and lets go of what is older than the generations that stay.
    pub fn commit(&self, manifest: &Manifest) -> Result<(), String> {
        self.write(manifest)?;
        self.committed(manifest)
    }

    /// Lets go of what is older than the generations that stay, now that this one is committed.
    pub fn committed(&self, manifest: &Manifest) -> Result<(), String> {
        self.collect((manifest.incarnation, manifest.epoch))
    }

    /// The manifest of a commit that stands elsewhere, by its name there. Newer ones were never
    /// committed and go.
    pub fn load_committed(&self, name: &str) -> Result<Manifest, String> {
        let order = self.order_named(name)?;
        let manifests = self.manifests()?;
        let found = manifests.iter().find(|(known, _)| *known == order);
        let Some((_, file)) = found else {
            return Err(format!(
                "Kafka says that epoch {} of start {} was committed last, but {} does not hold it: \
                 restore the folder, start afresh under another 'pipeline.name', or go on from an older \
                 epoch with --allow-older-state, which writes what came since then once more",
                order.1,
                order.0,
                self.dir.display()
            ));
        };
        let older = manifests.iter().position(|(known, _)| *known < order);
        let older = older.map_or(&[][..], |at| &manifests[at..]);
        let manifest = self.load(file).map_err(|error| self.refusal(&error, older))?;
        if manifest.name()? != name {
            return Err(format!(
                "epoch {} in {} is not the one that was committed: restore the folder",
                order.1,
                self.dir.display()
            ));
        }
        for (_, file) in manifests.iter().filter(|(known, _)| *known > order) {
            self.remove(file)?;
        }
        Ok(manifest)
    }

    /// Start and epoch of a commit that stands elsewhere, by its name there.
    pub fn order_named(&self, name: &str) -> Result<Order, String> {
        let parts: Vec<&str> = name.split('/').collect();
        let order = match parts.as_slice() {
            [job, incarnation, epoch, _] if *job == self.job => {
                incarnation.parse().ok().zip(epoch.parse().ok())
            }
            _ => None,
        };
        order.ok_or_else(|| format!("'{name}' does not name an epoch"))
    }

    /// Deletes manifests beyond the newest generations, then the files up to the committed epoch
    /// that none of the kept ones lists. Files of later epochs may be being written.
    fn collect(&self, committed: Order) -> Result<(), String> {
        let manifests = self.manifests()?;
        let mut kept = HashSet::new();
        for (_, name) in manifests.iter().take(GENERATIONS) {
            let path = self.dir.join(name);
            let bytes = fs::read(&path).map_err(|error| at(&path, &error))?;
            match Manifest::from_bytes(&bytes) {
                Ok(manifest) => {
                    kept.extend(manifest.all_files().map(|file| file.name.clone()));
                }
                // What an unreadable manifest needs is unknown: delete nothing.
                Err(_) => return Ok(()),
            }
        }
        for (_, name) in manifests.iter().skip(GENERATIONS) {
            self.remove(name)?;
        }
        for name in self.names()? {
            let old = order_of(&name, SNAPSHOT).is_some_and(|order| order <= committed);
            if old && !kept.contains(&name) && !name.ends_with(TEMPORARY) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Hands out what the state of these key groups is made of, to be loaded in this order. An error
    /// may come after much has been handed out.
    pub fn read_state(
        &self,
        files: &[StateFile],
        groups: &KeyGroups,
        visit: &mut VisitState<'_>,
    ) -> Result<(), String> {
        let beginnings = Beginnings::of(files);
        for (index, state) in files.iter().enumerate() {
            let counts = |group: usize| groups.contains(&group) && beginnings.counts(index, group);
            if !state.groups.clone().any(counts) {
                continue;
            }
            snapshot::read(&self.dir, &state.file, &mut |operator, name, saved| match saved {
                Saved::Entry { key_group, .. } | Saved::Gone { key_group, .. }
                    if !counts(key_group) =>
                {
                    Ok(())
                }
                _ => visit(state, operator, name, saved),
            })?;
        }
        Ok(())
    }

    /// Hands out what a file of a manifest holds. An error may come after much has been handed out.
    pub fn read(&self, file: &FileEntry, visit: &mut Visit<'_>) -> Result<(), String> {
        snapshot::read(&self.dir, file, visit)
    }

    /// How many entries a file of a manifest holds.
    pub fn entries(&self, file: &FileEntry) -> Result<u64, String> {
        snapshot::entries(&self.dir, file)
    }

    /// Names of the manifests, newest first.
    fn manifests(&self) -> Result<Vec<(Order, String)>, String> {
        let mut found: Vec<(Order, String)> = self
            .names()?
            .into_iter()
            .filter(|name| name.ends_with(".json"))
            .filter_map(|name| Some((order_of(&name, MANIFEST)?, name)))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }

    fn names(&self) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(&self.dir).map_err(|error| at(&self.dir, &error))?;
        entries
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| at(&self.dir, &error))
    }

    fn remove(&self, name: &str) -> Result<(), String> {
        let path = self.dir.join(name);
        fs::remove_file(&path).map_err(|error| at(&path, &error))
    }
}

impl FileEntry {
    /// The epoch that the file was written in, which is in its name.
    pub fn epoch(&self) -> Option<u64> {
        order_of(&self.name, SNAPSHOT).map(|(_, epoch)| epoch)
    }
}

fn manifest_name(manifest: &Manifest) -> String {
    format!("{MANIFEST}{:010}-{:016}.json", manifest.incarnation, manifest.epoch)
}

/// Incarnation and epoch of a file's name.
fn order_of(name: &str, prefix: &str) -> Option<Order> {
    let mut parts = name.strip_prefix(prefix)?.split(['-', '.']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
