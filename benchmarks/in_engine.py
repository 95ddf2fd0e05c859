"""The project's engine: its compiled step, fed with noise and batches in chunks as in training."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from benchmarks.tasks import ADAM, CAP, UNITS, Task
from libi.training.engine import Programs, Settings
from libi.training.noise import chunk_batches, chunk_counters, chunk_keys
from libi.training.step import Moving


def make_programs(task: Task, *, compiled: bool = True) -> Programs:
    """The functions that stacks of this task share, whatever their size."""
    settings = Settings(
        batch_size=task.batch,
        validate_every=250,
        validation_draws=1,
        exponential_cap=CAP,
        adam=ADAM,
        compiled=compiled,
    )
    return Programs(task.dataset, settings)


def draw_noise(programs: Programs, task: Task, models: int, chunk: int) -> Iterator[tuple[Tensor, ...]]:
    """The noise of one timed call, drawn epoch by epoch as in the engine: for each step [models, 2, points]."""
    keys = chunk_keys([("bench", task.dataset.name, i) for i in range(models)], 0, chunk)
    for counters in chunk_counters(task.steps, task.batch):
        yield programs.noise()(counters, keys).unbind(1)


class InEngine:
    """One stack in the engine."""

    def __init__(self, task: Task, models: int, programs: Programs, units: int = UNITS) -> None:
        self.task, self.models, self.units, self._programs = task, models, units, programs
        self._step = programs.step(task.objective, ("generative", task.network))
        start = task.start(models)
        self.moving = Moving(
            start,
            {group: torch.zeros_like(flat) for group, flat in start.items()},
            {group: torch.zeros_like(flat) for group, flat in start.items()},
            {group: torch.zeros(()) for group in start},
            torch.ones(models, dtype=torch.bool),
            torch.zeros(models),
        )
        self.x = task.data()
        self.values = task.values(models)
        self._chunk = 0

    def iterate(self, data: Iterable[Sequence[Tensor]]) -> None:
        """An update for each item: x [1, observed, points] and, for the ELBO, noise [models, 2, points]."""
        self.moving = self._step.iterate(self.moving, {}, ((*item, *self.values) for item in data))

    def data(self) -> Iterator[tuple[Tensor, ...]]:
        """The data of one timed call, step by step."""
        if self.task.objective != "elbo":
            yield from ((self.x,) for _ in range(self.units))
            return
        self._chunk += 1
        batches = chunk_batches(self.x, self.task.batch, [("bench",)], 0, self._chunk)
        noise = draw_noise(self._programs, self.task, self.models, self._chunk)
        for points, draws in itertools.islice(zip(batches, noise, strict=True), self.units):
            yield from zip(points, draws, strict=True)

    def run(self) -> None:
        """Train for the units of one timed call."""
        self.iterate(self.data())
