"""Drawing data from a generative process."""

from __future__ import annotations

import torch
from torch import Tensor

from libi.datasets.base import LATENT, Dataset


def simulate(dataset: Dataset, theta: Tensor, points: int, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw z ~ N(0, I) and x|z = f_θ(z) + ε.

    Args:
        dataset: gives f_θ and the noise.
        theta: θ of one model, packed [1, parameters].
        points: number of points.
        stream: source of the draws.

    Returns:
        codes z [2, points] and data x [observed, points], float64.
    """
    codes = torch.randn(LATENT, points, generator=stream, dtype=torch.float64)
    noise = torch.randn(dataset.observed, points, generator=stream, dtype=torch.float64)
    spread = torch.tensor(dataset.noise_variance, dtype=torch.float64).sqrt()[:, None]
    means = dataset.decode(dataset.generative.unpack(theta.double()), codes[None])[0]
    return codes, means + spread * noise
