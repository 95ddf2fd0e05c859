"""How long a finished study would take on other numbers of cores, by the times and dependencies that Snakemake noted.

    python workflow/plan.py

A job starts as soon as a core is free and what it needs is there, those of the highest priority first, as Snakemake
does it; of equals the longest, which Snakemake cannot know. That jobs on many cores share the machine's memory more
than on few is not accounted for.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from costs import PRIORITIES  # noqa: E402
from inventory import NAME, read  # noqa: E402
from notes import check_times, notes  # noqa: E402

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
    noted = notes(root, "")
    done = jobs_of(noted)
    if not done or not (root / "results/claims.csv").exists():
        sys.exit("There is no finished study of the paper here to plan by; make it by: make")
    check_times(root, noted, read(root / "results" / NAME)["files"])
    for number in CORES:
        print(f"{number:3} cores: {wall_seconds(done, number) / 60:6.1f} min")
