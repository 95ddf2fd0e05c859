"""The objectives that phases minimise, each a pure function of one stack's parameters and data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from libi.datasets.base import LATENT, Dataset
from libi.layers import Parameters, Rows
from libi.statistics.gaussianity import FUNCTIONS, spectral_henze_zirkler

Stack = dict[str, Parameters]  # "generative", "inference", "encoder" to named parameters [models, ...]


def reconstruction(dataset: Dataset, generative: Parameters, codes: Rows, x: Rows) -> Tensor:
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
    return constant + sum(terms).mean(1)


def negative_elbo(dataset: Dataset, stack: Stack, x: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
    """−E_q[log p_θ(x|z)] + β·KL[q_ϕ(z|x) ‖ p(z)], mean over points, one draw a point (Eq. 1; β = 1 is the VAE's).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and ϕ ("inference").
        x: data [models or 1, observed, points].
        noise: standard normal draws [models, 2, points].
        beta: weight of the KL term [models].

    Returns:
        [models], nats.
    """
    points = x.unbind(1)
    means, log_variances = dataset.inference.heads_of(stack["inference"], points)
    deviations = [torch.exp(0.5 * log_variance) for log_variance in log_variances]
    codes = tuple(m + s * e for m, s, e in zip(means, deviations, noise.unbind(1), strict=True))
    terms = (m * m + s * s - v - 1 for m, s, v in zip(means, deviations, log_variances, strict=True))
    return beta * 0.5 * sum(terms).mean(1) - reconstruction(dataset, stack["generative"], codes, points)


def negative_joint_likelihood(dataset: Dataset, stack: Stack, x: Tensor) -> Tensor:
    """−log p_θ(x|h(x; φ)) − log N(h(x; φ)|0, I), mean over points (Eq. 31, its codes amortised as in Eq. 44).

    Joint MAP without constraints: it prefers codes near 0, whose θ then generates other data (Eq. 34–41).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and φ ("encoder").
        x: data [models or 1, observed, points].

    Returns:
        [models], nats.
    """
    points = x.unbind(1)
    (codes,) = dataset.encoder.heads_of(stack["encoder"], points)
    negative_prior = 0.5 * (LATENT * math.log(2 * math.pi) + sum(row * row for row in codes).mean(1))
    return negative_prior - reconstruction(dataset, stack["generative"], codes, points)


def capped_exp(exponent: Tensor, cap: float) -> Tensor:
    """exp below the cap, its tangent above: convex, with a gradient that never overflows."""
    below = exponent.clamp(max=cap)
    return torch.exp(below) * (1 + (exponent - below))


def constrained_likelihood(
    dataset: Dataset,
    stack: Stack,
    x: Tensor,
    epsilon_hz: Tensor,
    epsilon_covariance: Tensor,
    epsilon_mean: Tensor,
    *,
    cap: float,
) -> Tensor:
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


@dataclass(frozen=True)
class Objective:
    """What the engine must know of an objective.

    Attributes:
        groups: the parameters it depends on.
        stochastic: whether it takes noise.
        batch: the engine's setting that says how many points a step sees; None if it always sees all.
        scalars: names of the values, one a model, that it takes after data and noise.
        loss: `(dataset, stack, x, *[noise], *scalars, **settings)` to [models].
        settings: what it takes of the engine's settings: its keyword to the setting's name.
        held: numbers that it holds of each point beside what the networks hold.
    """

    groups: tuple[str, ...]
    stochastic: bool
    batch: str | None
    scalars: tuple[str, ...]
    loss: Callable[..., Tensor]
    settings: Mapping[str, str] = field(default_factory=dict)
    held: int = 0


OBJECTIVES = {
    "elbo": Objective(("generative", "inference"), True, "batch_size", ("beta",), negative_elbo),
    "constrained_likelihood": Objective(
        ("generative", "encoder"),
        False,
        "constrained_batch_size",
        ("epsilon_hz", "epsilon_covariance", "epsilon_mean"),
        constrained_likelihood,
        {"cap": "exponential_cap"},
        held=2 * FUNCTIONS,  # those of both coordinates
    ),
    "joint_map": Objective(("generative", "encoder"), False, None, (), negative_joint_likelihood),
}
