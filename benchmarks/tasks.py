"""What is timed: a step of one model on one data set under one objective, and where every way of doing it starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import Parameters
from libi.datasets import DATASETS
from libi.paper import vocabulary
from libi.runtime.seeding import stream
from libi.training.encoder_start import ENCODER_STARTS
from libi.training.noise import CHUNK
from libi.training.step import Adam

ADAM = Adam(0.01, 0.9, 0.999, 1e-8)
CAP = 8.0  # the exponent above which Eq. 44's exponentials go on linearly
POINTS = 500
UNITS = CHUNK  # steps of 500, or epochs of 5 x 100, that one timed call makes; the engine draws noise for as many

# A stack holds a grid, so neighbours differ in these; their values do not matter for the time.
GRID = {
    "beta": (1.0, 0.5, 2.0, 5.0),
    "epsilon_hz": (1.0, 0.001, 10.0, 20.0),
    "epsilon_covariance": (0.2, 0.5),
    "epsilon_mean": (0.2, 0.5),
}


@dataclass(frozen=True)
class Task:
    """One row of the bench.

    Attributes:
        dataset: the generative process.
        objective: "elbo" (θ and ϕ move, one draw a point) or "constrained_likelihood" (Eq. 44; θ and φ move).
        batch: points of a step: all of them, or 100 in batches that a new permutation makes each epoch.
        points: of the training set.
    """

    dataset: Dataset
    objective: str
    batch: int
    points: int = POINTS

    @property
    def unit(self) -> str:
        """What the microseconds of this row are of."""
        return f"step of {self.batch}" if self.steps == 1 else f"epoch of {self.steps} x {self.batch}"

    @property
    def steps(self) -> int:
        """Steps of one unit."""
        return self.points // self.batch

    @property
    def network(self) -> str:
        """The group of parameters that moves beside θ."""
        return "inference" if self.objective == "elbo" else "encoder"

    @property
    def scalars(self) -> tuple[str, ...]:
        """Names of the values, one a model, that the objective takes after data and noise."""
        return ("beta",) if self.objective == "elbo" else ("epsilon_hz", "epsilon_covariance", "epsilon_mean")

    def values(self, models: int) -> list[Tensor]:
        """The values of those scalars, each [models]."""
        return [torch.tensor([GRID[name][i % len(GRID[name])] for i in range(models)]) for name in self.scalars]

    def data(self) -> Tensor:
        """Points that some member of the data set's family generates: [1, observed, points], float32."""
        draws = stream("bench", self.dataset.name, "data")
        truth = self.dataset.generative.unpack(self.dataset.generative.draw(draws)[None])
        means = self.dataset.decode(truth, torch.randn(1, LATENT, self.points, generator=draws))
        scale = torch.tensor(self.dataset.noise_variance).sqrt()[:, None]
        return means + scale * torch.randn(means.shape, generator=draws)

    def start(self, models: int) -> dict[str, Tensor]:
        """Flat starting parameters of the two groups that move: group to [models, parameters].

        The encoder of Eq. 44 starts from whitened codes, as in training.
        """
        layouts = {"generative": self.dataset.generative, self.network: getattr(self.dataset, self.network).layout}
        groups = {
            group: torch.stack([layout.draw(stream("bench", self.dataset.name, group, i)) for i in range(models)])
            for group, layout in layouts.items()
        }
        if self.network == "encoder":
            groups["encoder"] = ENCODER_STARTS["whiten"](self.dataset, groups, self.data())
        return groups

    def named_start(self, models: int) -> dict[str, Parameters]:
        """The same, as named arrays: group to name to [models, ...]."""
        groups = self.start(models)
        named = {"generative": self.dataset.generative.unpack(groups["generative"])}
        return named | {self.network: getattr(self.dataset, self.network).layout.unpack(groups[self.network])}


PAPERS = [DATASETS[name] for name in vocabulary.PAPERS_DATASETS]
TASKS = [
    *(Task(dataset, "elbo", batch) for batch in (500, 100) for dataset in PAPERS),
    *(Task(dataset, "constrained_likelihood", POINTS) for dataset in PAPERS),
]
