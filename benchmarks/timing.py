"""Timing several ways of one task side by side."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

LEAST_ROUNDS, MOST_ROUNDS = 5, 60
SECONDS = 6.0  # a task, once it has its least rounds
STEADY = 1.15  # median over minimum below which a way counts as undisturbed


class Timing(NamedTuple):
    """Seconds of one call over the rounds: median and minimum, and the number of rounds."""

    median: float
    minimum: float
    rounds: int


def interleave(calls: Mapping[tuple[str, int], Callable[[], object]]) -> dict[tuple[str, int], Timing]:
    """Time every call in turn, round after round (A B C A B C ...), so that a disturbance falls on all alike.

    Every call runs once before, which compiles it. A turn starts with a call that is not timed: training goes on for
    hours in its own memory, not in what another way has left. Rounds go on until time is up; if a way is unsteady then,
    for as long again.
    """
    for call in calls.values():
        call()
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in calls}
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    for number in range(MOST_ROUNDS):
        passed = time.perf_counter() - start
        unsteady = number > 0 and any(median(times) > STEADY * min(times) for times in seconds.values())
        if number >= LEAST_ROUNDS and passed > SECONDS * (2 if unsteady else 1):
            break
        for key, call in calls.items():
            call()
            begin = time.perf_counter()
            call()
            seconds[key].append(time.perf_counter() - begin)
    gc.enable()
    return {key: Timing(median(times), min(times), len(times)) for key, times in seconds.items()}
