"""Banana: codes bent along a parabola, through a network fitted to it, 2 → 50 ReLU → 2.

x = (z₁, z₂ + z₁²)/2 with noise of standard deviation 0.2. The parabola makes the posterior of a point a banana, and far
from z₁ = 0 its axes are turned: no Gaussian with a diagonal covariance is near it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from libi.base.dataset import LATENT, Dataset
from libi.base.fitting import fit_network
from libi.base.layers import Hidden, Network, Parameters

TITLE = "Banana"
NOISE_VARIANCE = 0.04
DECODER = Network(LATENT, (Hidden(50, torch.relu),), {"mean": 2})


def bend(codes: Float[Tensor, "*batch 2 points"]) -> Float[Tensor, "*batch 2 points"]:
    """(z₁, z₂ + z₁²)/2: [..., 2, points] to [..., 2, points]."""
    first, second = codes.unbind(-2)
    return torch.stack([first, second + first * first], -2) / 2


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT: the network fitted to the parabola, once for all replicates."""
    return fit_network(DECODER, bend, "banana")


DATASET = Dataset(
    name="banana",
    noise_variance=(NOISE_VARIANCE,) * 2,
    decoder=DECODER,
    hidden=(Hidden(50, torch.relu),),
    ground_truth=ground_truth,
)
