"""The objectives that phases minimise, each a pure function of one stack's parameters and data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from libi.datasets.base import Dataset
from libi.layers import Parameters
from libi.statistics.gaussianity import spectral_henze_zirkler

Stack = dict[str, Parameters]  # "generative", "inference", "encoder" to named parameters [models, ...]


def reconstruction(dataset: Dataset, generative: Parameters, codes: Tensor, x: Tensor) -> Tensor:
    """Mean over points of log p_θ(x|z) in nats.

    Args:
        dataset: gives f_θ and the noise variance.
        generative: θ.
        codes: z [models, 2, points].
        x: data [1, observed, points].

    Returns:
        [models].
    """
    variance = torch.tensor(dataset.noise_variance, dtype=x.dtype, device=x.device)
    constant = -0.5 * sum(math.log(2 * math.pi * v) for v in dataset.noise_variance)
    residual = x - dataset.decode(generative, codes)
    return constant - 0.5 * (residual * residual / variance[:, None]).sum(1).mean(1)


def negative_elbo(dataset: Dataset, stack: Stack, x: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
    """−E_q[log p_θ(x|z)] + β·KL[q_ϕ(z|x) ‖ p(z)], mean over points, one draw a point (Eq. 1; β = 1 is the VAE's).

    Args:
        dataset: the generative process.
        stack: θ ("generative") and ϕ ("inference").
        x: data [1, observed, points].
        noise: standard normal draws [models, 2, points].
        beta: weight of the KL term [models].

    Returns:
        [models], nats.
    """
    mean, log_variance = dataset.inference(stack["inference"], x)
    codes = mean + torch.exp(0.5 * log_variance) * noise
    divergence = 0.5 * (mean * mean + torch.exp(log_variance) - log_variance - 1).sum(1).mean(1)
    return beta * divergence - reconstruction(dataset, stack["generative"], codes, x)


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
        x: data [1, observed, points].
        epsilon_hz: ε_HZ, the weight of the Henze–Zirkler penalty [models].
        epsilon_covariance: ε_Σ, the tolerance of the covariance [models].
        epsilon_mean: ε_μ, the tolerance of the mean [models].
        cap: the exponent above which exp goes on linearly.

    Returns:
        [models].
    """
    (codes,) = dataset.encoder(stack["encoder"], x)
    mean = codes.mean(2)
    centred = codes - mean[:, :, None]
    variance = (centred * centred).mean(2)
    covariance = (centred[:, 0] * centred[:, 1]).mean(1)
    misfit = ((variance - 1) ** 2).sum(1) + 2 * covariance**2
    return (
        -reconstruction(dataset, stack["generative"], codes, x)
        + epsilon_hz * capped_exp(spectral_henze_zirkler(codes), cap)
        + capped_exp(misfit / epsilon_covariance, cap)
        + capped_exp((mean * mean).sum(1) / epsilon_mean, cap)
    )


@dataclass(frozen=True)
class Objective:
    """What the engine must know of an objective.

    Attributes:
        groups: the parameters it depends on.
        stochastic: whether it takes noise, and therefore batches; else it sees all points at once.
        scalars: names of the values, one a model, that it takes after data and noise.
        loss: `(dataset, stack, x, *[noise], *scalars, **settings)` to [models].
    """

    groups: tuple[str, ...]
    stochastic: bool
    scalars: tuple[str, ...]
    loss: Callable[..., Tensor]


OBJECTIVES = {
    "elbo": Objective(("generative", "inference"), True, ("beta",), negative_elbo),
    "constrained_likelihood": Objective(
        ("generative", "encoder"),
        False,
        ("epsilon_hz", "epsilon_covariance", "epsilon_mean"),
        constrained_likelihood,
    ),
}
