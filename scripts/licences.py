#!/usr/bin/env python3
"""Prints the licences of what is built into pelton: crates, and the C libraries that some of them carry.

    scripts/licences.py > THIRD-PARTY-LICENSES.txt

Asks cargo alone. Ends with an error if a package comes without the text of its licence.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A package of these has the sources of a library that is linked, though it runs at build time.
SOURCES = "-src"
NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT")
CODE = {".rs", ".c", ".h", ".go", ".py", ".pl", ".sh", ".html"}
RULE = "=" * 100


def linked(metadata):
    """The packages that end up in the binary, by name and version."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    waiting, found = [metadata["workspace_default_members"][0]], set()
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        for dependency in nodes[package]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if None in kinds or "build" in kinds and packages[dependency["pkg"]]["name"].endswith(SOURCES):
                waiting.append(dependency["pkg"])
    found = (packages[package] for package in found if packages[package]["source"])
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package):
    """The licences that stand in a package, those of libraries within it too."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = (path for path in folder.rglob("*") if path.name.upper().startswith(NAMES))
    files = sorted(path for path in files if path.is_file() and path.suffix not in CODE)
    return [(str(path.relative_to(folder)), path.read_text("utf-8", "replace").strip()) for path in files]


def main():
    host = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = next(line.split()[1] for line in host.splitlines() if line.startswith("host:"))
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    packages = linked(json.loads(out))
    users, missing = {}, []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        found = texts(package)
        if not found:
            missing.append(name)
        for file, text in found:
            users.setdefault(text, []).append(f"{name}, {file}")
    if missing:
        sys.exit(f"scripts/licences.py: no text of a licence in {', '.join(missing)}")
    print("What pelton is built with, each under the licence that it names; their texts follow.\n")
    for package in packages:
        print(f"{package['name']} {package['version']}  {package['license']}  {package['repository'] or ''}".rstrip())
    for text, files in users.items():
        print(f"\n{RULE}\n" + "\n".join(files) + f"\n{RULE}\n\n{text}")


if __name__ == "__main__":
    main()
