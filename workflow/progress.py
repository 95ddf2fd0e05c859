"""Say every minute how many jobs are done, and how long the others will take.

A job's work is counted in seconds of one core (`costs`). How fast work is done is measured while the run goes on, so
neither the machine nor the number of cores needs to be known.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

REPORTED = re.compile(r"stack (\d+) of (\d+): epoch (\d+) of (\d+),")


def share_trained(log: Path) -> float:
    """How much of a training job its log says is done: 0 to 1."""
    try:
        reports = REPORTED.findall(log.read_text(encoding="utf-8"))
    except OSError:
        return 0.0
    if not reports:
        return 0.0
    stack, stacks, epoch, epochs = map(int, reports[-1])
    return (stack - 1 + epoch / epochs) / stacks


class Progress:
    """The work of a run: all of it, and what is left."""

    def __init__(self, work: Mapping[str, float], logs: Mapping[str, Path]) -> None:
        """Begin to measure.

        Args:
            work: seconds of one core, by job.
            logs: the training jobs' logs, which say how far a running job has come.
        """
        self._work, self._logs = work, logs
        self._began, self._at_start = time.monotonic(), dict[str, float]()

    def line(self, unfinished: Iterable[str]) -> str:
        """One line: jobs done and to come, and the time left."""
        waiting = set(unfinished)
        shares = {job: share_trained(self._logs[job]) for job in waiting if job in self._logs}
        for job, share in shares.items():
            self._at_start.setdefault(job, share)  # trained before this run, or before the first look at it
        total = sum(seconds * (1 - self._at_start.get(job, 0.0)) for job, seconds in self._work.items())
        left = sum(self._work[job] * (1 - shares.get(job, 0.0)) for job in waiting)
        done, passed = total - left, time.monotonic() - self._began
        # Before a thousandth is done the estimate is noise.
        until = f"about {spell(passed * left / done)} left" if done > 1e-3 * total else "no estimate yet"
        jobs = f"{len(self._work) - len(waiting)} of {len(self._work)} jobs done, {len(waiting)} to come"
        return f"[{time.strftime('%H:%M:%S')}] {jobs}; {100 * done / total if total else 100:.0f}% of the work; {until}"


def spell(seconds: float) -> str:
    """A duration in words: 1 h 5 min, 12 min, 40 s."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def report(progress: Progress, unfinished: Callable[[], list[str]], every: float = 60.0) -> None:
    """Print the line now and then from a thread that ends with the process."""

    def loop() -> None:
        while waiting := unfinished():
            print(progress.line(waiting), file=sys.stderr, flush=True)
            time.sleep(every)

    threading.Thread(target=loop, daemon=True).start()
