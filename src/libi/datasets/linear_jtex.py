"""LinearJTEx: the linear joint training example (Eq. 3, Appendix E)."""

from __future__ import annotations

import torch
from torch import Tensor

from libi.datasets.base import Dataset
from libi.layers import Layout, Parameters, Rows

A = ((0.75, 0.25), (1.5, -1.0))
B = (0.006, 0.006)  # diagonal
NOISE_VARIANCE = 0.01  # σ_ε²; the observation noise has covariance I·σ_ε² − B

GENERATIVE = Layout({"A": (2, 2)}, {"A": 2})


def cholesky_factor(a: Tensor, b: tuple[float, float] = B) -> tuple[Tensor, Tensor, Tensor]:
    """Lower-triangular Cholesky factor of AAᵀ + diag(b), in closed form.

    Args:
        a: A of each model [models, 2, 2].
        b: diagonal of B.

    Returns:
        its entries 11, 21 and 22, each [models].
    """
    first, second = a[:, 0], a[:, 1]
    corner = torch.sqrt((first * first).sum(1) + b[0])
    below = (first * second).sum(1) / corner
    return corner, below, torch.sqrt((second * second).sum(1) + b[1] - below * below)


def decode_rows(parameters: Parameters, codes: Rows) -> Rows:
    """f_θ(z) = Cholesky(AAᵀ + B) z: two rows of codes to two rows of means, each [models, points]."""
    corner, below, last = (entry[:, None] for entry in cholesky_factor(parameters["A"]))
    return corner * codes[0], below * codes[0] + last * codes[1]


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT as printed in the paper."""
    return {"A": torch.tensor([A])}, {}


DATASET = Dataset(
    name="linear_jtex",
    noise_variance=tuple(NOISE_VARIANCE - b for b in B),
    generative=GENERATIVE,
    decode_rows=decode_rows,
    hidden=(),
    ground_truth=ground_truth,
    linear=True,
)
