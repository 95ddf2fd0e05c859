"""What Snakemake has noted of the files that its jobs made: of each its rule, what it was made from, and when."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from libi.study.folders import FOLDERS_OF_THE_PAPER, is_paper_table

LATEST = 4e9  # seconds since 1970: the year 2096


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
    return bool(note["log"]) and all(isinstance(at, float | int) and 0 <= at < LATEST for at in times)


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
