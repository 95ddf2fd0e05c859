"""The project's engine: whole chunks of training, by the C++ kernels or in compiled PyTorch."""

from __future__ import annotations

import torch

from benchmarks.tasks import ADAM, CAP, UNITS, Task
from libi.base.method import Phase
from libi.training.backends import Stretch
from libi.training.by_kernels import ByKernels
from libi.training.in_pytorch import InPyTorch
from libi.training.noise import CHUNK
from libi.training.problem import Inputs, Member, Problem, Settings
from libi.training.state import State
from libi.training.step import Moving


class InEngine:
    """One stack in the engine.

    Attributes:
        state: all that training changes.
        stretch: the units of the next call.
    """

    def __init__(self, task: Task, models: int, *, kernels: bool, units: int = UNITS) -> None:
        """Set a stack up.

        Args:
            task: the row of the bench.
            models: of the stack.
            kernels: whether the C++ kernels train it, or compiled PyTorch.
            units: that one call makes, at most a chunk.
        """
        settings = Settings(task.batch, 250, 1, CAP, ADAM, compiled=True)
        x, truth = task.data(), torch.zeros(1, sum(task.dataset.generative.sizes))
        values = {name: value.tolist() for name, value in zip(task.scalars, task.values(models), strict=True)}
        members = [
            Member(("bench", task.dataset.name, i), {name: value[i] for name, value in values.items()})
            for i in range(models)
        ]
        inputs = Inputs(Problem(task.dataset, truth, x, x, [("bench",)]), members, settings)
        self.backend = ByKernels(inputs, task.objective) if kernels else InPyTorch(inputs, compiled=True)
        self.state = State.start(task.start(models))
        phase = Phase(task.objective, ("generative", task.network), 10**6)
        self.stretch = Stretch(phase, 0, 0, units)

    def run(self) -> Moving:
        """Train for the units of one call; tells what moves, and the losses before the last step."""
        after, state = self.backend.advance(self.stretch, self.state), self.state
        state.parameters |= after.parameters
        state.first |= after.first
        state.second |= after.second
        state.count |= after.count
        first = self.stretch.first + CHUNK
        self.stretch = self.stretch._replace(first=first, last=first + self.stretch.last - self.stretch.first)
        return after
