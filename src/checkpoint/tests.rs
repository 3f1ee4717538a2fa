//! Generations are kept, and every kind of damage is found.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::fault::mutation::{Random, count};
use crate::state::{KeyGroups, Saved};

fn commit(folder: &StateFolder, epoch: u64, incarnation: u64) -> Manifest {
    let mut manifest = Manifest::new("job", epoch, incarnation);
    manifest.seed = u64::MAX;
    manifest.watermarks = vec![("w".to_owned(), i64::MIN)];
    let position = SourcePosition {
        source: "s".to_owned(),
        topic: "t".to_owned(),
        partition: 3,
        next: epoch as i64 * 10,
    };
    manifest.sources.push(position);
    if epoch > 0 {
        for worker in 0..2 {
            let mut records = Records::default();
            records.section("op", "counts").unwrap();
            for group in [0, 100, 127] {
                let bytes = format!("{epoch}/{worker}/{group}");
                records.saved(Saved::Entry { key_group: group, bytes: bytes.as_bytes() }).unwrap();
            }
            records.section("op", "empty").unwrap();
            records.saved(Saved::Gone { key_group: 1, key: b"" }).unwrap();
            records.saved(Saved::Common(b"all")).unwrap();
            let mut writer = folder.writer(epoch, incarnation, worker).unwrap();
            writer.write(&records.take()).unwrap();
            let file = writer.finish(records.entries()).unwrap();
            manifest.files.push(StateFile { file, groups: 0..128, images: 0..128, entries: 4 });
        }
    }
    folder.commit(&manifest).unwrap();
    manifest
}

fn filled(dir: &Path) -> StateFolder {
    let folder = StateFolder::open(dir, "job").unwrap();
    (0..4).for_each(|epoch| drop(commit(&folder, epoch, 1)));
    folder
}

fn files(dir: &Path, part: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(dir.join("job"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(part))
        .collect();
    found.sort();
    found
}

#[test]
fn keeps_two_generations_and_reads_them_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::open(dir.path(), "job").unwrap();
    assert_eq!(folder.load_latest(), Ok(None));
    assert!(folder.writer(1, 1, 0).is_err());
    let mut last = None;
    for epoch in 0..6 {
        last = Some(commit(&folder, epoch, 1));
    }
    let manifest = folder.load_latest().unwrap();
    assert_eq!(manifest, last);
    assert_eq!((files(dir.path(), "manifest").len(), files(dir.path(), "state").len()), (2, 4));
    let mut seen = Vec::new();
    let mut visit = |_: &StateFile, operator: &str, state: &str, saved: Saved<'_>| {
        let (tag, bytes) = match saved {
            Saved::Entry { key_group, bytes } => (format!("{key_group}+"), bytes),
            Saved::Gone { key_group, key } => (format!("{key_group}-"), key),
            Saved::Common(bytes) => ("=".to_owned(), bytes),
        };
        seen.push(format!("{operator} {state} {tag} {}", String::from_utf8_lossy(bytes)));
        Ok(())
    };
    folder.read_state(&manifest.unwrap().files, &(100..128), &mut visit).unwrap();
    let wanted =
        ["op counts 100+ 5/1/100", "op counts 127+ 5/1/127", "op empty = all"].map(str::to_owned);
    assert_eq!(seen, wanted);
    assert!(folder.commit(&Manifest::new("job", 5, 1)).unwrap_err().contains("not newer"));
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::open(dir.path(), "job").unwrap();
    let error = StateFolder::open(dir.path(), "job").err().unwrap();
    assert!(error.contains("another process runs job 'job'"), "{error}");
    assert!(StateFolder::open(dir.path(), "other").is_ok());
    drop(folder);
    assert!(StateFolder::open(dir.path(), "job").is_ok());
    assert!(StateFolder::open(dir.path(), "../x").is_err());
}

#[test]
fn finds_a_flipped_bit_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    let committed = folder.load_latest().unwrap().unwrap().name().unwrap();
    for part in ["manifest", "state"] {
        let path = files(dir.path(), part).pop().unwrap();
        let good = fs::read(&path).unwrap();
        for byte in 0..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 1 << (byte % 8);
            fs::write(&path, &bad).unwrap();
            let of_latest = folder.load_latest().unwrap_err();
            let of_committed = folder.load_committed(&committed).unwrap_err();
            for error in [of_latest, of_committed] {
                let advice = "--allow-older-state to go on from epoch 2";
                let told = error.contains(advice) && error.contains(&path.display().to_string());
                assert!(told, "{part} {byte}: {error}");
            }
        }
        fs::write(&path, &good).unwrap();
        assert_eq!(folder.load_latest().unwrap().unwrap().epoch, 3);
    }
}

#[test]
fn finds_a_torn_tail_and_a_missing_file() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    for part in ["manifest", "state"] {
        let path = files(dir.path(), part).pop().unwrap();
        let good = fs::read(&path).unwrap();
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            assert!(folder.load_latest().is_err(), "{part} {len}");
        }
        fs::write(&path, &good).unwrap();
    }
    let path = files(dir.path(), "state").pop().unwrap();
    let manifest = folder.load_latest().unwrap().unwrap();
    fs::remove_file(&path).unwrap();
    let error = folder.load_latest().unwrap_err();
    assert!(error.contains("is missing") && error.contains("backup"), "{error}");
    assert!(folder.read(&manifest.files[1].file, &mut |_, _, _| Ok(())).is_err());
}

/// What a file holds, read without a look at it before.
fn held(folder: &StateFolder, file: &FileEntry) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    folder.read(file, &mut |operator, state, saved| {
        found.push(format!("{operator} {state} {saved:?}"));
        Ok(())
    })?;
    Ok(found)
}

/// Spoilt in several places at once, or with another file in its place: refused, or as it was.
/// `PELTON_MUTATIONS` says how often.
#[test]
fn spoilt_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    let manifest = folder.load_latest().unwrap().unwrap();
    let entry = &manifest.files[1].file;
    let whole = held(&folder, entry).unwrap();
    assert_eq!(whole.len(), 5);
    let words: &[&[u8]] = &[
        b"\0",
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\x7f",
        b"\x02",
        b"\x01\0\0\0",
        b"9",
        b"\"",
        b"}",
    ];
    let mut draw = Random::new(5);
    for part in ["manifest", "state"] {
        let all = files(dir.path(), part);
        let path = all.last().unwrap();
        let good = fs::read(path).unwrap();
        let others = all.iter().map(|path| fs::read(path).unwrap()).filter(|other| *other != good);
        let mut bad: Vec<Vec<u8>> = others.collect();
        bad.extend([vec![], good.repeat(2), vec![0; good.len()]]);
        for _ in 0..count(2_000) {
            let mut spoilt = good.clone();
            (0..1 + draw.below(4)).for_each(|_| draw.spoil(&mut spoilt, words));
            bad.push(spoilt);
        }
        for bad in bad.iter().filter(|bad| **bad != good) {
            fs::write(path, bad).unwrap();
            assert!(folder.load_latest().is_err(), "{part}: {bad:?}");
            // What stands behind its end is not looked at here.
            if part == "state" && !bad.starts_with(&good) {
                assert!(held(&folder, entry).is_err(), "{bad:?}");
            }
        }
        fs::write(path, &good).unwrap();
        assert_eq!(folder.load_latest().unwrap().unwrap(), manifest);
        assert_eq!(held(&folder, entry), Ok(whole.clone()));
    }
}

/// A file that is spoilt and has a checksum that fits, in the manifest too, does no harm.
#[test]
fn a_file_that_only_seems_whole_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    let path = files(dir.path(), "state").pop().unwrap();
    let good = fs::read(&path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let words: &[&[u8]] =
        &[b"\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x02", b"\x01\0\0\0"];
    let (mut draw, mut refused) = (Random::new(6), 0);
    let tries = count(2_000);
    for _ in 0..tries {
        let mut bytes = good[..good.len() - 8].to_vec();
        (0..1 + draw.below(3)).for_each(|_| draw.spoil(&mut bytes, words));
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes);
        bytes.extend(checksum.to_le_bytes());
        fs::write(&path, &bytes).unwrap();
        let entry = FileEntry { name: name.clone(), length: bytes.len() as u64, checksum };
        refused += usize::from(held(&folder, &entry).is_err());
    }
    assert!(refused > tries / 4 && refused < tries, "{refused} of {tries}");
}

#[test]
fn falls_back_only_when_told_and_goes_on_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    fs::remove_file(files(dir.path(), "state").pop().unwrap()).unwrap();
    assert!(folder.load_latest().is_err());
    assert_eq!(folder.load_newest_intact(None).unwrap().unwrap().epoch, 2);
    assert_eq!(folder.load_latest().unwrap().unwrap().epoch, 2);
    let next = commit(&folder, 3, 2);
    assert_eq!(folder.load_latest().unwrap(), Some(next));
    fs::remove_file(files(dir.path(), "state").pop().unwrap()).unwrap();
    assert_eq!(folder.load_newest_intact(None).unwrap().unwrap().epoch, 2);
}

#[test]
fn never_starts_afresh_over_state() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    files(dir.path(), "manifest").iter().for_each(|path| fs::remove_file(path).unwrap());
    let folder = StateFolder::open(dir.path(), "job").unwrap();
    assert!(folder.load_latest().unwrap_err().contains("holds state"));
    assert!(folder.load_newest_intact(None).is_err());
}

#[test]
fn an_unfinished_file_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = filled(dir.path());
    let mut writer = folder.writer(4, 1, 0).unwrap();
    writer.write(b"cut short").unwrap();
    drop(writer);
    assert_eq!(folder.load_latest().unwrap().unwrap().epoch, 3);
    drop(folder);
    let folder = StateFolder::open(dir.path(), "job").unwrap();
    assert_eq!(folder.load_latest().unwrap().unwrap().epoch, 3);
    assert!(files(dir.path(), "state").iter().all(|path| path.extension().unwrap() == "snap"));
}

#[test]
fn a_saved_epoch_is_whole_and_can_be_gone_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let running = filled(dir.path());
    let into = tempfile::tempdir().unwrap();
    let looked = StateFolder::look(dir.path(), "job");
    assert_eq!(looked.generations().unwrap().len(), 2);
    assert_eq!(looked.save(into.path()).unwrap().epoch, 3);
    let saved = StateFolder::open(into.path(), "job").unwrap();
    assert_eq!(saved.load_latest().unwrap(), running.load_latest().unwrap());
    drop(saved);
    assert!(looked.save(into.path()).unwrap_err().contains("holds state already"));
}

/// An epoch that writes images of some groups, and of the others nothing.
fn extend(folder: &StateFolder, files: &mut Vec<StateFile>, epoch: u64, images: KeyGroups) {
    let mut records = Records::default();
    records.section("op", "counts").unwrap();
    for key_group in images.clone() {
        records.saved(Saved::Entry { key_group, bytes: &epoch.to_le_bytes() }).unwrap();
    }
    let mut writer = folder.writer(epoch, 1, 0).unwrap();
    writer.write(&records.take()).unwrap();
    let entries = records.entries();
    let file = writer.finish(entries).unwrap();
    files.push(StateFile { file, groups: 0..128, images, entries });
    chain::prune(files);
    let manifest = Manifest { files: files.clone(), ..Manifest::new("job", epoch, 1) };
    folder.commit(&manifest).unwrap();
}

#[test]
fn a_chain_of_files_stays_as_long_as_it_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::open(dir.path(), "job").unwrap();
    folder.commit(&Manifest::new("job", 0, 1)).unwrap();
    let (mut state, mut epochs) = (Vec::new(), [0_u64; 128]);
    for epoch in 1..40_u64 {
        let first = epoch as usize % 7 * 20;
        let images = first..(first + 20).min(128);
        epochs[images.clone()].fill(epoch);
        extend(&folder, &mut state, epoch, images);
        let manifest = folder.load_latest().unwrap().unwrap();
        let mut found = [0_u64; 128];
        let mut visit = |of: &StateFile, _: &str, _: &str, saved: Saved<'_>| {
            let Saved::Entry { key_group, bytes } = saved else { return Err("no entry".into()) };
            assert_eq!(of.groups, 0..128);
            found[key_group] = u64::from_le_bytes(bytes.try_into().unwrap());
            Ok(())
        };
        folder.read_state(&manifest.files, &(0..128), &mut visit).unwrap();
        assert_eq!(found, epochs);
        // Those of two generations, and no others.
        assert!(files_of(dir.path()) <= manifest.files.len() + 2, "epoch {epoch}");
        assert!(manifest.files.len() <= epoch.min(8) as usize);
    }
    let into = tempfile::tempdir().unwrap();
    let saved = StateFolder::look(dir.path(), "job").save(into.path()).unwrap();
    assert_eq!(files_of(into.path()), saved.files.len());
    // Both generations need it.
    fs::remove_file(&files(dir.path(), "state")[1]).unwrap();
    let error = folder.load_latest().unwrap_err();
    assert!(error.contains("no older generation is intact"), "{error}");
}

fn files_of(dir: &Path) -> usize {
    files(dir, "state").len()
}

/// As releases wrote it that did not say how far each sink is.
#[test]
fn a_manifest_without_the_sinks_own_positions_is_read() {
    let body = concat!(
        r#"{"version":3,"epoch":7,"incarnation":2,"job":"job","seed":11,"shards":2,"#,
        r#""sources":[{"source":"s","topic":"t","partition":3,"next":40}],"watermarks":[["w",-5]],"#,
        r#""files":[],"in_kafka":true,"#,
        r#""outboxes":[{"table":"alerts","file":{"name":"outbox.7","length":24,"checksum":9}}],"#,
        r#""operators":[{"id":"o","name":"GROUP BY","since":1}]}"#,
    );
    let checksum = xxhash_rust::xxh3::xxh3_64(body.as_bytes());
    let bytes = format!("{{\"checksum\":\"{checksum:016x}\",\"manifest\":{body}}}\n");
    let manifest = Manifest::from_bytes(bytes.as_bytes()).unwrap();
    // A commit in Kafka names it by its hash.
    assert_eq!(manifest.name(), Ok(format!("job/2/7/{checksum:016x}")));
    assert_eq!(manifest.to_bytes().unwrap(), bytes.as_bytes());
    let [alerts] = &manifest.outboxes[..] else { panic!("{manifest:?}") };
    assert_eq!((alerts.published, alerts.columns, &manifest.unclaimed[..]), (None, None, &[][..]));
    assert_eq!((manifest.epoch, manifest.sources[0].next), (7, 40));
}
