"""The project's engine: whole chunks of training, by the C++ kernels or in PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.tasks import ADAM, CAP, UNITS, Task
from libi.base.method import Phase
from libi.study.jobs import training_settings_of
from libi.study.settings import AdamSettings, TrainingSettings
from libi.training.backends import Stretch
from libi.training.by_kernels import ByKernels
from libi.training.compilation import Program
from libi.training.in_pytorch import InPyTorch
from libi.training.noise import CHUNK
from libi.training.problem import Inputs, Member, Problem
from libi.training.state import State
from libi.training.step import Moving


class InEngine:
    """One stack in the engine.

    Attributes:
        state: all that training changes.
        stretch: the units of the next call.
    """

    def __init__(
        self, task: Task, models: int, *, way: type[Program] | None = None, units: int = UNITS, device: str = "cpu"
    ) -> None:
        """Set a stack up.

        Args:
            task: the row of the bench.
            models: of the stack.
            way: how PyTorch trains it; None for the C++ kernels.
            units: that one call makes, at most a chunk.
            device: where it trains.
        """
        x, truth = task.data().to(device), torch.zeros(1, sum(task.dataset.generative.sizes), device=device)
        values = {name: value.tolist() for name, value in zip(task.scalars, task.values(models), strict=True)}
        members = [
            Member(("bench", task.dataset.name, i), {name: value[i] for name, value in values.items()})
            for i in range(models)
        ]
        inputs = Inputs(Problem(task.dataset, truth, x, x, [("bench",)]), members, settings_of(task), compiled=True)
        self.backend = InPyTorch(inputs, way) if way else ByKernels(inputs, task.objective)
        self.state = State.start({group: flat.to(device) for group, flat in task.start(models).items()}, 1)
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


def settings_of(task: Task) -> TrainingSettings:
    """The settings of a row: LiBI's, which has both objectives."""
    given: dict[str, Any] = {
        "batch_size": task.batch,
        "constrained_batch_size": task.batch,
        "elbo_draws": 1,
        "exponential_cap": CAP,
    }
    given |= {"epochs": 1, "validate_every": 250, "validation_draws": 1, "snapshot": "best", "initial_scale": 1.0}
    given |= {"learning_rate": ADAM.learning_rate, "learning_rate_end": 1.0, "libi_epochs": "shared"}
    adam = AdamSettings(beta1=ADAM.beta1, beta2=ADAM.beta2, epsilon=ADAM.epsilon)
    return training_settings_of("libi")(**given | {"adam": adam, "whitened_start": True})
