"""How long a finished study would take on other numbers of cores, by the times and dependencies that Snakemake noted.

    python workflow/plan.py

A job starts as soon as a core is free and what it needs is there, those of the highest priority first, as Snakemake
does it; of equals the longest, which Snakemake cannot know. That jobs on many cores share the machine's memory more
than on few is not accounted for.
"""

from __future__ import annotations

import base64
import heapq
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

from libi.study.settings import FOLDERS_OF_THE_PAPER, is_paper_table  # noqa: E402

PRIORITIES = {
    "define_truth": 30,
    "simulate": 30,
    "split_points": 30,
    "train_libi": 20,
    "train": 10,
}  # as in rules/; all others have 0
CORES = (1, 2, 4, 8, 16, 32, 64)


class Job(NamedTuple):
    """A job that has been done.

    Attributes:
        seconds: how long it took.
        priority: those of the highest start first.
        needs: names of the jobs that made its input.
    """

    seconds: float
    priority: int
    needs: frozenset[str]


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
        except ValueError:  # cut by a kill, or being written: to Snakemake it is not there either
            continue
        if note.get("log") and is_of(file, folder) and (root / file).exists():
            found[file] = note
    return found


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


def jobs_of(noted: Mapping[str, Mapping[str, Any]]) -> dict[str, Job]:
    """The jobs that made the files, by the names of their logs."""
    maker = {file: note["log"][0] for file, note in noted.items()}
    jobs = {}
    for file, note in noted.items():
        needs = frozenset(maker[given] for given in note["input"] if given in maker)
        jobs[maker[file]] = Job(note["endtime"] - note["starttime"], PRIORITIES.get(note["rule"], 0), needs)
    return jobs


def wall_seconds(jobs: Mapping[str, Job], cores: int) -> float:
    """How long all jobs take on so many cores."""
    waiting = {name: set(job.needs) for name, job in jobs.items()}
    ready: list[tuple[int, float, str]] = []
    running: list[tuple[float, str]] = []
    now = 0.0

    def enter(names: Iterable[str]) -> None:
        for name in names:
            heapq.heappush(ready, (-jobs[name].priority, -jobs[name].seconds, name))

    enter(name for name, needs in waiting.items() if not needs)
    while ready or running:
        while ready and len(running) < cores:
            *_, name = heapq.heappop(ready)
            heapq.heappush(running, (now + jobs[name].seconds, name))
        now, done = heapq.heappop(running)
        for needs in waiting.values():
            needs.discard(done)
        enter(name for name, needs in waiting.items() if not needs and done in jobs[name].needs)
    return now


if __name__ == "__main__":
    root = Path.cwd()
    done = jobs_of(notes(root, ""))
    if not done or not (root / "results/claims.csv").exists():
        sys.exit("There is no finished study of the paper here to plan by; make it by: make")
    for number in CORES:
        print(f"{number:3} cores: {wall_seconds(done, number) / 60:6.1f} min")
