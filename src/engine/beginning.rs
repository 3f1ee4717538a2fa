//! What a start goes on from: the state folder, the job's Kafka transactions, and which epoch of
//! theirs was committed last.

use std::sync::Arc;

use super::recovery::{self, Recovery};
use super::{Ended, Job, RunOptions};
use crate::checkpoint::{Manifest, OperatorEntry, StateFile, StateFolder};
use crate::fault;
use crate::sink::kafka::open_transactions;
use crate::sink::kafka::transaction::{Objection, Transactions};
use crate::sink::{Publisher, SinkContext};

/// What the job goes on from, and under which name.
pub struct Beginning {
    pub state: Option<Arc<StateFolder>>,
    pub recovery: Option<Arc<Recovery>>,
    pub transactions: Option<Arc<Transactions>>,
    pub seed: u64,
    pub incarnation: u64,
    /// The last epoch that was committed.
    pub epoch: u64,
    /// Differs between all processes and starts.
    owner: u64,
    allow_older_state: bool,
}

impl Beginning {
    /// Waits for the broker where the job writes Kafka exactly once. `known`: the incarnation of
    /// this process before, if it starts again in place; a newer one means another process.
    pub fn open(
        job: &Job,
        options: &RunOptions,
        context: &SinkContext,
        known: Option<u64>,
    ) -> Result<Self, Ended> {
        let state = open_state(job, options)?;
        let transactions = match &state {
            Some(folder) => {
                // To be seen before it is fenced.
                let known = known
                    .map(|known| move |name: &str| not_newer(folder.order_named(name)?.0, known));
                let objection = known.as_ref().map(|known| known as &Objection<'_>);
                let sinks = &job.topology.sinks;
                open_transactions(sinks, &job.name, context, objection)?.map(Arc::new)
            }
            None => None,
        };
        fault::point("fenced");
        let recovery = match &state {
            Some(folder) => open_recovery(folder, transactions.as_deref(), job, options)?,
            None => None,
        };
        let manifest = recovery.as_ref().map(|recovery| &recovery.manifest);
        if let (Some(known), Some(manifest)) = (known, manifest) {
            not_newer(manifest.incarnation, known)?;
        }
        let seed = manifest.map_or_else(fresh_seed, |manifest| manifest.seed);
        let incarnation = manifest.map_or(1, |manifest| manifest.incarnation + 1);
        let epoch = manifest.map_or(0, |manifest| manifest.epoch);
        let (owner, allow_older_state) = (fresh_seed(), options.allow_older_state);
        let beginning = Self {
            state,
            recovery,
            transactions,
            seed,
            incarnation,
            epoch,
            owner,
            allow_older_state,
        };
        beginning.announce(job)?;
        Ok(beginning)
    }

    /// The same state under a new incarnation, before any input is read: from now on what an
    /// older incarnation may still write is not taken for newer.
    fn announce(&self, job: &Job) -> Result<(), Ended> {
        let Some(folder) = &self.state else { return Ok(()) };
        let incarnation = self.incarnation;
        let base = match &self.recovery {
            Some(recovery) => recovery.manifest.clone(),
            None => Manifest {
                seed: self.seed,
                operators: self.operators(job),
                ..Manifest::new(&job.name, 0, incarnation)
            },
        };
        let in_kafka = self.transactions.is_some();
        let manifest = Manifest { incarnation, in_kafka, ..base };
        folder.write(&manifest)?;
        if let Some(transactions) = &self.transactions {
            transactions.begin(self.epoch)?;
            transactions.commit(self.epoch, &manifest.name()?)?;
            fault::point("announced");
            transactions.begin(self.epoch + 1)?;
            transactions.begin(self.epoch + 2)?;
        }
        Ok(folder.committed(&manifest)?)
    }

    /// What the state is made of that the job goes on from.
    pub fn files(&self) -> Vec<StateFile> {
        self.recovery.as_ref().map_or_else(Vec::new, |recovery| recovery.manifest.files.clone())
    }

    /// Whose state the epochs hold.
    pub fn operators(&self, job: &Job) -> Vec<OperatorEntry> {
        match &self.recovery {
            Some(recovery) => recovery.manifest.operators.clone(),
            None => recovery::operators(&job.topology, 0),
        }
    }

    /// The last epoch of which a table's store may hold rows.
    pub fn claimed(&self, table: &str) -> u64 {
        let mut unclaimed = self.recovery.iter().flat_map(|recovery| &recovery.manifest.unclaimed);
        unclaimed.find(|(name, _)| name == table).map_or(self.epoch, |(_, epoch)| *epoch)
    }

    /// Who publishes committed rows, as other systems get to see it.
    pub fn publisher(&self, job: &str, table: &str) -> Publisher {
        // A digest: who can read it must not learn the seed.
        let state =
            openssl::sha::sha256(&[b"pelton state ", &self.seed.to_le_bytes()[..]].concat());
        Publisher {
            job: job.to_owned(),
            state: state[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
            start: self.incarnation,
            owner: format!("{:016x}", self.owner),
            epoch: self.claimed(table),
            take_over: self.allow_older_state,
        }
    }
}

/// Whether what was committed is by this process, which was of incarnation `known` before.
fn not_newer(incarnation: u64, known: u64) -> Result<(), String> {
    if incarnation > known {
        return Err("another process of this job has taken over".into());
    }
    Ok(())
}

/// State is kept where a start can go on from it: for input without an end.
fn open_state(job: &Job, options: &RunOptions) -> Result<Option<Arc<StateFolder>>, String> {
    match &options.state_dir {
        Some(dir) if !job.bounded => Ok(Some(Arc::new(StateFolder::open(dir, &job.name)?))),
        _ => Ok(None),
    }
}

fn open_recovery(
    folder: &Arc<StateFolder>,
    transactions: Option<&Transactions>,
    job: &Job,
    options: &RunOptions,
) -> Result<Option<Arc<Recovery>>, String> {
    let found = match transactions {
        None if options.allow_older_state => folder.load_newest_intact(None)?,
        None => folder.load_latest()?,
        Some(transactions) => match transactions.committed()? {
            Some(name) => load_committed(folder, &name, options.allow_older_state)?,
            None => never_committed(folder)?,
        },
    };
    let Some(manifest) = found else { return Ok(None) };
    let mut recovery = Recovery { folder: folder.clone(), manifest };
    recovery.adapt(&job.topology, options.allow_dropped_state)?;
    tracing::info!(epoch = recovery.manifest.epoch, "going on from the saved state");
    Ok(Some(Arc::new(recovery)))
}

/// What Kafka has committed last, or where that cannot be had an older one, if `allow_older`.
fn load_committed(
    folder: &StateFolder,
    name: &str,
    allow_older: bool,
) -> Result<Option<Manifest>, String> {
    match folder.load_committed(name) {
        Err(error) if allow_older => {
            tracing::warn!("{error}");
            let older = folder.load_newest_intact(Some(name))?;
            // Whoever wrote the newer ones is an older start.
            let start = folder.order_named(name)?.0;
            Ok(older.map(|older| Manifest { incarnation: start.max(older.incarnation), ..older }))
        }
        found => found.map(Some),
    }
}

/// Kafka knows of no epoch: neither may the folder, but for the first one, cut short, and those
/// from before the job wrote Kafka.
fn never_committed(folder: &StateFolder) -> Result<Option<Manifest>, String> {
    match folder.load_latest()? {
        Some(manifest) if manifest.epoch > 0 && manifest.in_kafka => Err(format!(
            "{} holds epoch {}, but Kafka does not say that it was committed: its offset has \
             expired, or this is another cluster. Move the folder away to start afresh",
            folder.path().display(),
            manifest.epoch
        )),
        found => Ok(found),
    }
}

/// A seed that nobody outside can guess, so that keys cannot be made to collide.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
