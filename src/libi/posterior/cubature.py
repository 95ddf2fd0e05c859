"""log p(x) of x = g(W z) + ε with W invertible and g element by element, as on CubicJTEx.

With u = W z the noise factors over coordinates, p(x) = ∫ N(u | 0, W Wᵀ) Π_i N(x_i | g(u_i), σ_i²) du, so one product of
rules, a rule for each coordinate, serves all pairs of coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from libi.posterior.refinement import Integral, refined

# A coordinate is cut where its mean is this many standard deviations of the noise from the data. Beyond the last cut
# log p(x_i|u_i) is below −45,000 nats.
CUTS = (-300.0, -12.0, -5.0, -2.0, 0.0, 2.0, 5.0, 12.0, 300.0)
NODES = 12  # of a Gauss–Legendre rule between two cuts, at the first level; each level has twice as many
_PAIRS_AT_ONCE = 1 << 20


def elementwise_log_likelihood(
    loading: Float[Tensor, "2 2"],
    curve: Callable[[Tensor], Tensor],
    inverse: Callable[[Tensor], Tensor],
    noise: Float[Tensor, " 2"],
    x: Float64[Tensor, "2 points"],
) -> Integral:
    """Compute log p(x) by Gauss–Legendre rules between cuts that follow the data.

    Args:
        loading: W [2, 2], invertible.
        curve: g, increasing and smooth, of coordinates in any shape.
        inverse: its inverse.
        noise: positive variances σ² [2].
        x: data [2, points], float64.
    """
    inverted = torch.linalg.inv(loading)
    log_volume = torch.linalg.slogdet(inverted).logabsdet - math.log(2 * math.pi)

    def integrate(points: Tensor, level: int) -> Tensor:
        nodes = NODES << level
        block = max(1, _PAIRS_AT_ONCE // ((len(CUTS) - 1) * nodes) ** 2)
        parts = [
            _log_products(inverted, *_rules(curve, inverse, noise, part, nodes)) for part in points.split(block, dim=1)
        ]
        return torch.cat(parts) + log_volume

    return refined(integrate, x)


def _rules(
    curve: Callable[[Tensor], Tensor], inverse: Callable[[Tensor], Tensor], noise: Tensor, x: Tensor, nodes: int
) -> tuple[Tensor, Tensor]:
    """Nodes u and log(weight · N(x_i | g(u_i), σ_i²)), each [2, points, nodes of all panels]."""
    where, weights = (torch.from_numpy(array) for array in np.polynomial.legendre.leggauss(nodes))
    scale = noise.sqrt()[:, None, None]
    cuts = inverse(x[:, :, None] + scale * torch.tensor(CUTS, dtype=torch.float64))
    half = cuts.diff() / 2
    u = (cuts[..., :-1, None] + half[..., None] * (1 + where)).flatten(2)
    deviation = (x[:, :, None] - curve(u)) / scale
    density = -0.5 * (deviation.square() + (2 * math.pi * noise)[:, None, None].log())
    return u, density + (half[..., None] * weights).flatten(2).log()


def _log_products(inverted: Tensor, u: Tensor, log_weight: Tensor) -> Tensor:
    """log Σ over pairs of nodes of their weights and exp(−‖W⁻¹ u‖²/2), [points].

    The square's three terms are one product of matrices with the logarithms of the weights.
    """
    (first, mixed), (_, second) = (inverted.T @ inverted).tolist()
    one = torch.ones_like(u[0])
    left = torch.stack([-mixed * u[0], log_weight[0] - 0.5 * first * u[0].square(), one], -1)
    right = torch.stack([u[1], one, log_weight[1] - 0.5 * second * u[1].square()], -2)
    return (left @ right).flatten(1).logsumexp(1)
