"""The likelihood under constraints on the codes, LiBI's first step (Eq. 44)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import Dataset
from libi.base.layers import Parameters
from libi.base.objective import Objective, reconstruction
from libi.statistics.gaussianity import FUNCTIONS, spectral_henze_zirkler


def capped_exp(exponent: Float[Tensor, "*shape"], cap: float) -> Float[Tensor, "*shape"]:
    """exp below the cap, its tangent above: convex, with a gradient that never overflows."""
    below = exponent.clamp(max=cap)
    return torch.exp(below) * (1 + (exponent - below))


def constrained_likelihood(
    dataset: Dataset,
    stack: dict[str, Parameters],
    x: Float[Tensor, "#models observed points"],
    epsilon_hz: Float[Tensor, " models"],
    epsilon_covariance: Float[Tensor, " models"],
    epsilon_mean: Float[Tensor, " models"],
    *,
    cap: float,
) -> Float[Tensor, " models"]:
    """The objective of LiBI's first step (Eq. 44).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and φ ("encoder").
        x: data [models or 1, observed, points].
        epsilon_hz: ε_HZ, the weight of the Henze–Zirkler penalty [models].
        epsilon_covariance: ε_Σ, the tolerance of the covariance [models].
        epsilon_mean: ε_μ, the tolerance of the mean [models].
        cap: the exponent above which exp goes on linearly.

    Returns:
        [models].
    """
    points = x.unbind(1)
    ((first, second),) = dataset.encoder.heads_of(stack["encoder"], points)
    means = first.mean(1), second.mean(1)
    centred = first - means[0][:, None], second - means[1][:, None]
    variances = [(row * row).mean(1) for row in centred]
    covariance = (centred[0] * centred[1]).mean(1)
    misfit = (variances[0] - 1) ** 2 + (variances[1] - 1) ** 2 + 2 * covariance**2
    shift = means[0] ** 2 + means[1] ** 2
    return (
        -reconstruction(dataset, stack["generative"], (first, second), points)
        + epsilon_hz * capped_exp(spectral_henze_zirkler(torch.stack(centred, 1)), cap)
        + capped_exp(misfit / epsilon_covariance, cap)
        + capped_exp(shift / epsilon_mean, cap)
    )


OBJECTIVE = Objective(
    constrained_likelihood,
    groups=("generative", "encoder"),
    scalars=("epsilon_hz", "epsilon_covariance", "epsilon_mean"),
    draws=0,
    batch="constrained_batch_size",
    settings={"cap": "exponential_cap"},
    numbers_per_point=2 * FUNCTIONS,  # those of both coordinates
)
