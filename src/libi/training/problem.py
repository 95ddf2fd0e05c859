"""What a stack trains on, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.objective import Objective
from libi.objectives import OBJECTIVES
from libi.runtime.seeding import name_of, stream
from libi.study.settings import TrainingSettings
from libi.training.noise import Labels
from libi.training.step import Adam


@dataclass(frozen=True)
class Member:
    """One model of a stack.

    Attributes:
        labels: what names its random streams: seed, data set, replicate, method, configuration, restart.
        values: its hyper-parameters by name; one that an objective takes and it lacks is 1.
        replicate: which of the problem's replicates it is trained on, from 0.
    """

    labels: Labels
    values: dict[str, float]
    replicate: int = 0

    @cached_property
    def name(self) -> str:
        """The labels as one."""
        return name_of(*self.labels)


@dataclass(frozen=True)
class Problem:
    """What a stack is trained on: one replicate of a data set, or several.

    Attributes:
        dataset: the generative process.
        truth: θ_GT packed [1, parameters]; where θ starts, and stays, if no phase moves it. None if it is not known.
        train: training points [replicates, observed, points], float32.
        validation: validation points, likewise.
        labels: for each replicate, what names the streams that all its models share (batches, validation draws).
    """

    dataset: Dataset
    truth: Float[Tensor, "1 parameters"] | None
    train: Float[Tensor, "replicates observed points"]
    validation: Float[Tensor, "replicates observed validation_points"]
    labels: Sequence[Labels]

    @property
    def device(self) -> torch.device:
        """Where it is trained."""
        return self.train.device


class Inputs:
    """What the models of a stack see beside their parameters.

    Attributes:
        problem: their points.
        members: the models.
        settings: how they train: those of all methods, and those of the method.
        compiled: whether in compiled code.
        objectives: what phases may be under, by name.
        adam: the optimiser's settings.
        replicates: the replicate of each model, int64 [models].
    """

    def __init__(
        self,
        problem: Problem,
        members: Sequence[Member],
        settings: TrainingSettings,
        compiled: bool,
        objectives: Mapping[str, Objective] = OBJECTIVES,
    ) -> None:
        self.problem, self.members, self.settings, self.objectives = problem, members, settings, objectives
        self.compiled, adam = compiled, settings.adam
        self.adam = Adam(settings.learning_rate, adam.beta1, adam.beta2, adam.epsilon)
        self.replicates = torch.tensor([member.replicate for member in members], device=problem.device)
        self._fixed_draws: dict[tuple[str, int], Tensor] = {}

    def assessed(
        self, split: str, draws: int = 1
    ) -> tuple[Float[Tensor, "replicates observed drawn"], Float[Tensor, "passes replicates 2 drawn"]]:
        """The points that an objective is assessed on, and fixed draws for them, common to all models and snapshots.

        Args:
            split: validation or train.
            draws: of each point that belong together, see `Objective.together`.

        Returns:
            points [replicates, observed, draws · points], and so many draws of the noise as the settings say:
            [validation_draws / draws, replicates, 2, draws · points].
        """
        points = self.problem.train if split == "train" else self.problem.validation
        if (split, draws) not in self._fixed_draws:
            purpose = ("training" if split == "train" else split) + " draws"
            labels = (purpose,) if draws == 1 else (purpose, draws)
            shape = max(1, self.settings.validation_draws // draws), LATENT, draws * points.shape[2]
            generators = [stream(*names, *labels) for names in self.problem.labels]
            noise = torch.stack([torch.randn(shape, generator=each) for each in generators], 1)
            self._fixed_draws[split, draws] = noise.to(points.device)
        return points if draws == 1 else points.repeat(1, 1, draws), self._fixed_draws[split, draws]

    def batch_of(self, objective: Objective) -> int:
        """Points of a step under an objective."""
        size = getattr(self.settings, objective.batch) if objective.batch else None
        return size or self.problem.train.shape[2]

    def draws_of(self, objective: Objective) -> int:
        """Draws of the noise for each point of a step; 0 if it takes none."""
        draws = objective.draws
        return getattr(self.settings, draws) if isinstance(draws, str) else draws

    def constants(self, objective: Objective) -> dict[str, float]:
        """What an objective takes of the settings, by its own keywords."""
        return {keyword: getattr(self.settings, name) for keyword, name in objective.settings.items()}

    def scalars(self, names: Sequence[str]) -> list[Float[Tensor, " models"]]:
        """Hyper-parameters of the models by name, each [models]."""
        return [
            torch.tensor([float(member.values.get(name, 1)) for member in self.members], device=self.problem.device)
            for name in names
        ]

    def of_models(
        self, replicates: Float[Tensor, " replicates *rest"], models: slice = slice(None)
    ) -> Float[Tensor, "#models *rest"]:
        """What some models see of [replicates, ...]: [models, ...], or [1, ...] if there is only one replicate."""
        return replicates if len(replicates) == 1 else replicates[self.replicates[models]]
