"""What the files of a study are: the hash of each, and by which rule, from what, when and where it was made.

A run writes it as it ends, to `inventory.json` among the results. For what a run makes that is killed, the next run
writes it, by a note that the first left at its start. `make audit` compares the files with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notes import notes
from pydantic import BaseModel, Field, NonNegativeInt

from libi import __version__
from libi.runtime.processor import describe_processor
from libi.runtime.provenance import PACKAGES, versions
from libi.runtime.storage import save_text
from libi.study.family import Family

COMPUTING = ("torch", "numpy", "scipy")  # of these, those that numbers depend on
NAME = "inventory.json"
UNDER_WAY = ".run.json"  # beside it: the run that is under way, or was killed
NOTED = "sha256:"  # how Snakemake begins its hash of an input


class Packages(BaseModel):
    """Versions of packages; others than these may be there too."""

    torch: str | None
    numpy: str | None
    scipy: str | None


class Run(BaseModel):
    """What an inventory says of a run, among other things."""

    commit: str | None
    python: str
    packages: Packages
    machine: dict[str, Any]


class Entry(BaseModel):
    """What an inventory says of a file."""

    sha256: str
    rule: str
    ended: str
    run: NonNegativeInt
    made_from: dict[str, str] = Field(alias="from")


class Inventory(BaseModel):
    """What an inventory holds."""

    studies: dict[str, dict[str, Any]]
    runs: list[Run]
    sources: dict[str, str]
    files: dict[str, Entry]


def inventory_of(root: Path, family: Family) -> Path:
    """Where the inventory of a study, or of variants of one, is."""
    folder = family.name if family.varied else next(iter(family)).removeprefix("/")
    return root / "results" / folder / NAME


def sha256(path: Path) -> str:
    """The hash of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git(root: Path, *arguments: str) -> str | None:
    """What git says of a work tree; None without git, or outside of a repository."""
    try:
        run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def gpus(drivers: Path = Path("/proc/driver/nvidia/gpus")) -> list[str]:
    """The models of the GPUs here, as their driver names them."""
    told = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(drivers.glob("*/information"))]
    return [line.partition(":")[2].strip() for text in told for line in text.splitlines() if line.startswith("Model:")]


def describe_run(root: Path) -> dict[str, Any]:
    """By what code and on which machine files are made; no names of hosts or users."""
    changed = git(root, "status", "--porcelain", "--untracked-files=no")
    return {
        "libi": __version__,
        "commit": git(root, "rev-parse", "HEAD"),
        "edited since": None if changed is None else bool(changed),
        "python": sys.version.split()[0],
        "packages": {name: versions().get(name) for name in PACKAGES},
        "machine": describe_processor() | {"gpus": gpus()},
    }


def read(path: Path) -> dict[str, Any]:
    """Read an inventory; an empty one if there is none, or no whole one.

    Args:
        path: result of `inventory_of`.
    """
    empty: dict[str, Any] = {"studies": {}, "runs": [], "sources": {}, "files": {}}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        Inventory.model_validate(found, strict=True)
    except (OSError, ValueError, RecursionError):
        return empty
    told = all(entry["run"] < len(found["runs"]) for entry in found["files"].values())
    return found if told and found.keys() == empty.keys() else empty


def take(
    root: Path, family: Family, earlier: Mapping[str, Any], run: Mapping[str, Any], touched: bool = False
) -> dict[str, Any]:
    """The inventory of the files that a run's studies have made.

    Args:
        root: the work tree.
        family: the studies.
        earlier: the last inventory. What it says of a file that was not made again since is kept, so that an edit of
            the file stays an edit.
        run: result of `describe_run` for the run that has made what the last inventory lacks.
        touched: whether that run has made nothing of what the last inventory has.
    """
    folders = [*family, *([f"/{family.name}"] if family.varied else [])]
    noted = {file: note for folder in folders for file, note in notes(root, folder).items()}
    runs = [*earlier["runs"], dict(run)]
    kept = {file: dict(entry) for file, entry in earlier["files"].items() if (root / file).exists()}
    hashes: dict[str, str] = {}

    def hash_of(file: str) -> str:
        if file not in hashes:
            gone = not (root / file).exists()
            hashes[file] = earlier["files"][file]["sha256"] if gone else sha256(root / file)
        return hashes[file]

    for file, note in noted.items():
        made_from = [name for name in note["input"] if name in noted or name in earlier["files"]]
        ended = datetime.fromtimestamp(note["endtime"], UTC).isoformat(timespec="milliseconds")
        known = kept.get(file, {})
        if touched and known:
            known["touched"] = ended
        elif ended not in (known.get("ended"), known.get("touched")):
            kept[file] = {
                "sha256": hash_of(file),
                "rule": note["rule"],
                "ended": ended,
                "run": len(runs) - 1,
                "from": _hashes(note, made_from, hash_of),
            }
    read_by_jobs = {name for note in noted.values() for name in note["input"] if name not in kept}
    sources = {name: hash_of(name) for name in sorted(read_by_jobs) if (root / name).exists()}
    return {
        "studies": {folder: family[folder].model_dump(mode="json") for folder in family},
        **_used(runs, kept),
        "sources": sources or earlier["sources"],
    }


def _hashes(note: Mapping[str, Any], files: Iterable[str], hash_of: Callable[[str], str]) -> dict[str, str]:
    """The hashes that input had when its job ran. Snakemake notes those of small files."""
    had = note.get("input_checksums") or {}
    return {name: had[name].removeprefix(NOTED) if name in had else hash_of(name) for name in files}


def _used(runs: list[dict[str, Any]], files: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Runs, each once and only those that a file is of, and the files, each with the number of its run."""
    used: list[dict[str, Any]] = []
    renumbered = {}
    for file in sorted(files):
        run = runs[files[file]["run"]]
        if run not in used:
            used.append(run)
        renumbered[file] = files[file] | {"run": used.index(run)}
    return {"runs": used, "files": renumbered}


def other_versions(root: Path, family: Family) -> list[str]:
    """The packages, with their versions, that some of a study's files were computed by, and that are not those here."""
    now = {name: versions().get(name) for name in COMPUTING}
    runs = [run["packages"] for run in read(inventory_of(root, family))["runs"]]
    return sorted({f"{name} {run[name]}" for run in runs for name in COMPUTING if run[name] != now[name]})


def begin(root: Path, family: Family) -> None:
    """Take in what a run has made that was killed, if one was, and note the run that starts now."""
    with contextlib.suppress(OSError):  # a drive that is full, say: the jobs will name it
        if run := _noted(root, family):
            _write(root, family, run)
        save_text(inventory_of(root, family).with_name(UNDER_WAY), json.dumps(describe_run(root)) + "\n")


def end(root: Path, family: Family, touched: bool = False) -> None:
    """Write the inventory of a run's studies, if it has made anything.

    Args:
        root: the work tree.
        family: the studies.
        touched: whether the run has only given its files a new date: what made them stays what it was.
    """
    _write(root, family, _noted(root, family) or describe_run(root), touched)
    inventory_of(root, family).with_name(UNDER_WAY).unlink(missing_ok=True)


def _noted(root: Path, family: Family) -> dict[str, Any] | None:
    """The run that has left its note; None if there is no whole one."""
    try:
        run = json.loads(inventory_of(root, family).with_name(UNDER_WAY).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return run if isinstance(run, dict) and run.keys() == describe_run(root).keys() else None


def _write(root: Path, family: Family, run: Mapping[str, Any], touched: bool = False) -> None:
    path = inventory_of(root, family)
    found = take(root, family, read(path), run, touched)
    if found["files"]:
        save_text(path, json.dumps(found, indent=1) + "\n")
