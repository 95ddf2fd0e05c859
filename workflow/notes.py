"""What Snakemake has noted of the files that its jobs made: of each its rule, what it was made from, and when."""

from __future__ import annotations

import base64
import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from libi.study.folders import FOLDERS_OF_THE_PAPER, is_paper_table

LATEST = 4e9  # seconds since 1970: the year 2096
LEAST_SECONDS = 0.02  # that a job takes, at the median; `snakemake --touch` notes microseconds
REMEDY = "To have times, make the study again in a fresh clone."


def notes(root: Path, folder: str) -> dict[str, dict[str, Any]]:
    """What Snakemake noted of each file that a study has made and that is there: rule, input, log, starttime, ...

    Args:
        root: the work tree.
        folder: the study's folder in results/, e.g. "/quick"; empty for the paper's study.
    """
    found = {}
    folder_of_notes = root / ".snakemake/metadata"
    for path in sorted(folder_of_notes.rglob("*")) if folder_of_notes.is_dir() else ():
        # A long name is cut into folders whose names begin with @.
        name = "".join(part.removeprefix("@") for part in path.relative_to(folder_of_notes).parts)
        try:
            note = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            file = base64.urlsafe_b64decode(name).decode()
        except (ValueError, RecursionError):  # cut by a kill, or being written: to Snakemake it is not there either
            continue
        if is_whole(note) and is_of(file, folder) and (root / file).exists():
            found[file] = note
    return found


def is_whole(note: Any) -> bool:
    """Whether a note has what is read of it: which rule made the file, from what, when, and its log."""
    if not isinstance(note, dict) or not isinstance(note.get("rule"), str):
        return False
    lists, times = [note.get(key) for key in ("log", "input")], [note.get(key) for key in ("starttime", "endtime")]
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        return False
    if not note["log"] or not all(isinstance(at, float | int) and 0 <= at < LATEST for at in times):
        return False
    return bool(note["starttime"] <= note["endtime"])


def check_times(root: Path, noted: Mapping[str, Mapping[str, Any]], files: Iterable[str]) -> None:
    """Refuse notes that do not have the times of all that a study has made.

    Args:
        root: the work tree.
        noted: of `notes`.
        files: those of the study's inventory.

    Raises:
        SystemExit: if notes are lost, or have the times of `snakemake --touch`, or there is no inventory to tell.
    """
    made = [file for file in files if (root / file).exists()]
    if not made:
        raise SystemExit(f"There is no whole inventory of the study, so nobody knows whose times these are. {REMEDY}")
    if lost := set(made) - set(noted):
        words = f"Snakemake's notes of {len(lost)} files of the study are lost, so their jobs' times are not known."
        raise SystemExit(f"{words} {REMEDY}")
    spans = {note["log"][0]: note["endtime"] - note["starttime"] for note in noted.values()}
    if statistics.median(spans.values()) < LEAST_SECONDS:
        raise SystemExit(f"The times of the jobs are those of `snakemake --touch`. {REMEDY}")


def is_of(file: str, folder: str) -> bool:
    """Whether a study's jobs make a file, by its place.

    Args:
        file: below results/, figures/ or paper/.
        folder: the study's folder there; empty for the paper's study.
    """
    parts, own = Path(file).parts[1:], Path(folder.removeprefix("/")).parts
    name = Path(file).stem
    if Path(file).match("results/*.csv") and not is_paper_table(name):
        return folder == f"/{name}"  # the table of variants side by side
    place = parts[len(own) :]
    return parts[: len(own)] == own and (len(place) == 1 or place[:1] != () and place[0] in FOLDERS_OF_THE_PAPER)
