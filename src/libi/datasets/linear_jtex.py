"""LinearJTEx: the linear joint training example, f_θ(z) = Cholesky(AAᵀ + B) z (Eq. 3, Appendix E)."""

from __future__ import annotations

import torch

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import MatrixMap, Parameters

TITLE = "LinearJTEx"
PLACE = 1
A = ((0.75, 0.25), (1.5, -1.0))
B = (0.006, 0.006)  # diagonal
NOISE_VARIANCE = 0.01  # σ_ε²; the observation noise has covariance I·σ_ε² − B


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT as printed in the paper."""
    return {"A": torch.tensor([A])}, {}


DECODER = MatrixMap(LATENT, 2, added=B)
DATASET = Dataset(
    name="linear_jtex",
    noise_variance=tuple(NOISE_VARIANCE - b for b in B),
    decoder=DECODER,
    hidden=(),
    ground_truth=ground_truth,
)
