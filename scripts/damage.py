"""Damage to the files of a job's state, for scripts/chaos."""

import json


def manifests(folder):
    """Oldest first: their names hold start and epoch in as many digits each."""
    return sorted(folder.glob("manifest-*.json"))


def files_of(manifest):
    """The names of the files that an epoch is made of."""
    says = json.loads(manifest.read_text())["manifest"]
    return {entry["file"]["name"] for entry in says["files"] + says["outboxes"]}


def parted(folder, settled):
    """The files that the next start needs, and those that it does not. Of a job that was killed the newest manifest
    may be one that was not committed: then the one before it counts, and files of one of the two alone are neither.
    `settled`: the job has ended by itself, so the newest counts, and is needed."""
    newest = manifests(folder)[-1 if settled else -2:]
    if not newest:
        return [], []
    contents = [files_of(manifest) for manifest in newest]
    names = {manifest.name for manifest in newest}
    needed = set.intersection(*contents) | (names if settled else set())
    others = {"lock"} | names | set.union(*contents)
    rest = sorted(file for file in folder.iterdir() if file.name not in others and file.stat().st_size)
    return sorted(folder / name for name in needed), rest


def damage(file, random):
    """Flips a bit or cuts the tail off. Gives what was done."""
    content = bytearray(file.read_bytes())
    at = random.randrange(len(content))
    if random.random() < 0.5:
        file.write_bytes(content[:at])
        return "cut"
    content[at] ^= 1 << random.randrange(8)
    file.write_bytes(content)
    return "flipped"
