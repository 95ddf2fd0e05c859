"""What the engine must know of an objective."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # methods are read without PyTorch, and may define objectives
    from jaxtyping import Float
    from torch import Tensor

    from libi.base.dataset import Dataset
    from libi.base.layers import Parameters, Rows

ELBO_DRAWS = "elbo_draws"
RAMPED = "beta"  # the scalar that grows from 0 in a phase with a ramp


@dataclass(frozen=True)
class Objective:
    """A function of one stack's parameters and data that phases minimise.

    A loss that takes noise sees every point of its batch `draws` times: x is [models or 1, observed, draws · points],
    all points in turn, and the noise [models, 2, draws · points].

    Attributes:
        loss: `(dataset, stack, x, *[noise], *scalars, **settings)` to [models], where stack maps a group to its named
            parameters.
        groups: the parameters that it depends on: "generative" (θ), "inference" (ϕ), "encoder" (φ).
        scalars: names of the values, one a model, that it takes after data and noise: hyper-parameters, 1 for a model
            that lacks one.
        draws: draws of the noise for each point: a number, or the name of the setting that says it; 0 if it takes none.
        together: whether the draws of a point belong together, so that its loss takes their number as `draws`. Else it
            is a mean over draws.
        batch: the setting that says how many points a step sees; None if it always sees all.
        settings: what it takes of the training settings: its keyword to the setting's name.
        numbers_per_point: that it holds in memory beside what the networks hold.
    """

    loss: Callable[..., Tensor]
    groups: tuple[str, ...] = ("generative", "inference")
    scalars: tuple[str, ...] = ()
    draws: int | str = ELBO_DRAWS
    together: bool = False
    batch: str | None = "batch_size"
    settings: Mapping[str, str] = field(default_factory=dict)
    numbers_per_point: int = 0

    @property
    def reads(self) -> tuple[str, ...]:
        """The training settings that it takes; a method that trains under it must read them."""
        named = (self.batch, self.draws if isinstance(self.draws, str) else None, *self.settings.values())
        return tuple(name for name in named if name is not None)

    @property
    def stochastic(self) -> bool:
        """Whether it takes noise."""
        return self.draws != 0


def reconstruction(dataset: Dataset, generative: Parameters, codes: Rows, x: Rows) -> Float[Tensor, " models"]:
    """Mean over points of log p_θ(x|z) in nats.

    Args:
        dataset: gives f_θ and the noise variance.
        generative: θ.
        codes: z, one row a latent dimension, each [models, points].
        x: data, one row a feature, each [models or 1, points].

    Returns:
        [models].
    """
    constant = -0.5 * sum(math.log(2 * math.pi * variance) for variance in dataset.noise_variance)
    means = dataset.decoder.rows(generative, codes)
    terms = ((a - b) ** 2 * (-0.5 / v) for a, b, v in zip(x, means, dataset.noise_variance, strict=True))
    return constant + total(terms).mean(1)


def total(terms: Iterable[Float[Tensor, "*shape"]]) -> Float[Tensor, "*shape"]:
    """The sum of one array or more."""
    first, *others = terms
    return sum(others, start=first)
