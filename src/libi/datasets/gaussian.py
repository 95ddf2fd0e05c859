"""Gaussian: two latent dimensions mapped linearly into four, almost without noise: f_θ(z) = zᵀA (Appendix E)."""

from __future__ import annotations

import torch

from libi.base.dataset import LATENT, Dataset
from libi.base.layers import MatrixMap, Parameters

TITLE = "Gaussian"
PLACE = 3
A = ((-0.7074, 0.0995, 0.0286, 0.1240), (0.7074, 0.9948, -0.9995, 0.9920))
NOISE_VARIANCE = 1e-6


def ground_truth() -> tuple[Parameters, dict[str, float]]:
    """θ_GT as printed in the paper."""
    return {"A": torch.tensor([A])}, {}


DATASET = Dataset(
    name="gaussian",
    noise_variance=(NOISE_VARIANCE,) * 4,
    decoder=MatrixMap(LATENT, 4),
    hidden=(),
    ground_truth=ground_truth,
)
