//! The manifest: what a committed epoch consists of, as JSON that carries its own checksum.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::state::KeyGroups;

/// Of the manifest's form; another one is refused.
pub const VERSION: u32 = 3;

/// Where a source goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcePosition {
    /// The source's id in the plan.
    pub source: String,
    /// Topic or path.
    pub topic: String,
    pub partition: i32,
    /// The first position not yet in the state.
    pub next: i64,
}

/// A snapshot file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    pub name: String,
    pub length: u64,
    /// XXH3 of the whole file but its last eight bytes, where it stands again.
    pub checksum: u64,
}

/// What a worker has written of its state in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateFile {
    pub file: FileEntry,
    /// The key groups that the worker owned; the file says nothing of others.
    pub groups: KeyGroups,
    /// Those of them that the file holds whole; of the others it holds what has changed.
    pub images: KeyGroups,
    /// Entries, also those that are gone. Without one the file says only what holds for all groups,
    /// in place of what earlier ones said.
    pub entries: u64,
}

/// Rows that a sink publishes after the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    /// The sink's table.
    pub table: String,
    pub file: FileEntry,
    /// The last epoch in the file that is published, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<u64>,
    /// A digest of the table's columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<u64>,
}

/// A committed epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub version: u32,
    pub epoch: u64,
    /// Counts the starts of the job; of two manifests the one of the later start is newer.
    pub incarnation: u64,
    pub job: String,
    /// Seed of the key hash: state is found again under the same one only.
    pub seed: u64,
    pub shards: usize,
    pub sources: Vec<SourcePosition>,
    /// Watermark (ms) of each operator or source that has one.
    pub watermarks: Vec<(String, i64)>,
    /// The state, as [`super::chain`] reads it: oldest first.
    pub files: Vec<StateFile>,
    /// Its commit point is a Kafka transaction that names it.
    pub in_kafka: bool,
    /// Rows of committed epochs that may not be published yet.
    pub outboxes: Vec<Outbox>,
    /// Tables whose store does not know of this start yet, each with the last epoch of which it may
    /// hold rows. Of all others that is this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<(String, u64)>,
    /// Those whose state the files hold.
    pub operators: Vec<OperatorEntry>,
}

/// An operator, or source, that keeps something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorEntry {
    pub id: String,
    /// For people.
    pub name: String,
    /// What files of earlier epochs hold under this id is of a job that had it once before.
    pub since: u64,
}

const HEAD: &[u8] = b"{\"checksum\":\"";
const MIDDLE: &[u8] = b"\",\"manifest\":";
const TAIL: &[u8] = b"}\n";

impl Manifest {
    /// A manifest of this release's form with nothing in it yet.
    pub fn new(job: &str, epoch: u64, incarnation: u64) -> Self {
        Self { version: VERSION, epoch, incarnation, job: job.to_owned(), ..Self::default() }
    }

    /// Every file that the epoch consists of.
    pub fn all_files(&self) -> impl Iterator<Item = &FileEntry> {
        let outboxes = self.outboxes.iter().map(|outbox| &outbox.file);
        self.files.iter().map(|state| &state.file).chain(outboxes)
    }

    /// Job, start, epoch and hash: what a commit elsewhere names.
    pub fn name(&self) -> Result<String, String> {
        let body = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let (job, hash) = (&self.job, xxh3_64(&body));
        Ok(format!("{job}/{}/{}/{hash:016x}", self.incarnation, self.epoch))
    }

    /// The file's bytes: every one of them is covered by the checksum or fixed.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let body = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let checksum = format!("{:016x}", xxh3_64(&body));
        Ok([HEAD, checksum.as_bytes(), MIDDLE, &body, TAIL].concat())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let damaged = || "the manifest is damaged (checksum)".to_owned();
        let rest = bytes.strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(TAIL));
        let (checksum, rest) =
            rest.and_then(|rest| rest.split_at_checked(16)).ok_or_else(damaged)?;
        let body = rest.strip_prefix(MIDDLE).ok_or_else(damaged)?;
        if format!("{:016x}", xxh3_64(body)).as_bytes() != checksum {
            return Err(damaged());
        }
        let version = serde_json::from_slice::<serde_json::Value>(body)
            .ok()
            .and_then(|value| value.get("version").and_then(serde_json::Value::as_u64));
        if version != Some(u64::from(VERSION)) {
            return Err(format!("the manifest is of another version than {VERSION}"));
        }
        serde_json::from_slice(body).map_err(|error| format!("the manifest: {error}"))
    }
}
