"""How far a run is, and how long the rest will take.

A job's work is first counted in seconds of one core, as `costs` expects them. As jobs end, and as those that train note
how far they are, the run itself shows how long each kind of job takes here, and how many run at a time. So the estimate
follows the machine and what else it does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SHARE = "share"  # the name of that note
IDLE = 30.0  # seconds without a job after which the time left is not told: whoever waits does not know for how long
FIRST_SHARE = 0.1  # of the work that must be done before the rest is estimated
MOST_RESUMED = 0.99  # share of a training job that an earlier run has done: it ends in this one
TELLING = 0.1  # share of a training job that must be done before its pace counts
# The pace of a kind of job starts from that of all that train, or of all others, as if so many jobs had shown it.
PRIOR = 0.4
# Those two paces start from that of all jobs, as if this share of the whole work had shown it. Processors differ in
# training above all, so what does not train starts from the root of that pace. Both numbers were chosen by recorded
# runs (tests/workflow/recorded).
SHARED = 0.05


class Work(NamedTuple):
    """What a job is expected to take.

    Attributes:
        kind: jobs of one kind err alike.
        seconds: of one core.
        scratch: folder of a training job, in which it notes how far it has come.
    """

    kind: str
    seconds: float
    scratch: Path | None = None


class Seen(NamedTuple):
    """What a job, or the part of it that is done, has taken.

    Attributes:
        kind: of the job.
        expected: seconds that were expected.
        took: seconds that it took.
    """

    kind: str
    expected: float
    took: float


class Estimate(NamedTuple):
    """How far a run is.

    Attributes:
        share: of the work that is done; it never falls, though the work may turn out to be more than expected.
        seconds: until the end; None as long as too little is done to tell, or while nothing runs.
    """

    share: float
    seconds: float | None


def share_trained(scratch: Path | None) -> float:
    """How much of a training job is done, as it notes in its scratch folder (`libi.training.checkpoint`): 0 to 1."""
    try:
        return float((scratch / SHARE).read_text(encoding="utf-8")) if scratch else 0.0
    except (OSError, ValueError):
        return 0.0


class Progress:
    """The jobs of a run: those that wait, run, and are done. Its methods may be called from any thread."""

    def __init__(self, work: Mapping[int, Work]) -> None:
        """Begin to measure.

        Args:
            work: by job.
        """
        self._resumed = {job: min(share_trained(one.scratch), MOST_RESUMED) for job, one in work.items()}
        self._work = {job: one._replace(seconds=one.seconds * (1 - self._resumed[job])) for job, one in work.items()}
        self._running: dict[int, float] = {}  # to when it started
        self._took: dict[int, float] = {}
        self._began, self._lock = time.monotonic(), threading.Lock()
        self._ended = self._began  # when a job ended last
        self._most = 0.0  # of the work that was done by any estimate before

    @property
    def jobs(self) -> int:
        """How many jobs the run has."""
        return len(self._work)

    @property
    def done(self) -> int:
        """How many are done."""
        return len(self._took)

    def running(self) -> list[int]:
        """Those that run, the longest first."""
        with self._lock:
            return sorted(self._running, key=self._running.__getitem__)

    def started(self, job: int) -> None:
        """A job starts."""
        with self._lock:
            if job in self._work:
                self._running[job] = time.monotonic()

    def failed(self, job: int) -> None:
        """A job ends without its results; it may start again."""
        with self._lock:
            self._running.pop(job, None)
            self._ended = time.monotonic()

    def finished(self, job: int) -> None:
        """A job ends well."""
        with self._lock:
            if job in self._work:
                now = time.monotonic()
                self._took[job] = now - self._running.pop(job, now)
                self._ended = now

    def estimate(self) -> Estimate:
        """How far the run is, and how long the rest takes if it goes on as it has."""
        with self._lock:
            now = time.monotonic()
            spent = {job: now - start for job, start in self._running.items()}
            took, idle = dict(self._took), not spent and now - self._ended > IDLE
        shares = {job: share for job in spent if (share := self._share(job)) >= TELLING}
        if not took and not shares:
            return Estimate(0.0, None)
        seen = [Seen(*self._work[job][:2], seconds) for job, seconds in took.items()]
        seen += [
            Seen(self._work[job].kind, self._work[job].seconds * share, spent[job]) for job, share in shares.items()
        ]
        factors = self._factors(seen)
        left = {job: one.seconds * factors[one.kind] for job, one in self._work.items() if job not in took}
        left |= {job: max(left[job] - seconds, 0.1 * seconds) for job, seconds in spent.items()}
        left |= {job: spent[job] * (1 - share) / share for job, share in shares.items()}
        work_done = sum(took.values()) + sum(spent.values())
        share = work_done / max(work_done + sum(left.values()), 1e-9)
        at_a_time = work_done / max(now - self._began, 1e-9)
        seconds = max([sum(left.values()) / max(at_a_time, 1e-9), *left.values()])
        self._most = max(self._most, share)
        return Estimate(self._most, seconds if share >= FIRST_SHARE and not idle else None)

    def _share(self, job: int) -> float:
        """How much of what was left of a training job when this run began is done."""
        resumed = self._resumed[job]
        return max(share_trained(self._work[job].scratch) - resumed, 0.0) / (1 - resumed)

    def _factors(self, seen: Sequence[Seen]) -> dict[str, float]:
        """By kind of job, how many times as long as expected it takes."""
        training = {one.kind: one.scratch is not None for one in self._work.values()}
        paces = {
            trains: self._pace([one for one in seen if training[one.kind] == trains], seen, trains)
            for trains in (True, False)
        }
        factors = {kind: paces[trains] for kind, trains in training.items()}
        for kind in {one.kind for one in seen}:
            own = [one for one in seen if one.kind == kind]
            expected = sum(one.expected for one in own)
            prior = PRIOR * expected / len(own)
            factors[kind] = (sum(one.took for one in own) + prior * factors[kind]) / max(expected + prior, 1e-9)
        return factors

    def _pace(self, own: Sequence[Seen], seen: Sequence[Seen], trains: bool) -> float:
        """How many times as long as expected jobs take that train, or jobs that do not."""
        of_all: float = sum(one.took for one in seen) / max(sum(one.expected for one in seen), 1e-9)
        prior = SHARED * sum(one.seconds for one in self._work.values())
        shown = prior * (of_all if trains else of_all**0.5)
        expected = sum(one.expected for one in own)
        return (shown + sum(one.took for one in own)) / max(prior + expected, 1e-9)

    def words(self) -> str:
        """One line: jobs done, the share of the work, and the time left if it can be told."""
        share, seconds = self.estimate()
        words = f"{self.done} of {self.jobs} jobs done, {100 * share:.0f}% of the work"
        return words if seconds is None else f"{words}, about {spell(seconds)} left"


def spell(seconds: float) -> str:
    """A duration in words: 1 h 5 min, 12 min, 40 s."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
