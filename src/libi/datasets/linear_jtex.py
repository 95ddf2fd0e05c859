"""LinearJTEx: the linear joint training example (Eq. 3, Appendix E)."""

from __future__ import annotations

import torch
from torch import Tensor

from libi.datasets.base import Dataset
from libi.layers import Layout, Parameters, affine

A = ((0.75, 0.25), (1.5, -1.0))
B = (0.006, 0.006)  # diagonal
NOISE_VARIANCE = 0.01  # σ_ε²; the observation noise has covariance I·σ_ε² − B

GENERATIVE = Layout({"A": (2, 2)}, {"A": 2})


def cholesky_factor(a: Tensor, b: tuple[float, float] = B) -> Tensor:
    """Lower-triangular Cholesky factor of AAᵀ + B, in closed form: [models, 2, 2] to [models, 2, 2]."""
    first, second = a[:, 0], a[:, 1]
    corner = torch.sqrt((first * first).sum(1) + b[0])
    below = (first * second).sum(1) / corner
    last = torch.sqrt((second * second).sum(1) + b[1] - below * below)
    rows = [torch.stack([corner, torch.zeros_like(corner)], 1), torch.stack([below, last], 1)]
    return torch.stack(rows, 1)


def decode(parameters: Parameters, codes: Tensor) -> Tensor:
    """f_θ(z) = Cholesky(AAᵀ + B) z: codes [models, 2, points] to means [models, 2, points]."""
    return affine(cholesky_factor(parameters["A"]), None, codes)


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT as printed in the paper."""
    return {"A": torch.tensor([A])}, {}


DATASET = Dataset(
    name="linear_jtex",
    noise_variance=tuple(NOISE_VARIANCE - b for b in B),
    generative=GENERATIVE,
    decode=decode,
    hidden=(),
    ground_truth=ground_truth,
    linear=True,
)
