"""The importance-weighted autoencoder (Burda et al. 2016): a bound on log p_θ(x) by K draws of z for each point.

More draws make the bound tighter. So its θ depends less on whether q_ϕ(z|x) can match p_θ(z|x).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from libi.base.method import JOINT, BatchSettings, Method, Number, Phase, Phases
from libi.base.objective import Objective, total
from libi.base.values import Grid

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from libi.base.dataset import Dataset
    from libi.base.layers import Parameters

TITLE = "IWAE"
K = 10


class IwaeGrid(Grid):
    """The IWAE has nothing to choose; K is 10."""


def negative_bound(
    dataset: Dataset,
    stack: dict[str, Parameters],
    x: Float[Tensor, "models_or_one observed draws_and_points"],
    noise: Float[Tensor, "models latent draws_and_points"],
    *,
    draws: int,
) -> Float[Tensor, " models"]:
    """−E log (1/K) Σ_k p_θ(x, z_k) / q_ϕ(z_k|x), mean over points (Burda et al. 2016, Eq. 8).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and ϕ ("inference").
        x: every point K times [models or 1, observed, K · points], all points in turn.
        noise: standard normal draws [models, 2, K · points].
        draws: K.

    Returns:
        [models], nats.
    """
    rows, errors = x.unbind(1), noise.unbind(1)
    means, log_variances = dataset.inference.heads_of(stack["inference"], rows)
    codes = tuple(m + (0.5 * v).exp() * e for m, v, e in zip(means, log_variances, errors, strict=True))
    # log p(z) − log q(z|x), in which the constants cancel
    log_weight = total(0.5 * (v + e * e - z * z) for v, e, z in zip(log_variances, errors, codes, strict=True))
    for value, mean, variance in zip(
        rows, dataset.decoder.rows(stack["generative"], codes), dataset.noise_variance, strict=True
    ):
        log_weight = log_weight - 0.5 * ((value - mean) ** 2 / variance + math.log(2 * math.pi * variance))
    return math.log(draws) - log_weight.unflatten(1, (draws, -1)).logsumexp(1).mean(1)


def phases(values: Mapping[str, Number], epochs: int, settings: BatchSettings) -> Phases:
    """One joint phase."""
    return (Phase("iwae", JOINT, epochs, fresh=True, opens_round=True),)


METHOD = Method(
    phases,
    IwaeGrid,
    objectives=(),
    own={"iwae": Objective(negative_bound, draws=K, together=True)},
    settings=BatchSettings,
)
